/* SPDX-License-Identifier: MIT */
/* procnet_stat.c - /proc/net: what netstat -s, nstat and ss -s count: snmp, netstat, snmp6,
 * sockstat, sockstat6, protocols, softnet_stat.
 *
 * Ref: proc(5), Linux Documentation/networking/snmp_counter.rst. Tests: selftests/abi/procnet.c
 */
#include <compat/procnet.h>

#include <arch/cpu.h>
#include <fs/procfs.h>
#include <kernel/lib/string.h>
#include <kernel/uapi_net.h>
#include <net/datagram.h>
#include <net/diag.h>
#include <net/ip_int.h>
#include <net/mib.h>
#include <net/net.h>
#include <net/tcp.h>
#include <net/udp.h>

struct row {
	const char *name;
	u32 mib;
};
#define NAME(n)	     " " #n
#define ROW_IP6(n)   { "Ip6" #n, MIB_IP6_##n },
#define ROW_ICMP6(n) { "Icmp6" #n, MIB_ICMP6_##n },
#define ROW_UDP6(n)  { "Udp6" #n, MIB_UDP6_##n },

static void put_values(struct seq *s, u32 first, u32 n)
{
	for (u32 i = 0; i < n; i++)
		seq_unum(s, ' ', mib_read(first + i));
}
#define COUNT_ONE(n) +1
#define COUNT(list)  (0 list(COUNT_ONE))

/* ---- snmp ---- */

static const struct { const char *name; u8 type; } icmp4_types[] = {
	{ "DestUnreachs", 3 },	 { "TimeExcds", 11 }, { "ParmProbs", 12 },    { "SrcQuenchs", 4 },
	{ "Redirects", 5 },	 { "Echos", 8 },      { "EchoReps", 0 },      { "Timestamps", 13 },
	{ "TimestampReps", 14 }, { "AddrMasks", 17 }, { "AddrMaskReps", 18 },
};

static void put_icmp4(struct seq *s)
{
	seq_print(s, "Icmp: InMsgs InErrors InCsumErrors");
	for (u32 i = 0; i < ARRAY_SIZE(icmp4_types); i++)
		seq_print(s, " In%s", icmp4_types[i].name);
	seq_print(s, " OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost");
	for (u32 i = 0; i < ARRAY_SIZE(icmp4_types); i++)
		seq_print(s, " Out%s", icmp4_types[i].name);
	seq_print(s, "\nIcmp:");
	put_values(s, MIB_ICMP4_InMsgs, 3);
	for (u32 i = 0; i < ARRAY_SIZE(icmp4_types); i++)
		seq_unum(s, ' ', mib_icmp_read(false, false, icmp4_types[i].type));
	put_values(s, MIB_ICMP4_OutMsgs, 4);
	for (u32 i = 0; i < ARRAY_SIZE(icmp4_types); i++)
		seq_unum(s, ' ', mib_icmp_read(false, true, icmp4_types[i].type));
	seq_print(s, "\n");
}

/* Only those that there were. */
static void put_icmp_msg(struct seq *s)
{
	u32 any = 0;

	for (u32 i = 0; i < 512; i++)
		if (mib_icmp_read(false, i >= 256, i))
			seq_print(s, "%s%sType%u",
				  any++ ? " " : "IcmpMsg: ", i < 256 ? "In" : "Out", i & 255);
	if (!any)
		return;
	seq_print(s, "\nIcmpMsg:");
	for (u32 i = 0; i < 512; i++)
		if (mib_icmp_read(false, i >= 256, i))
			seq_unum(s, ' ', mib_icmp_read(false, i >= 256, i));
	seq_print(s, "\n");
}

static int show_snmp(struct seq *s, struct task *t)
{
	seq_print(s, "Ip: Forwarding DefaultTTL" MIB_IP4(NAME) "\nIp: %u %u",
		  init_net.forward4 ? 1 : 2, init_net.default_ttl);
	put_values(s, MIB_IP4_InReceives, COUNT(MIB_IP4));
	seq_print(s, "\n");
	put_icmp4(s);
	put_icmp_msg(s);
	seq_print(s,
		  "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn" MIB_TCP(NAME) "\nTcp: 1 200 120000 -1");
	put_values(s, MIB_TCP_ActiveOpens, COUNT(MIB_TCP));
	seq_print(s, "\nUdp:" MIB_UDP(NAME) "\nUdp:");
	put_values(s, MIB_UDP4_InDatagrams, COUNT(MIB_UDP));
	/* there is none */
	seq_print(s, "\nUdpLite:" MIB_UDP(NAME) "\nUdpLite: 0 0 0 0 0 0 0 0 0\n");
	return 0;
}

