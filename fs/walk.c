/* SPDX-License-Identifier: MIT */
/* walk.c - how a path walk begins and ends: where it starts, and how the places that it borrowed
 * under RCU become its own. Invariants (1) to (3) of namei.c. Ref: path_resolution(7), openat2(2).
 * Tests: selftests/abi/path.c
 */
#include "walk.h"

#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/slab.h>

void walk_init(struct walk *w, u32 flags, u32 resolve)
{
	w->cred = current_cred();
	w->flags = flags;
	w->resolve = resolve;
	w->at.dentry = w->root.dentry = NULL;
	w->frames = w->stack = NULL;
	w->has_base = false;
	w->rcu = false;
}

static void drop_places(struct walk *w)
{
	if (w->rcu) {
		rcu_read_unlock();
		w->rcu = false;
		w->at.dentry = w->root.dentry = NULL;
		return;
	}
	path_put(&w->at);
	path_put(&w->root);
}

static void free_frames(struct walk *w)
{
	while (w->frames) {
		struct link_frame *f = w->frames;

		w->frames = f->all;
		kfree(f);
	}
	w->stack = NULL;
}

void walk_end(struct walk *w)
{
	drop_places(w);
	if (unlikely(w->frames))
		free_frames(w);
	if (w->has_base) {
		handle_put(&w->base);
		w->has_base = false;
	}
}

/* ---- where it begins ---- */

static void read_context(struct walk *w, struct fs_context *fs, bool want_cwd)
{
	u32 seq;

	do {
		seq = smp_load_acquire(&fs->seq);
		w->root = fs->root;
		if (want_cwd)
			w->at = fs->cwd;
		smp_rmb();
	} while (unlikely((seq & 1) || seq != READ_ONCE(fs->seq)));
}

static void begin_context(struct walk *w, bool want_cwd)
{
	struct fs_context *fs = current_fs();

	if (w->rcu) {
		read_context(w, fs, want_cwd);
		return;
	}
	fs_context_get_root(fs, &w->root);
	if (want_cwd)
		fs_context_get_cwd(fs, &w->at);
}

static int begin_at_handle(struct walk *w)
{
	struct file *f = w->base.file;

	if (!f->dentry)
		return -ENOTDIR;
	w->at.dentry = f->dentry;
	w->at.mount = f->mount;
	w->at.rights = file_carried(f, w->base.rights);
	if (!w->rcu)
		path_get(&w->at);
	return 0;
}

/* RESOLVE_BENEATH and RESOLVE_IN_ROOT: the start is the root. */
static void scope(struct walk *w)
{
	struct path old = w->root;

	w->root = w->at;
	if (w->rcu)
		return;
	path_get(&w->root);
	path_put(&old);
}

int walk_begin(struct walk *w, int dirfd, const char *name, bool rcu)
{
	bool absolute = *name == '/' && !(w->resolve & RESOLVE_IN_ROOT);
	bool by_fd = !absolute && dirfd != AT_FDCWD;
	int err;

	if (absolute && (w->resolve & RESOLVE_BENEATH))
		return -EXDEV;
	if (by_fd) {
		err = handle_get(dirfd, RIGHT_LOOKUP, &w->base);
		if (err)
			return err;
		w->has_base = true;
	}
	w->rcu = rcu;
	w->depth = w->links = 0;
	w->trailing = false;
	if (rcu)
		rcu_read_lock();
	w->tree_seq = mount_seq();
	w->names_seq = dcache_rename_seq();
	begin_context(w, !absolute && !by_fd);
	if (absolute) {
		w->at = w->root;
		if (!rcu)
			path_get(&w->at);
	}
	err = by_fd ? begin_at_handle(w) : 0;
	if (err)
		return err;
	if (w->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		scope(w);
	w->vnode = w->at.dentry->vnode;
	return likely(w->at.rights & RIGHT_LOOKUP) || !rights_deny(RIGHT_LOOKUP) ? 0 : -ENOENT;
}

/* ---- becoming real ---- */

int walk_settle(struct walk *w)
{
	bool have_dentry, have_mount;

	if (!w->rcu)
		return 0;
	have_dentry = dentry_tryget(w->at.dentry);
	have_mount = mount_tryget(w->at.mount);
	rcu_read_unlock();
	w->rcu = false;
	w->root.dentry = NULL;		/* was borrowed */
	if (likely(have_dentry && have_mount && !mount_seq_changed(w->tree_seq)))
		return 0;		/* (3) */
	if (have_dentry)
		dentry_put(w->at.dentry);
	if (have_mount)
		mount_put(w->at.mount);
	w->at.dentry = NULL;
	return -EAGAIN_REFS;
}

void walk_take(struct walk *w, struct path *out)
{
	*out = w->at;
	w->at.dentry = NULL;
}
