/* SPDX-License-Identifier: MIT */
/* gro.c - received segments of one connection become one packet: its headers are looked at once,
 * its route and socket found once.
 *
 *	gro_receive() -- nothing to join --> held -- the next segment --> longer -- short, PSH, FIN;
 *	another in between; poll's end --> delivered
 *
 * Joined are TCP segments with data whose headers differ in nothing but what cutting a long segment
 * makes differ, as segment.c would cut it: so a forwarded packet leaves as it came. The sum of each
 * was right before it was joined. What must not be joined goes up after what is held of the same
 * connection: order within a connection is kept.
 *
 * Invariants: (1) held packets are of different connections, at most HELD_MAX, in the order of
 * their first segments; (2) nothing is held when no poll runs on this CPU; (3) a held packet's cb
 * is a struct held.
 * Locks: none; per CPU, bottom halves off. Ref: RFC 9293 s3.1; Linux
 * Documentation/networking/segmentation-offloads.rst.
 * Tests: selftests/unit/gro_test.c
 */
#include <net/gro.h>

#include "ip_int.h"

#include <arch/percpu.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/net.h>
#include <net/netdev.h>
#include <net/tcp.h>

#define HELD_MAX 8u
#define CSUM_OFF 16u			/* in a TCP header */

struct held {
	u32 next;			/* the number that follows */
	u16 id;				/* IPv4: of the last one */
	u8 ip_len, head_len;		/* of the network header; with TCP's */
	bool ended;
};

struct holder {
	struct list packets;		/* (1) next NULL: never used */
	u32 nr;
};
static DEFINE_PER_CPU(struct holder, holders);

static struct held *held_of(struct netbuf *nb) { return netbuf_cb(nb, struct held); }
static struct tcp_header *tcp_of(const struct netbuf *nb, const struct held *h)
{
	return (struct tcp_header *)(void *)(nb->data + h->ip_len);
}

/* ---- what may be joined ---- */

static u32 pseudo_sum(const struct netbuf *nb, u32 len)
{
	const struct ip4_header *h4 = (const void *)nb->data;
	const struct ip6_header *h6 = (const void *)nb->data;

	return nb->protocol == ETH_P_IP ? csum_pseudo4(h4->src, h4->dst, len, IPPROTO_TCP)
					: csum_pseudo6(&h6->src, &h6->dst, len, IPPROTO_TCP);
}

static bool is_plain4(const struct netbuf *nb)
{
	const struct ip4_header *h = (const void *)nb->data;

	return h->version_len == 0x45 && h->proto == IPPROTO_TCP &&
	       !(h->frag & cpu_to_be16(IP4_MF | IP4_OFF)) && be16_to_cpu(h->len) == nb->len &&
	       !csum_fold(csum_add_bytes(h, sizeof(*h), 0));
}

static bool is_plain6(const struct netbuf *nb)
{
	const struct ip6_header *h = (const void *)nb->data;

	return be32_to_cpu(h->flow) >> 28 == 6 && h->next == IPPROTO_TCP &&
	       be16_to_cpu(h->len) + sizeof(*h) == nb->len;
}

/* A segment of a connection. Its headers are linear then. */
static bool find_headers(struct netbuf *nb, struct held *h)
{
	bool v4 = nb->protocol == ETH_P_IP;

	if ((!v4 && nb->protocol != ETH_P_IPV6) || nb->kind != PKT_HOST || nb->gso_size)
		return false;
	h->ip_len = v4 ? sizeof(struct ip4_header) : sizeof(struct ip6_header);
	if (!netbuf_need(nb, h->ip_len + (u32)sizeof(struct tcp_header)) ||
	    !(v4 ? is_plain4(nb) : is_plain6(nb)))
		return false;
	h->head_len = (u8)(h->ip_len + (tcp_of(nb, h)->off >> 4) * 4);
	return h->head_len >= h->ip_len + sizeof(struct tcp_header) && netbuf_need(nb, h->head_len);
}

/* With data, no flags but those, and a sum that is right. */
static bool may_join(struct netbuf *nb, struct held *h)
{
	const struct tcp_header *t = tcp_of(nb, h);
	u32 len = nb->len - h->ip_len;

	if (nb->len <= h->head_len || (t->flags & ~(TCP_PSH | TCP_FIN)) != TCP_ACK)
		return false;
	if (nb->csum == CSUM_NONE) {
		if (csum_fold(netbuf_sum(nb, h->ip_len, len, pseudo_sum(nb, len))))
			return false;
		nb->csum = CSUM_VERIFIED;
	}
	h->next = be32_to_cpu(t->seq) + nb->len - h->head_len;
	h->id = nb->protocol == ETH_P_IP
			? be16_to_cpu(((const struct ip4_header *)(const void *)nb->data)->id)
			: 0;
	h->ended = t->flags & (TCP_PSH | TCP_FIN);
	return true;
}

/* ---- joining ---- */

static bool same_connection(struct netbuf *a, struct netbuf *b, const struct held *h)
{
	u32 at = h->ip_len == sizeof(struct ip4_header) ? 12 : 8;

	return a->protocol == b->protocol && !memcmp(a->data + at, b->data + at, h->ip_len - at) &&
	       !memcmp(tcp_of(a, h), tcp_of(b, h), 4);
}

/* Without DF a router may have to cut what it forwards, each packet by itself: then they stay
 * apart. */
