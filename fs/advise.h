/* SPDX-License-Identifier: MIT */
/* advise.h - the page cache of a file as programs steer it. */
#pragma once

#include <kernel/lib/compiler.h>

struct file;
struct vmo;

/* The pages of a regular file or block device; NULL: it has none (yet). */
struct vmo *vfs_vmo(struct file *f);
void vfs_read_ahead(struct file *f, loff_t off, loff_t len);
/* POSIX_FADV_*; len 0: to the end */
void vfs_advise(struct file *f, loff_t off, loff_t len, int advice);
/* SYNC_FILE_RANGE_* */
int __must_check vfs_sync_range(struct file *f, loff_t off, loff_t len, u32 flags);
