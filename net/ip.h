/* SPDX-License-Identifier: MIT */
/* ip.h - between transports and packets, both families alike: net/ip4.c and net/ip6.c stand behind
 * it. */
#pragma once

#include <net/route.h>

struct net_ns;
struct sock;

/* ---- sending ---- */
struct ip_tx {
	struct ipaddr src, dst;
	u8 proto;
	u8 tos;				/* traffic class */
	u8 ttl;				/* hop limit; 0: the route's or the default */
	bool dont_fragment;
	bool no_local_frag;		/* IP_PMTUDISC_PROBE, DO: -EMSGSIZE instead of fragments */
	/* IP_PMTUDISC_WANT: routers shall not fragment it, we may */
	bool df_if_fits;
	bool no_loop;			/* IP_MULTICAST_LOOP is off */
	bool ttl_zero;			/* IP_MULTICAST_TTL 0: not further than this host */
	u32 flowlabel;			/* v6, network order */
	u32 mark, priority;
	const u8 *options;		/* v4 options as they go out, or NULL */
	u32 options_len;
};

/*
 * Sends a transport packet (data at the transport header, CSUM_PARTIAL or complete) by route r.
 * Takes nb over, also on failure. 0, -EMSGSIZE, -ENOBUFS, -EHOSTUNREACH. Bottom halves off or on;
 * never sleeps.
 */
int ip_send(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx, struct route *r);
/* Payload of a packet without options, by this route. */
static inline u32 ip_payload_max(const struct route *r, bool v4) { return r->mtu - (v4 ? 20 : 40); }

/* ---- receiving: what transports find in netbuf.cb ---- */
struct ip_cb {
	struct ipaddr src, dst;
	u8 proto, tos, ttl;
	bool ce;			/* ECN: congestion experienced */
	u8 type;			/* RTN_LOCAL, BROADCAST, MULTICAST */
	s32 ifindex;			/* it came in by */
	u16 frag_max;			/* largest fragment it was made of; 0: whole */
	u8 options_len;			/* v4: at net_off + 20 */
};
static inline struct ip_cb *ip_cb(struct netbuf *nb) { return netbuf_cb(nb, struct ip_cb); }

struct ip_error;
struct ip_proto {
	u8 proto;			/* IPPROTO_* */
	/* A packet for us, whole, data at the transport header. Takes it over. Under RCU, bottom
	 * halves off. */
	void (*rx)(struct net_ns *net, struct netbuf *nb);
	/* An ICMP error about a packet of ours: nb's data at that packet's transport header (at
	 * least 8 bytes linear), ip_cb its addresses as we sent it (src is ours). err: errno to
	 * tell; hard: fatal by RFC 1122. info: MTU of fragmentation needed. */
	void (*error)(struct net_ns *net, struct netbuf *nb, const struct ip_error *e);
	/* error() believes EMSGSIZE or not, and calls route_set_pmtu() itself */
	bool judges_pmtu;
};
/* what every link of IPv6 takes (RFC 8200 s5); an error that says less is not believed */
#define IP6_MTU_MIN 1280u
struct ip_error {
	struct ipaddr offender;		/* who says so */
	u8 type, code;			/* as in the message of its family */
	int err;			/* positive errno */
	bool hard;
	u32 info;			/* MTU, or 0 */
};
void ip_proto_register(const struct ip_proto *p);	/* boot */
/* "Port unreachable" back to the sender of nb; nb stays the caller's. Rate-limited. */
void icmp_send_unreachable(struct netbuf *nb, u8 code4, u8 code6);
#define ICMP_PORT_UNREACH 3u
#define ICMPV6_PORT_UNREACH 4u

/* ---- local addresses ---- */
/* May a socket bind to it: 0 (also any), -EADDRNOTAVAIL. *type: RTN_LOCAL, MULTICAST, BROADCAST. */
int __must_check ip_check_local(struct net_ns *net, struct ipaddr a, s32 ifindex, u8 *type);
