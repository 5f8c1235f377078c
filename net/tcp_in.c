/* SPDX-License-Identifier: MIT */
/* tcp_in.c - TCP, a segment arrives: is it acceptable, and what state follows.
 *
 *	          tcp_connect_start()                   SYN|ACK, or ACK of ours
 *	CLOSED ------------------------> SYN_SENT ------------------------------> ESTABLISHED
 *	   | a request's ACK (tcp_req.c)    | SYN: tcp_send_synack()                 |  | got_fin() (tcp_rcv.c)
 *	   '-----------> SYN_RECV <---------'                                        |  v
 *	ESTABLISHED -- tcp_send_fin() --> FIN_WAIT1 -- its ACK --> FIN_WAIT2         | CLOSE_WAIT -- tcp_send_fin() --> LAST_ACK
 *	                 got_fin() |                        | got_fin()             '------'              its ACK |
 *	                           v                        v                                                     v
 *	                        CLOSING -- ACK --> TIME_WAIT: lives on outside (tcp_tw.c)                       CLOSED
 *
 * Locks: the owner's. Pure. Ref: RFC 9293 s3.10.7, RFC 5961 (resets and SYNs must hit the exact
 * number), RFC 7323 s5 (PAWS).
 * Tests: selftests/unit/tcp*_test.c, selftests/net/packet
 */
#include "tcp_int.h"

#define PAWS_MAX_AGE (24ll * 86400 * NSEC_PER_SEC)

void tcp_setup(struct tcp *t, ktime_t now)
{
	t->now = now;
	t->state = TCP_CLOSED;
	list_init(&t->unsent);
	list_init(&t->sent);
	list_init(&t->by_time);
	list_init(&t->rcvq);
	list_init(&t->ooo);
	for (u32 i = 0; i < TCP_T_NR; i++)
		t->deadline[i] = WAIT_FOREVER;
	t->mss = t->mss_peer = 536;
	t->mss_path = t->adv_mss = 1460;
	t->rcv_mss = 536;
	t->snd_cwnd = TCP_INIT_CWND;
	t->snd_ssthresh = TCP_INFINITE;
	t->cwnd_clamp = U32_MAX / 2;
	t->rto_ms = TCP_RTO_INIT_MS;
	t->mdev_us = t->rttvar_us = TCP_RTO_INIT_MS * 1000;
	t->min_rtt_us = U32_MAX;
	t->window_clamp = U32_MAX / 2;
	t->pace_rate = U64_MAX;
	t->notsent_lowat = U32_MAX;
	t->syn_retries = 6;
	t->retries_max = 15;
	t->reo_steps = 1;
	t->keep_idle_s = 7200;
	t->keep_intvl_s = 75;
	t->keep_cnt = 9;
	t->fin_timeout_s = 60;
	t->ts_ok = t->sack_ok = t->wscale_ok = true;
	t->cong = &tcp_cubic;
}

/* ---- ends ---- */

/* Connections open both ways, ends that were not asked for. */
static void count_state(u32 old, u32 new)
{
	bool was = old == TCP_ESTABLISHED || old == TCP_CLOSE_WAIT,
	     is = new == TCP_ESTABLISHED || new == TCP_CLOSE_WAIT;

	if (is && !was)
		mib_inc(MIB_TCP_CurrEstab);
	else if (was && !is)
		mib_sub(MIB_TCP_CurrEstab, 1);
	if (new == TCP_CLOSED && was)
		mib_inc(MIB_TCP_EstabResets);
	else if (new == TCP_CLOSED && (old == TCP_SYN_SENT || old == TCP_SYN_RECV))
		mib_inc(MIB_TCP_AttemptFails);
}

void tcp_set_state(struct tcp *t, u32 state)
{
	if (t->state != state)
		count_state(t->state, state);
	t->state = (u8)state;
	if (state == TCP_CLOSED)
		for (u32 i = 0; i < TCP_T_NR; i++)
			tcp_clear_deadline(t, i);
	tcp_env_state(t);
}

static void purge_send(struct tcp *t)
{
	struct tcp_seg *s, *next;

	list_for_each_entry_safe(s, next, &t->sent, link)
		tcp_seg_free(t, s);
	list_for_each_entry_safe(s, next, &t->unsent, link)
		tcp_seg_free(t, s);
	list_init(&t->sent);
	list_init(&t->unsent);
	list_init(&t->by_time);
	t->sacked_bytes = t->lost_bytes = t->retrans_bytes = 0;
}

void tcp_purge(struct tcp *t)
{
	struct netbuf *nb, *next;

	purge_send(t);
	list_for_each_entry_safe(nb, next, &t->rcvq, link)
		tcp_free_rcv(t, nb);
	list_for_each_entry_safe(nb, next, &t->ooo, link)
		tcp_free_rcv(t, nb);
	list_init(&t->rcvq);
	list_init(&t->ooo);
}

