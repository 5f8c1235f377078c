/* SPDX-License-Identifier: MIT */
/* extent_int.h - nodes of extent trees, for the three files that walk them. */
#pragma once

#include <fs/ext/ext.h>

#define BUF_IS_EXTENT (BUF_FS0 << 0) /* checked as a node */

/* From the root (in the inode, b NULL) to the leaf. at: the entry that leads on; -1 in the leaf:
 * all begin later. */
struct ext_path {
	u32 depth;
	struct ext_step {
		struct buf *b;
		struct ext_extent_header *h;
		s32 at;
	} s[EXT_MAX_DEPTH + 1];
};

static inline struct ext_leaf_disk *leaf_at(struct ext_extent_header *h, u32 n)
{
	return (struct ext_leaf_disk *)(h + 1) + n;
}
static inline struct ext_index_disk *index_at(struct ext_extent_header *h, u32 n)
{
	return (struct ext_index_disk *)(h + 1) + n;
}
static inline bool leaf_unwritten(const struct ext_leaf_disk *e) { return e->len > EXT_INIT_MAX; }
static inline u32 leaf_len(const struct ext_leaf_disk *e)
{
	return leaf_unwritten(e) ? e->len - EXT_INIT_MAX : e->len;
}
static inline u64 leaf_block(const struct ext_leaf_disk *e)
{
	return e->start_lo | (u64)e->start_hi << 32;
}
static inline u64 index_block(const struct ext_index_disk *e)
{
	return e->child_lo | (u64)e->child_hi << 32;
}
static inline void leaf_set(struct ext_leaf_disk *e, u64 lblk, u64 pblk, u32 len, bool unwritten)
{
	*e = (struct ext_leaf_disk){
		.lblk = (u32)lblk,
		.len = (u16)(unwritten ? len + EXT_INIT_MAX : len),
		.start_lo = (u32)pblk,
		.start_hi = (u16)(pblk >> 32),
	};
}
static inline struct ext_step *path_leaf(struct ext_path *p) { return &p->s[p->depth]; }

/* extent.c [m] */
void ext_path_put(struct ext_path *p);
#define auto_path __cleanup(ext_path_put)
/* *p is put first: it may be used again. */
int __must_check ext_path_find(struct ext_inode *i, u64 lblk, struct ext_path *p);
/* Where the next extent behind the path's leaf begins; U64_MAX: nowhere. */
u64 ext_path_next(const struct ext_path *p);

/* extent_edit.c [m] for writing */
int __must_check ext_step_write(struct journal_handle *h, struct ext_step *s);
int __must_check ext_step_dirty(struct journal_handle *h, struct ext_inode *i, struct ext_step *s);
/* The path to lblk, in whose leaf n more entries fit. */
int __must_check ext_path_room(struct journal_handle *h, struct ext_inode *i, u64 lblk, u32 n,
			       struct ext_path *p);
/* Merges with a neighbour, or becomes an entry of its own. Nothing is mapped there. */
int __must_check ext_extent_insert(struct journal_handle *h, struct ext_inode *i, u64 lblk,
				   u64 pblk, u32 len, bool unwritten);
/* No extent lies on both sides of lblk afterwards. */
int __must_check ext_extent_split(struct journal_handle *h, struct ext_inode *i, u64 lblk);
/* Entry pos of the leaf goes; nodes that become empty are freed. */
int __must_check ext_extent_delete(struct journal_handle *h, struct ext_inode *i,
				   struct ext_path *p, u32 pos);
/* The first key of level's node changed: so do those above. */
int __must_check ext_path_fix_keys(struct journal_handle *h, struct ext_inode *i,
				   struct ext_path *p, u32 level);
/* The entry pos of the leaf, if it continues or is continued by a neighbour, becomes one with
 * it. */
int __must_check ext_extent_merge(struct journal_handle *h, struct ext_inode *i, struct ext_path *p,
				  u32 pos);
