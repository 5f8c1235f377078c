/* SPDX-License-Identifier: MIT */
/* file.c - contents of regular files between the page cache and the disk.
 *
 *	write: mkwrite reserves blocks -> page dirty ... write-out: blocks allocated, data sent,
 *	size on the disk raised, one transaction
 *
 * Blocks that do not exist yet are reserved when a page becomes dirty and allocated when it is
 * written (delayed allocation), so that a file gets long runs and short-lived files none. Which
 * blocks of a page are reserved is in the low bits of page.block_bits.
 *
 * Invariant: ext_node.delayed counts the reserved bits of the file's pages. The way to the disk:
 * writeout.c.
 *
 * Locks: journal handle > page lock > map_lock. Ref: Linux Documentation/filesystems/ext4/
 * ("delayed allocation").
 * Tests: selftests/boot/run (ext_...)
 */
#define LOG_TAG "ext4"
#include "node_int.h"

#include <fs/flushpoint.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/vmo.h>

/* ---- reading ---- */

static void zero_tail(const struct vmo *m, struct page *p)
{
	u64 size = READ_ONCE(m->size), at = p->index << PAGE_SHIFT;

	if (size < at + PAGE_SIZE)
		memset((u8 *)page_to_virt(p) + (size > at ? size - at : 0), 0,
		       PAGE_SIZE - (size > at ? size - at : 0));
}

static int fill_inline(struct ext_node *n, struct page *p)
{
	u8 *bytes = page_to_virt(p);

	if (!p->index)
		return ext_inline_read(&n->i, bytes, PAGE_SIZE);
	memset(bytes, 0, PAGE_SIZE);
	return 0;
}

static void pages_read(struct page *p, int err)
{
	zero_tail(p->owner, p);
	page_filled(p, err);
}

/* The pieces of one page into io; last mapping is kept in *m. */
static int add_page(struct ext_node *n, struct page_io *io, struct page *p, struct ext_mapping *m,
		    u32 ahead)
{
	struct ext_fs *fs = n->i.fs;
	u32 per = per_page(fs);
	u64 first = p->index << (PAGE_SHIFT - fs->block_bits);

	for (u32 k = 0; k < per;) {
		u64 lblk = first + k;
		u32 run;
		int err;

		if (lblk < m->lblk || lblk >= m->lblk + m->len) {
			err = ext_map(&n->i, NULL, lblk, ahead * per, 0, m);
			if (err)
				return err;
		}
		run = (u32)min((u64)(per - k), m->lblk + m->len - lblk);
		if (m->state == EXT_MAPPED)
			page_io_add(io, p, k << fs->block_bits, run << fs->block_bits,
				    sector_of(fs, m->pblk + (lblk - m->lblk)));
		else
			memset((u8 *)page_to_virt(p) + (k << fs->block_bits), 0,
			       run << fs->block_bits);
		k += run;
	}
	return 0;
}

static void read_ahead(struct vmo *v, struct page **pages, u32 nr)
{
	struct ext_node *n = node_of(v);
	struct ext_mapping m = { 0 };
	struct page_io io;

	page_io_begin(&io, to_ext(n->v.sb)->dev, BIO_READ, BIO_READAHEAD, pages_read);
	for (u32 k = 0; k < nr; k++) {
		int err;

		page_io_page(&io, pages[k]);
		err = n->i.flags & EXT_INLINE_DATA_FL ? fill_inline(n, pages[k])
						      : add_page(n, &io, pages[k], &m, nr - k);
		page_io_page_end(&io, pages[k], err);
	}
	page_io_end(&io);
}

static int read_block_run(struct ext_node *n, struct page *p, u32 off, u32 len, u64 block)
{
	return blkdev_page_wait(to_ext(n->v.sb)->dev, BIO_READ, sector_of(n->i.fs, block), p, off,
				len, 0);
}

