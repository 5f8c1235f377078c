/* SPDX-License-Identifier: MIT */
/* blkflush.c - order on devices with a volatile cache: flush before a write, flush after it, and
 * one flush for all who wait.
 *
 *	bio with PREFLUSH ----> pending --start()--> running --flush done--> its write --FUA?-->
 *	pending (again) --> finished
 *	BIO_FLUSH itself  ----> pending ----------> running ------------> finished
 *
 * One flush is under way at a time. Those that come meanwhile wait for the next: the one that runs
 * may have begun before their data was complete. So a hundred threads in fsync share two flushes.
 *
 * Invariant: a bio in `running` came before the flush started.
 * Locks: f  disk_flush.lock (RANK_DISK_QUEUE), bottom halves off. Ref: virtio 1.2 s5.2.6.2
 * (VIRTIO_BLK_F_FLUSH).
 * Tests: selftests/unit/bio_test.c, selftests/boot/run (disk)
 */
#include <fs/blk_int.h>

#include <kernel/bh.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

struct disk_flush {
	struct spinlock lock;
	bool busy;			/* [f] */
	struct list pending, running;	/* [f] */
	struct bio bio;			/* the flush itself; no vecs */
};

static void flush_ended(struct bio *b);

/* Sends the flush for all that wait. The caller set busy. */
static void start(struct disk *d)
{
	struct disk_flush *f = d->flush;

	f->bio = (struct bio){ .dev = d->whole, .op = BIO_FLUSH, .end = flush_ended };
	list_init(&f->bio.link);
	bio_queue_flush(&f->bio);
}

static bool take_pending(struct disk_flush *f) MUST_HOLD(f->lock)
{
	if (f->busy || list_empty(&f->pending))
		return false;
	list_splice_tail(&f->running, &f->pending);
	f->busy = true;
	return true;
}

static void join(struct bio *b, enum bio_stage stage)
{
	struct disk *d = b->dev->disk;
	struct disk_flush *f = d->flush;
	bool mine;

	b->stage = (u8)stage;
	spin_lock_bh(&f->lock);
	list_add_tail(&f->pending, &b->link);
	mine = take_pending(f);
	spin_unlock_bh(&f->lock);
	if (mine)
		start(d);
}

/* The flush that b waited for is over. */
static void flushed(struct bio *b, int error)
{
	if (error || b->stage == STAGE_POSTFLUSH || b->op == BIO_FLUSH || !b->nr_sectors)
		bio_finish(b, error);
	else
		bio_queue(b);
}

static void flush_ended(struct bio *flush)
{
	struct disk *d = flush->dev->disk;
	struct disk_flush *f = d->flush;
	struct list done = LIST_INIT(done);
	struct bio *b, *next;
	int error = flush->error;
	bool again;

	spin_lock_bh(&f->lock);
	list_splice_tail(&done, &f->running);
	f->busy = false;
	again = take_pending(f);
	spin_unlock_bh(&f->lock);
	if (again)
		start(d);
	list_for_each_entry_safe(b, next, &done, link) {
		list_del_init(&b->link);
		flushed(b, error);
	}
}

void flush_submit(struct bio *b)
{
	const struct disk_limits *l = &b->dev->disk->limits;

	if (!l->write_cache) {
		if (b->op == BIO_FLUSH || !b->nr_sectors) {
			bio_finish(b, 0);
			return;
		}
		b->flags &= ~(BIO_PREFLUSH | BIO_FUA);
	}
	if (b->op == BIO_FLUSH || (b->flags & BIO_PREFLUSH))
		join(b, STAGE_PREFLUSH);
	else
		bio_queue(b);
}

/* The write of a bio with FUA is done, or the flush bio itself. */
void flush_continue(struct bio *b, int error)
{
	if (!error && (b->flags & BIO_FUA) && b->stage == STAGE_IO && !b->dev->disk->limits.fua)
		join(b, STAGE_POSTFLUSH);
	else
		bio_finish(b, error);
}

int flush_create(struct disk *d)
{
	d->flush = knew(struct disk_flush);
	if (!d->flush)
		return -ENOMEM;
	spin_init(&d->flush->lock, RANK_DISK_QUEUE);
	list_init(&d->flush->pending);
	list_init(&d->flush->running);
	return 0;
}
