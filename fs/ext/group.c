/* SPDX-License-Identifier: MIT */
/* group.c - group descriptors: read and checked at mount, changed in place; and which groups have
 * room.
 *
 * Invariants:
 *  (1) The blocks of descriptors stay in memory while mounted. A descriptor changes with its
 *      group's lock, and its checksum with it.
 *  (2) A group is in the bin of log2 of its free blocks, so that an allocation goes to a group that
 *      has room without looking at the others: a search is one bitmap a bin.
 *
 * Ref: ext4/group_descr.rst, checksums.rst. Tests: selftests/unit/ext_super_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <fs/blkdev.h>
#include <kernel/lib/bitmap.h>
#include <kernel/lib/crc.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* ---- fields in two halves ---- */

static bool is_wide(const struct ext_fs *fs)
{
	return fs->desc_size >= sizeof(struct ext_group_disk);
}

struct ext_group_disk *ext_desc(const struct ext_fs *fs, u32 g)
{
	return (struct ext_group_disk *)(fs->gdt[g / fs->descs_per_block]->data +
					 g % fs->descs_per_block * fs->desc_size);
}

#define GET(name, type, shift) \
	type ext_desc_##name(const struct ext_fs *fs, const struct ext_group_disk *d) \
	{ \
		return d->name##_lo | (is_wide(fs) ? (type)d->name##_hi << (shift) : 0); \
	}
#define SET(name) \
	void ext_desc_set_##name(const struct ext_fs *fs, struct ext_group_disk *d, u32 n) \
	{ \
		d->name##_lo = (u16)n; \
		if (is_wide(fs)) \
			d->name##_hi = (u16)(n >> 16); \
	}

GET(block_bitmap, u64, 32)
GET(inode_bitmap, u64, 32)
GET(inode_table, u64, 32)
GET(free_blocks, u32, 16)
GET(free_inodes, u32, 16)
GET(used_dirs, u32, 16)
GET(itable_unused, u32, 16)
SET(free_blocks)
SET(free_inodes)
SET(used_dirs)
SET(itable_unused)

static u16 desc_checksum(const struct ext_fs *fs, u32 g, const struct ext_group_disk *d)
{
	const u8 *p = (const u8 *)d;
	u32 at = offsetof(struct ext_group_disk, checksum), after = at + 2;
	static const u8 zero[2];

	if (fs->csum) {
		u32 crc = crc32c(fs->csum_seed, &g, sizeof(g));

		crc = crc32c(crc32c(crc, p, at), zero, 2);
		return (u16)crc32c(crc, p + after, fs->desc_size - after);
	} else {
		u16 crc = crc16(0xffff, fs->sb->uuid, sizeof(fs->sb->uuid));

		crc = crc16(crc16(crc, &g, sizeof(g)), p, at);
		return fs->incompat & INCOMPAT_64BIT ? crc16(crc, p + after, fs->desc_size - after)
						     : crc;
	}
}

void ext_desc_checksum(const struct ext_fs *fs, u32 g)
{
	struct ext_group_disk *d = ext_desc(fs, g);

	if (fs->csum || fs->gdt_csum)
		d->checksum = desc_checksum(fs, g, d);
}

u32 ext_blocks_in_group(const struct ext_fs *fs, u32 g)
{
	if (g + 1 < fs->nr_groups)
		return fs->blocks_per_group;
	return (u32)(fs->blocks - ext_group_first(fs, g));
}

/* ---- mount ---- */

/* Without flex_bg a group's tables are its own; with it they are anywhere on the device. */
static bool is_table_place(const struct ext_fs *fs, u32 g, u64 block, u64 n)
{
	u64 first = ext_group_first(fs, g), end = first + ext_blocks_in_group(fs, g);

	if (fs->incompat & INCOMPAT_FLEX_BG) {
		first = fs->first_block + 1;
		end = fs->blocks;
	}
	return block >= first && n <= fs->blocks && block <= end - n;
}

static int check_desc(struct ext_fs *fs, u32 g)
{
	struct ext_group_disk *d = ext_desc(fs, g);

	if ((fs->csum || fs->gdt_csum) && d->checksum != desc_checksum(fs, g, d))
		return ext_corrupt(fs, 0, 0, "descriptor of group %u: checksum %#x", g,
				   d->checksum);
	if (!is_table_place(fs, g, ext_desc_block_bitmap(fs, d), 1) ||
	    !is_table_place(fs, g, ext_desc_inode_bitmap(fs, d), 1) ||
	    !is_table_place(fs, g, ext_desc_inode_table(fs, d), fs->itable_blocks))
		return ext_corrupt(fs, 0, 0,
				   "descriptor of group %u: tables at blocks %lu, %lu, %lu", g,
				   ext_desc_block_bitmap(fs, d), ext_desc_inode_bitmap(fs, d),
				   ext_desc_inode_table(fs, d));
	if (ext_desc_free_blocks(fs, d) > ext_blocks_in_group(fs, g) ||
	    ext_desc_free_inodes(fs, d) > fs->inodes_per_group ||
	    ext_desc_used_dirs(fs, d) > fs->inodes_per_group ||
	    ext_desc_itable_unused(fs, d) > fs->inodes_per_group)
		return ext_corrupt(fs, 0, 0, "descriptor of group %u: counts", g);
	return 0;
}

