/* SPDX-License-Identifier: MIT */
/* runq.h - scheduling policy: which of a CPU's threads is next, and does a woken one displace the
 * running one. Decides; sched.c switches. */
#pragma once

#include <kernel/lib/list.h>
#include <kernel/lib/rbtree.h>
#include <kernel/spinlock.h>

struct task;

#define RT_PRIOS 100

/* Locks: everything under lock (RANK_RUNQ). */
struct runq {
	struct spinlock lock;
	u32 cpu;
	struct task *curr, *idle;
	struct task *prev;		/* during a switch: who ran before */
	/* during a switch: who may not stay on this CPU, its vruntime made relative */
	struct task *push;
	u32 nr_running;			/* queued threads and a running one that is not idle */
	u32 nr_fair;
	struct rb_tree fair;		/* by vruntime; the running thread is not in it */
	struct rb_node *leftmost;
	u64 min_vruntime;		/* never goes back */
	struct list rt[RT_PRIOS];	/* FIFO and RR by priority */
	u64 rt_bits[2];
	u64 nr_switches;
	u64 idle_ns;
	ktime_t idle_since;
};

#define SCHED_SLICE_NS	 (3 * NSEC_PER_MSEC)
/* a woken thread displaces one that is this far ahead */
#define SCHED_WAKE_GRAN	 (1 * NSEC_PER_MSEC)
#define SCHED_RR_SLICE	 (100 * NSEC_PER_MSEC)	/* Linux: RR_TIMESLICE */
#define NICE_0_WEIGHT	 1024u

u32 nice_to_weight(int nice);
void runq_init(struct runq *q, u32 cpu);
bool task_is_rt(const struct task *t);
/* woken: places a sleeper fairly; else keeps its vruntime. */
void runq_add(struct runq *q, struct task *t, bool woken);
void runq_remove(struct runq *q, struct task *t);
/* Takes the next thread off the queue; the idle thread when there is none. */
struct task *runq_pick(struct runq *q);
/* Puts a preempted thread back. */
void runq_put_prev(struct runq *q, struct task *t);
/* Charges delta_ns of running to t. */
void runq_charge(struct runq *q, struct task *t, u64 delta_ns);
/* Should woken run instead of q->curr? */
bool runq_preempts(const struct runq *q, const struct task *woken);
/* Tick: has q->curr had its share? */
bool runq_slice_over(struct runq *q, u64 delta_ns);
void runq_yield(struct runq *q, struct task *t);
/* A queued thread that may run on cpu, to move there; NULL: none. */
struct task *runq_steal(struct runq *q, u32 cpu);
