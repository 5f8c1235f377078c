/* SPDX-License-Identifier: MIT */
/* autoconf.c - IPv6 addresses that come by themselves: ::1, link-local ones, those of router
 * advertisements; duplicate detection.
 *
 * Bottom halves only leave notes (advertisements, duplicates); one worker does the rest under
 * net->config, whenever a note came or the earliest deadline is due: probes of tentative addresses,
 * router solicitations, lifetimes.
 *
 *	added -> TENTATIVE --probe, 1 s of silence--> usable --preferred lifetime--> DEPRECATED
 *	--valid lifetime--> removed
 *	                   `--somebody has it-> DADFAILED (or removed, if it came from an
 *	                   advertisement)
 *
 * Locks: notes_lock [RANK_SOCK_TABLE] for the notes; net->config [RANK_NET_CONFIG] for the rest.
 * Ref: RFC 4861 s6.3, RFC 4862, RFC 4291 appendix A. Tests: selftests/fuzz/ip_fuzz.c
 */
#include <kernel/bh.h>
#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/waitq.h>
#include <kernel/workq.h>
#include <mm/slab.h>
#include <net/ip_int.h>
#include <net/mcast.h>
#include <net/neigh.h>
#include <net/net.h>

#define RETRANS		NSEC_PER_SEC		/* RetransTimer */
#define RS_INTERVAL	(4 * NSEC_PER_SEC)
#define RS_COUNT	3u
#define TWO_HOURS	(7200 * NSEC_PER_SEC)
#define NOTES_MAX	64u
#define OPT_PREFIX	3u
#define OPT_MTU		5u
#define PREFIX_ON_LINK	0x80u
#define PREFIX_AUTO	0x40u

/* Per device. */
struct ip6_dev {			/* [c] */
	u8 hop_limit;			/* [a] what the router said; 0: nothing */
	u32 mtu;			/* [a] the same */
	u8 rs_left;
	ktime_t rs_next;		/* WAIT_FOREVER: none is due */
	bool up;
};

/* What a bottom half leaves: an advertisement, or the address of a duplicate. */
struct note {
	struct list link;
	struct netdev *dev;		/* a reference */
	struct netbuf *ra;		/* NULL: a duplicate */
	struct ipaddr src, addr;
};

static struct spinlock notes_lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static struct list notes = LIST_INIT(notes);	/* [notes_lock] */
static u32 nr_notes;				/* [notes_lock] */
static struct work worker;
static struct bh_timer tick;
static struct net_ns *the_net;

static struct ipaddr all_nodes(void)
{
	return (struct ipaddr){ { cpu_to_be32(0xff020000), 0, 0, cpu_to_be32(1) } };
}
static struct ipaddr interface_nodes(void)
{
	return (struct ipaddr){ { cpu_to_be32(0xff010000), 0, 0, cpu_to_be32(1) } };
}
static struct ipaddr solicited_node(struct ipaddr a)
{
	return (struct ipaddr){ { cpu_to_be32(0xff020000), 0, cpu_to_be32(1),
				  a.w[3] | cpu_to_be32(0xff000000) } };
}

u8 autoconf_hop_limit(const struct netdev *d)
{
	const struct ip6_dev *i = READ_ONCE(d->ip6);

	return i ? READ_ONCE(i->hop_limit) : 0;
}

static void kick(void)
{
	work_queue(&worker);
}

static void on_tick(struct bh_timer *t)
{
	kick();
}

/* ---- notes ---- */

static void leave_note(struct netdev *d, struct netbuf *ra, struct ipaddr src, struct ipaddr addr)
{
	struct note *n = kmalloc(sizeof(*n), PAGE_ATOMIC);
	bool full;

	if (!n) {
		netbuf_free(ra);
		return;
	}
	netdev_get(d);
	*n = (struct note){ .dev = d, .ra = ra, .src = src, .addr = addr };
	spin_lock_bh(&notes_lock);
	full = nr_notes >= NOTES_MAX;
	if (!full) {
		list_add_tail(&notes, &n->link);
		nr_notes++;
	}
	spin_unlock_bh(&notes_lock);
	if (full) {
		netdev_put(d);
		netbuf_free(ra);
		kfree(n);
	} else {
		kick();
	}
}

void autoconf_ra(struct netbuf *nb)
{
	if (READ_ONCE(nb->dev->net->forward6))
		netbuf_free(nb);
	else
		leave_note(nb->dev, nb, ip_cb(nb)->src, IP6_ANY);
}

void autoconf_duplicate(struct netdev *d, struct ipaddr a)
{
	leave_note(d, NULL, IP6_ANY, a);
}

static struct note *take_note(void)
{
	struct note *n;

