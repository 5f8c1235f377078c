/* SPDX-License-Identifier: MIT */
/* mount.c - the mount tree: which super block is seen where.
 *
 * Invariants:
 *  (1) a mount in a tree has ns != NULL, is in its parent's children and in the hash under (parent,
 *      point), and point has DENTRY_MOUNTED. The tree holds one reference to it, it holds
 *      references to parent, point, root and sb.
 *  (2) every change happens with mount_lock held and mount_seq odd. A walk under RCU that took
 *      references checks the sequence
 *      afterwards: unmounting looks at the reference count after it made the sequence odd, so one
 *      of the two sees the other.
 *  (3) mount_put may drop the last reference of a detached mount from any context that may sleep.
 *
 * Locks: mount_lock [RANK_MOUNT]. Barriers: (A) seq odd, then refs read in try_detach(); (B) refs
 * taken, then seq read by the walk.
 * Ref: mount(2), umount(2), mount_namespaces(7). Propagation (shared, slave) is not there: every
 * mount is private.
 * Tests: selftests/abi/path.c
 */
#include <fs/vfs.h>

#include <fs/dcache.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#include "vfs_int.h"

#define NR_HASH 256u

static struct mutex mount_lock;
static u32 tree_seq;			/* [mount_lock] (2) */
static struct hlist mount_hash[NR_HASH]; /* [mount_lock] readers under RCU; of all namespaces */
static int next_id = 1;			/* [mount_lock] mount ids are the machine's */
static struct mount_ns first_mount_ns = { .refs = ATOMIC_INIT(1),
					  .mounts = LIST_INIT(first_mount_ns.mounts) };

void mount_init(void)
{
	mutex_init(&mount_lock, RANK_MOUNT);
	init_namespaces.mnt = &first_mount_ns;
}

static void change_begin(void) NO_LOCK_CHECK
{
	mutex_lock(&mount_lock);
	WRITE_ONCE(tree_seq, tree_seq + 1);
	smp_mb();			/* (A): pairs with (B) in mount_seq_changed() */
}

static void change_end(void) NO_LOCK_CHECK
{
	smp_store_release(&tree_seq, tree_seq + 1);
	mutex_unlock(&mount_lock);
}

u32 mount_seq(void)
{
	return smp_load_acquire(&tree_seq) & ~1u;
}

bool mount_seq_changed(u32 seq)
{
	smp_mb();			/* (B): pairs with (A) in change_begin() */
	return READ_ONCE(tree_seq) != seq;
}

static struct hlist *chain(const struct mount *m, const struct dentry *d)
{
	return &mount_hash[(((u64)m ^ (u64)d >> 3) * 0x9e3779b97f4a7c15ul) >> 56];
}

struct mount *mount_find_rcu(struct mount *m, struct dentry *d)
{
	struct mount *c;

	hlist_for_each_entry(c, chain(m, d), hash)
		if (c->parent == m && c->point == d)
			return c;
	return NULL;
}

struct mount *mount_find(struct mount *m, struct dentry *d)
{
	struct mount *c;

	mutex_lock(&mount_lock);
	c = mount_find_rcu(m, d);
	if (c)
		mount_get(c);
	mutex_unlock(&mount_lock);
	return c;
}

bool mount_up(struct mount *m, struct path *out)
{
	bool has = false;

	mutex_lock(&mount_lock);
	if (m->parent != m) {
		out->mount = m->parent;
		out->dentry = m->point;
		path_get(out);
		has = true;
	}
	mutex_unlock(&mount_lock);
	return has;
}

bool mount_tryget(struct mount *m)
{
	return ref_tryget(&m->refs);
}

int mount_may_write(const struct mount *m)
{
	return (READ_ONCE(m->flags) & MNT_READONLY) || (m->sb->flags & MS_RDONLY) ? -EROFS : 0;
}

/* ---- life ---- */

static void free_rcu(struct rcu_head *head)
{
	struct mount *m = container_of(head, struct mount, rcu);

	kfree(m->source);
	kfree(m);
}

void super_hold(struct super *sb)
{
	super_get(sb);
	ref_get(&sb->nr_mounts);
}

void super_release(struct super *sb)
{
	if (ref_put(&sb->nr_mounts)) {
		dentry_prune(sb->root);
		dentry_put(sb->root);
	}
	super_put(sb);
}

void mount_put(struct mount *m)
{
	struct super *sb = m->sb;

	if (!ref_put(&m->refs))
		return;
	dentry_put(m->root);
	super_release(sb);
	call_rcu(&m->rcu, free_rcu);
}

static u32 mount_flags(u32 ms)
{
	u32 f = 0;

	f |= ms & MS_NOSUID ? MNT_NOSUID : 0;
	f |= ms & MS_NODEV ? MNT_NODEV : 0;
	f |= ms & MS_NOEXEC ? MNT_NOEXEC : 0;
	f |= ms & MS_NOATIME ? MNT_NOATIME : 0;
	f |= ms & MS_NODIRATIME ? MNT_NODIRATIME : 0;
	f |= ms & MS_RDONLY ? MNT_READONLY : 0;
	f |= ms & MS_NOSYMFOLLOW ? MNT_NOSYMFOLLOW : 0;
	if (!(ms & (MS_NOATIME | MS_STRICTATIME)))
		f |= MNT_RELATIME;
	return f;
}

/* A mount of root on sb, in no tree; takes over the reference to sb, also on failure. */
static struct mount *mount_alloc(struct super *sb, struct dentry *root, const char *source,
				 u32 flags)
{
	struct mount *m = knew(struct mount);

	if (m)
		m->source = kstrdup(source && *source ? source : "none");
	if (!m || !m->source) {
		kfree(m);
		super_put(sb);
		return NULL;
	}
	ref_init(&m->refs, 1);
	m->flags = flags;
	m->sb = sb;
	ref_get(&sb->nr_mounts);
	m->root = root;
	dentry_get(root);
	m->parent = m;
	list_init(&m->children);
	list_init(&m->sibling);
	list_init(&m->ns_link);
	return m;
}

/* ---- the tree, with mount_lock held and the sequence odd ---- */

static void join_ns(struct mount *m, struct mount_ns *ns)
{
	m->ns = ns;
	m->id = next_id++;
	list_add_tail(&ns->mounts, &m->ns_link);
	ns->nr_mounts++;
	ns->event++;
}

static void link_at(struct mount *m, const struct path *at)
{
	mount_get(at->mount);
	dentry_get(at->dentry);
	m->parent = at->mount;
	m->point = at->dentry;
	list_add_tail(&at->mount->children, &m->sibling);
	dentry_set_flag(at->dentry, DENTRY_MOUNTED);
	hlist_add(chain(at->mount, at->dentry), &m->hash);
}

static bool mounted_elsewhere(const struct dentry *d)
{
	struct mount *m;
	u32 i;

	for (i = 0; i < NR_HASH; i++)
		hlist_for_each_entry(m, &mount_hash[i], hash)
			if (m->point == d)
				return true;
	return false;
}

/* Out of hash and parent; *old_at gets the references to where it was. */
static void unlink_from_parent(struct mount *m, struct path *old_at)
{
	*old_at = (struct path){ .mount = m->parent, .dentry = m->point };
	hlist_del(&m->hash);
	list_del_init(&m->sibling);
	m->parent = m;
	m->point = NULL;
	if (!mounted_elsewhere(old_at->dentry))
		dentry_clear_flag(old_at->dentry, DENTRY_MOUNTED);
}

static void leave_ns(struct mount *m)
{
	list_del_init(&m->ns_link);
	m->ns->nr_mounts--;
	m->ns->event++;
	m->ns = NULL;
}

/* Where a mount at `at` would really go: on top of what is mounted there already. A reference
 * more. */
static void climb(struct path *at)
{
	struct mount *top;

	while ((top = mount_find_rcu(at->mount, at->dentry))) {
		mount_get(top);
		dentry_get(top->root);
		path_put(at);
		at->mount = top;
		at->dentry = top->root;
	}
}

static int attach_locked(struct mount *m, const struct path *where)
{
	struct path at = *where;
	struct mount_ns *ns;
	int err = 0;

	path_get(&at);
	climb(&at);
	ns = at.mount->ns;
	if (!ns || !(dentry_hashed(at.dentry) || dentry_is_root(at.dentry)))
		err = -ENOENT;
	else if (ns->nr_mounts >= MOUNT_MAX)
		err = -ENOSPC;
	else if (vnode_is_dir(at.dentry->vnode) != vnode_is_dir(m->root->vnode))
		err = -ENOTDIR;
	if (!err) {
		link_at(m, &at);
		if (!m->ns)
			join_ns(m, ns);
	}
	path_put(&at);
	return err;
}

