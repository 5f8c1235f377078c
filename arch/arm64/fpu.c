/* SPDX-License-Identifier: MIT */
/* fpu.c - whose values are in the FP/SIMD registers of each CPU.
 *
 * The kernel never uses them (-mgeneral-regs-only). They are saved when a user thread is switched
 * out and loaded again only when it returns to user while they hold something else: a thread that
 * sleeps while only kernel threads run finds them in place.
 *
 * States of a user thread; live = the registers of its CPU are newer than thread_head.fp:
 *
 *	             fp_switch() out                fp_switch() in: same CPU, same owner
 *	   LIVE --------------------> SAVED ----------------------------------------------> LIVE
 *	    ^                           |  fp_switch() in: otherwise, sets WORK_FP_LOAD
 *	    |  fp_return_to_user()      v
 *	    +------------------------ STALE  (switched out again: nothing to save)
 *
 * Invariants: (1) WORK_FP_LOAD is clear in the running thread iff it is LIVE. (2) fp_owner of a CPU
 * is the thread that was last LIVE there; the registers are its thread_head.fp if its fp_cpu also
 * names this CPU.
 * Locks: none; each field is touched with interrupts off or by the thread itself with preemption
 * off.
 * Ref: Linux Documentation/arch/arm64/sve.rst for what users may expect of FPSIMD across system
 * calls: all of it.
 * Tests: selftests/abi/cpu.c, signal.c
 */
#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <kernel/lib/string.h>

#include "cpu_int.h"
#include "fpu.h"

static DEFINE_PER_CPU(struct thread_head *, fp_owner);

static bool is_live(struct thread_head *t)
{
	return t->fp && !(atomic_read(&t->work) & WORK_FP_LOAD);
}

static void mark_saved(struct thread_head *t)
{
	t->fp_cpu = this_cpu_id();
	*this_cpu(fp_owner) = t;
}

static void fp_switch(struct thread_head *prev, struct thread_head *next)
{
	if (is_live(prev)) {
		fp_regs_save(prev->fp);
		prev->fp_cpu = prev->cpu;
		*this_cpu(fp_owner) = prev;
	}
	if (!next->fp)
		return;
	if (*this_cpu(fp_owner) == next && next->fp_cpu == prev->cpu) {
		if (!is_live(next))
			atomic_and(&next->work, ~WORK_FP_LOAD);
	} else if (is_live(next)) {
		atomic_or(&next->work, WORK_FP_LOAD);
	}
}

struct task *arch_switch(struct task *prev, struct task *next)
{
	fp_switch((struct thread_head *)prev, (struct thread_head *)next);
	return cpu_switch(prev, next);
}

/* Interrupts off. */
void fp_return_to_user(void)
{
	struct thread_head *t = current_head();

	if (!(atomic_read(&t->work) & WORK_FP_LOAD))
		return;
	if (t->fp) {
		fp_regs_load(t->fp);
		mark_saved(t);
	}
	atomic_and(&t->work, ~WORK_FP_LOAD);
}

void fp_save_current(struct fp_state *dst)
{
	struct thread_head *t = current_head();
	irqflags_t irq = irq_save();

	if (is_live(t))
		fp_regs_save(dst);
	else if (t->fp)
		memcpy(dst, t->fp, sizeof(*dst));
	else
		memset(dst, 0, sizeof(*dst));
	irq_restore(irq);
}

/* Makes thread_head.fp the truth, to be loaded on the way out. */
static void forget_live(struct thread_head *t)
{
	t->fp_cpu = U32_MAX;
	atomic_or(&t->work, WORK_FP_LOAD);
}

void fp_load_current(const struct fp_state *src)
{
	struct thread_head *t = current_head();
	irqflags_t irq;

	if (!t->fp)
		return;
	irq = irq_save();
	memcpy(t->fp, src, sizeof(*src));
	forget_live(t);
	irq_restore(irq);
}

void fp_flush_current(void)
{
	struct thread_head *t = current_head();
	irqflags_t irq;

	if (!t->fp)
		return;
	irq = irq_save();
	memset(t->fp, 0, sizeof(*t->fp));
	forget_live(t);
	irq_restore(irq);
}

void arch_context_init(struct task *task, void (*entry)(void *), void *arg)
{
	struct thread_head *t = (struct thread_head *)task;
	struct trap_frame *f = arch_user_frame(task);

	*(struct task **)(f + 1) = task;
	f->fp_link[0] = 0;
	f->fp_link[1] = 0;
	t->fp_cpu = U32_MAX;
	memset(&t->ctx, 0, sizeof(t->ctx));
	t->ctx.x19_x28[0] = (u64)entry;
	t->ctx.x19_x28[1] = (u64)arg;
	t->ctx.sp = (u64)f;
	t->ctx.pc = (u64)thread_start;
	pac_kernel_key(t);
}

struct trap_frame *arch_user_frame(struct task *task)
{
	struct thread_head *t = (struct thread_head *)task;

	return (struct trap_frame *)(t->stack + KSTACK_SIZE - STACK_TOP_RESERVE) - 1;
}
