/* proc(5): the files of /proc/PID that tell about one process, and what may be written to them. */
#include "../harness.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "textfile.h"

static char text[65536];

static int slurp(const char *name)
{
	return text_read(name, text, sizeof(text));
}

static mode_t mode_of(const char *dir, const char *name)
{
	struct stat st;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return lstat(path, &st) ? 0 : st.st_mode;
}

TEST(names_and_modes)
{
	static const struct {
		const char *name;
		mode_t mode;
		int where;	/* 1: /proc/PID, 2: task/TID */
	} want[] = {
		{ "clear_refs", S_IFREG | 0200, 3 }, { "coredump_filter", S_IFREG | 0644, 1 },
		{ "cpuset", S_IFREG | 0444, 3 },     { "gid_map", S_IFREG | 0644, 3 },
		{ "loginuid", S_IFREG | 0644, 3 },   { "map_files", S_IFDIR | 0500, 1 },
		{ "mountstats", S_IFREG | 0400, 1 }, { "net", S_IFDIR | 0555, 3 },
		{ "numa_maps", S_IFREG | 0444, 3 },  { "oom_adj", S_IFREG | 0644, 3 },
		{ "pagemap", S_IFREG | 0400, 3 },    { "projid_map", S_IFREG | 0644, 3 },
		{ "sched", S_IFREG | 0644, 3 },	     { "setgroups", S_IFREG | 0644, 3 },
		{ "stack", S_IFREG | 0400, 3 },	     { "syscall", S_IFREG | 0400, 3 },
		{ "timers", S_IFREG | 0444, 1 },     { "timerslack_ns", S_IFREG | 0666, 1 },
		{ "uid_map", S_IFREG | 0644, 3 },    { "children", S_IFREG | 0444, 2 },
		{ "fdinfo", S_IFDIR | 0555, 3 },     { "task", S_IFDIR | 0555, 1 },
	};

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		mode_t pid = want[i].where & 1 ? want[i].mode : 0,
		       tid = want[i].where & 2 ? want[i].mode : 0;

		if (mode_of("/proc/self", want[i].name) != pid ||
		    mode_of("/proc/thread-self", want[i].name) != tid)
			FAIL("%s: %o %o, not %o %o", want[i].name,
			     mode_of("/proc/self", want[i].name),
			     mode_of("/proc/thread-self", want[i].name), pid, tid);
	}
	EXPECT_EQ(S_IFLNK | 0777, mode_of("/proc", "net"));
	EXPECT_EQ(8, readlink("/proc/net", text, sizeof(text)));
	EXPECT_TRUE(slurp("/proc/self/net/dev") > 0 && strstr(text, "lo:"));
	EXPECT_TRUE(slurp("/proc/net/dev") > 0 && strstr(text, "lo:"));
}

/* The entry of pagemap for an address. */
static uint64_t entry(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t v = 0;

	if (pread(fd, &v, 8, (long)((unsigned long)at / 4096 * 8)) != 8)
		v = 1;
	close(fd);
	return v;
}

#define PFN(v)	  ((v) & ((1ull << 55) - 1))
#define EXCLUSIVE (1ull << 56)
#define IS_FILE	  (1ull << 61)
#define PRESENT	  (1ull << 63)

