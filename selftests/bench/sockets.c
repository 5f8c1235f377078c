/* SPDX-License-Identifier: MIT */
/* sockets.c - AF_UNIX, and UDP and TCP over the loopback device. */
#include "bench.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>

static char buf[65536];

static void pingpong(struct bench *b, int fd)
{
	MEASURE(b, MUST_BE(1, write(fd, buf, 1)); MUST_BE(1, read(fd, buf, 1)));
}

BENCH(unix_stream_pingpong, 800)
{
	int s[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	PARTNER(echo_bytes(s[1], s[1]));
	pingpong(b, s[0]);
}

BENCH(unix_dgram_pingpong, 800)
{
	int s[2];

	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	PARTNER(echo_bytes(s[1], s[1]));
	pingpong(b, s[0]);
}

BENCH(socketpair_close, 500)
{
	int s[2];

	MEASURE(b, MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s)); close(s[0]); close(s[1]));
}

BENCH(scm_rights, 1000)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} out = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } }, in;
	struct iovec iov = { buf, 1 };
	struct msghdr send = { .msg_iov = &iov,
			       .msg_iovlen = 1,
			       .msg_control = &out,
			       .msg_controllen = sizeof(out) },
		      recv = send;
	int s[2], fd = 0;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	memcpy(CMSG_DATA(&out.head), &fd, sizeof(fd));
	recv.msg_control = &in;
	MEASURE(b, MUST(sendmsg(s[0], &send, 0)); recv.msg_controllen = sizeof(in);
		MUST(recvmsg(s[1], &recv, 0)); memcpy(&fd, CMSG_DATA(&in.head), sizeof(fd));
		MUST(close(fd)));
}

/* --- the loopback device */
static struct sockaddr_in here = { .sin_family = AF_INET };

/* A socket at 127.0.0.1 with a port of its own, which goes into `here`. */
static int bound(int type)
{
	int fd = MUST(socket(AF_INET, type, 0));
	socklen_t len = sizeof(here);

	here.sin_port = 0;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(bind(fd, (struct sockaddr *)&here, len));
	MUST(getsockname(fd, (struct sockaddr *)&here, &len));
	return fd;
}

static int connected(void)
{
	int one = 1, fd = MUST(socket(AF_INET, SOCK_STREAM, 0));

	MUST(connect(fd, (struct sockaddr *)&here, sizeof(here)));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int listening(void)
{
	int fd = bound(SOCK_STREAM);

	MUST(listen(fd, 128));
	return fd;
}

/* Both ends of a TCP connection. */
static void tcp_pair(int s[2])
{
	int one = 1, l = listening();

	s[0] = connected();
	s[1] = MUST(accept(l, NULL, NULL));
	setsockopt(s[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

BENCH(socket_close_tcp, 1000)
{
	int fd;

	MEASURE(b, fd = MUST(socket(AF_INET, SOCK_STREAM, 0)); close(fd));
}

BENCH(udp_pingpong, 500)
{
	int one, two;
	struct sockaddr_in first;

	one = bound(SOCK_DGRAM);
	first = here;
	two = bound(SOCK_DGRAM);
	MUST(connect(one, (struct sockaddr *)&here, sizeof(here)));
	MUST(connect(two, (struct sockaddr *)&first, sizeof(first)));
	PARTNER(echo_bytes(two, two));
	pingpong(b, one);
}

BENCH(tcp_pingpong, 500)
{
	int s[2];

	tcp_pair(s);
	PARTNER(echo_bytes(s[1], s[1]));
	pingpong(b, s[0]);
}

BENCH(tcp_bw_64k, 200)
{
	int s[2];

	tcp_pair(s);
	PARTNER(while (read(s[1], buf, sizeof(buf)) > 0));
	MEASURE(b, MUST_BE(65536, write(s[0], buf, 65536)));
}

BENCH(sendfile_tcp_64k, 200)
{
	int s[2], fd = MUST(open("/tmp/bench.send", O_RDWR | O_CREAT | O_TRUNC, 0600));
	off_t at;

	MUST_BE(65536, write(fd, buf, 65536));
	tcp_pair(s);
	PARTNER(while (read(s[1], buf, sizeof(buf)) > 0));
	MEASURE(b, at = 0; while (at < 65536) MUST(sendfile(s[0], fd, &at, 65536 - at)));
}

BENCH(tcp_connect_close, 150)
{
	int l = listening(), fd, peer;

	MEASURE(b, fd = connected(); peer = MUST(accept(l, NULL, NULL)); close(fd); close(peer));
}

static void serve_one_byte(int l)
{
	char c;
	int fd;

	while ((fd = accept(l, NULL, NULL)) >= 0) {
		if (read(fd, &c, 1) == 1)
			(void)!write(fd, &c, 1);
		close(fd);
	}
}

BENCH(tcp_accept_rr, 100)
{
	int l = listening(), fd;
	char c = 1;

	PARTNER(serve_one_byte(l));
	MEASURE(b, fd = connected(); MUST_BE(1, write(fd, &c, 1)); MUST_BE(1, read(fd, &c, 1));
		close(fd));
}
