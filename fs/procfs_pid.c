/* SPDX-License-Identifier: MIT */
/* procfs_pid.c - /proc/PID and /proc/PID/task/TID: what a process and its threads are doing.
 * Ref: proc(5). Tests: selftests/abi/procpid.c */
#include "procfs_int.h"

#include <arch/cpu.h>
#include <fs/dcache.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/peek.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/page.h>
#include <mm/slab.h>

#define TICKS(ns) ((ns) / (NSEC_PER_SEC / 100))	/* USER_HZ is 100 */
#define KB(pages) ((pages) * (PAGE_SIZE / 1024))

void (*procfs_tty_of)(struct session *s, u32 *dev, pid_t *foreground);

static bool is_leader(const struct task *t)
{
	return t->proc && t->tid == proc_pid(t->proc);
}

static char state_letter(const struct task *t)
{
	switch (READ_ONCE(t->state)) {
	case TASK_RUNNING:	return 'R';
	case TASK_SLEEPING:	return READ_ONCE(t->wait_mode) == WAIT_INTERRUPTIBLE ? 'S' : 'D';
	case TASK_STOPPED:	return 'T';
	case TASK_TRACED:	return 't';
	default:		return is_leader(t) ? 'Z' : 'X';	/* a leader stays until it is reaped */
	}
}

static const char *state_name(char letter)
{
	static const char *const names[] = { "R (running)", "S (sleeping)",	"D (disk sleep)",
					     "T (stopped)", "t (tracing stop)", "Z (zombie)",
					     "X (dead)" };
	usize i;

	for (i = 0; i < ARRAY_SIZE(names) - 1 && names[i][0] != letter; i++)
		;
	return names[i];
}

/* ---- stat ---- */

struct numbers {
	pid_t ppid, pgrp, session, foreground;
	u32 tty, threads;
	u64 user_ns, sys_ns, cuser_ns, csys_ns, minflt, majflt, cminflt, cmajflt;
	u64 pending, ignored, caught;
};

static void read_family(struct proc *p, struct numbers *n)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct session *s = p->pgrp ? p->pgrp->session : NULL;

	n->ppid = p->parent ? proc_pid(p->parent) : 0;
	n->pgrp = p->pgrp ? p->pgrp->pid->nr : 0;
	n->session = s ? s->pid->nr : 0;
	n->foreground = -1;
	if (s && procfs_tty_of)
		procfs_tty_of(s, &n->tty, &n->foreground);
	spin_unlock_irq(&pids_lock, irq);
}

static void read_signals(struct proc *p, struct task *t, struct numbers *n)
{
	u32 i;

	n->pending = t->pending.set;
	if (!p->sighand)
		return;
	for (i = 0; i < NSIG; i++) {
		u64 h = p->sighand->action[i].handler;

		n->ignored |= h == SIG_IGN ? BIT(i) : 0;
		n->caught |= h != SIG_IGN && h != SIG_DFL ? BIT(i) : 0;
	}
}

static void read_numbers(struct task *t, struct numbers *n)
{
	struct proc *p = t->proc;
	struct task_counts counts;
	irqflags_t irq;

	*n = (struct numbers){};
	proc_counts(p, &counts);
	read_family(p, n);
	if (is_leader(t))
		proc_times(p, &n->user_ns, &n->sys_ns);
	else
		sched_task_times(t, &n->user_ns, &n->sys_ns);
	irq = spin_lock_irq(&p->lock);
	n->threads = p->nr_threads;
	n->minflt = is_leader(t) ? counts.minflt : t->min_flt;
	n->majflt = is_leader(t) ? counts.majflt : t->maj_flt;
	n->cuser_ns = p->child_user_ns;
	n->csys_ns = p->child_sys_ns;
	n->cminflt = p->child_minflt;
	n->cmajflt = p->child_majflt;
	read_signals(p, t, n);
	spin_unlock_irq(&p->lock, irq);
}

/* Linux's scale: real-time priorities below zero, nice values as 0..39. */
static s32 priority_of(const struct task *t)
{
	return t->rt_prio ? -1 - t->rt_prio : 20 + t->nice;
}

static void put_numbers(struct seq *s, const s64 *v, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		seq_num(s, ' ', v[i]);
}

