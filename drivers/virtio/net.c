/* SPDX-License-Identifier: MIT */
/* net.c - virtio network cards: pairs of receive and transmit rings, mergeable buffers, checksum
 * and segmentation offload.
 *
 * Receive buffers are pages. A packet begins with struct net_header; its first bytes are copied
 * into the linear part of a netbuf so that protocols find their headers there, the rest stays in
 * the page (small packets are copied whole and the page goes back). Transmit prepends the header to
 * the packet; completed packets are freed when the next is sent, or by poll when the ring was full:
 * an interrupt for every packet sent would cost more than the memory. So a packet leaves its
 * sender's budget as it enters the ring.
 *
 * The device is not trusted: lengths are clipped to what it was given, the count of merged buffers
 * to what it delivers, offsets of checksums to the packet; a spoiled ring stops and says so.
 *
 * Locks: receive ring: whoever polls the queue; transmit ring: the netdev_queue's lock
 * [RANK_NETDEV] > virtio_queue.lock [RANK_VIRTQUEUE]; control ring: net->config. Ref: virtio 1.2
 * s5.1. Tests: selftests/unit/virtio_net_test.c, selftests/boot/run (virtio)
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/page.h>
#include <drivers/virtio/virtio.h>
#include <kernel/bh.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/uapi.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <net/gro.h>
#include <net/net.h>
#include <net/netdev.h>

#define F_CSUM		0u
#define F_GUEST_CSUM	1u
#define F_MTU		3u
#define F_MAC		5u
#define F_GUEST_TSO4	7u
#define F_GUEST_TSO6	8u
#define F_GUEST_ECN	9u
#define F_HOST_TSO4	11u
#define F_HOST_TSO6	12u
#define F_MRG_RXBUF	15u
#define F_STATUS	16u
#define F_CTRL_VQ	17u
#define F_CTRL_RX	18u
#define F_MQ		22u
#define F_CTRL_MAC_ADDR 23u

#define CONFIG_MAC	0u
#define CONFIG_STATUS	6u
#define CONFIG_PAIRS	8u
#define CONFIG_MTU	10u
#define STATUS_LINK_UP	1u

#define HDR_NEEDS_CSUM	1u
#define HDR_DATA_VALID	2u
#define HDR_GSO_NONE	0u
#define HDR_GSO_TCP4	1u
#define HDR_GSO_TCP6	4u
#define HDR_GSO_ECN	0x80u

#define CTRL_RX		0u
#define CTRL_RX_PROMISC 0u
#define CTRL_RX_ALLMULTI 1u
#define CTRL_MAC	1u
#define CTRL_MAC_SET	1u
#define CTRL_MQ		4u
#define CTRL_MQ_PAIRS	0u

#define RING_MAX	256u
#define COPY_SMALL	256u		/* up to here a packet is copied and its page reused */
/* of larger ones: link, network and transport headers (TCP's: exactly) */
#define COPY_HEAD	128u
#define TX_ROOM		(NETBUF_FRAGS + 2u)

