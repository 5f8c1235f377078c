/* SPDX-License-Identifier: MIT */
/* datagram.h - what raw and ping sockets share: sockets without ports' machinery that receive whole
 * packets. */
#pragma once

#include <net/inet.h>
#include <net/rxqueue.h>

/* Locks: o  owner   t  the protocol's table */
struct dgram_sock {
	struct inet_sock inet;		/* first */
	struct rxqueue rx;		/* data at what the program gets */
	u32 icmp_filter;		/* ICMP_FILTER: bit n: type n is not wanted */
	u32 icmp6_filter[8];		/* ICMP6_FILTER: the same */
	s32 checksum_at;		/* IPV6_CHECKSUM; -1: none */
};

static inline struct dgram_sock *to_dgram(struct sock *sk)
{
	return container_of(sk, struct dgram_sock, inet.sk);
}

void dgram_init_cache(void);
int __must_check dgram_create(const struct sock_ops *ops, struct net_ns *net, u16 family, u16 type,
			      u16 protocol, struct sock **out);
/* Takes nb over, whose data is what the program gets. Bottom halves off. */
void dgram_queue(struct dgram_sock *ds, struct netbuf *nb);
ssize_t dgram_recv(struct sock *sk, struct sock_msg *m);
u32 dgram_poll(struct sock *sk);
int dgram_ioctl(struct sock *sk, u32 cmd, s32 *value);
int dgram_shutdown(struct sock *sk, u32 how);
void dgram_destroy(struct sock *sk);
void dgram_free(struct sock *sk);
void dgram_drop_backlog(struct sock *sk, struct netbuf *nb);
/* To where a message goes, of which port is told: the route, and what ip_send() wants. */
struct dgram_target {
	struct ip_tx tx;
	struct route route;		/* a reference: route_put() */
	u16 port;
};
int __must_check dgram_target(struct inet_sock *is, const struct sock_msg *m,
			      struct dgram_target *t);
int dgram_connect(struct sock *sk, struct sock_addr *a, bool nonblock);
/* len bytes of m with headroom, charged to sk. */
int __must_check dgram_gather(struct sock *sk, struct sock_msg *m, u32 len, struct netbuf **out);
