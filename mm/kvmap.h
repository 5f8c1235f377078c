/* SPDX-License-Identifier: MIT */
/* kvmap.h - kernel addresses that are not linear: stacks with guard pages, devices, allocations
 * larger than the buddy gives. */
#pragma once

#include <kernel/spinlock.h>

/* Maps device registers for ever; the result keeps pa's offset in its page. Context: may sleep.
 * NULL: no space. */
volatile void *kv_map_device(paddr_t pa, usize size);
/* A kernel stack of KSTACK_SIZE, unmapped below; lowest address, an odd multiple of KSTACK_SIZE:
 * entry.S takes an SP whose bit 14 is clear for one that ran off its stack. Stacks are cached. 0:
 * no memory. */
u64 kv_stack_alloc(void);
void kv_stack_free(u64 stack);
/* While held, the stack of a thread whose head.stack is not 0 stays: pairs with (C),
 * kernel/sched.c. */
irqflags_t kv_stacks_hold(void);
void kv_stacks_release(irqflags_t irq);
/* Zeroed, page by page; any size. */
void *kv_alloc(usize size);
void kv_free(void *p);
