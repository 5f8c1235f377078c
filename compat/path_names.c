/* SPDX-License-Identifier: MIT */
/* path_names.c - making, removing, moving names; links. Ref: mkdir(2), mknod(2), unlink(2),
 * symlink(2), link(2), rename(2), readlink(2). Tests: selftests/abi/path.c, rename.c */
#include "file_int.h"

#include <fs/dcache.h>
#include <fs/vnode.h>
#include <mm/slab.h>

long sys_mkdirat(int dirfd, uaddr_t path, u32 mode)
{
	auto_path struct user_string name;
	int err = user_path_get(&name, path);

	return err ? err : vfs_mknod(dirfd, name.s, S_IFDIR | (mode & 07777), 0);
}

long sys_mknodat(int dirfd, uaddr_t path, u32 mode, u32 dev)
{
	auto_path struct user_string name;
	int err = user_path_get(&name, path);

	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return err ? err : vfs_mknod(dirfd, name.s, mode & (S_IFMT | 07777), dev);
}

long sys_unlinkat(int dirfd, uaddr_t path, s32 flags)
{
	auto_path struct user_string name;
	int err = user_path_get(&name, path);

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	if (err)
		return err;
	return flags & AT_REMOVEDIR ? vfs_rmdir(dirfd, name.s) : vfs_unlink(dirfd, name.s);
}

long sys_symlinkat(uaddr_t target, int dirfd, uaddr_t path)
{
	auto_path struct user_string to, name;
	int err = user_path_get(&to, target), err2 = user_path_get(&name, path);

	if (err || err2)
		return err ? err : err2;
	if (!*to.s)
		return -ENOENT;	/* only archives make links to nowhere */
	return vfs_symlink(to.s, dirfd, name.s);
}

long sys_linkat(int olddirfd, uaddr_t oldpath, int newdirfd, uaddr_t newpath, s32 flags)
{
	auto_path struct user_string old, new;
	int err = user_path_get(&old, oldpath), err2 = user_path_get(&new, newpath);

	if (err || err2)
		return err ? err : err2;
	return vfs_link(olddirfd, old.s, newdirfd, new.s, (u32)flags);
}

long sys_renameat2(int olddirfd, uaddr_t oldpath, int newdirfd, uaddr_t newpath, u32 flags)
{
	auto_path struct user_string old, new;
	int err = user_path_get(&old, oldpath), err2 = user_path_get(&new, newpath);

	if (err || err2)
		return err ? err : err2;
	return vfs_rename(olddirfd, old.s, newdirfd, new.s, flags);
}

long sys_renameat(int olddirfd, uaddr_t oldpath, int newdirfd, uaddr_t newpath)
{
	return sys_renameat2(olddirfd, oldpath, newdirfd, newpath, 0);
}

#define SHORT_LINK 256u

static long read_link(const struct path *p, uaddr_t out, usize size)
{
	char fast[SHORT_LINK];
	auto_kfree char *slow = NULL;
	char *buf = fast;
	ssize_t n;

	if (size > sizeof(fast)) {
		size = min(size, (usize)PATH_MAX);
		buf = slow = kmalloc(size, PAGE_KERNEL);
		if (!slow)
			return -ENOMEM;
	}
	n = vfs_readlink(p, buf, size);
	if (n > 0 && copy_to_user(out, buf, (usize)n))
		return -EFAULT;
	return n;
}

long sys_readlinkat(int dirfd, uaddr_t path, uaddr_t buf, s32 bufsiz)
{
	auto_path struct user_string name;
	auto_dir struct path p = {};
	int err = user_path_get(&name, path);

	if (bufsiz <= 0)
		return -EINVAL;
	if (!err)
		err = path_lookup(dirfd, name.s, LOOKUP_EMPTY, &p);
	if (err)
		return err;
	if (!vnode_is_link(p.dentry->vnode))
		return *name.s ? -EINVAL : -ENOENT;
	return read_link(&p, buf, (usize)bufsiz);
}
