/* SPDX-License-Identifier: MIT */
/* tree.c - everything that a mounted file system holds, read with fs/ext, and whether it agrees
 * with itself.
 *
 * The check is a small e2fsck: each inode has as many names as it says, each block belongs to one
 * inode, is in bounds and marked as used, and no block is marked that nothing has (by sums: see
 * tree_overhead()).
 */
#include "tree.h"

#include <fs/blkdev.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

#include "../host/unit.h"

#define MOST_INODES 65536u
#define MOST_BLOCKS (1u << 20)
#define MAP_END (1u << 20)	/* blocks of a file: as far as workloads go */

static struct walk {
	struct ext_fs *fs;
	struct tree *t;
	u64 used[MOST_BLOCKS / 64];
	u32 names[MOST_INODES];
} w;

u32 hash_bytes(const void *p, usize n, u32 h)
{
	for (const u8 *c = p; n; n--, c++)
		h = (h ^ *c) * 16777619u;
	return h;
}

/* ---- blocks ---- */

static void take(u32 ino, u64 block, u32 n)
{
	if (block + n > w.fs->blocks || block + n > MOST_BLOCKS ||
	    !ext_block_valid(w.fs, block, n)) {
		FAIL("inode %u has block %lu", ino, block);
		return;
	}
	for (; n; n--, block++) {
		u32 g = ext_group_of(w.fs, block);
		struct buf *b;

		if (w.used[block / 64] >> (block % 64) & 1)
			FAIL("block %lu belongs to inode %u and to another", block, ino);
		w.used[block / 64] |= 1ul << (block % 64);
		EXPECT_EQ(0, ext_block_bitmap(w.fs, g, &b));
		block -= ext_group_first(w.fs, g);
		if (!(b->data[block / 8] >> (block % 8) & 1))
			FAIL("a block of inode %u is marked as free", ino);
		block += ext_group_first(w.fs, g);
		buf_put(b);
	}
}

static void take_blocks(struct ext_inode *i)
{
	struct ext_mapping m;

	if (ext_is_link(i) && i->size < 60)
		return;
	for (u64 at = 0; at < MAP_END; at += m.len) {
		ASSERT_EQ(0, ext_map(i, NULL, at, MAP_END, 0, &m));
		if (m.state != EXT_HOLE)
			take(i->ino, m.pblk, m.len);
	}
	if (i->file_acl)
		take(i->ino, i->file_acl, 1);
}

/* All of a file; the caller frees it. */
static u8 *contents(struct ext_inode *i)
{
	u32 size = i->fs->block_size;
	u8 *data = host_alloc(ALIGN_UP(i->size + 1, (u64)size), 0, true);
	struct ext_mapping m;
	struct buf *b;

	for (u64 at = 0; at * size < i->size; at += m.len) {
		ASSERT_EQ(0, ext_map(i, NULL, at, MAP_END, 0, &m));
		for (u32 k = 0; m.state == EXT_MAPPED && k < m.len && (at + k) * size < i->size;
		     k++) {
			ASSERT_EQ(0, buf_read(i->fs->dev, m.pblk + k, &b));
			memcpy(data + (at + k) * size, b->data, size);
			buf_put(b);
		}
	}
	return data;
}

static void hash_units(struct ext_inode *i, struct item *it)
{
	u8 *data = contents(i);
	u16 *units;

	it->nr_units = (u32)((i->size + UNIT - 1) / UNIT);
	it->units = units = host_alloc(it->nr_units * sizeof(*units) + 1, 0, false);
	for (u32 k = 0; k < it->nr_units; k++) {
		u32 h = hash_bytes(data + k * UNIT, min((u64)UNIT, i->size - k * UNIT),
				   2166136261u);

		units[k] = (u16)(h ^ h >> 16);
	}
	host_free(data);
}

/* ---- names ---- */

