/* SPDX-License-Identifier: MIT */
/* task.h - struct task, one thread; struct proc, the process its threads share. */
#pragma once

#include <arch/cpu.h>
#include <arch/thread.h>
#include <kernel/lib/list.h>
#include <kernel/lib/rbtree.h>
#include <kernel/rcu.h>
#include <kernel/signal.h>
#include <kernel/spinlock.h>
#include <kernel/timer.h>
#include <kernel/waitq.h>

struct aspace;
struct blk_plug;
struct cred;
struct fs_context;
struct handle_table;
struct journal_handle;
struct namespaces;
struct pid;
struct proc;
struct session;
struct tty;

#define TASK_COMM_LEN 16

/* Where a thread is in its life, for schedulers and /proc. Sleeping variants are in wait_mode. */
enum task_state {
	TASK_RUNNING,		/* on a CPU or a run queue */
	TASK_SLEEPING,		/* waits: waitq; wait_mode says by what it may be disturbed */
	TASK_STOPPED,		/* job control: kernel/stop.c */
	TASK_TRACED,
	TASK_DEAD,		/* has exited; a leader waits to be reaped */
};

/* Locks: r  the run queue of head.cpu   s  proc.lock   o  the thread itself   P  pids_lock   a
 * atomic   I  immutable */
struct task {
	struct thread_head head;	/* first: arch/thread.h */

	/* ---- scheduling: kernel/sched.c ---- */
	u32 state;			/* [r] enum task_state */
	u8 wait_mode;			/* [o] enum wait_mode while SLEEPING */
	bool on_cpu;			/* [r] registers live on a CPU */
	bool queued;			/* [r] on a run queue */
	u8 policy;			/* [r] SCHED_* */
	bool reset_on_fork;
	s8 nice;			/* [r] */
	u8 rt_prio;			/* [r] 1..99 for FIFO and RR */
	struct rb_node run_node;	/* [r] fair queue, by vruntime */
	struct list run_link;		/* [r] RT queues */
	u64 vruntime;			/* [r] ns weighted */
	u32 weight;			/* [r] */
	ktime_t exec_start;		/* [r] */
	u64 slice_left;			/* [r] RR */
	u64 sum_exec_ns, user_ns, sys_ns;	/* [r], [o] */
	u64 affinity;			/* [r] CPUs allowed */
	u64 nvcsw, nivcsw;		/* [r] */
	u64 min_flt, maj_flt;		/* [o] */
	struct timer sleep_timer;	/* [o] deadline of a sleep */

	/* ---- identity ---- */
	pid_t tid;			/* [I] */
	struct proc *proc;		/* [I] NULL: kernel thread */
	struct list thread_link;	/* [s] in proc.threads */
	struct pid *pid;		/* [I] its entry in the table */
	char comm[TASK_COMM_LEN];	/* [s] */
	struct cred *cred;		/* [o] owner replaces; others read under RCU */
	ktime_t start_time;		/* [I] monotonic */

	/* ---- what it may reach ---- */
	struct aspace *as;		/* [o] NULL: kernel thread or exited */
	struct handle_table *handles;	/* [o] */
	struct fs_context *fs;		/* [o] root, cwd, umask: fs/ owns the struct */
	struct namespaces *ns;		/* [o] */
	struct budget *budget;		/* [o] a reference; NULL: the root, while booting */

	/* ---- signals: kernel/signal.c ---- */
	u64 blocked;			/* [o] written by the thread under s */
	u64 saved_mask;			/* [o] sigsuspend, ppoll...: restored on the way out */
	bool restore_mask;		/* [o] */
	struct sigqueue pending;	/* [s] */
	u64 altstack_sp, altstack_size; /* [o] */
	u32 altstack_flags;
	u32 stop_state;			/* [s] STOP_*: kernel/stop.c */
	int exit_code;			/* [s] wait status */
	int pdeath_signal;		/* [s] */
	struct restart_block {
		long (*fn)(struct task *t);
		u64 arg[6];
	} restart;			/* [o] */

