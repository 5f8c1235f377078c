/* SPDX-License-Identifier: MIT */
/* mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), mlock(2), mincore(2), brk(2), msync(2):
 * memory as programs see it. */
#include "../harness.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define PAGE   4096l
#define RW     (PROT_READ | PROT_WRITE)
#define FAILED ((long)MAP_FAILED)

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static sigjmp_buf back;
static volatile siginfo_t fault;

static void jump(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	fault = *si;
	siglongjmp(back, 1);
}

/* The signal that reading (or writing) at @p gives, or 0. */
static int touch(volatile void *p, int write)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO }, segv, bus;

	sa.sa_sigaction = jump;
	sigaction(SIGSEGV, &sa, &segv);
	sigaction(SIGBUS, &sa, &bus);
	fault.si_signo = 0;
	if (sigsetjmp(back, 1) == 0) {
		char c = *(volatile char *)p;

		if (write)
			*(volatile char *)p = c;
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return fault.si_signo;
}

#define READS(p)   EXPECT_EQ(0, touch(p, 0))
#define WRITES(p)  EXPECT_EQ(0, touch(p, 1))
#define NO_READ(p) EXPECT_EQ(SIGSEGV, touch(p, 0))
#define NO_WRITE(p) EXPECT_EQ(SIGSEGV, touch(p, 1))

