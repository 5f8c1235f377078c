/* SPDX-License-Identifier: MIT */
/* route_src.c - which of our addresses a packet comes from when nobody said: by scope and subnet
 * (IPv4), by the rules of RFC 6724 (IPv6).
 *
 * Locks: RCU. Ref: RFC 6724 s5, RFC 1122 s3.3.4.3, ip(7). Tests: selftests/abi/inet.c
 */
#include <net/route.h>

#include "route_int.h"

#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <net/ip_int.h>
#include <net/net.h>
#include <net/netdev.h>

static bool good_src4(const struct ifaddr *a, u8 scope)
{
	return ip_is4(a->addr) && !(a->flags & IFA_F_SECONDARY) && a->scope <= scope;
}

/* The primary whose subnet has the next hop, else the first. */
struct ipaddr route_select4(struct net_ns *net, struct netdev *d, struct ipaddr next_hop, u8 scope)
{
	struct ipaddr first = IP4_ANY;
	struct netdev *o;
	struct ifaddr *a;

	list_for_each_entry(a, &d->addrs, link) {
		if (!good_src4(a, scope))
			continue;
		if (ip_is_any(next_hop) ||
		    ip_in_prefix(next_hop, a->peer, ip_bits(a->peer, a->bits)))
			return a->addr;
		if (ip_is_any(first))
			first = a->addr;
	}
	if (!ip_is_any(first))
		return first;
	/* unnumbered: any other's that is not for one link only */
	list_for_each_entry(o, &net->devs, link)
		list_for_each_entry(a, &o->addrs, link)
			if (good_src4(a, scope) && a->scope != RT_SCOPE_LINK)
				return a->addr;
	return IP4_ANY;
}

/* RFC 4007, RFC 6724 s3.1: 1 interface, 2 link, 5 site, 14 global. */
static u8 scope6(struct ipaddr a)
{
	const u8 *b = (const u8 *)&a;

	if (b[0] == 0xff)
		return b[1] & 15;
	if (ip_is_loopback(a))
		return 2;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return 2;
	return b[0] == 0xfe && (b[1] & 0xc0) == 0xc0 ? 5 : 14;
}

/* RFC 6724 s2.1: the default policy table's labels. */
static u8 label6(struct ipaddr a)
{
	u16 first = be16_to_cpu((u16)a.w[0]);

	if (ip_is_loopback(a))
		return 0;
	if (ip_is4(a))
		return 4;
	if (!a.w[0] && !a.w[1] && !a.w[2])
		return 3;		/* ::/96 */
	if (first == 0x2002)
		return 2;
	if (a.w[0] == cpu_to_be32(0x20010000))
		return 5;
	if ((first & 0xfe00) == 0xfc00)
		return 13;
	if ((first & 0xffc0) == 0xfec0)
		return 11;
	return first == 0x3ffe ? 12 : 1;
}

static u32 common_bits(struct ipaddr a, struct ipaddr b)
{
	for (u32 i = 0; i < 4; i++)
		if (a.w[i] != b.w[i])
			return i * 32 + (u32)__builtin_clz(be32_to_cpu(a.w[i] ^ b.w[i]));
	return 128;
}

/* Is a better than b as a source for dst out of d? RFC 6724 s5, rules 1 to 8. */
static bool better6(const struct ifaddr *a, const struct ifaddr *b, const struct netdev *d,
		    struct ipaddr dst)
{
	u8 sa = scope6(a->addr), sb = scope6(b->addr), sd = scope6(dst);
	bool da = a->flags & IFA_F_DEPRECATED, db = b->flags & IFA_F_DEPRECATED;
	u32 ca, cb;

	if (ip_eq(a->addr, dst) != ip_eq(b->addr, dst))
		return ip_eq(a->addr, dst);
	if (sa != sb)
		return sa < sb ? sa >= sd : sb < sd;
	if (da != db)
		return db;
	if ((a->dev == d) != (b->dev == d))
		return a->dev == d;
	if ((label6(a->addr) == label6(dst)) != (label6(b->addr) == label6(dst)))
		return label6(a->addr) == label6(dst);
	ca = min(common_bits(a->addr, dst), (u32)a->bits);
	cb = min(common_bits(b->addr, dst), (u32)b->bits);
	return ca > cb;
}

struct ipaddr route_select6(struct net_ns *net, struct netdev *d, struct ipaddr dst)
{
	bool one_link = scope6(dst) <= 2 && !ip_is_loopback(dst);
	struct ifaddr *a, *best = NULL;
	struct netdev *o;

	list_for_each_entry(o, &net->devs, link) {
		if (one_link && o != d)
			continue;
		list_for_each_entry(a, &o->addrs, link) {
			if (ip_is4(a->addr) || (a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ||
			    ip_is_multicast(a->addr))
				continue;
			if (!best || better6(a, best, d, dst))
				best = a;
		}
	}
	return best ? best->addr : IP6_ANY;
}

struct ipaddr route_select_src(struct net_ns *net, struct netdev *d, struct ipaddr dst,
			       struct ipaddr next_hop, u8 scope)
{
	return ip_is4(dst) ? route_select4(net, d, next_hop, scope) : route_select6(net, d, dst);
}