	spin_lock_bh(&notes_lock);
	n = list_first_or_null(&notes, struct note, link);
	if (n) {
		list_del(&n->link);
		nr_notes--;
	}
	spin_unlock_bh(&notes_lock);
	return n;
}

/* ---- addresses ---- */

/* RFC 4291 appendix A: the link address with ff:fe in the middle and the universal bit turned. */
static void put_interface_id(struct ipaddr *a, const struct netdev *d)
{
	u8 *b = (u8 *)a;

	memcpy(b + 8, d->mac, 3);
	b[8] ^= 2;
	b[11] = 0xff;
	b[12] = 0xfe;
	memcpy(b + 13, d->mac + 3, 3);
}

static struct ifaddr *find_on(struct netdev *d, struct ipaddr a)
{
	return ifaddr_find_rcu(d->net, a, d->index);
}

static struct ifaddr *link_local_of(struct netdev *d)
{
	struct ifaddr *a;

	list_for_each_entry(a, &d->addrs, link)
		if (!ip_is4(a->addr) && ip_is_link_local(a->addr))
			return a;
	return NULL;
}

static void add(struct netdev *d, struct ipaddr addr, u8 bits, u32 flags, ktime_t valid,
		ktime_t preferred)
{
	struct ifaddr a = { .addr = addr,
			    .bits = bits,
			    .flags = flags,
			    .valid_until = valid,
			    .preferred_until = preferred };
	int err = ifaddr_add(d, &a);

	if (err && err != -EEXIST)
		pr_warn("net: %s: no IPv6 address: error %d", d->name, -err);
}

static void start_rs(struct netdev *d)
{
	if (READ_ONCE(d->net->forward6) || (d->flags & IFF_LOOPBACK))
		return;
	d->ip6->rs_left = RS_COUNT;
	d->ip6->rs_next = clock_monotonic() + (ktime_t)(random_u64() % (u64)NSEC_PER_SEC);
	kick();
}

/* The device can carry packets: groups, their route, a link-local address. */
static void start(struct netdev *d)
{
	struct route_entry groups = { .dst = { { cpu_to_be32(0xff000000), 0, 0, 0 } },
				      .bits = 8,
				      .type = RTN_MULTICAST,
				      .table = RT_TABLE_LOCAL,
				      .protocol = RTPROT_KERNEL,
				      .metric = 256,
				      .dev = d };
	struct ipaddr a = { { cpu_to_be32(0xfe800000), 0, 0, 0 } };

	if (!d->ip6)
		WRITE_ONCE(d->ip6, kzalloc(sizeof(*d->ip6)));
	if (!d->ip6 || d->ip6->up || !(d->flags & IFF_UP) || !(d->flags & IFF_LOWER_UP) ||
	    d->mtu < 1280)
		return;
	d->ip6->up = true;
	d->ip6->rs_next = WAIT_FOREVER;
	if (mcast_dev_join(d, all_nodes()) || mcast_dev_join(d, interface_nodes()))
		pr_warn("net: %s: no memory for the group of all nodes", d->name);
	if (d->flags & IFF_LOOPBACK) {
		add(d, (struct ipaddr){ { 0, 0, 0, cpu_to_be32(1) } }, 128, IFA_F_PERMANENT,
		    WAIT_FOREVER, WAIT_FOREVER);
		return;
	}
	if (route_add(d->net, &groups, ROUTE_CREATE | ROUTE_APPEND))
		pr_warn("net: %s: no route to IPv6 groups", d->name);
	if (d->type == ARPHRD_ETHER) {
		put_interface_id(&a, d);
		add(d, a, 64, IFA_F_PERMANENT, WAIT_FOREVER, WAIT_FOREVER);
	}
}

static void stop(struct netdev *d)
{
	if (!d->ip6 || !d->ip6->up)
		return;
	d->ip6->up = false;
	d->ip6->rs_next = WAIT_FOREVER;
	d->ip6->hop_limit = 0;
	d->ip6->mtu = 0;
	mcast_dev_leave(d, all_nodes());
	mcast_dev_leave(d, interface_nodes());
}

/* ---- duplicate address detection ---- */

static void added(struct netdev *d, struct ifaddr *a)
{
	if (mcast_dev_join(d, solicited_node(a->addr)))
		pr_warn("net: %s: no memory for a solicited-node group", d->name);
	if (a->flags & IFA_F_TENTATIVE) {
		a->dad_left = 1;
		a->dad_next = clock_monotonic() + (ktime_t)(random_u64() % (u64)NSEC_PER_SEC);
	}
	kick();			/* lifetimes, too */
}

