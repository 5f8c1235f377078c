/* SPDX-License-Identifier: MIT */
/* uaccess.S - user memory from kernel code. All of it lies in one section, so that a fault knows it for what it is (trap.c).
 *
 * Where the CPU has PAN, user memory is reachable between the two patched instructions only; single words go through LDTR/STTR,
 * which need no opening. A fault that trap_fault() does not resolve continues at the fixup of the range it happened in: the copies
 * then go byte by byte to the first byte that cannot be had, so the count they return is exact.
 *
 * Ref: Arm ARM C6.2 (LDTR, STTR), D8.4.7 (PAN); B2.9 (exclusives).
 */
#include "asm.h"
#include "copy.h"

	.section .uaccess.text, "ax"

#define EFAULT 14

.macro user_open
	ALT_INSN ALT_PAN, INSN_PAN_OFF
.endm

.macro user_close
	ALT_INSN ALT_PAN, INSN_PAN_ON
.endm

/* Faults of instructions in [from, to) continue at fixup. */
.macro FIXUP from, to, fixup
	.pushsection __ex_table, "a"
	.balign	4
	.long	\from - ., \to - ., \fixup - .
	.popsection
.endm

/* [addr, addr+n) must lie below 2^48. Clobbers x3, x4. */
.macro check_range addr, n, fail
	adds	x3, \addr, \n
	b.cs	\fail
	mov	x4, #(1 << 48)
	cmp	x3, x4
	b.hi	\fail
.endm

/* x0 = to, x1 = from, x2 = bytes; returns how many were not copied. */
.macro user_copy name, user_ptr
FUNC \name
	check_range \user_ptr, x2, .Lall_\name
	user_open
.Lfast_\name:
	copy_body .Ldone_\name
.Ldone_\name:
	user_close
	mov	x0, #0
	ret
.Lfix_\name:
	sub	x2, x6, x0
	sub	x1, x5, x2
.Lbyte_\name:
	ldrb	w7, [x1], #1
	strb	w7, [x0], #1
	subs	x2, x2, #1
	b.ne	.Lbyte_\name
.Lleft_\name:
	user_close
.Lall_\name:
	mov	x0, x2
	ret
	FIXUP	.Lfast_\name, .Ldone_\name, .Lfix_\name
	FIXUP	.Lbyte_\name, .Lleft_\name, .Lleft_\name
END \name
.endm

	user_copy uaccess_copy_in, x1
	user_copy uaccess_copy_out, x0

/* x0 = to, x1 = bytes; returns how many were not cleared. */
FUNC uaccess_clear
	check_range x0, x1, 7f
	user_open
1:	subs	x1, x1, #64
	b.lo	3f
2:	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	stp	xzr, xzr, [x0], #64
	subs	x1, x1, #64
	b.hs	2b
3:	add	x1, x1, #64
4:	subs	x1, x1, #8
	b.lo	5f
	str	xzr, [x0], #8
	b	4b
5:	add	x1, x1, #8
	cbz	x1, 9f
6:	strb	wzr, [x0], #1
	subs	x1, x1, #1
	b.ne	6b
9:	user_close
7:	mov	x0, x1
	ret
8:	add	x1, x1, #56		/* from the block loop: x1 is 64 too small; else 8 */
10:	add	x1, x1, #8
	b	6b
	FIXUP	2b, 3b, 8b
	FIXUP	4b, 5b, 10b
	FIXUP	6b, 9b, 9b
END uaccess_clear

/* x0 = to, x1 = from, x2 = limit with NUL. Length, limit, or -EFAULT. Eight bytes a step until a NUL is among them. */
FUNC uaccess_copy_string
	lsr	x9, x1, #48
	mov	x3, #0
	cbnz	x9, 9f
	mov	x10, #0x0101010101010101
	user_open
1:	sub	x9, x2, x3
	cmp	x9, #8
	b.lo	3f
	ldr	x4, [x1, x3]
2:	sub	x5, x4, x10
	bic	x5, x5, x4
	str	x4, [x0, x3]
	ands	x5, x5, #0x8080808080808080
	b.ne	4f
	add	x3, x3, #8
	b	1b
4:	rev	x5, x5			/* the lowest zero byte: at or above it only false alarms */
	clz	x5, x5
	add	x0, x3, x5, lsr #3
	user_close
	ret
