/* SPDX-License-Identifier: MIT */
/* tlbdebug.h - what pagetable.c tells tlbdebug.c. */
#pragma once

#include <arch/mmu.h>

#ifdef CONFIG_DEBUG_TLB
void tlb_debug_flushed(struct arch_mm *mm, u64 start, u64 end);
void tlb_debug_flushed_all(struct arch_mm *mm);
#else
static inline void tlb_debug_flushed(struct arch_mm *mm, u64 start, u64 end) {}
static inline void tlb_debug_flushed_all(struct arch_mm *mm) {}
#endif
