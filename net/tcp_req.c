/* SPDX-License-Identifier: MIT */
/* tcp_req.c - TCP, listening: requests that answered a SYN, the queue of connections nobody accepted yet, SYN cookies.
 *
 *	SYN --> request in the table, SYN|ACK --its ACK--> connection (SYN_RECV, at once ESTABLISHED) in the accept queue --> accept()
 *	    --> too many requests: SYN|ACK with a cookie, nothing is kept --its ACK, cookie right--> the same
 *
 * Invariants: (1) a request is in the table from its SYN until somebody takes it out (tcp_table_del, tcp_table_replace): that one frees it
 * after a grace period and gives back its reference to the listener; (2) nr_reqs counts them; (3) sk.ack_backlog counts the children
 * in the accept queue, each with a reference; (4) nothing is added once dead is set.
 * A cookie is the number of our SYN; with timestamps, their lowest bits say what the peer's options were.
 *
 * Locks: q  lock [RANK_SOCK_QUEUE], bottom halves off. Ref: listen(2), tcp(7) tcp_abort_on_overflow, TCP_DEFER_ACCEPT; RFC 4987 s3.6.
 * Tests: selftests/abi/tcp.c
 */
#include "tcp_int.h"

#include <kernel/bh.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/diag.h>
#include <net/inet_port.h>
#include <net/net.h>

struct tcp_listen {
	struct spinlock lock;
	bool dead;			/* [q] */
	struct list children;		/* [q] tcp_sock.accept_link */
	struct list reqs;		/* [q] tcp_req.link */
	u32 nr_reqs;			/* [q] */
	u32 nr_fast;			/* [q] Fast Open: children whose handshake is not done */
	ktime_t overflow;		/* cookies were sent until then */
};

/* Locks: q  the listener's   I  immutable */
struct tcp_req {
	struct tcp_ent ent;
	struct list link;		/* [q] */
	struct tcp_sock *listener;	/* [I] a reference */
	u32 iss, irs, ts_recent, ts_offset, window;
	u32 ts_bits;			/* of a cookie: options in the lowest bits of our timestamp; 0: not one */
	ktime_t sent;			/* the first SYN|ACK */
	u16 mss;			/* the peer's */
	u8 snd_wscale, rcv_wscale, tos, tries;
	bool ts_ok, sack_ok, wscale_ok, ecn_ok, acked;
	s32 ifindex;
	u32 saved_len;
	u8 *saved;
	struct bh_timer timer;
	struct rcu_head rcu;
};

/* What a cookie's timestamp keeps: the peer's window scale (15: none), SACK, ECN. COOKIE_TS: that it is one. */
#define COOKIE_TS_MASK	 63u
#define COOKIE_WSCALE	 15u
#define COOKIE_NO_WSCALE 15u
#define COOKIE_SACK	 16u
#define COOKIE_ECN	 32u
#define COOKIE_TS	 64u

static struct slab_cache *req_cache;

static struct tcp_req *req_of(struct tcp_ent *e) { return container_of(e, struct tcp_req, ent); }

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
	kill_req(req_of(e));
}

/* ---- SYN|ACK ---- */

static u32 local_mss(const struct tcp_sock *ts, bool v4, u32 mtu)
{
	u32 mss = min(mtu - (v4 ? 40u : 60u), 65535u - 40u);

	return ts->tcp.mss_user ? min(mss, ts->tcp.mss_user) : mss;
}

static u32 route_mtu(const struct tcp_req *r)
{
	struct flow f = { .dst = r->ent.raddr, .src = r->ent.laddr, .oif = r->ent.bound_if, .proto = IPPROTO_TCP, .allow_any_src = true };
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
	u32 now = (u32)(clock_monotonic() / 1000000), ts = (now & ~COOKIE_TS_MASK) | (r->ts_bits & COOKIE_TS_MASK);

	if (!r->ts_bits)
		return now;
	return ts > now ? ts - (COOKIE_TS_MASK + 1) : ts;
}

