/* SPDX-License-Identifier: MIT */
/* node.c - a vnode of an overlay: what stands above, what below, and the one that shows.
 *
 * States: only below -> ovl_copy_up() -> above (and what it was copied from). Never back.
 *
 * Invariants:
 *  (1) several names above of one file are one vnode here: found by the vnode above. Several names
 *      below of one file are one only where nothing can be copied up: a copy breaks them, as Linux
 *      without an index does.
 *  (2) what has no upper has one name, and that never changes (its directory has no other place
 *      either): parent and name.
 *  (3) the vnode has no bytes and no times: ovl_real() says who has them. Mode and owner are copies
 *      of its.
 *
 * Locks: as overlay.h says; those of the overlay before those of layers. Ref: Linux
 * Documentation/filesystems/overlayfs.rst, "Inode properties", "Non-standard behavior". Tests:
 * selftests/storage/run (overlay_...)
 */
#define LOG_TAG "overlayfs"
#include "overlay.h"

#include <fs/dcache.h>
#include <fs/vfs.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <mm/vmo.h>

static struct slab_cache *node_cache;

struct vnode *ovl_real(struct vnode *v, bool change)
{
	struct ovl_node *n = to_ovl(v);
	struct dentry *u = ovl_upper(n);

	if (u)
		return u->vnode;
	return change ? NULL : n->lower[0].d->vnode;
}

void ovl_lower_put(struct ovl_lower *l, u32 nr)
{
	for (u32 n = 0; n < nr; n++)
		dentry_put(l[n].d);
}

/* ---- by the vnode below ---- */

static struct hlist *chain(struct ovl_fs *fs, const struct vnode *key)
{
	return &fs->nodes[((u64)key * 0x9e3779b97f4a7c15ul) >> 56];
}

static void unhash_locked(struct ovl_node *n)
{
	if (n->key)
		hlist_del(&n->link);
	n->key = NULL;
}

/* The node of this key, with a reference, or n, which has it from now on. */
static struct ovl_node *hash(struct ovl_node *n, const struct vnode *key)
{
	struct ovl_node *other, *found = n;

	spin_lock(&n->fs->lock);
	hlist_for_each_entry(other, chain(n->fs, key), link) {
		if (other->key == key && other != n && object_tryget(&other->v.obj)) {
			found = other;
			break;
		}
	}
	if (found == n) {
		unhash_locked(n);
		n->key = key;
		hlist_add(chain(n->fs, key), &n->link);
	}
	spin_unlock(&n->fs->lock);
	return found;
}

/* ---- life ---- */

static const struct vnode *key_of(const struct ovl_node *n)
{
	const struct vnode *below = n->nr_lower ? n->lower[0].d->vnode : NULL;

	if (vnode_is_dir(&n->v))
		return NULL;
	if (n->upper || !below)
		return n->upper->vnode;
	return below->nlink > 1 && n->fs->upper.root ? NULL : below;
}

static u64 ino_of(struct vnode *v)
{
	struct kstat st;

	return vnode_getattr(v, &st) ? v->ino : st.ino;
}

/* st_dev and st_ino: see (1) and Linux's table "Inode properties" without xino. */
static void number(struct ovl_node *n)
{
	struct vnode *below = n->nr_lower ? n->lower[0].d->vnode : NULL,
		     *real = ovl_real(&n->v, false);
	bool is_dir = vnode_is_dir(&n->v);

	n->layer_dev = n->upper ? n->fs->upper.dev : n->lower[0].layer->dev;
	if (is_dir && !n->fs->one_dev)
		n->fixed_ino = super_new_ino(n->fs->sb);
	else if (below && (is_dir || key_of(n)))
		n->fixed_ino = ino_of(below);
	n->v.ino = n->fixed_ino ? n->fixed_ino : ino_of(real);
}

static void copy_attributes(struct ovl_node *n)
{
	const struct vnode *real = ovl_real(&n->v, false);

	n->v.mode = real->mode;
	n->v.uid = real->uid;
	n->v.gid = real->gid;
	n->v.nlink = real->nlink;
	n->v.rdev = real->rdev;
	n->v.flags = VN_NOCMTIME | (real->flags & (VN_IMMUTABLE | VN_APPEND));
}

