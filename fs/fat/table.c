/* SPDX-License-Identifier: MIT */
/* table.c - the file allocation table: which cluster follows which, which are free. Every copy of
 * it is written.
 *
 * Invariant: nr_free, once known, is the number of zeros among clusters 2 to max_cluster - 1.
 * Locks: M. Ref: the specification, section 4. Tests: selftests/unit/fat_core_test.c,
 * fuzz/fat_fuzz.c
 */
#include <fs/blkdev.h>
#include <fs/fat/fat.h>
#include <kernel/lib/byteorder.h>
#include <kernel/uapi.h>

/* Byte of the table where the entry begins. */
static u64 place(const struct fat_fs *fs, u32 cluster)
{
	return fs->bits == 12 ? cluster + cluster / 2 : (u64)cluster * (fs->bits / 8);
}

static int read_sector(struct fat_fs *fs, u32 copy, u64 byte, struct buf **b)
{
	u64 sector = byte >> fs->sector_bits;

	if (sector >= fs->fat_sectors)
		return fat_corrupt(fs, "sector %lu of a table that has %u", sector,
				   fs->fat_sectors);
	return buf_read(fs->dev, fs->fat_start + (u64)copy * fs->fat_sectors + sector, b);
}

/* A 12-bit entry may lie in two sectors. */
static int get12(struct fat_fs *fs, u64 at, u32 *v)
{
	u32 mask = (1u << fs->sector_bits) - 1;
	auto_buf struct buf *a = NULL, *b = NULL;
	int err = read_sector(fs, 0, at, &a);

	if (!err)
		err = read_sector(fs, 0, at + 1, &b);
	if (err)
		return err;
	*v = a->data[at & mask] | b->data[(at + 1) & mask] << 8;
	return 0;
}

static u32 meaning(u32 v, u32 bits)
{
	u32 top = bits == 32 ? 0x0fffffff : (1u << bits) - 1;

	if (v >= top - 7)
		return FAT_END;
	return v == top - 8 ? FAT_BAD : v;
}

int fat_get(struct fat_fs *fs, u32 cluster, u32 *next)
{
	u32 mask = (1u << fs->sector_bits) - 1, v = 0;
	u64 at = place(fs, cluster);
	auto_buf struct buf *b = NULL;
	int err;

	if (cluster < FAT_FIRST_CLUSTER || cluster >= fs->max_cluster)
		return fat_corrupt(fs, "invalid access to FAT (entry 0x%08x)", cluster);
	if (fs->bits == 12) {
		err = get12(fs, at, &v);
		v = cluster & 1 ? v >> 4 : v & 0xfff;
	} else {
		err = read_sector(fs, 0, at, &b);
		if (!err)
			v = fs->bits == 16 ? get_le16(b->data + (at & mask))
					   : get_le32(b->data + (at & mask)) & 0x0fffffff;
	}
	if (!err)
		*next = meaning(v, fs->bits);
	return err;
}

static int set12(struct fat_fs *fs, u32 copy, u64 at, bool odd, u32 v)
{
	u32 mask = (1u << fs->sector_bits) - 1;
	auto_buf struct buf *a = NULL, *b = NULL;
	int err = read_sector(fs, copy, at, &a);

	if (!err)
		err = read_sector(fs, copy, at + 1, &b);
	if (err)
		return err;
	if (odd) {
		a->data[at & mask] = (u8)((a->data[at & mask] & 0x0f) | v << 4);
		b->data[(at + 1) & mask] = (u8)(v >> 4);
	} else {
		a->data[at & mask] = (u8)v;
		b->data[(at + 1) & mask] = (u8)((b->data[(at + 1) & mask] & 0xf0) | v >> 8);
	}
	buf_dirty(a);
	if (b != a)
		buf_dirty(b);
	return 0;
}

static int set_in(struct fat_fs *fs, u32 copy, u32 cluster, u32 v)
{
	u64 at = place(fs, cluster);
	auto_buf struct buf *b = NULL;
	u8 *p;
	int err;

	if (fs->bits == 12)
		return set12(fs, copy, at, cluster & 1, v & 0xfff);
	err = read_sector(fs, copy, at, &b);
	if (err)
		return err;
	p = b->data + (at & ((1u << fs->sector_bits) - 1));
	if (fs->bits == 16)
		put_le16(p, (u16)v);
	else
		put_le32(p, (get_le32(p) & 0xf0000000) | (v & 0x0fffffff));
	buf_dirty(b);
	return 0;
}

int fat_set(struct fat_fs *fs, u32 cluster, u32 next)
{
	int err = 0;

	if (cluster < FAT_FIRST_CLUSTER || cluster >= fs->max_cluster)
		return fat_corrupt(fs, "invalid access to FAT (entry 0x%08x)", cluster);
	if (next == FAT_END)
		next = 0x0fffffff;
	for (u32 copy = 0; copy < fs->nr_fats && !err; copy++)
		err = set_in(fs, copy, cluster, next);
	return err;
}

int fat_count_free(struct fat_fs *fs)
{
	u32 free = 0, next = 0;

	if (fs->nr_free != U32_MAX)
		return 0;
	for (u32 c = FAT_FIRST_CLUSTER; c < fs->max_cluster; c++) {
		int err;

		if (!(place(fs, c) & ((1u << fs->sector_bits) - 1)))
			buf_readahead(fs->dev, fs->fat_start + (place(fs, c) >> fs->sector_bits),
				      32);
		err = fat_get(fs, c, &next);
		if (err)
			return err;
		free += !next;
	}
	fs->nr_free = free;
	fs->info_dirty = true;
	return 0;
}

int fat_alloc(struct fat_fs *fs, u32 *cluster)
{
	u32 nr = fs->max_cluster - FAT_FIRST_CLUSTER, at = fs->next_free, next = 0;
	int err = fat_count_free(fs);

	if (err)
		return err;
	for (u32 n = 0; n < nr && fs->nr_free; n++) {
		if (++at >= fs->max_cluster || at < FAT_FIRST_CLUSTER)
			at = FAT_FIRST_CLUSTER;
		err = fat_get(fs, at, &next);
		if (!err && next)
			continue;
		if (!err)
			err = fat_set(fs, at, FAT_END);
		if (err)
			return err;
		fs->next_free = *cluster = at;
		fs->nr_free--;
		fs->info_dirty = true;
		return 0;
	}
	if (fs->nr_free) {	/* the count was a lie: none is left */
		fs->nr_free = 0;
		fs->info_dirty = true;
	}
	return -ENOSPC;
}

int fat_free_run(struct fat_fs *fs, u32 cluster, u32 n)
{
	for (u32 c = cluster; c < cluster + n; c++) {
		int err = fat_set(fs, c, 0);

		if (err)
			return err;
		if (fs->nr_free != U32_MAX)
			fs->nr_free++;
	}
	fs->info_dirty = true;
	if (fs->discard)
		fs->discard(fs, cluster, n);
	return 0;
}
