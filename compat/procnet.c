/* SPDX-License-Identifier: MIT */
/* procnet.c - /proc/net: devices, addresses, routes, neighbours, as ifconfig, route and arp read
 * them. Sockets are in procnet_sock.c. The columns are Linux's to the blank.
 *
 * Addresses are printed as Linux prints them: 32-bit words of the packet as the CPU reads them, in
 * hexadecimal.
 * Ref: proc(5), Linux Documentation/networking/proc_net_tcp.rst. Tests: none of its own yet
 */
#include <compat/procnet.h>

#include <fs/procfs.h>
#include <kernel/lib/fmt.h>
#include <net/net.h>
#include <net/neigh.h>
#include <net/netdev.h>
#include <net/route.h>

/* ---- devices ---- */

static int show_dev(struct seq *s, struct task *t)
{
	struct netdev *d;

	seq_print(s,
		  "Inter-|   Receive                                                |  Transmit\n"
		  " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
		  "packets errs drop fifo colls carrier compressed\n");
	mutex_lock(&init_net.config);
	list_for_each_entry(d, &init_net.devs, link) {
		struct netdev_stats n;

		netdev_get_stats(d, &n);
		seq_print(s, "%6s: %7lu %7lu %4lu %4lu %4u %5u %10u %9lu ", d->name, n.rx_bytes,
			  n.rx_packets, n.rx_errors, n.rx_dropped, 0, 0, 0, n.rx_multicast);
		seq_print(s, "%8lu %7lu %4lu %4lu %4u %5u %7u %10u\n", n.tx_bytes, n.tx_packets,
			  n.tx_errors, n.tx_dropped, 0, 0, 0, 0);
	}
	mutex_unlock(&init_net.config);
	return 0;
}

static int show_if_inet6(struct seq *s, struct task *t)
{
	struct netdev *d;
	struct ifaddr *a;

	mutex_lock(&init_net.config);
	list_for_each_entry(d, &init_net.devs, link)
		list_for_each_entry(a, &d->addrs, link) {
			const u8 *b = (const u8 *)&a->addr;

			if (ip_is4(a->addr))
				continue;
			for (u32 i = 0; i < 16; i++)
				seq_print(s, "%02x", b[i]);
			seq_print(s, " %02x %02x %02x %02x %8s\n", (u32)d->index, a->bits,
				  a->scope == RT_SCOPE_LINK   ? 0x20
				  : a->scope == RT_SCOPE_HOST ? 0x10
							      : 0,
				  a->flags & 0xff, d->name);
		}
	mutex_unlock(&init_net.config);
	return 0;
}

/* ---- routes ---- */

static bool show_route_entry(const struct route_entry *e, void *arg)
{
	struct seq *s = arg;
	u32 bits = e->bits - 96, flags = 1, mask = bits ? cpu_to_be32(~0u << (32 - bits)) : 0;

	if (!ip_is4(e->dst) || e->table != RT_TABLE_MAIN || e->type == RTN_BROADCAST ||
	    e->type == RTN_LOCAL)
		return true;
	flags |= ip_is_any(e->gateway) ? 0 : 2;
	flags |= bits == 32 ? 4 : 0;
	flags |= e->type == RTN_UNREACHABLE ? 0x200 : 0;
	seq_print(s, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%u\t%08X\t%u\t%u\t%u",
		  e->dev ? e->dev->name : "*", ip_v4(e->dst), ip_v4(e->gateway), flags, 0, 0,
		  e->metric, mask, e->mtu ? e->mtu + 40 : 0, 0, 0);
	seq_print(s, "%*s\n", 8, "");
	return true;
}

static int show_route(struct seq *s, struct task *t)
{
	seq_print(s, "Iface\tDestination\tGateway "
		     "\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                      "
		     "                                 \n");
	route_for_each(&init_net, show_route_entry, s);
	return 0;
}

/* ---- neighbours ---- */

static bool show_neighbour(struct neigh *n, void *arg)
{
	const u8 *a = (const u8 *)&n->addr.w[3], *m = (const u8 *)&n->hw;
	u8 state = READ_ONCE(n->state);
	char ip[16];

	if (!ip_is4(n->addr))
		return true;
	fmt_print(ip, sizeof(ip), "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
	seq_print(arg, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n", ip, 1,
		  (state & NUD_PERMANENT ? 6 : 0) | (state & NUD_VALID ? 2 : 0), m[0], m[1], m[2],
		  m[3], m[4], m[5], n->dev->name);
	return true;
}

static int show_arp(struct seq *s, struct task *t)
{
	seq_print(
		s,
		"IP address       HW type     Flags       HW address            Mask     Device\n");
	neigh_for_each(show_neighbour, s);
	return 0;
}

void procnet_init(void)
{
	procfs_add("net/dev", show_dev);
	procfs_add("net/if_inet6", show_if_inet6);
	procfs_add("net/route", show_route);
	procfs_add("net/arp", show_arp);
	procnet_sock_init();
	procnet_stat_init();
	procnet_if_init();
}
