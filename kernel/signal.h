/* SPDX-License-Identifier: MIT */
/* signal.h - queueing, blocking and delivering signals. compat/sigframe.c builds what the handler
 * sees. */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/list.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>

struct object;
struct proc;
struct task;
struct pgrp;

typedef u64 sigset_k;		/* bit n-1 for signal n */
#define SIGMASK(n) (1ul << ((n) - 1))
#define SIGS_KERNEL_ONLY (SIGMASK(SIGKILL) | SIGMASK(SIGSTOP))
#define SIGS_STOP (SIGMASK(SIGSTOP) | SIGMASK(SIGTSTP) | SIGMASK(SIGTTIN) | SIGMASK(SIGTTOU))

/* What siginfo carries, before compat/ lays it out. */
struct siginfo_k {
	int sig, err, code;
	pid_t pid;
	u32 uid;
	union {
		u64 value;	/* SI_QUEUE, SI_TIMER, SI_MESGQ: sigval */
		u64 addr;	/* faults */
		int status;	/* SIGCHLD */
		s64 band;	/* SIGIO */
	};
	u64 utime, stime;	/* SIGCHLD, clock ticks */
	int timer_id, overrun;	/* SI_TIMER */
	int fd;			/* SIGIO */
	u64 addr_lsb;
	u64 raw[16];		/* rt_sigqueueinfo passes 128 bytes through untouched when is_raw */
	bool is_raw;
};

struct sigqueue {
	sigset_k set;
	struct list infos;	/* struct siginfo_node */
};

struct sigaction_k {
	u64 handler;		/* SIG_DFL, SIG_IGN or an address */
	u64 flags;		/* SA_* */
	u64 restorer;
	sigset_k mask;
};

struct sighand {
	atomic_t refs;
	struct spinlock lock;			/* RANK_SIGHAND */
	struct sigaction_k action[NSIG];	/* [lock] by signal - 1 */
};

/* To a thread, a process, a group. info->sig 0 only checks. 0, -EAGAIN (queue full), -ESRCH. Any
 * context but hard interrupts with locks above RANK_PROC held. Permission is the caller's business
 * (signal_may_send). */
int signal_send_task(struct task *t, const struct siginfo_k *info);
int signal_send_proc(struct proc *p, const struct siginfo_k *info);
int signal_send_pgrp(struct pgrp *g, const struct siginfo_k *info);	/* pids_lock not held */
/* A kernel-made signal: SI_KERNEL. */
void signal_send_kernel(struct proc *p, int sig);
void signal_send_pgrp_kernel(struct pgrp *g, int sig);
/* A synchronous fault of current: cannot be ignored or blocked. */
void signal_force(int sig, int code, u64 addr);
int __must_check signal_may_send(const struct proc *to, int sig);	/* 0 or -EPERM */

bool signal_pending(const struct task *t);		/* something would be delivered */
bool signal_pending_fatal(const struct task *t);	/* SIGKILL or group exit */
/* WORK_SIGNAL after masks changed; proc.lock held or t is current */
void signal_recalc(struct task *t);

/* Sets current's mask (never KILL, STOP). */
void signal_set_blocked(sigset_k set);
/* For sigsuspend, ppoll, pselect, epoll_pwait: the mask for the call; the old one comes back after
 * a handler or by restore. */
void signal_set_temp_mask(sigset_k set);
void signal_restore_temp_mask(bool interrupted);

/* Takes a signal of set for current: signalfd, sigtimedwait. false: none. */
bool signal_take(sigset_k set, struct siginfo_k *out);

int signal_get_action(int sig, struct sigaction_k *out);
int signal_set_action(int sig, const struct sigaction_k *act);
void sighand_get_action(struct sighand *s, int sig, struct sigaction_k *out);
void sighand_exec(struct sighand *s);		/* handlers become SIG_DFL; s is not shared */
/* Who wants to know of every signal that is queued: signalfd. [proc.lock] */
struct signal_watcher {
	struct list link;	/* in proc.signal_watchers */
	struct object *obj;	/* woken with EPOLLIN */
};

struct sighand *sighand_create(void);
struct sighand *sighand_copy(const struct sighand *s);
void sighand_put(struct sighand *s);
void sigqueue_init(struct sigqueue *q);
void sigqueue_flush(struct sigqueue *q);

/* proc.lock held: every other thread is to die on its way out. */
void signal_zap_others(struct proc *p, struct task *except);
/* proc.lock held: t exits; signals meant for the process go to others, a stop may be complete
 * without it. */
bool signal_thread_leaves(struct task *t);	/* true: tell the parent CLD_STOPPED */
void signal_init(void);

/* Return-to-user: delivers, stops, dies. Called with interrupts on. */
void signal_exit_work(void);
/* Set by compat/ at boot: builds the handler's frame on the user stack. 0, or -errno: the thread
 * dies by SIGSEGV. */
extern int (*signal_build_frame)(const struct siginfo_k *info, const struct sigaction_k *act,
				 sigset_k mask);
