/* SPDX-License-Identifier: MIT */
/* trap.c - what an exception was: ESR decoded into the hooks of kernel/trap.h. No policy.
 *
 * Faults on user addresses come in three kinds: by a program; by uaccess.S on its behalf, known by
 * its section, with a fixup for what trap_fault() will not resolve; by any other kernel code, which
 * is a bug. FAR is read before interrupts come on: the next exception overwrites it.
 *
 * Ref: Arm ARM D17.2.37 (ESR_EL1: EC and ISS), D17.2.40 (FAR_EL1), D8.4.7 (PAN).
 * Tests: selftests/ktest/fault.c, selftests/abi/signal.c
 */
#include "trap.h"

#include "asm.h"

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/irqflags.h>
#include <arch/page.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <kernel/trap.h>

#define PSTATE_I BIT(7)

enum esr_class {
	EC_UNKNOWN = 0x00,
	EC_BTI = 0x0d,
	EC_ILLEGAL_STATE = 0x0e,
	EC_SYSREG = 0x18,
	EC_FPAC = 0x1c,
	EC_IABT_EL0 = 0x20,
	EC_IABT_EL1 = 0x21,
	EC_PC_ALIGN = 0x22,
	EC_DABT_EL0 = 0x24,
	EC_DABT_EL1 = 0x25,
	EC_SP_ALIGN = 0x26,
	EC_FP = 0x2c,
	EC_BREAK_EL0 = 0x30,
	EC_STEP_EL0 = 0x32,
	EC_WATCH_EL0 = 0x34,
	EC_BRK = 0x3c,
};

#define ESR_EC(esr)   ((u32)((esr) >> 26) & 0x3f)
#define ESR_FSC(esr)  ((u32)(esr) & 0x3f)
#define ESR_FNV	      BIT(10)	/* FAR is not valid */
#define ESR_CM	      BIT(8)	/* cache maintenance: reported as a write */
#define ESR_WNR	      BIT(6)

/* Fault status codes, without the level in the low two bits. */
#define FSC_KIND(esr)	(ESR_FSC(esr) & 0x3c)
#define FSC_TRANSLATION 0x04
#define FSC_ACCESS_FLAG 0x08
#define FSC_PERMISSION	0x0c
#define FSC_ALIGNMENT	0x21
#define FSC_TLB_CONFLICT 0x30

struct ex_entry {
	s32 from, to, fixup;	/* relative to themselves */
};

extern const struct ex_entry __start_ex_table[], __stop_ex_table[];
extern const char __uaccess_text_start[], __uaccess_text_end[];

/* Where entry.S goes when a stack is used up, and where interrupts run. */
DEFINE_PER_CPU(u8, overflow_stack[OVERFLOW_STACK_SIZE]) __aligned(16);
DEFINE_PER_CPU(u64, irq_stack_top);

static u64 read_far(void)
{
	u64 v;

	__asm__ volatile("mrs %0, far_el1" : "=r"(v));
	return v;
}

/* The top byte of a user address is ignored by the hardware (TCR.TBI0) but kept in FAR. */
static u64 untag(u64 addr)
{
	return addr & BIT(55) ? addr : addr & ~(0xfful << 56);
}

static u32 abort_flags(u64 esr, bool exec)
{
	u32 flags = 0;

	if (exec)
		flags |= FAULT_EXEC;
	else if ((esr & (ESR_WNR | ESR_CM)) == ESR_WNR)
		flags |= FAULT_WRITE;
	if (FSC_KIND(esr) == FSC_PERMISSION)
		flags |= FAULT_PERM;
	return flags;
}

/* Aborts that mm/ can do something about; the others are errors of the program or of the memory. */
static bool is_translation(u64 esr)
{
	u32 kind = FSC_KIND(esr);

	return kind == FSC_TRANSLATION || kind == FSC_ACCESS_FLAG || kind == FSC_PERMISSION;
}

