/* SPDX-License-Identifier: MIT */
/* atomic.h - counters and words that several CPUs change. Plain names are relaxed; _acquire,
 * _release and _full say otherwise. Built on the compiler's atomics, so the host runs the same
 * header. Ref: Arm ARM B2.9 (exclusives). */
#pragma once

#include <kernel/lib/compiler.h>

typedef struct {
	u32 v;
} atomic_t;
typedef struct {
	u64 v;
} atomic64_t;

#define ATOMIC_INIT(n) { (n) }

/* CONFIG_DEBUG_LOCKS: which lines a test's code wrote through here and through locks
 * (kernel/lock.c). */
#ifdef CONFIG_DEBUG_LOCKS
extern bool write_log_on;
void write_log_add(const void *p);
#define note_write(p) (__builtin_expect(write_log_on, 0) ? write_log_add(p) : (void)0)
#else
#define note_write(p) ((void)0)
#endif

#define atomic_read(a)		((__typeof__((a)->v))__atomic_load_n(&(a)->v, __ATOMIC_RELAXED))
#define atomic_read_acquire(a)	((__typeof__((a)->v))__atomic_load_n(&(a)->v, __ATOMIC_ACQUIRE))
#define atomic_set(a, n)	__atomic_store_n(&(a)->v, n, __ATOMIC_RELAXED)
#define atomic_set_release(a, n) __atomic_store_n(&(a)->v, n, __ATOMIC_RELEASE)
#define atomic_add(a, n)	(note_write(a), (void)__atomic_fetch_add(&(a)->v, n, __ATOMIC_RELAXED))
#define atomic_sub(a, n)	(note_write(a), (void)__atomic_fetch_sub(&(a)->v, n, __ATOMIC_RELAXED))
#define atomic_inc(a)		atomic_add(a, 1)
#define atomic_dec(a)		atomic_sub(a, 1)
#define atomic_or(a, n)		(note_write(a), (void)__atomic_fetch_or(&(a)->v, n, __ATOMIC_RELAXED))
#define atomic_and(a, n)	(note_write(a), (void)__atomic_fetch_and(&(a)->v, n, __ATOMIC_RELAXED))
/* Fully ordered; return the new value. */
#define atomic_add_return(a, n) (note_write(a), __atomic_add_fetch(&(a)->v, n, __ATOMIC_SEQ_CST))
#define atomic_sub_return(a, n) (note_write(a), __atomic_sub_fetch(&(a)->v, n, __ATOMIC_SEQ_CST))
#define atomic_fetch_or_full(a, n) __atomic_fetch_or(&(a)->v, n, __ATOMIC_SEQ_CST)
#define atomic_xchg(a, n)	__atomic_exchange_n(&(a)->v, n, __ATOMIC_SEQ_CST)
/* True when *a was old (else *old_ptr holds what it was) and became n. Fully ordered. */
#define atomic_cmpxchg(a, old_ptr, n)							\
	__atomic_compare_exchange_n(&(a)->v, old_ptr, n, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

/* The same on plain words. */
#define xchg(p, n)		__atomic_exchange_n(p, n, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old_ptr, n)								\
	__atomic_compare_exchange_n(p, old_ptr, n, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

/* Reference counts: inc is relaxed (the caller holds one), the last dec acquires what all others
 * released. */
static inline void ref_init(atomic_t *r, u32 n)
{
	atomic_set(r, n);
}

static inline void ref_get(atomic_t *r)
{
	atomic_inc(r);
}

/* For tables: takes a reference unless the count already fell to zero. */
static inline __must_check bool ref_tryget(atomic_t *r)
{
	u32 old = atomic_read(r);

	note_write(r);
	do {
		if (old == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&r->v, &old, old + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

/* True when this was the last reference. */
static inline __must_check bool ref_put(atomic_t *r)
{
	note_write(r);
	if (__atomic_fetch_sub(&r->v, 1, __ATOMIC_RELEASE) != 1)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return true;
}
