/* SPDX-License-Identifier: MIT */
/* needs: --net user */
/* sock_diag(7): sockets listed, filtered, looked up and closed through NETLINK_SOCK_DIAG. */
#include "../harness.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "netif.h"

static char buf[131072];

struct inet_request {
	struct nlmsghdr h;
	struct inet_diag_req_v2 r;
	char attrs[64];
};

static int diag(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG); }

static unsigned inode_of(int fd)
{
	struct stat st = {};

	fstat(fd, &st);
	return st.st_ino;
}

static struct inet_request about(int family, int protocol, int states)
{
	struct inet_request q = { .h = { NLMSG_LENGTH(sizeof(q.r)), SOCK_DIAG_BY_FAMILY,
					 NLM_F_REQUEST | NLM_F_DUMP, 1, 0 } };

	q.r.sdiag_family = family;
	q.r.sdiag_protocol = protocol;
	q.r.idiag_states = states;
	return q;
}

static int error_of(void *req)
{
	struct nlmsghdr *h = req;
	struct nlmsghdr *e = (void *)buf;
	int s = diag(), n;

	send(s, h, h->nlmsg_len, 0);
	n = recv(s, buf, sizeof(buf), 0);
	close(s);
	if (n < (int)NLMSG_LENGTH(4))
		return -9999;
	return e->nlmsg_type == NLMSG_ERROR ? ((struct nlmsgerr *)NLMSG_DATA(e))->error
					    : e->nlmsg_type;
}

/* fn for each message of the answer; how many. */
static int each(void *req, void (*fn)(void *msg, int len, void *arg), void *arg)
{
	struct nlmsghdr *q = req;
	int s = diag(), n = 0;

	send(s, q, q->nlmsg_len, 0);
	for (;;) {
		int got = recv(s, buf, sizeof(buf), 0), len = got;

		for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, (unsigned)len);
		     h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
				close(s);
				return h->nlmsg_type == NLMSG_DONE ? n : -1;
			}
			EXPECT_EQ(SOCK_DIAG_BY_FAMILY, h->nlmsg_type);
			fn(NLMSG_DATA(h), NLMSG_PAYLOAD(h, 0), arg);
			n++;
		}
		if (got <= 0)
			return -2;
	}
}

struct found {
	unsigned ino;
	struct inet_diag_msg m;
	int seen, attrs;
	/* glibc knows the beginning */
	struct {
		struct tcp_info i;
		unsigned long pacing, max_pacing, acked, received, more[15];
	} info;
	struct inet_diag_meminfo mem;
	unsigned sk[9];
	char cong[16];
	int shutdown, tos, v6only, protocol, proto_seen;
};

static void see(void *msg, int len, void *arg)
{
	struct inet_diag_msg *m = msg;
	struct found *f = arg;

	len -= NLMSG_ALIGN(sizeof(*m));
	if (m->idiag_inode != f->ino)
		return;
	f->seen++;
	f->m = *m;
	f->v6only = f->shutdown = f->tos = -1;
	for (struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(sizeof(*m))); RTA_OK(a, len);
	     a = RTA_NEXT(a, len)) {
		f->attrs |= 1 << a->rta_type;
		switch (a->rta_type) {
		case INET_DIAG_INFO:	   memcpy(&f->info, RTA_DATA(a), sizeof(f->info)); break;
		case INET_DIAG_MEMINFO:	   memcpy(&f->mem, RTA_DATA(a), sizeof(f->mem)); break;
		case INET_DIAG_SKMEMINFO:  memcpy(f->sk, RTA_DATA(a), sizeof(f->sk)); break;
		case INET_DIAG_CONG:	   strcpy(f->cong, RTA_DATA(a)); break;
		case INET_DIAG_SHUTDOWN:   f->shutdown = *(unsigned char *)RTA_DATA(a); break;
		case INET_DIAG_TOS:	   f->tos = *(unsigned char *)RTA_DATA(a); break;
		case INET_DIAG_SKV6ONLY:   f->v6only = *(unsigned char *)RTA_DATA(a); break;
		case INET_DIAG_PROTOCOL:   f->protocol = *(unsigned char *)RTA_DATA(a); break;
		}
	}
}

static struct found look(struct inet_request q, int fd)
{
	struct found f = { .ino = inode_of(fd) };

