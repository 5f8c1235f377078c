/* SPDX-License-Identifier: MIT */
/* buddy.h - which block of 2^n pages to hand out. Decides only; page.c owns the pages and the
 * lock. */
#pragma once

#include <mm/page.h>

#define MAX_ORDER 10	/* 4 MiB */

struct buddy {
	struct list free[MAX_ORDER + 1];
	u64 nr_free;		/* pages */
	u64 nr[MAX_ORDER + 1];	/* blocks in each list */
	u32 nonempty;		/* bit n: free[n] has a block */
};

void buddy_init(struct buddy *b);
/* NULL: no block that large. */
struct page *buddy_take(struct buddy *b, u32 order);
void buddy_give(struct buddy *b, struct page *p, u32 order);