static int show_stat(struct seq *s, struct task *t)
{
	struct aspace *as = task_get_as(t);
	bool see = as && !task_may_inspect(t);
	char state = state_letter(t);
	struct numbers n;

	read_numbers(t, &n);
	seq_print(s, "%d (%s) %c", t->tid, t->comm, state);
	put_numbers(s,
		    (const s64[]){ n.ppid,
				   n.pgrp,
				   n.session,
				   n.tty,
				   n.foreground,
				   as ? 0x400000 : 0x40200040,
				   (s64)n.minflt,
				   (s64)n.cminflt,
				   (s64)n.majflt,
				   (s64)n.cmajflt,
				   TICKS((s64)n.user_ns),
				   TICKS((s64)n.sys_ns),
				   TICKS((s64)n.cuser_ns),
				   TICKS((s64)n.csys_ns),
				   priority_of(t),
				   t->nice,
				   n.threads,
				   0,
				   TICKS(t->start_time),
				   as ? (s64)as->total_bytes : 0,
				   as ? (s64)aspace_rss(as) : 0 },
		    21);
	seq_unum(s, ' ', rlimit_cur(t->proc, RLIMIT_RSS));
	put_numbers(s,
		    (const s64[]){ see ? (s64)as->start_code : 0, see ? (s64)as->end_code : 0,
				   see ? (s64)as->stack_top : 0, 0, 0, (s64)(n.pending & S32_MAX),
				   (s64)(t->blocked & S32_MAX), (s64)(n.ignored & S32_MAX),
				   (s64)(n.caught & S32_MAX), state == 'S', 0, 0,
				   is_leader(t) ? SIGCHLD : -1, t->head.cpu, t->rt_prio, t->policy,
				   0, 0, 0 },
		    19);
	put_numbers(s,
		    (const s64[]){ see ? (s64)as->start_data : 0, see ? (s64)as->end_data : 0,
				   see ? (s64)as->brk_start : 0, see ? (s64)as->arg_start : 0,
				   see ? (s64)as->arg_end : 0, see ? (s64)as->env_start : 0,
				   see ? (s64)as->env_end : 0, see ? t->exit_code : 0 },
		    8);
	seq_write(s, "\n", 1);
	if (as)
		aspace_put(as);
	return 0;
}

static int show_statm(struct seq *s, struct task *t)
{
	struct aspace *as = task_get_as(t);

	if (!as) {
		seq_print(s, "0 0 0 0 0 0 0\n");
		return 0;
	}
	seq_print(s, "%lu %lu %lu %lu 0 %lu 0\n", as->total_bytes >> PAGE_SHIFT, aspace_rss(as),
		  atomic_read(&as->file_pages) + atomic_read(&as->shmem_pages),
		  (as->end_code - as->start_code) >> PAGE_SHIFT,
		  (as->data_bytes + as->stack_bytes) >> PAGE_SHIFT);
	aspace_put(as);
	return 0;
}

/* ---- status ---- */

static void status_memory(struct seq *s, struct task *t)
{
	struct aspace *as = task_get_as(t);
	u64 rss;

	if (!as)
		return;
	rss = aspace_rss(as);
	seq_print(s, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t       0 kB\n",
		  as->total_bytes / 1024, as->total_bytes / 1024, as->locked_bytes / 1024);
	seq_print(s,
		  "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\nRssAnon:\t%8lu kB\nRssFile:\t%8lu "
		  "kB\nRssShmem:\t%8lu kB\n",
		  KB(max(rss, atomic_read(&as->peak_rss))), KB(rss),
		  KB(atomic_read(&as->anon_pages)), KB(atomic_read(&as->file_pages)),
		  KB(atomic_read(&as->shmem_pages)));
	seq_print(s,
		  "VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\nVmLib:\t       0 "
		  "kB\nVmPTE:\t       0 kB\nVmSwap:\t       0 kB\n",
		  as->data_bytes / 1024, as->stack_bytes / 1024,
		  (as->end_code - as->start_code) / 1024);
	aspace_put(as);
}

static void status_cred(struct seq *s, const struct cred *c)
{
	u32 i;

	seq_print(s, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c->uid.v, c->euid.v, c->suid.v,
		  c->fsuid.v, c->gid.v, c->egid.v, c->sgid.v, c->fsgid.v);
	seq_print(s, "Groups:\t");
	for (i = 0; i < c->nr_groups; i++)
		seq_print(s, "%u ", c->groups[i].v);
	seq_print(s, "\n");
}

