/* SPDX-License-Identifier: MIT */
/* inet_port.h - the tables of ports. */
#pragma once

#include <net/inet.h>

#define PORT_BUCKETS 1024u

struct port_table {
	struct port_bucket {
		struct spinlock lock;		/* RANK_SOCK_TABLE */
		struct hlist ports;		/* [lock] struct inet_port */
	} buckets[PORT_BUCKETS];
};

extern struct port_table tcp_ports, udp_ports;

void inet_port_table_init(struct port_table *t);
/* listen(): sockets that shared the port while none listened may not any more. -EADDRINUSE. */
int __must_check inet_port_recheck(struct port_table *t, struct inet_sock *is);
