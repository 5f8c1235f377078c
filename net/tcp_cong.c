/* SPDX-License-Identifier: MIT */
/* tcp_cong.c - TCP: how the congestion window grows and how far it falls: CUBIC and Reno.
 *
 * Windows are in packets. CUBIC's cube root and products are integers: time in 1/1024 s, windows
 * scaled by 1024 where needed.
 * Locks: the owner's. Pure. Ref: RFC 5681 s3.1, RFC 9438. Tests: selftests/unit/tcp_test.c
 */
#include "tcp_int.h"

#include <kernel/lib/string.h>

u32 tcp_slow_start(struct tcp *t, u32 acked)
{
	u32 cwnd = min(t->snd_cwnd + acked, t->snd_ssthresh), left = acked - (cwnd - t->snd_cwnd);

	t->snd_cwnd = min(cwnd, t->cwnd_clamp);
	return left;
}

/* One packet more for each window acknowledged. */
void tcp_reno_avoid(struct tcp *t, u32 window, u32 acked)
{
	window = max(window, 1u);
	t->cwnd_cnt += acked;
	if (t->cwnd_cnt >= window) {
		u32 more = t->cwnd_cnt / window;

		t->cwnd_cnt -= more * window;
		t->snd_cwnd += more;
	}
	t->snd_cwnd = min(t->snd_cwnd, t->cwnd_clamp);
}

/* RFC 5681 s4.1: a connection that was silent starts over, but not lower than it may begin. */
void tcp_slow_start_after_idle(struct tcp *t)
{
	ktime_t idle = t->now - t->last_snd, rto = ms_ns(t->rto_ms);
	u32 cwnd = t->snd_cwnd;

	t->snd_ssthresh = max(t->snd_ssthresh, cwnd / 4 * 3);
	for (; idle > rto && cwnd > TCP_INIT_CWND; idle -= rto)
		cwnd >>= 1;
	t->snd_cwnd = max(cwnd, min(TCP_INIT_CWND, t->snd_cwnd));
	t->cwnd_cnt = 0;
	t->cwnd_stamp = t->now;
}

/* ---- Reno ---- */

static void reno_init(struct tcp *t)
{
}

static u32 reno_ssthresh(struct tcp *t)
{
	return max(t->snd_cwnd / 2, 2u);
}

static void reno_on_ack(struct tcp *t, u32 acked)
{
	if (tcp_in_slow_start(t))
		acked = tcp_slow_start(t, acked);
	if (acked)
		tcp_reno_avoid(t, t->snd_cwnd, acked);
}

static u32 prior_window(struct tcp *t)
{
	return max(t->snd_cwnd, t->prior_cwnd);
}

const struct tcp_cong_ops tcp_reno = {
	.name = "reno",
	.init = reno_init,
	.ssthresh = reno_ssthresh,
	.on_ack = reno_on_ack,
	.undo = prior_window,
};

/* ---- CUBIC ---- */

#define BETA_NUM   717u			/* 0.7 of 1024 */
#define BETA_DEN   1024u
#define C_SCALED   410u			/* 0.4 of 1024 */

struct cubic {
	u32 w_max, w_last_max, origin, k;	/* k: in 1/1024 s */
	ktime_t epoch;
	u32 reno_cnt, reno_wnd;			/* what Reno would have */
	u32 cnt;				/* packets to acknowledge for one more */
	ktime_t cnt_at;
	/* HyStart: leave slow start when round trips grow */
	u32 round_end, round_min_us, samples, last_round_min_us;
};
static_assert(sizeof(struct cubic) <= sizeof(((struct tcp *)0)->cong_priv), "cong_priv");

static struct cubic *cubic_of(struct tcp *t) { return (struct cubic *)(void *)t->cong_priv; }

static void cubic_init(struct tcp *t)
{
	memset(t->cong_priv, 0, sizeof(t->cong_priv));
}

static u32 cube_root(u64 v)
{
	u64 r = 0;

	for (s32 s = 63; s >= 0; s -= 3) {
		u64 b;

		r <<= 1;
		b = 3 * r * (r + 1) + 1;
		if ((v >> s) >= b) {
			v -= b << s;
			r++;
		}
	}
	return (u32)r;
}

/* K = cbrt((w_max - cwnd) / C), in 1/1024 s. */
static u32 plateau_time(u32 w_max, u32 cwnd)
{
	return cube_root(((u64)(w_max - cwnd) << 30) * 1024 / C_SCALED);
}

