/* SPDX-License-Identifier: MIT */
/* early.h - what boot.S, bootmap.c, mmu.c and smp.c share about the first page tables. */
#pragma once

#include <arch/pte.h>

/* Sections of the image, from kernel.ld. */
extern char _text[], _etext[], __text_end[], __init_text_start[], __init_text_end[];
extern char __rodata_start[], __rodata_end[], __ro_after_init_start[], __ro_after_init_end[];
extern char __init_data_start[], __init_data_end[], _data[], _end[], __bss_start[], __bss_end[];
extern char __percpu_start[], __percpu_end[], __percpu_cpu0[];

/* Attributes of kernel leaves: valid, accessed, shareable, never executable by users. */
#define KPTE_BASE (PTE_VALID | PTE_AF | PTE_SH_INNER | PTE_UXN | PTE_ATTR(MT_NORMAL))
#define KPTE_RW	  (KPTE_BASE | PTE_PXN)
#define KPTE_RO	  (KPTE_BASE | PTE_PXN | PTE_RDONLY)
#define KPTE_RX	  (KPTE_BASE | PTE_RDONLY)
#define DESC_TABLE (PTE_VALID | PTE_TYPE_PAGE)

#define PT_ENTRIES 512
/* Index into the table of a level (0 to 3) for va. Arm ARM D8.2.8. */
#define PT_SHIFT(level)	    (PAGE_SHIFT + 9 * (3 - (level)))
#define PT_INDEX(va, level) (((va) >> PT_SHIFT(level)) & (PT_ENTRIES - 1))

/* Zeroed by the user of it, in the image; shared by all of boot. */
#define BOOT_TABLES 64
extern u64 boot_tables[BOOT_TABLES][PT_ENTRIES];
extern u64 boot_tables_used;

struct boot_roots {
	u64 idmap, kernel;	/* physical */
};
extern struct boot_roots boot_idmap_root;

extern u64 kimage_voffset;	/* virtual - physical of the image */

struct boot_roots boot_idmap(paddr_t fdt);
u64 boot_relocate(paddr_t fdt);
void cpu_init_boot(void);
void cpu_detect(void);
