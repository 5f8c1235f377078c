/* SPDX-License-Identifier: MIT */
/* checksum.c - the Internet checksum, eight bytes at a time. Pure. Ref: RFC 1071 s2. Tests:
 * selftests/unit/checksum_test.c */
#include <net/checksum.h>

#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>

static inline u64 add64(u64 sum, u64 v)
{
	sum += v;
	return sum + (sum < v);
}

static inline u32 fold64(u64 sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	return (u32)sum;
}

u32 csum_add_bytes(const void *p, usize n, u32 sum)
{
	const u8 *b = p;
	u64 acc = sum, w, x;

	for (; n >= 16; n -= 16, b += 16) {
		memcpy(&w, b, 8);
		memcpy(&x, b + 8, 8);
		acc = add64(add64(acc, w), x);
	}
	if (n >= 8) {
		memcpy(&w, b, 8);
		acc = add64(acc, w);
		b += 8;
		n -= 8;
	}
	if (n) {
		w = 0;
		/* little endian: a trailing byte is the low half of its word */
		memcpy(&w, b, n);
		acc = add64(acc, w);
	}
	return fold64(acc);
}

u32 csum_pseudo4(u32 saddr, u32 daddr, u32 len, u8 proto)
{
	return fold64((u64)saddr + daddr + cpu_to_be16((u16)len) + cpu_to_be16(proto));
}

u32 csum_pseudo6(const void *saddr, const void *daddr, u32 len, u8 proto)
{
	u32 sum = csum_add_bytes(saddr, 16, 0);

	sum = csum_add_bytes(daddr, 16, sum);
	sum = csum_add(sum, cpu_to_be32(len));
	return csum_add(sum, cpu_to_be32(proto));
}
