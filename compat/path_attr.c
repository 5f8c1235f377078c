/* SPDX-License-Identifier: MIT */
/* path_attr.c - chmod, chown, times, sizes, extended attributes. Ref: chmod(2), chown(2),
 * utimensat(2), truncate(2), fallocate(2), setxattr(2). Tests: selftests/abi/path.c, xattr.c */
#include "file_int.h"

#include <compat/abi/time.h>
#include <fs/attr.h>
#include <fs/dcache.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

/* Where fd is, for calls that change its attributes. */
static int fd_path(int fd, u32 need, struct path *out)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, need, &h);

	if (err)
		return err;
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	if (!h.file->dentry)
		return -EINVAL;
	*out = (struct path){ h.file->mount, h.file->dentry, h.rights };
	path_get(out);
	return 0;
}

static int lookup_at(int dirfd, uaddr_t path, u32 at_flags, struct path *out)
{
	auto_path struct user_string name;
	u32 flags = (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
		    (at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	int err = user_path_get(&name, path);

	return err ? err : path_lookup(dirfd, name.s, flags, out);
}

/* ---- mode and owner ---- */

static int set_mode(const struct path *p, u32 mode)
{
	struct setattr a = { .valid = ATTR_MODE, .mode = mode & 07777 };

	if (vnode_is_link(p->dentry->vnode))
		return -EOPNOTSUPP;
	return path_setattr(p, &a);
}

long sys_fchmod(int fd, u32 mode)
{
	auto_dir struct path p = {};
	int err = fd_path(fd, RIGHT_SETATTR, &p);

	return err ? err : set_mode(&p, mode);
}

long sys_fchmodat2(int dirfd, uaddr_t path, u32 mode, u32 flags)
{
	auto_dir struct path p = {};
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = lookup_at(dirfd, path, flags, &p);
	return err ? err : set_mode(&p, mode);
}

long sys_fchmodat(int dirfd, uaddr_t path, u32 mode)
{
	return sys_fchmodat2(dirfd, path, mode, 0);
}

static int set_owner(const struct path *p, u32 uid, u32 gid)
{
	struct setattr a = { .uid = KUID(uid), .gid = KGID(gid) };

	a.valid = ATTR_CHOWN | (uid != UID_UNSET ? ATTR_UID : 0) |
		  (gid != UID_UNSET ? ATTR_GID : 0);
	return path_setattr(p, &a);
}

long sys_fchown(int fd, u32 uid, u32 gid)
{
	auto_dir struct path p = {};
	int err = fd_path(fd, RIGHT_SETATTR, &p);

	return err ? err : set_owner(&p, uid, gid);
}

long sys_fchownat(int dirfd, uaddr_t path, u32 uid, u32 gid, s32 flags)
{
	auto_dir struct path p = {};
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = lookup_at(dirfd, path, (u32)flags, &p);
	return err ? err : set_owner(&p, uid, gid);
}

/* ---- times ---- */

static int one_time(const struct abi_timespec *t, u32 attr, struct timestamp *out, u32 *valid)
{
	if (t->nsec == UTIME_OMIT)
		return 0;
	*valid |= attr;
	if (t->nsec == UTIME_NOW) {
		*out = vnode_now();
		return 0;
	}
	if (t->nsec < 0 || t->nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*out = (struct timestamp){ t->sec, (u32)t->nsec };
	return 0;
}

static int get_times(uaddr_t times, struct setattr *a)
{
	struct abi_timespec t[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	int err = uaddr_null(times) ? 0 : copy_from_user(t, times, sizeof(t));

	if (!err)
		err = one_time(&t[0], ATTR_ATIME, &a->atime, &a->valid);
	if (!err)
		err = one_time(&t[1], ATTR_MTIME, &a->mtime, &a->valid);
	if (t[0].nsec == UTIME_NOW && t[1].nsec == UTIME_NOW)
		a->valid |= ATTR_TIMES_NOW;
	return err;
}

long sys_utimensat(int dirfd, uaddr_t path, uaddr_t times, s32 flags)
{
	auto_dir struct path p = {};
	struct setattr a = {};
	int err = get_times(times, &a);

	if (err)
		return err;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!a.valid)
		return 0;
	if (uaddr_null(path) && dirfd != AT_FDCWD)
		err = flags ? -EINVAL : fd_path(dirfd, RIGHT_SETATTR, &p);
	else
		err = lookup_at(dirfd, path, (u32)flags, &p);
	return err ? err : path_setattr(&p, &a);
}

/* ---- size ---- */

long sys_truncate(uaddr_t path, loff_t length)
{
	auto_dir struct path p = {};
	int err;

	if (length < 0)
		return -EINVAL;
	err = lookup_at(AT_FDCWD, path, 0, &p);
	return err ? err : path_truncate(&p, (u64)length);
}

long sys_ftruncate(int fd, loff_t length)
{
	auto_handle struct handle h = {};
	int err;

	if (length < 0)
		return -EINVAL;
	err = handle_get(fd, RIGHT_STAT, &h);
	if (err)
		return err;
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	return handle_need(&h, RIGHT_WRITE) ? -EINVAL : file_truncate(h.file, (u64)length);
}

long sys_fallocate(int fd, s32 mode, loff_t offset, loff_t len)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, RIGHT_WRITE, &h);

	if (err)
		return err;
	if (h.file->obj->ops->type == OBJ_PIPE)
		return -ESPIPE;
	return file_fallocate(h.file, (u32)mode, offset, len);
}

/* ---- extended attributes ---- */

static int get_name(struct user_string *name, uaddr_t src)
{
	int err = user_string_get(name, src, XATTR_NAME_MAX + 1);

	if (err == -EINVAL || (!err && !name->len))
		return -ERANGE;
	return err;
}

static int xattr_path(int fd, uaddr_t path, u32 at_flags, u32 need, struct path *out)
{
	return fd >= 0 ? fd_path(fd, need, out) : lookup_at(AT_FDCWD, path, at_flags, out);
}

static long do_set(int fd, uaddr_t path, u32 at_flags, uaddr_t uname, uaddr_t value, usize size,
		   s32 flags)
{
	auto_path struct user_string name;
	auto_kfree void *buf = NULL;
	auto_dir struct path p = {};
	int err = get_name(&name, uname);

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (err)
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (size) {
		buf = kmalloc(size, PAGE_KERNEL);
		if (!buf)
			return -ENOMEM;
		if (copy_from_user(buf, value, size))
			return -EFAULT;
	}
	err = xattr_path(fd, path, at_flags, RIGHT_SETATTR, &p);
	return err ? err : xattr_set(&p, name.s, buf, size, (u32)flags);
}

static long do_get(int fd, uaddr_t path, u32 at_flags, uaddr_t uname, uaddr_t value, usize size)
{
	auto_path struct user_string name;
	auto_kfree void *buf = NULL;
	auto_dir struct path p = {};
	ssize_t n;
	int err = get_name(&name, uname);

	if (!err)
		err = xattr_path(fd, path, at_flags, RIGHT_STAT, &p);
	if (err)
		return err;
	size = min(size, (usize)XATTR_SIZE_MAX);
	if (size) {
		buf = kmalloc(size, PAGE_KERNEL);
		if (!buf)
			return -ENOMEM;
	}
	n = xattr_get(p.dentry->vnode, name.s, buf, size);
	return n > 0 && size && copy_to_user(value, buf, (usize)n) ? -EFAULT : n;
}

static long do_list(int fd, uaddr_t path, u32 at_flags, uaddr_t list, usize size)
{
	auto_kfree char *buf = NULL;
	auto_dir struct path p = {};
	ssize_t n = xattr_path(fd, path, at_flags, RIGHT_STAT, &p);

	if (n)
		return n;
	size = min(size, (usize)XATTR_LIST_MAX);
	if (size) {
		buf = kmalloc(size, PAGE_KERNEL);
		if (!buf)
			return -ENOMEM;
	}
	n = xattr_list(p.dentry->vnode, buf, size);
	return n > 0 && size && copy_to_user(list, buf, (usize)n) ? -EFAULT : n;
}

static long do_remove(int fd, uaddr_t path, u32 at_flags, uaddr_t uname)
{
	auto_path struct user_string name;
	auto_dir struct path p = {};
	int err = get_name(&name, uname);

	if (!err)
		err = xattr_path(fd, path, at_flags, RIGHT_SETATTR, &p);
	return err ? err : xattr_remove(&p, name.s);
}

#define BY_PATH (-1)
#define BY_FD(fd) ((fd) < 0 ? S32_MAX : (fd))	/* a bad number stays one */

long sys_setxattr(uaddr_t path, uaddr_t name, uaddr_t value, usize size, s32 flags)
{
	return do_set(BY_PATH, path, 0, name, value, size, flags);
}

long sys_lsetxattr(uaddr_t path, uaddr_t name, uaddr_t value, usize size, s32 flags)
{
	return do_set(BY_PATH, path, AT_SYMLINK_NOFOLLOW, name, value, size, flags);
}

long sys_fsetxattr(int fd, uaddr_t name, uaddr_t value, usize size, s32 flags)
{
	return do_set(BY_FD(fd), UADDR_NULL, 0, name, value, size, flags);
}

long sys_getxattr(uaddr_t path, uaddr_t name, uaddr_t value, usize size)
{
	return do_get(BY_PATH, path, 0, name, value, size);
}

long sys_lgetxattr(uaddr_t path, uaddr_t name, uaddr_t value, usize size)
{
	return do_get(BY_PATH, path, AT_SYMLINK_NOFOLLOW, name, value, size);
}

long sys_fgetxattr(int fd, uaddr_t name, uaddr_t value, usize size)
{
	return do_get(BY_FD(fd), UADDR_NULL, 0, name, value, size);
}

long sys_listxattr(uaddr_t path, uaddr_t list, usize size)
{
	return do_list(BY_PATH, path, 0, list, size);
}

long sys_llistxattr(uaddr_t path, uaddr_t list, usize size)
{
	return do_list(BY_PATH, path, AT_SYMLINK_NOFOLLOW, list, size);
}

long sys_flistxattr(int fd, uaddr_t list, usize size)
{
	return do_list(BY_FD(fd), UADDR_NULL, 0, list, size);
}

long sys_removexattr(uaddr_t path, uaddr_t name)
{
	return do_remove(BY_PATH, path, 0, name);
}

long sys_lremovexattr(uaddr_t path, uaddr_t name)
{
	return do_remove(BY_PATH, path, AT_SYMLINK_NOFOLLOW, name);
}

long sys_fremovexattr(int fd, uaddr_t name)
{
	return do_remove(BY_FD(fd), UADDR_NULL, 0, name);
}
