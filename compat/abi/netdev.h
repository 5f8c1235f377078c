/* SPDX-License-Identifier: MIT */
/* netdev.h - how arm64 Linux lays out the ioctls of network devices and routes. Ref: <linux/if.h>,
 * <linux/route.h>, <linux/if_arp.h>. */
#pragma once

#include <compat/abi/socket.h>

struct abi_sockaddr_raw {
	u16 family;
	u8 data[14];
};

struct abi_ifmap {
	u64 mem_start, mem_end;
	u16 base_addr;
	u8 irq, dma, port, pad[3];
};

struct abi_ifreq {
	char name[16];
	union {
		struct abi_sockaddr_in addr;
		struct abi_sockaddr_raw hwaddr;
		u16 flags;
		s32 value;
		char newname[16];
		struct abi_ifmap map;
		uaddr_t data;
	};
};
static_assert(sizeof(struct abi_ifreq) == 40, "struct ifreq");

struct abi_ifconf {
	s32 len, pad;
	uaddr_t buf;
};

struct abi_rtentry {
	u64 pad1;
	struct abi_sockaddr_in dst, gateway, genmask;
	u16 flags;
	s16 pad2;
	u64 pad3;
	uaddr_t pad4;
	s16 metric;
	uaddr_t dev;
	u64 mtu, window;
	u16 irtt;
};
static_assert(sizeof(struct abi_rtentry) == 120, "struct rtentry");

#define RTF_UP	    0x0001u
#define RTF_GATEWAY 0x0002u
#define RTF_HOST    0x0004u
#define RTF_REJECT  0x0200u
