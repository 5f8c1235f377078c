/* SPDX-License-Identifier: MIT */
/* tcp_out.c - TCP, sending: what may go now, in which segments, and the headers in front of it.
 *
 * What limits: the peer's window, the congestion window (tcp_pipe() against snd_cwnd), Nagle and
 * TCP_CORK for the last short segment, a pacing rate. Segments are as large as the device takes
 * (GSO) and are split when a limit falls inside. Each transmission is a packet of its own that
 * shares the segment's pages.
 *
 * Locks: the owner's. Pure. Ref: RFC 9293 s3.8, RFC 1122 s4.2.3.4, RFC 8985 s7, RFC 3168 s6.1;
 * tcp(7).
 * Tests: selftests/unit/tcp*_test.c, selftests/net/packet
 */
#include "tcp_int.h"

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <net/netdev.h>

/* ---- sizes ---- */

u32 tcp_size_goal(const struct tcp *t)
{
	u32 goal = min(t->gso_max, t->max_wnd / 2);

	debug_assert(t->mss >= TCP_MSS_FLOOR - 12);
	return goal > t->mss ? goal - goal % t->mss : t->mss;
}

void tcp_update_mss(struct tcp *t)
{
	u32 mss = min(t->mss_peer, t->mss_path),
	    half = t->max_wnd > 576 ? t->max_wnd / 2 : t->max_wnd;

	if (t->mss_user)
		mss = min(mss, t->mss_user);
	mss -= t->ts_ok ? 12 : 0;
	if (half && mss > half)
		mss = half;
	t->mss = max(mss, TCP_MSS_FLOOR - 12);
}

/* ---- one packet ---- */

/* (4) of tcp_rcv.c: never to the left. */
static u16 window_field(struct tcp *t, bool syn)
{
	u32 now = tcp_receive_window(t), new;

	if (syn) {
		t->rcv_wup = t->rcv_nxt;
		return (u16)min(t->rcv_wnd, 65535u);
	}
	new = tcp_choose_window(t);
	if (new < now)
		new = ALIGN_UP(now, 1u << t->rcv_wscale);
	new = min(new, 65535u << t->rcv_wscale);
	if (unlikely(!new != !t->rcv_wnd)) {
		if (new)
			TCP_COUNT(TCPFromZeroWindowAdv);
		else
			TCP_COUNT(TCPToZeroWindowAdv);
	}
	t->rcv_wnd = new;
	t->rcv_wup = t->rcv_nxt;
	return (u16)(new >> t->rcv_wscale);
}

static void syn_options(struct tcp *t, struct tcp_out_options *o, bool first)
{
	o->mss = (u16)min(t->adv_mss, 65535u);
	o->wscale_ok = t->wscale_ok;
	o->wscale = t->rcv_wscale;
	o->sack_perm = t->sack_ok;
	o->ts = t->ts_ok;
	o->cookie_ask = t->tfo_ask && first;
	if (o->cookie_ask) {
		o->cookie = t->tfo_cookie;
		o->cookie_len = t->tfo_cookie_len;
	}
}

static void sack_options(struct tcp *t, struct tcp_out_options *o, u32 room)
{
	u32 n = 0, most = min((room - 4) / 8, t->ts_ok ? 3u : 4u);

	if (room < 12)
		return;
	if (t->dsack_due)
		o->sack[n++] = t->dsack;
	for (u32 i = 0; i < t->nr_recent && n < most; i++)
		o->sack[n++] = t->recent_sack[i];
	o->nr_sack = (u8)n;
}

static u16 urgent_field(const struct tcp *t, u32 seq, u8 *flags)
{
	if (!t->urg_out || !seq_before(seq, t->snd_up))
		return 0;
	*flags |= TCP_URG;
	return (u16)min(t->snd_up - seq, 65535u);
}

