/* SPDX-License-Identifier: MIT */
/* modules: net/tcp_wire.c net/tcp_in.c net/tcp_ack.c net/tcp_recov.c net/tcp_rcv.c net/tcp_out.c
 * net/tcp_seg.c net/tcp_timer.c net/tcp_cong.c net/netbuf.c net/checksum.c mm/buddy.c
 * selftests/host/pages.c */
/* tcp, the corners of sending: timers that give up, closed windows, corks, pacing, and no memory.
 * The test is the peer (tcp_peer.h). */
#include "tcp_peer.h"

/* ---- timers ---- */

static u32 ticks_until_closed(void)
{
	u32 n = 0;

	while (n < 250 && t.state != TCP_CLOSED && tick())
		n++;
	EXPECT_EQ(TCP_CLOSED, t.state);
	return n;
}

TEST(closed_window_is_probed_and_given_up)
{
	opened();
	say_window = 0;
	say(TCP_ACK, 0, 1);
	nr_sent = 0;
	t.retries_max = 4;
	write_bytes(100, false);
	EXPECT_EQ(0, nr_sent);
	tick();
	if (!nr_sent)					/* a delayed acknowledgement came first */
		tick();
	EXPECT_EQ(t.snd_una - 1, last_sent()->seq);	/* a byte it has: it must answer */
	EXPECT_EQ(0, last_sent()->len);
	say(TCP_ACK, 1, 0);				/* an answer, and no room: on and on */
	EXPECT_EQ(0, t.probes_out);
	nr_sent = 0;
	ticks_until_closed();
	EXPECT_EQ(4, nr_sent);
	EXPECT_EQ(ETIMEDOUT, err);
	end();
}

TEST(closed_window_and_a_user_timeout)
{
	ktime_t start;

	opened();
	say_window = 0;
	say(TCP_ACK, 0, 0);
	t.user_timeout_ms = 5000;
	write_bytes(100, false);
	start = now;
	t.soft_err = EHOSTUNREACH;
	ticks_until_closed();
	EXPECT_EQ(EHOSTUNREACH, err);			/* what was heard of the way there */
	EXPECT_TRUE(now - start >= 5 * NSEC_PER_SEC && now - start < 20 * NSEC_PER_SEC);
	end();
}

TEST(small_window_gets_what_fits_by_probe)
{
	opened();
	say_window = 50;
	say(TCP_ACK, 0, 0);
	/* corked: the probe's timer sends it after all */
	write_bytes(30, true);
	EXPECT_EQ(0, nr_sent);
	t.deadline[TCP_T_PROBE] = now;
	tick();
	EXPECT_EQ(30, last_sent()->len);
	EXPECT_TRUE(last_sent()->flags & TCP_PSH);
	say(TCP_ACK, 0, 0);
	nr_sent = 0;
	write_bytes(80, true);
	host_fail_allocations(0);
	tcp_send_probe(&t, false);			/* cannot be cut now */
	host_fail_allocations(-1);
	EXPECT_EQ(0, nr_sent);
	tcp_send_probe(&t, false);
	EXPECT_EQ(50, last_sent()->len);
	end();
}

TEST(probe_without_a_reason_and_an_empty_queue)
{
	opened();
	t.probes_out = 3;
	t.deadline[TCP_T_PROBE] = now;
	t.deadline[TCP_T_RETRANS] = now;
	t.deadline[TCP_T_DELACK] = now;
	t.deadline[TCP_T_KEEP] = now;			/* SO_KEEPALIVE is off */
	tick();
	EXPECT_EQ(0, t.probes_out);
	EXPECT_EQ(0, nr_sent);
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	EXPECT_EQ(WAIT_FOREVER, tcp_next_deadline(&t));
	end();
}

TEST(keepalive_and_a_user_timeout)
{
	setup();
	t.keepalive = true;
	t.keep_idle_s = 10;
	t.keep_intvl_s = 5;
	t.keep_cnt = 100;
	t.user_timeout_ms = 18000;
	open_to_peer();
	tick();
	EXPECT_EQ(1, nr_sent);
	EXPECT_EQ(t.snd_una - 1, last_sent()->seq);
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(0, t.keep_probes);
	ticks_until_closed();
	EXPECT_EQ(TCP_RST | TCP_ACK, last_sent()->flags);
	EXPECT_EQ(ETIMEDOUT, err);
	EXPECT_TRUE(now <= 1040 * NSEC_PER_SEC);
	end();
}