static void status_caps(struct seq *s, const struct cred *c)
{
	seq_print(s,
		  "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%"
		  "016lx\nNoNewPrivs:\t%d\nSeccomp:\t0\n",
		  c->cap_inheritable, c->cap_permitted, c->cap_effective, c->cap_bounding,
		  c->cap_ambient, c->no_new_privs);
}

static void status_cpus(struct seq *s, u64 cpus)
{
	const char *comma = "";

	seq_print(s, "Cpus_allowed:\t%lx\nCpus_allowed_list:\t", cpus);
	for (u32 first = 0, end; first < 64 && cpus >> first; first = end) {
		end = first + 1;
		if (!(cpus >> first & 1))
			continue;
		while (end < 64 && cpus >> end & 1)
			end++;
		seq_print(s, end - first > 1 ? "%s%u-%u" : "%s%u", comma, first, end - 1);
		comma = ",";
	}
	seq_print(s, "\n");
}

static int show_status(struct seq *s, struct task *t)
{
	struct cred *c = task_get_cred(t);
	struct handle_table *h = task_get_handles(t);
	struct fs_context *fs = task_get_fs(t);
	struct numbers n;

	read_numbers(t, &n);
	seq_print(s, "Name:\t%s\n", t->comm);
	if (fs) {
		seq_print(s, "Umask:\t%04o\n", fs->umask);
		task_fs_ops->put(fs);
	}
	seq_print(s, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		  state_name(state_letter(t)), proc_pid(t->proc), t->tid, n.ppid);
	if (c)
		status_cred(s, c);
	seq_print(s, "FDSize:\t%u\n", h ? handle_table_size(h) : 0);
	if (h)
		handle_table_put(h);
	seq_print(s, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n",
		  proc_pid(t->proc), t->tid, n.pgrp, n.session);
	status_memory(s, t);
	seq_print(s,
		  "Threads:\t%u\nSigQ:\t0/"
		  "%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:"
		  "\t%016lx\n",
		  n.threads, rlimit_cur(t->proc, RLIMIT_SIGPENDING), n.pending,
		  t->proc->pending.set, t->blocked, n.ignored, n.caught);
	if (c) {
		status_caps(s, c);
		cred_put(c);
	}
	status_cpus(s,
		    t->affinity & (nr_cpus_possible == 64 ? U64_MAX : BIT(nr_cpus_possible) - 1));
	seq_print(s, "Mems_allowed:\t1\nMems_allowed_list:\t0\n");
	seq_print(s, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", t->nvcsw,
		  t->nivcsw);
	return 0;
}

/* ---- memory of the process ---- */

static int copy_range(struct seq *s, struct task *t, u64 start, u64 end)
{
	struct aspace *as = task_get_as(t);
	char buf[256];

	while (as && start < end) {
		ssize_t n = aspace_access(as, start, buf, min(end - start, sizeof(buf)), false);

		if (n <= 0)
			break;
		seq_write(s, buf, (usize)n);
		start += (u64)n;
	}
	if (as)
		aspace_put(as);
	return 0;
}

#define SHOW_RANGE(name, first, last)						\
	static int name(struct seq *s, struct task *t)				\
	{									\
		struct aspace *as = task_get_as(t);				\
		u64 start = as ? as->first : 0, end = as ? as->last : 0;	\
										\
		if (as)								\
			aspace_put(as);						\
		return copy_range(s, t, start, end);				\
	}
SHOW_RANGE(show_cmdline, arg_start, arg_end)
SHOW_RANGE(show_environ, env_start, env_end)

static int show_auxv(struct seq *s, struct task *t)
{
	struct aspace *as = task_get_as(t);

	if (!as)
		return 0;
	seq_write(s, as->auxv, as->nr_auxv * sizeof(as->auxv[0]));
	aspace_put(as);
	return 0;
}

/* ---- small ones ---- */

static int show_comm(struct seq *s, struct task *t)
{
	seq_print(s, "%s\n", t->comm);
	return 0;
}

static int write_comm(struct task *t, char *text, usize n)
{
	irqflags_t irq;

	if (t->proc != current_proc())
		return -EINVAL;
	irq = spin_lock_irq(&t->proc->lock);
	if (str_copy(t->comm, text, sizeof(t->comm)) < 0)
		t->comm[sizeof(t->comm) - 1] = 0;
	spin_unlock_irq(&t->proc->lock, irq);
	return 0;
}

