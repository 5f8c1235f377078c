/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* futex(2), get_robust_list(2), futex_waitv: waiting for a word of memory. */
#include "../harness.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PRIVATE FUTEX_PRIVATE_FLAG

static int word, word2;

static long futex(int *uaddr, int op, long val, const void *timeout, int *uaddr2, int val3)
{
	return syscall(SYS_futex, uaddr, op, val, timeout, uaddr2, val3);
}

static int *shared_word(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Wake until somebody was there to be woken. */
static void wake_one(int *uaddr, int op)
{
	while (futex(uaddr, op, 1, NULL, NULL, FUTEX_BITSET_MATCH_ANY) == 0)
		sched_yield();
}

static const struct timespec *in_ms(int ms, int clock)
{
	static struct timespec t;

	t = (struct timespec){ 0 };
	if (clock >= 0)
		clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000l;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return &t;
}

TEST(another_value_is_eagain)
{
	word = 5;
	EXPECT_ERRNO(EAGAIN, futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0));
	EXPECT_ERRNO(EAGAIN, futex(&word, FUTEX_WAIT_BITSET, 4, NULL, NULL, 1));
}

TEST(only_some_waits_take_a_real_time_flag)
{
	static unsigned int word;

	EXPECT_ERRNO(ENOSYS, syscall(SYS_futex, &word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 1, NULL));
	EXPECT_ERRNO(EAGAIN, syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1,
				     NULL, NULL, 1));
	EXPECT_ERRNO(ENOSYS, syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1));
}

TEST(wake_without_waiters_is_zero)
{
	EXPECT_EQ(0, futex(&word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0));
	EXPECT_EQ(0, futex(&word, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0));
}

TEST(wait_is_woken_by_another_thread)
{
	IN_THREAD({ wake_one(&word, FUTEX_WAKE | PRIVATE); });

	EXPECT_EQ(0, futex(&word, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0));
}

TEST(wait_is_woken_by_another_process)
{
	int *w = shared_word();
	pid_t pid = IN_CHILD({ wake_one(w, FUTEX_WAKE); });

	EXPECT_EQ(0, futex(w, FUTEX_WAIT, 0, NULL, NULL, 0));
	EXPECT_EQ(0, exit_status(pid));
}

TEST(a_file_mapping_is_the_same_futex_everywhere)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	int *a, *b;
	pid_t pid;

	ftruncate(fd, 4096);
	a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid = IN_CHILD({ wake_one(b, FUTEX_WAKE); });
	EXPECT_EQ(0, futex(a, FUTEX_WAIT, 0, NULL, NULL, 0));
	EXPECT_EQ(0, exit_status(pid));
}

TEST(private_memory_is_another_futex_in_a_child)
{
	pid_t pid = IN_CHILD({
		for (int i = 0; i < 50; i++) {
			EXPECT_EQ(0, futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
			sched_yield();
		}
	});

	EXPECT_ERRNO(ETIMEDOUT, futex(&word, FUTEX_WAIT, 0, in_ms(20, -1), NULL, 0));
	EXPECT_EQ(0, exit_status(pid));
}

TEST(wait_has_a_relative_timeout)
{
	EXPECT_BLOCKS_AT_LEAST_MS(20, futex(&word, FUTEX_WAIT, 0, in_ms(20, -1), NULL, 0));
	EXPECT_ERRNO(ETIMEDOUT, futex(&word, FUTEX_WAIT, 0, in_ms(1, -1), NULL, 0));
	EXPECT_ERRNO(ETIMEDOUT, futex(&word, FUTEX_WAIT, 0, in_ms(0, -1), NULL, 0));
}

TEST(wait_bitset_has_an_absolute_timeout)
{
	int64_t before = now_ns();

	EXPECT_ERRNO(ETIMEDOUT,
		     futex(&word, FUTEX_WAIT_BITSET, 0, in_ms(20, CLOCK_MONOTONIC), NULL, -1));
	EXPECT_TRUE(now_ns() - before >= 20000000);
	EXPECT_ERRNO(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0,
				      in_ms(20, CLOCK_REALTIME), NULL, -1));
	EXPECT_TRUE(now_ns() - before >= 39000000);
	EXPECT_ERRNO(ETIMEDOUT,
		     futex(&word, FUTEX_WAIT_BITSET, 0, &(struct timespec){ 0, 1 }, NULL, -1));
}

