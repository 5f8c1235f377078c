/* SPDX-License-Identifier: MIT */
/* modules: net/mib.c net/ip.c net/ip4.c net/ip6.c net/icmp.c net/icmp6.c net/arp.c net/ndp.c
 * net/frag.c net/igmp.c net/mld.c net/autoconf.c net/segment.c net/netbuf.c net/checksum.c
 * mm/buddy.c mm/iter.c selftests/host/pages.c selftests/host/nouser.c */
/* ip: any sequence of packets into IPv4, IPv6 and ARP, with everything behind them (ICMP,
 * fragments, neighbour discovery, router advertisements, listener queries); only sockets, tables
 * and devices are played. Nothing may read outside a packet or leak one. Input: records of two
 * bytes (which protocol and in what shape, length / 8) and the packet. */
#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <kernel/uapi.h>
#include <kernel/workq.h>
#include <net/checksum.h>
#include <net/ip_int.h>
#include <net/loopback.h>
#include <net/mcast_int.h>
#include <net/neigh.h>
#include <net/net.h>
#include <net/raw.h>

#include "host.h"

int fuzz_one(const u8 *data, usize size);

struct net_ns init_net = { .route_gen = ATOMIC_INIT(1), .default_ttl = 64 };
void (*route_changed_hook)(struct net_ns *net, const struct route_entry *e, bool added);
static struct netdev dev, lo;
static const struct netdev_ops no_ops;
static struct packet_type *types[3];
static struct neigh the_neigh;
static struct ifaddr ours4, ours6;
static ktime_t now = 1000 * NSEC_PER_SEC;
static struct bh_timer *timers[8];
static u32 nr_timers;

u32 nr_cpus = 1;

/* ---- what lies around ---- */
ktime_t clock_monotonic(void) { return now; }
ktime_t clock_realtime(void) { return now; }
u64 random_u64(void) { return 0x123456789abcdefull; }
bool softirq_pending_here(void) { return false; }
void bh_run_pending(void) {}
void bh_timer_setup(struct bh_timer *t, void (*fn)(struct bh_timer *t))
{
	t->fn = fn;
	timers[nr_timers++ % 8] = t;
}
bool bh_timer_arm(struct bh_timer *t, ktime_t deadline_ns)
{
	t->timer.deadline_ns = deadline_ns;
	return true;
}
bool bh_timer_cancel(struct bh_timer *t) { t->timer.deadline_ns = 0; return true; }
void work_setup(struct work *w, void (*fn)(struct work *w)) { w->fn = fn; }
bool work_queue(struct work *w)
{
	if (w->queued)
		return false;
	w->queued = true;
	w->fn(w);
	w->queued = false;
	return true;
}

/* ---- devices: what is sent is looked at and dropped ---- */
static void look_at(struct netbuf *nb)
{
	u8 byte = 0;

	for (u32 i = 0; i < nb->len; i++) {
		u8 b;

		netbuf_read(nb, i, &b, 1);
		byte ^= b;
	}
	if (byte == 0 && nb->len > (128u << 10))
		__builtin_trap();
	netbuf_free(nb);
}
void netdev_put(struct netdev *d) { atomic_dec(&d->refs); }
struct netdev *netdev_index_rcu(struct net_ns *net, s32 index)
{
	(void)net;
	return index == dev.index ? &dev : NULL;
}
bool netdev_header(struct netbuf *nb, const u8 *mac, u16 protocol)
{
	(void)mac;
	nb->protocol = protocol;
	return netbuf_unshare(nb, 14, PAGE_ATOMIC) == 0;
}
void netdev_send(struct netbuf *nb) { look_at(nb); }
void loopback_return(struct netbuf *nb) { look_at(nb); }
void packet_type_add(struct packet_type *p)
{
	types[p->protocol == ETH_P_ARP ? 0 : p->protocol == ETH_P_IP ? 1 : 2] = p;
}
void netdev_listen(struct netdev_listener *l) { (void)l; }
void netdev_tell(struct netdev *d, enum netdev_event e, struct ifaddr *a)
{
	(void)d, (void)e, (void)a;
}

