/* SPDX-License-Identifier: MIT */
/* disk.c - see disk.h. Also what a kernel has for waiting, where waiting means to let the disk go
 * on. */
#include "disk.h"

#include "host.h"

#include <fs/blk_int.h>
#include <fs/buf.h>
#include <fs/flush.h>
#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/irq.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <kernel/workq.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

struct entry {
	u64 sector;
	u32 nr;			/* 0: a flush */
	bool fua;
	u8 *data;
};

struct blkdev host_dev;
void (*disk_meanwhile)(void);
bool disk_shuffle, disk_has_cache = true;
u32 disk_fail_writes, disk_skip_flush, disk_room = 256, disk_commits;
int (*disk_verdict)(const struct bio *b);
void (*disk_seen)(const struct bio *b);

static struct disk disk;
static u8 *now, *start;
static u64 size;
static struct entry *entries;
static u32 nr_entries, max_entries;
static struct {
	struct entry *entries;
	u32 nr;
	u8 *start;
	u64 size;
} kept;
static struct bio *out[256];
static u32 nr_out;

u32 nr_cpus = 1;
static u32 rnd(u32 n) { return (u32)(host_random() >> 20) % n; }

/* ---- the log ---- */

static struct entry *log_entry(void)
{
	if (nr_entries == max_entries) {
		struct entry *more = host_alloc((max_entries * 2 + 64) * sizeof(*more), 0, true);

		if (entries)
			memcpy(more, entries, nr_entries * sizeof(*more));
		host_free(entries);
		entries = more;
		max_entries = max_entries * 2 + 64;
	}
	return &entries[nr_entries++];
}

static void log_write(u64 sector, const u8 *data, u32 nr, bool fua)
{
	struct entry *e = log_entry();

	*e = (struct entry){ sector, nr, fua && disk_skip_flush < 2, NULL };
	if (!nr)
		return;
	e->data = host_alloc(nr * SECTOR_SIZE, 0, false);
	memcpy(e->data, data, nr * SECTOR_SIZE);
}

u32 disk_log_length(void) { return nr_entries; }
const void *disk_now(void) { return now; }

void disk_crash_image(u32 n, u32 p, void *image)
{
	u32 flushed = 0, i;

	for (i = 0; i < n; i++)
		if (!kept.entries[i].nr)
			flushed = i;
	memcpy(image, kept.start, kept.size);
	for (i = 0; i < n; i++) {
		struct entry *e = &kept.entries[i];
		bool safe = i < flushed || e->fua || !disk_has_cache;
		u32 from = 0, to = e->nr;

		if (!e->nr || (!safe && rnd(256) >= p))
			continue;
		if (!safe && to > 1 && rnd(8) == 0) {
			if (rnd(2))
				to = 1 + rnd(to - 1);
			else
				from = 1 + rnd(to - 1);
		}
		memcpy((u8 *)image + (e->sector + from) * SECTOR_SIZE, e->data + from * SECTOR_SIZE,
		       (to - from) * SECTOR_SIZE);
	}
}

/* ---- the driver ---- */

static int disk_start(struct disk *d, u32 q, struct bio *b)
{
	(void)d, (void)q;
	if (nr_out == min(ARRAY_SIZE(out), disk_room))
		return -EBUSY;
	if (disk_seen)
		disk_seen(b);
	out[nr_out++] = b;
	return 0;
}

static void disk_commit(struct disk *d, u32 q) { (void)d, (void)q, disk_commits++; }

static const struct disk_ops ops = { .start = disk_start, .commit = disk_commit };

static void do_bio(struct bio *b)
{
	u64 at = b->sector;

	for (u32 i = 0; i < b->nr_vecs; i++) {
		u8 *mem = (u8 *)page_to_virt(b->vecs[i].page) + b->vecs[i].off;

		if (b->op == BIO_READ) {
			memcpy(mem, now + at * SECTOR_SIZE, b->vecs[i].len);
		} else {
			memcpy(now + at * SECTOR_SIZE, mem, b->vecs[i].len);
			log_write(at, mem, b->vecs[i].len / SECTOR_SIZE,
				  b->flags & BIO_FUA && disk.limits.fua);
		}
		at += b->vecs[i].len / SECTOR_SIZE;
	}
	if (b->op == BIO_DISCARD || b->op == BIO_WRITE_ZEROES) {
		memset(now + at * SECTOR_SIZE, 0, b->nr_sectors * SECTOR_SIZE);
		log_write(at, now + at * SECTOR_SIZE, b->nr_sectors, false);
	}
	if (b->op == BIO_FLUSH && !disk_skip_flush)
		log_write(0, NULL, 0, false);
}

