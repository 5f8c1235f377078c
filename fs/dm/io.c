/* SPDX-License-Identifier: MIT */
/* io.c - requests of a mapped device: sent on to where the table says, looked at when they come
 * back, done.
 *
 *	start() --> todo --take()--> dm_map() --clones--> put() --> check --take()--> look() -->
 *	finish()
 *						     '-----------------------------------^
 * Threads of the device do it, which may sleep. They wait for no data: the last clone's end
 * completes the request, or hands it over to be looked at.
 *
 * Invariants:
 *  (1) the table changes only while paused with nothing in flight: the threads use it without a
 *      lock.
 *  (2) a device has a bio of its own for when memory is gone: each layer of a stack goes on by
 *      itself.
 *
 * Locks: dm_io.lock. Ref: none. Tests: selftests/storage/run (dm_...)
 */
#include "dm_int.h"

#include <kernel/bh.h>
#include <kernel/uapi.h>
#include <kernel/workq.h>
#include <mm/page.h>
#include <mm/slab.h>

#define SPARE_VECS 4u

static struct dm_io *io_of(const struct disk *d)
{
	return d->priv;
}

static int start(struct disk *d, u32 q, struct bio *b)
{
	struct dm_io *io = io_of(d);
	int err = 0;

	spin_lock(&io->lock);
	if (io->stop) {
		err = -EIO;
	} else {
		b->chain = NULL;
		*io->todo_end = b;
		io->todo_end = &b->chain;
	}
	spin_unlock(&io->lock);
	return err;
}

static void commit(struct disk *d, u32 q)
{
	waitq_wake_all(&io_of(d)->work);
}

const struct disk_ops dm_disk_ops = { .start = start, .commit = commit, .idle = dm_idle };

static void finish(struct dm_io *io, struct bio *b, int err)
{
	bool last;

	bio_done(b, err);
	spin_lock_bh(&io->lock);
	last = --io->in_flight == 0;
	spin_unlock_bh(&io->lock);
	if (last)
		waitq_wake_all(&io->idle);
}

/* One part less of the request that b heads. */
static void put(struct dm_io *io, struct bio *b, int err)
{
	if (err)
		WRITE_ONCE(b->error, err);
	if (__atomic_sub_fetch(&b->tag, 1, __ATOMIC_ACQ_REL))
		return;
	if (b->error || b->op != BIO_READ || !io->table->checks) {
		finish(io, b, b->error);
		return;
	}
	spin_lock_bh(&io->lock);
	b->chain = io->check;
	io->check = b;
	spin_unlock_bh(&io->lock);
	waitq_wake_all(&io->work);
}

/* ---- sending on ---- */

static bool take_spare(struct dm_io *io)
{
	bool got;

	spin_lock_bh(&io->lock);
	got = !io->spare_used;
	io->spare_used = true;
	spin_unlock_bh(&io->lock);
	return got;
}

static struct bio *clone(struct dm_io *io, const struct bio *b, struct blkdev *d, u64 sector)
{
	struct bio *c = bio_alloc(d, b->op, sector, b->req_vecs, PAGE_ATOMIC);

	if (c)
		return c;
	(void)!waitq_wait(&io->idle, take_spare(io), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER); /* (2) */
	*io->spare = (struct bio){ .dev = d, .op = b->op, .sector = sector,
				   .max_vecs = min(SPARE_VECS, d->disk->limits.max_vecs) };
	return io->spare;
}

static void clone_end(struct bio *c)
{
	struct bio *b = c->private;
	struct dm_io *io = c->owner;
	int err = c->error;

	if (c == io->spare) {
		spin_lock_bh(&io->lock);
		io->spare_used = false;
		spin_unlock_bh(&io->lock);
		waitq_wake_all(&io->idle);
	} else {
		bio_free(c);
	}
	put(io, b, err);
}

static u64 step(const struct bio *b, const struct disk_limits *l)
{
	u64 most = b->op == BIO_DISCARD ? l->max_discard : l->max_write_zeroes;

	return max(most - most % (l->logical_block / SECTOR_SIZE), 1ul);
}

static void send(struct dm_io *io, struct bio *b, struct dm_cursor *c, struct blkdev *d, u64 sector,
		 u64 n)
{
	while (n) {
		struct bio *o = clone(io, b, d, sector);

		if (b->op == BIO_READ || b->op == BIO_WRITE) {
			while (o->nr_sectors < n) {
				struct bio_vec v = dm_piece(
					c, (u32)min((n - o->nr_sectors) * SECTOR_SIZE, PAGE_SIZE));

				if (!bio_add(o, v.page, v.off, v.len))
					break;
				dm_advance(c, v.len);
			}
		} else {
			o->nr_sectors = (u32)min(n, step(b, &d->disk->limits));
		}
		o->flags = b->flags & ~(BIO_PREFLUSH | BIO_FUA);
		o->end = clone_end;
		o->private = b;
		o->owner = io;
		sector += o->nr_sectors;
		n -= o->nr_sectors;
		__atomic_add_fetch(&b->tag, 1, __ATOMIC_RELAXED);
		blkdev_submit(o);
	}
}

