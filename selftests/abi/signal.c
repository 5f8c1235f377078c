/* SPDX-License-Identifier: MIT */
/* signal(7), sigaction(2), sigprocmask(2), sigqueue(3), kill(2), sigaltstack(2): who gets which
 * signal, when, with what. */
#include "../harness.h"

#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <ucontext.h>

static siginfo_t info;
static sigjmp_buf back;
static int order[64], norder;

static void keep_info(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	info = *si;
	if (norder < 64)
		order[norder++] = sig;
}

static void keep_and_jump(int sig, siginfo_t *si, void *uc)
{
	keep_info(sig, si, uc);
	siglongjmp(back, 1);
}

static void handle(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_flags = flags | SA_SIGINFO };

	sa.sa_sigaction = fn;
	sigaction(sig, &sa, NULL);
}

/* Run @stmt, which must raise @sig; info tells. */
#define CATCH(sig, stmt)                                                                          \
	do {                                                                                      \
		memset(&info, 0, sizeof(info));                                                   \
		handle(sig, keep_and_jump, 0);                                                    \
		if (sigsetjmp(back, 1) == 0) {                                                    \
			stmt;                                                                     \
			FAIL("no signal: %s", #stmt);                                             \
		}                                                                                 \
		EXPECT_EQ(sig, info.si_signo);                                                    \
	} while (0)

static sigset_t block(int sig)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, &old);
	return set;
}

static int blocked(int sig)
{
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, sig);
}

static int pending(int sig)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, sig);
}

/* --- sigaction */
TEST(sigaction_returns_what_it_replaces)
{
	struct sigaction sa = { .sa_handler = note_signal, .sa_flags = SA_RESTART | SA_NODEFER },
			 old;

	sigaddset(&sa.sa_mask, SIGUSR2);
	EXPECT_EQ(0, sigaction(SIGUSR1, &sa, &old));
	EXPECT_TRUE(old.sa_handler == SIG_DFL);
	EXPECT_EQ(0, sigaction(SIGUSR1, NULL, &old));
	EXPECT_TRUE(old.sa_handler == note_signal);
	EXPECT_EQ(SA_RESTART | SA_NODEFER, old.sa_flags);
	EXPECT_EQ(1, sigismember(&old.sa_mask, SIGUSR2));
	EXPECT_EQ(0, sigismember(&old.sa_mask, SIGUSR1));
}

TEST(sigkill_and_sigstop_cannot_be_caught)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	EXPECT_ERRNO(EINVAL, sigaction(SIGKILL, &sa, NULL));
	EXPECT_ERRNO(EINVAL, sigaction(SIGSTOP, &sa, NULL));
	EXPECT_EQ(0, sigaction(SIGKILL, NULL, &sa));
	EXPECT_ERRNO(EINVAL, sigaction(0, NULL, &sa));
	EXPECT_ERRNO(EINVAL, sigaction(65, NULL, &sa));
	EXPECT_ERRNO(EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
	EXPECT_ERRNO(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8));
}

static volatile int depth, max_depth, was_blocked;

static void nest(int sig)
{
	if (++depth > max_depth)
		max_depth = depth;
	was_blocked = blocked(sig);
	if (signals_seen++ == 0)
		raise(sig);
	depth--;
}

TEST(a_signal_is_blocked_in_its_handler)
{
	signal(SIGUSR1, nest);
	raise(SIGUSR1);
	EXPECT_EQ(2, signals_seen);
	EXPECT_EQ(1, max_depth);
	EXPECT_EQ(1, was_blocked);
	EXPECT_EQ(0, blocked(SIGUSR1));
}

TEST(sa_nodefer_lets_it_nest)
{
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = nest, .sa_flags = SA_NODEFER }, NULL);
	raise(SIGUSR1);
	EXPECT_EQ(2, max_depth);
	EXPECT_EQ(0, was_blocked);
}

TEST(sa_mask_is_blocked_in_the_handler)
{
	struct sigaction sa = { .sa_handler = nest };

	sigaddset(&sa.sa_mask, SIGUSR1);
	sigaction(SIGUSR2, &sa, NULL);
	signal(SIGUSR1, nest);
	signals_seen = 1;
	raise(SIGUSR2);
	EXPECT_EQ(1, was_blocked);
	EXPECT_EQ(0, blocked(SIGUSR1));
}

