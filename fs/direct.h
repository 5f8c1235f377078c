/* SPDX-License-Identifier: MIT */
/* direct.h - reading and writing past the page cache, between a device and user memory
 * (O_DIRECT). */
#pragma once

#include <fs/blkdev.h>

struct iter;

/* Where bytes lie. */
struct direct_run {
	struct blkdev *dev;
	u64 sector;
	usize len;			/* at most what was asked for; a multiple of the block */
	bool hole;			/* reads as zeros; for writing: never */
};

struct direct_io {
	struct vmo *vmo;		/* the cache of the same bytes: made to agree */
	u32 block;			/* positions, addresses and lengths are multiples of it */
	enum bio_op op;			/* BIO_READ, BIO_WRITE */
	int (*map)(void *arg, u64 pos, usize len, struct direct_run *out);	/* may sleep */
	void *arg;
};

/* Moves what the iterator (user memory) has left, which lies within the file. Bytes or -errno:
 * -EINVAL when something is not aligned. The caller keeps writers apart. May sleep. */
ssize_t direct_io(struct direct_io *io, struct iter *it, loff_t pos);
