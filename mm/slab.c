/* SPDX-License-Identifier: MIT */
/* slab.c - objects of one size, many to a page block.
 *
 * A slab is a naturally aligned block of pages: a header, then objects. Free objects of a slab are
 * chained through their first word. In front of the slabs each CPU keeps a magazine of free
 * pointers, so that the usual alloc and free touch no shared line.
 *
 *	slab_free() --> magazine --(full: half of it)--> slab's chain --(all free)--> page allocator
 *	slab_alloc() <-- magazine <--(empty: half of it)-- partial slabs <-- page allocator
 *
 * Invariants: (1) a slab is in partial iff it has a free object; (2) every page of a slab carries
 * PG_SLAB and the slab's order, so that any object's address leads to its header; (3) a cache keeps
 * at most one wholly free slab. With DEBUG_SLAB freed objects are filled with 0x6b and the filling
 * is checked when they are given out again.
 *
 * Locks: cache.lock [RANK_SLAB]; magazines by interrupts off. Ref: Bonwick, Adams, "Magazines and
 * Vmem", 2001.
 * Tests: selftests/unit/slab_test.c, selftests/ktest/memory.c
 */
#include <mm/slab.h>

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <kernel/kasan.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <mm/inject.h>

#define MAG_SIZE  16
#define MAX_CACHES 96
#define POISON	  0x6b

struct magazine {
	u32 nr;
	void *obj[MAG_SIZE];
};

struct slab_cache {
	const char *name;
	u32 size;		/* of an object, with alignment */
	u32 user_size;
	u16 order, per_slab;
	u32 id;			/* index of its magazines */
	struct spinlock lock;
	struct list partial;	/* [lock] */
	u32 nr_empty;		/* [lock] 0 or 1 wholly free slab in partial */
	u64 nr_slabs, nr_out;	/* [lock] nr_out counts what left to magazines or users */
};

struct slab {
	struct list link;
	struct slab_cache *cache;
	void *free;
	u32 nr_free;
};

static DEFINE_PER_CPU(struct magazine, magazines[MAX_CACHES]);
static struct slab_cache caches[MAX_CACHES];
static u32 nr_caches;
static struct spinlock caches_lock = SPINLOCK_INIT(RANK_SLAB);

static const u16 kmalloc_sizes[] = { 16,  32,  48,  64,	 96,   128,  192,
				     256, 384, 512, 768, 1024, 1536, 2048 };
#define KMALLOC_MAX 2048
static struct slab_cache *kmalloc_caches[ARRAY_SIZE(kmalloc_sizes)];
static u8 kmalloc_index[KMALLOC_MAX / 16 + 1];

static usize header_size(u32 align)
{
	return ALIGN_UP(sizeof(struct slab), (usize)max(align, 16u));
}

/* The smallest block that wastes at most a sixteenth. */
static void choose_order(struct slab_cache *c, u32 align)
{
	usize bytes, room;

	for (c->order = 0; c->order < 3; c->order++) {
		bytes = PAGE_SIZE << c->order;
		room = bytes - header_size(align);
		if (room / c->size >= 4 && room % c->size <= bytes / 16)
			break;
	}
	c->per_slab = (u16)(((PAGE_SIZE << c->order) - header_size(align)) / c->size);
}

static void cache_setup(struct slab_cache *c, const char *name, usize size, usize align)
{
	align = max(align, 16ul);
	c->name = name;
	c->user_size = (u32)size;
	c->size = (u32)ALIGN_UP(max(size, 16ul), align);
	spin_init(&c->lock, RANK_SLAB);
	list_init(&c->partial);
	choose_order(c, (u32)align);
	assert(c->per_slab > 0);
}

struct slab_cache *slab_cache_create(const char *name, usize size, usize align)
{
	irqflags_t irq = spin_lock_irq(&caches_lock);
	u32 id = nr_caches++;

	spin_unlock_irq(&caches_lock, irq);
	if (id >= MAX_CACHES)
		panic("slab: more than %u caches", MAX_CACHES);
	caches[id].id = id;
	cache_setup(&caches[id], name, size, align);
	return &caches[id];
}

#ifdef CONFIG_DEBUG_SLAB
static void poison(struct slab_cache *c, void *p)
{
	memset((u8 *)p + sizeof(void *), POISON, c->size - sizeof(void *));
}