static int attach(struct mount *m, const struct path *at)
{
	int err;

	change_begin();
	err = attach_locked(m, at);
	change_end();
	return err;
}

/* ---- mount(2) ---- */

int vfs_mount_new(const char *source, const struct path *at, const char *type, u32 ms_flags,
		  const char *options)
{
	struct super *sb;
	struct mount *m;
	int err;

	if (!vnode_is_dir(at->dentry->vnode))
		return -ENOTDIR;
	err = super_create(type, source, ms_flags, options, &sb);
	if (err)
		return err;
	if ((sb->type->flags & FS_SINGLE) && sb->root == at->mount->root && at->mount->sb == sb &&
	    at->dentry == at->mount->root) {
		super_put(sb);
		return -EBUSY;		/* the same file system on the same place twice */
	}
	m = mount_alloc(sb, sb->root, source, mount_flags(ms_flags));
	if (!m)
		return -ENOMEM;
	err = attach(m, at);
	if (err)
		mount_put(m);
	return err;
}

static struct mount *clone_mount(const struct mount *from, struct dentry *root)
{
	super_get(from->sb);
	return mount_alloc(from->sb, root, from->source, from->flags);
}

struct mount *vfs_mount_clone(const struct path *at)
{
	return clone_mount(at->mount, at->dentry);
}

/* Copies what is mounted below from (inside root) below to. Under mount_lock. */
static int clone_children(struct mount *from, struct dentry *root, struct mount *to)
{
	struct mount *c;
	int err = 0;

	list_for_each_entry(c, &from->children, sibling) {
		struct path at = { .mount = to, .dentry = c->point };
		struct mount *copy;

		if (!dentry_is_ancestor(root, c->point))
			continue;
		copy = clone_mount(c, c->root);
		if (!copy)
			return -ENOMEM;
		link_at(copy, &at);
		join_ns(copy, to->ns);
		err = clone_children(c, c->root, copy);
		if (err)
			break;
	}
	return err;
}

int vfs_mount_bind(const struct path *from, const struct path *at, bool recursive)
{
	struct mount *m = clone_mount(from->mount, from->dentry);
	int err;

	if (!m)
		return -ENOMEM;
	change_begin();
	err = from->mount->ns ? attach_locked(m, at) : -EINVAL;
	if (!err && recursive)
		err = clone_children(from->mount, from->dentry, m);
	change_end();
	if (err && !m->ns)
		mount_put(m);
	return err;
}

static bool mount_is_below(const struct mount *m, const struct mount *top)
{
	for (;;) {
		if (m == top)
			return true;
		if (m->parent == m)
			return false;
		m = m->parent;
	}
}

int vfs_mount_move(const struct path *from, const struct path *at)
{
	struct mount *m = from->mount;
	struct path old_at = {};
	int err = -EINVAL;

	if (from->dentry != m->root)
		return -EINVAL;
	change_begin();
	if (!m->ns || m->parent == m)
		goto out;
	err = -ELOOP;
	if (mount_is_below(at->mount, m))
		goto out;
	unlink_from_parent(m, &old_at);
	err = attach_locked(m, at);
	if (err)
		link_at(m, &old_at);
out:
	change_end();
	path_put(&old_at);
	return err;
}

int vfs_remount(const struct path *at, u32 ms_flags, const char *options, bool bind_only)
{
	struct super *sb = at->mount->sb;
	int err = 0;

	if (at->dentry != at->mount->root)
		return -EINVAL;
	if (!bind_only) {
		if (sb->type->remount)
			err = sb->type->remount(sb, ms_flags, options);
		if (err)
			return err;
		WRITE_ONCE(sb->flags, (sb->flags & ~MS_RDONLY) | (sb->type->flags & FS_READ_ONLY
									  ? MS_RDONLY
									  : ms_flags & MS_RDONLY));
	}
	change_begin();
	at->mount->flags = mount_flags(ms_flags);
	if (at->mount->ns)
		at->mount->ns->event++;
	change_end();
	return 0;
}

/* ---- umount(2) ---- */

/* Takes m and all below it out of the tree; they wait on `gone` (ns_link) for their references to
 * be put. */
static void detach_tree(struct mount *m, struct list *gone)
{
	struct mount *c, *next;

	list_for_each_entry_safe(c, next, &m->children, sibling)
		detach_tree(c, gone);
	leave_ns(m);
	list_add_tail(gone, &m->ns_link);
}