static u8 ecn_flags(struct tcp *t, u32 payload, bool retrans, u8 flags)
{
	u8 more = 0;

	t->ect = false;
	if (flags & TCP_SYN)
		return !t->ecn_ask || (retrans && !(flags & TCP_ACK)) ? 0
		       : flags & TCP_ACK			      ? TCP_ECE
								      : TCP_ECE | TCP_CWR;
	if (!t->ecn_ok)
		return 0;
	if (t->ecn_echo_due)
		more |= TCP_ECE;
	if (payload && !retrans) {
		t->ect = true;
		if (t->ecn_cwr_due) {
			t->ecn_cwr_due = false;
			more |= TCP_CWR;
		}
	}
	return more;
}

static void ack_was_sent(struct tcp *t)
{
	if (t->quick)
		t->quick--;
	t->ack_due = t->ack_now = t->dsack_due = false;
	tcp_clear_deadline(t, TCP_T_DELACK);
}

/* nb: the payload. Puts the header in front and sends it. */
static void send_packet(struct tcp *t, struct netbuf *nb, u32 seq, u8 flags, bool retrans)
{
	struct tcp_out_options o = {};
	u32 payload = nb->len, n;
	struct tcp_header *h;
	u8 opt[40];
	u16 urg;

	if (flags & TCP_SYN) {
		syn_options(t, &o, !(flags & TCP_ACK) && !retrans);
	} else {
		o.ts = t->ts_ok;
		if ((t->nr_recent || t->dsack_due) && t->sack_ok && payload <= t->mss)
			sack_options(t, &o,
				     min(payload ? t->mss - payload : 40u, t->ts_ok ? 28u : 40u));
	}
	if (o.ts) {
		o.tsval = tcp_ts_now(t);
		o.tsecr = t->ts_recent;
	}
	n = (o.ts || flags & TCP_SYN || o.nr_sack) ? tcp_put_options(opt, &o) : 0;
	flags |= ecn_flags(t, payload, retrans, flags);
	urg = urgent_field(t, seq, &flags);
	h = netbuf_push(nb, (u32)sizeof(*h) + n);
	memcpy(h + 1, opt, n);
	tcp_env_port(t, h);
	h->seq = cpu_to_be32(seq);
	h->ack = flags & TCP_ACK ? cpu_to_be32(t->rcv_nxt) : 0;
	h->off = (u8)((sizeof(*h) + n) << 2);
	h->flags = flags;
	h->window = cpu_to_be16(window_field(t, flags & TCP_SYN));
	h->csum = 0;
	h->urg = cpu_to_be16(urg);
	nb->trans_off = netbuf_offset(nb);
	if (flags & TCP_ACK)
		ack_was_sent(t);
	n = payload > t->mss ? DIV_ROUND_UP(payload, t->mss) : 1;
	t->segs_out += n;
	mib_add(MIB_TCP_OutSegs, n);
	tcp_env_send(t, nb, payload > t->mss ? t->mss : 0);
}

static bool send_empty(struct tcp *t, u32 seq, u8 flags)
{
	struct netbuf *nb = netbuf_alloc(0, NETBUF_HEADROOM, PAGE_ATOMIC);

	if (!nb)
		return false;
	send_packet(t, nb, seq, flags, false);
	return true;
}

static void on_data_sent(struct tcp *t, u32 len)
{
	u32 n = max(tcp_packets(t, len), 1u);

	t->bytes_sent += len;
	t->data_out += n;
	mib_add(MIB_TCP_EXT_TCPOrigDataSent, n);
	if (t->now - t->last_rcv < ms_ns(t->ato_ms))
		/* an answer: acknowledgements ride on data from now on */
		t->pingpong = true;
	t->last_snd = t->now;
}

static bool send_seg(struct tcp *t, struct tcp_seg *s, bool retrans)
{
	u32 len = s->end - s->seq - !!(s->flags & TCP_SYN) - !!(s->flags & TCP_FIN);
	struct netbuf *nb = netbuf_alloc(len <= TCP_SMALL ? len : 0, NETBUF_HEADROOM, PAGE_ATOMIC);
	u8 flags = s->flags;

	if (!nb)
		return false;
	tcp_seg_share(s, nb, len);
	if (!(flags & TCP_SYN) || t->state == TCP_SYN_RECV)
		flags |= TCP_ACK;
	s->sent = t->now;
	s->tries++;
	s->delivered = t->delivered;
	list_del_init(&s->tlink);
	list_add_tail(&t->by_time, &s->tlink);
	if (len)
		on_data_sent(t, len);
	send_packet(t, nb, s->seq, flags, retrans);
	if (t->pace_rate != U64_MAX && len)
		t->pace_next = max(t->pace_next, t->now) +
			       (ktime_t)((u64)len * NSEC_PER_SEC / max(t->pace_rate, 1ull));
	return true;
}

