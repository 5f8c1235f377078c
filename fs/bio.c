/* SPDX-License-Identifier: MIT */
/* bio.c - the way of a request: submitted, collected with its neighbours, started on a queue, done.
 *
 *	blkdev_submit() --checks, partition--> stage: flush first? --> plug --> merge -->
 *	queue_request()
 *	queue_request(): disk_ops.start() takes it, or it waits in the queue's list in order; a
 *	completion starts those that wait.
 *	bio_done() --> each bio of the request: flush after it? --> end()
 *
 * Requests are chains of bios (bio.next) with consecutive sectors; the head knows the sums. A bio
 * is never split: bio_add() refuses what the device could not take in one request.
 *
 * Invariants:
 *  (1) between blkdev_submit() and end() a bio is in exactly one place: a plug, a queue's list, the
 *      driver, a flush list.
 *  (2) a request that found its queue full is started before any that came later to that queue.
 *  (3) writers never fail for want of memory: bio_alloc(PAGE_KERNEL) waits for one of a reserve
 *      that comes back by itself.
 *
 * Locks: q  disk_queue.lock (RANK_DISK_QUEUE, bottom halves off). end() runs with no lock held.
 * Ref: none. Tests: selftests/unit/bio_test.c, selftests/boot/run (disk)
 */
#include <fs/blk_int.h>

#include <arch/cpu.h>
#include <kernel/bh.h>
#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/page.h>
#include <mm/slab.h>

#define PLUG_MAX 64u /* requests a plug collects before it lets go */
#define RESERVE 16u  /* bios for when memory is gone */
#define RESERVE_VECS 16u

static struct slab_cache *small_cache; /* bios of up to SMALL_VECS */
static struct spinlock reserve_lock = SPINLOCK_INIT(RANK_DISK_QUEUE);
static struct list reserve = LIST_INIT(reserve); /* [reserve_lock] */
static struct waitq reserve_wait;

#define SMALL_VECS 4u

static usize bio_bytes(u32 vecs)
{
	return sizeof(struct bio) + vecs * sizeof(struct bio_vec);
}

/* ---- bios ---- */

static struct bio *reserve_take(void)
{
	struct bio *b;

	spin_lock_bh(&reserve_lock);
	b = list_first_or_null(&reserve, struct bio, link);
	if (b)
		list_del_init(&b->link);
	spin_unlock_bh(&reserve_lock);
	return b;
}

static struct bio *from_reserve(void)
{
	struct bio *b = NULL;
	int err = waitq_wait_exclusive(&reserve_wait, (b = reserve_take()) != NULL,
				       WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);

	(void)err;
	return b;
}

struct bio *bio_alloc(struct blkdev *dev, enum bio_op op, u64 sector, u32 max_vecs, u32 how)
{
	u32 most = min(max_vecs, min(BIO_MAX_VECS, dev->disk->limits.max_vecs));
	bool reserved = false;
	struct bio *b = most <= SMALL_VECS ? slab_alloc(small_cache, how)
					   : kmalloc(bio_bytes(most), how);

	if (unlikely(!b)) {
		if (how == PAGE_ATOMIC)
			return NULL;
		b = from_reserve(); /* (3) */
		most = min(most, RESERVE_VECS);
		reserved = true;
	}
	*b = (struct bio){
		.dev = dev, .op = op, .sector = sector, .max_vecs = most, .reserved = reserved
	};
	list_init(&b->link);
	return b;
}

static void give_reserve(struct bio *b)
{
	spin_lock_bh(&reserve_lock);
	list_add_tail(&reserve, &b->link);
	spin_unlock_bh(&reserve_lock);
	waitq_wake_one(&reserve_wait);
}

void bio_free(struct bio *b)
{
	if (b->reserved)
		give_reserve(b);
	else if (b->max_vecs <= SMALL_VECS)
		slab_free(small_cache, b);
	else
		kfree(b);
}

bool bio_add(struct bio *b, struct page *p, u32 off, u32 len)
{
	struct bio_vec *last = b->nr_vecs ? &b->vecs[b->nr_vecs - 1] : NULL;

	if (b->nr_sectors + (len >> SECTOR_SHIFT) > b->dev->disk->limits.max_sectors)
		return false;
	if (last && last->page == p && last->off + last->len == off) {
		last->len += len;
	} else {
		if (b->nr_vecs == b->max_vecs)
			return false;
		b->vecs[b->nr_vecs++] = (struct bio_vec){ p, off, len };
	}
	b->nr_sectors += len >> SECTOR_SHIFT;
	return true;
}

/* ---- accounting ---- */

