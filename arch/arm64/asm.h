/* SPDX-License-Identifier: MIT */
/* asm.h - for assembly sources: function frames, offsets into C structures (checked in
 * asm_check.c), small macros. */
#pragma once
/* clang-format off */

/* struct trap_frame */
#define S_X(n)		(8 * (n))
#define S_LR		240	/* x30, then sp */
#define S_SP		248
#define S_PC		256	/* pc, then pstate */
#define S_ORIG_X0	272	/* orig_x0, then syscall_nr */
#define S_NR		280
#define S_LINK		288	/* frame record */
#define FRAME_SIZE	304

/* struct thread_head */
#define TH_WORK		0
#define TH_PREEMPT	8
#define TH_CPU		12
#define TH_STACK	16
#define TH_TLS		24
#define TH_CTX		48
#define CTX_FP		(TH_CTX + 80)	/* fp, sp, pc */

#define TH_KERNEL_KEY	152
#define TH_USER_KEYS	168	/* ia, ib, da, db, ga */
#define TH_PAC_OFF	248

#define KSTACK_SHIFT	14
/* Above the user frame, at the very top of each kernel stack: the task, and 8 bytes unused. */
#define STACK_TOP_RESERVE 16

#define WORK_RESCHED_BIT 0

#define OVERFLOW_STACK_SIZE 4096

/* enum cpu_feature */
#define ALT_PAN		0
#define ALT_PAC		3
#define ALT_BRANCH	0x100	/* with the feature: what follows is a place to branch to */

#define SCTLR_ENIA	(1 << 31)
#define SCTLR_ENIB_BIT	30
#define SCTLR_ENDA_BIT	27
#define SCTLR_ENDB_BIT	13

#ifdef __ASSEMBLER__
/* bti c is a hint: older CPUs skip it. */
.macro FUNC name
	.globl \name
	.type \name, %function
	.balign 16
\name:
	hint	#34
.endm

.macro END name
	.size \name, . - \name
.endm

.macro LOCAL_FUNC name
	.type \name, %function
	.balign 16
\name:
.endm

.macro adr_l reg, sym
	adrp	\reg, \sym
	add	\reg, \reg, :lo12:\sym
.endm

/* reg = this CPU's copy of a per-CPU variable. */
.macro adr_percpu reg, sym, tmp
	adrp	\reg, \sym
	add	\reg, \reg, :lo12:\sym
	mrs	\tmp, tpidr_el1
	add	\reg, \reg, \tmp
.endm

/* A nop that boot replaces by an instruction word where the CPU has the feature. */
.macro ALT_INSN feature, insn
9990:	nop
	.pushsection .altinstr, "a"
	.balign	4
	.long	9990b - ., \feature, \insn
	.popsection
.endm

/* The next instruction becomes a branch to target where the CPU has the feature. */
.macro ALT_GOTO feature, target
9991:
	.pushsection .altinstr, "a"
	.balign	4
	.long	9991b - ., \feature | ALT_BRANCH, \target - .
	.popsection
.endm

/* APIAKey = two words at [base, #offset]. */
.macro load_key_ia base, offset, t1, t2
	ldp	\t1, \t2, [\base, #\offset]
	msr	s3_0_c2_c1_0, \t1
	msr	s3_0_c2_c1_1, \t2
.endm
#define INSN_PAN_OFF 0xd500409f	/* msr pan, #0 */
#define INSN_PAN_ON  0xd500419f	/* msr pan, #1 */
#endif
