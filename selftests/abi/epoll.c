/* SPDX-License-Identifier: MIT */
/* epoll(7): level and edge, one shot, exclusive, nesting, what close and dup do, how many are
 * woken. */
#include "../harness.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int add(int ep, int fd, uint32_t events)
{
	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){ events, { .fd = fd } });
}

static int mod(int ep, int fd, uint32_t events)
{
	return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &(struct epoll_event){ events, { .fd = fd } });
}

static int del(int ep, int fd)
{
	return epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
}

static int now(int ep)
{
	struct epoll_event e[16];

	return epoll_wait(ep, e, 16, 0);
}

/* The events of the only ready descriptor. */
static uint32_t events_now(int ep)
{
	struct epoll_event e[2] = { 0 };

	return epoll_wait(ep, e, 2, 0) == 1 ? e[0].events : 0;
}

TEST(create_flags_and_sizes)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);

	EXPECT_EQ(FD_CLOEXEC, fcntl(ep, F_GETFD));
	EXPECT_EQ(0, fcntl(epoll_create1(0), F_GETFD));
	EXPECT_ERRNO(EINVAL, epoll_create1(1));
	EXPECT_ERRNO(EINVAL, epoll_create1(O_NONBLOCK));
	EXPECT_EQ(O_RDWR, fcntl(ep, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
}

TEST(ctl_errors)
{
	int ep = epoll_create1(0), ev = eventfd(0, 0), file = open("/selftests/epoll", O_RDONLY),
	    other = eventfd(0, 0);
	struct epoll_event e = { EPOLLIN, { 0 } };

	EXPECT_ERRNO(EBADF, epoll_ctl(-1, EPOLL_CTL_ADD, ev, &e));
	EXPECT_ERRNO(EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, 999, &e));
	EXPECT_ERRNO(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, file, &e));
	EXPECT_ERRNO(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, open("/", O_RDONLY | O_DIRECTORY), &e));
	EXPECT_ERRNO(EPERM, epoll_ctl(other, EPOLL_CTL_ADD, file, &e));
	EXPECT_ERRNO(EINVAL, epoll_ctl(other, EPOLL_CTL_ADD, ev, &e));
	EXPECT_ERRNO(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e));
	EXPECT_ERRNO(EINVAL, epoll_ctl(ep, 4, ev, &e));
	EXPECT_ERRNO(EINVAL, epoll_ctl(ep, 0, ev, &e));
	EXPECT_ERRNO(ENOENT, mod(ep, ev, EPOLLIN));
	EXPECT_ERRNO(ENOENT, del(ep, ev));
	EXPECT_EQ(0, add(ep, ev, EPOLLIN));
	EXPECT_ERRNO(EEXIST, add(ep, ev, EPOLLIN));
	EXPECT_ERRNO(EFAULT, epoll_ctl(ep, EPOLL_CTL_MOD, ev, (void *)8));
	EXPECT_ERRNO(EFAULT, epoll_ctl(-1, EPOLL_CTL_ADD, ev, NULL));
	EXPECT_EQ(0, epoll_ctl(ep, EPOLL_CTL_DEL, ev, (void *)8));
	EXPECT_ERRNO(EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, open("/selftests/epoll", O_PATH), &e));
}

TEST(wait_errors)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);
	struct epoll_event e;
	sigset_t set;

	sigemptyset(&set);
	EXPECT_ERRNO(EINVAL, epoll_wait(ep, &e, 0, 0));
	EXPECT_ERRNO(EINVAL, epoll_wait(ep, &e, -1, 0));
	EXPECT_ERRNO(EINVAL, epoll_wait(ep, &e, INT32_MAX, 0));
	EXPECT_ERRNO(EINVAL, epoll_wait(ep, &e, INT32_MAX / 16 + 1, 0));
	EXPECT_EQ(0, epoll_wait(ep, &e, INT32_MAX / 16 / 1024, 0));
	EXPECT_ERRNO(EBADF, epoll_wait(-1, &e, 1, 0));
	EXPECT_ERRNO(EINVAL, epoll_wait(ev, &e, 1, 0));
	EXPECT_ERRNO(EFAULT, epoll_wait(ep, (void *)~0xfful, 1000, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_epoll_pwait, ep, &e, 1, 0, &set, 4));
	EXPECT_ERRNO(EFAULT, syscall(SYS_epoll_pwait, ep, &e, 1, 0, (void *)8, 8));
	EXPECT_EQ(0, add(ep, ev, EPOLLIN));
	EXPECT_ERRNO(EFAULT, epoll_wait(ep, (void *)8, 1, 0));
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 0));
}

