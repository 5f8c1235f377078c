/* SPDX-License-Identifier: MIT */
/* irq.c - from the controller's number to a handler; bottom halves; calls to other CPUs.
 *
 * One controller, one handler an interrupt. irq_dispatch() handles everything that is pending, then, when it is the outermost interrupt of
 * this CPU and the interrupted code was not a bottom half, runs bottom halves with interrupts on, a bounded number of rounds; what is
 * left then waits for the interrupt that softirq_again() sends to ourselves.
 *
 * Invariants: (1) a bottom half never nests in another on one CPU, and never sleeps (preemption is off). (2) a raised bottom half runs soon:
 * raise in thread context sends this CPU an interrupt.
 * Locks: irq_lock (RANK_IRQ) for the table's writers; dispatch reads it without: entries are published whole and freed after a grace
 * period of all CPUs' interrupts (irq_free waits by cpu_call). call.lock (RANK_CPU_CALL): one cpu_call() at a time.
 * Barriers: (A) cpu_call stores fn, arg, then the pending mask (release); (B) the called CPU loads the mask (acquire), then fn.
 */
#include <kernel/irq.h>

#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <kernel/bh.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <kernel/trap.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define NR_IRQS	       1020
#define NR_SGI	       16
#define SOFTIRQ_ROUNDS 8

struct irq_desc {
	irq_handler *fn;
	void *arg;
	const char *name;
	bool percpu;
	u64 counts[MAX_CPUS];
};

static const struct irq_chip *chip __ro_after_init;
static struct irq_desc *table[NR_IRQS];
static struct spinlock irq_lock = SPINLOCK_INIT(RANK_IRQ);
static u64 ipi_counts[IPI_NR][MAX_CPUS];
static u64 spurious;

static DEFINE_PER_CPU(u32, irq_depth);
static DEFINE_PER_CPU(bool, from_user);
static DEFINE_PER_CPU(u32, softirq_pending);
static DEFINE_PER_CPU(bool, softirq_running);
static void (*softirq_fn[SOFTIRQ_NR])(void);

void irq_chip_register(const struct irq_chip *c)
{
	assert(!chip);
	chip = c;
	pr_info("irq: %s, %u interrupts", c->name, c->nr_irqs);
	irq_init_cpu();
}

void irq_init_cpu(void)
{
	chip->init_cpu();
}

void irq_send_ipi(u32 cpu, u32 kind)
{
	if (likely(chip))
		chip->send_ipi(cpu, kind);
}

bool in_interrupt(void)
{
	irqflags_t irq = irq_save();
	bool in = *this_cpu(irq_depth) || *this_cpu(softirq_running);

	irq_restore(irq);
	return in;
}

bool irq_was_user(void)
{
	return *this_cpu(from_user);
}

/* ---- bottom halves ---- */

void softirq_register(enum softirq n, void (*fn)(void))
{
	softirq_fn[n] = fn;
}

void softirq_raise(enum softirq n)
{
	irqflags_t irq = irq_save();
	u32 *pending = this_cpu(softirq_pending);
	bool outside = !*this_cpu(irq_depth) && !in_bh() && !*pending;	/* bh_enable() looks */

	*pending |= 1u << n;
	if (outside)
		irq_send_ipi(this_cpu_id(), IPI_RESCHED);	/* (2) */
	irq_restore(irq);
}

/* Interrupts off on entry and exit. */
static void run_softirqs(void)
{
	u32 *pending = this_cpu(softirq_pending);

	*this_cpu(softirq_running) = true;
	bh_disable();
	for (u32 round = 0; *pending && round < SOFTIRQ_ROUNDS; round++) {
		u32 now = *pending;

		*pending = 0;
		irq_enable();
		for (; now; now &= now - 1)
			softirq_fn[__builtin_ctz(now)]();
		irq_disable();
	}
	current_head()->preempt_count -= BH_ONE;
	*this_cpu(softirq_running) = false;
	if (*pending)
		irq_send_ipi(this_cpu_id(), IPI_RESCHED);
}

bool softirq_pending_here(void)
{
	return READ_ONCE(*this_cpu(softirq_pending)) != 0;
}

void bh_run_pending(void)
{
	irqflags_t irq = irq_save();

	if (*this_cpu(softirq_pending) && !*this_cpu(irq_depth) && !*this_cpu(softirq_running))
		run_softirqs();
	irq_restore(irq);
}

/* ---- dispatch ---- */

static void handle(u32 irq)
{
	struct irq_desc *d = irq < NR_IRQS ? __atomic_load_n(&table[irq], __ATOMIC_ACQUIRE) : NULL;

	if (likely(d)) {
		d->counts[this_cpu_id()]++;
		d->fn(irq, d->arg);
	} else {
		spurious++;
		chip->mask(irq);
	}
	chip->eoi(irq);
}

