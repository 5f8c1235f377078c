/* SPDX-License-Identifier: MIT */
/* smp.c - other CPUs, by PSCI: on, off, interrupts between them; reset and power-off.
 *
 * CPUs are numbered in the order of /cpus, the boot CPU first; maxcpus=, nosmp and nr_cpus= say how
 * many (Linux Documentation/admin-guide/kernel-parameters.rst). One comes up at a time: smp_init()
 * fills secondary_args, calls CPU_ON with its physical address, and waits until the CPU is online
 * (boot.S secondary_entry reads the arguments with the MMU on).
 *
 * Locks: none; all of it runs on the boot CPU. Barrier (A): the arguments are stored before CPU_ON;
 * PSCI orders them, DSB makes sure.
 * Ref: Arm DEN0022 PSCI 1.1 s5 (function numbers, SMCCC); devicetree bindings arm/cpus.yaml,
 * arm/psci.yaml.
 * Tests: selftests/boot/run (interrupt_controllers_and_cpus, fewer_cpus)
 */
#include <arch/cpu.h>

#include "cpu_int.h"
#include "early.h"

#include <arch/barrier.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <kernel/cmdline.h>
#include <kernel/irq.h>
#include <kernel/lib/fdt.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/trap.h>
#include <mm/kvmap.h>
#include <mm/page.h>

#define PSCI_SYSTEM_OFF	  0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_CPU_ON	  0xc4000003u
#define MPIDR_MASK	  0xff00fffffful
#define START_TIMEOUT_NS  (2 * NSEC_PER_SEC)

u32 nr_cpus = 1;
u32 nr_cpus_present __ro_after_init = 1, nr_cpus_possible __ro_after_init = 1;
static u32 max_running __ro_after_init = MAX_CPUS, max_possible __ro_after_init = MAX_CPUS;
u64 cpu_online_mask = 1;
static u64 mpidr[MAX_CPUS] __ro_after_init;
static bool psci_smc __ro_after_init, psci_found __ro_after_init;

/* boot.S knows the layout. */
static struct secondary_boot {
	u64 voffset, self;
	struct task *task;
	u64 percpu_offset;
	u32 cpu, refused;
} secondary_args __aligned(64);

void secondary_entry(void);
void secondary_start(struct secondary_boot *b);
DECLARE_PER_CPU(u64, irq_stack_top);

static s64 psci_call(u32 function, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = function;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	if (psci_smc)
		__asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
	else
		__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
	return (s64)x0;
}

static void psci_find(void)
{
	const char *method;

	if (fdt_find_string("/psci", "method", &method))
		return;
	psci_smc = strcmp(method, "smc") == 0;
	psci_found = true;
}

static u64 own_mpidr(void)
{
	u64 v;

	__asm__ volatile("mrs %0, mpidr_el1" : "=r"(v));
	return v & MPIDR_MASK;
}

u64 cpu_mpidr(u32 cpu)
{
	return mpidr[cpu];
}

/* Linux: what is no number counts as 0. */
static int set_max_running(const char *value)
{
	u64 n = 0;

	if (!*value || *value == '-')
		return 0;
	max_running = parse_u64(value, 0, &n, NULL) ? 0 : (u32)min(n, (u64)MAX_CPUS);
	return 0;
}

static int set_nosmp(const char *value)
{
	max_running = 0;
	return 0;
}

static int set_max_possible(const char *value)
{
	u64 n;
	int err = parse_u64(value, 0, &n, NULL);

	if (!err && n)
		max_possible = (u32)min(n, (u64)MAX_CPUS);
	return err;
}

CMDLINE(maxcpus, set_max_running);
CMDLINE(nosmp, set_nosmp);
CMDLINE(nr_cpus, set_max_possible);

static void add_cpu(u64 id, void *arg)
{
	u32 *n = arg;

	id &= MPIDR_MASK;
	if (id != mpidr[0] && *n < MAX_CPUS)
		mpidr[(*n)++] = id;
}

