/* SPDX-License-Identifier: MIT */
/* modules: kernel/object.c */
/* object: references, who is woken by which event, hooks that come and go, also from inside a
 * notification. */
#include <kernel/object.h>
#include <kernel/uapi.h>

#include "unit.h"

static u32 readers_woken, writers_woken, released, told, last_events;
static struct object o, inner;

void waitq_init(struct waitq *q)
{
	spin_init(&q->lock, RANK_WAITQ);
	list_init(&q->sleepers);
}

void waitq_wake_all(struct waitq *q)
{
	if (q == &o.readers)
		readers_woken++;
	else
		writers_woken++;
}

static void on_release(struct object *obj)
{
	EXPECT_TRUE(obj == &o);
	released++;
}

static const struct object_ops ops = { .name = "test", .release = on_release };

static bool note(struct poll_hook *h, u32 events)
{
	EXPECT_TRUE(h->obj == &o || h->obj == &inner);
	EXPECT_TRUE(host_irqs_masked);
	told++;
	last_events = events;
	return true;
}

static bool pass_on(struct poll_hook *h, u32 events)
{
	(void)h;
	object_wake(&inner, events);
	return true;
}

TEST(released_once_with_the_last_reference)
{
	object_init(&o, &ops);
	object_get(&o);
	EXPECT_TRUE(object_tryget(&o));
	object_put(&o);
	object_put(&o);
	EXPECT_EQ(0, released);
	object_put(&o);
	EXPECT_EQ(1, released);
	EXPECT_TRUE(!object_tryget(&o));
}

TEST(events_wake_those_they_concern)
{
	static const struct { u32 events, readers, writers; } rows[] = {
		{ EPOLLIN, 1, 0 },  { EPOLLOUT, 0, 1 }, { EPOLLIN | EPOLLOUT, 1, 1 },
		{ EPOLLHUP, 1, 1 }, { EPOLLERR, 1, 1 }, { EPOLLRDHUP, 1, 0 },
		{ EPOLLPRI, 1, 0 }, { 0, 0, 0 },
	};
	struct list sleeper[2];
	u32 i;

	object_init(&o, &ops);
	object_wake(&o, EPOLLIN | EPOLLOUT);		/* nobody sleeps */
	EXPECT_EQ(0, readers_woken + writers_woken);
	list_add_tail(&o.readers.sleepers, &sleeper[0]);
	list_add_tail(&o.writers.sleepers, &sleeper[1]);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		readers_woken = writers_woken = 0;
		object_wake(&o, rows[i].events);
		EXPECT_EQ(rows[i].readers, readers_woken);
		EXPECT_EQ(rows[i].writers, writers_woken);
	}
}

TEST(hooks_are_told_while_they_are_linked)
{
	struct poll_hook a = { .notify = note }, b = { .notify = note };

	object_init(&o, &ops);
	poll_hook_add(&a, &o);
	poll_hook_add(&b, &o);
	object_wake(&o, EPOLLIN);
	EXPECT_EQ(2, told);
	EXPECT_EQ(EPOLLIN, last_events);
	poll_hook_del(&a);
	object_wake(&o, EPOLLOUT);
	EXPECT_EQ(3, told);
	poll_hook_del(&b);
	object_wake(&o, EPOLLIN);
	EXPECT_EQ(3, told);
	EXPECT_TRUE(!host_irqs_masked);
}

static bool asleep(struct poll_hook *h, u32 events)
{
	note(h, events);
	return false;
}

TEST(of_exclusive_hooks_one_that_wakes_somebody_is_enough)
{
	struct poll_hook busy = { .notify = asleep, .exclusive = true },
			 first = { .notify = note, .exclusive = true },
			 second = { .notify = note, .exclusive = true }, all = { .notify = note };

	object_init(&o, &ops);
	poll_hook_add(&busy, &o);
	poll_hook_add(&first, &o);
	poll_hook_add(&second, &o);
	poll_hook_add(&all, &o);
	object_wake(&o, EPOLLIN);
	EXPECT_EQ(3, told);		/* all, whenever it came; busy, which wakes nobody; first */
	poll_hook_del(&first);
	object_wake(&o, EPOLLIN);
	EXPECT_EQ(6, told);
}

TEST(a_notification_may_wake_another_object)
{
	struct poll_hook outer = { .notify = pass_on }, h = { .notify = note };

	object_init(&o, &ops);
	object_init(&inner, &ops);
	poll_hook_add(&outer, &o);
	poll_hook_add(&h, &inner);
	object_wake(&o, EPOLLIN);
	EXPECT_EQ(1, told);
}