static u32 stat_of(enum bio_op op)
{
	static const u8 kind[BIO_NR_OPS] = {
		[BIO_WRITE] = 1, [BIO_DISCARD] = 2, [BIO_FLUSH] = 3, [BIO_WRITE_ZEROES] = 1
	};

	return kind[op];
}

/* Milliseconds in which something was under way: counted when one begins or ends, as often as the
 * clock ticks. */
static void tick(struct blkdev *d, u64 now_ms, bool busy)
{
	u64 last = atomic_read(&d->busy_stamp);

	if (last != now_ms && atomic_cmpxchg(&d->busy_stamp, &last, now_ms))
		atomic_add(&d->busy_ms, busy ? now_ms - last : 1);
}

static void account_start(struct blkdev *d, ktime_t now)
{
	bool busy = atomic_add_return(&d->in_flight, 1) > 1;

	tick(d, (u64)now / NSEC_PER_MSEC, busy);
}

static void account_end(struct blkdev *d, const struct bio *b, ktime_t now)
{
	struct blkdev_stats *s;
	u32 k = stat_of(b->op);

	tick(d, (u64)now / NSEC_PER_MSEC, true);
	atomic_dec(&d->in_flight);
	bh_disable();
	s = &d->stats[this_cpu_id()];
	s->ios[k]++;
	s->merges[k] += b->merged;
	s->sectors[k] += b->nr_sectors;
	s->ns[k] += (u64)(now - b->start_ns);
	bh_enable();
}

static void begin(struct bio *b)
{
	b->start_ns = clock_monotonic();
	b->accounted = true;
	account_start(b->dev, b->start_ns);
	if (b->dev->partno)
		account_start(b->dev->disk->whole, b->start_ns);
}

static void end(struct bio *b)
{
	ktime_t now = clock_monotonic();

	if (b->dev->partno)
		account_end(b->dev->disk->whole, b, now);
	account_end(b->dev, b, now);
}

/* ---- queues ---- */

static struct bio *last_of(struct list *l)
{
	return list_empty(l) ? NULL : list_last(l, struct bio, link);
}

static struct disk_queue *queue_here(struct disk *d)
{
	return &d->queues[this_cpu_id() % d->nr_queues];
}

/* Starts what waits, in order (2). Returns those that failed at once, for the caller to finish
 * without the lock. */
static struct bio *start_waiting(struct disk *d, struct disk_queue *q) MUST_HOLD(q->lock)
{
	struct bio *b, *failed = NULL;
	bool any = false;

	while ((b = list_first_or_null(&q->waiting, struct bio, link))) {
		int err = d->ops->start(d, q->index, b);

		if (err == -EBUSY)
			break;
		list_del_init(&b->link);
		if (err) {
			b->error = err;
			b->chain = failed;
			failed = b;
		} else {
			any = true;
		}
	}
	if (any && d->ops->commit)
		d->ops->commit(d, q->index);
	return failed;
}

static void finish_failed(struct bio *b)
{
	while (b) {
		struct bio *next = b->chain;

		bio_done(b, b->error);
		b = next;
	}
}

/* Can b follow the request h? */
static bool can_merge(const struct bio *h, const struct bio *b)
{
	const struct disk_limits *l = &h->dev->disk->limits;

	return h->dev == b->dev && h->op == b->op && (b->op == BIO_READ || b->op == BIO_WRITE) &&
	       h->stage == STAGE_IO && b->stage == STAGE_IO && h->flags == b->flags &&
	       h->sector + h->req_sectors == b->sector &&
	       h->req_sectors + b->req_sectors <= l->max_sectors &&
	       h->req_vecs + b->req_vecs <= l->max_vecs;
}

static void merge(struct bio *h, struct bio *b)
{
	h->last->next = b;
	h->last = b->last;
	h->req_sectors += b->req_sectors;
	h->req_vecs += b->req_vecs;
	b->merged = true;
}

static void queue_requests(struct disk *d, struct list *requests)
{
	struct disk_queue *q;
	struct bio *b, *next, *failed;

	bh_disable();
	q = queue_here(d);
	spin_lock(&q->lock);
	list_for_each_entry_safe(b, next, requests, link) {
		struct bio *tail = last_of(&q->waiting);

		list_del_init(&b->link);
		if (tail && can_merge(tail, b))
			merge(tail, b);
		else
			list_add_tail(&q->waiting, &b->link);
	}
	failed = start_waiting(d, q);
	spin_unlock(&q->lock);
	bh_enable();
	finish_failed(failed);
}

