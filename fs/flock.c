/* SPDX-License-Identifier: MIT */
/* flock.c - advisory locks: whole files for flock(2), byte ranges for fcntl(2), owned by a handle
 * table (POSIX) or a description (OFD).
 *
 * Invariants:
 *  (1) no two locks of one set conflict: same family (flock, or POSIX with OFD), different owners,
 *      common bytes, one of them exclusive.
 *  (2) the ranges of one owner and kind do not overlap, and neighbours of one type are one lock.
 *  (3) a waiting POSIX owner is in `waiters` with the owner that blocks it; a cycle is refused with
 *      EDEADLK before it can close.
 *
 * Locks: v->spin [RANK_OBJECT] the set; wait_lock [RANK_DCACHE] the graph of waiting owners.
 * Sleepers wait on set->q, woken by every change. Ref: fcntl(2) "Advisory record locking",
 * flock(2), lockf(3). Tests: selftests/unit/flock_test.c, selftests/abi/lock.c
 */
#include <fs/flock.h>

#include <fs/dcache.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <mm/slab.h>

struct held {
	struct list link;		/* [v->spin] in flock_set.locks */
	const void *owner;		/* handle table or file */
	u8 kind, type;			/* enum lock_kind; F_RDLCK, F_WRLCK */
	s64 start, end;			/* inclusive */
	pid_t pid;
};

struct flock_set {
	struct list link;		/* [wait_lock] in all_sets */
	struct vnode *v;		/* [I] no reference: the set goes with it */
	struct list locks;		/* [v->spin] */
	struct waitq q;
};

struct waiter {
	struct list link;
	const void *owner, *blocked_by;
};

static struct spinlock wait_lock = SPINLOCK_INIT(RANK_DCACHE);
static struct list waiters = LIST_INIT(waiters);	/* [wait_lock] of the whole machine */

static struct list all_sets = LIST_INIT(all_sets);	/* [wait_lock] the same */

static const void *owner_of(const struct file *f, enum lock_kind kind)
{
	return kind == LOCK_KIND_POSIX ? (const void *)current()->handles : (const void *)f;
}

static struct flock_set *set_of(struct vnode *v)
{
	struct flock_set *s = rcu_deref(v->locks), *none = NULL;

	if (s)
		return s;
	s = knew(struct flock_set);
	if (!s)
		return NULL;
	list_init(&s->locks);
	waitq_init(&s->q);
	s->v = v;
	if (!cmpxchg(&v->locks, &none, s)) {
		kfree(s);
		return none;
	}
	spin_lock(&wait_lock);
	list_add_tail(&all_sets, &s->link);
	spin_unlock(&wait_lock);
	return s;
}

void flock_free(struct vnode *v)
{
	spin_lock(&wait_lock);
	list_del(&v->locks->link);
	spin_unlock(&wait_lock);
	kfree(v->locks);
}

/* ---- deciding, with v->spin held ---- */

static bool conflict(const struct held *h, const struct lock_request *r, const void *owner)
{
	if (h->owner == owner && h->kind == r->kind)
		return false;
	if ((h->kind == LOCK_KIND_FLOCK) != (r->kind == LOCK_KIND_FLOCK))
		return false;
	if (h->start > r->end || h->end < r->start)
		return false;
	return h->type == F_WRLCK || r->type == F_WRLCK;
}

static struct held *find_conflict(struct flock_set *s, const struct lock_request *r,
				  const void *owner)
{
	struct held *h;

	list_for_each_entry(h, &s->locks, link)
		if (conflict(h, r, owner))
			return h;
	return NULL;
}

static bool touches(const struct held *h, const struct held *n)
{
	return h->start <= (n->end == S64_MAX ? S64_MAX : n->end + 1) &&
	       n->start <= (h->end == S64_MAX ? S64_MAX : h->end + 1);
}

/* h is in the way of n (same owner): shrinks, splits (into *spare) or removes it. Removed ones go
 * to gone. */
static void cut(struct held *h, const struct held *n, struct held **spare, struct list *gone)
{
	if (h->start < n->start && h->end > n->end) {
		debug_assert(*spare);		/* n lies within one lock only */
		**spare = *h;
		(*spare)->start = n->end + 1;
		list_add_head(&h->link, &(*spare)->link);
		*spare = NULL;
		h->end = n->start - 1;
	} else if (h->start < n->start) {
		h->end = min(h->end, n->start - 1);
	} else if (h->end > n->end) {
		h->start = max(h->start, n->end + 1);
	} else {
		list_del(&h->link);
		list_add_tail(gone, &h->link);
	}
}

/* Makes room for n among its owner's locks, growing n over neighbours of its type; then n is the
 * lock, unless it unlocks. */
static void apply(struct flock_set *s, struct held *n, struct held **spare, struct list *gone)
{
	struct held *h, *next;

	list_for_each_entry_safe(h, next, &s->locks, link) {
		if (h->owner != n->owner || h->kind != n->kind)
			continue;
		if (h->type == n->type && touches(h, n)) {
			n->start = min(n->start, h->start);
			n->end = max(n->end, h->end);
			list_del(&h->link);
			list_add_tail(gone, &h->link);
		} else if (h->start <= n->end && n->start <= h->end) {
			cut(h, n, spare, gone);
		}
	}
	list_add_tail(n->type == F_UNLCK ? gone : &s->locks, &n->link);
}

static void free_gone(struct list *gone)
{
	struct held *h, *next;

	list_for_each_entry_safe(h, next, gone, link)
		kfree(h);
}

