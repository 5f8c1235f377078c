/* SPDX-License-Identifier: MIT */
/* netlink.h - AF_NETLINK: requests of programs to a handler, answers and news back. Messages are made and read in compat/. */
#pragma once

#include <net/sock.h>

struct net_ns;
struct netlink_request;

/* struct nlmsghdr. */
struct nl_header {
	u32 len;
	u16 type, flags;
	u32 seq, pid;
};
#define NLMSG_NOOP	1u
#define NLMSG_ERROR	2u
#define NLMSG_DONE	3u
#define NLM_F_REQUEST	0x01u
#define NLM_F_MULTI	0x02u
#define NLM_F_ACK	0x04u
#define NLM_F_DUMP	0x300u
#define NLM_F_DUMP_FILTERED 0x20u
#define NLM_F_CAPPED	0x100u

struct netlink_proto {
	u16 protocol;			/* NETLINK_* */
	u32 nr_groups;
	/* One request; h->len bytes at h are there. 0: done (acknowledged if asked), -errno: told, NETLINK_ANSWERED: say nothing more. */
	int (*request)(const struct netlink_request *r, const struct nl_header *h);
};
#define NETLINK_ANSWERED 1
void netlink_register(const struct netlink_proto *p);	/* boot */

struct netlink_request {
	struct sock *sk;
	struct net_ns *net;
	u32 pid;			/* of the asking socket */
	bool strict;			/* NETLINK_GET_STRICT_CHK */
};

/* A message for the socket; copied. -ENOBUFS. */
int __must_check netlink_answer(const struct netlink_request *r, const void *msg, u32 len);
/* News for every socket in a group (1..). Any context that may allocate atomically. */
void netlink_multicast(struct net_ns *net, u16 protocol, u32 group, const void *msg, u32 len);
bool netlink_has_listeners(struct net_ns *net, u16 protocol, u32 group);
void netlink_init(struct net_ns *net);
void netlink_for_each(struct net_ns *net, void (*fn)(u16 protocol, u32 pid, u32 groups, const struct sock *sk, void *arg), void *arg);
