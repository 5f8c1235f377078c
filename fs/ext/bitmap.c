/* SPDX-License-Identifier: MIT */
/* bitmap.c - the bitmaps of a group: read, checked once, or made up when the descriptor says that
 * they were never written.
 *
 * Invariant: a bitmap that is handed out agrees with its checksum, with its descriptor's count, and
 * with the places of the group's own tables. One that does not makes its group bad: nothing is
 * allocated or freed there any more.
 *
 * Locks: the group's. Ref: ext4/group_descr.rst ("lazy block group initialization"), bitmaps.rst.
 * Tests: ext_super_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <kernel/lib/bitmap.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>

static u32 bits_checksum(const struct ext_fs *fs, const struct buf *b, u32 bits)
{
	return crc32c(fs->csum_seed, b->data, bits / 8);
}

void ext_block_bitmap_checksum(struct ext_fs *fs, u32 g, struct buf *b)
{
	struct ext_group_disk *d = ext_desc(fs, g);
	u32 crc;

	if (!fs->csum)
		return;
	crc = bits_checksum(fs, b, fs->blocks_per_group);
	d->block_bitmap_csum_lo = (u16)crc;
	if (fs->desc_size >= sizeof(*d))
		d->block_bitmap_csum_hi = (u16)(crc >> 16);
}

void ext_inode_bitmap_checksum(struct ext_fs *fs, u32 g, struct buf *b)
{
	struct ext_group_disk *d = ext_desc(fs, g);
	u32 crc;

	if (!fs->csum)
		return;
	crc = bits_checksum(fs, b, fs->inodes_per_group);
	d->inode_bitmap_csum_lo = (u16)crc;
	if (fs->desc_size >= sizeof(*d))
		d->inode_bitmap_csum_hi = (u16)(crc >> 16);
}

static bool checksum_is(const struct ext_fs *fs, u32 crc, u16 lo, u16 hi)
{
	if (!fs->csum)
		return true;
	return (u16)crc == lo &&
	       (fs->desc_size < sizeof(struct ext_group_disk) || (u16)(crc >> 16) == hi);
}

/* ---- made up ---- */

static void mark(const struct ext_fs *fs, u32 g, u64 *map, u64 block, u64 n)
{
	u64 first = ext_group_first(fs, g), end = first + ext_blocks_in_group(fs, g);
	u64 from = max(block, first), to = min(block + n, end);

	if (from < to)
		bitmap_set_range(map, from - first, to - from);
}

static void make_block_bitmap(const struct ext_fs *fs, u32 g, u64 *map)
{
	const struct ext_group_disk *d = ext_desc(fs, g);
	u32 n = ext_blocks_in_group(fs, g), base = ext_group_base_blocks(fs, g),
	    bits = fs->block_size * 8;

	bitmap_set_range(map, 0, min(base, n));
	mark(fs, g, map, ext_desc_block_bitmap(fs, d), 1);
	mark(fs, g, map, ext_desc_inode_bitmap(fs, d), 1);
	mark(fs, g, map, ext_desc_inode_table(fs, d), fs->itable_blocks);
	if (n < bits)
		bitmap_set_range(map, n, bits - n);
}

static void make_inode_bitmap(const struct ext_fs *fs, u64 *map)
{
	u32 bits = fs->block_size * 8;

	if (fs->inodes_per_group < bits)
		bitmap_set_range(map, fs->inodes_per_group, bits - fs->inodes_per_group);
}

/* ---- checked ---- */

static bool is_marked(const struct ext_fs *fs, u32 g, const u64 *map, u64 block, u64 n)
{
	u64 first = ext_group_first(fs, g), end = first + ext_blocks_in_group(fs, g);
	u64 from = max(block, first), to = min(block + n, end);

	return from >= to || bitmap_find_clear(map, to - first, from - first) == BITMAP_NONE;
}

