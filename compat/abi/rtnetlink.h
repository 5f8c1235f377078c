/* SPDX-License-Identifier: MIT */
/* rtnetlink.h - messages of NETLINK_ROUTE. Ref: rtnetlink(7), <linux/rtnetlink.h>,
 * <linux/if_link.h>, <linux/if_addr.h>. */
#pragma once

#include <kernel/lib/compiler.h>

#define RTM_NEWLINK  16u
#define RTM_DELLINK  17u
#define RTM_GETLINK  18u
#define RTM_SETLINK  19u
#define RTM_NEWADDR  20u
#define RTM_DELADDR  21u
#define RTM_GETADDR  22u
#define RTM_NEWROUTE 24u
#define RTM_DELROUTE 25u
#define RTM_GETROUTE 26u
#define RTM_NEWNEIGH 28u
#define RTM_DELNEIGH 29u
#define RTM_GETNEIGH 30u
#define RTM_NEWRULE  32u
#define RTM_GETRULE  34u

#define RTNLGRP_LINK	     1u
#define RTNLGRP_NEIGH	     3u
#define RTNLGRP_IPV4_IFADDR  5u
#define RTNLGRP_IPV4_ROUTE   7u
#define RTNLGRP_IPV6_IFADDR  9u
#define RTNLGRP_IPV6_ROUTE   11u
#define RTNLGRP_MAX	     36u

struct abi_rtattr {
	u16 len, type;
};
#define NLA_TYPE_MASK 0x3fffu

struct abi_ifinfomsg {
	u8 family, pad;
	u16 type;
	s32 index;
	u32 flags, change;
};
enum {
	IFLA_ADDRESS = 1,
	IFLA_BROADCAST,
	IFLA_IFNAME,
	IFLA_MTU,
	IFLA_LINK,
	IFLA_QDISC,
	IFLA_STATS,
	IFLA_TXQLEN = 13,
	IFLA_MAP,
	IFLA_OPERSTATE = 16,
	IFLA_LINKMODE,
	IFLA_STATS64 = 23,
	IFLA_GROUP = 27,
	IFLA_PROMISCUITY = 30,
	IFLA_NUM_TX_QUEUES,
	IFLA_NUM_RX_QUEUES,
	IFLA_CARRIER,
	IFLA_CARRIER_CHANGES = 35,
	IFLA_GSO_MAX_SEGS = 40,
	IFLA_GSO_MAX_SIZE,
	IFLA_MIN_MTU = 50,
	IFLA_MAX_MTU,
	IFLA_PERM_ADDRESS = 54
};
#define IF_OPER_UNKNOWN 0u
#define IF_OPER_DOWN	2u
#define IF_OPER_UP	6u

struct abi_ifaddrmsg {
	u8 family, prefixlen, flags, scope;
	u32 index;
};
enum {
	IFA_ADDRESS = 1,
	IFA_LOCAL,
	IFA_LABEL,
	IFA_BROADCAST,
	IFA_ANYCAST,
	IFA_CACHEINFO,
	IFA_MULTICAST,
	IFA_FLAGS
};
struct abi_ifa_cacheinfo {
	u32 preferred, valid, cstamp, tstamp;
};

struct abi_rtmsg {
	u8 family, dst_len, src_len, tos, table, protocol, scope, type;
	u32 flags;
};
enum {
	RTA_DST = 1,
	RTA_SRC,
	RTA_IIF,
	RTA_OIF,
	RTA_GATEWAY,
	RTA_PRIORITY,
	RTA_PREFSRC,
	RTA_METRICS,
	RTA_MULTIPATH,
	RTA_CACHEINFO = 12,
	RTA_TABLE = 15,
	RTA_MARK,
	RTA_PREF = 20,
	RTA_UID = 25
};
enum { RTAX_MTU = 2, RTAX_ADVMSS = 8, RTAX_HOPLIMIT = 10, RTAX_INITCWND = 11 };
#define RT_SCOPE_NOWHERE 255u

struct abi_ndmsg {
	u8 family, pad1;
	u16 pad2;
	s32 ifindex;
	u16 state;
	u8 flags, type;
};
enum { NDA_DST = 1, NDA_LLADDR, NDA_CACHEINFO, NDA_PROBES };
