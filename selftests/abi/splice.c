/* SPDX-License-Identifier: MIT */
/* splice(2), tee(2), vmsplice(2), sendfile(2), copy_file_range(2). */
#include "../harness.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char buf[300000], back[300000];

static void pattern(void)
{
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 7 + i / 251);
}

/* A file of n bytes of the pattern. */
static int file(const char *name, size_t n)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	pattern();
	write(fd, buf, n);
	lseek(fd, 0, SEEK_SET);
	unlink(name);
	return fd;
}

/* --- splice */

TEST(splice_errors)
{
	int p[2], f = file("/tmp/s1", 100), g = file("/tmp/s2", 100);
	loff_t off = 0, neg = -1;

	pipe(p);
	EXPECT_ERRNO(EINVAL, splice(f, NULL, p[1], NULL, 10, 0x10));
	EXPECT_EQ(0, splice(-1, NULL, -1, NULL, 0, 0));
	EXPECT_EQ(0, splice(-1, NULL, -1, NULL, 0, 0x10));
	EXPECT_ERRNO(EBADF, splice(-1, NULL, p[1], NULL, 1, 0));
	EXPECT_ERRNO(EBADF, splice(f, NULL, -1, NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, splice(f, NULL, g, NULL, 1, 0));
	EXPECT_ERRNO(ESPIPE, splice(p[0], &off, f, NULL, 1, 0));
	EXPECT_ERRNO(ESPIPE, splice(f, NULL, p[1], &off, 1, 0));
	EXPECT_ERRNO(EBADF, splice(p[1], NULL, f, NULL, 1, 0));
	EXPECT_ERRNO(EBADF, splice(f, NULL, p[0], NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, splice(f, &neg, p[1], NULL, 1, 0));
	EXPECT_ERRNO(EFAULT, splice(f, (loff_t *)8, p[1], NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, splice(p[0], NULL, p[1], NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, splice(open("/", O_RDONLY), NULL, p[1], NULL, 1, 0));
}

TEST(file_to_pipe_and_back)
{
	int p[2], f = file("/tmp/s1", 50000), g = file("/tmp/s2", 0);

	pipe(p);
	EXPECT_EQ(20000, splice(f, NULL, p[1], NULL, 20000, 0));
	EXPECT_EQ(20000, lseek(f, 0, SEEK_CUR));
	EXPECT_EQ(20000, splice(p[0], NULL, g, NULL, 50000, 0));
	EXPECT_EQ(20000, lseek(g, 0, SEEK_CUR));
	EXPECT_EQ(20000, pread(g, back, 50000, 0));
	EXPECT_EQ(0, memcmp(buf, back, 20000));
}

TEST(offsets_are_used_and_advanced)
{
	int p[2], f = file("/tmp/s1", 50000), g = file("/tmp/s2", 0);
	loff_t in = 1001, out = 77;

	pipe(p);
	EXPECT_EQ(5000, splice(f, &in, p[1], NULL, 5000, 0));
	EXPECT_EQ(6001, in);
	EXPECT_EQ(0, lseek(f, 0, SEEK_CUR));
	EXPECT_EQ(5000, splice(p[0], NULL, g, &out, 5000, 0));
	EXPECT_EQ(5077, out);
	EXPECT_EQ(5077, pread(g, back, 50000, 0));
	EXPECT_EQ(0, memcmp(buf + 1001, back + 77, 5000));
	EXPECT_EQ(0, back[0] | back[76]);
	in = 50000;
	EXPECT_EQ(0, splice(f, &in, p[1], NULL, 100, 0));
}

TEST(a_pipe_bounds_one_splice)
{
	int p[2], f = file("/tmp/s1", 300000);

	pipe(p);
	EXPECT_EQ(65536, splice(f, NULL, p[1], NULL, 300000, 0));
	EXPECT_ERRNO(EAGAIN, splice(f, NULL, p[1], NULL, 1, SPLICE_F_NONBLOCK));
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(EAGAIN, write(p[1], "x", 1));
	EXPECT_EQ(65536, read(p[0], back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, 65536));
}

TEST(what_was_spliced_shows_later_writes_or_not_but_not_torn_lengths)
{
	int p[2], f = file("/tmp/s1", 8192);

	pipe(p);
	EXPECT_EQ(8192, splice(f, NULL, p[1], NULL, 8192, 0));
	ftruncate(f, 0);
	EXPECT_EQ(8192, read(p[0], back, sizeof(back)));
}

TEST(a_write_to_the_pipe_never_reaches_the_file)
{
	int p[2], f = file("/tmp/s1", 4096);
	char c[10];

	pipe(p);
	EXPECT_EQ(100, splice(f, NULL, p[1], NULL, 100, 0));
	write(p[1], "0123456789", 10);
	EXPECT_EQ(10, pread(f, c, 10, 100));
	EXPECT_EQ(0, memcmp(buf + 100, c, 10));
	EXPECT_EQ(110, read(p[0], back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, 100));
	EXPECT_EQ(0, memcmp(back + 100, "0123456789", 10));
}

TEST(append_is_einval)
{
	int p[2], g = open("/tmp/s3", O_RDWR | O_CREAT | O_APPEND, 0600);

	pipe(p);
	unlink("/tmp/s3");
	write(p[1], "abc", 3);
	EXPECT_ERRNO(EINVAL, splice(p[0], NULL, g, NULL, 3, 0));
	EXPECT_EQ(3, read(p[0], back, 10));
}

TEST(pipe_to_pipe)
{
	int p[2], q[2];

	pipe(p);
	pipe(q);
	pattern();
	write(p[1], buf, 10000);
	EXPECT_EQ(3000, splice(p[0], NULL, q[1], NULL, 3000, 0));
	EXPECT_EQ(7000, splice(p[0], NULL, q[1], NULL, 100000, 0));
	EXPECT_EQ(10000, read(q[0], back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, 10000));
	EXPECT_ERRNO(EAGAIN, splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK));
	close(p[1]);
	EXPECT_EQ(0, splice(p[0], NULL, q[1], NULL, 1, 0));
}

TEST(splice_waits_for_data_and_for_room)
{
	int p[2], q[2];

	pipe(p);
	pipe(q);
	IN_CHILD({ sleep_ms(20); write(p[1], "abc", 3); });
	EXPECT_EQ(3, splice(p[0], NULL, q[1], NULL, 100, 0));
	fcntl(q[1], F_SETFL, O_NONBLOCK);
	while (write(q[1], buf, 4096) > 0)
		;
	fcntl(q[1], F_SETFL, 0);
	write(p[1], "def", 3);
	IN_CHILD({ sleep_ms(20); read(q[0], back, sizeof(back)); });
	EXPECT_BLOCKS_AT_LEAST_MS(15, splice(p[0], NULL, q[1], NULL, 100, 0));
	on_signal(SIGALRM, 0);
	alarm_ms(15);
	EXPECT_ERRNO(EINTR, splice(p[0], NULL, q[1], NULL, 100, 0));
}

TEST(no_reader_is_sigpipe)
{
	int p[2], q[2], f = file("/tmp/s1", 100);

	pipe(p);
	pipe(q);
	close(q[0]);
	write(p[1], "abc", 3);
	on_signal(SIGPIPE, 0);
	EXPECT_ERRNO(EPIPE, splice(p[0], NULL, q[1], NULL, 3, 0));
	EXPECT_EQ(1, signals_seen);
	EXPECT_ERRNO(EPIPE, splice(f, NULL, q[1], NULL, 3, 0));
	EXPECT_EQ(2, signals_seen);
	EXPECT_EQ(3, read(p[0], back, 3));
}

TEST(dev_null_swallows_and_dev_zero_gives)
{
	int p[2], null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);

	pipe(p);
	write(p[1], buf, 1000);
	EXPECT_EQ(1000, splice(p[0], NULL, null, NULL, 5000, 0));
	EXPECT_EQ(5000, splice(zero, NULL, p[1], NULL, 5000, 0));
	EXPECT_EQ(5000, read(p[0], back, sizeof(back)));
	EXPECT_EQ(0, back[0] | back[4999]);
	EXPECT_ERRNO(EINVAL, splice(null, NULL, p[1], NULL, 10, 0));
}

/* --- tee */

TEST(tee_leaves_what_it_copies)
{
	int p[2], q[2];

	pipe(p);
	pipe(q);
	pattern();
	write(p[1], buf, 5000);
	EXPECT_EQ(100, tee(p[0], q[1], 100, 0));
	EXPECT_EQ(5000, tee(p[0], q[1], 100000, 0));
	EXPECT_EQ(5100, read(q[0], back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, 100));
	EXPECT_EQ(0, memcmp(buf, back + 100, 5000));
	EXPECT_EQ(5000, read(p[0], back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, 5000));
}

TEST(a_write_after_tee_does_not_reach_the_copy)
{
	int p[2], q[2];

	pipe(p);
	pipe(q);
	write(p[1], "abc", 3);
	tee(p[0], q[1], 3, 0);
	write(p[1], "def", 3);
	write(q[1], "xyz", 3);
	EXPECT_EQ(6, read(p[0], back, 100));
	EXPECT_EQ(0, memcmp(back, "abcdef", 6));
	EXPECT_EQ(6, read(q[0], back, 100));
	EXPECT_EQ(0, memcmp(back, "abcxyz", 6));
}

TEST(tee_errors)
{
	int p[2], q[2], f = file("/tmp/s1", 10);

	pipe(p);
	pipe(q);
	EXPECT_ERRNO(EINVAL, tee(p[0], q[1], 1, 0x10));
	EXPECT_EQ(0, tee(-1, -1, 0, 0));
	EXPECT_ERRNO(EBADF, tee(-1, q[1], 1, 0));
	EXPECT_ERRNO(EBADF, tee(p[1], q[1], 1, 0));
	EXPECT_ERRNO(EBADF, tee(p[0], q[0], 1, 0));
	EXPECT_ERRNO(EINVAL, tee(f, q[1], 1, 0));
	EXPECT_ERRNO(EINVAL, tee(p[0], p[1], 1, 0));
	EXPECT_ERRNO(EAGAIN, tee(p[0], q[1], 1, SPLICE_F_NONBLOCK));
	close(p[1]);
	EXPECT_EQ(0, tee(p[0], q[1], 1, 0));
}

/* --- vmsplice */

TEST(vmsplice_in_and_out)
{
	int p[2];
	char a[10] = "abc", b[10] = "defg", c[20] = "";
	struct iovec v[2] = { { a, 3 }, { b, 4 } }, o = { c, sizeof(c) };

	pipe(p);
	EXPECT_EQ(7, vmsplice(p[1], v, 2, 0));
	EXPECT_EQ(7, vmsplice(p[0], &o, 1, 0));
	EXPECT_STREQ("abcdefg", c);
	EXPECT_ERRNO(EAGAIN, vmsplice(p[0], &o, 1, SPLICE_F_NONBLOCK));
	EXPECT_ERRNO(EINVAL, vmsplice(p[0], &o, 1, 0x10));
	EXPECT_ERRNO(EBADF, vmsplice(-1, &o, 1, 0));
	EXPECT_ERRNO(EBADF, vmsplice(open("/dev/null", O_RDWR), &o, 1, 0));
	EXPECT_ERRNO(EFAULT, vmsplice(p[1], (void *)8, 1, 0));
	EXPECT_EQ(0, vmsplice(p[1], v, 0, 0));
	EXPECT_ERRNO(EINVAL, vmsplice(p[1], v, 1025, 0));
}

TEST(vmsplice_shows_the_page_itself)
{
	char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec v = { m, 8192 };
	int p[2];

	pipe(p);
	memset(m, 'a', 8192);
	EXPECT_EQ(8192, vmsplice(p[1], &v, 1, 0));
	memset(m, 'b', 8192);			/* not copied: the pipe holds these pages */
	EXPECT_EQ(8192, read(p[0], back, 8192));
	EXPECT_EQ('b', back[0]);
	EXPECT_EQ('b', back[8191]);
}

TEST(vmsplice_keeps_pages_that_are_unmapped)
{
	char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec v = { m + 100, 50 };
	int p[2];

	pipe(p);
	memset(m, 'k', 4096);
	EXPECT_EQ(50, vmsplice(p[1], &v, 1, SPLICE_F_GIFT & 0));
	munmap(m, 4096);
	for (int i = 0; i < 50; i++) {
		char *other = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

		memset(other, 'z', 4096);
	}
	EXPECT_EQ(50, read(p[0], back, 100));
	EXPECT_EQ('k', back[0]);
	EXPECT_EQ('k', back[49]);
}

/* --- sendfile */

TEST(sendfile_moves_one_offset)
{
	int f = file("/tmp/s1", 50000), g = file("/tmp/s2", 0), p[2];
	off_t off = 100;

	EXPECT_EQ(20000, sendfile(g, f, NULL, 20000));
	EXPECT_EQ(20000, lseek(f, 0, SEEK_CUR));
	EXPECT_EQ(20000, lseek(g, 0, SEEK_CUR));
	EXPECT_EQ(1000, sendfile(g, f, &off, 1000));
	EXPECT_EQ(1100, off);
	EXPECT_EQ(20000, lseek(f, 0, SEEK_CUR));
	EXPECT_EQ(30000, sendfile(g, f, NULL, 100000));
	EXPECT_EQ(0, sendfile(g, f, NULL, 100000));
	EXPECT_EQ(51000, pread(g, back, sizeof(back), 0));
	EXPECT_EQ(0, memcmp(buf, back, 20000));
	EXPECT_EQ(0, memcmp(buf + 100, back + 20000, 1000));
	EXPECT_EQ(0, memcmp(buf + 20000, back + 21000, 30000));
	pipe(p);
	off = 0;
	EXPECT_EQ(3000, sendfile(p[1], f, &off, 3000));
	EXPECT_EQ(3000, read(p[0], back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, 3000));
}

TEST(sendfile_to_a_full_pipe)
{
	int f = file("/tmp/s1", 300000), p[2];
	off_t off = 0;

	pipe(p);
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	EXPECT_EQ(65536, sendfile(p[1], f, &off, 300000));
	EXPECT_EQ(65536, off);
	EXPECT_ERRNO(EAGAIN, sendfile(p[1], f, &off, 300000));
	EXPECT_EQ(65536, off);
	fcntl(p[1], F_SETFL, 0);
	IN_CHILD({
		close(p[1]);
		while (read(p[0], back, 10000) > 0)
			;
	});
	EXPECT_TRUE(sendfile(p[1], f, &off, 300000) > 0);
}

TEST(sendfile_errors)
{
	int f = file("/tmp/s1", 100), p[2], wo = open("/tmp/s4", O_WRONLY | O_CREAT, 0600);
	int app = open("/tmp/s4", O_RDWR | O_APPEND);
	off_t off = 0, neg = -1;

	pipe(p);
	unlink("/tmp/s4");
	EXPECT_ERRNO(EBADF, sendfile(-1, f, NULL, 1));
	EXPECT_ERRNO(EBADF, sendfile(f, -1, NULL, 1));
	EXPECT_ERRNO(EBADF, sendfile(p[1], wo, NULL, 1));
	EXPECT_ERRNO(EBADF, sendfile(p[0], f, NULL, 1));
	EXPECT_ERRNO(EINVAL, sendfile(app, f, NULL, 1));
	EXPECT_ERRNO(ESPIPE, sendfile(f, p[0], &off, 1));
	EXPECT_ERRNO(EINVAL, sendfile(p[1], f, &neg, 1));
	EXPECT_ERRNO(EFAULT, sendfile(p[1], f, (off_t *)8, 1));
	EXPECT_EQ(0, sendfile(p[1], f, NULL, 0));
}

TEST(sendfile_from_a_pipe)
{
	int g = file("/tmp/s1", 0), p[2], q[2];

	pipe(p);
	pipe(q);
	write(p[1], "abcdef", 6);
	EXPECT_ERRNO(EINVAL, sendfile(q[1], p[0], NULL, 3));
	EXPECT_ERRNO(EINVAL, sendfile(g, p[0], NULL, 3));
}

/* --- copy_file_range */

TEST(copy_file_range_copies)
{
	int f = file("/tmp/s1", 50000), g = file("/tmp/s2", 10);
	loff_t in = 1000, out = 5;

	EXPECT_EQ(20000, copy_file_range(f, &in, g, &out, 20000, 0));
	EXPECT_EQ(21000, in);
	EXPECT_EQ(20005, out);
	EXPECT_EQ(0, lseek(f, 0, SEEK_CUR));
	EXPECT_EQ(0, lseek(g, 0, SEEK_CUR));
	EXPECT_EQ(20005, pread(g, back, sizeof(back), 0));
	EXPECT_EQ(0, memcmp(buf + 1000, back + 5, 20000));
	EXPECT_EQ(50000, copy_file_range(f, NULL, g, NULL, 100000, 0));
	EXPECT_EQ(50000, lseek(f, 0, SEEK_CUR));
	EXPECT_EQ(50000, lseek(g, 0, SEEK_CUR));
	EXPECT_EQ(0, copy_file_range(f, NULL, g, NULL, 100, 0));
	EXPECT_EQ(0, copy_file_range(f, &in, g, NULL, 0, 0));
}

TEST(copy_file_range_errors)
{
	int f = file("/tmp/s1", 1000), g = file("/tmp/s2", 10), p[2];
	int app = open("/tmp/s4", O_RDWR | O_CREAT | O_APPEND, 0600),
	    ro = open("/tmp/s4", O_RDONLY);
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	loff_t in = 0, out = 500, neg = -1;

	unlink("/tmp/s4");
	pipe(p);
	EXPECT_ERRNO(EBADF, copy_file_range(-1, NULL, g, NULL, 1, 0));
	EXPECT_ERRNO(EBADF, copy_file_range(f, NULL, -1, NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, copy_file_range(f, NULL, g, NULL, 1, 1));
	EXPECT_ERRNO(EBADF, copy_file_range(f, NULL, app, NULL, 1, 0));
	EXPECT_ERRNO(EBADF, copy_file_range(f, NULL, ro, NULL, 1, 0));
	EXPECT_ERRNO(EISDIR, copy_file_range(dir, NULL, g, NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, copy_file_range(p[0], NULL, g, NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, copy_file_range(f, NULL, p[1], NULL, 1, 0));
	EXPECT_ERRNO(EINVAL, copy_file_range(f, &in, f, &out, 501, 0));
	EXPECT_EQ(500, copy_file_range(f, &in, f, &out, 500, 0));
	EXPECT_ERRNO(EOVERFLOW, copy_file_range(f, &neg, g, NULL, 1, 0));
	EXPECT_ERRNO(EFAULT, copy_file_range(f, (loff_t *)8, g, NULL, 1, 0));
}

MAIN
