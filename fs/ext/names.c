/* SPDX-License-Identifier: MIT */
/* names.c - operations of the file layer on directories, as operations of the core.
 *
 * Each brings the attributes of the inodes it writes up to date first (ext_node_push()) and takes
 * counts and times back afterwards.
 * Locks: D and V as struct vnode_ops names them. Ref: fs/vnode.h. Tests: selftests/boot/run
 * (ext_...)
 */
#include "node_int.h"

#include <fs/dcache.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <mm/vmo.h>

static struct ext_name name_of(const struct dentry *d)
{
	return (struct ext_name){ d->name, (u32)d->key };
}

static int lookup(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct ext_name en = { n->s, name_len(n) };
	u32 ino;
	u8 type;
	int err = ext_dir_lookup(&to_node(dir)->i, &en, &ino, &type);

	if (err)
		return err;
	err = ext_iget(dir->sb, ino, out);
	if (err == -ESTALE)
		err = ext_corrupt(to_ext(dir->sb)->fs, to_node(dir)->i.ino, 0,
				  "an entry names inode %u, which is not in use", ino);
	return err;
}

/* ---- making ---- */

static int make(struct vnode *dir, const struct dentry *d, u32 mode, u32 rdev, const char *target,
		struct vnode **out)
{
	struct ext_node *dn = to_node(dir), *n = ext_node_alloc(dir->sb, dir, mode);
	struct ext_owner o;
	struct ext_name name;
	int err;

	if (!n)
		return -ENOMEM;
	if (to_ext(dir->sb)->opt.grpid) {
		/* as 4.2BSD: the directory's, whatever its set-group-ID bit */
		n->v.gid = dir->gid;
		n->v.mode = mode;
	}
	o = (struct ext_owner){
		.mode = n->v.mode, .uid = n->v.uid.v, .gid = n->v.gid.v, .rdev = rdev
	};
	ext_node_push(dn);
	if (!d) {
		err = ext_tmpfile(&dn->i, &o, &n->i);
	} else {
		name = name_of(d);
		err = target ? ext_symlink(&dn->i, &name, &o, target, &n->i)
			     : ext_create(&dn->i, &name, &o, &n->i);
	}
	if (err) {
		ext_node_drop(n);
		return err;
	}
	ext_node_pull(dn);
	ext_node_publish(n);
	*out = &n->v;
	return 0;
}

static int create(struct vnode *dir, struct dentry *d, u32 mode, u32 rdev, struct vnode **out)
{
	return make(dir, d, mode, rdev, NULL, out);
}

static int symlink(struct vnode *dir, struct dentry *d, const char *target, struct vnode **out)
{
	usize len = strlen(target);
	char *body = kzalloc(ALIGN_UP(len + 9, 8ul));
	int err = body ? make(dir, d, S_IFLNK | 0777, 0, target, out) : -ENOMEM;

	if (err) {
		kfree(body);
		return err;
	}
	memcpy(body, target, len);
	(*out)->link = body;
	return 0;
}

static int tmpfile(struct vnode *dir, u32 mode, struct vnode **out)
{
	return make(dir, NULL, mode, 0, NULL, out);
}

/* ---- changing ---- */

static int link(struct vnode *dir, struct dentry *d, struct vnode *v)
{
	struct ext_name n = name_of(d);
	int err;

	ext_node_push(to_node(dir));
	ext_node_push(to_node(v));
	err = ext_link(&to_node(dir)->i, &n, &to_node(v)->i);
	ext_node_pull(to_node(dir));
	ext_node_pull(to_node(v));
	return err;
}

static int unlink(struct vnode *dir, struct dentry *d)
{
	struct ext_node *n = to_node(d->vnode);
	struct ext_name name = name_of(d);
	int err;

	ext_node_push(to_node(dir));
	ext_node_push(n);
	err = ext_unlink(&to_node(dir)->i, &name, &n->i);
	ext_node_pull(to_node(dir));
	ext_node_pull(n);
	return err;
}

static void pull_all(struct vnode *const *v, u32 nr)
{
	for (u32 n = 0; n < nr; n++)
		if (v[n])
			ext_node_pull(to_node(v[n]));
}

