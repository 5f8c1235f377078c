/* SPDX-License-Identifier: MIT */
/* modules: net/tcp_wire.c net/tcp_in.c net/tcp_ack.c net/tcp_recov.c net/tcp_rcv.c net/tcp_out.c
 * net/tcp_seg.c net/tcp_timer.c net/tcp_cong.c net/netbuf.c net/checksum.c mm/buddy.c
 * selftests/host/pages.c */
/* tcp, the corners of arriving: what does not fit, overlaps, is old, urgent or comes after the end.
 * The test is the peer and says what one of our own (tcp_test.c) never says. */
#include "tcp_peer.h"

/* ---- what arrives out of place ---- */

TEST(overlaps_are_cut_and_told)
{
	opened();
	say(TCP_ACK, 1000, 1000);
	EXPECT_EQ(1, last_sent()->opt.nr_sack);
	EXPECT_EQ(PEER_ISS + 1001, last_sent()->opt.sack[0].start);
	say(TCP_ACK, 1500, 1000);			/* its first half is there */
	EXPECT_EQ(PEER_ISS + 1501, last_sent()->opt.sack[0].start);
	EXPECT_EQ(PEER_ISS + 2001, last_sent()->opt.sack[0].end);
	EXPECT_EQ(PEER_ISS + 2501, last_sent()->opt.sack[1].end);
	say(TCP_ACK, 1200, 100);			/* all of it is there */
	EXPECT_EQ(PEER_ISS + 1201, last_sent()->opt.sack[0].start);
	say(TCP_ACK, 700, 500);				/* its end is there */
	EXPECT_EQ(PEER_ISS + 701, last_sent()->opt.sack[0].start);
	say(TCP_ACK, 3000, 10);
	say(TCP_ACK, 2900, 300);			/* swallows the one before */
	EXPECT_EQ(PEER_ISS + 3001, last_sent()->opt.sack[0].start);
	EXPECT_EQ(PEER_ISS + 3011, last_sent()->opt.sack[0].end);
	/* the hole, and a part of what lies behind it */
	say(TCP_ACK, 0, 800);
	check_stream(2500);
	EXPECT_EQ(PEER_ISS + 2501, last_sent()->ack);
	say(TCP_ACK, 2500, 500);
	check_stream(3200);
	EXPECT_TRUE(list_empty(&t.ooo));
	EXPECT_EQ(0, t.nr_recent);
	end();
}

TEST(hole_filled_by_more_than_the_hole)
{
	opened();
	say(TCP_ACK, 100, 50);
	say(TCP_ACK, 0, 1000);
	check_stream(1000);
	/* D-SACK: the packet was needless */
	EXPECT_EQ(PEER_ISS + 101, last_sent()->opt.sack[0].start);
	EXPECT_EQ(PEER_ISS + 151, last_sent()->opt.sack[0].end);
	say(TCP_ACK, 500, 1000);			/* half old: the new half counts */
	check_stream(1500);
	EXPECT_EQ(PEER_ISS + 501, last_sent()->opt.sack[0].start);
	EXPECT_EQ(PEER_ISS + 1001, last_sent()->opt.sack[0].end);
	say(TCP_ACK | TCP_FIN, 1600, 10);
	say(TCP_ACK | TCP_FIN, 1500, 0);		/* what lies behind a FIN is nothing */
	EXPECT_EQ(TCP_CLOSE_WAIT, t.state);
	EXPECT_TRUE(list_empty(&t.ooo));
	check_stream(1500);
	end();
}

TEST(queue_left_with_holes_is_freed)
{
	opened();
	say(TCP_ACK, 0, 100);
	say(TCP_ACK, 500, 100);
	EXPECT_TRUE(!list_empty(&t.ooo));
	end();
}

TEST(full_buffer_drops_what_is_out_of_order_first)
{
	s32 at = 0;

	opened();
	rcvbuf = 20000;
	say(TCP_ACK, 40000, 1000);
	EXPECT_TRUE(!list_empty(&t.ooo));
	while (at < 39000 && !list_empty(&t.ooo)) {
		say(TCP_ACK, at, 1000);
		at += 1000;
	}
	EXPECT_TRUE(list_empty(&t.ooo));
	EXPECT_EQ(0, t.nr_recent);
	for (u32 i = 0; i < 40; i++, at += 1000)
		say(TCP_ACK, at, 1000);
	EXPECT_TRUE(t.rcv_nxt - PEER_ISS - 1 < (u32)at);	/* dropped, and said so */
	EXPECT_EQ(t.rcv_nxt, last_sent()->ack);
	EXPECT_TRUE(t.rmem <= rcvbuf + 3000);
	rcvbuf = 20000;
	tune_max = 200000;				/* it may grow: then it does */
	at = (s32)(t.rcv_nxt - PEER_ISS - 1);
	say(TCP_ACK, at, 100);
	EXPECT_TRUE(rcvbuf > 20000);
	EXPECT_EQ(PEER_ISS + 1 + (u32)at + 100, t.rcv_nxt);
	end();
}

