/* SPDX-License-Identifier: MIT */
/* names.c - making, removing and moving names.
 *
 * Each call: walk to the parent, lock it, look the last name up again under the lock, check in
 * Linux's order (which errno wins is visible), let the file system do it, tell the dcache.
 *
 * Invariants:
 *  (1) two directories are locked only by a rename, which holds sb->rename_lock: the ancestor
 *      first, else by address. With that lock held no directory changes its ancestors.
 *  (2) a removed directory is VN_DEAD before its lock is dropped: nothing is made in it afterwards.
 *
 * Locks: sb->rename_lock > D (parents) > D of a victim directory, or V. Ref: mkdir(2), mknod(2),
 * unlink(2), rmdir(2), rename(2), link(2), symlink(2), inode(7) "sticky bit". Tests:
 * selftests/abi/path.c, rename.c
 */
#include "walk.h"

#include <fs/inotify.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/task.h>

static int parent_once(struct walk *w, int dirfd, const char *name, bool rcu)
{
	int err = walk_begin(w, dirfd, name, rcu);

	if (!err)
		err = walk_parent(w, name);
	if (!err)
		err = walk_settle(w);
	if (err)
		walk_end(w);
	return err;
}

/* Walks to the parent of name; on success pair with walk_end(). */
static int walk_to_parent(struct walk *w, int dirfd, const char *name)
{
	int err;

	if (!*name)
		return -ENOENT;
	walk_init(w, 0, 0);
	WALK_RETRY(rcu, err, parent_once(w, dirfd, name, rcu));
	return err;
}

/* ---- making ---- */

/* What every new name needs, with the directory locked. found may be NULL. */
static int may_create(struct walk *w, const struct dentry *found, bool is_dir)
{
	struct vnode *dir = w->vnode;
	int err;

	if (found && found->vnode)
		return -EEXIST;
	if (w->trailing && !is_dir)
		return -ENOENT;
	err = mount_may_write(w->at.mount);
	if (!err)
		err = path_need(&w->at, RIGHT_CREATE);
	if (!err)
		err = vnode_permission(dir, w->cred, MAY_WRITE | MAY_EXEC);
	if (!err && (dir->flags & VN_DEAD))
		err = -ENOENT;
	return err;
}

/* Publishes v (a reference, handed over) under d. */
static void publish(struct dentry *d, struct vnode *v)
{
	if (dentry_hashed(d))
		dentry_instantiate(d, v);
	else
		dentry_add(d, v);
}

/* Locks the parent and finds or makes the dentry for the last name: a reference in *d, also on
 * -EEXIST and other errors unless NULL. */
static int begin_create(struct walk *w, bool is_dir, struct dentry **d)
{
	int err;

	*d = NULL;
	if (w->last_type != LAST_NAME)
		return -EEXIST;
	rw_write_lock(&w->vnode->lock);
	err = walk_child_locked(w->at.dentry, &w->last, d);
	if (!err)
		err = may_create(w, *d, is_dir);
	if (!err && !*d) {
		*d = dentry_alloc(w->at.dentry, &w->last);
		err = *d ? 0 : -ENOMEM;
	}
	if (err)
		rw_write_unlock(&w->vnode->lock);
	return err;
}

/* A character device 0:0 is a whiteout, which anybody may make. */
static int check_mknod(u32 mode, u32 rdev)
{
	u32 type = mode & S_IFMT;

	if (((type == S_IFCHR && rdev) || type == S_IFBLK) && !capable(CAP_MKNOD))
		return -EPERM;
	return 0;
}

static int mknod_at(struct walk *w, u32 mode, u32 rdev, struct dentry **d)
{
	struct vnode *dir = w->vnode, *v;
	bool is_dir = (mode & S_IFMT) == S_IFDIR;
	int err = begin_create(w, is_dir, d);

	if (err)
		return err;
	if ((mode & S_IFMT) != S_IFCHR && (mode & S_IFMT) != S_IFBLK)
		rdev = 0;		/* others have no number, whatever the caller says */
	err = check_mknod(mode, rdev);
	if (!err)
		err = dir->ops->create ? dir->ops->create(dir, *d, mode, rdev, &v) : -EPERM;
	if (!err) {
		publish(*d, v);
		notify_dir(dir, IN_CREATE, *d);
	}
	rw_write_unlock(&dir->lock);
	return err;
}

int vfs_mknod(int dirfd, const char *name, u32 mode, u32 rdev)
{
	auto_dentry struct dentry *d = NULL;
	struct walk w;
	u32 keep = (mode & S_IFMT) == S_IFDIR ? 0777 | S_ISVTX : 07777;
	int err = walk_to_parent(&w, dirfd, name);

	if (err)
		return err;
	mode = (mode & S_IFMT) | (mode & keep & ~current_fs()->umask);
	err = mknod_at(&w, mode, rdev, &d);
	walk_end(&w);
	return err;
}

