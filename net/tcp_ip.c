/* SPDX-License-Identifier: MIT */
/* tcp_ip.c - TCP, between a connection and the world: packets in and out, timers, errors, wake-ups.
 *
 * A packet finds its socket under RCU. If a thread owns the socket the packet goes to the backlog,
 * else it is worked on here. The timer does the same: a socket that is owned is kicked. tcp_env_*()
 * are what the connection (tcp_in.c and its like) asks for.
 *
 * Invariants: (1) the timer holds a reference while it is armed or due; armed_for is its deadline
 * or earlier than all of the connection's; (2) a connection in state CLOSED is in no table and has
 * no timer.
 * Locks: the owner lock of the socket; RCU for tables. Ref: RFC 9293 s3.10.7.1, RFC 6528, RFC 5927,
 * tcp(7).
 * Tests: selftests/abi/tcp.c, selftests/net/packet
 */
#include "tcp_int.h"

#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <kernel/sigio.h>
#include <mm/slab.h>
#include <net/checksum.h>
#include <net/inet_port.h>
#include <net/net.h>

u64 tcp_secret[2];
static struct slab_cache *seg_cache;

void tcp_make_secret(void)
{
	random_bytes(tcp_secret, sizeof(tcp_secret));
	seg_cache = slab_cache_create("tcp_seg", sizeof(struct tcp_seg), 64);
}

void tcp_enter(struct tcp_sock *ts)
{
	ts->tcp.now = clock_monotonic();
}

/* RFC 6528: a clock of 4 microseconds plus a hash of the four-tuple; the offset of the timestamps
 * likewise. */
u32 tcp_new_iss(struct ipaddr laddr, u16 lport, struct ipaddr raddr, u16 rport, u32 *ts_offset)
{
	struct { struct ipaddr l, r; u16 lp, rp; u32 pad; } k = { laddr, raddr, lport, rport, 0 };
	u64 h = siphash(tcp_secret, &k, sizeof(k));

	*ts_offset = (u32)(h >> 32);
	return (u32)h + (u32)(clock_monotonic() >> 6);
}

/* ---- out ---- */

void tcp_find_path(struct tcp_sock *ts)
{
	struct inet_sock *is = &ts->inet;
	bool v4 = ip_is4(is->raddr);
	u32 head = v4 ? 40 + is->options_len : 60;
	struct netdev *d = is->route.dev;
	u32 mss = is->route.mtu > head ? is->route.mtu - head : TCP_MSS_FLOOR;

	mss = min(mss, 65535u - head);
	ts->tcp.gso_max = 0;
	if (d && (d->features & (v4 ? NETDEV_F_TSO4 : NETDEV_F_TSO6)))
		ts->tcp.gso_max = min(65535u - head - 20u, d->gso_max ? d->gso_max - 128u : 65000u);
	if (mss == ts->tcp.mss_path)
		return;
	ts->tcp.mss_path = mss;
	tcp_update_mss(&ts->tcp);
}

static int check_route(struct tcp_sock *ts)
{
	struct inet_sock *is = &ts->inet;
	int err;

	if (likely(route_valid(&is->route, atomic_read(&is->sk.net->route_gen))))
		return 0;
	err = inet_route(is);
	if (!err)
		tcp_find_path(ts);
	return err;
}

void tcp_env_send(struct tcp *t, struct netbuf *nb, u32 mss)
{
	struct tcp_sock *ts = tcp_sock_of(t);
	struct inet_sock *is = &ts->inet;
	bool v4 = ip_is4(is->raddr);
	struct tcp_header *h = (struct tcp_header *)(void *)nb->data;
	struct ip_tx tx = {
		.src = is->laddr,
		.dst = is->raddr,
		.proto = IPPROTO_TCP,
		.tos = (u8)((v4 ? is->tos : is->tclass) | (t->ect ? 2 : 0)),
		.ttl = (u8)max(v4 ? is->ttl : is->hoplimit, 0),
		.dont_fragment = (v4 ? is->pmtudisc : is->pmtudisc6) != IP_PMTUDISC_DONT,
		.flowlabel = is->flowlabel,
		.mark = is->sk.mark,
		.priority = is->sk.priority,
		.options = v4 ? is->options : NULL,
		.options_len = v4 ? is->options_len : 0,
	};
	int err = check_route(ts);

	if (err) {
		t->soft_err = (u32)-err;
		netbuf_free(nb);
		return;
	}
	h->csum = tcp_pseudo(tx.src, tx.dst, nb->len);
	nb->csum = CSUM_PARTIAL;
	nb->csum_start = nb->trans_off;
	nb->csum_off = offsetof(struct tcp_header, csum);
	if (mss) {
		nb->gso = v4 ? GSO_TCP4 : GSO_TCP6;
		nb->gso_size = (u16)mss;
		nb->gso_segs = (u16)DIV_ROUND_UP(nb->len - (h->off >> 4) * 4u, mss);
	}
	err = ip_send(is->sk.net, nb, &tx, &is->route);
	if (err == -EHOSTUNREACH)
		t->soft_err = EHOSTUNREACH;
}

