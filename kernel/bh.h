/* SPDX-License-Identifier: MIT */
/* bh.h - keeping bottom halves of this CPU out, for data that threads share with them.
 *
 *	spin_lock_bh(&q->lock);		threads: a bottom half must not find the lock taken by the thread it interrupted
 *	spin_lock(&q->lock);		bottom halves themselves: they do not nest
 *
 * bh_disable() nests and keeps preemption off. Not with interrupts masked; interrupt handlers must
 * not take such locks.
 */
#pragma once

#include <kernel/spinlock.h>

/* in thread_head.preempt_count, above the count of plain sections */
#define BH_ONE	0x10000u

bool softirq_pending_here(void);
/* preemption off, interrupts on, no bottom half running here */
void bh_run_pending(void);

static inline bool in_bh(void)
{
	return current_head()->preempt_count >= BH_ONE;
}

static inline void bh_disable(void)
{
	WRITE_ONCE(current_head()->preempt_count, current_head()->preempt_count + BH_ONE);
	barrier();
}

static inline void bh_enable(void)
{
	barrier();
	WRITE_ONCE(current_head()->preempt_count, current_head()->preempt_count - BH_ONE + 1);
	barrier();
	if (unlikely(softirq_pending_here()) && !in_bh())
		bh_run_pending();
	preempt_enable();
}

static inline void spin_lock_bh(struct spinlock *l) ACQUIRES(*l) NO_LOCK_CHECK
{
	bh_disable();
	spin_lock(l);
}

static inline void spin_unlock_bh(struct spinlock *l) RELEASES(*l) NO_LOCK_CHECK
{
	spin_unlock(l);
	bh_enable();
}
