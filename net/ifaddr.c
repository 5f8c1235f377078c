/* SPDX-License-Identifier: MIT */
/* ifaddr.c - addresses of interfaces, and the routes that follow from them.
 *
 * An IPv4 address brings a local route (also while its device is down), and once the device is up a
 * route to its prefix and to the prefix's broadcast address. A second address of the same prefix is
 * secondary: it shares the first's routes, and goes with it. An IPv6 address brings a local route
 * and one to its prefix; when its device goes down it is forgotten.
 *
 * Invariants: (1) routes of RTPROT_KERNEL in the tables local and main are those of add_routes4()
 * and add_routes6() for the addresses there are. (2) primaries precede secondaries in netdev.addrs.
 *
 * Locks: net->config [RANK_NET_CONFIG] for changes; readers under RCU. Ref: netdevice(7),
 * rtnetlink(7), RFC 4291 s2.
 * Tests: selftests/abi/inet.c
 */
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <mm/slab.h>
#include <net/mcast.h>
#include <net/neigh.h>
#include <net/net.h>
#include <net/route.h>

#define NLM_CREATE_APPEND 0xc00u
#define METRIC6		  256u

static struct ipaddr prefix_of(const struct ifaddr *a)
{
	struct ipaddr p = a->peer;
	u32 bits = ip_bits(a->addr, a->bits);

	for (u32 i = 0; i < 4; i++, bits = bits > 32 ? bits - 32 : 0)
		p.w[i] &= bits >= 32 ? U32_MAX : bits ? cpu_to_be32(~(U32_MAX >> bits)) : 0;
	return p;
}

static bool same_prefix(const struct ifaddr *a, const struct ifaddr *b)
{
	return ip_is4(a->addr) == ip_is4(b->addr) && a->bits == b->bits &&
	       ip_eq(prefix_of(a), prefix_of(b));
}

struct ifaddr *ifaddr_find_rcu(struct net_ns *net, struct ipaddr addr, s32 ifindex)
{
	struct netdev *d;
	struct ifaddr *a;

	list_for_each_entry(d, &net->devs, link) {
		if (ifindex && d->index != ifindex)
			continue;
		list_for_each_entry(a, &d->addrs, link)
			if (ip_eq(a->addr, addr))
				return a;
	}
	return NULL;
}

/* ---- routes of an address ---- */

static void change_route(struct netdev *d, const struct route_entry *e, bool add)
{
	int err = add ? route_add(d->net, e, NLM_CREATE_APPEND) : route_del(d->net, e);

	if (err && err != -EEXIST && err != -ESRCH)
		pr_warn("net: %s: a route of an address cannot be %s: error %d", d->name,
			add ? "added" : "removed", -err);
}

static void magic4(const struct ifaddr *prim, u8 type, struct ipaddr dst, u32 bits, bool add)
{
	struct route_entry e = { .dst = dst,
				 .bits = (u8)(96 + bits),
				 .type = type,
				 .scope = type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK,
				 .protocol = RTPROT_KERNEL,
				 .table = type == RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL,
				 .gateway = IP4_ANY,
				 .prefsrc = prim->addr,
				 .dev = prim->dev };

	change_route(prim->dev, &e, add);
}

/* Whose routes a shares. */
static const struct ifaddr *primary_of(const struct ifaddr *a)
{
	struct ifaddr *o;

	if (a->flags & IFA_F_SECONDARY)
		list_for_each_entry(o, &a->dev->addrs, link)
			if (!(o->flags & IFA_F_SECONDARY) && same_prefix(o, a))
				return o;
	return a;
}

static struct ipaddr last_of_prefix(const struct ifaddr *a)
{
	u32 host = be32_to_cpu(ip_v4(prefix_of(a)));

	return ip4_host(a->bits ? host | (a->bits >= 32 ? 0 : U32_MAX >> a->bits) : U32_MAX);
}

/* The routes of the prefix: only primaries have them, only while the device is up. */
static void prefix_routes4(const struct ifaddr *a, bool add)
{
	struct ipaddr prefix = prefix_of(a);

	if (!ip_is_any(a->broadcast) && !ip_is_broadcast(a->broadcast))
		magic4(primary_of(a), RTN_BROADCAST, a->broadcast, 32, add);
	if ((a->flags & IFA_F_SECONDARY) || ip_is_any(prefix) ||
	    (ip_eq(prefix, a->addr) && a->bits == 32))
		return;
	if (!(a->flags & IFA_F_NOPREFIXROUTE))
		magic4(a, a->dev->flags & IFF_LOOPBACK ? RTN_LOCAL : RTN_UNICAST, prefix, a->bits,
		       add);
	if (a->bits < 31)
		magic4(a, RTN_BROADCAST, last_of_prefix(a), 32, add);
}

