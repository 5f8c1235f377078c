/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/elf.c */
/* elf: any bytes; what is accepted must keep elf.c's invariant. */
#include <kernel/lib/elf.h>

#include "host.h"

int fuzz_one(const u8 *data, usize size);

#define USER_END (1ul << 48)

int fuzz_one(const u8 *data, usize size)
{
	struct elf_header h;
	struct elf_image im;
	u32 i;

	if (elf_parse_header(data, size, &h))
		return 0;
	if (h.phoff > size || (size - h.phoff) / ELF_PHDR_BYTES < h.phnum)
		return 0;
	if (elf_parse_segments(&h, data + h.phoff, &im))
		return 0;
	for (i = 0; i < h.phnum; i++) {
		struct elf_segment s = elf_segment_at(data + h.phoff, i);

		if (s.type != PT_LOAD)
			continue;
		/* In any order, over each other: but each within the program, and the program
		 * within the user's half. */
		if (s.filesz > s.memsz || s.vaddr > USER_END || s.memsz > USER_END - s.vaddr ||
		    s.vaddr < im.lo || s.vaddr + s.memsz > im.hi)
			__builtin_trap();
	}
	return 0;
}
