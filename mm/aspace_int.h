/* SPDX-License-Identifier: MIT */
/* aspace_int.h - what the files of the mmap family share. All need aspace.lock for writing unless
 * they say otherwise. */
#pragma once

#include <mm/aspace.h>

/* no lock; NULL: no memory */
struct vma *vma_create(struct aspace *as, u64 start, u64 end, u32 flags);
/* takes its own references */
struct vma *vma_clone(struct aspace *as, const struct vma *v);
void vma_free(struct vma *v);							/* a detached one */
void aspace_attach(struct aspace *as, struct vma *v);
void aspace_detach(struct aspace *as, struct vma *v);
void vma_set_extent(struct vma *v, u64 start, u64 end);
void vma_set_flags(struct vma *v, u32 flags);
int __must_check vma_split(struct vma *v, u64 at, struct vma **upper);
/* returns the vma that now covers v */
struct vma *vma_try_merge(struct vma *v);
int __must_check aspace_isolate(struct aspace *as, u64 start, u64 end, struct vma **first);
int __must_check aspace_unmap_locked(struct aspace *as, u64 start, u64 end);
u64 aspace_find_room(struct aspace *as, u64 hint, u64 len);			/* 0: none */
/* PROT_* as VMA_*; no lock */
u32 prot_to_vma(u32 prot);
int __must_check aspace_populate(struct aspace *as, u64 addr, u64 end);		/* lock not held */
