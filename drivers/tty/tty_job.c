/* SPDX-License-Identifier: MIT */
/* tty_job.c - job control: which session a terminal controls, which group is in the foreground,
 * what happens to the others.
 *
 * session->tty and tty->session name each other, under pids_lock, and each holds a reference on the
 * other; tty->pgrp is set only while tty->session is. Signals are sent with a reference and without
 * the lock.
 * Locks: pids_lock (RANK_PIDS), which may be taken under tty->lock.
 * Ref: credentials(7), tcsetpgrp(3), ioctl_tty(2) TIOCSCTTY TIOCNOTTY; POSIX 2017 s11.1.4 (terminal
 * access control).
 * Tests: selftests/abi/jobctl.c
 */
#include <drivers/tty/tty.h>

#include <kernel/cred.h>
#include <kernel/signal.h>
#include <kernel/task.h>

static struct pgrp *foreground(struct tty *t)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct pgrp *g = t->pgrp;

	if (g)
		pgrp_get(g);
	spin_unlock_irq(&pids_lock, irq);
	return g;
}

static void put_group(struct pgrp *g)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);

	pgrp_put(g);
	spin_unlock_irq(&pids_lock, irq);
}

void tty_signal(struct tty *t, int sig)
{
	struct pgrp *g = foreground(t);

	if (!g)
		return;
	signal_send_pgrp_kernel(g, sig);
	put_group(g);
}

static bool is_blocked_or_ignored(int sig)
{
	struct sigaction_k act;

	if (current()->blocked & SIGMASK(sig))
		return true;
	return signal_get_action(sig, &act) == 0 && act.handler == (u64)SIG_IGN;
}

/* The group of current when it is in the background of this, its controlling terminal: a reference.
 * *orphaned: nobody would continue it. */
static struct pgrp *background_group(struct tty *t, bool *orphaned)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct pgrp *g = current_proc() ? current_proc()->pgrp : NULL;

	if (g && (g->session->tty != t || !t->pgrp || t->pgrp == g))
		g = NULL;
	if (g) {
		pgrp_get(g);
		*orphaned = pgrp_orphaned(g, NULL);
	}
	spin_unlock_irq(&pids_lock, irq);
	return g;
}

static int stop_group(struct pgrp *g, int sig)
{
	signal_send_pgrp_kernel(g, sig);
	put_group(g);
	return -ERESTARTSYS;
}

/* The usual case without the lock: pointers are compared, not followed. */
static bool in_foreground(struct tty *t)
{
	struct proc *p = current_proc();

	return p && READ_ONCE(p->pgrp) == READ_ONCE(t->pgrp);
}

int tty_check_change(struct tty *t)
{
	bool orphaned;
	struct pgrp *g = in_foreground(t) ? NULL : background_group(t, &orphaned);

	if (!g)
		return 0;
	if (is_blocked_or_ignored(SIGTTOU)) {
		put_group(g);
		return 0;
	}
	if (orphaned) {
		put_group(g);
		return -EIO;
	}
	return stop_group(g, SIGTTOU);
}

int tty_check_read(struct tty *t)
{
	bool orphaned;
	struct pgrp *g = in_foreground(t) ? NULL : background_group(t, &orphaned);

	if (!g)
		return 0;
	if (orphaned || is_blocked_or_ignored(SIGTTIN)) {
		put_group(g);
		return -EIO;
	}
	return stop_group(g, SIGTTIN);
}

struct tty *tty_of_current(void)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct pgrp *g = current_proc()->pgrp;
	struct tty *t = g ? g->session->tty : NULL;

	if (t)
		object_get(&t->obj);
	spin_unlock_irq(&pids_lock, irq);
	return t;
}

/* ---- who controls whom; pids_lock held ---- */

static void set_foreground(struct tty *t, struct pgrp *g)
{
	struct pgrp *old = t->pgrp;

	if (g)
		pgrp_get(g);
	t->pgrp = g;
	if (old)
		pgrp_put(old);
}

static void join(struct tty *t, struct session *s, struct pgrp *g)
{
	s->tty = t;
	object_get(&t->obj);
	t->session = s;
	session_get(s);
	set_foreground(t, g);
}

/* Returns the terminal whose reference the session held, to be dropped without the lock. */
static struct tty *part(struct session *s)
{
	struct tty *t = s->tty;

	if (!t)
		return NULL;
	s->tty = NULL;
	if (t->session == s) {
		t->session = NULL;
		set_foreground(t, NULL);
		session_put(s);
	}
	return t;
}

