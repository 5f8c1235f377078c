/* SPDX-License-Identifier: MIT */
/* cmdline.h - boot arguments: key or key=value, separated by spaces; double quotes keep spaces
 * together.
 *
 *	CMDLINE(panic, set_panic_timeout)	calls int set_panic_timeout(const char *value) while parsing ("" without =)
 *	CMDLINE(root, NULL)			only declares root known: read it with cmdline_get("root")
 *
 * As on Linux, arguments nobody knows go to init: key=value into its environment, others into its
 * arguments, unless the key has a dot; so does everything after "--".
 */
#pragma once

#include <kernel/lib/set.h>

struct cmdline_option {
	const char *key;
	int (*handler)(const char *value);	/* negative: complained about */
};

#define CMDLINE(name, fn)								\
	static const struct cmdline_option cmdline_##name = { #name, fn };		\
	SET_ADD(cmdline, const struct cmdline_option, cmdline_##name)

void cmdline_parse(const char *args);
const char *cmdline_text(void);			/* as given: /proc/cmdline */
/* The last value given for key, "" when it stood alone; NULL: not given. */
const char *cmdline_get(const char *key);
/* What goes to init; NULL-terminated, init's own name not included. */
const char *const *cmdline_init_argv(void);
const char *const *cmdline_init_envp(void);