/* ---- new data ---- */

static void note_out(struct tcp *t)
{
	u32 out = tcp_packets(t, tcp_pipe(t));

	if (out > t->max_out || !t->max_out_seq) {
		t->max_out = out;
		t->max_out_seq = t->snd_nxt;
	}
}

/* The first unsent segment, whole, goes. */
static bool send_first(struct tcp *t, struct tcp_seg *s)
{
	bool idle = t->snd_una == t->snd_nxt;

	if (!send_seg(t, s, false))
		return false;
	list_move_tail(&t->sent, &s->link);
	t->snd_nxt = s->end;
	if (s->end - s->seq < t->mss)
		t->snd_sml = s->end;
	if (t->ca_state == TCP_CA_CWR || t->ca_state == TCP_CA_RECOVERY)
		t->prr_out += tcp_packets(t, s->end - s->seq);
	tcp_clear_deadline(t, TCP_T_PROBE);
	note_out(t);
	if (idle || t->deadline[TCP_T_RETRANS] == WAIT_FOREVER || t->retrans_kind == TCP_RT_TLP)
		tcp_arm_retrans(t);
	else if (t->retrans_kind == TCP_RT_RTO)
		tcp_arm_tlp(t);
	return true;
}

/* Should the last, short segment wait for more? */
static bool hold_back(const struct tcp *t, const struct tcp_seg *s, bool flush)
{
	if (flush || s->end - s->seq >= t->mss || (s->flags & TCP_FIN) ||
	    s->link.next != &t->unsent)
		return false;
	if (t->urg_out && !seq_before(t->snd_up, s->seq))
		return false;
	if (t->cork || t->push_later)
		return true;
	return !t->nodelay && t->snd_una != t->snd_nxt && seq_after(t->snd_sml, t->snd_una) &&
	       !seq_after(t->snd_sml, t->snd_nxt);
}

/* How many bytes of s may go; 0: none. */
static u32 allowance(struct tcp *t, const struct tcp_seg *s)
{
	u64 cwnd = (u64)t->snd_cwnd * t->mss;
	u32 pipe = tcp_pipe(t), len = s->end - s->seq, limit;
	s32 window = (s32)(t->snd_una + t->snd_wnd - s->seq);

	if (pipe >= cwnd && !(len == 1 && (s->flags & TCP_FIN))) {
		t->cwnd_limited = true;
		return 0;
	}
	if (window <= 0)
		return 0;
	debug_assert(t->mss >= TCP_MSS_FLOOR - 12);
	limit = (u32)min((u64)window, max(cwnd - min((u64)pipe, cwnd), (u64)t->mss));
	limit = min(limit, max(t->gso_max, t->mss));
	if (len <= limit && (len <= t->mss || t->gso_max >= len))
		return len;
	limit = t->gso_max > t->mss ? min(limit, tcp_size_goal(t)) : min(limit, t->mss);
	return len <= limit ? len : limit - limit % t->mss;
}

static bool paced(struct tcp *t)
{
	if (likely(t->pace_rate == U64_MAX) || t->now >= t->pace_next)
		return false;
	tcp_set_deadline(t, TCP_T_PACE, t->pace_next);
	return true;
}

void tcp_push(struct tcp *t, bool flush)
{
	if (!(TCP_STATES(TCP_ESTABLISHED, TCP_CLOSE_WAIT, TCP_FIN_WAIT1, TCP_CLOSING,
			 TCP_LAST_ACK) &
	      1u << t->state) &&
	    !(t->state == TCP_SYN_RECV && t->tfo_server))
		return;
	while (!list_empty(&t->unsent)) {
		struct tcp_seg *s = list_first(&t->unsent, struct tcp_seg, link);
		u32 n;

		if (hold_back(t, s, flush) || paced(t))
			break;
		n = allowance(t, s);
		if (!n)
			break;
		if (n < s->end - s->seq) {
			if (!tcp_seg_split(t, s, s->seq + n))
				break;
		}
		if (!send_first(t, s))
			break;
	}
	if (!list_empty(&t->unsent))
		tcp_arm_probe(t);
}

