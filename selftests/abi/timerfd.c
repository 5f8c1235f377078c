/* SPDX-License-Identifier: MIT */
/* timerfd_create(2): relative, absolute, periodic; what setting the clock does. */
#include "../harness.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>

#define MS 1000000ll

static struct itimerspec spec(int64_t value_ns, int64_t interval_ns)
{
	return (struct itimerspec){ { interval_ns / 1000000000, interval_ns % 1000000000 },
				    { value_ns / 1000000000, value_ns % 1000000000 } };
}

static int arm(int fd, int flags, int64_t value_ns, int64_t interval_ns)
{
	struct itimerspec s = spec(value_ns, interval_ns);

	return timerfd_settime(fd, flags, &s, NULL);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void set_clock(int64_t ns)
{
	clock_settime(CLOCK_REALTIME, &(struct timespec){ ns / 1000000000, ns % 1000000000 });
}

TEST(create_errors_and_flags)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR | O_NONBLOCK, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	EXPECT_ERRNO(EINVAL, timerfd_create(CLOCK_MONOTONIC, 1));
	EXPECT_ERRNO(EINVAL, timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	EXPECT_ERRNO(EINVAL, timerfd_create(CLOCK_MONOTONIC_RAW, 0));
	EXPECT_ERRNO(EINVAL, timerfd_create(-1, 0));
	EXPECT_TRUE(timerfd_create(CLOCK_BOOTTIME, 0) >= 0);
	EXPECT_TRUE(timerfd_create(CLOCK_REALTIME_ALARM, 0) >= 0);
	EXPECT_TRUE(timerfd_create(CLOCK_BOOTTIME_ALARM, 0) >= 0);
	setresuid(1000, 1000, 1000);
	EXPECT_ERRNO(EPERM, timerfd_create(CLOCK_REALTIME_ALARM, 0));
	EXPECT_ERRNO(EPERM, timerfd_create(CLOCK_BOOTTIME_ALARM, 0));
}

TEST(settime_errors)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), p[2];
	struct itimerspec s = { { 0, 0 }, { 0, 1000000000 } };

	pipe(p);
	EXPECT_ERRNO(EINVAL, timerfd_settime(fd, 0, &s, NULL));
	s = (struct itimerspec){ { 0, -1 }, { 0, 0 } };
	EXPECT_ERRNO(EINVAL, timerfd_settime(fd, 0, &s, NULL));
	s = (struct itimerspec){ { 0, 0 }, { -1, 0 } };
	EXPECT_ERRNO(EINVAL, timerfd_settime(fd, 0, &s, NULL));
	s = spec(1, 0);
	EXPECT_ERRNO(EINVAL, timerfd_settime(fd, 4, &s, NULL));
	EXPECT_ERRNO(EINVAL, timerfd_settime(p[0], 0, &s, NULL));
	EXPECT_ERRNO(EBADF, timerfd_settime(-1, 0, &s, NULL));
	EXPECT_ERRNO(EFAULT, timerfd_settime(fd, 0, (void *)8, NULL));
	EXPECT_ERRNO(EFAULT, timerfd_settime(fd, 0, &s, (void *)8));
	EXPECT_ERRNO(EINVAL, timerfd_gettime(p[0], &s));
	EXPECT_ERRNO(EBADF, timerfd_gettime(-1, &s));
	EXPECT_ERRNO(EFAULT, timerfd_gettime(fd, (void *)8));
}

TEST(relative_fires_once)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t n = 99;

	arm(fd, 0, 20 * MS, 0);
	EXPECT_BLOCKS_AT_LEAST_MS(20, read(fd, &n, 8));
	EXPECT_EQ(1, n);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(EAGAIN, read(fd, &n, 8));
}

TEST(absolute_monotonic_and_real)
{
	int m = timerfd_create(CLOCK_MONOTONIC, 0), r = timerfd_create(CLOCK_REALTIME, 0),
	    b = timerfd_create(CLOCK_BOOTTIME, 0);
	uint64_t n;
	int64_t t = now_ns();

	arm(m, TFD_TIMER_ABSTIME, t + 20 * MS, 0);
	EXPECT_EQ(8, read(m, &n, 8));
	EXPECT_TRUE(now_ns() >= t + 20 * MS);
	t = clock_ns(CLOCK_REALTIME);
	arm(r, TFD_TIMER_ABSTIME, t + 20 * MS, 0);
	EXPECT_EQ(8, read(r, &n, 8));
	EXPECT_TRUE(clock_ns(CLOCK_REALTIME) >= t + 20 * MS);
	t = clock_ns(CLOCK_BOOTTIME);
	arm(b, TFD_TIMER_ABSTIME, t + 20 * MS, 0);
	EXPECT_EQ(8, read(b, &n, 8));
	EXPECT_TRUE(clock_ns(CLOCK_BOOTTIME) >= t + 20 * MS);
}

