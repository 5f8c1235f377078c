/* SPDX-License-Identifier: MIT */
/* fdt.c - device tree questions over libfdt: cells, address translation, interrupt routing. Pure.
 *
 * Every parent says how many cells its children's addresses and sizes have; ranges maps them to its
 * own parent's. An interrupt goes to interrupt-parent (inherited) until a node is an
 * interrupt-controller; a nexus in between has an interrupt-map. Trees come from firmware and are
 * checked: nothing is read beyond a property's length.
 *
 * Ref: Devicetree Specification 0.4 s2.3 (standard properties), s2.4 (interrupts), s3 (memory,
 * cpus, reserved-memory, chosen); Linux bindings interrupt-controller/arm,gic.yaml (cells: 0 SPI or
 * 1 PPI, number, flags). Tests: selftests/unit/fdt_test.c, selftests/fuzz/fdt_fuzz.c
 */
#include <kernel/lib/fdt.h>

#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <libfdt.h>

#define GIC_SPI_BASE 32
#define GIC_PPI_BASE 16
#define IRQ_EDGE_MASK 3		/* flags 1 and 2 are edges, 4 and 8 levels */
#define MAX_HOPS 8
/* of an address, a size, a specifier: what is said to have more has this many */
#define MAX_CELLS 8u

static const void *blob;

void fdt_set_blob(const void *p)
{
	blob = p;
}

const void *fdt_blob(void)
{
	return blob;
}

/* A property as cells; *n counts them. NULL: none. */
static const fdt32_t *cells(int node, const char *prop, u32 *n)
{
	int len;
	const fdt32_t *p = fdt_getprop(blob, node, prop, &len);

	*n = p ? (u32)len / 4 : 0;
	return p;
}

static u64 number(const fdt32_t *p, u32 n)
{
	u64 v = 0;

	while (n--)
		v = v << 32 | fdt32_to_cpu(*p++);
	return v;
}

/* #address-cells and its kin: small, so that sums of them are. */
static u32 cells_of(int node, const char *prop, u32 otherwise)
{
	u32 n;
	const fdt32_t *p = cells(node, prop, &n);

	return n ? min(fdt32_to_cpu(*p), MAX_CELLS) : otherwise;
}

static int find_node(const char *path)
{
	return blob ? fdt_path_offset(blob, path) : -1;
}

static bool is_string(const char *p, int len)
{
	return p && len > 0 && p[len - 1] == '\0';
}

int fdt_find_string(const char *path, const char *prop, const char **out)
{
	int node = find_node(path), len;
	const char *p;

	if (node < 0)
		return -ENOENT;
	p = fdt_getprop(blob, node, prop, &len);
	if (!is_string(p, len))
		return p ? -EINVAL : -ENOENT;
	*out = p;
	return 0;
}

int fdt_node_u32(int node, const char *prop, u32 *out)
{
	u32 n;
	const fdt32_t *p = cells(node, prop, &n);

	if (!n)
		return p ? -EINVAL : -ENOENT;
	*out = fdt32_to_cpu(*p);
	return 0;
}

int fdt_find_u32(const char *path, const char *prop, u32 *out)
{
	int node = find_node(path);

	return node < 0 ? -ENOENT : fdt_node_u32(node, prop, out);
}

int fdt_find_number(const char *path, const char *prop, u64 *out)
{
	int node = find_node(path);
	const fdt32_t *p;
	u32 n;

	if (node < 0)
		return -ENOENT;
	p = cells(node, prop, &n);
	if (n != 1 && n != 2)
		return p ? -EINVAL : -ENOENT;
	*out = number(p, n);
	return 0;
}

bool fdt_node_enabled(int node)
{
	int len;
	const char *s = fdt_getprop(blob, node, "status", &len);

	return !is_string(s, len) || strcmp(s, "okay") == 0 || strcmp(s, "ok") == 0;
}

bool fdt_node_is(int node, const char *compatible)
{
	return fdt_node_check_compatible(blob, node, compatible) == 0;
}

const char *fdt_node_name(int node)
{
	const char *s = fdt_get_name(blob, node, NULL);

	return s ? s : "?";
}

int fdt_next_compatible(int node, const char *compatible)
{
	if (!blob)
		return -ENOENT;
	do {
		node = fdt_node_offset_by_compatible(blob, node, compatible);
	} while (node >= 0 && !fdt_node_enabled(node));
	return node < 0 ? -ENOENT : node;
}

