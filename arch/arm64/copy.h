/* SPDX-License-Identifier: MIT */
/* copy.h - the copy that memcpy() and the user copies share (assembly).
 *
 * x0 = to, x1 = from, x2 = bytes. x5 and x6 are the ends of both from the first access on, and x0
 * moves only when a whole block was stored: after a fault x6 - x0 bytes are left, from x5 - (x6 -
 * x0). Up to 64 bytes everything is loaded before the first store. Odd tails are copied by accesses
 * that overlap what is done already. No FP registers: 16 bytes an instruction.
 */
#pragma once
/* clang-format off */

/* Falls through, or jumps to out, when done. Clobbers x3-x15. */
.macro copy_body out
	add	x5, x1, x2
	add	x6, x0, x2
	cmp	x2, #16
	b.lo	.Lsmall\@
	cmp	x2, #64
	b.hi	.Lbig\@
	ldp	x7, x8, [x1]
	ldp	x9, x10, [x5, #-16]
	cmp	x2, #32
	b.hi	.Lupto64\@
	stp	x7, x8, [x0]
	stp	x9, x10, [x6, #-16]
	b	\out
.Lupto64\@:
	ldp	x11, x12, [x1, #16]
	ldp	x13, x14, [x5, #-32]
	stp	x7, x8, [x0]
	stp	x11, x12, [x0, #16]
	stp	x13, x14, [x6, #-32]
	stp	x9, x10, [x6, #-16]
	b	\out
.Lsmall\@:
	tbz	x2, #3, .Lupto7\@
	ldr	x7, [x1]
	ldr	x8, [x5, #-8]
	str	x7, [x0]
	str	x8, [x6, #-8]
	b	\out
.Lupto7\@:
	tbz	x2, #2, .Lupto3\@
	ldr	w7, [x1]
	ldr	w8, [x5, #-4]
	str	w7, [x0]
	str	w8, [x6, #-4]
	b	\out
.Lupto3\@:
	cbz	x2, \out
	lsr	x9, x2, #1
	ldrb	w7, [x1]
	ldrb	w8, [x1, x9]
	ldrb	w10, [x5, #-1]
	strb	w7, [x0]
	strb	w8, [x0, x9]
	strb	w10, [x6, #-1]
	b	\out
.Lbig\@:
	sub	x15, x6, #64
.Lloop\@:
	ldp	x7, x8, [x1, #16]
	ldp	x9, x10, [x1, #32]
	ldp	x11, x12, [x1, #48]
	ldp	x13, x14, [x1], #64
	stp	x7, x8, [x0, #16]
	stp	x9, x10, [x0, #32]
	stp	x11, x12, [x0, #48]
	stp	x13, x14, [x0], #64
	cmp	x0, x15
	b.ls	.Lloop\@
	cmp	x0, x6
	b.eq	\out
	ldp	x7, x8, [x5, #-64]
	ldp	x9, x10, [x5, #-48]
	ldp	x11, x12, [x5, #-32]
	ldp	x13, x14, [x5, #-16]
	stp	x7, x8, [x6, #-64]
	stp	x9, x10, [x6, #-48]
	stp	x11, x12, [x6, #-32]
	stp	x13, x14, [x6, #-16]
.endm
