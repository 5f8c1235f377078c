/* SPDX-License-Identifier: MIT */
/* icmp6.c - ICMPv6: echoes, errors in both directions; the rest is handed to neighbour discovery
 * and multicast listeners.
 *
 * Locks: none; the limits are those of icmp.c. Ref: RFC 4443, RFC 8201, icmp(7). Tests:
 * selftests/abi/icmp.c, selftests/fuzz/ip_fuzz.c
 */
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <net/checksum.h>
#include <net/ip_int.h>
#include <net/mib.h>
#include <net/net.h>
#include <net/raw.h>

#define QUOTE_TOTAL 1280u

void icmp6_send_message(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx,
			struct route *r)
{
	struct icmp6_header *h = (struct icmp6_header *)(void *)nb->data;

	h->csum = 0;
	h->csum = csum_fold(netbuf_sum(nb, 0, nb->len,
				       csum_pseudo6(&tx->src, &tx->dst, nb->len, IPPROTO_ICMPV6)));
	nb->csum = CSUM_VERIFIED;
	nb->trans_off = netbuf_offset(nb);
	mib_icmp(true, true, nb->data[0]);
	if (ip6_send(net, nb, tx, r))
		return;		/* best effort */
}

/* ---- errors about others' packets ---- */

/* RFC 4443 s2.4 (e): never about an error, a redirect, or (but for two) what was sent to a
 * group. */
static bool deserves_error(struct netbuf *nb, const struct ip6_header *h, u8 type, u8 code)
{
	bool to_group = nb->kind == PKT_BROADCAST || nb->kind == PKT_MULTICAST ||
			ip_is_multicast(h->dst),
	     first;
	u8 proto, quoted;
	s32 at;

	if (to_group && type != ICMP6_TOO_BIG && !(type == ICMP6_PARAM_PROBLEM && code == 2))
		return false;
	if (ip_is_any(h->src) || ip_is_multicast(h->src))
		return false;
	at = ip6_find_transport(nb, &proto, &first);
	if (at < 0 || !first)
		return false;
	if (proto != IPPROTO_ICMPV6)
		return true;
	if ((u32)at >= nb->len)
		return false;
	netbuf_read(nb, (u32)at, &quoted, 1);
	return quoted >= 128 && quoted != NDP_REDIRECT;
}

static struct netbuf *make_error(struct netbuf *nb, u32 quote, u8 type, u8 code, u32 info)
{
	struct netbuf *e = netbuf_alloc((u32)sizeof(struct icmp6_header) + quote, NETBUF_HEADROOM,
					PAGE_ATOMIC);
	struct icmp6_header *h;

	if (!e)
		return NULL;
	h = netbuf_put(e, sizeof(*h));
	*h = (struct icmp6_header){ type, code, 0, cpu_to_be32(info) };
	netbuf_read(nb, 0, netbuf_put(e, quote), quote);
	return e;
}

static void send_error(struct net_ns *net, struct netbuf *nb, u8 type, u8 code, u32 info)
{
	const struct ip6_header *h = netbuf_net_header(nb);
	struct ip_tx tx = { .dst = h->src, .src = h->dst, .proto = IPPROTO_ICMPV6 };
	struct flow f = { .dst = h->src,
			  .oif = ip_is_link_local(h->src) ? nb->dev->index : 0,
			  .proto = IPPROTO_ICMPV6 };
	struct route r = {};
	struct netbuf *e;
	u8 local;

	if (!deserves_error(nb, h, type, code))
		return;
	if (ip_is_multicast(tx.src) || ip_check_local(net, tx.src, nb->dev->index, &local) ||
	    local != RTN_LOCAL)
		tx.src = IP6_ANY;
	if (f.oif == net->loopback->index)
		f.oif = 0;
	f.src = tx.src;
	if (route_lookup(net, &f, &r))
		return;
	if (!(r.dev->flags & IFF_LOOPBACK) && !icmp_may_send(tx.dst)) {
		mib_inc(MIB_ICMP6_OutRateLimitHost);
		route_put(&r);
		return;
	}
	if (ip_is_any(tx.src))
		tx.src = r.src;
	e = make_error(nb, min(nb->len, QUOTE_TOTAL - 48u), type, code, info);
	if (e)
		icmp6_send_message(net, e, &tx, &r);
	route_put(&r);
}

void icmp6_send(struct net_ns *net, struct netbuf *nb, u8 type, u8 code, u32 info)
{
	u32 back = (u32)(netbuf_offset(nb) - nb->net_off);

	netbuf_push(nb, back);
	send_error(net, nb, type, code, info);
	netbuf_pull(nb, back);
}

/* ---- echo ---- */

