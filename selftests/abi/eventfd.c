/* SPDX-License-Identifier: MIT */
/* eventfd(2): every sentence of the page that a program can notice, and what Linux does where the
 * page is silent. */
#include "../harness.h"

#include <poll.h>
#include <sys/eventfd.h>

TEST(read_takes_all_and_resets)
{
	int fd = eventfd(3, 0);
	uint64_t v;

	EXPECT_EQ(8, write(fd, &(uint64_t){ 4 }, 8));
	EXPECT_EQ(8, read(fd, &v, 8));
	EXPECT_EQ(7, v);
	EXPECT_EQ(0, poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 0));
}

TEST(semaphore_read_takes_one)
{
	int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	uint64_t v;

	EXPECT_EQ(8, read(fd, &v, 8));
	EXPECT_EQ(1, v);
	EXPECT_EQ(8, read(fd, &v, 8));
	EXPECT_ERRNO(EAGAIN, read(fd, &v, 8));
}

TEST(short_buffers_and_reserved_values)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	char seven[7] = "";

	EXPECT_ERRNO(EINVAL, read(fd, seven, 7));
	EXPECT_ERRNO(EINVAL, write(fd, seven, 7));
	EXPECT_ERRNO(EINVAL, write(fd, &(uint64_t){ UINT64_MAX }, 8));
	EXPECT_ERRNO(EINVAL, eventfd(0, 0x40000000));
	EXPECT_ERRNO(EFAULT, write(fd, (void *)8, 8));
}

TEST(a_longer_read_is_fine_a_longer_write_is_not)
{
	int fd = eventfd(5, EFD_NONBLOCK);
	uint64_t v[2] = { 0, 99 };

	EXPECT_EQ(8, read(fd, v, 16));
	EXPECT_EQ(5, v[0]);
	EXPECT_EQ(99, v[1]);
	EXPECT_ERRNO(EINVAL, write(fd, v, 16));
}

TEST(write_waits_while_it_would_overflow)
{
	int fd = eventfd(0, 0);
	uint64_t v;

	EXPECT_EQ(8, write(fd, &(uint64_t){ UINT64_MAX - 1 }, 8));
	EXPECT_EQ(0, poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, 0));
	IN_CHILD({ sleep_ms(20); (void)!read(fd, &v, 8); });
	EXPECT_BLOCKS_AT_LEAST_MS(15, write(fd, &(uint64_t){ 1 }, 8));
}

TEST(a_signal_interrupts_a_blocked_read)
{
	int fd = eventfd(0, 0);
	uint64_t v;

	on_signal(SIGALRM, 0);		/* without SA_RESTART */
	alarm_ms(20);
	EXPECT_ERRNO(EINTR, read(fd, &v, 8));
}

TEST(poll_says_what_would_not_block)
{
	int fd = eventfd(0, 0);
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	EXPECT_EQ(8, write(fd, &(uint64_t){ 1 }, 8));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, p.revents);
}

TEST(flags_reach_the_descriptor)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR | O_NONBLOCK, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
}

TEST(has_no_position)
{
	int fd = eventfd(1, 0);
	uint64_t v;

	EXPECT_ERRNO(ESPIPE, pread(fd, &v, 8, 0));
	EXPECT_ERRNO(ESPIPE, pwrite(fd, &v, 8, 0));
}

MAIN
