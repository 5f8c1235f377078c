/* SPDX-License-Identifier: MIT */
/* packet.h - AF_PACKET as sock_diag sees it. */
#pragma once

#include <net/sock.h>

#define PACKET_MEMBERS_SHOWN 16u
struct packet_diag {
	const struct sock *sk;
	s32 ifindex;
	u16 protocol;			/* ETH_P_*, host order */
	bool running, auxdata, origdev;
	u32 nr_members;
	struct packet_diag_member {	/* struct packet_diag_mclist */
		s32 ifindex;
		u32 count;
		u16 type, alen;
		u8 addr[32];
	} members[PACKET_MEMBERS_SHOWN];
};
/* From number *skip on, which is counted up; false: fn said so. fn may not sleep. */
bool packet_diag(struct net_ns *net, u32 *skip, bool (*fn)(const struct packet_diag *d, void *arg),
		 void *arg);
