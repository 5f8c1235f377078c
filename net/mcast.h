/* SPDX-License-Identifier: MIT */
/* mcast.h - multicast groups: what sockets joined, what devices listen to, and telling routers
 * (IGMP, MLD). */
#pragma once

#include <net/inet.h>

/* Of a socket; owner. ifindex 0: by if_addr (v4), or by route. -EADDRINUSE: joined already,
 * -EADDRNOTAVAIL, -ENODEV, -EINVAL, -ENOBUFS (igmp_max_memberships). */
int __must_check mcast_join(struct inet_sock *is, struct ipaddr group, s32 ifindex,
			    struct ipaddr if_addr);
int __must_check mcast_leave(struct inet_sock *is, struct ipaddr group, s32 ifindex,
			     struct ipaddr if_addr);
/* IP_ADD_SOURCE_MEMBERSHIP, DROP_, BLOCK_, UNBLOCK_: name is that option. */
int __must_check mcast_source(struct inet_sock *is, s32 name, struct ipaddr group,
			      struct ipaddr source, s32 ifindex, struct ipaddr if_addr);
void mcast_leave_all(struct inet_sock *is);
/* May a packet to group from source go to this socket? Under RCU. */
bool mcast_wants(struct inet_sock *is, struct ipaddr group, struct ipaddr source, s32 ifindex);
/* Does the device listen to group? Under RCU. */
bool mcast_joined(struct netdev *d, struct ipaddr group);
/* The device itself (all-nodes, solicited-node groups). net->config held. */
int __must_check mcast_dev_join(struct netdev *d, struct ipaddr group);
void mcast_dev_leave(struct netdev *d, struct ipaddr group);
/* Groups a device listens to; net->config held. */
void mcast_dev_for_each(struct netdev *d,
			void (*fn)(struct netdev *d, struct ipaddr group, u32 users,
				   ktime_t report_in, void *arg),
			void *arg);
