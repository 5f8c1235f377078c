/* SPDX-License-Identifier: MIT */
/* epoll.c - readiness of many descriptors: an interest list, a ready list.
 *
 * Each watched descriptor has an item with a hook on its object. When the object wakes, the hook
 * puts the item on the ready list and wakes one waiter. A wait scans the ready list and asks each
 * object what holds now; a level-triggered item goes back to the end, an edge-triggered one waits
 * for the next wake-up.
 *
 * States of an item:
 *
 *	       notify(), or ready when added            scan                         level-triggered and still ready
 *	IDLE ------------------------------> READY -------------------> (asked)
 *	------------------------------------> READY
 *	 ^                                                                 |  not ready, EPOLLET, or EPOLLONESHOT (disarmed)
 *	 +-----------------------------------------------------------------+
 *
 * While a scan is on, the ready list is the scanner's alone, without a lock: what is notified
 * meanwhile waits in ep->missed, and joins the list when the scan ends unless it stands there
 * (again): an edge may be told twice, as on Linux.
 *
 * Invariants:
 *  (1) an item is in ep->items from add to remove, under ep->mtx; its file is alive as long: the
 *      last reference to a file tells us (file_watch) before anything else, and waits for ep->mtx.
 *  (2) item->is_ready iff it is on ep->ready; both change under ep->ready_lock in any context, or
 *      by the scanner while ep->scanning, which changes under ep->mtx and ep->ready_lock. Only
 *      holders of ep->mtx take items off.
 *  (3) epolls that watch epolls form no cycle and are at most MAX_NEST deep; epoll_ctl checks under
 *      nest_lock.
 *  (4) an item is freed by whoever unlinks its watch from file->watches: the file's release, or
 *      remove_item(). When the epoll dies while a file is being released, death_lock orders the
 *      two: item->ep == NULL says that the epoll was first.
 *
 * Locks: death_lock, nest_lock [RANK_OBJ_SLEEP] > ep->mtx (nested) > file->lock; ep->ready_lock
 * [RANK_EPOLL_READY], interrupts off, inside poll_lock of the watched object. Ref: epoll(7),
 * epoll_ctl(2), epoll_wait(2). Tests: selftests/abi/epoll.c
 */
#include <fs/epoll.h>
#include <fs/procfs.h>

#include <kernel/file.h>
#include <kernel/object.h>
#include <kernel/task.h>
#include <mm/slab.h>

#define MAX_NEST 5u
#define PRIVATE	 (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EXCLUSIVE_OK (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

/* Locks: m  epoll.mtx   r  epoll.ready_lock */
struct epoll {
	struct object obj;		/* first; pollers: epolls that watch this one, poll(2) */
	struct mutex mtx;
	/* [m] the items: chains by the low bits of fd, as numbers are given out in a row */
	struct item **table;
	u32 mask, nr_items;		/* [m] chains less one */
	struct item *few[8];		/* [m] the table at first */
	struct spinlock ready_lock;
	bool scanning;			/* [r] ready is the scanner's (2) */
	struct list ready;		/* [r] of item.ready_link */
	/* [r] on ready; while scanning: when that began, and on missed */
	u32 nr_ready;
	struct item *missed, **missed_end;	/* [r] notified while scanning, in order */
	struct waitq waiters;		/* threads in epoll_wait, exclusive */
};

struct item {
	struct item *next;		/* [m] in its chain */
	struct item *next_missed;	/* [r] */
	struct poll_hook hook;
	struct list ready_link;		/* [r] */
	bool is_ready;			/* [r] (2) */
	bool is_missed;			/* [r] in ep->missed */
	int fd;
	u32 events;			/* [m] also read in notify: a word */
	u64 data;			/* [m] */
	struct epoll *ep;		/* [death_lock] NULL: it died first (4) */
	struct file *file;		/* no reference: (1) */
	struct file_watch watch;	/* [file->lock] */
};

static struct slab_cache *item_cache;	/* made with the first epoll, under nest_lock */
static struct mutex death_lock = MUTEX_INIT(death_lock, RANK_OBJ_SLEEP);
static struct mutex nest_lock = MUTEX_INIT(nest_lock, RANK_OBJ_SLEEP);
static const struct object_ops epoll_ops;

