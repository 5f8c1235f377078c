/* SPDX-License-Identifier: MIT */
/* mmap.c - new mappings: mmap, brk, a growing stack.
 *
 * A plan is made first (what may be mapped, how, within which limits, where) and committed then: as
 * a vma of its own, or by growing a neighbour.
 * Locks: aspace.lock [RANK_ASPACE] for writing from the limits to the commit; the object is asked
 * before. Ref: mmap(2), brk(2), getrlimit(2). Tests: selftests/abi/mmap.c, selftests/abi/cpu.c
 */
#include <mm/aspace.h>

#include <arch/cpu.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/object.h>
#include <kernel/printk.h>
#include <kernel/rights.h>
#include <kernel/task.h>
#include <kernel/trap.h>
#include "aspace_int.h"
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define STACK_GUARD_BYTES (256 * PAGE_SIZE)	/* Linux: stack_guard_gap */
#define MMAP_MIN_ADDR	  65536ul		/* Debian: vm.mmap_min_addr */

struct map_plan {
	u64 addr, len, pgoff;
	u32 prot, flags, vma_flags;
	struct vmo *vmo;
	const char *name;
	struct file *file;
};

u32 prot_to_vma(u32 prot)
{
	return (prot & PROT_READ ? VMA_READ : 0) | (prot & PROT_WRITE ? VMA_WRITE : 0) |
	       (prot & PROT_EXEC ? VMA_EXEC : 0) |
	       ((prot & PROT_BTI) && cpu_has(CPU_BTI) ? VMA_BTI : 0);
}

static bool lacks(u32 rights, u32 need)
{
	return unlikely(need & ~rights) && rights_deny(need & ~rights);
}

/* What the file's mode and the slot's rights allow, now and for mprotect later. */
static int file_permissions(struct map_plan *m, u32 rights)
{
	struct file *f = m->file;
	bool shared = m->vma_flags & VMA_SHARED;

	if (!(f->mode & FMODE_READ) || lacks(rights, RIGHT_MAP_READ))
		return -EACCES;
	if (shared && (m->prot & PROT_WRITE) &&
	    (!(f->mode & FMODE_WRITE) || lacks(rights, RIGHT_MAP_WRITE)))
		return -EACCES;
	if ((m->prot & PROT_EXEC) && lacks(rights, RIGHT_MAP_EXEC))
		return -EACCES;
	m->vma_flags |= VMA_MAY_READ | VMA_MAY_WRITE | VMA_MAY_EXEC;
	if (shared && (!(f->mode & FMODE_WRITE) || !(rights & RIGHT_MAP_WRITE)))
		m->vma_flags &= ~VMA_MAY_WRITE;
	if (!(rights & RIGHT_MAP_EXEC))
		m->vma_flags &= ~VMA_MAY_EXEC;
	return 0;
}

static int plan_file(struct map_plan *m, u32 rights)
{
	struct vm_request req = { .len = m->len, .pgoff = m->pgoff };
	int err = file_permissions(m, rights);

	if (err)
		return err;
	if (!m->file->obj->ops->mmap)
		return -ENODEV;
	req.flags = m->vma_flags;
	err = m->file->obj->ops->mmap(m->file, &req);
	if (err)
		return err;
	m->vma_flags = req.flags;
	m->vmo = req.vmo;
	m->name = req.name;
	return 0;
}

