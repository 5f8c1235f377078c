/* SPDX-License-Identifier: MIT */
/* clock.c - the clocks: the counter for monotonic time, an offset for real time.
 *
 * Real time = monotonic + offset, the offset published under a sequence count. A battery clock, if a driver registers one before
 * clock_init_realtime(), gives the first offset; else the clock starts in 1970, as Linux's does.
 *
 * Locks: watch_lock [RANK_SLEEP_LEAF] for the watchers of steps; set_lock [RANK_LOG: a leaf].
 * Barriers: seq odd while offset changes; readers retry. The vDSO page is written through vdso_update (compat/vdso sets the hook).
 * Ref: clock_gettime(2), clock_settime(2). Tests: selftests/unit/timer_test.c, selftests/abi/time.c
 */
#include <kernel/clock.h>

#include <arch/cpu.h>
#include <kernel/mutex.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>

static struct spinlock set_lock = SPINLOCK_INIT(RANK_LOG);
static ktime_t boot_ns;			/* counter value that is monotonic zero */
static ktime_t rt_offset;		/* [set_lock], read by atomic load */
static u32 set_seq;
static struct mutex watch_lock = MUTEX_INIT(watch_lock, RANK_SLEEP_LEAF);
static struct list watchers = LIST_INIT(watchers);	/* [watch_lock] */
void (*clock_changed_hook)(void);

ktime_t clock_monotonic(void)
{
	return arch_clock_ns() - boot_ns;
}

ktime_t clock_realtime_offset(void)
{
	return __atomic_load_n(&rt_offset, __ATOMIC_ACQUIRE);
}

ktime_t clock_realtime(void)
{
	return clock_monotonic() + clock_realtime_offset();
}

ktime_t clock_boottime(void)
{
	return clock_monotonic();
}

u32 clock_set_seq(void)
{
	return __atomic_load_n(&set_seq, __ATOMIC_ACQUIRE);
}

static void tell_watchers(void)
{
	struct clock_watch *w;

	mutex_lock(&watch_lock);
	list_for_each_entry(w, &watchers, link)
		w->changed(w);
	mutex_unlock(&watch_lock);
}

void clock_set_realtime(ktime_t now)
{
	irqflags_t irq = spin_lock_irq(&set_lock);

	__atomic_store_n(&rt_offset, now - clock_monotonic(), __ATOMIC_RELEASE);
	__atomic_fetch_add(&set_seq, 1, __ATOMIC_RELEASE);
	spin_unlock_irq(&set_lock, irq);
	if (clock_changed_hook)
		clock_changed_hook();
	tell_watchers();
}

void clock_watch_init(struct clock_watch *w, void (*changed)(struct clock_watch *w))
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

void clock_init(void)
{
	boot_ns = 0;	/* the counter starts with the machine, as Linux's boot time does */
}
