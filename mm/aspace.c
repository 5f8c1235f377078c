/* SPDX-License-Identifier: MIT */
/* aspace.c - address spaces: birth and death; their vmas made, split, merged, unmapped. New
 * mappings: mmap.c.
 *
 * Invariants: (1) no entry of the page tables is present outside a vma; (2) total_bytes is the sum
 * over all vmas, locked_bytes over the locked ones; (3) a vma with a vmo is in the vmo's mapping
 * tree exactly while it is in ours.
 *
 * Locks: aspace.lock [RANK_ASPACE] for writing around every change. Ref: mmap(2), munmap(2),
 * brk(2), getrlimit(2).
 * Tests: selftests/abi/mmap.c
 */
#include <mm/aspace.h>

#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/object.h>
#include <kernel/printk.h>
#include <kernel/rights.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/trap.h>
#include "aspace_int.h"
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>
#include <mm/zap.h>

static struct slab_cache *aspace_cache, *vma_cache;

void aspace_init(void)
{
	aspace_cache = slab_cache_create("aspace", sizeof(struct aspace), 16);
	vma_cache = slab_cache_create("vma", sizeof(struct vma), 16);
}

struct aspace *aspace_create(void)
{
	struct aspace *as = slab_alloc(aspace_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!as)
		return NULL;
	if (arch_mm_init(&as->mm)) {
		slab_free(aspace_cache, as);
		return NULL;
	}
	ref_init(&as->refs, 1);
	rwlock_init(&as->lock, RANK_ASPACE);
	vma_tree_init(&as->vmas);
	as->dumpable = true;
	as->coredump_filter = current()->as ? current()->as->coredump_filter : COREDUMP_FILTER;
	return as;
}

struct vma *vma_create(struct aspace *as, u64 start, u64 end, u32 flags)
{
	struct vma *v = slab_alloc(vma_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!v)
		return NULL;
	v->as = as;
	v->start = start;
	v->end = end;
	v->flags = flags;
	v->pgoff = start >> PAGE_SHIFT;
	return v;
}

struct vma *vma_clone(struct aspace *as, const struct vma *v)
{
	struct vma *n = slab_alloc(vma_cache, PAGE_KERNEL);

	if (!n)
		return NULL;
	*n = *v;
	n->as = as;
	if (n->vmo)
		vmo_get(n->vmo);
	if (n->file)
		file_get(n->file);
	return n;
}

void vma_free(struct vma *v)
{
	if (v->vmo)
		vmo_put(v->vmo);
	if (v->file)
		file_put(v->file);
	slab_free(vma_cache, v);
}

