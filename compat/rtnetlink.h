/* SPDX-License-Identifier: MIT */
/* rtnetlink.h - NETLINK_ROUTE's parts: links and addresses (rtnetlink.c), routes (rtroute.c),
 * neighbours (rtneigh.c). */
#pragma once

#include <net/ipaddr.h>
#include <net/netlink.h>
#include <net/sock.h>

struct nl_out;
struct route_entry;

void rtnetlink_init(void);	/* boot */

/* Answer one request. 0, NETLINK_ANSWERED or an error. May sleep. */
int rtroute_request(const struct netlink_request *r, const struct nl_header *h);
int rtneigh_request(const struct netlink_request *r, const struct nl_header *h);

/* RTM_NEWROUTE or RTM_DELROUTE about e. */
void rtroute_put(struct nl_out *o, const struct route_entry *e, u16 type);

static inline u8 rtnl_family(struct ipaddr a) { return ip_is4(a) ? AF_INET : AF_INET6; }
/* The family that a request begins with; AF_UNSPEC when it says none. */
static inline u8 rtnl_family_asked(const struct nl_header *h)
{
	return h->len > sizeof(*h) ? *(const u8 *)(h + 1) : AF_UNSPEC;
}
