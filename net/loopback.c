/* SPDX-License-Identifier: MIT */
/* loopback.c - the device "lo": what is sent comes in again, on the same CPU, through the whole
 * stack.
 *
 * One queue for each CPU. A packet is not copied, its checksum not computed: it never left. Locks:
 * the queue's [RANK_NETDEV].
 * Ref: RFC 1122 s3.2.1.3 (g). Tests: selftests/abi/udp.c
 */
#include <net/loopback.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <kernel/bh.h>
#include <kernel/printk.h>
#include <net/net.h>
#include <net/netdev.h>

#define LOOPBACK_MTU 65536u

/* Queue lock held, bottom halves off. */
static void come_in(struct netdev *lo, struct netbuf *nb, u32 queue)
{
	if (nb->destroy) {		/* the sender's budget ends here: the receiver's begins */
		nb->destroy(nb);
		nb->destroy = NULL;
		nb->sk = NULL;
	}
	if (nb->csum == CSUM_PARTIAL)
		nb->csum = CSUM_VERIFIED;
	nb->loopback = 1;
	netbuf_queue_add((struct netbuf_queue *)lo->priv + queue, nb);
	netdev_schedule(&lo->queues[queue]);
}

static int lo_xmit(struct netdev *d, struct netbuf *nb, u32 queue, bool more)
{
	come_in(d, nb, queue);
	return 0;
}

void loopback_return(struct netbuf *nb)
{
	struct netdev *lo = nb->dev->net->loopback;
	struct netdev_queue *q;

	bh_disable();
	q = &lo->queues[this_cpu_id() % lo->nr_queues];
	spin_lock(&q->lock);
	come_in(lo, nb, q->index);
	spin_unlock(&q->lock);
	bh_enable();
}

static u32 lo_poll(struct netdev *d, u32 queue, u32 budget)
{
	struct netbuf_queue *in = (struct netbuf_queue *)d->priv + queue;
	struct netdev_queue *q = &d->queues[queue];
	u32 n = 0;

	while (n < budget) {
		struct netbuf *nb;

		spin_lock(&q->lock);
		nb = netbuf_queue_take(in);
		if (!nb)
			netdev_poll_done(q);
		spin_unlock(&q->lock);
		if (!nb)
			break;
		if (nb->dev == d)
			netdev_rx(d, nb);
		else
			netdev_deliver(nb);
		n++;
	}
	return n;
}

static const struct netdev_ops lo_ops = { .xmit = lo_xmit, .poll = lo_poll };

void loopback_init(struct net_ns *net)
{
	struct netdev *d = netdev_alloc("lo", &lo_ops, MAX_CPUS,
					MAX_CPUS * sizeof(struct netbuf_queue));

	if (!d)
		panic("no memory for the loopback device");
	for (u32 i = 0; i < d->nr_queues; i++)
		netbuf_queue_init((struct netbuf_queue *)d->priv + i);
	d->type = ARPHRD_LOOPBACK;
	d->flags = IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP;
	d->mtu = d->mtu_max = LOOPBACK_MTU;
	d->mtu_min = 0;
	d->features = NETDEV_F_CSUM | NETDEV_F_TSO4 | NETDEV_F_TSO6 | NETDEV_F_FRAGS | NETDEV_F_USO;
	for (u32 i = 0; i < ETH_ALEN; i++)
		d->broadcast[i] = 0;
	if (netdev_register(net, d))
		panic("no loopback device");
	net->loopback = d;
}
