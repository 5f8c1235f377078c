/* SPDX-License-Identifier: MIT */
/* tlbdebug.c - asserts what no emulator shows (CONFIG_DEBUG_TLB): break before make, and no page
 * freed while a TLB may know it.
 *
 * Each valid user entry that is cleared is remembered with its page until its address is flushed. A
 * page that is freed while it is remembered is a bug, and so is an entry that goes from one page to
 * another without having been invalid. A table's page counts what is remembered of it in block_bits
 * (else unused there), so a flush looks only where there is something; a remembered page has
 * PG_STALE. When the memory of 4096 entries is full, the oldest is forgotten.
 *
 * Locks: stale_lock (no rank: a leaf, taken with any lock held, interrupts off).
 * Ref: Arm ARM D8.14.4 (break-before-make), D8.14.5. Tests: selftests/ktest/tlb.c
 */
#include <arch/mmu.h>

#include "tlbdebug.h"

#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <mm/page.h>

#define NR_STALE 4096u

static struct stale {
	pte_t *pte;		/* NULL: unused */
	struct page *page;
} stale[NR_STALE];
static u32 next_stale;
static struct spinlock stale_lock = SPINLOCK_INIT(0);

static void forget(struct stale *s)
{
	virt_to_page(s->pte)->block_bits--;
	s->pte = NULL;
}

static void remember(pte_t *pte, struct page *p)
{
	irqflags_t irq = spin_lock_irq(&stale_lock);
	struct stale *s = &stale[next_stale++ % NR_STALE];

	if (s->pte)
		forget(s);
	*s = (struct stale){ pte, p };
	virt_to_page(pte)->block_bits++;
	page_flag_set(p, PG_STALE);
	spin_unlock_irq(&stale_lock, irq);
}

void tlb_debug_set(pte_t *pte, pte_t new)
{
	pte_t old = pte_read(pte);

	if (!pte_valid(old))
		return;
	if (pte_valid(new) && pte_pa(new) != pte_pa(old))
		panic("entry %016lx becomes %016lx without a break", old.v, new.v);
	if (!pte_valid(new) && !pte_special(old))
		remember(pte, phys_to_page(pte_pa(old)));
}

/* What is remembered of one table, from its entry first to last. */
static void flushed_table(struct page *table, u32 first, u32 last)
{
	pte_t *t = page_to_virt(table);
	irqflags_t irq;

	if (!READ_ONCE(table->block_bits))
		return;
	irq = spin_lock_irq(&stale_lock);
	for (u32 i = 0; i < NR_STALE && table->block_bits; i++)
		if (stale[i].pte >= t + first && stale[i].pte <= t + last)
			forget(&stale[i]);
	spin_unlock_irq(&stale_lock, irq);
}

void tlb_debug_flushed(struct arch_mm *mm, u64 start, u64 end)
{
	while (start < end) {
		pte_t *pte = pt_lookup(mm, start);
		u64 stop = min(end, ALIGN_DOWN(start, PMD_SIZE) + PMD_SIZE);

		if (pte)
			flushed_table(virt_to_page(pte), start >> PAGE_SHIFT & 511,
				      (stop - 1) >> PAGE_SHIFT & 511);
		start = stop;
	}
}

void tlb_debug_flushed_all(struct arch_mm *mm)
{
	for (struct page *t = READ_ONCE(mm->tables); t; t = t->pt_next)
		flushed_table(t, 0, 511);
}

void tlb_debug_free(struct page *p)
{
	irqflags_t irq;

	if (!(page_flags(p) & PG_STALE))
		return;
	irq = spin_lock_irq(&stale_lock);
	for (u32 i = 0; i < NR_STALE; i++)
		if (stale[i].pte && stale[i].page == p)
			panic("page %lx freed before the TLB was flushed", page_to_pfn(p));
	spin_unlock_irq(&stale_lock, irq);
}
