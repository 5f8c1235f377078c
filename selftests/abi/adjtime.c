/* SPDX-License-Identifier: MIT */
/* adjtimex(2), clock_adjtime(2): figures that are set are told, a faster clock is faster,
 * errors. */
#include "../harness.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>

static int ask(struct timex *t, unsigned int modes)
{
	t->modes = modes;
	return syscall(SYS_adjtimex, t);
}

/* Undone at the end: the other tests want a clock that keeps time. */
static void calm(void)
{
	struct timex t = { .tick = 10000 };

	ask(&t, ADJ_TICK | ADJ_FREQUENCY | ADJ_STATUS);
	memset(&t, 0, sizeof(t));
	ask(&t, ADJ_OFFSET_SINGLESHOT);
	t.status = STA_UNSYNC;
	ask(&t, ADJ_STATUS | ADJ_MICRO);
}

static long long ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static long long kernel_ns(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

TEST(looking_changes_nothing)
{
	struct timex t, again;

	memset(&t, 0xff, sizeof(t));
	ASSERT_EQ(TIME_ERROR, ask(&t, 0));
	EXPECT_EQ(10000, t.tick);
	EXPECT_EQ(500 << 16, t.tolerance);
	EXPECT_EQ(1, t.precision);
	EXPECT_EQ(STA_UNSYNC, t.status);
	EXPECT_EQ(16000000, t.maxerror);
	EXPECT_EQ(0, t.offset);
	EXPECT_EQ(0, t.shift);
	EXPECT_TRUE(t.time.tv_usec < 1000000);
	EXPECT_TRUE(llabs(t.time.tv_sec - ns(CLOCK_REALTIME) / 1000000000) <= 1);
	ASSERT_EQ(TIME_ERROR, ask(&again, 0));
	EXPECT_EQ(t.freq, again.freq);
	EXPECT_EQ(t.constant, again.constant);
}

TEST(figures_are_kept_within_bounds)
{
	struct timex t = { .freq = 100 << 16 };

	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_FREQUENCY));
	EXPECT_EQ(100 << 16, t.freq);
	t.freq = -(12345);
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_FREQUENCY));
	EXPECT_EQ(-12345, t.freq);
	t.freq = 700 << 16;
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_FREQUENCY));
	EXPECT_EQ(500 << 16, t.freq);
	t.freq = -(700 << 16);
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_FREQUENCY));
	EXPECT_EQ(-(500 << 16), t.freq);
	t.freq = 0x7fffffffffffffff;
	EXPECT_ERRNO(EINVAL, ask(&t, ADJ_FREQUENCY));
	t.maxerror = 99999999;
	t.esterror = 1234;
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_MAXERROR | ADJ_ESTERROR));
	EXPECT_EQ(16000000, t.maxerror);
	EXPECT_EQ(1234, t.esterror);
	t.constant = 3;
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_TIMECONST));
	EXPECT_EQ(7, t.constant);
	t.constant = 11;
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_TIMECONST));
	EXPECT_EQ(10, t.constant);
	t.constant = 37;
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_TAI));
	EXPECT_EQ(37, t.tai);
	t.constant = 0;
	ask(&t, ADJ_TAI);
	t.tick = 8999;
	EXPECT_ERRNO(EINVAL, ask(&t, ADJ_TICK));
	t.tick = 11001;
	EXPECT_ERRNO(EINVAL, ask(&t, ADJ_TICK));
	calm();
}

TEST(who_says_it_is_good_is_believed)
{
	struct timex t = { .maxerror = 1000 };

	ask(&t, ADJ_MAXERROR);		/* first: the next second looks at it */
	t.status = STA_PLL;
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_STATUS));
	EXPECT_EQ(STA_PLL, t.status);
	t.maxerror = 1000;
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_MAXERROR));
	usleep(1300000);
	EXPECT_EQ(TIME_OK, ask(&t, 0));
	EXPECT_TRUE(t.maxerror > 1000 && t.maxerror < 4000);
	t.status = STA_PLL | STA_NANO | STA_CLOCKERR;		/* two of them are the kernel's */
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_STATUS));
	EXPECT_EQ(STA_PLL, t.status);
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_NANO));
	EXPECT_EQ(STA_PLL | STA_NANO, t.status);
	EXPECT_TRUE(t.time.tv_usec < 1000000000);
	t.offset = 3000000;
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_OFFSET));
	EXPECT_TRUE(t.offset > 2000000 && t.offset <= 3000000);
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_MICRO));
	EXPECT_TRUE(t.offset > 2000 && t.offset <= 3000);
	t.offset = -800000;					/* half a second is the most */
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_OFFSET));
	EXPECT_TRUE(t.offset >= -500000 && t.offset < -400000);
	t.status = 0;
	EXPECT_EQ(TIME_OK, ask(&t, ADJ_STATUS));
	EXPECT_EQ(0, t.status);
	t.offset = 0;
	t.status = STA_PLL;
	ask(&t, ADJ_STATUS);
	ask(&t, ADJ_OFFSET);
	calm();
}