3:	cmp	x3, x2			/* byte by byte: near the limit, or the next 8 bytes are not all there */
	b.hs	5f
	ldrb	w4, [x1, x3]
6:	strb	w4, [x0, x3]
	cbz	w4, 5f
	add	x3, x3, #1
	b	3b
5:	user_close
	mov	x0, x3
	ret
8:	user_close
9:	mov	x0, #-EFAULT
	ret
	FIXUP	1b, 2b, 3b
	FIXUP	3b, 6b, 8b
END uaccess_copy_string

/* Words. x0 = where in the kernel, x1 = user address for get; x0 = user address, x1 = value for put. */
.macro user_get name, reg
FUNC \name
	lsr	x3, x1, #48
	cbnz	x3, .Lbad_\name
.Lacc_\name:
	ldtr	\reg, [x1]
.Lend_\name:
	str	\reg, [x0]
	mov	w0, #0
	ret
.Lbad_\name:
	mov	w0, #-EFAULT
	ret
	FIXUP	.Lacc_\name, .Lend_\name, .Lbad_\name
END \name
.endm

.macro user_put name, reg
FUNC \name
	lsr	x3, x0, #48
	cbnz	x3, .Lbad_\name
.Lacc_\name:
	sttr	\reg, [x0]
.Lend_\name:
	mov	w0, #0
	ret
.Lbad_\name:
	mov	w0, #-EFAULT
	ret
	FIXUP	.Lacc_\name, .Lend_\name, .Lbad_\name
END \name
.endm

	user_get uaccess_get_u32, w2
	user_get uaccess_get_u64, x2
	user_put uaccess_put_u32, w1
	user_put uaccess_put_u64, x1

/* x0 = where in the kernel, x1 = user address: two values, the second 8 bytes behind the first. */
FUNC uaccess_get_two_u64
	add	x3, x1, #8
	orr	x4, x1, x3
	lsr	x4, x4, #48
	cbnz	x4, 3f
1:	ldtr	x1, [x1]
	ldtr	x3, [x3]
2:	stp	x1, x3, [x0]
	mov	w0, #0
	ret
3:	mov	w0, #-EFAULT
	ret
	FIXUP	1b, 2b, 3b
END uaccess_get_two_u64

/* x0 = user address, x1 and x2 = values, the second 8 bytes behind the first. */
FUNC uaccess_put_two_u64
	add	x3, x0, #8
	orr	x4, x0, x3
	lsr	x4, x4, #48
	cbnz	x4, 3f
1:	sttr	x1, [x0]
	sttr	x2, [x3]
2:	mov	w0, #0
	ret
3:	mov	w0, #-EFAULT
	ret
	FIXUP	1b, 2b, 3b
END uaccess_put_two_u64

/* x0 = user address, w1 = expected, w2 = new, x3 = where the old value goes. */
FUNC uaccess_cmpxchg_u32
	lsr	x4, x0, #48
	cbnz	x4, 5f
	user_open
1:	ldxr	w5, [x0]
	cmp	w5, w1
	b.ne	2f
	stlxr	w6, w2, [x0]
	cbnz	w6, 1b
2:	user_close
	dmb	ish
	str	w5, [x3]
	mov	w0, #0
	ret
4:	user_close
5:	mov	w0, #-EFAULT
	ret
	FIXUP	1b, 2b, 4b
END uaccess_cmpxchg_u32

/* x0 = user address, w1 = enum uaccess_rmw, w2 = argument, x3 = where the old value goes. */
FUNC uaccess_rmw_u32
	lsr	x4, x0, #48
	cbnz	x4, 9f
	user_open
1:	ldxr	w5, [x0]
	cbz	w1, 2f			/* UACCESS_SET */
	cmp	w1, #2
	b.lo	3f			/* ADD */
	b.eq	4f			/* OR */
	cmp	w1, #4
	b.lo	5f			/* ANDN */
	eor	w6, w5, w2
	b	6f
2:	mov	w6, w2
	b	6f
3:	add	w6, w5, w2
	b	6f
4:	orr	w6, w5, w2
	b	6f
5:	bic	w6, w5, w2
6:	stlxr	w7, w6, [x0]
	cbnz	w7, 1b
7:	user_close
	dmb	ish
	str	w5, [x3]
	mov	w0, #0
	ret
8:	user_close
9:	mov	w0, #-EFAULT
	ret
	FIXUP	1b, 7b, 8b
END uaccess_rmw_u32
