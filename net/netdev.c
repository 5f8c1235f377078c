/* SPDX-License-Identifier: MIT */
/* netdev.c - interfaces: registry, the path of a packet into and out of a device.
 *
 * Receive: netdev_schedule() puts a queue on this CPU's list and raises SOFTIRQ_NET_RX; the bottom
 * half polls each queue in turn, at most BUDGET packets in all before it lets others run. Packets a
 * device hands up go through taps, then to the protocol that registered their type.
 * Transmit: netdev_send() chooses a queue by flow, makes the packet fit the device, and gives it to
 * xmit under the queue's lock.
 *
 * Invariants:
 *  (1) a queue is on at most one CPU's list: `scheduled` is taken by whoever puts it there and
 *      given back when poll found less than its share; between, interrupts of the queue are off.
 *  (2) a stopped queue has room again only after netdev_queue_wake(); what waits keeps its order
 *      and is sent first.
 *  (3) devs and the lists of taps and protocols are read under RCU and changed under net->config or
 *      types_lock.
 *
 * Locks: net->config [RANK_NET_CONFIG, sleeps] > queue.lock [RANK_NETDEV, bottom halves off].
 * Ref: netdevice(7), packet(7). Tests: none of its own yet
 */
#include <net/netdev.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <kernel/bh.h>
#include <kernel/irq.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>
#include <net/gro.h>
#include <net/net.h>
#include <net/segment.h>

#define BUDGET		300u		/* packets in one run of the bottom half */
#define QUEUE_BUDGET	64u		/* of one queue, then the next */
#define TXQLEN		1000u

static DEFINE_PER_CPU(struct list, poll_list);

/* ---- receiving ---- */

void netdev_schedule(struct netdev_queue *q)
{
	irqflags_t irq;

	if (__atomic_exchange_n(&q->scheduled, 1, __ATOMIC_ACQUIRE))		/* (1) */
		return;
	irq = irq_save();
	if (!this_cpu(poll_list)->next)			/* the first on this CPU */
		list_init(this_cpu(poll_list));
	list_add_tail(this_cpu(poll_list), &q->poll_link);
	irq_restore(irq);
	softirq_raise(SOFTIRQ_NET_RX);
}

static struct netdev_queue *next_queue(struct list *l)
{
	irqflags_t irq = irq_save();
	struct netdev_queue *q = list_first_or_null(l, struct netdev_queue, poll_link);

	if (q)
		list_del_init(&q->poll_link);
	irq_restore(irq);
	return q;
}

static void poll_again(struct list *l, struct netdev_queue *q)
{
	irqflags_t irq = irq_save();

	list_add_tail(l, &q->poll_link);
	irq_restore(irq);
}

static void net_rx_softirq(void)
{
	struct list *l = this_cpu(poll_list);
	struct netdev_queue *q;
	u32 left = BUDGET;

	while (left && (q = next_queue(l))) {
		u32 share = min(left, QUEUE_BUDGET), n = q->dev->ops->poll(q->dev, q->index, share);

		gro_flush();
		left -= min(n, left);
		if (n >= share)
			poll_again(l, q);
	}
	if (!list_empty_racy(l))
		softirq_raise(SOFTIRQ_NET_RX);
}

/* The driver's poll found less than its share and is about to turn interrupts on. */
void netdev_poll_done(struct netdev_queue *q)
{
	gro_flush();				/* before another CPU may bring what follows */
	__atomic_store_n(&q->scheduled, 0, __ATOMIC_RELEASE);
}

/* ---- protocols and taps ---- */

static struct spinlock types_lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static struct list types = LIST_INIT(types), taps = LIST_INIT(taps);	/* (3) */

void packet_type_add(struct packet_type *p)
{
	spin_lock_bh(&types_lock);
	list_add_tail(p->protocol == ETH_P_ALL ? &taps : &types, &p->link);
	spin_unlock_bh(&types_lock);
}

void packet_type_del(struct packet_type *p)
{
	spin_lock_bh(&types_lock);
	list_del(&p->link);
	spin_unlock_bh(&types_lock);
	synchronize_rcu();
}

