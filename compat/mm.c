/* SPDX-License-Identifier: MIT */
/* mm.c - the mmap family. Ref: mmap(2), mprotect(2), mremap(2), madvise(2), mlock(2), brk(2),
 * mincore(2), membarrier(2).
 * Tests: selftests/abi/mmap.c */
#include <compat/syscalls.h>

#include <arch/barrier.h>
#include <arch/page.h>
#include <arch/percpu.h>
#include <arch/cpu.h>
#include <kernel/cred.h>
#include <kernel/handle.h>
#include <kernel/irq.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/slab.h>

long sys_mmap(u64 addr, u64 len, u64 prot, u64 flags, int fd, u64 offset)
{
	auto_handle struct handle h = {};
	u32 f = (u32)flags & ~(u32)(MAP_DENYWRITE | MAP_EXECUTABLE);
	int err;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (!(f & MAP_ANONYMOUS)) {
		err = handle_get(fd, 0, &h);
		if (!err && (h.file->mode & FMODE_PATH))
			err = -EBADF;
		if (err)
			return err;
	}
	if (current()->as->mdwe && (prot & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC))
		return -EACCES;
	return aspace_mmap(current()->as, addr, len, (u32)prot, f, h.file, h.rights,
			   offset >> PAGE_SHIFT);
}

long sys_munmap(u64 addr, u64 len)
{
	return aspace_munmap(current()->as, addr, len);
}

long sys_mprotect(u64 addr, u64 len, u64 prot)
{
	return aspace_mprotect(current()->as, addr, len, (u32)prot);
}

long sys_mremap(u64 addr, u64 old_len, u64 new_len, u64 flags, u64 new_addr)
{
	return aspace_mremap(current()->as, addr, old_len, new_len, (u32)flags, new_addr);
}

long sys_madvise(u64 addr, u64 len, s32 advice)
{
	return aspace_madvise(current()->as, addr, len, advice);
}

long sys_brk(u64 addr)
{
	return (long)aspace_brk(current()->as, addr);
}

long sys_msync(u64 addr, u64 len, s32 flags)
{
	return aspace_msync(current()->as, addr, len, (u32)flags);
}

long sys_mlock(u64 addr, u64 len)
{
	return aspace_mlock(current()->as, addr, len, true, false);
}

long sys_mlock2(u64 addr, u64 len, s32 flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return aspace_mlock(current()->as, addr, len, true, flags & MLOCK_ONFAULT);
}

long sys_munlock(u64 addr, u64 len)
{
	return aspace_mlock(current()->as, addr, len, false, false);
}

long sys_mlockall(s32 flags)
{
	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	return aspace_mlockall(current()->as, (u32)flags);
}

long sys_munlockall(void)
{
	return aspace_mlockall(current()->as, 0);
}

long sys_mincore(u64 addr, u64 len, uaddr_t vec)
{
	u8 out[256];
	u64 pages, i;
	int err;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (addr > TASK_SIZE || len > TASK_SIZE - addr)
		return -ENOMEM;
	pages = DIV_ROUND_UP(len, PAGE_SIZE);
	if (vec.va > TASK_SIZE || pages > TASK_SIZE - vec.va)
		return -EFAULT;
	for (i = 0; i < pages; i += sizeof(out)) {
		u64 n = min(pages - i, (u64)sizeof(out));

		err = aspace_mincore(current()->as, addr + (i << PAGE_SHIFT), n, out);
		if (err)
			return err;
		if (copy_to_user(uaddr_add(vec, i), out, n))
			return -EFAULT;
	}
	return 0;
}

/* ---- membarrier(2) ---- */

#define MB_QUERY		     0
#define MB_GLOBAL		     BIT(0)
#define MB_GLOBAL_EXPEDITED	     BIT(1)
#define MB_REG_GLOBAL_EXPEDITED	     BIT(2)
#define MB_PRIVATE_EXPEDITED	     BIT(3)
#define MB_REG_PRIVATE_EXPEDITED     BIT(4)
#define MB_PRIVATE_SYNC_CORE	     BIT(5)
#define MB_REG_PRIVATE_SYNC_CORE     BIT(6)
#define MB_GET_REGISTRATIONS	     BIT(9)
#define MB_ALL (MB_GLOBAL | MB_GLOBAL_EXPEDITED | MB_REG_GLOBAL_EXPEDITED | MB_PRIVATE_EXPEDITED | MB_REG_PRIVATE_EXPEDITED | \
		MB_PRIVATE_SYNC_CORE | MB_REG_PRIVATE_SYNC_CORE | MB_GET_REGISTRATIONS)

static void barrier_here(void *arg)
{
	(void)arg;
	smp_mb();
	isb();
}

