/* SPDX-License-Identifier: MIT */
/* net.c - the first network namespace, and the order in which its parts come up. */
#include <net/net.h>

#include <kernel/ns.h>
#include <net/ip_int.h>
#include <net/loopback.h>
#include <net/neigh.h>
#include <net/netdev.h>
#include <net/netlink.h>
#include <net/raw.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/udp.h>
#include <net/unix.h>

struct net_ns init_net = {
	.route_gen = ATOMIC_INIT(1),
	.port_range = { 32768, 60999 },
	.unprivileged_port = 1024,
	.ping_gids = { 1, 0 },
	.default_ttl = 64,
	.echo_ignore_broadcasts = true,
};

void net_init(void)
{
	sock_boot_init();
	unix_net_init(&init_net);
	netlink_init(&init_net);
	netdev_init(&init_net);
	route_init(&init_net);
	neigh_init();
	ifaddr_init(&init_net);
	arp_init();
	ip4_init();
	ip6_init();
	frag_init();
	icmp_init(&init_net);
	icmp6_init();
	igmp_init();
	mcast_init(&init_net);
	autoconf_init(&init_net);
	raw_init();
	udp_init(&init_net);
	tcp_init(&init_net);
	loopback_init(&init_net);
	init_namespaces.net = &init_net;
}
