/* SPDX-License-Identifier: MIT */
/* imgdev.h - a disk for tests of file systems without a journal: an image in memory behind
 * buf_*(). */
#pragma once

#include <fs/blkdev.h>
#include <fs/buf.h>

#include "unit.h"

extern struct blkdev img_dev;
extern u32 img_fail_reads; /* the n-th read from now on fails with -EIO; 0: none */
extern u32 img_smallest;   /* block size that the device insists on */

void img_use(const void *bytes, u64 size);
void img_load(const char *path);
void img_save(const char *path);	/* with all that is dirty */
u8 *img_bytes(u64 *size);		/* the medium */
u32 img_held(void);			/* bufs that somebody holds */
void img_forget(void);
