/* SPDX-License-Identifier: MIT */
/* modules: mm/vmo.c mm/vmo_rw.c mm/pagecache.c mm/iter.c mm/buddy.c kernel/lib/xarray.c
 * kernel/lib/rbtree.c kernel/lib/string.c selftests/host/pages.c */
/* vmo: random writes, reads, truncations and holes against an array of bytes, with and without a
 * pager that fails now and then; which mappings are told of pages that go; every page comes
 * back. */
#include <arch/uaccess.h>
#include <kernel/lib/string.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/vmo.h>

#include "unit.h"

#define PAGES 24u
#define BYTES (PAGES * PAGE_SIZE)

static u8 model[BYTES], disk[BYTES], buf[BYTES];
static u64 model_size;
static s64 charged, charge_limit = S64_MAX;
static u32 fail_fill, mkwrites, releases;

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

/* ---- doubles ---- */

/* User memory up to there is mapped. */
static u64 user_end = U64_MAX;

static usize reachable(u64 at, usize n)
{
	return at >= user_end ? 0 : min(n, user_end - at);
}

usize uaccess_copy_in(void *dst, uaddr_t src, usize n)
{
	usize ok = reachable(src.va, n);

	memcpy(dst, (void *)src.va, ok);
	return n - ok;
}

usize uaccess_copy_out(uaddr_t dst, const void *src, usize n)
{
	usize ok = reachable(dst.va, n);

	memcpy((void *)dst.va, src, ok);
	return n - ok;
}

usize uaccess_clear(uaddr_t dst, usize n)
{
	usize ok = reachable(dst.va, n);

	memset((void *)dst.va, 0, ok);
	return n - ok;
}

int uaccess_get_u32(u32 *out, uaddr_t src)
{
	return uaccess_copy_in(out, src, 4) ? -EFAULT : 0;
}

int uaccess_rmw_u32(uaddr_t p, enum uaccess_rmw op, u32 arg, u32 *old)
{
	(void)op, (void)arg;
	return uaccess_copy_in(old, p, 4) ? -EFAULT : 0;
}

int page_wait_unlocked(struct page *p, bool killable)
{
	(void)killable;
	page_flag_clear(p, PG_LOCKED);
	return -ERESTARTSYS;
}

static u32 protected_pages;

void aspace_protect_mapping(struct vma *v, u64 first, u64 last)
{
	(void)v;
	protected_pages += (u32)(last - first + 1);
}

void clock_add(struct vmo *v) { (void)v; }
void clock_del(struct vmo *v) { (void)v; }

static struct { struct vma *v; u64 first, last; } zapped[16];
static u32 nr_zapped;

void aspace_zap_mapping(struct vma *v, u64 first, u64 last)
{
	if (nr_zapped < ARRAY_SIZE(zapped)) {
		zapped[nr_zapped].v = v;
		zapped[nr_zapped].first = first;
		zapped[nr_zapped].last = last;
	}
	nr_zapped++;
}

/* ---- a pager ---- */

static int fill(struct vmo *v, struct page *p)
{
	(void)v;
	EXPECT_TRUE(page_flags(p) & PG_LOCKED);
	if (fail_fill && rnd(fail_fill) == 0)
		return -EIO;
	memcpy(page_to_virt(p), disk + p->index * PAGE_SIZE, PAGE_SIZE);
	return 0;
}

static int charge(struct vmo *v, u64 n)
{
	(void)v;
	if (charged + (s64)n > charge_limit)
		return -ENOSPC;
	charged += (s64)n;
	return 0;
}

static void uncharge(struct vmo *v, u64 n)
{
	(void)v;
	charged -= (s64)n;
}

static int mkwrite(struct vmo *v, struct page *p, u32 from, u32 to)
{
	(void)v, (void)p, (void)from, (void)to;
	mkwrites++;
	return fail_fill && rnd(fail_fill) == 0 ? -ENOSPC : 0;
}

static void on_release(struct vmo *v)
{
	(void)v;
	releases++;
}

static const struct pager_ops memory_ops = { .charge = charge,
					     .uncharge = uncharge,
					     .release = on_release };
static const struct pager_ops disk_ops = {
	.fill = fill, .mkwrite = mkwrite, .charge = charge, .uncharge = uncharge
};