static int fill(struct vmo *v, struct page *p)
{
	struct ext_node *n = node_of(v);
	struct ext_fs *fs = n->i.fs;
	u64 first = p->index << (PAGE_SHIFT - fs->block_bits);
	u32 per = per_page(fs);
	int err = 0;

	if (n->i.flags & EXT_INLINE_DATA_FL)
		return fill_inline(n, p);
	for (u32 k = 0; k < per && !err;) {
		struct ext_mapping m;

		err = ext_map(&n->i, NULL, first + k, per - k, 0, &m);
		if (err)
			break;
		if (m.state == EXT_MAPPED)
			err = read_block_run(n, p, k << fs->block_bits, m.len << fs->block_bits,
					     m.pblk);
		else
			memset((u8 *)page_to_virt(p) + (k << fs->block_bits), 0,
			       m.len << fs->block_bits);
		k += m.len;
	}
	zero_tail(v, p);
	return err;
}

/* ---- becoming dirty ---- */

static void add_delayed(struct ext_node *n, s64 blocks)
{
	atomic_add(&n->delayed, (u64)blocks);
	n->v.blocks_used = n->i.blocks + (atomic_read(&n->delayed) << (n->i.fs->block_bits - 9));
}

static int mkwrite(struct vmo *v, struct page *p, u32 from, u32 to)
{
	struct ext_node *n = node_of(v);
	struct ext_fs *fs = n->i.fs;
	u64 first = p->index << (PAGE_SHIFT - fs->block_bits);
	u32 k = from >> fs->block_bits, end = (to + fs->block_size - 1) >> fs->block_bits;

	if (ext_is_read_only(fs))
		return -EROFS;
	if (n->i.flags & EXT_INLINE_DATA_FL)
		return -EIO; /* opening it for writing moved it */
	while (k < end) {
		struct ext_mapping m;
		int err;

		if (ext_reserved_bits(p) & BIT(k)) {
			k++;
			continue;
		}
		err = ext_map(&n->i, NULL, first + k, end - k, 0, &m);
		if (err)
			return err;
		for (u32 e = k + m.len; k < e; k++) {
			if (m.state != EXT_HOLE || (ext_reserved_bits(p) & BIT(k)))
				continue;
			err = ext_reserve(fs, 1);
			if (err)
				return err;
			__atomic_fetch_or(&p->block_bits, (u32)BIT(k), __ATOMIC_RELAXED);
			add_delayed(n, 1);
		}
	}
	return 0;
}

void ext_unreserve_page(struct ext_node *n, struct page *p, u32 mask, bool used)
{
	u32 was = __atomic_fetch_and(&p->block_bits, ~(mask & ALL_RESERVED), __ATOMIC_RELAXED) &
		  mask & ALL_RESERVED;
	u32 nr = (was & 1) + (was >> 1 & 1) + (was >> 2 & 1) + (was >> 3 & 1);

	if (!nr)
		return;
	if (!used)
		ext_unreserve(n->i.fs, nr);
	add_delayed(n, -(s64)nr);
}

static void dropped(struct vmo *v, struct page *p)
{
	ext_unreserve_page(node_of(v), p, ALL_RESERVED, false);
}

static void dirtied(struct vmo *v)
{
	flusher_add(&node_of(v)->flush);
}

/* ---- as an object ---- */

static const struct pager_ops ext_pager = {
	.fill = fill,
	.read_ahead = read_ahead,
	.mkwrite = mkwrite,
	.write_out = ext_write_out,
	.dropped = dropped,
	.dirtied = dirtied,
};

struct vmo *ext_make_vmo(struct vnode *v)
{
	return vmo_create(&ext_pager, to_node(v), to_node(v)->i.size, 0);
}

/* ---- size, ranges ---- */

