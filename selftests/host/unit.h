/* SPDX-License-Identifier: MIT */
/* unit.h - the macros of selftests/harness.h for unit tests, which run on the host against kernel
 * sources. The first lines of a test may say "modules: FILE.c ..." (what to compile with it; by
 * default the source of the same name). */
#pragma once

#include "host.h"

#define TEST(name_)                                                                               \
	static void test_##name_(void);                                                           \
	static struct host_test entry_##name_ = { #name_, test_##name_, NULL };                   \
	__attribute__((constructor)) static void register_##name_(void)                           \
	{                                                                                         \
		host_register(&entry_##name_);                                                    \
	}                                                                                         \
	static void test_##name_(void)
#define MAIN

#define FAIL(...) host_fail(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK_EQ(expected, actual, then)                                                          \
	do {                                                                                      \
		s64 want_ = (s64)(expected), got_ = (s64)(actual);                                \
		if (want_ != got_) {                                                              \
			FAIL("%s is %ld (%#lx), not %ld", #actual, got_, (u64)got_, want_);       \
			then;                                                                     \
		}                                                                                 \
	} while (0)
#define CHECK_TRUE(cond, then)                                                                    \
	do {                                                                                      \
		if (!(cond)) {                                                                    \
			FAIL("not so: %s", #cond);                                                \
			then;                                                                     \
		}                                                                                 \
	} while (0)
#define CHECK_STREQ(expected, actual, then)                                                       \
	do {                                                                                      \
		const char *want_ = (expected), *got_ = (actual);                                 \
		if (!host_streq(want_, got_)) {                                                   \
			FAIL("%s is \"%s\", not \"%s\"", #actual, got_ ? got_ : "(null)", want_);  \
			then;                                                                     \
		}                                                                                 \
	} while (0)

#define EXPECT_EQ(expected, actual)    CHECK_EQ(expected, actual, )
#define EXPECT_TRUE(cond)	       CHECK_TRUE(cond, )
#define EXPECT_STREQ(expected, actual) CHECK_STREQ(expected, actual, )
#define ASSERT_EQ(expected, actual)    CHECK_EQ(expected, actual, host_end_test())
#define ASSERT_TRUE(cond)	       CHECK_TRUE(cond, host_end_test())
#define ASSERT_STREQ(expected, actual) CHECK_STREQ(expected, actual, host_end_test())
#define EXPECT_PANIC(...)                                                                         \
	do {                                                                                      \
		bool panicked_;                                                                   \
		if (host_fork_expecting_panic(&panicked_)) {                                      \
			__VA_ARGS__;                                                              \
			host_end_test();                                                          \
		}                                                                                 \
		if (!panicked_)                                                                   \
			FAIL("no panic: %s", #__VA_ARGS__);                                       \
	} while (0)