static void put_detached(struct list *gone)
{
	struct mount *m, *next;

	list_for_each_entry_safe(m, next, gone, ns_link) {
		struct path old_at = {};

		list_del_init(&m->ns_link);
		change_begin();
		if (m->parent != m)
			unlink_from_parent(m, &old_at);
		change_end();
		path_put(&old_at);
		mount_put(m);
	}
}

int vfs_umount(const struct path *at, u32 flags)
{
	struct mount *m = at->mount;
	struct list gone = LIST_INIT(gone);
	u32 tree_and_caller = 2;
	int err = 0;

	if (at->dentry != m->root)
		return -EINVAL;
	change_begin();
	if (!m->ns || m->parent == m)
		err = -EINVAL;
	else if (!(flags & MNT_DETACH) &&
		 (atomic_read(&m->refs) > tree_and_caller || !list_empty(&m->children)))
		err = -EBUSY;
	else
		detach_tree(m, &gone);
	change_end();
	put_detached(&gone);
	return err;
}

int vfs_pivot_root(const struct path *new_root, const struct path *put_old)
{
	struct mount *old, *new = new_root->mount;
	struct path new_at = {}, old_at = {};
	int err = -EINVAL;

	change_begin();
	old = current_fs()->root.mount;
	if (new_root->dentry != new->root || new->parent == new || !new->ns ||
	    !mount_is_below(put_old->mount, new))
		goto out;
	err = -EBUSY;
	if (new == old || put_old->mount == old)
		goto out;
	err = 0;
	unlink_from_parent(new, &new_at);
	if (old->parent != old) {
		unlink_from_parent(old, &old_at);
		link_at(new, &old_at);
	} else {
		new->ns->root = new;
	}
	link_at(old, put_old);
	new->ns->event++;
out:
	change_end();
	path_put(&new_at);
	path_put(&old_at);
	return err;
}

/* ---- the first ones, and those without a place ---- */

int vfs_mount_root(const char *type)
{
	struct super *sb;
	struct mount *m;
	int err = super_create(type, "rootfs", 0, NULL, &sb);

	if (err)
		return err;
	m = mount_alloc(sb, sb->root, "rootfs", MNT_RELATIME);
	if (!m)
		return -ENOMEM;
	change_begin();
	join_ns(m, &first_mount_ns);
	first_mount_ns.root = m;
	change_end();
	return 0;
}

struct mount_ns *mount_ns_first(void)
{
	return &first_mount_ns;
}

struct mount *vfs_mount_internal(const char *type)
{
	struct super *sb;

	if (super_create(type, type, 0, NULL, &sb))
		return NULL;
	return mount_alloc(sb, sb->root, type, MNT_NOSUID | MNT_NODEV);
}

/* ---- showing ---- */

void mount_for_each(struct mount_ns *ns, void (*fn)(struct mount *m, void *arg), void *arg)
{
	struct mount *m;

	mutex_lock(&mount_lock);
	list_for_each_entry(m, &ns->mounts, ns_link)
		fn(m, arg);
	mutex_unlock(&mount_lock);
}

static const struct {
	u32 flag;
	const char *text;
	u32 st;
} flag_names[] = {
	{ MNT_NOSUID, ",nosuid", 2 },
	{ MNT_NODEV, ",nodev", 4 },
	{ MNT_NOEXEC, ",noexec", 8 },
	{ MNT_NOATIME, ",noatime", 1024 },
	{ MNT_NODIRATIME, ",nodiratime", 2048 },
	{ MNT_RELATIME, ",relatime", 4096 },
	{ MNT_NOSYMFOLLOW, ",nosymfollow", 8192 },
};

void mount_show_flags(const struct mount *m, char *buf, usize size)
{
	usize n, i;

	n = fmt_append(buf, size, 0, "%s", mount_may_write(m) ? "ro" : "rw");
	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (m->flags & flag_names[i].flag)
			n = fmt_append(buf, size, n, "%s", flag_names[i].text);
}

u32 statfs_flags(const struct mount *m)
{
	u32 st = 0x20 | (mount_may_write(m) ? 1 : 0);	/* ST_VALID: Linux sets it always */
	usize i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (m->flags & flag_names[i].flag)
			st |= flag_names[i].st;
	return st;
}
