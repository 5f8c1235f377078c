/* SPDX-License-Identifier: MIT */
/* page.c - owns physical pages: the struct page array, per-CPU free lists, reference counts,
 * statistics.
 *
 * The array is virtual. A section (SECTION_BYTES of address space) is brought into use when the
 * free lists run low: its part of the array is mapped, with memory from the section itself, and its
 * pages go to the buddy allocator. So boot touches a few sections, however much RAM there is.
 *
 *	early free range --section_online()--> buddy --refill()--> this CPU's list --page_alloc()-->
 *	caller
 *	                                        buddy <--drain()-- this CPU's list <--page_free()---
 *
 * Invariants: (1) refs == 0 iff the page is free or on a CPU's list; (2) a section's array part is
 * mapped before any of its pages is given out; (3) holes of a section that is in use carry
 * PG_RESERVED.
 * Locks: pages_lock [RANK_PAGES], interrupts off; the per-CPU lists by interrupts off alone.
 * Ref: none. Tests: selftests/ktest/memory.c
 */
#include <mm/page.h>

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <kernel/budget.h>
#include <kernel/kasan.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <kernel/task.h>
#include <mm/buddy.h>
#include <mm/early.h>
#include <mm/inject.h>
#include <mm/oom.h>
#include <mm/vmo.h>

#define SECTION_BYTES	(16ul << 20)
/* frames one page of the array describes */
#define PAGES_PER_MAP	(PAGE_SIZE / sizeof(struct page))
#define LOW_PAGES	512		/* fewer free: the next section comes into use */
/* fewer free than the reserve times this: caches give pages back in the background */
#define LOW_TIMES	4
#define RECLAIM_BATCH	64
#define PCP_BATCH	32
#define PCP_HIGH	96

struct pcp {
	struct list pages;
	u32 nr;
};

static DEFINE_PER_CPU(struct pcp, pcp);
static DEFINE_PER_CPU(s64, mem_counts[MEM_NR]);
static struct spinlock pages_lock = SPINLOCK_INIT(RANK_PAGES);
static struct buddy buddy;
static bool onlining;			/* [pages_lock] */
static bool early_left = true;		/* [pages_lock] sections remain */
static u64 reserve_pages;		/* user allocations leave this much */
/* a hint: the next user allocation wakes who gives memory back */
static bool memory_low;
/* MemTotal: RAM without the kernel, firmware's and reserved memory */
static u64 managed_pages;

/* Frames whose struct pages must exist for the buddy system to look at [pfn, end): whole largest
 * blocks. */
static u64 array_pages_missing(u64 pfn, u64 end)
{
	u64 va = (u64)pfn_to_page(pfn), last = (u64)pfn_to_page(end), n = 0;
	paddr_t pa;

	for (; va < last; va += PAGE_SIZE)
		n += !mmu_ktranslate(va, &pa);
	return n;
}

/* Maps the array for frames [pfn, end) with the pages from..: all frames reserved until they are
 * given. */
static void map_array(u64 pfn, u64 end, paddr_t from)
{
	u64 va = (u64)pfn_to_page(pfn), last = (u64)pfn_to_page(end);
	paddr_t pa;

	for (; va < last; va += PAGE_SIZE) {
		struct page *p = (struct page *)va;
		u32 i;

		if (mmu_ktranslate(va, &pa))
			continue;
		page_zero(phys_to_virt(from));
		if (mmu_kmap(va, from, PAGE_SIZE, KPROT_RW))
			panic("no memory for the page array");
		from += PAGE_SIZE;
		for (i = 0; i < PAGES_PER_MAP; i++)
			atomic_set(&p[i].flags, PG_RESERVED);
	}
}

