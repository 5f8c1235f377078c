/* SPDX-License-Identifier: MIT */
/* rcu.h - readers that write nothing: a reader is a stretch with preemption off; what it can reach
 * is freed only after every CPU has switched threads, idled or run user code since it was
 * unlinked. */
#pragma once

#include <arch/barrier.h>
#include <kernel/spinlock.h>

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *);
};

static __always_inline void rcu_read_lock(void)
{
	preempt_disable();
}

static __always_inline void rcu_read_unlock(void)
{
	preempt_enable();
}

/* Publish with smp_store_release(); read with this (address dependency; acquire is what the
 * compiler gives us). */
#define rcu_deref(p)	 __atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_assign(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)

/* Runs fn(head) after a grace period, on a CPU's bottom half: it must not sleep. Any context. */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *));
/* Waits for a grace period. May sleep. */
void synchronize_rcu(void);
/* Waits until every callback queued before has run. May sleep. */
void rcu_barrier(void);

/* For sched.c, irq.c: this CPU holds no reader now. */
void rcu_quiescent(void);
bool rcu_needs_cpu(void);		/* this CPU has callbacks waiting */
void rcu_idle_enter(void);
void rcu_idle_exit(void);
/* Bottom half: runs callbacks whose grace period is over, a bounded number. */
void rcu_run_callbacks(void);
