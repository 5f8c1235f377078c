/* SPDX-License-Identifier: MIT */
/* storage.c - ext4 on a virtio disk with what it holds in memory: pages, names, whole trees; and
 * SQLite's own benchmark. No row waits for the disk: what is written stays in memory, but for what
 * a kernel writes in the background. */
#include "bench.h"

#include <dirent.h>
#include <sys/mount.h>

#define TOP "/tmp/ext4"

static char buf[65536];

/* Goes to an empty directory of its own on the disk, with nothing of former rows left to be
 * written. */
static void on_disk(struct bench *b)
{
	mkdir(TOP, 0755);
	if (mount("/dev/vda", TOP, "ext4", 0, NULL) && errno != EBUSY)
		bench_fail("mount /dev/vda", __LINE__, __FILE__);
	MUST(chdir(TOP));
	sync();
	MUST(mkdir(b->name, 0755));
	MUST(chdir(b->name));
}

static int file_of(size_t size)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0644));

	for (size_t n = 0; n < size; n += sizeof(buf))
		MUST_BE(sizeof(buf), write(fd, buf, sizeof(buf)));
	MUST(fsync(fd));
	return fd;
}

BENCH(ext4_pread_4k, 4000)
{
	on_disk(b);
	int fd = file_of(4 << 20);

	MEASURE(b, MUST_BE(4096, pread(fd, buf, 4096, i_ % 1000 * 4096)));
}

BENCH(ext4_read_64k, 300)
{
	on_disk(b);
	int fd = file_of(4 << 20);

	MEASURE(b, MUST_BE(65536, pread(fd, buf, 65536, i_ % 60 * 65536)));
}

BENCH(ext4_pwrite_4k, 3000)
{
	on_disk(b);
	int fd = file_of(4 << 20);

	MEASURE(b, MUST_BE(4096, pwrite(fd, buf, 4096, i_ % 1000 * 4096)));
}

BENCH(ext4_append_4k, 2000)
{
	on_disk(b);
	int fd = file_of(0);

	MEASURE(b, MUST_BE(4096, write(fd, buf, 4096)));
}

BENCH(ext4_append_64k, 200)
{
	on_disk(b);
	int fd = file_of(0);

	MEASURE(b, MUST_BE(65536, write(fd, buf, 65536)));
}

/* Each page of a file of a MiB is touched. */
static void touch_all(int fd, int prot, int flags)
{
	volatile char *p = MUST(mmap(NULL, 1 << 20, prot, flags, fd, 0));

	for (size_t n = 0; n < 1 << 20; n += PAGE) {
		if (prot & PROT_WRITE)
			p[n] = 1;
		else
			(void)p[n];
	}
	munmap((void *)p, 1 << 20);
}

BENCH(ext4_mmap_read_256_pages, 40)
{
	on_disk(b);
	int fd = file_of(1 << 20);

	MEASURE(b, touch_all(fd, PROT_READ, MAP_SHARED));
}

BENCH(ext4_mmap_write_256_pages, 40)
{
	on_disk(b);
	int fd = file_of(1 << 20);

	MEASURE(b, touch_all(fd, PROT_READ | PROT_WRITE, MAP_SHARED));
}

static const char *name_of(long n)
{
	static char name[48];

	snprintf(name, sizeof(name), "a-file-of-some-length-%ld", n);
	return name;
}

BENCH(ext4_create, 2000)
{
	on_disk(b);
	long n = 0;

	MEASURE(b, MUST(close(MUST(open(name_of(n++), O_WRONLY | O_CREAT | O_EXCL, 0644)))));
}

BENCH(ext4_unlink, 2000)
{
	on_disk(b);
	long n = 0;

	for (long k = 0; k < b->n + b->n / 10; k++)
		MUST(close(MUST(open(name_of(k), O_WRONLY | O_CREAT, 0644))));
	MEASURE(b, MUST(unlink(name_of(n++))));
}

BENCH(ext4_create_write_unlink, 1000)
{
	on_disk(b);
	int fd;

	MEASURE(b, fd = MUST(open("one", O_WRONLY | O_CREAT | O_EXCL, 0644));
		MUST_BE(3000, write(fd, buf, 3000)); MUST(close(fd)); MUST(unlink("one")));
}

/* As tar does: a directory with twenty files of one to twenty KiB. */
static void untar(long k)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	char name[40];

	snprintf(name, sizeof(name), "dir%ld", k);
	MUST(mkdir(name, 0755));
	MUST(chdir(name));
	for (int n = 0; n < 20; n++) {
		int fd = MUST(open(name_of(n), O_WRONLY | O_CREAT | O_EXCL, 0600));

		for (int left = (n + 1) * 1000; left > 0; left -= 10240)
			MUST(write(fd, buf, (size_t)(left < 10240 ? left : 10240)));
		MUST(futimens(fd, times));
		MUST(fchown(fd, 0, 0));
		MUST(fchmod(fd, 0644));
		MUST(close(fd));
	}
	MUST(chdir(".."));
}

BENCH(ext4_untar_20_files, 40)
{
	on_disk(b);
	long k = 0;

	MEASURE(b, untar(k++));
}

static void walk(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	struct stat st;

	MUST(d ? 0 : -1);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		MUST(fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW));
		if (S_ISDIR(st.st_mode)) {
			char below[300];

			snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
			walk(below);
		}
	}
	closedir(d);
}

BENCH(ext4_find_1050_files, 10)
{
	on_disk(b);
	for (long k = 0; k < 50; k++)
		untar(k);
	sync();
	MEASURE(b, walk("."));
}

BENCH(ext4_find_20000_files, 1)
{
	on_disk(b);
	for (long k = 0; k < 20000; k++) {
		if (k % 100 == 0) {
			char name[80];

			snprintf(name, sizeof(name), TOP "/%s/dir%ld", b->name, k);
			MUST(mkdir(name, 0755));
			MUST(chdir(name));
		}
		MUST(close(MUST(open(name_of(k), O_WRONLY | O_CREAT, 0644))));
	}
	MUST(chdir(".."));
	sync();
	MEASURE(b, walk("."));
}

static void speedtest(const char *db)
{
	int st, null = MUST(open("/dev/null", O_WRONLY));
	pid_t pid = MUST(fork());

	if (!pid) {
		dup2(null, 1);
		execl("/bench/speedtest1", "speedtest1", "--size", "2", "--nosync", db, NULL);
		_exit(9);
	}
	MUST(waitpid(pid, &st, 0));
	MUST_BE(0, st);
	close(null);
	unlink(db);
}

BENCH(tmpfs_speedtest1, 1)
{
	MEASURE(b, speedtest("/tmp/speed.db"));
}

BENCH(ext4_speedtest1, 1)
{
	on_disk(b);
	MEASURE(b, speedtest("speed.db"));
}