	EXPECT_TRUE(each(&q, see, &f) >= 0);
	return f;
}

static int port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t n = sizeof(a);

	getsockname(fd, (void *)&a, &n);
	return ntohs(a.sin6_port);
}

/* A listener, and a pair of ends. */
static void make_pair(int *l, int *c, int *a)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);

	if_up("lo");
	*l = socket(AF_INET, SOCK_STREAM, 0);
	bind(*l, (void *)&at, sizeof(at));
	listen(*l, 7);
	getsockname(*l, (void *)&at, &n);
	*c = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(*c, (void *)&at, sizeof(at)));
	*a = accept(*l, NULL, NULL);
	ASSERT_TRUE(*a >= 0);
}

TEST(tcp_listed)
{
	struct inet_request q = about(AF_INET, IPPROTO_TCP, ~0);
	struct found f;
	int l, c, a, v = 0x10;

	make_pair(&l, &c, &a);
	setsockopt(c, IPPROTO_IP, IP_TOS, &v, sizeof(v));
	q.r.idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_MEMINFO - 1) |
			1 << (INET_DIAG_SKMEMINFO - 1) | 1 << (INET_DIAG_CONG - 1) |
			1 << (INET_DIAG_TOS - 1);
	EXPECT_EQ(5, write(c, "hello", 5));
	f = look(q, a);
	EXPECT_EQ(1, f.seen);
	EXPECT_EQ(AF_INET, f.m.idiag_family);
	EXPECT_EQ(TCP_ESTABLISHED, f.m.idiag_state);
	EXPECT_EQ(htons(port_of(l)), f.m.id.idiag_sport);
	EXPECT_EQ(htons(port_of(c)), f.m.id.idiag_dport);
	EXPECT_EQ(htonl(INADDR_LOOPBACK), f.m.id.idiag_src[0]);
	EXPECT_EQ(htonl(INADDR_LOOPBACK), f.m.id.idiag_dst[0]);
	EXPECT_EQ(0, f.m.id.idiag_src[1] | f.m.id.idiag_dst[3]);
	EXPECT_EQ(5, f.m.idiag_rqueue);
	EXPECT_EQ(0, f.m.idiag_wqueue);
	EXPECT_EQ(0, f.m.idiag_uid);
	EXPECT_EQ(TCP_ESTABLISHED, f.info.i.tcpi_state);
	EXPECT_EQ(5, f.info.received);
	EXPECT_STREQ("cubic", f.cong);
	EXPECT_TRUE(f.mem.idiag_rmem > 5 && f.sk[SK_MEMINFO_RMEM_ALLOC] == f.mem.idiag_rmem);
	EXPECT_EQ(131072, f.sk[SK_MEMINFO_RCVBUF]);
	EXPECT_EQ(0, f.shutdown);
	f = look(q, c);
	EXPECT_EQ(0x10, f.tos);
	EXPECT_EQ(6, f.info.acked);		/* the SYN counts */
	f = look(q, l);
	EXPECT_EQ(TCP_LISTEN, f.m.idiag_state);
	EXPECT_EQ(0, f.m.idiag_rqueue);
	EXPECT_EQ(7, f.m.idiag_wqueue);
	EXPECT_EQ(0, f.m.id.idiag_dport);
	shutdown(c, SHUT_WR);
	usleep(150000);					/* their acknowledgement is delayed */
	f = look(q, c);
	EXPECT_EQ(TCP_FIN_WAIT2, f.m.idiag_state);
	EXPECT_EQ(2, f.shutdown);
	q.r.idiag_states = 1 << TCP_LISTEN;
	EXPECT_EQ(0, look(q, a).seen);
	EXPECT_EQ(1, look(q, l).seen);
	q = about(AF_INET, IPPROTO_TCP, ~0);
	f = look(q, a);
	EXPECT_EQ(0,
		  f.attrs & (1 << INET_DIAG_INFO | 1 << INET_DIAG_CONG | 1 << INET_DIAG_MEMINFO));
	EXPECT_EQ(1, f.attrs >> INET_DIAG_SHUTDOWN & 1);
	q.r.id.idiag_sport = htons(port_of(c));
	EXPECT_EQ(0, look(q, a).seen);
	EXPECT_EQ(1, look(q, c).seen);
	q = about(AF_INET6, IPPROTO_TCP, ~0);
	EXPECT_EQ(0, look(q, c).seen);
}

