/* SPDX-License-Identifier: MIT */
/* sched.c - switches threads: sleep, wake, preempt, balance, idle. Parameters and figures:
 * sched_param.c.
 *
 * Life of a thread on the scheduler; arrows carry the function that moves it:
 *
 *	            sched_wake()                 schedule(), picked
 *	  SLEEPING ----------------> RUNNABLE ------------------------> RUNNING
 *	     ^                          ^                                  |
 *	     |                          +--- schedule(), preempted --------+
 *	     +------------ schedule() with state SLEEPING -----------------+
 *
 * A sleeper sets its state before it tests its condition; a waker changes SLEEPING to RUNNING under
 * the run queue's lock. schedule() looks at the state under the same lock, so a wake-up between
 * test and switch just keeps the thread running.
 *
 * Invariants:
 *  (1) a runnable thread is on exactly one run queue, that of head.cpu, or is that CPU's curr.
 *  (2) the run queue's lock is held across the switch: who holds it sees no thread half-way between
 *      two CPUs.
 *  (3) a CPU that is not idle has its tick armed.
 *
 * Locks: runq.lock [RANK_RUNQ], interrupts off; two only in CPU order. Ref: sched(7). Tests:
 * selftests/ktest/sched.c
 */

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <kernel/bh_timer.h>
#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/irq.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/trap.h>
#include <mm/aspace.h>
#include <mm/kvmap.h>
#include <mm/slab.h>

#include "sched_int.h"

#define TICK_NS (4 * NSEC_PER_MSEC)

DEFINE_PER_CPU(struct runq, runqs);
static DEFINE_PER_CPU(struct timer, tick_timer);
static u64 idle_mask;		/* CPUs in their idle loop, atomic */
u64 sched_load[3];
static ktime_t load_next;

struct task init_task = {
	.head = { .preempt_count = 1 },
	.comm = "swapper/0",
	.affinity = 1,
	.cred = &cred_init,
	.refs = ATOMIC_INIT(1),
};

static struct runq *this_rq(void)
{
	return this_cpu(runqs);
}

struct runq *sched_lock_rq_of(struct task *t) NO_LOCK_CHECK
{
	for (;;) {
		u32 cpu = READ_ONCE(t->head.cpu);
		struct runq *q = cpu_rq(cpu);

		spin_lock(&q->lock);
		if (likely(t->head.cpu == cpu))
			return q;
		spin_unlock(&q->lock);
	}
}

/* Brings curr's run time up to date. */
static u64 update_curr(struct runq *q) MUST_HOLD(q->lock)
{
	struct task *t = q->curr;
	ktime_t now = clock_monotonic();
	u64 delta = (u64)(now - t->exec_start);

	t->exec_start = now;
	if (t == q->idle) {
		q->idle_ns += delta;
		return delta;
	}
	t->sum_exec_ns += delta;
	runq_charge(q, t, delta);
	budget_add_cpu_ns(t, delta);
	return delta;
}

/* True: its CPU is another one and must be told. */
static bool mark_resched(struct runq *q)
{
	struct task *t = q->curr;

	if (atomic_read(&t->head.work) & WORK_RESCHED)
		return false;
	atomic_or(&t->head.work, WORK_RESCHED);
	return q->cpu != this_cpu_id();
}

void sched_resched(struct runq *q)
{
	if (mark_resched(q))
		ipi_send(q->cpu, IPI_RESCHED);
}

/* Told without the lock: the first thing it does is to ask for it. */
static void unlock_and_preempt(struct runq *q, struct task *t) RELEASES(q->lock)
{
	bool tell = runq_preempts(q, t) && mark_resched(q);

	spin_unlock(&q->lock);
	if (tell)
		ipi_send(q->cpu, IPI_RESCHED);
}

static void tick_arm(void)
{
	struct timer *t = this_cpu(tick_timer);

	if (!t->armed)
		timer_arm(t, clock_monotonic() + TICK_NS);
}

/* ---- switching ---- */

static void finish_dead(struct task *t)
{
	u64 stack = t->head.stack;

	WRITE_ONCE(t->head.stack, 0);	/* (C): before the lock that kv_stacks_hold() takes */
	kv_stack_free(stack);
	task_put(t);
}

static u32 choose_cpu(const struct task *t);

/* Queues a runnable thread that was switched away from a CPU it may not use. Interrupts off. */
static void push_away(struct task *t)
{
	u32 cpu = choose_cpu(t);
	struct runq *q = cpu_rq(cpu);

	spin_lock(&q->lock);
	t->head.cpu = cpu;
	t->vruntime += q->min_vruntime;
	runq_add(q, t, false);
	if (runq_preempts(q, t))
		sched_resched(q);
	spin_unlock(&q->lock);
}

