/* SPDX-License-Identifier: MIT */
/* bh_timer.c - timers whose function runs in a bottom half.
 *
 *	armed --interrupt: timer_due()--> due, on this CPU's list --SOFTIRQ_TIMER: run_due()--> fn
 *
 * Invariants: (1) a timer is armed, due, or idle; bh_timer_cancel() and the bottom half agree under
 * the list's lock who took it from `due`. (2) arming a due timer leaves it due: fn runs soon, and
 * looks at its own deadline if it must not be early.
 * Locks: list lock [RANK_TIMER], interrupts off. Tests: none of its own yet
 */
#include <kernel/bh_timer.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <kernel/irq.h>

struct due_list {
	struct spinlock lock;
	struct list due;
};

static DEFINE_PER_CPU(struct due_list, lists);

static void timer_due(struct timer *timer)
{
	struct bh_timer *t = container_of(timer, struct bh_timer, timer);
	struct due_list *l = this_cpu(lists);

	spin_lock(&l->lock);
	if (!t->due) {
		t->cpu = this_cpu_id();
		t->due = true;
		list_add_tail(&l->due, &t->link);
	}
	spin_unlock(&l->lock);
	softirq_raise(SOFTIRQ_TIMER);
}

void bh_timer_setup(struct bh_timer *t, void (*fn)(struct bh_timer *t))
{
	timer_setup(&t->timer, timer_due);
	list_init(&t->link);
	t->fn = fn;
	t->due = false;
	t->cpu = 0;
}

/* (1) Takes it off the list it is due on. */
static bool take_due(struct bh_timer *t)
{
	bool was = false;

	while (!was && READ_ONCE(t->due)) {
		u32 cpu = READ_ONCE(t->cpu);
		struct due_list *l = per_cpu(lists, cpu);
		irqflags_t irq = spin_lock_irq(&l->lock);

		was = t->due && t->cpu == cpu;
		if (was) {
			t->due = false;
			list_del_init(&t->link);
		}
		spin_unlock_irq(&l->lock, irq);
	}
	return was;
}

bool bh_timer_arm(struct bh_timer *t, ktime_t deadline_ns)
{
	if (READ_ONCE(t->due))
		return true;			/* (2) */
	return timer_arm(&t->timer, deadline_ns);
}

bool bh_timer_cancel(struct bh_timer *t)
{
	if (timer_cancel(&t->timer))
		return true;
	return take_due(t);
}

static void run_due(void)
{
	struct due_list *l = this_cpu(lists);

	for (;;) {
		irqflags_t irq = spin_lock_irq(&l->lock);
		struct bh_timer *t = list_first_or_null(&l->due, struct bh_timer, link);

		if (t) {
			t->due = false;
			list_del_init(&t->link);
		}
		spin_unlock_irq(&l->lock, irq);
		if (!t)
			return;
		t->fn(t);
	}
}

void bh_timer_init_cpu(u32 cpu)
{
	spin_init(&per_cpu(lists, cpu)->lock, RANK_TIMER);
	list_init(&per_cpu(lists, cpu)->due);
}

void bh_timer_init(void)
{
	softirq_register(SOFTIRQ_TIMER, run_due);
}
