/* SPDX-License-Identifier: MIT */
/* timerfd.c - a timer whose expiries are read from a descriptor.
 *
 * A periodic timer fires once and is not armed again before somebody looks (read, gettime): however short the interval, an unread
 * timer costs one interrupt. What was missed is computed then.
 *
 * Invariants: (1) fired: at least one expiry since the last read; ticks counts those known, missed ones are added by catch_up().
 * (2) armed in the kernel's queue iff running and not fired.
 * Locks: t->lock [RANK_OBJECT], interrupts off: the timer function takes it. Ref: timerfd_create(2). Tests: none of its own yet
 */
#include <fs/timerfd.h>

#include <kernel/clock.h>
#include <kernel/file.h>
#include <kernel/object.h>
#include <kernel/timer.h>
#include <mm/iter.h>
#include <mm/slab.h>

/* Locks: t  timerfd.lock   I  immutable */
struct timerfd {
	struct object obj;		/* first */
	struct spinlock lock;
	struct timer timer;
	bool realtime;			/* [I] CLOCK_REALTIME, CLOCK_REALTIME_ALARM */
	bool running;			/* [t] */
	bool fired;			/* [t] (1) */
	bool cancel_on_set;		/* [t] */
	u32 set_seq;			/* [t] of the real-time clock when armed */
	u64 ticks;			/* [t] expiries not read */
	ktime_t next;			/* [t] the last expiry that is counted or armed for; monotonic */
	ktime_t interval;		/* [t] */
};

static struct timerfd *to_timerfd(struct object *o)
{
	return container_of(o, struct timerfd, obj);
}

static void expired(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	irqflags_t irq = spin_lock_irq(&t->lock);

	t->fired = true;
	t->ticks++;
	spin_unlock_irq(&t->lock, irq);
	object_wake(&t->obj, EPOLLIN | EPOLLRDNORM);
}

/* A periodic timer that fired: counts what was missed, arms for the next. */
static void catch_up(struct timerfd *t) MUST_HOLD(t->lock)
{
	ktime_t now = clock_monotonic();
	u64 missed;

	if (!t->fired || !t->interval)
		return;
	missed = now > t->next ? (u64)(now - t->next) / (u64)t->interval : 0;
	t->ticks += missed;
	t->next += (ktime_t)(missed + 1) * t->interval;
	t->fired = false;
	timer_arm(&t->timer, t->next);
}

/* -ECANCELED once after the clock was set, for those who asked. */
static bool was_set(struct timerfd *t) MUST_HOLD(t->lock)
{
	u32 seq = clock_set_seq();

	if (!t->cancel_on_set || t->set_seq == seq)
		return false;
	t->set_seq = seq;
	return true;
}

static bool take(struct timerfd *t, u64 *ticks, bool *cancelled)
{
	irqflags_t irq = spin_lock_irq(&t->lock);

	*cancelled = was_set(t);
	if (t->ticks)
		catch_up(t);
	*ticks = t->ticks;
	if (!*cancelled)
		t->ticks = 0;
	if (!t->interval && *ticks)
		t->fired = false;
	spin_unlock_irq(&t->lock, irq);
	return *ticks || *cancelled;
}

static ssize_t timerfd_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct timerfd *t = to_timerfd(f->obj);
	bool cancelled;
	u64 ticks;
	int err;

	if (iter_left(to) < sizeof(ticks))
		return -EINVAL;
	err = file_wait(f, &t->obj.readers, take(t, &ticks, &cancelled));
	if (err)
		return err;
	if (cancelled)
		return -ECANCELED;
	return iter_put(to, &ticks, sizeof(ticks)) == sizeof(ticks) ? (ssize_t)sizeof(ticks) : -EFAULT;
}

static u32 timerfd_poll(struct file *f)
{
	return READ_ONCE(to_timerfd(f->obj)->ticks) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void timerfd_release(struct object *o)
{
	struct timerfd *t = to_timerfd(o);

	timer_cancel_sync(&t->timer);
	kfree(t);
}

static const struct object_ops timerfd_ops = {
	.name = "[timerfd]", .type = OBJ_TIMERFD, .read = timerfd_read, .poll = timerfd_poll, .release = timerfd_release,
};

bool file_is_timerfd(const struct file *f)
{
	return f->obj->ops == &timerfd_ops;
}

int timerfd_create(int clock, u32 flags, struct file **out)
{
	struct timerfd *t = knew(struct timerfd);

	if (!t)
		return -ENOMEM;
	object_init(&t->obj, &timerfd_ops);
	spin_init(&t->lock, RANK_OBJECT);
	timer_setup(&t->timer, expired);
	t->realtime = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
	return file_create(&t->obj, O_RDWR | (flags & O_NONBLOCK), out);
}

static void read_setting(struct timerfd *t, struct timerfd_setting *out) MUST_HOLD(t->lock)
{
	ktime_t now = clock_monotonic();

	catch_up(t);
	out->interval = t->interval;
	out->value = t->running && !t->fired ? max(t->next - now, (ktime_t)1) : 0;
}

void timerfd_get(struct file *f, struct timerfd_setting *out)
{
	struct timerfd *t = to_timerfd(f->obj);
	irqflags_t irq = spin_lock_irq(&t->lock);

	read_setting(t, out);
	spin_unlock_irq(&t->lock, irq);
}

int timerfd_set(struct file *f, u32 flags, const struct timerfd_setting *new, struct timerfd_setting *old)
{
	struct timerfd *t = to_timerfd(f->obj);
	ktime_t base = flags & TFD_TIMER_ABSTIME ? 0 : clock_monotonic();
	irqflags_t irq;

	if ((flags & TFD_TIMER_ABSTIME) && t->realtime)
		base = -clock_realtime_offset();
	timer_cancel_sync(&t->timer);
	irq = spin_lock_irq(&t->lock);
	read_setting(t, old);
	timer_cancel(&t->timer);	/* read_setting() may have armed it */
	t->cancel_on_set = t->realtime && (flags & TFD_TIMER_ABSTIME) && (flags & TFD_TIMER_CANCEL_ON_SET);
	t->set_seq = clock_set_seq();
	t->fired = false;
	t->ticks = 0;
	t->interval = new->interval;
	t->running = new->value != 0;
	if (t->running) {
		if (add_of(base, new->value, &t->next))
			t->next = S64_MAX;
		timer_arm(&t->timer, t->next);
	}
	spin_unlock_irq(&t->lock, irq);
	return 0;
}