TEST(an_event_that_could_not_be_stored_is_not_lost)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ep = epoll_create1(0), a = eventfd(1, 0), b = eventfd(1, 0);
	struct epoll_event *e = (void *)(page + 4096 - sizeof(*e)), got[2];

	munmap(page + 4096, 4096);
	add(ep, a, EPOLLIN | EPOLLET);
	add(ep, b, EPOLLIN | EPOLLET);
	EXPECT_EQ(1, epoll_wait(ep, e, 2, 0));
	EXPECT_EQ(a, e->data.fd);
	EXPECT_EQ(1, epoll_wait(ep, got, 2, 0));
	EXPECT_EQ(b, got[0].data.fd);
}

TEST(level_repeats_edge_does_not)
{
	int l = epoll_create1(0), t = epoll_create1(0), ev = eventfd(1, 0);
	uint64_t v;

	add(l, ev, EPOLLIN);
	add(t, ev, EPOLLIN | EPOLLET);
	EXPECT_EQ(1, now(l));
	EXPECT_EQ(1, now(l));
	EXPECT_EQ(1, now(t));
	EXPECT_EQ(0, now(t));
	EXPECT_EQ(8, write(ev, &(uint64_t){ 1 }, 8));	/* readable already, but news */
	EXPECT_EQ(1, now(t));
	EXPECT_EQ(0, now(t));
	EXPECT_EQ(8, read(ev, &v, 8));
	EXPECT_EQ(0, now(l));
	EXPECT_EQ(0, now(t));
}

TEST(edge_forgets_what_was_taken_meanwhile)
{
	int ep = epoll_create1(0), ev = eventfd(0, 0);
	uint64_t v;

	add(ep, ev, EPOLLIN | EPOLLET);
	write(ev, &(uint64_t){ 1 }, 8);
	read(ev, &v, 8);
	EXPECT_EQ(0, now(ep));
}

TEST(an_edge_of_a_pipe_tells_of_each_write)
{
	int ep = epoll_create1(0), p[2];
	char buf[100];

	pipe(p);
	add(ep, p[0], EPOLLIN | EPOLLET);
	write(p[1], "aa", 2);
	EXPECT_EQ(1, now(ep));
	read(p[0], buf, 1);
	EXPECT_EQ(0, now(ep));
	write(p[1], "b", 1);
	EXPECT_EQ(1, now(ep));
}

TEST(one_shot_disarms_until_mod)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);

	add(ep, ev, EPOLLIN | EPOLLONESHOT);
	EXPECT_EQ(EPOLLIN, events_now(ep));
	EXPECT_EQ(0, now(ep));
	write(ev, &(uint64_t){ 1 }, 8);
	EXPECT_EQ(0, now(ep));
	EXPECT_ERRNO(EEXIST, add(ep, ev, EPOLLIN));
	EXPECT_EQ(0, mod(ep, ev, EPOLLIN | EPOLLONESHOT));
	EXPECT_EQ(EPOLLIN, events_now(ep));
	EXPECT_EQ(0, now(ep));
}

TEST(one_shot_hides_even_errors)
{
	int ep = epoll_create1(0), p[2];

	pipe(p);
	add(ep, p[1], EPOLLOUT | EPOLLONESHOT);
	EXPECT_EQ(EPOLLOUT, events_now(ep));
	close(p[0]);
	EXPECT_EQ(0, now(ep));
	mod(ep, p[1], 0);
	EXPECT_EQ(EPOLLERR, events_now(ep));
}

TEST(mod_arms_an_edge_anew)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);

	add(ep, ev, EPOLLIN | EPOLLET);
	EXPECT_EQ(1, now(ep));
	EXPECT_EQ(0, now(ep));
	mod(ep, ev, EPOLLIN | EPOLLET);
	EXPECT_EQ(1, now(ep));
	mod(ep, ev, EPOLLOUT | EPOLLET);
	EXPECT_EQ(EPOLLOUT, events_now(ep));
	mod(ep, ev, EPOLLIN | EPOLLOUT | EPOLLET);
	EXPECT_EQ(EPOLLIN | EPOLLOUT, events_now(ep));
	mod(ep, ev, 0);
	EXPECT_EQ(0, now(ep));
}

