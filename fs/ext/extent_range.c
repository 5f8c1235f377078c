/* SPDX-License-Identifier: MIT */
/* extent_range.c - ranges of a file: given back, or moved along (truncate, punch, collapse and
 * insert range).
 *
 * How: one extent after the other, each under enough credits; between two of them the handle may
 * end and go on in a new transaction. What is left then is a right tree: the extents so far are
 * gone or moved, the others not.
 *
 * Locks: takes map_lock for writing, for one extent at a time. Ref: ext4/ifork.rst. Tests:
 * selftests/unit/ext_map_test.c
 */
#define LOG_TAG "ext4"
#include "extent_int.h"

int ext_more_credits(struct journal_handle *h, struct ext_inode *i, u32 need)
{
	int err;

	if (journal_credits(h) >= need)
		return 0;
	err = journal_extend(h, need + EXT_UNMAP_CREDITS);
	if (err <= 0)
		return err;
	err = ext_inode_write(h, i);
	return err ? err : journal_restart(h, need + EXT_UNMAP_CREDITS);
}

/* What is mapped at e and in [from, to): the part's place. */
static void cut_part(const struct ext_leaf_disk *e, u64 from, u64 to, u64 *pblk, u32 *n)
{
	u64 start = max(from, (u64)e->lblk), end = min(to, (u64)e->lblk + leaf_len(e));

	*pblk = leaf_block(e) + (start - e->lblk);
	*n = (u32)(end - start);
}

/* Entry pos of the path's leaf overlaps [from, to), and not on both sides of it. */
static int shrink(struct journal_handle *h, struct ext_inode *i, struct ext_path *p, u32 pos,
		  u64 from, u64 to)
{
	struct ext_step *s = path_leaf(p);
	struct ext_leaf_disk *e = leaf_at(s->h, pos);
	u64 end = (u64)e->lblk + leaf_len(e);
	int err;

	if (e->lblk >= from && end <= to)
		return ext_extent_delete(h, i, p, pos);
	err = ext_step_write(h, s);
	if (err)
		return err;
	if (e->lblk < from) {
		leaf_set(e, e->lblk, leaf_block(e), (u32)(from - e->lblk), leaf_unwritten(e));
		return ext_step_dirty(h, i, s);
	}
	leaf_set(e, to, leaf_block(e) + (to - e->lblk), (u32)(end - to), leaf_unwritten(e));
	err = ext_step_dirty(h, i, s);
	return err || pos ? err : ext_path_fix_keys(h, i, p, p->depth);
}

static u32 step_credits(const struct ext_inode *i, u32 len)
{
	return ext_free_credits(i->fs, len) + 4 * (EXT_MAX_DEPTH + 1) + 1;
}

/* The first extent in [*from, to): 1 when one was given back, *from moves behind it; 0: there is
 * none. */
static int unmap_one(struct journal_handle *h, struct ext_inode *i, u64 *from, u64 to)
{
	auto_path struct ext_path p = { 0 };
	struct ext_leaf_disk *e;
	struct ext_step *s;
	u32 pos, n;
	u64 pblk;
	int err = ext_path_find(i, *from, &p);

	if (err)
		return err;
	s = path_leaf(&p);
	pos = s->at >= 0 && *from < (u64)leaf_at(s->h, (u32)s->at)->lblk +
					      leaf_len(leaf_at(s->h, (u32)s->at))
		      ? (u32)s->at
		      : (u32)(s->at + 1);
	if (pos >= s->h->entries) {
		u64 next = ext_path_next(&p);

		if (next <= *from || next >= to)
			return 0;
		*from = next;
		return 1;
	}
	e = leaf_at(s->h, pos);
	if (e->lblk >= to)
		return 0;
	if (e->lblk < *from && (u64)e->lblk + leaf_len(e) > to) {
		err = ext_extent_split(h, i, to);
		return err ? err : 1;
	}
	cut_part(e, *from, to, &pblk, &n);
	*from = max(*from, (u64)e->lblk) + n;
	err = shrink(h, i, &p, pos, *from - n, to);
	if (!err)
		err = ext_free_blocks(i->fs, h, pblk, n, ext_is_reg(i) ? 0 : EXT_FREE_FORGET);
	i->blocks -= min(i->blocks, (u64)n << (i->fs->block_bits - 9));
	i->goal = 0;
	return err ? err : 1;
}

