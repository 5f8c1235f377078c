/* SPDX-License-Identifier: MIT */
/* commit.h - how much memory programs may be promised: vm.overcommit_memory. */
#pragma once

#include <kernel/lib/compiler.h>

struct aspace;
struct vmo;

enum overcommit { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };

extern u32 overcommit_mode, overcommit_ratio;	/* sysctls: an enum overcommit; percent of memory */
extern u64 overcommit_kbytes;			/* instead of the ratio unless 0 */
/* OVERCOMMIT_NEVER leaves so much to administrators, to other programs */
extern u64 admin_reserve_kbytes, user_reserve_kbytes;

/* May so many more bytes be promised? as: for whom, or NULL. Nothing is counted yet. */
bool commit_room(const struct aspace *as, u64 bytes);
/* The global count learns of as->commit_bytes: at the end of a call that changed it. */
void commit_sync(struct aspace *as);
/* All of a new shared memory object is promised at once; vmo_put() takes it back. -ENOMEM. */
int __must_check vmo_commit(struct vmo *v, u64 bytes);

u64 commit_limit(void), committed_pages(void);
void commit_init(void);
