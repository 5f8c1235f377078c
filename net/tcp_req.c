/* SPDX-License-Identifier: MIT */
/* tcp_req.c - TCP, listening: requests that answered a SYN, the queue of connections nobody
 * accepted yet.
 *
 *	SYN --> request in the table, SYN|ACK --its ACK--> connection (SYN_RECV, at once
 *	ESTABLISHED) in the accept queue --> accept()
 *	    --> too many requests: SYN|ACK with a cookie, nothing is kept --its ACK, cookie right-->
 *	    the same
 *
 * Invariants: (1) a request is in the table from its SYN until somebody takes it out
 * (tcp_table_del, tcp_table_replace): that one frees it after a grace period and gives back its
 * reference to the listener; (2) nr_reqs counts them; (3) sk.ack_backlog counts the children in the
 * accept queue, each with a reference; (4) nothing is added once dead is set.
 *
 * Locks: q  lock [RANK_SOCK_QUEUE], bottom halves off. Ref: listen(2), tcp(7)
 * tcp_abort_on_overflow, TCP_DEFER_ACCEPT; RFC 4987 s3.6.
 * Tests: selftests/abi/tcp.c, selftests/net/packet
 */
#include "tcp_req.h"

#include <kernel/bh.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/diag.h>
#include <net/inet_port.h>
#include <net/net.h>

static struct slab_cache *req_cache;

/* ---- the end of a request ---- */

static void free_rcu(struct rcu_head *h)
{
	struct tcp_req *r = container_of(h, struct tcp_req, rcu);

	kfree(r->saved);
	slab_free(req_cache, r);
}

/* (1) The caller took it out of the table. */
static void put_req(struct tcp_req *r)
{
	struct tcp_listen *l = r->listener->listen;

	bh_timer_cancel(&r->timer);
	spin_lock_bh(&l->lock);
	list_del_init(&r->link);
	l->nr_reqs--;
	spin_unlock_bh(&l->lock);
	sock_put(&r->listener->inet.sk);
	call_rcu(&r->rcu, free_rcu);
}

static void kill_req(struct tcp_req *r)
{
	if (tcp_table_del(&r->ent))
		put_req(r);
}

void tcp_req_kill(struct tcp_ent *e)
{
	kill_req(tcp_req_of(e));
}

/* ---- SYN|ACK ---- */

u32 tcp_local_mss(const struct tcp_sock *ts, bool v4, u32 mtu)
{
	u32 mss = min(mtu - (v4 ? 40u : 60u), 65535u - 40u);

	return ts->tcp.mss_user ? min(mss, ts->tcp.mss_user) : mss;
}

u32 tcp_req_mtu(const struct tcp_req *r)
{
	struct flow f = { .dst = r->ent.raddr,
			  .src = r->ent.laddr,
			  .oif = r->ent.bound_if,
			  .proto = IPPROTO_TCP,
			  .allow_any_src = true };
	struct route route = {};
	u32 mtu = 1500;

	if (!route_lookup(r->ent.net, &f, &route))
		mtu = route.mtu;
	route_put(&route);
	return mtu;
}

/* Milliseconds; a cookie's end in its options, and are not later than now. */
static u32 stamp_of(const struct tcp_req *r)
{
	u32 now = (u32)(clock_monotonic() / 1000000),
	    ts = (now & ~TCP_COOKIE_TS_MASK) | (r->ts_bits & TCP_COOKIE_TS_MASK);

	if (!r->ts_bits)
		return now;
	return ts > now ? ts - (TCP_COOKIE_TS_MASK + 1) : ts;
}

void tcp_req_synack(struct tcp_req *r, u32 mtu)
{
	struct tcp_reply s = { .net = r->ent.net,
			       .src = r->ent.laddr,
			       .dst = r->ent.raddr,
			       .sport = r->ent.lport,
			       .dport = r->ent.rport,
			       .window = (u16)r->window,
			       .flags = (u8)(TCP_SYN | TCP_ACK | (r->ecn_ok ? TCP_ECE : 0)),
			       .tos = r->tos,
			       .seq = r->iss,
			       .ack = r->irs + 1,
			       .mark = r->listener->inet.sk.mark,
			       .oif = r->ent.bound_if };

	if (!ip_is4(r->ent.laddr) && ip_is_link_local(r->ent.raddr))
		s.oif = r->ifindex;
	s.opt.mss = (u16)tcp_local_mss(r->listener, ip_is4(r->ent.laddr), mtu);
	s.opt.wscale_ok = r->wscale_ok;
	s.opt.wscale = r->rcv_wscale;
	s.opt.sack_perm = r->sack_ok;
	s.opt.ts = r->ts_ok;
	s.opt.tsval = stamp_of(r) + r->ts_offset;
	s.opt.tsecr = r->ts_recent;
	s.opt.cookie = (const u8 *)&r->cookie;
	s.opt.cookie_len = r->tries ? 0 : r->cookie_len;
	tcp_send_reply(&s);
}