TEST(mod_changes_the_data)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);
	struct epoll_event e = { EPOLLIN, { .u64 = 0x123456789abcdef0 } };

	epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
	e.data.u64 = 0xfedcba9876543210;
	epoll_ctl(ep, EPOLL_CTL_MOD, ev, &e);
	memset(&e, 0, sizeof(e));
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 0));
	EXPECT_TRUE(e.data.u64 == 0xfedcba9876543210);
}

TEST(mod_wakes_a_waiter_that_it_makes_ready)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);
	struct epoll_event e;

	add(ep, ev, 0);
	IN_CHILD({ sleep_ms(15); mod(ep, ev, EPOLLIN); });
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, -1));
	EXPECT_EQ(EPOLLIN, e.events);
}

TEST(add_wakes_a_waiter)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);
	struct epoll_event e;

	IN_CHILD({ sleep_ms(15); add(ep, ev, EPOLLIN); });
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, -1));
}

TEST(hang_up_and_error_come_unasked)
{
	int ep = epoll_create1(0), p[2], q[2];

	pipe(p);
	pipe(q);
	add(ep, p[0], 0);
	EXPECT_EQ(0, now(ep));
	close(p[1]);
	EXPECT_EQ(EPOLLHUP, events_now(ep));
	del(ep, p[0]);
	add(ep, q[1], EPOLLIN);
	close(q[0]);
	EXPECT_EQ(EPOLLERR, events_now(ep));
}

TEST(a_closed_descriptor_leaves)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);

	add(ep, ev, EPOLLIN);
	EXPECT_EQ(1, now(ep));
	close(ev);
	EXPECT_EQ(0, now(ep));
	EXPECT_EQ(ev, eventfd(1, 0));
	EXPECT_EQ(0, now(ep));
	EXPECT_EQ(0, add(ep, ev, EPOLLIN));
}

TEST(a_dup_keeps_it_watched)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0), copy = dup(ev);
	struct epoll_event e;

	add(ep, ev, EPOLLIN);
	close(ev);
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, 0));
	EXPECT_EQ(ev, e.data.fd);
	EXPECT_ERRNO(EBADF, del(ep, ev));
	EXPECT_ERRNO(ENOENT, del(ep, copy));
	EXPECT_EQ(ev, dup(copy));
	EXPECT_EQ(0, del(ep, ev));
	EXPECT_EQ(0, now(ep));
}

TEST(a_dup_is_another_registration)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0), copy = dup(ev);

	EXPECT_EQ(0, add(ep, ev, EPOLLIN));
	EXPECT_EQ(0, add(ep, copy, EPOLLOUT));
	EXPECT_EQ(2, now(ep));
	EXPECT_EQ(0, del(ep, ev));
	EXPECT_EQ(EPOLLOUT, events_now(ep));
}

TEST(a_forked_copy_keeps_it_watched)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0), p[2];
	pid_t pid;
	char c;

	pipe(p);
	add(ep, ev, EPOLLIN);
	pid = IN_CHILD({ close(p[1]); read(p[0], &c, 1); });
	close(ev);
	EXPECT_EQ(1, now(ep));
	close(p[1]);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(0, now(ep));
}

TEST(parent_and_child_share_an_instance)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);

	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_EQ(0, add(ep, ev, EPOLLIN)); })));
	EXPECT_EQ(1, now(ep));
	EXPECT_ERRNO(EEXIST, add(ep, ev, EPOLLIN));
}

TEST(maxevents_goes_round)
{
	int ep = epoll_create1(0), fd[5], seen[64] = { 0 };
	struct epoll_event e[2];

	for (int i = 0; i < 5; i++)
		add(ep, fd[i] = eventfd(1, 0), EPOLLIN);
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(2, epoll_wait(ep, e, 2, 0));
		seen[e[0].data.fd]++;
		seen[e[1].data.fd]++;
	}
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(2, seen[fd[i]]);
}