static void usable(struct netdev *d, struct ifaddr *a)
{
	WRITE_ONCE(a->flags, a->flags & ~IFA_F_TENTATIVE);
	a->dad_next = 0;
	netdev_tell(d, NETDEV_ADDR_CHANGED, a);
	if (ip_is_link_local(a->addr))
		start_rs(d);
}

/* Probe, wait, done. */
static void step_dad(struct netdev *d, struct ifaddr *a, ktime_t now)
{
	if (!(a->flags & IFA_F_TENTATIVE) || (a->flags & IFA_F_DADFAILED) || !a->dad_next ||
	    a->dad_next > now)
		return;
	if (a->dad_left) {
		a->dad_left--;
		a->dad_next = now + RETRANS;
		ndp_send_probe(d, a->addr);
	} else {
		usable(d, a);
	}
}

static void duplicate(struct netdev *d, struct ipaddr addr)
{
	struct ifaddr *a = find_on(d, addr);

	if (!a || !(a->flags & IFA_F_TENTATIVE) || (a->flags & IFA_F_DADFAILED))
		return;
	pr_warn("net: %s: an IPv6 address of ours is another host's", d->name);
	if (!(a->flags & IFA_F_PERMANENT)) {
		if (ifaddr_del(d, addr, a->bits))
			pr_warn("net: %s: it cannot be removed", d->name);
		return;
	}
	WRITE_ONCE(a->flags, a->flags | IFA_F_DADFAILED);
	a->dad_next = 0;
	netdev_tell(d, NETDEV_ADDR_CHANGED, a);
}

/* ---- router advertisements ---- */

static ktime_t until(u32 seconds)
{
	return seconds == U32_MAX ? WAIT_FOREVER : clock_monotonic() + seconds * NSEC_PER_SEC;
}

static void set_default_route(struct netdev *d, struct ipaddr router, u32 lifetime_s)
{
	struct route_entry e = { .bits = 0,
				 .type = RTN_UNICAST,
				 .protocol = RTPROT_RA,
				 .metric = 1024,
				 .gateway = router,
				 .dev = d,
				 .expires = until(lifetime_s) };
	int err = route_del(d->net, &e);

	if (lifetime_s)
		err = route_add(d->net, &e, ROUTE_CREATE | ROUTE_APPEND);
	if (err && err != -ESRCH)
		pr_warn("net: %s: the default route of a router: error %d", d->name, -err);
}

static void set_prefix_route(struct netdev *d, struct ipaddr prefix, u8 bits, u32 valid_s)
{
	struct route_entry e = { .dst = prefix,
				 .bits = bits,
				 .type = RTN_UNICAST,
				 .protocol = RTPROT_KERNEL,
				 .metric = 256,
				 .dev = d,
				 .expires = until(valid_s) };
	int err = route_del(d->net, &e);

	if (valid_s)
		err = route_add(d->net, &e, ROUTE_CREATE | ROUTE_APPEND);
	if (err && err != -ESRCH)
		pr_warn("net: %s: the route of a prefix: error %d", d->name, -err);
}

/* RFC 4862 s5.5.3 (e): nobody shortens a lifetime to less than two hours. */
static void prolong(struct ifaddr *a, u32 valid_s, u32 preferred_s)
{
	ktime_t now = clock_monotonic(), valid = until(valid_s), left = a->valid_until - now;

	if (valid - now > TWO_HOURS || valid > a->valid_until)
		a->valid_until = valid;
	else if (left > TWO_HOURS)
		a->valid_until = now + TWO_HOURS;
	a->preferred_until = until(preferred_s);
	a->updated = now;
	WRITE_ONCE(a->flags,
		   preferred_s ? a->flags & ~IFA_F_DEPRECATED : a->flags | IFA_F_DEPRECATED);
}

static void take_prefix(struct netdev *d, const u8 *o)
{
	struct ipaddr prefix = ip6(o + 16);
	u32 valid = get_be32(o + 4), preferred = get_be32(o + 8);
	struct ifaddr *a;

	if (preferred > valid || ip_is_link_local(prefix) || ip_is_multicast(prefix) || o[2] > 128)
		return;
	if (o[3] & PREFIX_ON_LINK)
		set_prefix_route(d, prefix, o[2], valid);
	if (!(o[3] & PREFIX_AUTO) || o[2] != 64 || d->type != ARPHRD_ETHER)
		return;
	put_interface_id(&prefix, d);
	a = find_on(d, prefix);
	if (a)
		prolong(a, valid, preferred);
	else if (valid)
		add(d, prefix, 64, IFA_F_MANAGETEMPADDR, until(valid), until(preferred));
}

/* The link's MTU, for IPv6 alone: never more than the device's. */
static void take_mtu(struct netdev *d, u32 mtu)
{
	if (mtu < 1280 || mtu > d->mtu || mtu == d->ip6->mtu)
		return;
	WRITE_ONCE(d->ip6->mtu, mtu);
	route_changed(d->net);
}