void tcp_wrote(struct tcp *t, u32 size_goal, bool more)
{
	struct tcp_seg *s = list_empty(&t->unsent) ? NULL
						   : list_last(&t->unsent, struct tcp_seg, link);

	if (!s)
		return;
	if (!more)
		s->flags |= TCP_PSH;
	if (t->snd_una == t->snd_nxt && t->last_snd && !t->no_idle_restart &&
	    t->now - t->last_snd > ms_ns(t->rto_ms))
		tcp_slow_start_after_idle(t);
	t->push_later = more;
	tcp_push(t, false);
}

void tcp_mark_urgent(struct tcp *t)
{
	t->snd_up = t->write_seq;
	t->urg_out = true;
}

/* ---- again ---- */

bool tcp_retransmit(struct tcp *t, struct tcp_seg *s, u32 max_len)
{
	u32 len = s->end - s->seq;

	if (!seq_before(s->seq, t->snd_una + t->snd_wnd) && s->seq != t->snd_una &&
	    !(s->flags & TCP_SYN))
		return false;			/* the peer's window shrank */
	max_len = max(max_len, t->mss);
	max_len = t->gso_max > t->mss ? min(max_len - max_len % t->mss, tcp_size_goal(t)) : t->mss;
	if (len > max_len) {
		if (!tcp_seg_split(t, s, s->seq + max_len))
			return false;
		len = max_len;
	}
	if (!send_seg(t, s, true))
		return false;
	if (!(s->mark & SEG_RETRANS))
		t->retrans_bytes += len;
	s->mark |= SEG_RETRANS | SEG_EVER;
	t->bytes_retrans += len;
	t->total_retrans += max(tcp_packets(t, len), 1u);
	mib_add(MIB_TCP_RetransSegs, max(tcp_packets(t, len), 1u));
	if (s->flags & TCP_SYN)
		TCP_COUNT(TCPSynRetrans);
	else if (t->ca_state == TCP_CA_LOSS)
		TCP_COUNT(TCPSlowStartRetrans);
	else if (t->ca_state == TCP_CA_RECOVERY)
		TCP_COUNT(TCPFastRetrans);
	if (!t->retrans_stamp)
		t->retrans_stamp = t->now;
	if (t->undo_possible)
		t->undo_retrans = max(t->undo_retrans, 0) + 1;
	if (t->ca_state == TCP_CA_CWR || t->ca_state == TCP_CA_RECOVERY)
		t->prr_out += tcp_packets(t, len);
	return true;
}

void tcp_retransmit_lost(struct tcp *t, u32 budget)
{
	struct tcp_seg *s;
	bool sent = false;

	list_for_each_entry(s, &t->sent, link) {
		u64 cwnd = (u64)t->snd_cwnd * t->mss;
		u32 pipe = tcp_pipe(t);

		if (!(s->mark & SEG_LOST) || (s->mark & (SEG_RETRANS | SEG_SACKED)))
			continue;
		if (pipe >= cwnd && !budget)
			break;
		if (!tcp_retransmit(t, s, (u32)min(cwnd - min((u64)pipe, cwnd), (u64)S32_MAX)))
			break;
		budget -= !!budget;
		sent = true;
	}
	if (sent && t->retrans_kind != TCP_RT_REO)
		tcp_arm_retrans(t);
}

/* ---- tail loss probe (RFC 8985 s7) ---- */

