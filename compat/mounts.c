/* SPDX-License-Identifier: MIT */
/* mounts.c - mount, umount2, pivot_root. Ref: mount(2), umount(2), pivot_root(2). Tests:
 * selftests/abi/path.c */
#include "file_int.h"

#include <fs/dcache.h>
#include <fs/vfs.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>

#define PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

/* A string that may be absent. */
static int get_optional(struct user_string *s, uaddr_t src, usize max)
{
	s->s = s->inline_buf;
	memset(s->inline_buf, 0, 16);
	return uaddr_null(src) ? 0 : user_string_get(s, src, max);
}

/* The options are a page that need not be terminated. */
static int get_options(struct user_string *s, uaddr_t src)
{
	int err = get_optional(s, src, PATH_MAX);

	if (err == -EINVAL) {
		s->s[PATH_MAX - 1] = 0;
		err = 0;
	}
	return err;
}

static int lookup_from(const char *source, struct path *out)
{
	return *source ? path_lookup(AT_FDCWD, source, LOOKUP_FOLLOW, out) : -EINVAL;
}

static long mount_flags(const struct path *at, const char *source, const char *type, u32 flags,
			const char *options)
{
	auto_dir struct path from = {};
	int err;

	if (flags & MS_REMOUNT)
		return vfs_remount(at, flags, options, flags & MS_BIND);
	if (flags & PROPAGATION)
		return at->dentry == at->mount->root ? 0 : -EINVAL;	/* all mounts are private */
	if (flags & (MS_BIND | MS_MOVE)) {
		err = lookup_from(source, &from);
		if (err)
			return err;
		return flags & MS_BIND ? vfs_mount_bind(&from, at, flags & MS_REC)
				       : vfs_mount_move(&from, at);
	}
	return *type ? vfs_mount_new(source, at, type, flags, options) : -EINVAL;
}

long sys_mount(uaddr_t usource, uaddr_t utarget, uaddr_t utype, u64 flags, uaddr_t data)
{
	auto_path struct user_string source, target, type, options;
	auto_dir struct path at = {};
	int err = get_optional(&source, usource, PATH_MAX), err2 = user_path_get(&target, utarget);
	int err3 = get_optional(&type, utype, 64), err4 = get_options(&options, data);

	err = err ? err : err2 ? err2 : err3 ? err3 : err4;
	if (err)
		return err;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(u64)MS_MGC_MSK;
	err = path_lookup(AT_FDCWD, target.s, LOOKUP_FOLLOW, &at);
	return err ? err : mount_flags(&at, source.s, type.s, (u32)flags, options.s);
}

long sys_umount2(uaddr_t path, s32 flags)
{
	auto_path struct user_string name;
	auto_dir struct path at = {};
	int err = user_path_get(&name, path);

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if (!err && !capable(CAP_SYS_ADMIN))
		err = -EPERM;
	if (!err)
		err = path_lookup(AT_FDCWD, name.s, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW,
				  &at);
	return err ? err : vfs_umount(&at, (u32)flags);
}

long sys_pivot_root(uaddr_t new_root, uaddr_t put_old)
{
	auto_path struct user_string new_name, old_name;
	auto_dir struct path new_at = {}, old_at = {};
	int err = user_path_get(&new_name, new_root), err2 = user_path_get(&old_name, put_old);

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = err ? err : err2;
	if (!err)
		err = path_lookup(AT_FDCWD, new_name.s, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new_at);
	if (!err)
		err = path_lookup(AT_FDCWD, old_name.s, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &old_at);
	if (err)
		return err;
	err = vfs_pivot_root(&new_at, &old_at);
	if (!err)
		fs_context_set_root(&new_at);
	return err;
}
