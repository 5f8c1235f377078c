/* SPDX-License-Identifier: MIT */
/* thread.h - the fake: arm64's structures as they are, but the running thread is a variable instead
 * of a register. */
#pragma once

#define current	     arm64_current
#define current_head arm64_current_head
#define this_cpu_id  arm64_this_cpu_id
#include "../../../arch/arm64/include/arch/thread.h"
#undef current
#undef current_head
#undef this_cpu_id

extern struct thread_head *host_current;	/* may be changed by a test to a task of its own */

static inline struct task *current(void)
{
	return (struct task *)host_current;
}

static inline struct thread_head *current_head(void)
{
	return host_current;
}

static inline u32 this_cpu_id(void)
{
	return host_current->cpu;
}
