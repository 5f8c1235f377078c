/* SPDX-License-Identifier: MIT */
/* netdev_conf.c - network interfaces: up and down, names, sizes, addresses of the link, the
 * carrier.
 *
 * Locks: net->config, held by the caller (the carrier takes it in its worker). Ref: netdevice(7),
 * rtnetlink(7). Tests: selftests/abi/netlink.c
 */
#include <net/netdev.h>

#include <arch/percpu.h>
#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <net/net.h>

static void drop_waiting(struct netdev *d)
{
	for (u32 i = 0; i < d->nr_queues; i++) {
		struct netdev_queue *q = &d->queues[i];

		spin_lock_bh(&q->lock);
		netbuf_queue_purge(&q->waiting);
		q->stopped = false;
		spin_unlock_bh(&q->lock);
	}
}

static int change_up(struct netdev *d, bool up)
{
	int err = 0;

	if (up && d->ops->open)
		err = d->ops->open(d);
	if (err)
		return err;
	WRITE_ONCE(d->flags, up ? d->flags | IFF_UP : d->flags & ~IFF_UP);
	if (!up) {
		if (d->ops->stop)
			d->ops->stop(d);
		synchronize_rcu();
		drop_waiting(d);
	}
	netdev_tell(d, up ? NETDEV_UP : NETDEV_DOWN, NULL);
	return 0;
}

/* PROMISC and ALLMULTI are counted: packet sockets ask too. */
static void change_mode(struct netdev *d, u32 bit, u32 *count, bool on)
{
	if (on == !!(d->flags & bit))
		return;
	*count += on ? 1 : -1u;
	WRITE_ONCE(d->flags, on ? d->flags | bit : d->flags & ~bit);
	if (d->ops->set_rx_mode)
		d->ops->set_rx_mode(d);
}

int netdev_change_flags(struct netdev *d, u32 flags, u32 mask)
{
	u32 old = d->flags;
	int err = 0;

	if (mask & IFF_PROMISC)
		change_mode(d, IFF_PROMISC, &d->promisc, flags & IFF_PROMISC);
	if (mask & IFF_ALLMULTI)
		change_mode(d, IFF_ALLMULTI, &d->allmulti, flags & IFF_ALLMULTI);
	mask &= IFF_UP;
	if ((d->flags ^ flags) & mask)
		err = change_up(d, flags & IFF_UP);
	if (!err && old != d->flags)
		netdev_tell(d, NETDEV_CHANGED, NULL);
	return err;
}

int netdev_change_mtu(struct netdev *d, u32 mtu)
{
	int err = 0;

	if (mtu == d->mtu)
		return 0;
	if (mtu < d->mtu_min || mtu > d->mtu_max)
		return -EINVAL;
	if (d->ops->set_mtu)
		err = d->ops->set_mtu(d, mtu);
	if (err)
		return err;
	WRITE_ONCE(d->mtu, mtu);
	netdev_tell(d, NETDEV_CHANGED, NULL);
	return 0;
}

int netdev_change_mac(struct netdev *d, const u8 *mac)
{
	int err = 0;

	if ((mac[0] & 1) || memcmp(mac, "\0\0\0\0\0\0", ETH_ALEN) == 0)
		return -EADDRNOTAVAIL;
	if (d->ops->set_mac)
		err = d->ops->set_mac(d, mac);
	if (err)
		return err;
	memcpy(d->mac, mac, ETH_ALEN);
	netdev_tell(d, NETDEV_CHANGED, NULL);
	return 0;
}

int netdev_rename(struct netdev *d, const char *name)
{
	if (d->flags & IFF_UP)
		return -EBUSY;
	if (!name[0] || strlen(name) > IF_NAME_MAX || strchr(name, '/') || strchr(name, ' ') ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (netdev_find_rcu(d->net, name))
		return -EEXIST;
	str_copy(d->name, name, sizeof(d->name));
	netdev_tell(d, NETDEV_CHANGED, NULL);
	return 0;
}

void netdev_get_stats(const struct netdev *d, struct netdev_stats *out)
{
	u64 *sum = (u64 *)out;

	memset(out, 0, sizeof(*out));
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		const u64 *s = (const u64 *)&d->stats[cpu];

		for (u32 i = 0; i < sizeof(*out) / sizeof(u64); i++)
			sum[i] += s[i];
	}
}

/* ---- carrier ---- */

static void carrier_news(struct work *w)
{
	struct netdev *d = container_of(w, struct netdev, carrier_work);

	mutex_lock(&d->net->config);
	netdev_tell(d, NETDEV_CARRIER, NULL);
	mutex_unlock(&d->net->config);
	netdev_put(d);
}

void netdev_set_carrier(struct netdev *d, bool on)
{
	u32 bits = IFF_RUNNING | IFF_LOWER_UP;

	if (on == !!(READ_ONCE(d->flags) & IFF_LOWER_UP))
		return;
	if (on)
		__atomic_fetch_or(&d->flags, bits, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&d->flags, ~bits, __ATOMIC_RELAXED);
	d->carrier_changes++;
	if (!d->net)
		return;
	netdev_get(d);
	d->carrier_work.fn = carrier_news;
	if (!work_queue(&d->carrier_work))
		netdev_put(d);
}
