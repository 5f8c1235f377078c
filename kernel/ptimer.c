/* SPDX-License-Identifier: MIT */
/* ptimer.c - interval timers and POSIX timers.
 *
 * A timer on a real or monotonic clock is a struct timer whose function queues the signal. The next
 * period is armed when that signal is taken, so a period shorter than what an interrupt costs slows
 * nobody but the program itself; SIGEV_NONE needs no interrupt at all. Timers on CPU time
 * (ITIMER_VIRTUAL, ITIMER_PROF, CLOCK_*_CPUTIME_ID) and RLIMIT_CPU are counted down by the
 * scheduler's tick: they are as coarse as the tick, 4 ms.
 *
 * Invariants: (1) at most one signal of a timer waits in a queue (queued); further expiries count
 * as overrun, handed out when the signal is taken; a signal that was dropped clears the flag, else
 * the timer would be silent for good; (2) a timer is in its process's list until deleted, and its
 * struct timer is idle before it is freed; (3) a timer counts for its maker's RLIMIT_SIGPENDING as
 * long as it lives: its signal does not count again and is never refused for that.
 * Locks: proc.lock for lists and figures; the timer functions take it. Ref: timer_create(2),
 * timer_settime(2), setitimer(2), getrlimit(2).
 * Tests: selftests/abi/time.c
 */
#include <kernel/ptimer.h>

#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/slab.h>

/* Between expiries whose signal nobody takes. */
#define IGNORED_PAUSE NSEC_PER_MSEC

struct ptimer {
	struct list link;	/* [p] */
	struct timer timer;
	struct proc *proc;
	struct task *target;	/* NOTIFY_THREAD: a reference */
	kuid_t uid;		/* (3) */
	int id, sig;
	s32 clock;
	enum notify how;
	u64 value;		/* sigval */
	struct clock_watch watch;	/* of one that waits for an absolute real time */
	bool on_real;		/* [p] such a one */
	ktime_t offset;		/* [p] real time - monotonic when deadline was computed */
	ktime_t deadline;	/* [p] next expiry on CLOCK_MONOTONIC, or left CPU time */
	ktime_t interval;	/* [p] */
	bool armed, queued;	/* [p] (1) */
	bool waiting;		/* [p] the next period begins when the signal is taken */
	int overrun, last_overrun;
};

