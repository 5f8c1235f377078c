/* SPDX-License-Identifier: MIT */
/* asid.h - address space identifiers with generations. Pure: the host tests compile it. */
#pragma once

#include <arch/atomic.h>
#include <arch/percpu.h>
#include <kernel/lib/compiler.h>

/* An ASID as an arch_mm keeps it: generation above ASID_BITS_MAX bits, number below. 0: none. */
#define ASID_BITS_MAX 16
#define ASID_NUMBER(a) ((a) & (BIT(ASID_BITS_MAX) - 1))

/* Locks: l  the caller's lock around asid_get()   a  atomic */
struct asid_pool {
	u64 generation;				/* [l] written; read anywhere */
	u32 numbers;				/* how many: 256 or 65536 */
	u32 next;				/* [l] where to look for a free one */
	/* [l] CPUs that must empty their TLB before they run */
	u64 flush_pending;
	u64 used[BIT(ASID_BITS_MAX) / 64];	/* [l] this generation's */
	struct {
		u64 active;			/* [a] runs now; 0: taken away by a rollover */
		/* [l] ran when the last generation ended: keeps its number */
		u64 reserved;
	} __aligned(64) cpu[MAX_CPUS];
};

void asid_pool_init(struct asid_pool *p, u32 bits);

static inline bool asid_is_current(const struct asid_pool *p, u64 asid)
{
	return (asid ^ __atomic_load_n(&p->generation, __ATOMIC_RELAXED)) >> ASID_BITS_MAX == 0;
}

/* Without the lock: true when this CPU may simply run asid. 0 is of no generation. */
static inline bool asid_try(struct asid_pool *p, u32 cpu, u64 asid)
{
	u64 active = __atomic_load_n(&p->cpu[cpu].active, __ATOMIC_RELAXED);

	/* (A) */
	return active && asid_is_current(p, asid) &&
	       (active == asid || cmpxchg(&p->cpu[cpu].active, &active, asid));
}

/* With the lock: the ASID to run (the same, or a new one to be stored in the mm). *flush: empty
 * this CPU's TLB first. */
u64 asid_get(struct asid_pool *p, u32 cpu, u64 asid, bool *flush);
