/* SPDX-License-Identifier: MIT */
/* dir.c - directories: 32-byte slots in the clusters of a file, or in the fixed root of FAT12 and
 * 16. A file takes one, preceded by the pieces of its long name, last piece first. As on Linux a
 * slot that was never used does not end the directory.
 *
 * Invariant: pieces count only if they are in order, complete and carry the checksum of the short
 * name they precede; others are ignored.
 * Locks: M. Ref: the specification, sections 6, 7. Tests: selftests/unit/fat_core_test.c,
 * fuzz/fat_fuzz.c
 */
#include <fs/blkdev.h>
#include <fs/fat/fat.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

/* ---- slots ---- */

static u32 per_sector_bits(const struct fat_fs *fs) { return fs->sector_bits - FAT_ENTRY_BITS; }

int fat_dir_slots(struct fat_inode *dir, u32 *n)
{
	u32 clusters;
	int err;

	if (dir->fixed) {
		*n = dir->fs->root_entries;
		return 0;
	}
	err = fat_chain_length(dir->fs, &dir->chain, &clusters);
	*n = min(clusters, FAT_DIR_MAX >> dir->fs->cluster_bits)
	     << (dir->fs->cluster_bits - FAT_ENTRY_BITS);
	return err;
}

/* The sector of a slot. -ENOENT: beyond the end. */
static int sector_of(struct fat_inode *dir, u32 slot, u64 *sector)
{
	struct fat_fs *fs = dir->fs;
	u32 at = slot >> per_sector_bits(fs), per = fs->cluster_bits - fs->sector_bits, disk, len;
	int err;

	if (dir->fixed) {
		*sector = fs->root_start + at;
		return slot < fs->root_entries ? 0 : -ENOENT;
	}
	if (slot >= FAT_DIR_MAX >> FAT_ENTRY_BITS)
		return -ENOENT;
	err = fat_chain_map(fs, &dir->chain, at >> per, &disk, &len);
	if (err)
		return err;
	if (!disk)
		return -ENOENT;
	*sector = fat_cluster_sector(fs, disk) + (at & ((1u << per) - 1));
	return 0;
}

/* Slot by slot: the buf of the last one is kept, put at the end. */
struct cursor {
	struct fat_inode *dir;
	struct buf *b;
	u32 sector;	/* of the directory that b is */
};

static void cursor_end(struct cursor *c)
{
	buf_putp(&c->b);
	c->b = NULL;
}

static int cursor_at(struct cursor *c, u32 slot, struct fat_entry **e)
{
	struct fat_fs *fs = c->dir->fs;
	u32 bits = per_sector_bits(fs);
	u64 sector;
	int err;

	if (!c->b || c->sector != slot >> bits) {
		cursor_end(c);
		err = sector_of(c->dir, slot, &sector);
		if (!err)
			err = buf_read(fs->dev, sector, &c->b);
		if (err) {
			c->b = NULL;
			return err;
		}
		c->sector = slot >> bits;
	}
	*e = (struct fat_entry *)c->b->data + (slot & ((1u << bits) - 1));
	return 0;
}

static u64 where_of(const struct cursor *c, u32 slot)
{
	u32 bits = per_sector_bits(c->dir->fs);

	return c->b->block << bits | (slot & ((1u << bits) - 1));
}

int fat_entry_buf(struct fat_fs *fs, u64 where, struct buf **b, struct fat_entry **e)
{
	u32 bits = per_sector_bits(fs);
	int err = buf_read(fs->dev, where >> bits, b);

	if (!err)
		*e = (struct fat_entry *)(*b)->data + (where & ((1u << bits) - 1));
	return err;
}

int fat_entry_read(struct fat_fs *fs, u64 where, struct fat_entry *e)
{
	auto_buf struct buf *b = NULL;
	struct fat_entry *at;
	int err = fat_entry_buf(fs, where, &b, &at);

	if (!err)
		*e = *at;
	return err;
}

/* ---- reading ---- */

static bool is_free(const struct fat_entry *e)
{
	return !e->name[0] || e->name[0] == FAT_ENTRY_FREE;
}

static bool is_long(const struct fat_entry *e)
{
	return (e->attr & 0x3f) == FAT_ATTR_LONG;
}

/* A long name as its pieces come by. */
struct gathering {
	u32 expected;	/* the next piece's number; 0: the short name */
	u32 nr;		/* pieces; 0: none is under way */
	u8 checksum;
	u16 units[20 * FAT_LONG_UNITS];
};

