/* SPDX-License-Identifier: MIT */
/* rcu.c - grace periods for readers that only keep preemption off.
 *
 * One grace period at a time, numbered. Each CPU must report once for it: at a switch of threads,
 * in a tick that interrupted user code or idle, or by being idle. The CPU that clears the last bit
 * ends the period and starts the next if somebody waits. Callbacks of a CPU move through three
 * lists: next (new) -> wait (for period wait_gp) -> done (ready to run).
 *
 *	call_rcu()       advance()                   advance()           rcu_run_callbacks()
 *	  next   ------------------> wait (gp = cur+1) ---------> done -----------------------> fn()
 *
 * Invariant: a callback runs only after a period that started after it was queued has ended.
 * Barriers: the lock orders a CPU's report after its readers' loads, and the updater's unlink
 * before the period's start.
 * Locks: rcu_lock [RANK_RCU], interrupts off; the lists by interrupts off. Ref: McKenney, "Is
 * Parallel Programming Hard", chapter 9.
 * Tests: selftests/ktest/rcu.c
 */
#include <kernel/rcu.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <kernel/irq.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/waitq.h>

#define BATCH 256	/* callbacks a bottom half runs before it lets others */

struct cblist {
	struct rcu_head *head, **tail;
	u32 nr;
};

struct rcu_cpu {
	struct cblist next, wait, done;
	u64 wait_gp;		/* period that must have ended for wait */
	u64 reported_gp;	/* last period this CPU reported for */
	bool idle;
};

static DEFINE_PER_CPU(struct rcu_cpu, rcu_cpu);
static struct spinlock rcu_lock = SPINLOCK_INIT(RANK_RCU);
static u64 gp_current;		/* [rcu_lock] running or last period */
static u64 gp_completed;	/* [rcu_lock] */
static u64 gp_wanted;		/* [rcu_lock] highest period somebody waits for */
static u64 gp_pending;		/* [rcu_lock] CPUs still to report */

static void list_take(struct cblist *to, struct cblist *from)
{
	if (!from->head)
		return;
	if (!to->head)
		to->tail = &to->head;
	*to->tail = from->head;
	to->tail = from->tail;
	to->nr += from->nr;
	from->head = NULL;
	from->nr = 0;
}

static void start_period(void) MUST_HOLD(rcu_lock)
{
	u32 cpu;

	gp_current++;
	gp_pending = 0;
	/* idle flags after the unlinks that came before this period; pairs with rcu_idle_exit() */
	smp_mb();
	for_each_cpu(cpu)
		if ((READ_ONCE(cpu_online_mask) & BIT(cpu)) &&
		    !READ_ONCE(per_cpu(rcu_cpu, cpu)->idle))
			gp_pending |= BIT(cpu);
}

static void end_periods(void) MUST_HOLD(rcu_lock)
{
	while (gp_pending == 0 && gp_completed < gp_current) {
		gp_completed = gp_current;
		if (gp_wanted > gp_completed)
			start_period();
	}
}

/* Moves callbacks along. Interrupts off. Returns whether some are ready. */
static bool advance(struct rcu_cpu *r)
{
	spin_lock(&rcu_lock);
	if (r->wait.head && gp_completed >= r->wait_gp)
		list_take(&r->done, &r->wait);
	if (!r->wait.head && r->next.head) {
		list_take(&r->wait, &r->next);
		r->wait_gp = gp_current + 1;
		gp_wanted = max(gp_wanted, r->wait_gp);
		if (gp_completed == gp_current) {
			start_period();
			end_periods();
		}
	}
	spin_unlock(&rcu_lock);
	return r->done.head != NULL;
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	irqflags_t irq = irq_save();
	struct rcu_cpu *r = this_cpu(rcu_cpu);

	head->next = NULL;
	head->fn = fn;
	if (!r->next.head)
		r->next.tail = &r->next.head;
	*r->next.tail = head;
	r->next.tail = &head->next;
	r->next.nr++;
	irq_restore(irq);
}

/* This CPU holds no reader: reports for the running period. Interrupts off or preemption off. */
void rcu_quiescent(void)
{
	struct rcu_cpu *r = this_cpu(rcu_cpu);
	irqflags_t irq;

	if (likely(r->reported_gp == READ_ONCE(gp_current) && !r->next.head && !r->wait.head &&
		   !r->done.head))
		return;
	irq = irq_save();
	if (r->reported_gp != READ_ONCE(gp_current)) {
		spin_lock(&rcu_lock);
		r->reported_gp = gp_current;
		gp_pending &= ~BIT(this_cpu_id());
		end_periods();
		spin_unlock(&rcu_lock);
	}
	if (r->next.head || r->wait.head || r->done.head)
		if (advance(r))
			softirq_raise(SOFTIRQ_RCU);
	irq_restore(irq);
}

void rcu_idle_enter(void)
{
	struct rcu_cpu *r = this_cpu(rcu_cpu);

	WRITE_ONCE(r->idle, true);
	/* idle before the look at the period: a period that starts later does not wait for us */
	smp_mb();
	if (r->reported_gp == READ_ONCE(gp_current) ||
	    !(READ_ONCE(gp_pending) & BIT(this_cpu_id())))
		return;
	spin_lock(&rcu_lock);
	r->reported_gp = gp_current;
	gp_pending &= ~BIT(this_cpu_id());
	end_periods();
	spin_unlock(&rcu_lock);
}

void rcu_idle_exit(void)
{
	WRITE_ONCE(this_cpu(rcu_cpu)->idle, false);
	/* pairs with start_period(): either it sees us busy, or we see what was unlinked before
	 * it */
	smp_mb();
}

/* Has this CPU callbacks that an idle stretch would hold up? */
bool rcu_needs_cpu(void)
{
	struct rcu_cpu *r = this_cpu(rcu_cpu);

	return r->next.head || r->wait.head || r->done.head;
}

void rcu_run_callbacks(void)
{
	struct rcu_cpu *r;
	struct rcu_head *h;
	irqflags_t irq;
	u32 n;

	for (n = 0; n < BATCH; n++) {
		irq = irq_save();
		r = this_cpu(rcu_cpu);
		h = r->done.head;
		if (h) {
			r->done.head = h->next;
			r->done.nr--;
		}
		irq_restore(irq);
		if (!h)
			return;
		h->fn(h);
	}
	softirq_raise(SOFTIRQ_RCU);
}

struct sync {
	struct rcu_head head;
	struct task *sleeper;
	bool done;
};

/* The sleeper goes, and its stack with @s, as soon as it sees done; its struct task waits for
 * readers, as we are one. */
static void sync_done(struct rcu_head *h)
{
	struct sync *s = container_of(h, struct sync, head);
	struct task *sleeper = s->sleeper;

	smp_store_release(&s->done, true);
	sched_wake(sleeper);
}

void synchronize_rcu(void)
{
	struct sync s = { .sleeper = current() };
	int err;

	call_rcu(&s.head, sync_done);
	err = task_wait(smp_load_acquire(&s.done), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
	(void)err;
}

static void barrier_on_cpu(void *arg)
{
	(void)arg;
	rcu_quiescent();
}

void rcu_barrier(void)
{
	u32 i;

	/* Callbacks run in order on each CPU; three periods move every earlier one through next,
	 * wait and done. */
	for (i = 0; i < 3; i++) {
		synchronize_rcu();
		cpu_call(cpu_online_mask, barrier_on_cpu, NULL, true);
	}
}
