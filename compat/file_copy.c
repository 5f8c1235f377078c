/* SPDX-License-Identifier: MIT */
/* file_copy.c - from descriptor to descriptor: sendfile, copy_file_range, splice, tee, vmsplice.
 * Bytes go through one kernel buffer; pipes pass pages between themselves. Ref: sendfile(2), copy_file_range(2), splice(2), tee(2),
 * vmsplice(2). Tests: sendfile.c */
#include "file_int.h"

#include <fs/attr.h>
#include <fs/pipe.h>
#include <fs/vnode.h>
#include <mm/slab.h>

#define COPY_BUFFER (16ul * 1024)

/* Writes all n bytes at *pos, or at the description's own offset. Bytes, or -errno if none. */
static ssize_t write_all(struct handle *out, u8 *buf, usize n, loff_t *pos)
{
	usize done = 0;
	struct iter it;
	ssize_t got;

	while (done < n) {
		iter_kernel(&it, buf + done, n - done);
		got = pos ? file_pwrite(out->file, &it, pos) : file_write_at_pos(out, &it);
		if (got <= 0)
			return done ? (ssize_t)done : got;
		done += (usize)got;
	}
	return (ssize_t)done;
}

static ssize_t read_some(struct handle *in, u8 *buf, usize n, loff_t *pos)
{
	struct iter it;

	iter_kernel(&it, buf, n);
	return pos ? file_pread(in->file, &it, pos) : file_read_at_pos(in, &it);
}

/*
 * Copies up to n bytes until a short read or write. in_pos is where to read (always given when in is seekable: what could not be
 * written is not consumed).
 */
static ssize_t copy(struct handle *in, loff_t *in_pos, struct handle *out, loff_t *out_pos, usize n)
{
	auto_kfree u8 *buf = kmalloc(COPY_BUFFER, PAGE_KERNEL);
	usize total = 0;
	ssize_t got = 0, put;

	if (!buf)
		return -ENOMEM;
	while (total < n) {
		usize want = min(n - total, COPY_BUFFER);

		got = read_some(in, buf, want, in_pos);
		if (got <= 0)
			break;
		put = write_all(out, buf, (usize)got, out_pos);
		if (in_pos && put < got)
			*in_pos -= got - max(put, 0l);
		if (put <= 0) {
			got = put;
			break;
		}
		total += (usize)put;
		if (put < got || (usize)got < want)
			break;
	}
	return total ? (ssize_t)total : got;
}

/* An offset argument: user's, or when absent the description's own. */
struct offset {
	uaddr_t user;
	loff_t pos;
	struct file *own;
};

static int offset_get(struct offset *o, uaddr_t user, const struct handle *h)
{
	struct file *f = h->file;
	int err;

	o->user = user;
	o->own = uaddr_null(user) ? f : NULL;
	o->pos = f->pos;
	if (o->own)
		return 0;
	err = f->mode & FMODE_SEEK ? handle_need(h, RIGHT_SEEK) : 0;
	if (err)
		return err;
	if (get_user(&o->pos, user))
		return -EFAULT;
	return o->pos < 0 ? -EINVAL : 0;
}

static int offset_put(const struct offset *o)
{
	if (o->own) {
		o->own->pos = o->pos;
		return 0;
	}
	return put_user(o->user, o->pos);
}

long sys_sendfile(int out_fd, int in_fd, uaddr_t offset, usize count)
{
	auto_handle struct handle in = {}, out = {};
	struct offset o;
	ssize_t n;
	int err = handle_get(in_fd, RIGHT_READ, &in);

	if (!err)
		err = handle_get(out_fd, RIGHT_WRITE, &out);
	if (err)
		return err;
	if (!(in.file->mode & FMODE_SEEK))
		return uaddr_null(offset) ? -EINVAL : -ESPIPE;
	if (in.file->mode & FMODE_DIR || file_flags(out.file) & O_APPEND)
		return -EINVAL;
	err = offset_get(&o, offset, &in);
	if (err)
		return err;
	n = copy(&in, &o.pos, &out, NULL, min(count, MAX_RW_COUNT));
	err = n >= 0 ? offset_put(&o) : 0;
	return err ? err : n;
}

static int check_ranges(struct file *in, loff_t in_pos, struct file *out, loff_t out_pos, usize n)
{
	struct vnode *a = file_vnode(in), *b = file_vnode(out);

	if (!a || !b)
		return -EINVAL;
	if (vnode_is_dir(a) || vnode_is_dir(b))
		return -EISDIR;
	if (!vnode_is_reg(a) || !vnode_is_reg(b))
		return -EINVAL;
	if (a->sb != b->sb)
		return -EXDEV;
	if (file_flags(out) & O_APPEND)
		return -EBADF;
	if (a == b && (u64)in_pos < (u64)out_pos + n && (u64)out_pos < (u64)in_pos + n)
		return -EINVAL;
	return 0;
}