void tcp_arm_tlp(struct tcp *t)
{
	u64 us = t->srtt_us ? t->srtt_us / 4 : 1000000;		/* 2 * srtt */
	ktime_t when;

	if (!t->sack_ok || t->tlp_high || t->sacked_bytes || t->ca_state > TCP_CA_CWR ||
	    t->snd_una == t->snd_nxt || (TCP_STATES(TCP_SYN_SENT, TCP_SYN_RECV) & 1u << t->state))
		return;
	us += t->snd_nxt - t->snd_una <= t->mss ? TCP_DELACK_MAX_MS * 1000 : 2000;
	when = t->now + (ktime_t)us * 1000;
	t->retrans_kind = TCP_RT_TLP;
	/* else the probe goes when the timeout would have come */
	if (when < t->deadline[TCP_T_RETRANS])
		tcp_set_deadline(t, TCP_T_RETRANS, when);
}

bool tcp_send_tlp(struct tcp *t)
{
	struct tcp_seg *s = list_empty(&t->unsent) ? NULL
						   : list_first(&t->unsent, struct tcp_seg, link);

	t->tlp_high = 0;
	if (s && seq_before(s->seq, t->snd_una + t->snd_wnd)) {
		u32 n = min(t->mss, t->snd_una + t->snd_wnd - s->seq);

		if (s->end - s->seq > n && !tcp_seg_split(t, s, s->seq + n))
			return false;
		if (!send_first(t, s))
			return false;
		t->tlp_retrans = false;
	} else {
		if (list_empty(&t->sent))
			return false;
		s = list_last(&t->sent, struct tcp_seg, link);
		if (s->end - s->seq > t->mss) {
			if (!tcp_seg_split(t, s, s->end - t->mss))
				return false;
			s = list_last(&t->sent, struct tcp_seg, link);
		}
		if (!tcp_retransmit(t, s, t->mss))
			return false;
		t->tlp_retrans = true;
	}
	t->tlp_high = t->snd_nxt;
	return true;
}

/* ---- acknowledgements, probes, ends ---- */

void tcp_send_ack(struct tcp *t)
{
	if (TCP_STATES(TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT) & 1u << t->state)
		return;
	if (!send_empty(t, t->snd_nxt, TCP_ACK)) {		/* no memory: later */
		t->ack_due = true;
		tcp_set_deadline(t, TCP_T_DELACK, t->now + ms_ns(TCP_DELACK_MAX_MS));
	}
}

void tcp_ack_soon(struct tcp *t)
{
	u32 ms, due = t->rcv_nxt - t->rcv_wup;

	if (!t->ack_due)
		return;
	/* The second full segment, even when the program leaves the window to shrink (RFC 9293
	 * s3.8.6.3). */
	if (t->ack_now || !list_empty(&t->ooo) || (t->quick && !t->pingpong) ||
	    due >= 2 * t->rcv_mss ||
	    (due > t->rcv_mss && tcp_choose_window(t) >= tcp_receive_window(t))) {
		tcp_send_ack(t);
		return;
	}
	if (t->deadline[TCP_T_DELACK] != WAIT_FOREVER)
		return;
	ms = max(t->ato_ms, TCP_DELACK_MIN_MS);
	if (t->srtt_us)
		ms = min(ms, max(t->srtt_us / 8000, TCP_DELACK_MIN_MS));
	tcp_set_deadline(t, TCP_T_DELACK, t->now + ms_ns(min(ms, TCP_DELACK_MAX_MS)));
}

void tcp_send_reset(struct tcp *t)
{
	if (send_empty(t, t->snd_nxt, TCP_RST | TCP_ACK))
		mib_inc(MIB_TCP_OutRsts);
}

void tcp_send_fin(struct tcp *t)
{
	if (t->fin_queued)
		return;
	if (!tcp_queue_flag(t, TCP_FIN)) {		/* no memory: the timer tries again */
		tcp_set_deadline(t, TCP_T_FIN, t->now + ms_ns(TCP_DELACK_MAX_MS));
		return;
	}
	t->fin_queued = true;
	tcp_push(t, true);
}

/* A keepalive, or a probe of a closed window: what fits, else a byte the peer has, which makes it
 * answer. */
