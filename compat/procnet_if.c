/* SPDX-License-Identifier: MIT */
/* procnet_if.c - /proc/net: groups that devices listen to, routes of IPv6, who takes which packets,
 * what CPUs polled.
 * Ref: proc(5). Tests: selftests/abi/procnet.c
 */
#include <compat/procnet.h>

#include <arch/cpu.h>
#include <fs/procfs.h>
#include <kernel/clock.h>
#include <net/mcast.h>
#include <net/net.h>
#include <net/netdev.h>
#include <net/route.h>

static void put_hex(struct seq *s, const void *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		seq_print(s, "%02x", ((const u8 *)p)[i]);
}

/* fn for each group of each device. */
static void each_group(struct seq *s, void (*fn)(struct netdev *d, struct ipaddr g, u32 users,
						 ktime_t report_in, void *arg))
{
	struct netdev *d;

	mutex_lock(&init_net.config);
	list_for_each_entry(d, &init_net.devs, link)
		mcast_dev_for_each(d, fn, s);
	mutex_unlock(&init_net.config);
}

/* ---- groups ---- */

static void put_link_group(struct netdev *d, struct ipaddr g, u32 users, ktime_t report_in,
			   void *arg)
{
	const u8 *b = (const u8 *)&g;
	u8 mac[ETH_ALEN] = { 0x33, 0x33, b[12], b[13], b[14], b[15] };

	if (d->flags & IFF_LOOPBACK)
		return;
	if (ip_is4(g)) {
		mac[0] = 1;
		mac[1] = 0;
		mac[2] = 0x5e;
		mac[3] &= 0x7f;
	}
	seq_print(arg, "%-4d %-15s %-5u %-5d ", d->index, d->name, users, 0);
	put_hex(arg, mac, sizeof(mac));
	seq_print(arg, "\n");
}

static int show_dev_mcast(struct seq *s, struct task *t)
{
	each_group(s, put_link_group);
	return 0;
}

static void put_igmp(struct netdev *d, struct ipaddr g, u32 users, ktime_t report_in, void *arg)
{
	if (ip_is4(g))
		seq_print(arg, "\t\t\t\t%08X %5u %u:%08lX\t\t%u\n", ip_v4(g), users, report_in != 0,
			  (u64)report_in / 10000000, 0);
}

static void count4(struct netdev *d, struct ipaddr g, u32 users, ktime_t report_in, void *arg)
{
	*(u32 *)arg += ip_is4(g);
}

static int show_igmp(struct seq *s, struct task *t)
{
	struct netdev *d;

	seq_print(s, "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
	mutex_lock(&init_net.config);
	list_for_each_entry(d, &init_net.devs, link) {
		ktime_t now = clock_monotonic();
		u32 n = 0;

		mcast_dev_for_each(d, count4, &n);
		seq_print(s, "%d\t%-10s: %5u %7s\n", d->index, d->name, n,
			  now < d->igmp1_until	 ? "V1"
			  : now < d->igmp2_until ? "V2"
						 : "V3");
		mcast_dev_for_each(d, put_igmp, s);
	}
	mutex_unlock(&init_net.config);
	return 0;
}

static void put_igmp6(struct netdev *d, struct ipaddr g, u32 users, ktime_t report_in, void *arg)
{
	if (ip_is4(g))
		return;
	seq_print(arg, "%-4d %-15s ", d->index, d->name);
	put_hex(arg, &g, 16);
	seq_print(arg, " %5u %08X %lu\n", users, report_in ? 1 : 4, (u64)report_in / 10000000);
}

static int show_igmp6(struct seq *s, struct task *t)
{
	each_group(s, put_igmp6);
	return 0;
}

/* ---- routes ---- */

static bool put_route6(const struct route_entry *e, void *arg)
{
	static const struct ipaddr any = IP6_ANY;
	u32 flags = 1;			/* RTF_UP */

	if (ip_is4(e->dst))
		return true;
	flags |= ip_is_any(e->gateway) ? 0 : 2;
	flags |= e->type == RTN_LOCAL ? 0x80200000u : 0;
	flags |= e->type == RTN_UNREACHABLE ? 0x200 : 0;
	/* of an advertisement */
	flags |= e->protocol == 9 ? 0x00400000u | (e->bits ? 0x00080000u : 0x00050000u) : 0;
	put_hex(arg, &e->dst, 16);
	seq_print(arg, " %02x ", e->bits);
	put_hex(arg, &any, 16);
	seq_print(arg, " 00 ");
	put_hex(arg, ip_is_any(e->gateway) ? &any : &e->gateway, 16);
	seq_print(arg, " %08x %08x %08x %08x %8s\n", e->metric, 1, 0, flags,
		  e->dev ? e->dev->name : "lo");
	return true;
}

static int show_ipv6_route(struct seq *s, struct task *t)
{
	seq_reserve(s, 65536);
	route_for_each(&init_net, put_route6, s);
	return 0;
}

/* Routes are kept by the sockets that use them: there is no cache to show. */
static int show_rt_cache(struct seq *s, struct task *t)
{
	seq_print(s,
		  "Iface\tDestination\tGateway "
		  "\tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\tHHUptod"
		  "\tSpecDst%26s\n",
		  "");
	return 0;
}

/* ---- the rest ---- */

static void put_ptype(const struct packet_type *p, void *arg)
{
	if (p->protocol == ETH_P_ALL)
		seq_print(arg, "ALL           packet_rcv\n");
	else
		seq_print(arg, "%04x          %s\n", p->protocol,
			  p->protocol == ETH_P_IP     ? "ip_rcv"
			  : p->protocol == ETH_P_ARP  ? "arp_rcv"
			  : p->protocol == ETH_P_IPV6 ? "ipv6_rcv"
						      : "packet_rcv");
}

static int show_ptype(struct seq *s, struct task *t)
{
	seq_print(s, "Type Device      Function\n");
	packet_type_for_each(put_ptype, s);
	return 0;
}

void procnet_if_init(void)
{
	procfs_add("net/dev_mcast", show_dev_mcast);
	procfs_add("net/igmp", show_igmp);
	procfs_add("net/igmp6", show_igmp6);
	procfs_add("net/ipv6_route", show_ipv6_route);
	procfs_add("net/rt_cache", show_rt_cache);
	procfs_add("net/ptype", show_ptype);
}
