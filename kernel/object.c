/* SPDX-License-Identifier: MIT */
/* object.c - counts, sleepers and pollers of everything behind a file descriptor.
 *
 * A poller hangs its hook on the object, then asks whether an event already holds. A waker makes
 * the event true, then looks for sleepers and hooks. Whatever the interleaving, one of them sees
 * the other:
 *
 *	poller					waker
 *	hook on o->pollers			event = true
 *	smp_mb()			(A)	smp_mb()			(B)
 *	poll: read event			read o->readers, o->writers, o->pollers
 *
 * Invariants:
 *  (1) a hook is linked from poll_hook_add() to poll_hook_del(), and notify runs only under
 *      o->poll_lock while it is linked: after poll_hook_del() the hook's memory is the poller's
 *      alone.
 *  (2) whoever has a hook on an object holds a reference to it (through the file it polls).
 *  (3) exclusive hooks come last: a wake-up reaches all the others and the first exclusive one that
 *      wakes somebody.
 *
 * Locks: o->poll_lock [RANK_OBJ_POLL] > whatever notify takes (RANK_EPOLL_READY, RANK_WAITQ),
 * interrupts off. An epoll that watches an epoll wakes it from inside notify: a second poll_lock,
 * ordered by nesting, which epoll_ctl(2) keeps free of cycles.
 * Ref: poll(2), epoll(7). Tests: selftests/unit/object_test.c, selftests/abi/epoll.c
 */
#include <kernel/object.h>

#include <arch/barrier.h>
#include <kernel/uapi.h>

#define EVENTS_FOR_READERS (EPOLLIN | EPOLLRDNORM | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)
#define EVENTS_FOR_WRITERS (EPOLLOUT | EPOLLWRNORM | EPOLLHUP | EPOLLERR)

void object_init(struct object *o, const struct object_ops *ops)
{
	ref_init(&o->refs, 1);
	o->ops = ops;
	waitq_init(&o->readers);
	waitq_init(&o->writers);
	spin_init(&o->poll_lock, RANK_OBJ_POLL);
	list_init(&o->pollers);
}

bool object_tryget(struct object *o)
{
	return ref_tryget(&o->refs);
}

void object_put(struct object *o)
{
	if (ref_put(&o->refs))
		o->ops->release(o);
}

/* Also from inside another object's notify: the order between two poll locks is the nesting of
 * epolls. */
static irqflags_t poll_lock_nested(struct object *o) NO_LOCK_CHECK
{
	irqflags_t irq = irq_save();

	while (!spin_trylock(&o->poll_lock))
		cpu_relax();
	return irq;
}

static __noinline void notify_pollers(struct object *o, u32 events) NO_LOCK_CHECK
{
	irqflags_t irq = poll_lock_nested(o);
	struct poll_hook *h, *next;

	list_for_each_entry_safe(h, next, &o->pollers, link)
		if (h->notify(h, events) && h->exclusive)
			break;
	spin_unlock_irq(&o->poll_lock, irq);
}

void object_wake(struct object *o, u32 events)
{
	smp_mb();		/* (B): pairs with (A) in poll_hook_add() and with waitq.c's */
	if ((events & EVENTS_FOR_READERS) && !list_empty_racy(&o->readers.sleepers))
		waitq_wake_all(&o->readers);
	if ((events & EVENTS_FOR_WRITERS) && !list_empty_racy(&o->writers.sleepers))
		waitq_wake_all(&o->writers);
	if (!list_empty_racy(&o->pollers))
		notify_pollers(o, events);
}

void poll_hook_add(struct poll_hook *h, struct object *o)
{
	irqflags_t irq = spin_lock_irq(&o->poll_lock);

	h->obj = o;
	if (h->exclusive)
		list_add_tail(&o->pollers, &h->link);
	else
		list_add_head(&o->pollers, &h->link);
	spin_unlock_irq(&o->poll_lock, irq);
	smp_mb();		/* (A): pairs with (B) in object_wake() */
}

void poll_hook_del(struct poll_hook *h)
{
	irqflags_t irq = spin_lock_irq(&h->obj->poll_lock);

	list_del_init(&h->link);
	spin_unlock_irq(&h->obj->poll_lock, irq);
}
