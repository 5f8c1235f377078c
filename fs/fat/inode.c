/* SPDX-License-Identifier: MIT */
/* inode.c - files and directories: made, removed, renamed, cut; their entries read and written.
 *
 * A directory's clusters are bufs: those that are freed must not be written over what takes their
 * place.
 * Locks: M. Ref: the specification, section 6. Tests: selftests/unit/fat_core_test.c,
 * fuzz/fat_fuzz.c
 */
#include <fs/blkdev.h>
#include <fs/fat/fat.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

static void set_start(struct fat_entry *e, u32 start)
{
	put_le16(e->start, (u16)start);
	put_le16(e->start_high, (u16)(start >> 16));
}

static bool has_exec_extension(const u8 *ext)
{
	return !memcmp(ext, "EXE", 3) || !memcmp(ext, "COM", 3) || !memcmp(ext, "BAT", 3);
}

void fat_inode_fill(struct fat_inode *i, const struct fat_fs *fs, const struct fat_entry *e,
		    u64 where)
{
	i->where = where;
	i->attr = e->attr;
	i->size = fat_is_dir(i) ? 0 : get_le32(e->size);
	i->is_exec = has_exec_extension(e->name + 8);
	i->chain.start = get_le16(e->start) |
			 (fs->bits == 32 ? (u32)get_le16(e->start_high) << 16 : 0);
	i->mtime = fat_time_from(fs, e->mdate, e->mtime, 0);
	i->atime = fat_time_from(fs, e->adate, NULL, 0);
	i->btime = fat_time_from(fs, e->cdate, e->ctime, e->ctime_cs);
}

int fat_inode_root(struct fat_fs *fs, struct fat_inode *i)
{
	u32 slots;
	int err;

	*i = (struct fat_inode){ .fs = fs, .attr = FAT_ATTR_DIR, .fixed = fs->bits != 32 };
	i->chain.start = fs->bits == 32 ? fs->root_cluster : 0;
	err = fat_dir_slots(i, &slots);
	if (!err && !slots)
		return fat_corrupt(fs, "the root directory has no cluster");
	return err;
}

static void times_into(const struct fat_inode *i, struct fat_entry *e)
{
	fat_time_to(i->fs, i->mtime, e->mdate, e->mtime, NULL);
	fat_time_to(i->fs, i->atime, e->adate, NULL, NULL);
	fat_time_to(i->fs, i->btime, e->cdate, e->ctime, &e->ctime_cs);
}

int fat_inode_write(struct fat_inode *i)
{
	auto_buf struct buf *b = NULL;
	struct fat_entry *e, old;
	int err;

	if (!i->where)
		return 0;
	err = fat_entry_buf(i->fs, i->where, &b, &e);
	if (err)
		return err;
	old = *e;
	e->attr = i->attr;
	put_le32(e->size, fat_is_dir(i) ? 0 : i->size);
	set_start(e, i->chain.start);
	times_into(i, e);
	if (memcmp(&old, e, sizeof(old)) != 0)
		buf_dirty(b);
	return 0;
}

/* ---- making ---- */

/* As ".." names it. */
static u32 parent_start(const struct fat_inode *dir)
{
	return dir->where ? dir->chain.start : 0;
}

static void dots(struct fat_entry *e, const struct fat_entry *like, const char *name, u32 start)
{
	*e = *like;
	memcpy(e->name, name, sizeof(e->name));
	set_start(e, start);
}

/* The first cluster of a directory. */
static int make_dots(struct fat_inode *dir, struct fat_inode *i, const struct fat_entry *e)
{
	struct fat_fs *fs = dir->fs;
	int err = fat_chain_grow(fs, &i->chain, 1);

	for (u32 k = 0; !err && k < 1u << (fs->cluster_bits - fs->sector_bits); k++) {
		auto_buf struct buf *b = NULL;

		err = buf_new(fs->dev, fat_cluster_sector(fs, i->chain.start) + k, &b);
		if (err)
			break;
		if (!k) {
			dots((struct fat_entry *)b->data, e, ".          ", i->chain.start);
			dots((struct fat_entry *)b->data + 1, e, "..         ", parent_start(dir));
		}
		buf_dirty(b);
	}
	return err;
}

int fat_create(struct fat_inode *dir, const char *name, u32 len, bool is_dir, struct fat_time now,
	       struct fat_inode *i)
{
	struct fat_entry e = { .attr = is_dir ? FAT_ATTR_DIR : FAT_ATTR_ARCH };
	u64 where = 0;
	int err = 0, err2;