void tcp_send_probe(struct tcp *t, bool keepalive)
{
	struct tcp_seg *s = list_empty(&t->unsent) ? NULL
						   : list_first(&t->unsent, struct tcp_seg, link);
	s32 room = s ? (s32)(t->snd_una + t->snd_wnd - s->seq) : 0;

	if (s && room > 0 && !keepalive) {
		u32 n = min((u32)room, t->mss);

		if (s->end - s->seq > n && !tcp_seg_split(t, s, s->seq + n))
			return;
		s->flags |= TCP_PSH;
		send_first(t, s);
		return;
	}
	if (t->urg_out && seq_after(t->snd_up, t->snd_una) && !keepalive)
		send_empty(t, t->snd_una, TCP_ACK);
	send_empty(t, t->snd_una - 1, TCP_ACK);
}

/* ---- opening ---- */

int tcp_connect_queue(struct tcp *t)
{
	struct tcp_seg *s;

	t->write_seq = t->snd_una = t->snd_nxt = t->snd_sml = t->iss;
	t->snd_up = 0;
	t->syn_stamp = tcp_ts_now(t);
	s = tcp_queue_flag(t, TCP_SYN);
	if (!s)
		return -ENOBUFS;
	tcp_set_state(t, TCP_SYN_SENT);
	return 0;
}

/* Without memory now the timer tries again. */
static void was_sent(struct tcp *t, struct tcp_seg *s)
{
	if (s->sent != t->now || list_empty(&s->tlink)) {
		s->sent = t->now;
		list_del_init(&s->tlink);
		list_add_tail(&t->by_time, &s->tlink);
	}
	list_move_tail(&t->sent, &s->link);
	t->snd_nxt = s->end;
}

/* One packet for two segments: each is acknowledged, lost and repeated by itself (RFC 7413
 * s4.2.1). */
static void send_syn_data(struct tcp *t, struct tcp_seg *s, struct tcp_seg *data)
{
	u32 len = data->end - data->seq;
	struct netbuf *nb = netbuf_alloc(len <= TCP_SMALL ? len : 0, NETBUF_HEADROOM, PAGE_ATOMIC);

	data->flags |= TCP_PSH;
	if (nb) {
		tcp_seg_share(data, nb, len);
		send_packet(t, nb, s->seq, TCP_SYN, false);
		s->tries++;
		data->tries++;
		on_data_sent(t, len);
	}
	was_sent(t, s);
	was_sent(t, data);
	t->tfo_sent = true;
}

void tcp_connect_send(struct tcp *t)
{
	struct tcp_seg *s = list_first(&t->unsent, struct tcp_seg, link);

	if (s->link.next != &t->unsent) {
		send_syn_data(t, s, list_entry(s->link.next, struct tcp_seg, link));
	} else {
		(void)send_seg(t, s, false);
		was_sent(t, s);
	}
	t->retrans_kind = TCP_RT_RTO;
	tcp_set_deadline(t, TCP_T_RETRANS, t->now + ms_ns(t->rto_ms));
}

void tcp_accept_start(struct tcp *t, struct tcp_in *in, struct netbuf *nb)
{
	struct tcp_seg *s;

	t->snd_una = t->snd_nxt = t->write_seq = t->snd_sml = t->iss;
	t->snd_wnd = t->max_wnd = in->window;
	t->snd_wl1 = in->seq;
	tcp_established(t);
	in->end -= !!(in->flags & TCP_FIN);		/* it comes again */
	in->flags &= (u8)~TCP_FIN;
	t->syn_data_acked = in->len != 0;
	if (in->len)
		tcp_receive(t, in, nb);
	else
		netbuf_free(nb);
	s = tcp_queue_flag(t, TCP_SYN);
	if (!s) {
		tcp_abort(t, ENOBUFS);
		return;
	}
	(void)send_seg(t, s, false);
	was_sent(t, s);
	t->retrans_kind = TCP_RT_RTO;
	tcp_set_deadline(t, TCP_T_RETRANS, t->now + ms_ns(t->rto_ms));
}

void tcp_send_synack(struct tcp *t)
{
	struct tcp_seg *s = list_first_or_null(&t->sent, struct tcp_seg, link);

	if (s && (s->flags & TCP_SYN))
		send_seg(t, s, true);
}
