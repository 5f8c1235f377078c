/* SPDX-License-Identifier: MIT */
/* vnode.c - what every file has whatever its file system: identity, owner, times, permission, write
 * access.
 *
 * Invariants:
 *  (1) a vnode is reached through a dentry, an open file or the (sb, ino) table. Its memory
 *      outlives the last reference by a grace
 *      period: a walk under RCU reads mode and owner of vnodes it holds nothing on.
 *  (2) writers > 0: that many opens for writing; writers < 0 (as s32): that many programs run from
 *      it. Never both.
 *
 * Locks: v->lock (a directory's before its children's; the two directories of a rename ancestor
 * first). Hash chains: hash_lock.
 * Ref: inode(7), chmod(2), chown(2), utimensat(2), unlink(2), open(2) ETXTBSY. Tests:
 * selftests/abi/path.c, perm.c
 */
#include <fs/vnode.h>

#include <fs/flock.h>
#include <fs/vfs.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define NR_HASH 1024u

static struct hlist vnode_hash[NR_HASH];
static struct spinlock hash_lock = SPINLOCK_INIT(RANK_DCACHE);

struct timestamp vnode_now(void)
{
	s64 ns = clock_realtime();

	return (struct timestamp){ ns / NSEC_PER_SEC, (u32)(ns % NSEC_PER_SEC) };
}

