/* SPDX-License-Identifier: MIT */
/* timer.c - timers fire once, in order, not early; cancelled ones do not. */
#include <kernel/ktest.h>

#include <kernel/clock.h>
#include <kernel/sched.h>
#include <kernel/timer.h>

#define N 32

static struct timer timers[N];
static u32 order[N], fired, early;

static void note(struct timer *t)
{
	if (clock_monotonic() < t->deadline_ns)
		early++;
	if (fired < N)
		order[fired] = (u32)(t - timers);
	fired++;
}

static void setup(void)
{
	u32 i;

	fired = early = 0;
	for (i = 0; i < N; i++)
		timer_setup(&timers[i], note);
}

TEST(timers_fire_in_the_order_of_their_deadlines)
{
	ktime_t base = clock_monotonic() + 5 * NSEC_PER_MSEC;
	u32 i;

	setup();
	preempt_disable();	/* all on this CPU */
	for (i = 0; i < N; i++)
		timer_arm(&timers[i], base + (ktime_t)((i * 7) % N) * 100 * NSEC_PER_USEC);
	preempt_enable();
	sleep_ns(30 * NSEC_PER_MSEC);
	EXPECT_EQ(N, fired);
	EXPECT_EQ(0, early);
	for (i = 1; i < N; i++)
		EXPECT_TRUE(timers[order[i - 1]].deadline_ns <= timers[order[i]].deadline_ns);
}

TEST(a_cancelled_timer_does_not_fire)
{
	u32 i;

	setup();
	for (i = 0; i < N; i++)
		timer_arm(&timers[i], clock_monotonic() + 3 * NSEC_PER_MSEC);
	for (i = 0; i < N; i += 2)
		EXPECT_TRUE(timer_cancel_sync(&timers[i]));
	EXPECT_TRUE(!timer_cancel(&timers[0]));
	sleep_ns(15 * NSEC_PER_MSEC);
	EXPECT_EQ(N / 2, fired);
}

TEST(arming_again_moves_the_deadline)
{
	setup();
	timer_arm(&timers[0], clock_monotonic() + NSEC_PER_SEC * 100);
	timer_arm(&timers[0], clock_monotonic() + NSEC_PER_MSEC);
	sleep_ns(10 * NSEC_PER_MSEC);
	EXPECT_EQ(1, fired);
	EXPECT_TRUE(!timer_cancel_sync(&timers[0]));
}

TEST(a_deadline_in_the_past_fires_at_once)
{
	setup();
	timer_arm(&timers[0], 0);
	sleep_ns(2 * NSEC_PER_MSEC);
	EXPECT_EQ(1, fired);
}
