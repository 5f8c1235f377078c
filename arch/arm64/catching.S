/* SPDX-License-Identifier: MIT */
/* catching.S - calls a function that is expected to fault, and comes back (CONFIG_KTEST). C half: catch.c. */
#include "asm.h"

	.section .text.entry, "ax"

/* bool catch_call(u64 *sp_out, void (*fn)(void *), void *arg): true when catch_landing was reached. */
FUNC catch_call
	stp	x29, x30, [sp, #-96]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x9, sp
	str	x9, [x0]
	mov	x9, x1
	mov	x0, x2
	blr	x9
	mov	w0, #0
	b	1f
	.globl	catch_landing
catch_landing:				/* x0 = what catch_call stored */
	mov	sp, x0
	mov	x29, sp
	mov	w0, #1
1:	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
END catch_call

/* Provocations. x0 = where. */
FUNC provoke_load
	ldr	x0, [x0]
	ret
END provoke_load

FUNC provoke_store
	str	xzr, [x0]
	ret
END provoke_store

FUNC provoke_call
	br	x0			/* the lr is our caller's */
END provoke_call

/* A place that is no landing pad: a function whose first instruction is an ordinary one. */
	.globl	not_a_landing_pad
	.balign	16
not_a_landing_pad:
	mov	w0, #0
	ret

/* Signs its return address, then puts another one in its place, as an overwritten stack would. */
FUNC provoke_exchanged_return
	mov	x9, x30
	adr	x10, 1f
	eor	x10, x10, x9
	hint	#25			/* paciasp */
	eor	x30, x30, x10
	hint	#29			/* autiasp */
	ret
1:	ret	x9			/* nobody noticed */
END provoke_exchanged_return
