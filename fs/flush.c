/* SPDX-License-Identifier: MIT */
/* flush.c - writes dirty pages in time: those older than half a minute every five seconds, and all
 * of them while too much of the memory is dirty. What has dirty pages stands on a list in the order
 * in which it became dirty.
 *
 * Invariant: an item is on the list or busy from flusher_add() until it has nothing to write; busy
 * keeps it held.
 * Locks: flush_lock [RANK_OBJECT]. Ref: Linux Documentation/admin-guide/sysctl/vm.rst (dirty_*).
 * Tests: selftests/boot/run (disk)
 */
#include <fs/flush.h>

#include <kernel/clock.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <kernel/workq.h>
#include <mm/page.h>
#include <mm/vmo.h>

#define DIRTY_EXPIRE (30 * NSEC_PER_SEC)
#define INTERVAL     (5 * NSEC_PER_SEC)
#define BATCH	     64u		/* items that sync has under way */
#define BUDGET	     1024u		/* pages of one item before the next has its turn */

static struct spinlock flush_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list dirty = LIST_INIT(dirty);	/* [flush_lock] oldest first */
static struct waitq flush_queue = WAITQ_INIT(flush_queue), idle_queue = WAITQ_INIT(idle_queue);
static bool pressure;				/* somebody found too much dirty */

void flush_item_init(struct flush_item *i, const struct flush_ops *ops)
{
	i->ops = ops;
	list_init(&i->link);
	i->since = 0;
	i->busy = false;
}

void flusher_add(struct flush_item *i)
{
	spin_lock(&flush_lock);
	if (list_empty(&i->link)) {
		i->since = clock_monotonic();
		list_add_tail(&dirty, &i->link);
	}
	spin_unlock(&flush_lock);
}

void flusher_remove(struct flush_item *i)
{
	int err;

	spin_lock(&flush_lock);
	list_del_init(&i->link);
	spin_unlock(&flush_lock);
	err = waitq_wait(&idle_queue, !READ_ONCE(i->busy), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
	(void)err;
}

/* The first item that match() wants: held, off the list and busy. */
static struct flush_item *take(bool (*match)(struct flush_item *i, void *arg), void *arg)
{
	struct flush_item *i, *next, *found = NULL;

	spin_lock(&flush_lock);
	list_for_each_entry_safe(i, next, &dirty, link) {
		if (i->busy || !match(i, arg))
			continue;
		list_del_init(&i->link);
		if (!i->ops->hold(i))
			continue;
		i->busy = true;
		found = i;
		break;
	}
	spin_unlock(&flush_lock);
	return found;
}

/* Written as far as the budget went: what is left, or came meanwhile, goes to the end with its
 * age. */
static void give_back(struct flush_item *i)
{
	spin_lock(&flush_lock);
	i->busy = false;
	if (i->ops->dirty(i) && list_empty(&i->link))
		list_add_tail(&dirty, &i->link);
	spin_unlock(&flush_lock);
	waitq_wake_all(&idle_queue);
	i->ops->put(i);
}

/* ---- the thread ---- */

struct older {
	ktime_t than;
};

static bool is_older(struct flush_item *i, void *arg)
{
	struct older *o = arg;

	return i->since <= o->than;
}

static bool too_dirty(void)
{
	struct mem_stats m;

	mem_stats_get(&m);
	return m.dirty > dirty_background();
}

static u32 length(void)
{
	struct list *l;
	u32 n = 0;

	spin_lock(&flush_lock);
	for (l = dirty.next; l != &dirty; l = l->next)
		n++;
	spin_unlock(&flush_lock);
	return n;
}

/* Each item that is older than o gets its budget once. Was anything written? */
static bool pass(struct older *o)
{
	struct flush_item *i;
	bool any = false;
	u32 turns;

	for (turns = length(); turns && (i = take(is_older, o)); turns--) {
		struct writeback wb = { 0, U64_MAX, BUDGET, false };

		if (i->ops->write(i, &wb))
			pr_debug("write-out failed; it will be tried again");
		any |= wb.budget < BUDGET;
		give_back(i);
	}
	return any;
}

static void flusher(void *arg)
{
	ktime_t next = clock_monotonic() + INTERVAL;

	for (;;) {
		struct older o;
		int err = waitq_wait(&flush_queue, READ_ONCE(pressure), WAIT_UNINTERRUPTIBLE, next);

		if (err == -ETIMEDOUT)
			next = clock_monotonic() + INTERVAL;
		WRITE_ONCE(pressure, false);
		do {
			o.than = too_dirty() ? S64_MAX : clock_monotonic() - DIRTY_EXPIRE;
		} while (pass(&o) && too_dirty());
	}
}

static void wake(void)
{
	if (READ_ONCE(pressure))
		return;
	WRITE_ONCE(pressure, true);
	waitq_wake_one(&flush_queue);
}

/* ---- sync(2) ---- */

struct of_owner {
	bool (*belongs)(struct flush_item *i, void *owner);
	void *owner;
	ktime_t until;
};

static bool is_of(struct flush_item *i, void *arg)
{
	struct of_owner *o = arg;

	return i->since <= o->until && (!o->belongs || o->belongs(i, o->owner));
}

/* Starts what is to be written of up to BATCH items, then waits for all of them: their writes are
 * under way side by side. */
static u32 write_batch(struct of_owner *o, bool wait)
{
	struct flush_item *batch[BATCH];
	u32 n = 0, i;

	while (n < BATCH && (batch[n] = take(is_of, o))) {
		struct writeback wb = { 0, U64_MAX, U64_MAX, false };
		int err;

		/* what becomes dirty again from now on did so later */
		batch[n]->since = S64_MAX;
		err = batch[n]->ops->write(batch[n], &wb);
		if (err)
			pr_warn("sync: error %d", -err);
		n++;
	}
	for (i = 0; i < n; i++) {
		struct writeback wb = { 0, U64_MAX, U64_MAX, true };
		int err = wait ? batch[i]->ops->write(batch[i], &wb) : 0;

		if (err)
			pr_warn("sync: error %d", -err);
		spin_lock(&flush_lock);
		if (batch[i]->since == S64_MAX)
			batch[i]->since = clock_monotonic();
		spin_unlock(&flush_lock);
		give_back(batch[i]);
	}
	return n;
}

void flusher_write_all(bool (*belongs)(struct flush_item *i, void *owner), void *owner, bool wait)
{
	struct of_owner o = { belongs, owner, clock_monotonic() };

	while (write_batch(&o, wait) == BATCH)
		;
}

void flusher_init(void)
{
	if (!kthread_create(flusher, NULL, "kflush"))
		panic("no memory for the thread that writes dirty pages");
	flusher_wake = wake;
}
