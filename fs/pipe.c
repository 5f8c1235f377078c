/* SPDX-License-Identifier: MIT */
/* pipe.c - pipes: a ring of pages between writers and readers.
 *
 * Invariants:
 *  (1) head - tail <= mask + 1; buffers tail..head-1 have a page and len > 0.
 *  (2) a write of at most PIPE_BUF bytes lies in one buffer, so no other write comes between its
 *      bytes: it is appended to the last buffer only if it fits there whole, else it starts a page
 *      of its own.
 *  (3) readers == 0: writes fail with EPIPE; writers == 0: reads drain the ring, then return 0.
 *  (4) whoever makes the ring readable or writable, or closes the last of a side, wakes the other
 *      side after dropping the lock.
 *
 * The emptied page is kept as `spare`: a byte that goes back and forth allocates nothing.
 *
 * Locks: p->lock [RANK_PIPE], held over user copies (they may fault and sleep) and over what splice
 * writes to files. Wakes outside it.
 * Ref: pipe(7), pipe(2), fcntl(2) F_SETPIPE_SZ. Tests: selftests/abi/pipe.c
 */
#include "pipe_int.h"

#include <fs/dcache.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/iter.h>
#include <mm/slab.h>

static struct slab_cache *pipe_cache __ro_after_init;
static atomic64_t next_ino = { 1 };		/* the machine's pipe:[n] */
static u32 max_bytes = PIPE_MAX_BYTES;		/* sysctl */

void pipe_init(void)
{
	pipe_cache = slab_cache_create("pipe", sizeof(struct pipe), 64);
}

u32 pipe_max_bytes(void)
{
	return READ_ONCE(max_bytes);
}

int pipe_set_max_bytes(u64 bytes)
{
	if (bytes < PAGE_SIZE || bytes > BIT(31))
		return -EINVAL;
	WRITE_ONCE(max_bytes, (u32)bytes);
	return 0;
}

struct pipe *pipe_alloc(void)
{
	struct pipe *p = slab_alloc(pipe_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!p)
		return NULL;
	object_init(&p->obj, &pipe_ops);
	mutex_init(&p->lock, RANK_PIPE);
	p->mask = PIPE_DEF_PAGES - 1;
	p->ring = p->first_ring;
	p->ino = atomic_add_return(&next_ino, 1);
	return p;
}

void pipe_drop_buf(struct pipe *p, struct pipe_buf *b)
{
	if (!p->spare && !(b->flags & BUF_SHARED) && atomic_read(&b->page->refs) == 1)
		p->spare = b->page;
	else
		page_put(b->page);
	b->page = NULL;
	WRITE_ONCE(p->tail, p->tail + 1);
}

/* ---- reading ---- */

/* Takes what is there. Bytes, or -EFAULT when not even one could be copied. */
static ssize_t drain(struct pipe *p, struct iter *to)
{
	ssize_t total = 0;

	while (p->head != p->tail && iter_left(to)) {
		struct pipe_buf *b = pipe_buf_at(p, p->tail);
		usize want = min((usize)b->len, iter_left(to));
		usize n = iter_put(to, (u8 *)page_to_virt(b->page) + b->off, want);
		bool packet = b->flags & BUF_PACKET;

		total += (ssize_t)n;
		b->off += (u32)n;
		b->len -= (u32)n;
		if (unlikely(n < want))
			return total ? total : -EFAULT;
		if (!b->len || packet)
			pipe_drop_buf(p, b);
		if (packet)
			break;
	}
	return total;
}

static ssize_t pipe_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct pipe *p = to_pipe(f->obj);
	ssize_t n;

	if (unlikely(!iter_left(to)))
		return 0;
	for (;;) {
		mutex_lock(&p->lock);
		n = drain(p, to);
		if (likely(n) || !p->writers)
			break;
		mutex_unlock(&p->lock);
		if (file_nonblock(f))
			return -EAGAIN;
		n = waitq_wait(&p->obj.readers, pipe_readable(p), WAIT_INTERRUPTIBLE, WAIT_FOREVER);
		if (n)
			return n;
	}
	mutex_unlock(&p->lock);
	if (likely(n > 0))
		object_wake(&p->obj, EPOLLOUT | EPOLLWRNORM);		/* (4) */
	return n;
}