TEST(nonsense_is_refused)
{
	struct timespec bad = { 0, 1000000000 };

	EXPECT_ERRNO(EINVAL, futex((int *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0));
	EXPECT_ERRNO(EFAULT, futex((int *)8, FUTEX_WAIT, 0, NULL, NULL, 0));
	EXPECT_ERRNO(EFAULT, futex((int *)0xffff000000000000, FUTEX_WAKE, 1, NULL, NULL, 0));
	EXPECT_ERRNO(ENOSYS, futex(&word, 77, 0, NULL, NULL, 0));
	EXPECT_ERRNO(EINVAL, futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0));
	EXPECT_ERRNO(EFAULT, futex(&word, FUTEX_WAIT, 0, (void *)8, NULL, 0));
	EXPECT_ERRNO(EINVAL, futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
	EXPECT_ERRNO(EINVAL, futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
	EXPECT_ERRNO(EINVAL, futex(&word, FUTEX_CMP_REQUEUE, -1, (void *)1l, &word2, 0));
	EXPECT_ERRNO(ENOSYS, futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
}

/* @n threads that wait at word; how each ended in ended[]. */
static pthread_t threads[8];
static volatile int arrived, ended;
static int bits[8];

static void *waiter(void *arg)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
	if (futex(&word, FUTEX_WAIT_BITSET | PRIVATE, 0, NULL, NULL, *(int *)arg) == 0)
		__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Start @n waiters and wait until all of them sleep: a requeue onto the same word counts them. */
static void start_waiters(int n)
{
	for (int i = 0; i < n; i++) {
		bits[i] = 1 << i;
		pthread_create(&threads[i], NULL, waiter, &bits[i]);
	}
	while (futex(&word, FUTEX_CMP_REQUEUE | PRIVATE, 0, (void *)100l, &word, 0) < n)
		sched_yield();
}

static void join_waiters(int n)
{
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

TEST(wake_wakes_as_many_as_asked)
{
	start_waiters(5);
	EXPECT_EQ(2, futex(&word, FUTEX_WAKE | PRIVATE, 2, NULL, NULL, 0));
	EXPECT_EQ(3, futex(&word, FUTEX_WAKE | PRIVATE, 100, NULL, NULL, 0));
	join_waiters(5);
	EXPECT_EQ(5, ended);
}

TEST(wake_bitset_chooses)
{
	start_waiters(4);
	EXPECT_EQ(0, futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 10, NULL, NULL, 16));
	EXPECT_EQ(1, futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 10, NULL, NULL, 2));
	pthread_join(threads[1], NULL);
	EXPECT_EQ(3, futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 10, NULL, NULL, 13));
	pthread_join(threads[0], NULL);
	pthread_join(threads[2], NULL);
	pthread_join(threads[3], NULL);
}

TEST(requeue_moves_waiters_to_another_word)
{
	start_waiters(5);
	EXPECT_EQ(1 + 2, futex(&word, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)2l, &word2, 0));
	EXPECT_EQ(2, futex(&word2, FUTEX_WAKE | PRIVATE, 10, NULL, NULL, 0));
	EXPECT_EQ(1 + 1, futex(&word, FUTEX_REQUEUE | PRIVATE, 1, (void *)10l, &word2, 0));
	EXPECT_EQ(0, futex(&word, FUTEX_WAKE | PRIVATE, 10, NULL, NULL, 0));
	EXPECT_EQ(1, futex(&word2, FUTEX_WAKE | PRIVATE, 10, NULL, NULL, 0));
	join_waiters(5);
}

