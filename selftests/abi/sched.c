/* SPDX-License-Identifier: MIT */
/* sched(7): policies, affinity, attributes, nice. */
#include "../harness.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static int set_attr(pid_t pid, const struct attr *a, unsigned flags)
{
	return (int)syscall(SYS_sched_setattr, pid, a, flags);
}
static int get_attr(pid_t pid, struct attr *a, unsigned size, unsigned flags)
{
	return (int)syscall(SYS_sched_getattr, pid, a, size, flags);
}

static void become_nobody(void)
{
	setrlimit(RLIMIT_RTPRIO, &(struct rlimit){ 0, 0 });
	setrlimit(RLIMIT_NICE, &(struct rlimit){ 0, 0 });
	setresuid(1000, 1000, 1000);
}

TEST(priorities_of_policies)
{
	EXPECT_EQ(99, sched_get_priority_max(SCHED_FIFO));
	EXPECT_EQ(1, sched_get_priority_min(SCHED_FIFO));
	EXPECT_EQ(99, sched_get_priority_max(SCHED_RR));
	EXPECT_EQ(1, sched_get_priority_min(SCHED_RR));
	EXPECT_EQ(0, sched_get_priority_max(SCHED_OTHER));
	EXPECT_EQ(0, sched_get_priority_max(SCHED_BATCH));
	EXPECT_EQ(0, sched_get_priority_min(SCHED_IDLE));
	EXPECT_EQ(0, sched_get_priority_max(6 /* SCHED_DEADLINE */));
	EXPECT_ERRNO(EINVAL, sched_get_priority_max(4));
	EXPECT_ERRNO(EINVAL, sched_get_priority_min(-1));
	EXPECT_ERRNO(EINVAL, sched_get_priority_max(99));
}

TEST(setscheduler)
{
	struct sched_param p = { 0 };

	EXPECT_EQ(SCHED_OTHER, sched_getscheduler(0));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_BATCH, &p));
	EXPECT_EQ(SCHED_BATCH, sched_getscheduler(0));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_IDLE, &p));
	p.sched_priority = 1;
	EXPECT_ERRNO(EINVAL, sched_setscheduler(0, SCHED_OTHER, &p));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &p));
	EXPECT_EQ(SCHED_FIFO, sched_getscheduler(getpid()));
	p.sched_priority = 99;
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p));
	EXPECT_EQ(SCHED_RR | SCHED_RESET_ON_FORK, sched_getscheduler(0));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(SCHED_OTHER, sched_getscheduler(0)); })));
	p.sched_priority = 0;
	EXPECT_EQ(0, sched_getparam(0, &p));
	EXPECT_EQ(99, p.sched_priority);
	p.sched_priority = 50;
	EXPECT_EQ(0, sched_setparam(0, &p));
	EXPECT_EQ(SCHED_RR | SCHED_RESET_ON_FORK, sched_getscheduler(0));
	p.sched_priority = 0;
	EXPECT_ERRNO(EINVAL, sched_setscheduler(0, SCHED_FIFO, &p));
	p.sched_priority = 100;
	EXPECT_ERRNO(EINVAL, sched_setscheduler(0, SCHED_FIFO, &p));
	p.sched_priority = 0;
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &p));
}

TEST(scheduler_errors)
{
	struct sched_param p = { 0 };

	EXPECT_ERRNO(EINVAL, sched_setscheduler(0, 4, &p));
	EXPECT_ERRNO(EINVAL, sched_setscheduler(0, -1, &p));
	EXPECT_ERRNO(EINVAL, sched_setscheduler(-1, SCHED_OTHER, &p));
	EXPECT_ERRNO(EINVAL, sched_setscheduler(0, SCHED_OTHER, NULL));
	EXPECT_ERRNO(EFAULT, sched_setscheduler(0, SCHED_OTHER, (void *)8));
	EXPECT_ERRNO(ESRCH, sched_setscheduler(0x3fffff, SCHED_OTHER, &p));
	EXPECT_ERRNO(EINVAL, sched_getscheduler(-1));
	EXPECT_ERRNO(ESRCH, sched_getscheduler(0x3fffff));
	EXPECT_ERRNO(EINVAL, sched_getparam(-1, &p));
	EXPECT_ERRNO(EINVAL, sched_getparam(0, NULL));
	EXPECT_ERRNO(ESRCH, sched_getparam(0x3fffff, &p));
	EXPECT_ERRNO(EFAULT, sched_getparam(0, (void *)8));
	EXPECT_ERRNO(EINVAL, sched_setparam(0, NULL));
	p.sched_priority = 1;
	EXPECT_ERRNO(EINVAL, sched_setparam(0, &p));
}

