/* SPDX-License-Identifier: MIT */
/* attr.c - operations on one inode, each in its transaction: attributes, size, ranges of blocks,
 * the end.
 *
 * Crash order: a truncation first writes the new size and enters the inode as an orphan, in one
 * transaction; then blocks go, in as many as it takes; the last one takes it off. A crash between
 * leaves an orphan that the next mount truncates to that size. A deletion is the same with no
 * links.
 *
 * Locks: the caller holds the inode's. Ref: ext4/orphan.rst. Tests: selftests/unit/ext_name_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

static int finish(struct journal_handle *h, int err)
{
	int err2 = journal_stop(h);

	return err ? err : err2;
}

int ext_setattr(struct ext_inode *i)
{
	struct journal_handle *h;
	int err = ext_is_read_only(i->fs) ? -EROFS : journal_start(i->fs->j, i->fs->dev, 2, &h);

	return err ? err : finish(h, ext_inode_write(h, i));
}

int ext_setxattr(struct ext_inode *i, const char *name, const void *value, usize size, u32 flags)
{
	struct journal_handle *h;
	int err = ext_is_read_only(i->fs)
			  ? -EROFS
			  : journal_start(i->fs->j, i->fs->dev, EXT_XATTR_CREDITS + 2, &h);

	if (err)
		return err;
	err = ext_xattr_set(h, i, name, value, size, flags);
	if (!err) {
		i->ctime = ext_now();
		err = ext_inode_write(h, i);
	}
	return finish(h, err);
}

/* ---- size ---- */

static u64 blocks_for(const struct ext_inode *i, u64 bytes)
{
	return (bytes + i->fs->block_size - 1) >> i->fs->block_bits;
}

static int cut(struct journal_handle *h, struct ext_inode *i, u64 size)
{
	int err = ext_orphan_add(h, i), err2;

	if (err)
		return err;
	i->size = size;
	err = ext_inode_write(h, i);
	if (!err)
		err = ext_unmap(h, i, blocks_for(i, size), U64_MAX);
	err2 = ext_more_credits(h, i, 4);
	if (!err2 && i->nlink)		/* without a name it stays one: it is yet to be deleted */
		err2 = ext_orphan_del(h, i);
	if (!err2)
		err2 = ext_inode_write(h, i);
	return err ? err : err2;
}

int ext_truncate(struct ext_inode *i, u64 size)
{
	struct journal_handle *h;
	int err;

	if (ext_is_read_only(i->fs))
		return -EROFS;
	if (size > ext_max_file_size(i->fs, i->flags & EXT_EXTENTS_FL))
		return -EFBIG;
	err = journal_start(i->fs->j, i->fs->dev, EXT_UNMAP_CREDITS + 4 + EXT_INLINE_CREDITS, &h);
	if (err)
		return err;
	if (i->flags & EXT_INLINE_DATA_FL)
		err = ext_inline_to_block(h, i);
	if (err)
		return finish(h, err);
	i->mtime = i->ctime = ext_now();
	/* Blocks may lie beyond the end even of a file that grows (fallocate with KEEP_SIZE): they
	 * stay then, as on Linux. */
	if (size < i->size) {
		err = cut(h, i, size);
	} else {
		i->size = size;
		err = ext_inode_write(h, i);
	}
	i->data_tid = journal_tid(h);
	return finish(h, err);
}

int ext_set_disk_size(struct journal_handle *h, struct ext_inode *i, u64 size)
{
	if (size <= i->size)
		return 0;
	i->size = size;
	i->data_tid = journal_tid(h);
	return ext_inode_write(h, i);
}

/* ---- the end ---- */

static bool has_blocks(const struct ext_inode *i)
{
	u32 type = i->mode & S_IFMT;

	if (type == S_IFLNK)
		return (i->flags & EXT_EXTENTS_FL) || i->size >= sizeof(i->data);
	return type == S_IFREG || type == S_IFDIR;
}

/* Takes off the list and frees the number, in one transaction: neither alone may survive. */
static int let_go(struct journal_handle *h, struct ext_inode *i)
{
	int err = ext_more_credits(h, i, 16);

	if (!err)
		err = ext_xattr_drop(h, i);
	if (!err)
		err = ext_orphan_del(h, i);
	if (err)
		return err;
	i->dtime = (u32)ext_now().sec;
	i->size = 0;
	err = ext_inode_write(h, i);
	return err ? err : ext_inode_free(h, i);
}

