/* SPDX-License-Identifier: MIT */
/* inode.c - an inode between its 128 and more bytes in the table and struct ext_inode.
 *
 * Invariant: only the bytes that the fields stand for are written; extended attributes behind
 * extra_isize stay, and so does what a newer system put into fields that we do not know - but in an
 * inode that is new, whose place is cleared first.
 *
 * Locks: the inode's own and map_lock guard the fields, raw_lock the bytes in the buf.
 * Ref: ext4/inodes.rst, checksums.rst. Tests: selftests/unit/ext_name_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

void ext_inode_init(struct ext_inode *i, struct ext_fs *fs, u32 ino)
{
	memset(i, 0, sizeof(*i));
	i->fs = fs;
	i->ino = ino;
	i->orphan_slot = U32_MAX;
	list_init(&i->orphan_link);
	rwlock_init(&i->map_lock, RANK_EXT_MAP);
	spin_init(&i->raw_lock, RANK_EXT_SPIN);
}

int ext_inode_buf(struct ext_inode *i, struct buf **b, struct ext_inode_disk **raw)
{
	struct ext_fs *fs = i->fs;
	u32 in, g;
	u64 block;
	int err;

	if (!i->ino || i->ino > fs->inodes)
		return ext_corrupt(fs, i->ino, 0, "no inode has this number");
	g = ext_inode_group(fs, i->ino);
	in = (i->ino - 1) % fs->inodes_per_group;
	block = ext_desc_inode_table(fs, ext_desc(fs, g)) + in / fs->inodes_per_block;
	if (!ext_block_valid(fs, block, 1))
		return ext_corrupt(fs, i->ino, block, "the inode table lies outside");
	*b = buf_find(fs->dev, block);
	if (!*b) {
		u32 rest = fs->itable_blocks - in / fs->inodes_per_block;

		buf_readahead(fs->dev, block, min(rest, 8u));
		err = buf_read(fs->dev, block, b);
		if (err)
			return err;
	}
	*raw = (struct ext_inode_disk *)((*b)->data + in % fs->inodes_per_block * fs->inode_size);
	return 0;
}

/* ---- checksum ---- */

static u32 inode_seed(const struct ext_fs *fs, u32 ino, u32 generation)
{
	return crc32c(crc32c(fs->csum_seed, &ino, sizeof(ino)), &generation, sizeof(generation));
}

static bool has_hi(const struct ext_fs *fs, const struct ext_inode_disk *raw)
{
	return fs->inode_size > EXT_GOOD_INODE_SIZE && EXTRA_HAS(raw->extra_isize, checksum_hi);
}

static u32 inode_checksum(const struct ext_fs *fs, u32 seed, const struct ext_inode_disk *raw)
{
	u32 at = offsetof(struct ext_inode_disk, checksum_lo),
	    hi = offsetof(struct ext_inode_disk, checksum_hi);
	const u8 *p = (const u8 *)raw;
	static const u8 zero[2];
	u32 crc = crc32c(crc32c(seed, p, at), zero, 2);

	crc = crc32c(crc, p + at + 2, EXT_GOOD_INODE_SIZE - at - 2);
	if (fs->inode_size <= EXT_GOOD_INODE_SIZE)
		return crc;
	crc = crc32c(crc, p + EXT_GOOD_INODE_SIZE, hi - EXT_GOOD_INODE_SIZE);
	if (has_hi(fs, raw)) {
		crc = crc32c(crc, zero, 2);
		hi += 2;
	}
	return crc32c(crc, p + hi, fs->inode_size - hi);
}

void ext_inode_checksum(const struct ext_inode *i, struct ext_inode_disk *raw)
{
	u32 crc;

	if (!i->fs->csum)
		return;
	crc = inode_checksum(i->fs, i->seed, raw);
	raw->checksum_lo = (u16)crc;
	if (has_hi(i->fs, raw))
		raw->checksum_hi = (u16)(crc >> 16);
}

static bool checksum_good(const struct ext_fs *fs, u32 seed, const struct ext_inode_disk *raw)
{
	u32 crc;

	if (!fs->csum)
		return true;
	crc = inode_checksum(fs, seed, raw);
	return (u16)crc == raw->checksum_lo &&
	       (!has_hi(fs, raw) || (u16)(crc >> 16) == raw->checksum_hi);
}

/* ---- fields ---- */

static struct ext_time get_time(u32 sec, u32 extra, bool wide)
{
	struct ext_time t = { (s32)sec, 0 };

	if (wide) {
		t.sec += (s64)(extra & 3) << 32;
		t.nsec = min(extra >> 2, (u32)NSEC_PER_SEC - 1);
	}
	return t;
}

static u32 time_extra(struct ext_time t)
{
	return (u32)(((t.sec - (s32)t.sec) >> 32) & 3) | t.nsec << 2;
}

