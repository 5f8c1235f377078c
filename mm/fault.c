/* SPDX-License-Identifier: MIT */
/* fault.c - resolves an access: demand zero, page cache, copy on write, stack growth, or the signal
 * it deserves.
 *
 * What an entry may be, and what moves it:
 *
 *	          read, anonymous                    write
 *	EMPTY ------------------> zero page, read-only ------> own page
 *	EMPTY -- write, anonymous --------------------------> own page
 *	EMPTY -- read or shared --> cache page -- write, private --> own copy
 *	own page, read-only (after fork) -- write --> same page when nobody shares it, else own copy
 *
 * Invariants:
 *  (1) an entry holds one reference to its page; the shared zero page is special and has none.
 *  (2) a page cache page is entered only while vmo_owns() holds, checked under the table lock: see
 *      vmo.h.
 *  (3) an anonymous page is written in place only when its single reference is this entry's.
 *  (4) an entry changes its address only through clear, TLB flush, set (Arm ARM D8.14.4,
 *      break-before-make).
 *
 * Locks: aspace.lock (read) > table lock. Pages are allocated and filled with no spinlock held,
 * then the entry is looked at again.
 * Ref: mmap(2), sigaction(2) SEGV_*, BUS_*. Tests: selftests/abi/mmap.c, selftests/abi/process.c
 */
#include <mm/aspace.h>

#include <arch/cpu.h>
#include <kernel/file.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <kernel/trap.h>
#include <mm/page.h>
#include <mm/vmo.h>
#include <mm/zap.h>

#define FAULT_AROUND 16	/* pages mapped around a file fault when they are cached */

static struct page *zero_page;

void fault_init(void)
{
	zero_page = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
	if (!zero_page)
		panic("no memory for the zero page");
	page_flag_set(zero_page, PG_ICACHE);
}

pte_t vma_pte(const struct vma *v, paddr_t pa, bool write)
{
	pte_t e = pte_user(pa, v->flags & (VMA_READ | VMA_WRITE), write && (v->flags & VMA_WRITE),
			   v->flags & VMA_EXEC);

	return unlikely(v->flags & VMA_BTI) ? pte_mkguarded(e) : e;
}

static void sync_icache(const struct vma *v, struct page *p)
{
	if (!(v->flags & VMA_EXEC) || (page_flags(p) & PG_ICACHE))
		return;
	cache_sync_code((u64)page_to_virt(p), PAGE_SIZE);
	page_flag_set(p, PG_ICACHE);
}

static struct page *anon_page(bool zeroed)
{
	struct page *p = page_alloc(0, PAGE_USER | (zeroed ? PAGE_ZEROED : 0));

	if (p)
		atomic_set(&p->flags, PG_ANON);
	return p;
}

/* Enters p at an entry that should be empty; takes over the reference. */
static void enter_new(struct vma *v, pte_t *pte, struct page *p, bool write)
{
	struct spinlock *lock = pt_lock(pte);

	sync_icache(v, p);
	spin_lock(lock);
	if (likely(pte_empty(pte_read(pte)))) {
		pte_set(pte, vma_pte(v, page_to_phys(p), write));
		count_page(v->as, p, 1);
		p = NULL;
	}
	spin_unlock(lock);
	if (unlikely(p))
		page_put(p);
}

static int anon_read(struct vma *v, pte_t *pte)
{
	struct spinlock *lock = pt_lock(pte);

	spin_lock(lock);
	if (pte_empty(pte_read(pte)))
		pte_set(pte, pte_mkspecial(vma_pte(v, page_to_phys(zero_page), false)));
	spin_unlock(lock);
	return 0;
}

static int anon_write(struct vma *v, pte_t *pte)
{
	struct page *p = anon_page(true);

	if (unlikely(!p))
		return -ENOMEM;
	enter_new(v, pte, p, true);
	return 0;
}

static bool tells_writes(const struct vmo *m)
{
	return m->ops && m->ops->mkwrite;
}

/* Shared pages of files without page_mkwrite are entered writable at once: nobody wants to know of
 * the first write. */
static bool enter_writable(const struct vma *v, bool write)
{
	return (v->flags & VMA_SHARED) && (write || !tells_writes(v->vmo));
}

/* The page lock is held until the entry is writable: the page does not become clean in between.
 * Without success p's reference is gone. */
static int lock_for_write(struct vma *v, struct page *p, u64 index)
{
	int err = vmo_lock_for_write(v->vmo, p, index);

	if (err)
		page_put(p);
	return err;
}

