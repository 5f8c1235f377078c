/* SPDX-License-Identifier: MIT */
/* needs: --net user */
/* proc(5): /proc/net and /proc/sys/net: counters that count, lists that hold what was made, numbers
 * that act. */
#include "../harness.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "netif.h"
#include "textfile.h"

static char text[262144];

static const char *slurp(const char *path)
{
	text_read(path, text, sizeof(text));
	return text;
}

static int put(const char *path, const char *value)
{
	return text_write(path, value) == (int)strlen(value) ? 0 : -1;
}

/* The number below "name" in the two lines that begin with "group:". -1: not there. */
static long count(const char *path, const char *group, const char *name)
{
	char *names, *values, *n, *v, *at1, *at2;
	long got = -1;
	char head[32];

	snprintf(head, sizeof(head), "%s: ", group);
	slurp(path);
	names = strstr(text, head);
	while (names && names != text && names[-1] != '\n')
		names = strstr(names + 1, head);
	if (!names)
		return -1;
	values = strchr(names, '\n');
	*values++ = 0;
	*strchrnul(values, '\n') = 0;
	for (n = strtok_r(names, " ", &at1), v = strtok_r(values, " ", &at2); n && v;
	     n = strtok_r(NULL, " ", &at1), v = strtok_r(NULL, " ", &at2))
		if (!strcmp(n, name))
			got = atol(v);
	return got;
}

static long snmp(const char *group, const char *name)
{
	return count("/proc/net/snmp", group, name);
}
static long netstat(const char *name) { return count("/proc/net/netstat", "TcpExt", name); }

static long line_value(const char *path, const char *key)
{
	const char *at = strstr(slurp(path), key);

	return at ? atol(at + strlen(key)) : -1;
}

TEST(udp_counters)
{
	struct sockaddr_in at = in4("127.0.0.1", 9), to;
	int s, c;
	long in, out, none, errors, icmp, full;
	socklen_t n = sizeof(to);
	char b[1000];

	if_up("lo");
	s = socket(AF_INET, SOCK_DGRAM, 0);
	c = socket(AF_INET, SOCK_DGRAM, 0);
	to = in4("127.0.0.1", 0);
	bind(s, (void *)&to, sizeof(to));
	getsockname(s, (void *)&to, &n);
	in = snmp("Udp", "InDatagrams");
	out = snmp("Udp", "OutDatagrams");
	none = snmp("Udp", "NoPorts");
	icmp = snmp("Icmp", "OutDestUnreachs");
	for (int i = 0; i < 5; i++)
		sendto(c, b, 10, 0, (void *)&to, sizeof(to));
	EXPECT_EQ(in, snmp("Udp", "InDatagrams"));		/* counted when they are read */
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(10, recv(s, b, sizeof(b), 0));
	EXPECT_EQ(in + 5, snmp("Udp", "InDatagrams"));
	EXPECT_EQ(out + 5, snmp("Udp", "OutDatagrams"));
	sendto(c, b, 10, 0, (void *)&at, sizeof(at));
	EXPECT_EQ(none + 1, snmp("Udp", "NoPorts"));
	EXPECT_EQ(icmp + 1, snmp("Icmp", "OutDestUnreachs"));
	EXPECT_TRUE(snmp("IcmpMsg", "OutType3") >= 1);
	errors = snmp("Udp", "InErrors");
	full = snmp("Udp", "RcvbufErrors");
	for (int i = 0; i < 1000; i++)
		sendto(c, b, sizeof(b), 0, (void *)&to, sizeof(to));
	EXPECT_TRUE(snmp("Udp", "RcvbufErrors") > full);
	EXPECT_EQ(snmp("Udp", "RcvbufErrors") - full, snmp("Udp", "InErrors") - errors);
	EXPECT_EQ(-1, snmp("Udp", "NoSuchThing"));
}

