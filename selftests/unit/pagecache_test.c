/* SPDX-License-Identifier: MIT */
/* modules: mm/vmo.c mm/vmo_rw.c mm/pagecache.c mm/iter.c fs/buf.c fs/bio.c fs/blkflush.c
 * fs/blkdev_cache.c fs/pageio.c mm/buddy.c kernel/lib/xarray.c kernel/lib/rbtree.c
 * kernel/lib/string.c selftests/host/pages.c selftests/host/disk.c selftests/host/nouser.c */
/* pagecache: the cache of a disk with the real block layer below: what is read ahead and when,
 * errors and the second try, stores through mappings, what is written of a dirty page, writers that
 * are too fast. */
#include <fs/flush.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vmo.h>

#include "disk.h"
#include "unit.h"

#define PAGES 300u
#define SPP   8u	/* sectors of a page */

static u8 image[PAGES * PAGE_SIZE], buf[64 * PAGE_SIZE];
static struct { enum bio_op op; u64 sector; u32 sectors; } seen[600];
static u32 nr_seen, protected_times, woken;
static u64 protected_first, protected_last;
static struct vmo *v;
static u64 fake_free;

void aspace_protect_mapping(struct vma *m, u64 first, u64 last)
{
	(void)m;
	protected_times++;
	protected_first = first;
	protected_last = last;
}

static s64 counts[MEM_NR];
void mem_count(enum mem_count which, s64 delta) { counts[which] += delta; }
void mem_stats_get(struct mem_stats *out)
{
	*out = (struct mem_stats){ .free = fake_free,
				   .dirty = (u64)counts[MEM_DIRTY],
				   .writeback = (u64)counts[MEM_WRITEBACK] };
}

static void see(const struct bio *b)
{
	seen[nr_seen].op = b->op;
	seen[nr_seen].sector = b->sector;
	seen[nr_seen++].sectors = b->req_sectors;
}

static void begin_sized(u64 bytes)
{
	for (u32 i = 0; i < sizeof(image); i++)
		image[i] = (u8)(i / 512 * 7 + i);
	disk_create(bytes, 1024, image);
	disk_seen = see;
	v = host_dev.vmo;
	fake_free = 100000;
	nr_seen = 0;
}

static void begin(void) { begin_sized(sizeof(image)); }

static void finish(void)
{
	disk_verdict = NULL;
	disk_settle();
	EXPECT_EQ(0, vmo_sync(v, 0, U64_MAX));
	disk_destroy();
	for (u32 i = 0; i < MEM_NR; i++)
		EXPECT_EQ(0, counts[i]);
}

static ssize_t read_at(u64 pos, usize n, struct read_ahead *ra)
{
	struct iter it;

	iter_kernel(&it, buf, n);
	return vmo_read(v, &it, (loff_t)pos, ra);
}

static bool is_there(u64 index)
{
	struct page *p;

	vmo_peek(v, index, 1, &p);
	if (p)
		page_put(p);
	return p;
}

/* ---- reading ahead ---- */

TEST(a_stream_finds_its_pages)
{
	/* the last from the mark at 140 */
	static const u32 windows[] = { 4, 8, 16, 32, 32, 32, 32, 32 };
	struct read_ahead ra = { 0 };
	u32 i, missed = 0, at = 0;

	begin();
	for (i = 0; i < 150; i++) {
		missed += !is_there(i);
		ASSERT_EQ(PAGE_SIZE, read_at(i * PAGE_SIZE, PAGE_SIZE, &ra));
		ASSERT_EQ(0, memcmp(buf, image + i * PAGE_SIZE, PAGE_SIZE));
		disk_settle();		/* the device keeps up */
	}
	EXPECT_EQ(1, missed);
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		EXPECT_EQ(at * SPP, seen[i].sector);
		EXPECT_EQ(windows[i] * SPP, seen[i].sectors);
		at += windows[i];
	}
	EXPECT_EQ(ARRAY_SIZE(windows), nr_seen);
	finish();
}

