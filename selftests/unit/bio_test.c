/* SPDX-License-Identifier: MIT */
/* modules: fs/buf.c fs/bio.c fs/blkflush.c fs/blkdev_cache.c fs/pageio.c mm/vmo.c mm/vmo_rw.c
 * mm/pagecache.c mm/iter.c mm/buddy.c kernel/lib/xarray.c kernel/lib/rbtree.c kernel/lib/string.c
 * selftests/host/pages.c selftests/host/disk.c selftests/host/nouser.c */
/* bio: what reaches the device, in which order and in how many requests: merging, plugs, a queue
 * that is full, flushes that are shared, FUA, discards, partitions, no memory. */
#include <fs/blk_int.h>
#include <fs/buf.h>
#include <fs/pageio.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/page.h>

#include "disk.h"
#include "unit.h"

#define SECTORS 2048u

static struct { enum bio_op op; u64 sector; u32 sectors, flags; } seen[256];
static u32 nr_seen;
static u64 ended[256];			/* sectors, in order of their end */
static int errors[256];
static u32 nr_ended;
static struct page *data;

static void see(const struct bio *b)
{
	seen[nr_seen].op = b->op;
	seen[nr_seen].sector = b->sector;
	seen[nr_seen].flags = b->flags;
	seen[nr_seen++].sectors = b->op == BIO_READ || b->op == BIO_WRITE ? b->req_sectors
									  : b->nr_sectors;
}

static void begin(void)
{
	disk_create(SECTORS * SECTOR_SIZE, 1024, NULL);
	disk_seen = see;
	nr_seen = nr_ended = disk_commits = 0;
	data = page_alloc(0, PAGE_KERNEL);
	atomic_set(&data->flags, 0);
	for (u32 i = 0; i < PAGE_SIZE; i++)
		((u8 *)page_to_virt(data))[i] = (u8)(i / SECTOR_SIZE + 1);
}

static void finish(void)
{
	disk_verdict = NULL;
	disk_room = 256;
	disk_settle();
	EXPECT_EQ(0, atomic_read(&host_dev.in_flight));
	page_put(data);
	disk_destroy();
}

static void on_end(struct bio *b)
{
	ended[nr_ended] = b->sector;
	errors[nr_ended++] = b->error;
	bio_free(b);
}

/* n sectors, the k-th with k + 1 in all its bytes. */
static struct bio *make(enum bio_op op, u64 sector, u32 n, u32 flags)
{
	struct bio *b = bio_alloc(&host_dev, op, sector, 1, PAGE_KERNEL);

	b->flags = flags;
	b->end = on_end;
	if (op != BIO_READ && op != BIO_WRITE)
		b->nr_sectors = n;
	else if (n)
		EXPECT_TRUE(bio_add(b, data, 0, n * SECTOR_SIZE));
	return b;
}

static void submit(enum bio_op op, u64 sector, u32 n, u32 flags)
{
	blkdev_submit(make(op, sector, n, flags));
}

static u8 on_disk(u64 sector)
{
	return ((const u8 *)disk_now())[sector * SECTOR_SIZE];
}

TEST(neighbours_become_one_request)
{
	struct blk_plug plug;
	u32 i;

	begin();
	blk_plug_begin(&plug);
	for (i = 0; i < 8; i++)
		submit(BIO_WRITE, 10 + i, 1, 0);
	submit(BIO_WRITE, 30, 2, 0);		/* not where the last ended */
	submit(BIO_WRITE, 28, 2, 0);
	submit(BIO_READ, 30, 2, 0);		/* another kind */
	submit(BIO_READ, 32, 1, BIO_META);	/* other flags */
	EXPECT_EQ(0, nr_seen);
	EXPECT_EQ(12, atomic_read(&host_dev.in_flight));
	blk_plug_end(&plug);
	ASSERT_EQ(5, nr_seen);
	EXPECT_EQ(1, disk_commits);
	EXPECT_EQ(10, seen[0].sector);
	EXPECT_EQ(8, seen[0].sectors);
	disk_settle();
	EXPECT_EQ(12, nr_ended);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(1, on_disk(10 + i));
	EXPECT_EQ(2, on_disk(31));
	EXPECT_EQ(7, host_dev.stats->merges[1]);
	EXPECT_EQ(10, host_dev.stats->ios[1]);
	EXPECT_EQ(12, host_dev.stats->sectors[1]);
	EXPECT_EQ(2, host_dev.stats->ios[0]);
	finish();
}

