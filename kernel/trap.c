/* SPDX-License-Identifier: MIT */
/* trap.c - what becomes of exceptions: page faults are resolved, a program's other faults become
 * signals, the kernel's own end it. Also the slow path back to user space.
 *
 * Ref: sigaction(2) si_code values; Arm ARM D17.2.37 (ESR). Tests: selftests/abi/signal.c
 */
#include <kernel/trap.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/irqflags.h>
#include <arch/page.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/vmo.h>

bool trap_fault(struct trap_frame *f, u64 addr, u32 flags)
{
	struct task *t = current();
	int sig, code, err;

	(void)f;
	if (unlikely(!t->as || (t->head.fault_disabled && !(flags & FAULT_USER))))
		return false;
	if (unlikely(!(flags & FAULT_USER) && (t->head.preempt_count || irqs_disabled())))
		return false;
	err = aspace_fault(t->as, addr, flags, &sig, &code);
	if (likely(!err)) {
		if (unlikely((flags & FAULT_USER) && t->dirtied >= BALANCE_PAGES))
			vmo_balance(NULL);
		/* A kernel copy that faults on and on because memory is gone must end when the
		 * thread was chosen to die. */
		return (flags & FAULT_USER) || !signal_pending_fatal(t);
	}
	if (!(flags & FAULT_USER))
		return false;
	signal_force(sig, code, addr);
	return true;
}

static int fp_code(u64 esr)
{
	if (!(esr & BIT(23)))	/* TFV: the bits below say nothing */
		return FPE_FLTUNK;
	if (esr & BIT(0))
		return FPE_FLTINV;
	if (esr & BIT(1))
		return FPE_FLTDIV;
	if (esr & BIT(2))
		return FPE_FLTOVF;
	if (esr & BIT(3))
		return FPE_FLTUND;
	return esr & BIT(4) ? FPE_FLTRES : FPE_FLTUNK;
}

void trap_exception(struct trap_frame *f, enum trap_kind kind, u64 addr, u64 esr)
{
	switch (kind) {
	case TRAP_ILLEGAL:  signal_force(SIGILL, ILL_ILLOPC, f->pc); break;
	case TRAP_BTI:	    signal_force(SIGILL, ILL_ILLOPC, f->pc); break;
	case TRAP_PAC:	    signal_force(SIGILL, ILL_ILLOPN, f->pc); break;
	case TRAP_BREAK:    signal_force(SIGTRAP, TRAP_BRKPT, f->pc); break;
	case TRAP_STEP:	    signal_force(SIGTRAP, TRAP_TRACE, f->pc); break;
	case TRAP_ALIGN_PC: signal_force(SIGBUS, BUS_ADRALN, f->pc); break;
	case TRAP_ALIGN_SP: signal_force(SIGBUS, BUS_ADRALN, f->sp); break;
	case TRAP_ALIGN:    signal_force(SIGBUS, BUS_ADRALN, addr); break;
	case TRAP_FP:	    signal_force(SIGFPE, fp_code(esr), f->pc); break;
	case TRAP_BUS:	    signal_force(SIGBUS, BUS_OBJERR, addr); break;
	case TRAP_ADDR:	    signal_force(SIGSEGV, SEGV_MAPERR, addr); break;
	}
}

void user_exit_work(struct trap_frame *f)
{
	struct task *t = current();
	u32 work;

	(void)f;
	while ((work = atomic_read(&t->head.work))) {
		if (work == WORK_FP_LOAD)
			break;
		irq_enable();
		if (work & WORK_RESCHED)
			schedule();
		if (work & WORK_NOTIFY)
			task_work_run();
		if (work & WORK_SIGNAL)
			signal_exit_work();
		irq_disable();
	}
	if (work & WORK_FP_LOAD)
		fp_return_to_user();
}
