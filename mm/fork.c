/* SPDX-License-Identifier: MIT */
/* fork.c - a second address space with the same contents.
 *
 * Private anonymous pages are shared read-only and counted; the next write on either side copies
 * (fault.c, invariant 3). Entries of file mappings are copied only where that is cheaper than
 * faulting again: mappings of at most EAGER_BYTES. A page that the kernel has pinned for a device
 * is copied at once: the parent must keep the one the device knows.
 *
 * Invariant: when the parent's TLB has been flushed, no CPU can write a page that both sides see.
 * Locks: the parent's aspace.lock for writing; its table locks. The child is not visible yet.
 * Ref: fork(2), madvise(2) MADV_DONTFORK, MADV_WIPEONFORK. Tests: selftests/abi/process.c
 */
#include <mm/aspace.h>

#include <kernel/file.h>
#include <kernel/spinlock.h>
#include "aspace_int.h"
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/vmo.h>
#include <mm/zap.h>

#define EAGER_BYTES (2ul << 20)

struct copy {
	struct aspace *child;
	u64 anon, file;		/* pages entered */
	bool wrote;		/* entries of the parent lost write permission */
};

static void share_anon(struct copy *c, pte_t *src, pte_t *dst, pte_t e, struct page *p)
{
	if (pte_writable(e)) {
		e = pte_wrprotect(e);
		pte_set(src, e);
		c->wrote = true;
	}
	page_get(p);
	dst->v = e.v;
	c->anon++;
}

static int copy_pinned(struct copy *c, struct vma *v, pte_t *dst, struct page *p)
{
	struct page *n = page_alloc(0, PAGE_ATOMIC | PAGE_CHARGED);

	if (!n)
		return -ENOMEM;
	atomic_set(&n->flags, PG_ANON);
	page_copy(page_to_virt(n), page_to_virt(p));
	dst->v = vma_pte(v, page_to_phys(n), true).v;
	c->anon++;
	return 0;
}

static int copy_entry(struct copy *c, struct vma *v, pte_t *src, pte_t *dst)
{
	pte_t e = pte_read(src);
	struct page *p;

	if (pte_special(e)) {
		dst->v = e.v;
		return 0;
	}
	p = phys_to_page(pte_pa(e));
	if (page_flags(p) & PG_ANON) {
		if (unlikely(p->pins))
			return copy_pinned(c, v, dst, p);
		share_anon(c, src, dst, e, p);
		return 0;
	}
	if (v->vmo && v->end - v->start > EAGER_BYTES)
		return 0;
	page_get(p);
	dst->v = e.v;
	c->file++;
	return 0;
}

static int copy_table(struct copy *c, struct vma *v, pte_t *src, u64 va, u64 end)
{
	struct spinlock *lock = pt_lock(src);
	pte_t *dst = pt_lookup_alloc(&c->child->mm, va);
	int err = 0;

	if (!dst)
		return -ENOMEM;
	spin_lock(lock);
	for (; va < end && !err; va += PAGE_SIZE, src++, dst++)
		if (pte_present(pte_read(src)))
			err = copy_entry(c, v, src, dst);
	spin_unlock(lock);
	return err;
}

static int copy_entries(struct copy *c, struct aspace *parent, struct vma *v)
{
	u64 va = v->start;
	pte_t *pte;
	int err = 0;

	while (!err && va < v->end && (pte = pt_next(&parent->mm, &va, v->end))) {
		u64 end = min(v->end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE);

		err = copy_table(c, v, pte, va, end);
		va = end;
	}
	return err;
}

static int copy_vma(struct copy *c, struct aspace *parent, struct vma *v)
{
	struct vma *n;

	if (v->flags & VMA_DONTFORK)
		return 0;
	if ((v->flags & VMA_ACCOUNT) && !commit_room(parent, v->end - v->start))
		return -ENOMEM;
	n = vma_clone(c->child, v);
	if (!n)
		return -ENOMEM;
	n->flags &= ~(VMA_LOCKED | VMA_LOCKONFAULT);
	aspace_attach(c->child, n);
	if (unlikely(READ_ONCE(overcommit_mode) == OVERCOMMIT_NEVER))
		commit_sync(c->child);	/* the next one is asked for with this one counted */
	if (v->flags & VMA_WIPEONFORK)
		return 0;
	if ((v->flags & VMA_SHARED) && !(v->flags & VMA_SPECIAL))
		return 0;
	return copy_entries(c, parent, v);
}

static void copy_layout(struct aspace *c, const struct aspace *p)
{
	c->mmap_base = p->mmap_base;
	c->brk_start = p->brk_start;
	c->brk = p->brk;
	c->stack_top = p->stack_top;
	c->arg_start = p->arg_start;
	c->arg_end = p->arg_end;
	c->env_start = p->env_start;
	c->env_end = p->env_end;
	c->start_code = p->start_code;
	c->end_code = p->end_code;
	c->start_data = p->start_data;
	c->end_data = p->end_data;
	c->vdso = p->vdso;
	__builtin_memcpy(c->auxv, p->auxv, sizeof(c->auxv));
	c->nr_auxv = p->nr_auxv;
	c->dumpable = p->dumpable;
	c->thp_disabled = p->thp_disabled;
	c->mdwe = p->mdwe & MDWE_NO_INHERIT ? 0 : p->mdwe;
	c->exe = p->exe;
	if (c->exe)
		file_get(c->exe);
}

int aspace_fork(struct aspace *parent, struct aspace **out)
{
	struct copy c = { .child = aspace_create() };
	struct vma *v;
	int err = 0;

	if (!c.child)
		return -ENOMEM;
	if (rw_write_lock_killable(&parent->lock)) {
		aspace_put(c.child);
		return -EINTR;
	}
	copy_layout(c.child, parent);
	for (v = aspace_first(parent); v && !err; v = vma_next(v))
		err = copy_vma(&c, parent, v);
	if (c.wrote)
		tlb_flush_mm(&parent->mm);
	commit_sync(c.child);
	rw_write_unlock(&parent->lock);
	atomic_set(&c.child->anon_pages, c.anon);
	atomic_set(&c.child->file_pages, c.file);
	if (err) {
		aspace_put(c.child);
		return err;
	}
	*out = c.child;
	return 0;
}
