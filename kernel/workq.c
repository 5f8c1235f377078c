/* SPDX-License-Identifier: MIT */
/* workq.c - work that must sleep, handed to threads.
 *
 * One list, a few workers that grow when all are asleep in work (up to MAX_WORKERS). For the slow
 * and rare: last file references dropped in odd contexts, device management. Hot paths have bottom
 * halves (kernel/irq.c).
 *
 * Invariant: work is on the list iff queued; a worker clears queued before it calls fn, so that fn
 * may queue it again.
 * Locks: workq.lock [RANK_TASK: taken in any context], interrupts off. Tests: none of its own yet
 */
#include <kernel/workq.h>

#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>

#define MAX_WORKERS 16

static struct spinlock lock = SPINLOCK_INIT(RANK_TASK);
static struct list pending = LIST_INIT(pending);
static struct waitq idle_q, flush_q;
static u32 nr_workers, nr_idle;			/* [lock] */
static struct work *running[MAX_WORKERS];	/* [lock] by worker number */

void work_setup(struct work *w, void (*fn)(struct work *w))
{
	list_init(&w->link);
	w->fn = fn;
	w->queued = false;
}

bool work_queue(struct work *w)
{
	irqflags_t irq = spin_lock_irq(&lock);
	bool now = !w->queued;

	if (now) {
		w->queued = true;
		list_add_tail(&pending, &w->link);
	}
	spin_unlock_irq(&lock, irq);
	if (now)
		waitq_wake_one(&idle_q);
	return now;
}

static struct work *take(u64 me)
{
	irqflags_t irq = spin_lock_irq(&lock);
	struct work *w = list_first_or_null(&pending, struct work, link);

	if (w) {
		list_del_init(&w->link);
		w->queued = false;
		running[me] = w;
	}
	spin_unlock_irq(&lock, irq);
	return w;
}

static void worker(void *arg);

static void add_worker(void)
{
	irqflags_t irq = spin_lock_irq(&lock);
	u64 me = nr_workers;
	bool grow = nr_workers < MAX_WORKERS;

	if (grow)
		nr_workers++;
	spin_unlock_irq(&lock, irq);
	if (grow && !kthread_create(worker, (void *)me, "kworker"))
		pr_warn("workq: no memory for another worker");
}

static void set_idle(s32 d)
{
	irqflags_t irq = spin_lock_irq(&lock);

	nr_idle += (u32)d;
	spin_unlock_irq(&lock, irq);
}

static void worker(void *arg)
{
	u64 me = (u64)arg;
	struct work *w;
	irqflags_t irq;
	int err;

	for (;;) {
		set_idle(1);
		err = waitq_wait_exclusive(&idle_q, (w = take(me)) != NULL, WAIT_UNINTERRUPTIBLE,
					   WAIT_FOREVER);
		(void)err;
		set_idle(-1);
		if (READ_ONCE(nr_idle) == 0)
			add_worker();
		w->fn(w);
		irq = spin_lock_irq(&lock);
		running[me] = NULL;
		spin_unlock_irq(&lock, irq);
		waitq_wake_all(&flush_q);
	}
}

static bool busy(struct work *w)
{
	irqflags_t irq = spin_lock_irq(&lock);
	bool b = w->queued;
	u32 i;

	for (i = 0; i < MAX_WORKERS; i++)
		b |= running[i] == w;
	spin_unlock_irq(&lock, irq);
	return b;
}

void work_flush(struct work *w)
{
	int err = waitq_wait(&flush_q, !busy(w), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);

	(void)err;
}

struct task *kthread_create(void (*fn)(void *), void *arg, const char *name)
{
	return task_create_kernel(fn, arg, name, U32_MAX);
}

void workq_init(void)
{
	waitq_init(&idle_q);
	waitq_init(&flush_q);
	add_worker();
}
