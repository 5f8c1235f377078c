/* SPDX-License-Identifier: MIT */
/* route.c - where a packet goes: rules about sources, devices and special destinations above the
 * tables of fib.c, the sources of route_src.c and the exceptions of route_exception.c.
 *
 * An answer names device, next hop, source and MTU; sockets keep it until net->route_gen moves,
 * which every change of a device, an address, a route or an exception does.
 *
 * Invariant: the generation of an answer is read before the tables are: a change meanwhile makes it
 * stale at birth.
 *
 * Locks: net->config for tables; readers under RCU.
 * Ref: RFC 1122 s3.3.1, RFC 1191 s6.3, RFC 8201, rtnetlink(7), ip(7). Tests: selftests/abi/inet.c
 */
#include <net/route.h>

#include "route_int.h"

#include <kernel/bh.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <mm/slab.h>
#include <net/fib.h>
#include <net/ip_int.h>
#include <net/mcast.h>
#include <net/neigh.h>
#include <net/net.h>

void route_changed(struct net_ns *net)
{
	if (atomic_add_return(&net->route_gen, 1) == 0)
		atomic_add(&net->route_gen, 1);
}

/* ---- the tables ---- */

static bool usable(const struct route_entry *e, const struct flow *f)
{
	if (e->tos && e->tos != (f->tos & 0x1c))
		return false;
	if (f->oif && e->dev && e->dev->index != f->oif)
		return false;
	return !e->expires || e->expires == WAIT_FOREVER || e->expires > clock_monotonic();
}

static const struct route_entry *look_in(struct net_ns *net, u32 table, const struct flow *f)
{
	const struct fib_prefix *p;
	const struct route_entry *e;
	s32 bits = 128;

	while ((p = fib_next(net->fib, table, f->dst, &bits)))
		list_for_each_entry(e, &p->entries, link) {
			if (!usable(e, f))
				continue;
			return e->type == RTN_THROW ? NULL : e;
		}
	return NULL;
}

static const struct route_entry *look_up(struct net_ns *net, const struct flow *f)
{
	const struct route_entry *e = look_in(net, RT_TABLE_LOCAL, f);

	return e ? e : look_in(net, RT_TABLE_MAIN, f);
}

static int entry_error(const struct route_entry *e)
{
	switch (e->type) {
	case RTN_BLACKHOLE:   return -EINVAL;
	case RTN_UNREACHABLE: return -EHOSTUNREACH;
	case RTN_PROHIBIT:    return -EACCES;
	default:	      return 0;
	}
}

/* ---- the answer ---- */

/* What is being put together: borrowed under RCU. */
struct answer {
	u8 type;
	struct netdev *dev;
	struct ipaddr src, gateway;
	const struct route_entry *e;
};

static int to_route(const struct flow *f, const struct answer *a, u32 gen, struct route *out)
{
	const struct route_exception *x = route_find_exception(f->dst);
	const struct route_entry *e = a->e;
	struct netdev *d = a->dev;
	u32 mtu = ip_is4(f->dst) ? READ_ONCE(d->mtu) : autoconf_mtu(d);

	*out = (struct route){ .gen = gen,
			       .type = a->type,
			       .src = a->src,
			       .next_hop = ip_is_any(a->gateway) ? f->dst : a->gateway };
	if (e) {
		mtu = e->mtu ? min(e->mtu, mtu) : mtu;
		out->advmss = e->advmss;
		out->hoplimit = e->hoplimit;
		out->initcwnd = e->initcwnd;
	}
	if (unlikely(x)) {		/* route_exception.c */
		if (x->mtu && x->mtu < mtu) {
			mtu = x->mtu;
			out->mtu_locked = x->locked;
		}
		if (x->gateway_if == d->index && !ip_is_any(a->gateway))
			out->next_hop = x->gateway;
	}
	out->mtu = min(mtu, 65535u + (ip_is4(f->dst) ? 0 : 1));
	if (a->type == RTN_UNICAST && !(READ_ONCE(d->flags) & (IFF_LOOPBACK | IFF_NOARP))) {
		out->neigh = neigh_get(d, out->next_hop);
		if (!out->neigh)
			return -ENOBUFS;
	}
	netdev_get(d);
	out->dev = d;
	return 0;
}

void route_put(struct route *r)
{
	if (r->dev)
		netdev_put(r->dev);
	if (r->neigh)
		neigh_put(r->neigh);
	*r = (struct route){};
}

/* ---- IPv4 ---- */

static bool is_local4(struct net_ns *net, struct ipaddr a)
{
	struct flow f = { .dst = a };
	const struct route_entry *e = look_in(net, RT_TABLE_LOCAL, &f);

	return e && e->type == RTN_LOCAL;
}