TEST(tcp_of_two_families)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int l = socket(AF_INET6, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), a;
	struct found f;

	if_up("lo");
	bind(l, (void *)&at, sizeof(at));
	listen(l, 3);
	f = look(about(AF_INET6, IPPROTO_TCP, ~0), l);
	EXPECT_EQ(1, f.seen);
	EXPECT_EQ(0, f.v6only);
	to.sin_port = htons(port_of(l));
	ASSERT_EQ(0, connect(c, (void *)&to, sizeof(to)));
	a = accept(l, NULL, NULL);
	f = look(about(AF_INET6, IPPROTO_TCP, ~0), a);
	EXPECT_EQ(1, f.seen);
	EXPECT_EQ(htonl(0xffff), f.m.id.idiag_src[2]);
	EXPECT_EQ(htonl(INADDR_LOOPBACK), f.m.id.idiag_src[3]);
	EXPECT_EQ(0, look(about(AF_INET, IPPROTO_TCP, ~0), a).seen);
	{
		struct inet_request q = about(AF_UNSPEC, IPPROTO_TCP, ~0);

		EXPECT_EQ(-ENOENT, error_of(&q));
	}
}

static struct inet_request filter(const void *prog, int n)
{
	struct inet_request q = about(AF_INET, IPPROTO_TCP, ~0);
	struct rtattr *a = (void *)q.attrs;

	a->rta_type = INET_DIAG_REQ_BYTECODE;
	a->rta_len = RTA_LENGTH(n);
	memcpy(RTA_DATA(a), prog, n);
	q.h.nlmsg_len += RTA_ALIGN(a->rta_len);
	return q;
}

TEST(filters)
{
	struct inet_diag_bc_op is_port[2] = { { INET_DIAG_BC_S_EQ, 8, 12 }, {} },
			       automatic = { INET_DIAG_BC_AUTO, 4, 8 };
	struct {
		struct inet_diag_bc_op op;
		struct inet_diag_hostcond c;
		unsigned addr;
	} host = { .op = { INET_DIAG_BC_D_COND, 16, 20 } };
	struct inet_diag_bc_op wrong = { INET_DIAG_BC_S_EQ, 4, 8 };
	struct inet_request q;
	int l, c, a;

	make_pair(&l, &c, &a);
	host.c = (struct inet_diag_hostcond){ .family = AF_INET, .prefix_len = 8, .port = -1 };
	host.addr = htonl(0x7f000000);
	is_port[1].no = port_of(l);
	q = filter(is_port, sizeof(is_port));
	EXPECT_EQ(1, look(q, l).seen);
	EXPECT_EQ(1, look(q, a).seen);
	EXPECT_EQ(0, look(q, c).seen);
	q = filter(&host, sizeof(host));
	EXPECT_EQ(0, look(q, l).seen);
	EXPECT_EQ(1, look(q, a).seen);
	q = filter(&automatic, sizeof(automatic));
	EXPECT_EQ(1, look(q, c).seen);
	q = filter(&wrong, sizeof(wrong));
	EXPECT_EQ(-EINVAL, error_of(&q));
	q = filter(&wrong, 0);
	EXPECT_EQ(-EINVAL, error_of(&q));
}

TEST(one_by_its_addresses)
{
	struct inet_request q = about(AF_INET, IPPROTO_TCP, ~0);
	struct inet_diag_msg *m;
	struct found f;
	int l, c, a, s = diag();

	make_pair(&l, &c, &a);
	f = look(q, c);
	q.h.nlmsg_flags = NLM_F_REQUEST;
	q.r.id = f.m.id;
	send(s, &q, q.h.nlmsg_len, 0);
	EXPECT_TRUE(recv(s, buf, sizeof(buf), 0) > (int)NLMSG_LENGTH(sizeof(*m)));
	EXPECT_EQ(SOCK_DIAG_BY_FAMILY, ((struct nlmsghdr *)buf)->nlmsg_type);
	m = NLMSG_DATA(buf);
	EXPECT_EQ(inode_of(c), m->idiag_inode);
	q.r.id.idiag_cookie[0] ^= 1;
	EXPECT_EQ(-ENOENT, error_of(&q));
	q.r.id.idiag_cookie[0] = q.r.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	EXPECT_EQ(SOCK_DIAG_BY_FAMILY, error_of(&q));
	q.r.id.idiag_dport = htons(1);
	q.r.id.idiag_sport = htons(1);
	EXPECT_EQ(-ENOENT, error_of(&q));
	q.r.sdiag_protocol = 200;
	EXPECT_EQ(-ENOENT, error_of(&q));
	q.r.sdiag_family = AF_INET + 100;
	EXPECT_EQ(-EINVAL, error_of(&q));
	q.h.nlmsg_type = 77;
	EXPECT_EQ(-EINVAL, error_of(&q));
}

