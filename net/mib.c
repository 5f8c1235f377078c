/* SPDX-License-Identifier: MIT */
/* mib.c - sums of what the network counts. Locks: none, counts are atomic. Ref: net/mib.h. Tests:
 * selftests/abi/procnet.c */
#include <net/mib.h>

#include <arch/cpu.h>

DEFINE_PER_CPU(struct mib_counts, mib_counts);
static u64 icmp_counts[2][2][256];

u64 mib_read(enum mib m)
{
	u64 sum = 0;
	u32 cpu;

	for_each_cpu(cpu)
		sum += READ_ONCE(per_cpu(mib_counts, cpu)->n[m]);
	return sum;
}

void mib_icmp(bool six, bool out, u8 type)
{
	__atomic_fetch_add(&icmp_counts[six][out][type], 1, __ATOMIC_RELAXED);
	mib_inc(six ? (out ? MIB_ICMP6_OutMsgs : MIB_ICMP6_InMsgs)
		    : (out ? MIB_ICMP4_OutMsgs : MIB_ICMP4_InMsgs));
}

u64 mib_icmp_read(bool six, bool out, u32 type)
{
	return READ_ONCE(icmp_counts[six][out][type & 255]);
}
