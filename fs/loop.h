/* SPDX-License-Identifier: MIT */
/* loop.h - block devices whose sectors are the bytes of a file. */
#pragma once

#include <kernel/lib/compiler.h>

struct blkdev;
struct file;

#define LO_NAME_SIZE	    64u
#define LO_FLAGS_READ_ONLY  1u
#define LO_FLAGS_AUTOCLEAR  4u
#define LO_FLAGS_PARTSCAN   8u
#define LO_FLAGS_DIRECT_IO  16u

/* What a program may say of a bound device, and be told. */
struct loop_info {
	u64 offset, size_limit;		/* bytes; a limit of 0: to the end of the file */
	u32 flags;			/* LO_FLAGS_* */
	u8 name[LO_NAME_SIZE];		/* a label; for the curious */
};

/* All: -ENXIO when d is not a bound loop device (or none at all), -ENOMEM. May sleep. */
bool blkdev_is_loop(const struct blkdev *d);
/* Takes its own reference to f. block: 512 to PAGE_SIZE, 0: 512. -EBUSY bound already; -EINVAL
 * neither file nor block device; -EBADF f is this. */
int __must_check loop_bind(struct blkdev *d, struct file *f, bool writable, u32 block,
			   const struct loop_info *info);
/* Detaches; in use by others: when the last of them leaves. */
int __must_check loop_clear(struct blkdev *d);
int __must_check loop_set(struct blkdev *d, const struct loop_info *info);
/* f: the file, a reference; may be NULL. */
int __must_check loop_get(struct blkdev *d, struct loop_info *info, struct file **f);
/* A read-only device goes on with another file of the same size. */
int __must_check loop_change(struct blkdev *d, struct file *f);
int __must_check loop_fit(struct blkdev *d);		/* the file has grown or shrunk */
int __must_check loop_set_block_size(struct blkdev *d, u32 block);

void loop_init(void);	/* boot: loop0 to loop7, /dev/loop-control */
