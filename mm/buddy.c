/* SPDX-License-Identifier: MIT */
/* buddy.c - the binary buddy system over the struct page array.
 *
 * A free block of 2^k pages is aligned to 2^k frames; its head has PG_FREE and flags_order = k and
 * is linked in free[k]. A block's buddy is the one that differs in bit k of the frame number; two
 * free buddies of one order are always joined.
 *
 * Invariants: (1) a page is in a list iff PG_FREE; (2) no two free buddies; (3) nr_free is the sum
 * over all lists; (4) a frame whose struct page is not backed never gets looked at: sections are
 * MAX_ORDER aligned, and page.c sets PG_RESERVED on holes inside.
 * Locks: the owner's. Ref: Knuth, TAOCP 1, 2.5. Tests: selftests/unit/buddy_test.c,
 * selftests/ktest/memory.c
 */
#include <mm/buddy.h>

void buddy_init(struct buddy *b)
{
	u32 i;

	for (i = 0; i <= MAX_ORDER; i++)
		list_init(&b->free[i]), b->nr[i] = 0;
	b->nr_free = 0;
	b->nonempty = 0;
}

static void link_block(struct buddy *b, struct page *p, u32 order)
{
	p->flags_order = (u16)order;
	atomic_set(&p->flags, PG_FREE);
	list_add_head(&b->free[order], &p->link);
	b->nr[order]++;
	b->nonempty |= 1u << order;
}

static void unlink_block(struct buddy *b, struct page *p, u32 order)
{
	list_del(&p->link);
	b->nr[order]--;
	atomic_set(&p->flags, 0);
	if (list_empty(&b->free[order]))
		b->nonempty &= ~(1u << order);
}

struct page *buddy_take(struct buddy *b, u32 order)
{
	u32 fits = b->nonempty & ~((1u << order) - 1);
	struct page *p;
	u32 k;

	if (!fits)
		return NULL;
	k = (u32)__builtin_ctz(fits);
	p = list_first(&b->free[k], struct page, link);
	unlink_block(b, p, k);
	while (k > order) {
		k--;
		link_block(b, p + (1ul << k), k);
	}
	p->flags_order = (u16)order;
	b->nr_free -= 1ul << order;
	return p;
}

void buddy_give(struct buddy *b, struct page *p, u32 order)
{
	b->nr_free += 1ul << order;
	while (order < MAX_ORDER) {
		struct page *other = pfn_to_page(page_to_pfn(p) ^ (1ul << order));

		if (!(page_flags(other) & PG_FREE) || page_order(other) != order)
			break;
		unlink_block(b, other, order);
		if (other < p)
			p = other;
		order++;
	}
	link_block(b, p, order);
}