struct net_header {
	u8 flags, gso_type;
	u16 hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

struct pair {
	struct virtio_queue *rx, *tx;
	struct netdev_queue *q;
};

struct card {
	struct virtio_device *v;
	struct netdev *dev;
	struct virtio_queue *ctrl;	/* NULL: none */
	bool mergeable;
	u32 nr_pairs;
	struct pair pairs[];
};

static struct card *card_of(struct netdev *d)
{
	return *(struct card **)d->priv;
}

/* ---- receiving ---- */

/* Pages for the device to fill, until the ring is full. False: no memory, and the ring is empty. */
static bool refill(struct pair *p)
{
	bool any = false;

	for (;;) {
		struct page *page = p->rx->vq.nr_free ? page_alloc(0, PAGE_ATOMIC) : NULL;
		struct vq_sg sg;

		if (!page)
			break;
		sg = (struct vq_sg){ page_to_phys(page), PAGE_SIZE };
		if (vq_add(&p->rx->vq, &sg, 0, 1, page)) {
			page_put(page);
			break;
		}
		any = true;
	}
	if (any)
		virtio_kick(p->rx);
	return p->rx->vq.nr_free < p->rx->vq.size;
}

/* What the header says about sums and segments; from the device, so checked. */
static void read_header(struct netbuf *nb, const struct net_header *h)
{
	u8 gso = (u8)(h->gso_type & ~HDR_GSO_ECN);

	if (h->flags & HDR_DATA_VALID) {
		nb->csum = CSUM_VERIFIED;
	} else if ((h->flags & HDR_NEEDS_CSUM) &&
		   (u32)h->csum_start + h->csum_offset + 2u <= nb->len) {
		nb->csum = CSUM_PARTIAL;
		nb->csum_start = (u16)(netbuf_offset(nb) + h->csum_start);
		nb->csum_off = h->csum_offset;
	}
	if (gso != HDR_GSO_NONE && h->gso_size) {
		nb->gso = gso == HDR_GSO_TCP4	? GSO_TCP4
			  : gso == HDR_GSO_TCP6 ? GSO_TCP6
						: GSO_NONE;
		nb->gso_size = nb->gso ? h->gso_size : 0;
		nb->gso_segs = nb->gso ? (u16)DIV_ROUND_UP(nb->len, (u32)h->gso_size) : 0;
	}
}

/* The first buffer of a packet: len bytes of page, header included. Takes the reference over. */
static struct netbuf *first_buffer(struct page *page, u32 len)
{
	u8 *va = page_to_virt(page);
	u32 body = len - (u32)sizeof(struct net_header), head;
	struct netbuf *nb;

