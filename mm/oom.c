/* SPDX-License-Identifier: MIT */
/* oom.c - when no page is left: somebody dies, never the kernel.
 *
 * The victim is the process with the most resident memory, weighted by oom_score_adj as Linux does
 * (proc(5)). Whoever asked waits until the victim's memory comes back; a dying thread gets no wait
 * and must fail its allocation.
 *
 * Locks: none across the choice; one choice at a time (oom_busy). Ref: proc(5) oom_score_adj.
 * Tests: none of its own yet
 */
#include <mm/oom.h>

#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/early.h>
#include <mm/page.h>

#define WAIT_STEP_NS (5 * NSEC_PER_MSEC)
#define GIVE_UP_NS   (2 * NSEC_PER_SEC)	/* the victim did not go: choose another */

static atomic_t oom_busy;
static ktime_t last_kill;
static pid_t last_victim;

/* Pages, weighted: adj is in thousandths of RAM. Below zero: must not be chosen. */
static s64 badness(struct proc *p, struct budget *in)
{
	struct task *t;
	s64 points = -1;
	irqflags_t irq;

	if (p->oom_score_adj == -1000 || proc_pid(p) == 1)
		return -1;
	irq = spin_lock_irq(&p->lock);
	t = list_first_or_null(&p->threads, struct task, thread_link);
	if (t && t->as && !t->exiting && budget_within(budget_of(t), in))
		points = (s64)aspace_rss(t->as) +
			 p->oom_score_adj * (s64)(ram_bytes() >> PAGE_SHIFT) / 1000;
	spin_unlock_irq(&p->lock, irq);
	return points;
}

static struct proc *choose(struct budget *in)
{
	struct proc *p, *best = NULL;
	s64 most = -1, points;
	pid_t nr = 1;

	while ((p = proc_next(&nr))) {
		points = badness(p, in);
		nr++;
		if (points > most) {
			most = points;
			swap(p, best);
		}
		if (p)
			proc_put(p);
	}
	return best;
}

bool oom_kill_one(struct budget *in)
{
	struct proc *victim = choose(in);

	if (!victim)
		return false;
	last_kill = clock_monotonic();
	last_victim = proc_pid(victim);
	pr_err("%s: Killed process %d (%s)", in->parent ? "Budget out of memory" : "Out of memory",
	       last_victim, victim->leader ? victim->leader->comm : "?");
	signal_send_kernel(victim, SIGKILL);
	proc_put(victim);
	return true;
}

static bool victim_alive(void)
{
	struct proc *p = last_victim ? proc_find(last_victim) : NULL;
	bool alive = p && !(p->flags & PROC_ZOMBIE);

	if (p)
		proc_put(p);
	return alive;
}

bool oom_may_wait(u32 how)
{
	return how != PAGE_ATOMIC && current()->proc && !current_head()->preempt_count &&
	       !irqs_disabled() && !signal_pending_fatal(current());
}

bool oom_wait_in(struct budget *full, u32 how)
{
	u32 free = 0;
	bool any = true;

	if (!oom_may_wait(how))
		return false;
	if (!atomic_cmpxchg(&oom_busy, &free, 1)) {
		sleep_ns(WAIT_STEP_NS);
		return true;
	}
	if (!victim_alive() || clock_monotonic() - last_kill > GIVE_UP_NS)
		any = oom_kill_one(full);
	if (!any && !full->parent)
		panic("out of memory and nothing left to kill");
	atomic_set_release(&oom_busy, 0);
	if (!any)
		return false;
	sleep_ns(WAIT_STEP_NS);
	return !signal_pending_fatal(current());
}

bool oom_wait(u32 how)
{
	return oom_wait_in(&budget_root, how);
}
