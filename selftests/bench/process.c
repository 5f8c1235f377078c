/* SPDX-License-Identifier: MIT */
/* process.c - fork, exec, wait. */
#include "bench.h"

#include <spawn.h>

static void reap(pid_t pid)
{
	int st;

	MUST_BE(pid, waitpid(pid, &st, 0));
	MUST_BE(0, st);
}

BENCH(fork_exit_wait, 100)
{
	pid_t pid;

	MEASURE(b, pid = MUST(fork()); if (!pid) _exit(0); reap(pid));
}

BENCH(fork_64mb, 4)
{
	size_t size = 64 << 20;
	char *p = MUST(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	pid_t pid;

	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
	MEASURE(b, pid = MUST(fork()); if (!pid) _exit(0); reap(pid));
}

static char *const exit_args[] = { "abibench", "--exit", NULL };
static char *const no_env[] = { NULL };

BENCH(fork_exec_wait, 40)
{
	pid_t pid;

	MEASURE(
		b, pid = MUST(fork()); if (!pid) {
			execve(bench_self, exit_args, no_env);
			_exit(1);
		} reap(pid));
}

BENCH(vfork_exec_wait, 40)
{
	pid_t pid;

	MEASURE(
		b, pid = MUST(vfork()); if (!pid) {
			execve(bench_self, exit_args, no_env);
			_exit(1);
		} reap(pid));
}

BENCH(posix_spawn_wait, 40)
{
	pid_t pid;

	MEASURE(b, MUST_BE(0, posix_spawn(&pid, bench_self, NULL, NULL, exit_args, no_env));
		reap(pid));
}
