/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

/* No page for a caller of this kind (enum page_how): frees memory, by reclaim or by ending a process, and says whether to try
 * again. False at once in atomic context and for a thread that is itself dying. */
bool oom_wait(u32 how);
/* Kills the process that is worth most; false: there is none. */
bool oom_kill_one(void);
