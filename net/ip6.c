/* SPDX-License-Identifier: MIT */
/* ip6.c - IPv6: checking what comes in, extension headers, forwarding, headers of what goes out,
 * cutting into fragments.
 *
 * Locks: none. Ref: RFC 8200, RFC 4443, RFC 6946 (atomic fragments), ipv6(7). Tests:
 * selftests/abi/icmp.c, selftests/fuzz/ip_fuzz.c
 */
#include <net/ip_int.h>

#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/loopback.h>
#include <net/mcast.h>
#include <net/mib.h>
#include <net/neigh.h>
#include <net/net.h>
#include <net/raw.h>
#include <net/segment.h>

/* headers in one packet; Linux limits their options instead */
#define EXTENSIONS_MAX 16u

/* ---- extension headers ---- */

static u32 extension_len(u8 proto, const u8 *h)
{
	return proto == IPPROTO_AH	   ? (h[1] + 2u) * 4u
	       : proto == IPPROTO_FRAGMENT ? 8u
					   : (h[1] + 1u) * 8u;
}

static bool is_extension(u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH;
}

s32 ip6_find_transport(struct netbuf *nb, u8 *proto, bool *first_frag)
{
	u32 at = sizeof(struct ip6_header);
	u8 next, h[4];

	*first_frag = true;
	if (nb->len < at)
		return -1;
	netbuf_read(nb, 6, &next, 1);
	for (u32 i = 0; i < EXTENSIONS_MAX && is_extension(next); i++) {
		if (nb->len < at + 8)
			return -1;
		netbuf_read(nb, at, h, 4);
		if (next == IPPROTO_FRAGMENT && (get_be16(h + 2) & 0xfff8)) {
			*first_frag = false;
			*proto = h[0];
			return (s32)at + 8;
		}
		at += extension_len(next, h);
		next = h[0];
	}
	*proto = next;
	return at <= nb->len ? (s32)at : -1;
}

/* Options of the header at off, len bytes: known ones are padding and router alert. False: nb is to
 * be dropped. */
static bool check_options(struct net_ns *net, struct netbuf *nb, u32 off, u32 len)
{
	const u8 *o = nb->data + off;
	u32 i = 2;

	while (i < len) {
		u32 n;

		if (o[i] == 0) {
			i++;
			continue;
		}
		if (i + 1 >= len || i + 2u + o[i + 1] > len)
			return false;
		n = 2u + o[i + 1];
		if (o[i] != 1 && o[i] != 5) {
			/* RFC 8200 s4.2: the top bits say what to do */
			u8 action = o[i] >> 6;

			if (action == 2 || (action == 3 && !ip_is_multicast(ip_cb(nb)->dst)))
				icmp6_send(net, nb, ICMP6_PARAM_PROBLEM, 2, off + i);
			if (action)
				return false;
		}
		i += n;
	}
	return true;
}

/* A routing header that has addresses left is for routers we are not. */
static bool check_routing(struct net_ns *net, struct netbuf *nb, u32 off)
{
	if (nb->data[off + 3] == 0)
		return true;
	icmp6_send(net, nb, ICMP6_PARAM_PROBLEM, 0, off + 2);
	return false;
}

/* ---- in ---- */

static bool check_header(struct netbuf *nb)
{
	const struct ip6_header *h;
	u32 len;

	if (!netbuf_need(nb, sizeof(*h)))
		return false;
	h = (const struct ip6_header *)(const void *)nb->data;
	if (be32_to_cpu(h->flow) >> 28 != 6)
		return false;
	len = be16_to_cpu(h->len);
	if (!len && nb->gso)
		return true;
	if (len > nb->len - sizeof(*h))
		return false;
	netbuf_trim(nb, len + (u32)sizeof(*h));
	return true;
}

static bool is_martian(const struct netbuf *nb, const struct ip6_header *h)
{
	if (ip_is_multicast(h->src) || ip_is4(h->src) || ip_is4(h->dst) || ip_is_any(h->dst))
		return true;
	if (nb->loopback)
		return false;
	if (ip_is_loopback(h->src) || ip_is_loopback(h->dst))
		return true;
	/* not beyond an interface */
	return ip_is_multicast(h->dst) && (h->dst.w[0] >> 8 & 0xf) <= 1;
}

/* Walks the headers behind the first and hands up. data stays at the IPv6 header until the
 * transport is found. */
