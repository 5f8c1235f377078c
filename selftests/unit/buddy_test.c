/* SPDX-License-Identifier: MIT */
/* modules: mm/buddy.c */
/* buddy: random blocks against one byte a page: nothing is given twice, blocks are aligned, free
 * buddies are joined. */
#include <mm/buddy.h>

#include "unit.h"

#define PAGES	  4096u
#define MAX_TAKEN 512

static struct page frames[PAGES];
static u8 owner[PAGES];		/* 0: free */
static struct buddy b;
static struct { struct page *p; u32 order; } taken[MAX_TAKEN];

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static u32 index_of(const struct page *p)
{
	return (u32)(p - frames);
}

static void begin(void)
{
	u32 i;

	host_vmemmap = (u64)frames;
	buddy_init(&b);
	for (i = 0; i < PAGES; i++)
		owner[i] = 0;
	for (i = 0; i < PAGES; i++)
		buddy_give(&b, &frames[i], 0);
}

static u32 free_in_model(void)
{
	u32 i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += !owner[i];
	return n;
}

/* The largest aligned free block there is, as an order; -1: none. */
static int largest_in_model(void)
{
	int order;
	u32 i, k;

	for (order = MAX_ORDER; order >= 0; order--) {
		for (i = 0; i < PAGES; i += 1u << order) {
			for (k = i; k < i + (1u << order) && !owner[k]; k++)
				;
			if (k == i + (1u << order))
				return order;
		}
	}
	return -1;
}

static void take(u32 slot, u32 order)
{
	struct page *p = buddy_take(&b, order);
	u32 i;

	if (!p) {
		ASSERT_TRUE(largest_in_model() < (int)order);
		return;
	}
	ASSERT_EQ(0, index_of(p) % (1u << order));
	ASSERT_EQ(order, page_order(p));
	for (i = 0; i < 1u << order; i++) {
		ASSERT_EQ(0, owner[index_of(p) + i]);
		owner[index_of(p) + i] = 1;
	}
	taken[slot].p = p;
	taken[slot].order = order;
}

static void give(u32 slot)
{
	u32 i;

	for (i = 0; i < 1u << taken[slot].order; i++)
		owner[index_of(taken[slot].p) + i] = 0;
	buddy_give(&b, taken[slot].p, taken[slot].order);
	taken[slot].p = NULL;
}

TEST(single_pages_become_the_largest_blocks)
{
	u32 i;

	begin();
	EXPECT_EQ(PAGES, b.nr_free);
	EXPECT_EQ(BIT(MAX_ORDER), b.nonempty);
	for (i = 0; i < PAGES >> MAX_ORDER; i++)
		EXPECT_TRUE(buddy_take(&b, MAX_ORDER));
	EXPECT_TRUE(!buddy_take(&b, 0));
	EXPECT_EQ(0, b.nr_free);
	EXPECT_EQ(0, b.nonempty);
}

TEST(random_blocks_agree_with_an_array)
{
	u32 i, slot;

	begin();
	for (i = 0; i < 30000; i++) {
		slot = rnd(MAX_TAKEN);
		if (taken[slot].p)
			give(slot);
		else
			take(slot, rnd(4) ? rnd(4) : rnd(MAX_ORDER + 1));
		if (i % 64 == 0) {
			ASSERT_EQ(free_in_model(), b.nr_free);
			ASSERT_EQ(largest_in_model(),
				  b.nonempty ? 31 - __builtin_clz(b.nonempty) : -1);
		}
	}
	for (slot = 0; slot < MAX_TAKEN; slot++)
		if (taken[slot].p)
			give(slot);
	EXPECT_EQ(PAGES, b.nr_free);
	EXPECT_EQ(BIT(MAX_ORDER), b.nonempty);
}
