/* SPDX-License-Identifier: MIT */
/* procnet.c - /proc/net: what netstat, ifconfig, route and ss's fallbacks read. The columns are Linux's to the blank.
 *
 * Addresses are printed as Linux prints them: 32-bit words of the packet as the CPU reads them, in hexadecimal.
 * Ref: proc(5), Linux Documentation/networking/proc_net_tcp.rst. Tests: none of its own yet
 */
#include <compat/procnet.h>

#include <fs/procfs.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <net/inet.h>
#include <net/net.h>
#include <net/neigh.h>
#include <net/netdev.h>
#include <net/netlink.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/udp.h>
#include <net/unix.h>

#define LINE_MAX 200u		/* no line of a socket is longer */

/* ---- devices ---- */

static int show_dev(struct seq *s, struct task *t)
{
	struct netdev *d;

	seq_print(s, "Inter-|   Receive                                                |  Transmit\n"
		     " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n");
	mutex_lock(&init_net.config);
	list_for_each_entry(d, &init_net.devs, link) {
		struct netdev_stats n;

		netdev_get_stats(d, &n);
		seq_print(s, "%6s: %7lu %7lu %4lu %4lu %4u %5u %10u %9lu ", d->name, n.rx_bytes, n.rx_packets, n.rx_errors, n.rx_dropped, 0, 0, 0,
			  n.rx_multicast);
		seq_print(s, "%8lu %7lu %4lu %4lu %4u %5u %7u %10u\n", n.tx_bytes, n.tx_packets, n.tx_errors, n.tx_dropped, 0, 0, 0, 0);
	}
	mutex_unlock(&init_net.config);
	return 0;
}

static int show_if_inet6(struct seq *s, struct task *t)
{
	struct netdev *d;
	struct ifaddr *a;

	mutex_lock(&init_net.config);
	list_for_each_entry(d, &init_net.devs, link)
		list_for_each_entry(a, &d->addrs, link) {
			const u8 *b = (const u8 *)&a->addr;

			if (ip_is4(a->addr))
				continue;
			for (u32 i = 0; i < 16; i++)
				seq_print(s, "%02x", b[i]);
			seq_print(s, " %02x %02x %02x %02x %8s\n", (u32)d->index, a->bits,
				  a->scope == RT_SCOPE_LINK ? 0x20 : a->scope == RT_SCOPE_HOST ? 0x10 : 0,
				  a->flags & 0xff, d->name);
		}
	mutex_unlock(&init_net.config);
	return 0;
}

/* ---- routes ---- */

static bool show_route_entry(const struct route_entry *e, void *arg)
{
	struct seq *s = arg;
	u32 bits = e->bits - 96, flags = 1, mask = bits ? cpu_to_be32(~0u << (32 - bits)) : 0;

	if (!ip_is4(e->dst) || e->table != RT_TABLE_MAIN || e->type == RTN_BROADCAST || e->type == RTN_LOCAL)
		return true;
	flags |= ip_is_any(e->gateway) ? 0 : 2;
	flags |= bits == 32 ? 4 : 0;
	flags |= e->type == RTN_UNREACHABLE ? 0x200 : 0;
	seq_print(s, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%u\t%08X\t%u\t%u\t%u", e->dev ? e->dev->name : "*", ip_v4(e->dst), ip_v4(e->gateway), flags, 0, 0,
		  e->metric, mask, e->mtu ? e->mtu + 40 : 0, 0, 0);
	seq_print(s, "%*s\n", 8, "");
	return true;
}

