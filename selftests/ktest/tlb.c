/* SPDX-License-Identifier: MIT */
/* tlb.c - a changed mapping is seen by every CPU once the flush returned; ASIDs run out and nobody
 * reads another's memory. */
#include <kernel/ktest.h>

#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/spinlock.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/page.h>
#include <mm/slab.h>

#define AT	 0x10000000ul
#define VERSIONS 500
#define MAX_THREADS 8

static void use(struct aspace *as)
{
	irqflags_t irq = irq_save();

	current()->as = as;
	arch_mm_switch(as ? &as->mm : NULL);
	irq_restore(irq);
}

static struct aspace *with_page_room(void)
{
	struct aspace *as = aspace_create();

	if (as && aspace_mmap(as, AT, PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0, 0) < 0)
		return NULL;
	return as;
}

/* One entry of as goes from page to page; the word in each page is its version. */
static struct aspace *shared;
static u32 version, done, nr_readers;
static struct { u64 reads, versions; } seen[MAX_THREADS];

static bool all_saw_some(void)
{
	for (u32 i = 1; i <= nr_readers; i++)
		if (READ_ONCE(seen[i].versions) < 2)
			return false;
	return true;
}

static void change(void)
{
	pte_t *pte = pt_lookup_alloc(&shared->mm, AT);
	struct page *old = NULL, *p;

	for (u32 n = 1; n <= VERSIONS || !all_saw_some(); n++) {
		p = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
		*(u32 *)page_to_virt(p) = n;
		spin_lock(pt_lock(pte));
		pte_set(pte, (pte_t){ 0 });
		tlb_flush_page(&shared->mm, AT);
		pte_set(pte, pte_user(page_to_phys(p), true, false, false));
		spin_unlock(pt_lock(pte));
		smp_store_release(&version, n);
		if (old)
			page_put(old);
		old = p;
		if (n % 8 == 0)
			schedule();
	}
	spin_lock(pt_lock(pte));
	pte_set(pte, (pte_t){ 0 });
	tlb_flush_page(&shared->mm, AT);
	spin_unlock(pt_lock(pte));
	page_put(old);
	WRITE_ONCE(done, 1);
}

static void change_or_read(u64 i)
{
	u32 least, got, last = 0;

	if (i == 0) {
		change();
		return;
	}
	use(shared);
	current_head()->fault_disabled++;	/* between two pages there is none */
	while (!READ_ONCE(done)) {
		least = smp_load_acquire(&version);
		if (!uaccess_get_u32(&got, UADDR(AT))) {
			if (got < least)
				FAIL("CPU %u reads version %u, %u is mapped", this_cpu_id(), got,
				     least);
			seen[i].versions += got != last;
			last = got;
			seen[i].reads++;
		}
		if (seen[i].reads % 16 == 0)
			schedule();
	}
	current_head()->fault_disabled--;
	use(NULL);
}

TEST(a_changed_mapping_is_seen_on_every_cpu)
{
	shared = with_page_room();
	ASSERT_TRUE(shared);
	version = done = 0;
	nr_readers = min(nr_cpus, (u32)MAX_THREADS - 1);
	ktest_in_threads(nr_readers + 1, change_or_read);
	aspace_put(shared);
}

/* Each thread has an address space whose page holds its number; they throw their ASIDs away until
 * several generations are over. */
#define ROUNDS 40000
/* the ASID that this CPU runs under just now; 0: it is changing */
static u64 running[MAX_CPUS];

static void run_out(u64 i)
{
	struct aspace *as = with_page_room();
	u32 got;

	ASSERT_TRUE(as);
	use(as);
	EXPECT_EQ(0, uaccess_put_u32(UADDR(AT), (u32)i + 1));
	for (u32 n = 0; n < ROUNDS; n++) {
		irqflags_t irq = irq_save();
		u32 me = this_cpu_id(), c;
		u64 asid;

		/* as a new address space would come: its old number is not used again */
		atomic_set(&as->mm.asid, 0);
		__atomic_store_n(&running[me], 0, __ATOMIC_SEQ_CST);
		arch_mm_switch(&as->mm);
		asid = atomic_read(&as->mm.asid) & 0xffff;
		__atomic_store_n(&running[me], asid, __ATOMIC_SEQ_CST);
		EXPECT_TRUE(asid != 0);
		for_each_cpu(c)
			if (c != me && __atomic_load_n(&running[c], __ATOMIC_SEQ_CST) == asid)
				FAIL("CPU %u and %u run under ASID %lu", me, c, asid);
		if (uaccess_get_u32(&got, UADDR(AT)) || got != i + 1)
			FAIL("thread %lu reads %u", i, got);
		__atomic_store_n(&running[me], 0, __ATOMIC_SEQ_CST);
		irq_restore(irq);
		if (n % 64 == 0)
			schedule();
	}
	use(NULL);
	aspace_put(as);
}

TEST(asids_run_out_and_begin_anew)
{
	ktest_in_threads(4, run_out);		/* 160000 of at most 65535 */
}

#ifdef CONFIG_DEBUG_TLB
static struct page *mapped_page(struct aspace **as, pte_t **pte)
{
	struct page *p = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);

	*as = with_page_room();
	*pte = *as ? pt_lookup_alloc(&(*as)->mm, AT) : NULL;
	if (p && *pte)
		pte_set(*pte, pte_user(page_to_phys(p), true, false, false));
	return p;
}

TEST_DIES(a_page_freed_before_its_flush, "page")
{
	struct aspace *as;
	pte_t *pte;
	struct page *p = mapped_page(&as, &pte);

	pte_set(pte, (pte_t){ 0 });
	page_put(p);
}

TEST_DIES(an_entry_made_before_it_was_broken, "entry")
{
	struct aspace *as;
	pte_t *pte;
	struct page *p = mapped_page(&as, &pte);

	pte_set(pte, pte_user(page_to_phys(p) + PAGE_SIZE, true, false, false));
}
#endif
