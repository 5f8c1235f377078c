/* SPDX-License-Identifier: MIT */
/* modules: net/tcp_wire.c net/tcp_in.c net/tcp_ack.c net/tcp_recov.c net/tcp_rcv.c net/tcp_out.c
 * net/tcp_seg.c net/tcp_timer.c net/tcp_cong.c net/netbuf.c net/checksum.c mm/buddy.c
 * selftests/host/pages.c */
/* tcp: two connections and a wire between them that loses, repeats, reorders and corrupts, on a
 * clock of its own. What one side writes the other reads, once and in order; every close ends in
 * CLOSED on both sides; nothing is left in memory. */
#include <kernel/lib/string.h>
#include <mm/iter.h>
#include <mm/slab.h>

#include "../../net/tcp_int.h"
#include "unit.h"

/* ---- the wire ---- */

struct packet {
	struct packet *next;
	ktime_t at;
	u32 to, len;
	bool ce;
	u8 bytes[];
};

struct peer {
	struct tcp t;
	u32 sndbuf, rcvbuf;
	u32 to_write, written, read;	/* bytes of the stream */
	u32 read_per_step;		/* 0: as much as comes */
	u32 write_piece;
	bool close_when_done, reads, saw_error, waits, urgent_seen;
	u32 err;
	ktime_t time_wait_until;
	u32 tw_state;
	u32 wakes;
};

static struct wire {
	u32 loss, dup, reorder, corrupt, mark;	/* per thousand */
	ktime_t delay, jitter;
	u32 mtu;
	bool split;				/* large packets are cut on the wire */
	u32 cost;				/* memory a packet takes beside its own */
	u32 sent, lost;
} wire;

static struct peer peers[2];
static struct packet *flying;
static ktime_t now;
static u32 tune_max;
static const struct ipaddr addrs[2] = { { { 0, 0, IP4_MAPPED, 0x0100000a } },
					{ { 0, 0, IP4_MAPPED, 0x0200000a } } };
static struct slab_cache *seg_cache;

static u32 rnd(u32 n) { return (u32)(host_random() >> 20) % n; }
static bool chance(u32 per_mille) { return rnd(1000) < per_mille; }
static struct peer *peer_of(struct tcp *t) { return container_of(t, struct peer, t); }
static u32 index_of(struct tcp *t) { return (u32)(peer_of(t) - peers); }
static u8 byte_at(u32 who, u32 pos) { return (u8)(pos * 2654435761u >> 13 ^ pos >> 3 ^ who * 77); }

static void launch(struct packet *p)
{
	struct packet **at = &flying;

	while (*at && (*at)->at <= p->at)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
}

static void fly(u32 to, const u8 *bytes, u32 len, bool ect)
{
	u32 copies = chance(wire.dup) ? 2 : 1;

	wire.sent++;
	if (chance(wire.loss)) {
		wire.lost++;
		return;
	}
	while (copies--) {
		struct packet *p = host_alloc(sizeof(*p) + len, 0, false);

		memcpy(p->bytes, bytes, len);
		p->len = len;
		p->to = to;
		p->ce = ect && chance(wire.mark);
		p->at = now + wire.delay + (wire.jitter ? rnd((u32)wire.jitter) : 0);
		if (chance(wire.reorder))
			p->at += wire.delay + rnd(20000000);
		if (chance(wire.corrupt))
			p->bytes[rnd(len)] ^= (u8)(1 + rnd(255));
		launch(p);
	}
}

static void put_sum(u8 *seg, u32 len, u32 from)
{
	struct netbuf *nb = netbuf_alloc(len, 0, PAGE_ATOMIC);
	u16 sum;

	memcpy(netbuf_put(nb, len), seg, len);
	sum = tcp_checksum(nb, addrs[from], addrs[!from]);
	memcpy(seg + offsetof(struct tcp_header, csum), &sum, 2);
	netbuf_free(nb);
}

/* ---- what a connection asks of the world ---- */