/* ---- a device that takes pages when it likes ---- */

static struct { struct page *p; u32 mask; } out[PAGES];
static u32 nr_out, fail_write, dirtied, dropped_dirty;
static s64 reserved;			/* pages told of and not yet taken or dropped */
static bool is_reserved[PAGES];

static int reserve(struct vmo *v, struct page *p, u32 from, u32 to)
{
	(void)v, (void)from, (void)to;
	if (!(page_flags(p) & PG_LOCKED))
		return -EIO;
	if (fail_fill && rnd(fail_fill) == 0)
		return -ENOSPC;
	reserved += !is_reserved[p->index];
	is_reserved[p->index] = true;
	return 0;
}

static void unreserve(u64 index)
{
	reserved -= is_reserved[index];
	is_reserved[index] = false;
}

static void on_dropped(struct vmo *v, struct page *p)
{
	(void)v;
	dropped_dirty += is_reserved[p->index];
	unreserve(p->index);
}

static void on_dirtied(struct vmo *v)
{
	(void)v;
	dirtied++;
}

/* The device finishes one page: pieces that were dirty arrive. */
static void finish_one(void)
{
	struct page *p = out[--nr_out].p;
	u32 mask = out[nr_out].mask, i;
	bool fail = fail_write && rnd(fail_write) == 0;

	for (i = 0; i < PAGE_SIZE / DIRTY_PIECE && !fail; i++)
		if (mask >> i & 1)
			memcpy(disk + p->index * PAGE_SIZE + i * DIRTY_PIECE,
			       (u8 *)page_to_virt(p) + i * DIRTY_PIECE, DIRTY_PIECE);
	page_written(p, fail ? -EIO : 0);
}

void page_wait_written(struct page *p)
{
	while (page_flags(p) & PG_WRITEBACK)
		finish_one();
}

static int write_pages(struct vmo *v, struct writeback *wb)
{
	u64 index = wb->first;
	struct page *p;
	u32 mask;

	while ((p = vmo_take_dirty(v, wb, &index, &mask))) {
		if (rnd(10) == 0 && !wb->wait) {
			page_not_written(p, mask);
			continue;
		}
		unreserve(p->index);
		out[nr_out].p = p;
		out[nr_out++].mask = mask;
		if (rnd(3) == 0)
			finish_one();
	}
	return 0;
}

static const struct pager_ops backed_ops = {
	.fill = fill,
	.mkwrite = reserve,
	.write_out = write_pages,
	.dropped = on_dropped,
	.dirtied = on_dirtied,
	.charge = charge,
	.uncharge = uncharge,
};

/* ---- random calls ---- */

static void check_all(struct vmo *v)
{
	ASSERT_EQ(model_size, v->size);
	memset(buf, 0xee, sizeof(buf));
	ASSERT_EQ(0, vmo_read_kernel(v, buf, model_size, 0));
	ASSERT_EQ(0, memcmp(model, buf, model_size));
	ASSERT_EQ(v->nr_pages, charged);
}

static void do_write(struct vmo *v)
{
	u64 pos = rnd(BYTES), n = rnd(3 * PAGE_SIZE), i;
	struct iter it;
	ssize_t got;

	n = min(n, BYTES - pos);
	for (i = 0; i < n; i++)
		buf[i] = (u8)host_random();
	ASSERT_EQ(0, iter_user(&it, UADDR((u64)buf), n));
	user_end = rnd(4) ? U64_MAX : (u64)buf + rnd((u32)n + 1);
	got = vmo_write(v, &it, (loff_t)pos);
	user_end = U64_MAX;
	if (got <= 0)
		return;
	ASSERT_TRUE((u64)got <= n);
	memcpy(model + pos, buf, (usize)got);
	model_size = max(model_size, pos + (u64)got);
}

static void do_truncate(struct vmo *v)
{
	u64 size = rnd(4) ? rnd(BYTES) : rnd(PAGES) * PAGE_SIZE;

	ASSERT_EQ(0, vmo_truncate(v, size));
	if (size < model_size) {
		memset(model + size, 0, BYTES - size);
		/* the file system frees what is behind */
		memset(disk + ALIGN_UP(size, PAGE_SIZE), 0, BYTES - ALIGN_UP(size, PAGE_SIZE));
	}
	model_size = size;
}

