/* SPDX-License-Identifier: MIT */
/* litmus.c - the shapes that the named barrier pairs rely on, run many times on two CPUs at once:
 * the forbidden outcome never comes. An x86 host hides most mistakes (its own order is stronger);
 * on arm64 hosts and machines this is a real test.
 *
 *	store buffering		waitq.c (A)(B), pagetable.c (A)(B), asid.c (A)(B): both sides write, then look; one must see the other
 *	message passing		irq.c (A)(B), smp.c (A), the vDSO's seq: data first, then the flag
 *
 * Ref: Arm ARM B2.3; Maranget, Sarkar, Sewell: A Tutorial Introduction to the ARM and POWER Relaxed
 * Memory Models. */
#include <kernel/ktest.h>

#include <arch/atomic.h>
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <kernel/sched.h>

#define ROUNDS 20000

static u64 x __aligned(64), y __aligned(64);
static u64 seen[2] __aligned(64);
static u32 round_begun[2] __aligned(64), round_ended[2] __aligned(64);
static void (*shape)(u64 side);

/* Both sides begin a round together; the first to come waits, giving way now and then. */
static void meet(u32 *mine, const u32 *other, u32 n)
{
	u32 spins = 0;

	smp_store_release(mine, n);
	while ((s32)(smp_load_acquire(other) - n) < 0)
		if (++spins % 64 == 0)
			schedule();
		else
			cpu_relax();
}

static void sides(u64 side)
{
	for (u32 n = 1; n <= ROUNDS; n++) {
		if (side == 0) {
			WRITE_ONCE(x, 0);
			WRITE_ONCE(y, 0);
		}
		meet(&round_begun[side], &round_begun[!side], n);
		shape(side);
		meet(&round_ended[side], &round_ended[!side], n);
		if (side == 0 && seen[0] == 0 && seen[1] == 0)
			FAIL("round %u: the forbidden outcome", n);
	}
}

static void run(void (*s)(u64 side))
{
	shape = s;
	round_begun[0] = round_begun[1] = round_ended[0] = round_ended[1] = 0;
	ktest_in_threads(2, sides);
}

/* --- store buffering: both reading 0 is forbidden */
static void sb_mb(u64 side)
{
	WRITE_ONCE(*(side ? &y : &x), 1);
	smp_mb();
	seen[side] = READ_ONCE(*(side ? &x : &y));
}

static void sb_dsb(u64 side)
{
	WRITE_ONCE(*(side ? &y : &x), 1);
	dsb(ish);
	seen[side] = READ_ONCE(*(side ? &x : &y));
}

static void sb_xchg(u64 side)
{
	(void)xchg(side ? &y : &x, 1);
	seen[side] = __atomic_load_n(side ? &x : &y, __ATOMIC_SEQ_CST);
}

/* --- message passing: the flag without the data is forbidden. Side 0 sends; the forbidden outcome
 * is both 0. */
static void mp_fences(u64 side)
{
	if (side == 0) {
		WRITE_ONCE(x, 1);
		smp_wmb();
		WRITE_ONCE(y, 1);
	} else {
		u64 flag = READ_ONCE(y);

		smp_rmb();
		seen[0] = seen[1] = READ_ONCE(x) || !flag;
	}
}

static void mp_release(u64 side)
{
	if (side == 0) {
		WRITE_ONCE(x, 1);
		smp_store_release(&y, 1);
	} else {
		u64 flag = smp_load_acquire(&y);

		seen[0] = seen[1] = READ_ONCE(x) || !flag;
	}
}

TEST(store_buffering_is_ordered_by_full_barriers)
{
	run(sb_mb);
	run(sb_dsb);
	run(sb_xchg);
}

TEST(message_passing_is_ordered_by_fences_and_by_release)
{
	run(mp_fences);
	run(mp_release);
}
