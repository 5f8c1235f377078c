/* SPDX-License-Identifier: MIT */
/* fork(2), clone(2), wait(2), _exit(2), prctl(2): how processes begin, what they share, how they
 * end and who hears of it. */
#include "../harness.h"

#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static char clone_stack[65536] __attribute__((aligned(16)));
static volatile int word;

static pid_t clone_on_stack(int (*fn)(void *), int flags, void *arg, pid_t *ptid, pid_t *ctid)
{
	fflush(stdout);
	return clone(fn, clone_stack + sizeof(clone_stack), flags, arg, ptid, NULL, ctid);
}

/* As fork(), by clone3 with these arguments. */
static pid_t clone3_fork(struct clone_args *args, size_t size)
{
	fflush(stdout);
	return syscall(SYS_clone3, args, size);
}

/* Wait until @pid is stopped, continued, ... as @options say; the status. */
static int status_of(pid_t pid, int options)
{
	int st = -1;

	EXPECT_EQ(pid, waitpid(pid, &st, options));
	return st;
}

/* --- fork */
TEST(fork_gives_the_child_memory_of_its_own)
{
	pid_t pid;

	word = 1;
	pid = IN_CHILD({ EXPECT_EQ(1, word); word = 2; });
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(1, word);
}

TEST(fork_copies_descriptors_that_share_one_position)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	EXPECT_EQ(6, write(fd, "abcdef", 6));
	exit_status(IN_CHILD({ lseek(fd, 2, SEEK_SET); close(fd); }));
	EXPECT_EQ(2, lseek(fd, 0, SEEK_CUR));
}

TEST(fork_leaves_pending_signals_and_timers_behind)
{
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	alarm(100);
	pid = IN_CHILD({
		sigset_t pending;

		sigpending(&pending);
		EXPECT_EQ(0, sigismember(&pending, SIGUSR1));
		EXPECT_EQ(0, alarm(0));
		sigprocmask(SIG_BLOCK, NULL, &pending);
		EXPECT_EQ(1, sigismember(&pending, SIGUSR1));
	});
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(100, alarm(0));
}

TEST(fork_knows_its_parent)
{
	pid_t me = getpid();
	pid_t pid = IN_CHILD({
		EXPECT_EQ(me, getppid());
		EXPECT_EQ(getpgid(me), getpgrp());
		EXPECT_EQ(getsid(me), getsid(0));
		EXPECT_EQ(getpid(), gettid());
	});

	EXPECT_TRUE(pid > 0);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(two_hundred_children_have_two_hundred_pids)
{
	pid_t pid[200];

	for (int i = 0; i < 200; i++)
		pid[i] = IN_CHILD({ _exit(i & 127); });
	for (int i = 0; i < 200; i++) {
		for (int j = 0; j < i; j++)
			EXPECT_TRUE(pid[i] != pid[j]);
		EXPECT_EQ(i & 127, exit_status(pid[i]));
	}
}

TEST(fork_is_eagain_beyond_rlimit_nproc)
{
	pid_t pid = IN_CHILD({
		setrlimit(RLIMIT_NPROC, &(struct rlimit){ 1, 1 });
		ASSERT_EQ(0, setuid(4321));
		EXPECT_ERRNO(EAGAIN, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	});

	EXPECT_EQ(0, exit_status(pid));
}

/* --- clone */
static int set_word(void *arg)
{
	word = (int)(long)arg;
	return 5;
}

TEST(clone_vm_shares_memory)
{
	pid_t pid;

	word = 0;
	pid = clone_on_stack(set_word, CLONE_VM | SIGCHLD, (void *)7, NULL, NULL);
	EXPECT_EQ(5, exit_status(pid));
	EXPECT_EQ(7, word);
}

TEST(clone_vfork_waits_for_the_end_of_the_child)
{
	pid_t pid;

	word = 0;
	pid = clone_on_stack(set_word, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)8, NULL, NULL);
	EXPECT_EQ(8, word);
	EXPECT_EQ(5, exit_status(pid));
}

TEST(clone_vfork_waits_no_longer_than_execve)
{
	int64_t before = now_ns();
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/sleep", "sleep", "60", (char *)NULL);
		_exit(127);
	}
	EXPECT_TRUE(now_ns() - before < 9000000000);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pid));
}

static int close_fd(void *arg)
{
	return close((int)(long)arg);
}

