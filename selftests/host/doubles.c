/* SPDX-License-Identifier: MIT */
/* doubles.c - what kernel sources call and a host process does not have, in its simplest form:
 * memory from malloc (so ASan sees it), a log that prints, one thread with interrupts as a
 * variable. Weak: a test that compiles the real module, or wants a cleverer double, brings its
 * own. */
#include "host.h"

#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/thread.h>
#include <fs/flushpoint.h>
#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/mutex.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <mm/slab.h>
#include <net/mib.h>

#define DOUBLE __attribute__((weak))

static struct task the_thread;
struct thread_head *host_current = &the_thread.head;
irqflags_t host_irqs_masked;
u64 host_vmemmap, host_linear = LINEAR_BASE;

DOUBLE u32 flush_skip;		/* fs/blkflush.c */
DOUBLE DEFINE_PER_CPU(struct mib_counts, mib_counts);	/* net/mib.c */

/* --- log */
DOUBLE void log_print(enum log_level level, const char *tag, const char *fmt, ...)
{
	__builtin_va_list args;

	(void)tag;
	if (level > LOG_WARNING)
		return;
	__builtin_va_start(args, fmt);
	host_print(fmt, args);
	__builtin_va_end(args);
}

DOUBLE void panic(const char *fmt, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, fmt);
	host_panic(fmt, args);
}

DOUBLE void log_warn_here(const char *what, const char *file, int line)
{
	panic("warning: %s, %s:%d", what, file, line);
}

DOUBLE void budget_count_io(enum budget_io which, u64 bytes)
{
	*(which == BUDGET_DISK_READ ? &current()->io.disk_read
				    : &current()->io.disk_written) += bytes;
}

/* --- memory */
struct slab_cache {
	usize size, align;
};

DOUBLE struct slab_cache *slab_cache_create(const char *name, usize size, usize align)
{
	static struct slab_cache caches[64];
	static u32 n;

	(void)name;
	assert(n < ARRAY_SIZE(caches));
	caches[n] = (struct slab_cache){ size, align };
	return &caches[n++];
}

DOUBLE void *slab_alloc(struct slab_cache *c, u32 how)
{
	return host_alloc(c->size, c->align, how & PAGE_ZEROED);
}

DOUBLE void slab_free(struct slab_cache *c, void *p)
{
	(void)c;
	host_free(p);
}

DOUBLE void *kmalloc(usize size, u32 how)
{
	return host_alloc(size, 0, how & PAGE_ZEROED);
}

DOUBLE void *kzalloc(usize size)
{
	return host_alloc(size, 0, true);
}

DOUBLE void *kcalloc(usize n, usize size)
{
	usize bytes;

	return mul_of(n, size, &bytes) ? NULL : kzalloc(bytes);
}

DOUBLE void kfree(const void *p)
{
	host_free((void *)p);
}

DOUBLE usize ksize(const void *p)
{
	return host_alloc_size(p);
}

DOUBLE void *krealloc(void *p, usize size)
{
	void *n = kmalloc(size, 0);

	if (n && p) {
		memcpy(n, p, min(ksize(p), size));
		kfree(p);
	}
	return n;
}

/* --- RCU: nobody reads while somebody frees */
DOUBLE void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	fn(head);
}

/* --- one thread: a lock that is taken stays taken */
DOUBLE void spin_lock_slow(struct spinlock *l);
DOUBLE void spin_lock_slow(struct spinlock *l)
{
	(void)l;
	panic("a spinlock is taken twice");
}

DOUBLE void mutex_init(struct mutex *m, enum lock_rank rank)
{
	atomic_set(&m->state, 0);
	m->rank = rank;
}

DOUBLE void mutex_lock(struct mutex *m)
{
	if (atomic_xchg(&m->state, 1))
		panic("a mutex is taken twice");
}

DOUBLE void mutex_unlock(struct mutex *m)
{
	if (!atomic_xchg(&m->state, 0))
		panic("a mutex is given back twice");
}

/* --- waiting: nobody else can make the condition true */
DOUBLE void waitq_init(struct waitq *q)
{
	list_init(&q->sleepers);
}

DOUBLE void waitq_wake_all(struct waitq *q)
{
	(void)q;
}

DOUBLE void waitq_wake_one(struct waitq *q)
{
	(void)q;
}

DOUBLE void waitq_enter(struct wait_entry *e, struct waitq *q, enum wait_mode mode, bool exclusive)
{
	(void)e, (void)q, (void)mode, (void)exclusive;
}

DOUBLE int waitq_block(struct wait_entry *e, ktime_t deadline)
{
	(void)e;
	if (deadline == WAIT_FOREVER)
		panic("this would sleep for ever");
	return -ETIMEDOUT;
}

DOUBLE void waitq_exit(struct wait_entry *e, bool pass_on)
{
	(void)e, (void)pass_on;
}

DOUBLE ktime_t clock_monotonic(void)
{
	return host_now_ns();
}

DOUBLE void preempt_schedule(void);
DOUBLE void preempt_schedule(void)
{
}
