/* SPDX-License-Identifier: MIT */
/* stop.h - job-control stops; signal.c decides when. */
#pragma once

#include <arch/irqflags.h>
#include <kernel/lib/compiler.h>

struct proc;
struct task;

/* A stop signal takes effect: every thread of p is to park. No lock held. */
void stop_begin(struct proc *p, int sig);
/* current parks until continued or killed. proc.lock held (with irq), dropped on return. */
void stop_park(struct task *t, irqflags_t irq);
/* SIGCONT: undoes a stop, pending or done. proc.lock held. */
void stop_continue(struct proc *p);
/* t exits: a stop may be complete without it: true: tell the parent. proc.lock held. */
bool stop_thread_leaves(struct task *t);
