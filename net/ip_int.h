/* SPDX-License-Identifier: MIT */
/* ip_int.h - what the files of the internet layer share. */
#pragma once

#include <net/icmp.h>
#include <net/inet.h>
#include <net/ip.h>

struct ip4_header {
	u8 version_len, tos;
	u16 len, id, frag;		/* network order, like all below */
	u8 ttl, proto;
	u16 csum;
	u32 src, dst;
};
static_assert(sizeof(struct ip4_header) == 20, "ip4_header");
#define IP4_DF	 0x4000u
#define IP4_MF	 0x2000u
#define IP4_OFF	 0x1fffu

static inline u32 ip4_header_len(const struct ip4_header *h) { return (h->version_len & 15u) * 4u; }

/* ---- ip4.c ---- */
void ip4_init(void);
int ip4_send(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx, struct route *r);
/* With its network header in front already; the sum is computed here. */
int ip4_output(struct net_ns *net, struct netbuf *nb, struct route *r, bool may_fragment);

/* ---- ip.c: both families ---- */
/* A whole packet for us, data at the transport header, ip_cb filled in. Takes it over. */
void ip_deliver(struct net_ns *net, struct netbuf *nb);
const struct ip_proto *ip_proto_find(u8 proto);
/* To the link: by the route's neighbour, or straight to a group, a broadcast, ourselves. data at the network header. */
void ip_link_output(struct netbuf *nb, const struct route *r, struct ipaddr dst);
u16 ip_make_id(struct ipaddr src, struct ipaddr dst, u8 proto, u32 n);

/* ---- icmp.c ---- */
void icmp_init(struct net_ns *net);
bool icmp_may_send(struct ipaddr to);		/* within the limits of errors */
/* An error about nb, whose network header is at net_off; nb stays the caller's. info in host order. */
void icmp4_send(struct net_ns *net, struct netbuf *nb, u8 type, u8 code, u32 info);
/* Nobody answers for nb's next hop: its sender hears of it. */
void ip_link_failure(struct netbuf *nb);