static void add_routes4(const struct ifaddr *a)
{
	magic4(primary_of(a), RTN_LOCAL, a->addr, 32, true);
	if (a->dev->flags & IFF_UP)
		prefix_routes4(a, true);
}

/* The prefixes of router advertisements have lifetimes and routes of their own (autoconf.c). */
static bool is_routed6(const struct ifaddr *a)
{
	return !(a->flags & (IFA_F_NOPREFIXROUTE | IFA_F_MANAGETEMPADDR)) &&
	       !ip_is_loopback(a->addr);
}

static void change_routes6(const struct ifaddr *a, bool add)
{
	struct route_entry e = { .dst = a->addr,
				 .bits = 128,
				 .type = RTN_LOCAL,
				 .protocol = RTPROT_KERNEL,
				 .table = RT_TABLE_LOCAL,
				 .dev = a->dev };
	struct ifaddr *o;

	change_route(a->dev, &e, add);
	if (!is_routed6(a) || !(a->dev->flags & IFF_UP))
		return;
	if (!add)		/* (1) another address may need the prefix */
		list_for_each_entry(o, &a->dev->addrs, link)
			if (o != a && is_routed6(o) && same_prefix(o, a))
				return;
	e = (struct route_entry){ .dst = prefix_of(a),
				  .bits = a->bits,
				  .type = RTN_UNICAST,
				  .protocol = RTPROT_KERNEL,
				  .table = RT_TABLE_MAIN,
				  .metric = METRIC6,
				  .dev = a->dev,
				  .expires = a->flags & IFA_F_PERMANENT ? WAIT_FOREVER
									: a->valid_until };
	change_route(a->dev, &e, add);
}

/* ---- adding ---- */

static int check4(struct netdev *d, struct ifaddr *a)
{
	struct ifaddr *o;

	if (a->bits > 32 || ip_is_any(a->addr) || ip_is_multicast(a->addr))
		return -EINVAL;
	a->flags &= ~IFA_F_SECONDARY;
	list_for_each_entry(o, &d->addrs, link) {
		if (!same_prefix(o, a))
			continue;
		if (ip_eq(o->addr, a->addr))
			return -EEXIST;
		if (o->scope != a->scope)
			return -EINVAL;
		a->flags |= IFA_F_SECONDARY;
	}
	return 0;
}

static int check6(struct netdev *d, struct ifaddr *a)
{
	struct ifaddr *o;

	if (a->bits > 128 || ip_is_any(a->addr) || ip_is_multicast(a->addr))
		return -EINVAL;
	list_for_each_entry(o, &d->addrs, link)
		if (ip_eq(o->addr, a->addr))
			return -EEXIST;
	a->scope = ip_is_loopback(a->addr)     ? RT_SCOPE_HOST
		   : ip_is_link_local(a->addr) ? RT_SCOPE_LINK
					       : RT_SCOPE_UNIVERSE;
	if ((be32_to_cpu(a->addr.w[0]) >> 22) == 0x3fb)
		a->scope = 200;		/* RT_SCOPE_SITE */
	if (!(a->flags & IFA_F_NODAD) && !(d->flags & (IFF_LOOPBACK | IFF_NOARP)))
		a->flags |= IFA_F_TENTATIVE;
	return 0;
}

/* (2) As Linux orders them: primaries by descending scope, then secondaries. */
static void insert(struct netdev *d, struct ifaddr *a)
{
	struct list *after = &d->addrs;
	struct ifaddr *o;

	if ((a->flags & IFA_F_SECONDARY) || !ip_is4(a->addr)) {
		list_add_tail(&d->addrs, &a->link);
		return;
	}
	list_for_each_entry(o, &d->addrs, link)
		if (ip_is4(o->addr) && !(o->flags & IFA_F_SECONDARY) && a->scope <= o->scope)
			after = &o->link;
	list_add_head(after, &a->link);
}

int ifaddr_add(struct netdev *d, const struct ifaddr *given)
{
	struct ifaddr *a = kmalloc(sizeof(*a), PAGE_KERNEL);
	int err;

	if (!a)
		return -ENOMEM;
	*a = *given;
	a->dev = d;
	a->created = a->updated = clock_monotonic();
	if (ip_is_any(a->peer))
		a->peer = a->addr;
	if (!a->label[0])
		str_copy(a->label, d->name, sizeof(a->label));
	if (!a->valid_until)
		a->valid_until = a->preferred_until = WAIT_FOREVER;
	if (a->valid_until == WAIT_FOREVER)
		a->flags |= IFA_F_PERMANENT;
	if (ip_is_loopback(a->addr))
		a->scope = RT_SCOPE_HOST;
	err = ip_is4(a->addr) ? check4(d, a) : check6(d, a);
	if (err) {
		kfree(a);
		return err;
	}
	insert(d, a);
	if (ip_is4(a->addr))
		add_routes4(a);
	else
		change_routes6(a, true);
	netdev_tell(d, NETDEV_ADDR_ADDED, a);
	route_changed(d->net);
	return 0;
}

