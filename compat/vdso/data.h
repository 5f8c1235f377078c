/* SPDX-License-Identifier: MIT */
/* data.h - the page the vDSO reads: how to make time from the counter. Written by compat/vdso_map.c under seq. */
#pragma once

#include <kernel/lib/types.h>

struct vdso_data {
	u32 seq;		/* odd while changing */
	u32 shift;
	u32 mult;
	u32 pad;
	s64 realtime_offset_ns;	/* real time - monotonic */
};
