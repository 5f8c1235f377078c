/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

struct file;
struct pid;

/* A descriptor for p: *fd, and written to where the program asked (UADDR_NULL: not). 0 or
 * -errno. */
int __must_check pidfd_install(struct pid *p, int *fd, uaddr_t where);
void pidfd_uninstall(int fd);
/* The pid behind a pidfd (a reference), -EBADF when f is something else. */
int __must_check pidfd_pid(struct file *f, struct pid **out);
/* The process exited: pollers look again. pids_lock held. */
void pidfd_notify(struct pid *p);
