/* SPDX-License-Identifier: MIT */
/* dirhash.c - the hashes of names by which large directories are ordered. Pure.
 *
 * Three functions, each in a flavour that takes characters as signed and one that does not: the
 * machine that made the file system decided. The lowest bit of the result is kept free: an index
 * uses it to say "the same hash goes on here".
 *
 * Ref: ext4/directory.rst ("hash tree directories"); RFC 1320 (MD4), of which half is used; Wheeler
 * and Needham, "TEA".
 * Tests: selftests/unit/ext_dir_test.c (against debugfs dx_hash)
 */
#include "dir_int.h"

#include <kernel/lib/byteorder.h>

static u32 rol(u32 v, u32 n)
{
	return v << n | v >> (32 - n);
}

static u32 choose(u32 x, u32 y, u32 z)
{
	return z ^ (x & (y ^ z));
}

static u32 majority(u32 x, u32 y, u32 z)
{
	return (x & y) + ((x ^ y) & z);
}

static u32 parity(u32 x, u32 y, u32 z)
{
	return x ^ y ^ z;
}

typedef u32 mix_fn(u32 x, u32 y, u32 z);

/* Eight steps: word order and shifts are what tells the rounds apart. Inlined, for f and the tables
 * are constants then: each name of a directory that is read goes through this. */
static __always_inline void half_round(u32 v[4], mix_fn *f, const u32 *in, u32 add,
				       const u8 order[8], const u8 shift[4])
{
#pragma GCC unroll 8
	for (u32 n = 0; n < 8; n++) {
		u32 *a = &v[-n & 3], b = v[(1 - n) & 3], c = v[(2 - n) & 3], d = v[(3 - n) & 3];

		*a = rol(*a + f(b, c, d) + in[order[n]] + add, shift[n & 3]);
	}
}

static void half_md4(u32 buf[4], const u32 in[8])
{
	u32 v[4] = { buf[0], buf[1], buf[2], buf[3] };

	half_round(v, choose, in, 0, (const u8[]){ 0, 1, 2, 3, 4, 5, 6, 7 },
		   (const u8[]){ 3, 7, 11, 19 });
	half_round(v, majority, in, 0x5a827999, (const u8[]){ 1, 3, 5, 7, 0, 2, 4, 6 },
		   (const u8[]){ 3, 5, 9, 13 });
	half_round(v, parity, in, 0x6ed9eba1, (const u8[]){ 3, 7, 2, 6, 1, 5, 0, 4 },
		   (const u8[]){ 3, 9, 11, 15 });
	for (u32 n = 0; n < 4; n++)
		buf[n] += v[n];
}

static void tea(u32 buf[4], const u32 in[8])
{
	u32 sum = 0, x = buf[0], y = buf[1];

	for (u32 n = 0; n < 16; n++) {
		sum += 0x9e3779b9;
		x += ((y << 4) + in[0]) ^ (y + sum) ^ ((y >> 5) + in[1]);
		y += ((x << 4) + in[2]) ^ (x + sum) ^ ((x >> 5) + in[3]);
	}
	buf[0] += x;
	buf[1] += y;
}

static u32 character(const char *p, bool is_unsigned)
{
	return is_unsigned ? (u32)(u8)*p : (u32)(s32)(s8)*p;
}

static u32 legacy(const char *p, u32 len, bool is_unsigned)
{
	u32 hash0 = 0x12a3fe2d, hash1 = 0x37abe8f9;

	while (len--) {
		u32 hash = hash1 + (hash0 ^ (character(p++, is_unsigned) * 7152373));

		if (hash & 0x80000000)
			hash -= 0x7fffffff;
		hash1 = hash0;
		hash0 = hash;
	}
	return hash0 << 1;
}

/* Four characters, each added to 256 times what came before: signed ones may borrow. */
static u32 four_characters(const char *p, bool is_unsigned)
{
	u32 word = get_be32(p);

	if (likely(is_unsigned || !(word & 0x80808080)))
		return word;
	return (character(p, false) << 24) + (character(p + 1, false) << 16) +
	       (character(p + 2, false) << 8) + character(p + 3, false);
}

/* nr words from at most 4 * nr characters, filled up with the length. */
static void to_words(const char *p, u32 len, u32 *out, u32 nr, bool is_unsigned)
{
	u32 pad = (len & 0xff) | (len & 0xff) << 8, word, n;

	pad |= len << 8;
	pad |= pad << 16;
	len = min(len, nr * 4);
	for (n = 0; len >= 4; len -= 4, p += 4)
		out[n++] = four_characters(p, is_unsigned);
	if (n == nr)
		return;
	for (word = pad; len; len--)
		word = character(p++, is_unsigned) + (word << 8);
	out[n++] = word;
	while (n < nr)
		out[n++] = pad;
}

static void digest(const char *p, u32 len, u32 buf[4], u32 nr, bool is_unsigned,
		   void (*mix)(u32 buf[4], const u32 in[8]))
{
	u32 in[8];

	for (s32 left = (s32)len; left > 0; left -= (s32)nr * 4, p += nr * 4) {
		to_words(p, (u32)left, in, nr, is_unsigned);
		mix(buf, in);
	}
}

int ext_name_hash(const struct ext_fs *fs, u32 version, const struct ext_name *n,
		  struct ext_hash *out)
{
	u32 buf[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	bool is_unsigned = fs->hash_unsigned;
	u32 seed[4];

	__builtin_memcpy(seed, (const u8 *)fs->sb + offsetof(struct ext_super_disk, hash_seed),
			 sizeof(seed));
	if (seed[0] || seed[1] || seed[2] || seed[3])
		__builtin_memcpy(buf, seed, sizeof(buf));
	out->minor = 0;
	switch (version) {
	case DX_HASH_LEGACY:
		out->hash = legacy(n->name, n->len, is_unsigned);
		break;
	case DX_HASH_HALF_MD4:
		digest(n->name, n->len, buf, 8, is_unsigned, half_md4);
		out->hash = buf[1];
		out->minor = buf[2];
		break;
	case DX_HASH_TEA:
		digest(n->name, n->len, buf, 4, is_unsigned, tea);
		out->hash = buf[0];
		out->minor = buf[1];
		break;
	default:
		return -EUCLEAN;
	}
	out->hash &= ~1u;
	if (out->hash == 0xfffffffe) /* that is the end of a directory */
		out->hash = 0xfffffffc;
	return 0;
}
