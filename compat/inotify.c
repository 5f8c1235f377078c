/* SPDX-License-Identifier: MIT */
/* inotify.c - inotify(7) from descriptors and paths. Tests: selftests/abi/inotify.c */
#include <compat/syscalls.h>
#include <fs/dcache.h>
#include <fs/inotify.h>
#include <fs/namei.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>

#define ADD_FLAGS (IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT)

long sys_inotify_init1(s32 flags)
{
	auto_file struct file *f = NULL;
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = inotify_create((u32)flags, &f);
	return err ? err : handle_install(f, file_rights(f), (u32)flags);
}

static int get_inotify(int fd, struct handle *h)
{
	int err = handle_get(fd, 0, h);

	if (err)
		return err;
	return file_is_inotify(h->file) ? handle_need(h, RIGHT_READ) : -EINVAL;
}

long sys_inotify_add_watch(int fd, uaddr_t path, u32 mask)
{
	auto_path struct user_string name;
	auto_handle struct handle h = {};
	auto_dir struct path p = {};
	u32 flags = (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) |
		    (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	int err = user_path_get(&name, path), err2 = get_inotify(fd, &h);

	if (!(mask & (IN_ALL_EVENTS | ADD_FLAGS)) ||
	    (mask & (IN_MASK_ADD | IN_MASK_CREATE)) == (IN_MASK_ADD | IN_MASK_CREATE))
		return -EINVAL;
	err = err2 ? err2 : err;
	if (!err)
		err = path_lookup(AT_FDCWD, name.s, flags, &p);
	if (!err)
		err = vnode_permission(p.dentry->vnode, current_cred(), MAY_READ);
	return err ? err : inotify_add(h.file, p.dentry->vnode, mask);
}

long sys_inotify_rm_watch(int fd, s32 wd)
{
	auto_handle struct handle h = {};
	int err = get_inotify(fd, &h);

	return err ? err : inotify_remove(h.file, wd);
}