static void gather(struct gathering *g, const struct fat_long *l)
{
	u32 seq = l->seq & 0x3f;
	u8 *to;

	if (l->seq & FAT_LONG_LAST) {
		g->nr = seq <= 20 ? seq : 0;
		g->expected = g->nr;
		g->checksum = l->checksum;
	}
	if (!g->nr || seq != g->expected || l->checksum != g->checksum || !seq) {
		g->nr = 0;
		return;
	}
	g->expected--;
	to = (u8 *)(g->units + (seq - 1) * FAT_LONG_UNITS);
	memcpy(to, l->name1, 10);
	memcpy(to + 10, l->name2, 12);
	memcpy(to + 22, l->name3, 4);
}

static void finish(const struct fat_fs *fs, const struct gathering *g, struct fat_found *f)
{
	u32 n = 0;

	f->short_len = fat_short_show(fs, &f->e, f->short_name);
	f->nr = 1;
	f->is_long = false;
	if (g->nr && !g->expected && g->checksum == fat_checksum(f->e.name)) {
		while (n < FAT_LONG_MAX && n < g->nr * FAT_LONG_UNITS && g->units[n])
			n++;
		f->len = fat_utf8(g->units, n, f->name);
		f->is_long = f->len;
		f->nr = 1 + g->nr;
	}
	if (!f->is_long) {
		memcpy(f->name, f->short_name, f->short_len);
		f->len = f->short_len;
	}
}

int fat_dir_next(struct fat_inode *dir, u32 *at, struct fat_found *f)
{
	struct cursor c = { .dir = dir };
	struct gathering g = { 0 };
	struct fat_entry *e;
	int err;

	for (; !(err = cursor_at(&c, *at, &e)); ++*at) {
		if (is_free(e)) {
			g.nr = 0;
		} else if (is_long(e)) {
			gather(&g, (struct fat_long *)e);
		} else if (e->attr & FAT_ATTR_VOLUME) {
			g.nr = 0;
		} else {
			f->e = *e;
			f->slot = *at;
			f->where = where_of(&c, (*at)++);
			finish(dir->fs, &g, f);
			break;
		}
	}
	cursor_end(&c);
	return err;
}

static bool is_dots(const struct fat_found *f)
{
	return !memcmp(f->e.name, ".          ", 11) || !memcmp(f->e.name, "..         ", 11);
}

int fat_dir_find(struct fat_inode *dir, const char *name, u32 len, struct fat_found *f)
{
	const struct fat_fs *fs = dir->fs;
	u32 at = 0;
	int err;

	len = fat_name_length(name, len);
	while (!(err = fat_dir_next(dir, &at, f)))
		if (len && !is_dots(f) &&
		    (fat_name_same(fs, f->name, f->len, name, len) ||
		     fat_name_same(fs, f->short_name, f->short_len, name, len)))
			break;
	return err;
}

int fat_dir_is_empty(struct fat_inode *dir)
{
	struct fat_found f;
	u32 at = 0;
	int err;

	while (!(err = fat_dir_next(dir, &at, &f)))
		if (!is_dots(&f))
			return -ENOTEMPTY;
	return err == -ENOENT ? 0 : err;
}

int fat_dir_subdirs(struct fat_inode *dir, u32 *n)
{
	struct cursor c = { .dir = dir };
	struct fat_entry *e;
	int err;

	*n = 0;
	for (u32 at = 0; !(err = cursor_at(&c, at, &e)); at++)
		if (!is_free(e) && !is_long(e) && e->attr & FAT_ATTR_DIR)
			++*n;
	cursor_end(&c);
	return err == -ENOENT ? 0 : err;
}

/* ---- changing ---- */

int fat_dir_remove(struct fat_inode *dir, const struct fat_found *f)
{
	struct cursor c = { .dir = dir };
	struct fat_entry *e;
	int err = 0;

	for (u32 slot = f->slot + 1 - f->nr; slot <= f->slot && !err; slot++) {
		err = cursor_at(&c, slot, &e);
		if (err)
			break;
		e->name[0] = FAT_ENTRY_FREE;
		buf_dirty(c.b);
	}
	cursor_end(&c);
	return err == -ENOENT ? -EIO : err;
}

