/* SPDX-License-Identifier: MIT */
/* modules: arch/arm64/asid.c */
/* asid: a model of TLBs. Each CPU's TLB remembers which address space filled the entries of each
 * number; running an address space under a number whose entries are another's is the error that no
 * emulator shows. */
#include "../../arch/arm64/asid.h"

#include <kernel/lib/string.h>

#include "unit.h"

#define CPUS   4
#define SPACES 700

static struct asid_pool pool;
static u64 asid_of[SPACES];
static int filled_by[CPUS][65536];	/* space + 1; 0: no entries */
static int running[CPUS];

static u64 seed = 12345;

static u32 any(u32 n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (u32)(seed >> 33) % n;
}

static void run(u32 cpu, int space)
{
	u64 asid = asid_of[space], n;
	bool flush = false;

	if (!asid_try(&pool, cpu, asid)) {
		asid = asid_get(&pool, cpu, asid, &flush);
		asid_of[space] = asid;
		if (flush)
			memset(filled_by[cpu], 0, sizeof(filled_by[cpu]));
	}
	n = ASID_NUMBER(asid);
	ASSERT_TRUE(n != 0);
	ASSERT_TRUE(filled_by[cpu][n] == 0 || filled_by[cpu][n] == space + 1);
	filled_by[cpu][n] = space + 1;
	running[cpu] = space;
	/* what runs elsewhere at the same time has another number, or is the same space under the
	 * same number */
	for (u32 c = 0; c < CPUS; c++) {
		if (c == cpu || running[c] < 0)
			continue;
		ASSERT_TRUE((running[c] == space) == (ASID_NUMBER(asid_of[running[c]]) == n));
	}
}

static void reset(u32 bits)
{
	memset(&pool, 0, sizeof(pool));
	memset(asid_of, 0, sizeof(asid_of));
	memset(filled_by, 0, sizeof(filled_by));
	for (u32 c = 0; c < CPUS; c++)
		running[c] = -1;
	asid_pool_init(&pool, bits);
}

TEST(no_space_sees_entries_of_another_through_many_rollovers)
{
	reset(8);
	for (u32 i = 0; i < 200000; i++)
		run(any(CPUS), (int)any(SPACES));
	EXPECT_TRUE(pool.generation >> ASID_BITS_MAX > 10);
}

TEST(few_spaces_keep_their_numbers)
{
	u64 before;

	reset(8);
	run(0, 1);
	before = asid_of[1];
	for (u32 i = 0; i < 1000; i++)
		run(any(CPUS), (int)any(100));
	EXPECT_EQ(before, asid_of[1]);
}

TEST(what_runs_during_a_rollover_keeps_its_number)
{
	u64 n;

	reset(8);
	run(3, 0);
	n = ASID_NUMBER(asid_of[0]);
	for (int s = 1; s < 300; s++)
		run(0, s);
	run(3, 0);
	EXPECT_EQ(n, ASID_NUMBER(asid_of[0]));
}

/* Exited spaces come back as new ones with no number: as after fork and exit. */
TEST(dead_spaces_numbers_are_not_reused_before_a_flush)
{
	reset(16);
	for (u32 i = 0; i < 300000; i++) {
		u32 cpu = any(CPUS);
		int s = (int)any(SPACES);
		bool busy = false;

		for (u32 c = 0; c < CPUS; c++)
			busy |= running[c] == s;
		if (!busy && any(2)) {
			/* its old entries stay in the TLBs under the old number */
			asid_of[s] = 0;
			for (u32 c = 0; c < CPUS; c++)
				for (u32 n = 0; n < 65536 && i % 1000 == 0; n++)
					if (filled_by[c][n] == s + 1)
						filled_by[c][n] = -1;
		}
		if (asid_of[s])
			run(cpu, s);
	}
}
