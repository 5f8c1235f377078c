/* SPDX-License-Identifier: MIT */
/* signal.c - signals: queue, choose a thread. Delivery, on the way to user space, is in deliver.c.
 *
 * A signal waits in the thread's queue or in its process's. WORK_SIGNAL on a thread means "look":
 * it may be set without need, it is never clear while something deliverable waits. Each thread
 * takes its own signals in signal_exit_work(), where the default action is carried out or compat/
 * builds the handler's frame.
 *
 * Invariants:
 *  (1) bit n of a queue's set is set iff signal n waits there; infos holds at most one entry below
 *      SIGRTMIN, any number from it on.
 *  (2) SIGKILL is never queued: it sets PROC_GROUP_EXIT and STOP_ZAP on every thread at once.
 *  (3) SIGCONT removes waiting stop signals and a stop in progress when it is sent; stop signals
 *      remove a waiting SIGCONT.
 *
 * Locks: proc.lock [RANK_PROC] with interrupts off (terminals send from interrupts) > sighand.lock.
 * pids_lock may be held outside.
 * Ref: signal(7), sigaction(2), sigqueue(3), kill(2); credentials(7) for the permission. Tests:
 * selftests/abi/signal.c
 */
#include <kernel/signal.h>

#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/object.h>
#include <kernel/printk.h>
#include <kernel/ptimer.h>
#include <kernel/sched.h>
#include <kernel/stop.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "signal_int.h"

#define SIGS_SYNC (SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) | SIGMASK(SIGILL) | SIGMASK(SIGTRAP) | SIGMASK(SIGFPE) | SIGMASK(SIGSYS))
#define SIGS_DFL_IGNORE (SIGMASK(SIGCONT) | SIGMASK(SIGCHLD) | SIGMASK(SIGWINCH) | SIGMASK(SIGURG))

struct siginfo_node {
	struct list link;
	kuid_t uid;		/* whose RLIMIT_SIGPENDING counts it */
	struct siginfo_k info;
};

static struct slab_cache *node_cache, *sighand_cache;

void signal_init(void)
{
	node_cache = slab_cache_create("siginfo", sizeof(struct siginfo_node), 16);
	sighand_cache = slab_cache_create("sighand", sizeof(struct sighand), 16);
}

/* ---- queues ---- */

void sigqueue_init(struct sigqueue *q)
{
	q->set = 0;
	list_init(&q->infos);
}

/* A POSIX timer's: counted when the timer was made, so never refused, and the timer waits to hear
 * what became of it. */
static bool of_timer(const struct siginfo_k *info)
{
	return info->code == SI_TIMER && !info->is_raw;
}

static void node_free(struct siginfo_node *n)
{
	list_del(&n->link);
	if (!of_timer(&n->info))
		cred_count_pending(n->uid, -1);
	slab_free(node_cache, n);
}

/* p: whose timers hear of theirs; NULL: it or the thread is going. */
static void queue_remove(struct proc *p, struct sigqueue *q, sigset_k set)
{
	struct siginfo_node *n, *next;

	if (!(q->set & set))
		return;
	q->set &= ~set;
	list_for_each_entry_safe(n, next, &q->infos, link) {
		if (!(SIGMASK(n->info.sig) & set))
			continue;
		if (p && of_timer(&n->info))
			ptimer_dropped(p, &n->info);
		node_free(n);
	}
}

void sigqueue_flush(struct sigqueue *q)
{
	queue_remove(NULL, q, U64_MAX);
}

static int queue_add(struct sigqueue *q, const struct siginfo_k *info, struct proc *p)
{
	kuid_t uid = p->leader->cred->uid;
	struct siginfo_node *n = NULL;
	bool timer = of_timer(info);
	/* kill(2) and the kernel go through without info */
	bool must = !timer && (info->sig < SIGRTMIN || info->code >= 0);

	if (!timer && info->sig < SIGRTMIN && (q->set & SIGMASK(info->sig)))
		return 0;	/* (1) */
	if (timer || must || cred_nr_pending(uid) < rlimit_cur(p, RLIMIT_SIGPENDING))
		n = slab_alloc(node_cache, PAGE_ATOMIC);
	if (n) {
		n->info = *info;
		n->uid = uid;
		if (!timer)
			cred_count_pending(uid, 1);
		list_add_tail(&q->infos, &n->link);
	} else if (!must) {
		return -EAGAIN;
	}
	q->set |= SIGMASK(info->sig);
	return 0;
}

