/* SPDX-License-Identifier: MIT */
/* page.h - the 4 KiB granule. Ref: Arm ARM D8.2 (translation process). */
#pragma once

#include <kernel/lib/compiler.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* One leaf table spans this much address space. */
#define PMD_SHIFT  21
#define PMD_SIZE   (1ul << PMD_SHIFT)

/* User space is the whole lower half of the 48-bit space: [0, TASK_SIZE). */
#define TASK_SIZE  (1ul << 48)