TEST(tcp_counters)
{
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), a;
	struct sockaddr_in at = in4("127.0.0.1", 0), nobody = in4("127.0.0.1", 9);
	long active, passive, open, in, out, rst, fails, resets, sent;
	socklen_t n = sizeof(at);
	char b[4096] = {};

	if_up("lo");
	bind(l, (void *)&at, sizeof(at));
	listen(l, 5);
	getsockname(l, (void *)&at, &n);
	active = snmp("Tcp", "ActiveOpens");
	passive = snmp("Tcp", "PassiveOpens");
	open = snmp("Tcp", "CurrEstab");
	in = snmp("Tcp", "InSegs");
	out = snmp("Tcp", "OutSegs");
	sent = netstat("TCPOrigDataSent");
	ASSERT_EQ(0, connect(c, (void *)&at, sizeof(at)));
	a = accept(l, NULL, NULL);
	EXPECT_EQ(active + 1, snmp("Tcp", "ActiveOpens"));
	EXPECT_EQ(passive + 1, snmp("Tcp", "PassiveOpens"));
	EXPECT_EQ(open + 2, snmp("Tcp", "CurrEstab"));
	EXPECT_EQ(in + 3, snmp("Tcp", "InSegs"));
	EXPECT_EQ(out + 3, snmp("Tcp", "OutSegs"));
	write(c, b, sizeof(b));
	EXPECT_TRUE(netstat("TCPOrigDataSent") > sent);
	EXPECT_TRUE(netstat("TCPDelivered") >= 0 && netstat("TCPPureAcks") >= 1);
	resets = snmp("Tcp", "EstabResets");
	rst = snmp("Tcp", "OutRsts");
	close(a);				/* unread: a reset */
	usleep(20000);
	EXPECT_EQ(rst + 1, snmp("Tcp", "OutRsts"));
	EXPECT_EQ(resets + 2, snmp("Tcp", "EstabResets"));
	EXPECT_EQ(open, snmp("Tcp", "CurrEstab"));
	EXPECT_TRUE(netstat("TCPAbortOnClose") >= 1);
	fails = snmp("Tcp", "AttemptFails");
	close(c);
	c = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT_ERRNO(ECONNREFUSED, connect(c, (void *)&nobody, sizeof(nobody)));
	EXPECT_EQ(fails + 1, snmp("Tcp", "AttemptFails"));
	EXPECT_EQ(1, snmp("Tcp", "RtoAlgorithm"));
	EXPECT_EQ(-1, snmp("Tcp", "MaxConn"));
}

TEST(ip_counters)
{
	int c = socket(AF_INET, SOCK_DGRAM, 0), s6 = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in to = in4("127.0.0.1", 9);
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(9),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	long in, octets, del, six, frags, oks, noports;
	static char big[70000];

	if_up("lo");
	in = snmp("Ip", "InReceives");
	del = snmp("Ip", "InDelivers");
	octets = count("/proc/net/netstat", "IpExt", "InOctets");
	sendto(c, big, 100, 0, (void *)&to, sizeof(to));
	EXPECT_EQ(in + 2, snmp("Ip", "InReceives"));		/* and the ICMP error */
	EXPECT_EQ(del + 2, snmp("Ip", "InDelivers"));
	EXPECT_EQ(octets + 128 + 156, count("/proc/net/netstat", "IpExt", "InOctets"));
	frags = snmp("Ip", "FragCreates");
	oks = snmp("Ip", "ReasmOKs");
	sendto(c, big, 65507, 0, (void *)&to, sizeof(to));
	EXPECT_EQ(frags, snmp("Ip", "FragCreates"));
	EXPECT_EQ(oks, snmp("Ip", "ReasmOKs"));
	six = line_value("/proc/net/snmp6", "Ip6InReceives");
	noports = line_value("/proc/net/snmp6", "Udp6NoPorts");
	sendto(s6, big, 100, 0, (void *)&to6, sizeof(to6));
	EXPECT_EQ(six + 2, line_value("/proc/net/snmp6", "Ip6InReceives"));
	EXPECT_EQ(noports + 1, line_value("/proc/net/snmp6", "Udp6NoPorts"));
	EXPECT_TRUE(line_value("/proc/net/snmp6", "Icmp6OutType1 ") >= 1);
}

TEST(sockets_are_counted)
{
	struct sockaddr_in at = in4("127.0.0.1", 0);
	long used = line_value("/proc/net/sockstat", "sockets: used "),
	     udp = line_value("/proc/net/sockstat", "UDP: inuse ");
	long tcp = line_value("/proc/net/sockstat", "TCP: inuse "),
	     six = line_value("/proc/net/sockstat6", "TCP6: inuse ");
	int u = socket(AF_INET, SOCK_DGRAM, 0), t = socket(AF_INET, SOCK_STREAM, 0),
	    v = socket(AF_INET6, SOCK_STREAM, 0);
	int r = socket(AF_INET, SOCK_RAW, 1);

	if_up("lo");
	bind(u, (void *)&at, sizeof(at));
	bind(t, (void *)&at, sizeof(at));
	listen(t, 1);
	listen(v, 1);
	EXPECT_EQ(used + 4, line_value("/proc/net/sockstat", "sockets: used "));
	EXPECT_EQ(udp + 1, line_value("/proc/net/sockstat", "UDP: inuse "));
	EXPECT_EQ(tcp + 1, line_value("/proc/net/sockstat", "TCP: inuse "));
	EXPECT_EQ(six + 1, line_value("/proc/net/sockstat6", "TCP6: inuse "));
	EXPECT_EQ(1, line_value("/proc/net/sockstat", "RAW: inuse "));
	close(r);
	EXPECT_EQ(used + 3, line_value("/proc/net/sockstat", "sockets: used "));
}

