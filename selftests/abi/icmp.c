/* SPDX-License-Identifier: MIT */
/* icmp(7), raw(7): echoes by raw and ping sockets of both families, filters, checksums, headers of
 * one's own, fragments. */
#include "../harness.h"

#include "netif.h"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>

#ifndef ICMP_FILTER
#define ICMP_FILTER 1
#endif

static void wait_at_most(int s, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static unsigned short sum(const void *p, int n)
{
	const unsigned char *b = p;
	unsigned s = 0;

	for (int i = 0; i < n; i++)
		s += (unsigned)b[i] << (i & 1 ? 0 : 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons((unsigned short)~s);
}

TEST(raw_socket_gets_the_echo_reply_with_its_header)
{
	struct sockaddr_in to = in4("127.0.0.1", 0), from;
	struct {
		struct icmphdr h;
		char data[56];
	} out = { .h.type = ICMP_ECHO,
		  .h.un.echo = { htons(0x4242), htons(7) },
		  .data = "what comes back" };
	socklen_t len = sizeof(from);
	char buf[2048];
	struct iphdr *ip = (struct iphdr *)buf;
	struct icmphdr *in = (struct icmphdr *)(buf + 20);
	int s, n;

	ASSERT_EQ(0, if_up("lo"));
	s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	ASSERT_TRUE(s >= 0);
	wait_at_most(s, 2000);
	out.h.checksum = sum(&out, sizeof(out));
	ASSERT_EQ((int)sizeof(out), sendto(s, &out, sizeof(out), 0, SA_LEN(to)));
	do {
		n = recvfrom(s, buf, sizeof(buf), 0, SA(from), &len);
		ASSERT_TRUE(n > 0);
	} while (in->type != ICMP_ECHOREPLY || in->un.echo.id != htons(0x4242));
	EXPECT_EQ(20 + (int)sizeof(out), n);
	EXPECT_EQ(4, ip->version);
	EXPECT_EQ(5, ip->ihl);
	EXPECT_EQ(n, ntohs(ip->tot_len));
	EXPECT_EQ(64, ip->ttl);
	EXPECT_EQ(IPPROTO_ICMP, ip->protocol);
	EXPECT_EQ(0, sum(ip, 20));
	EXPECT_EQ(0, sum(in, n - 20));
	EXPECT_EQ(htons(7), in->un.echo.sequence);
	EXPECT_EQ(0, memcmp(buf + 28, out.data, sizeof(out.data)));
	EXPECT_EQ(to.sin_addr.s_addr, from.sin_addr.s_addr);
}

TEST(icmp_filter_keeps_types_out)
{
	struct sockaddr_in to = in4("127.0.0.1", 0);
	struct icmphdr out = { .type = ICMP_ECHO, .un.echo = { htons(0x1234), 0 } };
	unsigned keep_reply = ~(1u << ICMP_ECHOREPLY), got = 0;
	socklen_t len = sizeof(got);
	char buf[256];
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	ASSERT_EQ(0, if_up("lo"));
	ASSERT_EQ(0, setsockopt(s, SOL_RAW, ICMP_FILTER, &keep_reply, sizeof(keep_reply)));
	ASSERT_EQ(0, getsockopt(s, SOL_RAW, ICMP_FILTER, &got, &len));
	EXPECT_EQ(keep_reply, got);
	wait_at_most(s, 1000);
	out.checksum = sum(&out, sizeof(out));
	ASSERT_EQ((int)sizeof(out), sendto(s, &out, sizeof(out), 0, SA_LEN(to)));
	ASSERT_EQ(28, recv(s, buf, sizeof(buf), 0));
	EXPECT_EQ(ICMP_ECHOREPLY, buf[20]);
	wait_at_most(s, 100);
	EXPECT_ERRNO(EAGAIN, recv(s, buf, sizeof(buf), 0));
}

TEST(raw_header_of_ones_own)
{
	struct sockaddr_in to = in4("127.0.0.1", 0);
	struct {
		struct iphdr ip;
		char data[4];
	} __attribute__((packed))
	out = { .ip = { .version = 4, .ihl = 5, .ttl = 9, .protocol = 253 }, .data = "abc" };
	char buf[256];
	struct iphdr *in = (struct iphdr *)buf;
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), r = socket(AF_INET, SOCK_RAW, 253);

	ASSERT_EQ(0, if_up("lo"));
	out.ip.daddr = to.sin_addr.s_addr;
	ASSERT_EQ(24, sendto(s, &out, sizeof(out), 0, SA_LEN(to)));
	wait_at_most(r, 1000);
	ASSERT_EQ(24, recv(r, buf, sizeof(buf), 0));
	EXPECT_EQ(9, in->ttl);
	EXPECT_EQ(24, ntohs(in->tot_len));
	EXPECT_EQ(to.sin_addr.s_addr, in->saddr);
	EXPECT_TRUE(in->id != 0);
	EXPECT_EQ(0, sum(in, 20));
	EXPECT_EQ(0, memcmp(buf + 20, "abc", 4));
}

TEST(protocol_that_nobody_speaks)
{
	struct sockaddr_in to = in4("127.0.0.1", 0);
	int s = socket(AF_INET, SOCK_RAW, 252), one = 1;
	struct pollfd p = { s, 0, 0 };
	char buf[256], ctl[128];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { NULL, 0, &iov, 1, ctl, sizeof(ctl), 0 };

	ASSERT_EQ(0, if_up("lo"));
	ASSERT_EQ(0, setsockopt(s, SOL_IP, IP_RECVERR, &one, sizeof(one)));
	ASSERT_EQ(0, connect(s, SA_LEN(to)));
	ASSERT_EQ(1, send(s, "x", 1, 0));		/* we hear it ourselves: no error */
	EXPECT_EQ(21, recv(s, buf, sizeof(buf), 0));
	EXPECT_EQ(0, poll(&p, 1, 50));
	EXPECT_ERRNO(EAGAIN, recvmsg(s, &m, MSG_ERRQUEUE));
}

TEST(large_packets_go_in_fragments)
{
	static char out[9000], in[9100];
	struct sockaddr_in to = in4("127.0.0.1", 0);
	struct ifreq r = {};
	int s = socket(AF_INET, SOCK_RAW, 251), c = socket(AF_INET, SOCK_DGRAM, 0);

	ASSERT_EQ(0, if_up("lo"));
	for (int i = 0; i < (int)sizeof(out); i++)
		out[i] = (char)(i * 13 >> 3);
	strcpy(r.ifr_name, "lo");
	r.ifr_mtu = 1500;
	ASSERT_EQ(0, ioctl(c, SIOCSIFMTU, &r));
	wait_at_most(s, 1000);
	EXPECT_EQ(9000, sendto(s, out, 9000, 0, SA_LEN(to)));
	EXPECT_EQ(9020, recv(s, in, sizeof(in), 0));
	EXPECT_EQ(0, memcmp(in + 20, out, 9000));
	r.ifr_mtu = 65536;
	ASSERT_EQ(0, ioctl(c, SIOCSIFMTU, &r));
}

TEST(raw6_echo_and_filter)
{
	struct sockaddr_in6 to = in6("::1", 0), from;
	struct icmp6_hdr out = { .icmp6_type = ICMP6_ECHO_REQUEST,
				 .icmp6_dataun.icmp6_un_data16 = { htons(5), htons(6) } },
			 in;
	struct icmp6_filter f;
	socklen_t len = sizeof(from);
	int s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), two = 2;

	ASSERT_EQ(0, if_up("lo"));
	ICMP6_FILTER_SETBLOCKALL(&f);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f);
	ASSERT_EQ(0, setsockopt(s, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)));
	EXPECT_ERRNO(EINVAL, setsockopt(s, IPPROTO_IPV6, IPV6_CHECKSUM, &two, sizeof(two)));
	wait_at_most(s, 1000);
	ASSERT_EQ(8, sendto(s, &out, 8, 0, SA_LEN(to)));	/* the kernel computes the sum */
	ASSERT_EQ(8, recvfrom(s, &in, sizeof(in), 0, SA(from), &len));
	EXPECT_EQ(ICMP6_ECHO_REPLY, in.icmp6_type);
	EXPECT_EQ(htons(6), in.icmp6_dataun.icmp6_un_data16[1]);
	EXPECT_EQ(0, memcmp(&from.sin6_addr, &to.sin6_addr, 16));
	EXPECT_EQ(0, from.sin6_port);
}

