/* SPDX-License-Identifier: MIT */
/* budget.h - what a set of processes may use together: pages, kernel objects, threads; and what it
 * used: CPU time, disks.
 *
 * A tree with one root. A charge counts against the thread's budget and all above it, or fails and
 * counts nowhere. */
#pragma once

#include <arch/atomic.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <kernel/lib/compiler.h>
#include <kernel/rcu.h>
#include <kernel/task.h>

enum budget_kind {
	/* user memory, page cache, pipes, page tables; refused: somebody in the budget dies */
	BUDGET_PAGES,
	BUDGET_OBJECTS, /* open descriptions, and so what stands behind them; refused: -ENOMEM */
	BUDGET_TASKS,	/* threads; refused: -EAGAIN */
	BUDGET_NR
};

enum budget_io { BUDGET_DISK_READ, BUDGET_DISK_WRITTEN, BUDGET_DISK_NR };

#define BUDGET_NO_LIMIT (U64_MAX >> 1)
#define BUDGET_ID_MAX	4095u	/* what fits beside a page's order */

/* Locks: a  atomic   I  immutable after create */
struct budget {
	struct budget *parent;			/* [I] a reference; NULL: the root */
	/* [I] never 0. What a page and a description remember */
	u32 id;
	/* [a] with what CPUs keep in stock, and everything below */
	atomic64_t used[BUDGET_NR];
	atomic64_t limit[BUDGET_NR];		/* [a] */
	atomic64_t cpu_ns;			/* [a] */
	atomic64_t disk_bytes[BUDGET_DISK_NR];	/* [a] */
	/* [a] holders, and one for each unit that is charged to it directly */
	atomic64_t refs;
	struct rcu_head rcu;
};

extern struct budget budget_root;

void budget_init(void);
/* A child of parent without limits. -ENOMEM; -EAGAIN: no number is free. */
int __must_check budget_create(struct budget *parent, struct budget **out);
void budget_get(struct budget *b);
void budget_put(struct budget *b);
void budget_set_limit(struct budget *b, enum budget_kind kind, u64 limit);
/* In use without what CPUs have in stock. Others may be charging. */
u64 budget_used(struct budget *b, enum budget_kind kind);
u64 budget_cpu_ns(struct budget *b);
u64 budget_disk_bytes(struct budget *b, enum budget_io which);
/* Is b this one or below it? */
bool budget_within(const struct budget *b, const struct budget *top);
struct budget *budget_of(const struct task *t);

#define BUDGET_BATCH	 64u
#define BUDGET_NR_STOCKED 2u		/* pages and objects; threads are counted one by one */

/* What a CPU has in stock, charged already. Interrupts off. */
struct budget_stock {
	struct budget *b;		/* a reference; NULL: none yet */
	u32 id;				/* of b */
	u32 left[BUDGET_NR_STOCKED];
	u64 cpu_ns;
	u64 disk_bytes[BUDGET_DISK_NR];
};

DECLARE_PER_CPU(struct budget_stock, budget_stock);

struct budget *budget_charge_slow(enum budget_kind kind, u32 n);
void budget_uncharge_slow(u32 id, enum budget_kind kind, u32 n);

/* Charges n units to the current thread's budget: its id, or 0 when it would pass a limit; *full
 * (may be NULL) is then whose. Any context. */
static inline u32 budget_charge(enum budget_kind kind, u32 n, struct budget **full)
{
	irqflags_t irq = irq_save();
	struct budget_stock *s = this_cpu(budget_stock);
	struct budget *b = current()->budget, *refused = NULL;

	if (likely(kind < BUDGET_NR_STOCKED && s->b == b && s->left[kind] >= n))
		s->left[kind] -= n;
	else
		refused = budget_charge_slow(kind, n);
	irq_restore(irq);
	if (unlikely(refused)) {
		if (full)
			*full = refused;
		return 0;
	}
	return b ? b->id : 1;
}

/* Interrupts off. */
static inline void budget_uncharge_here(u32 id, enum budget_kind kind, u32 n)
{
	struct budget_stock *s = this_cpu(budget_stock);

	if (likely(kind < BUDGET_NR_STOCKED && s->id == id &&
		   s->left[kind] + n <= 2 * BUDGET_BATCH))
		s->left[kind] += n;
	else
		budget_uncharge_slow(id, kind, n);
}

static inline void budget_uncharge(u32 id, enum budget_kind kind, u32 n)
{
	irqflags_t irq = irq_save();

	budget_uncharge_here(id, kind, n);
	irq_restore(irq);
}

/* A charge was refused: gives back what CPUs keep in stock. May not be called with interrupts or
 * preemption off. */
void budget_drain(void);
/* CPU time of t. Interrupts off. */
void budget_add_cpu_ns(const struct task *t, u64 ns);
/* The current thread made a device read, or pages dirty that a device will be given. */
void budget_count_io(enum budget_io which, u64 bytes);
/* The current thread and its future children use b from now on. -EAGAIN: b allows no more
 * threads. */
int __must_check budget_enter(struct budget *b);
