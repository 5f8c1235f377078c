/* SPDX-License-Identifier: MIT */
/* pipe_splice.c - pages that go into, out of and between pipes without being copied: splice, tee,
 * vmsplice.
 *
 * A page that came from elsewhere, or that two pipes show, is marked BUF_SHARED: nobody appends to
 * it and it never becomes a spare. What its owner writes into it later may show in the pipe, as on
 * Linux.
 *
 * Locks: p->lock [RANK_PIPE], held while a source is asked and a sink writes, so that what a sink
 * refuses stays in the pipe.
 * Ref: splice(2), tee(2), vmsplice(2). Tests: selftests/abi/splice.c
 */
#include "pipe_int.h"

#include <mm/iter.h>

/* ---- splice and tee between two pipes ---- */

static void move_or_share(struct pipe *from, struct pipe *to, u32 i, usize n, bool duplicate)
{
	struct pipe_buf *b = pipe_buf_at(from, i), *t = pipe_buf_at(to, to->head);

	*t = *b;
	if (n < t->len)
		t->len = (u32)n;
	if (duplicate || n < b->len) {
		page_get(b->page);
		b->flags |= BUF_SHARED;
		t->flags |= BUF_SHARED;
	}
	if (!duplicate && n < b->len) {
		b->off += (u32)n;
		b->len -= (u32)n;
	} else if (!duplicate) {
		b->page = NULL;
		WRITE_ONCE(from->tail, from->tail + 1);
	}
	WRITE_ONCE(to->head, to->head + 1);
}

static ssize_t transfer(struct pipe *from, struct pipe *to, usize n, bool duplicate)
{
	u32 i = from->tail;
	ssize_t total = 0;

	while (n && i != from->head && !pipe_full(to)) {
		usize len = min((usize)pipe_buf_at(from, i)->len, n);
		bool whole = len == pipe_buf_at(from, i)->len;

		move_or_share(from, to, i, len, duplicate);
		if (whole || duplicate)
			i++;
		n -= len;
		total += (ssize_t)len;
	}
	return total;
}

static void lock_both(struct pipe *a, struct pipe *b) NO_LOCK_CHECK
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock_nested(a < b ? &b->lock : &a->lock);
}

ssize_t pipe_splice(struct file *in, struct file *out, usize n, bool nonblock,
		    bool duplicate) NO_LOCK_CHECK
{
	struct pipe *from = to_pipe(in->obj), *to = to_pipe(out->obj);
	ssize_t got;
	int err = 0;

	if (from == to)
		return -EINVAL;
	while (!err) {
		bool eof, broken, full;

		lock_both(from, to);
		broken = !to->readers;
		got = broken ? 0 : transfer(from, to, n, duplicate);
		eof = !got && from->head == from->tail && !from->writers;
		full = pipe_full(to);
		mutex_unlock(&from->lock);
		mutex_unlock(&to->lock);
		if (broken) {
			pipe_send_sigpipe();
			return -EPIPE;
		}
		if (got || eof)
			break;
		if (nonblock)
			return -EAGAIN;
		err = full ? waitq_wait(&to->obj.writers, pipe_writable(to), WAIT_INTERRUPTIBLE,
					WAIT_FOREVER)
			   : waitq_wait(&from->obj.readers, pipe_readable(from), WAIT_INTERRUPTIBLE,
					WAIT_FOREVER);
	}
	if (err)
		return err;
	if (got && !duplicate)
		object_wake(&from->obj, EPOLLOUT | EPOLLWRNORM);
	if (got)
		object_wake(&to->obj, EPOLLIN | EPOLLRDNORM);
	return got;
}

/* ---- from a file or a program's memory ---- */

/* As much as fits. Bytes, or what stopped it before the first. */
static ssize_t feed_locked(struct pipe *p, struct page_source *s, usize n) MUST_HOLD(p->lock)
{
	ssize_t total = 0, got = 0;

	while (n && !pipe_full(p)) {
		struct page *page;
		u32 off;

		got = s->next(s, min(n, PAGE_SIZE), &page, &off);
		if (got <= 0)
			break;
		*pipe_buf_at(p, p->head) = (struct pipe_buf){ page, off, (u32)got, BUF_SHARED };
		WRITE_ONCE(p->head, p->head + 1);
		n -= (usize)got;
		total += got;
	}
	return total ? total : got;
}

ssize_t pipe_feed(struct file *out, struct page_source *s, usize n, bool nonblock)
{
	struct pipe *p = to_pipe(out->obj);
	bool full, broken;
	ssize_t got = 0;

	for (;;) {
		mutex_lock(&p->lock);
		broken = !p->readers;
		full = pipe_full(p);
		if (!broken && !full)
			got = feed_locked(p, s, n);
		mutex_unlock(&p->lock);
		if (broken || !full)
			break;
		if (nonblock)
			return -EAGAIN;
		got = waitq_wait(&p->obj.writers, pipe_writable(p), WAIT_INTERRUPTIBLE,
				 WAIT_FOREVER);
		if (got)
			return got;
	}
	if (broken) {
		pipe_send_sigpipe();
		return -EPIPE;
	}
	if (got > 0)
		object_wake(&p->obj, EPOLLIN | EPOLLRDNORM);
	return got;
}

/* ---- to a file ---- */

static ssize_t drain_locked(struct pipe *p, struct byte_sink *s, usize n) MUST_HOLD(p->lock)
{
	ssize_t total = 0, got = 0;

	while (n && p->head != p->tail) {
		struct pipe_buf *b = pipe_buf_at(p, p->tail);
		usize want = min((usize)b->len, n);

		got = s->take(s, (u8 *)page_to_virt(b->page) + b->off, want);
		if (got <= 0)
			break;
		b->off += (u32)got;
		b->len -= (u32)got;
		if (!b->len)
			pipe_drop_buf(p, b);
		n -= (usize)got;
		total += got;
		if ((usize)got < want)
			break;
	}
	return total ? total : got;
}

ssize_t pipe_drain(struct file *in, struct byte_sink *s, usize n, bool nonblock)
{
	struct pipe *p = to_pipe(in->obj);
	bool empty, eof;
	ssize_t got = 0;

	for (;;) {
		mutex_lock(&p->lock);
		empty = p->head == p->tail;
		eof = empty && !p->writers;
		if (!empty)
			got = drain_locked(p, s, n);
		mutex_unlock(&p->lock);
		if (!empty || eof)
			break;
		if (nonblock)
			return -EAGAIN;
		got = waitq_wait(&p->obj.readers, pipe_readable(p), WAIT_INTERRUPTIBLE,
				 WAIT_FOREVER);
		if (got)
			return got;
	}
	if (got > 0)
		object_wake(&p->obj, EPOLLOUT | EPOLLWRNORM);
	return got;
}
