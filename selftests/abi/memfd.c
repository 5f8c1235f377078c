/* SPDX-License-Identifier: MIT */
/* memfd_create(2) and the seals of fcntl(2). */
#include "../harness.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <linux/falloc.h>
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#define MFD_EXEC	16u
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif

static int sealable(size_t size)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING);

	ftruncate(fd, (off_t)size);
	return fd;
}

TEST(a_file_without_a_name)
{
	int fd = memfd_create("some name", MFD_CLOEXEC);
	char link[64], path[64];
	struct stat st;
	ssize_t n;

	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFREG | 0777, st.st_mode);
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ(0, st.st_size);
	EXPECT_EQ(geteuid(), st.st_uid);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = 0;
	EXPECT_STREQ("/memfd:some name (deleted)", link);
	EXPECT_EQ(5, write(fd, "hello", 5));
	EXPECT_EQ(0, ftruncate(fd, 10000));
	EXPECT_EQ(3, pread(fd, link, 3, 9997));
	EXPECT_EQ(0, link[0]);
}

TEST(names)
{
	char name[300];

	memset(name, 'x', sizeof(name));
	name[249] = 0;
	EXPECT_TRUE(memfd_create(name, 0) >= 0);
	name[249] = 'x';
	name[250] = 0;
	EXPECT_ERRNO(EINVAL, memfd_create(name, 0));
	EXPECT_ERRNO(EFAULT, memfd_create((char *)8, 0));
	EXPECT_TRUE(memfd_create("", 0) >= 0);
	EXPECT_TRUE(memfd_create("a/b", 0) >= 0);
	EXPECT_TRUE(memfd_create("same", 0) != memfd_create("same", 0));
}

TEST(flags)
{
	EXPECT_ERRNO(EINVAL, memfd_create("x", 0x20));
	EXPECT_ERRNO(EINVAL, memfd_create("x", MFD_EXEC | MFD_NOEXEC_SEAL));
	/* a size without MFD_HUGETLB */
	EXPECT_ERRNO(EINVAL, memfd_create("x", 21u << 26));
	EXPECT_ERRNO(ENODEV, memfd_create("x", MFD_HUGETLB | 50u << 26));
	EXPECT_ERRNO(EINVAL, memfd_create("x", MFD_HUGETLB | 0x20));
}

TEST(noexec_seal_takes_the_x_bits)
{
	int fd = memfd_create("x", MFD_NOEXEC_SEAL);
	struct stat st;

	fstat(fd, &st);
	EXPECT_EQ(S_IFREG | 0666, st.st_mode);
	EXPECT_EQ(F_SEAL_EXEC, fcntl(fd, F_GET_SEALS));
	EXPECT_ERRNO(EPERM, fchmod(fd, 0777));
	EXPECT_ERRNO(EPERM, fchmod(fd, 0100));
	EXPECT_EQ(0, fchmod(fd, 0600));
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	fd = memfd_create("x", MFD_EXEC);
	fstat(fd, &st);
	EXPECT_EQ(S_IFREG | 0777, st.st_mode);
	EXPECT_EQ(F_SEAL_SEAL, fcntl(fd, F_GET_SEALS));
}

TEST(seals_add_up)
{
	int fd = sealable(4096);

	EXPECT_EQ(0, fcntl(fd, F_GET_SEALS));
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	EXPECT_EQ(F_SEAL_SHRINK | F_SEAL_GROW, fcntl(fd, F_GET_SEALS));
	EXPECT_ERRNO(EINVAL, fcntl(fd, F_ADD_SEALS, 0x100));
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, 0));
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	EXPECT_ERRNO(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EPERM, fcntl(fd, F_ADD_SEALS, 0));
}

