/* SPDX-License-Identifier: MIT */
/* modules: mm/iter.c */
/* iter: random segments, random steps and pages that fault, against the plain sequence of bytes. */
#include <arch/page.h>
#include <arch/thread.h>
#include <arch/uaccess.h>
#include <kernel/lib/string.h>
#include <mm/iter.h>

#include "unit.h"

#define PAGES 16

static u8 user[PAGES * PAGE_SIZE] __aligned(4096), kernel[PAGES * PAGE_SIZE];
static bool absent[PAGES], may_fault_in[PAGES];

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

/* Bytes from at that may be touched, at most n. Off a page that is absent: none; it comes in if
 * faults are on and it may. */
static usize reachable(u64 at, usize n)
{
	u64 off = at - (u64)user;
	usize done = 0;

	while (done < n) {
		u64 page = (off + done) / PAGE_SIZE;

		if (page >= PAGES)
			break;
		if (absent[page] && may_fault_in[page] && !current_head()->fault_disabled)
			absent[page] = false;
		if (absent[page])
			break;
		done += PAGE_SIZE - (off + done) % PAGE_SIZE;
	}
	return min(done, n);
}

usize uaccess_copy_in(void *dst, uaddr_t src, usize n)
{
	usize ok = reachable(src.va, n);

	memcpy(dst, (void *)src.va, ok);
	return n - ok;
}

usize uaccess_copy_out(uaddr_t dst, const void *src, usize n)
{
	usize ok = reachable(dst.va, n);

	memcpy((void *)dst.va, src, ok);
	return n - ok;
}

usize uaccess_clear(uaddr_t dst, usize n)
{
	usize ok = reachable(dst.va, n);

	memset((void *)dst.va, 0, ok);
	return n - ok;
}

int uaccess_get_u32(u32 *out, uaddr_t src)
{
	return uaccess_copy_in(out, src, 4) ? -EFAULT : 0;
}

int uaccess_rmw_u32(uaddr_t p, enum uaccess_rmw op, u32 arg, u32 *old)
{
	(void)op, (void)arg;
	return uaccess_copy_in(old, p, 4) ? -EFAULT : 0;
}

static struct user_iovec vec[8];
static u8 *place[8 * 3000];		/* where each byte of the sequence lies */

/* Segments that do not overlap, some of them empty; the length of the sequence. */
static usize some_segments(u32 *nr)
{
	usize total = 0, i;
	u64 at = rnd(3000);
	u32 k;

	*nr = 1 + rnd(8);
	for (k = 0; k < *nr; k++) {
		usize len = rnd(4) ? rnd(3000) : 0;

		vec[k] = (struct user_iovec){ UADDR((u64)user + at), len };
		for (i = 0; i < len; i++)
			place[total++] = user + at + i;
		at += len + rnd(1500);
	}
	return total;
}

static usize first_absent(usize from, usize total)
{
	for (; from < total; from++)
		if (absent[(place[from] - user) / PAGE_SIZE])
			break;
	return from;
}

/* One step at pos: what an iterator must do, done by hand. */
static usize step(struct iter *it, usize pos, usize total)
{
	static u8 buf[4000];
	usize n = rnd(2500), end = first_absent(pos, min(pos + n, total)), i;

	switch (rnd(5)) {
	case 0:
		for (i = 0; i < n; i++)
			buf[i] = (u8)host_random();
		ASSERT_EQ(end - pos, rnd(2) ? iter_put(it, buf, n) : iter_put_nofault(it, buf, n));
		for (i = pos; i < end; i++)
			ASSERT_EQ(buf[i - pos], *place[i]);
		return end;
	case 1:
		ASSERT_EQ(end - pos,
			  rnd(2) ? iter_take(it, buf, n) : iter_take_nofault(it, buf, n));
		for (i = pos; i < end; i++)
			ASSERT_EQ(*place[i], buf[i - pos]);
		return end;
	case 2:
		ASSERT_EQ(end - pos, iter_put_zero(it, n));
		for (i = pos; i < end; i++)
			ASSERT_EQ(0, *place[i]);
		return end;
	case 3:
		n = min(n, total - pos);
		iter_advance(it, n);
		return pos + n;
	default:
		n = min(n, pos);
		iter_revert(it, n);
		return pos - n;
	}
}