static void show_limit(struct seq *s, u64 v)
{
	if (v == RLIM_INFINITY)
		seq_print(s, "%-20s ", "unlimited");
	else
		seq_print(s, "%-20lu ", v);
}

static int show_limits(struct seq *s, struct task *t)
{
	static const struct {
		const char *name, *unit;
	} rows[] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};
	u32 i;

	seq_print(s, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		seq_print(s, "%-25s ", rows[i].name);
		show_limit(s, t->proc->rlimits[i].cur);
		show_limit(s, t->proc->rlimits[i].max);
		seq_print(s, "%-10s\n", rows[i].unit);
	}
	return 0;
}

static int show_io(struct seq *s, struct task *t)
{
	struct proc *p = t->proc;
	struct io_counts sum;
	struct task *o;
	irqflags_t irq = spin_lock_irq(&p->lock);

	sum = p->dead_io;
	list_for_each_entry(o, &p->threads, thread_link) {
		if (o->accounted)
			continue;
		io_counts_add(&sum, &o->io);
	}
	spin_unlock_irq(&p->lock, irq);
	seq_print(s, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n", sum.rchar, sum.wchar,
		  sum.syscr, sum.syscw);
	seq_print(s, "read_bytes: %lu\nwrite_bytes: %lu\ncancelled_write_bytes: %lu\n",
		  sum.disk_read, sum.disk_written, sum.cancelled);
	return 0;
}

static int show_personality(struct seq *s, struct task *t)
{
	seq_print(s, "%08lx\n", t->personality);
	return 0;
}

static int show_schedstat(struct seq *s, struct task *t)
{
	seq_print(s, "%lu 0 %lu\n", t->sum_exec_ns, t->nvcsw + t->nivcsw);
	return 0;
}

static int show_id_map(struct seq *s, struct task *t)
{
	seq_print(s, "%10u %10u %10u\n", 0, 0, U32_MAX);
	return 0;
}

/* ---- places ---- */

static int follow_exe(struct task *t, struct path *out)
{
	struct aspace *as = task_get_as(t);
	int err = -ENOENT;

	if (!as)
		return -ENOENT;
	rw_read_lock(&as->lock);
	if (as->exe && as->exe->dentry) {
		*out = (struct path){ as->exe->mount, as->exe->dentry, as->exe->carry };
		path_get(out);
		err = 0;
	}
	rw_read_unlock(&as->lock);
	aspace_put(as);
	return err;
}

static int follow_context(struct task *t, struct path *out, bool root)
{
	struct fs_context *fs = task_get_fs(t);

	if (!fs)
		return -ENOENT;
	if (root)
		fs_context_get_root(fs, out);
	else
		fs_context_get_cwd(fs, out);
	task_fs_ops->put(fs);
	return 0;
}

static int follow_cwd(struct task *t, struct path *out)
{
	return follow_context(t, out, false);
}

static int follow_root(struct task *t, struct path *out)
{
	return follow_context(t, out, true);
}

static ssize_t read_ns_link(struct task *t, char *buf, usize size)
{
	return (ssize_t)min((usize)fmt_print(buf, size, "mnt:[4026531841]"), size);
}

static const struct proc_entry ns_entries[] = {
	{ .name = "mnt",
	  .mode = S_IFLNK | 0777,
	  .kind = PROC_LINK,
	  .inspect = true,
	  .readlink = read_ns_link },
	{},
};

static const struct proc_entry no_entries[1];

#define FILE_R(n, fn)	   { .name = n, .mode = S_IFREG | 0444, .kind = PROC_FILE, .show = fn }
#define FILE_SEEN(n, fn) \
	{ \
		.name = n, .mode = S_IFREG | 0444, .kind = PROC_FILE, .inspect = true, .show = fn \
	}
#define FILE_PRIV(n, fn)   { .name = n, .mode = S_IFREG | 0400, .kind = PROC_FILE, .inspect = true, .show = fn }
#define FILE_W(n, m, sh, wr) \
	{ \
		.name = n, .mode = S_IFREG | (m), .kind = PROC_FILE, .show = sh, .write = wr \
	}
