/* SPDX-License-Identifier: MIT */
/* cred.c - credentials: immutable once published, replaced by copy; permission bits; per-user
 * counts.
 *
 * Locks: users_lock [RANK_LOG: a leaf]. Readers of another thread's cred use RCU; a thread reads
 * its own plainly.
 * Ref: credentials(7), capabilities(7), inode(7). Tests: selftests/unit/cred_test.c,
 * selftests/abi/cred.c
 */
#include <kernel/cred.h>

#include <kernel/lib/list.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

struct cred cred_init = {
	.refs = ATOMIC_INIT(1),
	.cap_effective = CAP_FULL_SET,
	.cap_permitted = CAP_FULL_SET,
	.cap_bounding = CAP_FULL_SET,
};

struct cred *current_cred(void)
{
	return current()->cred;
}

static void free_rcu(struct rcu_head *head)
{
	struct cred *c = container_of(head, struct cred, rcu);

	kfree(c->groups);
	kfree(c);
}

void cred_put(struct cred *c)
{
	if (ref_put(&c->refs))
		call_rcu(&c->rcu, free_rcu);	/* kill(2) and procfs may be looking */
}

struct cred *cred_copy(const struct cred *c)
{
	struct cred *n = kmalloc(sizeof(*n), PAGE_KERNEL);

	if (!n)
		return NULL;
	*n = *c;
	ref_init(&n->refs, 1);
	if (c->nr_groups) {
		n->groups = kmalloc(c->nr_groups * sizeof(*c->groups), PAGE_KERNEL);
		if (!n->groups) {
			kfree(n);
			return NULL;
		}
		memcpy(n->groups, c->groups, c->nr_groups * sizeof(*c->groups));
	}
	return n;
}

void cred_install(struct cred *c) NO_LOCK_CHECK
{
	struct task *t = current();
	struct cred *old = t->cred;
	irqflags_t irq;

	if (t->proc && !uid_eq(old->uid, c->uid)) {
		cred_count_proc(old->uid, -1);
		cred_count_proc(c->uid, 1);
	}
	irq = t->proc ? spin_lock_irq(&t->proc->lock) : irq_save();
	rcu_assign(t->cred, c);
	if (t->proc)
		spin_unlock_irq(&t->proc->lock, irq);
	else
		irq_restore(irq);
	cred_put(old);
}

bool cred_has(const struct cred *c, enum capability cap)
{
	return c->cap_effective & BIT(cap);
}

bool cred_in_group(const struct cred *c, kgid_t g)
{
	u32 lo = 0, hi = c->nr_groups;

	if (gid_eq(c->fsgid, g))
		return true;
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (c->groups[mid].v == g.v)
			return true;
		if (c->groups[mid].v < g.v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

int may_access(const struct cred *c, u32 mode, kuid_t owner, kgid_t group, u32 want)
{
	u32 bits = mode;

	if (uid_eq(c->fsuid, owner))
		bits >>= 6;
	else if (cred_in_group(c, group))
		bits >>= 3;
	if ((want & ~bits & 7) == 0)
		return 0;
	if ((mode & S_IFMT) == S_IFDIR) {
		if (cred_has(c, CAP_DAC_OVERRIDE))
			return 0;
		if (!(want & MAY_WRITE) && cred_has(c, CAP_DAC_READ_SEARCH))
			return 0;
		return -EACCES;
	}
	if (want == MAY_READ && cred_has(c, CAP_DAC_READ_SEARCH))
		return 0;
	/* Overriding needs somebody to be allowed to execute, if that is asked. */
	if ((!(want & MAY_EXEC) || (mode & 0111)) && cred_has(c, CAP_DAC_OVERRIDE))
		return 0;
	return -EACCES;
}

/* ---- counts by user ---- */

struct user_count {
	struct hnode link;
	u32 uid;
	s64 procs, pending;
};

#define USER_BUCKETS 64
static struct hlist users[USER_BUCKETS];
static struct spinlock users_lock = SPINLOCK_INIT(RANK_LOG);
static struct user_count root_count;	/* never allocated: root always has processes */

static struct user_count *find_user(u32 uid) MUST_HOLD(users_lock)
{
	struct user_count *u;

	if (uid == 0)
		return &root_count;
	hlist_for_each_entry(u, &users[uid % USER_BUCKETS], link)
		if (u->uid == uid)
			return u;
	return NULL;
}

static void count(kuid_t uid, s64 procs, s64 pending)
{
	struct user_count *fresh = NULL, *u;
	irqflags_t irq;

	if (uid.v && procs > 0)
		fresh = kmalloc(sizeof(*fresh), PAGE_ATOMIC | PAGE_ZEROED);
	irq = spin_lock_irq(&users_lock);
	u = find_user(uid.v);
	if (!u && fresh) {
		u = fresh;
		fresh = NULL;
		u->uid = uid.v;
		hlist_add(&users[uid.v % USER_BUCKETS], &u->link);
	}
	if (u) {
		u->procs += procs;
		u->pending += pending;
		if (u != &root_count && u->procs <= 0 && u->pending <= 0) {
			hlist_del(&u->link);
			fresh = u;
		}
	}
	spin_unlock_irq(&users_lock, irq);
	kfree(fresh);
}

void cred_count_proc(kuid_t uid, s64 delta)
{
	count(uid, delta, 0);
}

void cred_count_pending(kuid_t uid, s64 delta)
{
	count(uid, 0, delta);
}

static u64 read_count(kuid_t uid, bool procs)
{
	irqflags_t irq = spin_lock_irq(&users_lock);
	struct user_count *u = find_user(uid.v);
	s64 n = u ? (procs ? u->procs : u->pending) : 0;

	spin_unlock_irq(&users_lock, irq);
	return n > 0 ? (u64)n : 0;
}

u64 cred_nr_procs(kuid_t uid)
{
	return read_count(uid, true);
}

u64 cred_nr_pending(kuid_t uid)
{
	return read_count(uid, false);
}