static char *anon(long pages)
{
	char *m = mmap(NULL, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(m != MAP_FAILED);
	return m;
}

static char *shared(long pages)
{
	return mmap(NULL, pages * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* A file of @pages pages; the first byte of page n is 'a' + n. */
static int file(long pages)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	ASSERT_TRUE(fd >= 0);
	ftruncate(fd, pages * PAGE);
	for (int i = 0; i < pages; i++)
		pwrite(fd, &(char){ 'a' + i }, 1, i * PAGE);
	return fd;
}

static int mapped(void *p)
{
	unsigned char vec;

	return mincore(p, PAGE, &vec) == 0;
}

/* --- mmap */
TEST(anonymous_memory_is_zero)
{
	char *m = anon(16);

	for (int i = 0; i < 16 * PAGE; i++)
		ASSERT_EQ(0, m[i]);
	WRITES(m + 16 * PAGE - 1);
	EXPECT_EQ(0, (long)m % PAGE);
}

TEST(a_length_is_rounded_up_to_pages)
{
	char *m = mmap(NULL, 1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	WRITES(m + PAGE - 1);
	EXPECT_EQ(0, munmap(m, 1));
	EXPECT_TRUE(!mapped(m));
}

TEST(mmap_errors)
{
	int fd = file(1), ro = open("/proc/self/exe", O_RDONLY), dir = open("/tmp", O_RDONLY), p[2];

	pipe(p);
	EXPECT_ERRNO(EINVAL, mmap(NULL, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT_ERRNO(EINVAL, mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	EXPECT_ERRNO(EINVAL,
		     mmap((void *)1, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_mmap, NULL, PAGE, RW, MAP_PRIVATE, fd, 1));
	EXPECT_ERRNO(EBADF, mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0));
	EXPECT_ERRNO(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[1], 0));
	EXPECT_ERRNO(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[0], 0));
	EXPECT_ERRNO(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0));
	EXPECT_ERRNO(ENOMEM, mmap(NULL, 1ul << 60, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT_ERRNO(ENOMEM, mmap(NULL, -PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT_ERRNO(ENOMEM, mmap((void *)(1ul << 48), PAGE, RW,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_ERRNO(EOVERFLOW, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, -PAGE));
	EXPECT_TRUE(ro >= 0);
}

TEST(an_o_path_descriptor_is_ebadf)
{
	EXPECT_ERRNO(EBADF,
		     mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open("/proc/self/exe", O_PATH), 0));
}

TEST(a_mapping_needs_the_descriptors_access)
{
	char path[] = "/tmp/mmap.XXXXXX";
	int fd = mkstemp(path), ro, wo;

	ftruncate(fd, PAGE);
	ro = open(path, O_RDONLY);
	wo = open(path, O_WRONLY);
	unlink(path);
	EXPECT_ERRNO(EACCES, mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, ro, 0));
	EXPECT_ERRNO(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0));
	EXPECT_ERRNO(EACCES, mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, wo, 0));
	char *m = mmap(NULL, PAGE, RW, MAP_PRIVATE, ro, 0);
	WRITES(m);
	m = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	EXPECT_ERRNO(EACCES, mprotect(m, PAGE, RW));
}

TEST(a_hint_is_taken_when_free_and_avoided_when_not)
{
	char *m = anon(4);

	munmap(m + PAGE, PAGE);
	EXPECT_EQ((long)m + PAGE,
		  (long)mmap(m + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT_TRUE(m != mmap(m, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

TEST(map_fixed_replaces_fixed_noreplace_does_not)
{
	char *m = anon(3);

	m[0] = m[PAGE] = m[2 * PAGE] = 'x';
	EXPECT_EQ((long)m + PAGE,
		  (long)mmap(m + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_EQ('x', m[0]);
	EXPECT_EQ(0, m[PAGE]);
	EXPECT_EQ('x', m[2 * PAGE]);
	EXPECT_ERRNO(EEXIST,
		     mmap(m, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	munmap(m, PAGE);
	EXPECT_EQ((long)m, (long)mmap(m, PAGE, RW,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
}

TEST(page_zero_is_refused_to_users)
{
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setuid(1234);
		EXPECT_ERRNO(EPERM,
			     mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	})));
}

TEST(map_shared_validate_knows_its_flags)
{
	int fd = file(1);

	EXPECT_ERRNO(EOPNOTSUPP,
		     mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 0x80000 /* MAP_SYNC */, fd, 0));
	EXPECT_TRUE(mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0) != MAP_FAILED);
}

TEST(munmap_leaves_the_rest)
{
	char *m = anon(5);

	for (int i = 0; i < 5; i++)
		m[i * PAGE] = i;
	EXPECT_EQ(0, munmap(m + PAGE, PAGE));
	EXPECT_EQ(0, munmap(m + 3 * PAGE, PAGE));
	NO_READ(m + PAGE);
	NO_READ(m + 3 * PAGE);
	EXPECT_EQ(0, m[0]);
	EXPECT_EQ(2, m[2 * PAGE]);
	EXPECT_EQ(4, m[4 * PAGE]);
	EXPECT_EQ(0, munmap(m, 5 * PAGE));		/* holes are fine */
	EXPECT_EQ(0, munmap(m, 5 * PAGE));
	EXPECT_ERRNO(EINVAL, munmap(m + 1, PAGE));
	EXPECT_ERRNO(EINVAL, munmap(m, 0));
	EXPECT_ERRNO(EINVAL, munmap((void *)-PAGE, PAGE));
}

TEST(the_pages_of_a_removed_mapping_are_not_seen_again)
{
	char *m = anon(1);

	*m = 'x';
	munmap(m, PAGE);
	EXPECT_EQ((long)m, (long)mmap(m, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_EQ(0, *m);
}

/* --- protection */
TEST(mprotect_takes_and_gives_access)
{
	char *m = anon(3);

	m[PAGE] = 'x';
	EXPECT_EQ(0, mprotect(m + PAGE, PAGE, PROT_READ));
	READS(m + PAGE);
	NO_WRITE(m + PAGE);
	EXPECT_EQ(SEGV_ACCERR, fault.si_code);
	WRITES(m);
	WRITES(m + 2 * PAGE);
	EXPECT_EQ(0, mprotect(m, 3 * PAGE, PROT_NONE));
	NO_READ(m);
	NO_READ(m + PAGE);
	EXPECT_EQ(SEGV_ACCERR, fault.si_code);
	EXPECT_EQ(0, mprotect(m, 3 * PAGE, RW));
	EXPECT_EQ('x', m[PAGE]);
	WRITES(m + PAGE);
}

TEST(mprotect_errors)
{
	char *m = anon(3);

	EXPECT_ERRNO(EINVAL, mprotect(m + 1, PAGE, RW));
	EXPECT_ERRNO(EINVAL, mprotect(m, PAGE, 0x100));
	EXPECT_EQ(0, mprotect(m, 0, PROT_NONE));
	munmap(m + PAGE, PAGE);
	EXPECT_ERRNO(ENOMEM, mprotect(m, 3 * PAGE, PROT_READ));
	NO_WRITE(m);		/* what came before the hole has changed */
	WRITES(m + 2 * PAGE);
}

TEST(the_kernel_obeys_the_protection)
{
	char *m = anon(2);
	int p[2];

	pipe(p);
	write(p[1], "abcd", 4);
	mprotect(m, PAGE, PROT_READ);
	mprotect(m + PAGE, PAGE, PROT_NONE);
	EXPECT_ERRNO(EFAULT, read(p[0], m, 1));
	EXPECT_ERRNO(EFAULT, write(p[1], m + PAGE, 1));
	EXPECT_EQ(10, pwrite(file(1), m + PAGE - 10, 20, 0));	/* as far as it goes */
}

TEST(a_pipe_takes_all_of_a_page_or_nothing)
{
	char *m = anon(2);
	int p[2];

	pipe(p);
	mprotect(m + PAGE, PAGE, PROT_NONE);
	EXPECT_ERRNO(EFAULT, write(p[1], m + PAGE - 10, 20));
}

TEST(code_written_and_synced_runs)
{
	uint32_t *m = (void *)anon(1);

	m[0] = 0x52800540;	/* mov w0, #42 */
	m[1] = 0xd65f03c0;	/* ret */
	EXPECT_EQ(0, mprotect(m, PAGE, PROT_READ | PROT_EXEC));
	__builtin___clear_cache((char *)m, (char *)(m + 2));
	EXPECT_EQ(42, ((int (*)(void))m)());
	mprotect(m, PAGE, RW);
	m[0] = 0x52800560;	/* mov w0, #43 */
	mprotect(m, PAGE, PROT_READ | PROT_EXEC);
	__builtin___clear_cache((char *)m, (char *)(m + 2));
	EXPECT_EQ(43, ((int (*)(void))m)());
}

TEST(execute_only_memory_runs)
{
	uint32_t *m = (void *)anon(1);

	m[0] = 0x52800540;
	m[1] = 0xd65f03c0;
	__builtin___clear_cache((char *)m, (char *)(m + 2));
	EXPECT_EQ(0, mprotect(m, PAGE, PROT_EXEC));
	EXPECT_EQ(42, ((int (*)(void))m)());
}

/* --- fork */
TEST(private_memory_is_copied_on_write_both_ways)
{
	char *m = anon(2);
	int p[2], q[2];
	char c;
	pid_t pid;

	pipe(p);
	pipe(q);
	m[0] = m[PAGE] = 'a';
	pid = IN_CHILD({
		m[0] = 'c';
		write(p[1], "x", 1);
		read(q[0], &c, 1);
		EXPECT_EQ('a', m[PAGE]);
		EXPECT_EQ('c', m[0]);
	});
	read(p[0], &c, 1);
	EXPECT_EQ('a', m[0]);
	m[PAGE] = 'p';
	write(q[1], "x", 1);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ('p', m[PAGE]);
}

TEST(copy_on_write_is_for_grandchildren_too)
{
	char *m = anon(64);
	pid_t pid[4];

	memset(m, 1, 64 * PAGE);
	for (int i = 0; i < 4; i++)
		pid[i] = IN_CHILD({
			memset(m, 2 + i, 32 * PAGE);
			EXPECT_EQ(0, exit_status(IN_CHILD({
				memset(m + 16 * PAGE, 9, 32 * PAGE);
				EXPECT_EQ(2 + i, m[0]);
				EXPECT_EQ(1, m[63 * PAGE]);
			})));
			EXPECT_EQ(2 + i, m[16 * PAGE]);
			EXPECT_EQ(1, m[32 * PAGE]);
		});
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, exit_status(pid[i]));
	EXPECT_EQ(1, m[0]);
}

TEST(the_kernel_copies_on_write_too)
{
	char *m = anon(1);
	int fd = file(1);

	*m = 'x';
	exit_status(IN_CHILD({ pread(fd, m, 1, 0); EXPECT_EQ('a', *m); }));
	EXPECT_EQ('x', *m);
}

TEST(shared_memory_is_shared_with_children)
{
	char *m = shared(2);

	m[0] = 'p';
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ('p', m[0]); m[PAGE] = 'c'; })));
	EXPECT_EQ('c', m[PAGE]);
}

TEST(the_zero_page_is_never_written)
{
	char *a = anon(1), *b = anon(1);

	READS(a);
	READS(b);
	*a = 1;
	EXPECT_EQ(0, *b);
}

/* --- files */
TEST(a_shared_mapping_and_read_write_agree)
{
	int fd = file(2);
	char *m = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0), c;

	EXPECT_EQ('a', m[0]);
	EXPECT_EQ('b', m[PAGE]);
	m[1] = 'M';
	EXPECT_EQ(1, pread(fd, &c, 1, 1));
	EXPECT_EQ('M', c);
	pwrite(fd, "W", 1, PAGE + 1);
	EXPECT_EQ('W', m[PAGE + 1]);
	close(fd);
	EXPECT_EQ('W', m[PAGE + 1]);
}

TEST(two_shared_mappings_are_one)
{
	int fd = file(2);
	char *a = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE),
	     *b = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	a[5] = 'z';
	EXPECT_EQ('z', b[PAGE + 5]);
	EXPECT_EQ('b', a[0]);
}

TEST(a_private_mapping_keeps_its_writes)
{
	int fd = file(1);
	char *m = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), c;

	m[0] = 'P';
	pread(fd, &c, 1, 0);
	EXPECT_EQ('a', c);
	pwrite(fd, "W", 1, 0);
	EXPECT_EQ('P', m[0]);
}

TEST(the_last_page_is_zero_beyond_the_end_of_the_file)
{
	int fd = file(1);
	char *m;

	ftruncate(fd, 100);
	m = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	EXPECT_EQ(0, m[100]);
	EXPECT_EQ(0, m[PAGE - 1]);
	m[200] = 'x';			/* not part of the file */
	struct stat st;
	fstat(fd, &st);
	EXPECT_EQ(100, st.st_size);
	ftruncate(fd, 300);
	char c = 1;
	EXPECT_EQ(1, pread(fd, &c, 1, 250));
	EXPECT_EQ(0, c);
}

TEST(truncation_takes_the_pages_away)
{
	int fd = file(3);
	char *m = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0),
	     *p = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);

	WRITES(m + 2 * PAGE);
	WRITES(p + 2 * PAGE);
	ftruncate(fd, PAGE + 1);
	READS(m + PAGE);
	EXPECT_EQ(SIGBUS, touch(m + 2 * PAGE, 0));
	EXPECT_EQ(BUS_ADRERR, fault.si_code);
	EXPECT_EQ(SIGBUS, touch(p + 2 * PAGE, 0));
	ftruncate(fd, 3 * PAGE);
	READS(m + 2 * PAGE);
	EXPECT_EQ(0, m[2 * PAGE]);
}

TEST(a_system_call_beyond_the_end_of_a_mapped_file_is_efault)
{
	int fd = file(1), p[2];
	char *m = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);

	pipe(p);
	EXPECT_ERRNO(EFAULT, write(p[1], m + PAGE, 1));
}

