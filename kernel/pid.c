/* SPDX-License-Identifier: MIT */
/* pid.c - numbers for threads, processes, groups and sessions; who belongs to whom.
 *
 * One table maps a number to struct pid, which names whatever has that number. A number is free
 * again when thread, process, group and session of it are all gone. Readers walk under RCU; the
 * table changes under pids_lock.
 *
 * Invariants: (1) a struct pid is in the table while any of its four roles is set; (2) a group
 * belongs to one session, and lives while it has members; (3) numbers are given out upwards and
 * wrap at PID_MAX, starting again above 300 as Linux does.
 * Locks: pids_lock [RANK_PIDS], interrupts off: signals are sent from interrupts. Ref: setpgid(2),
 * setsid(2), credentials(7).
 * Tests: selftests/abi/jobctl.c
 */
#include <kernel/task.h>

#include <kernel/family.h>
#include <kernel/lib/xarray.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define RESERVED_PIDS 300

struct spinlock pids_lock = SPINLOCK_INIT(RANK_PIDS);
static struct xarray table;		/* [pids_lock] writers */
static pid_t last_pid;			/* [pids_lock] */
static struct slab_cache *pid_cache;

void pid_init(void)
{
	pid_cache = slab_cache_create("pid", sizeof(struct pid), 16);
	xa_init(&table, &vmo_xa_mem);
}

struct pid *pid_alloc(void)
{
	struct pid *p = slab_alloc(pid_cache, PAGE_KERNEL | PAGE_ZEROED);
	irqflags_t irq;
	u64 nr;
	int err = -EAGAIN;

	if (!p)
		return NULL;
	ref_init(&p->refs, 1);
	waitq_init(&p->exit_wait);
	list_init(&p->pidfds);
	irq = spin_lock_irq(&pids_lock);
	if (xa_find_hole(&table, (u64)last_pid + 1, PID_MAX - 1, &nr) ||
	    xa_find_hole(&table, RESERVED_PIDS, (u64)last_pid, &nr))
		err = xa_store(&table, nr, p, NULL);
	if (!err) {
		p->nr = (pid_t)nr;
		last_pid = p->nr;
	}
	spin_unlock_irq(&pids_lock, irq);
	if (!err)
		return p;
	slab_free(pid_cache, p);
	return NULL;
}

static void pid_free_rcu(struct rcu_head *h)
{
	slab_free(pid_cache, container_of(h, struct pid, rcu));
}

void pid_put(struct pid *p)
{
	if (ref_put(&p->refs))
		call_rcu(&p->rcu, pid_free_rcu);
}

/* A role ended: the number is free when it was the last (1). pids_lock held. */
static void pid_check_unused(struct pid *p)
{
	if (p->task || p->proc || p->pgrp || p->session)
		return;
	xa_erase(&table, (u64)p->nr);
	pid_put(p);
}

void pid_drop_roles(struct pid *p, bool task, bool proc)
{
	if (task)
		rcu_assign(p->task, NULL);
	if (proc)
		rcu_assign(p->proc, NULL);
	pid_check_unused(p);
}

struct pid *pid_find(pid_t nr)
{
	return nr > 0 ? xa_load(&table, (u64)nr) : NULL;
}

struct task *task_find(pid_t tid)
{
	struct task *t = NULL;
	struct pid *p;

	rcu_read_lock();
	p = pid_find(tid);
	if (p)
		t = rcu_deref(p->task);
	if (t && !ref_tryget(&t->refs))
		t = NULL;
	rcu_read_unlock();
	return t;
}

struct proc *proc_find(pid_t pid)
{
	struct proc *r = NULL;
	struct pid *p;

	rcu_read_lock();
	p = pid_find(pid);
	if (p)
		r = rcu_deref(p->proc);
	if (r && !ref_tryget(&r->refs))
		r = NULL;
	rcu_read_unlock();
	return r;
}

struct proc *proc_next(pid_t *nr)
{
	u64 index = (u64)*nr;
	struct proc *r = NULL;
	struct pid *p;

	rcu_read_lock();
	while (!r && (p = xa_find(&table, &index, PID_MAX))) {
		r = rcu_deref(p->proc);
		if (r && !ref_tryget(&r->refs))
			r = NULL;
		if (!r)
			index++;
	}
	rcu_read_unlock();
	*nr = (pid_t)index;
	return r;
}

/* ---- groups and sessions ---- */

struct pgrp *pgrp_of(pid_t nr)
{
	struct pid *p = pid_find(nr);

	return p ? p->pgrp : NULL;
}

