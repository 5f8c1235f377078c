/* SPDX-License-Identifier: MIT */
/* blkdev_cache.c - the page cache of a block device: filled, read ahead, written out.
 *
 * The pages are what file systems see as bufs (fs/buf.c), too. Only pieces that changed are
 * written, in units of the device's block, so a neighbour in the same page that a journal holds
 * back stays where it is.
 *
 * Locks: page locks. Ref: none. Tests: selftests/unit/pagecache_test.c, selftests/storage/run
 */
#include <fs/blk_int.h>

#include <fs/pageio.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/page.h>
#include <mm/vmo.h>

/* How many bytes of page index the device has. */
static u32 bytes_in(const struct blkdev *d, u64 index)
{
	u64 size = blkdev_bytes(d), at = index << PAGE_SHIFT;

	return at >= size ? 0 : (u32)min(size - at, PAGE_SIZE);
}

static int dev_fill(struct vmo *v, struct page *p)
{
	struct blkdev *d = v->owner;
	u32 n = bytes_in(d, p->index);

	if (n < PAGE_SIZE)
		memset((u8 *)page_to_virt(p) + n, 0, PAGE_SIZE - n);
	return n ? blkdev_page_wait(d, BIO_READ, p->index << (PAGE_SHIFT - SECTOR_SHIFT), p, 0, n,
				    0)
		 : 0;
}

static void dev_read_ahead(struct vmo *v, struct page **pages, u32 n)
{
	struct blkdev *d = v->owner;
	struct page_io io;

	page_io_begin(&io, d, BIO_READ, BIO_READAHEAD, page_filled);
	for (u32 i = 0; i < n; i++) {
		u32 len = bytes_in(d, pages[i]->index);

		page_io_page(&io, pages[i]);
		if (len < PAGE_SIZE)
			memset((u8 *)page_to_virt(pages[i]) + len, 0, PAGE_SIZE - len);
		if (len)
			page_io_add(&io, pages[i], 0, len,
				    pages[i]->index << (PAGE_SHIFT - SECTOR_SHIFT));
		page_io_page_end(&io, pages[i], 0);
	}
	page_io_end(&io);
}

/* Whatever changes is there already: nothing to reserve. */
static int dev_mkwrite(struct vmo *v, struct page *p, u32 from, u32 to)
{
	struct blkdev *d = v->owner;

	return d->read_only || d->disk->limits.read_only ? -EPERM : 0;
}

/* Adds the runs of dirty pieces, widened to the device's blocks. */
static void add_pieces(struct page_io *io, struct blkdev *d, struct page *p, u32 mask)
{
	u32 block = d->disk->limits.logical_block / DIRTY_PIECE,
	    all = bytes_in(d, p->index) / DIRTY_PIECE, i, k;

	for (i = 0; i < all; i = k) {
		u32 unit = ((1u << block) - 1) << i;

		for (k = i + block; (mask & unit) && k < all && (mask >> k & ((1u << block) - 1));
		     k += block)
			;
		if (mask & unit)
			page_io_add(io, p, i * DIRTY_PIECE, (k - i) * DIRTY_PIECE,
				    (p->index << (PAGE_SHIFT - SECTOR_SHIFT)) + i);
	}
}

static int dev_write_out(struct vmo *v, struct writeback *wb)
{
	struct blkdev *d = v->owner;
	u64 index = wb->first;
	struct page_io io;
	struct page *p;
	u32 mask;

	page_io_begin(&io, d, BIO_WRITE, wb->wait ? 0 : BIO_BACKGROUND, page_written);
	while ((p = vmo_take_dirty(v, wb, &index, &mask))) {
		page_io_page(&io, p);
		add_pieces(&io, d, p, mask);
		page_io_page_end(&io, p, 0);
		index++;
	}
	page_io_end(&io);
	return 0;
}

static void dev_dirtied(struct vmo *v)
{
	struct blkdev *d = v->owner;

	flusher_add(&d->flush);
}

static const struct pager_ops dev_pager = {
	.fill = dev_fill,
	.read_ahead = dev_read_ahead,
	.mkwrite = dev_mkwrite,
	.write_out = dev_write_out,
	.dirtied = dev_dirtied,
};

/* ---- in time ---- */

static int flush_item(struct flush_item *i, struct writeback *wb)
{
	struct vmo *m = container_of(i, struct blkdev, flush)->vmo;
	int err = dev_write_out(m, wb);

	if (wb->wait)
		vmo_wait_written(m, 0, U64_MAX);
	return err;
}

static bool item_hold(struct flush_item *i)
{
	return object_tryget(&container_of(i, struct blkdev, flush)->obj);
}

static void item_put(struct flush_item *i)
{
	object_put(&container_of(i, struct blkdev, flush)->obj);
}

static bool item_dirty(struct flush_item *i)
{
	struct vmo *m = container_of(i, struct blkdev, flush)->vmo;

	return vmo_is_dirty(m) || vmo_is_writing(m);
}

static const struct flush_ops item_ops = {
	.hold = item_hold, .put = item_put, .write = flush_item, .dirty = item_dirty
};

struct vmo *blkdev_make_vmo(struct blkdev *d)
{
	flush_item_init(&d->flush, &item_ops);
	return vmo_create(&dev_pager, d, blkdev_bytes(d), 0);
}
