/* SPDX-License-Identifier: MIT */
/* tcp_ack.c - TCP, acknowledgements: what the peer has, how long it took, how much more it takes.
 *
 * Invariants: (1) `sent` holds snd_una..snd_nxt without holes, by seq; (2) sacked_bytes, lost_bytes
 * and retrans_bytes are the sums over its segments with SEG_SACKED, SEG_LOST and SEG_RETRANS; a
 * segment is not both SACKED and LOST; (3) by_time holds those that are on their way: neither
 * SACKED nor LOST without RETRANS.
 * Locks: the owner's. Pure. Ref: RFC 9293 s3.10.7.4, RFC 6298, RFC 2018, RFC 2883, RFC 7323 s4, RFC
 * 5961 s5.
 * Tests: selftests/unit/tcp_test.c
 */
#include "tcp_int.h"

/* ---- round trips ---- */

u32 tcp_ts_now(const struct tcp *t)
{
	return (u32)(t->now / 1000000) + t->ts_offset;
}

u32 tcp_rto_ms(const struct tcp *t)
{
	return t->rto_ms;
}

static void note_min_rtt(struct tcp *t, u32 us)
{
	if (us <= t->min_rtt_us || t->now - t->min_rtt_at > 300 * NSEC_PER_SEC) {
		t->min_rtt_us = max(us, 1u);
		t->min_rtt_at = t->now;
	}
}

void tcp_rtt_sample(struct tcp *t, s64 rtt_us)
{
	u32 us = (u32)max(min(rtt_us, (s64)TCP_RTO_MAX_MS * 1000), (s64)1);
	s32 err;

	note_min_rtt(t, us);
	if (!t->srtt_us) {
		t->srtt_us = us << 3;
		t->mdev_us = us << 1;
	} else {
		err = (s32)(us - (t->srtt_us >> 3));
		t->srtt_us = (u32)((s32)t->srtt_us + err);
		if (err < 0) {
			err = -err - (s32)(t->mdev_us >> 2);
			if (err > 0)		/* a faster answer is no sign of trouble */
				err >>= 3;
		} else {
			err -= (s32)(t->mdev_us >> 2);
		}
		t->mdev_us = (u32)((s32)t->mdev_us + err);
	}
	t->srtt_us = max(t->srtt_us, 1u);
	t->rttvar_us = max(t->mdev_us, TCP_RTO_MIN_MS * 1000);
	t->rto_ms = min((t->srtt_us / 8 + t->rttvar_us + 999) / 1000, TCP_RTO_MAX_MS);
	t->backoff = 0;
}

/* A sample from what was sent once; else from the timestamp that came back (Karn). */
static void take_rtt(struct tcp *t, const struct tcp_in *in, const struct tcp_ack_round *r)
{
	s64 us = r->rtt_us >= 0 ? r->rtt_us : r->sack_rtt_us;

	if (us < 0 && r->advanced && t->ts_ok && in->opt.has_ts && in->opt.tsecr) {
		u32 ms = tcp_ts_now(t) - in->opt.tsecr;

		if (ms < TCP_RTO_MAX_MS)
			us = max(ms, 1u) * 1000;
	}
	if (us >= 0)
		tcp_rtt_sample(t, us);
}

/* ---- the retransmission queue ---- */

static void seg_arrived(struct tcp *t, struct tcp_seg *s, struct tcp_ack_round *r, bool by_sack)
{
	s64 us = (t->now - s->sent) / 1000;

	if (!(s->mark & SEG_EVER)) {
		if (by_sack)
			r->sack_rtt_us = us;
		else if (r->rtt_us < 0)
			r->rtt_us = us;		/* the oldest: delayed acknowledgements count */
	} else {
		r->was_retrans = true;
	}
	tcp_rack_saw(t, s);
}

/* Takes s out of the sums. */
static void unmark(struct tcp *t, struct tcp_seg *s)
{
	u32 len = s->end - s->seq;

	if (s->mark & SEG_SACKED)
		t->sacked_bytes -= len;
	if (s->mark & SEG_LOST)
		t->lost_bytes -= len;
	if (s->mark & SEG_RETRANS)
		t->retrans_bytes -= len;
	s->mark &= (u8)~(SEG_SACKED | SEG_LOST | SEG_RETRANS);
}

static void saw_reordering(struct tcp *t)
{
	t->reord_seen++;
	TCP_COUNT(TCPSACKReorder);
}