TEST(closed_from_outside)
{
	struct inet_request q = about(AF_INET, IPPROTO_TCP, ~0);
	struct found f;
	int l, c, a;
	char b;

	make_pair(&l, &c, &a);
	f = look(q, c);
	q.h.nlmsg_type = SOCK_DESTROY;
	q.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	q.r.id = f.m.id;
	EXPECT_EQ(0, exit_status(IN_CHILD({
			  ASSERT_EQ(0, setuid(1000));
			  ASSERT_EQ(-EPERM, error_of(&q));
		  })));
	EXPECT_EQ(0, error_of(&q));
	EXPECT_ERRNO(ECONNABORTED, read(c, &b, 1));
	EXPECT_ERRNO(ECONNRESET, read(a, &b, 1));
	EXPECT_EQ(-ENOENT, error_of(&q));
}

TEST(udp_listed)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct inet_request q = about(AF_INET, IPPROTO_UDP, ~0);
	int s = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t n = sizeof(at);
	struct found f;

	if_up("lo");
	bind(s, (void *)&at, sizeof(at));
	getsockname(s, (void *)&at, &n);
	connect(c, (void *)&at, sizeof(at));
	send(c, "x", 1, 0);
	f = look(q, s);
	EXPECT_EQ(1, f.seen);
	EXPECT_EQ(TCP_CLOSE, f.m.idiag_state);
	EXPECT_TRUE(f.m.idiag_rqueue > 1);		/* memory, not bytes */
	f = look(q, c);
	EXPECT_EQ(TCP_ESTABLISHED, f.m.idiag_state);
	EXPECT_EQ(at.sin_port, f.m.id.idiag_dport);
	q.r.idiag_states = 1 << TCP_ESTABLISHED;
	EXPECT_EQ(0, look(q, s).seen);
}

TEST(raw_listed)
{
	struct inet_request q = about(AF_INET, IPPROTO_RAW, ~0);
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	struct found f = look(q, s);

	EXPECT_EQ(1, f.seen);
	EXPECT_EQ(TCP_CLOSE, f.m.idiag_state);
	EXPECT_EQ(htons(IPPROTO_ICMP), f.m.id.idiag_sport);
	EXPECT_EQ(IPPROTO_ICMP, f.protocol);
}

TEST(time_wait_listed)
{
	struct inet_request q = about(AF_INET, IPPROTO_TCP, 1 << TCP_TIME_WAIT);
	struct found f = {};
	int l, c, a, port;
	char b;

	make_pair(&l, &c, &a);
	port = port_of(c);
	close(c);
	EXPECT_EQ(0, read(a, &b, 1));
	close(a);
	usleep(50000);
	q.r.id.idiag_sport = htons(port);
	EXPECT_EQ(1, each(&q, see, &f));		/* inode 0 */
	EXPECT_EQ(TCP_TIME_WAIT, f.m.idiag_state);
	EXPECT_EQ(3, f.m.idiag_timer);
	EXPECT_TRUE(f.m.idiag_expires > 55000 && f.m.idiag_expires <= 60000);
}

/* ---- other families ---- */

struct unix_seen { unsigned ino; struct unix_diag_msg m; int seen; char name[108]; int name_len;
	unsigned peer, icon, rqlen[2], uid, vfs[2]; int icons, shutdown; };

