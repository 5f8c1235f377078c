/* SPDX-License-Identifier: MIT */
/* task.c - making threads and processes. Kernel threads and PID 1: kthread.c.
 *
 * clone(2) builds the child piece by piece (each piece copied or shared as the flags say), and only
 * then, when nothing can fail any more, links it into the tables and lets it run.
 *
 * Invariants: (1) a thread that is in the tables has a pid, credentials, and (unless a kernel
 * thread) a process; (2) a process has a leader until it is reaped.
 * Locks: pids_lock > proc.lock, interrupts off. Ref: clone(2), fork(2), vfork(2), pthreads(7).
 * Tests: selftests/abi/process.c
 */
#include <kernel/task.h>

#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/family.h>
#include <kernel/handle.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/pidfd.h>
#include <kernel/printk.h>
#include <kernel/ptimer.h>
#include <kernel/sched.h>
#include <mm/aspace.h>
#include <mm/kvmap.h>
#include <mm/slab.h>
#include <arch/frame.h>
#include <arch/uaccess.h>

#define CLONE_NS_FLAGS \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

const struct task_fs_ops *task_fs_ops;
void (*session_exit_hook)(struct session *s);
void (*proc_exit_hook)(struct proc *p);

static struct slab_cache *task_cache, *proc_cache, *fp_cache;
static u32 max_threads;
static atomic_t nr_threads;

void task_init(void)
{
	struct mem_stats m;

	mem_stats_get(&m);
	max_threads = (u32)min(max(m.total * PAGE_SIZE / 8 / (KSTACK_SIZE + 4096), 64ul),
			       (u64)PID_MAX);
	task_cache = slab_cache_create("task", sizeof(struct task), 64);
	proc_cache = slab_cache_create("proc", sizeof(struct proc), 64);
	fp_cache = slab_cache_create("fp_state", sizeof(struct fp_state), 16);
	pid_init();
}

u32 task_max_threads(void)
{
	return max_threads;
}

struct task *task_alloc(bool with_fp)
{
	struct task *t = slab_alloc(task_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!t)
		return NULL;
	ref_init(&t->refs, 1);
	t->budget = &budget_root;
	list_init(&t->task_works);
	list_init(&t->thread_link);
	sigqueue_init(&t->pending);
	t->head.fp_cpu = U32_MAX;
	t->timer_slack_ns = t->default_slack_ns = 50 * NSEC_PER_USEC;
	t->head.stack = kv_stack_alloc();
	if (with_fp && t->head.stack)
		t->head.fp = slab_alloc(fp_cache, PAGE_KERNEL);
	if (!t->head.stack || (with_fp && !t->head.fp)) {
		if (t->head.stack)
			kv_stack_free(t->head.stack);
		slab_free(task_cache, t);
		return NULL;
	}
	return t;
}

static void task_free_rcu(struct rcu_head *h)
{
	struct task *t = container_of(h, struct task, rcu);

	if (t->head.fp)
		slab_free(fp_cache, t->head.fp);
	slab_free(task_cache, t);
}

/* The last reference: everything else went in exit.c; the stack when it was switched away from for
 * the last time. */
void task_put(struct task *t)
{
	if (!ref_put(&t->refs))
		return;
	budget_put(t->budget);
	if (t->cred)
		cred_put(t->cred);
	if (t->proc)
		proc_put(t->proc);
	if (t->pid)
		pid_put(t->pid);
	call_rcu(&t->rcu, task_free_rcu);
}

static void proc_free_rcu(struct rcu_head *h)
{
	slab_free(proc_cache, container_of(h, struct proc, rcu));
}

void proc_put(struct proc *p)
{
	if (!ref_put(&p->refs))
		return;
	sigqueue_flush(&p->pending);
	if (p->sighand)
		sighand_put(p->sighand);
	pid_put(p->pid);
	call_rcu(&p->rcu, proc_free_rcu);
}

