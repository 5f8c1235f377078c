/* SPDX-License-Identifier: MIT */
/* inotify.h - telling watchers what happened to files. Free when nobody watches: one look at a
 * word. */
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
#define IN_ALL_EVENTS	 0x00000fffu
#define IN_Q_OVERFLOW	 0x00004000u
#define IN_IGNORED	 0x00008000u
#define IN_ONLYDIR	 0x01000000u
#define IN_DONT_FOLLOW	 0x02000000u
#define IN_EXCL_UNLINK	 0x04000000u
#define IN_MASK_CREATE	 0x10000000u
#define IN_MASK_ADD	 0x20000000u
#define IN_ISDIR	 0x40000000u
#define IN_ONESHOT	 0x80000000u

extern u32 notify_nr_watches;	/* of the machine: 0 ends every question */

void notify_vnode_slow(struct vnode *v, u32 what);
void notify_name_slow(struct vnode *dir, u32 what, const struct dentry *d, u32 cookie);
void notify_place_slow(struct dentry *d, u32 what);
void notify_deleted_slow(struct vnode *v);
void notify_move_slow(struct vnode *from, struct vnode *to, const struct dentry *d,
		      const struct dentry *target, struct vnode *v);

static inline bool notify_on(void) { return unlikely(READ_ONCE(notify_nr_watches)); }

/* Something happened to the name d in dir. */
static inline void notify_dir(struct vnode *dir, u32 what, const struct dentry *d)
{
	if (notify_on())
		notify_name_slow(dir, what, d, 0);
}

/* Something happened to what d names: its watchers and its directory's hear of it. */
static inline void notify_place(struct dentry *d, u32 what)
{
	if (notify_on() && d)
		notify_place_slow(d, what);
}

static inline void notify_vnode(struct vnode *v, u32 what)
{
	if (notify_on())
		notify_vnode_slow(v, what);
}

/* v lost a name: IN_ATTRIB, or IN_DELETE_SELF with the last one. */
static inline void notify_deleted(struct vnode *v)
{
	if (notify_on())
		notify_deleted_slow(v);
}

/* d has moved and traded names with target: d's new name was target's. */
static inline void notify_move(struct vnode *from, struct vnode *to, struct dentry *d,
			       struct dentry *target, struct vnode *v, struct vnode *victim)
{
	if (!notify_on())
		return;
	notify_move_slow(from, to, d, target, v);
	if (victim)
		notify_deleted_slow(victim);
}

/* ---- inotify(7) ---- */
int __must_check inotify_create(u32 flags, struct file **out);
bool file_is_inotify(const struct file *f);
/* Adds or changes: the watch descriptor, or -errno. */
int __must_check inotify_add(struct file *f, struct vnode *v, u32 mask);
int __must_check inotify_remove(struct file *f, int wd);
u64 inotify_bytes(struct file *f);		/* FIONREAD */
