/* SPDX-License-Identifier: MIT */
/* htree.c - large directories: an index of hashes over the leaves.
 *
 *	block 0: "." ".." info [limit,count,block][hash,block]...	the root
 *	node:	 an empty entry [limit,count,block][hash,block]...	levels of them (one; with large_dir two)
 *	leaf:	 an ordinary block of entries, all of whose hashes lie between its index entry and the next
 *
 * How: a full leaf is split by the hashes of its entries; before that the path is given room for
 * one more index entry, by splitting the full node nearest to the leaf whose parent has room, or a
 * new level at the root.
 *
 * Invariants:
 *  (1) an index entry's lowest hash bit says that the leaf before it ends with the same hash.
 *  (2) count and limit of a node are checked against its size each time it is used.
 *
 * Locks: the directory's. Ref: ext4/directory.rst ("hash tree directories"). Tests:
 * selftests/unit/ext_dir_test.c
 */
#define LOG_TAG "ext4"
#include "dir_int.h"

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* ---- nodes ---- */

static struct ext_dx_root_info *root_info(const struct buf *b)
{
	return (struct ext_dx_root_info *)(b->data + EXT_DX_ROOT_INFO);
}

static struct ext_dx_countlimit *countlimit(struct ext_dx_entry *e)
{
	return (struct ext_dx_countlimit *)e;
}

/* Where the entries of an index block begin: behind the dots and the info, or behind an empty
 * entry. */
static u32 entries_offset(const struct ext_fs *fs, const struct buf *b)
{
	const struct ext_dirent *e = (const struct ext_dirent *)b->data;

	return e->rec_len == fs->block_size ? EXT_DX_NODE_ENTRIES : EXT_DX_ROOT_ENTRIES;
}

static u32 limit_for(const struct ext_fs *fs, u32 off)
{
	return (fs->block_size - off - (fs->csum ? (u32)sizeof(struct ext_dx_tail) : 0)) /
	       sizeof(struct ext_dx_entry);
}

static u32 node_checksum(const struct ext_inode *dir, const struct buf *b, u32 off, u32 count,
			 const struct ext_dx_tail *t)
{
	static const u32 zero;
	u32 crc = crc32c(dir->seed, b->data, off + count * sizeof(struct ext_dx_entry));

	return crc32c(crc32c(crc, t, offsetof(struct ext_dx_tail, checksum)), &zero, sizeof(zero));
}

static int load_frame(struct ext_inode *dir, struct ext_dx_frame *f, u32 off)
{
	const struct ext_dx_countlimit *c;

	f->entries = (struct ext_dx_entry *)(f->b->data + off);
	c = countlimit(f->entries);
	f->count = c->count;
	f->limit = c->limit;
	if (f->limit != limit_for(dir->fs, off) || !f->count || f->count > f->limit)
		return ext_corrupt(dir->fs, dir->ino, f->b->block,
				   "directory index: %u entries of %u", f->count, f->limit);
	return 0;
}

static struct ext_dx_tail *tail_of(struct ext_dx_entry *entries, u32 limit)
{
	return (struct ext_dx_tail *)(entries + limit);
}

bool ext_dx_checksum_good(struct ext_inode *dir, struct buf *b)
{
	u32 off = entries_offset(dir->fs, b), limit = limit_for(dir->fs, off);
	struct ext_dx_entry *e = (struct ext_dx_entry *)(b->data + off);
	const struct ext_dx_tail *t = tail_of(e, limit);

	if (countlimit(e)->limit != limit || countlimit(e)->count > limit)
		return false;
	return t->checksum == node_checksum(dir, b, off, countlimit(e)->count, t);
}

int ext_dx_dirty(struct journal_handle *h, struct ext_inode *dir, struct buf *b)
{
	u32 off = entries_offset(dir->fs, b);
	struct ext_dx_entry *e = (struct ext_dx_entry *)(b->data + off);

	if (dir->fs->csum) {
		struct ext_dx_tail *t = tail_of(e, limit_for(dir->fs, off));

		t->checksum = node_checksum(dir, b, off, countlimit(e)->count, t);
	}
	return journal_dirty(h, b);
}

/* ---- walking ---- */

