/* SPDX-License-Identifier: MIT */
/* sched.c - scheduling parameters, affinity, priorities. Ref: sched_setscheduler(2),
 * sched_setattr(2), sched_setaffinity(2), getpriority(2), getcpu(2). Tests:
 * selftests/abi/sched.c */
#include <compat/abi/time.h>
#include <compat/syscalls.h>

#include <arch/cpu.h>
#include <kernel/cred.h>
#include <kernel/runq.h>
#include <kernel/sched.h>
#include <kernel/task.h>

long sys_sched_yield(void)
{
	sched_yield();
	return 0;
}

/* A thread by number, 0: current. */
static int find(pid_t pid, struct task **out)
{
	if (pid < 0)
		return -EINVAL;
	*out = pid ? task_find(pid) : current();
	if (*out && !pid)
		task_get(*out);
	return *out ? 0 : -ESRCH;
}

static bool may_change(const struct task *t)
{
	const struct cred *me = current_cred(), *c;
	bool ok;

	rcu_read_lock();
	c = rcu_deref(t->cred);
	ok = uid_eq(me->euid, c->euid) || uid_eq(me->euid, c->uid);
	rcu_read_unlock();
	return ok || capable(CAP_SYS_NICE);
}

struct sched_request {
	u32 policy;
	int nice;
	u32 prio;
	bool reset;
	bool keep_policy;	/* and reset_on_fork */
	bool keep_nice;
	bool keep_params;	/* nice, prio */
	bool bad_flags;		/* refused, but only once the thread is known */
};

static int check_request(const struct task *t, const struct sched_request *r)
{
	bool rt = r->policy == SCHED_FIFO || r->policy == SCHED_RR;

	if (r->policy != SCHED_NORMAL && r->policy != SCHED_BATCH && r->policy != SCHED_IDLE && !rt)
		return -EINVAL;		/* SCHED_DEADLINE too */
	if (rt ? r->prio < 1 || r->prio > 99 : r->prio != 0)
		return -EINVAL;
	if (capable(CAP_SYS_NICE))
		return 0;
	if (!may_change(t) || (t->reset_on_fork && !r->reset))
		return -EPERM;
	if (rt && r->prio > rlimit_cur(t->proc, RLIMIT_RTPRIO) &&
	    (r->policy != t->policy || r->prio > t->rt_prio))
		return -EPERM;
	if (t->policy == SCHED_IDLE && r->policy != SCHED_IDLE &&
	    (u64)(20 - t->nice) > rlimit_cur(t->proc, RLIMIT_NICE))
		return -EPERM;
	if (!rt && r->nice < t->nice && (u64)(20 - r->nice) > rlimit_cur(t->proc, RLIMIT_NICE))
		return -EPERM;
	return 0;
}

/* Fills in what stays as it is, and changes. */
static long apply(pid_t pid, struct sched_request *r)
{
	struct task *t;
	int err = find(pid, &t);

	if (err)
		return err;
	if (r->keep_policy) {
		r->policy = t->policy;
		r->reset = t->reset_on_fork;
	}
	if (r->keep_params || r->keep_nice)
		r->nice = t->nice;
	if (r->keep_params)
		r->prio = t->rt_prio;
	err = r->bad_flags ? -EINVAL : t->proc ? check_request(t, r) : -EPERM;
	if (!err)
		err = sched_set_policy(t, r->policy, r->nice, r->prio, r->reset);
	task_put(t);
	return err;
}

long sys_sched_setscheduler(pid_t pid, s32 policy, uaddr_t param)
{
	struct sched_request r = { .policy = (u32)policy & ~(u32)SCHED_RESET_ON_FORK,
				   .reset = policy & SCHED_RESET_ON_FORK,
				   .keep_nice = true };

	if (policy < 0 || uaddr_null(param))
		return -EINVAL;
	if (get_user(&r.prio, param))
		return -EFAULT;
	return apply(pid, &r);
}

