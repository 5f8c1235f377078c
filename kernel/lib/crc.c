/* SPDX-License-Identifier: MIT */
/* crc.c - tables are made on first use from the polynomial: eight of them for crc32c, which covers
 * every metadata block, so that eight bytes go through at a time ("slicing by 8"), unless the
 * processor has an instruction (crc32c_hook). Making them twice at once makes the same tables.
 * Ref: kernel/lib/crc.h. Tests: selftests/unit/crc_test.c */
#include "crc.h"

#define SLICES 8u

#define CASTAGNOLI 0x82f63b78u
#define IEEE 0xedb88320u

struct table {
	bool ready;
	u32 slice[SLICES][256];
};

/* Without an initial value, so that the Image has no room for them. */
static struct table castagnoli, ieee;

static __noinline void make(struct table *t, u32 poly)
{
	u32 i, k;

	for (i = 0; i < 256; i++) {
		u32 c = i;

		for (k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? poly : 0);
		t->slice[0][i] = c;
	}
	for (k = 1; k < SLICES; k++)
		for (i = 0; i < 256; i++)
			t->slice[k][i] = t->slice[k - 1][i] >> 8 ^
					 t->slice[0][t->slice[k - 1][i] & 0xff];
	__atomic_store_n(&t->ready, true, __ATOMIC_RELEASE);
}

static u32 reflected(struct table *t, u32 poly, u32 crc, const u8 *p, usize n)
{
	if (unlikely(!__atomic_load_n(&t->ready, __ATOMIC_ACQUIRE)))
		make(t, poly);
	for (; n && (u64)p % 8; n--)
		crc = crc >> 8 ^ t->slice[0][(crc ^ *p++) & 0xff];
	for (; n >= 8; n -= 8, p += 8) {
		u64 w = *(const u64 *)(const void *)p ^ crc;

		crc = t->slice[7][w & 0xff] ^ t->slice[6][w >> 8 & 0xff] ^
		      t->slice[5][w >> 16 & 0xff] ^ t->slice[4][w >> 24 & 0xff] ^
		      t->slice[3][w >> 32 & 0xff] ^ t->slice[2][w >> 40 & 0xff] ^
		      t->slice[1][w >> 48 & 0xff] ^ t->slice[0][w >> 56];
	}
	for (; n; n--)
		crc = crc >> 8 ^ t->slice[0][(crc ^ *p++) & 0xff];
	return crc;
}

crc32c_fn *crc32c_hook __ro_after_init;

u32 crc32c_table(u32 crc, const void *p, usize n)
{
	return reflected(&castagnoli, CASTAGNOLI, crc, p, n);
}

u32 crc32c(u32 crc, const void *p, usize n)
{
	return crc32c_hook ? crc32c_hook(crc, p, n) : crc32c_table(crc, p, n);
}

u32 crc32_ieee(u32 crc, const void *p, usize n)
{
	return reflected(&ieee, IEEE, crc, p, n);
}

u32 crc32_be(u32 crc, const void *p, usize n)
{
	const u8 *b = p;
	u32 k;

	for (; n; n--) {
		crc ^= (u32)*b++ << 24;
		for (k = 0; k < 8; k++)
			crc = crc << 1 ^ (crc & 0x80000000u ? 0x04c11db7u : 0);
	}
	return crc;
}

u16 crc16(u16 crc, const void *p, usize n)
{
	const u8 *b = p;
	u32 k;

	for (; n; n--) {
		crc ^= *b++;
		for (k = 0; k < 8; k++)
			crc = (u16)(crc >> 1 ^ (crc & 1 ? 0xa001u : 0));
	}
	return crc;
}