void ext_dx_put(struct ext_dx *x)
{
	for (u32 n = 0; n < DX_MAX_LEVELS; n++) {
		buf_putp(&x->f[n].b);
		x->f[n].b = NULL;
	}
}

static u32 max_levels(const struct ext_fs *fs)
{
	return fs->incompat & INCOMPAT_LARGEDIR ? 3 : 2;
}

static int load_root(struct ext_inode *dir, struct ext_dx *x)
{
	const struct ext_dx_root_info *info;
	int err = ext_dir_read(dir, 0, DIR_INDEX, &x->f[0].b);

	if (err)
		return err;
	info = root_info(x->f[0].b);
	if (entries_offset(dir->fs, x->f[0].b) != EXT_DX_ROOT_ENTRIES || info->info_len != 8 ||
	    (info->flags & 1) || info->levels >= max_levels(dir->fs) ||
	    info->hash_version > DX_HASH_TEA)
		return ext_corrupt(dir->fs, dir->ino, 0, "directory index: hash %u, %u levels",
				   info->hash_version, info->levels);
	x->version = info->hash_version;
	x->levels = info->levels + 1u;
	return load_frame(dir, &x->f[0], EXT_DX_ROOT_ENTRIES);
}

int ext_dx_version(struct ext_inode *dir, u32 *version)
{
	auto_dx struct ext_dx x = { 0 };
	int err = load_root(dir, &x);

	*version = x.version;
	return err;
}

/* The last entry whose hash is not greater; the first has none. */
static u32 search(const struct ext_dx_frame *f, u32 hash)
{
	u32 lo = 1, hi = f->count;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (f->entries[mid].hash > hash)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo - 1;
}

static int load_below(struct ext_inode *dir, struct ext_dx *x, u32 level)
{
	u32 block = x->f[level].entries[x->f[level].at].block & 0x0fffffff;
	struct ext_dx_frame *f = &x->f[level + 1];
	int err;

	buf_putp(&f->b);
	err = ext_dir_read(dir, block, DIR_INDEX, &f->b);
	if (!err && (!block || entries_offset(dir->fs, f->b) != EXT_DX_NODE_ENTRIES))
		err = ext_corrupt(dir->fs, dir->ino, block, "directory index: this is no node");
	return err ? err : load_frame(dir, f, EXT_DX_NODE_ENTRIES);
}

int ext_dx_probe(struct ext_inode *dir, u32 hash, struct ext_dx *x)
{
	int err;

	ext_dx_put(x);
	err = load_root(dir, x);
	for (u32 level = 0; !err; level++) {
		x->f[level].at = search(&x->f[level], hash);
		if (level + 1 == x->levels)
			break;
		err = load_below(dir, x, level);
	}
	return err;
}

int ext_dx_next(struct ext_inode *dir, struct ext_dx *x, u32 *first_hash)
{
	u32 level = x->levels - 1;

	while (x->f[level].at + 1 >= x->f[level].count)
		if (level-- == 0)
			return 0;
	x->f[level].at++;
	*first_hash = x->f[level].entries[x->f[level].at].hash;
	for (; level + 1 < x->levels; level++) {
		int err = load_below(dir, x, level);

		if (err)
			return err;
		x->f[level + 1].at = 0;
	}
	return 1;
}

u64 ext_dx_leaf(const struct ext_dx *x)
{
	const struct ext_dx_frame *f = &x->f[x->levels - 1];

	return f->entries[f->at].block & 0x0fffffff;
}

static int read_leaf(struct ext_inode *dir, const struct ext_dx *x, struct buf **b)
{
	u64 leaf = ext_dx_leaf(x);

	*b = NULL;
	return leaf ? ext_dir_read(dir, leaf, DIR_LEAF, b)
		    : ext_corrupt(dir->fs, dir->ino, 0, "directory index: leaf 0");
}

