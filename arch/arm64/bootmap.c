/* SPDX-License-Identifier: MIT */
/* bootmap.c - the first page tables, relocation and KASLR: C that runs at the image's physical
 * address.
 *
 * boot_idmap() runs with the MMU off: only aligned accesses, only .noinit is written.
 * boot_relocate() runs on the identity map, caches on. Until it returns no pointer in data is
 * relocated, so nothing here goes through one: code and data references are PC-relative (small code
 * model), and libfdt is the same.
 *
 * Tables come from a pool in the image: the image is mapped page by page twice (where it runs, and
 * in the linear map, where its text and constants are not writable), the device tree by 2 MiB
 * blocks. mmu.c uses up the rest of the pool.
 *
 * Ref: Arm ARM D8.3 (descriptors); System V gABI (SHT_RELR; scripts/relocs.py makes the table);
 * devicetree /chosen kaslr-seed.
 * Tests: selftests/boot/run (load_addresses, memory_in_banks, the_kernel_moves_with_the_seed)
 */
#include "asm.h"
#include "early.h"

#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <kernel/lib/fdt.h>
#include <kernel/lib/string.h>
#include <libfdt.h>

#define KASLR_GRANULE	   65536ul
#define KASLR_SPAN	   BIT(38)	/* stays inside one level 0 entry */
#define FDT_WINDOW	   (2 * PMD_SIZE)

struct alt_insn {
	s32 where;		/* relative to itself */
	u32 feature;		/* enum cpu_feature, ALT_BRANCH */
	u32 insn;		/* the word; with ALT_BRANCH a place, relative to itself */
};

extern const u64 __relr_start[], __relr_end[];
extern const struct alt_insn __altinstr_start[], __altinstr_end[];

u64 boot_tables[BOOT_TABLES][PT_ENTRIES] __aligned(4096) __section(".noinit");
u64 boot_tables_used __section(".noinit");
struct boot_roots boot_idmap_root __aligned(64) __section(".noinit");
u64 kimage_voffset __ro_after_init;

static u64 *table_take(void)
{
	u64 *t;

	if (boot_tables_used == BOOT_TABLES)
		for (;;)
			/* kernel.ld's size check makes sure this cannot be */
			__asm__ volatile("wfi");
	t = boot_tables[boot_tables_used++];
	for (u32 i = 0; i < PT_ENTRIES; i++)
		*(volatile u64 *)&t[i] = 0;	/* volatile: not memset(), which needs the MMU */
	return t;
}

static u64 *table_below(u64 *table, u64 index)
{
	if (!(table[index] & PTE_VALID))
		table[index] = (u64)table_take() | DESC_TABLE;
	return (u64 *)(table[index] & PTE_ADDR_MASK);
}

/* Maps by leaves of a level: 3 pages, 2 blocks of 2 MiB. All addresses aligned to it. */
static void map(u64 *root, u64 va, paddr_t pa, u64 size, u64 attr, u32 level)
{
	u64 step = 1ul << PT_SHIFT(level);

	if (level == 3)
		attr |= PTE_TYPE_PAGE;
	for (u64 done = 0; done < size; done += step) {
		u64 *t = root;

		for (u32 l = 0; l < level; l++)
			t = table_below(t, PT_INDEX(va + done, l));
		if (!t[PT_INDEX(va + done, level)])
			t[PT_INDEX(va + done, level)] = (pa + done) | attr;
	}
}

struct boot_roots boot_idmap(paddr_t fdt)
{
	u64 start = (u64)_text & ~(PMD_SIZE - 1);
	struct boot_roots r;
	u64 *root;

	boot_tables_used = 0;
	root = table_take();
	map(root, start, start, ALIGN_UP((u64)_end - start, PMD_SIZE), KPTE_BASE, 2);
	if (fdt)
		map(root, fdt & ~(PMD_SIZE - 1), fdt & ~(PMD_SIZE - 1), FDT_WINDOW, KPTE_RW, 2);
	r.idmap = (u64)root;
	r.kernel = (u64)table_take();
	boot_idmap_root.idmap = r.idmap;
	boot_idmap_root.kernel = r.kernel;
	return r;
}

static bool has_word(const char *s, int len, const char *word)
{
	int n = (int)strlen(word);

	for (int i = 0; i + n <= len; i++) {
		if (memcmp(s + i, word, (usize)n) != 0)
			continue;
		if ((i == 0 || s[i - 1] == ' ') && (i + n == len || s[i + n] == ' ' || !s[i + n]))
			return true;
	}
	return false;
}

