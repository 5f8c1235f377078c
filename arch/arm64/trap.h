/* SPDX-License-Identifier: MIT */
/* trap.h - what entry.S calls in trap.c. */
#pragma once

#include <kernel/lib/compiler.h>

struct trap_frame;

void trap_el0_sync(struct trap_frame *f, u64 esr);
void trap_el1_sync(struct trap_frame *f, u64 esr);
void trap_serror(struct trap_frame *f, u64 esr);
void trap_exit_work(struct trap_frame *f);
void trap_stack_overflow(struct trap_frame *f, u64 esr);
void trap_bad_vector(void);
#ifdef CONFIG_KTEST
/* catch.c: a test expected it, and goes on at another place. */
bool fault_caught(struct trap_frame *f, u64 addr, u64 esr);
#else
static inline bool fault_caught(struct trap_frame *f, u64 addr, u64 esr) { return false; }
#endif
bool emulate_id_read(struct trap_frame *f);	/* idreg.c */