static void check_poison(struct slab_cache *c, void *p)
{
	const u8 *b = p;
	u32 i;

	for (i = sizeof(void *); i < c->size; i++)
		if (b[i] != POISON)
			panic("slab %s: object %p written after free at +%u", c->name, p, i);
}
#else
static inline void poison(struct slab_cache *c, void *p)
{
	(void)c, (void)p;
}
static inline void check_poison(struct slab_cache *c, void *p)
{
	(void)c, (void)p;
}
#endif

static struct slab *slab_grow(struct slab_cache *c, u32 how)
{
	struct page *page = page_alloc(c->order, how & 0xff);
	struct slab *s;
	u8 *obj;
	u32 i;

	if (!page)
		return NULL;
	for (i = 0; i < 1u << c->order; i++) {
		page[i].flags_order = c->order;
		atomic_set(&page[i].flags, PG_SLAB);
	}
	s = page_to_virt(page);
	s->cache = c;
	s->nr_free = c->per_slab;
	s->free = NULL;
	obj = (u8 *)s + (PAGE_SIZE << c->order) - (usize)c->per_slab * c->size;
	for (i = 0; i < c->per_slab; i++, obj += c->size) {
		*(void **)obj = s->free;
		s->free = obj;
		poison(c, obj);
		kasan_poison(obj, c->size, KASAN_REDZONE);
	}
	mem_count(MEM_SLAB, 1l << c->order);
	return s;
}

static void slab_release(struct slab *s)
{
	struct page *page = virt_to_page(s);
	u32 i, order = page_order(page);

	for (i = 0; i < 1u << order; i++)
		atomic_set(&page[i].flags, 0);
	mem_count(MEM_SLAB, -(1l << order));
	page_free(page);
}

/* Takes up to n objects from partial slabs into m; fewer when m has little room: others may have
 * filled it meanwhile. */
static void take_locked(struct slab_cache *c, struct magazine *m, u32 n) MUST_HOLD(c->lock)
{
	n = min(n, MAG_SIZE - m->nr);
	while (n && !list_empty(&c->partial)) {
		struct slab *s = list_first(&c->partial, struct slab, link);

		if (s->nr_free == c->per_slab)
			c->nr_empty--;
		while (n && s->free) {
			m->obj[m->nr++] = s->free;
			s->free = *(void **)s->free;
			s->nr_free--;
			c->nr_out++;
			n--;
		}
		if (!s->free)
			list_del(&s->link);
	}
}

static __noinline bool refill(struct slab_cache *c, u32 how)
{
	irqflags_t irq = spin_lock_irq(&c->lock);
	struct slab *s;

	take_locked(c, &(*this_cpu(magazines))[c->id], MAG_SIZE / 2);
	spin_unlock_irq(&c->lock, irq);
	if (READ_ONCE((*this_cpu(magazines))[c->id].nr))
		return true;
	s = slab_grow(c, how);
	if (!s)
		return false;
	irq = spin_lock_irq(&c->lock);
	c->nr_slabs++;
	c->nr_empty++;
	list_add_head(&c->partial, &s->link);
	take_locked(c, &(*this_cpu(magazines))[c->id], MAG_SIZE / 2);
	spin_unlock_irq(&c->lock, irq);
	return true;
}

static struct slab *slab_of(const void *p)
{
	struct page *page = virt_to_page(p);

	return (struct slab *)ALIGN_DOWN((u64)p, PAGE_SIZE << page_order(page));
}

static void give_back(struct slab_cache *c, struct magazine *m, u32 n)
{
	struct list doomed;
	struct slab *s, *next;

	list_init(&doomed);
	spin_lock(&c->lock);
	while (n--) {
		void *p = m->obj[--m->nr];

		s = slab_of(p);
		if (!s->free)
			list_add_tail(&c->partial, &s->link);
		*(void **)p = s->free;
		s->free = p;
		c->nr_out--;
		if (++s->nr_free == c->per_slab && c->nr_empty++) {
			c->nr_empty--;
			c->nr_slabs--;
			list_del(&s->link);
			list_add_tail(&doomed, &s->link);
		}
	}
	spin_unlock(&c->lock);
	list_for_each_entry_safe(s, next, &doomed, link)
		slab_release(s);
}