static void complete_one(void)
{
	u32 i = disk_shuffle ? rnd(nr_out) : 0;
	struct bio *b = out[i], *p;
	int err = 0;

	memmove(&out[i], &out[i + 1], (--nr_out - i) * sizeof(out[0]));
	if (b->op == BIO_WRITE && disk_fail_writes && rnd(disk_fail_writes) == 0)
		err = -EIO;
	else if (disk_verdict)
		err = disk_verdict(b);
	for (p = b; p && !err; p = p->next)
		do_bio(p);
	bio_done(b, err);
	disk_queue_run(&disk, 0);
}

void disk_settle(void)
{
	while (nr_out)
		complete_one();
}

static void go_on(void)
{
	void (*fn)(void) = disk_meanwhile;

	disk_meanwhile = NULL;
	if (fn)
		fn();
	if (nr_out)
		complete_one();
	else if (!fn)
		panic("this would sleep for ever");
}

/* ---- waiting ---- */

void task_wait_arm(enum wait_mode mode)
{
	(void)mode;
	if (current()->plug)
		task_before_sleep(current()->plug);
}
int task_wait_block(enum wait_mode mode, ktime_t deadline)
{
	(void)mode, (void)deadline;
	go_on();
	return 0;
}
void task_wait_done(void) {}
void (*task_before_sleep)(struct blk_plug *p);
bool sched_wake(struct task *t) { (void)t; return true; }
void waitq_enter(struct wait_entry *e, struct waitq *q, enum wait_mode mode, bool exclusive)
{
	(void)e, (void)q, (void)exclusive;
	task_wait_arm(mode);
}
int waitq_block(struct wait_entry *e, ktime_t deadline)
{
	(void)e, (void)deadline;
	go_on();
	return 0;
}

static void wait_flag(const atomic_t *word, u32 bits)
{
	if (atomic_read(word) & bits)
		task_wait_arm(WAIT_UNINTERRUPTIBLE);
	while (atomic_read(word) & bits)
		go_on();
}
void page_lock(struct page *p)
{
	wait_flag(&p->flags, PG_LOCKED);
	page_flag_set(p, PG_LOCKED);
}
void page_wait_written(struct page *p) { wait_flag(&p->flags, PG_WRITEBACK); }
void page_wait_clear(struct page *p, const atomic_t *word, u32 bits)
{
	(void)p;
	wait_flag(word, bits);
}
int page_wait_unlocked(struct page *p, bool killable)
{
	(void)killable;
	wait_flag(&p->flags, PG_LOCKED);
	return 0;
}

/* ---- what else the block layer asks for ---- */

bool in_interrupt(void) { return false; }
bool softirq_pending_here(void) { return false; }
void bh_run_pending(void) {}
void bh_timer_setup(struct bh_timer *t, void (*fn)(struct bh_timer *t)) { t->fn = fn; }
bool bh_timer_arm(struct bh_timer *t, ktime_t deadline_ns)
{
	(void)t, (void)deadline_ns;
	return false;
}
bool bh_timer_cancel(struct bh_timer *t) { (void)t; return false; }
void work_setup(struct work *w, void (*fn)(struct work *w)) { w->fn = fn; }
bool work_queue(struct work *w) { (void)w; return true; }
void work_flush(struct work *w) { (void)w; }
void synchronize_rcu(void) {}
ktime_t clock_realtime(void) { return host_now_ns(); }
void flush_item_init(struct flush_item *i, const struct flush_ops *o)
{
	i->ops = o;
	list_init(&i->link);
}
void flusher_add(struct flush_item *i) { (void)i; }
void blkdev_try_for_each(void (*fn)(struct blkdev *d, void *arg), void *arg) { fn(&host_dev, arg); }
bool object_tryget(struct object *o) { return ref_tryget(&o->refs); }
void object_put(struct object *o) { atomic_dec(&o->refs); }
__attribute__((weak)) void clock_add(struct vmo *v) { (void)v; }
__attribute__((weak)) void clock_del(struct vmo *v) { (void)v; }
void aspace_zap_mapping(struct vma *v, u64 first, u64 last);
__attribute__((weak)) void aspace_zap_mapping(struct vma *v, u64 first, u64 last)
{
	(void)v, (void)first, (void)last;
}
void aspace_protect_mapping(struct vma *v, u64 first, u64 last);
__attribute__((weak)) void aspace_protect_mapping(struct vma *v, u64 first, u64 last)
{
	(void)v, (void)first, (void)last;
}

