/* SPDX-License-Identifier: MIT */
/* net.h - what a network namespace owns. One instance today: init_net. Each table's file says who locks it. */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/list.h>
#include <kernel/mutex.h>
#include <kernel/spinlock.h>

#define UNIX_HASH 256u

/* Names of AF_UNIX sockets that lie in no file system, and all sockets for /proc/net/unix. */
struct unix_table {
	struct spinlock lock;			/* RANK_SOCK_TABLE */
	struct hlist names[UNIX_HASH];		/* [lock] */
	struct list all;			/* [lock] */
	u32 next_auto;				/* [lock] next number for autobind */
	u32 max_dgram_qlen;			/* net.unix.max_dgram_qlen */
};

/* Locks: c  config   a  atomic */
struct net_ns {
	struct mutex config;			/* RANK_NET_CONFIG: devices, addresses, routes */
	struct list devs;			/* [c, RCU] struct netdev */
	s32 last_index;				/* [c] */
	struct netdev *loopback;		/* [I after boot] */
	atomic_t route_gen;			/* [a] never 0; moves when a cached route may be wrong */
	struct unix_table un;
};

extern struct net_ns init_net;

/* Boot: tables, families, the loopback device. */
void net_init(void);
