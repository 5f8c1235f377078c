/* SPDX-License-Identifier: MIT */
/* udp_int.h - what the files of UDP share. */
#pragma once

#include <net/udp.h>

static inline struct udp_sock *to_udp(struct sock *sk)
{
	return container_of(sk, struct udp_sock, inet.sk);
}

/* ---- udp_in.c ---- */
void udp_hash(struct udp_sock *us);		/* bound: findable by its port */
void udp_unhash(struct udp_sock *us);
ssize_t udp_recv(struct sock *sk, struct sock_msg *m);
extern const struct ip_proto udp_ip_proto;

/* ---- udp_out.c ---- */
ssize_t udp_send(struct sock *sk, struct sock_msg *m);
int udp_push_pending(struct udp_sock *us);	/* owner; sends what MSG_MORE gathered */
void udp_drop_pending(struct udp_sock *us);
int udp_autobind(struct udp_sock *us);		/* owner */
