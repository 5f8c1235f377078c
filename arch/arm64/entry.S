/* SPDX-License-Identifier: MIT */
/* entry.S - exception vectors; saving and restoring a context; the way back to user.
 *
 * Each kernel stack is 16 KiB in the upper half of a 32 KiB aligned window whose lower half is unmapped: an SP with bit 14 clear
 * has run off its stack, which el1 vectors test before they touch memory; such a CPU goes on on its per-CPU overflow stack, to
 * panic. At the top of a stack, in this order downwards: 16 bytes with the task pointer, the user frame, everything else. So the
 * user frame always lies in the same place, and its frame record is zeroed once (arch_context_init): unwinding ends there.
 *
 * With pointer authentication each thread has a key for the kernel's return addresses (thread_head.kernel_key): loaded on every entry
 * from EL0 and by cpu_switch(), replaced by the program's APIAKey as the last thing before ERET. The other four keys are the
 * program's alone and change in cpu_switch(). CPUs without the feature run none of it: branches are patched in.
 *
 * While in the kernel: SP_EL0 = current task. A system call costs, besides the frame, one test on entry (is it an SVC) and one on
 * exit (thread_head.work). Interrupts run on a per-CPU stack.
 * Ref: Arm ARM D1.3 (exception entry), D17.2.37 (ESR_EL1), D8.11 (pointer authentication).
 */
#include "asm.h"

	.section .text.entry, "ax"

