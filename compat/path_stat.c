/* SPDX-License-Identifier: MIT */
/* path_stat.c - what a file is: stat, statx, access, statfs. Ref: stat(2), statx(2), access(2),
 * statfs(2).
 * Tests: selftests/abi/path.c, access.c */
#include "file_int.h"

#include <compat/abi/stat.h>
#include <fs/attr.h>
#include <fs/chrdev.h>
#include <fs/dcache.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>

static int put_stat(uaddr_t out, const struct kstat *k)
{
	struct abi_stat st = {
		.st_dev = k->dev,
		.st_ino = k->ino,
		.st_mode = k->mode,
		.st_nlink = k->nlink,
		.st_uid = k->uid.v,
		.st_gid = k->gid.v,
		.st_rdev = k->rdev,
		.st_size = (s64)k->size,
		.st_blksize = (s32)k->blksize,
		.st_blocks = (s64)k->blocks,
		.st_atime_sec = k->atime.sec,
		.st_atime_nsec = k->atime.nsec,
		.st_mtime_sec = k->mtime.sec,
		.st_mtime_nsec = k->mtime.nsec,
		.st_ctime_sec = k->ctime.sec,
		.st_ctime_nsec = k->ctime.nsec,
	};

	return copy_to_user(out, &st, sizeof(st));
}

static int fd_getattr(int fd, struct kstat *st)
{
	struct handle h;
	int err = handle_get(fd, RIGHT_STAT, &h);

	if (err)
		return err;
	err = file_getattr(h.file, st);
	handle_put(&h);
	return err;
}

/* By path, or of dirfd itself for "" with AT_EMPTY_PATH. */
static int at_getattr(int dirfd, const char *name, u32 flags, struct kstat *st)
{
	u32 is_root = 0;
	int err;

	if (!*name) {
		if (!(flags & AT_EMPTY_PATH))
			return -ENOENT;
		if (dirfd != AT_FDCWD)
			return fd_getattr(dirfd, st);
		name = ".\0\0\0\0\0\0\0\0";
	}
	err = path_getattr(dirfd, name, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, st,
			   &is_root);
	if (!err && is_root)
		st->attributes |= STATX_ATTR_MOUNT_ROOT;
	return err;
}

/* The path argument of a call with AT_EMPTY_PATH: NULL counts as "" there, with a descriptor. */
static int get_path_or_empty(struct user_string *p, int dirfd, uaddr_t src, u32 flags)
{
	if (!(flags & AT_EMPTY_PATH) || dirfd < 0 || !uaddr_null(src))
		return user_path_get(p, src);
	memset(p->inline_buf, 0, 16);
	p->s = p->inline_buf;
	return 0;
}

long sys_fstat(int fd, uaddr_t statbuf)
{
	struct kstat st;
	int err = fd_getattr(fd, &st);

	return err ? err : put_stat(statbuf, &st);
}

long sys_newfstatat(int dirfd, uaddr_t path, uaddr_t statbuf, s32 flags)
{
	auto_path struct user_string name;
	struct kstat st;
	int err = get_path_or_empty(&name, dirfd, path, (u32)flags);

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (!err)
		err = at_getattr(dirfd, name.s, (u32)flags, &st);
	return err ? err : put_stat(statbuf, &st);
}

static struct abi_statx_time to_time(struct timestamp t)
{
	return (struct abi_statx_time){ t.sec, t.nsec, 0 };
}