int sigqueue_take(struct proc *p, struct sigqueue *q, sigset_k set, struct siginfo_k *info)
{
	sigset_k s = q->set & set;
	struct siginfo_node *n, *next;
	bool more = false, found = false;
	int sig;

	if (!s)
		return 0;
	if (s & SIGS_SYNC)
		s &= SIGS_SYNC;
	sig = __builtin_ctzl(s) + 1;
	*info = (struct siginfo_k){ .sig = sig, .code = SI_USER };
	list_for_each_entry_safe(n, next, &q->infos, link) {
		if (n->info.sig != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = true;
		*info = n->info;
		node_free(n);
	}
	if (!more)
		q->set &= ~SIGMASK(sig);
	if (unlikely(of_timer(info)))
		ptimer_delivered(p, info);
	else if (unlikely(sig == SIGALRM && q == &p->pending))
		itimer_taken(p);
	return sig;
}

/* ---- dispositions ---- */

struct sighand *sighand_create(void)
{
	struct sighand *s = slab_alloc(sighand_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!s)
		return NULL;
	ref_init(&s->refs, 1);
	spin_init(&s->lock, RANK_SIGHAND);
	return s;
}

struct sighand *sighand_copy(const struct sighand *from)
{
	struct sighand *s = sighand_create();

	if (s)
		memcpy(s->action, from->action, sizeof(s->action));
	return s;
}

void sighand_put(struct sighand *s)
{
	if (ref_put(&s->refs))
		slab_free(sighand_cache, s);
}

void sighand_get_action(struct sighand *s, int sig, struct sigaction_k *out)
{
	irqflags_t irq = spin_lock_irq(&s->lock);

	*out = s->action[sig - 1];
	spin_unlock_irq(&s->lock, irq);
}

void sighand_exec(struct sighand *s)
{
	u32 i;

	for (i = 0; i < NSIG; i++) {
		if (s->action[i].handler != (u64)SIG_IGN)
			s->action[i].handler = (u64)SIG_DFL;
		s->action[i].flags = 0;
		s->action[i].mask = 0;
		s->action[i].restorer = 0;
	}
}

int signal_get_action(int sig, struct sigaction_k *out)
{
	if (sig < 1 || sig > NSIG)
		return -EINVAL;
	sighand_get_action(current_proc()->sighand, sig, out);
	return 0;
}

bool signal_default_ignores(int sig)
{
	return sig < SIGRTMIN && (SIGMASK(sig) & SIGS_DFL_IGNORE);
}

int signal_set_action(int sig, const struct sigaction_k *act)
{
	struct proc *p = current_proc();
	struct task *t;
	irqflags_t irq;

	if (sig < 1 || sig > NSIG || (SIGMASK(sig) & SIGS_KERNEL_ONLY))
		return -EINVAL;
	irq = spin_lock_irq(&p->lock);
	spin_lock(&p->sighand->lock);
	p->sighand->action[sig - 1] = *act;
	p->sighand->action[sig - 1].mask &= ~SIGS_KERNEL_ONLY;
	spin_unlock(&p->sighand->lock);
	/* POSIX: a waiting signal that is now ignored is dropped. */
	if (act->handler == (u64)SIG_IGN ||
	    (act->handler == (u64)SIG_DFL && signal_default_ignores(sig))) {
		queue_remove(p, &p->pending, SIGMASK(sig));
		list_for_each_entry(t, &p->threads, thread_link)
			queue_remove(p, &t->pending, SIGMASK(sig));
	}
	spin_unlock_irq(&p->lock, irq);
	return 0;
}

/* ---- who must look ---- */

static bool deliverable(const struct task *t)
{
	struct proc *p = t->proc;

	return ((t->pending.set | p->pending.set) & ~t->blocked) ||
	       (t->stop_state & (STOP_PENDING | STOP_ZAP)) || (p->flags & PROC_CONT_NOTIFY) ||
	       t->restore_mask;
}

void signal_recalc(struct task *t)
{
	if (deliverable(t))
		atomic_or(&t->head.work, WORK_SIGNAL);
	else
		atomic_and(&t->head.work, ~WORK_SIGNAL);
}

bool signal_pending(const struct task *t)
{
	return atomic_read(&t->head.work) & WORK_SIGNAL;
}

bool signal_pending_fatal(const struct task *t)
{
	return (atomic_read(&t->head.work) & WORK_SIGNAL) && (READ_ONCE(t->stop_state) & STOP_ZAP);
}

static void signal_wake(struct task *t, bool fatal)
{
	atomic_or(&t->head.work, WORK_SIGNAL);
	sched_wake_signal(t, fatal);
}

void signal_zap_others(struct proc *p, struct task *except)
{
	struct task *t;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): no member is NULL */
	list_for_each_entry(t, &p->threads, thread_link) {
		if (t == except || t->exiting)
			continue;
		t->stop_state = (t->stop_state | STOP_ZAP) & ~STOP_PENDING;
		signal_wake(t, true);
		sched_wake_stopped(t);
	}
	p->stop_count = 0;
}