void tcp_env_send(struct tcp *t, struct netbuf *nb, u32 mss)
{
	static u8 whole[70000], piece[70000];
	u32 from = index_of(t), len = nb->len, head, at, step;

	host_fail_allocations(-1);		/* the wire has its own memory */
	netbuf_read(nb, 0, whole, len);
	netbuf_free(nb);
	head = (whole[12] >> 4) * 4u;
	ASSERT_TRUE(len - head <= (mss ? max(t->gso_max, mss) : t->mss) ||
		    t->state == TCP_SYN_SENT);
	step = mss && wire.split ? mss : max(len - head, 1u);
	if (!mss)
		ASSERT_TRUE(len <= wire.mtu || !wire.split);
	for (at = head; at == head || at < len; at += step) {
		u32 n = min(step, len - at);

		memcpy(piece, whole, head);
		memcpy(piece + head, whole + at, n);
		put_be32(piece + 4, get_be32(whole + 4) + at - head);
		if (at + n < len)
			piece[13] &= (u8)~(TCP_FIN | TCP_PSH);
		put_sum(piece, head + n, from);
		fly(!from, piece, head + n, t->ect);
	}
}

void tcp_env_wake(struct tcp *t, u32 events) { peer_of(t)->wakes++; }
void tcp_env_space(struct tcp *t) {}
void tcp_env_state(struct tcp *t) {}
void tcp_env_timer(struct tcp *t, ktime_t when) {}
void tcp_env_confirm(struct tcp *t) {}
void tcp_env_cookie(struct tcp *t, const struct tcp_in *in) {}
void tcp_env_urgent(struct tcp *t) { peer_of(t)->urgent_seen = true; }
u32 tcp_env_tune_max(struct tcp *t, bool send) { return tune_max; }
struct tcp_seg *tcp_env_seg_alloc(void) { return slab_alloc(seg_cache, PAGE_ATOMIC); }
void tcp_env_seg_free(struct tcp_seg *s) { slab_free(seg_cache, s); }

void tcp_env_error(struct tcp *t, u32 err)
{
	peer_of(t)->err = err;
	peer_of(t)->saw_error = true;
}

void tcp_env_time_wait(struct tcp *t, u32 state, u32 ms)
{
	peer_of(t)->time_wait_until = now + (ms ? ms_ns(ms) : TCP_TIMEWAIT_NS);
	peer_of(t)->tw_state = state;
}

void tcp_env_port(struct tcp *t, struct tcp_header *h)
{
	h->sport = cpu_to_be16((u16)(1000 + index_of(t)));
	h->dport = cpu_to_be16((u16)(1000 + !index_of(t)));
}

static void refuse(u32 from, const struct tcp_in *in)
{
	struct tcp_header h = { .sport = cpu_to_be16((u16)(1000 + from)),
				.dport = cpu_to_be16((u16)(1000 + !from)),
				.off = 5 << 4 };

	if (in->flags & TCP_ACK) {
		h.seq = cpu_to_be32(in->ack);
		h.flags = TCP_RST;
	} else {
		h.ack = cpu_to_be32(in->end);
		h.flags = TCP_RST | TCP_ACK;
	}
	put_sum((u8 *)&h, sizeof(h), from);
	fly(!from, (u8 *)&h, sizeof(h), false);
}

void tcp_env_refuse(struct tcp *t, const struct tcp_in *in) { refuse(index_of(t), in); }

usize iter_put(struct iter *it, const void *src, usize n) { return 0; }
usize iter_take(struct iter *it, void *dst, usize n) { return 0; }

/* ---- programs ---- */