TEST(what_has_passed_fires_at_once)
{
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	uint64_t n;

	arm(fd, TFD_TIMER_ABSTIME, 1, 0);
	EXPECT_EQ(8, read(fd, &n, 8));
	EXPECT_EQ(1, n);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	arm(fd, TFD_TIMER_ABSTIME, now_ns() - 95 * MS, 10 * MS);
	EXPECT_EQ(8, read(fd, &n, 8));
	EXPECT_TRUE(n >= 10 && n < 30);
}

TEST(an_interval_counts_what_nobody_read)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t n;
	int64_t t = now_ns();

	arm(fd, 0, 10 * MS, 10 * MS);
	sleep_ms(55);
	EXPECT_EQ(8, read(fd, &n, 8));
	EXPECT_TRUE(n >= 5 && (int64_t)n <= (now_ns() - t) / (10 * MS));
	EXPECT_EQ(8, read(fd, &n, 8));
	EXPECT_TRUE(n >= 1);
}

TEST(gettime_says_what_is_left)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec s;
	uint64_t n;

	EXPECT_EQ(0, timerfd_gettime(fd, &s));
	EXPECT_EQ(0, s.it_value.tv_sec | s.it_value.tv_nsec | s.it_interval.tv_sec |
			     s.it_interval.tv_nsec);
	arm(fd, TFD_TIMER_ABSTIME, now_ns() + 100000 * MS, 7 * MS);
	EXPECT_EQ(0, timerfd_gettime(fd, &s));
	EXPECT_TRUE(s.it_value.tv_sec == 99);
	EXPECT_EQ(7 * MS, s.it_interval.tv_nsec);
	arm(fd, 0, 1, 0);
	sleep_ms(2);
	EXPECT_EQ(0, timerfd_gettime(fd, &s));
	EXPECT_EQ(0, s.it_value.tv_sec | s.it_value.tv_nsec);
	arm(fd, 0, 1, 20 * MS);
	sleep_ms(2);
	EXPECT_EQ(0, timerfd_gettime(fd, &s));		/* already on its way to the next */
	EXPECT_TRUE(s.it_value.tv_nsec > 0 && s.it_value.tv_nsec <= 20 * MS);
	EXPECT_EQ(8, read(fd, &n, 8));
}

TEST(settime_returns_the_old_setting_and_forgets_ticks)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec s = spec(50000 * MS, 3000 * MS), old;
	uint64_t n;

	EXPECT_EQ(0, timerfd_settime(fd, 0, &s, &old));
	EXPECT_EQ(0, old.it_value.tv_sec | old.it_value.tv_nsec | old.it_interval.tv_sec);
	s = spec(1, 0);
	EXPECT_EQ(0, timerfd_settime(fd, 0, &s, &old));
	EXPECT_EQ(49, old.it_value.tv_sec);
	EXPECT_EQ(3, old.it_interval.tv_sec);
	sleep_ms(3);
	/* disarmed, the interval kept to be shown */
	arm(fd, 0, 0, 5 * MS);
	EXPECT_ERRNO(EAGAIN, read(fd, &n, 8));
	EXPECT_EQ(0, timerfd_gettime(fd, &s));
	EXPECT_EQ(0, s.it_value.tv_sec | s.it_value.tv_nsec);
	EXPECT_EQ(5 * MS, s.it_interval.tv_nsec);
}

TEST(reads_take_eight_bytes)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	uint64_t v[2] = { 9, 9 };

	EXPECT_ERRNO(EINVAL, read(fd, v, 7));
	EXPECT_ERRNO(EINVAL, write(fd, v, 8));
	EXPECT_ERRNO(ESPIPE, pread(fd, v, 8, 0));
	EXPECT_ERRNO(EAGAIN, read(fd, v, 8));
	arm(fd, 0, 1, 0);
	sleep_ms(2);
	EXPECT_EQ(8, read(fd, v, 16));
	EXPECT_EQ(1, v[0]);
	EXPECT_EQ(9, v[1]);
}

TEST(poll_and_epoll)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), ep = epoll_create1(0);
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDNORM, 0 };
	struct epoll_event e = { EPOLLIN | EPOLLET, { 0 } };
	uint64_t n;

	EXPECT_EQ(0, poll(&p, 1, 0));
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	arm(fd, 0, 10 * MS, 10 * MS);
	EXPECT_EQ(1, poll(&p, 1, -1));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, -1));
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
	EXPECT_EQ(8, read(fd, &n, 8));
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 1000));
	EXPECT_EQ(0, arm(fd, 0, 0, 0));
	EXPECT_EQ(0, poll(&p, 1, 0));
}

TEST(two_readers_share_one_expiry)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	int *got = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 2; i++)
		IN_CHILD({
			uint64_t n;

			read(fd, &n, 8);
			__atomic_fetch_add(got, 1, __ATOMIC_SEQ_CST);
		});
	sleep_ms(20);
	arm(fd, 0, 1, 0);
	sleep_ms(60);
	EXPECT_EQ(1, *got);
	arm(fd, 0, 1, 0);
	sleep_ms(60);
	EXPECT_EQ(2, *got);
}