static int show_route(struct seq *s, struct task *t)
{
	seq_print(s, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n");
	route_for_each(&init_net, show_route_entry, s);
	return 0;
}

/* ---- sockets ---- */

struct listing {
	struct seq *s;
	bool six;
	u32 n;
};

static void put_end(struct seq *s, struct ipaddr a, u16 port, bool six)
{
	if (!six)
		seq_print(s, " %08X:%04X", ip_v4(a), port);
	else
		seq_print(s, " %08X%08X%08X%08X:%04X", a.w[0], a.w[1], a.w[2], a.w[3], port);
}

static void put_ends(struct listing *l, const struct inet_sock *is, u32 width)
{
	seq_print(l->s, "%*u:", (int)width, l->n++);
	put_end(l->s, is->laddr, is->lport, l->six);
	put_end(l->s, is->raddr, is->rport, l->six);
}

static void show_udp_sock(struct udp_sock *us, void *arg)
{
	struct listing *l = arg;
	struct inet_sock *is = &us->inet;

	if (inet_is6(is) != l->six)
		return;
	put_ends(l, is, 5);
	seq_print(l->s, " %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %u %p %lu", is->rport ? 1 : 7, sock_wmem(&is->sk),
		  atomic_read(&is->sk.rmem), 0, 0ul, 0,
		  is->sk.cred->uid.v, 0, is->sk.ino, 2, (void *)NULL, us->drops + is->sk.drops);
	seq_print(l->s, "%*s\n", l->six ? 0 : 10, "");
}

static void count_udp(struct udp_sock *us, void *arg)
{
	++*(u32 *)arg;
}

static int show_udp_any(struct seq *s, bool six)
{
	struct listing l = { s, six, 0 };
	u32 n = 64;

	udp_for_each(&init_net, count_udp, &n);
	seq_reserve(s, (n + n / 4) * LINE_MAX);
	if (six)
		seq_print(s, "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   "
			     "uid  timeout inode ref pointer drops\n");
	else
		seq_print(s, "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             \n");
	udp_for_each(&init_net, show_udp_sock, &l);
	return 0;
}

static int show_udp(struct seq *s, struct task *t)
{
	return show_udp_any(s, false);
}

static int show_udp6(struct seq *s, struct task *t)
{
	return show_udp_any(s, true);
}

static void show_unix_sock(const struct unix_info *i, void *arg)
{
	struct seq *s = arg;
	const struct sock_addr *a = i->name;

	seq_print(s, "%p: %08X %08X %08X %04X %02X %5lu", (void *)NULL, i->refs, 0, i->flags, i->type, i->state, i->ino);
	if (a->path_len) {
		seq_write(s, " ", 1);
		for (u32 n = 0; n < a->path_len; n++)
			if (a->path[n] || n + 1u < a->path_len || !a->path[0])
				seq_write(s, a->path[n] ? &a->path[n] : "@", 1);
	}
	seq_write(s, "\n", 1);
}

static int show_unix(struct seq *s, struct task *t)
{
	seq_print(s, "Num               RefCount Protocol Flags    Type St Inode Path\n");
	unix_for_each(&init_net, show_unix_sock, s);
	return 0;
}

static void show_netlink_sock(u16 protocol, u32 pid, u32 groups, const struct sock *sk, void *arg)
{
	seq_print(arg, "%p %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8lu\n", (void *)NULL, protocol, pid, groups,
		  atomic_read(&sk->rmem), sock_wmem(sk), 0, 2,
		  sk->drops, sk->ino);
}

static int show_netlink(struct seq *s, struct task *t)
{
	seq_print(s, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n");
	netlink_for_each(&init_net, show_netlink_sock, s);
	return 0;
}

/* ---- TCP ---- */

/* What a line says of the state of timers and queues; zero of requests and remains. */
struct tcp_line {
	u8 state, timer;
	u32 tx, rx, uid;
	s32 refs;
	u64 ino;
};

static void put_tcp(struct listing *l, struct ipaddr la, u16 lp, struct ipaddr ra, u16 rp, const struct tcp_line *t)
{
	seq_print(l->s, "%4u:", l->n++);
	put_end(l->s, la, lp, l->six);
	put_end(l->s, ra, rp, l->six);
	seq_print(l->s, " %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %d %p", t->state, t->tx, t->rx, t->timer, 0ul, 0, t->uid, 0, t->ino, t->refs,
		  (void *)NULL);
	seq_print(l->s, "%*s\n", l->six ? 0 : 20, "");
}

static bool in_listing(const struct listing *l, const struct inet_sock *is, struct ipaddr a)
{
	return is ? inet_is6(is) == l->six : ip_is4(a) != l->six;
}

static void show_tcp_ent(struct tcp_ent *e, void *arg)
{
	struct tcp_sock *ts = e->kind == TCP_ENT_SOCK ? container_of(e, struct tcp_sock, ent) : NULL;
	struct tcp_line t = { .state = e->kind == TCP_ENT_REQ ? TCP_SYN_RECV : TCP_TIME_WAIT, .refs = 1 };
	struct listing *l = arg;

	if (!in_listing(l, ts ? &ts->inet : NULL, e->laddr))
		return;
	if (ts)
		t = (struct tcp_line){ .state = ts->tcp.state, .tx = ts->tcp.write_seq - ts->tcp.snd_una, .rx = ts->tcp.rcv_nxt - ts->tcp.copied_seq,
				       .uid = ts->inet.sk.cred->uid.v, .refs = (s32)atomic_read(&ts->inet.sk.obj.refs), .ino = ts->inet.sk.ino };
	put_tcp(l, e->laddr, e->lport, e->raddr, e->rport, &t);
}

static void show_listener(struct tcp_sock *ts, void *arg)
{
	const struct inet_sock *is = &ts->inet;
	struct tcp_line t = { .state = TCP_LISTEN, .rx = atomic_read(&is->sk.ack_backlog), .uid = is->sk.cred->uid.v,
			      .refs = (s32)atomic_read(&is->sk.obj.refs), .ino = is->sk.ino };
	struct listing *l = arg;

	if (in_listing(l, is, is->laddr))
		put_tcp(l, is->laddr, is->lport, is->raddr, 0, &t);
}

static void count_ent(struct tcp_ent *e, void *arg)
{
	++*(u32 *)arg;
}

static int show_tcp_any(struct seq *s, bool six)
{
	struct listing l = { s, six, 0 };
	u32 n = 64;

	tcp_for_each(&init_net, count_ent, &n);
	seq_reserve(s, (n + n / 4) * LINE_MAX);
	if (six)
		seq_print(s, "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   "
			     "uid  timeout inode\n");
	else
		seq_print(s, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                             "
			     "                        \n");
	tcp_for_each_listener(&init_net, show_listener, &l);
	tcp_for_each(&init_net, show_tcp_ent, &l);
	return 0;
}

static int show_tcp(struct seq *s, struct task *t)
{
	return show_tcp_any(s, false);
}

static int show_tcp6(struct seq *s, struct task *t)
{
	return show_tcp_any(s, true);
}

/* ---- neighbours ---- */

static bool show_neighbour(struct neigh *n, void *arg)
{
	const u8 *a = (const u8 *)&n->addr.w[3], *m = (const u8 *)&n->hw;
	u8 state = READ_ONCE(n->state);
	char ip[16];

	if (!ip_is4(n->addr))
		return true;
	fmt_print(ip, sizeof(ip), "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
	seq_print(arg, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n", ip, 1,
		  (state & NUD_PERMANENT ? 6 : 0) | (state & NUD_VALID ? 2 : 0), m[0], m[1], m[2], m[3], m[4], m[5], n->dev->name);
	return true;
}

static int show_arp(struct seq *s, struct task *t)
{
	seq_print(s, "IP address       HW type     Flags       HW address            Mask     Device\n");
	neigh_for_each(show_neighbour, s);
	return 0;
}

void procnet_init(void)
{
	procfs_add("net/dev", show_dev);
	procfs_add("net/if_inet6", show_if_inet6);
	procfs_add("net/route", show_route);
	procfs_add("net/arp", show_arp);
	procfs_add("net/tcp", show_tcp);
	procfs_add("net/tcp6", show_tcp6);
	procfs_add("net/udp", show_udp);
	procfs_add("net/udp6", show_udp6);
	procfs_add("net/unix", show_unix);
	procfs_add("net/netlink", show_netlink);
}
