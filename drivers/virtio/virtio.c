/* SPDX-License-Identifier: MIT */
/* virtio.c - life of a virtio device: negotiation, queues, reset.
 *
 *	reset -> ACKNOWLEDGE -> DRIVER -> features -> FEATURES_OK -> queues -> DRIVER_OK
 *	--quiesce--> reset
 *
 * Ref: virtio 1.2 s2.1, s3.1. Locks: each queue's own. Tests: selftests/boot/run (virtio)
 */
#include <drivers/virtio/virtio.h>

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER	   2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_FAILED	   128u

static void add_status(struct virtio_device *v, u8 bit)
{
	v->ops->set_status(v, v->ops->status(v) | bit);
}

static int negotiate(struct virtio_device *v)
{
	u64 offered = v->ops->features(v);
	u64 want = v->driver->features | 1ull << VIRTIO_F_VERSION_1 |
		   1ull << VIRTIO_F_RING_EVENT_IDX;

	if (!(offered >> VIRTIO_F_VERSION_1 & 1)) {
		pr_warn("%s: a legacy device. Start QEMU with -global "
			"virtio-mmio.force-legacy=false",
			v->name);
		return -ENODEV;
	}
	v->features = offered & want;
	v->ops->accept(v, v->features);
	add_status(v, STATUS_FEATURES_OK);
	return v->ops->status(v) & STATUS_FEATURES_OK ? 0 : -ENODEV;
}

int virtio_add_device(struct virtio_device *v)
{
	int err = -ENODEV;

	v->ops->set_status(v, 0);
	add_status(v, STATUS_ACKNOWLEDGE);
	SET_FOR_EACH(virtio_drivers, const struct virtio_driver, drv)
		if (drv->id == v->id)
			v->driver = drv;
	if (!v->driver)
		return err;
	add_status(v, STATUS_DRIVER);
	err = negotiate(v);
	if (!err)
		err = v->driver->probe(v);
	if (err) {
		add_status(v, STATUS_FAILED);
		pr_warn("%s: virtio device %u: error %d", v->name, v->id, -err);
	}
	return err;
}

/* Rings in pages of their own: 16, 2 and 4 bytes of alignment are more than met. */
static int make_ring(struct virtqueue *vq, u16 size)
{
	usize desc = vq_desc_bytes(size), avail = ALIGN_UP(vq_avail_bytes(size), 64ul),
	      used = vq_used_bytes(size);
	u8 *mem = kmalloc(desc + avail + used, PAGE_KERNEL | PAGE_ZEROED);

	vq->tokens = kcalloc(size, sizeof(*vq->tokens));
	if (!mem || !vq->tokens) {
		kfree(mem);
		kfree(vq->tokens);
		return -ENOMEM;
	}
	vq->desc = (void *)mem;
	vq->avail = (void *)(mem + desc);
	vq->used = (void *)(mem + desc + avail);
	return 0;
}

static int start_queue(struct virtio_device *v, u16 index, u16 size_max)
{
	u16 size = min(v->ops->queue_max(v, index), size_max);
	struct virtio_queue *q;
	int err;

	while (size & (size - 1))		/* a power of two */
		size &= (u16)(size - 1);
	if (!size)
		return -ENOENT;
	q = knew(struct virtio_queue);
	if (!q)
		return -ENOMEM;
	err = make_ring(&q->vq, size);
	if (err) {
		kfree(q);
		return err;
	}
	vq_init(&q->vq, index, size, virtio_has(v, VIRTIO_F_RING_EVENT_IDX));
	spin_init(&q->lock, RANK_VIRTQUEUE);
	q->dev = v;
	v->queues[index] = q;
	return v->ops->queue_start(v, q);
}

int virtio_find_queues(struct virtio_device *v, u32 nr, u16 size_max)
{
	int err = 0;

	v->queues = kcalloc(nr, sizeof(struct virtio_queue *));
	if (!v->queues)
		return -ENOMEM;
	for (u32 i = 0; i < nr && !err; i++)
		err = start_queue(v, (u16)i, size_max);
	if (!err)
		v->nr_queues = nr;
	return err;
}

void virtio_ready(struct virtio_device *v)
{
	add_status(v, STATUS_DRIVER_OK);
}

void virtio_reset(struct virtio_device *v)
{
	v->ops->set_status(v, 0);
}

void virtio_kick(struct virtio_queue *q)
{
	if (vq_must_kick(&q->vq)) {
		q->dev->notifies++;
		q->dev->ops->notify(q->dev, q->vq.index);
	}
}

void virtio_config(struct virtio_device *v, u32 off, void *out, u32 n)
{
	u32 before;

	do {
		before = v->ops->generation(v);
		for (u32 i = 0; i < n; i++)
			((u8 *)out)[i] = v->ops->config8(v, off + i);
	} while (v->ops->generation(v) != before);
}

void virtio_queue_interrupt(struct virtio_device *v)
{
	v->interrupts++;
	for (u32 i = 0; i < v->nr_queues; i++)
		if (v->queues[i]->callback && vq_has_used(&v->queues[i]->vq))
			v->queues[i]->callback(v->queues[i]);
}

void virtio_config_interrupt(struct virtio_device *v)
{
	if (v->driver && v->driver->config_changed)
		v->driver->config_changed(v);
}

void virtio_quiesce(struct virtio_device *v)
{
	if (v->driver && v->driver->quiesce)
		v->driver->quiesce(v);
	virtio_reset(v);
}