int vfs_bind_socket(const char *name, u32 mode, struct object *sock, struct path *out)
{
	auto_dentry struct dentry *d = NULL;
	struct walk w;
	int err = walk_to_parent(&w, AT_FDCWD, name);

	if (err)
		return err;
	err = mknod_at(&w, S_IFSOCK | (mode & ~current_fs()->umask & 07777), 0, &d);
	if (!err) {
		spin_lock(&d->vnode->spin);
		d->vnode->bound = sock;
		spin_unlock(&d->vnode->spin);
		*out = (struct path){ w.at.mount, d, w.at.rights };
		path_get(out);
	}
	walk_end(&w);
	return err;
}

void vfs_unbind_socket(const struct path *p)
{
	struct vnode *v = p->dentry->vnode;

	spin_lock(&v->spin);
	v->bound = NULL;
	spin_unlock(&v->spin);
}

struct object *vfs_bound_socket(struct vnode *v)
{
	struct object *o;

	spin_lock(&v->spin);
	o = v->bound;
	if (o && !object_tryget(o))
		o = NULL;
	spin_unlock(&v->spin);
	return o;
}

int vfs_symlink(const char *target, int dirfd, const char *name)
{
	auto_dentry struct dentry *d = NULL;
	struct vnode *dir, *v;
	struct walk w;
	int err;

	err = walk_to_parent(&w, dirfd, name);
	if (err)
		return err;
	dir = w.vnode;
	err = begin_create(&w, false, &d);
	if (!err) {
		err = dir->ops->symlink ? dir->ops->symlink(dir, d, target, &v) : -EPERM;
		if (!err) {
			publish(d, v);
			notify_dir(dir, IN_CREATE, d);
		}
		rw_write_unlock(&dir->lock);
	}
	walk_end(&w);
	return err;
}

static int link_locked(struct walk *w, struct dentry *d, const struct path *old)
{
	struct vnode *dir = w->vnode, *v = old->dentry->vnode;
	int err = 0;

	if (old->mount != w->at.mount)
		return -EXDEV;
	if (v->flags & (VN_APPEND | VN_IMMUTABLE) || vnode_is_dir(v) || !dir->ops->link)
		return -EPERM;
	rw_write_lock(&v->lock);
	if (!v->nlink && v->flags & VN_NO_LINK)
		err = -ENOENT;
	else if (!v->nlink && dentry_hashed(old->dentry))
		err = -ENOENT;
	if (!err)
		err = dir->ops->link(dir, d, v);
	rw_write_unlock(&v->lock);
	if (err)
		return err;
	vnode_get(v);
	publish(d, v);
	notify_vnode(v, IN_ATTRIB);
	notify_dir(dir, IN_CREATE, d);
	return 0;
}