TEST(hop_limit_and_address_as_control_messages)
{
	struct sockaddr_in6 to = in6("::1", 0);
	struct icmp6_hdr out = { .icmp6_type = ICMP6_ECHO_REQUEST };
	int s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), one = 1, found = 0;
	char buf[64], ctl[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { NULL, 0, &iov, 1, ctl, sizeof(ctl), 0 };

	ASSERT_EQ(0, if_up("lo"));
	ASSERT_EQ(0, setsockopt(s, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(s, IPPROTO_IPV6, 8 /* IPV6_2292HOPLIMIT */, &one, sizeof(one)));
	wait_at_most(s, 1000);
	ASSERT_EQ(8, sendto(s, &out, 8, 0, SA_LEN(to)));
	ASSERT_EQ(8, recvmsg(s, &m, 0));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_type == IPV6_HOPLIMIT || c->cmsg_type == 8) {
			EXPECT_EQ(64, *(int *)CMSG_DATA(c));
			found |= c->cmsg_type == 8 ? 1 : 2;
		} else if (c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *i = (struct in6_pktinfo *)CMSG_DATA(c);

			EXPECT_EQ((int)if_nametoindex("lo"), (int)i->ipi6_ifindex);
			EXPECT_EQ(0, memcmp(&i->ipi6_addr, &to.sin6_addr, 16));
			found |= 4;
		}
	}
	EXPECT_EQ(7, found);
}

