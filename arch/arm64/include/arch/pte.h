/* SPDX-License-Identifier: MIT */
/* pte.h - leaf descriptors, pure: bits in, bits out. The host tests compile it.
 *
 * Software bits (55-58): bit 55 PTE_DIRTY_SW (written since last cleaned), bit 56 PTE_SPECIAL (no
 * struct page behind it), bit 57 PTE_NONE (PROT_NONE: not valid, still owns its page), bit 58
 * PTE_COW is not needed: write permission comes from the vma.
 * Ref: Arm ARM D8.3.1 (VMSAv8-64 descriptor formats), D8.4 (permissions).
 */
#pragma once

#include <arch/page.h>

typedef struct {
	u64 v;
} pte_t;

#define PTE_VALID	BIT(0)
#define PTE_TYPE_PAGE	BIT(1)
#define PTE_ATTR(n)	((u64)(n) << 2)
#define PTE_USER	BIT(6)	/* AP[1] */
#define PTE_RDONLY	BIT(7)	/* AP[2] */
#define PTE_SH_INNER	(3ul << 8)
#define PTE_AF		BIT(10)
#define PTE_NG		BIT(11)
#define PTE_GP		BIT(50)	/* BTI guarded */
#define PTE_PXN		BIT(53)
#define PTE_UXN		BIT(54)
#define PTE_DIRTY_SW	BIT(55)
#define PTE_SPECIAL	BIT(56)
#define PTE_NONE	BIT(57)
#define PTE_ADDR_MASK	0x0000fffffffff000ul

/* MAIR indexes. */
#define MT_NORMAL  0
#define MT_DEVICE  1	/* nGnRE */
#define MT_NOCACHE 2

static inline bool pte_empty(pte_t p)
{
	return p.v == 0;
}

/* Owns a page: mapped, or kept under PROT_NONE. */
static inline bool pte_present(pte_t p)
{
	return p.v & (PTE_VALID | PTE_NONE);
}

static inline bool pte_valid(pte_t p)
{
	return p.v & PTE_VALID;
}

static inline bool pte_writable(pte_t p)
{
	return (p.v & (PTE_VALID | PTE_RDONLY)) == PTE_VALID;
}

static inline bool pte_dirty(pte_t p)
{
	return p.v & PTE_DIRTY_SW;
}

/* Touched since it was made old: an access of an old one is a fault. */
static inline bool pte_young(pte_t p)
{
	return p.v & PTE_AF;
}

static inline pte_t pte_mkold(pte_t p)
{
	return (pte_t){ p.v & ~PTE_AF };
}

static inline pte_t pte_mkyoung(pte_t p)
{
	return (pte_t){ p.v | PTE_AF };
}

static inline bool pte_special(pte_t p)
{
	return p.v & PTE_SPECIAL;
}

static inline paddr_t pte_pa(pte_t p)
{
	return p.v & PTE_ADDR_MASK;
}

static inline pte_t pte_mkguarded(pte_t p)
{
	return (pte_t){ p.v | PTE_GP };
}

/* A user leaf. r w x as the vma grants; !r && !w && !x makes a PROT_NONE entry. A writable entry is
 * born dirty. */
static inline pte_t pte_user(paddr_t pa, bool r, bool w, bool x)
{
	u64 v = pa | PTE_TYPE_PAGE | PTE_USER | PTE_SH_INNER | PTE_AF | PTE_NG | PTE_PXN |
		PTE_ATTR(MT_NORMAL);

	if (!x)
		v |= PTE_UXN;
	if (w)
		v |= PTE_DIRTY_SW;
	else
		v |= PTE_RDONLY;
	v |= r || w || x ? PTE_VALID : PTE_NONE;
	return (pte_t){ v };
}

static inline pte_t pte_wrprotect(pte_t p)
{
	return (pte_t){ p.v | PTE_RDONLY };
}

static inline pte_t pte_clean(pte_t p)
{
	return (pte_t){ (p.v | PTE_RDONLY) & ~PTE_DIRTY_SW };
}

static inline pte_t pte_mkspecial(pte_t p)
{
	return (pte_t){ p.v | PTE_SPECIAL };
}

static inline pte_t pte_read(const pte_t *p)
{
	return (pte_t){ READ_ONCE(p->v) };
}

#ifdef CONFIG_DEBUG_TLB
struct page;
void tlb_debug_set(pte_t *p, pte_t v);
void tlb_debug_free(struct page *p);	/* every page that is freed */
#else
#define tlb_debug_set(p, v) ((void)0)
#define tlb_debug_free(p)   ((void)0)
#endif

/* Under pt_lock. invalid->valid needs no TLB work; valid->other needs a flush, and a change of
 * address needs break-before-make: clear, flush, set. */
static inline void pte_set(pte_t *p, pte_t v)
{
	tlb_debug_set(p, v);
	__atomic_store_n(&p->v, v.v, __ATOMIC_RELEASE);
}
