/* SPDX-License-Identifier: MIT */
/* peek.c - looking at other threads. Invariant: as, handles and fs of a task change under its
 * proc's lock, and whoever is not the owner reads them under it. Locks: proc.lock [RANK_PROC]. Ref:
 * ptrace(2), proc(5).
 * Tests: selftests/abi/process.c */
#include <kernel/peek.h>

#include <kernel/cred.h>
#include <kernel/handle.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <mm/aspace.h>

struct aspace *task_get_as(struct task *t)
{
	struct aspace *as;
	irqflags_t irq;

	if (!t->proc)
		return NULL;
	irq = spin_lock_irq(&t->proc->lock);
	as = t->as;
	if (as)
		aspace_get(as);
	spin_unlock_irq(&t->proc->lock, irq);
	return as;
}

struct handle_table *task_get_handles(struct task *t)
{
	struct handle_table *h;
	irqflags_t irq;

	if (!t->proc)
		return NULL;
	irq = spin_lock_irq(&t->proc->lock);
	h = t->handles;
	if (h)
		handle_table_peek_get(h);
	spin_unlock_irq(&t->proc->lock, irq);
	return h;
}

struct fs_context *task_get_fs(struct task *t)
{
	struct fs_context *fs;
	irqflags_t irq;

	if (!t->proc)
		return NULL;
	irq = spin_lock_irq(&t->proc->lock);
	fs = t->fs;
	if (fs)
		task_fs_ops->get(fs);
	spin_unlock_irq(&t->proc->lock, irq);
	return fs;
}

struct cred *task_get_cred(struct task *t)
{
	struct cred *c;

	rcu_read_lock();
	do {
		c = rcu_deref(t->cred);
	} while (c && !ref_tryget(&c->refs));
	rcu_read_unlock();
	return c;
}

#define SWAP(t, field, new) ({							\
	__typeof__((t)->field) old_;						\
	irqflags_t irq_ = spin_lock_irq(&(t)->proc->lock);			\
										\
	old_ = (t)->field;							\
	(t)->field = (new);							\
	spin_unlock_irq(&(t)->proc->lock, irq_);				\
	old_; })

struct aspace *task_swap_as(struct task *t, struct aspace *as)
{
	return SWAP(t, as, as);
}

struct handle_table *task_swap_handles(struct task *t, struct handle_table *h)
{
	return SWAP(t, handles, h);
}

struct fs_context *task_swap_fs(struct task *t, struct fs_context *fs)
{
	return SWAP(t, fs, fs);
}

int task_may_inspect(struct task *t)
{
	struct cred *mine = current_cred(), *its;
	struct aspace *as;
	bool same, dumpable = true;

	if (t->proc == current_proc())
		return 0;
	its = task_get_cred(t);
	if (!its)
		return -EACCES;
	same = uid_eq(mine->fsuid, its->uid) && uid_eq(mine->fsuid, its->euid) &&
	       uid_eq(mine->fsuid, its->suid) && gid_eq(mine->fsgid, its->gid) &&
	       gid_eq(mine->fsgid, its->egid) && gid_eq(mine->fsgid, its->sgid);
	cred_put(its);
	as = task_get_as(t);
	if (as) {
		dumpable = as->dumpable;
		aspace_put(as);
	}
	return (same && dumpable) || cred_has(mine, CAP_SYS_PTRACE) ? 0 : -EACCES;
}
