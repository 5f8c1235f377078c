/* SPDX-License-Identifier: MIT */
/* dir.c - directories as lists of entries in blocks: looking up, adding, removing, and the leaves
 * of indexed ones.
 *
 * Invariants:
 *  (1) the entries of a block follow each other without gaps up to its end (with metadata_csum: up
 *      to the tail). One that is free has inode 0; space behind a name belongs to its entry.
 *  (2) no entry is believed without dirent_at(): what a damaged block says cannot lead out of it.
 *
 * Locks: the directory's. Ref: ext4/directory.rst, checksums.rst. Tests:
 * selftests/unit/ext_dir_test.c
 */
#define LOG_TAG "ext4"
#include "dir_int.h"

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* ---- types ---- */

/* of EXT FT numbers: regular, directory, char, block, fifo, socket, link */
static const u8 dtypes[] = { 0, 8, 4, 2, 6, 1, 12, 10 };

u8 ext_mode_to_type(const struct ext_fs *fs, u32 mode)
{
	u32 d = (mode & S_IFMT) >> 12;

	for (u8 t = 1; t < sizeof(dtypes) && (fs->incompat & INCOMPAT_FILETYPE); t++)
		if (dtypes[t] == d)
			return t;
	return 0;
}

u32 ext_type_to_dtype(u8 type)
{
	return type < sizeof(dtypes) ? dtypes[type] : 0;
}

/* ---- blocks ---- */

bool ext_dir_bad(struct ext_inode *dir, u64 lblk, u32 off)
{
	return ext_corrupt(dir->fs, dir->ino, lblk, "directory entry at %u is damaged", off) != 0;
}

static struct ext_dir_tail *tail_of(const struct ext_fs *fs, struct buf *b)
{
	return (struct ext_dir_tail *)(b->data + fs->block_size - EXT_DIR_TAIL);
}

static bool leaf_good(struct ext_inode *dir, struct buf *b)
{
	const struct ext_dir_tail *t = tail_of(dir->fs, b);

	return t->rec_len == EXT_DIR_TAIL && t->type == EXT_FT_CSUM && !t->zero1 &&
	       t->checksum == crc32c(dir->seed, b->data, dir->fs->block_size - EXT_DIR_TAIL);
}

/* With DIR_ANY: does it look like a block of the index? */
static bool looks_dx(struct ext_inode *dir, u64 lblk, const struct buf *b)
{
	const struct ext_dirent *e;

	debug_assert(b);
	e = (const struct ext_dirent *)b->data;
	return dir_is_dx(dir) && (!lblk || (!e->ino && e->rec_len == dir->fs->block_size));
}

int ext_dir_read(struct ext_inode *dir, u64 lblk, u32 kind, struct buf **out)
{
	struct ext_fs *fs = dir->fs;
	struct ext_mapping m;
	bool index;
	int err;

	*out = NULL;
	if (lblk >= dir_blocks(dir))
		return ext_corrupt(fs, dir->ino, lblk, "directory of %lu blocks", dir_blocks(dir));
	err = ext_map(dir, NULL, lblk, 1, 0, &m);
	if (!err && m.state != EXT_MAPPED)
		err = ext_corrupt(fs, dir->ino, lblk, "directory with a hole");
	if (!err)
		err = buf_read(fs->dev, m.pblk, out);
	if (err || !fs->csum)
		return err;
	index = kind == DIR_INDEX || (kind == DIR_ANY && looks_dx(dir, lblk, *out));
	if (buf_flag(*out, index ? BUF_IS_DX : BUF_IS_DIR))
		return 0;
	if (index ? ext_dx_checksum_good(dir, *out) : leaf_good(dir, *out)) {
		buf_flag_set(*out, index ? BUF_IS_DX : BUF_IS_DIR);
		return 0;
	}
	buf_put(*out);
	*out = NULL;
	return ext_corrupt(fs, dir->ino, lblk, "directory block: checksum");
}

int ext_dir_append(struct journal_handle *h, struct ext_inode *dir, u64 *lblk, struct buf **out)
{
	struct ext_fs *fs = dir->fs;
	struct ext_mapping m;
	int err;

	*lblk = dir_blocks(dir);
	*out = NULL;
	if (dir->size + fs->block_size > U32_MAX && !(fs->incompat & INCOMPAT_LARGEDIR))
		return -ENOSPC;
	err = ext_map(dir, h, *lblk, 1, EXT_MAP_CREATE, &m);
	if (!err && !m.is_new)
		err = ext_corrupt(fs, dir->ino, *lblk, "directory with blocks beyond its end");
	if (!err)
		err = buf_new(fs->dev, m.pblk, out);
	if (!err)
		err = journal_get_create(h, *out);
	if (err)
		return err;
	dir->size += fs->block_size;
	return 0;
}

void ext_dir_init_leaf(struct ext_inode *dir, struct buf *b)
{
	struct ext_fs *fs = dir->fs;
	struct ext_dirent *e = (struct ext_dirent *)b->data;

	memset(b->data, 0, fs->block_size);
	e->rec_len = (u16)dir_block_end(fs);
	if (fs->csum)
		*tail_of(fs, b) = (struct ext_dir_tail){ .rec_len = EXT_DIR_TAIL,
							 .type = EXT_FT_CSUM };
	buf_flag_clear(b, BUF_IS_DX);
	buf_flag_set(b, BUF_IS_DIR);
}

int ext_dir_leaf_dirty(struct journal_handle *h, struct ext_inode *dir, struct buf *b)
{
	if (dir->fs->csum)
		tail_of(dir->fs, b)->checksum = crc32c(dir->seed, b->data,
						       dir->fs->block_size - EXT_DIR_TAIL);
	return journal_dirty(h, b);
}

/* ---- entries of one region ---- */

int ext_dir_find_in(struct ext_inode *dir, void *region, u32 size, const struct ext_name *n,
		    u32 *off, u32 *prev)
{
	u32 at = 0;

	*prev = U32_MAX;
	while (at < size) {
		const struct ext_dirent *e = dirent_at(region, at, size);

		if (!e)
			return ext_dir_bad(dir, 0, at) ? -EUCLEAN : 0;
		if (e->ino && e->name_len == n->len && !memcmp(e->name, n->name, n->len)) {
			*off = at;
			return 0;
		}
		*prev = at;
		at += e->rec_len;
	}
	return -ENOENT;
}

static void fill(const struct ext_fs *fs, struct ext_dirent *e, const struct ext_name *n, u32 ino,
		 u32 mode)
{
	e->ino = ino;
	e->name_len = (u8)n->len;
	e->type = ext_mode_to_type(fs, mode);
	memcpy(e->name, n->name, n->len);
}

int ext_dir_add_in(struct journal_handle *h, struct ext_inode *dir, struct buf *b,
		   const struct ext_name *n, u32 ino, u32 mode)
{
	u32 at = 0, end = dir_block_end(dir->fs), need = dirent_need(n->len), used;
	struct ext_dirent *e;
	int err;

	for (;; at += e->rec_len) {
		if (at >= end)
			return -ENOSPC;
		e = dirent_at(b->data, at, end);
		if (!e)
			return ext_dir_bad(dir, b->block, at) ? -EUCLEAN : 0;
		used = e->ino ? dirent_need(e->name_len) : 0;
		if (e->rec_len >= used + need)
			break;
	}
	err = journal_get_write(h, b);
	if (err)
		return err;
	if (used) {
		struct ext_dirent *next = (struct ext_dirent *)((u8 *)e + used);

		next->rec_len = (u16)(e->rec_len - used);
		e->rec_len = (u16)used;
		e = next;
	}
	fill(dir->fs, e, n, ino, mode);
	return ext_dir_leaf_dirty(h, dir, b);
}

/* ---- finding ---- */

static int find_linear(struct ext_inode *dir, const struct ext_name *n, struct ext_dir_place *p)
{
	u64 nr = dir_blocks(dir), at = dir->dir_hint < nr ? dir->dir_hint : 0;

	for (u64 k = 0; k < nr; k++, at = at + 1 < nr ? at + 1 : 0) {
		int err = ext_dir_read(dir, at, DIR_ANY, &p->b);

		if (err)
			return err;
		err = looks_dx(dir, at, p->b) && at
			      ? -ENOENT
			      : ext_dir_find_in(dir, p->b->data, dir_block_end(dir->fs), n, &p->off,
						&p->prev);
		if (!err) {
			p->lblk = at;
			dir->dir_hint = (u32)at;
			return 0;
		}
		buf_put(p->b);
		p->b = NULL;
		if (err != -ENOENT)
			return err;
	}
	return -ENOENT;
}

static int find(struct ext_inode *dir, const struct ext_name *n, struct ext_dir_place *p)
{
	*p = (struct ext_dir_place){ 0 };
	if (!n->len || n->len > EXT_NAME_MAX)
		return -ENOENT;
	return dir_is_dx(dir) ? ext_dx_find(dir, n, p) : find_linear(dir, n, p);
}

static int lookup_inline(struct ext_inode *dir, const struct ext_name *n, u32 *ino, u8 *type)
{
	auto_kfree struct ext_inline_dir *d = NULL;
	const struct ext_dirent *e;
	u32 off, prev, base = 4;
	int err = ext_inline_dir(dir, &d);

	if (err)
		return err;
	err = ext_dir_find_in(dir, d->bytes + 4, d->first - 4, n, &off, &prev);
	if (err == -ENOENT && d->size > d->first) {
		base = d->first;
		err = ext_dir_find_in(dir, d->bytes + base, d->size - base, n, &off, &prev);
	}
	if (err)
		return err;
	e = (const struct ext_dirent *)(d->bytes + base + off);
	*ino = e->ino;
	*type = e->type;
	return 0;
}

int ext_dir_lookup(struct ext_inode *dir, const struct ext_name *n, u32 *ino, u8 *type)
{
	struct ext_fs *fs = dir->fs;
	struct ext_dir_place p;
	int err;

	if (dir->flags & EXT_INLINE_DATA_FL) {
		err = lookup_inline(dir, n, ino, type);
	} else {
		err = find(dir, n, &p);
		if (!err) {
			const struct ext_dirent *e = (const struct ext_dirent *)(p.b->data + p.off);

			*ino = e->ino;
			*type = e->type;
			buf_put(p.b);
		}
	}
	if (err)
		return err;
	if ((*ino < fs->first_ino && *ino != EXT_ROOT_INO) || *ino > fs->inodes)
		return ext_corrupt(fs, dir->ino, 0, "an entry names inode %u", *ino);
	return 0;
}

/* ---- changing ---- */

int ext_dir_leave_inline(struct journal_handle *h, struct ext_inode *dir)
{
	return ext_is_dir(dir) && (dir->flags & EXT_INLINE_DATA_FL) ? ext_inline_to_block(h, dir)
								    : 0;
}

static int add_linear(struct journal_handle *h, struct ext_inode *dir, const struct ext_name *n,
		      u32 ino, u32 mode)
{
	u64 nr = dir_blocks(dir), at = dir->dir_hint < nr ? dir->dir_hint : 0;
	auto_buf struct buf *b = NULL;
	int err;

	for (u64 k = 0; k < nr; k++, at = at + 1 < nr ? at + 1 : 0) {
		err = ext_dir_read(dir, at, DIR_ANY, &b);
		if (!err)
			err = ext_dir_add_in(h, dir, b, n, ino, mode);
		if (!err)
			dir->dir_hint = (u32)at;
		if (err != -ENOSPC)
			return err;
		buf_put(b);
		b = NULL;
	}
	if (nr == 1 && (dir->fs->compat & COMPAT_DIR_INDEX)) {
		err = ext_dx_make(h, dir);
		return err ? err : ext_dx_add(h, dir, n, ino, mode);
	}
	err = ext_dir_append(h, dir, &at, &b);
	if (err)
		return err;
	ext_dir_init_leaf(dir, b);
	dir->dir_hint = (u32)at;
	return ext_dir_add_in(h, dir, b, n, ino, mode);
}

int ext_dir_add(struct journal_handle *h, struct ext_inode *dir, const struct ext_name *n, u32 ino,
		u32 mode)
{
	int err;

	if (!n->len || n->len > EXT_NAME_MAX)
		return -ENAMETOOLONG;
	err = ext_dir_leave_inline(h, dir);
	if (err)
		return err;
	if (dir_is_dx(dir))
		return ext_dx_add(h, dir, n, ino, mode);
	dir->flags &= ~EXT_INDEX_FL; /* an index that nobody keeps is none */
	return add_linear(h, dir, n, ino, mode);
}

int ext_dir_remove(struct journal_handle *h, struct ext_inode *dir, const struct ext_name *n)
{
	struct ext_dir_place p;
	struct ext_dirent *e;
	int err = ext_dir_leave_inline(h, dir);

	if (!err)
		err = find(dir, n, &p);
	if (err)
		return err;
	err = journal_get_write(h, p.b);
	if (!err) {
		e = (struct ext_dirent *)(p.b->data + p.off);
		if (p.prev != U32_MAX) {
			struct ext_dirent *before = (struct ext_dirent *)(p.b->data + p.prev);

			before->rec_len = (u16)(before->rec_len + e->rec_len);
		}
		e->ino = 0;
		err = ext_dir_leaf_dirty(h, dir, p.b);
	}
	buf_put(p.b);
	return err;
}

/* ".." is in the first block, which may be the root of an index. */
static int replace_parent(struct journal_handle *h, struct ext_inode *dir, u32 ino)
{
	static const struct ext_name dots = { "..", 2 };
	bool index = dir_is_dx(dir);
	auto_buf struct buf *b = NULL;
	u32 off = 0, prev;
	int err = ext_dir_read(dir, 0, index ? DIR_INDEX : DIR_LEAF, &b);

	if (!err) /* in an index ".." reaches up to the end of the block */
		err = ext_dir_find_in(dir, b->data,
				      index ? dir->fs->block_size : dir_block_end(dir->fs), &dots,
				      &off, &prev);
	if (!err)
		err = journal_get_write(h, b);
	if (err)
		return err;
	((struct ext_dirent *)(b->data + off))->ino = ino;
	return index ? ext_dx_dirty(h, dir, b) : ext_dir_leaf_dirty(h, dir, b);
}

int ext_dir_replace(struct journal_handle *h, struct ext_inode *dir, const struct ext_name *n,
		    u32 ino, u32 mode)
{
	struct ext_dir_place p;
	struct ext_dirent *e;
	int err = ext_dir_leave_inline(h, dir);

	if (err)
		return err;
	if (ext_name_is(n, "..", 2))
		return replace_parent(h, dir, ino);
	err = find(dir, n, &p);
	if (err)
		return err;
	err = journal_get_write(h, p.b);
	if (!err) {
		e = (struct ext_dirent *)(p.b->data + p.off);
		e->ino = ino;
		e->type = ext_mode_to_type(dir->fs, mode);
		err = ext_dir_leaf_dirty(h, dir, p.b);
	}
	buf_put(p.b);
	return err;
}

int ext_dir_make(struct journal_handle *h, struct ext_inode *dir, u32 parent)
{
	struct ext_fs *fs = dir->fs;
	auto_buf struct buf *b = NULL;
	struct ext_dirent *e;
	u64 lblk;
	int err = ext_dir_append(h, dir, &lblk, &b);

	if (err)
		return err;
	ext_dir_init_leaf(dir, b);
	e = (struct ext_dirent *)b->data;
	fill(fs, e, &(struct ext_name){ ".", 1 }, dir->ino, S_IFDIR);
	e->rec_len = (u16)dirent_need(1);
	e = (struct ext_dirent *)(b->data + e->rec_len);
	fill(fs, e, &(struct ext_name){ "..", 2 }, parent, S_IFDIR);
	e->rec_len = (u16)(dir_block_end(fs) - dirent_need(1));
	return ext_dir_leaf_dirty(h, dir, b);
}

/* ---- empty? ---- */

/* 1 when nothing but dots lives in the region. */
static int is_empty(struct ext_inode *dir, void *region, u32 size)
{
	u32 at = 0;

	while (at < size) {
		const struct ext_dirent *e = dirent_at(region, at, size);

		if (!e)
			return ext_dir_bad(dir, 0, at) ? -EUCLEAN : 0;
		if (e->ino && !dirent_is_dots(e))
			return 0;
		at += e->rec_len;
	}
	return 1;
}

static int is_empty_inline(struct ext_inode *dir)
{
	auto_kfree struct ext_inline_dir *d = NULL;
	int err = ext_inline_dir(dir, &d);

	if (err)
		return err;
	err = is_empty(dir, d->bytes + 4, d->first - 4);
	return err == 1 ? is_empty(dir, d->bytes + d->first, d->size - d->first) : err;
}

int ext_dir_is_empty(struct ext_inode *dir)
{
	if (dir->flags & EXT_INLINE_DATA_FL)
		return is_empty_inline(dir);
	for (u64 at = 0; at < dir_blocks(dir); at++) {
		auto_buf struct buf *b = NULL;
		int err = ext_dir_read(dir, at, DIR_ANY, &b);

		if (err)
			return err;
		if (looks_dx(dir, at, b))
			continue;
		err = is_empty(dir, b->data, dir_block_end(dir->fs));
		if (err != 1)
			return err;
	}
	return 1;
}
