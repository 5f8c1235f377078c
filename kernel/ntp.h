/* SPDX-License-Identifier: MIT */
/* ntp.h - how fast real time runs: frequency, phase and leap seconds as adjtimex(2) sets them. */
#pragma once

#include <kernel/lib/compiler.h>

enum ntp_state { TIME_OK, TIME_INS, TIME_DEL, TIME_OOP, TIME_WAIT, TIME_ERROR };

/* Status bits and modes have Linux's values. */
#define STA_PLL	      0x0001u
#define STA_FLL	      0x0008u
#define STA_INS	      0x0010u
#define STA_DEL	      0x0020u
#define STA_UNSYNC    0x0040u
#define STA_FREQHOLD  0x0080u
#define STA_CLOCKERR  0x1000u
#define STA_NANO      0x2000u
#define STA_MODE      0x4000u
#define STA_RONLY     0xff00u

#define ADJ_OFFSET    0x0001u
#define ADJ_FREQUENCY 0x0002u
#define ADJ_MAXERROR  0x0004u
#define ADJ_ESTERROR  0x0008u
#define ADJ_STATUS    0x0010u
#define ADJ_TIMECONST 0x0020u
#define ADJ_TAI	      0x0080u
#define ADJ_SETOFFSET 0x0100u
#define ADJ_MICRO     0x1000u
#define ADJ_NANO      0x2000u
#define ADJ_TICK      0x4000u
#define ADJ_OLD	      0x8000u	/* adjtime(3): with ADJ_OFFSET, "single shot" */
#define ADJ_READ_ONLY 0x2000u	/* with ADJ_OLD: only look */

/* What adjtimex(2) takes and gives, in kernel memory. Units as there. */
struct ntp_request {
	u32 modes;
	s64 offset, freq, max_error, est_error, constant, precision, tolerance, tick;
	s64 sec, frac;		/* time; us, or ns with ADJ_NANO / STA_NANO */
	u32 status;
	s32 tai;
};

/* All times are seconds of real time. */
struct ntp {
	s64 offset;		/* ns << 32 that are still to be made up for */
	s64 freq;		/* ns in a second << 32 */
	s64 adjust;		/* us of adjtime(3) that are still to be made up for */
	s64 tick_us;		/* of a hundredth of a second */
	s64 max_error, est_error;	/* us */
	s64 error_at;		/* when max_error was true */
	s64 reference;		/* of the last offset */
	/* ns << 32 that this second is longer by, to make up for something */
	s64 extra;
	s64 leap_at;		/* the coming midnight, in TIME_INS and TIME_DEL */
	u32 status, constant;
	enum ntp_state state;
	s32 tai;
};

/* ---- pure ---- */

void ntp_reset(struct ntp *n);
/* -EINVAL before anything is changed. ADJ_SETOFFSET is the caller's. */
int __must_check ntp_check(const struct ntp_request *r);
void ntp_apply(struct ntp *n, const struct ntp_request *r, s64 now);
/* Fills r but for the time; what adjtimex(2) returns. was_adjust: of adjtime(3), before. */
int ntp_report(struct ntp *n, struct ntp_request *r, s64 was_adjust, s64 now);
/* A second begins. *step: whole seconds to add to the clock (a leap). */
void ntp_second(struct ntp *n, s64 now, s32 *step);
s64 ntp_rate(const struct ntp *n);	/* by how many ns << 32 a second is longer now */
/* Must ntp_second() be called each second, or does the rate stay as it is? */
bool ntp_is_busy(const struct ntp *n);

/* ---- the machine's ---- */

/* adjtimex(2) of a caller that may. May sleep. */
int __must_check ntp_adjust(struct ntp_request *r);
void ntp_forget(void);		/* the clock was set: nothing is known of it */
void ntp_init(void);		/* boot */
