/* SPDX-License-Identifier: MIT */
/* indirect.c - the block map of ext2 and ext3: twelve blocks named in the inode, then tables of
 * tables, one to three deep.
 *
 * Invariant: a table's numbers are checked as they are followed, since a table has no checksum.
 *
 * Locks: map_lock; unmapping lets go of it wherever the transaction may end. Ref: ext4/ifork.rst
 * ("direct/indirect block addressing").
 * Tests: selftests/unit/ext_map_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <kernel/lib/string.h>
#include <kernel/printk.h>

#define MAX_LEVELS 3u

/* slot[0] in the inode, slot[n] in the n-th table. span: blocks that one entry of the table that is
 * last leads to: 1. */
struct place {
	u32 levels;
	u32 slot[MAX_LEVELS + 1];
};

static u32 table_bits(const struct ext_fs *fs)
{
	return fs->block_bits - 2;
}

static int find_place(const struct ext_fs *fs, u64 lblk, struct place *p)
{
	u32 bits = table_bits(fs), mask = (1u << bits) - 1;

	if (lblk < EXT_DIRECT) {
		*p = (struct place){ 0, { (u32)lblk } };
		return 0;
	}
	lblk -= EXT_DIRECT;
	for (u32 levels = 1; levels <= MAX_LEVELS; levels++) {
		if (lblk < 1ul << (bits * levels)) {
			p->levels = levels;
			p->slot[0] = EXT_DIRECT + levels - 1;
			for (u32 n = 1; n <= levels; n++)
				p->slot[n] = (u32)(lblk >> (bits * (levels - n))) & mask;
			return 0;
		}
		lblk -= 1ul << (bits * levels);
	}
	return -EFBIG;
}

static int read_table(struct ext_inode *i, u32 block, struct buf **b)
{
	if (!ext_block_valid(i->fs, block, 1))
		return ext_corrupt(i->fs, i->ino, block, "a table of blocks lies outside");
	return buf_read(i->fs->dev, block, b);
}

/* How many entries from slot on (at most max) go on as the first does: consecutive, or all
 * empty. */
static u32 run_of(const u32 *table, u32 slot, u32 end, u32 max)
{
	u32 first = table[slot], n = 1;

	while (n < max && slot + n < end && table[slot + n] == (first ? first + n : 0))
		n++;
	return n;
}

static u64 goal_for(const struct ext_inode *i, u64 lblk, const u32 *table, u32 slot,
		    const struct buf *b)
{
	if (i->goal && i->goal_lblk == lblk)
		return i->goal;
	if (slot && table[slot - 1])
		return table[slot - 1] + 1;
	return b ? b->block + 1 : ext_group_first(i->fs, ext_goal_block_group(i));
}

static int alloc_some(struct ext_inode *i, struct journal_handle *h, u64 goal, u32 flags, u32 *n,
		      u64 *out)
{
	int err = ext_alloc_blocks(i->fs, h, goal, flags, n, out), err2;

	if (err || *out + *n <= U32_MAX)
		return err;
	err2 = ext_free_blocks(i->fs, h, *out, *n, 0); /* a table cannot name it */
	return err2 ? err2 : -ENOSPC;
}

/* A new empty table; its number goes into slot of the table above it (in b, or the inode's). */
static int add_table(struct ext_inode *i, struct journal_handle *h, u64 goal, u32 *slot,
		     struct buf *above, struct buf **out)
{
	u64 block;
	u32 n = 1;
	int err = above ? journal_get_write(h, above) : 0;

	if (!err)
		err = alloc_some(i, h, goal, EXT_ALLOC_META, &n, &block);
	if (!err)
		err = buf_new(i->fs->dev, block, out);
	if (!err)
		err = journal_get_create(h, *out);
	if (!err)
		err = journal_dirty(h, *out);
	if (err)
		return err;
	*slot = (u32)block;
	i->blocks += i->fs->block_size / 512;
	return above ? journal_dirty(h, above) : 0;
}

static int fill_slots(struct ext_inode *i, struct journal_handle *h, u64 goal, u32 flags,
		      u32 *slots, struct buf *b, struct ext_mapping *out)
{
	u32 how = (flags & EXT_MAP_DELAYED ? EXT_ALLOC_DELAYED : 0) |
		  (flags & EXT_MAP_META ? EXT_ALLOC_META : 0);
	int err = b ? journal_get_write(h, b) : 0;

	if (!err)
		err = alloc_some(i, h, goal, how, &out->len, &out->pblk);
	if (err)
		return err;
	for (u32 n = 0; n < out->len; n++)
		slots[n] = (u32)(out->pblk + n);
	out->state = EXT_MAPPED;
	out->is_new = true;
	i->blocks += (u64)out->len << (i->fs->block_bits - 9);
	i->goal_lblk = out->lblk + out->len;
	i->goal = out->pblk + out->len;
	return b ? journal_dirty(h, b) : 0;
}

/* A missing table at level: nothing is mapped up to the end of what it would lead to. */
static u32 hole_len(const struct ext_fs *fs, const struct place *p, u32 level, u32 max)
{
	u64 span = 1ul << (table_bits(fs) * (p->levels - level)), in = 0;

	for (u32 n = level + 1; n <= p->levels; n++)
		in = in << table_bits(fs) | p->slot[n];
	return (u32)min((u64)max, span - in);
}

