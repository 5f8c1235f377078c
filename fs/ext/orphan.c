/* SPDX-License-Identifier: MIT */
/* orphan.c - inodes that a crash must not forget: files without a name that are still open, and
 * truncations under way.
 *
 *	list:	super.last_orphan -> inode.dtime -> inode.dtime -> 0	(ext3; and when the orphan file is full)
 *	file:	an array of inode numbers in blocks of its own		(feature orphan_file)
 *
 * Invariants:
 *  (1) ext_fs.orphans has the order of the list on the disk; ext_inode.dtime of a member is the
 *      next number.
 *  (2) an inode is in the list or in the file, not in both: orphan_link, orphan_slot.
 *
 * Locks: orphan_lock. Ref: ext4/orphan.rst, super.rst (s_last_orphan). Tests:
 * selftests/unit/ext_name_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* ---- the orphan file ---- */

static u32 slots_of(const struct ext_fs *fs)
{
	return (fs->block_size - sizeof(struct ext_orphan_tail)) / sizeof(u32);
}

static struct ext_orphan_tail *tail_of(const struct ext_fs *fs, const struct buf *b)
{
	return (struct ext_orphan_tail *)(b->data + fs->block_size -
					  sizeof(struct ext_orphan_tail));
}

static u32 block_checksum(const struct ext_fs *fs, const struct buf *b)
{
	u64 block = b->block;
	u32 crc = crc32c(fs->orphan_file->seed, &block, sizeof(block));

	return crc32c(crc, b->data, slots_of(fs) * sizeof(u32));
}

static int read_block(struct ext_fs *fs, u32 n)
{
	struct ext_mapping m;
	struct buf *b;
	int err = ext_map(fs->orphan_file, NULL, n, 1, 0, &m);

	if (!err && m.state != EXT_MAPPED)
		err = ext_corrupt(fs, fs->orphan_file->ino, n, "the orphan file has a hole");
	if (!err)
		err = buf_read(fs->dev, m.pblk, &b);
	if (err)
		return err;
	fs->orphan_bufs[n] = b;
	if (tail_of(fs, b)->magic != EXT_ORPHAN_MAGIC ||
	    (fs->csum && tail_of(fs, b)->checksum != block_checksum(fs, b)))
		return ext_corrupt(fs, fs->orphan_file->ino, m.pblk,
				   "orphan file: magic or checksum");
	return 0;
}

#define MAX_BLOCKS 512u /* mke2fs makes 32 to 512 */

int ext_orphan_open(struct ext_fs *fs)
{
	u64 blocks;
	int err;

	if (!(fs->compat & COMPAT_ORPHAN_FILE))
		return 0;
	fs->orphan_file = knew(struct ext_inode);
	if (!fs->orphan_file)
		return -ENOMEM;
	err = ext_inode_read(fs, fs->sb->orphan_file_inum, fs->orphan_file);
	blocks = fs->orphan_file->size >> fs->block_bits;
	if (!err && (!ext_is_reg(fs->orphan_file) || !blocks || blocks > MAX_BLOCKS))
		err = ext_corrupt(fs, fs->sb->orphan_file_inum, 0, "this is no orphan file");
	if (err)
		return err;
	fs->orphan_bufs = kcalloc(blocks, sizeof(void *));
	if (!fs->orphan_bufs)
		return -ENOMEM;
	fs->nr_orphan_bufs = (u32)blocks;
	for (u32 n = 0; n < blocks && !err; n++)
		err = read_block(fs, n);
	return err;
}

void ext_orphan_close(struct ext_fs *fs)
{
	for (u32 n = 0; n < fs->nr_orphan_bufs; n++)
		buf_putp(&fs->orphan_bufs[n]);
	kfree(fs->orphan_bufs);
	kfree(fs->orphan_file);
}