TEST(without_privilege)
{
	struct sched_param p = { 1 }, zero = { 0 };
	pid_t root = IN_CHILD({ sleep_ms(3000); });

	become_nobody();
	EXPECT_ERRNO(EPERM, sched_setscheduler(0, SCHED_FIFO, &p));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_BATCH, &zero));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &zero));
	EXPECT_ERRNO(EPERM, sched_setscheduler(root, SCHED_BATCH, &zero));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &zero));
	/* only set, never taken back */
	EXPECT_ERRNO(EPERM, sched_setscheduler(0, SCHED_OTHER, &zero));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_IDLE | SCHED_RESET_ON_FORK, &zero));
	/* RLIMIT_NICE 0 */
	EXPECT_ERRNO(EPERM, sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &zero));
}

TEST(rtprio_limit)
{
	struct sched_param p = { 10 };

	setrlimit(RLIMIT_RTPRIO, &(struct rlimit){ 10, 10 });
	setresuid(1000, 1000, 1000);
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &p));
	p.sched_priority = 11;
	EXPECT_ERRNO(EPERM, sched_setscheduler(0, SCHED_FIFO, &p));
	p.sched_priority = 5;
	EXPECT_EQ(0, sched_setparam(0, &p));
	EXPECT_EQ(0, setrlimit(RLIMIT_RTPRIO, &(struct rlimit){ 0, 0 }));
	p.sched_priority = 4;
	EXPECT_ERRNO(EPERM, sched_setscheduler(0, SCHED_RR, &p));
	EXPECT_EQ(0, sched_setparam(0, &p));		/* lowering is free */
}

TEST(rr_interval)
{
	struct timespec t = { 9, 9 };
	struct sched_param p = { 1 };

	EXPECT_EQ(0, sched_rr_get_interval(0, &t));
	EXPECT_EQ(0, t.tv_sec);
	sched_setscheduler(0, SCHED_FIFO, &p);
	EXPECT_EQ(0, sched_rr_get_interval(0, &t));
	EXPECT_EQ(0, t.tv_sec | t.tv_nsec);
	sched_setscheduler(0, SCHED_RR, &p);
	EXPECT_EQ(0, sched_rr_get_interval(0, &t));
	EXPECT_EQ(100000000, t.tv_nsec);
	EXPECT_ERRNO(EINVAL, sched_rr_get_interval(-1, &t));
	EXPECT_ERRNO(ESRCH, sched_rr_get_interval(0x3fffff, &t));
	EXPECT_ERRNO(EFAULT, sched_rr_get_interval(0, (void *)8));
}

TEST(affinity)
{
	unsigned long mask[16] = { 0 };
	long n = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);

	EXPECT_TRUE(n > 0 && n % 8 == 0 && n <= (long)sizeof(mask));
	EXPECT_TRUE(mask[0] & 1);
	EXPECT_ERRNO(EINVAL, syscall(SYS_sched_getaffinity, 0, 7, mask));
	EXPECT_ERRNO(EINVAL, syscall(SYS_sched_getaffinity, 0, 0, mask));
	EXPECT_ERRNO(ESRCH, syscall(SYS_sched_getaffinity, 0x3fffff, 128, mask));
	EXPECT_ERRNO(EFAULT, syscall(SYS_sched_getaffinity, 0, 128, 8));
	mask[0] = 1;
	EXPECT_EQ(0, syscall(SYS_sched_setaffinity, 0, 8, mask));
	EXPECT_EQ(0, syscall(SYS_sched_setaffinity, 0, 1, mask));
	EXPECT_EQ(0, sched_getcpu());
	mask[0] = 0;
	EXPECT_ERRNO(EINVAL, syscall(SYS_sched_setaffinity, 0, 8, mask));
	EXPECT_ERRNO(EINVAL, syscall(SYS_sched_setaffinity, 0, 0, mask));
	mask[0] = 1ul << 63;
	EXPECT_ERRNO(EINVAL, syscall(SYS_sched_setaffinity, 0, 8, mask));
	mask[0] |= 1;
	EXPECT_EQ(0, syscall(SYS_sched_setaffinity, 0, 8, mask));
	EXPECT_ERRNO(EFAULT, syscall(SYS_sched_setaffinity, 0, 8, 8));
	EXPECT_ERRNO(ESRCH, syscall(SYS_sched_setaffinity, 0x3fffff, 8, mask));
	EXPECT_EQ(0, exit_status(IN_CHILD({
		EXPECT_TRUE(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) > 0);
		EXPECT_EQ(1, mask[0]);
	})));
}

TEST(affinity_of_others)
{
	unsigned long mask = 1;
	pid_t root = IN_CHILD({ sleep_ms(3000); });

	become_nobody();
	EXPECT_ERRNO(EPERM, syscall(SYS_sched_setaffinity, root, 8, &mask));
	EXPECT_TRUE(syscall(SYS_sched_getaffinity, root, 128, (unsigned long[16]){ 0 }) > 0);
}

