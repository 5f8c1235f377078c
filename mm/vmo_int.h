/* SPDX-License-Identifier: MIT */
/* vmo_int.h - what the files of the page cache share: vmo.c, vmo_rw.c, pagecache.c, reclaim.c. */
#pragma once

#include <mm/vmo.h>

static inline u64 size_pages(u64 size)
{
	return DIV_ROUND_UP(size, PAGE_SIZE);
}

/* ---- vmo.c ---- */
/* The page at index with a reference, whatever its state; NULL: none. */
struct page *vmo_lookup(struct vmo *v, u64 index);
/* The first page from *index to last, the same way; *index is where. */
struct page *vmo_next_page(struct vmo *v, u64 *index, u64 last);
int __must_check vmo_get_page(struct vmo *v, u64 index, enum vmo_how how, bool writer,
			      struct page **out);
/* A new page at index with a reference of the caller's: flags PG_LOCKED or PG_UPTODATE. NULL:
 * -EEXIST, -ENXIO, -ENOMEM, the pager's. */
struct page *vmo_new_page(struct vmo *v, u64 index, u32 how, u32 flags, bool writer, int *err);
/* Puts a page of the caller's there, for the writer. False: *err, as before. */
bool vmo_adopt(struct vmo *v, struct page *p, u64 index, int *err);
bool vmo_insert(struct vmo *v, struct page *p, u64 index, bool writer, int *err);
/* Takes [first, last] out, dirty or not. */
void vmo_drop_pages(struct vmo *v, u64 first, u64 last);
/* The page lock is held and nobody but the cache and the caller has p: out of the cache with it.
 * False: somebody else has. */
bool vmo_try_evict(struct vmo *v, struct page *p);
/* Whoever maps pages [first, last] loses them. */
void vmo_zap(struct vmo *v, u64 first, u64 last);
/* The page at index cannot be written through a mapping any more: the next store faults. */
void vmo_write_protect(struct vmo *v, u64 index);

/* ---- pagecache.c ---- */
/* PG_DIRTY goes, counted; pages_lock held. */
void clear_dirty(struct vmo *v, struct page *p);
/* Tells the pager that [from, to) of p changes, unless it knows. 1: the page is gone. */
int __must_check tell_writer(struct vmo *v, struct page *p, u64 index, u32 from, u32 to);

/* ---- reclaim.c ---- */
void clock_add(struct vmo *v);
void clock_del(struct vmo *v);

