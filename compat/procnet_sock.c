/* SPDX-License-Identifier: MIT */
/* procnet_sock.c - /proc/net: sockets, as netstat and ss without netlink read them. The columns are
 * Linux's to the blank.
 *
 * Walks run under RCU or a spinlock: a line is written into room that is there already, else the
 * walk stops, room is made, and it goes on. Addresses are 32-bit words of the packet as the CPU
 * reads them, in hexadecimal. Pointers are shown as zero, as to everybody on Linux.
 * Ref: proc(5), Linux Documentation/networking/proc_net_tcp.rst. Tests: selftests/abi/procsys.c
 */
#include <compat/procnet.h>

#include <fs/procfs.h>
#include <kernel/lib/string.h>
#include <kernel/uapi_net.h>
#include <net/diag.h>
#include <net/net.h>
#include <net/netlink.h>
#include <net/packet.h>
#include <net/tcp.h>
#include <net/udp.h>
#include <net/unix.h>

#define LINE_MAX 400u		/* no line of a socket is longer */
#define ROOM	 65536u

struct listing {
	struct seq *s;
	bool six;
	u32 n;
	u8 protocol;
};

static bool has_room(const struct seq *s)
{
	return s->size - s->len > LINE_MAX || s->err;
}

/* ---- the internet's ---- */

static void put_end(struct seq *s, struct ipaddr a, u16 port, bool six)
{
	if (!six)
		seq_print(s, " %08X:%04X", ip_v4(a), port);
	else
		seq_print(s, " %08X%08X%08X%08X:%04X", a.w[0], a.w[1], a.w[2], a.w[3], port);
}

/* USER_HZ */
static u64 ticks(ktime_t ns) { return (u64)DIV_ROUND_UP(ns, 10000000); }

/* What all have in common, up to the queues and the timer. */
static void put_front(struct listing *l, const struct inet_diag *d, u32 width)
{
	seq_print(l->s, "%*u:", (int)width, l->n++);
	put_end(l->s, d->laddr, d->lport, l->six);
	put_end(l->s, d->raddr, d->rport, l->six);
	seq_print(l->s, " %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %u %p", d->state,
		  d->state == TCP_LISTEN ? 0 : d->wqueue, d->rqueue, d->timer, ticks(d->expires),
		  d->retrans, d->uid, d->probes, d->ino, d->refs, (void *)NULL);
}

static void put_tcp_tail(struct listing *l, const struct inet_diag *d)
{
	const struct tcp_sock *ts = d->is ? container_of(d->is, struct tcp_sock, inet) : NULL;
	usize begin = l->s->len;

	if (ts) {
		const struct tcp *t = &ts->tcp;
		s32 last = d->state == TCP_LISTEN	   ? (s32)ts->fastopen_qlen
			   : t->snd_ssthresh >= 0x7fffffff ? -1
							   : (s32)t->snd_ssthresh;

		seq_print(l->s, " %u %u %u %u %d", t->rto_ms / 10, t->ato_ms / 10,
			  t->quick << 1 | t->pingpong, t->snd_cwnd, last);
	}
	if (!l->six)		/* lines of 149 */
		for (usize n = l->s->len - begin; n < 20; n++)
			seq_write(l->s, " ", 1);
	seq_write(l->s, "\n", 1);
}

static bool show_tcp_sock(const struct inet_diag *d, void *arg)
{
	struct listing *l = arg;

	if ((d->family == AF_INET6) != l->six)
		return true;
	if (!has_room(l->s))
		return false;
	put_front(l, d, 4);
	put_tcp_tail(l, d);
	return true;
}

static bool show_udp_sock(const struct inet_diag *d, void *arg)
{
	struct listing *l = arg;
	u64 drops = d->is->sk.drops;

	if ((d->family == AF_INET6) != l->six)
		return true;
	if (!has_room(l->s))
		return false;
	if (l->protocol == IPPROTO_UDP)
		drops += container_of(d->is, struct udp_sock, inet)->drops;
	put_front(l, d, 5);
	seq_print(l->s, " %lu", drops);
	seq_print(l->s, "%*s\n", l->six || l->protocol != IPPROTO_UDP ? 0 : 10, "");
	return true;
}

static int show_inet(struct seq *s, const char *head, bool six, u8 protocol)
{
	struct listing l = { s, six, 0, protocol };
	struct diag_cursor c = {};

	seq_write(s, head, strlen(head));
	do
		seq_reserve(s, ROOM);
	while (!s->err &&
	       !(protocol == IPPROTO_TCP   ? tcp_diag(&init_net, &c, U32_MAX, show_tcp_sock, &l)
		 : protocol == IPPROTO_UDP ? udp_diag(&init_net, &c, U32_MAX, show_udp_sock, &l)
					   : raw_diag(&init_net, &c, U32_MAX, show_udp_sock, &l)));
	return 0;
}