static u32 xattrs_of(struct ext_inode *i)
{
	static const char *const names[] = { "user.a", "user.b", "user.z" };
	char value[1024];
	u32 sum = 0;

	for (u32 k = 0; k < ARRAY_SIZE(names); k++) {
		ssize_t n = ext_xattr_get(i, names[k], value, sizeof(value));

		if (n >= 0)
			sum += hash_bytes(value, (usize)n, 2166136261u + k);
		else if (n != -ENODATA)
			FAIL("inode %u: %s: error %ld", i->ino, names[k], n);
	}
	return sum;
}

struct listing {
	struct ext_emit e;
	u32 nr, room;
	struct entry {
		char name[PATH_ROOM];
		u32 ino, type;
	} *entries;
};

static bool one_entry(struct ext_emit *emit, const char *name, u32 len, u32 ino, u32 d_type,
		      u64 next)
{
	struct listing *l = container_of(emit, struct listing, e);
	struct entry *e = &l->entries[l->nr];

	(void)next;
	if (l->nr == l->room || len >= PATH_ROOM) {
		FAIL("a directory has too many entries, or a name of %u", len);
		return false;
	}
	l->nr++;
	memcpy(e->name, name, len);
	e->name[len] = 0;
	e->ino = ino;
	e->type = d_type;
	return true;
}

static void add_inode(struct ext_inode *i)
{
	w.t->nr_inodes++;
	w.t->inode_sectors += i->blocks;
	take_blocks(i);
}

static void walk_dir(u32 ino, u32 parent, const char *path, u32 depth);

static void one_item(const struct entry *e, u32 dir, const char *path, u32 depth)
{
	struct item *it = &w.t->items[w.t->nr++];
	struct ext_inode i;

	ASSERT_TRUE(w.t->nr < MOST_ITEMS && e->ino < MOST_INODES);
	memset(it, 0, sizeof(*it));
	str_copy(it->path, path, sizeof(it->path));
	if (ext_inode_read(w.fs, e->ino, &i)) {
		FAIL("%s: inode %u cannot be read", path, e->ino);
		return;
	}
	it->ino = e->ino;
	it->type = i.mode >> 12;
	it->nlink = i.nlink;
	it->size = ext_is_dir(&i) ? 0 : i.size;
	it->xattrs = xattrs_of(&i);
	if (e->type != it->type)
		FAIL("%s: the entry says type %u, the inode %u", path, e->type, it->type);
	if (!w.names[e->ino]++)
		add_inode(&i);
	else if (ext_is_dir(&i))
		FAIL("%s: a directory with two names", path);
	if (ext_is_reg(&i))
		hash_units(&i, it);
	if (ext_is_dir(&i) && w.names[e->ino] == 1)
		walk_dir(e->ino, dir, path, depth + 1);
}

static void walk_dir(u32 ino, u32 parent, const char *path, u32 depth)
{
	struct listing l = { .e.entry = one_entry, .room = 300 };
	struct ext_name up = { "..", 2 };
	struct ext_inode dir;
	u64 pos = 0;
	u32 links = 2, above;
	u8 type;

	ASSERT_TRUE(depth < 20);
	ASSERT_EQ(0, ext_inode_read(w.fs, ino, &dir));
	l.entries = host_alloc(l.room * sizeof(*l.entries), 0, false);
	EXPECT_EQ(0, ext_readdir(&dir, &pos, &l.e));
	EXPECT_EQ(0, ext_dir_lookup(&dir, &up, &above, &type));
	EXPECT_EQ(parent, above);
	for (u32 k = 0; k < l.nr; k++) {
		char full[256];

		fmt_print(full, sizeof(full), "%s%s%s", path, *path ? "/" : "", l.entries[k].name);
		one_item(&l.entries[k], ino, full, depth);
		links += l.entries[k].type == 4;
	}
	if (dir.nlink != links)
		FAIL("directory %s has %u links, not %u", path, dir.nlink, links);
	host_free(l.entries);
}