TEST(not_every_file_has_seals)
{
	int p[2], fd = open("/tmp/f", O_RDWR | O_CREAT, 0600);

	pipe(p);
	EXPECT_ERRNO(EINVAL, fcntl(p[0], F_GET_SEALS));
	EXPECT_ERRNO(EINVAL, fcntl(p[1], F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(F_SEAL_SEAL, fcntl(memfd_create("x", 0), F_GET_SEALS));
	EXPECT_ERRNO(EPERM, fcntl(memfd_create("x", 0), F_ADD_SEALS, F_SEAL_WRITE));
	unlink("/tmp/f");
	close(fd);
}

TEST(a_reader_may_not_seal)
{
	int fd = sealable(10), ro;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY);
	EXPECT_ERRNO(EPERM, fcntl(ro, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(0, fcntl(ro, F_GET_SEALS));
}

TEST(shrink)
{
	int fd = sealable(8192);

	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
	EXPECT_ERRNO(EPERM, ftruncate(fd, 8191));
	EXPECT_EQ(0, ftruncate(fd, 8192));
	EXPECT_EQ(0, ftruncate(fd, 9000));
	EXPECT_EQ(4, pwrite(fd, "abcd", 4, 20000));
}

TEST(grow)
{
	int fd = sealable(4096);
	char buf[100] = { 0 };

	fcntl(fd, F_ADD_SEALS, F_SEAL_GROW);
	EXPECT_ERRNO(EPERM, ftruncate(fd, 4097));
	EXPECT_EQ(0, ftruncate(fd, 4096));
	EXPECT_ERRNO(EPERM, pwrite(fd, buf, 1, 4096));
	EXPECT_EQ(10, pwrite(fd, buf, 10, 4086));
	EXPECT_ERRNO(EPERM, fallocate(fd, 0, 0, 8192));
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4096));
	EXPECT_EQ(0, ftruncate(fd, 100));
}

TEST(a_write_over_a_sealed_end_stops_at_it_or_fails)
{
	int fd = sealable(4096);
	char buf[100] = { 0 };

	fcntl(fd, F_ADD_SEALS, F_SEAL_GROW);
	EXPECT_ERRNO(EPERM, pwrite(fd, buf, 100, 4050));
}

TEST(write)
{
	int fd = sealable(4096);
	char *p;

	EXPECT_EQ(4, pwrite(fd, "abcd", 4, 0));
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EPERM, pwrite(fd, "x", 1, 0));
	EXPECT_EQ(0, write(fd, "x", 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_EQ(EPERM, errno = EPERM);
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	EXPECT_TRUE(p != MAP_FAILED && p[0] == 'a');
	EXPECT_ERRNO(EACCES, mprotect(p, 4096, PROT_READ | PROT_WRITE));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	p[0] = 'z';
	EXPECT_EQ('z', p[0]);
	EXPECT_ERRNO(EPERM, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	EXPECT_EQ(0, ftruncate(fd, 8192));
	EXPECT_EQ(0, ftruncate(fd, 10));
}

TEST(write_waits_for_no_mapping)
{
	int fd = sealable(4096);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	EXPECT_ERRNO(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(0, fcntl(fd, F_GET_SEALS));
	EXPECT_ERRNO(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW));
	EXPECT_EQ(0, fcntl(fd, F_GET_SEALS));
	EXPECT_EQ(0, mprotect(p, 4096, PROT_READ));
	/* it could be made writable again */
	EXPECT_ERRNO(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(p, 4096);
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST(a_forked_mapping_counts)
{
	int fd = sealable(4096), go[2];
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid_t pid;
	char c;

	pipe(go);
	pid = IN_CHILD({ close(go[1]); read(go[0], &c, 1); });
	munmap(p, 4096);
	EXPECT_ERRNO(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	close(go[1]);
	exit_status(pid);
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST(future_write_leaves_what_is_mapped)
{
	int fd = sealable(4096);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	p[0] = 'q';
	EXPECT_ERRNO(EPERM, pwrite(fd, "x", 1, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_TRUE(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
	EXPECT_EQ(1, pread(fd, p + 1, 1, 0));
	EXPECT_EQ('q', p[1]);
}

TEST(seal_exec_holds_the_x_bits)
{
	int fd = memfd_create("x", MFD_ALLOW_SEALING);

	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
	EXPECT_EQ(F_SEAL_EXEC | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE,
		  fcntl(fd, F_GET_SEALS));
	EXPECT_ERRNO(EPERM, fchmod(fd, 0666));
	EXPECT_EQ(0, fchmod(fd, 0711));
}

TEST(a_dup_and_a_reopened_one_share_the_seals)
{
	int fd = sealable(10), again;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR);
	EXPECT_EQ(0, fcntl(again, F_ADD_SEALS, F_SEAL_GROW));
	EXPECT_EQ(F_SEAL_GROW, fcntl(fd, F_GET_SEALS));
	EXPECT_EQ(F_SEAL_GROW, fcntl(dup(fd), F_GET_SEALS));
}

TEST(it_lives_as_long_as_a_mapping)
{
	int fd = memfd_create("x", 0);
	char *p;

	ftruncate(fd, 4096);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	strcpy(p, "still here");
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  EXPECT_STREQ("still here", p);
			  strcpy(p, "changed");
		  })));
	EXPECT_STREQ("changed", p);
}

TEST(statfs_says_tmpfs)
{
	struct statfs s;

	EXPECT_EQ(0, fstatfs(memfd_create("x", 0), &s));
	EXPECT_EQ(0x01021994, s.f_type);
}

TEST(no_span_ends_beyond_the_last_offset)
{
	int fd = memfd_create("x", 0), zero = open("/dev/zero", O_RDWR);
	long end = 0x7fffffffffffffff;
	char c[8] = "1234567";

	EXPECT_ERRNO(EINVAL, pwrite(fd, c, 1, end));
	EXPECT_ERRNO(EINVAL, pwrite(zero, c, 1, end));
	EXPECT_ERRNO(EINVAL, pread(fd, c, 8, end));
	EXPECT_EQ(0, pwrite(fd, c, 0, end));
	EXPECT_EQ(1, pwrite(fd, c, 1, end - 1));
	EXPECT_EQ(7, pread(fd, c, 7, end - 7));
	EXPECT_EQ('1', c[6]);
	EXPECT_EQ(end - 1, lseek(fd, end - 1, SEEK_SET));
	EXPECT_ERRNO(EINVAL, write(fd, c, 2));
}

TEST(reserving_beyond_the_size_obeys_the_limit_too)
{
	struct rlimit r = { 4096, 4096 };
	int fd = memfd_create("x", 0);

	signal(SIGXFSZ, SIG_IGN);
	EXPECT_EQ(0, setrlimit(RLIMIT_FSIZE, &r));
	EXPECT_ERRNO(EFBIG, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8192));
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4096));
}

MAIN