void sched_tail(void)
{
	struct runq *q = this_rq();
	struct task *prev = q->prev, *push = q->push;
	bool dead = prev->state == TASK_DEAD;

	prev->on_cpu = false;
	q->push = NULL;
	lock_rank_release(&q->lock);
	__atomic_store_n(&q->lock.held, 0, __ATOMIC_RELEASE);
	if (unlikely(push))
		push_away(push);
	preempt_enable_no_resched();
	irq_enable();
	if (unlikely(dead))
		finish_dead(prev);
}

static struct task *pull_task(struct runq *q);

static void switch_to(struct runq *q, struct task *prev, struct task *next)
{
	q->nr_switches++;
	next->on_cpu = true;
	next->exec_start = prev->exec_start;
	if (next->as != prev->as)
		arch_mm_switch(next->as ? &next->as->mm : NULL);
	q->prev = prev;
	arch_switch(prev, next);
	sched_tail();	/* maybe on another CPU, much later */
}

/* preempted: the thread did not ask; whatever its state says, it stays runnable. Interrupts on or
 * off at entry; on at return. */
static void do_schedule(bool preempted) NO_LOCK_CHECK
{
	struct runq *q;
	struct task *prev = current(), *next;

	irq_disable();
	q = this_rq();
	spin_lock(&q->lock);
	atomic_and(&prev->head.work, ~WORK_RESCHED);
	rcu_quiescent();
	update_curr(q);
	if (prev != q->idle) {
		if (unlikely(!(prev->affinity & BIT(q->cpu))) &&
		    (prev->state == TASK_RUNNING || preempted)) {
			q->push = prev;
			prev->vruntime -= q->min_vruntime;
			q->nr_running--;
		} else if (prev->state == TASK_RUNNING || preempted) {
			runq_put_prev(q, prev);
			prev->nivcsw += preempted;
		} else {
			q->nr_running--;
			prev->nvcsw++;
		}
	}
	next = runq_pick(q);
	if (next == q->idle && prev != q->idle && nr_cpus > 1) {
		struct task *pulled = pull_task(q);

		if (pulled)
			next = runq_pick(q);
	}
	q->curr = next;
	if (next != prev) {
		if (prev == q->idle)
			tick_arm();
		switch_to(q, prev, next);
		return;
	}
	spin_unlock(&q->lock);
	irq_enable();
}

void schedule(void)
{
	do_schedule(false);
}

/* preempt_enable() found WORK_RESCHED. */
void preempt_schedule(void)
{
	if (irqs_disabled() || in_interrupt())
		return;
	do {
		do_schedule(true);
	} while (atomic_read(&current_head()->work) & WORK_RESCHED);
}

void preempt_from_irq(void)
{
	do_schedule(true);
	irq_disable();
}

void sched_yield(void)
{
	struct runq *q;

	irq_disable();
	q = this_rq();
	spin_lock(&q->lock);
	if (q->nr_running > 1) {
		update_curr(q);
		runq_yield(q, current());
	}
	spin_unlock(&q->lock);
	schedule();
}

/* ---- sleeping and waking ---- */

void sched_set_state(u32 state)
{
	WRITE_ONCE(current()->state, state);
}

void sched_sleep_timeout(struct timer *t)
{
	sched_wake(container_of(t, struct task, sleep_timer));
}

bool sched_sleep_until(ktime_t deadline)
{
	struct task *t = current();

	if (deadline == S64_MAX) {
		schedule();
		return true;
	}
	if (clock_monotonic() >= deadline) {
		sched_set_state(TASK_RUNNING);
		return false;
	}
	timer_arm(&t->sleep_timer, deadline);
	schedule();
	if (timer_cancel(&t->sleep_timer))
		return true;
	return clock_monotonic() < deadline;
}

/* Where a woken thread should run: where it ran if that CPU idles, else an idle one, else where it
 * ran. */
static u32 choose_cpu(const struct task *t)
{
	u64 idle = __atomic_load_n(&idle_mask, __ATOMIC_RELAXED) & t->affinity & cpu_online_mask;
	u32 cpu = t->head.cpu;

	if (likely(t->affinity & BIT(cpu))) {
		if (!idle || (idle & BIT(cpu)))
			return cpu;
		/* A CPU with nothing but us running is about to be free: ping-pong stays on one
		 * CPU's caches. */
		if (cpu == this_cpu_id() && cpu_rq(cpu)->nr_running <= 1 && !irqs_disabled())
			return cpu;
	}
	if (idle)
		return (u32)__builtin_ctzl(idle);
	return t->affinity & BIT(cpu) ? cpu : (u32)__builtin_ctzl(t->affinity & cpu_online_mask);
}

