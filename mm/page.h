/* SPDX-License-Identifier: MIT */
/* page.h - physical memory, page by page.
 *
 * struct page stands for 2^order pages when it heads a block. The array is virtual (VMEMMAP_BASE,
 * indexed by frame number) and is backed section by section as memory comes into use, so that boot
 * cost does not grow with RAM.
 */
#pragma once

#include <arch/mmu.h>
#include <kernel/lib/list.h>

struct vmo;
struct spinlock;

#define PG_FREE		BIT(0)	/* in the buddy allocator */
#define PG_SLAB		BIT(1)
#define PG_TABLE	BIT(2)	/* page table */
#define PG_CACHE	BIT(3)	/* belongs to a vmo: owner and index are valid */
#define PG_ANON		BIT(4)	/* private anonymous */
#define PG_LOCKED	BIT(5)	/* page lock: waitq by address hash */
#define PG_UPTODATE	BIT(6)	/* all bytes valid */
#define PG_DIRTY	BIT(7)
#define PG_WRITEBACK	BIT(8)
#define PG_ERROR	BIT(9)
#define PG_REFERENCED	BIT(10)
#define PG_RESERVED	BIT(11) /* firmware, kernel image: never freed */
#define PG_ICACHE	BIT(12)	/* instruction caches agree with the contents */
#define PG_AHEAD	BIT(14)	/* reading this one: time to read ahead again */
#define PG_STALE	BIT(13)	/* CONFIG_DEBUG_TLB: was taken out of a table */

/* Locks: b  buddy lock   v  vmo.pages_lock   a  atomic.  32 bytes: 0.8 % of RAM. */
struct page {
	atomic_t refs;			/* [a] owners: tables, page cache, pins */
	/* order of the block this page heads (4 bits), id of the budget it is charged to (12) */
	u16 flags_order;
	u16 pins;			/* [a] long-term pins: a pinned page is copied at fork */
	atomic_t flags;			/* [a] PG_* */
	/* [a] PG_CACHE: low 16 the pager's own, high 16 which 512-byte pieces are dirty */
	u32 block_bits;
	union {
		struct list link;	/* free lists, slab lists */
		struct {
			struct vmo *owner;	/* [v] PG_CACHE */
			u64 index;		/* [v] page index in the owner */
		};
		struct {
			u32 pt_lock_word[2];	/* PG_TABLE: struct spinlock of a leaf table */
			struct page *pt_next;	/* PG_TABLE: next table of the same arch_mm */
		};
		struct {
			void *slab_free;	/* PG_SLAB: free list */
			struct slab_cache *slab;
		};
	};
};

static_assert(sizeof(struct page) == 32, "struct page");

static inline struct page *pfn_to_page(u64 pfn)
{
	return (struct page *)VMEMMAP_BASE + pfn;
}

static inline u64 page_to_pfn(const struct page *p)
{
	return (u64)(p - (struct page *)VMEMMAP_BASE);
}

static inline paddr_t page_to_phys(const struct page *p)
{
	return page_to_pfn(p) << PAGE_SHIFT;
}

static inline struct page *phys_to_page(paddr_t pa)
{
	return pfn_to_page(pa >> PAGE_SHIFT);
}

static inline void *page_to_virt(const struct page *p)
{
	return phys_to_virt(page_to_phys(p));
}

static inline struct page *virt_to_page(const void *va)
{
	return phys_to_page(virt_to_phys(va));
}

static inline u32 page_order(const struct page *p)
{
	return p->flags_order & 0xf;
}

/* How hard to try. */
enum page_how {
	PAGE_ATOMIC,	/* any context: reserves may be used, never sleeps */
	PAGE_KERNEL,	/* may sleep and reclaim; fails rather than kills */
	/* for user memory: may reclaim, wakes the OOM killer, and is charged to the budget */
	PAGE_USER,
};
#define PAGE_ZEROED  0x100u	/* or'ed in: contents are zero */
#define PAGE_CHARGED 0x200u	/* or'ed in: charged to the thread's budget, as PAGE_USER is */

