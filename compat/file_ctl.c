/* SPDX-License-Identifier: MIT */
/* file_ctl.c - fcntl, locks, syncing, advice. Ref: fcntl(2), flock(2), fsync(2), sync(2),
 * sync_file_range(2), posix_fadvise(2), readahead(2). Tests: selftests/abi/file.c, flock.c */
#include "file_int.h"

#include <fs/advise.h>
#include <fs/attr.h>
#include <fs/dcache.h>
#include <fs/flock.h>
#include <fs/pipe.h>
#include <fs/tmpfs.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/sigio.h>
#include <kernel/task.h>

/* ---- byte-range locks ---- */

struct abi_flock {
	s16 type, whence;
	s64 start, len;
	s32 pid;
};
static_assert(sizeof(struct abi_flock) == 32, "struct flock");

static int to_request(struct file *f, const struct abi_flock *a, bool ofd, struct lock_request *r)
{
	s64 base = 0, start;

	if (a->whence == SEEK_CUR)
		base = f->pos;
	else if (a->whence == SEEK_END)
		base = (s64)vnode_size(f->dentry->vnode);
	else if (a->whence != SEEK_SET)
		return -EINVAL;
	if (a->type != F_RDLCK && a->type != F_WRLCK && a->type != F_UNLCK)
		return -EINVAL;
	if (add_of(base, a->start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	*r = (struct lock_request){ ofd ? LOCK_KIND_OFD : LOCK_KIND_POSIX, (u8)a->type, start,
				    S64_MAX, 0 };
	if (a->len > 0) {
		if (add_of(start, a->len - 1, &r->end))
			return -EOVERFLOW;
	} else if (a->len < 0) {
		if (start + a->len < 0)
			return -EINVAL;
		r->end = start - 1;
		r->start = start + a->len;
	}
	return 0;
}

static long get_lock(struct file *f, struct lock_request *r, struct abi_flock *a, uaddr_t arg)
{
	if (r->type == F_UNLCK && r->kind != LOCK_KIND_OFD)
		return -EINVAL;
	flock_test(f, r);
	a->type = r->type;
	if (r->type != F_UNLCK) {
		a->whence = SEEK_SET;
		a->start = r->start;
		a->len = r->end == S64_MAX ? 0 : r->end - r->start + 1;
		a->pid = r->pid;
	}
	return copy_to_user(arg, a, sizeof(*a));
}

static long do_lock(struct handle *h, u32 cmd, uaddr_t arg)
{
	struct file *f = h->file;
	bool ofd = cmd >= F_OFD_GETLK;
	struct lock_request r;
	struct abi_flock a;
	int err = copy_from_user(&a, arg, sizeof(a));

	if (err)
		return err;
	if (!f->dentry)
		return -EBADF;
	if (ofd && a.pid)
		return -EINVAL;
	err = to_request(f, &a, ofd, &r);
	if (err)
		return err;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK)
		return get_lock(f, &r, &a, arg);
	if ((r.type == F_RDLCK && !(f->mode & FMODE_READ)) ||
	    (r.type == F_WRLCK && !(f->mode & FMODE_WRITE)))
		return -EBADF;
	if (r.type != F_UNLCK && !(f->mode & FMODE_DIR))
		err = handle_need(h, r.type == F_RDLCK ? RIGHT_READ : RIGHT_WRITE);
	if (err)
		return err;
	return flock_set(f, &r, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

long sys_flock(int fd, u32 op)
{
	static const u8 types[] = { [LOCK_SH] = F_RDLCK, [LOCK_EX] = F_WRLCK, [LOCK_UN] = F_UNLCK };
	struct lock_request r = { .kind = LOCK_KIND_FLOCK, .end = S64_MAX };
	u32 what = op & ~(u32)LOCK_NB;
	auto_handle struct handle h = {};
	int err = handle_get(fd, RIGHT_STAT, &h);

	if (err)
		return err;
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	if (op & LOCK_MAND)		/* gone since Linux 5.15, but still no error */
		return 0;
	if (what != LOCK_SH && what != LOCK_EX && what != LOCK_UN)
		return -EINVAL;
	r.type = types[what];
	return flock_set(h.file, &r, !(op & LOCK_NB));
}

/* ---- SIGIO's owner ---- */

struct abi_owner_ex {
	s32 type;
	s32 pid;
};

static long owner_ex(struct file *f, uaddr_t arg, bool set)
{
	struct abi_owner_ex o;

	if (!set) {
		sigio_get_owner(f, &o.type, &o.pid);
		return copy_to_user(arg, &o, sizeof(o));
	}
	if (copy_from_user(&o, arg, sizeof(o)))
		return -EFAULT;
	return sigio_set_owner(f, o.type, o.pid, false);
}

static long do_owner(struct file *f, u32 cmd, u64 arg)
{
	s32 who = (s32)arg, type;

	switch (cmd) {
	case F_SETOWN:
		if (who == S32_MIN)
			return -EINVAL;
		return sigio_set_owner(f, who < 0 ? F_OWNER_PGRP : F_OWNER_PID,
				       who < 0 ? -who : who, false);
	case F_GETOWN:
		sigio_get_owner(f, &type, &who);
		return type == F_OWNER_PGRP ? -who : who;
	case F_SETOWN_EX:
	case F_GETOWN_EX:
		return owner_ex(f, UADDR(arg), cmd == F_SETOWN_EX);
	case F_SETSIG:
		return arg > NSIG ? -EINVAL : sigio_set_signal(f, (u32)arg);
	}
	return sigio_get_signal(f);	/* F_GETSIG */
}

/* ---- fcntl ---- */

static long set_fl(struct file *f, int fd, u32 flags)
{
	struct vnode *v = file_vnode(f);

	if (v && (v->flags & VN_APPEND) && (file_flags(f) & O_APPEND) && !(flags & O_APPEND))
		return -EPERM;
	if ((flags & O_NOATIME) && !(file_flags(f) & O_NOATIME) && v &&
	    !vnode_is_owner(v, current_cred()))
		return -EPERM;
	return file_set_flags(f, fd, flags);
}

#define DUMMY_LEASE F_UNLCK

/* How long what is written will live: of the file, told by nobody but who asks. */
static long rw_hint(struct file *f, u32 cmd, uaddr_t arg)
{
	struct vnode *v = f->dentry ? f->dentry->vnode : NULL;
	u64 hint = v ? v->flags >> VN_HINT_SHIFT : f->write_hint;
	int err;

	if (cmd == F_GET_RW_HINT)
		return put_user(arg, hint);
	err = copy_from_user(&hint, arg, sizeof(hint));
	if (err || hint > RWH_MOST)
		return err ? err : -EINVAL;
	if (!v) {
		f->write_hint = (u8)hint;
		return 0;
	}
	rw_write_lock(&v->lock);
	v->flags = (v->flags & (BIT(VN_HINT_SHIFT) - 1)) | (u32)hint << VN_HINT_SHIFT;
	rw_write_unlock(&v->lock);
	return 0;
}

static long do_file(struct handle *h, int fd, u32 cmd, u64 arg)
{
	struct file *f = h->file;

	switch (cmd) {
	case F_SETFL:
		return set_fl(f, fd, (u32)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return do_lock(h, cmd, UADDR(arg));
	case F_SETOWN:
	case F_GETOWN:
	case F_SETSIG:
	case F_GETSIG:
	case F_SETOWN_EX:
	case F_GETOWN_EX:
		return do_owner(f, cmd, arg);
	case F_GETPIPE_SZ:
		return pipe_get_size(f);
	case F_SETPIPE_SZ:
		return pipe_set_size(f, (u32)arg);
	case F_ADD_SEALS:
		return file_add_seals(f, (u32)arg);
	case F_GET_SEALS:
		return file_get_seals(f);
	case F_GET_RW_HINT:
	case F_SET_RW_HINT:
		return rw_hint(f, cmd, UADDR(arg));
	case F_GETLEASE:
		return DUMMY_LEASE;
	case F_SETLEASE:
		return arg == F_UNLCK ? 0 : -EAGAIN;
	}
	return -EINVAL;
}

/* The locks ask for more once it is known of which kind. */
static u32 fcntl_need(u32 cmd)
{
	switch (cmd) {
	case F_SETFL:
	case F_SETOWN:
	case F_SETOWN_EX:
	case F_SETSIG:
	case F_SETPIPE_SZ:
	case F_ADD_SEALS:
	case F_SETLEASE:
	case F_SET_RW_HINT:
		return RIGHT_SETATTR;
	}
	return RIGHT_STAT;
}

long sys_fcntl(int fd, u32 cmd, u64 arg)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, 0, &h);

	if (err)
		return err;
	switch (cmd) {
	case F_GETFL:
		return file_flags(h.file);
	case F_GETFD:
		return handle_get_cloexec(fd);
	case F_SETFD:
		return handle_set_cloexec(fd, arg & FD_CLOEXEC);
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return handle_dup_min(fd, (int)arg, cmd == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0);
	}
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	err = handle_need(&h, fcntl_need(cmd));
	return err ? err : do_file(&h, fd, cmd, arg);
}

/* ---- syncing, advice ---- */

static long do_fsync(int fd, bool data_only)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, RIGHT_STAT, &h);

	if (err)
		return err;
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	return h.file->obj->ops->fsync ? h.file->obj->ops->fsync(h.file, data_only) : -EINVAL;
}