TEST(clone_files_shares_the_descriptor_table)
{
	int a = dup(1), b = dup(1);

	EXPECT_EQ(0, exit_status(clone_on_stack(close_fd, SIGCHLD, (void *)(long)a, NULL, NULL)));
	EXPECT_EQ(0, fcntl(a, F_GETFD));
	EXPECT_EQ(0, exit_status(clone_on_stack(close_fd, CLONE_FILES | SIGCHLD, (void *)(long)b,
						NULL, NULL)));
	EXPECT_ERRNO(EBADF, fcntl(b, F_GETFD));
}

static int change_fs(void *arg)
{
	(void)arg;
	umask(0123);
	return chdir("/");
}

TEST(clone_fs_shares_umask_and_working_directory)
{
	char cwd[100];

	umask(022);
	chdir("/tmp");
	EXPECT_EQ(0, exit_status(clone_on_stack(change_fs, SIGCHLD, NULL, NULL, NULL)));
	EXPECT_STREQ("/tmp", getcwd(cwd, sizeof(cwd)));
	EXPECT_EQ(0, exit_status(clone_on_stack(change_fs, CLONE_FS | SIGCHLD, NULL, NULL, NULL)));
	EXPECT_STREQ("/", getcwd(cwd, sizeof(cwd)));
	EXPECT_EQ(0123, umask(022));
}

static int handle_usr1(void *arg)
{
	(void)arg;
	on_signal(SIGUSR1, 0);
	return 0;
}

TEST(clone_sighand_shares_dispositions_but_not_masks)
{
	EXPECT_EQ(0,
		  exit_status(clone_on_stack(handle_usr1, CLONE_VM | SIGCHLD, NULL, NULL, NULL)));
	EXPECT_TRUE(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
	EXPECT_EQ(0, exit_status(clone_on_stack(handle_usr1, CLONE_VM | CLONE_SIGHAND | SIGCHLD,
						NULL, NULL, NULL)));
	EXPECT_TRUE(signal(SIGUSR1, SIG_DFL) == note_signal);
}

TEST(clone_refuses_flags_that_need_others)
{
	EXPECT_ERRNO(EINVAL, syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0));
}

static int parent_is(void *arg)
{
	return getppid() == (pid_t)(long)arg ? 3 : 4;
}

TEST(clone_parent_makes_a_sibling)
{
	pid_t me = getpid(), child, got;
	int p[2];

	ASSERT_EQ(0, pipe(p));
	child = IN_CHILD({
		pid_t sibling = clone_on_stack(parent_is, CLONE_PARENT, (void *)(long)me, NULL,
					       NULL);

		write(p[1], &sibling, sizeof(sibling));
	});
	EXPECT_EQ(0, exit_status(child));
	ASSERT_EQ(sizeof(got), read(p[0], &got, sizeof(got)));
	EXPECT_EQ(3, exit_status(got));
}

static pid_t ptid, ctid;

static int ctid_is_mine(void *arg)
{
	(void)arg;
	return ctid == gettid();
}

TEST(clone_stores_tids_where_it_is_told)
{
	int flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD;
	pid_t pid = clone_on_stack(ctid_is_mine, flags, NULL, &ptid, &ctid);

	EXPECT_EQ(pid, ptid);
	EXPECT_EQ(1, exit_status(pid));
	EXPECT_EQ(0, ctid);		/* only the child's memory has it */
	pid = clone_on_stack(ctid_is_mine, flags | CLONE_VM, NULL, &ptid, &ctid);
	EXPECT_EQ(1, exit_status(pid));
	EXPECT_EQ(pid, ctid);
	pid = clone_on_stack(ctid_is_mine, flags | CLONE_VM | CLONE_CHILD_CLEARTID, NULL, &ptid,
			     &ctid);
	EXPECT_EQ(1, exit_status(pid));
	EXPECT_EQ(0, ctid);
}

TEST(set_tid_address_returns_the_tid)
{
	EXPECT_EQ(gettid(), syscall(SYS_set_tid_address, &ctid));
}

TEST(the_exit_signal_is_clones_low_byte)
{
	pid_t pid;
	int st;

	on_signal(SIGUSR2, 0);
	pid = clone_on_stack(set_word, SIGUSR2, (void *)1, NULL, NULL);
	EXPECT_ERRNO(ECHILD, waitpid(pid, &st, 0));
	EXPECT_EQ(pid, waitpid(pid, &st, __WCLONE));
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(SIGUSR2, last_signal);
}

