/* SPDX-License-Identifier: MIT */
/* sysctl.h - numbers of the kernel that an administrator may change: any layer declares them,
 * procfs shows them below /proc/sys.
 *
 *	SYSCTL(ip_forward, "net/ipv4/ip_forward", init_net.ip_forward, 0, 1);
 *
 * The variable is one number or an array of them (shown with tabs between), of 1, 2 or 4 bytes
 * each. Readers use it as it is: no lock.
 */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/set.h>

struct sysctl {
	const char *name;
	void *value;
	u8 size, count;		/* bytes of a number; how many */
	u32 min, max;
	int (*get)(char *out, usize size);	/* a text instead: its length, or -errno */
	int (*set)(char *text);			/* NULL: read only. 0 or -errno */
	u16 mode;				/* 0: 0644 */
};

#define SYSCTL(id, path, var, lo, hi)									\
	static const struct sysctl sysctl_##id = {							\
		.name = path, .value = &(var), .size = sizeof(var), .count = 1, .min = lo, .max = hi };		\
	SET_ADD(sysctls, const struct sysctl, sysctl_##id)
#define SYSCTL_ARRAY(id, path, var, lo, hi)								\
	static const struct sysctl sysctl_##id = {							\
		.name = path, .value = (var), .size = sizeof((var)[0]), .count = ARRAY_SIZE(var), .min = lo, .max = hi };	\
	SET_ADD(sysctls, const struct sysctl, sysctl_##id)
/* A number that only tells; a text made and read by functions. */
#define SYSCTL_RO(id, path, var)									\
	static const struct sysctl sysctl_##id = {							\
		.name = path, .value = &(var), .size = sizeof(var), .count = 1, .min = 1, .mode = 0444 };	\
	SET_ADD(sysctls, const struct sysctl, sysctl_##id)
#define SYSCTL_TEXT(id, path, how, reads, writes)							\
	static const struct sysctl sysctl_##id = { .name = path, .get = reads, .set = writes, .mode = how };	\
	SET_ADD(sysctls, const struct sysctl, sysctl_##id)