static struct netdev *dev_of_addr(struct net_ns *net, struct ipaddr a)
{
	struct flow f = { .dst = a };
	const struct route_entry *e = look_in(net, RT_TABLE_LOCAL, &f);

	return e && e->type == RTN_LOCAL ? e->dev : NULL;
}

static bool is_zeronet(struct ipaddr a) { return (be32_to_cpu(ip_v4(a)) >> 24) == 0; }

static int check_src4(struct net_ns *net, const struct flow *f, struct answer *a)
{
	struct netdev *d;

	if (ip_is_any(f->src))
		return 0;
	if (ip_is_multicast(f->src) || ip_is_broadcast(f->src) || is_zeronet(f->src))
		return -EINVAL;
	if (!f->oif && (ip_is_multicast(f->dst) || ip_is_broadcast(f->dst))) {
		d = dev_of_addr(net, f->src);
		if (!d)
			return -EINVAL;
		a->dev = d;
		return 0;
	}
	return f->allow_any_src || is_local4(net, f->src) ? 0 : -EINVAL;
}

/* A device was named (or follows from the source): its own addresses serve groups and broadcasts.
 * True: the answer is complete. */
static bool by_device4(struct net_ns *net, struct netdev *d, const struct flow *f, struct answer *a)
{
	bool local_group = ip_is_multicast(f->dst) && (be32_to_cpu(ip_v4(f->dst)) >> 8) == 0xe00000;

	a->dev = d;
	if (local_group || ip_is_broadcast(f->dst) || f->proto == IPPROTO_IGMP) {
		if (ip_is_any(a->src))
			a->src = route_select4(net, d, IP4_ANY, RT_SCOPE_LINK);
		a->type = ip_is_broadcast(f->dst)   ? RTN_BROADCAST
			  : ip_is_multicast(f->dst) ? RTN_MULTICAST
						    : RTN_UNICAST;
		return true;
	}
	if (ip_is_any(a->src) && ip_is_multicast(f->dst))
		a->src = route_select4(net, d, IP4_ANY, RT_SCOPE_UNIVERSE);
	return false;
}

static void special_type4(const struct flow *f, struct answer *a)
{
	if (ip_is_multicast(f->dst))
		a->type = RTN_MULTICAST;
	else if (ip_is_broadcast(f->dst))
		a->type = RTN_BROADCAST;
}

static int by_table4(struct net_ns *net, const struct flow *f, struct answer *a)
{
	const struct route_entry *e = look_up(net, f);
	int err = e ? entry_error(e) : -ENETUNREACH;

	if (err && !(a->dev && !e))
		return err;
	a->e = e;
	if (!e) {		/* the device was named: it is on link there */
		a->type = RTN_UNICAST;
		if (ip_is_any(a->src))
			a->src = route_select4(net, a->dev, IP4_ANY, RT_SCOPE_LINK);
	} else if (e->type == RTN_LOCAL) {
		a->type = RTN_LOCAL;
		a->dev = net->loopback;
		if (ip_is_any(a->src))
			a->src = ip_is_any(e->prefsrc) ? f->dst : e->prefsrc;
	} else {
		a->type = e->type;
		a->dev = e->dev;
		a->gateway = e->gateway;
		if (ip_is_any(a->src))
			a->src = e->prefsrc;
		if (ip_is_any(a->src))
			a->src = route_select4(
				net, e->dev, ip_is_any(e->gateway) ? f->dst : e->gateway, e->scope);
	}
	special_type4(f, a);
	return a->type == RTN_UNICAST && is_zeronet(f->dst) ? -EINVAL : 0;
}

static int lookup4(struct net_ns *net, const struct flow *f, struct answer *a)
{
	int err = check_src4(net, f, a);
	struct netdev *d = a->dev;

	if (err)
		return err;
	if (f->oif) {
		d = netdev_index_rcu(net, f->oif);
		if (!d)
			return -ENODEV;
		if (!(READ_ONCE(d->flags) & IFF_UP))
			return -ENETUNREACH;
	}
	if (d && by_device4(net, d, f, a))
		return 0;
	return by_table4(net, f, a);
}

/* ---- IPv6 ---- */

static bool is_local6(struct net_ns *net, struct ipaddr a, s32 oif)
{
	struct ifaddr *i = ifaddr_find_rcu(net, a, ip_is_link_local(a) ? oif : 0);

	return i && (!(i->flags & IFA_F_TENTATIVE) || (i->flags & IFA_F_OPTIMISTIC));
}

