/* SPDX-License-Identifier: MIT */
/* modules: kernel/budget.c kernel/lib/xarray.c */
/* budget: random charges in a tree of budgets against plain counts; limits, stocks, life. */
#include <arch/cpu.h>
#include <kernel/budget.h>
#include <kernel/irq.h>
#include <kernel/uapi.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#include "unit.h"

#define N 4u

u64 cpu_online_mask = 1;
u32 nr_cpus = 1;

static struct xa_node *node_alloc(void)
{
	return kmalloc(sizeof(struct xa_node), PAGE_ATOMIC | PAGE_ZEROED);
}

static void node_free(struct xa_node *n)
{
	kfree(n);
}

const struct xa_mem vmo_xa_mem = { node_alloc, node_free };

void cpu_call(u64 mask, void (*fn)(void *), void *arg, bool wait)
{
	(void)wait;
	EXPECT_EQ(cpu_online_mask, mask);
	fn(arg);
}

static struct task tasks[N];
static struct budget *b[N];		/* b[0] the root; 1 and 2 below it; 3 below 2 */

static void become(u32 i)
{
	host_current = &tasks[i].head;
}

static void begin(void)
{
	static const u32 parent[N] = { 0, 0, 0, 2 };
	u32 i;

	budget_init();
	b[0] = &budget_root;
	for (i = 1; i < N; i++)
		ASSERT_EQ(0, budget_create(b[parent[i]], &b[i]));
	for (i = 0; i < N; i++)
		tasks[i].budget = b[i];
	become(0);
}

static void end(void)
{
	u32 i, k;

	become(0);
	budget_drain();
	for (i = N; i-- > 0;) {
		for (k = 0; k < BUDGET_NR; k++)
			EXPECT_EQ(0, budget_used(b[i], (enum budget_kind)k));
		if (i) {
			/* ours: a child gave back its parent */
			EXPECT_EQ(1, atomic_read(&b[i]->refs));
			budget_put(b[i]);
		}
	}
}

TEST(a_charge_counts_all_the_way_up)
{
	begin();
	become(3);
	EXPECT_EQ(b[3]->id, budget_charge(BUDGET_PAGES, 10, NULL));
	EXPECT_EQ(10, budget_used(b[3], BUDGET_PAGES));
	EXPECT_EQ(10, budget_used(b[2], BUDGET_PAGES));
	EXPECT_EQ(0, budget_used(b[1], BUDGET_PAGES));
	EXPECT_EQ(10, budget_used(b[0], BUDGET_PAGES));
	EXPECT_TRUE(budget_within(b[3], b[2]) && budget_within(b[3], b[0]) &&
		    !budget_within(b[3], b[1]) && !budget_within(b[2], b[3]));
	become(1);						/* another gives it back */
	budget_uncharge(b[3]->id, BUDGET_PAGES, 10);
	EXPECT_EQ(0, budget_used(b[2], BUDGET_PAGES));
	end();
}

TEST(a_limit_above_refuses_and_nothing_is_counted)
{
	struct budget *full = NULL;

	begin();
	budget_set_limit(b[2], BUDGET_PAGES, 100);
	become(3);
	/* not a batch more: it would not fit */
	EXPECT_EQ(b[3]->id, budget_charge(BUDGET_PAGES, 100, NULL));
	EXPECT_EQ(0, budget_charge(BUDGET_PAGES, 1, &full));
	EXPECT_TRUE(full == b[2]);
	EXPECT_EQ(100, budget_used(b[3], BUDGET_PAGES));
	EXPECT_EQ(100, budget_used(b[0], BUDGET_PAGES));
	budget_uncharge(b[3]->id, BUDGET_PAGES, 100);
	EXPECT_TRUE(budget_charge(BUDGET_PAGES, 100, NULL));
	budget_uncharge(b[3]->id, BUDGET_PAGES, 100);
	end();
}

TEST(what_one_has_in_stock_another_gets_after_a_drain)
{
	begin();
	budget_set_limit(b[2], BUDGET_OBJECTS, BUDGET_BATCH + 1);
	become(2);
	/* the rest is in stock now */
	EXPECT_TRUE(budget_charge(BUDGET_OBJECTS, 1, NULL));
	EXPECT_EQ(1, budget_used(b[2], BUDGET_OBJECTS));
	EXPECT_EQ(BUDGET_BATCH + 1, atomic_read(&b[2]->used[BUDGET_OBJECTS]));
	budget_drain();
	EXPECT_EQ(1, atomic_read(&b[2]->used[BUDGET_OBJECTS]));
	become(3);
	EXPECT_TRUE(budget_charge(BUDGET_OBJECTS, BUDGET_BATCH, NULL));
	EXPECT_EQ(0, budget_charge(BUDGET_OBJECTS, 1, NULL));
	budget_uncharge(b[3]->id, BUDGET_OBJECTS, BUDGET_BATCH);
	budget_uncharge(b[2]->id, BUDGET_OBJECTS, 1);
	end();
}

TEST(threads_are_counted_one_by_one_and_may_move)
{
	begin();
	budget_set_limit(b[2], BUDGET_TASKS, 2);
	become(0);
	EXPECT_TRUE(budget_charge(BUDGET_TASKS, 1, NULL));
	EXPECT_EQ(0, budget_enter(b[3]));
	EXPECT_TRUE(tasks[0].budget == b[3]);
	EXPECT_EQ(1, budget_used(b[2], BUDGET_TASKS));
	EXPECT_EQ(1, budget_used(b[0], BUDGET_TASKS));
	EXPECT_TRUE(budget_charge(BUDGET_TASKS, 1, NULL));
	EXPECT_EQ(0, budget_charge(BUDGET_TASKS, 1, NULL));
	EXPECT_EQ(-EAGAIN, budget_enter(b[2]));		/* it counts itself before it leaves */
	budget_uncharge(b[3]->id, BUDGET_TASKS, 1);
	EXPECT_EQ(0, budget_enter(b[0]));
	budget_uncharge(b[0]->id, BUDGET_TASKS, 1);
	end();
}

