/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/bitmap.c */
/* pte: every kind of user leaf, by what the architecture makes of its bits (Arm ARM D8.3.1,
 * D8.4). */
#include <arch/pte.h>

#include "unit.h"

/* What EL0 and EL1 may do with a stage 1 leaf: AP[2:1], UXN, PXN. */
static bool el0_reads(u64 v) { return (v & 1) && (v & PTE_USER); }
static bool el0_writes(u64 v) { return el0_reads(v) && !(v & PTE_RDONLY); }
static bool el0_runs(u64 v) { return (v & 1) && !(v & PTE_UXN); }
static bool el1_runs(u64 v) { return (v & 1) && !(v & PTE_PXN); }

TEST(a_user_leaf_grants_what_it_should)
{
	u32 i;

	for (i = 0; i < 4096; i++) {
		paddr_t pa = host_random() & PTE_ADDR_MASK;
		bool r = i & 1, w = i & 2, x = i & 4;
		pte_t p = pte_user(pa, r, w, x);

		EXPECT_EQ(pa, pte_pa(p));
		EXPECT_TRUE(pte_present(p) && !pte_empty(p) && !pte_special(p));
		EXPECT_EQ(r || w || x, pte_valid(p));
		EXPECT_EQ(r || w || x, el0_reads(p.v));
		EXPECT_EQ(w, el0_writes(p.v));
		EXPECT_EQ(w, pte_writable(p));
		EXPECT_EQ(w, pte_dirty(p));
		EXPECT_EQ(x, el0_runs(p.v));
		EXPECT_TRUE(!el1_runs(p.v));
		EXPECT_EQ(PTE_AF | PTE_NG | PTE_SH_INNER, p.v & (PTE_AF | PTE_NG | PTE_SH_INNER));
	}
}

TEST(changes_touch_what_they_say)
{
	pte_t p = pte_user(0x40001000, true, true, false), word = { 0 };

	EXPECT_TRUE(pte_empty(word) && !pte_present(word));
	EXPECT_TRUE(!pte_writable(pte_wrprotect(p)) && pte_dirty(pte_wrprotect(p)));
	EXPECT_TRUE(!pte_writable(pte_clean(p)) && !pte_dirty(pte_clean(p)));
	EXPECT_TRUE(pte_special(pte_mkspecial(p)));
	EXPECT_EQ(p.v | PTE_RDONLY, pte_wrprotect(p).v);
	EXPECT_EQ(p.v | PTE_SPECIAL, pte_mkspecial(p).v);
	pte_set(&word, p);
	EXPECT_EQ(p.v, pte_read(&word).v);
}
