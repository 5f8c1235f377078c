/* SPDX-License-Identifier: MIT */
/* file_int.h - what the handlers about files share. */
#pragma once

#include <compat/syscalls.h>
#include <fs/namei.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <mm/iter.h>

#define FAST_IOV 8	/* segments that need no allocation */

/* The segments of a readv-like call, copied in. */
struct blkdev;
struct user_vec {
	struct user_iovec fast[FAST_IOV], *seg;
};
/* -EINVAL, -EFAULT, -ENOMEM. Always leaves v fit for user_vec_put. */
int __must_check user_vec_get(struct user_vec *v, struct iter *it, uaddr_t iov, usize nr);
static inline void user_vec_put(struct user_vec *v)
{
	if (v->seg != v->fast)
		kfree(v->seg);
}

/* At the description's own offset, which is locked when somebody shares it. */
ssize_t file_read_at_pos(struct handle *h, struct iter *to);
ssize_t file_write_at_pos(struct handle *h, struct iter *from);
/* At an offset of the caller's. */
static inline ssize_t file_pread(struct file *f, struct iter *to, loff_t *pos)
{
	if (!(f->mode & FMODE_SEEK))
		return -ESPIPE;
	if (unlikely((loff_t)((u64)*pos + iter_left(to)) < 0))
		return -EINVAL;
	return f->obj->ops->read ? f->obj->ops->read(f, to, pos) : -EINVAL;
}
static inline ssize_t file_pwrite(struct file *f, struct iter *from, loff_t *pos)
{
	if (!(f->mode & FMODE_SEEK))
		return -ESPIPE;
	if (unlikely((loff_t)((u64)*pos + iter_left(from)) < 0))
		return -EINVAL;
	return f->obj->ops->write ? f->obj->ops->write(f, from, pos) : -EINVAL;
}

/* ioctl_blk.c */
long ioctl_block(struct file *f, u32 cmd, uaddr_t arg);
long ioctl_dm(struct file *f, u32 cmd, uaddr_t arg);
long ioctl_loop(const struct file *f, struct blkdev *d, u32 cmd, uaddr_t arg);
