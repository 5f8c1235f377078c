/* SPDX-License-Identifier: MIT */
/* mcast.c - multicast groups: which sockets joined which, and so what each device listens to.
 *
 * A socket's membership names group, device and a filter: all sources but some (EXCLUDE), or only
 * some (INCLUDE). It never changes once the receive path can see it: a new filter is a new
 * membership in its place.
 *
 * Invariants: (1) each membership counts once in its device's group. (2) A membership's device is
 * still registered, or the membership is dead weight that matches nothing (indices are not used
 * again).
 *
 * Locks: owner lock of the socket for its list; net->config for a device's; readers under RCU.
 * Ref: RFC 1112, RFC 3376 s2, s3, RFC 3678, ip(7), ipv6(7). Tests: selftests/abi/mcast.c
 */
#include <net/mcast_int.h>

#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <kernel/workq.h>
#include <mm/slab.h>
#include <net/ip_int.h>
#include <net/net.h>

#define MEMBERSHIPS_MAX 20u		/* net.ipv4.igmp_max_memberships */
#define SOURCES_MAX4	10u		/* net.ipv4.igmp_max_msf */
#define SOURCES_MAX6	64u		/* net.ipv6.mld_max_msf */

struct membership {
	struct list link;		/* [o, RCU] inet_sock.groups */
	struct ipaddr group;
	s32 ifindex;
	bool include;
	u32 nr_sources;
	struct rcu_head rcu;
	struct ipaddr sources[];
};

/* ---- reports ---- */

#define ROBUSTNESS	   2u		/* RFC 3376 s8.1 */
#define UNSOLICITED_WITHIN NSEC_PER_SEC

static struct work worker;
static struct bh_timer tick;
static struct net_ns *the_net;

static bool is_reported(const struct netdev *d, struct ipaddr a)
{
	if (d->flags & IFF_LOOPBACK)
		return false;
	if (ip_is4(a))
		return ip_v4(a) != cpu_to_be32(0xe0000001);
	return (a.w[0] >> 8 & 0xf) > 1 && !(a.w[0] == cpu_to_be32(0xff020000) && !a.w[1] &&
					    !a.w[2] && a.w[3] == cpu_to_be32(1));
}

static ktime_t soon(ktime_t within)
{
	return clock_monotonic() + 1 + (within ? (ktime_t)(random_u64() % (u64)within) : 0);
}

static void free_group(struct rcu_head *h)
{
	kfree(container_of(h, struct mcast_group, rcu));
}

static void forget(struct mcast_group *g)
{
	list_del(&g->link);
	call_rcu(&g->rcu, free_group);
}

static void report(struct netdev *d, const struct mcast_group *g, u8 record)
{
	if (ip_is4(g->addr))
		igmp_report(d, g->addr, record);
	else
		mld_report(d, g->addr, record);
}

/* What is due of one group now; when the next is. */
static ktime_t step(struct netdev *d, struct mcast_group *g, ktime_t now)
{
	ktime_t answer = READ_ONCE(g->answer_at), next = WAIT_FOREVER;

	if (answer && answer <= now) {
		WRITE_ONCE(g->answer_at, 0);
		if (g->users)
			report(d, g, RECORD_IS_EXCLUDE);
		answer = 0;
	}
	if (g->report_at && g->report_at <= now) {
		report(d, g, g->record);
		g->report_at = --g->reports_left ? soon(UNSOLICITED_WITHIN) : 0;
	}
	if (answer)
		next = answer;
	return g->report_at ? min(next, g->report_at) : next;
}

static void work(struct work *w)
{
	ktime_t now = clock_monotonic(), next = WAIT_FOREVER;
	struct mcast_group *g, *after;
	struct netdev *d;

	mutex_lock(&the_net->config);
	list_for_each_entry(d, &the_net->devs, link)
		list_for_each_entry_safe(g, after, &d->mcast, link) {
			next = min(next, step(d, g, now));
			if (!g->users && !g->report_at)
				forget(g);
		}
	mutex_unlock(&the_net->config);
	if (next != WAIT_FOREVER)
		bh_timer_arm(&tick, next);
}

static void on_tick(struct bh_timer *t)
{
	work_queue(&worker);
}

void mcast_asked(struct netdev *d, struct ipaddr group, ktime_t max_ns)
{
	ktime_t when = soon(max_ns);
	struct mcast_group *g;

	list_for_each_entry(g, &d->mcast, link) {
		ktime_t old = READ_ONCE(g->answer_at);

		if (ip_is4(g->addr) != ip_is4(group) ||
		    (!ip_is_any(group) && !ip_eq(group, g->addr)) || !is_reported(d, g->addr))
			continue;
		if (!old || old > when)
			WRITE_ONCE(g->answer_at, when);
	}
	work_queue(&worker);		/* which arms the timer */
}

static void tell_routers(struct netdev *d, struct mcast_group *g, u8 record)
{
	if (!(d->flags & IFF_UP) || !is_reported(d, g->addr))
		return;
	g->record = record;
	g->reports_left = ROBUSTNESS;
	g->report_at = clock_monotonic();
	work_queue(&worker);
}