	*i = (struct fat_inode){
		.fs = dir->fs, .attr = e.attr, .mtime = now, .atime = now, .btime = now
	};
	times_into(i, &e);
	if (is_dir)
		err = make_dots(dir, i, &e);
	set_start(&e, i->chain.start);
	if (!err)
		err = fat_dir_add(dir, name, len, &e, &where);
	if (err) {
		err2 = fat_truncate(i, 0);
		fat_chain_forget(&i->chain);
		return err2 ? err2 : err;
	}
	i->where = where;
	i->mtime = fat_time_from(dir->fs, e.mdate, e.mtime, 0);
	i->atime = fat_time_from(dir->fs, e.adate, NULL, 0);
	i->btime = fat_time_from(dir->fs, e.cdate, e.ctime, e.ctime_cs);
	i->is_exec = has_exec_extension(e.name + 8);
	return 0;
}

/* ---- removing ---- */

/* The entry of i in dir. */
static int find_own(struct fat_inode *dir, const struct fat_inode *i, struct fat_found *f)
{
	u32 at = 0;
	int err;

	while (!(err = fat_dir_next(dir, &at, f)))
		if (f->where == i->where)
			return 0;
	return err == -ENOENT ? fat_corrupt(dir->fs, "an entry is gone from its directory") : err;
}

int fat_unlink(struct fat_inode *dir, struct fat_inode *i)
{
	struct fat_found f;
	int err = fat_is_dir(i) ? fat_dir_is_empty(i) : 0;

	if (!err)
		err = find_own(dir, i, &f);
	if (!err)
		err = fat_dir_remove(dir, &f);
	if (!err)
		i->where = 0;
	return err;
}

static void forget_bufs(struct fat_inode *i)
{
	struct fat_fs *fs = i->fs;
	u32 per = fs->cluster_bits - fs->sector_bits;

	for (u32 n = 0; n < i->chain.nr_runs; n++) {
		u64 sector = fat_cluster_sector(fs, i->chain.runs[n].disk);

		for (u64 k = 0; k < (u64)i->chain.runs[n].len << per; k++) {
			auto_buf struct buf *b = buf_find(fs->dev, sector + k);

			if (b)
				buf_clean(b);
		}
	}
}

int fat_truncate(struct fat_inode *i, u32 size)
{
	struct fat_fs *fs = i->fs;
	u32 keep = (u32)(((u64)size + fat_cluster_size(fs) - 1) >> fs->cluster_bits), n;
	int err = fat_chain_length(fs, &i->chain, &n);

	if (err)
		return err;
	if (fat_is_dir(i))
		forget_bufs(i);
	err = fat_chain_cut(fs, &i->chain, keep);
	if (!err)
		i->size = size;
	return err ? err : fat_inode_write(i);
}

/* ---- renaming ---- */

static int set_parent(struct fat_inode *i, const struct fat_inode *parent)
{
	auto_buf struct buf *b = NULL;
	struct fat_entry *e;
	int err = buf_read(i->fs->dev, fat_cluster_sector(i->fs, i->chain.start), &b);

	if (err)
		return err;
	e = (struct fat_entry *)b->data + 1;
	if (memcmp(e->name, "..         ", sizeof(e->name)) != 0)
		return fat_corrupt(i->fs, "a directory has no \"..\"");
	set_start(e, parent_start(parent));
	buf_dirty(b);
	return 0;
}

static int exchange(const struct fat_rename *r)
{
	u64 where = r->i->where;
	int err;

	r->i->where = r->victim->where;
	r->victim->where = where;
	err = fat_inode_write(r->i);
	if (!err)
		err = fat_inode_write(r->victim);
	if (!err && r->from != r->to && fat_is_dir(r->i))
		err = set_parent(r->i, r->to);
	if (!err && r->from != r->to && fat_is_dir(r->victim))
		err = set_parent(r->victim, r->from);
	return err;
}

/* What is replaced gives its entry away, name and all. */
static int take_place(const struct fat_rename *r, u64 *where)
{
	struct fat_entry e;
	int err;

	if (r->victim) {
		*where = r->victim->where;
		return fat_is_dir(r->victim) ? fat_dir_is_empty(r->victim) : 0;
	}
	err = fat_entry_read(r->i->fs, r->i->where, &e);
	return err ? err : fat_dir_add(r->to, r->name, r->len, &e, where);
}

int fat_rename(const struct fat_rename *r)
{
	struct fat_found old;
	u64 where = 0;
	int err;

	if (r->exchange)
		return exchange(r);
	err = take_place(r, &where);
	if (!err)
		err = find_own(r->from, r->i, &old);
	if (err)
		return err;
	r->i->where = where;
	if (r->victim)
		r->victim->where = 0;
	err = fat_inode_write(r->i);
	if (!err && fat_is_dir(r->i) && r->from != r->to)
		err = set_parent(r->i, r->to);
	return err ? err : fat_dir_remove(r->from, &old);
}
