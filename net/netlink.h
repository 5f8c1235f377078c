/* SPDX-License-Identifier: MIT */
/* netlink.h - AF_NETLINK: requests of programs to a handler, answers and news back. Messages are
 * made and read in compat/. */
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
	/* One request; h->len bytes at h are there. 0: done (acknowledged if asked), -errno: told,
	 * NETLINK_ANSWERED: say nothing more. */
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
/* A socket as /proc/net/netlink and sock_diag show it; the kernel's own ends come first. */
struct netlink_info {
	u16 protocol;
	u32 pid, nr_groups, flags;		/* flags: NDIAG_FLAG_* */
	u64 groups;
	const struct sock *sk;			/* NULL: the kernel's */
};
/* From number *skip on, which is counted up; false: fn said so. fn may not sleep. */
bool netlink_walk(struct net_ns *net, u32 *skip,
		  bool (*fn)(const struct netlink_info *i, void *arg), void *arg);
