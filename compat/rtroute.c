/* SPDX-License-Identifier: MIT */
/* rtroute.c - NETLINK_ROUTE: routes and rules, asked for and changed.
 *
 * Rules: one answer, the three tables in their order; adding any is refused.
 * Locks: net->config around changes; look-ups and what dumps gather under RCU, where nobody may
 * sleep: messages are built from the copies afterwards.
 * Ref: rtnetlink(7). Tests: selftests/abi/netlink.c
 */
#include <compat/rtnetlink.h>

#include <compat/abi/rtnetlink.h>
#include <compat/nlmsg.h>
#include <mm/slab.h>
#include <net/net.h>
#include <net/netdev.h>
#include <net/route.h>

static u8 family_bits(const struct route_entry *e)
{
	return ip_is4(e->dst) ? (u8)(e->bits - 96) : e->bits;
}

static void put_metrics(struct nl_out *o, const struct route_entry *e)
{
	u32 at;

	if (!e->mtu && !e->advmss && !e->hoplimit && !e->initcwnd)
		return;
	at = nl_nest_begin(o, RTA_METRICS);
	if (e->mtu)
		nl_put32(o, RTAX_MTU, e->mtu);
	if (e->advmss)
		nl_put32(o, RTAX_ADVMSS, e->advmss);
	if (e->hoplimit)
		nl_put32(o, RTAX_HOPLIMIT, e->hoplimit);
	if (e->initcwnd)
		nl_put32(o, RTAX_INITCWND, e->initcwnd);
	nl_nest_end(o, at);
}

void rtroute_put(struct nl_out *o, const struct route_entry *e, u16 type)
{
	struct abi_rtmsg *m = nl_begin(o, type, sizeof(*m));

	if (!m)
		return;
	*m = (struct abi_rtmsg){ .family = rtnl_family(e->dst),
				 .dst_len = family_bits(e),
				 .tos = e->tos,
				 .table = (u8)(e->table < 256 ? e->table : 252),
				 .protocol = e->protocol,
				 .scope = e->scope,
				 .type = e->type,
				 .flags = e->flags };
	nl_put32(o, RTA_TABLE, e->table);
	if (m->dst_len)
		nl_put_ip(o, RTA_DST, e->dst);
	if (e->metric || !ip_is4(e->dst))
		nl_put32(o, RTA_PRIORITY, e->metric);
	put_metrics(o, e);
	if (!ip_is_any(e->prefsrc))
		nl_put_ip(o, RTA_PREFSRC, e->prefsrc);
	if (!ip_is_any(e->gateway))
		nl_put_ip(o, RTA_GATEWAY, e->gateway);
	if (e->dev)
		nl_put32(o, RTA_OIF, (u32)e->dev->index);
	if (!ip_is4(e->dst))
		nl_put8(o, RTA_PREF, 0);
	nl_end(o);
}

/* Routes are walked under RCU, where nobody may sleep: they are gathered first. */
struct gather {
	struct route_entry *list;
	u32 n, room;
	u8 family;
	u32 table;
};

static bool gather_one(const struct route_entry *e, void *arg)
{
	struct gather *g = arg;

	if ((g->family && g->family != rtnl_family(e->dst)) || (g->table && g->table != e->table))
		return true;
	if (g->n < g->room) {
		g->list[g->n] = *e;
		if (e->dev)
			netdev_get(e->dev);
	}
	g->n++;
	return true;
}

static void drop_gathered(struct gather *g)
{
	for (u32 i = 0; i < min(g->n, g->room); i++)
		if (g->list[i].dev)
			netdev_put(g->list[i].dev);
	kfree(g->list);
	g->list = NULL;
}

static int gather_routes(struct net_ns *net, struct gather *g)
{
	for (;;) {
		g->n = 0;
		route_for_each(net, gather_one, g);
		if (g->n <= g->room)
			return 0;
		drop_gathered(g);
		g->room = g->n + 16;
		g->list = kcalloc(g->room, sizeof(*g->list));
		if (!g->list)
			return -ENOMEM;
	}
}

