/* SPDX-License-Identifier: MIT */
/* catch.c - faults on purpose (CONFIG_KTEST): runs a function and tells how it faulted, instead of
 * the panic.
 *
 * One at a time in the machine. trap.c asks fault_caught() before it gives up; the faulting context
 * is dropped and catch_call() returns. Locks held by the function stay held, so it takes none.
 * Tests: selftests/ktest/fault.c
 */
#include <arch/catch.h>

#include "trap.h"

#include <arch/barrier.h>
#include <arch/frame.h>
#include <arch/irqflags.h>
#include <arch/thread.h>
#include <kernel/printk.h>

bool catch_call(u64 *sp_out, void (*fn)(void *), void *arg);
extern const char catch_landing[];

static struct task *catcher;	/* who expects a fault; NULL: nobody */
static struct caught *result;
static u64 catch_sp;

bool fault_catch(void (*fn)(void *), void *arg, struct caught *out)
{
	irqflags_t irq = irq_save();
	bool faulted;

	assert(!catcher);
	result = out;
	WRITE_ONCE(catcher, current());
	faulted = catch_call(&catch_sp, fn, arg);
	WRITE_ONCE(catcher, NULL);
	irq_restore(irq);
	return faulted;
}

bool fault_caught(struct trap_frame *f, u64 addr, u64 esr)
{
	if (READ_ONCE(catcher) != current())
		return false;
	*result = (struct caught){ .class = (u32)(esr >> 26) & 0x3f,
				   .status = (u32)esr & 0x3f,
				   .addr = addr,
				   .pc = f->pc };
	WRITE_ONCE(catcher, NULL);
	f->pc = (u64)catch_landing;
	f->x[0] = catch_sp;
	f->pstate &= ~PSTATE_BTYPE_MASK;
	return true;
}
