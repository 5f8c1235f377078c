/* SPDX-License-Identifier: MIT */
/* arp.c - ARP: asking who has an IPv4 address, and answering for ours.
 *
 * Locks: none of its own (neigh.c). Ref: RFC 826, RFC 5227 s1.1 (announcements), arp(7);
 * arp_ignore, arp_announce, arp_accept and proxy_arp are 0. Tests: selftests/fuzz/ip_fuzz.c
 */
#include <kernel/lib/string.h>
#include <kernel/waitq.h>
#include <net/ip_int.h>
#include <net/neigh.h>
#include <net/net.h>

#define ARP_REQUEST 1u
#define ARP_REPLY   2u

struct arp_packet {			/* Ethernet and IPv4 */
	u16 hrd, pro;
	u8 hln, pln;
	u16 op;
	u8 sha[ETH_ALEN], spa[4], tha[ETH_ALEN], tpa[4];
} __packed;
static_assert(sizeof(struct arp_packet) == 28, "arp_packet");

static void send(struct netdev *d, u16 op, struct ipaddr spa, struct ipaddr tpa, const u8 *tha,
		 const u8 *to)
{
	struct netbuf *nb = netbuf_alloc(sizeof(struct arp_packet), NETBUF_HEADROOM, PAGE_ATOMIC);
	struct arp_packet *p;

	if (!nb)
		return;
	p = netbuf_put(nb, sizeof(*p));
	*p = (struct arp_packet){ cpu_to_be16(ARPHRD_ETHER),
				  cpu_to_be16(ETH_P_IP),
				  ETH_ALEN,
				  4,
				  cpu_to_be16(op),
				  {},
				  {},
				  {},
				  {} };
	memcpy(p->sha, d->mac, ETH_ALEN);
	memcpy(p->spa, &spa.w[3], 4);
	if (tha)
		memcpy(p->tha, tha, ETH_ALEN);
	memcpy(p->tpa, &tpa.w[3], 4);
	nb->dev = d;
	nb->net_off = netbuf_offset(nb);
	if (netdev_header(nb, to, ETH_P_ARP))
		netdev_send(nb);
	else
		netbuf_free(nb);
}

void arp_solicit(struct neigh *n, bool unicast)
{
	u64 hw = READ_ONCE(n->hw);
	struct ipaddr src;

	rcu_read_lock();
	src = route_select_src(n->dev->net, n->dev, n->addr, n->addr, RT_SCOPE_LINK);
	rcu_read_unlock();
	if (ip_is_any(src))
		return;
	send(n->dev, ARP_REQUEST, src, n->addr, NULL,
	     unicast ? (const u8 *)&hw : n->dev->broadcast);
}

void arp_announce(struct netdev *d, struct ipaddr a)
{
	send(d, ARP_REQUEST, a, a, NULL, d->broadcast);
}

static bool ours(struct net_ns *net, struct ipaddr a)
{
	u8 type;

	return !ip_is_any(a) && ip_check_local(net, a, 0, &type) == 0 && type == RTN_LOCAL;
}

/* A request or answer told us the sender's address: what we know of it is brought up to date; a
 * request for us makes it known. */
static void learn(struct netdev *d, struct ipaddr spa, const struct arp_packet *p, bool for_us,
		  bool reply, u8 kind)
{
	struct neigh *n;

	if (ip_is_any(spa) || ip_is_multicast(spa) || ours(d->net, spa))
		return;
	n = for_us ? neigh_get(d, spa) : neigh_find(d, spa);
	if (!n)
		return;
	/* An answer that came to us alone proves that it hears us; the rest only says where it is.
	 * A second answer within a second is not believed. */
	if (reply && kind == PKT_HOST)
		neigh_update(n, p->sha, NUD_REACHABLE, NEIGH_OVERRIDE);
	else
		neigh_update(n, p->sha, NUD_STALE, NEIGH_OVERRIDE);
	neigh_put(n);
}

static void arp_rx(struct packet_type *type, struct netbuf *nb)
{
	struct netdev *d = nb->dev;
	const struct arp_packet *p;
	struct ipaddr spa, tpa;
	bool request, for_us;

	if (nb->kind == PKT_OTHERHOST || (d->flags & (IFF_NOARP | IFF_LOOPBACK)) ||
	    !netbuf_need(nb, sizeof(*p)))
		goto out;
	p = (const struct arp_packet *)(const void *)nb->data;
	request = p->op == cpu_to_be16(ARP_REQUEST);
	if (p->hrd != cpu_to_be16(ARPHRD_ETHER) || p->pro != cpu_to_be16(ETH_P_IP) ||
	    p->hln != ETH_ALEN || p->pln != 4 || (!request && p->op != cpu_to_be16(ARP_REPLY)))
		goto out;
	spa = tpa = IP4_ANY;
	memcpy(&spa.w[3], p->spa, 4);
	memcpy(&tpa.w[3], p->tpa, 4);
	if (ip_is_loopback(tpa) || ip_is_multicast(tpa) || !memcmp(p->sha, d->mac, ETH_ALEN))
		goto out;
	for_us = ours(d->net, tpa);
	learn(d, spa, p, for_us && request, !request, nb->kind);
	if (request && for_us)		/* also to a probe, whose spa is 0 (RFC 5227) */
		/* NOLINTNEXTLINE(readability-suspicious-call-argument): they change sides */
		send(d, ARP_REPLY, tpa, spa, p->sha, p->sha);
out:
	netbuf_free(nb);
}

static struct packet_type arp_type = { .protocol = ETH_P_ARP, .rx = arp_rx };

void arp_init(void)
{
	packet_type_add(&arp_type);
}