static int check_block_bitmap(struct ext_fs *fs, u32 g, const struct buf *b, bool made)
{
	const struct ext_group_disk *d = ext_desc(fs, g);
	u32 n = ext_blocks_in_group(fs, g), bits = fs->blocks_per_group;
	const u64 *map = (const u64 *)b->data;

	if (!made && !checksum_is(fs, bits_checksum(fs, b, bits), d->block_bitmap_csum_lo,
				  d->block_bitmap_csum_hi))
		return ext_corrupt(fs, 0, b->block, "block bitmap of group %u: checksum", g);
	if (!is_marked(fs, g, map, ext_desc_block_bitmap(fs, d), 1) ||
	    !is_marked(fs, g, map, ext_desc_inode_bitmap(fs, d), 1) ||
	    !is_marked(fs, g, map, ext_desc_inode_table(fs, d), fs->itable_blocks))
		return ext_corrupt(fs, 0, b->block,
				   "block bitmap of group %u: its own tables are free", g);
	if (n - bitmap_count(map, n) != ext_desc_free_blocks(fs, d))
		return ext_corrupt(fs, 0, b->block,
				   "block bitmap of group %u: %lu free, descriptor %u", g,
				   n - bitmap_count(map, n), ext_desc_free_blocks(fs, d));
	return 0;
}

static int check_inode_bitmap(struct ext_fs *fs, u32 g, const struct buf *b, bool made)
{
	const struct ext_group_disk *d = ext_desc(fs, g);
	u32 n = fs->inodes_per_group;
	u64 used = bitmap_count((const u64 *)b->data, n);

	if (!made && !checksum_is(fs, bits_checksum(fs, b, n), d->inode_bitmap_csum_lo,
				  d->inode_bitmap_csum_hi))
		return ext_corrupt(fs, 0, b->block, "inode bitmap of group %u: checksum", g);
	if (n - used != ext_desc_free_inodes(fs, d))
		return ext_corrupt(fs, 0, b->block,
				   "inode bitmap of group %u: %lu free, descriptor %u", g, n - used,
				   ext_desc_free_inodes(fs, d));
	return 0;
}

static int fetch(struct ext_fs *fs, u64 block, bool make, struct buf **out)
{
	*out = make ? buf_find(fs->dev, block) : NULL;
	if (*out && buf_flag(*out, BUF_VERIFIED))
		return 0;
	buf_putp(out);
	*out = NULL;
	return make ? buf_new(fs->dev, block, out) : buf_read(fs->dev, block, out);
}

static int mark_bad(struct ext_fs *fs, u32 g, struct buf **b)
{
	ext_group(fs, g)->bad = true;
	ext_group_note(fs, g);
	buf_putp(b);
	*b = NULL;
	return -EUCLEAN;
}

int ext_block_bitmap(struct ext_fs *fs, u32 g, struct buf **out)
{
	const struct ext_group_disk *d = ext_desc(fs, g);
	bool make = (fs->csum || fs->gdt_csum) && (d->flags & BG_BLOCK_UNINIT);
	int err = fetch(fs, ext_desc_block_bitmap(fs, d), make, out);

	if (err || buf_flag(*out, BUF_VERIFIED))
		return err;
	if (make)
		make_block_bitmap(fs, g, (u64 *)(*out)->data);
	if (check_block_bitmap(fs, g, *out, make))
		return mark_bad(fs, g, out);
	buf_flag_set(*out, BUF_VERIFIED);
	return 0;
}

int ext_inode_bitmap(struct ext_fs *fs, u32 g, struct buf **out)
{
	const struct ext_group_disk *d = ext_desc(fs, g);
	bool make = (fs->csum || fs->gdt_csum) && (d->flags & BG_INODE_UNINIT);
	int err = fetch(fs, ext_desc_inode_bitmap(fs, d), make, out);

	if (err || buf_flag(*out, BUF_VERIFIED))
		return err;
	if (make)
		make_inode_bitmap(fs, (u64 *)(*out)->data);
	if (check_inode_bitmap(fs, g, *out, make))
		return mark_bad(fs, g, out);
	buf_flag_set(*out, BUF_VERIFIED);
	return 0;
}