/* Entry index of reg in the parent's cells. */
static int raw_reg(int node, int parent, u32 index, u64 *addr, u64 *size)
{
	u32 na = cells_of(parent, "#address-cells", 2), ns = cells_of(parent, "#size-cells", 1), n;
	const fdt32_t *p = cells(node, "reg", &n);

	if (!p)
		return -ENOENT;
	if (na > 2 || ns > 2 || !na)
		return -EINVAL;
	if ((u64)(index + 1) * (na + ns) > n)
		return -ENOENT;
	p += index * (na + ns);
	*addr = number(p, na);
	*size = number(p + na, ns);
	return 0;
}

/* From the addresses of bus's children to those of bus itself. */
static int translate(int bus, int parent, u64 *addr)
{
	u32 na = cells_of(bus, "#address-cells", 2), ns = cells_of(bus, "#size-cells", 1);
	u32 pa = cells_of(parent, "#address-cells", 2), n, row = na + pa + ns;
	const fdt32_t *p = cells(bus, "ranges", &n);

	if (!p)
		return -EINVAL;		/* not visible from outside */
	if (!n)
		return 0;		/* identity */
	if (!na)
		return -EINVAL;
	for (; n >= row; p += row, n -= row) {
		u64 from = number(p + (na > 2 ? na - 2 : 0), min(na, 2u)),
		    len = number(p + na + pa, ns);

		if (*addr - from < len) {
			*addr = *addr - from + number(p + na, pa);
			return 0;
		}
	}
	return -EINVAL;
}

int fdt_node_reg(int node, u32 index, paddr_t *pa, u64 *size)
{
	int bus = fdt_parent_offset(blob, node), parent, err;
	u64 addr = 0;

	if (bus < 0)
		return -EINVAL;
	err = raw_reg(node, bus, index, &addr, size);
	for (; !err && bus > 0; bus = parent) {
		parent = fdt_parent_offset(blob, bus);
		if (parent < 0)
			return -EINVAL;
		err = translate(bus, parent, &addr);
	}
	*pa = addr;
	return err;
}

static void for_each_reg(int node, void (*fn)(paddr_t start, u64 size, void *arg), void *arg)
{
	paddr_t pa;
	u64 size;

	for (u32 i = 0; fdt_node_reg(node, i, &pa, &size) == 0; i++)
		if (size)
			fn(pa, size, arg);
}

void fdt_for_each_memory(void (*fn)(paddr_t start, u64 size, void *arg), void *arg)
{
	int node;

	if (!blob)
		return;
	fdt_for_each_subnode(node, blob, 0) {
		int len;
		const char *type = fdt_getprop(blob, node, "device_type", &len);

		if (is_string(type, len) && strcmp(type, "memory") == 0 && fdt_node_enabled(node))
			for_each_reg(node, fn, arg);
	}
}

void fdt_for_each_reserved(void (*fn)(paddr_t start, u64 size, bool no_map, void *arg), void *arg)
{
	int parent = find_node("/reserved-memory"), node;
	u64 start, size;

	if (!blob)
		return;
	for (int i = 0; i < fdt_num_mem_rsv(blob); i++)
		if (fdt_get_mem_rsv(blob, i, &start, &size) == 0 && size)
			fn(start, size, false, arg);
	if (parent < 0)
		return;
	fdt_for_each_subnode(node, blob, parent) {
		bool no_map = fdt_getprop(blob, node, "no-map", NULL) != NULL;

		for (u32 i = 0; fdt_node_reg(node, i, &start, &size) == 0; i++)
			if (size && fdt_node_enabled(node))
				fn(start, size, no_map, arg);
	}
}

void fdt_for_each_cpu(void (*fn)(u64 reg, void *arg), void *arg)
{
	int parent = find_node("/cpus"), node;

	if (parent < 0)
		return;
	fdt_for_each_subnode(node, blob, parent) {
		u32 n, na = cells_of(parent, "#address-cells", 1);
		const fdt32_t *reg = cells(node, "reg", &n);
		int len;
		const char *type = fdt_getprop(blob, node, "device_type", &len);

		if (is_string(type, len) && strcmp(type, "cpu") == 0 && fdt_node_enabled(node) &&
		    (na == 1 || na == 2) && n >= na)
			fn(number(reg, na), arg);
	}
}

