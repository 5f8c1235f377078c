/* SPDX-License-Identifier: MIT */
/* tcp_recov.c - TCP: what is lost, and how fast to go on.
 *
 *	OPEN -- SACKs, duplicates --> DISORDER -- RACK: lost --> RECOVERY -- all of high_seq
 *	acknowledged --> OPEN
 *	  |-- ECE, a probe that repaired --> CWR --'                 any -- RTO: tcp_enter_loss() --> LOSS --'
 *
 * A segment is lost when one sent later (by more than the reordering window) has arrived. In
 * RECOVERY and CWR the window shrinks in proportion to what arrives (PRR). A reduction is undone
 * when the peer shows that nothing was lost: by the timestamp of the original, or by a DSACK for
 * each retransmission.
 * Locks: the owner's. Pure. Ref: RFC 8985, RFC 6675, RFC 6937, RFC 5681, RFC 3522 (Eifel), RFC 3168
 * s6.1.2.
 * Tests: selftests/unit/tcp_test.c
 */
#include "tcp_int.h"

/* ---- RACK ---- */

static bool sent_after(ktime_t t1, u32 end1, ktime_t t2, u32 end2)
{
	return t1 > t2 || (t1 == t2 && seq_after(end1, end2));
}

void tcp_rack_saw(struct tcp *t, const struct tcp_seg *s)
{
	u32 rtt_us = (u32)min((t->now - s->sent) / 1000, (ktime_t)S32_MAX);

	/* An answer sooner than possible is one to the original. */
	if ((s->mark & SEG_EVER) && rtt_us < t->min_rtt_us)
		return;
	t->rack_advanced = true;
	t->rack_rtt_us = rtt_us;
	if (sent_after(s->sent, s->end, t->rack_sent, t->rack_end)) {
		t->rack_sent = s->sent;
		t->rack_end = s->end;
	}
}

static u32 reorder_window_us(const struct tcp *t)
{
	if (!t->reord_seen && (t->ca_state >= TCP_CA_RECOVERY || t->sacked_bytes >= 3 * t->mss))
		return 0;
	return min(t->min_rtt_us / 4 * max((u32)t->reo_steps, 1u), t->srtt_us / 8);
}

void tcp_seg_lost(struct tcp *t, struct tcp_seg *s)
{
	u32 len = s->end - s->seq;

	if (s->mark & SEG_RETRANS) {
		TCP_COUNT(TCPLostRetransmit);
		t->retrans_bytes -= len;
		s->mark &= (u8)~SEG_RETRANS;
	}
	if (!(s->mark & SEG_LOST)) {
		t->lost_bytes += len;
		s->mark |= SEG_LOST;
	}
	list_del_init(&s->tlink);
}

/* Marks; returns microseconds until the next would be lost, 0: none waits. */
static u32 rack_detect(struct tcp *t)
{
	u32 window = reorder_window_us(t), wait = 0;
	struct tcp_seg *s, *next;

	list_for_each_entry_safe(s, next, &t->by_time, tlink) {
		s64 left;

		if (!sent_after(t->rack_sent, t->rack_end, s->sent, s->end))
			break;
		left = (s64)t->rack_rtt_us + window - (t->now - s->sent) / 1000;
		if (left <= 0)
			tcp_seg_lost(t, s);
		else
			wait = max(wait, (u32)left);
	}
	return wait;
}

static void mark_by_rack(struct tcp *t)
{
	u32 wait;

	if (!t->rack_advanced)
		return;
	t->rack_advanced = false;
	wait = rack_detect(t);
	if (wait) {
		t->retrans_kind = TCP_RT_REO;
		tcp_set_deadline(t, TCP_T_RETRANS, t->now + ((ktime_t)wait + 2000) * 1000);
	}
}

/* Without SACK three duplicates say the first segment is lost, in recovery each partial
 * acknowledgement says the next is. */
static void mark_by_count(struct tcp *t, bool advanced)
{
	struct tcp_seg *s = list_first_or_null(&t->sent, struct tcp_seg, link);

	if (t->sack_ok || !s)
		return;
	if (!(t->dupacks == 3 && t->ca_state < TCP_CA_RECOVERY) &&
	    !(t->ca_state == TCP_CA_RECOVERY && advanced))
		return;
	if (s->end - s->seq > t->mss && !tcp_seg_split(t, s, s->seq + t->mss))
		return;
	if (!(s->mark & SEG_RETRANS))
		tcp_seg_lost(t, s);
}

/* ---- reductions ---- */

static void set_ca(struct tcp *t, enum tcp_ca_state s)
{
	if (t->cong->state && t->ca_state != s)
		t->cong->state(t, s);
	t->ca_state = (u8)s;
}