/* Maps what is cached around addr. All pages are counted references; those not needed go back. */
static void fault_around(struct vma *v, u64 addr, pte_t *pte)
{
	struct page *pages[FAULT_AROUND];
	u64 start = max(ALIGN_DOWN(addr, FAULT_AROUND * PAGE_SIZE), v->start);
	u64 end = min(ALIGN_DOWN(addr, FAULT_AROUND * PAGE_SIZE) + FAULT_AROUND * PAGE_SIZE,
		      v->end);
	u32 n = (u32)((end - start) >> PAGE_SHIFT), i, added = 0;
	struct spinlock *lock = pt_lock(pte);
	bool write = enter_writable(v, false);
	u64 index = vma_index(v, start);

	vmo_peek(v->vmo, index, n, pages);
	pte -= (addr - start) >> PAGE_SHIFT;
	for (i = 0; i < n; i++)
		if (pages[i])
			sync_icache(v, pages[i]);
	spin_lock(lock);
	for (i = 0; i < n; i++) {
		/* (2) */
		if (!pages[i] || !pte_empty(pte_read(&pte[i])) ||
		    !vmo_owns(v->vmo, pages[i], index + i))
			continue;
		pte_set(&pte[i], vma_pte(v, page_to_phys(pages[i]), write));
		pages[i] = NULL;
		added++;
	}
	spin_unlock(lock);
	__atomic_fetch_add(&v->as->file_pages.v, added, __ATOMIC_RELAXED);
	for (i = 0; i < n; i++)
		if (pages[i])
			page_put(pages[i]);
}

/* A page of the cache, entered as it is. */
static int file_map(struct vma *v, u64 addr, pte_t *pte, bool write)
{
	u64 index = vma_index(v, addr);
	struct spinlock *lock = pt_lock(pte);
	struct page *p;
	int err;

	if (!write) {
		fault_around(v, addr, pte);
		if (pte_present(pte_read(pte)))
			return 0;
	}
	err = vmo_page(v->vmo, index, VMO_FAULT, &p);
	if (err)
		return err;
	if (write && tells_writes(v->vmo)) {
		err = lock_for_write(v, p, index);
		if (err)
			return err > 0 ? 0 : err;
	}
	sync_icache(v, p);
	spin_lock(lock);
	if (vmo_owns(v->vmo, p, index) && pte_empty(pte_read(pte))) {	/* (2) */
		pte_set(pte, vma_pte(v, page_to_phys(p), enter_writable(v, write)));
		count_page(v->as, p, 1);
		page_get(p);		/* the entry's */
	}
	spin_unlock(lock);
	if (write && tells_writes(v->vmo))
		page_unlock(p);
	page_put(p);
	return 0;
}

/* First write to a private file mapping: straight to a copy. */
static int file_copy(struct vma *v, u64 addr, pte_t *pte)
{
	struct page *src, *p;
	int err = vmo_page(v->vmo, vma_index(v, addr), VMO_FAULT, &src);

	if (err)
		return err;
	p = anon_page(false);
	if (p)
		page_copy(page_to_virt(p), page_to_virt(src));
	page_put(src);
	if (!p)
		return -ENOMEM;
	enter_new(v, pte, p, true);
	return 0;
}

/* Replaces a read-only entry by a writable copy of its page. */
static int cow_copy(struct vma *v, u64 addr, pte_t *pte, pte_t old)
{
	struct spinlock *lock = pt_lock(pte);
	bool zero = pte_special(old);
	struct page *p, *src = zero ? NULL : phys_to_page(pte_pa(old)), *gone = NULL;

	p = anon_page(zero);
	if (!p) {
		if (src)
			page_put(src);
		return -ENOMEM;
	}
	if (src)
		page_copy(page_to_virt(p), page_to_virt(src));
	sync_icache(v, p);
	spin_lock(lock);
	if (pte_read(pte).v == old.v) {
		zap_entry(v->as, pte, &gone);			/* (4) */
		tlb_flush_page(&v->as->mm, addr);
		pte_set(pte, vma_pte(v, page_to_phys(p), true));
		count_page(v->as, p, 1);
		p = NULL;
	}
	spin_unlock(lock);
	if (gone)
		page_put(gone);
	if (src)
		page_put(src);
	if (p)
		page_put(p);
	return 0;
}

