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
/* What a connection leaves on its port when the socket goes (TIME_WAIT): nobody binds it without
 * SO_REUSEADDR. */
struct inet_port_rest {
	struct inet_port *port;		/* [bucket] NULL: none */
	struct list link;		/* [bucket] inet_port.rests */
	struct ipaddr laddr;
	u16 lport;
	s32 bound_if;
	u32 uid;
	bool reuseaddr, reuseport;
};
void inet_port_leave(struct port_table *t, const struct inet_sock *is, struct inet_port_rest *rest);
void inet_port_rest_release(struct port_table *t, struct inet_port_rest *rest);
/* listen(): sockets that shared the port while none listened may not any more. -EADDRINUSE. */
int __must_check inet_port_recheck(struct port_table *t, struct inet_sock *is);

/* SO_REUSEPORT: does the nth socket that fits as well as those before it take the flow? hash: the
 * flow's, which each question changes, so that all get the same share and a flow stays with its
 * socket. */
static inline bool reuseport_takes(u32 *hash, u32 n)
{
	*hash = *hash * 1664525u + 1013904223u;
	return (u64)*hash * n >> 32 == 0;
}
