/* SPDX-License-Identifier: MIT */
/* sched.c - threads move, share and stay where they are told. */
#include <kernel/ktest.h>

#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/sched.h>

static u64 seen, turns[8];
static u32 stop;

static void spin_a_while(u64 i)
{
	ktime_t end = clock_monotonic() + 60 * NSEC_PER_MSEC;

	while (clock_monotonic() < end) {
		__atomic_fetch_or(&seen, BIT(this_cpu_id()), __ATOMIC_RELAXED);
		turns[i]++;
	}
}

TEST(busy_threads_spread_over_all_cpus)
{
	seen = 0;
	ktest_in_threads(nr_cpus * 2, spin_a_while);
	EXPECT_EQ(cpu_online_mask, seen);
}

static void pinned(u64 i)
{
	u32 cpu = (u32)i % nr_cpus, n;

	EXPECT_EQ(0, sched_set_affinity(current(), BIT(cpu)));
	for (n = 0; n < 200; n++) {
		EXPECT_EQ(cpu, this_cpu_id());
		if (n % 20 == 0)
			sleep_ns(50 * NSEC_PER_USEC);
		else
			schedule();
	}
}

TEST(a_pinned_thread_stays_on_its_cpu)
{
	ktest_in_threads(6, pinned);
}

static void keep_busy(u64 i)
{
	u64 n = 0;

	if (i == 0) {
		sleep_ns(40 * NSEC_PER_MSEC);
		WRITE_ONCE(stop, 1);
		return;
	}
	while (!READ_ONCE(stop))
		n++;
}

/* More busy threads than CPUs: the sleeper must still be woken and scheduled on time. */
TEST(a_sleeper_gets_its_turn_among_busy_threads)
{
	ktime_t start = clock_monotonic();

	stop = 0;
	ktest_in_threads(nr_cpus * 2 + 1, keep_busy);
	EXPECT_TRUE(clock_monotonic() - start < NSEC_PER_SEC);
}
