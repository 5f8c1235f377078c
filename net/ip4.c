/* SPDX-License-Identifier: MIT */
/* ip4.c - IPv4: checking what comes in, forwarding, headers of what goes out, cutting into
 * fragments.
 *
 *	ip4_rx -> ours: fragments are gathered (frag.c) -> ip_deliver -> transport
 *	       `-> not ours: forward, or dropped
 *	transport -> ip4_send: header -> ip4_output: whole or in fragments, a copy to ourselves ->
 *	ip_link_output
 *
 * A large packet that a device will cut (nb->gso) passes whole, with one header.
 * Locks: none. Ref: RFC 791, RFC 1122 s3.2, RFC 1812 s5, ip(7). Tests: selftests/abi/udp.c
 */
#include <net/ip_int.h>

#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/loopback.h>
#include <net/mcast.h>
#include <net/mib.h>
#include <net/net.h>

/* ---- in ---- */

/* Length and sum of the header are right; nb is cut to what the header says. */
static bool check_header(struct netbuf *nb)
{
	const struct ip4_header *h;
	u32 hlen, len;

	if (!netbuf_need(nb, sizeof(*h)))
		return false;
	h = (const struct ip4_header *)(const void *)nb->data;
	hlen = ip4_header_len(h);
	if (h->version_len >> 4 != 4 || hlen < sizeof(*h) || !netbuf_need(nb, hlen))
		return false;
	h = (const struct ip4_header *)(const void *)nb->data;
	if (!nb->loopback && csum_fold(csum_add_bytes(h, hlen, 0)))
		return false;
	len = be16_to_cpu(h->len);
	if (nb->gso && len == 0)		/* longer than the field can say */
		len = nb->len;
	if (len < hlen || (len > nb->len))
		return false;
	if (len < nb->len)
		netbuf_trim(nb, len);
	return true;
}

/* Sources and destinations that no wire may carry. */
static bool is_martian(const struct netbuf *nb, struct ipaddr src, struct ipaddr dst)
{
	bool lo = nb->loopback;

	if (ip_is_multicast(src) || ip_is_broadcast(src))
		return true;
	if (!lo && (ip_is_loopback(src) || ip_is_loopback(dst)))
		return true;
	return (be32_to_cpu(ip_v4(src)) >> 24) == 0 &&
	       !(ip_is_any(src) && (ip_is_broadcast(dst) || ip_is_multicast(dst)));
}

static void count_ecn(u8 tos, u32 segs)
{
	static const u16 by_bits[4] = { MIB_IP4_EXT_InNoECTPkts, MIB_IP4_EXT_InECT1Pkts,
					MIB_IP4_EXT_InECT0Pkts, MIB_IP4_EXT_InCEPkts };

	mib_add(by_bits[tos & 3], max(segs, 1u));
}

static void count_group(u8 type, u32 len)
{
	if (type == RTN_MULTICAST) {
		mib_inc(MIB_IP4_EXT_InMcastPkts);
		mib_add(MIB_IP4_EXT_InMcastOctets, len);
	} else if (type == RTN_BROADCAST) {
		mib_inc(MIB_IP4_EXT_InBcastPkts);
		mib_add(MIB_IP4_EXT_InBcastOctets, len);
	}
}

static void forward(struct net_ns *net, struct netbuf *nb);

static void deliver_local(struct net_ns *net, struct netbuf *nb, u32 hlen)
{
	const struct ip4_header *h = (const struct ip4_header *)(const void *)nb->data;

	if (unlikely(h->frag & cpu_to_be16(IP4_MF | IP4_OFF))) {
		nb = frag_input4(net, nb);
		if (!nb)
			return;
		hlen = ip4_header_len((const struct ip4_header *)(const void *)nb->data);
	}
	netbuf_pull(nb, hlen);
	ip_deliver(net, nb);
}

static void ip4_rx(struct packet_type *p, struct netbuf *nb)
{
	struct net_ns *net = nb->dev->net;
	const struct ip4_header *h;
	struct ipaddr src, dst;
	u8 type;

	if (nb->kind == PKT_OTHERHOST)
		goto drop;
	mib_inc(MIB_IP4_InReceives);
	mib_add(MIB_IP4_EXT_InOctets, nb->len);
	if (!check_header(nb)) {
		mib_inc(MIB_IP4_InHdrErrors);
		goto drop;
	}
	h = (const struct ip4_header *)(const void *)nb->data;
	count_ecn(h->tos, nb->gso_segs);
	nb->net_off = netbuf_offset(nb);
	src = ip4(h->src);
	dst = ip4(h->dst);
	if (is_martian(nb, src, dst)) {
		mib_inc(MIB_IP4_InAddrErrors);
		goto drop;
	}
	type = route_input_type(net, dst, nb->dev);
	if (unlikely(type != RTN_LOCAL))
		count_group(type, nb->len);
	*ip_cb(nb) = (struct ip_cb){ .src = src,
				     .dst = dst,
				     .proto = h->proto,
				     .tos = h->tos,
				     .ttl = h->ttl,
				     .ce = (h->tos & 3) == 3,
				     .type = type,
				     .ifindex = nb->dev->index,
				     .options_len = (u8)(ip4_header_len(h) - sizeof(*h)) };
	if (likely(type == RTN_LOCAL || type == RTN_BROADCAST || type == RTN_MULTICAST))
		deliver_local(net, nb, ip4_header_len(h));
	else if (READ_ONCE(net->forward4) && nb->kind == PKT_HOST)
		forward(net, nb);
	else
		goto not_ours;
	return;
not_ours:
	mib_inc(MIB_IP4_InAddrErrors);
drop:
	netbuf_free(nb);
}

/* ---- forwarding ---- */

static void decrement_ttl(struct ip4_header *h)
{
	u16 old, new;

	memcpy(&old, &h->ttl, 2);
	h->ttl--;
	memcpy(&new, &h->ttl, 2);
	csum_replace16(&h->csum, old, new);
}

static void forward(struct net_ns *net, struct netbuf *nb)
{
	struct ip4_header *h = (struct ip4_header *)(void *)nb->data;
	struct flow f = { .dst = ip4(h->dst), .mark = nb->mark, .tos = h->tos, .proto = h->proto };
	struct route r = {};
	int err;

	if (h->ttl <= 1) {
		mib_inc(MIB_IP4_InHdrErrors);
		icmp4_send(net, nb, ICMP_TIME_EXCEEDED, 0, 0);
		goto drop;
	}
	err = route_lookup(net, &f, &r);
	if (err) {
		icmp4_send(net, nb, ICMP_DEST_UNREACH,
			   err == -EACCES	  ? 13
			   : err == -EHOSTUNREACH ? 1
						  : 0,
			   0);
		goto drop;
	}
	if (r.type != RTN_UNICAST || netbuf_unshare(nb, NETBUF_HEADROOM / 2, PAGE_ATOMIC))
		goto drop;
	h = (struct ip4_header *)(void *)nb->data;
	if (ip_packet_max(nb, ip4_header_len(h)) > r.mtu && (h->frag & cpu_to_be16(IP4_DF))) {
		icmp4_send(net, nb, ICMP_DEST_UNREACH, 4, r.mtu);
		goto drop;
	}
	decrement_ttl(h);
	mib_inc(MIB_IP4_ForwDatagrams);
	ip4_output(net, nb, &r, true);
	route_put(&r);
	return;
drop:
	route_put(&r);
	netbuf_free(nb);
}

/* ---- out ---- */

static void set_sum(struct ip4_header *h)
{
	h->csum = 0;
	h->csum = csum_fold(csum_add_bytes(h, ip4_header_len(h), 0));
}

/* A group we listen to and a broadcast are for us as well. */
static void copy_to_us(struct netbuf *nb, const struct route *r, struct ipaddr dst)
{
	struct netbuf *c;
	bool wanted;

	if (r->dev->flags & IFF_LOOPBACK)
		return;
	rcu_read_lock();
	wanted = r->type == RTN_BROADCAST || mcast_joined(r->dev, dst);
	rcu_read_unlock();
	if (!wanted)
		return;
	c = netbuf_clone(nb, PAGE_ATOMIC);
	if (!c)
		return;
	c->dev = r->dev;
	c->protocol = ETH_P_IP;
	c->kind = r->type == RTN_BROADCAST ? PKT_BROADCAST : PKT_MULTICAST;
	c->link_off = c->net_off = netbuf_offset(c);
	loopback_return(c);
}

/* Options with the copied flag go into every fragment, the others only into the first: they become
 * no-operations. */
static void blank_options(u8 *o, u32 len)
{
	u32 i = 0;

	while (i < len && o[i] != 0) {
		u32 n = o[i] == 1 ? 1 : i + 1 < len ? o[i + 1] : 0;

		if (n < (o[i] == 1 ? 1u : 2u) || i + n > len)
			return;
		if (!(o[i] & 0x80))
			memset(o + i, 1, n);
		i += n;
	}
}

static struct netbuf *make_fragment(struct netbuf *nb, u32 hlen, u32 off, u32 n, bool more)
{
	struct netbuf *f = netbuf_alloc(hlen + n, NETBUF_HEADROOM, PAGE_ATOMIC);
	struct ip4_header *h;
	u16 old;

	if (!f)
		return NULL;
	netbuf_read(nb, 0, netbuf_put(f, hlen), hlen);
	netbuf_read(nb, hlen + off, netbuf_put(f, n), n);
	f->net_off = netbuf_offset(f);
	f->priority = nb->priority;
	f->mark = nb->mark;
	h = (struct ip4_header *)(void *)f->data;
	old = be16_to_cpu(h->frag);
	if (off)
		blank_options((u8 *)(h + 1), hlen - (u32)sizeof(*h));
	h->frag = cpu_to_be16(
		(u16)(((old & IP4_OFF) + off / 8) | (more || (old & IP4_MF) ? IP4_MF : 0)));
	h->len = cpu_to_be16((u16)(hlen + n));
	set_sum(h);
	return f;
}

