/* SPDX-License-Identifier: MIT */
/* inotify.c - watches on vnodes, and the queue of events that a descriptor reads.
 *
 * Invariants:
 *  (1) a mark is on its vnode's set and on its group's list, and holds a reference to the vnode,
 *      from inotify_add() until it is
 *      removed: by inotify_rm_watch, with the last name of the file, after one event (IN_ONESHOT),
 *      or with the group.
 *  (2) a group's queue holds at most MAX_QUEUED events and one IN_Q_OVERFLOW behind them.
 *  (3) notify_nr_watches counts marks: while it is 0 the file layer asks nothing.
 *
 * Locks: lock [RANK_OBJECT] for all marks, sets and queues of the machine: events are rare beside
 * what causes them. vnode references are dropped after it. Ref: inotify(7). Tests:
 * selftests/abi/inotify.c
 */
#include <fs/inotify.h>
#include <fs/procfs.h>
#include <fs/vfs.h>

#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/object.h>
#include <mm/iter.h>
#include <mm/slab.h>

#define MAX_QUEUED 16384u	/* sysctl fs.inotify.max_queued_events of Linux */

struct notify_set {
	struct list marks;		/* [lock] of mark.vnode_link */
};

struct mark {
	struct list vnode_link, group_link;	/* [lock] */
	struct group *group;
	struct vnode *v;		/* a reference */
	int wd;
	u32 mask;			/* [lock] */
};

/* The record as programs read it, inotify(7); name_len bytes of name follow. */
struct record {
	s32 wd;
	u32 mask, cookie, name_len;
};

struct event {
	struct list link;
	struct record r;
	char name[];			/* zero-padded to a multiple of sizeof(struct record) */
};

struct group {
	struct object obj;		/* first */
	struct list marks;		/* [lock] */
	struct list events;		/* [lock] */
	u32 nr_events;			/* [lock] */
	int next_wd;			/* [lock] */
};

static struct spinlock lock = SPINLOCK_INIT(RANK_OBJECT);
u32 notify_nr_watches;			/* [lock] (3) */
static u32 next_cookie;			/* [lock] */

static struct group *to_group(const struct file *f)
{
	return container_of(f->obj, struct group, obj);
}

/* ---- queueing, with lock held ---- */

static bool same_as_last(const struct group *g, const struct record *r, const char *name)
{
	const struct event *last;

	if (list_empty(&g->events))
		return false;
	last = list_last(&g->events, struct event, link);
	return last->r.wd == r->wd && last->r.mask == r->mask && last->r.cookie == r->cookie &&
	       last->r.name_len == r->name_len && (!r->name_len || !strcmp(last->name, name));
}

static void queue(struct group *g, int wd, u32 mask, u32 cookie, const char *name)
{
	usize len = name ? ALIGN_UP(strlen(name) + 1, sizeof(struct record)) : 0;
	struct record r = { wd, mask, cookie, (u32)len };
	struct event *e;

	if (g->nr_events > MAX_QUEUED || same_as_last(g, &r, name))
		return;
	if (g->nr_events == MAX_QUEUED) {
		r = (struct record){ -1, IN_Q_OVERFLOW, 0, 0 };
		name = NULL;
		len = 0;
	}
	e = kmalloc(sizeof(*e) + len, PAGE_ATOMIC | PAGE_ZEROED);
	if (!e)
		return;
	e->r = r;
	if (name)
		memcpy(e->name, name, strlen(name));
	list_add_tail(&g->events, &e->link);
	g->nr_events++;
	object_wake(&g->obj, EPOLLIN | EPOLLRDNORM);
}

/* Off both lists; the caller puts m->v and frees m after the lock. */
static void detach(struct mark *m, struct list *gone)
{
	list_del(&m->vnode_link);
	list_del(&m->group_link);
	notify_nr_watches--;
	queue(m->group, m->wd, IN_IGNORED, 0, NULL);
	list_add_tail(gone, &m->group_link);
}

static void free_marks(struct list *gone)
{
	struct mark *m, *next;

	list_for_each_entry_safe(m, next, gone, group_link) {
		vnode_put(m->v);
		kfree(m);
	}
}

