/* SPDX-License-Identifier: MIT */
/* kthread.c - threads that begin in the kernel: its own, and PID 1, which leaves it by exec. And
 * what a thread has put off to its way out of the kernel.
 *
 * Locks: pids_lock while PID 1 enters the tables; task_works by interrupts off, only its own thread
 * touches it.
 * Ref: getrlimit(2) for init's limits. Tests: selftests/ktest (all run in such threads)
 */
#include <kernel/task.h>

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/family.h>
#include <kernel/handle.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/sched.h>
#include <mm/slab.h>

struct kstart {
	void (*fn)(void *);
	void *arg;
};

static void kernel_start(void *arg)
{
	struct kstart s = *(struct kstart *)arg;

	sched_tail();
	kfree(arg);
	s.fn(s.arg);
	task_exit(0);
}

struct task *task_create_kernel(void (*fn)(void *), void *arg, const char *name, u32 cpu)
{
	struct task *t = task_alloc(false);
	struct kstart *s = kmalloc(sizeof(*s), PAGE_KERNEL);

	if (!t || !s) {
		kfree(s);
		return NULL;
	}
	*s = (struct kstart){ fn, arg };
	str_copy(t->comm, name, sizeof(t->comm));
	t->cred = &cred_init;
	ref_get(&cred_init.refs);
	t->affinity = cpu == U32_MAX ? U64_MAX : BIT(cpu);
	sched_fork_init(t, &init_task);
	t->affinity = cpu == U32_MAX ? U64_MAX : BIT(cpu);
	task_count(1);
	arch_context_init(t, kernel_start, s);
	sched_wake_new(t);
	return t;
}

static void default_rlimits(struct proc *p)
{
	u32 i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		p->rlimits[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	p->rlimits[RLIMIT_STACK].cur = 8ul << 20;
	p->rlimits[RLIMIT_CORE].cur = 0;
	p->rlimits[RLIMIT_NPROC] = (struct rlimit){ task_max_threads() / 2,
						    task_max_threads() / 2 };
	p->rlimits[RLIMIT_NOFILE] = (struct rlimit){ 1024, 4096 };
	p->rlimits[RLIMIT_MEMLOCK] = (struct rlimit){ 8ul << 20, 8ul << 20 };
	p->rlimits[RLIMIT_SIGPENDING] = (struct rlimit){ task_max_threads() / 2,
							 task_max_threads() / 2 };
	p->rlimits[RLIMIT_MSGQUEUE] = (struct rlimit){ 819200, 819200 };
	p->rlimits[RLIMIT_NICE] = (struct rlimit){ 0, 0 };
	p->rlimits[RLIMIT_RTPRIO] = (struct rlimit){ 0, 0 };
}

int task_spawn_init(void (*fn)(void *), void *arg)
{
	struct task *t = task_alloc(true);
	struct kstart *s = kmalloc(sizeof(*s), PAGE_KERNEL);
	irqflags_t irq;
	int err;

	if (!t || !s)
		return -ENOMEM;
	*s = (struct kstart){ fn, arg };
	t->pid = pid_alloc();
	t->proc = t->pid ? proc_alloc(t->pid) : NULL;
	if (!t->proc)
		return -ENOMEM;
	t->tid = t->pid->nr;
	str_copy(t->comm, "init", sizeof(t->comm));
	t->cred = &cred_init;
	ref_get(&cred_init.refs);
	t->ns = &init_namespaces;
	t->exit_signal = SIGCHLD;
	t->start_time = clock_monotonic();
	sched_fork_init(t, &init_task);
	t->affinity = U64_MAX;
	t->proc->sighand = sighand_create();
	t->proc->flags = PROC_UNKILLABLE;
	t->proc->leader = t;
	default_rlimits(t->proc);
	t->handles = handle_table_create();
	if (!t->proc->sighand || !t->handles)
		return -ENOMEM;
	irq = spin_lock_irq(&pids_lock);
	err = proc_new_session(t->proc);
	list_add_tail(&t->proc->threads, &t->thread_link);
	t->proc->nr_threads = 1;
	proc_get(t->proc);
	t->pid->task = t;
	t->pid->proc = t->proc;
	ref_get(&t->pid->refs);
	spin_unlock_irq(&pids_lock, irq);
	if (err)
		return err;
	proc_set_init(t->proc);
	task_count(1);
	if (!budget_charge(BUDGET_TASKS, 1, NULL))
		return -EAGAIN;
	cred_count_proc(t->cred->uid, 1);
	arch_context_init(t, kernel_start, s);
	sched_wake_new(t);
	return 0;
}

/* ---- work a thread does for itself ---- */

bool task_work_add(struct task *t, struct task_work *w)
{
	irqflags_t irq;

	if (!t->proc || t != current() || t->works_closed)
		return false;
	irq = irq_save();
	list_add_tail(&t->task_works, &w->link);
	irq_restore(irq);
	atomic_or(&t->head.work, WORK_NOTIFY);
	return true;
}

void task_work_run(void)
{
	struct task *t = current();
	struct task_work *w;
	irqflags_t irq;

	atomic_and(&t->head.work, ~WORK_NOTIFY);
	for (;;) {
		irq = irq_save();
		w = list_first_or_null(&t->task_works, struct task_work, link);
		if (w)
			list_del_init(&w->link);
		irq_restore(irq);
		if (!w)
			return;
		w->fn(w);
	}
}
