/* SPDX-License-Identifier: MIT */
/* time.h - timespec, timeval and friends. Ref: Linux uapi linux/time_types.h, linux/time.h. */
#pragma once

#include <kernel/lib/compiler.h>

struct abi_timespec {
	s64 sec, nsec;
};

struct abi_timeval {
	s64 sec, usec;
};

struct abi_itimerval {
	struct abi_timeval interval, value;
};

struct abi_itimerspec {
	struct abi_timespec interval, value;
};

struct abi_timezone {
	s32 minuteswest, dsttime;
};

static inline struct abi_timespec timespec_of(ktime_t ns)
{
	return (struct abi_timespec){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

static inline struct abi_timeval timeval_of(ktime_t ns)
{
	return (struct abi_timeval){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC };
}

/* Copies a relative timespec in and makes it ns, saturating. -EFAULT, -EINVAL. */
int __must_check timespec_get(uaddr_t src, ktime_t *ns);
/* The same as a deadline on CLOCK_MONOTONIC. */
int __must_check deadline_from_user(uaddr_t src, ktime_t *deadline);
/* A clock's absolute time as a deadline on CLOCK_MONOTONIC. */
ktime_t deadline_on_clock(s32 clock, ktime_t abs);