TEST(sa_resethand_resets_before_the_call)
{
	sigaction(SIGUSR1,
		  &(struct sigaction){ .sa_handler = note_signal, .sa_flags = SA_RESETHAND }, NULL);
	raise(SIGUSR1);
	EXPECT_EQ(1, signals_seen);
	EXPECT_TRUE(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
}

TEST(ignored_signals_are_not_kept)
{
	block(SIGUSR1);
	signal(SIGUSR1, note_signal);
	raise(SIGUSR1);
	EXPECT_EQ(1, pending(SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	EXPECT_EQ(0, pending(SIGUSR1));
	signal(SIGCHLD, note_signal);
	block(SIGCHLD);
	raise(SIGCHLD);
	signal(SIGCHLD, SIG_DFL);		/* its default is to be ignored */
	EXPECT_EQ(0, pending(SIGCHLD));
}

TEST(default_actions_end_the_process_or_do_nothing)
{
	static const int fatal[] = {
		SIGHUP,	 SIGINT,    SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,	   SIGFPE,
		SIGUSR1, SIGSEGV,   SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU,
		SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS,	34,	   64,
	};
	static const int harmless[] = { SIGCHLD, SIGURG, SIGWINCH, SIGCONT };

	for (unsigned i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		EXPECT_EQ(128 + fatal[i], exit_status(IN_CHILD({ kill(getpid(), fatal[i]); })));
	for (unsigned i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		EXPECT_EQ(0, exit_status(IN_CHILD({ kill(getpid(), harmless[i]); })));
}

/* --- masks */
TEST(sigprocmask_blocks_unblocks_and_sets)
{
	sigset_t usr1, old;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	EXPECT_EQ(0, sigprocmask(SIG_BLOCK, &usr1, &old));
	EXPECT_EQ(0, sigismember(&old, SIGUSR1));
	EXPECT_EQ(0, sigprocmask(SIG_UNBLOCK, &usr1, &old));
	EXPECT_EQ(1, sigismember(&old, SIGUSR1));
	EXPECT_EQ(0, sigprocmask(SIG_SETMASK, &usr1, NULL));
	EXPECT_EQ(1, blocked(SIGUSR1));
	EXPECT_ERRNO(EINVAL, sigprocmask(9, &usr1, NULL));
	EXPECT_EQ(0, sigprocmask(9, NULL, &old));
	EXPECT_ERRNO(EINVAL, syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr1, NULL, 16));
	EXPECT_ERRNO(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8));
}

TEST(sigkill_and_sigstop_cannot_be_blocked)
{
	uint64_t all = ~0ull, now = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &now, 8);
	EXPECT_EQ(~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1)), now);
}

TEST(a_blocked_signal_waits_and_comes_once)
{
	sigset_t set = block(SIGUSR1);

	on_signal(SIGUSR1, 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	EXPECT_EQ(0, signals_seen);
	EXPECT_EQ(1, pending(SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(0, pending(SIGUSR1));
}

TEST(each_thread_has_a_mask_of_its_own)
{
	block(SIGUSR1);
	{
		IN_THREAD({
			sigset_t set;

			EXPECT_EQ(1, blocked(SIGUSR1));	/* from its creator */
			sigemptyset(&set);
			pthread_sigmask(SIG_SETMASK, &set, NULL);
		});
	}
	EXPECT_EQ(1, blocked(SIGUSR1));
}

TEST(sigsuspend_waits_with_another_mask_and_restores)
{
	sigset_t none;

	block(SIGUSR1);
	on_signal(SIGUSR1, SA_RESTART);
	raise(SIGUSR1);
	sigemptyset(&none);
	EXPECT_ERRNO(EINTR, sigsuspend(&none));
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(1, blocked(SIGUSR1));
	EXPECT_ERRNO(EINVAL, syscall(SYS_rt_sigsuspend, &none, 4));
}

TEST(pause_returns_after_a_handler)
{
	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(10);
	EXPECT_ERRNO(EINTR, pause());
	EXPECT_EQ(1, signals_seen);
}

/* --- waiting for signals */
TEST(sigtimedwait_takes_a_pending_signal)
{
	sigset_t set = block(SIGUSR1);
	siginfo_t si;

	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SIGUSR1, sigtimedwait(&set, &si, &(struct timespec){ 0 }));
	EXPECT_EQ(SI_USER, si.si_code);
	EXPECT_EQ(getpid(), si.si_pid);
	EXPECT_ERRNO(EAGAIN, sigtimedwait(&set, &si, &(struct timespec){ 0 }));
	EXPECT_ERRNO(EINVAL, sigtimedwait(&set, &si, &(struct timespec){ 0, 1000000000 }));
}

TEST(sigtimedwait_gives_up_in_time)
{
	sigset_t set = block(SIGUSR1);
	siginfo_t si;

	EXPECT_BLOCKS_AT_LEAST_MS(20, sigtimedwait(&set, &si, &(struct timespec){ 0, 20000000 }));
}

TEST(sigwaitinfo_is_woken_by_kill)
{
	sigset_t set = block(SIGUSR1);
	pid_t me = getpid(), pid;
	siginfo_t si;

	pid = IN_CHILD({ sleep_ms(15); kill(me, SIGUSR1); });
	EXPECT_EQ(SIGUSR1, sigwaitinfo(&set, &si));
	EXPECT_EQ(pid, si.si_pid);
}

TEST(sigwaitinfo_is_interrupted_by_other_handlers)
{
	sigset_t set = block(SIGUSR1);

	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(15);
	EXPECT_ERRNO(EINTR, sigwaitinfo(&set, NULL));
}

TEST(sigwaitinfo_prefers_the_lowest_number)
{
	sigset_t set = block(SIGRTMIN + 1);
	siginfo_t si;

	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGRTMIN + 1);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SIGUSR1, sigwaitinfo(&set, &si));
	EXPECT_EQ(SIGRTMIN + 1, sigwaitinfo(&set, &si));
}

