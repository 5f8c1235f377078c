/* SPDX-License-Identifier: MIT */
/* frame.h - the registers of an interrupted context, as entry.S stores them on the kernel stack. */
#pragma once

#include <kernel/lib/compiler.h>

/* syscall_nr outside a system call; restart logic looks at it. */
#define NO_SYSCALL (-1)

struct trap_frame {
	u64 x[31];
	u64 sp;		/* SP_EL0 of a user context, the kernel SP otherwise */
	u64 pc;
	u64 pstate;
	u64 orig_x0;	/* first argument at system call entry: x[0] becomes the result */
	s32 syscall_nr; /* rewritable by tracers before dispatch; NO_SYSCALL for other traps */
	u32 pad;
	u64 fp_link[2]; /* frame record {fp, pc}: the unwinder walks across the trap */
};

static_assert(sizeof(struct trap_frame) % 16 == 0, "SP alignment");

#define PSTATE_MODE_MASK 0xful
#define PSTATE_EL0	 0ul
#define PSTATE_BTYPE_MASK (3ul << 10)
#define PSTATE_BTYPE_C	 (2ul << 10)	/* after BLR: the target must be bti c */

static inline bool frame_is_user(const struct trap_frame *f)
{
	return (f->pstate & PSTATE_MODE_MASK) == PSTATE_EL0;
}