int ext_evict(struct ext_inode *i)
{
	struct journal_handle *h;
	int err;

	if (i->nlink || ext_is_read_only(i->fs))
		return 0;
	err = journal_start(i->fs->j, i->fs->dev, EXT_UNMAP_CREDITS + 20, &h);
	if (err)
		return err;
	err = ext_orphan_add(h, i);
	if (!err && has_blocks(i))
		err = ext_unmap(h, i, 0, U64_MAX);
	if (!err)
		err = let_go(h, i);
	return finish(h, err);
}

/* ---- ranges ---- */

int ext_punch(struct ext_inode *i, u64 from, u64 to)
{
	struct journal_handle *h;
	int err = journal_start(i->fs->j, i->fs->dev, EXT_UNMAP_CREDITS + 2, &h), err2;

	if (err)
		return err;
	err = ext_unmap(h, i, from, to);
	err2 = ext_more_credits(h, i, 2);
	if (!err2) {
		i->mtime = i->ctime = ext_now();
		err2 = ext_inode_write(h, i);
	}
	return finish(h, err ? err : err2);
}

static int preallocate_piece(struct ext_inode *i, u64 *at, u64 to)
{
	struct ext_mapping m;
	struct journal_handle *h;
	int err = journal_start(i->fs->j, i->fs->dev, ext_map_credits(i, 1) + 2, &h);

	if (err)
		return err;
	err = ext_map(i, h, *at, (u32)min(to - *at, (u64)EXT_UNWRITTEN_MAX),
		      EXT_MAP_CREATE | EXT_MAP_UNWRITTEN, &m);
	if (!err)
		*at += m.len;
	return finish(h, err);
}

int ext_preallocate(struct ext_inode *i, u64 from, u64 to, u64 new_size)
{
	u32 tries = 0;
	int err = 0;

	if (!(i->flags & EXT_EXTENTS_FL))
		return -EOPNOTSUPP;
	if (ext_is_read_only(i->fs))
		return -EROFS;
	while (from < to && !err) {
		err = preallocate_piece(i, &from, to);
		if (err == -ENOSPC && ext_retry_space(i->fs, &tries))
			err = 0;
	}
	/* As Linux: what was allocated before space ran out stays, and counts. */
	if (new_size > i->size && !err)
		i->size = new_size;
	i->mtime = i->ctime = ext_now();
	return err ? err : ext_setattr(i);
}

int ext_move_range(struct ext_inode *i, u64 from, u64 blocks, bool insert, u64 new_size)
{
	struct journal_handle *h;
	int err, err2;

	if (!(i->flags & EXT_EXTENTS_FL))
		return -EOPNOTSUPP;
	err = ext_is_read_only(i->fs)
		      ? -EROFS
		      : journal_start(i->fs->j, i->fs->dev, EXT_UNMAP_CREDITS + 2, &h);
	if (err)
		return err;
	if (insert) {
		i->size = max(i->size, new_size);
		err = ext_inode_write(h, i);
		if (!err)
			err = ext_shift(h, i, from, (s64)blocks);
	} else {
		err = ext_unmap(h, i, from, from + blocks);
		if (!err)
			err = ext_shift(h, i, from + blocks, -(s64)blocks);
		if (!err)
			i->size = new_size;
	}
	err2 = ext_more_credits(h, i, 2);
	if (!err2) {
		i->mtime = i->ctime = ext_now();
		i->data_tid = journal_tid(h);
		err2 = ext_inode_write(h, i);
	}
	return finish(h, err ? err : err2);
}

int ext_commit_inode(struct ext_inode *i, bool data_only, bool *committed)
{
	u32 tid = data_only ? i->data_tid : i->sync_tid;

	*committed = false;
	if (!i->fs->j)
		return buf_sync(i->fs->dev);
	if (!tid || journal_committed(i->fs->j, tid))
		return journal_error(i->fs->j);
	*committed = true;
	return journal_commit(i->fs->j, tid);
}