void mcast_init(struct net_ns *net)
{
	the_net = net;
	work_setup(&worker, work);
	bh_timer_setup(&tick, on_tick);
}

/* ---- devices ---- */

static struct mcast_group *find_group(struct netdev *d, struct ipaddr addr)
{
	struct mcast_group *g;

	list_for_each_entry(g, &d->mcast, link)
		if (ip_eq(g->addr, addr))
			return g;
	return NULL;
}

bool mcast_joined(struct netdev *d, struct ipaddr group)
{
	struct mcast_group *g = find_group(d, group);

	return g && READ_ONCE(g->users);
}

static void tell_device(struct netdev *d)
{
	if (d->ops->set_rx_mode && (d->flags & IFF_UP))
		d->ops->set_rx_mode(d);
}

int mcast_dev_join(struct netdev *d, struct ipaddr group)
{
	struct mcast_group *g = find_group(d, group);

	if (!g) {
		g = kzalloc(sizeof(*g));
		if (!g)
			return -ENOMEM;
		g->addr = group;
		list_add_tail(&d->mcast, &g->link);
	}
	if (g->users) {
		WRITE_ONCE(g->users, g->users + 1);
		return 0;
	}
	WRITE_ONCE(g->users, 1);
	tell_device(d);
	tell_routers(d, g, RECORD_TO_EXCLUDE);
	return 0;
}

void mcast_dev_leave(struct netdev *d, struct ipaddr group)
{
	struct mcast_group *g = find_group(d, group);

	if (!g || !g->users)
		return;
	WRITE_ONCE(g->users, g->users - 1);
	if (g->users)
		return;
	g->report_at = 0;
	tell_routers(d, g, RECORD_TO_INCLUDE);
	if (!g->report_at)
		forget(g);
	tell_device(d);
}

/* ---- sockets ---- */

static struct netdev *choose_dev(struct inet_sock *is, struct ipaddr group, s32 ifindex,
				 struct ipaddr if_addr)
{
	struct net_ns *net = is->sk.net;
	struct flow f = { .dst = group };
	struct netdev *d = NULL;
	struct route r = {};
	struct ifaddr *a;

	if (ifindex)
		return netdev_find_index(net, ifindex);
	if (ip_is4(group) && !ip_is_any(if_addr)) {
		rcu_read_lock();
		a = ifaddr_find_rcu(net, if_addr, 0);
		if (a && ref_tryget(&a->dev->refs))
			d = a->dev;
		rcu_read_unlock();
		return d;
	}
	if (route_lookup(net, &f, &r))
		return NULL;
	netdev_get(r.dev);
	d = r.dev;
	route_put(&r);
	return d;
}

static struct membership *find(struct inet_sock *is, struct ipaddr group, s32 ifindex)
{
	struct membership *m;

	list_for_each_entry(m, &is->groups, link)
		if (ip_eq(m->group, group) && (!ifindex || m->ifindex == ifindex))
			return m;
	return NULL;
}

static struct membership *make(struct ipaddr group, s32 ifindex, bool include, u32 nr)
{
	struct membership *m = kzalloc(sizeof(*m) + nr * sizeof(m->sources[0]));

	if (m) {
		m->group = group;
		m->ifindex = ifindex;
		m->include = include;
		m->nr_sources = nr;
	}
	return m;
}

static void free_membership(struct rcu_head *h)
{
	kfree(container_of(h, struct membership, rcu));
}

static void replace(struct membership *old, struct membership *new)
{
	list_add_tail(&old->link, &new->link);
	list_del(&old->link);
	call_rcu(&old->rcu, free_membership);
}

static u32 count4(const struct inet_sock *is)
{
	struct membership *m;
	u32 n = 0;

	list_for_each_entry(m, &is->groups, link)
		n += ip_is4(m->group);
	return n;
}

static int join(struct inet_sock *is, struct ipaddr group, struct netdev *d, bool include,
		struct ipaddr source)
{
	struct membership *m;
	int err;

	if (ip_is4(group) && count4(is) >= MEMBERSHIPS_MAX)
		return -ENOBUFS;
	m = make(group, d->index, include, include);
	if (!m)
		return -ENOBUFS;
	if (include)
		m->sources[0] = source;
	mutex_lock(&d->net->config);
	err = d->dead ? -ENODEV : mcast_dev_join(d, group);
	mutex_unlock(&d->net->config);
	if (err)
		kfree(m);
	else
		list_add_head(&is->groups, &m->link);
	return err;
}

int mcast_join(struct inet_sock *is, struct ipaddr group, s32 ifindex, struct ipaddr if_addr)
{
	struct netdev *d;
	int err;

	if (!ip_is_multicast(group))
		return -EINVAL;
	if (ip_is4(group) == inet_is6(is) && inet_is6(is))
		return -EINVAL;
	d = choose_dev(is, group, ifindex, if_addr);
	if (!d)
		return -ENODEV;
	err = find(is, group, d->index) ? -EADDRINUSE : join(is, group, d, false, IP6_ANY);
	netdev_put(d);
	return err;
}

