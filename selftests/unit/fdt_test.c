/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/fdt.c ext/libfdt/fdt.c ext/libfdt/fdt_ro.c ext/libfdt/fdt_addresses.c
 * ext/libfdt/fdt_rw.c ext/libfdt/fdt_wip.c ext/libfdt/fdt_strerror.c */
/* fdt: the questions a boot asks about selftests/fuzz/fdt_machine.dts, then about trees that a
 * firmware got wrong. */
#include <kernel/lib/fdt.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <libfdt.h>

#include "unit.h"

static void *tree;
static struct { u64 start, size; bool flag; } seen[16];
static u32 nr_seen;

static void begin(void)
{
	usize size;

	tree = host_read_file("selftests/fuzz/fdt/machine.dtb", &size);
	ASSERT_TRUE(tree);
	ASSERT_EQ(0, fdt_check_header(tree));
	fdt_set_blob(tree);
	EXPECT_TRUE(fdt_blob() == tree);
}

static void end(void)
{
	fdt_set_blob(NULL);
	host_free(tree);
}

static void see(paddr_t start, u64 size, void *arg)
{
	(void)arg;
	seen[nr_seen].start = start;
	seen[nr_seen++].size = size;
}

static void see_reserved(paddr_t start, u64 size, bool no_map, void *arg)
{
	seen[nr_seen].flag = no_map;
	see(start, size, arg);
}

static void see_cpu(u64 reg, void *arg)
{
	see(reg, 0, arg);
}

static int node_at(const char *path)
{
	int node = fdt_path_offset(tree, path);

	ASSERT_TRUE(node >= 0);
	return node;
}

static void set_u32(const char *path, const char *prop, u32 v)
{
	fdt32_t be = cpu_to_fdt32(v);

	ASSERT_EQ(0, fdt_setprop_inplace(tree, node_at(path), prop, &be, 4));
}

TEST(nothing_is_known_without_a_tree)
{
	const char *s;
	u64 n;
	u32 v;

	EXPECT_EQ(-ENOENT, fdt_find_string("/chosen", "bootargs", &s));
	EXPECT_EQ(-ENOENT, fdt_find_number("/chosen", "linux,initrd-start", &n));
	EXPECT_EQ(-ENOENT, fdt_find_u32("/chosen", "x", &v));
	EXPECT_EQ(-ENOENT, fdt_next_compatible(-1, "arm,pl011"));
	EXPECT_EQ(-ENOENT, fdt_find_interrupt_of("arm,pl011", 0, &v));
	EXPECT_EQ(-ENOENT, fdt_stdout_node());
	fdt_for_each_memory(see, NULL);
	fdt_for_each_reserved(see_reserved, NULL);
	fdt_for_each_cpu(see_cpu, NULL);
	EXPECT_EQ(0, nr_seen);
}

TEST(properties)
{
	const char *s;
	u64 n;
	u32 v;

	begin();
	ASSERT_EQ(0, fdt_find_string("/chosen", "bootargs", &s));
	EXPECT_STREQ("a b", s);
	EXPECT_EQ(-ENOENT, fdt_find_string("/chosen", "nope", &s));
	EXPECT_EQ(-EINVAL, fdt_find_string("/chosen", "linux,initrd-start", &s));
	EXPECT_EQ(0, fdt_find_number("/chosen", "linux,initrd-start", &n));
	EXPECT_EQ(0x100000002, n);
	EXPECT_EQ(0, fdt_find_number("/chosen", "linux,initrd-end", &n));
	EXPECT_EQ(5, n);
	EXPECT_EQ(-EINVAL, fdt_find_number("/memory@40000000", "reg", &n));
	EXPECT_EQ(-ENOENT, fdt_find_number("/chosen", "nope", &n));
	EXPECT_EQ(0, fdt_find_u32("/cpus", "#address-cells", &v));
	EXPECT_EQ(1, v);
	EXPECT_EQ(-EINVAL, fdt_node_u32(node_at("/reserved-memory/fw@50000000"), "no-map", &v));
	EXPECT_STREQ("soc", fdt_node_name(node_at("/soc")));
	EXPECT_STREQ("?", fdt_node_name(-5));
	end();
}

