/* SPDX-License-Identifier: MIT */
/* pagecache.c - dirty pages: marked, taken to be written, written or failed; and how much of memory
 * may be dirty.
 *
 *	clean --vmo_dirty()--> DIRTY --vmo_take_dirty()--> WRITEBACK --page_written()--> clean
 *	                         ^                            | changed meanwhile: DIRTY and WRITEBACK
 *	                         +---- page_not_written() ----+
 *
 * Invariants:
 *  (1) a page is write protected in every mapping from the moment it stops being DIRTY: the next
 *      store comes by vmo_lock_for_write().
 *  (2) bytes are changed before the page is marked dirty, or under its lock: a write-out that
 *      missed them is followed by another.
 *  (3) XA_DIRTY marks exactly the DIRTY pages; XA_WRITEBACK marks all that are under write-out and
 *      perhaps some that were: bottom halves do not take pages_lock, so who waits clears the mark.
 *  (4) an error of the device changes err, then seq; a description compares the sequence it has
 *      seen.
 *
 * Locks: page lock > pages_lock [RANK_VMO_PAGES] > table locks. Ref: fsync(2) (errors), msync(2).
 * Tests: selftests/unit/pagecache_test.c, vmo_test.c
 */
#include <arch/barrier.h>
#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <mm/aspace.h>
#include <mm/page.h>

#include "vmo_int.h"

#define BALANCE_STEP_NS (20 * NSEC_PER_MSEC)

static struct waitq balance_queue = WAITQ_INIT(balance_queue);
void (*flusher_wake)(void);
u32 vm_dirty_ratio = 20, vm_dirty_background_ratio = 10;

/* The pieces of [from, to). */
static u32 pieces(u32 from, u32 to)
{
	u32 first = from / DIRTY_PIECE, past = DIV_ROUND_UP(to, DIRTY_PIECE);

	return ((1u << past) - 1) & ~((1u << first) - 1);
}

/* ---- marking ---- */

void clear_dirty(struct vmo *v, struct page *p)
{
	page_flag_clear(p, PG_DIRTY);
	__atomic_fetch_and(&p->block_bits, 0xffffu, __ATOMIC_RELAXED);
	xa_clear_mark(&v->pages, p->index, XA_DIRTY);
	v->nr_dirty--;
	mem_count(MEM_DIRTY, -1);
}

/* p becomes dirty; by whom is told unless it was taken and is given back. Is it the first of v? */
static bool set_dirty(struct vmo *v, struct page *p, u32 mask, bool again)
{
	bool first = false;

	spin_lock(&v->pages_lock);
	if (READ_ONCE(p->owner) == v) {
		__atomic_fetch_or(&p->block_bits, mask << 16, __ATOMIC_RELAXED);
		if (!(page_flags(p) & PG_DIRTY)) {
			page_flag_set(p, PG_DIRTY);
			xa_set_mark(&v->pages, p->index, XA_DIRTY);
			mem_count(MEM_DIRTY, 1);
			first = v->nr_dirty++ == 0;
			if (!again) {
				current()->dirtied++;
				budget_count_io(BUDGET_DISK_WRITTEN, PAGE_SIZE);
			}
		}
	}
	spin_unlock(&v->pages_lock);
	return first;
}

void vmo_dirty(struct vmo *v, struct page *p, u32 from, u32 to)
{
	u32 mask = pieces(from, to);

	/* (2): the bytes before the look at the flag; pairs with the atomic that clears it */
	smp_mb();
	if (likely((page_flags(p) & PG_DIRTY) && (page_dirty_mask(p) & mask) == mask))
		return;
	if (set_dirty(v, p, mask, false) && v->ops->dirtied)
		v->ops->dirtied(v);
}

void vmo_undirty(struct vmo *v, struct page *p, u32 from, u32 to)
{
	spin_lock(&v->pages_lock);
	if (READ_ONCE(p->owner) == v && (page_flags(p) & PG_DIRTY)) {
		__atomic_fetch_and(&p->block_bits, ~(pieces(from, to) << 16), __ATOMIC_RELAXED);
		if (!page_dirty_mask(p))
			clear_dirty(v, p);
	}
	spin_unlock(&v->pages_lock);
}

