/* SPDX-License-Identifier: MIT */
/* ktest.c - runs the tests inside the kernel one after the other, prints TAP, switches the machine
 * off.
 *
 * A test that hangs or panics ends the run; scripts/ktest notices that the plan was not fulfilled.
 * After the last test the number of free pages is compared with that before the first: caches may
 * hold a few, a leak holds many.
 * Locks: failed is atomic, as threads of a test may fail.
 * Tests: scripts/ktest */
#include <kernel/ktest.h>

#include <arch/atomic.h>
#include <arch/cpu.h>
#include <kernel/cmdline.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/clock.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/waitq.h>
#include <kernel/workq.h>
#include <mm/page.h>
#include <mm/slab.h>

#define LEAK_PAGES 256

CMDLINE(ktest, NULL);

static atomic_t failed;

#define say(...) log_print(LOG_WARNING, NULL, __VA_ARGS__)

void ktest_fail(const char *file, int line, const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	fmt_vprint(text, sizeof(text), fmt, args);
	va_end(args);
	atomic_set(&failed, 1);
	say("# %s:%d: %s", file, line, text);
}

/* --- threads of a test */
struct crew {
	void (*fn)(u64 i);
	atomic_t running;
	struct waitq done;
};

struct member {
	struct crew *crew;
	u64 i;
};

static void member_main(void *arg)
{
	struct member *m = arg;
	struct crew *c = m->crew;

	c->fn(m->i);
	atomic_dec(&c->running);
	waitq_wake_all(&c->done);
}

void ktest_in_threads(u32 n, void (*fn)(u64 i))
{
	/* one test at a time; static, so that a late waker finds it */
	static struct crew crew;
	struct member *members = kcalloc(n, sizeof(*members));

	ASSERT_TRUE(members);
	crew.fn = fn;
	atomic_set(&crew.running, n);
	waitq_init(&crew.done);
	for (u32 i = 0; i < n; i++) {
		members[i] = (struct member){ &crew, i };
		if (!kthread_create(member_main, &members[i], "ktest"))
			panic("ktest: no thread");
	}
	(void)waitq_wait(&crew.done, atomic_read(&crew.running) == 0, WAIT_UNINTERRUPTIBLE,
			 WAIT_FOREVER);
	kfree(members);
}

/* --- running */
static bool is_wanted(const struct ktest *t, const char *pattern)
{
	if (t->dies)
		return strcmp(pattern, t->name) == 0;
	return strcmp(pattern, "all") == 0 || strstr(t->name, pattern);
}

static u32 run(const struct ktest *t, u32 n)
{
	atomic_set(&failed, 0);
	say("# test %s", t->name);
	t->fn();
	say("%sok %u - %s", atomic_read(&failed) ? "not " : "", n, t->name);
	return atomic_read(&failed);
}

/* Threads that end, grace periods and workers give back a little later: on a busy host much
 * later. */
static void check_for_leaks(u64 free_before)
{
	u64 now = page_nr_free();

	for (u32 i = 0; i < 100 && now + LEAK_PAGES < free_before; i++) {
		rcu_barrier();
		sleep_ns(20 * NSEC_PER_MSEC);
		now = page_nr_free();
	}
	if (now + LEAK_PAGES < free_before)
		ktest_fail(__FILE__, __LINE__, "%lu pages are gone", free_before - now);
}

void ktest_run_if_asked(void)
{
	const char *pattern = cmdline_get("ktest");
	u64 free_before = page_nr_free();
	u32 n = 0, bad = 0;

	if (!pattern)
		return;
	SET_FOR_EACH(ktests, const struct ktest, counted)
		n += is_wanted(counted, pattern);
	say("1..%u", n + 1);
	n = 0;
	SET_FOR_EACH(ktests, const struct ktest, mortal)
		if (mortal->dies && !is_wanted(mortal, pattern))
			say("# dies %s: %s", mortal->name, mortal->dies);
	SET_FOR_EACH(ktests, const struct ktest, t)
		if (is_wanted(t, pattern))
			bad += run(t, ++n);
	atomic_set(&failed, 0);
	check_for_leaks(free_before);
	bad += atomic_read(&failed);
	say("%sok %u - no_pages_are_lost", atomic_read(&failed) ? "not " : "", ++n);
	say("# %u of %u tests failed", bad, n);
	machine_power_off();
}
