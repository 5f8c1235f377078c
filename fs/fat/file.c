/* SPDX-License-Identifier: MIT */
/* file.c - contents of regular files between the page cache and the disk.
 *
 * FAT knows no holes: clusters are allocated when a page becomes dirty, and what a write or
 * truncation leaves out is written as zeros (fill_gap()), through the page cache.
 *
 * Invariants:
 *  (1) every byte of a file below its size has a cluster; of a page that is dirty, every piece has.
 *  (2) data is sent before the entry that has the new size.
 *
 * Locks: V > page lock > M. Ref: fallocate(2), truncate(2), mmap(2). Tests: selftests/storage/run
 * (vfat_...)
 */
#define LOG_TAG "FAT-fs"
#include "node_int.h"

#include <fs/pageio.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/vmo.h>

static struct fat_node *node_of(const struct vmo *m) { return m->owner; }

/* ---- where bytes are ---- */

/* The 512-byte sector of byte pos, and how many bytes lie together from there on; 0 sectors:
 * nowhere. */
static int map(struct fat_node *n, u64 pos, u64 *sector, u64 *len)
{
	struct fat_fs *fs = n->i.fs;
	u64 off = pos & (fat_cluster_size(fs) - 1);
	u32 disk, run;
	int err;

	mutex_lock(&fs->lock);
	err = fat_chain_map(fs, &n->i.chain, (u32)(pos >> fs->cluster_bits), &disk, &run);
	mutex_unlock(&fs->lock);
	if (err)
		return err;
	*sector = disk ? (fat_cluster_sector(fs, disk) << (fs->sector_bits - SECTOR_SHIFT)) +
				  (off >> SECTOR_SHIFT)
		       : 0;
	*len = disk ? ((u64)run << fs->cluster_bits) - off : PAGE_SIZE;
	return 0;
}

/* ---- reading ---- */

static void zero_tail(const struct vmo *m, struct page *p)
{
	u64 size = READ_ONCE(m->size), at = p->index << PAGE_SHIFT;

	if (size < at + PAGE_SIZE)
		memset((u8 *)page_to_virt(p) + (size > at ? size - at : 0), 0,
		       PAGE_SIZE - (size > at ? size - at : 0));
}

static void pages_read(struct page *p, int err)
{
	zero_tail(p->owner, p);
	page_filled(p, err);
}

static int add_page(struct fat_node *n, struct page_io *io, struct page *p)
{
	for (u32 at = 0; at < PAGE_SIZE;) {
		u64 sector, len;
		int err = map(n, (p->index << PAGE_SHIFT) + at, &sector, &len);

		if (err)
			return err;
		len = min(len, (u64)PAGE_SIZE - at);
		if (sector)
			page_io_add(io, p, at, (u32)len, sector);
		else
			memset((u8 *)page_to_virt(p) + at, 0, len);
		at += (u32)len;
	}
	return 0;
}

static void read_ahead(struct vmo *v, struct page **pages, u32 nr)
{
	struct page_io io;

	page_io_begin(&io, node_of(v)->i.fs->dev, BIO_READ, BIO_READAHEAD, pages_read);
	for (u32 k = 0; k < nr; k++) {
		page_io_page(&io, pages[k]);
		page_io_page_end(&io, pages[k], add_page(node_of(v), &io, pages[k]));
	}
	page_io_end(&io);
}

static int fill(struct vmo *v, struct page *p)
{
	struct fat_node *n = node_of(v);
	int err = 0;

	for (u32 at = 0; at < PAGE_SIZE && !err;) {
		u64 sector, len;

		err = map(n, (p->index << PAGE_SHIFT) + at, &sector, &len);
		if (err)
			break;
		len = min(len, (u64)PAGE_SIZE - at);
		if (sector)
			err = blkdev_page_wait(n->i.fs->dev, BIO_READ, sector, p, at, (u32)len, 0);
		else
			memset((u8 *)page_to_virt(p) + at, 0, len);
		at += (u32)len;
	}
	zero_tail(v, p);
	return err;
}

/* ---- writing ---- */

static u32 clusters(const struct fat_fs *fs, u64 bytes)
{
	return (u32)((bytes + fat_cluster_size(fs) - 1) >> fs->cluster_bits);
}

static int mkwrite(struct vmo *v, struct page *p, u32 from, u32 to)
{
	struct fat_node *n = node_of(v);
	struct fat_fs *fs = n->i.fs;
	int err;

	mutex_lock(&fs->lock);
	err = fs->read_only ? -EROFS
			    : fat_chain_grow(fs, &n->i.chain,
					     clusters(fs, (p->index << PAGE_SHIFT) + to));
	mutex_unlock(&fs->lock);
	return err;
}

