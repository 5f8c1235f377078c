/* SPDX-License-Identifier: MIT */
/* extent_edit.c - changes of extent trees: room by splitting nodes, entries in and out, keys kept
 * right.
 *
 * How: before an entry goes in, its leaf is given room: the full node nearest to the leaf whose
 * parent has room is split, again and again from above, or the tree grows by a level at the root. A
 * node that is split at its right end keeps all but one entry, so that files written from front to
 * back have full nodes. After that nothing can fail for want of space.
 *
 * Locks: map_lock for writing. Ref: ext4/ifork.rst. Tests: selftests/unit/ext_map_test.c
 */
#define LOG_TAG "ext4"
#include "extent_int.h"

#include <kernel/lib/string.h>

#define ENTRY sizeof(struct ext_leaf_disk)

int ext_step_write(struct journal_handle *h, struct ext_step *s)
{
	return s->b ? journal_get_write(h, s->b) : 0;
}

static void open_gap(struct ext_extent_header *h, u32 pos)
{
	memmove(leaf_at(h, pos + 1), leaf_at(h, pos), (h->entries - pos) * ENTRY);
	h->entries++;
}

static void close_gap(struct ext_extent_header *h, u32 pos)
{
	h->entries--;
	memmove(leaf_at(h, pos), leaf_at(h, pos + 1), (h->entries - pos) * ENTRY);
}

static void index_set(struct ext_index_disk *x, u32 lblk, u64 child)
{
	*x = (struct ext_index_disk){ .lblk = lblk,
				      .child_lo = (u32)child,
				      .child_hi = (u16)(child >> 32) };
}

int ext_path_fix_keys(struct journal_handle *h, struct ext_inode *i, struct ext_path *p, u32 level)
{
	for (; level > 0; level--) {
		struct ext_step *up = &p->s[level - 1];
		struct ext_index_disk *x = index_at(up->h, (u32)up->at);
		u32 key = leaf_at(p->s[level].h, 0)->lblk;
		int err;

		if (x->lblk == key)
			return 0;
		err = ext_step_write(h, up);
		if (err)
			return err;
		x->lblk = key;
		err = ext_step_dirty(h, i, up);
		if (err || up->at)
			return err;
	}
	return 0;
}

/* ---- room ---- */

static int new_node(struct journal_handle *h, struct ext_inode *i, u32 depth, struct ext_step *out,
		    u64 *block)
{
	struct ext_fs *fs = i->fs;
	u64 goal = i->goal ? i->goal : ext_group_first(fs, ext_goal_block_group(i));
	u32 n = 1;
	int err = ext_alloc_blocks(fs, h, goal, EXT_ALLOC_META, &n, block);

	if (!err)
		err = buf_new(fs->dev, *block, &out->b);
	if (!err)
		err = journal_get_create(h, out->b);
	if (err)
		return err;
	buf_flag_set(out->b, BUF_IS_EXTENT);
	out->h = (struct ext_extent_header *)out->b->data;
	*out->h = (struct ext_extent_header){
		.magic = EXT_EXTENT_MAGIC,
		.depth = (u16)depth,
		.max = (u16)((fs->block_size - sizeof(*out->h)) / ENTRY),
	};
	i->blocks += fs->block_size / 512;
	return 0;
}

/* The root's entries move into a node of their own. */
static int grow(struct journal_handle *h, struct ext_inode *i)
{
	struct ext_extent_header *root = (struct ext_extent_header *)i->data;
	struct ext_step s = { 0 };
	u64 block;
	int err;

	if (root->depth >= EXT_MAX_DEPTH)
		return -EFBIG;
	err = new_node(h, i, root->depth, &s, &block);
	if (!err) {
		s.h->entries = root->entries;
		memcpy(s.h + 1, root + 1, root->entries * ENTRY);
		err = ext_step_dirty(h, i, &s);
	}
	if (!err) {
		index_set(index_at(root, 0), root->entries ? leaf_at(root, 0)->lblk : 0, block);
		root->entries = 1;
		root->depth++;
	}
	buf_putp(&s.b);
	return err;
}

