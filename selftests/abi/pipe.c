/* SPDX-License-Identifier: MIT */
/* pipe(2), pipe(7): data, ends of file, blocking, atomicity, capacity. */
#include "../harness.h"

#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>

TEST(bytes_arrive_in_order)
{
	int p[2];
	char buf[8] = "";

	ASSERT_EQ(0, pipe(p));
	EXPECT_EQ(3, write(p[1], "abc", 3));
	EXPECT_EQ(3, write(p[1], "def", 3));
	EXPECT_EQ(2, read(p[0], buf, 2));
	EXPECT_EQ(4, read(p[0], buf + 2, 6));
	EXPECT_STREQ("abcdef", buf);
}

TEST(each_end_goes_one_way)
{
	int p[2];
	char c = 0;

	ASSERT_EQ(0, pipe(p));
	EXPECT_ERRNO(EBADF, write(p[0], "x", 1));
	EXPECT_ERRNO(EBADF, read(p[1], &c, 1));
	EXPECT_EQ(O_RDONLY, fcntl(p[0], F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_WRONLY, fcntl(p[1], F_GETFL) & O_ACCMODE);
	EXPECT_ERRNO(ESPIPE, lseek(p[0], 0, SEEK_CUR));
}

TEST(no_writer_is_end_of_file)
{
	int p[2];
	char c;

	ASSERT_EQ(0, pipe(p));
	EXPECT_EQ(1, write(p[1], "x", 1));
	close(p[1]);
	EXPECT_EQ(1, read(p[0], &c, 1));
	EXPECT_EQ(0, read(p[0], &c, 1));
	EXPECT_EQ(0, read(p[0], &c, 1));
}

TEST(no_reader_is_sigpipe_and_epipe)
{
	int p[2];

	ASSERT_EQ(0, pipe(p));
	close(p[0]);
	on_signal(SIGPIPE, 0);
	EXPECT_ERRNO(EPIPE, write(p[1], "x", 1));
	EXPECT_EQ(1, signals_seen);
	signal(SIGPIPE, SIG_IGN);
	EXPECT_ERRNO(EPIPE, write(p[1], "x", 1));
}

TEST(an_empty_pipe_blocks_or_says_eagain)
{
	int p[2];
	char c;

	ASSERT_EQ(0, pipe2(p, O_NONBLOCK));
	EXPECT_ERRNO(EAGAIN, read(p[0], &c, 1));
	fcntl(p[0], F_SETFL, 0);
	IN_CHILD({ sleep_ms(20); (void)!write(p[1], "x", 1); });
	EXPECT_BLOCKS_AT_LEAST_MS(15, read(p[0], &c, 1));
	EXPECT_EQ('x', c);
}

TEST(the_last_writer_wakes_a_blocked_reader)
{
	int p[2];
	char c;

	ASSERT_EQ(0, pipe(p));
	IN_CHILD({ close(p[0]); sleep_ms(20); });
	close(p[1]);
	EXPECT_EQ(0, read(p[0], &c, 1));
}

TEST(holds_64_kib)
{
	static char block[4096];
	int p[2];

	ASSERT_EQ(0, pipe2(p, O_NONBLOCK));
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(4096, write(p[1], block, 4096));
	EXPECT_ERRNO(EAGAIN, write(p[1], block, 1));
	EXPECT_EQ(65536, fcntl(p[1], F_GETPIPE_SZ));
}

TEST(up_to_pipe_buf_is_all_or_nothing)
{
	static char block[65536];
	int p[2], waiting;

	ASSERT_EQ(0, pipe2(p, O_NONBLOCK));
	EXPECT_EQ(65536 - 100, write(p[1], block, 65536 - 100));
	EXPECT_ERRNO(EAGAIN, write(p[1], block, PIPE_BUF));
	EXPECT_EQ(100, write(p[1], block, 100));
	EXPECT_EQ(0, ioctl(p[0], FIONREAD, &waiting));
	EXPECT_EQ(65536, waiting);
}

TEST(poll_sees_data_room_and_hangup)
{
	int p[2];
	struct pollfd r, w;

	ASSERT_EQ(0, pipe(p));
	r = (struct pollfd){ p[0], POLLIN, 0 };
	w = (struct pollfd){ p[1], POLLOUT, 0 };
	EXPECT_EQ(0, poll(&r, 1, 0));
	EXPECT_EQ(1, poll(&w, 1, 0));
	EXPECT_EQ(1, write(p[1], "x", 1));
	EXPECT_EQ(1, poll(&r, 1, 0));
	EXPECT_EQ(POLLIN, r.revents);
	close(p[1]);
	EXPECT_EQ(1, poll(&r, 1, 0));
	EXPECT_EQ(POLLIN | POLLHUP, r.revents);
}

TEST(flags_and_bad_arguments)
{
	int p[2];

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC | O_NONBLOCK));
	EXPECT_EQ(FD_CLOEXEC, fcntl(p[0], F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(p[1], F_GETFD));
	EXPECT_ERRNO(EINVAL, pipe2(p, O_APPEND));
	EXPECT_ERRNO(EFAULT, pipe((int *)8));
	EXPECT_ERRNO(EFAULT, write(p[1], (void *)8, 1));
	EXPECT_EQ(0, write(p[1], NULL, 0));
}

TEST(a_blocked_writer_goes_on_when_there_is_room)
{
	static char block[1 << 20];
	int p[2];
	size_t got = 0;

	ASSERT_EQ(0, pipe(p));
	IN_CHILD({ close(p[0]); (void)!write(p[1], block, sizeof(block)); });
	close(p[1]);
	for (ssize_t n; (n = read(p[0], block, 10000)) > 0;)
		got += n;
	EXPECT_EQ(sizeof(block), got);
}

MAIN
