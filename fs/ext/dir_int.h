/* SPDX-License-Identifier: MIT */
/* dir_int.h - blocks of directories, for the files that walk and change them. */
#pragma once

#include <fs/ext/ext.h>

#define BUF_IS_DIR (BUF_FS0 << 1) /* checksum was right */
#define BUF_IS_DX (BUF_FS0 << 2)

struct ext_hash {
	u32 hash, minor;
};
/* -EUCLEAN: unknown version. */
int __must_check ext_name_hash(const struct ext_fs *fs, u32 version, const struct ext_name *n,
			       struct ext_hash *out);

/* An entry and the one before it in its block (U32_MAX: none). */
struct ext_dir_place {
	struct buf *b;
	u64 lblk;
	u32 off, prev;
};

static inline u32 dirent_need(u32 name_len) { return (EXT_DIRENT_HEAD + name_len + 3) & ~3u; }
static inline u32 dir_block_end(const struct ext_fs *fs)
{
	return fs->block_size - (fs->csum ? EXT_DIR_TAIL : 0);
}
static inline bool dir_is_dx(const struct ext_inode *dir)
{
	return (dir->flags & EXT_INDEX_FL) && (dir->fs->compat & COMPAT_DIR_INDEX);
}
static inline u64 dir_blocks(const struct ext_inode *dir)
{
	return dir->size >> dir->fs->block_bits;
}

/* The entry at off of a region that ends at end; NULL: none fits there. Every walk goes through
 * this. */
static inline struct ext_dirent *dirent_at(void *region, u32 off, u32 end)
{
	struct ext_dirent *e = (struct ext_dirent *)((u8 *)region + off);

	if (off + EXT_DIRENT_HEAD > end || e->rec_len < EXT_DIRENT_HEAD || e->rec_len % 4 ||
	    off + e->rec_len > end || EXT_DIRENT_HEAD + e->name_len > e->rec_len)
		return NULL;
	return e;
}
static inline bool dirent_is_dots(const struct ext_dirent *e)
{
	return (e->name_len == 1 && e->name[0] == '.') ||
	       (e->name_len == 2 && e->name[0] == '.' && e->name[1] == '.');
}

/* dir.c */
#define DIR_LEAF 0u
#define DIR_INDEX 1u
#define DIR_ANY 2u
int __must_check ext_dir_read(struct ext_inode *dir, u64 lblk, u32 kind, struct buf **out);
int __must_check ext_dir_append(struct journal_handle *h, struct ext_inode *dir, u64 *lblk,
				struct buf **out);
void ext_dir_init_leaf(struct ext_inode *dir, struct buf *b); /* one empty entry, and the tail */
int __must_check ext_dir_leaf_dirty(struct journal_handle *h, struct ext_inode *dir, struct buf *b);
/* 0, -ENOENT. prev as in ext_dir_place. */
int __must_check ext_dir_find_in(struct ext_inode *dir, void *region, u32 size,
				 const struct ext_name *n, u32 *off, u32 *prev);
/* -ENOSPC: no room. Writes the block. */
int __must_check ext_dir_add_in(struct journal_handle *h, struct ext_inode *dir, struct buf *b,
				const struct ext_name *n, u32 ino, u32 mode);
u8 ext_mode_to_type(const struct ext_fs *fs, u32 mode);
u32 ext_type_to_dtype(u8 type);
bool ext_dir_bad(struct ext_inode *dir, u64 lblk, u32 off); /* tells, returns true */

/* htree.c */
#define DX_MAX_LEVELS 3u
struct ext_dx {
	u32 levels, version; /* frames in use; hash */
	struct ext_dx_frame {
		struct buf *b;
		struct ext_dx_entry *entries;
		u32 at, count, limit;
	} f[DX_MAX_LEVELS];
};
void ext_dx_put(struct ext_dx *x);
#define auto_dx __cleanup(ext_dx_put)
int __must_check ext_dx_version(struct ext_inode *dir, u32 *version);
/* The way to the leaf for hash. */
int __must_check ext_dx_probe(struct ext_inode *dir, u32 hash, struct ext_dx *x);
/* On to the next leaf: 1 and its first hash; 0: that was the last. */
int __must_check ext_dx_next(struct ext_inode *dir, struct ext_dx *x, u32 *first_hash);
u64 ext_dx_leaf(const struct ext_dx *x);
int __must_check ext_dx_find(struct ext_inode *dir, const struct ext_name *n,
			     struct ext_dir_place *p);
int __must_check ext_dx_add(struct journal_handle *h, struct ext_inode *dir,
			    const struct ext_name *n, u32 ino, u32 mode);
/* A directory of one full block becomes an indexed one. */
int __must_check ext_dx_make(struct journal_handle *h, struct ext_inode *dir);
int __must_check ext_dx_dirty(struct journal_handle *h, struct ext_inode *dir, struct buf *b);
bool ext_dx_checksum_good(struct ext_inode *dir, struct buf *b);

/* inline.c: where a directory's entries are inside the inode; 0, or 1 for the second region. */
struct ext_inline_dir {
	u8 bytes[EXT_INLINE_MAX];
	u32 first, size; /* [4, first): first region; [first, size): second */
};
int __must_check ext_inline_dir(struct ext_inode *dir, struct ext_inline_dir **out); /* kfree() */
