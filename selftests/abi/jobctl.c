/* SPDX-License-Identifier: MIT */
/* setpgid(2), setsid(2), credentials(7), termios(3): sessions, process groups, stop and continue,
 * the controlling terminal. */
#include "../harness.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <termios.h>

static int pty(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0)
		SKIP("no /dev/ptmx");
	grantpt(master);
	unlockpt(master);
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (*slave < 0)
		SKIP("no %s", ptsname(master));
	return master;
}

static int stopped_by(pid_t pid)
{
	int st = 0;

	if (waitpid(pid, &st, WUNTRACED) != pid)
		return -1;
	return WIFSTOPPED(st) ? WSTOPSIG(st) : 1000 + st;
}

TEST(setsid_makes_a_session_without_terminal)
{
	EXPECT_EQ(0, exit_status(IN_CHILD({
		EXPECT_EQ(getpid(), setsid());
		EXPECT_EQ(getpid(), getsid(0));
		EXPECT_EQ(getpid(), getpgrp());
		EXPECT_ERRNO(EPERM, setsid());
		EXPECT_ERRNO(ENXIO, open("/dev/tty", O_RDWR));
	})));
	EXPECT_ERRNO(EPERM, setsid());		/* the test is a group leader */
}

TEST(setpgid_errors)
{
	pid_t pid = IN_CHILD({ setsid(); for (;;) pause(); });

	EXPECT_ERRNO(EINVAL, setpgid(0, -1));
	EXPECT_ERRNO(ESRCH, setpgid(getppid(), 0));
	EXPECT_ERRNO(ESRCH, setpgid(4000000, 0));
	EXPECT_ERRNO(EPERM, setpgid(0, 3999999));
	while (getsid(pid) != pid)
		sleep_ms(1);
	EXPECT_ERRNO(EPERM, setpgid(pid, 0));		/* another session */
	EXPECT_ERRNO(ESRCH, getpgid(4000000));
	EXPECT_ERRNO(ESRCH, getsid(4000000));
	kill(pid, SIGKILL);
}

TEST(setpgid_of_a_child_until_it_has_run_another_program)
{
	pid_t pid = IN_CHILD({ execl("/bin/sleep", "sleep", "60", (char *)NULL); });
	pid_t other = IN_CHILD({ for (;;) pause(); });

	for (int i = 0; i < 2000 && (setpgid(pid, pid) == 0 || errno != EACCES); i++)
		sleep_ms(1);
	EXPECT_ERRNO(EACCES, setpgid(pid, pid));
	EXPECT_EQ(0, setpgid(other, other));
	EXPECT_EQ(other, getpgid(other));
	EXPECT_EQ(0, setpgid(other, getpgrp()));
	kill(pid, SIGKILL);
	kill(other, SIGKILL);
}

TEST(stop_signals_stop_and_sigcont_continues)
{
	static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	pid_t pid = IN_CHILD({ for (;;) pause(); });
	int st;

	for (int i = 0; i < 4; i++) {
		kill(pid, stops[i]);
		EXPECT_EQ(stops[i], stopped_by(pid));
		kill(pid, SIGCONT);
		EXPECT_EQ(pid, waitpid(pid, &st, WCONTINUED));
	}
	kill(pid, SIGKILL);
}

TEST(sigcont_continues_even_when_blocked_or_ignored)
{
	pid_t pid = IN_CHILD({
		sigset_t set;

		sigfillset(&set);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGSTOP);
		EXPECT_EQ(0, sigpending(&set));
		EXPECT_EQ(1, sigismember(&set, SIGCONT));
	});

	EXPECT_EQ(SIGSTOP, stopped_by(pid));
	kill(pid, SIGCONT);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(stop_and_continue_cancel_each_other_while_pending)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTSTP);
	sigpending(&set);
	EXPECT_EQ(1, sigismember(&set, SIGTSTP));
	raise(SIGCONT);
	sigpending(&set);
	EXPECT_EQ(0, sigismember(&set, SIGTSTP));
	EXPECT_EQ(1, sigismember(&set, SIGCONT));
	raise(SIGTTIN);
	sigpending(&set);
	EXPECT_EQ(0, sigismember(&set, SIGCONT));
}

TEST(a_stop_stops_all_threads)
{
	static volatile long *count;
	long before;
	pid_t pid;

	count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = IN_CHILD({
		IN_THREAD({ for (;;) ++*count; });
		for (;;)
			pause();
	});
	while (!*count)
		sleep_ms(1);
	kill(pid, SIGSTOP);
	EXPECT_EQ(SIGSTOP, stopped_by(pid));
	before = *count;
	sleep_ms(10);
	EXPECT_EQ(before, *count);
	kill(pid, SIGCONT);
	for (int i = 0; i < 3000 && *count == before; i++)
		sleep_ms(1);
	EXPECT_TRUE(*count != before);
	kill(pid, SIGKILL);
	exit_status(pid);
}

