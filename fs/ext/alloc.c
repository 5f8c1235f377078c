/* SPDX-License-Identifier: MIT */
/* alloc.c - blocks: giving out runs near a goal, taking them back, and promising them for later
 * (delayed allocation).
 *
 * How: the goal itself if it is free; else the first run in its group that is long enough, else the
 * longest there; else the nearest group that has that much room by its bin, and last any group with
 * a block. A run is searched word by word, from the first free block on.
 *
 * Invariants:
 *  (1) fs->free_blocks is the sum over the descriptors; delayed never exceeds it by promise:
 *      ext_reserve() sees to that.
 *  (2) what is not committed as free is not given out (freed.c).
 *
 * Locks: one group's at a time. Ref: ext4/allocators.rst, ext4/blockgroup.rst. Tests:
 * selftests/unit/ext_name_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <kernel/lib/bitmap.h>

/* ---- space by numbers ---- */

static u64 kept_back(struct ext_fs *fs, u32 flags)
{
	u64 for_tables = ext_has_extents(fs) ? min(fs->blocks / 50, 4096ul) : 0;

	if (flags & EXT_ALLOC_META)
		return 0;
	if (!fs->hooks.privileged || fs->hooks.privileged(fs))
		return for_tables;
	return for_tables + fs->reserved;
}

/* How many of n may be had: 0 to n. */
static u64 affordable(struct ext_fs *fs, u64 n, u32 flags)
{
	u64 free = atomic_read(&fs->free_blocks), kept;

	if (flags & EXT_ALLOC_DELAYED)
		return min(n, free);
	kept = kept_back(fs, flags) + atomic_read(&fs->delayed);
	return free > kept ? min(n, free - kept) : 0;
}

int ext_reserve(struct ext_fs *fs, u64 n)
{
	u64 kept = kept_back(fs, 0);

	if (atomic_add_return(&fs->delayed, n) + kept <= atomic_read(&fs->free_blocks))
		return 0;
	atomic_sub(&fs->delayed, n);
	return -ENOSPC;
}

void ext_unreserve(struct ext_fs *fs, u64 n)
{
	atomic_sub(&fs->delayed, n);
}

/* ---- a run in a group ---- */

static bool is_free(const u64 *map, const u64 *busy, u32 bit)
{
	return !bitmap_test(map, bit) && !(busy && bitmap_test(busy, bit));
}

static u64 used_word(const u64 *map, const u64 *busy, u32 word)
{
	return map[word] | (busy ? busy[word] : 0);
}

/* The first free bit at or after from; end: none. */
static u32 next_free(const u64 *map, const u64 *busy, u32 from, u32 end)
{
	while (from < end) {
		u64 w = ~used_word(map, busy, from / 64) >> (from % 64);

		if (w)
			return min(from + (u32)__builtin_ctzl(w), end);
		from = (from | 63) + 1;
	}
	return end;
}

static u32 next_used(const u64 *map, const u64 *busy, u32 from, u32 end)
{
	while (from < end) {
		u64 w = used_word(map, busy, from / 64) >> (from % 64);

		if (w)
			return min(from + (u32)__builtin_ctzl(w), end);
		from = (from | 63) + 1;
	}
	return end;
}

struct run {
	u32 start, len;
};

/* The first run of n from start on in [start, end), or the longest. */
static void find_run(const u64 *map, const u64 *busy, u32 start, u32 end, u32 n, struct run *best)
{
	while (best->len < n) {
		u32 from = next_free(map, busy, start, end), to;

		if (from >= end)
			return;
		to = next_used(map, busy, from, min(end, from + n));
		if (to - from > best->len)
			*best = (struct run){ from, to - from };
		start = to;
	}
}

static void search(struct ext_fs *fs, u32 nr, const u64 *map, u32 goal, u32 n, struct run *best)
{
	struct ext_group *g = ext_group(fs, nr);
	u32 end = ext_blocks_in_group(fs, nr), first = next_free(map, g->busy, g->first_free, end);

	g->first_free = first;
	best->len = 0;
	if (goal < end && goal >= first && is_free(map, g->busy, goal)) {
		best->start = goal;
		best->len = next_used(map, g->busy, goal, min(end, goal + n)) - goal;
		return;
	}
	goal = goal > first && goal < end ? goal : first;
	find_run(map, g->busy, goal, end, n, best);
	if (goal > first)
		find_run(map, g->busy, first, min(goal + n, end), n, best);
	if (best->len < n)
		g->max_run = best->len;
}