	/* ---- exit, futex ---- */
	uaddr_t set_child_tid, clear_child_tid;	/* [o] */
	uaddr_t robust_list;		/* [o] */
	struct vfork_done *vfork;	/* [o] a reference: tells the parent at exec or exit */
	bool exiting;			/* [s] */
	bool works_closed;		/* [o] too late for task_work_add() */
	bool accounted;			/* [s] its times are in proc.dead_* */
	int exit_signal;		/* [I] clone's; 0 or -1 for threads */
	struct list task_works;		/* [o] struct task_work: WORK_NOTIFY */
	u32 alloc_fail_at, alloc_count;	/* debug: the n-th allocation fails */
#ifdef CONFIG_DEBUG_LOCKS
	struct held_locks sleeping;	/* [o] kernel/lock.c */
#endif
	struct journal_handle *journal; /* [o] the one this thread has open: fs/ext/journal.c */
	struct blk_plug *plug;		/* [o] requests that are not sent yet: fs/bio.c */
	u64 personality;
	/* [o] /proc/PID/loginuid, sessionid: one more than shown, 0: not set */
	u32 login_uid, login_session;
	u64 timer_slack_ns, default_slack_ns;	/* [o] */
	struct io_counts {
		u64 rchar, wchar, syscr, syscw;		/* bytes and calls of read and write */
		/* bytes for which devices were asked, and that became dirty: budget_count_io() */
		u64 disk_read, disk_written;
		/* dirty bytes that were thrown away before they were written */
		u64 cancelled;
	} io;				/* [o] /proc/PID/io */
	/* [o] pages since it last looked at the dirty limits: vmo_balance() */
	u32 dirtied;
	struct rcu_head rcu;
	atomic_t refs;			/* [a] */
};

/* Locks: s  proc.lock (RANK_PROC)   P  pids_lock (RANK_PIDS)   a  atomic */
struct proc {
	atomic_t refs;
	struct spinlock lock;
	struct list threads;		/* [s] task.thread_link, leader first until it is reaped */
	struct task *leader;		/* [s] */
	u32 nr_threads;			/* [s] alive */
	struct pid *pid;		/* tgid */

	/* ---- family ---- */
	struct proc *parent;		/* [P] */
	pid_t creator_tid;		/* [I] the parent's thread that made it: __WNOTHREAD */
	struct list children, sibling;	/* [P] */
	struct list group_link;		/* [P] in pgrp.members */
	struct pgrp *pgrp;		/* [P] */
	struct waitq child_wait;	/* parents sleeping in wait4 */
	bool is_reaper;			/* PR_SET_CHILD_SUBREAPER */
	bool io_flusher;		/* PR_SET_IO_FLUSHER */
	/* PR_MCE_KILL: what to do about bad memory; 0: the default */
	u8 mce_kill;
	bool has_execed;		/* [s] setpgid: EACCES */

	/* ---- signals ---- */
	struct sigqueue pending;	/* [s] process-wide */
	struct sighand *sighand;	/* [s] dispositions, shared by CLONE_SIGHAND */
	u32 flags;			/* [s] PROC_* */
	int group_exit_code;		/* [s] */
	int stop_signal;		/* [s] of the stop being reported */
	u32 stop_count;			/* [s] threads still to stop */
	struct waitq signal_wait;	/* signalfd, sigtimedwait */
	struct list signal_watchers;	/* [s] signalfds */

	/* ---- time ---- */
	/* [s] threads gone */
	u64 dead_user_ns, dead_sys_ns, dead_nvcsw, dead_nivcsw, dead_minflt, dead_majflt;
	struct io_counts dead_io;	/* [s] the same */
	/* [s] */
	u64 child_user_ns, child_sys_ns, child_minflt, child_majflt, child_nvcsw, child_nivcsw,
		child_maxrss;
	struct timer itimer_real;
	ktime_t itimer_real_interval, itimer_real_deadline;	/* [s] */
	/* [s] for its signal to be taken: the next period begins then */
	bool itimer_real_waiting;
	u64 cpu_limit_told;		/* seconds at which SIGXCPU was last sent */
	struct itimer_cpu { u64 left_ns, interval_ns; } itimer_virtual, itimer_prof;
	struct list posix_timers;	/* [s] */
	u32 next_timer_id;
	ktime_t start_time;

	struct rlimit { u64 cur, max; } rlimits[16];	/* [s] */
	u64 maxrss_pages;
	s16 oom_score_adj;
	struct rcu_head rcu;
};

