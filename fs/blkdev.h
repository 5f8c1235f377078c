/* SPDX-License-Identifier: MIT */
/* blkdev.h - block devices: what a driver offers, and how blocks are read and written.
 *
 * A disk is what a driver drives; a blkdev is the whole of it or a partition. Requests are bios: an
 *operation on consecutive sectors, with pages for the data, completed by a call in a bottom half.
 *
 *	blkdev_submit(bio)
 *	   | plug of the thread: neighbours become one request		(blk_plug_begin ..
 *blk_plug_end)
 *	   v
 *	queue of this CPU --disk_ops.start()--> driver --bio_done()--> bio.end()
 *	   ^ full: waits in the queue's list; the next completion starts it
 *
 * Flushes and FUA are made here: a write with BIO_PREFLUSH begins after a flush, one with BIO_FUA
 *ends after another unless the device has FUA itself. Flushes that wait at the same time become
 *one.
 *
 * Units: sectors of 512 bytes, whatever the device's block size; addresses and lengths must be
 *multiples of that block size.
 */
#pragma once

#include <fs/flush.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>
#include <kernel/lib/xarray.h>
#include <kernel/mutex.h>
#include <kernel/object.h>
#include <kernel/rcu.h>
#include <kernel/spinlock.h>

struct blkdev;
struct disk;
struct file;
struct page;
struct seq;
struct vmo;

#define SECTOR_SHIFT 9
#define SECTOR_SIZE 512u

enum bio_op { BIO_READ,
	      BIO_WRITE,
	      BIO_FLUSH,
	      BIO_DISCARD,
	      BIO_WRITE_ZEROES,
	      BIO_NR_OPS };

#define BIO_PREFLUSH 0x01u   /* what was completed before is on the medium before this is written */
#define BIO_FUA 0x02u	     /* complete means: on the medium */
#define BIO_META 0x04u	     /* metadata or a journal: for statistics and tests */
#define BIO_READAHEAD 0x08u  /* nobody waits for it yet; may fail */
#define BIO_BACKGROUND 0x10u /* writeback */

struct bio_vec {
	struct page *page; /* the submitter keeps it alive */
	u32 off, len;	   /* bytes; len > 0, off + len <= the page's block */
};

/* Made by bio_alloc(), given back by bio_free() (usually in end). Between blkdev_submit() and end
 * it belongs to the block layer. */
struct bio {
	struct blkdev *dev;
	enum bio_op op;
	u32 flags;		    /* BIO_* */
	u64 sector;		    /* of dev; of the disk after submission */
	u32 nr_sectors;		    /* sum of vecs; for discard and write-zeroes as asked */
	int error;		    /* 0 or -errno, valid in end */
	void (*end)(struct bio *b); /* bottom half or the submitter's context: must not sleep */
	void *private, *owner;
	/* the block layer's */
	struct bio *next; /* later parts of the same request */
	struct bio *last; /* of a request's head */
	/* of whoever has the request: what failed at once, a driver's own list */
	struct bio *chain;
	struct bio_group *group;	/* who waits for several, or NULL */
	u32 req_vecs, req_sectors; /* of a request's head: with all that follow */
	u8 stage;
	bool merged, accounted, reserved;
	u32 tag; /* the driver's */
	struct list link;
	ktime_t start_ns;
	u32 nr_vecs, max_vecs;
	struct bio_vec vecs[];
};

/* NULL: no memory (PAGE_KERNEL may sleep and try hard; PAGE_ATOMIC not). max_vecs up to
 * BIO_MAX_VECS. */
struct bio *bio_alloc(struct blkdev *dev, enum bio_op op, u64 sector, u32 max_vecs, u32 how);
void bio_free(struct bio *b);
/* False: full. */
bool bio_add(struct bio *b, struct page *p, u32 off, u32 len);
#define BIO_MAX_VECS 256u

/* Starts it. end is called once, possibly before this returns. Any context that may take spinlocks.
 */
void blkdev_submit(struct bio *b);
/* The same and waits: bio->error. end is not called, the bio stays the caller's. May sleep. */
int __must_check blkdev_submit_wait(struct bio *b);
/* Several bios that one thread waits for, on its stack: begin, add each before it is submitted,
 * done from its end, wait. */
