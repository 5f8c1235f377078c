/* SPDX-License-Identifier: MIT */
/* Budgets (include/ashlar.h): each limit is kept, by what stands in it and below it, and what is
 * given back can be used again. Ours alone: on Linux all tests are skipped. */
#include "../harness.h"
#include "../../include/ashlar.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096l

static void enter(long pages, long objects, long tasks)
{
	long ret = ashlar_budget_enter(pages, objects, tasks);

	if (ret < 0 && errno == ENOSYS)
		_exit(77);
	if (ret)
		_exit(78);
}

/* The test's body runs in a child, so that its budget ends with it. */
#define IN_BUDGET(pages, objects, tasks, ...) do {						\
	int st = exit_status(IN_CHILD({ enter(pages, objects, tasks); __VA_ARGS__; }));		\
												\
	if (st == 77)										\
		SKIP("no budgets");								\
	EXPECT_EQ(0, st);									\
} while (0)

static int touch(long pages)
{
	char *m = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (m == MAP_FAILED)
		return 1;
	for (long i = 0; i < pages; i++)
		m[i * PAGE] = 1;
	return munmap(m, pages * PAGE);
}

TEST(threads_beyond_the_limit_are_eagain)
{
	IN_BUDGET(-1, -1, 3, {
		pid_t a = fork(), b;

		if (a == 0)
			pause();
		b = fork();
		if (b == 0)
			pause();
		if (a < 0 || b < 0 || fork() != -1 || errno != EAGAIN)
			_exit(1);
		kill(a, SIGKILL);
		waitpid(a, NULL, 0);
		a = fork();
		if (a == 0)
			_exit(0);
		kill(b, SIGKILL);
		if (a < 0)
			_exit(2);
		while (wait(NULL) > 0)
			;
	});
}

TEST(descriptions_beyond_the_limit_are_enomem)
{
	IN_BUDGET(-1, 100, -1, {
		int n = 0, fd = -1, got;

		for (int round = 0; round < 3; round++) {
			for (n = 0; (got = open("/dev/null", O_RDONLY)) >= 0; n++)
				fd = got;
			if (n != 100 || errno != ENOMEM)
				_exit(1);
			if (dup(fd) < 0)	/* no new description */
				_exit(2);
			for (int i = 3; i < 200; i++)
				close(i);
		}
	});
}

TEST(pages_beyond_the_limit_kill_in_the_budget)
{
	IN_BUDGET(1000, -1, -1, {
		int st;

		/* what is given back counts no more */
		if (touch(700) || touch(700) || touch(700))
			_exit(1);
		st = exit_status(IN_CHILD({ touch(3000); }));
		if (st != 128 + SIGKILL)
			_exit(2);
		if (touch(700))
			_exit(3);
	});
	EXPECT_EQ(0, touch(3000));	/* we are not in it */
}

TEST(files_in_memory_are_charged)
{
	IN_BUDGET(500, -1, -1, {
		static char block[PAGE];
		int fd = open("/tmp/budget", O_CREAT | O_RDWR | O_TRUNC, 0600);
		int st = exit_status(IN_CHILD({
			char *m = mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

			memset(m, 1, 100 * PAGE);	/* the biggest: chosen */
			for (int i = 0; i < 5000; i++)
				write(fd, block, PAGE);
		}));

		if (st != 128 + SIGKILL || lseek(fd, 0, SEEK_CUR) > 500 * PAGE)
			_exit(1);
		ftruncate(fd, 0);
		unlink("/tmp/budget");
		if (touch(300))
			_exit(2);
	});
}

TEST(a_budget_below_another_cannot_pass_it)
{
	IN_BUDGET(-1, -1, 4, {
		enter(-1, -1, 100);
		for (int i = 0; i < 3; i++)
			if (fork() == 0) {
				usleep(200000);
				_exit(0);
			}
		if (fork() != -1 || errno != EAGAIN)
			_exit(1);
		while (wait(NULL) > 0)
			;
	});
}

TEST(the_thread_itself_must_fit)
{
	IN_BUDGET(-1, -1, -1, {
		if (ashlar_budget_enter(-1, -1, 0) != -1 || errno != EAGAIN)
			_exit(1);
		setuid(12345);
		if (ashlar_budget_enter(-1, -1, -1) != -1 || errno != EPERM)
			_exit(2);
	});
}

/* Numbers are used again when all that was charged to them has gone: else 4094 rounds would be
 * all. */
TEST_TIMEOUT(budgets_end_with_what_they_pay_for, 60)
{
	IN_BUDGET(-1, -1, -1, {});
	for (int i = 0; i < 5000; i++)
		if (exit_status(IN_CHILD({
			int tries = 0;

			while (ashlar_budget_enter(-1, -1, -1) < 0 && tries++ < 1000)
				usleep(1000);
			_exit(tries > 1000);
		}))) {
			FAIL("no budget in round %d", i);
			break;
		}
}

MAIN
