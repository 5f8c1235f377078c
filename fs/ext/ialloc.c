/* SPDX-License-Identifier: MIT */
/* ialloc.c - which inode a new file gets, and giving it back.
 *
 * How: a file goes where its directory is; a directory too while there is room, but one at the top
 * (of the root, or of a directory marked so) goes to a group with more room than most, so that
 * trees do not share groups (Orlov).
 *
 * Invariant: inodes of a group are given out from the lowest number on; those beyond the mark in
 * the descriptor (itable_unused) have never been used, and the blocks of the table there may hold
 * anything: they are cleared as the mark moves.
 *
 * Locks: the group's. Ref: ext4/group_descr.rst ("lazy block group initialization"),
 * allocators.rst. Tests: ext_name_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <kernel/lib/bitmap.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>

#define TRIES 16u

/* ---- where ---- */

static u64 room_of(const struct ext_fs *fs, u32 g)
{
	const struct ext_group_disk *d = ext_desc(fs, g);
	u32 inodes = ext_desc_free_inodes(fs, d);

	return inodes ? ((u64)ext_desc_free_blocks(fs, d) << 16) / (1 + ext_desc_used_dirs(fs, d)) +
				inodes
		      : 0;
}

/* Of some flex groups that come next, the one with most room for another tree. */
static u32 spread(struct ext_fs *fs)
{
	u32 flex = 1u << min(fs->log_flex, 16u), nr = DIV_ROUND_UP(fs->nr_groups, flex);
	u32 at = atomic_add_return(&fs->next_dir_group, 1), best = U32_MAX;
	u64 most = 0;

	for (u32 n = 0; n < min(nr, TRIES); n++) {
		u32 g = (u32)((u64)(at + n) % nr * flex);
		u64 room = room_of(fs, g);

		if (room > most) {
			most = room;
			best = g;
		}
	}
	return best == U32_MAX ? ext_group_with_inodes(fs, 0) : best;
}

static u32 choose_group(struct ext_fs *fs, const struct ext_inode *dir, bool is_dir)
{
	u32 g = ext_inode_group(fs, dir->ino);
	const struct ext_group_disk *d = ext_desc(fs, g);

	if (is_dir && (dir->ino == EXT_ROOT_INO || (dir->flags & EXT_TOPDIR_FL)))
		return spread(fs);
	if (is_dir && (ext_desc_free_inodes(fs, d) < fs->inodes_per_group / 16 ||
		       !ext_desc_free_blocks(fs, d)))
		g = g + 1 < fs->nr_groups ? g + 1 : 0;
	return ext_group_with_inodes(fs, g);
}

/* ---- taking ---- */

/* A block bitmap that was never written is written before its group's inodes are used: e2fsck wants
 * it so. */
static int settle_block_bitmap(struct ext_fs *fs, struct journal_handle *h, u32 g)
{
	struct ext_group_disk *d = ext_desc(fs, g);
	auto_buf struct buf *b = NULL;
	int err;

	if (!(fs->csum || fs->gdt_csum) || !(d->flags & BG_BLOCK_UNINIT))
		return 0;
	err = ext_block_bitmap(fs, g, &b);
	if (!err)
		err = journal_get_write(h, b);
	if (err)
		return err;
	d->flags &= (u16)~BG_BLOCK_UNINIT;
	ext_block_bitmap_checksum(fs, g, b);
	return journal_dirty(h, b);
}

/* Inode bit of g is beyond the mark: its block, unless the mark is inside it, becomes zeros. */
static int clear_table(struct ext_fs *fs, struct journal_handle *h, u32 g, u32 bit)
{
	struct ext_group_disk *d = ext_desc(fs, g);
	u32 used = fs->inodes_per_group - ext_desc_itable_unused(fs, d);
	auto_buf struct buf *b = NULL;
	int err;

	if (!(fs->csum || fs->gdt_csum) || bit < used)
		return 0;
	if (used % fs->inodes_per_block == 0 ||
	    bit / fs->inodes_per_block != used / fs->inodes_per_block) {
		err = buf_new(fs->dev, ext_desc_inode_table(fs, d) + bit / fs->inodes_per_block,
			      &b);
		if (!err)
			err = journal_get_create(h, b);
		if (!err)
			err = journal_dirty(h, b);
		if (err)
			return err;
	}
	ext_desc_set_itable_unused(fs, d, fs->inodes_per_group - bit - 1);
	return 0;
}

static int mark_used(struct ext_fs *fs, struct journal_handle *h, u32 nr, struct buf *b, u32 bit,
		     bool is_dir)
{
	struct ext_group_disk *d = ext_desc(fs, nr);
	int err = journal_get_write(h, b);

	if (!err)
		err = journal_get_write(h, ext_desc_buf(fs, nr));
	if (!err)
		err = settle_block_bitmap(fs, h, nr);
	if (!err)
		err = clear_table(fs, h, nr, bit);
	if (err)
		return err;
	bitmap_set((u64 *)b->data, bit);
	if (fs->csum || fs->gdt_csum)
		d->flags &= (u16)~BG_INODE_UNINIT;
	ext_desc_set_free_inodes(fs, d, ext_desc_free_inodes(fs, d) - 1);
	if (is_dir)
		ext_desc_set_used_dirs(fs, d, ext_desc_used_dirs(fs, d) + 1);
	ext_inode_bitmap_checksum(fs, nr, b);
	ext_desc_checksum(fs, nr);
	ext_group(fs, nr)->first_inode = bit + 1;
	ext_group_note(fs, nr);
	atomic_sub(&fs->free_inodes, 1);
	if (is_dir)
		atomic_inc(&fs->nr_dirs);
	err = journal_dirty(h, b);
	return err ? err : journal_dirty(h, ext_desc_buf(fs, nr));
}

