/* SPDX-License-Identifier: MIT */
/* kvmap.c - the arena of kernel addresses outside the linear map.
 *
 * Stacks: slots of twice KSTACK_SIZE, the lower half never mapped (guard). A freed stack stays
 * mapped in a small cache, because fork and exit are hot and a TLB shootdown is not cheap. Other
 * areas: first fit over a list of free ranges, one guard page each.
 *
 * Locks: kv_lock [RANK_KVMAP]. Tests: none of its own yet
 */
#include <mm/kvmap.h>

#include <arch/cpu.h>
#include <arch/mmu.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <mm/page.h>
#include <mm/slab.h>

#define STACK_SLOT	 (2 * KSTACK_SIZE)
#define STACKS_BASE	 KVMAP_BASE
#define STACKS_END	 (KVMAP_BASE + (1ul << 40))
#define AREAS_BASE	 STACKS_END
#define STACK_CACHE_MAX	 32
#define STACK_ORDER	 2

static_assert(PAGE_SIZE << STACK_ORDER == KSTACK_SIZE, "stack order");

/* Kept in the stack's own lowest words while it is cached. */
struct cached_stack {
	struct cached_stack *next;
};

/* A slot whose memory was returned: only its address is reused. */
struct free_slot {
	struct list link;
	u64 va;
};

struct area {
	struct list link;
	u64 va;
	usize size;
	bool used;
};

static struct spinlock kv_lock = SPINLOCK_INIT(RANK_KVMAP);
static struct cached_stack *stack_cache;	/* [kv_lock] */
static u32 nr_cached;				/* [kv_lock] */
static u64 next_slot = STACKS_BASE;		/* [kv_lock] */
static struct list free_slots = LIST_INIT(free_slots);	/* [kv_lock] */
static struct list areas = LIST_INIT(areas);		/* [kv_lock] by address */
static u64 next_area = AREAS_BASE;		/* [kv_lock] */

static u64 cached_stack_take(void)
{
	irqflags_t irq = spin_lock_irq(&kv_lock);
	struct cached_stack *s = stack_cache;

	if (s) {
		stack_cache = s->next;
		nr_cached--;
	}
	spin_unlock_irq(&kv_lock, irq);
	return (u64)s;
}

/* The address of a slot for a new stack; 0: the arena is full. */
static u64 slot_take(void)
{
	irqflags_t irq = spin_lock_irq(&kv_lock);
	struct free_slot *f = list_first_or_null(&free_slots, struct free_slot, link);
	u64 va = 0;

	if (f) {
		list_del(&f->link);
		va = f->va;
	} else if (next_slot < STACKS_END) {
		va = next_slot + KSTACK_SIZE;
		next_slot += STACK_SLOT;
	}
	spin_unlock_irq(&kv_lock, irq);
	kfree(f);
	return va;
}

static void slot_give(u64 va)
{
	struct free_slot *f = kmalloc(sizeof(*f), PAGE_KERNEL);
	irqflags_t irq;

	if (!f)
		return;		/* 32 KiB of a terabyte of addresses are forgotten */
	f->va = va;
	irq = spin_lock_irq(&kv_lock);
	list_add_head(&free_slots, &f->link);
	spin_unlock_irq(&kv_lock, irq);
}

u64 kv_stack_alloc(void)
{
	u64 va = cached_stack_take();
	struct page *p;

	if (va)
		return va;
	va = slot_take();
	if (!va)
		return 0;
	p = page_alloc(STACK_ORDER, PAGE_KERNEL);
	if (!p)
		goto fail;
	if (mmu_kmap(va, page_to_phys(p), KSTACK_SIZE, KPROT_RW)) {
		page_free(p);
		goto fail;
	}
	mem_count(MEM_KSTACKS, KSTACK_SIZE / PAGE_SIZE);
	return va;
fail:
	slot_give(va);
	return 0;
}

irqflags_t kv_stacks_hold(void) NO_LOCK_CHECK
{
	return spin_lock_irq(&kv_lock);
}

