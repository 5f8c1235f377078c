/* SPDX-License-Identifier: MIT */
/* thread.h - the head of every struct task: what assembly and the hot inline functions know of it.
 *
 * While in the kernel SP_EL0 holds the running task (the user's SP_EL0 is in its trap frame).
 * Locks: o  only the running thread itself, or its CPU's interrupt handlers   a  atomic   I  immutable once created
 */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/compiler.h>

struct task;
struct trap_frame;

/* Callee-saved registers of a thread that is switched out. AAPCS64 section 6.1.1. */
struct arch_context {
	u64 x19_x28[10];
	u64 fp, sp, pc;
};

/* Keys of pointer authentication, as the registers APIAKey ... APGAKey hold them. Ref: Arm ARM
 * D8.11. */
struct pac_keys {
	u64 ia[2], ib[2], da[2], db[2], ga[2];
};

/* FP/SIMD state. Variable in size behind the pointer: SVE will make it longer. */
struct fp_state {
	u128 v[32];
	u32 fpsr, fpcr;
} __aligned(16);

struct thread_head {
	atomic_t work;		/* [a] WORK_*: looked at on every return to user */
	u32 entry_work;		/* [o] ENTRY_*: looked at on every system call */
	u32 preempt_count;	/* [o] > 0: this thread may not be switched out */
	u32 cpu;		/* CPU it runs on, or ran on last */
	u64 stack;		/* [I] lowest address of the kernel stack */
	u64 user_tls;		/* TPIDR_EL0 while switched out */
	struct fp_state *fp;	/* [I] NULL for kernel threads */
	/* CPU whose registers were last loaded from or saved to fp; U32_MAX: none */
	u32 fp_cpu;
	u32 fault_disabled;	/* [o] > 0: user faults fail instead of sleeping */
	struct arch_context ctx;
	u64 kernel_key[2];	/* [I] APIAKey while it runs in the kernel */
	struct pac_keys user_keys; /* [o] */
	u32 pac_off;		/* [o] PR_PAC_AP*KEY: user keys that sign nothing */
};

/* thread_head.work: reasons to take the slow path out of the kernel. */
#define WORK_RESCHED	0x01u	/* another thread should run */
#define WORK_SIGNAL	0x02u	/* a signal, stop, freeze or exit waits: signal_exit_work() */
#define WORK_NOTIFY	0x04u	/* task_work: deferred file releases and the like */
#define WORK_FP_LOAD	0x08u	/* the FP registers are not this thread's */

/* thread_head.entry_work: reasons to take the slow path into a system call. */
#define ENTRY_TRACE	0x01u
#define ENTRY_FILTER	0x02u
#define ENTRY_AUDIT	0x04u

static __always_inline struct task *current(void)
{
	u64 t;

	__asm__("mrs %0, sp_el0" : "=r"(t));
	return (struct task *)t;
}

static __always_inline struct thread_head *current_head(void)
{
	return (struct thread_head *)current();
}

/* Which CPU this is; stable only while preemption is off. */
static __always_inline u32 this_cpu_id(void)
{
	return READ_ONCE(current_head()->cpu);
}
