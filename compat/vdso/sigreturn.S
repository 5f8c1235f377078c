/* SPDX-License-Identifier: MIT */
/* sigreturn.S - where signal handlers return to. Unwinders know the two instructions; the nop before keeps "return address - 1" out
 * of the function above. Ref: sigreturn(2). */
	.text
	nop
	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa x29, 0
	.cfi_offset x29, 0
	.cfi_offset x30, 8
	mov	x8, #139
	svc	#0
	.cfi_endproc
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
