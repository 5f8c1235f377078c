/* SPDX-License-Identifier: MIT */
/* cbpf: programs that tcpdump and DHCP clients make, on packets; what must be refused; random
 * programs end. */
#include <kernel/lib/byteorder.h>
#include <kernel/lib/cbpf.h>
#include <kernel/lib/string.h>

#include "unit.h"

static bool load(const struct cbpf_data *d, u32 off, u32 n, u32 *out)
{
	const u8 *b = d->arg;

	if (off > d->len || n > d->len - off)
		return false;
	*out = n == 4 ? get_be32(b + off) : n == 2 ? get_be16(b + off) : b[off];
	return true;
}

static u32 run(const struct cbpf_insn *p, const u8 *bytes, u32 len)
{
	struct cbpf_data d = { .len = len, .load = load, .arg = bytes };

	return cbpf_run(p, &d);
}

/* "udp and dst port 68", as busybox udhcpc has it: over IP, not a fragment, the header's length
 * looked at. */
static const struct cbpf_insn dhcp[] = {
	{ 0x30, 0, 0, 9 },	{ 0x15, 0, 6, 17 },	    { 0x28, 0, 0, 6 },
	{ 0x45, 4, 0, 0x1fff }, { 0xb1, 0, 0, 0 },	    { 0x48, 0, 0, 2 },
	{ 0x15, 0, 1, 68 },	{ 0x06, 0, 0, 0x7fffffff }, { 0x06, 0, 0, 0 },
};

TEST(a_dhcp_filter)
{
	u8 p[28] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17 };

	ASSERT_TRUE(cbpf_check(dhcp, ARRAY_SIZE(dhcp)));
	put_be16(p + 22, 68);
	EXPECT_EQ(0x7fffffff, run(dhcp, p, sizeof(p)));
	put_be16(p + 22, 67);
	EXPECT_EQ(0, run(dhcp, p, sizeof(p)));
	put_be16(p + 22, 68);
	p[9] = 6;
	EXPECT_EQ(0, run(dhcp, p, sizeof(p)));
	EXPECT_EQ(0, run(dhcp, p, 9));		/* too short: the load ends it */
}

TEST(arithmetic)
{
	static const struct cbpf_insn sum[] = {
		{ 0x00, 0, 0, 100 }, { 0x01, 0, 0, 7 }, { 0x0c, 0, 0, 0 }, { 0x24, 0, 0, 3 },
		{ 0x3c, 0, 0, 0 },   { 0x02, 0, 0, 5 }, { 0x84, 0, 0, 0 }, { 0x61, 0, 0, 5 },
		{ 0x0c, 0, 0, 0 },   { 0x07, 0, 0, 0 }, { 0x87, 0, 0, 0 }, { 0x16, 0, 0, 0 },
	};

	ASSERT_TRUE(cbpf_check(sum, ARRAY_SIZE(sum)));
	EXPECT_EQ(0, run(sum, NULL, 0));	/* x = 45, a = -45 + 45 */
}

TEST(division_by_zero_ends_with_nothing)
{
	static const struct cbpf_insn p[] = {
		{ 0x00, 0, 0, 9 }, { 0x01, 0, 0, 0 }, { 0x3c, 0, 0, 0 }, { 0x06, 0, 0, 5 }
	};

	ASSERT_TRUE(cbpf_check(p, ARRAY_SIZE(p)));
	EXPECT_EQ(0, run(p, NULL, 0));
}

TEST(what_is_refused)
{
	static const struct cbpf_insn no_end[] = { { 0x00, 0, 0, 1 } },
				      jump_out[] = { { 0x15, 1, 0, 1 }, { 0x06, 0, 0, 0 } },
				      zero[] = { { 0x34, 0, 0, 0 }, { 0x06, 0, 0, 0 } },
				      unwritten[] = { { 0x60, 0, 0, 3 }, { 0x16, 0, 0, 0 } },
				      scratch[] = { { 0x02, 0, 0, 16 }, { 0x06, 0, 0, 0 } },
				      odd[] = { { 0xffff, 0, 0, 0 }, { 0x06, 0, 0, 0 } },
				      shift[] = { { 0x64, 0, 0, 32 }, { 0x06, 0, 0, 0 } },
				      half[] = { { 0x15, 1, 0, 0 },
						 { 0x02, 0, 0, 1 },
						 { 0x60, 0, 0, 1 },
						 { 0x16, 0, 0, 0 } };

	EXPECT_TRUE(!cbpf_check(no_end, 1));
	EXPECT_TRUE(!cbpf_check(no_end, 0));
	EXPECT_TRUE(!cbpf_check(jump_out, 2));
	EXPECT_TRUE(!cbpf_check(zero, 2));
	EXPECT_TRUE(!cbpf_check(unwritten, 2));
	EXPECT_TRUE(!cbpf_check(scratch, 2));
	EXPECT_TRUE(!cbpf_check(odd, 2));
	EXPECT_TRUE(!cbpf_check(shift, 2));
	EXPECT_TRUE(!cbpf_check(half, 4));	/* written on one way only */
}

TEST(random_programs_that_pass_also_end)
{
	struct cbpf_insn p[32];
	u8 bytes[64] = { 1, 2, 3 };
	u32 passed = 0;

	for (u32 i = 0; i < 2000000; i++) {
		u32 n = 1 + (u32)(host_random() >> 40) % 6;

		for (u32 k = 0; k < n; k++) {
			u64 r = host_random();

			p[k] = (struct cbpf_insn){ (u16)(r >> 8) & 0xff, (u8)(r >> 16) & 3,
						   (u8)(r >> 24) & 3, (u32)(r >> 32) % 70 };
		}
		if (!cbpf_check(p, n))
			continue;
		passed++;
		run(p, bytes, sizeof(bytes));
	}
	EXPECT_TRUE(passed > 100);
}
