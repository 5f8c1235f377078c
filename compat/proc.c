/* SPDX-License-Identifier: MIT */
/* proc.c - processes: clone, exit, wait, groups and sessions.
 * Ref: clone(2), wait4(2), waitid(2), setpgid(2), setsid(2), pidfd_open(2). Tests:
 * selftests/abi/process.c, wait.c, pgrp.c */
#include <compat/abi/resource.h>
#include <compat/abi/signal.h>
#include <compat/syscalls.h>

#include <kernel/cred.h>
#include <kernel/handle.h>
#include <kernel/pidfd.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aspace.h>

#define CSIGNAL 0xffu

long sys_clone(u64 flags, u64 stack, uaddr_t parent_tid, u64 tls, uaddr_t child_tid)
{
	struct clone_args_k a = {
		.flags = (u32)flags & ~(u64)CSIGNAL,
		.exit_signal = (int)(flags & CSIGNAL),
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.pidfd = parent_tid,
		.stack = stack,
		.tls = tls,
	};

	if (a.exit_signal > NSIG)
		return -EINVAL;
	if ((a.flags & CLONE_PIDFD) && (a.flags & CLONE_PARENT_SETTID))
		return -EINVAL;
	return task_clone(&a);
}

struct abi_clone_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

#define CLONE_ARGS_VER0 64

long sys_clone3(uaddr_t cl_args, usize size)
{
	struct abi_clone_args c = {};
	struct clone_args_k a;
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_VER0)
		return -EINVAL;
	err = copy_struct_from_user(&c, sizeof(c), cl_args, size);
	if (err)
		return err;
	if (c.flags & ~(U32_MAX | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP) ||
	    (c.flags & (CSIGNAL | CLONE_DETACHED)))
		/* CLONE_NEWTIME lies in CSIGNAL: a namespace we do not have */
		return -EINVAL;
	if ((c.flags & (CLONE_THREAD | CLONE_PARENT)) && c.exit_signal)
		return -EINVAL;
	if (c.exit_signal > NSIG || (c.flags & CLONE_INTO_CGROUP) || c.set_tid_size || c.set_tid)
		return -EINVAL;
	if (!c.stack != !c.stack_size)
		return -EINVAL;
	a = (struct clone_args_k){ .flags = c.flags,
				   .exit_signal = (int)c.exit_signal,
				   .parent_tid = UADDR(c.parent_tid),
				   .child_tid = UADDR(c.child_tid),
				   .pidfd = UADDR(c.pidfd),
				   .stack = c.stack + c.stack_size,
				   .tls = c.tls };
	return task_clone(&a);
}

long sys_exit(s32 code)
{
	task_exit((code & 0xff) << 8);
}

long sys_exit_group(s32 code)
{
	proc_exit_group((code & 0xff) << 8);
}

long sys_set_tid_address(uaddr_t p)
{
	current()->clear_child_tid = p;
	return current()->tid;
}

long sys_getpid(void)
{
	return proc_pid(current_proc());
}

long sys_gettid(void)
{
	return current()->tid;
}

long sys_getppid(void)
{
	struct proc *parent;
	pid_t pid = 0;

	rcu_read_lock();
	parent = rcu_deref(current_proc()->parent);
	if (parent)
		pid = proc_pid(parent);
	rcu_read_unlock();
	return pid;
}

/* ---- waiting ---- */

static void fill_rusage(struct abi_rusage *r, const struct wait_result *w)
{
	*r = (struct abi_rusage){
		.utime = timeval_of((ktime_t)w->utime_ns),
		.stime = timeval_of((ktime_t)w->stime_ns),
		.maxrss = (s64)(w->maxrss * 4),
		.minflt = (s64)w->minflt,
		.majflt = (s64)w->majflt,
		.nvcsw = (s64)w->nvcsw,
		.nivcsw = (s64)w->nivcsw,
	};
}