/* ---- giving out ---- */

static int take(struct ext_fs *fs, struct journal_handle *h, u32 nr, struct buf *b,
		const struct run *r)
{
	struct ext_group *g = ext_group(fs, nr);
	struct ext_group_disk *d = ext_desc(fs, nr);
	bool made = d->flags & BG_BLOCK_UNINIT;
	int err = journal_get_write(h, b);

	if (!err)
		err = journal_get_write(h, ext_desc_buf(fs, nr));
	if (err)
		return err;
	bitmap_set_range((u64 *)b->data, r->start, r->len);
	if (made && (fs->csum || fs->gdt_csum))
		d->flags &= (u16)~BG_BLOCK_UNINIT;
	ext_desc_set_free_blocks(fs, d, ext_desc_free_blocks(fs, d) - r->len);
	ext_block_bitmap_checksum(fs, nr, b);
	ext_desc_checksum(fs, nr);
	if (r->start == g->first_free)
		g->first_free += r->len;
	ext_group_note(fs, nr);
	atomic_sub(&fs->free_blocks, r->len);
	err = journal_dirty(h, b);
	return err ? err : journal_dirty(h, ext_desc_buf(fs, nr));
}

/* Is it all inside what files may have? A bitmap that lies must not give out the tables. */
static bool hits_tables(const struct ext_fs *fs, u32 nr, const struct run *r)
{
	const struct ext_group_disk *d = ext_desc(fs, nr);
	u64 from = ext_group_first(fs, nr) + r->start, to = from + r->len,
	    table = ext_desc_inode_table(fs, d);
	u64 bb = ext_desc_block_bitmap(fs, d), ib = ext_desc_inode_bitmap(fs, d);

	return (bb >= from && bb < to) || (ib >= from && ib < to) ||
	       (from < table + fs->itable_blocks && table < to) ||
	       r->start < ext_group_base_blocks(fs, nr);
}

/* 0 and *n; -ENOSPC: nothing (enough) here. */
static int alloc_in(struct ext_fs *fs, struct journal_handle *h, u32 nr, u32 goal, u32 least,
		    u32 *n, u64 *out)
{
	struct ext_group *g = ext_group(fs, nr);
	auto_buf struct buf *b = NULL;
	struct run r;
	int err;

	/* What was freed and not committed then may be in use again now, and makes longer runs. */
	if (READ_ONCE(g->bad) || (READ_ONCE(g->max_run) < least && list_empty_racy(&g->freed)))
		return -ENOSPC;
	mutex_lock(&g->lock);
	if (!list_empty(&g->freed))
		ext_freed_settle(fs, nr);
	err = g->bad || g->max_run < least || !ext_desc_free_blocks(fs, ext_desc(fs, nr))
		      ? -ENOSPC
		      : ext_block_bitmap(fs, nr, &b);
	if (!err) {
		search(fs, nr, (u64 *)b->data, goal, *n, &r);
		if (!r.len || r.len < least)
			err = -ENOSPC;
	}
	if (!err && hits_tables(fs, nr, &r)) {
		err = ext_corrupt(fs, 0, b->block, "block bitmap of group %u gives out tables", nr);
		g->bad = true;
	}
	if (!err)
		err = take(fs, h, nr, b, &r);
	mutex_unlock(&g->lock);
	if (err)
		return err == -EUCLEAN ? -ENOSPC : err;
	*n = r.len;
	*out = ext_group_first(fs, nr) + r.start;
	return 0;
}

/* Nearest groups whose bins promise n: a few of them, then half of n ... */
static int alloc_anywhere(struct ext_fs *fs, struct journal_handle *h, u32 goal_group, u32 *n,
			  u64 *out)
{
	u32 want = *n;

	for (u32 least = want;; least /= 2) {
		u32 at = goal_group;

		for (u32 tries = 0; tries < (least > 1 ? 4 : fs->nr_groups); tries++) {
			u32 g = ext_group_with_blocks(fs, at, least);
			int err;

			if (g == U32_MAX)
				break;
			*n = want;
			err = alloc_in(fs, h, g, 0, least, n, out);
			if (err != -ENOSPC)
				return err;
			at = g + 1 < fs->nr_groups ? g + 1 : 0;
		}
		if (least <= 1)
			return -ENOSPC;
	}
}