void tcp_env_port(struct tcp *t, struct tcp_header *h)
{
	const struct inet_sock *is = &tcp_sock_of(t)->inet;

	h->sport = cpu_to_be16(is->lport);
	h->dport = cpu_to_be16(is->rport);
}

void tcp_send_reply(const struct tcp_reply *r)
{
	struct netbuf *nb = netbuf_alloc(0, NETBUF_HEADROOM, PAGE_ATOMIC);
	struct flow f = { .dst = r->dst,
			  .src = r->src,
			  .oif = r->oif,
			  .mark = r->mark,
			  .tos = r->tos,
			  .proto = IPPROTO_TCP,
			  .allow_any_src = true };
	struct ip_tx tx = { .src = r->src,
			    .dst = r->dst,
			    .proto = IPPROTO_TCP,
			    .tos = r->tos,
			    .mark = r->mark,
			    .dont_fragment = true };
	struct tcp_header *h;
	struct route route = {};
	u8 opt[40];
	u32 n;

	if (!nb)
		return;
	if (route_lookup(r->net, &f, &route)) {
		netbuf_free(nb);
		return;
	}
	n = tcp_put_options(opt, &r->opt);
	h = netbuf_push(nb, (u32)sizeof(*h) + n);
	memcpy(h + 1, opt, n);
	*h = (struct tcp_header){ cpu_to_be16(r->sport),
				  cpu_to_be16(r->dport),
				  cpu_to_be32(r->seq),
				  cpu_to_be32(r->ack),
				  (u8)((sizeof(*h) + n) << 2),
				  r->flags,
				  cpu_to_be16(r->window),
				  tcp_pseudo(r->src, r->dst, nb->len),
				  0 };
	nb->trans_off = netbuf_offset(nb);
	nb->csum = CSUM_PARTIAL;
	nb->csum_start = nb->trans_off;
	nb->csum_off = offsetof(struct tcp_header, csum);
	mib_inc(MIB_TCP_OutSegs);
	(void)ip_send(r->net, nb, &tx, &route);
	route_put(&route);
}

void tcp_refuse(struct net_ns *net, struct ipaddr local, struct ipaddr remote,
		const struct tcp_in *in, s32 oif)
{
	struct tcp_reply r = { .net = net,
			       .src = local,
			       .dst = remote,
			       .sport = in->dport,
			       .dport = in->sport,
			       .flags = TCP_RST };

	if (in->flags & TCP_RST)
		return;
	mib_inc(MIB_TCP_OutRsts);
	if (!ip_is4(local) && ip_is_link_local(remote))
		r.oif = oif;
	if (in->flags & TCP_ACK) {
		r.seq = in->ack;
	} else {
		r.ack = in->end;
		r.flags |= TCP_ACK;
	}
	tcp_send_reply(&r);
}

void tcp_env_refuse(struct tcp *t, const struct tcp_in *in)
{
	struct inet_sock *is = &tcp_sock_of(t)->inet;

	tcp_refuse(is->sk.net, is->laddr, is->raddr, in,
		   is->sk.bound_if ? is->sk.bound_if : (s32)is->scope);
}

/* ---- what a connection tells its socket ---- */

struct tcp_seg *tcp_env_seg_alloc(void)
{
	return slab_alloc(seg_cache, PAGE_ATOMIC);
}

void tcp_env_seg_free(struct tcp_seg *s)
{
	slab_free(seg_cache, s);
}

void tcp_env_wake(struct tcp *t, u32 events)
{
	struct sock *sk = &tcp_sock_of(t)->inet.sk;

	if (events == (EPOLLIN | EPOLLRDNORM) && tcp_readable(t) < (u32)sk->rcvlowat &&
	    t->rmem < *t->rcvbuf / 2)
		return;
	if (!t->dead)
		object_wake(&sk->obj, events);
}

