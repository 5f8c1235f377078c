/* SPDX-License-Identifier: MIT */
/* blkdev_file.c - a block device as a file: its page cache, reading and writing through it, fsync.
 *
 * The pages are what file systems see as bufs (fs/buf.c), too. Only pieces that changed are written, in units of the device's block, so
 * a neighbour in the same page that a journal holds back stays where it is.
 *
 * Locks: page locks. Ref: open(2) (O_EXCL on devices), fsync(2). Tests: selftests/boot/run (disk)
 */
#include <fs/blk_int.h>

#include <fs/chrdev.h>
#include <fs/direct.h>
#include <fs/pageio.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vma.h>
#include <mm/vmo.h>

static struct blkdev *dev_of(struct file *f)
{
	return container_of(f->obj, struct blkdev, obj);
}

/* ---- the pager ---- */

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
	struct bio *b;
	int err;

	if (n < PAGE_SIZE)
		memset((u8 *)page_to_virt(p) + n, 0, PAGE_SIZE - n);
	if (!n)
		return 0;
	b = bio_alloc(d, BIO_READ, p->index << (PAGE_SHIFT - SECTOR_SHIFT), 1, PAGE_KERNEL);
	if (!bio_add(b, p, 0, n))
		err = -EIO;
	else
		err = blkdev_submit_wait(b);
	bio_free(b);
	return err;
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
			page_io_add(&io, pages[i], 0, len, pages[i]->index << (PAGE_SHIFT - SECTOR_SHIFT));
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
	u32 block = d->disk->limits.logical_block / DIRTY_PIECE, all = bytes_in(d, p->index) / DIRTY_PIECE, i, k;

	for (i = 0; i < all; i = k) {
		u32 unit = ((1u << block) - 1) << i;

		for (k = i + block; (mask & unit) && k < all && (mask >> k & ((1u << block) - 1)); k += block)
			;
		if (mask & unit)
			page_io_add(io, p, i * DIRTY_PIECE, (k - i) * DIRTY_PIECE, (p->index << (PAGE_SHIFT - SECTOR_SHIFT)) + i);
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
	.fill = dev_fill, .read_ahead = dev_read_ahead, .mkwrite = dev_mkwrite, .write_out = dev_write_out, .dirtied = dev_dirtied,
};

static int flush_item(struct flush_item *i, struct writeback *wb)
{
	return dev_write_out(container_of(i, struct blkdev, flush)->vmo, wb);
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
	return vmo_is_dirty(container_of(i, struct blkdev, flush)->vmo);
}

static const struct flush_ops item_ops = { .hold = item_hold, .put = item_put, .write = flush_item, .dirty = item_dirty };

struct vmo *blkdev_make_vmo(struct blkdev *d)
{
	flush_item_init(&d->flush, &item_ops);
	return vmo_create(&dev_pager, d, blkdev_bytes(d), 0);
}

/* ---- the file ---- */

int blkdev_open_node(u32 dev, u32 flags, struct file **out)
{
	struct blkdev *d;
	int err = blkdev_find(dev, &d);

	if (err)
		return err;
	if ((flags & O_ACCMODE) != O_RDONLY && (d->read_only || d->disk->limits.read_only)) {
		blkdev_put(d);
		return -EACCES;
	}
	blkdev_get(d);
	err = file_create(&d->obj, flags, out);
	if (!err && (flags & O_EXCL)) {
		err = blkdev_claim(d, *out);
		if (err)
			file_put_now(*out);
	}
	if (!err) {
		(*out)->err_seen = d->vmo->err_seq;
		blkdev_opened(d, 1);
		(*out)->private = d;		/* counted */
	}
	blkdev_put(d);
	return err;
}

static void dev_released(struct file *f)
{
	struct blkdev *d = dev_of(f);

	if (!f->private)
		return;
	blkdev_release(d, f);
	if (blkdev_opened(d, -1) == 0 && vmo_sync(d->vmo, 0, U64_MAX))
		vmo_error(d->vmo, -EIO);	/* told to whoever opens it next and syncs */
}

static int map_dev(void *arg, u64 pos, usize len, struct direct_run *out)
{
	out->dev = arg;
	out->sector = pos >> SECTOR_SHIFT;
	out->len = len;
	out->hole = false;
	return 0;
}

static ssize_t direct(struct blkdev *d, struct iter *it, loff_t pos, enum bio_op op)
{
	struct direct_io io = { d->vmo, d->disk->limits.logical_block, op, map_dev, d };

	return direct_io(&io, it, pos);
}

static ssize_t dev_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct blkdev *d = dev_of(f);
	u64 size = blkdev_bytes(d);
	ssize_t n;

	if ((u64)*pos >= size)
		return 0;
	if (unlikely((file_flags(f) & O_DIRECT) && to->kind == ITER_USER)) {
		to->left = min(to->left, size - (u64)*pos);
		n = direct(d, to, *pos, BIO_READ);
	} else {
		n = vmo_read(d->vmo, to, *pos, &f->ahead);
	}
	if (n > 0)
		*pos += n;
	return n;
}

static ssize_t dev_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct blkdev *d = dev_of(f);
	u64 size = blkdev_bytes(d);
	ssize_t n;

	if (!iter_left(from))
		return 0;
	if (d->read_only || d->disk->limits.read_only)
		return -EPERM;
	if ((u64)*pos >= size)
		return -ENOSPC;
	from->left = min(from->left, size - (u64)*pos);
	if (unlikely((file_flags(f) & O_DIRECT) && from->kind == ITER_USER))
		n = direct(d, from, *pos, BIO_WRITE);
	else
		n = vmo_write(d->vmo, from, *pos);
	if (n <= 0)
		return n;
	*pos += n;
	if (unlikely(file_flags(f) & O_DSYNC)) {
		int err = f->obj->ops->fsync(f, true);

		if (err)
			return err;
	}
	return n;
}

static loff_t dev_seek(struct file *f, loff_t off, int whence)
{
	loff_t size = (loff_t)blkdev_bytes(dev_of(f)), pos;

	switch (whence) {
	case SEEK_SET: pos = off; break;
	case SEEK_CUR: pos = f->pos + off; break;
	case SEEK_END: pos = size + off; break;
	case SEEK_DATA: pos = off < size ? off : -ENXIO; break;
	case SEEK_HOLE: pos = off < size ? size : -ENXIO; break;
	default: return -EINVAL;
	}
	if (pos == -ENXIO && (whence == SEEK_DATA || whence == SEEK_HOLE))
		return -ENXIO;
	if (pos < 0 || pos > size)
		return -EINVAL;
	return f->pos = pos;
}

static int dev_mmap(struct file *f, struct vm_request *req)
{
	struct blkdev *d = dev_of(f);

	vmo_get(d->vmo);
	req->vmo = d->vmo;
	return 0;
}

int blkdev_sync(struct blkdev *d)
{
	int err = vmo_sync(d->vmo, 0, U64_MAX), flushed = blkdev_flush(d);

	return err ? err : flushed;
}

static int dev_fsync(struct file *f, bool data_only)
{
	struct blkdev *d = dev_of(f);
	int err = blkdev_sync(d), seen = vmo_check_error(d->vmo, &f->err_seen);

	return seen ? seen : err;
}

const struct object_ops blkdev_ops = {
	.name = "block device",
	.type = OBJ_BLOCKDEV,
	.read = dev_read,
	.write = dev_write,
	.seek = dev_seek,
	.mmap = dev_mmap,
	.fsync = dev_fsync,
	.file_release = dev_released,
	.release = blkdev_free,
};
