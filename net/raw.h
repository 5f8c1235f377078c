/* SPDX-License-Identifier: MIT */
/* raw.h - raw sockets and ping sockets, as the internet layer sees them. */
#pragma once

#include <net/ip.h>

/* Is there a raw socket for nb's protocol and addresses? Under RCU. */
bool raw_wants(struct netbuf *nb);
/* Gives clones of nb (data at the transport header) to raw sockets that want it. */
bool raw_deliver(struct net_ns *net, struct netbuf *nb);
void raw_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e);
void raw_init(void);

/* An echo reply for a ping socket; takes nb over. An error about an echo of ours. */
void ping_rx(struct net_ns *net, struct netbuf *nb);
void ping_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e);