TEST(a_child_without_exit_signal_is_silent)
{
	pid_t pid;
	int st;

	on_signal(SIGCHLD, 0);
	pid = clone_on_stack(set_word, 0, (void *)1, NULL, NULL);
	EXPECT_EQ(pid, waitpid(pid, &st, __WALL));
	EXPECT_EQ(0, signals_seen);
}

TEST(wait_wnothread_is_for_children_of_this_thread)
{
	pid_t pid = IN_CHILD({ _exit(3); });
	int st;

	{
		IN_THREAD({ EXPECT_ERRNO(ECHILD, waitpid(pid, &st, __WNOTHREAD)); });
	}
	EXPECT_EQ(pid, waitpid(pid, &st, __WNOTHREAD));
}

/* --- clone3 */
TEST(clone3_forks)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = clone3_fork(&args, sizeof(args));

	if (pid == 0)
		_exit(9);
	EXPECT_EQ(9, exit_status(pid));
}

TEST(clone3_checks_the_size_of_its_arguments)
{
	struct {
		struct clone_args args;
		uint64_t more;
	} a = { .args.exit_signal = SIGCHLD, .more = 1 };
	pid_t pid;

	EXPECT_ERRNO(EINVAL, clone3_fork(&a.args, CLONE_ARGS_SIZE_VER0 - 1));
	EXPECT_ERRNO(E2BIG, clone3_fork(&a.args, sizeof(a)));
	EXPECT_ERRNO(E2BIG, clone3_fork(&a.args, 1 << 20));
	EXPECT_ERRNO(EFAULT, clone3_fork((void *)8, sizeof(struct clone_args)));
	a.more = 0;
	pid = clone3_fork(&a.args, sizeof(a));
	if (pid == 0)
		_exit(1);
	EXPECT_EQ(1, exit_status(pid));
}

TEST(clone3_refuses_nonsense)
{
	struct clone_args args = { .exit_signal = 65 };

	EXPECT_ERRNO(EINVAL, clone3_fork(&args, sizeof(args)));
	args = (struct clone_args){ .flags = SIGCHLD };
	EXPECT_ERRNO(EINVAL, clone3_fork(&args, sizeof(args)));
	args = (struct clone_args){ .stack = (uintptr_t)clone_stack, .exit_signal = SIGCHLD };
	EXPECT_ERRNO(EINVAL, clone3_fork(&args, sizeof(args)));
	args = (struct clone_args){ .stack_size = 4096, .exit_signal = SIGCHLD };
	EXPECT_ERRNO(EINVAL, clone3_fork(&args, sizeof(args)));
	args = (struct clone_args){ .flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
				    .exit_signal = SIGCHLD };
	EXPECT_ERRNO(EINVAL, clone3_fork(&args, sizeof(args)));
}

TEST(clone3_refuses_flags_it_does_not_know)
{
	struct clone_args args = { .flags = 1ull << 60, .exit_signal = SIGCHLD };

	ASSERT_ERRNO(EINVAL, clone3_fork(&args, sizeof(args)));
}

TEST(clone_clear_sighand_resets_handlers_but_not_ignore)
{
	struct clone_args args = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	pid_t pid;

	on_signal(SIGUSR1, 0);
	signal(SIGUSR2, SIG_IGN);
	pid = clone3_fork(&args, sizeof(args));
	if (pid == 0) {
		EXPECT_TRUE(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
		EXPECT_TRUE(signal(SIGUSR2, SIG_DFL) == SIG_IGN);
		fflush(stdout);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(pid));
}

/* --- pidfd */
TEST(clone_pidfd_is_readable_once_the_child_is_dead)
{
	int pidfd = -1, p[2], st;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .pidfd = (uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };
	struct pollfd pfd;
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(p));
	pid = clone3_fork(&args, sizeof(args));
	if (pid == 0) {
		read(p[0], &c, 1);
		_exit(0);
	}
	EXPECT_EQ(FD_CLOEXEC, fcntl(pidfd, F_GETFD));
	pfd = (struct pollfd){ pidfd, POLLIN, 0 };
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	write(p[1], "x", 1);
	EXPECT_EQ(1, poll(&pfd, 1, 5000));
	EXPECT_EQ(POLLIN, pfd.revents & POLLIN);
	EXPECT_EQ(pid, waitpid(pid, &st, 0));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
}