TEST(beyond_the_window_is_answered_and_dropped)
{
	u32 edge;

	opened();
	edge = t.rcv_nxt + tcp_receive_window(&t) - PEER_ISS - 1;
	say(TCP_ACK, (s32)edge, 10);
	EXPECT_EQ(PEER_ISS + 1, last_sent()->ack);
	EXPECT_TRUE(list_empty(&t.ooo) && list_empty(&t.rcvq));
	EXPECT_EQ(1, nr_sent);
	say(TCP_ACK, (s32)edge + 100, 10);
	EXPECT_EQ(2, nr_sent);
	EXPECT_TRUE(list_empty(&t.ooo));
	end();
}

TEST(window_without_scaling_is_whole_segments)
{
	setup();
	t.wscale_ok = false;
	open_to_peer();
	EXPECT_EQ(0, t.rcv_wscale);
	say(TCP_ACK, 0, 1000);
	say(TCP_ACK, 1000, 1000);
	say(TCP_ACK, 2000, 1000);
	EXPECT_TRUE(nr_sent > 0 && last_sent()->window <= 65535);
	EXPECT_TRUE(t.window_clamp <= 65535);
	EXPECT_EQ(t.snd_wnd, 60000);
	end();
}

/* ---- numbers that do not fit ---- */

TEST(old_timestamps_are_rejected)
{
	opened();
	say(TCP_ACK, 0, 10);
	say_ts = 500;
	nr_sent = 0;
	say(TCP_ACK, 10, 10);				/* data: answered always */
	EXPECT_EQ(1, nr_sent);
	EXPECT_EQ(PEER_ISS + 11, last_sent()->ack);
	check_stream(10);
	wait_ms(1000);
	say(TCP_ACK, 10, 0);				/* none: answered now and then */
	say(TCP_ACK, 10, 0);
	EXPECT_EQ(2, nr_sent);
	/* RFC 7323 s5.2: a reset needs no timestamp */
	say(TCP_RST, 10, 0);
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(ECONNRESET, err);
	end();
}

TEST(resets)
{
	opened();
	say(TCP_RST, 100, 0);				/* inside the window: RFC 5961 */
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	EXPECT_EQ(1, nr_sent);
	EXPECT_EQ(TCP_ACK, last_sent()->flags);
	say(TCP_RST, 200, 0);				/* and at most twice a second */
	EXPECT_EQ(1, nr_sent);
	say(TCP_RST, -1000, 0);				/* outside: nothing */
	wait_ms(1000);
	say(TCP_RST, -1000, 0);
	EXPECT_EQ(1, nr_sent);
	say(TCP_SYN, -1000, 0);				/* a SYN outside, and inside */
	EXPECT_EQ(2, nr_sent);
	wait_ms(1000);
	say(TCP_SYN, 0, 0);
	EXPECT_EQ(3, nr_sent);
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	say(TCP_ACK | TCP_FIN, 0, 0);
	EXPECT_EQ(TCP_CLOSE_WAIT, t.state);
	say(TCP_ACK, 1, 10);				/* behind their FIN: not taken */
	EXPECT_EQ(0, t.rcvq.next != &t.rcvq);
	say(TCP_RST, 1, 0);
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(EPIPE, err);
	err = 0;
	tcp_abort(&t, EIO);				/* once is enough */
	EXPECT_EQ(0, err);
	say(TCP_ACK, 1, 10);				/* nobody is here */
	EXPECT_EQ(1, nr_refused);
	say(TCP_RST, 1, 0);
	EXPECT_EQ(1, nr_refused);
	end();
}

TEST(acknowledgements_of_the_past_and_the_future)
{
	u32 una;

	opened();
	write_bytes(100, false);
	una = t.snd_una;
	nr_sent = 0;
	say_ack(TCP_ACK, 0, 0, t.snd_nxt + 1);
	EXPECT_EQ(1, nr_sent);				/* RFC 5961 s5.2 */
	EXPECT_EQ(una, t.snd_una);
	wait_ms(1000);
	say_ack(TCP_ACK, 0, 10, una - 100000);
	EXPECT_EQ(2, nr_sent);
	check_stream(0);
	/* late, but of this connection: the data counts */
	say_ack(TCP_ACK, 0, 10, una - 10);
	check_stream(10);
	EXPECT_EQ(una, t.snd_una);
	say_ack(0, 10, 10, 0);				/* no ACK: nothing */
	check_stream(10);
	end();
}

