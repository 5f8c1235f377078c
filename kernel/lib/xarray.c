/* SPDX-License-Identifier: MIT */
/* xarray.c - a 64-way radix tree with marks.
 *
 * A node at shift s covers 64 slots of 2^s indexes each. The tree is as high as its largest index
 * needs. Marks are bit sets in each node: a bit is set where the entry, or anything in the subtree,
 * has the mark.
 *
 * Invariants: (1) count = number of non-NULL slots; a node with count 0 is removed at once (but see
 * (3)); (2) a mark bit is set iff an entry below has it; (3) readers under RCU see a slot change
 * atomically; nodes are freed through xa_mem after a grace period, and a new node is complete
 * before it is linked.
 *
 * Locks: the owner's for writers. Tests: selftests/unit/xarray_test.c
 */
#include <kernel/lib/xarray.h>

#define XA_MASK (XA_SLOTS - 1)

static u32 slot_of(const struct xa_node *n, u64 index)
{
	return (index >> n->shift) & XA_MASK;
}

/* The largest index a tree with this root can hold. */
static u64 max_index(const struct xa_node *root)
{
	u32 bits = root->shift + XA_SHIFT;

	return bits >= 64 ? U64_MAX : (1ul << bits) - 1;
}

static void *slot_read(void *const *slot)
{
	return __atomic_load_n(slot, __ATOMIC_CONSUME);
}

static void slot_write(void **slot, void *p)
{
	__atomic_store_n(slot, p, __ATOMIC_RELEASE);
}

void *xa_load(const struct xarray *xa, u64 index)
{
	struct xa_node *n = __atomic_load_n(&xa->root, __ATOMIC_CONSUME);

	if (!n || index > max_index(n))
		return NULL;
	while (n && n->shift)
		n = slot_read(&n->slot[slot_of(n, index)]);
	return n ? slot_read(&n->slot[index & XA_MASK]) : NULL;
}

/* Of the smallest root that can hold index. */
static u8 shift_for(u64 index)
{
	u32 shift = 0;

	while (index >> shift > XA_MASK)
		shift += XA_SHIFT;
	return (u8)shift;
}

static int grow(struct xarray *xa, u64 index)
{
	struct xa_node *n, *root = xa->root;
	u32 m;

	while (!root || index > max_index(root)) {
		n = xa->mem->alloc();
		if (!n)
			return -12; /* ENOMEM */
		if (root) {
			n->shift = root->shift + XA_SHIFT;
			n->slot[0] = root;
			n->count = 1;
			for (m = 0; m < XA_NR_MARKS; m++)
				n->mark[m] = root->mark[m] ? 1 : 0;
			root->parent = n;
		} else {
			/* no empty nodes below slot 0, which nothing would ever prune */
			n->shift = shift_for(index);
		}
		__atomic_store_n(&xa->root, n, __ATOMIC_RELEASE);
		root = n;
	}
	return 0;
}

/* The leaf node of index, made if need be. */
static struct xa_node *leaf_make(struct xarray *xa, u64 index)
{
	struct xa_node *n, *child;

	if (grow(xa, index))
		return NULL;
	for (n = xa->root; n->shift; n = child) {
		u32 s = slot_of(n, index);

		child = n->slot[s];
		if (child)
			continue;
		child = xa->mem->alloc();
		if (!child)
			return NULL;
		child->shift = n->shift - XA_SHIFT;
		child->offset = (u8)s;
		child->parent = n;
		slot_write(&n->slot[s], child);
		n->count++;
	}
	return n;
}

static struct xa_node *leaf_find(const struct xarray *xa, u64 index)
{
	struct xa_node *n = xa->root;

	if (!n || index > max_index(n))
		return NULL;
	while (n && n->shift)
		n = n->slot[slot_of(n, index)];
	return n;
}

/* Drops empty nodes upwards, and shrinks a root of which only slot 0 is used. */
static void prune(struct xarray *xa, struct xa_node *n)
{
	struct xa_node *p, *child;

	while (n && n->count == 0) {
		p = n->parent;
		if (p) {
			slot_write(&p->slot[n->offset], NULL);
			p->count--;
		} else {
			__atomic_store_n(&xa->root, NULL, __ATOMIC_RELEASE);
		}
		xa->mem->free(n);
		n = p;
	}
	while ((n = xa->root) && n->shift && n->count == 1 && n->slot[0]) {
		child = n->slot[0];
		child->parent = NULL;
		__atomic_store_n(&xa->root, child, __ATOMIC_RELEASE);
		xa->mem->free(n);
	}
}

