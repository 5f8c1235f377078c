/* SPDX-License-Identifier: MIT */
/* protect.c - calls that change what is already mapped: mprotect, madvise, mlock, msync, mincore.
 *
 * Locks: aspace.lock for writing where vmas change, for reading else. Ref: mprotect(2), madvise(2),
 * mlock(2), msync(2), mincore(2).
 * Tests: selftests/abi/mmap.c
 */
#include <mm/aspace.h>

#include <arch/cpu.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/trap.h>
#include "aspace_int.h"
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/vmo.h>
#include <mm/zap.h>

static int check_range(u64 addr, u64 *len, int misaligned)
{
	u64 end;

	if (addr & ~PAGE_MASK)
		return misaligned;
	*len = ALIGN_UP(*len, PAGE_SIZE);
	if (add_of(addr, *len, &end))
		return -ENOMEM;
	return end > TASK_SIZE ? -ENOMEM : 0;
}

/* Private memory that is made writable is promised from now on, for good. */
static bool must_account(const struct vma *v, u32 want)
{
	return (want & VMA_WRITE) &&
	       !(v->flags & (VMA_ACCOUNT | VMA_WRITE | VMA_SHARED | VMA_NORESERVE));
}

/* Gives every present entry the vma's permission; a page is writable again only after a fault has
 * looked at it. */
static bool protect_entries(struct vma *v)
{
	u64 va = v->start;
	bool changed = false;
	pte_t *pte;

	while (va < v->end && (pte = pt_next(&v->as->mm, &va, v->end))) {
		u64 end = min(v->end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE);
		struct spinlock *lock = pt_lock(pte);

		spin_lock(lock);
		for (; va < end; va += PAGE_SIZE, pte++) {
			pte_t old = pte_read(pte), new;

			if (!pte_present(old))
				continue;
			new = vma_pte(v, pte_pa(old), pte_writable(old));
			if (pte_special(old))
				new = pte_mkspecial(new);
			if (new.v == old.v)
				continue;
			pte_set(pte, new);
			changed = true;
		}
		spin_unlock(lock);
	}
	return changed;
}

/* Pages that become executable may hold code that the kernel wrote. */
static void sync_new_code(struct vma *v)
{
	u64 va = v->start;
	pte_t *pte;

	while (va < v->end && (pte = pt_next(&v->as->mm, &va, v->end))) {
		pte_t e = pte_read(pte);

		if (pte_present(e) && !pte_special(e) &&
		    !(page_flags(phys_to_page(pte_pa(e))) & PG_ICACHE))
			cache_sync_code((u64)phys_to_virt(pte_pa(e)), PAGE_SIZE);
		va += PAGE_SIZE;
	}
}

