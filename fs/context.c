/* SPDX-License-Identifier: MIT */
/* context.c - a task's root, working directory and umask; and what a path looks like from there.
 *
 * Invariants: (1) root and cwd are read under RCU between two looks at seq (path_walk), written
 * under fs->lock with seq odd; the references a reader may still use are dropped after a grace
 * period by nature of dentry and mount.
 * Locks: fs->lock [RANK_DCACHE]. Ref: chdir(2), chroot(2), getcwd(3), clone(2) CLONE_FS. Tests:
 * selftests/abi/path.c
 */
#include <fs/vfs.h>

#include <fs/dcache.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/rights.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "vfs_int.h"

static void set(struct fs_context *fs, struct path *where, const struct path *p)
{
	struct path old;

	path_get(p);
	spin_lock(&fs->lock);
	WRITE_ONCE(fs->seq, fs->seq + 1);
	smp_wmb();			/* pairs with the reader's acquire of seq in namei.c */
	old = *where;
	*where = *p;
	smp_store_release(&fs->seq, fs->seq + 1);
	spin_unlock(&fs->lock);
	path_put(&old);
}

void fs_context_set_cwd(const struct path *p)
{
	set(current_fs(), &current_fs()->cwd, p);
}

void fs_context_set_root(const struct path *p)
{
	set(current_fs(), &current_fs()->root, p);
}

static void get(struct fs_context *fs, const struct path *where, struct path *out)
{
	spin_lock(&fs->lock);
	*out = *where;
	path_get(out);
	spin_unlock(&fs->lock);
}

void fs_context_get_root(struct fs_context *fs, struct path *out)
{
	get(fs, &fs->root, out);
}

void fs_context_get_cwd(struct fs_context *fs, struct path *out)
{
	get(fs, &fs->cwd, out);
}

static struct fs_context *alloc(void)
{
	struct fs_context *fs = knew(struct fs_context);

	if (!fs)
		return NULL;
	ref_init(&fs->refs, 1);
	spin_init(&fs->lock, RANK_DCACHE);
	return fs;
}

struct fs_context *fs_context_create(void)
{
	struct mount *m = mount_ns_first()->root;
	struct fs_context *fs = alloc();

	if (!fs)
		return NULL;
	fs->umask = 022;
	fs->root = fs->cwd = (struct path){ m, m->root, RIGHTS_ALL };
	path_get(&fs->root);
	path_get(&fs->cwd);
	return fs;
}

static struct fs_context *copy(struct fs_context *old)
{
	struct fs_context *fs = alloc();

	if (!fs)
		return NULL;
	spin_lock(&old->lock);
	fs->umask = old->umask;
	fs->root = old->root;
	fs->cwd = old->cwd;
	path_get(&fs->root);
	path_get(&fs->cwd);
	spin_unlock(&old->lock);
	return fs;
}

static void context_get(struct fs_context *fs)
{
	ref_get(&fs->refs);
}

static void context_put(struct fs_context *fs)
{
	if (!ref_put(&fs->refs))
		return;
	path_put(&fs->root);
	path_put(&fs->cwd);
	kfree(fs);
}

static const struct task_fs_ops ops = { .copy = copy, .get = context_get, .put = context_put };

void fs_context_init(void)
{
	task_fs_ops = &ops;
}

/* ---- paths as text ---- */

static bool prepend(char **at, const char *start, const char *s, usize len)
{
	if ((usize)(*at - start) < len)
		return false;
	*at -= len;
	memcpy(*at, s, len);
	return true;
}

/* One try; names may change meanwhile: the caller checks the sequences. */
static bool write_name(const struct path *p, const struct path *root, char *buf, char **at,
		       enum path_state *state)
{
	struct dentry *d = p->dentry;
	struct mount *m = p->mount;
	bool any = false;

	while (d != root->dentry || m != root->mount) {
		if (d == m->root || dentry_is_root(d)) {
			if (d != m->root || m->parent == m) {
				if (*state == PATH_NORMAL)
					*state = PATH_UNREACHABLE;
				break;
			}
			d = READ_ONCE(m->point);
			m = READ_ONCE(m->parent);
			if (!d)
				break;
			continue;
		}
		if (!prepend(at, buf, READ_ONCE(d->name), (u32)READ_ONCE(d->key)) ||
		    !prepend(at, buf, "/", 1))
			return false;
		any = true;
		d = READ_ONCE(d->parent);
	}
	return any || prepend(at, buf, "/", 1);
}

int path_name(const struct path *p, const struct path *root, char *buf, usize size, char **out,
	      enum path_state *state)
{
	u32 names, mounts;
	bool fits;

	do {
		rcu_read_lock();
		names = dcache_rename_seq();
		mounts = mount_seq();
		*out = buf + size - 1;
		**out = 0;
		*state = dentry_hashed(p->dentry) || dentry_is_root(p->dentry) ? PATH_NORMAL
									       : PATH_DELETED;
		fits = write_name(p, root, buf, out, state);
		rcu_read_unlock();
	} while ((names & 1) || names != dcache_rename_seq() || mount_seq_changed(mounts));
	return fits ? 0 : -ENAMETOOLONG;
}
