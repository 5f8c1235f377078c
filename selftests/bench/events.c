/* SPDX-License-Identifier: MIT */
/* events.c - pipes, signals, timers, poll and its kin. */
#include "bench.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timerfd.h>

static char buf[65536];

BENCH(pipe_rw_1, 4000)
{
	int p[2];

	MUST(pipe(p));
	MEASURE(b, MUST_BE(1, write(p[1], buf, 1)); MUST_BE(1, read(p[0], buf, 1)));
}

BENCH(pipe_pingpong, 1000)
{
	int there[2], back[2];

	MUST(pipe(there));
	MUST(pipe(back));
	PARTNER(echo_bytes(there[0], back[1]));
	MEASURE(b, MUST_BE(1, write(there[1], buf, 1)); MUST_BE(1, read(back[0], buf, 1)));
}

BENCH(pipe_bw_64k, 200)
{
	int p[2];

	MUST(pipe(p));
	PARTNER(while (read(p[0], buf, sizeof(buf)) > 0));
	MEASURE(b, MUST_BE(65536, write(p[1], buf, 65536)));
}

/* --- signals */
static void catch_it(int sig)
{
	(void)sig;
}

BENCH(sigaction, 10000)
{
	struct sigaction sa = { .sa_handler = catch_it };

	MEASURE(b, MUST(sigaction(SIGUSR1, &sa, NULL)));
}

BENCH(sigprocmask, 10000)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	MEASURE(b, MUST(sigprocmask(SIG_BLOCK, &set, NULL)));
}

BENCH(signal_self, 2000)
{
	pid_t pid = getpid();

	signal(SIGUSR1, catch_it);
	MEASURE(b, MUST(kill(pid, SIGUSR1)));
}

BENCH(signal_pingpong, 500)
{
	sigset_t block, none;
	pid_t me = getpid(), partner;

	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signal(SIGUSR1, catch_it);
	partner = PARTNER(for (;;) { sigsuspend(&none); kill(me, SIGUSR1); });
	MEASURE(b, MUST(kill(partner, SIGUSR1)); sigsuspend(&none));
}

/* --- timers */
BENCH(setitimer_pair, 5000)
{
	struct itimerval on = { .it_value = { 1000, 0 } }, off = { 0 };

	MEASURE(b, MUST(setitimer(ITIMER_REAL, &on, NULL));
		MUST(setitimer(ITIMER_REAL, &off, NULL)));
}

BENCH(nanosleep_0, 1000)
{
	struct timespec t = { 0, 0 };

	prctl(PR_SET_TIMERSLACK, 1);
	MEASURE(b, MUST(nanosleep(&t, NULL)));
}

BENCH(nanosleep_1us, 1000)
{
	struct timespec t = { 0, 1000 };

	prctl(PR_SET_TIMERSLACK, 1);
	MEASURE(b, MUST(nanosleep(&t, NULL)));
}

BENCH(timerfd_latency, 500)
{
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	struct itimerspec t = { .it_value = { 0, 20000 } };
	uint64_t v;

	MEASURE(b, MUST(timerfd_settime(fd, 0, &t, NULL)); MUST_BE(8, read(fd, &v, 8)));
	b->ns_per_op -= 20000;
}

/* --- waiting for one of many */
static void allow_files(int n)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_cur < (rlim_t)n ? (rlim_t)n : r.rlim_cur;
	r.rlim_max = r.rlim_max < r.rlim_cur ? r.rlim_cur : r.rlim_max;
	MUST(setrlimit(RLIMIT_NOFILE, &r));
}

BENCH(epoll_ctl_add_del, 2000)
{
	int ep = MUST(epoll_create1(0)), fd = MUST(eventfd(0, 0));
	struct epoll_event ev = { .events = EPOLLIN };

	MEASURE(b, MUST(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
		MUST(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL)));
}

BENCH(epoll_wait_1_of_1000, 5000)
{
	int ep = MUST(epoll_create1(0));
	struct epoll_event ev = { .events = EPOLLIN }, out[8];

	allow_files(1100);
	for (int i = 0; i < 1000; i++)
		MUST(epoll_ctl(ep, EPOLL_CTL_ADD, MUST(eventfd(i == 500, 0)), &ev));
	MEASURE(b, MUST_BE(1, epoll_wait(ep, out, 8, -1)));
}

/* n eventfds, ready or not, in a new epoll; of the descriptors the last. */
static int watch_eventfds(int ep, int n, unsigned int value)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = -1;

	allow_files(n + 100);
	for (int i = 0; i < n; i++)
		MUST(epoll_ctl(ep, EPOLL_CTL_ADD, fd = MUST(eventfd(value, 0)), &ev));
	return fd;
}

BENCH(epoll_wait_64_of_200, 400)
{
	int ep = MUST(epoll_create1(0));
	struct epoll_event out[64];

	watch_eventfds(ep, 200, 1);
	MEASURE(b, MUST_BE(64, epoll_wait(ep, out, 64, -1)));
}

BENCH(epoll_ctl_mod, 3000)
{
	int ep = MUST(epoll_create1(0)), fd = watch_eventfds(ep, 64, 0);
	struct epoll_event ev = { .events = EPOLLIN };

	MEASURE(b, ev.events ^= EPOLLOUT | EPOLLET; MUST(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev)));
}

/* A byte into a pipe that an edge-triggered epoll watches, and the event and the byte out again. */
BENCH(epoll_edge_pipe, 2000)
{
	int ep = MUST(epoll_create1(0)), p[2];
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET }, out[8];
	char c = 0;

	MUST(pipe(p));
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
	MEASURE(b, MUST_BE(1, write(p[1], &c, 1)); MUST_BE(1, epoll_wait(ep, out, 8, -1));
		MUST_BE(1, read(p[0], &c, 1)));
}

BENCH(poll_100_idle, 200)
{
	static struct pollfd p[100];

	for (int i = 0; i < 100; i++)
		p[i] = (struct pollfd){ MUST(eventfd(0, 0)), POLLIN, 0 };
	MEASURE(b, MUST_BE(0, poll(p, 100, 0)));
}

BENCH(poll_1, 5000)
{
	struct pollfd p = { MUST(eventfd(1, 0)), POLLIN, 0 };

	MEASURE(b, MUST_BE(1, poll(&p, 1, -1)));
}

BENCH(poll_1000, 60)
{
	static struct pollfd p[1000];

	allow_files(1100);
	for (int i = 0; i < 1000; i++)
		p[i] = (struct pollfd){ MUST(eventfd(i == 500, 0)), POLLIN, 0 };
	MEASURE(b, MUST_BE(1, poll(p, 1000, -1)));
}

BENCH(select_500, 100)
{
	fd_set set, work;
	int fd = 0;

	FD_ZERO(&set);
	for (int i = 0; i < 500; i++) {
		fd = MUST(eventfd(i == 250, 0));
		FD_SET(fd, &set);
	}
	MEASURE(b, work = set; MUST_BE(1, select(fd + 1, &work, NULL, NULL, NULL)));
}
