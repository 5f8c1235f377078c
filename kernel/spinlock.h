/* SPDX-License-Identifier: MIT */
/* spinlock.h - mutual exclusion without sleeping. Unfair with back-off: ticket locks collapse when
 * virtual CPUs outnumber real ones. Holding one keeps preemption off. The _irq forms also mask
 * interrupts: for locks that interrupt handlers take.
 * Ref: Arm ARM B2.9.1 (exclusives), K13.3 (lock examples). Tests: selftests/ktest/lock.c */
#pragma once

#include <arch/barrier.h>
#include <arch/irqflags.h>
#include <arch/thread.h>
#include <kernel/lib/compiler.h>
#include <kernel/lockrank.h>

struct CAPABILITY("spinlock") spinlock {
	u32 held;
#ifdef CONFIG_DEBUG_LOCKS
	u16 rank;
	u16 owner_cpu;
#endif
};

#ifdef CONFIG_DEBUG_LOCKS
#define SPINLOCK_INIT(r) { 0, (r), 0 }
/* The spinlocks that a CPU holds, or the sleeping locks that a thread holds (task.sleeping). */
struct held_locks {
	u32 nr;
	/* locks below are the interrupted thread's: a bottom half runs above them */
	u32 base;
	const void *lock[24];
	u32 rank[24];
};
/* For tests: the cache lines that fn(arg) writes by taking locks and by atomics, interrupts off.
 * One caller at a time. */
struct write_log {
	u32 nr;
	u64 line[60];
};
void write_log(void (*fn)(void *), void *arg, struct write_log *out);
void lock_rank_acquire(const void *lock, u32 rank, bool nested);
void lock_rank_release(const void *lock);
u32 lock_rank_enter_bh(void);	/* around bottom halves, interrupts off */
void lock_rank_leave_bh(u32 before);
/* Panics when this thread holds any spinlock: called wherever a thread may sleep. */
void lock_assert_none_spinning(void);
/* The same for sleeping locks. in_order false: got by trying, which waits for nobody and cannot
 * deadlock. */
void lock_rank_sleeping(const void *lock, u32 rank, bool nested, bool in_order);
void lock_rank_slept(const void *lock);
void lock_assert_none_held(void);	/* on the way back to a program, and when a thread ends */
static inline u32 spin_rank(const struct spinlock *l) { return l->rank; }
static inline void spin_set_rank(struct spinlock *l, u32 r) { l->rank = (u16)r; }
#else
#define SPINLOCK_INIT(r) { 0 }
static inline void lock_rank_acquire(const void *l, u32 r, bool n) { (void)l, (void)r, (void)n; }
static inline void lock_rank_release(const void *l) { (void)l; }
static inline u32 lock_rank_enter_bh(void) { return 0; }
static inline void lock_rank_leave_bh(u32 before) { (void)before; }
static inline void lock_assert_none_spinning(void) {}
static inline void lock_rank_sleeping(const void *l, u32 r, bool n, bool o)
{
	(void)l, (void)r, (void)n, (void)o;
}
static inline void lock_rank_slept(const void *l) { (void)l; }
static inline void lock_assert_none_held(void) {}
static inline u32 spin_rank(const struct spinlock *l) { (void)l; return 0; }
static inline void spin_set_rank(struct spinlock *l, u32 r) { (void)l, (void)r; }
#endif

void spin_lock_slow(struct spinlock *l) ACQUIRES(*l);
void preempt_schedule(void);		/* preemption came on with WORK_RESCHED set */

static __always_inline void preempt_disable(void)
{
	WRITE_ONCE(current_head()->preempt_count, current_head()->preempt_count + 1);
	barrier();
}

static __always_inline void preempt_enable_no_resched(void)
{
	barrier();
	WRITE_ONCE(current_head()->preempt_count, current_head()->preempt_count - 1);
}

static __always_inline void preempt_enable(void)
{
	struct thread_head *t = current_head();

	barrier();
	WRITE_ONCE(t->preempt_count, t->preempt_count - 1);
	barrier();
	if (unlikely(t->preempt_count == 0 && (atomic_read(&t->work) & WORK_RESCHED)))
		preempt_schedule();
}

static inline void spin_init(struct spinlock *l, enum lock_rank rank)
{
	l->held = 0;
	spin_set_rank(l, rank);
}

static __always_inline bool spin_try_raw(struct spinlock *l)
{
	return __atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void spin_lock(struct spinlock *l) ACQUIRES(*l) NO_LOCK_CHECK
{
	preempt_disable();
	lock_rank_acquire(l, spin_rank(l), false);
	if (unlikely(!spin_try_raw(l)))
		spin_lock_slow(l);
}

static inline bool spin_trylock(struct spinlock *l) TRY_ACQUIRES(true, *l) NO_LOCK_CHECK
{
	preempt_disable();
	if (!spin_try_raw(l)) {
		preempt_enable();
		return false;
	}
	lock_rank_acquire(l, spin_rank(l), true);
	return true;
}

static inline void spin_unlock(struct spinlock *l) RELEASES(*l) NO_LOCK_CHECK
{
	lock_rank_release(l);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
	preempt_enable();
}

static inline irqflags_t spin_lock_irq(struct spinlock *l) ACQUIRES(*l) NO_LOCK_CHECK
{
	irqflags_t f = irq_save();

	spin_lock(l);
	return f;
}

static inline void spin_unlock_irq(struct spinlock *l, irqflags_t f) RELEASES(*l) NO_LOCK_CHECK
{
	lock_rank_release(l);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
	irq_restore(f);
	preempt_enable();
}

/* Two locks of one rank, in address order; a == b is taken once. */
void spin_lock_two(struct spinlock *a, struct spinlock *b) NO_LOCK_CHECK;
void spin_unlock_two(struct spinlock *a, struct spinlock *b) NO_LOCK_CHECK;