int ext_dx_find(struct ext_inode *dir, const struct ext_name *n, struct ext_dir_place *p)
{
	auto_dx struct ext_dx x = { 0 };
	struct ext_hash hash;
	u32 version = 0, first;
	int err;

	if (dirent_need(n->len) <= 12 && n->name[0] == '.' &&
	    (n->len == 1 || (n->len == 2 && n->name[1] == '.'))) {
		err = ext_dir_read(dir, 0, DIR_INDEX, &p->b);
		return err ? err
			   : ext_dir_find_in(dir, p->b->data, dir->fs->block_size, n, &p->off,
					     &p->prev);
	}
	err = ext_dx_version(dir, &version);
	if (!err)
		err = ext_name_hash(dir->fs, version, n, &hash);
	if (!err)
		err = ext_dx_probe(dir, hash.hash, &x);
	while (!err) {
		err = read_leaf(dir, &x, &p->b);
		debug_assert(err || p->b);
		if (!err)
			err = ext_dir_find_in(dir, p->b->data, dir_block_end(dir->fs), n, &p->off,
					      &p->prev);
		if (!err) {
			p->lblk = ext_dx_leaf(&x);
			return 0;
		}
		buf_putp(&p->b);
		p->b = NULL;
		if (err != -ENOENT)
			return err;
		err = ext_dx_next(dir, &x, &first);
		if (err <= 0)
			return err ? err : -ENOENT;
		err = (first & ~1u) == hash.hash && (first & 1) ? 0 : -ENOENT;
	}
	return err;
}

/* ---- room in the index ---- */

static void insert_entry(struct ext_dx_frame *f, u32 hash, u32 block)
{
	struct ext_dx_entry *e = f->entries + f->at + 1;

	memmove(e + 1, e, (f->count - f->at - 1) * sizeof(*e));
	*e = (struct ext_dx_entry){ hash, block };
	countlimit(f->entries)->count = (u16)++f->count;
}

/* A new block of the index, empty. */
static int new_node(struct journal_handle *h, struct ext_inode *dir, u64 *lblk,
		    struct ext_dx_frame *f)
{
	struct ext_dirent *e;
	int err = ext_dir_append(h, dir, lblk, &f->b);

	if (err)
		return err;
	e = (struct ext_dirent *)f->b->data;
	e->rec_len = (u16)dir->fs->block_size;
	buf_flag_clear(f->b, BUF_IS_DIR);
	buf_flag_set(f->b, BUF_IS_DX);
	f->entries = (struct ext_dx_entry *)(f->b->data + EXT_DX_NODE_ENTRIES);
	f->limit = limit_for(dir->fs, EXT_DX_NODE_ENTRIES);
	return 0;
}

/* Copies n entries, of which the first loses its hash to limit and count. */
static void set_entries(struct ext_dx_frame *f, const struct ext_dx_entry *from, u32 n)
{
	memcpy(f->entries, from, n * sizeof(*from));
	*countlimit(f->entries) = (struct ext_dx_countlimit){ (u16)f->limit, (u16)n };
	f->count = n;
}

/* All entries of the root go into a node below it. */
static int grow(struct journal_handle *h, struct ext_inode *dir, struct ext_dx *x)
{
	struct ext_dx_frame *root = &x->f[0], node = { 0 };
	u64 lblk;
	int err;

	if (x->levels >= max_levels(dir->fs))
		return -ENOSPC;
	err = journal_get_write(h, root->b);
	if (!err)
		err = new_node(h, dir, &lblk, &node);
	if (!err) {
		set_entries(&node, root->entries, root->count);
		countlimit(root->entries)->count = 1;
		root->entries[0].block = (u32)lblk;
		root_info(root->b)->levels++;
		err = ext_dx_dirty(h, dir, node.b);
	}
	if (!err)
		err = ext_dx_dirty(h, dir, root->b);
	buf_putp(&node.b);
	return err;
}

static int split_node(struct journal_handle *h, struct ext_inode *dir, struct ext_dx *x, u32 level)
{
	struct ext_dx_frame *f = &x->f[level], *up = &x->f[level - 1], node = { 0 };
	u32 half = f->count / 2, hash = f->entries[half].hash;
	u64 lblk;
	int err = journal_get_write(h, f->b);

	if (!err)
		err = journal_get_write(h, up->b);
	if (!err)
		err = new_node(h, dir, &lblk, &node);
	if (!err) {
		set_entries(&node, f->entries + half, f->count - half);
		countlimit(f->entries)->count = (u16)half;
		insert_entry(up, hash, (u32)lblk);
		err = ext_dx_dirty(h, dir, node.b);
	}
	if (!err)
		err = ext_dx_dirty(h, dir, f->b);
	if (!err)
		err = ext_dx_dirty(h, dir, up->b);
	buf_putp(&node.b);
	return err;
}

