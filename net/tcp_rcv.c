/* SPDX-License-Identifier: MIT */
/* tcp_rcv.c - TCP, receiving: bytes into order, what SACK says about holes, windows, the urgent
 * byte.
 *
 *	segment -- in order --> rcvq -- program reads --> freed
 *	        -- beyond a hole --> ooo -- hole filled --> rcvq
 *
 * Invariants: (1) rcvq is contiguous and ends at rcv_nxt (a FIN counts one); its first byte is at
 * or before copied_seq; (2) ooo is sorted, disjoint, and begins behind rcv_nxt; (3) rmem is the
 * truesize of both; (4) the right edge of the window never moves left.
 * Locks: the owner's. Pure. Ref: RFC 9293 s3.8.6, s3.10.7.4, RFC 2018, RFC 2883, RFC 6093; Linux:
 * the urgent pointer points behind the byte (tcp_stdurg 0). Tests: selftests/unit/tcp*_test.c,
 * selftests/net/packet
 */
#include "tcp_int.h"

#include <kernel/lib/string.h>

#define SMALL_MERGE 128u		/* payloads up to this move into the packet before them */

/* ---- windows ---- */

/* The rest is for heads and half-filled pages: half of it, or more when packets prove to cost
 * more. */
static u32 usable(const struct tcp *t, u32 space)
{
	return t->cost ? (u32)((u64)space * 256 / t->cost) : space / 2;
}

u32 tcp_rcv_space(const struct tcp *t)
{
	return t->rmem >= *t->rcvbuf ? 0 : usable(t, *t->rcvbuf - t->rmem);
}

u32 tcp_choose_window(struct tcp *t)
{
	u32 full = min(usable(t, *t->rcvbuf), t->window_clamp), mss = min(t->rcv_mss, full);
	u32 space = tcp_rcv_space(t), window = t->rcv_wnd;

	if (space < full / 2) {
		t->quick = 0;
		if (space < full / 16 || space < mss)
			return 0;
	}
	space = min(space, t->rcv_ssthresh);
	if (t->rcv_wscale)
		return ALIGN_UP(space, 1u << t->rcv_wscale);
	if (window + mss <= space || window > space)	/* no silly windows: whole segments */
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
		window = mss ? space - space % mss : space;
	return window;
}

void tcp_init_window(struct tcp *t, u32 rcvbuf, u32 mss, bool wscale_ok, u32 *window, u8 *wscale)
{
	u32 space = min(usable(t, rcvbuf), t->window_clamp), top;

	if (space > mss)
		space -= space % mss;
	*wscale = 0;
	if (wscale_ok) {
		top = max(space, max(usable(t, rcvbuf), tcp_env_tune_max(t, false)));
		for (top = min(top, t->window_clamp); top > 65535 && *wscale < TCP_WSCALE_MAX;
		     top >>= 1)
			(*wscale)++;
	}
	*window = min(space, 65535u);
	t->window_clamp = min(t->window_clamp, 65535u << *wscale);
}

/* The more the program reads in a round trip, the larger the buffer. */
static void tune(struct tcp *t)
{
	u32 copied = t->copied_seq - t->space_seq, max_buf;
	u64 want;

	if (!t->rcv_rtt_us || t->now - t->space_at < (ktime_t)t->rcv_rtt_us * 1000)
		return;
	if (copied > t->space) {
		max_buf = tcp_env_tune_max(t, false);
		want = 2 * (2ull * copied + 16ull * t->adv_mss);
		if (t->space)
			want += want * min((copied - t->space) / max(t->space, 1u), 4u);
		want = min(want, (u64)max_buf);
		if (want > *t->rcvbuf) {
			*t->rcvbuf = (u32)want;
			t->window_clamp = max(t->window_clamp, usable(t, (u32)want));
		}
		t->space = copied;
	}
	t->space_seq = t->copied_seq;
	t->space_at = t->now;
}

