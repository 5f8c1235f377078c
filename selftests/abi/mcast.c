/* SPDX-License-Identifier: MIT */
/* ip(7), ipv6(7), RFC 3678: joining and leaving groups, loops, filters of sources. Over the card,
 * whose own host hears what it sends. */
/* needs: --machine mmio --net user */
#include "../harness.h"

#include "netif.h"

#include <net/route.h>

/* eth0 with an address, whatever init did. */
static int card(void)
{
	struct ifreq r = {};
	int s = socket(AF_INET, SOCK_DGRAM, 0), index;
	struct sockaddr_in a = in4("10.0.2.15", 0), m = in4("255.255.255.0", 0);

	if_up("lo");
	strcpy(r.ifr_name, "eth0");
	if (ioctl(s, SIOCGIFINDEX, &r))
		SKIP("no eth0");
	index = r.ifr_ifindex;
	if (ioctl(s, SIOCGIFADDR, &r)) {
		memcpy(&r.ifr_addr, &a, sizeof(a));
		if (ioctl(s, SIOCSIFADDR, &r))
			FAIL("SIOCSIFADDR");
		memcpy(&r.ifr_addr, &m, sizeof(m));
		ioctl(s, SIOCSIFNETMASK, &r);
	}
	close(s);
	if_up("eth0");
	return index;
}

static int receiver(const char *group, int port)
{
	struct sockaddr_in a = in4(group, port);
	struct timeval tv = { 0, 200000 };
	int s = socket(AF_INET, SOCK_DGRAM, 0), one = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (bind(s, SA_LEN(a)))
		FAIL("bind: %s", strerror(errno));
	return s;
}

static int sender(int index)
{
	struct ip_mreqn m = { .imr_ifindex = index };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (setsockopt(s, SOL_IP, IP_MULTICAST_IF, &m, sizeof(m)))
		FAIL("IP_MULTICAST_IF: %s", strerror(errno));
	return s;
}

