/* SPDX-License-Identifier: MIT */
/* procfs_state.c - /proc/PID: where a thread is (sched, stack, syscall, children, timers), and what
 * was asked of it for later (loginuid, timerslack_ns, coredump_filter, oom_score_adj). A stack may
 * move while it is read: the walk stays inside it.
 * Locks: pids_lock for children. Ref: proc(5). Tests: selftests/abi/procpid.c */
#include "procfs_int.h"

#include <arch/cpu.h>
#include <arch/frame.h>
#include <kernel/cred.h>
#include <kernel/ksyms.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/peek.h>
#include <kernel/ptimer.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/kvmap.h>

#define STACK_DEPTH 64

/* ---- where it is ---- */

/* sched: Linux forgets statistics that are not kept here. */
int proc_write_nothing(struct task *t, char *text, usize n)
{
	return 0;
}

int proc_show_sched(struct seq *s, struct task *t)
{
	const struct {
		const char *name;
		u64 v;
		bool ns;	/* milliseconds with six digits */
	} rows[] = {
		{ "se.exec_start", (u64)t->exec_start, true },
		{ "se.vruntime", t->vruntime, true },
		{ "se.sum_exec_runtime", t->sum_exec_ns, true },
		{ "nr_switches", t->nvcsw + t->nivcsw, false },
		{ "nr_voluntary_switches", t->nvcsw, false },
		{ "nr_involuntary_switches", t->nivcsw, false },
		{ "se.load.weight", (u64)t->weight << 10, false },
		{ "policy", t->policy, false },
		{ "prio", t->rt_prio ? 99u - t->rt_prio : (u64)(120 + t->nice), false },
	};

	seq_print(s, "%s (%d, #threads: %u)\n", t->comm, t->tid, t->proc->nr_threads);
	for (u32 i = 0; i < 67; i++)
		seq_write(s, "-", 1);
	seq_write(s, "\n", 1);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		seq_print(s, "%-45s:", rows[i].name);
		if (rows[i].ns)
			seq_print(s, "%14lu.%06lu\n", rows[i].v / NSEC_PER_MSEC,
				  rows[i].v % NSEC_PER_MSEC);
		else
			seq_print(s, "%21lu\n", rows[i].v);
	}
	return 0;
}

int proc_show_stack(struct seq *s, struct task *t)
{
	char name[KSYM_NAME_LEN];
	u64 pc[STACK_DEPTH], off;
	irqflags_t irq;
	u32 n;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	irq = kv_stacks_hold();
	n = READ_ONCE(t->on_cpu) || !READ_ONCE(t->head.stack) ? 0
							      : backtrace_save(t, pc, STACK_DEPTH);
	kv_stacks_release(irq);
	for (u32 i = 0; i < n; i++)
		if (ksym_name(pc[i], name, &off))
			seq_print(s, "[<0>] %s+0x%lx/0x%lx\n", name, off, ksym_size(pc[i]));
	return 0;
}

int proc_show_syscall(struct seq *s, struct task *t)
{
	struct trap_frame f = { .syscall_nr = NO_SYSCALL };	/* of a thread that is gone */
	irqflags_t irq;

	if (t != current() && READ_ONCE(t->state) == TASK_RUNNING) {
		seq_print(s, "running\n");
		return 0;
	}
	irq = kv_stacks_hold();
	if (READ_ONCE(t->head.stack))
		f = *arch_user_frame(t);
	kv_stacks_release(irq);
	seq_print(s, "%d", f.syscall_nr);
	if (f.syscall_nr != NO_SYSCALL)
		seq_print(s, " 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx", f.orig_x0, f.x[1], f.x[2],
			  f.x[3], f.x[4], f.x[5]);
	seq_print(s, " 0x%lx 0x%lx\n", f.sp, f.pc);
	return 0;
}

/* Whose child c is: its maker's, or the leader's once that thread is gone. */
static bool is_child_of(const struct proc *c, const struct task *t)
{
	const struct pid *p = c->creator_tid == t->tid ? NULL : pid_find(c->creator_tid);

	if (c->creator_tid == t->tid)
		return true;
	return t->tid == proc_pid(t->proc) && !(p && p->task && p->task->proc == t->proc);
}

int proc_show_children(struct seq *s, struct task *t)
{
	const usize number = 12;
	bool fits = false;
	struct proc *c;
	irqflags_t irq;

	for (usize room = 512; !fits && !s->err; room *= 2) {
		s->len = 0;
		seq_reserve(s, room);
		fits = true;
		irq = spin_lock_irq(&pids_lock);
		rcu_read_lock();
		list_for_each_entry(c, &t->proc->children, sibling) {
			if (!is_child_of(c, t))
				continue;
			fits = s->len + number < s->size;
			if (!fits)
				break;
			s->len += (usize)fmt_print(s->buf + s->len, number, "%d ", proc_pid(c));
		}
		rcu_read_unlock();
		spin_unlock_irq(&pids_lock, irq);
	}
	return 0;
}