static bool same_ip(const struct netbuf *a, const struct netbuf *b, const struct held *ha,
		    const struct held *hb)
{
	const struct ip4_header *a4 = (const void *)a->data, *b4 = (const void *)b->data;
	const struct ip6_header *a6 = (const void *)a->data, *b6 = (const void *)b->data;

	if (a->protocol != ETH_P_IP)
		return a6->flow == b6->flow && a6->hops == b6->hops;
	return a4->tos == b4->tos && a4->ttl == b4->ttl && a4->frag == b4->frag &&
	       (a4->frag & cpu_to_be16(IP4_DF) ||
		(hb->id == (u16)(ha->id + 1) && !READ_ONCE(a->dev->net->forward4)));
}

static bool continues(struct netbuf *a, struct netbuf *b, const struct held *hb)
{
	const struct held *ha = held_of(a);
	const struct tcp_header *ta = tcp_of(a, ha), *tb = tcp_of(b, hb);
	u32 options = ha->head_len - ha->ip_len - (u32)sizeof(*ta),
	    size = a->gso_size ? a->gso_size : a->len - ha->head_len;

	if (ha->ended || ha->head_len != hb->head_len || be32_to_cpu(tb->seq) != ha->next ||
	    ta->ack != tb->ack || ta->window != tb->window)
		return false;
	if (!same_ip(a, b, ha, hb) || memcmp(ta + 1, tb + 1, options) != 0)
		return false;
	return b->len - hb->head_len <= size && a->len + b->len <= 65535 &&
	       netbuf_linear(b) == hb->head_len;
}

/* b is freed. False: no slot for its fragments; both are as they were. */
static bool join(struct netbuf *a, struct netbuf *b, const struct held *hb)
{
	struct held *ha = held_of(a);
	u32 size = a->gso_size ? a->gso_size : a->len - ha->head_len, len = b->len - hb->head_len,
	    cost = b->truesize - len;
	u8 flags = tcp_of(b, hb)->flags;

	netbuf_pull(b, hb->head_len);
	if (!netbuf_merge(a, b)) {
		netbuf_push(b, hb->head_len);
		return false;
	}
	a->truesize += cost;
	a->gso = a->protocol == ETH_P_IP ? GSO_TCP4 : GSO_TCP6;
	a->gso_segs = (u16)(a->gso_size ? a->gso_segs + 1 : 2);
	a->gso_size = (u16)size;
	tcp_of(a, ha)->flags |= flags;
	ha->next = hb->next;
	ha->id = hb->id;
	ha->ended = hb->ended || len < size;
	return true;
}

/* ---- up ---- */

/* Headers of the whole; its sum is left to whoever sends it on. */
static void complete(struct netbuf *nb)
{
	const struct held *h = held_of(nb);
	struct ip4_header *h4 = (void *)nb->data;
	struct ip6_header *h6 = (void *)nb->data;
	u32 len = nb->len - h->ip_len;

	if (nb->protocol == ETH_P_IP) {
		csum_replace16(&h4->csum, h4->len, cpu_to_be16((u16)nb->len));
		h4->len = cpu_to_be16((u16)nb->len);
	} else {
		h6->len = cpu_to_be16((u16)len);
	}
	tcp_of(nb, h)->csum = (u16)~csum_fold(pseudo_sum(nb, len));
	nb->csum = CSUM_PARTIAL;
	nb->csum_start = (u16)(netbuf_offset(nb) + h->ip_len);
	nb->csum_off = CSUM_OFF;
}

static void deliver(struct holder *g, struct netbuf *nb)
{
	list_del(&nb->link);
	g->nr--;
	if (nb->gso_size)
		complete(nb);
	netdev_deliver(nb);
}

void gro_flush(void)
{
	struct holder *g = this_cpu(holders);

	while (g->nr)
		deliver(g, list_first(&g->packets, struct netbuf, link));
}

void gro_receive(struct netbuf *nb)
{
	struct holder *g = this_cpu(holders);
	struct netbuf *a;
	struct held h;
	bool joins;

	if (!find_headers(nb, &h)) {
		netdev_deliver(nb);
		return;
	}
	if (!g->packets.next)
		list_init(&g->packets);
	joins = may_join(nb, &h);
	list_for_each_entry(a, &g->packets, link) {
		if (!same_connection(a, nb, &h))
			continue;
		if (joins && continues(a, nb, &h) && join(a, nb, &h)) {
			if (held_of(a)->ended)
				deliver(g, a);
			return;
		}
		deliver(g, a);
		break;
	}
	if (!joins || h.ended) {
		netdev_deliver(nb);
		return;
	}
	if (g->nr == HELD_MAX)
		deliver(g, list_first(&g->packets, struct netbuf, link));
	*held_of(nb) = h;
	list_add_tail(&g->packets, &nb->link);
	g->nr++;
}

/* ---- for drivers ---- */

u32 gro_head_len(const u8 *frame, u32 len, u32 most)
{
	u32 ip = ETH_HLEN, tcp, head;

	if (len < ip + sizeof(struct ip6_header) + sizeof(struct tcp_header))
		return min(len, most);
	if (get_be16(frame + 12) == ETH_P_IP && frame[ip] == 0x45 && frame[ip + 9] == IPPROTO_TCP)
		tcp = ip + (u32)sizeof(struct ip4_header);
	else if (get_be16(frame + 12) == ETH_P_IPV6 && frame[ip + 6] == IPPROTO_TCP)
		tcp = ip + (u32)sizeof(struct ip6_header);
	else
		return min(len, most);
	head = tcp + (frame[tcp + 12] >> 4) * 4u;
	return head >= tcp + sizeof(struct tcp_header) && head < len ? head : min(len, most);
}
