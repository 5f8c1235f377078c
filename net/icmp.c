/* SPDX-License-Identifier: MIT */
/* icmp.c - ICMP for IPv4: answering echoes, telling senders what went wrong with their packets,
 * hearing it about ours.
 *
 * Errors are limited: 1000 a second in all (bursts of 50), and to each destination one a second
 * (bursts of 6); destinations share a bucket when they hash alike. Nothing is limited towards
 * ourselves.
 * Locks: limit_lock [RANK_SOCK_TABLE], bottom halves off. Ref: RFC 792, RFC 1122 s3.2.2, RFC 1191,
 * RFC 1812 s4.3, icmp(7).
 * Tests: selftests/abi/icmp.c, selftests/fuzz/ip_fuzz.c
 */
#include <net/icmp.h>

#include <kernel/bh.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <net/checksum.h>
#include <net/ip_int.h>
#include <net/mib.h>
#include <net/neigh.h>
#include <net/net.h>
#include <net/raw.h>

#define QUOTE_TOTAL 576u		/* of the whole error packet: RFC 1812 s4.3.2.3 */

/* ---- limits ---- */

#define GLOBAL_RATE  1000u		/* net.ipv4.icmp_msgs_per_sec */
#define GLOBAL_BURST 50u
#define PEER_PERIOD  NSEC_PER_SEC	/* net.ipv4.icmp_ratelimit */
#define PEER_BURST   6
#define PEERS	     1024u

static struct spinlock limit_lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static ktime_t global_time;		/* [limit_lock] when the bucket would be empty */
static ktime_t peer_time[PEERS];

/* One token from a bucket that fills one each period and holds burst: *when is the time up to which
 * tokens are spent. */
static bool take_token(ktime_t *when, ktime_t now, ktime_t period, ktime_t burst)
{
	ktime_t from = max(*when, now - burst * period);

	if (from + period > now)
		return false;
	*when = from + period;
	return true;
}

bool icmp_may_send(struct ipaddr to)
{
	ktime_t now = clock_monotonic() + PEER_BURST * PEER_PERIOD;
	bool ok;

	spin_lock_bh(&limit_lock);
	ok = take_token(&global_time, now, NSEC_PER_SEC / GLOBAL_RATE, GLOBAL_BURST) &&
	     take_token(&peer_time[ip_hash(to) % PEERS], now, PEER_PERIOD, PEER_BURST);
	spin_unlock_bh(&limit_lock);
	return ok;
}

/* ---- sending ---- */

/* A message with data behind a header of 8 bytes; the sum is computed here. Takes nb over. */
static void send_message(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx,
			 struct route *r)
{
	struct icmp_header *h = (struct icmp_header *)(void *)nb->data;

	mib_icmp(false, true, h->type);
	h->csum = 0;
	h->csum = csum_fold(netbuf_sum(nb, 0, nb->len, 0));
	nb->csum = CSUM_VERIFIED;
	nb->trans_off = netbuf_offset(nb);
	if (ip4_send(net, nb, tx, r))
		return;		/* counted nowhere: ICMP is best effort */
}

/* May an error be sent about this packet at all? RFC 1122 s3.2.2. */
static bool deserves_error(const struct netbuf *nb, const struct ip4_header *h)
{
	struct ipaddr src = ip4(h->src), dst = ip4(h->dst);

	if (nb->kind == PKT_BROADCAST || nb->kind == PKT_MULTICAST || ip_is_multicast(dst) ||
	    ip_is_broadcast(dst))
		return false;
	return !(h->frag & cpu_to_be16(IP4_OFF)) && !ip_is_any(src) && !ip_is_multicast(src) &&
	       !ip_is_broadcast(src);
}

/* A quoted ICMP message must not be an error itself; one we cannot read counts as one. */
static bool about_error(struct netbuf *nb, u32 net_at, u32 hlen)
{
	u8 type;

	if (nb->len < net_at + hlen + 1)
		return true;
	netbuf_read(nb, net_at + hlen, &type, 1);
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAM_PROBLEM || type > 18;
}

