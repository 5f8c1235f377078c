/* SPDX-License-Identifier: MIT */
/* clock_gettime(2), nanosleep(2), getitimer(2), timer_create(2), times(2), vdso(7): what time it is
 * and being told later. */
#include "../harness.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>

static int64_t ns(struct timespec t)
{
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int64_t read_clock(int clock)
{
	struct timespec t = { 0 };

	EXPECT_EQ(0, syscall(SYS_clock_gettime, clock, &t));
	return ns(t);
}

static void spin_ms(int ms)
{
	for (int64_t end = now_ns() + ms * 1000000ll; now_ns() < end;)
		;
}

TEST(all_clocks_tell_and_have_a_resolution)
{
	static const int clocks[] = {
		CLOCK_REALTIME,		 CLOCK_MONOTONIC,     CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE,	 CLOCK_BOOTTIME,      CLOCK_TAI,
	};
	struct timespec t;

	for (unsigned i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		EXPECT_TRUE(read_clock(clocks[i]) >= 0);
		EXPECT_EQ(0, clock_getres(clocks[i], &t));
		EXPECT_EQ(0, t.tv_sec);
		EXPECT_TRUE(t.tv_nsec >= 1 && t.tv_nsec <= 10000000);
		EXPECT_EQ(0, clock_getres(clocks[i], NULL));
	}
	EXPECT_ERRNO(EINVAL, clock_gettime(77, &t));
	EXPECT_ERRNO(EINVAL, clock_getres(77, &t));
	EXPECT_ERRNO(EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8));
}

TEST(monotonic_clocks_never_go_back)
{
	int64_t a = 0, b, c = 0, d;

	for (int i = 0; i < 20000; i++) {
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC, &t);
		b = ns(t);
		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		d = ns(t);
		ASSERT_TRUE(b >= a && d >= c);
		a = b;
		c = d;
	}
}

TEST(vdso_and_system_call_agree)
{
	static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME };

	for (int i = 0; i < 3; i++)
		for (int n = 0; n < 1000; n++) {
			struct timespec t;
			int64_t a = read_clock(clocks[i]), c;

			clock_gettime(clocks[i], &t);
			c = read_clock(clocks[i]);
			ASSERT_TRUE(a <= ns(t) && ns(t) <= c);
		}
}

TEST(gettimeofday_and_time_are_realtime)
{
	struct timeval tv;
	int64_t a = read_clock(CLOCK_REALTIME);

	EXPECT_EQ(0, gettimeofday(&tv, NULL));
	EXPECT_TRUE(tv.tv_sec * 1000000ll + tv.tv_usec >= a / 1000);
	EXPECT_TRUE(tv.tv_sec * 1000000000ll - a < 5000000000);
	EXPECT_TRUE(labs(time(NULL) - tv.tv_sec) <= 2);
}

TEST(coarse_clocks_are_late_but_not_much)
{
	int64_t d = read_clock(CLOCK_MONOTONIC) - read_clock(CLOCK_MONOTONIC_COARSE);

	EXPECT_TRUE(d > -50000000 && d < 500000000);
}

TEST(cpu_clocks_count_work_not_sleep)
{
	int64_t before = read_clock(CLOCK_PROCESS_CPUTIME_ID),
		thread = read_clock(CLOCK_THREAD_CPUTIME_ID), mono;
	clockid_t id;

	mono = now_ns();
	sleep_ms(30);
	EXPECT_TRUE(read_clock(CLOCK_PROCESS_CPUTIME_ID) - before < now_ns() - mono);
	spin_ms(20);
	EXPECT_TRUE(read_clock(CLOCK_PROCESS_CPUTIME_ID) > before);
	EXPECT_TRUE(read_clock(CLOCK_THREAD_CPUTIME_ID) > thread);
	EXPECT_EQ(0, clock_getcpuclockid(getpid(), &id));
	EXPECT_TRUE(read_clock(id) > before);
}

TEST(nanosleep_sleeps_at_least_as_long)
{
	EXPECT_BLOCKS_AT_LEAST_MS(15, nanosleep(&(struct timespec){ 0, 15000000 }, NULL));
	EXPECT_EQ(0, nanosleep(&(struct timespec){ 0, 0 }, NULL));
	EXPECT_ERRNO(EINVAL, nanosleep(&(struct timespec){ 0, 1000000000 }, NULL));
	EXPECT_ERRNO(EINVAL, nanosleep(&(struct timespec){ -1, 0 }, NULL));
}