static void start_reduction(struct tcp *t)
{
	t->high_seq = t->snd_nxt;
	t->prior_cwnd = t->snd_cwnd;
	t->prr_delivered = t->prr_out = 0;
	t->snd_ssthresh = t->cong->ssthresh(t);
}

static void may_undo(struct tcp *t)
{
	t->undo_marker = t->snd_una;
	t->undo_possible = true;
	t->undo_retrans = t->retrans_bytes ? (s32)tcp_packets(t, t->retrans_bytes) : -1;
}

void tcp_enter_cwr(struct tcp *t)
{
	if (t->ca_state >= TCP_CA_CWR)
		return;
	t->prior_ssthresh = 0;
	t->undo_possible = false;
	start_reduction(t);
	if (t->ecn_ok)
		t->ecn_cwr_due = true;
	set_ca(t, TCP_CA_CWR);
}

static void enter_recovery(struct tcp *t)
{
	t->prior_ssthresh = t->snd_ssthresh;
	may_undo(t);
	if (t->ca_state != TCP_CA_CWR)
		start_reduction(t);
	else
		t->high_seq = t->snd_nxt;
	t->retrans_stamp = 0;
	mib_inc(t->sack_ok ? MIB_TCP_EXT_TCPSackRecovery : MIB_TCP_EXT_TCPRenoRecovery);
	set_ca(t, TCP_CA_RECOVERY);
}

/* The retransmission timer ran out: all of it is lost until SACKs say otherwise. */
void tcp_enter_loss(struct tcp *t)
{
	struct tcp_seg *s = list_first_or_null(&t->sent, struct tcp_seg, link);
	bool reneged = s && (s->mark & SEG_SACKED);

	if (reneged)
		TCP_COUNT(TCPSACKReneging);
	if (t->ca_state <= TCP_CA_DISORDER || !seq_before(t->snd_una, t->high_seq) ||
	    (t->ca_state == TCP_CA_LOSS && !t->retries)) {
		t->prior_ssthresh = t->snd_ssthresh;
		t->prior_cwnd = t->snd_cwnd;
		t->snd_ssthresh = t->cong->ssthresh(t);
		may_undo(t);
	}
	list_for_each_entry(s, &t->sent, link) {
		if (reneged && (s->mark & SEG_SACKED)) {
			/* the peer threw away what it had said it has */
			t->sacked_bytes -= s->end - s->seq;
			s->mark &= (u8)~SEG_SACKED;
		}
		if (!(s->mark & SEG_SACKED))
			tcp_seg_lost(t, s);
	}
	t->snd_cwnd = max(tcp_packets(t, tcp_pipe(t)), 0u) + 1;
	t->cwnd_cnt = 0;
	t->cwnd_stamp = t->now;
	t->high_seq = t->snd_nxt;
	t->tlp_high = 0;
	if (t->ecn_ok)
		t->ecn_cwr_due = true;
	set_ca(t, TCP_CA_LOSS);
}

static void reduce(struct tcp *t, u32 delivered, bool new_loss, bool advanced)
{
	u32 pipe = tcp_packets(t, tcp_pipe(t));
	s32 delta = (s32)(t->snd_ssthresh - pipe), send;

	if (!delivered || !t->prior_cwnd)
		return;
	t->prr_delivered += delivered;
	if (delta < 0) {
		u64 share = (u64)t->snd_ssthresh * t->prr_delivered + t->prior_cwnd - 1;

		send = (s32)(share / t->prior_cwnd) - (s32)t->prr_out;
	} else {
		send = max((s32)(t->prr_delivered - t->prr_out), (s32)delivered);
		if (advanced && !new_loss)
			send++;
		send = min(delta, send);
	}
	send = max(send, t->prr_out ? 0 : 1);
	t->snd_cwnd = pipe + (u32)send;
}

static void end_reduction(struct tcp *t)
{
	if (t->snd_ssthresh < TCP_INFINITE) {
		t->snd_cwnd = t->snd_ssthresh;
		t->cwnd_stamp = t->now;
	}
}

/* ---- undoing ---- */

static void clear_lost(struct tcp *t)
{
	struct tcp_seg *s;

	list_for_each_entry(s, &t->sent, link) {
		if (!(s->mark & SEG_LOST))
			continue;
		s->mark &= (u8)~SEG_LOST;
		t->lost_bytes -= s->end - s->seq;
		if (!(s->mark & (SEG_RETRANS | SEG_SACKED)) && list_empty(&s->tlink))
			list_add_head(&t->by_time, &s->tlink);
	}
}

