/* SPDX-License-Identifier: MIT */
/* lock.c - reader-writer locks on the real machine; cross-CPU calls; per-CPU data. (Mutexes and
 * spinlocks: sleep.c.) */
#include <kernel/ktest.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <kernel/irq.h>
#include <kernel/mutex.h>
#include <kernel/sched.h>

static struct rwlock rw;
static u64 a, b;
static u32 readers, most;

static void read_and_write(u64 i)
{
	u32 n, now;

	for (n = 0; n < 2000; n++) {
		if ((n + i) % 8 == 0) {
			rw_write_lock(&rw);
			EXPECT_EQ(0, READ_ONCE(readers));
			a++;
			if (n % 64 == 0)
				schedule();
			b++;
			rw_write_unlock(&rw);
			continue;
		}
		rw_read_lock(&rw);
		now = __atomic_add_fetch(&readers, 1, __ATOMIC_RELAXED);
		if (now > READ_ONCE(most))
			WRITE_ONCE(most, now);
		EXPECT_TRUE(READ_ONCE(a) == READ_ONCE(b));
		if (n % 32 == 0)
			schedule();
		if (n % 512 == 3)
			/* others come in meanwhile, even where all CPUs share one of the host's */
			sleep_ns(1000000);
		__atomic_sub_fetch(&readers, 1, __ATOMIC_RELAXED);
		rw_read_unlock(&rw);
	}
}

TEST(writers_are_alone_and_readers_share)
{
	rwlock_init(&rw, RANK_SLEEP_LEAF);
	a = b = readers = most = 0;
	ktest_in_threads(6, read_and_write);
	EXPECT_EQ(6 * 250, a);
	EXPECT_EQ(a, b);
	EXPECT_TRUE(most > 1);
}

TEST(a_writer_that_becomes_a_reader_lets_readers_in)
{
	rwlock_init(&rw, RANK_SLEEP_LEAF);
	rw_write_lock(&rw);
	EXPECT_TRUE(!rw_read_trylock(&rw));
	rw_downgrade(&rw);
	EXPECT_TRUE(rw_read_trylock(&rw));
	rw_read_unlock(&rw);
	rw_read_unlock(&rw);
}

static u64 visited;

static void visit(void *arg)
{
	__atomic_fetch_or(&visited, BIT(this_cpu_id()), __ATOMIC_RELAXED);
	EXPECT_TRUE(arg == &visited);
}

TEST(a_call_runs_on_every_cpu)
{
	u32 i;

	for (i = 0; i < 50; i++) {
		visited = 0;
		cpu_call(cpu_online_mask, visit, &visited, true);
		EXPECT_EQ(cpu_online_mask, visited);
	}
}

static DEFINE_PER_CPU(u64, counter);
static u64 total;

static void count(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&total, *this_cpu(counter), __ATOMIC_RELAXED);
	*this_cpu(counter) = 0;
}

static void bump(u64 i)
{
	u32 n;

	(void)i;
	for (n = 0; n < 10000; n++) {
		preempt_disable();
		(*this_cpu(counter))++;
		preempt_enable();
	}
}

TEST(per_cpu_counters_lose_nothing)
{
	total = 0;
	ktest_in_threads(8, bump);
	cpu_call(cpu_online_mask, count, NULL, true);
	EXPECT_EQ(80000, total);
}
