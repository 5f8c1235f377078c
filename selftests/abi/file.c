/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* open(2), read(2), lseek(2), dup(2), fcntl(2), fallocate(2), sendfile(2) and their kin:
 * descriptors and the bytes behind them. */
#include "../harness.h"

#include <limits.h>
#include <linux/falloc.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static const char *name(const char *suffix)
{
	static char path[4][64];
	static int i;
	char *p = path[i++ & 3];

	snprintf(p, 64, "/tmp/file.%d%s", getpid(), suffix);
	return p;
}

/* A new unlinked file with @text in it. */
static int tmp(const char *text)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	ASSERT_TRUE(fd >= 0);
	write(fd, text, strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

/* --- open */
TEST(open_takes_the_lowest_descriptor)
{
	int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY);

	EXPECT_EQ(a + 1, b);
	close(a);
	EXPECT_EQ(a, open("/dev/null", O_RDONLY));
}

TEST(open_errors)
{
	const char *f = name("");

	close(open(f, O_CREAT | O_WRONLY, 0600));
	EXPECT_ERRNO(ENOENT, open("/tmp/none", O_RDONLY));
	EXPECT_ERRNO(ENOENT, open("", O_RDONLY));
	EXPECT_ERRNO(ENOENT, open("/none/x", O_CREAT | O_RDWR, 0600));
	EXPECT_ERRNO(ENOTDIR, open("/dev/null/x", O_RDONLY));
	EXPECT_ERRNO(EISDIR, open("/tmp", O_WRONLY));
	EXPECT_ERRNO(EISDIR, open("/tmp", O_RDWR));
	EXPECT_ERRNO(EISDIR, open("/tmp", O_RDONLY | O_CREAT, 0600));
	EXPECT_ERRNO(EISDIR, open("/tmp/new/", O_RDWR | O_CREAT, 0600));
	EXPECT_ERRNO(ENOTDIR, open(f, O_RDONLY | O_DIRECTORY));
	EXPECT_ERRNO(EEXIST, open(f, O_CREAT | O_EXCL | O_RDWR, 0600));
	EXPECT_ERRNO(EINVAL, open("/tmp/x", O_CREAT | O_DIRECTORY | O_RDWR, 0600));
	EXPECT_ERRNO(EBADF, openat(999, "x", O_RDONLY));
	EXPECT_ERRNO(ENOTDIR, openat(open(f, O_RDONLY), "x", O_RDONLY));
	EXPECT_TRUE(openat(-1, "/tmp", O_RDONLY) >= 0);
	unlink(f);
}

TEST(o_creat_obeys_mode_and_umask)
{
	const char *f = name("m");
	struct stat st;

	umask(027);
	close(open(f, O_CREAT | O_WRONLY, 0777));
	stat(f, &st);
	EXPECT_EQ(S_IFREG | 0750, st.st_mode);
	EXPECT_TRUE(open(f, O_CREAT | O_WRONLY, 0000) >= 0);
	stat(f, &st);
	EXPECT_EQ(S_IFREG | 0750, st.st_mode);
	unlink(f);
	/* the mode is for later opens */
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setuid(1234);
		int fd = open(f, O_CREAT | O_RDWR, 0000);
		EXPECT_EQ(1, write(fd, "x", 1));
		EXPECT_ERRNO(EACCES, open(f, O_RDONLY));
		unlink(f);
	})));
}

TEST(o_trunc_empties_and_o_excl_is_for_symlinks_too)
{
	const char *f = name("t"), *l = name("l");
	int fd = open(f, O_CREAT | O_RDWR, 0600);

	write(fd, "abc", 3);
	close(open(f, O_WRONLY | O_TRUNC));
	EXPECT_EQ(0, size_of(fd));
	unlink(f);
	symlink(f, l);
	EXPECT_ERRNO(EEXIST, open(l, O_CREAT | O_EXCL | O_RDWR, 0600));
	EXPECT_TRUE(open(l, O_CREAT | O_RDWR, 0600) >= 0);	/* through the link */
	EXPECT_EQ(0, access(f, F_OK));
	EXPECT_ERRNO(ELOOP, open(l, O_RDONLY | O_NOFOLLOW));
	unlink(f);
	unlink(l);
}