TEST(pagemap_tells_pages)
{
	char *m = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     c;
	char *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY), status;
	uint64_t v[8];

	madvise(m, 8 * 4096, MADV_NOHUGEPAGE);
	EXPECT_EQ(0, entry(m));
	c = *(volatile char *)m;		/* the zero page */
	(void)c;
	EXPECT_EQ(PRESENT, entry(m) & ~PFN(~0ull));
	m[4096] = 1;
	EXPECT_EQ(PRESENT | EXCLUSIVE, entry(m + 4096) & ~PFN(~0ull));
	EXPECT_TRUE(PFN(entry(m + 4096)) != 0);
	s[0] = 1;
	EXPECT_EQ(PRESENT | EXCLUSIVE | IS_FILE, entry(s) & ~PFN(~0ull));
	EXPECT_EQ(PRESENT | IS_FILE, entry((void *)slurp) & (PRESENT | IS_FILE));
	if (!fork()) {
		uint64_t both = entry(m + 4096);

		_exit((both & ~PFN(~0ull)) == PRESENT && PFN(both));
	}
	wait(&status);
	EXPECT_EQ(1, WEXITSTATUS(status));
	EXPECT_EQ(64, pread(fd, v, 64, (long)((unsigned long)m / 4096 * 8)));
	EXPECT_TRUE((v[0] & PRESENT) && (v[1] & PRESENT) && !v[2]);
	EXPECT_ERRNO(EINVAL, pread(fd, v, 7, 0));
	EXPECT_ERRNO(EINVAL, pread(fd, v, 8, 4));
	EXPECT_EQ(0, pread(fd, v, 8, 1l << 40));
	if (!fork()) {
		int bad = setresuid(1, 1, 1) || prctl(PR_SET_DUMPABLE, 1);

		bad |= open("/proc/1/pagemap", O_RDONLY) != -1 || errno != EACCES;
		m[4096] = 2;
		_exit(bad ? 9 : entry(m + 4096) == (PRESENT | EXCLUSIVE) ? 1 : 2);
	}
	wait(&status);
	EXPECT_EQ(1, WEXITSTATUS(status));
}

/* A figure of smaps for the mapping at addr, in kB. */
static long smaps(const void *addr, const char *name)
{
	char want[32], *p;

	slurp("/proc/self/smaps");
	snprintf(want, sizeof(want), "%lx-", (unsigned long)addr);
	p = strstr(text, want);
	p = p ? strstr(p, name) : NULL;
	return p ? strtol(p + strlen(name), NULL, 10) : -1;
}

TEST(clear_refs_makes_pages_old)
{
	char *m = mmap(NULL, 10 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(m, 10 * 4096, MADV_NOHUGEPAGE);
	munmap(m, 4096);
	mprotect(m + 9 * 4096, 4096, PROT_READ);
	m += 4096;
	memset(m, 1, 8 * 4096);
	EXPECT_EQ(32, smaps(m, "Referenced:"));
	EXPECT_EQ(1, text_write("/proc/self/clear_refs", "3"));
	EXPECT_EQ(32, smaps(m, "Referenced:"));
	EXPECT_EQ(2, text_write("/proc/self/clear_refs", "2\n"));
	EXPECT_EQ(0, smaps(m, "Referenced:"));
	EXPECT_EQ(32, smaps(m, "Rss:"));
	m[4096] = 2;
	EXPECT_EQ(2, m[4096] + *(volatile char *)(m + 3 * 4096) - 1);
	EXPECT_EQ(8, smaps(m, "Referenced:"));
	EXPECT_EQ(1, text_write("/proc/self/clear_refs", "1"));
	EXPECT_EQ(0, smaps(m, "Referenced:"));
	if (!fork()) {
		memset(m, 3, 8 * 4096);		/* old and shared: touched, then copied */
		_exit(m[5 * 4096] != 3);
	}
	wait(NULL);
	EXPECT_EQ(1, m[5 * 4096]);
	EXPECT_EQ(1, text_write("/proc/self/clear_refs", "4"));
	EXPECT_EQ(1, text_write("/proc/self/clear_refs", "5"));
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/clear_refs", "0"));
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/clear_refs", "6"));
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/clear_refs", "x"));
	EXPECT_ERRNO(EINVAL, slurp("/proc/self/clear_refs"));
}

TEST(clear_refs_forgets_the_peak)
{
	char *m = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long peak, rss;

	memset(m, 1, 8 << 20);
	munmap(m, 8 << 20);
	slurp("/proc/self/status");
	peak = atol(strstr(text, "VmHWM:") + 6);
	EXPECT_TRUE(peak > 8192);
	EXPECT_EQ(1, text_write("/proc/self/clear_refs", "5"));
	slurp("/proc/self/status");
	rss = atol(strstr(text, "VmRSS:") + 6);
	EXPECT_TRUE(atol(strstr(text, "VmHWM:") + 6) <= rss + 400);
}

TEST(map_files_are_the_mapped_files)
{
	int fd = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0644), got;
	char name[128], to[64] = "", want[64];
	char *m;
	struct dirent *e;
	struct stat a, b;
	DIR *d;
	int found = 0;

	ASSERT_EQ(0, ftruncate(fd, 8192));
	m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	m[0] = 'm';
	snprintf(want, sizeof(want), "%lx-%lx", (unsigned long)m, (unsigned long)m + 8192);
	snprintf(name, sizeof(name), "/proc/self/map_files/%s", want);
	EXPECT_EQ(11, readlink(name, to, sizeof(to) - 1));
	EXPECT_STREQ("/tmp/mapped", to);
	EXPECT_EQ(S_IFLNK | 0600, mode_of("/proc/self/map_files", want));
	d = opendir("/proc/self/map_files");
	while ((e = readdir(d)))
		found += !strcmp(e->d_name, want);
	closedir(d);
	EXPECT_EQ(1, found);
	unlink("/tmp/mapped");
	got = open(name, O_RDONLY);		/* a file without a name */
	EXPECT_TRUE(got >= 0);
	fstat(fd, &a);
	fstat(got, &b);
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_TRUE(readlink(name, to, sizeof(to) - 1) > 0 && strstr(to, "(deleted)"));
	munmap(m + 4096, 4096);
	EXPECT_ERRNO(ENOENT, readlink(name, to, sizeof(to)));
	EXPECT_ERRNO(ENOENT, open("/proc/self/map_files/0-1000", O_RDONLY));
	EXPECT_ERRNO(ENOENT, open("/proc/self/map_files/x", O_RDONLY));
}

