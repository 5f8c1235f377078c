/* SPDX-License-Identifier: MIT */
/* remap.c - mremap: shrink, grow in place, or move entries to another address.
 *
 * Moving takes each entry out under its table lock, flushes the old range, and enters the pages at
 * the new addresses: no page is copied and none is dropped. Both ranges are ours alone while the
 * lock is held for writing.
 * Locks: aspace.lock for writing. Ref: mremap(2). Tests: selftests/abi/mmap.c
 */
#include <mm/aspace.h>

#include <kernel/cred.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include "aspace_int.h"
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/vmo.h>
#include <mm/zap.h>

/* All tables of the new range exist before anything moves, so that moving cannot fail half-way. */
static int make_tables(struct aspace *as, u64 start, u64 end)
{
	u64 va;

	for (va = start; va < end; va = ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE)
		if (!pt_lookup_alloc(&as->mm, va))
			return -ENOMEM;
	return 0;
}

static void move_entries(struct aspace *as, u64 from, u64 to, u64 len)
{
	u64 va = from, end = from + len;
	pte_t *pte;

	while (va < end && (pte = pt_next(&as->mm, &va, end))) {
		u64 stop = min(end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE), start = va;
		pte_t *first = pte;

		/* Entered at the new place before the old is flushed: the same page, the same
		 * permission. */
		for (; va < stop; va += PAGE_SIZE, pte++) {
			pte_t e = pte_read(pte), *dst;

			if (!pte_present(e))
				continue;
			dst = pt_lookup(&as->mm, to + (va - from));
			spin_lock(pt_lock(dst));
			pte_set(dst, e);
			spin_unlock(pt_lock(dst));
		}
		spin_lock(pt_lock(first));
		for (va = start, pte = first; va < stop; va += PAGE_SIZE, pte++)
			pte_set(pte, (pte_t){ 0 });
		spin_unlock(pt_lock(first));
		tlb_flush_range(&as->mm, start, stop);
	}
}

static long move_vma(struct aspace *as, struct vma *v, u64 old_len, u64 new_len, u64 to,
		     bool keep_old)
{
	struct vma *n;
	u64 from = v->start;
	int err = make_tables(as, to, to + old_len);

	if (err)
		return err;
	n = vma_clone(as, v);
	if (!n)
		return -ENOMEM;
	n->start = to;
	n->end = to + new_len;
	if (!n->vmo)
		n->pgoff = to >> PAGE_SHIFT;
	aspace_attach(as, n);
	move_entries(as, from, to, min(old_len, new_len));
	if (!keep_old) {
		zap_range(v, v->start, v->end);
		aspace_detach(as, v);
		vma_free(v);
	} else {
		vma_set_flags(v, v->flags & ~VMA_LOCKED);
	}
	vma_try_merge(n);
	return (long)to;
}

static int check_growth(struct aspace *as, const struct vma *v, u64 more)
{
	u64 limit = rlimit(RLIMIT_AS);

	if (limit != RLIM_INFINITY && as->total_bytes + more > limit)
		return -ENOMEM;
	if ((v->flags & VMA_LOCKED) && as->locked_bytes + more > rlimit(RLIMIT_MEMLOCK) &&
	    !capable(CAP_IPC_LOCK))
		return -EAGAIN;
	return (v->flags & VMA_ACCOUNT) && !commit_room(as, more) ? -ENOMEM : 0;
}

static int check_args(u64 addr, u64 old_len, u64 new_len, u32 flags, u64 new_addr)
{
	if (flags & ~(u32)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) ||
	    (addr & ~PAGE_MASK) || new_len == 0)
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if (new_len > TASK_SIZE || addr > TASK_SIZE || old_len > TASK_SIZE - addr)
		return -EINVAL;
	if (!(flags & MREMAP_FIXED))
		return 0;
	if ((new_addr & ~PAGE_MASK) || new_addr > TASK_SIZE - new_len)
		return -EINVAL;
	return addr + old_len > new_addr && new_addr + new_len > addr ? -EINVAL : 0;
}

static long remap_locked(struct aspace *as, u64 addr, u64 old_len, u64 new_len, u32 flags,
			 u64 new_addr)
{
	struct vma *v = vma_find(&as->vmas, addr), *ignored;
	long err;

	if (!v || v->start > addr)
		return -EFAULT;
	if (v->flags & VMA_SEALED)
		return -EPERM;
	if (old_len == 0 && !(v->flags & VMA_SHARED))
		return -EINVAL;
	if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && old_len >= new_len && old_len) {
		err = old_len > new_len ? aspace_unmap_locked(as, addr + new_len, addr + old_len)
					: 0;
		return err ? err : (long)addr;
	}
	if (old_len > v->end - addr)
		return -EFAULT;
	if (new_len > old_len) {
		if (v->flags & VMA_SPECIAL)
			return -EFAULT;
		err = check_growth(as, v, new_len - old_len);
		if (err)
			return err;
	}
	if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && old_len && old_len == v->end - addr &&
	    addr <= TASK_SIZE - new_len && vma_range_free(&as->vmas, v->end, addr + new_len)) {
		vma_set_extent(v, v->start, addr + new_len);
		vma_try_merge(v);
		return (long)addr;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	if (flags & MREMAP_FIXED) {
		err = aspace_unmap_locked(as, new_addr, new_addr + new_len);
		if (err)
			return err;
	} else {
		new_addr = aspace_find_room(as, flags & MREMAP_DONTUNMAP ? new_addr : 0, new_len);
		if (!new_addr)
			return -ENOMEM;
	}
	if (old_len == 0) {		/* a second view of a shared mapping */
		struct vma *n = vma_clone(as, v);

		if (!n)
			return -ENOMEM;
		n->pgoff = vma_index(v, addr);
		n->start = new_addr;
		n->end = new_addr + new_len;
		aspace_attach(as, n);
		return (long)new_addr;
	}
	if (new_len < old_len) {
		err = aspace_unmap_locked(as, addr + new_len, addr + old_len);
		if (err)
			return err;
		old_len = new_len;
	}
	err = aspace_isolate(as, addr, addr + old_len, &ignored);
	if (err)
		return err;
	v = vma_find(&as->vmas, addr);
	return move_vma(as, v, old_len, new_len, new_addr, flags & MREMAP_DONTUNMAP);
}

long aspace_mremap(struct aspace *as, u64 addr, u64 old_len, u64 new_len, u32 flags, u64 new_addr)
{
	long ret;
	struct vma *v;
	bool locked = false;

	old_len = ALIGN_UP(old_len, PAGE_SIZE);
	new_len = ALIGN_UP(new_len, PAGE_SIZE);
	ret = check_args(addr, old_len, new_len, flags, new_addr);
	if (ret)
		return ret;
	if (rw_write_lock_killable(&as->lock))
		return -EINTR;
	ret = remap_locked(as, addr, old_len, new_len, flags, new_addr);
	commit_sync(as);
	if (ret > 0) {
		v = vma_find(&as->vmas, (u64)ret);
		locked = v && (v->flags & VMA_LOCKED) && new_len > old_len;
	}
	rw_write_unlock(&as->lock);
	if (locked)
		(void)!aspace_populate(as, (u64)ret + old_len, (u64)ret + new_len);
	return ret;
}
