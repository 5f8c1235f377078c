/* SPDX-License-Identifier: MIT */
/* tmpfs_file.c - extended attributes and space reservation of the memory file system.
 * Locks: V. Ref: xattr(7), fallocate(2). Tests: selftests/abi/fsmix.c, fallocate.c */
#include <fs/attr.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#include "tmpfs_int.h"

static struct tmpfs_xattr *find(struct tmpfs_node *n, const char *name)
{
	struct tmpfs_xattr *x;

	list_for_each_entry(x, &n->xattrs, link)
		if (!strcmp(x->name, name))
			return x;
	return NULL;
}

ssize_t tmpfs_getxattr(struct vnode *v, const char *name, void *buf, usize size)
{
	struct tmpfs_xattr *x = find(to_node(v), name);

	if (!x)
		return -ENODATA;
	if (!size)
		return (ssize_t)x->size;
	if (size < x->size)
		return -ERANGE;
	memcpy(buf, x->value, x->size);
	return (ssize_t)x->size;
}

static struct tmpfs_xattr *make(const char *name, const void *value, usize size)
{
	usize len = strlen(name) + 1;
	struct tmpfs_xattr *x = kmalloc(sizeof(*x) + len + size, PAGE_KERNEL);

	if (!x)
		return NULL;
	x->name = (char *)(x + 1);
	x->value = (u8 *)x->name + len;
	x->size = size;
	memcpy(x->name, name, len);
	memcpy(x->value, value, size);
	return x;
}

int tmpfs_setxattr(struct vnode *v, const char *name, const void *value, usize size, u32 flags)
{
	struct tmpfs_node *n = to_node(v);
	struct tmpfs_xattr *old = find(n, name), *x = NULL;

	if (old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!old && ((flags & XATTR_REPLACE) || !value))
		return -ENODATA;
	if (value) {
		x = make(name, value, size);
		if (!x)
			return -ENOMEM;
		list_add_tail(&n->xattrs, &x->link);
	}
	if (old) {
		list_del(&old->link);
		kfree(old);
	}
	return 0;
}

ssize_t tmpfs_listxattr(struct vnode *v, char *buf, usize size)
{
	struct tmpfs_xattr *x;
	usize n = 0;

	list_for_each_entry(x, &to_node(v)->xattrs, link) {
		usize len = strlen(x->name) + 1;

		if (size && n + len > size)
			return -ERANGE;
		if (size)
			memcpy(buf + n, x->name, len);
		n += len;
	}
	return (ssize_t)n;
}

void tmpfs_free_xattrs(struct tmpfs_node *n)
{
	struct tmpfs_xattr *x, *next;

	list_for_each_entry_safe(x, next, &n->xattrs, link)
		kfree(x);
	list_init(&n->xattrs);
}

/* Gives every hole in [off, end) a page. */
static int fill_holes(struct vmo *m, u64 off, u64 end)
{
	u64 i;

	for (i = off >> PAGE_SHIFT; i < DIV_ROUND_UP(end, PAGE_SIZE); i++) {
		struct page *p;
		int err = vmo_page(m, i, VMO_FAULT, &p);

		if (err)
			return err;
		page_put(p);
	}
	return 0;
}

int tmpfs_fallocate(struct vnode *v, u32 mode, loff_t off, loff_t len)
{
	struct vmo *m = vnode_vmo(v);
	u64 start = (u64)off, end = (u64)off + (u64)len, old;
	int err = 0;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (!m)
		return -ENOMEM;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (m->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		return start < m->size ? vmo_punch(m, start, min(end, m->size)) : 0;
	}
	old = m->size;
	/* the others are asked for all file systems */
	err = mode & FALLOC_FL_KEEP_SIZE ? vnode_may_grow(v, end) : 0;
	if (err)
		return err;
	if ((mode & FALLOC_FL_KEEP_SIZE) || end <= old)
		return start < old ? fill_holes(m, start, min(end, old)) : 0;
	if (m->seals & F_SEAL_GROW)
		return -EPERM;
	err = vmo_truncate(m, end);
	if (err)
		return err;
	err = fill_holes(m, start, end);
	if (err && vmo_truncate(m, old))
		return -EIO;
	return err;
}
