/* SPDX-License-Identifier: MIT */
/* writeout.c - dirty pages of files to the disk: a batch of pages in order, blocks allocated where
 * they were only reserved, runs sent as they come, the size raised behind what was sent.
 *
 * Invariants:
 *  (1) ordered mode: data goes to new blocks, and the size grows, in the transaction that allocates
 *      them; its commit first waits for that data (ext_flush_ordered()). After a crash a file never
 *      shows what was in its blocks before.
 *  (2) nobody waits for a page under write-out with a handle open, so write-out may start one.
 *  (3) what could not be sent for want of memory, or of blocks that a commit sets free, is dirty
 *      again (and kept) by the time the write-out returns its error; after any other error it is
 *      lost, and each description hears of it once.
 *
 * Locks: journal handle > page lock > map_lock. Ref: Linux Documentation/filesystems/ext4/
 * ("delayed allocation", "data mode").
 * Tests: selftests/boot/run (ext_...), selftests/crash
 */
#define LOG_TAG "ext4"
#include "node_int.h"

#include <fs/blkdev.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define BATCH 64u

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

	for (b->nr = 0; b->nr < BATCH && (b->pages[b->nr] = vmo_take_dirty(m, wb, index, &pieces));
	     ++*index)
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

	return ext_reserved_bits(b->pages[pos / per]) & BIT(pos % per);
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

	while (pos + n < end && block_mask(b, pos + n) &&
	       lblk_of(b, pos + n) == lblk_of(b, pos) + n && is_reserved(b, pos + n) == reserved)
		n++;
	return n;
}

/* The size on the disk follows what was sent. When it cannot, the attributes bring it there
 * later. */
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
			ext_unreserve_page(b->n, b->pages[at], ((1u << n) - 1) << first, m->is_new);
		b->masks[at] &= ~(((1u << n) - 1) << first);
		page_io_add(&b->io, b->pages[at], first << fs->block_bits, n << fs->block_bits,
			    sector_of(fs, m->pblk + k));
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

/* Everything has its place on the disk, and the size there is large enough: no transaction is
 * needed. */
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
		if (is_reserved(b, pos) ||
		    ((lblk_of(b, pos) + 1) << fs->block_bits) >
			    ALIGN_UP(READ_ONCE(b->n->i.size), (u64)fs->block_size))
			return false;
		if (ext_map(&b->n->i, NULL, lblk_of(b, pos), run_from(b, pos), 0, &m) ||
		    m.state != EXT_MAPPED)
			return false;
		pos += m.len;
	}
	return min((lblk_of(b, end - 1) + 1) << fs->block_bits, b->size) <= READ_ONCE(b->n->i.size);
}

/* It may work the next time: nothing is lost. As Linux, space that is counted as free comes with a
 * commit. */
static bool is_transient(struct ext_fs *fs, int err)
{
	return err == -ENOMEM || (err == -ENOSPC && fs->j && atomic_read(&fs->free_blocks));
}

/* What was not sent is dirty again, still reserved; the page stays under write-out until its other
 * blocks are on the device. */
static void keep(struct batch *b, u32 k)
{
	u32 bits = b->n->i.fs->block_bits;

	for (u32 at = 0; at < per_page(b->n->i.fs); at++)
		if (b->masks[k] >> at & 1)
			vmo_dirty(rcu_deref(b->n->v.vmo), b->pages[k], at << bits,
				  (at + 1) << bits);
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
			ext_unreserve_page(b->n, b->pages[k], b->masks[k], false);
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
