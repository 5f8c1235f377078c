/* SPDX-License-Identifier: MIT */
/* rtnetlink.c - NETLINK_ROUTE: the way in, the news, and links and addresses, asked for and
 * changed.
 *
 * The kernel's own structures are in net/; here are only Linux's messages. Routes are in rtroute.c,
 * neighbours in rtneigh.c.
 * Locks: net->config around changes and dumps.
 * Ref: rtnetlink(7). Tests: selftests/abi/netlink.c
 */
#include <compat/rtnetlink.h>

#include <compat/abi/rtnetlink.h>
#include <compat/nlmsg.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <mm/slab.h>
#include <net/net.h>
#include <net/netdev.h>
#include <net/route.h>

#define INFINITY_LIFE U32_MAX
#define NS_PER_TICK (NSEC_PER_SEC / 100)		/* stamps count hundredths */

/* ---- links ---- */

static u32 link_flags(const struct netdev *d)
{
	u32 f = d->flags & ~IFF_RUNNING;

	if (!(d->flags & IFF_UP))
		return f & ~IFF_LOWER_UP;
	return d->flags & IFF_LOWER_UP ? f | IFF_RUNNING : f;
}

static u8 oper_state(const struct netdev *d)
{
	if (d->flags & IFF_LOOPBACK)
		return IF_OPER_UNKNOWN;
	return (d->flags & IFF_UP) && (d->flags & IFF_LOWER_UP) ? IF_OPER_UP : IF_OPER_DOWN;
}

static void put_stats(struct nl_out *o, const struct netdev *d)
{
	struct netdev_stats s;
	u64 wide[24] = {};
	u32 narrow[24];

	netdev_get_stats(d, &s);
	wide[0] = s.rx_packets;
	wide[1] = s.tx_packets;
	wide[2] = s.rx_bytes;
	wide[3] = s.tx_bytes;
	wide[4] = s.rx_errors;
	wide[5] = s.tx_errors;
	wide[6] = s.rx_dropped;
	wide[7] = s.tx_dropped;
	wide[8] = s.rx_multicast;
	for (u32 i = 0; i < ARRAY_SIZE(wide); i++)
		narrow[i] = (u32)wide[i];
	nl_put(o, IFLA_STATS64, wide, sizeof(wide));
	nl_put(o, IFLA_STATS, narrow, sizeof(narrow));
}

static void put_link(struct nl_out *o, struct netdev *d, u16 type)
{
	struct abi_ifinfomsg *m = nl_begin(o, type, sizeof(*m));

	if (!m)
		return;
	*m = (struct abi_ifinfomsg){ .family = AF_UNSPEC,
				     .type = d->type,
				     .index = d->index,
				     .flags = link_flags(d),
				     .change = type == RTM_NEWLINK ? 0 : U32_MAX };
	nl_put_string(o, IFLA_IFNAME, d->name);
	nl_put32(o, IFLA_TXQLEN, d->txqlen);
	nl_put8(o, IFLA_OPERSTATE, oper_state(d));
	nl_put8(o, IFLA_LINKMODE, 0);
	nl_put32(o, IFLA_MTU, d->mtu);
	nl_put32(o, IFLA_MIN_MTU, d->mtu_min);
	nl_put32(o, IFLA_MAX_MTU, d->mtu_max);
	nl_put32(o, IFLA_GROUP, 0);
	nl_put32(o, IFLA_PROMISCUITY, d->promisc);
	nl_put32(o, IFLA_NUM_TX_QUEUES, d->flags & IFF_LOOPBACK ? 1 : d->nr_queues);
	nl_put32(o, IFLA_NUM_RX_QUEUES, d->flags & IFF_LOOPBACK ? 1 : d->nr_queues);
	nl_put32(o, IFLA_GSO_MAX_SEGS, 65535);
	nl_put32(o, IFLA_GSO_MAX_SIZE, d->gso_max);
	nl_put8(o, IFLA_CARRIER, (d->flags & IFF_LOWER_UP) != 0);
	nl_put32(o, IFLA_CARRIER_CHANGES, d->carrier_changes);
	nl_put_string(o, IFLA_QDISC, d->flags & IFF_LOOPBACK ? "noqueue" : "pfifo_fast");
	nl_put(o, IFLA_ADDRESS, d->mac, d->halen);
	nl_put(o, IFLA_BROADCAST, d->broadcast, d->halen);
	if (!(d->flags & IFF_LOOPBACK))
		nl_put(o, IFLA_PERM_ADDRESS, d->perm_mac, d->halen);
	put_stats(o, d);
	nl_end(o);
}