/* ---- tables ---- */
int route_lookup(struct net_ns *net, const struct flow *f, struct route *out)
{
	(void)net;
	*out = (struct route){ .gen = 1,
			       .type = ip_is_multicast(f->dst) ? RTN_MULTICAST : RTN_UNICAST,
			       .dev = &dev,
			       .neigh = &the_neigh,
			       .src = ip_is4(f->dst) ? ours4.addr : ours6.addr,
			       .next_hop = f->dst,
			       .mtu = 1500 };
	return ip_is_broadcast(f->dst) ? -ENETUNREACH : 0;
}
void route_put(struct route *r) { *r = (struct route){}; }
u8 route_input_type(struct net_ns *net, struct ipaddr dst, struct netdev *in)
{
	(void)net, (void)in;
	return ip_is_multicast(dst)	    ? RTN_MULTICAST
	       : ip_is_broadcast(dst)	    ? RTN_BROADCAST
	       : ((const u8 *)&dst)[15] & 1 ? RTN_LOCAL
					    : RTN_UNICAST;
}
int ip_check_local(struct net_ns *net, struct ipaddr a, s32 ifindex, u8 *type)
{
	(void)net, (void)ifindex;
	*type = RTN_LOCAL;
	return ((const u8 *)&a)[15] & 1 ? 0 : -EADDRNOTAVAIL;
}
struct ipaddr route_select_src(struct net_ns *net, struct netdev *d, struct ipaddr dst,
			       struct ipaddr hop, u8 scope)
{
	(void)net, (void)d, (void)hop, (void)scope;
	return ip_is4(dst) ? ours4.addr : ours6.addr;
}
void route_set_pmtu(struct net_ns *net, struct ipaddr dst, u32 mtu)
{
	(void)net, (void)dst, (void)mtu;
}
void route_set_redirect(struct net_ns *net, struct ipaddr dst, struct ipaddr gw, struct netdev *d)
{
	(void)net, (void)dst, (void)gw, (void)d;
}
void route_changed(struct net_ns *net) { (void)net; }
void route_expire(struct net_ns *net) { (void)net; }
int route_add(struct net_ns *net, const struct route_entry *e, u32 how)
{
	(void)net, (void)how;
	return e->bits > 128 ? -EINVAL : 0;
}
int route_del(struct net_ns *net, const struct route_entry *e)
{
	(void)net, (void)e;
	return -ESRCH;
}
struct ifaddr *ifaddr_find_rcu(struct net_ns *net, struct ipaddr a, s32 ifindex)
{
	(void)net, (void)ifindex;
	return ip_eq(a, ours6.addr) ? &ours6 : NULL;
}
int ifaddr_add(struct netdev *d, const struct ifaddr *a) { (void)d, (void)a; return 0; }
int ifaddr_del(struct netdev *d, struct ipaddr a, u32 bits)
{
	(void)d, (void)a, (void)bits;
	return 0;
}

/* ---- neighbours, groups, sockets ---- */
struct neigh *neigh_get(struct netdev *d, struct ipaddr a) { (void)d, (void)a; return &the_neigh; }
struct neigh *neigh_find(struct netdev *d, struct ipaddr a) { (void)d, (void)a; return &the_neigh; }
void neigh_put(struct neigh *n) { (void)n; }
void neigh_send(struct neigh *n, struct netbuf *nb, u16 protocol)
{
	(void)n, (void)protocol;
	look_at(nb);
}
void neigh_update(struct neigh *n, const u8 *mac, u8 state, u32 flags)
{
	(void)state, (void)flags;
	if (mac)
		memcpy(&n->hw, mac, 6);
}
bool mcast_joined(struct netdev *d, struct ipaddr group) { (void)d, (void)group; return true; }
int mcast_dev_join(struct netdev *d, struct ipaddr group) { (void)d, (void)group; return 0; }
void mcast_dev_leave(struct netdev *d, struct ipaddr group) { (void)d, (void)group; }
void mcast_asked(struct netdev *d, struct ipaddr group, ktime_t max_ns)
{
	(void)d, (void)group;
	if (max_ns < 0)
		__builtin_trap();
}
bool raw_wants(struct netbuf *nb) { return ip_cb(nb)->proto == 253; }
bool raw_deliver(struct net_ns *net, struct netbuf *nb)
{
	(void)net;
	return ip_cb(nb)->proto == 253;
}
void raw_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	(void)net, (void)nb, (void)e;
}
void ping_rx(struct net_ns *net, struct netbuf *nb) { (void)net; look_at(nb); }
void ping_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	(void)net, (void)nb, (void)e;
}

static void udp_rx(struct net_ns *net, struct netbuf *nb)
{
	(void)net;
	icmp_send_unreachable(nb, 3, 4);
	look_at(nb);
}

static void udp_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	volatile u8 sum = 0;

	(void)net;
	for (u32 i = 0; i < 8; i++)
		sum = (u8)(sum ^ nb->data[i]);
	if (!e->err)
		__builtin_trap();
}
static const struct ip_proto udp = { .proto = IPPROTO_UDP, .rx = udp_rx, .error = udp_error };

