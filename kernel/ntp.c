/* SPDX-License-Identifier: MIT */
/* ntp.c - the discipline of the real-time clock: what an NTP daemon tells, turned into a rate.
 *
 * A phase error is made up for exponentially, a share each second that the time constant sets, and
 * feeds the frequency: a phase-locked loop for short intervals, a frequency-locked one for long.
 * adjtime(3) is made up for at 500 us a second. Only the real-time clocks follow; CLOCK_MONOTONIC
 * is the bare counter.
 *
 *	state: OK -> INS (status says so) -> at midnight: a second again, OOP -> WAIT -> OK (when
 *	status no longer says so); DEL likewise
 *
 * Locks: lock [RANK_TASK], interrupts off: the one clock's. Ref: RFC 1589, RFC 5905 11.3 and
 * A.5.6.6 (loop constants), adjtimex(2).
 * Tests: selftests/unit/ntp_test.c, selftests/abi/adjtime.c
 */
#include <kernel/ntp.h>

#include <kernel/clock.h>
#include <kernel/spinlock.h>
#include <kernel/timer.h>
#include <kernel/uapi.h>

#define SCALE		32
#define SHIFT_PLL	2		/* loop gains are powers of two */
#define SHIFT_FLL	2
#define MAX_CONSTANT	10
/* between updates; from MAX_PLL_S on the frequency loop is used unasked */
#define MIN_FLL_S	256
#define MAX_PLL_S	2048
#define MAX_PHASE_NS	500000000
#define MAX_FREQ_NS	500000ll	/* 500 ppm */
#define PPM_16		(1000ll << (SCALE - 16))	/* of timex.freq's units, in ns << 32 */
#define ERROR_LIMIT_US	16000000ll
#define ERROR_GROWTH_US 500		/* a second */
#define ADJUST_US	500
#define TICK_US		10000
#define DAY		86400

/* Halves round towards 0, as a quotient does. */
static s64 shift_down(s64 v, u32 by)
{
	return v < 0 ? -(-v >> by) : v >> by;
}

static s64 clamp_to(s64 v, s64 low, s64 high)
{
	return v < low ? low : v > high ? high : v;
}

void ntp_reset(struct ntp *n)
{
	n->status = (n->status & STA_NANO) | STA_UNSYNC;
	n->max_error = n->est_error = ERROR_LIMIT_US;
	n->offset = n->adjust = 0;
	n->state = TIME_OK;
}

/* ---- orders ---- */

int ntp_check(const struct ntp_request *r)
{
	u32 m = r->modes;

	if (m & ADJ_OLD)
		return m & ADJ_OFFSET ? 0 : -EINVAL;
	if ((m & ADJ_TICK) && (r->tick < TICK_US * 9 / 10 || r->tick > TICK_US * 11 / 10))
		return -EINVAL;
	if ((m & ADJ_SETOFFSET) &&
	    (r->frac < 0 || r->frac >= (m & ADJ_NANO ? (s64)NSEC_PER_SEC : 1000000)))
		return -EINVAL;
	if ((m & ADJ_FREQUENCY) && (r->freq > S64_MAX / PPM_16 || r->freq < -S64_MAX / PPM_16))
		return -EINVAL;
	return 0;
}

static void set_status(struct ntp *n, u32 status, s64 now)
{
	if ((n->status & STA_PLL) && !(status & STA_PLL)) {
		n->state = TIME_OK;
		n->status = (n->status & STA_RONLY) | STA_UNSYNC;
	}
	if (!(n->status & STA_PLL) && (status & STA_PLL))
		n->reference = now;
	n->status = (n->status & STA_RONLY) | (status & ~STA_RONLY);
}