TEST(a_thousand_descriptors)
{
	static struct epoll_event e[1000];
	int ep, fd[1000];
	uint64_t v;

	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 2000, 2000 });
	ep = epoll_create1(0);
	for (int i = 0; i < 1000; i++) {
		fd[i] = eventfd(0, 0);
		ASSERT_EQ(0, add(ep, fd[i], EPOLLIN));
	}
	EXPECT_EQ(0, epoll_wait(ep, e, 1000, 0));
	for (int i = 0; i < 1000; i += 2)
		write(fd[i], &(uint64_t){ 1 }, 8);
	EXPECT_EQ(500, epoll_wait(ep, e, 1000, 0));
	for (int i = 0; i < 500; i++)
		EXPECT_EQ(fd[2 * i], e[i].data.fd);
	for (int i = 0; i < 1000; i += 2)
		read(fd[i], &v, 8);
	EXPECT_EQ(0, epoll_wait(ep, e, 1000, 0));
	for (int i = 0; i < 1000; i++)
		close(fd[i]);
	EXPECT_EQ(0, epoll_wait(ep, e, 1000, 0));
}

TEST(a_timeout_passes)
{
	int ep = epoll_create1(0);
	struct epoll_event e;

	EXPECT_BLOCKS_AT_LEAST_MS(20, epoll_wait(ep, &e, 1, 20));
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 1));
}

TEST(pwait2_waits_nanoseconds)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);
	struct epoll_event e;
	int64_t t = now_ns();

	EXPECT_EQ(0,
		  syscall(SYS_epoll_pwait2, ep, &e, 1, &(struct timespec){ 0, 300000 }, NULL, 0));
	EXPECT_TRUE(now_ns() - t >= 300000);
	EXPECT_EQ(0, syscall(SYS_epoll_pwait2, ep, &e, 1, &(struct timespec){ 0, 0 }, NULL, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_epoll_pwait2, ep, &e, 1,
				     &(struct timespec){ 0, 1000000000 }, NULL, 0));
	EXPECT_ERRNO(EINVAL,
		     syscall(SYS_epoll_pwait2, ep, &e, 1, &(struct timespec){ -1, 0 }, NULL, 0));
	EXPECT_ERRNO(EFAULT, syscall(SYS_epoll_pwait2, ep, &e, 1, (void *)8, NULL, 0));
	IN_CHILD({ sleep_ms(15); add(ep, ev, EPOLLIN); });
	EXPECT_EQ(1, syscall(SYS_epoll_pwait2, ep, &e, 1, NULL, NULL, 0));
}

TEST(a_signal_interrupts_always)
{
	int ep = epoll_create1(0);
	struct epoll_event e;

	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(15);
	EXPECT_ERRNO(EINTR, epoll_wait(ep, &e, 1, -1));
}

TEST(pwait_swaps_the_mask)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);
	struct epoll_event e;
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	on_signal(SIGUSR1, 0);
	raise(SIGUSR1);
	EXPECT_ERRNO(EINTR, epoll_pwait(ep, &e, 1, -1, &none));
	EXPECT_EQ(1, signals_seen);
	raise(SIGUSR1);
	add(ep, ev, EPOLLIN);
	/* an event goes before a signal that waits */
	EXPECT_EQ(1, epoll_pwait(ep, &e, 1, -1, &none));
	EXPECT_EQ(1, signals_seen);
	sigprocmask(SIG_BLOCK, NULL, &set);
	EXPECT_EQ(1, sigismember(&set, SIGUSR1));
	sigpending(&set);
	EXPECT_EQ(1, sigismember(&set, SIGUSR1));
}

/* --- nesting */

TEST(an_epoll_watches_an_epoll)
{
	int outer = epoll_create1(0), inner = epoll_create1(0), ev = eventfd(0, 0);
	struct epoll_event e;
	uint64_t v;

	EXPECT_EQ(0, add(inner, ev, EPOLLIN));
	EXPECT_EQ(0, add(outer, inner, EPOLLIN));
	EXPECT_EQ(0, now(outer));
	write(ev, &(uint64_t){ 1 }, 8);
	EXPECT_EQ(1, epoll_wait(outer, &e, 1, 0));
	EXPECT_EQ(inner, e.data.fd);
	EXPECT_EQ(POLLIN, e.events);
	read(ev, &v, 8);
	EXPECT_EQ(0, now(outer));
	IN_CHILD({ sleep_ms(15); write(ev, &(uint64_t){ 1 }, 8); });
	EXPECT_EQ(1, epoll_wait(outer, &e, 1, -1));
	EXPECT_EQ(1, now(inner));
}

