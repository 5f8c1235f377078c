/* SPDX-License-Identifier: MIT */
/* lookup.c - from a path to a place or to its attributes: the walks that end there. Ref:
 * path_resolution(7), stat(2).
 * Tests: selftests/abi/path.c, stat.c */
#include "walk.h"

#include <kernel/cred.h>
#include <kernel/task.h>

int path_of_fd(int dirfd, struct path *out)
{
	auto_handle struct handle h = {};
	int err;

	if (dirfd == AT_FDCWD) {
		fs_context_get_cwd(current_fs(), out);
		return 0;
	}
	err = handle_get(dirfd, 0, &h);
	if (err)
		return err;
	if (!h.file->dentry)
		return -ENOTDIR;
	*out = (struct path){ h.file->mount, h.file->dentry, file_carried(h.file, h.rights) };
	path_get(out);
	return 0;
}

static int lookup_once(struct walk *w, int dirfd, const char *name, bool rcu, struct path *out)
{
	int err = walk_begin(w, dirfd, name, rcu);

	if (!err)
		err = walk_all(w, name);
	if (!err)
		err = walk_settle(w);
	if (!err)
		walk_take(w, out);
	walk_end(w);
	return err;
}

int path_lookup(int dirfd, const char *name, u32 flags, struct path *out)
{
	struct walk w;
	int err;

	if (unlikely(!*name))
		return flags & LOOKUP_EMPTY ? path_of_fd(dirfd, out) : -ENOENT;
	walk_init(&w, flags, 0);
	WALK_RETRY(rcu, err, lookup_once(&w, dirfd, name, rcu, out));
	return err;
}

static int getattr_once(struct walk *w, int dirfd, const char *name, bool rcu, struct kstat *st,
			u32 *mount_id_root)
{
	int err = walk_begin(w, dirfd, name, rcu);

	if (!err)
		err = walk_all(w, name);
	if (!err)
		err = path_need(&w->at, RIGHT_STAT);
	if (!err && w->rcu && w->vnode->ops->getattr)
		err = walk_settle(w);			/* may sleep */
	if (!err)
		err = vnode_getattr(w->vnode, st);
	if (!err) {
		st->mnt_id = (u64)w->at.mount->id;
		*mount_id_root = w->at.dentry == w->at.mount->root;
	}
	walk_end(w);
	return err;
}

int path_getattr(int dirfd, const char *name, u32 flags, struct kstat *st, u32 *is_mount_root)
{
	struct walk w;
	int err;

	walk_init(&w, flags, 0);
	WALK_RETRY(rcu, err, getattr_once(&w, dirfd, name, rcu, st, is_mount_root));
	return err;
}
