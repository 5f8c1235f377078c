/* SPDX-License-Identifier: MIT */
/* signal_int.h - what signal.c lends to deliver.c. */
#pragma once

#include <kernel/signal.h>

/* Takes one signal of set: faults first, then by number. 0: none. proc.lock held. */
int sigqueue_take(struct proc *p, struct sigqueue *q, sigset_k set, struct siginfo_k *info);
bool signal_default_ignores(int sig);
