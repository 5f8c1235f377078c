/* SPDX-License-Identifier: MIT */
/* file_rw.c - read and write in all their forms. Ref: read(2), readv(2), pread(2), lseek(2). Tests:
 * selftests/abi/file.c */
#include "file_int.h"

#include <fs/attr.h>
#include <fs/vnode.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>

/* For /proc/PID/io. */
static inline ssize_t count_read(ssize_t n)
{
	struct io_counts *io = &current()->io;

	io->syscr++;
	if (likely(n > 0))
		io->rchar += (u64)n;
	return n;
}

static inline ssize_t count_write(ssize_t n)
{
	struct io_counts *io = &current()->io;

	io->syscw++;
	if (likely(n > 0))
		io->wchar += (u64)n;
	return n;
}

/* ---- the description's offset ---- */

ssize_t file_read_at_pos(struct handle *h, struct iter *to) NO_LOCK_CHECK
{
	struct file *f = h->file;
	ssize_t (*op)(struct file *, struct iter *, loff_t *) = f->obj->ops->read;
	bool shared;
	ssize_t n;

	if (unlikely(!op))
		return -EINVAL;
	if (!(f->mode & FMODE_SEEK))
		return op(f, to, NULL);
	shared = file_pos_shared(f, h->counted);
	if (unlikely(shared))
		mutex_lock(&f->pos_lock);
	n = op(f, to, &f->pos);
	if (unlikely(shared))
		mutex_unlock(&f->pos_lock);
	return n;
}

ssize_t file_write_at_pos(struct handle *h, struct iter *from) NO_LOCK_CHECK
{
	struct file *f = h->file;
	ssize_t (*op)(struct file *, struct iter *, loff_t *) = f->obj->ops->write;
	bool shared;
	ssize_t n;

	if (unlikely(!op))
		return -EINVAL;
	if (!(f->mode & FMODE_SEEK))
		return op(f, from, NULL);
	shared = file_pos_shared(f, h->counted);
	if (unlikely(shared))
		mutex_lock(&f->pos_lock);
	n = op(f, from, &f->pos);
	if (unlikely(shared))
		mutex_unlock(&f->pos_lock);
	return n;
}

long sys_read(int fd, uaddr_t buf, usize count)
{
	struct handle h;
	struct iter it;
	ssize_t n;
	int err = handle_get(fd, RIGHT_READ, &h);

	if (unlikely(err))
		return err;
	n = iter_user(&it, buf, count);
	if (likely(!n))
		n = file_read_at_pos(&h, &it);
	handle_put(&h);
	return count_read(n);
}

long sys_write(int fd, uaddr_t buf, usize count)
{
	struct handle h;
	struct iter it;
	ssize_t n;
	int err = handle_get_write(fd, false, &h);

	if (unlikely(err))
		return err;
	n = iter_user(&it, buf, count);
	if (likely(!n))
		n = file_write_at_pos(&h, &it);
	handle_put(&h);
	return count_write(n);
}

long sys_lseek(int fd, loff_t offset, u32 whence) NO_LOCK_CHECK
{
	struct handle h;
	bool shared;
	loff_t pos;
	int err = handle_get(fd, RIGHT_SEEK, &h);

	if (unlikely(err))
		return err;
	if (unlikely(!h.file->obj->ops->seek)) {
		handle_put(&h);
		return -ESPIPE;
	}
	shared = file_pos_shared(h.file, h.counted);
	if (unlikely(shared))
		mutex_lock(&h.file->pos_lock);
	pos = whence <= SEEK_MAX ? h.file->obj->ops->seek(h.file, offset, (int)whence) : -EINVAL;
	if (unlikely(shared))
		mutex_unlock(&h.file->pos_lock);
	handle_put(&h);
	return pos;
}

/* ---- an offset of the caller's ---- */

long sys_pread64(int fd, uaddr_t buf, usize count, loff_t pos)
{
	struct handle h;
	struct iter it;
	ssize_t n;
	int err;

	if (pos < 0)
		return -EINVAL;
	err = handle_get(fd, RIGHT_READ | RIGHT_SEEK, &h);
	if (err)
		return err;
	n = iter_user(&it, buf, count);
	if (!n)
		n = file_pread(h.file, &it, &pos);
	handle_put(&h);
	return count_read(n);
}

long sys_pwrite64(int fd, uaddr_t buf, usize count, loff_t pos)
{
	struct handle h;
	struct iter it;
	ssize_t n;
	int err;

	if (pos < 0)
		return -EINVAL;
	err = handle_get_write(fd, false, &h);
	if (err)
		return err;
	n = handle_need(&h, RIGHT_SEEK);
	if (!n)
		n = iter_user(&it, buf, count);
	if (!n)
		n = file_pwrite(h.file, &it, &pos);
	handle_put(&h);
	return count_write(n);
}

