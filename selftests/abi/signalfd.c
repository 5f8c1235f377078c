/* SPDX-License-Identifier: MIT */
/* signalfd(2): signals as records; whose signals they are after fork and in threads. */
#include "../harness.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

static sigset_t set_of(int a, int b)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, a);
	if (b)
		sigaddset(&s, b);
	return s;
}

/* A descriptor for two signals, which are blocked. */
static int make(int a, int b, int flags)
{
	sigset_t s = set_of(a, b);

	sigprocmask(SIG_BLOCK, &s, NULL);
	return signalfd(-1, &s, flags);
}

TEST(errors_and_flags)
{
	sigset_t s = set_of(SIGUSR1, 0);
	int fd = signalfd(-1, &s, SFD_CLOEXEC | SFD_NONBLOCK), p[2];

	pipe(p);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR | O_NONBLOCK, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	EXPECT_ERRNO(EINVAL, signalfd(-1, &s, 1));
	EXPECT_ERRNO(EINVAL, signalfd(p[0], &s, 0));
	EXPECT_ERRNO(EBADF, signalfd(999, &s, 0));
	EXPECT_ERRNO(EBADF, signalfd(-2, &s, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_signalfd4, -1, &s, 4, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_signalfd4, -1, &s, 16, 0));
	EXPECT_ERRNO(EFAULT, syscall(SYS_signalfd4, -1, (void *)8, 8, 0));
	EXPECT_EQ(fd, signalfd(fd, &s, SFD_CLOEXEC));
}

TEST(a_record_tells_who_sent_it)
{
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
	struct signalfd_siginfo i;

	EXPECT_ERRNO(EAGAIN, read(fd, &i, sizeof(i)));
	kill(getpid(), SIGUSR1);
	memset(&i, 0xff, sizeof(i));
	EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
	EXPECT_EQ(SIGUSR1, i.ssi_signo);
	EXPECT_EQ(SI_USER, i.ssi_code);
	EXPECT_EQ(getpid(), i.ssi_pid);
	EXPECT_EQ(0, i.ssi_uid);
	EXPECT_EQ(0, i.ssi_errno);
	EXPECT_EQ(0, i.ssi_status | i.ssi_fd | (int)i.ssi_addr);
	EXPECT_ERRNO(EAGAIN, read(fd, &i, sizeof(i)));
}

TEST(a_value_comes_along)
{
	int fd = make(SIGRTMIN, SIGUSR1, SFD_NONBLOCK);
	struct signalfd_siginfo i[4];

	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 });
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 2 });
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_ptr = (void *)0x123456789abc });
	EXPECT_EQ(3 * sizeof(i[0]), read(fd, i, sizeof(i)));
	EXPECT_EQ(SIGUSR1, i[0].ssi_signo);
	EXPECT_TRUE(i[0].ssi_ptr == 0x123456789abc);
	EXPECT_EQ(SI_QUEUE, i[0].ssi_code);
	EXPECT_EQ(1, i[1].ssi_int);
	EXPECT_EQ(2, i[2].ssi_int);
}

TEST(a_child_that_ends)
{
	int fd = make(SIGCHLD, 0, 0);
	struct signalfd_siginfo i;
	pid_t pid = IN_CHILD({ _exit(7); });

	EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
	EXPECT_EQ(SIGCHLD, i.ssi_signo);
	EXPECT_EQ(CLD_EXITED, i.ssi_code);
	EXPECT_EQ(pid, i.ssi_pid);
	EXPECT_EQ(7, i.ssi_status);
}

TEST(a_timer_of_the_process)
{
	int fd = make(SIGRTMIN, 0, 0);
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGRTMIN,
			       .sigev_value = { .sival_int = 77 } };
	struct itimerspec s = { { 0, 0 }, { 0, 1000000 } };
	struct signalfd_siginfo i;
	timer_t t;

	timer_create(CLOCK_MONOTONIC, &ev, &t);
	timer_settime(t, 0, &s, NULL);
	EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
	EXPECT_EQ(SI_TIMER, i.ssi_code);
	EXPECT_EQ(77, i.ssi_int);
	EXPECT_EQ(0, i.ssi_overrun);
}

