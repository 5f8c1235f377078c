/* SPDX-License-Identifier: MIT */
/* loop_int.h - a loop device: what loop.c serves and loop_ctl.c makes. */
#pragma once

#include <fs/blkdev.h>
#include <fs/loop.h>
#include <kernel/mutex.h>
#include <kernel/waitq.h>

struct bio;

/* Locks: l  lock   t  todo_lock, bottom halves off   C  ctl_lock in loop_ctl.c   I  immutable */
struct loop {
	struct disk disk;
	u32 nr;				/* [I] */
	bool removed;			/* [C] */
	struct mutex lock;
	struct file *file;		/* [l] a reference; NULL: unbound */
	struct loop_info info;		/* [l] */
	struct spinlock todo_lock;
	struct bio *todo, **todo_end;	/* [t] requests, by bio.chain */
	bool served;			/* [t] there is a thread, and it will look again */
	bool working, paused, stop;	/* [t] of the thread */
	struct waitq queue;		/* the thread, for todo; others, for the thread */
	struct list link;		/* [C] by number */
};

extern const struct disk_ops loop_ops;
