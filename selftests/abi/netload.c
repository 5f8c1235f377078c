/* SPDX-License-Identifier: MIT */
/* Many connections, many sockets, floods: service goes on, memory is bounded and comes back. With
 * "load=full" on the kernel's command line as many as a server may meet. */
#include "../harness.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "netif.h"

static int full(void)
{
	char line[4096] = {};
	int fd = open("/proc/cmdline", O_RDONLY);

	read(fd, line, sizeof(line) - 1);
	close(fd);
	return strstr(line, "load=full") != NULL;
}

static void allow(int files)
{
	struct rlimit r = { files, files };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &r));
	/* the table of descriptors grows now, and stays */
	for (int i = 3; i < files; i++)
		dup2(0, i);
	for (int i = 3; i < files; i++)
		close(i);
}

/* KiB */
static long available(void)
{
	char text[4096] = {}, *at;
	int fd = open("/proc/meminfo", O_RDONLY);

	read(fd, text, sizeof(text) - 1);
	close(fd);
	at = strstr(text, "MemAvailable:");
	return at ? atol(at + 13) : 0;
}

static int listener(int backlog, struct sockaddr_in *at)
{
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	socklen_t n = sizeof(*at);

	if_up("lo");
	*at = in4("127.0.0.1", 0);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	bind(l, (void *)at, sizeof(*at));
	ASSERT_EQ(0, listen(l, backlog));
	getsockname(l, (void *)at, &n);
	return l;
}

/* What is there again after a while: KiB of memory below `before`. */
static long missing(long before)
{
	long less = 0;

	for (int i = 0; i < 50; i++) {
		less = before - available();
		if (less < 1024)
			break;
		usleep(100000);
	}
	return less;
}

static void reset_on_close(int fd)
{
	struct linger l = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

/* n connections of ours to ourselves; the accepting ends watched by ep. */
static void connect_many(int l, const struct sockaddr_in *at, int n, int *c, int *a, int ep)
{
	for (int i = 0; i < n; i++) {
		struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u32 = i };

		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(c[i], (void *)at, sizeof(*at)))
			FAIL("connection %d: %s", i, strerror(errno));
		a[i] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
		ASSERT_TRUE(a[i] >= 0);
		if (ep >= 0)
			ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, a[i], &e));
	}
}

TEST_TIMEOUT(idle_connections, 300)
{
	int n = full() ? 10000 : 2000, ep, *c = malloc(n * sizeof(int)),
	    *a = malloc(n * sizeof(int)), got = 0;
	struct sockaddr_in at;
	struct epoll_event ev[64];
	int l, warm[2];
	long before, used;
	char b[64];

	allow(2 * n + 100);
	ep = epoll_create1(0);
	l = listener(512, &at);
	memset(c, 0, n * sizeof(int));
	memset(a, 0, n * sizeof(int));
	connect_many(l, &at, 1, &warm[0], &warm[1], -1);
	before = available();
	connect_many(l, &at, n, c, a, ep);
	used = before - available();
	printf("# %d idle connections: %ld KiB, %ld bytes each\n", n, used, used * 1024 / n);
	for (int i = 0; i < n; i += n / 100)		/* one in a hundred speaks */
		ASSERT_EQ(5, write(c[i], "hello", 5));
	while (got < 100) {
		int k = epoll_wait(ep, ev, 64, 2000);

		ASSERT_TRUE(k > 0);
		for (int i = 0; i < k; i++, got++) {
			ASSERT_EQ(0, ev[i].data.u32 % (n / 100));
			ASSERT_EQ(5, read(a[ev[i].data.u32], b, sizeof(b)));
			ASSERT_EQ(5, write(a[ev[i].data.u32], b, 5));
		}
	}
	EXPECT_EQ(0, epoll_wait(ep, ev, 64, 0));
	for (int i = 0; i < n; i += n / 100)
		ASSERT_EQ(5, read(c[i], b, sizeof(b)));
	if (is_ashlar() && !is_debug_kernel())
		EXPECT_TRUE(used * 1024 / n <= 4096);
	for (int i = 0; i < n; i++) {
		reset_on_close(c[i]);
		close(c[i]);
		close(a[i]);
	}
	EXPECT_TRUE(missing(before) < 1024);
}

TEST_TIMEOUT(many_sockets, 300)
{
	int n = full() ? 60000 : 6000, *s = malloc(n * sizeof(int)), kept;
	struct sockaddr_in at = in4("127.0.0.1", 0);
	long before;

	if_up("lo");
	allow(n + 100);
	memset(s, 0, n * sizeof(int));
	before = available();
	for (int i = 0; i < n; i++) {
		static const struct { int family, type, protocol; } kinds[] = {
			{ AF_INET, SOCK_STREAM, 0 },  { AF_INET, SOCK_DGRAM, 0 },
			{ AF_INET6, SOCK_STREAM, 0 }, { AF_INET6, SOCK_DGRAM, 0 },
			{ AF_UNIX, SOCK_STREAM, 0 },  { AF_UNIX, SOCK_DGRAM, 0 },
		};

		s[i] = socket(kinds[i % 6].family, kinds[i % 6].type, kinds[i % 6].protocol);
		ASSERT_TRUE(s[i] >= 0);
		if (i % 6 == 1 && i < 12000)
			ASSERT_EQ(0, bind(s[i], (void *)&at, sizeof(at)));
	}
	kept = before - available();
	printf("# %d sockets: %d bytes each\n", n, (int)((long)kept * 1024 / n));
	for (int i = 0; i < n; i++)
		close(s[i]);
	kept = missing(before);
	printf("# afterwards %d KiB are missing\n", kept);
	EXPECT_TRUE(kept < 1024);
}

