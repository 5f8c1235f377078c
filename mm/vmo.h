/* SPDX-License-Identifier: MIT */
/* vmo.h - the memory behind a file: pages by index, who maps them, how they are filled. The one
 * page cache.
 *
 * Files, tmpfs, memfd and shared anonymous memory have a vmo; private anonymous memory has none.
 * A page belongs to a vmo while page->owner says so. Whoever found a page without the lock holds a
 * reference and looks again: truncation first changes size, then takes pages out (owner = NULL),
 * then zaps the mappings under each table's lock; a fault checks owner under that same table lock
 * before it enters the page. So one of the two sees the other.
 *
 * Locks: p  vmo.pages_lock (RANK_VMO_PAGES). Order: journal handle, page lock, pages_lock, table
 * lock.
 */
#pragma once

#include <kernel/lib/list.h>
#include <kernel/lib/rbtree.h>
#include <kernel/lib/set.h>
#include <kernel/lib/xarray.h>
#include <kernel/rcu.h>
#include <kernel/spinlock.h>
#include <mm/page.h>
#include <mm/read_ahead.h>
#include <mm/write_errors.h>

struct iter;
struct vma;
struct vmo;

/* What is to be written out: pages [first, last] by index. */
struct writeback {
	u64 first, last;
	u64 budget;		/* pages; counts down, 0: enough for now */
	/* somebody waits for all of it: no page is skipped because it is busy */
	bool wait;
};

/* The file system or device behind a vmo. Those without fill keep everything in memory (tmpfs). The
 * order of locks where several are
 * held: journal handle, page lock, the pager's own. */
struct pager_ops {
	/* Fills a new, locked page (index within size), zeros beyond the end. May sleep. 0, -EIO,
	 * -ENOMEM... */
	int (*fill)(struct vmo *v, struct page *p);
	/* The same for n new locked pages with consecutive indexes, without waiting: page_filled()
	 * for each, now or in a bottom half. NULL: none */
	void (*read_ahead)(struct vmo *v, struct page **pages, u32 n);
	/* Bytes [from, to) of p, locked and up to date, are about to change: reserve space. The
	 * page is dirty afterwards. NULL: nothing to do */
	int (*mkwrite)(struct vmo *v, struct page *p, u32 from, u32 to);
	/* Starts writing dirty pages (vmo_take_dirty()), page_written() for each. 0 or the first
	 * -errno. May sleep */
	int (*write_out)(struct vmo *v, struct writeback *wb);
	/* p, locked, goes without being written: what mkwrite reserved for it comes back. NULL:
	 * nothing to do */
	void (*dropped)(struct vmo *v, struct page *p);
	/* The first page became dirty: somebody shall remember to write. A page lock may be held.
	 * NULL: nobody */
	void (*dirtied)(struct vmo *v);
	/* A page became part of the file (ENOSPC of a sized tmpfs); NULL: always allowed. */
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
	u64 nr_dirty;			/* [p] pages with PG_DIRTY */
	struct write_errors errors;	/* of its pages; file.err_seen compares */
	/* [I] once it is in use: of all files beside it; NULL: nobody asks */
	struct write_errors *fs_errors;
	/* [I] once in use: promised whole (mm/commit.c); 0: its pages count as they come */
	u64 commit_pages;
	/* [p] shared mappings that are or may be made writable (F_SEAL_WRITE) */
	u32 nr_writable;
	u32 seals;			/* [p] F_SEAL_* */
	struct list clock;		/* mm/reclaim.c: those whose pages can be read again */
	u64 hand;			/* [clock lock] next index to look at */
	struct rcu_head rcu;		/* stat(2) reads size and nr_pages under RCU */
};

#define VMO_SHMEM 0x1u	/* counted as shmem; pages stay until the vmo goes */

/* size in bytes. NULL: no memory. */
struct vmo *vmo_create(const struct pager_ops *ops, void *owner, u64 size, u32 flags);
static inline void vmo_get(struct vmo *v) { ref_get(&v->refs); }
void vmo_put(struct vmo *v);

enum vmo_how {
	VMO_READ,	/* a hole may come back as *out == NULL: reads as zeros */
	VMO_FAULT,	/* a mapping or the writer wants it: holes are filled with a page */
};
/* The up-to-date page at index with a reference. -ENXIO beyond the end, -ENOMEM, -EIO, -ENOSPC.
 * Lock-free when cached. May sleep. */
int __must_check vmo_page(struct vmo *v, u64 index, enum vmo_how how, struct page **out);
/* The same for a page that is about to be overwritten whole: one that is not cached is not read but
 * full of zeros. */
int __must_check vmo_page_unread(struct vmo *v, u64 index, struct page **out);
/* References to those of n pages from first that are cached, up to date and within size; others
 * NULL. For fault-around. */
void vmo_peek(struct vmo *v, u64 first, u32 n, struct page **out);
/* p (referenced) is about to be written through a mapping: locked and dirty on return, the caller
 * enters it writable and unlocks.
 * 1: it is no page of v any more. -ENOSPC, -EIO... For pagers with mkwrite only. May sleep. */
int __must_check vmo_lock_for_write(struct vmo *v, struct page *p, u64 index);

#define READ_AHEAD_PAGES 32u		/* 128 KiB, as Linux's read_ahead_kb */

/* Copies between the file and an iterator. Bytes moved (short at end of file or fault), or -errno
 * when none was. May sleep. ra may be NULL. */