int aspace_mprotect(struct aspace *as, u64 addr, u64 len, u32 prot)
{
	u32 want = prot_to_vma(prot), account;
	struct vma *v;
	bool grows = prot & PROT_GROWSDOWN;
	u64 end, at;
	int err;

	if (prot & ~(u32)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_BTI |
			  PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if ((prot & PROT_BTI) && !cpu_has(CPU_BTI))
		return -EINVAL;
	if ((prot & PROT_GROWSDOWN) && (prot & PROT_GROWSUP))
		return -EINVAL;
	err = check_range(addr, &len, -EINVAL);
	if (err || len == 0)
		return err;
	if (rw_write_lock_killable(&as->lock))
		return -EINTR;
	end = addr + len;
	v = vma_find(&as->vmas, addr);
	err = -ENOMEM;
	if (!v || (v->start > addr && !grows))
		goto out;
	if (grows) {
		err = -EINVAL;
		if (!(v->flags & VMA_GROWSDOWN))
			goto out;
		addr = v->start;
	}
	for (at = addr; at < end; at = v->end) {
		struct vma *up;

		v = vma_find(&as->vmas, at);
		err = -ENOMEM;
		if (!v || v->start > at)
			goto out;
		err = v->flags & VMA_SEALED ? -EPERM : -EACCES;
		/* MAY_x is x << 4 */
		if ((v->flags & VMA_SEALED) || (want & 7 & ~(v->flags >> 4)))
			goto out;
		if (as->mdwe && (want & VMA_EXEC) && !(v->flags & VMA_EXEC))
			goto out;
		err = 0;
		if ((v->flags & VMA_PROT) == want)
			continue;
		account = must_account(v, want) ? VMA_ACCOUNT : 0;
		err = account && !commit_room(as, min(v->end, end) - at) ? -ENOMEM : 0;
		if (err)
			goto out;
		if (v->start < at) {
			err = vma_split(v, at, &up);
			if (err)
				goto out;
			v = up;
		}
		if (v->end > end) {
			err = vma_split(v, end, &up);
			if (err)
				goto out;
		}
		vma_set_flags(v, (v->flags & ~VMA_PROT) | want | account);
		commit_sync(as);
		if (want & VMA_EXEC)
			sync_new_code(v);
		if (protect_entries(v))
			tlb_flush_range(&as->mm, v->start, v->end);
		v = vma_try_merge(v);
	}
out:
	rw_write_unlock(&as->lock);
	return err;
}

/* ---- madvise ---- */

static int advise_zap(struct vma *v, u64 start, u64 end)
{
	if (v->flags & (VMA_LOCKED | VMA_SPECIAL))
		return -EINVAL;
	zap_range(v, start, end);
	return 0;
}

static int advise_remove(struct vma *v, u64 start, u64 end)
{
	u64 off = vma_index(v, start) << PAGE_SHIFT;

	if (v->flags & VMA_LOCKED || !v->vmo)
		return -EINVAL;
	if ((v->flags & (VMA_SHARED | VMA_MAY_WRITE)) != (VMA_SHARED | VMA_MAY_WRITE))
		return -EACCES;
	return vmo_punch(v->vmo, off, off + (end - start));
}

/* Advice that only sets or clears flags: 0 bits: not of this kind. */
static bool flag_advice(int advice, u32 *set, u32 *clear)
{
	*set = *clear = 0;
	switch (advice) {
	case MADV_NORMAL:	*clear = VMA_SEQ | VMA_RAND; return true;
	case MADV_RANDOM:	*set = VMA_RAND; *clear = VMA_SEQ; return true;
	case MADV_SEQUENTIAL:	*set = VMA_SEQ; *clear = VMA_RAND; return true;
	case MADV_DONTFORK:	*set = VMA_DONTFORK; return true;
	case MADV_DOFORK:	*clear = VMA_DONTFORK; return true;
	case MADV_DONTDUMP:	*set = VMA_DONTDUMP; return true;
	case MADV_DODUMP:	*clear = VMA_DONTDUMP; return true;
	case MADV_WIPEONFORK:	*set = VMA_WIPEONFORK; return true;
	case MADV_KEEPONFORK:	*clear = VMA_WIPEONFORK; return true;
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:	return true;
	}
	return false;
}

static int advise_flags(struct aspace *as, u64 addr, u64 end, int advice, u32 set, u32 clear)
{
	struct vma *v;
	int err = aspace_isolate(as, addr, end, &v);

	for (; !err && v && v->start < end; v = vma_next(v)) {
		if (advice == MADV_WIPEONFORK && (v->vmo || (v->flags & VMA_SHARED)))
			return -EINVAL;
		if (advice == MADV_DOFORK && (v->flags & VMA_SPECIAL))
			return -EINVAL;
		vma_set_flags(v, (v->flags | set) & ~clear);
		v = vma_try_merge(v);
	}
	return err;
}

static int advise_range(struct vma *v, u64 start, u64 end, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		if (advice == MADV_DONTNEED_LOCKED && (v->flags & VMA_LOCKED)) {
			zap_range(v, start, end);
			return 0;
		}
		return advise_zap(v, start, end);
	case MADV_FREE:
		return v->vmo ? -EINVAL : advise_zap(v, start, end);
	case MADV_REMOVE:
		return advise_remove(v, start, end);
	}
	/* WILLNEED, COLD, PAGEOUT, COLLAPSE, ...: nothing to page in or out yet */
	return 0;
}

