/* SPDX-License-Identifier: MIT */
/* cpu_int.h - between cpu.c, smp.c and mmu.c: bringing one CPU up. */
#pragma once

#include <kernel/lib/compiler.h>

struct thread_head;

/* The feature registers of this machine's boot CPU, as found. */
enum id_reg { ISAR0, ISAR1, ISAR2, PFR0, PFR1, MMFR0, MMFR1, MMFR2, NR_ID_REGS };
u64 cpu_id_reg(enum id_reg r);

void pac_boot_key(void);
void pac_kernel_key(struct thread_head *t);	/* a new thread's */
void cpu_init_local(u32 cpu);
bool cpu_matches_boot(void);
void crc_init(void);
/* TTBR0: no user space. */
void mmu_init_cpu(void);
