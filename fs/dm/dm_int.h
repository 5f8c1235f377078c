/* SPDX-License-Identifier: MIT */
/* dm_int.h - what the files of the device mapper share. */
#pragma once

#include <fs/blkdev.h>
#include <fs/dm/dm.h>
#include <kernel/lib/fmt.h>
#include <mm/page.h>

/* Where one is in the pages of a request. */
struct dm_cursor {
	struct bio *b;
	u32 vec, off;
};
/* At most `most` bytes of it. There must be some. */
static inline struct bio_vec dm_piece(struct dm_cursor *c, u32 most)
{
	struct bio_vec v;

	while (c->vec == c->b->nr_vecs) {
		c->b = c->b->next;
		c->vec = 0;
	}
	v = c->b->vecs[c->vec];
	v.off += c->off;
	v.len = min(v.len - c->off, most);
	return v;
}
static inline void dm_advance(struct dm_cursor *c, u32 n)
{
	c->off += n;
	if (c->off == c->b->vecs[c->vec].len) {
		c->vec++;
		c->off = 0;
	}
}
void dm_skip(struct dm_cursor *c, u64 nr_sectors);
static inline void *dm_bytes(const struct bio_vec *v)
{
	return (u8 *)page_to_virt(v->page) + v->off;
}

struct dm_type {
	const char *name;
	u32 version[3];
	/* Fills in t->dev, start, priv. 0, or -errno and t->error. */
	int (*make)(struct dm_table *tb, struct dm_target *t, u32 argc, char **argv);
	void (*destroy)(struct dm_target *t);
	void (*text)(const struct dm_target *t, bool args, char *buf, usize n);
	/* Has its dev read or written as asked. NULL: `here` does it */
	bool passes;
	/* n sectors from `at` on, without a device below: moves the cursor */
	int (*here)(enum bio_op op, struct dm_cursor *c, u64 n);
	/* What was read, n sectors from `at` on, is looked at: moves the cursor. May sleep. */
	int (*check)(const struct dm_target *t, struct dm_cursor *c, u64 at, u64 n);
};

/* Immutable once made. */
struct dm_target {
	const struct dm_type *type;
	u64 begin, len;
	struct blkdev *dev;		/* where it goes; the table holds it */
	u64 start;			/* there */
	void *priv;
	const char *error;
};

struct dm_table {
	struct dm *md;
	u32 nr, max, nr_devs;
	bool read_only, checks, boot;
	struct dm_target *targets;	/* by begin */
	struct blkdev **devs;		/* claimed */
};

extern const struct dm_type dm_verity;
u32 dm_verity_block(const struct dm_target *t);

int __must_check dm_bad(struct dm_target *t, const char *why);	/* -EINVAL */
/* The device that text names, claimed for the table. */
int __must_check dm_claim(struct dm_table *tb, const char *text, struct blkdev **out);
const struct dm_target *dm_table_at(const struct dm_table *tb, u64 sector);
u64 dm_table_sectors(const struct dm_table *tb);
/* Whether the devices are large enough and their blocks fit; what the disk can do then. -EINVAL. */
int __must_check dm_table_limits(const struct dm_table *tb, struct disk_limits *l);
u32 dm_dev(const struct dm *md);

/* A kernel thread for each request that is being worked on: device.c makes them, io.c is what they
 * do. */
struct dm_io {
	struct spinlock lock;		/* RANK_VIRTQUEUE, bottom halves off */
	struct bio *todo, **todo_end;	/* [lock] by chain */
	struct bio *check;		/* [lock] read, to be looked at */
	u32 in_flight, threads;		/* [lock] */
	bool paused, stop;		/* [lock] */
	struct dm_table *table;		/* changes when nothing is in flight */
	struct waitq work, idle;
	struct bio *spare;		/* for when memory is gone */
	bool spare_used;		/* [lock] */
};
extern const struct disk_ops dm_disk_ops;
int __must_check dm_io_init(struct dm_io *io);
int __must_check dm_io_threads(struct dm_io *io, u32 n, const char *name);
void dm_io_stop(struct dm_io *io);	/* the threads end */
void dm_io_pause(struct dm_io *io);	/* nothing is in flight afterwards */
void dm_io_resume(struct dm_io *io);
void dm_idle(struct disk *d);