int tell_writer(struct vmo *v, struct page *p, u64 index, u32 from, u32 to)
{
	u32 mask = pieces(from, to);
	int err;

	if (!v->ops || !v->ops->mkwrite)
		return 0;
	if ((page_flags(p) & PG_DIRTY) && (page_dirty_mask(p) & mask) == mask)
		return 0;
	page_lock(p);
	err = vmo_owns(v, p, index) ? v->ops->mkwrite(v, p, from, to) : 1;
	page_unlock(p);
	return err;
}

int vmo_lock_for_write(struct vmo *v, struct page *p, u64 index)
{
	u64 size;
	u32 to;
	int err;

	page_lock(p);
	size = READ_ONCE(v->size);
	if (!vmo_owns(v, p, index) || index >= size_pages(size)) {
		page_unlock(p);
		return 1;
	}
	to = (u32)min(size - (index << PAGE_SHIFT), PAGE_SIZE);
	err = v->ops->mkwrite(v, p, 0, to);
	if (err) {
		page_unlock(p);
		return err;
	}
	vmo_dirty(v, p, 0, to);
	return 0;
}

/* ---- writing out ---- */

static struct page *next_marked(struct vmo *v, u64 *index, u64 last, enum xa_mark mark)
{
	struct page *p;

	spin_lock(&v->pages_lock);
	p = xa_find_marked(&v->pages, index, last, mark);
	if (p)
		page_get(p);		/* the tree has one */
	spin_unlock(&v->pages_lock);
	return p;
}

/* p, locked and dirty, is about to be written. */
static void begin_writeback(struct vmo *v, struct page *p, u32 *mask)
{
	spin_lock(&v->pages_lock);
	*mask = page_dirty_mask(p);
	clear_dirty(v, p);
	page_flag_set(p, PG_WRITEBACK);
	page_flag_clear(p, PG_ERROR);
	xa_set_mark(&v->pages, p->index, XA_WRITEBACK);
	mem_count(MEM_WRITEBACK, 1);
	spin_unlock(&v->pages_lock);
	if (READ_ONCE(v->nr_writable))
		vmo_write_protect(v, p->index);		/* (1) */
}

struct page *vmo_take_dirty(struct vmo *v, struct writeback *wb, u64 *index, u32 *mask)
{
	struct page *p;

	for (; wb->budget && (p = next_marked(v, index, wb->last, XA_DIRTY)); ++*index) {
		bool busy = page_flags(p) & PG_WRITEBACK;

		if (busy && wb->wait)
			page_wait_written(p);
		if ((busy && !wb->wait) || (!wb->wait && !page_trylock(p))) {
			page_put(p);
			continue;
		}
		if (wb->wait)
			page_lock(p);
		if (vmo_owns(v, p, *index) &&
		    (page_flags(p) & (PG_DIRTY | PG_WRITEBACK)) == PG_DIRTY) {
			begin_writeback(v, p, mask);
			page_unlock(p);
			wb->budget--;
			return p;
		}
		page_unlock(p);
		page_put(p);
		if (wb->wait)
			--*index;	/* changed meanwhile: look at it again */
	}
	return NULL;
}

static void end_writeback(struct page *p)
{
	mem_count(MEM_WRITEBACK, -1);
	__atomic_fetch_and(&p->flags.v, ~(u32)PG_WRITEBACK, __ATOMIC_RELEASE);
	page_wake(p);
	if (waitq_active(&balance_queue))
		waitq_wake_all(&balance_queue);
	page_put(p);
}

void page_written(struct page *p, int err)
{
	if (unlikely(err)) {
		page_flag_set(p, PG_ERROR);
		vmo_error(p->owner, err);
	}
	end_writeback(p);
}

void page_not_written(struct page *p, u32 mask)
{
	struct vmo *v = p->owner;

	if (set_dirty(v, p, mask, true) && v->ops->dirtied)
		v->ops->dirtied(v);
	end_writeback(p);
}

