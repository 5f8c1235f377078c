/* SPDX-License-Identifier: MIT */
/* tcp_info.c - TCP connections as they are told about: TCP_INFO, and the lines of netstat and ss.
 *
 * Everything is read without the owner's lock: each figure is a word that was true a moment ago.
 * Ref: tcp(7), <linux/tcp.h> struct tcp_info, Linux Documentation/networking/proc_net_tcp.rst.
 * Tests: selftests/abi/tcp.c, sockdiag.c
 */
#include "tcp_int.h"

#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <net/diag.h>
#include <net/net.h>

/* ---- struct tcp_info ---- */

struct abi_tcp_info {
	u8 state, ca_state, retransmits, probes, backoff, options, wscale, flags;
	u32 rto, ato, snd_mss, rcv_mss;
	u32 unacked, sacked, lost, retrans, fackets;
	u32 last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	u32 pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering, rcv_rtt,
		rcv_space, total_retrans;
	u64 pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	u32 segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	u64 delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	u32 delivered, delivered_ce;
	u64 bytes_sent, bytes_retrans;
	u32 dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd, rehash;
	u16 total_rto, total_rto_recoveries;
	u32 total_rto_time;
};
static_assert(sizeof(struct abi_tcp_info) == TCP_INFO_BYTES, "struct tcp_info of Linux 6.12");

static u32 ms_since(ktime_t now, ktime_t then)
{
	return then && now > then ? (u32)((now - then) / 1000000) : 0;
}

static void info_now(const struct tcp *t, ktime_t now, struct abi_tcp_info *i)
{
	i->ca_state = t->ca_state;
	i->retransmits = t->retries;
	i->probes = t->probes_out;
	i->backoff = t->backoff;
	i->options = (u8)(t->ts_ok | t->sack_ok << 1 | t->wscale_ok << 2 | t->ecn_ok << 3 |
			  t->syn_data_acked << 5);
	i->wscale = (u8)(t->snd_wscale | t->rcv_wscale << 4);
	i->rto = t->rto_ms * 1000;
	i->ato = t->ato_ms * 1000;
	i->snd_mss = t->mss;
	i->rcv_mss = t->rcv_mss;
	i->unacked = tcp_packets(t, t->snd_nxt - t->snd_una);
	i->sacked = tcp_packets(t, t->sacked_bytes);
	i->lost = tcp_packets(t, t->lost_bytes);
	i->retrans = tcp_packets(t, t->retrans_bytes);
	i->last_data_sent = ms_since(now, t->last_snd);
	i->last_data_recv = ms_since(now, t->last_rcv);
	i->last_ack_recv = ms_since(now, t->last_ack_rcv);
	i->rcv_ssthresh = t->rcv_ssthresh;
	i->rtt = t->srtt_us >> 3;
	i->rttvar = t->mdev_us >> 2;
	i->snd_ssthresh = t->snd_ssthresh;
	i->snd_cwnd = t->snd_cwnd;
	i->advmss = t->adv_mss -
		    (t->ts_ok && !(TCP_STATES(TCP_CLOSED, TCP_SYN_SENT) & 1u << t->state) ? 12u
											  : 0);
	i->reordering = 3;
	i->rcv_rtt = t->rcv_rtt_us;
	i->rcv_space = t->space;
}

/* What it is paced at; unpaced, what Linux would pace at: twice the window a round trip while it
 * grows, then 1.2 times. */
static u64 pacing_rate(const struct tcp *t)
{
	u64 window = (u64)max(t->snd_cwnd, tcp_packets(t, t->snd_nxt - t->snd_una)) * t->mss;

	if (t->pace_rate != U64_MAX || !t->srtt_us)
		return t->pace_rate;
	return window * 8000000 / t->srtt_us * (t->snd_cwnd < t->snd_ssthresh / 2 ? 200 : 120) /
	       100;
}

static void info_counts(const struct tcp *t, struct abi_tcp_info *i)
{
	i->total_retrans = t->total_retrans;
	i->pacing_rate = pacing_rate(t);
	i->bytes_acked = t->bytes_acked;
	i->bytes_received = t->bytes_received;
	i->segs_out = t->segs_out;
	i->segs_in = t->segs_in;
	i->notsent_bytes = tcp_notsent(t);
	i->min_rtt = t->min_rtt_us;
	i->data_segs_in = t->data_in;
	i->data_segs_out = t->data_out;
	i->delivered = t->delivered_packets;
	i->delivered_ce = t->delivered_ce;
	i->bytes_sent = t->bytes_sent;
	i->bytes_retrans = t->bytes_retrans;
	i->dsack_dups = t->dsack_dups;
	i->reord_seen = t->reord_seen;
	i->rcv_ooopack = t->ooo_packets;
	i->snd_wnd = t->snd_wnd;
	i->rcv_wnd = t->rcv_wnd;
}

