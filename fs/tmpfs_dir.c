/* SPDX-License-Identifier: MIT */
/* tmpfs_dir.c - directories of the memory file system. The dcache is the directory
 * (SB_DCACHE_IS_DIR): what is here is only the order that readdir shows.
 *
 * Invariants:
 *  (1) a hashed dentry of a tmpfs is in its directory's tree of entries, and only those are.
 *      dir_pos is given once, rising: a cookie stays good whatever else is made or removed
 *      meanwhile, and inserting is always at the right edge.
 *  (2) a directory's nlink is 2 + its subdirectories; its size is 20 bytes an entry and dot, as
 *      Linux's.
 *
 * Locks: D, V as struct vnode_ops names them. Ref: readdir(3), telldir(3), tmpfs(5). Tests:
 * selftests/abi/path.c
 */
#include "tmpfs_int.h"

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#define FIRST_POS 3u	/* after "." and ".." */

static struct dentry *entry_of(struct rb_node *n)
{
	return rb_entry_or_null(n, struct dentry, dir_node);
}

static void add_entry(struct vnode *dir, struct dentry *d)
{
	struct tmpfs_node *n = to_node(dir);

	d->dir_pos = FIRST_POS + n->next_pos++;
	if (n->last)
		rb_insert(&n->entries, &d->dir_node, &n->last->dir_node, &n->last->dir_node.right);
	else
		rb_insert(&n->entries, &d->dir_node, NULL, &n->entries.root);
	n->last = d;
	n->nr_entries++;
	dir->size += TMPFS_ENTRY_BYTES;
}

static void del_entry(struct vnode *dir, struct dentry *d)
{
	struct tmpfs_node *n = to_node(dir);

	if (n->last == d)
		n->last = entry_of(rb_prev(&d->dir_node));
	rb_erase(&n->entries, &d->dir_node);
	n->nr_entries--;
	dir->size -= TMPFS_ENTRY_BYTES;
}

static struct dentry *first_at(struct tmpfs_node *n, u64 pos)
{
	struct rb_node *at = n->entries.root;
	struct dentry *best = NULL;

	while (at) {
		struct dentry *d = entry_of(at);

		if (d->dir_pos >= pos) {
			best = d;
			at = at->left;
		} else {
			at = at->right;
		}
	}
	return best;
}

static int dir_readdir(struct vnode *dir, struct file *f, loff_t *pos, struct dir_emit *e)
{
	struct dentry *d = first_at(to_node(dir), (u64)*pos);

	while (d) {
		struct vnode *v = d->vnode;

		if (!e->entry(e, d->name, (u32)d->key, v->ino, mode_to_dtype(v->mode),
			      (loff_t)d->dir_pos + 1))
			return 0;
		*pos = (loff_t)d->dir_pos + 1;
		d = entry_of(rb_next(&d->dir_node));
	}
	return 0;
}

static void touch_dir(struct vnode *dir)
{
	dir->mtime = dir->ctime = vnode_now();
}

static int dir_create(struct vnode *dir, struct dentry *d, u32 mode, u32 rdev, struct vnode **out)
{
	struct tmpfs_node *n;
	int err = tmpfs_new_node(dir->sb, dir, mode, rdev, &n);

	if (err)
		return err;
	add_entry(dir, d);
	if (vnode_is_dir(&n->v))
		dir->nlink++;
	dir->mtime = dir->ctime = n->v.ctime;
	*out = &n->v;
	return 0;
}

static int dir_symlink(struct vnode *dir, struct dentry *d, const char *target, struct vnode **out)
{
	usize len = strlen(target);
	struct tmpfs_node *n;
	char *body = kzalloc(ALIGN_UP(len + 9, 8ul));
	int err;

	if (!body)
		return -ENOMEM;
	memcpy(body, target, len);
	err = tmpfs_new_node(dir->sb, dir, S_IFLNK | 0777, 0, &n);
	if (err) {
		kfree(body);
		return err;
	}
	n->v.link = body;
	n->v.size = len;
	add_entry(dir, d);
	touch_dir(dir);
	*out = &n->v;
	return 0;
}

static int dir_link(struct vnode *dir, struct dentry *d, struct vnode *v)
{
	if (v->nlink == U32_MAX)
		return -EMLINK;
	v->nlink++;
	v->ctime = vnode_now();
	add_entry(dir, d);
	touch_dir(dir);
	return 0;
}

/* v loses the name in dir. */
static void drop_link(struct vnode *dir, struct vnode *v)
{
	if (vnode_is_dir(v)) {
		dir->nlink--;
		v->nlink = 0;
	} else {
		v->nlink--;
	}
	v->ctime = vnode_now();
}

static int dir_unlink(struct vnode *dir, struct dentry *d)
{
	struct vnode *v = d->vnode;

	if (vnode_is_dir(v) && to_node(v)->nr_entries)
		return -ENOTEMPTY;
	del_entry(dir, d);
	drop_link(dir, v);
	dir->mtime = dir->ctime = v->ctime;
	return 0;
}

static void move_link_count(struct vnode *from, struct vnode *to, const struct vnode *v)
{
	if (!vnode_is_dir(v))
		return;
	from->nlink--;
	to->nlink++;
}

/* The dentries trade names and places afterwards: each is entered where it will be. */
static int dir_rename(struct vnode *from, struct dentry *d, struct vnode *to, struct dentry *target,
		      u32 flags)
{
	struct vnode *v = d->vnode, *victim = target->vnode;

	if (victim && !(flags & RENAME_EXCHANGE) && vnode_is_dir(victim) &&
	    to_node(victim)->nr_entries)
		return -ENOTEMPTY;
	del_entry(from, d);
	if (victim)
		del_entry(to, target);
	add_entry(to, d);
	move_link_count(from, to, v);
	if (flags & RENAME_EXCHANGE) {
		debug_assert(victim);
		add_entry(from, target);
		move_link_count(to, from, victim);
		victim->ctime = vnode_now();
	} else if (victim) {
		drop_link(to, victim);
	}
	touch_dir(from);
	touch_dir(to);
	v->ctime = to->ctime;
	return 0;
}

static int dir_tmpfile(struct vnode *dir, u32 mode, struct vnode **out)
{
	struct tmpfs_node *n;
	int err = tmpfs_new_node(dir->sb, dir, mode, 0, &n);

	if (err)
		return err;
	n->v.nlink = 0;
	*out = &n->v;
	return 0;
}

const struct vnode_ops tmpfs_fixed_dir_ops = { .readdir = dir_readdir };

const struct vnode_ops tmpfs_dir_ops = {
	.create = dir_create,
	.symlink = dir_symlink,
	.link = dir_link,
	.unlink = dir_unlink,
	.rename = dir_rename,
	.tmpfile = dir_tmpfile,
	.readdir = dir_readdir,
	.getxattr = tmpfs_getxattr,
	.setxattr = tmpfs_setxattr,
	.listxattr = tmpfs_listxattr,
};