/* A GIC specifier. */
static int decode_gic(const fdt32_t *spec, u32 n, struct fdt_irq *out)
{
	u32 type, nr;

	if (n < 3)
		return -EINVAL;
	type = fdt32_to_cpu(spec[0]);
	nr = fdt32_to_cpu(spec[1]);
	if (type > 1 || nr > 987)
		return -EINVAL;
	out->irq = nr + (type ? GIC_PPI_BASE : GIC_SPI_BASE);
	out->edge = fdt32_to_cpu(spec[2]) & IRQ_EDGE_MASK;
	return 0;
}

static int inherited_parent(int node)
{
	for (u32 hop = 0; node >= 0 && hop < MAX_HOPS; hop++) {
		u32 phandle;

		if (fdt_node_u32(node, "interrupt-parent", &phandle) == 0)
			return fdt_node_offset_by_phandle(blob, phandle);
		node = fdt_parent_offset(blob, node);
	}
	return -ENOENT;
}

/* One row of an interrupt-map: compares under the mask, then describes where the row's parent part
 * is. */
struct map_row {
	const fdt32_t *spec;
	u32 n_spec, length;
	int controller;
};

static int read_row(const fdt32_t *p, u32 n, u32 key, struct map_row *row)
{
	u32 skip;

	if (n < key + 1)
		return -EINVAL;
	row->controller = fdt_node_offset_by_phandle(blob, fdt32_to_cpu(p[key]));
	if (row->controller < 0)
		return -EINVAL;
	skip = cells_of(row->controller, "#address-cells", 0);
	row->n_spec = cells_of(row->controller, "#interrupt-cells", 0);
	row->length = key + 1 + skip + row->n_spec;
	row->spec = p + key + 1 + skip;
	return n < row->length ? -EINVAL : 0;
}

int fdt_map_irq(int node, const u32 *child_addr, u32 n_addr, u32 child_irq, struct fdt_irq *out)
{
	u32 n, n_mask, key = n_addr + 1;
	const fdt32_t *p = cells(node, "interrupt-map", &n),
		      *mask = cells(node, "interrupt-map-mask", &n_mask);
	struct map_row row;

	if (!p || n_mask < key)
		return -ENOENT;
	for (; n; p += row.length, n -= row.length) {
		bool same = true;

		if (read_row(p, n, key, &row))
			return -EINVAL;
		for (u32 i = 0; i < key; i++) {
			u32 v = i < n_addr ? child_addr[i] : child_irq;

			same &= ((v ^ fdt32_to_cpu(p[i])) & fdt32_to_cpu(mask[i])) == 0;
		}
		if (same)
			return decode_gic(row.spec, row.n_spec, out);
	}
	return -ENOENT;
}

static int extended_irq(const fdt32_t *p, u32 n, u32 index, struct fdt_irq *out)
{
	while (n) {
		int controller = fdt_node_offset_by_phandle(blob, fdt32_to_cpu(*p));
		u32 size = controller < 0 ? 0 : cells_of(controller, "#interrupt-cells", 0);

		if (!size || n < size + 1)
			return -EINVAL;
		if (index-- == 0)
			return decode_gic(p + 1, size, out);
		p += size + 1;
		n -= size + 1;
	}
	return -ENOENT;
}

int fdt_node_irq(int node, u32 index, struct fdt_irq *out)
{
	u32 n, size;
	const fdt32_t *p = cells(node, "interrupts-extended", &n);
	int controller;

	if (p)
		return extended_irq(p, n, index, out);
	p = cells(node, "interrupts", &n);
	if (!p)
		return -ENOENT;
	controller = inherited_parent(node);
	if (controller < 0)
		return -EINVAL;
	size = cells_of(controller, "#interrupt-cells", 0);
	if (!size || (u64)(index + 1) * size > n)
		return size ? -ENOENT : -EINVAL;
	return decode_gic(p + index * size, size, out);
}

int fdt_find_interrupt_of(const char *compatible, u32 index, u32 *irq)
{
	int node = fdt_next_compatible(-1, compatible), err;
	struct fdt_irq i;

	if (node < 0)
		return node;
	err = fdt_node_irq(node, index, &i);
	if (!err)
		*irq = i.irq;
	return err;
}

int fdt_stdout_node(void)
{
	const char *path, *end;
	int node;

	if (fdt_find_string("/chosen", "stdout-path", &path))
		return -ENOENT;
	end = strchr(path, ':');	/* options: "serial0:115200n8" */
	node = fdt_path_offset_namelen(blob, path, end ? (int)(end - path) : (int)strlen(path));
	return node < 0 ? -ENOENT : node;
}
