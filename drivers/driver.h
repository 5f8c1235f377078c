/* SPDX-License-Identifier: MIT */
/* driver.h - how a driver meets its device. One file, one DRIVER() line, one word in Kbuild.
 *
 *	static int pl011_probe(struct device *d) { ... }
 *	DRIVER(pl011, .compatible = COMPATIBLE("arm,pl011"), .probe = pl011_probe);
 */
#pragma once

#include <kernel/irq.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>
#include <kernel/lib/set.h>

struct device;

/* Probed in this order; within one in the order of the tables. */
enum driver_stage {
	DRIVER_NORMAL,
	DRIVER_IRQ_CHIP,	/* before everything: probed by driver_probe_irq_chip() */
};

struct driver {
	const char *name;
	enum driver_stage stage;
	const char *const *compatible;		/* device tree; NULL-terminated */
	/* 0, or -errno: the device stays unused. Context: boot, may sleep. */
	int (*probe)(struct device *d);
	/* No DMA and no interrupts afterwards: before reset and kexec. May be NULL. */
	void (*quiesce)(struct device *d);
};

#define COMPATIBLE(...) (const char *const[]){ __VA_ARGS__, NULL }
#define DRIVER(id, ...)									\
	static const struct driver driver_##id = { .name = #id, __VA_ARGS__ };		\
	SET_ADD(drivers, const struct driver, driver_##id)

struct device {
	struct list link;
	const char *name;
	int fdt_node;				/* -1: not from the device tree */
	const struct driver *driver;
	void *priv;				/* the driver's */
};

/* ---- resources (fdt_bus.c). 0, -ENOENT: no such, -EINVAL, -ENOMEM ---- */
int __must_check dev_reg(struct device *d, u32 index, paddr_t *pa, u64 *size);
int __must_check dev_map(struct device *d, u32 index, volatile void **out);
int __must_check dev_irq(struct device *d, u32 index, u32 *irq, enum irq_trigger *trigger);
int __must_check dev_u32(struct device *d, const char *prop, u32 *out);

/* ---- boot (kernel/main.c) ---- */
void driver_probe_irq_chip(void);		/* panics when there is none */
void driver_probe_all(void);
void driver_quiesce_all(void);

/* Registers. Device memory is ordered against itself; against RAM by the _mb of arch/barrier.h. */
static inline u32 mmio_read32(const volatile void *p)
{
	u32 v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(p) : "memory");
	return v;
}

static inline void mmio_write32(volatile void *p, u32 v)
{
	__asm__ volatile("str %w0, [%1]" ::"rZ"(v), "r"(p) : "memory");
}

static inline u64 mmio_read64(const volatile void *p)
{
	u64 v;

	__asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"(p) : "memory");
	return v;
}

static inline void mmio_write64(volatile void *p, u64 v)
{
	__asm__ volatile("str %0, [%1]" ::"rZ"(v), "r"(p) : "memory");
}

static inline u16 mmio_read16(const volatile void *p)
{
	u32 v;

	__asm__ volatile("ldrh %w0, [%1]" : "=r"(v) : "r"(p) : "memory");
	return (u16)v;
}

static inline void mmio_write16(volatile void *p, u16 v)
{
	__asm__ volatile("strh %w0, [%1]" ::"rZ"(v), "r"(p) : "memory");
}

static inline u8 mmio_read8(const volatile void *p)
{
	u32 v;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(p) : "memory");
	return (u8)v;
}

static inline void mmio_write8(volatile void *p, u8 v)
{
	__asm__ volatile("strb %w0, [%1]" ::"rZ"(v), "r"(p) : "memory");
}
