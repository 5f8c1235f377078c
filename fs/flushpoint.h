/* SPDX-License-Identifier: MIT */
/* flushpoint.h - where the order of what reaches a disk is kept: each flush and each write past the
 * disk's cache that the kernel asks for.
 *
 * With CONFIG_DEBUG_FAULT_INJECT the boot argument flush.skip=N leaves out number N, and in the
 * host's tests flush_skip does. A test of power cuts that does not notice is not worth much:
 * selftests/crash/flushes tries each. Without that option nothing of it is in the kernel.
 */
#pragma once

#include <kernel/lib/compiler.h>

enum flush_point {
	FLUSH_NONE,
	FLUSH_COMMIT_LOG,	/* the log and ordered data before the commit record */
	FLUSH_COMMIT_RECORD,	/* the commit record itself */
	FLUSH_TAIL_HOME,	/* blocks at home before the log's tail moves */
	FLUSH_TAIL,		/* the tail before the log is used again */
	FLUSH_SUPER_BEFORE,	/* everything before the super block says clean */
	FLUSH_SUPER,		/* the super block before anything that follows it */
	FLUSH_FSYNC_DATA,	/* fsync of what no transaction has */
	FLUSH_SYNC_NO_LOG,	/* sync without a log */
	FLUSH_DEVICE_FSYNC,	/* fsync of the device */
	FLUSH_DEVICE_SYNC,	/* sync of all devices */
	FLUSH_NR,
};

#if defined(CONFIG_DEBUG_FAULT_INJECT) || defined(HOST_TEST)
extern u32 flush_skip;
static inline bool flush_wanted(enum flush_point n) { return flush_skip != n; }
#else
static inline bool flush_wanted(enum flush_point n) { return n != FLUSH_NONE; }
#endif
static inline u32 flush_flag(enum flush_point n, u32 flag) { return flush_wanted(n) ? flag : 0; }
