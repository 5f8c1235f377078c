/* SPDX-License-Identifier: MIT */
/* virtio.h - devices behind any virtio transport.
 *
 *	static int rng_probe(struct virtio_device *v) { ... virtio_find_queues(); ...
 *	virtio_ready(v); }
 *	VIRTIO_DRIVER(rng, .id = VIRTIO_ID_RNG, .probe = rng_probe);
 *
 * Ref: virtio 1.2 s3.1 (initialisation), s2.1 (status).
 */
#pragma once

#include <kernel/lib/list.h>
#include <kernel/lib/set.h>
#include <kernel/spinlock.h>

#include <drivers/virtio/virtqueue.h>

#define VIRTIO_ID_NET	1u
#define VIRTIO_ID_BLOCK 2u
#define VIRTIO_ID_RNG	4u

#define VIRTIO_F_RING_INDIRECT	28u
#define VIRTIO_F_RING_EVENT_IDX 29u
#define VIRTIO_F_VERSION_1	32u

struct virtio_device;

struct virtio_queue {
	struct virtqueue vq;		/* first */
	struct virtio_device *dev;
	/* RANK_VIRTQUEUE: the ring, bottom halves off. The driver takes it */
	struct spinlock lock;
	/* The device has used buffers. Interrupts off, lock not held. */
	void (*callback)(struct virtio_queue *q);
	void *priv;
};

struct virtio_transport_ops {
	u64 (*features)(struct virtio_device *v);
	void (*accept)(struct virtio_device *v, u64 features);
	u8 (*status)(struct virtio_device *v);
	/* 0: reset, and waits until it is done */
	void (*set_status)(struct virtio_device *v, u8 status);
	u16 (*queue_max)(struct virtio_device *v, u16 index);		/* 0: no such queue */
	int (*queue_start)(struct virtio_device *v, struct virtio_queue *q);
	void (*notify)(struct virtio_device *v, u16 index);
	u8 (*config8)(struct virtio_device *v, u32 off);
	u32 (*generation)(struct virtio_device *v);
};

struct virtio_driver {
	const char *name;
	u32 id;
	u64 features;			/* what it can use, besides the ring's */
	int (*probe)(struct virtio_device *v);		/* boot; may sleep. 0 or -errno */
	void (*config_changed)(struct virtio_device *v);	/* interrupts off; NULL: ignored */
	void (*quiesce)(struct virtio_device *v);
};
#define VIRTIO_DRIVER(drv, ...)									\
	static const struct virtio_driver virtio_driver_##drv = { .name = #drv, __VA_ARGS__ };	\
	SET_ADD(virtio_drivers, const struct virtio_driver, virtio_driver_##drv)

struct virtio_device {
	const char *name;
	u32 id;
	u64 features;			/* negotiated */
	const struct virtio_transport_ops *ops;
	const struct virtio_driver *driver;
	u32 nr_queues;
	struct virtio_queue **queues;
	void *transport, *priv;
	u64 notifies, interrupts;	/* exits to and from the device */
};

/* ---- for drivers ---- */
static inline bool virtio_has(const struct virtio_device *v, u32 bit)
{
	return v->features >> bit & 1;
}
/* Sets up queues 0..nr-1 with at most size_max entries each. -ENOENT, -ENOMEM. */
int __must_check virtio_find_queues(struct virtio_device *v, u32 nr, u16 size_max);
/* DRIVER_OK: the device may work from here on */
void virtio_ready(struct virtio_device *v);
void virtio_reset(struct virtio_device *v);
/* Tells the device about what was added, if it wants to know. q->lock held. */
void virtio_kick(struct virtio_queue *q);
/* A field of the configuration space, consistent over its bytes. */
void virtio_config(struct virtio_device *v, u32 off, void *out, u32 n);

/* ---- for transports ---- */
/* Negotiates, finds the driver, probes. -ENODEV: nobody drives it. */
int __must_check virtio_add_device(struct virtio_device *v);
void virtio_queue_interrupt(struct virtio_device *v);	/* all queues with something used */
void virtio_config_interrupt(struct virtio_device *v);
void virtio_quiesce(struct virtio_device *v);
