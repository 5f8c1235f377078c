/* SPDX-License-Identifier: MIT */
/* data.h - the page the vDSO reads: how to make time from the counter. Written by compat/vdso_map.c under seq. */
#pragma once

#include <kernel/lib/types.h>

struct vdso_data {
	u32 seq;		/* odd while changing */
	u32 pad;
	u64 mult[8];		/* by clock id: ns in a tick, 32.32 fixed point */
	s64 offset_ns[8];	/* by clock id: what is added */
};
