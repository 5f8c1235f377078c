/* SPDX-License-Identifier: MIT */
/* rcu.c - grace periods: no callback before the readers it waits for are done, none forgotten,
 * readers write nothing shared. */
#include <kernel/ktest.h>

#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <mm/slab.h>

#define ALIVE 0x600d600d600d600dul
#define DEAD  0xdeaddeaddeaddeadul

struct item {
	u64 mark;
	struct rcu_head rcu;
};

static struct item *shared;
static u32 stop, freed;

static void bury(struct rcu_head *h)
{
	struct item *it = container_of(h, struct item, rcu);

	WRITE_ONCE(it->mark, DEAD);
	kfree(it);
	__atomic_fetch_add(&freed, 1, __ATOMIC_RELAXED);
}

/* Thread 0 replaces the item again and again; the others look at it for a while each time. */
static void replace_or_read(u64 i)
{
	u32 n, k;

	if (i == 0) {
		for (n = 0; n < 500; n++) {
			struct item *fresh = knew(struct item), *old = shared;

			if (!fresh)
				break;
			fresh->mark = ALIVE;
			rcu_assign(shared, fresh);
			call_rcu(&old->rcu, bury);
			if (n % 50 == 0)
				synchronize_rcu();
		}
		WRITE_ONCE(stop, 1);
		return;
	}
	while (!READ_ONCE(stop)) {
		rcu_read_lock();
		for (k = 0; k < 100; k++)
			EXPECT_TRUE(READ_ONCE(rcu_deref(shared)->mark) == ALIVE);
		rcu_read_unlock();
		schedule();
	}
}

TEST(nothing_is_freed_under_a_reader)
{
	shared = knew(struct item);
	ASSERT_TRUE(shared);
	shared->mark = ALIVE;
	stop = freed = 0;
	ktest_in_threads(nr_cpus + 1, replace_or_read);
	rcu_barrier();
	EXPECT_EQ(500, freed);
	kfree(shared);
}

TEST(a_grace_period_ends_soon_on_an_idle_machine)
{
	ktime_t start = clock_monotonic();

	synchronize_rcu();
	EXPECT_TRUE(clock_monotonic() - start < NSEC_PER_SEC);
}
