/* SPDX-License-Identifier: MIT */
/* sched_param.c - a thread's scheduling parameters, and what the scheduler knows of times and
 * loads.
 *
 * Locks: the run queue's lock of the thread's CPU [RANK_RUNQ]; figures are read without. Ref:
 * sched(7), getrusage(2), proc(5).
 * Tests: selftests/ktest/sched.c
 */
#include <kernel/sched.h>

#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/runq.h>

#include "sched_int.h"

void sched_fork_init(struct task *child, const struct task *parent)
{
	child->policy = parent->policy;
	child->nice = parent->nice;
	child->rt_prio = parent->rt_prio;
	if (parent->reset_on_fork) {
		if (task_is_rt(parent)) {
			child->policy = SCHED_NORMAL;
			child->rt_prio = 0;
		}
		child->nice = max(child->nice, (s8)0);
	}
	child->weight = child->policy == SCHED_IDLE ? 3 : nice_to_weight(child->nice);
	child->affinity = parent->affinity;
	child->head.cpu = this_cpu_id();
	child->head.preempt_count = 1;
	child->state = TASK_SLEEPING;
	timer_setup(&child->sleep_timer, sched_sleep_timeout);
	list_init(&child->run_link);
}

int sched_set_policy(struct task *t, u32 policy, int nice, u32 rt_prio,
		     bool reset_on_fork) NO_LOCK_CHECK
{
	irqflags_t irq = irq_save();
	struct runq *q = sched_lock_rq_of(t);
	bool queued = t->queued;

	if (queued)
		runq_remove(q, t);
	t->policy = (u8)policy;
	t->nice = (s8)nice;
	t->rt_prio = (u8)rt_prio;
	t->reset_on_fork = reset_on_fork;
	t->slice_left = SCHED_RR_SLICE;
	t->weight = policy == SCHED_IDLE ? 3 : nice_to_weight(nice);
	if (queued)
		runq_add(q, t, false);
	sched_resched(q);
	spin_unlock(&q->lock);
	irq_restore(irq);
	return 0;
}

int sched_set_affinity(struct task *t, u64 mask) NO_LOCK_CHECK
{
	irqflags_t irq;
	struct runq *q;

	mask &= cpu_online_mask;
	if (!mask)
		return -EINVAL;
	irq = irq_save();
	q = sched_lock_rq_of(t);
	t->affinity = mask;
	if (!(mask & BIT(q->cpu))) {
		if (t->queued) {
			runq_remove(q, t);
			sched_enqueue(q, t);
			irq_restore(irq);
			return 0;
		}
		if (t == q->curr)
			sched_resched(q);
	}
	spin_unlock(&q->lock);
	irq_restore(irq);
	if (t == current())
		schedule();		/* moves us when we may not stay */
	return 0;
}

u64 sched_nr_running(void)
{
	u64 n = 0;
	u32 cpu;

	for_each_cpu(cpu)
		n += READ_ONCE(cpu_rq(cpu)->nr_running);
	return n;
}

u64 sched_nr_switches(void)
{
	u64 n = 0;
	u32 cpu;

	for_each_cpu(cpu)
		n += READ_ONCE(cpu_rq(cpu)->nr_switches);
	return n;
}

u32 sched_load_avg(u32 which)
{
	return (u32)sched_load[which];
}

u64 sched_idle_ns(u32 cpu)
{
	return READ_ONCE(cpu_rq(cpu)->idle_ns);
}

/* The exact run time, split as the ticks saw it. */
void sched_task_times(struct task *t, u64 *user_ns, u64 *sys_ns)
{
	u64 sum = READ_ONCE(t->sum_exec_ns), u = READ_ONCE(t->user_ns), s = READ_ONCE(t->sys_ns),
	    share;

	if (t == current())
		sum += (u64)(clock_monotonic() - t->exec_start);
	if (u + s == 0) {
		*user_ns = sum / 2;
		*sys_ns = sum - sum / 2;
		return;
	}
	share = (u << 20) / (u + s);	/* in 2^-20: no 128-bit division */
	*user_ns = (sum >> 20) * share + (((sum & 0xfffff) * share) >> 20);
	*sys_ns = sum - *user_ns;
}
