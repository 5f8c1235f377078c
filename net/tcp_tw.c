/* SPDX-License-Identifier: MIT */
/* tcp_tw.c - TCP: what remains of a connection for a minute, in a few words: TIME_WAIT, and
 * FIN_WAIT2 when nobody has the socket.
 *
 *	connection --tcp_tw_make()--> FIN_WAIT2 -- FIN --> TIME_WAIT -- 60 s; a RST; a SYN that
 *	begins anew --> gone
 *
 * Invariants: (1) it is in the table until somebody takes it out (tcp_table_del); that one stops
 * the timer, gives the port back and frees it after a grace period. Numbers that a new connection
 * takes over begin behind ours.
 * Locks: lock [RANK_SOCK_QUEUE] for the numbers; the table's. Ref: RFC 9293 s3.10.7.4, RFC 1337,
 * RFC 6191, tcp(7) tcp_tw_reuse.
 * Tests: selftests/abi/tcp.c, selftests/net/packet
 */
#include "tcp_int.h"

#include <kernel/bh.h>
#include <mm/slab.h>
#include <net/diag.h>
#include <net/inet_port.h>
#include <net/net.h>

/* Locks: w  lock   I  immutable */
struct tcp_tw {
	struct tcp_ent ent;
	struct spinlock lock;
	u8 state;			/* [w] TCP_FIN_WAIT2, TCP_TIME_WAIT */
	u8 rcv_wscale, tos;
	bool ts_ok;
	u32 rcv_nxt, snd_nxt, rcv_wnd;	/* [w] */
	u32 ts_recent, ts_offset;	/* [w] */
	ktime_t ts_recent_at;		/* [w] */
	u32 mark;
	s32 oif;
	struct inet_port_rest port;
	struct bh_timer timer;
	struct rcu_head rcu;
};

static struct slab_cache *tw_cache;
static atomic_t nr_tw;

static struct tcp_tw *tw_of(struct tcp_ent *e) { return container_of(e, struct tcp_tw, ent); }

static void free_rcu(struct rcu_head *h)
{
	slab_free(tw_cache, container_of(h, struct tcp_tw, rcu));
}

/* (1) The caller took it out of the table. */
static void put(struct tcp_tw *tw)
{
	bh_timer_cancel(&tw->timer);
	inet_port_rest_release(&tcp_ports, &tw->port);
	atomic_dec(&nr_tw);
	call_rcu(&tw->rcu, free_rcu);
}

void tcp_tw_kill(struct tcp_ent *e)
{
	if (tcp_table_del(e))
		put(tw_of(e));
}

static void fired(struct bh_timer *timer)
{
	TCP_COUNT(TW);
	tcp_tw_kill(&container_of(timer, struct tcp_tw, timer)->ent);
}

void tcp_tw_make(struct tcp_sock *ts, u32 state, u32 ms)
{
	struct inet_sock *is = &ts->inet;
	struct tcp *t = &ts->tcp;
	struct tcp_tw *tw = atomic_read(&nr_tw) < tcp_sysctl.max_tw
				    ? slab_alloc(tw_cache, PAGE_ATOMIC | PAGE_ZEROED)
				    : NULL;

	if (!tw) {
		TCP_COUNT(TCPTimeWaitOverflow);
		return;			/* as Linux: then there is none */
	}
	tw->ent = ts->ent;
	tw->ent.kind = TCP_ENT_TW;
	tw->ent.node = (struct hnode){};
	spin_init(&tw->lock, RANK_SOCK_QUEUE);
	tw->state = (u8)state;
	tw->rcv_wscale = t->rcv_wscale;
	tw->tos = ip_is4(is->raddr) ? is->tos : is->tclass;
	tw->ts_ok = t->ts_ok;
	tw->rcv_nxt = t->rcv_nxt;
	tw->snd_nxt = t->snd_nxt;
	tw->rcv_wnd = tcp_receive_window(t);
	tw->ts_recent = t->ts_recent;
	tw->ts_recent_at = t->ts_recent_at;
	tw->ts_offset = t->ts_offset;
	tw->mark = is->sk.mark;
	tw->oif = is->sk.bound_if;
	bh_timer_setup(&tw->timer, fired);
	inet_port_leave(&tcp_ports, is, &tw->port);
	atomic_inc(&nr_tw);
	if (!tcp_table_replace(&ts->ent, &tw->ent)) {
		put(tw);
		return;
	}
	bh_timer_arm(&tw->timer, t->now + (ms ? ms_ns(ms) : TCP_TIMEWAIT_NS));
	sock_put(&is->sk);			/* the table's */
}

static void acknowledge(struct tcp_tw *tw)
{
	struct tcp_reply r = { .net = tw->ent.net,
			       .src = tw->ent.laddr,
			       .dst = tw->ent.raddr,
			       .sport = tw->ent.lport,
			       .dport = tw->ent.rport,
			       .window = (u16)(tw->rcv_wnd >> tw->rcv_wscale),
			       .flags = TCP_ACK,
			       .tos = tw->tos,
			       .seq = tw->snd_nxt,
			       .ack = tw->rcv_nxt,
			       .mark = tw->mark,
			       .oif = tw->oif };

	if (tw->ts_ok) {
		r.opt.ts = true;
		r.opt.tsval = (u32)(clock_monotonic() / 1000000) + tw->ts_offset;
		r.opt.tsecr = tw->ts_recent;
	}
	tcp_send_reply(&r);
}

