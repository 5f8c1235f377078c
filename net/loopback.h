/* SPDX-License-Identifier: MIT */
#pragma once

struct net_ns;
struct netbuf;

void loopback_init(struct net_ns *net);
/* A packet we sent comes back in by the device it left by (groups, broadcasts): data at the network
 * header, dev, kind and protocol set. Takes it over. Any context but interrupts. */
void loopback_return(struct netbuf *nb);