static void req_fired(struct bh_timer *timer)
{
	struct tcp_req *r = container_of(timer, struct tcp_req, timer);
	struct tcp_sock *ts = r->listener;
	u32 most = ts->tcp.syn_retries != 6 ? ts->tcp.syn_retries : tcp_sysctl.synack_retries;

	rcu_read_lock();
	if (hnode_linked(&r->ent.node)) {
		if (r->tries >= max(most, ts->defer_accept) || (r->tries >= most && !r->acked)) {
			kill_req(r);
		} else {
			r->tries++;
			if (!r->acked || r->tries >= ts->defer_accept)
				tcp_req_synack(r, tcp_req_mtu(r));
			bh_timer_arm(timer,
				     clock_monotonic() + ms_ns(min(TCP_RTO_INIT_MS << r->tries,
								   TCP_RTO_MAX_MS)));
		}
	}
	rcu_read_unlock();
}

/* ---- a SYN ---- */

/* As far as tuning may take the buffer. */
u8 tcp_listen_wscale(const struct tcp_sock *ts)
{
	u32 top = sock_flag(&ts->inet.sk, SOCK_RCVBUF_SET) ? ts->inet.sk.rcvbuf
							   : tcp_sysctl.rmem[2];
	u8 wscale = 0;

	for (; top > 65535 && wscale < TCP_WSCALE_MAX; top >>= 1)
		wscale++;
	return wscale;
}

void tcp_req_note(struct tcp_req *r, struct tcp_sock *ts, const struct netbuf *nb,
		  const struct tcp_in *in)
{
	const struct ip_cb *cb = (const struct ip_cb *)(const void *)nb->cb;
	u8 wscale;
	struct tcp t = { .rcvbuf = &ts->inet.sk.rcvbuf, .window_clamp = ts->tcp.window_clamp };

	r->ent = (struct tcp_ent){ .laddr = cb->dst,
				   .raddr = cb->src,
				   .lport = in->dport,
				   .rport = in->sport,
				   .bound_if = ts->inet.sk.bound_if,
				   .kind = TCP_ENT_REQ,
				   .family = (u8)ts->inet.sk.family,
				   .net = ts->inet.sk.net };
	r->listener = ts;
	r->irs = in->seq;
	r->ifindex = cb->ifindex;
	r->ts_ok = in->opt.has_ts && tcp_sysctl.timestamps;
	r->sack_ok = in->opt.sack_ok && tcp_sysctl.sack;
	r->wscale_ok = in->opt.has_wscale && tcp_sysctl.window_scaling;
	r->snd_wscale = in->opt.wscale;
	r->ts_recent = in->opt.tsval;
	r->mss = in->opt.mss ? in->opt.mss : (u16)tcp_default_mss(cb->src);
	r->tos = ip_is4(cb->dst) ? ts->inet.tos : ts->inet.tclass;
	r->ecn_ok = tcp_sysctl.ecn && (in->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) &&
		    !cb->ce;
	t.window_clamp = t.window_clamp ? t.window_clamp : U32_MAX / 2;
	tcp_init_window(&t, ts->inet.sk.rcvbuf, r->mss, r->wscale_ok, &r->window, &wscale);
	if (r->wscale_ok)
		r->rcv_wscale = tcp_listen_wscale(ts);
}

static void save_syn(struct tcp_req *r, const struct netbuf *nb, u8 how)
{
	const u8 *th = netbuf_trans_header(nb), *ip = netbuf_net_header(nb);
	u32 n = (u32)(th - ip) + (u32)(th[12] >> 4) * 4;

	r->saved = kmalloc(n, PAGE_ATOMIC);
	if (!r->saved)
		return;
	memcpy(r->saved, ip, n);
	r->saved_len = n;
}