int blkdev_set_block_size(struct blkdev *d, u32 new)
{
	if (new != d->block_size && !buf_forget_all(d))
		return -EBUSY;
	d->block_size = new;
	return 0;
}

/* ---- coming and going ---- */

void disk_create(u64 bytes, u32 block_size, const void *image)
{
	u8 *medium = host_alloc(bytes, 0, true), *before = host_alloc(bytes, 0, true);

	if (image) {
		memcpy(medium, image, bytes);
		memcpy(before, image, bytes);
	}
	disk_adopt(bytes, block_size, medium, before);
}

void disk_adopt(u64 bytes, u32 block_size, void *medium, void *before)
{
	static bool once;

	if (!once) {
		vmo_init();
		bio_init();
		buf_init();
		once = true;
	}
	size = bytes;
	now = medium;
	start = before;
	disk = (struct disk){ .name = "vdt",
			      .ops = &ops,
			      .nr_sectors = bytes / SECTOR_SIZE,
			      .nr_queues = 1,
			      .minors = 1 };
	disk.limits = (struct disk_limits){
		.logical_block = SECTOR_SIZE,
		.physical_block = SECTOR_SIZE,
		.max_sectors = 2560,
		.max_vecs = 128,
		.write_cache = disk_has_cache,
	};
	disk.queues = host_alloc(sizeof(struct disk_queue), 0, true);
	spin_init(&disk.queues->lock, RANK_DISK_QUEUE);
	list_init(&disk.queues->waiting);
	if (flush_create(&disk))
		panic("no memory for the disk's flushes");
	host_dev = (struct blkdev){ .disk = &disk,
				    .name = "vdt",
				    .nr_sectors = disk.nr_sectors,
				    .block_size = block_size };
	ref_init(&host_dev.obj.refs, 1);
	spin_init(&host_dev.bufs_lock, RANK_BUF);
	xa_init(&host_dev.bufs, &vmo_xa_mem);
	host_dev.stats = host_alloc(sizeof(struct blkdev_stats), 0, true);
	host_dev.vmo = blkdev_make_vmo(&host_dev);
	disk.whole = &host_dev;
}

static void free_entries(struct entry *e, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		host_free(e[i].data);
	host_free(e);
}

static void destroy(void)
{
	disk_settle();
	if (!buf_forget_all(&host_dev))
		panic("a buf is held while its disk goes");
	xa_destroy(&host_dev.bufs);
	vmo_put(host_dev.vmo);
	entries = NULL;
	nr_entries = max_entries = 0;
	host_free(host_dev.stats);
	host_free(disk.flush);
	host_free(disk.queues);
	host_free(now);
}

void disk_destroy(void)
{
	struct entry *e = entries;
	u32 nr = nr_entries;

	destroy();
	free_entries(e, nr);
	host_free(start);
}

void disk_keep(void)
{
	disk_forget();
	disk_settle();
	kept.entries = entries;
	kept.nr = nr_entries;
	kept.start = start;
	kept.size = size;
	entries = NULL;
	nr_entries = max_entries = 0;
}

u32 disk_kept_length(void) { return kept.nr; }

void disk_detach(void)
{
	disk_keep();
	destroy();
}

void disk_forget(void)
{
	free_entries(kept.entries, kept.nr);
	host_free(kept.start);
	kept.entries = NULL;
	kept.nr = 0;
	kept.start = NULL;
}