static int set_slot(struct journal_handle *h, struct ext_fs *fs, u32 slot, u32 ino)
{
	struct buf *b = fs->orphan_bufs[slot / slots_of(fs)];
	int err = journal_get_write(h, b);

	if (err)
		return err;
	((u32 *)b->data)[slot % slots_of(fs)] = ino;
	if (fs->csum)
		tail_of(fs, b)->checksum = block_checksum(fs, b);
	return journal_dirty(h, b);
}

/* U32_MAX: full. Starts where the last one was found: as good as always the next is free. */
static u32 free_slot(const struct ext_fs *fs)
{
	u32 per = slots_of(fs), nr = per * fs->nr_orphan_bufs, at = fs->orphan_hint;

	for (u32 n = 0; n < nr; n++, at++) {
		if (at >= nr)
			at = 0;
		if (!((u32 *)fs->orphan_bufs[at / per]->data)[at % per])
			return at;
	}
	return U32_MAX;
}

static int add_to_file(struct journal_handle *h, struct ext_inode *i)
{
	u32 slot = free_slot(i->fs);
	int err;

	if (slot == U32_MAX)
		return -ENOSPC;
	err = set_slot(h, i->fs, slot, i->ino);
	if (err)
		return err;
	i->orphan_slot = slot;
	i->fs->orphan_hint = slot;
	return 0;
}

/* ---- the list ---- */

static int set_head(struct journal_handle *h, struct ext_fs *fs, u32 ino)
{
	int err = journal_get_write(h, fs->sb_buf);

	if (err)
		return err;
	fs->sb->last_orphan = ino;
	ext_super_checksum(fs);
	return journal_dirty(h, fs->sb_buf);
}

/* Only this field: what else changed in memory is for its owner to write. */
static int set_next(struct journal_handle *h, struct ext_inode *i, u32 next)
{
	struct ext_inode_disk *raw;
	auto_buf struct buf *b = NULL;
	int err = ext_inode_buf(i, &b, &raw);

	if (!err)
		err = journal_get_write(h, b);
	if (err)
		return err;
	spin_lock(&i->raw_lock);
	raw->dtime = i->dtime = next;
	ext_inode_checksum(i, raw);
	spin_unlock(&i->raw_lock);
	return journal_dirty(h, b);
}

static int add_to_list(struct journal_handle *h, struct ext_inode *i)
{
	u32 next = i->fs->sb->last_orphan;
	int err = set_head(h, i->fs, i->ino);

	if (err)
		return err;
	i->dtime = next;
	list_add_head(&i->fs->orphans, &i->orphan_link);
	return ext_inode_write(h, i);
}

int ext_orphan_add(struct journal_handle *h, struct ext_inode *i)
{
	struct ext_fs *fs = i->fs;
	int err = -ENOSPC;

	mutex_lock(&fs->orphan_lock);
	if (ext_is_orphan(i)) {
		mutex_unlock(&fs->orphan_lock);
		return 0;
	}
	if (fs->orphan_file)
		err = add_to_file(h, i);
	if (err == -ENOSPC)
		err = add_to_list(h, i);
	mutex_unlock(&fs->orphan_lock);
	return err;
}

static int del_from_list(struct journal_handle *h, struct ext_inode *i)
{
	struct ext_fs *fs = i->fs;
	u32 next = i->dtime;
	int err;

	if (fs->orphans.next == &i->orphan_link)
		err = set_head(h, fs, next);
	else
		err = set_next(h, list_entry(i->orphan_link.prev, struct ext_inode, orphan_link),
			       next);
	list_del_init(&i->orphan_link);
	i->dtime = 0;
	return err;
}

int ext_orphan_del(struct journal_handle *h, struct ext_inode *i)
{
	struct ext_fs *fs = i->fs;
	int err = 0;

	mutex_lock(&fs->orphan_lock);
	if (!list_empty(&i->orphan_link)) {
		err = del_from_list(h, i);
	} else if (i->orphan_slot != U32_MAX) {
		err = set_slot(h, fs, i->orphan_slot, 0);
		i->orphan_slot = U32_MAX;
	}
	mutex_unlock(&fs->orphan_lock);
	return err;
}

