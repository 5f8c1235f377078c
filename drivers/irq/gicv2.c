/* SPDX-License-Identifier: MIT */
/* gicv2.c - Arm GIC architecture version 2: a distributor and a memory-mapped CPU interface; up to
 * 8 CPUs.
 *
 * All interrupts are group 0 or 1 as the firmware left them; one priority; EOI drops and
 * deactivates. A software interrupt's EOI needs the sender's number that its acknowledge returned:
 * last_ack keeps it.
 * Locks: gic_lock (RANK_DRIVER) for read-modify-write of registers that lines share. Ref: Arm
 * IHI0048 s4.3, s4.4.
 * Tests: selftests/boot/run (interrupt_controllers_and_cpus), selftests/ktest/irq.c
 */
#include <arch/barrier.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <drivers/driver.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>

#define GICD_CTLR	0x000
#define GICD_TYPER	0x004
#define GICD_ISENABLER	0x100
#define GICD_ICENABLER	0x180
#define GICD_ICPENDR	0x280
#define GICD_ICACTIVER	0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR	0x800
#define GICD_ICFGR	0xc00
#define GICD_SGIR	0xf00

#define GICC_CTLR 0x00
#define GICC_PMR  0x04
#define GICC_BPR  0x08
#define GICC_IAR  0x0c
#define GICC_EOIR 0x10

#define NO_IRQ_FROM  1020
#define PRIORITY_ALL 0xa0a0a0a0u
#define MAX_INTERFACES 8

static volatile u8 *dist __ro_after_init, *cpuif __ro_after_init;
static u32 nr_irqs __ro_after_init;
static u8 interface_mask[MAX_CPUS];	/* of each CPU: one bit */
static struct spinlock gic_lock = SPINLOCK_INIT(RANK_DRIVER);
static DEFINE_PER_CPU(u32, last_ack);

static u32 dist_read(u32 reg)
{
	return mmio_read32(dist + reg);
}

static void dist_write(u32 reg, u32 v)
{
	mmio_write32(dist + reg, v);
}

static u8 own_interface(void)
{
	u32 v = 0;

	/* The first eight target registers are read-only and say who reads; some implementations
	 * leave a few of them empty. */
	for (u32 i = 0; i < 32 && !v; i += 4)
		v = dist_read(GICD_ITARGETSR + i);
	v |= v >> 16;
	v |= v >> 8;
	return v & 0xff ? (u8)v : 1;
}

static void gicv2_init_cpu(void)
{
	interface_mask[this_cpu_id()] = own_interface();
	dist_write(GICD_ICENABLER, 0xffff0000);
	dist_write(GICD_ISENABLER, 0x0000ffff);
	for (u32 i = 0; i < 32; i += 4)
		dist_write(GICD_IPRIORITYR + i, PRIORITY_ALL);
	mmio_write32(cpuif + GICC_PMR, 0xf0);
	mmio_write32(cpuif + GICC_BPR, 0);
	mmio_write32(cpuif + GICC_CTLR, 1);
}

static u32 gicv2_ack(void)
{
	u32 v = mmio_read32(cpuif + GICC_IAR), irq = v & 0x3ff;

	if (irq >= NO_IRQ_FROM)
		return IRQ_NONE;
	*this_cpu(last_ack) = v;
	dsb(sy);
	return irq;
}

static void gicv2_eoi(u32 irq)
{
	mmio_write32(cpuif + GICC_EOIR, irq < 16 ? *this_cpu(last_ack) : irq);
}

static void gicv2_mask(u32 irq)
{
	dist_write(GICD_ICENABLER + irq / 32 * 4, 1u << (irq % 32));
}

static void gicv2_unmask(u32 irq)
{
	dist_write(GICD_ISENABLER + irq / 32 * 4, 1u << (irq % 32));
}

static void gicv2_configure(u32 irq, enum irq_trigger t)
{
	u32 reg = GICD_ICFGR + irq / 16 * 4, bit = 2u << (irq % 16 * 2);
	irqflags_t flags;

	if (irq < 32)
		return;
	flags = spin_lock_irq(&gic_lock);
	dist_write(reg, t == IRQ_EDGE_RISING ? dist_read(reg) | bit : dist_read(reg) & ~bit);
	spin_unlock_irq(&gic_lock, flags);
}

static int gicv2_set_affinity(u32 irq, u32 cpu)
{
	if (irq < 32 || !interface_mask[cpu])
		return -EINVAL;
	mmio_write8(dist + GICD_ITARGETSR + irq, interface_mask[cpu]);
	return 0;
}

static void gicv2_send_ipi(u32 cpu, u32 kind)
{
	dist_write(GICD_SGIR, (u32)interface_mask[cpu] << 16 | kind);
}

static struct irq_chip gicv2_chip __ro_after_init = {
	.name = "GICv2",
	.init_cpu = gicv2_init_cpu,
	.ack = gicv2_ack,
	.eoi = gicv2_eoi,
	.mask = gicv2_mask,
	.unmask = gicv2_unmask,
	.configure = gicv2_configure,
	.set_affinity = gicv2_set_affinity,
	.send_ipi = gicv2_send_ipi,
};

static void init_distributor(void)
{
	u32 target = own_interface();

	target |= target << 8;
	target |= target << 16;
	dist_write(GICD_CTLR, 0);
	for (u32 i = 32; i < nr_irqs; i += 32) {
		dist_write(GICD_ICENABLER + i / 8, U32_MAX);
		dist_write(GICD_ICPENDR + i / 8, U32_MAX);
		dist_write(GICD_ICACTIVER + i / 8, U32_MAX);
	}
	for (u32 i = 32; i < nr_irqs; i += 4) {
		dist_write(GICD_IPRIORITYR + i, PRIORITY_ALL);
		dist_write(GICD_ITARGETSR + i, target);
	}
	dist_write(GICD_CTLR, 1);
}

static int gicv2_probe(struct device *d)
{
	volatile void *p;
	int err = dev_map(d, 0, &p);

	if (err)
		return err;
	dist = p;
	err = dev_map(d, 1, &p);
	if (err)
		return err;
	cpuif = p;
	nr_irqs = min(((dist_read(GICD_TYPER) & 0x1f) + 1) * 32, (u32)NO_IRQ_FROM);
	gicv2_chip.nr_irqs = nr_irqs;
	init_distributor();
	irq_chip_register(&gicv2_chip);
	return 0;
}

DRIVER(gicv2, .stage = DRIVER_IRQ_CHIP, .probe = gicv2_probe,
       .compatible = COMPATIBLE("arm,cortex-a15-gic", "arm,gic-400", "arm,cortex-a9-gic"));
