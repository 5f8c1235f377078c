/* SPDX-License-Identifier: MIT */
/* udp.h - UDP sockets. */
#pragma once

#include <net/inet.h>
#include <net/rxqueue.h>

#define UDP_BUCKETS 1024u

struct udp_header {
	u16 sport, dport, len, csum;		/* network order */
};

/* Locks: o  owner */
struct udp_sock {
	struct inet_sock inet;		/* first */
	struct rxqueue rx;		/* data at what the program gets */
	struct netbuf *pending;		/* [o] MSG_MORE, UDP_CORK: not sent yet */
	struct ip_tx pending_tx;	/* [o] where it goes */
	struct route pending_route;	/* [o] */
	u16 pending_port;		/* [o] */
	u16 segment;			/* UDP_SEGMENT */
	bool cork, gro, no_check6_tx, no_check6_rx;
	u64 drops;
};

struct net_ns;
void udp_init(struct net_ns *net);