int ext_setattr_op(struct vnode *v, const struct setattr *a)
{
	struct ext_node *n = to_node(v);
	struct vmo *m;
	int err;

	if (!(a->valid & ATTR_SIZE) || !vnode_is_reg(v))
		return 0;
	if (a->size > ext_max_file_size(n->i.fs, n->i.flags & EXT_EXTENTS_FL))
		return -EFBIG;
	m = vnode_vmo(v);
	if (!m)
		return -ENOMEM;
	if (!a->size && m->size && to_ext(v->sb)->opt.auto_da_alloc)
		n->was_emptied = true;
	err = vmo_truncate(m, a->size);
	ext_node_push(n);
	if (!err)
		err = ext_truncate(&n->i, a->size);
	ext_node_pull(n);
	return err;
}

static int leave_inode(struct ext_node *n)
{
	struct journal_handle *h;
	int err = journal_start(n->i.fs->j, n->i.fs->dev, EXT_INLINE_CREDITS + 4, &h), err2;

	if (err)
		return err;
	err = ext_inline_to_block(h, &n->i);
	err2 = journal_stop(h);
	return err ? err : err2;
}

/* Contents inside the inode move into a block before somebody may write. Who only looks at
 * attributes needs no vmo: it is made here. */
static int open_file(struct vnode *v, struct file *f)
{
	struct ext_node *n = to_node(v);
	int err = 0;

	if (!vnode_vmo(v))
		return -ENOMEM;
	if (!(f->mode & FMODE_WRITE) || !(READ_ONCE(n->i.flags) & EXT_INLINE_DATA_FL))
		return 0;
	rw_write_lock(&v->lock);
	if (n->i.flags & EXT_INLINE_DATA_FL)
		err = leave_inode(n);
	rw_write_unlock(&v->lock);
	return err;
}

/* Who replaces contents by truncating and writing expects the new ones to be there soon: Linux's
 * auto_da_alloc. */
static void file_closed(struct vnode *v, struct file *f)
{
	struct ext_node *n = to_node(v);
	struct vmo *m = rcu_deref(v->vmo);

	if (!READ_ONCE(n->was_emptied) || !(f->mode & FMODE_WRITE))
		return;
	WRITE_ONCE(n->was_emptied, false);
	if (m && vmo_write_out(m, 0, U64_MAX))
		pr_debug("write-out at close failed; it will be tried again");
}

int ext_fsync_op(struct vnode *v, struct file *f, bool data_only)
{
	struct ext_node *n = to_node(v);
	struct ext_fs *fs = n->i.fs;
	struct vmo *m = rcu_deref(v->vmo);
	int err = 0, err2;
	bool committed;

	if (m)
		err = vmo_sync(m, 0, U64_MAX);
	if (!data_only || !vnode_is_reg(v)) {
		rw_write_lock(&v->lock);
		err2 = ext_node_write_attrs(n);
		rw_write_unlock(&v->lock);
		err = err ? err : err2;
	}
	err2 = ext_commit_inode(&n->i, data_only && vnode_is_reg(v), &committed);
	err = err ? err : err2;
	/* no commit flushed the device's cache behind the data */
	if (!committed && !err && flush_wanted(FLUSH_FSYNC_DATA))
		err = blkdev_flush(fs->dev);
	err2 = m ? write_errors_check(&m->errors, &f->err_seen) : 0;
	return err ? err : err2;
}

static int zero_range(struct ext_node *n, struct vmo *m, u64 start, u64 end)
{
	u32 bits = n->i.fs->block_bits;
	u64 from = (start + (1u << bits) - 1) >> bits, to = end >> bits;
	int err = vmo_punch(m, start, end);

	if (err || from >= to)
		return err;
	err = ext_punch(&n->i, from, to);
	/* Who read through a mapping meanwhile may have brought old pages back. */
	return err ? err : vmo_punch(m, start, end);
}

