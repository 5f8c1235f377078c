/* SPDX-License-Identifier: MIT */
/* exit.c - the end of threads and processes.
 *
 * A thread gives back what it holds in an order that lets others notice: robust futexes and the
 * clear-tid word while its memory is still there, then memory, descriptors, the file context. Then
 * it leaves its process; the last one turns the process into a zombie that waits to be reaped,
 * hands its children to a reaper, and tells the parent.
 *
 *	task_exit() --> resources gone --> task_unlink() --> not last: TASK_DEAD, freed by the next
 *	thread's sched_tail()
 *	                                               \--> last: become_zombie() --> parent
 *	                                               ignores: proc_release()
 *	                                                                          \-> parent waits:
 *	                                                                          proc_release() in
 *	                                                                          wait.c
 *
 * Invariant: a leader that exits first stays in the tables, as a name, until all other threads are
 * gone.
 * Locks: pids_lock > proc.lock, interrupts off. Ref: _exit(2), wait(2), credentials(7), POSIX
 * orphaned groups.
 * Tests: selftests/abi/process.c
 */
#include <kernel/task.h>

#include <arch/uaccess.h>
#include <arch/mmu.h>
#include <kernel/budget.h>
#include <kernel/cred.h>
#include <kernel/family.h>
#include <kernel/futex.h>
#include <kernel/handle.h>
#include <kernel/pidfd.h>
#include <kernel/peek.h>
#include <kernel/printk.h>
#include <kernel/ptimer.h>
#include <kernel/sched.h>
#include <mm/aspace.h>

static struct proc *init_proc;		/* PID 1 */

/* Tells whoever waits on the clear-tid word (pthread_join), while the memory is still ours. */
static void clear_tid(struct task *t)
{
	if (!t->clear_child_tid.va || !t->as || atomic_read(&t->as->refs) <= 1)
		return;
	if (uaccess_put_u32(t->clear_child_tid, 0) == 0)
		futex_wake_user(t->clear_child_tid, 1);
}

void task_release_mm(struct task *t)
{
	struct aspace *as = t->as;

	futex_exit_robust(t);
	clear_tid(t);
	t->clear_child_tid = UADDR_NULL;
	vfork_finish(t);
	if (!as)
		return;
	irq_disable();
	task_swap_as(t, NULL);
	arch_mm_switch(NULL);
	irq_enable();
	aspace_put(as);
}

static void release_resources(struct task *t)
{
	struct proc *p = t->proc;
	u64 rss = t->as ? aspace_rss(t->as) : 0;

	p->maxrss_pages = max(p->maxrss_pages, max(rss, t->as ? atomic_read(&t->as->peak_rss) : 0));
	task_release_mm(t);
	if (t->handles)
		handle_table_put(task_swap_handles(t, NULL));
	task_work_run();
	if (t->fs)
		task_fs_ops->put(task_swap_fs(t, NULL));
	task_work_run();
}

static void add_times(struct proc *p, struct task *t) MUST_HOLD(p->lock)
{
	u64 u, s;

	sched_task_times(t, &u, &s);
	t->accounted = true;
	p->dead_user_ns += u;
	p->dead_sys_ns += s;
	p->dead_nvcsw += t->nvcsw;
	p->dead_nivcsw += t->nivcsw;
	p->dead_minflt += t->min_flt;
	p->dead_majflt += t->maj_flt;
	io_counts_add(&p->dead_io, &t->io);
}

/* Who takes the children of p: the nearest ancestor that asked to be a reaper, else init. pids_lock
 * held. */
static struct proc *find_reaper(struct proc *p)
{
	struct proc *r;

	for (r = p->parent; r; r = r->parent)
		if (r->is_reaper && !(r->flags & PROC_ZOMBIE))
			return r;
	return init_proc;
}

static void send_kernel_sig(struct pgrp *g, int sig)
{
	struct siginfo_k info = { .sig = sig, .code = SI_KERNEL };
	struct proc *p;

	list_for_each_entry(p, &g->members, group_link)
		signal_send_proc(p, &info);
}

/* A group that is orphaned now, for a child whose parent is outside of it goes (leaving), or the
 * parent, and that has a stopped member gets SIGHUP and SIGCONT; one that was orphaned before, not
 * again. pids_lock held. */
