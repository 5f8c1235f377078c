/* SPDX-License-Identifier: MIT */
/* udp_out.c - UDP: from a program's bytes to an IP packet; gathering with MSG_MORE and UDP_CORK;
 * cutting with UDP_SEGMENT.
 *
 * Invariants: (1) pending, when set, has room for the UDP header in front and goes to pending_tx by
 * pending_route; (2) a datagram that is sent is charged to its socket until the device has it.
 * Locks: owner. Ref: RFC 768, RFC 8200 s8.1, udp(7). Tests: selftests/abi/udp.c
 */
#include "udp_int.h"

#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/net.h>
#include <net/mib.h>

#define UDP_MAX 65507u			/* 65535 less the headers of IPv4 and UDP */
#define LINEAR_MAX 2048u

/* Where a datagram goes. */
struct target {
	struct ip_tx tx;
	u16 port;
	struct route *route;		/* the socket's cached one, or own */
	struct route own;
};

static void apply_ctl(struct target *t, const struct sock_ctl *c, s32 *oif)
{
	if (!c)
		return;
	if (c->present & CTL_PKTINFO4) {
		u32 src;

		memcpy(&src, c->local, 4);
		if (src)
			t->tx.src = ip4(src);
		if (c->ifindex)
			*oif = (s32)c->ifindex;
	}
	if (c->present & CTL_PKTINFO6) {
		if (!ip_is_any(ip6(c->local)))
			t->tx.src = ip6(c->local);
		if (c->ifindex)
			*oif = (s32)c->ifindex;
	}
	if ((c->present & CTL_TTL) && c->ttl > 0)
		t->tx.ttl = (u8)c->ttl;
	if ((c->present & CTL_TOS) && c->tos >= 0)
		t->tx.tos = (u8)c->tos;
	if (c->present & CTL_MARK)
		t->tx.mark = c->mark;
}

static void set_defaults(const struct inet_sock *is, struct target *t)
{
	bool v4 = ip_is4(t->tx.dst), group = ip_is_multicast(t->tx.dst);
	s32 ttl = v4 ? is->ttl : is->hoplimit;
	u8 pmtu = v4 ? is->pmtudisc : is->pmtudisc6;

	t->tx.proto = IPPROTO_UDP;
	t->tx.tos = v4 ? is->tos : is->tclass;
	t->tx.ttl = group ? (v4 ? is->mcast_ttl : is->mcast_hops) : ttl > 0 ? (u8)ttl : 0;
	t->tx.mark = is->sk.mark;
	t->tx.priority = is->sk.priority;
	t->tx.dont_fragment = pmtu == IP_PMTUDISC_DO || pmtu == IP_PMTUDISC_PROBE;
	t->tx.no_local_frag = t->tx.dont_fragment;
	t->tx.df_if_fits = pmtu == IP_PMTUDISC_WANT;
	t->tx.no_loop = group && !is->mcast_loop;
	t->tx.ttl_zero = group && !t->tx.ttl;
	t->tx.flowlabel = is->flowlabel;
	if (v4) {
		t->tx.options = is->options;
		t->tx.options_len = is->options_len;
	}
}

static int find_route(struct inet_sock *is, struct target *t, s32 oif)
{
	struct flow f = { .dst = t->tx.dst,
			  .src = t->tx.src,
			  .oif = oif,
			  .mark = t->tx.mark,
			  .tos = t->tx.tos,
			  .proto = IPPROTO_UDP,
			  .allow_any_src = is->freebind || is->transparent };
	int err;

	if (ip_is_multicast(t->tx.dst) && !f.oif) {
		f.oif = is->mcast_if;
		if (ip_is_any(f.src) && ip_is4(t->tx.dst) && !ip_is_any(is->mcast_src))
			f.src = is->mcast_src;
	}
	err = route_lookup(is->sk.net, &f, &t->own);
	if (err)
		return err;
	t->route = &t->own;
	return t->own.type == RTN_BROADCAST && !sock_flag(&is->sk, SOCK_BROADCAST) ? -EACCES : 0;
}