static void check_sums(struct tcp *t)
{
	u32 sacked = 0, lost = 0, retrans = 0, seq = t->snd_una, wmem = 0, rmem = 0;
	struct tcp_seg *s;
	struct netbuf *nb;

	list_for_each_entry(s, &t->sent, link) {
		u32 len = s->end - s->seq;

		ASSERT_EQ(seq, s->seq);
		seq = s->end;
		sacked += s->mark & SEG_SACKED ? len : 0;
		lost += s->mark & SEG_LOST ? len : 0;
		retrans += s->mark & SEG_RETRANS ? len : 0;
		wmem += len - !!(s->flags & TCP_SYN) - !!(s->flags & TCP_FIN) + TCP_SEG_COST;
		ASSERT_TRUE((s->mark & (SEG_SACKED | SEG_LOST)) != (SEG_SACKED | SEG_LOST));
	}
	ASSERT_EQ(t->snd_nxt, seq);
	list_for_each_entry(s, &t->unsent, link) {
		ASSERT_EQ(seq, s->seq);
		seq = s->end;
		wmem += s->end - s->seq - !!(s->flags & TCP_SYN) - !!(s->flags & TCP_FIN) +
			TCP_SEG_COST;
	}
	ASSERT_EQ(t->write_seq, seq);
	ASSERT_EQ(sacked, t->sacked_bytes);
	ASSERT_EQ(lost, t->lost_bytes);
	ASSERT_EQ(retrans, t->retrans_bytes);
	ASSERT_EQ(wmem, t->wmem);
	list_for_each_entry(nb, &t->rcvq, link)
		rmem += nb->truesize;
	seq = t->rcv_nxt;
	list_for_each_entry(nb, &t->ooo, link) {
		ASSERT_TRUE(seq_after(tcp_cb(nb)->seq, seq) || seq != t->rcv_nxt);
		ASSERT_TRUE(!seq_before(tcp_cb(nb)->seq, seq));
		seq = tcp_cb(nb)->end;
		rmem += nb->truesize;
	}
	ASSERT_EQ(rmem, t->rmem);
}

static void write_some(struct peer *p)
{
	struct tcp *t = &p->t;

	if (!(TCP_STATES(TCP_ESTABLISHED, TCP_CLOSE_WAIT) & 1u << t->state))
		return;
	while (p->written < p->to_write && tcp_can_write(t)) {
		u32 room, n = min(p->to_write - p->written,
				  p->write_piece ? p->write_piece : 1 + rnd(3000));
		struct tcp_seg *s = tcp_tail_seg(t, &room);
		struct page *page;

		if (!s)
			return;
		n = min(min(n, room), (u32)PAGE_SIZE);
		page = page_alloc(0, PAGE_KERNEL);
		ASSERT_TRUE(page != NULL);
		for (u32 i = 0; i < n; i++)
			((u8 *)page_to_virt(page))[i] = byte_at(index_of(t), p->written + i);
		tcp_queue_frag(t, s, page, 0, n);
		p->written += n;
		tcp_wrote(t, tcp_size_goal(t), chance(100));
	}
	t->push_later = false;
	tcp_push(t, false);
	if (p->written == p->to_write && p->close_when_done && !t->fin_queued) {
		t->shutdown |= SEND_SHUTDOWN;
		tcp_set_state(t, t->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT1);
		tcp_send_fin(t);
	}
}

static void read_some(struct peer *p)
{
	struct tcp *t = &p->t;
	u32 left = p->read_per_step ? p->read_per_step : U32_MAX, got = 0;

	while (p->reads && left && !list_empty(&t->rcvq)) {
		struct netbuf *nb = list_first(&t->rcvq, struct netbuf, link);
		u32 off = t->copied_seq - tcp_cb(nb)->seq, n;
		static u8 buf[70000];

		ASSERT_TRUE(off <= nb->len);
		n = min(left, nb->len - off);
		netbuf_read(nb, off, buf, n);
		for (u32 i = 0; i < n; i++)
			if (buf[i] != byte_at(!index_of(t), p->read + i)) {
				FAIL("byte %u of the stream is wrong", p->read + i);
				host_end_test();
			}
		p->read += n;
		left -= n;
		got += n;
		t->copied_seq += n;
		if (off + n == nb->len) {
			list_del(&nb->link);
			tcp_free_rcv(t, nb);
		}
	}
	if (t->state != TCP_CLOSED)
		tcp_data_read(t, got);
}

static void program(struct peer *p)
{
	p->t.now = now;
	read_some(p);
	write_some(p);
	if (chance(50))
		check_sums(&p->t);
}