TEST(waitid_takes_a_pidfd)
{
	pid_t pid = IN_CHILD({ _exit(4); });
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	siginfo_t si = { 0 };

	ASSERT_TRUE(pidfd >= 0);
	EXPECT_EQ(0, waitid(P_PIDFD, pidfd, &si, WEXITED));
	EXPECT_EQ(pid, si.si_pid);
	EXPECT_EQ(4, si.si_status);
	EXPECT_ERRNO(EBADF, waitid(P_PIDFD, 999, &si, WEXITED));
	EXPECT_ERRNO(EBADF, waitid(P_PIDFD, 1, &si, WEXITED));
}

TEST(pidfd_open_refuses_nonsense)
{
	EXPECT_ERRNO(EINVAL, syscall(SYS_pidfd_open, getpid(), 1));
	EXPECT_ERRNO(EINVAL, syscall(SYS_pidfd_open, 0, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_pidfd_open, -1, 0));
	EXPECT_ERRNO(ESRCH, syscall(SYS_pidfd_open, 4000000, 0));
}

TEST(pidfd_send_signal_signals)
{
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0);

	on_signal(SIGUSR1, 0);
	EXPECT_EQ(0, syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0));
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(0, syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_pidfd_send_signal, pidfd, 65, NULL, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 1 << 20));
	EXPECT_ERRNO(EBADF, syscall(SYS_pidfd_send_signal, 1, SIGUSR1, NULL, 0));
}

TEST(pidfd_of_the_reaped_is_esrch)
{
	pid_t pid = IN_CHILD({});
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	EXPECT_EQ(0, exit_status(pid));
	EXPECT_ERRNO(ESRCH, syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0));
	EXPECT_ERRNO(ECHILD, waitid(P_PIDFD, pidfd, &(siginfo_t){ 0 }, WEXITED));
}

/* --- exit and wait */
TEST(the_exit_status_is_the_low_byte)
{
	int st = status_of(IN_CHILD({ _exit(0x1ab); }), 0);

	EXPECT_TRUE(WIFEXITED(st));
	EXPECT_EQ(0xab, WEXITSTATUS(st));
	EXPECT_EQ(0xab00, st);
}

TEST(a_fatal_signal_is_the_status)
{
	int st = status_of(IN_CHILD({ raise(SIGTERM); }), 0);

	EXPECT_TRUE(WIFSIGNALED(st));
	EXPECT_EQ(SIGTERM, st);
}

TEST(a_core_dump_is_not_claimed_when_forbidden)
{
	int st = status_of(IN_CHILD({
				   setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
				   signal(SIGSEGV, SIG_DFL);
				   raise(SIGSEGV);
			   }),
			   0);

	EXPECT_EQ(SIGSEGV, st);
}

TEST(no_children_is_echild)
{
	int st;

	EXPECT_ERRNO(ECHILD, waitpid(-1, &st, 0));
	EXPECT_ERRNO(ECHILD, waitpid(-1, &st, WNOHANG));
	EXPECT_ERRNO(ECHILD, waitpid(getpid(), &st, 0));
	EXPECT_ERRNO(ECHILD, waitpid(1, &st, 0));
	EXPECT_ERRNO(ESRCH, waitpid(INT_MIN, &st, 0));
	EXPECT_ERRNO(EINVAL, waitpid(-1, &st, 0x100));
}

TEST(wnohang_is_zero_while_the_child_lives)
{
	int st = 77, p[2];
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(p));
	pid = IN_CHILD({ read(p[0], &c, 1); });
	EXPECT_EQ(0, waitpid(pid, &st, WNOHANG));
	EXPECT_EQ(77, st);
	write(p[1], "x", 1);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(waitid_tells_who_and_why)
{
	pid_t pid = IN_CHILD({ _exit(6); });
	siginfo_t si;

	memset(&si, 0xff, sizeof(si));
	EXPECT_EQ(0, waitid(P_PID, pid, &si, WEXITED));
	EXPECT_EQ(SIGCHLD, si.si_signo);
	EXPECT_EQ(CLD_EXITED, si.si_code);
	EXPECT_EQ(0, si.si_errno);
	EXPECT_EQ(pid, si.si_pid);
	EXPECT_EQ(0, si.si_uid);
	EXPECT_EQ(6, si.si_status);
	pid = IN_CHILD({ raise(SIGKILL); });
	EXPECT_EQ(0, waitid(P_ALL, 0, &si, WEXITED));
	EXPECT_EQ(CLD_KILLED, si.si_code);
	EXPECT_EQ(SIGKILL, si.si_status);
}