/* ---- removing ---- */

static void free_rcu(struct rcu_head *h)
{
	kfree(container_of(h, struct ifaddr, rcu));
}

static void flush_prefsrc(struct net_ns *net, struct ipaddr src)
{
	if (!ifaddr_find_rcu(net, src, 0))
		route_flush_src(net, src);
}

static bool has_v4(const struct netdev *d)
{
	struct ifaddr *a;

	list_for_each_entry(a, &d->addrs, link)
		if (ip_is4(a->addr))
			return true;
	return false;
}

static void remove(struct ifaddr *a)
{
	struct netdev *d = a->dev;
	struct ifaddr *o;
	bool elsewhere = false;

	if (ip_is4(a->addr)) {
		if (d->flags & IFF_UP)
			prefix_routes4(a, false);
		list_for_each_entry(o, &d->addrs, link)
			elsewhere |= o != a && ip_eq(o->addr, a->addr);
		if (!elsewhere)
			magic4(primary_of(a), RTN_LOCAL, a->addr, 32, false);
	} else {
		change_routes6(a, false);
	}
	list_del(&a->link);
	flush_prefsrc(d->net, a->addr);
	/* without an address a device speaks no IPv4 */
	if (ip_is4(a->addr) && !has_v4(d))
		route_flush_dev(d, true, false);
	netdev_tell(d, NETDEV_ADDR_REMOVED, a);
	route_changed(d->net);
	call_rcu(&a->rcu, free_rcu);
}

static struct ifaddr *secondary_of(struct netdev *d, const struct ifaddr *prim)
{
	struct ifaddr *o;

	list_for_each_entry(o, &d->addrs, link)
		if ((o->flags & IFA_F_SECONDARY) && o != prim && same_prefix(o, prim))
			return o;
	return NULL;
}

int ifaddr_del(struct netdev *d, struct ipaddr addr, u32 bits)
{
	struct ifaddr *a, *o;

	list_for_each_entry(a, &d->addrs, link) {
		if (!ip_eq(a->addr, addr) || a->bits != bits)
			continue;
		if (ip_is4(addr) && !(a->flags & IFA_F_SECONDARY))
			while ((o = secondary_of(d, a)))
				remove(o);
		remove(a);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

static void remove_all(struct netdev *d, bool v4, bool v6)
{
	struct ifaddr *a, *found;

	do {
		found = NULL;
		list_for_each_entry(a, &d->addrs, link)
			if (ip_is4(a->addr) ? v4 : v6)
				found = a;		/* from the end: secondaries first */
		if (found)
			remove(found);
	} while (found);
}

/* ---- what happens to devices ---- */

static void add_loopback4(struct netdev *d)
{
	struct ifaddr lo = { .addr = ip4_host(0x7f000001),
			     .bits = 8,
			     .scope = RT_SCOPE_HOST,
			     .broadcast = IP4_ANY,
			     .peer = IP4_ANY };

	if (ifaddr_add(d, &lo))
		pr_warn("net: no memory for 127.0.0.1");
}

static void device_up(struct netdev *d)
{
	struct ifaddr *a;

	if ((d->flags & IFF_LOOPBACK) && !has_v4(d))
		add_loopback4(d);
	list_for_each_entry(a, &d->addrs, link)
		if (ip_is4(a->addr))
			add_routes4(a);
	if (mcast_dev_join(d, ip4_host(0xe0000001)))
		pr_warn("net: %s: no memory for 224.0.0.1", d->name);
}

static void device_down(struct netdev *d)
{
	/* autoconf.c hears of it after this: the addresses' groups go with them */
	mcast_dev_leave(d, ip4_host(0xe0000001));
	remove_all(d, false, true);
	route_flush_dev(d, false, false);
	neigh_flush_dev(d);
}

static void on_event(struct netdev *d, enum netdev_event e, struct ifaddr *a)
{
	switch (e) {
	case NETDEV_UP:
		device_up(d);
		break;
	case NETDEV_DOWN:
		device_down(d);
		break;
	case NETDEV_UNREGISTERED:
		remove_all(d, true, true);
		route_flush_dev(d, false, false);
		break;
	default:
		break;
	}
	route_changed(d->net);
}

static struct netdev_listener listener = { .event = on_event };

void ifaddr_init(struct net_ns *net)
{
	netdev_listen(&listener);
}
