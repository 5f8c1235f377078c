/* SPDX-License-Identifier: MIT */
/* modules: mm/slab.c mm/buddy.c kernel/lib/fmt.c selftests/host/pages.c
 * flags: -DCONFIG_DEBUG_SLAB=1 */
/* slab: objects of many sizes hold what was written to them while others come and go; all pages
 * come back; what is written after free is noticed. */
#include <arch/cpu.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#include "unit.h"

#define NR 600

u32 nr_cpus = 1;

static struct { u8 *p; usize size; u8 fill; } held[NR];

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static void check_fill(u32 i)
{
	usize k;

	for (k = 0; k < held[i].size; k++)
		ASSERT_EQ(held[i].fill, held[i].p[k]);
}

static void put_new(u32 i, u8 *p, usize size)
{
	ASSERT_TRUE(p);
	ASSERT_EQ(0, (u64)p % 16);
	held[i].p = p;
	held[i].size = size;
	held[i].fill = (u8)host_random();
	memset(p, held[i].fill, size);
}

static usize some_size(void)
{
	switch (rnd(8)) {
	case 0: return 1 + rnd(16);
	case 1: return 2048 + rnd(9000);
	default: return 1 + rnd(2048);
	}
}

TEST(contents_stay_while_others_come_and_go)
{
	u32 i, step;
	usize size;

	slab_init();
	for (step = 0; step < 60000; step++) {
		i = rnd(NR);
		if (held[i].p) {
			check_fill(i);
			kfree(held[i].p);
			held[i].p = NULL;
		} else {
			size = some_size();
			put_new(i, kmalloc(size, PAGE_KERNEL), size);
			ASSERT_TRUE(ksize(held[i].p) >= size);
		}
	}
	for (i = 0; i < NR; i++) {
		if (held[i].p)
			check_fill(i);
		kfree(held[i].p);
	}
}

static u64 pages_of_caches;

static void add_pages(const char *name, u64 objs, u64 active, u64 size, u64 pages, void *arg)
{
	(void)name, (void)arg;
	pages_of_caches += pages;
	EXPECT_EQ(0, active);
	EXPECT_TRUE(objs * size <= pages * PAGE_SIZE);
}

TEST(empty_caches_keep_little)
{
	static void *p[3000];
	u64 before = page_nr_free();
	u32 i;

	slab_init();
	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kzalloc(100);
	EXPECT_TRUE(before - page_nr_free() >= 3000 * 128 / PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		kfree(p[i]);
	slab_for_each(add_pages, NULL);
	EXPECT_EQ(before - page_nr_free(), pages_of_caches);
	EXPECT_TRUE(pages_of_caches <= 8);		/* a magazine's worth and one free slab */
}

TEST(a_cache_of_its_own)
{
	struct slab_cache *c = slab_cache_create("test", 200, 64);
	void *p[200];
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = slab_alloc(c, PAGE_KERNEL | PAGE_ZEROED);
		ASSERT_TRUE(p[i]);
		ASSERT_EQ(0, (u64)p[i] % 64);
		for (k = 0; k < 200; k++)
			ASSERT_EQ(0, ((u8 *)p[i])[k]);
		memset(p[i], 0xff, 200);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		slab_free(c, p[i]);
	slab_free(c, NULL);
}

TEST(no_memory_is_told_and_harms_nothing)
{
	u32 n;

	slab_init();
	for (n = 0; n < 4; n++) {
		host_fail_allocations(n);
		while (kmalloc(1024, PAGE_KERNEL))
			;
		EXPECT_TRUE(!kmalloc(5000, PAGE_KERNEL));
		host_fail_allocations(-1);
		EXPECT_TRUE(kmalloc(1024, PAGE_KERNEL));
	}
	EXPECT_TRUE(!kcalloc(1ul << 40, 1ul << 30));
	EXPECT_TRUE(!kmalloc(1ul << 40, PAGE_KERNEL));
}

TEST(a_block_grows_and_shrinks)
{
	static const u32 sizes[] = { 10, 100, 101, 5000, 90, 20000, 1 };
	u8 *p = NULL;
	u32 i, k, kept = 0;

	slab_init();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = krealloc(p, sizes[i]);
		ASSERT_TRUE(p);
		for (k = 0; k < min(kept, sizes[i]); k++)
			ASSERT_EQ((u8)k, p[k]);
		for (k = 0; k < sizes[i]; k++)
			p[k] = (u8)k;
		kept = sizes[i];
	}
	kfree(p);
	host_fail_allocations(0);
	EXPECT_TRUE(!krealloc(NULL, 5000));
	host_fail_allocations(-1);
	p = (u8 *)kstrdup("a copy");
	EXPECT_STREQ("a copy", (char *)p);
	kfree(p);
	kfree(NULL);
}

TEST(writing_after_free_is_noticed)
{
	u8 *p;

	slab_init();
	p = kmalloc(64, PAGE_KERNEL);
	kfree(p);
	p[20] = 1;
	EXPECT_PANIC((void)kmalloc(64, PAGE_KERNEL));
}

TEST(too_many_caches_are_a_bug)
{
	u32 i;

	for (i = 0; i < 96; i++)
		ASSERT_TRUE(slab_cache_create("one of many", 16, 16));
	EXPECT_PANIC(slab_cache_create("one too many", 16, 16));
}
