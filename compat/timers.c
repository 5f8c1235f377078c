/* SPDX-License-Identifier: MIT */
/* timers.c - interval timers and POSIX timers. Ref: getitimer(2), timer_create(2),
 * timer_settime(2). Tests: selftests/abi/time.c */
#include <compat/abi/time.h>
#include <compat/syscalls.h>

#include <kernel/ptimer.h>

static int timeval_ns(const struct abi_timeval *tv, ktime_t *ns)
{
	if (tv->sec < 0 || tv->usec < 0 || tv->usec >= 1000000)
		return -EINVAL;
	*ns = tv->sec >= S64_MAX / NSEC_PER_SEC ? S64_MAX
						: tv->sec * NSEC_PER_SEC + tv->usec * NSEC_PER_USEC;
	return 0;
}

static struct abi_itimerval itimerval_of(const struct timer_spec *s)
{
	return (struct abi_itimerval){ timeval_of(s->interval), timeval_of(s->value) };
}

long sys_getitimer(s32 which, uaddr_t out)
{
	struct timer_spec old;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	itimer_swap(which, NULL, &old);
	return put_user(out, itimerval_of(&old));
}

long sys_setitimer(s32 which, uaddr_t in, uaddr_t out)
{
	struct timer_spec new = { 0, 0 }, old;
	struct abi_itimerval v;
	int err;

	if (!uaddr_null(in)) {
		if (get_user(&v, in))
			return -EFAULT;
		err = timeval_ns(&v.value, &new.value);
		if (!err)
			err = timeval_ns(&v.interval, &new.interval);
		if (err)
			return err;
	}
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	itimer_swap(which, &new, &old);
	return uaddr_null(out) ? 0 : put_user(out, itimerval_of(&old));
}

/* Ref: sigevent(7); Linux uapi asm-generic/siginfo.h struct sigevent. */
struct abi_sigevent {
	u64 value;
	s32 signo, notify, tid;
	u8 pad[44];
};

#define SIGEV_SIGNAL	0
#define SIGEV_NONE	1
#define SIGEV_THREAD	2
#define SIGEV_THREAD_ID 4

long sys_timer_create(s32 clock, uaddr_t event, uaddr_t id_out)
{
	struct abi_sigevent e = { .signo = SIGALRM, .notify = SIGEV_SIGNAL };
	enum notify how;
	s32 id;

	if (!uaddr_null(event) && get_user(&e, event))
		return -EFAULT;
	switch (e.notify) {
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:	how = NOTIFY_SIGNAL; break;
	case SIGEV_NONE:	how = NOTIFY_NONE; break;
	case SIGEV_THREAD_ID:	how = NOTIFY_THREAD; break;
	default: return -EINVAL;
	}
	id = ptimer_create(clock, how, e.signo, e.value, uaddr_null(event), e.tid);
	if (id < 0)
		return id;
	if (put_user(id_out, id)) {
		ptimer_delete(id);
		return -EFAULT;
	}
	return 0;
}

static int itimerspec_get(uaddr_t src, struct timer_spec *out)
{
	int err = timespec_get(uaddr_add(src, sizeof(struct abi_timespec)), &out->value);

	return err ? err : timespec_get(src, &out->interval);
}

static int itimerspec_put(uaddr_t dst, const struct timer_spec *s)
{
	struct abi_itimerspec v = { timespec_of(s->interval), timespec_of(s->value) };

	return put_user(dst, v);
}

long sys_timer_settime(s32 id, s32 flags, uaddr_t in, uaddr_t out)
{
	struct timer_spec new, old;
	int err;

	if (uaddr_null(in))
		return -EINVAL;
	err = itimerspec_get(in, &new);
	if (!err)
		err = ptimer_set(id, &new, flags & TIMER_ABSTIME, &old);
	if (err)
		return err;
	return uaddr_null(out) ? 0 : itimerspec_put(out, &old);
}

long sys_timer_gettime(s32 id, uaddr_t out)
{
	struct timer_spec s;
	int err = ptimer_get(id, &s);

	return err ? err : itimerspec_put(out, &s);
}

long sys_timer_getoverrun(s32 id)
{
	return ptimer_overrun(id);
}

long sys_timer_delete(s32 id)
{
	return ptimer_delete(id);
}
