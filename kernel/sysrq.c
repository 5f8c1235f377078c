/* SPDX-License-Identifier: MIT */
/* sysrq.c - the administrator's last resorts, one letter each, written to /proc/sysrq-trigger.
 *
 * What Linux has and is not here prints the help, as an unknown letter does there. Locks: proc.lock
 * while a process's threads are shown.
 * Ref: Linux Documentation/admin-guide/sysrq.rst. Tests: selftests/run_test (c), selftests/boot/run
 * last_resorts
 */
#define LOG_TAG "sysrq"
#include <kernel/sysrq.h>

#include <arch/cpu.h>
#include <kernel/budget.h>
#include <kernel/power.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <mm/oom.h>
#include <mm/page.h>

#define KB(pages) ((pages) << (PAGE_SHIFT - 10))

static void help(void)
{
	pr_info("HELP : reboot(b) crash(c) terminate-all-tasks(e) memory-full-oom-kill(f) help(h) "
		"kill-all-tasks(i) "
		"show-memory-usage(m) poweroff(o) sync(s) show-task-states(t) unmount(u) "
		"show-blocked-tasks(w)");
}

static bool is_blocked(const struct task *t)
{
	return t->state == TASK_SLEEPING && t->wait_mode == WAIT_UNINTERRUPTIBLE;
}

static char letter(const struct task *t)
{
	if (t->state == TASK_SLEEPING)
		return is_blocked(t) ? 'D' : 'S';
	return t->state == TASK_RUNNING ? 'R' : t->state == TASK_DEAD ? 'Z' : 'T';
}

static void show_proc(struct proc *p, bool only_blocked)
{
	irqflags_t irq = spin_lock_irq(&p->lock);
	struct task *t;

	list_for_each_entry(t, &p->threads, thread_link) {
		if (only_blocked && !is_blocked(t))
			continue;
		pr_info("task:%-15.16s state:%c cpu:%u pid:%d tgid:%d", t->comm, letter(t),
			t->head.cpu, t->tid, proc_pid(p));
		if (!t->on_cpu)
			backtrace_task(t);
	}
	spin_unlock_irq(&p->lock, irq);
}

static void show_tasks(bool only_blocked)
{
	struct proc *p;

	for (pid_t nr = 1; (p = proc_next(&nr)); nr++) {
		show_proc(p, only_blocked);
		proc_put(p);
	}
}

static void show_memory(void)
{
	struct mem_stats m;

	mem_stats_get(&m);
	pr_info("Mem-Info: total:%lukB free:%lukB anon:%lukB cached:%lukB mapped:%lukB dirty:%lukB",
		KB(m.total), KB(m.free), KB(m.anon), KB(m.cached), KB(m.mapped), KB(m.dirty));
}

/* Everybody but init. */
static void signal_all(int sig)
{
	struct proc *p;

	for (pid_t nr = 2; (p = proc_next(&nr)); nr++) {
		signal_send_kernel(p, sig);
		proc_put(p);
	}
}

void sysrq(char command)
{
	switch (command) {
	case 'b':
		pr_info("Resetting");
		machine_reset();
	case 'c':
		pr_info("Trigger a crash");
		panic("sysrq triggered crash");
	case 'o':
		pr_info("Power Off");
		power_end(POWER_OFF);
	case 'e':
		pr_info("Terminate All Tasks");
		signal_all(SIGTERM);
		break;
	case 'i':
		pr_info("Kill All Tasks");
		signal_all(SIGKILL);
		break;
	case 'f':
		pr_info("Manual OOM execution");
		if (!oom_kill_one(&budget_root))
			pr_info("OOM request ignored. No task eligible");
		break;
	case 'm':
		pr_info("Show Memory");
		show_memory();
		break;
	case 't':
		pr_info("Show State");
		show_tasks(false);
		break;
	case 'w':
		pr_info("Show Blocked State");
		show_tasks(true);
		break;
	default:
		help();
	}
}
