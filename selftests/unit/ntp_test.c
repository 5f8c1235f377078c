/* SPDX-License-Identifier: MIT */
/* modules: kernel/ntp.c */
/* ntp: phase and frequency converge as the loops of RFC 5905 do, leap seconds come at midnight and
 * once, what is out of bounds is cut. */
#include <kernel/clock.h>
#include <kernel/ntp.h>
#include <kernel/timer.h>
#include <kernel/uapi.h>

#include "unit.h"

#define NS_32 (1ll << 32)

static ktime_t real, mono, rate, armed_for;
static s32 leapt;
static struct timer *armed;

ktime_t clock_realtime(void) { return real; }
ktime_t clock_monotonic(void) { return mono; }
void clock_set_realtime(ktime_t now) { real = now; }
void clock_set_rate(s64 longer) { rate = longer; }
void clock_leap(s32 seconds) { leapt += seconds; }
void clock_slewed(void) {}
void timer_setup(struct timer *t, void (*fn)(struct timer *t)) { t->fn = fn; }
bool timer_arm(struct timer *t, ktime_t when) { armed = t; armed_for = when; return false; }

static struct ntp n;

static void begin(void)
{
	n = (struct ntp){ .tick_us = 10000, .constant = 0 };
	ntp_reset(&n);
}

static void order(struct ntp_request r, s64 now)
{
	ASSERT_EQ(0, ntp_check(&r));
	ntp_apply(&n, &r, now);
}

TEST(a_phase_error_is_made_up_for_and_moves_the_frequency)
{
	s64 total = 0;
	s32 step;

	begin();
	order((struct ntp_request){ .modes = ADJ_STATUS | ADJ_NANO, .status = STA_PLL }, 1000);
	order((struct ntp_request){ .modes = ADJ_OFFSET, .offset = 8000000 }, 1000);
	/* no time has passed since the loop was closed */
	EXPECT_EQ(0, n.freq);
	EXPECT_EQ(8000000 * NS_32, n.offset);
	for (u32 s = 0; s < 400; s++) {
		ntp_second(&n, 1000 + s, &step);
		EXPECT_TRUE(n.extra >= 0);
		total += n.extra;
		if (s == 0)
			EXPECT_EQ(2000000 * NS_32, n.extra);	/* a quarter */
	}
	EXPECT_EQ(8000000 * NS_32, total);
	EXPECT_TRUE(!ntp_is_busy(&n));
	order((struct ntp_request){ .modes = ADJ_OFFSET, .offset = -64000 }, 1004);
	EXPECT_EQ(-64000 * 4 * (NS_32 >> 8), n.freq);	/* offset * seconds / (16 * 16) */
	EXPECT_EQ(0, n.status & STA_MODE);
	order((struct ntp_request){ .modes = ADJ_FREQUENCY }, 1004);
	/* so long ago: the other loop */
	order((struct ntp_request){ .modes = ADJ_OFFSET, .offset = 4096000 }, 1004 + 4096);
	EXPECT_EQ(STA_MODE, n.status & STA_MODE);
	EXPECT_TRUE(n.freq > 1000 * (NS_32 / 4) &&
		    n.freq <= 1000 * (NS_32 / 4) + 4096000 * 8 * (NS_32 >> 8));
}

TEST(bounds)
{
	struct ntp_request r = { .modes = ADJ_TICK, .tick = 8999 };

	begin();
	EXPECT_EQ(-EINVAL, ntp_check(&r));
	r = (struct ntp_request){ .modes = ADJ_FREQUENCY, .freq = S64_MAX };
	EXPECT_EQ(-EINVAL, ntp_check(&r));
	r = (struct ntp_request){ .modes = ADJ_FREQUENCY, .freq = S64_MIN };
	EXPECT_EQ(-EINVAL, ntp_check(&r));
	r = (struct ntp_request){ .modes = ADJ_OLD };
	EXPECT_EQ(-EINVAL, ntp_check(&r));
	order((struct ntp_request){ .modes = ADJ_FREQUENCY, .freq = S64_MAX / 65536000 }, 0);
	EXPECT_EQ(500000 * NS_32, n.freq);
	/* no loop is closed */
	order((struct ntp_request){ .modes = ADJ_OFFSET, .offset = 5 }, 0);
	EXPECT_EQ(0, n.offset);
	order((struct ntp_request){ .modes = ADJ_STATUS, .status = STA_PLL }, 0);
	order((struct ntp_request){ .modes = ADJ_OFFSET, .offset = -S64_MAX }, 0);
	EXPECT_EQ(-500000000 * NS_32, n.offset);
	order((struct ntp_request){ .modes = ADJ_TIMECONST, .constant = -5 }, 0);
	EXPECT_EQ(4, n.constant);
	order((struct ntp_request){ .modes = ADJ_TIMECONST, .constant = S64_MAX }, 0);
	EXPECT_EQ(10, n.constant);
}