TEST(poll_of_an_epoll)
{
	int ep = epoll_create1(0), ev = eventfd(0, 0);
	struct pollfd p = { ep, POLLIN | POLLOUT | POLLRDNORM, 0 };

	add(ep, ev, EPOLLIN);
	EXPECT_EQ(0, poll(&p, 1, 0));
	IN_CHILD({ sleep_ms(15); write(ev, &(uint64_t){ 1 }, 8); });
	EXPECT_EQ(1, poll(&p, 1, -1));
	EXPECT_EQ(POLLIN | POLLRDNORM, p.revents);
}

TEST(a_cycle_is_eloop)
{
	int a = epoll_create1(0), b = epoll_create1(0), c = epoll_create1(0);

	EXPECT_EQ(0, add(a, b, EPOLLIN));
	EXPECT_ERRNO(ELOOP, add(b, a, EPOLLIN));
	EXPECT_EQ(0, add(b, c, EPOLLIN));
	EXPECT_ERRNO(ELOOP, add(c, a, EPOLLIN));
	EXPECT_EQ(0, del(a, b));
	EXPECT_EQ(0, add(c, a, EPOLLIN));
}

TEST(five_deep_and_no_more)
{
	int ep[8], n;

	for (int i = 0; i < 8; i++)
		ep[i] = epoll_create1(0);
	for (n = 0; n < 7 && add(ep[n + 1], ep[n], EPOLLIN) == 0; n++)
		;
	EXPECT_EQ(4, n);
	EXPECT_ERRNO(ELOOP, add(ep[5], ep[4], EPOLLIN));
	for (n = 7; n > 5 && add(ep[n], ep[n - 1], EPOLLIN) == 0; n--)
		;
	EXPECT_EQ(5, n);
	EXPECT_ERRNO(ELOOP, add(ep[5], ep[4], EPOLLIN));
}

TEST(nested_edges)
{
	int outer = epoll_create1(0), inner = epoll_create1(0), ev = eventfd(0, 0);

	add(inner, ev, EPOLLIN);
	add(outer, inner, EPOLLIN | EPOLLET);
	write(ev, &(uint64_t){ 1 }, 8);
	EXPECT_EQ(1, now(outer));
	EXPECT_EQ(0, now(outer));
	EXPECT_EQ(1, now(inner));
}

/* --- exclusive, and how many wake */

TEST(exclusive_flags)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0), in = epoll_create1(0);

	EXPECT_ERRNO(EINVAL, add(ep, in, EPOLLIN | EPOLLEXCLUSIVE));
	EXPECT_ERRNO(EINVAL, add(ep, ev, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
	EXPECT_ERRNO(EINVAL, add(ep, ev, EPOLLIN | EPOLLEXCLUSIVE | EPOLLPRI));
	EXPECT_ERRNO(EINVAL, add(ep, ev, EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP));
	EXPECT_EQ(0, add(ep, ev,
			 EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET |
				 EPOLLEXCLUSIVE));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, events_now(ep));
	EXPECT_ERRNO(EINVAL, mod(ep, ev, EPOLLIN));
	EXPECT_ERRNO(EINVAL, mod(ep, ev, EPOLLIN | EPOLLEXCLUSIVE));
	EXPECT_EQ(0, del(ep, ev));
	EXPECT_EQ(0, add(ep, ev, EPOLLIN));
	EXPECT_ERRNO(EINVAL, mod(ep, ev, EPOLLIN | EPOLLEXCLUSIVE));
}

static int *woken;

static void count_waiters(int n, int each_own, uint32_t flags, int ev)
{
	int ep = epoll_create1(0);

	woken = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!each_own)
		add(ep, ev, flags);
	for (int i = 0; i < n; i++)
		IN_CHILD({
			struct epoll_event e;

			if (each_own) {
				ep = epoll_create1(0);
				add(ep, ev, flags);
			}
			__atomic_fetch_add(&woken[1], 1, __ATOMIC_SEQ_CST);
			if (epoll_wait(ep, &e, 1, 2000) == 1)
				__atomic_fetch_add(&woken[0], 1, __ATOMIC_SEQ_CST);
			sleep_ms(2000);
		});
	while (__atomic_load_n(&woken[1], __ATOMIC_SEQ_CST) < n)
		sleep_ms(1);
	sleep_ms(100);
	write(ev, &(uint64_t){ 1 }, 8);
	sleep_ms(150);
}