TEST(an_interrupted_nanosleep_says_what_is_left)
{
	struct timespec left = { 0 };
	long begin = now_ns(), whole = 100000000000, took;

	on_signal(SIGALRM, 0);
	alarm_ms(20); /* the sleep begins later: it may be shorter */
	EXPECT_ERRNO(EINTR, nanosleep(&(struct timespec){ 100, 0 }, &left));
	took = now_ns() - begin;
	EXPECT_TRUE(took >= 20000000);
	EXPECT_TRUE(ns(left) < whole && ns(left) >= whole - took);
}

TEST(clock_nanosleep_until)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += 15000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	EXPECT_EQ(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
	EXPECT_TRUE(now_ns() >= ns(t));
	EXPECT_EQ(0,
		  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &(struct timespec){ 1, 0 }, NULL));
	EXPECT_EQ(EINVAL, clock_nanosleep(77, 0, &t, NULL));
	EXPECT_EQ(EINVAL, clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL));
}

TEST(setitimer_real_repeats_until_it_is_stopped)
{
	struct itimerval t = { { 0, 5000 }, { 0, 5000 } }, old;

	on_signal(SIGALRM, 0);
	EXPECT_EQ(0, setitimer(ITIMER_REAL, &t, NULL));
	while (signals_seen < 3)
		pause();
	EXPECT_EQ(0, getitimer(ITIMER_REAL, &old));
	EXPECT_EQ(5000, old.it_interval.tv_usec);
	EXPECT_EQ(0, setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, &old));
	EXPECT_EQ(5000, old.it_interval.tv_usec);
	EXPECT_EQ(0, getitimer(ITIMER_REAL, &old));
	EXPECT_EQ(0, old.it_value.tv_usec + old.it_value.tv_sec);
	t.it_value.tv_usec = 1000000;
	EXPECT_ERRNO(EINVAL, setitimer(ITIMER_REAL, &t, NULL));
	EXPECT_ERRNO(EINVAL, setitimer(9, &old, NULL));
}

TEST(setitimer_virtual_and_prof_count_cpu_time)
{
	struct itimerval t = { { 0 }, { 0, 10000 } };

	on_signal(SIGVTALRM, 0);
	on_signal(SIGPROF, 0);
	setitimer(ITIMER_VIRTUAL, &t, NULL);
	for (int64_t end = now_ns() + 8000000000; signals_seen < 1 && now_ns() < end;)
		;
	EXPECT_EQ(SIGVTALRM, last_signal);
	setitimer(ITIMER_PROF, &t, NULL);
	for (int64_t end = now_ns() + 8000000000; signals_seen < 2 && now_ns() < end;)
		;
	EXPECT_EQ(SIGPROF, last_signal);
}

TEST(alarm_returns_the_seconds_left)
{
	EXPECT_EQ(0, alarm(100));
	EXPECT_EQ(100, alarm(0));
	EXPECT_EQ(0, alarm(0));
}

TEST(a_posix_timer_sends_its_signal_and_value)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGRTMIN,
			       .sigev_value.sival_int = 42 };
	struct itimerspec t = { { 0 }, { 0, 10000000 } }, now;
	sigset_t set;
	siginfo_t si;
	timer_t id;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, &ev, &id));
	EXPECT_EQ(0, timer_settime(id, 0, &t, NULL));
	EXPECT_EQ(SIGRTMIN, sigwaitinfo(&set, &si));
	EXPECT_EQ(SI_TIMER, si.si_code);
	EXPECT_EQ(42, si.si_value.sival_int);
	EXPECT_EQ(0, timer_gettime(id, &now));
	EXPECT_EQ(0, ns(now.it_value));
	EXPECT_EQ(0, timer_delete(id));
	EXPECT_ERRNO(EINVAL, timer_delete(id));
	EXPECT_ERRNO(EINVAL, timer_settime(id, 0, &t, NULL));
	EXPECT_ERRNO(EINVAL, timer_create(77, &ev, &id));
	ev.sigev_signo = 65;
	EXPECT_ERRNO(EINVAL, timer_create(CLOCK_MONOTONIC, &ev, &id));
}

