/* SPDX-License-Identifier: MIT */
/* vm.overcommit_memory: what may be promised, what counts in Committed_AS, and that all of it comes
 * back. */
#include "../harness.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

#define MB	(1l << 20)
#define RW	(PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED	(MAP_SHARED | MAP_ANONYMOUS)

static long meminfo(const char *name)
{
	static char buf[8192];
	int fd = open("/proc/meminfo", O_RDONLY);
	char *at;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	buf[n > 0 ? n : 0] = 0;
	at = strstr(buf, name);
	return at ? strtol(at + strlen(name) + 1, NULL, 10) << 10 : -1;
}

static int set(const char *name, long v)
{
	char path[80], text[24];
	int fd, len = snprintf(text, sizeof(text), "%ld", v), ok;

	snprintf(path, sizeof(path), "/proc/sys/vm/overcommit_%s", name);
	fd = open(path, O_WRONLY);
	ok = write(fd, text, len) == len;
	close(fd);
	return ok;
}

static void back_to_normal(void)
{
	set("memory", 0);
	set("ratio", 50);
}

static void *map(long size, int prot, int flags)
{
	return mmap(NULL, size, prot, flags, -1, 0);
}

/* Committed_AS since before, rounded to megabytes: other processes may move it a little. */
static long since(long before)
{
	long d = meminfo("Committed_AS:") - before;

	return (d + (d < 0 ? -MB : MB) / 2) / MB;
}

static long committed(void)
{
	return meminfo("Committed_AS:");
}

TEST(the_obvious_is_refused_and_only_that)
{
	long total = meminfo("MemTotal:");

	EXPECT_EQ(total / 4096 * 2048 / MB, meminfo("CommitLimit:") / MB);
	EXPECT_ERRNO(ENOMEM, (long)map(total + 16 * MB, RW, PRIVATE));
	EXPECT_ERRNO(ENOMEM, (long)map(1l << 46, RW, PRIVATE));
	EXPECT_ERRNO(ENOMEM, (long)map(total + 16 * MB, RW, SHARED));
	for (int i = 0; i < 4; i++)
		EXPECT_TRUE((long)MAP_FAILED != (long)map(total - 16 * MB, RW, PRIVATE));
	EXPECT_TRUE((long)MAP_FAILED != (long)map(1l << 46, PROT_READ, PRIVATE));
	EXPECT_TRUE((long)MAP_FAILED != (long)map(1l << 44, RW, PRIVATE | MAP_NORESERVE));
	EXPECT_TRUE((long)MAP_FAILED != (long)map(1l << 44, RW, SHARED | MAP_NORESERVE));
	EXPECT_ERRNO(ENOMEM, shmget(IPC_PRIVATE, total + 16 * MB, 0600));
	EXPECT_ERRNO(ENOMEM, (long)sbrk(total + 16 * MB));
}

TEST(making_it_writable_asks_too)
{
	long total = meminfo("MemTotal:");
	char *m = map(total * 4, PROT_NONE, PRIVATE),
	     *none = map(total * 4, PROT_NONE, PRIVATE | MAP_NORESERVE);

	EXPECT_ERRNO(ENOMEM, mprotect(m, total * 2, RW));
	EXPECT_EQ(0, mprotect(m, total / 2, RW));
	EXPECT_EQ(0, mprotect(none, total * 2, RW));
	EXPECT_ERRNO(ENOMEM, (long)mremap(m, total / 2, total * 3, MREMAP_MAYMOVE));
}