int ext_extent_unmap(struct journal_handle *h, struct ext_inode *i, u64 from, u64 to)
{
	int more = 1, err = 0;

	to = min(to, (u64)U32_MAX + 1);
	while (more > 0 && from < to && !err) {
		err = ext_more_credits(h, i, step_credits(i, EXT_INIT_MAX));
		if (err)
			break;
		rw_write_lock(&i->map_lock);
		more = unmap_one(h, i, &from, to);
		rw_write_unlock(&i->map_lock);
	}
	return err ? err : min(more, 0);
}

/* ---- moving ---- */

/* All entries of the path's leaf from lblk on; *next: the key to go on from. Returns 1 while there
 * may be more. */
static int shift_leaf(struct journal_handle *h, struct ext_inode *i, struct ext_path *p, u64 lblk,
		      s64 delta)
{
	struct ext_step *s = path_leaf(p);
	u32 pos = 0;
	int err = ext_step_write(h, s);

	if (err)
		return err;
	while (pos < s->h->entries && leaf_at(s->h, pos)->lblk < lblk)
		pos++;
	for (u32 n = pos; n < s->h->entries; n++)
		leaf_at(s->h, n)->lblk = (u32)(leaf_at(s->h, n)->lblk + delta);
	err = ext_step_dirty(h, i, s);
	return err || pos ? err : ext_path_fix_keys(h, i, p, p->depth);
}

/* Towards the front: leaves from left to right. */
static int shift_front(struct journal_handle *h, struct ext_inode *i, u64 *from, s64 delta)
{
	auto_path struct ext_path p = { 0 };
	u64 next;
	int err = ext_path_find(i, *from, &p);

	if (err)
		return err;
	next = ext_path_next(&p);
	err = shift_leaf(h, i, &p, *from, delta);
	if (err || next <= *from || next == U64_MAX)
		return err;
	*from = next;
	return 1;
}

/* Towards the end: leaves from right to left; *last is the highest key not yet moved. */
static int shift_back(struct journal_handle *h, struct ext_inode *i, u64 lblk, u64 *last, s64 delta)
{
	auto_path struct ext_path p = { 0 };
	struct ext_step *s;
	u64 first;
	int err = ext_path_find(i, *last, &p);

	if (err)
		return err;
	s = path_leaf(&p);
	if (s->at < 0 || (u64)leaf_at(s->h, (u32)s->at)->lblk < lblk)
		return 0;
	first = leaf_at(s->h, 0)->lblk;
	err = shift_leaf(h, i, &p, lblk, delta);
	if (err || first <= lblk)
		return err;
	*last = first - 1;
	return 1;
}

int ext_shift(struct journal_handle *h, struct ext_inode *i, u64 lblk, s64 delta)
{
	u64 from = lblk, last = U32_MAX;
	int more = 1, err = 0;

	if (!(i->flags & EXT_EXTENTS_FL))
		return -EOPNOTSUPP;
	if (delta > 0) {
		err = ext_more_credits(h, i, step_credits(i, 1));
		rw_write_lock(&i->map_lock);
		if (!err)
			err = ext_extent_split(h, i, lblk);
		rw_write_unlock(&i->map_lock);
	}
	while (more > 0 && !err) {
		err = ext_more_credits(h, i, step_credits(i, 1));
		if (err)
			break;
		rw_write_lock(&i->map_lock);
		more = delta < 0 ? shift_front(h, i, &from, delta)
				 : shift_back(h, i, lblk, &last, delta);
		i->goal = 0;
		rw_write_unlock(&i->map_lock);
	}
	return err ? err : min(more, 0);
}