static void do_punch(struct vmo *v)
{
	u64 a = rnd(BYTES), b = rnd(2) ? a + rnd(PAGE_SIZE) : a + rnd(5 * PAGE_SIZE);

	b = min(b, BYTES);
	ASSERT_EQ(0, vmo_punch(v, a, b));
	memset(model + a, 0, b - a);
	if (ALIGN_UP(a, PAGE_SIZE) < ALIGN_DOWN(b, PAGE_SIZE))
		memset(disk + ALIGN_UP(a, PAGE_SIZE), 0,
		       ALIGN_DOWN(b, PAGE_SIZE) - ALIGN_UP(a, PAGE_SIZE));
}

static void do_read(struct vmo *v)
{
	u64 pos = rnd(BYTES), n = rnd(3 * PAGE_SIZE),
	    there = pos < model_size ? min(n, model_size - pos) : 0;
	struct iter it;
	ssize_t got;

	ASSERT_EQ(0, iter_user(&it, UADDR((u64)buf), n));
	if (rnd(4) == 0) {
		user_end = (u64)buf + rnd((u32)n + 1);
		got = vmo_read(v, &it, (loff_t)pos, NULL);
		there = min(there, user_end - (u64)buf);
		ASSERT_EQ(there ? (ssize_t)there : pos < model_size && n ? -EFAULT : 0, got);
		user_end = U64_MAX;
	} else {
		ASSERT_EQ(there, vmo_read(v, &it, (loff_t)pos, NULL));
	}
	ASSERT_EQ(0, memcmp(model + pos, buf, there));
}

TEST(memory_agrees_with_an_array)
{
	u64 before = page_nr_free(), blocks = host_allocations();
	struct vmo *v;
	u32 step;

	vmo_init();
	v = vmo_create(&memory_ops, NULL, 0, VMO_SHMEM);
	for (step = 0; step < 6000; step++) {
		switch (rnd(8)) {
		case 0: do_truncate(v); break;
		case 1: do_punch(v); break;
		case 2: case 3: do_read(v); break;
		default: do_write(v); break;
		}
		if (step % 8 == 0)
			check_all(v);
	}
	vmo_put(v);
	EXPECT_EQ(1, releases);
	EXPECT_EQ(0, charged);
	EXPECT_EQ(before, page_nr_free());
	EXPECT_EQ(blocks, host_allocations());
}

TEST(a_pager_that_fails_now_and_then)
{
	u64 before = page_nr_free(), i;
	u32 step, errors = 0;
	struct vmo *v;

	vmo_init();
	for (i = 0; i < BYTES; i++)
		disk[i] = model[i] = (u8)host_random();
	model_size = BYTES;
	v = vmo_create(&disk_ops, NULL, BYTES, 0);
	fail_fill = 5;
	for (step = 0; step < 3000; step++) {
		u64 pos = rnd(BYTES), n = min((u64)rnd(2 * PAGE_SIZE), BYTES - pos);
		struct iter it;
		ssize_t got;

		iter_kernel(&it, buf, n);
		if (rnd(2)) {
			got = vmo_read(v, &it, (loff_t)pos, NULL);
			ASSERT_EQ(0, memcmp(model + pos, buf, got > 0 ? (usize)got : 0));
		} else {
			memset(buf, (int)step, n);
			got = vmo_write(v, &it, (loff_t)pos);
			memcpy(model + pos, buf, got > 0 ? (usize)got : 0);
		}
		errors += got == -EIO || got == -ENOSPC;
		ASSERT_EQ(v->nr_pages, charged);
	}
	EXPECT_TRUE(errors > 5);
	EXPECT_TRUE(mkwrites > 20);		/* told once, for what is not yet dirty */
	fail_fill = 0;
	check_all(v);
	vmo_put(v);
	EXPECT_EQ(0, charged);
	EXPECT_EQ(before, page_nr_free());
}