static int find_target(struct udp_sock *us, struct sock_msg *m, struct target *t)
{
	struct inet_sock *is = &us->inet;
	s32 oif = is->sk.bound_if;
	int err;

	*t = (struct target){ .tx.src = is->saddr };
	if (m->has_addr) {
		err = inet_check_dest(is, m->addr, &t->tx.dst, &t->port, &oif);
		if (err)
			return err;
		if (!t->port)
			return -EINVAL;
		if (ip_is_any(t->tx.dst))		/* 0.0.0.0 is ourselves */
			t->tx.dst = ip_is4(t->tx.dst) ? ip4_host(0x7f000001) : t->tx.dst;
	} else {
		if (!is->rport)
			return -EDESTADDRREQ;
		t->tx.dst = is->raddr;
		t->port = is->rport;
		oif = oif ? oif : (s32)is->scope;
	}
	if (ip_is4(t->tx.dst) && !ip_is4(t->tx.src)) {
		if (!ip_is_any(t->tx.src))
			return -ENETUNREACH;
		t->tx.src = IP4_ANY;
	}
	set_defaults(is, t);
	apply_ctl(t, m->ctl, &oif);
	if (!m->has_addr && !m->ctl &&
	    route_valid(&is->route, atomic_read(&is->sk.net->route_gen))) {
		t->route = &is->route;
		return 0;
	}
	return find_route(is, t, oif);
}

/* ---- one datagram ---- */

static void put_header(struct udp_sock *us, struct netbuf *nb, const struct ip_tx *tx, u16 dport)
{
	struct udp_header *h = netbuf_push(nb, sizeof(*h));
	bool v4 = ip_is4(tx->dst);
	u32 sum;

	*h = (struct udp_header){ cpu_to_be16(us->inet.lport), cpu_to_be16(dport),
				  cpu_to_be16((u16)nb->len), 0 };
	nb->trans_off = netbuf_offset(nb);
	if (v4 ? sock_flag(&us->inet.sk, SOCK_NO_CHECK) : us->no_check6_tx)
		return;
	sum = v4 ? csum_pseudo4(ip_v4(tx->src), ip_v4(tx->dst), nb->len, IPPROTO_UDP)
		 : csum_pseudo6(&tx->src, &tx->dst, nb->len, IPPROTO_UDP);
	h->csum = (u16)~csum_fold(sum);
	nb->csum = CSUM_PARTIAL;
	nb->csum_start = nb->trans_off;
	nb->csum_off = offsetof(struct udp_header, csum);
}

static int set_segments(struct netbuf *nb, u32 size, const struct route *r, bool v4)
{
	u32 payload = nb->len;

	if (!size || payload <= size)
		return 0;
	if (size + 8u > ip_payload_max(r, v4))
		return -EINVAL;
	if (payload > size * 128u)
		return -EINVAL;
	nb->gso = v4 ? GSO_UDP4 : GSO_UDP6;
	nb->gso_size = (u16)size;
	nb->gso_segs = (u16)DIV_ROUND_UP(payload, size);
	return 0;
}

/* The path is narrower than the datagram, which must not be cut: IP_RECVERR hears how wide it
 * is. */
static void tell_too_big(struct udp_sock *us, const struct ip_tx *tx, u16 port, u32 mtu)
{
	struct ip_error e = { .offender = ip_is4(tx->dst) ? IP4_ANY : IP6_ANY,
			      .err = EMSGSIZE,
			      .info = mtu };

	inet_queue_error(&us->inet, NULL, &e, tx->dst, port);
}

static int send_now(struct udp_sock *us, struct netbuf *nb, struct ip_tx *tx, struct route *r,
		    u16 port, u32 segment)
{
	int err = set_segments(nb, segment, r, ip_is4(tx->dst));

	if (err) {
		netbuf_free(nb);
		return err;
	}
	if (ip_is_any(tx->src))
		tx->src = r->src;
	put_header(us, nb, tx, port);
	err = ip_send(us->inet.sk.net, nb, tx, r);
	if (!err)
		mib_inc(inet_is6(&us->inet) ? MIB_UDP6_OutDatagrams : MIB_UDP4_OutDatagrams);
	else if (err == -ENOBUFS)
		mib_inc(inet_is6(&us->inet) ? MIB_UDP6_SndbufErrors : MIB_UDP4_SndbufErrors);
	if (err == -EMSGSIZE)
		tell_too_big(us, tx, port, r->mtu);
	return err == -ENOBUFS && !(ip_is4(tx->dst) ? us->inet.recverr : us->inet.recverr6) ? 0
											    : err;
}

