/* SPDX-License-Identifier: MIT */
/* file.c - contents of regular files between the page cache and the disk.
 *
 *	write: mkwrite reserves blocks -> page dirty ... write-out: blocks allocated, data sent, size on the disk raised, one transaction
 *
 * Blocks that do not exist yet are reserved when a page becomes dirty and allocated when it is written (delayed allocation), so that
 * a file gets long runs and short-lived files none. Which blocks of a page are reserved is in the low bits of page.block_bits.
 *
 * Invariants:
 *  (1) ordered mode: data goes to new blocks, and the size grows, in the transaction that allocates them; its commit first waits for that
 *      data (ext_flush_ordered()). After a crash a file never shows what was in its blocks before.
 *  (2) nobody waits for a page under write-out with a handle open, so write-out may start one.
 *  (3) ext_node.delayed counts the reserved bits of the file's pages.
 *  (4) what could not be sent for want of memory, or of blocks that a commit sets free, is dirty again (and kept) by the time the write-out
 *      returns its error; after any other error it is lost, and each description hears of it once.
 *
 * Locks: journal handle > page lock > map_lock. Ref: Linux Documentation/filesystems/ext4/ ("delayed allocation", "data mode").
 * Tests: selftests/boot/run (ext_...)
 */
#define LOG_TAG "ext4"
#include "node_int.h"

#include <fs/blkdev.h>
#include <fs/flushpoint.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define BATCH 64u
#define RESERVED 0xfu /* of page.block_bits: four blocks of 1 KiB */

static struct ext_node *node_of(const struct vmo *m) { return m->owner; }
static u32 page_reserved_bits(const struct page *p) { return READ_ONCE(p->block_bits) & RESERVED; }

static u64 sector_of(const struct ext_fs *fs, u64 block)
{
	return block << (fs->block_bits - SECTOR_SHIFT);
}

static u32 per_page(const struct ext_fs *fs)
{
	return 1u << (PAGE_SHIFT - fs->block_bits);
}

/* ---- reading ---- */

static void zero_tail(const struct vmo *m, struct page *p)
{
	u64 size = READ_ONCE(m->size), at = p->index << PAGE_SHIFT;

	if (size < at + PAGE_SIZE)
		memset((u8 *)page_to_virt(p) + (size > at ? size - at : 0), 0, PAGE_SIZE - (size > at ? size - at : 0));
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
static int add_page(struct ext_node *n, struct page_io *io, struct page *p, struct ext_mapping *m, u32 ahead)
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
			page_io_add(io, p, k << fs->block_bits, run << fs->block_bits, sector_of(fs, m->pblk + (lblk - m->lblk)));
		else
			memset((u8 *)page_to_virt(p) + (k << fs->block_bits), 0, run << fs->block_bits);
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
		err = n->i.flags & EXT_INLINE_DATA_FL ? fill_inline(n, pages[k]) : add_page(n, &io, pages[k], &m, nr - k);
		page_io_page_end(&io, pages[k], err);
	}
	page_io_end(&io);
}

