/* SPDX-License-Identifier: MIT */
/* poll(2), select(2): waiting for one of many descriptors. */
#include "../harness.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>

static const struct timespec none;

TEST(poll_answers_for_each_descriptor)
{
	int p[2];
	struct pollfd f[4];

	pipe(p);
	f[0] = (struct pollfd){ p[0], POLLIN, 99 };
	f[1] = (struct pollfd){ p[1], POLLOUT, 0 };
	f[2] = (struct pollfd){ -1, POLLIN, 99 };
	f[3] = (struct pollfd){ 999, POLLIN, 0 };
	EXPECT_EQ(2, poll(f, 4, 0));
	EXPECT_EQ(0, f[0].revents);
	EXPECT_EQ(POLLOUT, f[1].revents);
	EXPECT_EQ(0, f[2].revents);
	EXPECT_EQ(POLLNVAL, f[3].revents);
}

TEST(files_are_always_ready)
{
	struct pollfd f = { open("/selftests/poll", O_RDONLY), POLLIN | POLLOUT | POLLPRI, 0 };

	EXPECT_EQ(1, poll(&f, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, f.revents);
}

TEST(poll_is_woken)
{
	int p[2];
	struct pollfd f;

	pipe(p);
	f = (struct pollfd){ p[0], POLLIN, 0 };
	IN_CHILD({ sleep_ms(15); write(p[1], "x", 1); });
	EXPECT_EQ(1, poll(&f, 1, -1));
	EXPECT_EQ(POLLIN, f.revents);
}

TEST(poll_times_out)
{
	EXPECT_BLOCKS_AT_LEAST_MS(20, poll(NULL, 0, 20));
	EXPECT_EQ(0, poll(NULL, 0, 0));
	EXPECT_EQ(0, ppoll(NULL, 0, &(struct timespec){ 0, 1000000 }, NULL));
	EXPECT_ERRNO(EINVAL, ppoll(NULL, 0, &(struct timespec){ 0, 1000000000 }, NULL));
	EXPECT_ERRNO(EFAULT, poll((void *)8, 1, 0));
}

TEST(poll_of_more_than_rlimit_nofile_is_einval)
{
	static struct pollfd f[11];

	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 10, 10 });
	EXPECT_ERRNO(EINVAL, poll(f, 11, 0));
}

TEST(a_write_end_without_reader_is_pollerr)
{
	int p[2];
	struct pollfd f;

	pipe(p);
	close(p[0]);
	f = (struct pollfd){ p[1], POLLOUT, 0 };
	EXPECT_EQ(1, poll(&f, 1, 0));
	EXPECT_EQ(POLLOUT | POLLERR, f.revents);
	f.events = 0;
	EXPECT_EQ(1, poll(&f, 1, 0));
	EXPECT_EQ(POLLERR, f.revents);
}

TEST(ppoll_changes_the_mask_while_it_waits)
{
	sigset_t set, empty;

	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	on_signal(SIGUSR1, 0);
	raise(SIGUSR1);
	EXPECT_ERRNO(EINTR, ppoll(NULL, 0, NULL, &empty));
	EXPECT_EQ(1, signals_seen);
	sigprocmask(SIG_BLOCK, NULL, &set);
	EXPECT_EQ(1, sigismember(&set, SIGUSR1));
}

TEST(select_answers_in_its_sets)
{
	int p[2];
	fd_set r, w;

	pipe(p);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(p[0], &r);
	FD_SET(p[1], &w);
	EXPECT_EQ(1, pselect(20, &r, &w, NULL, &none, NULL));
	EXPECT_TRUE(!FD_ISSET(p[0], &r));
	EXPECT_TRUE(FD_ISSET(p[1], &w));
	write(p[1], "x", 1);
	FD_SET(p[0], &r);
	EXPECT_EQ(2, pselect(20, &r, &w, NULL, &none, NULL));
}

TEST(select_writes_what_is_left_of_the_time)
{
	struct timeval tv = { 100, 0 };
	int p[2];
	fd_set r;

	pipe(p);
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	IN_CHILD({ sleep_ms(15); write(p[1], "x", 1); });
	EXPECT_EQ(1, select(20, &r, NULL, NULL, &tv));
	EXPECT_TRUE(tv.tv_sec < 100 && tv.tv_sec > 80);
}

TEST(select_errors)
{
	fd_set r;

	FD_ZERO(&r);
	FD_SET(15, &r);
	EXPECT_ERRNO(EBADF, pselect(16, &r, NULL, NULL, &none, NULL));
	EXPECT_ERRNO(EINVAL, pselect(-1, NULL, NULL, NULL, &none, NULL));
	EXPECT_ERRNO(EFAULT, pselect(16, (fd_set *)8, NULL, NULL, &none, NULL));
	EXPECT_EQ(0, pselect(0, NULL, NULL, NULL, &none, NULL));
	EXPECT_BLOCKS_AT_LEAST_MS(
		15, pselect(0, NULL, NULL, NULL, &(struct timespec){ 0, 15000000 }, NULL));
}

MAIN
