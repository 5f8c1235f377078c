/* SPDX-License-Identifier: MIT */
/* bench.h - rows of the benchmark: BENCH(name, n) { set up; MEASURE(b, one operation); } each in a
 * process of its own. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct bench {
	const char *name;
	void (*fn)(struct bench *b);
	long n;			/* operations that count; a tenth of them runs before */
	double ns_per_op;
	struct bench *next;
};

extern const char *bench_self;	/* our own path, for the rows that exec */

void bench_register(struct bench *b);
__attribute__((noreturn)) void bench_fail(const char *what, int line, const char *file);

#define BENCH(name_, n_)                                                                          \
	static void bench_##name_(struct bench *b);                                               \
	static struct bench row_##name_ = { #name_, bench_##name_, n_, 0, NULL };                 \
	__attribute__((constructor)) static void register_##name_(void)                           \
	{                                                                                         \
		bench_register(&row_##name_);                                                     \
	}                                                                                         \
	static void bench_##name_(struct bench *b)

/* A call that must work, or the row has failed. */
#define MUST(expr)                                                                                \
	({                                                                                        \
		__auto_type v_ = (expr);                                                          \
		if ((long)v_ == -1)                                                               \
			bench_fail(#expr, __LINE__, __FILE__);                                    \
		v_;                                                                               \
	})
#define MUST_BE(want, expr)                                                                       \
	do {                                                                                      \
		if ((long)(expr) != (long)(want))                                                 \
			bench_fail(#expr, __LINE__, __FILE__);                                    \
	} while (0)

static inline int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Runs the operation n/10 times, then n times against the clock. */
#define MEASURE(b, ...)                                                                           \
	do {                                                                                      \
		for (long i_ = 0; i_ < ((b)->n + 9) / 10; i_++) {                                 \
			__VA_ARGS__;                                                              \
		}                                                                                 \
		int64_t from_ = now_ns();                                                         \
		for (long i_ = 0; i_ < (b)->n; i_++) {                                            \
			__VA_ARGS__;                                                              \
		}                                                                                 \
		(b)->ns_per_op = (double)(now_ns() - from_) / (b)->n;                             \
	} while (0)

/* Where each operation needs preparation: prepare; only `timed` counts. */
#define MEASURE_PART(b, prepare, timed, cleanup)                                                  \
	do {                                                                                      \
		int64_t sum_ = 0;                                                                 \
		for (long i_ = -(((b)->n + 9) / 10); i_ < (b)->n; i_++) {                         \
			prepare;                                                                  \
			int64_t from_ = now_ns();                                                 \
			timed;                                                                    \
			sum_ += i_ < 0 ? 0 : now_ns() - from_;                                    \
			cleanup;                                                                  \
		}                                                                                 \
		(b)->ns_per_op = (double)sum_ / (b)->n;                                           \
	} while (0)

/* A process that runs the block until it is killed with the row. */
#define PARTNER(...)                                                                              \
	({                                                                                        \
		pid_t pid_ = MUST(fork());                                                        \
		if (pid_ == 0) {                                                                  \
			__VA_ARGS__;                                                              \
			_exit(0);                                                                 \
		}                                                                                 \
		pid_;                                                                             \
	})

/* Copies a byte from one descriptor to the other for ever: the far end of a ping-pong. */
static inline void echo_bytes(int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1)
		if (write(out, &c, 1) != 1)
			break;
}

#define PAGE 4096
