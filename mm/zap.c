/* SPDX-License-Identifier: MIT */
/* zap.c - taking pages out of an address space.
 *
 * Entries are cleared under their table's lock, a batch of pages is gathered, the TLB is flushed
 * for the batch's range, and only then the references are dropped: a page must not be reused while
 * some CPU can still reach it (Arm ARM D8.14).
 *
 * zap_all() runs when nobody can use the address space: it flushes first, once, and then needs no
 * batches.
 * Locks: table locks [RANK_PT]; the caller holds aspace.lock or vmo.pages_lock, or the last
 * reference.
 * Tests: selftests/abi/mmap.c
 */
#include <mm/zap.h>

#include <kernel/printk.h>
#include <kernel/spinlock.h>

#define BATCH 64

struct gather {
	struct aspace *as;
	u64 start, end;		/* what the TLB may still hold */
	u32 nr;
	struct page *pages[BATCH];
};

static void gather_flush(struct gather *g)
{
	u32 i;

	if (g->start < g->end)
		tlb_flush_range(&g->as->mm, g->start, g->end);
	for (i = 0; i < g->nr; i++)
		page_put(g->pages[i]);
	g->nr = 0;
	g->start = U64_MAX;
	g->end = 0;
}

void zap_entry(struct aspace *as, pte_t *pte, struct page **out)
{
	pte_t old = pte_read(pte);

	*out = NULL;
	pte_set(pte, (pte_t){ 0 });
	if (pte_special(old))
		return;
	*out = phys_to_page(pte_pa(old));
	count_page(as, *out, -1);
}

/* The entries of one table from va on; stops when the batch is full. Returns where it stopped. */
static u64 zap_table(struct gather *g, pte_t *pte, u64 va, u64 end)
{
	struct spinlock *lock = pt_lock(pte);
	struct page *p;

	end = min(end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE);
	spin_lock(lock);
	for (; va < end && g->nr < BATCH; va += PAGE_SIZE, pte++) {
		if (!pte_present(pte_read(pte)))
			continue;
		zap_entry(g->as, pte, &p);
		g->start = min(g->start, va);
		g->end = va + PAGE_SIZE;
		if (p)
			g->pages[g->nr++] = p;
	}
	spin_unlock(lock);
	return va;
}

void zap_range(struct vma *v, u64 start, u64 end)
{
	struct gather g = { .as = v->as, .start = U64_MAX };
	pte_t *pte;

	aspace_note_peak(v->as);
	while (start < end && (pte = pt_next(&v->as->mm, &start, end))) {
		start = zap_table(&g, pte, start, end);
		if (g.nr == BATCH)
			gather_flush(&g);
	}
	gather_flush(&g);
}

static void free_table_pages(struct aspace *as, pte_t *pte, u64 va, u64 end)
{
	end = min(end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE);
	for (; va < end; va += PAGE_SIZE, pte++) {
		pte_t old = pte_read(pte);

		if (!pte_present(old))
			continue;
		pte->v = 0;
		if (!pte_special(old))
			page_put(phys_to_page(pte_pa(old)));
	}
}

void zap_all(struct aspace *as)
{
	struct vma *v;
	pte_t *pte;

	tlb_flush_mm(&as->mm);
	for (v = aspace_first(as); v; v = vma_next(v)) {
		u64 va = v->start;

		while (va < v->end && (pte = pt_next(&as->mm, &va, v->end))) {
			free_table_pages(as, pte, va, v->end);
			va = ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE;
		}
	}
}

/* What of v shows pages [first, last] of its file: false when nothing. */
static bool mapped_range(const struct vma *v, u64 first, u64 last, u64 *start, u64 *end)
{
	u64 n = (v->end - v->start) >> PAGE_SHIFT;
	u64 from = first > v->pgoff ? first - v->pgoff : 0;
	u64 to = last - v->pgoff < n ? last - v->pgoff + 1 : n;

	*start = v->start + (from << PAGE_SHIFT);
	*end = v->start + (to << PAGE_SHIFT);
	return last >= v->pgoff && from < to;
}

void aspace_zap_mapping(struct vma *v, u64 first, u64 last)
{
	u64 start, end;

	if (mapped_range(v, first, last, &start, &end))
		zap_range(v, start, end);
}

/* The writable entries of one table from va on become read-only. */
static bool protect_table(pte_t *pte, u64 va, u64 end)
{
	struct spinlock *lock = pt_lock(pte);
	bool any = false;

	end = min(end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE);
	spin_lock(lock);
	for (; va < end; va += PAGE_SIZE, pte++) {
		pte_t old = pte_read(pte);

		if (pte_present(old) && pte_writable(old)) {
			pte_set(pte, pte_wrprotect(old));
			any = true;
		}
	}
	spin_unlock(lock);
	return any;
}

void aspace_protect_mapping(struct vma *v, u64 first, u64 last)
{
	u64 start, end, at;
	bool any = false;
	pte_t *pte;

	if (!(v->flags & VMA_SHARED) || !mapped_range(v, first, last, &start, &end))
		return;
	for (at = start; at < end && (pte = pt_next(&v->as->mm, &at, end));
	     at = ALIGN_DOWN(at, PMD_SIZE) + PMD_SIZE)
		any |= protect_table(pte, at, end);
	if (any)
		tlb_flush_range(&v->as->mm, start, end);
}
