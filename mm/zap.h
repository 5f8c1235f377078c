/* SPDX-License-Identifier: MIT */
/* zap.h - taking pages out of an address space: clear entries, flush the TLB, only then drop the
 * pages. */
#pragma once

#include <mm/aspace.h>
#include <mm/page.h>

/* Clears [start, end) of vma. keep_anon: private pages of a file mapping stay (madvise never asks
 * that; truncate does not). */
void zap_range(struct vma *v, u64 start, u64 end);
/* Everything, when no CPU can use the address space any more. */
void zap_all(struct aspace *as);
/* One entry, under its lock; the flush is still to come. Counts the page out; *out: the reference
 * that the entry held, or NULL. */
void zap_entry(struct aspace *as, pte_t *pte, struct page **out);
/* Enters a page: counts it in. */
static inline void count_page(struct aspace *as, const struct page *p, s64 n)
{
	__atomic_fetch_add(page_flags(p) & PG_ANON ? &as->anon_pages.v : &as->file_pages.v, (u64)n,
			   __ATOMIC_RELAXED);
}
