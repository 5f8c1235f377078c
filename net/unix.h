/* SPDX-License-Identifier: MIT */
/* unix.h - AF_UNIX as the rest of the kernel sees it. Path names are resolved above: net/ gets what lies behind them. */
#pragma once

#include <net/sock.h>

struct net_ns;

void unix_net_init(struct net_ns *net);
/* Lets go of what bind() handed over as sock_addr.node. Set at boot by whoever resolves path names. */
extern void (*unix_drop_node)(void *node);
/* One line a socket for /proc/net/unix. */
struct unix_info {
	u32 refs, flags, type, state;
	u64 ino;
	const struct sock_addr *name;
};
void unix_for_each(struct net_ns *net, void (*fn)(const struct unix_info *i, void *arg), void *arg);
