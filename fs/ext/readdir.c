/* SPDX-License-Identifier: MIT */
/* readdir.c - reading directories from a position that stays good while others add and remove
 * names.
 *
 * Where hashes are kept (an index, or a single block of a file system that would make one) the
 * position is the hash of the name, as on Linux: entries come leaf by leaf, sorted. Names of equal
 * hash get positions that follow each other. Elsewhere it is the offset.
 *
 * Locks: the directory's. Ref: readdir(3), telldir(3). Tests: selftests/unit/ext_dir_test.c
 */
#define LOG_TAG "ext4"
#include "dir_int.h"

#include <kernel/lib/string.h>
#include <mm/slab.h>

/* ---- by offset ---- */

static int read_linear(struct ext_inode *dir, u64 *pos, struct ext_emit *emit)
{
	u32 size = dir->fs->block_size, end = dir_block_end(dir->fs);

	for (u64 lblk = *pos >> dir->fs->block_bits; lblk < dir_blocks(dir); lblk++) {
		auto_buf struct buf *b = NULL;
		int err = ext_dir_read(dir, lblk, DIR_ANY, &b);

		if (err)
			return err;
		for (u32 at = 0; at < end;) {
			const struct ext_dirent *e = dirent_at(b->data, at, end);
			u64 here = lblk * size + at, next;

			if (!e) /* the rest of an index block looks like this too */
				break;
			at += e->rec_len;
			next = at >= end ? (lblk + 1) * size : lblk * size + at;
			if (here < *pos || !e->ino || dirent_is_dots(e))
				continue;
			if (!emit->entry(emit, e->name, e->name_len, e->ino,
					 ext_type_to_dtype(e->type), next))
				return 0;
			*pos = next;
		}
		*pos = (lblk + 1) * size;
	}
	return 0;
}

static int read_inline(struct ext_inode *dir, u64 *pos, struct ext_emit *emit)
{
	auto_kfree struct ext_inline_dir *d = NULL;
	u32 at = 4;
	int err = ext_inline_dir(dir, &d);

	if (err)
		return err;
	while (at < d->size) {
		const struct ext_dirent *e = dirent_at(d->bytes, at,
						       at < d->first ? d->first : d->size);
		u32 here = at;

		if (!e)
			return ext_dir_bad(dir, 0, at) ? -EUCLEAN : 0;
		at += e->rec_len;
		if (here < *pos || !e->ino)
			continue;
		if (!emit->entry(emit, e->name, e->name_len, e->ino, ext_type_to_dtype(e->type),
				 at))
			return 0;
		*pos = at;
	}
	return 0;
}

/* ---- by hash ---- */

struct item {
	u64 pos;
	u32 ino;
	u16 len;
	u8 type;
	const char *name; /* in a buf of the batch */
};

/* One leaf and those that go on with its last hash. */
#define MAX_LEAVES 16u
struct batch {
	struct item *items;
	u32 nr, room, nr_bufs;
	struct buf *bufs[MAX_LEAVES];
};

static void batch_put(struct batch *t)
{
	for (u32 n = 0; n < t->nr_bufs; n++)
		buf_put(t->bufs[n]);
	t->nr_bufs = t->nr = 0;
}

static int add_item(struct batch *t, const struct ext_dirent *e, u64 pos)
{
	if (t->nr == t->room) {
		struct item *more = krealloc(t->items, (t->room + 128) * sizeof(*more));

		if (!more)
			return -ENOMEM;
		t->items = more;
		t->room += 128;
	}
	t->items[t->nr++] = (struct item){ pos, e->ino, e->name_len, e->type, e->name };
	return 0;
}

/* Takes over b. */
static int add_leaf(struct ext_inode *dir, struct batch *t, struct buf *b, u32 version)
{
	u32 end = dir_block_end(dir->fs);

	t->bufs[t->nr_bufs++] = b;
	for (u32 at = 0; at < end;) {
		const struct ext_dirent *e = dirent_at(b->data, at, end);
		struct ext_hash hash;
		int err;

		if (!e)
			return ext_dir_bad(dir, b->block, at) ? -EUCLEAN : 0;
		at += e->rec_len;
		if (!e->ino || dirent_is_dots(e))
			continue;
		err = ext_name_hash(dir->fs, version, &(struct ext_name){ e->name, e->name_len },
				    &hash);
		if (!err)
			err = add_item(t, e, (u64)(hash.hash >> 1) << 32 | hash.minor);
		if (err)
			return err;
	}
	return 0;
}

static void sort(struct batch *t)
{
	struct item *s = t->items;

	for (u32 gap = t->nr / 2; gap; gap /= 2)
		for (u32 n = gap; n < t->nr; n++) {
			struct item v = s[n];
			u32 k = n;

			for (; k >= gap && s[k - gap].pos > v.pos; k -= gap)
				s[k] = s[k - gap];
			s[k] = v;
		}
	for (u32 n = 1; n < t->nr; n++)
		s[n].pos = max(s[n].pos, s[n - 1].pos + 1);
}

/* False: no room for more. */
static bool emit_batch(struct batch *t, u64 *pos, struct ext_emit *emit)
{
	sort(t);
	for (u32 n = 0; n < t->nr; n++) {
		const struct item *i = &t->items[n];

		if (i->pos + 1 <= *pos) /* the position behind an entry is its own and one */
			continue;
		if (!emit->entry(emit, i->name, i->len, i->ino, ext_type_to_dtype(i->type),
				 i->pos + 1))
			return false;
		*pos = i->pos + 1;
	}
	return true;
}

static int read_index(struct ext_inode *dir, u64 *pos, struct ext_emit *emit, struct batch *t)
{
	auto_dx struct ext_dx x = { 0 };
	u32 first = 0;
	int more, err = ext_dx_probe(dir, (u32)(*pos >> 32) << 1, &x);

	if (err)
		return err;
	do {
		do {
			struct buf *b;

			err = ext_dir_read(dir, ext_dx_leaf(&x), DIR_LEAF, &b);
			if (!err)
				err = add_leaf(dir, t, b, x.version);
			if (err)
				return err;
			more = ext_dx_next(dir, &x, &first);
		} while (more > 0 && (first & 1) && t->nr_bufs < MAX_LEAVES);
		if (more < 0)
			return more;
		if (!emit_batch(t, pos, emit))
			return 0;
		batch_put(t);
	} while (more);
	*pos = EXT_READDIR_END;
	return 0;
}

static int read_block(struct ext_inode *dir, u64 *pos, struct ext_emit *emit, struct batch *t)
{
	struct buf *b;
	int err = ext_dir_read(dir, 0, DIR_LEAF, &b);

	if (!err)
		err = add_leaf(dir, t, b, dir->fs->hash_version);
	if (!err && emit_batch(t, pos, emit))
		*pos = EXT_READDIR_END;
	return err;
}

int ext_readdir(struct ext_inode *dir, u64 *pos, struct ext_emit *emit)
{
	struct batch t = { 0 };
	int err;

	if (*pos >= EXT_READDIR_END)
		return 0;
	if (dir->flags & EXT_INLINE_DATA_FL)
		return read_inline(dir, pos, emit);
	if (!(dir->fs->compat & COMPAT_DIR_INDEX) || (!dir_is_dx(dir) && dir_blocks(dir) != 1))
		return read_linear(dir, pos, emit);
	err = dir_is_dx(dir) ? read_index(dir, pos, emit, &t) : read_block(dir, pos, emit, &t);
	batch_put(&t);
	kfree(t.items);
	return err;
}