int vmo_write_out(struct vmo *v, u64 first, u64 last)
{
	struct writeback wb = { first, last, U64_MAX, false };

	return vmo_is_dirty(v) && v->ops && v->ops->write_out ? v->ops->write_out(v, &wb) : 0;
}

void vmo_wait_written(struct vmo *v, u64 first, u64 last)
{
	struct page *p;
	u64 index;

	for (index = first; (p = next_marked(v, &index, last, XA_WRITEBACK)); index++) {
		page_wait_written(p);
		spin_lock(&v->pages_lock);
		if (vmo_owns(v, p, index) && !(page_flags(p) & PG_WRITEBACK))
			xa_clear_mark(&v->pages, index, XA_WRITEBACK);	/* (3) */
		spin_unlock(&v->pages_lock);
		page_put(p);
		if (index == U64_MAX)
			break;
	}
}

bool vmo_is_writing(struct vmo *v)
{
	bool writing = false;
	struct page *p;
	u64 index;

	for (index = 0; !writing && (p = next_marked(v, &index, U64_MAX, XA_WRITEBACK)); index++) {
		spin_lock(&v->pages_lock);
		writing = page_flags(p) & PG_WRITEBACK;
		if (!writing && vmo_owns(v, p, index))
			xa_clear_mark(&v->pages, index, XA_WRITEBACK);	/* (3) */
		spin_unlock(&v->pages_lock);
		page_put(p);
	}
	return writing;
}

int vmo_sync(struct vmo *v, u64 first, u64 last)
{
	struct writeback wb = { first, last, U64_MAX, true };
	int err = 0;

	if (!v->ops || !v->ops->write_out)
		return 0;
	if (vmo_is_dirty(v))
		err = v->ops->write_out(v, &wb);
	vmo_wait_written(v, first, last);
	return err;
}

/* ---- errors ---- */

void write_error(struct write_errors *e, int err)
{
	WRITE_ONCE(e->err, err);
	__atomic_fetch_add(&e->seq, 1, __ATOMIC_RELEASE);	/* (4) */
}

u32 write_errors_sample(const struct write_errors *e)
{
	u32 now = smp_load_acquire(&e->seq);

	return READ_ONCE(e->heard) == now ? now : now - 1;
}

int write_errors_check(struct write_errors *e, u32 *seen)
{
	u32 now = smp_load_acquire(&e->seq);

	if (likely(xchg(seen, now) == now))
		return 0;
	WRITE_ONCE(e->heard, now);
	return READ_ONCE(e->err);
}

void vmo_error(struct vmo *v, int err)
{
	write_error(&v->errors, err);
	if (v->fs_errors)
		write_error(v->fs_errors, err);
}

/* ---- how much may be dirty ---- */

static u64 dirtyable(void)
{
	struct mem_stats m;
	u64 n;

	mem_stats_get(&m);
	n = m.free + m.cached;
	return n > page_reserve() ? n - page_reserve() : 0;
}

u64 dirty_limit(void)
{
	return max(dirtyable() * READ_ONCE(vm_dirty_ratio) / 100, 64ul);
}

u64 dirty_background(void)
{
	return max(dirtyable() * READ_ONCE(vm_dirty_background_ratio) / 100, 32ul);
}

static u64 unwritten(void)
{
	struct mem_stats m;

	mem_stats_get(&m);
	return m.dirty + m.writeback;
}

void vmo_balance(struct vmo *v)
{
	current()->dirtied = 0;
	if (!current_proc() || (v && (!v->ops || !v->ops->write_out)))
		/* the kernel's own threads make room (loop devices): they wait for nobody */
		return;
	while (unwritten() > dirty_background()) {
		int err;

		if (flusher_wake)
			flusher_wake();
		if (unwritten() <= dirty_limit() || (v && vmo_write_out(v, 0, U64_MAX)))
			return;
		err = waitq_wait(&balance_queue, unwritten() <= dirty_limit(), WAIT_KILLABLE,
				 clock_monotonic() + BALANCE_STEP_NS);
		if (err == -ERESTARTSYS)
			return;
	}
}