/* --- queueing */
TEST(sigqueue_carries_a_value)
{
	handle(SIGUSR1, keep_info, 0);
	EXPECT_EQ(0, sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 4711 }));
	EXPECT_EQ(SI_QUEUE, info.si_code);
	EXPECT_EQ(4711, info.si_value.sival_int);
	EXPECT_EQ(getpid(), info.si_pid);
	EXPECT_EQ(getuid(), info.si_uid);
	EXPECT_EQ(0, sigqueue(getpid(), 0, (union sigval){ 0 }));
	EXPECT_ERRNO(EINVAL, sigqueue(getpid(), 65, (union sigval){ 0 }));
	EXPECT_ERRNO(ESRCH, sigqueue(4000000, SIGUSR1, (union sigval){ 0 }));
}

TEST(realtime_signals_queue_in_order)
{
	sigset_t set = block(SIGRTMIN);
	siginfo_t si;

	for (int i = 0; i < 10; i++)
		EXPECT_EQ(0, sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }));
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(SIGRTMIN, sigwaitinfo(&set, &si));
		EXPECT_EQ(i, si.si_value.sival_int);
	}
	EXPECT_ERRNO(EAGAIN, sigtimedwait(&set, &si, &(struct timespec){ 0 }));
}

TEST(standard_signals_keep_the_first_value)
{
	sigset_t set = block(SIGUSR1);
	siginfo_t si;

	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 1 });
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 2 });
	EXPECT_EQ(SIGUSR1, sigwaitinfo(&set, &si));
	EXPECT_EQ(1, si.si_value.sival_int);
	EXPECT_EQ(0, pending(SIGUSR1));
}

TEST(handlers_nest_so_that_the_highest_number_is_seen_first)
{
	sigset_t set = block(SIGRTMIN + 2);

	/* each pending one gets a frame before user code runs, lowest number first: the last one is
	 * on top */
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 3; i++)
		handle(SIGRTMIN + i, keep_info, 0);
	for (int i = 0; i < 3; i++)
		kill(getpid(), SIGRTMIN + 2 - i);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	ASSERT_EQ(3, norder);
	EXPECT_EQ(SIGRTMIN + 2, order[0]);
	EXPECT_EQ(SIGRTMIN + 1, order[1]);
	EXPECT_EQ(SIGRTMIN, order[2]);
}

TEST(a_full_queue_is_eagain)
{
	pid_t pid = IN_CHILD({
		sigset_t set = block(SIGRTMIN);
		int n = 0, error = 0;

		(void)set;
		setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){ 5, 5 });
		setuid(4322);
		while (n < 100 && sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }) == 0)
			n++;
		error = errno;
		EXPECT_EQ(EAGAIN, error);
		EXPECT_EQ(5, n);
		EXPECT_EQ(0, kill(getpid(), SIGURG));	/* kill() never fails so */
	});

	EXPECT_EQ(0, exit_status(pid));
}