TEST(requests_stay_within_the_devices_limits)
{
	struct blk_plug plug;
	struct bio *b;
	u32 i;

	begin();
	host_dev.disk->limits.max_sectors = 5;
	blk_plug_begin(&plug);
	for (i = 0; i < 12; i++)
		submit(BIO_WRITE, i, 1, 0);
	blk_plug_end(&plug);
	ASSERT_EQ(3, nr_seen);
	EXPECT_TRUE(seen[0].sectors == 5 && seen[1].sectors == 5 && seen[2].sectors == 2);
	b = bio_alloc(&host_dev, BIO_WRITE, 0, 2, PAGE_KERNEL);
	EXPECT_TRUE(!bio_add(b, data, 0, 6 * SECTOR_SIZE));
	EXPECT_TRUE(bio_add(b, data, 0, SECTOR_SIZE));
	/* goes on where the last ended */
	EXPECT_TRUE(bio_add(b, data, SECTOR_SIZE, SECTOR_SIZE));
	EXPECT_EQ(1, b->nr_vecs);
	EXPECT_TRUE(bio_add(b, data, 0, SECTOR_SIZE));
	EXPECT_TRUE(!bio_add(b, data, 3 * SECTOR_SIZE, SECTOR_SIZE));	/* no vec left */
	bio_free(b);
	host_dev.disk->limits.max_vecs = 2;
	b = bio_alloc(&host_dev, BIO_WRITE, 0, 100, PAGE_KERNEL);
	EXPECT_EQ(2, b->max_vecs);
	bio_free(b);
	finish();
}

TEST(plugs_let_go_when_they_are_many_nested_or_asleep)
{
	struct blk_plug outer, inner;
	struct bio *b;
	u32 i;

	begin();
	blk_plug_begin(&outer);
	blk_plug_begin(&inner);
	submit(BIO_WRITE, 0, 1, 0);
	blk_plug_end(&inner);
	EXPECT_EQ(0, nr_seen);
	b = make(BIO_READ, 100, 1, 0);
	EXPECT_EQ(0, blkdev_submit_wait(b));	/* a sleeper keeps nothing back */
	bio_free(b);
	EXPECT_EQ(2, nr_seen);
	EXPECT_TRUE(current()->plug == &outer);
	for (i = 0; i < 63; i++)
		submit(BIO_WRITE, 200 + 2 * i, 1, 0);
	EXPECT_EQ(2, nr_seen);
	submit(BIO_WRITE, 200 + 2 * i, 1, 0);
	EXPECT_EQ(66, nr_seen);
	blk_plug_end(&outer);
	EXPECT_TRUE(!current()->plug);
	finish();
}

TEST(a_full_queue_keeps_the_order)
{
	u32 i;

	begin();
	disk_room = 1;
	for (i = 0; i < 20; i++)
		submit(BIO_WRITE, 100 - 3 * i, 1, 0);
	submit(BIO_WRITE, 100 - 3 * 19 + 1, 1, 0);	/* while it waits it still grows */
	EXPECT_EQ(1, nr_seen);
	disk_settle();
	ASSERT_EQ(20, nr_seen);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(100 - 3 * i, seen[i].sector);
	EXPECT_EQ(2, seen[19].sectors);
	EXPECT_EQ(21, nr_ended);
	finish();
}

static int refuse_three(struct disk *d, u32 q, struct bio *b)
{
	(void)d, (void)q;
	return b->sector == 3 ? -ENOSPC : -EBUSY;
}

