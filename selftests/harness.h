/* SPDX-License-Identifier: MIT */
/* harness.h - the whole of an ABI test program: include it, write TEST(name) { ... } and end the
 * file with MAIN.
 *
 * Every test runs in a process (and process group) of its own with a time limit, so a crash or a
 * hang is one failure and leaves nothing behind. EXPECT_* note a failure and go on, ASSERT_* end
 * the test. Values are (expected, actual). Output is TAP. Arguments name the tests to run (all by
 * default); -l lists them.
 *
 * A comment line "needs: OPTIONS" at the head of a test file gives selftests/run more options for
 * scripts/run. TEST_XFAIL(name, "why") is known to fail on Ashlar (never on Linux): reported as
 * such, and as a failure once it passes. */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct test {
	const char *name, *xfail;
	void (*fn)(void);
	int timeout_s;
	struct test *next;
};

static struct test *harness_tests, **harness_tail = &harness_tests;
static int *harness_failed;	/* in memory that children of the test share */

#define TEST_DEFINE(name_, timeout_, xfail_)                                                      \
	static void test_##name_(void);                                                           \
	static struct test entry_##name_ = { #name_, xfail_, test_##name_, timeout_, NULL };      \
	__attribute__((constructor)) static void register_##name_(void)                           \
	{                                                                                         \
		*harness_tail = &entry_##name_;                                                   \
		harness_tail = &entry_##name_.next;                                               \
	}                                                                                         \
	static void test_##name_(void)

#define TEST(name)		      TEST_DEFINE(name, 10, NULL)
#define TEST_TIMEOUT(name, seconds)   TEST_DEFINE(name, seconds, NULL)
#define TEST_XFAIL(name, why)	      TEST_DEFINE(name, 10, why)
#define MAIN			      int main(int argc, char **argv) { return harness_main(argc, argv); }

/* --- checks */
#define FAIL(...)                                                                                 \
	do {                                                                                      \
		*harness_failed = 1;                                                              \
		printf("# %s:%d: ", __FILE_NAME__, __LINE__);                                     \
		printf(__VA_ARGS__);                                                              \
		printf("\n");                                                                     \
	} while (0)
#ifndef __FILE_NAME__
#define __FILE_NAME__ (strrchr("/" __FILE__, '/') + 1)
#endif
#define SKIP(...)   do { printf("# SKIP "); printf(__VA_ARGS__); printf("\n"); fflush(stdout); _exit(77); } while (0)
#define END_TEST()  do { fflush(stdout); _exit(1); } while (0)

#define CHECK_EQ(expected, actual, then)                                                          \
	do {                                                                                      \
		long long want_ = (long long)(expected);                                          \
		errno = 0;                                                                        \
		long long got_ = (long long)(actual);                                             \
		int errno_ = errno;                                                               \
		if (want_ != got_) {                                                              \
			FAIL("%s is %lld (%#llx), not %lld%s%s", #actual, got_, got_, want_,      \
			     got_ == -1 && errno_ ? ": " : "",                                    \
			     got_ == -1 && errno_ ? strerror(errno_) : "");                       \
			then;                                                                     \
		}                                                                                 \
	} while (0)
#define CHECK_ERRNO(error, expr, then)                                                            \
	do {                                                                                      \
		errno = 0;                                                                        \
		long long got_ = (long long)(expr);                                               \
		int errno_ = errno;                                                               \
		if (got_ != -1 || errno_ != (error)) {                                            \
			FAIL("%s is %lld%s%s, not -1: %s", #expr, got_, got_ == -1 ? ": " : "",   \
			     got_ == -1 ? strerror(errno_) : "", strerror(error));                \
			then;                                                                     \
		}                                                                                 \
	} while (0)
#define CHECK_TRUE(cond, then)                                                                    \
	do {                                                                                      \
		errno = 0;                                                                        \
		if (!(cond)) {                                                                    \
			int errno_ = errno;                                                       \
			FAIL("not so: %s%s%s", #cond, errno_ ? ", errno: " : "",                  \
			     errno_ ? strerror(errno_) : "");                                     \
			then;                                                                     \
		}                                                                                 \
	} while (0)