TEST(processor_time_adds_up)
{
	begin();
	become(3);
	budget_add_cpu_ns(&tasks[3], 5);		/* the stock is another's */
	EXPECT_TRUE(budget_charge(BUDGET_PAGES, 1, NULL));
	budget_add_cpu_ns(&tasks[3], 7);
	budget_add_cpu_ns(&tasks[3], 1000ul * 1000 * 1000);
	budget_add_cpu_ns(&tasks[1], 3);
	budget_add_cpu_ns(&tasks[3], 2);
	budget_uncharge(b[3]->id, BUDGET_PAGES, 1);
	budget_drain();
	EXPECT_EQ(1000ul * 1000 * 1000 + 14, budget_cpu_ns(b[2]));
	EXPECT_EQ(3, budget_cpu_ns(b[1]));
	EXPECT_EQ(1000ul * 1000 * 1000 + 17, budget_cpu_ns(b[0]));
	end();
}

TEST(what_disks_did_adds_up)
{
	begin();
	become(3);
	budget_count_io(BUDGET_DISK_READ, 5);		/* the stock is another's */
	EXPECT_TRUE(budget_charge(BUDGET_PAGES, 1, NULL));
	budget_count_io(BUDGET_DISK_READ, 4096);
	budget_count_io(BUDGET_DISK_WRITTEN, 1ul << 30);
	budget_count_io(BUDGET_DISK_WRITTEN, 3);
	become(1);
	budget_count_io(BUDGET_DISK_WRITTEN, 7);
	become(3);
	budget_uncharge(b[3]->id, BUDGET_PAGES, 1);
	budget_drain();
	EXPECT_EQ(4101, budget_disk_bytes(b[2], BUDGET_DISK_READ));
	EXPECT_EQ((1ul << 30) + 3, budget_disk_bytes(b[2], BUDGET_DISK_WRITTEN));
	EXPECT_EQ(7, budget_disk_bytes(b[1], BUDGET_DISK_WRITTEN));
	EXPECT_EQ((1ul << 30) + 10, budget_disk_bytes(b[0], BUDGET_DISK_WRITTEN));
	EXPECT_EQ(0, budget_disk_bytes(b[1], BUDGET_DISK_READ));
	EXPECT_EQ(4101, tasks[3].io.disk_read);
	EXPECT_EQ(7, tasks[1].io.disk_written);
	end();
}

TEST(a_budget_lives_as_long_as_what_it_pays_for)
{
	struct budget *first, *again;
	u32 id;

	begin();
	ASSERT_EQ(0, budget_create(b[1], &first));
	id = first->id;
	tasks[0].budget = first;
	become(0);
	EXPECT_EQ(id, budget_charge(BUDGET_PAGES, 1, NULL));
	budget_drain();
	tasks[0].budget = b[0];
	budget_put(first);
	EXPECT_EQ(1, budget_used(b[1], BUDGET_PAGES));
	/* found by its number; the last that kept it */
	budget_uncharge(id, BUDGET_PAGES, 1);
	EXPECT_EQ(0, budget_used(b[1], BUDGET_PAGES));
	ASSERT_EQ(0, budget_create(b[1], &again));
	EXPECT_EQ(id, again->id);
	budget_put(again);
	end();
}

TEST(no_memory_for_a_budget)
{
	struct budget *x = NULL;

	begin();
	host_fail_allocations(0);
	EXPECT_EQ(-ENOMEM, budget_create(b[0], &x));
	host_fail_allocations(-1);
	EXPECT_TRUE(!x);
	end();
}

TEST(random_charges)
{
	u64 model[N] = { 0 }, left[N] = { 0 };
	u32 i, round;

	begin();
	budget_set_limit(b[2], BUDGET_PAGES, 5000);
	for (round = 0; round < 100000; round++) {
		u32 who = (u32)(host_random() >> 20) % N, n = 1 + (u32)(host_random() >> 20) % 40;

		become((u32)(host_random() >> 20) % N);		/* whoever frees */
		if (host_random() >> 63 && left[who] >= n) {
			budget_uncharge(b[who]->id, BUDGET_PAGES, n);
			left[who] -= n;
			continue;
		}
		become(who);
		if (budget_charge(BUDGET_PAGES, n, NULL)) {
			left[who] += n;
			ASSERT_TRUE(left[2] + left[3] <= 5000);
		} else {
			budget_drain();
			ASSERT_TRUE(who >= 2);
			if (left[2] + left[3] + n <= 5000) {
				ASSERT_TRUE(budget_charge(BUDGET_PAGES, n, NULL));
				left[who] += n;
			}
		}
	}
	model[3] = left[3];
	model[2] = left[2] + left[3];
	model[1] = left[1];
	model[0] = left[0] + left[1] + left[2] + left[3];
	for (i = 0; i < N; i++)
		EXPECT_EQ(model[i], budget_used(b[i], BUDGET_PAGES));
	for (i = 0; i < N; i++) {
		become(i);
		if (left[i])
			budget_uncharge(b[i]->id, BUDGET_PAGES, (u32)left[i]);
	}
	end();
}
