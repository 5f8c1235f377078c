/* SPDX-License-Identifier: MIT */
/* pagetable.c - user address spaces: their tables, their ASIDs, the TLB.
 *
 * Four levels; users have pages only, no blocks, so each valid descriptor above the last level is a
 * table. Tables are published with a compare-and-exchange and live as long as the address space:
 * walks take no lock. All but the root are chained through struct page. Leaf entries change under
 * the spinlock in their table's struct page.
 *
 * A kernel thread runs with an empty root under the ASID that was there before: the hardware does
 * not mind, and an emulator that empties its TLB at ASID changes is spared two of them.
 *
 * Barriers: entry written, DSB, TLBI, DSB: the order Arm ARM D8.14.5 asks for. No ISB: users return
 * by ERET. While only one CPU ever ran an address space, that CPU flushes its own TLB without a
 * broadcast. (A) announce_cpu() sets the CPU's bit before it loads TTBR0; (B) the flusher changes
 * the entry before it reads the bits. DSBs between: either the flusher sees the CPU and broadcasts,
 * or the CPU's walks see the changed entry.
 * Locks: asid_lock (RANK_DRIVER) > nothing; pt_lock (RANK_PT) is the callers'.
 * Ref: Arm ARM D8.3, D8.13.1, D8.14. Tests: selftests/unit/asid_test.c
 */
#include <arch/mmu.h>

#include "asid.h"
#include "cpu_int.h"
#include "early.h"
#include "tlbdebug.h"

#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>
#include <mm/page.h>

/* More pages than this are flushed by dropping the whole ASID. */
#define FLUSH_PAGES_MAX 64

static u64 empty_root[PT_ENTRIES] __aligned(4096);
static struct asid_pool asids;
static struct spinlock asid_lock = SPINLOCK_INIT(RANK_DRIVER);
static DEFINE_PER_CPU(u64, ttbr0_now);

static_assert(sizeof(struct spinlock) <= 8, "fits struct page.pt_lock_word");

static void set_ttbr0(u64 v)
{
	*this_cpu(ttbr0_now) = v;
	__asm__ volatile("msr ttbr0_el1, %0\n\tisb" ::"r"(v) : "memory");
}

void mmu_init_cpu(void)
{
	if (!asids.numbers)
		asid_pool_init(&asids, cpu_has(CPU_ASID16) ? 16 : 8);
	set_ttbr0(image_to_phys(empty_root));
	__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}

static struct page *table_alloc(void)
{
	struct page *p = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED | PAGE_CHARGED);

	if (!p)
		return NULL;
	spin_init((struct spinlock *)p->pt_lock_word, RANK_PT);
	p->pt_next = NULL;
	p->block_bits = 0;
	page_flag_set(p, PG_TABLE);
	mem_count(MEM_TABLES, 1);
	return p;
}

static void table_free(struct page *p)
{
	page_flag_clear(p, PG_TABLE);
	mem_count(MEM_TABLES, -1);
	page_free(p);
}

int arch_mm_init(struct arch_mm *mm)
{
	struct page *root = table_alloc();

	if (!root)
		return -ENOMEM;
	mm->pgd = page_to_virt(root);
	mm->tables = NULL;
	atomic_set(&mm->asid, 0);
	atomic_set(&mm->cpus, 0);
	atomic_set(&mm->nr_tables, 1);
	return 0;
}

void arch_mm_fini(struct arch_mm *mm)
{
	struct page *p = mm->tables, *next;

	tlb_flush_mm(mm);	/* walks may be cached even where no leaf is */
	for (; p; p = next) {
		next = p->pt_next;
		table_free(p);
	}
	table_free(virt_to_page(mm->pgd));
	mm->pgd = NULL;
	mm->tables = NULL;
}

u64 pt_bytes(const struct arch_mm *mm)
{
	return atomic_read(&mm->nr_tables) * PAGE_SIZE;
}

static u64 run_asid_slow(struct arch_mm *mm, u32 cpu)
{
	irqflags_t irq = spin_lock_irq(&asid_lock);
	bool flush;
	u64 asid = asid_get(&asids, cpu, atomic_read(&mm->asid), &flush);

	atomic_set(&mm->asid, asid);
	if (flush)
		__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
	spin_unlock_irq(&asid_lock, irq);
	return asid;
}

static __noinline void announce_cpu(struct arch_mm *mm, u64 bit)
{
	atomic_or(&mm->cpus, bit);
	dsb(ish);		/* (A) */
}

void arch_mm_switch(struct arch_mm *mm)
{
	u32 cpu = this_cpu_id();
	u64 now = *this_cpu(ttbr0_now), ttbr, asid;

	if (!mm) {
		ttbr = image_to_phys(empty_root) | (now & ~(BIT(48) - 1));
	} else {
		if (unlikely(!(atomic_read(&mm->cpus) & BIT(cpu))))
			announce_cpu(mm, BIT(cpu));
		asid = atomic_read(&mm->asid);
		if (unlikely(!asid_try(&asids, cpu, asid)))
			asid = run_asid_slow(mm, cpu);
		ttbr = virt_to_phys(mm->pgd) | ASID_NUMBER(asid) << 48;
	}
	if (ttbr != now)
		set_ttbr0(ttbr);
}

static u64 *table_of(u64 desc)
{
	return phys_to_virt(desc & PTE_ADDR_MASK);
}

