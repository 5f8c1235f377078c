/* SPDX-License-Identifier: MIT */
/* credentials(7), setresuid(2), getgroups(2), capabilities(7), getrlimit(2), prctl(2), uname(2),
 * getrandom(2), reboot(2). */
#include "../harness.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/reboot.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#define IDS(r, e, s)                                                                              \
	do {                                                                                      \
		uid_t r_, e_, s_;                                                                 \
		getresuid(&r_, &e_, &s_);                                                         \
		EXPECT_EQ(r, r_);                                                                 \
		EXPECT_EQ(e, e_);                                                                 \
		EXPECT_EQ(s, s_);                                                                 \
	} while (0)

TEST(setuid_of_root_sets_all_three)
{
	EXPECT_EQ(0, setuid(1000));
	IDS(1000, 1000, 1000);
	EXPECT_ERRNO(EPERM, setuid(0));
	EXPECT_ERRNO(EPERM, setgid(5));
	EXPECT_ERRNO(EPERM, setresuid(1000, 0, -1));
	EXPECT_EQ(0, setresuid(-1, -1, -1));
}

TEST(the_saved_id_is_a_way_back)
{
	EXPECT_EQ(0, setresuid(1, 2, 3));
	EXPECT_EQ(0, seteuid(1));
	EXPECT_EQ(0, seteuid(3));
	IDS(1, 3, 3);
	EXPECT_ERRNO(EPERM, seteuid(2));
	/* a real id was set: the saved one is the new effective */
	EXPECT_EQ(0, setreuid(3, 1));
	IDS(3, 1, 1);
}

TEST(setfsuid_returns_the_old_one)
{
	EXPECT_EQ(0, setfsuid(77));
	EXPECT_EQ(77, setfsuid(-1));
	seteuid(5);
	EXPECT_EQ(5, setfsuid(-1));
}

TEST(supplementary_groups)
{
	gid_t list[4] = { 10, 20, 30 }, got[4];

	EXPECT_EQ(0, setgroups(3, list));
	EXPECT_EQ(3, getgroups(0, NULL));
	EXPECT_EQ(3, getgroups(4, got));
	EXPECT_ERRNO(EINVAL, getgroups(2, got));
	EXPECT_ERRNO(EINVAL, getgroups(-1, got));
	EXPECT_ERRNO(EINVAL, syscall(SYS_setgroups, 65537, list));
	setuid(1000);
	EXPECT_ERRNO(EPERM, setgroups(1, list));
}

TEST(capabilities_go_with_the_user_unless_kept)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	EXPECT_EQ(0, syscall(SYS_capget, &h, d));
	EXPECT_TRUE(d[0].effective & 1u << CAP_KILL);
	EXPECT_EQ(0, prctl(PR_SET_KEEPCAPS, 1));
	setuid(1000);
	EXPECT_EQ(0, syscall(SYS_capget, &h, d));
	EXPECT_EQ(0, d[0].effective);
	EXPECT_TRUE(d[0].permitted & 1u << CAP_KILL);
	d[0].effective = d[0].permitted = 1u << CAP_SETUID;
	d[1].effective = d[1].permitted = 0;
	EXPECT_EQ(0, syscall(SYS_capset, &h, d));
	d[0].permitted |= 1u << CAP_KILL;
	EXPECT_ERRNO(EPERM, syscall(SYS_capset, &h, d));
	EXPECT_EQ(0, setuid(0));
	h.version = 5;
	EXPECT_ERRNO(EINVAL, syscall(SYS_capget, &h, d));
	EXPECT_EQ(_LINUX_CAPABILITY_VERSION_3, h.version);
}

TEST(rlimits_are_soft_below_hard)
{
	struct rlimit r;

	EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 100, 200 }));
	EXPECT_EQ(0, getrlimit(RLIMIT_NOFILE, &r));
	EXPECT_EQ(100, r.rlim_cur);
	EXPECT_EQ(200, r.rlim_max);
	EXPECT_ERRNO(EINVAL, setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 201, 200 }));
	EXPECT_ERRNO(EINVAL, getrlimit(16, &r));
	setuid(1000);
	EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 200, 200 }));
	EXPECT_ERRNO(EPERM, setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 200, 201 }));
	EXPECT_ERRNO(EPERM, prlimit(1, RLIMIT_NOFILE, NULL, &r));
	EXPECT_ERRNO(ESRCH, prlimit(4000000, RLIMIT_NOFILE, NULL, &r));
}

TEST(rlimit_cpu_is_sigxcpu)
{
	EXPECT_EQ(128 + SIGXCPU, exit_status(IN_CHILD({
			  setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 5 });
			  for (;;)
				  ;
		  })));
}