TEST(rt_sigqueueinfo_does_not_fake_kernel_codes_for_others)
{
	siginfo_t si = { .si_signo = SIGUSR1, .si_code = SI_USER };
	pid_t pid = IN_CHILD({ for (;;) pause(); });

	EXPECT_ERRNO(EPERM, syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &si));
	si.si_code = SI_TKILL;
	EXPECT_ERRNO(EPERM, syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &si));
	block(SIGUSR1);
	si.si_code = SI_USER;
	EXPECT_EQ(0, syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &si));
	kill(pid, SIGKILL);
}

/* --- siginfo of faults */
TEST(reading_nothing_is_segv_maperr)
{
	CATCH(SIGSEGV, *(volatile int *)16 = 1);
	EXPECT_EQ(SEGV_MAPERR, info.si_code);
	EXPECT_EQ(16, (long)info.si_addr);
}

TEST(a_forbidden_access_is_segv_accerr)
{
	char *m = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CATCH(SIGSEGV, *(volatile char *)(m + 4099) = 1);
	EXPECT_EQ(SEGV_ACCERR, info.si_code);
	EXPECT_EQ((long)m + 4099, (long)info.si_addr);
}

TEST(executing_data_is_segv_accerr)
{
	uint32_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*m = 0xd65f03c0;	/* ret */
	CATCH(SIGSEGV, ((void (*)(void))m)());
	EXPECT_EQ(SEGV_ACCERR, info.si_code);
	EXPECT_EQ((long)m, (long)info.si_addr);
}

TEST(kernel_addresses_are_segv_maperr)
{
	CATCH(SIGSEGV, *(volatile char *)0xffff800000000000 = 1);
	EXPECT_EQ(SEGV_MAPERR, info.si_code);
	CATCH(SIGSEGV, ((void (*)(void))0xffff800000000000)());
}

TEST(beyond_the_end_of_a_file_is_bus_adrerr)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	char *m;

	ftruncate(fd, 4096);
	m = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	CATCH(SIGBUS, (void)*(volatile char *)(m + 4096));
	EXPECT_EQ(BUS_ADRERR, info.si_code);
	EXPECT_EQ((long)m + 4096, (long)info.si_addr);
}

TEST(an_undefined_instruction_is_ill_illopc)
{
	static volatile uintptr_t at;

	CATCH(SIGILL, __asm__ volatile("adr %0, 1f\n1: udf #1" : "=r"(at)));
	EXPECT_EQ(ILL_ILLOPC, info.si_code);
	EXPECT_TRUE(info.si_addr != NULL);
}

TEST(a_privileged_instruction_is_sigill)
{
	CATCH(SIGILL, __asm__ volatile("msr ttbr0_el1, xzr"));
	EXPECT_EQ(ILL_ILLOPC, info.si_code);
}

TEST(brk_is_trap_brkpt)
{
	CATCH(SIGTRAP, __asm__ volatile("brk #0"));
	EXPECT_EQ(TRAP_BRKPT, info.si_code);
	EXPECT_TRUE(info.si_addr != NULL);
}

TEST(a_misaligned_pc_is_bus_adraln)
{
	CATCH(SIGBUS, ((void (*)(void))((uintptr_t)note_signal + 2))());
	EXPECT_EQ(BUS_ADRALN, info.si_code);
}

TEST(a_misaligned_atomic_is_bus_adraln)
{
	static long a[2];

	CATCH(SIGBUS, __asm__ volatile("ldaxr x9, [%0]" :: "r"((char *)a + 1) : "x9"));
	EXPECT_EQ(BUS_ADRALN, info.si_code);
}

TEST(a_blocked_fault_kills)
{
	pid_t pid = IN_CHILD({ block(SIGSEGV); on_signal(SIGSEGV, 0); *(volatile int *)16 = 1; });

	EXPECT_EQ(128 + SIGSEGV, exit_status(pid));
	pid = IN_CHILD({ signal(SIGSEGV, SIG_IGN); *(volatile int *)16 = 1; });
	EXPECT_EQ(128 + SIGSEGV, exit_status(pid));
}