TEST(memory_reservations_and_cpus)
{
	begin();
	fdt_for_each_memory(see, NULL);
	ASSERT_EQ(2, nr_seen);
	EXPECT_EQ(0x40000000, seen[0].start);
	EXPECT_EQ(0x10000000, seen[0].size);
	EXPECT_EQ(0x100000000, seen[1].start);
	nr_seen = 0;
	fdt_for_each_reserved(see_reserved, NULL);
	ASSERT_EQ(2, nr_seen);
	EXPECT_TRUE(seen[0].start == 0x48000000 && seen[0].size == 0x1000 && !seen[0].flag);
	EXPECT_TRUE(seen[1].start == 0x50000000 && seen[1].size == 0x2000 && seen[1].flag);
	nr_seen = 0;
	fdt_for_each_cpu(see_cpu, NULL);
	ASSERT_EQ(1, nr_seen);				/* the other is disabled */
	EXPECT_EQ(0, seen[0].start);
	end();
}

TEST(addresses_are_translated_up_to_the_root)
{
	paddr_t pa;
	u64 size;

	begin();
	EXPECT_EQ(0, fdt_node_reg(node_at("/soc/uart@1000"), 0, &pa, &size));
	EXPECT_EQ(0x9001000, pa);
	EXPECT_EQ(0x1000, size);
	EXPECT_EQ(-ENOENT, fdt_node_reg(node_at("/soc/uart@1000"), 1, &pa, &size));
	EXPECT_EQ(-ENOENT, fdt_node_reg(node_at("/timer"), 0, &pa, &size));
	EXPECT_EQ(-EINVAL, fdt_node_reg(0, 0, &pa, &size));
	EXPECT_EQ(0, fdt_node_reg(node_at("/pcie"), 0, &pa, &size));
	EXPECT_EQ(0x4010000000, pa);
	/* no ranges */
	EXPECT_EQ(-EINVAL, fdt_node_reg(node_at("/cpus/cpu@0"), 0, &pa, &size));
	end();
}

TEST(interrupts)
{
	static const u32 slot0[3] = { 0, 0, 0 }, slot1[3] = { 0x800, 0, 0 },
			 slot2[3] = { 0x1000, 0, 0 };
	struct fdt_irq irq;
	u32 v;

	begin();
	EXPECT_EQ(0, fdt_node_irq(node_at("/timer"), 1, &irq));
	EXPECT_TRUE(irq.irq == 16 + 14 && !irq.edge);
	EXPECT_EQ(-ENOENT, fdt_node_irq(node_at("/timer"), 2, &irq));
	EXPECT_EQ(0, fdt_node_irq(node_at("/soc/uart@1000"), 0, &irq));
	EXPECT_EQ(32 + 1, irq.irq);
	EXPECT_EQ(0, fdt_node_irq(node_at("/soc/dev@2000"), 0, &irq));
	EXPECT_TRUE(irq.irq == 32 + 2 && irq.edge);
	EXPECT_EQ(0, fdt_node_irq(node_at("/soc/dev@2000"), 1, &irq));
	EXPECT_EQ(-ENOENT, fdt_node_irq(node_at("/soc/dev@2000"), 2, &irq));
	EXPECT_EQ(-ENOENT, fdt_node_irq(node_at("/chosen"), 0, &irq));
	EXPECT_EQ(0, fdt_map_irq(node_at("/pcie"), slot0, 3, 1, &irq));
	EXPECT_EQ(32 + 5, irq.irq);
	EXPECT_EQ(0, fdt_map_irq(node_at("/pcie"), slot1, 3, 1, &irq));
	EXPECT_EQ(32 + 6, irq.irq);
	EXPECT_EQ(-ENOENT, fdt_map_irq(node_at("/pcie"), slot2, 3, 1, &irq));
	EXPECT_EQ(-ENOENT, fdt_map_irq(node_at("/soc"), slot0, 3, 1, &irq));
	EXPECT_EQ(0, fdt_find_interrupt_of("arm,armv8-timer", 0, &v));
	EXPECT_EQ(16 + 13, v);
	EXPECT_EQ(-ENOENT, fdt_find_interrupt_of("nope", 0, &v));
	end();
}

