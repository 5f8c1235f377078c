/* SPDX-License-Identifier: MIT */
/* bitmap.c - searches and ranges, a word at a time. Pure. Tests: selftests/unit/bitmap_test.c */
#include <kernel/lib/bitmap.h>

/* Bits [from, from + n) of one word. */
static u64 mask(u64 from, u64 n)
{
	u64 m = n >= 64 ? U64_MAX : BIT(n) - 1;

	return m << from;
}

void bitmap_set_range(u64 *map, u64 start, u64 n)
{
	while (n) {
		u64 from = start % 64, k = min(n, 64 - from);

		map[start / 64] |= mask(from, k);
		start += k;
		n -= k;
	}
}

void bitmap_clear_range(u64 *map, u64 start, u64 n)
{
	while (n) {
		u64 from = start % 64, k = min(n, 64 - from);

		map[start / 64] &= ~mask(from, k);
		start += k;
		n -= k;
	}
}

/* flip: all ones to look for clear bits. */
static u64 find(const u64 *map, u64 size, u64 start, u64 flip)
{
	while (start < size) {
		u64 w = (map[start / 64] ^ flip) & mask(start % 64, 64);

		if (w) {
			u64 bit = (start & ~63ul) + (u64)__builtin_ctzl(w);

			return bit < size ? bit : BITMAP_NONE;
		}
		start = (start | 63) + 1;
	}
	return BITMAP_NONE;
}

u64 bitmap_find_clear(const u64 *map, u64 size, u64 start)
{
	return find(map, size, start, U64_MAX);
}

u64 bitmap_find_set(const u64 *map, u64 size, u64 start)
{
	return find(map, size, start, 0);
}

u64 bitmap_find_run(const u64 *map, u64 size, u64 start, u64 n, u64 align)
{
	for (;;) {
		u64 first = bitmap_find_clear(map, size, start), used;

		if (first == BITMAP_NONE)
			return BITMAP_NONE;
		first = ALIGN_UP(first, align);
		if (first + n > size || first + n < first)
			return BITMAP_NONE;
		used = bitmap_find_set(map, first + n, first);
		if (used == BITMAP_NONE)
			return first;
		start = used + 1;
	}
}

/* Counts pairs, then nibbles, then adds the bytes: without FP registers there is no CNT
 * instruction. */
static u64 count_word(u64 w)
{
	w -= w >> 1 & 0x5555555555555555ul;
	w = (w & 0x3333333333333333ul) + (w >> 2 & 0x3333333333333333ul);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0ful;
	return w * 0x0101010101010101ul >> 56;
}

u64 bitmap_count(const u64 *map, u64 size)
{
	u64 n = 0, i;

	for (i = 0; i + 64 <= size; i += 64)
		n += count_word(map[i / 64]);
	if (i < size)
		n += count_word(map[i / 64] & mask(0, size - i));
	return n;
}