int ext_alloc_blocks(struct ext_fs *fs, struct journal_handle *h, u64 goal, u32 flags, u32 *n,
		     u64 *out)
{
	u32 want = (u32)affordable(fs, min(*n, fs->blocks_per_group), flags), g;
	int err;

	if (!want)
		return -ENOSPC;
	if (goal <= fs->first_block || goal >= fs->blocks)
		goal = fs->first_block;
	g = ext_group_of(fs, goal);
	*n = want;
	err = alloc_in(fs, h, g, (u32)(goal - ext_group_first(fs, g)), min(want, 8u), n, out);
	if (err == -ENOSPC) {
		*n = want;
		err = alloc_anywhere(fs, h, g, n, out);
	}
	if (!err && (flags & EXT_ALLOC_DELAYED))
		atomic_sub(&fs->delayed, *n);
	return err;
}

bool ext_retry_space(struct ext_fs *fs, u32 *tries)
{
	if (!fs->j || ext_is_read_only(fs) || ++*tries > 3)
		return false;
	return journal_commit(fs->j, 0) == 0;
}

/* ---- taking back ---- */

u32 ext_free_credits(const struct ext_fs *fs, u64 n)
{
	return EXT_ALLOC_CREDITS * (u32)min(n / fs->blocks_per_group + 2, (u64)fs->nr_groups);
}

static int give_back(struct ext_fs *fs, struct journal_handle *h, u32 nr, struct buf *b, u32 start,
		     u32 len)
{
	struct ext_group *g = ext_group(fs, nr);
	struct ext_group_disk *d = ext_desc(fs, nr);
	int err;

	if (next_free((u64 *)b->data, NULL, start, start + len) != start + len) {
		g->bad = true;
		return ext_corrupt(fs, 0, ext_group_first(fs, nr) + start,
				   "%u blocks are freed that are free", len);
	}
	err = ext_freed_add(fs, g, start, len, journal_tid(h));
	if (!err)
		err = journal_get_write(h, b);
	if (!err)
		err = journal_get_write(h, ext_desc_buf(fs, nr));
	if (err)
		return err;
	bitmap_clear_range((u64 *)b->data, start, len);
	ext_desc_set_free_blocks(fs, d, ext_desc_free_blocks(fs, d) + len);
	ext_block_bitmap_checksum(fs, nr, b);
	ext_desc_checksum(fs, nr);
	if (!fs->j) {
		g->first_free = min(g->first_free, start);
		g->max_run = U32_MAX;
		if (fs->hooks.discard)
			fs->hooks.discard(fs, ext_group_first(fs, nr) + start, len);
	}
	ext_group_note(fs, nr);
	atomic_add(&fs->free_blocks, len);
	err = journal_dirty(h, b);
	return err ? err : journal_dirty(h, ext_desc_buf(fs, nr));
}

static int free_in(struct ext_fs *fs, struct journal_handle *h, u32 nr, u32 start, u32 len)
{
	struct ext_group *g = ext_group(fs, nr);
	auto_buf struct buf *b = NULL;
	struct run r = { start, len };
	int err;

	if (hits_tables(fs, nr, &r))
		return ext_corrupt(fs, 0, ext_group_first(fs, nr) + start,
				   "%u blocks are freed that hold tables", len);
	mutex_lock(&g->lock);
	err = g->bad ? -EUCLEAN : ext_block_bitmap(fs, nr, &b);
	if (!err)
		err = give_back(fs, h, nr, b, start, len);
	mutex_unlock(&g->lock);
	return err;
}

static int forget(struct ext_fs *fs, struct journal_handle *h, u64 block, u64 n)
{
	int err = 0;

	for (; n && !err; n--, block++)
		err = journal_forget(h, buf_find(fs->dev, block), block);
	return err;
}

int ext_free_blocks(struct ext_fs *fs, struct journal_handle *h, u64 block, u64 n, u32 flags)
{
	int err = 0;

	if (!ext_block_valid(fs, block, n))
		return ext_corrupt(fs, 0, block, "%lu blocks are freed that are not on the device",
				   n);
	if (flags & EXT_FREE_FORGET)
		err = forget(fs, h, block, n);
	while (n && !err) {
		u32 g = ext_group_of(fs, block), start = (u32)(block - ext_group_first(fs, g));
		u32 len = (u32)min(n, (u64)fs->blocks_per_group - start);

		err = free_in(fs, h, g, start, len);
		block += len;
		n -= len;
	}
	return err;
}