TEST(a_read_into_the_mapping_of_the_same_page)
{
	int fd = file(2);
	char *m = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);

	EXPECT_EQ(PAGE, pread(fd, m, PAGE, PAGE));
	EXPECT_EQ('b', m[0]);
	EXPECT_EQ(PAGE, pwrite(fd, m, PAGE, PAGE));
}

TEST(dev_zero_is_anonymous_memory)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0),
	     *s = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	WRITES(p);
	EXPECT_EQ(0, exit_status(IN_CHILD({ *s = 7; })));
	EXPECT_EQ(7, *s);
}

TEST(a_mapping_keeps_an_unlinked_file)
{
	char path[] = "/tmp/mmap.XXXXXX";
	int fd = mkstemp(path);
	char *m;

	write(fd, "hello", 5);
	m = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	unlink(path);
	close(fd);
	EXPECT_EQ('o', m[4]);
}

TEST(msync_checks_its_arguments)
{
	int fd = file(2);
	char *m = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);

	EXPECT_EQ(0, msync(m, 2 * PAGE, MS_SYNC));
	EXPECT_EQ(0, msync(m, 2 * PAGE, MS_ASYNC | MS_INVALIDATE));
	EXPECT_EQ(0, msync(m, PAGE, 0));
	EXPECT_ERRNO(EINVAL, msync(m, PAGE, MS_SYNC | MS_ASYNC));
	EXPECT_ERRNO(EINVAL, msync(m + 1, PAGE, MS_SYNC));
	EXPECT_ERRNO(EINVAL, msync(m, PAGE, 0x100));
	munmap(m + PAGE, PAGE);
	EXPECT_ERRNO(ENOMEM, msync(m, 2 * PAGE, MS_SYNC));
}