/* A write to a present read-only entry of a private mapping. */
static int cow_break(struct vma *v, u64 addr, pte_t *pte)
{
	struct spinlock *lock = pt_lock(pte);
	struct page *p = NULL;
	pte_t old;

	spin_lock(lock);
	old = pte_read(pte);
	if (!pte_present(old) || pte_writable(old)) {
		spin_unlock(lock);
		return 0;
	}
	if (!pte_special(old)) {
		p = phys_to_page(pte_pa(old));
		if ((page_flags(p) & PG_ANON) && atomic_read_acquire(&p->refs) == 1) {	/* (3) */
			pte_set(pte, vma_pte(v, pte_pa(old), true));
			tlb_flush_page(&v->as->mm, addr);
			spin_unlock(lock);
			return 0;
		}
		page_get(p);
	}
	spin_unlock(lock);
	return cow_copy(v, addr, pte, old);
}

/* A write to a present read-only entry of a shared mapping: the file wants to know first. */
static int shared_mkwrite(struct vma *v, u64 addr, pte_t *pte)
{
	u64 index = vma_index(v, addr);
	struct spinlock *lock = pt_lock(pte);
	struct page *p;
	pte_t old;
	int err = vmo_page(v->vmo, index, VMO_FAULT, &p);

	if (err)
		return err;
	if (tells_writes(v->vmo)) {
		err = lock_for_write(v, p, index);
		if (err)
			return err > 0 ? 0 : err;
	}
	spin_lock(lock);
	old = pte_read(pte);
	if (pte_present(old) && pte_pa(old) == page_to_phys(p) && vmo_owns(v->vmo, p, index)) {
		pte_set(pte, vma_pte(v, pte_pa(old), true));
		tlb_flush_page(&v->as->mm, addr);
	}
	spin_unlock(lock);
	if (tells_writes(v->vmo))
		page_unlock(p);
	page_put(p);
	return 0;
}

/* An old entry was touched: no TLB holds it. */
static pte_t touch(pte_t *pte)
{
	struct spinlock *lock = pt_lock(pte);
	pte_t e;

	spin_lock(lock);
	e = pte_read(pte);
	if (pte_present(e))
		pte_set(pte, pte_mkyoung(e));
	spin_unlock(lock);
	return e;
}

static int resolve(struct vma *v, u64 addr, bool write)
{
	pte_t *pte = pt_lookup_alloc(&v->as->mm, addr), old;

	if (unlikely(!pte))
		return -ENOMEM;
	old = pte_read(pte);
	if (unlikely(pte_present(old) && !pte_young(old)))
		old = touch(pte);
	if (pte_present(old)) {
		if (!write || pte_writable(old))
			return 0;	/* somebody else was faster */
		return v->flags & VMA_SHARED ? shared_mkwrite(v, addr, pte)
					     : cow_break(v, addr, pte);
	}
	if (v->flags & VMA_SPECIAL)
		return -ENXIO;
	if (!v->vmo)
		return write ? anon_write(v, pte) : anon_read(v, pte);
	if (write && !(v->flags & VMA_SHARED))
		return file_copy(v, addr, pte);
	return file_map(v, addr, pte, write);
}

/* Without EPAN the hardware lets a program read what it may execute or write: as Linux, so do
 * we. */
static bool access_allowed(const struct vma *v, u32 flags)
{
	if (flags & FAULT_WRITE)
		return v->flags & VMA_WRITE;
	if (flags & FAULT_EXEC)
		return v->flags & VMA_EXEC;
	return v->flags & (VMA_READ | VMA_WRITE | VMA_EXEC);
}

int aspace_fault(struct aspace *as, u64 addr, u32 flags, int *sig, int *code)
{
	struct vma *v;
	int err;

	*sig = SIGSEGV;
	*code = SEGV_MAPERR;
	addr &= PAGE_MASK;
	rw_read_lock(&as->lock);
	v = aspace_find(as, addr);
	if (unlikely(!v || v->start > addr)) {
		bool growable = v && (v->flags & VMA_GROWSDOWN);

		rw_read_unlock(&as->lock);
		return growable ? aspace_grow_stack(as, addr) : -EFAULT;
	}
	if (unlikely(!access_allowed(v, flags))) {
		*code = SEGV_ACCERR;
		err = -EFAULT;
	} else {
		err = resolve(v, addr, flags & FAULT_WRITE);
		if (unlikely(err && err != -ENOMEM)) {
			*sig = SIGBUS;
			*code = BUS_ADRERR;
		}
	}
	rw_read_unlock(&as->lock);
	current()->min_flt++;
	/* No memory: either this thread is being killed, or trying again will find some. */
	return err == -ENOMEM ? 0 : err;
}

/* ---- access on behalf of others ---- */

