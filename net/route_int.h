/* SPDX-License-Identifier: MIT */
/* route_int.h - what route.c asks of route_exception.c and route_src.c. */
#pragma once

#include <kernel/rcu.h>
#include <net/ipaddr.h>

struct net_ns;
struct netdev;

struct route_exception {
	struct hnode hash;
	struct ipaddr dst, gateway;	/* gateway: any: none */
	s32 gateway_if;
	u32 mtu;			/* 0: none */
	bool locked;
	ktime_t expires;
	struct rcu_head rcu;
};

/* What is known of dst and has not expired, or NULL. Under RCU. */
struct route_exception *route_find_exception(struct ipaddr dst);

/* As route_select_src(), for one family. */
struct ipaddr route_select4(struct net_ns *net, struct netdev *d, struct ipaddr next_hop, u8 scope);
struct ipaddr route_select6(struct net_ns *net, struct netdev *d, struct ipaddr dst);