void packet_type_for_each(void (*fn)(const struct packet_type *p, void *arg), void *arg)
{
	struct packet_type *p;

	rcu_read_lock();
	list_for_each_entry(p, &taps, link)
		fn(p, arg);
	list_for_each_entry(p, &types, link)
		fn(p, arg);
	rcu_read_unlock();
}

static void give_clone(struct packet_type *p, struct netbuf *nb)
{
	struct netbuf *c = netbuf_clone(nb, PAGE_ATOMIC);

	if (c)
		p->rx(p, c);
}

static void give_taps(struct netbuf *nb)
{
	struct packet_type *p;

	if (likely(list_empty_racy(&taps)))
		return;
	rcu_read_lock();
	list_for_each_entry(p, &taps, link)
		give_clone(p, nb);
	rcu_read_unlock();
}

/* Each handler of the type but the last gets a clone. */
void netdev_deliver(struct netbuf *nb)
{
	struct packet_type *p, *last = NULL;

	give_taps(nb);
	rcu_read_lock();
	list_for_each_entry(p, &types, link) {
		if (p->protocol != nb->protocol)
			continue;
		if (last)
			give_clone(last, nb);
		last = p;
	}
	if (last)
		last->rx(last, nb);
	else
		netbuf_free(nb);
	rcu_read_unlock();
}

struct eth_header {
	u8 dst[ETH_ALEN], src[ETH_ALEN];
	u16 type;
} __packed;

static u8 packet_kind(const struct netdev *d, const struct eth_header *h)
{
	if (h->dst[0] & 1)
		return memcmp(h->dst, d->broadcast, ETH_ALEN) ? PKT_MULTICAST : PKT_BROADCAST;
	return memcmp(h->dst, d->mac, ETH_ALEN) != 0 && !(d->flags & IFF_LOOPBACK) ? PKT_OTHERHOST
										   : PKT_HOST;
}

void netdev_rx(struct netdev *d, struct netbuf *nb)
{
	struct netdev_stats *s = &d->stats[this_cpu_id()];
	const struct eth_header *h;

	nb->dev = d;
	nb->link_off = netbuf_offset(nb);
	s->rx_packets++;
	s->rx_bytes += nb->len;
	if (!(READ_ONCE(d->flags) & IFF_UP) || !netbuf_need(nb, ETH_HLEN)) {
		s->rx_dropped++;
		netbuf_free(nb);
		return;
	}
	h = (const struct eth_header *)(void *)nb->data;
	nb->link_off = netbuf_offset(nb);
	nb->protocol = be16_to_cpu(h->type);
	nb->kind = packet_kind(d, h);
	s->rx_multicast += nb->kind == PKT_MULTICAST;
	netbuf_pull(nb, ETH_HLEN);
	nb->net_off = netbuf_offset(nb);
	if (READ_ONCE(d->gro))
		gro_receive(nb);
	else
		netdev_deliver(nb);
}

/* ---- sending ---- */

bool netdev_header(struct netbuf *nb, const u8 *dst_mac, u16 protocol)
{
	struct eth_header *h;

	if (netbuf_unshare(nb, ETH_HLEN, PAGE_ATOMIC))
		return false;
	h = netbuf_push(nb, ETH_HLEN);
	memcpy(h->dst, dst_mac, ETH_ALEN);
	memcpy(h->src, nb->dev->mac, ETH_ALEN);
	h->type = cpu_to_be16(protocol);
	nb->protocol = protocol;
	nb->link_off = netbuf_offset(nb);
	return true;
}

void netdev_queue_stop(struct netdev_queue *q)
{
	q->stopped = true;
}

/* [q] Sends what waits, in order, until the ring is full again. */
static void send_waiting(struct netdev_queue *q)
{
	struct netdev *d = q->dev;
	struct netbuf *nb;

	while (!q->stopped && (nb = netbuf_queue_take(&q->waiting)))
		if (d->ops->xmit(d, nb, q->index, q->waiting.n != 0)) {
			netbuf_queue_add_front(&q->waiting, nb);
			return;
		}
}

