/* SPDX-License-Identifier: MIT */
/* modules: kernel/timer.c kernel/clock.c kernel/lib/rbtree.c */
/* timer, clock: random timers on a clock of our own against an array: each fires once, never early,
 * in order; the hardware is armed for the first. */
#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/timer.h>
#include <kernel/trap.h>
#include <kernel/workq.h>

#include "unit.h"

#define NR 200

static ktime_t now, armed_for = S64_MAX;

ktime_t arch_clock_ns(void)
{
	return now;
}

/* The counter counts nanoseconds. */
u64 cycles_now(void)
{
	return (u64)now;
}

u64 arch_clock_mult(void)
{
	return 1ul << 32;
}

static struct work *told_later;

void work_setup(struct work *w, void (*fn)(struct work *w))
{
	w->fn = fn;
}

bool work_queue(struct work *w)
{
	told_later = w;
	return true;
}

void arch_timer_arm(ktime_t when_ns)
{
	EXPECT_TRUE(host_irqs_masked);
	armed_for = when_ns;
}

static struct timer timers[NR];
static struct { bool armed; ktime_t at; u32 fired; } model[NR];
static ktime_t last_deadline;

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static void on_fire(struct timer *t)
{
	u32 i = (u32)(t - timers);

	ASSERT_TRUE(model[i].armed);
	ASSERT_TRUE(t->deadline_ns <= now);
	ASSERT_TRUE(t->deadline_ns >= last_deadline);
	last_deadline = t->deadline_ns;
	ASSERT_EQ(model[i].at, t->deadline_ns);
	model[i].armed = false;
	model[i].fired++;
	if (rnd(4) == 0) {		/* again, from itself */
		model[i].armed = true;
		model[i].at = now + 1 + rnd(500);
		timer_arm(t, model[i].at);
	}
}

static ktime_t first_in_model(void)
{
	ktime_t first = S64_MAX;
	u32 i;

	for (i = 0; i < NR; i++)
		if (model[i].armed)
			first = min(first, model[i].at);
	return first;
}

static void interrupt(void)
{
	irqflags_t irq = irq_save();

	last_deadline = S64_MIN;
	timer_interrupt();
	irq_restore(irq);
	ASSERT_TRUE(first_in_model() > now);
	ASSERT_EQ(first_in_model(), armed_for);
}

TEST(random_timers_agree_with_an_array)
{
	u32 i, step, fired = 0;

	timer_init_queue(0);
	for (i = 0; i < NR; i++)
		timer_setup(&timers[i], on_fire);
	for (step = 0; step < 20000; step++) {
		i = rnd(NR);
		/* it moves with whoever arms it; here both CPUs have one queue */
		host_current->cpu = rnd(2);
		switch (rnd(4)) {
		case 0:
			ASSERT_EQ(model[i].armed, rnd(2) ? timer_cancel(&timers[i])
							 : timer_cancel_sync(&timers[i]));
			model[i].armed = false;
			break;
		case 1:
			now += rnd(300);
			interrupt();
			break;
		default:
			model[i].armed = true;
			model[i].at = now + 1 + rnd(1000);
			timer_arm(&timers[i], model[i].at);
		}
		ASSERT_TRUE(armed_for <= first_in_model());
	}
	now += 1000000;
	while (first_in_model() != S64_MAX) {
		interrupt();
		now += 1000000;
	}
	for (i = 0; i < NR; i++)
		fired += model[i].fired;
	EXPECT_TRUE(fired > 1000);
	EXPECT_TRUE(!host_irqs_masked);
}

/* ---- clocks ---- */

static u32 told;

static void changed(void)
{
	told++;
}

static int read_rtc(s64 *seconds)
{
	*seconds = 1700000000;
	return 0;
}

static int read_broken(s64 *seconds)
{
	(void)seconds;
	return -1;
}

