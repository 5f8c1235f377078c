/* SPDX-License-Identifier: MIT */
/* stackprot.h - the stack protector's canary. */
#pragma once

#include <kernel/lib/compiler.h>

extern u64 __stack_chk_guard;
#ifdef CONFIG_STACKPROTECTOR
void stackprot_init(void);	/* in a function that never returns; random numbers are ready */
#else
static inline void stackprot_init(void) {}
#endif
