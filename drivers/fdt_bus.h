/* SPDX-License-Identifier: MIT */
/* fdt_bus.h - the device tree as a source of memory, boot arguments and devices. */
#pragma once

#include <kernel/lib/compiler.h>

/*
 * Boot, first of all: reads the tree at fdt (mapped by boot.S), reports memory to mm/early.c and
 * reserves what is taken (image, tree, initramfs, firmware), maps all of it, then moves the tree's
 * used part to early memory. Panics when there is no memory.
 */
void fdt_bus_init(paddr_t fdt);
const char *fdt_bus_bootargs(void);
/* The initramfs; false: none. */
bool fdt_bus_initrd(paddr_t *start, paddr_t *end);
/* Bytes of the firmware's random seed, handed out once: they are wiped. Returns how many. */
usize fdt_bus_take_seed(void *buf, usize n);
/* The next enabled node with a compatible property, in the order of the tree; -1 starts, -1
 * ends. */
int fdt_bus_next(int node);
