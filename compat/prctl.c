/* SPDX-License-Identifier: MIT */
/* prctl.c - odds and ends of a process. Ref: prctl(2) and its PR_* pages. Tests:
 * selftests/abi/prctl.c */
#include <compat/syscalls.h>

#include <arch/cpu.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/runq.h>
#include <kernel/task.h>
#include <mm/aspace.h>

/* Ref: Linux uapi linux/prctl.h, linux/securebits.h */
enum {
	PR_SET_PDEATHSIG = 1,
	PR_GET_PDEATHSIG = 2,
	PR_GET_DUMPABLE = 3,
	PR_SET_DUMPABLE = 4,
	PR_GET_KEEPCAPS = 7,
	PR_SET_KEEPCAPS = 8,
	PR_GET_TIMING = 13,
	PR_SET_TIMING = 14,
	PR_SET_NAME = 15,
	PR_GET_NAME = 16,
	PR_GET_SECCOMP = 21,
	PR_CAPBSET_READ = 23,
	PR_CAPBSET_DROP = 24,
	PR_GET_TSC = 25,
	PR_SET_TSC = 26,
	PR_GET_SECUREBITS = 27,
	PR_SET_SECUREBITS = 28,
	PR_SET_TIMERSLACK = 29,
	PR_GET_TIMERSLACK = 30,
	PR_MCE_KILL = 33,
	PR_MCE_KILL_GET = 34,
	PR_SET_MM = 35,
	PR_SET_CHILD_SUBREAPER = 36,
	PR_GET_CHILD_SUBREAPER = 37,
	PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39,
	PR_GET_TID_ADDRESS = 40,
	PR_SET_THP_DISABLE = 41,
	PR_GET_THP_DISABLE = 42,
	PR_CAP_AMBIENT = 47,
	PR_SET_IO_FLUSHER = 57,
	PR_PAC_RESET_KEYS = 54,
	PR_GET_IO_FLUSHER = 58,
	PR_PAC_SET_ENABLED_KEYS = 60,
	PR_PAC_GET_ENABLED_KEYS = 61,
	PR_SET_MDWE = 65,
	PR_GET_MDWE = 66,
	PR_GET_MEMORY_MERGE = 68,
};
enum { AMBIENT_IS_SET = 1, AMBIENT_RAISE = 2, AMBIENT_LOWER = 3, AMBIENT_CLEAR_ALL = 4 };
enum { MCE_CLEAR = 0, MCE_SET = 1 };
enum { MCE_LATE = 0, MCE_EARLY = 1, MCE_DEFAULT = 2 };
enum { SET_MM_AUXV = 12, SET_MM_MAP = 14, SET_MM_MAP_SIZE = 15, SIZEOF_MM_MAP = 104 };
#define TSC_ENABLE 1

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
	case PR_SET_KEEPCAPS:
		c->securebits = (c->securebits & ~SECBIT_KEEP_CAPS) | (arg ? SECBIT_KEEP_CAPS : 0);
		break;
	case PR_CAP_AMBIENT:	  c->cap_ambient = arg; break;
	}
	cred_install(c);
	return 0;
}

