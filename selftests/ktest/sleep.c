/* SPDX-License-Identifier: MIT */
/* sleep.c - wait queues, mutexes and threads on the real machine. */
#include <kernel/ktest.h>

#include <arch/atomic.h>
#include <kernel/clock.h>
#include <kernel/mutex.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>

#define THREADS 8
#define ROUNDS	2000

static struct mutex mutex;
static u64 counter, other_counter;

static void count_under_mutex(u64 who)
{
	(void)who;
	for (int i = 0; i < ROUNDS; i++) {
		mutex_lock(&mutex);
		counter++;
		if (++other_counter != counter)
			FAIL("two are inside: %lu, %lu", counter, other_counter);
		mutex_unlock(&mutex);
	}
}

TEST(a_mutex_lets_one_in)
{
	mutex_init(&mutex, RANK_OBJ_SLEEP);
	counter = other_counter = 0;
	ktest_in_threads(THREADS, count_under_mutex);
	EXPECT_EQ(THREADS * ROUNDS, counter);
	EXPECT_TRUE(!mutex_is_locked(&mutex));
}

static struct spinlock spin;

static void count_under_spinlock(u64 who)
{
	irqflags_t irq;

	(void)who;
	for (int i = 0; i < ROUNDS; i++) {
		irq = spin_lock_irq(&spin);
		counter++;
		spin_unlock_irq(&spin, irq);
	}
}

TEST(a_spinlock_lets_one_in)
{
	spin_init(&spin, RANK_OBJECT);
	counter = 0;
	ktest_in_threads(THREADS, count_under_spinlock);
	EXPECT_EQ(THREADS * ROUNDS, counter);
}

/* A ring: thread i waits for turn i, then passes it on. No wake-up may be lost. */
static struct waitq ring;
static atomic_t turn;

static void pass_on(u64 who)
{
	for (u32 i = 0; i < 300; i++) {
		u32 mine = i * THREADS + (u32)who;

		EXPECT_EQ(0, waitq_wait(&ring, atomic_read(&turn) == mine, WAIT_UNINTERRUPTIBLE,
					WAIT_FOREVER));
		atomic_inc(&turn);
		waitq_wake_all(&ring);
	}
}

TEST(no_wakeup_is_lost_in_a_ring)
{
	waitq_init(&ring);
	atomic_set(&turn, 0);
	ktest_in_threads(THREADS, pass_on);
	EXPECT_EQ(300 * THREADS, atomic_read(&turn));
}

TEST(a_wait_ends_at_its_deadline)
{
	ktime_t before = clock_monotonic(), deadline = before + 20 * NSEC_PER_MSEC;

	waitq_init(&ring);
	EXPECT_EQ(-ETIMEDOUT, waitq_wait(&ring, false, WAIT_UNINTERRUPTIBLE, deadline));
	EXPECT_TRUE(clock_monotonic() >= deadline);
	EXPECT_TRUE(clock_monotonic() < deadline + 500 * NSEC_PER_MSEC);
}