int ext_indirect_map(struct ext_inode *i, struct journal_handle *h, u64 lblk, u32 max, u32 flags,
		     struct ext_mapping *out)
{
	auto_buf struct buf *b = NULL;
	u32 *table = i->data, end = EXT_DIRECT, level;
	struct place p = {};
	int err = find_place(i->fs, lblk, &p);

	for (level = 0; !err && level < p.levels; level++) {
		struct buf *next = NULL;

		if (table[p.slot[level]]) {
			err = read_table(i, table[p.slot[level]], &next);
		} else if (h && (flags & EXT_MAP_CREATE)) {
			err = add_table(i, h,
					goal_for(i, lblk, table, level ? p.slot[level] : 0, b),
					&table[p.slot[level]], b, &next);
		} else {
			out->len = hole_len(i->fs, &p, level, max);
			return 0;
		}
		buf_putp(&b);
		b = next;
		debug_assert(err || b);
		if (!err)
			table = (u32 *)b->data;
		end = i->fs->block_size / 4;
	}
	if (err)
		return err;
	out->len = run_of(table, p.slot[level], end, max);
	out->pblk = table[p.slot[level]];
	if (out->pblk) {
		out->state = EXT_MAPPED;
		return ext_block_valid(i->fs, out->pblk, out->len)
			       ? 0
			       : ext_corrupt(i->fs, i->ino, out->pblk, "a block lies outside");
	}
	if (!h || !(flags & EXT_MAP_CREATE))
		return 0;
	return fill_slots(i, h, goal_for(i, lblk, table, p.slot[level], b), flags,
			  &table[p.slot[level]], b, out);
}

/* ---- giving back ---- */

struct unmap {
	struct journal_handle *h;
	struct ext_inode *i;
	u64 from, to;
};

/* Credits for the next run. The lock is let go while the transaction may end; tables stay where
 * they are, since only we take them away. */
static int next_credits(struct unmap *u, u64 run)
{
	u32 need = ext_free_credits(u->i->fs, run) + 2 * (MAX_LEVELS + 1) +
		   EXT_ALLOC_CREDITS * MAX_LEVELS;
	int err;

	if (journal_credits(u->h) >= need)
		return 0;
	err = journal_extend(u->h, need + EXT_UNMAP_CREDITS);
	if (err <= 0)
		return err;
	rw_write_unlock(&u->i->map_lock);
	err = ext_inode_write(u->h, u->i);
	if (!err)
		err = journal_restart(u->h, need + EXT_UNMAP_CREDITS);
	rw_write_lock(&u->i->map_lock);
	return err;
}

static int clear_slots(struct unmap *u, u32 *slots, u32 n, u32 forget, struct buf *b)
{
	u64 block = slots[0];
	int err = b ? journal_get_write(u->h, b) : 0;

	if (err)
		return err;
	memset(slots, 0, n * sizeof(*slots));
	if (b)
		err = journal_dirty(u->h, b);
	if (!err)
		err = ext_free_blocks(u->i->fs, u->h, block, n, forget);
	u->i->blocks -= min(u->i->blocks, (u64)n << (u->i->fs->block_bits - 9));
	return err;
}

static bool is_empty(const u32 *table, u32 n)
{
	while (n && !table[n - 1])
		n--;
	return !n;
}

/* nr entries whose first stands for lblk base; each leads through levels tables. */
static int unmap_table(struct unmap *u, u32 *table, u32 nr, u32 levels, u64 base, struct buf *b)
{
	u32 per = u->i->fs->block_size / 4, forget = ext_is_reg(u->i) ? 0 : EXT_FREE_FORGET;
	u64 span = 1ul << (table_bits(u->i->fs) * levels);
	int err = 0;

	for (u32 n = 0; n < nr && !err; n++) {
		u64 at = base + n * span;
		auto_buf struct buf *below = NULL;

		if (!table[n] || at + span <= u->from || at >= u->to)
			continue;
		if (!levels) {
			u32 run = run_of(table, n, nr, (u32)min(u->to - at, (u64)nr));

			err = next_credits(u, run);
			if (!err)
				err = clear_slots(u, &table[n], run, forget, b);
			n += run - 1;
			continue;
		}
		err = read_table(u->i, table[n], &below);
		if (!err)
			err = unmap_table(u, (u32 *)below->data, per, levels - 1, at, below);
		if (!err && is_empty((u32 *)below->data, per)) {
			err = next_credits(u, 1);
			/* the lock may have been let go */
			if (!err && is_empty((u32 *)below->data, per))
				err = clear_slots(u, &table[n], 1, EXT_FREE_FORGET, b);
		}
	}
	return err;
}

int ext_indirect_unmap(struct journal_handle *h, struct ext_inode *i, u64 from, u64 to)
{
	struct unmap u = { h, i, from, to };
	u64 base = EXT_DIRECT;
	int err;

	rw_write_lock(&i->map_lock);
	i->goal = 0;
	err = unmap_table(&u, i->data, EXT_DIRECT, 0, 0, NULL);
	for (u32 levels = 1; levels <= MAX_LEVELS && !err; levels++) {
		err = unmap_table(&u, &i->data[EXT_DIRECT + levels - 1], 1, levels, base, NULL);
		base += 1ul << (table_bits(i->fs) * levels);
	}
	rw_write_unlock(&i->map_lock);
	return err;
}