/* The error was this at now: phase and frequency. */
static void set_offset(struct ntp *n, s64 offset, s64 now)
{
	s64 since, most, by = 0;

	if (!(n->status & STA_PLL))
		return;
	if (!(n->status & STA_NANO))
		offset = clamp_to(offset, -1000000, 1000000) * NSEC_PER_USEC;
	offset = clamp_to(offset, -MAX_PHASE_NS, MAX_PHASE_NS);
	since = n->status & STA_FREQHOLD ? 0 : now - n->reference;
	n->reference = now;
	n->status &= ~STA_MODE;
	if (since >= MIN_FLL_S && ((n->status & STA_FLL) || since > MAX_PLL_S)) {
		by = offset * (1ll << (SCALE - SHIFT_FLL)) / since;
		n->status |= STA_MODE;
	}
	most = 1ll << (SHIFT_PLL + 1 + n->constant);
	by += offset * clamp_to(since, 0, most) * (1ll << (SCALE - 2 * (SHIFT_PLL + 2))) /
	      (1ll << (2 * n->constant));
	n->freq = clamp_to(n->freq + by, -(MAX_FREQ_NS << SCALE), MAX_FREQ_NS << SCALE);
	n->offset = offset * (1ll << SCALE);
}

void ntp_apply(struct ntp *n, const struct ntp_request *r, s64 now)
{
	u32 m = r->modes;

	if (m & ADJ_OLD) {
		if (!(m & ADJ_READ_ONLY))
			n->adjust = r->offset;
		return;
	}
	if (m & ADJ_STATUS)
		set_status(n, r->status, now);
	if (m & ADJ_NANO)
		n->status |= STA_NANO;
	if (m & ADJ_MICRO)
		n->status &= ~STA_NANO;
	if (m & ADJ_FREQUENCY)
		n->freq = clamp_to(r->freq * PPM_16, -(MAX_FREQ_NS << SCALE), MAX_FREQ_NS << SCALE);
	if (m & ADJ_MAXERROR) {
		n->max_error = clamp_to(r->max_error, 0, ERROR_LIMIT_US);
		n->error_at = now;
	}
	if (m & ADJ_ESTERROR)
		n->est_error = clamp_to(r->est_error, 0, ERROR_LIMIT_US);
	if (m & ADJ_TIMECONST)
		n->constant = (u32)clamp_to(clamp_to(r->constant, 0, MAX_CONSTANT) +
						    (n->status & STA_NANO ? 0 : 4),
					    0, MAX_CONSTANT);
	if ((m & ADJ_TAI) && r->constant >= 0 && r->constant <= 100000)
		n->tai = (s32)r->constant;
	if (m & ADJ_OFFSET)
		set_offset(n, r->offset, now);
	if (m & ADJ_TICK)
		n->tick_us = r->tick;
}

/* It grows as long as nobody says how good the clock is. */
static void age_error(struct ntp *n, s64 now)
{
	s64 since = clamp_to(now - n->error_at, 0, ERROR_LIMIT_US / ERROR_GROWTH_US);

	n->error_at = now;
	n->max_error += since * ERROR_GROWTH_US;
	if (n->max_error > ERROR_LIMIT_US) {
		n->max_error = ERROR_LIMIT_US;
		n->status |= STA_UNSYNC;
	}
}

int ntp_report(struct ntp *n, struct ntp_request *r, s64 was_adjust, s64 now)
{
	s64 left = shift_down(n->offset, SCALE);

	age_error(n, now);
	r->offset = r->modes & ADJ_OLD	   ? was_adjust
		    : n->status & STA_NANO ? left
					   : left / NSEC_PER_USEC;
	r->freq = n->freq / PPM_16;
	r->max_error = n->max_error;
	r->est_error = n->est_error;
	r->status = n->status;
	r->constant = n->constant;
	r->precision = 1;
	r->tolerance = (MAX_FREQ_NS << SCALE) / PPM_16;
	r->tick = n->tick_us;
	r->tai = n->tai;
	return n->status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : (int)n->state;
}

/* ---- the seconds ---- */