static void dirtied(struct vmo *v)
{
	flusher_add(&node_of(v)->flush);
}

/* The next dirty piece from *at on, in sectors of the file system, as one run: false when there is
 * none. */
static bool next_run(const struct fat_fs *fs, u32 mask, u32 *at, u32 *len)
{
	u32 size = 1u << fs->sector_bits, piece = (1u << (size / DIRTY_PIECE)) - 1, end;

	while (*at < PAGE_SIZE && !(mask >> (*at / DIRTY_PIECE) & piece))
		*at += size;
	for (end = *at; end < PAGE_SIZE && mask >> (end / DIRTY_PIECE) & piece; end += size)
		;
	*len = end - *at;
	return *len;
}

static int send_page(struct fat_node *n, struct page_io *io, struct page *p, u32 mask, u64 size)
{
	struct fat_fs *fs = n->i.fs;
	u64 start = p->index << PAGE_SHIFT, limit = ALIGN_UP(size, 1ul << fs->sector_bits);
	u32 at = 0, len;

	while (next_run(fs, mask, &at, &len) && start + at < limit) {
		u64 sector, run;
		int err = map(n, start + at, &sector, &run);

		if (err || !sector)
			return err ? err : -EIO;
		len = (u32)min(min((u64)len, run), limit - (start + at));
		page_io_add(io, p, at, len, sector);
		at += len;
	}
	return 0;
}

int fat_write_out(struct vmo *m, struct writeback *wb)
{
	struct fat_node *n = node_of(m);
	u64 index = wb->first, size = READ_ONCE(m->size);
	struct page_io io;
	struct page *p;
	int err = 0;
	u32 mask;

	page_io_begin(&io, n->i.fs->dev, BIO_WRITE, wb->wait ? 0 : BIO_BACKGROUND, page_written);
	while (wb->budget && (p = vmo_take_dirty(m, wb, &index, &mask))) {
		int err2;

		index = p->index + 1;
		page_io_page(&io, p);
		err2 = send_page(n, &io, p, mask, size);
		if (err2) {
			pr_err("(%s): data is lost: %d", n->i.fs->name, err2);
			vmo_error(m, err2);
			err = err2;
		}
		page_io_page_end(&io, p, 0);
	}
	page_io_end(&io);
	return err;
}

static const struct pager_ops fat_pager = {
	.fill = fill,
	.read_ahead = read_ahead,
	.mkwrite = mkwrite,
	.write_out = fat_write_out,
	.dirtied = dirtied,
};

struct vmo *fat_make_vmo(struct vnode *v)
{
	return vmo_create(&fat_pager, to_node(v), to_node(v)->i.size, 0);
}

/* ---- size ---- */

static int shrink(struct fat_node *n, struct vmo *m, u64 size)
{
	struct fat_fs *fs = n->i.fs;
	int err = vmo_truncate(m, size);

	if (err)
		return err;
	mutex_lock(&fs->lock);
	err = fs->read_only ? -EROFS : fat_truncate(&n->i, (u32)size);
	mutex_unlock(&fs->lock);
	n->reserved = false;
	return err;
}

/* Zeros from the end to pos, which becomes the end. All or nothing. */
static int fill_gap(struct vnode *v, u64 pos)
{
	static const u8 zeros[1024];
	struct vmo *m = vnode_vmo(v);
	u64 old = m->size;
	int err = 0;

	while (m->size < pos && !err) {
		u64 at = m->size, len = min(sizeof(zeros) - (at & (sizeof(zeros) - 1)), pos - at);

		err = vmo_write_kernel(m, zeros, len, (loff_t)at);
		if (!err)
			vmo_balance(m);
	}
	if (err && shrink(to_node(v), m, old))
		return -EIO;
	return err;
}

static int set_size(struct vnode *v, u64 size)
{
	struct vmo *m = vnode_vmo(v);
	int err;

	if (size > U32_MAX)
		return -EFBIG;
	if (!m)
		return -ENOMEM;
	err = size > m->size ? fill_gap(v, size) : shrink(to_node(v), m, size);
	if (!err)
		v->mtime = vnode_now();
	return err;
}

/* ---- attributes ---- */

/* What the one bit for "read-only" can say: all write bits or none, the others as they are. False:
 * it cannot. */
