/* SPDX-License-Identifier: MIT */
/* irq.h - interrupts: numbers, handlers, the controller behind them; bottom halves on the way
 * out. */
#pragma once

#include <kernel/lib/compiler.h>

struct trap_frame;

enum irq_trigger { IRQ_LEVEL_HIGH, IRQ_EDGE_RISING };

/* The one interrupt controller of the machine, registered by its driver. All calls with interrupts
 * off on some CPU. */
struct irq_chip {
	const char *name;
	u32 nr_irqs;
	void (*init_cpu)(void);				/* on each CPU */
	u32 (*ack)(void);				/* INTID, or IRQ_NONE */
	void (*eoi)(u32 irq);
	void (*mask)(u32 irq);
	void (*unmask)(u32 irq);
	void (*configure)(u32 irq, enum irq_trigger t);
	int (*set_affinity)(u32 irq, u32 cpu);		/* NULL: not possible */
	void (*send_ipi)(u32 cpu, u32 kind);		/* SGI kind */
};
#define IRQ_NONE U32_MAX

void irq_chip_register(const struct irq_chip *chip);
void irq_init_cpu(void);			/* secondaries: the registered chip's init_cpu */
void irq_send_ipi(u32 cpu, u32 kind);

typedef void irq_handler(u32 irq, void *arg);	/* interrupts off, no sleeping */
/* -EBUSY, -EINVAL, -ENOMEM. The line is unmasked on return. Context: may sleep. */
int __must_check irq_request(u32 irq, enum irq_trigger t, const char *name, irq_handler *fn,
			     void *arg);
/* Per-CPU lines (timer): requested once, enabled on each CPU by itself. */
int __must_check irq_request_percpu(u32 irq, const char *name, irq_handler *fn, void *arg);
void irq_enable_percpu(u32 irq);
void irq_free(u32 irq, void *arg);

/* Bottom halves: bounded work that runs when the outermost interrupt returns, interrupts on, no
 * sleeping. */
enum softirq {
	SOFTIRQ_TIMER,
	SOFTIRQ_RCU,
	SOFTIRQ_NET_RX,
	SOFTIRQ_NET_TX,
	SOFTIRQ_BLOCK,
	SOFTIRQ_TEST,
	SOFTIRQ_NR
};
void softirq_register(enum softirq n, void (*fn)(void));
void softirq_raise(enum softirq n);		/* on this CPU; any context */
/* boot, once threads can be made and all CPUs are up */
void softirq_threads_init(void);
u64 softirq_count(u32 n, u32 cpu);		/* how often it ran there; 0 for SOFTIRQ_NR */
u64 softirq_thread_runs(u32 cpu);		/* how often its thread had to help: for tests */
bool in_interrupt(void);
bool irq_was_user(void);		/* in a handler: the interrupt came from user code */

/* Runs fn(arg) on every CPU of mask and waits (wait) until all have. Context: interrupts on, no
 * spinlock below RANK_IRQ. */
void cpu_call(u64 mask, void (*fn)(void *), void *arg, bool wait);

/* /proc/interrupts */
void irq_for_each(void (*fn)(u32 irq, const char *name, const u64 *per_cpu_counts, void *arg),
		  void *arg);