long sys_copy_file_range(int fd_in, uaddr_t off_in, int fd_out, uaddr_t off_out, usize len, u32 flags)
{
	auto_handle struct handle in = {}, out = {};
	struct offset from, to;
	ssize_t n;
	int err = handle_get(fd_in, RIGHT_READ, &in);

	if (!err)
		err = handle_get(fd_out, RIGHT_WRITE, &out);
	if (!err)
		err = offset_get(&from, off_in, &in);
	if (!err)
		err = offset_get(&to, off_out, &out);
	if (!err && flags)
		err = -EINVAL;
	len = min(len, MAX_RW_COUNT);
	if (!err)
		err = check_ranges(in.file, from.pos, out.file, to.pos, len);
	if (err)
		return err;
	n = copy(&in, &from.pos, &out, &to.pos, len);
	if (n > 0)
		err = offset_put(&from) || offset_put(&to) ? -EFAULT : 0;
	return err ? err : n;
}

/* ---- splice ---- */

#define SPLICE_FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

static int ready(struct file *f, u32 events, u32 flags)
{
	return (flags & SPLICE_F_NONBLOCK) && !(file_poll(f) & (events | EPOLLHUP | EPOLLERR)) ? -EAGAIN : 0;
}

/* One side is a pipe, the other is not. */
static ssize_t splice_file(struct handle *in, uaddr_t off_in, struct handle *out, uaddr_t off_out, usize n, u32 flags)
{
	bool from_pipe = file_is_pipe(in->file);
	struct handle *other = from_pipe ? out : in;
	bool seekable = other->file->mode & FMODE_SEEK;
	struct offset o;
	ssize_t moved;
	int err = ready(from_pipe ? in->file : out->file, from_pipe ? EPOLLIN : EPOLLOUT, flags);

	if (err)
		return err;
	if (from_pipe && (file_flags(out->file) & O_APPEND))
		return -EINVAL;
	if (!seekable)
		return copy(in, NULL, out, NULL, min(n, COPY_BUFFER));
	err = offset_get(&o, from_pipe ? off_out : off_in, other);
	if (err)
		return err;
	n = min(n, (usize)pipe_get_size(from_pipe ? in->file : out->file));
	moved = from_pipe ? copy(in, NULL, out, &o.pos, n) : copy(in, &o.pos, out, NULL, n);
	err = moved > 0 ? offset_put(&o) : 0;
	return err ? err : moved;
}

long sys_splice(int fd_in, uaddr_t off_in, int fd_out, uaddr_t off_out, usize len, u32 flags)
{
	auto_handle struct handle in = {}, out = {};
	bool in_pipe, out_pipe;
	int err;

	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	if (!len)
		return 0;
	err = handle_get(fd_in, RIGHT_READ, &in);
	if (!err)
		err = handle_get(fd_out, RIGHT_WRITE, &out);
	if (err)
		return err;
	in_pipe = file_is_pipe(in.file);
	out_pipe = file_is_pipe(out.file);
	if ((in_pipe && !uaddr_null(off_in)) || (out_pipe && !uaddr_null(off_out)))
		return -ESPIPE;
	if (!in_pipe && !out_pipe)
		return -EINVAL;
	if (in_pipe && out_pipe)
		return pipe_splice(in.file, out.file, len,
				   flags & SPLICE_F_NONBLOCK || (file_flags(in.file) | file_flags(out.file)) & O_NONBLOCK, false);
	return splice_file(&in, off_in, &out, off_out, min(len, MAX_RW_COUNT), flags);
}

long sys_tee(int fd_in, int fd_out, usize len, u32 flags)
{
	auto_handle struct handle in = {}, out = {};
	int err;

	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	if (!len)
		return 0;
	err = handle_get(fd_in, RIGHT_READ, &in);
	if (!err)
		err = handle_get(fd_out, RIGHT_WRITE, &out);
	if (err)
		return err;
	if (!file_is_pipe(in.file) || !file_is_pipe(out.file))
		return -EINVAL;
	return pipe_splice(in.file, out.file, len, flags & SPLICE_F_NONBLOCK, true);
}

long sys_vmsplice(int fd, uaddr_t iov, usize nr_segs, u32 flags)
{
	auto_handle struct handle h = {};
	struct user_vec v;
	struct iter it;
	ssize_t n;
	int err;

	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
	err = handle_get(fd, 0, &h);
	if (err)
		return err;
	if (!file_is_pipe(h.file))
		return -EBADF;
	n = user_vec_get(&v, &it, iov, nr_segs);
	if (!n && iter_left(&it)) {
		bool write = h.file->mode & FMODE_WRITE;

		n = handle_need(&h, write ? RIGHT_WRITE : RIGHT_READ);
		if (!n)
			n = ready(h.file, write ? EPOLLOUT : EPOLLIN, flags);
		if (!n)
			n = write ? file_write_at_pos(&h, &it) : file_read_at_pos(&h, &it);
	}
	user_vec_put(&v);
	return n;
}
