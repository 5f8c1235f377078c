/* SPDX-License-Identifier: MIT */
/* prctl.c - odds and ends of a process. Ref: prctl(2) and its PR_* pages. Tests: selftests/abi/cred.c */
#include <compat/syscalls.h>

#include <arch/cpu.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/aspace.h>

/* Ref: Linux uapi linux/prctl.h */
enum {
	PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_GET_KEEPCAPS = 7,
	PR_SET_KEEPCAPS = 8, PR_GET_TIMING = 13, PR_SET_TIMING = 14, PR_SET_NAME = 15, PR_GET_NAME = 16, PR_GET_SECCOMP = 21,
	PR_CAPBSET_READ = 23, PR_CAPBSET_DROP = 24, PR_GET_SECUREBITS = 27, PR_SET_SECUREBITS = 28, PR_SET_TIMERSLACK = 29,
	PR_GET_TIMERSLACK = 30, PR_SET_CHILD_SUBREAPER = 36, PR_GET_CHILD_SUBREAPER = 37, PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39, PR_GET_TID_ADDRESS = 40, PR_SET_THP_DISABLE = 41, PR_GET_THP_DISABLE = 42, PR_CAP_AMBIENT = 47,
	PR_PAC_RESET_KEYS = 54, PR_PAC_SET_ENABLED_KEYS = 60, PR_PAC_GET_ENABLED_KEYS = 61,
	PR_SET_VMA = 0x53564d41,
};

#define DEFAULT_SLACK_NS (50 * NSEC_PER_USEC)

static long set_name(uaddr_t name)
{
	struct task *t = current();
	char buf[TASK_COMM_LEN] = {};
	ssize_t n = uaccess_copy_string(buf, name, TASK_COMM_LEN - 1);
	irqflags_t irq;

	if (n < 0)
		return -EFAULT;
	buf[TASK_COMM_LEN - 1] = 0;
	irq = spin_lock_irq(&t->proc->lock);
	memcpy(t->comm, buf, sizeof(buf));
	spin_unlock_irq(&t->proc->lock, irq);
	return 0;
}

/* Changes a copy of our credentials. */
static long change_cred(int op, u64 arg)
{
	struct cred *c = cred_copy(current_cred());

	if (!c)
		return -ENOMEM;
	switch (op) {
	case PR_CAPBSET_DROP:	  c->cap_bounding &= ~BIT(arg); break;
	case PR_SET_NO_NEW_PRIVS: c->no_new_privs = true; break;
	case PR_SET_SECUREBITS:	  c->securebits = (u32)arg; break;
	case PR_SET_KEEPCAPS:	  c->securebits = (c->securebits & ~BIT(4)) | (arg ? BIT(4) : 0); break;
	}
	cred_install(c);
	return 0;
}

static long cap_ambient(u64 op, u64 cap)
{
	struct cred *c;

	if (op == 4) {			/* CLEAR_ALL */
		c = cred_copy(current_cred());
		if (!c)
			return -ENOMEM;
		c->cap_ambient = 0;
		cred_install(c);
		return 0;
	}
	if (cap >= CAP_NR)
		return -EINVAL;
	if (op == 1)			/* IS_SET */
		return !!(current_cred()->cap_ambient & BIT(cap));
	if (op != 2 && op != 3)		/* RAISE, LOWER */
		return -EINVAL;
	if (op == 2 && !(current_cred()->cap_permitted & current_cred()->cap_inheritable & BIT(cap)))
		return -EPERM;
	c = cred_copy(current_cred());
	if (!c)
		return -ENOMEM;
	c->cap_ambient = op == 2 ? c->cap_ambient | BIT(cap) : c->cap_ambient & ~BIT(cap);
	cred_install(c);
	return 0;
}

#define PAC_ADDRESS (PAC_IA | PAC_IB | PAC_DA | PAC_DB)

static long reset_keys(u64 keys)
{
	if (!cpu_has(CPU_PAC) && !cpu_has(CPU_PACG))
		return -EINVAL;
	if (!keys)
		keys = PAC_ADDRESS | PAC_GA;
	else if (keys & ~(u64)(PAC_ADDRESS | PAC_GA))
		return -EINVAL;
	else if (((keys & PAC_ADDRESS) && !cpu_has(CPU_PAC)) || ((keys & PAC_GA) && !cpu_has(CPU_PACG)))
		return -EINVAL;
	pac_reset_keys((u32)keys);
	return 0;
}