static int make_datagram(struct sock *sk, struct sock_msg *m, u32 len, struct netbuf **out)
{
	struct netbuf *nb = netbuf_alloc(min(len, LINEAR_MAX), NETBUF_HEADROOM, PAGE_KERNEL);
	int err;

	if (!nb)
		return -ENOBUFS;
	err = netbuf_from_iter(nb, m->iter, len);
	if (err) {
		netbuf_free(nb);
		return err;
	}
	sock_charge_send(sk, nb);		/* (2) */
	*out = nb;
	return 0;
}

/* ---- gathering ---- */

int udp_push_pending(struct udp_sock *us)
{
	struct netbuf *nb = us->pending;
	struct route r = us->pending_route;
	int err;

	if (!nb)
		return 0;
	us->pending = NULL;
	us->pending_route = (struct route){};
	err = send_now(us, nb, &us->pending_tx, &r, us->pending_port, us->segment);
	route_put(&r);
	return err;
}

void udp_drop_pending(struct udp_sock *us)
{
	netbuf_free(us->pending);
	us->pending = NULL;
	route_put(&us->pending_route);
	us->pending_route = (struct route){};
}

/* More bytes for what is pending; on failure all of it is lost, as Linux has it. */
static int append(struct udp_sock *us, struct sock_msg *m, u32 len)
{
	int err = us->pending->len + len > UDP_MAX ? -EMSGSIZE
						   : netbuf_from_iter(us->pending, m->iter, len);

	if (err)
		udp_drop_pending(us);
	return err;
}

static int start_pending(struct udp_sock *us, struct netbuf *nb, struct target *t)
{
	us->pending = nb;
	us->pending_tx = t->tx;
	us->pending_port = t->port;
	if (t->route == &t->own) {
		us->pending_route = t->own;
		t->own = (struct route){};
		return 0;
	}
	return find_route(&us->inet, t, us->inet.sk.bound_if)
		       ? -EHOSTUNREACH
		       : (us->pending_route = t->own, t->own = (struct route){}, 0);
}

static int send_new(struct udp_sock *us, struct sock_msg *m, u32 len, bool more)
{
	struct target t;
	struct netbuf *nb;
	u32 segment = m->ctl && (m->ctl->present & CTL_SEGMENT) ? m->ctl->segment : us->segment;
	int err = udp_autobind(us);

	t.own = (struct route){};
	if (!err)
		err = find_target(us, m, &t);
	if (!err)
		err = make_datagram(&us->inet.sk, m, len, &nb);
	if (!err)
		err = more ? start_pending(us, nb, &t)
			   : send_now(us, nb, &t.tx, t.route, t.port, segment);
	route_put(&t.own);
	return err;
}

ssize_t udp_send(struct sock *sk, struct sock_msg *m)
{
	struct udp_sock *us = to_udp(sk);
	usize len = iter_left(m->iter);
	bool more = (m->flags & MSG_MORE) || us->cork;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (len > 65535)
		return -EMSGSIZE;
	if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
		return sock_pipe_error(m->flags);
	err = sock_wait_send(sk, m->nonblock, sock_deadline(sk->sndtimeo));
	if (err)
		return err;
	sock_lock(sk);
	if (us->pending) {
		err = append(us, m, (u32)len);
		if (!err && !more)
			err = udp_push_pending(us);
	} else if (len > UDP_MAX) {
		err = -EMSGSIZE;
	} else {
		err = send_new(us, m, (u32)len, more);
	}
	sock_unlock(sk);
	return err ? err : (ssize_t)len;
}