/* The image's distance from KIMAGE_BASE. The seed is used up: programs can read the tree. */
static u64 kaslr_offset(void *fdt)
{
	int chosen, len;
	const char *args;
	fdt64_t *seed;
	u64 s;

	if (!fdt)
		return 0;
	fdt_clamp(fdt, FDT_WINDOW - ((u64)fdt & (PMD_SIZE - 1)));
	if (fdt_check_header(fdt))
		return 0;
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen < 0)
		return 0;
	seed = fdt_getprop_w(fdt, chosen, "kaslr-seed", &len);
	if (!seed || len != 8)
		return 0;
	s = fdt64_ld(seed);
	memset(seed, 0, 8);
	args = fdt_getprop(fdt, chosen, "bootargs", &len);
	if (args && has_word(args, len, "nokaslr"))
		return 0;
	return (s & (KASLR_SPAN - 1)) & ~(KASLR_GRANULE - 1);
}

/* Once: the words hold what they would without a slide. */
static void relocate(u64 phys_base, u64 slide)
{
	u64 *next = (u64 *)phys_base;

	for (const u64 *r = __relr_start; r < __relr_end; r++) {
		if (!(*r & 1)) {
			next = (u64 *)(phys_base + *r);
			*next++ += slide;
			continue;
		}
		for (u64 bits = *r >> 1, i = 0; bits; bits >>= 1, i++)
			if (bits & 1)
				next[i] += slide;
		next += 63;
	}
}

/* B: Arm ARM C6.2.26. */
static u32 branch_to(const u32 *from, u64 to)
{
	return 0x14000000 | ((u32)((to - (u64)from) >> 2) & 0x3ffffff);
}

static void patch_alternatives(void)
{
	for (const struct alt_insn *a = __altinstr_start; a < __altinstr_end; a++) {
		u32 *at = (u32 *)((u64)&a->where + (u64)(s64)a->where);

		if (!cpu_has(a->feature & ~ALT_BRANCH))
			continue;
		*at = a->feature & ALT_BRANCH
			      ? branch_to(at, (u64)&a->insn + (u64)(s64)(s32)a->insn)
			      : a->insn;
		__asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
	}
	dsb(ish);
	__asm__ volatile("ic ialluis" ::: "memory");
	dsb(ish);
	isb();
}

/* One piece of the image, where it runs and in the linear map. */
static void map_piece(u64 voffset, const char *from, const char *to, u64 attr, u64 linear_attr)
{
	u64 *root = (u64 *)boot_idmap_root.kernel;
	u64 pa = (u64)from & PAGE_MASK, size = ALIGN_UP((u64)to, PAGE_SIZE) - pa;

	map(root, pa + voffset, pa, size, attr, 3);
	map(root, pa + LINEAR_BASE, pa, size, linear_attr, 3);
}

static void map_kernel(u64 voffset, paddr_t fdt)
{
	u64 bti = cpu_has(CPU_BTI) ? PTE_GP : 0;

	map_piece(voffset, _text, __text_end, KPTE_RX | bti, KPTE_RO);
	map_piece(voffset, __init_text_start, __init_text_end, KPTE_RX | bti, KPTE_RW);
	map_piece(voffset, __rodata_start, __ro_after_init_start, KPTE_RO, KPTE_RO);
	map_piece(voffset, __ro_after_init_start, _end, KPTE_RW, KPTE_RW);
	if (fdt)
		map((u64 *)boot_idmap_root.kernel, LINEAR_BASE + (fdt & ~(PMD_SIZE - 1)),
		    fdt & ~(PMD_SIZE - 1), FDT_WINDOW, KPTE_RW, 2);
	dsb(ishst);
	isb();
}

/* Returns virtual - physical of the image. */
u64 boot_relocate(paddr_t fdt)
{
	u64 phys_base = (u64)_text, slide, voffset;

	memset(__bss_start, 0, (usize)(__bss_end - __bss_start));
	slide = kaslr_offset((void *)fdt);
	voffset = KIMAGE_BASE + slide - phys_base;
	relocate(phys_base, slide);
	kimage_voffset = voffset;
	cpu_detect();
	patch_alternatives();
	memcpy(__percpu_cpu0, __percpu_start, (usize)(__percpu_end - __percpu_start));
	map_kernel(voffset, fdt);
	return voffset;
}