static int dump_routes(const struct netlink_request *r, const struct nl_header *h)
{
	const struct abi_rtmsg *m = (const struct abi_rtmsg *)(h + 1);
	struct gather g = { .family = rtnl_family_asked(h) };
	struct nl_out o;
	int err;

	if (r->strict && h->len >= sizeof(*h) + sizeof(*m))
		g.table = m->table;
	err = gather_routes(r->net, &g);
	if (err)
		return err;
	err = nl_out_begin(&o, r, h, NLM_F_MULTI);
	if (!err) {
		for (u32 i = 0; i < g.n; i++)
			rtroute_put(&o, &g.list[i], RTM_NEWROUTE);
		nl_done(&o);
		err = nl_out_end(&o);
	}
	drop_gathered(&g);
	return err ? err : NETLINK_ANSWERED;
}

/* "ip route get": what a packet would do. */
static int lookup_route(const struct netlink_request *r, const struct nl_header *h)
{
	const struct abi_rtmsg *m = (const struct abi_rtmsg *)(h + 1);
	const struct abi_rtattr *tb[RTA_UID + 1];
	struct route route = {};
	struct route_entry e;
	struct flow f = {};
	struct nl_out o;
	u32 oif;
	int err = nl_parse(h, sizeof(*m), tb, ARRAY_SIZE(tb));

	if (err)
		return err;
	if (!tb[RTA_DST] || !nl_ip(tb[RTA_DST], m->family, &f.dst))
		return -EINVAL;
	f.src = m->family == AF_INET ? IP4_ANY : IP6_ANY;
	if (tb[RTA_SRC] && !nl_ip(tb[RTA_SRC], m->family, &f.src))
		return -EINVAL;
	if (tb[RTA_OIF] && nl_u32(tb[RTA_OIF], &oif))
		f.oif = (s32)oif;
	err = route_lookup(r->net, &f, &route);
	if (err)
		return err;
	e = (struct route_entry){ .dst = f.dst,
				  .bits = 128,
				  .type = route.type,
				  .table = route.type == RTN_LOCAL ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
				  .gateway = ip_eq(route.next_hop, f.dst) ? IP6_ANY
									  : route.next_hop,
				  .prefsrc = route.src,
				  .dev = route.dev,
				  .flags = 0x200 /* RTM_F_CLONED */ };
	err = nl_out_begin(&o, r, h, 0);
	if (!err) {
		rtroute_put(&o, &e, RTM_NEWROUTE);
		err = nl_out_end(&o);
	}
	route_put(&route);
	return err;
}

static int read_metrics(const struct abi_rtattr *nest, struct route_entry *e)
{
	const u8 *p = nl_data(nest);
	u32 left = nl_len(nest), v;

	while (left >= sizeof(struct abi_rtattr)) {
		const struct abi_rtattr *a = (const struct abi_rtattr *)(const void *)p;

		if (a->len < sizeof(*a) || a->len > left)
			return -EINVAL;
		if (!nl_u32(a, &v))
			v = 0;
		switch (a->type) {
		case RTAX_MTU:	    e->mtu = v; break;
		case RTAX_ADVMSS:   e->advmss = v; break;
		case RTAX_HOPLIMIT: e->hoplimit = v; break;
		case RTAX_INITCWND: e->initcwnd = v; break;
		}
		p += ALIGN_UP((u32)a->len, 4u);
		left -= min(left, ALIGN_UP((u32)a->len, 4u));
	}
	return 0;
}

