/* SPDX-License-Identifier: MIT */
/* eventfd.c - a counter that can be waited for through a file descriptor.
 *
 * Invariants:
 *  (1) count < U64_MAX: a write that would reach U64_MAX waits, so that a counter is always
 *      readable before it overflows.
 *  (2) readable iff count > 0; writable iff count < U64_MAX - 1. Both change under e->lock, and
 *      whoever changes them wakes the other side after dropping it.
 *
 * Locks: e->lock [RANK_OBJECT]; wakes outside it. Ref: eventfd(2). Tests: selftests/abi/eventfd.c
 */
#include <fs/eventfd.h>
#include <fs/procfs.h>

#include <kernel/file.h>
#include <kernel/object.h>
#include <mm/iter.h>
#include <mm/slab.h>

/* Locks: e  eventfd.lock   I  immutable after create */
struct eventfd {
	struct object obj;		/* first */
	struct spinlock lock;
	u64 count;			/* [e] (1) */
	bool semaphore;			/* [I] */
	int id;				/* [I] as fdinfo shows it */
};

static atomic_t next_id;		/* the machine's eventfds, ever */

static struct eventfd *to_eventfd(struct object *obj)
{
	return container_of(obj, struct eventfd, obj);
}

static bool take(struct eventfd *e, u64 *value)
{
	bool any;

	spin_lock(&e->lock);
	any = e->count > 0;
	*value = e->semaphore ? any : e->count;
	e->count -= *value;
	spin_unlock(&e->lock);
	return any;
}

static bool put(struct eventfd *e, u64 n)
{
	bool fits;

	spin_lock(&e->lock);
	fits = n < U64_MAX - e->count;		/* (1) */
	if (fits)
		e->count += n;
	spin_unlock(&e->lock);
	return fits;
}

static ssize_t eventfd_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct eventfd *e = to_eventfd(f->obj);
	u64 value;
	int err;

	if (iter_left(to) < sizeof(value))
		return -EINVAL;
	err = file_wait(f, &e->obj.readers, take(e, &value));
	if (err)
		return err;
	object_wake(&e->obj, EPOLLOUT | EPOLLWRNORM);
	return iter_put(to, &value, sizeof(value)) == sizeof(value) ? (ssize_t)sizeof(value)
								    : -EFAULT;
}

static ssize_t eventfd_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct eventfd *e = to_eventfd(f->obj);
	u64 n;
	int err;

	if (iter_left(from) != sizeof(n))
		return -EINVAL;
	if (iter_take(from, &n, sizeof(n)) < sizeof(n))
		return -EFAULT;
	if (n == U64_MAX)
		return -EINVAL;
	err = file_wait(f, &e->obj.writers, put(e, n));
	if (err)
		return err;
	object_wake(&e->obj, EPOLLIN | EPOLLRDNORM);
	return sizeof(n);
}

static u32 eventfd_poll(struct file *f)
{
	u64 count = READ_ONCE(to_eventfd(f->obj)->count);

	return (count > 0 ? EPOLLIN | EPOLLRDNORM : 0) |
	       (count < U64_MAX - 1 ? EPOLLOUT | EPOLLWRNORM : 0);
}

static void eventfd_show(struct file *f, struct seq *s)
{
	struct eventfd *e = to_eventfd(f->obj);

	seq_print(s, "eventfd-count: %16lx\neventfd-id: %d\neventfd-semaphore: %d\n",
		  READ_ONCE(e->count), e->id, e->semaphore);
}

static void eventfd_release(struct object *obj)
{
	kfree(to_eventfd(obj));
}

static const struct object_ops eventfd_ops = {
	.name	 = "[eventfd]",
	.type	 = OBJ_EVENTFD,
	.read	 = eventfd_read,
	.write	 = eventfd_write,
	.seek	 = file_seek_nowhere,
	.poll	 = eventfd_poll,
	.show	 = eventfd_show,
	.release = eventfd_release,
};

int eventfd_create(u32 count, bool semaphore, u32 flags, struct file **out)
{
	struct eventfd *e = knew(struct eventfd);

	if (!e)
		return -ENOMEM;
	object_init(&e->obj, &eventfd_ops);
	spin_init(&e->lock, RANK_OBJECT);
	e->count = count;
	e->semaphore = semaphore;
	e->id = (int)(atomic_add_return(&next_id, 1) - 1);
	return file_create(&e->obj, O_RDWR | (flags & O_NONBLOCK), out);
}