TEST(what_the_driver_refuses_ends_at_once)
{
	static const struct disk_ops none = { .start = refuse_three };
	const struct disk_ops *real;

	begin();
	real = host_dev.disk->ops;
	host_dev.disk->ops = &none;
	submit(BIO_WRITE, 3, 1, 0);
	ASSERT_EQ(1, nr_ended);
	EXPECT_EQ(-ENOSPC, errors[0]);
	submit(BIO_WRITE, 4, 1, 0);
	EXPECT_EQ(1, nr_ended);
	host_dev.disk->ops = real;
	disk_queue_run(host_dev.disk, 0);
	disk_settle();
	EXPECT_EQ(2, nr_ended);
	EXPECT_EQ(0, errors[1]);
	finish();
}

TEST(requests_that_cannot_be)
{
	static const struct {
		enum bio_op op;
		u64 sector;
		u32 n, block;
		bool read_only;
		int err;
	} rows[] = {
		{ BIO_READ, SECTORS - 1, 1, 512, true, 0 },
		{ BIO_READ, SECTORS, 1, 512, false, -EIO },
		{ BIO_WRITE, SECTORS - 1, 2, 512, false, -EIO },
		{ BIO_READ, U64_MAX, 1, 512, false, -EIO },
		{ BIO_READ, 4, 8, 4096, false, -EIO },
		{ BIO_READ, 8, 4, 4096, false, -EIO },
		{ BIO_READ, 8, 8, 4096, false, 0 },
		{ BIO_WRITE, 0, 1, 512, true, -EPERM },
		{ BIO_DISCARD, 0, 1, 512, false, -EOPNOTSUPP },
		{ BIO_WRITE_ZEROES, 0, 1, 512, false, -EOPNOTSUPP },
	};

	begin();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		host_dev.disk->limits.logical_block = rows[i].block;
		host_dev.read_only = rows[i].read_only;
		submit(rows[i].op, rows[i].sector, rows[i].n, 0);
		disk_settle();
		ASSERT_EQ(i + 1, nr_ended);
		EXPECT_EQ(rows[i].err, errors[i]);
	}
	host_dev.read_only = false;
	finish();
}

TEST(discards_and_zeroes_go_in_steps)
{
	u32 i;

	begin();
	for (i = 0; i < 10; i++)
		submit(BIO_WRITE, 8 * i, 8, 0);
	disk_settle();
	nr_seen = 0;
	EXPECT_EQ(-EOPNOTSUPP, blkdev_discard(&host_dev, 0, 8));
	host_dev.disk->limits.max_discard = 17;
	host_dev.disk->limits.logical_block = 4096;
	EXPECT_EQ(0, blkdev_discard(&host_dev, 8, 40));
	ASSERT_EQ(3, nr_seen);			/* whole blocks each */
	EXPECT_TRUE(seen[0].sectors == 16 && seen[1].sectors == 16 && seen[2].sectors == 8);
	EXPECT_TRUE(on_disk(7) == 8 && on_disk(8) == 0 && on_disk(47) == 0 && on_disk(48) == 1);
	EXPECT_EQ(3, host_dev.stats->ios[2]);
	nr_seen = 0;
	host_dev.disk->limits.logical_block = 512;
	/* the device cannot: pages of zeros */
	EXPECT_EQ(0, blkdev_write_zeroes(&host_dev, 50, 11));
	ASSERT_EQ(2, nr_seen);
	EXPECT_TRUE(seen[0].op == BIO_WRITE && seen[0].sectors == 8 && seen[1].sectors == 3);
	EXPECT_TRUE(on_disk(49) == 2 && on_disk(50) == 0 && on_disk(60) == 0 && on_disk(61) == 6);
	host_dev.disk->limits.max_write_zeroes = 100;
	EXPECT_EQ(0, blkdev_write_zeroes(&host_dev, 61, 2));
	EXPECT_TRUE(seen[2].op == BIO_WRITE_ZEROES && on_disk(62) == 0 && on_disk(63) == 8);
	EXPECT_EQ(-EIO, blkdev_write_zeroes(&host_dev, SECTORS - 1, 2));
	host_dev.disk->limits.max_write_zeroes = 0;
	host_fail_allocations(0);
	EXPECT_EQ(-ENOMEM, blkdev_write_zeroes(&host_dev, 0, 1));
	host_fail_allocations(-1);
	finish();
}

