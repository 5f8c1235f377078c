/* SPDX-License-Identifier: MIT */
/* udp(7), ip(7): datagrams over the loopback device, names, errors, options, control messages,
 * large and cut datagrams. */
#include "../harness.h"

#include "netif.h"

#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <poll.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static int udp4(void)
{
	if_up("lo");
	return socket(AF_INET, SOCK_DGRAM, 0);
}

/* Bound to 127.0.0.1 and a free port, which goes into *a. */
static int udp4_bound(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int s = udp4();

	*a = in4("127.0.0.1", 0);
	ASSERT_EQ(0, bind(s, SA_LEN(*a)));
	ASSERT_EQ(0, getsockname(s, SA(*a), &len));
	ASSERT_TRUE(a->sin_port != 0);
	return s;
}

static void no_wait(int s)
{
	struct timeval tv = { 0, 300000 };

	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

TEST(datagram_reaches_its_port)
{
	struct sockaddr_in a, b, from;
	socklen_t len = sizeof(from);
	int x = udp4_bound(&a), y = udp4_bound(&b);
	char buf[16];

	ASSERT_EQ(5, sendto(x, "hello", 5, 0, SA_LEN(b)));
	ASSERT_EQ(5, recvfrom(y, buf, sizeof(buf), 0, SA(from), &len));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	EXPECT_EQ(sizeof(from), len);
	EXPECT_EQ(a.sin_port, from.sin_port);
	EXPECT_EQ(a.sin_addr.s_addr, from.sin_addr.s_addr);
	EXPECT_EQ(0, sendto(y, "", 0, 0, SA_LEN(from)));
	EXPECT_EQ(0, recv(x, buf, sizeof(buf), 0));
	EXPECT_ERRNO(EAGAIN, recv(x, buf, sizeof(buf), MSG_DONTWAIT));
}

TEST(connected_socket_hears_only_its_peer)
{
	struct sockaddr_in a, b, c;
	socklen_t len = sizeof(a);
	int x = udp4_bound(&a), y = udp4_bound(&b), z = udp4_bound(&c);
	char buf[16];

	ASSERT_EQ(0, connect(x, SA_LEN(b)));
	EXPECT_EQ(1, sendto(z, "z", 1, 0, SA_LEN(a)));
	EXPECT_EQ(1, sendto(y, "y", 1, 0, SA_LEN(a)));
	EXPECT_EQ(1, recv(x, buf, sizeof(buf), 0));
	EXPECT_EQ('y', buf[0]);
	EXPECT_ERRNO(EAGAIN, recv(x, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(3, send(x, "abc", 3, 0));
	EXPECT_EQ(3, recv(y, buf, sizeof(buf), 0));
	EXPECT_EQ(0, getpeername(x, SA(c), &len));
	EXPECT_EQ(b.sin_port, c.sin_port);
	a = (struct sockaddr_in){ .sin_family = AF_UNSPEC };
	EXPECT_EQ(0, connect(x, SA_LEN(a)));
	EXPECT_ERRNO(ENOTCONN, getpeername(x, SA(c), &len));
	EXPECT_ERRNO(EDESTADDRREQ, send(x, "x", 1, 0));
}

TEST(source_of_an_unbound_socket_follows_from_the_route)
{
	struct sockaddr_in b, from, to = in4("127.1.2.3", 0);
	socklen_t len = sizeof(from);
	int x = udp4(), y = udp4();
	char buf[4];

	ASSERT_EQ(0, bind(y, SA_LEN(to)));
	ASSERT_EQ(0, getsockname(y, SA(b), &len));
	ASSERT_EQ(1, sendto(x, "x", 1, 0, SA_LEN(b)));
	ASSERT_EQ(1, recvfrom(y, buf, 4, 0, SA(from), &len));
	EXPECT_EQ(htonl(INADDR_LOOPBACK), from.sin_addr.s_addr);
	ASSERT_EQ(0, connect(x, SA_LEN(b)));
	ASSERT_EQ(0, getsockname(x, SA(from), &len));
	EXPECT_EQ(htonl(INADDR_LOOPBACK), from.sin_addr.s_addr);
	EXPECT_TRUE(from.sin_port != 0);
}

TEST(closed_port_answers_with_an_error)
{
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b);
	char buf[4];

	close(y);
	ASSERT_EQ(0, connect(x, SA_LEN(b)));
	EXPECT_EQ(1, send(x, "x", 1, 0));
	no_wait(x);
	EXPECT_ERRNO(ECONNREFUSED, recv(x, buf, 4, 0));
	EXPECT_ERRNO(EAGAIN, recv(x, buf, 4, 0));
	EXPECT_EQ(1, send(x, "x", 1, 0));
	usleep(20000);
	EXPECT_ERRNO(ECONNREFUSED, send(x, "x", 1, 0));
}

TEST(error_queue_tells_who_said_it)
{
	struct sockaddr_in a, b, name;
	int x = udp4_bound(&a), y = udp4_bound(&b), one = 1;
	char buf[8], ctl[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { &name, sizeof(name), &iov, 1, ctl, sizeof(ctl), 0 };
	struct pollfd p = { x, POLLIN, 0 };
	struct sock_extended_err *e;
	struct cmsghdr *c;

	close(y);
	ASSERT_EQ(0, setsockopt(x, SOL_IP, IP_RECVERR, &one, sizeof(one)));
	ASSERT_EQ(4, sendto(x, "ping", 4, 0, SA_LEN(b)));
	ASSERT_EQ(1, poll(&p, 1, 1000));
	EXPECT_TRUE(p.revents & POLLERR);
	ASSERT_EQ(4, recvmsg(x, &m, MSG_ERRQUEUE));
	EXPECT_EQ(0, memcmp(buf, "ping", 4));
	EXPECT_TRUE(m.msg_flags & MSG_ERRQUEUE);
	EXPECT_EQ(b.sin_port, name.sin_port);
	c = CMSG_FIRSTHDR(&m);
	ASSERT_TRUE(c && c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR);
	e = (struct sock_extended_err *)CMSG_DATA(c);
	EXPECT_EQ(ECONNREFUSED, e->ee_errno);
	EXPECT_EQ(SO_EE_ORIGIN_ICMP, e->ee_origin);
	EXPECT_EQ(3, e->ee_type);
	EXPECT_EQ(3, e->ee_code);
	EXPECT_EQ(htonl(INADDR_LOOPBACK),
		  ((struct sockaddr_in *)SO_EE_OFFENDER(e))->sin_addr.s_addr);
	EXPECT_ERRNO(EAGAIN, recvmsg(x, &m, MSG_ERRQUEUE));
}

TEST(peek_and_truncation)
{
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b);
	char buf[8];

	ASSERT_EQ(6, sendto(x, "abcdef", 6, 0, SA_LEN(b)));
	EXPECT_EQ(2, recv(y, buf, 2, MSG_PEEK));
	EXPECT_EQ(6, recv(y, buf, 2, MSG_PEEK | MSG_TRUNC));
	EXPECT_EQ(3, recv(y, buf, 3, 0));
	EXPECT_EQ(0, memcmp(buf, "abc", 3));
	EXPECT_ERRNO(EAGAIN, recv(y, buf, 3, MSG_DONTWAIT));
}

TEST(largest_datagram_over_loopback)
{
	static char out[65507], in[65536];
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b);

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7);
	ASSERT_EQ((int)sizeof(out), sendto(x, out, sizeof(out), 0, SA_LEN(b)));
	ASSERT_EQ((int)sizeof(out), recv(y, in, sizeof(in), 0));
	EXPECT_EQ(0, memcmp(in, out, sizeof(out)));
	EXPECT_ERRNO(EMSGSIZE, sendto(x, in, sizeof(out) + 1, 0, SA_LEN(b)));
}

