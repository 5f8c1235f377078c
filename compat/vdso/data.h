/* SPDX-License-Identifier: MIT */
/* data.h - the page the vDSO reads: how to make time from the counter. Written by compat/vdso_map.c
 * under seq. */
#pragma once

#include <kernel/lib/types.h>

#define VDSO_NR_CLOCKS 8

struct vdso_data {
	u32 seq;		/* odd while changing */
	u32 pad;
	struct vdso_clock {
		/* ns in a tick, 32.32 fixed point; 0: a clock that only the kernel can read */
		u64 mult;
		s64 offset_ns;	/* what is added */
	} clock[VDSO_NR_CLOCKS];	/* by clock id */
};