/* ---- flushes ---- */

TEST(one_flush_for_all_who_wait)
{
	u32 i;

	begin();
	for (i = 0; i < 10; i++)
		submit(BIO_FLUSH, 0, 0, 0);
	EXPECT_EQ(1, nr_seen);		/* the others came after it began */
	disk_settle();
	EXPECT_EQ(2, nr_seen);
	EXPECT_EQ(10, nr_ended);
	EXPECT_EQ(0, blkdev_flush(&host_dev));
	EXPECT_EQ(3, nr_seen);
	finish();
}

TEST(flush_write_flush)
{
	begin();
	submit(BIO_WRITE, 5, 1, BIO_PREFLUSH | BIO_FUA);
	disk_settle();
	ASSERT_EQ(3, nr_seen);
	EXPECT_TRUE(seen[0].op == BIO_FLUSH && seen[1].op == BIO_WRITE && seen[1].sector == 5 &&
		    seen[2].op == BIO_FLUSH);
	EXPECT_EQ(1, nr_ended);
	host_dev.disk->limits.fua = true;
	submit(BIO_WRITE, 6, 1, BIO_PREFLUSH | BIO_FUA);
	disk_settle();
	ASSERT_EQ(5, nr_seen);
	EXPECT_TRUE(seen[3].op == BIO_FLUSH && seen[4].op == BIO_WRITE &&
		    (seen[4].flags & BIO_FUA));
	submit(BIO_WRITE, 7, 0, BIO_PREFLUSH);		/* nothing but the flush */
	disk_settle();
	EXPECT_EQ(6, nr_seen);
	EXPECT_EQ(3, nr_ended);
	host_dev.disk->limits.write_cache = false;
	submit(BIO_WRITE, 8, 1, BIO_PREFLUSH | BIO_FUA);
	submit(BIO_WRITE, 9, 0, BIO_PREFLUSH);
	submit(BIO_FLUSH, 0, 0, 0);
	EXPECT_EQ(0, blkdev_flush(&host_dev));
	disk_settle();
	EXPECT_EQ(7, nr_seen);
	EXPECT_TRUE(seen[6].op == BIO_WRITE && seen[6].sector == 8 && !seen[6].flags);
	EXPECT_EQ(6, nr_ended);
	finish();
}

static int no_flush(const struct bio *b) { return b->op == BIO_FLUSH ? -EIO : 0; }
static int nothing(const struct bio *b) { (void)b; return -EIO; }

TEST(a_flush_that_fails_is_everybodys)
{
	begin();
	disk_verdict = no_flush;
	submit(BIO_WRITE, 5, 1, BIO_PREFLUSH);		/* never written */
	submit(BIO_WRITE, 6, 1, BIO_FUA);		/* written, and not known to be safe */
	submit(BIO_FLUSH, 0, 0, 0);
	submit(BIO_WRITE, 7, 1, 0);
	disk_settle();
	ASSERT_EQ(4, nr_ended);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(ended[i] == 7 ? 0 : -EIO, errors[i]);
	EXPECT_TRUE(on_disk(5) == 0 && on_disk(6) == 1);
	nr_seen = 0;
	disk_verdict = nothing;
	submit(BIO_WRITE, 9, 1, BIO_FUA);		/* no flush for what was not written */
	disk_settle();
	EXPECT_EQ(1, nr_seen);
	EXPECT_EQ(-EIO, errors[4]);
	finish();
}

/* ---- partitions, memory ---- */

