/* SPDX-License-Identifier: MIT */
/* vma.c - the map of an address space: what lies where, where there is room, what may be joined.
 * Pure decisions.
 *
 * A red-black tree by start. Each vma knows the hole below it (gap_below) and the largest such hole
 * of its subtree (max_gap), so a hole is found in one descent.
 *
 * Invariants: (1) vmas are disjoint; (2) gap_below = start - end of the one before (or 0); (3)
 * max_gap is the maximum over the subtree.
 * Locks: aspace.lock, the caller's. Ref: mmap(2). Tests: selftests/unit/vma_test.c
 */
#include <mm/vma.h>

static struct vma *of(struct rb_node *n)
{
	return rb_entry_or_null(n, struct vma, node);
}

static bool update_gap(struct rb_node *n)
{
	struct vma *v = of(n);
	u64 g = v->gap_below;

	if (n->left)
		g = max(g, of(n->left)->max_gap);
	if (n->right)
		g = max(g, of(n->right)->max_gap);
	if (v->max_gap == g)
		return false;
	v->max_gap = g;
	return true;
}

void vma_tree_init(struct rb_tree *t)
{
	rb_init(t, update_gap);
}

struct vma *vma_find(const struct rb_tree *t, u64 addr)
{
	struct rb_node *n = t->root;
	struct vma *best = NULL;

	while (n) {
		struct vma *v = of(n);

		if (v->end > addr) {
			best = v;
			if (v->start <= addr)
				break;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}

struct vma *vma_next(const struct vma *v)
{
	return of(rb_next(&v->node));
}

struct vma *vma_prev(const struct vma *v)
{
	return of(rb_prev(&v->node));
}

static void set_gap(struct rb_tree *t, struct vma *v, u64 prev_end)
{
	v->gap_below = v->start - prev_end;
	rb_touch(t, &v->node);
}

void vma_insert(struct rb_tree *t, struct vma *v)
{
	struct rb_node **link = &t->root, *parent = NULL;
	struct vma *prev = NULL, *next;

	while (*link) {
		parent = *link;
		if (v->start < of(parent)->start) {
			link = &parent->left;
		} else {
			prev = of(parent);
			link = &parent->right;
		}
	}
	v->gap_below = v->start - (prev ? prev->end : 0);
	v->max_gap = v->gap_below;
	rb_insert(t, &v->node, parent, link);
	next = vma_next(v);
	if (next)
		set_gap(t, next, v->end);
}

void vma_remove(struct rb_tree *t, struct vma *v)
{
	struct vma *next = vma_next(v), *prev = vma_prev(v);

	rb_erase(t, &v->node);
	if (next)
		set_gap(t, next, prev ? prev->end : 0);
}

void vma_resize(struct rb_tree *t, struct vma *v, u64 start, u64 end)
{
	struct vma *next = vma_next(v), *prev = vma_prev(v);

	v->start = start;
	v->end = end;
	set_gap(t, v, prev ? prev->end : 0);
	if (next)
		set_gap(t, next, end);
}

u64 vma_find_gap(const struct rb_tree *t, u64 len, u64 lo, u64 hi)
{
	struct rb_node *n = t->root, *p;
	struct vma *last = of(rb_last(t));
	u64 top = last ? last->end : 0;

	if (hi <= lo || hi - lo < len)
		return 0;
	if (top <= hi - len && hi - max(top, lo) >= len)
		return hi - len;
	if (!n || of(n)->max_gap < len)
		return 0;
	for (;;) {
		while (n->right && of(n->right)->max_gap >= len && of(n)->end < hi)
			n = n->right;
		for (;;) {
			struct vma *v = of(n);
			u64 end = min(v->start, hi), start = max(v->start - v->gap_below, lo);

			if (end > start && end - start >= len)
				return end - len;
			if (end <= lo)
				return 0;
			if (n->left && of(n->left)->max_gap >= len) {
				n = n->left;
				break;
			}
			while ((p = n->parent) && p->left == n)
				n = p;
			if (!p)
				return 0;
			n = p;	/* came from the right: its own gap is next */
		}
	}
}

u64 vma_find_gap_up(const struct rb_tree *t, u64 len, u64 lo, u64 hi)
{
	struct vma *v = vma_find(t, lo);
	u64 at = lo;

	for (; v; v = vma_next(v)) {
		if (v->start >= hi)
			break;
		if (v->start > at && v->start - at >= len)
			return at;
		at = max(at, v->end);
	}
	return at < hi && hi - at >= len ? at : 0;
}

bool vma_range_free(const struct rb_tree *t, u64 start, u64 end)
{
	struct vma *v = vma_find(t, start);

	return !v || v->start >= end;
}

bool vma_can_merge(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->flags == b->flags && a->vmo == b->vmo &&
	       a->file == b->file && a->name == b->name &&
	       !(a->flags & (VMA_SPECIAL | VMA_GROWSDOWN | VMA_COUNTED)) &&
	       a->pgoff + ((a->end - a->start) >> 12) == b->pgoff;
}
