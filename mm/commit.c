/* SPDX-License-Identifier: MIT */
/* commit.c - memory that programs were promised and may not have touched yet: counted always,
 * refused by vm.overcommit_memory.
 *
 * What counts: private mappings that are or were writable (VMA_ACCOUNT; MAP_NORESERVE exempts),
 * stacks, shared anonymous and System V memory whole, and pages of tmpfs as they come. An address
 * space sums up its own in commit_bytes and tells the CPU's count once a call (commit_sync()): no
 * line is shared, faults touch nothing, and what was told is what its end takes back.
 *
 * Committed_AS is the sum over the CPUs of MEM_COMMIT plus MEM_SHMEM: a vmo that was promised whole
 * has its pages taken out of the former as they come to the latter. Two CPUs that ask at once may
 * both be given the last of it, as with Linux's batches.
 *
 * Locks: none; commit_bytes under aspace.lock. Ref: Linux
 * Documentation/mm/overcommit-accounting.rst, admin-guide/sysctl/vm.rst.
 * Tests: selftests/abi/overcommit.c
 */
#include <mm/commit.h>

#include <kernel/cred.h>
#include <mm/aspace.h>
#include <mm/page.h>
#include <mm/vmo.h>

u32 overcommit_mode, overcommit_ratio = 50;
u64 overcommit_kbytes, admin_reserve_kbytes, user_reserve_kbytes;

void commit_init(void)
{
	u64 free_kb = page_nr_free() << 2;

	admin_reserve_kbytes = min(free_kb / 32, 8ul << 10);
	user_reserve_kbytes = min(free_kb / 32, 128ul << 10);
}

u64 commit_limit(void)
{
	u64 kb = READ_ONCE(overcommit_kbytes);
	struct mem_stats m;

	if (kb)
		return kb >> 2;
	mem_stats_get(&m);
	return m.total * READ_ONCE(overcommit_ratio) / 100;
}

u64 committed_pages(void)
{
	return mem_committed();
}

static bool room_below_limit(const struct aspace *as, u64 pages)
{
	u64 limit = commit_limit(), keep = 0;

	if (!capable(CAP_SYS_ADMIN))
		keep = READ_ONCE(admin_reserve_kbytes) >> 2;
	if (as)
		keep += min((as->total_bytes >> PAGE_SHIFT) / 32,
			    READ_ONCE(user_reserve_kbytes) >> 2);
	return keep < limit && committed_pages() + pages < limit - keep;
}

bool commit_room(const struct aspace *as, u64 bytes)
{
	u64 pages = bytes >> PAGE_SHIFT;

	switch (READ_ONCE(overcommit_mode)) {
	case OVERCOMMIT_ALWAYS:
		return true;
	case OVERCOMMIT_GUESS:
		return pages <= mem_total();
	}
	return room_below_limit(as, pages);
}

void commit_sync(struct aspace *as)
{
	u64 now = as->commit_bytes;

	if (now == as->commit_told)
		return;
	mem_count(MEM_COMMIT, (s64)(now - as->commit_told) >> PAGE_SHIFT);
	as->commit_told = now;
}

int vmo_commit(struct vmo *v, u64 bytes)
{
	u64 pages = DIV_ROUND_UP(bytes, PAGE_SIZE);

	if (!commit_room(NULL, pages << PAGE_SHIFT))
		return -ENOMEM;
	v->commit_pages = pages;
	mem_count(MEM_COMMIT, (s64)pages);
	return 0;
}