static int dump_links(const struct netlink_request *r, const struct nl_header *h)
{
	struct netdev *d;
	struct nl_out o;
	int err = nl_out_begin(&o, r, h, NLM_F_MULTI);

	if (err)
		return err;
	mutex_lock(&r->net->config);
	list_for_each_entry(d, &r->net->devs, link)
		put_link(&o, d, RTM_NEWLINK);
	mutex_unlock(&r->net->config);
	nl_done(&o);
	err = nl_out_end(&o);
	return err ? err : NETLINK_ANSWERED;
}

/* The device a link message names, by index or by name: a reference. */
static struct netdev *named_device(struct net_ns *net, const struct nl_header *h,
				   const struct abi_rtattr **tb)
{
	const struct abi_ifinfomsg *m = (const struct abi_ifinfomsg *)(h + 1);
	char name[IFNAMSIZ] = "";

	if (m->index > 0)
		return netdev_find_index(net, m->index);
	if (!tb[IFLA_IFNAME])
		return NULL;
	memcpy(name, nl_data(tb[IFLA_IFNAME]), min(nl_len(tb[IFLA_IFNAME]), IF_NAME_MAX));
	return netdev_find(net, name);
}

static int get_link(const struct netlink_request *r, const struct nl_header *h)
{
	const struct abi_rtattr *tb[IFLA_PERM_ADDRESS + 1];
	struct netdev *d;
	struct nl_out o;
	int err;

	if ((h->flags & NLM_F_DUMP) == NLM_F_DUMP)
		return dump_links(r, h);
	err = nl_parse(h, sizeof(struct abi_ifinfomsg), tb, ARRAY_SIZE(tb));
	if (err)
		return err;
	d = named_device(r->net, h, tb);
	if (!d)
		return -ENODEV;
	err = nl_out_begin(&o, r, h, 0);
	if (!err) {
		mutex_lock(&r->net->config);
		put_link(&o, d, RTM_NEWLINK);
		mutex_unlock(&r->net->config);
		err = nl_out_end(&o);
	}
	netdev_put(d);
	return err;
}

static int change_link(struct netdev *d, const struct abi_ifinfomsg *m,
		       const struct abi_rtattr **tb)
{
	char name[IFNAMSIZ] = "";
	u32 v, mask = m->change ? m->change : U32_MAX;
	int err = 0;

	if (tb[IFLA_ADDRESS])
		err = nl_len(tb[IFLA_ADDRESS]) >= ETH_ALEN
			      ? netdev_change_mac(d, nl_data(tb[IFLA_ADDRESS]))
			      : -EINVAL;
	if (!err && tb[IFLA_MTU])
		err = nl_u32(tb[IFLA_MTU], &v) ? netdev_change_mtu(d, v) : -EINVAL;
	if (!err && tb[IFLA_TXQLEN] && nl_u32(tb[IFLA_TXQLEN], &v))
		d->txqlen = v;
	if (!err && tb[IFLA_IFNAME] && m->index > 0) {
		memcpy(name, nl_data(tb[IFLA_IFNAME]), min(nl_len(tb[IFLA_IFNAME]), IF_NAME_MAX));
		if (strcmp(name, d->name) != 0)
			err = netdev_rename(d, name);
	}
	if (!err && (m->flags || m->change))
		err = netdev_change_flags(d, m->flags,
					  mask & (IFF_UP | IFF_PROMISC | IFF_ALLMULTI));
	return err;
}

static int set_link(const struct netlink_request *r, const struct nl_header *h)
{
	const struct abi_rtattr *tb[IFLA_PERM_ADDRESS + 1];
	struct netdev *d;
	int err = nl_parse(h, sizeof(struct abi_ifinfomsg), tb, ARRAY_SIZE(tb));

	if (err)
		return err;
	d = named_device(r->net, h, tb);
	if (!d)
		return h->type == RTM_NEWLINK && (h->flags & ROUTE_CREATE) ? -EOPNOTSUPP : -ENODEV;
	mutex_lock(&r->net->config);
	err = change_link(d, (const struct abi_ifinfomsg *)(h + 1), tb);
	mutex_unlock(&r->net->config);
	netdev_put(d);
	return err;
}

