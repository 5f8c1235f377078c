/* SPDX-License-Identifier: MIT */
/* sigio.c - signals when a descriptor becomes ready.
 *
 * A description with O_ASYNC hangs a hook on its object, as pollers do. The hook runs under locks
 * that rank behind those of signals, so it only notes what happened; the signal is sent by the
 * thread that caused it on its way out of the kernel, before it runs again, or by a worker when an
 * interrupt caused it and no thread will do.
 *
 * Sockets tell of urgent data by WAKE_URGENT: SIGURG for the owner, O_ASYNC or not; their hook
 * hangs there as soon as there is an owner.
 *
 * Invariants:
 *  (1) the hook is on the object iff hooked: when enabled, or when there is an owner who wants
 *      SIGURG; all change under enable_lock.
 *  (2) queued: a reference is held for the work, which takes all of events; whoever adds events
 *      after it looked queues anew.
 *  (3) the owner is a struct pid with a reference, so that its number cannot come to mean somebody
 *      else.
 *
 * Locks: enable_lock [RANK_SLEEP_LEAF]; s->lock [RANK_OBJECT] for the owner. Ref: fcntl(2)
 * "Managing signals", sigaction(2) SIGPOLL.
 * Tests: selftests/abi/sigio.c
 */
#include <kernel/sigio.h>

#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/slab.h>

#define TELLS_IN  (EPOLLIN | EPOLLRDNORM | EPOLLHUP | EPOLLERR | EPOLLRDHUP)
#define TELLS_OUT (EPOLLOUT | EPOLLWRNORM)

/* si_code and what si_band says with it. */
enum { CODE_IN = 1, CODE_OUT = 2, CODE_PRI = 5 };
#define BAND_IN	 (EPOLLIN | EPOLLRDNORM)
#define BAND_OUT (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define BAND_PRI (EPOLLPRI | EPOLLRDBAND)

struct owner {
	struct pid *pid;	/* a reference, or NULL: nobody */
	s32 type;		/* F_OWNER_* */
	kuid_t uid, euid;	/* of who said so: it must be allowed to signal */
};

/* Locks: s  sigio.lock   e  enable_lock   a  atomic */
struct sigio {
	atomic_t refs;			/* the file's, and one while queued */
	struct poll_hook hook;		/* [e] */
	bool enabled, hooked;		/* [e] (1) */
	u32 wants;			/* [e] events that count */
	int fd;				/* [e] as the signal tells it */
	struct spinlock lock;
	struct owner owner;		/* [s] */
	u32 sig;			/* a word */
	u32 events, queued;		/* [a] (2) */
	struct task_work task_work;
	struct work work;
};

static struct mutex enable_lock = MUTEX_INIT(enable_lock, RANK_SLEEP_LEAF);

static void put(struct sigio *s)
{
	if (!ref_put(&s->refs))
		return;
	if (s->owner.pid)
		pid_put(s->owner.pid);
	kfree(s);
}

/* ---- sending ---- */

static bool may_signal(const struct owner *o, const struct task *t)
{
	const struct cred *c;
	bool ok;

	rcu_read_lock();
	c = rcu_deref(t->cred);
	ok = o->euid.v == 0 || uid_eq(o->euid, c->suid) || uid_eq(o->euid, c->uid) ||
	     uid_eq(o->uid, c->suid) || uid_eq(o->uid, c->uid);
	rcu_read_unlock();
	return ok;
}

/* t: to this thread; NULL: to the process. A queue that is full still gets SIGIO. */
static void send_one(const struct owner *o, struct proc *p, struct task *t, u32 sig,
		     const struct siginfo_k *info)
{
	struct siginfo_k plain = { .sig = SIGIO, .code = SI_KERNEL };

	if (!may_signal(o, t ? t : p->leader))
		return;
	if (sig && !(t ? signal_send_task(t, info) : signal_send_proc(p, info)))
		return;
	if (t)
		signal_send_task(t, &plain);
	else
		signal_send_proc(p, &plain);
}

