/* SPDX-License-Identifier: MIT */
/* proc(5), sysfs(5): what programs read from /proc and /sys. */
#include "../harness.h"

#include <dirent.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "textfile.h"

static char text[65536];

static int slurp(const char *name)
{
	return text_read(name, text, sizeof(text));
}

/* The number behind name, or -1. */
static long number(const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtol(p + strlen(name), NULL, 10) : -1;
}

TEST(cpus_are_listed)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	char want[32];
	struct dirent *e;
	DIR *d = opendir("/sys/devices/system/cpu");
	int dirs = 0;

	snprintf(want, sizeof(want), online > 1 ? "0-%ld\n" : "0\n", online - 1);
	EXPECT_TRUE(slurp("/sys/devices/system/cpu/online") > 0);
	EXPECT_STREQ(want, text);
	EXPECT_TRUE(slurp("/sys/devices/system/cpu/possible") > 0);
	EXPECT_STREQ(want, text);
	EXPECT_TRUE(slurp("/sys/devices/system/cpu/present") > 0);
	EXPECT_STREQ(want, text);
	EXPECT_TRUE(slurp("/sys/devices/system/cpu/offline") > 0);
	EXPECT_STREQ("\n", text);
	EXPECT_TRUE(slurp("/sys/devices/system/cpu/kernel_max") > 0);
	while ((e = readdir(d)))
		dirs += !strncmp(e->d_name, "cpu", 3) && e->d_name[3] >= '0' && e->d_name[3] <= '9';
	EXPECT_EQ(online, dirs);
}

TEST(sysfs_is_what_it_says)
{
	struct statfs s;

	EXPECT_EQ(0, statfs("/sys", &s));
	EXPECT_EQ(0x62656572, s.f_type);
	EXPECT_EQ(0, statfs("/proc", &s));
	EXPECT_EQ(0x9fa0, s.f_type);
	EXPECT_TRUE(open("/sys/devices/system/cpu/online", O_WRONLY | O_TRUNC) < 0 ||
		    getuid() == 0);
	EXPECT_ERRNO(ENOENT, open("/sys/class/nothing", O_RDONLY));
	EXPECT_ERRNO(EPERM, mkdir("/sys/new", 0755));
}

TEST(lists_of_the_machine)
{
	static const struct {
		const char *name, *has;	/* at the beginning of a line */
	} want[] = {
		{ "buddyinfo", "Node 0, zone      DMA " },
		{ "cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n" },
		{ "consoles", "ttyAMA0              -W- (EC" },
		{ "execdomains", "0-0\tLinux           \t[kernel]\n" },
		{ "fb", "" },
		{ "ioports", "" },
		{ "modules", "" },
		{ "softirqs", "       TIMER: " },
		{ "softirqs", "         RCU: " },
		{ "misc", "237 loop-control\n" },
		{ "tty/ldiscs", "n_tty       0\n" },
		{ "tty/drivers",
		  "/dev/tty             /dev/tty        5       0 system:/dev/tty\n" },
		{ "tty/drivers", "/dev/ptmx            /dev/ptmx       5       2 system\n" },
		{ "tty/drivers", "pty_slave            /dev/pts      136 0-1048575 pty:slave\n" },
		{ "sys/kernel/arch", "aarch64\n" },
		{ "sys/vm/dirty_expire_centisecs", "3000\n" },
		{ "sys/vm/admin_reserve_kbytes", "8192\n" },
		{ "sys/fs/overflowuid", "65534\n" },
		{ "sys/vm/nr_hugepages", "0\n" },
		{ "sys/kernel/pty/max", "4096\n" },
		{ "sys/kernel/pty/reserve", "1024\n" },
	};
	char name[64], line[80];

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(name, sizeof(name), "/proc/%s", want[i].name);
		snprintf(line, sizeof(line), "\n%s", want[i].has);
		if (slurp(name) < 0 ||
		    (strncmp(text, line + 1, strlen(line) - 1) && !strstr(text, line)))
			FAIL("%s: no \"%s\" in \"%.300s\"", name, want[i].has, text);
	}
	EXPECT_TRUE(slurp("/proc/iomem") > 0 && strstr(text, "40000000-") &&
		    strstr(text, " : System RAM\n"));
	EXPECT_TRUE(slurp("/proc/kallsyms") > 0 && strstr(text, " t "));
	EXPECT_TRUE(strtoull(text, NULL, 16) != 0);
	if (!fork()) {
		int bad = setresuid(1, 1, 1);

		bad |= slurp("/proc/kallsyms") <= 0 || strtoull(text, NULL, 16) != 0;
		bad |= slurp("/proc/iomem") <= 0 || strncmp(text, "00000000-00000000 : ", 20);
		_exit(bad);
	}
	int st;
	wait(&st);
	EXPECT_EQ(0, WEXITSTATUS(st));
}