static void check_orphans(struct pgrp *g, const struct proc *parent, const struct proc *leaving)
{
	bool linked = g && parent && parent->pgrp && parent->pgrp != g &&
		      parent->pgrp->session == g->session,
	     stopped = false;
	struct proc *p;

	if (!linked || !pgrp_orphaned(g, leaving))
		return;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): no member is NULL */
	list_for_each_entry(p, &g->members, group_link)
		stopped |= p != leaving && (p->flags & PROC_STOPPED);
	if (!stopped)
		return;
	send_kernel_sig(g, SIGHUP);
	send_kernel_sig(g, SIGCONT);
}

static void reparent_children(struct proc *p)
{
	struct proc *reaper, *c, *next;
	irqflags_t irq = spin_lock_irq(&pids_lock);

	reaper = find_reaper(p);
	list_for_each_entry_safe(c, next, &p->children, sibling) {
		struct siginfo_k info = { .sig = c->leader->pdeath_signal,
					  .code = SI_USER,
					  .pid = proc_pid(p) };

		c->parent = reaper;
		list_move_tail(&reaper->children, &c->sibling);
		if (info.sig)
			signal_send_proc(c, &info);
		check_orphans(c->pgrp, p, NULL);
	}
	check_orphans(p->pgrp, p->parent, p);
	spin_unlock_irq(&pids_lock, irq);
	waitq_wake_all(&reaper->child_wait);	/* zombies among them */
}

static void leave_session(struct proc *p)
{
	struct session *s = NULL;
	irqflags_t irq = spin_lock_irq(&pids_lock);

	if (p->pgrp && p->pgrp->session->leader == p) {
		s = p->pgrp->session;
		session_get(s);
		s->leader = NULL;
	}
	spin_unlock_irq(&pids_lock, irq);
	if (!s)
		return;
	if (session_exit_hook)
		session_exit_hook(s);
	irq = spin_lock_irq(&pids_lock);
	session_put(s);
	spin_unlock_irq(&pids_lock, irq);
}

/* The parent does not want to know: SIGCHLD ignored, or SA_NOCLDWAIT. Any lock but sighand's. */
static bool parent_ignores(struct proc *p)
{
	struct sigaction_k act;
	struct proc *parent = p->parent;

	if (!parent || p->leader->exit_signal != SIGCHLD)
		return false;
	sighand_get_action(parent->sighand, SIGCHLD, &act);
	return act.handler == (u64)SIG_IGN || (act.flags & SA_NOCLDWAIT);
}

/*
 * The last thread is gone. A process whose parent does not care leaves at once and never shows as a
 * zombie; else, from the moment the flag is set, the parent may reap it: what is needed afterwards
 * is held or copied before.
 */
static void become_zombie(struct proc *p)
{
	struct task *leader = p->leader;
	int status = leader->exit_code, sig = leader->exit_signal;
	struct proc *parent;
	irqflags_t irq;
	bool release;

	task_get(leader);
	reparent_children(p);
	leave_session(p);
	ptimer_delete_all(p);
	itimer_exit_proc(p);
	if (proc_exit_hook)
		proc_exit_hook(p);
	cred_count_proc(leader->cred->uid, -1);
	irq = spin_lock_irq(&pids_lock);
	parent = p->parent;
	if (parent)
		proc_get(parent);
	release = !parent || parent_ignores(p);
	if (!release)
		p->flags |= PROC_ZOMBIE;
	pidfd_notify(p->pid);
	spin_unlock_irq(&pids_lock, irq);
	if (parent && sig > 0)
		proc_notify_parent(p, status & 0x7f ? CLD_KILLED : CLD_EXITED,
				   status & 0x7f ? status & 0x7f : status >> 8, sig);
	if (release)
		proc_release(p);
	if (parent) {
		waitq_wake_all(&parent->child_wait);
		proc_put(parent);
	}
	task_put(leader);
}

/* Takes t off its process. True when it was the last thread. Non-leaders leave the tables at
 * once. */