void tcp_data_read(struct tcp *t, u32 copied)
{
	u32 window = tcp_receive_window(t);
	bool ack = false;

	tune(t);
	if (t->ack_due && (t->rcv_nxt - t->rcv_wup > t->rcv_mss ||
			   (copied && !t->pingpong && !t->rmem && t->quick)))
		ack = true;
	if (copied && !ack && !(t->shutdown & RCV_SHUTDOWN) && 2 * window <= t->window_clamp) {
		u32 new = tcp_choose_window(t);

		ack = new && new >= 2 * window;
	}
	if (ack)
		tcp_send_ack(t);
}

/* ---- what we say about holes ---- */

static void sack_drop_old(struct tcp *t)
{
	u32 n = 0;

	for (u32 i = 0; i < t->nr_recent; i++)
		if (seq_after(t->recent_sack[i].end, t->rcv_nxt))
			t->recent_sack[n++] = t->recent_sack[i];
	t->nr_recent = (u8)n;
}

/* start..end just came: the block it belongs to is the first one told. */
static void sack_add(struct tcp *t, u32 start, u32 end)
{
	struct tcp_sack block = { start, end };
	u32 n = 0;

	for (u32 i = 0; i < t->nr_recent; i++) {
		struct tcp_sack *s = &t->recent_sack[i];

		if (seq_before(block.end, s->start) || seq_before(s->end, block.start)) {
			t->recent_sack[n++] = *s;
		} else {
			block.start = seq_min(block.start, s->start);
			block.end = seq_max(block.end, s->end);
		}
	}
	n = min(n, 3u);
	memmove(t->recent_sack + 1, t->recent_sack, n * sizeof(block));
	t->recent_sack[0] = block;
	t->nr_recent = (u8)(n + 1);
}

static void set_dsack(struct tcp *t, u32 start, u32 end)
{
	t->dsack = (struct tcp_sack){ start, end };
	t->dsack_due = t->sack_ok && !t->dsack_off;
}

/* ---- queues ---- */

void tcp_free_rcv(struct tcp *t, struct netbuf *nb)
{
	t->rmem -= nb->truesize;
	netbuf_free(nb);
}

static void purge_ooo(struct tcp *t)
{
	while (!list_empty(&t->ooo)) {
		struct netbuf *nb = list_first(&t->ooo, struct netbuf, link);

		list_del(&nb->link);
		tcp_free_rcv(t, nb);
	}
	t->nr_recent = 0;
}

/* Small payloads share one packet's memory. */
static bool merge_small(struct tcp *t, struct netbuf *nb)
{
	struct netbuf *last;

	if (nb->len > SMALL_MERGE || list_empty(&t->rcvq) || t->rmem < *t->rcvbuf / 8)
		return false;
	last = list_last(&t->rcvq, struct netbuf, link);
	if (last->cloned || tcp_cb(last)->fin || netbuf_tailroom(last) < nb->len)
		return false;
	netbuf_read(nb, 0, netbuf_put(last, nb->len), nb->len);
	tcp_cb(last)->end += nb->len;
	netbuf_free(nb);
	return true;
}

static void queue_in_order(struct tcp *t, struct netbuf *nb)
{
	if (merge_small(t, nb)) {
		TCP_COUNT(TCPRcvCoalesce);
		return;
	}
	t->rmem += nb->truesize;
	list_add_tail(&t->rcvq, &nb->link);
}

/* A packet whose memory is mostly empty is copied into one that fits. */
static void squeeze(struct tcp *t, struct list *queue)
{
	struct netbuf *nb, *next;

	list_for_each_entry_safe(nb, next, queue, link) {
		struct netbuf *c = nb->truesize / 2 > nb->len + sizeof(*nb)
					   ? netbuf_copy(nb, 0, PAGE_ATOMIC)
					   : NULL;

		if (!c)
			continue;
		list_insert_between(&c->link, nb->link.prev, &nb->link);
		t->rmem += c->truesize;
		list_del(&nb->link);
		tcp_free_rcv(t, nb);
		TCP_COUNT(TCPRcvCollapsed);
	}
}