TEST(o_append_writes_at_the_end)
{
	const char *f = name("a");
	int a = open(f, O_CREAT | O_RDWR | O_APPEND, 0600), b = open(f, O_RDWR);

	write(a, "one", 3);
	write(b, "ONE+", 4);
	EXPECT_EQ(3, write(a, "two", 3));
	EXPECT_EQ(7, lseek(a, 0, SEEK_CUR));
	EXPECT_EQ(1, pwrite(a, "!", 1, 0));	/* Linux: appends, too */
	EXPECT_EQ(8, size_of(a));
	unlink(f);
}

TEST(o_tmpfile_has_no_name_until_it_is_linked)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0640),
	    excl = open("/tmp", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	const char *f = name("tmp");
	struct stat st;

	fstat(fd, &st);
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ(S_IFREG | 0640, st.st_mode);
	EXPECT_ERRNO(EINVAL, open("/tmp", O_TMPFILE | O_RDONLY, 0600));
	EXPECT_ERRNO(ENOENT, linkat(excl, "", AT_FDCWD, f, AT_EMPTY_PATH));
	EXPECT_EQ(0, linkat(fd, "", AT_FDCWD, f, AT_EMPTY_PATH));
	EXPECT_EQ(0, unlink(f));
}

TEST(o_path_is_only_a_place)
{
	int fd = open("/tmp", O_PATH), file = open("/selftests/file", O_PATH);
	char c;
	struct stat st;

	EXPECT_ERRNO(EBADF, read(file, &c, 1));
	EXPECT_ERRNO(EBADF, write(file, &c, 1));
	EXPECT_ERRNO(EBADF, lseek(file, 0, SEEK_CUR));
	EXPECT_ERRNO(EBADF, fchmod(file, 0700));
	EXPECT_ERRNO(EBADF, ioctl(file, 0));
	EXPECT_EQ(0, fstat(file, &st));
	EXPECT_TRUE(S_ISREG(st.st_mode));
	EXPECT_TRUE(openat(fd, ".", O_RDONLY) >= 0);
	EXPECT_EQ(0, fchdir(fd));
	EXPECT_TRUE(dup(file) >= 0);
	EXPECT_EQ(O_PATH, fcntl(file, F_GETFL) & O_PATH);
}

TEST(o_path_with_nofollow_is_the_link_itself)
{
	const char *l = name("ln");
	struct stat st;
	char buf[10];
	int fd;

	symlink("target", l);
	fd = open(l, O_PATH | O_NOFOLLOW);
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_TRUE(S_ISLNK(st.st_mode));
	EXPECT_EQ(6, readlinkat(fd, "", buf, sizeof(buf)));
	unlink(l);
}

/* --- position, reading, writing */
TEST(lseek_sets_moves_and_finds_the_end)
{
	int fd = tmp("abcdef");
	char c;

	EXPECT_EQ(2, lseek(fd, 2, SEEK_SET));
	EXPECT_EQ(3, lseek(fd, 1, SEEK_CUR));
	EXPECT_EQ(5, lseek(fd, -1, SEEK_END));
	EXPECT_EQ(1, read(fd, &c, 1));
	EXPECT_EQ('f', c);
	EXPECT_EQ(100, lseek(fd, 100, SEEK_SET));
	EXPECT_EQ(0, read(fd, &c, 1));
	EXPECT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(101, size_of(fd));
	EXPECT_EQ(1, pread(fd, &c, 1, 50));
	EXPECT_EQ(0, c);
	EXPECT_ERRNO(EINVAL, lseek(fd, -1, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(fd, -102, SEEK_END));
	EXPECT_ERRNO(EINVAL, lseek(fd, 0, 99));
	EXPECT_ERRNO(EBADF, lseek(999, 0, SEEK_SET));
	EXPECT_ERRNO(ESPIPE, lseek(({ int p[2]; pipe(p); p[0]; }), 0, SEEK_SET));
}

TEST(seek_data_and_seek_hole)
{
	int fd = tmp("");

	ftruncate(fd, 1 << 20);
	pwrite(fd, "x", 1, 65536);
	EXPECT_EQ(65536, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_HOLE));
	EXPECT_EQ(65536 + 4096, lseek(fd, 65536, SEEK_HOLE));
	EXPECT_ERRNO(ENXIO, lseek(fd, 65536 + 4096, SEEK_DATA));
	EXPECT_ERRNO(ENXIO, lseek(fd, 1 << 20, SEEK_HOLE));
	EXPECT_ERRNO(ENXIO, lseek(fd, 1 << 21, SEEK_DATA));
}

