/* SPDX-License-Identifier: MIT */
/* modules: compat/diag_filter.c */
/* diag_filter: programs as ss writes them say what they mean; crooked ones are refused. */
#include <compat/diag_filter.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>

#include "unit.h"

enum { NOP, JMP, S_GE, S_LE, D_GE, D_LE, AUTO, S_COND, D_COND, DEV, MARK, S_EQ, D_EQ };

static const u8 a4[4] = { 10, 1, 2, 3 }, b4[4] = { 10, 1, 9, 9 };
static const u8 mapped[16] = { [10] = 0xff, [11] = 0xff, 10, 1, 2, 3 };
static const struct diag_subject s = { .family = AF_INET,
				       .sport = 80,
				       .dport = 4000,
				       .saddr = a4,
				       .daddr = b4,
				       .ifindex = 2,
				       .mark = 0x15 };

static int run(const u8 *p, u32 n)
{
	u8 *exact = host_alloc(n, 0, false);		/* a byte too far is seen */
	int ret;

	memcpy(exact, p, n);
	ret = diag_filter_check(exact, n, true);
	if (!ret)
		ret = diag_filter_run(exact, n, &s);
	host_free(exact);
	return ret;
}
#define RUN(...) run((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))
#define PORT(op, p, yes, no) op, yes, no, 0, 0, 0, (p) & 255, (p) >> 8

TEST(ports_devices_and_marks)
{
	EXPECT_EQ(1, RUN(PORT(S_EQ, 80, 8, 12)));
	EXPECT_EQ(0, RUN(PORT(S_EQ, 81, 8, 12)));
	EXPECT_EQ(1, RUN(PORT(S_GE, 80, 8, 36), PORT(S_LE, 80, 8, 28), PORT(D_GE, 3999, 8, 20),
			 PORT(D_LE, 4001, 8, 12)));
	EXPECT_EQ(0, RUN(PORT(S_GE, 80, 8, 20), PORT(D_EQ, 4001, 8, 12)));
	EXPECT_EQ(1, RUN(DEV, 8, 12, 0, 2, 0, 0, 0));
	EXPECT_EQ(0, RUN(DEV, 8, 12, 0, 3, 0, 0, 0));
	EXPECT_EQ(1, RUN(MARK, 12, 16, 0, 5, 0, 0, 0, 15, 0, 0, 0));
	EXPECT_EQ(0, RUN(MARK, 12, 16, 0, 5, 0, 0, 0, 31, 0, 0, 0));
	EXPECT_EQ(1, RUN(AUTO, 4, 8, 0));
	EXPECT_EQ(1, RUN(NOP, 4, 0, 0));
}

TEST(hosts)
{
	struct diag_subject six = s;

	EXPECT_EQ(1, RUN(S_COND, 16, 20, 0, AF_INET, 16, 0, 0, 80, 0, 0, 0, 10, 1, 0, 0));
	EXPECT_EQ(0, RUN(S_COND, 16, 20, 0, AF_INET, 16, 0, 0, 81, 0, 0, 0, 10, 1, 0, 0));
	EXPECT_EQ(1, RUN(D_COND, 16, 20, 0, AF_INET, 20, 0, 0, 255, 255, 255, 255, 10, 1, 15, 0));
	EXPECT_EQ(0, RUN(D_COND, 16, 20, 0, AF_INET, 21, 0, 0, 255, 255, 255, 255, 10, 1, 7, 0));
	EXPECT_EQ(1, RUN(S_COND, 12, 16, 0, AF_UNSPEC, 0, 0, 0, 80, 0, 0, 0));
	six.family = AF_INET6;
	six.saddr = six.daddr = mapped;
	{
		const u8 p[] = { S_COND, 16,  20,  0,	AF_INET, 32, 0, 0,
				 255,	 255, 255, 255, 10,	 1,  2, 3 };

		EXPECT_EQ(0, diag_filter_check(p, sizeof(p), false));
		EXPECT_TRUE(diag_filter_run(p, sizeof(p), &six));
	}
}

TEST(or_is_a_jump)
{
	/* sport == 81 or dport == 4000: the first, when it holds, jumps over the second. */
	EXPECT_EQ(1, RUN(PORT(S_EQ, 81, 8, 12), JMP, 4, 12, 0, PORT(D_EQ, 4000, 8, 12)));
	EXPECT_EQ(1, RUN(PORT(S_EQ, 80, 8, 12), JMP, 4, 12, 0, PORT(D_EQ, 1, 8, 12)));
	EXPECT_EQ(0, RUN(PORT(S_EQ, 81, 8, 12), JMP, 4, 12, 0, PORT(D_EQ, 1, 8, 12)));
}

TEST(crooked_ones)
{
	EXPECT_EQ(-EINVAL, RUN(NOP, 4, 0));
	EXPECT_EQ(-EINVAL, RUN(NOP, 0, 0, 0));			/* for ever */
	EXPECT_EQ(-EINVAL, RUN(NOP, 8, 0, 0));			/* beyond */
	EXPECT_EQ(-EINVAL, RUN(NOP, 5, 0, 0, 0));
	EXPECT_EQ(-EINVAL, RUN(14, 4, 8, 0));			/* no such instruction */
	EXPECT_EQ(-EINVAL, RUN(S_EQ, 4, 8, 0));			/* no operand */
	EXPECT_EQ(-EINVAL, RUN(PORT(S_EQ, 80, 4, 12)));		/* into its operand */
	EXPECT_EQ(-EINVAL, RUN(PORT(S_EQ, 80, 8, 16)));		/* farther than refusing */
	EXPECT_EQ(-EINVAL, RUN(AUTO, 4, 8, 0, PORT(S_EQ, 80, 8, 12)));	/* into an operand */
	EXPECT_EQ(-EINVAL, RUN(S_COND, 16, 20, 0, AF_INET, 33, 0, 0, 80, 0, 0, 0, 10, 1, 0, 0));
	EXPECT_EQ(-EINVAL, RUN(S_COND, 16, 20, 0, AF_UNIX, 1, 0, 0, 80, 0, 0, 0, 10, 1, 0, 0));
	EXPECT_EQ(-EINVAL, RUN(S_COND, 16, 20, 0, AF_INET6, 33, 0, 0, 80, 0, 0, 0, 10, 1, 0, 0));
	{
		const u8 mark[] = { MARK, 12, 16, 0, 5, 0, 0, 0, 15, 0, 0, 0 };

		EXPECT_EQ(-EPERM, diag_filter_check(mark, sizeof(mark), false));
	}
}