TEST(a_limit_of_its_own)
{
	struct read_ahead ra = { .max = 6 }, none = { .max = U32_MAX }, wide = { .max = 80 };
	u32 i;

	begin();
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(PAGE_SIZE, read_at(i * PAGE_SIZE, PAGE_SIZE, &ra));
		disk_settle();
	}
	for (i = 0; i < nr_seen; i++)
		EXPECT_EQ((i ? 6 : 4) * SPP, seen[i].sectors);
	EXPECT_TRUE(nr_seen >= 5 && nr_seen <= 7);
	nr_seen = 0;
	for (i = 60; i < 70; i++)
		ASSERT_EQ(PAGE_SIZE, read_at(i * PAGE_SIZE, PAGE_SIZE, &none));
	EXPECT_EQ(10, nr_seen);
	nr_seen = 0;
	/* asked for: in as few as the pages have room for */
	ASSERT_EQ(64 * PAGE_SIZE, read_at(200 * PAGE_SIZE, 64 * PAGE_SIZE, &wide));
	EXPECT_EQ(0, memcmp(buf, image + 200 * PAGE_SIZE, 64 * PAGE_SIZE));
	EXPECT_EQ(64 * SPP, seen[0].sectors + seen[1].sectors);
	finish();
}

TEST(a_random_reader_gets_what_it_asks_for)
{
	static const u32 at[] = { 200, 17, 250, 90, 140, 31 };
	struct read_ahead ra = { 0 };

	begin();
	for (u32 i = 0; i < ARRAY_SIZE(at); i++) {
		ASSERT_EQ(100, read_at(at[i] * PAGE_SIZE + 50, 100, &ra));
		EXPECT_EQ(0, memcmp(buf, image + at[i] * PAGE_SIZE + 50, 100));
		EXPECT_EQ(i + 1, nr_seen);
		EXPECT_EQ(SPP, seen[i].sectors);
	}
	finish();
}

TEST(what_is_cached_is_not_read_again)
{
	struct read_ahead ra = { 0 };

	begin();
	ASSERT_EQ(10, read_at(5 * PAGE_SIZE, 10, NULL));
	nr_seen = 0;
	vmo_read_ahead(v, 3, 6);			/* 5 is there */
	ASSERT_EQ(2, nr_seen);
	EXPECT_TRUE(seen[0].sector == 3 * SPP && seen[0].sectors == 2 * SPP &&
		    seen[1].sector == 6 * SPP && seen[1].sectors == 3 * SPP);
	disk_settle();
	vmo_read_ahead(v, PAGES - 2, 10);		/* not beyond the end */
	EXPECT_EQ(2 * SPP, seen[2].sectors);
	host_fail_allocations(2);
	vmo_read_ahead(v, 100, 8);			/* no memory: nobody is told */
	host_fail_allocations(-1);
	EXPECT_EQ(PAGE_SIZE, read_at(104 * PAGE_SIZE, PAGE_SIZE, &ra));
	EXPECT_EQ(0, memcmp(buf, image + 104 * PAGE_SIZE, PAGE_SIZE));
	finish();
}

TEST(the_end_of_a_disk_within_a_page)
{
	struct read_ahead ra = { 0 };

	begin_sized(10 * PAGE_SIZE + 3 * 512);
	EXPECT_EQ(3 * 512 + PAGE_SIZE, read_at(9 * PAGE_SIZE, 5 * PAGE_SIZE, &ra));
	EXPECT_EQ(0, memcmp(buf, image + 9 * PAGE_SIZE, PAGE_SIZE + 3 * 512));
	EXPECT_EQ(0, read_at(11 * PAGE_SIZE, 10, &ra));
	ASSERT_EQ(0, vmo_write_kernel(v, "abc", 3, 10 * PAGE_SIZE + 1000));
	ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));
	EXPECT_EQ(0, memcmp((const u8 *)disk_now() + 10 * PAGE_SIZE + 1000, "abc", 3));
	finish();
}

