/* SPDX-License-Identifier: MIT */
/* direct.c - O_DIRECT on files: between user memory and the blocks they are mapped to.
 *
 *	write: blocks for what has none, unwritten -> data -> written, and the size grows, in one
 *	transaction
 *
 * What does not fit goes through the page cache and is written out before the call returns: files
 * without extents that have no block there, and parts of a block that was never written.
 *
 * Invariant: a block is called written, or the size covers it, only after its data is on the
 * device: no crash shows what was there before.
 * Locks: the vnode's is held (for reading by readers: nothing is truncated under the device); no
 * handle while data is under way.
 * Ref: open(2) O_DIRECT, Linux Documentation/filesystems/ext4. Tests: selftests/storage/run
 * direct_io_on_files
 */
#define LOG_TAG "ext4"
#include "node_int.h"

#include <fs/direct.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vmo.h>

struct direct_file {
	struct ext_node *n;
	bool write;
	bool by_cache;	/* the next piece cannot be done */
	bool unwritten; /* blocks are to be called written */
};

static int allocate(struct ext_node *n, u64 lblk, u32 max, struct ext_mapping *m)
{
	struct ext_fs *fs = n->i.fs;
	struct journal_handle *h;
	u32 tries = 0;
	int err, err2;

	do {
		err = journal_start(fs->j, fs->dev, ext_map_credits(&n->i, 1) + 2, &h);
		if (err)
			return err;
		err = ext_map(&n->i, h, lblk, max, EXT_MAP_CREATE | EXT_MAP_UNWRITTEN, m);
		err2 = journal_stop(h);
	} while (err == -ENOSPC && ext_retry_space(fs, &tries));
	return err ? err : err2;
}

static int map_file(void *arg, u64 pos, usize len, struct direct_run *out)
{
	struct direct_file *d = arg;
	struct ext_node *n = d->n;
	struct ext_fs *fs = n->i.fs;
	u32 inside = (u32)pos & (fs->block_size - 1);
	u32 max = (u32)((inside + len + fs->block_size - 1) >> fs->block_bits);
	struct ext_mapping m;
	int err = ext_map(&n->i, NULL, pos >> fs->block_bits, max, 0, &m);

	if (err)
		return err;
	if (d->write && m.state != EXT_MAPPED) {
		u32 whole = (u32)(len >> fs->block_bits);

		if (inside || !whole || !(n->i.flags & EXT_EXTENTS_FL)) {
			d->by_cache = true;
			return -EAGAIN;
		}
		err = m.state == EXT_HOLE ? allocate(n, m.lblk, min(m.len, whole), &m) : 0;
		if (err)
			return err;
		m.len = min(m.len, whole);
		d->unwritten = true;
	}
	out->dev = to_ext(n->v.sb)->dev;
	out->hole = !d->write && m.state != EXT_MAPPED;
	out->sector = (m.pblk << (fs->block_bits - SECTOR_SHIFT)) + (inside >> SECTOR_SHIFT);
	out->len = ((usize)m.len << fs->block_bits) - inside;
	return 0;
}

static struct direct_io io_of(struct direct_file *d, struct vmo *m)
{
	return (struct direct_io){ m, to_ext(d->n->v.sb)->dev->disk->limits.logical_block,
				   d->write ? BIO_WRITE : BIO_READ, map_file, d };
}

/* The data of [start, end) is on the device: so are its blocks, and the size. */
static int settle(struct direct_file *d, u64 start, u64 end)
{
	struct ext_inode *i = &d->n->i;
	u64 at = start >> i->fs->block_bits,
	    past = (end + i->fs->block_size - 1) >> i->fs->block_bits;
	int err = 0, err2;

	if (!d->unwritten && end <= i->size)
		return 0;
	while (!err && (at < past || end > i->size)) {
		struct journal_handle *h;
		struct ext_mapping m;

		err = journal_start(i->fs->j, i->fs->dev, ext_map_credits(i, 1) + 2, &h);
		if (err)
			return err;
		if (at < past) {
			err = ext_map(i, h, at, (u32)min(past - at, (u64)EXT_UNWRITTEN_MAX),
				      EXT_MAP_CREATE | EXT_MAP_CONVERT, &m);
			at = err ? at : m.lblk + m.len;
		}
		if (!err)
			err = ext_set_disk_size(h, i, min(end, at << i->fs->block_bits));
		err2 = journal_stop(h);
		err = err ? err : err2;
	}
	return err;
}

/* What is left of it goes by the cache to the device. */
static ssize_t write_by_cache(struct vmo *m, struct iter *it, loff_t pos)
{
	ssize_t n = vmo_write(m, it, pos);
	int err;

	if (n <= 0)
		return n;
	err = vmo_sync(m, (u64)pos >> PAGE_SHIFT, ((u64)pos + (u64)n - 1) >> PAGE_SHIFT);
	return err ? err : n;
}

static ssize_t direct_write(struct direct_file *d, struct vmo *m, struct iter *it, loff_t pos)
{
	struct direct_io io = io_of(d, m);
	ssize_t n, rest;
	int err;

	if (ext_is_read_only(d->n->i.fs))
		return -EROFS;
	n = direct_io(&io, it, pos);
	if (n > 0) {
		u64 end = (u64)pos + (u64)n;

		err = settle(d, (u64)pos, end);
		if (!err && end > m->size)
			err = vmo_truncate(m, end);
		d->n->v.blocks_used = d->n->i.blocks +
				      (atomic_read(&d->n->delayed) << (d->n->i.fs->block_bits - 9));
		if (err)
			return err;
	}
	if (!d->by_cache)
		return n;
	n = max(n, (ssize_t)0);
	rest = write_by_cache(m, it, pos + n);
	return rest < 0 && !n ? rest : n + max(rest, (ssize_t)0);
}

static ssize_t direct_read(struct direct_file *d, struct vmo *m, struct iter *it, loff_t pos)
{
	struct direct_io io = io_of(d, m);
	u64 size = READ_ONCE(m->size);
	usize left;
	ssize_t n;

	if ((u64)pos >= size)
		return 0;
	left = min(it->left, size - (u64)pos);
	/* the last block has zeros behind the end */
	it->left = min(it->left, ALIGN_UP(left, (usize)io.block));
	n = direct_io(&io, it, pos);
	return min(n, (ssize_t)left);
}

ssize_t ext_direct_op(struct vnode *v, struct iter *it, loff_t pos, bool write)
{
	struct direct_file d = { .n = to_node(v), .write = write };
	struct vmo *m = vnode_vmo(v);

	if (!m)
		return -ENOMEM;
	if (d.n->i.flags & EXT_INLINE_DATA_FL)
		return write ? -EIO : vmo_read(m, it, pos, NULL);
	return write ? direct_write(&d, m, it, pos) : direct_read(&d, m, it, pos);
}
