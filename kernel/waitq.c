/* SPDX-License-Identifier: MIT */
/* waitq.c - the one way to sleep.
 *
 * A sleeper puts itself on a queue, then looks at its condition, then gives up the CPU. A waker
 * makes the condition true, then looks at the queue. Whatever the interleaving, one of them sees
 * the other:
 *
 *	sleeper					waker
 *	entry on q, task state = SLEEPING	condition = true
 *	smp_mb()			(A)	smp_mb()			(B)
 *	test condition				read q
 *
 * States of an entry; the arrows carry the function that moves it:
 *
 *	           waitq_enter()             wake_locked()
 *	   IDLE ------------------> QUEUED -----------------> WOKEN
 *	    ^                       |    ^                      |
 *	    |       waitq_exit()    |    |    waitq_block()     |
 *	    +-----------------------+    +----------------------+
 *	    |                                waitq_exit()       |
 *	    +---------------------------------------------------+
 *
 * Invariants:
 *  (1) an entry lives on its owner's stack and is linked only between waitq_enter() and
 *      waitq_exit(); only its owner links it.
 *  (2) a waker touches an entry, and its task, only under q->lock and only while it is linked: once
 *      unlinked it may be gone.
 *  (3) a wake-up is never lost: an exclusive sleeper that was woken but leaves for another reason
 *      (signal, deadline) passes its wake-up on to the next one.
 *
 * Locks: q->lock [RANK_WAITQ] > runq, with interrupts off: wakers run in interrupts too, and may
 * hold any lock ranked before
 *        RANK_WAITQ.
 * Ref: signal(7) "Interruption of system calls" for which calls restart. Tests:
 * selftests/ktest/sleep.c (lost wake-up, pass-on).
 */
#include <kernel/waitq.h>

#include <arch/barrier.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>

void waitq_init(struct waitq *q)
{
	spin_init(&q->lock, RANK_WAITQ);
	list_init(&q->sleepers);
}

static void queue_locked(struct wait_entry *e) MUST_HOLD(e->q->lock)
{
	if (e->exclusive)
		list_add_tail(&e->q->sleepers, &e->link);
	else
		list_add_head(&e->q->sleepers, &e->link);
	e->woken = false;
}

static void wake_locked(struct wait_entry *e) MUST_HOLD(e->q->lock)
{
	struct task *t = e->task;

	list_del_init(&e->link);
	e->woken = true;
	sched_wake(t);
}

static void wake_up(struct waitq *q, bool all) NO_LOCK_CHECK
{
	struct wait_entry *e, *next;
	irqflags_t irq;

	smp_mb();		/* (B): pairs with (A) in waitq_arm() */
	if (list_empty_racy(&q->sleepers))
		return;
	irq = spin_lock_irq(&q->lock);
	list_for_each_entry_safe(e, next, &q->sleepers, link) {
		bool last = e->exclusive && !all;

		wake_locked(e);
		if (last)
			break;
	}
	spin_unlock_irq(&q->lock, irq);
}

void waitq_wake_one(struct waitq *q)
{
	wake_up(q, false);
}

void waitq_wake_all(struct waitq *q)
{
	wake_up(q, true);
}

/* Puts the entry on its queue, again after a wake-up, and announces the sleep. */
static void waitq_arm(struct wait_entry *e)
{
	irqflags_t irq = spin_lock_irq(&e->q->lock);

	if (list_empty(&e->link))
		queue_locked(e);
	e->task->wait_mode = (u8)e->mode;
	sched_set_state(TASK_SLEEPING);
	spin_unlock_irq(&e->q->lock, irq);
	/* (A): pairs with (B) in wake_up(), and with signal_wake()'s look at the state */
	smp_mb();
}

void (*task_before_sleep)(struct blk_plug *p) __ro_after_init;

/* While the thread still runs: what it has not sent may be what it is about to wait for. */
static void unplug(void)
{
	if (unlikely(current()->plug))
		task_before_sleep(current()->plug);
}

void waitq_enter(struct wait_entry *e, struct waitq *q, enum wait_mode mode, bool exclusive)
{
	lock_assert_none_spinning();
	unplug();
	e->q = q;
	e->task = current();
	e->mode = mode;
	e->exclusive = exclusive;
	e->woken = false;
	list_init(&e->link);
	waitq_arm(e);
}

static bool disturbed(enum wait_mode mode)
{
	switch (mode) {
	case WAIT_INTERRUPTIBLE:	return signal_pending(current());
	case WAIT_KILLABLE:		return signal_pending_fatal(current());
	case WAIT_UNINTERRUPTIBLE:	return false;
	}
	unreachable();
}

/*
 * Gives up the CPU until woken, disturbed or late, then arms again: the caller tests its condition
 * next. Returns 0 to test again, -ERESTARTSYS, or -ETIMEDOUT.
 */
int waitq_block(struct wait_entry *e, ktime_t deadline)
{
	if (disturbed(e->mode))
		return -ERESTARTSYS;
	if (!sched_sleep_until(deadline))
		return -ETIMEDOUT;
	waitq_arm(e);
	return 0;
}

/* Takes the entry off; pass_on: we leave without the condition, so a wake-up meant for us belongs
 * to the next sleeper. */
void waitq_exit(struct wait_entry *e, bool pass_on)
{
	irqflags_t irq;
	bool was_woken;

	sched_set_state(TASK_RUNNING);
	irq = spin_lock_irq(&e->q->lock);
	was_woken = e->woken;
	list_del_init(&e->link);
	spin_unlock_irq(&e->q->lock, irq);
	if (e->exclusive && was_woken && pass_on)
		waitq_wake_one(e->q);
}

void task_wait_arm(enum wait_mode mode)
{
	unplug();
	current()->wait_mode = (u8)mode;
	sched_set_state(TASK_SLEEPING);
	/* (A): the waker's (B) is the acquire of the run queue's lock in sched_wake() */
	smp_mb();
}

int task_wait_block(enum wait_mode mode, ktime_t deadline)
{
	if (disturbed(mode))
		return -ERESTARTSYS;
	return sched_sleep_until(deadline) ? 0 : -ETIMEDOUT;
}

void task_wait_done(void)
{
	sched_set_state(TASK_RUNNING);
}