long sys_wait4(pid_t pid, uaddr_t status, s32 options, uaddr_t rusage)
{
	struct wait_query q = { .type = P_ALL, .options = (u32)options | WEXITED };
	struct wait_result r;
	struct abi_rusage ru;
	int err;

	if ((u32)options &
	    ~((u32)WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == S32_MIN)
		return -ESRCH;
	if (pid > 0) {
		q.type = P_PID;
		q.id = pid;
	} else if (pid != -1) {
		q.type = P_PGID;
		q.id = pid ? -pid : proc_pgid(current_proc());
	}
	err = proc_wait(&q, &r);
	if (err || !r.pid)
		return err;
	if (!uaddr_null(rusage)) {
		fill_rusage(&ru, &r);
		if (put_user(rusage, ru))
			return -EFAULT;
	}
	if (!uaddr_null(status) && put_user(status, r.status))
		return -EFAULT;
	return r.pid;
}

static int pidfd_number(int fd, pid_t *out)
{
	auto_handle struct handle h = {};
	struct pid *pid;
	int err = handle_get(fd, RIGHT_READ, &h);

	if (!err)
		err = pidfd_pid(h.file, &pid);
	if (err)
		return err;
	*out = pid->nr;
	pid_put(pid);
	return file_nonblock(h.file) ? 1 : 0;
}

long sys_waitid(s32 type, pid_t id, uaddr_t info, s32 options, uaddr_t rusage)
{
	struct wait_query q = { .type = type, .id = id, .options = (u32)options };
	struct abi_siginfo si = {};
	struct abi_rusage ru;
	struct wait_result r;
	bool nonblock = false;
	int err;

	if ((u32)options & ~((u32)WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
			     __WNOTHREAD | __WCLONE | __WALL) ||
	    !((u32)options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (type) {
	case P_ALL:
		break;
	case P_PID:
		if (id <= 0)
			return -EINVAL;
		break;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		if (!id)
			q.id = proc_pgid(current_proc());
		break;
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		err = pidfd_number(id, &q.id);
		if (err < 0)
			return err;
		nonblock = err;
		q.type = P_PID;
		if (nonblock)
			q.options |= WNOHANG;
		break;
	default:
		return -EINVAL;
	}
	err = proc_wait(&q, &r);
	if (err)
		return err;
	if (!r.pid && nonblock && !(options & WNOHANG))
		return -EAGAIN;
	if (r.pid) {
		si.signo = SIGCHLD;
		si.code = r.code;
		si.chld.pid = r.pid;
		si.chld.uid = r.uid;
		si.chld.status = r.value;
		if (!uaddr_null(rusage)) {
			fill_rusage(&ru, &r);
			if (put_user(rusage, ru))
				return -EFAULT;
		}
	}
	/* Linux fills these fields only, and only here: the rest of the program's siginfo stays. */
	return uaddr_null(info) ? 0
				: copy_to_user(info, &si, offsetof(struct abi_siginfo, chld.pad));
}

long sys_getrusage(s32 who, uaddr_t out)
{
	struct proc *p = current_proc();
	struct wait_result w = {};
	struct task_counts c = {};
	struct abi_rusage ru;
	struct task *t = current();

	switch (who) {
	case RUSAGE_SELF:
		proc_times(p, &w.utime_ns, &w.stime_ns);
		proc_counts(p, &c);
		break;
	case RUSAGE_THREAD:
		sched_task_times(t, &w.utime_ns, &w.stime_ns);
		c = (struct task_counts){ t->min_flt, t->maj_flt, t->nvcsw, t->nivcsw };
		break;
	case RUSAGE_CHILDREN:
		w = (struct wait_result){ .utime_ns = p->child_user_ns,
					  .stime_ns = p->child_sys_ns,
					  .minflt = p->child_minflt,
					  .majflt = p->child_majflt,
					  .nvcsw = p->child_nvcsw,
					  .nivcsw = p->child_nivcsw,
					  .maxrss = p->child_maxrss };
		break;
	default:
		return -EINVAL;
	}
	if (who != RUSAGE_CHILDREN) {
		aspace_note_peak(t->as);
		w.maxrss = max(p->maxrss_pages, atomic_read(&t->as->peak_rss));
		w.minflt = c.minflt;
		w.majflt = c.majflt;
		w.nvcsw = c.nvcsw;
		w.nivcsw = c.nivcsw;
	}
	fill_rusage(&ru, &w);
	return put_user(out, ru);
}

/* ---- groups, sessions ---- */

static bool is_child_of_mine(const struct proc *p)
{
	return p->parent == current_proc();
}

long sys_setpgid(pid_t pid, pid_t pgid)
{
	struct proc *me = current_proc(), *p;
	int err = 0;

	if (pgid < 0)
		return -EINVAL;
	p = proc_find(pid ? pid : proc_pid(me));
	if (!p)
		return -ESRCH;
	if (!pgid)
		pgid = proc_pid(p);
	if (p != me && !is_child_of_mine(p))
		err = -ESRCH;
	else if (p != me && proc_sid(p) != proc_sid(me))
		err = -EPERM;
	else if (p != me && p->has_execed)
		err = -EACCES;
	else if (proc_sid(p) == proc_pid(p))
		err = -EPERM;
	if (!err)
		err = proc_set_pgrp(p, pgid);
	proc_put(p);
	return err;
}

static long id_of(pid_t pid, pid_t (*get)(const struct proc *))
{
	struct proc *p;
	pid_t id;

	if (!pid)
		return get(current_proc());
	p = proc_find(pid);
	if (!p)
		return -ESRCH;
	id = get(p);
	proc_put(p);
	return id;
}

long sys_getpgid(pid_t pid)
{
	return id_of(pid, proc_pgid);
}

long sys_getsid(pid_t pid)
{
	return id_of(pid, proc_sid);
}

long sys_setsid(void)
{
	return proc_set_sid();
}

long sys_pidfd_open(pid_t pid, u32 flags)
{
	struct proc *p;
	int fd, err;

	if (flags & ~(u32)O_NONBLOCK || pid <= 0)
		return -EINVAL;
	p = proc_find(pid);
	if (!p) {
		struct task *t = task_find(pid);

		if (t)
			task_put(t);
		return t ? -EINVAL : -ESRCH;
	}
	err = pidfd_install(p->pid, &fd, UADDR_NULL);
	proc_put(p);
	return err ? err : fd;
}
