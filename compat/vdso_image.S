/* SPDX-License-Identifier: MIT */
/* vdso_image.S - the linked vDSO, as bytes in the kernel's read-only data. */
	.section .rodata
	.balign 4096
	.globl vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin "gen/vdso.so"
vdso_image_end:
	.balign 4096