TEST(pread_and_pwrite_leave_the_position)
{
	int fd = tmp("abcdef");
	char buf[4] = "";

	EXPECT_EQ(3, pread(fd, buf, 3, 3));
	EXPECT_STREQ("def", buf);
	EXPECT_EQ(1, pwrite(fd, "X", 1, 0));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(0, pread(fd, buf, 3, 6));
	EXPECT_ERRNO(EINVAL, pread(fd, buf, 3, -1));
	EXPECT_ERRNO(EINVAL, pwrite(fd, buf, 3, -1));
	EXPECT_ERRNO(EBADF, read(999, buf, 1));
	EXPECT_ERRNO(EBADF, read(open("/dev/null", O_WRONLY), buf, 1));
	EXPECT_ERRNO(EBADF, write(open("/dev/null", O_RDONLY), buf, 1));
	EXPECT_ERRNO(EISDIR, read(open("/tmp", O_RDONLY), buf, 1));
	EXPECT_ERRNO(EFAULT, read(fd, (void *)8, 1));
}

TEST(vectors_scatter_and_gather)
{
	int fd = tmp("");
	char a[3] = "", b[5] = "";
	struct iovec w[2] = { { "ab", 2 }, { "cdef", 4 } },
		     r[3] = { { a, 2 }, { NULL, 0 }, { b, 4 } };

	EXPECT_EQ(6, writev(fd, w, 2));
	EXPECT_EQ(6, preadv(fd, r, 3, 0));
	EXPECT_STREQ("ab", a);
	EXPECT_STREQ("cdef", b);
	EXPECT_EQ(6, pwritev(fd, w, 2, 10));
	EXPECT_EQ(16, size_of(fd));
	EXPECT_EQ(0, readv(fd, r, 0));
	EXPECT_ERRNO(EINVAL, readv(fd, r, -1));
	EXPECT_ERRNO(EINVAL, readv(fd, r, IOV_MAX + 1));
	r[0].iov_len = -1;
	EXPECT_ERRNO(EINVAL, readv(fd, r, 2));
	EXPECT_ERRNO(EFAULT, readv(fd, (void *)8, 1));
}

TEST(preadv2_with_minus_one_uses_the_position)
{
	int fd = tmp("abcdef");
	char a[3] = "";
	struct iovec r = { a, 2 };

	EXPECT_EQ(2, preadv2(fd, &r, 1, -1, 0));
	EXPECT_EQ(2, lseek(fd, 0, SEEK_CUR));
	EXPECT_ERRNO(EOPNOTSUPP, preadv2(fd, &r, 1, 0, 0x4000));
	EXPECT_EQ(2, pwritev2(fd, &r, 1, 0, RWF_SYNC));
}

TEST(rwf_append_appends)
{
	int fd = tmp("abcdef");
	struct iovec r = { "gh", 2 };

	EXPECT_EQ(2, pwritev2(fd, &r, 1, 0, RWF_APPEND));
	EXPECT_EQ(8, size_of(fd));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(2, pwritev2(fd, &r, 1, -1, RWF_APPEND));
	EXPECT_EQ(10, size_of(fd));
	EXPECT_EQ(10, lseek(fd, 0, SEEK_CUR));
	fcntl(fd, F_SETFL, O_APPEND);
	EXPECT_EQ(2, pwritev2(fd, &r, 1, 0, 0x20));	/* RWF_NOAPPEND */
	EXPECT_EQ(10, size_of(fd));
	EXPECT_ERRNO(EINVAL, pwritev2(fd, &r, 1, 0, RWF_APPEND | 0x20));
}

TEST(a_write_is_at_most_max_rw_count)
{
	int fd = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);

	EXPECT_EQ(0x7ffff000, write(null, &fd, 0x80000000ul));
	EXPECT_EQ(0, read(fd, NULL, 0));
}

TEST(special_devices)
{
	char buf[4] = "xxx";
	int full = open("/dev/full", O_RDWR), zero = open("/dev/zero", O_RDWR),
	    null = open("/dev/null", O_RDWR);

	EXPECT_ERRNO(ENOSPC, write(full, "x", 1));
	EXPECT_EQ(3, read(full, buf, 3));
	EXPECT_EQ(0, buf[0]);
	EXPECT_EQ(3, read(zero, buf, 3));
	EXPECT_EQ(5, write(zero, "abcde", 5));
	EXPECT_EQ(0, read(null, buf, 3));
	EXPECT_EQ(4, read(open("/dev/urandom", O_RDONLY), buf, 4));
}