static void read_times(struct ext_inode *i, const struct ext_inode_disk *raw)
{
	u32 x = i->extra_isize;
	bool wide = x && EXTRA_HAS(x, atime_extra);

	i->ctime = get_time(raw->ctime, wide ? raw->ctime_extra : 0, wide);
	i->mtime = get_time(raw->mtime, wide ? raw->mtime_extra : 0, wide);
	i->atime = get_time(raw->atime, wide ? raw->atime_extra : 0, wide);
	if (x && EXTRA_HAS(x, crtime_extra))
		i->btime = get_time(raw->crtime, raw->crtime_extra, true);
}

/* Without the extra bits a time is one of 32 bits: the nearest that there is. */
static u32 narrow(struct ext_time t, bool wide)
{
	if (wide)
		return (u32)t.sec;
	return (u32)(t.sec > S32_MAX ? S32_MAX : t.sec < S32_MIN ? S32_MIN
								 : t.sec);
}

static void write_times(const struct ext_inode *i, struct ext_inode_disk *raw)
{
	u32 x = i->extra_isize;
	bool wide = x && EXTRA_HAS(x, atime_extra);

	raw->ctime = narrow(i->ctime, wide);
	raw->mtime = narrow(i->mtime, wide);
	raw->atime = narrow(i->atime, wide);
	if (wide) {
		raw->ctime_extra = time_extra(i->ctime);
		raw->mtime_extra = time_extra(i->mtime);
		raw->atime_extra = time_extra(i->atime);
	}
	if (x && EXTRA_HAS(x, crtime_extra)) {
		raw->crtime = (u32)i->btime.sec;
		raw->crtime_extra = time_extra(i->btime);
	}
}

static u64 get_blocks(const struct ext_inode *i, const struct ext_inode_disk *raw)
{
	u64 n = raw->blocks_lo;

	if (!(i->fs->ro_compat & RO_HUGE_FILE))
		return n;
	n |= (u64)raw->blocks_hi << 32;
	return i->flags & EXT_HUGE_FILE_FL ? n << (i->fs->block_bits - 9) : n;
}

static void set_blocks(struct ext_inode *i, struct ext_inode_disk *raw)
{
	u64 n = i->blocks;

	i->flags &= ~EXT_HUGE_FILE_FL;
	if (n >> 48) {
		i->flags |= EXT_HUGE_FILE_FL;
		n >>= i->fs->block_bits - 9;
	}
	raw->blocks_lo = (u32)n;
	raw->blocks_hi = (u16)(n >> 32);
}

static bool is_device(const struct ext_inode *i)
{
	u32 type = i->mode & S_IFMT;

	return type == S_IFCHR || type == S_IFBLK;
}

/* Numbers of 8 and 8 bits are kept in the first word, larger ones in the second. */
static void read_device(struct ext_inode *i)
{
	i->rdev = i->data[0] ? (i->data[0] & 0xffff) : i->data[1];
}

static void store_device(struct ext_inode *i)
{
	bool old = !(i->rdev & ~0xffffu);

	i->data[0] = old ? i->rdev : 0;
	i->data[1] = old ? 0 : i->rdev;
}

static bool has_inline_xattrs(const struct ext_inode *i, const struct ext_inode_disk *raw)
{
	u32 at = EXT_GOOD_INODE_SIZE + i->extra_isize;

	return i->extra_isize && at + 4 <= i->fs->inode_size &&
	       *(const u32 *)((const u8 *)raw + at) == EXT_XATTR_MAGIC;
}

static int check(struct ext_inode *i)
{
	struct ext_fs *fs = i->fs;
	u64 most = ext_max_file_size(fs, i->flags & EXT_EXTENTS_FL);

	if (i->extra_isize % 4 ||
	    (i->extra_isize && EXT_GOOD_INODE_SIZE + i->extra_isize > fs->inode_size))
		return ext_corrupt(fs, i->ino, 0, "extra size %u", i->extra_isize);
	if (i->size > most && i->nlink)
		return ext_corrupt(fs, i->ino, 0, "size %lu", i->size);
	if (i->file_acl && !ext_block_valid(fs, i->file_acl, 1))
		return ext_corrupt(fs, i->ino, i->file_acl, "extended attributes lie outside");
	if (ext_is_dir(i) && !(i->flags & EXT_INLINE_DATA_FL) && i->size % fs->block_size)
		return ext_corrupt(fs, i->ino, 0, "a directory of %lu bytes", i->size);
	if ((i->flags & EXT_EXTENTS_FL) && (i->flags & EXT_INLINE_DATA_FL) &&
	    i->size > EXT_INLINE_MAX)
		return ext_corrupt(fs, i->ino, 0, "%lu bytes inside the inode", i->size);
	return 0;
}

