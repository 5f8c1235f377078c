/* SPDX-License-Identifier: MIT */
/* lookup.c - what a name is: the topmost layer that has it says so, and directories of one name are
 * one, down to the first that is opaque, a whiteout, or no directory.
 * Locks: D of the overlay's directory. Ref: Linux Documentation/filesystems/overlayfs.rst,
 * "Directories", "whiteouts and opaque directories". Tests: selftests/storage/run (overlay_...)
 */
#include "overlay.h"

#include <fs/dcache.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

struct found {
	struct dentry *upper;
	struct ovl_lower *lower;	/* room for as many as the directory has */
	u32 nr_lower;
};

/* What the upper directory says. *stop: nothing below counts. */
static int look_above(struct ovl_node *dir, const struct name *n, struct found *f, bool *stop)
{
	struct dentry *u = ovl_upper(dir);
	int err = u ? real_lookup(u, n, &f->upper) : 0;

	if (err || !f->upper)
		return err;
	*stop = !vnode_is_dir(f->upper->vnode) || real_is_opaque(dir->fs, f->upper->vnode);
	if (!real_is_whiteout(f->upper->vnode))
		return 0;
	dentry_put(f->upper);
	f->upper = NULL;
	return 0;
}

/* The same of one lower layer; d, if not NULL, is taken over. */
static void look_at(struct ovl_node *dir, const struct ovl_layer *layer, struct dentry *d,
		    struct found *f, bool *stop)
{
	bool is_dir = vnode_is_dir(d->vnode), first = !f->upper && !f->nr_lower;

	*stop = !is_dir || real_is_opaque(dir->fs, d->vnode);
	if (real_is_whiteout(d->vnode) || (!is_dir && !first)) {
		dentry_put(d);
		return;
	}
	f->lower[f->nr_lower++] = (struct ovl_lower){ layer, d };
}

static int look_below(struct ovl_node *dir, const struct name *n, struct found *f)
{
	bool stop = false;
	int err = 0;

	f->lower = kmalloc(dir->nr_lower * sizeof(f->lower[0]), PAGE_KERNEL);
	if (!f->lower)
		return -ENOMEM;
	for (u32 i = 0; i < dir->nr_lower && !stop && !err; i++) {
		struct dentry *d = NULL;

		err = real_lookup(dir->lower[i].d, n, &d);
		if (!err && d)
			look_at(dir, dir->lower[i].layer, d, f, &stop);
	}
	return err;
}

static void drop(struct found *f)
{
	if (f->upper)
		dentry_put(f->upper);
	ovl_lower_put(f->lower, f->nr_lower);
	kfree(f->lower);
}

int ovl_lookup(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct ovl_node *dn = to_ovl(dir);
	struct found f = {};
	bool stop = false;
	int err = look_above(dn, n, &f, &stop);

	if (!err && !stop && dn->nr_lower)
		err = look_below(dn, n, &f);
	if (!err && !f.upper && !f.nr_lower)
		err = -ENOENT;
	if (err) {
		drop(&f);
		return err;
	}
	if (!f.nr_lower) {
		kfree(f.lower);
		f.lower = NULL;
	}
	return ovl_node_get(dn->fs, dn, n, f.upper, f.lower, f.nr_lower, out);
}

int ovl_covers(struct ovl_node *dir, const struct name *n, bool *yes)
{
	*yes = false;
	for (u32 i = 0; i < dir->nr_lower; i++) {
		auto_dentry struct dentry *d = NULL;
		int err = real_lookup(dir->lower[i].d, n, &d);

		if (err)
			return err;
		if (d) {
			*yes = !real_is_whiteout(d->vnode);
			return 0;
		}
	}
	return 0;
}
