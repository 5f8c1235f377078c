/* SPDX-License-Identifier: MIT */
/* names.c - making and removing names in an overlay. What is below stays; a whiteout above, a
 * character device 0:0, hides it.
 *
 * Where a whiteout stands already, the new file is made in the work directory and takes its place
 * in one step. What is removed is exchanged for its whiteout, and then taken apart in the work
 * directory.
 *
 * Locks: D, V of the overlay, as struct vnode_ops names them, > those of the layers. Ref: Linux
 * Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories". Tests:
 * selftests/storage/run (overlay_...)
 */
#include "overlay.h"

#include <fs/dcache.h>
#include <kernel/cred.h>

struct name ovl_name_of(const struct dentry *d)
{
	return (struct name){ d->name, d->key };
}

/* ---- making ---- */

/* What is to be made: a link to what, a symbolic link to target, or a node. */
struct making {
	u32 mode, rdev;
	const char *target;
	struct dentry *what;
};

static int make_at(struct dentry *dir, const struct name *n, const struct making *m,
		   struct dentry **out)
{
	return m->what ? real_link(dir, n, m->what, out)
		       : real_create(dir, n, m->mode, m->rdev, m->target, out);
}

/* Made in the work directory, it has not the owner that its own directory would have given it. */
static int fit_owner(const struct vnode *dir, const struct making *m, struct vnode *v)
{
	struct setattr a = { .valid = ATTR_GID | ATTR_MODE, .mode = v->mode, .gid = dir->gid };

	if (m->what || !(dir->mode & S_ISGID))
		return 0;
	if (vnode_is_dir(v))
		a.mode |= S_ISGID;
	else if ((a.mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		 !cred_in_group(current_cred(), dir->gid) && !capable(CAP_FSETID))
		a.mode &= ~S_ISGID;
	return vnode_setattr_unchecked(v, &a);
}

static int make_over_whiteout(struct ovl_node *dir, const struct name *n, const struct making *m,
			      struct dentry *whiteout, struct dentry **out)
{
	char buf[TEMP_NAME];
	struct name temp = ovl_temp_name(dir->fs, buf);
	bool is_dir = (m->mode & S_IFMT) == S_IFDIR;
	int err = make_at(dir->fs->work, &temp, m, out);

	if (err)
		return err;
	err = fit_owner(&dir->v, m, (*out)->vnode);
	if (!err && is_dir)
		err = real_set_opaque(dir->fs, (*out)->vnode);
	if (!err)
		err = real_rename(*out, ovl_upper(dir), n, is_dir ? RENAME_EXCHANGE : 0);
	if (err) {
		ovl_clean(dir->fs, *out, 0);
		dentry_put(*out);
	} else if (is_dir) {
		ovl_clean(dir->fs, whiteout, 0);
	}
	return err;
}

static int make(struct ovl_node *dir, const struct dentry *d, const struct making *m,
		struct dentry **out)
{
	auto_dentry struct dentry *there = NULL;
	struct name n = ovl_name_of(d);
	int err = ovl_copy_up(dir, true);

	if (!err)
		err = real_lookup(ovl_upper(dir), &n, &there);
	if (!err && there && !real_is_whiteout(there->vnode))
		err = -ESTALE;		/* made below, behind our back */
	if (!err)
		err = there ? make_over_whiteout(dir, &n, m, there, out)
			    : make_at(ovl_upper(dir), &n, m, out);
	if (!err)
		dir->version++;
	return err;
}

static int make_node(struct vnode *dir, const struct dentry *d, const struct making *m,
		     struct vnode **out)
{
	struct ovl_node *dn = to_ovl(dir);
	struct name n = ovl_name_of(d);
	struct dentry *made;
	int err = make(dn, d, m, &made);

	return err ? err : ovl_node_get(dn->fs, dn, &n, made, NULL, 0, out);
}

int ovl_create(struct vnode *dir, struct dentry *d, u32 mode, u32 rdev, struct vnode **out)
{
	struct making m = { .mode = mode, .rdev = rdev };

	if ((mode & S_IFMT) == S_IFCHR && !rdev)
		return -EPERM;		/* that would be a whiteout */
	return make_node(dir, d, &m, out);
}

int ovl_symlink(struct vnode *dir, struct dentry *d, const char *target, struct vnode **out)
{
	struct making m = { .mode = S_IFLNK | 0777, .target = target };

	return make_node(dir, d, &m, out);
}

int ovl_link(struct vnode *dir, struct dentry *d, struct vnode *v)
{
	struct ovl_node *n = to_ovl(v);
	struct making m = { .mode = v->mode };
	struct dentry *made;
	int err = ovl_copy_up(n, true);

	m.what = ovl_upper(n);
	if (!err)
		err = make(to_ovl(dir), d, &m, &made);
	if (err)
		return err;
	v->nlink = made->vnode->nlink;
	dentry_put(made);
	return 0;
}

int ovl_tmpfile(struct vnode *dir, u32 mode, struct vnode **out)
{
	static const char text[16] = "#tmpfile";
	struct ovl_node *dn = to_ovl(dir);
	struct name n = name_scan(text);
	struct dentry *d, *u;
	struct vnode *v;
	int err = ovl_copy_up(dn, true);

	if (err)
		return err;
	u = ovl_upper(dn);
	err = u->vnode->ops->tmpfile ? u->vnode->ops->tmpfile(u->vnode, mode, &v) : -EOPNOTSUPP;
	if (err)
		return err;
	d = dentry_alloc(u, &n);
	if (!d) {
		vnode_put(v);
		return -ENOMEM;
	}
	d->vnode = v;
	return ovl_node_get(dn->fs, dn, &n, d, NULL, 0, out);
}

/* ---- removing ---- */

static int remove_above(struct ovl_node *dir, struct dentry *u)
{
	if (!u)
		return -ESTALE;
	if (!vnode_is_dir(u->vnode))
		return real_remove(u);
	ovl_clean(dir->fs, u, 1);	/* whiteouts are in it at most */
	return dentry_hashed(u) ? -ENOTEMPTY : 0;
}

static int replace_by_whiteout(struct ovl_node *dir, const struct name *n, struct dentry *u)
{
	auto_dentry struct dentry *whiteout = NULL;
	bool is_dir = u && vnode_is_dir(u->vnode);
	int err = ovl_make_whiteout(dir->fs, &whiteout);

	if (err)
		return err;
	err = real_rename(whiteout, ovl_upper(dir), n, is_dir ? RENAME_EXCHANGE : 0);
	if (err)
		ovl_clean(dir->fs, whiteout, 0);
	else if (is_dir)
		ovl_clean(dir->fs, u, 1);
	return err;
}

int ovl_unlink(struct vnode *dir, struct dentry *d)
{
	struct ovl_node *dn = to_ovl(dir), *n = to_ovl(d->vnode);
	auto_dentry struct dentry *u = NULL;
	struct name name = ovl_name_of(d);
	bool is_dir = vnode_is_dir(&n->v), covers = false;
	int err = is_dir ? ovl_check_empty(n) : 0;

	if (!err)
		err = ovl_copy_up(dn, true);
	if (!err)
		err = ovl_covers(dn, &name, &covers);
	if (!err)
		err = real_lookup(ovl_upper(dn), &name, &u);
	if (!err)
		err = covers ? replace_by_whiteout(dn, &name, u) : remove_above(dn, u);
	if (err)
		return err;
	n->v.nlink = is_dir || !ovl_upper(n) ? 0 : ovl_upper(n)->vnode->nlink;
	n->gone = !n->v.nlink;
	dn->version++;
	return 0;
}
