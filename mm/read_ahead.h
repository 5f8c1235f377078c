/* SPDX-License-Identifier: MIT */
/* read_ahead.h - the state of reading ahead, as each open file description keeps it. */
#pragma once

#include <kernel/lib/compiler.h>

/* Where a description reads: guesses what it wants next. Zeroed: nothing known. */
struct read_ahead {
	u64 next;			/* index behind the last page read */
	u64 start;			/* the window that was read ahead last */
	u32 size;			/* pages */
	u32 max;			/* 0: READ_AHEAD_PAGES; U32_MAX: none (POSIX_FADV_RANDOM) */
};
