/* SPDX-License-Identifier: MIT */
/* fpu.h - the assembly that fpu.c drives (switch.S). */
#pragma once

#include "asm.h"

struct task;
struct fp_state;

struct task *cpu_switch(struct task *prev, struct task *next);
void thread_start(void);
void fp_regs_save(struct fp_state *dst);
void fp_regs_load(const struct fp_state *src);
