/* SPDX-License-Identifier: MIT */
/* peek.h - looking at other threads: what they may let go of at any moment, with a reference. */
#pragma once

#include <kernel/lib/compiler.h>

struct aspace;
struct cred;
struct fs_context;
struct handle_table;
struct task;

/* NULL: it has none (any more). */
struct aspace *task_get_as(struct task *t);
struct handle_table *task_get_handles(struct task *t);
struct fs_context *task_get_fs(struct task *t);
struct cred *task_get_cred(struct task *t);

/* For the owner: exchanges a pointer that others may be looking at. Returns what was there. */
struct aspace *task_swap_as(struct task *t, struct aspace *as);
struct handle_table *task_swap_handles(struct task *t, struct handle_table *h);
struct fs_context *task_swap_fs(struct task *t, struct fs_context *fs);

/* May current look into t (ptrace(2), "Ptrace access mode checking": the same user, dumpable, or
 * CAP_SYS_PTRACE)? 0 or -EACCES. */
int __must_check task_may_inspect(struct task *t);
