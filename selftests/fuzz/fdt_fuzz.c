/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/fdt.c ext/libfdt/fdt.c ext/libfdt/fdt_ro.c ext/libfdt/fdt_addresses.c
 * ext/libfdt/fdt_rw.c ext/libfdt/fdt_wip.c ext/libfdt/fdt_strerror.c */
/* fdt: any tree whose header is good, as the kernel demands; every question, about every node, must
 * end and stay inside the blob. */
#include <kernel/lib/fdt.h>
#include <kernel/lib/string.h>
#include <libfdt.h>

#include "host.h"

int fuzz_one(const u8 *data, usize size);

static u32 visited;

static void visit(paddr_t start, u64 size, void *arg)
{
	(void)start, (void)size, (void)arg;
	visited++;
}

static void visit_reserved(paddr_t start, u64 size, bool no_map, void *arg)
{
	(void)no_map;
	visit(start, size, arg);
}

static void visit_cpu(u64 reg, void *arg)
{
	visit(reg, 0, arg);
}

static void ask_about(int node)
{
	static const u32 address[4] = { 0x800, 0, 0, 0 };
	struct fdt_irq irq;
	paddr_t pa;
	u64 size;
	u32 i, v;

	if (!fdt_node_name(node))
		__builtin_trap();
	visited += fdt_node_enabled(node) + fdt_node_is(node, "arm,gic-v3");
	for (i = 0; i < 3; i++)
		visited += fdt_node_reg(node, i, &pa, &size) == 0;
	for (i = 0; i < 3; i++)
		visited += fdt_node_irq(node, i, &irq) == 0 && irq.irq < 1020;
	for (i = 0; i <= 4; i++)
		visited += fdt_map_irq(node, address, i, 1, &irq) == 0;
	visited += fdt_node_u32(node, "phandle", &v) == 0;
}

static void ask_about_the_machine(void)
{
	const char *text;
	u64 number;
	u32 v, n;
	int node;

	fdt_for_each_memory(visit, NULL);
	fdt_for_each_reserved(visit_reserved, NULL);
	fdt_for_each_cpu(visit_cpu, NULL);
	if (fdt_find_string("/chosen", "bootargs", &text) == 0)
		visited += (u32)strlen(text);
	visited += fdt_find_number("/chosen", "linux,initrd-start", &number) == 0;
	visited += fdt_find_u32("/cpus", "#address-cells", &v) == 0;
	visited += fdt_find_interrupt_of("arm,armv8-timer", 1, &v) == 0;
	visited += fdt_stdout_node() >= 0;
	for (node = -1, n = 0; (node = fdt_next_compatible(node, "arm,pl011")) >= 0 && n < 1000;
	     n++)
		visited++;
}

int fuzz_one(const u8 *data, usize size)
{
	void *blob = host_alloc(size + 1, 8, false);
	int node, n = 0;

	memcpy(blob, data, size);
	if (size >= sizeof(struct fdt_header) && fdt_totalsize(blob) <= size &&
	    fdt_check_header(blob) == 0) {
		fdt_set_blob(blob);
		ask_about_the_machine();
		for (node = 0; node >= 0 && n < 100; node = fdt_next_node(blob, node, NULL), n++)
			ask_about(node);
		fdt_set_blob(NULL);
	}
	host_free(blob);
	return 0;
}