#define PROC_GROUP_EXIT	 0x01u	/* every thread is to die with group_exit_code */
#define PROC_STOPPED	 0x02u	/* all threads are in a job-control stop */
#define PROC_CONTINUED	 0x04u	/* continued, not yet reported to wait */
#define PROC_STOP_REPORT 0x08u	/* the stop was not yet reported to wait */
#define PROC_EXECING	 0x10u	/* a thread is in exec: others are to die quietly */
#define PROC_UNKILLABLE	 0x20u	/* init: signals without handler are dropped */
#define PROC_STOP_TAKEN	 0x80u	/* a stop signal was taken and not undone by SIGCONT since */
#define PROC_CONT_NOTIFY 0x100u /* the first thread to run tells the parent CLD_CONTINUED */
#define PROC_ZOMBIE	 0x40u	/* leader dead and all threads gone: reapable */

/* task.stop_state */
#define STOP_PENDING 0x1u	/* is to stop with its process */
#define STOP_STOPPED 0x2u	/* parked in stop.c */
#define STOP_ZAP     0x4u	/* is to die: group exit, or exec of another thread */

struct pgrp {
	struct pid *pid;
	struct session *session;
	struct list members;		/* [P] */
	u32 nr;
	atomic_t refs;
};

struct session {
	struct pid *pid;		/* sid */
	/* [P] controlling terminal or NULL: tty code owns the change */
	struct tty *tty;
	struct proc *leader;		/* [P] NULL: gone */
	atomic_t refs;
};

/* A number in the table, and who has it: as thread, process, group and session. */
struct pid {
	atomic_t refs;
	pid_t nr;
	struct task *task;		/* [P, RCU] */
	struct proc *proc;		/* [P, RCU] */
	struct pgrp *pgrp;		/* [P] */
	struct session *session;	/* [P] */
	struct waitq exit_wait;		/* pidfd pollers */
	struct list pidfds;		/* objects to wake at exit */
	struct rcu_head rcu;
};

extern struct task init_task;		/* the boot CPU's idle thread */

static inline void io_counts_add(struct io_counts *sum, const struct io_counts *io)
{
	sum->rchar += io->rchar;
	sum->wchar += io->wchar;
	sum->syscr += io->syscr;
	sum->syscw += io->syscw;
	sum->disk_read += io->disk_read;
	sum->disk_written += io->disk_written;
	sum->cancelled += io->cancelled;
}

static inline void task_get(struct task *t) { ref_get(&t->refs); }
void task_put(struct task *t);
static inline struct proc *current_proc(void) { return current()->proc; }

/* Work the thread does for itself on its way to user space. */
struct task_work {
	struct list link;
	void (*fn)(struct task_work *w);
};
/* false: the thread is already past it (exiting): the caller must do otherwise. Any context for
 * current. */
bool task_work_add(struct task *t, struct task_work *w);
void task_work_run(void);

/* ---- pids (kernel/pid.c) ---- */
extern struct spinlock pids_lock;
#define PID_MAX 4194304
struct pid *pid_alloc(void);				/* the next free number; NULL: -EAGAIN */
void pid_put(struct pid *p);
struct pid *pid_find(pid_t nr);				/* under RCU */
struct task *task_find(pid_t tid);			/* a reference, or NULL */
struct proc *proc_find(pid_t pid);			/* a reference, or NULL */
static inline void proc_get(struct proc *p) { ref_get(&p->refs); }
void proc_put(struct proc *p);
/* The next process with number >= *nr (a reference); sets *nr. For procfs and kill(-1). */
struct proc *proc_next(pid_t *nr);

static inline pid_t proc_pid(const struct proc *p) { return p->pid->nr; }
u64 rlimit_cur(const struct proc *p, u32 which);
/* Of the current process; kernel threads have none. */
static inline u64 rlimit(u32 which)
{
	return current_proc() ? rlimit_cur(current_proc(), which) : RLIM_INFINITY;
}
void proc_times(struct proc *p, u64 *user_ns, u64 *sys_ns);	/* live and dead threads */

struct task_counts {
	u64 minflt, majflt, nvcsw, nivcsw;
};
void proc_counts(struct proc *p, struct task_counts *out);	/* the same */

