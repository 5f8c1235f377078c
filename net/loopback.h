/* SPDX-License-Identifier: MIT */
#pragma once

struct net_ns;

void loopback_init(struct net_ns *net);