int vfs_link(int olddirfd, const char *oldname, int newdirfd, const char *newname, u32 at_flags)
{
	auto_dir struct path old = {};
	auto_dentry struct dentry *d = NULL;
	u32 flags = at_flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0;
	struct walk w;
	int err;

	if (at_flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (at_flags & AT_EMPTY_PATH) {
		if (!*oldname && !capable(CAP_DAC_READ_SEARCH))
			return -ENOENT;
		flags |= LOOKUP_EMPTY;
	}
	err = path_lookup(olddirfd, oldname, flags, &old);
	if (!err)
		err = path_need(&old, RIGHT_LINK);
	if (!err)
		err = walk_to_parent(&w, newdirfd, newname);
	if (err)
		return err;
	err = begin_create(&w, false, &d);
	if (!err) {
		err = link_locked(&w, d, &old);
		rw_write_unlock(&w.vnode->lock);
	}
	walk_end(&w);
	return err;
}

/* ---- removing ---- */

static int may_delete(struct walk *w, struct dentry *d, bool want_dir)
{
	struct vnode *v = d->vnode;
	int err = path_need(&w->at, RIGHT_REMOVE);

	if (!err)
		err = vnode_may_delete(w->vnode, v, w->cred);
	if (err)
		return err;
	if (want_dir && !vnode_is_dir(v))
		return -ENOTDIR;
	if (!want_dir && vnode_is_dir(v))
		return -EISDIR;
	return 0;
}

int dir_remove_locked(struct vnode *dir, struct dentry *d)
{
	struct vnode *v = d->vnode;
	bool want_dir = vnode_is_dir(v);
	int err;

	if (READ_ONCE(d->flags) & DENTRY_MOUNTED)
		return -EBUSY;
	if (!dir->ops->unlink)
		return -EPERM;
	if (want_dir)
		rw_write_lock_nested(&v->lock);
	else
		rw_write_lock(&v->lock);
	err = dir->ops->unlink(dir, d);
	if (!err && want_dir)
		v->flags |= VN_DEAD;		/* (2) */
	rw_write_unlock(&v->lock);
	if (err)
		return err;
	if (want_dir)
		/* names that were looked for in it and not found: they would keep it */
		dentry_prune(d);
	dentry_drop(d);
	notify_deleted(v);
	notify_dir(dir, IN_DELETE, d);
	return 0;
}

static int remove_name(struct walk *w, bool want_dir)
{
	struct vnode *dir = w->vnode;
	struct dentry *d = NULL;
	int err = mount_may_write(w->at.mount);

	if (err)
		return err;
	rw_write_lock(&dir->lock);
	err = walk_child_locked(w->at.dentry, &w->last, &d);
	if (!err && (!d || !d->vnode))
		err = -ENOENT;
	if (!err && w->trailing && !want_dir)
		err = vnode_is_dir(d->vnode) ? -EISDIR : -ENOTDIR;
	if (!err)
		err = may_delete(w, d, want_dir);
	if (!err)
		err = dir_remove_locked(dir, d);
	rw_write_unlock(&dir->lock);
	if (d)
		dentry_put(d);
	return err;
}

int vfs_unlink(int dirfd, const char *name)
{
	struct walk w;
	int err = walk_to_parent(&w, dirfd, name);

	if (err)
		return err;
	err = w.last_type != LAST_NAME ? -EISDIR : remove_name(&w, false);
	walk_end(&w);
	return err;
}

int vfs_rmdir(int dirfd, const char *name)
{
	static const s8 odd[] = {
		[LAST_DOT] = -EINVAL, [LAST_DOTDOT] = -ENOTEMPTY, [LAST_ROOT] = -EBUSY
	};
	struct walk w;
	int err = walk_to_parent(&w, dirfd, name);

	if (err)
		return err;
	err = w.last_type != LAST_NAME ? odd[w.last_type] : remove_name(&w, true);
	walk_end(&w);
	return err;
}

/* ---- renaming ---- */

/* One rename: from and to are walks to the parents; d is what moves, target the name it gets
 * (negative or not hashed when new). */
struct renaming {
	struct walk from, to;
	struct dentry *d, *target;
	u32 flags;
};

static void lock_dirs(struct renaming *r) NO_LOCK_CHECK
{
	struct vnode *a = r->from.vnode, *b = r->to.vnode;

	if (a == b) {
		rw_write_lock(&a->lock);
		return;
	}
	mutex_lock(&a->sb->rename_lock);
	if (dentry_is_ancestor(r->to.at.dentry, r->from.at.dentry) ||
	    (!dentry_is_ancestor(r->from.at.dentry, r->to.at.dentry) && b < a))
		swap(a, b);
	rw_write_lock(&a->lock);
	rw_write_lock_nested(&b->lock);
}

static void unlock_dirs(struct renaming *r) NO_LOCK_CHECK
{
	rw_write_unlock(&r->from.vnode->lock);
	if (r->from.vnode == r->to.vnode)
		return;
	rw_write_unlock(&r->to.vnode->lock);
	mutex_unlock(&r->from.vnode->sb->rename_lock);
}

static int find_both(struct renaming *r)
{
	int err = walk_child_locked(r->from.at.dentry, &r->from.last, &r->d);

	if (!err && (!r->d || !r->d->vnode))
		err = -ENOENT;
	if (!err)
		err = walk_child_locked(r->to.at.dentry, &r->to.last, &r->target);
	if (err)
		return err;
	if (!r->target) {
		r->target = dentry_alloc(r->to.at.dentry, &r->to.last);
		if (!r->target)
			return -ENOMEM;
	}
	return 0;
}

static int check_shape(const struct renaming *r)
{
	bool exists = r->target->vnode;

	if ((r->flags & RENAME_NOREPLACE) && exists)
		return -EEXIST;
	if ((r->flags & RENAME_EXCHANGE) && !exists)
		return -ENOENT;
	if (r->flags & RENAME_EXCHANGE && r->to.trailing && !vnode_is_dir(r->target->vnode))
		return -ENOTDIR;
	if (!vnode_is_dir(r->d->vnode) &&
	    (r->from.trailing || (!(r->flags & RENAME_EXCHANGE) && r->to.trailing)))
		return -ENOTDIR;
	if (dentry_is_ancestor(r->d, r->to.at.dentry))
		return -EINVAL;
	if (dentry_is_ancestor(r->target, r->from.at.dentry))
		return r->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int check_access(struct renaming *r)
{
	struct vnode *v = r->d->vnode, *victim = r->target->vnode;
	bool is_dir = vnode_is_dir(v), exchange = r->flags & RENAME_EXCHANGE;
	int err = may_delete(&r->from, r->d, is_dir);

	if (!err)
		err = victim ? may_delete(&r->to, r->target,
					  exchange ? vnode_is_dir(victim) : is_dir)
			     : may_create(&r->to, NULL, is_dir);
	if (err || r->from.vnode == r->to.vnode)
		return err;
	if (is_dir)
		err = vnode_permission(v, r->from.cred, MAY_WRITE);	/* its ".." changes */
	if (!err && exchange && victim && vnode_is_dir(victim))
		err = vnode_permission(victim, r->from.cred, MAY_WRITE);
	return err;
}

/* Where the dcache is the directory, a whiteout takes the name beside what still has it: a lookup
 * finds one or the other. */
static int add_whiteout(struct vnode *from, struct dentry *d, struct dentry **out)
{
	struct name n = name_scan(d->name);
	struct dentry *w = dentry_alloc(d->parent, &n);
	struct vnode *v;
	int err = w ? from->ops->create(from, w, S_IFCHR, 0, &v) : -ENOMEM;

	if (!err)
		dentry_add(w, v);
	else if (w)
		dentry_put(w);
	*out = err ? NULL : w;
	return err;
}

int dir_rename_locked(struct vnode *from, struct dentry *d, struct vnode *to, struct dentry *target,
		      u32 flags)
{
	struct vnode *v = d->vnode, *victim = target->vnode;
	auto_dentry struct dentry *w = NULL;
	int err = 0;

	if ((READ_ONCE(d->flags) | READ_ONCE(target->flags)) & DENTRY_MOUNTED)
		return -EBUSY;
	if (!from->ops->rename)
		return -EPERM;
	if (victim) {
		if (vnode_is_dir(victim))
			rw_write_lock_nested(&victim->lock);
		else
			rw_write_lock(&victim->lock);
	}
	if ((flags & RENAME_WHITEOUT) && (d->sb->flags & SB_DCACHE_IS_DIR))
		err = add_whiteout(from, d, &w);
	if (!err)
		err = from->ops->rename(from, d, to, target, flags);
	if (err && w && !from->ops->unlink(from, w))
		dentry_drop(w);
	if (!err && victim && vnode_is_dir(victim) && !(flags & RENAME_EXCHANGE))
		victim->flags |= VN_DEAD;
	if (victim)
		rw_write_unlock(&victim->lock);
	if (err)
		return err;
	if (victim && (victim->flags & VN_DEAD))
		dentry_prune(target);
	if (flags & RENAME_EXCHANGE)
		dentry_exchange(d, target);
	else
		dentry_move(d, target);
	notify_move(from, to, d, target, v, victim);
	return 0;
}

static int rename_settled(struct renaming *r)
{
	int err;

	if (r->from.at.mount != r->to.at.mount)
		return -EXDEV;
	if (r->from.last_type != LAST_NAME)
		return -EBUSY;
	if (r->to.last_type != LAST_NAME)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	err = mount_may_write(r->from.at.mount);
	if (err)
		return err;
	r->d = r->target = NULL;
	lock_dirs(r);
	err = find_both(r);
	if (!err)
		err = check_shape(r);
	if (!err && r->d->vnode != r->target->vnode) {
		/* two names of one file: nothing to do */
		err = check_access(r);
		if (!err)
			err = dir_rename_locked(r->from.vnode, r->d, r->to.vnode, r->target,
						r->flags);
	}
	unlock_dirs(r);
	if (r->target)
		dentry_put(r->target);
	if (r->d)
		dentry_put(r->d);
	return err;
}

int vfs_rename(int olddirfd, const char *oldname, int newdirfd, const char *newname, u32 flags)
{
	struct renaming r;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if ((flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) && (flags & RENAME_EXCHANGE))
		return -EINVAL;
	r.flags = flags;
	err = walk_to_parent(&r.from, olddirfd, oldname);
	if (err)
		return err;
	err = walk_to_parent(&r.to, newdirfd, newname);
	if (!err) {
		err = rename_settled(&r);
		walk_end(&r.to);
	}
	walk_end(&r.from);
	return err;
}

/* ---- reading links ---- */

ssize_t vfs_readlink(const struct path *p, char *buf, usize size)
{
	struct vnode *v = p->dentry->vnode;
	ssize_t n = path_need(p, RIGHT_STAT);

	if (n)
		return n;
	if (!vnode_is_link(v))
		return -EINVAL;
	vnode_touch_atime(v, p->mount->flags);
	if (!v->link)
		return v->ops->readlink(v, buf, size);
	while ((usize)n < size && v->link[n]) {
		buf[n] = v->link[n];
		n++;
	}
	return n;
}