TEST(orphan_gives_up_sooner)
{
	opened();
	t.dead = true;
	write_bytes(100, false);
	nr_sent = 0;
	ticks_until_closed();
	EXPECT_TRUE(nr_sent >= 8 && nr_sent <= 9);	/* and a tail loss probe */
	EXPECT_EQ(ETIMEDOUT, err);
	end();
}

/* ---- sending ---- */

TEST(tail_loss_probe)
{
	opened();
	wait_ms(20);
	write_bytes(100, false);
	wait_ms(20);
	say(TCP_ACK, 0, 0);				/* a round trip is known: 20 ms */
	nr_sent = 0;
	write_bytes(4 * MSS, false);
	EXPECT_EQ(4, nr_sent);
	wait_ms(20);
	say_ack(TCP_ACK, 0, 0, t.snd_una + MSS);
	EXPECT_EQ(TCP_RT_TLP, t.retrans_kind);
	host_fail_allocations(0);
	EXPECT_TRUE(!tcp_send_tlp(&t));
	host_fail_allocations(-1);
	tick();
	/* the last segment again, long before the timeout */
	EXPECT_EQ(5, nr_sent);
	EXPECT_EQ(t.snd_nxt - MSS, last_sent()->seq);
	EXPECT_EQ(t.snd_nxt, t.tlp_high);
	EXPECT_EQ(TCP_CA_OPEN, t.ca_state);
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(t.snd_una, t.snd_nxt);
	write_bytes(MSS, false);
	t.cork = true;
	write_bytes(40, true);
	nr_sent = 0;
	/* what was never sent is the better probe */
	EXPECT_TRUE(tcp_send_tlp(&t));
	EXPECT_EQ(40, last_sent()->len);
	EXPECT_TRUE(!t.tlp_retrans);
	say(TCP_ACK, 0, 0);
	EXPECT_TRUE(!tcp_send_tlp(&t));			/* nothing is out */
	end();
}

TEST(cork_nagle_and_push)
{
	opened();
	t.cork = true;
	write_bytes(100, false);
	EXPECT_EQ(0, nr_sent);
	write_bytes(MSS, false);			/* a whole one goes, its rest waits */
	EXPECT_EQ(1, nr_sent);
	EXPECT_EQ(MSS, last_sent()->len);
	t.cork = false;
	/* Nagle: only small segments hold back small ones */
	tcp_push(&t, false);
	EXPECT_EQ(100, last_sent()->len);
	write_bytes(5, false);
	EXPECT_EQ(2, nr_sent);
	t.nodelay = true;
	write_bytes(5, false);
	EXPECT_EQ(10, last_sent()->len);
	say(TCP_ACK, 0, 0);
	write_bytes(7, true);				/* MSG_MORE */
	EXPECT_EQ(3, nr_sent);
	tcp_push(&t, true);
	EXPECT_EQ(7, last_sent()->len);
	tcp_wrote(&t, MSS, false);			/* nothing was written */
	EXPECT_EQ(4, nr_sent);
	end();
}

TEST(paced)
{
	opened();
	t.pace_rate = MSS * 10;				/* ten a second */
	write_bytes(3 * MSS, false);
	EXPECT_EQ(1, nr_sent);
	for (u32 i = 0; i < 2; i++) {
		ktime_t before = now;

		EXPECT_TRUE(t.deadline[TCP_T_PACE] > now);
		now = t.now = t.deadline[TCP_T_PACE];
		EXPECT_TRUE(now - before > ms_ns(95) && now - before < ms_ns(105));
		t.deadline[TCP_T_RETRANS] = WAIT_FOREVER;
		tcp_timeout(&t);
		EXPECT_EQ(2 + i, nr_sent);
	}
	end();
}

TEST(window_of_congestion_falls_when_idle)
{
	opened();
	t.snd_cwnd = 100;
	write_bytes(10, false);
	say(TCP_ACK, 0, 0);
	wait_ms(60000);
	write_bytes(10, false);
	EXPECT_EQ(TCP_INIT_CWND, t.snd_cwnd);
	end();
}

TEST(window_shrinks_behind_what_was_sent)
{
	struct tcp_seg *s;

	opened();
	write_bytes(4 * MSS, false);
	EXPECT_EQ(4, nr_sent);
	say_window = 1000;
	say_ack(TCP_ACK, 0, 0, t.snd_una + MSS);
	s = list_last(&t.sent, struct tcp_seg, link);
	EXPECT_TRUE(!tcp_retransmit(&t, s, MSS));	/* it would not be taken */
	s = list_first(&t.sent, struct tcp_seg, link);
	host_fail_allocations(0);
	EXPECT_TRUE(!tcp_retransmit(&t, s, MSS));
	host_fail_allocations(-1);
	EXPECT_TRUE(tcp_retransmit(&t, s, MSS));
	EXPECT_EQ(1, t.total_retrans);
	end();
}