void tcp_env_space(struct tcp *t)
{
	struct tcp_sock *ts = tcp_sock_of(t);
	struct sock *sk = &ts->inet.sk;
	u32 most = tcp_env_tune_max(t, true);

	if (*t->sndbuf < most) {
		u64 want = 2ull * max(t->snd_cwnd, TCP_INIT_CWND) * (t->mss + 512);

		if (want > *t->sndbuf)
			WRITE_ONCE(*t->sndbuf, (u32)min(want, (u64)most));
	}
	if (READ_ONCE(ts->no_space) && tcp_can_write(t)) {
		WRITE_ONCE(ts->no_space, false);
		object_wake(&sk->obj, EPOLLOUT | EPOLLWRNORM);
	}
}

u32 tcp_env_tune_max(struct tcp *t, bool send)
{
	const struct sock *sk = &tcp_sock_of(t)->inet.sk;

	if (send)
		return sock_flag(sk, SOCK_SNDBUF_SET) ? 0 : tcp_sysctl.wmem[2];
	return sock_flag(sk, SOCK_RCVBUF_SET) || !tcp_sysctl.moderate_rcvbuf ? 0
									     : tcp_sysctl.rmem[2];
}

void tcp_env_error(struct tcp *t, u32 err)
{
	struct tcp_sock *ts = tcp_sock_of(t);

	atomic_set(&ts->inet.sk.err, err);
	if (!t->dead)
		object_wake(&ts->inet.sk.obj,
			    EPOLLERR | EPOLLHUP | EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

/* (2) */
void tcp_env_state(struct tcp *t)
{
	struct tcp_sock *ts = tcp_sock_of(t);
	struct sock *sk = &ts->inet.sk;

	sk->shutdown = t->shutdown;
	if (unlikely(ts->fast_of) && t->state != TCP_SYN_RECV)
		tcp_fast_done(ts);
	if (t->state != TCP_CLOSED) {
		WRITE_ONCE(sk->state, t->state);
		return;
	}
	WRITE_ONCE(sk->state, TCP_CLOSED);
	ts->armed_for = WAIT_FOREVER;
	if (bh_timer_cancel(&ts->timer))
		sock_put(sk);
	if (!ts->was_bound || t->dead)
		inet_port_release(&tcp_ports, &ts->inet);
	if (tcp_table_del(&ts->ent))
		sock_put(sk);
	if (!t->dead)
		object_wake(&sk->obj, EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP |
					      (atomic_read(&sk->err) ? EPOLLERR : 0));
}

void tcp_env_time_wait(struct tcp *t, u32 state, u32 ms)
{
	tcp_tw_make(tcp_sock_of(t), state, ms);
}

void tcp_env_confirm(struct tcp *t)
{
}

void tcp_env_urgent(struct tcp *t)
{
	if (!t->dead)
		object_wake(&tcp_sock_of(t)->inet.sk.obj, EPOLLPRI | WAKE_URGENT);
}

/* ---- the timer ---- */

void tcp_env_timer(struct tcp *t, ktime_t when)
{
	struct tcp_sock *ts = tcp_sock_of(t);

	if (when >= ts->armed_for)
		return;
	ts->armed_for = when;
	sock_get(&ts->inet.sk);
	if (bh_timer_arm(&ts->timer, when))
		sock_put(&ts->inet.sk);		/* (1) it had one */
}

static void run_timer(struct tcp_sock *ts)
{
	struct tcp *t = &ts->tcp;
	ktime_t next;

	if (t->state == TCP_CLOSED || t->state == TCP_LISTEN)
		return;
	tcp_enter(ts);
	ts->armed_for = WAIT_FOREVER;
	tcp_timeout(t);
	next = tcp_next_deadline(t);
	if (next != WAIT_FOREVER)
		tcp_env_timer(t, next);
}

void tcp_timer_fired(struct bh_timer *timer)
{
	struct tcp_sock *ts = container_of(timer, struct tcp_sock, timer);
	struct sock *sk = &ts->inet.sk;

	if (sock_bh_lock(sk)) {
		run_timer(ts);
	} else {
		ts->pending |= TCP_PENDING_TIMER;
		sock_kick(sk);
	}
	sock_bh_unlock(sk);
	sock_put(sk);
}

static void path_changed(struct tcp_sock *ts, u32 mtu)
{
	struct tcp *t = &ts->tcp;
	u32 old = t->mss;

	if ((ip_is4(ts->inet.raddr) ? ts->inet.pmtudisc : ts->inet.pmtudisc6) == IP_PMTUDISC_DONT ||
	    !ts->inet.route.gen || mtu >= ts->inet.route.mtu)
		return;
	ts->inet.route.mtu = mtu;
	tcp_find_path(ts);
	if (t->mss >= old)
		return;
	tcp_enter(ts);
	if (!list_empty(&t->sent)) {
		struct tcp_seg *s = list_first(&t->sent, struct tcp_seg, link);

		if (!(s->mark & SEG_SACKED)) {
			tcp_seg_lost(t, s);
			tcp_retransmit_lost(t, 1);
		}
	}
}

void tcp_kicked(struct sock *sk)
{
	struct tcp_sock *ts = to_tcp(sk);
	u32 what;

	spin_lock(&sk->lock.spin);
	what = ts->pending;
	ts->pending = 0;
	spin_unlock(&sk->lock.spin);
	if (what & TCP_PENDING_TIMER)
		run_timer(ts);
	if (what & TCP_PENDING_MTU)
		path_changed(ts, ts->pending_mtu);
}

/* ---- in ---- */

static void dispatch(struct net_ns *net, struct netbuf *nb, struct tcp_in *in);

/*
 * A socket that left the table while the packet was on its way - into TIME_WAIT, or closed - is not
 * whom it is for any more: false, and the caller looks again, holding no lock.
 */
static bool still_ours(const struct tcp_sock *ts)
{
	return likely(hnode_linked(&ts->ent.node));
}

static void look_again(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in)
{
	rcu_read_lock();
	dispatch(ts->inet.sk.net, nb, in);
	rcu_read_unlock();
}

/* IP_MINTTL, IPV6_MINHOPCOUNT (RFC 5082): what came from too far is not for us. */
static bool is_from_too_far(const struct inet_sock *is, struct netbuf *nb)
{
	const struct ip_cb *cb = ip_cb(nb);

	return unlikely(cb->ttl < (ip_is4(cb->dst) ? is->min_ttl : is->min_hops));
}

static void work_on(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in)
{
	if (is_from_too_far(&ts->inet, nb)) {
		TCP_COUNT(TCPMinTTLDrop);
		netbuf_free(nb);
		return;
	}
	tcp_enter(ts);
	in->ce = ip_cb(nb)->ce;
	tcp_segment(&ts->tcp, in, nb);
}

void tcp_backlog(struct sock *sk, struct netbuf *nb)
{
	struct tcp_header *h = netbuf_trans_header(nb);
	struct tcp_in in;

	if (!tcp_parse(h, nb->len + (h->off >> 4) * 4u, &in))
		netbuf_free(nb);
	else if (still_ours(to_tcp(sk)))
		work_on(to_tcp(sk), nb, &in);
	else
		look_again(to_tcp(sk), nb, &in);
}

void tcp_deliver(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in)
{
	struct sock *sk = &ts->inet.sk;
	bool stale = false;

	if (!sock_bh_lock(sk)) {
		if (!sock_backlog_add(sk, nb)) {
			TCP_COUNT(TCPBacklogDrop);
			netbuf_free(nb);
		}
	} else if (still_ours(ts)) {
		work_on(ts, nb, in);
	} else {
		stale = true;
	}
	sock_bh_unlock(sk);
	if (unlikely(stale))
		look_again(ts, nb, in);
}

static void to_listener(struct net_ns *net, struct netbuf *nb, struct tcp_in *in, u32 isn)
{
	struct ip_cb *cb = ip_cb(nb);
	struct tcp_sock *ts = tcp_listener_find(net, cb, in->sport, in->dport);

	if (ts && is_from_too_far(&ts->inet, nb)) {
		TCP_COUNT(TCPMinTTLDrop);
		netbuf_free(nb);
		return;
	}
	if (ts && object_tryget(&ts->inet.sk.obj)) {
		tcp_listen_rx(ts, nb, in, isn);
		sock_put(&ts->inet.sk);
		return;
	}
	tcp_refuse(net, cb->dst, cb->src, in, cb->ifindex);
	netbuf_free(nb);
}

static void dispatch(struct net_ns *net, struct netbuf *nb, struct tcp_in *in)
{
	struct ip_cb *cb = ip_cb(nb);
	struct tcp_ent *e = tcp_table_find(net, cb->dst, in->dport, cb->src, in->sport,
					   cb->ifindex);
	u32 isn = 0;

	if (e && e->kind == TCP_ENT_SOCK) {
		struct tcp_sock *ts = container_of(e, struct tcp_sock, ent);

		if (object_tryget(&ts->inet.sk.obj)) {
			tcp_deliver(ts, nb, in);
			sock_put(&ts->inet.sk);
			return;
		}
	} else if (e && e->kind == TCP_ENT_REQ) {
		tcp_req_rx(e, nb, in);
		return;
	} else if (e && !tcp_tw_rx(e, nb, in, &isn)) {
		return;
	}
	to_listener(net, nb, in, isn);
}

static void tcp_rx(struct net_ns *net, struct netbuf *nb)
{
	struct ip_cb *cb = ip_cb(nb);
	struct tcp_header *h;
	struct tcp_in in;
	u32 head;

	if (cb->type != RTN_LOCAL)
		goto drop;
	mib_inc(MIB_TCP_InSegs);
	if (!netbuf_need(nb, sizeof(*h)))
		goto bad;
	head = (((struct tcp_header *)(void *)nb->data)->off >> 4) * 4u;
	if (head < sizeof(*h) || !netbuf_need(nb, head))
		goto bad;
	nb->trans_off = netbuf_offset(nb);
	h = (struct tcp_header *)(void *)nb->data;
	if (nb->csum == CSUM_NONE && tcp_checksum(nb, cb->src, cb->dst)) {
		mib_inc(MIB_TCP_InCsumErrors);
		goto bad;
	}
	if (!tcp_parse(h, nb->len, &in))
		goto bad;
	netbuf_pull(nb, head);
	dispatch(net, nb, &in);
	return;
bad:
	mib_inc(MIB_TCP_InErrs);
drop:
	netbuf_free(nb);
}

/* ---- errors ---- */

static void take_error(struct tcp_sock *ts, struct netbuf *nb, const struct ip_error *e, u32 seq)
{
	struct sock *sk = &ts->inet.sk;
	struct tcp *t = &ts->tcp;
	bool ours = sock_bh_lock(sk);

	if (t->state == TCP_CLOSED || t->state == TCP_LISTEN || seq_before(seq, t->snd_una) ||
	    seq_after(seq, t->snd_nxt)) {
		if (t->state != TCP_CLOSED && t->state != TCP_LISTEN)
			TCP_COUNT(OutOfWindowIcmps);
		/* RFC 5927: it must be about something on its way */
		sock_bh_unlock(sk);
		return;
	}
	if (e->err == EMSGSIZE && (ip_is4(ts->inet.raddr) || e->info >= IP6_MTU_MIN)) {
		route_set_pmtu(sk->net, ts->inet.raddr, e->info);
		ts->pending_mtu = e->info;
		if (ours) {
			path_changed(ts, e->info);
		} else {
			ts->pending |= TCP_PENDING_MTU;
			sock_kick(sk);
		}
	} else if (e->err == EMSGSIZE) {
		/* not believed */
	} else if (ours && (t->state == TCP_SYN_SENT || t->state == TCP_SYN_RECV)) {
		tcp_enter(ts);
		tcp_abort(t, (u32)e->err);
	} else if (ip_is4(ts->inet.raddr) ? ts->inet.recverr : ts->inet.recverr6) {
		sock_set_error(sk, (u32)e->err);
	} else {
		t->soft_err = (u32)e->err;
	}
	sock_bh_unlock(sk);
}

static void tcp_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	const struct tcp_header *h = (const struct tcp_header *)(const void *)nb->data;
	struct ip_cb *cb = ip_cb(nb);
	struct tcp_ent *ent = tcp_table_find(net, cb->src, be16_to_cpu(h->sport), cb->dst,
					     be16_to_cpu(h->dport), 0);
	struct tcp_sock *ts;

	if (!ent || ent->kind != TCP_ENT_SOCK)
		return;
	ts = container_of(ent, struct tcp_sock, ent);
	if (!object_tryget(&ts->inet.sk.obj))
		return;
	take_error(ts, nb, e, be32_to_cpu(h->seq));
	sock_put(&ts->inet.sk);
}

const struct ip_proto tcp_ip_proto = {
	.proto = IPPROTO_TCP, .rx = tcp_rx, .error = tcp_error, .judges_pmtu = true
};
