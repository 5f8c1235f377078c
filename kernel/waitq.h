/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/list.h>
#include <kernel/spinlock.h>

struct blk_plug;
struct task;

/* How a sleeper may be disturbed before its condition holds. */
enum wait_mode {
	WAIT_UNINTERRUPTIBLE,	/* by nothing */
	WAIT_KILLABLE,		/* by a fatal signal only */
	WAIT_INTERRUPTIBLE,	/* by any signal that would be delivered, by stop and by freeze */
};

#define WAIT_FOREVER	S64_MAX

/* Locks: q  waitq.lock (RANK_WAITQ)   I  immutable after init */
struct waitq {
	struct spinlock lock;
	struct list sleepers;		/* [q] of wait_entry.link; exclusive ones at the tail */
};

#define WAITQ_INIT(name) { SPINLOCK_INIT(RANK_WAITQ), LIST_INIT((name).sleepers) }

struct wait_entry {
	struct list link;		/* [q] empty when not queued: see invariant (1) */
	struct waitq *q;		/* [I] */
	struct task *task;		/* [I] */
	enum wait_mode mode;		/* [I] */
	bool exclusive;			/* [I] one wake_one() for each */
	bool woken;			/* [q] taken off by a waker */
};

void waitq_init(struct waitq *q);

/*
 * Sleeps until cond holds. cond is evaluated with no lock held, after every wake-up, a last time
 * before giving up, and never again once it held: it may take what it finds.
 *
 * deadline is absolute on CLOCK_MONOTONIC; WAIT_FOREVER for none.
 * Returns 0 when cond holds (even if the deadline has passed or a signal waits), -ETIMEDOUT, or
 * -ERESTARTSYS, which the caller turns into what its call promises: a restart, -EINTR,
 * -ERESTARTNOHAND or a restart block.
 * Context: may sleep; no spinlock held, preemption on.
 */
#define waitq_wait(q, cond, mode, deadline)	waitq_wait_(q, cond, mode, deadline, false)

/* The same for sleepers of which one is enough: wake_one() wakes the first of these only. */
#define waitq_wait_exclusive(q, cond, mode, deadline)	waitq_wait_(q, cond, mode, deadline, true)

#define waitq_wait_(q, cond, mode, deadline, exclusive) ({			\
	struct wait_entry entry_;						\
	int err_ = 0;								\
										\
	if (!(cond)) {								\
		waitq_enter(&entry_, q, mode, exclusive);			\
		for (;;) {							\
			if (cond) {						\
				err_ = 0;					\
				break;						\
			}							\
			if (err_)						\
				break;						\
			err_ = waitq_block(&entry_, deadline);			\
		}								\
		waitq_exit(&entry_, err_ != 0);					\
	}									\
	err_;									\
})

/* Wakes every sleeper and one exclusive sleeper; all of them with wake_all. Call after the
 * condition was made true. Any context. */
void waitq_wake_one(struct waitq *q);
void waitq_wake_all(struct waitq *q);

static inline bool waitq_active(struct waitq *q)
{
	smp_mb();		/* the condition before the look: as (B) in wake_up() */
	return !list_empty_racy(&q->sleepers);
}

/* The halves of waitq_wait, for pollers that wait on many queues at once (kernel/object.c). */
void waitq_enter(struct wait_entry *e, struct waitq *q, enum wait_mode mode, bool exclusive);
int __must_check waitq_block(struct wait_entry *e, ktime_t deadline);
void waitq_exit(struct wait_entry *e, bool pass_on);

/*
 * The form without a queue, for sleepers whose waker knows the task: it makes cond true, then calls
 * sched_wake(task). Same conditions, results and barriers as waitq_wait.
 */
#define task_wait(cond, mode, deadline) ({					\
	int tw_ = 0;								\
										\
	for (;;) {								\
		task_wait_arm(mode);						\
		if (cond) {							\
			tw_ = 0;						\
			break;							\
		}								\
		if (tw_)							\
			break;							\
		tw_ = task_wait_block(mode, deadline);				\
	}									\
	task_wait_done();							\
	tw_;									\
})

void task_wait_arm(enum wait_mode mode);
int __must_check task_wait_block(enum wait_mode mode, ktime_t deadline);
void task_wait_done(void);

/* A thread with a plug is about to sleep: sends what it has collected. Set once at boot. */
extern void (*task_before_sleep)(struct blk_plug *p);
