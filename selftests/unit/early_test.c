/* SPDX-License-Identifier: MIT */
/* modules: mm/early.c */
/* early: random memory and reservations against one byte a page; what early_take() hands out is
 * exactly what is free, once. */
#include <mm/early.h>
#include <mm/page.h>

#include "unit.h"

#define PAGES 512
#define BASE  0x40000000ul

static u8 ram[PAGES], usable[PAGES];
static u64 seed = 99;

static u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (u32)(seed >> 33) % n;
}

static u64 count(const u8 *set)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < PAGES; i++)
		n += set[i];
	return n * PAGE_SIZE;
}

/* All RAM first, then reservations: as a boot does. Unaligned edges: RAM shrinks to whole pages,
 * reservations grow. */
static void boot(u32 banks, u32 reservations)
{
	u32 i, k;

	for (i = 0; i < banks; i++) {
		u32 first = rnd(PAGES - 40), n = rnd(40), odd = rnd(2) * 100;

		early_add_ram(BASE + first * PAGE_SIZE - odd, n * PAGE_SIZE + 2 * odd);
		for (k = first; k < first + n; k++)
			ram[k] = usable[k] = 1;
	}
	for (i = 0; i < reservations; i++) {
		u32 first = rnd(PAGES - 20), n = 1 + rnd(19), odd = rnd(2) * 100;

		early_reserve(BASE + first * PAGE_SIZE + odd, n * PAGE_SIZE - 2 * odd, "test");
		for (k = first; k < first + n; k++)
			usable[k] = 0;
	}
}

TEST(sums_agree_with_a_bitmap)
{
	boot(20, 30);
	EXPECT_EQ(count(ram), ram_bytes());
	EXPECT_EQ(count(usable), early_free_bytes());
}

TEST(what_is_taken_was_free_and_is_taken_once)
{
	paddr_t start, end;
	u64 p;

	boot(25, 40);
	while (early_take(8 * PAGE_SIZE, 4 * PAGE_SIZE, &start, &end)) {
		ASSERT_TRUE(start < end && end - start <= 8 * PAGE_SIZE);
		EXPECT_TRUE(end % PAGE_SIZE == 0);
		for (p = (start - BASE) / PAGE_SIZE; p < (end - BASE) / PAGE_SIZE; p++) {
			EXPECT_EQ(1, usable[p]);
			usable[p] = 0;
		}
	}
	EXPECT_EQ(0, count(usable));
	EXPECT_EQ(0, early_free_bytes());
}

static paddr_t last_end;

static void check_bank(paddr_t start, paddr_t end, void *arg)
{
	u64 p;

	EXPECT_TRUE(start < end && start > last_end);	/* sorted, not even adjacent */
	last_end = end;
	for (p = (start - BASE) / PAGE_SIZE; p < (end - BASE) / PAGE_SIZE; p++)
		EXPECT_EQ(1, ram[p]);
	*(u64 *)arg += end - start;
}

TEST(banks_are_sorted_and_apart)
{
	u64 sum = 0;

	boot(30, 10);
	ram_for_each_bank(check_bank, &sum);
	EXPECT_EQ(count(ram), sum);
	EXPECT_EQ(last_end, ram_end());
}

TEST(odd_edges)
{
	early_add_ram(BASE + 1, PAGE_SIZE);		/* no whole page */
	EXPECT_EQ(0, ram_bytes());
	early_add_ram(LINEAR_MAX - PAGE_SIZE, 4 * PAGE_SIZE);
	EXPECT_EQ(PAGE_SIZE, ram_bytes());
	early_add_ram(LINEAR_MAX, PAGE_SIZE);
	EXPECT_EQ(PAGE_SIZE, ram_bytes());
	early_reserve(LINEAR_MAX - 1, U64_MAX, "wraps");
	EXPECT_EQ(0, early_free_bytes());
	EXPECT_EQ(PAGE_SIZE, ram_bytes());
}

TEST(out_of_memory_is_said)
{
	boot(3, 0);
	EXPECT_PANIC((void)early_alloc(1ul << 40, PAGE_SIZE));
}

MAIN

TEST(limited_ram_counts_from_below)
{
	u64 all, want = 0;

	boot(20, 10);
	all = ram_bytes();
	early_limit_ram(all);
	EXPECT_EQ(all, ram_bytes());
	early_limit_ram(all / 2 + 100);
	EXPECT_EQ(ALIGN_DOWN(all / 2 + 100, PAGE_SIZE), ram_bytes());
	for (u64 p = 0, left = ram_bytes() / PAGE_SIZE; p < PAGES && left; p++) {
		left -= ram[p];
		want += usable[p];
	}
	EXPECT_EQ(want * PAGE_SIZE, early_free_bytes());
	early_keep(BASE + 2 * PAGES * PAGE_SIZE + 5, 10);
	EXPECT_EQ(BASE + (2 * PAGES + 1) * PAGE_SIZE, ram_end());
	EXPECT_EQ(want * PAGE_SIZE, early_free_bytes());
}

TEST(what_lies_in_one_bank_is_ram)
{
	early_add_ram(BASE, 4 * PAGE_SIZE);
	early_add_ram(BASE + 8 * PAGE_SIZE, 4 * PAGE_SIZE);
	EXPECT_TRUE(early_is_ram(BASE, 4 * PAGE_SIZE));
	EXPECT_TRUE(early_is_ram(BASE + 11 * PAGE_SIZE + 5, 10));
	EXPECT_TRUE(!early_is_ram(BASE, 4 * PAGE_SIZE + 1));
	EXPECT_TRUE(!early_is_ram(BASE, 12 * PAGE_SIZE));
	EXPECT_TRUE(!early_is_ram(BASE + 5 * PAGE_SIZE, 1));
	EXPECT_TRUE(!early_is_ram(BASE, U64_MAX));
}
