/* SPDX-License-Identifier: MIT */
/* irqflags.h - the fake: a host process has no interrupts, but code may ask whether they are
 * masked. */
#pragma once

#include <kernel/lib/compiler.h>

typedef u64 irqflags_t;

extern irqflags_t host_irqs_masked;

static inline irqflags_t irq_save(void)
{
	irqflags_t was = host_irqs_masked;

	host_irqs_masked = 1;
	return was;
}

static inline void irq_restore(irqflags_t f)
{
	host_irqs_masked = f;
}

static inline void irq_enable(void)
{
	host_irqs_masked = 0;
}

static inline void irq_disable(void)
{
	host_irqs_masked = 1;
}

static inline bool irqs_disabled(void)
{
	return host_irqs_masked;
}
