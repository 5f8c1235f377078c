/* SPDX-License-Identifier: MIT */
/* aspace.h - an address space: mmap and its family, faults, fork. */
#pragma once

#include <arch/mmu.h>
#include <kernel/mutex.h>
#include <mm/vma.h>

struct budget;
struct object_ops;

#define AUXV_WORDS 42	/* 21 pairs: exec_load.c */

/* Locks: a  aspace.lock (RANK_ASPACE; faults read, mmap and friends write)   t  atomic   I
 * immutable after exec */
struct aspace {
	struct arch_mm mm;
	atomic_t refs;			/* [t] users: threads, /proc readers */
	struct rwlock lock;
	struct rb_tree vmas;		/* [a] by start, augmented with max_gap */
	struct vma *cache;		/* last vma found; a hint, under lock */
	u32 nr_vmas;			/* [a] limit: MAX_MAP_COUNT */
	u64 total_bytes, locked_bytes, data_bytes, stack_bytes; /* [a] for rlimits and /proc */
	/* [a] promised; what the global count knows of it: mm/commit.c */
	u64 commit_bytes, commit_told;
	atomic64_t anon_pages, file_pages, shmem_pages;	/* [t] resident */
	atomic64_t peak_rss;		/* [t] as of when pages last went */
	u64 mmap_base;			/* [I] top of the mmap area */
	u64 brk_start, brk;		/* [a] */
	u64 stack_top;			/* [I] */
	u64 arg_start, arg_end, env_start, env_end;	/* [I] /proc/PID/cmdline, environ */
	u64 start_code, end_code, start_data, end_data;
	u64 vdso;			/* [I] base of the vDSO */
	u64 auxv[AUXV_WORDS];			/* [I] /proc/PID/auxv */
	u32 nr_auxv;
	struct file *exe;		/* [a] */
	u32 def_flags;			/* mlockall(MCL_FUTURE) */
	u32 membarrier_ready;		/* membarrier(2) registrations */
	bool dumpable;
	u16 coredump_filter;		/* kept, told, inherited: no core is ever written */
	bool thp_disabled;		/* PR_SET_THP_DISABLE: kept, told */
	u8 mdwe;			/* PR_SET_MDWE: MDWE_* */
};

#define MDWE_REFUSE_EXEC_GAIN 1u	/* nothing writable becomes executable */
#define MDWE_NO_INHERIT	      2u

#define COREDUMP_FILTER	     0x33u	/* as core(5) begins */
#define COREDUMP_FILTER_MASK 0x1ffu

#define MAX_MAP_COUNT 65530

struct aspace *aspace_create(void);				/* NULL: no memory */
static inline void aspace_get(struct aspace *as) { ref_get(&as->refs); }
/* the last unmaps everything; may sleep */
void aspace_put(struct aspace *as);
int __must_check aspace_fork(struct aspace *parent, struct aspace **out);

/* mmap(2). file may be NULL (anonymous). prot PROT_*, flags MAP_*. The address, or -errno as mmap
 * gives. rights: the slot's. */
long aspace_mmap(struct aspace *as, u64 addr, u64 len, u32 prot, u32 flags, struct file *file,
		 u32 rights, u64 pgoff);
int __must_check aspace_munmap(struct aspace *as, u64 addr, u64 len);
/* What is left of a mapping of one such object that began at addr (shmdt). -EINVAL: there is
 * none. */
int __must_check aspace_unmap_object(struct aspace *as, u64 addr, const struct object_ops *ops);
int __must_check aspace_mprotect(struct aspace *as, u64 addr, u64 len, u32 prot);
long aspace_mremap(struct aspace *as, u64 addr, u64 old_len, u64 new_len, u32 flags, u64 new_addr);
int __must_check aspace_madvise(struct aspace *as, u64 addr, u64 len, int advice);
int __must_check aspace_msync(struct aspace *as, u64 addr, u64 len, u32 flags);
int __must_check aspace_mlock(struct aspace *as, u64 addr, u64 len, bool lock, bool on_fault);
int __must_check aspace_mlockall(struct aspace *as, u32 flags);
int __must_check aspace_mincore(struct aspace *as, u64 addr, u64 nr_pages, u8 *out);
u64 aspace_brk(struct aspace *as, u64 brk);
/* Maps pages the kernel provides (vDSO). */
int __must_check aspace_map_special(struct aspace *as, u64 addr, u64 len, u32 flags,
				    const char *name, struct page **pages);

/* mm/fault.c. Resolves an access; 0 or the signal to send in *sig, code in *code. May sleep. */
int __must_check aspace_fault(struct aspace *as, u64 addr, u32 fault_flags, int *sig, int *code);
/* Access to another process's memory (/proc/PID/mem, ptrace, process_vm_readv): bytes moved or
 * -errno. */
#define ACCESS_WRITE 1u
/* what mprotect could allow is allowed; what is written becomes a private copy */
#define ACCESS_FORCE 2u
ssize_t aspace_access(struct aspace *as, u64 addr, void *buf, usize n, u32 how);
/* Pins n pages for the kernel (O_DIRECT, futex keys): refs taken. Number pinned or -errno. */
ssize_t aspace_pin(struct aspace *as, u64 addr, u32 n, bool write, struct page **out);

/* Under aspace.lock (any mode). */
struct vma *aspace_find(struct aspace *as, u64 addr);		/* first vma with end > addr */
struct vma *aspace_first(struct aspace *as);

/* Where a shared futex word lives: the object behind addr. 0: vmo and index set (a reference);
 * private memory: -ENOENT. */
int __must_check aspace_futex_key(struct aspace *as, u64 addr, struct vmo **vmo, u64 *index);
u64 aspace_rss(struct aspace *as);	/* pages */
/* Before pages go: VmHWM and ru_maxrss remember how many there were. */
static inline void aspace_note_peak(struct aspace *as)
{
	u64 rss = aspace_rss(as);

	if (rss > atomic_read(&as->peak_rss))
		atomic_set(&as->peak_rss, rss);
}

/* Extends the growing stack above addr down to it: 0, or -EFAULT past its limit. Takes the lock for
 * writing. */
int __must_check aspace_grow_stack(struct aspace *as, u64 addr);
/* The entry this vma gives a page. */
pte_t vma_pte(const struct vma *v, paddr_t pa, bool write);
void fault_init(void);
void aspace_init(void);

/* A vmo lost pages [first, last]: drop them from every table (truncate, punch). */
void aspace_zap_mapping(struct vma *v, u64 first, u64 last);
/* The same, but the pages only become read-only, in shared mappings. */
void aspace_protect_mapping(struct vma *v, u64 first, u64 last);