/* --- mremap */
TEST(mremap_shrinks_and_grows)
{
	char *m = anon(4), *n;

	m[0] = 'a';
	m[PAGE] = 'b';
	EXPECT_EQ((long)m, (long)mremap(m, 4 * PAGE, 2 * PAGE, 0));
	NO_READ(m + 2 * PAGE);
	EXPECT_EQ((long)m, (long)mremap(m, 2 * PAGE, 4 * PAGE, 0));
	EXPECT_EQ(0, m[3 * PAGE]);
	n = mremap(m, 4 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
	EXPECT_EQ('a', n[0]);
	EXPECT_EQ('b', n[PAGE]);
	WRITES(n + 299 * PAGE);
}

TEST(mremap_without_room_is_enomem_unless_it_may_move)
{
	char *m = anon(2), *n;

	m[0] = 'a';
	EXPECT_ERRNO(ENOMEM, mremap(m, PAGE, 2 * PAGE, 0));
	n = mremap(m, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	EXPECT_TRUE(n != m);
	EXPECT_EQ('a', n[0]);
	EXPECT_TRUE(!mapped(m));
	EXPECT_TRUE(mapped(m + PAGE));
}

TEST(mremap_fixed_moves_there_and_replaces)
{
	char *m = anon(1), *t = anon(3);

	m[0] = 'a';
	t[0] = t[PAGE] = t[2 * PAGE] = 't';
	EXPECT_EQ((long)t + PAGE,
		  (long)mremap(m, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, t + PAGE));
	EXPECT_EQ('a', t[PAGE]);
	EXPECT_EQ('t', t[0]);
	EXPECT_EQ('t', t[2 * PAGE]);
	EXPECT_TRUE(!mapped(m));
}

TEST(mremap_dontunmap_leaves_an_empty_mapping)
{
	char *m = anon(1), *n;

	m[0] = 'a';
	n = mremap(m, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	ASSERT_TRUE(n != MAP_FAILED && n != m);
	EXPECT_EQ('a', n[0]);
	EXPECT_EQ(0, m[0]);
	WRITES(m);
	EXPECT_ERRNO(EINVAL, mremap(m, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL));
}

TEST(mremap_of_length_zero_maps_shared_memory_again)
{
	char *m = shared(1), *n;

	m[0] = 'a';
	n = mremap(m, 0, PAGE, MREMAP_MAYMOVE);
	ASSERT_TRUE(n != MAP_FAILED);
	n[1] = 'b';
	EXPECT_EQ('a', n[0]);
	EXPECT_EQ('b', m[1]);
	EXPECT_ERRNO(EINVAL, mremap(anon(1), 0, PAGE, MREMAP_MAYMOVE));
}

TEST(mremap_errors)
{
	char *m = anon(4);

	EXPECT_ERRNO(EINVAL, mremap(m + 1, PAGE, PAGE, 0));
	EXPECT_ERRNO(EINVAL, mremap(m, PAGE, 0, 0));
	EXPECT_ERRNO(EINVAL, mremap(m, PAGE, PAGE, 0x100));
	EXPECT_ERRNO(EINVAL, mremap(m, PAGE, PAGE, MREMAP_FIXED, m + 8 * PAGE));
	EXPECT_ERRNO(EINVAL,
		     mremap(m, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, m + PAGE));
	EXPECT_ERRNO(EINVAL,
		     mremap(m, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, m + 8 * PAGE + 1));
	munmap(m, PAGE);
	EXPECT_ERRNO(EFAULT, mremap(m, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	mprotect(m + 2 * PAGE, PAGE, PROT_READ);
	/* two mappings */
	EXPECT_ERRNO(EFAULT, mremap(m + PAGE, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
}

TEST(mremap_of_a_file_mapping_maps_more_of_the_file)
{
	int fd = file(3);
	char *m = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE), *n;

	n = mremap(m, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	ASSERT_TRUE(n != MAP_FAILED);
	EXPECT_EQ('b', n[0]);
	EXPECT_EQ('c', n[PAGE]);
}

/* --- madvise */
TEST(dontneed_forgets_anonymous_pages)
{
	char *m = anon(3);

	memset(m, 'x', 3 * PAGE);
	EXPECT_EQ(0, madvise(m + PAGE, PAGE, MADV_DONTNEED));
	EXPECT_EQ('x', m[0]);
	EXPECT_EQ(0, m[PAGE]);
	EXPECT_EQ('x', m[2 * PAGE]);
}

TEST(dontneed_shows_the_file_again)
{
	int fd = file(1);
	char *m = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), *s = shared(1);

	m[0] = 'x';
	s[0] = 'y';
	EXPECT_EQ(0, madvise(m, PAGE, MADV_DONTNEED));
	EXPECT_EQ('a', m[0]);
	EXPECT_EQ(0, madvise(s, PAGE, MADV_DONTNEED));
	EXPECT_EQ('y', s[0]);
}

TEST(free_gives_the_old_or_zero)
{
	char *m = anon(1);

	*m = 'x';
	EXPECT_EQ(0, madvise(m, PAGE, MADV_FREE));
	EXPECT_TRUE(*m == 'x' || *m == 0);
	*m = 'y';
	EXPECT_EQ('y', *m);
	EXPECT_ERRNO(EINVAL, madvise(shared(1), PAGE, MADV_FREE));
}

TEST(wipeonfork_is_zero_in_the_child)
{
	char *m = anon(1);

	*m = 'x';
	EXPECT_EQ(0, madvise(m, PAGE, MADV_WIPEONFORK));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(0, *m); })));
	EXPECT_EQ('x', *m);
	EXPECT_EQ(0, madvise(m, PAGE, MADV_KEEPONFORK));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ('x', *m); })));
	EXPECT_ERRNO(EINVAL, madvise(shared(1), PAGE, MADV_WIPEONFORK));
}