TEST(an_offset_is_made_up_for)
{
	struct timex t = { .status = STA_PLL, .constant = 0 };
	long long before, after;

	ASSERT_EQ(TIME_OK, ask(&t, ADJ_STATUS | ADJ_NANO));
	t.constant = 0;
	ASSERT_EQ(TIME_OK, ask(&t, ADJ_TIMECONST));
	EXPECT_EQ(0, t.constant);
	before = kernel_ns(CLOCK_REALTIME) - kernel_ns(CLOCK_MONOTONIC_RAW);
	t.offset = 100000000;
	ASSERT_EQ(TIME_OK, ask(&t, ADJ_OFFSET));
	usleep(3300000);
	ASSERT_EQ(TIME_OK, ask(&t, 0));
	EXPECT_TRUE(t.offset >= 0 && t.offset < 80000000);
	after = kernel_ns(CLOCK_REALTIME) - kernel_ns(CLOCK_MONOTONIC_RAW);
	EXPECT_TRUE(after - before > 20000000 && after - before < 101000000);
	EXPECT_TRUE(llabs(ns(CLOCK_REALTIME) - kernel_ns(CLOCK_REALTIME)) < 50000000);
	t.offset = 0;
	ask(&t, ADJ_OFFSET);
	calm();
}

/* Both clocks at nearly the same time, however busy the machine is. */
static void both(long long *raw, long long *real)
{
	do {
		*raw = ns(CLOCK_MONOTONIC_RAW);
		*real = ns(CLOCK_REALTIME);
	} while (ns(CLOCK_MONOTONIC_RAW) - *raw > 2000000);
}

TEST(a_tick_that_is_longer)
{
	struct timex t = { .tick = 11000 };
	long long raw, real, raw2, real2, seen = 0;

	ASSERT_EQ(TIME_ERROR, ask(&t, ADJ_TICK));
	EXPECT_EQ(11000, t.tick);
	usleep(50000);
	both(&raw, &real);
	while (ns(CLOCK_MONOTONIC_RAW) - raw < 500000000) {
		long long now = ns(CLOCK_REALTIME);

		EXPECT_TRUE(now >= seen);
		seen = now;
	}
	both(&raw2, &real2);
	EXPECT_TRUE((real2 - real) * 100 / (raw2 - raw) >= 107);
	EXPECT_TRUE((real2 - real) * 100 / (raw2 - raw) <= 113);
	real = kernel_ns(CLOCK_REALTIME);
	EXPECT_TRUE(ns(CLOCK_REALTIME) >= real);
	calm();
}

TEST(adjtime_in_the_old_way)
{
	struct timeval by = { 0, 3000 }, left = { 9, 9 };
	struct timex t = { .offset = 2000 };
	long first;

	ASSERT_EQ(0, adjtime(&by, NULL));
	ASSERT_EQ(0, adjtime(NULL, &left));
	EXPECT_EQ(0, left.tv_sec);
	EXPECT_TRUE(left.tv_usec <= 3000 && left.tv_usec >= 2000);
	first = left.tv_usec;
	usleep(1300000);
	ASSERT_EQ(0, adjtime(NULL, &left));
	EXPECT_TRUE(left.tv_usec < first && left.tv_usec >= 1000);
	ASSERT_EQ(TIME_ERROR, ask(&t, ADJ_OFFSET_SINGLESHOT));
	EXPECT_EQ(left.tv_usec / 1000, t.offset / 1000);		/* what was left */
	t.offset = 7;
	ASSERT_EQ(TIME_ERROR, ask(&t, ADJ_OFFSET_SS_READ));
	EXPECT_TRUE(t.offset <= 2000 && t.offset > 1000);
	EXPECT_ERRNO(EINVAL, ask(&t, 0x8000));
	EXPECT_ERRNO(EINVAL, ask(&t, 0x8000 | ADJ_TICK));
	calm();
}