static void send_group(const struct owner *o, u32 sig, const struct siginfo_k *info)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct proc *p;

	if (o->pid->pgrp)
		list_for_each_entry(p, &o->pid->pgrp->members, group_link)
			send_one(o, p, NULL, sig, info);
	spin_unlock_irq(&pids_lock, irq);
}

static void send(const struct owner *o, u32 sig, const struct siginfo_k *info)
{
	struct proc *p = o->type == F_OWNER_PID ? proc_find(o->pid->nr) : NULL;
	struct task *t = o->type == F_OWNER_TID ? task_find(o->pid->nr) : NULL;

	if (o->type == F_OWNER_PGRP)
		send_group(o, sig, info);
	if (p && p->pid == o->pid)
		send_one(o, p, NULL, sig, info);
	if (t && t->pid == o->pid && t->proc)
		send_one(o, t->proc, t, sig, info);
	if (p)
		proc_put(p);
	if (t)
		task_put(t);
}

/* These signals give codes of their own a meaning: ours would be mistaken for it. */
static bool has_own_codes(u32 sig)
{
	return sig == SIGILL || sig == SIGFPE || sig == SIGSEGV || sig == SIGBUS ||
	       sig == SIGTRAP || sig == SIGCHLD || sig == SIGSYS;
}

static void tell(struct sigio *s, const struct owner *o, int code, u32 band)
{
	u32 sig = READ_ONCE(s->sig);
	struct siginfo_k info = {
		.sig = (int)sig,
		.code = has_own_codes(sig) ? SI_SIGIO : code,
		.band = (s64)band,
		.fd = s->fd,
	};

	send(o, sig, &info);
}

static void send_urgent(const struct owner *o)
{
	struct siginfo_k info = { .sig = SIGURG, .code = SI_KERNEL };

	send(o, SIGURG, &info);
}

static void deliver(struct sigio *s)
{
	struct owner o;
	u32 events;

	__atomic_store_n(&s->queued, 0, __ATOMIC_SEQ_CST);	/* (2) */
	events = __atomic_exchange_n(&s->events, 0, __ATOMIC_SEQ_CST);
	spin_lock(&s->lock);
	o = s->owner;
	if (o.pid)
		ref_get(&o.pid->refs);
	spin_unlock(&s->lock);
	if (o.pid) {
		if (events & WAKE_URGENT)
			send_urgent(&o);
		if (events & TELLS_IN)
			tell(s, &o, CODE_IN, BAND_IN);
		if (events & TELLS_OUT)
			tell(s, &o, CODE_OUT, BAND_OUT);
		if (events & EPOLLPRI)
			tell(s, &o, CODE_PRI, BAND_PRI);
		pid_put(o.pid);
	}
	put(s);
}

static void deliver_in_task(struct task_work *w)
{
	deliver(container_of(w, struct sigio, task_work));
}

static void deliver_in_worker(struct work *w)
{
	deliver(container_of(w, struct sigio, work));
}

static bool notify(struct poll_hook *h, u32 events)
{
	struct sigio *s = container_of(h, struct sigio, hook);

	if (events & WAKE_QUIET)
		return false;
	events &= READ_ONCE(s->wants);
	if (!events)
		return false;
	__atomic_fetch_or(&s->events, events, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&s->queued, 1, __ATOMIC_SEQ_CST))
		return false;
	ref_get(&s->refs);
	s->task_work.fn = deliver_in_task;
	if (!task_work_add(current(), &s->task_work))
		work_queue(&s->work);
	return false;
}

/* ---- settings ---- */

/* The file's, made when first needed; NULL: no memory. */
static struct sigio *get_or_make(struct file *f)
{
	struct sigio *s = READ_ONCE(f->sigio), *other;

