/* SPDX-License-Identifier: MIT */
/* sockdiag.h - what the files of NETLINK_SOCK_DIAG share. */
#pragma once

#include <net/netlink.h>

struct nl_out;
struct sock;

void sockdiag_init(void);		/* boot */
/* SOCK_DIAG_BY_FAMILY (and what old programs ask) and SOCK_DESTROY for one family. As
 * netlink_proto.request. */
int inetdiag_request(const struct netlink_request *r, const struct nl_header *h);
int unixdiag_request(const struct netlink_request *r, const struct nl_header *h);
int packetdiag_request(const struct netlink_request *r, const struct nl_header *h);
int netlinkdiag_request(const struct netlink_request *r, const struct nl_header *h);

/* The nine figures of SO_MEMINFO as an attribute. */
void diag_put_meminfo(struct nl_out *o, u16 type, const struct sock *sk);
/* Does the cookie that a program names belong to ino? */
bool diag_cookie_is(const u32 cookie[2], u64 ino);
void diag_cookie_of(u64 ino, u32 cookie[2]);