/* ---- segments ---- */

int user_vec_get(struct user_vec *v, struct iter *it, uaddr_t iov, usize nr)
{
	v->seg = v->fast;
	if (nr > IOV_MAX)
		return -EINVAL;
	if (nr > FAST_IOV) {
		v->seg = kmalloc(nr * sizeof(*v->seg), PAGE_KERNEL);
		if (!v->seg)
			return -ENOMEM;
	}
	if (copy_from_user(v->seg, iov, nr * sizeof(*v->seg)))
		return -EFAULT;
	return iter_user_vec(it, v->seg, (u32)nr);
}

/* What the flags of preadv2 and pwritev2 ask for and we have. */
static int check_rwf(struct file *f, struct iter *it, u32 flags)
{
	struct vnode *v = file_vnode(f);

	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND | RWF_NOAPPEND))
		return -EOPNOTSUPP;
	if ((flags & RWF_APPEND) && (flags & RWF_NOAPPEND))
		return -EINVAL;
	if ((flags & RWF_NOAPPEND) && v && (v->flags & VN_APPEND))
		return -EPERM;
	it->append = flags & RWF_APPEND	    ? ITER_APPEND
		     : flags & RWF_NOAPPEND ? ITER_NO_APPEND
					    : ITER_APPEND_AS_OPENED;
	return 0;
}

static ssize_t rw_segments(struct handle *h, struct iter *it, loff_t *pos, bool write)
{
	if (!pos)
		return write ? file_write_at_pos(h, it) : file_read_at_pos(h, it);
	return write ? file_pwrite(h->file, it, pos) : file_pread(h->file, it, pos);
}

/* All the vector calls. pos NULL: the description's own offset. */
static long do_vec(int fd, uaddr_t iov, usize nr, loff_t *pos, u32 flags, bool write)
{
	auto_handle struct handle h = {};
	struct user_vec v;
	struct iter it;
	ssize_t n;
	int err = write ? handle_get_write(fd, flags & RWF_APPEND, &h)
			: handle_get(fd, RIGHT_READ, &h);

	if (err)
		return err;
	err = pos ? handle_need(&h, RIGHT_SEEK) : 0;
	if (!err && (flags & RWF_NOAPPEND) && write)
		err = handle_need(&h, RIGHT_WRITE);
	if (err)
		return err;
	n = user_vec_get(&v, &it, iov, nr);
	if (!n)
		n = check_rwf(h.file, &it, flags);
	if (!n && iter_left(&it))
		n = rw_segments(&h, &it, pos, write);
	if (write)
		count_write(n);
	else
		count_read(n);
	user_vec_put(&v);
	if (n > 0 && write && (flags & (RWF_DSYNC | RWF_SYNC)) && h.file->obj->ops->fsync) {
		err = h.file->obj->ops->fsync(h.file, !(flags & RWF_SYNC));
		if (err)
			return err;
	}
	return n;
}

long sys_readv(int fd, uaddr_t iov, usize iovcnt)
{
	return do_vec(fd, iov, iovcnt, NULL, 0, false);
}

long sys_writev(int fd, uaddr_t iov, usize iovcnt)
{
	return do_vec(fd, iov, iovcnt, NULL, 0, true);
}

long sys_preadv(int fd, uaddr_t iov, usize iovcnt, u64 pos_low, u64 pos_high)
{
	loff_t pos = (loff_t)pos_low;

	return pos < 0 ? -EINVAL : do_vec(fd, iov, iovcnt, &pos, 0, false);
}

long sys_pwritev(int fd, uaddr_t iov, usize iovcnt, u64 pos_low, u64 pos_high)
{
	loff_t pos = (loff_t)pos_low;

	return pos < 0 ? -EINVAL : do_vec(fd, iov, iovcnt, &pos, 0, true);
}

long sys_preadv2(int fd, uaddr_t iov, usize iovcnt, u64 pos_low, u64 pos_high, s32 flags)
{
	loff_t pos = (loff_t)pos_low;

	if (pos < -1)
		return -EINVAL;
	return do_vec(fd, iov, iovcnt, pos == -1 ? NULL : &pos, (u32)flags, false);
}

long sys_pwritev2(int fd, uaddr_t iov, usize iovcnt, u64 pos_low, u64 pos_high, s32 flags)
{
	loff_t pos = (loff_t)pos_low;

	if (pos < -1)
		return -EINVAL;
	return do_vec(fd, iov, iovcnt, pos == -1 ? NULL : &pos, (u32)flags, true);
}
