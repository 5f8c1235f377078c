/* SPDX-License-Identifier: MIT */
/* pageio.h - pages of a file to and from a device: pieces that lie together become one bio, a page
 * is done when all its pieces are.
 *
 *	struct page_io io;
 *	page_io_begin(&io, dev, BIO_READ, 0, page_filled);
 *	for each page:	page_io_page(&io, p);
 *			page_io_add(&io, p, off, len, sector);	any number of pieces
 *			page_io_page_end(&io, p, 0);		every page once: done(p) when its last piece is
 *	page_io_end(&io);					sends what is left
 */
#pragma once

#include <fs/blkdev.h>
#include <kernel/waitq.h>

/* Bios under way for somebody who wants to wait for all of them. */
struct page_io_group {
	atomic_t in_flight;
	struct waitq wait;
	int error;			/* of any of them, until somebody takes it */
};

struct page_io {
	struct blkdev *dev;
	enum bio_op op;
	u32 flags;			/* BIO_* */
	/* page_filled or page_written: bottom half */
	void (*done)(struct page *p, int error);
	struct page_io_group *group;	/* NULL: nobody counts */
	struct bio *bio;
	u64 next;			/* sector behind the last piece */
};

void page_io_begin(struct page_io *io, struct blkdev *dev, enum bio_op op, u32 flags,
		   void (*done)(struct page *p, int error));
void page_io_page(struct page_io *io, struct page *p);
void page_io_add(struct page_io *io, struct page *p, u32 off, u32 len, u64 sector);
/* No more pieces of p; error: something went wrong before a piece was added. */
void page_io_page_end(struct page_io *io, struct page *p, int error);
void page_io_end(struct page_io *io);

void page_io_group_init(struct page_io_group *g);
/* Until none is under way: 0 or an error since the last call. */
int __must_check page_io_group_wait(struct page_io_group *g);
