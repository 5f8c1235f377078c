/* SPDX-License-Identifier: MIT */
/* modules: mm/vma.c kernel/lib/rbtree.c */
/* vma: random maps and unmaps against a bitmap: gaps, neighbours, the search from above and from
 * below. */
#include <mm/vma.h>

#include "unit.h"

#define PAGES 512
#define PAGE  4096ul
#define BASE  0x10000ul
#define MAX_V 128

static u8 used[PAGES];
static struct vma pool[MAX_V];
static bool taken[MAX_V];
static struct rb_tree tree;
static u64 seed = 12345;

static u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (u32)(seed >> 33) % n;
}

static u64 addr(u32 page)
{
	return BASE + page * PAGE;
}

static void map(u32 first, u32 n)
{
	u32 i, k;

	for (i = 0; i < MAX_V && taken[i]; i++)
		;
	if (i == MAX_V)
		return;
	for (k = first; k < first + n; k++)
		if (used[k])
			return;
	taken[i] = true;
	pool[i] = (struct vma){ .start = addr(first), .end = addr(first + n) };
	for (k = first; k < first + n; k++)
		used[k] = 1;
	vma_insert(&tree, &pool[i]);
}

static void unmap_one(void)
{
	u32 i = rnd(MAX_V);
	u64 a;

	if (!taken[i])
		return;
	for (a = pool[i].start; a < pool[i].end; a += PAGE)
		used[(a - BASE) / PAGE] = 0;
	vma_remove(&tree, &pool[i]);
	taken[i] = false;
}

/* The highest run of n free pages inside [lo, hi), by looking at every page. */
static u64 slow_gap(u32 n, u32 lo, u32 hi)
{
	u32 run = 0, p;

	for (p = hi; p-- > lo;) {
		run = used[p] ? 0 : run + 1;
		if (run == n)
			return addr(p);
	}
	return 0;
}

static u64 slow_gap_up(u32 n, u32 lo, u32 hi)
{
	u32 run = 0, p;

	for (p = lo; p < hi; p++) {
		run = used[p] ? 0 : run + 1;
		if (run == n)
			return addr(p + 1 - n);
	}
	return 0;
}

static void check(void)
{
	struct vma *v;
	u64 last = 0;
	u32 p;

	for (v = rb_entry_or_null(rb_first(&tree), struct vma, node); v; v = vma_next(v)) {
		EXPECT_TRUE(v->start >= last);
		EXPECT_EQ(v->start - last, v->gap_below);
		EXPECT_TRUE(!vma_prev(v) || vma_next(vma_prev(v)) == v);
		last = v->end;
	}
	for (p = 0; p < PAGES; p += 7) {
		v = vma_find(&tree, addr(p));
		EXPECT_EQ(used[p], v && v->start <= addr(p));
		EXPECT_EQ(!used[p], vma_range_free(&tree, addr(p), addr(p + 1)));
	}
}

TEST(gaps_are_found_like_by_hand)
{
	u32 i;

	vma_tree_init(&tree);
	EXPECT_EQ(addr(PAGES - 4), vma_find_gap(&tree, 4 * PAGE, BASE, addr(PAGES)));
	for (i = 0; i < 20000; i++) {
		u32 n = 1 + rnd(12), lo = rnd(PAGES - 20), hi = lo + rnd(PAGES - lo);

		if (rnd(3))
			map(rnd(PAGES - n), n);
		else
			unmap_one();
		EXPECT_EQ(slow_gap(n, lo, hi), vma_find_gap(&tree, n * PAGE, addr(lo), addr(hi)));
		EXPECT_EQ(slow_gap_up(n, lo, hi),
			  vma_find_gap_up(&tree, n * PAGE, addr(lo), addr(hi)));
		if (i % 500 == 0)
			check();
	}
}

TEST(resize_keeps_the_gaps)
{
	struct vma a = { .start = addr(10), .end = addr(12) },
		   b = { .start = addr(20), .end = addr(24) };

	vma_tree_init(&tree);
	vma_insert(&tree, &a);
	vma_insert(&tree, &b);
	vma_resize(&tree, &a, addr(8), addr(15));
	EXPECT_EQ(addr(8), a.gap_below);
	EXPECT_EQ(5 * PAGE, b.gap_below);
	EXPECT_EQ(addr(15), vma_find_gap(&tree, 5 * PAGE, BASE, addr(20)));
	EXPECT_EQ(0, vma_find_gap(&tree, 6 * PAGE, addr(8), addr(20)));
}

TEST(only_like_neighbours_merge)
{
	struct vma a = { .start = addr(1), .end = addr(3), .flags = VMA_READ, .pgoff = 1 };
	struct vma b = { .start = addr(3), .end = addr(4), .flags = VMA_READ, .pgoff = 3 };

	EXPECT_TRUE(vma_can_merge(&a, &b));
	b.pgoff = 4;
	EXPECT_TRUE(!vma_can_merge(&a, &b));
	b.pgoff = 3;
	b.flags = VMA_READ | VMA_WRITE;
	EXPECT_TRUE(!vma_can_merge(&a, &b));
	b.flags = a.flags = VMA_READ | VMA_SPECIAL;
	EXPECT_TRUE(!vma_can_merge(&a, &b));
	b.flags = a.flags = VMA_READ;
	b.start = addr(4);
	EXPECT_TRUE(!vma_can_merge(&a, &b));
}
