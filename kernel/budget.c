// SPDX-License-Identifier: MIT
/* budget.c - charges and limits, hierarchical.
 *
 * A charge adds to an atomic count in each budget from the thread's to the root, which is dear for
 * a page fault. So each CPU keeps a stock: units of one budget, charged already, given out and
 * taken back without any shared line. Another budget's thread empties it.
 *
 *	budget_charge():    stock has it -> take     else charge BATCH more, or exactly n     else refused
 *	budget_uncharge():  stock is of this budget -> put back, beyond 2 * BATCH give up BATCH     else off the counts
 *
 * Invariants: (1) used[k] of a budget = units given out + units in stock, its own and all below.
 * (2) used[k] <= limit[k] unless the limit fell since. (3) refs counts every unit charged directly,
 * the holders, and each CPU whose stock is of it; at 0 nobody can find it but through its number,
 * and nothing carries its number.
 *
 * CPU time and the bytes of disks are counted, not limited. Slab memory is not charged by page:
 * objects are. Kernel stacks go with threads.
 *
 * Locks: ids_lock [RANK_TASK], interrupts off; stock by interrupts off. Tests:
 * selftests/unit/budget_test.c, selftests/abi/budget.c
 */
#include <kernel/budget.h>

#include <arch/cpu.h>
#include <kernel/irq.h>
#include <kernel/lib/xarray.h>
#include <kernel/spinlock.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define CPU_BATCH_NS (16 * 1000 * 1000ul)
#define DISK_BATCH   (256 * 1024ul)

DEFINE_PER_CPU(struct budget_stock, budget_stock);
static struct spinlock ids_lock = SPINLOCK_INIT(RANK_TASK);
static struct xarray ids;	/* [ids_lock] writers; readers under RCU */

struct budget budget_root = {
	.id = 1,
	.limit = { ATOMIC_INIT(BUDGET_NO_LIMIT), ATOMIC_INIT(BUDGET_NO_LIMIT),
		   ATOMIC_INIT(BUDGET_NO_LIMIT) },
	.refs = ATOMIC_INIT(1),
};

void budget_init(void)
{
	xa_init(&ids, &vmo_xa_mem);
}

struct budget *budget_of(const struct task *t)
{
	return t->budget ? t->budget : &budget_root;
}

bool budget_within(const struct budget *b, const struct budget *top)
{
	while (b && b != top)
		b = b->parent;
	return b;
}

/* ---- life ---- */

int budget_create(struct budget *parent, struct budget **out)
{
	struct budget *b = knew(struct budget);
	irqflags_t irq;
	u32 k;
	u64 id;
	int err = -EAGAIN;

	if (!b)
		return -ENOMEM;
	for (k = 0; k < BUDGET_NR; k++)
		atomic_set(&b->limit[k], BUDGET_NO_LIMIT);
	atomic_set(&b->refs, 1);
	b->parent = parent;
	irq = spin_lock_irq(&ids_lock);
	if (xa_find_hole(&ids, 2, BUDGET_ID_MAX, &id)) {
		b->id = (u32)id;
		err = xa_store(&ids, id, b, NULL);
	}
	spin_unlock_irq(&ids_lock, irq);
	if (err) {
		kfree(b);
		return err;
	}
	budget_get(parent);
	*out = b;
	return 0;
}

static void destroy(struct rcu_head *h)
{
	struct budget *b = container_of(h, struct budget, rcu);
	irqflags_t irq = spin_lock_irq(&ids_lock);

	xa_erase(&ids, b->id);
	spin_unlock_irq(&ids_lock, irq);
	budget_put(b->parent);
	kfree(b);
}

static void put_refs(struct budget *b, u64 n)
{
	if (atomic_sub_return(&b->refs, n) == 0)
		call_rcu(&b->rcu, destroy);	/* not here: locks of any rank may be held */
}

/* The root stays: threads without end need not write to it. */
void budget_get(struct budget *b)
{
	if (b->parent)
		atomic_inc(&b->refs);
}

void budget_put(struct budget *b)
{
	if (b->parent)
		put_refs(b, 1);
}

/* ---- the counts ---- */

/* NULL, or the budget whose limit this would pass. */
static struct budget *charge_counts(struct budget *b, enum budget_kind kind, u32 n)
{
	struct budget *p, *undo;

	for (p = b; p; p = p->parent) {
		if (atomic_add_return(&p->used[kind], n) <= atomic_read(&p->limit[kind]))
			continue;
		for (undo = b; undo != p->parent; undo = undo->parent)
			atomic_sub(&undo->used[kind], n);
		return p;
	}
	atomic_add(&b->refs, n);
	return NULL;
}

static void uncharge_counts(struct budget *b, enum budget_kind kind, u32 n)
{
	struct budget *p;

	for (p = b; p; p = p->parent)
		atomic_sub(&p->used[kind], n);
	put_refs(b, n);
}

static void add_cpu_ns(struct budget *b, u64 ns)
{
	for (; b; b = b->parent)
		atomic_add(&b->cpu_ns, ns);
}