static void flush_local_tlb(void)
{
	__asm__ volatile("dsb nshst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}

static void el0_abort(struct trap_frame *f, u64 esr, bool exec)
{
	u64 addr = untag(read_far());

	irq_enable();
	if (likely(is_translation(esr))) {
		if (likely(addr < TASK_SIZE))
			trap_fault(f, addr, abort_flags(esr, exec) | FAULT_USER);
		else
			trap_exception(f, TRAP_ADDR, addr, esr);
	} else if (ESR_FSC(esr) == FSC_TLB_CONFLICT) {
		flush_local_tlb();
	} else if (ESR_FSC(esr) == FSC_ALIGNMENT) {
		trap_exception(f, TRAP_ALIGN, addr, esr);
	} else if (ESR_FSC(esr) < 4) {
		trap_exception(f, TRAP_ADDR, addr, esr);	/* address size */
	} else {
		trap_exception(f, TRAP_BUS, esr & ESR_FNV ? 0 : addr, esr);
	}
}

static void el0_rare(struct trap_frame *f, u64 esr)
{
	u64 far = untag(read_far());

	irq_enable();
	switch (ESR_EC(esr)) {
	case EC_BTI:
		trap_exception(f, TRAP_BTI, f->pc, esr);
		break;
	case EC_FPAC:
		trap_exception(f, TRAP_PAC, f->pc, esr);
		break;
	case EC_PC_ALIGN:
		trap_exception(f, TRAP_ALIGN_PC, far, esr);
		break;
	case EC_SP_ALIGN:
		trap_exception(f, TRAP_ALIGN_SP, f->sp, esr);
		break;
	case EC_FP:
		trap_exception(f, TRAP_FP, f->pc, esr);
		break;
	case EC_BRK:
		trap_exception(f, TRAP_BREAK, f->pc, esr);
		break;
	case EC_BREAK_EL0:
	case EC_STEP_EL0:
		trap_exception(f, TRAP_STEP, f->pc, esr);
		break;
	case EC_WATCH_EL0:
		trap_exception(f, TRAP_STEP, far, esr);
		break;
	case EC_UNKNOWN:
	case EC_SYSREG:
		if (emulate_id_read(f))
			break;
		fallthrough;
	default:	/* undefined, trapped registers, SVE, illegal state: not for this program */
		trap_exception(f, TRAP_ILLEGAL, f->pc, esr);
		break;
	}
}

void trap_el0_sync(struct trap_frame *f, u64 esr)
{
	u32 class = ESR_EC(esr);

	if (likely(class == EC_DABT_EL0))
		el0_abort(f, esr, false);
	else if (class == EC_IABT_EL0)
		el0_abort(f, esr, true);
	else
		el0_rare(f, esr);
}

/* Work on the way to user, until none is left. Interrupts off. */
void trap_exit_work(struct trap_frame *f)
{
	struct thread_head *t = current_head();
	u32 work;

	while ((work = atomic_read(&t->work)) != 0) {
		if (work & ~WORK_FP_LOAD)
			user_exit_work(f);
		else
			fp_return_to_user();
	}
}

static bool in_uaccess(u64 pc)
{
	return pc >= (u64)__uaccess_text_start && pc < (u64)__uaccess_text_end;
}

static u64 relative(const s32 *p)
{
	return (u64)p + (u64)(s64)*p;
}

static bool apply_fixup(struct trap_frame *f)
{
	for (const struct ex_entry *e = __start_ex_table; e < __stop_ex_table; e++) {
		if (f->pc >= relative(&e->from) && f->pc < relative(&e->to)) {
			f->pc = relative(&e->fixup);
			return true;
		}
	}
	return false;
}

/* A fault of the kernel: its end, but for tests that wait for it. */
static void el1_bad(struct trap_frame *f, const char *what, u64 addr, u64 esr)
{
	if (!fault_caught(f, addr, esr))
		trap_kernel_fault(f, what, addr, esr);
}

static void el1_abort(struct trap_frame *f, u64 esr)
{
	u64 addr = read_far();

	if (ESR_FSC(esr) == FSC_TLB_CONFLICT) {
		flush_local_tlb();
		return;
	}
	if (!(addr & BIT(55)) && in_uaccess(f->pc)) {
		if (addr < TASK_SIZE && is_translation(esr)) {
			if (!(f->pstate & PSTATE_I))
				irq_enable();
			if (trap_fault(f, addr, abort_flags(esr, false) | FAULT_UACCESS))
				return;
		}
		if (apply_fixup(f))
			return;
	}
	el1_bad(f, addr & BIT(55) ? "bad kernel address" : addr < PAGE_SIZE ? "null pointer" :
		"user memory touched outside uaccess", addr, esr);
}

void trap_el1_sync(struct trap_frame *f, u64 esr)
{
	switch (ESR_EC(esr)) {
	case EC_DABT_EL1:
		el1_abort(f, esr);
		break;
	case EC_IABT_EL1:
		el1_bad(f, "jump to a bad address", read_far(), esr);
		break;
	case EC_BRK:
		el1_bad(f, "breakpoint (undefined behaviour or a failed check)", f->pc, esr);
		break;
	case EC_BTI:
		el1_bad(f, "indirect branch to a place that is no target", f->pc, esr);
		break;
	case EC_FPAC:
		el1_bad(f, "a signed address was changed", f->pc, esr);
		break;
	case EC_UNKNOWN:
		el1_bad(f, "undefined instruction", f->pc, esr);
		break;
	default:
		el1_bad(f, "unexpected exception", read_far(), esr);
	}
}

void trap_serror(struct trap_frame *f, u64 esr)
{
	trap_kernel_fault(f, "SError interrupt", read_far(), esr);
}

void trap_stack_overflow(struct trap_frame *f, u64 esr)
{
	trap_kernel_fault(f, "kernel stack overflow", read_far(), esr);
}

void trap_bad_vector(void)
{
	for (;;)
		__asm__ volatile("wfi");
}