/* ---- sending ---- */

static bool ignored(struct proc *p, const struct task *t, int sig)
{
	struct sigaction_k act;

	/* A blocked signal is kept: the disposition may change before it is unblocked. */
	if ((t ? t->blocked : p->leader->blocked) & SIGMASK(sig))
		return false;
	sighand_get_action(p->sighand, sig, &act);
	if (act.handler == (u64)SIG_IGN)
		return true;
	if (act.handler != (u64)SIG_DFL)
		return false;
	return (p->flags & PROC_UNKILLABLE) || signal_default_ignores(sig);
}

static void for_all_queues(struct proc *p, sigset_k drop)
{
	struct task *t;

	queue_remove(p, &p->pending, drop);
	list_for_each_entry(t, &p->threads, thread_link)
		queue_remove(p, &t->pending, drop);
}

/* (3) */
static void stop_and_continue(struct proc *p, int sig)
{
	if (SIGMASK(sig) & SIGS_STOP) {
		for_all_queues(p, SIGMASK(SIGCONT));
	} else if (sig == SIGCONT) {
		for_all_queues(p, SIGS_STOP);
		stop_continue(p);
	}
}

static bool wants(const struct task *t, int sig)
{
	return !(t->blocked & SIGMASK(sig)) && !t->exiting && !(t->stop_state & STOP_STOPPED);
}

static struct task *choose_thread(struct proc *p, int sig)
{
	struct task *t;

	if (p->leader && wants(p->leader, sig))
		return p->leader;
	list_for_each_entry(t, &p->threads, thread_link)
		if (wants(t, sig))
			return t;
	return NULL;
}

static void kill_all(struct proc *p) MUST_HOLD(p->lock)
{
	if (!(p->flags & PROC_GROUP_EXIT)) {
		p->flags |= PROC_GROUP_EXIT;
		p->group_exit_code = SIGKILL;
	}
	signal_zap_others(p, NULL);
}

static void tell_watchers(struct proc *p)
{
	struct signal_watcher *w;

	list_for_each_entry(w, &p->signal_watchers, link)
		object_wake(w->obj, EPOLLIN);
	waitq_wake_all(&p->signal_wait);
}

/* t: for this thread; NULL: for the process. proc.lock held. */
static int send_locked(struct proc *p, struct task *t, const struct siginfo_k *info)
	MUST_HOLD(p->lock)
{
	int err, sig = info->sig;

	if (sig == 0 || p->nr_threads == 0 || (t && t->exiting))
		return 0;
	stop_and_continue(p, sig);
	if (ignored(p, t, sig)) {
		if (of_timer(info))
			ptimer_dropped(p, info);
		return 0;
	}
	if (sig == SIGKILL) {
		kill_all(p);	/* (2) */
		return 0;
	}
	err = queue_add(t ? &t->pending : &p->pending, info, p);
	if (err) {
		if (of_timer(info))
			ptimer_dropped(p, info);
		return err;
	}
	tell_watchers(p);
	if (!t)
		t = choose_thread(p, sig);
	if (t && wants(t, sig))
		signal_wake(t, false);
	return 0;
}

int signal_send_task(struct task *t, const struct siginfo_k *info)
{
	struct proc *p = t->proc;
	irqflags_t irq;
	int err;

	if (!p)
		return -EPERM;
	irq = spin_lock_irq(&p->lock);
	err = send_locked(p, t, info);
	spin_unlock_irq(&p->lock, irq);
	return err;
}

int signal_send_proc(struct proc *p, const struct siginfo_k *info)
{
	irqflags_t irq = spin_lock_irq(&p->lock);
	int err = send_locked(p, NULL, info);

	spin_unlock_irq(&p->lock, irq);
	return err;
}

