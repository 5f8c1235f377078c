/* SPDX-License-Identifier: MIT */
/* tcp(7) over the loopback device: opening, closing, streams, options, errors. */
#include "../harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>

static struct sockaddr_in at(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static struct sockaddr_in name_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	ASSERT_EQ(0, getsockname(fd, (void *)&a, &len));
	return a;
}

static int listening(int backlog, struct sockaddr_in *where)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = at(0);

	ASSERT_TRUE(fd >= 0);
	ASSERT_EQ(0, bind(fd, (void *)&a, sizeof(a)));
	ASSERT_EQ(0, listen(fd, backlog));
	*where = name_of(fd);
	return fd;
}

static void tcp_pair(int s[2])
{
	struct sockaddr_in a;
	int l = listening(8, &a);

	s[0] = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(s[0], (void *)&a, sizeof(a)));
	s[1] = accept(l, NULL, NULL);
	ASSERT_TRUE(s[1] >= 0);
	close(l);
}

static int get_int(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int v = -1;

	EXPECT_EQ(0, getsockopt(fd, level, name, &v, &len));
	return v;
}

static int set_int(int fd, int level, int name, int v)
{
	return setsockopt(fd, level, name, &v, sizeof(v));
}

static uint32_t events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

static void read_all(int fd, char *buf, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, buf + got, n - got);

		ASSERT_TRUE(r > 0);
		got += r;
	}
}

TEST(bytes_both_ways)
{
	char b[16];
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(5, write(s[0], "hello", 5));
	EXPECT_EQ(5, read(s[1], b, sizeof(b)));
	EXPECT_EQ(0, memcmp(b, "hello", 5));
	EXPECT_EQ(2, send(s[1], "yo", 2, 0));
	EXPECT_EQ(2, recv(s[0], b, sizeof(b), 0));
	close(s[0]);
	EXPECT_EQ(0, read(s[1], b, sizeof(b)));
	close(s[1]);
}

TEST(refused)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), err;
	struct sockaddr_in a = at(1);
	socklen_t len = sizeof(err);

	EXPECT_ERRNO(ECONNREFUSED, connect(fd, (void *)&a, sizeof(a)));
	EXPECT_ERRNO(ECONNREFUSED, connect(fd, (void *)&a, sizeof(a)));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(EINPROGRESS, connect(fd, (void *)&a, sizeof(a)));
	usleep(20000);
	EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ECONNREFUSED, err);
}

TEST(names_and_states)
{
	struct sockaddr_in a, b;
	socklen_t len = sizeof(b);
	int l = listening(1, &a), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char x;

	EXPECT_ERRNO(ENOTCONN, getpeername(c, (void *)&b, &len));
	EXPECT_ERRNO(ENOTCONN, recv(c, &x, 1, 0));
	EXPECT_ERRNO(EPIPE, send(c, &x, 1, MSG_NOSIGNAL));
	EXPECT_ERRNO(ENOTCONN, shutdown(c, SHUT_WR));
	EXPECT_EQ(POLLOUT | POLLHUP, events(c));
	EXPECT_EQ(0, events(l));
	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	EXPECT_ERRNO(EISCONN, connect(c, (void *)&a, sizeof(a)));
	EXPECT_EQ(POLLIN, events(l));
	s = accept(l, (void *)&b, &len);
	ASSERT_TRUE(s >= 0);
	EXPECT_EQ(name_of(c).sin_port, b.sin_port);
	EXPECT_EQ(a.sin_port, name_of(s).sin_port);
	EXPECT_EQ(htonl(INADDR_LOOPBACK), name_of(s).sin_addr.s_addr);
	EXPECT_EQ(POLLOUT, events(c));
	EXPECT_ERRNO(EINVAL, accept(c, NULL, NULL));
	EXPECT_ERRNO(EINVAL, listen(c, 1));
	fcntl(l, F_SETFL, O_NONBLOCK);
	EXPECT_ERRNO(EAGAIN, accept(l, NULL, NULL));
	EXPECT_ERRNO(ENOTCONN, recv(l, &x, 1, 0));
	EXPECT_ERRNO(EPIPE, send(l, &x, 1, MSG_NOSIGNAL));
}