static void deliver(struct packet *pk)
{
	struct peer *p = &peers[pk->to];
	struct netbuf *nb = netbuf_alloc(pk->len, 0, PAGE_ATOMIC);
	struct tcp_in in;

	ASSERT_TRUE(nb != NULL);
	memcpy(netbuf_put(nb, pk->len), pk->bytes, pk->len);
	nb->truesize += wire.cost;
	if (tcp_checksum(nb, addrs[!pk->to], addrs[pk->to]) ||
	    !tcp_parse((struct tcp_header *)(void *)nb->data, nb->len, &in)) {
		netbuf_free(nb);
		return;
	}
	netbuf_pull(nb, nb->len - in.len);
	in.ce = pk->ce;
	if (p->tw_state && !p->waits) {
		/* TIME_WAIT: the last acknowledgement again; FIN_WAIT2 outside: a FIN ends it. */
		if (in.flags & TCP_FIN || in.len) {
			struct tcp_header h = { .sport = cpu_to_be16((u16)(1000 + pk->to)),
						.dport = cpu_to_be16((u16)(1000 + !pk->to)),
						.seq = cpu_to_be32(p->t.snd_nxt),
						.ack = cpu_to_be32(seq_max(in.end, p->t.rcv_nxt)),
						.off = 5 << 4,
						.flags = TCP_ACK };

			put_sum((u8 *)&h, sizeof(h), pk->to);
			fly(!pk->to, (u8 *)&h, sizeof(h), false);
		}
		netbuf_free(nb);
		return;
	}
	p->t.now = now;
	tcp_segment(&p->t, &in, nb);
	program(p);
}

/* The next thing that happens; false: nothing ever will. */
static bool step(void)
{
	ktime_t next = flying ? flying->at : WAIT_FOREVER;

	for (u32 i = 0; i < 2; i++)
		next = min(next, tcp_next_deadline(&peers[i].t));
	if (next == WAIT_FOREVER)
		return false;
	now = max(now, next);
	if (flying && flying->at <= now) {
		struct packet *p = flying;

		flying = p->next;
		deliver(p);
		host_free(p);
		return true;
	}
	for (u32 i = 0; i < 2; i++)
		if (tcp_next_deadline(&peers[i].t) <= now) {
			peers[i].t.now = now;
			tcp_timeout(&peers[i].t);
			program(&peers[i]);
		}
	return true;
}

/* ---- scenes ---- */

static void start(u32 mtu, u32 gso)
{
	now = 1000000000;
	tune_max = 1 << 20;
	wire.mtu = mtu - 20;
	wire.delay = 5000000;
	if (!seg_cache) {
		seg_cache = slab_cache_create("tcp_seg", sizeof(struct tcp_seg), 64);
		netbuf_init();
	}
	for (u32 i = 0; i < 2; i++) {
		struct peer *p = &peers[i];
		u32 window;

		memset(p, 0, sizeof(*p));
		tcp_setup(&p->t, now);
		p->sndbuf = 87040;
		p->rcvbuf = 131072;
		p->t.sndbuf = &p->sndbuf;
		p->t.rcvbuf = &p->rcvbuf;
		p->t.iss = (u32)host_random();
		p->t.ts_offset = (u32)host_random();
		p->t.adv_mss = p->t.mss_path = mtu - 40;
		p->t.gso_max = gso;
		p->reads = true;
		tcp_init_window(&p->t, p->rcvbuf, p->t.adv_mss, true, &window, &p->t.rcv_wscale);
		p->t.rcv_wnd = window;
	}
}

/* What a listener does (tcp_req.c), in short: the SYN makes a connection in SYN_RECV that sends
 * SYN|ACK. */
