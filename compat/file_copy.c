/* SPDX-License-Identifier: MIT */
/* file_copy.c - from descriptor to descriptor: sendfile, copy_file_range, splice, tee, vmsplice.
 * Pipes take pages of files and of programs as they are and pass them between themselves; a file's
 * pages are written from where they lie; only what has no pages goes through a buffer. Ref:
 * sendfile(2), copy_file_range(2), splice(2), tee(2), vmsplice(2).
 * Tests: selftests/abi/splice.c */
#include "file_int.h"

#include <fs/attr.h>
#include <fs/pipe.h>
#include <fs/vnode.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/page.h>
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

/* The same with bytes of a page, which may go as it is. more: others follow. */
static ssize_t write_page(struct handle *out, struct page *page, u32 off, u32 n, bool more)
{
	u32 done = 0;

	while (done < n) {
		ssize_t got = out->file->obj->ops->write_page(out->file, page, off + done, n - done,
							      more);

		if (got <= 0)
			return done ? (ssize_t)done : got;
		done += (u32)got;
	}
	return done;
}

/* The next bytes of a copy: in a page of the file's cache, else read into a buffer. */
struct window {
	struct page *page;		/* a reference */
	u8 *buf;			/* COPY_BUFFER bytes, for files without such pages */
	u8 *at;
};

static ssize_t window_get(struct window *w, struct handle *in, loff_t *pos, usize n)
{
	struct iter it;
	ssize_t got = pos && !w->buf ? vfs_page(in->file, *pos, &w->page) : -EOPNOTSUPP;

	if (got > 0)
		w->at = (u8 *)page_to_virt(w->page) + (*pos & (loff_t)(PAGE_SIZE - 1));
	if (got != -EOPNOTSUPP)
		return min(got, (ssize_t)n);
	if (!w->buf)
		w->buf = kmalloc(COPY_BUFFER, PAGE_KERNEL);
	if (!w->buf)
		return -ENOMEM;
	w->at = w->buf;
	iter_kernel(&it, w->buf, min(n, COPY_BUFFER));
	if (!pos)
		return file_read_at_pos(in, &it);
	got = file_pread(in->file, &it, pos);
	if (got > 0)
		*pos -= got;
	return got;
}

static void window_put(struct window *w)
{
	if (w->page)
		page_put(w->page);
	w->page = NULL;
}

/*
 * Copies up to n bytes until a short read or write. in_pos is where to read (always given when in
 * is seekable: what could not be written is not consumed).
 */
static ssize_t copy(struct handle *in, loff_t *in_pos, struct handle *out, loff_t *out_pos, usize n)
{
	struct window w = {};
	usize total = 0;
	ssize_t got = 0, put;

	while (total < n) {
		got = window_get(&w, in, in_pos, n - total);
		if (got <= 0)
			break;
		if (w.page && in_pos && !out_pos && out->file->obj->ops->write_page)
			put = write_page(out, w.page, (u32)((u64)w.at & ~PAGE_MASK), (u32)got,
					 total + (usize)got < n &&
						 *in_pos + got < (loff_t)vnode_size(
									 to_vnode(in->file->obj)));
		else
			put = write_all(out, w.at, (usize)got, out_pos);
		window_put(&w);
		if (in_pos && put > 0)
			*in_pos += put;
		total += (usize)max(put, 0l);
		if (put < got) {
			got = put;
			break;
		}
		if (w.buf && (usize)got < min(n - (total - (usize)got), COPY_BUFFER))
			break;
	}
	kfree(w.buf);
	return total ? (ssize_t)total : got;
}

/* ---- pages into a pipe ---- */

struct file_source {
	struct page_source src;
	struct file *file;
	loff_t *pos;
};

static ssize_t next_of_file(struct page_source *src, usize n, struct page **page, u32 *off)
{
	struct file_source *s = container_of(src, struct file_source, src);
	ssize_t got = vfs_page(s->file, *s->pos, page);

	if (got <= 0)
		return got;
	*off = (u32)(*s->pos & (loff_t)(PAGE_SIZE - 1));
	got = min(got, (ssize_t)n);
	*s->pos += got;
	return got;
}

/* From a seekable file into a pipe: its pages where it has some, else a copy of at most what the
 * pipe holds. */
static ssize_t feed_file(struct handle *in, loff_t *pos, struct handle *out, usize n, bool nonblock)
{
	struct file_source s = { { next_of_file }, in->file, pos };
	ssize_t got = pipe_feed(out->file, &s.src, n, nonblock);

	if (got != -EOPNOTSUPP)
		return got;
	return copy(in, pos, out, NULL, min(n, (usize)pipe_get_size(out->file)));
}

struct memory_source {
	struct page_source src;
	struct iter *it;
};