/* ---- addresses ---- */

static u32 seconds_left(ktime_t until)
{
	ktime_t left = until - clock_monotonic();

	return until == WAIT_FOREVER ? INFINITY_LIFE : left > 0 ? (u32)(left / NSEC_PER_SEC) : 0;
}

static void put_addr(struct nl_out *o, const struct netdev *d, const struct ifaddr *a, u16 type)
{
	struct abi_ifaddrmsg *m = nl_begin(o, type, sizeof(*m));
	struct abi_ifa_cacheinfo ci;
	bool v4 = ip_is4(a->addr), peer = !ip_is_any(a->peer) && !ip_eq(a->peer, a->addr);

	if (!m)
		return;
	*m = (struct abi_ifaddrmsg){ rtnl_family(a->addr), a->bits, (u8)a->flags, a->scope,
				     (u32)d->index };
	nl_put_ip(o, IFA_ADDRESS, peer ? a->peer : a->addr);
	if (v4 || peer)
		nl_put_ip(o, IFA_LOCAL, a->addr);
	if (v4 && ip_is4(a->broadcast) && !ip_is_any(a->broadcast))
		nl_put_ip(o, IFA_BROADCAST, a->broadcast);
	if (v4)
		nl_put_string(o, IFA_LABEL, a->label);
	nl_put32(o, IFA_FLAGS, a->flags);
	ci = (struct abi_ifa_cacheinfo){ seconds_left(a->preferred_until),
					 seconds_left(a->valid_until),
					 (u32)(a->created / NS_PER_TICK),
					 (u32)(a->updated / NS_PER_TICK) };
	nl_put(o, IFA_CACHEINFO, &ci, sizeof(ci));
	nl_end(o);
}

static int get_addrs(const struct netlink_request *r, const struct nl_header *h)
{
	u8 family = rtnl_family_asked(h);
	s32 only = r->strict && h->len >= sizeof(*h) + sizeof(struct abi_ifaddrmsg)
			   ? (s32)((const struct abi_ifaddrmsg *)(h + 1))->index
			   : 0;
	struct netdev *d;
	struct ifaddr *a;
	struct nl_out o;
	int err;

	if ((h->flags & NLM_F_DUMP) != NLM_F_DUMP)
		return -EOPNOTSUPP;
	err = nl_out_begin(&o, r, h, NLM_F_MULTI);
	if (err)
		return err;
	mutex_lock(&r->net->config);
	list_for_each_entry(d, &r->net->devs, link)
		list_for_each_entry(a, &d->addrs, link)
			if ((!family || family == rtnl_family(a->addr)) &&
			    (!only || only == d->index))
				put_addr(&o, d, a, RTM_NEWADDR);
	mutex_unlock(&r->net->config);
	nl_done(&o);
	err = nl_out_end(&o);
	return err ? err : NETLINK_ANSWERED;
}

static ktime_t life_end(u32 seconds)
{
	return seconds == INFINITY_LIFE ? WAIT_FOREVER
					: clock_monotonic() + (ktime_t)seconds * NSEC_PER_SEC;
}

static int read_addr(const struct nl_header *h, struct netdev *d, struct ifaddr *a)
{
	const struct abi_ifaddrmsg *m = (const struct abi_ifaddrmsg *)(h + 1);
	const struct abi_rtattr *tb[IFA_FLAGS + 1];
	struct abi_ifa_cacheinfo ci;
	int err = nl_parse(h, sizeof(*m), tb, ARRAY_SIZE(tb));

	if (err)
		return err;
	if ((m->family != AF_INET && m->family != AF_INET6) ||
	    m->prefixlen > (m->family == AF_INET ? 32 : 128))
		return -EINVAL;
	*a = (struct ifaddr){ .dev = d,
			      .bits = m->prefixlen,
			      .scope = m->scope,
			      .flags = m->flags,
			      .valid_until = WAIT_FOREVER,
			      .preferred_until = WAIT_FOREVER };
	if (!tb[IFA_LOCAL] && !tb[IFA_ADDRESS])
		return -EINVAL;
	if (!nl_ip(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], m->family, &a->addr))
		return -EINVAL;
	a->peer = a->addr;
	if (tb[IFA_ADDRESS] && !nl_ip(tb[IFA_ADDRESS], m->family, &a->peer))
		return -EINVAL;
	if (tb[IFA_BROADCAST] && !nl_ip(tb[IFA_BROADCAST], m->family, &a->broadcast))
		return -EINVAL;
	if (tb[IFA_FLAGS] && !nl_u32(tb[IFA_FLAGS], &a->flags))
		return -EINVAL;
	if (tb[IFA_CACHEINFO] && nl_len(tb[IFA_CACHEINFO]) >= sizeof(ci)) {
		memcpy(&ci, nl_data(tb[IFA_CACHEINFO]), sizeof(ci));
		a->valid_until = life_end(ci.valid);
		a->preferred_until = life_end(ci.preferred);
	}
	if (tb[IFA_LABEL])
		memcpy(a->label, nl_data(tb[IFA_LABEL]), min(nl_len(tb[IFA_LABEL]), IF_NAME_MAX));
	else
		str_copy(a->label, d->name, sizeof(a->label));
	return 0;
}