static void step_over(int sig, siginfo_t *si, void *ucp)
{
	ucontext_t *uc = ucp;

	(void)sig;
	info = *si;
	uc->uc_mcontext.pc += 4;
	uc->uc_mcontext.regs[9] = 99;
}

TEST(a_handler_may_change_the_registers)
{
	long x9;

	handle(SIGSEGV, step_over, 0);
	__asm__ volatile("mov x9, #16\n ldr x9, [x9]\n mov %0, x9" : "=r"(x9) :: "x9");
	EXPECT_EQ(99, x9);
	EXPECT_EQ(16, (long)info.si_addr);
}

static ucontext_t seen;

static void keep_context(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	memcpy(&seen, uc, sizeof(seen));
}

TEST(the_context_has_mask_fault_address_and_fpsimd)
{
	struct _aarch64_ctx *ctx = (void *)seen.uc_mcontext.__reserved;

	handle(SIGUSR1, keep_context, 0);
	block(SIGUSR2);
	raise(SIGUSR1);
	EXPECT_EQ(1, sigismember(&seen.uc_sigmask, SIGUSR2));
	EXPECT_EQ(0, sigismember(&seen.uc_sigmask, SIGUSR1));
	EXPECT_EQ(0x46508001, ctx->magic);
	EXPECT_EQ(528, ctx->size);
	EXPECT_TRUE(seen.uc_mcontext.sp != 0 && seen.uc_mcontext.pc != 0);
}

static void clobber_fp(int sig)
{
	(void)sig;
	signals_seen++;
	__asm__ volatile("movi v0.16b, #1\n movi v8.16b, #1\n movi v31.16b, #1\n msr fpcr, %0\n "
			 "msr fpsr, %1" ::"r"(0x400000l),
			 "r"(0x1fl)
			 : "v0", "v8", "v31");
}

TEST(fp_registers_survive_a_handler)
{
	long d0 = 0, d8 = 0, d31 = 0, fpcr = 1, fpsr = 1, seen_now = 0;
	long pid = getpid();

	signal(SIGUSR1, clobber_fp);
	__asm__ volatile("msr fpcr, xzr\n msr fpsr, xzr\n"
			 "fmov d0, %6\n fmov d8, %6\n fmov d31, %6\n"
			 "mov x0, %6\n mov x1, #10\n mov x8, #129\n svc #0\n"
			 "fmov %0, d0\n fmov %1, d8\n fmov %2, d31\n mrs %3, fpcr\n mrs %4, fpsr\n "
			 "mov %5, x0"
			 : "=&r"(d0), "=&r"(d8), "=&r"(d31), "=&r"(fpcr), "=&r"(fpsr),
			   "=&r"(seen_now)
			 : "r"(pid)
			 : "x0", "x1", "x8", "v0", "v8", "v31", "memory");
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(pid, d0);
	EXPECT_EQ(pid, d8);
	EXPECT_EQ(pid, d31);
	EXPECT_EQ(0, fpcr);
	EXPECT_EQ(0, fpsr);
	EXPECT_EQ(0, seen_now);
}

static volatile long spins;

TEST(registers_survive_signals_that_come_any_time)
{
	struct itimerval t = { { 0, 500 }, { 0, 500 } };
	long bad = 0;

	signal(SIGALRM, clobber_fp);
	setitimer(ITIMER_REAL, &t, NULL);
	for (int64_t end = now_ns() + 30000000; now_ns() < end || signals_seen < 3;) {
		long out;

		__asm__ volatile(
			"mov x9, #0\n fmov d8, xzr\n mov x11, #1\n"
			"1: add x9, x9, #1\n fmov x10, d8\n add x10, x10, x11\n fmov d8, x10\n"
			"cmp x9, #1000\n b.ne 1b\n fmov x10, d8\n sub %0, x10, x9"
			: "=r"(out)::"x9", "x10", "x11", "v8", "cc");
		bad += out != 0;
		spins++;
	}
	EXPECT_EQ(0, bad);
}

/* --- the alternate stack */
static char *altstack;
static volatile uintptr_t handler_sp;
static volatile int on_flags;

static void where_am_i(int sig)
{
	int here;
	stack_t ss;

	(void)sig;
	handler_sp = (uintptr_t)&here;
	sigaltstack(NULL, &ss);
	on_flags = ss.ss_flags;
	signals_seen++;
}