TEST(what_counts)
{
	long before = committed();
	char *m = map(32 * MB, RW, PRIVATE), *s, *grown;
	int id, fd;

	EXPECT_EQ(32, since(before));
	memset(m, 1, 8 * MB);
	EXPECT_EQ(32, since(before));
	munmap(m + 8 * MB, 8 * MB);
	EXPECT_EQ(24, since(before));
	EXPECT_EQ(0, mprotect(m, 8 * MB, PROT_READ));
	EXPECT_EQ(24, since(before));
	grown = mremap(m, 8 * MB, 16 * MB, MREMAP_MAYMOVE);
	EXPECT_EQ(32, since(before));
	munmap(grown, 16 * MB);
	munmap(m, 32 * MB);
	EXPECT_EQ(0, since(before));
	s = map(16 * MB, RW, SHARED);
	EXPECT_EQ(16, since(before));
	memset(s, 1, 4 * MB);
	EXPECT_EQ(16, since(before));
	munmap(s, 16 * MB);
	EXPECT_EQ(0, since(before));
	s = map(16 * MB, RW, SHARED | MAP_NORESERVE);
	EXPECT_EQ(0, since(before));
	memset(s, 1, 4 * MB);
	EXPECT_EQ(4, since(before));
	munmap(s, 16 * MB);
	id = shmget(IPC_PRIVATE, 16 * MB, 0600);
	EXPECT_EQ(16, since(before));
	shmctl(id, IPC_RMID, NULL);
	EXPECT_EQ(0, since(before));
	fd = memfd_create("x", 0);
	EXPECT_EQ(0, ftruncate(fd, 64 * MB));
	EXPECT_EQ(0, since(before));
	EXPECT_EQ(0, fallocate(fd, 0, 0, 8 * MB));
	EXPECT_EQ(8, since(before));
	close(fd);
	m = sbrk(8 * MB);
	EXPECT_EQ(8, since(before));
	sbrk(-8 * MB);
	EXPECT_EQ(0, since(before));
}

TEST(children_are_promised_the_same)
{
	char *m = map(64 * MB, RW, PRIVATE);
	long before = committed();
	int go[2], ready[2];
	pid_t pid;
	char c;

	EXPECT_EQ(0, pipe(go) | pipe(ready));
	pid = fork();
	if (pid == 0) {
		write(ready[1], "x", 1);
		read(go[0], &c, 1);
		_exit(0);
	}
	EXPECT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(64, since(before));
	write(go[1], "x", 1);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, since(before));
	EXPECT_EQ(0, munmap(m, 64 * MB));
	EXPECT_EQ(-64, since(before));
}

TEST(mode_2_keeps_to_the_limit)
{
	long room, total = meminfo("MemTotal:");
	char *m;

	EXPECT_TRUE(set("ratio", 60));
	EXPECT_EQ(total * 60 / 100 / MB, meminfo("CommitLimit:") / MB);
	EXPECT_TRUE(set("memory", 2));
	room = meminfo("CommitLimit:") - committed();
	EXPECT_ERRNO(ENOMEM, (long)map(room + 4 * MB, RW, PRIVATE));
	EXPECT_ERRNO(ENOMEM, (long)map(room + 4 * MB, RW, PRIVATE | MAP_NORESERVE));
	EXPECT_ERRNO(ENOMEM, (long)map(room + 4 * MB, RW, SHARED | MAP_NORESERVE));
	m = map(room - 32 * MB, RW, PRIVATE);
	EXPECT_TRUE((long)MAP_FAILED != (long)m);
	EXPECT_ERRNO(ENOMEM, (long)map(40 * MB, RW, PRIVATE));
	EXPECT_TRUE((long)MAP_FAILED != (long)map(1l << 40, PROT_READ, PRIVATE));
	EXPECT_ERRNO(ENOMEM, fork());
	munmap(m, room - 32 * MB);
	EXPECT_TRUE((long)MAP_FAILED != (long)map(40 * MB, RW, PRIVATE));
	back_to_normal();
}

TEST(limits_replace_each_other_and_are_checked)
{
	EXPECT_TRUE(set("kbytes", 123456));
	EXPECT_EQ(123456l << 10, meminfo("CommitLimit:"));
	EXPECT_TRUE(set("ratio", 50));
	EXPECT_EQ(meminfo("MemTotal:") / 2 / MB, meminfo("CommitLimit:") / MB);
	EXPECT_TRUE(!set("memory", 3));
	EXPECT_TRUE(!set("memory", -1));
	EXPECT_TRUE(set("memory", 1));
	EXPECT_TRUE((long)MAP_FAILED != (long)map(1l << 46, RW, PRIVATE));
	back_to_normal();
}

MAIN