/* x0-x29 onto the stack; SP must already be below the frame. */
.macro save_x0_x29
	stp	x0, x1, [sp, #S_X(0)]
	stp	x2, x3, [sp, #S_X(2)]
	stp	x4, x5, [sp, #S_X(4)]
	stp	x6, x7, [sp, #S_X(6)]
	stp	x8, x9, [sp, #S_X(8)]
	stp	x10, x11, [sp, #S_X(10)]
	stp	x12, x13, [sp, #S_X(12)]
	stp	x14, x15, [sp, #S_X(14)]
	stp	x16, x17, [sp, #S_X(16)]
	stp	x18, x19, [sp, #S_X(18)]
	stp	x20, x21, [sp, #S_X(20)]
	stp	x22, x23, [sp, #S_X(22)]
	stp	x24, x25, [sp, #S_X(24)]
	stp	x26, x27, [sp, #S_X(26)]
	stp	x28, x29, [sp, #S_X(28)]
.endm

.macro restore_x0_x29
	ldp	x0, x1, [sp, #S_X(0)]
	ldp	x2, x3, [sp, #S_X(2)]
	ldp	x4, x5, [sp, #S_X(4)]
	ldp	x6, x7, [sp, #S_X(6)]
	ldp	x8, x9, [sp, #S_X(8)]
	ldp	x10, x11, [sp, #S_X(10)]
	ldp	x12, x13, [sp, #S_X(12)]
	ldp	x14, x15, [sp, #S_X(14)]
	ldp	x16, x17, [sp, #S_X(16)]
	ldp	x18, x19, [sp, #S_X(18)]
	ldp	x20, x21, [sp, #S_X(20)]
	ldp	x22, x23, [sp, #S_X(22)]
	ldp	x24, x25, [sp, #S_X(24)]
	ldp	x26, x27, [sp, #S_X(26)]
	ldp	x28, x29, [sp, #S_X(28)]
.endm

/* From EL0. Leaves x28 = current task, x29 = frame record, SP_EL0 = current. */
.macro el0_save
	sub	sp, sp, #FRAME_SIZE
	save_x0_x29
	mrs	x21, sp_el0
	mrs	x22, elr_el1
	mrs	x23, spsr_el1
	ldr	x28, [sp, #FRAME_SIZE]
	stp	x30, x21, [sp, #S_LR]
	stp	x22, x23, [sp, #S_PC]
	msr	sp_el0, x28
	add	x29, sp, #S_LINK
.endm

/* From EL0, x28 = current task: the kernel signs return addresses with a key of its own. Keeps x0-x9. */
.macro kernel_key
	ldr	w10, [x28, #TH_PAC_OFF]
	load_key_ia x28, TH_KERNEL_KEY, x11, x12
	tbz	w10, #0, .Lenabled\@
	mrs	x11, sctlr_el1		/* the program runs with APIAKey off */
	orr	x11, x11, #SCTLR_ENIA
	msr	sctlr_el1, x11
.Lenabled\@:
	isb
.endm

/* Everything but system calls: marks the frame. */
.macro el0_other handler
	ALT_GOTO ALT_PAC, .Lpac\@
	mov	w9, #-1
.Lkeyed\@:
	str	w9, [sp, #S_NR]
	mov	x0, sp
	bl	\handler
	b	ret_to_user
.Lpac\@:
	kernel_key
	mov	w9, #-1
	b	.Lkeyed\@
.endm

/* From EL1, SP already checked and lowered. */
.macro el1_save
	save_x0_x29
	add	x21, sp, #FRAME_SIZE
	mrs	x22, elr_el1
	mrs	x23, spsr_el1
	mov	w9, #-1
	stp	x30, x21, [sp, #S_LR]
	stp	x22, x23, [sp, #S_PC]
	str	w9, [sp, #S_NR]
	stp	x29, x22, [sp, #S_LINK]
	add	x29, sp, #S_LINK
.endm

/* SP and x0 change places twice: the one way to look at SP without a free register. */
.macro el1_vector label
	.balign 128
	sub	sp, sp, #FRAME_SIZE
	add	sp, sp, x0
	sub	x0, sp, x0		/* x0 = SP, SP = SP + x0 */
	tbz	x0, #KSTACK_SHIFT, overflow
	sub	x0, sp, x0		/* x0 = x0 */
	sub	sp, sp, x0		/* SP = SP */
	b	\label
.endm

.macro el0_vector label
	.balign 128
	b	\label
.endm

	.section .text.vectors, "ax"
	.globl	vectors
	.balign 2048
vectors:
	/* EL1 with SP_EL0: never used */
	el0_vector bad_sp0
	el0_vector bad_sp0
	el0_vector bad_sp0
	el0_vector bad_sp0
	/* EL1 */
	el1_vector el1_sync
	el1_vector el1_irq
	el1_vector el1_irq
	el1_vector el1_serror
	/* EL0, AArch64 */
	.balign 128
	el0_save
	mrs	x1, esr_el1
	lsr	x24, x1, #26
	cmp	x24, #0x15
	b.ne	el0_sync
	b	el0_svc
	el0_vector el0_irq
	el0_vector el0_irq
	el0_vector el0_serror
	/* EL0, AArch32: not supported, EL0 cannot get there */
	el0_vector bad_sp0
	el0_vector bad_sp0
	el0_vector bad_sp0
	el0_vector bad_sp0

	.section .text.entry, "ax"

LOCAL_FUNC el0_svc
	ALT_GOTO ALT_PAC, svc_pac
	mov	w9, w8
svc_keyed:
	stp	x0, x9, [sp, #S_ORIG_X0]	/* and syscall_nr */
	mov	x0, sp
	msr	daifclr, #7
	bl	syscall_dispatch
ret_to_user:
	msr	daifset, #7
	ldr	w1, [x28, #TH_WORK]
	cbnz	w1, 2f
1:	ALT_GOTO ALT_PAC, ret_pac
	ldp	x30, x21, [sp, #S_LR]
ret_keyed:
	ldp	x22, x23, [sp, #S_PC]
	msr	sp_el0, x21
	msr	elr_el1, x22
	msr	spsr_el1, x23
	restore_x0_x29
	add	sp, sp, #FRAME_SIZE
	eret
2:	mov	x0, sp
	bl	trap_exit_work
	b	1b
svc_pac:
	kernel_key
	mov	w9, w8
	b	svc_keyed
ret_pac:				/* nothing signed is used from here on; ERET synchronizes */
	ldr	w1, [x28, #TH_PAC_OFF]
	load_key_ia x28, TH_USER_KEYS, x2, x3
	tbz	w1, #0, 3f
	mrs	x2, sctlr_el1
	bic	x2, x2, #SCTLR_ENIA
	msr	sctlr_el1, x2
3:	ldp	x30, x21, [sp, #S_LR]
	b	ret_keyed
END el0_svc

LOCAL_FUNC el0_sync
	el0_other trap_el0_sync		/* x1 = ESR */
END el0_sync

LOCAL_FUNC el0_irq
	el0_save
	el0_other irq_on_stack
END el0_irq

LOCAL_FUNC el0_serror
	el0_save
	mrs	x1, esr_el1
	el0_other trap_serror
END el0_serror

/* Switches to this CPU's interrupt stack unless it is on it (a nested interrupt) or there is none yet. x0 = frame. */
LOCAL_FUNC irq_on_stack
	stp	x29, x30, [sp, #-32]!
	str	x19, [sp, #16]
	mov	x29, sp
	mov	x19, sp
	mrs	x1, sp_el0
	ldr	x2, [x1, #TH_STACK]
	eor	x2, x2, x19
	lsr	x2, x2, #KSTACK_SHIFT
	cbnz	x2, 1f			/* not on the thread's stack */
	adr_percpu x1, irq_stack_top, x2
	ldr	x1, [x1]
	cbz	x1, 1f
	mov	sp, x1
1:	bl	irq_dispatch
	mov	sp, x19
	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
END irq_on_stack

LOCAL_FUNC el1_irq
	el1_save
	mov	x0, sp
	bl	irq_on_stack
	mrs	x28, sp_el0
	ldr	w1, [x28, #TH_PREEMPT]
	cbnz	w1, el1_restore
	ldr	w1, [x28, #TH_WORK]
	tbz	w1, #WORK_RESCHED_BIT, el1_restore
	bl	preempt_from_irq
	b	el1_restore
END el1_irq

LOCAL_FUNC el1_sync
	el1_save
	mov	x0, sp
	mrs	x1, esr_el1
	bl	trap_el1_sync
el1_restore:
	msr	daifset, #7
	ldr	x30, [sp, #S_LR]
	ldp	x22, x23, [sp, #S_PC]
	msr	elr_el1, x22
	msr	spsr_el1, x23
	restore_x0_x29
	add	sp, sp, #FRAME_SIZE
	eret
END el1_sync

LOCAL_FUNC el1_serror
	el1_save
	mov	x0, sp
	mrs	x1, esr_el1
	bl	trap_serror
	b	el1_restore
END el1_serror

/* The stack is used up: x0 = SP - FRAME_SIZE of the context, SP = that + the context's x0. Never returns, so the registers
 * that belong to users are free to hold values. */
LOCAL_FUNC overflow
	msr	tpidrro_el0, x0
	sub	x0, sp, x0		/* the context's x0 */
	msr	tpidr_el0, x0
	adr_l	x0, overflow_stack + OVERFLOW_STACK_SIZE
	mov	sp, x0
	mrs	x0, tpidr_el1
	add	sp, sp, x0
	mrs	x0, tpidr_el0
	sub	sp, sp, #FRAME_SIZE
	el1_save
	mrs	x21, tpidrro_el0
	add	x21, x21, #FRAME_SIZE
	str	x21, [sp, #S_SP]
	mov	x0, sp
	mrs	x1, esr_el1
	bl	trap_stack_overflow
END overflow

LOCAL_FUNC bad_sp0
	mov	x0, #0
	bl	trap_bad_vector
END bad_sp0

FUNC arch_return_to_user
	mov	sp, x0
	ldr	x28, [sp, #FRAME_SIZE]
	b	ret_to_user
END arch_return_to_user