void *slab_alloc(struct slab_cache *c, u32 how)
{
	irqflags_t irq;
	struct magazine *m;
	void *p;

	if (inject_failure(how))
		return NULL;
	for (;;) {
		irq = irq_save();
		m = &(*this_cpu(magazines))[c->id];
		if (likely(m->nr))
			break;
		irq_restore(irq);
		if (!refill(c, how))
			return NULL;
	}
	p = m->obj[--m->nr];
	irq_restore(irq);
	check_poison(c, p);
	kasan_unpoison(p, c->user_size);
	if (how & PAGE_ZEROED)
		memset(p, 0, c->size);
	return p;
}

void slab_free(struct slab_cache *c, void *p)
{
	irqflags_t irq;
	struct magazine *m;

	if (!p)
		return;
	kasan_check_free(p);
	kasan_poison(p, c->size, KASAN_FREE_OBJECT);
	poison(c, p);
	irq = irq_save();
	m = &(*this_cpu(magazines))[c->id];
	if (unlikely(m->nr == MAG_SIZE))
		give_back(c, m, MAG_SIZE / 2);
	m->obj[m->nr++] = p;
	irq_restore(irq);
}

static struct slab_cache *cache_for(usize size)
{
	return kmalloc_caches[kmalloc_index[DIV_ROUND_UP(size, 16)]];
}

static u32 order_for(usize size)
{
	u32 order = 0;

	while ((PAGE_SIZE << order) < size && order < 32)
		order++;
	return order;
}

void *kmalloc(usize size, u32 how)
{
	struct slab_cache *c;
	void *p;

	if (unlikely(size > KMALLOC_MAX))
		return pages_alloc_virt(order_for(size), how);
	c = cache_for(size);
	p = slab_alloc(c, how);
	if (p) {
		kasan_poison(p, c->size, KASAN_REDZONE);
		kasan_unpoison(p, size);
	}
	return p;
}

void *kzalloc(usize size)
{
	return kmalloc(size, PAGE_KERNEL | PAGE_ZEROED);
}

void *kcalloc(usize n, usize size)
{
	usize bytes;

	return mul_of(n, size, &bytes) ? NULL : kzalloc(bytes);
}

usize ksize(const void *p)
{
	struct page *page = virt_to_page(p);
	usize size = page_flags(page) & PG_SLAB ? slab_of(p)->cache->size
						: PAGE_SIZE << page_order(page);

	kasan_unpoison(p, size);	/* the caller may use all of it from now on */
	return size;
}

void *krealloc(void *p, usize size)
{
	usize old = p ? ksize(p) : 0;
	void *n;

	if (p && size <= old && size > old / 2)
		return p;
	n = kmalloc(size, PAGE_KERNEL);
	if (n && p) {
		memcpy(n, p, min(old, size));
		kfree(p);
	}
	return n;
}

void kfree(const void *p)
{
	struct page *page;

	if (!p)
		return;
	page = virt_to_page(p);
	if (page_flags(page) & PG_SLAB)
		slab_free(slab_of(p)->cache, (void *)p);
	else
		page_free(page);
}

char *kstrdup(const char *s)
{
	usize n = strlen(s) + 1;
	char *d = kmalloc(n, PAGE_KERNEL);

	if (d)
		memcpy(d, s, n);
	return d;
}

void slab_init(void)
{
	static char names[ARRAY_SIZE(kmalloc_sizes)][16];
	u32 i, k = 0;

	for (i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++) {
		fmt_print(names[i], sizeof(names[i]), "kmalloc-%u", kmalloc_sizes[i]);
		kmalloc_caches[i] = slab_cache_create(names[i], kmalloc_sizes[i], 16);
	}
	for (i = 0; i <= KMALLOC_MAX / 16; i++) {
		while (kmalloc_sizes[k] < i * 16)
			k++;
		kmalloc_index[i] = (u8)k;
	}
}

void slab_for_each(void (*fn)(const char *name, u64 objs, u64 active, u64 size, u64 pages,
			      void *arg),
		   void *arg)
{
	u32 i, cpu;

	for (i = 0; i < nr_caches; i++) {
		struct slab_cache *c = &caches[i];
		u64 idle = 0;

		for_each_cpu(cpu)
			idle += (*per_cpu(magazines, cpu))[i].nr;
		fn(c->name, c->nr_slabs * c->per_slab, c->nr_out > idle ? c->nr_out - idle : 0,
		   c->size, c->nr_slabs << c->order, arg);
	}
}