static int change_addr(const struct netlink_request *r, const struct nl_header *h)
{
	struct netdev *d;
	struct ifaddr a;
	int err;

	if (h->len < sizeof(*h) + sizeof(struct abi_ifaddrmsg))
		return -EINVAL;
	d = netdev_find_index(r->net, (s32)((const struct abi_ifaddrmsg *)(h + 1))->index);
	if (!d)
		return -ENODEV;
	err = read_addr(h, d, &a);
	if (!err) {
		mutex_lock(&r->net->config);
		if (h->type == RTM_DELADDR) {
			err = ifaddr_del(d, a.addr, a.bits);
		} else {
			err = ifaddr_add(d, &a);
			if (err == -EEXIST && (h->flags & ROUTE_REPLACE) &&
			    !ifaddr_del(d, a.addr, a.bits))
				err = ifaddr_add(d, &a);
		}
		mutex_unlock(&r->net->config);
	}
	netdev_put(d);
	return err;
}

/* ---- the way in ---- */

static int request(const struct netlink_request *r, const struct nl_header *h)
{
	bool asks = (h->type & 3) == 2;

	if (!asks && !capable(CAP_NET_ADMIN))
		return -EPERM;
	switch (h->type) {
	case RTM_GETLINK:  return get_link(r, h);
	case RTM_NEWLINK:
	case RTM_SETLINK:  return set_link(r, h);
	case RTM_GETADDR:  return get_addrs(r, h);
	case RTM_NEWADDR:
	case RTM_DELADDR:  return change_addr(r, h);
	case RTM_GETROUTE:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
	case RTM_GETRULE:  return rtroute_request(r, h);
	case RTM_GETNEIGH:
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH: return rtneigh_request(r, h);
	default:	   return -EOPNOTSUPP;
	}
}

/* ---- news ---- */

static void announce(struct net_ns *net, struct nl_out *o, u32 group)
{
	if (!o->err)
		netlink_multicast(net, NETLINK_ROUTE, group, o->buf, o->len);
	nl_out_end(o);
}

static void on_event(struct netdev *d, enum netdev_event e, struct ifaddr *a)
{
	struct nl_out o;

	if (!d->net || nl_out_begin(&o, NULL, NULL, 0))
		return;
	if (e == NETDEV_ADDR_ADDED || e == NETDEV_ADDR_REMOVED) {
		put_addr(&o, d, a, e == NETDEV_ADDR_ADDED ? RTM_NEWADDR : RTM_DELADDR);
		announce(d->net, &o, ip_is4(a->addr) ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR);
		return;
	}
	put_link(&o, d, e == NETDEV_UNREGISTERED ? RTM_DELLINK : RTM_NEWLINK);
	announce(d->net, &o, RTNLGRP_LINK);
}

static void on_route(struct net_ns *net, const struct route_entry *e, bool added)
{
	struct nl_out o;

	if (nl_out_begin(&o, NULL, NULL, 0))
		return;
	rtroute_put(&o, e, added ? RTM_NEWROUTE : RTM_DELROUTE);
	announce(net, &o, ip_is4(e->dst) ? RTNLGRP_IPV4_ROUTE : RTNLGRP_IPV6_ROUTE);
}

static const struct netlink_proto rt_proto = { .protocol = NETLINK_ROUTE,
					       .nr_groups = RTNLGRP_MAX,
					       .request = request };
static struct netdev_listener listener = { .event = on_event };

void rtnetlink_init(void)
{
	netlink_register(&rt_proto);
	netdev_listen(&listener);
	route_changed_hook = on_route;
}