void sched_enqueue(struct runq *q, struct task *t) NO_LOCK_CHECK
{
	u32 cpu = nr_cpus > 1 ? choose_cpu(t) : 0;

	if (cpu != q->cpu) {
		u64 ahead = t->vruntime - q->min_vruntime;

		t->head.cpu = cpu;
		spin_unlock(&q->lock);
		q = cpu_rq(cpu);
		spin_lock(&q->lock);
		t->vruntime = q->min_vruntime + ahead;
	}
	runq_add(q, t, true);
	unlock_and_preempt(q, t);
}

static bool wake_if(struct task *t, u32 mode_limit) NO_LOCK_CHECK
{
	irqflags_t irq;
	struct runq *q;
	bool woken = false;

	smp_mb();	/* (B) for task_wait(): the condition before the look at the state */
	if (READ_ONCE(t->state) != TASK_SLEEPING)
		return false;
	irq = irq_save();
	q = sched_lock_rq_of(t);
	if (t->state == TASK_SLEEPING && t->wait_mode >= mode_limit) {
		woken = true;
		t->state = TASK_RUNNING;
		if (!t->on_cpu && !t->queued) {
			sched_enqueue(q, t);
			irq_restore(irq);
			return true;
		}
	}
	spin_unlock(&q->lock);
	irq_restore(irq);
	return woken;
}

bool sched_wake(struct task *t)
{
	return wake_if(t, WAIT_UNINTERRUPTIBLE);
}

void sched_wake_signal(struct task *t, bool fatal)
{
	/* WORK_SIGNAL before the look at the state; pairs with (A) in waitq_arm() */
	smp_mb();
	wake_if(t, fatal ? WAIT_KILLABLE : WAIT_INTERRUPTIBLE);
	if (READ_ONCE(t->on_cpu) && t->head.cpu != this_cpu_id())
		ipi_send(t->head.cpu, IPI_RESCHED);
}

/* Out of a job-control or trace stop: stop.c. */
void sched_wake_stopped(struct task *t) NO_LOCK_CHECK
{
	irqflags_t irq = irq_save();
	struct runq *q = sched_lock_rq_of(t);

	if (t->state == TASK_STOPPED || t->state == TASK_TRACED) {
		t->state = TASK_RUNNING;
		if (!t->on_cpu && !t->queued) {
			sched_enqueue(q, t);
			irq_restore(irq);
			return;
		}
	}
	spin_unlock(&q->lock);
	irq_restore(irq);
}

void sched_wake_new(struct task *t)
{
	irqflags_t irq = irq_save();
	struct runq *q;

	t->head.cpu = nr_cpus > 1 ? choose_cpu(t) : 0;
	q = cpu_rq(t->head.cpu);
	spin_lock(&q->lock);
	t->state = TASK_RUNNING;
	t->vruntime = q->min_vruntime + SCHED_SLICE_NS / 4;
	runq_add(q, t, false);
	unlock_and_preempt(q, t);
	irq_restore(irq);
}

void sleep_ns(ktime_t ns)
{
	ktime_t end = clock_monotonic() + ns;

	do {
		current()->wait_mode = WAIT_UNINTERRUPTIBLE;
		sched_set_state(TASK_SLEEPING);
	} while (sched_sleep_until(end));
}

void sched_exit(void)
{
	struct task *t = current();

	lock_assert_none_held();
	irq_disable();
	WRITE_ONCE(t->state, TASK_DEAD);
	do_schedule(false);
	unreachable();
}

/* ---- balance ---- */

/* An idle CPU takes a waiting thread from the longest queue. q is locked; another is locked in CPU
 * order. */
static struct task *pull_task(struct runq *q)
{
	struct runq *busiest = NULL;
	struct task *t;
	u32 cpu, most = 1;

	for_each_cpu(cpu) {
		struct runq *o = cpu_rq(cpu);
		u32 n = READ_ONCE(o->nr_running);

		if (o != q && n > most && READ_ONCE(o->nr_fair)) {
			most = n;
			busiest = o;
		}
	}
	if (!busiest || !spin_trylock(&busiest->lock))
		return NULL;
	t = runq_steal(busiest, q->cpu);
	if (t) {
		u64 ahead = t->vruntime - busiest->min_vruntime;

		runq_remove(busiest, t);
		t->head.cpu = q->cpu;
		t->vruntime = q->min_vruntime + ahead;
		runq_add(q, t, false);
	}
	spin_unlock(&busiest->lock);
	return t;
}

