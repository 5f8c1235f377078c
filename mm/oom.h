/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

struct budget;

/* No page for a caller of this kind (enum page_how): frees memory, by reclaim or by ending a
 * process, and says whether to try again. False at once in atomic context and for a thread that is
 * itself dying. */
bool oom_wait(u32 how);
/* The same for a budget that is full: only its own processes are considered. */
bool oom_wait_in(struct budget *full, u32 how);
bool oom_may_wait(u32 how);
/* Kills the process of this budget (&budget_root: any) that is worth most; false: there is none. */
bool oom_kill_one(struct budget *in);
