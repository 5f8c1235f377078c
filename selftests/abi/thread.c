/* SPDX-License-Identifier: MIT */
/* pthreads(7) as glibc builds them on clone(2) and futex(2): create, join, share, end. */
#include "../harness.h"

#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>

static int counter;
static __thread int tls = 5;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *add(void *arg)
{
	for (long i = 0; i < (long)arg; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return (void *)7;
}

TEST(join_returns_what_the_thread_returned)
{
	pthread_t t;
	void *got = NULL;

	EXPECT_EQ(0, pthread_create(&t, NULL, add, (void *)1));
	EXPECT_EQ(0, pthread_join(t, &got));
	EXPECT_EQ(7, (long)got);
	EXPECT_EQ(1, counter);
}

TEST(threads_share_a_pid_and_have_tids)
{
	pid_t me = getpid(), tid = gettid();

	IN_THREAD({
		EXPECT_EQ(me, getpid());
		EXPECT_TRUE(gettid() != tid);
		EXPECT_EQ(getppid(), syscall(SYS_getppid));
	});
}

TEST(each_thread_has_its_thread_local_storage)
{
	tls = 6;
	{
		IN_THREAD({ EXPECT_EQ(5, tls); tls = 9; });
	}
	EXPECT_EQ(6, tls);
}

TEST(a_mutex_excludes)
{
	pthread_t t[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, add, (void *)2000);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	EXPECT_EQ(16000, counter);
}

TEST(a_hundred_threads_at_once)
{
	pthread_t t[100];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(0, pthread_create(&t[i], &attr, add, (void *)1));
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 100; i++)
		pthread_join(t[i], NULL);
	EXPECT_EQ(100, counter);
}

TEST(five_hundred_threads_one_after_another)
{
	pthread_t t;

	for (int i = 0; i < 500; i++) {
		ASSERT_EQ(0, pthread_create(&t, NULL, add, (void *)1));
		ASSERT_EQ(0, pthread_join(t, NULL));
	}
	EXPECT_EQ(500, counter);
}

TEST(exit_ends_all_threads)
{
	EXPECT_EQ(3, exit_status(IN_CHILD({
		IN_THREAD({ for (;;) ; });
		IN_THREAD({ for (;;) pause(); });
		_exit(3);
	})));
	EXPECT_EQ(4, exit_status(IN_CHILD({
		IN_THREAD({ _exit(4); });
		for (;;)
			pause();
	})));
}

TEST(the_process_lives_on_without_its_leader)
{
	EXPECT_EQ(6, exit_status(IN_CHILD({
		IN_THREAD({ sleep_ms(15); EXPECT_EQ(0, kill(getpid(), 0)); _exit(6); });
		syscall(SYS_exit, 1);
	})));
}

TEST(fork_copies_only_the_calling_thread)
{
	static volatile long count;
	static volatile int stop;

	IN_THREAD({ while (!stop) count++; });
	while (!count)
		sched_yield();
	EXPECT_EQ(0, exit_status(IN_CHILD({
		long before = count;

		sleep_ms(10);
		EXPECT_EQ(before, count);
		_exit(0);
	})));
	stop = 1;
}

TEST(a_condition_variable_wakes_and_times_out)
{
	static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	static int ready;
	struct timespec t;

	{
		IN_THREAD({
			pthread_mutex_lock(&mutex);
			ready = 1;
			pthread_cond_signal(&cond);
			pthread_mutex_unlock(&mutex);
		});
		pthread_mutex_lock(&mutex);
		while (!ready)
			pthread_cond_wait(&cond, &mutex);
		pthread_mutex_unlock(&mutex);
	}
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec = (t.tv_nsec + 15000000) % 1000000000;
	t.tv_sec += t.tv_nsec < 15000000;
	pthread_mutex_lock(&mutex);
	EXPECT_EQ(ETIMEDOUT, pthread_cond_timedwait(&cond, &mutex, &t));
}

TEST(a_barrier_and_a_semaphore)
{
	static pthread_barrier_t barrier;
	static sem_t sem;

	pthread_barrier_init(&barrier, NULL, 2);
	sem_init(&sem, 0, 0);
	IN_THREAD({
		for (int i = 0; i < 100; i++) {
			pthread_barrier_wait(&barrier);
			sem_post(&sem);
		}
	});
	for (int i = 0; i < 100; i++) {
		pthread_barrier_wait(&barrier);
		EXPECT_EQ(0, sem_wait(&sem));
	}
}

TEST(a_robust_mutex_tells_of_its_dead_owner)
{
	static pthread_mutex_t robust;
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	{
		IN_THREAD({ pthread_mutex_lock(&robust); });
	}
	EXPECT_EQ(EOWNERDEAD, pthread_mutex_lock(&robust));
	EXPECT_EQ(0, pthread_mutex_consistent(&robust));
	EXPECT_EQ(0, pthread_mutex_unlock(&robust));
}

MAIN
