/* SPDX-License-Identifier: MIT */
/* mutex.c - sleeping locks on wait queues.
 *
 * mutex: state 0 free, 1 held, 2 held and somebody may wait. unlock wakes one sleeper only from 2.
 * A sleeper that gets the lock sets 2, not 1: others may still wait behind it.
 * rwlock: RW_WRITER | number of readers; RW_WAITING is set by a writer that sleeps, so that new
 * readers queue behind it.
 *
 * Invariant: a lock that is free with sleepers queued has a woken sleeper on its way to it.
 * Locks: waitq.lock inside. Barriers: acquire on success, release on unlock. Tests:
 * selftests/ktest/lock.c
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

static bool mutex_try_raw(struct mutex *m)
{
	u32 free = 0;

	return __atomic_compare_exchange_n(&m->state.v, &free, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static int lock_slow(struct mutex *m, enum wait_mode mode)
{
	return waitq_wait_exclusive(&m->q, atomic_xchg(&m->state, 2) == 0, mode, WAIT_FOREVER);
}

static int mutex_take(struct mutex *m, enum wait_mode mode, bool nested)
{
	int err;

	lock_rank_sleeping(m, m->rank, nested, true);
	err = likely(mutex_try_raw(m)) ? 0 : lock_slow(m, mode);
	if (err)
		lock_rank_slept(m);
	return err;
}

bool mutex_trylock(struct mutex *m) NO_LOCK_CHECK
{
	if (!mutex_try_raw(m))
		return false;
	lock_rank_sleeping(m, m->rank, true, false);
	return true;
}

void mutex_lock(struct mutex *m) NO_LOCK_CHECK
{
	(void)!mutex_take(m, WAIT_UNINTERRUPTIBLE, false);
}

void mutex_lock_nested(struct mutex *m) NO_LOCK_CHECK
{
	(void)!mutex_take(m, WAIT_UNINTERRUPTIBLE, true);
}

int mutex_lock_killable(struct mutex *m)
{
	return mutex_take(m, WAIT_KILLABLE, false);
}

void mutex_unlock(struct mutex *m) NO_LOCK_CHECK
{
	lock_rank_slept(m);
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

static bool read_try(struct rwlock *l)
{
	u32 s = atomic_read(&l->state);

	do {
		if (s & (RW_WRITER | RW_WAITING))
			return false;
	} while (!__atomic_compare_exchange_n(&l->state.v, &s, s + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

static int read_take(struct rwlock *l, enum wait_mode mode, bool nested)
{
	int err;

	lock_rank_sleeping(l, l->rank, nested, true);
	err = likely(read_try(l)) ? 0 : waitq_wait(&l->q, read_try(l), mode, WAIT_FOREVER);
	if (err)
		lock_rank_slept(l);
	return err;
}

bool rw_read_trylock(struct rwlock *l)
{
	if (!read_try(l))
		return false;
	lock_rank_sleeping(l, l->rank, true, false);
	return true;
}

void rw_read_lock(struct rwlock *l)
{
	(void)!read_take(l, WAIT_UNINTERRUPTIBLE, false);
}

void rw_read_lock_nested(struct rwlock *l)
{
	(void)!read_take(l, WAIT_UNINTERRUPTIBLE, true);
}

int rw_read_lock_killable(struct rwlock *l)
{
	return read_take(l, WAIT_KILLABLE, false);
}

void rw_read_unlock(struct rwlock *l)
{
	u32 now;

	lock_rank_slept(l);
	now = __atomic_sub_fetch(&l->state.v, 1, __ATOMIC_RELEASE);
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

		if (__atomic_compare_exchange_n(&l->state.v, &s, to, true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return free;
	}
}

/* A writer that gives up takes its announcement back; others that still wait announce again when
 * woken. */
static void write_forget(struct rwlock *l)
{
	atomic_and(&l->state, ~RW_WAITING);
	waitq_wake_all(&l->q);
}

static int write_take(struct rwlock *l, enum wait_mode mode, bool nested)
{
	u32 free = 0;
	int err;

	lock_rank_sleeping(l, l->rank, nested, true);
	if (likely(__atomic_compare_exchange_n(&l->state.v, &free, RW_WRITER, false,
					       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return 0;
	err = waitq_wait(&l->q, write_try(l), mode, WAIT_FOREVER);
	if (err) {
		write_forget(l);
		lock_rank_slept(l);
	}
	return err;
}

int rw_write_lock_killable(struct rwlock *l)
{
	return write_take(l, WAIT_KILLABLE, false);
}

void rw_write_lock(struct rwlock *l)
{
	(void)!write_take(l, WAIT_UNINTERRUPTIBLE, false);
}

void rw_write_lock_nested(struct rwlock *l)
{
	(void)!write_take(l, WAIT_UNINTERRUPTIBLE, true);
}

void rw_write_unlock(struct rwlock *l)
{
	lock_rank_slept(l);
	/* RW_WAITING goes too: woken writers announce themselves again. */
	__atomic_store_n(&l->state.v, 0, __ATOMIC_RELEASE);
	waitq_wake_all(&l->q);
}

void rw_downgrade(struct rwlock *l)
{
	__atomic_store_n(&l->state.v, 1, __ATOMIC_RELEASE);
	waitq_wake_all(&l->q);
}