void kv_stacks_release(irqflags_t irq) NO_LOCK_CHECK
{
	spin_unlock_irq(&kv_lock, irq);
}

void kv_stack_free(u64 stack)
{
	struct cached_stack *s = (struct cached_stack *)stack;
	irqflags_t irq = spin_lock_irq(&kv_lock);
	bool kept = nr_cached < STACK_CACHE_MAX;
	paddr_t pa;

	if (kept) {
		s->next = stack_cache;
		stack_cache = s;
		nr_cached++;
	}
	spin_unlock_irq(&kv_lock, irq);
	if (kept)
		return;
	if (!mmu_ktranslate(stack, &pa))
		panic("kvmap: stack %#lx is not mapped", stack);
	mmu_kunmap(stack, KSTACK_SIZE);
	page_free(phys_to_page(pa));
	mem_count(MEM_KSTACKS, -(s64)(KSTACK_SIZE / PAGE_SIZE));
	slot_give(stack);
}

/* A free area of at least size bytes with a guard page behind it. */
static struct area *area_take(usize size)
{
	struct area *a, *fresh = knew(struct area);
	irqflags_t irq;

	if (!fresh)
		return NULL;
	size = ALIGN_UP(size, PAGE_SIZE) + PAGE_SIZE;
	irq = spin_lock_irq(&kv_lock);
	list_for_each_entry(a, &areas, link) {
		if (!a->used && a->size >= size) {
			a->used = true;
			spin_unlock_irq(&kv_lock, irq);
			kfree(fresh);
			return a;
		}
	}
	if (size > KVMAP_END - next_area) {
		spin_unlock_irq(&kv_lock, irq);
		kfree(fresh);
		return NULL;
	}
	*fresh = (struct area){ .va = next_area, .size = size, .used = true };
	next_area += size;
	list_add_tail(&areas, &fresh->link);
	spin_unlock_irq(&kv_lock, irq);
	return fresh;
}

static void area_give(struct area *a)
{
	irqflags_t irq = spin_lock_irq(&kv_lock);

	a->used = false;
	spin_unlock_irq(&kv_lock, irq);
}

static struct area *area_find(u64 va)
{
	irqflags_t irq = spin_lock_irq(&kv_lock);
	struct area *a, *found = NULL;

	list_for_each_entry(a, &areas, link)
		if (a->used && a->va == va)
			found = a;
	spin_unlock_irq(&kv_lock, irq);
	return found;
}

volatile void *kv_map_device(paddr_t pa, usize size)
{
	u64 off = pa & ~PAGE_MASK;
	struct area *a = area_take(size + off);

	if (!a)
		return NULL;
	if (mmu_kmap(a->va, pa - off, ALIGN_UP(size + off, PAGE_SIZE), KPROT_DEVICE)) {
		area_give(a);
		return NULL;
	}
	return (volatile void *)(a->va + off);
}

static void unmap_pages(u64 va, u64 end)
{
	u64 at;
	paddr_t pa;

	for (at = va; at < end; at += PAGE_SIZE) {
		if (!mmu_ktranslate(at, &pa))
			continue;
		mmu_kunmap(at, PAGE_SIZE);
		page_free(phys_to_page(pa));
	}
}

void *kv_alloc(usize size)
{
	struct area *a = area_take(size);
	u64 at, end;

	if (!a)
		return NULL;
	end = a->va + ALIGN_UP(size, PAGE_SIZE);
	for (at = a->va; at < end; at += PAGE_SIZE) {
		struct page *p = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);

		if (!p)
			goto fail;
		if (mmu_kmap(at, page_to_phys(p), PAGE_SIZE, KPROT_RW)) {
			page_free(p);
			goto fail;
		}
	}
	return (void *)a->va;
fail:
	unmap_pages(a->va, at);
	area_give(a);
	return NULL;
}

void kv_free(void *p)
{
	struct area *a;

	if (!p)
		return;
	a = area_find((u64)p);
	if (!a)
		panic("kv_free: %p was not allocated", p);
	unmap_pages(a->va, a->va + a->size - PAGE_SIZE);
	area_give(a);
}