/* RFC 9293 s3.10.7.4: only what is not older than the last update says how large the window is. */
TEST(old_segments_do_not_move_the_window)
{
	opened();
	say_window = 30000;
	say(TCP_ACK, 0, 100);
	EXPECT_EQ(30000, t.snd_wnd);
	say_window = 40000;
	say(TCP_ACK, 100, 0);
	EXPECT_EQ(40000, t.snd_wnd);
	say_window = 50000;
	say(TCP_ACK, 0, 100);				/* repeated, and out of date */
	EXPECT_EQ(40000, t.snd_wnd);
	/* the same number again: it may grow, not shrink */
	say(TCP_ACK, 100, 0);
	EXPECT_EQ(50000, t.snd_wnd);
	say_window = 20000;
	say(TCP_ACK, 100, 0);
	EXPECT_EQ(50000, t.snd_wnd);
	say_window = 1000;
	write_bytes(10, false);
	say(TCP_ACK, 100, 0);				/* shrinks with a new acknowledgement */
	EXPECT_EQ(1000, t.snd_wnd);
	end();
}

/* ---- the handshake ---- */

TEST(answers_to_a_syn_that_do_not_fit)
{
	setup();
	ASSERT_EQ(0, tcp_connect_start(&t));
	say_ack(TCP_SYN | TCP_ACK, -1, 0, t.iss);
	EXPECT_EQ(1, nr_refused);
	say_ack(TCP_RST | TCP_ACK, -1, 0, t.iss + 5);
	EXPECT_EQ(1, nr_refused);
	say_ack(TCP_RST, -1, 0, 0);
	EXPECT_EQ(TCP_SYN_SENT, t.state);
	tcp_send_ack(&t);				/* nothing to say yet */
	EXPECT_EQ(1, nr_sent);
	say(TCP_SYN | TCP_ACK, -1, 20);			/* with data */
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	EXPECT_EQ(PEER_ISS + 21, last_sent()->ack);
	EXPECT_EQ(PEER_ISS + 21, t.rcv_nxt);
	end();
}

TEST(closed_while_both_open)
{
	setup();
	ASSERT_EQ(0, tcp_connect_start(&t));
	say(TCP_SYN, -1, 0);
	EXPECT_EQ(TCP_SYN_RECV, t.state);
	EXPECT_EQ(TCP_SYN | TCP_ACK, last_sent()->flags);
	say_ack(TCP_ACK, 0, 0, t.snd_nxt + 1000);
	EXPECT_EQ(1, nr_refused);
	EXPECT_EQ(TCP_SYN_RECV, t.state);
	tcp_send_fin(&t);
	tcp_send_fin(&t);				/* one FIN */
	EXPECT_EQ(t.iss + 2, t.write_seq);
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(TCP_FIN_WAIT1, t.state);
	EXPECT_EQ(TCP_FIN | TCP_ACK, last_sent()->flags);
	say_ack(TCP_ACK | TCP_FIN, 0, 0, t.snd_una);	/* both at once */
	EXPECT_EQ(TCP_CLOSING, t.state);
	say(TCP_ACK, 1, 0);
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(TCP_TIME_WAIT, tw_state);
	end();
}

TEST(no_memory_for_a_syn)
{
	setup();
	t.mss_user = 600;
	host_fail_allocations(0);
	EXPECT_EQ(-ENOBUFS, tcp_connect_start(&t));	/* nothing at all: connect() says so */
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(WAIT_FOREVER, tcp_next_deadline(&t));
	/* the segment has some, its packet has none */
	host_fail_allocations(1);
	ASSERT_EQ(0, tcp_connect_start(&t));
	host_fail_allocations(-1);
	ASSERT_EQ(TCP_SYN_SENT, t.state);
	EXPECT_EQ(0, nr_sent);
	EXPECT_EQ(t.iss + 1, t.snd_nxt);
	tick();						/* the timer sends it */
	EXPECT_EQ(1, nr_sent);
	EXPECT_EQ(TCP_SYN, last_sent()->flags);
	EXPECT_EQ(t.iss, last_sent()->seq);
	say(TCP_SYN | TCP_ACK, -1, 0);
	EXPECT_EQ(TCP_ESTABLISHED, t.state);
	EXPECT_EQ(600 - 12, t.mss);
	end();
}

/* ---- ends ---- */