static void start_epoch(struct tcp *t, struct cubic *c)
{
	c->epoch = t->now;
	c->reno_cnt = 0;
	c->reno_wnd = t->snd_cwnd;
	if (c->w_max <= t->snd_cwnd) {
		c->k = 0;
		c->origin = t->snd_cwnd;
	} else {
		c->k = plateau_time(c->w_max, t->snd_cwnd);
		c->origin = c->w_max;
	}
}

/* W(t) = C (t - K)^3 + W_max, a round trip from now. */
static u32 target(const struct tcp *t, const struct cubic *c)
{
	u64 at = (u64)((t->now - c->epoch) / 1000 + t->min_rtt_us) * 1024 / 1000000;
	u64 off = at > c->k ? at - c->k : c->k - at, delta;

	off = min(off, (u64)1 << 19);		/* 512 s: what comes later is clamped anyway */
	delta = (C_SCALED * off * off >> 10) * off >> 30;
	if (at < c->k)
		return delta < c->origin ? c->origin - (u32)delta : 1;
	return c->origin + (u32)min(delta, (u64)S32_MAX / 2);
}

static void find_cnt(struct tcp *t, struct cubic *c, u32 acked)
{
	u32 cwnd = t->snd_cwnd, want, per;

	if (!c->epoch)
		start_epoch(t, c);
	want = target(t, c);
	c->cnt = want > cwnd ? cwnd / (want - cwnd) : 100 * cwnd;
	if (!c->w_max && c->cnt > 20)
		c->cnt = 20;			/* no loss yet: find the limit faster */
	/* At least as fast as Reno with this beta: alpha = 3 (1 - beta) / (1 + beta) = 0.53. */
	c->reno_cnt += acked;
	per = cwnd * 15 / 8;
	while (per && c->reno_cnt > per) {
		c->reno_cnt -= per;
		c->reno_wnd++;
	}
	if (c->reno_wnd > cwnd)
		c->cnt = min(c->cnt, cwnd / (c->reno_wnd - cwnd));
	c->cnt = max(c->cnt, 2u);
}

static void hystart(struct tcp *t, struct cubic *c)
{
	u32 us = t->rack_rtt_us, limit;

	if (!seq_before(t->snd_una, c->round_end)) {
		c->round_end = t->snd_nxt;
		c->last_round_min_us = c->round_min_us;
		c->round_min_us = 0;
		c->samples = 0;
	}
	if (!c->round_min_us || us < c->round_min_us)
		c->round_min_us = us;
	limit = min(max(t->min_rtt_us / 8, 4000u), 16000u);
	if (++c->samples >= 8 && t->snd_cwnd >= 16 && t->min_rtt_us &&
	    c->round_min_us > t->min_rtt_us + limit)
		t->snd_ssthresh = t->snd_cwnd;
}

static void cubic_on_ack(struct tcp *t, u32 acked)
{
	struct cubic *c = cubic_of(t);

	if (tcp_in_slow_start(t)) {
		hystart(t, c);
		acked = tcp_slow_start(t, acked);
		if (!acked)
			return;
	}
	find_cnt(t, c, acked);
	tcp_reno_avoid(t, c->cnt, acked);
}

static u32 cubic_ssthresh(struct tcp *t)
{
	struct cubic *c = cubic_of(t);

	c->epoch = 0;
	/* Fast convergence: who reached less than last time leaves room for others. */
	c->w_max = t->snd_cwnd < c->w_last_max
			   ? (u32)((u64)t->snd_cwnd * (BETA_DEN + BETA_NUM) / (2 * BETA_DEN))
			   : t->snd_cwnd;
	c->w_last_max = t->snd_cwnd;
	return max((u32)((u64)t->snd_cwnd * BETA_NUM / BETA_DEN), 2u);
}

static void cubic_state(struct tcp *t, enum tcp_ca_state s)
{
	if (s == TCP_CA_LOSS)
		cubic_of(t)->epoch = 0;
}

const struct tcp_cong_ops tcp_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.ssthresh = cubic_ssthresh,
	.on_ack = cubic_on_ack,
	.state = cubic_state,
	.undo = prior_window,
};

const struct tcp_cong_ops *tcp_cong_find(const char *name, usize n)
{
	static const struct tcp_cong_ops *const all[] = { &tcp_reno, &tcp_cubic };

	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		if (strnlen(name, n) == strlen(all[i]->name) &&
		    !memcmp(name, all[i]->name, strlen(all[i]->name)))
			return all[i];
	return NULL;
}
