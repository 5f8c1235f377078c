/* SPDX-License-Identifier: MIT */
/* timerfd.c - a timer whose expiries are read from a descriptor.
 *
 * A periodic timer fires once and is not armed again before somebody looks (read, gettime): however
 * short the interval, an unread timer costs one interrupt. What was missed is computed then.
 *
 * Invariants: (1) fired: at least one expiry since the last read; ticks counts those known, missed
 * ones are added by catch_up(). (2) armed in the kernel's queue iff running and not fired.
 * (3) an absolute time of the real-time clock is kept as monotonic time under the offset it was
 * computed with; a step of the clock moves it (clock_moved), and cancels whoever asked for that.
 * Locks: clock.c's watch_lock > t->lock [RANK_OBJECT], interrupts off: the timer function takes it.
 * Ref: timerfd_create(2).
 * Tests: selftests/abi/timerfd.c
 */
#include <fs/procfs.h>
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
	struct clock_watch watch;	/* of those that wait for an absolute real time */
	int clock;			/* [I] */
	bool running;			/* [t] */
	bool fired;			/* [t] (1) */
	bool on_real;			/* [t] waits for an absolute real time (3) */
	bool cancel_on_set;		/* [t] */
	bool cancelled;			/* [t] the clock was set since somebody was told */
	u32 flags;			/* [t] of the last settime */
	ktime_t offset;			/* [t] real time - monotonic, when next was computed (3) */
	u64 ticks;			/* [t] expiries not read */
	/* [t] the last expiry that is counted or armed for; monotonic */
	ktime_t next;
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
	object_wake(&t->obj, EPOLLIN);
}

/* The real-time clock was stepped, or did not keep step. */
static void clock_moved(struct clock_watch *w, bool stepped)
{
	struct timerfd *t = container_of(w, struct timerfd, watch);
	irqflags_t irq = spin_lock_irq(&t->lock);
	ktime_t offset = clock_realtime_offset();
	bool moved = t->on_real && t->offset != offset;
	bool cancel = moved && stepped && t->cancel_on_set;

	if (moved) {
		t->next += t->offset - offset;
		t->offset = offset;
		if (t->running && !t->fired)
			timer_arm(&t->timer, t->next);
	}
	if (cancel) {
		t->cancelled = true;
		t->ticks++;
	}
	spin_unlock_irq(&t->lock, irq);
	if (cancel)
		object_wake(&t->obj, EPOLLIN);
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

static bool take(struct timerfd *t, u64 *ticks, bool *cancelled)
{
	irqflags_t irq = spin_lock_irq(&t->lock);
	bool any = t->ticks;

	if (any)
		catch_up(t);
	*cancelled = t->cancelled;
	*ticks = t->ticks;
	t->ticks = 0;
	t->cancelled = false;
	spin_unlock_irq(&t->lock, irq);
	return any;
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
	return iter_put(to, &ticks, sizeof(ticks)) == sizeof(ticks) ? (ssize_t)sizeof(ticks)
								    : -EFAULT;
}

static u32 timerfd_poll(struct file *f)
{
	return READ_ONCE(to_timerfd(f->obj)->ticks) ? EPOLLIN : 0;
}

static void timerfd_release(struct object *o)
{
	struct timerfd *t = to_timerfd(o);

	clock_watch_del(&t->watch);
	timer_cancel_sync(&t->timer);
	kfree(t);
}

static void read_setting(struct timerfd *t, struct timerfd_setting *out) MUST_HOLD(t->lock)
{
	ktime_t now = clock_monotonic();

	catch_up(t);
	out->interval = t->interval;
	out->value = t->running && !t->fired ? max(t->next - now, (ktime_t)1) : 0;
}

static void timerfd_show(struct file *f, struct seq *s)
{
	struct timerfd *t = to_timerfd(f->obj);
	struct timerfd_setting now;
	irqflags_t irq = spin_lock_irq(&t->lock);
	u64 ticks = t->ticks;
	u32 flags = t->flags;

	read_setting(t, &now);
	spin_unlock_irq(&t->lock, irq);
	seq_print(s, "clockid: %d\nticks: %lu\nsettime flags: 0%o\n", t->clock, ticks, flags);
	seq_print(s, "it_value: (%lu, %lu)\n", (u64)(now.value / NSEC_PER_SEC),
		  (u64)(now.value % NSEC_PER_SEC));
	seq_print(s, "it_interval: (%lu, %lu)\n", (u64)(now.interval / NSEC_PER_SEC),
		  (u64)(now.interval % NSEC_PER_SEC));
}

static const struct object_ops timerfd_ops = {
	.name = "[timerfd]",
	.type = OBJ_TIMERFD,
	.read = timerfd_read,
	.seek = file_seek_nowhere,
	.poll = timerfd_poll,
	.show = timerfd_show,
	.release = timerfd_release,
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
	clock_watch_init(&t->watch, clock_moved);
	t->clock = clock;
	return file_create(&t->obj, O_RDWR | (flags & O_NONBLOCK), out);
}

void timerfd_get(struct file *f, struct timerfd_setting *out)
{
	struct timerfd *t = to_timerfd(f->obj);
	irqflags_t irq = spin_lock_irq(&t->lock);

	read_setting(t, out);
	spin_unlock_irq(&t->lock, irq);
}

/* New figures; the timer is idle. True: the clock was set since the last look, and somebody wants
 * to know. */
static bool set_locked(struct timerfd *t, u32 flags, const struct timerfd_setting *new)
	MUST_HOLD(t->lock)
{
	bool cancelled = t->cancelled && t->on_real && (flags & TFD_TIMER_CANCEL_ON_SET) &&
			 new->value;
	ktime_t base = flags & TFD_TIMER_ABSTIME ? 0 : clock_monotonic();

	t->on_real = (flags & TFD_TIMER_ABSTIME) &&
		     (t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM);
	t->cancel_on_set = t->on_real && (flags & TFD_TIMER_CANCEL_ON_SET);
	t->cancelled = t->fired = false;
	t->flags = flags;
	t->ticks = 0;
	t->interval = new->interval;
	t->running = new->value != 0;
	t->offset = clock_realtime_offset();
	if (t->on_real)
		base = -t->offset;
	if (t->running) {
		if (add_of(base, new->value, &t->next))
			t->next = S64_MAX;
		timer_arm(&t->timer, t->next);
	}
	return cancelled;
}

int timerfd_set(struct file *f, u32 flags, const struct timerfd_setting *new,
		struct timerfd_setting *old)
{
	struct timerfd *t = to_timerfd(f->obj);
	bool cancelled;
	irqflags_t irq;

	if ((flags & TFD_TIMER_ABSTIME) &&
	    (t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM))
		clock_watch_add(&t->watch);
	timer_cancel_sync(&t->timer);
	irq = spin_lock_irq(&t->lock);
	read_setting(t, old);
	timer_cancel(&t->timer);	/* read_setting() may have armed it */
	cancelled = set_locked(t, flags, new);
	spin_unlock_irq(&t->lock, irq);
	return cancelled ? -ECANCELED : 0;
}
