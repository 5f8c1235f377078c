/* SPDX-License-Identifier: MIT */
/* super.c - mounting an overlay: its layers, and what Linux refuses of them.
 *
 * Each layer has a private mount: the one its path led to may be unmounted. The work directory gets
 * a directory "work", emptied of what a crash left. Locks: none. Ref: Linux
 * Documentation/filesystems/overlayfs.rst, mount(8) "overlay".
 * Tests: selftests/storage/run (overlay_...)
 */
#define LOG_TAG "overlayfs"
#include "overlay.h"

#include <fs/dcache.h>
#include <fs/namei.h>
#include <fs/vfs.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#define OVERLAYFS_MAGIC 0x794c7630u

static bool is_overlay(const struct super *sb)
{
	return sb->ops == &ovl_super_ops;
}

static u32 depth_of(const struct super *sb)
{
	return is_overlay(sb) ? ((const struct ovl_fs *)sb->private)->depth : 0;
}

static int find_dir(const char *name, struct path *out)
{
	struct super *sb;
	int err = path_lookup(AT_FDCWD, name, LOOKUP_FOLLOW, out);

	if (err) {
		pr_err("failed to resolve '%s': %i", name, err);
		return err;
	}
	sb = out->dentry->sb;
	if (!vnode_is_dir(out->dentry->vnode))
		err = -EINVAL;
	else if (sb->ops->name_hash)
		err = -EINVAL;		/* names that are one there would be two here */
	if (err)
		pr_err("'%s' is no directory, or its file system is not supported", name);
	return err;
}

static int set_layer(struct ovl_layer *l, const struct path *p)
{
	l->mount = vfs_mount_clone(p);
	l->root = p->dentry;
	return l->mount ? 0 : -ENOMEM;
}

/* ---- above ---- */

static int check_upper(const struct path *upper, const struct path *work)
{
	const char *why = NULL;

	if (is_overlay(upper->dentry->sb))
		why = "an overlay cannot be the upper layer of another";
	else if (mount_may_write(upper->mount))
		why = "the file system of upperdir is read-only";
	else if (upper->mount != work->mount)
		why = "workdir and upperdir must reside under the same mount";
	else if (dentry_is_ancestor(upper->dentry, work->dentry) ||
		 dentry_is_ancestor(work->dentry, upper->dentry))
		why = "workdir and upperdir must be separate subtrees";
	if (why)
		pr_err("%s", why);
	return why ? -EINVAL : 0;
}

static int make_work(struct ovl_fs *fs, struct dentry *base)
{
	static const char text[16] = "work";
	struct name n = name_scan(text);
	struct dentry *old = NULL;
	struct setattr a = { .valid = ATTR_MODE };
	int err = real_lookup(base, &n, &old);

	if (old) {
		ovl_clean(fs, old, 2);
		dentry_put(old);
	}
	if (!err)
		err = real_create(base, &n, S_IFDIR, 0, NULL, &fs->work);
	return err ? err : vnode_setattr_unchecked(fs->work->vnode, &a);
}

static int set_upper(struct ovl_fs *fs)
{
	auto_dir struct path upper = {}, work = {};
	int err = find_dir(fs->opt.upper, &upper);

	if (!err)
		err = find_dir(fs->opt.work, &work);
	if (!err)
		err = check_upper(&upper, &work);
	if (!err)
		err = set_layer(&fs->upper, &upper);
	return err ? err : make_work(fs, work.dentry);
}

/* ---- below ---- */

static int add_lower(struct ovl_fs *fs, const char *name)
{
	auto_dir struct path p = {};
	int err = find_dir(name, &p);

	if (err)
		return err;
	fs->depth = max(fs->depth, depth_of(p.dentry->sb) + 1);
	err = set_layer(&fs->lower[fs->nr_lower], &p);
	if (!err)
		fs->nr_lower++;
	return err;
}

static int set_lowers(struct ovl_fs *fs)
{
	int err = 0;

	fs->lower = kzalloc(fs->opt.nr_lower * sizeof(fs->lower[0]));
	if (!fs->lower)
		return -ENOMEM;
	for (u32 n = 0; n < fs->opt.nr_lower && !err; n++)
		err = add_lower(fs, fs->opt.lower[n]);
	if (!err && fs->depth > OVL_DEPTH_MAX) {
		pr_err("maximum fs stacking depth exceeded");
		err = -EINVAL;
	}
	return err;
}