TEST(huge_pages_are_told)
{
	EXPECT_TRUE(slurp("/sys/kernel/mm/transparent_hugepage/enabled") > 0);
	EXPECT_TRUE(strchr(text, '[') && strchr(text, ']'));
	EXPECT_TRUE(slurp("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size") > 0);
	EXPECT_EQ(2 << 20, atoi(text));
}

TEST(meminfo_adds_up)
{
	long total, freed;

	EXPECT_TRUE(slurp("/proc/meminfo") > 0);
	total = number("MemTotal:");
	freed = number("MemFree:");
	EXPECT_TRUE(total > 50000 && freed > 1000 && freed < total);
	EXPECT_TRUE(number("MemAvailable:") <= total);
	EXPECT_EQ(sysconf(_SC_PHYS_PAGES) * 4, total);
	EXPECT_TRUE(number("SwapTotal:") >= 0 && number("Shmem:") >= 0 && number("Cached:") >= 0);
}

/* The entry of smaps for the mapping at addr goes to the front of text. */
static int smaps_of(void *addr)
{
	char want[32], *p;

	slurp("/proc/self/smaps");
	snprintf(want, sizeof(want), "%lx-", (unsigned long)addr);
	p = strstr(text, want);
	if (!p)
		return -1;
	memmove(text, p, strlen(p) + 1);
	return 0;
}

TEST(smaps_counts_pages)
{
	char *m = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	munmap(m, 4096);		/* neighbours do not merge with what is left */
	m += 4096;
	memset(m, 1, 5 * 4096);
	ASSERT_EQ(0, smaps_of(m));
	EXPECT_EQ(60, number("Size:"));
	EXPECT_EQ(20, number("Rss:"));
	EXPECT_EQ(20, number("Pss:"));
	EXPECT_EQ(0, number("Anonymous:"));
	m = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(m + 15 * 4096, 4096, PROT_NONE);
	mprotect(m, 4096, PROT_NONE);
	m += 4096;
	memset(m, 1, 3 * 4096);
	ASSERT_EQ(0, smaps_of(m));
	EXPECT_EQ(56, number("Size:"));
	EXPECT_EQ(12, number("Rss:"));
	EXPECT_EQ(12, number("Pss:"));
	EXPECT_EQ(12, number("Private_Dirty:"));
	EXPECT_EQ(0, number("Shared_Dirty:"));
	EXPECT_EQ(12, number("Anonymous:"));
	EXPECT_TRUE(strstr(text, "VmFlags: rd wr"));
	EXPECT_EQ(0, exit_status(IN_CHILD({
		ASSERT_EQ(0, smaps_of(m));
		EXPECT_EQ(12, number("Rss:"));
		EXPECT_EQ(6, number("Pss:"));
		EXPECT_EQ(12, number("Shared_Dirty:"));
		EXPECT_EQ(0, number("Private_Dirty:"));
	})));
}

TEST(smaps_rollup_is_the_sum)
{
	long rss, total = 0;

	ASSERT_TRUE(slurp("/proc/self/smaps_rollup") > 0);
	EXPECT_TRUE(strstr(text, "[rollup]\n"));
	rss = number("Rss:");
	slurp("/proc/self/smaps");
	for (char *p = text; (p = strstr(p, "\nRss:")); p++)
		total += strtol(p + 5, NULL, 10);
	EXPECT_TRUE(rss > 100 && labs(total - rss) < 200);
}

TEST(io_counts)
{
	long before;
	char buf[5000] = "";
	int fd = open("/dev/null", O_WRONLY);

	ASSERT_TRUE(slurp("/proc/self/io") > 0);
	before = number("wchar:");
	write(fd, buf, 5000);
	slurp("/proc/self/io");
	EXPECT_EQ(before + 5000, number("wchar:"));
	before = number("rchar:");
	fd = open("/dev/zero", O_RDONLY);
	read(fd, buf, 4000);
	slurp("/proc/self/io");
	EXPECT_TRUE(number("rchar:") >= before + 4000);
	EXPECT_TRUE(number("syscr:") > 2 && number("syscw:") >= 1);
}

TEST(file_locks_are_listed)
{
	struct flock l = { F_WRLCK, SEEK_SET, 10, 20, 0 };
	int fd = open("/tmp/locked", O_RDWR | O_CREAT, 0600);
	char want[64];

	fcntl(fd, F_SETLK, &l);
	ASSERT_TRUE(slurp("/proc/locks") > 0);
	snprintf(want, sizeof(want), "POSIX  ADVISORY  WRITE %d ", getpid());
	EXPECT_TRUE(strstr(text, want) && strstr(strstr(text, want), " 10 29\n"));
	unlink("/tmp/locked");
}