static void set_up(struct ovl_node *n, const struct vnode *real)
{
	u32 type = real->mode & S_IFMT;

	vnode_init(&n->v, n->fs->sb, type == S_IFDIR ? &ovl_dir_ops : &ovl_file_ops,
		   type == S_IFREG	 ? &vnode_file_ops
		   : type == S_IFDIR ? &vnode_dir_ops
				     : &vnode_other_ops,
		   real->mode, NULL);
	mutex_init(&n->copy, n->fs->depth > 1 ? RANK_OVL2_COPY : RANK_OVL_COPY);
	mutex_init(&n->listing_lock, n->fs->depth > 1 ? RANK_OVL2_COPY : RANK_OVL_COPY);
	rb_init(&n->listing.by_name, NULL);
	rb_init(&n->listing.by_pos, NULL);
	/* it lives a grace period longer than real, which n holds */
	n->v.link = real->link;
	copy_attributes(n);
	number(n);
}

/* Not yet seen by anybody, or no more. */
static void let_go(struct ovl_node *n)
{
	if (n->upper)
		dentry_put(n->upper);
	ovl_lower_put(n->lower, n->nr_lower);
	if (n->parent)
		vnode_put(&n->parent->v);
	ovl_listing_free(&n->listing);
}

static void free_node(struct vnode *v)
{
	struct ovl_node *n = to_ovl(v);

	kfree(n->lower);
	kfree(n->name);
	slab_free(node_cache, n);
}

static char *copy_name(const struct name *n)
{
	char *s = kzalloc(ALIGN_UP(name_len(n) + 9, 8u));

	if (s)
		memcpy(s, n->s, name_len(n));
	return s;
}

int ovl_node_get(struct ovl_fs *fs, struct ovl_node *parent, const struct name *name,
		 struct dentry *upper, struct ovl_lower *lower, u32 nr_lower, struct vnode **out)
{
	struct ovl_node *n, *found;
	struct super *sb = fs->sb;
	const struct vnode *key;

	if (!node_cache)
		node_cache = slab_cache_create("ovl_inode", sizeof(struct ovl_node), 64);
	n = slab_alloc(node_cache, PAGE_KERNEL | PAGE_ZEROED);
	if (n && !upper && name)
		n->name = copy_name(name);
	if (!n || (!upper && name && !n->name)) {
		slab_free(node_cache, n);
		if (upper)
			dentry_put(upper);
		ovl_lower_put(lower, nr_lower);
		kfree(lower);
		return -ENOMEM;
	}
	n->fs = fs;
	n->upper = upper;
	n->lower = lower;
	n->nr_lower = nr_lower;
	set_up(n, upper ? upper->vnode : lower[0].d->vnode);
	if (n->name) {
		n->parent = parent;
		vnode_get(&parent->v);
	}
	key = key_of(n);
	found = key ? hash(n, key) : n;
	*out = &found->v;
	if (found != n) {
		let_go(n);
		free_node(&n->v);
		super_put(sb);
	}
	return 0;
}

void ovl_node_set_upper(struct ovl_node *n, struct dentry *upper)
{
	smp_store_release(&n->upper, upper);
	if (!n->fixed_ino || vnode_is_dir(&n->v) || !n->nr_lower)
		n->layer_dev = n->fs->upper.dev;
	if (!vnode_is_dir(&n->v))
		/* nobody else can have found it: it has just been made */
		(void)!hash(n, upper->vnode);
	WRITE_ONCE(n->v.nlink, upper->vnode->nlink);
}

static void evict(struct vnode *v)
{
	struct ovl_node *n = to_ovl(v);

	spin_lock(&n->fs->lock);
	unhash_locked(n);
	spin_unlock(&n->fs->lock);
	let_go(n);
}

/* ---- files ---- */