void session_put(struct session *s)
{
	if (ref_put(&s->refs)) {
		pid_put(s->pid);
		kfree(s);
	}
}

void pgrp_put(struct pgrp *g)
{
	if (ref_put(&g->refs)) {
		pid_put(g->pid);
		session_put(g->session);
		kfree(g);
	}
}

/* A group of session s with p's number; takes references to both. NULL: no memory. */
static struct pgrp *pgrp_create(struct pid *p, struct session *s)
{
	struct pgrp *g = kmalloc(sizeof(*g), PAGE_ATOMIC | PAGE_ZEROED);

	if (!g)
		return NULL;
	ref_init(&g->refs, 1);
	list_init(&g->members);
	g->pid = p;
	ref_get(&p->refs);
	g->session = s;
	session_get(s);
	p->pgrp = g;
	return g;
}

void proc_join_group(struct proc *p, struct pgrp *g)
{
	p->pgrp = g;
	list_add_tail(&g->members, &p->group_link);
	g->nr++;
}

/* The group dies with its last member, its session with its last group. */
void proc_leave_groups(struct proc *p)
{
	struct pgrp *g = p->pgrp;
	struct session *s;
	struct pid *pid;

	if (!g)
		return;
	p->pgrp = NULL;
	list_del_init(&p->group_link);
	if (--g->nr)
		return;
	s = g->session;
	session_get(s);
	pid = g->pid;
	pid->pgrp = NULL;
	pid_check_unused(pid);
	pgrp_put(g);
	if (atomic_read(&s->refs) == 2) {	/* ours and the table's: no group is left */
		pid = s->pid;
		if (pid->session == s) {
			pid->session = NULL;
			ref_get(&pid->refs);
			pid_check_unused(pid);
			pid_put(pid);
			session_put(s);
		}
	}
	session_put(s);
}

int proc_set_pgrp(struct proc *p, pid_t pgid)
{
	irqflags_t irq = spin_lock_irq(&pids_lock);
	struct pgrp *g = pgrp_of(pgid);
	int err = 0;

	if (!p->pgrp || (g && g->session != p->pgrp->session) || (!g && pgid != proc_pid(p))) {
		err = -EPERM;
	} else if (g != p->pgrp) {
		if (!g)
			g = pgrp_create(p->pid, p->pgrp->session);
		if (g) {
			pgrp_get(g);
			proc_leave_groups(p);
			proc_join_group(p, g);
			pgrp_put(g);
		} else {
			err = -ENOMEM;
		}
	}
	spin_unlock_irq(&pids_lock, irq);
	return err;
}

/* Makes p leader of a new session and group with its own number. pids_lock held. */
int proc_new_session(struct proc *p)
{
	struct session *s = kmalloc(sizeof(*s), PAGE_ATOMIC | PAGE_ZEROED);
	struct pgrp *g;

	if (!s)
		return -ENOMEM;
	ref_init(&s->refs, 1);
	s->pid = p->pid;
	ref_get(&p->pid->refs);
	s->leader = p;
	g = pgrp_create(p->pid, s);
	if (!g) {
		session_put(s);
		return -ENOMEM;
	}
	p->pid->session = s;
	proc_leave_groups(p);
	proc_join_group(p, g);
	return 0;
}

int proc_set_sid(void)
{
	struct proc *p = current_proc();
	irqflags_t irq = spin_lock_irq(&pids_lock);
	int err;

	if (p->pgrp->session->leader == p || p->pid->pgrp)
		err = -EPERM;
	else
		err = proc_new_session(p);
	spin_unlock_irq(&pids_lock, irq);
	return err ? err : proc_pid(p);
}

/* Has no member whose parent is in the same session but another group (POSIX orphaned process
 * group). */
bool pgrp_orphaned(struct pgrp *g, const struct proc *without)
{
	struct proc *p;

	list_for_each_entry(p, &g->members, group_link) {
		if (p == without || !p->parent || (p->flags & PROC_ZOMBIE) ||
		    proc_pid(p->parent) == 1)
			continue;
		if (p->parent->pgrp && p->parent->pgrp != g &&
		    p->parent->pgrp->session == g->session)
			return false;
	}
	return true;
}

pid_t proc_pgid(const struct proc *p)
{
	struct pgrp *g = READ_ONCE(p->pgrp);

	return g ? g->pid->nr : 0;
}

pid_t proc_sid(const struct proc *p)
{
	struct pgrp *g = READ_ONCE(p->pgrp);

	return g ? g->session->pid->nr : 0;
}