enum verdict { TW_DROP, TW_ACK, TW_KILL, TW_REFUSE, TW_SYN };

/* [w] The peer's FIN, late, or more data that nobody will read. */
static enum verdict in_fin_wait2(struct tcp_tw *tw, const struct tcp_in *in)
{
	bool outside = seq_before(in->end, tw->rcv_nxt) ||
		       seq_after(in->seq, tw->rcv_nxt + tw->rcv_wnd);

	if (outside)
		return in->flags & TCP_RST ? TW_DROP : TW_ACK;
	if (in->flags & TCP_RST)
		return TW_KILL;
	if (in->flags & TCP_SYN)
		return seq_before(in->seq, tw->rcv_nxt) ? TW_DROP : TW_REFUSE;
	if (!(in->flags & TCP_ACK) || !seq_after(in->end, tw->rcv_nxt))
		return TW_DROP;
	if (!(in->flags & TCP_FIN) || in->end != tw->rcv_nxt + 1)
		return TW_REFUSE;
	tw->state = TCP_TIME_WAIT;
	tw->rcv_nxt = in->end;
	if (in->opt.has_ts) {
		tw->ts_recent = in->opt.tsval;
		tw->ts_recent_at = clock_monotonic();
	}
	return TW_ACK;
}

static enum verdict in_time_wait(struct tcp_tw *tw, const struct tcp_in *in)
{
	bool old = tw->ts_ok && in->opt.has_ts && (s32)(in->opt.tsval - tw->ts_recent) < 0;

	if (!old && in->seq == tw->rcv_nxt && (in->seq == in->end || in->flags & TCP_RST)) {
		if (in->flags & TCP_RST)
			return tcp_sysctl.rfc1337 ? TW_DROP : TW_KILL;
		if (in->opt.has_ts)
			tw->ts_recent = in->opt.tsval;
		return TW_DROP;
	}
	if ((in->flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_SYN && !old &&
	    (seq_after(in->seq, tw->rcv_nxt) ||
	     (tw->ts_ok && in->opt.has_ts && (s32)(in->opt.tsval - tw->ts_recent) > 0)))
		return TW_SYN;
	return in->flags & TCP_RST ? TW_DROP : TW_ACK;
}

bool tcp_tw_rx(struct tcp_ent *e, struct netbuf *nb, struct tcp_in *in, u32 *isn)
{
	struct tcp_tw *tw = tw_of(e);
	enum verdict v;

	spin_lock(&tw->lock);
	v = tw->state == TCP_FIN_WAIT2 ? in_fin_wait2(tw, in) : in_time_wait(tw, in);
	spin_unlock(&tw->lock);
	switch (v) {
	case TW_SYN:
		*isn = tw->snd_nxt + 65535 + 2;
		*isn += !*isn;
		tcp_tw_kill(e);
		return true;
	case TW_REFUSE:
		tcp_refuse(e->net, e->laddr, e->raddr, in, tw->oif);
		fallthrough;
	case TW_KILL:
		tcp_tw_kill(e);
		break;
	case TW_ACK:
		if (tw->state == TCP_TIME_WAIT && hnode_linked(&e->node))
			bh_timer_arm(&tw->timer, clock_monotonic() + TCP_TIMEWAIT_NS);
		acknowledge(tw);
		break;
	case TW_DROP:
		break;
	}
	netbuf_free(nb);
	return false;
}

/* RFC 6191: with timestamps a second later nothing old can be mistaken for new. */
bool tcp_tw_reusable(struct tcp_ent *e, struct tcp *t)
{
	struct tcp_tw *tw = tw_of(e);
	bool reuse = tcp_sysctl.tw_reuse == 1 ||
		     (tcp_sysctl.tw_reuse == 2 && ip_is_loopback(e->raddr) &&
		      ip_is_loopback(e->laddr));

	if (!reuse || !tw->ts_ok || tw->state != TCP_TIME_WAIT ||
	    clock_monotonic() - tw->ts_recent_at <= NSEC_PER_SEC)
		return false;
	t->iss = tw->snd_nxt + 65535 + 2;
	t->ts_offset = tw->ts_offset;
	return true;
}

void tcp_tw_show(struct tcp_ent *e, ktime_t now, struct inet_diag *d)
{
	const struct tcp_tw *tw = tw_of(e);

	d->state = READ_ONCE(tw->state);
	d->timer = DIAG_TIMER_TIMEWAIT;
	d->expires = max(tw->timer.timer.deadline_ns - now, (ktime_t)0);
	d->mark = tw->mark;
}

void tcp_tw_init(void)
{
	tw_cache = slab_cache_create("tcp_tw", sizeof(struct tcp_tw), 64);
}
