/* SPDX-License-Identifier: MIT */
/* cbpf.h - classic BPF: check a program once, then run it on packets (or system calls). Pure. Ref:
 * bpf(4) of BSD, filter.txt of Linux. */
#pragma once

#include <kernel/lib/compiler.h>

struct cbpf_insn {		/* as struct sock_filter */
	u16 code;
	u8 jt, jf;
	u32 k;
};

#define CBPF_MAX_INSNS 4096u

/* What a program can load: bytes of the packet, and Linux's ancillary words at SKF_AD_OFF. */
struct cbpf_data {
	u32 len;				/* of the packet */
	/* n (1, 2, 4) bytes at off into *out, host order; false: beyond the end, the program
	 * returns 0. */
	bool (*load)(const struct cbpf_data *d, u32 off, u32 n, u32 *out);
	/* Ancillary word number k (SKF_AD_*); false: not known. */
	bool (*ancillary)(const struct cbpf_data *d, u32 k, u32 a, u32 x, u32 *out);
	const void *arg;
};

/* True when the program ends on every path, jumps forward within itself, reads only scratch words
 * it wrote, and divides by no constant zero. */
bool cbpf_check(const struct cbpf_insn *p, u32 n);
/* Result of a checked program: how many bytes to keep, or what its user makes of it. */
u32 cbpf_run(const struct cbpf_insn *p, const struct cbpf_data *d);
