/* SPDX-License-Identifier: MIT */
/* cpio.h - "newc" archives, as the initramfs is one: an iterator over bytes in memory. Pure. */
#pragma once

#include <kernel/lib/compiler.h>

/* One member. Pointers into the archive. */
struct cpio_entry {
	const char *name;	/* NUL-terminated */
	usize name_len;
	const u8 *data;		/* contents, or a link's target (not terminated) */
	usize size;
	u32 ino, mode, uid, gid, nlink, mtime;
	u32 dev_major, dev_minor, rdev_major, rdev_minor;
	bool has_sum;
	u32 sum;
};

enum cpio_result {
	CPIO_ENTRY,		/* *e is filled in */
	/* the end of an archive: hard links end here; another archive may follow */
	CPIO_TRAILER,
	CPIO_END,		/* nothing but zeros left */
	CPIO_BAD_MAGIC,		/* not a header: maybe a compressed archive begins here */
	CPIO_CORRUPT,		/* a field is no number, or a name is not terminated */
	CPIO_TRUNCATED,		/* the archive ends inside a member */
};

struct cpio {
	const u8 *buf;
	usize size, pos;
};

static inline void cpio_init(struct cpio *c, const void *buf, usize size)
{
	*c = (struct cpio){ .buf = buf, .size = size };
}

enum cpio_result cpio_next(struct cpio *c, struct cpio_entry *e);
/* Has a member that brings a checksum the contents of which that is one? */
bool cpio_sum_ok(const struct cpio_entry *e);
