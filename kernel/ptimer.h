/* SPDX-License-Identifier: MIT */
/* ptimer.h - timers that send signals: interval timers and POSIX timers of a process. */
#pragma once

#include <kernel/lib/compiler.h>

struct proc;
struct siginfo_k;
struct task;

struct timer_spec {
	ktime_t value, interval;	/* ns; value 0: disarmed */
};

enum notify { NOTIFY_SIGNAL, NOTIFY_NONE, NOTIFY_THREAD };

/* which: ITIMER_*. new NULL: only reads. 0. */
void itimer_swap(int which, const struct timer_spec *new, struct timer_spec *old);

/* timer_create(2): sig on current's process, or on thread tid of it. The id, or -errno. */
int __must_check ptimer_create(s32 clock, enum notify how, int sig, u64 value, bool value_is_id,
			       pid_t tid);
int __must_check ptimer_set(int id, const struct timer_spec *new, bool absolute,
			    struct timer_spec *old);
struct ptimer_info {
	int id, sig;
	enum notify how;
	u64 value;		/* sigval */
	pid_t tid;		/* whom it tells: a thread, else the process */
	s32 clock;
};
/* The n-th of a process; false: it has not so many. */
bool ptimer_nth(struct proc *p, u32 n, struct ptimer_info *out);
int __must_check ptimer_get(int id, struct timer_spec *out);
int ptimer_overrun(int id);
int ptimer_delete(int id);
/* exec, exit: all of them go. */
void ptimer_delete_all(struct proc *p);
/* A timer's signal was taken off the queue: fills in the overrun. proc.lock held. */
void ptimer_delivered(struct proc *p, struct siginfo_k *info);
/* It was ignored, refused or thrown away: the next expiry sends another. proc.lock held. */
void ptimer_dropped(struct proc *p, const struct siginfo_k *info);
/* A SIGALRM of the process was taken: ITIMER_REAL goes on. proc.lock held. */
void itimer_taken(struct proc *p);
void itimer_init_proc(struct proc *p);
void itimer_exit_proc(struct proc *p);
void ptimer_init(void);
