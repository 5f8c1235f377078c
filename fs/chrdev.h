/* SPDX-License-Identifier: MIT */
/* chrdev.h - character devices by number, and the names devtmpfs gives them. */
#pragma once

#include <kernel/object.h>

struct file;
struct path;

/* dev as mknod(2) takes it: 12 bits of major, 20 of minor, the low 8 of each where Unix had
 * them. */
#define DEV_MAJORS (1u << 12)
#define DEV_MINORS (1u << 20)
static inline u32 dev_make(u32 major, u32 minor)
{
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}
static inline u32 dev_major(u32 dev) { return (dev >> 8) & 0xfff; }
static inline u32 dev_minor(u32 dev) { return (dev & 0xff) | ((dev >> 12) & 0xfff00); }

/* Majors with a minor for each of many drivers. */
#define TTYAUX_MAJOR 5u
#define MISC_MAJOR   10u

/* A device, or a stretch of them with consecutive minors. Static in its driver; immutable once
 * registered. */
struct chrdev {
	u32 major, minor, nr_minors;
	/* "null", "tty%u" (minor - first), "bus/usb/001"; NULL: no node in devtmpfs */
	const char *name;
	const char *driver;		/* as /proc/devices shows it; NULL: name */
	const char *misc;		/* as /proc/misc shows it; NULL: name */
	u32 mode;			/* permission bits of the node */
	/* Makes the description: usually file_create() of the device's object. May sleep (modem
	 * control). */
	int (*open)(struct chrdev *c, u32 minor, u32 flags, struct file **out);
	/* the same, told where the node is (ptmx) */
	int (*open_at)(const struct path *at, u32 minor, u32 flags, struct file **out);
	/* open == NULL: a stateless device with these operations; file.private is the chrdev */
	const struct object_ops *ops;
	struct list link;
	struct object obj;		/* what stateless devices share: never freed */
};

/* Registers and makes the node. -EBUSY when a number is taken. */
int __must_check chrdev_register(struct chrdev *c);
void chrdev_unregister(struct chrdev *c);
/* at: the node that was opened, for devices that care where it lies. */
int __must_check chrdev_open(const struct path *at, u32 dev, u32 flags, struct file **out);
void chrdev_for_each(void (*fn)(const struct chrdev *c, void *arg), void *arg);

/* Block devices: -ENXIO until fs/blkdev.c is there. */
int __must_check blkdev_open_node(u32 dev, u32 flags, struct file **out);
