/* SPDX-License-Identifier: MIT */
/* ktest.h - tests inside the kernel (CONFIG_KTEST): the macros of selftests/harness.h. Files:
 * selftests/ktest. They run with ktest=PATTERN on the command line ("all", or a part of the name)
 * instead of init, print TAP and switch the machine off. */
#pragma once

#include <kernel/lib/set.h>

struct ktest {
	const char *name;
	void (*fn)(void);
	const char *dies;	/* the panic it ends in: run alone, by its full name */
};

#define TEST(name_)                                                                               \
	static void test_##name_(void);                                                           \
	static const struct ktest ktest_##name_ = { #name_, test_##name_, NULL };                 \
	SET_ADD(ktests, const struct ktest, ktest_##name_);                                       \
	static void test_##name_(void)

#define TEST_DIES(name_, panic_)                                                                  \
	static void test_##name_(void);                                                           \
	static const struct ktest ktest_##name_ = { #name_, test_##name_, panic_ };               \
	SET_ADD(ktests, const struct ktest, ktest_##name_);                                       \
	static void test_##name_(void)

void ktest_fail(const char *file, int line, const char *fmt, ...) __printf(3, 4);

#define FAIL(...) ktest_fail(__FILE__, __LINE__, __VA_ARGS__)
#define EXPECT_EQ(expected, actual)                                                               \
	do {                                                                                      \
		s64 want_ = (s64)(expected), got_ = (s64)(actual);                                \
		if (want_ != got_)                                                                \
			FAIL("%s is %ld (%#lx), not %ld", #actual, got_, (u64)got_, want_);       \
	} while (0)
#define EXPECT_TRUE(cond)                                                                         \
	do {                                                                                      \
		if (!(cond))                                                                      \
			FAIL("not so: %s", #cond);                                                \
	} while (0)
#define ASSERT_TRUE(cond)                                                                         \
	do {                                                                                      \
		if (!(cond)) {                                                                    \
			FAIL("not so: %s", #cond);                                                \
			return;                                                                   \
		}                                                                                 \
	} while (0)

/* Runs fn(0) ... fn(n - 1) in n threads at once and waits for all of them. */
void ktest_in_threads(u32 n, void (*fn)(u64 i));

#ifdef CONFIG_KTEST
/* From a thread, when everything but init runs: does not return when the command line asks for
 * tests. */
void ktest_run_if_asked(void);
#else
static inline void ktest_run_if_asked(void) {}
#endif