/* Sets now, or says who is in the way. -EAGAIN, -ENOLCK. */
static int try_set(struct vnode *v, struct flock_set *s, const struct lock_request *r,
		   const void *owner, const void **blocked_by)
{
	struct list gone = LIST_INIT(gone);
	struct held *n = knew(struct held), *spare = knew(struct held), *in_way = NULL;

	if (!n || !spare) {
		kfree(n);
		kfree(spare);
		return -ENOLCK;
	}
	*n = (struct held){ .owner = owner,
			    .kind = (u8)r->kind,
			    .type = r->type,
			    .start = r->start,
			    .end = r->end,
			    .pid = proc_pid(current_proc()) };
	spin_lock(&v->spin);
	if (r->type != F_UNLCK)
		in_way = find_conflict(s, r, owner);
	if (in_way) {
		*blocked_by = in_way->owner;
		list_add_tail(&gone, &n->link);
	} else {
		apply(s, n, &spare, &gone);
	}
	spin_unlock(&v->spin);
	free_gone(&gone);
	kfree(spare);
	if (in_way)
		return -EAGAIN;
	waitq_wake_all(&s->q);
	return 0;
}

/* ---- waiting ---- */

/* Would `owner` waiting for `by` close a cycle? If not, w says that it waits. */
static int enter_graph(struct waiter *w, const void *owner, const void *by)
{
	const void *at = by;
	struct waiter *o;
	bool moved = true;

	spin_lock(&wait_lock);
	while (moved && at != owner) {
		moved = false;
		list_for_each_entry(o, &waiters, link) {
			if (o->owner == at) {
				at = o->blocked_by;
				moved = true;
				break;
			}
		}
	}
	if (at != owner) {
		*w = (struct waiter){ .owner = owner, .blocked_by = by };
		list_add_tail(&waiters, &w->link);
	}
	spin_unlock(&wait_lock);
	return at == owner ? -EDEADLK : 0;
}

static void leave_graph(struct waiter *w)
{
	spin_lock(&wait_lock);
	list_del(&w->link);
	spin_unlock(&wait_lock);
}

static bool is_free(struct vnode *v, struct flock_set *s, const struct lock_request *r,
		    const void *owner)
{
	bool none;

	spin_lock(&v->spin);
	none = !find_conflict(s, r, owner);
	spin_unlock(&v->spin);
	return none;
}

static int wait_free(struct vnode *v, struct flock_set *s, const struct lock_request *r,
		     const void *owner, const void *by)
{
	struct waiter w;
	int err = 0;

	if (r->kind == LOCK_KIND_POSIX)
		err = enter_graph(&w, owner, by);
	if (err)
		return err;
	err = waitq_wait(&s->q, is_free(v, s, r, owner), WAIT_INTERRUPTIBLE, WAIT_FOREVER);
	if (r->kind == LOCK_KIND_POSIX)
		leave_graph(&w);
	return err;
}

static struct vnode *vnode_of(const struct file *f)
{
	return f->dentry ? f->dentry->vnode : NULL;
}

int flock_set(struct file *f, const struct lock_request *r, bool wait)
{
	struct vnode *v = vnode_of(f);
	const void *owner = owner_of(f, r->kind), *by;
	struct flock_set *s;
	int err;

	if (!v)
		return -EBADF;
	if (r->type == F_UNLCK && !v->locks)
		return 0;
	s = set_of(v);
	if (!s)
		return -ENOLCK;
	do {
		err = try_set(v, s, r, owner, &by);
		if (err != -EAGAIN || !wait)
			return err;
		err = wait_free(v, s, r, owner, by);
	} while (!err);
	return err;
}

void flock_test(struct file *f, struct lock_request *r)
{
	struct vnode *v = vnode_of(f);
	const struct held *h = NULL;

	if (v && v->locks) {
		spin_lock(&v->spin);
		h = find_conflict(v->locks, r, owner_of(f, r->kind));
		if (h)
			*r = (struct lock_request){ r->kind, h->type, h->start, h->end,
						    h->kind == LOCK_KIND_OFD ? -1 : h->pid };
		spin_unlock(&v->spin);
	}
	if (!h)
		r->type = F_UNLCK;
}

/* ---- letting go ---- */

static void drop_owner(struct vnode *v, const void *owner)
{
	struct list gone = LIST_INIT(gone);
	struct held *h, *next;

	spin_lock(&v->spin);
	list_for_each_entry_safe(h, next, &v->locks->locks, link) {
		if (h->owner == owner) {
			list_del(&h->link);
			list_add_tail(&gone, &h->link);
		}
	}
	spin_unlock(&v->spin);
	if (list_empty(&gone))
		return;
	free_gone(&gone);
	waitq_wake_all(&v->locks->q);
}

void flock_close(struct file *f, const struct handle_table *t)
{
	drop_owner(vnode_of(f), t);
}

void flock_release(struct file *f)
{
	drop_owner(vnode_of(f), f);
}

/* ---- /proc/locks ---- */

/* The n-th file that ever had locks, with a reference; NULL: none. */
struct vnode *flock_nth_file(u64 n)
{
	struct vnode *v = NULL;
	struct flock_set *s;

	spin_lock(&wait_lock);
	list_for_each_entry(s, &all_sets, link) {
		if (n--)
			continue;
		v = object_tryget(&s->v->obj) ? s->v : NULL;
		if (v)
			break;
		n = 0;		/* it is being freed: the next one */
	}
	spin_unlock(&wait_lock);
	return v;
}

bool flock_nth_lock(struct vnode *v, u64 n, struct lock_request *out)
{
	struct held *h;
	bool found = false;

	spin_lock(&v->spin);
	list_for_each_entry(h, &v->locks->locks, link) {
		if (n--)
			continue;
		*out = (struct lock_request){ h->kind, h->type, h->start, h->end,
					      h->kind == LOCK_KIND_OFD ? -1 : h->pid };
		found = true;
		break;
	}
	spin_unlock(&v->spin);
	return found;
}