int proc_show_timers(struct seq *s, struct task *t)
{
	static const char *const how[] = { [NOTIFY_SIGNAL] = "signal/pid",
					   [NOTIFY_NONE] = "none/pid",
					   [NOTIFY_THREAD] = "signal/tid" };
	struct ptimer_info i;

	for (u32 n = 0; ptimer_nth(t->proc, n, &i); n++)
		seq_print(s, "ID: %d\nsignal: %d/%016lx\nnotify: %s.%d\nClockID: %d\n", i.id, i.sig,
			  i.value, how[i.how], i.tid, i.clock);
	return 0;
}

/* ---- what was asked of it ---- */

/* Kept one higher than shown: 0 is "not set", which reads as 2^32 - 1. */
int proc_show_loginuid(struct seq *s, struct task *t)
{
	seq_print(s, "%u", t->login_uid - 1);
	return 0;
}

int proc_show_sessionid(struct seq *s, struct task *t)
{
	seq_print(s, "%u", t->login_session - 1);
	return 0;
}

int proc_write_loginuid(struct task *t, char *text, usize n)
{
	static atomic_t last_session;
	u64 v;

	if (t != current())
		return -EPERM;
	if (parse_u64(text, 10, &v, NULL) || v > U32_MAX)
		return -EINVAL;
	if (t->login_uid && !capable(CAP_AUDIT_CONTROL))
		return -EPERM;
	t->login_uid = (u32)v + 1;
	t->login_session = t->login_uid ? atomic_add_return(&last_session, 1) + 1 : 0;
	return 0;
}

int proc_show_timerslack(struct seq *s, struct task *t)
{
	if (t->proc != current_proc() && !capable(CAP_SYS_NICE))
		return -EPERM;
	seq_print(s, "%lu\n", t->timer_slack_ns);
	return 0;
}

int proc_write_timerslack(struct task *t, char *text, usize n)
{
	u64 v;

	if (parse_u64(text, 10, &v, NULL))
		return -EINVAL;
	if (t->proc != current_proc() && !capable(CAP_SYS_NICE))
		return -EPERM;
	t->timer_slack_ns = v ? v : t->default_slack_ns;
	return 0;
}

static int coredump_filter(struct seq *s, struct task *t, const u64 *set)
{
	struct aspace *as = task_get_as(t);

	if (!as)
		return set ? -ESRCH : 0;
	if (set)
		as->coredump_filter = *set & COREDUMP_FILTER_MASK;
	else
		seq_print(s, "%08x\n", as->coredump_filter);
	aspace_put(as);
	return 0;
}

int proc_show_coredump_filter(struct seq *s, struct task *t)
{
	return coredump_filter(s, t, NULL);
}

int proc_write_coredump_filter(struct task *t, char *text, usize n)
{
	u64 v;

	if (parse_u64(text, 0, &v, NULL))
		return -EINVAL;
	return v > U32_MAX ? -ERANGE : coredump_filter(NULL, t, &v);
}

#define OOM_ADJ_MAX    1000
#define OOM_OLD_MAX    15
#define OOM_OLD_SCALE  17	/* oom_adj: -17 is "never" */

static int set_oom(struct task *t, s64 v)
{
	if (v < t->proc->oom_score_adj && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	t->proc->oom_score_adj = (s16)v;
	return 0;
}

int proc_show_oom_score_adj(struct seq *s, struct task *t)
{
	seq_print(s, "%d\n", t->proc->oom_score_adj);
	return 0;
}

int proc_write_oom_score_adj(struct task *t, char *text, usize n)
{
	s64 v;

	return parse_s64(text, 0, &v, NULL) || v < -OOM_ADJ_MAX || v > OOM_ADJ_MAX ? -EINVAL
										   : set_oom(t, v);
}

int proc_show_oom_adj(struct seq *s, struct task *t)
{
	int v = t->proc->oom_score_adj;

	seq_print(s, "%d\n", v == OOM_ADJ_MAX ? OOM_OLD_MAX : v * OOM_OLD_SCALE / OOM_ADJ_MAX);
	return 0;
}

int proc_write_oom_adj(struct task *t, char *text, usize n)
{
	s64 v;

	if (parse_s64(text, 0, &v, NULL) || v < -OOM_OLD_SCALE || v > OOM_OLD_MAX)
		return -EINVAL;
	return set_oom(t, v == OOM_OLD_MAX ? OOM_ADJ_MAX : v * OOM_ADJ_MAX / OOM_OLD_SCALE);
}

/* ---- what the first user namespace refuses: its maps are set, and setgroups(2) with them ---- */

int proc_refuse_write(struct task *t, char *text, usize n)
{
	return -EPERM;
}

int proc_write_setgroups(struct task *t, char *text, usize n)
{
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\n'))
		text[--n] = '\0';
	if (!strcmp(text, "allow"))
		return 0;
	return strcmp(text, "deny") != 0 ? -EINVAL : -EPERM;
}