struct bio_group {
	atomic_t in_flight;
	struct task *task;
	int error;
};
void bio_group_begin(struct bio_group *g);
static inline void bio_group_add(struct bio_group *g, struct bio *b)
{
	b->group = g;
	atomic_inc(&g->in_flight);
}
void bio_group_done(struct bio_group *g, int error);	/* the group may be gone on return */
int __must_check bio_group_wait(struct bio_group *g);	/* 0 or one of the errors. May sleep */

/* The end of a bio that a group waits for and nobody else needs: freed. */
void bio_end_in_group(struct bio *b);

/* A bio for bytes [off, off + len) of one page: PAGE_KERNEL, so there is one. The caller sets the
 * rest. */
struct bio *bio_for_page(struct blkdev *dev, enum bio_op op, u64 sector, struct page *p, u32 off,
			 u32 len);
/* The same, submitted and waited for. 0 or -errno. May sleep. */
int __must_check blkdev_page_wait(struct blkdev *dev, enum bio_op op, u64 sector, struct page *p,
				  u32 off, u32 len, u32 flags);

/* Everything completed before is on the medium afterwards. 0 or -errno. May sleep. */
int __must_check blkdev_flush(struct blkdev *dev);
int __must_check blkdev_discard(struct blkdev *dev, u64 sector, u64 nr_sectors);
int __must_check blkdev_write_zeroes(struct blkdev *dev, u64 sector, u64 nr_sectors);

/* Between them this thread's bios are collected and merged; they go out at the end, when the thread
 * sleeps, or when there are many. */
struct blk_plug {
	struct list bios;
	u32 nr;
	struct blk_plug *outer;
};
void blk_plug_begin(struct blk_plug *p);
void blk_plug_end(struct blk_plug *p);

/* ---- devices ---- */

/* Locks: m  bdev_lock (RANK_SUPER): list, holders   I  immutable   a  atomic */
struct blkdev {
	struct object obj;		/* first; the disk holds one reference */
	struct disk *disk;		/* [I] */
	u32 partno;			/* [I] 0: the whole disk */
	u32 dev;			/* [I] number as mknod(2) takes it */
	char name[32];			/* [I] "vda", "vda1" */
	u64 start;			/* [I] first sector on the disk */
	u64 nr_sectors;			/* [m] readable anywhere */
	u32 block_size;			/* [m] of bufs */
	bool read_only;			/* [m] BLKROSET */
	u8 uuid[16];			/* [I] of the partition (GPT) */
	char label[112];		/* [I] of the partition (GPT), UTF-8 */
	bool gpt;			/* [I] */
	struct vmo *vmo;		/* [I] page cache of the device */
	struct flush_item flush;	/* its dirty pages */
	struct spinlock bufs_lock;
	struct xarray bufs;		/* [bufs_lock; RCU] struct buf by block: fs/buf.c */
	u64 bufs_hand;			/* [bufs_lock] */
	/* [m] a super block, or a description opened O_EXCL: -EBUSY for others */
	const void *holder;
	u32 openers, claims;		/* [m] */
	struct list link;		/* [m] all devices */
	struct blkdev_stats *stats;	/* one for each CPU */
	atomic_t in_flight;		/* [a] */
	atomic64_t busy_stamp, busy_ms; /* [a] */
	struct rcu_head rcu;
};

/* Sums of one CPU, by kind: read, write, discard, flush. */
struct blkdev_stats {
	u64 ios[4], merges[4], sectors[4], ns[4];
};

static inline u64 blkdev_bytes(const struct blkdev *d)
{
	return READ_ONCE(d->nr_sectors) << SECTOR_SHIFT;
}