TEST(a_timer_counts_its_overruns)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec t = { { 0, 1000000 }, { 0, 1000000 } };
	sigset_t set;
	siginfo_t si;
	timer_t id;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	timer_create(CLOCK_MONOTONIC, &ev, &id);
	timer_settime(id, 0, &t, NULL);
	sleep_ms(20);
	EXPECT_EQ(SIGRTMIN, sigwaitinfo(&set, &si));
	EXPECT_TRUE(si.si_overrun >= 10);
	EXPECT_EQ(si.si_overrun, timer_getoverrun(id));
	timer_delete(id);
}

static timer_t every_ms(int sig, int value)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = sig,
			       .sigev_value.sival_int = value };
	struct itimerspec t = { { 0, 1000000 }, { 0, 1000000 } };
	timer_t id = NULL;

	EXPECT_EQ(0, timer_create(CLOCK_MONOTONIC, &ev, &id));
	EXPECT_EQ(0, timer_settime(id, 0, &t, NULL));
	return id;
}

/* Within a second: a signal of set by a timer with this value. */
static int timer_speaks(const sigset_t *set, int value)
{
	siginfo_t si;

	for (int i = 0; i < 500; i++)
		if (sigtimedwait(set, &si, &(struct timespec){ .tv_nsec = 2000000 }) > 0 &&
		    si.si_code == SI_TIMER && si.si_value.sival_int == value)
			return 1;
	return 0;
}

TEST(timers_of_one_signal_do_not_silence_each_other)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	every_ms(SIGUSR1, 1);
	every_ms(SIGUSR1, 2);
	kill(getpid(), SIGUSR1);
	for (int i = 0; i < 5; i++) {
		sleep_ms(5);
		EXPECT_EQ(1, timer_speaks(&set, 1));
		EXPECT_EQ(1, timer_speaks(&set, 2));
	}
}

TEST(a_timer_goes_on_after_its_signal_was_ignored)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	signal(SIGRTMIN, SIG_IGN);
	every_ms(SIGRTMIN, 7);
	sleep_ms(20);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGRTMIN, SIG_DFL);
	EXPECT_EQ(1, timer_speaks(&set, 7));
}

TEST(timers_count_as_queued_signals_and_theirs_are_never_refused)
{
	pid_t pid = IN_CHILD({
		struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
		timer_t id[10];
		sigset_t set;
		int n = 0, error;

		sigemptyset(&set);
		sigaddset(&set, SIGRTMIN);
		sigprocmask(SIG_BLOCK, &set, NULL);
		setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){ 4, 4 });
		setuid(4323);
		while (n < 10 && timer_create(CLOCK_MONOTONIC, &ev, &id[n]) == 0)
			n++;
		error = errno;
		EXPECT_EQ(EAGAIN, error);
		EXPECT_EQ(4, n);
		EXPECT_ERRNO(EAGAIN, sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }));
		EXPECT_EQ(0, timer_delete(id[0]));
		EXPECT_EQ(0, sigqueue(getpid(), SIGRTMIN, (union sigval){ 99 }));
		EXPECT_ERRNO(EAGAIN, timer_create(CLOCK_MONOTONIC, &ev, &id[0]));
		sigwaitinfo(&set, NULL);
		EXPECT_EQ(0, timer_create(CLOCK_MONOTONIC, &ev, &id[0]));
		EXPECT_EQ(0, timer_delete(id[1]));
		every_ms(SIGRTMIN, 5);
		EXPECT_EQ(1, timer_speaks(&set, 5));
		EXPECT_EQ(1, timer_speaks(&set, 5));
	});

	EXPECT_EQ(0, exit_status(pid));
}

TEST(an_absolute_timer_in_the_past_fires_at_once)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec t = { { 0 }, { 0, 1 } };
	timer_t id;

	on_signal(SIGUSR1, 0);
	timer_create(CLOCK_MONOTONIC, &ev, &id);
	EXPECT_EQ(0, timer_settime(id, TIMER_ABSTIME, &t, NULL));
	for (int i = 0; i < 1000 && !signals_seen; i++)
		sleep_ms(1);
	EXPECT_EQ(1, signals_seen);
}

TEST(times_counts_ticks)
{
	struct tms a, b;
	clock_t before = times(&a);

	spin_ms(40);
	EXPECT_TRUE(times(&b) - before >= 1);
	EXPECT_TRUE(b.tms_utime + b.tms_stime >= a.tms_utime + a.tms_stime);
	EXPECT_EQ(0, b.tms_cutime);
	EXPECT_EQ(100, sysconf(_SC_CLK_TCK));
}