/* The path to hash, with room for an entry in its last node. */
static int probe_room(struct journal_handle *h, struct ext_inode *dir, u32 hash, struct ext_dx *x)
{
	for (u32 tries = 0; tries < 4 * DX_MAX_LEVELS; tries++) {
		u32 level = x->levels - 1;
		int err;

		if (x->f[level].count < x->f[level].limit)
			return 0;
		while (level && x->f[level - 1].count >= x->f[level - 1].limit)
			level--;
		err = level ? split_node(h, dir, x, level) : grow(h, dir, x);
		if (!err)
			err = ext_dx_probe(dir, hash, x);
		if (err)
			return err;
	}
	return ext_corrupt(dir->fs, dir->ino, 0, "directory index: splitting makes no room");
}

/* ---- splitting a leaf ---- */

struct slot {
	u32 hash;
	u16 off, size;
};

static int collect(struct ext_inode *dir, const struct buf *b, u32 version, struct slot *out,
		   u32 *nr)
{
	u32 end = dir_block_end(dir->fs), at = 0;

	*nr = 0;
	while (at < end) {
		const struct ext_dirent *e = dirent_at(b->data, at, end);
		struct ext_hash hash;
		int err;

		if (!e)
			return ext_dir_bad(dir, b->block, at) ? -EUCLEAN : 0;
		if (e->ino && e->name_len) {
			err = ext_name_hash(dir->fs, version,
					    &(struct ext_name){ e->name, e->name_len }, &hash);
			if (err)
				return err;
			out[(*nr)++] = (struct slot){ hash.hash, (u16)at,
						      (u16)dirent_need(e->name_len) };
		}
		at += e->rec_len;
	}
	return 0;
}

static void sort(struct slot *s, u32 nr)
{
	for (u32 gap = nr / 2; gap; gap /= 2)
		for (u32 n = gap; n < nr; n++) {
			struct slot v = s[n];
			u32 k = n;

			for (; k >= gap && s[k - gap].hash > v.hash; k -= gap)
				s[k] = s[k - gap];
			s[k] = v;
		}
}

/* The entries of slots, packed, become the block's. */
static void pack(struct ext_inode *dir, struct buf *b, const u8 *from, const struct slot *s, u32 nr)
{
	u32 end = dir_block_end(dir->fs), at = 0;
	struct ext_dirent *e = NULL;

	ext_dir_init_leaf(dir, b);
	for (u32 n = 0; n < nr; n++) {
		e = (struct ext_dirent *)(b->data + at);
		memcpy(e, from + s[n].off, s[n].size);
		e->rec_len = s[n].size;
		at += s[n].size;
	}
	if (e)
		e->rec_len = (u16)(end - (u32)((u8 *)e - b->data));
}

/* How many of the sorted entries stay: about half of the bytes. */
static u32 split_point(const struct ext_fs *fs, const struct slot *s, u32 nr)
{
	u32 bytes = 0, n = nr;

	while (n > 1 && bytes + s[n - 1].size / 2 <= fs->block_size / 2)
		bytes += s[--n].size;
	return n;
}

struct split {
	u8 old[4096];
	struct slot slots[4096 / 12 + 1];
};

static int split_leaf(struct journal_handle *h, struct ext_inode *dir, struct ext_dx *x,
		      struct buf *b)
{
	auto_kfree struct split *s = kmalloc(sizeof(*s), PAGE_KERNEL);
	struct ext_dx_frame *f = &x->f[x->levels - 1];
	auto_buf struct buf *new = NULL;
	u32 nr, keep, hash;
	u64 lblk;
	int err = s ? collect(dir, b, x->version, s->slots, &nr) : -ENOMEM;

