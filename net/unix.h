/* SPDX-License-Identifier: MIT */
/* unix.h - AF_UNIX as the rest of the kernel sees it. Path names are resolved above: net/ gets what
 * lies behind them. */
#pragma once

#include <net/sock.h>

struct net_ns;

void unix_net_init(struct net_ns *net);
/* Lets go of what bind() handed over as sock_addr.node. Set at boot by whoever resolves path
 * names. */
extern void (*unix_drop_node)(void *node);
/* Inode and device of what bind() handed over, for sock_diag; set at boot likewise. */
extern void (*unix_node_id)(void *node, u32 out[2]);
/* A socket as /proc/net/unix and sock_diag show it. */
#define UNIX_WAITING_SHOWN 64u
struct unix_info {
	struct sock *sk;			/* borrowed */
	u32 refs, flags, type, state;		/* state: SS_* */
	u8 tcp_state;
	bool listening;
	u64 ino, peer_ino;			/* 0: not accepted yet; no peer */
	u32 rqueue, wqueue;
	u32 nr_waiting, waiting[UNIX_WAITING_SHOWN];	/* of a listener: who connects */
	u32 node[2];				/* inode and device of the path; 0: none */
	const struct sock_addr *name;
};
/* From the socket `*skip` on, which is counted up; false: fn said so, for that one. Context:
 * thread. */
bool unix_walk(struct net_ns *net, u32 *skip, bool (*fn)(const struct unix_info *i, void *arg),
	       void *arg);