/* O_NOCTTY missing, or TIOCSCTTY. The former asks without steal and ignores the answer. */
int tty_take_ctty(struct tty *t, bool readable, bool steal)
{
	bool admin = capable(CAP_SYS_ADMIN);
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct proc *p = current_proc();
	struct session *s = p && p->pgrp ? p->pgrp->session : NULL;
	struct tty *robbed = NULL;
	int err = 0;

	if (!s || s->leader != p || (s->tty && s->tty != t))
		err = -EPERM;
	else if (s->tty == t)
		;
	else if (t->session && !(steal && admin))
		err = -EPERM;
	else if (!readable && !admin)
		err = -EPERM;
	else {
		if (t->session)
			robbed = part(t->session);
		join(t, s, p->pgrp);
	}
	spin_unlock_irq(&pids_lock, irq);
	if (robbed)
		object_put(&robbed->obj);
	return err;
}

/* The leader gives it up for all; others only cannot reach it any more, as on Linux: their session
 * still has it. */
int tty_drop_ctty(struct tty *t)
{
	struct pgrp *g = foreground(t);
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct session *s = current_proc()->pgrp->session;
	struct tty *gone = NULL;
	int err = s->tty == t ? 0 : -ENOTTY;

	if (!err && s->leader == current_proc())
		gone = part(s);
	spin_unlock_irq(&pids_lock, irq);
	if (gone && g) {
		signal_send_pgrp_kernel(g, SIGHUP);
		signal_send_pgrp_kernel(g, SIGCONT);
	}
	if (gone)
		object_put(&gone->obj);
	if (g)
		put_group(g);
	return err;
}

static bool is_own(struct tty *t)
{
	return current_proc()->pgrp && current_proc()->pgrp->session->tty == t;
}

/* any: the master's side asks, whose own terminal it is not. */
int tty_get_pgrp(struct tty *t, bool any, pid_t *out)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	int err = any || is_own(t) ? 0 : -ENOTTY;

	if (!err)
		*out = t->pgrp ? t->pgrp->pid->nr : 0;
	spin_unlock_irq(&pids_lock, irq);
	return err;
}

int tty_set_pgrp(struct tty *t, pid_t pgid)
{
	int err = tty_check_change(t);
	struct pgrp *g;
	irqflags_t irq;

	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (pgid < 0)
		return -EINVAL;
	irq = spin_lock_irq(&pids_lock);
	g = pgrp_of(pgid);
	if (!is_own(t) || t->session != current_proc()->pgrp->session)
		err = -ENOTTY;
	else if (!g)
		err = -ESRCH;
	else if (g->session != t->session)
		err = -EPERM;
	else
		set_foreground(t, g);
	spin_unlock_irq(&pids_lock, irq);
	return err;
}

int tty_get_sid(struct tty *t, bool any, pid_t *out)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	int err = (any || is_own(t)) && t->session ? 0 : -ENOTTY;

	if (!err)
		*out = t->session->pid->nr;
	spin_unlock_irq(&pids_lock, irq);
	return err;
}

/* ---- the end ---- */

static void signal_leader(struct session *s, int sig)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct proc *p = s->leader;

	if (p)
		proc_get(p);
	spin_unlock_irq(&pids_lock, irq);
	if (!p)
		return;
	signal_send_kernel(p, sig);
	proc_put(p);
}

/* Takes the terminal from its session and tells leader and foreground group. */
static void leave_session(struct tty *t)
{
	struct pgrp *g = foreground(t);
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct session *s = t->session;
	struct tty *gone = NULL;

	if (s) {
		session_get(s);
		gone = part(s);
	}
	spin_unlock_irq(&pids_lock, irq);
	if (s) {
		signal_leader(s, SIGHUP);
		signal_leader(s, SIGCONT);
		irq = spin_lock_irq(&pids_lock);
		session_put(s);
		spin_unlock_irq(&pids_lock, irq);
	}
	if (g) {
		signal_send_pgrp_kernel(g, SIGHUP);
		put_group(g);
	}
	if (gone)
		object_put(&gone->obj);
}

void tty_vhangup(struct tty *t)
{
	tty_hangup(t);
	leave_session(t);
}

void tty_vhangup_current(void)
{
	struct tty *t = tty_of_current();

	if (!t)
		return;
	tty_vhangup(t);
	object_put(&t->obj);
}

/* The leader is gone. A real line is hung up for whoever still has it open; behind a pty there is a
 * program that will notice. */
void tty_session_exit(struct session *s)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct tty *t = s->tty;

	if (t)
		object_get(&t->obj);
	spin_unlock_irq(&pids_lock, irq);
	if (!t)
		return;
	if (!t->is_pty)
		tty_hangup(t);
	tty_signal(t, SIGHUP);
	irq = spin_lock_irq(&pids_lock);
	if (part(s) != t) {
		spin_unlock_irq(&pids_lock, irq);
		object_put(&t->obj);
		return;
	}
	spin_unlock_irq(&pids_lock, irq);
	object_put(&t->obj);	/* the session's */
	object_put(&t->obj);	/* ours */
}

void tty_of_session(struct session *s, u32 *dev, pid_t *foreground)
{
	if (!s->tty)
		return;
	*dev = s->tty->dev;
	if (s->tty->pgrp)
		*foreground = s->tty->pgrp->pid->nr;
}
