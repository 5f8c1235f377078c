/* SPDX-License-Identifier: MIT */
/* dirs.c - reading directories, and where a process stands. Ref: getdents(2), getcwd(3), chdir(2),
 * chroot(2), umask(2).
 * Tests: selftests/abi/path.c, cwd.c */
#include "file_int.h"

#include <compat/abi/stat.h>
#include <fs/dcache.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/slab.h>

/* Entries gather in chunk and go out when it is full. d_off of an entry is where the next one
 * is. */
struct getdents {
	struct dir_emit emit;
	uaddr_t out;
	u32 left;		/* bytes of the user's buffer not yet used */
	u32 used;		/* of chunk */
	int err;
	u8 chunk[1024] __aligned(8);
};

static bool flush(struct getdents *g)
{
	if (copy_to_user(g->out, g->chunk, g->used)) {
		g->err = -EFAULT;
		return false;
	}
	g->out = uaddr_add(g->out, g->used);
	g->used = 0;
	return true;
}

static bool put_entry(struct dir_emit *e, const char *name, u32 len, u64 ino, u32 d_type,
		      loff_t next_pos)
{
	struct getdents *g = container_of(e, struct getdents, emit);
	u32 reclen = ALIGN_UP(ABI_DIRENT_NAME + len + 1, 8u);
	u8 *at;

	if (unlikely(reclen > g->left)) {
		g->err = -EINVAL;		/* counts only if nothing was put before */
		return false;
	}
	if (g->used + reclen > sizeof(g->chunk) && !flush(g))
		return false;
	at = g->chunk + g->used;
	*(u64 *)at = ino;
	*(s64 *)(at + 8) = next_pos;
	/* the padding; before the name, which may reach into it */
	*(u64 *)(at + reclen - 8) = 0;
	*(u16 *)(at + 16) = (u16)reclen;
	at[18] = (u8)d_type;
	memcpy(at + ABI_DIRENT_NAME, name, len);
	at[ABI_DIRENT_NAME + len] = 0;
	g->used += reclen;
	g->left -= reclen;
	return true;
}

long sys_getdents64(int fd, uaddr_t dirp, u32 count) NO_LOCK_CHECK
{
	auto_handle struct handle h = {};
	struct getdents g;
	bool shared;
	int err = handle_get(fd, RIGHT_READ, &h);

	if (err)
		return err;
	g.emit.entry = put_entry;
	g.out = dirp;
	g.left = count;
	g.used = 0;
	g.err = 0;
	shared = file_pos_shared(h.file, h.counted);
	if (shared)
		mutex_lock(&h.file->pos_lock);
	err = vfs_readdir(h.file, &g.emit);
	if (shared)
		mutex_unlock(&h.file->pos_lock);
	if (err)
		return err;
	if (g.used && !flush(&g))
		return -EFAULT;
	return g.left == count ? g.err : (long)(count - g.left);
}

/* ---- where we stand ---- */

#define UNREACHABLE "(unreachable)"

long sys_getcwd(uaddr_t buf, usize size)
{
	auto_kfree char *text = kmalloc(PATH_MAX + sizeof(UNREACHABLE), PAGE_KERNEL);
	auto_dir struct path root = {}, cwd = {};
	enum path_state state;
	char *at;
	usize len;
	int err;

	if (!text)
		return -ENOMEM;
	fs_context_get_root(current_fs(), &root);
	fs_context_get_cwd(current_fs(), &cwd);
	err = path_name(&cwd, &root, text + sizeof(UNREACHABLE), PATH_MAX, &at, &state);
	if (err)
		return err;
	if (state == PATH_DELETED)
		return -ENOENT;
	if (state == PATH_UNREACHABLE) {
		at -= sizeof(UNREACHABLE) - 1;
		memcpy(at, UNREACHABLE, sizeof(UNREACHABLE) - 1);
	}
	len = strlen(at) + 1;
	if (len > size)
		return -ERANGE;
	return copy_to_user(buf, at, len) ? -EFAULT : (long)len;
}

/* p becomes the working directory, or with root the root. */
static int stand_at(const struct path *p, bool root)
{
	int err = vnode_permission(p->dentry->vnode, current_cred(), MAY_EXEC);

	if (err)
		return err;
	if (root && !capable(CAP_SYS_CHROOT))
		return -EPERM;
	if (root)
		fs_context_set_root(p);
	else
		fs_context_set_cwd(p);
	return 0;
}

static long go_to(uaddr_t path, bool root)
{
	auto_path struct user_string name;
	auto_dir struct path p = {};
	int err = user_path_get(&name, path);

	if (!err)
		err = path_lookup(AT_FDCWD, name.s, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);
	return err ? err : stand_at(&p, root);
}

long sys_chdir(uaddr_t path)
{
	return go_to(path, false);
}

long sys_chroot(uaddr_t path)
{
	return go_to(path, true);
}

long sys_fchdir(int fd)
{
	auto_dir struct path p = {};
	int err = fd == AT_FDCWD ? -EBADF : path_of_fd(fd, &p);

	if (err)
		return err;
	if (!vnode_is_dir(p.dentry->vnode))
		return -ENOTDIR;
	err = p.rights & RIGHT_LOOKUP ? 0 : rights_deny(RIGHT_LOOKUP);
	return err ? err : stand_at(&p, false);
}

long sys_umask(u32 mask)
{
	struct fs_context *fs = current_fs();

	return (long)__atomic_exchange_n(&fs->umask, mask & 0777, __ATOMIC_RELAXED);
}
