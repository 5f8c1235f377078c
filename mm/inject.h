/* SPDX-License-Identifier: MIT */
/* inject.h - makes the n-th allocation of a thread fail, so that every error path can be walked
 * (CONFIG_DEBUG_FAULT_INJECT). Allocations in interrupts and with PAGE_ATOMIC are not counted: they
 * are not the thread's own. */
#pragma once

#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/page.h>

#ifdef CONFIG_DEBUG_FAULT_INJECT
static inline bool inject_failure(u32 how)
{
	struct task *t = current();

	return (how & 0xff) != PAGE_ATOMIC && t->alloc_fail_at &&
	       ++t->alloc_count == t->alloc_fail_at;
}

static inline long inject_arm(u32 nth)
{
	struct task *t = current();
	u32 left = t->alloc_fail_at > t->alloc_count ? t->alloc_fail_at - t->alloc_count : 0;

	t->alloc_fail_at = nth;
	t->alloc_count = 0;
	return left;
}
#else
static inline bool inject_failure(u32 how)
{
	(void)how;
	return false;
}

static inline long inject_arm(u32 nth)
{
	(void)nth;
	return -ENOSYS;
}
#endif
