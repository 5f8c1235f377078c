/* SPDX-License-Identifier: MIT */
/* disk.h - a disk for tests on the host, with a volatile cache, a log of what was written, and
 * states that a power cut could leave.
 *
 * The block layer above it is the real one (fs/bio.c, blkflush.c, blkdev_cache.c, buf.c). A request
 * is done when somebody waits: in any order, if the test wants that. While it waits, disk_meanwhile
 * is called once: what other threads would do.
 */
#pragma once

#include <fs/blkdev.h>

extern struct blkdev host_dev;		/* "vdt" */
/* a wait is about to go on; set to NULL before it is called */
extern void (*disk_meanwhile)(void);
extern bool disk_shuffle;		/* requests complete in random order */
extern u32 disk_fail_writes;		/* one in so many fails with -EIO; 0: none */
/* what a request ends with: 0 or -errno; NULL: 0 */
extern int (*disk_verdict)(const struct bio *b);
extern void (*disk_seen)(const struct bio *b);	/* each request as it reaches the device */
extern u32 disk_room;			/* requests that the device takes at a time */
extern u32 disk_commits;		/* how often it was told that there are some */
extern bool disk_has_cache;		/* flushes are needed */
/* 1: flushes are not recorded, 2: nor is FUA: for tests of the tests */
extern u32 disk_skip_flush;

/* A fresh disk of zeros, or the same size with the contents of image. */
void disk_create(u64 bytes, u32 block_size, const void *image);
/* As that, over memory that is the medium from now on; before: a copy of it, or NULL when no
 * pictures will be asked for. */
void disk_adopt(u64 bytes, u32 block_size, void *medium, void *before);
void disk_destroy(void);
void disk_settle(void);			/* completes all that is out */

/* ---- what a power cut leaves ---- */
u32 disk_log_length(void);		/* writes and flushes so far */
/* As disk_destroy(), but the log of it is kept, for pictures; until the next call or
 * disk_forget(). */
void disk_detach(void);
void disk_forget(void);
/* The same while the disk stays: disk_adopt() is next. */
void disk_keep(void);
u32 disk_kept_length(void);
/* The medium after the first n entries of the kept log: flushed writes, and of those since the last
 * flush each with probability p of 256; one in eight of the unflushed is torn at a sector. */
void disk_crash_image(u32 n, u32 p, void *out);
const void *disk_now(void);		/* as if all were flushed */
