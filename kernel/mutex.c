/* SPDX-License-Identifier: MIT */
/* mutex.c - sleeping locks on wait queues.
 *
 * mutex: state 0 free, 1 held, 2 held and somebody may wait. unlock wakes one sleeper only from 2. A sleeper that gets the lock sets
 * 2, not 1: others may still wait behind it.
 * rwlock: RW_WRITER | number of readers; RW_WAITING is set by a writer that sleeps, so that new readers queue behind it.
 *
 * Invariant: a lock that is free with sleepers queued has a woken sleeper on its way to it.
 * Locks: waitq.lock inside. Barriers: acquire on success, release on unlock. Tests: selftests/ktest/lock.c
 */
#include <kernel/mutex.h>

#include <kernel/printk.h>
#include <kernel/sched.h>

void mutex_init(struct mutex *m, enum lock_rank rank)
{
	atomic_set(&m->state, 0);
	m->rank = rank;
	waitq_init(&m->q);
}

bool mutex_trylock(struct mutex *m) NO_LOCK_CHECK
{
	u32 free = 0;

	note_write(m);
	return __atomic_compare_exchange_n(&m->state.v, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static int lock_slow(struct mutex *m, enum wait_mode mode)
{
	return waitq_wait_exclusive(&m->q, atomic_xchg(&m->state, 2) == 0, mode, WAIT_FOREVER);
}

void mutex_lock(struct mutex *m) NO_LOCK_CHECK
{
	lock_assert_none_spinning();
	if (unlikely(!mutex_trylock(m))) {
		int err = lock_slow(m, WAIT_UNINTERRUPTIBLE);

		(void)err;
	}
}

void mutex_lock_nested(struct mutex *m) NO_LOCK_CHECK
{
	mutex_lock(m);
}

int mutex_lock_killable(struct mutex *m)
{
	return likely(mutex_trylock(m)) ? 0 : lock_slow(m, WAIT_KILLABLE);
}

void mutex_unlock(struct mutex *m) NO_LOCK_CHECK
{
	note_write(m);
	if (__atomic_exchange_n(&m->state.v, 0, __ATOMIC_RELEASE) == 2)
		waitq_wake_one(&m->q);
}

bool mutex_is_locked(struct mutex *m)
{
	return atomic_read(&m->state) != 0;
}

#define RW_WRITER  0x80000000u
#define RW_WAITING 0x40000000u
#define RW_READERS 0x3fffffffu

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
	atomic_set(&l->state, 0);
	l->rank = rank;
	waitq_init(&l->q);
}

bool rw_read_trylock(struct rwlock *l)
{
	u32 s = atomic_read(&l->state);

	note_write(l);
	do {
		if (s & (RW_WRITER | RW_WAITING))
			return false;
	} while (!__atomic_compare_exchange_n(&l->state.v, &s, s + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	return true;
}

void rw_read_lock(struct rwlock *l)
{
	if (unlikely(!rw_read_trylock(l))) {
		int err = waitq_wait(&l->q, rw_read_trylock(l), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);

		(void)err;
	}
}

int rw_read_lock_killable(struct rwlock *l)
{
	return likely(rw_read_trylock(l)) ? 0 : waitq_wait(&l->q, rw_read_trylock(l), WAIT_KILLABLE, WAIT_FOREVER);
}

void rw_read_unlock(struct rwlock *l)
{
	u32 now = __atomic_sub_fetch(&l->state.v, 1, __ATOMIC_RELEASE);

	if (unlikely(now == RW_WAITING))
		waitq_wake_all(&l->q);
}

/* Takes the lock or announces that a writer waits. */
static bool write_try(struct rwlock *l)
{
	u32 s = atomic_read(&l->state);

	for (;;) {
		bool free = !(s & (RW_WRITER | RW_READERS));
		u32 to = free ? RW_WRITER : s | RW_WAITING;

		if (__atomic_compare_exchange_n(&l->state.v, &s, to, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return free;
	}
}

/* A writer that gives up takes its announcement back; others that still wait announce again when woken. */
static void write_forget(struct rwlock *l)
{
	atomic_and(&l->state, ~RW_WAITING);
	waitq_wake_all(&l->q);
}

int rw_write_lock_killable(struct rwlock *l)
{
	u32 free = 0;
	int err;

	lock_assert_none_spinning();
	if (likely(__atomic_compare_exchange_n(&l->state.v, &free, RW_WRITER, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return 0;
	err = waitq_wait(&l->q, write_try(l), WAIT_KILLABLE, WAIT_FOREVER);
	if (err)
		write_forget(l);
	return err;
}

void rw_write_lock(struct rwlock *l)
{
	u32 free = 0;
	int err;

	lock_assert_none_spinning();
	if (likely(__atomic_compare_exchange_n(&l->state.v, &free, RW_WRITER, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return;
	err = waitq_wait(&l->q, write_try(l), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
	(void)err;
}

void rw_write_unlock(struct rwlock *l)
{
	/* RW_WAITING goes too: woken writers announce themselves again. */
	__atomic_store_n(&l->state.v, 0, __ATOMIC_RELEASE);
	waitq_wake_all(&l->q);
}

void rw_downgrade(struct rwlock *l)
{
	__atomic_store_n(&l->state.v, 1, __ATOMIC_RELEASE);
	waitq_wake_all(&l->q);
}
