/* SPDX-License-Identifier: MIT */
/* devfs.h - devtmpfs: a tmpfs in which the kernel makes the nodes of its devices; and hooks for
 * devpts. */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>

struct chrdev;
struct path;
struct super;

/* Nodes of c appear and go. Before devfs_init() they wait for it. */
void devfs_add(const struct chrdev *c);
void devfs_remove(const struct chrdev *c);
/* A node by name ("bus/usb/001"; directories are made), mode with type. For devices outside the
 * character table. */
void devfs_make(const char *name, u32 mode, u32 dev);
void devfs_unmake(const char *name);

/* devpts: a pair's place in the instance whose ptmx was opened, or that is mounted at "pts" beside
 * it. Kept by the tty code. */
struct pts_slot {
	struct list link;
	struct super *sb;
	u32 index;
};
/* Takes the smallest free number: -ENOSPC, -ENODEV, -ENOENT. */
int __must_check devpts_take(const struct path *ptmx, struct pts_slot *s);
void devpts_publish(struct pts_slot *s, u32 dev);	/* makes the node */
void devpts_leave(struct pts_slot *s);			/* node and number go; may sleep */
/* The slot of that number where the node lies, if get(slot) takes it; else NULL. */
struct pts_slot *devpts_find(const struct path *at, u32 index, bool (*get)(struct pts_slot *s));
extern u32 pty_max, pty_reserve;			/* kernel.pty.max, reserve */
extern atomic_t pty_count;				/* kernel.pty.nr */

void devfs_init(void);		/* registers devtmpfs, devpts and the memory devices */