void netdev_queue_wake(struct netdev_queue *q)
{
	spin_lock_bh(&q->lock);
	q->stopped = false;
	send_waiting(q);
	spin_unlock_bh(&q->lock);
}

static void drop(struct netdev *d, struct netbuf *nb)
{
	d->stats[this_cpu_id()].tx_dropped++;
	netbuf_free(nb);
}

/* One packet that the device can take as it is. Bottom halves off. */
static void send_ready(struct netdev_queue *q, struct netbuf *nb, bool more)
{
	struct netdev *d = q->dev;
	struct netdev_stats *s = &d->stats[this_cpu_id()];
	u32 len = nb->len, n = nb->gso_segs ? nb->gso_segs : 1;

	spin_lock(&q->lock);
	if (unlikely(q->stopped || q->waiting.n) || unlikely(d->ops->xmit(d, nb, q->index, more))) {
		if (q->waiting.n >= d->txqlen) {
			drop(d, nb);
			spin_unlock(&q->lock);
			return;
		}
		netbuf_queue_add(&q->waiting, nb);		/* (2) */
	}
	s->tx_packets += n;
	s->tx_bytes += len;
	spin_unlock(&q->lock);
}

static bool device_takes(const struct netdev *d, const struct netbuf *nb)
{
	if (nb->gso == GSO_TCP4)
		return (d->features & NETDEV_F_TSO4) && nb->len <= d->gso_max;
	if (nb->gso == GSO_TCP6)
		return (d->features & NETDEV_F_TSO6) && nb->len <= d->gso_max;
	return nb->gso == GSO_NONE || ((d->features & NETDEV_F_USO) && nb->len <= d->gso_max);
}

static void send_segments(struct netdev_queue *q, struct netbuf *nb)
{
	struct netbuf_queue parts;
	struct netbuf *part;

	netbuf_queue_init(&parts);
	if (segment(nb, &parts, PAGE_ATOMIC)) {
		drop(q->dev, nb);
		return;
	}
	netbuf_free(nb);
	while ((part = netbuf_queue_take(&parts))) {
		if (part->csum == CSUM_PARTIAL && !(q->dev->features & NETDEV_F_CSUM) &&
		    !segment_complete_csum(part)) {
			drop(q->dev, part);
			continue;
		}
		send_ready(q, part, parts.n != 0);
	}
}

void netdev_send(struct netbuf *nb)
{
	struct netdev *d = nb->dev;
	struct netdev_queue *q;

	bh_disable();
	q = &d->queues[d->nr_queues > 1 ? this_cpu_id() % d->nr_queues : 0];
	nb->kind = PKT_OUTGOING;
	if (unlikely(!list_empty_racy(&taps)))
		give_taps(nb);
	if (unlikely(!(READ_ONCE(d->flags) & IFF_UP)))
		drop(d, nb);
	else if (unlikely(!device_takes(d, nb)))
		send_segments(q, nb);
	else if (nb->csum == CSUM_PARTIAL && !(d->features & NETDEV_F_CSUM) &&
		 !segment_complete_csum(nb))
		drop(d, nb);
	else
		send_ready(q, nb, false);
	bh_enable();
}

/* ---- the registry ---- */

static struct list listeners = LIST_INIT(listeners);		/* boot only */

void netdev_listen(struct netdev_listener *l)
{
	list_add_tail(&listeners, &l->link);
}

void netdev_tell(struct netdev *d, enum netdev_event e, struct ifaddr *a)
{
	struct netdev_listener *l;

	list_for_each_entry(l, &listeners, link)
		l->event(d, e, a);
}