static bool add_req(struct tcp_listen *l, struct tcp_req *r)
{
	bool ok;

	spin_lock_bh(&l->lock);
	ok = !l->dead;
	if (ok) {
		list_add_tail(&l->reqs, &r->link);
		l->nr_reqs++;
	}
	spin_unlock_bh(&l->lock);
	return ok;
}

static void establish_fast(struct tcp_sock *ts, struct tcp_req *r, struct netbuf *nb,
			   struct tcp_in *in);

/* True: nb was taken over. */
static bool take_syn(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in, u32 isn)
{
	struct tcp_listen *l = ts->listen;
	struct sock *sk = &ts->inet.sk;
	struct tcp_req *r;
	u32 offset;

	if (atomic_read(&sk->ack_backlog) > sk->max_ack_backlog) {
		TCP_COUNT(ListenOverflows);
		TCP_COUNT(ListenDrops);
		return false;
	}
	if ((l->nr_reqs > sk->max_ack_backlog || tcp_sysctl.syncookies == 2) && !isn) {
		if (tcp_sysctl.syncookies)
			tcp_cookie_send(ts, nb, in);
		else
			TCP_COUNT(TCPReqQFullDrop);
		TCP_COUNT(ListenDrops);
		return false;
	}
	if (!tcp_sysctl.syncookies && !isn && l->nr_reqs >= tcp_sysctl.max_syn_backlog / 4 * 3)
		return false;
	r = slab_alloc(req_cache, PAGE_ATOMIC | PAGE_ZEROED);
	if (!r)
		return false;
	tcp_req_note(r, ts, nb, in);
	r->iss = tcp_new_iss(r->ent.laddr, r->ent.lport, r->ent.raddr, r->ent.rport, &offset);
	r->ts_offset = offset;
	if (isn)
		r->iss = isn;
	if (ts->save_syn)
		save_syn(r, nb, ts->save_syn);
	if (unlikely(tcp_fast_judge(ts, r, in))) {
		establish_fast(ts, r, nb, in);
		return true;
	}
	bh_timer_setup(&r->timer, req_fired);
	sock_get(sk);
	if (!add_req(l, r)) {
		sock_put(sk);
		call_rcu(&r->rcu, free_rcu);
		return false;
	}
	r->sent = clock_monotonic();
	bh_timer_arm(&r->timer, r->sent + ms_ns(TCP_RTO_INIT_MS));
	if (!tcp_table_add(&r->ent)) {
		put_req(r);
		return false;
	}
	tcp_req_synack(r, tcp_req_mtu(r));
	return false;
}

/* ---- a connection ---- */

/* (3), (4). False: the listener has gone. */
static bool queue_child(struct tcp_sock *ts, struct tcp_sock *c)
{
	struct tcp_listen *l = ts->listen;
	bool ok;

	spin_lock_bh(&l->lock);
	ok = !l->dead;
	if (ok) {
		list_add_tail(&l->children, &c->accept_link);
		atomic_inc(&ts->inet.sk.ack_backlog);
	}
	spin_unlock_bh(&l->lock);
	return ok;
}

/* Into the accept queue, or away. */
static void announce(struct tcp_sock *ts, struct tcp_sock *c)
{
	if (c->tcp.state != TCP_CLOSED && queue_child(ts, c))
		object_wake(&ts->inet.sk.obj, EPOLLIN | EPOLLRDNORM);
	else
		tcp_orphan(c);
}

/* The handshake is done: req leaves, a connection comes, the segment is its first. */
static void establish(struct tcp_sock *ts, struct tcp_req *r, struct netbuf *nb, struct tcp_in *in)
{
	struct tcp_sock *c = tcp_child_make(ts, r);
	struct sock *sk;

	if (!c) {
		netbuf_free(nb);
		return;
	}
	sk = &c->inet.sk;
	c->saved_syn = r->saved;
	c->saved_syn_len = r->saved_len;
	r->saved = NULL;
	sock_get(sk);				/* the table's */
	(void)sock_bh_lock(sk);			/* nobody else knows it */
	tcp_set_state(&c->tcp, TCP_SYN_RECV);
	if (r->listener ? !tcp_table_replace(&r->ent, &c->ent) : !tcp_table_add(&c->ent)) {
		sock_put(sk);
		sock_bh_unlock(sk);
		netbuf_free(nb);
		tcp_orphan(c);
		return;
	}
	if (r->listener)
		put_req(r);
	mib_inc(MIB_TCP_PassiveOpens);
	in->ce = ip_cb(nb)->ce;
	tcp_segment(&c->tcp, in, nb);
	sock_bh_unlock(sk);
	announce(ts, c);
}

