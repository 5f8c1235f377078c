/* SPDX-License-Identifier: MIT */
/* lib.S - copying, filling and clearing kernel memory. Ref: AAPCS64; Arm ARM C5.3 (DC ZVA). Tests: selftests/ktest/string.c */
#include "asm.h"
#include "copy.h"

	.section .text.hot, "ax"

/* x0 = to, x1 = from, x2 = bytes; returns to. */
FUNC memcpy
	mov	x4, x0
.Lcopy:
	copy_body 1f
1:	mov	x0, x4
	ret
END memcpy

/* Overlapping is fine. Blocks go from the side that is not yet overwritten; the rest, up to 64 bytes, is loaded before it is
 * stored (copy_body). */
FUNC memmove
	subs	x3, x0, x1
	cneg	x7, x3, lo
	cmp	x7, x2
	b.hs	memcpy			/* no overlap */
	mov	x4, x0
	cmp	x2, #64
	b.ls	.Lcopy
	tbnz	x3, #63, 2f
	add	x5, x1, x2
	add	x6, x0, x2
1:	ldp	x7, x8, [x5, #-16]
	ldp	x9, x10, [x5, #-32]
	ldp	x11, x12, [x5, #-48]
	ldp	x13, x14, [x5, #-64]!
	stp	x7, x8, [x6, #-16]
	stp	x9, x10, [x6, #-32]
	stp	x11, x12, [x6, #-48]
	stp	x13, x14, [x6, #-64]!
	sub	x2, x2, #64
	cmp	x2, #64
	b.hs	1b
	b	.Lcopy
2:	ldp	x7, x8, [x1, #16]
	ldp	x9, x10, [x1, #32]
	ldp	x11, x12, [x1, #48]
	ldp	x13, x14, [x1], #64
	stp	x7, x8, [x0, #16]
	stp	x9, x10, [x0, #32]
	stp	x11, x12, [x0, #48]
	stp	x13, x14, [x0], #64
	sub	x2, x2, #64
	cmp	x2, #64
	b.hs	2b
	b	.Lcopy
END memmove

/* x0 = where, w1 = byte, x2 = bytes; returns where. */
FUNC memset
	and	x3, x1, #0xff
	mov	x4, #0x0101010101010101
	mul	x3, x3, x4
	add	x6, x0, x2
	cmp	x2, #16
	b.lo	4f
	mov	x5, x0
	cmp	x2, #64
	b.ls	3f
	cmp	x2, #256
	ccmp	x3, #0, #0, hs		/* much, and zero? */
	b.eq	6f
1:	sub	x7, x6, #64
2:	stp	x3, x3, [x5, #16]
	stp	x3, x3, [x5, #32]
	stp	x3, x3, [x5, #48]
	stp	x3, x3, [x5], #64
	cmp	x5, x7
	b.ls	2b
	stp	x3, x3, [x6, #-64]
	stp	x3, x3, [x6, #-48]
	stp	x3, x3, [x6, #-32]
	stp	x3, x3, [x6, #-16]
	ret
3:	stp	x3, x3, [x5]		/* 16 to 64 */
	stp	x3, x3, [x6, #-16]
	cmp	x2, #32
	b.ls	5f
	stp	x3, x3, [x5, #16]
	stp	x3, x3, [x6, #-32]
5:	ret
4:	tbz	x2, #3, 7f
	str	x3, [x0]
	str	x3, [x6, #-8]
	ret
7:	tbz	x2, #2, 8f
	str	w3, [x0]
	str	w3, [x6, #-4]
	ret
8:	cbz	x2, 9f
	strb	w3, [x0]
	strb	w3, [x6, #-1]
	tbz	x2, #1, 9f
	strb	w3, [x0, #1]
9:	ret
6:	mrs	x8, dczid_el0		/* block of 64 bytes, not prohibited? */
	and	x8, x8, #0x1f
	cmp	x8, #4
	b.ne	1b
	stp	xzr, xzr, [x5]
	stp	xzr, xzr, [x5, #16]
	stp	xzr, xzr, [x5, #32]
	stp	xzr, xzr, [x5, #48]
	add	x5, x5, #64
	and	x5, x5, #~63
	sub	x7, x6, #64
10:	dc	zva, x5
	add	x5, x5, #64
	cmp	x5, x7
	b.ls	10b
	stp	xzr, xzr, [x6, #-64]
	stp	xzr, xzr, [x6, #-48]
	stp	xzr, xzr, [x6, #-32]
	stp	xzr, xzr, [x6, #-16]
	ret
END memset

/* A page of zeros. */
FUNC page_zero
	mrs	x1, dczid_el0
	mov	w2, #4096
	and	x1, x1, #0x1f
	cmp	x1, #4
	b.ne	2f
	add	x2, x0, x2
1:	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	dc	zva, x0
	add	x0, x0, #64
	cmp	x0, x2
	b.ne	1b
	ret
2:	mov	w1, #0
	b	memset
END page_zero

/* x0 = to, x1 = from: a page, 128 bytes a step. */
FUNC page_copy
	add	x2, x0, #4096
1:	ldp	x3, x4, [x1]
	ldp	x5, x6, [x1, #16]
	ldp	x7, x8, [x1, #32]
	ldp	x9, x10, [x1, #48]
	ldp	x11, x12, [x1, #64]
	ldp	x13, x14, [x1, #80]
	ldp	x15, x16, [x1, #96]
	ldp	x17, x18, [x1, #112]
	add	x1, x1, #128
	stp	x3, x4, [x0]
	stp	x5, x6, [x0, #16]
	stp	x7, x8, [x0, #32]
	stp	x9, x10, [x0, #48]
	stp	x11, x12, [x0, #64]
	stp	x13, x14, [x0, #80]
	stp	x15, x16, [x0, #96]
	stp	x17, x18, [x0, #112]
	add	x0, x0, #128
	cmp	x0, x2
	b.ne	1b
	ret
END page_copy
