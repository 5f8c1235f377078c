/* SPDX-License-Identifier: MIT */
/* imgdev.c - see imgdev.h. A buf that was changed and not marked dirty loses its change as soon as
 * nobody holds it. */
#include "imgdev.h"

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>

struct blkdev img_dev = { .name = "vdt", .block_size = 512 };
u32 img_fail_reads, img_smallest = 512;

static u8 *image;
static u64 image_bytes;
static struct buf **bufs;
static u64 nr_bufs;

#define IS_DIRTY BUF_FS0

static void to_image(struct buf *b)
{
	memcpy(image + b->block * b->size, b->data, b->size);
	buf_flag_clear(b, IS_DIRTY);
}

static void forget(u64 n)
{
	if (buf_flag(bufs[n], IS_DIRTY))
		to_image(bufs[n]);
	host_free(bufs[n]->data);
	host_free(bufs[n]);
	bufs[n] = NULL;
}

void img_forget(void)
{
	for (u64 n = 0; n < nr_bufs; n++)
		if (bufs[n])
			forget(n);
	host_free(bufs);
	bufs = NULL;
	nr_bufs = 0;
}

void img_use(const void *bytes, u64 size)
{
	img_forget();
	host_free(image);
	image = host_alloc(size, 16, false);
	memcpy(image, bytes, size);
	image_bytes = size;
	img_dev.nr_sectors = size >> SECTOR_SHIFT;
	img_dev.block_size = 512;
	img_fail_reads = 0;
}

void img_load(const char *path)
{
	usize size;
	void *p = host_read_file(path, &size);

	ASSERT_TRUE(p);
	img_use(p, size);
	host_free(p);
}

void img_save(const char *path)
{
	ASSERT_EQ(0, buf_sync(&img_dev));
	ASSERT_TRUE(host_write_file(path, image, image_bytes));
}

u8 *img_bytes(u64 *size)
{
	*size = image_bytes;
	return image;
}

u32 img_held(void)
{
	u32 held = 0;

	for (u64 n = 0; n < nr_bufs; n++)
		held += bufs[n] && atomic_read(&bufs[n]->refs);
	return held;
}

int blkdev_set_block_size(struct blkdev *d, u32 size)
{
	if (size < img_smallest)
		return -EINVAL;
	img_forget();
	d->block_size = size;
	return 0;
}

static int get(u64 block, struct buf **out)
{
	u32 size = img_dev.block_size;

	if (!bufs) {
		nr_bufs = image_bytes / size;
		bufs = host_alloc(nr_bufs * sizeof(*bufs) + 1, 0, true);
	}
	if (block >= nr_bufs)
		return -EIO;
	if (!bufs[block]) {
		struct buf *b = host_alloc(sizeof(*b), 16, true);

		*b = (struct buf){ .dev = &img_dev,
				   .block = block,
				   .size = size,
				   .data = host_alloc(size, 16, false) };
		memcpy(b->data, image + block * size, size);
		bufs[block] = b;
	}
	ref_get(&bufs[block]->refs);
	*out = bufs[block];
	return 0;
}

int buf_read(struct blkdev *dev, u64 block, struct buf **out)
{
	if (host_allocation_fails())
		return -ENOMEM;
	if (img_fail_reads && --img_fail_reads == 0)
		return -EIO;
	return get(block, out);
}

int buf_new(struct blkdev *dev, u64 block, struct buf **out)
{
	int err = host_allocation_fails() ? -ENOMEM : get(block, out);

	if (!err)
		memset((*out)->data, 0, (*out)->size);
	return err;
}

struct buf *buf_find(struct blkdev *dev, u64 block)
{
	if (block >= nr_bufs || !bufs[block])
		return NULL;
	ref_get(&bufs[block]->refs);
	return bufs[block];
}

void buf_readahead(struct blkdev *dev, u64 block, u32 n)
{
}

void buf_put(struct buf *b)
{
	if (!atomic_read(&b->refs))
		panic("buf_put: nobody holds block %lu", b->block);
	if (atomic_sub_return(&b->refs, 1) == 0 && !buf_flag(b, IS_DIRTY))
		forget(b->block);
}

void buf_dirty(struct buf *b)
{
	buf_flag_set(b, IS_DIRTY);
}

void buf_clean(struct buf *b)
{
	buf_flag_clear(b, IS_DIRTY);
}

int buf_write(struct buf **b, u32 n, u32 flags)
{
	for (u32 i = 0; i < n; i++)
		to_image(b[i]);
	return 0;
}

int buf_sync(struct blkdev *dev)
{
	for (u64 n = 0; n < nr_bufs; n++)
		if (bufs[n] && buf_flag(bufs[n], IS_DIRTY))
			to_image(bufs[n]);
	return 0;
}