TEST(orphan_waits_for_a_fin)
{
	opened();
	t.dead = true;
	t.fin_timeout_s = 0;
	close_send();
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(0, tw_state);
	end();

	opened();
	t.dead = true;
	close_send();
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(TCP_FIN_WAIT2, tw_state);
	EXPECT_EQ(60000, tw_ms);
	end();

	opened();
	t.dead = true;
	close_send();
	/* there is more to come: it stays, for that long */
	say(TCP_ACK, 0, 10);
	EXPECT_EQ(TCP_FIN_WAIT2, t.state);
	EXPECT_EQ(now + 60 * NSEC_PER_SEC, t.deadline[TCP_T_KEEP]);
	while (t.state != TCP_CLOSED && tick())
		;
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(0, err);
	end();
}

TEST(data_after_close_is_refused)
{
	opened();
	t.shutdown |= RCV_SHUTDOWN;
	close_send();
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(TCP_FIN_WAIT2, t.state);
	say(TCP_ACK, 0, 10);
	EXPECT_EQ(1, nr_refused);
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(ECONNRESET, err);
	end();
}

TEST(passive_close)
{
	opened();
	say(TCP_ACK | TCP_FIN, 0, 100);
	EXPECT_EQ(TCP_CLOSE_WAIT, t.state);
	EXPECT_TRUE(events & EPOLLRDHUP);
	close_send();
	EXPECT_EQ(TCP_LAST_ACK, t.state);
	say_ack(TCP_ACK, 101, 0, t.snd_una);
	EXPECT_EQ(TCP_LAST_ACK, t.state);
	say(TCP_ACK, 101, 0);
	EXPECT_EQ(TCP_CLOSED, t.state);
	EXPECT_EQ(0, tw_state);
	end();
}

/* ---- the urgent byte ---- */

TEST(urgent_data_arrives)
{
	opened();
	/* points behind byte 20, which is still to come */
	say_urg = 21;
	say(TCP_ACK | TCP_URG, 0, 10);
	EXPECT_EQ(1, nr_urgent);
	EXPECT_EQ(TCP_URG_ANNOUNCED, t.urg_state);
	EXPECT_EQ(10, tcp_readable(&t));
	say_urg = 11;
	say(TCP_ACK | TCP_URG, 10, 5);			/* the same mark again */
	EXPECT_EQ(1, nr_urgent);
	say_urg = 0;
	say(TCP_ACK, 15, 10);
	EXPECT_EQ(TCP_URG_HERE, t.urg_state);
	EXPECT_EQ(20, t.urg_byte);
	EXPECT_TRUE(events & EPOLLPRI);
	EXPECT_EQ(24, tcp_readable(&t));		/* it is not of the stream */
	t.urg_inline = true;
	EXPECT_EQ(25, tcp_readable(&t));
	t.urg_inline = false;
	say_urg = 1;
	say(TCP_ACK | TCP_URG, -30, 60);		/* a mark in the past */
	EXPECT_EQ(1, nr_urgent);
	check_stream(30);
	/* all before the mark is read, the mark is not */
	t.copied_seq = t.rcv_up;
	say_urg = 5;
	say(TCP_ACK | TCP_URG, 30, 5);
	EXPECT_EQ(2, nr_urgent);
	EXPECT_EQ(34, t.urg_byte);
	EXPECT_EQ(PEER_ISS + 22, t.copied_seq);		/* and is skipped for the new one */
	end();
}

TEST(urgent_data_leaves)
{
	opened();
	say_window = 0;
	say(TCP_ACK, 0, 0);
	queue(3);
	tcp_mark_urgent(&t);
	tcp_wrote(&t, MSS, false);
	EXPECT_EQ(0, nr_sent);
	tick();
	/* the window is closed, the mark goes all the same */
	EXPECT_EQ(2, nr_sent);
	EXPECT_TRUE(sent[0].flags & TCP_URG);
	EXPECT_EQ(3, sent[0].urg);
	say_window = 1000;
	say(TCP_ACK, 0, 0);
	EXPECT_EQ(3, last_sent()->len);
	EXPECT_TRUE(last_sent()->flags & TCP_URG);
	EXPECT_EQ(3, last_sent()->urg);
	say(TCP_ACK, 0, 0);
	EXPECT_TRUE(!t.urg_out);
	write_bytes(3, false);
	EXPECT_TRUE(!(last_sent()->flags & TCP_URG));
	end();
}

TEST(duplicate_data_told_by_the_peer)
{
	u32 una;

	opened();
	write_bytes(2 * MSS, false);
	una = t.snd_una;
	say(TCP_ACK, 0, 0);
	say_sack = (struct tcp_sack){ una, una + MSS };
	say(TCP_ACK, 0, 0);				/* D-SACK: it had that already */
	EXPECT_EQ(1, t.dsack_dups);
	EXPECT_EQ(0, t.sacked_bytes);
	end();
}