void disk_queue_run(struct disk *d, u32 index)
{
	struct disk_queue *q = &d->queues[index];
	struct bio *failed;

	spin_lock_bh(&q->lock);
	failed = start_waiting(d, q);
	spin_unlock_bh(&q->lock);
	finish_failed(failed);
}

/* ---- plugs ---- */

static void unplug(struct blk_plug *p)
{
	struct bio *b, *next;

	while ((b = list_first_or_null(&p->bios, struct bio, link))) {
		struct disk *d = b->dev->disk;
		struct list same = LIST_INIT(same);

		list_for_each_entry_safe(b, next, &p->bios, link) {
			if (b->dev->disk != d)
				continue;
			list_del(&b->link);
			list_add_tail(&same, &b->link);
		}
		queue_requests(d, &same);
	}
	p->nr = 0;
}

void blk_plug_begin(struct blk_plug *p)
{
	list_init(&p->bios);
	p->nr = 0;
	p->outer = current()->plug;
	if (!p->outer)
		current()->plug = p;
}

void blk_plug_end(struct blk_plug *p)
{
	if (p->outer) /* the outer one has everything */
		return;
	current()->plug = NULL;
	unplug(p);
}

/* Before this thread sleeps: others may wait for what it has collected. */
static void unplug_sleeper(struct blk_plug *p)
{
	current()->plug = NULL; /* what is queued now may sleep itself */
	unplug(p);
	current()->plug = p;
}

static bool plug_bio(struct bio *b)
{
	struct blk_plug *p = in_bh() || in_interrupt() ? NULL : current()->plug;
	struct bio *tail;

	if (!p)
		return false;
	tail = last_of(&p->bios);
	if (tail && can_merge(tail, b)) {
		merge(tail, b);
		return true;
	}
	list_add_tail(&p->bios, &b->link);
	if (++p->nr >= PLUG_MAX)
		unplug(p);
	return true;
}

/* ---- submission ---- */

void bio_queue(struct bio *b)
{
	struct list one = LIST_INIT(one);

	b->stage = STAGE_IO;
	b->next = NULL;
	b->last = b;
	b->req_sectors = b->nr_sectors;
	b->req_vecs = b->nr_vecs;
	if (plug_bio(b))
		return;
	list_add_tail(&one, &b->link);
	queue_requests(b->dev->disk, &one);
}

static int check(const struct bio *b)
{
	const struct disk_limits *l = &b->dev->disk->limits;
	u64 end;

	if (b->op == BIO_FLUSH)
		return 0;
	if (add_of(b->sector, (u64)b->nr_sectors, &end) || end > READ_ONCE(b->dev->nr_sectors))
		return -EIO;
	if ((b->sector | b->nr_sectors) & (l->logical_block / SECTOR_SIZE - 1))
		return -EIO;
	if (b->op != BIO_READ && (b->dev->read_only || l->read_only))
		return -EPERM;
	if ((b->op == BIO_DISCARD && !l->max_discard) ||
	    (b->op == BIO_WRITE_ZEROES && !l->max_write_zeroes))
		return -EOPNOTSUPP;
	return 0;
}

void blkdev_submit(struct bio *b)
{
	int err = check(b);

	b->merged = b->accounted = false;
	b->error = 0;
	list_init(&b->link);
	if (likely(b->op != BIO_FLUSH))
		begin(b);
	if (b->op == BIO_READ)
		budget_count_io(BUDGET_DISK_READ, (u64)b->nr_sectors << SECTOR_SHIFT);
	if (unlikely(err)) {
		bio_finish(b, err);
		return;
	}
	b->sector += b->dev->start;
	if (unlikely(b->op == BIO_FLUSH || (b->flags & (BIO_PREFLUSH | BIO_FUA))))
		flush_submit(b);
	else
		bio_queue(b);
}

void bio_finish(struct bio *b, int error)
{
	b->error = error;
	if (b->accounted)
		end(b);
	b->end(b);
}

void bio_queue_flush(struct bio *b)
{
	begin(b);
	bio_queue(b);
}

void bio_done(struct bio *b, int error)
{
	while (b) {
		struct bio *next = b->next;

		if (likely(b->stage == STAGE_IO && !(b->flags & BIO_FUA)))
			bio_finish(b, error);
		else
			flush_continue(b, error);
		b = next;
	}
}

/* ---- waiting ---- */

void bio_group_begin(struct bio_group *g)
{
	atomic_set(&g->in_flight, 1);
	g->task = current();
	g->error = 0;
}

/* Once the count is zero the waiter's stack may be gone; its task stays for as long as we are
 * readers. */
