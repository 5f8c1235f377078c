/* SPDX-License-Identifier: MIT */
/* string.c - the assembly copies and fills against a byte at a time, at every size and alignment
 * that takes another path; and what user copies say when there is nothing to copy from. */
#include <kernel/ktest.h>

#include <arch/cpu.h>
#include <arch/uaccess.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/page.h>
#include <mm/slab.h>

#define SPAN 1024u
#define GUARD 0xa5

static u8 pattern(u32 i)
{
	return (u8)(i * 31 + (i >> 8) * 7 + 1);
}

static bool matches(const u8 *got, const u8 *want)
{
	for (u32 i = 0; i < SPAN; i++)
		if (got[i] != want[i])
			return false;
	return true;
}

static void naive_move(u8 *dst, const u8 *src, u32 n)
{
	static u8 tmp[SPAN];

	for (u32 i = 0; i < n; i++)
		*(volatile u8 *)&tmp[i] = src[i];
	for (u32 i = 0; i < n; i++)
		*(volatile u8 *)&dst[i] = tmp[i];
}

static void fill(u8 *p)
{
	for (u32 i = 0; i < SPAN; i++)
		*(volatile u8 *)&p[i] = pattern(i);
}

TEST(memmove_moves_also_where_it_overlaps)
{
	static u8 got[SPAN], want[SPAN];
	static const u16 at[] = { 0, 1, 7, 8, 15, 16, 63, 64, 65, 100, 129, 200 };

	for (u32 n = 0; n < 400; n += n < 140 ? 1 : 13) {
		for (u32 i = 0; i < ARRAY_SIZE(at) * ARRAY_SIZE(at); i++) {
			u32 from = 16 + at[i % ARRAY_SIZE(at)], to = 16 + at[i / ARRAY_SIZE(at)];

			fill(got);
			fill(want);
			EXPECT_TRUE(memmove(got + to, got + from, n) == got + to);
			naive_move(want + to, want + from, n);
			ASSERT_TRUE(matches(got, want));
		}
	}
}

TEST(memcpy_copies_exactly)
{
	static u8 src[SPAN], got[SPAN], want[SPAN];

	fill(src);
	for (u32 n = 0; n < 600; n++) {
		u32 from = n % 17, to = n % 13;

		for (u32 i = 0; i < SPAN; i++)
			*(volatile u8 *)&got[i] = *(volatile u8 *)&want[i] = GUARD;
		memcpy(got + to, src + from, n);
		naive_move(want + to, src + from, n);
		ASSERT_TRUE(matches(got, want));
	}
}

TEST(memset_fills_exactly)
{
	static u8 got[SPAN], want[SPAN];

	for (u32 n = 0; n < 900; n++) {
		u32 at = n % 71;
		u8 v = n & 1 ? 0 : 0x5c;

		for (u32 i = 0; i < SPAN; i++)
			*(volatile u8 *)&got[i] = *(volatile u8 *)&want[i] = GUARD;
		memset(got + at, v, n);
		for (u32 i = 0; i < n; i++)
			*(volatile u8 *)&want[at + i] = v;
		ASSERT_TRUE(matches(got, want));
	}
}

TEST(pages_are_cleared_and_copied_whole)
{
	u8 *a = pages_alloc_virt(1, PAGE_KERNEL), *b = pages_alloc_virt(1, PAGE_KERNEL);

	ASSERT_TRUE(a && b);
	memset(a, 0x11, 2 * PAGE_SIZE);
	memset(b, 0x22, 2 * PAGE_SIZE);
	page_copy(a, b);
	EXPECT_EQ(0, memcmp(a, b, PAGE_SIZE));
	EXPECT_EQ(0x11, a[PAGE_SIZE]);
	page_zero(a);
	EXPECT_EQ(0, a[0] | a[2000] | a[PAGE_SIZE - 1]);
	EXPECT_EQ(0x11, a[PAGE_SIZE]);
	pages_free_virt(a);
	pages_free_virt(b);
}

/* This thread has no user memory at all. */
TEST(user_copies_fail_cleanly_without_user_memory)
{
	char buf[256] = "x";
	u32 w;
	u64 d;

	EXPECT_EQ(200, uaccess_copy_in(buf, UADDR(0x1000), 200));
	EXPECT_EQ(7, uaccess_copy_in(buf, UADDR(0x1003), 7));
	EXPECT_EQ(200, uaccess_copy_out(UADDR(0x1000), buf, 200));
	EXPECT_EQ(0, uaccess_copy_in(buf, UADDR(0x1000), 0));
	EXPECT_EQ(100, uaccess_clear(UADDR(0x1000), 100));
	EXPECT_EQ(3, uaccess_clear(UADDR(0x1000), 3));
	EXPECT_EQ(8, uaccess_copy_in(buf, UADDR(TASK_SIZE - 4), 8));
	EXPECT_EQ(8, uaccess_copy_in(buf, UADDR((u64)buf), 8));
	EXPECT_EQ(8, uaccess_copy_in(buf, UADDR(U64_MAX - 3), 8));
	EXPECT_EQ(-EFAULT, uaccess_copy_string(buf, UADDR(0x1000), 100));
	EXPECT_EQ(-EFAULT, uaccess_copy_string(buf, UADDR((u64)buf), 100));
	EXPECT_EQ(-EFAULT, uaccess_get_u32(&w, UADDR(0x1000)));
	EXPECT_EQ(-EFAULT, uaccess_get_u64(&d, UADDR((u64)buf)));
	EXPECT_EQ(-EFAULT, uaccess_put_u32(UADDR(0x1000), 1));
	EXPECT_EQ(-EFAULT, uaccess_put_u64(UADDR(TASK_SIZE), 1));
	EXPECT_EQ(-EFAULT, uaccess_cmpxchg_u32(UADDR(0x1000), 0, 1, &w));
	EXPECT_EQ(-EFAULT, uaccess_rmw_u32(UADDR(0x1000), UACCESS_ADD, 1, &w));
}

/* By the processor and by the table. */
TEST(crc32c_both_ways)
{
	crc32c_fn *hook = crc32c_hook;
	u8 b[200];

	for (u32 i = 0; i < sizeof(b); i++)
		b[i] = (u8)(i * 37 + 11);
	EXPECT_EQ(0xe3069283, ~crc32c(~0u, "123456789", 9));
	for (u32 from = 0; from < 9 && hook; from++)
		for (u32 n = 0; n < 100; n++)
			EXPECT_EQ(crc32c_table(n, b + from, n), hook(n, b + from, n));
}
