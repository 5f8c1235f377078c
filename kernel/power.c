/* SPDX-License-Identifier: MIT */
/* power.c - the orderly end. Ref: reboot(2), PSCI (Arm DEN 0022) SYSTEM_OFF, SYSTEM_RESET. Tests:
 * every scripts/run. */
#include <kernel/power.h>

#include <arch/cpu.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>

void (*power_quiesce_hook)(void);

void power_end(enum power_end how)
{
	if (power_quiesce_hook)
		power_quiesce_hook();
	preempt_disable();
	ipi_send_mask(cpu_online_mask & ~BIT(this_cpu_id()), IPI_STOP);
	switch (how) {
	case POWER_OFF:	  machine_power_off();
	case POWER_RESET: machine_reset();
	case POWER_HALT:  break;
	}
	cpu_halt();
}