static s32 leap(struct ntp *n, s64 now)
{
	switch (n->state) {
	case TIME_OK:
		if (n->status & (STA_INS | STA_DEL)) {
			n->state = n->status & STA_INS ? TIME_INS : TIME_DEL;
			n->leap_at = now - now % DAY + DAY;
		}
		return 0;
	case TIME_INS:
		if (!(n->status & STA_INS)) {
			n->state = TIME_OK;
		} else if (now >= n->leap_at) {
			n->state = TIME_OOP;
			n->tai++;
			return -1;
		}
		return 0;
	case TIME_DEL:
		if (!(n->status & STA_DEL)) {
			n->state = TIME_OK;
		} else if (now + 1 >= n->leap_at) {
			n->state = TIME_WAIT;
			n->tai--;
			return 1;
		}
		return 0;
	case TIME_OOP:
		n->state = TIME_WAIT;
		return 0;
	default:
		if (!(n->status & (STA_INS | STA_DEL)))
			n->state = TIME_OK;
		return 0;
	}
}

s64 ntp_rate(const struct ntp *n)
{
	return n->freq + (n->tick_us - TICK_US) * 100 * NSEC_PER_USEC * (1ll << SCALE) + n->extra;
}

void ntp_second(struct ntp *n, s64 now, s32 *step)
{
	s64 share = shift_down(n->offset, SHIFT_PLL + n->constant),
	    us = clamp_to(n->adjust, -ADJUST_US, ADJUST_US);

	*step = leap(n, now);
	if (!shift_down(n->offset, SCALE))
		share = n->offset;	/* the rest of less than a nanosecond */
	n->offset -= share;
	n->adjust -= us;
	n->extra = share + us * NSEC_PER_USEC * (1ll << SCALE);
}

bool ntp_is_busy(const struct ntp *n)
{
	return n->extra || n->offset || n->adjust || n->state != TIME_OK ||
	       (n->status & (STA_INS | STA_DEL));
}

/* ---- the machine's clock ---- */

static struct spinlock lock = SPINLOCK_INIT(RANK_TASK);
static struct ntp the_clock = { .status = STA_UNSYNC,
				.max_error = ERROR_LIMIT_US,
				.est_error = ERROR_LIMIT_US,
				.tick_us = TICK_US,
				.constant = 2 };
static struct timer seconds;
static bool ticking;		/* [lock] seconds is armed */

static s64 now_s(void) { return clock_realtime() / NSEC_PER_SEC; }

/* Another follows while there is something to make up for. */
static void next_second(void) MUST_HOLD(lock)
{
	s32 step;

	ntp_second(&the_clock, now_s(), &step);
	if (step)
		clock_leap(step);
	ticking = ntp_is_busy(&the_clock);
	if (ticking)
		timer_arm(&seconds, clock_monotonic() + NSEC_PER_SEC);
}

static void on_second(struct timer *t)
{
	irqflags_t irq = spin_lock_irq(&lock);

	next_second();
	clock_set_rate(ntp_rate(&the_clock) / NSEC_PER_SEC);
	spin_unlock_irq(&lock, irq);
	clock_slewed();
}

int ntp_adjust(struct ntp_request *r)
{
	irqflags_t irq;
	s64 was;
	int ret = ntp_check(r);

	if (ret)
		return ret;
	if ((r->modes & (ADJ_SETOFFSET | ADJ_OLD)) == ADJ_SETOFFSET)
		clock_set_realtime(clock_realtime() + r->sec * NSEC_PER_SEC +
				   (r->modes & ADJ_NANO ? r->frac : r->frac * NSEC_PER_USEC));
	irq = spin_lock_irq(&lock);
	was = the_clock.adjust;
	ntp_apply(&the_clock, r, now_s());
	if (!ticking && r->modes)
		next_second();
	clock_set_rate(ntp_rate(&the_clock) / NSEC_PER_SEC);
	ret = ntp_report(&the_clock, r, was, now_s());
	spin_unlock_irq(&lock, irq);
	clock_slewed();
	return ret;
}

void ntp_forget(void)
{
	irqflags_t irq = spin_lock_irq(&lock);

	ntp_reset(&the_clock);
	spin_unlock_irq(&lock, irq);
}

void ntp_init(void)
{
	timer_setup(&seconds, on_second);
}
