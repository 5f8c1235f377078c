/* SPDX-License-Identifier: MIT */
/* irqflags.h - masking interrupts on this CPU (PSTATE.I and .F). Ref: Arm ARM C5.2.2 (DAIF). */
#pragma once

#include <kernel/lib/compiler.h>

typedef u64 irqflags_t;

#define IRQFLAGS_OFF (1u << 7)	/* in what irq_save() returns: they were off already */

static inline irqflags_t irq_save(void)
{
	irqflags_t f;

	__asm__ volatile("mrs %0, daif\n\tmsr daifset, #3" : "=r"(f)::"memory");
	return f;
}

static inline void irq_restore(irqflags_t f)
{
	__asm__ volatile("msr daif, %0" ::"r"(f) : "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #3" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #3" ::: "memory");
}

static inline bool irqs_disabled(void)
{
	u64 f;

	__asm__ volatile("mrs %0, daif" : "=r"(f));
	return f & (1 << 7);
}