static int put_statx(uaddr_t out, const struct kstat *k)
{
	struct abi_statx st = {
		.mask = k->result_mask | STATX_MNT_ID,
		.blksize = k->blksize,
		.attributes = k->attributes,
		.nlink = k->nlink,
		.uid = k->uid.v,
		.gid = k->gid.v,
		.mode = (u16)k->mode,
		.ino = k->ino,
		.size = k->size,
		.blocks = k->blocks,
		.attributes_mask = k->attributes_mask,
		.atime = to_time(k->atime),
		.btime = to_time(k->btime),
		.ctime = to_time(k->ctime),
		.mtime = to_time(k->mtime),
		.rdev_major = dev_major(k->rdev),
		.rdev_minor = dev_minor(k->rdev),
		.dev_major = dev_major((u32)k->dev),
		.dev_minor = dev_minor((u32)k->dev),
		.mnt_id = k->mnt_id,
	};

	return copy_to_user(out, &st, sizeof(st));
}

long sys_statx(int dirfd, uaddr_t path, u32 flags, u32 mask, uaddr_t statxbuf)
{
	auto_path struct user_string name;
	struct kstat st;
	int err = get_path_or_empty(&name, dirfd, path, flags);

	if (mask & STATX__RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (!err)
		err = at_getattr(dirfd, name.s, flags, &st);
	return err ? err : put_statx(statxbuf, &st);
}

long sys_faccessat2(int dirfd, uaddr_t path, s32 mode, s32 flags)
{
	auto_path struct user_string name;
	auto_dir struct path p = {};
	int err = get_path_or_empty(&name, dirfd, path, (u32)flags);

	if (mode & ~(MAY_READ | MAY_WRITE | MAY_EXEC))
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (err)
		return err;
	if (*name.s || !(flags & AT_EMPTY_PATH))
		return path_access(dirfd, name.s, (u32)mode, (u32)flags);
	err = path_of_fd(dirfd, &p);
	return err ? err : path_access_at(&p, (u32)mode, (u32)flags);
}

long sys_faccessat(int dirfd, uaddr_t path, s32 mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

/* ---- statfs ---- */

static int put_statfs(uaddr_t out, struct super *sb, const struct mount *m)
{
	struct statfs_k k = { .type = sb->type->magic,
			      .bsize = sb->block_size,
			      .frsize = sb->block_size,
			      .namelen = NAME_MAX };
	struct abi_statfs st = {};

	if (sb->ops->statfs)
		sb->ops->statfs(sb, &k);
	st.f_type = (s64)k.type;
	st.f_bsize = (s64)k.bsize;
	st.f_blocks = k.blocks;
	st.f_bfree = k.bfree;
	st.f_bavail = k.bavail;
	st.f_files = k.files;
	st.f_ffree = k.ffree;
	st.f_fsid[0] = (s32)(k.fsid ? k.fsid : sb->dev);
	st.f_fsid[1] = (s32)(k.fsid >> 32);
	st.f_namelen = (s64)k.namelen;
	st.f_frsize = (s64)k.frsize;
	st.f_flags = statfs_flags(m);
	return copy_to_user(out, &st, sizeof(st));
}

long sys_statfs(uaddr_t path, uaddr_t buf)
{
	auto_path struct user_string name;
	auto_dir struct path p = {};
	int err = user_path_get(&name, path);

	if (!err)
		err = path_lookup(AT_FDCWD, name.s, LOOKUP_FOLLOW, &p);
	return err ? err : put_statfs(buf, p.mount->sb, p.mount);
}

long sys_fstatfs(int fd, uaddr_t buf)
{
	auto_handle struct handle h = {};
	struct abi_statfs anon = { .f_type = 0x09041934,
				   .f_bsize = 4096,
				   .f_frsize = 4096,
				   .f_namelen = NAME_MAX,
				   .f_flags = 0x20 };
	int err = handle_get(fd, RIGHT_STAT, &h);

	if (err)
		return err;
	if (h.file->mount)
		return put_statfs(buf, h.file->mount->sb, h.file->mount);
	if (h.file->obj->ops->type == OBJ_PIPE)
		anon.f_type = 0x50495045;
	else if (h.file->obj->ops->type == OBJ_SOCKET)
		anon.f_type = 0x534f434b;
	return copy_to_user(buf, &anon, sizeof(anon));
}