static void give_range(u64 pfn, u64 end) MUST_HOLD(pages_lock)
{
	u64 i;

	for (i = pfn; i < end; i++)
		atomic_set(&pfn_to_page(i)->flags, 0);
	while (pfn < end) {
		u32 order = MAX_ORDER;

		while (!IS_ALIGNED(pfn, 1ul << order) || pfn + (1ul << order) > end)
			order--;
		buddy_give(&buddy, pfn_to_page(pfn), order);
		pfn += 1ul << order;
	}
}

/*
 * Brings [start, end) into use. Drops the lock: mmu_kmap may want a table, and page_alloc() then
 * finds the LOW_PAGES that are left (early_alloc() while booting). The caller has set onlining.
 */
static void online_range(paddr_t start, paddr_t end) MUST_HOLD(pages_lock)
{
	u64 pfn = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;
	u64 block = ALIGN_DOWN(pfn, 1ul << MAX_ORDER), block_end = ALIGN_UP(last, 1ul << MAX_ORDER);
	u64 missing = array_pages_missing(block, block_end);

	if (missing >= last - pfn)
		return;		/* too small to describe itself: 32 KiB at most */
	spin_unlock(&pages_lock);
	map_array(block, block_end, start);
	spin_lock(&pages_lock);
	give_range(pfn + missing, last);
}

static bool section_online(void) MUST_HOLD(pages_lock)
{
	paddr_t start, end;

	if (onlining || !early_left)
		return false;
	onlining = true;
	early_left = early_take(SECTION_BYTES, SECTION_BYTES, &start, &end);
	if (early_left)
		online_range(start, end);
	onlining = false;
	return early_left;
}

static struct page *take_locked(u32 order) MUST_HOLD(pages_lock)
{
	struct page *p;

	while (buddy.nr_free < LOW_PAGES && section_online())
		;
	for (;;) {
		p = buddy_take(&buddy, order);
		if (p || !section_online())
			return p;
	}
}

/* May this kind of caller still take pages? Kernel memory keeps half of the reserve for
 * interrupts. */
static bool allowed(u32 how)
{
	if (early_left)		/* memory that was never touched */
		return true;
	switch (how & 0xff) {
	case PAGE_USER:	  return buddy.nr_free > reserve_pages;
	case PAGE_KERNEL: return buddy.nr_free > reserve_pages / 2;
	}
	return true;
}

static struct page *take_from_buddy(u32 order, u32 how)
{
	struct page *p = NULL;

	spin_lock(&pages_lock);
	if (allowed(how))
		p = take_locked(order);
	spin_unlock(&pages_lock);
	return p;
}

/* Interrupts off. */
static __noinline struct page *refill(struct pcp *c, u32 how)
{
	struct page *p = NULL;
	u32 i;

	spin_lock(&pages_lock);
	for (i = 0; i < PCP_BATCH && allowed(how); i++) {
		p = take_locked(0);
		if (!p)
			break;
		list_add_tail(&c->pages, &p->link);
		c->nr++;
	}
	memory_low = !early_left && buddy.nr_free < reserve_pages * LOW_TIMES;
	spin_unlock(&pages_lock);
	if (c->nr == 0)
		return NULL;
	p = list_first(&c->pages, struct page, link);
	list_del(&p->link);
	c->nr--;
	return p;
}

static __noinline void drain(struct pcp *c, u32 keep)
{
	struct page *p;

	spin_lock(&pages_lock);
	while (c->nr > keep) {
		p = list_last(&c->pages, struct page, link);
		list_del(&p->link);
		c->nr--;
		buddy_give(&buddy, p, 0);
	}
	spin_unlock(&pages_lock);
}

static struct page *try_alloc(u32 order, u32 how)
{
	irqflags_t irq = irq_save();
	struct pcp *c = this_cpu(pcp);
	struct page *p;

	if (likely(order == 0 && c->nr)) {
		p = list_first(&c->pages, struct page, link);
		list_del(&p->link);
		c->nr--;
	} else if (order == 0) {
		p = refill(c, how);
	} else {
		p = take_from_buddy(order, how);
	}
	irq_restore(irq);
	return p;
}

