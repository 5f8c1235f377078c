/* SPDX-License-Identifier: MIT */
/* calls.c - rows that are little more than entry, dispatch and exit; clocks; futexes and
 * threads. */
#include "bench.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/utsname.h>

BENCH(getpid, 20000)
{
	MEASURE(b, syscall(SYS_getpid));
}

BENCH(getppid, 20000)
{
	MEASURE(b, syscall(SYS_getppid));
}

BENCH(uname, 10000)
{
	struct utsname u;

	MUST(uname(&u));
	MEASURE(b, uname(&u));
}

BENCH(prctl, 10000)
{
	char name[16];

	MUST(prctl(PR_GET_NAME, name));
	MEASURE(b, prctl(PR_GET_NAME, name));
}

BENCH(sched_getaffinity, 10000)
{
	cpu_set_t set;

	MUST(sched_getaffinity(0, sizeof(set), &set));
	MEASURE(b, sched_getaffinity(0, sizeof(set), &set));
}

BENCH(getrandom_16, 5000)
{
	char buf[16];

	MUST_BE(16, getrandom(buf, 16, 0));
	MEASURE(b, (void)!getrandom(buf, 16, 0));
}

BENCH(clock_gettime_vdso, 100000)
{
	struct timespec t;

	MEASURE(b, clock_gettime(CLOCK_MONOTONIC, &t));
}

BENCH(clock_gettime_raw, 10000)
{
	struct timespec t;

	MUST(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
	MEASURE(b, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
}

BENCH(gettimeofday_vdso, 100000)
{
	struct timeval t;

	MEASURE(b, gettimeofday(&t, NULL));
}

BENCH(eventfd_rw, 5000)
{
	int fd = MUST(eventfd(0, 0));
	uint64_t v = 1;

	MEASURE(b, MUST_BE(8, write(fd, &v, 8)); MUST_BE(8, read(fd, &v, 8)));
}

/* --- futexes, threads */
static uint32_t word, turn;

static long futex(uint32_t *at, int op, uint32_t val)
{
	return syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, val, NULL, NULL, 0);
}

BENCH(futex_wake_none, 10000)
{
	MUST_BE(0, futex(&word, FUTEX_WAKE, 1));
	MEASURE(b, futex(&word, FUTEX_WAKE, 1));
}

static void hand_over(uint32_t mine, uint32_t other)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine)
		futex(&turn, FUTEX_WAIT, other);
	__atomic_store_n(&turn, other, __ATOMIC_RELEASE);
	futex(&turn, FUTEX_WAKE, 1);
}

static void *futex_partner(void *arg)
{
	(void)arg;
	for (;;)
		hand_over(1, 0);
	return NULL;
}

BENCH(futex_pingpong, 1000)
{
	pthread_t t;

	MUST_BE(0, pthread_create(&t, NULL, futex_partner, NULL));
	MEASURE(b, hand_over(0, 1));
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void hand_over_cond(uint32_t mine, uint32_t other)
{
	pthread_mutex_lock(&mutex);
	while (turn != mine)
		pthread_cond_wait(&cond, &mutex);
	turn = other;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
}

static void *cond_partner(void *arg)
{
	(void)arg;
	for (;;)
		hand_over_cond(1, 0);
	return NULL;
}

BENCH(cond_pingpong, 1000)
{
	pthread_t t;

	MUST_BE(0, pthread_create(&t, NULL, cond_partner, NULL));
	MEASURE(b, hand_over_cond(0, 1));
}

BENCH(sched_yield_2, 5000)
{
	PARTNER(for (;;) sched_yield());
	MEASURE(b, sched_yield());
	b->ns_per_op /= 2;		/* the partner's counts, too */
}

static void *do_nothing(void *arg)
{
	return arg;
}

BENCH(thread_create_join, 300)
{
	pthread_t t;

	MEASURE(b, MUST_BE(0, pthread_create(&t, NULL, do_nothing, NULL));
		MUST_BE(0, pthread_join(t, NULL)));
}
