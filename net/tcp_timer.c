/* SPDX-License-Identifier: MIT */
/* tcp_timer.c - TCP: what happens when nothing does: retransmission, probes, delayed
 * acknowledgements, keepalive.
 *
 * A connection has one timer. Deadlines are words; the timer is armed for the nearest only when
 * that is nearer than what it is armed for already, so an acknowledgement that moves the
 * retransmission further away costs a store. A timer that comes early looks again.
 * Locks: the owner's. Pure. Ref: RFC 6298, RFC 1122 s4.2.3, RFC 5482; tcp(7) retries. Tests:
 * selftests/unit/tcp*_test.c, selftests/net/packet
 */
#include "tcp_int.h"

void tcp_set_deadline(struct tcp *t, enum tcp_deadline which, ktime_t when)
{
	t->deadline[which] = when;
	tcp_env_timer(t, when);
}

ktime_t tcp_next_deadline(const struct tcp *t)
{
	ktime_t first = WAIT_FOREVER;

	for (u32 i = 0; i < TCP_T_NR; i++)
		first = min(first, t->deadline[i]);
	return first;
}

static void give_up(struct tcp *t)
{
	TCP_COUNT(TCPAbortOnTimeout);
	tcp_abort(t, t->soft_err ? t->soft_err : ETIMEDOUT);
}

static ktime_t backed_off(const struct tcp *t)
{
	return ms_ns(min((u64)t->rto_ms << min((u32)t->backoff, 16u), (u64)TCP_RTO_MAX_MS));
}

/* ---- retransmission ---- */

/* As long as n retransmissions take when the first comes after the least timeout: tcp(7)
 * tcp_retries2 means this time, not their number. */
static ktime_t time_of_retries(u32 n)
{
	u32 doubling = min(n, 9u);		/* until TCP_RTO_MAX_MS */

	return ms_ns(((2u << doubling) - 1) * TCP_RTO_MIN_MS) +
	       ms_ns((u64)(n - doubling) * TCP_RTO_MAX_MS);
}

static u32 retries_of(const struct tcp *t)
{
	return !t->dead ? t->retries_max : t->orphan_retries ? t->orphan_retries : 8;
}

static bool has_expired(const struct tcp *t)
{
	if (TCP_STATES(TCP_SYN_SENT, TCP_SYN_RECV) & 1u << t->state) {
		if (t->user_timeout_ms && t->retrans_stamp &&
		    t->now - t->retrans_stamp >= ms_ns(t->user_timeout_ms))
			return true;
		return t->retries >=
		       t->syn_retries + (t->state == TCP_SYN_SENT ? t->syn_linear : 0);
	}
	if (t->user_timeout_ms)
		return t->retrans_stamp && t->now - t->retrans_stamp >= ms_ns(t->user_timeout_ms);
	return t->retries && t->retrans_stamp &&
	       t->now - t->retrans_stamp >= time_of_retries(retries_of(t));
}

/* RFC 5482: not later than the user wants to hear of it. */
static ktime_t clamp_to_user(const struct tcp *t, ktime_t wait)
{
	ktime_t left;

	if (!t->user_timeout_ms || !t->retrans_stamp)
		return wait;
	left = t->retrans_stamp + ms_ns(t->user_timeout_ms) - t->now;
	return left <= 0 ? ms_ns(1) : min(wait, left);
}

/* The peer closed its window over what is on its way: it gets probes for as long as it answers. */
static bool is_closed(const struct tcp *t)
{
	return !t->snd_wnd && !t->dead &&
	       !(TCP_STATES(TCP_SYN_SENT, TCP_SYN_RECV) & 1u << t->state);
}

static bool is_silent(const struct tcp *t)
{
	ktime_t most = ms_ns(t->user_timeout_ms ? t->user_timeout_ms : 2 * TCP_RTO_MAX_MS);

	return t->retrans_stamp && t->now - t->retrans_stamp > most &&
	       t->now - t->last_ack_rcv > most;
}

static void rto(struct tcp *t)
{
	struct tcp_seg *s = list_first_or_null(&t->sent, struct tcp_seg, link);
	bool closed = is_closed(t);

	if (!s)
		return;
	if (closed ? is_silent(t) : has_expired(t)) {
		give_up(t);
		return;
	}
	tcp_enter_loss(t);
	TCP_COUNT(TCPTimeouts);
	s = list_first(&t->sent, struct tcp_seg, link);
	if (tcp_retransmit(t, s, t->mss)) {
		t->retries += !closed && t->retries < 255;
		t->backoff += t->backoff < 16 &&
			      (t->state != TCP_SYN_SENT || t->retries > t->syn_linear);
	}
	if (!t->retrans_stamp)
		t->retrans_stamp = t->now;
	t->retrans_kind = TCP_RT_RTO;
	tcp_set_deadline(t, TCP_T_RETRANS, t->now + clamp_to_user(t, backed_off(t)));
}