TEST(a_partition_counts_for_its_disk)
{
	static struct blkdev_stats stats;
	struct blkdev part = { .disk = host_dev.disk,
			       .partno = 1,
			       .name = "vdt1",
			       .start = 100,
			       .nr_sectors = 50,
			       .stats = &stats };
	struct bio *b;

	begin();
	part.disk = host_dev.disk;
	b = make(BIO_WRITE, 7, 2, 0);
	b->dev = &part;
	blkdev_submit(b);
	EXPECT_EQ(1, atomic_read(&part.in_flight));
	EXPECT_EQ(1, atomic_read(&host_dev.in_flight));
	EXPECT_EQ(107, seen[0].sector);
	b = make(BIO_WRITE, 49, 2, 0);
	b->dev = &part;
	blkdev_submit(b);
	EXPECT_EQ(-EIO, errors[0]);
	disk_settle();
	EXPECT_EQ(0, atomic_read(&part.in_flight));
	EXPECT_EQ(2, stats.ios[1]);
	EXPECT_EQ(2, host_dev.stats->ios[1]);
	finish();
}

static struct bio *held[16];

static void give_one_back(void)
{
	bio_free(held[3]);
	held[3] = NULL;
}

TEST(writers_get_a_bio_without_memory)
{
	struct bio *b;
	u32 i;

	begin();
	host_fail_allocations(0);
	EXPECT_TRUE(!bio_alloc(&host_dev, BIO_WRITE, 0, 1, PAGE_ATOMIC));
	for (i = 0; i < 16; i++) {
		held[i] = bio_alloc(&host_dev, BIO_WRITE, i, 200, PAGE_KERNEL);
		ASSERT_TRUE(held[i] && held[i]->reserved && held[i]->max_vecs == 16);
	}
	disk_meanwhile = give_one_back;
	/* waits for one that comes back */
	b = bio_alloc(&host_dev, BIO_WRITE, 99, 1, PAGE_KERNEL);
	ASSERT_TRUE(b && !held[3]);
	b->end = on_end;
	EXPECT_TRUE(bio_add(b, data, 0, SECTOR_SIZE));
	blkdev_submit(b);
	host_fail_allocations(-1);
	disk_settle();
	EXPECT_EQ(1, on_disk(99));
	host_fail_allocations(0);
	held[3] = bio_alloc(&host_dev, BIO_WRITE, 0, 1, PAGE_KERNEL);
	for (i = 0; i < 16; i++)
		bio_free(held[i]);
	host_fail_allocations(-1);
	finish();
}

/* ---- pages ---- */

static u32 nr_done, nr_failed;

static void page_done(struct page *p, int error)
{
	(void)p;
	nr_done++;
	nr_failed += error != 0;
}

static int odd_fails(const struct bio *b) { return b->sector == 64 ? -ENOSPC : 0; }

TEST(pages_are_done_when_their_pieces_are)
{
	struct page_io_group g;
	struct page_io io;
	struct page *p[3];
	u32 i;

	begin();
	page_io_group_init(&g);
	disk_room = 2;
	disk_verdict = odd_fails;
	page_io_begin(&io, &host_dev, BIO_WRITE, 0, page_done);
	io.group = &g;
	for (i = 0; i < 3; i++) {
		p[i] = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
		atomic_set(&p[i]->flags, 0);
		page_io_page(&io, p[i]);
		/* neighbours of the page before */
		page_io_add(&io, p[i], 0, 1024, 16 + 2 * i);
		if (i == 1)
			page_io_add(&io, p[i], 1024, 512, 64);
		page_io_page_end(&io, p[i], 0);
	}
	EXPECT_EQ(0, nr_done);
	page_io_end(&io);
	page_io_end(&io);		/* nothing is left to send */
	EXPECT_EQ(-ENOSPC, page_io_group_wait(&g));
	EXPECT_EQ(0, page_io_group_wait(&g));
	EXPECT_EQ(3, nr_done);
	EXPECT_EQ(1, nr_failed);
	EXPECT_TRUE(page_flags(p[1]) & PG_ERROR);
	EXPECT_EQ(3, nr_seen);		/* 16-19, 64, 20 */
	for (i = 0; i < 3; i++)
		page_put(p[i]);
	finish();
}