/* Tells v's watchers. remove: their watches end. */
static void tell(struct vnode *v, u32 what, u32 cookie, const char *name, bool remove)
{
	struct list gone = LIST_INIT(gone);
	struct mark *m, *next;

	if (!READ_ONCE(v->watches))
		return;
	spin_lock(&lock);
	list_for_each_entry_safe(m, next, &v->watches->marks, vnode_link) {
		if (m->mask & what & IN_ALL_EVENTS)
			queue(m->group, m->wd, what & (m->mask | ~IN_ALL_EVENTS), cookie, name);
		if (remove || ((m->mask & IN_ONESHOT) && (m->mask & what & IN_ALL_EVENTS)))
			detach(m, &gone);
	}
	spin_unlock(&lock);
	free_marks(&gone);
}

/* ---- what the file layer calls ---- */

void notify_vnode_slow(struct vnode *v, u32 what)
{
	tell(v, what, 0, NULL, false);
}

void notify_name_slow(struct vnode *dir, u32 what, const struct dentry *d, u32 cookie)
{
	tell(dir, what | (d->vnode && vnode_is_dir(d->vnode) ? IN_ISDIR : 0), cookie, d->name,
	     false);
}

/* The directory's watchers first, as on Linux. */
void notify_place_slow(struct dentry *d, u32 what)
{
	struct dentry *parent = NULL;

	if (!d->vnode)
		return;
	if (!dentry_is_root(d) && dentry_hashed(d)) {
		rcu_read_lock();
		parent = READ_ONCE(d->parent);
		if (!dentry_tryget(parent))
			parent = NULL;
		rcu_read_unlock();
	}
	if (parent) {
		notify_name_slow(parent->vnode, what, d, 0);
		dentry_put(parent);
	}
	tell(d->vnode, what | (vnode_is_dir(d->vnode) ? IN_ISDIR : 0), 0, NULL, false);
}

void notify_deleted_slow(struct vnode *v)
{
	tell(v, IN_ATTRIB, 0, NULL, false);
	if (!v->nlink)
		tell(v, IN_DELETE_SELF | (vnode_is_dir(v) ? IN_ISDIR : 0), 0, NULL, true);
}

void notify_move_slow(struct vnode *from, struct vnode *to, const struct dentry *d,
		      const struct dentry *target, struct vnode *v)
{
	u32 dir = vnode_is_dir(v) ? IN_ISDIR : 0, cookie;

	spin_lock(&lock);
	cookie = ++next_cookie;
	spin_unlock(&lock);
	tell(from, IN_MOVED_FROM | dir, cookie, target->name, false);
	tell(to, IN_MOVED_TO | dir, cookie, d->name, false);
	tell(v, IN_MOVE_SELF | dir, 0, NULL, false);
}

/* ---- the descriptor ---- */

static struct event *take(struct group *g, usize room, int *err)
{
	struct event *e;

	spin_lock(&lock);
	e = list_first_or_null(&g->events, struct event, link);
	if (e && sizeof(e->r) + e->r.name_len > room) {
		*err = -EINVAL;
		e = NULL;
	}
	if (e) {
		list_del(&e->link);
		g->nr_events--;
	}
	spin_unlock(&lock);
	return e;
}

static ssize_t inotify_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct group *g = to_group(f);
	ssize_t done = 0;
	struct event *e;
	int err;

	err = file_wait(f, &g->obj.readers, READ_ONCE(g->nr_events));
	while (!err && (e = take(g, iter_left(to), &err))) {
		usize n = sizeof(e->r) + e->r.name_len;

		if (iter_put(to, &e->r, sizeof(e->r)) + iter_put(to, e->name, e->r.name_len) < n)
			err = -EFAULT;
		else
			done += (ssize_t)n;
		kfree(e);
	}
	return done ? done : err;
}

static u32 inotify_poll(struct file *f)
{
	return READ_ONCE(to_group(f)->nr_events) ? EPOLLIN | EPOLLRDNORM : 0;
}

u64 inotify_bytes(struct file *f)
{
	struct event *e;
	u64 n = 0;

	spin_lock(&lock);
	list_for_each_entry(e, &to_group(f)->events, link)
		n += sizeof(e->r) + e->r.name_len;
	spin_unlock(&lock);
	return n;
}