TEST(clock_settime_needs_privilege_and_sense)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	EXPECT_ERRNO(EINVAL, clock_settime(CLOCK_MONOTONIC, &t));
	EXPECT_ERRNO(EINVAL, clock_settime(CLOCK_REALTIME, &(struct timespec){ 0, -1 }));
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  setuid(1234);
			  EXPECT_ERRNO(EPERM, clock_settime(CLOCK_REALTIME, &t));
		  })));
	t.tv_sec += 1000;
	EXPECT_EQ(0, clock_settime(CLOCK_REALTIME, &t));
	EXPECT_TRUE(time(NULL) >= t.tv_sec);
	t.tv_sec -= 1000;
	EXPECT_EQ(0, clock_settime(CLOCK_REALTIME, &t));
}

/* A period far below what an interrupt costs: the machine goes on, the program too. */
TEST(a_timer_of_100_ns_leaves_time_to_run)
{
	static const struct itimerspec often = { { 0, 100 }, { 0, 100 } };
	struct sigevent none = { .sigev_notify = SIGEV_NONE },
			usr1 = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	sigset_t blocked;
	int id;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGALRM);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &blocked, NULL));
	ASSERT_EQ(0, syscall(SYS_timer_create, CLOCK_REALTIME, &none, &id));
	ASSERT_EQ(0, syscall(SYS_timer_settime, id, 0, &often, NULL));
	ASSERT_EQ(0, syscall(SYS_timer_create, CLOCK_MONOTONIC, &usr1, &id));
	ASSERT_EQ(0, syscall(SYS_timer_settime, id, 0, &often, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 1 }, { 0, 1 } }, NULL));
	usleep(20000);
	EXPECT_EQ(SIGUSR1, sigwaitinfo(&(sigset_t){ { 1ul << (SIGUSR1 - 1) } }, NULL));
}

TEST(a_real_timer_waits_for_its_signal_to_be_taken)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, is;
	sigset_t alarm_only;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &alarm_only, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	usleep(20000);
	EXPECT_EQ(0, getitimer(ITIMER_REAL, &is));
	EXPECT_EQ(0, is.it_value.tv_sec * 1000000 + is.it_value.tv_usec);
	EXPECT_EQ(2000, is.it_interval.tv_usec);
	EXPECT_EQ(SIGALRM, sigwaitinfo(&alarm_only, NULL));
	EXPECT_EQ(SIGALRM, sigwaitinfo(&alarm_only, NULL));	/* it went on */
	EXPECT_EQ(0, setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL));
}

TEST(what_is_left_of_a_timer_whose_signal_waits)
{
	struct sigevent none = { .sigev_notify = SIGEV_NONE },
			usr1 = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec set = { { 0, 7000000 }, { 0, 1000000 } },
			  once = { { 0 }, { 0, 1000000 } }, is;
	sigset_t blocked;
	siginfo_t info;
	int a, b;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &blocked, NULL));
	ASSERT_EQ(0, syscall(SYS_timer_create, CLOCK_MONOTONIC, &none, &a));
	ASSERT_EQ(0, syscall(SYS_timer_create, CLOCK_MONOTONIC, &usr1, &b));
	ASSERT_EQ(0, syscall(SYS_timer_settime, a, 0, &once, NULL));
	ASSERT_EQ(0, syscall(SYS_timer_settime, b, 0, &set, NULL));
	usleep(40000);
	EXPECT_EQ(0, syscall(SYS_timer_gettime, a, &is));
	EXPECT_EQ(0, is.it_value.tv_nsec);
	EXPECT_EQ(0, syscall(SYS_timer_settime, a, 0, &set, NULL));
	usleep(30000);
	EXPECT_EQ(0, syscall(SYS_timer_gettime, a, &is));
	EXPECT_TRUE(is.it_value.tv_nsec > 0 && is.it_value.tv_nsec <= 7000000);
	EXPECT_EQ(0, syscall(SYS_timer_gettime, b, &is));
	EXPECT_TRUE(is.it_value.tv_nsec > 0 && is.it_value.tv_nsec <= 7000000);
	EXPECT_EQ(SIGUSR1, sigwaitinfo(&blocked, &info));
	EXPECT_TRUE(info.si_overrun >= 8);
	EXPECT_EQ(info.si_overrun, syscall(SYS_timer_getoverrun, b));
	EXPECT_EQ(SIGUSR1, sigwaitinfo(&blocked, &info));
	EXPECT_TRUE(info.si_overrun < 8);	/* counted anew */
}

MAIN