static int plan_flags(struct map_plan *m)
{
	u32 type = m->flags & MAP_TYPE;
	const u32 known = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN |
			  MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE |
			  MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |
			  MAP_FIXED_NOREPLACE;

	m->vma_flags = prot_to_vma(m->prot);
	if (type == MAP_SHARED_VALIDATE && m->file && (m->flags & ~(known | MAP_SHARED_VALIDATE)))
		return -EOPNOTSUPP;
	if (type == MAP_SHARED || (type == MAP_SHARED_VALIDATE && m->file))
		m->vma_flags |= VMA_SHARED;
	else if (type != MAP_PRIVATE)
		return -EINVAL;
	if ((m->flags & MAP_HUGETLB) && !m->file)
		return -ENOMEM;		/* no pool of huge pages, as on a stock system */
	if ((m->flags & MAP_NORESERVE) && READ_ONCE(overcommit_mode) != OVERCOMMIT_NEVER)
		m->vma_flags |= VMA_NORESERVE;
	if (m->flags & MAP_GROWSDOWN) {
		if (m->file || (m->vma_flags & VMA_SHARED))
			return -EINVAL;
		m->vma_flags |= VMA_GROWSDOWN;
	}
	if (!m->file)
		m->vma_flags |= VMA_MAY_READ | VMA_MAY_WRITE | VMA_MAY_EXEC;
	return 0;
}

/* Private memory that may be written is promised. */
static void plan_account(struct map_plan *m)
{
	if ((m->vma_flags & (VMA_NORESERVE | VMA_SHARED | VMA_WRITE)) == VMA_WRITE)
		m->vma_flags |= VMA_ACCOUNT;
}