/* ---- writing ---- */

void pipe_send_sigpipe(void)
{
	struct siginfo_k info = { .sig = SIGPIPE,
				  .code = SI_USER,
				  .pid = proc_pid(current_proc()),
				  .uid = current_cred()->uid.v };

	signal_send_task(current(), &info);
}

static struct page *take_page(struct pipe *p)
{
	struct page *page = p->spare;

	p->spare = NULL;
	return page ? page : page_alloc(0, PAGE_USER);
}

/* Appends the odd bytes of a write to the last buffer if they fit whole (2). Bytes, 0: no room
 * there, or -EFAULT. */
static ssize_t append(struct pipe *p, struct iter *from)
{
	usize n = iter_left(from) & (PAGE_SIZE - 1), got;
	struct pipe_buf *b = pipe_buf_at(p, p->head - 1);

	if (p->head == p->tail || !n || b->flags || b->off + b->len + n > PAGE_SIZE)
		return 0;
	got = iter_take(from, (u8 *)page_to_virt(b->page) + b->off + b->len, n);
	b->len += (u32)got;
	return got ? (ssize_t)got : -EFAULT;
}

/* Fills one new buffer. Bytes, or -ENOMEM, -EFAULT. There is room in the ring. */
static ssize_t add_buf(struct pipe *p, struct iter *from, bool packet)
{
	usize want = min(iter_left(from), PAGE_SIZE), n;
	struct page *page = take_page(p);
	struct pipe_buf *b = pipe_buf_at(p, p->head);

	if (!page)
		return -ENOMEM;
	n = iter_take(from, page_to_virt(page), want);
	if (unlikely(n < want)) {		/* nothing of it: a short buffer would break (2) */
		iter_revert(from, n);
		p->spare = page;
		return -EFAULT;
	}
	*b = (struct pipe_buf){ page, 0, (u32)n, packet ? BUF_PACKET : 0 };
	WRITE_ONCE(p->head, p->head + 1);
	return (ssize_t)n;
}

/* As much as fits now. Bytes written in this call so far go to *total. 0: the ring is full; < 0:
 * stop. 1: all is written. */
static int fill(struct pipe *p, struct iter *from, bool packet, ssize_t *total)
{
	ssize_t n;

	if (!packet && !*total) {
		n = append(p, from);
		if (n < 0)
			return (int)n;
		*total += n;
	}
	while (iter_left(from)) {
		if (pipe_full(p))
			return 0;
		n = add_buf(p, from, packet);
		if (n < 0)
			return (int)n;
		*total += n;
	}
	return 1;
}

static ssize_t pipe_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct pipe *p = to_pipe(f->obj);
	bool packet = file_flags(f) & O_DIRECT;
	ssize_t total = 0;
	int state;

	if (unlikely(!iter_left(from)))
		return 0;
	for (;;) {
		mutex_lock(&p->lock);
		state = unlikely(!p->readers) ? -EPIPE : fill(p, from, packet, &total);
		mutex_unlock(&p->lock);
		if (total)
			object_wake(&p->obj, EPOLLIN | EPOLLRDNORM);	/* (4) */
		if (likely(state))
			break;
		if (file_nonblock(f)) {
			state = -EAGAIN;
			break;
		}
		state = waitq_wait(&p->obj.writers, pipe_writable(p), WAIT_INTERRUPTIBLE,
				   WAIT_FOREVER);
		if (state)
			break;
	}
	if (state == -EPIPE)
		pipe_send_sigpipe();
	return total ? total : state;
}

/* ---- the rest of a description's life ---- */

static u32 pipe_poll(struct file *f)
{
	struct pipe *p = to_pipe(f->obj);
	u32 events = 0;

	if (f->mode & FMODE_READ) {
		if (pipe_used(p))
			events |= EPOLLIN | EPOLLRDNORM;
		if (!READ_ONCE(p->writers) &&
		    (!p->vnode || p->writer_opens != (u32)(u64)f->private))
			events |= EPOLLHUP;
	}
	if (f->mode & FMODE_WRITE) {
		if (!pipe_full(p))
			events |= EPOLLOUT | EPOLLWRNORM;
		if (!READ_ONCE(p->readers))
			events |= EPOLLERR;
	}
	return events;
}