static void account(struct aspace *as, const struct vma *v, s64 sign)
{
	s64 n = sign * (s64)(v->end - v->start);

	as->total_bytes += (u64)n;
	if (v->flags & VMA_LOCKED)
		as->locked_bytes += (u64)n;
	if (v->flags & VMA_ACCOUNT)
		as->commit_bytes += (u64)n;
	if (v->flags & (VMA_STACK | VMA_GROWSDOWN))
		as->stack_bytes += (u64)n;
	else if (!v->vmo && (v->flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE)
		as->data_bytes += (u64)n;
}

void aspace_attach(struct aspace *as, struct vma *v)
{
	vma_insert(&as->vmas, v);
	as->nr_vmas++;
	account(as, v, 1);
	if (v->vmo)
		vmo_map_add(v->vmo, v);
	if (unlikely(v->flags & VMA_COUNTED))
		v->file->obj->ops->mapped(v->file, true);
}

/* It does not show its object any more. */
static void unlink_object(struct vma *v)
{
	if (v->vmo)
		vmo_map_del(v->vmo, v);
	if (unlikely(v->flags & VMA_COUNTED))
		v->file->obj->ops->mapped(v->file, false);
}

void aspace_detach(struct aspace *as, struct vma *v)
{
	unlink_object(v);
	if (as->cache == v)
		as->cache = NULL;
	account(as, v, -1);
	as->nr_vmas--;
	vma_remove(&as->vmas, v);
}

void aspace_put(struct aspace *as)
{
	struct rb_node *n;
	struct vma *v;

	if (!ref_put(&as->refs))
		return;
	zap_all(as);
	as->commit_bytes = 0;
	commit_sync(as);
	while ((n = rb_take_leaf(&as->vmas))) {
		v = rb_entry(n, struct vma, node);
		unlink_object(v);
		vma_free(v);
	}
	arch_mm_fini(&as->mm);
	if (as->exe)
		file_put(as->exe);
	slab_free(aspace_cache, as);
}

struct vma *aspace_find(struct aspace *as, u64 addr)
{
	struct vma *v = READ_ONCE(as->cache);

	if (likely(v && v->start <= addr && addr < v->end))
		return v;
	v = vma_find(&as->vmas, addr);
	if (v)
		WRITE_ONCE(as->cache, v);
	return v;
}

struct vma *aspace_first(struct aspace *as)
{
	return rb_entry_or_null(rb_first(&as->vmas), struct vma, node);
}

u64 aspace_rss(struct aspace *as)
{
	return atomic_read(&as->anon_pages) + atomic_read(&as->file_pages) +
	       atomic_read(&as->shmem_pages);
}

/* ---- changing a vma; lock held for writing ---- */

/* Changes the extent of an attached vma and its place in the vmo's tree. */
void vma_set_extent(struct vma *v, u64 start, u64 end)
{
	struct aspace *as = v->as;

	if (v->vmo)
		vmo_map_del(v->vmo, v);
	account(as, v, -1);
	v->pgoff += (start - v->start) >> PAGE_SHIFT;	/* wraps correctly when start moves down */
	if (start < v->start)
		v->pgoff = v->pgoff & (U64_MAX >> PAGE_SHIFT);
	vma_resize(&as->vmas, v, start, end);
	account(as, v, 1);
	if (v->vmo)
		vmo_map_add(v->vmo, v);
}

int vma_split(struct vma *v, u64 at, struct vma **upper)
{
	struct vma *n;
	u64 end = v->end;

	if (v->as->nr_vmas >= MAX_MAP_COUNT)
		return -ENOMEM;
	n = vma_clone(v->as, v);
	if (!n)
		return -ENOMEM;
	vma_set_extent(v, v->start, at);
	n->pgoff += (at - n->start) >> PAGE_SHIFT;
	n->start = at;
	n->end = end;
	aspace_attach(v->as, n);
	*upper = n;
	return 0;
}

void vma_set_flags(struct vma *v, u32 flags)
{
	if (v->flags == flags)
		return;
	if (v->vmo)
		vmo_map_del(v->vmo, v);
	account(v->as, v, -1);
	v->flags = flags;
	account(v->as, v, 1);
	if (v->vmo)
		vmo_map_add(v->vmo, v);
}

static struct vma *merge_pair(struct vma *a, struct vma *b)
{
	u64 end = b->end;

	aspace_detach(a->as, b);
	vma_free(b);
	vma_set_extent(a, a->start, end);
	return a;
}

struct vma *vma_try_merge(struct vma *v)
{
	struct vma *o = vma_prev(v);

	if (o && vma_can_merge(o, v))
		v = merge_pair(o, v);
	o = vma_next(v);
	if (o && vma_can_merge(v, o))
		v = merge_pair(v, o);
	return v;
}

/* Splits so that [start, end) begins and ends at vma borders; *first: the first vma inside (may lie
 * beyond start). */
int aspace_isolate(struct aspace *as, u64 start, u64 end, struct vma **first)
{
	struct vma *v = vma_find(&as->vmas, start), *up;
	int err;

	if (v && v->start < start) {
		err = vma_split(v, start, &up);
		if (err)
			return err;
		v = up;
	}
	*first = v && v->start < end ? v : NULL;
	v = vma_find(&as->vmas, end - 1);
	if (v && v->start < end && v->end > end) {
		err = vma_split(v, end, &up);
		if (err)
			return err;
	}
	return 0;
}

int aspace_unmap_locked(struct aspace *as, u64 start, u64 end)
{
	struct vma *v, *next;
	int err;

	v = vma_find(&as->vmas, start);
	if (!v || v->start >= end)
		return 0;
	/* A hole in the middle makes one more: refused when there are too many, before anything
	 * changed. */
	if (v->start < start && v->end > end && as->nr_vmas >= MAX_MAP_COUNT)
		return -ENOMEM;
	for (; v && v->start < end; v = vma_next(v))
		if (v->flags & VMA_SEALED)
			return -EPERM;
	err = aspace_isolate(as, start, end, &v);
	if (err)
		return err;
	for (; v && v->start < end; v = next) {
		next = vma_next(v);
		zap_range(v, v->start, v->end);
		aspace_detach(as, v);
		vma_free(v);
	}
	return 0;
}

int aspace_munmap(struct aspace *as, u64 addr, u64 len)
{
	int err;

	if ((addr & ~PAGE_MASK) || len == 0 || addr > TASK_SIZE || len > TASK_SIZE - addr)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	err = rw_write_lock_killable(&as->lock);
	if (err)
		return -EINTR;
	err = aspace_unmap_locked(as, addr, addr + len);
	commit_sync(as);
	rw_write_unlock(&as->lock);
	return err;
}

/* Is v a part, where it belongs, of a description of such objects that was mapped at addr? */
static bool part_of(const struct vma *v, u64 addr, const struct object_ops *ops)
{
	return v->file && v->file->obj->ops == ops && v->start - addr == v->pgoff << PAGE_SHIFT;
}

int aspace_unmap_object(struct aspace *as, u64 addr, const struct object_ops *ops)
{
	struct file *f = NULL;
	struct vma *v, *next;
	int err = 0;

	if (rw_write_lock_killable(&as->lock))
		return -EINTR;
	for (v = vma_find(&as->vmas, addr); v && !err; v = next) {
		next = vma_next(v);
		if (v->start < addr || !part_of(v, addr, ops) || (f && v->file != f))
			continue;
		if (!f) {
			f = v->file;
			file_get(f);
		}
		err = aspace_unmap_locked(as, v->start, v->end);
	}
	commit_sync(as);
	rw_write_unlock(&as->lock);
	if (!f)
		return -EINVAL;
	file_put_now(f);
	return err;
}
