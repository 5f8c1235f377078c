/* SPDX-License-Identifier: MIT */
/* signalfd.h - the record that signalfd(2) reads. Ref: Linux include/uapi/linux/signalfd.h. */
#pragma once

#include <kernel/lib/compiler.h>

struct abi_signalfd_siginfo {
	u32 signo;
	s32 err, code;
	u32 pid, uid;
	s32 fd;
	u32 tid, band, overrun, trapno;
	s32 status, value_int;
	u64 value_ptr, utime, stime, addr;
	u16 addr_lsb, pad2;
	s32 syscall;
	u64 call_addr;
	u32 arch;
	u8 pad[28];
};
static_assert(sizeof(struct abi_signalfd_siginfo) == 128, "signalfd_siginfo");