TEST(a_caught_tstp_does_not_stop)
{
	on_signal(SIGTSTP, 0);
	raise(SIGTSTP);
	EXPECT_EQ(1, signals_seen);
}

TEST(an_orphaned_group_does_not_stop_at_tstp)
{
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  setsid();
			  raise(SIGTSTP);
			  raise(SIGTTIN);
			  raise(SIGTTOU);
		  })));
}

TEST(a_stopped_group_that_becomes_orphaned_gets_hup_and_cont)
{
	int p[2];
	char c = 0;

	pipe(p);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	exit_status(IN_CHILD({
		pid_t pid;

		setsid();
		pid = IN_CHILD({
			setpgid(0, 0);
			on_signal(SIGHUP, 0);
			raise(SIGSTOP);
			c = signals_seen && last_signal == SIGHUP ? 'h' : 'n';
			write(p[1], &c, 1);
		});
		EXPECT_EQ(SIGSTOP, stopped_by(pid));
	}));
	EXPECT_EQ(1, read(p[0], &c, 1));
	EXPECT_EQ('h', c);
}

TEST(a_group_that_has_long_been_orphaned_hears_of_no_exit)
{
	EXPECT_EQ(7, exit_status(IN_CHILD({
		pid_t stopped, parent;

		setsid();
		stopped = IN_CHILD({ for (;;) pause(); });
		kill(stopped, SIGSTOP);
		EXPECT_EQ(SIGSTOP, stopped_by(stopped));
		exit_status(IN_CHILD({ _exit(0); }));
		parent = IN_CHILD({ IN_CHILD({ sleep_ms(50); }); });
		exit_status(parent);
		sleep_ms(100);
		EXPECT_EQ(0, kill(stopped, 0));
		EXPECT_EQ(0, waitpid(stopped, NULL, WNOHANG | WCONTINUED));
		kill(stopped, SIGKILL);
		_exit(7);
	})));
}

/* --- with a terminal */
#define IN_SESSION(master, slave, ...)                                                            \
	exit_status(IN_CHILD({                                                                    \
		setsid();                                                                         \
		ASSERT_EQ(0, ioctl(slave, TIOCSCTTY, 0));                                          \
		__VA_ARGS__;                                                                      \
	}))

TEST(tiocsctty_gives_the_session_a_terminal)
{
	int slave, master = pty(&slave);

	EXPECT_EQ(0, IN_SESSION(master, slave, {
		EXPECT_EQ(getpid(), tcgetsid(slave));
		EXPECT_EQ(getpid(), tcgetpgrp(slave));
		EXPECT_TRUE(open("/dev/tty", O_RDWR) >= 0);
		EXPECT_EQ(0, ioctl(slave, TIOCSCTTY, 0));
		signal(SIGHUP, SIG_IGN);
		EXPECT_EQ(0, ioctl(slave, TIOCNOTTY));
		EXPECT_ERRNO(ENXIO, open("/dev/tty", O_RDWR));
	}));
	EXPECT_ERRNO(EPERM, ioctl(slave, TIOCSCTTY, 0));	/* not a session leader */
	EXPECT_ERRNO(ENOTTY, tcgetpgrp(slave));
	(void)master;
}

TEST(a_leader_gets_the_terminal_it_opens)
{
	int slave, master = pty(&slave);

	EXPECT_EQ(0, exit_status(IN_CHILD({
		setsid();
		open(ptsname(master), O_RDWR);
		EXPECT_EQ(getpid(), tcgetsid(slave));
	})));
}

TEST(a_background_read_is_sigttin)
{
	int slave, master = pty(&slave);

	(void)master;
	EXPECT_EQ(0, IN_SESSION(master, slave, {
		char c;
		pid_t pid = IN_CHILD({ setpgid(0, 0); read(slave, &c, 1); });

		EXPECT_EQ(SIGTTIN, stopped_by(pid));
		kill(pid, SIGKILL);
		exit_status(pid);
		pid = IN_CHILD({
			setpgid(0, 0);
			signal(SIGTTIN, SIG_IGN);
			EXPECT_ERRNO(EIO, read(slave, &c, 1));
		});
		EXPECT_EQ(0, exit_status(pid));
	}));
}

TEST(a_background_write_is_sigttou_only_with_tostop)
{
	int slave, master = pty(&slave);

	(void)master;
	EXPECT_EQ(0, IN_SESSION(master, slave, {
		struct termios t;
		pid_t pid = IN_CHILD({ setpgid(0, 0); EXPECT_EQ(1, write(slave, "x", 1)); });

		EXPECT_EQ(0, exit_status(pid));
		tcgetattr(slave, &t);
		t.c_lflag |= TOSTOP;
		tcsetattr(slave, TCSANOW, &t);
		pid = IN_CHILD({ setpgid(0, 0); write(slave, "x", 1); });
		EXPECT_EQ(SIGTTOU, stopped_by(pid));
		kill(pid, SIGKILL);
		exit_status(pid);
		pid = IN_CHILD({
			setpgid(0, 0);
			signal(SIGTTOU, SIG_IGN);
			EXPECT_EQ(1, write(slave, "x", 1));
		});
		EXPECT_EQ(0, exit_status(pid));
	}));
}