/* --- size */
TEST(ftruncate_cuts_and_extends_with_zeros)
{
	int fd = tmp("abcdef");
	char buf[6];

	EXPECT_EQ(0, ftruncate(fd, 2));
	EXPECT_EQ(0, ftruncate(fd, 6));
	EXPECT_EQ(6, pread(fd, buf, 6, 0));
	EXPECT_EQ(0, memcmp(buf, "ab\0\0\0\0", 6));
	EXPECT_ERRNO(EINVAL, ftruncate(fd, -1));
	EXPECT_ERRNO(EINVAL, ftruncate(open("/selftests/file", O_RDONLY), 0));
	EXPECT_ERRNO(EINVAL, ftruncate(({ int p[2]; pipe(p); p[1]; }), 0));
	EXPECT_ERRNO(EISDIR, truncate("/tmp", 0));
	EXPECT_ERRNO(ENOENT, truncate("/tmp/none", 0));
}

TEST(fallocate_reserves_punches_and_keeps_the_size)
{
	int fd = tmp("abcdef");
	struct stat st;
	char c = 1;

	EXPECT_EQ(0, fallocate(fd, 0, 0, 16384));
	EXPECT_EQ(16384, size_of(fd));
	fstat(fd, &st);
	EXPECT_EQ(32, st.st_blocks);
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_KEEP_SIZE, 16384, 4096));
	EXPECT_EQ(16384, size_of(fd));
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	EXPECT_EQ(1, pread(fd, &c, 1, 0));
	EXPECT_EQ(0, c);
	EXPECT_ERRNO(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
	EXPECT_ERRNO(EINVAL, fallocate(fd, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, fallocate(fd, 0, -1, 1));
	EXPECT_ERRNO(EBADF, fallocate(open("/selftests/file", O_RDONLY), 0, 0, 1));
	EXPECT_ERRNO(ESPIPE, fallocate(({ int p[2]; pipe(p); p[1]; }), 0, 0, 1));
}

TEST(rlimit_fsize_is_sigxfsz_and_efbig)
{
	int fd = tmp("");

	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 10, 10 });
	on_signal(SIGXFSZ, 0);
	EXPECT_EQ(10, write(fd, "0123456789abc", 13));
	EXPECT_EQ(0, signals_seen);
	EXPECT_ERRNO(EFBIG, write(fd, "x", 1));
	EXPECT_EQ(1, signals_seen);
	EXPECT_ERRNO(EFBIG, ftruncate(fd, 11));
	EXPECT_EQ(2, signals_seen);
}

/* --- descriptors */
TEST(dup_shares_position_and_flags_but_not_cloexec)
{
	int fd = tmp("abc"), d = dup(fd);

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	EXPECT_EQ(0, fcntl(d, F_GETFD));
	lseek(fd, 2, SEEK_SET);
	EXPECT_EQ(2, lseek(d, 0, SEEK_CUR));
	fcntl(fd, F_SETFL, O_APPEND);
	EXPECT_TRUE(fcntl(d, F_GETFL) & O_APPEND);
	EXPECT_ERRNO(EBADF, dup(999));
	EXPECT_ERRNO(EBADF, dup(-1));
}

TEST(dup2_and_dup3)
{
	int fd = tmp("abc"), other = open("/dev/null", O_RDONLY);

	EXPECT_EQ(other, dup2(fd, other));
	EXPECT_EQ(3, size_of(other));
	EXPECT_EQ(fd, dup2(fd, fd));
	EXPECT_ERRNO(EBADF, dup2(999, 999));
	EXPECT_ERRNO(EBADF, dup2(fd, -1));
	EXPECT_ERRNO(EBADF, dup2(fd, 1 << 20));
	EXPECT_ERRNO(EINVAL, dup3(fd, fd, 0));
	EXPECT_ERRNO(EINVAL, dup3(fd, other, O_APPEND));
	EXPECT_EQ(other, dup3(fd, other, O_CLOEXEC));
	EXPECT_EQ(FD_CLOEXEC, fcntl(other, F_GETFD));
}