long sys_sched_setparam(pid_t pid, uaddr_t param)
{
	struct sched_request r = { .keep_policy = true, .keep_nice = true };

	if (uaddr_null(param))
		return -EINVAL;
	return get_user(&r.prio, param) ? -EFAULT : apply(pid, &r);
}

long sys_sched_getscheduler(pid_t pid)
{
	struct task *t;
	long ret = find(pid, &t);

	if (ret)
		return ret;
	ret = t->policy | (t->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	task_put(t);
	return ret;
}

long sys_sched_getparam(pid_t pid, uaddr_t param)
{
	struct task *t;
	u32 prio;
	int err;

	if (uaddr_null(param))
		return -EINVAL;
	err = find(pid, &t);
	if (err)
		return err;
	prio = t->rt_prio;
	task_put(t);
	return put_user(param, prio);
}

struct abi_sched_attr {
	u32 size, policy;
	u64 flags;
	s32 nice;
	u32 priority;
	u64 runtime, deadline, period;
	u32 util_min, util_max;
};

#define SCHED_ATTR_VER0 48
#define SCHED_FLAG_RESET       0x01ul
#define SCHED_FLAG_DEADLINE    0x06ul	/* reclaim, overrun: heard of, for SCHED_DEADLINE alone */
#define SCHED_FLAG_UTIL	       0x60ul	/* utilisation clamps, which we do not have */
#define SCHED_FLAG_KNOWN (SCHED_FLAG_RESET | SCHED_FLAG_DEADLINE | (u64)SCHED_FLAG_KEEP_POLICY | (u64)SCHED_FLAG_KEEP_PARAMS)

long sys_sched_setattr(pid_t pid, uaddr_t attr, u32 flags)
{
	struct abi_sched_attr a = {};
	struct sched_request r;
	u32 size;
	int err;

	if (uaddr_null(attr) || flags)
		return -EINVAL;
	if (get_user(&size, attr))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_VER0;
	err = size < SCHED_ATTR_VER0 || size > 4096
		      ? -E2BIG
		      : copy_struct_from_user(&a, sizeof(a), attr, size);
	if (err == -E2BIG && put_user(attr, (u32)sizeof(a)))
		return -EFAULT;
	if (err)
		return err;
	if ((s32)a.policy < 0 || pid < 0)
		return -EINVAL;
	if (a.flags & SCHED_FLAG_UTIL)
		return -EOPNOTSUPP;
	r = (struct sched_request){
		.policy = a.policy,
		.nice = max(min(a.nice, 19), -20),
		.prio = a.priority,
		.reset = a.flags & SCHED_FLAG_RESET,
		.keep_policy = a.flags & SCHED_FLAG_KEEP_POLICY,
		.keep_params = a.flags & SCHED_FLAG_KEEP_PARAMS,
		.bad_flags = a.flags & ~SCHED_FLAG_KNOWN,
	};
	return apply(pid, &r);
}

long sys_sched_getattr(pid_t pid, uaddr_t attr, u32 size, u32 flags)
{
	struct abi_sched_attr a = {};
	struct task *t;
	int err;

	if (uaddr_null(attr) || size > 4096 || size < SCHED_ATTR_VER0 || flags)
		return -EINVAL;
	err = find(pid, &t);
	if (err)
		return err;
	a = (struct abi_sched_attr){ .size = min(size, (u32)sizeof(a)),
				     .policy = t->policy,
				     .nice = t->nice,
				     .priority = t->rt_prio,
				     .flags = t->reset_on_fork ? SCHED_FLAG_RESET : 0,
				     .util_max = 1024 };
	if (task_is_rt(t))
		a.nice = 0;
	task_put(t);
	return copy_to_user(attr, &a, a.size);
}

long sys_sched_get_priority_max(s32 policy)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR: return 99;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
	case SCHED_DEADLINE: return 0;
	}
	return -EINVAL;
}