static bool is_cpu_clock(s32 clock)
{
	return clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

static bool is_real(s32 clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

/* proc.lock not held. */
static void expire(struct ptimer *t)
{
	struct siginfo_k info = {
		.sig = t->sig, .code = SI_TIMER, .timer_id = t->id, .value = t->value
	};
	irqflags_t irq = spin_lock_irq(&t->proc->lock);
	bool send = !t->queued && t->how != NOTIFY_NONE;

	if (t->queued)
		t->overrun = min(t->overrun, S32_MAX - 1) + 1;
	else
		t->overrun = 0;
	t->queued = send || t->queued;
	spin_unlock_irq(&t->proc->lock, irq);
	if (!send)
		return;
	if (t->how == NOTIFY_THREAD)
		signal_send_task(t->target, &info);
	else
		signal_send_proc(t->proc, &info);
}

/* The expiry after now, when the one at deadline is over; *n counts those that passed after it. */
static ktime_t advance(ktime_t deadline, ktime_t interval, ktime_t now, int *n)
{
	s64 missed = max((now - deadline) / interval, 0l), next;

	*n = (int)min(missed, (s64)S32_MAX);
	if (mul_of(missed + 1, interval, &next) || add_of(deadline, next, &next))
		return S64_MAX;
	return next;
}

static void ptimer_fire(struct timer *timer)
{
	struct ptimer *t = container_of(timer, struct ptimer, timer);
	irqflags_t irq = spin_lock_irq(&t->proc->lock);
	bool armed = t->armed;

	t->armed = t->waiting = armed && t->interval;
	spin_unlock_irq(&t->proc->lock, irq);
	if (armed)
		expire(t);
}

/* The signal is gone: the next period, not before `soonest`. How many passed meanwhile. proc.lock
 * held. */
static int go_on(struct ptimer *t, ktime_t soonest)
{
	int n;

	t->queued = false;
	if (!t->waiting)
		return 0;
	t->waiting = false;
	t->deadline = advance(t->deadline, t->interval, clock_monotonic(), &n);
	timer_arm(&t->timer, max(t->deadline, soonest));
	return n;
}

/* The real-time clock was stepped, or did not keep step. */
static void clock_moved(struct clock_watch *w, bool stepped)
{
	struct ptimer *t = container_of(w, struct ptimer, watch);
	irqflags_t irq = spin_lock_irq(&t->proc->lock);

	if (t->on_real && t->armed) {
		t->deadline += t->offset - clock_realtime_offset();
		t->offset = clock_realtime_offset();
		if (t->how != NOTIFY_NONE && !t->waiting)
			timer_arm(&t->timer, t->deadline);
	}
	spin_unlock_irq(&t->proc->lock, irq);
}

static struct ptimer *find(int id)
{
	struct ptimer *t;

	list_for_each_entry(t, &current_proc()->posix_timers, link)
		if (t->id == id)
			return t;
	return NULL;
}

bool ptimer_nth(struct proc *p, u32 n, struct ptimer_info *out)
{
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct ptimer *t;
	bool found = false;

	list_for_each_entry(t, &p->posix_timers, link) {
		found = !n--;
		if (!found)
			continue;
		*out = (struct ptimer_info){
			t->id,	 t->sig, t->how, t->value, t->target ? t->target->tid : proc_pid(p),
			t->clock
		};
		break;
	}
	spin_unlock_irq(&p->lock, irq);
	return found;
}

static bool clock_known(s32 clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		return true;
	}
	return clock < 0;
}

static int find_target(struct ptimer *t, pid_t tid)
{
	t->target = task_find(tid);
	if (t->target && t->target->proc == t->proc)
		return 0;
	if (t->target)
		task_put(t->target);
	return -EINVAL;
}

int ptimer_create(s32 clock, enum notify how, int sig, u64 value, bool value_is_id, pid_t tid)
{
	struct proc *p = current_proc();
	struct ptimer *t;
	irqflags_t irq;
	int id;

	if (!clock_known(clock) || (how != NOTIFY_NONE && (sig < 1 || sig > NSIG)))
		return -EINVAL;
	if (cred_nr_pending(current_cred()->uid) >= rlimit_cur(p, RLIMIT_SIGPENDING))
		return -EAGAIN;
	t = knew(struct ptimer);
	if (!t)
		return -EAGAIN;
	t->uid = current_cred()->uid;
	timer_setup(&t->timer, ptimer_fire);
	clock_watch_init(&t->watch, clock_moved);
	t->proc = p;
	t->clock = clock;
	t->how = how;
	t->sig = sig;
	t->value = value;
	if (how == NOTIFY_THREAD && find_target(t, tid)) {
		kfree(t);
		return -EINVAL;
	}
	cred_count_pending(t->uid, 1);
	irq = spin_lock_irq(&p->lock);
	id = t->id = (int)(p->next_timer_id++ & S32_MAX);
	if (value_is_id)
		t->value = (u64)t->id;
	list_add_tail(&p->posix_timers, &t->link);
	spin_unlock_irq(&p->lock, irq);
	return id;
}

static u64 cpu_time(const struct ptimer *t)
{
	u64 u, s;

	if (t->clock == CLOCK_THREAD_CPUTIME_ID)
		sched_task_times(current(), &u, &s);
	else
		proc_times(t->proc, &u, &s);
	return u + s;
}

/* What is left, as timer_gettime tells it. proc.lock held. */
static void read_spec(const struct ptimer *t, struct timer_spec *out)
{
	ktime_t now = is_cpu_clock(t->clock) ? 0 : clock_monotonic(), left = t->deadline - now;
	int n;

	if (left <= 0 && t->interval)
		left = advance(t->deadline, t->interval, now, &n) - now;
	else if (left <= 0)
		left = t->how != NOTIFY_NONE;
	out->interval = t->interval;
	out->value = t->armed ? left : 0;
}

int ptimer_set(int id, const struct timer_spec *new, bool absolute, struct timer_spec *old)
{
	struct proc *p = current_proc();
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct ptimer *t = find(id);
	ktime_t now, value = new->value;
	u64 used = 0;

	if (!t) {
		spin_unlock_irq(&p->lock, irq);
		return -EINVAL;
	}
	read_spec(t, old);
	t->armed = t->waiting = false;
	spin_unlock_irq(&p->lock, irq);
	timer_cancel_sync(&t->timer);
	if (absolute && is_real(t->clock))
		clock_watch_add(&t->watch);
	if (is_cpu_clock(t->clock) && absolute)
		used = cpu_time(t);
	now = clock_monotonic();
	irq = spin_lock_irq(&p->lock);
	t->interval = new->interval;
	t->on_real = absolute && is_real(t->clock);
	t->offset = clock_realtime_offset();
	t->overrun = 0;
	if (value) {
		if (is_cpu_clock(t->clock)) {
			t->deadline = absolute ? max(value - (ktime_t)used, (ktime_t)1) : value;
		} else {
			if (!absolute)
				value = value > S64_MAX - now ? S64_MAX : now + value;
			else if (is_real(t->clock))
				value -= t->offset;
			t->deadline = value;
		}
		t->armed = true;
	}
	spin_unlock_irq(&p->lock, irq);
	if (value && !is_cpu_clock(t->clock) && t->how != NOTIFY_NONE)
		timer_arm(&t->timer, t->deadline);
	return 0;
}

int ptimer_get(int id, struct timer_spec *out)
{
	struct proc *p = current_proc();
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct ptimer *t = find(id);

	if (t)
		read_spec(t, out);
	spin_unlock_irq(&p->lock, irq);
	return t ? 0 : -EINVAL;
}

int ptimer_overrun(int id)
{
	struct proc *p = current_proc();
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct ptimer *t = find(id);
	int n = t ? t->last_overrun : -EINVAL;

	spin_unlock_irq(&p->lock, irq);
	return n;
}

/* Off the list already. */
static void destroy(struct ptimer *t)
{
	clock_watch_del(&t->watch);
	timer_cancel_sync(&t->timer);
	if (t->target)
		task_put(t->target);
	cred_count_pending(t->uid, -1);
	kfree(t);
}

int ptimer_delete(int id)
{
	struct proc *p = current_proc();
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct ptimer *t = find(id);

	if (t) {
		t->armed = false;
		list_del(&t->link);
	}
	spin_unlock_irq(&p->lock, irq);
	if (!t)
		return -EINVAL;
	destroy(t);
	return 0;
}

void ptimer_delete_all(struct proc *p)
{
	struct ptimer *t;
	irqflags_t irq;

	for (;;) {
		irq = spin_lock_irq(&p->lock);
		t = list_first_or_null(&p->posix_timers, struct ptimer, link);
		if (t) {
			t->armed = false;
			list_del(&t->link);
		}
		spin_unlock_irq(&p->lock, irq);
		if (!t)
			return;
		destroy(t);
	}
}

void ptimer_delivered(struct proc *p, struct siginfo_k *info)
{
	struct ptimer *t;

	list_for_each_entry(t, &p->posix_timers, link) {
		int n;

		if (t->id != info->timer_id)
			continue;
		n = go_on(t, 0);
		info->overrun = t->last_overrun = min(t->overrun, S32_MAX - n) + n;
		t->overrun = 0;
	}
}

void ptimer_dropped(struct proc *p, const struct siginfo_k *info)
{
	struct ptimer *t;

	list_for_each_entry(t, &p->posix_timers, link)
		if (t->id == info->timer_id)
			go_on(t, clock_monotonic() + IGNORED_PAUSE);
}

/* ---- interval timers ---- */

static void real_fire(struct timer *timer)
{
	struct proc *p = container_of(timer, struct proc, itimer_real);
	irqflags_t irq = spin_lock_irq(&p->lock);

	if (p->itimer_real_interval)
		p->itimer_real_waiting = true;
	else
		p->itimer_real_deadline = 0;
	spin_unlock_irq(&p->lock, irq);
	signal_send_kernel(p, SIGALRM);
}

void itimer_taken(struct proc *p)
{
	int n;

	if (!p->itimer_real_waiting || !p->itimer_real_interval)
		return;
	p->itimer_real_waiting = false;
	p->itimer_real_deadline = advance(p->itimer_real_deadline, p->itimer_real_interval,
					  clock_monotonic(), &n);
	timer_arm(&p->itimer_real, p->itimer_real_deadline);
}

void itimer_init_proc(struct proc *p)
{
	timer_setup(&p->itimer_real, real_fire);
}

void itimer_exit_proc(struct proc *p)
{
	p->itimer_real_interval = 0;
	timer_cancel_sync(&p->itimer_real);
}

static void swap_real(struct proc *p, const struct timer_spec *new, struct timer_spec *old)
{
	ktime_t now = clock_monotonic();
	irqflags_t irq = spin_lock_irq(&p->lock);

	old->interval = p->itimer_real_interval;
	old->value = p->itimer_real_deadline && !p->itimer_real_waiting
			     ? max(p->itimer_real_deadline - now, (ktime_t)1000)
			     : 0;
	if (!new) {
		spin_unlock_irq(&p->lock, irq);
		return;
	}
	p->itimer_real_waiting = false;
	p->itimer_real_interval = new->interval;
	p->itimer_real_deadline = new->value ? now + min(new->value, S64_MAX - now) : 0;
	/* real_fire() waits for proc.lock, then arms by the figures it finds: no cancel_sync
	 * needed. */
	if (new->value)
		timer_arm(&p->itimer_real, p->itimer_real_deadline);
	else
		timer_cancel(&p->itimer_real);
	spin_unlock_irq(&p->lock, irq);
}

void itimer_swap(int which, const struct timer_spec *set, struct timer_spec *old)
{
	struct proc *p = current_proc();
	struct itimer_cpu *c = which == ITIMER_VIRTUAL ? &p->itimer_virtual : &p->itimer_prof;
	irqflags_t irq;

	if (which == ITIMER_REAL) {
		swap_real(p, set, old);
		return;
	}
	irq = spin_lock_irq(&p->lock);
	old->value = (ktime_t)c->left_ns;
	old->interval = (ktime_t)c->interval_ns;
	if (set) {
		c->left_ns = (u64)set->value;
		c->interval_ns = (u64)set->interval;
	}
	spin_unlock_irq(&p->lock, irq);
}

/* ---- the tick ---- */

static bool count_down(struct itimer_cpu *c, u64 ns)
{
	if (!c->left_ns)
		return false;
	if (c->left_ns > ns) {
		c->left_ns -= ns;
		return false;
	}
	c->left_ns = c->interval_ns;
	return true;
}

static void tick_limit(struct proc *p)
{
	u64 cur = rlimit_cur(p, RLIMIT_CPU), u, s;

	if (cur == RLIM_INFINITY)
		return;
	proc_times(p, &u, &s);
	u = (u + s) / NSEC_PER_SEC;
	if (u >= p->rlimits[RLIMIT_CPU].max)
		signal_send_kernel(p, SIGKILL);
	else if (u >= cur && u > p->cpu_limit_told) {
		p->cpu_limit_told = u;
		signal_send_kernel(p, SIGXCPU);
	}
}

static void tick_timers(struct proc *p, struct task *task, u64 ns)
{
	struct ptimer *t, *due[8];
	u32 n = 0;
	irqflags_t irq = spin_lock_irq(&p->lock);

	list_for_each_entry(t, &p->posix_timers, link) {
		if (!t->armed || !is_cpu_clock(t->clock) || n == ARRAY_SIZE(due))
			continue;
		if (t->clock == CLOCK_THREAD_CPUTIME_ID && t->target && t->target != task)
			continue;
		t->deadline -= (ktime_t)ns;
		if (t->deadline > 0)
			continue;
		t->deadline = t->interval;
		t->armed = t->interval != 0;
		due[n++] = t;
	}
	spin_unlock_irq(&p->lock, irq);
	while (n--)
		expire(due[n]);
}

static void tick(struct task *task, bool user, u64 ns)
{
	struct proc *p = task->proc;

	if (user && count_down(&p->itimer_virtual, ns))
		signal_send_kernel(p, SIGVTALRM);
	if (count_down(&p->itimer_prof, ns))
		signal_send_kernel(p, SIGPROF);
	tick_limit(p);
	if (!list_empty_racy(&p->posix_timers))
		tick_timers(p, task, ns);
}

void ptimer_init(void)
{
	sched_tick_hook = tick;
}