TEST(numa_maps_has_a_line_a_mapping)
{
	char *m = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     want[64], *p;

	munmap(m, 4096);
	m += 4096;
	mprotect(m + 3 * 4096, 4096, PROT_READ);
	memset(m, 1, 2 * 4096);
	EXPECT_TRUE(slurp("/proc/self/numa_maps") > 0);
	snprintf(want, sizeof(want), "%08lx default anon=2 dirty=2 ", (unsigned long)m);
	p = strstr(text, want);
	ASSERT_TRUE(p != NULL);
	p[strcspn(p, "\n")] = 0;
	EXPECT_TRUE(strstr(p, " N0=2 kernelpagesize_kB=4") != NULL);
	slurp("/proc/self/numa_maps");
	EXPECT_TRUE(strstr(text, " default stack anon=") && strstr(text, " default file=/"));
}

TEST(scheduling_is_told)
{
	char want[64];

	prctl(PR_SET_NAME, "sched test");
	EXPECT_TRUE(slurp("/proc/self/sched") > 0);
	snprintf(want, sizeof(want), "sched test (%d, #threads: 1)\n---", getpid());
	EXPECT_EQ(0, strncmp(text, want, strlen(want)));
	EXPECT_TRUE(strstr(text, "\nse.sum_exec_runtime                          :") != NULL);
	EXPECT_TRUE(strstr(text, "\nnr_switches                                  :") != NULL);
	EXPECT_TRUE(
		strstr(text,
		       "\nprio                                         :                  120\n") !=
		NULL);
	EXPECT_EQ(1, text_write("/proc/self/sched", "0"));
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			syscall(SYS_nanosleep, &(struct timespec){ 100, 0 }, NULL);
	sleep_ms(100);
	return pid;
}

TEST(where_a_thread_sleeps)
{
	char name[64], want[32];
	pid_t pid = sleeper();

	snprintf(name, sizeof(name), "/proc/%d/stack", pid);
	EXPECT_TRUE(slurp(name) > 0);
	EXPECT_EQ(0, strncmp(text, "[<0>] ", 6));
	EXPECT_TRUE(strchr(text, '+') && strstr(text, "/0x") && strstr(text, "nanosleep"));
	snprintf(name, sizeof(name), "/proc/%d/syscall", pid);
	EXPECT_TRUE(slurp(name) > 0);
	snprintf(want, sizeof(want), "%d 0x", SYS_nanosleep);
	EXPECT_EQ(0, strncmp(text, want, strlen(want)));
	EXPECT_TRUE(strstr(text, " 0x0 ") != NULL);
	kill(pid, SIGKILL);
	wait(NULL);
	EXPECT_TRUE(slurp("/proc/self/syscall") > 0);
	snprintf(want, sizeof(want), "%d 0x", SYS_read);
	EXPECT_EQ(0, strncmp(text, want, strlen(want)));
	pid = fork();
	if (!pid)
		for (;;)
			;
	snprintf(name, sizeof(name), "/proc/%d/syscall", pid);
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	sleep_ms(20);
	EXPECT_TRUE(slurp(name) > 0);
	EXPECT_EQ(0, strncmp(text, "-1 0x", 5));
	kill(pid, SIGKILL);
	wait(NULL);
}

