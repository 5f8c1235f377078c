/* SPDX-License-Identifier: MIT */
/* inotify.h - telling watchers what happened to files. Free when nobody watches: one look at a word. */
#pragma once

#include <fs/dcache.h>
#include <fs/vnode.h>

struct file;

#define IN_ACCESS	 0x00000001u
#define IN_MODIFY	 0x00000002u
#define IN_ATTRIB	 0x00000004u
#define IN_CLOSE_WRITE	 0x00000008u
#define IN_CLOSE_NOWRITE 0x00000010u
#define IN_OPEN		 0x00000020u
#define IN_MOVED_FROM	 0x00000040u
#define IN_MOVED_TO	 0x00000080u
#define IN_CREATE	 0x00000100u
#define IN_DELETE	 0x00000200u
#define IN_DELETE_SELF	 0x00000400u
#define IN_MOVE_SELF	 0x00000800u
#define IN_ISDIR	 0x40000000u

/* Something happened to the name d in dir. */
static inline void notify_dir(struct vnode *dir, u32 what, struct dentry *d)
{
	(void)dir, (void)what, (void)d;
}

/* v lost a name: IN_ATTRIB, or IN_DELETE_SELF with the last one. */
static inline void notify_deleted(struct vnode *v)
{
	(void)v;
}

/* d, which had target's name before, moved. */
static inline void notify_move(struct vnode *from, struct vnode *to, struct dentry *d, struct dentry *target, struct vnode *v,
			       struct vnode *victim)
{
	(void)from, (void)to, (void)d, (void)target, (void)v, (void)victim;
}
