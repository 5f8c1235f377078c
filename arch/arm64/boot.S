/* SPDX-License-Identifier: MIT */
/* boot.S - from the boot loader to kmain(), and from PSCI to kmain_secondary().
 *
 * The loader enters at _text in EL1 or EL2 with the MMU and data cache off, interrupts masked and x0 = physical address of the
 * device tree, at any 2 MiB aligned address. Steps of the boot CPU; what runs where:
 *
 *	primary_entry     physical    drop to EL1, boot stack
 *	boot_idmap()      physical    identity map of image and device tree (bootmap.c; MMU off: aligned accesses only)
 *	enable_mmu        identity    MAIR, TCR, TTBR0 = identity map, TTBR1 = empty
 *	boot_relocate()   identity    zero .bss, choose the KASLR offset, relocate, patch, build the kernel map
 *	primary_virtual   image       vectors, thread, per-CPU base, TTBR0 empty; kmain(fdt)
 *
 * Other CPUs: secondary_entry does the same with the maps that exist. What is written with the caches off is invalidated before
 * they come on, so that no stale line hides it.
 *
 * Ref: Linux Documentation/arch/arm64/booting.rst (the contract with loaders); Arm ARM D17.2 (system registers), D8.
 */
#include "asm.h"

#define SCTLR_OFF  0x30d00800	/* RES1 bits of ARMv8.0 with LSMAOE nTLSMD SPAN EIS TSCXT EOS; MMU and caches off */
/* + M C SA SA0 I DZE UCT nTWI nTWE UCI, - SPAN: exceptions set PSTATE.PAN */
#define SCTLR_ON   ((SCTLR_OFF | 0x0405d01d) & ~(1 << 23))
#define SCTLR_PAC  0xc8002000	/* EnIA EnIB EnDA EnDB */
#define MAIR	   0x00000000004404ff	/* 0: write-back; 1: device nGnRE; 2: non-cacheable. As MT_* of arch/pte.h */
#define TCR_LO	   0xb5103510	/* T0SZ=T1SZ=16, WBWA inner shareable walks, TG0=TG1=4K */

/* APIAKey of a thread, where enable_mmu switched it on: nothing on the stack is signed yet. Clobbers x5, x6. */
.macro load_kernel_key task
	mrs	x5, sctlr_el1
	tbz	x5, #31, .Lnopac\@
	load_key_ia \task, TH_KERNEL_KEY, x5, x6
	isb
.Lnopac\@:
.endm

	.section .head.text, "ax"
	.globl	_start
_start:
	add	x13, x18, #0x16		/* "MZ": seen by UEFI, harmless otherwise */
	b	primary_entry
	.quad	0			/* text_offset */
	.long	__image_size_lo		/* image_size, with .bss */
	.long	__image_size_hi
	.quad	0xa			/* little endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0			/* offset of the PE header */

	.section .text.entry, "ax"

/* x21: device tree. Everything is kept in callee-saved registers until the stack moves to its virtual address. */
LOCAL_FUNC primary_entry
	mov	x21, x0
	bl	drop_to_el1
	adr_l	x0, __noinit_start
	adr_l	x1, _end
	bl	dcache_invalidate
	adr_l	x0, boot_stack_top
	mov	sp, x0
	mov	x29, xzr
	mov	x0, x21
	bl	boot_idmap
	mov	x22, x0			/* TTBR0 */
	mov	x23, x1			/* TTBR1 */
	adr_l	x0, __noinit_start
	adr_l	x1, _end
	bl	dcache_invalidate
	mov	x0, x22
	mov	x1, x23
	bl	enable_mmu
	mov	x0, x21
	bl	boot_relocate		/* x0 = virtual - physical of the image */
	tlbi	vmalle1
	dsb	nsh
	isb
	adr	x16, primary_virtual
	add	x16, x16, x0
	br	x16
END primary_entry