static int as_nobody(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(setresgid(1, 1, 1) || setresuid(1, 1, 1) || prctl(PR_SET_DUMPABLE, 1) ? 99
											    : fn());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_stack(void)
{
	return slurp("/proc/self/stack") < 0 ? errno : 0;
}

static int try_others(void)
{
	return open("/proc/1/syscall", O_RDONLY) >= 0 ||
	       open("/proc/1/clear_refs", O_WRONLY) >= 0 ||
	       open("/proc/1/map_files", O_RDONLY | O_DIRECTORY) >= 0 ||
	       open("/proc/1/numa_maps", O_RDONLY) >= 0 || open("/proc/1/loginuid", O_WRONLY) >= 0;
}

static int try_slack(void)
{
	char buf[8];
	int fd = open("/proc/1/timerslack_ns", O_RDWR);

	if (fd < 0)
		return 1;
	return read(fd, buf, 8) != -1 || errno != EPERM || write(fd, "9", 1) != -1 ||
	       errno != EPERM;
}

TEST(others_may_not_look)
{
	EXPECT_EQ(EACCES, as_nobody(try_stack));
	EXPECT_EQ(0, as_nobody(try_others));
	EXPECT_EQ(0, as_nobody(try_slack));
}

TEST(timers_are_listed)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL,
			      .sigev_signo = SIGUSR1,
			      .sigev_value.sival_ptr = (void *)0x1234 };
	char want[256];
	timer_t t, u;
	int n;

	EXPECT_EQ(0, slurp("/proc/self/timers"));
	ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, &e, &t));
	e.sigev_notify = SIGEV_NONE;
	e.sigev_signo = SIGUSR2;
	ASSERT_EQ(0, timer_create(CLOCK_REALTIME, &e, &u));
	EXPECT_TRUE(slurp("/proc/self/timers") > 0);
	n = snprintf(want, sizeof(want),
		     "ID: 0\nsignal: 10/0000000000001234\nnotify: signal/pid.%d\nClockID: 1\n",
		     getpid());
	EXPECT_TRUE(strstr(text, want) != NULL);
	snprintf(want, sizeof(want),
		 "ID: 1\nsignal: 12/0000000000001234\nnotify: none/pid.%d\nClockID: 0\n", getpid());
	EXPECT_TRUE(strstr(text, want) != NULL);
	EXPECT_EQ((long)strlen(want) + n, (long)strlen(text));
}

TEST(timer_slack_is_set)
{
	EXPECT_TRUE(slurp("/proc/self/timerslack_ns") > 0);
	EXPECT_STREQ("50000\n", text);
	EXPECT_EQ(6, text_write("/proc/self/timerslack_ns", "70000\n"));
	EXPECT_EQ(70000, prctl(PR_GET_TIMERSLACK));
	EXPECT_EQ(1, text_write("/proc/self/timerslack_ns", "0"));
	EXPECT_EQ(50000, prctl(PR_GET_TIMERSLACK));
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/timerslack_ns", "many"));
}

TEST(coredump_filter_is_inherited)
{
	int status;

	EXPECT_TRUE(slurp("/proc/self/coredump_filter") > 0);
	EXPECT_STREQ("00000033\n", text);
	EXPECT_EQ(4, text_write("/proc/self/coredump_filter", "0x7f"));
	if (!fork()) {
		slurp("/proc/self/coredump_filter");
		if (strcmp(text, "0000007f\n"))
			_exit(1);
		execl("/bin/busybox", "grep", "-q", "^0000007f$", "/proc/self/coredump_filter",
		      NULL);
		_exit(2);
	}
	wait(&status);
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(5, text_write("/proc/self/coredump_filter", "65535"));
	slurp("/proc/self/coredump_filter");
	EXPECT_STREQ("000001ff\n", text);
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/coredump_filter", "x"));
	EXPECT_ERRNO(ERANGE, text_write("/proc/self/coredump_filter", "0x100000000"));
}

