/* SPDX-License-Identifier: MIT */
/* ip(7), ipv6(7), netdevice(7): options, names, routes and what they answer, IPv6 on the loopback
 * device, error queues. */
#include "../harness.h"

#include "netif.h"

#include <linux/errqueue.h>
#include <net/route.h>
#include <poll.h>

static int udp(int family)
{
	if_up("lo");
	return socket(family, SOCK_DGRAM, 0);
}

static int change_route(unsigned long cmd, const char *dst, const char *mask, const char *dev,
			int flags)
{
	struct rtentry r = { .rt_flags = (unsigned short)(RTF_UP | flags),
			     .rt_dev = (char *)(uintptr_t)dev };
	struct sockaddr_in d = in4(dst, 0), m = in4(mask, 0);
	int s = udp(AF_INET), err;

	memcpy(&r.rt_dst, &d, sizeof(d));
	memcpy(&r.rt_genmask, &m, sizeof(m));
	err = ioctl(s, cmd, &r);
	close(s);
	return err;
}

TEST(unreachable_destinations)
{
	struct sockaddr_in to = in4("198.51.100.1", 9);
	int s = udp(AF_INET);

	change_route(SIOCDELRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT);
	ASSERT_EQ(0, change_route(SIOCADDRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT));
	EXPECT_ERRNO(EHOSTUNREACH, connect(s, SA_LEN(to)));
	EXPECT_ERRNO(EHOSTUNREACH, sendto(s, "x", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EEXIST,
		     change_route(SIOCADDRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT));
	EXPECT_EQ(0, change_route(SIOCDELRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT));
	EXPECT_ERRNO(ESRCH,
		     change_route(SIOCDELRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT));
}

TEST(route_by_device_and_the_longest_prefix)
{
	struct sockaddr_in to = in4("198.51.100.1", 9), me;
	socklen_t len = sizeof(me);
	int s = udp(AF_INET), t = udp(AF_INET);

	change_route(SIOCDELRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT);
	ASSERT_EQ(0, change_route(SIOCADDRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT));
	ASSERT_EQ(0, change_route(SIOCADDRT, "198.51.100.1", "255.255.255.255", "lo", RTF_HOST));
	EXPECT_EQ(0, connect(s, SA_LEN(to)));
	EXPECT_EQ(0, getsockname(s, SA(me), &len));
	/* bits behind the mask */
	EXPECT_ERRNO(EINVAL, change_route(SIOCADDRT, "198.51.100.7", "255.255.255.0", "lo", 0));
	to = in4("198.51.100.2", 9);
	EXPECT_ERRNO(EHOSTUNREACH, connect(t, SA_LEN(to)));
	EXPECT_EQ(0, change_route(SIOCDELRT, "198.51.100.1", "255.255.255.255", "lo", RTF_HOST));
	EXPECT_EQ(0, change_route(SIOCDELRT, "198.51.100.0", "255.255.255.0", NULL, RTF_REJECT));
}

TEST(sources_that_are_not_ours)
{
	struct sockaddr_in a = in4("203.0.113.7", 0), lo = in4("127.0.0.1", 9);
	int s = udp(AF_INET), one = 1;

	EXPECT_ERRNO(EADDRNOTAVAIL, bind(s, SA_LEN(a)));
	ASSERT_EQ(0, setsockopt(s, SOL_IP, IP_FREEBIND, &one, sizeof(one)));
	EXPECT_EQ(0, bind(s, SA_LEN(a)));
	s = udp(AF_INET);
	a = in4("239.1.1.1", 0);
	EXPECT_EQ(0, bind(s, SA_LEN(a)));	/* a group may be bound to */
	EXPECT_EQ(1, sendto(s, "x", 1, 0, SA_LEN(lo)));	/* but is no source */
}

TEST(an_address_comes_and_goes)
{
	struct sockaddr_in a = in4("198.51.100.9", 0), from;
	struct ifreq r = { .ifr_name = "lo:9" };
	socklen_t len = sizeof(from);
	int s = udp(AF_INET), t;
	char buf[4];

	EXPECT_ERRNO(EADDRNOTAVAIL, bind(s, SA_LEN(a)));
	memcpy(&r.ifr_addr, &a, sizeof(a));
	ASSERT_EQ(0, ioctl(s, SIOCSIFADDR, &r));
	ASSERT_EQ(0, bind(s, SA_LEN(a)));
	ASSERT_EQ(0, getsockname(s, SA(a), &len));
	t = udp(AF_INET);
	ASSERT_EQ(1, sendto(t, "x", 1, 0, SA_LEN(a)));
	ASSERT_EQ(1, recvfrom(s, buf, 4, 0, SA(from), &len));
	/* to ourselves: from the same */
	EXPECT_EQ(a.sin_addr.s_addr, from.sin_addr.s_addr);
	r.ifr_flags = 0;
	/* an alias that goes down is removed */
	ASSERT_EQ(0, ioctl(s, SIOCSIFFLAGS, &r));
	EXPECT_ERRNO(EADDRNOTAVAIL, ioctl(s, SIOCGIFADDR, &r));
	t = udp(AF_INET);
	a.sin_port = 0;
	EXPECT_ERRNO(EADDRNOTAVAIL, bind(t, SA_LEN(a)));
}

TEST(too_big_for_the_path)
{
	struct sockaddr_in b = in4("127.0.0.1", 9);
	struct ifreq r = { .ifr_name = "lo" };
	int s = udp(AF_INET), one = 1, mtu, discover = IP_PMTUDISC_DO;
	socklen_t len = sizeof(mtu);
	char ctl[256], big[3000] = "";
	struct iovec iov = { big, sizeof(big) };
	struct msghdr m = { NULL, 0, &iov, 1, ctl, sizeof(ctl), 0 };
	struct sock_extended_err *e;

	r.ifr_mtu = 1500;
	ASSERT_EQ(0, ioctl(s, SIOCSIFMTU, &r));
	ASSERT_EQ(0, setsockopt(s, SOL_IP, IP_RECVERR, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(s, SOL_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)));
	ASSERT_EQ(0, connect(s, SA_LEN(b)));
	ASSERT_EQ(0, getsockopt(s, SOL_IP, IP_MTU, &mtu, &len));
	EXPECT_EQ(1500, mtu);
	EXPECT_ERRNO(EMSGSIZE, send(s, big, 1473, 0));
	EXPECT_EQ(0, recvmsg(s, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 ? -errno : 0);
	ASSERT_TRUE(CMSG_FIRSTHDR(&m));
	e = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	EXPECT_EQ(EMSGSIZE, e->ee_errno);
	EXPECT_EQ(SO_EE_ORIGIN_LOCAL, e->ee_origin);
	EXPECT_EQ(1500, e->ee_info);
	r.ifr_mtu = 65536;
	ASSERT_EQ(0, ioctl(s, SIOCSIFMTU, &r));
}

TEST(options_read_back)
{
	static const struct { int name, def, set; } o[] = {
		{ IP_TTL, 64, 7 },
		{ IP_TOS, 0, 0x10 },
		{ IP_MULTICAST_TTL, 1, 9 },
		{ IP_MULTICAST_LOOP, 1, 0 },
		{ IP_RECVTTL, 0, 1 },
		{ IP_PKTINFO, 0, 1 },
		{ IP_RECVERR, 0, 1 },
		{ IP_FREEBIND, 0, 1 },
		{ IP_MTU_DISCOVER, IP_PMTUDISC_WANT, IP_PMTUDISC_DONT },
	};
	int s = udp(AF_INET), v;
	socklen_t len;
	unsigned char byte;

	for (unsigned i = 0; i < sizeof(o) / sizeof(o[0]); i++) {
		v = -1;
		len = sizeof(v);
		EXPECT_EQ(0, getsockopt(s, SOL_IP, o[i].name, &v, &len));
		EXPECT_EQ(o[i].def, v);
		EXPECT_EQ(0, setsockopt(s, SOL_IP, o[i].name, &o[i].set, sizeof(v)));
		EXPECT_EQ(0, getsockopt(s, SOL_IP, o[i].name, &v, &len));
		EXPECT_EQ(o[i].set, v);
	}
	byte = 33;
	EXPECT_EQ(0, setsockopt(s, SOL_IP, IP_TTL, &byte, 1));
	len = 1;
	EXPECT_EQ(0, getsockopt(s, SOL_IP, IP_TTL, &byte, &len));
	EXPECT_EQ(33, byte);
	v = 0;
	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_IP, IP_TTL, &v, sizeof(v)));
	v = 256;
	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_IP, IP_TTL, &v, sizeof(v)));
	EXPECT_ERRNO(ENOPROTOOPT, setsockopt(s, SOL_IP, 12345, &v, sizeof(v)));
	len = sizeof(v);
	EXPECT_ERRNO(ENOTCONN, getsockopt(s, SOL_IP, IP_MTU, &v, &len));
	EXPECT_ERRNO(ENOPROTOOPT, setsockopt(s, SOL_IP, IP_HDRINCL, &v, sizeof(v)));
}