static void see_unix(void *msg, int len, void *arg)
{
	struct unix_diag_msg *m = msg;
	struct unix_seen *f = arg;

	len -= NLMSG_ALIGN(sizeof(*m));
	if (m->udiag_ino != f->ino)
		return;
	f->seen++;
	f->m = *m;
	for (struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(sizeof(*m))); RTA_OK(a, len);
	     a = RTA_NEXT(a, len)) {
		int n = RTA_PAYLOAD(a);

		switch (a->rta_type) {
		case UNIX_DIAG_NAME:	 memcpy(f->name, RTA_DATA(a), f->name_len = n); break;
		case UNIX_DIAG_VFS:	 memcpy(f->vfs, RTA_DATA(a), 8); break;
		case UNIX_DIAG_PEER:	 memcpy(&f->peer, RTA_DATA(a), 4); break;
		case UNIX_DIAG_ICONS:	 f->icons = n / 4; memcpy(&f->icon, RTA_DATA(a), n ? 4 : 0); break;
		case UNIX_DIAG_RQLEN:	 memcpy(f->rqlen, RTA_DATA(a), 8); break;
		case UNIX_DIAG_SHUTDOWN: f->shutdown = *(unsigned char *)RTA_DATA(a); break;
		case UNIX_DIAG_UID:	 memcpy(&f->uid, RTA_DATA(a), 4); break;
		}
	}
}

struct unix_request { struct nlmsghdr h; struct unix_diag_req r; };

static struct unix_seen look_unix(int fd)
{
	struct unix_request q = {
		{ sizeof(q), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 },
		{ .sdiag_family = AF_UNIX, .udiag_states = ~0, .udiag_show = 0x7f }
	};
	struct unix_seen f = { .ino = inode_of(fd) };

	EXPECT_TRUE(each(&q, see_unix, &f) > 0);
	return f;
}

TEST(unix_listed)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "\0sockdiag" },
			   path = { .sun_family = AF_UNIX, .sun_path = "/tmp/sockdiag.s" };
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0),
	    d = socket(AF_UNIX, SOCK_DGRAM, 0), p[2];
	struct unix_request q = { { sizeof(q), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0 },
				  { .sdiag_family = AF_UNIX } };
	struct unix_seen f;
	struct stat st;

	bind(l, (void *)&at, 2 + 9);
	listen(l, 5);
	connect(c, (void *)&at, 2 + 9);
	f = look_unix(l);
	EXPECT_EQ(1, f.seen);
	EXPECT_EQ(TCP_LISTEN, f.m.udiag_state);
	EXPECT_EQ(SOCK_STREAM, f.m.udiag_type);
	EXPECT_EQ(9, f.name_len);
	EXPECT_EQ(0, memcmp(f.name, at.sun_path, 9));
	EXPECT_EQ(1, f.rqlen[0]);
	EXPECT_EQ(5, f.rqlen[1]);
	EXPECT_EQ(1, f.icons);
	EXPECT_EQ(inode_of(c), f.icon);
	f = look_unix(c);
	EXPECT_EQ(TCP_ESTABLISHED, f.m.udiag_state);
	EXPECT_EQ(0, f.peer);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	write(p[0], "abc", 3);
	shutdown(p[0], SHUT_RD);
	f = look_unix(p[1]);
	EXPECT_EQ(inode_of(p[0]), f.peer);
	EXPECT_EQ(3, f.rqlen[0]);
	EXPECT_EQ(2, f.shutdown);
	EXPECT_EQ(0, f.uid);
	unlink(path.sun_path);
	bind(d, (void *)&path, sizeof(path));
	stat(path.sun_path, &st);
	f = look_unix(d);
	EXPECT_EQ(TCP_CLOSE, f.m.udiag_state);
	EXPECT_EQ(16, f.name_len);
	EXPECT_STREQ(path.sun_path, f.name);
	EXPECT_EQ((unsigned)st.st_ino, f.vfs[0]);
	unlink(path.sun_path);
	EXPECT_EQ(-EINVAL, error_of(&q));
	q.r.udiag_ino = inode_of(d);
	q.r.udiag_cookie[0] = q.r.udiag_cookie[1] = ~0u;
	EXPECT_EQ(SOCK_DIAG_BY_FAMILY, error_of(&q));
	q.r.udiag_cookie[0] = 12345678;
	EXPECT_EQ(-ESTALE, error_of(&q));
	q.r.udiag_ino = 0x7ffffff0;
	EXPECT_EQ(-ENOENT, error_of(&q));
}

struct other {
	unsigned ino;
	int seen, members;
	struct packet_diag_msg p;
	struct packet_diag_info info;
	struct netlink_diag_msg n;
	unsigned long groups;
};

