/* SPDX-License-Identifier: MIT */
/* clock.h - what time it is. CLOCK_MONOTONIC drives all timers. */
#pragma once

#include <kernel/lib/compiler.h>

ktime_t clock_monotonic(void);		/* ns since boot */
ktime_t clock_realtime(void);		/* ns since 1970 */
ktime_t clock_boottime(void);		/* monotonic: we never suspend */
void clock_set_realtime(ktime_t now);	/* adjusts the offset; wakes absolute CLOCK_REALTIME sleepers that asked (timerfd cancel) */
ktime_t clock_realtime_offset(void);	/* realtime - monotonic */
u32 clock_set_seq(void);		/* counts steps of the real-time clock */
void clock_init(void);
extern void (*clock_changed_hook)(void);	/* timerfd, vDSO: the real-time clock was stepped */

/* A battery-backed clock (drivers/rtc). */
struct rtc_ops {
	const char *name;
	int (*read)(s64 *unix_seconds);
};
void clock_register_rtc(const struct rtc_ops *ops);