TEST(a_step_by_an_amount)
{
	struct timex t = { .time = { 5, 250000 } };
	long long before = ns(CLOCK_REALTIME) - ns(CLOCK_MONOTONIC), d;

	ASSERT_EQ(TIME_ERROR, ask(&t, ADJ_SETOFFSET));
	d = ns(CLOCK_REALTIME) - ns(CLOCK_MONOTONIC) - before;
	EXPECT_TRUE(llabs(d - 5250000000ll) < 100000000);
	t.time.tv_sec = -6;
	t.time.tv_usec = 750000000;
	ASSERT_EQ(TIME_ERROR, ask(&t, ADJ_SETOFFSET | ADJ_NANO));
	d = ns(CLOCK_REALTIME) - ns(CLOCK_MONOTONIC) - before;
	EXPECT_TRUE(llabs(d) < 100000000);
	t.time.tv_sec = 0;
	t.time.tv_usec = -1;
	EXPECT_ERRNO(EINVAL, ask(&t, ADJ_SETOFFSET));
	t.time.tv_usec = 1000000;
	EXPECT_ERRNO(EINVAL, ask(&t, ADJ_SETOFFSET));
	calm();
}

TEST(who_may_and_which_clock)
{
	struct timex t = { .tick = 10000 };

	EXPECT_EQ(TIME_ERROR, syscall(SYS_clock_adjtime, CLOCK_REALTIME, &t));
	EXPECT_ERRNO(EOPNOTSUPP, syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &t));
	EXPECT_ERRNO(EOPNOTSUPP, syscall(SYS_clock_adjtime, CLOCK_TAI, &t));
	EXPECT_ERRNO(EINVAL, syscall(SYS_clock_adjtime, 12, &t));
	EXPECT_ERRNO(EINVAL, syscall(SYS_clock_adjtime, 99, &t));
	EXPECT_ERRNO(EFAULT, syscall(SYS_adjtimex, (void *)8));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	EXPECT_EQ(TIME_ERROR, ask(&t, 0));
	EXPECT_EQ(TIME_ERROR, ask(&t, ADJ_OFFSET_SS_READ));
	t.tick = 10000;
	EXPECT_ERRNO(EPERM, ask(&t, ADJ_TICK));
	EXPECT_ERRNO(EPERM, ask(&t, ADJ_OFFSET_SINGLESHOT));
}

TEST(setting_the_clock_forgets)
{
	struct timex t = { .status = STA_PLL };
	struct timespec now;

	ASSERT_EQ(TIME_OK, ask(&t, ADJ_STATUS));
	clock_gettime(CLOCK_REALTIME, &now);
	ASSERT_EQ(0, clock_settime(CLOCK_REALTIME, &now));
	EXPECT_EQ(TIME_ERROR, ask(&t, 0));
	EXPECT_EQ(STA_UNSYNC, t.status & STA_UNSYNC);
	EXPECT_EQ(16000000, t.maxerror);
	calm();
}

TEST(timers_follow_and_are_not_cancelled)
{
	struct itimerspec when = {};
	struct timex t = { .tick = 11000 };
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	long long until, late = 1ll << 60;
	unsigned long long n;

	for (int i = 0; i < 4 && late > 150000000; i++) {
		/* a busy host may wake us late once */
		until = ns(CLOCK_REALTIME) + 2200000000ll;
		when.it_value.tv_sec = until / 1000000000;
		when.it_value.tv_nsec = until % 1000000000;
		ASSERT_EQ(0, timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
					     NULL));
		t.tick = 11000;
		ASSERT_EQ(TIME_ERROR, ask(&t, ADJ_TICK));
		ASSERT_EQ(8, read(fd, &n, 8));
		EXPECT_EQ(1, n);
		late = ns(CLOCK_REALTIME) - until;
		calm();
	}
	EXPECT_TRUE(late >= 0 && late <= 150000000);
}

MAIN
