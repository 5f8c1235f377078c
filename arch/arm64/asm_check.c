/* SPDX-License-Identifier: MIT */
/* asm_check.c - proves that asm.h says what the structures are. No code. */
#include "asm.h"

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/thread.h>

static_assert(offsetof(struct trap_frame, x[30]) == S_LR, "asm.h");
static_assert(offsetof(struct trap_frame, sp) == S_SP, "asm.h");
static_assert(offsetof(struct trap_frame, pc) == S_PC, "asm.h");
static_assert(offsetof(struct trap_frame, pstate) == S_PC + 8, "asm.h");
static_assert(offsetof(struct trap_frame, orig_x0) == S_ORIG_X0, "asm.h");
static_assert(offsetof(struct trap_frame, syscall_nr) == S_NR, "asm.h");
static_assert(offsetof(struct trap_frame, fp_link) == S_LINK, "asm.h");
static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "asm.h");
static_assert(offsetof(struct thread_head, work) == TH_WORK, "asm.h");
static_assert(offsetof(struct thread_head, preempt_count) == TH_PREEMPT, "asm.h");
static_assert(offsetof(struct thread_head, cpu) == TH_CPU, "asm.h");
static_assert(offsetof(struct thread_head, stack) == TH_STACK, "asm.h");
static_assert(offsetof(struct thread_head, user_tls) == TH_TLS, "asm.h");
static_assert(offsetof(struct thread_head, ctx) == TH_CTX, "asm.h");
static_assert(offsetof(struct thread_head, ctx.fp) == CTX_FP, "asm.h");
static_assert(offsetof(struct thread_head, kernel_key) == TH_KERNEL_KEY, "asm.h");
static_assert(offsetof(struct thread_head, user_keys) == TH_USER_KEYS, "asm.h");
static_assert(offsetof(struct thread_head, pac_off) == TH_PAC_OFF, "asm.h");
static_assert(KSTACK_SIZE == 1ul << KSTACK_SHIFT, "asm.h");
static_assert(WORK_RESCHED == 1u << WORK_RESCHED_BIT, "asm.h");
static_assert(CPU_PAN == ALT_PAN, "asm.h");
static_assert(CPU_PAC == ALT_PAC, "asm.h");