/* The node at level gives entries to a new one on its right; its parent has room. */
static int split_node(struct journal_handle *h, struct ext_inode *i, struct ext_path *p, u32 level)
{
	struct ext_step *old = &p->s[level], *up = &p->s[level - 1], new = { 0 };
	u32 cut = old->at == old->h->entries - 1 ? old->h->entries - 1u : old->h->entries / 2u;
	u64 block;
	int err = ext_step_write(h, old);

	if (!err)
		err = ext_step_write(h, up);
	if (!err)
		err = new_node(h, i, old->h->depth, &new, &block);
	if (!err) {
		new.h->entries = (u16)(old->h->entries - cut);
		memcpy(new.h + 1, leaf_at(old->h, cut), new.h->entries *ENTRY);
		old->h->entries = (u16)cut;
		open_gap(up->h, (u32)up->at + 1);
		index_set(index_at(up->h, (u32)up->at + 1), leaf_at(new.h, 0)->lblk, block);
		err = ext_step_dirty(h, i, &new);
	}
	if (!err)
		err = ext_step_dirty(h, i, old);
	if (!err)
		err = ext_step_dirty(h, i, up);
	buf_putp(&new.b);
	return err;
}

static int make_room(struct journal_handle *h, struct ext_inode *i, struct ext_path *p)
{
	u32 level = p->depth;

	while (level > 0 && p->s[level - 1].h->entries >= p->s[level - 1].h->max)
		level--;
	if (level == 0)
		return grow(h, i);
	if (p->s[level].h->entries < 2)
		return ext_corrupt(i->fs, i->ino, p->s[level].b->block, "a full node of one entry");
	return split_node(h, i, p, level);
}

int ext_path_room(struct journal_handle *h, struct ext_inode *i, u64 lblk, u32 n,
		  struct ext_path *p)
{
	for (u32 tries = 0; tries < 4 * (EXT_MAX_DEPTH + 1); tries++) {
		int err = ext_path_find(i, lblk, p);

		if (err || path_leaf(p)->h->entries + n <= path_leaf(p)->h->max)
			return err;
		err = make_room(h, i, p);
		if (err)
			return err;
	}
	return ext_corrupt(i->fs, i->ino, lblk, "splitting extent nodes makes no room");
}

/* ---- entries ---- */

/* Does b continue a? */
static bool continues(const struct ext_leaf_disk *a, const struct ext_leaf_disk *b)
{
	u32 len = leaf_len(a) + leaf_len(b),
	    most = leaf_unwritten(a) ? EXT_UNWRITTEN_MAX : EXT_INIT_MAX;

	return leaf_unwritten(a) == leaf_unwritten(b) && a->lblk + leaf_len(a) == b->lblk &&
	       leaf_block(a) + leaf_len(a) == leaf_block(b) && len <= most;
}

int ext_extent_merge(struct journal_handle *h, struct ext_inode *i, struct ext_path *p, u32 pos)
{
	struct ext_step *s = path_leaf(p);
	bool changed = false;
	int err;

	pos = pos ? pos - 1 : 0;
	for (u32 n = 0; n < 2; n++) {
		struct ext_leaf_disk *a = leaf_at(s->h, pos);

		if (pos + 1u >= s->h->entries)
			break;
		if (!continues(a, a + 1)) {
			pos++;
			continue;
		}
		err = changed ? 0 : ext_step_write(h, s);
		if (err)
			return err;
		leaf_set(a, a->lblk, leaf_block(a), leaf_len(a) + leaf_len(a + 1),
			 leaf_unwritten(a));
		close_gap(s->h, pos + 1);
		changed = true;
	}
	return changed ? ext_step_dirty(h, i, s) : 0;
}

/* As part of the entry before or behind: true when it was done. */
static bool join(struct ext_step *s, const struct ext_leaf_disk *e)
{
	struct ext_leaf_disk *left = s->at >= 0 ? leaf_at(s->h, (u32)s->at) : NULL;
	struct ext_leaf_disk *right = s->at + 1 < s->h->entries ? leaf_at(s->h, (u32)(s->at + 1))
								: NULL;

	if (left && continues(left, e)) {
		leaf_set(left, left->lblk, leaf_block(left), leaf_len(left) + leaf_len(e),
			 leaf_unwritten(e));
		if (right && continues(left, right)) {
			leaf_set(left, left->lblk, leaf_block(left),
				 leaf_len(left) + leaf_len(right), leaf_unwritten(e));
			close_gap(s->h, (u32)(s->at + 1));
		}
		return true;
	}
	if (right && continues(e, right)) {
		leaf_set(right, e->lblk, leaf_block(e), leaf_len(right) + leaf_len(e),
			 leaf_unwritten(e));
		return true;
	}
	return false;
}

