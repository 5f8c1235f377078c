/* SPDX-License-Identifier: MIT */
/* irq.c - from the controller's number to a handler; bottom halves; calls to other CPUs.
 *
 * One controller, one handler an interrupt. irq_dispatch() handles everything that is pending,
 * then, when it is the outermost interrupt of this CPU and the interrupted code was not a bottom
 * half, runs bottom halves with interrupts on, a bounded number of rounds; what is left then is
 * done by this CPU's ksoftirqd thread, so that threads get their turn.
 *
 * Invariants: (1) a bottom half never nests in another on one CPU, and never sleeps (preemption is
 * off). (2) a raised bottom half runs soon: raise in thread context sends this CPU an interrupt.
 * Locks: irq_lock (RANK_IRQ) for the table's writers; dispatch reads it without: entries are
 * published whole and freed after a grace period of all CPUs' interrupts (irq_free waits by
 * cpu_call). cpu_call() takes none: each CPU has one call of its own at a time, and calls of
 * several CPUs go on at once, also to each other (interrupts are on while waiting). Barriers: (A)
 * cpu_call stores fn, arg, pending, then its bit in called (release); (B) the called CPU takes
 * called (acquire), then reads fn.
 * Tests: selftests/ktest/irq.c, lock.c
 */
#include <kernel/irq.h>

#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <kernel/bh.h>
#include <kernel/lib/fmt.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/spinlock.h>
#include <kernel/task.h>
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
static DEFINE_PER_CPU(u64[SOFTIRQ_NR + 1], softirq_runs);
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

u64 softirq_count(u32 n, u32 cpu)
{
	return (*per_cpu(softirq_runs, cpu))[n];
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

/* What a bounded number of rounds left goes on in a thread, which shares the CPU with the
 * others. */
static DEFINE_PER_CPU(struct waitq, thread_wait);
static DEFINE_PER_CPU(u64, thread_runs);
static bool threads_ready __ro_after_init;

static void wake_thread(void)
{
	if (likely(threads_ready))
		waitq_wake_all(this_cpu(thread_wait));
	else
		irq_send_ipi(this_cpu_id(), IPI_RESCHED);
}

/* Interrupts off on entry and exit. */
static void run_softirqs(void)
{
	u32 *pending = this_cpu(softirq_pending), before = lock_rank_enter_bh();

	*this_cpu(softirq_running) = true;
	bh_disable();
	for (u32 round = 0; *pending && round < SOFTIRQ_ROUNDS; round++) {
		u32 now = *pending;

		*pending = 0;
		irq_enable();
		for (; now; now &= now - 1) {
			(*this_cpu(softirq_runs))[__builtin_ctz(now)]++;
			softirq_fn[__builtin_ctz(now)]();
		}
		irq_disable();
	}
	current_head()->preempt_count -= BH_ONE;
	*this_cpu(softirq_running) = false;
	lock_rank_leave_bh(before);
	if (*pending)
		wake_thread();
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

static void softirq_thread(void *cpu)
{
	struct waitq *q = per_cpu(thread_wait, (u64)cpu);

	for (;;) {
		int err = waitq_wait(q, softirq_pending_here(), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);

		(void)err;
		*this_cpu(thread_runs) += 1;
		bh_run_pending();
		schedule();
	}
}

void softirq_threads_init(void)
{
	char name[TASK_COMM_LEN];
	u32 cpu;

	for_each_cpu(cpu)
		waitq_init(per_cpu(thread_wait, cpu));
	for_each_cpu(cpu) {
		fmt_print(name, sizeof(name), "ksoftirqd/%u", cpu);
		if (!task_create_kernel(softirq_thread, (void *)(u64)cpu, name, cpu))
			panic("no memory for the bottom halves' threads");
	}
	threads_ready = true;
}

u64 softirq_thread_runs(u32 cpu)
{
	return READ_ONCE(*per_cpu(thread_runs, cpu));
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

static const char *const ipi_names[IPI_NR] = { "Rescheduling interrupts",
					       "Function call interrupts", "CPU stop interrupts" };

void irq_for_each(void (*fn)(u32 irq, const char *name, const u64 *per_cpu_counts, void *arg),
		  void *arg)
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

/* A CPU's own call, which stands in the queues of those it is for: a bit in their called word, one
 * for each caller. */
struct cpu_call {
	void (*fn)(void *);
	void *arg;
	u64 pending;			/* [a] CPUs that have yet to run it */
} __aligned(64);

static DEFINE_PER_CPU(struct cpu_call, own_call);
static DEFINE_PER_CPU(u64, called);	/* [a] CPUs whose call is to be run here */

static void wait_called(const struct cpu_call *c)
{
	while (__atomic_load_n(&c->pending, __ATOMIC_ACQUIRE))
		cpu_relax();
}

void cpu_call(u64 mask, void (*fn)(void *), void *arg, bool wait)
{
	u64 me, others, left;
	struct cpu_call *c;
	irqflags_t irq;

	debug_assert(!in_interrupt());
	preempt_disable();
	me = BIT(this_cpu_id());
	c = this_cpu(own_call);
	wait_called(c);		/* the last one, if nobody waited for it */
	others = mask & cpu_online_mask & ~me;
	c->fn = fn;
	c->arg = arg;
	__atomic_store_n(&c->pending, others, __ATOMIC_RELAXED);
	for (left = others; left; left &= left - 1)
		/* (A) */
		__atomic_fetch_or(per_cpu(called, __builtin_ctzl(left)), me, __ATOMIC_RELEASE);
	ipi_send_mask(others, IPI_CALL);
	if (mask & me) {
		irq = irq_save();
		fn(arg);
		irq_restore(irq);
	}
	if (wait)
		wait_called(c);
	preempt_enable();
}

static void run_calls(void)
{
	/* (B) */
	u64 me = BIT(this_cpu_id()),
	    from = __atomic_exchange_n(this_cpu(called), 0, __ATOMIC_ACQUIRE);

	for (; from; from &= from - 1) {
		struct cpu_call *c = per_cpu(own_call, __builtin_ctzl(from));

		c->fn(c->arg);
		__atomic_fetch_and(&c->pending, ~me, __ATOMIC_RELEASE);
	}
}

void ipi_dispatch(u32 kind)
{
	u64 me = BIT(this_cpu_id());

	if (kind < IPI_NR)
		ipi_counts[kind][this_cpu_id()]++;
	switch (kind) {
	case IPI_CALL:
		run_calls();
		break;
	case IPI_STOP:
		__atomic_fetch_and(&cpu_online_mask, ~me, __ATOMIC_RELAXED);
		cpu_halt();
	default:	/* IPI_RESCHED: the way out looks at thread_head.work */
		break;
	}
}