TEST(cmp_requeue_checks_the_value)
{
	word = 3;
	EXPECT_ERRNO(EAGAIN, futex(&word, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)1l, &word2, 4));
}

TEST(wake_op_changes_the_second_word_and_wakes)
{
	start_waiters(3);
	word2 = 6;
	/* word2 += 4; wake one at word; if it was 6, up to ten at word2, too */
	EXPECT_EQ(1, futex(&word, FUTEX_WAKE_OP | PRIVATE, 1, (void *)10l, &word2,
			   FUTEX_OP(FUTEX_OP_ADD, 4, FUTEX_OP_CMP_EQ, 6)));
	EXPECT_EQ(10, word2);
	EXPECT_EQ(0, futex(&word2, FUTEX_WAKE_OP | PRIVATE, 1, (void *)10l, &word2,
			   FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_LT, 1)));
	EXPECT_EQ(7, word2);
	futex(&word2, FUTEX_WAKE_OP | PRIVATE, 0, (void *)0l, &word2,
	      FUTEX_OP(FUTEX_OP_OR, 8, FUTEX_OP_CMP_EQ, 0));
	EXPECT_EQ(15, word2);
	futex(&word2, FUTEX_WAKE_OP | PRIVATE, 0, (void *)0l, &word2,
	      FUTEX_OP(FUTEX_OP_ANDN, 5, FUTEX_OP_CMP_EQ, 0));
	EXPECT_EQ(10, word2);
	futex(&word2, FUTEX_WAKE_OP | PRIVATE, 0, (void *)0l, &word2,
	      FUTEX_OP(FUTEX_OP_XOR, 3, FUTEX_OP_CMP_EQ, 0));
	EXPECT_EQ(9, word2);
	word2 = 0;
	EXPECT_EQ(2, futex(&word2, FUTEX_WAKE_OP | PRIVATE, 1, (void *)10l, &word,
			   FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_GE, 0)));
	EXPECT_EQ(1, word);
	join_waiters(3);
}

TEST(a_signal_interrupts_a_wait)
{
	on_signal(SIGALRM, 0);
	alarm_ms(15);
	EXPECT_ERRNO(EINTR, futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0));
}

/* --- waitv */
TEST(waitv_tells_which_of_many)
{
	struct futex_waitv v[3];
	static int words[3];
	long got;

	for (int i = 0; i < 3; i++)
		v[i] = (struct futex_waitv){ .uaddr = (uintptr_t)&words[i],
					     .flags = FUTEX_32 | PRIVATE };
	{
		IN_THREAD({ wake_one(&words[1], FUTEX_WAKE | PRIVATE); });
		got = syscall(SYS_futex_waitv, v, 3, 0, NULL, 0);
	}
	EXPECT_EQ(1, got);
	v[2].val = 1;
	EXPECT_ERRNO(EAGAIN, syscall(SYS_futex_waitv, v, 3, 0, NULL, 0));
	v[2].val = 0;
	EXPECT_ERRNO(ETIMEDOUT, syscall(SYS_futex_waitv, v, 3, 0, in_ms(10, CLOCK_MONOTONIC),
					CLOCK_MONOTONIC));
	EXPECT_ERRNO(EINVAL, syscall(SYS_futex_waitv, v, 0, 0, NULL, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_futex_waitv, v, 129, 0, NULL, 0));
	EXPECT_ERRNO(EINVAL, syscall(SYS_futex_waitv, v, 3, 1, NULL, 0));
	v[0].__reserved = 1;
	EXPECT_ERRNO(EINVAL, syscall(SYS_futex_waitv, v, 3, 0, NULL, 0));
}