static void leave_dev(struct net_ns *net, const struct membership *m)
{
	struct netdev *d = netdev_find_index(net, m->ifindex);

	if (!d)
		return;
	mutex_lock(&net->config);
	mcast_dev_leave(d, m->group);
	mutex_unlock(&net->config);
	netdev_put(d);
}

static void drop(struct inet_sock *is, struct membership *m)
{
	leave_dev(is->sk.net, m);
	list_del(&m->link);
	call_rcu(&m->rcu, free_membership);
}

int mcast_leave(struct inet_sock *is, struct ipaddr group, s32 ifindex, struct ipaddr if_addr)
{
	struct membership *m;
	struct netdev *d;

	if (!ip_is_multicast(group))
		return -EINVAL;
	if (!ifindex && ip_is4(group) && !ip_is_any(if_addr)) {
		d = choose_dev(is, group, 0, if_addr);
		if (!d)
			return -ENODEV;
		ifindex = d->index;
		netdev_put(d);
	}
	m = find(is, group, ifindex);
	if (!m)
		return -EADDRNOTAVAIL;
	drop(is, m);
	return 0;
}

void mcast_leave_all(struct inet_sock *is)
{
	while (!list_empty(&is->groups))
		drop(is, list_first(&is->groups, struct membership, link));
}

/* ---- sources ---- */

static s32 index_of(const struct membership *m, struct ipaddr source)
{
	for (u32 i = 0; i < m->nr_sources; i++)
		if (ip_eq(m->sources[i], source))
			return (s32)i;
	return -1;
}

static int with_source(struct membership *m, struct ipaddr source)
{
	struct membership *new;

	if (index_of(m, source) >= 0)
		return -EADDRNOTAVAIL;
	if (m->nr_sources >= (ip_is4(m->group) ? SOURCES_MAX4 : SOURCES_MAX6))
		return -ENOBUFS;
	new = make(m->group, m->ifindex, m->include, m->nr_sources + 1);
	if (!new)
		return -ENOBUFS;
	memcpy(new->sources, m->sources, m->nr_sources * sizeof(source));
	new->sources[m->nr_sources] = source;
	replace(m, new);
	return 0;
}

static int without_source(struct membership *m, struct ipaddr source)
{
	s32 at = index_of(m, source);
	struct membership *new;
	u32 n = 0;

	if (at < 0)
		return -EADDRNOTAVAIL;
	new = make(m->group, m->ifindex, m->include, m->nr_sources - 1);
	if (!new)
		return -ENOBUFS;
	for (u32 i = 0; i < m->nr_sources; i++)
		if (i != (u32)at)
			new->sources[n++] = m->sources[i];
	replace(m, new);
	return 0;
}

static int change_source(struct inet_sock *is, s32 name, struct ipaddr group, struct ipaddr source,
			 struct netdev *d)
{
	bool include = name == IP_ADD_SOURCE_MEMBERSHIP || name == IP_DROP_SOURCE_MEMBERSHIP;
	bool adds = name == IP_ADD_SOURCE_MEMBERSHIP || name == IP_BLOCK_SOURCE;
	struct membership *m = find(is, group, d->index);

	if (!m)
		return adds && include ? join(is, group, d, true, source)
		       : include       ? -EADDRNOTAVAIL
				       : -EINVAL;
	if (m->include != include) {
		if (m->nr_sources || include != true)
			return -EINVAL;
	}
	if (adds && m->include != include) {
		/* joined for all sources: now only for this one */
		struct membership *new = make(group, d->index, true, 1);

		if (!new)
			return -ENOBUFS;
		new->sources[0] = source;
		replace(m, new);
		return 0;
	}
	if (!adds && include && m->nr_sources == 1 && index_of(m, source) == 0) {
		drop(is, m);
		return 0;
	}
	return adds ? with_source(m, source) : without_source(m, source);
}

int mcast_source(struct inet_sock *is, s32 name, struct ipaddr group, struct ipaddr source,
		 s32 ifindex, struct ipaddr if_addr)
{
	struct netdev *d;
	int err;

	if (!ip_is_multicast(group))
		return -EINVAL;
	d = choose_dev(is, group, ifindex, if_addr);
	if (!d)
		return -ENODEV;
	err = change_source(is, name, group, source, d);
	netdev_put(d);
	return err;
}

/* ---- receiving ---- */

bool mcast_wants(struct inet_sock *is, struct ipaddr group, struct ipaddr source, s32 ifindex)
{
	struct membership *m = find(is, group, ifindex);

	if (!m)
		return is->mcast_all;
	return (index_of(m, source) >= 0) == m->include;
}

void mcast_dev_for_each(struct netdev *d,
			void (*fn)(struct netdev *d, struct ipaddr group, u32 users,
				   ktime_t report_in, void *arg),
			void *arg)
{
	ktime_t now = clock_monotonic();
	struct mcast_group *g;

	list_for_each_entry(g, &d->mcast, link)
		if (g->users)
			fn(d, g->addr, g->users, g->report_at > now ? g->report_at - now : 0, arg);
}