static void reply(struct net_ns *net, struct netbuf *nb)
{
	const struct ip_cb *cb = ip_cb(nb);
	struct ip_tx tx = { .dst = cb->src,
			    .src = cb->type == RTN_LOCAL ? cb->dst : IP6_ANY,
			    .proto = IPPROTO_ICMPV6,
			    .tos = cb->tos };
	struct flow f = { .dst = tx.dst,
			  .src = tx.src,
			  .oif = ip_is_link_local(tx.dst) && !(nb->dev->flags & IFF_LOOPBACK)
					 ? nb->dev->index
					 : 0,
			  .proto = IPPROTO_ICMPV6 };
	struct route r = {};
	struct netbuf *c;

	if (READ_ONCE(net->echo_ignore_all6) || route_lookup(net, &f, &r))
		return;
	if (ip_is_any(tx.src))
		tx.src = r.src;
	c = netbuf_copy(nb, NETBUF_HEADROOM, PAGE_ATOMIC);
	if (c) {
		c->loopback = 0;
		c->data[0] = ICMP6_ECHO_REPLY;
		icmp6_send_message(net, c, &tx, &r);
	}
	route_put(&r);
}

/* ---- errors about our packets ---- */

static bool decode_error(const struct icmp6_header *m, struct ip_error *e)
{
	static const struct {
		u8 err;
		bool hard;
	} unreachable[] = {
		{ ENETUNREACH, false },	 { EACCES, true },	 { EHOSTUNREACH, false },
		{ EHOSTUNREACH, false }, { ECONNREFUSED, true }, { EACCES, true },
		{ EACCES, true },
	};

	e->type = m->type;
	e->code = m->code;
	switch (m->type) {
	case ICMP6_UNREACHABLE:
		e->err = m->code < ARRAY_SIZE(unreachable) ? unreachable[m->code].err : EPROTO;
		e->hard = m->code >= ARRAY_SIZE(unreachable) || unreachable[m->code].hard;
		return true;
	case ICMP6_TOO_BIG:
		e->err = EMSGSIZE;
		e->info = be32_to_cpu(m->rest);
		return true;
	case ICMP6_TIME_EXCEEDED:
		e->err = EHOSTUNREACH;
		return true;
	case ICMP6_PARAM_PROBLEM:
		e->err = EPROTO;
		e->hard = true;
		e->info = be32_to_cpu(m->rest);
		return true;
	default:
		return false;
	}
}

static void rx_error(struct net_ns *net, struct netbuf *nb)
{
	struct ip_error e = { .offender = ip_cb(nb)->src };
	const struct ip_proto *p;
	struct icmp6_header m;
	struct ip6_header q;
	bool first;
	u8 proto, local;
	s32 at;

	netbuf_read(nb, 0, &m, sizeof(m));
	if (!decode_error(&m, &e) || nb->len < sizeof(m) + sizeof(q))
		return;
	netbuf_pull(nb, sizeof(m));
	netbuf_read(nb, 0, &q, sizeof(q));
	at = ip6_find_transport(nb, &proto, &first);
	if (at < 0 || !first || !netbuf_need(nb, (u32)at + 8))
		return;
	if (ip_check_local(net, q.src, nb->dev->index, &local) || local != RTN_LOCAL)
		return;
	*ip_cb(nb) = (struct ip_cb){ .src = q.src,
				     .dst = q.dst,
				     .proto = proto,
				     .tos = ip6_class(&q),
				     .ttl = q.hops,
				     .type = RTN_LOCAL,
				     .ifindex = nb->dev->index };
	netbuf_pull(nb, (u32)at);
	nb->trans_off = netbuf_offset(nb);
	p = ip_proto_find(proto);
	if (m.type == ICMP6_TOO_BIG && e.info >= IP6_MTU_MIN && !(p && p->judges_pmtu))
		route_set_pmtu(net, q.dst, e.info);
	raw_error(net, nb, &e);
	if (p && p->error)
		p->error(net, nb, &e);
}

static void icmp6_rx(struct net_ns *net, struct netbuf *nb)
{
	const struct ip_cb *cb = ip_cb(nb);

	if (ip_is4(cb->dst) || !netbuf_need(nb, sizeof(struct icmp6_header)))
		goto drop;
	if (!nb->loopback &&
	    csum_fold(netbuf_sum(nb, 0, nb->len,
				 csum_pseudo6(&cb->src, &cb->dst, nb->len, IPPROTO_ICMPV6)))) {
		mib_inc(MIB_ICMP6_InMsgs);
		mib_inc(MIB_ICMP6_InErrors);
		mib_inc(MIB_ICMP6_InCsumErrors);
		goto drop;
	}
	mib_icmp(true, false, nb->data[0]);
	switch (nb->data[0]) {
	case ICMP6_ECHO:
		reply(net, nb);
		break;
	case ICMP6_ECHO_REPLY:
		ping_rx(net, nb);
		return;
	case ICMP6_UNREACHABLE:
	case ICMP6_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAM_PROBLEM: rx_error(net, nb); break;
	case NDP_RS: case NDP_RA: case NDP_NS: case NDP_NA: case NDP_REDIRECT:
		ndp_rx(net, nb);
		return;
	case MLD_QUERY:
		mld_query(nb);
		break;
	}
drop:
	netbuf_free(nb);
}

static void icmp6_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	if (nb->data[0] == ICMP6_ECHO)
		ping_error(net, nb, e);
}

static const struct ip_proto icmp6_proto = { .proto = IPPROTO_ICMPV6,
					     .rx = icmp6_rx,
					     .error = icmp6_error };

void icmp6_init(void)
{
	ip_proto_register(&icmp6_proto);
}
