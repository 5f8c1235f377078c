/* SPDX-License-Identifier: MIT */
/* Names, limits, ids, figures: uname, sysinfo, getrandom, sethostname, getcpu, membarrier,
 * personality, times, getrusage, rlimits, kcmp, capabilities, groups, setresuid and its family,
 * umask, syslog. */
#include "../harness.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <sys/fsuid.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>

TEST(uname_fields)
{
	struct utsname u;

	EXPECT_EQ(0, uname(&u));
	EXPECT_STREQ("Linux", u.sysname);
	EXPECT_STREQ("aarch64", u.machine);
	EXPECT_EQ('6', u.release[0]);
	EXPECT_EQ('#', u.version[0]);
	EXPECT_ERRNO(EFAULT, syscall(SYS_uname, 8));
}

TEST(host_and_domain_name)
{
	char name[65];
	struct utsname u;

	memset(name, 'h', 65);
	EXPECT_ERRNO(EINVAL, sethostname(name, 65));
	EXPECT_ERRNO(EINVAL, sethostname(name, (size_t)-1));
	EXPECT_ERRNO(EFAULT, sethostname((char *)8, 3));
	EXPECT_EQ(0, sethostname(name, 64));
	uname(&u);
	EXPECT_EQ(64, strlen(u.nodename));
	EXPECT_EQ(0, sethostname("box", 3));
	uname(&u);
	EXPECT_STREQ("box", u.nodename);
	EXPECT_EQ(0, setdomainname("dom.example", 11));
	uname(&u);
	EXPECT_STREQ("dom.example", u.domainname);
	EXPECT_EQ(0, sethostname("", 0));
	setresuid(1, 1, 1);
	EXPECT_ERRNO(EPERM, sethostname("x", 1));
	EXPECT_ERRNO(EPERM, setdomainname("x", 1));
}

TEST(sysinfo_figures)
{
	struct sysinfo i;

	EXPECT_EQ(0, sysinfo(&i));
	EXPECT_EQ(1, i.mem_unit);
	EXPECT_TRUE(i.totalram > 64ul << 20 && i.freeram < i.totalram && i.freeram > 0);
	EXPECT_TRUE(i.procs > 1);
	EXPECT_EQ(0, i.totalhigh);
	EXPECT_TRUE(i.uptime >= now_ns() / 1000000000 && i.uptime <= now_ns() / 1000000000 + 1);
	EXPECT_ERRNO(EFAULT, syscall(SYS_sysinfo, 8));
}

TEST(random)
{
	unsigned char a[256] = { 0 }, b[256] = { 0 };

	EXPECT_EQ(256, getrandom(a, 256, 0));
	EXPECT_EQ(256, getrandom(b, 256, GRND_NONBLOCK));
	EXPECT_TRUE(memcmp(a, b, 256) != 0);
	EXPECT_EQ(10, getrandom(a, 10, GRND_RANDOM));
	EXPECT_EQ(10, getrandom(a, 10, GRND_INSECURE));
	EXPECT_ERRNO(EINVAL, getrandom(a, 10, 8));
	EXPECT_ERRNO(EINVAL, getrandom(a, 10, GRND_RANDOM | GRND_INSECURE));
	EXPECT_EQ(0, getrandom(a, 0, 0));
	EXPECT_ERRNO(EFAULT, getrandom((void *)8, 10, 0));
}

TEST(cpu)
{
	unsigned cpu = 99, node = 99;

	EXPECT_EQ(0, syscall(SYS_getcpu, &cpu, &node, NULL));
	EXPECT_TRUE(cpu < 64);
	EXPECT_EQ(0, node);
	EXPECT_EQ(0, syscall(SYS_getcpu, NULL, NULL, NULL));
	EXPECT_ERRNO(EFAULT, syscall(SYS_getcpu, 8, NULL, NULL));
}

