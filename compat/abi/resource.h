/* SPDX-License-Identifier: MIT */
/* resource.h - rusage, rlimit, siginfo of waitid live in their own headers. Ref: getrusage(2),
 * getrlimit(2). */
#pragma once

#include <compat/abi/time.h>

struct abi_rusage {
	struct abi_timeval utime, stime;
	s64 maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv,
		nsignals, nvcsw, nivcsw;
};

struct abi_rlimit {
	u64 cur, max;
};