#define CHECK_STREQ(expected, actual, then)                                                       \
	do {                                                                                      \
		const char *want_ = (expected), *got_ = (actual);                                 \
		if (!got_ || strcmp(want_, got_)) {                                               \
			FAIL("%s is \"%s\", not \"%s\"", #actual, got_ ? got_ : "(null)", want_);  \
			then;                                                                     \
		}                                                                                 \
	} while (0)

#define EXPECT_EQ(expected, actual)    CHECK_EQ(expected, actual, )
#define EXPECT_ERRNO(error, expr)      CHECK_ERRNO(error, expr, )
#define EXPECT_TRUE(cond)	       CHECK_TRUE(cond, )
#define EXPECT_STREQ(expected, actual) CHECK_STREQ(expected, actual, )
#define ASSERT_EQ(expected, actual)    CHECK_EQ(expected, actual, END_TEST())
#define ASSERT_ERRNO(error, expr)      CHECK_ERRNO(error, expr, END_TEST())
#define ASSERT_TRUE(cond)	       CHECK_TRUE(cond, END_TEST())
#define ASSERT_STREQ(expected, actual) CHECK_STREQ(expected, actual, END_TEST())

/* The test needs this call: skipped where it is ENOSYS (docs/SYSCALLS.md: NONE). */
#define NEEDS(call)                                                                               \
	do {                                                                                      \
		errno = 0;                                                                        \
		if ((long)(call) == -1 && errno == ENOSYS)                                        \
			SKIP("no %s", #call);                                                     \
	} while (0)

/* Evaluates expr to anything, but not before @ms have passed. */
#define EXPECT_BLOCKS_AT_LEAST_MS(ms, expr)                                                       \
	do {                                                                                      \
		int64_t before_ = now_ns();                                                       \
		(void)!(expr);                                                                    \
		int64_t took_ = now_ns() - before_;                                               \
		if (took_ < (int64_t)(ms) * 1000000)                                              \
			FAIL("%s took %lld us, less than %d ms", #expr, (long long)took_ / 1000, (int)(ms)); \
	} while (0)

/* --- helpers */
static inline int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Sleeps all of it, whatever signals come. */
static inline void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static volatile sig_atomic_t signals_seen;
static volatile sig_atomic_t last_signal;

static inline void note_signal(int sig)
{
	signals_seen++;
	last_signal = sig;
}

/* Catch @sig and count it in signals_seen. @flags: SA_RESTART and so on. */
static inline void on_signal(int sig, int flags)
{
	struct sigaction sa = { .sa_flags = flags };

	sa.sa_handler = note_signal;
	sigaction(sig, &sa, NULL);
}

/* And again after a second: who was not asleep yet when the first came is woken by the next. 0: no
 * more. */
static inline void alarm_ms(int ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 },
			       .it_interval = { ms ? 1 : 0, 0 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static inline int is_ashlar(void)
{
	struct utsname u;

	return uname(&u) == 0 && strstr(u.release, "ashlar") != NULL;
}

/* A kernel whose locks and objects carry what its checks need: limits of memory are not for it. */
static inline int is_debug_kernel(void)
{
	struct utsname u;

	return uname(&u) == 0 && strstr(u.version, " DEBUG") != NULL;
}

/* IN_CHILD({ ... }): meanwhile, in a child process; its pid. Checks in it count. Not reaped unless
 * the test does. */
#define IN_CHILD(...)                                                                             \
	({                                                                                        \
		fflush(stdout);                                                                   \
		pid_t pid_ = fork();                                                              \
		if (pid_ == 0) {                                                                  \
			__VA_ARGS__;                                                              \
			fflush(stdout);                                                           \
			_exit(0);                                                                 \
		}                                                                                 \
		pid_;                                                                             \
	})

/* Reap @pid; its exit status, or 128 + the signal that killed it. */
static inline int exit_status(pid_t pid)
{
	int st;

	if (waitpid(pid, &st, 0) != pid)
		return -1;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

/* IN_THREAD({ ... }): meanwhile, in a thread that sees the test's variables; joined where the
 * enclosing block ends. A nested function: the program then asks for an executable stack (prefer
 * IN_CHILD where memory need not be shared). */
#define IN_THREAD(...) IN_THREAD_(__COUNTER__, __VA_ARGS__)
#define IN_THREAD_(n, ...) IN_THREAD__(n, __VA_ARGS__)
#define IN_THREAD__(n, ...)                                                                       \
	auto void *thread_fn_##n(void *);                                                         \
	__attribute__((cleanup(harness_join))) pthread_t thread_##n;                              \
	pthread_create(&thread_##n, NULL, thread_fn_##n, NULL);                                   \
	void *thread_fn_##n(void *arg_)                                                           \
	{                                                                                         \
		(void)arg_;                                                                       \
		__VA_ARGS__;                                                                      \
		return NULL;                                                                      \
	}

static inline void harness_join(pthread_t *thread)
{
	pthread_join(*thread, NULL);
}

/* --- running */
#include <sys/mman.h>

/* 0 passed, 1 failed, 77 skipped. The child is the leader of a group that ends with it. */
static int harness_run(const struct test *t)
{
	int st, status = 1;
	sigset_t chld;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	*harness_failed = 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		t->fn();
		fflush(stdout);
		_exit(*harness_failed);
	}
	setpgid(pid, pid);
	for (int64_t end = now_ns() + t->timeout_s * 1000000000ll;;) {
		int64_t left = end - now_ns();
		struct timespec ts = { left / 1000000000, left % 1000000000 };

		if (waitpid(pid, &st, WNOHANG) == pid) {
			if (WIFSIGNALED(st))
				printf("# killed by signal %d: %s\n", WTERMSIG(st),
				       strsignal(WTERMSIG(st)));
			else
				status = WEXITSTATUS(st);
			break;
		}
		if (left <= 0) {
			printf("# no end after %d s\n", t->timeout_s);
			kill(pid, SIGKILL);
			waitpid(pid, &st, 0);
			break;
		}
		sigtimedwait(&chld, NULL, &ts);
	}
	kill(-pid, SIGKILL);
	return *harness_failed ? 1 : status;
}

static int harness_wanted(const struct test *t, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], t->name) == 0)
			return 1;
	return argc < 2;
}

static int harness_main(int argc, char **argv)
{
	int n = 0, failed = 0;

	harness_failed = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	for (const struct test *t = harness_tests; t; t = t->next)
		n += harness_wanted(t, argc, argv);
	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		for (const struct test *t = harness_tests; t; t = t->next)
			puts(t->name);
		return 0;
	}
	printf("1..%d\n", n);
	n = 0;
	for (const struct test *t = harness_tests; t; t = t->next) {
		const char *note = "", *why = "";
		int status;

		if (!harness_wanted(t, argc, argv))
			continue;
		printf("# test %s\n", t->name);
		status = harness_run(t);
		if (status == 77) {
			note = " # SKIP";
			status = 0;
		} else if (t->xfail && is_ashlar()) {
			note = status ? " # TODO " : " # passes, though marked TODO ";
			why = t->xfail;
			status = !status;
		}
		printf("%sok %d - %s%s%s\n", status ? "not " : "", ++n, t->name, note, why);
		failed += status != 0;
	}
	fflush(stdout);
	return failed != 0;
}