static struct epoll *to_epoll(const struct file *f)
{
	return container_of(f->obj, struct epoll, obj);
}

/* ---- the ready list ---- */

static void add_ready(struct epoll *ep, struct item *i)
{
	i->is_ready = true;
	list_add_tail(&ep->ready, &i->ready_link);
	ep->nr_ready++;
}

static void make_ready(struct epoll *ep, struct item *i)
{
	irqflags_t irq = spin_lock_irq(&ep->ready_lock);

	if (!ep->scanning) {
		if (!i->is_ready)
			add_ready(ep, i);
	} else if (!i->is_missed) {
		i->is_missed = true;
		i->next_missed = NULL;
		*ep->missed_end = i;
		ep->missed_end = &i->next_missed;
		ep->nr_ready++;		/* whoever waits shall see it */
	}
	spin_unlock_irq(&ep->ready_lock, irq);
}

static void make_idle(struct epoll *ep, struct item *i)
{
	irqflags_t irq = spin_lock_irq(&ep->ready_lock);

	if (i->is_ready) {
		i->is_ready = false;
		list_del(&i->ready_link);
		ep->nr_ready--;
	}
	spin_unlock_irq(&ep->ready_lock, irq);
}

/* The ready list is the caller's until scan_end(). ep->mtx held. How many are on it. */
static u32 scan_begin(struct epoll *ep)
{
	irqflags_t irq = spin_lock_irq(&ep->ready_lock);
	u32 n = ep->nr_ready;

	ep->scanning = true;
	ep->missed = NULL;
	ep->missed_end = &ep->missed;
	spin_unlock_irq(&ep->ready_lock, irq);
	return n;
}

/* gone: how many were taken off with scan_drop(). */
static void scan_end(struct epoll *ep, u32 gone)
{
	irqflags_t irq = spin_lock_irq(&ep->ready_lock);
	struct item *i;

	ep->nr_ready -= gone;
	for (i = ep->missed; i; i = i->next_missed) {
		i->is_missed = false;
		ep->nr_ready--;
		if (!i->is_ready)
			add_ready(ep, i);
	}
	ep->scanning = false;
	spin_unlock_irq(&ep->ready_lock, irq);
}

static void scan_drop(struct item *i)
{
	i->is_ready = false;
	list_del(&i->ready_link);
}

static void wake(struct epoll *ep)
{
	waitq_wake_one(&ep->waiters);
	object_wake(&ep->obj, EPOLLIN | EPOLLRDNORM);
}

/* True when a thread was waiting for it: an exclusive item need not trouble the next one. */
static bool notify(struct poll_hook *h, u32 events)
{
	struct item *i = container_of(h, struct item, hook);
	u32 want = READ_ONCE(i->events);
	bool waiting;

	if (!(want & ~PRIVATE) || !(events & want))
		return false;			/* disarmed by EPOLLONESHOT, or not asked for */
	make_ready(i->ep, i);
	waiting = waitq_active(&i->ep->waiters);
	wake(i->ep);
	return waiting;
}

/* ---- items, with ep->mtx held ---- */

static struct item **chain(const struct epoll *ep, int fd)
{
	return &ep->table[(u32)fd & ep->mask];
}

static struct item *find(const struct epoll *ep, const struct file *f, int fd)
{
	struct item *i = *chain(ep, fd);

	/* the number may belong to another file by now */
	while (i && (i->fd != fd || i->file != f))
		i = i->next;
	return i;
}

/* The item after i, which may be NULL for the first. */
static struct item *next_item(const struct epoll *ep, const struct item *i)
{
	u32 c = i ? ((u32)i->fd & ep->mask) + 1 : 0;

	if (i && i->next)
		return i->next;
	while (c <= ep->mask && !ep->table[c])
		c++;
	return c <= ep->mask ? ep->table[c] : NULL;
}

static void chain_add(struct epoll *ep, struct item *i)
{
	struct item **c = chain(ep, i->fd);

	i->next = *c;
	*c = i;
}