TEST(each_epoll_hears_of_it)
{
	count_waiters(5, 1, EPOLLIN, eventfd(0, 0));
	EXPECT_EQ(5, woken[0]);
}

TEST(exclusive_wakes_one_of_many_epolls)
{
	count_waiters(5, 1, EPOLLIN | EPOLLEXCLUSIVE, eventfd(0, 0));
	EXPECT_EQ(1, woken[0]);
}

TEST(an_edge_wakes_one_waiter_of_an_epoll)
{
	count_waiters(5, 0, EPOLLIN | EPOLLET, eventfd(0, 0));
	EXPECT_EQ(1, woken[0]);
}

TEST(a_level_wakes_all_waiters_of_an_epoll)
{
	count_waiters(5, 0, EPOLLIN, eventfd(0, 0));
	EXPECT_EQ(5, woken[0]);
}

TEST(threads_share_the_work_and_each_event_comes_once)
{
	enum { N = 200 };
	static int count[N];
	int ep = epoll_create1(0), fd[N];
	int stop = eventfd(0, 0);

	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1000, 1000 });
	add(ep, stop, EPOLLIN);
	for (int i = 0; i < N; i++) {
		fd[i] = eventfd(0, 0);
		epoll_ctl(ep, EPOLL_CTL_ADD, fd[i],
			  &(struct epoll_event){ EPOLLIN | EPOLLONESHOT, { .fd = 1000 + i } });
	}
	{
#define WORK                                                                                                  \
	for (struct epoll_event e; epoll_wait(ep, &e, 1, -1) == 1 && e.data.fd >= 1000;)                      \
		__atomic_fetch_add(&count[e.data.fd - 1000], 1, __ATOMIC_SEQ_CST)
		IN_THREAD(WORK);
		IN_THREAD(WORK);
		IN_THREAD(WORK);
		for (int i = 0; i < N; i++)
			write(fd[i], &(uint64_t){ 1 }, 8);
		sleep_ms(100);
		write(stop, &(uint64_t){ 1 }, 8);
	}
	for (int i = 0; i < N; i++)
		EXPECT_EQ(1, count[i]);
}

TEST(close_races_with_wait)
{
	int ep = epoll_create1(0);

	{
		IN_THREAD({
			struct epoll_event e[4];

			for (int i = 0; i < 2000; i++)
				epoll_wait(ep, e, 4, 0);
		});
		for (int i = 0; i < 500; i++) {
			int ev = eventfd(1, 0);

			EXPECT_EQ(0, add(ep, ev, EPOLLIN | (i & 1 ? EPOLLET : 0)));
			close(ev);
		}
	}
	EXPECT_EQ(0, now(ep));
}

TEST(closing_the_epoll_forgets_all)
{
	int ep = epoll_create1(0), ev = eventfd(0, 0);

	add(ep, ev, EPOLLIN);
	close(ep);
	EXPECT_EQ(8, write(ev, &(uint64_t){ 1 }, 8));
	ep = epoll_create1(0);
	EXPECT_EQ(0, add(ep, ev, EPOLLIN));
	EXPECT_EQ(1, now(ep));
}

TEST(fdinfo_lists_the_watched)
{
	int ep = epoll_create1(0), ev = eventfd(1, 0);
	char name[64], buf[1000] = "", want[64];
	int fd;

	epoll_ctl(ep, EPOLL_CTL_ADD, ev, &(struct epoll_event){ EPOLLIN, { .u64 = 0xabc } });
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", ep);
	fd = open(name, O_RDONLY);
	read(fd, buf, sizeof(buf) - 1);
	snprintf(want, sizeof(want), "tfd: %8d events: %8x data: %16x ", ev,
		 EPOLLIN | EPOLLERR | EPOLLHUP, 0xabc);
	EXPECT_TRUE(strstr(buf, want));
}

TEST(has_neither_bytes_nor_position)
{
	int ep = epoll_create1(0);
	char c;

	EXPECT_ERRNO(EINVAL, read(ep, &c, 1));
	EXPECT_ERRNO(EINVAL, write(ep, &c, 1));
	EXPECT_EQ(0, lseek(ep, 5, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(ep, 0, 99));
	EXPECT_ERRNO(ESPIPE, pread(ep, &c, 1, 0));
}

MAIN