static ssize_t next_of_memory(struct page_source *src, usize n, struct page **page, u32 *off)
{
	struct iter *it = container_of(src, struct memory_source, src)->it;
	u64 at = it->seg->base.va + it->skip;
	usize len = min(min(n, it->left),
			min(it->seg->len - it->skip, PAGE_SIZE - (at & ~PAGE_MASK)));
	ssize_t got;

	if (!it->left)
		return 0;
	got = aspace_pin(current()->as, at & PAGE_MASK, 1, false, page);
	if (got < 0)
		return got;
	*off = (u32)(at & ~PAGE_MASK);
	iter_advance(it, len);
	return (ssize_t)len;
}

struct file_sink {
	struct byte_sink sink;
	struct handle *out;
	loff_t *pos;
};

static ssize_t take_to_file(struct byte_sink *sink, void *mem, usize n)
{
	struct file_sink *s = container_of(sink, struct file_sink, sink);

	return write_all(s->out, mem, n, s->pos);
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
	return 0;
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
	if (in.file->obj->ops->no_splice || file_flags(out.file) & O_APPEND)
		return -EINVAL;
	err = offset_get(&o, offset, &in);
	if (!err && o.pos < 0)
		err = -EINVAL;
	if (err)
		return err;
	count = min(count, MAX_RW_COUNT);
	n = file_is_pipe(out.file) ? feed_file(&in, &o.pos, &out, count, file_nonblock(out.file))
				   : copy(&in, &o.pos, &out, NULL, count);
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
	if ((u64)in_pos + n < (u64)in_pos || (u64)out_pos + n < (u64)out_pos)
		return -EOVERFLOW;
	if (in_pos < 0 || out_pos < 0)
		return -EINVAL;
	if (a == b && (u64)in_pos < (u64)out_pos + n && (u64)out_pos < (u64)in_pos + n)
		return -EINVAL;
	return 0;
}

long sys_copy_file_range(int fd_in, uaddr_t off_in, int fd_out, uaddr_t off_out, usize len,
			 u32 flags)
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
	return (flags & SPLICE_F_NONBLOCK) && !(file_poll(f) & (events | EPOLLHUP | EPOLLERR))
		       ? -EAGAIN
		       : 0;
}

/* From something that is no pipe. */
static ssize_t splice_in(struct handle *in, uaddr_t off_in, struct handle *out, usize n, u32 flags)
{
	struct offset o;
	ssize_t moved;
	int err;

	if (in->file->obj->ops->no_splice)
		return -EINVAL;
	if (!(in->file->mode & FMODE_SEEK)) {
		err = ready(out->file, EPOLLOUT, flags);
		return err ? err : copy(in, NULL, out, NULL, min(n, COPY_BUFFER));
	}
	err = offset_get(&o, off_in, in);
	if (!err && o.pos < 0)
		err = -EINVAL;
	if (err)
		return err;
	moved = feed_file(in, &o.pos, out, n,
			  flags & SPLICE_F_NONBLOCK || file_nonblock(out->file));
	err = moved > 0 ? offset_put(&o) : 0;
	return err ? err : moved;
}

/* To something that is no pipe. */
static ssize_t splice_out(struct handle *in, struct handle *out, uaddr_t off_out, usize n,
			  u32 flags)
{
	bool seekable = out->file->mode & FMODE_SEEK;
	struct file_sink s = { { take_to_file }, out, NULL };
	struct offset o;
	ssize_t moved;
	int err;

	if (file_flags(out->file) & O_APPEND)
		return -EINVAL;
	if (seekable) {
		err = offset_get(&o, off_out, out);
		if (!err && o.pos < 0)
			err = -EINVAL;
		if (err)
			return err;
		s.pos = &o.pos;
	}
	moved = pipe_drain(in->file, &s.sink, n, flags & SPLICE_F_NONBLOCK);
	err = seekable && moved > 0 ? offset_put(&o) : 0;
	return err ? err : moved;
}

long sys_splice(int fd_in, uaddr_t off_in, int fd_out, uaddr_t off_out, usize len, u32 flags)
{
	auto_handle struct handle in = {}, out = {};
	bool in_pipe, out_pipe;
	int err;

	if (!len)
		return 0;
	if (flags & ~SPLICE_FLAGS)
		return -EINVAL;
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
				   flags & SPLICE_F_NONBLOCK ||
					   (file_flags(in.file) | file_flags(out.file)) &
						   O_NONBLOCK,
				   false);
	len = min(len, MAX_RW_COUNT);
	return in_pipe ? splice_out(&in, &out, off_out, len, flags)
		       : splice_in(&in, off_in, &out, len, flags);
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

		struct memory_source s = { { next_of_memory }, &it };

		n = handle_need(&h, write ? RIGHT_WRITE : RIGHT_READ);
		if (!n && !write)
			n = ready(h.file, EPOLLIN, flags);
		if (!n)
			n = write ? pipe_feed(h.file, &s.src, iter_left(&it),
					      flags & SPLICE_F_NONBLOCK || file_nonblock(h.file))
				  : file_read_at_pos(&h, &it);
	}
	user_vec_put(&v);
	return n;
}