/* A SYN whose data is taken at once: r, which nobody else knows, becomes a connection. */
static void establish_fast(struct tcp_sock *ts, struct tcp_req *r, struct netbuf *nb,
			   struct tcp_in *in)
{
	struct tcp_sock *c = tcp_child_make(ts, r);
	struct sock *sk;

	if (c) {
		c->saved_syn = r->saved;
		c->saved_syn_len = r->saved_len;
		r->saved = NULL;
	}
	call_rcu(&r->rcu, free_rcu);
	if (!c) {
		netbuf_free(nb);
		return;
	}
	sk = &c->inet.sk;
	sock_get(sk);				/* the table's */
	(void)sock_bh_lock(sk);			/* nobody else knows it */
	c->tcp.tfo_server = true;
	tcp_set_state(&c->tcp, TCP_SYN_RECV);
	if (!tcp_table_add(&c->ent)) {
		sock_put(sk);
		sock_bh_unlock(sk);
		netbuf_free(nb);
		tcp_orphan(c);
		return;
	}
	tcp_fast_begin(ts, c);
	mib_inc(MIB_TCP_PassiveOpens);
	in->ce = ip_cb(nb)->ce;
	tcp_accept_start(&c->tcp, in, nb);
	sock_bh_unlock(sk);
	announce(ts, c);
}

void tcp_req_show(struct tcp_ent *e, ktime_t now, struct inet_diag *d)
{
	const struct tcp_req *r = tcp_req_of(e);

	d->state = TCP_SYN_RECV;
	d->timer = DIAG_TIMER_RETRANS;
	d->expires = max(r->timer.timer.deadline_ns - now, (ktime_t)0);
	d->retrans = r->tries;
	d->mark = r->listener->inet.sk.mark;
}

/* ---- segments ---- */

/* RFC 9293 s3.10.7.4 in SYN_RECEIVED. */
static bool in_window(const struct tcp_req *r, const struct tcp_in *in)
{
	u32 next = r->irs + 1, edge = next + r->window;

	return in->seq == next || (seq_after(in->end, next) && seq_before(in->seq, edge)) ||
	       (in->seq == edge && in->end == edge);
}

/* Where we stand, to whoever sends something else (RFC 5961); not more often than Linux's
 * tcp_invalid_ratelimit. */
static void acknowledge(struct tcp_req *r)
{
	struct tcp_reply a = { .net = r->ent.net,
			       .src = r->ent.laddr,
			       .dst = r->ent.raddr,
			       .sport = r->ent.lport,
			       .dport = r->ent.rport,
			       .window = (u16)(r->window >> r->rcv_wscale),
			       .flags = TCP_ACK,
			       .tos = r->tos,
			       .seq = r->iss + 1,
			       .ack = r->irs + 1,
			       .mark = r->listener->inet.sk.mark,
			       .oif = r->ent.bound_if };
	ktime_t now = clock_monotonic();

	if (r->last_ack && now - r->last_ack < ms_ns(TCP_OOW_INTERVAL_MS))
		return;
	r->last_ack = now;
	a.opt.ts = r->ts_ok;
	a.opt.tsval = (u32)(now / 1000000) + r->ts_offset;
	a.opt.tsecr = r->ts_recent;
	tcp_send_reply(&a);
}