TEST(f_dupfd_starts_at_a_minimum)
{
	EXPECT_EQ(100, fcntl(1, F_DUPFD, 100));
	EXPECT_EQ(101, fcntl(1, F_DUPFD_CLOEXEC, 100));
	EXPECT_EQ(FD_CLOEXEC, fcntl(101, F_GETFD));
	EXPECT_ERRNO(EINVAL, fcntl(1, F_DUPFD, -1));
	EXPECT_ERRNO(EINVAL, fcntl(1, F_DUPFD, 1 << 20));
	EXPECT_ERRNO(EINVAL, fcntl(1, 12345));
	EXPECT_ERRNO(EBADF, fcntl(999, F_GETFD));
}

TEST(f_setfl_changes_only_what_it_may)
{
	int fd = tmp("abc");

	EXPECT_EQ(0, fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_CREAT));
	EXPECT_EQ(O_RDWR | O_APPEND | O_NONBLOCK,
		  fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_CREAT));
}

TEST(close_closes_once)
{
	int fd = tmp("");

	EXPECT_EQ(0, close(fd));
	EXPECT_ERRNO(EBADF, close(fd));
	EXPECT_ERRNO(EBADF, close(-1));
}

TEST(close_range_closes_or_marks)
{
	for (int i = 50; i < 60; i++)
		dup2(1, i);
	EXPECT_EQ(0, syscall(SYS_close_range, 52, 54, 0));
	EXPECT_EQ(0, fcntl(51, F_GETFD));
	EXPECT_ERRNO(EBADF, fcntl(52, F_GETFD));
	EXPECT_ERRNO(EBADF, fcntl(54, F_GETFD));
	EXPECT_EQ(0, syscall(SYS_close_range, 55, ~0u, 4 /* CLOEXEC */));
	EXPECT_EQ(FD_CLOEXEC, fcntl(55, F_GETFD));
	EXPECT_EQ(0, syscall(SYS_close_range, 50, ~0u, 2 /* UNSHARE */));
	EXPECT_ERRNO(EBADF, fcntl(59, F_GETFD));
	EXPECT_ERRNO(EINVAL, syscall(SYS_close_range, 5, 4, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_close_range, 5, 6, 1));
}

TEST(rlimit_nofile_is_emfile)
{
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 10, 10 });
	for (int i = 0; i < 10; i++)
		open("/dev/null", O_RDONLY);
	EXPECT_ERRNO(EMFILE, open("/dev/null", O_RDONLY));
	EXPECT_ERRNO(EMFILE, dup(1));
	EXPECT_ERRNO(EBADF, dup2(1, 10));
	EXPECT_ERRNO(EMFILE, pipe((int[2]){ 0 }));
	EXPECT_EQ(0, close(9));
	EXPECT_EQ(9, dup(1));
}

/* --- between files */
TEST(copy_file_range_copies)
{
	int a = tmp("abcdef"), b = tmp("");
	off_t in = 2, out = 1;
	char buf[6] = "";

	EXPECT_EQ(4, copy_file_range(a, &in, b, &out, 100, 0));
	EXPECT_EQ(6, in);
	EXPECT_EQ(5, out);
	EXPECT_EQ(0, lseek(a, 0, SEEK_CUR));
	EXPECT_EQ(4, pread(b, buf, 5, 1));
	EXPECT_STREQ("cdef", buf);
	EXPECT_EQ(0, copy_file_range(a, &in, b, NULL, 10, 0));
	EXPECT_EQ(3, copy_file_range(a, NULL, b, NULL, 3, 0));
	EXPECT_EQ(3, lseek(a, 0, SEEK_CUR));
	EXPECT_ERRNO(EINVAL, copy_file_range(a, NULL, b, NULL, 3, 1));
	EXPECT_ERRNO(EBADF,
		     copy_file_range(a, NULL, open("/selftests/file", O_RDONLY), NULL, 3, 0));
	EXPECT_ERRNO(EINVAL, copy_file_range(a, &(off_t){ 0 }, a, &(off_t){ 1 }, 3, 0));
	EXPECT_ERRNO(EISDIR, copy_file_range(open("/tmp", O_RDONLY), NULL, b, NULL, 3, 0));
	EXPECT_ERRNO(EINVAL, copy_file_range(({ int p[2]; pipe(p); p[0]; }), NULL, b, NULL, 3, 0));
}

