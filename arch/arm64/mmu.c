/* SPDX-License-Identifier: MIT */
/* mmu.c - the kernel's half of the address space.
 *
 * bootmap.c mapped the image, its linear alias and the device tree; this file adds the rest: all
 * RAM by the largest blocks that fit, and pages for kvmap. Nothing is mapped writable and
 * executable, in neither of the two places where the image is visible. Kernel tables are never
 * freed and are reached through the linear map. They come from the image's pool, then from early
 * memory, and from page_alloc() once page_init() has said so (mmu_pages_ready).
 *
 * Locks: none. Tables are published by compare-and-exchange; callers own the address ranges they
 * map.
 * Ref: Arm ARM D8.3 (descriptors), D8.14.4 (break-before-make), D8.14.5 (TLBI ordering).
 * Tests: selftests/ktest/tlb.c, fault.c, selftests/unit/pte_test.c
 */
#include <arch/mmu.h>

#include "early.h"

#include <arch/barrier.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/page.h>

static bool pages_ready __ro_after_init;

void mmu_pages_ready(void)
{
	pages_ready = true;
}

paddr_t image_to_phys(const void *va)
{
	return (u64)va - kimage_voffset;
}

static u64 *kernel_root(void)
{
	return phys_to_virt(boot_idmap_root.kernel);
}

static paddr_t table_take(void)
{
	struct page *p;

	if (boot_tables_used < BOOT_TABLES) {
		u64 *t = boot_tables[boot_tables_used++];

		memset(t, 0, PAGE_SIZE);
		return image_to_phys(t);
	}
	if (!pages_ready)
		return early_alloc(PAGE_SIZE, PAGE_SIZE);
	p = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
	if (!p)
		return 0;
	page_flag_set(p, PG_TABLE);
	return page_to_phys(p);
}

static u64 *table_of(u64 desc)
{
	return phys_to_virt(desc & PTE_ADDR_MASK);
}

static u64 *table_below(u64 *slot)
{
	u64 old = READ_ONCE(*slot), desc;
	paddr_t pa;

	if (old & PTE_VALID)
		return table_of(old);
	pa = table_take();
	if (!pa)
		return NULL;
	desc = pa | DESC_TABLE;
	dsb(ishst);
	old = 0;
	if (cmpxchg(slot, &old, desc))
		return table_of(desc);
	if (pages_ready)	/* another CPU was faster; while booting there is none */
		page_free(phys_to_page(pa));
	return table_of(old);
}

static u64 kprot_bits(enum kprot prot)
{
	switch (prot) {
	case KPROT_RW:
		return KPTE_RW;
	case KPROT_RO:
		return KPTE_RO;
	case KPROT_RX:
		return KPTE_RX;
	case KPROT_DEVICE:
		return (KPTE_RW & ~PTE_ATTR(7)) | PTE_ATTR(MT_DEVICE);
	case KPROT_NOCACHE:
		return (KPTE_RW & ~PTE_ATTR(7)) | PTE_ATTR(MT_NOCACHE);
	}
	unreachable();
}

/* The level whose leaf can map the beginning of this piece. */
static u32 leaf_level(u64 va, paddr_t pa, u64 size, u32 largest)
{
	for (u32 level = largest; level < 3; level++) {
		u64 span = BIT(PT_SHIFT(level));

		if (IS_ALIGNED(va | pa, span) && size >= span)
			return level;
	}
	return 3;
}

/* One leaf, as large as possible; where smaller tables are already, one of theirs, and what is
 * mapped stays. Returns its size, 0 without memory. */
static u64 map_leaf(u64 va, paddr_t pa, u64 size, u64 bits, u32 largest)
{
	u32 want = leaf_level(va, pa, size, largest), level;
	u64 *t = kernel_root(), *slot;

	for (level = 0;; level++) {
		slot = &t[PT_INDEX(va, level)];
		if (level == 3 || (level >= want && (*slot & DESC_TABLE) != DESC_TABLE))
			break;
		if ((*slot & DESC_TABLE) == PTE_VALID)
			/* inside a block */
			return BIT(PT_SHIFT(level)) - (va & (BIT(PT_SHIFT(level)) - 1));
		t = table_below(slot);
		if (!t)
			return 0;
	}
	if (!*slot)
		WRITE_ONCE(*slot, pa | bits | (level == 3 ? PTE_TYPE_PAGE : 0));
	return BIT(PT_SHIFT(level));
}