TEST(probe_follows_every_transmission)
{
	ktime_t first;

	opened();
	wait_ms(20);
	write_bytes(100, false);
	wait_ms(20);
	say(TCP_ACK, 0, 0);				/* a round trip is known: 20 ms */
	write_bytes(MSS, false);
	EXPECT_EQ(TCP_RT_TLP, t.retrans_kind);
	first = t.deadline[TCP_T_RETRANS];
	wait_ms(10);
	/* two are out: no delayed acknowledgement to wait for, counted from the later */
	write_bytes(MSS, false);
	EXPECT_EQ(TCP_RT_TLP, t.retrans_kind);
	EXPECT_TRUE(t.deadline[TCP_T_RETRANS] < first);
	EXPECT_EQ(now + (ktime_t)(t.srtt_us / 4 + 2000) * 1000, t.deadline[TCP_T_RETRANS]);
	wait_ms(10);
	write_bytes(MSS, false);
	EXPECT_EQ(now + (ktime_t)(t.srtt_us / 4 + 2000) * 1000, t.deadline[TCP_T_RETRANS]);
	tick();
	EXPECT_EQ(t.snd_nxt, t.tlp_high);
	EXPECT_EQ(TCP_CA_OPEN, t.ca_state);
	tick();						/* one probe, then the timeout */
	EXPECT_EQ(TCP_CA_LOSS, t.ca_state);
	end();
}

TEST(probe_when_the_peer_closed_and_when_we_did)
{
	opened();
	wait_ms(20);
	write_bytes(100, false);
	wait_ms(20);
	say(TCP_ACK | TCP_FIN, 0, 0);
	ASSERT_EQ(TCP_CLOSE_WAIT, t.state);
	write_bytes(2 * MSS, false);
	EXPECT_EQ(TCP_RT_TLP, t.retrans_kind);
	close_send();
	ASSERT_EQ(TCP_LAST_ACK, t.state);
	EXPECT_EQ(TCP_RT_TLP, t.retrans_kind);
	tick();
	EXPECT_EQ(TCP_FIN, last_sent()->flags & TCP_FIN);
	EXPECT_EQ(t.snd_nxt, last_sent()->end);
	EXPECT_EQ(TCP_CA_OPEN, t.ca_state);
	end();
	opened();
	wait_ms(20);
	write_bytes(100, false);
	wait_ms(20);
	say(TCP_ACK, 0, 0);
	write_bytes(2 * MSS, false);
	close_send();
	ASSERT_EQ(TCP_FIN_WAIT1, t.state);
	EXPECT_EQ(TCP_RT_TLP, t.retrans_kind);
	end();
}

TEST(window_closes_without_new_numbers)
{
	u32 una;

	opened();
	wait_ms(20);
	write_bytes(3 * MSS, false);
	una = t.snd_una;
	say_ack(TCP_ACK, 0, 0, una + MSS);
	EXPECT_EQ(60000, t.snd_wnd);
	say_window = 50000;
	/* the same numbers, smaller: an older segment, overtaken */
	say_ack(TCP_ACK, 0, 0, una + MSS);
	EXPECT_EQ(60000, t.snd_wnd);
	say_window = 0;
	say_ack(TCP_ACK, 0, 0, una + MSS);
	EXPECT_EQ(0, t.snd_wnd);
	t.retries_max = 3;
	for (u32 i = 0; i < 30; i++) {
		/* it answers: probes for ever, one at a time */
		nr_sent = 0;
		ASSERT_TRUE(tick());
		EXPECT_TRUE(nr_sent <= 1);
		say_ack(TCP_ACK, 0, 0, una + MSS);
	}
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	say_window = 60000;
	say_ack(TCP_ACK, 0, 0, t.snd_nxt);
	EXPECT_EQ(t.snd_una, t.snd_nxt);
	write_bytes(3 * MSS, false);
	say_window = 0;
	say_ack(TCP_ACK, 0, 0, t.snd_una);
	EXPECT_EQ(0, t.snd_wnd);
	ticks_until_closed();				/* it does not */
	EXPECT_EQ(ETIMEDOUT, err);
	end();
}

