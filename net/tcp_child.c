/* SPDX-License-Identifier: MIT */
/* tcp_child.c - TCP, a connection that a listener accepts: made of the listener's options and what
 * the handshake agreed on.
 *
 * Locks: nobody else knows the child yet. Ref: accept(2), tcp(7). Tests: selftests/abi/tcp.c,
 * selftests/net/packet/listen.pkt
 */
#include "tcp_req.h"

#include <kernel/cred.h>
#include <net/inet_port.h>

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

struct tcp_sock *tcp_child_make(struct tcp_sock *ts, const struct tcp_req *r)
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
	c->tcp.adv_mss = tcp_local_mss(ts, ip_is4(is->laddr), is->route.mtu);
	tcp_find_path(c);
	tcp_update_mss(&c->tcp);
	c->conn = TCP_CONNECTED;
	inet_port_share(&tcp_ports, is, &ts->inet);
	is->port_bound = false;
	return c;
}