TEST(a_signal_interrupts)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t n;

	on_signal(SIGALRM, 0);
	alarm_ms(15);
	EXPECT_ERRNO(EINTR, read(fd, &n, 8));
	on_signal(SIGALRM, SA_RESTART);
	arm(fd, 0, 50 * MS, 0);
	alarm_ms(15);
	EXPECT_EQ(8, read(fd, &n, 8));
}

TEST(fork_shares_it)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	uint64_t n;

	EXPECT_EQ(0, exit_status(IN_CHILD({ arm(fd, 0, 1, 0); })));
	sleep_ms(2);
	EXPECT_EQ(8, read(fd, &n, 8));
}

/* --- the clock is set */

TEST(cancel_on_set_wakes_a_reader)
{
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	int64_t t = clock_ns(CLOCK_REALTIME), start = now_ns();
	uint64_t n;

	arm(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, t + 100000 * MS, 0);
	IN_CHILD({ sleep_ms(30); set_clock(clock_ns(CLOCK_REALTIME) + 1000 * MS); });
	EXPECT_ERRNO(ECANCELED, read(fd, &n, 8));
	EXPECT_TRUE(now_ns() - start < 3000 * MS);
	set_clock(clock_ns(CLOCK_REALTIME) - 1000 * MS);
	EXPECT_ERRNO(ECANCELED, read(fd, &n, 8));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(EAGAIN, read(fd, &n, 8));
}

TEST(cancel_on_set_is_readable)
{
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	struct pollfd p = { fd, POLLIN, 0 };

	arm(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, clock_ns(CLOCK_REALTIME) + 100000 * MS,
	    0);
	IN_CHILD({ sleep_ms(30); set_clock(clock_ns(CLOCK_REALTIME) + 1000 * MS); });
	EXPECT_EQ(1, poll(&p, 1, 5000));
	EXPECT_EQ(POLLIN, p.revents);
	sleep_ms(5);
	EXPECT_ERRNO(ECANCELED, arm(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
				    clock_ns(CLOCK_REALTIME) + 20 * MS, 0));
	EXPECT_EQ(1, poll(&p, 1, 5000));		/* refused, but armed */
	set_clock(clock_ns(CLOCK_REALTIME) - 1000 * MS);
}

TEST(who_did_not_ask_is_not_cancelled)
{
	int r = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK),
	    m = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	uint64_t n;

	arm(r, TFD_TIMER_CANCEL_ON_SET, 100000 * MS, 0);	/* relative */
	arm(m, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, now_ns() + 100000 * MS, 0);
	set_clock(clock_ns(CLOCK_REALTIME) + 1000 * MS);
	EXPECT_ERRNO(EAGAIN, read(r, &n, 8));
	EXPECT_ERRNO(EAGAIN, read(m, &n, 8));
	arm(r, TFD_TIMER_ABSTIME, clock_ns(CLOCK_REALTIME) + 100000 * MS, 0);
	set_clock(clock_ns(CLOCK_REALTIME) - 1000 * MS);
	EXPECT_ERRNO(EAGAIN, read(r, &n, 8));
}

TEST(an_absolute_time_that_the_set_clock_passed_fires)
{
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	int64_t start = now_ns();
	uint64_t n;

	arm(fd, TFD_TIMER_ABSTIME, clock_ns(CLOCK_REALTIME) + 100000 * MS, 0);
	IN_CHILD({ sleep_ms(30); set_clock(clock_ns(CLOCK_REALTIME) + 200000 * MS); });
	EXPECT_EQ(8, read(fd, &n, 8));
	EXPECT_EQ(1, n);
	EXPECT_TRUE(now_ns() - start < 3000 * MS);
	set_clock(clock_ns(CLOCK_REALTIME) - 200000 * MS);
}

TEST(a_relative_time_does_not_move_with_the_clock)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	struct itimerspec s;
	uint64_t n;

	arm(fd, 0, 100000 * MS, 0);
	set_clock(clock_ns(CLOCK_REALTIME) + 200000 * MS);
	EXPECT_ERRNO(EAGAIN, read(fd, &n, 8));
	timerfd_gettime(fd, &s);
	EXPECT_EQ(99, s.it_value.tv_sec);
	set_clock(clock_ns(CLOCK_REALTIME) - 200000 * MS);
	arm(fd, TFD_TIMER_ABSTIME, clock_ns(CLOCK_REALTIME) + 100000 * MS, 0);
	set_clock(clock_ns(CLOCK_REALTIME) + 50000 * MS);
	timerfd_gettime(fd, &s);
	EXPECT_EQ(49, s.it_value.tv_sec);
	set_clock(clock_ns(CLOCK_REALTIME) - 50000 * MS);
}

TEST(fdinfo_shows_the_setting)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), info;
	char name[64], buf[1000] = "";

	arm(fd, 0, 100000 * MS, 3000 * MS);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	info = open(name, O_RDONLY);
	read(info, buf, sizeof(buf) - 1);
	EXPECT_TRUE(strstr(buf, "clockid: 1\nticks: 0\nsettime flags: 00\nit_value: (99, "));
	EXPECT_TRUE(strstr(buf, "it_interval: (3, 0)\n"));
}

MAIN