TEST(oom_adj_is_the_old_scale)
{
	EXPECT_TRUE(slurp("/proc/self/oom_adj") > 0);
	EXPECT_EQ(3, text_write("/proc/self/oom_score_adj", "500"));
	slurp("/proc/self/oom_adj");
	EXPECT_STREQ("8\n", text);
	EXPECT_EQ(2, text_write("/proc/self/oom_adj", "15"));
	slurp("/proc/self/oom_score_adj");
	EXPECT_STREQ("1000\n", text);
	slurp("/proc/self/oom_adj");
	EXPECT_STREQ("15\n", text);
	EXPECT_EQ(3, text_write("/proc/self/oom_adj", "-17"));
	slurp("/proc/self/oom_score_adj");
	EXPECT_STREQ("-1000\n", text);
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/oom_adj", "16"));
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/oom_adj", "-18"));
	EXPECT_EQ(1, text_write("/proc/self/oom_adj", "0"));
}

TEST(login_uid_is_set_once_and_inherited)
{
	char session[32];
	int status;

	slurp("/proc/self/loginuid");
	EXPECT_STREQ("4294967295", text);
	slurp("/proc/self/sessionid");
	EXPECT_STREQ("4294967295", text);
	EXPECT_EQ(4, text_write("/proc/self/loginuid", "1000"));
	slurp("/proc/self/loginuid");
	EXPECT_STREQ("1000", text);
	slurp("/proc/self/sessionid");
	EXPECT_TRUE(atol(text) < 1000000);
	strcpy(session, text);
	if (!fork()) {
		int bad = text_write("/proc/1/loginuid", "3") != -1 || errno != EPERM;

		slurp("/proc/self/sessionid");
		bad |= strcmp(session, text) ? 2 : 0;
		slurp("/proc/self/loginuid");
		bad |= strcmp("1000", text) ? 4 : 0;
		_exit(bad);
	}
	wait(&status);
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(10, text_write("/proc/self/loginuid", "4294967295"));
	slurp("/proc/self/sessionid");
	EXPECT_STREQ("4294967295", text);
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/loginuid", "nobody"));
}

TEST(the_first_namespace_has_its_maps)
{
	slurp("/proc/self/setgroups");
	EXPECT_STREQ("allow\n", text);
	EXPECT_EQ(5, text_write("/proc/self/setgroups", "allow"));
	EXPECT_EQ(6, text_write("/proc/self/setgroups", "allow\n"));
	EXPECT_ERRNO(EPERM, text_write("/proc/self/setgroups", "deny"));
	EXPECT_ERRNO(EINVAL, text_write("/proc/self/setgroups", "maybe"));
	EXPECT_ERRNO(EPERM, text_write("/proc/self/uid_map", "0 0 1"));
	EXPECT_ERRNO(EPERM, text_write("/proc/self/gid_map", "0 0 1"));
	EXPECT_ERRNO(EPERM, text_write("/proc/self/projid_map", "0 0 1"));
	slurp("/proc/self/uid_map");
	EXPECT_STREQ("         0          0 4294967295\n", text);
}

TEST(children_are_those_of_the_thread)
{
	pid_t a = sleeper(), b = sleeper();
	char want[64];

	snprintf(want, sizeof(want), "%d %d ", a, b);
	EXPECT_TRUE(slurp("/proc/thread-self/children") > 0);
	EXPECT_STREQ(want, text);
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	wait(NULL);
	wait(NULL);
	EXPECT_EQ(0, slurp("/proc/thread-self/children"));
}

TEST(a_zombie_is_in_no_call)
{
	char name[64];
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	usleep(20000);
	snprintf(name, sizeof(name), "/proc/%d/syscall", pid);
	ASSERT_TRUE(slurp(name) >= 0);
	EXPECT_STREQ("-1 0x0 0x0\n", text);
	snprintf(name, sizeof(name), "/proc/%d/stack", pid);
	EXPECT_EQ(0, slurp(name));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

MAIN