static int rename(struct vnode *from, struct dentry *d, struct vnode *to, struct dentry *target,
		  u32 flags)
{
	struct vnode *v[] = { from, to, d->vnode, target->vnode };
	struct ext_rename r = {
		.from = &to_node(from)->i,
		.to = &to_node(to)->i,
		.i = &to_node(d->vnode)->i,
		.victim = target->vnode ? &to_node(target->vnode)->i : NULL,
		.n = name_of(d),
		.t = name_of(target),
		.flags = flags,
		.uid = current_cred()->fsuid.v,
		.gid = current_cred()->fsgid.v,
	};
	int err = 0;

	/* The new contents of a name that is replaced go to the disk with the name: Linux's
	 * auto_da_alloc. */
	if (r.victim && !(flags & RENAME_EXCHANGE) && d->vnode->vmo &&
	    to_ext(from->sb)->opt.auto_da_alloc)
		err = vmo_write_out(d->vnode->vmo, 0, U64_MAX);
	for (u32 n = 0; n < ARRAY_SIZE(v); n++)
		if (v[n])
			ext_node_push(to_node(v[n]));
	if (!err)
		err = ext_rename(&r);
	pull_all(v, ARRAY_SIZE(v));
	return err;
}

/* ---- reading ---- */

/* The file layer's positions 0 and 1 are the dots': ours begin behind them. */
#define DOTS 2

struct passed {
	struct ext_emit e;
	struct dir_emit *to;
};

static bool pass(struct ext_emit *e, const char *name, u32 len, u32 ino, u32 d_type, u64 next)
{
	struct passed *p = container_of(e, struct passed, e);

	return p->to->entry(p->to, name, len, ino, d_type, (loff_t)(next + DOTS));
}

static int readdir(struct vnode *dir, struct file *f, loff_t *pos, struct dir_emit *emit)
{
	struct passed p = { .e.entry = pass, .to = emit };
	u64 at = *pos > DOTS ? (u64)*pos - DOTS : 0;
	int err;

	if (*pos == S64_MAX)
		return 0;
	err = ext_readdir(&to_node(dir)->i, &at, &p.e);
	*pos = at >= EXT_READDIR_END ? S64_MAX : (loff_t)(at + DOTS);
	return err;
}

/* ---- extended attributes ---- */

static bool is_off(const struct vnode *v, const char *name)
{
	return !to_ext(v->sb)->opt.user_xattr && str_has_prefix(name, "user.");
}

ssize_t ext_getxattr_op(struct vnode *v, const char *name, void *buf, usize size)
{
	return is_off(v, name) ? -EOPNOTSUPP : ext_xattr_get(&to_node(v)->i, name, buf, size);
}

int ext_setxattr_op(struct vnode *v, const char *name, const void *value, usize size, u32 flags)
{
	int err;

	if (is_off(v, name))
		return -EOPNOTSUPP;
	ext_node_push(to_node(v));
	err = ext_setxattr(&to_node(v)->i, name, value, size, flags);
	ext_node_pull(to_node(v));
	return err;
}

ssize_t ext_listxattr_op(struct vnode *v, char *buf, usize size)
{
	return ext_xattr_list(&to_node(v)->i, buf, size);
}

const struct vnode_ops ext_dir_ops = {
	.lookup = lookup,
	.create = create,
	.symlink = symlink,
	.link = link,
	.unlink = unlink,
	.rename = rename,
	.tmpfile = tmpfile,
	.readdir = readdir,
	.setattr = ext_setattr_op,
	.dirty = ext_node_dirty,
	.fsync = ext_fsync_op,
	.getxattr = ext_getxattr_op,
	.setxattr = ext_setxattr_op,
	.listxattr = ext_listxattr_op,
};

const struct vnode_ops ext_other_ops = {
	.setattr = ext_setattr_op,
	.dirty = ext_node_dirty,
	.getxattr = ext_getxattr_op,
	.setxattr = ext_setxattr_op,
	.listxattr = ext_listxattr_op,
};
