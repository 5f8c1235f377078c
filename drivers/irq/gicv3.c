/* SPDX-License-Identifier: MIT */
/* gicv3.c - Arm GIC architecture versions 3 and 4: a distributor, a redistributor for each CPU,
 * system registers for the CPU interface.
 *
 * Affinity routing on, everything in non-secure group 1, one priority, EOI drops and deactivates.
 * Lines below 32 are the redistributor's of the CPU that asks. Each CPU looks for its redistributor
 * by the affinity in GICR_TYPER.
 * Locks: gic_lock (RANK_DRIVER) for read-modify-write of shared registers. Ref: Arm IHI0069
 * s12.9-12.11, s12.2 (ICC_*).
 * Tests: selftests/boot/run (interrupt_controllers_and_cpus), selftests/ktest/irq.c
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <drivers/driver.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>

#define GICD_CTLR	0x0000
#define GICD_TYPER	0x0004
#define GICD_IGROUPR	0x0080
#define GICD_ISENABLER	0x0100
#define GICD_ICENABLER	0x0180
#define GICD_ICPENDR	0x0280
#define GICD_ICACTIVER	0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ICFGR	0x0c00
#define GICD_IROUTER	0x6000
#define CTLR_RWP	BIT(31)
#define CTLR_ENABLE	0x13u	/* affinity routing, group 1 (both views of the register) */

#define GICR_WAKER  0x0014
#define GICR_TYPER  0x0008
#define GICR_SGI    0x10000	/* second frame: registers laid out as the distributor's */
#define TYPER_VLPIS BIT(1)
#define TYPER_LAST  BIT(4)
#define WAKER_SLEEP 2u
#define WAKER_ASLEEP 4u
#define MAX_REGIONS 16

#define NO_IRQ_FROM  1020
#define PRIORITY_ALL 0xa0a0a0a0u
#define WAIT_NS	     (1 * NSEC_PER_SEC)

#define read_icc(reg) ({ u64 v_; __asm__ volatile("mrs %0, " reg : "=r"(v_)::"memory"); v_; })
#define write_icc(reg, v) __asm__ volatile("msr " reg ", %0" ::"r"((u64)(v)) : "memory")
#define ICC_PMR	    "s3_0_c4_c6_0"
#define ICC_IAR1    "s3_0_c12_c12_0"
#define ICC_EOIR1   "s3_0_c12_c12_1"
#define ICC_BPR1    "s3_0_c12_c12_3"
#define ICC_CTLR    "s3_0_c12_c12_4"
#define ICC_SRE	    "s3_0_c12_c12_5"
#define ICC_IGRPEN1 "s3_0_c12_c12_7"
#define ICC_SGI1R   "s3_0_c12_c11_5"

static volatile u8 *dist __ro_after_init;
static struct {
	volatile u8 *base;
	u64 size;
} region[MAX_REGIONS] __ro_after_init;
static u32 nr_regions __ro_after_init, stride __ro_after_init;
static struct spinlock gic_lock = SPINLOCK_INIT(RANK_DRIVER);
static DEFINE_PER_CPU(volatile u8 *, redist);

/* Distributor or, below 32, this CPU's redistributor: the same layout. */
static volatile u8 *bank(u32 irq)
{
	return irq < 32 ? *this_cpu(redist) + GICR_SGI : dist;
}

static void wait_clear(volatile u8 *reg, u32 bits)
{
	ktime_t end = arch_clock_ns() + WAIT_NS;

	while (mmio_read32(reg) & bits) {
		if (arch_clock_ns() > end) {
			pr_warn("gicv3: register %p does not settle", (void *)reg);
			return;
		}
		cpu_relax();
	}
}

/* Affinity as GICR_TYPER[63:32] has it: Aff3.Aff2.Aff1.Aff0. */
static u32 affinity(u64 mpidr)
{
	return (u32)(mpidr & 0xffffff) | (u32)(mpidr >> 32 & 0xff) << 24;
}

static volatile u8 *find_redist(u32 aff)
{
	for (u32 r = 0; r < nr_regions; r++) {
		for (u64 at = 0; at < region[r].size;) {
			volatile u8 *p = region[r].base + at;
			u64 typer = mmio_read64(p + GICR_TYPER);

			if (typer >> 32 == aff)
				return p;
			if (typer & TYPER_LAST)
				break;
			at += stride ? stride : typer & TYPER_VLPIS ? 0x40000 : 0x20000;
		}
	}
	return NULL;
}

static void init_redist(volatile u8 *p)
{
	mmio_write32(p + GICR_WAKER, mmio_read32(p + GICR_WAKER) & ~WAKER_SLEEP);
	wait_clear(p + GICR_WAKER, WAKER_ASLEEP);
	p += GICR_SGI;
	mmio_write32(p + GICD_IGROUPR, U32_MAX);
	mmio_write32(p + GICD_ICENABLER, 0xffff0000);
	mmio_write32(p + GICD_ICACTIVER, U32_MAX);
	for (u32 i = 0; i < 32; i += 4)
		mmio_write32(p + GICD_IPRIORITYR + i, PRIORITY_ALL);
	mmio_write32(p + GICD_ISENABLER, 0x0000ffff);
	wait_clear(p - GICR_SGI, 8);	/* GICR_CTLR.RWP */
}

