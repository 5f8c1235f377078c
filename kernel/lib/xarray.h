/* SPDX-License-Identifier: MIT */
/* xarray.h - sparse map from index to pointer: page caches, pid tables. 64-way radix tree with
 * three marks. Readers may run under RCU beside one writer; writers hold the owner's lock. Pure:
 * memory comes through xa_mem. */
#pragma once

#include <kernel/lib/compiler.h>

#define XA_SHIFT 6
#define XA_SLOTS (1u << XA_SHIFT)

enum xa_mark { XA_DIRTY, XA_WRITEBACK, XA_FREE, XA_NR_MARKS };

struct xa_node;
struct xa_mem {
	struct xa_node *(*alloc)(void);		/* zeroed, no sleeping */
	void (*free)(struct xa_node *n);	/* after a grace period */
};

struct xa_node {
	u8 shift;		/* index bits below this level */
	u8 offset;		/* slot in the parent */
	u8 count;		/* used slots */
	struct xa_node *parent;
	void *free_link[2];	/* for the owner's deferred free */
	void *slot[XA_SLOTS];
	u64 mark[XA_NR_MARKS];
};

struct xarray {
	struct xa_node *root;	/* NULL: empty */
	const struct xa_mem *mem;
};

static inline void xa_init(struct xarray *xa, const struct xa_mem *mem)
{
	xa->root = NULL;
	xa->mem = mem;
}

void *xa_load(const struct xarray *xa, u64 index);
/* Stores p (not NULL); *old (may be NULL) gets what was there. -ENOMEM. */
int __must_check xa_store(struct xarray *xa, u64 index, void *p, void **old);
void *xa_erase(struct xarray *xa, u64 index);	/* returns what was there */
/* First entry with index >= *index and <= last: sets *index. NULL when there is none. */
void *xa_find(const struct xarray *xa, u64 *index, u64 last);
void *xa_find_marked(const struct xarray *xa, u64 *index, u64 last, enum xa_mark m);
/* First index >= first and <= last that holds nothing. false when all are used. */
bool xa_find_hole(const struct xarray *xa, u64 first, u64 last, u64 *out);
void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark m);
void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark m);
bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark m);
void xa_destroy(struct xarray *xa);		/* frees the nodes, not the entries */

#define xa_for_each(xa, index, entry)							\
	for (index = 0, entry = xa_find(xa, &index, U64_MAX); entry;			\
	     entry = index++ == U64_MAX ? NULL : xa_find(xa, &index, U64_MAX))
