/* SPDX-License-Identifier: MIT */
/* reclaim.c - memory back from caches: pages of files that can be read again, and what other layers
 * keep for speed.
 *
 * A clock: the vmos that have something behind them form a ring, each with a hand. A page that was
 * read since the hand last passed (PG_REFERENCED) gets another round, and so does one that is
 * mapped, after its mappings are gone; a clean one that nobody holds is freed. Dirty pages are the
 * flusher's (fs/flush.c): nothing is written here, so it may be called with any sleeping lock held.
 *
 * Invariant: a vmo in the ring has a reference or is about to leave it under clock_lock.
 * Locks: clock_lock [RANK_KVMAP] for the ring alone; then page trylock > pages_lock.
 * Ref: none. Tests: selftests/unit/vmo_test.c
 */
#include <kernel/clock.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <kernel/workq.h>
#include <mm/page.h>

#include "vmo_int.h"

#define LOOK_AT	 256u		/* pages of one vmo before the next has its turn */
#define OBJECTS	 128u		/* of a shrinker at first */
#define OBJECTS_MOST (OBJECTS << 8)	/* at a time */
#define HIGH_FREE 6u		/* in the background until reserve * HIGH_FREE pages are free */
#define PAUSE_NS (100 * NSEC_PER_MSEC)

static struct spinlock clock_lock = SPINLOCK_INIT(RANK_KVMAP);
static struct list ring = LIST_INIT(ring);	/* [clock_lock] */
static struct waitq low_memory = WAITQ_INIT(low_memory);
static bool asked;			/* somebody found little memory */

void clock_add(struct vmo *v)
{
	irqflags_t irq = spin_lock_irq(&clock_lock);

	list_add_tail(&ring, &v->clock);
	spin_unlock_irq(&clock_lock, irq);
}

void clock_del(struct vmo *v)
{
	irqflags_t irq = spin_lock_irq(&clock_lock);

	list_del_init(&v->clock);
	spin_unlock_irq(&clock_lock, irq);
}

/* The vmo under the hand, which moves on: a reference, or NULL. */
static struct vmo *next_vmo(void)
{
	struct vmo *v, *found = NULL;
	irqflags_t irq = spin_lock_irq(&clock_lock);

	list_for_each_entry(v, &ring, clock) {
		if (READ_ONCE(v->nr_pages) && ref_tryget(&v->refs)) {
			found = v;
			break;
		}
	}
	if (found)
		list_move_tail(&ring, &found->clock);
	spin_unlock_irq(&clock_lock, irq);
	return found;
}

/* p, referenced by us. True: it is free once we put it. */
static bool try_page(struct vmo *v, struct page *p, u64 index)
{
	u32 flags = page_flags(p);
	bool gone = false;

	if (flags & (PG_DIRTY | PG_WRITEBACK | PG_LOCKED))
		return false;
	if (flags & PG_REFERENCED) {
		page_flag_clear(p, PG_REFERENCED);
		return false;
	}
	if (!page_trylock(p))
		return false;
	if (vmo_owns(v, p, index)) {
		if (atomic_read(&p->refs) > 2)
			vmo_zap(v, index, index);
		gone = vmo_try_evict(v, p);
	}
	page_unlock(p);
	return gone;
}

static u64 scan_vmo(struct vmo *v, u64 want, u32 look)
{
	u64 freed = 0, index = v->hand;
	struct page *p;

	while (look-- && freed < want) {
		p = vmo_next_page(v, &index, U64_MAX);
		if (!p) {
			index = 0;
			break;
		}
		freed += try_page(v, p, index);
		page_put(p);
		index++;
	}
	v->hand = index;
	return freed;
}

u64 vmo_drop_clean(struct vmo *v, u64 first, u64 last)
{
	u64 freed = 0, index;
	struct page *p;

	for (index = first; (p = vmo_next_page(v, &index, last)); index++) {
		page_flag_clear(p, PG_REFERENCED);
		if (atomic_read(&p->refs) <= 2)
			freed += try_page(v, p, index);
		page_put(p);
		if (index == U64_MAX)
			break;
	}
	return freed;
}

int vmo_invalidate(struct vmo *v, u64 first, u64 last)
{
	struct page *p;
	int err = 0;
	u64 index;

	vmo_zap(v, first, last);
	for (index = first; (p = vmo_next_page(v, &index, last)); index++) {
		page_lock(p);
		page_wait_written(p);
		if (vmo_owns(v, p, index) && !vmo_try_evict(v, p))
			err = -EBUSY;
		page_unlock(p);
		page_put(p);
		if (index == U64_MAX)
			break;
	}
	return err;
}

/* Three times around at most: the first takes marks away, the second mappings. */
static u64 scan_ring(u64 want)
{
	u64 freed = 0, looked = 0, most;
	struct mem_stats m;
	struct vmo *v;

	mem_stats_get(&m);
	most = 3 * m.cached + LOOK_AT;
	while (freed < want && looked < most && (v = next_vmo())) {
		u64 n = min((u64)LOOK_AT, READ_ONCE(v->nr_pages));

		freed += scan_vmo(v, want - freed, LOOK_AT);
		looked += max(n, 1ul);
		vmo_put(v);
	}
	return freed;
}

void reclaim_everything(bool pages, bool objects)
{
	u32 round;

	for (round = 0; round < 8; round++) {
		u64 freed = pages ? scan_ring(U64_MAX) : 0;

		if (objects) {
			SET_FOR_EACH(shrinkers, const struct shrinker, s)
				freed += s->shrink(U32_MAX);
		}
		if (!freed)
			break;
	}
}

/* How many objects went. Their memory is free when this returns. */
static u64 shrink_all(u64 objects)
{
	u64 gone = 0;

	SET_FOR_EACH(shrinkers, const struct shrinker, s)
		gone += s->shrink(objects);
	if (gone)
		rcu_barrier();
	return gone;
}

/* A page of small objects is free when all of them are: more and more are asked for until pages
 * come, or none is left. */
u64 reclaim_pages(u64 n)
{
	u64 freed = scan_ring(n), before = page_nr_free(), now;

	for (u64 objects = OBJECTS; freed < n && objects <= OBJECTS_MOST && shrink_all(objects);
	     objects *= 4) {
		freed += scan_ring(n - freed);		/* what they held */
		now = page_nr_free();
		freed = max(freed, now > before ? now - before : 0);
	}
	return freed;
}

static bool memory_is_low(void)
{
	return page_nr_free() < page_reserve() * HIGH_FREE;
}

static void reclaimer(void *arg)
{
	for (;;) {
		int err = waitq_wait(&low_memory, READ_ONCE(asked), WAIT_UNINTERRUPTIBLE,
				     WAIT_FOREVER);

		(void)err;
		while (memory_is_low() && reclaim_pages(256))
			;
		if (flusher_wake)
			flusher_wake();
		if (memory_is_low())
			sleep_ns(PAUSE_NS);	/* there is nothing: not at once again */
		WRITE_ONCE(asked, false);
	}
}

void reclaim_wake(void)
{
	if (READ_ONCE(asked))
		return;
	WRITE_ONCE(asked, true);
	waitq_wake_one(&low_memory);
}

void reclaim_init(void)
{
	if (!kthread_create(reclaimer, NULL, "kreclaim"))
		panic("no memory for the reclaim thread");
}
