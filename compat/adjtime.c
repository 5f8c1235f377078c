/* SPDX-License-Identifier: MIT */
/* adjtime.c - adjtimex(2) and clock_adjtime(2). Ref: adjtimex(2), linux/timex.h. Tests:
 * selftests/abi/adjtime.c */
#include <compat/abi/time.h>
#include <compat/syscalls.h>
#include <compat/user.h>

#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/ntp.h>

struct abi_timex {
	u32 modes, pad0;
	s64 offset, freq, max_error, est_error;
	u32 status, pad1;
	s64 constant, precision, tolerance;
	struct abi_timeval time;
	s64 tick, pps_freq, jitter;
	s32 shift, pad2;
	s64 stabil, jitter_count, calibrations, errors, stability_exceeded;
	s32 tai, pad3[11];
};
static_assert(sizeof(struct abi_timex) == 208, "struct timex");

static struct ntp_request request_of(const struct abi_timex *t)
{
	return (struct ntp_request){
		.modes = t->modes,
		.offset = t->offset,
		.freq = t->freq,
		.max_error = t->max_error,
		.est_error = t->est_error,
		.constant = t->constant,
		.tick = t->tick,
		.status = t->status,
		.sec = t->time.sec,
		.frac = t->time.usec,
	};
}

static void answer(struct abi_timex *t, const struct ntp_request *r)
{
	ktime_t now = clock_realtime();

	*t = (struct abi_timex){
		.modes = t->modes,
		.offset = r->offset,
		.freq = r->freq,
		.max_error = r->max_error,
		.est_error = r->est_error,
		.status = r->status,
		.constant = r->constant,
		.precision = r->precision,
		.tolerance = r->tolerance,
		.tick = r->tick,
		.tai = r->tai,
		.time = { now / NSEC_PER_SEC,
			  now % NSEC_PER_SEC / (r->status & STA_NANO ? 1 : NSEC_PER_USEC) },
	};
}

static bool only_looks(u32 modes)
{
	return !modes || (modes & (ADJ_OLD | ADJ_READ_ONLY)) == (ADJ_OLD | ADJ_READ_ONLY);
}

static long adjust(uaddr_t buf)
{
	struct abi_timex t;
	struct ntp_request r;
	int state;

	if (copy_from_user(&t, buf, sizeof(t)))
		return -EFAULT;
	r = request_of(&t);
	if (!only_looks(r.modes) && !capable(CAP_SYS_TIME))
		return -EPERM;
	state = ntp_adjust(&r);
	if (state < 0)
		return state;
	answer(&t, &r);
	return copy_to_user(buf, &t, sizeof(t)) ? -EFAULT : state;
}

long sys_adjtimex(uaddr_t buf)
{
	return adjust(buf);
}

long sys_clock_adjtime(s32 clockid, uaddr_t buf)
{
	if (clockid == CLOCK_REALTIME)
		return adjust(buf);
	return clockid < 0 || (u32)clockid <= CLOCK_TAI ? -EOPNOTSUPP : -EINVAL;
}