TEST(priorities)
{
	errno = 0;
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, 5));
	EXPECT_EQ(5, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, 100));
	EXPECT_EQ(19, getpriority(PRIO_PROCESS, 0));
	EXPECT_ERRNO(EINVAL, setpriority(9, 0, 1));
	EXPECT_ERRNO(ESRCH, setpriority(PRIO_PROCESS, 4000000, 1));
	setuid(1000);
	EXPECT_ERRNO(EACCES, setpriority(PRIO_PROCESS, 0, 0));
}

TEST(scheduling_policies_and_affinity)
{
	struct sched_param p = { 0 };
	cpu_set_t set;

	EXPECT_EQ(SCHED_OTHER, sched_getscheduler(0));
	EXPECT_EQ(1, sched_get_priority_min(SCHED_FIFO));
	EXPECT_EQ(99, sched_get_priority_max(SCHED_RR));
	EXPECT_EQ(0, sched_get_priority_max(SCHED_OTHER));
	EXPECT_ERRNO(EINVAL, sched_get_priority_max(77));
	EXPECT_ERRNO(EINVAL, sched_setscheduler(0, SCHED_FIFO, &p));
	EXPECT_EQ(0, sched_setscheduler(0, SCHED_BATCH, &p));
	EXPECT_EQ(SCHED_BATCH, sched_getscheduler(0));
	EXPECT_EQ(0, sched_getaffinity(0, sizeof(set), &set));
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_ONLN), CPU_COUNT(&set));
	CPU_ZERO(&set);
	EXPECT_ERRNO(EINVAL, sched_setaffinity(0, sizeof(set), &set));
	CPU_SET(0, &set);
	EXPECT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	EXPECT_EQ(0, sched_getcpu());
	EXPECT_ERRNO(ESRCH, sched_getscheduler(4000000));
	EXPECT_ERRNO(EINVAL, sched_getscheduler(-1));
}

TEST(prctl_names_and_promises)
{
	char name[16] = "";

	EXPECT_EQ(0, prctl(PR_SET_NAME, "a-name-that-is-too-long"));
	EXPECT_EQ(0, prctl(PR_GET_NAME, name));
	EXPECT_STREQ("a-name-that-is-", name);
	EXPECT_EQ(1, prctl(PR_GET_DUMPABLE));
	EXPECT_EQ(0, prctl(PR_SET_DUMPABLE, 0));
	EXPECT_EQ(0, prctl(PR_GET_DUMPABLE));
	EXPECT_ERRNO(EINVAL, prctl(PR_SET_DUMPABLE, 2));
	EXPECT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, prctl(12345));
}

TEST(uname_sysinfo_and_host_names)
{
	struct utsname u;
	struct sysinfo s;

	EXPECT_EQ(0, uname(&u));
	EXPECT_STREQ("Linux", u.sysname);
	EXPECT_STREQ("aarch64", u.machine);
	EXPECT_EQ(0, sethostname("host-x", 6));
	uname(&u);
	EXPECT_STREQ("host-x", u.nodename);
	EXPECT_ERRNO(EINVAL, sethostname("x", 65));
	EXPECT_ERRNO(EINVAL, sethostname("x", -1));
	EXPECT_EQ(0, sysinfo(&s));
	EXPECT_TRUE(s.totalram * s.mem_unit > 100 << 20 && s.freeram <= s.totalram);
	EXPECT_TRUE(s.procs > 0);
	setuid(1000);
	EXPECT_ERRNO(EPERM, sethostname("y", 1));
}

TEST(getrandom_differs_each_time)
{
	char a[32], b[32];

	EXPECT_EQ(32, getrandom(a, 32, 0));
	EXPECT_EQ(32, getrandom(b, 32, GRND_NONBLOCK));
	EXPECT_TRUE(memcmp(a, b, 32) != 0);
	EXPECT_EQ(0, getrandom(a, 0, 0));
	EXPECT_ERRNO(EINVAL, getrandom(a, 1, 0x100));
}

TEST(reboot_wants_magic_and_privilege)
{
	EXPECT_ERRNO(EINVAL,
		     syscall(SYS_reboot, 1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, NULL));
	EXPECT_ERRNO(EINVAL,
		     syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, 1, LINUX_REBOOT_CMD_RESTART, NULL));
	EXPECT_ERRNO(EINVAL,
		     syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, 12345, NULL));
	setuid(1000);
	EXPECT_ERRNO(EPERM, syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
				    LINUX_REBOOT_CMD_RESTART, NULL));
}

MAIN