TEST(dontfork_is_absent_in_the_child)
{
	char *m = anon(1);

	EXPECT_EQ(0, madvise(m, PAGE, MADV_DONTFORK));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_TRUE(!mapped(m)); })));
	EXPECT_EQ(0, madvise(m, PAGE, MADV_DOFORK));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_TRUE(mapped(m)); })));
}

TEST(populate_faults_pages_in)
{
	char *m = anon(4);
	unsigned char vec[4];

	madvise(m, 4 * PAGE, MADV_NOHUGEPAGE);
	EXPECT_EQ(0, madvise(m, 2 * PAGE, 23 /* MADV_POPULATE_WRITE */));
	EXPECT_EQ(0, mincore(m, 4 * PAGE, vec));
	EXPECT_EQ(1, vec[0] & 1);
	EXPECT_EQ(1, vec[1] & 1);
	EXPECT_EQ(0, vec[2] & 1);
	EXPECT_EQ(0, madvise(m, 4 * PAGE, 22 /* MADV_POPULATE_READ */));
	mprotect(m, PAGE, PROT_READ);
	EXPECT_ERRNO(EINVAL, madvise(m, PAGE, 23));
}

TEST(madvise_errors)
{
	char *m = anon(3);

	EXPECT_ERRNO(EINVAL, madvise(m + 1, PAGE, MADV_DONTNEED));
	EXPECT_ERRNO(EINVAL, madvise(m, PAGE, 12345));
	EXPECT_EQ(0, madvise(m, 0, MADV_DONTNEED));
	memset(m, 'x', 3 * PAGE);
	munmap(m + PAGE, PAGE);
	EXPECT_ERRNO(ENOMEM, madvise(m, 3 * PAGE, MADV_DONTNEED));
	EXPECT_EQ(0, m[2 * PAGE]);		/* done all the same */
	EXPECT_EQ(0, madvise(m, PAGE, MADV_WILLNEED));
	EXPECT_EQ(0, madvise(m, PAGE, MADV_SEQUENTIAL));
}