/* Twice as many chains. Without memory they grow longer instead. */
static void grow(struct epoll *ep)
{
	u32 n = ep->mask + 1, c;
	struct item **old = ep->table, **bigger = kcalloc(n * 2ul, sizeof(struct item *));

	if (!bigger)
		return;
	ep->table = bigger;
	ep->mask = n * 2 - 1;
	for (c = 0; c < n; c++) {
		while (old[c]) {
			struct item *i = old[c];

			old[c] = i->next;
			chain_add(ep, i);
		}
	}
	if (old != ep->few)
		kfree(old);
}

/* Arms: what holds already counts. */
static inline void check_now(struct epoll *ep, struct item *i)
{
	if (!(file_poll(i->file) & i->events) || READ_ONCE(i->is_ready))
		return;				/* ready it stays: ep->mtx is held */
	make_ready(ep, i);
	wake(ep);
}

static void unlink_item(struct epoll *ep, struct item *i)
{
	struct item **at = chain(ep, i->fd);

	poll_hook_del(&i->hook);
	make_idle(ep, i);
	while (*at != i)
		at = &(*at)->next;
	*at = i->next;
	ep->nr_items--;
}

/* The watched file's last reference went; the watch is off its list. */
static void file_released(struct file_watch *w, struct file *f)
{
	struct item *i = container_of(w, struct item, watch);
	struct epoll *ep;

	mutex_lock(&death_lock);
	ep = i->ep;
	if (ep) {
		mutex_lock_nested(&ep->mtx);
		unlink_item(ep, i);
		mutex_unlock(&ep->mtx);
	}
	mutex_unlock(&death_lock);
	slab_free(item_cache, i);
}

static __noinline int add_item(struct epoll *ep, struct file *f, int fd, struct epoll_want want)
{
	struct item *i = slab_alloc(item_cache, PAGE_KERNEL);

	if (!i)
		return -ENOMEM;
	i->is_ready = i->is_missed = false;
	i->fd = fd;
	i->events = want.events | EPOLLERR | EPOLLHUP;
	i->data = want.data;
	i->ep = ep;
	i->file = f;
	i->hook = (struct poll_hook){ .notify = notify, .exclusive = want.events & EPOLLEXCLUSIVE };
	i->watch.released = file_released;
	if (ep->nr_items++ > ep->mask)
		grow(ep);
	chain_add(ep, i);
	spin_lock(&f->lock);
	list_add_tail(&f->watches, &i->watch.link);
	spin_unlock(&f->lock);
	poll_hook_add(&i->hook, f->obj);
	check_now(ep, i);
	return 0;
}

/* The file is alive (the caller has it), so its watch is on the list. */
static __noinline void remove_item(struct epoll *ep, struct item *i)
{
	spin_lock(&i->file->lock);
	list_del_init(&i->watch.link);
	spin_unlock(&i->file->lock);
	unlink_item(ep, i);
	slab_free(item_cache, i);
}

