/* SPDX-License-Identifier: MIT */
/* ip_int.h - what the files of the internet layer share. */
#pragma once

#include <net/icmp.h>
#include <net/icmp6.h>
#include <net/inet.h>
#include <net/ip.h>

struct ip4_header {
	u8 version_len, tos;
	u16 len, id, frag;		/* network order, like all below */
	u8 ttl, proto;
	u16 csum;
	u32 src, dst;
} __packed __aligned(2); /* behind an Ethernet header they lie at odd words */
static_assert(sizeof(struct ip4_header) == 20, "ip4_header");
#define IP4_DF	 0x4000u
#define IP4_MF	 0x2000u
#define IP4_OFF	 0x1fffu

static inline u32 ip4_header_len(const struct ip4_header *h) { return (h->version_len & 15u) * 4u; }

/* The largest packet that nb, data at the network header of ip_len bytes, stands for: what a link
 * must take. */
static inline u32 ip_packet_max(const struct netbuf *nb, u32 ip_len)
{
	if (!nb->gso_size || netbuf_linear(nb) < ip_len + 20u)
		return nb->len;
	return ip_len +
	       (nb->gso == GSO_TCP4 || nb->gso == GSO_TCP6 ? (nb->data[ip_len + 12] >> 4) * 4u
							   : 8u) +
	       nb->gso_size;
}

/* ---- ip4.c ---- */
void ip4_init(void);
int ip4_send(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx, struct route *r);
/* With its network header in front already; the sum is computed here. */
int ip4_output(struct net_ns *net, struct netbuf *nb, struct route *r, bool may_fragment);

/* ---- ip.c: both families ---- */
/* A whole packet for us, data at the transport header, ip_cb filled in. Takes it over. */
void ip_deliver(struct net_ns *net, struct netbuf *nb);
const struct ip_proto *ip_proto_find(u8 proto);
/* To the link: by the route's neighbour, or straight to a group, a broadcast, ourselves. data at
 * the network header. */
void ip_link_output(struct netbuf *nb, const struct route *r, struct ipaddr dst);
u16 ip_make_id(struct ipaddr src, struct ipaddr dst, u8 proto, u32 n);

/* ---- icmp.c ---- */
void icmp_init(struct net_ns *net);
bool icmp_may_send(struct ipaddr to);		/* within the limits of errors */
/* An error about nb, whose network header is at net_off; nb stays the caller's. info in host
 * order. */
void icmp4_send(struct net_ns *net, struct netbuf *nb, u8 type, u8 code, u32 info);
/* Nobody answers for nb's next hop: its sender hears of it. */
void ip_link_failure(struct netbuf *nb);

/* ---- ip6.c ---- */
struct ip6_header {
	u32 flow;			/* version, class, label */
	u16 len;
	u8 next, hops;
	struct ipaddr src, dst;
} __packed __aligned(2);
static_assert(sizeof(struct ip6_header) == 40, "ip6_header");
static inline u8 ip6_class(const struct ip6_header *h) { return (u8)(be32_to_cpu(h->flow) >> 20); }

void ip6_init(void);
int ip6_send(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx, struct route *r);
void ip6_put_header(struct netbuf *nb, const struct ip_tx *tx, u8 hops);
/* Past the extension headers of nb (data at the IPv6 header): where the transport is and what; -1:
 * none, or cut. *first_frag: not a later one. */
s32 ip6_find_transport(struct netbuf *nb, u8 *proto, bool *first_frag);

/* ---- icmp6.c ---- */
void icmp6_init(void);
void icmp6_send(struct net_ns *net, struct netbuf *nb, u8 type, u8 code, u32 info);
/* Fills in the sum and sends. Takes nb (data at the message) over. */
void icmp6_send_message(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx,
			struct route *r);

/* ---- ndp.c ---- */
/* A message of neighbour discovery, hop limit 255: data at it. Takes it over. */
void ndp_rx(struct net_ns *net, struct netbuf *nb);
void ndp_send_probe(struct netdev *d, struct ipaddr target);	/* DAD: from :: */
void ndp_send_rs(struct netdev *d, struct ipaddr src);

/* ---- autoconf.c ---- */
void autoconf_init(struct net_ns *net);
/* bottom half; takes it over, data at the message */
void autoconf_ra(struct netbuf *nb);
/* somebody else has it. Bottom half */
void autoconf_duplicate(struct netdev *d, struct ipaddr a);
u32 autoconf_mtu(const struct netdev *d);			/* IPv6's, by the router's advice */
u8 autoconf_hop_limit(const struct netdev *d);			/* what the router said, or 0 */

/* ---- frag.c ---- */
/* Takes a fragment over (data at the network header, ip_cb filled in): the whole packet, or
 * NULL. */
struct netbuf *frag_input4(struct net_ns *net, struct netbuf *nb);
/* The same for IPv6: data at the fragment header, which ends at off + 8 of the packet; next_at:
 * offset of the byte that named it. */
struct netbuf *frag_input6(struct net_ns *net, struct netbuf *nb, u32 off, u32 next_at);
/* Packets that are being gathered, and their memory. */
struct frag_stat {
	u32 queues, bytes;
};
struct frag_stat frag_stat(bool v4);
void frag_init(void);

/* ---- mcast.c, igmp.c, mld.c ---- */
void mcast_init(struct net_ns *net);
void igmp_init(void);
/* data at the message; stays the caller's */
void mld_query(struct netbuf *nb);