TEST(getattr)
{
	struct attr a;

	memset(&a, 0xff, sizeof(a));
	EXPECT_EQ(0, get_attr(0, &a, 48, 0));
	EXPECT_EQ(48, a.size);
	EXPECT_EQ(SCHED_OTHER, a.policy);
	EXPECT_EQ(0, a.nice);
	EXPECT_EQ(0, a.priority);
	EXPECT_EQ(0, a.flags);
	memset(&a, 0xff, sizeof(a));
	EXPECT_EQ(0, get_attr(0, &a, sizeof(a), 0));
	EXPECT_EQ(56, a.size);
	EXPECT_EQ(0, a.util_min);
	EXPECT_ERRNO(EINVAL, get_attr(0, &a, 47, 0));
	EXPECT_ERRNO(EINVAL, get_attr(0, &a, 4097, 0));
	EXPECT_ERRNO(EINVAL, get_attr(0, &a, 48, 1));
	EXPECT_ERRNO(EINVAL, get_attr(-1, &a, 48, 0));
	EXPECT_ERRNO(EINVAL, get_attr(0, NULL, 48, 0));
	EXPECT_ERRNO(ESRCH, get_attr(0x3fffff, &a, 48, 0));
	EXPECT_ERRNO(EFAULT, get_attr(0, (void *)8, 48, 0));
}

TEST(setattr)
{
	struct attr a = { .size = 48, .policy = SCHED_BATCH, .nice = 5 }, got;

	EXPECT_EQ(0, set_attr(0, &a, 0));
	EXPECT_EQ(0, get_attr(0, &got, 48, 0));
	EXPECT_EQ(SCHED_BATCH, got.policy);
	EXPECT_EQ(5, got.nice);
	EXPECT_EQ(5, getpriority(PRIO_PROCESS, 0));
	a = (struct attr){ .size = 48, .policy = SCHED_FIFO, .priority = 3, .flags = 1 };
	EXPECT_EQ(0, set_attr(0, &a, 0));
	EXPECT_EQ(0, get_attr(0, &got, 48, 0));
	EXPECT_EQ(3, got.priority);
	EXPECT_EQ(1, got.flags);
	/* keep policy, keep parameters */
	a = (struct attr){ .size = 48, .flags = 0x8 | 0x10 };
	EXPECT_EQ(0, set_attr(0, &a, 0));
	EXPECT_EQ(SCHED_FIFO, sched_getscheduler(0) & 0xff);
	EXPECT_ERRNO(EINVAL, set_attr(0, &a, 1));
	EXPECT_ERRNO(EINVAL, set_attr(-1, &a, 0));
	EXPECT_ERRNO(EINVAL, set_attr(0, NULL, 0));
	EXPECT_ERRNO(ESRCH, set_attr(0x3fffff, &a, 0));
	a.flags = 1u << 20;
	EXPECT_ERRNO(EINVAL, set_attr(0, &a, 0));
	a = (struct attr){ .size = 0 };
	EXPECT_EQ(0, set_attr(0, &a, 0));		/* 0: the first version's size */
	a = (struct attr){ .size = 40 };
	EXPECT_ERRNO(E2BIG, set_attr(0, &a, 0));
	EXPECT_EQ(56, a.size);				/* told what we know */
	a = (struct attr){ .size = 48, .policy = 6, .runtime = 10, .deadline = 5 };
	EXPECT_ERRNO(EINVAL, set_attr(0, &a, 0));
}

TEST(nice_and_priority)
{
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, 100));
	EXPECT_EQ(19, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, -100));
	EXPECT_EQ(-20, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(40, syscall(SYS_getpriority, PRIO_PROCESS, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(-20, getpriority(PRIO_PROCESS, 0)); })));
	EXPECT_ERRNO(EINVAL, setpriority(3, 0, 0));
	EXPECT_ERRNO(EINVAL, getpriority(-1, 0));
	EXPECT_ERRNO(ESRCH, setpriority(PRIO_PROCESS, 0x3fffff, 0));
	EXPECT_ERRNO(ESRCH, getpriority(PRIO_PGRP, 0x3fffff));
	EXPECT_EQ(0, setpriority(PRIO_PGRP, 0, 3));
	EXPECT_EQ(3, getpriority(PRIO_PGRP, 0));
}

TEST(nice_without_privilege)
{
	pid_t root = IN_CHILD({ sleep_ms(3000); });

	setrlimit(RLIMIT_NICE, &(struct rlimit){ 15, 15 });	/* down to nice 5 */
	setresuid(1000, 1000, 1000);
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, 10));
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, 5));
	EXPECT_ERRNO(EACCES, setpriority(PRIO_PROCESS, 0, 4));
	EXPECT_ERRNO(EPERM, setpriority(PRIO_PROCESS, root, 10));
	EXPECT_EQ(5, getpriority(PRIO_USER, 0));
}

TEST(yield_returns)
{
	EXPECT_EQ(0, sched_yield());
}

MAIN
