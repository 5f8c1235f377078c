/* SPDX-License-Identifier: MIT */
/* map.c - where the blocks of a file are: one face for extent trees and indirect blocks.
 *
 * Looking takes map_lock for reading; only what then turns out to need blocks takes it for writing
 * and looks again.
 * Locks: map_lock. Ref: ext4/ifork.rst. Tests: selftests/unit/ext_map_test.c
 */
#include <fs/ext/ext.h>

static int map_locked(struct ext_inode *i, struct journal_handle *h, u64 lblk, u32 max, u32 flags,
		      struct ext_mapping *out)
{
	int err;

	if (i->flags & EXT_EXTENTS_FL)
		err = ext_extent_map(i, h, lblk, max, flags, out);
	else
		err = ext_indirect_map(i, h, lblk, max, flags, out);
	out->lblk = lblk;
	return err;
}

static bool is_wanted(const struct ext_mapping *m, u32 flags)
{
	return (m->state == EXT_HOLE && (flags & EXT_MAP_CREATE)) ||
	       (m->state == EXT_UNWRITTEN && (flags & EXT_MAP_CONVERT));
}

int ext_map(struct ext_inode *i, struct journal_handle *h, u64 lblk, u32 max, u32 flags,
	    struct ext_mapping *out)
{
	int err;

	*out = (struct ext_mapping){ .lblk = lblk };
	if (!max || (i->flags & EXT_INLINE_DATA_FL))
		return -EINVAL;
	rw_read_lock(&i->map_lock);
	err = map_locked(i, NULL, lblk, max, 0, out);
	rw_read_unlock(&i->map_lock);
	if (err || !h || !is_wanted(out, flags))
		return err;
	rw_write_lock(&i->map_lock);
	err = map_locked(i, h, lblk, max, flags, out);
	rw_write_unlock(&i->map_lock);
	i->data_tid = journal_tid(h);
	return err ? err : ext_inode_write(h, i);
}

/* Each piece: its bits and descriptor, and what splits of a tree may cost: a new node with its bits
 * and descriptor, and its parent, on each level. */
u32 ext_map_credits(const struct ext_inode *i, u32 nr_extents)
{
	const struct ext_extent_header *h = (const struct ext_extent_header *)i->data;
	u32 levels = i->flags & EXT_EXTENTS_FL ? min((u32)h->depth + 1, EXT_MAX_DEPTH) : 3;

	return nr_extents * (EXT_ALLOC_CREDITS + 1) + (levels + nr_extents / 64) * 4 + 2;
}

int ext_unmap(struct journal_handle *h, struct ext_inode *i, u64 from, u64 to)
{
	int err;

	if (i->flags & EXT_INLINE_DATA_FL)
		return 0;
	if (i->flags & EXT_EXTENTS_FL)
		err = ext_extent_unmap(h, i, from, to);
	else
		err = ext_indirect_unmap(h, i, from, to);
	i->data_tid = journal_tid(h);
	return err;
}