/* Everybody's group may ping during the test. */
static void allow_ping(void)
{
	int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);

	if (fd < 0 || write(fd, "0 2147483647", 12) != 12)
		SKIP("no net.ipv4.ping_group_range");
	close(fd);
}

TEST(ping_socket)
{
	struct sockaddr_in to = in4("127.0.0.1", 0), name, from;
	struct icmphdr out = { .type = ICMP_ECHO, .un.echo = { htons(1), htons(3) } }, in;
	socklen_t len = sizeof(name);
	int s;

	ASSERT_EQ(0, if_up("lo"));
	allow_ping();
	s = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	ASSERT_TRUE(s >= 0);
	wait_at_most(s, 1000);
	out.type = ICMP_ECHOREPLY;
	EXPECT_ERRNO(EINVAL, sendto(s, &out, 8, 0, SA_LEN(to)));
	out.type = ICMP_ECHO;
	EXPECT_ERRNO(EINVAL, sendto(s, &out, 4, 0, SA_LEN(to)));
	ASSERT_EQ(8, sendto(s, &out, 8, 0, SA_LEN(to)));
	ASSERT_EQ(8, recvfrom(s, &in, sizeof(in), 0, SA(from), &len));
	ASSERT_EQ(0, getsockname(s, SA(name), &len));
	EXPECT_EQ(ICMP_ECHOREPLY, in.type);
	/* the kernel's identifier, not ours */
	EXPECT_EQ(name.sin_port, in.un.echo.id);
	EXPECT_EQ(htons(3), in.un.echo.sequence);
	EXPECT_EQ(0, sum(&in, 8));
}

TEST(ping_socket6)
{
	struct sockaddr_in6 to = in6("::1", 0), name = in6("::1", 77);
	struct icmp6_hdr out = { .icmp6_type = ICMP6_ECHO_REQUEST }, in;
	int s;

	ASSERT_EQ(0, if_up("lo"));
	allow_ping();
	s = socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
	ASSERT_TRUE(s >= 0);
	ASSERT_EQ(0, bind(s, SA_LEN(name)));
	wait_at_most(s, 1000);
	ASSERT_EQ(8, sendto(s, &out, 8, 0, SA_LEN(to)));
	ASSERT_EQ(8, recv(s, &in, sizeof(in), 0));
	EXPECT_EQ(ICMP6_ECHO_REPLY, in.icmp6_type);
	EXPECT_EQ(htons(77), in.icmp6_dataun.icmp6_un_data16[0]);
}

TEST(who_may_have_such_sockets)
{
	int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);

	if (fd >= 0) {
		EXPECT_EQ(3, write(fd, "1 0", 3));
		close(fd);
	}
	EXPECT_ERRNO(EPROTONOSUPPORT, socket(AF_INET, SOCK_RAW, 0));
	ASSERT_EQ(0, setuid(1000));
	EXPECT_ERRNO(EPERM, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	EXPECT_ERRNO(EACCES, socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}

TEST(broadcast_pings_are_ignored)
{
	struct sockaddr_in to = in4("127.255.255.255", 0);
	struct icmphdr out = { .type = ICMP_ECHO };
	unsigned keep_reply = ~(1u << ICMP_ECHOREPLY);
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), one = 1;
	char buf[64];

	ASSERT_EQ(0, if_up("lo"));
	EXPECT_ERRNO(EACCES, sendto(s, &out, 8, 0, SA_LEN(to)));
	ASSERT_EQ(0, setsockopt(s, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(s, SOL_RAW, ICMP_FILTER, &keep_reply, sizeof(keep_reply)));
	out.checksum = sum(&out, sizeof(out));
	ASSERT_EQ(8, sendto(s, &out, 8, 0, SA_LEN(to)));
	wait_at_most(s, 100);
	EXPECT_ERRNO(EAGAIN, recv(s, buf, sizeof(buf), 0));
}

MAIN