TEST(barriers)
{
	long have = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	EXPECT_TRUE(have & MEMBARRIER_CMD_GLOBAL);
	EXPECT_TRUE(have & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	EXPECT_TRUE(have & MEMBARRIER_CMD_GLOBAL_EXPEDITED);
	EXPECT_TRUE(have & MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
	EXPECT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
	EXPECT_ERRNO(EPERM, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	EXPECT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	EXPECT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	EXPECT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0));
	EXPECT_EQ(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
		  syscall(SYS_membarrier, 1 << 9 /* GET_REGISTRATIONS */, 0, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_membarrier, 1 << 30, 0, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 1, 0));
}

TEST(personalities)
{
	EXPECT_EQ(0, personality(0xffffffff));
	EXPECT_EQ(0, personality(ADDR_NO_RANDOMIZE));
	EXPECT_EQ(ADDR_NO_RANDOMIZE, personality(0xffffffff));
	EXPECT_EQ(0, exit_status(
			     IN_CHILD({ EXPECT_EQ(ADDR_NO_RANDOMIZE, personality(0xffffffff)); })));
	EXPECT_EQ(ADDR_NO_RANDOMIZE, personality(0));
}

TEST(times_and_rusage)
{
	struct rusage u, c;
	struct tms t;
	clock_t a = times(&t), b;
	volatile unsigned x = 0;

	for (int64_t end = now_ns() + 60000000; now_ns() < end;)
		x++;
	b = times(&t);
	EXPECT_TRUE(b - a >= 5 && t.tms_utime + t.tms_stime >= 3);
	EXPECT_EQ(0, getrusage(RUSAGE_SELF, &u));
	EXPECT_TRUE(u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_sec * 1000000 +
			    u.ru_stime.tv_usec >
		    30000);
	EXPECT_TRUE(u.ru_maxrss > 100 && u.ru_minflt > 0);
	exit_status(IN_CHILD({
		for (int64_t end = now_ns() + 60000000; now_ns() < end;)
			x++;
	}));
	EXPECT_EQ(0, getrusage(RUSAGE_CHILDREN, &c));
	EXPECT_TRUE(c.ru_utime.tv_usec + c.ru_stime.tv_usec > 30000);
	EXPECT_TRUE(c.ru_maxrss > 100);
	EXPECT_EQ(0, getrusage(RUSAGE_THREAD, &u));
	EXPECT_ERRNO(EINVAL, getrusage(7, &u));
	EXPECT_ERRNO(EFAULT, syscall(SYS_getrusage, RUSAGE_SELF, 8));
	EXPECT_ERRNO(EFAULT, syscall(SYS_times, 8));
	for (int i = 0; i < 10; i++)		/* one may find its time passed already */
		sleep_ms(3);
	getrusage(RUSAGE_SELF, &u);
	EXPECT_TRUE(u.ru_nvcsw >= 1);
}

static void *touch_pages(void *m)
{
	for (int i = 0; i < 500; i++)
		((char *)m)[i * 4096] = 1;
	sleep_ms(300);
	return NULL;
}

TEST(usage_counts_live_threads)
{
	char *m = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rusage a, b, mine;
	pthread_t t;

	madvise(m, 4 << 20, MADV_NOHUGEPAGE);
	getrusage(RUSAGE_SELF, &a);
	pthread_create(&t, NULL, touch_pages, m);
	sleep_ms(100);
	getrusage(RUSAGE_SELF, &b);
	getrusage(RUSAGE_THREAD, &mine);
	EXPECT_TRUE(b.ru_minflt - a.ru_minflt >= 500);
	EXPECT_TRUE(mine.ru_minflt < b.ru_minflt - 400);
	pthread_join(t, NULL);
	munmap(m, 4 << 20);
	getrusage(RUSAGE_SELF, &b);
	EXPECT_TRUE(b.ru_maxrss >= a.ru_maxrss + 1900);	/* gone, not forgotten */
}

TEST(limits)
{
	struct rlimit r, old;

	EXPECT_ERRNO(EINVAL, getrlimit(16, &r));
	EXPECT_ERRNO(EINVAL, getrlimit(-1, &r));
	EXPECT_ERRNO(EINVAL, setrlimit(RLIMIT_CORE, &(struct rlimit){ 2, 1 }));
	EXPECT_ERRNO(EFAULT, syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, 8));
	EXPECT_ERRNO(EFAULT, syscall(SYS_prlimit64, 0, RLIMIT_CORE, 8, NULL));
	EXPECT_ERRNO(ESRCH, prlimit(0x3fffff, RLIMIT_CORE, NULL, &r));
	EXPECT_EQ(0, prlimit(0, RLIMIT_FSIZE, &(struct rlimit){ 1000, 2000 }, &old));
	EXPECT_EQ(RLIM_INFINITY, old.rlim_cur);
	EXPECT_EQ(0, getrlimit(RLIMIT_FSIZE, &r));
	EXPECT_EQ(1000, r.rlim_cur);
	EXPECT_EQ(2000, r.rlim_max);
	/* beyond fs.nr_open */
	EXPECT_ERRNO(EPERM, setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 10, 1u << 31 }));
	EXPECT_EQ(0, exit_status(IN_CHILD({
		pid_t root = getppid();

		setresuid(1000, 1000, 1000);
		EXPECT_ERRNO(EPERM, setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1000, 2001 }));
		EXPECT_EQ(0, setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 2000, 2000 }));
		EXPECT_ERRNO(EPERM, prlimit(root, RLIMIT_FSIZE, NULL, &r));
		EXPECT_ERRNO(EPERM, prlimit(root, RLIMIT_FSIZE, &(struct rlimit){ 1, 1 }, NULL));
	})));
	getrlimit(RLIMIT_STACK, &r);
	EXPECT_EQ(8 << 20, r.rlim_cur);
	getrlimit(RLIMIT_NOFILE, &r);
	EXPECT_TRUE(r.rlim_cur >= 1024);
}