static void clean(struct tcp *t, u32 ack, struct tcp_ack_round *r)
{
	while (!list_empty(&t->sent)) {
		struct tcp_seg *s = list_first(&t->sent, struct tcp_seg, link);

		if (seq_after(s->end, ack)) {
			if (seq_after(ack, s->seq)) {
				if (!(s->mark & SEG_SACKED))
					t->delivered += ack - s->seq;
				tcp_seg_trim(t, s, ack);
			}
			break;
		}
		if (!(s->mark & SEG_SACKED)) {
			t->delivered += s->end - s->seq;
			if (t->high_sacked && seq_before(s->end, t->high_sacked) &&
			    !(s->mark & SEG_EVER) && t->sacked_bytes)
				saw_reordering(t);
			seg_arrived(t, s, r, false);
		}
		unmark(t, s);
		list_del(&s->link);
		tcp_seg_free(t, s);
	}
}

/* ---- selective acknowledgements ---- */

static void sack_seg(struct tcp *t, struct tcp_seg *s, struct tcp_ack_round *r)
{
	u32 len = s->end - s->seq;

	if (!(s->mark & SEG_EVER) && t->high_sacked && seq_before(s->seq, t->high_sacked))
		saw_reordering(t);
	seg_arrived(t, s, r, true);
	unmark(t, s);
	s->mark |= SEG_SACKED;
	list_del_init(&s->tlink);
	t->sacked_bytes += len;
	t->delivered += len;
	r->sacked += len;
	t->high_sacked = t->high_sacked ? seq_max(t->high_sacked, s->end) : s->end;
}

static void sack_block(struct tcp *t, u32 start, u32 end, struct tcp_ack_round *r)
{
	struct tcp_seg *s;

	list_for_each_entry(s, &t->sent, link) {
		if (!seq_after(s->end, start) || (s->mark & SEG_SACKED))
			continue;
		if (!seq_before(s->seq, end))
			break;
		if (seq_before(s->seq, start)) {
			/* The first part stays; the second is looked at next. */
			if (!tcp_seg_split(t, s, start))
				break;
			continue;
		}
		if (seq_after(s->end, end) && !tcp_seg_split(t, s, end))
			break;
		sack_seg(t, s, r);
	}
}

static bool is_dsack(const struct tcp_in *in)
{
	const struct tcp_sack *s = in->opt.sack;

	return seq_before(s[0].start, in->ack) ||
	       (in->opt.nr_sack > 1 && !seq_after(s[0].end, s[1].end) &&
		!seq_before(s[0].start, s[1].start));
}

static void take_sacks(struct tcp *t, const struct tcp_in *in, struct tcp_ack_round *r)
{
	u32 i = 0;

	if (is_dsack(in)) {
		r->dsack = true;
		t->dsack_dups++;
		TCP_COUNT(TCPDSACKRecv);
		TCP_COUNT(TCPDSACKRecvSegs);
		if (t->undo_possible && t->undo_retrans > 0 &&
		    seq_after(in->opt.sack[0].end, t->undo_marker))
			t->undo_retrans--;
		i = 1;
	}
	for (; i < in->opt.nr_sack; i++) {
		const struct tcp_sack *s = &in->opt.sack[i];

		/* Nonsense is skipped: empty, backwards, never sent, long acknowledged. */
		if (!seq_before(s->start, s->end) || seq_after(s->end, t->snd_nxt) ||
		    !seq_after(s->end, in->ack))
			continue;
		sack_block(t, seq_max(s->start, in->ack), s->end, r);
	}
}

/* ---- windows and timestamps ---- */

static void take_window(struct tcp *t, const struct tcp_in *in)
{
	u32 window = in->flags & TCP_SYN ? in->window : (u32)in->window << t->snd_wscale;

	/* The same numbers: a larger window is the later one, unless it closed. */
	if (!(seq_after(in->ack, t->snd_una) || seq_after(in->seq, t->snd_wl1) ||
	      (in->seq == t->snd_wl1 && (window > t->snd_wnd || !window))))
		return;
	t->snd_wl1 = in->seq;
	t->snd_wnd = window;
	if (window > t->max_wnd) {
		t->max_wnd = window;
		tcp_update_mss(t);
	}
}

static void take_timestamp(struct tcp *t, const struct tcp_in *in)
{
	if (in->opt.has_ts && t->ts_ok && !seq_after(in->seq, t->rcv_wup) &&
	    (s32)(in->opt.tsval - t->ts_recent) >= 0) {
		t->ts_recent = in->opt.tsval;
		t->ts_recent_at = t->now;
	}
}

/* The tail loss probe was answered: if nothing says it was needless, it repaired a loss that the
 * window must hear of. */