LOCAL_FUNC primary_virtual
	hint	#36			/* bti j */
	adr_l	x0, boot_stack_top - STACK_TOP_RESERVE - FRAME_SIZE
	mov	sp, x0
	adr_l	x1, init_task
	str	x1, [x0, #FRAME_SIZE]
	stp	xzr, xzr, [x0, #S_LINK]
	msr	sp_el0, x1
	adr_l	x2, boot_stack_top - (1 << KSTACK_SHIFT)
	str	x2, [x1, #TH_STACK]
	adr_l	x2, __percpu_cpu0
	adr_l	x3, __percpu_start
	sub	x2, x2, x3
	msr	tpidr_el1, x2
	mov	x29, xzr
	mov	x30, xzr
	bl	cpu_init_boot		/* vectors, features, empty TTBR0 */
	mrs	x1, sp_el0
	load_kernel_key x1
	mov	x0, x21
	bl	kmain
	b	.
END primary_virtual

/* PSCI: x0 = the CPU's struct secondary_boot (smp.c), physical. */
FUNC secondary_entry
	mov	x21, x0
	bl	drop_to_el1
	adr_l	x0, boot_idmap_root
	ldp	x0, x1, [x0]		/* written with caches on, cleaned by smp.c */
	bl	enable_mmu
	ldp	x1, x2, [x21, #0]	/* virtual - physical of the image; virtual address of the structure */
	adr	x16, secondary_virtual
	add	x16, x16, x1
	br	x16
END secondary_entry

LOCAL_FUNC secondary_virtual
	hint	#36
	ldp	x3, x4, [x2, #16]	/* task, per-CPU offset */
	msr	sp_el0, x3
	msr	tpidr_el1, x4
	load_kernel_key x3
	ldr	x0, [x3, #TH_STACK]
	add	x0, x0, #(1 << KSTACK_SHIFT)
	sub	sp, x0, #(STACK_TOP_RESERVE + FRAME_SIZE)
	str	x3, [sp, #FRAME_SIZE]
	stp	xzr, xzr, [sp, #S_LINK]
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x2
	bl	secondary_start
	b	.
END secondary_virtual

/*
 * Leaves EL2 for EL1 with the timers, GIC registers, FP and pointer authentication not trapped. Clobbers x0-x4; returns in EL1
 * with the MMU off, whichever level it came from.
 */
LOCAL_FUNC drop_to_el1
	ldr	x4, =SCTLR_OFF
	msr	daifset, #0xf
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.eq	1f
	msr	sctlr_el1, x4
	isb
	ret
1:	msr	sctlr_el1, x4
	ldr	x0, =0x0000030080000000	/* HCR_EL2: RW, APK, API; E2H 0 */
	msr	hcr_el2, x0
	isb
	mov	x0, #3			/* EL1 may use the physical counter and timer */
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mov	x0, #0x33ff		/* RES1; FP not trapped */
	msr	cptr_el2, x0
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	mov	x2, xzr
	mrs	x0, id_aa64dfr0_el1	/* performance counters: all to EL1 */
	ubfx	x1, x0, #8, #4
	sub	x1, x1, #1
	cmp	x1, #14
	b.hs	2f
	mrs	x2, pmcr_el0
	ubfx	x2, x2, #11, #5
2:	msr	mdcr_el2, x2
	mrs	x0, id_aa64mmfr0_el1	/* fine-grained traps: none */
	ubfx	x0, x0, #56, #4
	cbz	x0, 3f
	msr	s3_4_c1_c1_4, xzr	/* HFGRTR_EL2 */
	msr	s3_4_c1_c1_5, xzr	/* HFGWTR_EL2 */
	msr	s3_4_c1_c1_6, xzr	/* HFGITR_EL2 */
	msr	s3_4_c3_c1_4, xzr	/* HDFGRTR_EL2 */
	msr	s3_4_c3_c1_5, xzr	/* HDFGWTR_EL2 */
3:	mrs	x0, id_aa64pfr0_el1	/* GIC system registers: to EL1 */
	ubfx	x0, x0, #24, #4
	cbz	x0, 4f
	mrs	x0, s3_4_c12_c9_5	/* ICC_SRE_EL2: SRE, Enable */
	orr	x0, x0, #1
	orr	x0, x0, #8
	msr	s3_4_c12_c9_5, x0
	isb
	msr	s3_4_c12_c11_0, xzr	/* ICH_HCR_EL2 */
4:	mov	x0, #0x3c5		/* EL1h, DAIF masked */
	msr	spsr_el2, x0
	msr	elr_el2, x30
	eret
END drop_to_el1

/* x0 = TTBR0, x1 = TTBR1. Returns with MMU and caches on. Clobbers x2-x4. Arm ARM D17.2.37 (CPACR), D17.2.131 (TCR). */
LOCAL_FUNC enable_mmu
	tlbi	vmalle1
	dsb	nsh
	mov	x2, #(3 << 20)
	msr	cpacr_el1, x2		/* FP/SIMD usable, SVE and SME not */
	msr	mdscr_el1, xzr
	ldr	x2, =MAIR
	msr	mair_el1, x2
	ldr	x2, =TCR_LO
	mrs	x3, id_aa64mmfr0_el1
	ubfx	x4, x3, #0, #4		/* PARange: 48 bits at most */
	cmp	x4, #5
	mov	x3, #5
	csel	x4, x4, x3, ls
	bfi	x2, x4, #32, #3		/* IPS */
	mrs	x3, id_aa64mmfr0_el1
	ubfx	x4, x3, #4, #4
	cmp	x4, #2
	cset	x4, eq
	bfi	x2, x4, #36, #1		/* AS: 16-bit ASIDs */
	orr	x2, x2, #(1 << 37)	/* TBI0: the top byte of user addresses is ignored, as on Linux */
	msr	tcr_el1, x2
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, x1
	isb
	ldr	x2, =SCTLR_ON
	mrs	x3, id_aa64isar1_el1	/* pointer authentication: APA, API, or APA3 */
	mrs	x4, s3_0_c0_c6_2
	ubfx	x3, x3, #4, #8
	ubfx	x4, x4, #12, #4
	orr	x3, x3, x4
	cbz	x3, 1f
	ldr	x4, =SCTLR_PAC
	orr	x2, x2, x4
1:	msr	sctlr_el1, x2
	isb
	ic	iallu
	dsb	nsh
	isb
	ret
END enable_mmu

/* [x0, x1) out of the data caches without writing back. Both line aligned in effect. */
LOCAL_FUNC dcache_invalidate
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x3, x3, x2
	dsb	sy
1:	dc	ivac, x0
	add	x0, x0, x3
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret
END dcache_invalidate
	.ltorg

	/* 16 KiB of stack in the upper half of 32 KiB, as every kernel stack (entry.S tests the bit); the lower half is the guard,
	 * not unmapped here: it holds nothing else. */
	.section .noinit.stack, "aw", %nobits
	.globl	__noinit_start, boot_stack_top
	.balign	32768
__noinit_start:
	.space	32768
boot_stack_top:
