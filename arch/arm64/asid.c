/* SPDX-License-Identifier: MIT */
/* asid.c - which number an address space has in the TLBs. Pure.
 *
 * Numbers are handed out once in a generation and never taken back within it, so a dead address
 * space needs no search. When they run out a new generation begins: every CPU keeps the number it
 * is running (reserved), everything else is free again, and each CPU empties its TLB before it runs
 * anything of the new generation.
 *
 * Invariants:
 *  (1) two address spaces that may both have TLB entries on a CPU have different numbers.
 *  (2) an ASID of the current generation has its bit in used; so have all reserved ones.
 *  (3) number 0 is nobody's: empty tables run under it until the first switch.
 *
 * Barrier (A): asid_try() announces with a compare-and-exchange on cpu[].active; rollover takes all
 * of them with exchanges (B). Whoever comes second sees the other: a CPU that won runs an ASID that
 * rollover then reserved; one that lost finds 0 and takes the lock.
 * Ref: Arm ARM D8.13.1 (ASIDs). Tests: selftests/unit/asid_test.c
 */
#include "asid.h"

#include <arch/atomic.h>

#define FIRST_GENERATION BIT(ASID_BITS_MAX)

static bool is_used(const struct asid_pool *p, u64 n)
{
	return p->used[n / 64] >> (n % 64) & 1;
}

static void set_used(struct asid_pool *p, u64 n)
{
	p->used[n / 64] |= BIT(n % 64);
}

void asid_pool_init(struct asid_pool *p, u32 bits)
{
	p->generation = FIRST_GENERATION;
	p->numbers = 1u << bits;
	p->next = 1;
	set_used(p, 0);
}

static void begin_generation(struct asid_pool *p)
{
	p->generation += FIRST_GENERATION;
	for (u32 i = 0; i < ARRAY_SIZE(p->used); i++)
		p->used[i] = 0;
	set_used(p, 0);
	for (u32 c = 0; c < MAX_CPUS; c++) {
		u64 a = xchg(&p->cpu[c].active, 0);	/* (B) */

		/* 0: it has not switched since the last rollover, and still runs what was reserved
		 * then */
		if (a)
			p->cpu[c].reserved = a;
		set_used(p, ASID_NUMBER(p->cpu[c].reserved));
	}
	p->flush_pending = U64_MAX;
	p->next = 1;
}

/* An old ASID that some CPU is running keeps its number; every CPU that reserved it learns the new
 * generation. */
static bool renew_reserved(struct asid_pool *p, u64 asid, u64 renewed)
{
	bool found = false;

	for (u32 c = 0; c < MAX_CPUS; c++) {
		if (p->cpu[c].reserved == asid) {
			p->cpu[c].reserved = renewed;
			found = true;
		}
	}
	return found;
}

static bool find_free(struct asid_pool *p, u64 *out)
{
	for (u32 n = p->next; n < p->numbers; n++) {
		if (!is_used(p, n)) {
			*out = n;
			p->next = n + 1;
			return true;
		}
	}
	return false;
}

static u64 allocate(struct asid_pool *p, u64 asid)
{
	u64 n = ASID_NUMBER(asid);

	if (asid) {
		u64 renewed = p->generation | n;

		if (renew_reserved(p, asid, renewed))
			return renewed;
		if (!is_used(p, n)) {
			set_used(p, n);
			return renewed;
		}
	}
	while (!find_free(p, &n))
		begin_generation(p);
	set_used(p, n);
	return p->generation | n;
}

u64 asid_get(struct asid_pool *p, u32 cpu, u64 asid, bool *flush)
{
	if (!asid || !asid_is_current(p, asid))
		asid = allocate(p, asid);
	*flush = p->flush_pending >> cpu & 1;
	p->flush_pending &= ~BIT(cpu);
	__atomic_store_n(&p->cpu[cpu].active, asid, __ATOMIC_RELAXED);
	return asid;
}