static int alloc_tables(struct ext_fs *fs)
{
	u32 chunks = DIV_ROUND_UP(fs->nr_groups, EXT_GROUPS_PER_CHUNK);
	usize words = BITMAP_WORDS((usize)fs->nr_groups);

	fs->groups = kcalloc(chunks, sizeof(void *));
	fs->inode_groups = kcalloc(words, sizeof(u64));
	if (!fs->groups || !fs->inode_groups)
		return -ENOMEM;
	for (u32 i = 0; i < EXT_NR_BINS; i++) {
		fs->bins[i] = kcalloc(words, sizeof(u64));
		if (!fs->bins[i])
			return -ENOMEM;
	}
	for (u32 i = 0; i < chunks; i++) {
		fs->groups[i] = kcalloc(EXT_GROUPS_PER_CHUNK, sizeof(struct ext_group));
		if (!fs->groups[i])
			return -ENOMEM;
	}
	for (u32 i = 0; i < fs->nr_groups; i++) {
		struct ext_group *g = ext_group(fs, i);

		mutex_init(&g->lock, RANK_EXT_GROUP);
		list_init(&g->freed);
		g->max_run = U32_MAX;
	}
	return 0;
}

int ext_gdt_read(struct ext_fs *fs)
{
	fs->gdt = kcalloc(fs->nr_desc_blocks, sizeof(void *));
	if (!fs->gdt)
		return -ENOMEM;
	for (u32 i = 0; i < fs->nr_desc_blocks; i++) {
		u64 at = ext_desc_block(fs, i);
		int err;

		if (i % 64 == 0 && !(fs->incompat & INCOMPAT_META_BG))
			buf_readahead(fs->dev, at, min(64u, fs->nr_desc_blocks - i));
		err = at < fs->blocks ? buf_read(fs->dev, at, &fs->gdt[i]) : -EUCLEAN;
		if (err) {
			pr_err("%s: group descriptors in block %lu cannot be read", fs->name, at);
			return err;
		}
	}
	return 0;
}

int ext_groups_load(struct ext_fs *fs)
{
	u64 blocks = 0, inodes = 0, dirs = 0;
	int err = alloc_tables(fs);

	for (u32 g = 0; g < fs->nr_groups && !err; g++) {
		struct ext_group_disk *d = ext_desc(fs, g);

		err = check_desc(fs, g);
		if (err)
			break;
		blocks += ext_desc_free_blocks(fs, d);
		inodes += ext_desc_free_inodes(fs, d);
		dirs += ext_desc_used_dirs(fs, d);
		ext_group_note(fs, g);
	}
	atomic_set(&fs->free_blocks, blocks);
	atomic_set(&fs->free_inodes, inodes);
	atomic_set(&fs->nr_dirs, dirs);
	return err;
}

void ext_groups_free(struct ext_fs *fs)
{
	for (u32 i = 0; fs->groups && i < DIV_ROUND_UP(fs->nr_groups, EXT_GROUPS_PER_CHUNK); i++) {
		for (u32 k = 0; fs->groups[i] && k < EXT_GROUPS_PER_CHUNK; k++)
			if (i * EXT_GROUPS_PER_CHUNK + k < fs->nr_groups &&
			    fs->groups[i][k].freed.next)
				ext_freed_drop(&fs->groups[i][k]);
		kfree(fs->groups[i]);
	}
	for (u32 i = 0; fs->gdt && i < fs->nr_desc_blocks; i++)
		buf_putp(&fs->gdt[i]);
	for (u32 i = 0; i < EXT_NR_BINS; i++)
		kfree(fs->bins[i]);
	kfree(fs->inode_groups);
	kfree(fs->groups);
	kfree(fs->gdt);
}

/* ---- which groups have room ---- */

static u8 bin_of(u32 n)
{
	return n ? (u8)min(32u - (u32)__builtin_clz(n), EXT_NR_BINS - 1) : 0;
}

void ext_group_note(struct ext_fs *fs, u32 nr)
{
	struct ext_group *g = ext_group(fs, nr);
	const struct ext_group_disk *d = ext_desc(fs, nr);
	u8 bin = g->bad ? 0 : bin_of(ext_desc_free_blocks(fs, d));
	bool inodes = !g->bad && ext_desc_free_inodes(fs, d);

	if (bin == g->bin && inodes == bitmap_test(fs->inode_groups, nr))
		return;
	spin_lock(&fs->spin);
	if (g->bin)
		bitmap_clear(fs->bins[g->bin], nr);
	g->bin = bin;
	if (bin)
		bitmap_set(fs->bins[bin], nr);
	if (inodes)
		bitmap_set(fs->inode_groups, nr);
	else
		bitmap_clear(fs->inode_groups, nr);
	spin_unlock(&fs->spin);
}

static u32 next_in(const struct ext_fs *fs, const u64 *map, u32 goal)
{
	u64 at = bitmap_find_set(map, fs->nr_groups, goal);

	if (at == BITMAP_NONE)
		at = bitmap_find_set(map, fs->nr_groups, 0);
	return at == BITMAP_NONE ? U32_MAX : (u32)at;
}

u32 ext_group_with_blocks(struct ext_fs *fs, u32 goal, u32 n)
{
	u32 best = U32_MAX, best_far = U32_MAX;

	spin_lock(&fs->spin);
	for (u32 bin = bin_of(max(n, 1u)); bin < EXT_NR_BINS; bin++) {
		u32 g = next_in(fs, fs->bins[bin], goal),
		    far = g >= goal ? g - goal : g + fs->nr_groups - goal;

		if (g != U32_MAX && far < best_far) {
			best = g;
			best_far = far;
		}
	}
	spin_unlock(&fs->spin);
	return best;
}

u32 ext_group_with_inodes(struct ext_fs *fs, u32 goal)
{
	u32 g;

	spin_lock(&fs->spin);
	g = next_in(fs, fs->inode_groups, goal);
	spin_unlock(&fs->spin);
	return g;
}

bool ext_block_valid(const struct ext_fs *fs, u64 block, u64 n)
{
	return block > fs->first_block && n <= fs->blocks && block <= fs->blocks - n;
}