/* The file layer's half of a task: released at exit, copied at fork. Registered by fs/ at boot. */
struct task_fs_ops {
	struct fs_context *(*copy)(struct fs_context *fs);	/* NULL: no memory */
	void (*get)(struct fs_context *fs);
	void (*put)(struct fs_context *fs);
};
extern const struct task_fs_ops *task_fs_ops;

/* A session's leader is gone: the terminal layer hangs up. Set at boot by drivers/tty; may
 * sleep. */
extern void (*session_exit_hook)(struct session *s);
/* Posix timers, flocks, ... of a process whose last thread exits. */
extern void (*proc_exit_hook)(struct proc *p);

/* ---- families (kernel/pid.c); pids_lock held unless they say otherwise ---- */
struct pgrp *pgrp_of(pid_t nr);				/* NULL: none */
/* setpgid's own checks are the caller's; takes the lock */
int __must_check proc_set_pgrp(struct proc *p, pid_t pgid);
/* setsid(2) of current: the new id. Takes the lock */
int __must_check proc_set_sid(void);
void proc_leave_groups(struct proc *p);
void proc_join_group(struct proc *p, struct pgrp *g);
bool pgrp_orphaned(struct pgrp *g, const struct proc *without);
void session_put(struct session *s);
static inline void session_get(struct session *s) { ref_get(&s->refs); }
void pgrp_put(struct pgrp *g);
static inline void pgrp_get(struct pgrp *g) { ref_get(&g->refs); }
pid_t proc_pgid(const struct proc *p), proc_sid(const struct proc *p);

/* ---- vfork(2) ---- */
struct vfork_done {
	atomic_t refs;
	u32 done;
	struct waitq q;
};
void vfork_finish(struct task *t);			/* exec committed, or exit */

/* ---- waiting for children (kernel/wait.c) ---- */
struct wait_query {
	int type;		/* P_ALL, P_PID, P_PGID */
	pid_t id;
	/* WEXITED WSTOPPED WCONTINUED WNOHANG WNOWAIT __WALL __WCLONE __WNOTHREAD */
	u32 options;
};
struct wait_result {
	pid_t pid;		/* 0: WNOHANG and nothing */
	u32 uid;
	int status;		/* as wait4 gives it */
	int code;		/* CLD_* */
	int value;		/* exit status or signal, as siginfo gives it */
	u64 utime_ns, stime_ns, minflt, majflt, nvcsw, nivcsw, maxrss;
};
/* 0, -ECHILD, -ERESTARTSYS. Sleeps. */
int __must_check proc_wait(const struct wait_query *q, struct wait_result *out);
void proc_notify_parent(struct proc *p, int code, int value, int sig);	/* no lock held */
/* reaped: leaves the tables; pids_lock not held */
void proc_release(struct proc *p);

/* ---- life (kernel/task.c, kernel/exit.c) ---- */
struct clone_args_k {
	u64 flags;			/* CLONE_* without the signal byte */
	uaddr_t pidfd, child_tid, parent_tid;
	int exit_signal;
	u64 stack, tls;			/* stack: the new SP, 0: same as the parent's */
	pid_t set_tid;			/* 0: any */
};
/* clone(2): the child's tid, or -errno. */
long task_clone(const struct clone_args_k *args);
/* exit(2) of this thread, exit_group(2) of all. code: wait status (exit code << 8 | signal). */
__noreturn void task_exit(int code);
__noreturn void proc_exit_group(int code);
/* exec, exit: tells waiters, leaves the address space. */
void task_release_mm(struct task *t);
/* Before exec commits: all other threads of the process die. -EAGAIN when we are being killed. */
int __must_check proc_single_thread(void);
struct task *task_create_kernel(void (*fn)(void *), void *arg, const char *name, u32 cpu_or_any);
/* Links a thread into the process and the tables; exit.c undoes it. */
void task_free(struct task *t);
/* PID 1: a kernel thread with a process around it that will exec init. fn runs in it. */
int __must_check task_spawn_init(void (*fn)(void *), void *arg);
void task_init(void);
u32 task_max_threads(void);		/* /proc/sys/kernel/threads-max */
void task_count(s32 delta);		/* threads in all, against task_max_threads() */