TEST(short_buffers)
{
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
	char buf[2 * sizeof(struct signalfd_siginfo) - 1];

	EXPECT_ERRNO(EINVAL, read(fd, buf, sizeof(struct signalfd_siginfo) - 1));
	raise(SIGUSR1);
	raise(SIGUSR2);
	EXPECT_EQ(sizeof(struct signalfd_siginfo), read(fd, buf, sizeof(buf)));
	EXPECT_EQ(sizeof(struct signalfd_siginfo), read(fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EINVAL, write(fd, buf, sizeof(buf)));
}

TEST(kill_and_stop_are_left_out_silently)
{
	sigset_t s = set_of(SIGKILL, SIGSTOP);

	EXPECT_TRUE(signalfd(-1, &s, 0) >= 0);
}

TEST(one_signal_has_one_taker)
{
	int a = make(SIGUSR1, 0, SFD_NONBLOCK), b = make(SIGUSR1, 0, SFD_NONBLOCK);
	struct pollfd p[2] = { { a, POLLIN, 0 }, { b, POLLIN, 0 } };
	struct signalfd_siginfo i;

	raise(SIGUSR1);
	EXPECT_EQ(2, poll(p, 2, 0));
	EXPECT_EQ(sizeof(i), read(a, &i, sizeof(i)));
	EXPECT_EQ(0, poll(p, 2, 0));
	EXPECT_ERRNO(EAGAIN, read(b, &i, sizeof(i)));
}

TEST(a_blocked_reader_is_woken)
{
	int fd = make(SIGUSR1, 0, 0);
	struct signalfd_siginfo i;
	pid_t me = getpid();

	IN_CHILD({ sleep_ms(15); kill(me, SIGUSR1); });
	EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
	EXPECT_EQ(SIGUSR1, i.ssi_signo);
}

TEST(another_signal_interrupts)
{
	int fd = make(SIGUSR1, 0, 0);
	struct signalfd_siginfo i;

	on_signal(SIGALRM, 0);
	alarm_ms(15);
	EXPECT_ERRNO(EINTR, read(fd, &i, sizeof(i)));
}

TEST(poll_and_epoll_are_woken)
{
	int fd = make(SIGUSR1, 0, SFD_NONBLOCK), ep = epoll_create1(0);
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDNORM, 0 };
	struct epoll_event e = { EPOLLIN, { 0 } };
	struct signalfd_siginfo i;
	pid_t me = getpid();

	EXPECT_EQ(0, poll(&p, 1, 0));
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	IN_CHILD({ sleep_ms(15); kill(me, SIGUSR1); });
	EXPECT_EQ(1, poll(&p, 1, -1));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_EQ(1, epoll_wait(ep, &e, 1, -1));
	EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
	EXPECT_EQ(0, epoll_wait(ep, &e, 1, 0));
}

TEST(a_new_mask_takes_effect_and_wakes)
{
	int fd = make(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
	struct signalfd_siginfo i;
	sigset_t s = set_of(SIGUSR2, 0);

	EXPECT_EQ(fd, signalfd(fd, &s, 0));
	raise(SIGUSR1);
	EXPECT_ERRNO(EAGAIN, read(fd, &i, sizeof(i)));
	fcntl(fd, F_SETFL, 0);
	{
		IN_THREAD({
			sigset_t both = set_of(SIGUSR1, SIGUSR2);

			sleep_ms(20);
			signalfd(fd, &both, 0);
		});
		EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
	}
	EXPECT_EQ(SIGUSR1, i.ssi_signo);
}

TEST(a_child_reads_its_own_signals)
{
	int fd = make(SIGUSR1, 0, SFD_NONBLOCK);
	struct signalfd_siginfo i;

	raise(SIGUSR1);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		EXPECT_ERRNO(EAGAIN, read(fd, &i, sizeof(i)));
		raise(SIGUSR1);
		EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
		EXPECT_EQ(getpid(), i.ssi_pid);
	})));
	EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
	EXPECT_EQ(getpid(), i.ssi_pid);
}

TEST(a_child_that_blocks_in_read_is_woken_by_its_own)
{
	int fd = make(SIGUSR1, 0, 0);
	struct signalfd_siginfo i;
	pid_t pid = IN_CHILD({
		EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
		EXPECT_EQ(getppid(), i.ssi_pid);
	});

	sleep_ms(20);
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(a_child_that_polls_is_woken_by_its_own)
{
	int fd = make(SIGUSR1, 0, 0);
	pid_t pid = IN_CHILD({
		struct pollfd p = { fd, POLLIN, 0 };
		EXPECT_EQ(1, poll(&p, 1, 5000));
	});

	sleep_ms(20);
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(a_thread_reads_what_was_sent_to_it_only)
{
	int fd = make(SIGUSR1, 0, SFD_NONBLOCK), step[2];
	struct signalfd_siginfo i;
	char c;

	pipe(step);
	raise(SIGUSR1);				/* to the main thread */
	{
		IN_THREAD({
			struct signalfd_siginfo j;
			struct pollfd p = { fd, POLLIN, 0 };

			EXPECT_EQ(0, poll(&p, 1, 0));
			EXPECT_ERRNO(EAGAIN, read(fd, &j, sizeof(j)));
			kill(getpid(), SIGUSR1);	/* to the process */
			EXPECT_EQ(sizeof(j), read(fd, &j, sizeof(j)));
			write(step[1], "x", 1);
		});
		read(step[0], &c, 1);
	}
	EXPECT_EQ(sizeof(i), read(fd, &i, sizeof(i)));
}

TEST(fdinfo_shows_the_mask)
{
	int fd = make(SIGUSR1, SIGHUP, 0), info;
	char name[64], buf[1000] = "";

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	info = open(name, O_RDONLY);
	read(info, buf, sizeof(buf) - 1);
	EXPECT_TRUE(strstr(buf, "sigmask:\t0000000000000201\n"));
}

MAIN