static long set_enabled_keys(u64 keys, u64 enabled)
{
	if (!cpu_has(CPU_PAC) || (keys & ~(u64)PAC_ADDRESS) || (enabled & ~keys))
		return -EINVAL;
	pac_set_enabled((pac_enabled() & ~(u32)keys) | (u32)enabled);
	return 0;
}

long sys_prctl(s32 op, u64 a2, u64 a3, u64 a4, u64 a5)
{
	struct task *t = current();
	s32 sig;

	switch (op) {
	case PR_SET_PDEATHSIG:
		if (a2 > NSIG)
			return -EINVAL;
		t->pdeath_signal = (int)a2;
		return 0;
	case PR_GET_PDEATHSIG:
		sig = t->pdeath_signal;
		return put_user(UADDR(a2), sig);
	case PR_GET_DUMPABLE:
		return t->as->dumpable;
	case PR_SET_DUMPABLE:
		if (a2 > 1)
			return -EINVAL;
		t->as->dumpable = a2;
		return 0;
	case PR_SET_NAME:
		return set_name(UADDR(a2));
	case PR_GET_NAME:
		return copy_to_user(UADDR(a2), t->comm, sizeof(t->comm));
	case PR_GET_SECCOMP:
	case PR_GET_TIMING:
		return 0;
	case PR_SET_TIMING:
		return a2 ? -EINVAL : 0;
	case PR_CAPBSET_READ:
		return a2 >= CAP_NR ? -EINVAL : !!(current_cred()->cap_bounding & BIT(a2));
	case PR_CAPBSET_DROP:
		if (!capable(CAP_SETPCAP))
			return -EPERM;
		return a2 >= CAP_NR ? -EINVAL : change_cred(op, a2);
	case PR_GET_KEEPCAPS:
		return !!(current_cred()->securebits & BIT(4));
	case PR_SET_KEEPCAPS:
		return a2 > 1 ? -EINVAL : change_cred(op, a2);
	case PR_GET_SECUREBITS:
		return current_cred()->securebits;
	case PR_SET_SECUREBITS:
		if (a2 & ~0xfful)
			return -EPERM;
		return capable(CAP_SETPCAP) ? change_cred(op, a2) : -EPERM;
	case PR_SET_TIMERSLACK:
		t->timer_slack_ns = (s64)a2 <= 0 ? DEFAULT_SLACK_NS : a2;
		return 0;
	case PR_GET_TIMERSLACK:
		return (long)t->timer_slack_ns;
	case PR_SET_CHILD_SUBREAPER:
		t->proc->is_reaper = a2;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		sig = t->proc->is_reaper;
		return put_user(UADDR(a2), sig);
	case PR_SET_NO_NEW_PRIVS:
		return a2 != 1 || a3 || a4 || a5 ? -EINVAL : change_cred(op, 0);
	case PR_GET_NO_NEW_PRIVS:
		return a2 || a3 || a4 || a5 ? -EINVAL : current_cred()->no_new_privs;
	case PR_GET_TID_ADDRESS:
		return put_user(UADDR(a2), t->clear_child_tid.va);
	case PR_SET_THP_DISABLE:
		return a3 || a4 || a5 ? -EINVAL : 0;
	case PR_GET_THP_DISABLE:
		return a2 || a3 || a4 || a5 ? -EINVAL : 0;
	case PR_CAP_AMBIENT:
		return a4 || a5 ? -EINVAL : cap_ambient(a2, a3);
	case PR_PAC_RESET_KEYS:
		return a3 || a4 || a5 ? -EINVAL : reset_keys(a2);
	case PR_PAC_SET_ENABLED_KEYS:
		return a4 || a5 ? -EINVAL : set_enabled_keys(a2, a3);
	case PR_PAC_GET_ENABLED_KEYS:
		return a2 || a3 || a4 || a5 || !cpu_has(CPU_PAC) ? -EINVAL : (long)pac_enabled();
	case PR_SET_VMA:
		return 0;	/* names of anonymous mappings: accepted, not shown */
	}
	return -EINVAL;
}