static bool mode_to_attr(struct fat_node *n, u32 mode)
{
	const struct fat_fs *fs = n->i.fs;
	bool is_dir = fat_is_dir(&n->i);
	u32 mask = is_dir ? fs->opt.dmask : fs->opt.fmask, perm = mode & 0777 & ~mask,
	    all = 0222 & ~mask;
	bool may_change = all && (!is_dir || fs->opt.rodir);

	if ((perm & 0555) != (n->v.mode & 0555))
		return false;
	if ((perm & 0222) != all && (!may_change || (perm & 0222)))
		return false;
	if (all)
		n->i.attr = (u8)(perm & 0222 ? n->i.attr & ~FAT_ATTR_RO : n->i.attr | FAT_ATTR_RO);
	return true;
}

static bool is_impossible(const struct fat_node *n, const struct setattr *a)
{
	const struct fat_options *o = &n->i.fs->opt;

	return (a->valid & ATTR_UID && a->uid.v != o->uid) ||
	       (a->valid & ATTR_GID && a->gid.v != o->gid) ||
	       (a->valid & ATTR_MODE && a->mode & 07777 & ~0777u);
}

/* What cannot be kept is refused, or with the option quiet let pass; fat_node_dirty() puts back
 * what the file layer changed. */
int fat_setattr_op(struct vnode *v, const struct setattr *a)
{
	struct fat_node *n = to_node(v);
	struct fat_fs *fs = n->i.fs;
	int err = 0;

	if (is_impossible(n, a))
		return fs->opt.quiet ? 0 : -EPERM;
	if (a->valid & ATTR_SIZE && vnode_is_reg(v))
		err = set_size(v, a->size);
	if (err || !(a->valid & ATTR_MODE))
		return err;
	mutex_lock(&fs->lock);
	if (fs->read_only)
		err = -EROFS;
	else if (mode_to_attr(n, a->mode))
		err = fat_inode_write(&n->i);
	mutex_unlock(&fs->lock);
	return err;
}

int fat_getattr_op(struct vnode *v, struct kstat *st)
{
	st->blocks = ALIGN_UP(st->size, (u64)fat_cluster_size(to_node(v)->i.fs)) >> SECTOR_SHIFT;
	return 0;
}

/* ---- the rest ---- */

static int open_file(struct vnode *v, struct file *f)
{
	return vnode_vmo(v) ? 0 : -ENOMEM;
}

/* The option flush: what was written is soon there, for those who pull the stick out. */
static void file_closed(struct vnode *v, struct file *f)
{
	struct vmo *m = rcu_deref(v->vmo);

	if (!to_node(v)->i.fs->opt.flush || !(f->mode & FMODE_WRITE) || !m)
		return;
	if (vmo_write_out(m, 0, U64_MAX) || fat_node_write_attrs(to_node(v)) ||
	    buf_sync(to_node(v)->i.fs->dev))
		pr_debug("write-out at close failed; it will be tried again");
}

int fat_fsync_op(struct vnode *v, struct file *f, bool data_only)
{
	struct fat_node *n = to_node(v);
	struct vmo *m = rcu_deref(v->vmo);
	int err = m ? vmo_sync(m, 0, U64_MAX) : 0, err2 = fat_node_write_attrs(n);

	err = err ? err : err2;
	err2 = n->i.fs->read_only ? 0 : buf_sync(n->i.fs->dev);
	err = err ? err : err2;
	if (!err && !n->i.fs->read_only)
		err = blkdev_flush(n->i.fs->dev);
	err2 = m ? write_errors_check(&m->errors, &f->err_seen) : 0;
	return err ? err : err2;
}

static int fallocate(struct vnode *v, u32 mode, loff_t off, loff_t len)
{
	struct fat_node *n = to_node(v);
	struct fat_fs *fs = n->i.fs;
	struct vmo *m = vnode_vmo(v);
	u64 end = (u64)off + (u64)len;
	int err;

	if (mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	if (!m)
		return -ENOMEM;
	if (end > U32_MAX)
		return -EFBIG;
	if (!(mode & FALLOC_FL_KEEP_SIZE))
		return end > m->size ? set_size(v, end) : 0;
	mutex_lock(&fs->lock);
	err = fs->read_only ? -EROFS : fat_chain_grow(fs, &n->i.chain, clusters(fs, end));
	mutex_unlock(&fs->lock);
	n->reserved = true;
	return err;
}

static loff_t seek_data(struct vnode *v, loff_t pos, bool hole)
{
	return hole ? (loff_t)vnode_size(v) : pos;
}

const struct vnode_ops fat_file_ops = {
	.open = open_file,
	.closed = file_closed,
	.getattr = fat_getattr_op,
	.setattr = fat_setattr_op,
	.dirty = fat_node_dirty,
	.fsync = fat_fsync_op,
	.seek_data = seek_data,
	.fallocate = fallocate,
	.fill_gap = fill_gap,
};
