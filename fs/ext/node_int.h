/* SPDX-License-Identifier: MIT */
/* node_int.h - the upper half: vnodes whose inode is a struct ext_inode. */
#pragma once

#include <fs/ext/ext.h>
#include <fs/flush.h>
#include <fs/pageio.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/lib/xarray.h>
#include <mm/page.h>
#include <mm/vmo.h>

#define IGET_LOCKS 64u

/* Locks: c  cache_lock (RANK_EXT_SPIN)   I  immutable after mount */
struct ext_super {
	struct super *sb;   /* [I] */
	struct ext_fs *fs;  /* [I] */
	struct blkdev *dev; /* [I] claimed */
	struct ext_mount_options {
		struct ext_params p;
		u32 commit_s;
		/* who may have the reserved blocks; U32_MAX: the super block says */
		u32 resuid, resgid;
		bool discard, user_xattr, grpid, minixdf, auto_da_alloc;
	} opt;
	struct spinlock cache_lock;
	/* [c] struct ext_node by number: also those that are on their way out */
	struct xarray nodes;
	struct waitq gone;		 /* one has left nodes */
	struct mutex iget[IGET_LOCKS];	 /* one thread reads an inode */
	struct page_io_group ordered[2]; /* data under way that a commit waits for */
	u32 ordered_now;		 /* which of them new data joins; atomic */
};

/* Locks: v  vnode.lock   a  atomic */
struct ext_node {
	struct vnode v; /* first */
	struct ext_inode i;
	struct flush_item flush;
	/* [v] its blocks went while it had a name: the new contents are written when it is
	 * closed */
	bool was_emptied;
	atomic_t attr_dirty; /* [a] the vnode's times or mode are newer than the inode */
	atomic64_t delayed;  /* [a] blocks reserved for dirty pages */
};

static inline struct ext_node *to_node(struct vnode *v)
{
	return container_of(v, struct ext_node, v);
}
static inline struct ext_super *to_ext(const struct super *sb) { return sb->private; }

/* ---- pages ---- */

/* of page.block_bits: four blocks of 1 KiB that will be allocated when the page is written */
#define ALL_RESERVED 0xfu

static inline struct ext_node *node_of(const struct vmo *m) { return m->owner; }
static inline u32 ext_reserved_bits(const struct page *p)
{
	return READ_ONCE(p->block_bits) & ALL_RESERVED;
}
static inline u64 sector_of(const struct ext_fs *fs, u64 block)
{
	return block << (fs->block_bits - SECTOR_SHIFT);
}
static inline u32 per_page(const struct ext_fs *fs) { return 1u << (PAGE_SHIFT - fs->block_bits); }

/* node.c */
int __must_check ext_iget(struct super *sb, u32 ino, struct vnode **out);
/* For an inode that is being made: memory with v initialised as below dir. */
struct ext_node *ext_node_alloc(struct super *sb, struct vnode *dir, u32 mode);
/* It was made: known by number from now on. */
void ext_node_publish(struct ext_node *n);
/* It was not. */
void ext_node_drop(struct ext_node *n);
/* The vnode's attributes into the inode; and back, with counts. */
void ext_node_push(struct ext_node *n);
void ext_node_pull(struct ext_node *n);
/* Attributes that changed in memory are written. [v] */
int __must_check ext_node_write_attrs(struct ext_node *n);
void ext_node_dirty(struct vnode *v);
extern const struct super_ops ext_super_ops;
void ext_node_init(void);

/* file.c */
extern const struct vnode_ops ext_file_ops;
struct vmo *ext_make_vmo(struct vnode *v);
int __must_check ext_setattr_op(struct vnode *v, const struct setattr *a);
int __must_check ext_fsync_op(struct vnode *v, struct file *f, bool data_only);
/* Blocks of p in mask are not reserved any more; the reservation is given back unless it was
 * used. */
void ext_unreserve_page(struct ext_node *n, struct page *p, u32 mask, bool used);

/* writeout.c */
int __must_check ext_write_out(struct vmo *m, struct writeback *wb);
int ext_flush_ordered(void *owner);

/* direct.c */
ssize_t ext_direct_op(struct vnode *v, struct iter *it, loff_t pos, bool write);

/* names.c */
extern const struct vnode_ops ext_dir_ops, ext_other_ops;
ssize_t ext_getxattr_op(struct vnode *v, const char *name, void *buf, usize size);
int ext_setxattr_op(struct vnode *v, const char *name, const void *value, usize size, u32 flags);
ssize_t ext_listxattr_op(struct vnode *v, char *buf, usize size);
