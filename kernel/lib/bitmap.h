/* SPDX-License-Identifier: MIT */
/* bitmap.h - sets of small numbers in arrays of words. Pure; the caller locks. */
#pragma once

#include <kernel/lib/compiler.h>

#define BITMAP_WORDS(n) (((n) + 63) / 64)
#define BITMAP_NONE	U64_MAX

static inline bool bitmap_test(const u64 *map, u64 bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void bitmap_set(u64 *map, u64 bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(u64 *map, u64 bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

void bitmap_set_range(u64 *map, u64 start, u64 n);
void bitmap_clear_range(u64 *map, u64 start, u64 n);
/* The first bit >= start that is clear (set), below size; BITMAP_NONE. */
u64 bitmap_find_clear(const u64 *map, u64 size, u64 start);
u64 bitmap_find_set(const u64 *map, u64 size, u64 start);
/* The first run of n clear bits at or after start, aligned to align (a power of two);
 * BITMAP_NONE. */
u64 bitmap_find_run(const u64 *map, u64 size, u64 start, u64 n, u64 align);
u64 bitmap_count(const u64 *map, u64 size);