static void pipe_file_release(struct file *f)
{
	struct pipe *p = to_pipe(f->obj);
	bool counted;

	if (f->mode & FMODE_PATH)
		return;
	mutex_lock(&p->lock);
	/* pipe_path() may make it a FIFO any moment, and counts who is there then */
	counted = p->vnode;
	if (f->mode & FMODE_READ)
		p->readers--;
	if (f->mode & FMODE_WRITE)
		p->writers--;
	mutex_unlock(&p->lock);
	/* (3), (4) */
	object_wake(&p->obj, EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM | EPOLLHUP | EPOLLERR);
	if (counted)
		fifo_closed(p);
}

static void pipe_release(struct object *o)
{
	struct pipe *p = to_pipe(o);

	while (p->head != p->tail)
		pipe_drop_buf(p, pipe_buf_at(p, p->tail));
	if (p->spare)
		page_put(p->spare);
	if (p->ring != p->first_ring)
		kfree(p->ring);
	if (p->node)
		dentry_put(p->node);
	slab_free(pipe_cache, p);
}

static u64 pipe_ino(struct object *o)
{
	return to_pipe(o)->ino;
}

const struct object_ops pipe_ops = {
	.name = "pipe",
	.type = OBJ_PIPE,
	.async = true,
	.no_splice = true,		/* but for splice(2) itself, which knows pipes */
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.file_release = pipe_file_release,
	.release = pipe_release,
	.ino = pipe_ino,
};

int pipe_create(u32 flags, struct file **read_end, struct file **write_end)
{
	struct pipe *p = pipe_alloc();
	int err;

	if (!p)
		return -ENOMEM;
	p->readers = p->writers = 1;
	object_get(&p->obj);
	err = file_create(&p->obj, O_RDONLY | (flags & O_NONBLOCK), read_end);
	if (err) {
		object_put(&p->obj);
		return err;
	}
	err = file_create(&p->obj, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)), write_end);
	if (err)
		file_put_now(*read_end);
	return err;
}

/* ---- size ---- */

bool file_is_pipe(const struct file *f)
{
	return f->obj->ops == &pipe_ops && !(f->mode & FMODE_PATH);
}

u64 pipe_bytes(struct file *f)
{
	struct pipe *p = to_pipe(f->obj);
	u64 n = 0;
	u32 i;

	mutex_lock(&p->lock);
	for (i = p->tail; i != p->head; i++)
		n += pipe_buf_at(p, i)->len;
	mutex_unlock(&p->lock);
	return n;
}

long pipe_get_size(struct file *f)
{
	if (!file_is_pipe(f))
		return -EBADF;
	return (long)((to_pipe(f->obj)->mask + 1) * PAGE_SIZE);
}

/* Moves the buffers into a ring of nr slots. */
static int resize_locked(struct pipe *p, u32 nr) MUST_HOLD(p->lock)
{
	u32 used = p->head - p->tail, i;
	struct pipe_buf *ring;

	if (used > nr)
		return -EBUSY;
	ring = kcalloc(nr, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (i = 0; i < used; i++)
		ring[i] = *pipe_buf_at(p, p->tail + i);
	if (p->ring != p->first_ring)
		kfree(p->ring);
	p->ring = ring;
	WRITE_ONCE(p->mask, nr - 1);
	p->tail = 0;
	p->head = used;
	return 0;
}

long pipe_set_size(struct file *f, u32 bytes)
{
	struct pipe *p = to_pipe(f->obj);
	u32 nr = 1;
	int err;

	if (!file_is_pipe(f))
		return -EBADF;
	if (bytes > BIT(31))
		return -EINVAL;
	while ((u64)nr * PAGE_SIZE < bytes)
		nr *= 2;
	if ((u64)nr * PAGE_SIZE > pipe_max_bytes() && nr > p->mask + 1 &&
	    !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	mutex_lock(&p->lock);
	err = resize_locked(p, nr);
	mutex_unlock(&p->lock);
	if (err)
		return err;
	object_wake(&p->obj, EPOLLOUT | EPOLLWRNORM);
	return (long)(nr * PAGE_SIZE);
}