void tcp_abort(struct tcp *t, u32 err)
{
	if (t->state == TCP_CLOSED)
		return;
	purge_send(t);
	t->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	t->snd_nxt = t->write_seq = t->snd_una;
	tcp_env_error(t, err);
	tcp_set_state(t, TCP_CLOSED);
}

void tcp_done(struct tcp *t)
{
	purge_send(t);
	t->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	tcp_set_state(t, TCP_CLOSED);
	tcp_env_wake(t, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLRDNORM | EPOLLWRNORM);
}

void tcp_enter_time_wait(struct tcp *t, u32 state, u32 ms)
{
	tcp_env_time_wait(t, state, ms);
	tcp_done(t);
}

static u32 reset_errno(const struct tcp *t)
{
	switch (t->state) {
	case TCP_SYN_SENT:   return ECONNREFUSED;
	case TCP_CLOSE_WAIT: return EPIPE;
	default:	     return ECONNRESET;
	}
}

/* ---- answers to what is not acceptable ---- */

static bool rate_limited(struct tcp *t)
{
	if (t->last_oow_ack && t->now - t->last_oow_ack < ms_ns(TCP_OOW_INTERVAL_MS))
		return true;
	t->last_oow_ack = t->now;
	return false;
}

void tcp_challenge_ack(struct tcp *t)
{
	if (rate_limited(t)) {
		TCP_COUNT(TCPACKSkippedChallenge);
		return;
	}
	TCP_COUNT(TCPChallengeACK);
	tcp_send_ack(t);
}

static bool paws_rejects(const struct tcp *t, const struct tcp_in *in)
{
	return t->ts_ok && in->opt.has_ts && (s32)(in->opt.tsval - t->ts_recent) < 0 &&
	       t->now - t->ts_recent_at < PAWS_MAX_AGE;
}

/* A bare acknowledgement that says nothing new: a replay within a round trip is no sign of an old
 * connection. */
static bool is_disordered(const struct tcp *t, const struct tcp_in *in)
{
	return in->flags & TCP_ACK && in->seq == in->end && in->seq == t->rcv_nxt &&
	       in->ack == t->snd_una && (u32)in->window << t->snd_wscale == t->snd_wnd &&
	       t->ts_recent - in->opt.tsval <= t->rto_ms * 6 / 5;
}

static bool in_window(const struct tcp *t, const struct tcp_in *in)
{
	return !seq_before(in->end, t->rcv_wup) &&
	       !seq_after(in->seq, t->rcv_nxt + tcp_receive_window(t));
}

/* RFC 9293 s3.10.7.4 first to fourth: sequence number, RST, SYN. False: the segment ends here. */
static bool acceptable(struct tcp *t, const struct tcp_in *in)
{
	bool rst = in->flags & TCP_RST;

	if (unlikely(paws_rejects(t, in)) && !rst && !is_disordered(t, in)) {
		TCP_COUNT(PAWSEstab);
		if (in->len || !rate_limited(t))
			tcp_send_ack(t);
		return false;
	}
	if (unlikely(!in_window(t, in))) {
		if (rst)
			return false;
		if (in->flags & TCP_SYN) {
			TCP_COUNT(TCPSYNChallenge);
			tcp_challenge_ack(t);
			return false;
		}
		if (in->len && seq_before(in->seq, t->rcv_nxt)) {
			t->dsack = (struct tcp_sack){ in->seq, seq_min(in->end, t->rcv_nxt) };
			t->dsack_due = t->sack_ok && !t->dsack_off;
			TCP_COUNT(DelayedACKLost);
			if (t->dsack_due)
				TCP_COUNT(TCPDSACKOldSent);
		}
		if (in->len || in->flags & TCP_FIN || !rate_limited(t))
			tcp_send_ack(t);
		return false;
	}
	if (unlikely(rst)) {
		if (in->seq == t->rcv_nxt || (t->nr_recent && in->seq == t->recent_sack[0].end))
			tcp_abort(t, reset_errno(t));
		else
			tcp_challenge_ack(t);
		return false;
	}
	if (unlikely(in->flags & TCP_SYN)) {
		if (t->state == TCP_SYN_RECV && in->seq == t->irs && in->flags & TCP_ACK)
			return true;		/* simultaneous open: their SYN|ACK */
		TCP_COUNT(TCPSYNChallenge);
		tcp_challenge_ack(t);
		return false;
	}
	return in->flags & TCP_ACK;
}

/* ---- the handshake ---- */