static void split_pairs(struct tree *t)
{
	for (u32 k = 0; k < t->nr; k++) {
		struct item *it = &t->items[k];
		const char *rest;
		u64 n;

		it->pair = NO_PAIR;
		if (parse_u64(it->path, 10, &n, &rest) || (*rest && *rest != '/'))
			continue;
		it->pair = (u32)n;
		memmove(it->path, rest + (*rest == '/'), strlen(rest) + 1 - (*rest == '/'));
	}
}

void tree_read(struct ext_fs *fs, struct tree *t)
{
	struct ext_inode i;

	memset(&w, 0, sizeof(w));
	w.fs = fs;
	w.t = t;
	*t = (struct tree){ .items = host_alloc(MOST_ITEMS * sizeof(*t->items), 0, false) };
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &i));
	w.names[EXT_ROOT_INO] = 1;
	add_inode(&i);
	walk_dir(EXT_ROOT_INO, EXT_ROOT_INO, "", 0);
	for (u32 k = 0; k < t->nr; k++)
		if (t->items[k].type != 4 && t->items[k].nlink != w.names[t->items[k].ino])
			FAIL("%s has %u links, not %u", t->items[k].path, w.names[t->items[k].ino],
			     t->items[k].nlink);
	split_pairs(t);
}

u64 tree_overhead(const struct ext_fs *fs, const struct tree *t)
{
	u64 bitmaps = 0;
	struct buf *b;

	for (u32 g = 0; g < fs->nr_groups; g++) {
		u32 n = 0;

		ASSERT_EQ(0, ext_block_bitmap((struct ext_fs *)fs, g, &b));
		for (u32 k = 0; k < ext_blocks_in_group(fs, g); k++)
			n += !(b->data[k / 8] >> (k % 8) & 1);
		buf_put(b);
		EXPECT_EQ(ext_desc_free_blocks(fs, ext_desc(fs, g)), n);
		bitmaps += n;
	}
	EXPECT_EQ(bitmaps, atomic_read(&fs->free_blocks));
	return fs->blocks - bitmaps - (t->inode_sectors >> (fs->block_bits - SECTOR_SHIFT));
}

/* ---- for others to judge ---- */

void tree_extract(struct ext_fs *fs, const struct tree *t, const char *dir)
{
	char path[300];
	struct ext_inode i;
	u8 *data;

	for (u32 k = 0; k < t->nr; k++) {
		const struct item *it = &t->items[k];

		if (it->type != 8 || it->pair != NO_PAIR || strchr(it->path, '/'))
			continue;
		ASSERT_EQ(0, ext_inode_read(fs, it->ino, &i));
		data = contents(&i);
		fmt_print(path, sizeof(path), "%s/%s", dir, it->path);
		EXPECT_TRUE(host_write_file(path, data, i.size));
		host_free(data);
	}
}

void tree_print(const struct tree *t, const char *path)
{
	u32 room = 64, at = 0;
	char *text;

	for (u32 k = 0; k < t->nr; k++)
		room += 200 + 4 * t->items[k].nr_units;
	text = host_alloc(room, 0, true);
	for (u32 k = 0; k < t->nr; k++) {
		const struct item *it = &t->items[k];
		char pair[16] = "";

		if (it->pair != NO_PAIR)
			fmt_print(pair, sizeof(pair), "%u%s", it->pair, *it->path ? "/" : "");
		at += (u32)fmt_print(text + at, room - at, "%s%s %u %u %u %lu %x %s", pair,
				     it->path, it->ino, it->type, it->nlink, it->size, it->xattrs,
				     it->type == 8 ? "." : "-");
		for (u32 n = 0; n < it->nr_units; n++)
			at += (u32)fmt_print(text + at, room - at, "%04x", it->units[n]);
		text[at++] = '\n';
	}
	EXPECT_TRUE(host_write_file(path, text, at));
	host_free(text);
}