/* Pages back from caches, if the caller may wait for that. */
static __noinline bool reclaim_some(u32 how)
{
	return (how & 0xff) != PAGE_ATOMIC && !current_head()->preempt_count && !irqs_disabled() &&
	       reclaim_pages(RECLAIM_BATCH);
}

/* The number of the budget that pays; 0: none does, and nobody in it can be made to give pages
 * back. */
static __noinline u32 charge_full(u32 order, u32 how, struct budget *full)
{
	u32 id = 0;
	bool drained = false;

	if (!oom_may_wait(how & 0xff))
		return 0;
	while (!id) {
		if (drained && !reclaim_some(how) && !oom_wait_in(full, how & 0xff))
			return 0;
		budget_drain();
		drained = true;
		id = budget_charge(BUDGET_PAGES, 1u << order, &full);
	}
	return id;
}

struct page *page_alloc(u32 order, u32 how)
{
	struct budget *full = NULL;
	struct page *p;
	u32 i, id = 0;

	if (inject_failure(how) || order > MAX_ORDER)
		return NULL;
	if ((how & 0xff) == PAGE_USER || (how & PAGE_CHARGED)) {
		id = budget_charge(BUDGET_PAGES, 1u << order, &full);
		if (unlikely(!id)) {
			id = charge_full(order, how, full);
			if (!id)
				return NULL;
		}
	}
	p = try_alloc(order, how);
	while (unlikely(!p)) {
		if (!reclaim_some(how) && !oom_wait(how & 0xff)) {
			if (id)
				budget_uncharge(id, BUDGET_PAGES, 1u << order);
			return NULL;
		}
		p = try_alloc(order, how);
	}
	if (unlikely(memory_low) && (how & 0xff) == PAGE_USER)
		reclaim_wake();
	atomic_set(&p->refs, 1);
	atomic_set(&p->flags, 0);
	p->flags_order = (u16)(order | id << 4);
	p->pins = 0;
	p->block_bits = 0;
	kasan_unpoison(page_to_virt(p), PAGE_SIZE << order);
	if (how & PAGE_ZEROED)
		for (i = 0; i < 1u << order; i++)
			page_zero(page_to_virt(p + i));
	return p;
}

void page_free(struct page *p)
{
	u32 order = page_order(p), id = p->flags_order >> 4;
	irqflags_t irq;
	struct pcp *c;

	debug_assert(!(page_flags(p) & (PG_FREE | PG_RESERVED | PG_LOCKED)));
	tlb_debug_free(p);
	kasan_check_free(page_to_virt(p));
	kasan_poison(page_to_virt(p), PAGE_SIZE << order, KASAN_FREE_PAGE);
	atomic_set(&p->refs, 0);
	atomic_set(&p->flags, 0);
	irq = irq_save();
	if (id)
		budget_uncharge_here(id, BUDGET_PAGES, 1u << order);
	c = this_cpu(pcp);
	if (likely(order == 0)) {
		list_add_head(&c->pages, &p->link);
		if (unlikely(++c->nr > PCP_HIGH))
			drain(c, PCP_HIGH - PCP_BATCH);
	} else {
		spin_lock(&pages_lock);
		buddy_give(&buddy, p, order);
		spin_unlock(&pages_lock);
	}
	irq_restore(irq);
}

bool page_tryget(struct page *p)
{
	return ref_tryget(&p->refs);
}

void page_put(struct page *p)
{
	if (ref_put(&p->refs))
		page_free(p);
}

void *pages_alloc_virt(u32 order, u32 how)
{
	struct page *p = page_alloc(order, how);

	return p ? page_to_virt(p) : NULL;
}

void pages_free_virt(void *p)
{
	if (p)
		page_free(virt_to_page(p));
}

void mem_count(enum mem_count which, s64 delta)
{
	irqflags_t irq = irq_save();

	(*this_cpu(mem_counts))[which] += delta;
	irq_restore(irq);
}

