/* SPDX-License-Identifier: MIT */
/* sysctl.h - numbers of the kernel that an administrator may change: any layer declares them, procfs shows them below /proc/sys.
 *
 *	SYSCTL(ip_forward, "net/ipv4/ip_forward", init_net.ip_forward, 0, 1);
 *
 * The variable is one number or an array of them (shown with tabs between), of 1, 2 or 4 bytes each. Readers use it as it is: no lock.
 */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/set.h>

struct sysctl {
	const char *name;
	void *value;
	u8 size, count;		/* bytes of a number; how many */
	u32 min, max;
};

#define SYSCTL(id, path, var, lo, hi)									\
	static const struct sysctl sysctl_##id = { path, &(var), sizeof(var), 1, lo, hi };		\
	SET_ADD(sysctls, const struct sysctl, sysctl_##id)
#define SYSCTL_ARRAY(id, path, var, lo, hi)								\
	static const struct sysctl sysctl_##id = { path, (var), sizeof((var)[0]), ARRAY_SIZE(var), lo, hi };	\
	SET_ADD(sysctls, const struct sysctl, sysctl_##id)