TEST(what_was_written_reaches_the_device)
{
	u64 before = page_nr_free();
	struct vmo *v;
	u32 step;

	vmo_init();
	memset(disk, 0, sizeof(disk));
	memset(model, 0, sizeof(model));
	model_size = 0;
	charged = 0;
	v = vmo_create(&backed_ops, NULL, 0, 0);
	for (step = 0; step < 6000; step++) {
		switch (rnd(12)) {
		case 0: do_truncate(v); break;
		case 1: do_punch(v); break;
		case 2: case 3: do_read(v); break;
		case 4: ASSERT_EQ(0, vmo_write_out(v, rnd(PAGES), PAGES)); break;
		case 5:
			if (nr_out)
				finish_one();
			break;
		case 6:
			ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));
			ASSERT_EQ(0, nr_out);
			ASSERT_EQ(0, v->nr_dirty);
			ASSERT_EQ(0, reserved);
			ASSERT_EQ(0, memcmp(disk, model, model_size));
			break;
		default: do_write(v); break;
		}
		if (step % 8 == 0)
			check_all(v);
	}
	EXPECT_TRUE(dirtied > 50 && dropped_dirty > 50);
	while (nr_out)
		finish_one();
	vmo_put(v);
	EXPECT_EQ(0, reserved);
	EXPECT_EQ(0, charged);
	EXPECT_EQ(before, page_nr_free());
}

TEST(an_error_is_heard_once)
{
	struct vmo *v;
	u32 seen, other, late;

	vmo_init();
	v = vmo_create(&backed_ops, NULL, 0, 0);
	seen = other = v->errors.seq;
	fail_write = 1;
	ASSERT_EQ(0, vmo_write_kernel(v, "x", 1, 0));
	ASSERT_EQ(0, vmo_sync(v, 0, U64_MAX));
	fail_write = 0;
	late = v->errors.seq;
	/* nobody has heard of it yet: who opens it now will */
	EXPECT_TRUE(write_errors_sample(&v->errors) != late);
	EXPECT_EQ(-EIO, write_errors_check(&v->errors, &seen));
	EXPECT_EQ(late, write_errors_sample(&v->errors));
	EXPECT_EQ(0, write_errors_check(&v->errors, &seen));
	EXPECT_EQ(-EIO, write_errors_check(&v->errors, &other));
	EXPECT_EQ(0, write_errors_check(&v->errors, &late));
	EXPECT_EQ(0, v->nr_dirty);
	vmo_put(v);
}

TEST(no_room_and_no_memory)
{
	u64 before = page_nr_free();
	struct vmo *v;
	u32 n;

	vmo_init();
	v = vmo_create(&memory_ops, NULL, 0, 0);
	charge_limit = 3;
	/* a part was written */
	EXPECT_EQ(-EIO, vmo_write_kernel(v, buf, 5 * PAGE_SIZE, 0));
	EXPECT_EQ(3 * PAGE_SIZE, v->size);
	EXPECT_EQ(-ENOSPC, vmo_write_kernel(v, buf, 1, 3 * PAGE_SIZE));
	EXPECT_EQ(3 * PAGE_SIZE, v->size);
	charge_limit = S64_MAX;
	for (n = 0; n < 2; n++) {
		host_fail_allocations(n);
		EXPECT_EQ(-ENOMEM,
			  vmo_write_kernel(v, buf, 1, (loff_t)(4000 + n) * (loff_t)PAGE_SIZE));
		EXPECT_TRUE(!vmo_create(NULL, NULL, 0, 0));
		host_fail_allocations(-1);
		EXPECT_EQ(3 * PAGE_SIZE, v->size);
		EXPECT_EQ(v->nr_pages, charged);
	}
	vmo_put(v);
	EXPECT_EQ(before, page_nr_free());
}

TEST(data_and_holes_are_found)
{
	static const struct { loff_t from, data, hole; } rows[] = {
		{ 0, 2 * 4096, 0 },
		{ 100, 2 * 4096, 100 },
		{ 2 * 4096 + 5, 2 * 4096 + 5, 4 * 4096 },
		{ 4 * 4096, 7 * 4096, 4 * 4096 },
		{ 7 * 4096 + 10, 7 * 4096 + 10, 7 * 4096 + 100 },
		{ 7 * 4096 + 100, -ENXIO, -ENXIO },
		{ -1, -ENXIO, -ENXIO },
	};
	struct vmo *v;
	u32 i;

	vmo_init();
	v = vmo_create(NULL, NULL, 0, 0);
	ASSERT_EQ(0, vmo_write_kernel(v, "x", 1, 2 * PAGE_SIZE));
	ASSERT_EQ(0, vmo_write_kernel(v, "x", 1, 3 * PAGE_SIZE));
	ASSERT_EQ(0, vmo_write_kernel(v, buf, 100, 7 * PAGE_SIZE));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].data, vmo_seek_data(v, rows[i].from, false));
		EXPECT_EQ(rows[i].hole, vmo_seek_data(v, rows[i].from, true));
	}
	ASSERT_EQ(0, vmo_truncate(v, 20 * PAGE_SIZE));
	EXPECT_EQ(-ENXIO, vmo_seek_data(v, 8 * PAGE_SIZE, false));
	EXPECT_EQ(-EIO, vmo_read_kernel(v, buf, 100, 20 * PAGE_SIZE - 10));
	vmo_put(v);
}