static int read_route(struct net_ns *net, const struct nl_header *h, struct route_entry *e)
{
	const struct abi_rtmsg *m = (const struct abi_rtmsg *)(h + 1);
	const struct abi_rtattr *tb[RTA_UID + 1];
	u32 v;
	int err = nl_parse(h, sizeof(*m), tb, ARRAY_SIZE(tb));

	if (err)
		return err;
	if ((m->family != AF_INET && m->family != AF_INET6) ||
	    m->dst_len > (m->family == AF_INET ? 32 : 128) || m->src_len || tb[RTA_MULTIPATH])
		return -EINVAL;
	*e = (struct route_entry){ .type = m->type ? m->type : RTN_UNICAST,
				   .scope = m->scope,
				   .protocol = m->protocol,
				   .tos = m->tos,
				   .table = m->table ? m->table : RT_TABLE_MAIN,
				   .flags = m->flags,
				   .expires = WAIT_FOREVER };
	e->dst = e->gateway = e->prefsrc = m->family == AF_INET ? IP4_ANY : IP6_ANY;
	e->bits = (u8)ip_bits(e->dst, m->dst_len);
	if ((tb[RTA_DST] && !nl_ip(tb[RTA_DST], m->family, &e->dst)) ||
	    (tb[RTA_GATEWAY] && !nl_ip(tb[RTA_GATEWAY], m->family, &e->gateway)) ||
	    (tb[RTA_PREFSRC] && !nl_ip(tb[RTA_PREFSRC], m->family, &e->prefsrc)))
		return -EINVAL;
	if (m->family == AF_INET && m->dst_len < 32 &&
	    be32_to_cpu(ip_v4(e->dst)) & (U32_MAX >> m->dst_len))
		return -EINVAL;			/* bits beyond the prefix */
	if (tb[RTA_TABLE] && nl_u32(tb[RTA_TABLE], &v))
		e->table = v;
	if (tb[RTA_PRIORITY] && nl_u32(tb[RTA_PRIORITY], &v))
		e->metric = v;
	else if (m->family == AF_INET6 && h->type == RTM_NEWROUTE)
		e->metric = 1024;
	if (tb[RTA_METRICS] && read_metrics(tb[RTA_METRICS], e))
		return -EINVAL;
	if (tb[RTA_OIF] && nl_u32(tb[RTA_OIF], &v) && v) {
		e->dev = netdev_find_index(net, (s32)v);
		return e->dev ? 0 : -ENODEV;
	}
	return 0;
}

/* A gateway without a device: the one its network is on. */
static int find_gateway_dev(struct net_ns *net, struct route_entry *e)
{
	struct flow f = { .dst = e->gateway, .src = ip_is4(e->gateway) ? IP4_ANY : IP6_ANY };
	struct route r = {};
	int err;

	if (e->dev || e->type != RTN_UNICAST)
		return 0;
	if (ip_is_any(e->gateway))
		return -ENODEV;
	err = route_lookup(net, &f, &r);
	if (err)
		return err == -ENETUNREACH && !ip_is4(e->gateway) ? -EHOSTUNREACH : err;
	e->dev = r.dev;
	netdev_get(e->dev);
	route_put(&r);
	return 0;
}

static int change_route(const struct netlink_request *r, const struct nl_header *h)
{
	struct route_entry e = {};
	bool add = h->type == RTM_NEWROUTE;
	int err = read_route(r->net, h, &e);

	if (!err && add)
		err = find_gateway_dev(r->net, &e);
	if (!err) {
		mutex_lock(&r->net->config);
		err = add ? route_add(r->net, &e, h->flags) : route_del(r->net, &e);
		mutex_unlock(&r->net->config);
	}
	if (e.dev)
		netdev_put(e.dev);
	return err;
}

/* ---- rules: the three that always are ---- */

static int get_rules(const struct netlink_request *r, const struct nl_header *h)
{
	static const struct {
		u32 table, priority;
	} rules[] = { { RT_TABLE_LOCAL, 0 }, { RT_TABLE_MAIN, 32766 }, { 253, 32767 } };
	u8 family = rtnl_family_asked(h);
	struct nl_out o;
	int err = nl_out_begin(&o, r, h, NLM_F_MULTI);

	if (err)
		return err;
	for (u32 i = 0; i < ARRAY_SIZE(rules); i++) {
		struct abi_rtmsg *m;

		if (family == AF_INET6 && rules[i].table == 253)
			continue;
		m = nl_begin(&o, RTM_NEWRULE, sizeof(*m));
		if (!m)
			break;
		m->family = family ? family : AF_INET;
		m->table = (u8)rules[i].table;
		m->type = RTN_UNICAST;
		nl_put32(&o, RTA_TABLE, rules[i].table);
		if (rules[i].priority)
			nl_put32(&o, RTA_PRIORITY, rules[i].priority);
		nl_end(&o);
	}
	nl_done(&o);
	err = nl_out_end(&o);
	return err ? err : NETLINK_ANSWERED;
}

int rtroute_request(const struct netlink_request *r, const struct nl_header *h)
{
	if (h->type == RTM_GETRULE)
		return get_rules(r, h);
	if (h->type != RTM_GETROUTE)
		return change_route(r, h);
	return (h->flags & NLM_F_DUMP) == NLM_F_DUMP ? dump_routes(r, h) : lookup_route(r, h);
}