static int show_netstat(struct seq *s, struct task *t)
{
	seq_print(s, "%s", "TcpExt:" MIB_TCP_EXT(NAME) "\nTcpExt:");
	put_values(s, MIB_TCP_EXT_SyncookiesSent, COUNT(MIB_TCP_EXT));
	seq_print(s, "%s", "\nIpExt:" MIB_IP4_EXT(NAME) "\nIpExt:");
	put_values(s, MIB_IP4_EXT_InNoRoutes, COUNT(MIB_IP4_EXT));
	seq_print(s, "\n");
	return 0;
}

static const struct { const char *name; u8 type; } icmp6_types[] = {
	{ "DestUnreachs", 1 },
	{ "PktTooBigs", 2 },
	{ "TimeExcds", 3 },
	{ "ParmProblems", 4 },
	{ "Echos", 128 },
	{ "EchoReplies", 129 },
	{ "GroupMembQueries", 130 },
	{ "GroupMembResponses", 131 },
	{ "GroupMembReductions", 132 },
	{ "RouterSolicits", 133 },
	{ "RouterAdvertisements", 134 },
	{ "NeighborSolicits", 135 },
	{ "NeighborAdvertisements", 136 },
	{ "Redirects", 137 },
	{ "MLDv2Reports", 143 },
};

static void put_icmp6_types(struct seq *s, bool out)
{
	for (u32 i = 0; i < ARRAY_SIZE(icmp6_types); i++) {
		seq_print(s, "Icmp6%s%s", out ? "Out" : "In", icmp6_types[i].name);
		for (usize n = 8 - !out + strlen(icmp6_types[i].name); n < 32; n++)
			seq_write(s, " ", 1);
		seq_print(s, "\t%lu\n", mib_icmp_read(true, out, icmp6_types[i].type));
	}
}

static int show_snmp6(struct seq *s, struct task *t)
{
	static const struct row before[] = { MIB_IP6(ROW_IP6) MIB_ICMP6(ROW_ICMP6) },
				after[] = { MIB_UDP(ROW_UDP6) };

	for (u32 i = 0; i < ARRAY_SIZE(before); i++)
		seq_print(s, "%-32s\t%lu\n", before[i].name, mib_read(before[i].mib));
	put_icmp6_types(s, false);
	put_icmp6_types(s, true);
	for (u32 i = 0; i < 512; i++) {
		u64 n = mib_icmp_read(true, i >= 256, i);

		if (n)
			seq_print(s, "Icmp6%sType%-*u\t%lu\n", i < 256 ? "In" : "Out",
				  i < 256 ? 21 : 20, i & 255, n);
	}
	for (u32 i = 0; i < ARRAY_SIZE(after); i++)
		seq_print(s, "%-32s\t%lu\n", after[i].name, mib_read(after[i].mib));
	return 0;
}

/* ---- sockets ---- */

struct tally {
	u32 four, six, orphans, remains;
	u64 bytes;
};

static bool tally_one(const struct inet_diag *d, void *arg)
{
	struct tally *t = arg;

	if (!d->is) {
		t->remains += d->timer == DIAG_TIMER_TIMEWAIT;
		return true;
	}
	t->four += d->family == AF_INET;
	t->six += d->family == AF_INET6;
	if (d->is->sk.type == SOCK_STREAM) {
		const struct tcp *tcp = &container_of(d->is, struct tcp_sock, inet)->tcp;

		t->orphans += tcp->dead;
		t->bytes += (u64)tcp->rmem + tcp->wmem;
	} else {
		t->bytes += (u64)atomic_read(&d->is->sk.rmem) + sock_wmem(&d->is->sk);
	}
	return true;
}

static struct tally count_all(bool (*walk)(struct net_ns *, struct diag_cursor *, u32, inet_diag_fn,
					   void *))
{
	struct diag_cursor c = {};
	struct tally t = {};

	(void)walk(&init_net, &c, U32_MAX, tally_one, &t);
	return t;
}