static u32 fail_left;
static int first_fail(const struct bio *b)
{
	return b->op == BIO_READ && fail_left && fail_left-- ? -EIO : 0;
}

TEST(an_error_ahead_is_tried_again_by_who_wants_it)
{
	struct read_ahead ra = { 0 };

	begin();
	disk_verdict = first_fail;
	fail_left = 1;
	/* the window failed, the page itself did not */
	ASSERT_EQ(PAGE_SIZE, read_at(0, PAGE_SIZE, &ra));
	EXPECT_EQ(0, memcmp(buf, image, PAGE_SIZE));
	EXPECT_EQ(2, nr_seen);
	EXPECT_EQ(SPP, seen[1].sectors);
	fail_left = 2;
	EXPECT_EQ(-EIO, read_at(100 * PAGE_SIZE, PAGE_SIZE, &ra));
	/* not remembered for ever */
	EXPECT_EQ(PAGE_SIZE, read_at(100 * PAGE_SIZE, PAGE_SIZE, &ra));
	finish();
}

static void cut(void)
{
	ASSERT_EQ(0, vmo_truncate(v, 50 * PAGE_SIZE));
}

TEST(truncated_while_it_waits)
{
	begin();
	vmo_read_ahead(v, 60, 4);
	disk_meanwhile = cut;
	EXPECT_EQ(0, read_at(61 * PAGE_SIZE, PAGE_SIZE, NULL));
	EXPECT_EQ(50 * PAGE_SIZE, v->size);
	finish();
}

/* ---- writing ---- */

static u64 written_sectors(void)
{
	u64 n = 0;

	for (u32 i = 0; i < nr_seen; i++)
		n += seen[i].op == BIO_WRITE ? seen[i].sectors : 0;
	return n;
}

TEST(only_what_changed_is_written)
{
	begin();
	ASSERT_EQ(0, vmo_write_kernel(v, "x", 1, 3 * PAGE_SIZE + 700));
	ASSERT_EQ(0, vmo_write_kernel(v, "y", 1, 3 * PAGE_SIZE + 4000));
	EXPECT_EQ(1, v->nr_dirty);
	EXPECT_EQ(1, counts[MEM_DIRTY]);
	nr_seen = 0;
	ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));
	ASSERT_EQ(2, nr_seen);
	EXPECT_TRUE(seen[0].sector == 3 * SPP + 1 && seen[0].sectors == 1 &&
		    seen[1].sector == 3 * SPP + 7 && seen[1].sectors == 1);
	EXPECT_EQ('x', ((const u8 *)disk_now())[3 * PAGE_SIZE + 700]);
	/* no smaller than the device's blocks */
	host_dev.disk->limits.logical_block = 2048;
	ASSERT_EQ(0, vmo_write_kernel(v, "x", 1, 3 * PAGE_SIZE + 700));
	nr_seen = 0;
	ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));
	ASSERT_EQ(1, nr_seen);
	EXPECT_TRUE(seen[0].sector == 3 * SPP && seen[0].sectors == 4);
	host_dev.disk->limits.logical_block = 512;
	finish();
}

TEST(what_is_taken_back_is_not_written)
{
	struct page *p;

	begin();
	ASSERT_EQ(0, vmo_write_kernel(v, buf, 1500, 7 * PAGE_SIZE));
	ASSERT_EQ(0, vmo_page(v, 7, VMO_READ, &p));
	EXPECT_EQ(7, page_dirty_mask(p));
	vmo_undirty(v, p, 0, 512);
	EXPECT_EQ(6, page_dirty_mask(p));
	vmo_undirty(v, p, 512, 1536);
	EXPECT_TRUE(!(page_flags(p) & PG_DIRTY) && !vmo_is_dirty(v));
	vmo_undirty(v, p, 0, PAGE_SIZE);
	page_put(p);
	nr_seen = 0;
	EXPECT_EQ(0, vmo_sync(v, 0, U64_MAX));
	EXPECT_EQ(0, nr_seen);
	finish();
}

