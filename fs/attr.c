/* SPDX-License-Identifier: MIT */
/* attr.c - access(2), attributes of descriptors, changes with the mount's and the handle's say.
 * Ref: access(2), stat(2), truncate(2), fallocate(2), anon_inode. Tests: selftests/abi/path.c,
 * stat.c */
#include <fs/attr.h>

#include "walk.h"

#include <fs/inotify.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/vmo.h>

/* ---- access(2) ---- */

/* With real ids, as if a set-id program asked for its user: NULL when that is what current is
 * already. */
static int real_cred(struct cred **out)
{
	struct cred *c = current_cred();
	u64 caps = c->uid.v ? 0 : c->cap_permitted;

	*out = NULL;
	if (uid_eq(c->uid, c->fsuid) && gid_eq(c->gid, c->fsgid) &&
	    (c->uid.v || caps == c->cap_effective))
		return 0;
	*out = cred_copy(c);
	if (!*out)
		return -ENOMEM;
	(*out)->fsuid = c->uid;
	(*out)->fsgid = c->gid;
	(*out)->cap_effective = caps;
	return 0;
}

static int check_access(const struct mount *m, struct vnode *v, const struct cred *c, u32 want)
{
	u32 type = v->mode & S_IFMT;
	int err;

	if (!want)
		return 0;
	if ((want & MAY_EXEC) && type == S_IFREG && (m->flags & MNT_NOEXEC))
		return -EACCES;
	err = vnode_permission(v, c, want);
	if (!err && (want & MAY_WRITE) && (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
		err = mount_may_write(m);
	return err;
}

static int access_once(struct walk *w, int dirfd, const char *name, bool rcu, u32 want)
{
	int err = walk_begin(w, dirfd, name, rcu);

	if (!err)
		err = walk_all(w, name);
	if (!err && w->rcu && w->vnode->ops->permission)
		err = walk_settle(w);
	if (!err)
		err = check_access(w->at.mount, w->vnode, w->cred, want);
	walk_end(w);
	return err;
}

int path_access(int dirfd, const char *name, u32 want, u32 at_flags)
{
	struct cred *real = NULL;
	struct walk w;
	int err = 0;

	if (!*name)
		return -ENOENT;
	if (!(at_flags & AT_EACCESS))
		err = real_cred(&real);
	if (err)
		return err;
	walk_init(&w, at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, 0);
	if (real)
		w.cred = real;
	WALK_RETRY(rcu, err, access_once(&w, dirfd, name, rcu, want));
	if (real)
		cred_put(real);
	return err;
}

int path_access_at(const struct path *p, u32 want, u32 at_flags)
{
	struct cred *real = NULL;
	int err = at_flags & AT_EACCESS ? 0 : real_cred(&real);

	if (!err)
		err = check_access(p->mount, p->dentry->vnode, real ? real : current_cred(), want);
	if (real)
		cred_put(real);
	return err;
}

/* ---- changes ---- */

int path_setattr(const struct path *p, struct setattr *a)
{
	int err = mount_may_write(p->mount);

	if (!err)
		err = p->rights & RIGHT_SETATTR ? 0 : rights_deny(RIGHT_SETATTR);
	if (!err)
		err = vnode_setattr(p->dentry->vnode, a);
	if (!err)
		notify_place(p->dentry, IN_ATTRIB);
	return err;
}

int vnode_may_grow(struct vnode *v, u64 size)
{
	if (size <= rlimit(RLIMIT_FSIZE) || size <= vnode_size(v))
		return 0;
	signal_send_kernel(current_proc(), SIGXFSZ);
	return -EFBIG;
}

static int set_size(struct vnode *v, u64 size)
{
	struct setattr a = { .valid = ATTR_SIZE, .size = size };
	int err = vnode_may_grow(v, size);

	if (err)
		return err;
	if (v->flags & VN_APPEND)
		return -EPERM;
	return vnode_setattr(v, &a);
}

int path_truncate(const struct path *p, u64 size)
{
	struct vnode *v = p->dentry->vnode;
	int err;

	if (vnode_is_dir(v))
		return -EISDIR;
	if (!vnode_is_reg(v))
		return -EINVAL;
	err = mount_may_write(p->mount);
	if (!err)
		err = path_need(p, RIGHT_WRITE);
	if (!err)
		err = vnode_permission(v, current_cred(), MAY_WRITE);
	if (!err)
		err = vnode_get_write(v);
	if (err)
		return err;
	err = set_size(v, size);
	vnode_put_write(v);
	if (!err)
		notify_place(p->dentry, IN_MODIFY);
	return err;
}

int file_truncate(struct file *f, u64 size)
{
	struct vnode *v = file_vnode(f);
	int err;

	if (!v || !vnode_is_reg(v) || !(f->mode & FMODE_WRITE))
		return -EINVAL;
	err = set_size(v, size);
	if (!err)
		notify_place(f->dentry, IN_MODIFY);
	return err;
}

int file_fallocate(struct file *f, u32 mode, loff_t off, loff_t len)
{
	struct vnode *v = file_vnode(f);
	loff_t end;
	int err;

	if (off < 0 || len <= 0)
		return -EINVAL;
	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (file_rights(f) == 0 || !v || (v->mode & S_IFMT) == S_IFIFO)
		return v ? -ESPIPE : -ENODEV;
	if (vnode_is_dir(v))
		return -EISDIR;
	if (!vnode_is_reg(v))
		return -ENODEV;
	if (add_of(off, len, &end) || (u64)end > v->sb->max_bytes)
		return -EFBIG;
	if (!v->ops->fallocate)
		return -EOPNOTSUPP;
	rw_write_lock(&v->lock);
	err = mode & FALLOC_FL_KEEP_SIZE ? 0 : vnode_may_grow(v, (u64)end);
	if (!err)
		err = v->ops->fallocate(v, mode, off, len);
	if (!err)
		vnode_touch_mctime(v);
	rw_write_unlock(&v->lock);
	return err;
}

/* ---- descriptors ---- */

struct vnode *file_vnode(const struct file *f)
{
	if (f->dentry)
		return f->dentry->vnode;
	return f->obj->ops->vnode ? f->obj->ops->vnode(f->obj) : NULL;
}

#define ANON_DEV  15u	/* st_dev of what has no name: the kernel's own mounts come first */
#define ANON_INO  1u

/* Pipes, sockets, eventfds... have no file system; fstat shows what Linux's anonymous inodes
 * show. */
static void anon_getattr(struct file *f, struct kstat *st)
{
	const struct object_ops *ops = f->obj->ops;
	u32 mode = 0600;

	if (ops->type == OBJ_PIPE)
		mode |= S_IFIFO;
	else if (ops->type == OBJ_SOCKET)
		mode = S_IFSOCK | 0777;
	*st = (struct kstat){
		.dev = ANON_DEV,
		.ino = ops->ino ? ops->ino(f->obj) : ANON_INO,
		.mode = mode,
		.nlink = 1,
		.blksize = PAGE_SIZE,
		.result_mask = STATX_BASIC_STATS,
	};
	if (ops->ino) {
		st->uid = f->cred->fsuid;
		st->gid = f->cred->fsgid;
	}
}

int file_getattr(struct file *f, struct kstat *st)
{
	struct vnode *v = file_vnode(f);
	int err;

	if (unlikely(!v)) {
		anon_getattr(f, st);
		return 0;
	}
	err = vnode_getattr(v, st);
	if (!err && f->mount) {
		st->mnt_id = (u64)f->mount->id;
		if (f->dentry == f->mount->root)
			st->attributes |= STATX_ATTR_MOUNT_ROOT;
	}
	return err;
}