static int lookup6(struct net_ns *net, const struct flow *f, struct answer *a)
{
	const struct route_entry *e;
	int err;

	if (f->oif) {
		a->dev = netdev_index_rcu(net, f->oif);
		if (!a->dev)
			return -ENODEV;
	}
	if (!ip_is_any(f->src) && !f->allow_any_src && !is_local6(net, f->src, f->oif))
		return -EINVAL;
	e = look_up(net, f);
	if (!e && f->oif == net->loopback->index) {
		/* SO_BINDTODEVICE to lo reaches every address of ours */
		struct flow any = *f;

		any.oif = 0;
		e = look_in(net, RT_TABLE_LOCAL, &any);
	}
	err = e ? entry_error(e) : -ENETUNREACH;
	if (err)
		return err;
	a->e = e;
	a->type = ip_is_multicast(f->dst) ? RTN_MULTICAST : e->type;
	a->dev = e->type == RTN_LOCAL ? net->loopback : e->dev;
	a->gateway = e->gateway;
	if (ip_is_any(a->src))
		a->src = !ip_is_any(e->prefsrc) ? e->prefsrc : route_select6(net, e->dev, f->dst);
	return ip_is_any(a->src) && !f->allow_any_src ? -EADDRNOTAVAIL : 0;
}

int route_lookup(struct net_ns *net, const struct flow *f, struct route *out)
{
	/* before the tables are read */
	u32 gen = (u32)atomic_read_acquire(&net->route_gen);
	bool v4 = ip_is4(f->dst);
	struct answer a = { .src = v4 && ip_is_any(f->src) ? IP4_ANY : f->src,
			    .gateway = v4 ? IP4_ANY : IP6_ANY };
	int err;

	*out = (struct route){};
	rcu_read_lock();
	err = v4 ? lookup4(net, f, &a) : lookup6(net, f, &a);
	if (!err && (a.type == RTN_UNICAST || a.type == RTN_MULTICAST || a.type == RTN_BROADCAST) &&
	    !(READ_ONCE(a.dev->flags) & IFF_UP))
		err = -ENETUNREACH;
	if (!err)
		err = to_route(f, &a, gen, out);
	rcu_read_unlock();
	return err;
}

/* ---- input ---- */

u8 route_input_type(struct net_ns *net, struct ipaddr dst, struct netdev *in)
{
	struct flow f = { .dst = dst };
	const struct route_entry *e;

	if (ip_is_multicast(dst))
		return mcast_joined(in, dst) ? RTN_MULTICAST : 0;
	if (ip_is_broadcast(dst) || (ip_is4(dst) && ip_is_any(dst)))
		return RTN_BROADCAST;
	if (ip_is_link_local(dst) && !ip_is4(dst) && !(in->flags & IFF_LOOPBACK))
		f.oif = in->index;
	e = look_in(net, RT_TABLE_LOCAL, &f);
	if (e)
		return e->type;
	e = look_in(net, RT_TABLE_MAIN, &f);
	return e && !entry_error(e) ? RTN_UNICAST : 0;
}

int ip_check_local(struct net_ns *net, struct ipaddr a, s32 ifindex, u8 *type)
{
	struct flow f = { .dst = a };
	const struct route_entry *e;
	int err = 0;

	*type = RTN_LOCAL;
	if (ip_is_any(a))
		return 0;
	if (ip_is_multicast(a)) {
		*type = RTN_MULTICAST;
		return 0;
	}
	if (ip_is_broadcast(a)) {
		*type = RTN_BROADCAST;
		return 0;
	}
	rcu_read_lock();
	if (ip_is4(a)) {
		e = look_in(net, RT_TABLE_LOCAL, &f);
		if (e && (e->type == RTN_LOCAL || e->type == RTN_BROADCAST))
			*type = e->type;
		else
			err = -EADDRNOTAVAIL;
	} else if (!is_local6(net, a, ifindex)) {
		err = -EADDRNOTAVAIL;
	}
	rcu_read_unlock();
	return err;
}

/* ---- changes ---- */

/* The gateway must be a neighbour: on a link we have an address or a route for. Finds the
 * device. */
