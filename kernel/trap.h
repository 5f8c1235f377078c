/* SPDX-License-Identifier: MIT */
/* trap.h - the hooks through which arch/ calls up. There are no others. */
#pragma once

#include <kernel/lib/compiler.h>

struct trap_frame;

/* The boot CPU, MMU on, interrupts off, as init_task (kernel/task.h) with thread_head.stack set to
 * a stack in the image.
 * fdt: physical address of the device tree, mapped in the linear map. */
__noreturn void kmain(paddr_t fdt);
/* Any other CPU, when its idle thread starts. */
__noreturn void kmain_secondary(void);

#define FAULT_USER    0x1u	/* the access came from EL0 */
#define FAULT_WRITE   0x2u
#define FAULT_EXEC    0x4u
/* a valid entry forbade it (else: no entry, or an access flag fault) */
#define FAULT_PERM    0x8u
#define FAULT_UACCESS 0x10u	/* kernel code with a fixup touched user memory */

/*
 * A data or instruction abort on a user address. Interrupts are on if they were on in the faulting
 * context. Returns true when resolved or turned into a signal (user), false when the kernel's fixup
 * must run (FAULT_UACCESS only).
 */
bool trap_fault(struct trap_frame *f, u64 addr, u32 flags);

enum trap_kind {
	TRAP_ILLEGAL,	/* undefined or not permitted instruction: SIGILL */
	TRAP_BREAK,	/* BRK: SIGTRAP, TRAP_BRKPT */
	TRAP_STEP,	/* software step: SIGTRAP, TRAP_TRACE */
	TRAP_ALIGN_PC,	/* SIGBUS, BUS_ADRALN */
	TRAP_ALIGN_SP,
	TRAP_ALIGN,
	TRAP_FP,	/* SIGFPE; info: ESR.ISS bits as Arm ARM D17.2.37 lists them */
	TRAP_BTI,	/* branch target: SIGILL */
	TRAP_PAC,	/* a pointer's signature is wrong: SIGILL, ILL_ILLOPN */
	TRAP_BUS,	/* synchronous external abort: SIGBUS, BUS_OBJERR */
	TRAP_ADDR,	/* fault on a non-user address by EL0: SIGSEGV, SEGV_MAPERR */
};
/* An exception of a user program that no handler in arch/ resolved. */
void trap_exception(struct trap_frame *f, enum trap_kind kind, u64 addr, u64 esr);
/* A fault of the kernel itself: never returns. */
__noreturn void trap_kernel_fault(struct trap_frame *f, const char *what, u64 addr, u64 esr);

/* An interrupt, masked, on the interrupted thread's stack or the IRQ stack. */
void irq_dispatch(struct trap_frame *f);
void ipi_dispatch(u32 kind);
/* What arch_timer_arm() asked for has come, on this CPU; in interrupt. The event is disarmed. */
void timer_interrupt(void);

/* A system call: number in f->x[8], copied to f->syscall_nr; arguments x0-x5; result to x0.
 * Interrupts on. */
void syscall_dispatch(struct trap_frame *f);

/* thread_head.work is not zero on the way back to user. Interrupts off on entry and exit. */
void user_exit_work(struct trap_frame *f);
/* An interrupt is about to return to kernel code with preemption on and WORK_RESCHED set.
 * Interrupts off. */
void preempt_from_irq(void);