static int open_node(struct vnode *v, struct file *f)
{
	struct vnode *real;
	int err = 0;

	if (f->mode & FMODE_WRITE)
		err = ovl_copy_up(to_ovl(v), true);
	if (err)
		return err;
	real = ovl_real(v, false);
	return real->ops->open ? real->ops->open(real, f) : vnode_vmo(real) ? 0 : -ENOMEM;
}

static void closed(struct vnode *v, struct file *f)
{
	struct vnode *real = ovl_real(v, false);

	if (real->ops->closed)
		real->ops->closed(real, f);
}

/* What is only below is not this file system's to write. */
int ovl_fsync(struct vnode *v, struct file *f, bool data_only)
{
	struct vnode *real = ovl_real(v, true);

	if (!real || to_ovl(v)->fs->opt.is_volatile)
		return 0;
	return real->ops->fsync ? real->ops->fsync(real, f, data_only) : 0;
}

static int fallocate(struct vnode *v, u32 mode, loff_t off, loff_t len)
{
	struct vnode *real = ovl_real(v, true);
	int err;

	if (!real || !real->ops->fallocate)
		return -EOPNOTSUPP;
	rw_write_lock(&real->lock);
	err = real->ops->fallocate(real, mode, off, len);
	if (!err)
		vnode_touch_mctime(real);
	rw_write_unlock(&real->lock);
	return err;
}

static ssize_t readlink(struct vnode *v, char *buf, usize size)
{
	struct vnode *real = ovl_real(v, false);

	return real->ops->readlink ? real->ops->readlink(real, buf, size) : -EINVAL;
}

const struct vnode_ops ovl_file_ops = {
	.open = open_node,
	.closed = closed,
	.real = ovl_real,
	.fsync = ovl_fsync,
	.fallocate = fallocate,
	.readlink = readlink,
	.getattr = ovl_getattr,
	.setattr = ovl_setattr,
	.getxattr = ovl_getxattr,
	.setxattr = ovl_setxattr,
	.listxattr = ovl_listxattr,
};

const struct vnode_ops ovl_dir_ops = {
	.lookup = ovl_lookup,
	.create = ovl_create,
	.symlink = ovl_symlink,
	.link = ovl_link,
	.unlink = ovl_unlink,
	.rename = ovl_rename,
	.tmpfile = ovl_tmpfile,
	.readdir = ovl_readdir,
	.real = ovl_real,
	.fsync = ovl_fsync,
	.getattr = ovl_getattr,
	.setattr = ovl_setattr,
	.getxattr = ovl_getxattr,
	.setxattr = ovl_setxattr,
	.listxattr = ovl_listxattr,
};

/* ---- the super block's share ---- */

static void statfs(struct super *sb, struct statfs_k *st)
{
	const struct ovl_fs *fs = sb->private;
	struct super *real = fs->upper.root ? fs->upper.root->sb : fs->lower[0].root->sb;

	if (real->ops->statfs)
		real->ops->statfs(real, st);
	st->type = sb->type->magic;
	st->fsid = sb->dev;
}

static int sync(struct super *sb, bool wait)
{
	const struct ovl_fs *fs = sb->private;
	struct super *real = fs->upper.root ? fs->upper.root->sb : NULL;

	return real && real->ops->sync && !fs->opt.is_volatile ? real->ops->sync(real, wait) : 0;
}

static void show_options(struct super *sb, char *buf, usize size)
{
	const struct ovl_fs *fs = sb->private;

	ovl_options_show(&fs->opt, buf, size);
}

static void put_layer(struct ovl_layer *l)
{
	if (l->mount)
		mount_put(l->mount);
}

static void shutdown(struct super *sb)
{
	struct ovl_fs *fs = sb->private;

	if (fs->work)
		dentry_put(fs->work);
	put_layer(&fs->upper);
	for (u32 n = 0; n < fs->nr_lower; n++)
		put_layer(&fs->lower[n]);
	kfree(fs->lower);
	ovl_options_free(&fs->opt);
	kfree(fs);
}

const struct super_ops ovl_super_ops = {
	.evict = evict,
	.free = free_node,
	.statfs = statfs,
	.sync = sync,
	.show_options = show_options,
	.shutdown = shutdown,
};
