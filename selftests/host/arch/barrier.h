/* SPDX-License-Identifier: MIT */
/* barrier.h - the fake: the compiler's full fence for everything. */
#pragma once

#include <kernel/lib/compiler.h>

#define isb()	   barrier()
#define dsb(scope) __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define dmb(scope) __atomic_thread_fence(__ATOMIC_SEQ_CST)

#define smp_mb()  dmb(ish)
#define smp_rmb() dmb(ishld)
#define smp_wmb() dmb(ishst)
#define dma_mb()  dmb(osh)
#define dma_rmb() dmb(oshld)
#define dma_wmb() dmb(oshst)

#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

static inline void cpu_relax(void)
{
	barrier();
}
