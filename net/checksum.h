/* SPDX-License-Identifier: MIT */
/* checksum.h - the Internet checksum: ones' complement sums of 16-bit words, in memory order. Ref:
 * RFC 1071, RFC 1624. */
#pragma once

#include <kernel/lib/compiler.h>

/* Sums are kept unfolded in 32 bits; the words are taken as they lie in memory, so no byte order is
 * involved. */
/* p at an even offset of what is summed */
u32 csum_add_bytes(const void *p, usize n, u32 sum);

static inline u32 csum_add(u32 a, u32 b)
{
	a += b;
	return a + (a < b);
}

/* The sum of a block that begins at an odd offset. */
static inline u32 csum_shift(u32 sum, u32 off)
{
	return off & 1 ? (sum << 8 | sum >> 24) : sum;
}

static inline u16 csum_fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

/* The pseudo header of TCP and UDP. Addresses as they lie in packets; len and proto in host
 * order. */
u32 csum_pseudo4(u32 saddr, u32 daddr, u32 len, u8 proto);
u32 csum_pseudo6(const void *saddr, const void *daddr, u32 len, u8 proto);

/* RFC 1624: *field covered old, now covers new (16-bit words as in memory). */
static inline void csum_replace16(u16 *field, u16 old, u16 new)
{
	u32 sum = (u16)~*field;

	sum += (u16)~old;
	sum += new;
	*field = csum_fold(sum);
}
