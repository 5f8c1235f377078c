/* SPDX-License-Identifier: MIT */
/* cpu.h - what this processor is and can do; CPUs on and off; time. Implemented by cpu.c, smp.c,
 * timer.c. */
#pragma once

#include <kernel/lib/compiler.h>

#define KSTACK_SIZE (16ul * 1024)

struct task;
struct trap_frame;
struct boot_info;
struct fp_state;

/* Features found at boot, the same on every CPU. */
enum cpu_feature {
	CPU_PAN,
	CPU_LSE,
	CPU_BTI,
	CPU_PAC,	/* addresses; 3, as asm.h knows */
	CPU_RNG,
	CPU_ASID16,
	CPU_DCZVA,
	CPU_PACG,	/* PACGA */
	CPU_NR_FEATURES
};

bool cpu_has(enum cpu_feature f);

/* AT_HWCAP and AT_HWCAP2: only state that is saved, framed and traced. Ref: Linux
 * Documentation/arch/arm64/elf_hwcaps.rst */
u64 cpu_hwcap(void);
u64 cpu_hwcap2(void);

/* MIDR_EL1 of a CPU for /proc/cpuinfo. */
u64 cpu_midr(u32 cpu);

/* 64 bits from RNDR; false when the CPU has none or it failed. */
bool cpu_random(u64 *out);

/* ---- CPUs (smp.c) ---- */
extern u32 nr_cpus;		/* CPUs that run, boot CPU first */
extern u32 nr_cpus_present;	/* and those that could: maxcpus= leaves them off */
extern u32 nr_cpus_possible;	/* in the machine's tables, up to nr_cpus= */
extern u64 cpu_online_mask;

/* all are online once smp_init() returned */
#define for_each_cpu(c) for ((c) = 0; (c) < nr_cpus; (c)++)

/* MPIDR_EL1 affinity bits of a CPU, as device tables and the interrupt controller name it. */
u64 cpu_mpidr(u32 cpu);

/* Finds the firmware's calls (PSCI) and the boot CPU's identity. Boot, once the device tree is
 * there, before interrupts. */
void smp_prepare_boot_cpu(void);
/* Starts all CPUs; each ends in kmain_secondary(). Context: boot, may sleep. */
void smp_init(void);

/* Inter-processor interrupts arrive in ipi_dispatch(kind) there. Any context. */
enum ipi_kind { IPI_RESCHED, IPI_CALL, IPI_STOP, IPI_NR };
void ipi_send(u32 cpu, enum ipi_kind kind);
void ipi_send_mask(u64 cpus, enum ipi_kind kind);

__noreturn void machine_power_off(void);
__noreturn void machine_reset(void);
/* This CPU does nothing any more; interrupts off. */
__noreturn void cpu_halt(void);
/* Waits for an interrupt; called with interrupts masked, returns with them masked. */
void cpu_wait_irq(void);

/* ---- time (timer.c) ---- */
/* Nanoseconds since the counter's zero; the same on every CPU; never goes back. */
u64 cycles_now(void);				/* raw counter ticks */
ktime_t arch_clock_ns(void);
/* ns = (u128)ticks * mult >> 32: what the vDSO computes */
u64 arch_clock_mult(void);
u64 arch_clock_hz(void);
/* Arms this CPU's one-shot event; in the past means at once; S64_MAX means never. Interrupts
 * off. */
void arch_timer_arm(ktime_t when_ns);
void arch_timer_init_cpu(void);			/* per CPU, after the interrupt controller */

/* ---- threads (switch.S, fpu.c) ---- */
/* Switches stacks and registers; returns, on next's stack, the thread that ran before. Interrupts
 * off, preemption off. */
struct task *arch_switch(struct task *prev, struct task *next);
/* Prepares a new kernel context: it starts at entry(arg) with interrupts off, on the stack
 * thread_head.stack. entry must call sched_tail() first. */
void arch_context_init(struct task *t, void (*entry)(void *), void *arg);
/* Leaves the kernel through the frame at the top of this stack; for new threads after fork and
 * exec. */
__noreturn void arch_return_to_user(struct trap_frame *f);
/* Its thread pointer, TPIDR_EL0: current only; a thread that is switched out has it in
 * thread_head.user_tls. */
static inline void arch_tls_set(u64 v)
{
	__asm__ volatile("msr tpidr_el0, %0" ::"r"(v));
}

static inline u64 arch_tls_get(void)
{
	u64 v;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(v));
	return v;
}
/* The user frame at the top of a thread's kernel stack. */
struct trap_frame *arch_user_frame(struct task *t);
/* fork: saves the live registers of current into dst. exec: forgets them. */
void fp_save_current(struct fp_state *dst);
void fp_flush_current(void);			/* the thread starts again with zeros */
void fp_load_current(const struct fp_state *src);	/* sigreturn */
void fp_return_to_user(void);			/* WORK_FP_LOAD */

/* ---- pointer authentication (pac.c). Keys are a set of PAC_* ---- */
#define PAC_IA 0x01u	/* as PR_PAC_APIAKEY ... */
#define PAC_IB 0x02u
#define PAC_DA 0x04u
#define PAC_DB 0x08u
#define PAC_GA 0x10u
void pac_reset_keys(u32 keys);			/* of current: new random ones */
void pac_set_enabled(u32 keys);			/* of current; PAC_GA cannot be off */
u32 pac_enabled(void);
void pac_exec(void);				/* all new, all on */
void pac_fork(struct task *child);		/* the child's are current's */

/* ---- ID registers (idreg.c) ---- */
/* What MRS of s3_0_c0_c<crm>_<op2> gives to programs; false: undefined there. */
bool cpu_user_id_reg(u32 crm, u32 op2, u64 *out);

/* ---- caches ---- */
/* Makes code written through a data mapping visible to instruction fetch on all CPUs. Ref: Arm ARM
 * B2.4.4. */
void cache_sync_code(u64 va, usize len);

/* Prints registers' and a stack's symbols (unwind.c). NULL: from here. */
void backtrace_print(const struct trap_frame *f);
void backtrace_task(struct task *t);
/* Fills up to n return addresses of a switched-out thread; returns how many. */
u32 backtrace_save(struct task *t, u64 *pc, u32 n);
