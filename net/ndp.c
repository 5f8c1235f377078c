/* SPDX-License-Identifier: MIT */
/* ndp.c - neighbour discovery: solicitations, advertisements and redirects in; what asks and
 * answers out.
 *
 * Locks: none of its own (neigh.c). Ref: RFC 4861, RFC 4862 s5.4. Tests: selftests/fuzz/ip_fuzz.c
 */
#include <kernel/lib/string.h>
#include <net/ip_int.h>
#include <net/neigh.h>
#include <net/net.h>

#define OPT_SOURCE 1u
#define OPT_TARGET 2u
#define NA_ROUTER    0x80000000u
#define NA_SOLICITED 0x40000000u
#define NA_OVERRIDE  0x20000000u

struct nd_message {			/* NS, NA; a redirect has one more address */
	struct icmp6_header icmp;
	struct ipaddr target;
} __packed __aligned(2);

static struct ipaddr all_nodes(void)
{
	return (struct ipaddr){ { cpu_to_be32(0xff020000), 0, 0, cpu_to_be32(1) } };
}
static struct ipaddr all_routers(void)
{
	return (struct ipaddr){ { cpu_to_be32(0xff020000), 0, 0, cpu_to_be32(2) } };
}

static struct ipaddr solicited_node(struct ipaddr a)
{
	return (struct ipaddr){ { cpu_to_be32(0xff020000), 0, cpu_to_be32(1),
				  a.w[3] | cpu_to_be32(0xff000000) } };
}

/* ---- out ---- */

/* Groups go straight out; one host by its neighbour entry. Never routed: these packets make routes
 * work. */
static void transmit(struct netdev *d, struct netbuf *nb, struct ipaddr src, struct ipaddr dst)
{
	struct ip_tx tx = {
		.src = src, .dst = dst, .proto = IPPROTO_ICMPV6, .ttl = 255, .no_loop = true
	};
	struct route r = { .dev = d,
			   .type = ip_is_multicast(dst) ? RTN_MULTICAST : RTN_UNICAST,
			   .mtu = d->mtu };

	if (!ip_is_multicast(dst)) {
		r.neigh = neigh_get(d, dst);
		if (!r.neigh) {
			netbuf_free(nb);
			return;
		}
	}
	icmp6_send_message(d->net, nb, &tx, &r);
	if (r.neigh)
		neigh_put(r.neigh);
}

static void put_link_option(struct netbuf *nb, u8 type, const struct netdev *d)
{
	u8 *o = netbuf_put(nb, 8);

	o[0] = type;
	o[1] = 1;
	memcpy(o + 2, d->mac, ETH_ALEN);
}

static struct netbuf *make(u8 type, u32 rest, const struct ipaddr *target)
{
	struct netbuf *nb = netbuf_alloc(sizeof(struct nd_message) + 8, NETBUF_HEADROOM,
					 PAGE_ATOMIC);
	struct icmp6_header *h;

	if (!nb)
		return NULL;
	h = netbuf_put(nb, sizeof(*h));
	*h = (struct icmp6_header){ type, 0, 0, cpu_to_be32(rest) };
	if (target)
		memcpy(netbuf_put(nb, sizeof(*target)), target, sizeof(*target));
	return nb;
}

void ndp_solicit(struct neigh *n, bool unicast)
{
	struct netdev *d = n->dev;
	struct netbuf *nb;
	struct ipaddr src;

	rcu_read_lock();
	src = route_select_src(d->net, d, n->addr, n->addr, 0);
	rcu_read_unlock();
	if (ip_is_any(src))
		return;
	nb = make(NDP_NS, 0, &n->addr);
	if (!nb)
		return;
	put_link_option(nb, OPT_SOURCE, d);
	transmit(d, nb, src, unicast ? n->addr : solicited_node(n->addr));
}

void ndp_send_probe(struct netdev *d, struct ipaddr target)
{
	struct netbuf *nb = make(NDP_NS, 0, &target);

	if (nb)
		transmit(d, nb, IP6_ANY, solicited_node(target));
}

void ndp_send_rs(struct netdev *d, struct ipaddr src)
{
	struct netbuf *nb = make(NDP_RS, 0, NULL);

	if (!nb)
		return;
	if (!ip_is_any(src))
		put_link_option(nb, OPT_SOURCE, d);
	transmit(d, nb, src, all_routers());
}

static void advertise(struct netdev *d, struct ipaddr target, struct ipaddr to)
{
	bool probe = ip_is_any(to);
	u32 flags = (probe ? 0 : NA_SOLICITED) | NA_OVERRIDE |
		    (READ_ONCE(d->net->forward6) ? NA_ROUTER : 0);
	struct netbuf *nb = make(NDP_NA, flags, &target);

	if (!nb)
		return;
	put_link_option(nb, OPT_TARGET, d);
	transmit(d, nb, target, probe ? all_nodes() : to);
}

/* ---- in ---- */

/* The link address among the options from off on; false: an option is malformed. *mac NULL:
 * none. */