struct proc *proc_alloc(struct pid *pid)
{
	struct proc *p = slab_alloc(proc_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!p)
		return NULL;
	ref_init(&p->refs, 1);
	spin_init(&p->lock, RANK_PROC);
	list_init(&p->threads);
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->group_link);
	list_init(&p->signal_watchers);
	list_init(&p->posix_timers);
	waitq_init(&p->child_wait);
	waitq_init(&p->signal_wait);
	sigqueue_init(&p->pending);
	p->pid = pid;
	ref_get(&pid->refs);
	p->start_time = clock_monotonic();
	itimer_init_proc(p);
	return p;
}

u64 rlimit_cur(const struct proc *p, u32 which)
{
	return p ? READ_ONCE(p->rlimits[which].cur) : RLIM_INFINITY;
}

void proc_times(struct proc *p, u64 *user_ns, u64 *sys_ns)
{
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct task *t;
	u64 u, s;

	*user_ns = p->dead_user_ns;
	*sys_ns = p->dead_sys_ns;
	list_for_each_entry(t, &p->threads, thread_link) {
		if (t->accounted)
			continue;
		sched_task_times(t, &u, &s);
		*user_ns += u;
		*sys_ns += s;
	}
	spin_unlock_irq(&p->lock, irq);
}

void proc_counts(struct proc *p, struct task_counts *out)
{
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct task *t;

	*out = (struct task_counts){ p->dead_minflt, p->dead_majflt, p->dead_nvcsw,
				     p->dead_nivcsw };
	list_for_each_entry(t, &p->threads, thread_link) {
		if (t->accounted)
			continue;
		out->minflt += t->min_flt;
		out->majflt += t->maj_flt;
		out->nvcsw += t->nvcsw;
		out->nivcsw += t->nivcsw;
	}
	spin_unlock_irq(&p->lock, irq);
}

/* ---- clone ---- */

static int check_flags(u64 flags)
{
	if ((flags & CLONE_NEWNS) && (flags & CLONE_FS))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_NS_FLAGS)
		/* as a kernel built without namespaces */
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	if ((flags & CLONE_PIDFD) && (flags & CLONE_DETACHED))
		return -EINVAL;
	return 0;
}

static int copy_files(struct task *t, u64 flags)
{
	struct task *me = current();

	if (!(flags & CLONE_FILES))
		return handle_table_copy(me->handles, &t->handles);
	handle_table_get(me->handles);
	t->handles = me->handles;
	return 0;
}

static int copy_fs(struct task *t, u64 flags)
{
	struct task *me = current();

	if (flags & CLONE_FS) {
		task_fs_ops->get(me->fs);
		t->fs = me->fs;
		return 0;
	}
	t->fs = task_fs_ops->copy(me->fs);
	return t->fs ? 0 : -ENOMEM;
}

static int copy_memory(struct task *t, u64 flags)
{
	struct task *me = current();

	if (!(flags & CLONE_VM))
		return aspace_fork(me->as, &t->as);
	aspace_get(me->as);
	t->as = me->as;
	return 0;
}

static int copy_sighand(struct proc *p, u64 flags)
{
	struct proc *me = current_proc();

	if (flags & CLONE_SIGHAND) {
		ref_get(&me->sighand->refs);
		p->sighand = me->sighand;
		return 0;
	}
	p->sighand = sighand_copy(me->sighand);
	if (!p->sighand)
		return -ENOMEM;
	if (flags & CLONE_CLEAR_SIGHAND)
		sighand_exec(p->sighand);	/* handlers go, what is ignored stays */
	return 0;
}

static int copy_proc(struct task *t, u64 flags, int exit_signal)
{
	struct proc *me = current_proc();
	int err;

	if (flags & CLONE_THREAD) {
		proc_get(me);
		t->proc = me;
		t->exit_signal = -1;
		return 0;
	}
	t->proc = proc_alloc(t->pid);
	if (!t->proc)
		return -ENOMEM;
	t->exit_signal = flags & CLONE_PARENT ? me->leader->exit_signal : exit_signal;
	t->proc->creator_tid = current()->tid;
	memcpy(t->proc->rlimits, me->rlimits, sizeof(me->rlimits));
	t->proc->oom_score_adj = me->oom_score_adj;
	t->proc->mce_kill = me->mce_kill;
	t->proc->io_flusher = me->io_flusher;
	err = copy_sighand(t->proc, flags);
	return err;
}

