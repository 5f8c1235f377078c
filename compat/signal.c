/* SPDX-License-Identifier: MIT */
/* signal.c - sending, masking and waiting for signals.
 * Ref: kill(2), sigaction(2), sigprocmask(2), sigsuspend(2), sigwaitinfo(2), rt_sigqueueinfo(2).
 * Tests: selftests/abi/signal.c */
#include <compat/abi/signal.h>
#include <compat/abi/time.h>
#include <compat/signal.h>
#include <compat/syscalls.h>

#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/handle.h>
#include <kernel/lib/string.h>
#include <kernel/pidfd.h>
#include <kernel/sched.h>
#include <kernel/task.h>

int sigset_get(sigset_k *set, uaddr_t src, usize size)
{
	if (size != sizeof(*set))
		return -EINVAL;
	return get_user(set, src);
}

long sys_rt_sigaction(s32 sig, uaddr_t act, uaddr_t oldact, usize size)
{
	struct abi_sigaction a;
	struct sigaction_k old, new;
	int err;

	if (size != sizeof(sigset_k))
		return -EINVAL;
	if (!uaddr_null(act) && get_user(&a, act))
		return -EFAULT;
	err = signal_get_action(sig, &old);
	if (err)
		return err;
	if (!uaddr_null(act)) {
		new = (struct sigaction_k){ a.handler, a.flags, a.restorer, a.mask };
		err = signal_set_action(sig, &new);
		if (err)
			return err;
	}
	if (uaddr_null(oldact))
		return 0;
	a = (struct abi_sigaction){ old.handler, old.flags, old.restorer, old.mask };
	return put_user(oldact, a);
}

long sys_rt_sigprocmask(s32 how, uaddr_t set, uaddr_t oldset, usize size)
{
	sigset_k old = current()->blocked, new;

	if (size != sizeof(new))
		return -EINVAL;
	if (!uaddr_null(set)) {
		if (get_user(&new, set))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:	  signal_set_blocked(old | new); break;
		case SIG_UNBLOCK: signal_set_blocked(old & ~new); break;
		case SIG_SETMASK: signal_set_blocked(new); break;
		default: return -EINVAL;
		}
	}
	return uaddr_null(oldset) ? 0 : put_user(oldset, old);
}

long sys_rt_sigpending(uaddr_t set, usize size)
{
	struct task *t = current();
	sigset_k s = (t->pending.set | t->proc->pending.set) & t->blocked;

	if (size > sizeof(s))
		return -EINVAL;
	return copy_to_user(set, &s, size);
}

long sys_rt_sigsuspend(uaddr_t mask, usize size)
{
	sigset_k set;
	int err = sigset_get(&set, mask, size);

	if (err)
		return err;
	signal_set_temp_mask(set);
	err = task_wait(false, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
	signal_restore_temp_mask(true);
	return err ? -ERESTARTNOHAND : 0;
}

static struct siginfo_k from_user(int sig, int code)
{
	return (struct siginfo_k){ .sig = sig,
				   .code = code,
				   .pid = proc_pid(current_proc()),
				   .uid = current_cred()->uid.v };
}

static int kill_one(struct proc *p, const struct siginfo_k *info)
{
	int err = signal_may_send(p, info->sig);

	return err ? err : signal_send_proc(p, info);
}

/* kill(-1): everybody but init and ourselves. */
static int kill_everybody(const struct siginfo_k *info)
{
	int err = -ESRCH, one;
	struct proc *p;
	pid_t nr = 2;

	while ((p = proc_next(&nr))) {
		nr++;
		if (p != current_proc()) {
			one = kill_one(p, info);
			if (one != -EPERM || err == -ESRCH)
				err = one;
		}
		proc_put(p);
	}
	return err;
}

static int kill_group(pid_t pgid, const struct siginfo_k *info)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct pgrp *g = pgid ? pgrp_of(pgid) : current_proc()->pgrp;
	int err = -ESRCH, one;
	struct proc *p;

	if (g)
		list_for_each_entry(p, &g->members, group_link) {
			one = kill_one(p, info);
			if (err)
				err = one;
		}
	spin_unlock_irq(&pids_lock, irq);
	return err;
}

long sys_kill(pid_t pid, s32 sig)
{
	struct siginfo_k info = from_user(sig, SI_USER);
	struct proc *p;
	int err;

	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	if (pid == S32_MIN)
		return -ESRCH;
	if (pid == -1)
		return kill_everybody(&info);
	if (pid <= 0)
		return kill_group(-pid, &info);
	p = proc_find(pid);
	if (!p) {	/* a thread's number names its process, too */
		struct task *t = task_find(pid);

		if (!t || !t->proc)
			return -ESRCH;
		p = t->proc;
		proc_get(p);
		task_put(t);
	}
	err = kill_one(p, &info);
	proc_put(p);
	return err;
}