static inline int modify_item(struct epoll *ep, struct item *i, struct epoll_want want)
{
	if (i->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	WRITE_ONCE(i->events, want.events | EPOLLERR | EPOLLHUP);
	i->data = want.data;
	/* events before the look: notify() that misses the new events ran before what we see */
	smp_mb();
	check_now(ep, i);
	return 0;
}

/* ---- nesting, with nest_lock held ---- */

/* How deep the epolls below f go; MAX_NEST + 1 when target is among them. */
static u32 depth_below(struct epoll *ep, const struct epoll *target, u32 level)
{
	struct item *i;
	u32 deepest = 1;

	if (ep == target || level > MAX_NEST)
		return MAX_NEST + 1;
	mutex_lock_nested(&ep->mtx);
	for (i = next_item(ep, NULL); i && deepest <= MAX_NEST; i = next_item(ep, i))
		if (file_is_epoll(i->file))
			deepest = max(deepest,
				      1 + depth_below(to_epoll(i->file), target, level + 1));
	mutex_unlock(&ep->mtx);
	return deepest;
}

static int check_nesting(struct epoll *ep, struct file *target)
{
	return depth_below(to_epoll(target), ep, 1) >= MAX_NEST ? -ELOOP : 0;
}

/* ---- epoll_ctl ---- */

static __always_inline int ctl_locked(struct epoll *ep, int op, int fd, struct file *f,
				      struct epoll_want want)
{
	struct item *i = find(ep, f, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		return i ? -EEXIST : add_item(ep, f, fd, want);
	case EPOLL_CTL_DEL:
		if (i)
			remove_item(ep, i);
		return i ? 0 : -ENOENT;
	case EPOLL_CTL_MOD:
		return i ? modify_item(ep, i, want) : -ENOENT;
	}
	return -EINVAL;
}

static int check_exclusive(int op, const struct file *f, u32 events)
{
	if (op == EPOLL_CTL_DEL || !(events & EPOLLEXCLUSIVE))
		return 0;
	return op == EPOLL_CTL_MOD || file_is_epoll(f) || events & ~EXCLUSIVE_OK ? -EINVAL : 0;
}

static __always_inline int ctl(struct epoll *ep, int op, int fd, struct file *f,
			       struct epoll_want want)
{
	int err;

	mutex_lock_nested(&ep->mtx);
	err = ctl_locked(ep, op, fd, f, want);
	mutex_unlock(&ep->mtx);
	return err;
}

/* f is an epoll: (3). */
static __noinline int ctl_nested(struct epoll *ep, int op, int fd, struct file *f,
				 struct epoll_want want)
{
	int err;

	mutex_lock(&nest_lock);
	err = check_nesting(ep, f);
	if (!err)
		err = ctl(ep, op, fd, f, want);
	mutex_unlock(&nest_lock);
	return err;
}

int epoll_ctl(struct file *epf, int op, int fd, struct file *f, struct epoll_want want)
{
	if (!f->obj->ops->poll || f->mode & FMODE_PATH)
		return -EPERM;
	if (!file_is_epoll(epf) || f == epf || check_exclusive(op, f, want.events))
		return -EINVAL;
	if (op == EPOLL_CTL_ADD && file_is_epoll(f))
		return ctl_nested(to_epoll(epf), op, fd, f, want);
	return ctl(to_epoll(epf), op, fd, f, want);
}

/* ---- epoll_wait ---- */

/* The only ready item, level-triggered, not one-shot, and still ready: it stays where it is, and
 * nothing is locked but the epoll.
 * 0: the long way. A wake-up meanwhile finds it ready, or adds others behind it. */
static int collect_only(struct epoll *ep, struct epoll_out *out)
{
	struct item *i = list_first_or_null(&ep->ready, struct item, ready_link);
	u32 events;

	if (!i || (i->events & (EPOLLET | EPOLLONESHOT)))
		return 0;
	events = file_poll(i->file) & i->events;
	if (!events)
		return 0;
	return out->event(out, events, i->data) ? 1 : -1;
}

/* Goes once round the ready list. *fault: there was no room for an event, which is kept. */
static int collect_all(struct epoll *ep, struct epoll_out *out, int max, bool *fault)
{
	u32 left = scan_begin(ep), gone = 0;
	int n = 0;

	for (; left && n < max; left--) {
		struct item *i = list_first(&ep->ready, struct item, ready_link);
		u32 want = i->events, events = file_poll(i->file) & want;

		if (events) {
			*fault = !out->event(out, events, i->data);
			if (unlikely(*fault))
				break;
			n++;
			if (!(want & (EPOLLET | EPOLLONESHOT))) {
				list_move_tail(&ep->ready, &i->ready_link);
				continue;
			}
			if (want & EPOLLONESHOT)
				WRITE_ONCE(i->events, want & PRIVATE);
		}
		scan_drop(i);
		gone++;
	}
	scan_end(ep, gone);
	return n;
}

static int collect(struct epoll *ep, struct epoll_out *out, int max)
{
	bool fault = false;
	int n = 0;

	mutex_lock(&ep->mtx);
	if (READ_ONCE(ep->nr_ready) == 1) {
		n = collect_only(ep, out);
		fault = n < 0;
	}
	if (!n)
		n = collect_all(ep, out, max, &fault);
	mutex_unlock(&ep->mtx);
	if (READ_ONCE(ep->nr_ready) && waitq_active(&ep->waiters))
		waitq_wake_one(&ep->waiters);	/* there is more: for the next in line */
	return n > 0 ? n : fault ? -EFAULT : 0;
}

int epoll_wait(struct file *f, struct epoll_out *out, int max, ktime_t deadline)
{
	struct epoll *ep = to_epoll(f);
	int n, err;

	for (;;) {
		if (READ_ONCE(ep->nr_ready)) {
			n = collect(ep, out, max);
			if (n)
				return n;
		}
		if (!deadline)
			return 0;
		err = waitq_wait_exclusive(&ep->waiters, READ_ONCE(ep->nr_ready),
					   WAIT_INTERRUPTIBLE, deadline);
		if (err)
			return err == -ETIMEDOUT ? 0 : -EINTR;
	}
}

/* ---- the epoll as an object ---- */

/* Readable if an item on the ready list really is; those that are not any more leave it. May not
 * wait for ep->mtx. */
static u32 epoll_poll(struct file *f)
{
	struct epoll *ep = to_epoll(f);
	u32 left, gone = 0, events = 0;

	if (!READ_ONCE(ep->nr_ready))
		return 0;
	if (!mutex_trylock(&ep->mtx))
		return EPOLLIN | EPOLLRDNORM;
	for (left = scan_begin(ep); left && !events; left--) {
		struct item *i = list_first(&ep->ready, struct item, ready_link);

		if (file_poll(i->file) & i->events) {
			events = EPOLLIN | EPOLLRDNORM;
		} else {
			scan_drop(i);
			gone++;
		}
	}
	scan_end(ep, gone);
	mutex_unlock(&ep->mtx);
	return events;
}

static void epoll_show(struct file *f, struct seq *s)
{
	struct epoll *ep = to_epoll(f);
	struct item *i;

	mutex_lock(&ep->mtx);
	for (i = next_item(ep, NULL); i; i = next_item(ep, i)) {
		struct object *o = i->file->obj;

		seq_print(s, "tfd: %8d events: %8x data: %16lx  pos:%ld ino:%lx sdev:%x\n", i->fd,
			  i->events, i->data, i->file->pos, o->ops->ino ? o->ops->ino(o) : 1ul, 0u);
	}
	mutex_unlock(&ep->mtx);
}

/* Takes i's watch off its file; false: the file is being released and will free i itself (4). */
static bool claim(struct item *i)
{
	bool mine;

	spin_lock(&i->file->lock);
	mine = !list_empty(&i->watch.link);
	if (mine)
		list_del_init(&i->watch.link);
	spin_unlock(&i->file->lock);
	return mine;
}

static void epoll_release(struct object *o)
{
	struct epoll *ep = container_of(o, struct epoll, obj);
	u32 c;

	mutex_lock(&death_lock);
	for (c = 0; c <= ep->mask; c++) {
		while (ep->table[c]) {
			struct item *i = ep->table[c];

			unlink_item(ep, i);
			i->ep = NULL;
			if (claim(i))
				slab_free(item_cache, i);
		}
	}
	mutex_unlock(&death_lock);
	if (ep->table != ep->few)
		kfree(ep->table);
	kfree(ep);
}

static const struct object_ops epoll_ops = {
	.name = "[eventpoll]",
	.type = OBJ_EPOLL,
	.seek = file_seek_nowhere,
	.poll = epoll_poll,
	.show = epoll_show,
	.release = epoll_release,
};

static int make_cache(void)
{
	mutex_lock(&nest_lock);
	if (!item_cache)
		item_cache = slab_cache_create("epoll_item", sizeof(struct item), 16);
	mutex_unlock(&nest_lock);
	return item_cache ? 0 : -ENOMEM;
}

int epoll_create(struct file **out)
{
	struct epoll *ep;
	int err = item_cache ? 0 : make_cache();

	if (err)
		return err;
	ep = knew(struct epoll);
	if (!ep)
		return -ENOMEM;
	object_init(&ep->obj, &epoll_ops);
	mutex_init(&ep->mtx, RANK_OBJ_SLEEP);
	ep->table = ep->few;
	ep->mask = ARRAY_SIZE(ep->few) - 1;
	spin_init(&ep->ready_lock, RANK_EPOLL_READY);
	list_init(&ep->ready);
	waitq_init(&ep->waiters);
	return file_create(&ep->obj, O_RDWR, out);
}