static bool known_advice(int a)
{
	u32 s, c;

	return flag_advice(a, &s, &c) || a == MADV_DONTNEED || a == MADV_FREE || a == MADV_REMOVE ||
	       a == MADV_WILLNEED || a == MADV_COLD || a == MADV_PAGEOUT ||
	       a == MADV_POPULATE_READ || a == MADV_POPULATE_WRITE || a == MADV_DONTNEED_LOCKED;
}

static int advise_populate(struct aspace *as, u64 addr, u64 end, bool write)
{
	int sig, code, err;

	for (; addr < end; addr += PAGE_SIZE) {
		if (signal_pending_fatal(current()))
			return -EINTR;
		err = aspace_fault(as, addr, write ? FAULT_WRITE : 0, &sig, &code);
		if (err)
			return sig == SIGBUS ? -EFAULT : code == SEGV_MAPERR ? -ENOMEM : -EINVAL;
	}
	return 0;
}

int aspace_madvise(struct aspace *as, u64 addr, u64 len, int advice)
{
	struct vma *v, *next;
	u64 end, at;
	u32 set, clear;
	int err, hole = 0;

	if (!known_advice(advice) || (addr & ~PAGE_MASK))
		return -EINVAL;
	end = addr + ALIGN_UP(len, PAGE_SIZE);
	if (end < addr || (len && end == addr))
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return advise_populate(as, addr, end, advice == MADV_POPULATE_WRITE);
	if (rw_write_lock_killable(&as->lock))
		return -EINTR;
	for (at = addr, v = vma_find(&as->vmas, addr); at < end; at = v->end, v = next) {
		if (!v || v->start >= end) {
			hole = -ENOMEM;
			break;
		}
		if (v->start > at)
			hole = -ENOMEM;
		next = vma_next(v);
	}
	if (flag_advice(advice, &set, &clear)) {
		err = advise_flags(as, addr, end, advice, set, clear);
	} else {
		err = 0;
		for (v = vma_find(&as->vmas, addr); !err && v && v->start < end; v = vma_next(v))
			err = advise_range(v, max(v->start, addr), min(v->end, end), advice);
	}
	rw_write_unlock(&as->lock);
	return err ? err : hole;
}

/* ---- mlock ---- */

static int lock_range(struct aspace *as, u64 addr, u64 end, u32 set)
{
	struct vma *v;
	u64 at = addr;
	int err = aspace_isolate(as, addr, end, &v);

	if (err)
		return err;
	for (; v && v->start < end; v = vma_next(v)) {
		if (v->start > at)
			return -ENOMEM;
		at = v->end;
		if (!(v->flags & VMA_SPECIAL))
			vma_set_flags(v, (v->flags & ~(VMA_LOCKED | VMA_LOCKONFAULT)) | set);
		v = vma_try_merge(v);
	}
	return at >= end ? 0 : -ENOMEM;
}

/* Bytes of [addr, end) that are locked already: they do not count twice against the limit. */
static u64 locked_in(struct aspace *as, u64 addr, u64 end)
{
	struct vma *v;
	u64 n = 0;

	for (v = vma_find(&as->vmas, addr); v && v->start < end; v = vma_next(v))
		if (v->flags & VMA_LOCKED)
			n += min(v->end, end) - max(v->start, addr);
	return n;
}

int aspace_mlock(struct aspace *as, u64 addr, u64 len, bool lock, bool on_fault)
{
	u64 limit = rlimit(RLIMIT_MEMLOCK), end;
	int err = 0;

	if (lock && limit == 0 && !capable(CAP_IPC_LOCK))
		return -EPERM;
	len = ALIGN_UP(len + (addr & ~PAGE_MASK), PAGE_SIZE);
	addr &= PAGE_MASK;
	if (add_of(addr, len, &end))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (end > TASK_SIZE)
		return -ENOMEM;
	if (rw_write_lock_killable(&as->lock))
		return -EINTR;
	if (lock && as->locked_bytes + len - locked_in(as, addr, end) > limit &&
	    !capable(CAP_IPC_LOCK))
		err = -ENOMEM;
	if (!err)
		err = lock_range(as, addr, end,
				 !lock	    ? 0
				 : on_fault ? VMA_LOCKED | VMA_LOCKONFAULT
					    : VMA_LOCKED);
	rw_write_unlock(&as->lock);
	if (!err && lock && !on_fault)
		err = aspace_populate(as, addr, end);
	return err;
}