static void see_packet(void *msg, int len, void *arg)
{
	struct packet_diag_msg *m = msg;
	struct other *f = arg;

	len -= NLMSG_ALIGN(sizeof(*m));
	if (m->pdiag_ino != f->ino)
		return;
	f->seen++;
	f->p = *m;
	for (struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(sizeof(*m))); RTA_OK(a, len);
	     a = RTA_NEXT(a, len)) {
		if (a->rta_type == PACKET_DIAG_INFO)
			memcpy(&f->info, RTA_DATA(a), sizeof(f->info));
		if (a->rta_type == PACKET_DIAG_MCLIST)
			f->members = RTA_PAYLOAD(a);
	}
}

static void see_netlink(void *msg, int len, void *arg)
{
	struct netlink_diag_msg *m = msg;
	struct other *f = arg;

	len -= NLMSG_ALIGN(sizeof(*m));
	if (m->ndiag_ino != f->ino)
		return;
	f->seen++;
	f->n = *m;
	for (struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(sizeof(*m))); RTA_OK(a, len);
	     a = RTA_NEXT(a, len))
		if (a->rta_type == NETLINK_DIAG_GROUPS)
			memcpy(&f->groups, RTA_DATA(a), 4);
}

TEST(packet_and_netlink_listed)
{
	struct {
		struct nlmsghdr h;
		struct packet_diag_req r;
	} p = { .h = { sizeof(p), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 } };
	struct {
		struct nlmsghdr h;
		struct netlink_diag_req r;
	} n = { .h = { sizeof(n), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 } };
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
				  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_ROUTE };
	int s = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP)),
	    r = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct packet_mreq mr = { .mr_ifindex = 1, .mr_type = PACKET_MR_PROMISC };
	struct other f = { .ino = inode_of(s) };

	p.r = (struct packet_diag_req){ .sdiag_family = AF_PACKET,
					.pdiag_show = PACKET_SHOW_INFO | PACKET_SHOW_MCLIST };
	n.r = (struct netlink_diag_req){ .sdiag_family = AF_NETLINK,
					 .sdiag_protocol = NDIAG_PROTO_ALL,
					 .ndiag_show = NDIAG_SHOW_GROUPS };
	setsockopt(s, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr));
	EXPECT_TRUE(each(&p, see_packet, &f) > 0);
	EXPECT_EQ(1, f.seen);
	EXPECT_EQ(SOCK_DGRAM, f.p.pdiag_type);
	EXPECT_EQ(ETH_P_ARP, f.p.pdiag_num);
	EXPECT_EQ(PDI_RUNNING, f.info.pdi_flags);
	EXPECT_EQ(sizeof(struct packet_diag_mclist), f.members);
	p.h.nlmsg_flags = NLM_F_REQUEST;
	EXPECT_EQ(-EOPNOTSUPP, error_of(&p));
	p.r.sdiag_protocol = 1;
	EXPECT_EQ(-EINVAL, error_of(&p));
	bind(r, (void *)&at, sizeof(at));
	f = (struct other){ .ino = inode_of(r) };
	EXPECT_TRUE(each(&n, see_netlink, &f) > 0);
	EXPECT_TRUE(f.seen >= 1);			/* Linux: once more for its groups */
	EXPECT_EQ(getpid(), (int)f.n.ndiag_portid);
	EXPECT_EQ(NETLINK_ROUTE, f.n.ndiag_protocol);
	EXPECT_EQ(RTMGRP_LINK | RTMGRP_IPV4_ROUTE, f.groups);
}

TEST_TIMEOUT(a_thousand_sockets_are_listed_once, 30)
{
	struct inet_request q = about(AF_INET, IPPROTO_UDP, 1 << TCP_CLOSE);
	static int fds[1000];
	struct found f = { .ino = ~0u };
	int before = each(&q, see, &f);

	for (int i = 0; i < 1000; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		bind(fds[i], (void *)&(struct sockaddr_in){ .sin_family = AF_INET },
		     sizeof(struct sockaddr_in));
	}
	EXPECT_EQ(before + 1000, each(&q, see, &f));
	for (int i = 0; i < 1000; i += 100) {
		f = look(q, fds[i]);
		EXPECT_EQ(1, f.seen);
	}
}

MAIN