TEST(sendfile_sends_to_pipes_and_files)
{
	int a = tmp("abcdef"), b = tmp(""), p[2];
	off_t off = 1;
	char buf[7] = "";

	pipe(p);
	EXPECT_EQ(5, sendfile(p[1], a, &off, 100));
	EXPECT_EQ(6, off);
	EXPECT_EQ(0, lseek(a, 0, SEEK_CUR));
	EXPECT_EQ(5, read(p[0], buf, 6));
	EXPECT_STREQ("bcdef", buf);
	EXPECT_EQ(6, sendfile(b, a, NULL, 6));
	EXPECT_EQ(6, lseek(a, 0, SEEK_CUR));
	EXPECT_EQ(6, size_of(b));
	EXPECT_ERRNO(EINVAL, sendfile(b, p[0], NULL, 6));
	EXPECT_ERRNO(EBADF, sendfile(b, open("/dev/null", O_WRONLY), NULL, 6));
}

TEST(fsync_and_friends)
{
	int fd = tmp("x"), p[2];

	pipe(p);
	EXPECT_EQ(0, fsync(fd));
	EXPECT_EQ(0, fdatasync(fd));
	EXPECT_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	EXPECT_EQ(EINVAL, posix_fadvise(fd, 0, 0, 99));
	EXPECT_EQ(ESPIPE, posix_fadvise(p[0], 0, 0, POSIX_FADV_NORMAL));
	EXPECT_ERRNO(EINVAL, fsync(p[0]));
	EXPECT_ERRNO(EBADF, fsync(999));
	EXPECT_ERRNO(EINVAL, readahead(p[0], 0, 10));
}

TEST(statfs_knows_terminals_and_pipes)
{
	struct statfs s;
	int p[2];

	EXPECT_EQ(0, statfs("/dev/pts", &s));
	EXPECT_EQ(0x1cd1, s.f_type);
	pipe(p);
	EXPECT_EQ(0, fstatfs(p[0], &s));
	EXPECT_EQ(0x50495045, s.f_type);
	EXPECT_EQ(0x20, s.f_flags);
}

TEST(fallocate_obeys_rlimit_fsize)
{
	int fd = tmp("");

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 100, 100 });
	EXPECT_EQ(0, fallocate(fd, 0, 0, 100));
	EXPECT_ERRNO(EFBIG, fallocate(fd, 0, 0, 101));
	EXPECT_EQ(100, lseek(fd, 0, SEEK_END));
}

TEST(write_hints_are_kept)
{
	int fd = open("/tmp/hint", O_RDWR | O_CREAT, 0600), again = open("/tmp/hint", O_RDONLY),
	    p[2];
	uint64_t hint = 9;

	EXPECT_EQ(0, fcntl(fd, 1035, &hint));
	EXPECT_EQ(0, hint);
	hint = 5;
	EXPECT_EQ(0, fcntl(fd, 1036, &hint));
	hint = 0;
	EXPECT_EQ(0, fcntl(again, 1035, &hint));
	EXPECT_EQ(5, hint);
	hint = 6;
	EXPECT_ERRNO(EINVAL, fcntl(fd, 1036, &hint));
	EXPECT_ERRNO(EINVAL, fcntl(fd, 1037, &hint));
	EXPECT_ERRNO(EINVAL, fcntl(fd, 1038, &hint));
	EXPECT_ERRNO(EFAULT, fcntl(fd, 1035, 8));
	EXPECT_ERRNO(EFAULT, fcntl(fd, 1036, 8));
	EXPECT_EQ(0, pipe(p));
	hint = 2;
	EXPECT_EQ(0, fcntl(p[0], 1036, &hint));
	hint = 0;
	EXPECT_EQ(0, fcntl(p[0], 1035, &hint));
	EXPECT_EQ(2, hint);
	if (!fork())
		_exit(setresuid(1, 1, 1) || fcntl(fd, 1036, &hint));
	int st;
	wait(&st);
	EXPECT_EQ(0, WEXITSTATUS(st));
	unlink("/tmp/hint");
}

TEST(fstatfs_knows_tmpfs)
{
	struct statfs s;

	EXPECT_EQ(0, fstatfs(tmp(""), &s));
	EXPECT_EQ(0x01021994, s.f_type);
	EXPECT_EQ(4096, s.f_bsize);
	EXPECT_EQ(255, s.f_namelen);
	EXPECT_ERRNO(ENOENT, statfs("/none", &s));
}

MAIN
