/* SPDX-License-Identifier: MIT */
/* node_int.h - the upper half: vnodes whose inode is a struct fat_inode. */
#pragma once

#include <fs/blkdev.h>
#include <fs/fat/fat.h>
#include <fs/flush.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/lib/xarray.h>

/* Locks: c  cache_lock (RANK_OBJECT)   I  immutable after mount */
struct fat_super {
	struct super *sb;	/* [I] */
	struct fat_fs fs;
	struct spinlock cache_lock;
	/* [c] struct fat_node by the place of its entry: also those that are on their way out */
	struct xarray nodes;
	struct waitq gone;	/* one has left nodes */
	bool mounted;		/* [I] fs is good */
};

/* Locks: v  vnode.lock   M  fat_fs.lock   a  atomic */
struct fat_node {
	struct vnode v; /* first */
	struct fat_inode i; /* [M] */
	struct flush_item flush;
	atomic_t attr_dirty; /* [a] the vnode's times, mode or size are newer than the entry */
	bool reserved;	     /* [v] clusters beyond the end: fallocate(2) */
};

static inline struct fat_node *to_node(struct vnode *v)
{
	return container_of(v, struct fat_node, v);
}
static inline struct fat_super *to_fat(const struct super *sb) { return sb->private; }

/* node.c */
/* The one whose entry is at where; its directory is locked. */
int __must_check fat_node_get(struct super *sb, u64 where, struct vnode **out);
struct fat_node *fat_node_alloc(struct super *sb, bool is_dir);
/* It exists on the disk: known by its place from now on. */
void fat_node_publish(struct fat_node *n);
void fat_node_drop(struct fat_node *n);
/* Not there any more; and here. */
void fat_node_leave(struct fat_super *s, u64 where);
void fat_node_enter(struct fat_node *n);
void fat_node_fill(struct fat_node *n);			/* the vnode's attributes from the inode */
void fat_node_dirty(struct vnode *v);
int __must_check fat_node_write_attrs(struct fat_node *n);
int __must_check fat_node_root(struct super *sb, struct vnode **out);
u64 fat_node_ino(struct fat_super *s, u64 where);
u32 fat_node_mode(const struct fat_fs *fs, const struct fat_inode *i);
extern const struct super_ops fat_super_ops;
void fat_node_init(void);

/* vfs.c */
void fat_show_options(struct super *sb, char *buf, usize size);

/* file.c */
extern const struct vnode_ops fat_file_ops;
struct vmo *fat_make_vmo(struct vnode *v);
int __must_check fat_setattr_op(struct vnode *v, const struct setattr *a);
int __must_check fat_fsync_op(struct vnode *v, struct file *f, bool data_only);
int __must_check fat_getattr_op(struct vnode *v, struct kstat *st);
int __must_check fat_write_out(struct vmo *m, struct writeback *wb);

/* names.c */
extern const struct vnode_ops fat_dir_ops;