	debug_assert(b);
	if (!err && nr < 2)
		err = ext_corrupt(dir->fs, dir->ino, b->block, "a full block of %u entries", nr);
	if (!err)
		err = journal_get_write(h, b);
	if (!err)
		err = journal_get_write(h, f->b);
	if (!err)
		err = ext_dir_append(h, dir, &lblk, &new);
	if (err)
		return err;
	memcpy(s->old, b->data, dir->fs->block_size);
	sort(s->slots, nr);
	keep = split_point(dir->fs, s->slots, nr);
	hash = s->slots[keep].hash | (s->slots[keep].hash == s->slots[keep - 1].hash);
	pack(dir, new, s->old, s->slots + keep, nr - keep);
	pack(dir, b, s->old, s->slots, keep);
	insert_entry(f, hash, (u32)lblk);
	err = ext_dir_leaf_dirty(h, dir, new);
	if (!err)
		err = ext_dir_leaf_dirty(h, dir, b);
	return err ? err : ext_dx_dirty(h, dir, f->b);
}

int ext_dx_add(struct journal_handle *h, struct ext_inode *dir, const struct ext_name *n, u32 ino,
	       u32 mode)
{
	auto_dx struct ext_dx x = { 0 };
	struct ext_hash hash;
	u32 version = 0;
	int err = ext_dx_version(dir, &version);

	if (!err)
		err = ext_name_hash(dir->fs, version, n, &hash);
	for (u32 tries = 0; tries < 4 && !err; tries++) {
		auto_buf struct buf *b = NULL;

		err = ext_dx_probe(dir, hash.hash, &x);
		if (!err)
			err = read_leaf(dir, &x, &b);
		if (!err)
			err = ext_dir_add_in(h, dir, b, n, ino, mode);
		if (err != -ENOSPC)
			return err;
		err = probe_room(h, dir, hash.hash, &x);
		if (!err)
			err = split_leaf(h, dir, &x, b);
	}
	return err ? err : -ENOSPC;
}

/* ---- from one block ---- */

int ext_dx_make(struct journal_handle *h, struct ext_inode *dir)
{
	struct ext_fs *fs = dir->fs;
	auto_kfree struct split *s = kmalloc(sizeof(*s), PAGE_KERNEL);
	auto_buf struct buf *b = NULL, *leaf = NULL;
	struct ext_dirent *dot, *dots;
	struct ext_dx_frame root;
	u64 lblk;
	u32 nr;
	int err = s ? ext_dir_read(dir, 0, DIR_LEAF, &b) : -ENOMEM;

	if (err)
		return err;
	dot = dirent_at(b->data, 0, fs->block_size);
	dots = dot ? dirent_at(b->data, dot->rec_len, fs->block_size) : NULL;
	if (!dots || dot->rec_len != 12 || !dot->ino || !dots->ino || !dirent_is_dots(dot) ||
	    !dirent_is_dots(dots) || dots->name_len != 2)
		return ext_dir_bad(dir, 0, 0) ? -EUCLEAN : 0;
	err = collect(dir, b, fs->hash_version, s->slots, &nr);
	if (!err)
		err = journal_get_write(h, b);
	if (!err)
		err = ext_dir_append(h, dir, &lblk, &leaf);
	if (err)
		return err;
	memcpy(s->old, b->data, fs->block_size);
	pack(dir, leaf, s->old, s->slots + 2, nr - 2);
	memset(b->data + EXT_DX_ROOT_INFO, 0, fs->block_size - EXT_DX_ROOT_INFO);
	dots->rec_len = (u16)(fs->block_size - 12);
	*root_info(b) = (struct ext_dx_root_info){ .hash_version = fs->hash_version,
						   .info_len = 8 };
	root = (struct ext_dx_frame){
		.b = b, .entries = (struct ext_dx_entry *)(b->data + EXT_DX_ROOT_ENTRIES)
	};
	root.limit = limit_for(fs, EXT_DX_ROOT_ENTRIES);
	root.entries[0].block = (u32)lblk;
	*countlimit(root.entries) = (struct ext_dx_countlimit){ (u16)root.limit, 1 };
	buf_flag_clear(b, BUF_IS_DIR);
	buf_flag_set(b, BUF_IS_DX);
	dir->flags |= EXT_INDEX_FL;
	err = ext_dir_leaf_dirty(h, dir, leaf);
	return err ? err : ext_dx_dirty(h, dir, b);
}
