/* SPDX-License-Identifier: MIT */
/* signal.h - layouts of sigaction(2), siginfo, sigaltstack(2) and the signal frame on arm64.
 * Ref: Linux uapi asm-generic/siginfo.h, asm/sigcontext.h, asm/ucontext.h; checked by
 * compat/abi_check.c. */
#pragma once

#include <kernel/lib/compiler.h>

struct abi_sigaction {
	u64 handler, flags, restorer, mask;
};

struct abi_stack {
	u64 sp;
	s32 flags, pad;
	u64 size;
};

struct abi_siginfo {
	s32 signo, err, code, pad;
	union {
		struct { s32 pid; u32 uid; } kill;
		struct { s32 tid, overrun; u64 value; } timer;
		struct { s32 pid; u32 uid; u64 value; } rt;
		struct { s32 pid; u32 uid; s32 status, pad; u64 utime, stime; } chld;
		struct { u64 addr; s16 lsb; } fault;
		struct { s64 band; s32 fd; } poll;
		struct { u64 call_addr; s32 syscall; u32 arch; } sys;
		u8 bytes[112];
	};
};
static_assert(sizeof(struct abi_siginfo) == 128, "siginfo_t");

/* Followed by SIGCONTEXT_RESERVED bytes of tagged records. */
struct abi_sigcontext {
	u64 fault_address, regs[31], sp, pc, pstate;
} __aligned(16);

#define SIGCONTEXT_RESERVED 4096

struct abi_ucontext {
	u64 flags, link;
	struct abi_stack stack;
	u64 sigmask;
	u8 unused[1024 / 8 - sizeof(u64)];
	struct abi_sigcontext mcontext;
};

#define FPSIMD_MAGIC 0x46508001u
#define ESR_MAGIC    0x45535201u

struct abi_frame_record {
	u32 magic, size;
};

struct abi_fpsimd {
	struct abi_frame_record head;
	u32 fpsr, fpcr;
	u128 v[32];
};
static_assert(sizeof(struct abi_fpsimd) == 528, "fpsimd_context");

struct abi_rt_frame {
	struct abi_siginfo info;
	struct abi_ucontext uc;
};
static_assert(sizeof(struct abi_rt_frame) == 128 + 176 + 288, "rt_sigframe without its records");

/* What we write of it. */
struct abi_rt_frame_used {
	struct abi_rt_frame head;
	struct abi_fpsimd fp;
	struct abi_frame_record end;
};
#define RT_FRAME_BYTES (sizeof(struct abi_rt_frame) + SIGCONTEXT_RESERVED)
