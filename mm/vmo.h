/* SPDX-License-Identifier: MIT */
/* vmo.h - the memory behind a file: pages by index, who maps them, how they are filled. The one page cache.
 *
 * Files, tmpfs, memfd and shared anonymous memory have a vmo; private anonymous memory has none.
 * A page belongs to a vmo while page->owner says so. Whoever found a page without the lock holds a reference and looks again:
 * truncation first changes size, then takes pages out (owner = NULL), then zaps the mappings under each table's lock; a fault
 * checks owner under that same table lock before it enters the page. So one of the two sees the other.
 *
 * Locks: p  vmo.pages_lock (RANK_VMO_PAGES). Order: journal handle, page lock, pages_lock, table lock.
 */
#pragma once

#include <kernel/lib/rbtree.h>
#include <kernel/lib/xarray.h>
#include <kernel/rcu.h>
#include <kernel/spinlock.h>
#include <mm/page.h>

struct iter;
struct vma;
struct vmo;

struct pager_ops {
	/* Fills a new, locked page (index within size); NULL: it is zero (tmpfs). May sleep. 0, -EIO, -ENOMEM... */
	int (*fill)(struct vmo *v, struct page *p);
	/* A clean shared page is about to be written through a mapping: reserve space, mark dirty. NULL: nothing to do. */
	int (*mkwrite)(struct vmo *v, struct page *p);
	/* A page became part of the file (memory accounting, ENOSPC of a sized tmpfs); NULL: always allowed. */
	int (*charge)(struct vmo *v, u64 nr_pages);
	void (*uncharge)(struct vmo *v, u64 nr_pages);
	void (*release)(struct vmo *v);		/* last reference; NULL: plain free */
};

struct vmo {
	atomic_t refs;
	u32 flags;			/* VMO_* */
	const struct pager_ops *ops;
	void *owner;			/* the pager's: struct vnode * for files */
	struct spinlock pages_lock;
	struct xarray pages;		/* [p] struct page *; readers under RCU with page_tryget */
	u64 nr_pages;			/* [p] */
	u64 size;			/* [p] bytes; read anywhere */
	struct rb_tree mappings;	/* [p] vma.vmo_node, interval tree by page index */
	u64 err_seq;			/* [p] write errors so far; file.err_seen compares */
	int err;			/* [p] the last one */
	u32 nr_writable;		/* [p] shared mappings that are or may be made writable (F_SEAL_WRITE) */
	u32 seals;			/* [p] F_SEAL_* */
	struct rcu_head rcu;		/* stat(2) reads size and nr_pages under RCU */
};

#define VMO_SHMEM 0x1u	/* counted as shmem; pages stay until the vmo goes */

/* size in bytes. NULL: no memory. */
struct vmo *vmo_create(const struct pager_ops *ops, void *owner, u64 size, u32 flags);
static inline void vmo_get(struct vmo *v) { ref_get(&v->refs); }
void vmo_put(struct vmo *v);

enum vmo_how {
	VMO_READ,	/* a hole may come back as *out == NULL: reads as zeros */
	VMO_FAULT,	/* a mapping wants it: holes are filled with a page */
	VMO_WRITE,	/* about to be written in full or part: hole filled, page_mkwrite done, marked dirty */
};
/* The up-to-date page at index with a reference. -ENXIO beyond the end, -ENOMEM, -EIO, -ENOSPC. Lock-free when cached. May sleep. */
int __must_check vmo_page(struct vmo *v, u64 index, enum vmo_how how, struct page **out);
/* References to those of n pages from first that are cached, up to date and within size; others NULL. For fault-around. */
void vmo_peek(struct vmo *v, u64 first, u32 n, struct page **out);

/* Copies between the file and an iterator. Bytes moved (short at end of file or fault), or -errno when none was. May sleep. */
ssize_t vmo_read(struct vmo *v, struct iter *to, loff_t pos);
/* Extends v->size as it goes. The caller holds the vnode lock and has checked limits. */
ssize_t vmo_write(struct vmo *v, struct iter *from, loff_t pos);
/* Kernel-side convenience: whole ranges. 0 or -errno. */
int __must_check vmo_write_kernel(struct vmo *v, const void *buf, usize n, loff_t pos);
int __must_check vmo_read_kernel(struct vmo *v, void *buf, usize n, loff_t pos);

/* Changes the size: drops pages and mappings beyond, zeroes the tail of the last page. */
int __must_check vmo_truncate(struct vmo *v, u64 size);
/* Makes [start, end) zero: whole pages are dropped, edges zeroed. */
int __must_check vmo_punch(struct vmo *v, u64 start, u64 end);
/* SEEK_DATA / SEEK_HOLE over cached pages. -ENXIO past the end. */
loff_t vmo_seek_data(struct vmo *v, loff_t pos, bool hole);

/* Does this page (referenced) still show index of v? Under a table lock the answer stays good until it is dropped. */
static inline bool vmo_owns(const struct vmo *v, const struct page *p, u64 index)
{
	return READ_ONCE(p->owner) == v && READ_ONCE(p->index) == index;
}

void vmo_init(void);
extern const struct xa_mem vmo_xa_mem;	/* nodes from a slab, freed after a grace period: for any xarray */

/* mm/vma.c: a vma starts and stops showing this vmo. */
void vmo_map_add(struct vmo *v, struct vma *vma);
void vmo_map_del(struct vmo *v, struct vma *vma);