static void end_tlp(struct tcp *t, u32 ack, bool dsack)
{
	if (!t->tlp_high || seq_before(ack, t->tlp_high))
		return;
	if (t->tlp_retrans && !dsack && ack != t->tlp_high && t->ca_state < TCP_CA_CWR) {
		tcp_enter_cwr(t);
		TCP_COUNT(TCPLossProbeRecovery);
		t->tlp_high = 0;
	} else if (!t->tlp_retrans || dsack || seq_after(ack, t->tlp_high)) {
		t->tlp_high = 0;
	}
}

void tcp_arm_retrans(struct tcp *t)
{
	if (t->snd_una == t->snd_nxt) {
		tcp_clear_deadline(t, TCP_T_RETRANS);
		return;
	}
	t->retrans_kind = TCP_RT_RTO;
	tcp_set_deadline(
		t, TCP_T_RETRANS,
		t->now + ms_ns(min(t->rto_ms << min((u32)t->backoff, 16u), TCP_RTO_MAX_MS)));
	tcp_arm_tlp(t);
}

static bool was_cwnd_limited(const struct tcp *t)
{
	return t->cwnd_limited || (tcp_in_slow_start(t) && t->snd_cwnd < 2 * t->max_out);
}

static void progress(struct tcp *t, const struct tcp_in *in, struct tcp_ack_round *r)
{
	r->acked = in->ack - t->snd_una;
	t->bytes_acked += r->acked;
	t->snd_una = in->ack;
	r->advanced = true;
	clean(t, in->ack, r);
	if (t->snd_up && !seq_after(t->snd_up, in->ack))
		t->urg_out = false;
	if (seq_before(t->high_sacked, in->ack))
		t->high_sacked = 0;
	t->retries = t->backoff = 0;
	t->probes_out = 0;
	t->dupacks = 0;
	tcp_env_confirm(t);
}

/* An acknowledgement of nothing new: probes got their answer, and without SACK it may mean a
 * loss. */
static void no_progress(struct tcp *t, const struct tcp_in *in, u32 old_wnd)
{
	if (t->snd_una == t->snd_nxt) {
		t->probes_out = 0;
		if (!list_empty(&t->unsent))
			tcp_arm_probe(t);
		return;
	}
	if (!t->sack_ok && !in->len && in->ack == t->snd_una && t->snd_wnd == old_wnd &&
	    !(in->flags & (TCP_SYN | TCP_FIN)))
		t->dupacks++;
}

int tcp_ack(struct tcp *t, const struct tcp_in *in)
{
	struct tcp_ack_round r = {
		.prior_una = t->snd_una, .prior_pipe = tcp_pipe(t), .rtt_us = -1, .sack_rtt_us = -1
	};
	u32 old_wnd = t->snd_wnd, delivered;
	u64 before = t->delivered;

	if (unlikely(seq_after(in->ack, t->snd_nxt)))
		return -1;
	if (unlikely(seq_before(in->ack, t->snd_una))) {
		if (seq_before(in->ack, t->snd_una - max(t->max_wnd, 1u)))
			return -1;			/* RFC 5961 s5.2 */
		if (in->opt.nr_sack && t->sack_ok)
			take_sacks(t, in, &r);
		tcp_recover(t, in, &r);
		return 0;
	}
	take_timestamp(t, in);
	take_window(t, in);
	t->last_ack_rcv = t->now;
	t->keep_probes = 0;
	t->soft_err = 0;
	if (in->opt.nr_sack && t->sack_ok)
		take_sacks(t, in, &r);
	if (in->ack != t->snd_una)
		progress(t, in, &r);
	else
		no_progress(t, in, old_wnd);
	if (r.prior_una == t->snd_nxt)
		return 0;				/* nothing was out */
	take_rtt(t, in, &r);
	end_tlp(t, in->ack, r.dsack);
	delivered = (u32)(t->delivered - before);
	if (delivered) {
		t->delivered_packets += tcp_packets(t, delivered);
		mib_add(MIB_TCP_EXT_TCPDelivered, tcp_packets(t, delivered));
	}
	tcp_recover(t, in, &r);
	if (t->ca_state == TCP_CA_OPEN || t->ca_state == TCP_CA_DISORDER ||
	    t->ca_state == TCP_CA_LOSS)
		if (r.acked && was_cwnd_limited(t))
			t->cong->on_ack(t, max(tcp_packets(t, delivered), 1u));
	if (r.advanced) {
		if (!t->max_out_seq || !seq_before(t->snd_una, t->max_out_seq)) {
			t->max_out = tcp_packets(t, tcp_pipe(t));
			t->max_out_seq = t->snd_nxt;
			t->cwnd_limited = false;
		}
		tcp_arm_retrans(t);
		tcp_env_space(t);
	}
	if (t->lost_bytes > t->retrans_bytes)
		tcp_retransmit_lost(t, 0);
	return 0;
}