static int on_altstack(void)
{
	return handler_sp >= (uintptr_t)altstack && handler_sp < (uintptr_t)altstack + 65536;
}

TEST(sa_onstack_runs_on_the_alternate_stack)
{
	stack_t ss;

	EXPECT_EQ(0, sigaltstack(NULL, &ss));
	EXPECT_EQ(SS_DISABLE, ss.ss_flags);
	altstack = malloc(65536);
	EXPECT_EQ(0, sigaltstack(&(stack_t){ .ss_sp = altstack, .ss_size = 65536 }, NULL));
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = where_am_i, .sa_flags = SA_ONSTACK },
		  NULL);
	raise(SIGUSR1);
	EXPECT_TRUE(on_altstack());
	EXPECT_EQ(SS_ONSTACK, on_flags);
	signal(SIGUSR1, where_am_i);
	raise(SIGUSR1);
	EXPECT_TRUE(!on_altstack());
	EXPECT_EQ(0, on_flags);
}

static void change_altstack(int sig)
{
	(void)sig;
	signals_seen = sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL) < 0 ? errno : -1;
}

TEST(sigaltstack_errors)
{
	altstack = malloc(65536);
	EXPECT_ERRNO(EINVAL,
		     sigaltstack(&(stack_t){ .ss_sp = altstack, .ss_size = 65536, .ss_flags = 77 },
				 NULL));
	EXPECT_ERRNO(ENOMEM, sigaltstack(&(stack_t){ .ss_sp = altstack, .ss_size = 1000 }, NULL));
	EXPECT_ERRNO(EFAULT, sigaltstack((stack_t *)8, NULL));
	EXPECT_EQ(0, sigaltstack(&(stack_t){ .ss_sp = altstack, .ss_size = 65536 }, NULL));
	sigaction(SIGUSR1,
		  &(struct sigaction){ .sa_handler = change_altstack, .sa_flags = SA_ONSTACK },
		  NULL);
	raise(SIGUSR1);
	EXPECT_EQ(EPERM, signals_seen);
}

TEST(ss_autodisarm_disarms_in_the_handler)
{
	stack_t ss;

	altstack = malloc(65536);
	EXPECT_EQ(
		0,
		sigaltstack(&(stack_t){ .ss_sp = altstack, .ss_size = 65536, .ss_flags = 1u << 31 },
			    NULL));
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = where_am_i, .sa_flags = SA_ONSTACK },
		  NULL);
	raise(SIGUSR1);
	EXPECT_TRUE(on_altstack());
	EXPECT_EQ(SS_DISABLE, on_flags);
	sigaltstack(NULL, &ss);
	EXPECT_TRUE(ss.ss_sp == altstack);
}

__attribute__((noinline)) static int recurse(volatile char *p)
{
	volatile char buf[16384];

	buf[0] = *p;
	return signals_seen ? 0 : buf[0] + recurse(buf) + 1;
}

TEST(stack_overflow_is_caught_on_the_alternate_stack)
{
	altstack = malloc(65536);
	sigaltstack(&(stack_t){ .ss_sp = altstack, .ss_size = 65536 }, NULL);
	handle(SIGSEGV, keep_and_jump, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0)
		recurse("x");
	EXPECT_EQ(SIGSEGV, info.si_signo);
	EXPECT_EQ(SEGV_MAPERR, info.si_code);
}

TEST(no_room_for_the_frame_kills_with_sigsegv)
{
	pid_t pid = IN_CHILD({
		on_signal(SIGUSR1, 0);
		__asm__ volatile(
			"mov sp, #64\n mov x0, %0\n mov x1, #10\n mov x8, #129\n svc #0" ::"r"(
				(long)getpid()));
	});

	EXPECT_EQ(128 + SIGSEGV, exit_status(pid));
}

/* --- interrupting system calls */
#define INTERRUPTED_BY(flags, expr)                                                               \
	do {                                                                                      \
		on_signal(SIGALRM, flags);                                                        \
		alarm_ms(15);                                                                     \
		EXPECT_ERRNO(EINTR, expr);                                                        \
	} while (0)

TEST(read_of_a_pipe_is_interrupted_or_restarted)
{
	int p[2];
	char c = 0;

	pipe(p);
	INTERRUPTED_BY(0, read(p[0], &c, 1));
	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(15);
	IN_CHILD({ sleep_ms(40); write(p[1], "x", 1); });
	EXPECT_EQ(1, read(p[0], &c, 1));
	EXPECT_EQ(2, signals_seen);
}