TEST(comparing_kernel_objects)
{
	int p[2], d;
	pid_t me = getpid(), pid, stranger;

	pipe(p);
	d = dup(p[0]);
	NEEDS(syscall(SYS_kcmp, me, me, 0, 0, 0));
	pid = IN_CHILD({ sleep_ms(3000); });
	EXPECT_EQ(0, syscall(SYS_kcmp, me, me, 0 /* KCMP_FILE */, p[0], d));
	EXPECT_TRUE(syscall(SYS_kcmp, me, me, 0, p[0], p[1]) > 0);
	EXPECT_EQ(0, syscall(SYS_kcmp, me, pid, 0, p[0], p[0]));
	EXPECT_EQ(0, syscall(SYS_kcmp, me, me, 1 /* VM */, 0, 0));
	EXPECT_TRUE(syscall(SYS_kcmp, me, pid, 1, 0, 0) > 0);
	EXPECT_TRUE(syscall(SYS_kcmp, me, pid, 2 /* FILES */, 0, 0) > 0);
	EXPECT_TRUE(syscall(SYS_kcmp, me, pid, 3 /* FS */, 0, 0) > 0);
	EXPECT_TRUE(syscall(SYS_kcmp, me, pid, 4 /* SIGHAND */, 0, 0) > 0);
	EXPECT_TRUE(syscall(SYS_kcmp, me, pid, 1, 0, 0) + syscall(SYS_kcmp, pid, me, 1, 0, 0) == 3);
	EXPECT_ERRNO(EBADF, syscall(SYS_kcmp, me, me, 0, 999, p[0]));
	EXPECT_ERRNO(EINVAL, syscall(SYS_kcmp, me, me, 99, 0, 0));
	EXPECT_ERRNO(ESRCH, syscall(SYS_kcmp, me, 0x3fffff, 0, 0, 0));
	stranger = getpid();
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setresuid(1000, 1000, 1000);
		EXPECT_ERRNO(EPERM, syscall(SYS_kcmp, getpid(), stranger, 1, 0, 0));
	})));
}

static int caps(struct __user_cap_data_struct *d, pid_t pid)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, pid };

	return (int)syscall(SYS_capget, &h, d);
}