TEST(pages_that_are_there_are_given_out)
{
	struct page *p[6], *one;
	struct vmo *v;

	vmo_init();
	v = vmo_create(NULL, NULL, 5 * PAGE_SIZE, 0);
	vmo_get(v);
	ASSERT_EQ(0, vmo_page(v, 1, VMO_READ, &one));
	EXPECT_TRUE(!one);					/* a hole */
	ASSERT_EQ(0, vmo_page(v, 1, VMO_FAULT, &one));
	ASSERT_TRUE(one);
	EXPECT_EQ(-ENXIO, vmo_page(v, 5, VMO_FAULT, &p[0]));
	vmo_peek(v, 0, 6, p);
	EXPECT_TRUE(!p[0] && p[1] == one && !p[2] && !p[5]);
	EXPECT_EQ(3, atomic_read(&one->refs));
	page_put(p[1]);
	page_flag_clear(one, PG_UPTODATE);
	page_flag_set(one, PG_LOCKED);
	vmo_peek(v, 0, 6, p);
	EXPECT_TRUE(!p[1]);
	/* who fills it takes long, a signal came */
	EXPECT_EQ(-ERESTARTSYS, vmo_page(v, 1, VMO_READ, &p[0]));
	page_flag_set(one, PG_UPTODATE);
	page_flag_set(one, PG_ICACHE);
	ASSERT_EQ(0, vmo_write_kernel(v, "x", 1, PAGE_SIZE));
	EXPECT_TRUE(!(page_flags(one) & PG_ICACHE));
	page_put(one);
	vmo_put(v);
	vmo_put(v);
}

/* ---- mappings ---- */

TEST(exactly_the_mappings_that_show_it_are_told)
{
	enum { MAPS = 12 };
	static struct vma maps[MAPS];
	struct vmo *v;
	u32 round, i, k, expected, writable;

	vmo_init();
	v = vmo_create(NULL, NULL, 64 * PAGE_SIZE, 0);
	for (round = 0; round < 500; round++) {
		u64 first = rnd(64), last = min(first + rnd(20), 63ul);

		for (i = writable = 0; i < MAPS; i++) {
			maps[i] = (struct vma){ .start = 0x10000,
						.pgoff = rnd(60),
						.flags = rnd(2) ? VMA_SHARED | VMA_MAY_WRITE
								: VMA_MAY_WRITE };
			maps[i].end = maps[i].start + (1 + rnd(10)) * PAGE_SIZE;
			writable += (maps[i].flags & VMA_SHARED) != 0;
			vmo_map_add(v, &maps[i]);
		}
		EXPECT_EQ(writable, v->nr_writable);
		nr_zapped = 0;
		ASSERT_EQ(0, vmo_punch(v, first * PAGE_SIZE, (last + 1) * PAGE_SIZE));
		for (i = expected = 0; i < MAPS; i++) {
			bool shows = maps[i].pgoff <= last &&
				     maps[i].pgoff + (maps[i].end - maps[i].start) / PAGE_SIZE >
					     first;

			for (k = 0; k < nr_zapped && zapped[k].v != &maps[i]; k++)
				;
			ASSERT_EQ(shows, k < nr_zapped);
			expected += shows;
		}
		ASSERT_EQ(expected, nr_zapped);
		for (i = 0; i < MAPS; i++)
			vmo_map_del(v, &maps[i]);
		EXPECT_EQ(0, v->nr_writable);
	}
	vmo_put(v);
}
