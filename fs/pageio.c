/* SPDX-License-Identifier: MIT */
/* pageio.c - see pageio.h. Pieces of a page that are still under way are counted in bits 8 to 15 of
 * page.block_bits, the submitter being one of them; PG_ERROR gathers what went wrong.
 * Locks: none. Ref: none. Tests: selftests/unit/bio_test.c */
#include <fs/pageio.h>

#include <kernel/rcu.h>
#include <kernel/uapi.h>
#include <mm/page.h>

#define PIECE_ONE  (1u << 8)
#define PIECE_MASK (0xffu << 8)

static void piece_done(struct page *p, int error, void (*done)(struct page *p, int error))
{
	if (error)
		page_flag_set(p, PG_ERROR);
	if (__atomic_sub_fetch(&p->block_bits, PIECE_ONE, __ATOMIC_ACQ_REL) & PIECE_MASK)
		return;
	done(p, page_flags(p) & PG_ERROR ? -EIO : 0);
}

void page_io_group_init(struct page_io_group *g)
{
	atomic_set(&g->in_flight, 0);
	waitq_init(&g->wait);
	g->error = 0;
}

static void group_end(struct page_io_group *g, int error)
{
	if (error)
		WRITE_ONCE(g->error, error);
	if (atomic_sub_return(&g->in_flight, 1) == 0)
		waitq_wake_all(&g->wait);
}

int page_io_group_wait(struct page_io_group *g)
{
	int err = waitq_wait(&g->wait, atomic_read_acquire(&g->in_flight) == 0,
			     WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);

	(void)err;
	return xchg(&g->error, 0);
}

static void read_end(struct bio *b)
{
	for (u32 i = 0; i < b->nr_vecs; i++)
		piece_done(b->vecs[i].page, b->error, b->private);
	bio_free(b);
}

static void write_end(struct bio *b)
{
	struct page_io_group *g = b->owner;
	int error = b->error;

	read_end(b);
	if (g)
		group_end(g, error);
}

void page_io_begin(struct page_io *io, struct blkdev *dev, enum bio_op op, u32 flags,
		   void (*done)(struct page *p, int error))
{
	*io = (struct page_io){ .dev = dev, .op = op, .flags = flags, .done = done };
}

static void send(struct page_io *io)
{
	struct bio *b = io->bio;

	io->bio = NULL;
	if (!b)
		return;
	if (io->group)
		atomic_inc(&io->group->in_flight);
	blkdev_submit(b);
}

void page_io_page(struct page_io *io, struct page *p)
{
	(void)io;
	__atomic_fetch_add(&p->block_bits, PIECE_ONE, __ATOMIC_RELAXED);
}

void page_io_add(struct page_io *io, struct page *p, u32 off, u32 len, u64 sector)
{
	u32 before;

	if (io->bio && io->next != sector)
		send(io);
	for (;;) {
		if (!io->bio) {
			io->bio = bio_alloc(io->dev, io->op, sector, BIO_MAX_VECS, PAGE_KERNEL);
			io->bio->flags = io->flags;
			io->bio->end = write_end;
			io->bio->private = io->done;
			io->bio->owner = io->group;
		}
		before = io->bio->nr_vecs;
		if (bio_add(io->bio, p, off, len))
			break;
		send(io);
	}
	if (io->bio->nr_vecs != before)
		__atomic_fetch_add(&p->block_bits, PIECE_ONE, __ATOMIC_RELAXED);
	io->next = sector + (len >> SECTOR_SHIFT);
}

void page_io_page_end(struct page_io *io, struct page *p, int error)
{
	piece_done(p, error, io->done);
}

void page_io_end(struct page_io *io)
{
	send(io);
}
