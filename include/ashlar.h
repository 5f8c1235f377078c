/* SPDX-License-Identifier: MIT */
/* ashlar.h - Ashlar's own system calls, for C programs. On Linux they fail with ENOSYS. */
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

/* Keeps only these rights of a descriptor. What is gone does not come back. Values:
 * kernel/rights.h. */
static inline long ashlar_handle_narrow(int fd, unsigned keep)
{
	return syscall(4096, fd, keep);
}

/*
 * Debug builds (CONFIG_DEBUG_FAULT_INJECT): the nth memory allocation that this thread makes in the
 * kernel from now on fails; 0: none. Returns how many were left of an earlier order: 0 when it has
 * struck.
 */
static inline long ashlar_debug_fail_nth(unsigned nth)
{
	return syscall(4097, nth);
}

/*
 * A new budget below the caller's, with these limits (-1: none): pages of memory, open
 * descriptions, threads. From now on the calling thread and what it makes use it; what it has is
 * paid for already. Beyond a limit fork fails with EAGAIN, open with ENOMEM, and when pages run out
 * the biggest process in the budget is killed. Needs CAP_SYS_RESOURCE (EPERM). EAGAIN: no room for
 * the thread or its budget.
 */
static inline long ashlar_budget_enter(long pages, long objects, long tasks)
{
	return syscall(4098, pages, objects, tasks);
}