TEST(what_has_exited_is_a_zombie_until_it_is_waited_for)
{
	char path[40], text[400] = "", *end;
	pid_t pid = IN_CHILD({ pause(); });
	siginfo_t info;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	kill(pid, SIGKILL);
	EXPECT_EQ(0, waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	read(fd, text, sizeof(text) - 1);
	end = strrchr(text, ')');
	EXPECT_TRUE(end && !strncmp(end, ") Z ", 4));
	waitpid(pid, NULL, 0);
	EXPECT_ERRNO(ESRCH, pread(fd, text, 10, 0));
}

TEST(processes_show_their_settings)
{
	EXPECT_TRUE(slurp("/proc/self/timerslack_ns") > 0);
	EXPECT_STREQ("50000\n", text);
	EXPECT_TRUE(slurp("/proc/self/limits") > 0);
	EXPECT_TRUE(strstr(text, "Max open files"));
	EXPECT_TRUE(slurp("/proc/self/auxv") >= 16 * 10);
	EXPECT_TRUE(slurp("/proc/self/oom_score_adj") > 0);
}

TEST(truncating_a_report_does_nothing)
{
	int fd = open("/proc/self/comm", O_RDWR);

	EXPECT_EQ(0, truncate("/proc/self/oom_score_adj", 5));
	EXPECT_EQ(0, truncate("/proc/self/maps", 1l << 20));
	EXPECT_EQ(0, ftruncate(fd, 0));
	EXPECT_EQ(0, truncate("/proc/sys/kernel/hostname", 0));
	EXPECT_ERRNO(EISDIR, truncate("/proc/self", 0));
	EXPECT_TRUE(slurp("/proc/self/comm") > 1);
	close(fd);
}

TEST(cpuinfo_names_every_capability)
{
	unsigned long caps[2] = { getauxval(AT_HWCAP), getauxval(AT_HWCAP2) };
	unsigned words = 0;
	char *line, *end;

	EXPECT_TRUE(slurp("/proc/cpuinfo") > 0);
	line = strstr(text, "Features\t:");
	EXPECT_TRUE(line && (end = strchr(line, '\n')));
	for (line += 10; line < end; line++)
		words += *line == ' ';
	EXPECT_EQ(__builtin_popcountl(caps[0]) + __builtin_popcountl(caps[1]), words);
}

TEST(sysctls_that_programs_read)
{
	EXPECT_TRUE(slurp("/proc/sys/kernel/overflowuid") > 0);
	EXPECT_STREQ("65534\n", text);
	EXPECT_TRUE(slurp("/proc/sys/kernel/overflowgid") > 0);
	EXPECT_TRUE(slurp("/proc/sys/kernel/tainted") > 0);
	EXPECT_TRUE(slurp("/proc/sys/vm/overcommit_memory") > 0);
	EXPECT_TRUE(slurp("/proc/sys/vm/max_map_count") > 0);
	EXPECT_TRUE(slurp("/proc/sys/fs/file-max") > 0);
	EXPECT_TRUE(slurp("/proc/sys/fs/protected_fifos") > 0);
	EXPECT_TRUE(slurp("/proc/sys/fs/protected_regular") > 0);
	EXPECT_TRUE(slurp("/proc/sys/kernel/sched_rr_timeslice_ms") > 0);
	EXPECT_STREQ("100\n", text);
}

/* The errno of opening path for writing, or of writing to it. */
static int writing(const char *path)
{
	int fd = open(path, O_WRONLY), err = errno;

	if (fd < 0)
		return err;
	err = write(fd, "x", 1) < 0 ? errno : 0;
	close(fd);
	return 1000 + err;
}

TEST(root_may_open_what_cannot_be_written)
{
	EXPECT_EQ(1000 + EIO, writing("/proc/version"));
	EXPECT_EQ(1000 + EIO, writing("/proc/meminfo"));
	EXPECT_EQ(1000 + EIO, writing("/proc/stat"));
	EXPECT_EQ(1000 + EINVAL, writing("/proc/self/status"));
	EXPECT_EQ(1000 + EINVAL, writing("/proc/self/maps"));
	EXPECT_EQ(1000 + EINVAL, writing("/proc/self/cmdline"));
	EXPECT_EQ(EACCES, writing("/proc/sys/kernel/ostype"));
	EXPECT_EQ(EACCES, writing("/sys/devices/system/cpu/online"));
}

TEST(a_directory_outlives_its_process_without_names)
{
	char path[32];
	pid_t pid = fork();
	int dir;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	EXPECT_TRUE(openat(dir, "comm", O_RDONLY) >= 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_ERRNO(ESRCH, openat(dir, "comm", O_RDONLY));
	EXPECT_ERRNO(ESRCH, openat(dir, "limits", O_RDONLY));
	EXPECT_ERRNO(ENOENT, open(path, O_RDONLY));
}

TEST(mounts_are_told_a_third_time)
{
	EXPECT_TRUE(slurp("/proc/self/mountstats") > 0);
	EXPECT_TRUE(strstr(text, "device proc mounted on /proc with fstype proc\n") != NULL);
	EXPECT_TRUE(slurp("/proc/self/projid_map") > 0);
	EXPECT_STREQ("         0          0 4294967295\n", text);
}

MAIN