	head = body <= COPY_SMALL ? body
				  : gro_head_len(va + sizeof(struct net_header), body, COPY_HEAD);
	/* + 2: the network header is aligned */
	nb = netbuf_alloc(head, NETBUF_HEADROOM + 2, PAGE_ATOMIC);
	if (nb) {
		memcpy(netbuf_put(nb, head), va + sizeof(struct net_header), head);
		if (body > head && netbuf_add_frag(nb, page, (u32)sizeof(struct net_header) + head,
						   body - head) == 0) {
			nb->truesize += PAGE_SIZE;
			return nb;
		}
	}
	page_put(page);
	return nb;
}

/* n more buffers of the same packet; nb NULL: only out of the ring. False: the device promised what
 * it did not bring, or too much. */
static bool more_buffers(struct pair *p, struct netbuf *nb, u32 n)
{
	bool ok = nb;

	while (n--) {
		u32 len;
		struct page *page = vq_get(&p->rx->vq, &len);

		if (!page)
			return false;
		if (ok && len && netbuf_add_frag(nb, page, 0, len) == 0) {
			nb->truesize += PAGE_SIZE;
		} else {
			page_put(page);
			ok = false;
		}
	}
	return ok;
}

/* One packet. False: none is there. */
static bool receive_one(struct card *c, struct pair *p)
{
	struct netdev_stats *s = &c->dev->stats[this_cpu_id()];
	struct net_header h;
	struct netbuf *nb;
	u32 len;
	struct page *page = vq_get(&p->rx->vq, &len);
	bool ok = true;

	if (!page)
		return false;
	if (len < sizeof(h) + ETH_HLEN) {
		s->rx_errors++;
		page_put(page);
		return true;
	}
	memcpy(&h, page_to_virt(page), sizeof(h));
	nb = first_buffer(page, len);
	if (c->mergeable && h.num_buffers > 1)
		ok = more_buffers(p, nb, h.num_buffers - 1u);
	if (!nb || !ok) {
		s->rx_dropped++;
		netbuf_free(nb);
		return true;
	}
	read_header(nb, &h);
	netdev_rx(c->dev, nb);
	return true;
}

/* ---- sending ---- */

static void reap_sent(struct pair *p)
{
	struct netbuf *nb;
	u32 len;

	while ((nb = vq_get(&p->tx->vq, &len)))
		netbuf_free(nb);
}

static void write_header(struct netbuf *nb, struct net_header *h)
{
	u32 link = netbuf_headroom(nb);

	*h = (struct net_header){};
	if (nb->csum == CSUM_PARTIAL) {
		h->flags = HDR_NEEDS_CSUM;
		h->csum_start = (u16)(nb->csum_start - link);
		h->csum_offset = nb->csum_off;
	}
	if (nb->gso == GSO_TCP4 || nb->gso == GSO_TCP6) {
		u8 *th = netbuf_trans_header(nb);

		h->gso_type = nb->gso == GSO_TCP4 ? HDR_GSO_TCP4 : HDR_GSO_TCP6;
		h->gso_size = nb->gso_size;
		h->hdr_len = (u16)((u32)(th - nb->data) + (th[12] >> 4) * 4u);
	}
}

static u32 gather(const struct netbuf *nb, struct vq_sg *sg)
{
	struct netbuf_run r = {};
	u32 n = 0;

	while (netbuf_next_run(nb, &r))
		sg[n++] = (struct vq_sg){ virt_to_phys(r.va), r.len };
	return n;
}

static int card_xmit(struct netdev *d, struct netbuf *nb, u32 queue, bool more)
{
	struct card *c = card_of(d);
	struct pair *p = &c->pairs[queue];
	struct vq_sg sg[NETBUF_FRAGS + 1];
	struct net_header h;
	int err = 0;

	write_header(nb, &h);
	spin_lock(&p->tx->lock);
	reap_sent(p);
	if (netbuf_unshare(nb, sizeof(h), PAGE_ATOMIC)) {
		d->stats[this_cpu_id()].tx_dropped++;
		netbuf_free(nb);
		goto out;
	}
	memcpy(netbuf_push(nb, sizeof(h)), &h, sizeof(h));
	err = vq_add(&p->tx->vq, sg, gather(nb, sg), 0, nb);
	if (err) {
		netbuf_pull(nb, sizeof(h));
		err = -EBUSY;
	} else if (nb->destroy) {
		nb->destroy(nb);
		nb->destroy = NULL;
	}
	if (err || p->tx->vq.nr_free < TX_ROOM) {
		netdev_queue_stop(p->q);
		if (!vq_callbacks_delayed(&p->tx->vq))
			netdev_schedule(p->q);
	}
	if (err || !more || p->q->stopped)
		virtio_kick(p->tx);
out:
	spin_unlock(&p->tx->lock);
	return err;
}

/* ---- polling ---- */

static void poll_sent(struct pair *p)
{
	bool wake;

	if (!READ_ONCE(p->q->stopped))
		return;
	spin_lock(&p->q->lock);
	spin_lock(&p->tx->lock);
	reap_sent(p);
	wake = p->tx->vq.nr_free >= TX_ROOM;
	if (wake)
		vq_callbacks_off(&p->tx->vq);
	spin_unlock(&p->tx->lock);
	spin_unlock(&p->q->lock);
	if (wake)
		netdev_queue_wake(p->q);
}

static u32 card_poll(struct netdev *d, u32 queue, u32 budget)
{
	struct card *c = card_of(d);
	struct pair *p = &c->pairs[queue];
	bool again;
	u32 n = 0;

	poll_sent(p);
	while (n < budget && receive_one(c, p))
		n++;
	if (p->rx->vq.nr_free >= p->rx->vq.size / 4)
		if (!refill(p))
			return budget;		/* no memory and nothing out: come again */
	if (n == budget)
		return n;
	/*
	 * (A) Interrupts on while the queue is still ours - another CPU that polled meanwhile would
	 * have its mark in the ring overwritten - then let go, then look again for what came
	 * between; an interrupt that came found the queue taken and turned itself off.
	 */
	again = !vq_callbacks_on(&p->rx->vq);
	netdev_poll_done(p->q);
	smp_mb();
	if (again || READ_ONCE(p->rx->vq.callbacks_off) || vq_has_used(&p->rx->vq) ||
	    (READ_ONCE(p->q->stopped) && vq_has_used(&p->tx->vq)))
		netdev_schedule(p->q);
	return n;
}

static void on_interrupt(struct virtio_queue *vq)
{
	struct pair *p = vq->priv;

	vq_callbacks_off(&vq->vq);
	netdev_schedule(p->q);
}

/* ---- the control ring: one command at a time, waited for ---- */

static int command(struct card *c, u8 class, u8 cmd, const void *data, u32 len)
{
	struct { u8 class, cmd, data[16]; u8 ack; } *m;
	struct vq_sg sg[3];
	u32 got;
	int err;

	if (!c->ctrl)
		return -EOPNOTSUPP;
	m = kmalloc(sizeof(*m), PAGE_KERNEL | PAGE_ZEROED);
	if (!m)
		return -ENOMEM;
	m->class = class;
	m->cmd = cmd;
	m->ack = 1;
	memcpy(m->data, data, len);
	sg[0] = (struct vq_sg){ virt_to_phys(m), 2 };
	sg[1] = (struct vq_sg){ virt_to_phys(m->data), len };
	sg[2] = (struct vq_sg){ virt_to_phys(&m->ack), 1 };
	spin_lock_bh(&c->ctrl->lock);
	err = vq_add(&c->ctrl->vq, sg, 2, 1, m);
	if (!err) {
		virtio_kick(c->ctrl);
		/* QEMU answers before the notify returns */
		while (!vq_get(&c->ctrl->vq, &got) && !c->ctrl->vq.broken)
			cpu_relax();
		err = m->ack ? -EIO : 0;
	}
	spin_unlock_bh(&c->ctrl->lock);
	kfree(m);
	return err;
}

static int card_set_mac(struct netdev *d, const u8 *mac)
{
	return virtio_has(card_of(d)->v, F_CTRL_MAC_ADDR)
		       ? command(card_of(d), CTRL_MAC, CTRL_MAC_SET, mac, ETH_ALEN)
		       : 0;
}

static void card_set_rx_mode(struct netdev *d)
{
	u8 promisc = d->flags & IFF_PROMISC ? 1 : 0,
	   all = (d->flags & IFF_ALLMULTI) || !list_empty(&d->mcast) ? 1 : 0;

	if (!virtio_has(card_of(d)->v, F_CTRL_RX))
		return;
	if (command(card_of(d), CTRL_RX, CTRL_RX_PROMISC, &promisc, 1) ||
	    command(card_of(d), CTRL_RX, CTRL_RX_ALLMULTI, &all, 1))
		pr_warn("%s: the card did not take its receive mode", d->name);
}

/* ---- up, down, link ---- */

static int card_open(struct netdev *d)
{
	struct card *c = card_of(d);

	for (u32 i = 0; i < c->nr_pairs; i++) {
		bh_disable();
		if (!refill(&c->pairs[i])) {
			bh_enable();
			return -ENOMEM;
		}
		/* whatever came while nobody looked; interrupts on */
		netdev_schedule(c->pairs[i].q);
		bh_enable();
	}
	return 0;
}

static void card_link(struct virtio_device *v)
{
	struct card *c = v->priv;
	u16 status = STATUS_LINK_UP;

	if (virtio_has(v, F_STATUS))
		virtio_config(v, CONFIG_STATUS, &status, sizeof(status));
	if (c && c->dev)
		netdev_set_carrier(c->dev, status & STATUS_LINK_UP);
}

static const struct netdev_ops card_ops = {
	.open = card_open,
	.xmit = card_xmit,
	.poll = card_poll,
	.set_mac = card_set_mac,
	.set_rx_mode = card_set_rx_mode,
};

/* ---- probing ---- */

static void set_features(struct netdev *d, const struct virtio_device *v)
{
	d->features = NETDEV_F_FRAGS;
	d->gro = true;
	if (!virtio_has(v, F_CSUM))
		return;
	d->features |= NETDEV_F_CSUM;
	d->features |= virtio_has(v, F_HOST_TSO4) ? NETDEV_F_TSO4 : 0;
	d->features |= virtio_has(v, F_HOST_TSO6) ? NETDEV_F_TSO6 : 0;
}

static void set_address(struct netdev *d, struct virtio_device *v)
{
	u16 mtu;

	if (virtio_has(v, F_MAC)) {
		virtio_config(v, CONFIG_MAC, d->mac, ETH_ALEN);
	} else {
		random_bytes(d->mac, ETH_ALEN);
		d->mac[0] = (u8)((d->mac[0] & 0xfe) | 2);
	}
	memcpy(d->perm_mac, d->mac, ETH_ALEN);
	d->mtu_max = 65535;
	if (virtio_has(v, F_MTU)) {
		virtio_config(v, CONFIG_MTU, &mtu, sizeof(mtu));
		if (mtu >= d->mtu_min)
			d->mtu = d->mtu_max = mtu;
	}
}

static u32 count_pairs(struct virtio_device *v)
{
	u16 max = 1;

	if (virtio_has(v, F_MQ) && virtio_has(v, F_CTRL_VQ))
		virtio_config(v, CONFIG_PAIRS, &max, sizeof(max));
	return max(1u, min((u32)max, nr_cpus));
}

/* The control ring comes after all the pairs the device could have, not those we use. */
static int find_rings(struct card *c)
{
	struct virtio_device *v = c->v;
	u16 device_pairs = 1;
	u32 nr;
	int err;

	if (virtio_has(v, F_MQ))
		virtio_config(v, CONFIG_PAIRS, &device_pairs, sizeof(device_pairs));
	device_pairs = (u16)max((u32)device_pairs, c->nr_pairs);
	nr = virtio_has(v, F_CTRL_VQ) ? 2u * device_pairs + 1 : 2u * c->nr_pairs;
	err = virtio_find_queues(v, nr, RING_MAX);
	if (err)
		return err;
	/* our interrupts only raise bottom halves: these locks leave them on */
	for (u32 i = 0; i < nr; i++)
		if (v->queues[i])
			spin_init(&v->queues[i]->lock, RANK_NET_RING);
	if (virtio_has(v, F_CTRL_VQ))
		c->ctrl = v->queues[nr - 1];
	for (u32 i = 0; i < c->nr_pairs; i++) {
		struct pair *p = &c->pairs[i];

		p->rx = v->queues[2 * i];
		p->tx = v->queues[2 * i + 1];
		p->q = &c->dev->queues[i];
		debug_assert(p->rx && p->tx);
		p->rx->priv = p->tx->priv = p;
		p->rx->callback = p->tx->callback = on_interrupt;
		vq_callbacks_off(&p->tx->vq);
	}
	return 0;
}

static int card_start(struct card *c)
{
	u16 pairs = (u16)c->nr_pairs;
	int err = find_rings(c);

	if (err)
		return err;
	set_features(c->dev, c->v);
	set_address(c->dev, c->v);
	c->mergeable = virtio_has(c->v, F_MRG_RXBUF);
	virtio_ready(c->v);
	if (pairs > 1 && command(c, CTRL_MQ, CTRL_MQ_PAIRS, &pairs, sizeof(pairs)))
		return -EIO;
	c->v->priv = c;
	err = netdev_register(&init_net, c->dev);
	if (!err)
		card_link(c->v);
	return err;
}

static int card_probe(struct virtio_device *v)
{
	u32 n = count_pairs(v);
	struct card *c = kzalloc(sizeof(*c) + n * sizeof(c->pairs[0]));
	int err;

	if (!c)
		return -ENOMEM;
	c->v = v;
	c->nr_pairs = n;
	c->dev = netdev_alloc("eth%d", &card_ops, n, sizeof(struct card *));
	if (!c->dev) {
		kfree(c);
		return -ENOMEM;
	}
	*(struct card **)c->dev->priv = c;
	err = card_start(c);
	if (err) {
		virtio_reset(v);
		netdev_put(c->dev);
		kfree(c);
	}
	return err;
}

VIRTIO_DRIVER(virtio_net, .id = VIRTIO_ID_NET,
	      .features = BIT(F_CSUM) | BIT(F_GUEST_CSUM) | BIT(F_MTU) | BIT(F_MAC) |
			  BIT(F_GUEST_TSO4) | BIT(F_GUEST_TSO6) | BIT(F_GUEST_ECN) |
			  BIT(F_HOST_TSO4) | BIT(F_HOST_TSO6) | BIT(F_MRG_RXBUF) | BIT(F_STATUS) |
			  BIT(F_CTRL_VQ) | BIT(F_CTRL_RX) | BIT(F_MQ) | BIT(F_CTRL_MAC_ADDR),
	      .probe = card_probe, .config_changed = card_link);