static void send_synack(struct tcp_req *r, u32 mtu)
{
	struct tcp_reply s = { .net = r->ent.net, .src = r->ent.laddr, .dst = r->ent.raddr, .sport = r->ent.lport, .dport = r->ent.rport,
			       .window = (u16)r->window, .flags = (u8)(TCP_SYN | TCP_ACK | (r->ecn_ok ? TCP_ECE : 0)), .tos = r->tos,
			       .seq = r->iss, .ack = r->irs + 1, .mark = r->listener->inet.sk.mark, .oif = r->ent.bound_if };

	if (!ip_is4(r->ent.laddr) && ip_is_link_local(r->ent.raddr))
		s.oif = r->ifindex;
	s.opt.mss = (u16)local_mss(r->listener, ip_is4(r->ent.laddr), mtu);
	s.opt.wscale_ok = r->wscale_ok;
	s.opt.wscale = r->rcv_wscale;
	s.opt.sack_perm = r->sack_ok;
	s.opt.ts = r->ts_ok;
	s.opt.tsval = stamp_of(r) + r->ts_offset;
	s.opt.tsecr = r->ts_recent;
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
				send_synack(r, route_mtu(r));
			bh_timer_arm(timer, clock_monotonic() + ms_ns(min(TCP_RTO_INIT_MS << r->tries, TCP_RTO_MAX_MS)));
		}
	}
	rcu_read_unlock();
}

/* ---- SYN cookies: the number of our SYN says what the peer's options were ---- */

static const u16 cookie_mss[4] = { 536, 1300, 1440, 1460 };

static u32 cookie_hash(const struct ip_cb *cb, const struct tcp_in *in, u32 irs, u32 minute)
{
	struct { struct ipaddr s, d; u16 sp, dp; u32 irs, minute; } k = { cb->src, cb->dst, in->sport, in->dport, irs, minute };

	return (u32)siphash(tcp_secret, &k, sizeof(k)) & 0xffffffu;
}

static u32 minute_now(void) { return (u32)(clock_monotonic() / (60 * NSEC_PER_SEC)); }

/* 8 bits: minute (5), size (2), unused; 24: hash. */
static u32 make_cookie(const struct ip_cb *cb, const struct tcp_in *in, u16 mss)
{
	u32 minute = minute_now(), i = 3;

	while (i && cookie_mss[i] > mss)
		i--;
	return (minute & 31) << 27 | i << 25 | cookie_hash(cb, in, in->seq, minute);
}

static bool check_cookie(const struct ip_cb *cb, const struct tcp_in *in, u16 *mss)
{
	u32 cookie = in->ack - 1, now = minute_now(), age = (now - (cookie >> 27)) & 31;

	if (age > 2 || cookie_hash(cb, in, in->seq - 1, now - age) != (cookie & 0xffffffu))
		return false;
	*mss = cookie_mss[cookie >> 25 & 3];
	return true;
}

/* ---- a SYN ---- */

/* As far as tuning may take the buffer. */
static u8 our_wscale(const struct tcp_sock *ts)
{
	u32 top = sock_flag(&ts->inet.sk, SOCK_RCVBUF_SET) ? ts->inet.sk.rcvbuf : tcp_sysctl.rmem[2];
	u8 wscale = 0;

	for (; top > 65535 && wscale < TCP_WSCALE_MAX; top >>= 1)
		wscale++;
	return wscale;
}

static void note_syn(struct tcp_req *r, struct tcp_sock *ts, const struct netbuf *nb, const struct tcp_in *in)
{
	const struct ip_cb *cb = (const struct ip_cb *)(const void *)nb->cb;
	u8 wscale;
	struct tcp t = { .rcvbuf = &ts->inet.sk.rcvbuf, .window_clamp = ts->tcp.window_clamp };

	r->ent = (struct tcp_ent){ .laddr = cb->dst, .raddr = cb->src, .lport = in->dport, .rport = in->sport, .bound_if = ts->inet.sk.bound_if,
				   .kind = TCP_ENT_REQ, .family = (u8)ts->inet.sk.family, .net = ts->inet.sk.net };
	r->listener = ts;
	r->irs = in->seq;
	r->ifindex = cb->ifindex;
	r->ts_ok = in->opt.has_ts && tcp_sysctl.timestamps;
	r->sack_ok = in->opt.sack_ok && tcp_sysctl.sack;
	r->wscale_ok = in->opt.has_wscale && tcp_sysctl.window_scaling;
	r->snd_wscale = in->opt.wscale;
	r->ts_recent = in->opt.tsval;
	r->mss = in->opt.mss ? in->opt.mss : 536;
	r->tos = ip_is4(cb->dst) ? ts->inet.tos : ts->inet.tclass;
	r->ecn_ok = tcp_sysctl.ecn && (in->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) && !cb->ce;
	t.window_clamp = t.window_clamp ? t.window_clamp : U32_MAX / 2;
	tcp_init_window(&t, ts->inet.sk.rcvbuf, r->mss, r->wscale_ok, &r->window, &wscale);
	if (r->wscale_ok)
		r->rcv_wscale = our_wscale(ts);
}

