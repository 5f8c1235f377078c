/* SPDX-License-Identifier: MIT */
/* flock.h - advisory locks: flock(2), POSIX byte ranges, open-file-description ranges. */
#pragma once

#include <kernel/lib/compiler.h>

struct file;
struct handle_table;
struct vnode;

enum lock_kind { LOCK_KIND_FLOCK, LOCK_KIND_POSIX, LOCK_KIND_OFD };

/* A byte range as fcntl(2) gives it, made absolute: end inclusive, S64_MAX: to the end of the
 * file. */
struct lock_request {
	enum lock_kind kind;
	u8 type;		/* F_RDLCK, F_WRLCK, F_UNLCK */
	s64 start, end;
	pid_t pid;		/* F_GETLK answers: the holder; -1: an OFD lock */
};

/* Sets or clears. wait: sleeps until it can. -EAGAIN, -EDEADLK, -ENOLCK, -ERESTARTSYS. */
int __must_check flock_set(struct file *f, const struct lock_request *r, bool wait);
/* What would be in the way: r is overwritten, type F_UNLCK when nothing is. */
void flock_test(struct file *f, struct lock_request *r);
/* A descriptor of the process was closed; the last reference to the description went. */
void flock_close(struct file *f, const struct handle_table *t);
void flock_release(struct file *f);
/* The last reference to v went: no locks are left, frees the set. */
void flock_free(struct vnode *v);
/* For /proc/locks: the n-th file that ever had locks (a reference, NULL: none), and the n-th lock
 * of it. */
struct vnode *flock_nth_file(u64 n);
bool flock_nth_lock(struct vnode *v, u64 n, struct lock_request *out);
