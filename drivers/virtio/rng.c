/* SPDX-License-Identifier: MIT */
/* rng.c - virtio entropy: the host's random bytes for our pool, at boot and again every few
 * minutes.
 * Locks: the queue's, interrupts off. Ref: virtio 1.2 s5.4. Tests: selftests/boot/run (virtio) */
#include <arch/page.h>
#include <drivers/virtio/virtio.h>
#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define BYTES	   64u
#define AGAIN_NS   (300ll * NSEC_PER_SEC)

struct rng {
	struct virtio_queue *q;
	struct bh_timer timer;
	u8 *buf;
};

static void ask(struct rng *r)
{
	struct vq_sg sg = { virt_to_phys(r->buf), BYTES };

	irqflags_t irq = spin_lock_irq(&r->q->lock);

	if (vq_add(&r->q->vq, &sg, 0, 1, r) == 0)
		virtio_kick(r->q);
	spin_unlock_irq(&r->q->lock, irq);
}

static void on_timer(struct bh_timer *t)
{
	ask(container_of(t, struct rng, timer));
}

/* Interrupt. The buffer is ours again; it is given back by the timer, in a bottom half. */
static void on_used(struct virtio_queue *q)
{
	struct rng *r = q->priv;
	u32 len;

	void *token;

	spin_lock(&q->lock);
	token = vq_get(&q->vq, &len);
	spin_unlock(&q->lock);
	if (!token)
		return;
	random_add(r->buf, len, len * 8);
	memset(r->buf, 0, BYTES);
	bh_timer_arm(&r->timer, clock_monotonic() + AGAIN_NS);
}

static int rng_probe(struct virtio_device *v)
{
	struct rng *r = knew(struct rng);
	int err;

	if (!r)
		return -ENOMEM;
	r->buf = kmalloc(BYTES, PAGE_KERNEL | PAGE_ZEROED);
	err = r->buf ? virtio_find_queues(v, 1, 8) : -ENOMEM;
	if (err) {
		kfree(r->buf);
		kfree(r);
		return err;
	}
	bh_timer_setup(&r->timer, on_timer);
	r->q = v->queues[0];
	r->q->priv = r;
	r->q->callback = on_used;
	v->priv = r;
	virtio_ready(v);
	ask(r);
	return 0;
}

static void rng_quiesce(struct virtio_device *v)
{
	struct rng *r = v->priv;

	bh_timer_cancel(&r->timer);
}

VIRTIO_DRIVER(rng, .id = VIRTIO_ID_RNG, .probe = rng_probe, .quiesce = rng_quiesce);
