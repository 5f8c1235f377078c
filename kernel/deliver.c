/* SPDX-License-Identifier: MIT */
/* deliver.c - a thread takes its signals on the way to user space: handlers, default actions,
 * restarts.
 *
 * An interrupted call has returned -ERESTART*. It is wound back to its svc first; a handler may
 * then turn it into -EINTR. So a call restarts when no handler ran, or when the handler's
 * SA_RESTART and the call's kind say so.
 *
 * Locks: proc.lock [RANK_PROC] > sighand.lock; none while a frame is written. Ref: signal(7)
 * "Interruption of system calls", sigaction(2).
 * Tests: selftests/abi/signal.c
 */
#include <kernel/signal.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <kernel/sched.h>
#include <kernel/stop.h>
#include <kernel/task.h>

#include "signal_int.h"

#define NR_RESTART_SYSCALL 128

int (*signal_build_frame)(const struct siginfo_k *info, const struct sigaction_k *act,
			  sigset_k mask);

struct restart {
	bool in_syscall, rewound;
	u64 continue_pc;
	long ret;
};

/* Winds an interrupted call back to its svc; a handler may still turn it into EINTR. */
static void restart_begin(struct trap_frame *f, struct restart *r)
{
	r->in_syscall = f->syscall_nr != NO_SYSCALL;
	r->rewound = false;
	r->ret = 0;
	r->continue_pc = f->pc;
	if (!r->in_syscall)
		return;
	f->syscall_nr = NO_SYSCALL;
	r->ret = (long)f->x[0];
	switch (-r->ret) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		f->x[0] = f->orig_x0;
		f->pc -= 4;
		r->rewound = true;
	}
}

static void restart_for_handler(struct trap_frame *f, struct restart *r,
				const struct sigaction_k *act)
{
	if (!r->rewound)
		return;
	r->rewound = false;
	if (r->ret == -ERESTARTNOINTR || (r->ret == -ERESTARTSYS && (act->flags & SA_RESTART)))
		return;
	f->x[0] = (u64)-EINTR;
	f->pc = r->continue_pc;
}

static void restart_end(struct trap_frame *f, struct restart *r)
{
	if (r->rewound && r->ret == -ERESTART_RESTARTBLOCK)
		f->x[8] = NR_RESTART_SYSCALL;
}

static void run_handler(struct trap_frame *f, struct restart *r, struct siginfo_k *info,
			struct sigaction_k *act)
{
	struct task *t = current();
	sigset_k old = t->restore_mask ? t->saved_mask : t->blocked, mask;

	restart_for_handler(f, r, act);
	t->restore_mask = false;
	if (signal_build_frame(info, act, old)) {
		if (info->sig == SIGSEGV) {	/* its own handler cannot run */
			struct sigaction_k dfl = { .handler = (u64)SIG_DFL };

			(void)signal_set_action(SIGSEGV, &dfl);
		}
		signal_force(SIGSEGV, SI_KERNEL, 0);
		return;
	}
	mask = t->blocked | act->mask;
	if (!(act->flags & SA_NODEFER))
		mask |= SIGMASK(info->sig);
	signal_set_blocked(mask);
}

/* Takes the next deliverable signal and its action. proc.lock held; false: nothing more. */
static bool take_next(struct task *t, struct siginfo_k *info, struct sigaction_k *act)
{
	struct proc *p = t->proc;
	struct sigaction_k *a;

	if (!sigqueue_take(p, &t->pending, ~t->blocked, info) &&
	    !sigqueue_take(p, &p->pending, ~t->blocked, info))
		return false;
	a = &p->sighand->action[info->sig - 1];
	spin_lock(&p->sighand->lock);
	*act = *a;
	if (act->handler > (u64)SIG_IGN && (act->flags & SA_RESETHAND))
		a->handler = (u64)SIG_DFL;
	spin_unlock(&p->sighand->lock);
	if (act->handler == (u64)SIG_DFL && (SIGMASK(info->sig) & SIGS_STOP))
		p->flags |= PROC_STOP_TAKEN;
	return true;
}

/* The default action of a signal that is not ignored. */
static void default_action(struct proc *p, const struct siginfo_k *info)
{
	if (signal_default_ignores(info->sig) || (p->flags & PROC_UNKILLABLE))
		return;
	if (SIGMASK(info->sig) & SIGS_STOP)
		stop_begin(p, info->sig);
	else
		proc_exit_group(info->sig);
}

/* What must happen before signals are looked at: die, tell of a continue, stop. proc.lock held,
 * dropped when true is returned. */
static bool other_work(struct task *t, irqflags_t irq) NO_LOCK_CHECK
{
	struct proc *p = t->proc;
	int code;

	if (t->stop_state & STOP_ZAP) {
		code = p->flags & PROC_GROUP_EXIT ? p->group_exit_code : 0;
		spin_unlock_irq(&p->lock, irq);
		task_exit(code);
	}
	if (p->flags & PROC_CONT_NOTIFY) {
		p->flags &= ~PROC_CONT_NOTIFY;
		spin_unlock_irq(&p->lock, irq);
		proc_notify_parent(p, CLD_CONTINUED, SIGCONT, SIGCHLD);
		return true;
	}
	if (t->stop_state & STOP_PENDING) {
		stop_park(t, irq);
		return true;
	}
	return false;
}

void signal_exit_work(void) NO_LOCK_CHECK
{
	struct task *t = current();
	struct proc *p = t->proc;
	struct trap_frame *f = arch_user_frame(t);
	struct siginfo_k info;
	struct sigaction_k act;
	struct restart r;
	irqflags_t irq;

	restart_begin(f, &r);
	for (;;) {
		irq = spin_lock_irq(&p->lock);
		if (other_work(t, irq))
			continue;
		if (!take_next(t, &info, &act)) {
			if (t->restore_mask) {
				t->restore_mask = false;
				t->blocked = t->saved_mask;
			}
			signal_recalc(t);
			spin_unlock_irq(&p->lock, irq);
			break;
		}
		spin_unlock_irq(&p->lock, irq);
		if (act.handler == (u64)SIG_DFL)
			default_action(p, &info);
		else if (act.handler != (u64)SIG_IGN)
			run_handler(f, &r, &info, &act);
	}
	restart_end(f, &r);
}