static struct netbuf *make_error(struct netbuf *nb, u32 quote, u8 type, u8 code, u32 info)
{
	struct netbuf *e = netbuf_alloc((u32)sizeof(struct icmp_header) + quote, NETBUF_HEADROOM,
					PAGE_ATOMIC);
	struct icmp_header *h;

	if (!e)
		return NULL;
	h = netbuf_put(e, sizeof(*h));
	*h = (struct icmp_header){ .type = type,
				   .code = code,
				   .rest = cpu_to_be32(type == ICMP_PARAM_PROBLEM ? info << 24
										  : info) };
	netbuf_read(nb, 0, netbuf_put(e, quote), quote);
	return e;
}

/* nb's data is at the network header. */
static void send_error(struct net_ns *net, struct netbuf *nb, u8 type, u8 code, u32 info)
{
	const struct ip4_header *h = netbuf_net_header(nb);
	struct ip_tx tx = { .dst = ip4(h->src),
			    .src = ip4(h->dst),
			    .proto = IPPROTO_ICMP,
			    .tos = (u8)((h->tos & 0x1e) | 0xc0) };
	struct flow f = { .dst = tx.dst, .tos = tx.tos, .proto = IPPROTO_ICMP };
	struct route r = {};
	struct netbuf *e;
	u8 local;

	if (!deserves_error(nb, h) ||
	    (h->proto == IPPROTO_ICMP && about_error(nb, 0, ip4_header_len(h))))
		return;
	if (ip_check_local(net, tx.src, 0, &local) || local != RTN_LOCAL)
		tx.src = IP4_ANY;
	f.src = tx.src;
	if (route_lookup(net, &f, &r))
		return;
	if (!(r.dev->flags & IFF_LOOPBACK) && !icmp_may_send(tx.dst)) {
		mib_inc(MIB_ICMP4_OutRateLimitHost);
		route_put(&r);
		return;
	}
	if (ip_is_any(tx.src))
		tx.src = r.src;
	e = make_error(nb, min(nb->len, min(r.mtu, QUOTE_TOTAL) - 28), type, code, info);
	if (e)
		send_message(net, e, &tx, &r);
	route_put(&r);
}

void icmp4_send(struct net_ns *net, struct netbuf *nb, u8 type, u8 code, u32 info)
{
	u32 back = (u32)(netbuf_offset(nb) - nb->net_off);

	netbuf_push(nb, back);		/* the header is still there: pulling only moved data */
	send_error(net, nb, type, code, info);
	netbuf_pull(nb, back);
}

void icmp_send_unreachable(struct netbuf *nb, u8 code4, u8 code6)
{
	if (ip_is4(ip_cb(nb)->src))
		icmp4_send(nb->dev->net, nb, ICMP_DEST_UNREACH, code4, 0);
	else
		icmp6_send(nb->dev->net, nb, ICMP6_UNREACHABLE, code6, 0);
}

void ip_link_failure(struct netbuf *nb)
{
	if (nb->protocol == ETH_P_IP)
		icmp4_send(nb->dev->net, nb, ICMP_DEST_UNREACH, 1, 0);
	else
		icmp6_send(nb->dev->net, nb, ICMP6_UNREACHABLE, 3, 0);
}

/* ---- echo and time ---- */

