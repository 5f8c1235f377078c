/* SPDX-License-Identifier: MIT */
/* clock.h - what time it is. CLOCK_MONOTONIC drives all timers. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>

ktime_t clock_monotonic(void);		/* ns since boot */
ktime_t clock_realtime(void);		/* ns since 1970 */
ktime_t clock_boottime(void);		/* monotonic: we never suspend */
void clock_set_realtime(ktime_t now);	/* adjusts the offset, tells the watchers; may sleep */
ktime_t clock_realtime_offset(void);	/* realtime - monotonic, now */
/* Real time = ticks of the counter * mult >> 32, + offset: for those who make time of the counter
 * themselves. */
void clock_realtime_scale(u64 *mult, ktime_t *offset);
/* From now on a second of the counter is this much longer in real time, in 2^-32 of it. Any
 * context. */
void clock_set_rate(s64 longer);
/* a step that the calendar asks for. Any context; clock_slewed() follows */
void clock_leap(s32 seconds);
/* tells the watchers, when it has become worth it. Any context */
void clock_slewed(void);
u32 clock_set_seq(void);		/* counts steps of the real-time clock */
void clock_init(void);
/* vDSO: the scale changed; called under a spinlock */
extern void (*clock_changed_hook)(void);

/* Somebody who waits for a real time and must hear when the clock is stepped. */
struct clock_watch {
	struct list link;			/* [watch_lock] */
	/* In a thread; may take spinlocks, must not sleep long. stepped: somebody set the clock;
	 * else it went faster or slower. */
	void (*changed)(struct clock_watch *w, bool stepped);
};
void clock_watch_init(struct clock_watch *w, void (*changed)(struct clock_watch *w, bool stepped));
void clock_watch_add(struct clock_watch *w);	/* does nothing if it is there */
/* the same; afterwards changed does not run any more */
void clock_watch_del(struct clock_watch *w);

/* A battery-backed clock (drivers/rtc). */
struct rtc_ops {
	const char *name;
	int (*read)(s64 *unix_seconds);
};
void clock_register_rtc(const struct rtc_ops *ops);