/* What a peer that sends our cookie back had said in its SYN. */
static void read_cookie(struct tcp_req *r, const struct tcp_sock *ts, const struct tcp_in *in)
{
	u32 bits;

	r->ts_ok = in->opt.has_ts && tcp_sysctl.timestamps;
	r->sack_ok = r->wscale_ok = r->ecn_ok = false;
	r->rcv_wscale = 0;
	if (!r->ts_ok)
		return;
	tcp_new_iss(r->ent.laddr, r->ent.lport, r->ent.raddr, r->ent.rport, &r->ts_offset);
	bits = in->opt.tsecr - r->ts_offset;
	r->sack_ok = bits & COOKIE_SACK;
	r->ecn_ok = bits & COOKIE_ECN;
	r->wscale_ok = (bits & COOKIE_WSCALE) != COOKIE_NO_WSCALE;
	r->snd_wscale = r->wscale_ok ? bits & COOKIE_WSCALE : 0;
	r->rcv_wscale = r->wscale_ok ? our_wscale(ts) : 0;
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

static void send_cookie(struct tcp_sock *ts, const struct netbuf *nb, const struct tcp_in *in)
{
	struct tcp_req r = {};

	note_syn(&r, ts, nb, in);
	r.iss = make_cookie((const struct ip_cb *)(const void *)nb->cb, in, r.mss);
	if (r.ts_ok) {
		tcp_new_iss(r.ent.laddr, r.ent.lport, r.ent.raddr, r.ent.rport, &r.ts_offset);
		r.ts_bits = COOKIE_TS | (r.wscale_ok ? r.snd_wscale : COOKIE_NO_WSCALE) | (r.sack_ok ? COOKIE_SACK : 0) | (r.ecn_ok ? COOKIE_ECN : 0);
	} else {
		r.sack_ok = r.wscale_ok = r.ecn_ok = false;		/* there is no room for these */
	}
	TCP_COUNT(SyncookiesSent);
	TCP_COUNT(TCPReqQFullDoCookies);
	ts->listen->overflow = clock_monotonic() + 120 * NSEC_PER_SEC;
	send_synack(&r, route_mtu(&r));
}

static void take_syn(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in, u32 isn)
{
	struct tcp_listen *l = ts->listen;
	struct sock *sk = &ts->inet.sk;
	struct tcp_req *r;
	u32 offset;

	if (atomic_read(&sk->ack_backlog) > sk->max_ack_backlog) {
		TCP_COUNT(ListenOverflows);
		TCP_COUNT(ListenDrops);
		return;
	}
	if ((l->nr_reqs > sk->max_ack_backlog || tcp_sysctl.syncookies == 2) && !isn) {
		if (tcp_sysctl.syncookies)
			send_cookie(ts, nb, in);
		else
			TCP_COUNT(TCPReqQFullDrop);
		TCP_COUNT(ListenDrops);
		return;
	}
	if (!tcp_sysctl.syncookies && !isn && l->nr_reqs >= tcp_sysctl.max_syn_backlog / 4 * 3)
		return;
	r = slab_alloc(req_cache, PAGE_ATOMIC | PAGE_ZEROED);
	if (!r)
		return;
	note_syn(r, ts, nb, in);
	r->iss = tcp_new_iss(r->ent.laddr, r->ent.lport, r->ent.raddr, r->ent.rport, &offset);
	r->ts_offset = offset;
	if (isn)
		r->iss = isn;
	if (ts->save_syn)
		save_syn(r, nb, ts->save_syn);
	bh_timer_setup(&r->timer, req_fired);
	sock_get(sk);
	if (!add_req(l, r)) {
		sock_put(sk);
		call_rcu(&r->rcu, free_rcu);
		return;
	}
	r->sent = clock_monotonic();
	bh_timer_arm(&r->timer, r->sent + ms_ns(TCP_RTO_INIT_MS));
	if (!tcp_table_add(&r->ent)) {
		put_req(r);
		return;
	}
	send_synack(r, route_mtu(r));
}

/* ---- a connection ---- */

/* Options of a listener go on to what it accepts. */
static void inherit(struct tcp_sock *c, const struct tcp_sock *p)
{
	const struct inet_sock *pi = &p->inet;
	struct inet_sock *ci = &c->inet;
	struct sock *sk = &ci->sk;
	const struct sock *ps = &pi->sk;

	cred_put(sk->cred);
	sk->cred = cred_get(ps->cred);
	atomic_set(&sk->flags, atomic_read(&ps->flags) & ~(u32)SOCK_DEAD);
	sk->rcvbuf = ps->rcvbuf;
	sk->sndbuf = ps->sndbuf;
	sk->rcvlowat = ps->rcvlowat;
	sk->rcvtimeo = ps->rcvtimeo;
	sk->sndtimeo = ps->sndtimeo;
	sk->linger_s = ps->linger_s;
	sk->priority = ps->priority;
	sk->mark = ps->mark;
	sk->bound_if = ps->bound_if;
	sk->pacing_max = ps->pacing_max;
	ci->v6only = pi->v6only;
	ci->freebind = pi->freebind;
	ci->transparent = pi->transparent;
	ci->recverr = pi->recverr;
	ci->recverr6 = pi->recverr6;
	ci->tos = pi->tos;
	ci->tclass = pi->tclass;
	ci->ttl = pi->ttl;
	ci->min_ttl = pi->min_ttl;
	ci->min_hops = pi->min_hops;
	ci->hoplimit = pi->hoplimit;
	ci->pmtudisc = pi->pmtudisc;
	ci->pmtudisc6 = pi->pmtudisc6;
	ci->want = pi->want;
	c->recv_inq = p->recv_inq;
}

static void inherit_tcp(struct tcp *c, const struct tcp *p)
{
	c->nodelay = p->nodelay;
	c->cork = p->cork;
	c->mss_user = p->mss_user;
	c->window_clamp = p->window_clamp;
	c->keepalive = p->keepalive;
	c->keep_idle_s = p->keep_idle_s;
	c->keep_intvl_s = p->keep_intvl_s;
	c->keep_cnt = p->keep_cnt;
	c->user_timeout_ms = p->user_timeout_ms;
	c->fin_timeout_s = p->fin_timeout_s;
	c->notsent_lowat = p->notsent_lowat;
	c->cong = p->cong;
	c->urg_inline = p->urg_inline;
	c->pace_rate = p->pace_rate;
}

static void start_child(struct tcp *t, const struct tcp_req *r)
{
	t->iss = r->iss;
	t->snd_una = t->snd_nxt = t->write_seq = t->snd_sml = r->iss + 1;
	t->irs = r->irs;
	t->rcv_nxt = t->rcv_wup = t->copied_seq = r->irs + 1;
	t->ts_ok = r->ts_ok;
	t->sack_ok = r->sack_ok;
	t->wscale_ok = r->wscale_ok;
	t->ecn_ok = r->ecn_ok;
	t->snd_wscale = r->wscale_ok ? r->snd_wscale : 0;
	t->rcv_wscale = r->rcv_wscale;
	if (!r->wscale_ok)
		t->window_clamp = min(t->window_clamp, 65535u);
	t->rcv_wnd = r->window;
	t->ts_recent = r->ts_recent;
	t->ts_recent_at = t->now;
	t->ts_offset = r->ts_offset;
	t->mss_peer = max((u32)r->mss, TCP_MSS_FLOOR);
	t->total_retrans = r->tries;
	t->segs_in = t->delivered_packets = 1;		/* the SYN, and ours */
	if (r->sent && !r->tries)
		tcp_rtt_sample(t, (t->now - r->sent) / 1000);
}

static struct tcp_sock *make_child(struct tcp_sock *ts, const struct tcp_req *r)
{
	struct tcp_sock *c = tcp_alloc(ts->inet.sk.net, ts->inet.sk.family);
	struct inet_sock *is;

	if (!c)
		return NULL;
	is = &c->inet;
	inherit(c, ts);
	inherit_tcp(&c->tcp, &ts->tcp);
	is->laddr = is->saddr = r->ent.laddr;
	is->raddr = r->ent.raddr;
	is->rport = r->ent.rport;
	is->scope = (u32)(ip_is_link_local(is->raddr) ? r->ifindex : 0);
	is->addr_bound = true;
	c->ent = r->ent;
	c->ent.node = (struct hnode){};
	c->ent.kind = TCP_ENT_SOCK;
	tcp_enter(c);
	start_child(&c->tcp, r);
	if (inet_route(is)) {
		sock_abandon(&is->sk);
		return NULL;
	}
	c->tcp.adv_mss = local_mss(ts, ip_is4(is->laddr), is->route.mtu);
	tcp_find_path(c);
	tcp_update_mss(&c->tcp);
	c->conn = TCP_CONNECTED;
	inet_port_share(&tcp_ports, is, &ts->inet);
	is->port_bound = false;
	return c;
}

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

/* The handshake is done: req leaves, a connection comes, the segment is its first. */
static void establish(struct tcp_sock *ts, struct tcp_req *r, struct netbuf *nb, struct tcp_in *in)
{
	struct tcp_sock *c = make_child(ts, r);
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
	if (c->tcp.state != TCP_CLOSED && queue_child(ts, c))
		object_wake(&ts->inet.sk.obj, EPOLLIN | EPOLLRDNORM);
	else
		tcp_orphan(c);
}

void tcp_req_show(struct tcp_ent *e, ktime_t now, struct inet_diag *d)
{
	const struct tcp_req *r = req_of(e);

	d->state = TCP_SYN_RECV;
	d->timer = DIAG_TIMER_RETRANS;
	d->expires = max(r->timer.timer.deadline_ns - now, (ktime_t)0);
	d->retrans = r->tries;
	d->mark = r->listener->inet.sk.mark;
}

/* ---- segments ---- */

void tcp_req_rx(struct tcp_ent *e, struct netbuf *nb, struct tcp_in *in)
{
	struct tcp_req *r = req_of(e);
	struct tcp_sock *ts = r->listener;
	struct sock *sk = &ts->inet.sk;

	if (!object_tryget(&sk->obj)) {
		netbuf_free(nb);
		return;
	}
	if (in->flags & TCP_RST) {
		if (in->seq == r->irs + 1) {
			TCP_COUNT(EmbryonicRsts);
			mib_inc(MIB_TCP_AttemptFails);
			kill_req(r);
		}
	} else if (in->flags & TCP_SYN) {
		if (in->seq == r->irs && !(in->flags & TCP_ACK))
			send_synack(r, route_mtu(r));		/* it was lost */
	} else if (in->flags & TCP_ACK) {
		if (in->ack != r->iss + 1) {
			tcp_refuse(e->net, e->laddr, e->raddr, in, r->ifindex);
		} else if (r->ts_ok && in->opt.has_ts && (s32)(in->opt.tsval - r->ts_recent) < 0) {
			send_synack(r, route_mtu(r));
		} else if (ts->defer_accept && r->tries < ts->defer_accept && in->end == r->irs + 1) {
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

		note_syn(&r, ts, nb, in);
		if (!(in->flags & TCP_SYN) && clock_monotonic() < l->overflow && check_cookie(cb, in, &r.mss)) {
			r.irs = in->seq - 1;
			r.iss = in->ack - 1;
			read_cookie(&r, ts, in);
			r.listener = NULL;
			TCP_COUNT(SyncookiesRecv);
			establish(ts, &r, nb, in);
			return;
		}
		if (clock_monotonic() < l->overflow)
			TCP_COUNT(SyncookiesFailed);
		tcp_refuse(ts->inet.sk.net, cb->dst, cb->src, in, cb->ifindex);
	} else if ((in->flags & (TCP_SYN | TCP_FIN)) == TCP_SYN) {
		take_syn(ts, nb, in, isn);
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
