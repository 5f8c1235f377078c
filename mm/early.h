/* SPDX-License-Identifier: MIT */
/* early.h - what page.c takes from early.c; early_add_ram() and friends for everyone are in
 * page.h. */
#pragma once

#include <kernel/lib/compiler.h>

/* Banks plus holes that reservations cut. Linux: as many as memblock grows to. */
#define EARLY_MAX_RANGES 256
/* The linear map ends here: 64 TiB. */
#define LINEAR_MAX (1ul << 46)

/* Takes the first free range, at most up to the next multiple of align * k that keeps it within
 * max_size. False: none left. */
bool early_take(u64 max_size, u64 align, paddr_t *start, paddr_t *end);
u64 early_free_bytes(void);
u64 ram_bytes(void);