TEST(no_memory_for_a_fin)
{
	opened();
	host_fail_allocations(0);
	close_send();
	host_fail_allocations(-1);
	EXPECT_EQ(TCP_FIN_WAIT1, t.state);
	EXPECT_EQ(0, nr_sent);
	EXPECT_TRUE(!t.fin_queued);
	tick();
	EXPECT_EQ(TCP_FIN | TCP_ACK, last_sent()->flags);
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(TCP_FIN_WAIT2, t.state);
	end();
}

/* ---- Fast Open ---- */

/* A SYN with n bytes behind it. */
static void open_with(u32 n)
{
	setup();
	t.tfo_ask = true;
	t.tfo_cookie_len = 8;
	ASSERT_EQ(0, tcp_connect_queue(&t));
	queue(n);
	tcp_connect_send(&t);
	ASSERT_EQ(1, nr_sent);
	EXPECT_EQ(TCP_SYN, sent[0].flags);
	EXPECT_EQ(n, sent[0].len);
	EXPECT_EQ(8, sent[0].opt.cookie_len);
	EXPECT_EQ(t.iss + 1 + n, t.snd_nxt);
}

TEST(data_in_the_syn_is_taken)
{
	open_with(100);
	say(TCP_SYN | TCP_ACK, -1, 0);
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	EXPECT_TRUE(t.syn_data_acked);
	EXPECT_EQ(t.snd_nxt, t.snd_una);
	EXPECT_EQ(0, last_sent()->len);
	end();
}

TEST(data_in_the_syn_goes_again_if_the_syn_alone_is_taken)
{
	open_with(400);
	say_ack(TCP_SYN | TCP_ACK, -1, 0, t.iss + 1);
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	EXPECT_TRUE(!t.syn_data_acked);
	EXPECT_EQ(t.iss + 1, last_sent()->seq);
	EXPECT_EQ(400, last_sent()->len);
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(t.snd_nxt, t.snd_una);
	end();
}

TEST(a_lost_syn_goes_again_without_its_data)
{
	open_with(100);
	ASSERT_TRUE(tick());
	EXPECT_EQ(TCP_SYN, last_sent()->flags);
	EXPECT_EQ(0, last_sent()->len);
	EXPECT_TRUE(!last_sent()->opt.has_cookie);
	say_ack(TCP_SYN | TCP_ACK, -1, 0, t.iss + 1);
	EXPECT_EQ(100, last_sent()->len);
	end();
}

/* A SYN with n bytes, and a FIN that must come again. */
static void accept_with(u32 n)
{
	struct tcp_in in = {
		.seq = PEER_ISS, .len = n, .flags = TCP_SYN | TCP_FIN, .window = 60000
	};
	struct netbuf *nb;

	setup();
	nb = netbuf_alloc(n, 0, PAGE_ATOMIC);
	for (u32 i = 0; i < n; i++)
		*(u8 *)netbuf_put(nb, 1) = (u8)i;
	in.end = in.seq + n + 2;
	t.irs = PEER_ISS;
	t.rcv_nxt = t.rcv_wup = t.copied_seq = PEER_ISS + 1;
	t.tfo_server = true;
	tcp_set_state(&t, TCP_SYN_RECV);
	tcp_accept_start(&t, &in, nb);
	EXPECT_EQ(TCP_SYN | TCP_ACK, last_sent()->flags);
	EXPECT_EQ(PEER_ISS + 1 + n, last_sent()->ack);
	EXPECT_EQ(TCP_SYN_RECV, t.state);
}

TEST(listener_takes_data_of_a_syn)
{
	accept_with(200);
	check_stream(200);
	nr_sent = 0;
	write_bytes(50, false);			/* before the handshake is done */
	EXPECT_EQ(t.iss + 1, last_sent()->seq);
	EXPECT_EQ(50, last_sent()->len);
	say(TCP_ACK, 200, 10);
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	check_stream(210);
	EXPECT_EQ(t.snd_nxt, t.snd_una);
	end();
}

TEST(listener_repeats_its_answer)
{
	accept_with(0);
	nr_sent = 0;
	ASSERT_TRUE(tick());
	EXPECT_EQ(TCP_SYN | TCP_ACK, last_sent()->flags);
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	end();
}

TEST(wasted_memory_is_given_back_before_data_is_refused)
{
	opened();
	rcvbuf = 4096;
	for (u32 i = 0; i < 6; i++) {
		struct netbuf *nb;

		say(TCP_ACK, (s32)i * 100, 100);
		nb = list_empty(&t.rcvq) ? NULL : list_last(&t.rcvq, struct netbuf, link);
		if (nb && nb->len == 100) {		/* as if each lay in a page of its own */
			nb->truesize += 2000;
			t.rmem += 2000;
		}
	}
	check_stream(600);
	end();
}