/* By number or by path of a node: a reference. -ENXIO, -ENOTBLK, -ENOENT, -EACCES. */
int __must_check blkdev_find(u32 dev, struct blkdev **out);
static inline void blkdev_get(struct blkdev *d)
{
	object_get(&d->obj);
}
static inline void blkdev_put(struct blkdev *d)
{
	object_put(&d->obj);
}
/* For this holder alone. -EBUSY. NULL releases. */
int __must_check blkdev_claim(struct blkdev *d, const void *holder);
void blkdev_release(struct blkdev *d, const void *holder);
/* The device that a node is, claimed for holder; a reference. -ENOENT, -ENOTBLK, -EBUSY... */
int __must_check blkdev_claim_path(const char *path, const void *holder, struct blkdev **out);
/* A power of two from the device's logical block size to PAGE_SIZE. -EINVAL. */
int __must_check blkdev_set_block_size(struct blkdev *d, u32 size);
/* Dirty pages of the device's own cache to the device; then its cache to the medium. 0 or -errno.
 * May sleep. */
int __must_check blkdev_sync(struct blkdev *d);
void blkdev_for_each(void (*fn)(struct blkdev *d, void *arg), void *arg);
/* not at all while the list is busy */
void blkdev_try_for_each(void (*fn)(struct blkdev *d, void *arg), void *arg);

/* ---- for drivers ---- */

struct disk_ops {
	/* Starts the request that b heads (b and all on its next chain) on hardware queue q.
	 * -EBUSY: the queue is full, come again after a bio_done(). Queue lock held, bottom halves
	 * off. Other errors complete it. */
	int (*start)(struct disk *d, u32 q, struct bio *b);
	void (*commit)(struct disk *d, u32 q); /* what was started may go to the device: the
						  doorbell. NULL: nothing to do */
	/* nobody has it open or mounted any more. May sleep. NULL: nothing to do */
	void (*idle)(struct disk *d);
};

struct disk_limits {
	u32 logical_block, physical_block; /* bytes */
	u32 max_sectors, max_vecs;	   /* of a request */
	u32 max_discard, discard_align;	   /* sectors; 0: cannot */
	u32 max_write_zeroes;		   /* sectors; 0: cannot */
	bool write_cache;		   /* volatile: flushes mean something */
	bool fua;
	bool read_only, rotational;
};

/* Fill in name, ops, limits, nr_sectors, nr_queues, priv. Static life: a disk that was added stays.
 */
struct disk {
	char name[16]; /* "vda" */
	const struct disk_ops *ops;
	struct disk_limits limits;
	u64 nr_sectors;
	u32 nr_queues;
	u32 major, first_minor, minors;
	char serial[24];
	void *priv;
	/* the block layer's */
	struct disk_queue *queues;
	struct blkdev *whole;
	struct disk_flush *flush;
};

/* Makes the device visible, reads its partition table, makes the nodes. -ENOMEM. May sleep; the
 * device must be able to work. */
int __must_check disk_add(struct disk *d);
/* The request that b heads is complete. Any context; error: 0, -EIO, -ENOSPC, -EOPNOTSUPP... */
void bio_done(struct bio *b, int error);
/* There is room in hardware queue q again: what waits is started. Bottom half. */
void disk_queue_run(struct disk *d, u32 q);
/* The device has grown or shrunk. */
void disk_resize(struct disk *d, u64 nr_sectors);
/* Reads the partition table again: BLKRRPART. -EBUSY while a partition is in use. */
int __must_check disk_rescan(struct disk *d);
void disk_drop_partitions(struct disk *d);
/* Descriptions and mounts that use it or its partitions. */
u32 disk_users(struct disk *d);
/* Out of /dev and the lists, and back. -EBUSY: somebody uses it. May sleep. */
int __must_check disk_hide(struct disk *d);
void disk_show(struct disk *d);
/* Of one that is hidden: what is cached of it. It has no sectors now. */
void disk_drop_cache(struct disk *d);

/* Requests and times of d in iostats' order. padded: as /sys/block has it. */
void blkdev_show_stats(struct seq *s, const struct blkdev *d, bool padded);
/* Tells two disks apart that have had the same name. */
static inline u64 blkdev_sequence(const struct blkdev *d)
{
	return d->disk->first_minor / d->disk->minors + 1;
}

/* What became of a device: told to whoever publishes it. Set once at boot; may sleep. */
enum blkdev_event { BLKDEV_ADDED, BLKDEV_REMOVED, BLKDEV_CHANGED };
extern void (*blkdev_tell)(struct blkdev *d, enum blkdev_event e);

void blkdev_init(void);