/* The page at addr with a reference, faulted in. */
static int get_page(struct aspace *as, u64 addr, bool write, struct page **out)
{
	int sig, code, err, tries;

	for (tries = 0; tries < 8; tries++) {
		pte_t *pte = pt_lookup(&as->mm, addr), e;

		*out = NULL;
		if (pte) {
			spin_lock(pt_lock(pte));
			e = pte_read(pte);
			if (pte_valid(e) && (!write || pte_writable(e))) {
				*out = pte_special(e) ? zero_page : phys_to_page(pte_pa(e));
				page_get(*out);
			}
			spin_unlock(pt_lock(pte));
		}
		if (*out)
			return 0;
		err = aspace_fault(as, addr, write ? FAULT_WRITE : 0, &sig, &code);
		if (err)
			return err;
	}
	return -EFAULT;
}

/* May forced access do that to v? A write stays private: the entry is as read-only as the vma. */
static bool force_allowed(const struct vma *v, bool write)
{
	if (v->flags & VMA_SPECIAL)
		return false;
	if (!write)
		return v->flags & VMA_MAY_READ;
	return (v->flags & VMA_WRITE) || (v->flags & (VMA_SHARED | VMA_MAY_WRITE)) == VMA_MAY_WRITE;
}

static struct page *take_forced(pte_t *pte, bool write)
{
	struct page *p = NULL;
	pte_t e;

	spin_lock(pt_lock(pte));
	e = pte_read(pte);
	if (pte_present(e) && !(write && pte_special(e))) {
		p = pte_special(e) ? zero_page : phys_to_page(pte_pa(e));
		if (write && !pte_writable(e) &&
		    !((page_flags(p) & PG_ANON) && atomic_read(&p->refs) == 1))
			p = NULL;
		else
			page_get(p);
	}
	spin_unlock(pt_lock(pte));
	return p;
}

/* As get_page(), for ACCESS_FORCE. */
static int get_forced(struct aspace *as, u64 addr, bool write, struct page **out)
{
	struct vma *v;
	int err = -EFAULT;

	*out = NULL;
	rw_read_lock(&as->lock);
	v = aspace_find(as, addr);
	if (v && v->start <= addr && force_allowed(v, write))
		err = 0;
	for (u32 tries = 0; !err && !*out && tries < 8; tries++) {
		pte_t *pte = pt_lookup_alloc(&as->mm, addr);

		err = pte ? resolve(v, addr & PAGE_MASK, write) : -ENOMEM;
		if (!err)
			*out = take_forced(pte, write);
	}
	rw_read_unlock(&as->lock);
	return *out ? 0 : -EFAULT;
}

ssize_t aspace_access(struct aspace *as, u64 addr, void *buf, usize n, u32 how)
{
	bool write = how & ACCESS_WRITE;
	usize done = 0;

	while (done < n) {
		u64 at = addr + done, off = at & ~PAGE_MASK;
		usize part = min(n - done, PAGE_SIZE - off);
		struct page *p;
		u8 *mem;

		if (at >= TASK_SIZE || (how & ACCESS_FORCE ? get_forced(as, at, write, &p)
							   : get_page(as, at, write, &p)))
			break;
		mem = (u8 *)page_to_virt(p) + off;
		__builtin_memcpy(write ? mem : (u8 *)buf + done, write ? (u8 *)buf + done : mem,
				 part);
		if (write)
			page_flag_clear(p, PG_ICACHE);
		if (write && (how & ACCESS_FORCE))
			cache_sync_code((u64)mem, part);	/* it may be mapped already */
		page_put(p);
		done += part;
	}
	return done ? (ssize_t)done : -EIO;
}

ssize_t aspace_pin(struct aspace *as, u64 addr, u32 n, bool write, struct page **out)
{
	u32 i;

	for (i = 0; i < n; i++) {
		u64 at = addr + ((u64)i << PAGE_SHIFT);
		int err = at < TASK_SIZE ? get_page(as, at, write, &out[i]) : -EFAULT;

		if (err)
			return i ? (ssize_t)i : err;
	}
	return n;
}

int aspace_futex_key(struct aspace *as, u64 addr, struct vmo **vmo, u64 *index)
{
	struct vma *v;
	int err = -EFAULT;

	rw_read_lock(&as->lock);
	v = aspace_find(as, addr);
	if (v && v->start <= addr) {
		err = -ENOENT;
		if (v->vmo && (v->flags & VMA_SHARED)) {
			*vmo = v->vmo;
			*index = vma_index(v, addr);
			vmo_get(*vmo);
			err = 0;
		}
	}
	rw_read_unlock(&as->lock);
	return err;
}
