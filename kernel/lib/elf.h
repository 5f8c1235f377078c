/* SPDX-License-Identifier: MIT */
/* elf.h - ELF64 executables, parsed with every bound checked. Pure. Ref: System V gABI chapter 5,
 * elf(5), AAELF64. */
#pragma once

#include <kernel/lib/compiler.h>

#define ELF_HEADER_BYTES 64
#define ELF_PHDR_BYTES	 56
#define ELF_MAX_PHDRS	 73	/* what fits a page, as Linux */
#define ELF_INTERP_MAX	 4096
#define ELF_NOTE_MAX	 1024	/* of PT_GNU_PROPERTY, as Linux */

#define PT_LOAD		1
#define PT_INTERP	3
#define PT_PHDR		6
#define PT_GNU_STACK	0x6474e551
#define PT_GNU_PROPERTY 0x6474e553

#define PF_X 1u
#define PF_W 2u
#define PF_R 4u

struct elf_header {
	bool is_dyn;		/* ET_DYN: may lie anywhere */
	u64 entry, phoff;
	u32 phnum;
};

struct elf_segment {
	u32 type, flags;
	u64 offset, vaddr, filesz, memsz, align;
};

/* The extent of all PT_LOAD segments and what else loading needs to know. */
struct elf_image {
	u64 lo, hi;		/* page-aligned addresses of the first byte and behind the last */
	u64 align;		/* largest PT_LOAD alignment, a power of two */
	u64 phdr_vaddr;		/* where the program headers are mapped; 0: nowhere */
	u64 code_lo, code_hi, data_lo, data_hi;
	u64 interp_off, interp_len;	/* 0: static */
	bool exec_stack;
	u64 note_off, note_len;		/* PT_GNU_PROPERTY; note_len 0: none */
};

/* head: the file's first bytes. -ENOEXEC when it is not an executable for AArch64. As Linux we look
 * at the magic and the machine, not at EI_CLASS and EI_DATA. */
int __must_check elf_parse_header(const u8 *head, usize n, struct elf_header *out);
struct elf_segment elf_segment_at(const u8 *phdrs, u32 i);
/* The note in PT_GNU_PROPERTY: was all code compiled for branch target identification? -ENOEXEC:
 * malformed. */
int __must_check elf_property_bti(const u8 *note, usize n, bool *bti);
/* Segments may come in any order and overlap: those that come later lie on top, as on Linux.
 * -ENOEXEC: not an executable; -EINVAL: one that cannot be loaded (Linux begins, then kills). */
int __must_check elf_parse_segments(const struct elf_header *h, const u8 *phdrs,
				    struct elf_image *out);
