/* SPDX-License-Identifier: MIT */
/* pollset.h - waiting for many descriptors at once: poll(2) and select(2) without their layouts. */
#pragma once

#include <kernel/lib/compiler.h>

/* One descriptor. As struct pollfd lies in memory. */
struct poll_slot {
	s32 fd;		/* negative: skipped */
	u16 want;	/* EPOLL* bits below 0x10000 */
	u16 got;	/* those that hold; POLLNVAL: no such descriptor */
};

/*
 * Fills in got and waits until at least one slot has something, or the deadline (0: do not wait;
 * WAIT_FOREVER).
 * always: bits that count though not asked for. The number of slots with something, 0 at the
 * deadline, -ERESTARTNOHAND when interrupted, -ENOMEM.
 */
int __must_check poll_slots(struct poll_slot *s, u32 n, u32 always, ktime_t deadline);