void bio_group_done(struct bio_group *g, int error)
{
	struct task *t = g->task;

	if (error)
		WRITE_ONCE(g->error, error);
	rcu_read_lock();
	if (atomic_sub_return(&g->in_flight, 1) == 0)
		sched_wake(t);
	rcu_read_unlock();
}

int bio_group_wait(struct bio_group *g)
{
	int err;

	if (atomic_sub_return(&g->in_flight, 1) != 0) {
		err = task_wait(atomic_read_acquire(&g->in_flight) == 0, WAIT_UNINTERRUPTIBLE,
				WAIT_FOREVER);
		(void)err;
	}
	return READ_ONCE(g->error);
}

static void end_waited(struct bio *b)
{
	bio_group_done(b->group, b->error);
}

int blkdev_submit_wait(struct bio *b)
{
	struct bio_group g;

	bio_group_begin(&g);
	bio_group_add(&g, b);
	b->end = end_waited;
	blkdev_submit(b);
	return bio_group_wait(&g);
}

void bio_end_in_group(struct bio *b)
{
	struct bio_group *g = b->group;
	int error = b->error;

	bio_free(b);
	bio_group_done(g, error);
}

struct bio *bio_for_page(struct blkdev *dev, enum bio_op op, u64 sector, struct page *p, u32 off,
			 u32 len)
{
	struct bio *b = bio_alloc(dev, op, sector, 1, PAGE_KERNEL);

	if (!bio_add(b, p, off, len))	/* a device takes at least a page at a time */
		panic("%s: takes no page", dev->name);
	return b;
}

int blkdev_page_wait(struct blkdev *dev, enum bio_op op, u64 sector, struct page *p, u32 off,
		     u32 len, u32 flags)
{
	struct bio *b = bio_for_page(dev, op, sector, p, off, len);
	int err;

	b->flags = flags;
	err = blkdev_submit_wait(b);
	bio_free(b);
	return err;
}

static int submit_empty(struct blkdev *d, enum bio_op op, u64 sector, u32 nr_sectors)
{
	struct bio *b = bio_alloc(d, op, sector, 1, PAGE_KERNEL);
	int err;

	b->nr_sectors = nr_sectors;
	err = blkdev_submit_wait(b);
	bio_free(b);
	return err;
}

int blkdev_flush(struct blkdev *d)
{
	return d->disk->limits.write_cache ? submit_empty(d, BIO_FLUSH, 0, 0) : 0;
}

/* In requests of at most `most` sectors. */
static int in_steps(struct blkdev *d, enum bio_op op, u64 sector, u64 nr_sectors, u32 most)
{
	u32 block = d->disk->limits.logical_block / SECTOR_SIZE;
	int err = most ? 0 : -EOPNOTSUPP;

	while (nr_sectors && !err) {
		u32 n = (u32)min(nr_sectors, (u64)(most - most % block));

		err = submit_empty(d, op, sector, n);
		sector += n;
		nr_sectors -= n;
	}
	return err;
}

int blkdev_discard(struct blkdev *d, u64 sector, u64 nr_sectors)
{
	return in_steps(d, BIO_DISCARD, sector, nr_sectors, d->disk->limits.max_discard);
}

/* Devices that cannot get pages of zeros. */
int blkdev_write_zeroes(struct blkdev *d, u64 sector, u64 nr_sectors)
{
	int err = in_steps(d, BIO_WRITE_ZEROES, sector, nr_sectors,
			   d->disk->limits.max_write_zeroes);
	struct page *zeros = err == -EOPNOTSUPP ? page_alloc(0, PAGE_KERNEL | PAGE_ZEROED) : NULL;

	if (err != -EOPNOTSUPP)
		return err;
	if (!zeros)
		return -ENOMEM;
	for (err = 0; nr_sectors && !err;) {
		u32 n = (u32)min(nr_sectors, (u64)PAGE_SIZE / SECTOR_SIZE);
		err = blkdev_page_wait(d, BIO_WRITE, sector, zeros, 0, n * SECTOR_SIZE, 0);
		sector += n;
		nr_sectors -= n;
	}
	page_put(zeros);
	return err;
}

void bio_init(void)
{
	u32 i;

	small_cache = slab_cache_create("bio", bio_bytes(SMALL_VECS), 16);
	waitq_init(&reserve_wait);
	for (i = 0; i < RESERVE; i++) {
		struct bio *b = kmalloc(bio_bytes(RESERVE_VECS), PAGE_KERNEL);

		assert(b);
		list_add_tail(&reserve, &b->link);
	}
	task_before_sleep = unplug_sleeper;
}