static bool was_needless(const struct tcp *t, const struct tcp_in *in)
{
	if (!t->undo_possible)
		return false;
	if (t->undo_retrans == 0)
		return true;
	return t->ts_ok && t->retrans_stamp && in->opt.has_ts && in->opt.tsecr &&
	       (s32)(in->opt.tsecr - ((u32)(t->retrans_stamp / 1000000) + t->ts_offset)) < 0;
}

static bool try_undo(struct tcp *t, const struct tcp_in *in)
{
	if (!was_needless(t, in))
		return false;
	if (t->undo_retrans == 0)
		TCP_COUNT(TCPDSACKUndo);
	else
		mib_inc(t->ca_state == TCP_CA_LOSS ? MIB_TCP_EXT_TCPLossUndo
						   : MIB_TCP_EXT_TCPFullUndo);
	clear_lost(t);
	t->snd_cwnd = max(t->snd_cwnd, t->cong->undo(t));
	if (t->prior_ssthresh > t->snd_ssthresh)
		t->snd_ssthresh = t->prior_ssthresh;
	t->undo_possible = false;
	t->retrans_stamp = 0;
	t->cwnd_stamp = t->now;
	set_ca(t, TCP_CA_OPEN);
	return true;
}

/* ---- each acknowledgement ---- */

/* All that was out when trouble began has arrived. */
static bool leave(struct tcp *t, const struct tcp_in *in)
{
	if (t->ca_state == TCP_CA_OPEN || seq_before(t->snd_una, t->high_seq))
		return false;
	if (t->ca_state == TCP_CA_CWR && t->snd_una == t->high_seq)
		return false;			/* what carries CWR must have arrived */
	if (t->ca_state >= TCP_CA_RECOVERY && try_undo(t, in))
		return true;
	if (t->ca_state == TCP_CA_CWR || t->ca_state == TCP_CA_RECOVERY)
		end_reduction(t);
	set_ca(t, TCP_CA_OPEN);
	t->retrans_stamp = 0;
	t->undo_possible = false;
	t->reo_steps = t->reo_steps ? t->reo_steps : 1;
	return true;
}

void tcp_recover(struct tcp *t, const struct tcp_in *in, const struct tcp_ack_round *r)
{
	u32 lost = t->lost_bytes, delivered = r->acked + r->sacked;
	bool new_loss;

	if (likely(t->ca_state == TCP_CA_OPEN && !t->sacked_bytes && !t->dupacks &&
		   !t->lost_bytes && !r->dsack)) {
		t->rack_advanced = false;
		if (!(in->flags & TCP_ECE) || !t->ecn_ok || (in->flags & TCP_SYN))
			return;
	}
	if (r->dsack && t->reo_round != t->snd_una) {
		/* RFC 8985 s6.2 step 4: more patience, once a round */
		t->reo_steps += t->reo_steps < 255;
		t->reo_round = t->snd_una;
	}
	leave(t, in);
	if (t->ca_state == TCP_CA_LOSS || t->ca_state == TCP_CA_RECOVERY)
		try_undo(t, in);
	if (t->sack_ok)
		mark_by_rack(t);
	else
		mark_by_count(t, r->advanced);
	new_loss = t->lost_bytes > lost;
	if ((in->flags & TCP_ECE) && t->ecn_ok && !(in->flags & TCP_SYN))
		tcp_enter_cwr(t);
	if (t->lost_bytes && t->ca_state < TCP_CA_RECOVERY)
		enter_recovery(t);
	if (t->ca_state == TCP_CA_CWR || t->ca_state == TCP_CA_RECOVERY)
		reduce(t, tcp_packets(t, delivered), new_loss, r->advanced);
	else if (t->ca_state == TCP_CA_OPEN && (t->sacked_bytes || t->dupacks))
		t->ca_state = TCP_CA_DISORDER;
	else if (t->ca_state == TCP_CA_DISORDER && !t->sacked_bytes && !t->dupacks)
		t->ca_state = TCP_CA_OPEN;
	if (t->ca_state == TCP_CA_DISORDER)
		t->high_seq = t->snd_nxt;
}

void tcp_rack_timeout(struct tcp *t)
{
	u32 wait = rack_detect(t);

	if (t->lost_bytes && t->ca_state < TCP_CA_RECOVERY)
		enter_recovery(t);
	tcp_retransmit_lost(t, 1);
	tcp_arm_retrans(t);
	if (wait) {
		t->retrans_kind = TCP_RT_REO;
		tcp_set_deadline(t, TCP_T_RETRANS, t->now + ((ktime_t)wait + 2000) * 1000);
	}
}
