/* SPDX-License-Identifier: MIT */
/* fcntl(2), "Managing signals": O_ASYNC, F_SETOWN, F_SETOWN_EX, F_SETSIG. */
#include "../harness.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

static siginfo_t seen;

static void note_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	seen = *info;
	signals_seen++;
	last_signal = sig;
}

static void expect(int sig)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };

	sa.sa_sigaction = note_info;
	sigaction(sig, &sa, NULL);
}

static int async_pipe(int p[2], int end)
{
	pipe(p);
	expect(SIGIO);
	fcntl(p[end], F_SETOWN, getpid());
	return fcntl(p[end], F_SETFL, O_ASYNC | O_NONBLOCK);
}

TEST(a_write_tells_the_reader)
{
	int p[2];

	EXPECT_EQ(0, async_pipe(p, 0));
	EXPECT_TRUE(fcntl(p[0], F_GETFL) & O_ASYNC);
	EXPECT_EQ(0, signals_seen);
	write(p[1], "x", 1);
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(SIGIO, last_signal);
	EXPECT_EQ(SI_KERNEL, seen.si_code);
	write(p[1], "y", 1);
	EXPECT_EQ(2, signals_seen);
}

TEST(a_read_tells_the_writer)
{
	int p[2];

	async_pipe(p, 1);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	write(p[1], "xy", 2);
	EXPECT_EQ(0, signals_seen);
	while (write(p[1], &(char[4096]){ 0 }, 4096) > 0)
		;
	for (int i = 0; i < 17; i++)
		read(p[0], &(char[4096]){ 0 }, 4096);
	EXPECT_TRUE(signals_seen > 0);
}

TEST(a_closed_end_tells_the_other)
{
	int p[2];

	async_pipe(p, 0);
	close(p[1]);
	EXPECT_TRUE(signals_seen > 0);
}

TEST(without_owner_nobody_is_told)
{
	int p[2];

	pipe(p);
	expect(SIGIO);
	EXPECT_EQ(0, fcntl(p[0], F_SETFL, O_ASYNC));
	write(p[1], "x", 1);
	EXPECT_EQ(0, signals_seen);
	EXPECT_EQ(0, fcntl(p[0], F_GETOWN));
	EXPECT_EQ(0, fcntl(p[0], F_SETOWN, getpid()));
	write(p[1], "x", 1);
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(0, fcntl(p[0], F_SETFL, 0));
	write(p[1], "x", 1);
	EXPECT_EQ(1, signals_seen);
}

TEST(fioasync_is_the_same)
{
	int p[2];

	pipe(p);
	expect(SIGIO);
	fcntl(p[0], F_SETOWN, getpid());
	EXPECT_EQ(0, ioctl(p[0], FIOASYNC, &(int){ 1 }));
	EXPECT_TRUE(fcntl(p[0], F_GETFL) & O_ASYNC);
	write(p[1], "x", 1);
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(0, ioctl(p[0], FIOASYNC, &(int){ 0 }));
	EXPECT_TRUE(!(fcntl(p[0], F_GETFL) & O_ASYNC));
}

TEST(another_signal_tells_which_descriptor)
{
	int p[2], sig = SIGRTMIN + 2;

	async_pipe(p, 0);
	expect(sig);
	EXPECT_EQ(0, fcntl(p[0], F_GETSIG));
	EXPECT_EQ(0, fcntl(p[0], F_SETSIG, sig));
	EXPECT_EQ(sig, fcntl(p[0], F_GETSIG));
	write(p[1], "x", 1);
	EXPECT_EQ(sig, last_signal);
	EXPECT_EQ(POLL_IN, seen.si_code);
	EXPECT_EQ(p[0], seen.si_fd);
	EXPECT_EQ(POLLIN | POLLRDNORM, seen.si_band);
	EXPECT_ERRNO(EINVAL, fcntl(p[0], F_SETSIG, 65));
	EXPECT_ERRNO(EINVAL, fcntl(p[0], F_SETSIG, -1));
}

TEST(real_time_signals_queue)
{
	int p[2], sig = SIGRTMIN + 2;
	sigset_t set;

	async_pipe(p, 0);
	fcntl(p[0], F_SETSIG, sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 3; i++)
		write(p[1], "x", 1);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(sig, sigtimedwait(&set, NULL, &(struct timespec){ 0, 100000000 }));
	EXPECT_ERRNO(EAGAIN, sigtimedwait(&set, NULL, &(struct timespec){ 0, 1000000 }));
}

