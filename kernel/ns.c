/* SPDX-License-Identifier: MIT */
/* ns.c - the one instance of each namespace that exists today. Ref: namespaces(7). */
#include <kernel/ns.h>

static struct uts_ns init_uts = { .nodename = "(none)", .domainname = "(none)" };

struct namespaces init_namespaces = {
	.refs = ATOMIC_INIT(1),
	.uts = &init_uts,
};