static void listen_for_syn(void)
{
	struct tcp *t = &peers[1].t;
	struct packet *p = flying;
	struct netbuf *nb;
	struct tcp_in in;

	t->now = now;
	while (p) {
		nb = netbuf_alloc(p->len, 0, PAGE_ATOMIC);
		memcpy(netbuf_put(nb, p->len), p->bytes, p->len);
		if (!tcp_checksum(nb, addrs[0], addrs[1]) &&
		    tcp_parse((struct tcp_header *)(void *)nb->data, nb->len, &in)) {
			netbuf_free(nb);
			break;
		}
		netbuf_free(nb);
		p = p->next;
	}
	ASSERT_TRUE(p != NULL);
	/* sends a SYN: dropped here; the SYN|ACK below carries the same number */
	ASSERT_EQ(0, tcp_connect_start(t));
	for (struct packet **at = &flying; *at;) {
		p = *at;
		if (p->to == 0) {
			*at = p->next;
			host_free(p);
		} else {
			at = &p->next;
		}
	}
	tcp_take_syn(t, &in);
	t->ecn_ok = t->ecn_ask = (in.flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
	tcp_set_state(t, TCP_SYN_RECV);
	tcp_send_synack(t);
}

static void open_both(void)
{
	struct wire saved = wire;

	wire.loss = wire.dup = wire.corrupt = wire.reorder = 0;
	ASSERT_EQ(0, tcp_connect_start(&peers[0].t));
	listen_for_syn();
	wire = saved;
	for (u32 i = 0; i < 100000 && (peers[0].t.state != TCP_ESTABLISHED ||
				       peers[1].t.state != TCP_ESTABLISHED);
	     i++)
		if (!step())
			break;
	ASSERT_EQ(TCP_ESTABLISHED, peers[0].t.state);
	ASSERT_EQ(TCP_ESTABLISHED, peers[1].t.state);
}

static void finish(void)
{
	while (flying) {
		struct packet *p = flying;

		flying = p->next;
		host_free(p);
	}
	for (u32 i = 0; i < 2; i++) {
		tcp_purge(&peers[i].t);
		ASSERT_EQ(0, peers[i].t.wmem);
		ASSERT_EQ(0, peers[i].t.rmem);
	}
	ASSERT_EQ(0, host_allocations());
}

static void run_streams(u32 a_bytes, u32 b_bytes, ktime_t limit)
{
	ktime_t end = now + limit;

	peers[0].to_write = a_bytes;
	peers[1].to_write = b_bytes;
	peers[0].close_when_done = peers[1].close_when_done = true;
	program(&peers[0]);
	program(&peers[1]);
	while (now < end && (peers[0].t.state != TCP_CLOSED || peers[1].t.state != TCP_CLOSED))
		if (!step())
			break;
	for (u32 i = 0; i < 2; i++) {		/* what a slow reader left */
		peers[i].read_per_step = 0;
		read_some(&peers[i]);
	}
	EXPECT_EQ(a_bytes, peers[1].read);
	EXPECT_EQ(b_bytes, peers[0].read);
	EXPECT_EQ(TCP_CLOSED, peers[0].t.state);
	EXPECT_EQ(TCP_CLOSED, peers[1].t.state);
	EXPECT_TRUE(!peers[0].saw_error && !peers[1].saw_error);
	EXPECT_TRUE(peers[0].tw_state == TCP_TIME_WAIT || peers[1].tw_state == TCP_TIME_WAIT);
}

TEST(stream_both_ways)
{
	start(1500, 0);
	wire.split = true;
	open_both();
	EXPECT_TRUE(peers[0].t.ts_ok && peers[0].t.sack_ok && peers[0].t.wscale_ok);
	EXPECT_EQ(1448, peers[0].t.mss);
	run_streams(1000000, 300000, 600 * NSEC_PER_SEC);
	EXPECT_EQ(0, peers[0].t.total_retrans);
	finish();
}

TEST(large_packets)
{
	start(1500, 65000);
	wire.split = true;
	open_both();
	run_streams(3000000, 10, 600 * NSEC_PER_SEC);
	EXPECT_EQ(0, peers[0].t.total_retrans);
	finish();
	start(65536, 0);
	open_both();
	run_streams(3000000, 3000000, 600 * NSEC_PER_SEC);
	finish();
}

static void bad_wire(u32 loss, u32 dup, u32 reorder, u32 corrupt, u32 gso, bool sack, bool ts)
{
	start(1500, gso);
	wire = (struct wire){ .loss = loss,
			      .dup = dup,
			      .reorder = reorder,
			      .corrupt = corrupt,
			      .delay = 3000000,
			      .jitter = 1000000,
			      .mtu = 1480,
			      .split = true };
	peers[0].t.sack_ok = sack;
	peers[0].t.ts_ok = ts;
	open_both();
	EXPECT_EQ(sack, peers[1].t.sack_ok);
	EXPECT_EQ(ts, peers[1].t.ts_ok);
	run_streams(100000 + rnd(200000), rnd(100000), 4000 * NSEC_PER_SEC);
	finish();
}

TEST(loss)
{
	for (u32 i = 0; i < 20; i++)
		bad_wire(50, 0, 0, 0, i & 1 ? 65000 : 0, true, true);
}

TEST(reorder_and_duplicates)
{
	for (u32 i = 0; i < 20; i++)
		bad_wire(0, 100, 200, 0, i & 1 ? 65000 : 0, true, true);
}

TEST(everything_at_once)
{
	for (u32 i = 0; i < 40; i++)
		bad_wire(rnd(150), rnd(100), rnd(100), rnd(50), i & 1 ? 30000 : 0, !(i & 2),
			 !(i & 4));
}

/* Devices put small packets into large pages: windows must allow for that, whether the buffer may
 * grow or not. */
TEST(packets_that_cost_more_than_they_carry)
{
	for (u32 pass = 0; pass < 2; pass++) {
		start(1500, 0);
		wire = (struct wire){ .delay = 100000, .mtu = 1480, .split = true, .cost = 4096 };
		if (pass)
			tune_max = 0;
		peers[1].read_per_step = 1400;
		open_both();
		run_streams(2000000, 0, 60 * NSEC_PER_SEC);
		EXPECT_TRUE(now < 20 * NSEC_PER_SEC);
		finish();
	}
}

TEST(slow_reader_closes_the_window)
{
	start(1500, 65000);
	wire.split = true;
	open_both();
	peers[1].reads = false;
	peers[0].to_write = 400000;
	program(&peers[0]);
	for (u32 i = 0; i < 2000 && now < 20 * NSEC_PER_SEC; i++)
		step();
	EXPECT_TRUE(peers[0].t.snd_wnd < 1448);
	EXPECT_TRUE(peers[0].t.probes_out > 0 || peers[0].t.deadline[TCP_T_PROBE] != WAIT_FOREVER);
	EXPECT_TRUE(peers[0].written < 400000);
	peers[1].reads = true;
	peers[1].t.now = now;
	program(&peers[1]);
	run_streams(400000, 0, 600 * NSEC_PER_SEC);
	finish();
}

TEST(small_writes_and_nagle)
{
	start(1500, 0);
	wire.split = true;
	open_both();
	peers[0].write_piece = 7;
	run_streams(7000, 0, 600 * NSEC_PER_SEC);
	finish();
	start(1500, 0);
	wire.split = true;
	peers[0].t.nodelay = true;
	open_both();
	peers[0].write_piece = 1;
	run_streams(3000, 3000, 600 * NSEC_PER_SEC);
	finish();
}

TEST(ecn_marks_slow_the_sender)
{
	start(1500, 0);
	wire.split = true;
	wire.mark = 30;
	peers[0].t.ecn_ask = true;
	open_both();
	EXPECT_TRUE(peers[0].t.ecn_ok);
	EXPECT_TRUE(peers[1].t.ecn_ok);
	run_streams(1000000, 0, 600 * NSEC_PER_SEC);
	EXPECT_EQ(0, peers[0].t.total_retrans);
	EXPECT_TRUE(peers[0].t.snd_ssthresh < TCP_INFINITE);
	finish();
}

TEST(simultaneous_open)
{
	start(1500, 0);
	wire.split = true;
	ASSERT_EQ(0, tcp_connect_start(&peers[0].t));
	ASSERT_EQ(0, tcp_connect_start(&peers[1].t));
	for (u32 i = 0; i < 1000 && (peers[0].t.state != TCP_ESTABLISHED ||
				     peers[1].t.state != TCP_ESTABLISHED);
	     i++)
		step();
	EXPECT_EQ(TCP_ESTABLISHED, peers[0].t.state);
	EXPECT_EQ(TCP_ESTABLISHED, peers[1].t.state);
	run_streams(10000, 10000, 600 * NSEC_PER_SEC);
	finish();
}

TEST(nobody_answers)
{
	start(1500, 0);
	wire.loss = 1000;
	ASSERT_EQ(0, tcp_connect_start(&peers[0].t));
	while (step())
		;
	EXPECT_EQ(TCP_CLOSED, peers[0].t.state);
	EXPECT_EQ(ETIMEDOUT, peers[0].err);
	EXPECT_EQ(7, wire.sent);
	EXPECT_TRUE(now > 120 * NSEC_PER_SEC && now < 140 * NSEC_PER_SEC);
	finish();
}

TEST(peer_disappears)
{
	start(1500, 0);
	wire.split = true;
	open_both();
	wire.loss = 1000;
	peers[0].to_write = 5000;
	program(&peers[0]);
	while (step())
		;
	EXPECT_EQ(TCP_CLOSED, peers[0].t.state);
	EXPECT_EQ(ETIMEDOUT, peers[0].err);
	EXPECT_TRUE(now > 800 * NSEC_PER_SEC);
	finish();
}

TEST(user_timeout)
{
	start(1500, 0);
	wire.split = true;
	peers[0].t.user_timeout_ms = 3000;
	open_both();
	wire.loss = 1000;
	peers[0].to_write = 5000;
	program(&peers[0]);
	while (step())
		;
	EXPECT_EQ(ETIMEDOUT, peers[0].err);
	EXPECT_TRUE(now > 4 * NSEC_PER_SEC && now < 6 * NSEC_PER_SEC);
	finish();
}

TEST(keepalive_finds_a_dead_peer)
{
	start(1500, 0);
	wire.split = true;
	peers[0].t.keepalive = true;
	peers[0].t.keep_idle_s = 10;
	peers[0].t.keep_intvl_s = 5;
	peers[0].t.keep_cnt = 3;
	open_both();
	while (now < 35 * NSEC_PER_SEC && step())
		;
	EXPECT_EQ(TCP_ESTABLISHED, peers[0].t.state);
	wire.loss = 1000;
	while (step())
		;
	EXPECT_EQ(ETIMEDOUT, peers[0].err);
	EXPECT_TRUE(now < 70 * NSEC_PER_SEC);
	finish();
}

static void inject(u32 to, u8 flags, u32 seq, u32 ack)
{
	struct tcp_header h = { .sport = cpu_to_be16((u16)(1000 + !to)),
				.dport = cpu_to_be16((u16)(1000 + to)),
				.seq = cpu_to_be32(seq),
				.ack = cpu_to_be32(ack),
				.off = 5 << 4,
				.flags = flags,
				.window = 0xffff };

	put_sum((u8 *)&h, sizeof(h), !to);
	fly(to, (u8 *)&h, sizeof(h), false);
	while (flying)
		step();
}

TEST(blind_resets_and_syns_get_a_challenge)
{
	start(1500, 0);
	wire.split = true;
	open_both();
	inject(0, TCP_RST, peers[0].t.rcv_nxt + 1000, 0);
	EXPECT_EQ(TCP_ESTABLISHED, peers[0].t.state);
	inject(0, TCP_RST, peers[0].t.rcv_nxt - 1, 0);
	EXPECT_EQ(TCP_ESTABLISHED, peers[0].t.state);
	inject(0, TCP_SYN, peers[0].t.rcv_nxt, 0);
	EXPECT_EQ(TCP_ESTABLISHED, peers[0].t.state);
	inject(0, TCP_ACK, peers[0].t.rcv_nxt, peers[0].t.snd_nxt + 1);
	EXPECT_EQ(TCP_ESTABLISHED, peers[0].t.state);
	inject(0, TCP_RST, peers[0].t.rcv_nxt, 0);
	EXPECT_EQ(TCP_CLOSED, peers[0].t.state);
	EXPECT_EQ(ECONNRESET, peers[0].err);
	finish();
}

TEST(refused)
{
	start(1500, 0);
	ASSERT_EQ(0, tcp_connect_start(&peers[0].t));		/* the other side is CLOSED */
	while (peers[0].t.state != TCP_CLOSED && step())
		;
	EXPECT_EQ(ECONNREFUSED, peers[0].err);
	finish();
}

/* Both at once, one after the other, with data on the way, over a bad wire. */
TEST(close_in_every_state)
{
	for (u32 i = 0; i < 60; i++) {
		start(1500, 0);
		wire = (struct wire){ .loss = i < 20 ? 0 : 200,
				      .dup = 50,
				      .delay = 3000000,
				      .jitter = 1000000,
				      .mtu = 1480,
				      .split = true };
		open_both();
		peers[0].to_write = rnd(3) ? 0 : rnd(5000);
		peers[1].to_write = rnd(3) ? 0 : rnd(5000);
		run_streams(peers[0].to_write, peers[1].to_write, 3000 * NSEC_PER_SEC);
		finish();
	}
}

TEST(urgent_byte)
{
	struct tcp_seg *s;
	struct page *p;
	u32 room;

	start(1500, 0);
	wire.split = true;
	open_both();
	s = tcp_tail_seg(&peers[0].t, &room);
	p = page_alloc(0, PAGE_KERNEL);
	memcpy(page_to_virt(p), "ab!", 3);
	tcp_queue_frag(&peers[0].t, s, p, 0, 3);
	tcp_mark_urgent(&peers[0].t);
	peers[1].reads = false;
	tcp_wrote(&peers[0].t, 0, false);
	for (u32 i = 0; i < 10; i++)
		step();
	EXPECT_TRUE(peers[1].urgent_seen);
	EXPECT_EQ(TCP_URG_HERE, peers[1].t.urg_state);
	EXPECT_EQ('!', peers[1].t.urg_byte);
	EXPECT_EQ(2, tcp_readable(&peers[1].t));
	finish();
}

TEST(no_memory_is_a_loss)
{
	start(1500, 0);
	wire.split = true;
	open_both();
	peers[0].to_write = 200000;
	for (u32 i = 0; i < 60; i++) {
		struct packet *p;

		program(&peers[0]);
		step();
		p = flying;
		if (!p || i % 3)
			continue;
		/* One timer or segment with no memory at all. */
		peers[0].t.now = now;
		host_fail_allocations(rnd(3));
		tcp_send_ack(&peers[0].t);
		tcp_push(&peers[0].t, false);
		host_fail_allocations(-1);
	}
	run_streams(200000, 0, 600 * NSEC_PER_SEC);
	finish();
}

TEST(options_in_any_order)
{
	static const u8 opts[] = { 1, 3, 3, 7, 2,  4,  5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9,
				   0, 0, 0, 0, 34, 10, 1, 2,	3, 4, 5, 6,  7, 8, 0, 0 };
	struct {
		struct tcp_header h;
		u8 o[32];
	} seg = { .h = { .off = 13 << 4, .flags = TCP_SYN } };
	struct tcp_in in;

	memcpy(seg.o, opts, sizeof(opts));
	ASSERT_TRUE(tcp_parse(&seg.h, sizeof(seg), &in));
	EXPECT_EQ(7, in.opt.wscale);
	EXPECT_EQ(1460, in.opt.mss);
	EXPECT_TRUE(in.opt.sack_ok && in.opt.has_ts && in.opt.has_cookie);
	EXPECT_EQ(9, in.opt.tsval);
	EXPECT_EQ(8, in.opt.cookie_len);
	seg.h.off = 4 << 4;
	EXPECT_TRUE(!tcp_parse(&seg.h, sizeof(seg), &in));
	seg.h.off = 15 << 4;
	EXPECT_TRUE(!tcp_parse(&seg.h, sizeof(seg) - 1, &in));
}

TEST(siphash_of_the_paper)
{
	u64 key[2] = { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull };
	u8 in[15];

	for (u32 i = 0; i < 15; i++)
		in[i] = (u8)i;
	EXPECT_EQ(0xa129ca6149be45e5ull, siphash(key, in, 15));
}

TEST(windows_grow_and_fall)
{
	struct tcp t = {};

	for (u32 pass = 0; pass < 2; pass++) {
		tcp_setup(&t, 1000000000);
		t.cong = pass ? &tcp_reno : &tcp_cubic;
		t.cong->init(&t);
		t.min_rtt_us = 10000;
		EXPECT_TRUE(tcp_cong_find(t.cong->name, 16) == t.cong);
		t.cong->on_ack(&t, 10);
		EXPECT_EQ(20, t.snd_cwnd);
		t.snd_cwnd = 100;
		t.snd_ssthresh = t.cong->ssthresh(&t);
		EXPECT_EQ(pass ? 50 : 70, t.snd_ssthresh);
		t.snd_cwnd = t.snd_ssthresh;
		for (u32 i = 0; i < 1000; i++) {
			t.now += 10000000;
			t.cong->on_ack(&t, t.snd_cwnd);
		}
		EXPECT_TRUE(t.snd_cwnd > (pass ? 1000 : 150));
	}
	EXPECT_TRUE(tcp_cong_find("bbr", 16) == NULL);
}
