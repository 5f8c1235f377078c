/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/bitmap.c */
/* bitmap: every search beside a naive one. */
#include <kernel/lib/bitmap.h>

#include "unit.h"

#define SIZE 200

static u64 naive_find(const u64 *map, u64 size, u64 start, bool set)
{
	for (u64 i = start; i < size; i++)
		if (bitmap_test(map, i) == set)
			return i;
	return BITMAP_NONE;
}

static u64 naive_run(const u64 *map, u64 size, u64 start, u64 n, u64 align)
{
	for (u64 i = ALIGN_UP(start, align); i + n <= size; i += align) {
		u64 used = naive_find(map, i + n, i, true);

		if (used == BITMAP_NONE)
			return i;
	}
	return BITMAP_NONE;
}

TEST(searches_agree_with_naive_ones)
{
	u64 map[BITMAP_WORDS(SIZE)] = { 0 };

	for (int step = 0; step < 20000; step++) {
		u64 at = host_random() % SIZE, n = host_random() % (SIZE - at + 1),
		    size = host_random() % (SIZE + 1);
		u64 align = 1ul << host_random() % 5, want = 1 + host_random() % 20, count = 0;

		if (step % 3 == 0)
			bitmap_set_range(map, at, n / 4);
		else
			bitmap_clear_range(map, at, n / 4);
		for (u64 i = 0; i < n / 4; i++)
			ASSERT_EQ(step % 3 == 0, bitmap_test(map, at + i));
		for (u64 i = 0; i < size; i++)
			count += bitmap_test(map, i);
		ASSERT_EQ(count, bitmap_count(map, size));
		ASSERT_EQ(naive_find(map, size, at, true), bitmap_find_set(map, size, at));
		ASSERT_EQ(naive_find(map, size, at, false), bitmap_find_clear(map, size, at));
		ASSERT_EQ(naive_run(map, size, at, want, align),
			  bitmap_find_run(map, size, at, want, align));
	}
}

TEST(ranges_stop_at_their_ends)
{
	u64 map[3] = { 0 };

	bitmap_set_range(map, 63, 66);
	EXPECT_EQ(1ul << 63, map[0]);
	EXPECT_EQ(U64_MAX, map[1]);
	EXPECT_EQ(1, map[2]);
	bitmap_clear_range(map, 64, 64);
	EXPECT_EQ(0, map[1]);
	EXPECT_EQ(1, map[2]);
	bitmap_set_range(map, 10, 0);
	EXPECT_EQ(1ul << 63, map[0]);
}
