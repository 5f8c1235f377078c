/* SPDX-License-Identifier: MIT */
/* devfs.h - devtmpfs: a tmpfs in which the kernel makes the nodes of its devices; and hooks for
 * devpts. */
#pragma once

#include <kernel/lib/compiler.h>

struct chrdev;

/* Nodes of c appear and go. Before devfs_init() they wait for it. */
void devfs_add(const struct chrdev *c);
void devfs_remove(const struct chrdev *c);
/* A node by name ("bus/usb/001"; directories are made), mode with type. For devices outside the
 * character table. */
void devfs_make(const char *name, u32 mode, u32 dev);
void devfs_unmake(const char *name);

/* devpts: the tty code makes and removes /dev/pts/N. */
void devpts_add(u32 index, u32 dev);
void devpts_remove(u32 index);
/* The pty multiplexer's open: set by the tty code, serves both /dev/ptmx and /dev/pts/ptmx. */

void devfs_init(void);		/* registers devtmpfs, devpts and the memory devices */