static int check_gateway(struct net_ns *net, struct route_entry *e)
{
	struct flow f = { .dst = e->gateway, .oif = e->dev ? e->dev->index : 0 };
	const struct route_entry *via;
	int err = 0;

	if (e->flags & RTNH_F_ONLINK)
		return !e->dev ? -EINVAL : !(e->dev->flags & IFF_UP) ? -ENETDOWN : 0;
	if (ip_is_multicast(e->gateway) || ip_is_broadcast(e->gateway))
		return -EINVAL;
	if (!ip_is4(e->gateway) && ip_is_link_local(e->gateway))
		return e->dev ? 0 : -EINVAL;
	rcu_read_lock();
	via = look_up(net, &f);
	if (!via || via->type != RTN_UNICAST) {
		err = via && via->type == RTN_LOCAL ? -EINVAL
		      : ip_is4(e->gateway)	    ? -ENETUNREACH
						    : -EHOSTUNREACH;
	} else if (!ip_is_any(via->gateway)) {
		err = ip_is4(e->gateway) ? -ENETUNREACH : -EHOSTUNREACH;
	} else if (!e->dev) {
		e->dev = via->dev;
	}
	rcu_read_unlock();
	return err;
}

static bool needs_device(const struct route_entry *e)
{
	return e->type != RTN_BLACKHOLE && e->type != RTN_UNREACHABLE && e->type != RTN_PROHIBIT &&
	       e->type != RTN_THROW;
}

static int check_entry(struct net_ns *net, struct route_entry *e)
{
	int err = 0;
	u8 type;

	if (e->bits > 128 || (ip_is4(e->dst) && e->bits < 96))
		return -EINVAL;
	if (!needs_device(e)) {
		if (ip_is4(e->dst) && e->dev)
			return -EINVAL;
		e->dev = NULL;
		return 0;
	}
	if (!ip_is_any(e->gateway))
		err = check_gateway(net, e);
	if (!err && !e->dev)
		err = -ENODEV;
	if (!err && !(e->dev->flags & IFF_UP) && e->type != RTN_LOCAL)
		err = -ENETDOWN;
	if (!err && !ip_is_any(e->prefsrc) && e->protocol != RTPROT_KERNEL &&
	    (ip_check_local(net, e->prefsrc, 0, &type) || type != RTN_LOCAL))
		err = -EINVAL;
	return err;
}

int route_add(struct net_ns *net, const struct route_entry *given, u32 nlm_flags)
{
	struct route_entry *e = kmalloc(sizeof(*e), PAGE_KERNEL);
	int err;

	if (!e)
		return -ENOMEM;
	*e = *given;
	e->type = e->type ? e->type : RTN_UNICAST;
	e->table = e->table ? e->table : RT_TABLE_MAIN;
	if (!ip_is4(e->dst) && !e->metric && e->type != RTN_LOCAL)
		e->metric = 1024;
	err = check_entry(net, e);
	if (!err) {
		if (e->dev)
			netdev_get(e->dev);
		err = fib_add(net->fib, e, nlm_flags);
		if (err && e->dev)
			netdev_put(e->dev);
	}
	if (err)
		kfree(e);
	else
		route_changed(net);
	return err;
}

int route_del(struct net_ns *net, const struct route_entry *key)
{
	struct route_entry k = *key;
	int err;

	k.table = k.table ? k.table : RT_TABLE_MAIN;
	if (!ip_is4(k.dst))
		k.scope = ROUTE_SCOPE_ANY;
	err = fib_del(net->fib, &k);
	if (!err)
		route_changed(net);
	return err;
}

void route_for_each(struct net_ns *net, bool (*fn)(const struct route_entry *e, void *arg),
		    void *arg)
{
	fib_for_each(net->fib, fn, arg);
}

struct flush {
	const struct netdev *dev;
	bool v4, v6;
};

/* Local IPv4 addresses stay ours while a device is down: only its removal or the address's takes
 * them. */
static bool of_device(const struct route_entry *e, const void *arg)
{
	const struct flush *f = arg;

	if (e->dev != f->dev || !(ip_is4(e->dst) ? f->v4 : f->v6))
		return false;
	return !ip_is4(e->dst) || e->type != RTN_LOCAL || f->dev->dead;
}

void route_flush_dev(struct netdev *d, bool only_v4, bool only_v6)
{
	struct flush f = { d, !only_v6, !only_v4 };

	fib_flush(d->net->fib, of_device, &f);
	route_changed(d->net);
}

static bool is_over(const struct route_entry *e, const void *now)
{
	return e->expires && e->expires <= *(const ktime_t *)now;
}

void route_expire(struct net_ns *net)
{
	ktime_t now = clock_monotonic();

	fib_flush(net->fib, is_over, &now);
}

static bool prefers(const struct route_entry *e, const void *src)
{
	return ip_eq(e->prefsrc, *(const struct ipaddr *)src);
}

void route_flush_src(struct net_ns *net, struct ipaddr src)
{
	fib_flush(net->fib, prefers, &src);
	route_changed(net);
}

void route_init(struct net_ns *net)
{
	net->fib = fib_create(net);
	if (!net->fib)
		panic("no memory for routes");
}