#define HEAD6 \
	"  sl  local_address                         remote_address                        " \
	"st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"

static int show_tcp(struct seq *s, struct task *t)
{
	return show_inet(s,
			 "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
			 "retrnsmt   uid  timeout inode                             "
			 "                        \n",
			 false, IPPROTO_TCP);
}

static int show_tcp6(struct seq *s, struct task *t)
{
	return show_inet(s, HEAD6 "\n", true, IPPROTO_TCP);
}

static int show_udp(struct seq *s, struct task *t)
{
	return show_inet(s,
			 "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
			 "retrnsmt   uid  timeout inode ref pointer drops             \n",
			 false, IPPROTO_UDP);
}

static int show_udp6(struct seq *s, struct task *t)
{
	return show_inet(s, HEAD6 " ref pointer drops\n", true, IPPROTO_UDP);
}

static int show_raw(struct seq *s, struct task *t)
{
	return show_inet(s,
			 "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
			 "retrnsmt   uid  timeout inode ref pointer drops\n",
			 false, IPPROTO_RAW);
}

static int show_raw6(struct seq *s, struct task *t)
{
	return show_inet(s, HEAD6 " ref pointer drops\n", true, IPPROTO_RAW);
}

/* There are no lightweight UDP sockets. */
static int show_udplite(struct seq *s, struct task *t)
{
	seq_print(s, "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt "
		     "  uid  timeout inode ref pointer drops             \n");
	return 0;
}

/* ---- the others ---- */

static bool show_unix_sock(const struct unix_info *i, void *arg)
{
	const struct sock_addr *a = i->name;
	struct seq *s = arg;

	seq_print(s, "%p: %08X %08X %08X %04X %02X %5lu", (void *)NULL, i->refs, 0, i->flags,
		  i->type, i->state, i->ino);
	if (a->path_len) {
		seq_write(s, " ", 1);
		for (u32 n = 0; n < a->path_len; n++)
			if (a->path[n] || n + 1u < a->path_len || !a->path[0])
				seq_write(s, a->path[n] ? &a->path[n] : "@", 1);
	}
	seq_write(s, "\n", 1);
	return true;
}

static int show_unix(struct seq *s, struct task *t)
{
	u32 skip = 0;

	seq_print(s, "Num               RefCount Protocol Flags    Type St Inode Path\n");
	(void)unix_walk(&init_net, &skip, show_unix_sock, s);
	return 0;
}

static bool show_netlink_sock(const struct netlink_info *i, void *arg)
{
	struct seq *s = arg;

	if (!has_room(s))
		return false;
	seq_print(s, "%p %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8lu\n", (void *)NULL,
		  i->protocol, i->pid, (u32)i->groups, i->sk ? atomic_read(&i->sk->rmem) : 0,
		  i->sk ? sock_wmem(i->sk) : 0, 0, 2, i->sk ? i->sk->drops : 0,
		  i->sk ? i->sk->ino : 0);
	return true;
}

static int show_netlink(struct seq *s, struct task *t)
{
	u32 skip = 0;

	seq_print(s, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    "
		     "Drops    Inode\n");
	do
		seq_reserve(s, ROOM / 8);
	while (!s->err && !netlink_walk(&init_net, &skip, show_netlink_sock, s));
	return 0;
}

static bool show_packet_sock(const struct packet_diag *d, void *arg)
{
	struct seq *s = arg;

	if (!has_room(s))
		return false;
	seq_print(s, "%p %-6u %-4u %04x   %-5d %1d %-6u %-6u %-6lu\n", (void *)NULL,
		  atomic_read(&d->sk->obj.refs), d->sk->type, d->protocol, d->ifindex, d->running,
		  atomic_read(&d->sk->rmem), d->sk->cred->uid.v, d->sk->ino);
	return true;
}

static int show_packet(struct seq *s, struct task *t)
{
	u32 skip = 0;

	seq_print(s, "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n");
	do
		seq_reserve(s, ROOM / 8);
	while (!s->err && !packet_diag(&init_net, &skip, show_packet_sock, s));
	return 0;
}

void procnet_sock_init(void)
{
	procfs_add("net/tcp", show_tcp);
	procfs_add("net/tcp6", show_tcp6);
	procfs_add("net/udp", show_udp);
	procfs_add("net/udp6", show_udp6);
	procfs_add("net/udplite", show_udplite);
	procfs_add("net/raw", show_raw);
	procfs_add("net/raw6", show_raw6);
	procfs_add("net/unix", show_unix);
	procfs_add("net/netlink", show_netlink);
	procfs_add("net/packet", show_packet);
}