/*
 * Room for a packet: memory that packets waste is given back first, then what is out of order goes;
 * zero in order always fits, or nothing would ever move.
 */
static bool make_room(struct tcp *t, const struct netbuf *nb)
{
	u32 most;

	if (t->rmem + nb->truesize <= *t->rcvbuf + nb->truesize / 2 || list_empty(&t->rcvq))
		return true;
	/* Packets may cost more than the window allowed for: the buffer grows as far as tuning may
	 * take it. */
	most = tcp_env_tune_max(t, false);
	if (*t->rcvbuf < most) {
		*t->rcvbuf = min(t->rmem + 2 * nb->truesize, most);
		return true;
	}
	TCP_COUNT(PruneCalled);
	squeeze(t, &t->rcvq);
	squeeze(t, &t->ooo);
	if (t->rmem + nb->truesize <= *t->rcvbuf + nb->truesize / 2)
		return true;
	if (!list_empty(&t->ooo))
		TCP_COUNT(OfoPruned);
	purge_ooo(t);
	if (t->rmem < *t->rcvbuf)
		return true;
	TCP_COUNT(RcvPruned);
	TCP_COUNT(TCPRcvQDrop);
	return false;
}

static void grow_window(struct tcp *t, const struct netbuf *nb)
{
	if (nb->len >= t->rcv_mss || t->cost < 512) {
		u32 cost = max((u32)min((u64)nb->truesize * 256 / nb->len, 4096ull), 512u);

		t->cost = nb->len >= t->rcv_mss ? (u16)cost : max(t->cost, (u16)512);
	}
	if (t->rcv_ssthresh < t->window_clamp && nb->len * 2 >= nb->truesize)
		t->rcv_ssthresh = min(t->rcv_ssthresh + max(2 * t->adv_mss, nb->len),
				      t->window_clamp);
	else if (t->rcv_ssthresh < t->window_clamp && nb->len >= 128)
		t->rcv_ssthresh = min(t->rcv_ssthresh + 2 * t->rcv_mss, t->window_clamp);
}

/* ---- the end of the stream ---- */

