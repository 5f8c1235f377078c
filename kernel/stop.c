/* SPDX-License-Identifier: MIT */
/* stop.c - the one state machine for threads that must hold still: job control now, tracing and
 * freezing on the same states later.
 *
 *	            stop_begin()                stop_park()                 stop_continue(), kill
 *	  running ----------------> STOP_PENDING ------------> STOP_STOPPED --------------------->
 *	  running
 *	     ^                          |
 *	     +---- stop_continue() -----+
 *
 * The last thread to park (or to exit instead) completes the stop: PROC_STOPPED, and the parent is
 * told.
 *
 * Invariants: (1) stop_count = threads with STOP_PENDING; (2) a thread is in TASK_STOPPED only with
 * STOP_STOPPED set, and both change under proc.lock; (3) STOP_ZAP beats everything: a thread to be
 * killed never parks.
 * Locks: proc.lock. Ref: signal(7), wait(2) WUNTRACED, POSIX 2.4.3. Tests: selftests/abi/jobctl.c
 */
#include <kernel/stop.h>

#include <kernel/sched.h>
#include <kernel/task.h>

static void mark_threads(struct proc *p)
{
	struct task *t;

	p->stop_count = 0;
	list_for_each_entry(t, &p->threads, thread_link) {
		if (t->exiting || (t->stop_state & (STOP_STOPPED | STOP_ZAP)))
			continue;
		t->stop_state |= STOP_PENDING;
		p->stop_count++;
		atomic_or(&t->head.work, WORK_SIGNAL);
		if (t != current())
			sched_wake_signal(t, false);
	}
}

void stop_begin(struct proc *p, int sig)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	bool orphaned = p->pgrp && pgrp_orphaned(p->pgrp, NULL);

	spin_unlock_irq(&pids_lock, irq);
	if (sig != SIGSTOP && orphaned)
		return;
	irq = spin_lock_irq(&p->lock);
	/* A SIGCONT or a kill that came after the signal was taken wins. */
	if ((p->flags & PROC_STOP_TAKEN) && !(p->flags & PROC_GROUP_EXIT)) {
		p->flags &= ~PROC_STOP_TAKEN;
		p->stop_signal = sig;
		mark_threads(p);
	}
	spin_unlock_irq(&p->lock, irq);
}

static bool complete(struct proc *p)
{
	if (--p->stop_count)
		return false;
	p->flags = (p->flags & ~PROC_CONTINUED) | PROC_STOPPED | PROC_STOP_REPORT;
	return true;
}

void stop_park(struct task *t, irqflags_t irq) NO_LOCK_CHECK
{
	struct proc *p = t->proc;
	bool tell;

	t->stop_state = (t->stop_state & ~STOP_PENDING) | STOP_STOPPED;
	tell = complete(p);
	sched_set_state(TASK_STOPPED);
	spin_unlock_irq(&p->lock, irq);
	if (tell)
		proc_notify_parent(p, CLD_STOPPED, p->stop_signal, SIGCHLD);
	schedule();
	irq = spin_lock_irq(&p->lock);
	t->stop_state &= ~STOP_STOPPED;
	sched_set_state(TASK_RUNNING);
	spin_unlock_irq(&p->lock, irq);
}

void stop_continue(struct proc *p)
{
	bool was = p->flags & PROC_STOPPED;
	struct task *t;

	p->flags &= ~(PROC_STOPPED | PROC_STOP_REPORT | PROC_STOP_TAKEN);
	p->stop_count = 0;
	list_for_each_entry(t, &p->threads, thread_link) {
		t->stop_state &= ~STOP_PENDING;
		if (was) {
			p->flags |= PROC_CONTINUED | PROC_CONT_NOTIFY;
			atomic_or(&t->head.work, WORK_SIGNAL);
		}
		if (t->stop_state & STOP_STOPPED)
			sched_wake_stopped(t);
	}
}

bool stop_thread_leaves(struct task *t)
{
	if (!(t->stop_state & STOP_PENDING))
		return false;
	t->stop_state &= ~STOP_PENDING;
	return t->proc->stop_count && complete(t->proc);
}
