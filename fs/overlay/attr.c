/* SPDX-License-Identifier: MIT */
/* attr.c - attributes of an overlay's files: those of the file that shows. A change makes a copy
 * first.
 * Locks: V of the overlay. Ref: stat(2), xattr(7), Linux Documentation/filesystems/overlayfs.rst,
 * "Inode properties", "Nested overlayfs mounts". Tests: selftests/storage/run (overlay_...) */
#include "overlay.h"

#include <fs/attr.h>
#include <fs/dcache.h>
#include <fs/vfs.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

int ovl_getattr(struct vnode *v, struct kstat *st)
{
	struct ovl_node *n = to_ovl(v);
	bool is_dir = vnode_is_dir(v);
	int err = vnode_getattr(ovl_real(v, false), st);

	if (err)
		return err;
	st->dev = is_dir || n->fs->one_dev ? v->sb->dev : n->layer_dev;
	if (n->fixed_ino)
		st->ino = n->fixed_ino;
	if (is_dir && ovl_is_merged(n))
		st->nlink = 1;		/* nobody counts: find(1) takes it for that */
	return 0;
}

int ovl_setattr(struct vnode *v, const struct setattr *a)
{
	struct setattr copy = *a;
	int err = ovl_copy_up(to_ovl(v), !(a->valid & ATTR_SIZE) || a->size);

	return err ? err : vnode_setattr_unchecked(ovl_real(v, true), &copy);
}

/* ---- extended attributes ----
 * What the overlay keeps for itself has a prefix of its own; who uses that prefix within it, an
 * overlay upon this one, gets another "overlay." behind it. */

static const char *prefix(const struct ovl_fs *fs)
{
	return fs->opt.user_xattr ? "user.overlay." : "trusted.overlay.";
}

#define ESCAPE "overlay."

bool ovl_is_private_xattr(const struct ovl_fs *fs, const char *name)
{
	return str_has_prefix(name, prefix(fs)) &&
	       !str_has_prefix(name + strlen(prefix(fs)), ESCAPE);
}

/* The name below. buf: XATTR_NAME_MAX + 16. */
static const char *escape(const struct ovl_fs *fs, const char *name, char *buf)
{
	usize n = strlen(prefix(fs));

	if (!str_has_prefix(name, prefix(fs)))
		return name;
	memcpy(buf, prefix(fs), n);
	memcpy(buf + n, ESCAPE, sizeof(ESCAPE) - 1);
	(void)!str_copy(buf + n + sizeof(ESCAPE) - 1, name + n, XATTR_NAME_MAX - n);
	return buf;
}

ssize_t ovl_getxattr(struct vnode *v, const char *name, void *buf, usize size)
{
	char escaped[XATTR_NAME_MAX + 16];

	return vnode_getxattr(ovl_real(v, false), escape(to_ovl(v)->fs, name, escaped), buf, size);
}

int ovl_setxattr(struct vnode *v, const char *name, const void *value, usize size, u32 flags)
{
	char escaped[XATTR_NAME_MAX + 16];
	ssize_t there;
	int err;

	name = escape(to_ovl(v)->fs, name, escaped);
	there = vnode_getxattr(ovl_real(v, false), name, NULL, 0);
	if (!value && there < 0)	/* nothing to remove: no reason for a copy */
		return (int)there;
	err = ovl_copy_up(to_ovl(v), true);
	return err ? err : vnode_setxattr(ovl_real(v, true), name, value, size, flags);
}

/* Whether current sees it; *cut: where in it "overlay." is left out. */
static bool shows(const struct ovl_fs *fs, const char *name, usize *cut)
{
	*cut = 0;
	if (ovl_is_private_xattr(fs, name))
		return false;
	if (str_has_prefix(name, prefix(fs)))
		*cut = strlen(prefix(fs));
	return !str_has_prefix(name, "trusted.") || capable(CAP_SYS_ADMIN);
}

/* Moves what shows of n bytes of names to the front: how much that is. */
static usize filter(const struct ovl_fs *fs, char *list, usize n)
{
	usize to = 0, at, len, cut;

	for (at = 0; at < n; at += len) {
		len = strlen(list + at) + 1;
		if (!shows(fs, list + at, &cut))
			continue;
		memmove(list + to, list + at, cut ? cut : len);
		if (cut) {
			usize skip = cut + sizeof(ESCAPE) - 1;

			memmove(list + to + cut, list + at + skip, len - skip);
			to -= sizeof(ESCAPE) - 1;
		}
		to += len;
	}
	return to;
}

ssize_t ovl_listxattr(struct vnode *v, char *buf, usize size)
{
	struct vnode *real = ovl_real(v, false);
	ssize_t n = xattr_list(real, NULL, 0);
	auto_kfree char *all = n > 0 ? kmalloc((usize)n, PAGE_KERNEL) : NULL;

	if (n <= 0)
		return n;
	if (!all)
		return -ENOMEM;
	n = xattr_list(real, all, (usize)n);
	if (n <= 0)
		return n;
	n = (ssize_t)filter(to_ovl(v)->fs, all, (usize)n);
	if (size && (usize)n > size)
		return -ERANGE;
	if (size)
		memcpy(buf, all, (usize)n);
	return n;
}
