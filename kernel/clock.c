/* SPDX-License-Identifier: MIT */
/* clock.c - the clocks: the counter for monotonic time, the counter at a rate of its own and an
 * offset for real time.
 *
 * Real time = ticks * mult >> 32, + offset. As long as nobody disciplines it (kernel/ntp.c) mult is
 * the counter's own. A battery clock, if a driver registers one, gives the first offset; else the
 * clock starts in 1970, as Linux's does. Steps are told to the watchers at once, what a rate adds
 * up to when it is a millisecond.
 *
 * Locks: watch_lock [RANK_SLEEP_LEAF] for the watchers; set_lock [RANK_LOG: a leaf].
 * Barriers: (A) seq is odd while mult and offset change; (B) readers retry. The vDSO's page is
 * written by clock_changed_hook under set_lock.
 * Ref: clock_gettime(2), clock_settime(2). Tests: selftests/unit/timer_test.c, selftests/abi/time.c
 */
#include <kernel/clock.h>

#include <arch/barrier.h>
#include <arch/cpu.h>
#include <kernel/mutex.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <kernel/workq.h>

#define WORTH_TELLING NSEC_PER_MSEC

static struct spinlock set_lock = SPINLOCK_INIT(RANK_LOG);
static u32 seq;				/* [set_lock] (A) */
static u64 real_mult;			/* [set_lock; seq]; 0: the counter's */
static ktime_t rt_offset;		/* [set_lock; seq] */
/* [set_lock] to monotonic, when the watchers were last told */
static ktime_t told_offset;
static bool stepped;			/* [set_lock] since then */
static u32 set_seq;
static struct work tell_work;
static struct mutex watch_lock = MUTEX_INIT(watch_lock, RANK_SLEEP_LEAF);
static struct list watchers = LIST_INIT(watchers);	/* [watch_lock] */
void (*clock_changed_hook)(void);

static ktime_t scaled(u64 ticks, u64 mult)
{
	return (ktime_t)(((u128)ticks * mult) >> 32);
}

ktime_t clock_monotonic(void)
{
	return arch_clock_ns();
}

void clock_realtime_scale(u64 *mult, ktime_t *offset)
{
	u32 was;

	do {
		was = smp_load_acquire(&seq);		/* (B) */
		*mult = READ_ONCE(real_mult);
		*offset = READ_ONCE(rt_offset);
		smp_rmb();
	} while (unlikely((was & 1) || was != READ_ONCE(seq)));
	if (!*mult)
		*mult = arch_clock_mult();
}

ktime_t clock_realtime(void)
{
	ktime_t offset;
	u64 mult;

	clock_realtime_scale(&mult, &offset);
	return scaled(cycles_now(), mult) + offset;
}

ktime_t clock_realtime_offset(void)
{
	u64 mult, ticks = cycles_now();
	ktime_t offset;

	clock_realtime_scale(&mult, &offset);
	return mult == arch_clock_mult()
		       ? offset
		       : scaled(ticks, mult) + offset - scaled(ticks, arch_clock_mult());
}

ktime_t clock_boottime(void)
{
	return clock_monotonic();
}

u32 clock_set_seq(void)
{
	return __atomic_load_n(&set_seq, __ATOMIC_ACQUIRE);
}

/* (A) */
static void publish(u64 mult, ktime_t offset) MUST_HOLD(set_lock)
{
	WRITE_ONCE(seq, seq + 1);
	smp_wmb();
	WRITE_ONCE(real_mult, mult);
	WRITE_ONCE(rt_offset, offset);
	smp_store_release(&seq, seq + 1);
	if (clock_changed_hook)
		clock_changed_hook();
}

static void tell_watchers(bool set)
{
	struct clock_watch *w;

	mutex_lock(&watch_lock);
	list_for_each_entry(w, &watchers, link)
		w->changed(w, set);
	mutex_unlock(&watch_lock);
}

static u64 mult_now(void) MUST_HOLD(set_lock)
{
	return real_mult ? real_mult : arch_clock_mult();
}

void clock_set_realtime(ktime_t now)
{
	irqflags_t irq = spin_lock_irq(&set_lock);

	publish(real_mult, now - scaled(cycles_now(), mult_now()));
	told_offset = clock_realtime_offset();
	__atomic_fetch_add(&set_seq, 1, __ATOMIC_RELEASE);
	spin_unlock_irq(&set_lock, irq);
	tell_watchers(true);
}

/* ---- faster and slower ---- */

void clock_set_rate(s64 longer)
{
	u64 own = arch_clock_mult(), mult = own + (u64)(s64)(((s128)own * longer) >> 32),
	    ticks = cycles_now();
	irqflags_t irq = spin_lock_irq(&set_lock);

	if (mult != mult_now())
		publish(mult == own ? 0 : mult,
			scaled(ticks, mult_now()) + rt_offset - scaled(ticks, mult));
	spin_unlock_irq(&set_lock, irq);
}

void clock_leap(s32 seconds)
{
	irqflags_t irq = spin_lock_irq(&set_lock);

	publish(real_mult, rt_offset + seconds * NSEC_PER_SEC);
	stepped = true;
	__atomic_fetch_add(&set_seq, 1, __ATOMIC_RELEASE);
	spin_unlock_irq(&set_lock, irq);
}

static void tell(struct work *w)
{
	irqflags_t irq = spin_lock_irq(&set_lock);
	bool was = stepped;

	stepped = false;
	told_offset = clock_realtime_offset();
	spin_unlock_irq(&set_lock, irq);
	tell_watchers(was);
}

void clock_slewed(void)
{
	ktime_t off;
	bool worth;
	irqflags_t irq = spin_lock_irq(&set_lock);

	off = clock_realtime_offset() - told_offset;
	worth = stepped || off >= WORTH_TELLING || off <= -WORTH_TELLING;
	spin_unlock_irq(&set_lock, irq);
	if (worth)
		work_queue(&tell_work);
}

void clock_watch_init(struct clock_watch *w, void (*changed)(struct clock_watch *w, bool stepped))
{
	list_init(&w->link);
	w->changed = changed;
}

void clock_watch_add(struct clock_watch *w)
{
	mutex_lock(&watch_lock);
	if (list_empty(&w->link))
		list_add_tail(&watchers, &w->link);
	mutex_unlock(&watch_lock);
}

void clock_watch_del(struct clock_watch *w)
{
	mutex_lock(&watch_lock);
	list_del_init(&w->link);
	mutex_unlock(&watch_lock);
}

void clock_register_rtc(const struct rtc_ops *ops)
{
	s64 seconds;

	if (ops->read(&seconds))
		return;
	clock_set_realtime(seconds * NSEC_PER_SEC);
	pr_info("%s: time set to %ld", ops->name, seconds);
}

/* The counter starts with the machine, as Linux's boot time does. */
void clock_init(void)
{
	work_setup(&tell_work, tell);
}