TEST(waitid_with_wnohang_clears_what_it_does_not_know)
{
	int p[2];
	char c;
	pid_t pid;
	siginfo_t si;

	ASSERT_EQ(0, pipe(p));
	pid = IN_CHILD({ close(p[1]); read(p[0], &c, 1); });
	memset(&si, 0xff, sizeof(si));
	EXPECT_EQ(0, waitid(P_PID, pid, &si, WEXITED | WNOHANG));
	EXPECT_EQ(0, si.si_pid);
	EXPECT_EQ(0, si.si_signo);
	close(p[1]);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(waitid_refuses_nonsense)
{
	siginfo_t si;

	EXPECT_ERRNO(EINVAL, waitid(P_ALL, 0, &si, 0));
	EXPECT_ERRNO(EINVAL, waitid(P_ALL, 0, &si, WNOHANG));
	EXPECT_ERRNO(EINVAL, waitid(77, 0, &si, WEXITED));
	EXPECT_ERRNO(EINVAL, waitid(P_PID, 0, &si, WEXITED));
	EXPECT_ERRNO(EINVAL, waitid(P_PID, -1, &si, WEXITED));
	EXPECT_ERRNO(ECHILD, waitid(P_ALL, 0, &si, WEXITED));
}

TEST(wnowait_leaves_the_child_waitable)
{
	pid_t pid = IN_CHILD({ _exit(2); });
	siginfo_t si;

	EXPECT_EQ(0, waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	EXPECT_EQ(0, waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	EXPECT_EQ(2, si.si_status);
	EXPECT_EQ(2, exit_status(pid));
	EXPECT_ERRNO(ECHILD, waitid(P_PID, pid, &si, WEXITED));
}

TEST(wuntraced_and_wcontinued_report_stop_and_go)
{
	pid_t pid = IN_CHILD({ for (;;) pause(); });
	int st;

	kill(pid, SIGSTOP);
	st = status_of(pid, WUNTRACED);
	EXPECT_TRUE(WIFSTOPPED(st));
	EXPECT_EQ(SIGSTOP, WSTOPSIG(st));
	EXPECT_EQ(0, waitpid(pid, &st, WUNTRACED | WNOHANG));	/* reported once */
	kill(pid, SIGCONT);
	st = status_of(pid, WCONTINUED);
	EXPECT_EQ(0xffff, st);
	EXPECT_TRUE(WIFCONTINUED(st));
	EXPECT_EQ(0, waitpid(pid, &st, WCONTINUED | WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pid));
}

TEST(waitid_tells_stopped_from_continued)
{
	pid_t pid = IN_CHILD({ for (;;) pause(); });
	siginfo_t si;

	kill(pid, SIGTSTP);
	EXPECT_EQ(0, waitid(P_PID, pid, &si, WSTOPPED));
	EXPECT_EQ(CLD_STOPPED, si.si_code);
	EXPECT_EQ(SIGTSTP, si.si_status);
	kill(pid, SIGCONT);
	EXPECT_EQ(0, waitid(P_PID, pid, &si, WCONTINUED | WNOWAIT));
	EXPECT_EQ(CLD_CONTINUED, si.si_code);
	EXPECT_EQ(SIGCONT, si.si_status);
	EXPECT_EQ(0, waitid(P_PID, pid, &si, WCONTINUED));
	kill(pid, SIGKILL);
}

TEST(sigkill_ends_a_stopped_process)
{
	pid_t pid = IN_CHILD({ raise(SIGSTOP); });
	int st = status_of(pid, WUNTRACED);

	EXPECT_TRUE(WIFSTOPPED(st));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pid));
}

TEST(a_zombie_has_a_pid_until_it_is_reaped)
{
	pid_t pid = IN_CHILD({});
	siginfo_t si;

	EXPECT_EQ(0, waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	EXPECT_EQ(0, kill(pid, 0));
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(getpgrp(), getpgid(pid));
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_ERRNO(ESRCH, kill(pid, 0));
}

TEST(wait_chooses_by_process_group)
{
	pid_t a = IN_CHILD({ setpgid(0, 0); _exit(1); });
	pid_t b = IN_CHILD({ _exit(2); });
	int st;

	setpgid(a, a);
	EXPECT_EQ(a, waitpid(-a, &st, 0));
	EXPECT_EQ(1, WEXITSTATUS(st));
	EXPECT_ERRNO(ECHILD, waitpid(-a, &st, 0));
	EXPECT_EQ(b, waitpid(0, &st, 0));
	EXPECT_ERRNO(ECHILD, waitpid(0, &st, 0));
}

TEST(waitid_p_pgid_zero_is_the_own_group)
{
	pid_t pid = IN_CHILD({});
	siginfo_t si;

	EXPECT_EQ(0, waitid(P_PGID, 0, &si, WEXITED));
	EXPECT_EQ(pid, si.si_pid);
}

TEST(a_bad_status_pointer_still_reaps)
{
	pid_t pid = IN_CHILD({});
	int st;

	EXPECT_ERRNO(EFAULT, wait4(pid, (int *)8, 0, NULL));
	EXPECT_ERRNO(ECHILD, waitpid(pid, &st, 0));
}

TEST(a_signal_handler_interrupts_wait)
{
	pid_t pid = IN_CHILD({ for (;;) pause(); });
	int st;

	on_signal(SIGALRM, 0);
	alarm_ms(20);
	EXPECT_ERRNO(EINTR, waitpid(pid, &st, 0));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pid));
}