int aspace_mlockall(struct aspace *as, u32 flags)
{
	u32 set = VMA_LOCKED | (flags & MCL_ONFAULT ? VMA_LOCKONFAULT : 0);
	struct vma *v, *next;
	u64 limit = rlimit(RLIMIT_MEMLOCK);

	if (flags & MCL_CURRENT && limit < as->total_bytes && !capable(CAP_IPC_LOCK))
		return limit == 0 ? -EPERM : -ENOMEM;
	if (rw_write_lock_killable(&as->lock))
		return -EINTR;
	as->def_flags = flags & MCL_FUTURE ? set : 0;
	if ((flags & MCL_CURRENT) || flags == 0)
		for (v = aspace_first(as); v; v = next) {
			next = vma_next(v);
			if (!(v->flags & VMA_SPECIAL))
				vma_set_flags(v, (v->flags & ~(VMA_LOCKED | VMA_LOCKONFAULT)) |
							 (flags ? set : 0));
		}
	rw_write_unlock(&as->lock);
	if ((flags & MCL_CURRENT) && !(flags & MCL_ONFAULT)) {
		u64 at = 0;

		for (;;) {
			u64 end;

			rw_read_lock(&as->lock);
			v = vma_find(&as->vmas, at);
			end = v ? v->end : 0;
			at = v ? v->start : 0;
			rw_read_unlock(&as->lock);
			if (!end)
				break;
			/* failure is not reported, as on Linux */
			(void)!aspace_populate(as, at, end);
			at = end;
		}
	}
	return 0;
}

int aspace_msync(struct aspace *as, u64 addr, u64 len, u32 flags)
{
	struct file *f = NULL;
	struct vma *v;
	u64 end, at;
	int err = 0, hole = 0;

	if (flags & ~(u32)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || (addr & ~PAGE_MASK) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	end = addr + ALIGN_UP(len, PAGE_SIZE);
	if (end < addr)
		return -ENOMEM;
	for (at = addr; at < end && !err;) {
		rw_read_lock(&as->lock);
		v = vma_find(&as->vmas, at);
		if (!v || v->start >= end) {
			rw_read_unlock(&as->lock);
			return -ENOMEM;
		}
		if (v->start > at)
			hole = -ENOMEM;
		if ((flags & MS_INVALIDATE) && (v->flags & VMA_LOCKED))
			err = -EBUSY;
		if ((flags & MS_SYNC) && v->file && (v->flags & VMA_SHARED)) {
			f = v->file;
			file_get(f);
		}
		at = v->end;
		rw_read_unlock(&as->lock);
		if (f && !err && f->obj->ops->fsync)
			err = f->obj->ops->fsync(f, true);
		if (f)
			file_put(f);
		f = NULL;
	}
	return err ? err : hole;
}

int aspace_mincore(struct aspace *as, u64 addr, u64 nr_pages, u8 *out)
{
	struct vma *v = NULL;
	pte_t *pte = NULL;
	u64 i;

	rw_read_lock(&as->lock);
	for (i = 0; i < nr_pages; i++) {
		u64 at = addr + (i << PAGE_SHIFT);
		struct page *p = NULL;

		if (!v || at >= v->end)
			v = aspace_find(as, at);
		if (!v || v->start > at) {
			rw_read_unlock(&as->lock);
			return -ENOMEM;
		}
		if (!i || !(at & (PMD_SIZE - 1)))
			pte = pt_lookup(&as->mm, at);
		else if (pte)
			pte++;
		out[i] = pte && pte_present(pte_read(pte));
		if (!out[i] && v->vmo) {
			vmo_peek(v->vmo, vma_index(v, at), 1, &p);
			out[i] = p != NULL;
			if (p)
				page_put(p);
		}
	}
	rw_read_unlock(&as->lock);
	return 0;
}
