/* SPDX-License-Identifier: MIT */
/* packet(7): frames as they pass a device, with and without link header, filters, statistics,
 * sending. */
#include "../harness.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int udp_pair(struct sockaddr_in *to)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t n = sizeof(*to);

	*to = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bind(s, (void *)to, sizeof(*to));
	getsockname(s, (void *)to, &n);
	return s;
}

static int tap(int type, int protocol)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(protocol),
				 .sll_ifindex = if_nametoindex("lo") };
	int s = socket(AF_PACKET, type, htons(protocol));

	bind(s, (void *)&a, sizeof(a));
	return s;
}

TEST(arguments)
{
	EXPECT_ERRNO(ESOCKTNOSUPPORT, socket(AF_PACKET, SOCK_STREAM, 0));
	EXPECT_ERRNO(ENODEV, bind(socket(AF_PACKET, SOCK_RAW, 0),
				  (void *)&(struct sockaddr_ll){ .sll_family = AF_PACKET,
								 .sll_ifindex = 999 },
				  20));
	ASSERT_EQ(0, setuid(1000));
	EXPECT_ERRNO(EPERM, socket(AF_PACKET, SOCK_RAW, 0));
}

TEST(raw_frames_have_the_link_header)
{
	struct sockaddr_in to;
	struct sockaddr_ll from;
	socklen_t n = sizeof(from);
	int u = udp_pair(&to), s = tap(SOCK_RAW, ETH_P_IP);
	unsigned char b[200];

	ASSERT_EQ(4, sendto(u, "ping", 4, 0, (void *)&to, sizeof(to)));
	ASSERT_EQ(14 + 20 + 8 + 4, recvfrom(s, b, sizeof(b), 0, (void *)&from, &n));
	EXPECT_EQ(ETH_P_IP, b[12] << 8 | b[13]);
	EXPECT_EQ(0x45, b[14]);
	EXPECT_EQ(0, memcmp(b + 42, "ping", 4));
	EXPECT_EQ(AF_PACKET, from.sll_family);
	EXPECT_EQ(ETH_P_IP, ntohs(from.sll_protocol));
	EXPECT_EQ(772, from.sll_hatype);
	EXPECT_EQ(PACKET_HOST, from.sll_pkttype);
	EXPECT_EQ(6, from.sll_halen);
}

TEST(cooked_frames_do_not)
{
	struct sockaddr_in to;
	int u = udp_pair(&to), s = tap(SOCK_DGRAM, ETH_P_IP);
	unsigned char b[200];

	ASSERT_EQ(4, sendto(u, "ping", 4, 0, (void *)&to, sizeof(to)));
	ASSERT_EQ(32, recv(s, b, 10, MSG_TRUNC));
	ASSERT_EQ(4, sendto(u, "pong", 4, 0, (void *)&to, sizeof(to)));
	ASSERT_EQ(32, recv(s, b, sizeof(b), 0));
	EXPECT_EQ(0x45, b[0]);
}

TEST(a_filter_chooses_and_cuts)
{
	/* bytes of UDP to the port in the second to last but one: keep 30; else nothing */
	struct sockaddr_in to, other;
	int u = udp_pair(&to), v = udp_pair(&other), s = socket(AF_PACKET, SOCK_DGRAM, 0);
	struct sock_filter code[] = { { 0x28, 0, 0, 22 },
				      { 0x15, 0, 1, ntohs(to.sin_port) },
				      { 0x06, 0, 0, 30 },
				      { 0x06, 0, 0, 0 } };
	struct sock_fprog p = { 4, code }, bad = { 1, code };
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = if_nametoindex("lo") };
	char b[100];

	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &bad, sizeof(bad)));
	ASSERT_EQ(0, setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)));
	ASSERT_EQ(0, bind(s, (void *)&a, sizeof(a)));
	EXPECT_EQ(4, sendto(v, "nope", 4, 0, (void *)&other, sizeof(other)));
	EXPECT_EQ(4, sendto(u, "ping", 4, 0, (void *)&to, sizeof(to)));
	EXPECT_EQ(30, recv(s, b, sizeof(b), 0));
	EXPECT_ERRNO(EAGAIN, recv(s, b, sizeof(b), MSG_DONTWAIT));
	EXPECT_EQ(0, setsockopt(s, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 }, 4));
	EXPECT_ERRNO(ENOENT, setsockopt(s, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 }, 4));
	EXPECT_EQ(4, sendto(v, "nope", 4, 0, (void *)&other, sizeof(other)));
	EXPECT_EQ(32, recv(s, b, sizeof(b), 0));
}

TEST(a_udp_filter_sees_the_udp_header)
{
	struct sock_filter code[] = {
		{ 0x30, 0, 0, 8 }, { 0x15, 0, 1, 'y' }, { 0x06, 0, 0, 10 }, { 0x06, 0, 0, 0 }
	};
	struct sock_fprog p = { 4, code };
	struct sockaddr_in to;
	int u = udp_pair(&to);
	char b[16];

	ASSERT_EQ(0, setsockopt(u, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)));
	EXPECT_EQ(3, sendto(u, "not", 3, 0, (void *)&to, sizeof(to)));
	EXPECT_EQ(3, sendto(u, "yes", 3, 0, (void *)&to, sizeof(to)));
	EXPECT_EQ(2, recv(u, b, sizeof(b), 0));
	EXPECT_EQ('y', b[0]);
}

TEST(frames_can_be_sent)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(0x88b5),
				 .sll_ifindex = if_nametoindex("lo"),
				 .sll_halen = 6 };
	int out = socket(AF_PACKET, SOCK_DGRAM, 0), in = tap(SOCK_RAW, 0x88b5);
	unsigned char b[64];

	memcpy(a.sll_addr, "\x02\x03\x04\x05\x06\x07", 6);
	ASSERT_EQ(3, sendto(out, "abc", 3, 0, (void *)&a, sizeof(a)));
	EXPECT_EQ(17, recv(in, b, sizeof(b), 0));
	EXPECT_EQ(0, memcmp(b, "\x02\x03\x04\x05\x06\x07", 6));
	EXPECT_EQ(0, memcmp(b + 12, "\x88\xb5" "abc", 5));
	EXPECT_ERRNO(ENXIO, sendto(out, "abc", 3, 0, NULL, 0));
	a.sll_ifindex = 999;
	EXPECT_ERRNO(ENXIO, sendto(out, "abc", 3, 0, (void *)&a, sizeof(a)));
}

TEST(statistics_start_again_when_read)
{
	struct tpacket_stats st;
	socklen_t n = sizeof(st);
	struct sockaddr_in to;
	int u = udp_pair(&to), s = tap(SOCK_RAW, ETH_P_IP);

	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1, sendto(u, "x", 1, 0, (void *)&to, sizeof(to)));
	EXPECT_EQ(0, getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &st, &n));
	EXPECT_EQ(3, st.tp_packets);
	EXPECT_EQ(0, st.tp_drops);
	EXPECT_EQ(0, getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &st, &n));
	EXPECT_EQ(0, st.tp_packets);
}
MAIN