void irq_dispatch(struct trap_frame *f)
{
	u32 *depth = this_cpu(irq_depth), irq;

	++*depth;
	*this_cpu(from_user) = frame_is_user(f);
	while ((irq = chip->ack()) != IRQ_NONE) {
		if (irq < NR_SGI) {
			chip->eoi(irq);
			ipi_dispatch(irq);
		} else {
			handle(irq);
		}
	}
	if (--*depth == 0 && !*this_cpu(softirq_running)) {
		if (*this_cpu(softirq_pending) && !in_bh())
			run_softirqs();
		log_wake_readers();
	}
}

/* ---- descriptors ---- */

static int install(u32 irq, const char *name, irq_handler *fn, void *arg, bool percpu)
{
	struct irq_desc *d;
	irqflags_t flags;
	int err = 0;

	if (!chip || irq < NR_SGI || irq >= min(chip->nr_irqs, (u32)NR_IRQS))
		return -EINVAL;
	d = knew(struct irq_desc);
	if (!d)
		return -ENOMEM;
	d->fn = fn;
	d->arg = arg;
	d->name = name;
	d->percpu = percpu;
	flags = spin_lock_irq(&irq_lock);
	if (table[irq])
		err = -EBUSY;
	else
		smp_store_release(&table[irq], d);
	spin_unlock_irq(&irq_lock, flags);
	if (err)
		kfree(d);
	return err;
}

int irq_request(u32 irq, enum irq_trigger t, const char *name, irq_handler *fn, void *arg)
{
	irqflags_t flags;
	int err = install(irq, name, fn, arg, false);

	if (err)
		return err;
	flags = irq_save();
	chip->configure(irq, t);
	chip->unmask(irq);
	irq_restore(flags);
	return 0;
}

int irq_request_percpu(u32 irq, const char *name, irq_handler *fn, void *arg)
{
	return install(irq, name, fn, arg, true);
}

void irq_enable_percpu(u32 irq)
{
	irqflags_t flags = irq_save();

	chip->unmask(irq);
	irq_restore(flags);
}

static void do_nothing(void *arg)
{
}

void irq_free(u32 irq, void *arg)
{
	irqflags_t flags = spin_lock_irq(&irq_lock);
	struct irq_desc *d = table[irq];

	assert(d && d->arg == arg);
	chip->mask(irq);
	table[irq] = NULL;
	spin_unlock_irq(&irq_lock, flags);
	cpu_call(cpu_online_mask, do_nothing, NULL, true);	/* no CPU is in the handler now */
	kfree(d);
}

static const char *const ipi_names[IPI_NR] = { "Rescheduling interrupts", "Function call interrupts", "CPU stop interrupts" };

void irq_for_each(void (*fn)(u32 irq, const char *name, const u64 *per_cpu_counts, void *arg), void *arg)
{
	for (u32 i = 0; i < IPI_NR; i++)
		fn(i, ipi_names[i], ipi_counts[i], arg);
	for (u32 i = NR_SGI; i < NR_IRQS; i++) {
		struct irq_desc *d = __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);

		if (d)
			fn(i, d->name, d->counts, arg);
	}
}

/* ---- other CPUs ---- */

static struct {
	struct spinlock lock;		/* one call at a time */
	void (*fn)(void *);
	void *arg;
	u64 pending;			/* [a] CPUs that have yet to run it */
} call = { .lock = SPINLOCK_INIT(RANK_CPU_CALL) };

static void wait_called(void)
{
	while (__atomic_load_n(&call.pending, __ATOMIC_ACQUIRE))
		cpu_relax();
}

void cpu_call(u64 mask, void (*fn)(void *), void *arg, bool wait)
{
	u64 me, others;
	irqflags_t irq;

	spin_lock(&call.lock);
	wait_called();		/* a call that its caller did not wait for */
	me = BIT(this_cpu_id());
	others = mask & cpu_online_mask & ~me;
	call.fn = fn;
	call.arg = arg;
	smp_store_release(&call.pending, others);	/* (A) */
	ipi_send_mask(others, IPI_CALL);
	if (mask & me) {
		irq = irq_save();
		fn(arg);
		irq_restore(irq);
	}
	if (wait)
		wait_called();
	spin_unlock(&call.lock);
}

void ipi_dispatch(u32 kind)
{
	u64 me = BIT(this_cpu_id());

	if (kind < IPI_NR)
		ipi_counts[kind][this_cpu_id()]++;
	switch (kind) {
	case IPI_CALL:
		if (__atomic_load_n(&call.pending, __ATOMIC_ACQUIRE) & me) {	/* (B) */
			call.fn(call.arg);
			__atomic_fetch_and(&call.pending, ~me, __ATOMIC_RELEASE);
		}
		break;
	case IPI_STOP:
		__atomic_fetch_and(&cpu_online_mask, ~me, __ATOMIC_RELAXED);
		cpu_halt();
	default:	/* IPI_RESCHED: the way out looks at thread_head.work */
		break;
	}
}