static int map_range(u64 va, paddr_t pa, u64 size, u64 bits, u32 largest)
{
	while (size) {
		u64 n = map_leaf(va, pa, size, bits, largest);

		if (!n)
			return -ENOMEM;
		n = min(n, size);
		va += n;
		pa += n;
		size -= n;
	}
	dsb(ishst);
	isb();
	return 0;
}

int mmu_kmap(u64 va, paddr_t pa, usize size, enum kprot prot)
{
	return map_range(va, pa, ALIGN_UP(size, PAGE_SIZE), kprot_bits(prot), 2);
}

void mmu_map_linear(paddr_t start, paddr_t end)
{
	start = ALIGN_DOWN(start, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	if (map_range(start + LINEAR_BASE, start, end - start, KPTE_RW, 1))
		panic("no memory for the linear map");
}

/* The descriptor that maps va, and its level; NULL where nothing is mapped. */
static u64 *find_leaf(u64 va, u32 *level)
{
	u64 *t = kernel_root();

	for (*level = 0;; ++*level) {
		u64 *slot = &t[PT_INDEX(va, *level)];

		if (!(*slot & PTE_VALID))
			return NULL;
		if (*level == 3 || !(*slot & PTE_TYPE_PAGE))
			return slot;
		t = table_of(*slot);
	}
}

static void flush_kernel_page(u64 va)
{
	__asm__ volatile("tlbi vaale1is, %0" ::"r"((va >> PAGE_SHIFT) & (BIT(44) - 1)) : "memory");
}

void mmu_kunmap(u64 va, usize size)
{
	u64 end = va + ALIGN_UP(size, PAGE_SIZE), step;
	u32 level;

	for (u64 v = va; v < end; v += step) {
		u64 *slot = find_leaf(v, &level);

		step = slot ? BIT(PT_SHIFT(level)) : PAGE_SIZE;
		if (slot)
			WRITE_ONCE(*slot, 0);
	}
	dsb(ishst);
	for (u64 v = va; v < end; v += PAGE_SIZE)
		flush_kernel_page(v);
	dsb(ish);
	isb();
}

bool mmu_ktranslate(u64 va, paddr_t *pa)
{
	u32 level;
	u64 *slot = find_leaf(va, &level), span;

	if (!slot)
		return false;
	span = BIT(PT_SHIFT(level));
	*pa = (*slot & PTE_ADDR_MASK & ~(span - 1)) | (va & (span - 1));
	return true;
}

static void set_bits(const void *from, const void *to, u64 bits)
{
	for (u64 va = (u64)from; va < (u64)to; va += PAGE_SIZE) {
		u32 level;
		u64 *slot = find_leaf(va, &level);

		assert(slot && level == 3);
		WRITE_ONCE(*slot, (*slot & PTE_ADDR_MASK) | bits | PTE_TYPE_PAGE);
	}
}

static void *linear_alias(const void *image)
{
	return phys_to_virt(image_to_phys(image));
}

void mmu_protect_kernel(void)
{
	set_bits(__ro_after_init_start, __ro_after_init_end, KPTE_RO);
	set_bits(linear_alias(__ro_after_init_start), linear_alias(__ro_after_init_end), KPTE_RO);
	mmu_kunmap((u64)__init_text_start, (usize)(__init_text_end - __init_text_start));
	mmu_kunmap((u64)__init_data_start, (usize)(__init_data_end - __init_data_start));
	dsb(ishst);
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
	dsb(ish);
	isb();
}

/* What the image no longer needs: for page_release_range(). */
void mmu_for_each_init_range(void (*fn)(paddr_t start, paddr_t end))
{
	fn(image_to_phys(__init_text_start), image_to_phys(__init_text_end));
	fn(image_to_phys(__init_data_start), image_to_phys(__init_data_end));
}

void mmu_image_range(paddr_t *start, paddr_t *end)
{
	*start = image_to_phys(_text);
	*end = image_to_phys(_end);
}
