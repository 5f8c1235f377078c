/* SPDX-License-Identifier: MIT */
/* sched.h - who runs where and when. Policy is in runq.c, switching in sched.c. */
#pragma once

#include <kernel/task.h>

void sched_init(void);
struct task *sched_idle_task(u32 cpu);		/* creates it: secondary start-up */
__noreturn void sched_idle_loop(void);

/* Gives up the CPU: to sleep when the state was set, or because another should run. No spinlock
 * held. */
void schedule(void);
/* Tail of a switch, on the new thread's stack; new threads call it first. Interrupts are on
 * afterwards. */
void sched_tail(void);
/* For waits: announce, then test, then sleep. */
void sched_set_state(u32 state);
/* Sleeps until woken or deadline (WAIT_FOREVER). False when the deadline passed first. State must
 * have been set. */
bool sched_sleep_until(ktime_t deadline);
/* Makes t runnable if it sleeps in any mode; for stopped tasks see stop.c. Any context. True when
 * it was asleep. */
bool sched_wake(struct task *t);
/* For signals: wakes t only if its wait can be disturbed. */
void sched_wake_signal(struct task *t, bool fatal);
void sched_wake_new(struct task *t);
void sched_yield(void);
/* the current thread never runs again; its stack is freed by the next */
__noreturn void sched_exit(void);

/* sched(7) parameters. */
int __must_check sched_set_policy(struct task *t, u32 policy, int nice, u32 rt_prio,
				  bool reset_on_fork);
int __must_check sched_set_affinity(struct task *t, u64 mask);
void sched_fork_init(struct task *child, const struct task *parent);
void sched_wake_stopped(struct task *t);	/* stop.c: out of TASK_STOPPED or TASK_TRACED */
/* Set by whoever counts CPU time (itimers, RLIMIT_CPU): a tick of ns fell on t. Interrupt
 * context. */
extern void (*sched_tick_hook)(struct task *t, bool user, u64 ns);
u64 sched_nr_running(void), sched_nr_switches(void);
u32 sched_load_avg(u32 which);			/* 1, 5, 15 minutes, fixed point 11 bits */
u64 sched_idle_ns(u32 cpu);
void sched_task_times(struct task *t, u64 *user_ns, u64 *sys_ns);
void sleep_ns(ktime_t ns);			/* uninterruptible */
