/* SPDX-License-Identifier: MIT */
/* vdso.h - the kernel's code in every address space. */
#pragma once

#include <kernel/lib/compiler.h>

struct aspace;

void vdso_init(void);
/* Maps data page and code; sets as->vdso. */
u64 vdso_bytes(void);
int __must_check vdso_map(struct aspace *as);
u64 vdso_sigreturn_offset(void);	/* of __kernel_rt_sigreturn from as->vdso */