TEST(a_partial_write_is_not_interrupted)
{
	static char big[100000];
	int p[2];

	pipe(p);
	on_signal(SIGALRM, 0);
	alarm_ms(15);
	EXPECT_EQ(65536, write(p[1], big, sizeof(big)));
	EXPECT_EQ(1, signals_seen);
}

TEST(sleeps_and_polls_are_never_restarted)
{
	struct pollfd p = { -1, 0, 0 };
	struct timespec left = { 0 };
	struct timeval tv = { 5, 0 };

	INTERRUPTED_BY(SA_RESTART, poll(&p, 1, 5000));
	INTERRUPTED_BY(SA_RESTART, select(0, NULL, NULL, NULL, &tv));
	INTERRUPTED_BY(SA_RESTART, nanosleep(&(struct timespec){ 5, 0 }, &left));
	EXPECT_EQ(4, left.tv_sec);
	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(15);
	EXPECT_EQ(EINTR, clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ 5, 0 }, &left));
}

TEST(an_untimed_futex_wait_is_restarted)
{
	static int *word;
	pid_t pid;

	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	INTERRUPTED_BY(0, syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL));
	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(15);
	pid = IN_CHILD({
		sleep_ms(30);
		*word = 1;
		while (syscall(SYS_futex, word, FUTEX_WAKE, 1) == 0)
			sched_yield();
	});
	EXPECT_EQ(0, syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL));
	EXPECT_EQ(0, exit_status(pid));
}

TEST(a_timed_futex_wait_is_not_restarted)
{
	static int word;	/* restart_syscall is for stops, not for handlers */

	INTERRUPTED_BY(SA_RESTART,
		       syscall(SYS_futex, &word, FUTEX_WAIT, 0, &(struct timespec){ 5, 0 }));
}