static int show_sockstat(struct seq *s, struct task *t)
{
	struct tally tcp = count_all(tcp_diag), udp = count_all(udp_diag),
		     raw = count_all(raw_diag);

	seq_print(s, "sockets: used %lu\n", mib_read(MIB_SOCK_Used));
	seq_print(s, "TCP: inuse %u orphan %u tw %u alloc %lu mem %lu\n", tcp.four, tcp.orphans,
		  tcp.remains, mib_read(MIB_SOCK_TCP) + mib_read(MIB_SOCK_TCPv6),
		  DIV_ROUND_UP(tcp.bytes, PAGE_SIZE));
	seq_print(s, "UDP: inuse %u mem %lu\nUDPLITE: inuse 0\nRAW: inuse %u\n", udp.four,
		  DIV_ROUND_UP(udp.bytes, PAGE_SIZE), raw.four);
	seq_print(s, "FRAG: inuse %u memory %u\n", frag_stat(true).queues, frag_stat(true).bytes);
	return 0;
}

static int show_sockstat6(struct seq *s, struct task *t)
{
	seq_print(s, "TCP6: inuse %u\nUDP6: inuse %u\nUDPLITE6: inuse 0\nRAW6: inuse %u\n",
		  count_all(tcp_diag).six, count_all(udp_diag).six, count_all(raw_diag).six);
	seq_print(s, "FRAG6: inuse %u memory %u\n", frag_stat(false).queues,
		  frag_stat(false).bytes);
	return 0;
}

/* Which operations each has: close connect disconnect accept ioctl init destroy shutdown setsockopt
 * getsockopt sendpage bind backlog_rcv hash unhash get_port enter_pressure. */
static int show_protocols(struct seq *s, struct task *t)
{
	static const struct {
		const char *name;
		u32 size;
		u32 mib;
		bool memory, slab;
		const char *ops;
	} rows[] = {
		{ "PACKET", sizeof(struct sock), MIB_SOCK_PACKET, false, false,
		  "n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n" },
		{ "PINGv6", sizeof(struct dgram_sock), MIB_SOCK_PINGv6, false, true,
		  "y  y  y  n  n  y  n  n  y  y  y  y  y  y  y  y  y  n" },
		{ "RAWv6", sizeof(struct dgram_sock), MIB_SOCK_RAWv6, false, true,
		  "y  y  y  n  y  y  y  n  y  y  y  y  y  y  y  y  n  n" },
		{ "UDPv6", sizeof(struct udp_sock), MIB_SOCK_UDPv6, true, true,
		  "y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n" },
		{ "TCPv6", sizeof(struct tcp_sock), MIB_SOCK_TCPv6, true, true,
		  "y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y  y" },
		{ "UNIX-STREAM", sizeof(struct sock), MIB_SOCK_UNIXstream, false, true,
		  "y  n  n  n  n  n  n  n  n  n  n  n  n  n  n  y  n  n" },
		{ "UNIX", sizeof(struct sock), MIB_SOCK_UNIX, false, true,
		  "y  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n" },
		{ "PING", sizeof(struct dgram_sock), MIB_SOCK_PING, false, true,
		  "y  y  y  n  n  y  n  n  y  y  y  y  y  y  y  y  y  n" },
		{ "RAW", sizeof(struct dgram_sock), MIB_SOCK_RAW, false, true,
		  "y  y  y  n  y  y  y  n  y  y  y  y  y  y  y  y  n  n" },
		{ "UDP", sizeof(struct udp_sock), MIB_SOCK_UDP, true, true,
		  "y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n" },
		{ "TCP", sizeof(struct tcp_sock), MIB_SOCK_TCP, true, true,
		  "y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y  y" },
		{ "NETLINK", sizeof(struct sock), MIB_SOCK_NETLINK, false, false,
		  "n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n" },
	};

	seq_print(s, "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io "
		     "in de sh ss gs se re bi br ha uh gp em\n");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tally used = {};

		if (rows[i].memory)
			used = count_all(rows[i].size == sizeof(struct tcp_sock) ? tcp_diag
										 : udp_diag);
		seq_print(s, "%-9s %4u %6lu  %6ld   %-3s %6u   %-3s  %-10s  %s\n", rows[i].name,
			  rows[i].size, mib_read(rows[i].mib),
			  rows[i].memory ? (s64)DIV_ROUND_UP(used.bytes, PAGE_SIZE) : -1,
			  rows[i].memory ? "no" : "NI",
			  rows[i].size == sizeof(struct tcp_sock) ? 256 : 0,
			  rows[i].slab ? "yes" : "no", "kernel", rows[i].ops);
	}
	return 0;
}

void procnet_stat_init(void)
{
	procfs_add("net/snmp", show_snmp);
	procfs_add("net/netstat", show_netstat);
	procfs_add("net/snmp6", show_snmp6);
	procfs_add("net/sockstat", show_sockstat);
	procfs_add("net/sockstat6", show_sockstat6);
	procfs_add("net/protocols", show_protocols);
}
