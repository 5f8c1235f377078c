/* SPDX-License-Identifier: MIT */
/* bh_timer.h - timers whose function runs in a bottom half: it may take locks that threads hold
 * with bottom halves off. */
#pragma once

#include <kernel/lib/list.h>
#include <kernel/timer.h>

struct bh_timer {
	struct timer timer;
	struct list link;			/* [l of cpu] due, not yet called */
	void (*fn)(struct bh_timer *t);		/* bottom half; may arm again */
	u32 cpu;				/* whose list it is on */
	bool due;				/* [l] on a list */
};

void bh_timer_setup(struct bh_timer *t, void (*fn)(struct bh_timer *t));
/* Arms or moves. Returns whether it was armed already (or due): who counts references for it takes
 * one only if not. */
bool bh_timer_arm(struct bh_timer *t, ktime_t deadline_ns);
/* Whether it was armed or due; then fn will not be called. It may still be running. */
bool bh_timer_cancel(struct bh_timer *t);
void bh_timer_init_cpu(u32 cpu);		/* before the CPU runs */
void bh_timer_init(void);			/* boot */