TEST(waitv_without_waiters_is_einval_even_for_null)
{
	EXPECT_ERRNO(EINVAL, syscall(SYS_futex_waitv, NULL, 3, 0, NULL, 0));
}

/* --- robust lists */
static struct { struct robust_list_head head; struct robust_list node; int futex; } *robust;

TEST(a_dead_owner_leaves_its_mark_and_wakes)
{
	pid_t pid;

	robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = IN_CHILD({
		robust->head.list.next = &robust->node;
		robust->node.next = &robust->head.list;
		robust->head.futex_offset = (char *)&robust->futex - (char *)&robust->node;
		robust->head.list_op_pending = NULL;
		EXPECT_EQ(0, syscall(SYS_set_robust_list, &robust->head, sizeof(robust->head)));
		__atomic_store_n(&robust->futex, gettid() | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
		sleep_ms(15);
		_exit(0);
	});
	for (int v;
	     !((v = __atomic_load_n(&robust->futex, __ATOMIC_SEQ_CST)) & FUTEX_OWNER_DIED);) {
		if (v)
			futex(&robust->futex, FUTEX_WAIT, v, NULL, NULL, 0);
		sched_yield();
	}
	EXPECT_EQ((int)(FUTEX_OWNER_DIED | FUTEX_WAITERS), robust->futex);
	EXPECT_EQ(0, exit_status(pid));
}

TEST(get_robust_list_returns_what_was_set)
{
	struct robust_list_head head = { .list.next = &head.list }, *got;
	size_t len;

	EXPECT_EQ(0, syscall(SYS_set_robust_list, &head, sizeof(head)));
	EXPECT_EQ(0, syscall(SYS_get_robust_list, 0, &got, &len));
	EXPECT_TRUE(got == &head);
	EXPECT_EQ(sizeof(head), len);
	EXPECT_ERRNO(EINVAL, syscall(SYS_set_robust_list, &head, 8));
	EXPECT_ERRNO(ESRCH, syscall(SYS_get_robust_list, 4000000, &got, &len));
}

TEST(a_robust_list_that_loops_does_not_hang_the_exit)
{
	EXPECT_EQ(0, exit_status(IN_CHILD({
		static struct robust_list a, b;
		static struct robust_list_head head;

		head.list.next = &a;
		a.next = &b;
		b.next = &a;
		head.futex_offset = 64;
		syscall(SYS_set_robust_list, &head, sizeof(head));
	})));
	EXPECT_EQ(0, exit_status(IN_CHILD(
			     { syscall(SYS_set_robust_list, (void *)0xffff000000000000, 24); })));
}

TEST(ping_pong)
{
	enum { N = 1000 };
	static int turn;

	{
		IN_THREAD({
			for (int i = 0; i < N; i++) {
				while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) == 0)
					futex(&turn, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0);
				__atomic_store_n(&turn, 0, __ATOMIC_SEQ_CST);
				futex(&turn, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0);
			}
		});
		for (int i = 0; i < N; i++) {
			__atomic_store_n(&turn, 1, __ATOMIC_SEQ_CST);
			futex(&turn, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0);
			while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) == 1)
				futex(&turn, FUTEX_WAIT | PRIVATE, 1, NULL, NULL, 0);
		}
	}
	EXPECT_EQ(0, turn);
}

TEST(wake_op_with_an_unknown_comparison_operates_and_refuses)
{
	word2 = 6;
	EXPECT_ERRNO(ENOSYS, futex(&word, FUTEX_WAKE_OP | PRIVATE, 1, (void *)1l, &word2,
				   FUTEX_OP(FUTEX_OP_ADD, 3, 9, 0)));
	EXPECT_EQ(9, word2);
	EXPECT_ERRNO(ENOSYS, futex(&word, FUTEX_WAKE_OP | PRIVATE, 1, (void *)1l, &word2,
				   FUTEX_OP(7, 3, 0, 0)));
	EXPECT_EQ(9, word2);
}

MAIN
