/* SPDX-License-Identifier: MIT */
/* sockdiag.h - messages of NETLINK_SOCK_DIAG. Ref: sock_diag(7), <linux/sock_diag.h>,
 * <linux/inet_diag.h>, <linux/unix_diag.h>, <linux/packet_diag.h>, <linux/netlink_diag.h>. */
#pragma once

#include <kernel/lib/compiler.h>

#define TCPDIAG_GETSOCK	    18u		/* of old: struct abi_inet_diag_req */
#define DCCPDIAG_GETSOCK    19u
#define DIAG_NO_COOKIE	    U32_MAX

struct abi_inet_diag_id {
	u16 sport, dport;		/* network order, as are the addresses */
	u32 src[4], dst[4];
	u32 ifindex, cookie[2];
};
struct abi_inet_diag_req {
	u8 family, src_len, dst_len, ext;
	struct abi_inet_diag_id id;
	u32 states, dbs;
};
struct abi_inet_diag_req_v2 {
	u8 family, protocol, ext, pad;
	u32 states;
	struct abi_inet_diag_id id;
};
enum { INET_DIAG_REQ_BYTECODE = 1, INET_DIAG_REQ_PROTOCOL = 3 };
struct abi_inet_diag_msg {
	u8 family, state, timer, retrans;
	struct abi_inet_diag_id id;
	u32 expires, rqueue, wqueue, uid, inode;
};
static_assert(sizeof(struct abi_inet_diag_req_v2) == 56 && sizeof(struct abi_inet_diag_msg) == 72 &&
		      sizeof(struct abi_inet_diag_req) == 60,
	      "");
enum {
	INET_DIAG_MEMINFO = 1,
	INET_DIAG_INFO,
	INET_DIAG_VEGASINFO,
	INET_DIAG_CONG,
	INET_DIAG_TOS,
	INET_DIAG_TCLASS,
	INET_DIAG_SKMEMINFO,
	INET_DIAG_SHUTDOWN,
	INET_DIAG_PROTOCOL = 10,
	INET_DIAG_SKV6ONLY,
	INET_DIAG_PAD = 14,
	INET_DIAG_MARK,
	INET_DIAG_CLASS_ID = 17,
	INET_DIAG_SOCKOPT = 22
};
/* struct inet_diag_sockopt: bits from the lowest. */
#define DIAG_OPT_RECVERR	     BIT(0)
#define DIAG_OPT_IS_ICSK	     BIT(1)
#define DIAG_OPT_FREEBIND	     BIT(2)
#define DIAG_OPT_HDRINCL	     BIT(3)
#define DIAG_OPT_MC_LOOP	     BIT(4)
#define DIAG_OPT_TRANSPARENT	     BIT(5)
#define DIAG_OPT_MC_ALL		     BIT(6)
#define DIAG_OPT_BIND_ADDRESS_NO_PORT BIT(8)
#define DIAG_OPT_RECVERR_RFC4884     BIT(9)
#define DIAG_OPT_DEFER_CONNECT	     BIT(10)

struct abi_unix_diag_req {
	u8 family, protocol;
	u16 pad;
	u32 states, ino, show, cookie[2];
};
struct abi_unix_diag_msg {
	u8 family, type, state, pad;
	u32 ino, cookie[2];
};
enum {
	UNIX_DIAG_NAME,
	UNIX_DIAG_VFS,
	UNIX_DIAG_PEER,
	UNIX_DIAG_ICONS,
	UNIX_DIAG_RQLEN,
	UNIX_DIAG_MEMINFO,
	UNIX_DIAG_SHUTDOWN,
	UNIX_DIAG_UID
};
#define UDIAG_SHOW(what) BIT(UNIX_DIAG_##what)

struct abi_packet_diag_req {
	u8 family, protocol;
	u16 pad;
	u32 ino, show, cookie[2];
};
struct abi_packet_diag_msg {
	u8 family, type;
	u16 num;
	u32 ino, cookie[2];
};
enum {
	PACKET_DIAG_INFO,
	PACKET_DIAG_MCLIST,
	PACKET_DIAG_RX_RING,
	PACKET_DIAG_TX_RING,
	PACKET_DIAG_FANOUT,
	PACKET_DIAG_UID,
	PACKET_DIAG_MEMINFO,
	PACKET_DIAG_FILTER
};
#define PACKET_SHOW_INFO    0x01u
#define PACKET_SHOW_MCLIST  0x02u
#define PACKET_SHOW_MEMINFO 0x10u
#define PACKET_SHOW_FILTER  0x20u
struct abi_packet_diag_info {
	u32 ifindex, version, reserve, copy_thresh, tstamp, flags;
};
#define PDI_RUNNING 1u
#define PDI_AUXDATA 2u
#define PDI_ORIGDEV 4u

struct abi_netlink_diag_req {
	u8 family, protocol;
	u16 pad;
	u32 ino, show, cookie[2];
};
struct abi_netlink_diag_msg {
	u8 family, type, protocol, state;
	u32 portid, dst_portid, dst_group, ino, cookie[2];
};
#define NDIAG_PROTO_ALL	   255u
enum {
	NETLINK_DIAG_MEMINFO,
	NETLINK_DIAG_GROUPS,
	NETLINK_DIAG_RX_RING,
	NETLINK_DIAG_TX_RING,
	NETLINK_DIAG_FLAGS
};
#define NDIAG_SHOW_MEMINFO 1u
#define NDIAG_SHOW_GROUPS  2u
#define NDIAG_SHOW_FLAGS   8u