static int read_block_run(struct ext_node *n, struct page *p, u32 off, u32 len, u64 block)
{
	return blkdev_page_wait(to_ext(n->v.sb)->dev, BIO_READ, sector_of(n->i.fs, block), p, off, len, 0);
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
			err = read_block_run(n, p, k << fs->block_bits, m.len << fs->block_bits, m.pblk);
		else
			memset((u8 *)page_to_virt(p) + (k << fs->block_bits), 0, m.len << fs->block_bits);
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

		if (page_reserved_bits(p) & BIT(k)) {
			k++;
			continue;
		}
		err = ext_map(&n->i, NULL, first + k, end - k, 0, &m);
		if (err)
			return err;
		for (u32 e = k + m.len; k < e; k++) {
			if (m.state != EXT_HOLE || (page_reserved_bits(p) & BIT(k)))
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

/* Forgets the reservations of blocks in mask; gives them back unless they were used. */
static void unreserve_page(struct ext_node *n, struct page *p, u32 mask, bool used)
{
	u32 was = __atomic_fetch_and(&p->block_bits, ~(mask & RESERVED), __ATOMIC_RELAXED) & mask & RESERVED;
	u32 nr = (was & 1) + (was >> 1 & 1) + (was >> 2 & 1) + (was >> 3 & 1);

	if (!nr)
		return;
	if (!used)
		ext_unreserve(n->i.fs, nr);
	add_delayed(n, -(s64)nr);
}

static void dropped(struct vmo *v, struct page *p)
{
	unreserve_page(node_of(v), p, RESERVED, false);
}

static void dirtied(struct vmo *v)
{
	flusher_add(&node_of(v)->flush);
}

/* ---- write-out ---- */

struct batch {
	struct ext_node *n;
	struct journal_handle *h;
	struct page_io io;
	u64 size;    /* of the file, as all of this sees it */
	u64 first;   /* index of the first page */
	u64 written; /* end of the last block that was sent, in bytes */
	u32 nr;
	struct page *pages[BATCH];
	u32 masks[BATCH]; /* dirty blocks that are yet to be sent, one bit each */
};

static u32 dirty_blocks(const struct ext_fs *fs, u32 pieces)
{
	u32 per = fs->block_size / DIRTY_PIECE, out = 0;

	for (u32 k = 0; k < per_page(fs); k++)
		if (pieces >> (k * per) & ((1u << per) - 1))
			out |= 1u << k;
	return out;
}

static bool gather(struct vmo *m, struct writeback *wb, u64 *index, struct batch *b)
{
	u32 pieces;

	for (b->nr = 0; b->nr < BATCH && (b->pages[b->nr] = vmo_take_dirty(m, wb, index, &pieces)); ++*index)
		b->masks[b->nr++] = dirty_blocks(b->n->i.fs, pieces);
	b->first = b->nr ? b->pages[0]->index : 0;
	return b->nr;
}

/* Block k of page at, as one number over the batch. */
static u32 block_mask(const struct batch *b, u32 pos)
{
	u32 per = per_page(b->n->i.fs);

	return b->masks[pos / per] >> (pos % per) & 1;
}

static bool is_reserved(const struct batch *b, u32 pos)
{
	u32 per = per_page(b->n->i.fs);

	return page_reserved_bits(b->pages[pos / per]) & BIT(pos % per);
}

static u64 lblk_of(const struct batch *b, u32 pos)
{
	u32 bits = PAGE_SHIFT - b->n->i.fs->block_bits;

	return (b->pages[pos >> bits]->index << bits) + (pos & (BIT(bits) - 1));
}

/* Consecutive dirty blocks from pos on that are all reserved, or all not. */
static u32 run_from(const struct batch *b, u32 pos)
{
	u32 end = b->nr * per_page(b->n->i.fs), n = 1;
	bool reserved = is_reserved(b, pos);

	while (pos + n < end && block_mask(b, pos + n) && lblk_of(b, pos + n) == lblk_of(b, pos) + n &&
	       is_reserved(b, pos + n) == reserved)
		n++;
	return n;
}

/* The size on the disk follows what was sent. When it cannot, the attributes bring it there later. */
static int raise_size(struct batch *b)
{
	int err = ext_set_disk_size(b->h, &b->n->i, min(b->written, b->size));

	if (err)
		ext_node_dirty(&b->n->v);
	return err;
}

/* Enough for one more piece. What is collected goes out before the transaction may change. */
static int more_credits(struct batch *b)
{
	u32 need = ext_map_credits(&b->n->i, 1) + 2;
	int err;

	if (!b->h)
		return 0;
	if (journal_credits(b->h) >= need)
		return 0;
	err = journal_extend(b->h, need);
	if (err <= 0)
		return err;
	page_io_end(&b->io);
	err = raise_size(b);
	return err ? err : journal_restart(b->h, need);
}

static void send_run(struct batch *b, u32 pos, const struct ext_mapping *m, bool reserved)
{
	struct ext_fs *fs = b->n->i.fs;
	u32 per = per_page(fs);

	for (u32 k = 0; k < m->len;) {
		u32 at = (pos + k) / per, first = (pos + k) % per, n = min(m->len - k, per - first);

		if (reserved)
			unreserve_page(b->n, b->pages[at], ((1u << n) - 1) << first, m->is_new);
		b->masks[at] &= ~(((1u << n) - 1) << first);
		page_io_add(&b->io, b->pages[at], first << fs->block_bits, n << fs->block_bits, sector_of(fs, m->pblk + k));
		k += n;
	}
	b->written = max(b->written, (m->lblk + m->len) << fs->block_bits);
}

/* Maps and sends one run. *pos moves behind it. */
static int write_run(struct batch *b, u32 *pos)
{
	u32 n = run_from(b, *pos), flags = EXT_MAP_CREATE | EXT_MAP_CONVERT;
	bool reserved = is_reserved(b, *pos);
	u64 lblk = lblk_of(b, *pos);
	struct ext_mapping m;
	int err = more_credits(b);

	if (err)
		return err;
	err = ext_map(&b->n->i, b->h, lblk, n, flags | (reserved ? EXT_MAP_DELAYED : 0), &m);
	if (err)
		return err;
	send_run(b, *pos, &m, reserved);
	*pos += m.len;
	return 0;
}

/* What lies beyond the end of the file need not be written. */
static void cut_masks(struct batch *b)
{
	struct ext_fs *fs = b->n->i.fs;
	u64 end = (b->size + fs->block_size - 1) >> fs->block_bits;

	for (u32 pos = 0; pos < b->nr * per_page(fs); pos++)
		if (lblk_of(b, pos) >= end)
			b->masks[pos / per_page(fs)] &= ~(1u << pos % per_page(fs));
}

/* Everything has its place on the disk, and the size there is large enough: no transaction is needed. */
static bool is_overwrite(struct batch *b)
{
	struct ext_fs *fs = b->n->i.fs;
	u32 end = b->nr * per_page(fs), pos = 0;
	struct ext_mapping m;

	while (pos < end) {
		if (!block_mask(b, pos)) {
			pos++;
			continue;
		}
		if (is_reserved(b, pos) || ((lblk_of(b, pos) + 1) << fs->block_bits) > ALIGN_UP(READ_ONCE(b->n->i.size), (u64)fs->block_size))
			return false;
		if (ext_map(&b->n->i, NULL, lblk_of(b, pos), run_from(b, pos), 0, &m) || m.state != EXT_MAPPED)
			return false;
		pos += m.len;
	}
	return min((lblk_of(b, end - 1) + 1) << fs->block_bits, b->size) <= READ_ONCE(b->n->i.size);
}

/* It may work the next time: nothing is lost. As Linux, space that is counted as free comes with a commit. */
static bool is_transient(struct ext_fs *fs, int err)
{
	return err == -ENOMEM || (err == -ENOSPC && fs->j && atomic_read(&fs->free_blocks));
}

/* What was not sent is dirty again, still reserved; the page stays under write-out until its other blocks are on the device. */
static void keep(struct batch *b, u32 k)
{
	u32 bits = b->n->i.fs->block_bits;

	for (u32 at = 0; at < per_page(b->n->i.fs); at++)
		if (b->masks[k] >> at & 1)
			vmo_dirty(rcu_deref(b->n->v.vmo), b->pages[k], at << bits, (at + 1) << bits);
}

static void end_pages(struct batch *b, int err)
{
	struct ext_fs *fs = b->n->i.fs;
	bool again = is_transient(fs, err);

	if (err && !again) {
		pr_err("%s: inode %u: data is lost: %d", fs->name, b->n->i.ino, err);
		vmo_error(rcu_deref(b->n->v.vmo), err);
	}
	for (u32 k = 0; k < b->nr; k++) {
		if (again)
			keep(b, k);
		else if (err)
			unreserve_page(b->n, b->pages[k], b->masks[k], false);
		page_io_page_end(&b->io, b->pages[k], 0);
	}
}

static int write_batch(struct batch *b, u32 flags)
{
	struct ext_fs *fs = b->n->i.fs;
	struct ext_super *es = to_ext(b->n->v.sb);
	u32 end = b->nr * per_page(fs), pos = 0;
	int err = 0, err2 = 0;

	cut_masks(b);
	b->h = NULL;
	if (!is_overwrite(b))
		err = journal_start(fs->j, fs->dev, ext_map_credits(&b->n->i, 4) + 2, &b->h);
	b->written = 0;
	page_io_begin(&b->io, es->dev, BIO_WRITE, flags, page_written);
	b->io.group = &es->ordered[__atomic_load_n(&es->ordered_now, __ATOMIC_ACQUIRE) & 1];
	for (u32 k = 0; k < b->nr; k++)
		page_io_page(&b->io, b->pages[k]);
	while (pos < end && !err) {
		if (!block_mask(b, pos))
			pos++;
		else
			err = write_run(b, &pos);
	}
	if (b->h && b->written) {
		err2 = raise_size(b);
		err = err ? err : err2;
	}
	end_pages(b, err);
	page_io_end(&b->io);
	err2 = b->h ? journal_stop(b->h) : 0;
	return err ? err : err2;
}

/* A batch was kept: is it worth trying at once? */
static bool try_again(struct batch *b, int err, u32 *tries)
{
	if (err == -ENOSPC && !journal_current())
		return ext_retry_space(b->n->i.fs, tries);
	return err == -ENOMEM && ++*tries <= 3 && reclaim_pages(BATCH);
}

int ext_write_out(struct vmo *m, struct writeback *wb)
{
	struct batch *b = knew(struct batch);
	u64 index = wb->first;
	u32 tries = 0;
	int err = 0, err2;

	if (!b)
		return -ENOMEM;
	b->n = node_of(m);
	while (wb->budget && gather(m, wb, &index, b)) {
		b->size = READ_ONCE(m->size);
		err2 = write_batch(b, wb->wait ? 0 : BIO_BACKGROUND);
		if (is_transient(b->n->i.fs, err2)) {
			wb->budget += b->nr; /* the flusher shall not take it for progress */
			if (!try_again(b, err2, &tries)) {
				err = err ? err : err2;
				break;
			}
			index = b->first;
			continue;
		}
		tries = 0;
		err = err ? err : err2;
	}
	kfree(b);
	return err;
}

int ext_flush_ordered(void *owner)
{
	struct ext_super *es = owner;
	u32 was = __atomic_fetch_xor(&es->ordered_now, 1, __ATOMIC_ACQ_REL) & 1;

	return page_io_group_wait(&es->ordered[was]);
}

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

/* Contents inside the inode move into a block before somebody may write. Who only looks at attributes needs no vmo: it is made here. */
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

/* Who replaces contents by truncating and writing expects the new ones to be there soon: Linux's auto_da_alloc. */
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
	if (!committed && !err && flush_wanted(FLUSH_FSYNC_DATA)) /* no commit flushed the device's cache behind the data */
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
	err = vmo_truncate(m, ALIGN_DOWN(off, PAGE_SIZE)); /* nothing cached behind it shows the old places */
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
	if (mode & FALLOC_FL_KEEP_SIZE && mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		return -EOPNOTSUPP;
	ext_node_push(n);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		err = start < m->size ? zero_range(n, m, start, min(end, ALIGN_UP(m->size, PAGE_SIZE))) : 0;
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