	if (s)
		return s;
	s = knew(struct sigio);
	if (!s)
		return NULL;
	ref_init(&s->refs, 1);
	spin_init(&s->lock, RANK_OBJECT);
	work_setup(&s->work, deliver_in_worker);
	s->hook = (struct poll_hook){ .notify = notify };
	spin_lock(&f->lock);
	other = f->sigio;
	if (!other)
		WRITE_ONCE(f->sigio, s);
	spin_unlock(&f->lock);
	if (!other)
		return s;
	kfree(s);
	return other;
}

/* (1) */
static void update_hook(struct file *f, struct sigio *s)
{
	bool urgent = f->obj->ops->urgent && READ_ONCE(s->owner.pid), want = s->enabled || urgent;
	u32 wants = urgent ? WAKE_URGENT : 0;

	if (s->enabled)
		wants |= (f->mode & FMODE_READ ? TELLS_IN | EPOLLPRI : 0) |
			 (f->mode & FMODE_WRITE ? TELLS_OUT : 0);
	WRITE_ONCE(s->wants, wants);
	if (want && !s->hooked)
		poll_hook_add(&s->hook, f->obj);
	else if (!want && s->hooked)
		poll_hook_del(&s->hook);
	s->hooked = want;
}

static struct pid *pid_get_by_number(pid_t nr)
{
	struct pid *p;

	rcu_read_lock();
	p = pid_find(nr);
	if (p && !ref_tryget(&p->refs))
		p = NULL;
	rcu_read_unlock();
	return p;
}

int sigio_set_owner(struct file *f, s32 type, pid_t nr, bool keep)
{
	const struct cred *c = current_cred();
	struct owner o = { .type = type, .uid = c->uid, .euid = c->euid };
	struct sigio *s;

	if (type < F_OWNER_TID || type > F_OWNER_PGRP || nr < 0)
		return -EINVAL;
	if (nr) {
		o.pid = pid_get_by_number(nr);
		if (!o.pid)
			return -ESRCH;
	}
	s = get_or_make(f);
	if (s) {
		spin_lock(&s->lock);
		if (!keep || !s->owner.pid)
			swap(s->owner, o);
		spin_unlock(&s->lock);
		if (f->obj->ops->urgent) {
			mutex_lock(&enable_lock);
			update_hook(f, s);
			mutex_unlock(&enable_lock);
		}
	}
	if (o.pid)
		pid_put(o.pid);
	return s ? 0 : -ENOMEM;
}

static bool is_alive(const struct pid *p, s32 type)
{
	return type == F_OWNER_TID   ? READ_ONCE(p->task)
	       : type == F_OWNER_PID ? (void *)READ_ONCE(p->proc)
				     : (void *)READ_ONCE(p->pgrp);
}

void sigio_get_owner(struct file *f, s32 *type, pid_t *nr)
{
	struct sigio *s = READ_ONCE(f->sigio);

	*type = F_OWNER_TID;
	*nr = 0;
	if (!s)
		return;
	spin_lock(&s->lock);
	*type = s->owner.type;
	if (s->owner.pid && is_alive(s->owner.pid, s->owner.type))
		*nr = s->owner.pid->nr;
	spin_unlock(&s->lock);
}

int sigio_set_signal(struct file *f, u32 sig)
{
	struct sigio *s;

	if (sig > NSIG)
		return -EINVAL;
	s = get_or_make(f);
	if (s)
		WRITE_ONCE(s->sig, sig);
	return s ? 0 : -ENOMEM;
}

u32 sigio_get_signal(struct file *f)
{
	struct sigio *s = READ_ONCE(f->sigio);

	return s ? READ_ONCE(s->sig) : 0;
}

int sigio_enable(struct file *f, int fd, bool on)
{
	struct sigio *s = on ? get_or_make(f) : READ_ONCE(f->sigio);

	if (!s)
		return on ? -ENOMEM : 0;
	mutex_lock(&enable_lock);
	s->fd = fd;
	s->enabled = on;
	update_hook(f, s);
	mutex_unlock(&enable_lock);
	return 0;
}

void sigio_release(struct file *f)
{
	struct sigio *s = f->sigio;

	if (s->hooked)
		poll_hook_del(&s->hook);
	put(s);
}