long sys_fsync(int fd)
{
	return do_fsync(fd, false);
}

long sys_fdatasync(int fd)
{
	return do_fsync(fd, true);
}

long sys_sync(void)
{
	super_sync_all(true);
	return 0;
}

long sys_syncfs(int fd)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, RIGHT_STAT, &h);
	struct super *sb;
	int heard;

	if (err)
		return err;
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	sb = h.file->mount ? h.file->mount->sb : NULL;
	if (!sb)
		return 0;
	err = sb->ops->sync ? sb->ops->sync(sb, true) : 0;
	heard = write_errors_check(&sb->errors, &h.file->fs_err_seen);
	return err ? err : heard;
}

#define SYNC_RANGE_FLAGS 7u

long sys_sync_file_range(int fd, loff_t offset, loff_t nbytes, u32 flags)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, RIGHT_STAT, &h);

	if (err)
		return err;
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	if (flags & ~SYNC_RANGE_FLAGS || offset < 0 || nbytes < 0 || offset + nbytes < offset)
		return -EINVAL;
	if (h.file->obj->ops->type != OBJ_VNODE && h.file->obj->ops->type != OBJ_BLOCKDEV)
		return -ESPIPE;
	return vfs_sync_range(h.file, offset, nbytes, flags);
}

long sys_fadvise64(int fd, loff_t offset, loff_t len, s32 advice)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, RIGHT_STAT, &h);

	if (err)
		return err;
	if (h.file->mode & FMODE_PATH)
		return -EBADF;
	if (h.file->obj->ops->type == OBJ_PIPE)
		return -ESPIPE;
	if (len < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	vfs_advise(h.file, max(offset, (loff_t)0), len, advice);
	return 0;
}

long sys_readahead(int fd, loff_t offset, usize count)
{
	auto_handle struct handle h = {};
	int err = handle_get(fd, RIGHT_READ, &h);

	if (err)
		return err;
	if (h.file->obj->ops->type != OBJ_BLOCKDEV &&
	    !(h.file->obj->ops->type == OBJ_VNODE && vnode_is_reg(to_vnode(h.file->obj))))
		return -EINVAL;
	if (offset >= 0 && count)
		vfs_read_ahead(h.file, offset, (loff_t)min(count, (usize)S64_MAX));
	return 0;
}
