/* SPDX-License-Identifier: MIT */
/* switch.S - from one kernel stack to another. FP registers are fpu.c's business. Ref: AAPCS64 6.1.1. */
#include "asm.h"

	.section .text.entry, "ax"

/* x0 = prev, x1 = next; returns prev, on next's stack. Interrupts off. */
FUNC cpu_switch
	add	x8, x0, #TH_CTX
	add	x9, x1, #TH_CTX
	mov	x10, sp
	mrs	x11, tpidr_el0
	stp	x19, x20, [x8, #0]
	stp	x21, x22, [x8, #16]
	stp	x23, x24, [x8, #32]
	stp	x25, x26, [x8, #48]
	stp	x27, x28, [x8, #64]
	stp	x29, x10, [x8, #80]
	str	x30, [x8, #96]
	str	x11, [x0, #TH_TLS]
	ldr	x11, [x1, #TH_TLS]
	ldp	x19, x20, [x9, #0]
	ldp	x21, x22, [x9, #16]
	ldp	x23, x24, [x9, #32]
	ldp	x25, x26, [x9, #48]
	ldp	x27, x28, [x9, #64]
	ldp	x29, x10, [x9, #80]
	ldr	x30, [x9, #96]
	msr	tpidr_el0, x11
	ALT_GOTO ALT_PAC, 1f
	mov	sp, x10
	msr	sp_el0, x1
	ret
1:	load_key_ia x1, TH_KERNEL_KEY, x11, x12
	ldp	x11, x12, [x1, #TH_USER_KEYS + 16]
	msr	s3_0_c2_c1_2, x11		/* APIBKey */
	msr	s3_0_c2_c1_3, x12
	ldp	x11, x12, [x1, #TH_USER_KEYS + 32]
	msr	s3_0_c2_c2_0, x11		/* APDAKey */
	msr	s3_0_c2_c2_1, x12
	ldp	x11, x12, [x1, #TH_USER_KEYS + 48]
	msr	s3_0_c2_c2_2, x11		/* APDBKey */
	msr	s3_0_c2_c2_3, x12
	ldp	x11, x12, [x1, #TH_USER_KEYS + 64]
	msr	s3_0_c2_c3_0, x11		/* APGAKey */
	msr	s3_0_c2_c3_1, x12
	ldr	w11, [x0, #TH_PAC_OFF]
	ldr	w12, [x1, #TH_PAC_OFF]
	cmp	w11, w12
	b.eq	2f
	mrs	x11, sctlr_el1			/* EnIA stays on in the kernel */
	mvn	w12, w12
	lsr	w13, w12, #1
	bfi	x11, x13, #SCTLR_ENIB_BIT, #1
	lsr	w13, w12, #2
	bfi	x11, x13, #SCTLR_ENDA_BIT, #1
	lsr	w13, w12, #3
	bfi	x11, x13, #SCTLR_ENDB_BIT, #1
	msr	sctlr_el1, x11
2:	isb
	mov	sp, x10
	msr	sp_el0, x1
	ret
END cpu_switch

/* Where a new thread starts: x19 = entry, x20 = its argument. */
FUNC thread_start
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	blr	x19
	brk	#0
END thread_start

.macro fp_regs insn, base
	\insn	q0, q1, [\base, #0]
	\insn	q2, q3, [\base, #32]
	\insn	q4, q5, [\base, #64]
	\insn	q6, q7, [\base, #96]
	\insn	q8, q9, [\base, #128]
	\insn	q10, q11, [\base, #160]
	\insn	q12, q13, [\base, #192]
	\insn	q14, q15, [\base, #224]
	\insn	q16, q17, [\base, #256]
	\insn	q18, q19, [\base, #288]
	\insn	q20, q21, [\base, #320]
	\insn	q22, q23, [\base, #352]
	\insn	q24, q25, [\base, #384]
	\insn	q26, q27, [\base, #416]
	\insn	q28, q29, [\base, #448]
	\insn	q30, q31, [\base, #480]
.endm
	.arch_extension fp
	.arch_extension simd

/* struct fp_state * in x0 */
FUNC fp_regs_save
	fp_regs	stp, x0
	mrs	x1, fpsr
	mrs	x2, fpcr
	add	x3, x0, #512
	stp	w1, w2, [x3]
	ret
END fp_regs_save

FUNC fp_regs_load
	fp_regs	ldp, x0
	add	x3, x0, #512
	ldp	w1, w2, [x3]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
END fp_regs_load