/* To a group or a broadcast the answer comes from an address of ours. */
static void reply(struct net_ns *net, struct netbuf *nb)
{
	const struct ip_cb *cb = ip_cb(nb);
	struct ip_tx tx = { .dst = cb->src,
			    .src = cb->type == RTN_LOCAL ? cb->dst : IP4_ANY,
			    .proto = IPPROTO_ICMP,
			    .tos = cb->tos };
	struct flow f = { .dst = tx.dst, .src = tx.src, .tos = tx.tos, .proto = IPPROTO_ICMP };
	struct route r = {};
	struct netbuf *c;

	if (route_lookup(net, &f, &r))
		return;
	if (ip_is_any(tx.src))
		tx.src = r.src;
	c = netbuf_copy(nb, NETBUF_HEADROOM, PAGE_ATOMIC);
	if (c) {
		struct icmp_header *h = (struct icmp_header *)(void *)c->data;

		c->loopback = 0;
		h->type = h->type == ICMP_ECHO ? ICMP_ECHO_REPLY : ICMP_TIMESTAMP_REPLY;
		h->code = 0;
		send_message(net, c, &tx, &r);
	}
	route_put(&r);
}

static void rx_echo(struct net_ns *net, struct netbuf *nb)
{
	if (READ_ONCE(net->echo_ignore_all) ||
	    (ip_cb(nb)->type != RTN_LOCAL && READ_ONCE(net->echo_ignore_broadcasts)))
		return;
	reply(net, nb);
}

static void rx_timestamp(struct net_ns *net, struct netbuf *nb)
{
	u32 ms = cpu_to_be32((u32)(clock_realtime() / NSEC_PER_MSEC % (24 * 3600 * 1000)));

	if (nb->len < 20 || !netbuf_need(nb, 20) || netbuf_unshare(nb, 0, PAGE_ATOMIC) ||
	    ip_cb(nb)->type != RTN_LOCAL)
		return;
	memcpy(nb->data + 12, &ms, 4);
	memcpy(nb->data + 16, &ms, 4);
	reply(net, nb);
}

/* ---- errors about our packets ---- */

static const struct {
	u8 err;
	bool hard;
} unreachable[] = {
	{ ENETUNREACH, false },	 { EHOSTUNREACH, false }, { ENOPROTOOPT, true },
	{ ECONNREFUSED, true },	 { EMSGSIZE, false },	  { EOPNOTSUPP, false },
	{ ENETUNREACH, true },	 { EHOSTDOWN, true },	  { ENONET, true },
	{ ENETUNREACH, true },	 { EHOSTUNREACH, true },  { ENETUNREACH, false },
	{ EHOSTUNREACH, false }, { EHOSTUNREACH, true },  { EHOSTUNREACH, true },
	{ EHOSTUNREACH, true },
};

static bool decode_error(const struct icmp_header *m, struct ip_error *e)
{
	e->type = m->type;
	e->code = m->code;
	switch (m->type) {
	case ICMP_DEST_UNREACH:
		if (m->code >= ARRAY_SIZE(unreachable))
			return false;
		e->err = unreachable[m->code].err;
		e->hard = unreachable[m->code].hard;
		return true;
	case ICMP_TIME_EXCEEDED:
		e->err = EHOSTUNREACH;
		return true;
	case ICMP_PARAM_PROBLEM:
		e->err = EPROTO;
		e->hard = true;
		e->info = be32_to_cpu(m->rest) >> 24;
		return true;
	default:
		return false;
	}
}

/* RFC 1191 s5: routers from before say nothing; then the next plausible size below the packet's. */
static u32 believable_mtu(u32 said, u32 packet_len)
{
	static const u16 plateaus[] = {
		32000, 17914, 8166, 4352, 2002, 1492, 576, 296, 216, 128, 68
	};

	if (said)
		return max(said, 68u);
	for (u32 i = 0; i < ARRAY_SIZE(plateaus); i++)
		if (plateaus[i] < packet_len)
			return plateaus[i];
	return 68;
}

static void rx_redirect(struct net_ns *net, struct netbuf *nb, u32 gateway_be, struct ipaddr dst)
{
	struct ipaddr gw = ip4(gateway_be), from = ip_cb(nb)->src;
	struct flow f = { .dst = dst }, g = { .dst = gw };
	struct route now = {}, via = {};

	if (READ_ONCE(net->forward4))		/* accept_redirects of a host, secure or not */
		return;
	if (!route_lookup(net, &f, &now) && !route_lookup(net, &g, &via) &&
	    now.type == RTN_UNICAST && via.type == RTN_UNICAST && ip_eq(now.next_hop, from) &&
	    ip_eq(via.next_hop, gw) && via.dev == nb->dev)
		route_set_redirect(net, dst, gw, nb->dev);
	route_put(&now);
	route_put(&via);
}

/* nb's data at the message. */
static void rx_error(struct net_ns *net, struct netbuf *nb)
{
	struct ip_error e = { .offender = ip_cb(nb)->src };
	struct icmp_header m;
	struct ip4_header q;
	const struct ip_proto *p;
	u8 local;

	netbuf_read(nb, 0, &m, sizeof(m));
	if (!netbuf_need(nb, (u32)(sizeof(m) + sizeof(q))))
		return;
	netbuf_pull(nb, sizeof(m));
	netbuf_read(nb, 0, &q, sizeof(q));
	if (ip4_header_len(&q) < sizeof(q) || !netbuf_need(nb, ip4_header_len(&q) + 8))
		return;
	if (ip_check_local(net, ip4(q.src), 0, &local) || local != RTN_LOCAL)
		return;
	if (m.type == ICMP_REDIRECT) {
		rx_redirect(net, nb, m.rest, ip4(q.dst));
		return;
	}
	if (!decode_error(&m, &e))
		return;
	if (m.type == ICMP_DEST_UNREACH && m.code == ICMP_FRAG_NEEDED)
		e.info = believable_mtu(be16_to_cpu(m.mtu), be16_to_cpu(q.len));
	*ip_cb(nb) = (struct ip_cb){ .src = ip4(q.src),
				     .dst = ip4(q.dst),
				     .proto = q.proto,
				     .tos = q.tos,
				     .ttl = q.ttl,
				     .type = RTN_LOCAL,
				     .ifindex = nb->dev->index };
	netbuf_pull(nb, ip4_header_len(&q));
	nb->trans_off = netbuf_offset(nb);
	p = ip_proto_find(q.proto);
	if (e.err == EMSGSIZE && !(p && p->judges_pmtu))
		route_set_pmtu(net, ip4(q.dst), e.info);
	raw_error(net, nb, &e);
	if (p && p->error)
		p->error(net, nb, &e);
}

static void icmp_rx(struct net_ns *net, struct netbuf *nb)
{
	const struct icmp_header *h;

	if (!ip_is4(ip_cb(nb)->dst) || !netbuf_need(nb, sizeof(*h)))
		goto out;
	if (!nb->loopback && csum_fold(netbuf_sum(nb, 0, nb->len, 0))) {
		mib_inc(MIB_ICMP4_InMsgs);
		mib_inc(MIB_ICMP4_InErrors);
		mib_inc(MIB_ICMP4_InCsumErrors);
		goto out;
	}
	h = (const struct icmp_header *)(const void *)nb->data;
	mib_icmp(false, false, h->type);
	switch (h->type) {
	case ICMP_ECHO_REPLY:
		ping_rx(net, nb);
		return;
	case ICMP_ECHO:		 rx_echo(net, nb); break;
	case ICMP_TIMESTAMP:	 rx_timestamp(net, nb); break;
	case ICMP_DEST_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_REDIRECT:
	case ICMP_PARAM_PROBLEM: rx_error(net, nb); break;
	}
out:
	netbuf_free(nb);
}

static void icmp_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	if (nb->data[0] == ICMP_ECHO)
		ping_error(net, nb, e);
}

static const struct ip_proto icmp_proto = { .proto = IPPROTO_ICMP,
					    .rx = icmp_rx,
					    .error = icmp_error };

void icmp_init(struct net_ns *net)
{
	ip_proto_register(&icmp_proto);
}
