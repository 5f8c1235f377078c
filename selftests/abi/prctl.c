/* SPDX-License-Identifier: MIT */
/* prctl(2): what Linux answers, option by option. */
#include "../harness.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif

#define P(option, ...) syscall(SYS_prctl, option, __VA_ARGS__)

TEST(unknown_options)
{
	EXPECT_ERRNO(EINVAL, P(0, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(-1, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(0x7fffffff, 0, 0, 0, 0));
}

TEST(pdeathsig)
{
	int sig = 99, p[2];
	char c;

	EXPECT_EQ(0, P(PR_GET_PDEATHSIG, &sig, 0, 0, 0));
	EXPECT_EQ(0, sig);
	EXPECT_EQ(0, P(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
	EXPECT_EQ(0, P(PR_GET_PDEATHSIG, &sig, 0, 0, 0));
	EXPECT_EQ(SIGUSR1, sig);
	EXPECT_ERRNO(EINVAL, P(PR_SET_PDEATHSIG, 65, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_PDEATHSIG, -1, 0, 0, 0));
	EXPECT_ERRNO(EFAULT, P(PR_GET_PDEATHSIG, 8, 0, 0, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  P(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
			  EXPECT_EQ(0, sig);
		  })));
	pipe(p);
	IN_CHILD({
		IN_CHILD({
			sigset_t s;

			sigemptyset(&s);
			sigaddset(&s, SIGUSR2);
			sigprocmask(SIG_BLOCK, &s, NULL);
			P(PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0);
			sigwait(&s, &sig);
			write(p[1], "d", 1);
		});
		sleep_ms(30);
	});
	EXPECT_EQ(1, read(p[0], &c, 1));
}

TEST(pdeathsig_goes_with_new_ids)
{
	int sig = 99;

	P(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
	setresuid(1000, 1000, 1000);
	P(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
	EXPECT_EQ(0, sig);
}

TEST(name)
{
	char buf[32] = "", line[64] = "";
	int fd;

	EXPECT_EQ(0, P(PR_SET_NAME, "0123456789abcdefXYZ", 0, 0, 0));
	EXPECT_EQ(0, P(PR_GET_NAME, buf, 0, 0, 0));
	EXPECT_STREQ("0123456789abcde", buf);
	fd = open("/proc/self/comm", O_RDONLY);
	read(fd, line, 63);
	EXPECT_STREQ("0123456789abcde\n", line);
	EXPECT_EQ(0, P(PR_SET_NAME, "", 0, 0, 0));
	EXPECT_EQ(0, P(PR_GET_NAME, buf, 0, 0, 0));
	EXPECT_STREQ("", buf);
	EXPECT_ERRNO(EFAULT, P(PR_SET_NAME, 8, 0, 0, 0));
	EXPECT_ERRNO(EFAULT, P(PR_GET_NAME, 8, 0, 0, 0));
	P(PR_SET_NAME, "main", 0, 0, 0);
	{
		IN_THREAD({
			char b[16];

			P(PR_GET_NAME, b, 0, 0, 0);
			EXPECT_STREQ("main", b);
			P(PR_SET_NAME, "thread", 0, 0, 0);
		});
	}
	P(PR_GET_NAME, buf, 0, 0, 0);
	EXPECT_STREQ("main", buf);
}

TEST(no_new_privs)
{
	EXPECT_EQ(0, P(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 1));
	EXPECT_ERRNO(EINVAL, P(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EXPECT_EQ(1, P(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(1, P(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)); })));
}

TEST(keepcaps)
{
	EXPECT_EQ(0, P(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_KEEPCAPS, 2, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	EXPECT_EQ(1, P(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	EXPECT_EQ(SECBIT_KEEP_CAPS, P(PR_GET_SECUREBITS, 0, 0, 0, 0));
	setresuid(1000, 1000, 1000);
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];
	EXPECT_EQ(0, syscall(SYS_capget, &h, d));
	EXPECT_EQ(0, d[0].effective);
	EXPECT_TRUE(d[0].permitted != 0);
}

TEST(securebits)
{
	EXPECT_EQ(0, P(PR_GET_SECUREBITS, 0, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0));
	EXPECT_EQ(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, P(PR_GET_SECUREBITS, 0, 0, 0, 0));
	EXPECT_ERRNO(EPERM, P(PR_SET_SECUREBITS, SECBIT_NOROOT_LOCKED, 0, 0, 0));
	EXPECT_ERRNO(EPERM, P(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0));
	EXPECT_ERRNO(EPERM, P(PR_SET_SECUREBITS, 1 << 20, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_SECUREBITS,
		       SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED, 0, 0, 0));
	EXPECT_ERRNO(EPERM, P(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	setresuid(1000, 1000, 1000);
	EXPECT_ERRNO(EPERM, P(PR_SET_SECUREBITS, 0xff, 0, 0, 0));
}

TEST(no_setuid_fixup)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	EXPECT_EQ(0, P(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0));
	setresuid(1000, 1000, 1000);
	syscall(SYS_capget, &h, d);
	EXPECT_TRUE(d[0].effective != 0);
}

TEST(bounding_set)
{
	EXPECT_EQ(1, P(PR_CAPBSET_READ, CAP_SYS_TIME, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_CAPBSET_READ, 64, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_CAPBSET_READ, CAP_LAST_CAP + 1, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_CAPBSET_DROP, CAP_LAST_CAP + 1, 0, 0, 0));
	EXPECT_EQ(0, P(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0));
	EXPECT_EQ(0, P(PR_CAPBSET_READ, CAP_SYS_TIME, 0, 0, 0));
	EXPECT_EQ(0, P(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD(
			     { EXPECT_EQ(0, P(PR_CAPBSET_READ, CAP_SYS_TIME, 0, 0, 0)); })));
	setresuid(1000, 1000, 1000);
	EXPECT_ERRNO(EPERM, P(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0));
}

TEST(ambient_set)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	EXPECT_EQ(0, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	/* not inheritable */
	EXPECT_ERRNO(EPERM, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	syscall(SYS_capget, &h, d);
	d[0].inheritable = 1 << CAP_CHOWN;
	EXPECT_EQ(0, syscall(SYS_capset, &h, d));
	EXPECT_EQ(0, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	EXPECT_EQ(1, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	EXPECT_EQ(0, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0));
	EXPECT_EQ(0, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	EXPECT_EQ(0, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	EXPECT_EQ(0, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	EXPECT_EQ(0, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_CAP_AMBIENT, 99, CAP_CHOWN, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_LAST_CAP + 1, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 1, 0));
	EXPECT_EQ(0, P(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE, 0, 0, 0));
	EXPECT_ERRNO(EPERM, P(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
}

TEST(dumpable)
{
	EXPECT_EQ(1, P(PR_GET_DUMPABLE, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_DUMPABLE, 2, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_DUMPABLE, 0, 0, 0, 0));
	EXPECT_EQ(0, P(PR_GET_DUMPABLE, 0, 0, 0, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(0, P(PR_GET_DUMPABLE, 0, 0, 0, 0)); })));
	P(PR_SET_DUMPABLE, 1, 0, 0, 0);
	EXPECT_EQ(1, P(PR_GET_DUMPABLE, 0, 0, 0, 0));
	setresuid(1000, 1000, 1000);
	EXPECT_TRUE(P(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1);
}

TEST(thp_disable)
{
	EXPECT_EQ(0, P(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_GET_THP_DISABLE, 1, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_THP_DISABLE, 1, 1, 0, 0));
	EXPECT_EQ(0, P(PR_SET_THP_DISABLE, 7, 0, 0, 0));
	EXPECT_EQ(1, P(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(1, P(PR_GET_THP_DISABLE, 0, 0, 0, 0)); })));
	EXPECT_EQ(0, P(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	EXPECT_EQ(0, P(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

TEST(timerslack)
{
	EXPECT_EQ(50000, P(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_TIMERSLACK, 1000, 0, 0, 0));
	EXPECT_EQ(1000, P(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD({
		EXPECT_EQ(1000, P(PR_GET_TIMERSLACK, 0, 0, 0, 0));
		P(PR_SET_TIMERSLACK, 5, 0, 0, 0);
		P(PR_SET_TIMERSLACK, 0, 0, 0, 0);
		/* the default: the parent's */
		EXPECT_EQ(1000, P(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	})));
	EXPECT_EQ(0, P(PR_SET_TIMERSLACK, 0, 0, 0, 0));
	EXPECT_EQ(50000, P(PR_GET_TIMERSLACK, 0, 0, 0, 0));
}

TEST(child_subreaper)
{
	int is = 99, p[2];
	pid_t got;

	EXPECT_EQ(0, P(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0));
	EXPECT_EQ(0, is);
	EXPECT_EQ(0, P(PR_SET_CHILD_SUBREAPER, 5, 0, 0, 0));
	EXPECT_EQ(0, P(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0));
	EXPECT_EQ(1, is);
	EXPECT_ERRNO(EFAULT, P(PR_GET_CHILD_SUBREAPER, 8, 0, 0, 0));
	pipe(p);
	exit_status(IN_CHILD({ IN_CHILD({
		sleep_ms(30);
		got = getppid();
		write(p[1], &got, sizeof(got));
		is = 9;
		P(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0);
		EXPECT_EQ(0, is);
	}); }));
	EXPECT_EQ(sizeof(got), read(p[0], &got, sizeof(got)));
	EXPECT_EQ(getpid(), got);
	EXPECT_TRUE(wait(NULL) > 0);
}

TEST(tid_address)
{
	int *addr = NULL;
	static int mine;

	syscall(SYS_set_tid_address, &mine);
	EXPECT_TRUE(P(PR_GET_TID_ADDRESS, &addr, 0, 0, 0) == 0 && addr == &mine);
}

/* Debian's kernel has no CONFIG_ANON_VMA_NAME: programs live with that. */
TEST(mappings_have_no_names)
{
	char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_ERRNO(EINVAL, P(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m, 4096, "my name"));
}

TEST(the_counter_can_be_read)
{
	int how = 0;

	EXPECT_EQ(0, P(PR_GET_TSC, &how, 0, 0, 0));
	EXPECT_EQ(PR_TSC_ENABLE, how);
	EXPECT_EQ(0, P(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_TSC, 3, 0, 0, 0));
}

TEST(set_mm_asks_for_a_capability)
{
	unsigned size = 0;

	EXPECT_EQ(0, P(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0 ? (size == 104 ? 0 : size)
									: 0);
	EXPECT_ERRNO(EINVAL, P(PR_SET_MM, PR_SET_MM_START_CODE, 0, 0, 1));
	EXPECT_ERRNO(EINVAL, P(PR_SET_MM, 99, 0x10000, 0, 0));
	setresuid(1000, 1000, 1000);
	EXPECT_ERRNO(EPERM, P(PR_SET_MM, PR_SET_MM_START_CODE, 0x400000, 0, 0));
}

TEST(timing_endian_and_other_machines)
{
	EXPECT_EQ(PR_TIMING_STATISTICAL, P(PR_GET_TIMING, 0, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_TIMING, PR_TIMING_STATISTICAL, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_TIMING, PR_TIMING_TIMESTAMP, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_GET_ENDIAN, &(int){ 0 }, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_UNALIGN, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_GET_FPEMU, &(int){ 0 }, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_GET_FPEXC, &(int){ 0 }, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_FP_MODE, 0, 0, 0, 0));
}

TEST(mce_kill)
{
	EXPECT_EQ(PR_MCE_KILL_DEFAULT, P(PR_MCE_KILL_GET, 0, 0, 0, 0));
	EXPECT_EQ(0, P(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
	EXPECT_EQ(PR_MCE_KILL_EARLY, P(PR_MCE_KILL_GET, 0, 0, 0, 0));
	EXPECT_EQ(0, P(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0));
	EXPECT_EQ(PR_MCE_KILL_DEFAULT, P(PR_MCE_KILL_GET, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_MCE_KILL, 5, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_MCE_KILL, PR_MCE_KILL_SET, 5, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_MCE_KILL_GET, 1, 0, 0, 0));
}

TEST(mdwe)
{
	void *m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(0, P(PR_GET_MDWE, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_MDWE, 4, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_MDWE, 2, 0, 0, 0));
	EXPECT_EQ(0, P(PR_SET_MDWE, 1, 0, 0, 0));
	EXPECT_EQ(1, P(PR_GET_MDWE, 0, 0, 0, 0));
	EXPECT_ERRNO(EPERM, P(PR_SET_MDWE, 0, 0, 0, 0));
	EXPECT_ERRNO(EACCES, mprotect(m, 4096, PROT_READ | PROT_EXEC));
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	m = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT_TRUE(m != MAP_FAILED);
	EXPECT_EQ(0, mprotect(m, 4096, PROT_READ));
}

TEST(memory_merge_and_io_flusher)
{
	EXPECT_EQ(0, P(57 /* PR_SET_IO_FLUSHER */, 1, 0, 0, 0));
	EXPECT_EQ(1, P(58, 0, 0, 0, 0));
	EXPECT_EQ(0, P(57, 0, 0, 0, 0));
	EXPECT_EQ(0, P(58, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(57, 2, 0, 0, 0));
	EXPECT_EQ(0, P(68 /* PR_GET_MEMORY_MERGE */, 0, 0, 0, 0));
}

TEST(seccomp_mode)
{
	EXPECT_EQ(0, P(PR_GET_SECCOMP, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, P(PR_SET_SECCOMP, 77, 0, 0, 0));
}

MAIN
