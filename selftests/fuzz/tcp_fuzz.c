/* SPDX-License-Identifier: MIT */
/* modules: net/tcp_wire.c net/netbuf.c net/checksum.c mm/buddy.c selftests/host/pages.c */
/* tcp: headers and options of any bytes; what was read is in bounds, and what is written is read
 * back. */
#include <kernel/lib/string.h>
#include <mm/iter.h>

#include "../../net/tcp_int.h"
#include "host.h"

int fuzz_one(const u8 *data, usize size);
usize iter_put(struct iter *it, const void *src, usize n) { return 0; }
usize iter_take(struct iter *it, void *dst, usize n) { return 0; }

int fuzz_one(const u8 *data, usize size)
{
	struct tcp_out_options o = {};
	struct tcp_in in, back;
	u8 again[64] = {};
	u32 n;

	if (size < sizeof(struct tcp_header) || size > 4096 || size < (data[12] >> 4) * 4u)
		return 0;
	if (!tcp_parse((const struct tcp_header *)(const void *)data, (u32)size, &in))
		return 0;
	if (in.len > size || in.opt.nr_sack > 4 ||
	    (in.opt.has_wscale && in.opt.wscale > TCP_WSCALE_MAX) ||
	    in.opt.cookie_len > TCP_COOKIE_MAX)
		__builtin_trap();
	o.mss = in.opt.mss;
	o.ts = in.opt.has_ts;
	o.tsval = in.opt.tsval;
	o.tsecr = in.opt.tsecr;
	o.wscale_ok = in.opt.has_wscale;
	o.wscale = in.opt.wscale;
	o.sack_perm = in.opt.sack_ok;
	n = tcp_put_options(again + 20, &o);
	if (n > 40 || n % 4)
		__builtin_trap();
	again[12] = (u8)((20 + n) << 2);
	again[13] = TCP_SYN;
	if (!tcp_parse((struct tcp_header *)(void *)again, 20 + n, &back) ||
	    back.opt.mss != o.mss || back.opt.has_ts != o.ts ||
	    (o.ts && back.opt.tsval != o.tsval) || back.opt.sack_ok != o.sack_perm ||
	    back.opt.has_wscale != o.wscale_ok)
		__builtin_trap();
	return 0;
}