TEST(a_whole_page_is_written_without_reading_it)
{
	int err;
	long n;

	begin();
	memset(buf, 0x3c, sizeof(buf));
	ASSERT_EQ(0, vmo_write_kernel(v, buf, 5 * PAGE_SIZE, 20 * PAGE_SIZE));
	EXPECT_EQ(0, nr_seen);
	/* both ends are parts */
	ASSERT_EQ(0, vmo_write_kernel(v, buf, 2 * PAGE_SIZE, 30 * PAGE_SIZE - 1));
	EXPECT_EQ(2, nr_seen);
	host_dev.read_only = true;
	EXPECT_EQ(-EPERM, vmo_write_kernel(v, buf, PAGE_SIZE, 40 * PAGE_SIZE));
	EXPECT_TRUE(!is_there(40));
	EXPECT_EQ(-EPERM, vmo_write_kernel(v, buf, 10, 41 * PAGE_SIZE));
	host_dev.read_only = false;
	for (n = 0, err = -ENOMEM; n < 10 && err == -ENOMEM; n++) {
		host_fail_allocations(n);
		err = vmo_write_kernel(v, buf, PAGE_SIZE, 150 * PAGE_SIZE);
		host_fail_allocations(-1);
		EXPECT_EQ(err == 0, is_there(150));
	}
	EXPECT_EQ(0, err);
	EXPECT_TRUE(n > 2);
	EXPECT_EQ(0, vmo_sync(v, 0, U64_MAX));
	EXPECT_EQ(0x3c, ((const u8 *)disk_now())[25 * PAGE_SIZE - 1]);
	EXPECT_EQ(image[25 * PAGE_SIZE], ((const u8 *)disk_now())[25 * PAGE_SIZE]);
	finish();
}

TEST(a_store_through_a_mapping)
{
	struct vma m = { .start = 0x10000,
			 .end = 0x10000 + 10 * PAGE_SIZE,
			 .pgoff = 5,
			 .flags = VMA_SHARED | VMA_MAY_WRITE };
	struct page *p, *q;

	begin();
	vmo_map_add(v, &m);
	ASSERT_EQ(0, vmo_page(v, 8, VMO_FAULT, &p));
	ASSERT_EQ(0, vmo_lock_for_write(v, p, 8));
	EXPECT_TRUE((page_flags(p) & (PG_LOCKED | PG_DIRTY)) == (PG_LOCKED | PG_DIRTY));
	EXPECT_EQ(0xff, page_dirty_mask(p));
	((u8 *)page_to_virt(p))[9] = 0x99;
	page_unlock(p);
	EXPECT_EQ(0, protected_times);
	ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));
	EXPECT_EQ(1, protected_times);		/* the next store is heard of */
	EXPECT_TRUE(protected_first == 8 && protected_last == 8);
	EXPECT_EQ(0x99, ((const u8 *)disk_now())[8 * PAGE_SIZE + 9]);
	EXPECT_EQ(1, vmo_lock_for_write(v, p, 9));
	host_dev.read_only = true;
	EXPECT_EQ(-EPERM, vmo_lock_for_write(v, p, 8));
	host_dev.read_only = false;
	EXPECT_TRUE(!(page_flags(p) & (PG_LOCKED | PG_DIRTY)));
	ASSERT_EQ(0, vmo_page(v, 7, VMO_FAULT, &q));
	vmo_map_del(v, &m);
	ASSERT_EQ(0, vmo_truncate(v, 7 * PAGE_SIZE + 600));
	EXPECT_EQ(1, vmo_lock_for_write(v, p, 8));
	ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));		/* the zeros behind the end */
	ASSERT_EQ(0, vmo_lock_for_write(v, q, 7));
	EXPECT_EQ(3, page_dirty_mask(q));		/* to the end of the file */
	page_unlock(q);
	page_put(p);
	page_put(q);
	finish();
}

