/* SPDX-License-Identifier: MIT */
/* rtneigh.c - NETLINK_ROUTE: neighbours, asked for and changed. Ref: rtnetlink(7),
 * <linux/neighbour.h>. Tests: none of its own yet */
#include <compat/rtnetlink.h>

#include <compat/abi/rtnetlink.h>
#include <compat/nlmsg.h>
#include <mm/slab.h>
#include <net/neigh.h>
#include <net/net.h>

/* What is told of one. Gathered under RCU, where nobody may sleep. */
struct shown {
	struct ipaddr addr;
	s32 ifindex;
	u64 hw;
	u8 state, probes;
	bool router;
};

struct gather {
	struct shown *list;
	u32 n, room;
	u8 family;
	s32 ifindex;
};

static bool gather_one(struct neigh *n, void *arg)
{
	struct gather *g = arg;

	if ((g->family && g->family != (ip_is4(n->addr) ? AF_INET : AF_INET6)) ||
	    (g->ifindex && g->ifindex != n->dev->index))
		return true;
	if (g->n < g->room)
		g->list[g->n] = (struct shown){ n->addr,
						n->dev->index,
						READ_ONCE(n->hw),
						READ_ONCE(n->state),
						READ_ONCE(n->probes),
						n->router };
	g->n++;
	return true;
}

static int gather_all(struct gather *g)
{
	for (;;) {
		g->n = 0;
		neigh_for_each(gather_one, g);
		if (g->n <= g->room)
			return 0;
		kfree(g->list);
		g->room = g->n + 16;
		g->list = kcalloc(g->room, sizeof(*g->list));
		if (!g->list)
			return -ENOMEM;
	}
}

static void put_neigh(struct nl_out *o, const struct shown *s)
{
	struct abi_ndmsg *m = nl_begin(o, RTM_NEWNEIGH, sizeof(*m));

	if (!m)
		return;
	*m = (struct abi_ndmsg){ .family = ip_is4(s->addr) ? AF_INET : AF_INET6,
				 .ifindex = s->ifindex,
				 .state = s->state,
				 .flags = s->router ? 0x80 : 0,
				 .type = 1 };
	nl_put_ip(o, NDA_DST, s->addr);
	if (s->hw & NEIGH_HW_VALID)
		nl_put(o, NDA_LLADDR, &s->hw, ETH_ALEN);
	nl_put32(o, NDA_PROBES, s->probes);
	nl_end(o);
}

static int dump(const struct netlink_request *r, const struct nl_header *h)
{
	struct gather g = { .family = h->len > sizeof(*h) ? *(const u8 *)(h + 1) : 0 };
	struct nl_out o;
	int err = gather_all(&g);

	if (err)
		return err;
	err = nl_out_begin(&o, r, h, NLM_F_MULTI);
	if (!err) {
		for (u32 i = 0; i < g.n; i++)
			put_neigh(&o, &g.list[i]);
		nl_done(&o);
		err = nl_out_end(&o);
	}
	kfree(g.list);
	return err ? err : NETLINK_ANSWERED;
}

static int change(const struct netlink_request *r, const struct nl_header *h)
{
	const struct abi_ndmsg *m = (const struct abi_ndmsg *)(h + 1);
	const struct abi_rtattr *tb[NDA_PROBES + 1];
	const u8 *mac = NULL;
	struct ipaddr addr;
	struct netdev *d;
	int err = nl_parse(h, sizeof(*m), tb, ARRAY_SIZE(tb));

	if (err)
		return err;
	if (!tb[NDA_DST] || (m->family != AF_INET && m->family != AF_INET6) ||
	    !nl_ip(tb[NDA_DST], m->family, &addr))
		return -EINVAL;
	if (tb[NDA_LLADDR]) {
		if (nl_len(tb[NDA_LLADDR]) < ETH_ALEN)
			return -EINVAL;
		mac = nl_data(tb[NDA_LLADDR]);
	}
	d = netdev_find_index(r->net, m->ifindex);
	if (!d)
		return m->ifindex ? -ENODEV : -EINVAL;
	err = h->type == RTM_DELNEIGH ? neigh_del(d, addr) : neigh_set(d, addr, mac, (u8)m->state);
	netdev_put(d);
	return err;
}

int rtneigh_request(const struct netlink_request *r, const struct nl_header *h)
{
	if (h->type != RTM_GETNEIGH)
		return change(r, h);
	return (h->flags & NLM_F_DUMP) == NLM_F_DUMP ? dump(r, h) : -EOPNOTSUPP;
}