static bool leave_process(struct task *t)
{
	struct proc *p = t->proc;
	irqflags_t irq = spin_lock_irq(&pids_lock);
	bool last, report, leader = t == p->leader;

	spin_lock(&p->lock);
	add_times(p, t);
	last = --p->nr_threads == 0;
	report = signal_thread_leaves(t);
	if (!leader) {
		list_del_init(&t->thread_link);
		sigqueue_flush(&t->pending);
	}
	spin_unlock(&p->lock);
	if (!leader)
		pid_drop_roles(t->pid, true, false);
	spin_unlock_irq(&pids_lock, irq);
	if (!leader)
		cred_count_proc(t->cred->uid, -1);
	if (report)
		proc_notify_parent(p, CLD_STOPPED, p->stop_signal, SIGCHLD);
	waitq_wake_all(&p->signal_wait);	/* proc_single_thread() counts us */
	return last;
}

static void set_exit_code(struct task *t, int code)
{
	struct proc *p = t->proc;
	irqflags_t irq = spin_lock_irq(&p->lock);

	t->exiting = true;
	t->exit_code = p->flags & PROC_GROUP_EXIT ? p->group_exit_code : code;
	if (p->flags & PROC_GROUP_EXIT)
		p->leader->exit_code = p->group_exit_code;
	spin_unlock_irq(&p->lock, irq);
}

void task_exit(int code)
{
	struct task *t = current();
	struct proc *p = t->proc;
	bool last;

	if (!p) {		/* a kernel thread */
		task_count(-1);
		sched_exit();
	}
	if (proc_pid(p) == 1 && p->nr_threads == 1)
		panic("Attempted to kill init! exitcode=0x%08x", code);
	set_exit_code(t, code);
	release_resources(t);
	t->works_closed = true;
	task_work_run();
	/* Our own reference, which finish_dead() drops; a leader's first one is dropped by
	 * proc_release(), maybe at once. */
	if (t == p->leader)
		task_get(t);
	last = leave_process(t);
	task_count(-1);
	budget_uncharge(budget_of(t)->id, BUDGET_TASKS, 1);
	if (last)
		become_zombie(p);
	sched_exit();
}

void proc_exit_group(int code)
{
	struct proc *p = current_proc();
	irqflags_t irq = spin_lock_irq(&p->lock);

	if (!(p->flags & PROC_GROUP_EXIT)) {
		p->flags |= PROC_GROUP_EXIT;
		p->group_exit_code = code;
		signal_zap_others(p, current());
	} else {
		code = p->group_exit_code;
	}
	spin_unlock_irq(&p->lock, irq);
	task_exit(code);
}

int proc_single_thread(void)
{
	struct task *me = current();
	struct proc *p = me->proc;
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct task *old;
	int err = 0;

	if ((p->flags & (PROC_GROUP_EXIT | PROC_EXECING)) && p->nr_threads > 1)
		err = -EAGAIN;
	else
		p->flags |= PROC_EXECING;
	if (!err)
		signal_zap_others(p, me);
	spin_unlock_irq(&p->lock, irq);
	if (err)
		return err;
	err = waitq_wait(&p->signal_wait, READ_ONCE(p->nr_threads) == 1, WAIT_KILLABLE,
			 WAIT_FOREVER);
	irq = spin_lock_irq(&pids_lock);
	spin_lock(&p->lock);
	p->flags &= ~PROC_EXECING;
	old = p->leader;
	if (!err && old != me) {		/* we take the leader's place and number */
		struct pid *pid = me->pid;

		list_del_init(&old->thread_link);
		p->leader = me;
		me->pid = old->pid;
		old->pid = pid;
		swap(me->tid, old->tid);
		me->exit_signal = old->exit_signal;
		rcu_assign(me->pid->task, me);
		pid_drop_roles(pid, true, false);
	} else {
		old = NULL;
	}
	spin_unlock(&p->lock);
	spin_unlock_irq(&pids_lock, irq);
	if (old) {
		cred_count_proc(old->cred->uid, -1);
		task_put(old);
	}
	return err;
}

/* Reaped, or nobody cares: the process leaves the tables. */
void proc_release(struct proc *p)
{
	struct task *leader = p->leader;
	irqflags_t irq = spin_lock_irq(&pids_lock);

	list_del_init(&p->sibling);
	proc_leave_groups(p);
	spin_lock(&p->lock);		/* others may be walking the threads: proc_times() */
	list_del_init(&leader->thread_link);
	sigqueue_flush(&leader->pending);
	spin_unlock(&p->lock);
	pid_drop_roles(p->pid, true, true);
	spin_unlock_irq(&pids_lock, irq);
	task_put(leader);
	proc_put(p);
}

void proc_set_init(struct proc *p)
{
	init_proc = p;
}