TEST(written_again_while_it_is_written)
{
	begin();
	ASSERT_EQ(0, vmo_write_kernel(v, "a", 1, 0));
	ASSERT_EQ(0, vmo_write_out(v, 0, U64_MAX));
	EXPECT_EQ(1, counts[MEM_WRITEBACK]);
	ASSERT_EQ(0, vmo_write_kernel(v, "b", 1, 0));
	EXPECT_EQ(1, v->nr_dirty);
	nr_seen = 0;
	ASSERT_EQ(0, vmo_write_out(v, 0, U64_MAX));	/* busy: not now */
	EXPECT_EQ(0, written_sectors());
	ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));		/* who waits gets both */
	EXPECT_EQ(1, written_sectors());
	EXPECT_EQ(0, v->nr_dirty);
	EXPECT_EQ('b', ((const u8 *)disk_now())[0]);
	finish();
}

/* ---- too fast ---- */

static void wake(void) { woken++; }

TEST(writers_wait_for_the_disk)
{
	static struct proc someone;	/* threads of the kernel are never slowed down */
	u32 i;

	begin();
	current()->proc = &someone;
	flusher_wake = wake;
	for (i = 0; i < 31; i++)
		ASSERT_EQ(0, vmo_write_kernel(v, buf, PAGE_SIZE, i * PAGE_SIZE));
	vmo_balance(v);
	EXPECT_EQ(0, woken);
	/* the limits are as low as they get: 32 and 64 pages */
	fake_free = 0;
	EXPECT_EQ(32, dirty_background());
	EXPECT_EQ(64, dirty_limit());
	vmo_balance(v);
	EXPECT_EQ(0, woken);
	for (; i < 60; i++)
		ASSERT_EQ(0, vmo_write_kernel(v, buf, PAGE_SIZE, i * PAGE_SIZE));
	vmo_balance(v);
	EXPECT_TRUE(woken);
	EXPECT_EQ(0, written_sectors());	/* in the background */
	for (; i < 200; i++) {
		/* a page each: they look at the limits of themselves */
		ASSERT_EQ(0, vmo_write_kernel(v, buf, PAGE_SIZE, i * PAGE_SIZE));
		EXPECT_TRUE(counts[MEM_DIRTY] + counts[MEM_WRITEBACK] <= 64 + BALANCE_PAGES);
	}
	vmo_balance(v);
	EXPECT_TRUE(written_sectors() >= 100 * SPP);
	EXPECT_TRUE(counts[MEM_DIRTY] + counts[MEM_WRITEBACK] <= 64);
	vm_dirty_ratio = 50;
	fake_free = 1016;			/* 16 are a reserve */
	EXPECT_EQ(500, dirty_limit());
	EXPECT_EQ(100, dirty_background());
	current()->proc = NULL;
	finish();
}

TEST(the_flusher_writes_the_device)
{
	struct writeback wb = { 0, U64_MAX, 2, false };
	struct flush_item *f = &host_dev.flush;
	u32 refs = atomic_read(&host_dev.obj.refs);

	begin();
	refs = atomic_read(&host_dev.obj.refs);
	EXPECT_TRUE(!f->ops->dirty(f));
	for (u32 i = 0; i < 5; i++)
		ASSERT_EQ(0, vmo_write_kernel(v, buf, PAGE_SIZE, i * PAGE_SIZE));
	EXPECT_TRUE(f->ops->dirty(f));
	ASSERT_TRUE(f->ops->hold(f));
	EXPECT_EQ(refs + 1, atomic_read(&host_dev.obj.refs));
	ASSERT_EQ(0, f->ops->write(f, &wb));
	EXPECT_EQ(0, wb.budget);
	EXPECT_EQ(3, v->nr_dirty);
	f->ops->put(f);
	EXPECT_EQ(refs, atomic_read(&host_dev.obj.refs));
	finish();
}