u32 autoconf_mtu(const struct netdev *d)
{
	const struct ip6_dev *i = READ_ONCE(d->ip6);
	u32 mtu = i ? READ_ONCE(i->mtu) : 0;

	return mtu ? min(mtu, READ_ONCE(d->mtu)) : READ_ONCE(d->mtu);
}

static void take_ra(struct netdev *d, const struct netbuf *nb, struct ipaddr src)
{
	const u8 *m = nb->data;

	if (!d->ip6 || !d->ip6->up)
		return;
	d->ip6->rs_next = WAIT_FOREVER;			/* one answered */
	if (m[4])
		WRITE_ONCE(d->ip6->hop_limit, m[4]);
	set_default_route(d, src, get_be16(m + 6));
	for (u32 off = 16; off + 8 <= nb->len; off += m[off + 1] * 8u) {
		/* lengths were checked by ndp.c */
		if (m[off] == OPT_PREFIX && m[off + 1] == 4)
			take_prefix(d, m + off);
		else if (m[off] == OPT_MTU && m[off + 1] == 1)
			take_mtu(d, get_be32(m + off + 4));
	}
}

/* ---- the worker ---- */

static void work_off_notes(void)
{
	struct note *n;

	while ((n = take_note())) {
		if (n->ra)
			take_ra(n->dev, n->ra, n->src);
		else
			duplicate(n->dev, n->addr);
		netbuf_free(n->ra);
		netdev_put(n->dev);
		kfree(n);
	}
}

static void step_rs(struct netdev *d, ktime_t now)
{
	struct ip6_dev *i = d->ip6;
	struct ifaddr *a = link_local_of(d);

	if (!i || i->rs_next > now)
		return;
	ndp_send_rs(d, a && !(a->flags & IFA_F_TENTATIVE) ? a->addr : IP6_ANY);
	i->rs_left--;
	i->rs_next = i->rs_left ? now + RS_INTERVAL : WAIT_FOREVER;
}

/* The first address whose life is over is removed: true. Preferences fade on the way. */
static bool expire_one(struct netdev *d, ktime_t now)
{
	struct ifaddr *a;

	list_for_each_entry(a, &d->addrs, link) {
		if (a->valid_until <= now)
			return ifaddr_del(d, a->addr, a->bits) == 0;
		if (a->preferred_until <= now && !(a->flags & IFA_F_DEPRECATED)) {
			WRITE_ONCE(a->flags, a->flags | IFA_F_DEPRECATED);
			netdev_tell(d, NETDEV_ADDR_CHANGED, a);
		}
	}
	return false;
}

static ktime_t next_deadline(struct netdev *d)
{
	ktime_t next = d->ip6 ? d->ip6->rs_next : WAIT_FOREVER;
	struct ifaddr *a;

	list_for_each_entry(a, &d->addrs, link) {
		next = min(next, a->valid_until);
		if (!(a->flags & IFA_F_DEPRECATED))
			next = min(next, a->preferred_until);
		if (a->dad_next)
			next = min(next, a->dad_next);
	}
	return next;
}

static void work(struct work *w)
{
	struct net_ns *net = the_net;
	ktime_t next = WAIT_FOREVER, now;
	struct netdev *d;
	struct ifaddr *a;

	mutex_lock(&net->config);
	work_off_notes();
	now = clock_monotonic();
	list_for_each_entry(d, &net->devs, link) {
		while (expire_one(d, now)) {
		}
		list_for_each_entry(a, &d->addrs, link)
			step_dad(d, a, now);
		step_rs(d, now);
		next = min(next, next_deadline(d));
	}
	route_expire(net);
	if (next != WAIT_FOREVER)
		bh_timer_arm(&tick, next);
	mutex_unlock(&net->config);
}

static void on_event(struct netdev *d, enum netdev_event e, struct ifaddr *a)
{
	switch (e) {
	case NETDEV_UP:
	case NETDEV_CARRIER:
		start(d);
		break;
	case NETDEV_DOWN:
		stop(d);
		break;
	case NETDEV_ADDR_ADDED:
		if (!ip_is4(a->addr))
			added(d, a);
		break;
	case NETDEV_ADDR_REMOVED:
		if (!ip_is4(a->addr))
			mcast_dev_leave(d, solicited_node(a->addr));
		break;
	default:
		break;
	}
}

static struct netdev_listener listener = { .event = on_event };

void autoconf_init(struct net_ns *net)
{
	the_net = net;
	work_setup(&worker, work);
	bh_timer_setup(&tick, on_tick);
	netdev_listen(&listener);
}