TEST(setting_the_real_time_moves_only_it)
{
	static const struct rtc_ops rtc = { "test", read_rtc }, broken = { "broken", read_broken };
	u32 seq;

	clock_init();
	now = 5 * NSEC_PER_SEC;
	EXPECT_EQ(now, clock_monotonic());
	EXPECT_EQ(now, clock_boottime());
	EXPECT_EQ(now, clock_realtime());		/* 1970: nobody set it */
	clock_register_rtc(&broken);
	EXPECT_EQ(0, clock_realtime_offset());
	seq = clock_set_seq();
	clock_register_rtc(&rtc);
	EXPECT_EQ(1700000000 * NSEC_PER_SEC, clock_realtime());
	EXPECT_EQ(seq + 1, clock_set_seq());
	now += 7;
	EXPECT_EQ(1700000000 * NSEC_PER_SEC + 7, clock_realtime());
	EXPECT_EQ(5 * NSEC_PER_SEC + 7, clock_monotonic());
	clock_changed_hook = changed;
	clock_set_realtime(42);
	EXPECT_EQ(1, told);
	EXPECT_EQ(42, clock_realtime());
	EXPECT_EQ(42 - now, clock_realtime_offset());
}

static u32 watched;

static bool watched_step;

static void on_step(struct clock_watch *w, bool stepped)
{
	(void)w;
	watched++;
	watched_step = stepped;
}

TEST(watchers_hear_of_steps)
{
	struct clock_watch a, b;

	clock_watch_init(&a, on_step);
	clock_watch_init(&b, on_step);
	clock_watch_add(&a);
	clock_watch_add(&a);
	clock_watch_add(&b);
	clock_set_realtime(1);
	EXPECT_EQ(2, watched);
	clock_watch_del(&a);
	clock_watch_del(&a);
	clock_set_realtime(2);
	EXPECT_EQ(3, watched);
	clock_watch_del(&b);
	clock_set_realtime(3);
	EXPECT_EQ(3, watched);
}

TEST(real_time_goes_at_its_own_rate)
{
	struct clock_watch w;
	u32 hooks;
	ktime_t mono;

	clock_init();
	clock_changed_hook = changed;
	now = 10 * NSEC_PER_SEC;
	clock_set_realtime(1000 * NSEC_PER_SEC);
	clock_watch_init(&w, on_step);
	clock_watch_add(&w);
	told = watched = 0;
	clock_set_rate(1ll << 30);		/* a quarter more */
	hooks = told;
	EXPECT_EQ(1, hooks);
	EXPECT_EQ(1000 * NSEC_PER_SEC, clock_realtime());
	clock_slewed();
	EXPECT_EQ(NULL, told_later);		/* nothing yet */
	mono = clock_monotonic();
	now += 4 * NSEC_PER_SEC;
	EXPECT_EQ(1005 * NSEC_PER_SEC, clock_realtime());
	EXPECT_EQ(mono + 4 * NSEC_PER_SEC, clock_monotonic());
	EXPECT_EQ(1005 * NSEC_PER_SEC - now, clock_realtime_offset());
	clock_slewed();
	ASSERT_TRUE(told_later != NULL);
	told_later->fn(told_later);
	EXPECT_EQ(1, watched);
	EXPECT_TRUE(!watched_step);
	clock_leap(-1);
	EXPECT_EQ(1004 * NSEC_PER_SEC, clock_realtime());
	clock_slewed();
	told_later->fn(told_later);
	EXPECT_EQ(2, watched);
	EXPECT_TRUE(watched_step);
	clock_set_rate(0);
	EXPECT_EQ(1004 * NSEC_PER_SEC, clock_realtime());
	now += NSEC_PER_SEC;
	EXPECT_EQ(1005 * NSEC_PER_SEC, clock_realtime());
	hooks = told;
	clock_set_rate(0);			/* nothing new */
	EXPECT_EQ(hooks, told);
	clock_watch_del(&w);
}