static void retransmission(struct tcp *t)
{
	switch (t->retrans_kind) {
	case TCP_RT_REO:
		tcp_rack_timeout(t);
		break;
	case TCP_RT_TLP:
		if (tcp_send_tlp(t))
			TCP_COUNT(TCPLossProbes);
		t->retrans_kind = TCP_RT_RTO;
		tcp_set_deadline(t, TCP_T_RETRANS, t->now + backed_off(t));
		break;
	default:
		rto(t);
	}
}

/* ---- a closed window ---- */

void tcp_arm_probe(struct tcp *t)
{
	if (t->snd_una != t->snd_nxt || list_empty(&t->unsent) ||
	    t->deadline[TCP_T_PACE] != WAIT_FOREVER)
		return;
	if (t->deadline[TCP_T_PROBE] == WAIT_FOREVER)
		tcp_set_deadline(t, TCP_T_PROBE,
				 t->now + max(backed_off(t), ms_ns(TCP_RTO_MIN_MS)));
}

static void probe(struct tcp *t)
{
	if (t->snd_una != t->snd_nxt || list_empty(&t->unsent)) {
		t->probes_out = 0;
		return;
	}
	if (t->user_timeout_ms && t->probes_out && t->retrans_stamp &&
	    t->now - t->retrans_stamp >= ms_ns(t->user_timeout_ms)) {
		give_up(t);
		return;
	}
	if (t->probes_out >= retries_of(t)) {
		give_up(t);
		return;
	}
	if (!t->probes_out)
		t->retrans_stamp = t->now;
	TCP_COUNT(TCPWinProbe);
	tcp_send_probe(t, false);
	if (t->snd_una == t->snd_nxt) {
		t->probes_out += t->probes_out < 255;
		t->backoff += t->backoff < 16;
		tcp_arm_probe(t);
	}
}

/* ---- the rest ---- */

static void delayed_ack(struct tcp *t)
{
	if (!t->ack_due)
		return;
	TCP_COUNT(DelayedACKs);
	if (t->pingpong) {		/* no answer to ride on: it is not a dialogue */
		t->pingpong = false;
		t->ato_ms = TCP_DELACK_MIN_MS;
	} else {
		t->ato_ms = min(t->ato_ms * 2, t->rto_ms);
	}
	tcp_send_ack(t);
}

void tcp_start_keepalive(struct tcp *t)
{
	if (t->keepalive && !(TCP_STATES(TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT) & 1u << t->state))
		tcp_set_deadline(t, TCP_T_KEEP, t->now + (ktime_t)t->keep_idle_s * NSEC_PER_SEC);
	else
		tcp_clear_deadline(t, TCP_T_KEEP);
}

static void keepalive(struct tcp *t)
{
	ktime_t idle = (ktime_t)t->keep_idle_s * NSEC_PER_SEC, next = idle,
		silent = t->now - max(t->last_rcv, t->last_ack_rcv);

	if (t->dead && t->state == TCP_FIN_WAIT2) {		/* the peer's FIN does not come */
		tcp_done(t);
		return;
	}
	if (!t->keepalive || (TCP_STATES(TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT) & 1u << t->state))
		return;
	if (t->snd_una == t->snd_nxt && list_empty(&t->unsent)) {
		if (silent < idle) {
			next = idle - silent;
		} else {
			bool lost = t->user_timeout_ms
					    ? silent >= ms_ns(t->user_timeout_ms) && t->keep_probes
					    : t->keep_probes >= t->keep_cnt;

			if (lost) {
				tcp_send_reset(t);
				give_up(t);
				return;
			}
			TCP_COUNT(TCPKeepAlive);
			tcp_send_probe(t, true);
			t->keep_probes += t->keep_probes < 255;
			next = (ktime_t)t->keep_intvl_s * NSEC_PER_SEC;
		}
	}
	tcp_set_deadline(t, TCP_T_KEEP, t->now + next);
}

void tcp_timeout(struct tcp *t)
{
	static void (*const work[TCP_T_NR])(struct tcp *) = {
		[TCP_T_RETRANS] = retransmission, [TCP_T_PROBE] = probe,
		[TCP_T_DELACK] = delayed_ack,	  [TCP_T_KEEP] = keepalive,
		[TCP_T_FIN] = tcp_send_fin,
	};

	for (u32 i = 0; i < TCP_T_NR && t->state != TCP_CLOSED; i++) {
		if (t->deadline[i] > t->now)
			continue;
		tcp_clear_deadline(t, i);
		if (i == TCP_T_PACE)
			tcp_push(t, false);
		else
			work[i](t);
	}
}
