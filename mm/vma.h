/* SPDX-License-Identifier: MIT */
/* vma.h - stretches of an address space that behave alike. The decisions (insert, split, merge,
 * gaps) are pure: vma.c. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>
#include <kernel/lib/rbtree.h>
#include <kernel/uapi.h>

struct file;
struct vmo;

#define VMA_READ	 0x0001u
#define VMA_WRITE	 0x0002u
#define VMA_EXEC	 0x0004u
#define VMA_SHARED	 0x0008u
#define VMA_MAY_READ	 0x0010u /* mprotect may add these */
#define VMA_MAY_WRITE	 0x0020u
#define VMA_MAY_EXEC	 0x0040u
#define VMA_GROWSDOWN	 0x0080u
#define VMA_LOCKED	 0x0100u
#define VMA_LOCKONFAULT	 0x0200u
#define VMA_NORESERVE	 0x0400u
#define VMA_DONTFORK	 0x0800u /* madvise */
#define VMA_WIPEONFORK	 0x1000u
#define VMA_DONTDUMP	 0x2000u
#define VMA_SPECIAL	 0x4000u /* pages without struct page (vDSO data, devices) */
#define VMA_SEQ		 0x8000u
#define VMA_RAND	 0x10000u
#define VMA_HEAP	 0x20000u /* brk: "[heap]" */
#define VMA_STACK	 0x40000u /* "[stack]" */
#define VMA_SEALED	 0x80000u /* mseal */
#define VMA_BTI		 0x100000u /* indirect branches must hit a landing pad */

#define VMA_COUNTED	 0x200000u /* its object is told when areas come and go: never merged */

#define VMA_ACCOUNT	 0x400000u /* promised: counts against vm.overcommit_memory */

#define VMA_PROT (VMA_READ | VMA_WRITE | VMA_EXEC | VMA_BTI) /* what mprotect sets */

/* Locks: a  aspace.lock   p  vmo.pages_lock */
struct vma {
	struct rb_node node;		/* [a] by start */
	u64 start, end;			/* [a] page aligned, start < end */
	u64 gap_below;			/* [a] bytes between the previous vma and start */
	u64 max_gap;			/* [a] the largest gap_below of the subtree */
	u32 flags;			/* [a] VMA_* */
	/* [a] page index in vmo of start; for anonymous memory start's original page number */
	u64 pgoff;
	struct vmo *vmo;		/* a reference; NULL: private anonymous */
	struct file *file;		/* a reference, or NULL */
	const char *name;		/* "[vdso]"; NULL: by file or flags */
	struct aspace *as;
	struct rb_node vmo_node;	/* [p] in vmo.mappings */
	u64 vmo_last;			/* [p] largest last index of the subtree */
};

/* What mmap(2) asks of an object; the object's mmap op fills in vmo (a new reference) or
 * refuses. */
struct vm_request {
	u64 len;
	u64 pgoff;
	u32 flags;			/* VMA_*: the op may clear MAY_* bits */
	struct vmo *vmo;		/* out */
	/* out: for /proc/PID/maps, stays as long as the description. NULL: by file or flags */
	const char *name;
	paddr_t phys;			/* out, with VMA_SPECIAL: contiguous device memory */
};

/* ---- the tree of one address space; pure, the caller holds aspace.lock ---- */
void vma_tree_init(struct rb_tree *t);
struct vma *vma_find(const struct rb_tree *t, u64 addr);	/* the first with end > addr */
struct vma *vma_next(const struct vma *v);
struct vma *vma_prev(const struct vma *v);
void vma_insert(struct rb_tree *t, struct vma *v);		/* must not overlap */
void vma_remove(struct rb_tree *t, struct vma *v);
/* stays between its neighbours */
void vma_resize(struct rb_tree *t, struct vma *v, u64 start, u64 end);
/* The highest free stretch of len bytes in [lo, hi): its start, or 0. guard bytes stay free below a
 * growing stack. */
u64 vma_find_gap(const struct rb_tree *t, u64 len, u64 lo, u64 hi);
u64 vma_find_gap_up(const struct rb_tree *t, u64 len, u64 lo, u64 hi);
bool vma_range_free(const struct rb_tree *t, u64 start, u64 end);
/* May b directly follow a as one vma? */
bool vma_can_merge(const struct vma *a, const struct vma *b);

static inline u64 vma_index(const struct vma *v, u64 addr)
{
	return v->pgoff + ((addr - v->start) >> 12);
}