static long cap_ambient(u64 op, u64 cap)
{
	const struct cred *c = current_cred();

	if (op == AMBIENT_CLEAR_ALL)
		return cap ? -EINVAL : change_cred(PR_CAP_AMBIENT, 0);
	if (cap >= CAP_NR)
		return -EINVAL;
	switch (op) {
	case AMBIENT_IS_SET:
		return !!(c->cap_ambient & BIT(cap));
	case AMBIENT_RAISE:
		if (!(c->cap_permitted & c->cap_inheritable & BIT(cap)) ||
		    (c->securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		return change_cred(PR_CAP_AMBIENT, c->cap_ambient | BIT(cap));
	case AMBIENT_LOWER:
		return change_cred(PR_CAP_AMBIENT, c->cap_ambient & ~BIT(cap));
	}
	return -EINVAL;
}

/* A bit whose lock is set stays; a lock is never taken off. */
static long set_securebits(u64 bits)
{
	u32 old = current_cred()->securebits, locked = (old & SECURE_ALL_LOCKS) >> 1;

	if ((locked & (old ^ bits)) || (old & SECURE_ALL_LOCKS & ~bits) ||
	    (bits & ~(u64)(SECURE_ALL_BITS | SECURE_ALL_LOCKS)) || !capable(CAP_SETPCAP))
		return -EPERM;
	return change_cred(PR_SET_SECUREBITS, bits);
}

static long of_credentials(s32 op, u64 a2, u64 a3, u64 a4, u64 a5)
{
	const struct cred *c = current_cred();

	switch (op) {
	case PR_CAPBSET_READ:
		return a2 >= CAP_NR ? -EINVAL : !!(c->cap_bounding & BIT(a2));
	case PR_CAPBSET_DROP:
		if (!capable(CAP_SETPCAP))
			return -EPERM;
		return a2 >= CAP_NR ? -EINVAL : change_cred(op, a2);
	case PR_GET_KEEPCAPS:
		return !!(c->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		if (a2 > 1)
			return -EINVAL;
		return c->securebits & SECBIT_KEEP_CAPS_LOCKED ? -EPERM : change_cred(op, a2);
	case PR_GET_SECUREBITS:
		return c->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(a2);
	case PR_SET_NO_NEW_PRIVS:
		return a2 != 1 || a3 || a4 || a5 ? -EINVAL : change_cred(op, 0);
	case PR_GET_NO_NEW_PRIVS:
		return a2 || a3 || a4 || a5 ? -EINVAL : c->no_new_privs;
	case PR_CAP_AMBIENT:
		return a4 || a5 ? -EINVAL : cap_ambient(a2, a3);
	}
	return -EINVAL;
}

/* What became of bad memory we never hear; the wish is kept and told. */
static long set_mce(struct proc *p, u64 op, u64 how)
{
	if (op > MCE_SET || (op == MCE_SET && how > MCE_DEFAULT) || (op == MCE_CLEAR && how))
		return -EINVAL;
	p->mce_kill = op == MCE_SET ? (u8)how ^ MCE_DEFAULT : 0;
	return 0;
}

static long set_mdwe(struct aspace *as, u64 bits)
{
	if (bits & ~(u64)(MDWE_REFUSE_EXEC_GAIN | MDWE_NO_INHERIT) ||
	    (bits & MDWE_NO_INHERIT && !(bits & MDWE_REFUSE_EXEC_GAIN)))
		return -EINVAL;
	if (as->mdwe && as->mdwe != bits)
		return -EPERM;
	as->mdwe = (u8)bits;
	return 0;
}

/* Where code, data and arguments lie: told by exec alone. */
static long set_mm(u64 what, u64 addr, u64 a4, u64 a5)
{
	u32 size = SIZEOF_MM_MAP;

	if (a5 || (a4 && what != SET_MM_AUXV && what != SET_MM_MAP && what != SET_MM_MAP_SIZE))
		return -EINVAL;
	if (what == SET_MM_MAP_SIZE)
		return put_user(UADDR(addr), size);
	return capable(CAP_SYS_RESOURCE) ? -EINVAL : -EPERM;
}

static long of_memory(struct aspace *as, s32 op, u64 a2, u64 a3, u64 a4, u64 a5)
{
	switch (op) {
	case PR_GET_DUMPABLE:
		return as->dumpable;
	case PR_SET_DUMPABLE:
		if (a2 > 1)
			return -EINVAL;
		as->dumpable = a2;
		return 0;
	case PR_SET_MM:
		return set_mm(a2, a3, a4, a5);
	case PR_SET_THP_DISABLE:
		if (a3 || a4 || a5)
			return -EINVAL;
		as->thp_disabled = a2;
		return 0;
	case PR_GET_THP_DISABLE:
		return a2 || a3 || a4 || a5 ? -EINVAL : as->thp_disabled;
	case PR_SET_MDWE:
		return a3 || a4 || a5 ? -EINVAL : set_mdwe(as, a2);
	case PR_GET_MDWE:
		return a2 || a3 || a4 || a5 ? -EINVAL : as->mdwe;
	case PR_GET_MEMORY_MERGE:
		return a2 || a3 || a4 || a5 ? -EINVAL : 0;
	}
	return -EINVAL;
}

static long of_process(struct task *t, s32 op, u64 a2, u64 a3, u64 a4, u64 a5)
{
	struct proc *p = t->proc;
	s32 is = p->is_reaper;

	switch (op) {
	case PR_SET_CHILD_SUBREAPER:
		p->is_reaper = a2;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user(UADDR(a2), is);
	case PR_MCE_KILL:
		return a4 || a5 ? -EINVAL : set_mce(p, a2, a3);
	case PR_MCE_KILL_GET:
		return a2 || a3 || a4 || a5 ? -EINVAL : p->mce_kill ^ MCE_DEFAULT;
	case PR_SET_IO_FLUSHER:
		if (!capable(CAP_SYS_RESOURCE))
			return -EPERM;
		if (a2 > 1 || a3 || a4 || a5)
			return -EINVAL;
		p->io_flusher = a2;
		return 0;
	case PR_GET_IO_FLUSHER:
		if (!capable(CAP_SYS_RESOURCE))
			return -EPERM;
		return a2 || a3 || a4 || a5 ? -EINVAL : p->io_flusher;
	}
	return -EINVAL;
}

static long of_thread(struct task *t, s32 op, u64 a2)
{
	s32 number;

	switch (op) {
	case PR_SET_PDEATHSIG:
		if (a2 > NSIG)
			return -EINVAL;
		t->pdeath_signal = (int)a2;
		return 0;
	case PR_GET_PDEATHSIG:
		number = t->pdeath_signal;
		return put_user(UADDR(a2), number);
	case PR_SET_NAME:
		return set_name(UADDR(a2));
	case PR_GET_NAME:
		return copy_to_user(UADDR(a2), t->comm, sizeof(t->comm));
	case PR_SET_TIMERSLACK:
		if (!task_is_rt(t))
			t->timer_slack_ns = (s64)a2 <= 0 ? t->default_slack_ns : a2;
		return 0;
	case PR_GET_TIMERSLACK:
		return (long)t->timer_slack_ns;
	case PR_GET_TID_ADDRESS:
		return put_user(UADDR(a2), t->clear_child_tid.va);
	case PR_GET_TSC:		/* the counter can be read, always */
		number = TSC_ENABLE;
		return put_user(UADDR(a2), number);
	case PR_SET_TSC:
		return a2 == TSC_ENABLE ? 0 : -EINVAL;
	case PR_GET_SECCOMP:
	case PR_GET_TIMING:
		return 0;
	case PR_SET_TIMING:
		return a2 ? -EINVAL : 0;
	}
	return -EINVAL;
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
	else if (((keys & PAC_ADDRESS) && !cpu_has(CPU_PAC)) ||
		 ((keys & PAC_GA) && !cpu_has(CPU_PACG)))
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

static long of_pointer_keys(s32 op, u64 a2, u64 a3, u64 a4, u64 a5)
{
	switch (op) {
	case PR_PAC_RESET_KEYS:
		return a3 || a4 || a5 ? -EINVAL : reset_keys(a2);
	case PR_PAC_SET_ENABLED_KEYS:
		return a4 || a5 ? -EINVAL : set_enabled_keys(a2, a3);
	case PR_PAC_GET_ENABLED_KEYS:
		return a2 || a3 || a4 || a5 || !cpu_has(CPU_PAC) ? -EINVAL : (long)pac_enabled();
	}
	return -EINVAL;
}

long sys_prctl(s32 op, u64 a2, u64 a3, u64 a4, u64 a5)
{
	struct task *t = current();

	switch (op) {
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_SET_NO_NEW_PRIVS:
	case PR_GET_NO_NEW_PRIVS:
	case PR_CAP_AMBIENT:
		return of_credentials(op, a2, a3, a4, a5);
	case PR_GET_DUMPABLE:
	case PR_SET_DUMPABLE:
	case PR_SET_MM:
	case PR_SET_THP_DISABLE:
	case PR_GET_THP_DISABLE:
	case PR_SET_MDWE:
	case PR_GET_MDWE:
	case PR_GET_MEMORY_MERGE:
		return of_memory(t->as, op, a2, a3, a4, a5);
	case PR_SET_CHILD_SUBREAPER:
	case PR_GET_CHILD_SUBREAPER:
	case PR_MCE_KILL:
	case PR_MCE_KILL_GET:
	case PR_SET_IO_FLUSHER:
	case PR_GET_IO_FLUSHER:
		return of_process(t, op, a2, a3, a4, a5);
	case PR_PAC_RESET_KEYS:
	case PR_PAC_SET_ENABLED_KEYS:
	case PR_PAC_GET_ENABLED_KEYS:
		return of_pointer_keys(op, a2, a3, a4, a5);
	}
	return of_thread(t, op, a2);
}