static void got_fin(struct tcp *t)
{
	t->fin_seen = true;
	t->shutdown |= RCV_SHUTDOWN;
	purge_ooo(t);
	switch (t->state) {
	case TCP_SYN_RECV:
	case TCP_ESTABLISHED:
		tcp_set_state(t, TCP_CLOSE_WAIT);
		t->pingpong = true;
		break;
	case TCP_FIN_WAIT1:
		tcp_send_ack(t);
		tcp_set_state(t, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT2:
		tcp_send_ack(t);
		tcp_enter_time_wait(t, TCP_TIME_WAIT, 0);
		return;
	default:
		return;
	}
	tcp_env_state(t);
	tcp_env_wake(t, EPOLLIN | EPOLLRDNORM | EPOLLRDHUP |
				(t->shutdown == (RCV_SHUTDOWN | SEND_SHUTDOWN) ? EPOLLHUP : 0));
}

/* ---- arrival ---- */

/* The peer's segments, as large as they come: for delayed acknowledgements and windows. And its
 * round trip. */
static void note_arrival(struct tcp *t, const struct tcp_in *in)
{
	if (in->len >= t->rcv_mss)
		t->rcv_mss = min(in->len, t->adv_mss);
	else if (in->len > 536 && t->rcv_mss < 536)
		t->rcv_mss = 536;
	if (t->ts_ok && in->opt.tsecr && t->rcv_rtt_tsecr != in->opt.tsecr &&
	    in->len >= t->rcv_mss) {
		u32 ms = tcp_ts_now(t) - in->opt.tsecr;

		t->rcv_rtt_tsecr = in->opt.tsecr;
		if (ms < 60000)
			t->rcv_rtt_us = t->rcv_rtt_us ? t->rcv_rtt_us - t->rcv_rtt_us / 8 +
								max(ms, 1u) * 125
						      : max(ms, 1u) * 1000;
	}
	if (!t->ato_ms) {
		t->quick = (u8)min(max(t->rcv_wnd / (2 * max(t->rcv_mss, 1u)), 2u), 16u);
		t->ato_ms = TCP_DELACK_MIN_MS;
	} else {
		u32 gap = (u32)min((t->now - t->last_rcv) / 1000000, (ktime_t)100000);

		if (gap <= TCP_DELACK_MIN_MS / 2)
			t->ato_ms = t->ato_ms / 2 + TCP_DELACK_MIN_MS / 2;
		else if (gap < t->ato_ms)
			t->ato_ms = min(t->ato_ms / 2 + gap, tcp_rto_ms(t));
		else if (gap > tcp_rto_ms(t))
			t->quick = (u8)min(max(t->rcv_wnd / (2 * max(t->rcv_mss, 1u)), 2u), 16u);
	}
	t->last_rcv = t->now;
}

/* (2) Takes from ooo what rcv_nxt has reached. */
static bool drain_ooo(struct tcp *t)
{
	bool fin = false;

	while (!list_empty(&t->ooo) && !fin) {
		struct netbuf *nb = list_first(&t->ooo, struct netbuf, link);
		struct tcp_cb *cb = tcp_cb(nb);

		if (seq_after(cb->seq, t->rcv_nxt))
			break;
		list_del(&nb->link);
		fin = cb->fin;
		if (!seq_after(cb->end, t->rcv_nxt)) {
			set_dsack(t, cb->seq, cb->end);
			tcp_free_rcv(t, nb);
			fin = false;
			continue;
		}
		t->rmem -= nb->truesize;
		if (seq_before(cb->seq, t->rcv_nxt)) {
			netbuf_pull(nb, t->rcv_nxt - cb->seq);
			cb->seq = t->rcv_nxt;
		}
		t->rcv_nxt = cb->end;
		if (nb->len)
			queue_in_order(t, nb);
		else
			netbuf_free(nb);
	}
	sack_drop_old(t);
	return fin;
}

static void in_order(struct tcp *t, struct netbuf *nb)
{
	struct tcp_cb *cb = tcp_cb(nb);
	bool fin = cb->fin, data = nb->len != 0;

	t->rcv_nxt = cb->end;
	if (data) {
		grow_window(t, nb);
		queue_in_order(t, nb);
	} else {
		netbuf_free(nb);
	}
	if (!fin && unlikely(!list_empty(&t->ooo))) {
		fin = drain_ooo(t);
		t->ack_now = true;
	}
	if (data)
		tcp_env_wake(t, EPOLLIN | EPOLLRDNORM);
	if (fin)
		got_fin(t);
}

/* (2) nb goes between its neighbours; what they have already is cut off. */
static void out_of_order(struct tcp *t, struct netbuf *nb)
{
	struct list *at = t->ooo.prev;
	struct tcp_cb *cb = tcp_cb(nb);
	u32 seq = cb->seq, end = cb->end;

	t->ooo_packets++;
	TCP_COUNT(TCPOFOQueue);
	t->ack_now = true;
	for (; at != &t->ooo; at = at->prev)
		if (!seq_after(tcp_cb(list_entry(at, struct netbuf, link))->seq, cb->seq))
			break;
	if (at != &t->ooo) {
		u32 have = tcp_cb(list_entry(at, struct netbuf, link))->end;

		if (!seq_before(have, cb->end)) {
			set_dsack(t, seq, end);
			sack_add(t, seq, end);
			netbuf_free(nb);
			return;
		}
		if (seq_after(have, cb->seq)) {
			set_dsack(t, cb->seq, have);
			netbuf_pull(nb, have - cb->seq);
			cb->seq = have;
		}
	}
	while (at->next != &t->ooo) {
		struct netbuf *next = list_entry(at->next, struct netbuf, link);
		struct tcp_cb *n = tcp_cb(next);

		if (!seq_before(n->seq, cb->end))
			break;
		if (seq_after(n->end, cb->end)) {
			netbuf_trim(nb, n->seq - cb->seq);
			cb->end = n->seq;
			cb->fin = false;
			break;
		}
		set_dsack(t, n->seq, n->end);
		list_del(&next->link);
		tcp_free_rcv(t, next);
	}
	t->rmem += nb->truesize;
	list_insert_between(&nb->link, at, at->next);
	if (t->sack_ok)
		sack_add(t, seq, end);
}

static void drop_and_ack(struct tcp *t, struct netbuf *nb)
{
	t->ack_now = t->ack_due = true;
	netbuf_free(nb);
}

void tcp_receive(struct tcp *t, struct tcp_in *in, struct netbuf *nb)
{
	struct tcp_cb *cb = tcp_cb(nb);
	u32 seq = in->seq + !!(in->flags & TCP_SYN);

	*cb = (struct tcp_cb){ seq, in->end, in->flags & TCP_FIN };
	if (!seq_after(in->end, t->rcv_nxt)) {			/* all of it is old */
		set_dsack(t, seq, in->end);
		t->quick = max(t->quick, (u8)2);
		drop_and_ack(t, nb);
		return;
	}
	if (!seq_before(seq, t->rcv_nxt + tcp_receive_window(t)) &&
	    (in->len || seq != t->rcv_nxt)) {
		drop_and_ack(t, nb);
		return;
	}
	note_arrival(t, in);
	if (!make_room(t, nb)) {
		drop_and_ack(t, nb);
		return;
	}
	t->ack_due = true;
	if (seq_before(seq, t->rcv_nxt)) {
		set_dsack(t, seq, t->rcv_nxt);
		t->ack_now = true;
		netbuf_pull(nb, t->rcv_nxt - seq);
		cb->seq = t->rcv_nxt;
	}
	if (cb->seq == t->rcv_nxt)
		in_order(t, nb);
	else
		out_of_order(t, nb);
}

/* ---- the urgent byte ---- */

u32 tcp_readable(const struct tcp *t)
{
	u32 n = t->rcv_nxt - t->copied_seq - t->fin_seen;

	if (t->urg_state && !t->urg_inline && n && !seq_before(t->rcv_up, t->copied_seq) &&
	    seq_before(t->rcv_up, t->copied_seq + n))
		n--;
	return n;
}

static void announce(struct tcp *t, u32 up)
{
	if (seq_after(t->copied_seq, up) || seq_before(up, t->rcv_nxt))
		return;
	if (t->urg_state != TCP_URG_NONE && !seq_after(up, t->rcv_up))
		return;
	tcp_env_urgent(t);
	/* A mark that was never read at the head of the queue is skipped when a new one comes. */
	if (t->rcv_up == t->copied_seq && t->urg_state != TCP_URG_NONE && !t->urg_inline &&
	    t->copied_seq != t->rcv_nxt)
		t->copied_seq++;
	t->rcv_up = up;
	t->urg_state = TCP_URG_ANNOUNCED;
}

void tcp_urgent(struct tcp *t, const struct tcp_in *in, struct netbuf *nb)
{
	u32 off;

	if (in->flags & TCP_URG)
		announce(t, in->seq + (in->urg ? in->urg - 1u : 0));
	if (t->urg_state != TCP_URG_ANNOUNCED)
		return;
	off = t->rcv_up - in->seq - !!(in->flags & TCP_SYN);
	if (off >= in->len)
		return;
	netbuf_read(nb, off, &t->urg_byte, 1);
	t->urg_state = TCP_URG_HERE;
	tcp_env_wake(t, EPOLLPRI);
}