/* A layer twice, or a lower one inside another. */
static int check_overlap(const struct ovl_fs *fs)
{
	for (u32 n = 0; n < fs->nr_lower; n++) {
		struct dentry *d = fs->lower[n].root;

		if (fs->upper.root && dentry_is_ancestor(fs->upper.root, d))
			return -ELOOP;
		if (fs->work && dentry_is_ancestor(fs->work, d))
			return -ELOOP;
		for (u32 m = 0; m < fs->nr_lower; m++)
			if (m != n && dentry_is_ancestor(fs->lower[m].root, d))
				return -ELOOP;
	}
	return 0;
}

/* A st_dev for each file system below; all on one: ours. */
static void number_layers(struct ovl_fs *fs)
{
	struct super *first = fs->lower[0].root->sb;

	fs->one_dev = !fs->upper.root || fs->upper.root->sb == first;
	for (u32 n = 0; n < fs->nr_lower; n++) {
		struct ovl_layer *l = &fs->lower[n];

		fs->one_dev &= l->root->sb == first;
		for (u32 m = 0; m < n && !l->dev; m++)
			if (fs->lower[m].root->sb == l->root->sb)
				l->dev = fs->lower[m].dev;
		if (!l->dev)
			l->dev = super_new_dev();
		if (fs->upper.root && fs->upper.root->sb == l->root->sb)
			fs->upper.dev = l->dev;
	}
	if (fs->upper.root && !fs->upper.dev)
		fs->upper.dev = super_new_dev();
}

/* ---- mounting ---- */

static int check_options(const struct ovl_options *o)
{
	const char *why = NULL;

	if (!o->nr_lower)
		why = "missing 'lowerdir'";
	else if (o->upper && !o->work)
		why = "missing 'workdir'";
	else if (!o->upper && o->nr_lower == 1)
		why = "at least 2 lowerdir are needed while upperdir nonexistent";
	if (why)
		pr_err("%s", why);
	return why ? -EINVAL : 0;
}

static int make_root(struct super *sb, struct ovl_fs *fs)
{
	struct ovl_lower *lower = kmalloc(fs->nr_lower * sizeof(*lower), PAGE_KERNEL);
	struct vnode *root;
	int err;

	if (!lower)
		return -ENOMEM;
	for (u32 n = 0; n < fs->nr_lower; n++) {
		lower[n] = (struct ovl_lower){ &fs->lower[n], fs->lower[n].root };
		dentry_get(lower[n].d);
	}
	if (fs->upper.root)
		dentry_get(fs->upper.root);
	err = ovl_node_get(fs, NULL, NULL, fs->upper.root, lower, fs->nr_lower, &root);
	if (err)
		return err;
	sb->root = dentry_alloc_root(sb, root);
	return sb->root ? 0 : -ENOMEM;
}

static int set_layers(struct super *sb, struct ovl_fs *fs)
{
	int err = set_lowers(fs);

	if (!err && fs->opt.upper)
		err = set_upper(fs);
	if (!err)
		err = check_overlap(fs);
	if (err)
		return err;
	number_layers(fs);
	sb->max_bytes = fs->upper.root ? fs->upper.root->sb->max_bytes : S64_MAX;
	sb->block_size = fs->upper.root ? fs->upper.root->sb->block_size
					: fs->lower[0].root->sb->block_size;
	if (!fs->upper.root)
		sb->flags |= MS_RDONLY;
	super_set_rank(sb, fs->depth > 1 ? RANK_OVL2_RENAME : RANK_OVL_RENAME);
	return make_root(sb, fs);
}

static int mount(struct super *sb, const char *source, const char *options)
{
	struct ovl_fs *fs = knew(struct ovl_fs);
	int err;

	if (!fs)
		return -ENOMEM;
	fs->sb = sb;
	spin_init(&fs->lock, RANK_DCACHE);
	sb->private = fs;
	sb->ops = &ovl_super_ops;	/* from now on shutdown() cleans up */
	err = ovl_options_parse(options, &fs->opt);
	if (!err)
		err = check_options(&fs->opt);
	if (!err && !fs->opt.upper && !fs->opt.redirect)
		/* Linux's word for "followed" where nothing is ever redirected */
		fs->opt.redirect = "on";
	if (!err && !fs->opt.upper && fs->opt.work) {
		kfree(fs->opt.work);	/* useless, and no error */
		fs->opt.work = NULL;
	}
	return err ? err : set_layers(sb, fs);
}

/* The layers stay as they are. */
static int remount(struct super *sb, u32 ms_flags, const char *options)
{
	const struct ovl_fs *fs = sb->private;

	return !(ms_flags & MS_RDONLY) && !fs->upper.root ? -EROFS : 0;
}

FSTYPE(overlay, .magic = OVERLAYFS_MAGIC, .mount = mount, .remount = remount);