TEST(lists)
{
	struct sockaddr_in at = in4("127.0.0.1", 0);
	int t = socket(AF_INET, SOCK_STREAM, 0), r = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	struct ip_mreq m = { .imr_multiaddr.s_addr = inet_addr("239.1.2.3"),
			     .imr_interface.s_addr = htonl(INADDR_LOOPBACK) };
	int u = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t n = sizeof(at);
	char want[64];

	if_up("lo");
	bind(t, (void *)&at, sizeof(at));
	listen(t, 1);
	getsockname(t, (void *)&at, &n);
	snprintf(want, sizeof(want), " 0100007F:%04X 00000000:0000 0A 00000000:00000000 ",
		 ntohs(at.sin_port));
	EXPECT_TRUE(strstr(slurp("/proc/net/tcp"), want) != NULL);
	EXPECT_TRUE(strstr(slurp("/proc/net/raw"), "00000000:0011 00000000:0000 07") != NULL);
	EXPECT_EQ(0, setsockopt(u, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	EXPECT_TRUE(strstr(slurp("/proc/net/igmp"), "030201EF     1 ") != NULL);
	EXPECT_TRUE(strstr(slurp("/proc/net/igmp6"), "ff020000000000000000000000000001") != NULL);
	EXPECT_TRUE(strstr(slurp("/proc/net/ptype"), "86dd          ipv6_rcv\n") != NULL);
	EXPECT_TRUE(strstr(slurp("/proc/net/protocols"), "\nTCP ") != NULL);
	EXPECT_TRUE(strncmp(slurp("/proc/net/rt_cache"), "Iface\tDestination", 17) == 0);
	close(r);
}

TEST(numbers_act)
{
	int one = 1, s, v;
	socklen_t n = sizeof(v);
	char name[16];

	EXPECT_STREQ("reno cubic\n", slurp("/proc/sys/net/ipv4/tcp_available_congestion_control"));
	EXPECT_ERRNO(ENOENT, put("/proc/sys/net/ipv4/tcp_congestion_control", "nonsense"));
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/tcp_congestion_control", "reno\n"));
	s = socket(AF_INET, SOCK_STREAM, 0);
	n = sizeof(name);
	EXPECT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_CONGESTION, name, &n));
	EXPECT_STREQ("reno", name);
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/tcp_congestion_control", "cubic\n"));
	EXPECT_STREQ("cubic\n", slurp("/proc/sys/net/ipv4/tcp_congestion_control"));
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/ip_local_port_range", "40000 40003"));
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/ip_local_reserved_ports", "40000,40002-40003"));
	EXPECT_STREQ("40000,40002-40003\n", slurp("/proc/sys/net/ipv4/ip_local_reserved_ports"));
	{
		struct sockaddr_in at = in4("0.0.0.0", 0);

		n = sizeof(at);
		EXPECT_EQ(0, bind(s, (void *)&at, sizeof(at)));
		EXPECT_EQ(0, getsockname(s, (void *)&at, &n));
		EXPECT_EQ(40001, ntohs(at.sin_port));
		at.sin_port = 0;
		EXPECT_ERRNO(EADDRINUSE,
			     bind(socket(AF_INET, SOCK_STREAM, 0), (void *)&at, sizeof(at)));
		/* who asks for it by name gets it */
		at.sin_port = htons(40002);
		EXPECT_EQ(0, bind(socket(AF_INET, SOCK_STREAM, 0), (void *)&at, sizeof(at)));
	}
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/ip_local_reserved_ports", ""));
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999"));
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/tcp_keepalive_time", "1234"));
	s = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	n = sizeof(v);
	getsockopt(s, IPPROTO_TCP, TCP_KEEPIDLE, &v, &n);
	EXPECT_EQ(1234, v);
	EXPECT_EQ(0, put("/proc/sys/net/ipv4/tcp_keepalive_time", "7200"));
	EXPECT_TRUE(strspn(slurp("/proc/sys/net/ipv4/tcp_mem"), "\t0123456789") > 5);
}

MAIN
