/* SPDX-License-Identifier: MIT */
/* net.h - what a network namespace owns. One instance today: init_net. Each table's file says who
 * locks it. */
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
	/* [a] never 0; moves when a cached route may be wrong */
	atomic_t route_gen;
	struct fib *fib;			/* [I after boot] net/fib.c */
	u32 port_range[2];			/* net.ipv4.ip_local_port_range */
	u32 unprivileged_port;			/* net.ipv4.ip_unprivileged_port_start */
	u32 ping_gids[2];		/* net.ipv4.ping_group_range */
	bool bindv6only, nonlocal_bind;		/* net.ipv6.bindv6only, net.ipv4.ip_nonlocal_bind */
	u32 default_ttl;			/* net.ipv4.ip_default_ttl */
	struct {
		struct spinlock lock;		/* RANK_SOCK_TABLE */
		struct list socks;		/* [lock] */
	} nl, pkt;				/* AF_NETLINK, AF_PACKET */
	/* net.ipv4.ip_forward, net.ipv6.conf.all.forwarding */
	bool forward4, forward6;
	bool echo_ignore_all, echo_ignore_broadcasts;	/* net.ipv4.icmp_* */
	bool echo_ignore_all6;			/* net.ipv6.icmp.echo_ignore_all */
	struct unix_table un;
};

extern struct net_ns init_net;

/* Boot: tables, families, the loopback device. */
void net_init(void);