/* A cluster of zeros at the end. */
static int grow(struct fat_inode *dir)
{
	struct fat_fs *fs = dir->fs;
	u32 n, disk, len;
	int err = fat_chain_length(fs, &dir->chain, &n);

	if (!err && (dir->fixed || (u64)(n + 1) << fs->cluster_bits > FAT_DIR_MAX))
		return -ENOSPC;
	if (!err)
		err = fat_chain_grow(fs, &dir->chain, n + 1);
	if (!err)
		err = fat_chain_map(fs, &dir->chain, n, &disk, &len);
	for (u32 k = 0; !err && k < 1u << (fs->cluster_bits - fs->sector_bits); k++) {
		auto_buf struct buf *b = NULL;

		err = buf_new(fs->dev, fat_cluster_sector(fs, disk) + k, &b);
		if (!err)
			buf_dirty(b);
	}
	return err;
}

/* n free slots in a row: the first. The directory grows if there are none. */
static int find_room(struct fat_inode *dir, u32 n, u32 *slot)
{
	struct cursor c = { .dir = dir };
	u32 at = 0, run = 0;
	struct fat_entry *e;
	int err = 0;

	while (run < n && !err) {
		err = cursor_at(&c, at, &e);
		if (err == -ENOENT) {
			err = grow(dir);
			continue;
		}
		if (err)
			break;
		run = is_free(e) ? run + 1 : 0;
		at++;
	}
	cursor_end(&c);
	*slot = at - n;
	return err;
}

/* -ENOENT: nobody has that short name. */
static int find_short(struct fat_inode *dir, const u8 *name)
{
	struct cursor c = { .dir = dir };
	struct fat_entry *e;
	int err;

	for (u32 at = 0; !(err = cursor_at(&c, at, &e)); at++)
		if (!is_free(e) && !(e->attr & FAT_ATTR_VOLUME) && !memcmp(e->name, name, 11))
			break;
	cursor_end(&c);
	return err;
}

#define MOST_TRIES 0x20000u

static int choose_alias(struct fat_inode *dir, const u16 *units, u32 n, struct fat_alias *a)
{
	u8 base[11];
	int err = fat_alias(dir->fs, units, n, a);

	if (err)
		return err;
	if (a->is_exact || dir->fs->opt.no_numtail) {
		err = find_short(dir, a->name);
		if (err == -ENOENT)
			return 0;
		if (err || a->is_exact)
			return err ? err : -EEXIST;
	}
	memcpy(base, a->name, sizeof(base));
	for (u32 try = 1; try < MOST_TRIES; try++) {
		fat_alias_number(a, base, try);
		err = find_short(dir, a->name);
		if (err)
			return err == -ENOENT ? 0 : err;
	}
	return -EEXIST;
}

/* Piece seq of nr; what lies behind the name is 0, then all ones. */
static void fill_piece(struct fat_long *l, u32 seq, u32 nr, const u16 *units, u32 n, u8 checksum)
{
	u16 part[FAT_LONG_UNITS];

	for (u32 k = 0, at = (seq - 1) * FAT_LONG_UNITS; k < FAT_LONG_UNITS; k++, at++)
		part[k] = at < n ? units[at] : at == n ? 0 : 0xffff;
	*l = (struct fat_long){ .seq = (u8)(seq | (seq == nr ? FAT_LONG_LAST : 0)),
				.attr = FAT_ATTR_LONG,
				.checksum = checksum };
	memcpy(l->name1, part, 10);
	memcpy(l->name2, part + 5, 12);
	memcpy(l->name3, part + 11, 4);
}

int fat_dir_add(struct fat_inode *dir, const char *name, u32 len, struct fat_entry *e, u64 *where)
{
	struct cursor c = { .dir = dir };
	u16 units[FAT_LONG_MAX];
	u32 n, nr, slot = 0;
	struct fat_alias a;
	struct fat_entry *to;
	int err;

	len = fat_name_length(name, len);
	if (!len)
		return -ENOENT;
	err = fat_utf16(name, len, units, &n);
	if (!err)
		err = choose_alias(dir, units, n, &a);
	if (err)
		return err;
	memcpy(e->name, a.name, sizeof(e->name));
	e->lcase = a.lcase;
	nr = a.is_short ? 0 : DIV_ROUND_UP(n, FAT_LONG_UNITS);
	err = find_room(dir, nr + 1, &slot);
	for (u32 k = nr; k && !err; k--, slot++) {
		err = cursor_at(&c, slot, &to);
		if (err)
			break;
		fill_piece((struct fat_long *)to, k, nr, units, n, fat_checksum(a.name));
		buf_dirty(c.b);
	}
	if (!err)
		err = cursor_at(&c, slot, &to);
	if (!err) {
		*to = *e;
		*where = where_of(&c, slot);
		buf_dirty(c.b);
	}
	cursor_end(&c);
	return err;
}
