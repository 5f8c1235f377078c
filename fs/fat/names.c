/* SPDX-License-Identifier: MIT */
/* names.c - operations of the file layer on directories, as operations of the core.
 * Locks: D and V as struct vnode_ops names them > M. Ref: fs/vnode.h. Tests: selftests/storage/run
 * (vfat_...)
 */
#include "node_int.h"

#include <fs/dcache.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

static int lookup(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct fat_fs *fs = &to_fat(dir->sb)->fs;
	struct fat_found f;
	int err;

	mutex_lock(&fs->lock);
	err = fat_dir_find(&to_node(dir)->i, n->s, name_len(n), &f);
	mutex_unlock(&fs->lock);
	return err ? err : fat_node_get(dir->sb, f.where, out);
}

/* ---- changing ---- */

static void touch(struct vnode *v)
{
	v->mtime = vnode_now();
	fat_node_dirty(v);
}

/* It may have grown. */
static void dir_changed(struct vnode *dir)
{
	struct fat_inode *i = &to_node(dir)->i;

	if (!i->fixed)
		dir->size = (u64)i->chain.known << i->fs->cluster_bits;
	touch(dir);
}

/* Mounted with sync or dirsync: a change of names is on the disk when the call returns. */
static int settle(struct vnode *dir, int err)
{
	if (!err && dir->sb->flags & (MS_SYNCHRONOUS | MS_DIRSYNC))
		err = dir->sb->ops->sync(dir->sb, true);
	return err;
}

static int create(struct vnode *dir, struct dentry *d, u32 mode, u32 rdev, struct vnode **out)
{
	bool is_dir = (mode & S_IFMT) == S_IFDIR;
	struct fat_fs *fs = &to_fat(dir->sb)->fs;
	struct timestamp now = vnode_now();
	struct fat_node *n;
	int err;

	if (!is_dir && (mode & S_IFMT) != S_IFREG)
		return -EPERM;
	n = fat_node_alloc(dir->sb, is_dir);
	if (!n)
		return -ENOMEM;
	mutex_lock(&fs->lock);
	err = fs->read_only ? -EROFS
			    : fat_create(&to_node(dir)->i, d->name, (u32)d->key, is_dir,
					 (struct fat_time){ now.sec, now.nsec }, &n->i);
	if (!err && is_dir)
		n->v.size = fat_cluster_size(fs);
	mutex_unlock(&fs->lock);
	if (err) {
		fat_node_drop(n);
		return err;
	}
	fat_node_publish(n);
	dir_changed(dir);
	if (is_dir)
		dir->nlink++;
	*out = &n->v;
	return settle(dir, 0);
}

static void lost_name(struct vnode *dir, struct vnode *v)
{
	if (vnode_is_dir(v))
		dir->nlink--;
	v->nlink = 0;
	v->atime = vnode_now();
	touch(v);
}

static int unlink(struct vnode *dir, struct dentry *d)
{
	struct fat_fs *fs = &to_fat(dir->sb)->fs;
	struct fat_node *n = to_node(d->vnode);
	u64 where = n->i.where;
	int err;

	mutex_lock(&fs->lock);
	err = fs->read_only ? -EROFS : fat_unlink(&to_node(dir)->i, &n->i);
	if (!err)
		fat_node_leave(to_fat(dir->sb), where);
	mutex_unlock(&fs->lock);
	if (err)
		return err;
	lost_name(dir, &n->v);
	dir_changed(dir);
	return settle(dir, 0);
}

/* Known by its new place. */
static void moved(struct fat_super *s, u64 old, struct fat_node *n, struct fat_node *victim)
{
	fat_node_leave(s, old);
	fat_node_enter(n);
	if (victim && victim->i.where)
		fat_node_enter(victim);
}

static int rename(struct vnode *from, struct dentry *d, struct vnode *to, struct dentry *target,
		  u32 flags)
{
	struct fat_fs *fs = &to_fat(from->sb)->fs;
	struct fat_node *n = to_node(d->vnode),
			*victim = target->vnode ? to_node(target->vnode) : NULL;
	bool exchange = flags & RENAME_EXCHANGE;
	struct fat_rename r = {
		.from = &to_node(from)->i,
		.to = &to_node(to)->i,
		.i = &n->i,
		.victim = victim ? &victim->i : NULL,
		.name = target->name,
		.len = (u32)target->key,
		.exchange = exchange,
	};
	u64 old = n->i.where;
	int err;

	if (flags & RENAME_WHITEOUT)
		return -EINVAL;
	mutex_lock(&fs->lock);
	err = fs->read_only ? -EROFS : fat_rename(&r);
	if (n->i.where != old)
		moved(to_fat(from->sb), old, n, victim);
	mutex_unlock(&fs->lock);
	if (err)
		return err;
	if (vnode_is_dir(&n->v)) {
		from->nlink--;
		to->nlink++;
	}
	if (exchange && victim && vnode_is_dir(&victim->v)) {
		to->nlink--;
		from->nlink++;
	} else if (victim && !exchange) {
		lost_name(to, &victim->v);
	}
	dir_changed(from);
	dir_changed(to);
	return settle(from, 0);
}

/* ---- reading ---- */

/* The file layer's positions 0 and 1 are the dots': ours begin behind them. */
#define DOTS 2

static bool is_dots(const struct fat_found *f)
{
	return f->name[0] == '.' && (f->len == 1 || (f->len == 2 && f->name[1] == '.'));
}

/* Names are copied out without M: the copy may fault on a page of this file system. */
static int readdir(struct vnode *dir, struct file *file, loff_t *pos, struct dir_emit *emit)
{
	struct fat_super *s = to_fat(dir->sb);
	struct fat_found f;

	if (*pos > U32_MAX)
		return 0;
	for (;;) {
		u32 at = *pos > DOTS ? (u32)*pos - DOTS : 0;
		int err;

		mutex_lock(&s->fs.lock);
		err = fat_dir_next(&to_node(dir)->i, &at, &f);
		mutex_unlock(&s->fs.lock);
		if (err)
			return err == -ENOENT ? 0 : err;
		if (!is_dots(&f) && !emit->entry(emit, f.name, f.len, fat_node_ino(s, f.where),
						 f.e.attr & FAT_ATTR_DIR ? mode_to_dtype(S_IFDIR)
									 : mode_to_dtype(S_IFREG),
						 (loff_t)at + DOTS))
			return 0;
		*pos = (loff_t)at + DOTS;
	}
}

const struct vnode_ops fat_dir_ops = {
	.lookup = lookup,
	.create = create,
	.unlink = unlink,
	.rename = rename,
	.readdir = readdir,
	.getattr = fat_getattr_op,
	.setattr = fat_setattr_op,
	.dirty = fat_node_dirty,
	.fsync = fat_fsync_op,
};