int xa_store(struct xarray *xa, u64 index, void *p, void **old)
{
	struct xa_node *n = leaf_make(xa, index);
	void *was;

	if (!n)
		/* what grow() and leaf_make() had built stays: it is valid, only sparse */
		return -12;
	was = n->slot[index & XA_MASK];
	slot_write(&n->slot[index & XA_MASK], p);
	if (!was)
		n->count++;
	if (old)
		*old = was;
	return 0;
}

void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark m)
{
	struct xa_node *n = leaf_find(xa, index);
	u32 s = index & XA_MASK;

	for (; n; s = n->offset, n = n->parent) {
		n->mark[m] &= ~BIT(s);
		if (n->mark[m])
			return;
	}
}

void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark m)
{
	struct xa_node *n = leaf_find(xa, index);
	u32 s = index & XA_MASK;

	if (!n || !n->slot[s])
		return;
	for (; n && !(n->mark[m] & BIT(s)); s = n->offset, n = n->parent)
		n->mark[m] |= BIT(s);
}

bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark m)
{
	const struct xa_node *n = leaf_find(xa, index);

	return n && (n->mark[m] & BIT(index & XA_MASK));
}

void *xa_erase(struct xarray *xa, u64 index)
{
	struct xa_node *n = leaf_find(xa, index);
	u32 m, s = index & XA_MASK;
	void *was;

	if (!n || !n->slot[s])
		return NULL;
	for (m = 0; m < XA_NR_MARKS; m++)
		xa_clear_mark(xa, index, m);
	was = n->slot[s];
	slot_write(&n->slot[s], NULL);
	n->count--;
	prune(xa, n);
	return was;
}

/* Walks to the first used slot at or after *index; mark < 0: any entry. */
static void *find(const struct xarray *xa, u64 *index, u64 last, int mark)
{
	u64 i = *index;

	while (i <= last) {
		struct xa_node *n = __atomic_load_n(&xa->root, __ATOMIC_CONSUME);
		void *p = NULL;

		if (!n || i > max_index(n))
			return NULL;
		for (;;) {
			u32 s = slot_of(n, i), shift = n->shift;

			p = slot_read(&n->slot[s]);
			if (p && mark >= 0 && !(READ_ONCE(n->mark[mark]) & BIT(s)))
				p = NULL;
			if (p && shift == 0) {
				*index = i;
				return p;
			}
			if (!p) {
				u64 next = ((i >> shift) + 1) << shift;

				if (next <= i || next > last)
					return NULL;
				i = next;
				if (slot_of(n, i) == 0)
					break;	/* left this node: again from the root */
				continue;
			}
			n = p;
		}
	}
	return NULL;
}

void *xa_find(const struct xarray *xa, u64 *index, u64 last)
{
	return find(xa, index, last, -1);
}

void *xa_find_marked(const struct xarray *xa, u64 *index, u64 last, enum xa_mark m)
{
	return find(xa, index, last, (int)m);
}

bool xa_find_hole(const struct xarray *xa, u64 first, u64 last, u64 *out)
{
	u64 i;

	for (i = first; i <= last; i++) {
		const struct xa_node *n = leaf_find(xa, i);

		if (!n || !n->slot[i & XA_MASK]) {
			*out = i;
			return true;
		}
		if (n->count == XA_SLOTS)
			i |= XA_MASK;
		if (i == U64_MAX)
			break;
	}
	return false;
}

void xa_destroy(struct xarray *xa)
{
	struct xa_node *n = xa->root, *p;
	u32 s = 0;

	xa->root = NULL;
	while (n) {
		if (n->shift && s < XA_SLOTS) {
			if (n->slot[s]) {
				n = n->slot[s];
				s = 0;
			} else {
				s++;
			}
			continue;
		}
		p = n->parent;
		s = n->offset + 1u;
		xa->mem->free(n);
		n = p;
	}
}
