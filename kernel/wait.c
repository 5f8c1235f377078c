/* SPDX-License-Identifier: MIT */
/* wait.c - a parent learns what became of its children.
 *
 * Locks: pids_lock around the search; the report of a zombie is taken by whoever clears
 * PROC_ZOMBIE's reapability first (reaping).
 * Ref: wait4(2), waitid(2). Tests: selftests/abi/process.c
 */
#include <kernel/task.h>

#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/sched.h>

static bool matches(const struct proc *c, const struct wait_query *q)
{
	bool clone_child = c->leader->exit_signal != SIGCHLD;

	switch (q->type) {
	case P_PID:
		if (proc_pid(c) != q->id)
			return false;
		break;
	case P_PGID:
		if (proc_pgid(c) != q->id)
			return false;
		break;
	}
	if ((q->options & __WNOTHREAD) && c->creator_tid != current()->tid)
		return false;
	return (q->options & __WALL) || clone_child == !!(q->options & __WCLONE);
}

static void fill(struct proc *c, struct wait_result *r)
{
	r->pid = proc_pid(c);
	r->uid = c->leader->cred->uid.v;
	r->utime_ns = c->dead_user_ns + c->child_user_ns;
	r->stime_ns = c->dead_sys_ns + c->child_sys_ns;
	r->minflt = c->dead_minflt + c->child_minflt;
	r->majflt = c->dead_majflt + c->child_majflt;
	r->nvcsw = c->dead_nvcsw + c->child_nvcsw;
	r->nivcsw = c->dead_nivcsw + c->child_nivcsw;
	r->maxrss = max(c->maxrss_pages, c->child_maxrss);
}

static void set_event(struct wait_result *r, int code, int value, int status)
{
	r->code = code;
	r->value = value;
	r->status = status;
}

static void inherit_times(struct proc *parent, const struct wait_result *r)
{
	parent->child_user_ns += r->utime_ns;
	parent->child_sys_ns += r->stime_ns;
	parent->child_minflt += r->minflt;
	parent->child_majflt += r->majflt;
	parent->child_nvcsw += r->nvcsw;
	parent->child_nivcsw += r->nivcsw;
	parent->child_maxrss = max(parent->child_maxrss, r->maxrss);
}

/* Looks at one child; true when it has something to tell. *reap: the zombie to release. pids_lock
 * held. */
static bool try_child(struct proc *c, const struct wait_query *q, struct wait_result *r,
		      struct proc **reap)
{
	bool take = !(q->options & WNOWAIT);
	int status;

	if ((q->options & WEXITED) && (c->flags & PROC_ZOMBIE)) {
		fill(c, r);
		status = c->leader->exit_code;
		if (status & 0x7f)
			/* no core files: never CLD_DUMPED */
			set_event(r, CLD_KILLED, status & 0x7f, status);
		else
			set_event(r, CLD_EXITED, (status >> 8) & 0xff, status);
		if (take) {
			c->flags &= ~PROC_ZOMBIE;	/* nobody else finds it */
			inherit_times(c->parent, r);
			*reap = c;
		}
		return true;
	}
	if ((q->options & WSTOPPED) && (c->flags & PROC_STOP_REPORT)) {
		fill(c, r);
		set_event(r, CLD_STOPPED, c->stop_signal, (c->stop_signal << 8) | 0x7f);
		if (take)
			c->flags &= ~PROC_STOP_REPORT;
		return true;
	}
	if ((q->options & WCONTINUED) && (c->flags & PROC_CONTINUED)) {
		fill(c, r);
		set_event(r, CLD_CONTINUED, SIGCONT, 0xffff);
		if (take)
			c->flags &= ~PROC_CONTINUED;
		return true;
	}
	return false;
}

/* True when the wait is over: *err is 0 (r filled, or WNOHANG) or -ECHILD. */
static bool look(struct proc *me, const struct wait_query *q, struct wait_result *r, int *err)
{
	struct proc *c, *reap = NULL;
	bool any = false, found = false;
	irqflags_t irq = spin_lock_irq(&pids_lock);

	list_for_each_entry(c, &me->children, sibling) {
		if (!matches(c, q))
			continue;
		any = true;
		found = try_child(c, q, r, &reap);
		if (found)
			break;
	}
	spin_unlock_irq(&pids_lock, irq);
	if (reap)
		proc_release(reap);
	*err = any || found ? 0 : -ECHILD;
	return found || !any || (q->options & WNOHANG);
}

int proc_wait(const struct wait_query *q, struct wait_result *out)
{
	struct proc *me = current_proc();
	int err = 0, disturbed;

	*out = (struct wait_result){ .pid = 0 };
	disturbed = waitq_wait(&me->child_wait, look(me, q, out, &err), WAIT_INTERRUPTIBLE,
			       WAIT_FOREVER);
	return disturbed ? disturbed : err;
}

void proc_notify_parent(struct proc *p, int code, int value, int sig)
{
	struct siginfo_k info = { .sig = sig, .code = code, .pid = proc_pid(p), .status = value };
	struct sigaction_k act;
	struct proc *parent;
	irqflags_t irq = spin_lock_irq(&pids_lock);
	u64 u, s;

	/* stays ours to name: whoever exits hands its children on under pids_lock */
	parent = p->parent;
	if (parent)
		proc_get(parent);
	spin_unlock_irq(&pids_lock, irq);
	if (!parent)
		return;
	proc_times(p, &u, &s);
	info.utime = u / (NSEC_PER_SEC / 100);
	info.stime = s / (NSEC_PER_SEC / 100);
	info.uid = p->leader->cred->uid.v;
	sighand_get_action(parent->sighand, sig, &act);
	if (code == CLD_EXITED || code == CLD_KILLED || code == CLD_DUMPED ||
	    !(act.flags & SA_NOCLDSTOP))
		signal_send_proc(parent, &info);
	waitq_wake_all(&parent->child_wait);
	proc_put(parent);
}
