/* SPDX-License-Identifier: MIT */
/* tcp_peer.h - one TCP connection without a network: the test is its peer, says one segment at a
 * time and reads what is answered. */
#pragma once

#include <kernel/lib/string.h>
#include <mm/iter.h>
#include <mm/slab.h>

#include "../../net/tcp_int.h"
#include "unit.h"

#define PEER_ISS 70000u
#define MSS	 1448u

static struct tcp t;
static struct tcp_in sent[256];			/* what it sent, the oldest first; opt as parsed */
static u32 nr_sent, nr_refused, nr_urgent, events, err, tw_state, tw_ms, sndbuf, rcvbuf, tune_max;
static ktime_t now;
static u16 say_window;				/* what the peer says */
static u32 say_ts;
static u16 say_urg;
static struct tcp_sack say_sack;
static struct slab_cache *seg_cache;

/* ---- what a connection asks of the world ---- */

void tcp_env_send(struct tcp *tp, struct netbuf *nb, u32 mss)
{
	_Alignas(4) u8 head[60] = {};
	u32 len = nb->len;

	netbuf_read(nb, 0, head, min(len, 60u));
	netbuf_free(nb);
	ASSERT_TRUE(nr_sent < ARRAY_SIZE(sent));
	ASSERT_TRUE(tcp_parse((struct tcp_header *)(void *)head, len, &sent[nr_sent++]));
}

void tcp_env_wake(struct tcp *tp, u32 ev) { events |= ev; }
void tcp_env_space(struct tcp *tp) {}
void tcp_env_state(struct tcp *tp) {}
void tcp_env_timer(struct tcp *tp, ktime_t when) {}
void tcp_env_confirm(struct tcp *tp) {}
void tcp_env_cookie(struct tcp *tp, const struct tcp_in *in) {}
void tcp_env_urgent(struct tcp *tp) { nr_urgent++; }
u32 tcp_env_tune_max(struct tcp *tp, bool send) { return tune_max; }
struct tcp_seg *tcp_env_seg_alloc(void) { return slab_alloc(seg_cache, PAGE_ATOMIC); }
void tcp_env_seg_free(struct tcp_seg *s) { slab_free(seg_cache, s); }
void tcp_env_error(struct tcp *tp, u32 e) { err = e; }
void tcp_env_refuse(struct tcp *tp, const struct tcp_in *in) { nr_refused++; }
void tcp_env_port(struct tcp *tp, struct tcp_header *h) { h->sport = h->dport = 0; }

void tcp_env_time_wait(struct tcp *tp, u32 state, u32 ms)
{
	tw_state = state;
	tw_ms = ms;
}

usize iter_put(struct iter *it, const void *src, usize n) { return 0; }
usize iter_take(struct iter *it, void *dst, usize n) { return 0; }

/* ---- the peer ---- */

static inline void setup(void)
{
	u32 window;

	if (!seg_cache) {
		seg_cache = slab_cache_create("tcp_seg", sizeof(struct tcp_seg), 64);
		netbuf_init();
	}
	now = 1000 * NSEC_PER_SEC;
	nr_sent = nr_refused = nr_urgent = events = err = tw_state = tw_ms = 0;
	say_window = 60000;
	say_ts = 1000;
	say_urg = 0;
	say_sack = (struct tcp_sack){};
	tune_max = 0;
	sndbuf = 1 << 20;
	rcvbuf = 131072;
	memset(&t, 0, sizeof(t));
	tcp_setup(&t, now);
	t.sndbuf = &sndbuf;
	t.rcvbuf = &rcvbuf;
	t.iss = 0xffffff00u;			/* the numbers wrap early */
	t.adv_mss = t.mss_path = 1460;
	tcp_init_window(&t, rcvbuf, t.adv_mss, true, &window, &t.rcv_wscale);
	t.rcv_wnd = window;
}