static void copy_registers(struct task *t, const struct clone_args_k *a)
{
	struct trap_frame *f = arch_user_frame(t);

	*f = *arch_user_frame(current());
	f->x[0] = 0;
	f->syscall_nr = NO_SYSCALL;
	if (a->stack)
		f->sp = a->stack;
	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(t->head.user_tls));
	if (a->flags & CLONE_SETTLS)
		t->head.user_tls = a->tls;
	fp_save_current(t->head.fp);
	pac_fork(t);
}

static void child_start(void *arg)
{
	struct task *t = current();

	(void)arg;
	sched_tail();
	if (t->set_child_tid.va) {
		int err = uaccess_put_u32(t->set_child_tid, (u32)t->tid);

		(void)err;	/* as Linux: a bad address is the program's loss */
	}
	arch_return_to_user(arch_user_frame(t));
}

/* The pieces that can fail. */
static int build(struct task *t, const struct clone_args_k *a)
{
	struct task *me = current();
	int err;

	t->pid = pid_alloc();
	if (!t->pid)
		return -EAGAIN;
	t->tid = t->pid->nr;
	memcpy(t->comm, me->comm, TASK_COMM_LEN);
	t->cred = cred_get(me->cred);
	t->ns = me->ns;
	t->budget = budget_of(me);
	budget_get(t->budget);
	t->blocked = me->blocked;
	t->personality = me->personality;
	t->login_uid = me->login_uid;
	t->login_session = me->login_session;
	t->timer_slack_ns = t->default_slack_ns = me->timer_slack_ns;
	t->start_time = clock_monotonic();
	t->head.entry_work = me->head.entry_work;
	if (!(a->flags & CLONE_VM) || (a->flags & CLONE_VFORK)) {
		t->altstack_sp = me->altstack_sp;
		t->altstack_size = me->altstack_size;
		t->altstack_flags = me->altstack_flags;
	}
	sched_fork_init(t, me);
	err = copy_proc(t, a->flags, a->exit_signal);
	if (!err)
		err = copy_files(t, a->flags);
	if (!err)
		err = copy_fs(t, a->flags);
	if (!err)
		err = copy_memory(t, a->flags);
	return err;
}

/* Undoes build() of a thread that never was in the tables. */
void task_free(struct task *t)
{
	irqflags_t irq;

	if (t->as)
		aspace_put(t->as);
	if (t->fs)
		task_fs_ops->put(t->fs);
	if (t->handles)
		handle_table_put(t->handles);
	if (t->pid) {
		irq = spin_lock_irq(&pids_lock);
		ref_get(&t->pid->refs);
		pid_drop_roles(t->pid, true, true);
		spin_unlock_irq(&pids_lock, irq);
	}
	kv_stack_free(t->head.stack);
	task_put(t);
}

static void link_process(struct task *t, struct proc *parent) MUST_HOLD(pids_lock)
{
	struct proc *p = t->proc;

	proc_get(p);		/* the tables': proc_release() drops it */
	p->leader = t;
	p->parent = parent;
	list_add_tail(&parent->children, &p->sibling);
	proc_join_group(p, parent->pgrp);
	rcu_assign(t->pid->proc, p);
}

/* Makes the child known. -ERESTARTNOINTR when a signal must be taken first, -EAGAIN when we are
 * dying. */
static int publish(struct task *t, u64 flags)
{
	struct proc *me = current_proc(), *parent;
	irqflags_t irq = spin_lock_irq(&pids_lock);
	int err = 0;

	debug_assert(me);		/* kernel threads are made in kthread.c */
	spin_lock(&me->lock);
	/* A signal for the group must reach the child too: it is taken before the child exists. */
	if (signal_pending_fatal(current()) ||
	    (!(flags & CLONE_THREAD) && signal_pending(current())))
		err = -ERESTARTNOINTR;
	if (!err) {
		parent = flags & CLONE_PARENT ? me->parent : me;
		if (!(flags & CLONE_THREAD)) {
			spin_unlock(&me->lock);
			link_process(t, parent ? parent : me);
			spin_lock(&me->lock);
		}
		list_add_tail(&t->proc->threads, &t->thread_link);
		t->proc->nr_threads++;
		rcu_assign(t->pid->task, t);
		ref_get(&t->pid->refs);		/* the table's; the first is the thread's */
	}
	spin_unlock(&me->lock);
	spin_unlock_irq(&pids_lock, irq);
	return err;
}

