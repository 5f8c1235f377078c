/* SPDX-License-Identifier: MIT */
/* xarray: random operations beside a plain array, at small and at far indices; nothing leaks, also
 * without memory. */
#include <kernel/lib/xarray.h>

#include "unit.h"

static struct xa_node *node_alloc(void)
{
	return host_alloc(sizeof(struct xa_node), 0, true);
}

static void node_free(struct xa_node *n)
{
	host_free(n);
}

static const struct xa_mem mem = { node_alloc, node_free };

#define N 5000
static void *model[N];
static bool dirty[N];

static void *value(u64 i)
{
	return (void *)(i * 16 + 16);
}

static void check_all(const struct xarray *xa, u64 base)
{
	u64 at = base, d = base, hole;
	bool have_hole;

	for (u64 i = 0; i < N; i++) {
		if (model[i]) {
			ASSERT_TRUE(xa_find(xa, &at, U64_MAX) == model[i]);
			ASSERT_EQ(base + i, at);
			at++;
		}
		if (dirty[i]) {
			ASSERT_TRUE(xa_find_marked(xa, &d, U64_MAX, XA_DIRTY) == model[i]);
			ASSERT_EQ(base + i, d);
			d++;
		}
	}
	EXPECT_TRUE(!xa_find(xa, &at, U64_MAX));
	EXPECT_TRUE(!xa_find_marked(xa, &d, U64_MAX, XA_DIRTY));
	have_hole = xa_find_hole(xa, base, base + N - 1, &hole);
	for (u64 i = 0; i < N; i++) {
		if (!model[i]) {
			EXPECT_TRUE(have_hole);
			EXPECT_EQ(base + i, hole);
			return;
		}
	}
	EXPECT_TRUE(!have_hole);
}

static void step(struct xarray *xa, u64 base)
{
	u64 i = host_random() % N;
	void *old;

	switch (host_random() % 4) {
	case 0:
	case 1:
		old = NULL;
		ASSERT_EQ(0, xa_store(xa, base + i, value(i), &old));
		EXPECT_TRUE(old == model[i]);
		model[i] = value(i);
		break;
	case 2:
		EXPECT_TRUE(xa_erase(xa, base + i) == model[i]);
		model[i] = NULL;
		dirty[i] = false;
		break;
	case 3:
		if (!model[i])
			break;
		dirty[i] = !dirty[i];
		if (dirty[i])
			xa_set_mark(xa, base + i, XA_DIRTY);
		else
			xa_clear_mark(xa, base + i, XA_DIRTY);
		break;
	}
	EXPECT_TRUE(xa_load(xa, base + i) == model[i]);
	EXPECT_EQ(dirty[i], xa_get_mark(xa, base + i, XA_DIRTY));
}

static void run_against_model(u64 base)
{
	struct xarray xa;

	xa_init(&xa, &mem);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 1000; i++)
			step(&xa, base);
		check_all(&xa, base);
	}
	for (u64 i = 0; i < N; i++)
		xa_erase(&xa, base + i);
	xa_destroy(&xa);
	EXPECT_EQ(0, host_allocations());
}

TEST(agrees_with_an_array_at_zero)
{
	run_against_model(0);
}

TEST(agrees_with_an_array_far_away)
{
	run_against_model(0x123456789abc0000);
}

TEST(agrees_with_an_array_at_the_very_end)
{
	run_against_model(U64_MAX - N + 1);
}

TEST(near_and_far_live_together)
{
	struct xarray xa;
	u64 at = 1;

	xa_init(&xa, &mem);
	ASSERT_EQ(0, xa_store(&xa, 0, value(1), NULL));
	ASSERT_EQ(0, xa_store(&xa, U64_MAX, value(2), NULL));
	EXPECT_TRUE(xa_load(&xa, 0) == value(1));
	EXPECT_TRUE(xa_find(&xa, &at, U64_MAX) == value(2));
	EXPECT_EQ(U64_MAX, at);
	EXPECT_TRUE(!xa_load(&xa, 1ul << 40));
	xa_destroy(&xa);
	EXPECT_EQ(0, host_allocations());
}

TEST(no_memory_changes_nothing)
{
	struct xarray xa;

	xa_init(&xa, &mem);
	ASSERT_EQ(0, xa_store(&xa, 5, value(5), NULL));
	for (int after = 0; after < 12; after++) {
		host_fail_allocations(after);
		if (xa_store(&xa, 1ul << 60, value(6), NULL) == 0)
			break;
		host_fail_allocations(-1);
		EXPECT_TRUE(xa_load(&xa, 5) == value(5));
		EXPECT_TRUE(!xa_load(&xa, 1ul << 60));
	}
	host_fail_allocations(-1);
	EXPECT_TRUE(xa_load(&xa, 1ul << 60) == value(6));
	xa_destroy(&xa);
	EXPECT_EQ(0, host_allocations());
}

/* An owner that erases all it stored need not destroy the tree. */
TEST(nothing_is_left_of_a_first_entry_far_away)
{
	static const u64 at[] = { 64, 125, 4096, 1ul << 30, U64_MAX };
	struct xarray xa;

	for (u32 i = 0; i < ARRAY_SIZE(at); i++) {
		xa_init(&xa, &mem);
		ASSERT_EQ(0, xa_store(&xa, at[i], value(1), NULL));
		ASSERT_EQ(0, xa_store(&xa, 3, value(2), NULL));
		EXPECT_TRUE(xa_load(&xa, at[i]) == value(1) && xa_load(&xa, 3) == value(2));
		EXPECT_TRUE(xa_erase(&xa, at[i]) && xa_erase(&xa, 3));
		EXPECT_EQ(0, host_allocations());
		ASSERT_EQ(0, xa_store(&xa, at[i], value(1), NULL));
		EXPECT_TRUE(xa_erase(&xa, at[i]));
		EXPECT_EQ(0, host_allocations());
	}
}
