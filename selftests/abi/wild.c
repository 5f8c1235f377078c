/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* Every system call with wild arguments: whatever it answers, the kernel lives and the caller lives
 * or dies of a signal. One child for each call; each of its six arguments takes each wild value
 * while the others are zero or a buffer. */
#include "../harness.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define PAGE 4096l

static uint64_t wild[16];
static int nwild;
static char *good;

static void make_values(void)
{
	char *m = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t values[] = {
		0, 1, -1, 8, 0x7fffffff, 0x80000000, 1ull << 63,
		0xffff000000000000, 0xffff800000080000, 0xfffffffffffff000, 1ull << 48,
		(uint64_t)(m + 2 * PAGE),	/* unmapped */
		(uint64_t)ro,
		(uint64_t)(m + 2 * PAGE - 4),	/* ends too soon */
		(uint64_t)m | 1,
	};

	munmap(m + 2 * PAGE, 2 * PAGE);
	nwild = sizeof(values) / sizeof(*values);
	memcpy(wild, values, sizeof(values));
	good = m;
}

static const short skipped[] = {
	SYS_exit,
	SYS_exit_group,
	SYS_reboot,
	SYS_kexec_load,
	SYS_kexec_file_load,
	SYS_rt_sigreturn,
	SYS_kill,
	SYS_init_module,
	SYS_delete_module,
	SYS_vhangup,
	SYS_setitimer,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigsuspend,
	SYS_ptrace,
	SYS_rt_sigtimedwait,
	SYS_sched_setscheduler,
	SYS_sched_setattr,
	SYS_clock_settime,
	SYS_settimeofday,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_sync,
	SYS_syncfs,
	SYS_syslog,
	SYS_clone,
	SYS_clone3,
	SYS_execve,
	SYS_execveat,
	SYS_munmap,
	SYS_mremap,
	SYS_brk,
	SYS_pivot_root,
	SYS_chroot,
	SYS_umount2,
	SYS_tkill,
	SYS_tgkill,
	SYS_rt_sigqueueinfo,
	SYS_rt_tgsigqueueinfo,
	SYS_pidfd_send_signal,
	SYS_unlinkat,
	SYS_bpf,
	SYS_memfd_secret,
	SYS_membarrier,
};

static int is_skipped(int nr)
{
	for (unsigned i = 0; i < sizeof(skipped) / sizeof(*skipped); i++)
		if (skipped[i] == nr)
			return 1;
	return 0;
}

static long call(long nr, const uint64_t *a)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a[0];
	register long x1 __asm__("x1") = a[1];
	register long x2 __asm__("x2") = a[2];
	register long x3 __asm__("x3") = a[3];
	register long x4 __asm__("x4") = a[4];
	register long x5 __asm__("x5") = a[5];

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/* In a child of the test: a system call that returns, or is interrupted, or kills. */
static void torture(int nr, int pointers)
{
	struct itimerval tick = { { 0, 3000 }, { 0, 3000 } };
	struct sigaction sa = { .sa_handler = note_signal };
	uint64_t a[6];

	setsid();
	chdir("/proc/self");		/* relative names do no harm here */
	for (int fd = 0; fd < 20; fd++)
		close(fd);
	setrlimit(RLIMIT_AS, &(struct rlimit){ 256 << 20, 256 << 20 });
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1 << 20, 1 << 20 });
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	sigaction(SIGALRM, &sa, NULL);
	alarm(0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int arg = 0; arg < 6; arg++)
		for (int i = 0; i < nwild; i++) {
			for (int j = 0; j < 6; j++)
				a[j] = pointers ? (uint64_t)good : 0;
			a[arg] = wild[i];
			open("/dev/null", O_RDWR);
			setitimer(ITIMER_REAL, &tick, NULL);
			call(nr, a);
		}
}

/* Calls @from up to @to; the other arguments are zeros, then pointers. */
static void range(int from, int to)
{
	make_values();
	for (int nr = from; nr < to; nr++) {
		if (is_skipped(nr) || (nr > 294 && nr < 424))
			continue;
		for (int pointers = 0; pointers < 2; pointers++) {
			pid_t pid;
			int st, left = 3000;

			fflush(stdout);
			pid = fork();
			if (pid == 0) {
				torture(nr, pointers);
				_exit(0);
			}
			while (waitpid(pid, &st, WNOHANG) == 0 && --left > 0)
				usleep(left > 2900 ? 100 : 1000);
			if (left == 0) {
				FAIL("system call %d does not end (%s)", nr,
				     pointers ? "pointers" : "zeros");
				kill(pid, SIGKILL);
				waitpid(pid, &st, 0);
			}
		}
	}
}

#define RANGE(from, to) TEST_TIMEOUT(calls_##from##_to_##to, 60) { range(from, to); }

RANGE(0, 32)
RANGE(32, 64)
RANGE(64, 96)
RANGE(96, 128)
RANGE(128, 160)
RANGE(160, 192)
RANGE(192, 224)
RANGE(224, 256)
RANGE(256, 295)
RANGE(424, 463)

