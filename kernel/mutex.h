/* SPDX-License-Identifier: MIT */
/* mutex.h - locks that sleep. The uncontended paths are one atomic operation; contention queues on
 * a waitq (mutex.c). */
#pragma once

#include <kernel/waitq.h>

/* Locks: owner word: 0 free, 1 held, 2 held with sleepers. */
struct CAPABILITY("mutex") mutex {
	atomic_t state;
	u32 rank;
	struct waitq q;
};

#define MUTEX_INIT(name, r) { ATOMIC_INIT(0), (r), WAITQ_INIT((name).q) }

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_lock(struct mutex *m) ACQUIRES(*m);
/* a second of the same rank; the caller states the order */
void mutex_lock_nested(struct mutex *m) ACQUIRES(*m);
/* -ERESTARTSYS when a fatal signal came first. */
int __must_check mutex_lock_killable(struct mutex *m);
bool mutex_trylock(struct mutex *m) TRY_ACQUIRES(true, *m);
void mutex_unlock(struct mutex *m) RELEASES(*m);
bool mutex_is_locked(struct mutex *m);

/* Readers share, a writer is alone; a waiting writer holds new readers back. */
struct CAPABILITY("rwlock") rwlock {
	atomic_t state;		/* [a] RW_WRITER | RW_WAITING | number of readers */
	u32 rank;
	struct waitq q;
};

void rwlock_init(struct rwlock *l, enum lock_rank rank);
void rw_read_lock(struct rwlock *l);
int __must_check rw_read_lock_killable(struct rwlock *l);
bool rw_read_trylock(struct rwlock *l);
void rw_read_unlock(struct rwlock *l);
void rw_write_lock(struct rwlock *l);
int __must_check rw_write_lock_killable(struct rwlock *l);
void rw_write_unlock(struct rwlock *l);
/* A second of the same rank; the caller states the order. */
void rw_read_lock_nested(struct rwlock *l);
void rw_write_lock_nested(struct rwlock *l);
void rw_downgrade(struct rwlock *l);		/* writer becomes reader */
