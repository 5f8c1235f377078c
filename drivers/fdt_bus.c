/* SPDX-License-Identifier: MIT */
/* fdt_bus.c - what the machine has, from the device tree.
 *
 * The tree is first read where the loader put it (boot.S mapped up to 4 MiB from its 2 MiB
 * boundary), then only its used part is copied: QEMU's is 1 MiB of mostly nothing. Nodes below a
 * disabled one, and under /cpus or /reserved-memory, are no devices.
 *
 * What is wrong with it is said where it still names a PL011. Nothing can be said over one whose
 * first word is wrong, whose header points outside, or that lost its strings: no address of a
 * device is known then.
 * Locks: none; boot only. Ref: Devicetree Specification 0.4 s3; Linux
 * Documentation/arch/arm64/booting.rst.
 * Tests: selftests/boot/run damaged_device_trees an_initrd_outside_memory
 */
#include <drivers/fdt_bus.h>

#include <arch/mmu.h>
#include <drivers/driver.h>
#include <drivers/serial/pl011.h>
#include <kernel/cmdline.h>
#include <kernel/lib/fdt.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <libfdt.h>
#include <mm/kvmap.h>
#include <mm/page.h>

#define PA_LIMIT BIT(46)	/* the linear map's end */

static void *tree;		/* writable copy */
static paddr_t initrd_start, initrd_end;

static void add_memory(paddr_t start, u64 size, void *arg)
{
	if (start >= PA_LIMIT)
		return;
	size = min(size, PA_LIMIT - start);
	early_add_ram(start, size);
	*(u64 *)arg += size;
}

static void reserve(paddr_t start, u64 size, bool no_map, void *arg)
{
	early_reserve(start, size, no_map ? "firmware" : "reserved");
}

static void map_bank(paddr_t start, paddr_t end, void *arg)
{
	mmu_map_linear(start, end);
}

static void find_initrd(void)
{
	u64 start, end;

	if (fdt_find_number("/chosen", "linux,initrd-start", &start) ||
	    fdt_find_number("/chosen", "linux,initrd-end", &end) || end <= start)
		return;
	if (!early_is_ram(start, end - start)) {
		pr_err("initrd at %#lx-%#lx is not in memory: not used", start, end);
		return;
	}
	initrd_start = start;
	initrd_end = end;
	early_reserve(start, end - start, "initramfs");
}

/* Bytes that are used: the end of the last block. */
static u64 used_size(const void *fdt)
{
	u64 strings = fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt);
	u64 structs = fdt_off_dt_struct(fdt) + fdt_size_dt_struct(fdt);

	return min(max(strings, structs), (u64)fdt_totalsize(fdt));
}

static void copy_tree(const void *old)
{
	u64 size = used_size(old);

	tree = phys_to_virt(early_alloc(ALIGN_UP(size, 64), 64));
	memcpy(tree, old, size);
	fdt_set_totalsize(tree, (u32)size);
	fdt_set_blob(tree);
}

/* Said where the tree still tells a console. */
static __noreturn void tree_unusable(paddr_t fdt, const char *why)
{
	pl011_any_console();
	panic("the device tree at %lx %s", fdt, why);
}

/* Its nodes follow each other to the end: one that was cut off would be a machine without this and
 * that. */
static void check_tree(const void *old, paddr_t fdt)
{
	int node = 0;

	while (node >= 0)
		node = fdt_next_node(old, node, NULL);
	if (node != -FDT_ERR_NOTFOUND)
		tree_unusable(fdt, "is damaged");
}

void fdt_bus_init(paddr_t fdt)
{
	const void *old = phys_to_virt(fdt);
	paddr_t image, image_end;
	u64 total = 0;

	if (!fdt || fdt_check_header(old))
		/* so no console either: seen in a debugger only */
		panic("no device tree at %lx", fdt);
	check_tree(old, fdt);
	fdt_for_each_memory(add_memory, &total);
	if (!total)
		tree_unusable(fdt, "names no memory");
	mmu_image_range(&image, &image_end);
	early_reserve(image, image_end - image, "kernel");
	early_reserve(fdt, used_size(old), "device tree");
	fdt_for_each_reserved(reserve, NULL);
	find_initrd();
	ram_for_each_bank(map_bank, NULL);
	copy_tree(old);
	pr_info("memory: %lu MiB", total >> 20);
}

/* mem=: as on arm64 Linux the size of all banks together, from below; the kernel and the initramfs
 * stay where they are. */
static int limit_memory(const char *value)
{
	paddr_t image, image_end;
	const char *end;
	u64 limit = 0;

	if (memparse(value, &limit, &end) || !(limit & PAGE_MASK))
		return -EINVAL;
	early_limit_ram(limit & PAGE_MASK);
	mmu_image_range(&image, &image_end);
	early_keep(image, image_end - image);
	early_keep(initrd_start, initrd_end - initrd_start);
	return 0;
}

CMDLINE(mem, limit_memory);

const char *fdt_bus_bootargs(void)
{
	const char *s;

	return fdt_find_string("/chosen", "bootargs", &s) ? "" : s;
}

bool fdt_bus_initrd(paddr_t *start, paddr_t *end)
{
	*start = initrd_start;
	*end = initrd_end;
	return initrd_end > initrd_start;
}

usize fdt_bus_take_seed(void *buf, usize n)
{
	int chosen = fdt_path_offset(tree, "/chosen"), len;
	void *seed = chosen < 0 ? NULL : fdt_getprop_w(tree, chosen, "rng-seed", &len);

	if (!seed)
		return 0;
	n = min(n, (usize)len);
	memcpy(buf, seed, n);
	memset(seed, 0, (usize)len);
	return n;
}

static bool is_device(int node)
{
	if (!fdt_getprop(tree, node, "compatible", NULL))
		return false;
	for (; node > 0; node = fdt_parent_offset(tree, node))
		if (!fdt_node_enabled(node))
			return false;
	return true;
}

int fdt_bus_next(int node)
{
	do {
		node = fdt_next_node(tree, node, NULL);
	} while (node >= 0 && !is_device(node));
	return node < 0 ? -1 : node;
}

int dev_reg(struct device *d, u32 index, paddr_t *pa, u64 *size)
{
	return d->fdt_node < 0 ? -ENOENT : fdt_node_reg(d->fdt_node, index, pa, size);
}

int dev_map(struct device *d, u32 index, volatile void **out)
{
	paddr_t pa;
	u64 size;
	int err = dev_reg(d, index, &pa, &size);

	if (err)
		return err;
	*out = kv_map_device(pa, size);
	return *out ? 0 : -ENOMEM;
}

int dev_irq(struct device *d, u32 index, u32 *irq, enum irq_trigger *trigger)
{
	struct fdt_irq i;
	int err = d->fdt_node < 0 ? -ENOENT : fdt_node_irq(d->fdt_node, index, &i);

	if (err)
		return err;
	*irq = i.irq;
	*trigger = i.edge ? IRQ_EDGE_RISING : IRQ_LEVEL_HIGH;
	return 0;
}

int dev_u32(struct device *d, const char *prop, u32 *out)
{
	return d->fdt_node < 0 ? -ENOENT : fdt_node_u32(d->fdt_node, prop, out);
}
