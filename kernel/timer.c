/* SPDX-License-Identifier: MIT */
/* timer.c - functions called at a time.
 *
 * A red-black tree for each CPU, by deadline, with its first element cached; the hardware's
 * one-shot event is armed for the first. A timer fires on the CPU whose queue it is on, from the
 * interrupt, with interrupts off and no lock held.
 *
 * Invariants: (1) armed iff on the queue of t->cpu; (2) the hardware is armed for no later than the
 * first deadline; (3) running points at the timer whose fn is being called on that CPU.
 * Locks: queue.lock [RANK_TIMER], interrupts off. Ref: Arm ARM D12 (generic timer). Tests:
 * selftests/unit/timer_test.c, selftests/ktest/timer.c
 */
#include <kernel/timer.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <kernel/clock.h>
#include <kernel/trap.h>

struct timer_queue {
	struct spinlock lock;
	struct rb_tree tree;
	struct timer *first;
	struct timer *running;
};

static DEFINE_PER_CPU(struct timer_queue, queues);

void timer_setup(struct timer *t, void (*fn)(struct timer *t))
{
	t->fn = fn;
	t->armed = false;
	t->cpu = 0;
}

static struct timer *timer_of(struct rb_node *n)
{
	return rb_entry_or_null(n, struct timer, node);
}

static void enqueue(struct timer_queue *q, struct timer *t) MUST_HOLD(q->lock)
{
	struct rb_node **link = &q->tree.root, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if (t->deadline_ns < timer_of(parent)->deadline_ns) {
			link = &parent->left;
		} else {
			link = &parent->right;
			first = false;
		}
	}
	rb_insert(&q->tree, &t->node, parent, link);
	t->armed = true;
	if (first)
		q->first = t;
}

static void dequeue(struct timer_queue *q, struct timer *t) MUST_HOLD(q->lock)
{
	if (q->first == t)
		q->first = timer_of(rb_next(&t->node));
	rb_erase(&q->tree, &t->node);
	t->armed = false;
}

/* The queue t is on, or would be found on, locked. Interrupts off. */
static struct timer_queue *lock_queue_of(struct timer *t) NO_LOCK_CHECK
{
	for (;;) {
		u32 cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = per_cpu(queues, cpu);

		spin_lock(&q->lock);
		if (t->cpu == cpu)
			return q;
		spin_unlock(&q->lock);
	}
}

bool timer_arm(struct timer *t, ktime_t deadline_ns) NO_LOCK_CHECK
{
	bool was = false;
	irqflags_t irq = irq_save();
	struct timer_queue *q = lock_queue_of(t);

	if (t->armed) {
		dequeue(q, t);
		was = true;
	}
	if (t->cpu != this_cpu_id()) {
		t->cpu = this_cpu_id();
		spin_unlock(&q->lock);
		q = this_cpu(queues);
		spin_lock(&q->lock);
		if (t->armed) {
			/* somebody else armed it here meanwhile: the later call decides */
			dequeue(q, t);
			was = true;
		}
	}
	t->deadline_ns = deadline_ns;
	enqueue(q, t);
	if (q->first == t)
		arch_timer_arm(deadline_ns);
	spin_unlock(&q->lock);
	irq_restore(irq);
	return was;
}

bool timer_cancel(struct timer *t) NO_LOCK_CHECK
{
	irqflags_t irq;
	struct timer_queue *q;
	bool was;

	if (!READ_ONCE(t->armed))
		return false;
	irq = irq_save();
	q = lock_queue_of(t);
	was = t->armed;
	if (was)
		dequeue(q, t);	/* the hardware may fire early: harmless */
	spin_unlock(&q->lock);
	irq_restore(irq);
	return was;
}

bool timer_cancel_sync(struct timer *t)
{
	struct timer_queue *q = per_cpu(queues, READ_ONCE(t->cpu));
	bool was = timer_cancel(t);

	while (READ_ONCE(q->running) == t) {
		cpu_relax();
		was |= timer_cancel(t);
	}
	return was;
}

void timer_interrupt(void)
{
	struct timer_queue *q = this_cpu(queues);
	struct timer *t;

	spin_lock(&q->lock);
	while ((t = q->first) && t->deadline_ns <= clock_monotonic()) {
		dequeue(q, t);
		WRITE_ONCE(q->running, t);
		spin_unlock(&q->lock);
		t->fn(t);
		spin_lock(&q->lock);
		WRITE_ONCE(q->running, NULL);
	}
	arch_timer_arm(t ? t->deadline_ns : S64_MAX);
	spin_unlock(&q->lock);
}

void timer_init_queue(u32 cpu)
{
	struct timer_queue *q = per_cpu(queues, cpu);

	spin_init(&q->lock, RANK_TIMER);
	rb_init(&q->tree, NULL);
	q->first = q->running = NULL;
}