TEST(capabilities)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2], got[2];

	EXPECT_EQ(0, caps(d, 0));
	EXPECT_EQ(0xffffffff, d[0].effective);
	EXPECT_EQ(d[0].effective, d[0].permitted);
	EXPECT_EQ(0, d[0].inheritable);
	d[0].effective = d[1].effective = 0;
	EXPECT_EQ(0, syscall(SYS_capset, &h, d));
	EXPECT_ERRNO(EPERM, sethostname("x", 1));
	d[0].effective = d[0].permitted;
	EXPECT_EQ(0, syscall(SYS_capset, &h, d));
	EXPECT_EQ(0, sethostname("x", 1));
	d[0].permitted = d[0].effective = 1 << CAP_CHOWN;
	d[1].permitted = d[1].effective = 0;
	EXPECT_EQ(0, syscall(SYS_capset, &h, d));
	d[0].permitted |= 1 << CAP_KILL;
	EXPECT_ERRNO(EPERM, syscall(SYS_capset, &h, d));
	d[0].permitted = 0;
	/* effective beyond permitted */
	EXPECT_ERRNO(EPERM, syscall(SYS_capset, &h, d));
	EXPECT_EQ(0, caps(got, getpid()));
	EXPECT_EQ(1 << CAP_CHOWN, got[0].effective);
	EXPECT_ERRNO(ESRCH, caps(got, 0x3fffff));
	EXPECT_ERRNO(EINVAL, caps(got, -1));
	h.pid = getppid();
	EXPECT_ERRNO(EPERM, syscall(SYS_capset, &h, got));
	h = (struct __user_cap_header_struct){ 0x1234, 0 };
	EXPECT_ERRNO(EINVAL, syscall(SYS_capget, &h, got));
	EXPECT_EQ(_LINUX_CAPABILITY_VERSION_3, h.version);
	h.version = 0x1234;
	EXPECT_EQ(0, syscall(SYS_capget, &h, NULL));
	EXPECT_ERRNO(EFAULT, syscall(SYS_capget, 8, got));
}

TEST(groups)
{
	gid_t g[3] = { 30, 10, 20 }, got[10];

	EXPECT_EQ(0, setgroups(3, g));
	EXPECT_EQ(3, getgroups(0, NULL));
	EXPECT_EQ(3, getgroups(10, got));
	EXPECT_EQ(10, got[0]);			/* sorted by the kernel */
	EXPECT_EQ(20, got[1]);
	EXPECT_EQ(30, got[2]);
	EXPECT_ERRNO(EINVAL, getgroups(2, got));
	EXPECT_ERRNO(EINVAL, getgroups(-1, got));
	EXPECT_ERRNO(EFAULT, syscall(SYS_getgroups, 3, 8));
	EXPECT_ERRNO(EINVAL, syscall(SYS_setgroups, 65537, g));
	EXPECT_ERRNO(EFAULT, syscall(SYS_setgroups, 1, 8));
	g[0] = (gid_t)-1;
	EXPECT_ERRNO(EINVAL, syscall(SYS_setgroups, 1, g));
	EXPECT_EQ(0, setgroups(0, NULL));
	EXPECT_EQ(0, getgroups(0, NULL));
	setresuid(1, 1, 1);
	EXPECT_ERRNO(EPERM, setgroups(0, NULL));
}

#define U(nr, ...) syscall(SYS_##nr, __VA_ARGS__)

static void expect_ids(uid_t r, uid_t e, uid_t s, uid_t f)
{
	uid_t a, b, c;

	EXPECT_EQ(0, getresuid(&a, &b, &c));
	EXPECT_EQ(r, a);
	EXPECT_EQ(e, b);
	EXPECT_EQ(s, c);
	EXPECT_EQ(f, setfsuid((uid_t)-1));
}

TEST(user_ids)
{
	EXPECT_EQ(0, U(setresuid, 100, 200, 300));
	expect_ids(100, 200, 300, 200);
	EXPECT_EQ(0, U(setresuid, -1, 300, -1));
	expect_ids(100, 300, 300, 300);
	EXPECT_ERRNO(EPERM, U(setresuid, 400, -1, -1));
	EXPECT_EQ(0, U(setresuid, -1, 100, -1));
	EXPECT_ERRNO(EPERM, U(setreuid, 300, -1));
	EXPECT_EQ(0, U(setresuid, 300, 100, 100));
	expect_ids(300, 100, 100, 100);
	EXPECT_ERRNO(EPERM, U(setuid, 500));
	EXPECT_EQ(0, U(setuid, 300));
	expect_ids(300, 300, 100, 300);
	EXPECT_ERRNO(EINVAL, U(setuid, -1));
	EXPECT_ERRNO(EFAULT, U(getresuid, 8, 8, 8));
}

