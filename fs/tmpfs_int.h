/* SPDX-License-Identifier: MIT */
#pragma once

#include <fs/dcache.h>
#include <fs/tmpfs.h>
#include <fs/vfs.h>
#include <fs/vnode.h>

struct devpts;

/* Locks: a  atomic   I  immutable but by remount. Outlives the super block while pages are charged
 * to it. */
struct tmpfs_super {
	atomic_t refs;			/* [a] the super block, and each vmo */
	atomic64_t pages, inodes;	/* [a] in use */
	u64 max_pages, max_inodes;	/* 0: no limit */
	u32 mode;
	kuid_t uid;
	kgid_t gid;
	struct devpts *pts;		/* [I] what devpts keeps: devfs.c */
};

/* A directory in which only the kernel makes and removes names. */
extern const struct vnode_ops tmpfs_fixed_dir_ops;
void devpts_show_options(const struct devpts *p, char *buf, usize size);

struct tmpfs_xattr {
	struct list link;
	usize size;
	char *name;			/* both in the same block */
	u8 *value;
};

#define TMPFS_ENTRY_BYTES 20u	/* of a directory's size, for each name */

/* Locks: v  vnode.lock */
struct tmpfs_node {
	struct vnode v;			/* first */
	struct list xattrs;		/* [v] */
	struct rb_tree entries;		/* [v] directories: dentry.dir_node by dir_pos */
	struct dentry *last;		/* [v] the entry with the highest dir_pos */
	u64 next_pos;			/* [v] */
	u64 nr_entries;			/* [v] */
};

static inline struct tmpfs_node *to_node(struct vnode *v)
{
	return container_of(v, struct tmpfs_node, v);
}
static inline struct tmpfs_super *to_tmpfs(const struct super *sb) { return sb->private; }

/* A new node, counted against the limit. -ENOSPC, -ENOMEM. */
int __must_check tmpfs_new_node(struct super *sb, struct vnode *dir, u32 mode, u32 rdev,
				struct tmpfs_node **out);

ssize_t tmpfs_getxattr(struct vnode *v, const char *name, void *buf, usize size);
int tmpfs_setxattr(struct vnode *v, const char *name, const void *value, usize size, u32 flags);
ssize_t tmpfs_listxattr(struct vnode *v, char *buf, usize size);
void tmpfs_free_xattrs(struct tmpfs_node *n);
int tmpfs_fallocate(struct vnode *v, u32 mode, loff_t off, loff_t len);