TEST(datagrams_over_ipv6)
{
	struct sockaddr_in6 a = in6("::1", 0), from;
	int s = udp(AF_INET6), t = udp(AF_INET6), hops = 5, tclass = 0x20, one = 1, found = 0;
	socklen_t len = sizeof(a);
	char buf[8], ctl[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { &from, sizeof(from), &iov, 1, ctl, sizeof(ctl), 0 };

	ASSERT_EQ(0, bind(s, SA_LEN(a)));
	ASSERT_EQ(0, getsockname(s, SA(a), &len));
	ASSERT_EQ(0, setsockopt(s, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(s, IPPROTO_IPV6, IPV6_RECVTCLASS, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(t, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops)));
	ASSERT_EQ(0, setsockopt(t, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass)));
	ASSERT_EQ(3, sendto(t, "six", 3, 0, SA_LEN(a)));
	ASSERT_EQ(3, recvmsg(s, &m, 0));
	EXPECT_EQ(0, memcmp(&from.sin6_addr, &a.sin6_addr, 16));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		EXPECT_EQ(c->cmsg_type == IPV6_HOPLIMIT ? 5 : 0x20, *(int *)CMSG_DATA(c));
		found++;
	}
	EXPECT_EQ(2, found);
}

TEST(closed_port_over_ipv6)
{
	struct sockaddr_in6 a = in6("::1", 0);
	struct timeval tv = { 1, 0 };
	socklen_t len = sizeof(a);
	int s = udp(AF_INET6), t = udp(AF_INET6);
	char buf[4];

	ASSERT_EQ(0, bind(s, SA_LEN(a)));
	ASSERT_EQ(0, getsockname(s, SA(a), &len));
	close(s);
	ASSERT_EQ(0, connect(t, SA_LEN(a)));
	EXPECT_EQ(1, send(t, "x", 1, 0));
	setsockopt(t, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	EXPECT_ERRNO(ECONNREFUSED, recv(t, buf, 4, 0));
}

TEST(fragments_over_ipv6)
{
	static char out[20000], in[20000];
	struct sockaddr_in6 a = in6("::1", 0);
	struct ifreq r = { .ifr_name = "lo" };
	struct timeval tv = { 1, 0 };
	socklen_t len = sizeof(a);
	int s = udp(AF_INET6), t = udp(AF_INET6);

	for (int i = 0; i < (int)sizeof(out); i++)
		out[i] = (char)(i * 11 >> 2);
	ASSERT_EQ(0, bind(s, SA_LEN(a)));
	ASSERT_EQ(0, getsockname(s, SA(a), &len));
	r.ifr_mtu = 1500;
	ASSERT_EQ(0, ioctl(s, SIOCSIFMTU, &r));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	EXPECT_EQ(20000, sendto(t, out, sizeof(out), 0, SA_LEN(a)));
	EXPECT_EQ(20000, recv(s, in, sizeof(in), 0));
	EXPECT_EQ(0, memcmp(in, out, sizeof(out)));
	r.ifr_mtu = 65536;
	ASSERT_EQ(0, ioctl(s, SIOCSIFMTU, &r));
}

TEST(no_route_over_ipv6)
{
	struct sockaddr_in6 a = in6("2001:db8::1", 9), ll = in6("fe80::1", 0);
	int s = udp(AF_INET6);

	EXPECT_ERRNO(ENETUNREACH, connect(s, SA_LEN(a)));
	EXPECT_ERRNO(ENETUNREACH, sendto(s, "x", 1, 0, SA_LEN(a)));
	/* sending took a port, though it failed */
	EXPECT_ERRNO(EINVAL, bind(s, SA_LEN(a)));
	s = udp(AF_INET6);
	a.sin6_port = 0;
	EXPECT_ERRNO(EADDRNOTAVAIL, bind(s, SA_LEN(a)));
	EXPECT_ERRNO(EINVAL, bind(s, SA_LEN(ll)));		/* of which link? */
}

TEST(bound_to_a_device)
{
	struct sockaddr_in a = in4("127.0.0.1", 0);
	int s = udp(AF_INET), t = udp(AF_INET);
	socklen_t len = sizeof(a), n = IF_NAMESIZE;
	char buf[IF_NAMESIZE];

	EXPECT_ERRNO(ENODEV, setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "nosuch", 7));
	ASSERT_EQ(0, setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	ASSERT_EQ(0, getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, buf, &n));
	EXPECT_EQ(3, n);
	EXPECT_EQ(0, strcmp(buf, "lo"));
	ASSERT_EQ(0, bind(s, SA_LEN(a)));
	ASSERT_EQ(0, getsockname(s, SA(a), &len));
	ASSERT_EQ(1, sendto(t, "x", 1, 0, SA_LEN(a)));
	EXPECT_EQ(1, recv(s, buf, 4, 0));
	EXPECT_EQ(1, sendto(s, "x", 1, 0, SA_LEN(a)));
}

MAIN