long sys_membarrier(s32 cmd, u32 flags, s32 cpu)
{
	struct aspace *as = current()->as;
	u64 cpus = cpu_online_mask;
	u32 need = 0;

	(void)cpu;
	if (flags)
		return -EINVAL;
	switch ((u32)cmd) {
	case MB_QUERY:
		return MB_ALL;
	case MB_GET_REGISTRATIONS:
		return READ_ONCE(as->membarrier_ready);
	case MB_REG_GLOBAL_EXPEDITED:
	case MB_REG_PRIVATE_EXPEDITED:
	case MB_REG_PRIVATE_SYNC_CORE:
		__atomic_fetch_or(&as->membarrier_ready, (u32)cmd, __ATOMIC_RELAXED);
		return 0;
	case MB_PRIVATE_EXPEDITED:
		need = MB_REG_PRIVATE_EXPEDITED;
		break;
	case MB_PRIVATE_SYNC_CORE:
		need = MB_REG_PRIVATE_SYNC_CORE;
		break;
	case MB_GLOBAL:
		/* every CPU has switched threads, idled or run user code since */
		synchronize_rcu();
		return 0;
	case MB_GLOBAL_EXPEDITED:
		break;
	default:
		return -EINVAL;
	}
	if (need && !(READ_ONCE(as->membarrier_ready) & need))
		return -EPERM;
	if (need)
		cpus &= atomic_read(&as->mm.cpus);	/* where our threads ever ran */
	cpu_call(cpus, barrier_here, NULL, true);
	return 0;
}

/* ---- other processes' memory ---- */

#define MAX_VM_SEGMENTS IOV_MAX

struct vm_side {
	struct user_iovec *v;
	u32 nr;
};

static int read_side(struct vm_side *s, uaddr_t src, u64 nr)
{
	if (nr > MAX_VM_SEGMENTS)
		return -EINVAL;
	s->v = kcalloc(max(nr, 1ul), sizeof(*s->v));
	s->nr = (u32)nr;
	if (!s->v)
		return -ENOMEM;
	return copy_from_user(s->v, src, nr * sizeof(*s->v));
}

static ssize_t vm_copy(struct aspace *as, struct vm_side *local, struct vm_side *remote, bool write)
{
	u8 buf[512];
	struct iter it;
	ssize_t total = 0;
	u32 i;
	int err = iter_user_vec(&it, local->v, local->nr);

	for (i = 0; i < remote->nr && !err; i++) {
		usize off = 0;

		while (off < remote->v[i].len && iter_left(&it)) {
			usize n = min(min(remote->v[i].len - off, sizeof(buf)), iter_left(&it));
			ssize_t got;

			if (write && iter_take(&it, buf, n) != n)
				return total ? total : -EFAULT;
			got = aspace_access(as, remote->v[i].base.va + off, buf, n, write);
			if (got <= 0)
				return total ? total : -EFAULT;
			if (!write && iter_put(&it, buf, (usize)got) != (usize)got)
				return total ? total : -EFAULT;
			total += got;
			off += (usize)got;
			if ((usize)got < n)
				return total;
		}
	}
	return err ? err : total;
}

/* The address space of a process we might trace: as ptrace(2) PTRACE_MODE_ATTACH_REALCREDS. */
static int aspace_of(pid_t pid, struct aspace **out)
{
	struct task *t = task_find(pid);
	const struct cred *me = current_cred(), *c;
	irqflags_t irq;
	int err = 0;

	if (!t)
		return -ESRCH;
	if (!t->proc) {
		task_put(t);
		return -ESRCH;
	}
	rcu_read_lock();
	c = rcu_deref(t->cred);
	if (t->proc != current_proc() &&
	    !(uid_eq(me->uid, c->euid) && uid_eq(me->uid, c->uid) && uid_eq(me->uid, c->suid)) &&
	    !capable(CAP_SYS_PTRACE))
		err = -EPERM;
	rcu_read_unlock();
	irq = spin_lock_irq(&t->proc->lock);
	*out = t->as;
	if (*out)
		aspace_get(*out);
	spin_unlock_irq(&t->proc->lock, irq);
	task_put(t);
	if (!err && !*out)
		return -ESRCH;
	if (err && *out)
		aspace_put(*out);
	return err;
}

static ssize_t process_vm(pid_t pid, uaddr_t lvec, u64 nl, uaddr_t rvec, u64 nr, u64 flags,
			  bool write)
{
	struct vm_side local = {}, remote = {};
	struct aspace *as;
	ssize_t ret;

	if (flags)
		return -EINVAL;
	ret = read_side(&local, lvec, nl);
	if (!ret)
		ret = read_side(&remote, rvec, nr);
	if (!ret)
		ret = aspace_of(pid, &as);
	if (!ret) {
		ret = vm_copy(as, &local, &remote, write);
		aspace_put(as);
	}
	kfree(local.v);
	kfree(remote.v);
	return ret;
}

long sys_process_vm_readv(pid_t pid, uaddr_t lvec, u64 nl, uaddr_t rvec, u64 nr, u64 flags)
{
	return process_vm(pid, lvec, nl, rvec, nr, flags, false);
}

long sys_process_vm_writev(pid_t pid, uaddr_t lvec, u64 nl, uaddr_t rvec, u64 nr, u64 flags)
{
	return process_vm(pid, lvec, nl, rvec, nr, flags, true);
}
