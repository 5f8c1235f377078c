/* SPDX-License-Identifier: MIT */
/* modules: net/checksum.c */
/* checksum: random blocks, split and shifted, against the definition of RFC 1071 word by word. */
#include <kernel/lib/byteorder.h>
#include <net/checksum.h>

#include "unit.h"

static u8 bytes[4096];

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static void fill(void)
{
	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)(host_random() >> 30);
}

/* In memory order: big-endian words, summed, folded, swapped. */
static u16 by_definition(const u8 *p, u32 n)
{
	u64 sum = 0;

	for (u32 i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (u32)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return cpu_to_be16((u16)~sum);
}

/* 0 and 0xffff are one value in ones' complement. */
static bool same(u16 a, u16 b)
{
	return a == b || ((a == 0 || a == 0xffff) && (b == 0 || b == 0xffff));
}

TEST(sums_agree_with_the_definition)
{
	fill();
	for (u32 i = 0; i < 20000; i++) {
		u32 off = rnd(64), n = rnd(i & 1 ? 80 : 3000);

		ASSERT_TRUE(same(by_definition(bytes + off, n),
				 csum_fold(csum_add_bytes(bytes + off, n, 0))));
	}
}

TEST(parts_add_up)
{
	fill();
	for (u32 i = 0; i < 20000; i++) {
		u32 n = 1 + rnd(2000), cut = rnd(n + 1), sum;

		sum = csum_add_bytes(bytes, cut, 0);
		sum = csum_add(sum, csum_shift(csum_add_bytes(bytes + cut, n - cut, 0), cut));
		ASSERT_TRUE(same(by_definition(bytes, n), csum_fold(sum)));
	}
}

TEST(long_runs_of_ones_do_not_overflow)
{
	static u8 ones[70000];

	__builtin_memset(ones, 0xff, sizeof(ones));
	EXPECT_TRUE(same(0, csum_fold(csum_add_bytes(ones, sizeof(ones), 0))));
	EXPECT_TRUE(same(0, csum_fold(csum_add_bytes(ones, sizeof(ones), 0xffffffff))));
	EXPECT_TRUE(same(0, csum_fold(csum_add(0xffffffff, 0xffffffff))));
}

TEST(a_changed_word_is_mended)
{
	fill();
	for (u32 i = 0; i < 5000; i++) {
		u32 n = 20, at = 2 * rnd(10);
		u16 sum = csum_fold(csum_add_bytes(bytes, n, 0)), old,
		    new = (u16)(host_random() >> 20);

		__builtin_memcpy(&old, bytes + at, 2);
		__builtin_memcpy(bytes + at, &new, 2);
		csum_replace16(&sum, old, new);
		ASSERT_TRUE(same(by_definition(bytes, n), sum));
	}
}

TEST(pseudo_headers)
{
	u8 h4[12] = { 10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0x12, 0x34 },
	   h6[40] = { 0x20, 1, 0xd, 0xb8 };
	u32 a, b;

	__builtin_memcpy(&a, h4, 4);
	__builtin_memcpy(&b, h4 + 4, 4);
	EXPECT_TRUE(same(by_definition(h4, 12), csum_fold(csum_pseudo4(a, b, 0x1234, 17))));
	h6[31] = 1;
	put_be32(h6 + 32, 0x12345);
	h6[39] = 58;
	EXPECT_TRUE(same(by_definition(h6, 40), csum_fold(csum_pseudo6(h6, h6 + 16, 0x12345, 58))));
}
