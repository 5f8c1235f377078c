/* SPDX-License-Identifier: MIT */
/* socket.h - how arm64 Linux lays out addresses and messages. Ref: <sys/socket.h>, <netinet/in.h>,
 * <sys/un.h>, <linux/if_packet.h>. */
#pragma once

#include <kernel/lib/compiler.h>

#define SUN_PATH_MAX 108u

struct abi_sockaddr_in {
	u16 family;
	u16 port;		/* network order, as all below */
	u8 addr[4];
	u8 zero[8];
} __aligned(4);

struct abi_sockaddr_in6 {
	u16 family;
	u16 port;
	u32 flowinfo;
	u8 addr[16];
	u32 scope;		/* host order */
};

struct abi_sockaddr_un {
	u16 family;
	char path[SUN_PATH_MAX];
};

struct abi_sockaddr_ll {
	u16 family;
	u16 protocol;
	s32 ifindex;
	u16 hatype;
	u8 pkttype, halen, addr[8];
};

struct abi_sockaddr_nl {
	u16 family, pad;
	u32 pid, groups;
};

union abi_sockaddr {
	u16 family;
	struct abi_sockaddr_in in;
	struct abi_sockaddr_in6 in6;
	struct abi_sockaddr_un un;
	struct abi_sockaddr_ll ll;
	struct abi_sockaddr_nl nl;
	u8 bytes[128];		/* struct sockaddr_storage */
};

struct abi_msghdr {
	uaddr_t name;
	s32 namelen, pad0;
	uaddr_t iov;
	u64 iovlen;
	uaddr_t control;
	u64 controllen;
	u32 flags, pad1;
};

struct abi_mmsghdr {
	struct abi_msghdr hdr;
	u32 len, pad;
};

struct abi_cmsghdr {
	u64 len;
	s32 level, type;
};

#define CMSG_ALIGN(n) ALIGN_UP(n, sizeof(u64))

struct abi_ucred {
	s32 pid;
	u32 uid, gid;
};

struct abi_in_pktinfo {
	s32 ifindex;
	u8 spec_dst[4], addr[4];
};

struct abi_in6_pktinfo {
	u8 addr[16];
	s32 ifindex;
};

struct abi_sock_extended_err {
	u32 err;
	u8 origin, type, code, pad;
	u32 info, data;
};

struct abi_tpacket_auxdata {
	u32 status, len, snaplen;
	u16 mac, net, vlan_tci, vlan_tpid;
};
