/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

/* Any context. Before random_ready() the bytes are not fit for keys. */
void random_bytes(void *out, usize n);
u64 random_u64(void);
bool random_ready(void);
struct waitq *random_waitq(void);	/* woken when ready */
/* Mixes data in and credits bits of entropy (0: none). Any context. */
void random_add(const void *data, usize n, u32 bits);
void random_init(void);
