/* SPDX-License-Identifier: MIT */
/* blk_int.h - what the files of the block layer share: queues, the stages of a request, flushes. */
#pragma once

#include <fs/blkdev.h>
#include <kernel/spinlock.h>

/* Locks: q  lock (RANK_DISK_QUEUE), bottom halves off */
struct disk_queue {
	struct spinlock lock;
	u32 index;
	struct list waiting;		/* [q] requests that found it full */
};

/* Where a bio is on its way: a plain one knows only STAGE_IO. */
enum bio_stage { STAGE_IO, STAGE_PREFLUSH, STAGE_POSTFLUSH };

/* bio.c */
void bio_queue(struct bio *b);			/* to the plug or the queue, as it is */
void bio_queue_flush(struct bio *b);		/* a flush for the device */
void bio_finish(struct bio *b, int error);	/* accounts and ends it */
void bio_init(void);

/* blkflush.c */
int __must_check flush_create(struct disk *d);
void flush_submit(struct bio *b);
void flush_continue(struct bio *b, int error);

/* blkdev_file.c */
extern const struct object_ops blkdev_ops;

/* blkdev_cache.c */
struct vmo *blkdev_make_vmo(struct blkdev *d);

/* blkdev.c */
void blkdev_free(struct object *o);
/* One description more or less (+1, -1): how many there are now. */
u32 blkdev_opened(struct blkdev *d, s32 n);

/* Somebody closed or unmounted it: was that the last? */
void disk_left(struct disk *k);

/* blkdev_proc.c */
void blkdev_proc_init(void);
