/* SPDX-License-Identifier: MIT */
/* pages.c - a machine of 8 MiB for tests that need pages: the real mm/buddy.c gives them out, this
 * stands for mm/page.c. A test that uses it lists both among its modules. Fresh pages are full of
 * 0xa5; those given back are checked for one reference. */
#include "host.h"

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/buddy.h>
#include <mm/page.h>

#define NR_PAGES 2048u
#define BASE_PFN 0x40000u

static u8 ram[NR_PAGES << PAGE_SHIFT] __aligned(4 << 20);
static struct page frames[NR_PAGES];
static struct buddy buddy;

__attribute__((constructor)) static void host_pages_init(void)
{
	u32 i;

	host_linear = (u64)ram - ((u64)BASE_PFN << PAGE_SHIFT);
	host_vmemmap = (u64)frames - (u64)BASE_PFN * sizeof(struct page);
	buddy_init(&buddy);
	for (i = 0; i < NR_PAGES; i += 1u << MAX_ORDER)
		buddy_give(&buddy, &frames[i], MAX_ORDER);
}

struct page *page_alloc(u32 order, u32 how)
{
	struct page *p = host_allocation_fails() || order > MAX_ORDER ? NULL
								      : buddy_take(&buddy, order);

	if (!p)
		return NULL;
	memset(page_to_virt(p), how & PAGE_ZEROED ? 0 : 0xa5, PAGE_SIZE << order);
	ref_init(&p->refs, 1);
	p->pins = 0;
	p->block_bits = 0;
	p->owner = NULL;
	return p;
}

void page_free(struct page *p)
{
	if (!ref_put(&p->refs))
		panic("page_free: others have it");
	if (page_flags(p) & PG_FREE)
		panic("page_free: it is free");
	buddy_give(&buddy, p, page_order(p));
}

bool page_tryget(struct page *p)
{
	return ref_tryget(&p->refs);
}

void page_put(struct page *p)
{
	if (atomic_read(&p->refs) == 1)
		page_free(p);
	else
		atomic_dec(&p->refs);
}

void *pages_alloc_virt(u32 order, u32 how)
{
	struct page *p = page_alloc(order, how);

	if (p)
		atomic_set(&p->flags, 0);
	return p ? page_to_virt(p) : NULL;
}

void pages_free_virt(void *p)
{
	page_free(virt_to_page(p));
}

u64 page_nr_free(void)
{
	return buddy.nr_free;
}

/* One thread: a lock that is taken stays taken. */
bool page_trylock(struct page *p)
{
	if (page_flags(p) & PG_LOCKED)
		return false;
	page_flag_set(p, PG_LOCKED);
	return true;
}

__attribute__((weak)) void page_lock(struct page *p)
{
	if (!page_trylock(p))
		panic("page_lock: it is locked");
}

void page_unlock(struct page *p)
{
	if (!(page_flags(p) & PG_LOCKED))
		panic("page_unlock: it is not locked");
	page_flag_clear(p, PG_LOCKED);
}

__attribute__((weak)) void page_wait_written(struct page *p)
{
	if (page_flags(p) & PG_WRITEBACK)
		panic("page_wait_written: who should end it?");
}

__attribute__((weak)) void page_wait_clear(struct page *p, const atomic_t *word, u32 bits)
{
	(void)p;
	if (atomic_read(word) & bits)
		panic("page_wait_clear: who should clear it?");
}

void page_wake(struct page *p)
{
	(void)p;
}

u64 page_reserve(void)
{
	return 16;
}

static s64 counts[MEM_NR];

__attribute__((weak)) void mem_count(enum mem_count which, s64 delta)
{
	counts[which] += delta;
}

__attribute__((weak)) void mem_stats_get(struct mem_stats *out)
{
	*out = (struct mem_stats){
		.total = NR_PAGES,
		.free = buddy.nr_free,
		.cached = (u64)counts[MEM_CACHED],
		.dirty = (u64)counts[MEM_DIRTY],
		.writeback = (u64)counts[MEM_WRITEBACK],
	};
}