static int take_in(struct ext_fs *fs, struct journal_handle *h, u32 nr, bool is_dir, u32 *ino)
{
	struct ext_group *g = ext_group(fs, nr);
	auto_buf struct buf *b = NULL;
	u64 bit = BITMAP_NONE;
	int err;

	mutex_lock(&g->lock);
	err = g->bad ? -ENOSPC : ext_inode_bitmap(fs, nr, &b);
	if (!err) {
		u32 least = nr ? 0 : fs->first_ino - 1;

		bit = bitmap_find_clear((u64 *)b->data, fs->inodes_per_group,
					max(g->first_inode, least));
		err = bit == BITMAP_NONE ? -ENOSPC : mark_used(fs, h, nr, b, (u32)bit, is_dir);
	}
	mutex_unlock(&g->lock);
	*ino = nr * fs->inodes_per_group + (u32)bit + 1;
	return err == -EUCLEAN ? -ENOSPC : err;
}

static void start_new(struct ext_inode *i, const struct ext_inode *dir, u32 mode, u32 uid, u32 gid)
{
	struct ext_fs *fs = i->fs;

	i->is_new = true;
	i->generation = atomic_add_return(&fs->next_generation, 1);
	i->seed = crc32c(crc32c(fs->csum_seed, &i->ino, 4), &i->generation, 4);
	i->mode = (u16)mode;
	i->uid = uid;
	i->gid = gid;
	i->nlink = ext_is_dir(i) ? 2 : 1;
	i->extra_isize = (u16)fs->want_extra_isize;
	i->atime = i->mtime = i->ctime = i->btime = ext_now();
	i->flags = dir->flags & EXT_INHERITED_FL & ~(EXT_JOURNAL_FL);
	if (!ext_is_dir(i))
		i->flags &= EXT_REG_INHERITED_FL;
	if (!ext_is_dir(i) && !ext_is_reg(i))
		i->flags &= EXT_NODUMP_FL | EXT_NOATIME_FL;
	if (ext_has_extents(fs) && (ext_is_dir(i) || ext_is_reg(i)))
		ext_extent_init(i);
}

int ext_inode_new(struct journal_handle *h, struct ext_inode *dir, struct ext_inode *i, u32 mode,
		  u32 uid, u32 gid)
{
	struct ext_fs *fs = dir->fs;
	bool is_dir = (mode & S_IFMT) == S_IFDIR;
	u32 g = choose_group(fs, dir, is_dir), ino;
	int err = -ENOSPC;

	for (u32 n = 0; g != U32_MAX && n < fs->nr_groups; n++) {
		err = take_in(fs, h, g, is_dir, &ino);
		if (err != -ENOSPC)
			break;
		g = ext_group_with_inodes(fs, g + 1 < fs->nr_groups ? g + 1 : 0);
	}
	if (err)
		return err;
	ext_inode_init(i, fs, ino);
	start_new(i, dir, mode, uid, gid);
	return 0;
}

/* ---- giving back ---- */

static int mark_free(struct ext_fs *fs, struct journal_handle *h, u32 nr, struct buf *b, u32 bit,
		     bool is_dir)
{
	struct ext_group *g = ext_group(fs, nr);
	struct ext_group_disk *d = ext_desc(fs, nr);
	int err;

	if (!bitmap_test((u64 *)b->data, bit)) {
		g->bad = true;
		return ext_corrupt(fs, nr * fs->inodes_per_group + bit + 1, b->block,
				   "an inode is freed that is free");
	}
	err = journal_get_write(h, b);
	if (!err)
		err = journal_get_write(h, ext_desc_buf(fs, nr));
	if (err)
		return err;
	bitmap_clear((u64 *)b->data, bit);
	ext_desc_set_free_inodes(fs, d, ext_desc_free_inodes(fs, d) + 1);
	if (is_dir && ext_desc_used_dirs(fs, d))
		ext_desc_set_used_dirs(fs, d, ext_desc_used_dirs(fs, d) - 1);
	ext_inode_bitmap_checksum(fs, nr, b);
	ext_desc_checksum(fs, nr);
	g->first_inode = min(g->first_inode, bit);
	ext_group_note(fs, nr);
	atomic_inc(&fs->free_inodes);
	if (is_dir)
		atomic_dec(&fs->nr_dirs);
	err = journal_dirty(h, b);
	return err ? err : journal_dirty(h, ext_desc_buf(fs, nr));
}

int ext_inode_free(struct journal_handle *h, struct ext_inode *i)
{
	struct ext_fs *fs = i->fs;
	u32 nr = ext_inode_group(fs, i->ino);
	auto_buf struct buf *b = NULL;
	int err;

	if (i->ino < fs->first_ino || i->ino > fs->inodes)
		return ext_corrupt(fs, i->ino, 0, "a reserved inode is freed");
	mutex_lock(&ext_group(fs, nr)->lock);
	err = ext_inode_bitmap(fs, nr, &b);
	if (!err)
		err = mark_free(fs, h, nr, b, (i->ino - 1) % fs->inodes_per_group, ext_is_dir(i));
	mutex_unlock(&ext_group(fs, nr)->lock);
	return err;
}