static bool find_link_option(const struct netbuf *nb, u32 off, u8 type, const u8 **mac)
{
	*mac = NULL;
	while (off < nb->len) {
		const u8 *o = nb->data + off;

		if (off + 2 > nb->len || !o[1] || off + o[1] * 8u > nb->len)
			return false;
		if (o[0] == type && o[1] == 1 && !*mac)
			*mac = o + 2;
		off += o[1] * 8u;
	}
	return true;
}

static struct ifaddr *find_on(struct netdev *d, struct ipaddr a)
{
	return ifaddr_find_rcu(d->net, a, d->index);
}

static void rx_ns(struct netbuf *nb, const struct nd_message *m)
{
	struct ipaddr src = ip_cb(nb)->src;
	struct netdev *d = nb->dev;
	struct ifaddr *a = find_on(d, m->target);
	struct neigh *n;
	const u8 *mac;

	if (!a || !find_link_option(nb, sizeof(*m), OPT_SOURCE, &mac) || nb->loopback)
		return;
	if (a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) {
		if (ip_is_any(src))			/* somebody else wants it too */
			autoconf_duplicate(d, m->target);
		return;
	}
	if (ip_is_any(src)) {
		advertise(d, m->target, IP6_ANY);
		return;
	}
	n = mac ? neigh_get(d, src) : NULL;
	if (n) {
		neigh_update(n, mac, NUD_STALE, NEIGH_OVERRIDE);
		neigh_put(n);
	}
	advertise(d, m->target, src);
}

static void rx_na(struct netbuf *nb, const struct nd_message *m)
{
	u32 flags = be32_to_cpu(m->icmp.rest);
	struct netdev *d = nb->dev;
	struct ifaddr *a = find_on(d, m->target);
	struct neigh *n;
	const u8 *mac;

	if (nb->loopback || !find_link_option(nb, sizeof(*m), OPT_TARGET, &mac) ||
	    (ip_is_multicast(ip_cb(nb)->dst) && (flags & NA_SOLICITED)))
		return;
	if (a) {
		if (a->flags & IFA_F_TENTATIVE)
			autoconf_duplicate(d, m->target);
		return;
	}
	n = neigh_find(d, m->target);
	if (!n)
		return;
	if (mac || (READ_ONCE(n->hw) & NEIGH_HW_VALID)) {
		n->router = flags & NA_ROUTER;
		neigh_update(n, mac, flags & NA_SOLICITED ? NUD_REACHABLE : NUD_STALE,
			     flags & NA_OVERRIDE ? NEIGH_OVERRIDE : 0);
	}
	neigh_put(n);
}

static void rx_redirect(struct net_ns *net, struct netbuf *nb, const struct nd_message *m)
{
	struct ipaddr from = ip_cb(nb)->src, dst;
	struct flow f = {};
	struct route r = {};
	struct neigh *n;
	const u8 *mac;

	if (!netbuf_need(nb, sizeof(*m) + 16) || !ip_is_link_local(from) ||
	    READ_ONCE(net->forward6) || nb->loopback)
		return;
	m = (const struct nd_message *)(const void *)nb->data;
	dst = ip6(nb->data + sizeof(*m));
	if (ip_is_multicast(dst) || (!ip_is_link_local(m->target) && !ip_eq(m->target, dst)) ||
	    !find_link_option(nb, sizeof(*m) + 16, OPT_TARGET, &mac))
		return;
	f.dst = dst;
	f.oif = nb->dev->index;
	if (!route_lookup(net, &f, &r) && ip_eq(r.next_hop, from)) {
		n = neigh_get(nb->dev, m->target);
		if (n && mac)
			neigh_update(n, mac, NUD_STALE, NEIGH_OVERRIDE);
		if (n)
			neigh_put(n);
		route_set_redirect(net, dst, m->target, nb->dev);
	}
	route_put(&r);
}

static void rx_ra(struct netbuf *nb)
{
	struct ipaddr src = ip_cb(nb)->src;
	struct neigh *n;
	const u8 *mac;

	if (!ip_is_link_local(src) || nb->len < 16 || !find_link_option(nb, 16, OPT_SOURCE, &mac) ||
	    nb->loopback) {
		netbuf_free(nb);
		return;
	}
	n = mac ? neigh_get(nb->dev, src) : NULL;
	if (n) {
		n->router = true;
		neigh_update(n, mac, NUD_STALE, NEIGH_OVERRIDE);
		neigh_put(n);
	}
	autoconf_ra(nb);
}

void ndp_rx(struct net_ns *net, struct netbuf *nb)
{
	u8 type = nb->data[0];
	const struct nd_message *m;

	/* Nobody beyond the link can send with a hop limit of 255. */
	if (ip_cb(nb)->ttl != 255 || nb->data[1] || !netbuf_need(nb, nb->len))
		goto out;
	if (type == NDP_RA) {
		rx_ra(nb);
		return;
	}
	m = (const struct nd_message *)(const void *)nb->data;
	if (type == NDP_RS || nb->len < sizeof(*m) || ip_is_multicast(m->target))
		goto out;
	if (type == NDP_NS)
		rx_ns(nb, m);
	else if (type == NDP_NA)
		rx_na(nb, m);
	else
		rx_redirect(net, nb, m);
out:
	netbuf_free(nb);
}