void ext_orphan_forget(struct ext_inode *i)
{
	mutex_lock(&i->fs->orphan_lock);
	if (!list_empty(&i->orphan_link))
		list_del_init(&i->orphan_link);
	i->orphan_slot = U32_MAX;
	mutex_unlock(&i->fs->orphan_lock);
}

/* ---- after a crash ---- */

static int finish_truncate(struct ext_inode *i)
{
	u64 from = (i->size + i->fs->block_size - 1) >> i->fs->block_bits;
	struct journal_handle *h;
	int err = journal_start(i->fs->j, i->fs->dev, EXT_UNMAP_CREDITS, &h), err2;

	if (err)
		return err;
	if (ext_is_reg(i))
		err = ext_unmap(h, i, from, U64_MAX);
	if (!err)
		err = ext_more_credits(h, i, 4);
	err2 = ext_orphan_del(h, i);
	if (!err)
		err = err2;
	err2 = ext_inode_write(h, i);
	if (!err)
		err = err2;
	err2 = journal_stop(h);
	return err ? err : err2;
}

/* slot U32_MAX: the head of the list. */
static int clean_one(struct ext_fs *fs, u32 ino, u32 slot, u32 *deleted, u32 *truncated)
{
	auto_kfree struct ext_inode *i = knew(struct ext_inode);
	int err;

	if (!i)
		return -ENOMEM;
	if (ino < fs->first_ino || ino > fs->inodes)
		return ext_corrupt(fs, ino, 0, "orphan of a number that cannot be");
	err = ext_inode_read(fs, ino, i);
	if (err)
		return err == -ESTALE ? ext_corrupt(fs, ino, 0, "an orphan that is not in use")
				      : err;
	if (slot == U32_MAX)
		list_add_head(&fs->orphans, &i->orphan_link);
	else
		i->orphan_slot = slot;
	if (i->nlink) {
		++*truncated;
		err = finish_truncate(i);
	} else {
		++*deleted;
		err = ext_evict(i);
	}
	if (!list_empty(&i->orphan_link))
		list_del_init(&i->orphan_link);
	return err;
}

static int clear_head(struct ext_fs *fs)
{
	struct journal_handle *h;
	int err = journal_start(fs->j, fs->dev, 1, &h), err2;

	if (err)
		return err;
	mutex_lock(&fs->orphan_lock);
	err = set_head(h, fs, 0);
	mutex_unlock(&fs->orphan_lock);
	err2 = journal_stop(h);
	return err ? err : err2;
}

static int clean_list(struct ext_fs *fs, u32 *deleted, u32 *truncated)
{
	u32 tries = 0;
	int err = 0;

	while (fs->sb->last_orphan && !err) {
		if (tries++ > fs->inodes)
			err = ext_corrupt(fs, fs->sb->last_orphan, 0, "the orphan list has no end");
		else
			err = clean_one(fs, fs->sb->last_orphan, U32_MAX, deleted, truncated);
	}
	if (err == -EUCLEAN && !ext_is_read_only(fs))
		return clear_head(fs); /* the rest is lost until e2fsck: as Linux */
	return err;
}

int ext_orphan_cleanup(struct ext_fs *fs, u32 *deleted, u32 *truncated)
{
	u32 per = slots_of(fs);
	int err;

	*deleted = *truncated = 0;
	if (ext_is_read_only(fs))
		return 0;
	err = clean_list(fs, deleted, truncated);
	for (u32 n = 0; n < fs->nr_orphan_bufs * per && !err; n++) {
		u32 ino = ((u32 *)fs->orphan_bufs[n / per]->data)[n % per];

		if (ino)
			err = clean_one(fs, ino, n, deleted, truncated);
	}
	if (*deleted || *truncated)
		pr_info("%s: %u orphans deleted, %u truncated", fs->name, *deleted, *truncated);
	return err;
}