static bool could_join(const struct ext_step *s, const struct ext_leaf_disk *e)
{
	return (s->at >= 0 && continues(leaf_at(s->h, (u32)s->at), e)) ||
	       (s->at + 1 < s->h->entries && continues(e, leaf_at(s->h, (u32)(s->at + 1))));
}

int ext_extent_insert(struct journal_handle *h, struct ext_inode *i, u64 lblk, u64 pblk, u32 len,
		      bool unwritten)
{
	auto_path struct ext_path p = { 0 };
	struct ext_leaf_disk e;
	struct ext_step *s;
	int err;

	leaf_set(&e, lblk, pblk, len, unwritten);
	err = ext_path_find(i, lblk, &p);
	if (!err && !could_join(path_leaf(&p), &e))
		err = ext_path_room(h, i, lblk, 1, &p);
	s = path_leaf(&p);
	if (!err)
		err = ext_step_write(h, s);
	if (err)
		return err;
	if (!join(s, &e)) {
		open_gap(s->h, (u32)(s->at + 1));
		*leaf_at(s->h, (u32)(s->at + 1)) = e;
	}
	err = ext_step_dirty(h, i, s);
	return err || s->at >= 0 ? err : ext_path_fix_keys(h, i, &p, p.depth);
}

int ext_extent_split(struct journal_handle *h, struct ext_inode *i, u64 lblk)
{
	auto_path struct ext_path p = { 0 };
	struct ext_leaf_disk *e;
	struct ext_step *s;
	u32 before;
	int err = lblk > U32_MAX ? -EINVAL : ext_path_find(i, lblk, &p);

	if (err)
		return err == -EINVAL ? 0 : err;
	s = path_leaf(&p);
	e = s->at >= 0 ? leaf_at(s->h, (u32)s->at) : NULL;
	if (!e || e->lblk == lblk || lblk >= (u64)e->lblk + leaf_len(e))
		return 0;
	err = ext_path_room(h, i, lblk, 1, &p);
	s = path_leaf(&p);
	if (!err)
		err = ext_step_write(h, s);
	if (err)
		return err;
	e = leaf_at(s->h, (u32)s->at);
	before = (u32)(lblk - e->lblk);
	open_gap(s->h, (u32)(s->at + 1));
	leaf_set(e + 1, lblk, leaf_block(e) + before, leaf_len(e) - before, leaf_unwritten(e));
	leaf_set(e, e->lblk, leaf_block(e), before, leaf_unwritten(e));
	return ext_step_dirty(h, i, s);
}

/* Node level of the path is empty: it and those that become so go. */
static int drop_nodes(struct journal_handle *h, struct ext_inode *i, struct ext_path *p, u32 level)
{
	struct ext_extent_header *root = (struct ext_extent_header *)i->data;

	for (; level > 0 && !p->s[level].h->entries; level--) {
		struct ext_step *up = &p->s[level - 1];
		int err = ext_step_write(h, up);

		if (err)
			return err;
		close_gap(up->h, (u32)up->at);
		err = ext_step_dirty(h, i, up);
		if (!err)
			err = ext_free_blocks(i->fs, h, p->s[level].b->block, 1, EXT_FREE_FORGET);
		if (err)
			return err;
		i->blocks -= min(i->blocks, (u64)i->fs->block_size / 512);
		if (up->h->entries && !up->at)
			return ext_path_fix_keys(h, i, p, level - 1);
	}
	if (!root->entries)
		root->depth = 0;
	return 0;
}

int ext_extent_delete(struct journal_handle *h, struct ext_inode *i, struct ext_path *p, u32 pos)
{
	struct ext_step *s = path_leaf(p);
	int err = ext_step_write(h, s);

	if (err)
		return err;
	close_gap(s->h, pos);
	err = ext_step_dirty(h, i, s);
	if (err)
		return err;
	if (!s->h->entries)
		return drop_nodes(h, i, p, p->depth);
	return pos ? 0 : ext_path_fix_keys(h, i, p, p->depth);
}
