/* SPDX-License-Identifier: MIT */
/* slab.h - objects of one size from pages, with magazines per CPU; and kmalloc for odd sizes. */
#pragma once

#include <kernel/lib/compiler.h>
#include <mm/page.h>

struct slab_cache;

/* A cache that stays for ever. Context: boot or may sleep. Panics without memory at boot. */
struct slab_cache *slab_cache_create(const char *name, usize size, usize align);
/* how: PAGE_ATOMIC or PAGE_KERNEL, | PAGE_ZEROED. NULL: no memory. */
void *slab_alloc(struct slab_cache *c, u32 how);
void slab_free(struct slab_cache *c, void *p);

void *kmalloc(usize size, u32 how);	/* any size; above a page from the buddy allocator */
void *kzalloc(usize size);		/* PAGE_KERNEL | PAGE_ZEROED */
void *kcalloc(usize n, usize size);	/* NULL also when the product overflows */
void *krealloc(void *p, usize size);	/* keeps the old block when it fails */
void kfree(const void *p);		/* NULL is fine */
char *kstrdup(const char *s);
usize ksize(const void *p);

static inline void kfreep(void *pp)
{
	kfree(*(void **)pp);
}
#define auto_kfree __cleanup(kfreep)
#define knew(type) ((type *)kzalloc(sizeof(type)))

void slab_init(void);
/* One line a cache, for /proc/slabinfo: fn(name, objects, active, size, pages). */
void slab_for_each(void (*fn)(const char *name, u64 objs, u64 active, u64 size, u64 pages,
			      void *arg),
		   void *arg);