TEST(remove_punches_a_hole_into_shared_memory)
{
	char *m = shared(2);

	m[0] = m[PAGE] = 'x';
	EXPECT_EQ(0, madvise(m, PAGE, MADV_REMOVE));
	EXPECT_EQ(0, m[0]);
	EXPECT_EQ('x', m[PAGE]);
}

/* --- locking, residency */
TEST(mlock_faults_in_and_obeys_the_limit)
{
	char *m = anon(20);
	unsigned char vec[20];

	EXPECT_EQ(0, mlock(m, 20 * PAGE));
	EXPECT_EQ(0, mincore(m, 20 * PAGE, vec));
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(1, vec[i] & 1);
	EXPECT_EQ(0, munlock(m, 20 * PAGE));
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 4 * PAGE, 4 * PAGE });
		setuid(1234);
		EXPECT_EQ(0, mlock(m, 4 * PAGE));
		EXPECT_ERRNO(ENOMEM, mlock(m + 4 * PAGE, PAGE));
		EXPECT_EQ(0, munlock(m, PAGE));
		EXPECT_EQ(0, mlock(m + 4 * PAGE, PAGE));
		EXPECT_ERRNO(EAGAIN,
			     mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
		munlock(m, 20 * PAGE);
		setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 0, 0 });
		EXPECT_ERRNO(EPERM, mlock(m, PAGE));
		EXPECT_ERRNO(EPERM, mlockall(MCL_CURRENT));
	})));
	munmap(m + PAGE, PAGE);
	EXPECT_ERRNO(ENOMEM, mlock(m, 3 * PAGE));
	EXPECT_ERRNO(EINVAL, mlockall(0));
	EXPECT_ERRNO(EINVAL, mlockall(MCL_ONFAULT));
	EXPECT_ERRNO(EINVAL, mlock2(m, PAGE, 2));
}

static long anonymous_kb(void)
{
	char line[200];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (fgets(line, sizeof(line), f))
		sscanf(line, "RssAnon: %ld", &kb);
	fclose(f);
	return kb;
}

TEST(mlock_gives_writable_memory_pages_of_its_own)
{
	char *m = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long before = anonymous_kb();

	ASSERT_EQ(0, mlock(m, 64 * PAGE));
	EXPECT_TRUE(anonymous_kb() - before >= 256);
	EXPECT_ERRNO(ENOMEM, mlock(none, PAGE));	/* locked all the same, but not there */
}

TEST(mlock_counts_a_locked_page_once)
{
	char *m = anon(4);

	EXPECT_EQ(0, exit_status(IN_CHILD({
		setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 4 * PAGE, 4 * PAGE });
		setuid(1234);
		EXPECT_EQ(0, mlock(m, 4 * PAGE));
		EXPECT_EQ(0, mlock(m, 4 * PAGE));
	})));
}

