/* SPDX-License-Identifier: MIT */
/* shm.h - System V shared memory. */
#pragma once

#include <kernel/ipc.h>

/* What a namespace has of it, and its limits: sysctls. */
struct shm_ns {
	struct ipc_ids ids;
	u64 max_bytes, max_pages;	/* of a segment; of all */
	u32 max_nr;
	u64 pages;			/* [i] of all segments */
};

struct shm_stat {
	struct ipc_perm perm;
	u64 bytes, nr_attached, rss;	/* rss: pages */
	s64 attached_s, detached_s, changed_s; /* since 1970; 0: never */
	s32 creator, last;		/* processes */
};

struct shm_totals {
	u32 used, last_index;
	u64 pages, rss;
};

/* The functions below work in current's namespace. May sleep. */
int __must_check shm_get(s32 key, u64 bytes, u32 flags);			/* the identifier */
long shm_attach(s32 id, u64 addr, u32 flags);					/* where */
int __must_check shm_detach(u64 addr);
int __must_check shm_remove(s32 id);
int __must_check shm_set_owner(s32 id, u32 uid, u32 gid, u32 mode);
int __must_check shm_lock(s32 id, bool on);
int __must_check shm_stat(s32 id, struct shm_stat *out);
/* any: without permission to read */
int __must_check shm_stat_index(u32 index, bool any, struct shm_stat *out);
/* of all, by index */
bool shm_stat_next(u32 *index, struct shm_stat *out);
void shm_totals(struct shm_totals *out);