TEST(control_messages_tell_about_the_packet)
{
	struct sockaddr_in a, b, to;
	int x = udp4_bound(&a), y = udp4(), one = 1, ttl = 42, tos = 0x10, found = 0;
	socklen_t len = sizeof(b);
	char buf[8], ctl[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { NULL, 0, &iov, 1, ctl, sizeof(ctl), 0 };

	b = in4("0.0.0.0", 0);
	ASSERT_EQ(0, bind(y, SA_LEN(b)));
	ASSERT_EQ(0, getsockname(y, SA(b), &len));
	ASSERT_EQ(0, setsockopt(y, SOL_IP, IP_PKTINFO, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(y, SOL_IP, IP_RECVTTL, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(y, SOL_IP, IP_RECVTOS, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(x, SOL_IP, IP_TTL, &ttl, sizeof(ttl)));
	ASSERT_EQ(0, setsockopt(x, SOL_IP, IP_TOS, &tos, sizeof(tos)));
	to = in4("127.0.0.9", ntohs(b.sin_port));
	ASSERT_EQ(1, sendto(x, "x", 1, 0, SA_LEN(to)));
	ASSERT_EQ(1, recvmsg(y, &m, 0));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_IP)
			continue;
		if (c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *i = (struct in_pktinfo *)CMSG_DATA(c);

			EXPECT_EQ((int)if_nametoindex("lo"), i->ipi_ifindex);
			EXPECT_EQ(to.sin_addr.s_addr, i->ipi_addr.s_addr);
			EXPECT_EQ(to.sin_addr.s_addr, i->ipi_spec_dst.s_addr);
			found |= 1;
		} else if (c->cmsg_type == IP_TTL) {
			EXPECT_EQ(42, *(int *)CMSG_DATA(c));
			found |= 2;
		} else if (c->cmsg_type == IP_TOS) {
			EXPECT_EQ(0x10, *(unsigned char *)CMSG_DATA(c));
			found |= 4;
		}
	}
	EXPECT_EQ(7, found);
}

TEST(cork_gathers_one_datagram)
{
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b), on = 1, off = 0;
	char buf[16];

	ASSERT_EQ(0, connect(x, SA_LEN(b)));
	EXPECT_EQ(2, send(x, "ab", 2, MSG_MORE));
	EXPECT_ERRNO(EAGAIN, recv(y, buf, 16, MSG_DONTWAIT));
	EXPECT_EQ(2, send(x, "cd", 2, 0));
	EXPECT_EQ(4, recv(y, buf, 16, 0));
	EXPECT_EQ(0, memcmp(buf, "abcd", 4));
	ASSERT_EQ(0, setsockopt(x, IPPROTO_UDP, UDP_CORK, &on, sizeof(on)));
	EXPECT_EQ(1, send(x, "1", 1, 0));
	EXPECT_EQ(1, send(x, "2", 1, 0));
	EXPECT_EQ(1, send(x, "3", 1, 0));
	ASSERT_EQ(0, setsockopt(x, IPPROTO_UDP, UDP_CORK, &off, sizeof(off)));
	EXPECT_EQ(3, recv(y, buf, 16, 0));
}

TEST(segments_arrive_as_datagrams)
{
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b), size = 100;
	char buf[1000], in[1000];

	for (int i = 0; i < 1000; i++)
		buf[i] = (char)(i / 100);
	ASSERT_EQ(0, setsockopt(x, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	ASSERT_EQ(950, sendto(x, buf, 950, 0, SA_LEN(b)));
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(i < 9 ? 100 : 50, recv(y, in, sizeof(in), 0));
		EXPECT_EQ(i, in[0]);
		EXPECT_EQ(i, in[49]);
	}
	EXPECT_ERRNO(EAGAIN, recv(y, in, sizeof(in), MSG_DONTWAIT));
}

TEST(gro_gives_them_at_once)
{
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b), size = 100, one = 1;
	char buf[1000] = "", ctl[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { NULL, 0, &iov, 1, ctl, sizeof(ctl), 0 };
	struct cmsghdr *c;

	ASSERT_EQ(0, setsockopt(x, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	ASSERT_EQ(0, setsockopt(y, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)));
	ASSERT_EQ(950, sendto(x, buf, 950, 0, SA_LEN(b)));
	ASSERT_EQ(950, recvmsg(y, &m, 0));
	c = CMSG_FIRSTHDR(&m);
	ASSERT_TRUE(c && c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO);
	EXPECT_EQ(100, *(int *)CMSG_DATA(c));
}

TEST(bind_rules)
{
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4(), one = 1;

	EXPECT_ERRNO(EADDRINUSE, bind(y, SA_LEN(a)));
	b = in4("192.0.2.1", 0);
	EXPECT_ERRNO(EADDRNOTAVAIL, bind(y, SA_LEN(b)));
	b = in4("127.0.0.2", ntohs(a.sin_port));
	EXPECT_EQ(0, bind(y, SA_LEN(b)));
	EXPECT_ERRNO(EINVAL, bind(y, SA_LEN(b)));
	EXPECT_ERRNO(EINVAL, bind(x, SA(a), 4));
	close(x);
	x = udp4();
	y = udp4();
	ASSERT_EQ(0, setsockopt(x, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(y, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	EXPECT_EQ(0, bind(x, SA_LEN(a)));
	EXPECT_EQ(0, bind(y, SA_LEN(a)));
}

TEST(destinations_that_cannot_be)
{
	struct sockaddr_in to = in4("127.0.0.1", 0);
	int x = udp4();

	EXPECT_ERRNO(EINVAL, sendto(x, "x", 1, 0, SA_LEN(to)));		/* port 0 */
	to = in4("127.255.255.255", 9);
	/* SO_BROADCAST is not set */
	EXPECT_ERRNO(EACCES, sendto(x, "x", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EINVAL, sendto(x, "x", 1, 0, SA(to), 8));
	to.sin_family = AF_UNIX;
	EXPECT_ERRNO(EAFNOSUPPORT, sendto(x, "x", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EOPNOTSUPP, listen(x, 1));
}

TEST(broadcast_reaches_all_that_want_it)
{
	struct sockaddr_in any = in4("0.0.0.0", 0), to;
	int x = udp4(), y = udp4(), z = udp4(), one = 1;
	socklen_t len = sizeof(any);
	char buf[4];

	for (int *s = (int[]){ y, z, -1 }; *s >= 0; s++)
		ASSERT_EQ(0, setsockopt(*s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	ASSERT_EQ(0, bind(y, SA_LEN(any)));
	ASSERT_EQ(0, getsockname(y, SA(any), &len));
	ASSERT_EQ(0, bind(z, SA_LEN(any)));
	ASSERT_EQ(0, setsockopt(x, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)));
	to = in4("127.255.255.255", ntohs(any.sin_port));
	ASSERT_EQ(1, sendto(x, "b", 1, 0, SA_LEN(to)));
	no_wait(y);
	no_wait(z);
	EXPECT_EQ(1, recv(y, buf, 4, 0));
	EXPECT_EQ(1, recv(z, buf, 4, 0));
}

TEST(dual_stack_socket_speaks_both)
{
	struct sockaddr_in b;
	struct sockaddr_in6 any = in6("::", 0), from;
	socklen_t len = sizeof(any);
	int x, y = udp4_bound(&b), s = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;
	char buf[8], text[64];

	ASSERT_EQ(0, bind(s, SA_LEN(any)));
	ASSERT_EQ(0, getsockname(s, SA(any), &len));
	b = in4("127.0.0.1", ntohs(any.sin6_port));
	ASSERT_EQ(2, sendto(y, "v4", 2, 0, SA_LEN(b)));
	no_wait(s);
	ASSERT_EQ(2, recvfrom(s, buf, 8, 0, SA(from), &len));
	EXPECT_EQ(0, strcmp(inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof(text)),
			    "::ffff:127.0.0.1"));
	ASSERT_EQ(1, sendto(s, "r", 1, 0, SA_LEN(from)));
	no_wait(y);
	EXPECT_EQ(1, recv(y, buf, 8, 0));
	x = socket(AF_INET6, SOCK_DGRAM, 0);
	ASSERT_EQ(0, setsockopt(x, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
	EXPECT_ERRNO(ENETUNREACH, connect(x, SA_LEN(from)));
}

TEST(shutdown_and_poll)
{
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b);
	struct pollfd p = { y, POLLIN | POLLOUT, 0 };
	char buf[4];

	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	ASSERT_EQ(1, sendto(x, "x", 1, 0, SA_LEN(b)));
	p.events = POLLIN;
	EXPECT_EQ(1, poll(&p, 1, 1000));
	EXPECT_EQ(POLLIN, p.revents);
	ASSERT_EQ(0, connect(y, SA_LEN(a)));
	EXPECT_EQ(0, shutdown(y, SHUT_RD));
	EXPECT_EQ(1, recv(y, buf, 4, 0));
	EXPECT_EQ(0, recv(y, buf, 4, 0));
	EXPECT_EQ(0, shutdown(y, SHUT_WR));
	signal(SIGPIPE, SIG_IGN);
	EXPECT_ERRNO(EPIPE, send(y, "x", 1, 0));
	EXPECT_ERRNO(ENOTCONN, shutdown(x, SHUT_WR));			/* but it is shut */
	EXPECT_ERRNO(EPIPE, sendto(x, "x", 1, 0, SA_LEN(b)));
}

TEST(receive_budget_drops_the_rest)
{
	static char block[8192];
	struct sockaddr_in a, b;
	int x = udp4_bound(&a), y = udp4_bound(&b), size = 30000, n = 0;

	ASSERT_EQ(0, setsockopt(y, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(8192, sendto(x, block, 8192, 0, SA_LEN(b)));
	while (recv(y, block, sizeof(block), MSG_DONTWAIT) > 0)
		n++;
	EXPECT_TRUE(n >= 3 && n < 20);
	ASSERT_EQ(1, sendto(x, "x", 1, 0, SA_LEN(b)));
	EXPECT_EQ(1, recv(y, block, 4, 0));
}

TEST(reuseport_shares_evenly_and_keeps_flows)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s[4], got[4] = {}, on = 1, c;
	socklen_t n = sizeof(a);
	char b[8];

	for (int i = 0; i < 4; i++) {
		s[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		EXPECT_EQ(0, setsockopt(s[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
		ASSERT_EQ(0, bind(s[i], (void *)&a, sizeof(a)));
		getsockname(s[i], (void *)&a, &n);
	}
	for (int i = 0; i < 200; i++) {
		c = socket(AF_INET, SOCK_DGRAM, 0);
		ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
		send(c, "one", 3, 0);
		send(c, "two", 3, 0);
		close(c);
	}
	for (int i = 0; i < 4; i++) {
		while (recv(s[i], b, sizeof(b), 0) >= 0)
			got[i]++;
		EXPECT_EQ(0, got[i] % 2);
		EXPECT_EQ(1, got[i] >= 30);
	}
	EXPECT_EQ(400, got[0] + got[1] + got[2] + got[3]);
}

/* What recvmsg(2) says: bytes, and whether the datagram was cut. */
static int look(int fd, int flags, int n, char *out)
{
	struct iovec v = { out, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	int got = recvmsg(fd, &m, flags | MSG_DONTWAIT);

	if (got >= 0)
		out[got] = 0;
	return got < 0 ? -errno : got | (m.msg_flags & MSG_TRUNC ? 0x100 : 0);
}

static int peek_offset(int fd)
{
	int off = -2;
	socklen_t len = sizeof(off);

	getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &off, &len);
	return off;
}

TEST(peek_offset_passes_over_what_was_seen)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0), off = 0,
	    raw = socket(AF_INET, SOCK_RAW, 253);
	struct sockaddr_in at = in4("127.0.0.1", 0);
	socklen_t len = sizeof(at);
	char b[32];

	if_up("lo");
	ASSERT_EQ(0, bind(s, (void *)&at, sizeof(at)));
	getsockname(s, (void *)&at, &len);
	ASSERT_EQ(0, connect(c, (void *)&at, sizeof(at)));
	ASSERT_EQ(0, setsockopt(s, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off)));
	EXPECT_EQ(-EAGAIN, look(s, MSG_PEEK, 2, b));
	send(c, "abcdef", 6, 0);
	send(c, "", 0, 0);
	send(c, "ghij", 4, 0);
	EXPECT_EQ(2 | 0x100, look(s, MSG_PEEK, 2, b));
	EXPECT_EQ('a', b[0]);
	EXPECT_EQ(2 | 0x100, look(s, MSG_PEEK, 2, b));
	EXPECT_EQ('c', b[0]);
	EXPECT_EQ(2, look(s, MSG_PEEK, 20, b));
	EXPECT_EQ('e', b[0]);
	EXPECT_EQ(0, look(s, MSG_PEEK, 20, b));		/* the empty one, once */
	EXPECT_EQ(4, look(s, MSG_PEEK, 20, b));
	EXPECT_EQ('g', b[0]);
	EXPECT_EQ(-EAGAIN, look(s, MSG_PEEK, 20, b));
	EXPECT_EQ(10, peek_offset(s));
	EXPECT_EQ(6, look(s, 0, 20, b));
	EXPECT_EQ(4, peek_offset(s));
	EXPECT_EQ(-EAGAIN, look(s, MSG_PEEK, 20, b));
	EXPECT_ERRNO(EOPNOTSUPP, setsockopt(raw, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off)));
}

MAIN