static void decode(struct ext_inode *i, const struct ext_inode_disk *raw)
{
	struct ext_fs *fs = i->fs;

	i->generation = raw->generation;
	i->seed = inode_seed(fs, i->ino, i->generation);
	i->mode = raw->mode;
	i->uid = raw->uid_lo | (u32)raw->uid_hi << 16;
	i->gid = raw->gid_lo | (u32)raw->gid_hi << 16;
	i->nlink = raw->links;
	i->flags = raw->flags;
	i->size = raw->size_lo;
	if (ext_is_reg(i) || (ext_is_dir(i) && (fs->incompat & INCOMPAT_LARGEDIR)))
		i->size |= (u64)raw->size_hi << 32;
	i->blocks = get_blocks(i, raw);
	i->dtime = raw->dtime;
	i->file_acl = raw->file_acl_lo | (u64)raw->file_acl_hi << 32;
	i->extra_isize = fs->inode_size > EXT_GOOD_INODE_SIZE ? raw->extra_isize : 0;
	i->version = raw->version_lo;
	memcpy(i->data, raw->block, sizeof(i->data));
	if (is_device(i))
		read_device(i);
}

int ext_inode_read(struct ext_fs *fs, u32 ino, struct ext_inode *i)
{
	struct ext_inode_disk *raw = NULL;
	auto_buf struct buf *b = NULL;
	int err;

	ext_inode_init(i, fs, ino);
	err = ext_inode_buf(i, &b, &raw);
	if (err)
		return err;
	debug_assert(raw);
	decode(i, raw);
	if (!checksum_good(fs, i->seed, raw))
		return ext_corrupt(fs, ino, b->block, "the inode's checksum is wrong");
	err = check(i);
	if (err)
		return err;
	read_times(i, raw);
	if (i->extra_isize && EXTRA_HAS(i->extra_isize, version_hi))
		i->version |= (u64)raw->version_hi << 32;
	if (i->extra_isize && EXTRA_HAS(i->extra_isize, projid))
		i->projid = raw->projid;
	i->has_xattrs = i->file_acl || has_inline_xattrs(i, raw);
	return !i->nlink && !i->mode ? -ESTALE : 0;
}

static void encode(struct ext_inode *i, struct ext_inode_disk *raw)
{
	raw->mode = i->mode;
	raw->uid_lo = (u16)i->uid;
	raw->uid_hi = (u16)(i->uid >> 16);
	raw->gid_lo = (u16)i->gid;
	raw->gid_hi = (u16)(i->gid >> 16);
	raw->links = (u16)i->nlink;
	set_blocks(i, raw);
	raw->flags = i->flags;
	raw->size_lo = (u32)i->size;
	raw->size_hi = (u32)(i->size >> 32);
	raw->dtime = i->dtime;
	raw->generation = i->generation;
	raw->file_acl_lo = (u32)i->file_acl;
	raw->file_acl_hi = (u16)(i->file_acl >> 32);
	raw->version_lo = (u32)i->version;
	if (is_device(i))
		store_device(i);
	memcpy(raw->block, i->data, sizeof(i->data));
	if (!i->extra_isize)
		return;
	raw->extra_isize = i->extra_isize;
	if (EXTRA_HAS(i->extra_isize, version_hi))
		raw->version_hi = (u32)(i->version >> 32);
	if (EXTRA_HAS(i->extra_isize, projid))
		raw->projid = i->projid;
}

/* The first file beyond 2 GiB says so in the super block. */
static int note_large_file(struct journal_handle *h, struct ext_fs *fs)
{
	int err;

	if (fs->ro_compat & RO_LARGE_FILE)
		return 0;
	mutex_lock(&fs->orphan_lock);
	err = journal_get_write(h, fs->sb_buf);
	if (!err) {
		fs->sb->ro_compat |= RO_LARGE_FILE;
		fs->ro_compat |= RO_LARGE_FILE;
		ext_super_checksum(fs);
		err = journal_dirty(h, fs->sb_buf);
	}
	mutex_unlock(&fs->orphan_lock);
	return err;
}

int ext_inode_write(struct journal_handle *h, struct ext_inode *i)
{
	struct ext_inode_disk *raw = NULL;
	auto_buf struct buf *b = NULL;
	int err = ext_inode_buf(i, &b, &raw);

	debug_assert(err || raw);
	if (!err && i->size > S32_MAX && ext_is_reg(i))
		err = note_large_file(h, i->fs);
	if (!err)
		err = journal_get_write(h, b);
	if (err)
		return err;
	spin_lock(&i->raw_lock);
	if (i->is_new)
		memset(raw, 0, i->fs->inode_size);
	i->is_new = false;
	encode(i, raw);
	write_times(i, raw);
	ext_inode_checksum(i, raw);
	spin_unlock(&i->raw_lock);
	i->sync_tid = journal_tid(h);
	return journal_dirty(h, b);
}

/* ---- what follows from the numbers ---- */

u64 ext_max_file_size(const struct ext_fs *fs, bool extents)
{
	u64 per = fs->block_size / 4, blocks, units;

	if (extents)
		return (u64)U32_MAX << fs->block_bits;
	blocks = EXT_DIRECT + per + per * per + per * per * per;
	/* what i_blocks can count */
	units = fs->ro_compat & RO_HUGE_FILE ? (1ul << 48) - 1 : U32_MAX;
	blocks = min(blocks, units >> (fs->block_bits - 9));
	return min(blocks, (u64)U32_MAX) << fs->block_bits;
}

u32 ext_goal_block_group(const struct ext_inode *i)
{
	return ext_inode_group(i->fs, i->ino);
}