TEST(stop_and_continue_do_not_interrupt)
{
	pid_t pid = IN_CHILD({
		int64_t before = now_ns();

		EXPECT_EQ(0, nanosleep(&(struct timespec){ 0, 60000000 }, NULL));
		EXPECT_TRUE(now_ns() - before >= 60000000);
		EXPECT_EQ(0, poll(NULL, 0, 10));
	});
	int st;

	sleep_ms(15);
	kill(pid, SIGSTOP);
	waitpid(pid, &st, WUNTRACED);
	kill(pid, SIGCONT);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(an_ignored_signal_does_not_interrupt)
{
	signal(SIGALRM, SIG_IGN);
	alarm_ms(10);
	EXPECT_EQ(0, nanosleep(&(struct timespec){ 0, 30000000 }, NULL));
	signal(SIGWINCH, SIG_DFL);
	EXPECT_EQ(0, nanosleep(&(struct timespec){ 0, 1000000 }, NULL));
}

/* --- kill */
TEST(kill_zero_asks_and_nonsense_fails)
{
	EXPECT_EQ(0, kill(getpid(), 0));
	EXPECT_EQ(0, kill(1, 0));
	EXPECT_ERRNO(ESRCH, kill(4000000, 0));
	EXPECT_ERRNO(EINVAL, kill(getpid(), 65));
	EXPECT_ERRNO(EINVAL, kill(getpid(), -1));
	EXPECT_ERRNO(ESRCH, kill(-4000000, 0));
	EXPECT_ERRNO(ESRCH, kill(INT_MIN, 0));
}

TEST(kill_tells_the_sender)
{
	pid_t me = getpid(), pid;
	sigset_t set = block(SIGUSR1);
	siginfo_t si;

	pid = IN_CHILD({ setuid(0); kill(me, SIGUSR1); });
	EXPECT_EQ(SIGUSR1, sigwaitinfo(&set, &si));
	EXPECT_EQ(SI_USER, si.si_code);
	EXPECT_EQ(pid, si.si_pid);
	EXPECT_EQ(0, si.si_uid);
}

TEST(kill_of_a_group_reaches_all_of_it)
{
	pid_t a = IN_CHILD({ for (;;) pause(); }), b = IN_CHILD({ for (;;) pause(); });

	setpgid(a, a);
	setpgid(b, a);
	EXPECT_EQ(0, kill(-a, SIGTERM));
	EXPECT_EQ(128 + SIGTERM, exit_status(a));
	EXPECT_EQ(128 + SIGTERM, exit_status(b));
	EXPECT_ERRNO(ESRCH, kill(-a, 0));
}

TEST(kill_of_zero_reaches_the_own_group)
{
	pid_t a = IN_CHILD({ for (;;) pause(); });

	on_signal(SIGUSR1, 0);
	EXPECT_EQ(0, kill(0, SIGUSR1));
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(128 + SIGUSR1, ({ kill(a, SIGUSR1); exit_status(a); }));
}

TEST(kill_needs_the_same_user)
{
	pid_t mine = IN_CHILD({ setuid(1111); for (;;) pause(); });
	pid_t pid = IN_CHILD({
		setuid(2222);
		EXPECT_ERRNO(EPERM, kill(1, SIGTERM));
		EXPECT_ERRNO(EPERM, kill(1, 0));
		EXPECT_ERRNO(EPERM, kill(getppid(), SIGTERM));
		EXPECT_EQ(0, kill(getpid(), 0));
	});

	EXPECT_EQ(0, exit_status(pid));
	pid = IN_CHILD({ setreuid(0, 1111); while (kill(mine, SIGTERM) < 0) sched_yield(); });
	EXPECT_EQ(128 + SIGTERM, exit_status(mine));
	EXPECT_EQ(0, exit_status(pid));
}

TEST(init_does_not_die_of_what_it_does_not_handle)
{
	EXPECT_EQ(0, kill(1, SIGKILL));
	EXPECT_EQ(0, kill(1, SIGSTOP));
	EXPECT_EQ(0, kill(1, 0));
}

TEST(tgkill_reaches_one_thread)
{
	static volatile pid_t tid, got;

	block(SIGUSR1);
	EXPECT_ERRNO(EINVAL, syscall(SYS_tgkill, 0, gettid(), SIGUSR1));
	EXPECT_ERRNO(EINVAL, syscall(SYS_tgkill, getpid(), -1, SIGUSR1));
	EXPECT_ERRNO(ESRCH, syscall(SYS_tgkill, getppid(), gettid(), 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_tkill, 0, SIGUSR1));
	{
		IN_THREAD({
			siginfo_t si;
			sigset_t set = block(SIGUSR1);

			tid = gettid();
			/* glibc's sigwaitinfo hides SI_TKILL */
			if (syscall(SYS_rt_sigtimedwait, &set, &si, NULL, 8) == SIGUSR1 &&
			    si.si_code == SI_TKILL)
				got = gettid();
		});
		while (!tid)
			sched_yield();
		EXPECT_EQ(0, syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	}
	EXPECT_EQ(tid, got);
	EXPECT_EQ(0, pending(SIGUSR1));
}

TEST(a_process_signal_goes_to_a_thread_that_does_not_block_it)
{
	static volatile int ready;

	block(SIGUSR1);
	on_signal(SIGUSR1, 0);
	{
		IN_THREAD({
			sigset_t set;

			sigemptyset(&set);
			pthread_sigmask(SIG_SETMASK, &set, NULL);
			ready = 1;
			while (!signals_seen)
				sched_yield();
		});
		while (!ready)
			sched_yield();
		EXPECT_EQ(0, kill(getpid(), SIGUSR1));
	}
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(0, pending(SIGUSR1));
}

TEST(a_fatal_signal_ends_all_threads)
{
	EXPECT_EQ(128 + SIGTERM, exit_status(IN_CHILD({
		IN_THREAD({ pthread_kill(pthread_self(), SIGTERM); });
		for (;;)
			pause();
	})));
}

TEST(signals_from_a_timer_say_so)
{
	sigset_t set = block(SIGALRM);
	siginfo_t si;

	alarm_ms(5);
	EXPECT_EQ(SIGALRM, sigwaitinfo(&set, &si));
	EXPECT_EQ(SI_KERNEL, si.si_code);
}

TEST(sigpipe_comes_from_the_kernel_to_the_writer)
{
	int p[2];

	pipe(p);
	close(p[0]);
	handle(SIGPIPE, keep_info, 0);
	EXPECT_ERRNO(EPIPE, write(p[1], "x", 1));
	EXPECT_EQ(SI_USER, info.si_code);
	EXPECT_EQ(getpid(), info.si_pid);
}

MAIN
