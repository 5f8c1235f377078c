/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/crypto.c */
/* crypto: the vectors of RFC 8439 and FIPS 180-4, and every way of cutting an input. */
#include <kernel/lib/crypto.h>

#include "unit.h"

static void hash(const char *s, usize n, u8 out[32])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, s, n);
	sha256_final(&h, out);
}

TEST(sha256_of_abc_and_of_nothing)
{
	static const u8 abc[4] = { 0xba, 0x78, 0x16, 0xbf }, none[4] = { 0xe3, 0xb0, 0xc4, 0x42 };
	u8 out[32];
	u32 i;

	hash("abc", 3, out);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(abc[i], out[i]);
	EXPECT_EQ(0xad, out[31]);
	hash("", 0, out);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(none[i], out[i]);
	hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, out);
	EXPECT_EQ(0x24, out[0]);
	EXPECT_EQ(0xc1, out[31]);
}

TEST(sha256_does_not_mind_how_input_is_cut)
{
	char text[200];
	u8 whole[32], parts[32];
	u32 i, cut;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	hash(text, sizeof(text), whole);
	for (cut = 0; cut <= sizeof(text); cut++) {
		struct sha256 h;

		sha256_init(&h);
		sha256_update(&h, text, cut);
		sha256_update(&h, text + cut, sizeof(text) - cut);
		sha256_final(&h, parts);
		for (i = 0; i < 32; i++)
			EXPECT_EQ(whole[i], parts[i]);
	}
}

/* RFC 8439 A.1, vectors 1 and 2: key and nonce zero, counters 0 and 1. */
TEST(chacha20_zero_key)
{
	static const u32 key[8];
	u32 out[16];

	chacha20_block(key, 0, out);
	EXPECT_EQ(0xade0b876, out[0]);
	EXPECT_EQ(0x903df1a0, out[1]);
	EXPECT_EQ(0x8665eeb2, out[15]);
	chacha20_block(key, 1, out);
	EXPECT_EQ(0xbee7079f, out[0]);
	EXPECT_EQ(0x7a385155, out[1]);
}