static void gicv3_init_cpu(void)
{
	volatile u8 *p = find_redist(affinity(cpu_mpidr(this_cpu_id())));

	if (!p)
		panic("gicv3: no redistributor for CPU %u", this_cpu_id());
	*this_cpu(redist) = p;
	init_redist(p);
	write_icc(ICC_SRE, read_icc(ICC_SRE) | 1);
	isb();
	write_icc(ICC_PMR, 0xf0);
	write_icc(ICC_BPR1, 0);
	write_icc(ICC_CTLR, 0);
	write_icc(ICC_IGRPEN1, 1);
	isb();
}

static u32 gicv3_ack(void)
{
	u32 irq = (u32)read_icc(ICC_IAR1) & 0xffffff;

	dsb(sy);	/* the interrupt is active before its device is asked */
	return irq >= NO_IRQ_FROM && irq < 8192 ? IRQ_NONE : irq;
}

static void gicv3_eoi(u32 irq)
{
	write_icc(ICC_EOIR1, irq);
	isb();
}

static void gicv3_mask(u32 irq)
{
	volatile u8 *b = bank(irq);

	mmio_write32(b + GICD_ICENABLER + irq / 32 * 4, 1u << (irq % 32));
	if (irq < 32)
		wait_clear(b - GICR_SGI, 8);
	else
		wait_clear(dist + GICD_CTLR, CTLR_RWP);
}

static void gicv3_unmask(u32 irq)
{
	mmio_write32(bank(irq) + GICD_ISENABLER + irq / 32 * 4, 1u << (irq % 32));
}

static void gicv3_configure(u32 irq, enum irq_trigger t)
{
	volatile u8 *reg = dist + GICD_ICFGR + irq / 16 * 4;
	u32 bit = 2u << (irq % 16 * 2);
	irqflags_t flags;

	if (irq < 32)
		return;
	flags = spin_lock_irq(&gic_lock);
	mmio_write32(reg, t == IRQ_EDGE_RISING ? mmio_read32(reg) | bit : mmio_read32(reg) & ~bit);
	spin_unlock_irq(&gic_lock, flags);
}

static u64 route(u32 cpu)
{
	return cpu_mpidr(cpu) & 0xff00fffffful;
}

static int gicv3_set_affinity(u32 irq, u32 cpu)
{
	if (irq < 32)
		return -EINVAL;
	mmio_write64(dist + GICD_IROUTER + irq * 8, route(cpu));
	return 0;
}

static void gicv3_send_ipi(u32 cpu, u32 kind)
{
	u64 id = cpu_mpidr(cpu), aff0 = id & 0xff;

	write_icc(ICC_SGI1R, (id >> 32 & 0xff) << 48 | (aff0 >> 4) << 44 | (id >> 16 & 0xff) << 32 |
				     (u64)kind << 24 | (id >> 8 & 0xff) << 16 | BIT(aff0 & 15));
	isb();
}

static struct irq_chip gicv3_chip __ro_after_init = {
	.name = "GICv3",
	.init_cpu = gicv3_init_cpu,
	.ack = gicv3_ack,
	.eoi = gicv3_eoi,
	.mask = gicv3_mask,
	.unmask = gicv3_unmask,
	.configure = gicv3_configure,
	.set_affinity = gicv3_set_affinity,
	.send_ipi = gicv3_send_ipi,
};

static void init_distributor(u32 nr_irqs)
{
	mmio_write32(dist + GICD_CTLR, 0);
	wait_clear(dist + GICD_CTLR, CTLR_RWP);
	for (u32 i = 32; i < nr_irqs; i += 32) {
		mmio_write32(dist + GICD_IGROUPR + i / 8, U32_MAX);
		mmio_write32(dist + GICD_ICENABLER + i / 8, U32_MAX);
		mmio_write32(dist + GICD_ICPENDR + i / 8, U32_MAX);
		mmio_write32(dist + GICD_ICACTIVER + i / 8, U32_MAX);
	}
	for (u32 i = 32; i < nr_irqs; i += 4)
		mmio_write32(dist + GICD_IPRIORITYR + i, PRIORITY_ALL);
	wait_clear(dist + GICD_CTLR, CTLR_RWP);
	mmio_write32(dist + GICD_CTLR, CTLR_ENABLE);
	wait_clear(dist + GICD_CTLR, CTLR_RWP);
	for (u32 i = 32; i < nr_irqs; i++)
		mmio_write64(dist + GICD_IROUTER + i * 8, route(0));
}

static int map_regions(struct device *d)
{
	u32 n = 1;

	if (dev_u32(d, "#redistributor-regions", &n))
		n = 1;
	if (dev_u32(d, "redistributor-stride", &stride))
		stride = 0;
	for (nr_regions = 0; nr_regions < min(n, (u32)MAX_REGIONS); nr_regions++) {
		volatile void *p;
		paddr_t pa;
		int err = dev_reg(d, 1 + nr_regions, &pa, &region[nr_regions].size);

		if (!err)
			err = dev_map(d, 1 + nr_regions, &p);
		if (err)
			return err;
		region[nr_regions].base = p;
	}
	return 0;
}

static int gicv3_probe(struct device *d)
{
	volatile void *p;
	int err = dev_map(d, 0, &p);

	if (err)
		return err;
	dist = p;
	err = map_regions(d);
	if (err)
		return err;
	gicv3_chip.nr_irqs = min(((mmio_read32(dist + GICD_TYPER) & 0x1f) + 1) * 32,
				 (u32)NO_IRQ_FROM);
	init_distributor(gicv3_chip.nr_irqs);
	irq_chip_register(&gicv3_chip);
	return 0;
}

DRIVER(gicv3, .stage = DRIVER_IRQ_CHIP, .compatible = COMPATIBLE("arm,gic-v3"),
       .probe = gicv3_probe);
