/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/cpio.c */
/* cpio: any bytes; what is given out lies in the buffer. */
#include <kernel/lib/cpio.h>

#include "host.h"

int fuzz_one(const u8 *data, usize size);

int fuzz_one(const u8 *data, usize size)
{
	struct cpio_entry e;
	struct cpio c;
	enum cpio_result r;

	cpio_init(&c, data, size);
	do {
		r = cpio_next(&c, &e);
		if (r != CPIO_ENTRY && r != CPIO_TRAILER)
			break;
		if ((const u8 *)e.name < data || (const u8 *)e.name + e.name_len >= data + size ||
		    e.data < data || e.data + e.size > data + size || c.pos > size)
			__builtin_trap();
	} while (true);
	return 0;
}