static int no_reads(const struct bio *b) { return b->op == BIO_READ ? -EIO : 0; }
static int no_writes(const struct bio *b) { return b->op == BIO_WRITE ? -EIO : 0; }

TEST(bufs)
{
	struct buf *b = NULL, *c = NULL;

	begin();
	disk_verdict = no_reads;
	EXPECT_EQ(-EIO, buf_read(&host_dev, 4, &b));
	/* a part of a page: the rest must be read */
	EXPECT_EQ(-EIO, buf_new(&host_dev, 4, &b));
	disk_verdict = NULL;
	EXPECT_EQ(-EIO, buf_read(&host_dev, SECTORS / 2, &b));
	EXPECT_EQ(-EIO, buf_new(&host_dev, SECTORS / 2, &b));
	for (long n = 0; n < 2; n++) {
		host_fail_allocations(n);
		EXPECT_EQ(-ENOMEM, buf_read(&host_dev, 4 + 4 * (u64)n, &b));
		EXPECT_EQ(-ENOMEM, buf_new(&host_dev, 4 + 4 * (u64)n, &b));
		host_fail_allocations(-1);
	}
	ASSERT_EQ(0, buf_read(&host_dev, 4, &b));
	ASSERT_EQ(0, buf_read(&host_dev, 4, &c));
	EXPECT_TRUE(b == c);
	buf_put(c);
	EXPECT_TRUE(!buf_find(&host_dev, 5));
	nr_seen = 0;
	buf_readahead(&host_dev, 100, 30);			/* pages 25 to 32 */
	buf_readahead(&host_dev, 100, 0);
	EXPECT_EQ(1, nr_seen);
	EXPECT_EQ(64, seen[0].sectors);
	EXPECT_TRUE(seen[0].flags & BIO_READAHEAD);
	ASSERT_EQ(0, buf_read(&host_dev, 110, &c));		/* waits for it */
	EXPECT_EQ(1, nr_seen);
	buf_put(c);

	disk_verdict = no_writes;
	memset(b->data, 0x55, b->size);
	EXPECT_EQ(-EIO, buf_write(&b, 1, BIO_FUA));
	EXPECT_TRUE(buf_flag(b, BUF_WRITE_ERROR));
	buf_dirty(b);
	EXPECT_EQ(-EIO, buf_sync(&host_dev));
	disk_verdict = NULL;
	EXPECT_EQ(0, buf_write(&b, 1, 0));
	EXPECT_TRUE(!buf_flag(b, BUF_WRITE_ERROR));
	EXPECT_EQ(0x55, on_disk(8));
	EXPECT_TRUE(!buf_forget_all(&host_dev));		/* one is held */
	buf_put(b);
	EXPECT_TRUE(buf_forget_all(&host_dev));
	EXPECT_TRUE(!buf_find(&host_dev, 4));
	finish();
}

TEST(a_whole_page_is_not_read_to_be_overwritten)
{
	struct buf *b, *c;

	begin();
	host_dev.block_size = PAGE_SIZE;
	ASSERT_EQ(0, buf_new(&host_dev, 3, &b));
	EXPECT_EQ(0, nr_seen);
	EXPECT_TRUE(mem_is_zero(b->data, PAGE_SIZE));
	memset(b->data, 7, PAGE_SIZE);
	buf_dirty(b);
	ASSERT_EQ(0, buf_sync(&host_dev));
	EXPECT_EQ(7, on_disk(24));
	ASSERT_EQ(0, buf_new(&host_dev, 3, &c));		/* that is cached */
	EXPECT_TRUE(b == c && mem_is_zero(b->data, PAGE_SIZE));
	buf_put(b);
	buf_put(c);
	EXPECT_TRUE(buf_forget_all(&host_dev));
	ASSERT_EQ(0, buf_new(&host_dev, 3, &b));		/* the page is still there */
	EXPECT_EQ(1, nr_seen);
	buf_put(b);
	finish();
}
