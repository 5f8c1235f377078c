/* SPDX-License-Identifier: MIT */
/* mmu.h - page tables. Mechanism only: mm/ decides what is mapped.
 *
 * Kernel half (TTBR1, 48 bits):
 *	0xffff_0000_0000_0000	linear map of all RAM: va = pa + LINEAR_BASE (pa < 2^46)
 *	0xffff_8000_0000_0000	struct page array, indexed by page frame number
 *	0xffff_a000_0000_0000	kvmap: stacks with guards, devices, large allocations
 *	0xffff_c000_0000_0000	kernel image (+ KASLR offset, a multiple of 64 KiB)
 *
 * Locks: an L3 table's entries change under pt_lock() of that table (RANK_PT), one lock for each
 * table page. Tables are added with compare-and-exchange and freed only when the address space dies
 * (arch_mm_fini), so lookups need no lock.
 * Ref: Arm ARM D8 (VMSAv8-64), D8.14 (TLB maintenance), D8.14.4 (break-before-make).
 */
#pragma once

#include <arch/atomic.h>
#include <arch/page.h>
#include <arch/pte.h>

struct page;
struct spinlock;

#define LINEAR_BASE  0xffff000000000000ul
#define VMEMMAP_BASE 0xffff800000000000ul
#define KVMAP_BASE   0xffffa00000000000ul
#define KVMAP_END    0xffffb00000000000ul
#define KIMAGE_BASE  0xffffc00000000000ul

static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(pa + LINEAR_BASE);
}

/* Only for addresses of the linear map. Image addresses: image_to_phys(). */
static inline paddr_t virt_to_phys(const void *va)
{
	return (u64)va - LINEAR_BASE;
}

paddr_t image_to_phys(const void *va);

/* ---- user address spaces ---- */
struct arch_mm {
	pte_t *pgd;		/* level 0 table (linear map address) */
	atomic64_t asid;	/* generation | ASID; 0: none yet */
	atomic64_t cpus;	/* CPUs that ever ran it: whose TLBs may have entries */
	/* all tables but pgd, chained: freeing costs what is there, not what could be */
	struct page *tables;
	atomic_t nr_tables;	/* including pgd */
};

int __must_check arch_mm_init(struct arch_mm *mm);
/* Frees all tables; every leaf entry must be clear, and no CPU may run on it. */
void arch_mm_fini(struct arch_mm *mm);
/* Makes mm (NULL: no user space) current on this CPU. Interrupts off. */
void arch_mm_switch(struct arch_mm *mm);

/* The leaf entry of va, or NULL where no table is. No lock needed; entries need pt_lock to be
 * changed. */
pte_t *pt_lookup(struct arch_mm *mm, u64 va);
/* The same, adding tables; NULL: no memory. May sleep. */
pte_t *pt_lookup_alloc(struct arch_mm *mm, u64 va);
/* The first existing leaf table at or after *va and before end: advances *va over holes; NULL when
 * there is none. The entries from the returned one up to the table's end (va's next multiple of
 * PMD_SIZE) are contiguous. */
pte_t *pt_next(struct arch_mm *mm, u64 *va, u64 end);
/* The lock of the table that holds this entry. */
struct spinlock *pt_lock(pte_t *pte);
/* Bytes of page tables of this mm (RLIMIT, /proc/PID/status VmPTE). */
u64 pt_bytes(const struct arch_mm *mm);

/* ---- TLB (broadcast; return when every CPU has dropped the translations) ---- */
void tlb_flush_page(struct arch_mm *mm, u64 va);
void tlb_flush_range(struct arch_mm *mm, u64 start, u64 end);
void tlb_flush_mm(struct arch_mm *mm);

/* ---- kernel mappings ---- */
enum kprot { KPROT_RW, KPROT_RO, KPROT_RX, KPROT_DEVICE, KPROT_NOCACHE };
/* Maps [pa, pa+size) at va; tables from page_alloc (or from early memory before). -ENOMEM. */
int __must_check mmu_kmap(u64 va, paddr_t pa, usize size, enum kprot prot);
/* Unmaps and flushes; the tables stay. */
void mmu_kunmap(u64 va, usize size);
/* The physical address a kernel virtual address maps to; false where nothing is mapped. */
bool mmu_ktranslate(u64 va, paddr_t *pa);
/* Extends the linear map (boot). */
void mmu_map_linear(paddr_t start, paddr_t end);
/* page_init() says that page_alloc() works: kernel tables come from there from now on. */
void mmu_pages_ready(void);
/* After boot: ro_after_init becomes read-only (text and rodata always were) and init sections are
 * unmapped; then the caller frees them: mmu_for_each_init_range(page_release_range). */
void mmu_protect_kernel(void);
void mmu_for_each_init_range(void (*fn)(paddr_t start, paddr_t end));
/* Physical bounds of the whole image, .bss included: early_reserve(). */
void mmu_image_range(paddr_t *start, paddr_t *end);
