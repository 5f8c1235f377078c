/* SPDX-License-Identifier: MIT */
/* cpu_int.h - between cpu.c, smp.c and mmu.c: bringing one CPU up. */
#pragma once

#include <kernel/lib/compiler.h>

void cpu_init_local(u32 cpu);
bool cpu_matches_boot(void);
/* TTBR0: no user space. */
void mmu_init_cpu(void);
