/* SPDX-License-Identifier: MIT */
/* ipaddr.h - an address of either family in one shape: IPv4 is ::ffff:a.b.c.d, so sockets, ports
 * and routes need no second copy of anything. Bytes lie as in packets. Pure. Ref: RFC 4291 s2.5. */
#pragma once

#include <kernel/lib/byteorder.h>
#include <kernel/lib/compiler.h>

struct ipaddr {
	u32 w[4];		/* network order */
};

#define IP4_MAPPED	0xffff0000u	/* w[2] of ::ffff:0:0, as a little-endian load sees it */

static inline struct ipaddr ip4(u32 be) { return (struct ipaddr){ { 0, 0, IP4_MAPPED, be } }; }
static inline struct ipaddr ip4_host(u32 host) { return ip4(cpu_to_be32(host)); }
static inline struct ipaddr ip6(const void *bytes)
{
	struct ipaddr a;

	__builtin_memcpy(&a, bytes, sizeof(a));
	return a;
}
#define IP4_ANY	ip4(0)
#define IP6_ANY ((struct ipaddr){})

static inline bool ip_is4(struct ipaddr a) { return !a.w[0] && !a.w[1] && a.w[2] == IP4_MAPPED; }
static inline u32 ip_v4(struct ipaddr a) { return a.w[3]; }		/* network order */
static inline bool ip_eq(struct ipaddr a, struct ipaddr b)
{
	return !((a.w[0] ^ b.w[0]) | (a.w[1] ^ b.w[1]) | (a.w[2] ^ b.w[2]) | (a.w[3] ^ b.w[3]));
}
/* 0.0.0.0 or ::. */
static inline bool ip_is_any(struct ipaddr a)
{
	return !a.w[0] && !a.w[1] && !a.w[3] && (!a.w[2] || a.w[2] == IP4_MAPPED);
}
static inline bool ip_is_loopback(struct ipaddr a)
{
	return ip_is4(a) ? (be32_to_cpu(a.w[3]) >> 24) == 127
			 : !a.w[0] && !a.w[1] && !a.w[2] && a.w[3] == cpu_to_be32(1);
}
static inline bool ip_is_multicast(struct ipaddr a)
{
	return ip_is4(a) ? (be32_to_cpu(a.w[3]) >> 28) == 14 : (a.w[0] & 0xff) == 0xff;
}
static inline bool ip_is_broadcast(struct ipaddr a) { return ip_is4(a) && a.w[3] == U32_MAX; }
static inline bool ip_is_link_local(struct ipaddr a)
{
	return ip_is4(a) ? (be32_to_cpu(a.w[3]) >> 16) == 0xa9fe
			 : (be32_to_cpu(a.w[0]) >> 22) == 0x3fa;
}
/* Length of a prefix in bits of this shape: an IPv4 /24 is 120. */
static inline u32 ip_bits(struct ipaddr a, u32 family_bits)
{
	return ip_is4(a) ? 96 + family_bits : family_bits;
}
static inline bool ip_in_prefix(struct ipaddr a, struct ipaddr prefix, u32 bits)
{
	for (u32 i = 0; i < 4; i++, bits = bits > 32 ? bits - 32 : 0) {
		u32 mask = bits >= 32 ? U32_MAX : bits ? cpu_to_be32(~(U32_MAX >> bits)) : 0;

		if ((a.w[i] ^ prefix.w[i]) & mask)
			return false;
	}
	return true;
}
static inline u32 ip_hash(struct ipaddr a)
{
	u64 h = ((u64)(a.w[0] ^ a.w[2]) << 32 | (a.w[1] ^ a.w[3])) * 0x9e3779b97f4a7c15ull;

	return (u32)(h >> 32);
}