int signal_send_pgrp(struct pgrp *g, const struct siginfo_k *info)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct proc *p;
	int err = -ESRCH, one;

	list_for_each_entry(p, &g->members, group_link) {
		one = signal_send_proc(p, info);
		if (err)
			err = one;
	}
	spin_unlock_irq(&pids_lock, irq);
	return err;
}

void signal_send_kernel(struct proc *p, int sig)
{
	struct siginfo_k info = { .sig = sig, .code = SI_KERNEL };

	signal_send_proc(p, &info);
}

void signal_send_pgrp_kernel(struct pgrp *g, int sig)
{
	struct siginfo_k info = { .sig = sig, .code = SI_KERNEL };

	signal_send_pgrp(g, &info);
}

void signal_force(int sig, int code, u64 addr)
{
	struct task *t = current();
	struct proc *p = t->proc;
	struct siginfo_k info = { .sig = sig, .code = code, .addr = addr };
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct sigaction_k *act = &p->sighand->action[sig - 1];

	/* Blocked or ignored, it cannot wait: the instruction would fault for ever. */
	spin_lock(&p->sighand->lock);
	if ((t->blocked & SIGMASK(sig)) || act->handler == (u64)SIG_IGN) {
		act->handler = (u64)SIG_DFL;
		t->blocked &= ~SIGMASK(sig);
	}
	if (act->handler == (u64)SIG_DFL)
		p->flags &= ~PROC_UNKILLABLE;
	spin_unlock(&p->sighand->lock);
	send_locked(p, t, &info);
	spin_unlock_irq(&p->lock, irq);
}

int signal_may_send(const struct proc *to, int sig)
{
	const struct cred *me = current_cred(), *c;
	bool ok;

	rcu_read_lock();
	c = rcu_deref(to->leader->cred);
	ok = to == current_proc() || uid_eq(me->euid, c->suid) || uid_eq(me->euid, c->uid) ||
	     uid_eq(me->uid, c->suid) || uid_eq(me->uid, c->uid) || cred_has(me, CAP_KILL);
	rcu_read_unlock();
	if (!ok && sig == SIGCONT)
		ok = proc_sid(to) == proc_sid(current_proc());
	return ok ? 0 : -EPERM;
}

/* ---- masks ---- */

void signal_set_blocked(sigset_k set)
{
	struct task *t = current(), *o;
	struct proc *p = t->proc;
	irqflags_t irq;
	sigset_k newly;

	set &= ~SIGS_KERNEL_ONLY;
	if (t->blocked == set)
		return;
	irq = spin_lock_irq(&p->lock);
	newly = set & ~t->blocked;
	t->blocked = set;
	/* What we now refuse another thread may take. */
	if (p->nr_threads > 1 && (p->pending.set & newly))
		list_for_each_entry(o, &p->threads, thread_link)
			if (o != t && (p->pending.set & newly & ~o->blocked) && !o->exiting)
				signal_wake(o, false);
	signal_recalc(t);
	spin_unlock_irq(&p->lock, irq);
}

void signal_set_temp_mask(sigset_k set)
{
	struct task *t = current();

	t->saved_mask = t->blocked;
	signal_set_blocked(set);
	t->restore_mask = true;
}

void signal_restore_temp_mask(bool interrupted)
{
	struct task *t = current();

	if (!t->restore_mask)
		return;
	if (interrupted) {
		/* the exit work restores, after a handler saw the mask */
		atomic_or(&t->head.work, WORK_SIGNAL);
		return;
	}
	t->restore_mask = false;
	signal_set_blocked(t->saved_mask);
}

bool signal_take(sigset_k set, struct siginfo_k *out)
{
	struct task *t = current();
	struct proc *p = t->proc;
	irqflags_t irq = spin_lock_irq(&p->lock);
	bool got = sigqueue_take(p, &t->pending, set, out) ||
		   sigqueue_take(p, &p->pending, set, out);

	if (got)
		signal_recalc(t);
	spin_unlock_irq(&p->lock, irq);
	return got;
}

bool signal_thread_leaves(struct task *t)
{
	struct proc *p = t->proc;
	struct task *o;

	list_for_each_entry(o, &p->threads, thread_link)
		if (o != t && !o->exiting && (p->pending.set & ~o->blocked))
			signal_wake(o, false);
	return stop_thread_leaves(t);
}