/* Four loads and three tests: every fault and copy comes here. */
static __always_inline u64 *walk(const struct arch_mm *mm, u64 va)
{
	u64 d = READ_ONCE(((u64 *)mm->pgd)[PT_INDEX(va, 0)]);

	if (unlikely(!(d & PTE_VALID)))
		return NULL;
	d = READ_ONCE(table_of(d)[PT_INDEX(va, 1)]);
	if (unlikely(!(d & PTE_VALID)))
		return NULL;
	d = READ_ONCE(table_of(d)[PT_INDEX(va, 2)]);
	if (unlikely(!(d & PTE_VALID)))
		return NULL;
	return &table_of(d)[PT_INDEX(va, 3)];
}

pte_t *pt_lookup(struct arch_mm *mm, u64 va)
{
	return (pte_t *)walk(mm, va);
}

static void chain_table(struct arch_mm *mm, struct page *p)
{
	struct page *head = READ_ONCE(mm->tables);

	do {
		p->pt_next = head;
	} while (!cmpxchg(&mm->tables, &head, p));
	atomic_inc(&mm->nr_tables);
}

/* The table behind *slot, made if need be; NULL: no memory. */
static u64 *table_below(struct arch_mm *mm, u64 *slot)
{
	u64 old = READ_ONCE(*slot), desc;
	struct page *p;

	if (likely(old & PTE_VALID))
		return table_of(old);
	p = table_alloc();
	if (!p)
		return NULL;
	desc = page_to_phys(p) | DESC_TABLE;
	dsb(ishst);		/* its zeros before the descriptor, also for table walks */
	old = 0;
	if (!cmpxchg(slot, &old, desc)) {
		table_free(p);
		return table_of(old);
	}
	chain_table(mm, p);
	return table_of(desc);
}

static __noinline pte_t *make_tables(struct arch_mm *mm, u64 va)
{
	u64 *t = (u64 *)mm->pgd;

	for (u32 level = 0; level < 3; level++) {
		t = table_below(mm, &t[PT_INDEX(va, level)]);
		if (!t)
			return NULL;
	}
	return (pte_t *)&t[PT_INDEX(va, 3)];
}

pte_t *pt_lookup_alloc(struct arch_mm *mm, u64 va)
{
	u64 *slot = walk(mm, va);

	return likely(slot) ? (pte_t *)slot : make_tables(mm, va);
}

pte_t *pt_next(struct arch_mm *mm, u64 *va, u64 end)
{
	u64 *slot = walk(mm, *va);

	if (slot && *va < end)
		return (pte_t *)slot;
	while (*va < end) {
		u64 *t = (u64 *)mm->pgd;
		u32 level = 0;

		for (; level < 3; level++) {
			u64 d = READ_ONCE(t[PT_INDEX(*va, level)]);

			if (!(d & PTE_VALID))
				break;
			t = table_of(d);
		}
		if (level == 3)
			return (pte_t *)&t[PT_INDEX(*va, 3)];
		*va = (*va | (BIT(PT_SHIFT(level)) - 1)) + 1;
	}
	return NULL;
}

struct spinlock *pt_lock(pte_t *pte)
{
	return (struct spinlock *)virt_to_page(pte)->pt_lock_word;
}

#define TLBI_VA(va) (((va) >> PAGE_SHIFT) & (BIT(44) - 1))

/* Read after the barrier in only_here(): a rollover in between gave a number under which only
 * changed entries were seen. */
static u64 asid_field(struct arch_mm *mm)
{
	return ASID_NUMBER(atomic_read(&mm->asid)) << 48;
}

/* Preemption off: nobody but this CPU has entries of mm. */
static bool only_here(struct arch_mm *mm)
{
	dsb(ish);		/* (B), and the entry before the TLBI */
	return atomic_read(&mm->cpus) == BIT(this_cpu_id());
}

static bool ever_ran(struct arch_mm *mm)
{
	return atomic_read(&mm->cpus) != 0;
}

#define tlbi(op, arg)	 __asm__ volatile("tlbi " #op ", %0" ::"r"(arg) : "memory")

/* Leaf entries only: no table goes before its address space. */
void tlb_flush_page(struct arch_mm *mm, u64 va)
{
	tlb_flush_range(mm, va, va + PAGE_SIZE);
}

void tlb_flush_range(struct arch_mm *mm, u64 start, u64 end)
{
	u64 asid;

	if (end - start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		tlb_flush_mm(mm);
		return;
	}
	preempt_disable();
	if (only_here(mm)) {
		asid = asid_field(mm);
		for (u64 va = start; va < end; va += PAGE_SIZE)
			tlbi(vale1, asid | TLBI_VA(va));
		dsb(nsh);
	} else if (ever_ran(mm)) {
		asid = asid_field(mm);
		for (u64 va = start; va < end; va += PAGE_SIZE)
			tlbi(vale1is, asid | TLBI_VA(va));
		dsb(ish);
	}
	preempt_enable();
	tlb_debug_flushed(mm, start, end);
}

void tlb_flush_mm(struct arch_mm *mm)
{
	preempt_disable();
	if (only_here(mm)) {
		tlbi(aside1, asid_field(mm));
		dsb(nsh);
	} else if (ever_ran(mm)) {
		tlbi(aside1is, asid_field(mm));
		dsb(ish);
	}
	preempt_enable();
	tlb_debug_flushed_all(mm);
}