TEST(membarrier)
{
	make_values();
	EXPECT_EQ(0, exit_status(IN_CHILD({ torture(SYS_membarrier, 0); })));
}

/* By name: calls that would end or change the machine or the test, with arguments that must be
 * refused. */
#define WILD_ERRNO(error, nr, ...) EXPECT_EQ(-(error), call(nr, (uint64_t[6]){ __VA_ARGS__ }))

TEST(numbers_beyond_the_table_are_enosys)
{
	static const long none[] = { 244, 259, 295, 423, 563, 1000, 0x7fffffff, -1, 0x80000000l };

	for (unsigned i = 0; i < sizeof(none) / sizeof(*none); i++)
		WILD_ERRNO(ENOSYS, none[i], 0);
}

TEST(pointers_into_the_kernel_are_efault)
{
	static const uint64_t bad[] = { 8,     0xffff000000000000, 0xffff800000080000, -4096ull,
					-1ull, 1ull << 48,	   1ull << 63 };
	int p[2];

	pipe(p);
	write(p[1], "xyz", 3);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		WILD_ERRNO(EFAULT, SYS_read, p[0], bad[i], 1);
		WILD_ERRNO(EFAULT, SYS_write, p[1], bad[i], 1);
		WILD_ERRNO(EFAULT, SYS_uname, bad[i]);
		WILD_ERRNO(EFAULT, SYS_pipe2, bad[i], 0);
		WILD_ERRNO(EFAULT, SYS_openat, AT_FDCWD, bad[i], 0);
		WILD_ERRNO(EFAULT, SYS_execve, bad[i], 0, 0);
		WILD_ERRNO(EFAULT, SYS_newfstatat, AT_FDCWD, (uint64_t)"/", bad[i], 0);
		WILD_ERRNO(EFAULT, SYS_rt_sigaction, SIGUSR1, bad[i], 0, 8);
		WILD_ERRNO(EFAULT, SYS_rt_sigaction, SIGUSR1, 0, bad[i], 8);
		WILD_ERRNO(EFAULT, SYS_rt_sigprocmask, SIG_BLOCK, bad[i], 0, 8);
		WILD_ERRNO(EFAULT, SYS_nanosleep, bad[i], 0);
		WILD_ERRNO(EFAULT, SYS_getrandom, bad[i], 16, 0);
		WILD_ERRNO(EFAULT, SYS_sysinfo, bad[i]);
		WILD_ERRNO(EFAULT, SYS_getrusage, 0, bad[i]);
		WILD_ERRNO(EFAULT, SYS_prlimit64, 0, RLIMIT_NOFILE, 0, bad[i]);
		WILD_ERRNO(EFAULT, SYS_prlimit64, 0, RLIMIT_NOFILE, bad[i], 0);
		WILD_ERRNO(EFAULT, SYS_clone3, bad[i], 88);
		WILD_ERRNO(EFAULT, SYS_sigaltstack, bad[i], 0);
		WILD_ERRNO(EFAULT, SYS_getresuid, bad[i], bad[i], bad[i]);
		WILD_ERRNO(EFAULT, SYS_timer_create, CLOCK_MONOTONIC, bad[i], bad[i]);
		WILD_ERRNO(EFAULT, SYS_clock_gettime, CLOCK_MONOTONIC, bad[i]);
		WILD_ERRNO(EFAULT, SYS_clock_settime, CLOCK_REALTIME, bad[i]);
		WILD_ERRNO(EFAULT, SYS_getcwd, bad[i], 100);
		WILD_ERRNO(EFAULT, SYS_ppoll, bad[i], 1, 0, 0, 8);
		WILD_ERRNO(EFAULT, SYS_sethostname, bad[i], 5);
		WILD_ERRNO(EFAULT, SYS_mount, 0, bad[i], 0, 0, 0);
		WILD_ERRNO(EFAULT, SYS_umount2, bad[i], 0);
	}
}

TEST(a_string_that_runs_into_nothing_is_efault)
{
	char *m = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(m + PAGE, PAGE);
	memset(m, 'x', PAGE);
	WILD_ERRNO(EFAULT, SYS_openat, AT_FDCWD, (uint64_t)m + PAGE - 5, 0);
	WILD_ERRNO(EFAULT, SYS_openat, AT_FDCWD, (uint64_t)m + PAGE, 0);
	m[PAGE - 1] = 0;
	WILD_ERRNO(ENOENT, SYS_openat, AT_FDCWD, (uint64_t)m + PAGE - 5, 0);
}

TEST(a_tagged_pointer_is_taken_by_the_processor_but_not_by_the_kernel)
{
	char *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t tagged = (uint64_t)m | 0x5aull << 56;
	int p[2];

	pipe(p);
	*(volatile char *)tagged = 'x';
	EXPECT_EQ('x', *m);
	WILD_ERRNO(EFAULT, SYS_write, p[1], tagged, 1);
}

MAIN