struct netdev *netdev_alloc(const char *name_format, const struct netdev_ops *ops, u32 nr_queues,
			    usize priv_size)
{
	struct netdev *d = kzalloc(sizeof(*d) + priv_size);

	if (!d)
		return NULL;
	d->queues = kcalloc(nr_queues, sizeof(*d->queues));
	d->stats = kcalloc(MAX_CPUS, sizeof(*d->stats));
	if (!d->queues || !d->stats) {
		kfree(d->queues);
		kfree(d->stats);
		kfree(d);
		return NULL;
	}
	ref_init(&d->refs, 1);
	str_copy(d->name, name_format, sizeof(d->name));
	d->ops = ops;
	d->priv = d + 1;
	d->nr_queues = nr_queues;
	d->type = ARPHRD_ETHER;
	d->halen = ETH_ALEN;
	memset(d->broadcast, 0xff, ETH_ALEN);
	d->mtu = d->mtu_max = 1500;
	d->mtu_min = 68;
	d->gso_max = 65536;
	d->txqlen = TXQLEN;
	d->flags = IFF_BROADCAST | IFF_MULTICAST;
	list_init(&d->addrs);
	list_init(&d->mcast);
	for (u32 i = 0; i < nr_queues; i++) {
		d->queues[i].dev = d;
		d->queues[i].index = i;
		spin_init(&d->queues[i].lock, RANK_NETDEV);
		netbuf_queue_init(&d->queues[i].waiting);
		list_init(&d->queues[i].poll_link);
	}
	return d;
}

static void free_rcu(struct rcu_head *h)
{
	struct netdev *d = container_of(h, struct netdev, rcu);

	kfree(d->queues);
	kfree(d->stats);
	kfree(d->ip6);
	kfree(d);
}

void netdev_put(struct netdev *d)
{
	if (ref_put(&d->refs))
		call_rcu(&d->rcu, free_rcu);
}

struct netdev *netdev_index_rcu(struct net_ns *net, s32 index)
{
	struct netdev *d;

	list_for_each_entry(d, &net->devs, link)
		if (d->index == index)
			return d;
	return NULL;
}

struct netdev *netdev_find_rcu(struct net_ns *net, const char *name)
{
	struct netdev *d;

	list_for_each_entry(d, &net->devs, link)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}

static struct netdev *counted(struct netdev *d)
{
	return d && ref_tryget(&d->refs) ? d : NULL;
}

struct netdev *netdev_find(struct net_ns *net, const char *name)
{
	struct netdev *d;

	rcu_read_lock();
	d = counted(netdev_find_rcu(net, name));
	rcu_read_unlock();
	return d;
}

struct netdev *netdev_find_index(struct net_ns *net, s32 index)
{
	struct netdev *d;

	rcu_read_lock();
	d = counted(netdev_index_rcu(net, index));
	rcu_read_unlock();
	return d;
}

/* "eth%d": the first number that is free. */
static int choose_name(struct net_ns *net, struct netdev *d)
{
	char format[IFNAMSIZ], *percent;

	str_copy(format, d->name, sizeof(format));
	percent = strchr(format, '%');
	if (!percent)
		return netdev_find_rcu(net, d->name) ? -EEXIST : 0;
	*percent = '\0';
	for (u32 n = 0; n < 32768; n++) {
		fmt_print(d->name, sizeof(d->name), "%s%u", format, n);
		if (!netdev_find_rcu(net, d->name))
			return 0;
	}
	return -ENFILE;
}

int netdev_register(struct net_ns *net, struct netdev *d)
{
	int err;

	mutex_lock(&net->config);
	err = choose_name(net, d);
	if (!err) {
		d->net = net;
		d->index = ++net->last_index;
		list_add_tail(&net->devs, &d->link);
		netdev_tell(d, NETDEV_REGISTERED, NULL);
	}
	mutex_unlock(&net->config);
	return err;
}

void netdev_unregister(struct netdev *d)
{
	struct net_ns *net = d->net;
	int err;

	mutex_lock(&net->config);
	err = netdev_change_flags(d, 0, IFF_UP);
	if (err)
		pr_warn("net: %s does not go down: error %d", d->name, -err);
	d->dead = true;
	netdev_tell(d, NETDEV_UNREGISTERED, NULL);
	list_del(&d->link);
	mutex_unlock(&net->config);
	synchronize_rcu();
	netdev_put(d);
}

void netdev_init(struct net_ns *net)
{
	softirq_register(SOFTIRQ_NET_RX, net_rx_softirq);
	mutex_init(&net->config, RANK_NET_CONFIG);
	list_init(&net->devs);
}