static int send_fragments(struct netbuf *nb, struct route *r, u32 hlen, struct ipaddr dst)
{
	u32 total = nb->len - hlen, step = (r->mtu - hlen) & ~7u;

	if (nb->csum == CSUM_PARTIAL) {		/* nobody can fill it in later */
		u32 start = (u32)(nb->csum_start - netbuf_offset(nb));
		u16 folded = csum_fold(netbuf_sum(nb, start, nb->len - start, 0));

		if (netbuf_unshare(nb, 0, PAGE_ATOMIC) ||
		    !netbuf_need(nb, start + nb->csum_off + 2u))
			return -ENOBUFS;
		folded = !folded && nb->csum_off == 6 ? 0xffff : folded;
		memcpy(nb->data + start + nb->csum_off, &folded, 2);
		nb->csum = CSUM_NONE;
	}
	for (u32 off = 0; off < total; off += step) {
		u32 n = min(step, total - off);
		struct netbuf *f = make_fragment(nb, hlen, off, n, off + n < total);

		if (!f) {
			mib_inc(MIB_IP4_FragFails);
			return -ENOBUFS;
		}
		mib_inc(MIB_IP4_FragCreates);
		ip_link_output(f, r, dst);
	}
	mib_inc(MIB_IP4_FragOKs);
	return 0;
}

int ip4_output(struct net_ns *net, struct netbuf *nb, struct route *r, bool may_fragment)
{
	const struct ip4_header *h = (const struct ip4_header *)(const void *)nb->data;
	struct ipaddr dst = ip4(h->dst);
	int err;

	if (likely(nb->len <= r->mtu || nb->gso)) {
		ip_link_output(nb, r, dst);
		return 0;
	}
	err = !may_fragment || r->mtu < 68 ? -EMSGSIZE
					   : send_fragments(nb, r, ip4_header_len(h), dst);
	netbuf_free(nb);
	return err;
}

static u8 choose_ttl(const struct net_ns *net, const struct ip_tx *tx, const struct route *r)
{
	if (tx->ttl || tx->ttl_zero)
		return tx->ttl;
	return r->hoplimit ? (u8)r->hoplimit : (u8)READ_ONCE(net->default_ttl);
}

int ip4_send(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx, struct route *r)
{
	u32 hlen = (u32)sizeof(struct ip4_header) + tx->options_len;
	struct ip4_header *h = netbuf_push(nb, hlen);
	bool fits = nb->len <= r->mtu || nb->gso, df;

	mib_inc(MIB_IP4_OutRequests);
	if (!fits && tx->no_local_frag) {
		mib_inc(MIB_IP4_FragFails);
		netbuf_free(nb);
		return -EMSGSIZE;
	}
	df = tx->dont_fragment || (tx->df_if_fits && fits && !r->mtu_locked);
	*h = (struct ip4_header){ .version_len = (u8)(0x40 | hlen / 4),
				  .tos = tx->tos,
				  .len = nb->len > 65535 ? 0 : cpu_to_be16((u16)nb->len),
				  .frag = df && fits ? cpu_to_be16(IP4_DF) : 0,
				  .ttl = choose_ttl(net, tx, r),
				  .proto = tx->proto,
				  .src = ip_v4(tx->src),
				  .dst = ip_v4(tx->dst) };
	if (!df || nb->gso)
		h->id = cpu_to_be16(
			ip_make_id(tx->src, tx->dst, tx->proto, nb->gso ? nb->gso_segs : 1));
	if (tx->options_len)
		memcpy(h + 1, tx->options, tx->options_len);
	set_sum(h);
	nb->net_off = netbuf_offset(nb);
	nb->mark = tx->mark;
	nb->priority = tx->priority;
	if (unlikely(r->type != RTN_UNICAST && r->type != RTN_LOCAL)) {
		bool group = r->type == RTN_MULTICAST;

		mib_inc(group ? MIB_IP4_EXT_OutMcastPkts : MIB_IP4_EXT_OutBcastPkts);
		mib_add(group ? MIB_IP4_EXT_OutMcastOctets : MIB_IP4_EXT_OutBcastOctets, nb->len);
		if (r->type == RTN_BROADCAST || !tx->no_loop)
			copy_to_us(nb, r, tx->dst);
		if (tx->ttl_zero && !(r->dev->flags & IFF_LOOPBACK)) {
			netbuf_free(nb);
			return 0;
		}
	}
	return ip4_output(net, nb, r, true);
}

static struct packet_type ip4_type = { .protocol = ETH_P_IP, .rx = ip4_rx };

void ip4_init(void)
{
	packet_type_add(&ip4_type);
}