TEST(finding_nodes)
{
	int uart;

	begin();
	uart = fdt_next_compatible(-1, "arm,pl011");
	EXPECT_EQ(node_at("/soc/uart@1000"), uart);
	EXPECT_EQ(-ENOENT, fdt_next_compatible(uart, "arm,pl011"));
	EXPECT_TRUE(fdt_node_is(uart, "arm,primecell"));
	EXPECT_TRUE(!fdt_node_is(uart, "arm"));
	EXPECT_TRUE(fdt_node_enabled(uart));
	EXPECT_TRUE(!fdt_node_enabled(node_at("/cpus/cpu@1")));
	EXPECT_EQ(uart, fdt_stdout_node());
	ASSERT_EQ(0, fdt_setprop_inplace_namelen_partial(tree, node_at("/chosen"), "stdout-path",
							 11, 0, "serial9", 7));
	EXPECT_EQ(-ENOENT, fdt_stdout_node());
	end();
}

/* ---- what a firmware may get wrong ---- */

TEST(a_bus_without_cells_ends)
{
	paddr_t pa;
	u64 size;

	begin();
	set_u32("/", "#address-cells", 0);
	set_u32("/soc", "#size-cells", 0);
	set_u32("/soc", "#address-cells", 0);
	EXPECT_EQ(-EINVAL, fdt_node_reg(node_at("/soc/uart@1000"), 0, &pa, &size));
	end();
}

TEST(absurd_cell_counts_stay_inside)
{
	static const u32 counts[] = { 0,	  1,	      2,	  3,
				      4,	  17,	      0x7fffffff, 0x80000000,
				      0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff };
	static const char *const buses[] = { "/", "/soc", "/pcie", "/soc/intc@8000" };
	static const char *const props[] = { "#address-cells", "#size-cells", "#interrupt-cells" };
	static const u32 slot1[3] = { 0x800, 0, 0 };
	u32 a, b, i, k, index;

	for (i = 0; i < ARRAY_SIZE(buses) * ARRAY_SIZE(props) * ARRAY_SIZE(counts); i++) {
		for (k = 0; k < ARRAY_SIZE(buses) * ARRAY_SIZE(props); k++) {
			struct fdt_irq irq;
			paddr_t pa;
			u64 size;
			int node;

			begin();
			a = i % 12, b = i / 12;
			if (!fdt_getprop(tree, node_at(buses[a % 4]), props[a / 4], NULL) ||
			    !fdt_getprop(tree, node_at(buses[k % 4]), props[k / 4], NULL)) {
				end();
				continue;
			}
			set_u32(buses[k % 4], props[k / 4], counts[(b + k) % ARRAY_SIZE(counts)]);
			set_u32(buses[a % 4], props[a / 4], counts[b]);
			for (node = 0; node >= 0; node = fdt_next_node(tree, node, NULL)) {
				for (index = 0; index < 3; index++) {
					if (fdt_node_reg(node, index, &pa, &size) == 0)
						nr_seen = 0;
					if (fdt_node_irq(node, index, &irq) == 0)
						EXPECT_TRUE(irq.irq < 1020);
				}
				if (fdt_map_irq(node, slot1, 3, 1, &irq) == 0)
					EXPECT_TRUE(irq.irq < 1020);
			}
			end();
		}
	}
}

TEST(wrong_specifiers_and_parents)
{
	static const u32 slot1[3] = { 0x800, 0, 0 };
	struct fdt_irq irq;

	begin();
	set_u32("/soc/intc@8000", "#interrupt-cells", 2);
	EXPECT_EQ(-EINVAL, fdt_node_irq(node_at("/timer"), 0, &irq));
	set_u32("/soc/intc@8000", "#interrupt-cells", 0);
	EXPECT_EQ(-EINVAL, fdt_node_irq(node_at("/timer"), 0, &irq));
	EXPECT_EQ(-EINVAL, fdt_node_irq(node_at("/soc/dev@2000"), 0, &irq));
	set_u32("/soc/intc@8000", "#interrupt-cells", 3);
	set_u32("/", "interrupt-parent", 77);
	EXPECT_EQ(-EINVAL, fdt_node_irq(node_at("/timer"), 0, &irq));
	set_u32("/soc/intc@8000", "phandle", 99);
	EXPECT_EQ(-EINVAL, fdt_map_irq(node_at("/pcie"), slot1, 3, 1, &irq));
	end();
}