TEST(owners)
{
	struct f_owner_ex o = { 99, 99 };
	int p[2];

	pipe(p);
	EXPECT_EQ(0, fcntl(p[0], F_GETOWN_EX, &o));
	EXPECT_EQ(0, o.pid);
	EXPECT_ERRNO(ESRCH, fcntl(p[0], F_SETOWN, 0x3fffff));
	EXPECT_ERRNO(EINVAL, fcntl(p[0], F_SETOWN, INT32_MIN));
	EXPECT_EQ(0, fcntl(p[0], F_SETOWN, -getpgrp()));
	EXPECT_EQ(-getpgrp(), fcntl(p[0], F_GETOWN));
	EXPECT_EQ(0, fcntl(p[0], F_GETOWN_EX, &o));
	EXPECT_EQ(F_OWNER_PGRP, o.type);
	EXPECT_EQ(getpgrp(), o.pid);
	o = (struct f_owner_ex){ F_OWNER_TID, (pid_t)syscall(SYS_gettid) };
	EXPECT_EQ(0, fcntl(p[0], F_SETOWN_EX, &o));
	o.type = 7;
	EXPECT_ERRNO(EINVAL, fcntl(p[0], F_SETOWN_EX, &o));
	o = (struct f_owner_ex){ F_OWNER_PID, 0x3fffff };
	EXPECT_ERRNO(ESRCH, fcntl(p[0], F_SETOWN_EX, &o));
	EXPECT_EQ(0, fcntl(p[0], F_GETOWN_EX, &o));
	EXPECT_EQ(F_OWNER_TID, o.type);
	EXPECT_EQ(0, fcntl(p[0], F_SETOWN, 0));
	EXPECT_EQ(0, fcntl(p[0], F_GETOWN));
	EXPECT_ERRNO(EFAULT, fcntl(p[0], F_SETOWN_EX, 8));
}

TEST(a_group_is_told)
{
	int p[2];
	pid_t a;

	async_pipe(p, 0);
	fcntl(p[0], F_SETOWN, -getpgrp());
	a = IN_CHILD({ sleep_ms(60); EXPECT_EQ(1, signals_seen); });
	sleep_ms(20);
	write(p[1], "x", 1);
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(0, exit_status(a));
}

TEST(a_thread_is_told)
{
	static pid_t tid, got;
	int p[2], ready[2];
	char c;

	pipe(p);
	pipe(ready);
	signal(SIGIO, SIG_IGN);
	{
		IN_THREAD({
			sigset_t set;
			int sig = 0;

			sigemptyset(&set);
			sigaddset(&set, SIGRTMIN);
			sigprocmask(SIG_BLOCK, &set, NULL);
			tid = (pid_t)syscall(SYS_gettid);
			write(ready[1], "r", 1);
			sig = sigtimedwait(&set, NULL, &(struct timespec){ 2, 0 });
			got = sig;
		});
		read(ready[0], &c, 1);
		fcntl(p[0], F_SETOWN_EX, &(struct f_owner_ex){ F_OWNER_TID, tid });
		fcntl(p[0], F_SETSIG, SIGRTMIN);
		fcntl(p[0], F_SETFL, O_ASYNC);
		write(p[1], "x", 1);
	}
	EXPECT_EQ(SIGRTMIN, got);
}

TEST(who_may_not_be_signalled_is_not)
{
	int p[2];
	pid_t pid;

	pipe(p);
	expect(SIGIO);
	pid = getpid();
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setresuid(1000, 1000, 1000);
		EXPECT_EQ(0, fcntl(p[0], F_SETOWN, pid));
		EXPECT_EQ(0, fcntl(p[0], F_SETFL, O_ASYNC));
		write(p[1], "x", 1);
	})));
	EXPECT_EQ(0, signals_seen);
}

TEST(a_terminal_tells_of_input)
{
	int m, s;

	openpty(&m, &s, NULL, NULL, NULL);
	expect(SIGIO);
	EXPECT_EQ(0, fcntl(s, F_SETOWN, getpid()));
	EXPECT_EQ(0, fcntl(s, F_SETFL, O_ASYNC));
	write(m, "line\n", 5);
	sleep_ms(30);
	EXPECT_TRUE(signals_seen > 0);
}

TEST(regular_files_do_not_take_the_flag)
{
	int fd = open("/tmp/sigio", O_RDWR | O_CREAT, 0600);

	EXPECT_EQ(0, fcntl(fd, F_SETFL, O_ASYNC));
	EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_ASYNC);
	unlink("/tmp/sigio");
}

TEST(a_dup_shares_it_and_close_ends_it)
{
	int p[2], d;

	async_pipe(p, 0);
	d = dup(p[0]);
	close(p[0]);
	write(p[1], "x", 1);
	EXPECT_EQ(1, signals_seen);
	close(d);
	signal(SIGPIPE, SIG_IGN);
	write(p[1], "x", 1);
	EXPECT_EQ(1, signals_seen);
}

MAIN
