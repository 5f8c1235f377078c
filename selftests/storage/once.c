/* SPDX-License-Identifier: MIT */
/* What each description of a file hears of a page that could not be written, or read: once FILE w|r
 * OFFSET. One line for each call; the same lines on Linux (selftests/storage/errors.py). The disk
 * refuses that place, and that place only. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char page[4096];
static sigjmp_buf back;

static void say(const char *what, long got)
{
	printf("%s: %s\n", what, got < 0 ? strerrorname_np(errno) ?: "?" : got ? "some" : "0");
	fflush(stdout);
}

static void on_bus(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

static void touch(const char *what, int fd, off_t at)
{
	volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, at);

	if (sigsetjmp(back, 1))
		printf("%s: SIGBUS\n", what);
	else
		printf("%s: %s\n", what, *p ? "some" : "zero");
	munmap((void *)p, 4096);
}

static void reads(const char *name, off_t at)
{
	int a = open(name, O_RDONLY), direct = open(name, O_RDONLY | O_DIRECT);
	char *aligned = aligned_alloc(4096, 65536);

	signal(SIGBUS, on_bus);
	say("read before", pread(a, page, 4096, at - 4096));
	say("read there", pread(a, page, 4096, at));
	say("read there again", pread(a, page, 4096, at));
	say("read after", pread(a, page, 4096, at + 4096));
	say("read of one byte there", pread(a, page, 1, at + 5));
	touch("touch there", a, at);
	touch("touch after", a, at + 4096);
	say("direct there", pread(direct, aligned, 4096, at));
	say("direct after", pread(direct, aligned, 4096, at + 4096));
	say("fsync", fsync(a));
	close(a);
	a = open(name, O_RDWR);
	say("a part of the page there", pwrite(a, "x", 1, at + 5));
	say("the whole page there", pwrite(a, page, 4096, at));
	say("read there of what was written", pread(a, page, 4096, at));
	say("fsync", fsync(a));
	say("close", close(a));
}

static void writes(const char *name, off_t at)
{
	int a = open(name, O_RDWR), b = open(name, O_RDONLY), c, dir = open(".", O_RDONLY),
	    dir2 = open(".", O_RDONLY), dup1;

	memset(page, 'n', sizeof(page));
	dup1 = dup(a);
	say("write", pwrite(a, page, 4096, at));
	say("write after", pwrite(a, page, 4096, at + 4096));
	say("fsync a", fsync(a));
	say("fsync a again", fsync(a));
	say("fsync its dup", fsync(dup1));
	say("fsync b", fsync(b));
	say("fsync b again", fsync(b));
	c = open(name, O_RDWR);
	say("fsync c, opened later", fsync(c));
	say("syncfs", syncfs(dir));
	say("syncfs again", syncfs(dir));
	say("syncfs of another", syncfs(dir2));
	say("read", pread(c, page, 4096, at));
	say(page[0] == 'n' ? "new is in memory" : "old is in memory", 0);
	say("write again", pwrite(c, page, 4096, at));
	say("sync_file_range",
	    sync_file_range(c, at, 4096, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
	say("fsync c", fsync(c));
	say("fdatasync a", fdatasync(a));
	say("close a", close(a));
	say("close dup", close(dup1));
	say("write by nobody's fsync", pwrite(c, page, 4096, at));
	say("close c", close(c));
	say("close b", close(b));
	sync();
	a = open(name, O_RDWR);
	say("fsync of who opened after nobody heard", fsync(a));
	say("fsync again", fsync(a));
	b = open(name, O_RDWR);
	say("fsync of who opened after one heard", fsync(b));
	close(b);
	b = open(name, O_RDWR | O_SYNC);
	say("O_SYNC write", pwrite(b, page, 4096, at));
	say("O_SYNC write elsewhere", pwrite(b, page, 4096, at + 8192));
	say("fsync", fsync(b));
	close(b);
	b = open(name, O_RDWR | O_DIRECT);
	{
		char *aligned = aligned_alloc(4096, 4096);

		memset(aligned, 'd', 4096);
		say("direct write", pwrite(b, aligned, 4096, at));
		say("direct write elsewhere", pwrite(b, aligned, 4096, at + 8192));
		say("fsync", fsync(b));
	}
	{
		char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, a, at);

		m[3] = 'm';
		say("msync", msync(m, 4096, MS_SYNC));
		say("msync again", msync(m, 4096, MS_SYNC));
		m[3] = 'o';
		munmap(m, 4096);
		say("fsync after munmap", fsync(a));
	}
	say("truncate", ftruncate(a, 100));
	say("fsync a", fsync(a));
}

int main(int argc, char **argv)
{
	if (argc == 4)
		(argv[2][0] == 'r' ? reads : writes)(argv[1], atol(argv[3]));
	return 0;
}