static long send_thread(pid_t tgid, pid_t tid, const struct siginfo_k *info)
{
	struct task *t;
	int err = -ESRCH;

	if (tid <= 0 || info->sig < 0 || info->sig > NSIG)
		return -EINVAL;
	t = task_find(tid);
	if (!t)
		return -ESRCH;
	if (t->proc && (tgid <= 0 || proc_pid(t->proc) == tgid)) {
		err = signal_may_send(t->proc, info->sig);
		if (!err)
			err = signal_send_task(t, info);
	}
	task_put(t);
	return err;
}

long sys_tkill(pid_t tid, s32 sig)
{
	struct siginfo_k info = from_user(sig, SI_TKILL);

	return send_thread(0, tid, &info);
}

long sys_tgkill(pid_t tgid, pid_t tid, s32 sig)
{
	struct siginfo_k info = from_user(sig, SI_TKILL);

	return tgid <= 0 ? -EINVAL : send_thread(tgid, tid, &info);
}

/* A siginfo that a program made up: passed through, but not in another's name. */
static int queue_info(struct siginfo_k *info, int sig, uaddr_t src, pid_t to)
{
	struct abi_siginfo a;
	int err = get_user(&a, src);

	if (err)
		return err;
	if ((a.code >= 0 || a.code == SI_TKILL) && to != proc_pid(current_proc()))
		return -EPERM;
	*info = (struct siginfo_k){ .sig = sig, .err = a.err, .code = a.code, .is_raw = true };
	a.signo = sig;
	memcpy(info->raw, &a, sizeof(a));
	return 0;
}

long sys_rt_sigqueueinfo(pid_t tgid, s32 sig, uaddr_t src)
{
	struct siginfo_k info;
	struct proc *p;
	int err = queue_info(&info, sig, src, tgid);

	if (err)
		return err;
	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	p = proc_find(tgid);
	if (!p)
		return -ESRCH;
	err = kill_one(p, &info);
	proc_put(p);
	return err;
}

long sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, s32 sig, uaddr_t src)
{
	struct siginfo_k info;
	int err = queue_info(&info, sig, src, tgid);

	if (err)
		return err;
	return tgid <= 0 ? -EINVAL : send_thread(tgid, tid, &info);
}

long sys_rt_sigtimedwait(uaddr_t set_p, uaddr_t info_p, uaddr_t timeout, usize size)
{
	struct siginfo_k info;
	struct abi_siginfo a;
	ktime_t deadline = WAIT_FOREVER;
	sigset_k set;
	int err = sigset_get(&set, set_p, size);

	if (!err && !uaddr_null(timeout))
		err = deadline_from_user(timeout, &deadline);
	if (err)
		return err;
	set &= ~SIGS_KERNEL_ONLY;
	err = waitq_wait(&current_proc()->signal_wait, signal_take(set, &info), WAIT_INTERRUPTIBLE,
			 deadline);
	if (err)
		return err == -ETIMEDOUT ? -EAGAIN : -EINTR;
	if (!uaddr_null(info_p)) {
		siginfo_to_abi(&info, &a);
		if (put_user(info_p, a))
			return -EFAULT;
	}
	return info.sig;
}

long sys_pidfd_send_signal(int pidfd, s32 sig, uaddr_t info_p, u32 flags)
{
	auto_handle struct handle h = {};
	struct siginfo_k info = from_user(sig, SI_USER);
	struct proc *p;
	struct pid *pid;
	int err;

	if (flags)
		return -EINVAL;
	err = handle_get(pidfd, RIGHT_SIGNAL, &h);
	if (!err)
		err = pidfd_pid(h.file, &pid);
	if (err)
		return err;
	p = proc_find(pid->nr);
	if (!p)
		err = -ESRCH;
	if (!err && !uaddr_null(info_p))
		err = queue_info(&info, sig, info_p, pid->nr);
	if (!err && (sig < 0 || sig > NSIG))
		err = -EINVAL;
	if (!err)
		err = kill_one(p, &info);
	if (p)
		proc_put(p);
	pid_put(pid);
	return err;
}

long sys_restart_syscall(void)
{
	struct task *t = current();

	return t->restart.fn ? t->restart.fn(t) : -EINTR;
}