TEST(setuid_by_root_sets_all)
{
	EXPECT_EQ(0, U(setuid, 123));
	expect_ids(123, 123, 123, 123);
	EXPECT_ERRNO(EPERM, U(setuid, 0));
}

TEST(setreuid_saves)
{
	EXPECT_EQ(0, U(setreuid, 0, 77));
	expect_ids(0, 77, 77, 77);
	EXPECT_EQ(0, U(setreuid, 77, 0));
	expect_ids(77, 0, 0, 0);
}

TEST(group_ids)
{
	gid_t r, e, s;

	EXPECT_EQ(0, U(setresgid, 1, 2, 3));
	EXPECT_EQ(0, getresgid(&r, &e, &s));
	EXPECT_EQ(123, r * 100 + e * 10 + s);
	EXPECT_EQ(0, U(setregid, 5, -1));
	EXPECT_EQ(0, getresgid(&r, &e, &s));
	EXPECT_EQ(522, r * 100 + e * 10 + s);
	EXPECT_EQ(0, U(setgid, 9));
	EXPECT_EQ(0, getresgid(&r, &e, &s));
	EXPECT_EQ(999, r * 100 + e * 10 + s);
	U(setresuid, 100, 100, 100);
	EXPECT_ERRNO(EPERM, U(setgid, 1));
	EXPECT_EQ(0, U(setgid, 9));
	EXPECT_ERRNO(EPERM, U(setresgid, -1, 8, -1));
	EXPECT_ERRNO(EINVAL, U(setgid, -1));
}

TEST(file_system_ids)
{
	EXPECT_EQ(0, U(setfsuid, 50));
	EXPECT_EQ(50, U(setfsuid, -1));
	EXPECT_EQ(50, U(setfsuid, 0));
	EXPECT_EQ(0, U(setfsgid, 60));
	EXPECT_EQ(60, U(setfsgid, -1));
	U(setresuid, 100, 100, 100);
	EXPECT_EQ(100, U(setfsuid, 55));
	EXPECT_EQ(100, U(setfsuid, -1));
}

TEST(masks)
{
	struct stat st;

	EXPECT_EQ(022, umask(0777));
	EXPECT_EQ(0777, umask(07777027));
	EXPECT_EQ(027, umask(022));
	umask(026);
	close(open("/tmp/m", O_CREAT | O_RDWR, 0777));
	stat("/tmp/m", &st);
	EXPECT_EQ(0751, st.st_mode & 07777);
	unlink("/tmp/m");
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(026, umask(0)); })));
	EXPECT_EQ(026, umask(022));
}

TEST(the_kernel_log)
{
	char buf[4096];

	EXPECT_TRUE(klogctl(10, NULL, 0) > 1000);		/* size of the buffer */
	EXPECT_TRUE(klogctl(3, buf, sizeof(buf)) > 0);
	EXPECT_ERRNO(EINVAL, klogctl(3, NULL, 10));
	EXPECT_ERRNO(EINVAL, klogctl(3, buf, -1));
	EXPECT_ERRNO(EINVAL, klogctl(99, NULL, 0));
	EXPECT_ERRNO(EINVAL, klogctl(8, NULL, 0));
	EXPECT_ERRNO(EINVAL, klogctl(8, NULL, 9));
	EXPECT_EQ(0, klogctl(8, NULL, 7));
	EXPECT_EQ(0, klogctl(3, buf, 0));
	setresuid(1, 1, 1);
	EXPECT_ERRNO(EPERM, klogctl(8, NULL, 7));
	EXPECT_ERRNO(EPERM, klogctl(5, NULL, 0));
}

TEST(process_ids)
{
	EXPECT_EQ(getpid(), syscall(SYS_gettid));
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  EXPECT_EQ(getpid(), syscall(SYS_gettid));
			  EXPECT_TRUE(getppid() > 0);
		  })));
	{
		IN_THREAD(EXPECT_TRUE(getpid() != syscall(SYS_gettid)));
	}
}

MAIN
