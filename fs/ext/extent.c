/* SPDX-License-Identifier: MIT */
/* extent.c - extent trees: finding, allocating, and making what was allocated in advance real.
 *
 *	inode [header|index..] -> node [header|index..|tail] -> leaf [header|extent..|tail]
 *
 * Invariants:
 *  (1) keys rise within a node; the key of an index entry is the first key of what it leads to.
 *  (2) extents do not overlap. One of more than 32768 blocks by its length field is unwritten: it
 *      reads as zeros.
 *  (3) every index of a node that is used here was checked against the room that the node has, each
 *      time: what a damaged or shared block says cannot lead outside of it.
 *
 * Locks: map_lock. Ref: ext4/ifork.rst ("extent tree"). Tests: selftests/unit/ext_map_test.c,
 * fuzz/ext_fuzz.c
 */
#define LOG_TAG "ext4"
#include "extent_int.h"

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

/* ---- nodes ---- */

static u32 node_max(const struct ext_fs *fs)
{
	return (fs->block_size - sizeof(struct ext_extent_header)) / sizeof(struct ext_leaf_disk);
}

static u32 *node_tail(const struct ext_extent_header *h)
{
	return (u32 *)((u8 *)(h + 1) + h->max * sizeof(struct ext_leaf_disk));
}

static u32 node_checksum(const struct ext_inode *i, const struct ext_extent_header *h)
{
	return crc32c(i->seed, h, (usize)((u8 *)node_tail(h) - (u8 *)h));
}

int ext_step_dirty(struct journal_handle *h, struct ext_inode *i, struct ext_step *s)
{
	if (!s->b)
		return 0;
	if (i->fs->csum)
		*node_tail(s->h) = node_checksum(i, s->h);
	return journal_dirty(h, s->b);
}

static bool entries_good(const struct ext_fs *fs, struct ext_extent_header *h)
{
	u64 end = 0;

	for (u32 n = 0; n < h->entries; n++) {
		const struct ext_leaf_disk *e = leaf_at(h, n);
		const struct ext_index_disk *x = index_at(h, n);

		if (n && e->lblk < end) /* both kinds begin with the key */
			return false;
		if (h->depth) {
			end = (u64)x->lblk + 1;
			if (!ext_block_valid(fs, index_block(x), 1))
				return false;
		} else {
			end = (u64)e->lblk + leaf_len(e);
			if (!leaf_len(e) || end > (u64)U32_MAX + 1 ||
			    !ext_block_valid(fs, leaf_block(e), leaf_len(e)))
				return false;
		}
	}
	return true;
}

static int check_shape(struct ext_inode *i, const struct ext_extent_header *h, u32 depth, u32 max,
		       u64 block)
{
	if (h->magic != EXT_EXTENT_MAGIC || h->depth != depth || !h->max || h->max > max ||
	    h->entries > h->max)
		return ext_corrupt(i->fs, i->ino, block,
				   "extent node: magic %#x, %u of %u entries, depth %u, not %u",
				   h->magic, h->entries, h->max, h->depth, depth);
	if (depth && !h->entries)
		return ext_corrupt(i->fs, i->ino, block, "extent node: no entries");
	return 0;
}

static int read_node(struct ext_inode *i, u64 block, u32 depth, struct ext_step *s)
{
	struct ext_fs *fs = i->fs;
	int err;

	if (!ext_block_valid(fs, block, 1))
		return ext_corrupt(fs, i->ino, block, "extent node lies outside");
	err = buf_read(fs->dev, block, &s->b);
	if (err)
		return err;
	s->h = (struct ext_extent_header *)s->b->data;
	err = check_shape(i, s->h, depth, node_max(fs), block);
	if (err || buf_flag(s->b, BUF_IS_EXTENT))
		return err;
	if (fs->csum && *node_tail(s->h) != node_checksum(i, s->h))
		return ext_corrupt(fs, i->ino, block, "extent node: checksum");
	if (!entries_good(fs, s->h))
		return ext_corrupt(fs, i->ino, block,
				   "extent node: entries overlap or lie outside");
	buf_flag_set(s->b, BUF_IS_EXTENT);
	return 0;
}

/* ---- finding ---- */

void ext_path_put(struct ext_path *p)
{
	for (u32 n = 0; n <= EXT_MAX_DEPTH; n++) {
		buf_putp(&p->s[n].b);
		p->s[n].b = NULL;
	}
}

