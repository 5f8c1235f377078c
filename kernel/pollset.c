/* SPDX-License-Identifier: MIT */
/* pollset.c - waiting for many descriptors at once.
 *
 * First a look at all of them, which is all there is to do when one is ready or nobody wants to
 * wait: no hook, no reference, no allocation. Else a hook on each object, then look and sleep in
 * turn until something is there.
 *
 * Invariants: (1) a hook is on its object, and its file referenced, from hook_all() to
 * unhook_all(). (2) set->fired is made false before the look that precedes a sleep: an event after
 * the look makes it true again, so it is not slept over.
 * Locks: none; notify runs under the object's poll_lock and wakes set->q. Ref: poll(2), select(2).
 * Tests: selftests/abi/poll.c
 */
#include <kernel/pollset.h>

#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/object.h>
#include <kernel/rights.h>
#include <mm/slab.h>

struct pollset {
	bool fired;
	struct waitq q;
};

struct poll_wait {
	struct poll_hook hook;
	struct pollset *set;
	struct file *file;	/* a reference; NULL: no such descriptor */
	u32 events;
};

#define FAST_WAITS 8u	/* on the stack */

static u32 look(struct file *f, u32 want)
{
	return file_poll(f) & want;
}

/* One look at every slot. How many have something. */
static int scan(struct poll_slot *s, u32 n, u32 always)
{
	int ready = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		struct handle h;

		s[i].got = 0;
		if (s[i].fd < 0)
			continue;
		if (unlikely(handle_get(s[i].fd, 0, &h))) {
			s[i].got = POLLNVAL;
		} else {
			s[i].got = unlikely(handle_need_any(&h, RIGHTS_POLL))
					   ? POLLNVAL
					   : (u16)look(h.file, s[i].want | always);
			handle_put(&h);
		}
		ready += s[i].got != 0;
	}
	return ready;
}

/* The same through the files that are hooked. */
static int scan_hooked(struct poll_slot *s, const struct poll_wait *w, u32 n)
{
	int ready = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		s[i].got = w[i].file ? (u16)look(w[i].file, w[i].events) : 0;
		ready += s[i].got != 0;
	}
	return ready;
}

static bool fire(struct poll_hook *h, u32 events)
{
	struct poll_wait *w = container_of(h, struct poll_wait, hook);

	if (!(events & w->events))
		return false;
	WRITE_ONCE(w->set->fired, true);
	waitq_wake_all(&w->set->q);
	return true;
}

static void hook_all(struct pollset *set, struct poll_wait *w, const struct poll_slot *s, u32 n,
		     u32 always)
{
	for (u32 i = 0; i < n; i++) {
		struct file *f = NULL;

		if (s[i].fd >= 0 && handle_get_file(s[i].fd, 0, &f))
			f = NULL;
		w[i].file = f;
		if (!f)
			continue;
		w[i].set = set;
		w[i].events = s[i].want | always;
		w[i].hook = (struct poll_hook){ .notify = fire };
		poll_hook_add(&w[i].hook, f->obj);
	}
}

static void unhook_all(struct poll_wait *w, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (!w[i].file)
			continue;
		poll_hook_del(&w[i].hook);
		file_put(w[i].file);
	}
}

static int wait_ready(struct pollset *set, struct poll_slot *s, struct poll_wait *w, u32 n,
		      ktime_t deadline)
{
	int ready, err = 0;

	for (;;) {
		WRITE_ONCE(set->fired, false);		/* (2) */
		smp_mb();
		ready = scan_hooked(s, w, n);
		if (ready || err)
			return ready ? ready : err == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
		err = waitq_wait(&set->q, READ_ONCE(set->fired), WAIT_INTERRUPTIBLE, deadline);
	}
}

int poll_slots(struct poll_slot *s, u32 n, u32 always, ktime_t deadline)
{
	struct poll_wait fast[FAST_WAITS], *w = fast;
	struct pollset set;
	int ready = scan(s, n, always);

	if (ready || !deadline)
		return ready;
	if (n > FAST_WAITS) {
		w = kmalloc(n * sizeof(*w), PAGE_KERNEL);
		if (!w)
			return -ENOMEM;
	}
	waitq_init(&set.q);
	hook_all(&set, w, s, n, always);
	ready = wait_ready(&set, s, w, n, deadline);
	unhook_all(w, n);
	if (w != fast)
		kfree(w);
	return ready;
}
