/* SPDX-License-Identifier: MIT */
/* timer.c - the generic timer: one counter for all CPUs, one comparator for each.
 *
 * The virtual timer, because it is what a guest and the vDSO may read. Nanoseconds = ticks * mult
 * >> 32, in 128 bits (three instructions): the same arithmetic as the vDSO's, so user and kernel
 * never disagree. The way back rounds up: an event does not come early.
 * Ref: Arm ARM D11.2 (generic timer), D17.11 (registers); devicetree bindings
 * timer/arm,arch_timer.yaml: the third interrupt.
 * Tests: selftests/ktest/timer.c, selftests/abi/time.c
 */
#include <arch/cpu.h>

#include <arch/barrier.h>
#include <arch/thread.h>
#include <kernel/irq.h>
#include <kernel/lib/fdt.h>
#include <kernel/printk.h>
#include <kernel/trap.h>

#define CTL_ENABLE	   1u
#define PPI_VIRTUAL_INDEX  2
#define PPI_VIRTUAL_DEFAULT 27

static u64 hz __ro_after_init;
static u64 mult __ro_after_init;		/* ns in a tick, 32.32 fixed point */
static u64 ticks_per_ns __ro_after_init;	/* 32.32 fixed point */
static u32 timer_irq __ro_after_init = PPI_VIRTUAL_DEFAULT;

u64 cycles_now(void)
{
	u64 v;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(v)::"memory");
	return v;
}

static void find_scale(void)
{
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	if (!hz)
		hz = 62500000;
	mult = ((NSEC_PER_SEC << 32) + hz / 2) / hz;
	ticks_per_ns = (hz << 32) / NSEC_PER_SEC;
}

static ktime_t to_ns(u64 ticks)
{
	return (ktime_t)(((u128)ticks * mult) >> 32);
}

ktime_t arch_clock_ns(void)
{
	if (unlikely(!mult))
		find_scale();
	return to_ns(cycles_now());
}

u64 arch_clock_mult(void)
{
	return mult;
}

u64 arch_clock_hz(void)
{
	return hz;
}

static void set_control(u64 v)
{
	__asm__ volatile("msr cntv_ctl_el0, %0\n\tisb" ::"r"(v) : "memory");
}

/* By distance from now: what the fixed point loses stays below a tick for minutes, and one tick
 * more makes it late, not early. */
void arch_timer_arm(ktime_t when_ns)
{
	u64 now = cycles_now(), at = now;
	s64 left = when_ns - to_ns(now);

	if (when_ns == S64_MAX) {
		set_control(0);
		return;
	}
	if (left > 0)
		at += (u64)(((u128)(u64)left * ticks_per_ns) >> 32) + 1;
	__asm__ volatile("msr cntv_cval_el0, %0" ::"r"(at));
	set_control(CTL_ENABLE);
}

static void on_timer(u32 irq, void *arg)
{
	set_control(0);
	timer_interrupt();
}

static void find_interrupt(void)
{
	u32 irq;

	if (fdt_find_interrupt_of("arm,armv8-timer", PPI_VIRTUAL_INDEX, &irq) == 0)
		timer_irq = irq;
}

void arch_timer_init_cpu(void)
{
	set_control(0);
	if (this_cpu_id() == 0) {
		find_scale();
		find_interrupt();
		if (irq_request_percpu(timer_irq, "arch_timer", on_timer, NULL))
			panic("timer: interrupt %u is taken", timer_irq);
	}
	irq_enable_percpu(timer_irq);
}