TEST(a_background_tcsetattr_or_tcsetpgrp_is_sigttou)
{
	int slave, master = pty(&slave);

	(void)master;
	EXPECT_EQ(0, IN_SESSION(master, slave, {
		struct termios t;
		pid_t pid;

		tcgetattr(slave, &t);
		pid = IN_CHILD({ setpgid(0, 0); tcsetattr(slave, TCSANOW, &t); });
		EXPECT_EQ(SIGTTOU, stopped_by(pid));
		kill(pid, SIGKILL);
		exit_status(pid);
		pid = IN_CHILD({ setpgid(0, 0); tcsetpgrp(slave, getpgrp()); });
		EXPECT_EQ(SIGTTOU, stopped_by(pid));
		kill(pid, SIGKILL);
		exit_status(pid);
		pid = IN_CHILD({
			setpgid(0, 0);
			signal(SIGTTOU, SIG_IGN);
			EXPECT_EQ(0, tcsetpgrp(slave, getpgrp()));
		});
		EXPECT_EQ(0, exit_status(pid));
	}));
}

TEST(tcsetpgrp_needs_a_group_of_the_session)
{
	int slave, master = pty(&slave);
	pid_t other = getpgrp();

	(void)master;
	EXPECT_EQ(0, IN_SESSION(master, slave, {
		EXPECT_ERRNO(EPERM, tcsetpgrp(slave, other));
		EXPECT_ERRNO(EINVAL, tcsetpgrp(slave, -1));
		EXPECT_ERRNO(ESRCH, tcsetpgrp(slave, 4000000));
		EXPECT_ERRNO(ENOTTY, tcsetpgrp(open("/dev/null", O_RDWR), getpgrp()));
	}));
}

TEST(keys_signal_the_foreground_group)
{
	int slave, master = pty(&slave), p[2];
	char c = 0;
	static const char keys[] = { 3, 28, 26 };
	static const int sigs[] = { SIGINT, SIGQUIT, SIGTSTP };

	pipe(p);
	IN_CHILD({
		setsid();
		ASSERT_EQ(0, ioctl(slave, TIOCSCTTY, 0));
		for (int i = 0; i < 3; i++)
			on_signal(sigs[i], 0);
		for (int i = 0; i < 3; i++) {
			sigset_t set;

			sigemptyset(&set);
			sigaddset(&set, sigs[i]);
			sigprocmask(SIG_BLOCK, &set, NULL);
			write(p[1], "r", 1);
			c = sigwaitinfo(&set, NULL);
			write(p[1], &c, 1);
		}
		for (;;)
			pause();
	});
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(1, read(p[0], &c, 1));
		write(master, &keys[i], 1);
		EXPECT_EQ(1, read(p[0], &c, 1));
		EXPECT_EQ(sigs[i], c);
	}
}

TEST(the_end_of_the_leader_hangs_up)
{
	int slave, master = pty(&slave), p[2];
	char c = 0;

	(void)master;
	pipe(p);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	IN_SESSION(master, slave, {
		IN_CHILD({
			sigset_t set;
			siginfo_t si;

			sigemptyset(&set);
			sigaddset(&set, SIGHUP);
			sigprocmask(SIG_BLOCK, &set, NULL);
			write(p[1], "r", 1);
			c = sigwaitinfo(&set, &si);
			write(p[1], &c, 1);
		});
		read(p[0], &c, 1);
	});
	EXPECT_EQ(1, read(p[0], &c, 1));
	EXPECT_EQ(SIGHUP, c);
}

TEST(closing_the_master_hangs_up)
{
	int slave, master = pty(&slave), p[2];
	char c = 0;

	pipe(p);
	IN_CHILD({
		sigset_t set;

		close(master);
		setsid();
		ASSERT_EQ(0, ioctl(slave, TIOCSCTTY, 0));
		sigemptyset(&set);
		sigaddset(&set, SIGHUP);
		sigprocmask(SIG_BLOCK, &set, NULL);
		write(p[1], "r", 1);
		c = sigwaitinfo(&set, NULL);
		EXPECT_EQ(0, read(slave, &c, 1));
		EXPECT_ERRNO(EIO, write(slave, "x", 1));
		fflush(stdout);
		c = SIGHUP;
		write(p[1], &c, 1);
	});
	read(p[0], &c, 1);
	close(slave);
	close(master);
	EXPECT_EQ(1, read(p[0], &c, 1));
	EXPECT_EQ(SIGHUP, c);
}

MAIN
