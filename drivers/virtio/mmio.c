/* SPDX-License-Identifier: MIT */
/* mmio.c - virtio over memory-mapped registers. One interrupt a device. Ref: virtio 1.2 s4.2.
 * Tests: selftests/boot/run (virtio) */
#include <arch/page.h>
#include <drivers/driver.h>
#include <drivers/virtio/virtio.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define REG_MAGIC		0x000
#define REG_VERSION		0x004
#define REG_DEVICE_ID		0x008
#define REG_DEVICE_FEATURES	0x010
#define REG_DEVICE_FEATURES_SEL 0x014
#define REG_DRIVER_FEATURES	0x020
#define REG_DRIVER_FEATURES_SEL 0x024
#define REG_QUEUE_SEL		0x030
#define REG_QUEUE_NUM_MAX	0x034
#define REG_QUEUE_NUM		0x038
#define REG_QUEUE_READY		0x044
#define REG_QUEUE_NOTIFY	0x050
#define REG_INTERRUPT_STATUS	0x060
#define REG_INTERRUPT_ACK	0x064
#define REG_STATUS		0x070
#define REG_QUEUE_DESC		0x080
#define REG_QUEUE_DRIVER	0x090
#define REG_QUEUE_DEVICE	0x0a0
#define REG_GENERATION		0x0fc
#define REG_CONFIG		0x100

#define MAGIC		0x74726976u	/* "virt" */
#define INT_VRING	1u
#define INT_CONFIG	2u

struct mmio_device {
	struct virtio_device v;		/* first */
	volatile u8 *regs;
};

static volatile u8 *regs_of(struct virtio_device *v)
{
	return ((struct mmio_device *)v)->regs;
}

static u64 mmio_features(struct virtio_device *v)
{
	volatile u8 *r = regs_of(v);
	u64 low;

	mmio_write32(r + REG_DEVICE_FEATURES_SEL, 0);
	low = mmio_read32(r + REG_DEVICE_FEATURES);
	mmio_write32(r + REG_DEVICE_FEATURES_SEL, 1);
	return low | (u64)mmio_read32(r + REG_DEVICE_FEATURES) << 32;
}

static void mmio_accept(struct virtio_device *v, u64 features)
{
	volatile u8 *r = regs_of(v);

	mmio_write32(r + REG_DRIVER_FEATURES_SEL, 0);
	mmio_write32(r + REG_DRIVER_FEATURES, (u32)features);
	mmio_write32(r + REG_DRIVER_FEATURES_SEL, 1);
	mmio_write32(r + REG_DRIVER_FEATURES, (u32)(features >> 32));
}

static u8 mmio_status(struct virtio_device *v)
{
	return (u8)mmio_read32(regs_of(v) + REG_STATUS);
}

static void mmio_set_status(struct virtio_device *v, u8 status)
{
	mmio_write32(regs_of(v) + REG_STATUS, status);
	while (!status && mmio_read32(regs_of(v) + REG_STATUS))
		;
}

static u16 mmio_queue_max(struct virtio_device *v, u16 index)
{
	mmio_write32(regs_of(v) + REG_QUEUE_SEL, index);
	return (u16)min(mmio_read32(regs_of(v) + REG_QUEUE_NUM_MAX), VQ_SIZE_MAX);
}

static void write_address(volatile u8 *reg, const void *at)
{
	paddr_t pa = virt_to_phys(at);

	mmio_write32(reg, (u32)pa);
	mmio_write32(reg + 4, (u32)(pa >> 32));
}

static int mmio_queue_start(struct virtio_device *v, struct virtio_queue *q)
{
	volatile u8 *r = regs_of(v);

	mmio_write32(r + REG_QUEUE_SEL, q->vq.index);
	if (mmio_read32(r + REG_QUEUE_READY))
		return -EBUSY;
	mmio_write32(r + REG_QUEUE_NUM, q->vq.size);
	write_address(r + REG_QUEUE_DESC, q->vq.desc);
	write_address(r + REG_QUEUE_DRIVER, q->vq.avail);
	write_address(r + REG_QUEUE_DEVICE, q->vq.used);
	mmio_write32(r + REG_QUEUE_READY, 1);
	return 0;
}

static void mmio_notify(struct virtio_device *v, u16 index)
{
	mmio_write32(regs_of(v) + REG_QUEUE_NOTIFY, index);
}

static u8 mmio_config8(struct virtio_device *v, u32 off)
{
	return mmio_read8(regs_of(v) + REG_CONFIG + off);
}

static u32 mmio_generation(struct virtio_device *v)
{
	return mmio_read32(regs_of(v) + REG_GENERATION);
}

static const struct virtio_transport_ops mmio_ops = {
	.features = mmio_features,
	.accept = mmio_accept,
	.status = mmio_status,
	.set_status = mmio_set_status,
	.queue_max = mmio_queue_max,
	.queue_start = mmio_queue_start,
	.notify = mmio_notify,
	.config8 = mmio_config8,
	.generation = mmio_generation,
};

static void mmio_interrupt(u32 irq, void *arg)
{
	struct virtio_device *v = arg;
	u32 status = mmio_read32(regs_of(v) + REG_INTERRUPT_STATUS);

	mmio_write32(regs_of(v) + REG_INTERRUPT_ACK, status);
	if (status & INT_VRING)
		virtio_queue_interrupt(v);
	if (status & INT_CONFIG)
		virtio_config_interrupt(v);
}

static int mmio_start(struct device *d, volatile u8 *regs, u32 id)
{
	struct mmio_device *m = knew(struct mmio_device);
	enum irq_trigger trigger;
	u32 irq;
	int err;

	if (!m)
		return -ENOMEM;
	m->regs = regs;
	m->v.name = d->name;
	m->v.id = id;
	m->v.ops = &mmio_ops;
	d->priv = m;
	err = dev_irq(d, 0, &irq, &trigger);
	if (!err)
		err = irq_request(irq, trigger, "virtio", mmio_interrupt, &m->v);
	if (err) {
		kfree(m);
		return err;
	}
	err = virtio_add_device(&m->v);
	if (err) {
		irq_free(irq, &m->v);
		kfree(m);
	}
	return err;
}

/* QEMU's board has 32 such windows, nearly all empty: device id 0. */
static int mmio_probe(struct device *d)
{
	volatile void *p;
	volatile u8 *regs;
	u32 id;
	int err = dev_map(d, 0, &p);

	if (err)
		return err;
	regs = p;
	if (mmio_read32(regs + REG_MAGIC) != MAGIC)
		return -ENODEV;
	id = mmio_read32(regs + REG_DEVICE_ID);
	if (!id)
		return -ENODEV;
	if (mmio_read32(regs + REG_VERSION) != 2) {
		pr_warn("%s: a legacy virtio device. Start QEMU with -global "
			"virtio-mmio.force-legacy=false",
			d->name);
		return -ENODEV;
	}
	return mmio_start(d, regs, id);
}

static void mmio_quiesce(struct device *d)
{
	virtio_quiesce(d->priv);
}

DRIVER(virtio_mmio, .compatible = COMPATIBLE("virtio,mmio"), .probe = mmio_probe,
       .quiesce = mmio_quiesce);