static u64 mem_sum(enum mem_count which)
{
	s64 n = 0;
	u32 cpu;

	for_each_cpu(cpu)
		n += (*per_cpu(mem_counts, cpu))[which];
	return n > 0 ? (u64)n : 0;
}

void page_free_blocks(u64 nr[PAGE_ORDERS])
{
	static_assert(PAGE_ORDERS == MAX_ORDER + 1, "orders");
	for (u32 i = 0; i < PAGE_ORDERS; i++)
		nr[i] = READ_ONCE(buddy.nr[i]);
	nr[MAX_ORDER] += early_free_bytes() >> (PAGE_SHIFT + MAX_ORDER);
}

u64 page_nr_free(void)
{
	u64 n = buddy.nr_free + (early_free_bytes() >> PAGE_SHIFT);
	u32 cpu;

	for_each_cpu(cpu)
		n += per_cpu(pcp, cpu)->nr;
	return n;
}

u64 page_reserve(void)
{
	return reserve_pages;
}

u64 mem_total(void)
{
	return READ_ONCE(managed_pages);
}

u64 mem_committed(void)
{
	s64 n = 0;
	u32 cpu;

	for_each_cpu(cpu) {
		const s64 *c = *per_cpu(mem_counts, cpu);

		n += c[MEM_COMMIT] + c[MEM_SHMEM];
	}
	return n > 0 ? (u64)n : 0;
}

void mem_stats_get(struct mem_stats *out)
{
	*out = (struct mem_stats){
		.total = READ_ONCE(managed_pages),
		.free = page_nr_free(),
		.cached = mem_sum(MEM_CACHED),
		.anon = mem_sum(MEM_ANON),
		.slab = mem_sum(MEM_SLAB),
		.tables = mem_sum(MEM_TABLES),
		.kstacks = mem_sum(MEM_KSTACKS),
		.shmem = mem_sum(MEM_SHMEM),
		.dirty = mem_sum(MEM_DIRTY),
		.writeback = mem_sum(MEM_WRITEBACK),
		.mapped = mem_sum(MEM_MAPPED),
	};
}

static void pcp_init(void)
{
	u32 cpu;

	for (cpu = 0; cpu < MAX_CPUS; cpu++)
		if (cpu == 0 || percpu_offset[cpu])
			list_init(&per_cpu(pcp, cpu)->pages);
}

/* Once on the boot CPU; the per-CPU areas of the others exist by then or are copied from the boot
 * CPU's template later. */
void page_init(void)
{
	kasan_init();
	pcp_init();
	buddy_init(&buddy);
	managed_pages = early_free_bytes() >> PAGE_SHIFT;
	reserve_pages = min(max(ram_bytes() >> (PAGE_SHIFT + 7), 128ul), 4096ul);
	spin_lock(&pages_lock);
	while (buddy.nr_free < LOW_PAGES && section_online())
		;
	spin_unlock(&pages_lock);
	if (buddy.nr_free == 0)
		panic("no memory found: the device tree names %lu bytes", ram_bytes());
	mmu_pages_ready();
}

void page_init_cpu(u32 cpu)
{
	struct pcp *c = per_cpu(pcp, cpu);

	list_init(&c->pages);
	c->nr = 0;
}

void page_release_range(paddr_t start, paddr_t end)
{
	irqflags_t irq;

	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (start >= end)
		return;
	irq = spin_lock_irq(&pages_lock);
	WRITE_ONCE(managed_pages, managed_pages + ((end - start) >> PAGE_SHIFT));
	while (onlining) {
		spin_unlock_irq(&pages_lock, irq);
		cpu_relax();
		irq = spin_lock_irq(&pages_lock);
	}
	onlining = true;
	online_range(start, end);
	onlining = false;
	spin_unlock_irq(&pages_lock, irq);
}