TEST(half_close)
{
	char b[8];
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(3, write(s[0], "abc", 3));
	EXPECT_EQ(0, shutdown(s[0], SHUT_WR));
	EXPECT_ERRNO(EPIPE, send(s[0], "x", 1, MSG_NOSIGNAL));
	usleep(10000);
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP, events(s[1]));
	EXPECT_EQ(3, read(s[1], b, 8));
	EXPECT_EQ(0, read(s[1], b, 8));
	EXPECT_EQ(2, write(s[1], "de", 2));
	EXPECT_EQ(2, read(s[0], b, 8));
	close(s[1]);
	EXPECT_EQ(0, read(s[0], b, 8));
	EXPECT_EQ(POLLIN | POLLOUT | POLLHUP | POLLRDHUP, events(s[0]));
}

TEST(unread_bytes_reset)
{
	char b[8];
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(3, write(s[0], "abc", 3));
	usleep(10000);
	close(s[1]);
	usleep(10000);
	EXPECT_ERRNO(ECONNRESET, read(s[0], b, 8));
	EXPECT_EQ(0, read(s[0], b, 8));
	EXPECT_ERRNO(EPIPE, send(s[0], "x", 1, MSG_NOSIGNAL));
}

TEST(linger_zero_resets)
{
	struct linger l = { 1, 0 };
	char b[8];
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(0, setsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	close(s[0]);
	EXPECT_ERRNO(ECONNRESET, read(s[1], b, 8));
}

TEST_TIMEOUT(large_transfer, 30)
{
	static char out[1 << 16], in[1 << 16];
	const size_t total = 4 << 20;
	int s[2], st;

	tcp_pair(s);
	if (fork() == 0) {
		close(s[0]);
		for (size_t done = 0; done < total;) {
			ssize_t n = read(s[1], in, sizeof(in));

			if (n <= 0)
				_exit(1);
			for (ssize_t i = 0; i < n; i++)
				if (in[i] != (char)((done + i) * 7 >> 3))
					_exit(2);
			done += n;
		}
		_exit(read(s[1], in, 1) != 0);
	}
	close(s[1]);
	for (size_t done = 0; done < total;) {
		size_t n = sizeof(out) - done % 777;

		n = n < total - done ? n : total - done;
		for (size_t i = 0; i < n; i++)
			out[i] = (char)((done + i) * 7 >> 3);
		ssize_t w = write(s[0], out, n);

		ASSERT_TRUE(w > 0);
		done += w;
	}
	close(s[0]);
	wait(&st);
	EXPECT_EQ(0, st);
}

TEST(full_buffers_block)
{
	static char b[65536];
	size_t sent = 0;
	ssize_t n;
	int s[2];

	tcp_pair(s);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	while ((n = write(s[0], b, sizeof(b))) > 0)
		sent += n;
	EXPECT_ERRNO(EAGAIN, write(s[0], b, 1));
	EXPECT_TRUE(sent > 65536);
	EXPECT_EQ(0, events(s[0]) & POLLOUT);
	read_all(s[1], b, sent > sizeof(b) ? sizeof(b) : sent);
	for (size_t left = sent - sizeof(b); left;) {
		n = read(s[1], b, left < sizeof(b) ? left : sizeof(b));
		ASSERT_TRUE(n > 0);
		left -= n;
	}
	usleep(20000);
	EXPECT_EQ(POLLOUT, events(s[0]));
}

TEST(peek_waitall_trunc)
{
	char b[16] = "";
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(4, write(s[0], "abcd", 4));
	usleep(5000);
	EXPECT_EQ(2, recv(s[1], b, 2, MSG_PEEK));
	EXPECT_EQ(4, recv(s[1], b, 8, MSG_PEEK));
	EXPECT_EQ(0, memcmp(b, "abcd", 4));
	EXPECT_EQ(2, recv(s[1], b, 2, MSG_TRUNC));
	if (fork() == 0) {
		usleep(30000);
		(void)!write(s[0], "ef", 2);
		_exit(0);
	}
	EXPECT_EQ(4, recv(s[1], b, 4, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(b, "cdef", 4));
	EXPECT_ERRNO(EAGAIN, recv(s[1], b, 4, MSG_DONTWAIT));
}

TEST(urgent)
{
	char b[16];
	int s[2], mark = -1;

	tcp_pair(s);
	EXPECT_EQ(2, write(s[0], "ab", 2));
	EXPECT_EQ(1, send(s[0], "!", 1, MSG_OOB));
	EXPECT_EQ(2, write(s[0], "cd", 2));
	usleep(20000);
	EXPECT_TRUE(events(s[1]) & POLLPRI);
	EXPECT_EQ(0, ioctl(s[1], SIOCATMARK, &mark));
	EXPECT_EQ(0, mark);
	EXPECT_EQ(2, read(s[1], b, 16));
	EXPECT_EQ(0, ioctl(s[1], SIOCATMARK, &mark));
	EXPECT_EQ(1, mark);
	EXPECT_EQ(1, recv(s[1], b, 1, MSG_OOB));
	EXPECT_EQ('!', b[0]);
	EXPECT_ERRNO(EINVAL, recv(s[1], b, 1, MSG_OOB));
	EXPECT_EQ(2, read(s[1], b, 16));
	EXPECT_EQ(0, memcmp(b, "cd", 2));
}

TEST(queues_tell_their_lengths)
{
	int s[2], n = -1;
	char b[8];

	tcp_pair(s);
	EXPECT_EQ(5, write(s[0], "12345", 5));
	usleep(60000);
	EXPECT_EQ(0, ioctl(s[1], SIOCINQ, &n));
	EXPECT_EQ(5, n);
	EXPECT_EQ(0, ioctl(s[0], SIOCOUTQ, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(5, read(s[1], b, 8));
	EXPECT_EQ(0, ioctl(s[1], FIONREAD, &n));
	EXPECT_EQ(0, n);
}

TEST(options)
{
	int s[2], fd = socket(AF_INET, SOCK_STREAM, 0);
	char name[16] = "";
	socklen_t len = sizeof(name);
	struct tcp_info info;

	EXPECT_EQ(16384, get_int(fd, SOL_SOCKET, SO_SNDBUF));
	EXPECT_EQ(131072, get_int(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(0, get_int(fd, SOL_TCP, TCP_NODELAY));
	EXPECT_EQ(7200, get_int(fd, SOL_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(75, get_int(fd, SOL_TCP, TCP_KEEPINTVL));
	EXPECT_EQ(9, get_int(fd, SOL_TCP, TCP_KEEPCNT));
	EXPECT_EQ(6, get_int(fd, SOL_TCP, TCP_SYNCNT));
	EXPECT_EQ(536, get_int(fd, SOL_TCP, TCP_MAXSEG));
	EXPECT_ERRNO(EINVAL, set_int(fd, SOL_TCP, TCP_MAXSEG, 10));
	EXPECT_ERRNO(EINVAL, set_int(fd, SOL_TCP, TCP_KEEPCNT, 200));
	EXPECT_ERRNO(ENOENT, setsockopt(fd, SOL_TCP, TCP_CONGESTION, "nosuch", 6));
	EXPECT_ERRNO(ENOENT, setsockopt(fd, SOL_TCP, TCP_ULP, "nosuch", 6));
	EXPECT_EQ(0, getsockopt(fd, SOL_TCP, TCP_CONGESTION, name, &len));
	EXPECT_STREQ("cubic", name);
	EXPECT_EQ(0, setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	EXPECT_EQ(0, set_int(fd, SOL_TCP, TCP_DEFER_ACCEPT, 3));
	EXPECT_EQ(3, get_int(fd, SOL_TCP, TCP_DEFER_ACCEPT));
	tcp_pair(s);
	len = sizeof(info);
	memset(&info, 0, sizeof(info));
	EXPECT_EQ(0, getsockopt(s[0], SOL_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(TCP_ESTABLISHED, info.tcpi_state);
	EXPECT_EQ(10, info.tcpi_snd_cwnd);
	EXPECT_TRUE(info.tcpi_pmtu >= 65535);
	EXPECT_TRUE(info.tcpi_options & TCPI_OPT_TIMESTAMPS && info.tcpi_options & TCPI_OPT_SACK &&
		    info.tcpi_options & TCPI_OPT_WSCALE);
	EXPECT_EQ(0, set_int(s[0], SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_EQ(1, get_int(s[0], SOL_SOCKET, SO_KEEPALIVE));
}

TEST(cork_waits)
{
	int s[2];
	char b[8];

	tcp_pair(s);
	EXPECT_EQ(0, set_int(s[0], SOL_TCP, TCP_CORK, 1));
	EXPECT_EQ(1, write(s[0], "a", 1));
	EXPECT_EQ(1, write(s[0], "b", 1));
	usleep(20000);
	EXPECT_ERRNO(EAGAIN, recv(s[1], b, 8, MSG_DONTWAIT));
	EXPECT_EQ(0, set_int(s[0], SOL_TCP, TCP_CORK, 0));
	usleep(20000);
	EXPECT_EQ(2, recv(s[1], b, 8, MSG_DONTWAIT));
	EXPECT_EQ(1, send(s[0], "c", 1, MSG_MORE));
	usleep(20000);
	EXPECT_ERRNO(EAGAIN, recv(s[1], b, 8, MSG_DONTWAIT));
	EXPECT_EQ(1, send(s[0], "d", 1, 0));
	usleep(20000);
	EXPECT_EQ(2, recv(s[1], b, 8, MSG_DONTWAIT));
}

TEST(time_wait_keeps_the_port)
{
	struct sockaddr_in a;
	int l = listening(1, &a), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char b;

	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	close(s);		/* the server closes first: TIME_WAIT is on its port */
	close(l);
	EXPECT_EQ(0, read(c, &b, 1));
	close(c);
	usleep(20000);
	l = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT_ERRNO(EADDRINUSE, bind(l, (void *)&a, sizeof(a)));
}

TEST(reuseaddr_over_time_wait)
{
	struct sockaddr_in a = at(0);
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char b;

	EXPECT_EQ(0, set_int(l, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, bind(l, (void *)&a, sizeof(a)));
	ASSERT_EQ(0, listen(l, 1));
	a = name_of(l);
	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	close(s);
	close(l);
	EXPECT_EQ(0, read(c, &b, 1));
	close(c);
	usleep(20000);
	l = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT_EQ(0, set_int(l, SOL_SOCKET, SO_REUSEADDR, 1));
	EXPECT_EQ(0, bind(l, (void *)&a, sizeof(a)));
	EXPECT_EQ(0, listen(l, 1));
}

TEST(reuseport_shares_evenly)
{
	struct sockaddr_in a = at(0);
	int l[4], c[200], got[4] = {}, s;

	for (int i = 0; i < 4; i++) {
		l[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		EXPECT_EQ(0, set_int(l[i], SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(0, bind(l[i], (void *)&a, sizeof(a)));
		ASSERT_EQ(0, listen(l[i], 200));
		a = name_of(l[i]);
	}
	for (int i = 0; i < 200; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		ASSERT_EQ(0, connect(c[i], (void *)&a, sizeof(a)));
	}
	for (int i = 0; i < 4; i++)
		while ((s = accept(l[i], NULL, NULL)) >= 0) {
			got[i]++;
			close(s);
		}
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(1, got[i] >= 15);		/* of 50: 6 deviations below */
	EXPECT_EQ(200, got[0] + got[1] + got[2] + got[3]);
}

TEST(accept_times_out)
{
	struct timeval tv = { 0, 30000 };
	struct sockaddr_in a;
	int l = listening(1, &a);

	EXPECT_EQ(0, setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	EXPECT_ERRNO(EAGAIN, accept(l, NULL, NULL));
}

TEST(six)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET6, SOCK_STREAM, 0), c = socket(AF_INET6, SOCK_STREAM, 0), s;
	char b[4];

	ASSERT_EQ(0, bind(l, (void *)&a, sizeof(a)));
	ASSERT_EQ(0, listen(l, 1));
	ASSERT_EQ(0, getsockname(l, (void *)&a, &len));
	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	EXPECT_EQ(3, write(c, "six", 3));
	EXPECT_EQ(3, read(s, b, 4));
}

TEST(dual_stack_listener)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4;
	socklen_t len = sizeof(a);
	int l = socket(AF_INET6, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char text[64];

	ASSERT_EQ(0, bind(l, (void *)&a, sizeof(a)));
	ASSERT_EQ(0, listen(l, 1));
	ASSERT_EQ(0, getsockname(l, (void *)&a, &len));
	v4 = at(ntohs(a.sin6_port));
	ASSERT_EQ(0, connect(c, (void *)&v4, sizeof(v4)));
	s = accept(l, (void *)&a, &len);
	ASSERT_TRUE(s >= 0);
	EXPECT_STREQ("::ffff:127.0.0.1", inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof(text)));
}

TEST(self_connect)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = at(0);
	char b[4];

	ASSERT_EQ(0, bind(fd, (void *)&a, sizeof(a)));
	a = name_of(fd);
	ASSERT_EQ(0, connect(fd, (void *)&a, sizeof(a)));
	EXPECT_EQ(2, write(fd, "me", 2));
	EXPECT_EQ(2, read(fd, b, 4));
}

TEST(many_connections)
{
	struct sockaddr_in a;
	int l = listening(128, &a), c[100], s[100];
	char b;

	for (int i = 0; i < 100; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		ASSERT_EQ(0, connect(c[i], (void *)&a, sizeof(a)));
	}
	for (int i = 0; i < 100; i++)
		ASSERT_TRUE((s[i] = accept(l, NULL, NULL)) >= 0);
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(1, write(c[i], "x", 1));
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(1, read(s[i], &b, 1));
	for (int i = 0; i < 100; i++)
		close(c[i]);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(0, read(s[i], &b, 1));
}

TEST(nonblocking_connect)
{
	struct sockaddr_in a;
	int l = listening(1, &a), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p = { c, POLLOUT, 0 };

	EXPECT_ERRNO(EINPROGRESS, connect(c, (void *)&a, sizeof(a)));
	EXPECT_EQ(1, poll(&p, 1, 1000));
	EXPECT_EQ(POLLOUT, p.revents);
	EXPECT_EQ(0, get_int(c, SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	EXPECT_ERRNO(EISCONN, connect(c, (void *)&a, sizeof(a)));
	EXPECT_TRUE(accept(l, NULL, NULL) >= 0);
}

TEST(sendfile_from_a_file)
{
	static char out[100000], in[100000];
	int s[2], fd = open("/tmp/tcp.send", O_RDWR | O_CREAT | O_TRUNC, 0600), st;
	off_t pos = 3;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 31 >> 4);
	ASSERT_EQ(sizeof(out), write(fd, out, sizeof(out)));
	tcp_pair(s);
	if (fork() == 0) {
		read_all(s[1], in, sizeof(out) - 3);
		_exit(memcmp(in, out + 3, sizeof(out) - 3) != 0);
	}
	while (pos < (off_t)sizeof(out))
		ASSERT_TRUE(sendfile(s[0], fd, &pos, sizeof(out) - pos) > 0);
	wait(&st);
	EXPECT_EQ(0, st);
	unlink("/tmp/tcp.send");
}

TEST(zerocopy_is_reported)
{
	struct { struct cmsghdr h; struct sock_extended_err e; struct sockaddr_in a; } c;
	struct msghdr m = { .msg_control = &c, .msg_controllen = sizeof(c) };
	char b[8];
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(0, set_int(s[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	EXPECT_EQ(3, send(s[0], "abc", 3, MSG_ZEROCOPY));
	EXPECT_EQ(3, send(s[0], "def", 3, MSG_ZEROCOPY));
	read_all(s[1], b, 6);
	usleep(60000);
	EXPECT_TRUE(events(s[0]) & POLLERR);
	ASSERT_EQ(0, recvmsg(s[0], &m, MSG_ERRQUEUE));
	EXPECT_EQ(SO_EE_ORIGIN_ZEROCOPY, c.e.ee_origin);
	EXPECT_EQ(0, c.e.ee_errno);
	EXPECT_EQ(0, c.e.ee_info);
	EXPECT_EQ(SO_EE_CODE_ZEROCOPY_COPIED, c.e.ee_code);
}

TEST(backlog_is_bounded)
{
	struct sockaddr_in a;
	int l = listening(1, &a), c[8], done = 0;

	for (int i = 0; i < 8; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		EXPECT_ERRNO(EINPROGRESS, connect(c[i], (void *)&a, sizeof(a)));
	}
	usleep(100000);
	for (int i = 0; i < 8; i++)
		done += (events(c[i]) & POLLOUT) != 0;
	EXPECT_EQ(2, done);
	EXPECT_TRUE(accept(l, NULL, NULL) >= 0);
	EXPECT_TRUE(accept(l, NULL, NULL) >= 0);
}

TEST(listener_closes_under_its_children)
{
	struct sockaddr_in a;
	int l = listening(8, &a), c = socket(AF_INET, SOCK_STREAM, 0);
	char b;

	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	close(l);
	EXPECT_ERRNO(ECONNRESET, read(c, &b, 1));
}

TEST(rcvlowat_and_timeouts)
{
	struct timeval tv = { 0, 50000 };
	char b[8];
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(0, set_int(s[1], SOL_SOCKET, SO_RCVLOWAT, 4));
	EXPECT_EQ(2, write(s[0], "ab", 2));
	usleep(10000);
	EXPECT_EQ(0, events(s[1]) & POLLIN);
	EXPECT_EQ(0, setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	EXPECT_EQ(2, recv(s[1], b, 8, 0));
	EXPECT_ERRNO(EAGAIN, recv(s[1], b, 8, 0));
	EXPECT_EQ(4, write(s[0], "abcd", 4));
	usleep(10000);
	EXPECT_TRUE(events(s[1]) & POLLIN);
	EXPECT_EQ(4, recv(s[1], b, 8, 0));
}

TEST(disconnect_and_again)
{
	struct sockaddr_in a, none = { .sin_family = AF_UNSPEC };
	int l = listening(8, &a), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char b;

	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	EXPECT_EQ(0, connect(c, (void *)&none, sizeof(none)));
	EXPECT_ERRNO(ECONNRESET, read(s, &b, 1));
	EXPECT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	EXPECT_EQ(1, write(c, "x", 1));
	EXPECT_EQ(1, read(s, &b, 1));
}

TEST(shutdown_wakes_a_listener)
{
	struct sockaddr_in a;
	int l = listening(8, &a);

	if (fork() == 0) {
		usleep(30000);
		shutdown(l, SHUT_RDWR);
		_exit(0);
	}
	EXPECT_ERRNO(EINVAL, accept(l, NULL, NULL));
}

TEST(syn_is_saved)
{
	struct sockaddr_in a;
	uint8_t syn[128];
	socklen_t len = sizeof(syn);
	int l = listening(8, &a), c = socket(AF_INET, SOCK_STREAM, 0), s;

	EXPECT_EQ(0, set_int(l, SOL_TCP, TCP_SAVE_SYN, 1));
	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	EXPECT_EQ(0, getsockopt(s, SOL_TCP, TCP_SAVED_SYN, syn, &len));
	EXPECT_EQ(60, len);
	EXPECT_EQ(0x45, syn[0]);
	EXPECT_EQ(2, syn[33]);
	len = sizeof(syn);
	EXPECT_EQ(0, getsockopt(s, SOL_TCP, TCP_SAVED_SYN, syn, &len));
	EXPECT_EQ(0, len);
}

TEST(defer_accept_waits_for_data)
{
	struct sockaddr_in a;
	int l = listening(8, &a), c = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT_EQ(0, set_int(l, SOL_TCP, TCP_DEFER_ACCEPT, 2));
	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	usleep(50000);
	EXPECT_EQ(0, events(l));
	EXPECT_EQ(1, write(c, "x", 1));
	usleep(50000);
	EXPECT_EQ(POLLIN, events(l));
	EXPECT_TRUE(accept(l, NULL, NULL) >= 0);
}

TEST(send_that_connects)
{
	struct sockaddr_in a;
	int l = listening(8, &a), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char b[4];

	EXPECT_EQ(3, sendto(c, "abc", 3, MSG_FASTOPEN, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	EXPECT_EQ(3, read(s, b, 4));
	EXPECT_ERRNO(EISCONN, sendto(c, "abc", 3, MSG_FASTOPEN, (void *)&a, sizeof(a)));
}

/* Servers and clients on all CPUs, each connection with a question and an answer. */
TEST_TIMEOUT(storm, 60)
{
	enum { CLIENTS = 4, ROUNDS = 150 };
	struct sockaddr_in a;
	int l = listening(64, &a), st, server[2];
	char b[2000];

	for (int i = 0; i < 2; i++) {
		server[i] = fork();
		if (server[i] == 0)
			for (;;) {
				int s = accept(l, NULL, NULL);

				if (s < 0)
					_exit(1);
				read_all(s, b, 1000);
				(void)!write(s, b, 2000);
				close(s);
			}
	}
	for (int i = 0; i < CLIENTS; i++)
		if (fork() == 0) {
			for (int n = 0; n < ROUNDS; n++) {
				int c = socket(AF_INET, SOCK_STREAM, 0);

				if (connect(c, (void *)&a, sizeof(a)) || write(c, b, 1000) != 1000)
					_exit(1);
				read_all(c, b, 2000);
				if (read(c, b, 1) != 0)
					_exit(2);
				close(c);
			}
			_exit(0);
		}
	for (int i = 0; i < CLIENTS; i++) {
		ASSERT_TRUE(wait(&st) > 0);
		EXPECT_EQ(0, st);
	}
	for (int i = 0; i < 2; i++)
		kill(server[i], SIGKILL);
}

static volatile int urgs;
static void on_urg(int sig) { urgs += sig == SIGURG; }

TEST(urgent_data_signals_the_owner)
{
	int s[2];
	char b;

	tcp_pair(s);
	signal(SIGURG, on_urg);
	write(s[0], "a", 1);
	EXPECT_EQ(1, send(s[0], "!", 1, MSG_OOB));		/* nobody owns it */
	usleep(20000);
	EXPECT_EQ(0, urgs);
	EXPECT_EQ(1, recv(s[1], &b, 1, MSG_OOB));
	EXPECT_EQ(0, fcntl(s[1], F_SETOWN, getpid()));
	write(s[0], "b", 1);
	usleep(20000);
	EXPECT_EQ(0, urgs);					/* data does not: O_ASYNC is off */
	EXPECT_EQ(1, send(s[0], "!", 1, MSG_OOB));
	usleep(20000);
	EXPECT_EQ(1, urgs);
	EXPECT_EQ(1, recv(s[1], &b, 1, MSG_OOB));
	EXPECT_EQ('!', b);
	EXPECT_EQ(0, fcntl(s[1], F_SETOWN, 0));
	EXPECT_EQ(1, send(s[0], "?", 1, MSG_OOB));
	usleep(20000);
	EXPECT_EQ(1, urgs);
}

TEST(minimal_ttl)
{
	struct timeval brief = { 0, 300000 };
	int s[2];
	char b;

	tcp_pair(s);
	setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief));
	EXPECT_EQ(0, set_int(s[1], IPPROTO_IP, IP_MINTTL, 65));
	EXPECT_EQ(1, write(s[0], "x", 1));
	EXPECT_ERRNO(EAGAIN, read(s[1], &b, 1));		/* it came with 64 */
	EXPECT_EQ(0, set_int(s[1], IPPROTO_IP, IP_MINTTL, 64));
	brief.tv_sec = 5;
	setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief));
	EXPECT_EQ(1, read(s[1], &b, 1));			/* again */
}

TEST(cookies_keep_options)
{
	struct tcp_info i = {};
	struct sockaddr_in where;
	int fd = open("/proc/sys/net/ipv4/tcp_syncookies", O_RDWR), l = listening(5, &where),
	    c = socket(AF_INET, SOCK_STREAM, 0), a;
	socklen_t n = sizeof(i);
	char b[8];

	EXPECT_EQ(1, write(fd, "2", 1));			/* always */
	EXPECT_EQ(0, connect(c, (void *)&where, sizeof(where)));
	a = accept(l, NULL, NULL);
	EXPECT_EQ(1, pwrite(fd, "1", 1, 0));
	ASSERT_TRUE(a >= 0);
	EXPECT_EQ(0, getsockopt(a, IPPROTO_TCP, TCP_INFO, &i, &n));
	EXPECT_EQ(TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE, i.tcpi_options & 7);
	n = sizeof(i);
	EXPECT_EQ(0, getsockopt(c, IPPROTO_TCP, TCP_INFO, &i, &n));
	EXPECT_EQ(TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE, i.tcpi_options & 7);
	EXPECT_EQ(5, write(c, "hello", 5));
	EXPECT_EQ(5, read(a, b, sizeof(b)));
	EXPECT_EQ(3, write(a, "you", 3));
	EXPECT_EQ(3, read(c, b, sizeof(b)));
}

TEST(info_of_both_ends)
{
	struct {
		struct tcp_info i;
		uint64_t pacing, max_pacing, acked, received;
		uint32_t segs_out, segs_in, notsent, min_rtt, data_in, data_out;
		uint64_t rate, busy, rwnd, sndbuf;
		uint32_t delivered, delivered_ce;
		uint64_t sent, retrans;
	} c = {}, a = {};
	socklen_t n = sizeof(c);
	char b[8];
	int s[2];

	tcp_pair(s);
	EXPECT_EQ(5, write(s[0], "hello", 5));
	EXPECT_EQ(5, read(s[1], b, sizeof(b)));
	EXPECT_EQ(3, write(s[1], "you", 3));
	EXPECT_EQ(3, read(s[0], b, sizeof(b)));
	usleep(100000);
	EXPECT_EQ(0, getsockopt(s[0], SOL_TCP, TCP_INFO, &c, &n));
	n = sizeof(a);
	EXPECT_EQ(0, getsockopt(s[1], SOL_TCP, TCP_INFO, &a, &n));
	EXPECT_EQ(2, c.delivered);			/* SYN, data */
	EXPECT_EQ(2, a.delivered);			/* SYN|ACK, data */
	EXPECT_EQ(6, c.acked);
	EXPECT_EQ(5, a.received);
	EXPECT_EQ(3, c.received);
	EXPECT_EQ(5, c.sent);
	EXPECT_EQ(1, c.data_out);
	EXPECT_EQ(1, c.data_in);
	EXPECT_EQ(1, a.data_in);
	EXPECT_EQ(0, c.retrans);
	EXPECT_EQ(65483, c.i.tcpi_advmss);
	EXPECT_EQ(65483, a.i.tcpi_advmss);
	EXPECT_EQ(c.segs_out, a.segs_in);
	EXPECT_EQ(c.segs_in, a.segs_out + 1);		/* the SYN|ACK was not a connection's */
	EXPECT_TRUE(c.pacing > 0 && c.pacing < UINT64_MAX);
	EXPECT_EQ(UINT64_MAX, c.max_pacing);
	EXPECT_TRUE(c.i.tcpi_rtt > 0 && a.i.tcpi_rtt > 0 && a.i.tcpi_rtt < 60000);
	EXPECT_TRUE(c.min_rtt > 0 && c.min_rtt <= c.i.tcpi_rtt);
	EXPECT_EQ(10, c.i.tcpi_snd_cwnd);
	EXPECT_EQ(65535, c.i.tcpi_pmtu);
}

MAIN
