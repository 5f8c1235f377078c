/* SPDX-License-Identifier: MIT */
/* time.c - clocks and sleeps.
 * Ref: clock_gettime(2), clock_nanosleep(2), nanosleep(2), gettimeofday(2), times(2), adjtimex(2).
 * Tests: selftests/abi/time.c, selftests/abi/time.c */
#include <compat/abi/time.h>
#include <compat/syscalls.h>

#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/ntp.h>
#include <kernel/sched.h>
#include <kernel/task.h>

#define MAX_SECONDS (S64_MAX / NSEC_PER_SEC)
#define CPUCLOCK_PERTHREAD 4
#define CPUCLOCK_MASK	   3
#define CPUCLOCK_MAX	   3

static int timespec_check(const struct abi_timespec *ts, ktime_t *ns)
{
	if (ts->sec < 0 || (u64)ts->nsec >= (u64)NSEC_PER_SEC)
		return -EINVAL;
	*ns = ts->sec >= MAX_SECONDS ? S64_MAX : ts->sec * NSEC_PER_SEC + ts->nsec;
	return 0;
}

int timespec_get(uaddr_t src, ktime_t *ns)
{
	struct abi_timespec ts;
	int err = get_user(&ts, src);

	return err ? err : timespec_check(&ts, ns);
}

static ktime_t add_sat(ktime_t a, ktime_t b)
{
	ktime_t r;

	return add_of(a, b, &r) ? S64_MAX : r;
}

int deadline_from_user(uaddr_t src, ktime_t *deadline)
{
	ktime_t ns;
	int err = timespec_get(src, &ns);

	if (!err)
		*deadline = add_sat(clock_monotonic(), ns);
	return err;
}

ktime_t deadline_on_clock(s32 clock, ktime_t abs)
{
	if (abs == S64_MAX)
		return abs;
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		return abs - clock_realtime_offset();
	}
	return abs;
}

/* CPU-time clocks of other threads and processes: the id is encoded in the number. Ref:
 * clock_getcpuclockid(3). */
static int cpu_clock_read(s32 id, ktime_t *ns)
{
	pid_t pid = ~(id >> 3);
	struct task *t;
	u64 u, s;
	int err = 0;

	if ((id & CPUCLOCK_MASK) >= CPUCLOCK_MAX)
		return -EINVAL;
	t = pid ? task_find(pid) : current();
	if (!t)
		return -EINVAL;
	if (!t->proc)
		err = -EINVAL;
	else if (id & CPUCLOCK_PERTHREAD)
		sched_task_times(t, &u, &s);
	else
		proc_times(t->proc, &u, &s);
	if (!err)
		*ns = (ktime_t)((id & CPUCLOCK_MASK) == 1 ? u : u + s);
	if (pid)
		task_put(t);
	return err;
}

static int clock_read(s32 id, ktime_t *ns)
{
	u64 u, s;

	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = clock_realtime();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = clock_monotonic();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		proc_times(current_proc(), &u, &s);
		*ns = (ktime_t)(u + s);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		sched_task_times(current(), &u, &s);
		*ns = (ktime_t)(u + s);
		return 0;
	}
	return id < 0 ? cpu_clock_read(id, ns) : -EINVAL;
}

long sys_clock_gettime(s32 id, uaddr_t out)
{
	ktime_t ns;
	int err = clock_read(id, &ns);

	return err ? err : put_user(out, timespec_of(ns));
}

long sys_clock_getres(s32 id, uaddr_t out)
{
	ktime_t ns;
	int err = clock_read(id, &ns);

	if (err)
		return err;
	ns = id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE ? 4 * NSEC_PER_MSEC : 1;
	return uaddr_null(out) ? 0 : put_user(out, timespec_of(ns));
}

static int set_realtime(ktime_t ns)
{
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	/* Linux: real time may not fall behind the time since boot */
	if (ns < clock_monotonic())
		return -EINVAL;
	clock_set_realtime(ns);
	ntp_forget();
	return 0;
}

long sys_clock_settime(s32 id, uaddr_t in)
{
	ktime_t ns;
	int err;

	if (id != CLOCK_REALTIME)
		return -EINVAL;
	err = timespec_get(in, &ns);
	return err ? err : set_realtime(ns);
}

long sys_gettimeofday(uaddr_t tv, uaddr_t tz)
{
	struct abi_timezone none = { 0, 0 };
	int err = 0;

	if (!uaddr_null(tv))
		err = put_user(tv, timeval_of(clock_realtime()));
	if (!err && !uaddr_null(tz))
		err = put_user(tz, none);
	return err;
}

