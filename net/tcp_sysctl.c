/* SPDX-License-Identifier: MIT */
/* tcp_sysctl.c - net.ipv4.tcp_*: the numbers an administrator may change. Ref: Linux
 * Documentation/networking/ip-sysctl.rst.
 * Tests: selftests/abi/procsys.c
 */
#include "tcp_int.h"

#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/sysctl.h>
#include <mm/page.h>

struct tcp_sysctl tcp_sysctl = {
	.syn_retries = 6,
	.synack_retries = 5,
	.retries2 = 15,
	.syn_linear = 4,
	.fastopen = TFO_CLIENT,
	.fin_timeout_s = 60,
	.keep_time_s = 7200,
	.keep_intvl_s = 75,
	.keep_probes = 9,
	.max_syn_backlog = 1024,
	.retries1 = 3,
	.max_orphans = 65536,
	.chains = 16384,
	.cong = &tcp_cubic,
	.notsent_lowat = U32_MAX,
	.max_tw = 65536,
	.rmem = { 4096, 131072, 6291456 },
	.wmem = { 4096, 16384, 4194304 },
	.ecn = 2,
	.syncookies = 1,
	.tw_reuse = 2,
	.window_scaling = true,
	.timestamps = true,
	.sack = true,
	.dsack = true,
	.slow_start_after_idle = true,
	.moderate_rcvbuf = true,
};

SYSCTL(tcp_syn_retries, "net/ipv4/tcp_syn_retries", tcp_sysctl.syn_retries, 1, 127);
SYSCTL(tcp_syn_linear, "net/ipv4/tcp_syn_linear_timeouts", tcp_sysctl.syn_linear, 0, 127);
SYSCTL(tcp_synack_retries, "net/ipv4/tcp_synack_retries", tcp_sysctl.synack_retries, 0, 255);
SYSCTL(tcp_retries2, "net/ipv4/tcp_retries2", tcp_sysctl.retries2, 0, 255);
SYSCTL(tcp_fin_timeout, "net/ipv4/tcp_fin_timeout", tcp_sysctl.fin_timeout_s, 0, 86400);
SYSCTL(tcp_keep_time, "net/ipv4/tcp_keepalive_time", tcp_sysctl.keep_time_s, 1, 32767);
SYSCTL(tcp_keep_intvl, "net/ipv4/tcp_keepalive_intvl", tcp_sysctl.keep_intvl_s, 1, 32767);
SYSCTL(tcp_keep_probes, "net/ipv4/tcp_keepalive_probes", tcp_sysctl.keep_probes, 1, 127);
SYSCTL(tcp_max_syn_backlog, "net/ipv4/tcp_max_syn_backlog", tcp_sysctl.max_syn_backlog, 0, S32_MAX);
SYSCTL(tcp_notsent_lowat, "net/ipv4/tcp_notsent_lowat", tcp_sysctl.notsent_lowat, 0, U32_MAX);
SYSCTL(tcp_max_tw, "net/ipv4/tcp_max_tw_buckets", tcp_sysctl.max_tw, 0, S32_MAX);
SYSCTL_ARRAY(tcp_rmem, "net/ipv4/tcp_rmem", tcp_sysctl.rmem, 1, S32_MAX);
SYSCTL_ARRAY(tcp_wmem, "net/ipv4/tcp_wmem", tcp_sysctl.wmem, 1, S32_MAX);
SYSCTL(tcp_ecn, "net/ipv4/tcp_ecn", tcp_sysctl.ecn, 0, 2);
SYSCTL(tcp_syncookies, "net/ipv4/tcp_syncookies", tcp_sysctl.syncookies, 0, 2);
SYSCTL(tcp_tw_reuse, "net/ipv4/tcp_tw_reuse", tcp_sysctl.tw_reuse, 0, 2);
SYSCTL(tcp_window_scaling, "net/ipv4/tcp_window_scaling", tcp_sysctl.window_scaling, 0, 1);
SYSCTL(tcp_timestamps, "net/ipv4/tcp_timestamps", tcp_sysctl.timestamps, 0, 1);
SYSCTL(tcp_sack, "net/ipv4/tcp_sack", tcp_sysctl.sack, 0, 1);
SYSCTL(tcp_dsack, "net/ipv4/tcp_dsack", tcp_sysctl.dsack, 0, 1);
SYSCTL(tcp_abort_on_overflow, "net/ipv4/tcp_abort_on_overflow", tcp_sysctl.abort_on_overflow, 0, 1);
SYSCTL(tcp_slow_start_after_idle, "net/ipv4/tcp_slow_start_after_idle",
       tcp_sysctl.slow_start_after_idle, 0, 1);
SYSCTL(tcp_moderate_rcvbuf, "net/ipv4/tcp_moderate_rcvbuf", tcp_sysctl.moderate_rcvbuf, 0, 1);
SYSCTL(tcp_rfc1337, "net/ipv4/tcp_rfc1337", tcp_sysctl.rfc1337, 0, 1);
SYSCTL(tcp_retries1, "net/ipv4/tcp_retries1", tcp_sysctl.retries1, 0, 255);
SYSCTL(tcp_orphan_retries, "net/ipv4/tcp_orphan_retries", tcp_sysctl.orphan_retries, 0, 255);
SYSCTL(tcp_max_orphans, "net/ipv4/tcp_max_orphans", tcp_sysctl.max_orphans, 0, S32_MAX);
SYSCTL_ARRAY(tcp_mem, "net/ipv4/tcp_mem", tcp_sysctl.mem, 0, S32_MAX);
SYSCTL_RO(tcp_ehash, "net/ipv4/tcp_ehash_entries", tcp_sysctl.chains);

/* ---- congestion control ---- */

static int put_name(char *out, usize size, const char *name)
{
	return fmt_print(out, size, "%s", name);
}

static int get_default(char *out, usize size)
{
	return put_name(out, size, READ_ONCE(tcp_sysctl.cong)->name);
}

static int set_default(char *text)
{
	const struct tcp_cong_ops *ops = tcp_cong_find(text, strlen(text));

	if (!ops)
		return -ENOENT;
	WRITE_ONCE(tcp_sysctl.cong, ops);
	return 0;
}

/* All that there are; programs without CAP_NET_ADMIN may choose any of them. */
static int get_all(char *out, usize size)
{
	return fmt_print(out, size, "%s %s", tcp_reno.name, tcp_cubic.name);
}

SYSCTL_TEXT(tcp_cong, "net/ipv4/tcp_congestion_control", 0644, get_default, set_default);
SYSCTL_TEXT(tcp_cong_available, "net/ipv4/tcp_available_congestion_control", 0444, get_all, NULL);
SYSCTL_TEXT(tcp_cong_allowed, "net/ipv4/tcp_allowed_congestion_control", 0444, get_all, NULL);

/* By memory, as Linux has them: a buffer may grow to 1/128 of it. */
void tcp_sysctl_init(void)
{
	struct mem_stats mem;
	u64 pages, most, limit;

	mem_stats_get(&mem);
	pages = mem.total;
	most = pages << (PAGE_SHIFT - 7);
	limit = max(pages / 16, 128ull);
	tcp_sysctl.rmem[2] = max((u32)min(most, 6291456ull), tcp_sysctl.rmem[1]);
	tcp_sysctl.wmem[2] = max((u32)min(most, 4194304ull), 65536u);
	tcp_sysctl.mem[0] = (u32)(limit / 4 * 3);
	tcp_sysctl.mem[1] = (u32)limit;
	tcp_sysctl.mem[2] = tcp_sysctl.mem[0] * 2;
}
