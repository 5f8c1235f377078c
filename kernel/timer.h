/* SPDX-License-Identifier: MIT */
/* timer.h - call a function at a time. One queue for each CPU, ordered by deadline; the hardware is
 * armed for the first. */
#pragma once

#include <kernel/lib/rbtree.h>
#include <kernel/spinlock.h>

struct timer {
	struct rb_node node;
	ktime_t deadline_ns;		/* CLOCK_MONOTONIC */
	/* interrupts off, on the CPU that armed it; must not sleep; may arm again */
	void (*fn)(struct timer *t);
	u32 cpu;			/* whose queue; valid while armed */
	u8 armed;
};

void timer_setup(struct timer *t, void (*fn)(struct timer *t));
/* Arms or moves; returns whether it was armed before. Any context. */
bool timer_arm(struct timer *t, ktime_t deadline_ns);
/* Returns whether it was armed. Afterwards fn does not start any more, but may still be running on
 * another CPU. */
bool timer_cancel(struct timer *t);
/* The same and waits for a running fn. Not from fn itself. Context: no lock that fn takes. */
bool timer_cancel_sync(struct timer *t);
void timer_init_queue(u32 cpu);		/* before the CPU runs */