long sys_settimeofday(uaddr_t tv, uaddr_t tz)
{
	struct abi_timeval t = {};
	struct abi_timezone zone;

	if (!uaddr_null(tv)) {
		if (get_user(&t, tv))
			return -EFAULT;
		if (t.sec < 0 || t.usec < 0 || t.usec >= 1000000)
			return -EINVAL;
	}
	if (!uaddr_null(tz) && get_user(&zone, tz))
		return -EFAULT;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	return uaddr_null(tv) ? 0
			      : set_realtime(min(t.sec, MAX_SECONDS - 1) * NSEC_PER_SEC +
					     t.usec * NSEC_PER_USEC);
}

/* ---- sleeps ---- */

/* arg: deadline, user address for the rest. Runs again after a stop or an ignored signal. */
static long nanosleep_restart(struct task *t)
{
	ktime_t deadline = (ktime_t)t->restart.arg[0], left;
	uaddr_t rem = UADDR(t->restart.arg[1]);
	int err;

	err = task_wait(false, WAIT_INTERRUPTIBLE, deadline);
	if (err == -ETIMEDOUT)
		return 0;
	left = deadline - clock_monotonic();
	if (left <= 0)
		return 0;
	if (!uaddr_null(rem) && put_user(rem, timespec_of(left)))
		return -EFAULT;
	t->restart.fn = nanosleep_restart;
	return -ERESTART_RESTARTBLOCK;
}

/* Timers of ordinary threads may be late by the slack, so that wake-ups can be joined; the deadline
 * asked for is what is reported. */
static long sleep_until(ktime_t deadline, uaddr_t rem)
{
	struct task *t = current();

	t->restart.arg[0] = (u64)deadline;
	t->restart.arg[1] = rem.va;
	return nanosleep_restart(t);
}

long sys_nanosleep(uaddr_t req, uaddr_t rem)
{
	ktime_t deadline;
	int err = deadline_from_user(req, &deadline);

	return err ? err : sleep_until(deadline, rem);
}

struct real_sleep {
	struct clock_watch watch;
	struct task *task;
	bool moved;
};

static void sleep_moved(struct clock_watch *w, bool stepped)
{
	struct real_sleep *s = container_of(w, struct real_sleep, watch);

	WRITE_ONCE(s->moved, true);
	sched_wake(s->task);
}

/* Until a time of a clock: a step of the real-time clock changes how long that is. -ETIMEDOUT when
 * it has come. */
static int sleep_until_clock(s32 id, ktime_t when)
{
	struct real_sleep s = { .task = current() };
	int err;

	clock_watch_init(&s.watch, sleep_moved);
	clock_watch_add(&s.watch);
	do {
		WRITE_ONCE(s.moved, false);
		/* then the offset: a step after this look sets moved again */
		smp_mb();
		err = task_wait(READ_ONCE(s.moved), WAIT_INTERRUPTIBLE,
				deadline_on_clock(id, when));
	} while (!err);
	clock_watch_del(&s.watch);
	return err;
}

long sys_clock_nanosleep(s32 id, s32 flags, uaddr_t req, uaddr_t rem)
{
	ktime_t ns, now;
	int err;

	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		break;
	case CLOCK_PROCESS_CPUTIME_ID:
		break;
	case CLOCK_THREAD_CPUTIME_ID:
		return -EINVAL;
	default:
		return clock_read(id, &now) ? -EINVAL : -EOPNOTSUPP;
	}
	err = timespec_get(req, &ns);
	if (err)
		return err;
	if (id == CLOCK_PROCESS_CPUTIME_ID)
		return -EOPNOTSUPP;
	if (!(flags & TIMER_ABSTIME))
		return sleep_until(add_sat(clock_monotonic(), ns), rem);
	err = sleep_until_clock(id, ns);
	return err == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
}

struct abi_tms {
	s64 utime, stime, cutime, cstime;
};

long sys_times(uaddr_t out)
{
	struct proc *p = current_proc();
	const u64 tick = NSEC_PER_SEC / 100;
	struct abi_tms tms;
	u64 u, s;

	proc_times(p, &u, &s);
	tms = (struct abi_tms){ (s64)(u / tick), (s64)(s / tick), (s64)(p->child_user_ns / tick),
				(s64)(p->child_sys_ns / tick) };
	if (!uaddr_null(out) && put_user(out, tms))
		return -EFAULT;
	return clock_monotonic() / (ktime_t)tick;
}