TEST(random_steps_agree_with_the_sequence)
{
	struct iter it;
	u32 round, nr, i;

	for (i = 0; i < sizeof(user); i++)
		user[i] = (u8)host_random();
	for (round = 0; round < 2000; round++) {
		usize total = some_segments(&nr), pos = 0;

		for (i = 0; i < PAGES; i++)
			absent[i] = rnd(12) == 0;
		ASSERT_EQ(0, iter_user_vec(&it, vec, nr));
		for (i = 0; i < 30; i++) {
			ASSERT_EQ(total - pos, iter_left(&it));
			ASSERT_EQ(pos, it.done);
			pos = step(&it, pos, total);
		}
	}
}

TEST(kernel_memory)
{
	u8 in[100], out[100];
	struct iter it;
	u32 i;

	for (i = 0; i < 100; i++)
		in[i] = (u8)i;
	iter_kernel(&it, kernel, 150);
	EXPECT_EQ(100, iter_put(&it, in, 100));
	iter_revert(&it, 50);
	EXPECT_EQ(50, iter_take(&it, out, 50));
	EXPECT_EQ(0, memcmp(in + 50, out, 50));
	EXPECT_EQ(50, iter_put_zero(&it, 100));
	EXPECT_EQ(0, iter_left(&it));
	EXPECT_EQ(150, it.done);
	EXPECT_EQ(0, iter_fault_in(&it, 10, true));
}

TEST(what_is_not_user_memory_is_refused)
{
	struct iter it;

	EXPECT_EQ(-EFAULT, iter_user(&it, UADDR(USER_RANGE_MAX - 10), 11));
	EXPECT_EQ(0, iter_user(&it, UADDR(USER_RANGE_MAX - 10), 10));
	EXPECT_EQ(-EFAULT, iter_user(&it, UADDR(USER_RANGE_MAX + 1), 0));
	EXPECT_EQ(-EFAULT, iter_user(&it, UADDR(0), U64_MAX));
	EXPECT_EQ(0, iter_user(&it, UADDR(0), 1ul << 40));
	EXPECT_EQ(MAX_RW_COUNT, iter_left(&it));
	vec[0] = (struct user_iovec){ UADDR(0), 1ul << 40 };
	vec[1] = (struct user_iovec){ UADDR(0), 1ul << 40 };
	EXPECT_EQ(0, iter_user_vec(&it, vec, 2));
	EXPECT_EQ(MAX_RW_COUNT, iter_left(&it));
	vec[1].len = 1ul << 63;
	EXPECT_EQ(-EINVAL, iter_user_vec(&it, vec, 2));
	vec[1] = (struct user_iovec){ UADDR(USER_RANGE_MAX), 1 };
	EXPECT_EQ(-EFAULT, iter_user_vec(&it, vec, 2));
}

TEST(faulting_in_says_whether_the_first_byte_is_there)
{
	struct iter it;
	u8 byte;
	u32 i;

	for (i = 0; i < PAGES; i++)
		absent[i] = true;
	may_fault_in[1] = may_fault_in[2] = true;
	vec[0] = (struct user_iovec){ UADDR((u64)user + PAGE_SIZE + 50), PAGE_SIZE };
	vec[1] = (struct user_iovec){ UADDR((u64)user + 5 * PAGE_SIZE), 10 };
	ASSERT_EQ(0, iter_user_vec(&it, vec, 2));
	EXPECT_EQ(0, iter_put_nofault(&it, "x", 1));
	EXPECT_EQ(0, iter_fault_in(&it, PAGE_SIZE + 10, true));
	EXPECT_TRUE(!absent[1] && !absent[2] && absent[5]);
	EXPECT_EQ(1, iter_put_nofault(&it, "x", 1));
	EXPECT_EQ('x', user[PAGE_SIZE + 50]);
	ASSERT_EQ(0, iter_user(&it, vec[1].base, 10));
	EXPECT_EQ(-EFAULT, iter_fault_in(&it, 10, false));
	EXPECT_EQ(0, iter_take(&it, &byte, 1));
	EXPECT_EQ(0, current_head()->fault_disabled);
}