/* 2^order pages with one reference, or NULL. */
struct page *page_alloc(u32 order, u32 how);
static inline void page_get(struct page *p) { ref_get(&p->refs); }
bool __must_check page_tryget(struct page *p);
void page_put(struct page *p);		/* the last one frees */
void page_free(struct page *p);		/* exactly one reference left, ours */

/* Convenience for tables and buffers in the linear map. */
void *pages_alloc_virt(u32 order, u32 how);
void pages_free_virt(void *p);

void page_zero(void *page);			/* DC ZVA */
void page_copy(void *dst, const void *src);

static inline u32 page_flags(const struct page *p) { return atomic_read(&p->flags); }
static inline void page_flag_set(struct page *p, u32 f) { atomic_or(&p->flags, f); }
static inline void page_flag_clear(struct page *p, u32 f) { atomic_and(&p->flags, ~f); }

/* The page lock: held while a page is filled, written or truncated. Sleeps. RANK_PAGE. */
void page_lock(struct page *p);
bool page_trylock(struct page *p);
void page_unlock(struct page *p);
int __must_check page_wait_unlocked(struct page *p, bool killable);
void page_wait_written(struct page *p);		/* until PG_WRITEBACK is gone */
/* Until these bits of a word that belongs to the page's content are clear; who clears them calls
 * page_wake(). */
void page_wait_clear(struct page *p, const atomic_t *word, u32 bits);
/* after a change of flags that somebody may wait for */
void page_wake(struct page *p);
void page_lock_init(void);

/* Numbers of pages, for /proc/meminfo and sysinfo. */
struct mem_stats {
	u64 total, free, cached, anon, slab, tables, kstacks, shmem, dirty, writeback, mapped;
};
void mem_stats_get(struct mem_stats *out);
u64 mem_total(void);
u64 mem_committed(void);	/* promised to programs: mm/commit.c */
/* A running count that mem_stats reports; delta in pages. Any context. */
enum mem_count {
	MEM_CACHED,
	MEM_ANON,
	MEM_SLAB,
	MEM_TABLES,
	MEM_KSTACKS,
	MEM_SHMEM,
	MEM_DIRTY,
	MEM_WRITEBACK,
	MEM_MAPPED,
	MEM_COMMIT,
	/* mm/commit.c */ MEM_NR
};
void mem_count(enum mem_count which, s64 delta);

/* Boot (mm/early.c, mm/page.c). */
void early_add_ram(paddr_t start, u64 size);
void early_reserve(paddr_t start, u64 size, const char *why);
/* Only the first so many bytes are RAM; before early_take(). What lies above and is in use is RAM
 * again by early_keep(). */
void early_limit_ram(u64 bytes);
void early_keep(paddr_t start, u64 size);
/* Does all of it lie in one bank? */
bool early_is_ram(paddr_t start, u64 size);
/* size bytes, aligned; zeroed; before page_init(). Panics when there is none. */
paddr_t early_alloc(u64 size, u64 align);
void page_init(void);
/* before cpu starts: its copy of the per-CPU area is fresh */
void page_init_cpu(u32 cpu);
#define PAGE_ORDERS 11
void page_free_blocks(u64 nr[PAGE_ORDERS]);	/* by order: /proc/buddyinfo */
u64 page_nr_free(void);			/* pages */
u64 page_reserve(void);			/* pages that user allocations leave to the kernel */
/* Hands a boot-time range (initramfs, init sections, device tree) to the allocator. */
void page_release_range(paddr_t start, paddr_t end);
/* Bounds of RAM: highest address + 1. Calls fn for each bank. */
paddr_t ram_end(void);
void ram_for_each_bank(void (*fn)(paddr_t start, paddr_t end, void *arg), void *arg);