TEST(mincore_looks_across_tables_and_areas)
{
	unsigned char vec[1500], want[1500] = { 0 };
	char *m = mmap(NULL, sizeof(vec) * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(m, sizeof(vec) * PAGE, MADV_NOHUGEPAGE);
	mprotect(m + 700 * PAGE, PAGE, PROT_READ);
	for (size_t i = 0; i < sizeof(vec); i = i * 2 + 3)
		if (i != 700)
			m[i * PAGE] = 1, want[i] = 1;
	m[1499 * PAGE] = want[1499] = 1;
	EXPECT_EQ(0, mincore(m, sizeof(vec) * PAGE, vec));
	EXPECT_EQ(0, memcmp(vec, want, sizeof(vec)));
	munmap(m + 1200 * PAGE, PAGE);
	EXPECT_ERRNO(ENOMEM, mincore(m, sizeof(vec) * PAGE, vec));
}

TEST(mincore_tells_what_is_there)
{
	char *m = anon(3);
	unsigned char vec[3] = { 9, 9, 9 };

	madvise(m, 3 * PAGE, MADV_NOHUGEPAGE);
	m[PAGE] = 1;
	EXPECT_EQ(0, mincore(m, 3 * PAGE, vec));
	EXPECT_EQ(0, vec[0] & 1);
	EXPECT_EQ(1, vec[1] & 1);
	EXPECT_EQ(0, vec[2] & 1);
	EXPECT_ERRNO(EINVAL, mincore(m + 1, PAGE, vec));
	EXPECT_ERRNO(EFAULT, mincore(m, PAGE, (void *)8));
	munmap(m + PAGE, PAGE);
	EXPECT_ERRNO(ENOMEM, mincore(m, 3 * PAGE, vec));
}

/* --- brk, stack, limits */
TEST(brk_grows_and_shrinks_with_zeros)
{
	char *start = (char *)syscall(SYS_brk, 0), *p = (char *)(((long)start + PAGE - 1) & -PAGE);

	EXPECT_EQ((long)p + 4 * PAGE, syscall(SYS_brk, p + 4 * PAGE));
	WRITES(p + 3 * PAGE);
	p[3 * PAGE] = 'x';
	EXPECT_EQ((long)p + PAGE, syscall(SYS_brk, p + PAGE));
	NO_READ(p + 3 * PAGE);
	EXPECT_EQ((long)p + 4 * PAGE, syscall(SYS_brk, p + 4 * PAGE));
	EXPECT_EQ(0, p[3 * PAGE]);
	EXPECT_EQ((long)p + 4 * PAGE, syscall(SYS_brk, 4096));	/* refused: the old end */
	EXPECT_EQ((long)p + 4 * PAGE, syscall(SYS_brk, -PAGE));
}

TEST(brk_obeys_rlimit_data)
{
	char *start = (char *)syscall(SYS_brk, 0);

	setrlimit(RLIMIT_DATA, &(struct rlimit){ 1 << 20, 1 << 20 });
	EXPECT_EQ((long)start, syscall(SYS_brk, start + (64 << 20)));
}

TEST(brk_stops_at_another_mapping)
{
	char *start = (char *)syscall(SYS_brk, 0), *p = (char *)(((long)start + PAGE - 1) & -PAGE);

	ASSERT_TRUE(mmap(p + 16 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			 -1, 0) == p + 16 * PAGE);
	EXPECT_EQ((long)start, syscall(SYS_brk, p + 20 * PAGE));
}

__attribute__((noinline)) static int use_stack(int kib)
{
	volatile char buf[1024];

	buf[0] = kib;
	return kib ? use_stack(kib - 1) + buf[0] * 0 : 7;
}

TEST(the_stack_grows_to_its_limit)
{
	EXPECT_EQ(128 + SIGSEGV, exit_status(IN_CHILD({
		setrlimit(RLIMIT_STACK, &(struct rlimit){ 1 << 20, 1 << 20 });
		use_stack(2 * 1024);
	})));
	EXPECT_EQ(7, use_stack(6 * 1024));
	EXPECT_EQ(128 + SIGSEGV, exit_status(IN_CHILD({ use_stack(9 * 1024); })));
}

TEST(map_growsdown_grows_down)
{
	char *m = anon(64), *top = m + 63 * PAGE;

	munmap(m, 64 * PAGE);
	ASSERT_EQ((long)top,
		  (long)mmap(top, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED,
			     -1, 0));
	WRITES(top);
	WRITES(top - 1);
	WRITES(top - PAGE - 1);
	EXPECT_TRUE(mapped(top - PAGE));
}

TEST(rlimit_as_is_enomem)
{
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setrlimit(RLIMIT_AS, &(struct rlimit){ 64 << 20, 64 << 20 });
		EXPECT_ERRNO(ENOMEM, mmap(NULL, 128 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		EXPECT_TRUE(mmap(NULL, 1 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
			    MAP_FAILED);
	})));
}

