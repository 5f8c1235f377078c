/* SPDX-License-Identifier: MIT */
/* fdt.h - questions to the flattened device tree. Pure but for the pointer to it; node numbers are
 * libfdt's offsets.
 *
 * Functions return 0, -ENOENT when node or property is missing, -EINVAL when it is malformed.
 */
#pragma once

#include <kernel/lib/compiler.h>
#include <libfdt.h>

/*
 * Before anything else, with room bytes readable from p: a tree that says to be larger is held to
 * be as large as that. Whether its parts lie within is then fdt_check_header()'s business.
 */
static inline void fdt_clamp(void *p, u64 room)
{
	struct fdt_header *h = p;

	if (fdt_magic(h) == FDT_MAGIC && fdt_totalsize(h) > room)
		fdt_set_totalsize(h, (u32)room);
}

/* The tree in use. Until it is set, every question is answered -ENOENT. */
void fdt_set_blob(const void *blob);
const void *fdt_blob(void);

int __must_check fdt_find_string(const char *path, const char *prop, const char **out);
int __must_check fdt_find_u32(const char *path, const char *prop, u32 *out);
/* A property of one or two cells as a number. */
int __must_check fdt_find_number(const char *path, const char *prop, u64 *out);

/* For each memory bank, reservation (header's and /reserved-memory with a fixed place), CPU that is
 * not disabled. */
void fdt_for_each_memory(void (*fn)(paddr_t start, u64 size, void *arg), void *arg);
void fdt_for_each_reserved(void (*fn)(paddr_t start, u64 size, bool no_map, void *arg), void *arg);
void fdt_for_each_cpu(void (*fn)(u64 reg, void *arg), void *arg);

/* ---- nodes ---- */
/* Index-th entry of reg, translated through the ranges of all parents. */
int __must_check fdt_node_reg(int node, u32 index, paddr_t *pa, u64 *size);

struct fdt_irq {
	u32 irq;		/* INTID of the GIC */
	bool edge;
};
/* Index-th interrupt, from interrupts-extended or interrupts with the inherited parent, through
 * interrupt-map where there is one. */
int __must_check fdt_node_irq(int node, u32 index, struct fdt_irq *out);
/* Follows an interrupt-map (PCI): child address cells and interrupt cells of a device below
 * node. */
int __must_check fdt_map_irq(int node, const u32 *child_addr, u32 n_addr, u32 child_irq,
			     struct fdt_irq *out);
bool fdt_node_is(int node, const char *compatible);
bool fdt_node_enabled(int node);
int __must_check fdt_node_u32(int node, const char *prop, u32 *out);
const char *fdt_node_name(int node);
/* The first enabled node with this compatible after node (-1: from the start); -ENOENT. */
int fdt_next_compatible(int node, const char *compatible);
/* The node /chosen stdout-path names (aliases and options resolved); -ENOENT. */
int fdt_stdout_node(void);

int __must_check fdt_find_interrupt_of(const char *compatible, u32 index, u32 *irq);
