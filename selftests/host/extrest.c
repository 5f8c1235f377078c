/* SPDX-License-Identifier: MIT */
/* extrest.c - what fs/ext asks of the kernel besides a disk: random numbers, locks for readers and
 * writers. One thread: a lock that is taken stays taken. */
#include "host.h"

#include <kernel/mutex.h>
#include <kernel/printk.h>
#include <kernel/random.h>

u64 random_u64(void)
{
	return host_random();
}

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
	atomic_set(&l->state, 0);
}

void rw_read_lock(struct rwlock *l)
{
	if (atomic_read(&l->state))
		panic("a lock is taken for reading while it is held");
	atomic_set(&l->state, 1);
}

void rw_read_unlock(struct rwlock *l)
{
	if (atomic_xchg(&l->state, 0) != 1)
		panic("a lock is given back that is not held for reading");
}

void rw_write_lock(struct rwlock *l)
{
	if (atomic_read(&l->state))
		panic("a lock is taken for writing while it is held");
	atomic_set(&l->state, 2);
}

void rw_write_unlock(struct rwlock *l)
{
	if (atomic_xchg(&l->state, 0) != 2)
		panic("a lock is given back that is not held for writing");
}
