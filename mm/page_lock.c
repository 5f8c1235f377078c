/* SPDX-License-Identifier: MIT */
/* page_lock.c - the sleeping lock of a page: a bit and a hashed wait queue. Held while a page is
 * filled, written or truncated.
 *
 * Locks: PG_LOCKED [RANK_PAGE]. Ref: none. Tests: none of its own yet
 */
#include <mm/page.h>

#include <kernel/waitq.h>

#define NR_QUEUES 64

static struct waitq queues[NR_QUEUES];

static struct waitq *queue_of(const struct page *p)
{
	return &queues[(page_to_pfn(p) * 0x9e3779b97f4a7c15ul) >> 58];
}

bool page_trylock(struct page *p)
{
	return !(__atomic_fetch_or(&p->flags.v, PG_LOCKED, __ATOMIC_ACQUIRE) & PG_LOCKED);
}

void page_lock(struct page *p)
{
	int err = waitq_wait(queue_of(p), page_trylock(p), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);

	(void)err;
}

void page_unlock(struct page *p)
{
	__atomic_fetch_and(&p->flags.v, ~(u32)PG_LOCKED, __ATOMIC_RELEASE);
	waitq_wake_all(queue_of(p));
}

int page_wait_unlocked(struct page *p, bool killable)
{
	return waitq_wait(queue_of(p), !(page_flags(p) & PG_LOCKED),
			  killable ? WAIT_KILLABLE : WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
}

void page_wait_written(struct page *p)
{
	int err = waitq_wait(queue_of(p), !(page_flags(p) & PG_WRITEBACK), WAIT_UNINTERRUPTIBLE,
			     WAIT_FOREVER);

	(void)err;
}

void page_wait_clear(struct page *p, const atomic_t *word, u32 bits)
{
	int err = waitq_wait(queue_of(p), !(atomic_read_acquire(word) & bits), WAIT_UNINTERRUPTIBLE,
			     WAIT_FOREVER);

	(void)err;
}

void page_wake(struct page *p)
{
	waitq_wake_all(queue_of(p));
}

void page_lock_init(void)
{
	u32 i;

	for (i = 0; i < NR_QUEUES; i++)
		waitq_init(&queues[i]);
}