void tcp_take_syn(struct tcp *t, const struct tcp_in *in)
{
	t->irs = in->seq;
	t->rcv_nxt = t->rcv_wup = t->copied_seq = in->seq + 1;
	t->ts_ok = t->ts_ok && in->opt.has_ts;
	t->sack_ok = t->sack_ok && in->opt.sack_ok;
	/* before: the default of the family */
	t->mss_peer = max(in->opt.mss ? in->opt.mss : t->mss_peer, TCP_MSS_FLOOR);
	t->wscale_ok = t->wscale_ok && in->opt.has_wscale;
	if (t->wscale_ok) {
		t->snd_wscale = in->opt.wscale;
	} else {
		t->snd_wscale = t->rcv_wscale = 0;
		t->window_clamp = min(t->window_clamp, 65535u);
	}
	if (t->ts_ok) {
		t->ts_recent = in->opt.tsval;
		t->ts_recent_at = t->now;
	}
	t->snd_wnd = in->window;
	t->max_wnd = max(t->max_wnd, t->snd_wnd);
	t->snd_wl1 = in->seq;
	tcp_update_mss(t);
}

void tcp_established(struct tcp *t)
{
	t->rcv_ssthresh = min(max(t->rcv_wnd, 1u), t->window_clamp);
	t->rcv_mss = max(min(min(t->adv_mss, t->rcv_wnd / 2), 536u), TCP_MSS_MIN);
	t->space_seq = t->copied_seq;
	t->space = t->rcv_wnd;
	t->space_at = t->last_rcv = t->last_ack_rcv = t->last_snd = t->now;
	t->snd_cwnd = min(t->total_retrans > 1 ? 1u : TCP_INIT_CWND, t->cwnd_clamp);
	t->retrans_stamp = 0;
	t->retries = t->backoff = 0;
	t->ca_state = TCP_CA_OPEN;
	t->cong->init(t);
	tcp_update_mss(t);
	tcp_env_space(t);
	tcp_start_keepalive(t);
	tcp_env_confirm(t);
}

/* Data in our SYN that the peer did not take goes again at once. */
static void resend_syn_data(struct tcp *t)
{
	struct tcp_seg *s = list_first_or_null(&t->sent, struct tcp_seg, link);

	if (!s)
		return;
	tcp_seg_lost(t, s);
	tcp_retransmit_lost(t, 1);
}

static void syn_sent_synack(struct tcp *t, struct tcp_in *in, struct netbuf *nb)
{
	bool data = in->len || in->flags & TCP_FIN;

	tcp_take_syn(t, in);
	if (t->tfo_ask && in->opt.cookie_len)
		tcp_env_cookie(t, in);
	t->ecn_ok = t->ecn_ask && (in->flags & (TCP_ECE | TCP_CWR)) == TCP_ECE;
	if (tcp_ack(t, in)) {
		netbuf_free(nb);
		return;
	}
	t->syn_data_acked = t->tfo_sent && seq_after(t->snd_una, t->iss + 1);
	tcp_set_state(t, TCP_ESTABLISHED);
	tcp_established(t);
	tcp_env_wake(t, EPOLLOUT | EPOLLWRNORM);
	if (data)
		tcp_receive(t, in, nb);
	else
		netbuf_free(nb);
	if (t->tfo_sent)
		resend_syn_data(t);
	tcp_push(t, false);
	if (t->snd_una == t->snd_nxt || data)
		tcp_send_ack(t);
}

/* RFC 7323 s3.2: what is echoed must have been sent since the first SYN. */
static bool echo_is_foreign(const struct tcp *t, const struct tcp_in *in)
{
	if (!t->ts_ok || !in->opt.has_ts || !in->opt.tsecr)
		return false;
	return seq_before(in->opt.tsecr, t->syn_stamp) || seq_after(in->opt.tsecr, tcp_ts_now(t));
}

static void syn_sent(struct tcp *t, struct tcp_in *in, struct netbuf *nb)
{
	bool ack = in->flags & TCP_ACK;

	if (ack && (!seq_after(in->ack, t->snd_una) || seq_after(in->ack, t->snd_nxt))) {
		if (!(in->flags & TCP_RST))
			tcp_env_refuse(t, in);
	} else if (ack && echo_is_foreign(t, in)) {
		tcp_env_refuse(t, in);
	} else if (in->flags & TCP_RST) {
		if (ack)
			tcp_abort(t, ECONNREFUSED);
	} else if (in->flags & TCP_SYN) {
		if (ack) {
			syn_sent_synack(t, in, nb);
			return;
		}
		tcp_take_syn(t, in);
		t->ecn_ask = false;
		tcp_set_state(t, TCP_SYN_RECV);
		tcp_send_synack(t);
	}
	netbuf_free(nb);
}

/* ---- states that follow from an acknowledgement ---- */

static bool fin_is_acked(const struct tcp *t)
{
	return t->fin_queued && t->snd_una == t->write_seq;
}