static void deliver_local(struct net_ns *net, struct netbuf *nb, u8 next)
{
	u32 at = sizeof(struct ip6_header), next_at = 6;

	for (u32 i = 0; is_extension(next); i++) {
		u32 len;

		if (i == EXTENSIONS_MAX || next == IPPROTO_AH || !netbuf_need(nb, at + 8))
			goto drop;
		len = extension_len(next, nb->data + at);
		if (!netbuf_need(nb, at + len))
			goto drop;
		if (next == IPPROTO_FRAGMENT) {
			nb = frag_input6(net, nb, at, next_at);
			if (!nb)
				return;
			next = nb->data[next_at];
			continue;
		}
		if (next == IPPROTO_HOPOPTS && next_at != 6) {
			icmp6_send(net, nb, ICMP6_PARAM_PROBLEM, 1, next_at);
			goto drop;
		}
		if (next == IPPROTO_ROUTING ? !check_routing(net, nb, at)
					    : !check_options(net, nb, at, len))
			goto drop;
		next_at = at;
		next = nb->data[at];
		at += len;
	}
	if (next == IPPROTO_NONE)
		goto drop;
	ip_cb(nb)->proto = next;
	if (!ip_proto_find(next) && !raw_wants(nb)) {
		mib_inc(MIB_IP6_InUnknownProtos);
		icmp6_send(net, nb, ICMP6_PARAM_PROBLEM, 1, next_at);
		goto drop;
	}
	netbuf_pull(nb, at);
	ip_deliver(net, nb);
	return;
drop:
	netbuf_free(nb);
}

static void forward(struct net_ns *net, struct netbuf *nb);

static void count_in(const struct netbuf *nb, u8 class, u8 type)
{
	static const u16 by_bits[4] = { MIB_IP6_InNoECTPkts, MIB_IP6_InECT1Pkts, MIB_IP6_InECT0Pkts,
					MIB_IP6_InCEPkts };

	mib_add(by_bits[class & 3], max((u32)nb->gso_segs, 1u));
	if (type != RTN_MULTICAST)
		return;
	mib_inc(MIB_IP6_InMcastPkts);
	mib_add(MIB_IP6_InMcastOctets, nb->len);
}

static void ip6_rx(struct packet_type *p, struct netbuf *nb)
{
	struct net_ns *net = nb->dev->net;
	const struct ip6_header *h;
	u8 type, class;

	if (nb->kind == PKT_OTHERHOST)
		goto drop;
	mib_inc(MIB_IP6_InReceives);
	mib_add(MIB_IP6_InOctets, nb->len);
	if (!check_header(nb)) {
		mib_inc(MIB_IP6_InHdrErrors);
		goto drop;
	}
	h = (const struct ip6_header *)(const void *)nb->data;
	nb->net_off = netbuf_offset(nb);
	if (is_martian(nb, h)) {
		mib_inc(MIB_IP6_InAddrErrors);
		goto drop;
	}
	type = route_input_type(net, h->dst, nb->dev);
	class = ip6_class(h);
	count_in(nb, class, type);
	*ip_cb(nb) = (struct ip_cb){ .src = h->src,
				     .dst = h->dst,
				     .proto = h->next,
				     .tos = class,
				     .ttl = h->hops,
				     .ce = (class & 3) == 3,
				     .type = type,
				     .ifindex = nb->dev->index };
	if (likely(type == RTN_LOCAL || type == RTN_MULTICAST))
		deliver_local(net, nb, h->next);
	else if (READ_ONCE(net->forward6) && nb->kind == PKT_HOST)
		forward(net, nb);
	else
		goto not_ours;
	return;
not_ours:
	mib_inc(MIB_IP6_InAddrErrors);
drop:
	netbuf_free(nb);
}

/* ---- forwarding ---- */

static void forward(struct net_ns *net, struct netbuf *nb)
{
	struct ip6_header *h = (struct ip6_header *)(void *)nb->data;
	struct flow f = { .dst = h->dst,
			  .mark = nb->mark,
			  .allow_any_src = true,
			  .src = h->src,
			  .tos = ip6_class(h),
			  .proto = h->next };
	struct route r = {};

	if (ip_is_any(h->src) || ip_is_link_local(h->src) || ip_is_link_local(h->dst) ||
	    ip_is_multicast(h->dst))
		goto drop;
	if (h->hops <= 1) {
		mib_inc(MIB_IP6_InHdrErrors);
		icmp6_send(net, nb, ICMP6_TIME_EXCEEDED, 0, 0);
		goto drop;
	}
	if (route_lookup(net, &f, &r)) {
		mib_inc(MIB_IP6_InNoRoutes);
		icmp6_send(net, nb, ICMP6_UNREACHABLE, 0, 0);
		goto drop;
	}
	if (ip_packet_max(nb, sizeof(*h)) > r.mtu) {
		mib_inc(MIB_IP6_InTooBigErrors);
		icmp6_send(net, nb, ICMP6_TOO_BIG, 0, r.mtu);
		goto drop;
	}
	if (r.type != RTN_UNICAST || netbuf_unshare(nb, NETBUF_HEADROOM / 2, PAGE_ATOMIC))
		goto drop;
	h = (struct ip6_header *)(void *)nb->data;
	h->hops--;
	mib_inc(MIB_IP6_OutForwDatagrams);
	ip_link_output(nb, &r, h->dst);
	route_put(&r);
	return;
drop:
	route_put(&r);
	netbuf_free(nb);
}

/* ---- out ---- */