ssize_t vmo_read(struct vmo *v, struct iter *to, loff_t pos, struct read_ahead *ra);
/* Extends v->size as it goes. The caller holds the vnode lock and has checked limits. */
ssize_t vmo_write(struct vmo *v, struct iter *from, loff_t pos);
/* Kernel-side convenience: whole ranges. 0 or -errno. */
int __must_check vmo_write_kernel(struct vmo *v, const void *buf, usize n, loff_t pos);
int __must_check vmo_read_kernel(struct vmo *v, void *buf, usize n, loff_t pos);
/* Starts reading n pages from first on that are not there. */
void vmo_read_ahead(struct vmo *v, u64 first, u32 n);

/* Changes the size: drops pages and mappings beyond, zeroes the tail of the last page. */
int __must_check vmo_truncate(struct vmo *v, u64 size);
/* Makes [start, end) zero: whole pages are dropped, edges zeroed. */
int __must_check vmo_punch(struct vmo *v, u64 start, u64 end);
/* SEEK_DATA / SEEK_HOLE over cached pages. -ENXIO past the end. */
loff_t vmo_seek_data(struct vmo *v, loff_t pos, bool hole);

/* Drops clean cached pages of [first, last] that nobody holds (POSIX_FADV_DONTNEED, drop_caches);
 * dirty, mapped and locked ones stay. */
u64 vmo_drop_clean(struct vmo *v, u64 first, u64 last);
/* The same, but what is there must go, for direct I/O: written out before by the caller. -EBUSY
 * when a page did not go. May sleep. */
int __must_check vmo_invalidate(struct vmo *v, u64 first, u64 last);

/* ---- dirty pages: mm/pagecache.c ---- */

/* Bytes [from, to) of p have changed, which mkwrite was told before. p referenced; any page state.
 * Takes pages_lock. */
void vmo_dirty(struct vmo *v, struct page *p, u32 from, u32 to);
/* They need not be written after all. */
void vmo_undirty(struct vmo *v, struct page *p, u32 from, u32 to);
/* Which 512-byte pieces of p are dirty: bit n for bytes from n * 512. */
#define DIRTY_PIECE 512u
static inline u32 page_dirty_mask(const struct page *p) { return READ_ONCE(p->block_bits) >> 16; }
/* The next dirty page of [*index, last], for a pager's write_out: a reference; it is being written
 * (PG_WRITEBACK), not dirty and write protected in all mappings; *mask is what was dirty. NULL: no
 * more. The pager calls page_written() or page_not_written(). May sleep. */
struct page *vmo_take_dirty(struct vmo *v, struct writeback *wb, u64 *index, u32 *mask);
/* It is on the device, or is lost: the vmo remembers. Drops the reference. Any context. */
void page_written(struct page *p, int err);
/* It could not even be tried: dirty again. Drops the reference. */
void page_not_written(struct page *p, u32 mask);
/* Ends filling: err 0: up to date. Unlocks, drops no reference. Any context. */
void page_filled(struct page *p, int err);

/* Writes out [first, last] and waits: 0 or the first error of the pager. What the device said comes
 * by write_errors_check(). May sleep. */
int __must_check vmo_sync(struct vmo *v, u64 first, u64 last);
/* Starts writing and does not wait for the device. */
int __must_check vmo_write_out(struct vmo *v, u64 first, u64 last);
void vmo_wait_written(struct vmo *v, u64 first, u64 last);
bool vmo_is_writing(struct vmo *v);		/* is any page on its way to the device? */
static inline bool vmo_is_dirty(const struct vmo *v) { return READ_ONCE(v->nr_dirty); }

/* A write of this file failed: descriptions of it (fsync) and of its file system (syncfs) will hear
 * of it. Any context. */
void vmo_error(struct vmo *v, int err);

/* After writing to v, or after a fault (NULL): waits while too much of the memory is dirty, wakes
 * who writes. Killable. */
void vmo_balance(struct vmo *v);
#define BALANCE_PAGES 32u	/* who made that many pages dirty looks at the limits */
/* Pages that may be dirty before writers are slowed down, and from which on they are written in the
 * background. */
u64 dirty_limit(void), dirty_background(void);
/* percent of the memory that could be dirty: sysctls */
extern u32 vm_dirty_ratio, vm_dirty_background_ratio;
extern void (*flusher_wake)(void);	/* set once at boot by fs/ */

/* ---- mm/reclaim.c ---- */
/* Frees up to n pages of caches that can be read or made again; how many. May sleep for a moment,
 * takes no page lock that is held. */
u64 reclaim_pages(u64 n);
void reclaim_everything(bool pages, bool objects);	/* /proc/sys/vm/drop_caches */
void reclaim_wake(void);		/* free memory is getting low. Any context */
void reclaim_init(void);
/* Caches of other layers that give back memory: SHRINKER(dcache, dcache_shrink_pages); */
struct shrinker {
	const char *name;
	u64 (*shrink)(u64 objects);	/* frees up to that many; how many were freed */
};
#define SHRINKER(id, fn)									\
	static const struct shrinker id##_shrinker = { #id, fn };				\
	SET_ADD(shrinkers, const struct shrinker, id##_shrinker)

/* Does this page (referenced) still show index of v? Under a table lock the answer stays good until
 * it is dropped. */
static inline bool vmo_owns(const struct vmo *v, const struct page *p, u64 index)
{
	return READ_ONCE(p->owner) == v && READ_ONCE(p->index) == index;
}

void vmo_init(void);
/* nodes from a slab, freed after a grace period: for any xarray */
extern const struct xa_mem vmo_xa_mem;

/* mm/vma.c: a vma starts and stops showing this vmo. */
void vmo_map_add(struct vmo *v, struct vma *vma);
void vmo_map_del(struct vmo *v, struct vma *vma);