/* The bytes at..at+len of the peer's stream (its SYN is -1), with these flags. */
static inline void say_ack(u8 flags, s32 at, u32 len, u32 ack)
{
	struct netbuf *nb = netbuf_alloc(len, 0, PAGE_ATOMIC);
	struct tcp_in in = { .seq = PEER_ISS + 1 + (u32)at,
			     .ack = ack,
			     .len = len,
			     .flags = flags,
			     .window = say_window,
			     .urg = say_urg };

	ASSERT_TRUE(nb != NULL);
	for (u32 i = 0; i < len; i++)
		*(u8 *)netbuf_put(nb, 1) = (u8)((u32)at + i);
	in.end = in.seq + len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	in.opt.has_ts = t.ts_ok;
	in.opt.tsval = say_ts;
	in.opt.tsecr = tcp_ts_now(&t);
	in.opt.sack[0] = say_sack;
	in.opt.nr_sack = say_sack.end != say_sack.start;
	if (flags & TCP_SYN) {
		in.opt.has_wscale = t.wscale_ok;
		in.opt.sack_ok = t.sack_ok;
		in.opt.mss = 1460;
		in.opt.wscale = 0;
	}
	t.now = now;
	tcp_segment(&t, &in, nb);
}

static inline void say(u8 flags, s32 at, u32 len) { say_ack(flags, at, len, t.snd_nxt); }

static inline void open_to_peer(void)
{
	ASSERT_EQ(0, tcp_connect_start(&t));
	say(TCP_SYN | TCP_ACK, -1, 0);
	ASSERT_EQ(TCP_ESTABLISHED, t.state);
	nr_sent = 0;
}

static inline void opened(void)
{
	setup();
	open_to_peer();
}

static inline void close_send(void)
{
	t.shutdown |= SEND_SHUTDOWN;
	tcp_set_state(&t, t.state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT1);
	tcp_send_fin(&t);
}

static inline void queue(u32 len)
{
	while (len) {
		u32 room, n;
		struct tcp_seg *s = tcp_tail_seg(&t, &room);

		ASSERT_TRUE(s != NULL);
		n = min(min(len, room), (u32)PAGE_SIZE);
		tcp_queue_frag(&t, s, page_alloc(0, PAGE_KERNEL), 0, n);
		len -= n;
	}
}

static inline void write_bytes(u32 len, bool more)
{
	t.now = now;
	queue(len);
	tcp_wrote(&t, tcp_size_goal(&t), more);
}

static inline void wait_ms(u32 ms)
{
	now += ms_ns(ms);
	t.now = now;
}

/* The next thing the clock brings; false: nothing. */
static inline bool tick(void)
{
	if (tcp_next_deadline(&t) == WAIT_FOREVER)
		return false;
	now = max(now, tcp_next_deadline(&t));
	t.now = now;
	tcp_timeout(&t);
	return true;
}

static inline const struct tcp_in *last_sent(void)
{
	return nr_sent ? &sent[nr_sent - 1] : &sent[0];
}

/* In order, the bytes of the stream, up to rcv_nxt. */
static inline void check_stream(u32 want)
{
	struct netbuf *nb;
	u32 pos = 0;

	list_for_each_entry(nb, &t.rcvq, link) {
		u8 buf[4096];

		EXPECT_EQ(PEER_ISS + 1 + pos, tcp_cb(nb)->seq);
		netbuf_read(nb, 0, buf, nb->len);
		for (u32 i = 0; i < nb->len; i++)
			if (buf[i] != (u8)(pos + i)) {
				FAIL("byte %u is wrong", pos + i);
				host_end_test();
			}
		pos += nb->len;
	}
	EXPECT_EQ(want, pos);
	EXPECT_EQ(PEER_ISS + 1 + want + t.fin_seen, t.rcv_nxt);
}

static inline void end(void)
{
	tcp_purge(&t);
	EXPECT_EQ(0, t.wmem);
	EXPECT_EQ(0, t.rmem);
	EXPECT_EQ(0, host_allocations());
}
