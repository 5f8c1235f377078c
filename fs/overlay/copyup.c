/* SPDX-License-Identifier: MIT */
/* copyup.c - what is to be changed is copied to the upper layer first, directories above it
 * included.
 *
 * The copy is made in the work directory and gets its place by a rename when it is complete, its
 * bytes on the device: a crash shows the original or the copy. A file that has lost its name here
 * is copied too, and its copy has none.
 *
 * Locks: copy (one at a time, from the root down) > those of the layers. Ref: Linux
 * Documentation/filesystems/overlayfs.rst, "Upper and Lower", "Non-directories". Tests:
 * selftests/storage/run (overlay_...)
 */
#define LOG_TAG "overlayfs"
#include "overlay.h"

#include <fs/attr.h>
#include <fs/dcache.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define PIECE 65536u

/* ---- bytes ---- */

static loff_t next_data(struct vnode *v, struct vmo *m, loff_t pos, bool hole)
{
	return v->ops->seek_data ? v->ops->seek_data(v, pos, hole) : vmo_seek_data(m, pos, hole);
}

static int copy_range(struct vmo *from, struct vnode *to, void *buf, loff_t pos, loff_t end)
{
	struct vmo *m = vnode_vmo(to);
	int err = m ? 0 : -ENOMEM;

	while (!err && pos < end) {
		usize n = (usize)min((loff_t)PIECE, end - pos);

		err = vmo_read_kernel(from, buf, n, pos);
		rw_write_lock(&to->lock);
		if (!err)
			err = vmo_write_kernel(m, buf, n, pos);
		rw_write_unlock(&to->lock);
		pos += (loff_t)n;
	}
	return err;
}

static int set_size(struct vnode *v, u64 size)
{
	struct setattr a = { .valid = ATTR_SIZE, .mode = v->mode, .size = size };

	return vnode_setattr_unchecked(v, &a);
}

/* Holes stay holes. */
static int copy_data(struct vnode *from, struct vnode *to)
{
	struct vmo *m = vnode_vmo(from);
	auto_kfree void *buf = kmalloc(PIECE, PAGE_KERNEL);
	loff_t size = (loff_t)vnode_size(from), pos = 0, end;
	int err = 0;

	if (!m || !buf)
		return -ENOMEM;
	if (size)
		err = set_size(to, (u64)size);
	while (!err && pos < size) {
		pos = next_data(from, m, pos, false);
		if (pos == -ENXIO)
			break;
		if (pos < 0)
			return (int)pos;
		end = next_data(from, m, pos, true);
		if (end < 0)
			return (int)end;
		err = copy_range(m, to, buf, pos, min(end, size));
		pos = end;
	}
	return err;
}

/* The bytes are on the device before the name is there. */
static int sync_data(struct vnode *v)
{
	struct file f = {};		/* for its error sequence only */

	if (!v->vmo || !v->ops->fsync)
		return 0;
	f.err_seen = write_errors_sample(&v->vmo->errors);
	return v->ops->fsync(v, &f, false);
}

/* ---- attributes ---- */

static int copy_xattr(struct vnode *from, struct vnode *to, const char *name)
{
	ssize_t n = vnode_getxattr(from, name, NULL, 0);
	auto_kfree void *value = n >= 0 ? kmalloc((usize)n + 1, PAGE_KERNEL) : NULL;
	int err;

	if (n == -ENODATA || n == -EOPNOTSUPP)
		return 0;
	if (n < 0 || !value)
		return n < 0 ? (int)n : -ENOMEM;
	n = vnode_getxattr(from, name, value, (usize)n);
	if (n < 0)
		return (int)n;
	err = vnode_setxattr(to, name, value, (usize)n, 0);
	return err == -EOPNOTSUPP && !str_has_prefix(name, "security.") &&
			       !str_has_prefix(name, "system.posix_acl")
		       ? 0
		       : err;
}

static int copy_xattrs(const struct ovl_fs *fs, struct vnode *from, struct vnode *to)
{
	ssize_t n = xattr_list(from, NULL, 0);
	auto_kfree char *list = n > 0 ? kmalloc((usize)n, PAGE_KERNEL) : NULL;
	int err = 0;

	if (n <= 0)
		return n == -EOPNOTSUPP ? 0 : (int)n;
	if (!list)
		return -ENOMEM;
	n = xattr_list(from, list, (usize)n);
	for (ssize_t at = 0; at < n && !err; at += (ssize_t)strlen(list + at) + 1)
		if (!ovl_is_private_xattr(fs, list + at))
			err = copy_xattr(from, to, list + at);
	return n < 0 ? (int)n : err;
}

