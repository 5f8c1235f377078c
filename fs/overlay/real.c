/* SPDX-License-Identifier: MIT */
/* real.c - what an overlay does in the file systems below it: one step each, with their locks,
 * whoever is acting: the overlay has answered for permission.
 *
 * Locks: the layer's own, as names.c takes them: sb->rename_lock > D > V. Those of the overlay are
 * held outside. Ref: fs/vnode.h.
 * Tests: selftests/abi/overlay.c, selftests/storage/run (overlay_...)
 */
#define LOG_TAG "overlayfs"
#include "overlay.h"

#include <fs/attr.h>
#include <fs/dcache.h>
#include <fs/namei.h>
#include <fs/vfs.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* ---- finding ---- */

int real_lookup(struct dentry *dir, const struct name *n, struct dentry **out)
{
	struct vnode *dv = dir->vnode;
	int err;

	rw_write_lock(&dv->lock);
	err = walk_child_locked(dir, n, out);
	rw_write_unlock(&dv->lock);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (*out && !(*out)->vnode) {
		dentry_put(*out);
		*out = NULL;
	}
	return 0;
}

bool real_is_whiteout(const struct vnode *v)
{
	return (v->mode & S_IFMT) == S_IFCHR && !v->rdev;
}

static const char *opaque_name(const struct ovl_fs *fs)
{
	return fs->opt.user_xattr ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

bool real_is_opaque(const struct ovl_fs *fs, struct vnode *v)
{
	char c;

	return vnode_is_dir(v) && vnode_getxattr(v, opaque_name(fs), &c, 1) == 1 && c == 'y';
}

int real_set_opaque(const struct ovl_fs *fs, struct vnode *v)
{
	return vnode_setxattr(v, opaque_name(fs), "y", 1, 0);
}

struct passed {
	struct dir_emit e;
	real_entry_fn *fn;
	void *arg;
	u64 count;
	int err;
};

static bool pass(struct dir_emit *e, const char *name, u32 len, u64 ino, u32 d_type,
		 loff_t next_pos)
{
	struct passed *p = container_of(e, struct passed, e);

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	p->count++;
	p->err = p->fn(p->arg, name, len, ino, d_type);
	return !p->err;
}

int real_readdir(struct vnode *dir, real_entry_fn *fn, void *arg)
{
	struct passed p = { .e.entry = pass, .fn = fn, .arg = arg };
	loff_t pos = 2;			/* behind the dots */
	u64 before;
	int err = 0;

	if (!dir->ops->readdir)
		return -ENOTDIR;
	rw_read_lock(&dir->lock);
	do {
		before = p.count;
		if (!(dir->flags & VN_DEAD))
			err = dir->ops->readdir(dir, NULL, &pos, &p.e);
	} while (!err && !p.err && p.count != before);
	rw_read_unlock(&dir->lock);
	return err ? err : p.err;
}

/* ---- making ---- */

static void publish(struct dentry *d, struct vnode *v)
{
	if (dentry_hashed(d))
		dentry_instantiate(d, v);
	else
		dentry_add(d, v);
}

/* The dentry for a name that is not there yet; dir is locked. */
static int free_name(struct dentry *dir, const struct name *n, struct dentry **out)
{
	int err = dir->vnode->flags & VN_DEAD ? -ENOENT : walk_child_locked(dir, n, out);

	if (!err && *out && (*out)->vnode) {
		dentry_put(*out);
		return -EEXIST;
	}
	if (!err && !*out) {
		*out = dentry_alloc(dir, n);
		err = *out ? 0 : -ENOMEM;
	}
	return err;
}

int real_create(struct dentry *dir, const struct name *n, u32 mode, u32 rdev, const char *target,
		struct dentry **out)
{
	struct vnode *dv = dir->vnode, *v;
	int err;

	rw_write_lock(&dv->lock);
	err = free_name(dir, n, out);
	if (err)
		goto out;
	if (target)
		err = dv->ops->symlink ? dv->ops->symlink(dv, *out, target, &v) : -EPERM;
	else
		err = dv->ops->create ? dv->ops->create(dv, *out, mode, rdev, &v) : -EPERM;
	if (err)
		dentry_put(*out);
	else
		publish(*out, v);
out:
	rw_write_unlock(&dv->lock);
	return err;
}

int real_link(struct dentry *dir, const struct name *n, struct dentry *what, struct dentry **out)
{
	struct vnode *dv = dir->vnode, *v = what->vnode;
	int err;

	rw_write_lock(&dv->lock);
	err = free_name(dir, n, out);
	if (err)
		goto out;
	rw_write_lock(&v->lock);
	err = dv->ops->link ? dv->ops->link(dv, *out, v) : -EPERM;
	rw_write_unlock(&v->lock);
	if (err) {
		dentry_put(*out);
	} else {
		vnode_get(v);
		publish(*out, v);
	}
out:
	rw_write_unlock(&dv->lock);
	return err;
}

/* ---- removing, moving ---- */

int real_remove(struct dentry *d)
{
	struct dentry *dir = d->parent;
	int err = -ESTALE;

	dentry_get(dir);
	rw_write_lock(&dir->vnode->lock);
	if (d->parent == dir && dentry_hashed(d))
		err = dir_remove_locked(dir->vnode, d);
	rw_write_unlock(&dir->vnode->lock);
	dentry_put(dir);
	return err;
}

static void lock_two(struct dentry *a, struct dentry *b) NO_LOCK_CHECK
{
	struct vnode *x = a->vnode, *y = b->vnode;

	if (a == b) {
		rw_write_lock(&x->lock);
		return;
	}
	mutex_lock(&a->sb->rename_lock);
	if (dentry_is_ancestor(b, a) || (!dentry_is_ancestor(a, b) && y < x))
		swap(x, y);
	rw_write_lock(&x->lock);
	rw_write_lock_nested(&y->lock);
}

static void unlock_two(struct dentry *a, struct dentry *b) NO_LOCK_CHECK
{
	rw_write_unlock(&a->vnode->lock);
	if (a == b)
		return;
	rw_write_unlock(&b->vnode->lock);
	mutex_unlock(&a->sb->rename_lock);
}

static int rename_locked(struct dentry *from, struct dentry *d, struct dentry *dir,
			 const struct name *n, u32 flags)
{
	auto_dentry struct dentry *target = NULL;
	int err;

	if (d->parent != from || !dentry_hashed(d) || dir->vnode->flags & VN_DEAD)
		return -ESTALE;
	err = walk_child_locked(dir, n, &target);
	if (!err && !target) {
		target = dentry_alloc(dir, n);
		err = target ? 0 : -ENOMEM;
	}
	if (!err && (flags & RENAME_EXCHANGE) && !target->vnode)
		err = -ENOENT;
	if (!err && (dentry_is_ancestor(d, dir) || dentry_is_ancestor(target, from)))
		err = -EINVAL;
	return err ? err : dir_rename_locked(from->vnode, d, dir->vnode, target, flags);
}

int real_rename(struct dentry *d, struct dentry *dir, const struct name *n, u32 flags)
{
	struct dentry *from = d->parent;
	int err;

	dentry_get(from);
	lock_two(from, dir);
	err = rename_locked(from, d, dir, n, flags);
	unlock_two(from, dir);
	dentry_put(from);
	return err;
}

/* ---- attributes ---- */

/* As well as it can. */
void real_set_times(struct vnode *v, struct timestamp atime, struct timestamp mtime)
{
	struct setattr a = {
		.valid = ATTR_ATIME | ATTR_MTIME, .mode = v->mode, .atime = atime, .mtime = mtime
	};

	if (vnode_setattr_unchecked(v, &a))
		pr_debug("times of a copy are not those of its original");
}

/* ---- the work directory ---- */

struct name ovl_temp_name(struct ovl_fs *fs, char *buf)
{
	memset(buf, 0, TEMP_NAME);
	fmt_print(buf, TEMP_NAME - 8, "#%x", atomic_add_return(&fs->next_temp, 1));
	return name_scan(buf);
}

int ovl_make_whiteout(struct ovl_fs *fs, struct dentry **out)
{
	char buf[TEMP_NAME];
	struct name n = ovl_temp_name(fs, buf);

	return real_create(fs->work, &n, S_IFCHR, 0, NULL, out);
}

struct found {
	struct list link;
	char name[];
};

static int collect(void *arg, const char *name, u32 len, u64 ino, u32 d_type)
{
	struct found *f = kzalloc(sizeof(*f) + ALIGN_UP(len + 9, 8u));

	if (!f)
		return -ENOMEM;
	memcpy(f->name, name, len);
	list_add_tail(arg, &f->link);
	return 0;
}

void ovl_clean(struct ovl_fs *fs, struct dentry *d, u32 levels)
{
	struct list names = LIST_INIT(names);
	struct found *f, *next;
	int err = levels && vnode_is_dir(d->vnode) ? real_readdir(d->vnode, collect, &names) : 0;

	list_for_each_entry_safe(f, next, &names, link) {
		auto_dentry struct dentry *child = NULL;
		struct name n = name_scan(f->name);

		if (!real_lookup(d, &n, &child) && child)
			ovl_clean(fs, child, levels - 1);
		kfree(f);
	}
	if (!err)
		err = real_remove(d);
	if (err)
		pr_warn("%s stays in the work directory: error %d", d->name, err);
}