void tcp_req_rx(struct tcp_ent *e, struct netbuf *nb, struct tcp_in *in)
{
	struct tcp_req *r = tcp_req_of(e);
	struct tcp_sock *ts = r->listener;
	struct sock *sk = &ts->inet.sk;

	if (!object_tryget(&sk->obj)) {
		netbuf_free(nb);
		return;
	}
	if (in->flags & TCP_SYN && !(in->flags & TCP_ACK) && in->seq == r->irs) {
		tcp_req_synack(r, tcp_req_mtu(r));		/* it was lost */
	} else if (!in_window(r, in)) {
		if (!(in->flags & TCP_RST))
			acknowledge(r);
	} else if (in->flags & TCP_RST) {
		if (in->seq == r->irs + 1) {
			TCP_COUNT(EmbryonicRsts);
			mib_inc(MIB_TCP_AttemptFails);
			kill_req(r);
		}
	} else if (in->flags & TCP_SYN) {
		acknowledge(r);
	} else if (in->flags & TCP_ACK) {
		if (in->ack != r->iss + 1) {
			tcp_refuse(e->net, e->laddr, e->raddr, in, r->ifindex);
		} else if (r->ts_ok && in->opt.has_ts && (s32)(in->opt.tsval - r->ts_recent) < 0) {
			tcp_req_synack(r, tcp_req_mtu(r));
		} else if (ts->defer_accept && r->tries < ts->defer_accept &&
			   in->end == r->irs + 1) {
			r->acked = true;			/* wait for data */
			TCP_COUNT(TCPDeferAcceptDrop);
		} else if (atomic_read(&sk->ack_backlog) > sk->max_ack_backlog) {
			r->acked = true;
			TCP_COUNT(ListenOverflows);
			if (tcp_sysctl.abort_on_overflow) {
				tcp_refuse(e->net, e->laddr, e->raddr, in, r->ifindex);
				kill_req(r);
			}
		} else {
			establish(ts, r, nb, in);
			nb = NULL;
		}
	}
	netbuf_free(nb);
	sock_put(sk);
}

void tcp_listen_rx(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in, u32 isn)
{
	struct ip_cb *cb = ip_cb(nb);
	struct tcp_listen *l = smp_load_acquire(&ts->listen);

	if (!l || in->flags & TCP_RST) {
		if (!l)
			tcp_refuse(ts->inet.sk.net, cb->dst, cb->src, in, cb->ifindex);
	} else if (in->flags & TCP_ACK) {
		struct tcp_req r = {};

		tcp_req_note(&r, ts, nb, in);
		if (tcp_cookie_take(&r, ts, nb, in)) {
			establish(ts, &r, nb, in);
			return;
		}
		tcp_refuse(ts->inet.sk.net, cb->dst, cb->src, in, cb->ifindex);
	} else if ((in->flags & (TCP_SYN | TCP_FIN)) == TCP_SYN) {
		if (take_syn(ts, nb, in, isn))
			return;
	}
	netbuf_free(nb);
}

/* ---- listen(), accept(), close() ---- */

int tcp_listen_start(struct tcp_sock *ts)
{
	struct tcp_listen *l = ts->listen;

	if (!l) {
		l = kzalloc(sizeof(*l));
		if (!l)
			return -ENOBUFS;
		spin_init(&l->lock, RANK_SOCK_QUEUE);
		list_init(&l->children);
		list_init(&l->reqs);
	}
	l->dead = false;
	smp_store_release(&ts->listen, l);
	return 0;
}

struct tcp_sock *tcp_accept_take(struct tcp_sock *ts)
{
	struct tcp_listen *l = ts->listen;
	struct tcp_sock *c;

	if (!l)
		return NULL;
	spin_lock_bh(&l->lock);
	c = list_first_or_null(&l->children, struct tcp_sock, accept_link);
	if (c) {
		list_del_init(&c->accept_link);
		atomic_dec(&ts->inet.sk.ack_backlog);
	}
	spin_unlock_bh(&l->lock);
	return c;
}

bool tcp_accept_waiting(const struct tcp_sock *ts)
{
	return atomic_read(&ts->inet.sk.ack_backlog) != 0;
}

void tcp_listen_stop(struct tcp_sock *ts)
{
	struct tcp_listen *l = ts->listen;
	struct tcp_sock *c;

	tcp_listener_del(ts);
	spin_lock_bh(&l->lock);
	l->dead = true;
	while (!list_empty(&l->reqs)) {
		struct tcp_req *r = list_first(&l->reqs, struct tcp_req, link);

		list_del_init(&r->link);
		rcu_read_lock();
		spin_unlock_bh(&l->lock);
		kill_req(r);		/* or whoever took it out first does */
		rcu_read_unlock();
		spin_lock_bh(&l->lock);
	}
	spin_unlock_bh(&l->lock);
	while ((c = tcp_accept_take(ts)))
		tcp_orphan(c);
}

void tcp_listen_free(struct tcp_sock *ts)
{
	kfree(ts->listen);
}

void tcp_req_init(void)
{
	req_cache = slab_cache_create("tcp_req", sizeof(struct tcp_req), 64);
}