static int copy_attributes(const struct kstat *st, struct vnode *to)
{
	struct setattr a = {
		.valid = ATTR_UID | ATTR_GID | ATTR_MODE | ATTR_ATIME | ATTR_MTIME,
		.mode = st->mode,
		.uid = st->uid,
		.gid = st->gid,
		.atime = st->atime,
		.mtime = st->mtime,
	};

	if (vnode_is_link(to))
		a.valid &= ~ATTR_MODE;
	return vnode_setattr_unchecked(to, &a);
}

/* ---- one copy ---- */

static int fill_copy(struct ovl_node *n, struct vnode *from, struct vnode *to, bool with_data)
{
	struct kstat st;
	int err = vnode_getattr(from, &st);

	if (!err && vnode_is_reg(from) && with_data)
		err = copy_data(from, to);
	if (!err)
		err = copy_xattrs(n->fs, from, to);
	if (!err)
		err = copy_attributes(&st, to);
	if (!err && vnode_is_reg(from) && with_data && !n->fs->opt.is_volatile)
		err = sync_data(to);
	return err;
}

/* The text of a link: its own, or read into buf. */
static int link_text(struct vnode *v, char *buf, const char **out)
{
	ssize_t n;

	*out = v->link;
	if (v->link)
		return 0;
	n = v->ops->readlink ? v->ops->readlink(v, buf, PATH_MAX - 1) : -EINVAL;
	if (n < 0)
		return (int)n;
	buf[n] = 0;
	*out = buf;
	return 0;
}

static int make_copy(struct ovl_node *n, bool with_data, struct dentry **out)
{
	struct vnode *from = n->lower[0].d->vnode;
	auto_kfree char *text = vnode_is_link(from) && !from->link ? kzalloc(PATH_MAX + 8) : NULL;
	const char *target = NULL;
	char buf[TEMP_NAME];
	struct name temp = ovl_temp_name(n->fs, buf);
	u32 type = from->mode & S_IFMT;
	int err = 0;

	if (type == S_IFLNK)
		err = from->link || text ? link_text(from, text, &target) : -ENOMEM;
	if (!err)
		err = real_create(n->fs->work, &temp, type == S_IFDIR ? type | 0700 : type | 0600,
				  from->rdev, target, out);
	if (err)
		return err;
	err = fill_copy(n, from, (*out)->vnode, with_data);
	if (err) {
		ovl_clean(n->fs, *out, 0);
		dentry_put(*out);
	}
	return err;
}

/* It gets its place; the directory's times are as if it had been there. */
static int place_copy(struct ovl_node *n, struct dentry *copy)
{
	struct dentry *dir = ovl_upper(n->parent);
	struct vnode *dv = dir->vnode;
	struct timestamp atime = dv->atime, mtime = dv->mtime;
	struct name name = name_scan(n->name);
	int err = real_rename(copy, dir, &name, RENAME_NOREPLACE);

	if (!err)
		real_set_times(dv, atime, mtime);
	return err;
}

static int copy_locked(struct ovl_node *n, bool with_data)
{
	struct dentry *copy;
	int err = make_copy(n, with_data, &copy);

	if (err)
		return err;
	err = n->gone ? real_remove(copy) : place_copy(n, copy);
	if (err) {
		ovl_clean(n->fs, copy, 0);
		dentry_put(copy);
		return err;
	}
	ovl_node_set_upper(n, copy);
	return 0;
}

static int copy_one(struct ovl_node *n, bool with_data)
{
	int err = 0;

	mutex_lock(&n->copy);
	if (!n->upper)
		err = copy_locked(n, with_data);
	mutex_unlock(&n->copy);
	return err;
}

int ovl_copy_up(struct ovl_node *n, bool with_data)
{
	int err = 0;

	if (!n->fs->upper.root)
		return -EROFS;
	while (!err && !ovl_upper(n)) {
		struct ovl_node *top = n;

		while (!ovl_upper(top->parent))
			top = top->parent;
		err = copy_one(top, with_data || top != n);
	}
	return err;
}
