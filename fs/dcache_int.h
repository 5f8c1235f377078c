/* SPDX-License-Identifier: MIT */
/* dcache_int.h - between dcache.c, which has the names, and dcache_lru.c, which says when one is
 * forgotten. */
#pragma once

#include <fs/dcache.h>

/* Forgets d if nobody but the cache and the caller has it: their references are gone then. */
bool dentry_forget(struct dentry *d);

void dcache_lru_init(u64 total_pages);
void dcache_lru_add(struct dentry *d);	/* the cache has it now; may forget others */
void dcache_lru_del(struct dentry *d);	/* nothing if it is not on the list */