static int move_range(struct ext_node *n, struct vmo *m, u64 off, u64 len, bool insert)
{
	u32 bits = n->i.fs->block_bits;
	u64 old = m->size, size = insert ? old + len : old - len;
	int err;

	if ((off | len) & (n->i.fs->block_size - 1) || off >= old || (!insert && off + len >= old))
		return -EINVAL;
	if (!(n->i.flags & EXT_EXTENTS_FL))
		return -EOPNOTSUPP;
	if (insert && size > ext_max_file_size(n->i.fs, true))
		return -EFBIG;
	err = vmo_sync(m, 0, U64_MAX);
	if (err)
		return err;
	/* nothing cached behind it shows the old places */
	err = vmo_truncate(m, ALIGN_DOWN(off, PAGE_SIZE));
	if (!err)
		err = ext_move_range(&n->i, off >> bits, len >> bits, insert, size);
	if (vmo_truncate(m, err ? old : size))
		return -EIO;
	return err;
}

#define MODES (FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE)

static int preallocate(struct ext_node *n, struct vmo *m, u32 mode, u64 start, u64 end)
{
	u32 bits = n->i.fs->block_bits;
	u64 size = !(mode & FALLOC_FL_KEEP_SIZE) && end > m->size ? end : 0;
	int err = 0;

	if (!(n->i.flags & EXT_EXTENTS_FL))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_ZERO_RANGE)
		err = zero_range(n, m, start, end);
	if (!err)
		err = ext_preallocate(&n->i, start >> bits, (end + (1u << bits) - 1) >> bits, size);
	return err || !size ? err : vmo_truncate(m, size);
}

static int fallocate(struct vnode *v, u32 mode, loff_t off, loff_t len)
{
	struct ext_node *n = to_node(v);
	struct vmo *m = vnode_vmo(v);
	u64 start = (u64)off, end = (u64)off + (u64)len;
	int err;

	if (mode & ~(u32)MODES)
		return -EOPNOTSUPP;
	if (!m)
		return -ENOMEM;
	if (end > ext_max_file_size(n->i.fs, n->i.flags & EXT_EXTENTS_FL))
		return -EFBIG;
	if (mode & FALLOC_FL_KEEP_SIZE &&
	    mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		return -EOPNOTSUPP;
	ext_node_push(n);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		err = start < m->size
			      ? zero_range(n, m, start, min(end, ALIGN_UP(m->size, PAGE_SIZE)))
			      : 0;
	else if (mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		err = move_range(n, m, start, (u64)len, mode & FALLOC_FL_INSERT_RANGE);
	else
		err = preallocate(n, m, mode, start, end);
	ext_node_pull(n);
	return err;
}

/* ---- data and holes ---- */

static loff_t seek_data(struct vnode *v, loff_t pos, bool hole)
{
	struct ext_node *n = to_node(v);
	struct ext_fs *fs = n->i.fs;
	struct vmo *m = rcu_deref(v->vmo);
	u64 size = vnode_size(v), at = (u64)pos;
	int err;

	if (pos < 0 || at >= size)
		return -ENXIO;
	if (n->i.flags & EXT_INLINE_DATA_FL)
		return hole ? (loff_t)size : pos;
	err = m ? vmo_write_out(m, 0, U64_MAX) : 0; /* then the map tells all */
	while (at < size && !err) {
		struct ext_mapping map;

		err = ext_map(&n->i, NULL, at >> fs->block_bits, EXT_INIT_MAX, 0, &map);
		if (!err && (map.state == EXT_MAPPED) != hole)
			return (loff_t)at;
		at = (map.lblk + map.len) << fs->block_bits;
	}
	return err ? err : hole ? (loff_t)size
				: -ENXIO;
}

const struct vnode_ops ext_file_ops = {
	.open = open_file,
	.direct = ext_direct_op,
	.closed = file_closed,
	.setattr = ext_setattr_op,
	.dirty = ext_node_dirty,
	.fsync = ext_fsync_op,
	.seek_data = seek_data,
	.fallocate = fallocate,
	.getxattr = ext_getxattr_op,
	.setxattr = ext_setxattr_op,
	.listxattr = ext_listxattr_op,
};
