/* SPDX-License-Identifier: MIT */
/* irq.c - calls to other CPUs, many at once and across; bottom halves that never end leave the CPU
 * to threads. */
#include <kernel/ktest.h>

#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/irq.h>
#include <kernel/sched.h>

#define CALLS 100

static u64 calls_made, calls_run;

static void note_call(void *arg)
{
	__atomic_fetch_add((u64 *)arg, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&calls_run, 1, __ATOMIC_RELAXED);
}

static void call_all(u64 i)
{
	u64 mine = 0, expected = 0;

	for (u32 n = 0; n < CALLS; n++) {
		u64 mask = n % 3 ? cpu_online_mask : BIT((i + n) % nr_cpus);

		expected += n % 3 ? nr_cpus : 1;
		cpu_call(mask, note_call, &mine, true);
		if (__atomic_load_n(&mine, __ATOMIC_RELAXED) != expected) {
			FAIL("thread %lu: %lu calls ran, not %lu", i, mine, expected);
			return;
		}
	}
	__atomic_fetch_add(&calls_made, expected, __ATOMIC_RELAXED);
}

TEST(every_cpu_may_call_every_other_at_once)
{
	calls_made = calls_run = 0;
	ktest_in_threads(nr_cpus * 2, call_all);
	EXPECT_EQ(calls_made, calls_run);
}

static u32 storm_on;
static u64 storm_rounds;

static void storm(void)
{
	storm_rounds++;
	if (READ_ONCE(storm_on))
		softirq_raise(SOFTIRQ_TEST);	/* again, and again */
}

TEST(an_endless_bottom_half_leaves_time_to_threads)
{
	u64 before = 0, after = 0, got = 0;
	ktime_t end;
	u32 c;

	softirq_register(SOFTIRQ_TEST, storm);
	for_each_cpu(c)
		before += softirq_thread_runs(c);
	storm_rounds = 0;
	WRITE_ONCE(storm_on, 1);
	softirq_raise(SOFTIRQ_TEST);
	end = clock_monotonic() + 200 * NSEC_PER_MSEC;
	while (clock_monotonic() < end) {
		got++;
		schedule();
	}
	WRITE_ONCE(storm_on, 0);
	sleep_ns(10 * NSEC_PER_MSEC);
	for_each_cpu(c)
		after += softirq_thread_runs(c);
	EXPECT_TRUE(after > before);
	EXPECT_TRUE(storm_rounds > 8);
	EXPECT_TRUE(got > 10);
}