static void calc_load(ktime_t now)
{
	static const u32 decay[3] = { 1884, 2014, 2037 };	/* 2048 / exp(5 s / 1, 5, 15 min) */
	u64 active = sched_nr_running() << 11;
	u32 i;

	if (now < load_next || this_cpu_id() != 0)
		return;
	load_next = now + 5 * NSEC_PER_SEC;
	for (i = 0; i < 3; i++)
		sched_load[i] = (sched_load[i] * decay[i] + active * (2048 - decay[i])) >> 11;
}

static void account_tick(struct task *t, bool user)
{
	if (user)
		t->user_ns += TICK_NS;
	else
		t->sys_ns += TICK_NS;
}

void (*sched_tick_hook)(struct task *t, bool user, u64 ns);

/* The tick: runs in the timer interrupt of a busy CPU. */
static void tick(struct timer *timer)
{
	struct runq *q = this_rq();
	struct task *t = current();
	bool idle, kick;
	ktime_t now = clock_monotonic();
	u64 others;

	spin_lock(&q->lock);
	idle = q->curr == q->idle;
	update_curr(q);
	if (runq_slice_over(q, TICK_NS))
		sched_resched(q);
	kick = q->nr_running > 1;
	spin_unlock(&q->lock);
	calc_load(now);
	if (idle && !rcu_needs_cpu())
		return;
	timer_arm(timer, now + TICK_NS);
	if (!idle) {
		bool user = irq_was_user();

		account_tick(t, user);
		if (sched_tick_hook && t->proc)
			sched_tick_hook(t, user, TICK_NS);
	}
	if (idle || irq_was_user())
		rcu_quiescent();
	else if (t->head.preempt_count <= 1)
		/* a quiescent point soon, for RCU */
		atomic_or(&t->head.work, WORK_RESCHED);
	others = __atomic_load_n(&idle_mask, __ATOMIC_RELAXED);
	if (kick && others)
		ipi_send((u32)__builtin_ctzl(others), IPI_RESCHED);
}

/* ---- idle ---- */

void sched_idle_loop(void)
{
	struct runq *q;

	for (;;) {
		irq_disable();
		q = this_rq();
		__atomic_fetch_or(&idle_mask, BIT(q->cpu), __ATOMIC_SEQ_CST);
		if (!(atomic_read(&current_head()->work) & WORK_RESCHED) &&
		    READ_ONCE(q->nr_running) == 0) {
			rcu_quiescent();
			if (rcu_needs_cpu()) {
				tick_arm();
				cpu_wait_irq();
			} else {
				rcu_idle_enter();
				cpu_wait_irq();
				rcu_idle_exit();
			}
		}
		__atomic_fetch_and(&idle_mask, ~BIT(q->cpu), __ATOMIC_SEQ_CST);
		irq_enable();
		if (nr_cpus > 1 && READ_ONCE(q->nr_running) == 0) {
			irq_disable();
			spin_lock(&q->lock);
			pull_task(q);
			spin_unlock(&q->lock);
			irq_enable();
		}
		if (READ_ONCE(q->nr_running))
			schedule();
		else
			atomic_and(&current_head()->work, ~WORK_RESCHED);
	}
}

static void setup_idle(struct task *t, u32 cpu)
{
	struct runq *q = cpu_rq(cpu);

	runq_init(q, cpu);
	q->idle = q->curr = t;
	t->head.cpu = cpu;
	t->on_cpu = true;
	t->state = TASK_RUNNING;
	t->head.fp_cpu = U32_MAX;
	t->weight = NICE_0_WEIGHT;
	timer_init_queue(cpu);
	bh_timer_init_cpu(cpu);
	timer_setup(per_cpu(tick_timer, cpu), tick);
	per_cpu(tick_timer, cpu)->cpu = cpu;
	timer_setup(&t->sleep_timer, sched_sleep_timeout);
	list_init(&t->task_works);
	list_init(&t->run_link);
}

void sched_init(void)
{
	setup_idle(&init_task, 0);
	softirq_register(SOFTIRQ_RCU, rcu_run_callbacks);
}

struct task *sched_idle_task(u32 cpu)
{
	struct task *t = knew(struct task);

	if (!t)
		return NULL;
	t->head.stack = kv_stack_alloc();
	if (!t->head.stack)
		return NULL;
	t->head.preempt_count = 1;
	t->affinity = BIT(cpu);
	t->cred = &cred_init;
	ref_init(&t->refs, 1);
	fmt_print(t->comm, sizeof(t->comm), "swapper/%u", cpu);
	setup_idle(t, cpu);
	return t;
}