TEST(a_leap_second_comes_at_midnight_once)
{
	s64 now = 86400 * 365 - 2;
	s32 step, sum = 0;

	begin();
	order((struct ntp_request){ .modes = ADJ_STATUS, .status = STA_INS }, now);
	for (u32 i = 0; i < 10; i++) {
		ntp_second(&n, now, &step);
		if (step) {
			EXPECT_EQ(86400 * 365, now);
			EXPECT_EQ(TIME_OOP, n.state);
			EXPECT_EQ(1, n.tai);
		}
		sum += step;
		now += 1 + step;
	}
	EXPECT_EQ(-1, sum);
	EXPECT_EQ(TIME_WAIT, n.state);
	EXPECT_TRUE(ntp_is_busy(&n));
	order((struct ntp_request){ .modes = ADJ_STATUS, .status = STA_DEL }, now);
	now = 86400 * 400 - 3;
	ntp_second(&n, now, &step);
	EXPECT_EQ(TIME_WAIT, n.state);		/* until the status has said neither */
	order((struct ntp_request){ .modes = ADJ_STATUS }, now);
	ntp_second(&n, now, &step);
	order((struct ntp_request){ .modes = ADJ_STATUS, .status = STA_DEL }, now);
	for (sum = 0; now < 86400 * 400 + 5; now++) {
		ntp_second(&n, now, &step);
		if (step)
			EXPECT_EQ(86400 * 400 - 1, now);
		sum += step;
	}
	EXPECT_EQ(1, sum);
	EXPECT_EQ(0, n.tai);
}

TEST(adjtime_goes_half_a_millisecond_a_second)
{
	struct ntp_request r = { .modes = ADJ_OLD | ADJ_OFFSET, .offset = -1300 };
	s64 total = 0;
	s32 step;

	begin();
	order(r, 0);
	for (u32 s = 0; s < 5; s++) {
		ntp_second(&n, s, &step);
		EXPECT_TRUE(n.extra >= -500 * 1000 * NS_32);
		total += n.extra;
	}
	EXPECT_EQ(-1300 * 1000 * NS_32, total);
	EXPECT_EQ(TIME_ERROR, ntp_report(&n, &r, 77, 0));
	EXPECT_EQ(77, r.offset);
}

TEST(the_error_grows_until_nobody_trusts_it)
{
	struct ntp_request r = {};

	begin();
	order((struct ntp_request){ .modes = ADJ_STATUS | ADJ_MAXERROR,
				    .status = STA_PLL,
				    .max_error = 100 },
	      50);
	EXPECT_EQ(TIME_OK, ntp_report(&n, &r, 0, 60));
	EXPECT_EQ(100 + 5000, r.max_error);
	EXPECT_EQ(TIME_ERROR, ntp_report(&n, &r, 0, 60 + 86400));
	EXPECT_EQ(16000000, r.max_error);
	EXPECT_EQ(STA_UNSYNC | STA_PLL, n.status);
}

TEST(the_clock_itself)
{
	struct ntp_request r = { .modes = ADJ_TICK, .tick = 10001 };

	ntp_init();
	real = 100 * NSEC_PER_SEC;
	EXPECT_EQ(TIME_ERROR, ntp_adjust(&r));
	EXPECT_EQ(429496, rate);			/* a ten thousandth, in 2^-32 */
	/* and it stays: nothing to do each second */
	EXPECT_EQ(0, armed_for);
	r = (struct ntp_request){ .modes = ADJ_OLD | ADJ_OFFSET, .offset = 600 };
	EXPECT_EQ(TIME_ERROR, ntp_adjust(&r));
	EXPECT_EQ(2576980, rate);
	EXPECT_EQ(NSEC_PER_SEC, armed_for);
	for (u32 i = 0; i < 3; i++)
		armed->fn(armed);
	EXPECT_EQ(429496, rate);
	r = (struct ntp_request){ .modes = ADJ_SETOFFSET, .sec = -1, .frac = 999999 };
	EXPECT_EQ(TIME_ERROR, ntp_adjust(&r));
	EXPECT_EQ(100 * NSEC_PER_SEC - NSEC_PER_USEC, real);
	r = (struct ntp_request){ .modes = ADJ_SETOFFSET, .frac = 1000000 };
	EXPECT_EQ(-EINVAL, ntp_adjust(&r));
	ntp_forget();
	EXPECT_EQ(0, leapt);
}