TEST(much_more_than_memory_may_be_reserved)
{
	char *m = mmap(NULL, 1ul << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		       0);

	ASSERT_TRUE(m != MAP_FAILED);
	EXPECT_EQ(0, mprotect(m + (1ul << 35), PAGE, RW));
	WRITES(m + (1ul << 35));
	EXPECT_EQ(0, munmap(m, 1ul << 36));
}

TEST(a_thousand_mappings)
{
	char *m = anon(2000);

	for (int i = 0; i < 2000; i += 2)
		EXPECT_EQ(0, mprotect(m + i * PAGE, PAGE, PROT_READ));
	for (int i = 1; i < 2000; i += 2)
		m[i * PAGE] = i;
	for (int i = 1; i < 2000; i += 2)
		EXPECT_EQ((char)i, m[i * PAGE]);
	NO_WRITE(m + 1000 * PAGE);
	EXPECT_EQ(0, munmap(m, 2000 * PAGE));
}

/* --- other processes' memory */
TEST(memory_files_write_what_programs_may_not)
{
	static const char text[] = "read only, of the file";
	char buf[64], *page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int mem = open("/proc/self/mem", O_RDWR),
	    fd = open("/tmp/forced", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct iovec local = { buf, 4 }, remote;
	char *priv, *ro, *none;
	pid_t pid;

	ASSERT_EQ(22, write(fd, text, 22));
	priv = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	EXPECT_EQ(4, pwrite(mem, "READ", 4, (long)priv));
	EXPECT_EQ(0, memcmp(priv, "READ only", 9));
	EXPECT_EQ(4, pread(fd, buf, 4, 0));
	EXPECT_EQ(0, memcmp(buf, "read", 4));		/* a private copy */
	EXPECT_EQ(4, pwrite(mem, "text", 4, (long)page + 4094));
	EXPECT_EQ(4, pread(mem, buf, 4, (long)page + 4094));
	EXPECT_EQ(0, memcmp(buf, "text", 4));
	pid = fork();
	if (!pid) {
		int own = open("/proc/self/mem", O_RDWR);

		_exit(pwrite(own, "FORK", 4, (long)priv) != 4 || memcmp(priv, "FORK", 4));
	}
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(0, memcmp(priv, "READ", 4));
	remote = (struct iovec){ priv, 4 };
	EXPECT_ERRNO(EFAULT, process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
	remote = (struct iovec){ page, 4 };
	EXPECT_ERRNO(EFAULT, process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	ro = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	EXPECT_ERRNO(EIO, pwrite(mem, "READ", 4, (long)ro));	/* it would reach the file */
	none = mmap(NULL, 4096, PROT_NONE, MAP_SHARED, fd, 0);
	EXPECT_EQ(4, pread(mem, buf, 4, (long)none));
	EXPECT_EQ(0, memcmp(buf, "read", 4));
	EXPECT_ERRNO(EIO, pwrite(mem, "x", 1, 8));
	EXPECT_EQ(4, pwrite(mem, "TEXT", 4, (long)(text - 0)));
	EXPECT_EQ('T', *(volatile const char *)text);
	unlink("/tmp/forced");
}

TEST(process_vm_readv_and_writev_copy)
{
	char *m = anon(1);
	char buf[6] = "";
	struct iovec local = { buf, 5 }, remote = { m, 5 };
	int p[2];
	char c;
	pid_t pid;

	pipe(p);
	strcpy(m, "hello");
	pid = IN_CHILD({ read(p[0], &c, 1); EXPECT_STREQ("HELLO", m); });
	EXPECT_EQ(5, process_vm_readv(pid, &local, 1, &remote, 1, 0));
	EXPECT_STREQ("hello", buf);
	strcpy(buf, "HELLO");
	EXPECT_EQ(5, process_vm_writev(pid, &local, 1, &remote, 1, 0));
	write(p[1], "x", 1);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_STREQ("hello", m);
	EXPECT_ERRNO(ESRCH, process_vm_readv(4000000, &local, 1, &remote, 1, 0));
	EXPECT_ERRNO(EINVAL, process_vm_readv(getpid(), &local, 1, &remote, 1, 1));
	remote.iov_base = (void *)8;
	EXPECT_ERRNO(EFAULT, process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setuid(1234);
		EXPECT_ERRNO(EPERM, process_vm_readv(getppid(), &local, 1, &remote, 1, 0));
	})));
}

MAIN