static void setup(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	netbuf_init();
	mutex_init(&init_net.config, RANK_NET_CONFIG);
	list_init(&init_net.devs);
	ref_init(&dev.refs, 1000000);
	lo.index = 1;
	lo.flags = IFF_UP | IFF_LOOPBACK;
	init_net.loopback = &lo;
	dev.net = &init_net;
	dev.index = 2;
	dev.flags = IFF_UP | IFF_LOWER_UP;
	dev.mtu = 1500;
	dev.type = ARPHRD_ETHER;
	dev.halen = 6;
	dev.ops = &no_ops;
	memset(dev.broadcast, 0xff, 6);
	dev.mac[5] = 1;
	list_init(&dev.addrs);
	list_init(&dev.mcast);
	dev.ip6 = host_alloc(256, 0, true);
	memset(dev.ip6, 0x7f, 64);
	the_neigh.dev = &dev;
	ours4.addr = ip4_host(0x0a000001);
	ours6.addr = (struct ipaddr){ { cpu_to_be32(0xfe800000), 0, 0, cpu_to_be32(1) } };
	ours6.dev = &dev;
	list_add_tail(&init_net.devs, &dev.link);
	arp_init();
	ip4_init();
	ip6_init();
	frag_init();
	icmp_init(&init_net);
	icmp6_init();
	igmp_init();
	autoconf_init(&init_net);
	ip_proto_register(&udp);
}

/* So that inputs need not guess sums: they are put right where the packet is whole. */
static void mend(u8 *p, u32 n, u32 which)
{
	u16 sum = 0;
	u32 hlen = n ? (p[0] & 15u) * 4 : 0;

	if (which == 1 && hlen >= 20 && n >= hlen) {
		memcpy(p + 10, &sum, 2);
		sum = csum_fold(csum_add_bytes(p, hlen, 0));
		memcpy(p + 10, &sum, 2);
		sum = 0;
		if ((p[9] == IPPROTO_ICMP || p[9] == IPPROTO_IGMP) && n >= hlen + 8 &&
		    !(get_be16(p + 6) & 0x3fff)) {
			memcpy(p + hlen + 2, &sum, 2);
			sum = csum_fold(csum_add_bytes(p + hlen, n - hlen, 0));
			memcpy(p + hlen + 2, &sum, 2);
		}
	}
	if (which == 2 && n >= 48 && p[6] == IPPROTO_ICMPV6) {
		memcpy(p + 42, &sum, 2);
		sum = csum_fold(csum_add_bytes(
			p + 40, n - 40, csum_pseudo6(p + 8, p + 24, n - 40, IPPROTO_ICMPV6)));
		memcpy(p + 42, &sum, 2);
	}
}

static void feed(const u8 *data, u32 n, u8 shape)
{
	u32 which = shape % 3, linear = shape & 0x10 ? min(n, 8u) : n;
	u8 *copy = host_alloc(n + 1, 0, false);
	struct netbuf *nb = netbuf_alloc(linear, 32, PAGE_KERNEL);
	struct page *page;

	memcpy(copy, data, n);
	mend(copy, n, which);
	memcpy(netbuf_put(nb, linear), copy, linear);
	if (n > linear) {		/* the rest in a page, as from a device */
		page = page_alloc(0, PAGE_KERNEL);
		memcpy(page_to_virt(page), copy + linear, n - linear);
		if (netbuf_add_frag(nb, page, 0, n - linear))
			__builtin_trap();
	}
	host_free(copy);
	nb->dev = &dev;
	nb->kind = shape & 0x20 ? PKT_MULTICAST : PKT_HOST;
	nb->protocol = which == 0 ? ETH_P_ARP : which == 1 ? ETH_P_IP : ETH_P_IPV6;
	nb->link_off = nb->net_off = netbuf_offset(nb);
	init_net.forward4 = init_net.forward6 = shape & 0x40;
	types[which]->rx(types[which], nb);
}

int fuzz_one(const u8 *data, usize size)
{
	u64 before;

	setup();
	before = host_allocations();
	while (size >= 2) {
		u8 shape = data[0];
		u32 n = min((u32)data[1] * 8, (u32)size - 2);

		feed(data + 2, n, shape);
		data += 2 + n;
		size -= 2 + n;
	}
	now += 100 * NSEC_PER_SEC;		/* fragments that wait go */
	for (u32 i = 0; i < min(nr_timers, 8u); i++)
		if (timers[i]->timer.deadline_ns)
			timers[i]->fn(timers[i]);
	if (host_allocations() != before)
		__builtin_trap();
	return 0;
}