void smp_prepare_boot_cpu(void)
{
	mpidr[0] = own_mpidr();
	psci_find();
}

/* The CPU's copy of the per-CPU variables and its interrupt stack. */
static bool make_percpu(u32 cpu)
{
	usize size = (usize)(__percpu_end - __percpu_start);
	u32 order = 0;
	u64 stack;
	void *area;

	while ((PAGE_SIZE << order) < size)
		order++;
	area = pages_alloc_virt(order, PAGE_KERNEL);
	stack = kv_stack_alloc();
	if (!area || !stack)
		return false;
	memcpy(area, __percpu_start, size);
	percpu_offset[cpu] = (u64)area - (u64)__percpu_start;
	*per_cpu(irq_stack_top, cpu) = stack + KSTACK_SIZE;
	page_init_cpu(cpu);
	return true;
}

static void clean_to_memory(const void *p, usize n)
{
	for (u64 a = (u64)p & ~15ul; a < (u64)p + n; a += 16)
		__asm__ volatile("dc cvac, %0" ::"r"(a) : "memory");
	dsb(sy);
}

static bool wait_online(u32 cpu)
{
	ktime_t end = arch_clock_ns() + START_TIMEOUT_NS;

	while (!(__atomic_load_n(&cpu_online_mask, __ATOMIC_ACQUIRE) & BIT(cpu))) {
		if (READ_ONCE(secondary_args.refused) || arch_clock_ns() > end)
			return false;
		cpu_relax();
	}
	return true;
}

static bool start_cpu(u32 cpu)
{
	struct task *idle;

	if (!make_percpu(cpu))
		return false;
	idle = sched_idle_task(cpu);
	if (!idle)
		return false;
	secondary_args = (struct secondary_boot){
		.voffset = kimage_voffset, .self = (u64)&secondary_args, .task = idle,
		.percpu_offset = percpu_offset[cpu], .cpu = cpu,
	};
	clean_to_memory(&secondary_args, sizeof(secondary_args));	/* (A) */
	if (psci_call(PSCI_CPU_ON, mpidr[cpu], image_to_phys(secondary_entry),
		      image_to_phys(&secondary_args)))
		return false;
	return wait_online(cpu);
}

void secondary_start(struct secondary_boot *b)
{
	u32 cpu = b->cpu;

	current_head()->cpu = cpu;
	if (!cpu_matches_boot()) {
		WRITE_ONCE(b->refused, 1);
		cpu_halt();
	}
	cpu_init_local(cpu);
	__atomic_fetch_or(&cpu_online_mask, BIT(cpu), __ATOMIC_RELEASE);
	kmain_secondary();
}

void smp_init(void)
{
	u32 found = 1, up = 1;

	*this_cpu(irq_stack_top) = kv_stack_alloc() + KSTACK_SIZE;
	if (!psci_found)
		return;
	clean_to_memory(&boot_idmap_root, sizeof(boot_idmap_root));
	fdt_for_each_cpu(add_cpu, &found);
	found = min(found, max_possible);
	nr_cpus_possible = found;
	while (up < found && up < max_running) {
		if (start_cpu(up)) {
			nr_cpus = ++up;
			continue;
		}
		pr_warn("smp: CPU with id %lx does not start", mpidr[up]);
		mpidr[up] = mpidr[--found];	/* numbers stay without gaps */
	}
	nr_cpus_present = max_running ? found : 1;
	pr_info("smp: %u CPUs", nr_cpus);
}

void ipi_send(u32 cpu, enum ipi_kind kind)
{
	dsb(ishst);	/* what the other CPU is to see before the interrupt */
	irq_send_ipi(cpu, kind);
}

void ipi_send_mask(u64 cpus, enum ipi_kind kind)
{
	dsb(ishst);
	for (; cpus; cpus &= cpus - 1)
		irq_send_ipi((u32)__builtin_ctzl(cpus), kind);
}

void machine_power_off(void)
{
	if (psci_found)
		psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	cpu_halt();
}

void machine_reset(void)
{
	if (psci_found)
		psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	cpu_halt();
}
