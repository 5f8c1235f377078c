/* SPDX-License-Identifier: MIT */
/* barrier.h - memory ordering. Every use outside a lock names its pair: (A) here, (B) there.
 * Ref: Arm ARM DDI0487 B2.3 (memory ordering), B2.7.3 (DMB, DSB), C6 (LDAR, STLR). */
#pragma once

#include <kernel/lib/compiler.h>

#define isb()	   __asm__ volatile("isb" ::: "memory")
#define dsb(scope) __asm__ volatile("dsb " #scope ::: "memory")
#define dmb(scope) __asm__ volatile("dmb " #scope ::: "memory")

#define smp_mb()  dmb(ish)
#define smp_rmb() dmb(ishld)
#define smp_wmb() dmb(ishst)

/* Towards devices that read and write RAM. */
#define dma_mb()  dmb(osh)
#define dma_rmb() dmb(oshld)
#define dma_wmb() dmb(oshst)

#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}