#define TEXT(n, t)	   { .name = n, .mode = S_IFREG | 0444, .kind = PROC_TEXT, .text = t }
#define LINK_PRIV(n, fn)   { .name = n, .mode = S_IFLNK | 0777, .kind = PROC_LINK, .inspect = true, .follow = fn }
#define DIR_PRIV(n, m, k)  { .name = n, .mode = S_IFDIR | (m), .kind = k, .inspect = true }
#define BINARY(n, m, o) \
	{ \
		.name = n, .mode = S_IFREG | (m), .kind = PROC_BINARY, .inspect = true, .ops = o \
	}
#define PID_ONLY(...)	   { .only = PROC_PID, __VA_ARGS__ }

const struct proc_entry proc_task_entries[] = {
	PID_ONLY(.name = "task", .mode = S_IFDIR | 0555, .kind = PROC_TASKS),
	DIR_PRIV("fd", 0500, PROC_FDS),
	DIR_PRIV("fdinfo", 0555, PROC_FDINFOS),
	PID_ONLY(.name = "map_files", .mode = S_IFDIR | 0500, .kind = PROC_MAPS, .inspect = true),
	{ .name = "ns", .mode = S_IFDIR | 0511, .kind = PROC_DIR, .dir = ns_entries },
	{ .name = "net", .mode = S_IFDIR | 0555, .kind = PROC_DIR, .dir = no_entries },
	LINK_PRIV("exe", follow_exe),
	LINK_PRIV("cwd", follow_cwd),
	LINK_PRIV("root", follow_root),
	FILE_R("stat", show_stat),
	FILE_R("statm", show_statm),
	FILE_R("status", show_status),
	FILE_R("cmdline", show_cmdline),
	FILE_PRIV("environ", show_environ),
	FILE_PRIV("auxv", show_auxv),
	FILE_SEEN("maps", proc_show_maps),
	FILE_SEEN("smaps", proc_show_smaps),
	FILE_SEEN("smaps_rollup", proc_show_smaps_rollup),
	FILE_SEEN("numa_maps", proc_show_numa_maps),
	BINARY("mem", 0600, &proc_mem_ops),
	BINARY("pagemap", 0400, &proc_pagemap_ops),
	FILE_W("clear_refs", 0200, NULL, proc_write_clear_refs),
	FILE_W("comm", 0644, show_comm, write_comm),
	FILE_R("limits", show_limits),
	FILE_R("mounts", proc_show_mounts),
	FILE_R("mountinfo", proc_show_mountinfo),
	PID_ONLY(.name = "mountstats", .mode = S_IFREG | 0400, .kind = PROC_FILE, .inspect = true,
		 .show = proc_show_mountstats),
	FILE_W("oom_score_adj", 0644, proc_show_oom_score_adj, proc_write_oom_score_adj),
	FILE_W("oom_adj", 0644, proc_show_oom_adj, proc_write_oom_adj),
	TEXT("oom_score", "0\n"),
	TEXT("wchan", "0"),
	TEXT("cgroup", ""),
	TEXT("cpuset", "/\n"),
	FILE_PRIV("io", show_io),
	FILE_PRIV("personality", show_personality),
	FILE_R("schedstat", show_schedstat),
	FILE_W("sched", 0644, proc_show_sched, proc_write_nothing),
	FILE_PRIV("stack", proc_show_stack),
	FILE_PRIV("syscall", proc_show_syscall),
	{ .only = PROC_TID, .name = "children", .mode = S_IFREG | 0444, .kind = PROC_FILE,
	  .show = proc_show_children },
	PID_ONLY(.name = "timers", .mode = S_IFREG | 0444, .kind = PROC_FILE,
		 .show = proc_show_timers),
	PID_ONLY(.name = "timerslack_ns", .mode = S_IFREG | 0666, .kind = PROC_FILE,
		 .show = proc_show_timerslack, .write = proc_write_timerslack),
	PID_ONLY(.name = "coredump_filter", .mode = S_IFREG | 0644, .kind = PROC_FILE,
		 .show = proc_show_coredump_filter, .write = proc_write_coredump_filter),
	FILE_R("sessionid", proc_show_sessionid),
	FILE_W("loginuid", 0644, proc_show_loginuid, proc_write_loginuid),
	FILE_W("uid_map", 0644, show_id_map, proc_refuse_write),
	FILE_W("gid_map", 0644, show_id_map, proc_refuse_write),
	FILE_W("projid_map", 0644, show_id_map, proc_refuse_write),
	{ .name = "setgroups", .mode = S_IFREG | 0644, .kind = PROC_TEXT, .text = "allow\n",
	  .write = proc_write_setgroups },
	{},
};