TEST(members_hear_the_group)
{
	int index = card(), r = receiver("239.1.2.3", 5000), s = sender(index);
	struct ip_mreqn m = { .imr_multiaddr = in4("239.1.2.3", 0).sin_addr, .imr_ifindex = index };
	struct sockaddr_in to = in4("239.1.2.3", 5000);
	char buf[8];

	EXPECT_ERRNO(EADDRNOTAVAIL, setsockopt(r, SOL_IP, IP_DROP_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_EQ(1, sendto(s, "0", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EAGAIN, recv(r, buf, 8, 0));
	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_ERRNO(EADDRINUSE, setsockopt(r, SOL_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_EQ(1, sendto(s, "1", 1, 0, SA_LEN(to)));
	EXPECT_EQ(1, recv(r, buf, 8, 0));
	EXPECT_EQ('1', buf[0]);
	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_DROP_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_EQ(1, sendto(s, "2", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EAGAIN, recv(r, buf, 8, 0));
}

TEST(loop_can_be_turned_off)
{
	int index = card(), r = receiver("239.1.2.4", 5001), s = sender(index), zero = 0;
	struct ip_mreqn m = { .imr_multiaddr = in4("239.1.2.4", 0).sin_addr, .imr_ifindex = index };
	struct sockaddr_in to = in4("239.1.2.4", 5001);
	char buf[8];

	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	ASSERT_EQ(0, setsockopt(s, SOL_IP, IP_MULTICAST_LOOP, &zero, sizeof(zero)));
	EXPECT_EQ(1, sendto(s, "x", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EAGAIN, recv(r, buf, 8, 0));
}

TEST(only_some_sources)
{
	int index = card(), r = receiver("232.1.2.5", 5002), s = sender(index);
	struct ip_mreq_source m = { .imr_multiaddr = in4("232.1.2.5", 0).sin_addr,
				    .imr_interface = in4("10.0.2.15", 0).sin_addr,
				    .imr_sourceaddr = in4("10.0.2.99", 0).sin_addr };
	struct sockaddr_in to = in4("232.1.2.5", 5002);
	char buf[8];

	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_EQ(1, sendto(s, "x", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EAGAIN, recv(r, buf, 8, 0));
	m.imr_sourceaddr = m.imr_interface;
	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_EQ(1, sendto(s, "y", 1, 0, SA_LEN(to)));
	EXPECT_EQ(1, recv(r, buf, 8, 0));
	EXPECT_EQ('y', buf[0]);
	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_DROP_SOURCE_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_EQ(1, sendto(s, "z", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EAGAIN, recv(r, buf, 8, 0));
}

TEST(blocked_sources)
{
	int index = card(), r = receiver("239.1.2.6", 5003), s = sender(index);
	struct ip_mreqn m = { .imr_multiaddr = in4("239.1.2.6", 0).sin_addr, .imr_ifindex = index };
	struct ip_mreq_source b = { .imr_multiaddr = m.imr_multiaddr,
				    .imr_interface = in4("10.0.2.15", 0).sin_addr,
				    .imr_sourceaddr = in4("10.0.2.15", 0).sin_addr };
	struct sockaddr_in to = in4("239.1.2.6", 5003);
	char buf[8];

	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_BLOCK_SOURCE, &b, sizeof(b)));
	EXPECT_EQ(1, sendto(s, "x", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EAGAIN, recv(r, buf, 8, 0));
	ASSERT_EQ(0, setsockopt(r, SOL_IP, IP_UNBLOCK_SOURCE, &b, sizeof(b)));
	EXPECT_EQ(1, sendto(s, "y", 1, 0, SA_LEN(to)));
	EXPECT_EQ(1, recv(r, buf, 8, 0));
	EXPECT_ERRNO(EADDRNOTAVAIL, setsockopt(r, SOL_IP, IP_UNBLOCK_SOURCE, &b, sizeof(b)));
}

TEST(what_cannot_be_joined)
{
	int index = card(), s = socket(AF_INET, SOCK_DGRAM, 0);
	struct ip_mreqn m = { .imr_multiaddr = in4("10.1.1.1", 0).sin_addr, .imr_ifindex = index };
	int n = 0;

	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	m.imr_multiaddr = in4("239.9.9.9", 0).sin_addr;
	m.imr_ifindex = 9999;
	EXPECT_ERRNO(ENODEV, setsockopt(s, SOL_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_IP, IP_ADD_MEMBERSHIP, &m, 4));
	m.imr_ifindex = index;
	do {
		m.imr_multiaddr.s_addr = htonl(0xef090000u + (unsigned)n);
	} while (!setsockopt(s, SOL_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)) && ++n < 100);
	if (errno != ENOBUFS)
		FAIL("the last one fails with %s", strerror(errno));
	EXPECT_EQ(20, n);		/* net.ipv4.igmp_max_memberships */
}

TEST(groups_of_ipv6)
{
	int index = card(), r = socket(AF_INET6, SOCK_DGRAM, 0),
	    s = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 to = in6("ff02::1234", 5004);
	struct ipv6_mreq m = { .ipv6mr_interface = (unsigned)index };
	struct timeval tv = { 0, 200000 };
	char buf[8];
	int n = -1;

	m.ipv6mr_multiaddr = to.sin6_addr;
	to.sin6_scope_id = (unsigned)index;
	setsockopt(r, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind(r, SA_LEN(to)));
	EXPECT_ERRNO(EADDRNOTAVAIL, setsockopt(r, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m, sizeof(m)));
	ASSERT_EQ(0, setsockopt(r, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof(m)));
	EXPECT_ERRNO(EADDRINUSE, setsockopt(r, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof(m)));
	for (int i = 0; i < 40 && n < 0; i++) {
		/* until there is an address that is not tentative */
		n = sendto(s, "6", 1, 0, SA_LEN(to));
		usleep(100000);
	}
	ASSERT_EQ(1, n);
	EXPECT_EQ(1, recv(r, buf, 8, 0));
	ASSERT_EQ(0, setsockopt(r, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m, sizeof(m)));
	EXPECT_EQ(1, sendto(s, "6", 1, 0, SA_LEN(to)));
	EXPECT_ERRNO(EAGAIN, recv(r, buf, 8, 0));
}

MAIN