static int wait_vfork(struct vfork_done *v)
{
	int err = waitq_wait(&v->q, smp_load_acquire(&v->done), WAIT_KILLABLE, WAIT_FOREVER);

	if (ref_put(&v->refs))
		kfree(v);
	return err;
}

void vfork_finish(struct task *t)
{
	struct vfork_done *v = t->vfork;

	if (!v)
		return;
	t->vfork = NULL;
	smp_store_release(&v->done, 1);
	waitq_wake_all(&v->q);
	if (ref_put(&v->refs))
		kfree(v);
}

static int setup_vfork(struct task *t, u64 flags, struct vfork_done **out)
{
	struct vfork_done *v;

	*out = NULL;
	if (!(flags & CLONE_VFORK))
		return 0;
	v = knew(struct vfork_done);
	if (!v)
		return -ENOMEM;
	ref_init(&v->refs, 2);
	waitq_init(&v->q);
	t->vfork = v;
	*out = v;
	return 0;
}

static void uncount_new(kuid_t uid)
{
	cred_count_proc(uid, -1);
	atomic_dec(&nr_threads);
	budget_uncharge(budget_of(current())->id, BUDGET_TASKS, 1);
}

/* Counts a thread to be, first, so that two CPUs cannot both take the last place. */
static bool count_new(kuid_t uid)
{
	u32 n = (u32)atomic_add_return(&nr_threads, 1);
	u64 limit = rlimit(RLIMIT_NPROC);

	cred_count_proc(uid, 1);
	if (!budget_charge(BUDGET_TASKS, 1, NULL)) {
		cred_count_proc(uid, -1);
		atomic_dec(&nr_threads);
		return false;
	}
	if (n <= max_threads &&
	    (limit == RLIM_INFINITY || uid.v == 0 || cred_nr_procs(uid) <= limit ||
	     capable(CAP_SYS_RESOURCE) || capable(CAP_SYS_ADMIN)))
		return true;
	uncount_new(uid);
	return false;
}

long task_clone(const struct clone_args_k *a)
{
	struct vfork_done *v = NULL;
	kuid_t uid = current_cred()->uid;
	struct task *t;
	long tid;
	int err = check_flags(a->flags), pidfd = -1;

	if (err)
		return err;
	if (!count_new(uid))
		return -EAGAIN;
	t = task_alloc(true);
	if (!t) {
		uncount_new(uid);
		return -ENOMEM;
	}
	err = build(t, a);
	if (!err)
		err = setup_vfork(t, a->flags, &v);
	if (!err && (a->flags & CLONE_PIDFD))
		err = pidfd_install(t->pid, &pidfd, a->pidfd);
	if (!err) {
		copy_registers(t, a);
		t->clear_child_tid = a->flags & CLONE_CHILD_CLEARTID ? a->child_tid : UADDR_NULL;
		t->set_child_tid = a->flags & CLONE_CHILD_SETTID ? a->child_tid : UADDR_NULL;
		arch_context_init(t, child_start, NULL);
		tid = t->tid;
		if (a->flags & CLONE_PARENT_SETTID) {
			int ignored = uaccess_put_u32(a->parent_tid, (u32)tid);

			(void)ignored;
		}
		err = publish(t, a->flags);
	}
	if (err) {
		if (pidfd >= 0)
			pidfd_uninstall(pidfd);
		kfree(v);
		t->vfork = NULL;
		task_free(t);
		uncount_new(uid);
		return err;
	}
	sched_wake_new(t);
	if (v)
		err = wait_vfork(v);
	(void)err;	/* killed while waiting: the thread dies on its way out */
	return tid;
}

void task_count(s32 delta)
{
	atomic_add(&nr_threads, (u32)delta);
}