static void add_disk_bytes(struct budget *b, enum budget_io which, u64 n)
{
	for (; b; b = b->parent)
		atomic_add(&b->disk_bytes[which], n);
}

/* ---- a CPU's stock ---- */

static void empty(struct budget_stock *s)
{
	u32 k;

	if (!s->b)
		return;
	for (k = 0; k < BUDGET_NR_STOCKED; k++) {
		if (s->left[k])
			uncharge_counts(s->b, (enum budget_kind)k, s->left[k]);
		s->left[k] = 0;
	}
	add_cpu_ns(s->b, s->cpu_ns);
	s->cpu_ns = 0;
	for (k = 0; k < BUDGET_DISK_NR; k++) {
		add_disk_bytes(s->b, (enum budget_io)k, s->disk_bytes[k]);
		s->disk_bytes[k] = 0;
	}
	budget_put(s->b);
	s->b = NULL;
	s->id = 0;
}

/* Interrupts off. NULL, or whose limit this would pass. */
struct budget *budget_charge_slow(enum budget_kind kind, u32 n)
{
	struct budget *b = budget_of(current());
	struct budget_stock *s = this_cpu(budget_stock);

	if (kind >= BUDGET_NR_STOCKED)
		return charge_counts(b, kind, n);
	if (s->b != b) {
		empty(s);
		budget_get(b);
		s->b = b;
		s->id = b->id;
	}
	if (!charge_counts(b, kind, BUDGET_BATCH + n)) {
		s->left[kind] += BUDGET_BATCH;
		return NULL;
	}
	return charge_counts(b, kind, n);
}

/* Interrupts off. What it is to be taken from keeps the budget. */
void budget_uncharge_slow(u32 id, enum budget_kind kind, u32 n)
{
	struct budget_stock *s = this_cpu(budget_stock);
	struct budget *b = id == budget_root.id ? &budget_root : xa_load(&ids, id);

	if (s->b == b && kind < BUDGET_NR_STOCKED) {
		n += s->left[kind] - BUDGET_BATCH;
		s->left[kind] = BUDGET_BATCH;
	}
	uncharge_counts(b, kind, n);
}

static void drain_cpu(void *unused)
{
	irqflags_t irq = irq_save();

	(void)unused;
	empty(this_cpu(budget_stock));
	irq_restore(irq);
}

void budget_drain(void)
{
	cpu_call(cpu_online_mask, drain_cpu, NULL, true);
}

void budget_add_cpu_ns(const struct task *t, u64 ns)
{
	struct budget *b = budget_of(t);
	struct budget_stock *s = this_cpu(budget_stock);

	if (unlikely(s->b != b)) {
		add_cpu_ns(b, ns);
		return;
	}
	s->cpu_ns += ns;
	if (unlikely(s->cpu_ns >= CPU_BATCH_NS)) {
		add_cpu_ns(b, s->cpu_ns);
		s->cpu_ns = 0;
	}
}

void budget_count_io(enum budget_io which, u64 bytes)
{
	struct task *t = current();
	struct budget *b = budget_of(t);
	irqflags_t irq = irq_save();
	struct budget_stock *s = this_cpu(budget_stock);

	if (which == BUDGET_DISK_READ)
		t->io.disk_read += bytes;
	else
		t->io.disk_written += bytes;
	if (s->b == b && s->disk_bytes[which] + bytes < DISK_BATCH) {
		s->disk_bytes[which] += bytes;
		bytes = 0;
	}
	irq_restore(irq);
	if (bytes)
		add_disk_bytes(b, which, bytes);
}

/* ---- reading, limits, entering ---- */

void budget_set_limit(struct budget *b, enum budget_kind kind, u64 limit)
{
	atomic_set(&b->limit[kind], min(limit, BUDGET_NO_LIMIT));
}

/* What CPUs keep in stock of b and below is not used. */
u64 budget_used(struct budget *b, enum budget_kind kind)
{
	u64 used = atomic_read(&b->used[kind]), spare = 0;
	u32 cpu;

	if (kind >= BUDGET_NR_STOCKED)
		return used;
	rcu_read_lock();
	for_each_cpu(cpu) {
		struct budget_stock *s = per_cpu(budget_stock, cpu);
		struct budget *of = READ_ONCE(s->b);

		if (of && budget_within(of, b))
			spare += READ_ONCE(s->left[kind]);
	}
	rcu_read_unlock();
	return used > spare ? used - spare : 0;
}

u64 budget_cpu_ns(struct budget *b)
{
	return atomic_read(&b->cpu_ns);
}

u64 budget_disk_bytes(struct budget *b, enum budget_io which)
{
	return atomic_read(&b->disk_bytes[which]);
}

int budget_enter(struct budget *b)
{
	struct task *t = current();
	struct budget *old = budget_of(t);

	if (charge_counts(b, BUDGET_TASKS, 1))
		return -EAGAIN;
	budget_get(b);
	WRITE_ONCE(t->budget, b);
	uncharge_counts(old, BUDGET_TASKS, 1);
	budget_put(old);
	return 0;
}
