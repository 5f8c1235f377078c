/* SPDX-License-Identifier: MIT */
/* driver.c - drivers and devices find each other.
 * Locks: none; devices are found while booting, by one CPU, and never go.
 * Tests: selftests/boot/run (device_tree) */
#include <drivers/driver.h>

#include <drivers/fdt_bus.h>
#include <kernel/lib/fdt.h>
#include <kernel/printk.h>
#include <mm/slab.h>

static struct list devices = LIST_INIT(devices);

static int probe(const struct driver *drv, int node)
{
	struct device *d = knew(struct device);
	int err;

	if (!d)
		return -1;
	d->name = fdt_node_name(node);
	d->fdt_node = node;
	d->driver = drv;
	err = drv->probe(d);
	if (err) {
		pr_debug("%s: %s: error %d", drv->name, d->name, -err);
		kfree(d);
		return err;
	}
	list_add_tail(&devices, &d->link);
	return 0;
}

static bool matches(const struct driver *drv, int node)
{
	for (const char *const *c = drv->compatible; c && *c; c++)
		if (fdt_node_is(node, *c))
			return true;
	return false;
}

/* The first driver of the stage that takes the node. */
static bool try_node(int node, enum driver_stage stage)
{
	SET_FOR_EACH(drivers, const struct driver, drv) {
		if (drv->stage == stage && matches(drv, node) && probe(drv, node) == 0)
			return true;
	}
	return false;
}

static u32 probe_stage(enum driver_stage stage)
{
	u32 found = 0;

	for (int node = fdt_bus_next(-1); node >= 0; node = fdt_bus_next(node))
		found += try_node(node, stage);
	return found;
}

void driver_probe_irq_chip(void)
{
	if (!probe_stage(DRIVER_IRQ_CHIP))
		panic("no interrupt controller that we can drive");
}

void driver_probe_all(void)
{
	probe_stage(DRIVER_NORMAL);
}

void driver_quiesce_all(void)
{
	struct device *d;

	list_for_each_entry(d, &devices, link)
		if (d->driver->quiesce)
			d->driver->quiesce(d);
}