static int plan_limits(struct aspace *as, const struct map_plan *m)
{
	u64 limit = rlimit(RLIMIT_AS);

	if (as->nr_vmas > MAX_MAP_COUNT)
		return -ENOMEM;
	if (limit != RLIM_INFINITY && (as->total_bytes > limit || m->len > limit - as->total_bytes))
		return -ENOMEM;
	if (!m->file && (m->vma_flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE) {
		limit = rlimit(RLIMIT_DATA);
		if (limit != RLIM_INFINITY && as->data_bytes + m->len > limit)
			return -ENOMEM;
	}
	if (m->vma_flags & VMA_LOCKED) {
		limit = rlimit(RLIMIT_MEMLOCK);
		if (as->locked_bytes + m->len > limit && !capable(CAP_IPC_LOCK))
			return -EAGAIN;
	}
	return 0;
}

u64 aspace_find_room(struct aspace *as, u64 hint, u64 len)
{
	u64 at;

	hint = ALIGN_UP(hint, PAGE_SIZE);
	if (hint && hint < MMAP_MIN_ADDR)
		hint = MMAP_MIN_ADDR;
	if (hint && hint <= TASK_SIZE - len && vma_range_free(&as->vmas, hint, hint + len))
		return hint;
	at = vma_find_gap(&as->vmas, len, MMAP_MIN_ADDR, as->mmap_base);
	if (!at)	/* the area below is full: the rest of the space, as Linux falls back */
		at = vma_find_gap_up(&as->vmas, len, max(MMAP_MIN_ADDR, as->mmap_base), TASK_SIZE);
	return at;
}

static int plan_place(struct aspace *as, struct map_plan *m)
{
	if (!(m->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		m->addr = aspace_find_room(as, m->addr, m->len);
		return m->addr ? 0 : -ENOMEM;
	}
	if (m->addr & ~PAGE_MASK)
		return -EINVAL;
	if (m->addr > TASK_SIZE - m->len)
		return -ENOMEM;
	if (m->addr < MMAP_MIN_ADDR && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	if ((m->flags & MAP_FIXED_NOREPLACE) &&
	    !vma_range_free(&as->vmas, m->addr, m->addr + m->len))
		return -EEXIST;
	return aspace_unmap_locked(as, m->addr, m->addr + m->len);
}

/* Grows a neighbour instead of making a vma; private anonymous memory only. */
static bool extend_neighbour(struct aspace *as, const struct map_plan *m)
{
	struct vma probe = { .start = m->addr,
			     .end = m->addr + m->len,
			     .flags = m->vma_flags,
			     .pgoff = m->addr >> PAGE_SHIFT };
	struct vma *next = vma_find(&as->vmas, m->addr);
	struct vma *prev = next ? vma_prev(next)
				: rb_entry_or_null(rb_last(&as->vmas), struct vma, node);

	if (m->vmo)
		return false;
	if (prev && vma_can_merge(prev, &probe)) {
		vma_set_extent(prev, prev->start, probe.end);
		vma_try_merge(prev);
		return true;
	}
	if (next && vma_can_merge(&probe, next)) {
		vma_set_extent(next, probe.start, next->end);
		return true;
	}
	return false;
}

static int plan_commit(struct aspace *as, struct map_plan *m)
{
	struct vma *v;

	if (extend_neighbour(as, m))
		return 0;
	v = vma_create(as, m->addr, m->addr + m->len, m->vma_flags);
	if (!v)
		return -ENOMEM;
	v->name = m->name;
	if (m->vmo) {
		v->vmo = m->vmo;
		m->vmo = NULL;
		v->pgoff = m->pgoff;
	}
	if (m->file) {
		v->file = m->file;
		file_get(v->file);
	}
	aspace_attach(as, v);
	return 0;
}

/* Touches pages for mlock, MAP_POPULATE and MAP_LOCKED; private memory that may be written as if it
 * were. -ENOMEM: not all can be had. */
int aspace_populate(struct aspace *as, u64 addr, u64 end)
{
	while (addr < end) {
		u64 stop;
		u32 flags;
		int sig, code;
		struct vma *v;

		rw_read_lock(&as->lock);
		v = aspace_find(as, addr);
		stop = v && v->start < end ? min(v->end, end) : end;
		addr = v ? max(addr, v->start) : end;
		flags = v && (v->flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE ? FAULT_WRITE : 0;
		rw_read_unlock(&as->lock);
		for (; addr < stop; addr += PAGE_SIZE) {
			if (signal_pending_fatal(current()))
				return -EINTR;
			if (aspace_fault(as, addr, flags, &sig, &code))
				return -ENOMEM;
		}
	}
	return 0;
}

long aspace_mmap(struct aspace *as, u64 addr, u64 len, u32 prot, u32 flags, struct file *file,
		 u32 rights, u64 pgoff)
{
	struct map_plan m = {
		.addr = addr, .pgoff = pgoff, .prot = prot, .flags = flags, .file = file
	};
	u64 end_off;
	int err;

	if (len == 0)
		return -EINVAL;
	if (len > TASK_SIZE)
		return -ENOMEM;
	m.len = ALIGN_UP(len, PAGE_SIZE);
	if (add_of(pgoff, m.len >> PAGE_SHIFT, &end_off) || end_off > (U64_MAX >> PAGE_SHIFT))
		return -EOVERFLOW;
	err = plan_flags(&m);
	if (!err && (flags & MAP_LOCKED) && rlimit(RLIMIT_MEMLOCK) == 0 && !capable(CAP_IPC_LOCK))
		err = -EPERM;
	if (!err && file)
		err = plan_file(&m, rights);
	if (err)
		return err;
	if (!file && (m.vma_flags & VMA_SHARED)) {
		m.pgoff = 0;
		m.vmo = vmo_create(NULL, NULL, m.len, VMO_SHMEM);
		if (!m.vmo)
			return -ENOMEM;
		if (!(m.vma_flags & VMA_NORESERVE) && vmo_commit(m.vmo, m.len)) {
			vmo_put(m.vmo);
			return -ENOMEM;
		}
	}
	err = rw_write_lock_killable(&as->lock);
	if (err) {
		err = -EINTR;
		goto out;
	}
	m.vma_flags |= as->def_flags | (flags & MAP_LOCKED ? VMA_LOCKED : 0);
	plan_account(&m);
	err = plan_limits(as, &m);
	if (!err)
		err = plan_place(as, &m);
	if (!err && (m.vma_flags & VMA_ACCOUNT) && !commit_room(as, m.len))
		err = -ENOMEM;
	if (!err)
		err = plan_commit(as, &m);
	commit_sync(as);
	rw_write_unlock(&as->lock);
	if (!err && ((flags & MAP_POPULATE) ||
		     ((m.vma_flags & (VMA_LOCKED | VMA_LOCKONFAULT)) == VMA_LOCKED)))
		/* failure is not reported, as on Linux */
		(void)!aspace_populate(as, m.addr, m.addr + m.len);
out:
	if (m.vmo)
		vmo_put(m.vmo);
	return err ? err : (long)m.addr;
}

int aspace_map_special(struct aspace *as, u64 addr, u64 len, u32 flags, const char *name,
		       struct page **pages)
{
	struct vma *v = vma_create(as, addr, addr + len, flags | VMA_SPECIAL);
	u64 i;

	if (!v)
		return -ENOMEM;
	v->name = name;
	rw_write_lock(&as->lock);
	aspace_attach(as, v);
	rw_write_unlock(&as->lock);
	for (i = 0; i < len >> PAGE_SHIFT; i++) {
		pte_t *pte = pt_lookup_alloc(&as->mm, addr + (i << PAGE_SHIFT));

		if (!pte)
			return -ENOMEM;
		spin_lock(pt_lock(pte));
		pte_set(pte, pte_mkspecial(vma_pte(v, page_to_phys(pages[i]), false)));
		spin_unlock(pt_lock(pte));
	}
	return 0;
}

/* ---- brk, stack ---- */

u64 aspace_brk(struct aspace *as, u64 brk)
{
	u64 old_end, new_end, limit = rlimit(RLIMIT_DATA), now;
	struct map_plan m = { .flags = MAP_PRIVATE | MAP_ANONYMOUS };
	int err = 0;

	rw_write_lock(&as->lock);
	now = as->brk;
	if (brk < as->brk_start || brk > TASK_SIZE)
		goto out;
	if (limit != RLIM_INFINITY && brk - as->brk_start + (as->end_data - as->start_data) > limit)
		goto out;
	old_end = ALIGN_UP(now, PAGE_SIZE);
	new_end = ALIGN_UP(brk, PAGE_SIZE);
	if (new_end < old_end)
		err = aspace_unmap_locked(as, new_end, old_end);
	if (new_end > old_end) {
		m.addr = old_end;
		m.len = new_end - old_end;
		m.vma_flags = VMA_READ | VMA_WRITE | VMA_MAY_READ | VMA_MAY_WRITE | VMA_MAY_EXEC |
			      VMA_HEAP | VMA_ACCOUNT | as->def_flags;
		err = vma_range_free(&as->vmas, old_end, new_end + PAGE_SIZE) ? plan_limits(as, &m)
									      : -ENOMEM;
		if (!err && !commit_room(as, m.len))
			err = -ENOMEM;
		if (!err)
			err = plan_commit(as, &m);
	}
	commit_sync(as);
	if (!err) {
		as->brk = brk;
		now = brk;
	}
out:
	rw_write_unlock(&as->lock);
	return now;
}

int aspace_grow_stack(struct aspace *as, u64 addr)
{
	struct vma *v, *prev;
	u64 limit = rlimit(RLIMIT_STACK);
	int err = -EFAULT;

	rw_write_lock(&as->lock);
	v = vma_find(&as->vmas, addr);
	if (!v || (v->start > addr && !(v->flags & VMA_GROWSDOWN)))
		goto out;
	err = 0;
	if (v->start <= addr)
		goto out;
	err = -EFAULT;
	prev = vma_prev(v);
	if (v->end - addr > limit || addr < MMAP_MIN_ADDR)
		goto out;
	if (prev && !(prev->flags & VMA_GROWSDOWN) &&
	    addr - min(addr, prev->end) < STACK_GUARD_BYTES && (prev->flags & 7))
		goto out;
	if (rlimit(RLIMIT_AS) != RLIM_INFINITY &&
	    as->total_bytes + (v->start - addr) > rlimit(RLIMIT_AS))
		goto out;
	if ((v->flags & VMA_ACCOUNT) && !commit_room(as, v->start - addr))
		goto out;
	vma_set_extent(v, addr, v->end);
	commit_sync(as);
	err = 0;
out:
	rw_write_unlock(&as->lock);
	return err;
}
