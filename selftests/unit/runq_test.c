/* SPDX-License-Identifier: MIT */
/* modules: kernel/runq.c kernel/lib/rbtree.c */
/* runq: who is next, for how long, and who displaces whom. */
#include <kernel/runq.h>
#include <kernel/task.h>

#include "unit.h"

static struct runq q;
static struct task idle, t[8];

static void start(void)
{
	u32 i;

	q = (struct runq){ 0 };
	runq_init(&q, 0);
	q.idle = q.curr = &idle;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = (struct task){ .policy = SCHED_NORMAL,
				      .weight = nice_to_weight(0),
				      .affinity = ~0ul };
		list_init(&t[i].run_link);
	}
}

static void set_nice(struct task *x, int nice)
{
	x->nice = (s8)nice;
	x->weight = nice_to_weight(nice);
}

/* Runs the queue for n slices of 1 ms; counts what each got. */
static void run(u32 n, u32 *got)
{
	while (n--) {
		struct task *x = runq_pick(&q);

		if (x == q.idle)
			return;
		runq_charge(&q, x, NSEC_PER_MSEC);
		got[x - t]++;
		runq_put_prev(&q, x);
	}
}

TEST(equal_threads_get_equal_shares)
{
	u32 got[8] = { 0 }, i;

	start();
	for (i = 0; i < 4; i++)
		runq_add(&q, &t[i], false);
	run(400, got);
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(got[i] >= 99 && got[i] <= 101);
}

TEST(five_nice_levels_are_a_factor_of_three)
{
	u32 got[8] = { 0 };

	start();
	set_nice(&t[0], 0);
	set_nice(&t[1], 5);
	runq_add(&q, &t[0], false);
	runq_add(&q, &t[1], false);
	run(4000, got);
	EXPECT_TRUE(got[0] > got[1] * 29 / 10 && got[0] < got[1] * 33 / 10);
}

TEST(rt_runs_before_fair_and_by_priority)
{
	start();
	t[1].policy = SCHED_FIFO;
	t[1].rt_prio = 10;
	t[2].policy = SCHED_RR;
	t[2].rt_prio = 80;
	runq_add(&q, &t[0], false);
	runq_add(&q, &t[1], false);
	runq_add(&q, &t[2], false);
	EXPECT_EQ(3, q.nr_running);
	EXPECT_TRUE(runq_pick(&q) == &t[2]);
	EXPECT_TRUE(runq_pick(&q) == &t[1]);
	EXPECT_TRUE(runq_pick(&q) == &t[0]);
	EXPECT_TRUE(runq_pick(&q) == &idle);
}

TEST(round_robin_turns_at_the_end_of_a_slice)
{
	u32 i;

	start();
	for (i = 0; i < 2; i++) {
		t[i].policy = SCHED_RR;
		t[i].rt_prio = 5;
		runq_add(&q, &t[i], false);
	}
	EXPECT_TRUE(runq_pick(&q) == &t[0]);
	runq_charge(&q, &t[0], SCHED_RR_SLICE / 2);
	runq_put_prev(&q, &t[0]);
	EXPECT_TRUE(runq_pick(&q) == &t[0]);	/* preempted, not expired: still first */
	runq_charge(&q, &t[0], SCHED_RR_SLICE);
	EXPECT_TRUE(runq_slice_over(&q, 0));
	runq_put_prev(&q, &t[0]);
	EXPECT_TRUE(runq_pick(&q) == &t[1]);
}

TEST(a_sleeper_is_placed_near_the_front_but_not_before_time)
{
	u32 got[8] = { 0 };

	start();
	runq_add(&q, &t[0], false);
	run(100, got);
	t[1].vruntime = 0;			/* slept through all of it */
	runq_add(&q, &t[1], true);
	EXPECT_TRUE((s64)(t[1].vruntime - t[0].vruntime) < 0);
	EXPECT_TRUE(t[0].vruntime - t[1].vruntime <= (u64)SCHED_SLICE_NS);
}

TEST(preemption_rules)
{
	start();
	EXPECT_TRUE(runq_preempts(&q, &t[0]));	/* idle gives way to anybody */
	runq_add(&q, &t[0], false);
	runq_pick(&q);
	t[0].vruntime = 10 * NSEC_PER_MSEC;
	EXPECT_TRUE(runq_preempts(&q, &t[1]));
	t[1].vruntime = t[0].vruntime;
	EXPECT_TRUE(!runq_preempts(&q, &t[1]));
	t[1].policy = SCHED_FIFO;
	t[1].rt_prio = 1;
	EXPECT_TRUE(runq_preempts(&q, &t[1]));
	t[2].policy = SCHED_BATCH;
	EXPECT_TRUE(!runq_preempts(&q, &t[2]));
}

TEST(yield_lets_the_next_one_run)
{
	start();
	runq_add(&q, &t[0], false);
	runq_add(&q, &t[1], false);
	EXPECT_TRUE(runq_pick(&q) == &t[0]);
	runq_yield(&q, &t[0]);
	runq_put_prev(&q, &t[0]);
	EXPECT_TRUE(runq_pick(&q) == &t[1]);
}

TEST(stealing_respects_affinity)
{
	start();
	t[0].affinity = 1;
	t[1].affinity = 2;
	runq_add(&q, &t[0], false);
	runq_add(&q, &t[1], false);
	EXPECT_TRUE(runq_steal(&q, 1) == &t[1]);
	runq_remove(&q, &t[1]);
	EXPECT_TRUE(runq_steal(&q, 1) == NULL);
	EXPECT_EQ(1, q.nr_running);
}