long sys_sched_get_priority_min(s32 policy)
{
	long top = sys_sched_get_priority_max(policy);

	return top > 0 ? 1 : top;
}

long sys_sched_rr_get_interval(pid_t pid, uaddr_t out)
{
	struct task *t;
	ktime_t ns;
	int err = find(pid, &t);

	if (err)
		return err;
	ns = t->policy == SCHED_RR     ? (ktime_t)SCHED_RR_SLICE
	     : t->policy == SCHED_FIFO ? 0
				       : (ktime_t)SCHED_SLICE_NS;
	task_put(t);
	return put_user(out, timespec_of(ns));
}

long sys_sched_setaffinity(pid_t pid, u32 len, uaddr_t mask_p)
{
	u64 mask = 0;
	struct task *t;
	int err;

	if (copy_from_user(&mask, mask_p, min(len, (u32)sizeof(mask))))
		return -EFAULT;
	err = find(pid, &t);
	if (err)
		return err;
	err = may_change(t) ? sched_set_affinity(t, mask) : -EPERM;
	task_put(t);
	return err;
}

long sys_sched_getaffinity(pid_t pid, u32 len, uaddr_t mask_p)
{
	struct task *t;
	u64 mask;
	int err;

	if (len < sizeof(mask) || (len & 7))
		return -EINVAL;
	err = find(pid, &t);
	if (err)
		return err;
	mask = t->affinity & cpu_online_mask;
	task_put(t);
	return put_user(mask_p, mask) ? -EFAULT : (long)sizeof(mask);
}

long sys_getcpu(uaddr_t cpu, uaddr_t node, uaddr_t unused)
{
	u32 c = this_cpu_id(), zero = 0;

	(void)unused;
	if (!uaddr_null(cpu) && put_user(cpu, c))
		return -EFAULT;
	return uaddr_null(node) ? 0 : put_user(node, zero);
}

/* ---- nice values ---- */

static bool in_set(const struct proc *p, s32 which, u32 who)
{
	switch (which) {
	case PRIO_PROCESS: return proc_pid(p) == (pid_t)who;
	case PRIO_PGRP:	   return proc_pgid(p) == (pid_t)who;
	case PRIO_USER:	   return p->leader->cred->uid.v == who;
	}
	return false;
}

static int set_nice(struct task *t, int nice)
{
	if (!may_change(t))
		return -EPERM;
	if (nice < t->nice && (u64)(20 - nice) > rlimit_cur(t->proc, RLIMIT_NICE) &&
	    !capable(CAP_SYS_NICE))
		return -EACCES;
	return sched_set_policy(t, t->policy, nice, t->rt_prio, t->reset_on_fork);
}

/* Calls for every thread in the set: sets (nice != NULL) or finds the best value. */
static long for_priority(s32 which, u32 who, const int *nice)
{
	long best = -ESRCH;
	struct proc *p;
	struct task *t;
	pid_t nr = 1;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (which == PRIO_PROCESS) {
		int err = find((pid_t)who, &t);

		if (err)
			return -ESRCH;
		best = nice ? set_nice(t, *nice) : 20 - t->nice;
		task_put(t);
		return best;
	}
	if (!who)
		who = which == PRIO_PGRP ? (u32)proc_pgid(current_proc()) : current_cred()->uid.v;
	while ((p = proc_next(&nr))) {
		nr++;
		if (in_set(p, which, who)) {
			long one = nice ? set_nice(p->leader, *nice) : 20 - p->leader->nice;

			best = nice ? (best == -ESRCH || one ? one : best) : max(best, one);
		}
		proc_put(p);
	}
	return best;
}

long sys_setpriority(s32 which, s32 who, s32 nice)
{
	int n = max(min(nice, 19), -20);

	return for_priority(which, (u32)who, &n);
}

long sys_getpriority(s32 which, s32 who)
{
	return for_priority(which, (u32)who, NULL);
}
