/* SPDX-License-Identifier: MIT */
/* sched_int.h - the run queues, for sched.c and sched_param.c. */
#pragma once

#include <arch/percpu.h>
#include <kernel/runq.h>
#include <kernel/sched.h>

DECLARE_PER_CPU(struct runq, runqs);
extern u64 sched_load[3];		/* fixed point, 11 bits */

static inline struct runq *cpu_rq(u32 cpu)
{
	return per_cpu(runqs, cpu);
}

/* The run queue of t, locked. Interrupts off. */
struct runq *sched_lock_rq_of(struct task *t);
/* q's running thread is to give way. q->lock held. */
void sched_resched(struct runq *q);
/* t sleeps or was taken off q, which is locked: makes it runnable there or elsewhere. Unlocks. */
void sched_enqueue(struct runq *q, struct task *t);
void sched_sleep_timeout(struct timer *t);