static void set_owner(struct vnode *v, struct vnode *dir)
{
	struct cred *c = current_cred();

	v->uid = c->fsuid;
	v->gid = c->fsgid;
	if (!(dir->mode & S_ISGID))
		return;
	v->gid = dir->gid;
	if (vnode_is_dir(v))
		v->mode |= S_ISGID;
	else if ((v->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		 !cred_in_group(c, v->gid) && !capable(CAP_FSETID))
		v->mode &= ~S_ISGID;
}

void vnode_init(struct vnode *v, struct super *sb, const struct vnode_ops *ops,
		const struct object_ops *obj_ops, u32 mode, struct vnode *dir)
{
	object_init(&v->obj, obj_ops);
	v->ops = ops;
	v->sb = sb;
	v->mode = mode;
	if (dir)
		set_owner(v, dir);
	v->nlink = vnode_is_dir(v) ? 2 : 1;
	v->atime = v->mtime = v->ctime = v->btime = vnode_now();
	rwlock_init(&v->lock, vnode_is_dir(v) ? RANK_OF_DIR(sb->rank) : RANK_OF_VNODE(sb->rank));
	spin_init(&v->spin, RANK_OBJECT);
	super_get(sb);
}

static void free_rcu(struct rcu_head *head)
{
	struct vnode *v = container_of(head, struct vnode, rcu);

	v->sb->ops->free(v);
}

static void unhash(struct vnode *v)
{
	if (!hnode_linked(&v->hash))
		return;
	spin_lock(&hash_lock);
	hlist_del(&v->hash);
	spin_unlock(&hash_lock);
}

void vnode_release(struct object *o)
{
	struct vnode *v = to_vnode(o);
	struct super *sb = v->sb;

	unhash(v);
	if (sb->ops->evict)
		sb->ops->evict(v);
	if (v->vmo)
		vmo_put(v->vmo);
	if (unlikely(v->locks))
		flock_free(v);
	kfree(v->watches);
	call_rcu(&v->rcu, free_rcu);
	super_put(sb);
}

struct vnode *vnode_of_object(struct object *o)
{
	return to_vnode(o);
}

/* ---- by number ---- */

static struct hlist *hash_chain(const struct super *sb, u64 ino)
{
	return &vnode_hash[((ino ^ (u64)sb >> 8) * 0x9e3779b97f4a7c15ul) >> 54];
}

struct vnode *vnode_find(struct super *sb, u64 ino)
{
	struct vnode *v;

	spin_lock(&hash_lock);
	hlist_for_each_entry(v, hash_chain(sb, ino), hash)
		if (v->ino == ino && v->sb == sb && object_tryget(&v->obj))
			break;
	spin_unlock(&hash_lock);
	return v;
}

void vnode_hash_add(struct vnode *v)
{
	spin_lock(&hash_lock);
	hlist_add(hash_chain(v->sb, v->ino), &v->hash);
	spin_unlock(&hash_lock);
}

/* ---- size ---- */

u64 vnode_size(struct vnode *v)
{
	const struct vmo *m;

	v = vnode_real(v);
	m = rcu_deref(v->vmo);
	return m ? READ_ONCE(m->size) : v->size;
}

struct vmo *vnode_vmo(struct vnode *v)
{
	struct vmo *m = rcu_deref(v->vmo), *none = NULL;

	if (likely(m))
		return m;
	if (v->ops->real)
		return vnode_vmo(vnode_real(v));
	m = v->sb->ops->make_vmo(v);
	if (!m)
		return NULL;
	m->fs_errors = &v->sb->errors;
	if (!cmpxchg(&v->vmo, &none, m)) {
		vmo_put(m);
		return none;
	}
	return m;
}

/* ---- permission ---- */

int vnode_permission(struct vnode *v, const struct cred *c, u32 want)
{
	u32 type = v->mode & S_IFMT;

	if (unlikely(want & MAY_WRITE)) {
		if ((v->sb->flags & MS_RDONLY) &&
		    (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
			return -EROFS;
		if (v->flags & VN_IMMUTABLE)
			return -EPERM;
	}
	if (v->ops->permission)
		return v->ops->permission(v, want);
	if (want == MAY_EXEC && type == S_IFDIR &&
	    (v->mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == (S_IXUSR | S_IXGRP | S_IXOTH))
		return 0;
	return may_access(c, v->mode, v->uid, v->gid, want);
}

bool vnode_is_owner(const struct vnode *v, const struct cred *c)
{
	return uid_eq(c->fsuid, v->uid) || cred_has(c, CAP_FOWNER);
}

int vnode_may_delete(struct vnode *dir, struct vnode *victim, const struct cred *c)
{
	int err = vnode_permission(dir, c, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (dir->flags & VN_APPEND)
		return -EPERM;
	if ((dir->mode & S_ISVTX) && !uid_eq(victim->uid, c->fsuid) &&
	    !uid_eq(dir->uid, c->fsuid) && !cred_has(c, CAP_FOWNER))
		return -EPERM;
	if (victim->flags & (VN_APPEND | VN_IMMUTABLE))
		return -EPERM;
	return 0;
}

/* ---- write access against execution ---- */

/* Who writes to a memfd does not forbid its execution, and the other way round: as Linux, it is not
 * counted. */
int vnode_get_write(struct vnode *v)
{
	u32 n = atomic_read(&v->writers);

	if (v->flags & VN_UNCOUNTED)
		return 0;
	do {
		if ((s32)n < 0)
			return -ETXTBSY;
	} while (!atomic_cmpxchg(&v->writers, &n, n + 1));
	return 0;
}

void vnode_put_write(struct vnode *v)
{
	if (!(v->flags & VN_UNCOUNTED))
		atomic_dec(&v->writers);
}

int vnode_deny_write(struct vnode *v)
{
	u32 n = atomic_read(&v->writers);

	if (v->flags & VN_UNCOUNTED)
		return 0;
	do {
		if ((s32)n > 0)
			return -ETXTBSY;
	} while (!atomic_cmpxchg(&v->writers, &n, n - 1));
	return 0;
}

void vnode_allow_write(struct vnode *v)
{
	if (!(v->flags & VN_UNCOUNTED))
		atomic_inc(&v->writers);
}

/* ---- times ---- */

static bool before(struct timestamp a, struct timestamp b)
{
	return a.sec < b.sec || (a.sec == b.sec && a.nsec <= b.nsec);
}

#define SECONDS_PER_DAY 86400

void vnode_touch_atime(struct vnode *v, u32 mount_flags)
{
	struct timestamp now;

	while (unlikely(v && v->ops->real))
		v = v->ops->real(v, true);
	if (!v)
		return;
	if (mount_flags & (MNT_NOATIME | MNT_READONLY) || v->flags & VN_NOCMTIME ||
	    v->sb->flags & (SB_NOATIME | MS_RDONLY))
		return;
	if ((mount_flags & MNT_NODIRATIME) && vnode_is_dir(v))
		return;
	if (mount_flags & MNT_RELATIME && !before(v->atime, v->mtime) &&
	    !before(v->atime, v->ctime)) {
		now = vnode_now();
		if (now.sec - v->atime.sec < SECONDS_PER_DAY)
			return;
	} else {
		now = vnode_now();
	}
	v->atime = now;
	if (v->ops->dirty)
		v->ops->dirty(v);
}

void vnode_touch_mctime(struct vnode *v)
{
	if (v->flags & VN_NOCMTIME)
		return;
	v->mtime = v->ctime = vnode_now();
	if (v->ops->dirty)
		v->ops->dirty(v);
}

void vnode_touch_ctime(struct vnode *v)
{
	if (v->flags & VN_NOCMTIME)
		return;
	v->ctime = vnode_now();
	if (v->ops->dirty)
		v->ops->dirty(v);
}

void vnode_kill_suid(struct vnode *v)
{
	u32 kill = 0;

	if (likely(!(v->mode & (S_ISUID | S_ISGID))) || capable(CAP_FSETID))
		return;
	if (v->mode & S_ISUID)
		kill = S_ISUID;
	if ((v->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		kill |= S_ISGID;
	v->mode &= ~kill;
}

/* ---- attributes ---- */

int vnode_getattr(struct vnode *v, struct kstat *st)
{
	*st = (struct kstat){
		.dev = v->sb->dev,
		.ino = v->ino,
		.size = vnode_size(v),
		.mode = v->mode,
		.nlink = v->nlink,
		.rdev = v->rdev,
		.blksize = v->sb->block_size,
		.result_mask = STATX_BASIC_STATS | STATX_BTIME,
		.uid = v->uid,
		.gid = v->gid,
		.atime = v->atime,
		.mtime = v->mtime,
		.ctime = v->ctime,
		.btime = v->btime,
		/* what is on a device counts by itself */
		.blocks = v->vmo && !(v->sb->type->flags & FS_NEEDS_DEVICE)
				  ? v->vmo->nr_pages * (PAGE_SIZE / 512)
				  : v->blocks_used,
	};
	if (unlikely(v->flags & (VN_IMMUTABLE | VN_APPEND))) {
		st->attributes |= v->flags & VN_IMMUTABLE ? STATX_ATTR_IMMUTABLE : 0;
		st->attributes |= v->flags & VN_APPEND ? STATX_ATTR_APPEND : 0;
	}
	st->attributes_mask = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_MOUNT_ROOT;
	return v->ops->getattr ? v->ops->getattr(v, st) : 0;
}

static int check_chown(const struct vnode *v, const struct setattr *a, const struct cred *c)
{
	bool owner = uid_eq(c->fsuid, v->uid);

	if ((a->valid & ATTR_UID) && !(owner && uid_eq(a->uid, v->uid)) && !cred_has(c, CAP_CHOWN))
		return -EPERM;
	if ((a->valid & ATTR_GID) &&
	    !(owner && (cred_in_group(c, a->gid) || gid_eq(a->gid, v->gid))) &&
	    !cred_has(c, CAP_CHOWN))
		return -EPERM;
	return 0;
}

/* F_SEAL_EXEC: the x bits of a memfd stay as they are. */
static bool exec_sealed(const struct vnode *v, u32 mode)
{
	const struct vmo *m = rcu_deref(v->vmo);

	return m && (m->seals & F_SEAL_EXEC) && ((mode ^ v->mode) & 0111);
}

static int check_setattr(struct vnode *v, const struct setattr *a, const struct cred *c)
{
	int err;

	if (v->sb->flags & MS_RDONLY)
		return -EROFS;
	if (a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID) && v->flags & (VN_IMMUTABLE | VN_APPEND))
		return -EPERM;
	if (a->valid & (ATTR_ATIME | ATTR_MTIME) &&
	    (v->flags & VN_IMMUTABLE || (v->flags & VN_APPEND && !(a->valid & ATTR_TIMES_NOW))))
		return -EPERM;
	err = check_chown(v, a, c);
	if (err)
		return err;
	if ((a->valid & ATTR_MODE) && (!vnode_is_owner(v, c) || exec_sealed(v, a->mode)))
		return -EPERM;
	if (a->valid & (ATTR_ATIME | ATTR_MTIME) && !vnode_is_owner(v, c)) {
		if (!(a->valid & ATTR_TIMES_NOW))
			return -EPERM;
		return vnode_permission(v, c, MAY_WRITE);
	}
	return 0;
}

/* What else changes: chown takes set-id bits away, chmod the set-group-id bit of a group one is not
 * in, truncation both times. */
static void adjust(struct vnode *v, struct setattr *a, const struct cred *c)
{
	kgid_t gid = a->valid & ATTR_GID ? a->gid : v->gid;

	if ((a->valid & ATTR_CHOWN) && !vnode_is_dir(v)) {
		a->mode = v->mode & ~S_ISUID;
		if (v->mode & S_IXGRP || (!cred_in_group(c, gid) && !cred_has(c, CAP_FSETID)))
			a->mode &= ~S_ISGID;
		a->valid |= ATTR_MODE;
	} else if (a->valid & ATTR_MODE && !cred_in_group(c, gid) && !cred_has(c, CAP_FSETID)) {
		a->mode &= ~S_ISGID;
	}
	a->mode = (a->mode & ~S_IFMT) | (v->mode & S_IFMT);
}

static int change_size(struct vnode *v, u64 size)
{
	struct vmo *m;
	int err;

	if (!v->sb->ops->make_vmo)
		return 0;	/* a report: it has no size, Linux lets this pass */
	if (size > v->sb->max_bytes)
		return -EFBIG;
	m = vnode_vmo(v);
	if (!m)
		return -ENOMEM;
	if ((m->seals & F_SEAL_SHRINK && size < m->size) ||
	    (m->seals & F_SEAL_GROW && size > m->size))
		return -EPERM;
	err = vmo_truncate(m, size);
	if (!err)
		v->mtime = vnode_now();
	return err;
}

static int set_locked(struct vnode *v, struct setattr *a)
{
	int err = 0;

	if (v->ops->setattr)
		err = v->ops->setattr(v, a);
	else if (a->valid & ATTR_SIZE)
		err = change_size(v, a->size);
	if (err)
		return err;
	if (a->valid & ATTR_SIZE)
		vnode_kill_suid(v);
	if (a->valid & ATTR_UID)
		v->uid = a->uid;
	if (a->valid & ATTR_GID)
		v->gid = a->gid;
	if (a->valid & ATTR_MODE)
		v->mode = a->mode;
	if (a->valid & ATTR_ATIME)
		v->atime = a->atime;
	if (a->valid & ATTR_MTIME)
		v->mtime = a->mtime;
	vnode_touch_ctime(v);
	return 0;
}

int vnode_setattr(struct vnode *v, struct setattr *a)
{
	const struct cred *c = current_cred();
	int err;

	rw_write_lock(&v->lock);
	err = check_setattr(v, a, c);
	if (!err) {
		adjust(v, a, c);
		err = set_locked(v, a);
	}
	rw_write_unlock(&v->lock);
	return err;
}

int vnode_setattr_unchecked(struct vnode *v, struct setattr *a)
{
	int err;

	rw_write_lock(&v->lock);
	a->mode = (a->mode & ~S_IFMT) | (v->mode & S_IFMT);
	err = set_locked(v, a);
	rw_write_unlock(&v->lock);
	return err;
}
