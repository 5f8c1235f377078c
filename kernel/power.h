/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

enum power_end { POWER_OFF, POWER_RESET, POWER_HALT };

/* Ends the machine in order: other CPUs stop, devices are quiesced, console output is out. Context:
 * may sleep. */
__noreturn void power_end(enum power_end how);
/* Set at boot by drivers/: devices do no DMA afterwards. */
extern void (*power_quiesce_hook)(void);