void ip6_put_header(struct netbuf *nb, const struct ip_tx *tx, u8 hops)
{
	u32 len = nb->len;
	struct ip6_header *h = netbuf_push(nb, sizeof(*h));

	*h = (struct ip6_header){ .flow = cpu_to_be32(6u << 28 | (u32)tx->tos << 20) |
					  (tx->flowlabel & cpu_to_be32(0xfffff)),
				  .len = len > 65535 ? 0 : cpu_to_be16((u16)len),
				  .next = tx->proto,
				  .hops = hops,
				  .src = tx->src,
				  .dst = tx->dst };
	nb->net_off = netbuf_offset(nb);
	nb->mark = tx->mark;
	nb->priority = tx->priority;
}

/* A group we listen to is for us as well. */
static void copy_to_us(struct netbuf *nb, const struct route *r, struct ipaddr dst)
{
	struct netbuf *c;
	bool wanted;

	if (r->dev->flags & IFF_LOOPBACK)
		return;
	rcu_read_lock();
	wanted = mcast_joined(r->dev, dst);
	rcu_read_unlock();
	c = wanted ? netbuf_clone(nb, PAGE_ATOMIC) : NULL;
	if (!c)
		return;
	c->dev = r->dev;
	c->protocol = ETH_P_IPV6;
	c->kind = PKT_MULTICAST;
	c->link_off = c->net_off = netbuf_offset(c);
	loopback_return(c);
}

struct fragment_header {
	u8 next, reserved;
	u16 off;
	u32 id;
} __packed __aligned(2);

/* n bytes from off behind the IPv6 header (there are no extension headers of ours). */
static struct netbuf *make_fragment(struct netbuf *nb, u32 off, u32 n, bool more, u32 id)
{
	struct netbuf *f = netbuf_alloc(
		(u32)(sizeof(struct ip6_header) + sizeof(struct fragment_header)) + n,
		NETBUF_HEADROOM, PAGE_ATOMIC);
	struct fragment_header *fh;
	struct ip6_header *h;

	if (!f)
		return NULL;
	h = netbuf_put(f, sizeof(*h));
	netbuf_read(nb, 0, h, sizeof(*h));
	fh = netbuf_put(f, sizeof(*fh));
	*fh = (struct fragment_header){ h->next, 0, cpu_to_be16((u16)(off | more)), id };
	netbuf_read(nb, (u32)sizeof(*h) + off, netbuf_put(f, n), n);
	h->next = IPPROTO_FRAGMENT;
	h->len = cpu_to_be16((u16)(n + sizeof(*fh)));
	f->net_off = netbuf_offset(f);
	f->priority = nb->priority;
	f->mark = nb->mark;
	return f;
}

static int send_fragments(struct netbuf *nb, const struct ip_tx *tx, struct route *r)
{
	u32 total = nb->len - (u32)sizeof(struct ip6_header), step = (r->mtu - 48u) & ~7u, id;

	if (nb->csum == CSUM_PARTIAL && !segment_complete_csum(nb))
		return -ENOBUFS;
	id = cpu_to_be32((u32)ip_make_id(tx->src, tx->dst, IPPROTO_FRAGMENT, 1) << 16 |
			 ip_make_id(tx->dst, tx->src, IPPROTO_FRAGMENT, 1));
	for (u32 off = 0; off < total; off += step) {
		u32 n = min(step, total - off);
		struct netbuf *f = make_fragment(nb, off, n, off + n < total, id);

		if (!f) {
			mib_inc(MIB_IP6_FragFails);
			return -ENOBUFS;
		}
		mib_inc(MIB_IP6_FragCreates);
		ip_link_output(f, r, tx->dst);
	}
	mib_inc(MIB_IP6_FragOKs);
	return 0;
}

static u8 choose_hops(const struct ip_tx *tx, const struct route *r)
{
	u8 said;

	if (tx->ttl || tx->ttl_zero)
		return tx->ttl;
	if (r->hoplimit)
		return (u8)r->hoplimit;
	said = autoconf_hop_limit(r->dev);
	return said ? said : 64;
}

int ip6_send(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx, struct route *r)
{
	int err;

	ip6_put_header(nb, tx, choose_hops(tx, r));
	mib_inc(MIB_IP6_OutRequests);
	if (unlikely(r->type == RTN_MULTICAST)) {
		mib_inc(MIB_IP6_OutMcastPkts);
		mib_add(MIB_IP6_OutMcastOctets, nb->len);
		if (!tx->no_loop)
			copy_to_us(nb, r, tx->dst);
		if ((tx->ttl_zero || (tx->dst.w[0] >> 8 & 0xf) <= 1) &&
		    !(r->dev->flags & IFF_LOOPBACK)) {
			netbuf_free(nb);
			return 0;
		}
	}
	if (likely(nb->len <= r->mtu || nb->gso)) {
		ip_link_output(nb, r, tx->dst);
		return 0;
	}
	err = tx->no_local_frag || tx->dont_fragment || r->mtu < 1280 ? -EMSGSIZE
								      : send_fragments(nb, tx, r);
	netbuf_free(nb);
	return err;
}

static struct packet_type ip6_type = { .protocol = ETH_P_IPV6, .rx = ip6_rx };

void ip6_init(void)
{
	packet_type_add(&ip6_type);
}