/* The last entry that begins at or before lblk; -1. */
static s32 search(struct ext_extent_header *h, u64 lblk)
{
	s32 lo = 0, hi = h->entries;

	while (lo < hi) {
		s32 mid = (lo + hi) / 2;

		if (leaf_at(h, (u32)mid)->lblk <= lblk)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

int ext_path_find(struct ext_inode *i, u64 lblk, struct ext_path *p)
{
	struct ext_extent_header *root = (struct ext_extent_header *)i->data;
	u32 depth = root->depth,
	    max = (sizeof(i->data) - sizeof(*root)) / sizeof(struct ext_leaf_disk);
	int err;

	ext_path_put(p);
	if (depth > EXT_MAX_DEPTH)
		return ext_corrupt(i->fs, i->ino, 0, "extent tree of depth %u", depth);
	err = check_shape(i, root, depth, max, 0);
	if (!err && !entries_good(i->fs, root))
		err = ext_corrupt(i->fs, i->ino, 0, "extents overlap or lie outside");
	p->depth = depth;
	p->s[0].h = root;
	for (u32 level = 0; !err; level++) {
		struct ext_step *s = &p->s[level];

		s->at = search(s->h, lblk);
		if (level == depth)
			break;
		s->at = max(s->at, 0);
		err = read_node(i, index_block(index_at(s->h, (u32)s->at)), depth - level - 1,
				s + 1);
	}
	return err;
}

u64 ext_path_next(const struct ext_path *p)
{
	for (s32 level = (s32)p->depth - 1; level >= 0; level--) {
		const struct ext_step *s = &p->s[level];

		if (s->at + 1 < s->h->entries)
			return index_at(s->h, (u32)s->at + 1)->lblk;
	}
	return U64_MAX;
}

/* What the path shows at lblk. */
static void look(const struct ext_path *p, u64 lblk, u32 max, struct ext_mapping *out)
{
	const struct ext_step *s = &p->s[p->depth];
	const struct ext_leaf_disk *e = s->at >= 0 ? leaf_at(s->h, (u32)s->at) : NULL;
	u64 next;

	debug_assert(s->h);
	*out = (struct ext_mapping){ .lblk = lblk, .len = max };
	if (e && lblk < (u64)e->lblk + leaf_len(e)) {
		u32 in = (u32)(lblk - e->lblk);

		out->pblk = leaf_block(e) + in;
		out->len = min(max, leaf_len(e) - in);
		out->state = leaf_unwritten(e) ? EXT_UNWRITTEN : EXT_MAPPED;
		return;
	}
	next = s->at + 1 < s->h->entries ? leaf_at(s->h, (u32)(s->at + 1))->lblk : ext_path_next(p);
	if (next > lblk && next - lblk < max)
		out->len = (u32)(next - lblk);
}

/* ---- allocating ---- */

static u64 goal_for(const struct ext_inode *i, const struct ext_path *p, u64 lblk)
{
	const struct ext_step *s = &p->s[p->depth];
	u64 far;

	if (i->goal && i->goal_lblk == lblk)
		return i->goal;
	if (s->at >= 0) {
		const struct ext_leaf_disk *e = leaf_at(s->h, (u32)s->at);

		return leaf_block(e) + (lblk - e->lblk);
	}
	if (s->h->entries) {
		const struct ext_leaf_disk *e = leaf_at(s->h, 0);

		far = e->lblk - lblk;
		if (leaf_block(e) > far)
			return leaf_block(e) - far;
	}
	return ext_group_first(i->fs, ext_goal_block_group(i));
}

static int fill_hole(struct ext_inode *i, struct journal_handle *h, struct ext_path *p, u32 flags,
		     struct ext_mapping *out)
{
	struct ext_fs *fs = i->fs;
	bool unwritten = flags & EXT_MAP_UNWRITTEN;
	u32 n = min(out->len, unwritten ? EXT_UNWRITTEN_MAX : EXT_INIT_MAX), how = 0;
	int err, err2;

	if (flags & EXT_MAP_DELAYED)
		how |= EXT_ALLOC_DELAYED;
	if (flags & EXT_MAP_META)
		how |= EXT_ALLOC_META;
	err = ext_alloc_blocks(fs, h, goal_for(i, p, out->lblk), how, &n, &out->pblk);
	if (err)
		return err;
	err = ext_extent_insert(h, i, out->lblk, out->pblk, n, unwritten);
	if (err) {
		err2 = ext_free_blocks(fs, h, out->pblk, n, 0);
		return err2 ? err2 : err;
	}
	i->blocks += (u64)n << (fs->block_bits - 9);
	i->goal_lblk = out->lblk + n;
	i->goal = out->pblk + n;
	out->len = n;
	out->state = unwritten ? EXT_UNWRITTEN : EXT_MAPPED;
	out->is_new = true;
	return 0;
}

/* [lblk, lblk + len) of an unwritten extent has its contents now. */
static int convert(struct ext_inode *i, struct journal_handle *h, struct ext_path *p,
		   struct ext_mapping *out)
{
	struct ext_leaf_disk *e;
	struct ext_step *s;
	int err = ext_extent_split(h, i, out->lblk);

	if (!err)
		err = ext_extent_split(h, i, out->lblk + out->len);
	if (!err)
		err = ext_path_find(i, out->lblk, p);
	if (err)
		return err;
	s = path_leaf(p);
	if (s->at < 0)
		return ext_corrupt(i->fs, i->ino, out->lblk, "an extent is gone");
	err = ext_step_write(h, s);
	if (err)
		return err;
	e = leaf_at(s->h, (u32)s->at);
	leaf_set(e, e->lblk, leaf_block(e), leaf_len(e), false);
	err = ext_step_dirty(h, i, s);
	out->state = EXT_MAPPED;
	return err ? err : ext_extent_merge(h, i, p, (u32)s->at);
}

int ext_extent_map(struct ext_inode *i, struct journal_handle *h, u64 lblk, u32 max, u32 flags,
		   struct ext_mapping *out)
{
	auto_path struct ext_path p = { 0 };
	int err;

	if (lblk > U32_MAX)
		return -EFBIG;
	err = ext_path_find(i, lblk, &p);
	if (err)
		return err;
	look(&p, lblk, (u32)min((u64)max, (u64)U32_MAX - lblk + (lblk == U32_MAX)), out);
	if (!h)
		return 0;
	if (out->state == EXT_HOLE && (flags & EXT_MAP_CREATE))
		return fill_hole(i, h, &p, flags, out);
	if (out->state == EXT_UNWRITTEN && (flags & EXT_MAP_CONVERT))
		return convert(i, h, &p, out);
	return 0;
}

void ext_extent_init(struct ext_inode *i)
{
	struct ext_extent_header *h = (struct ext_extent_header *)i->data;

	memset(i->data, 0, sizeof(i->data));
	h->magic = EXT_EXTENT_MAGIC;
	h->max = (sizeof(i->data) - sizeof(*h)) / sizeof(struct ext_leaf_disk);
	i->flags |= EXT_EXTENTS_FL;
}
