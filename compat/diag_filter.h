/* SPDX-License-Identifier: MIT */
/* diag_filter.h - which sockets a program wants to hear of: the little programs of
 * INET_DIAG_REQ_BYTECODE. */
#pragma once

#include <kernel/lib/compiler.h>

/* What a program may look at. */
struct diag_subject {
	u8 family;
	bool bound_port;		/* by bind(2) */
	u16 sport, dport;
	const u8 *saddr, *daddr;	/* as in a packet: 4 or 16 bytes */
	u32 ifindex, mark;
};

/* 0, -EINVAL: it runs off, or into the middle of an instruction; -EPERM: it looks at marks, which
 * only is_admin may. */
int __must_check diag_filter_check(const u8 *prog, u32 len, bool is_admin);
/* prog was checked. */
bool diag_filter_run(const u8 *prog, u32 len, const struct diag_subject *s);
