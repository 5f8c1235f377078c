/* SPDX-License-Identifier: MIT */
/* route.h - where a packet goes: longest prefix first, then the lowest metric. Look-ups are
 * read-side sections without shared writes.
 * Ref: RFC 1812 s5.2.4, rtnetlink(7). */
#pragma once

#include <net/ipaddr.h>
#include <net/netdev.h>

struct neigh;

/* Values of rtnetlink(7). */
#define RTN_UNICAST	1u
#define RTN_LOCAL	2u
#define RTN_BROADCAST	3u
#define RTN_MULTICAST	5u
#define RTN_BLACKHOLE	6u
#define RTN_UNREACHABLE 7u
#define RTN_PROHIBIT	8u
#define RTN_THROW	9u
#define RT_SCOPE_UNIVERSE 0u
#define RT_SCOPE_LINK	253u
#define RT_SCOPE_HOST	254u
#define ROUTE_SCOPE_ANY 255u		/* in a key of route_del(): whatever its scope */
#define RTNH_F_ONLINK	4u
#define RT_TABLE_MAIN	254u
#define RT_TABLE_LOCAL	255u
#define RTPROT_KERNEL	2u
#define RTPROT_BOOT	3u
#define RTPROT_RA	9u

/* An entry. */
struct route_entry {
	struct list link;		/* route_table's; RCU */
	struct ipaddr dst;
	u8 bits;			/* of 128: ip_bits() */
	u8 type, scope, protocol, tos;
	u32 table, metric, flags;	/* RTNH_F_ONLINK... */
	struct ipaddr gateway;		/* any: on link */
	struct ipaddr prefsrc;		/* any: chosen by scope */
	struct netdev *dev;		/* a reference; NULL: unreachable and its like */
	u32 mtu, advmss, initcwnd, hoplimit;	/* RTAX_*; 0: not set */
	ktime_t expires;		/* 0 or WAIT_FOREVER: never */
	struct rcu_head rcu;
};

/* The question: src may be any. */
struct flow {
	struct ipaddr dst, src;
	s32 oif;			/* SO_BINDTODEVICE or a scope; 0: any */
	u32 mark;
	u8 tos, proto;
	u32 hash;			/* spreads over equal routes */
	bool allow_any_src;		/* IP_TRANSPARENT, IP_FREEBIND */
};

/* The answer, kept by sockets: good while net->route_gen is gen. */
struct route {
	u32 gen;			/* 0: none */
	u8 type;			/* RTN_* */
	bool mtu_locked;
	u16 initcwnd;
	struct netdev *dev;		/* out; a reference */
	/* the next hop, a reference; NULL: none is needed (loopback, multicast, broadcast) */
	struct neigh *neigh;
	struct ipaddr src, next_hop;
	u32 mtu;			/* the path's, as far as known */
	u32 advmss, hoplimit;
};

/* 0, -ENETUNREACH, -EHOSTUNREACH, -EACCES, -EINVAL. *out gets references. Bottom halves off or
 * on. */
int __must_check route_lookup(struct net_ns *net, const struct flow *f, struct route *out);
void route_put(struct route *r);
static inline bool route_valid(const struct route *r, u32 gen) { return r->gen == gen && r->gen; }
/* For input: is dst one of ours (RTN_LOCAL, BROADCAST, MULTICAST joined), to be forwarded
 * (RTN_UNICAST), or nothing. Under RCU. */
u8 route_input_type(struct net_ns *net, struct ipaddr dst, struct netdev *in);
/* config held. -EEXIST, -ENETUNREACH (gateway not on link), -ENETDOWN, -ENOMEM, -EINVAL; how:
 * ROUTE_*. */
int __must_check route_add(struct net_ns *net, const struct route_entry *e, u32 how);
#define ROUTE_REPLACE	0x100u		/* NLM_F_* */
#define ROUTE_EXCL	0x200u
#define ROUTE_CREATE	0x400u
#define ROUTE_APPEND	0x800u
/* The first that matches what e says (zero: anything). -ESRCH. */
int __must_check route_del(struct net_ns *net, const struct route_entry *e);
/* fn returns false to stop. Under RCU. */
void route_for_each(struct net_ns *net, bool (*fn)(const struct route_entry *e, void *arg),
		    void *arg);
/* Told of each route that comes or goes; config held. Set at boot by rtnetlink. */
extern void (*route_changed_hook)(struct net_ns *net, const struct route_entry *e, bool added);
void route_flush_dev(struct netdev *d, bool only_v4, bool only_v6);
/* routes that prefer an address that is gone */
void route_flush_src(struct net_ns *net, struct ipaddr src);
/* What an ICMP error taught about a destination: kept 10 minutes. */
void route_set_pmtu(struct net_ns *net, struct ipaddr dst, u32 mtu);
void route_set_redirect(struct net_ns *net, struct ipaddr dst, struct ipaddr gateway,
			struct netdev *d);
void route_changed(struct net_ns *net);			/* cached routes are looked up anew */
/* The best source for dst out of d, by scope (v4) or RFC 6724 (v6); any: none. Under RCU. */
struct ipaddr route_select_src(struct net_ns *net, struct netdev *d, struct ipaddr dst,
			       struct ipaddr next_hop, u8 scope);
/* config held: drops entries whose time is over */
void route_expire(struct net_ns *net);
void route_init(struct net_ns *net);			/* boot */