TEST(sa_restart_restarts_wait)
{
	pid_t pid = IN_CHILD({ sleep_ms(60); _exit(3); });

	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(20);
	EXPECT_EQ(3, exit_status(pid));
	EXPECT_EQ(1, signals_seen);
}

/* --- SIGCHLD */
TEST(sigchld_comes_for_exit_stop_and_continue)
{
	sigset_t set;
	siginfo_t si;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = IN_CHILD({ for (;;) pause(); });
	kill(pid, SIGSTOP);
	EXPECT_EQ(SIGCHLD, sigwaitinfo(&set, &si));
	EXPECT_EQ(CLD_STOPPED, si.si_code);
	EXPECT_EQ(SIGSTOP, si.si_status);
	kill(pid, SIGCONT);
	EXPECT_EQ(SIGCHLD, sigwaitinfo(&set, &si));
	EXPECT_EQ(CLD_CONTINUED, si.si_code);
	kill(pid, SIGKILL);
	EXPECT_EQ(SIGCHLD, sigwaitinfo(&set, &si));
	EXPECT_EQ(CLD_KILLED, si.si_code);
	EXPECT_EQ(pid, si.si_pid);
}

TEST(sa_nocldstop_is_for_ends_only)
{
	pid_t pid = IN_CHILD({ for (;;) pause(); });

	on_signal(SIGCHLD, SA_NOCLDSTOP);
	kill(pid, SIGSTOP);
	status_of(pid, WUNTRACED);
	EXPECT_EQ(0, signals_seen);
	kill(pid, SIGKILL);
	exit_status(pid);
	EXPECT_EQ(1, signals_seen);
}

TEST(ignored_sigchld_reaps_by_itself)
{
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = IN_CHILD({ _exit(1); });
	EXPECT_ERRNO(ECHILD, waitpid(pid, NULL, 0));
	EXPECT_ERRNO(ESRCH, kill(pid, 0));
}

TEST(wait_with_ignored_sigchld_waits_for_the_last_child)
{
	signal(SIGCHLD, SIG_IGN);
	IN_CHILD({ sleep_ms(40); });
	IN_CHILD({});
	EXPECT_BLOCKS_AT_LEAST_MS(35, waitpid(-1, NULL, 0));
}

TEST(sa_nocldwait_reaps_but_signals)
{
	pid_t pid;

	on_signal(SIGCHLD, SA_NOCLDWAIT | SA_RESTART);
	pid = IN_CHILD({ _exit(1); });
	EXPECT_ERRNO(ECHILD, waitpid(pid, NULL, 0));
	EXPECT_EQ(1, signals_seen);
}

