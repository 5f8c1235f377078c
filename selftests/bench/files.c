/* SPDX-License-Identifier: MIT */
/* files.c - reading, writing, names; in a tmpfs. */
#include "bench.h"

#include <dirent.h>

static char buf[65536];

static int file_of(size_t size)
{
	int fd = MUST(open("/tmp/bench.file", O_RDWR | O_CREAT | O_TRUNC, 0600));

	for (size_t i = 0; i < size; i += sizeof(buf))
		MUST_BE(sizeof(buf), write(fd, buf, sizeof(buf)));
	MUST(lseek(fd, 0, SEEK_SET));
	return fd;
}

BENCH(read_1_zero, 10000)
{
	int fd = MUST(open("/dev/zero", O_RDONLY));

	MEASURE(b, MUST_BE(1, read(fd, buf, 1)));
}

BENCH(write_1_null, 10000)
{
	int fd = MUST(open("/dev/null", O_WRONLY));

	MEASURE(b, MUST_BE(1, write(fd, buf, 1)));
}

/* Through the file from front to back, then again. */
static void read_on(int fd, size_t size)
{
	if (read(fd, buf, size) == (ssize_t)size)
		return;
	MUST(lseek(fd, 0, SEEK_SET));
	MUST_BE(size, read(fd, buf, size));
}

BENCH(read_4k_file, 4000)
{
	int fd = file_of(4 << 20);

	MEASURE(b, read_on(fd, 4096));
}

BENCH(read_64k_file, 400)
{
	int fd = file_of(4 << 20);

	MEASURE(b, read_on(fd, 65536));
}

BENCH(pread_4k_file, 4000)
{
	int fd = file_of(1 << 20);

	MEASURE(b, MUST_BE(4096, pread(fd, buf, 4096, 4096)));
}

BENCH(pwrite_4k_file, 4000)
{
	int fd = file_of(1 << 20);

	MEASURE(b, MUST_BE(4096, pwrite(fd, buf, 4096, 4096)));
}

BENCH(lseek, 10000)
{
	int fd = file_of(1 << 20);

	MEASURE(b, lseek(fd, 0, SEEK_SET));
}

BENCH(open_close, 2000)
{
	int fd = file_of(0);

	MEASURE(b, fd = MUST(open("/tmp/bench.file", O_RDONLY)); close(fd));
}

BENCH(openat_deep6, 2000)
{
	static const char *const dirs[] = { "/tmp/b1", "/tmp/b1/b2", "/tmp/b1/b2/b3",
					    "/tmp/b1/b2/b3/b4", "/tmp/b1/b2/b3/b4/b5" };
	const char *path = "/tmp/b1/b2/b3/b4/b5/file";
	int fd;

	for (int i = 0; i < 5; i++)
		mkdir(dirs[i], 0700);
	close(MUST(open(path, O_CREAT | O_WRONLY, 0600)));
	MEASURE(b, fd = MUST(openat(AT_FDCWD, path, O_RDONLY)); close(fd));
}

BENCH(stat, 4000)
{
	struct stat st;

	file_of(0);
	MEASURE(b, MUST(stat("/tmp/bench.file", &st)));
}

BENCH(stat_enoent, 4000)
{
	struct stat st;

	MEASURE(b, MUST_BE(-1, stat("/tmp/bench.none", &st)));
}

BENCH(fstat, 5000)
{
	int fd = file_of(0);
	struct stat st;

	MEASURE(b, MUST(fstat(fd, &st)));
}

BENCH(access, 4000)
{
	file_of(0);
	MEASURE(b, MUST(access("/tmp/bench.file", R_OK)));
}

BENCH(create_unlink, 500)
{
	int fd;

	MEASURE(b, fd = MUST(open("/tmp/bench.new", O_CREAT | O_EXCL | O_WRONLY, 0600)); close(fd);
		MUST(unlink("/tmp/bench.new")));
}

BENCH(rename, 1000)
{
	static const char *const name[2] = { "/tmp/bench.file", "/tmp/bench.other" };
	int at = 0;

	file_of(0);
	unlink(name[1]);
	MEASURE(b, MUST(rename(name[at], name[!at])); at = !at);
}

BENCH(mkdir_rmdir, 500)
{
	MEASURE(b, MUST(mkdir("/tmp/bench.dir", 0700)); MUST(rmdir("/tmp/bench.dir")));
}

BENCH(symlink_readlink_unlink, 500)
{
	MEASURE(b, MUST(symlink("target", "/tmp/bench.link"));
		MUST_BE(6, readlink("/tmp/bench.link", buf, 100)); MUST(unlink("/tmp/bench.link")));
}

static long count_entries(int fd)
{
	long n, total = 0;

	MUST(lseek(fd, 0, SEEK_SET));
	while ((n = MUST(syscall(SYS_getdents64, fd, buf, sizeof(buf)))) > 0)
		total += n;
	return total;
}

BENCH(getdents_1000, 40)
{
	char name[64];
	int fd;

	mkdir("/tmp/bench.many", 0700);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "/tmp/bench.many/file%04d", i);
		close(MUST(open(name, O_CREAT | O_WRONLY, 0600)));
	}
	fd = MUST(open("/tmp/bench.many", O_RDONLY | O_DIRECTORY));
	MUST_BE(1, count_entries(fd) > 20000);
	MEASURE(b, count_entries(fd));
}

BENCH(dup_close, 5000)
{
	int fd;

	MEASURE(b, fd = MUST(dup(0)); close(fd));
}

BENCH(fcntl_getfl, 10000)
{
	MEASURE(b, MUST(fcntl(0, F_GETFL)));
}

BENCH(proc_self_stat, 500)
{
	int fd;

	MEASURE(b, fd = MUST(open("/proc/self/stat", O_RDONLY));
		MUST_BE(1, read(fd, buf, 4096) > 20); close(fd));
}