static unsigned short sum16(const void *p, int n, unsigned sum)
{
	const unsigned short *w = p;

	for (; n > 1; n -= 2)
		sum += *w++;
	if (n)
		sum += *(const unsigned char *)w;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* A SYN from an address of 127.x that nobody has a connection with. */
static void send_syn(int raw, const struct sockaddr_in *at, unsigned i)
{
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} p = { .ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP } };
	struct {
		unsigned s, d;
		unsigned char zero, proto;
		unsigned short len;
	} pseudo = { 0, at->sin_addr.s_addr, 0, IPPROTO_TCP, htons(20) };
	unsigned sum = 0;

	p.ip.tot_len = htons(sizeof(p));
	p.ip.saddr = pseudo.s = htonl(0x7f000000 | (2 + i % 100000));
	p.ip.daddr = at->sin_addr.s_addr;
	p.tcp.source = htons(1024 + i % 60000);
	p.tcp.dest = at->sin_port;
	p.tcp.seq = i;
	p.tcp.doff = 5;
	p.tcp.syn = 1;
	p.tcp.window = htons(1000);
	for (unsigned k = 0; k < sizeof(pseudo) / 2; k++)
		sum += ((unsigned short *)&pseudo)[k];
	p.tcp.check = sum16(&p.tcp, 20, sum);
	sendto(raw, &p, sizeof(p), 0, (void *)at, sizeof(*at));
}

TEST_TIMEOUT(flood_of_syns, 300)
{
	int n = full() ? 200000 : 20000, raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), c, a, on = 1;
	struct sockaddr_in at;
	int l = listener(128, &at);
	long before = available(), used;
	char b[8];

	setsockopt(raw, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on));
	for (int i = 0; i < n; i++) {
		send_syn(raw, &at, i);
		if (i % (n / 4) == n / 8) {		/* meanwhile others are served */
			c = socket(AF_INET, SOCK_STREAM, 0);
			ASSERT_EQ(0, connect(c, (void *)&at, sizeof(at)));
			ASSERT_EQ(2, write(c, "hi", 2));
			a = accept(l, NULL, NULL);
			ASSERT_TRUE(a >= 0);
			ASSERT_EQ(2, read(a, b, sizeof(b)));
			ASSERT_EQ(2, write(a, "ho", 2));
			ASSERT_EQ(2, read(c, b, sizeof(b)));
			close(a);
			close(c);
		}
	}
	used = before - available();
	printf("# %d SYNs: %ld KiB\n", n, used);
	EXPECT_TRUE(used < 4096);
	close(l);
	EXPECT_TRUE(missing(before) < 1024);
}

TEST_TIMEOUT(ports_run_out, 120)
{
	struct sockaddr_in at;
	int l = listener(512, &at), n, c[120], a[120], why = 0;
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDWR);

	ASSERT_TRUE(write(fd, "50000 50099", 11) == 11);
	for (n = 0; n < 120; n++) {
		c[n] = socket(AF_INET, SOCK_STREAM, 0);
		why = connect(c[n], (void *)&at, sizeof(at)) ? errno : 0;
		if (why)
			break;
		a[n] = accept(l, NULL, NULL);
	}
	EXPECT_EQ(EADDRNOTAVAIL, why);
	EXPECT_TRUE(n == 100 || n == 99);
	if (n > 0) {					/* one goes, one comes */
		reset_on_close(c[0]);
		close(c[0]);
		EXPECT_EQ(0, connect(c[n], (void *)&at, sizeof(at)));
	}
	pwrite(fd, "32768 60999", 11, 0);
	for (int i = 1; i < n; i++) {
		reset_on_close(c[i]);
		close(c[i]);
		close(a[i]);
	}
}

TEST_TIMEOUT(peers_that_do_not_read, 300)
{
	int n = full() ? 200 : 20, *c = malloc(n * sizeof(int)), *a = malloc(n * sizeof(int)), v,
	    small = 65536;
	struct sockaddr_in at;
	int l = listener(512, &at);
	static char b[65536];
	long before, used, sent = 0, most;
	socklen_t len = sizeof(v);

	setsockopt(l, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	memset(c, 0, n * sizeof(int));
	memset(a, 0, n * sizeof(int));
	before = available();
	for (int i = 0; i < n; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		setsockopt(c[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		connect(c[i], (void *)&at, sizeof(at));
		a[i] = accept(l, NULL, NULL);
		for (long k; (k = write(c[i], b, sizeof(b))) > 0;)
			sent += k;
		EXPECT_ERRNO(EAGAIN, write(c[i], b, 1));
	}
	getsockopt(c[0], SOL_SOCKET, SO_SNDBUF, &v, &len);
	most = v;
	getsockopt(a[0], SOL_SOCKET, SO_RCVBUF, &v, &len);
	most += v;
	used = before - available();
	printf("# %d full connections: %ld KiB each, %ld bytes of payload, buffers of %ld\n", n,
	       used / n, sent / n, most);
	EXPECT_TRUE(used * 1024 / n < 3 * most);
	for (int i = 0; i < n; i++) {
		reset_on_close(c[i]);
		close(c[i]);
		close(a[i]);
	}
	EXPECT_TRUE(missing(before) < 1024);
}

MAIN