/* False: the connection is gone. */
static bool advance(struct tcp *t, const struct tcp_in *in)
{
	switch (t->state) {
	case TCP_SYN_RECV:
		t->snd_wnd = in->flags & TCP_SYN ? in->window : (u32)in->window << t->snd_wscale;
		t->max_wnd = max(t->max_wnd, t->snd_wnd);
		t->snd_wl1 = in->seq;
		tcp_established(t);
		tcp_set_state(t, TCP_ESTABLISHED);
		tcp_env_wake(t, EPOLLOUT | EPOLLWRNORM);
		if (in->flags & TCP_SYN)	/* simultaneous open: they wait for this */
			t->ack_due = t->ack_now = true;
		if (t->fin_queued)		/* closed while opening */
			tcp_set_state(t, TCP_FIN_WAIT1);
		return true;
	case TCP_FIN_WAIT1:
		if (!fin_is_acked(t))
			return true;
		tcp_set_state(t, TCP_FIN_WAIT2);
		tcp_env_wake(t, EPOLLOUT);
		if (!t->dead)
			return true;
		if (!t->fin_timeout_s) {
			tcp_env_refuse(t, in);
			tcp_done(t);
			return false;
		}
		if (!in->len && !(in->flags & TCP_FIN)) {
			tcp_enter_time_wait(t, TCP_FIN_WAIT2, t->fin_timeout_s * 1000);
			return false;
		}
		tcp_set_deadline(t, TCP_T_KEEP, t->now + (ktime_t)t->fin_timeout_s * NSEC_PER_SEC);
		return true;
	case TCP_CLOSING:
		if (fin_is_acked(t))
			tcp_enter_time_wait(t, TCP_TIME_WAIT, 0);
		return t->state != TCP_CLOSED;
	case TCP_LAST_ACK:
		if (fin_is_acked(t))
			tcp_done(t);
		return t->state != TCP_CLOSED;
	default:
		return true;
	}
}

/* Nobody will read it: the peer must know that it is lost. */
static bool refuse_data(struct tcp *t, const struct tcp_in *in)
{
	bool fin = in->flags & TCP_FIN;

	if (!(TCP_STATES(TCP_FIN_WAIT1, TCP_FIN_WAIT2) & 1u << t->state) ||
	    !(t->shutdown & RCV_SHUTDOWN))
		return false;
	if (!in->len || !seq_after(in->end - fin, t->rcv_nxt))
		return false;
	TCP_COUNT(TCPAbortOnData);
	tcp_env_refuse(t, in);
	tcp_abort(t, ECONNRESET);
	return true;
}

static void take_ecn(struct tcp *t, const struct tcp_in *in)
{
	if (in->flags & TCP_CWR)
		t->ecn_echo_due = false;
	if (in->ce && in->len) {
		t->ecn_echo_due = true;
		t->ack_now = true;
	}
}

static void take_payload(struct tcp *t, struct tcp_in *in, struct netbuf *nb)
{
	if (!in->len && !(in->flags & TCP_FIN)) {
		TCP_COUNT(TCPPureAcks);
		netbuf_free(nb);
		return;
	}
	if (TCP_STATES(TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2) & 1u << t->state) {
		t->bytes_received += in->len;
		t->data_in += in->len != 0;
		if (t->ecn_ok)
			take_ecn(t, in);
		tcp_receive(t, in, nb);
		return;
	}
	if (!seq_after(in->end, t->rcv_nxt))
		/* again: they have not heard us. Behind their FIN: nothing may come */
		t->ack_due = t->ack_now = true;
	netbuf_free(nb);
}

void tcp_segment(struct tcp *t, struct tcp_in *in, struct netbuf *nb)
{
	t->segs_in += max((u32)nb->gso_segs, 1u);
	if (unlikely(t->state == TCP_SYN_SENT)) {
		syn_sent(t, in, nb);
		return;
	}
	if (unlikely(t->state == TCP_CLOSED)) {
		if (!(in->flags & TCP_RST))
			tcp_env_refuse(t, in);
		goto drop;
	}
	if (!acceptable(t, in))
		goto drop;
	if (unlikely(tcp_ack(t, in))) {
		if (t->state == TCP_SYN_RECV)
			tcp_env_refuse(t, in);
		else
			tcp_challenge_ack(t);
		goto drop;
	}
	if (t->state != TCP_ESTABLISHED && !advance(t, in))
		goto drop;
	if (unlikely(refuse_data(t, in)))
		goto drop;
	if (unlikely((in->flags & TCP_URG) || t->urg_state == TCP_URG_ANNOUNCED))
		tcp_urgent(t, in, nb);
	take_payload(t, in, nb);
	if (t->state == TCP_CLOSED)
		return;
	tcp_push(t, false);
	tcp_ack_soon(t);
	return;
drop:
	netbuf_free(nb);
}
