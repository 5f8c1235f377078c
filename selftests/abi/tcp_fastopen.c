/* SPDX-License-Identifier: MIT */
/* TCP Fast Open over the loopback device: cookies, data in the SYN, keys. tcp(7), ip-sysctl.rst
 * tcp_fastopen, RFC 7413. */
#include "../harness.h"

#include "netif.h"

#include <linux/tcp.h>
#include <poll.h>

#define CONTROL "/proc/sys/net/ipv4/tcp_fastopen"

/* The test's process alone runs: what it sets holds for the next, too, so each sets it. */
static void fast_open_is(int v)
{
	char text[16];
	int fd = open(CONTROL, O_WRONLY), n = sprintf(text, "%d", v);

	ASSERT_EQ(n, write(fd, text, n));
	close(fd);
	if_up("lo");
}

static int listening(struct sockaddr_in *where, int queue)
{
	int l = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(*where);

	*where = in4("127.0.0.1", 0);
	EXPECT_EQ(0, bind(l, SA_LEN(*where)));
	if (queue)
		EXPECT_EQ(0, setsockopt(l, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)));
	EXPECT_EQ(0, listen(l, 8));
	getsockname(l, SA(*where), &len);
	return l;
}

static int syn_data_was_taken(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return !!(info.tcpi_options & TCPI_OPT_SYN_DATA);
}

static int send_first(const struct sockaddr_in *to, const char *text)
{
	int c = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT_EQ((int)strlen(text),
		  sendto(c, text, strlen(text), MSG_FASTOPEN, (void *)to, sizeof(*to)));
	return c;
}

static void check_pair(int l, int c, const char *text)
{
	char b[16] = "";
	int s = accept(l, NULL, NULL);

	EXPECT_EQ((int)strlen(text), read(s, b, sizeof(b)));
	EXPECT_STREQ(text, b);
	EXPECT_EQ(3, write(s, "yes", 3));
	EXPECT_EQ(3, read(c, b, sizeof(b)));
	close(s);
}

TEST(second_connection_carries_its_data_in_the_syn)
{
	struct sockaddr_in a;
	int l, c;

	fast_open_is(3);
	l = listening(&a, 5);
	c = send_first(&a, "one");
	check_pair(l, c, "one");
	close(c);
	c = send_first(&a, "two");
	check_pair(l, c, "two");
	EXPECT_EQ(1, syn_data_was_taken(c));
	close(c);
}

TEST(without_cookies_the_first_does)
{
	struct sockaddr_in a;
	int l, c;

	fast_open_is(3 | 4 | 0x200);
	l = listening(&a, 5);
	c = send_first(&a, "data");
	check_pair(l, c, "data");
	EXPECT_EQ(1, syn_data_was_taken(c));
}

TEST(listener_without_a_queue_takes_none)
{
	struct sockaddr_in a;
	int l, c;

	fast_open_is(3 | 4 | 0x200);
	l = listening(&a, 0);
	c = send_first(&a, "data");
	check_pair(l, c, "data");
	EXPECT_EQ(0, syn_data_was_taken(c));
}

TEST(connect_leaves_the_syn_to_the_first_write)
{
	struct sockaddr_in a, peer;
	socklen_t len = sizeof(peer);
	int l, c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
	struct pollfd p = { c, POLLIN | POLLOUT, 0 };

	fast_open_is(3 | 4 | 0x200);
	l = listening(&a, 5);
	EXPECT_EQ(0, setsockopt(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
	EXPECT_EQ(0, connect(c, SA_LEN(a)));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	EXPECT_ERRNO(EISCONN, connect(c, SA_LEN(a)));
	EXPECT_ERRNO(ENOTCONN, getpeername(c, SA(peer), &len));
	EXPECT_EQ(4, write(c, "late", 4));
	fcntl(c, F_SETFL, 0);
	check_pair(l, c, "late");
	EXPECT_EQ(1, syn_data_was_taken(c));
}

TEST(more_than_one_segment)
{
	static char big[300000], got[300000];
	struct sockaddr_in a;
	int l, c = socket(AF_INET, SOCK_STREAM, 0), s, n = 0, r;

	fast_open_is(3 | 4 | 0x200);
	l = listening(&a, 5);
	for (unsigned i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 1000);
	if (!fork()) {
		_exit(sendto(c, big, sizeof(big), MSG_FASTOPEN, SA_LEN(a)) != sizeof(big));
	}
	close(c);
	s = accept(l, NULL, NULL);
	while ((r = read(s, got + n, sizeof(got) - n)) > 0)
		n += r;
	EXPECT_EQ((int)sizeof(big), n);
	EXPECT_EQ(0, memcmp(big, got, sizeof(big)));
	wait(&r);
	EXPECT_EQ(0, r);
}

TEST(keys_of_a_listener)
{
	char key[32] = "0123456789abcdefFEDCBA9876543210", got[32];
	socklen_t len = sizeof(got);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT_ERRNO(EINVAL, setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 8));
	EXPECT_EQ(0, setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 16));
	EXPECT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, got, &len));
	EXPECT_EQ(16, len);
	EXPECT_EQ(0, memcmp(key, got, 16));
	EXPECT_EQ(0, setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 32));
	len = sizeof(got);
	EXPECT_EQ(0, getsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, got, &len));
	EXPECT_EQ(32, len);
	EXPECT_EQ(0, memcmp(key, got, 32));
}

TEST(key_of_the_system)
{
	const char *key = "00112233-44556677-8899aabb-ccddeeff",
		   *two = "00112233-44556677-8899aabb-ccddeeff,1-2-3-4";
	char got[128] = "";
	int fd = open("/proc/sys/net/ipv4/tcp_fastopen_key", O_RDWR);

	EXPECT_EQ((int)strlen(key), write(fd, key, strlen(key)));
	EXPECT_EQ((int)strlen(key) + 1, pread(fd, got, sizeof(got), 0));
	EXPECT_EQ(0, strncmp(key, got, strlen(key)));
	lseek(fd, 0, SEEK_SET);
	EXPECT_ERRNO(EINVAL, write(fd, "nonsense", 8));
	lseek(fd, 0, SEEK_SET);
	EXPECT_EQ((int)strlen(two), write(fd, two, strlen(two)));
	memset(got, 0, sizeof(got));
	pread(fd, got, sizeof(got), 0);
	EXPECT_STREQ("00112233-44556677-8899aabb-ccddeeff,00000001-00000002-00000003-00000004\n",
		     got);
}

TEST(switched_off)
{
	struct sockaddr_in a;
	int l, c = socket(AF_INET, SOCK_STREAM, 0);

	fast_open_is(0);
	l = listening(&a, 5);
	EXPECT_ERRNO(EOPNOTSUPP, sendto(c, "x", 1, MSG_FASTOPEN, SA_LEN(a)));
	fast_open_is(1);
	close(l);
}

MAIN