static void inotify_release(struct object *o)
{
	struct group *g = container_of(o, struct group, obj);
	struct list gone = LIST_INIT(gone);
	struct mark *m, *next;
	struct event *e, *after;

	spin_lock(&lock);
	list_for_each_entry_safe(m, next, &g->marks, group_link)
		detach(m, &gone);
	spin_unlock(&lock);
	free_marks(&gone);
	list_for_each_entry_safe(e, after, &g->events, link)
		kfree(e);
	kfree(g);
}

/* The first watch from wd on; false: none. */
static bool watch_from(struct group *g, int wd, struct record *out, struct vnode **v)
{
	struct mark *m;

	*v = NULL;
	spin_lock(&lock);
	list_for_each_entry(m, &g->marks, group_link) {
		if (m->wd < wd)
			continue;
		*out = (struct record){ .wd = m->wd, .mask = m->mask };
		*v = m->v;
		vnode_get(m->v);
		break;
	}
	spin_unlock(&lock);
	return *v;
}

static void inotify_show(struct file *f, struct seq *s)
{
	struct record r = { .wd = 0 };
	struct vnode *v;

	while (watch_from(to_group(f), r.wd + 1, &r, &v)) {
		seq_print(s, "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0 \n", r.wd,
			  v->ino, v->sb->dev, r.mask & IN_ALL_EVENTS);
		vnode_put(v);
	}
}

static const struct object_ops inotify_ops = {
	.name = "inotify",
	.type = OBJ_INOTIFY,
	.async = true,
	.read = inotify_read,
	.seek = file_seek_nowhere,
	.poll = inotify_poll,
	.show = inotify_show,
	.release = inotify_release,
};

bool file_is_inotify(const struct file *f)
{
	return f->obj->ops == &inotify_ops;
}

int inotify_create(u32 flags, struct file **out)
{
	struct group *g = knew(struct group);

	if (!g)
		return -ENOMEM;
	object_init(&g->obj, &inotify_ops);
	list_init(&g->marks);
	list_init(&g->events);
	g->next_wd = 1;
	return file_create(&g->obj, O_RDONLY | (flags & O_NONBLOCK), out);
}

/* v's set, made if there is none; it stays until v goes. */
static struct notify_set *set_of(struct vnode *v)
{
	struct notify_set *s = rcu_deref(v->watches), *none = NULL;

	if (s)
		return s;
	s = knew(struct notify_set);
	if (!s)
		return NULL;
	list_init(&s->marks);
	if (!cmpxchg(&v->watches, &none, s)) {
		kfree(s);
		s = none;
	}
	return s;
}

static struct mark *find(struct group *g, const struct vnode *v)
{
	struct mark *m;

	list_for_each_entry(m, &g->marks, group_link)
		if (m->v == v)
			return m;
	return NULL;
}

int inotify_add(struct file *f, struct vnode *v, u32 mask)
{
	struct notify_set *s = set_of(v);
	struct mark *fresh = knew(struct mark), *m;
	struct group *g = to_group(f);
	int wd;

	if (!s || !fresh) {
		kfree(fresh);
		return -ENOMEM;
	}
	spin_lock(&lock);
	m = find(g, v);
	if (m && (mask & IN_MASK_CREATE)) {
		wd = -EEXIST;
	} else if (m) {
		m->mask = mask & IN_MASK_ADD ? m->mask | mask : mask;
		wd = m->wd;
	} else {
		vnode_get(v);
		wd = g->next_wd++;
		*fresh = (struct mark){ .group = g, .v = v, .wd = wd, .mask = mask };
		list_add_tail(&s->marks, &fresh->vnode_link);
		list_add_tail(&g->marks, &fresh->group_link);
		notify_nr_watches++;
		fresh = NULL;
	}
	spin_unlock(&lock);
	kfree(fresh);
	return wd;
}

int inotify_remove(struct file *f, int wd)
{
	struct list gone = LIST_INIT(gone);
	struct mark *m, *next;
	int err = -EINVAL;

	spin_lock(&lock);
	list_for_each_entry_safe(m, next, &to_group(f)->marks, group_link) {
		if (m->wd == wd) {
			detach(m, &gone);
			err = 0;
			break;
		}
	}
	spin_unlock(&lock);
	free_marks(&gone);
	return err;
}
