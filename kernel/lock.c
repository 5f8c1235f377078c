/* SPDX-License-Identifier: MIT */
/* lock.c - the slow path of spinlocks, pairs of locks, and the lock-order check.
 *
 * A waiter spins on a plain read and backs off exponentially: with more virtual CPUs than real ones
 * the holder must get its turn. The order check (DEBUG_LOCKS) keeps, for each CPU, the spinlocks
 * held, and for each thread, the sleeping locks held; a lock whose rank does not follow all of them
 * is a bug that would one day deadlock, reported at the first chance instead.
 *
 * Ref: Arm ARM B2.9, K13.3. Tests: selftests/ktest/lock.c
 */
#include <kernel/spinlock.h>

#include <arch/mmu.h>
#include <arch/percpu.h>
#include <kernel/printk.h>
#include <kernel/task.h>

#define BACKOFF_MAX 1024

void spin_lock_slow(struct spinlock *l) NO_LOCK_CHECK
{
	u32 wait = 4, i;

	do {
		while (READ_ONCE(l->held)) {
			for (i = 0; i < wait; i++)
				cpu_relax();
			wait = min(wait * 2, (u32)BACKOFF_MAX);
		}
	} while (!spin_try_raw(l));
}

void spin_lock_two(struct spinlock *a, struct spinlock *b) NO_LOCK_CHECK
{
	if (a > b)
		swap(a, b);
	spin_lock(a);
	if (a == b)
		return;
	preempt_disable();
	lock_rank_acquire(b, spin_rank(b), true);
	if (!spin_try_raw(b))
		spin_lock_slow(b);
}

void spin_unlock_two(struct spinlock *a, struct spinlock *b) NO_LOCK_CHECK
{
	spin_unlock(a);
	if (a != b)
		spin_unlock(b);
}

#ifdef CONFIG_DEBUG_LOCKS
static DEFINE_PER_CPU(struct held_locks, held_spins);

/* ---- what a stretch of code writes: lock_write_log() ---- */
bool write_log_on;
static struct task *logger;
static struct write_log *log_out;

void write_log_add(const void *p)
{
	/* Of two neighbouring struct pages in one line, that of the other file is not counted
	 * against this one. */
	u64 line = (u64)p >= VMEMMAP_BASE && (u64)p < KVMAP_BASE ? (u64)p & ~31ul : (u64)p & ~63ul;

	if (current() != logger)
		return;
	for (u32 i = 0; i < log_out->nr; i++)
		if (log_out->line[i] == line)
			return;
	if (log_out->nr == ARRAY_SIZE(log_out->line))
		panic("too many lines written");
	log_out->line[log_out->nr++] = line;
}

void write_log(void (*fn)(void *), void *arg, struct write_log *out)
{
	irqflags_t irq = irq_save();

	out->nr = 0;
	log_out = out;
	logger = current();
	WRITE_ONCE(write_log_on, true);
	fn(arg);
	WRITE_ONCE(write_log_on, false);
	irq_restore(irq);
}

/* in_order: this lock was, or may be, waited for. */
static void held_add(struct held_locks *h, const void *lock, u32 rank, bool nested, bool in_order)
{
	u32 i;

	for (i = 0; i < h->nr; i++) {
		if (!in_order)
			break;
		if (h->lock[i] == lock)
			panic("lock %p (rank %u) taken twice", lock, rank);
		if (i >= h->base && rank && h->rank[i] &&
		    (nested ? h->rank[i] > rank : h->rank[i] >= rank))
			panic("lock order: rank %u (%p) while holding rank %u (%p)", rank, lock,
			      h->rank[i], h->lock[i]);
	}
	if (h->nr == ARRAY_SIZE(h->lock))
		panic("more than %u locks held", h->nr);
	h->lock[h->nr] = lock;
	h->rank[h->nr++] = rank;
}

static void held_remove(struct held_locks *h, const void *lock)
{
	u32 i;

	for (i = h->nr; i-- > 0;) {
		if (h->lock[i] != lock)
			continue;
		for (h->nr--; i < h->nr; i++) {
			h->lock[i] = h->lock[i + 1];
			h->rank[i] = h->rank[i + 1];
		}
		return;
	}
	panic("lock %p released but not held here", lock);
}

void lock_rank_acquire(const void *lock, u32 rank, bool nested)
{
	irqflags_t irq = irq_save();

	note_write(lock);
	if (rank >= RANK_PIDS && !(irq & IRQFLAGS_OFF))
		panic("lock rank %u (%p) taken with interrupts on", rank, lock);
	held_add(this_cpu(held_spins), lock, rank, nested, true);
	irq_restore(irq);
}

void lock_rank_release(const void *lock)
{
	irqflags_t irq = irq_save();

	held_remove(this_cpu(held_spins), lock);
	irq_restore(irq);
}

void lock_rank_sleeping(const void *lock, u32 rank, bool nested, bool in_order)
{
	note_write(lock);
	if (in_order)
		lock_assert_none_spinning();
	held_add(&current()->sleeping, lock, rank, nested, in_order);
}

void lock_rank_slept(const void *lock)
{
	held_remove(&current()->sleeping, lock);
}

/* What bottom halves take is taken by threads with bottom halves off: such a thread is not
 * interrupted here, and one that is holds other locks. */
u32 lock_rank_enter_bh(void)
{
	struct held_locks *h = this_cpu(held_spins);
	u32 before = h->base;

	h->base = h->nr;
	return before;
}

void lock_rank_leave_bh(u32 before)
{
	this_cpu(held_spins)->base = before;
}

void lock_assert_none_spinning(void)
{
	struct held_locks *h = this_cpu(held_spins);

	if (h->nr)
		panic("sleeping while holding spinlock %p (rank %u)", h->lock[h->nr - 1],
		      h->rank[h->nr - 1]);
}

void lock_assert_none_held(void)
{
	struct held_locks *h = &current()->sleeping;

	if (h->nr)
		panic("lock %p (rank %u) is still held", h->lock[h->nr - 1], h->rank[h->nr - 1]);
}
#endif