static int flush(const struct dm_table *tb)
{
	int err = 0;

	for (u32 i = 0; i < tb->nr_devs && !err; i++)
		err = blkdev_flush(tb->devs[i]);
	return err;
}

/* Every stretch of the request that lies in one target: sent on, or looked at. */
static int each_target(struct dm_io *io, struct bio *b, bool look)
{
	struct dm_cursor c = { .b = b };
	u64 at = b->sector, left = b->req_sectors;
	int err = 0;

	while (left && !err) {
		const struct dm_target *t = dm_table_at(io->table, at);
		u64 n = t ? min(left, t->begin + t->len - at) : 0;

		if (!t)
			return -EIO;
		if (look && t->type->check)
			err = t->type->check(t, &c, at - t->begin, n);
		else if (look)
			dm_skip(&c, n);
		else if (t->type->passes)
			send(io, b, &c, t->dev, t->start + at - t->begin, n);
		else
			err = t->type->here(b->op, &c, n);
		at += n;
		left -= n;
	}
	return err;
}

/* ---- the threads ---- */

static struct bio *take(struct dm_io *io, bool *look)
{
	struct bio *b;

	spin_lock_bh(&io->lock);
	b = io->check;
	*look = b;
	if (b) {
		io->check = b->chain;
	} else if (!io->paused && (b = io->todo)) {
		io->todo = b->chain;
		if (!io->todo)
			io->todo_end = &io->todo;
		io->in_flight++;
	}
	spin_unlock_bh(&io->lock);
	return b;
}

static void serve(struct dm_io *io, struct bio *b)
{
	b->error = 0;
	b->tag = 1;
	put(io, b, b->op == BIO_FLUSH ? flush(io->table) : each_target(io, b, false));
}

static bool has_work(const struct dm_io *io)
{
	return READ_ONCE(io->stop) || READ_ONCE(io->check) ||
	       (!READ_ONCE(io->paused) && READ_ONCE(io->todo));
}

static void thread(void *arg)
{
	struct dm_io *io = arg;
	struct bio *b;
	bool look;

	do {
		while ((b = take(io, &look))) {
			if (look)
				finish(io, b, each_target(io, b, true));
			else
				serve(io, b);
		}
		(void)!waitq_wait(&io->work, has_work(io), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
	} while (!READ_ONCE(io->stop));
	spin_lock_bh(&io->lock);
	io->threads--;
	spin_unlock_bh(&io->lock);
	waitq_wake_all(&io->idle);
}

int dm_io_threads(struct dm_io *io, u32 n, const char *name)
{
	while (io->threads < n) {
		if (!kthread_create(thread, io, name))
			return io->threads ? 0 : -ENOMEM;
		spin_lock_bh(&io->lock);
		io->threads++;
		spin_unlock_bh(&io->lock);
	}
	return 0;
}

void dm_io_stop(struct dm_io *io)
{
	struct bio *b, *next;

	spin_lock_bh(&io->lock);
	io->stop = true;
	b = io->todo;
	io->todo = NULL;
	io->todo_end = &io->todo;
	spin_unlock_bh(&io->lock);
	for (; b; b = next) {
		next = b->chain;
		bio_done(b, -EIO);
	}
	waitq_wake_all(&io->work);
	(void)!waitq_wait(&io->idle, !READ_ONCE(io->threads), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
}

void dm_io_pause(struct dm_io *io)
{
	spin_lock_bh(&io->lock);
	io->paused = true;
	spin_unlock_bh(&io->lock);
	(void)!waitq_wait(&io->idle, !READ_ONCE(io->in_flight), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
}

void dm_io_resume(struct dm_io *io)
{
	spin_lock_bh(&io->lock);
	io->paused = false;
	spin_unlock_bh(&io->lock);
	waitq_wake_all(&io->work);
}

int dm_io_init(struct dm_io *io)
{
	spin_init(&io->lock, RANK_VIRTQUEUE);
	io->todo_end = &io->todo;
	waitq_init(&io->work);
	waitq_init(&io->idle);
	io->spare = kmalloc(sizeof(struct bio) + SPARE_VECS * sizeof(struct bio_vec), PAGE_KERNEL);
	return io->spare ? 0 : -ENOMEM;
}
