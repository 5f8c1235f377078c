/* SPDX-License-Identifier: MIT */
/* modules: compat/diag_filter.c */
/* diag_filter: any bytes are a program or refused; what is accepted runs within its bytes and
 * ends. */
#include <compat/diag_filter.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>

#include "host.h"

int fuzz_one(const u8 *data, usize size);

int fuzz_one(const u8 *data, usize size)
{
	static const u8 addr[16] = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 };
	struct diag_subject s = {
		.sport = 80, .dport = 0x1234, .saddr = addr, .daddr = addr, .ifindex = 1
	};

	if (size > 4096 || diag_filter_check(data, (u32)size, true))
		return 0;
	s.family = AF_INET6;
	diag_filter_run(data, (u32)size, &s);
	s.family = AF_INET;
	s.saddr = s.daddr = addr + 12;
	diag_filter_run(data, (u32)size, &s);
	return 0;
}
