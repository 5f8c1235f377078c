/* SPDX-License-Identifier: MIT */
/* unwind.c - who called: a walk along frame records, across traps and stacks.
 *
 * A frame record is {previous record, return address}, as AAPCS64 6.4.6 has it; entry.S makes one
 * in each trap frame, whose second word is the interrupted pc. Nothing is believed: a record must
 * be aligned, on a stack this CPU or thread owns, and above the one before it unless it is on
 * another stack; a depth limit ends what is left of the loops.
 * Tests: selftests/boot/run (the_kernel_moves_with_the_seed reads a trace)
 */
#include <arch/cpu.h>

#include "asm.h"

#include <arch/frame.h>
#include <arch/page.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <kernel/ksyms.h>
#include <kernel/printk.h>

#define MAX_DEPTH 48

DECLARE_PER_CPU(u64, irq_stack_top);
DECLARE_PER_CPU(u8, overflow_stack[OVERFLOW_STACK_SIZE]);

struct walk {
	const struct thread_head *thread;
	bool own_cpu;		/* this CPU's interrupt and overflow stacks count as well */
	u64 fp, pc;
};

static bool inside(u64 fp, u64 low, u64 size)
{
	return fp >= low && fp <= low + size - 16;
}

static bool on_stack(const struct walk *w, u64 fp)
{
	u64 irq_top = w->own_cpu ? *this_cpu(irq_stack_top) : 0;

	if (!fp || fp & 7)
		return false;
	if (inside(fp, w->thread->stack, KSTACK_SIZE))
		return true;
	if (!w->own_cpu)
		return false;
	return (irq_top && inside(fp, irq_top - KSTACK_SIZE, KSTACK_SIZE)) ||
	       inside(fp, (u64)this_cpu(overflow_stack), OVERFLOW_STACK_SIZE);
}

static bool same_stack(u64 a, u64 b)
{
	return a >> KSTACK_SHIFT == b >> KSTACK_SHIFT;
}

/* A return address without its signature: kernel addresses have all upper bits set. */
static u64 without_pac(u64 pc)
{
	return pc ? pc | ~(BIT(48) - 1) : 0;
}

static bool step(struct walk *w)
{
	const u64 *record = (const u64 *)w->fp;

	if (!on_stack(w, w->fp))
		return false;
	if (same_stack(record[0], w->fp) && record[0] <= w->fp)
		return false;
	w->fp = record[0];
	w->pc = without_pac(record[1]);
	return w->pc != 0;
}

static void print_pc(u64 pc)
{
	u64 offset;
	const char *name = ksym_lookup(pc, &offset);

	log_print(LOG_EMERG, NULL, "  %016lx %s+0x%lx", pc, name, offset);
}

static void print_walk(struct walk *w)
{
	for (u32 i = 0; i < MAX_DEPTH && step(w); i++)
		print_pc(w->pc);
}

void backtrace_print(const struct trap_frame *f)
{
	struct walk w = { .thread = current_head(), .own_cpu = true };

	log_print(LOG_EMERG, NULL, "Call trace:");
	if (f && frame_is_user(f))
		return;
	if (f) {
		print_pc(f->pc);
		/* the caller, if pc is a leaf; else it comes twice */
		print_pc(without_pac(f->x[30]));
		w.fp = f->x[29];
	} else {
		w.fp = (u64)__builtin_frame_address(0);
	}
	print_walk(&w);
}

void backtrace_task(struct task *t)
{
	const struct thread_head *h = (const struct thread_head *)t;
	struct walk w = { .thread = h, .fp = h->ctx.fp, .pc = h->ctx.pc };

	if (t == current()) {
		backtrace_print(NULL);
		return;
	}
	print_pc(w.pc);
	print_walk(&w);
}

u32 backtrace_save(struct task *t, u64 *pc, u32 n)
{
	const struct thread_head *h = (const struct thread_head *)t;
	struct walk w = { .thread = h, .fp = h->ctx.fp };
	u32 i = 0;

	if (n)
		pc[i++] = h->ctx.pc;
	while (i < n && step(&w))
		pc[i++] = w.pc;
	return i;
}