/* --- orphans */
TEST(an_orphan_goes_to_the_nearest_subreaper)
{
	int p[2], on = 0;
	pid_t me = getpid(), middle, orphan = 0;

	ASSERT_EQ(0, pipe(p));
	EXPECT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	EXPECT_EQ(0, prctl(PR_GET_CHILD_SUBREAPER, &on));
	EXPECT_EQ(1, on);
	middle = IN_CHILD({
		pid_t parent = getpid();
		pid_t pid = IN_CHILD({
			while (getppid() == parent)
				sched_yield();
			EXPECT_EQ(me, getppid());
			_exit(5);
		});

		write(p[1], &pid, sizeof(pid));
	});
	ASSERT_EQ(sizeof(orphan), read(p[0], &orphan, sizeof(orphan)));
	EXPECT_EQ(0, exit_status(middle));
	EXPECT_EQ(5, exit_status(orphan));
}

TEST(a_dead_orphan_is_the_subreapers_zombie)
{
	int p[2];
	pid_t orphan = 0;

	ASSERT_EQ(0, pipe(p));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		pid_t pid = IN_CHILD({ _exit(6); });
		siginfo_t si;

		waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
		write(p[1], &pid, sizeof(pid));
	})));
	ASSERT_EQ(sizeof(orphan), read(p[0], &orphan, sizeof(orphan)));
	EXPECT_EQ(6, exit_status(orphan));
}

TEST(subreaper_is_not_inherited)
{
	int on = 1;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	EXPECT_EQ(0, exit_status(IN_CHILD({ prctl(PR_GET_CHILD_SUBREAPER, &on); _exit(on); })));
}

TEST(pdeathsig_tells_of_the_parents_end)
{
	int p[2], sig = 0;
	char c = 0;

	ASSERT_EQ(0, pipe(p));
	EXPECT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1));
	EXPECT_EQ(0, prctl(PR_GET_PDEATHSIG, &sig));
	EXPECT_EQ(SIGUSR1, sig);
	EXPECT_ERRNO(EINVAL, prctl(PR_SET_PDEATHSIG, 65));
	exit_status(IN_CHILD({
		pid_t parent = getpid();
		int set = -1;
		sigset_t usr1;

		sigemptyset(&usr1);
		sigaddset(&usr1, SIGUSR1);
		sigprocmask(SIG_BLOCK, &usr1, NULL);
		prctl(PR_GET_PDEATHSIG, &set);
		EXPECT_EQ(0, set);		/* not inherited */
		IN_CHILD({
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			if (getppid() == parent) {
				write(p[1], "r", 1);
				sigwait(&usr1, &set);
				EXPECT_TRUE(getppid() != parent);
			}
			write(p[1], "d", 1);
		});
		read(p[0], &c, 1);
	}));
	EXPECT_EQ(1, read(p[0], &c, 1));
	EXPECT_EQ('d', c);
}

/* --- resource usage */
TEST(rusage_children_counts_the_reaped)
{
	struct rusage ru, all;
	int st;
	pid_t pid = IN_CHILD({
		for (int64_t end = now_ns() + 50000000; now_ns() < end;)
			getppid();
	});
	siginfo_t si;

	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	getrusage(RUSAGE_CHILDREN, &all);
	EXPECT_EQ(0, all.ru_utime.tv_sec + all.ru_utime.tv_usec + all.ru_stime.tv_usec +
			     all.ru_stime.tv_sec);
	EXPECT_EQ(pid, wait4(pid, &st, 0, &ru));
	EXPECT_TRUE(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec + ru.ru_utime.tv_sec +
			    ru.ru_stime.tv_sec >
		    0);
	getrusage(RUSAGE_CHILDREN, &all);
	EXPECT_EQ(ru.ru_utime.tv_usec, all.ru_utime.tv_usec);
	EXPECT_EQ(ru.ru_stime.tv_usec, all.ru_stime.tv_usec);
	EXPECT_ERRNO(EINVAL, getrusage(99, &all));
	EXPECT_EQ(0, getrusage(RUSAGE_THREAD, &all));
}

TEST(rusage_counts_faults_and_memory)
{
	struct rusage a, b;
	char *m = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(m, 1 << 22, MADV_NOHUGEPAGE);
	getrusage(RUSAGE_SELF, &a);
	for (int i = 0; i < 1 << 22; i += 4096)
		m[i] = 1;
	getrusage(RUSAGE_SELF, &b);
	EXPECT_TRUE(b.ru_minflt - a.ru_minflt >= 1);
	EXPECT_TRUE(b.ru_maxrss >= 4096);
}

MAIN