void tcp_fill_info(const struct inet_sock *is, u8 info[TCP_INFO_BYTES])
{
	const struct tcp_sock *ts = container_of(is, struct tcp_sock, inet);
	struct abi_tcp_info i = { .state = ts->tcp.state, .max_pacing_rate = is->sk.pacing_max };

	if (i.state == TCP_LISTEN) {
		i.unacked = atomic_read(&is->sk.ack_backlog);
		i.sacked = is->sk.max_ack_backlog;
	} else {
		info_now(&ts->tcp, clock_monotonic(), &i);
		info_counts(&ts->tcp, &i);
		i.pmtu = is->route.mtu;
	}
	memcpy(info, &i, sizeof(i));
}

const char *tcp_cong_name(const struct inet_sock *is)
{
	return container_of(is, struct tcp_sock, inet)->tcp.cong->name;
}

/* ---- one line each ---- */

static void timer_of(const struct tcp *t, ktime_t now, struct inet_diag *d)
{
	static const struct { u8 which, shown; } order[] = { { TCP_T_RETRANS, DIAG_TIMER_RETRANS },
		      { TCP_T_PROBE, DIAG_TIMER_PROBE },
		      { TCP_T_KEEP, DIAG_TIMER_KEEP } };

	d->retrans = t->retries;
	d->probes = max(t->probes_out, t->keep_probes);
	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		ktime_t when = READ_ONCE(t->deadline[order[i].which]);

		if (when == WAIT_FOREVER)
			continue;
		d->timer = order[i].shown;
		d->expires = max(when - now, (ktime_t)0);
		return;
	}
}

static void show_sock(struct tcp_sock *ts, ktime_t now, struct inet_diag *d)
{
	const struct tcp *t = &ts->tcp;

	*d = diag_of_sock(&ts->inet);
	d->state = READ_ONCE(ts->inet.sk.state);
	d->bound_port = ts->was_bound;
	if (d->state == TCP_LISTEN) {
		d->rqueue = atomic_read(&ts->inet.sk.ack_backlog);
		d->wqueue = ts->inet.sk.max_ack_backlog;
		return;
	}
	d->rqueue = max((s32)(READ_ONCE(t->rcv_nxt) - READ_ONCE(t->copied_seq) - t->fin_read), 0);
	d->wqueue = READ_ONCE(t->write_seq) - READ_ONCE(t->snd_una);
	timer_of(t, now, d);
}

static void show_ent(struct tcp_ent *e, ktime_t now, struct inet_diag *d)
{
	if (e->kind == TCP_ENT_SOCK) {
		show_sock(container_of(e, struct tcp_sock, ent), now, d);
		return;
	}
	*d = (struct inet_diag){ .family = e->family,
				 .laddr = e->laddr,
				 .raddr = e->raddr,
				 .lport = e->lport,
				 .rport = e->rport,
				 .ifindex = e->bound_if };
	if (e->kind == TCP_ENT_REQ)
		tcp_req_show(e, now, d);
	else
		tcp_tw_show(e, now, d);
}

struct show {
	u32 states;
	ktime_t now;
	inet_diag_fn fn;
	void *arg;
};

static bool show_if_asked(const struct show *s, const struct inet_diag *d)
{
	return !(s->states & 1u << d->state) || s->fn(d, s->arg);
}

static bool visit_ent(struct tcp_ent *e, void *arg)
{
	const struct show *s = arg;
	struct inet_diag d;

	show_ent(e, s->now, &d);
	return show_if_asked(s, &d);
}

static bool visit_listener(struct tcp_sock *ts, void *arg)
{
	const struct show *s = arg;
	struct inet_diag d;

	show_sock(ts, s->now, &d);
	return show_if_asked(s, &d);
}

bool tcp_diag(struct net_ns *net, struct diag_cursor *c, u32 states, inet_diag_fn fn, void *arg)
{
	struct show s = { states, clock_monotonic(), fn, arg };

	return tcp_walk_listeners(net, c, visit_listener, &s) && tcp_walk(net, c, visit_ent, &s);
}

bool tcp_diag_find(struct net_ns *net, const struct ip_cb *cb, u16 rport, u16 lport,
		   struct inet_diag *d, struct sock **out)
{
	struct tcp_sock *ts = NULL;
	struct tcp_ent *e;
	bool found;

	*out = NULL;
	rcu_read_lock();
	e = rport ? tcp_table_find(net, cb->dst, lport, cb->src, rport, cb->ifindex) : NULL;
	if (e && e->kind == TCP_ENT_SOCK)
		ts = container_of(e, struct tcp_sock, ent);
	else if (!e)
		ts = tcp_listener_find(net, cb, rport, lport);
	found = ts ? object_tryget(&ts->inet.sk.obj) : e != NULL;
	if (found && ts)
		show_sock(ts, clock_monotonic(), d);
	else if (found)
		show_ent(e, clock_monotonic(), d);
	rcu_read_unlock();
	if (found && ts)
		*out = &ts->inet.sk;
	return found;
}

void tcp_diag_kill(struct net_ns *net, const struct ip_cb *cb, u16 rport, u16 lport)
{
	struct tcp_ent *e;

	rcu_read_lock();
	e = tcp_table_find(net, cb->dst, lport, cb->src, rport, cb->ifindex);
	if (e && e->kind == TCP_ENT_TW)
		tcp_tw_kill(e);
	else if (e && e->kind == TCP_ENT_REQ)
		tcp_req_kill(e);
	rcu_read_unlock();
}
