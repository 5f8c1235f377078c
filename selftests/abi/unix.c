/* SPDX-License-Identifier: MIT */
/* unix(7), socketpair(2): streams, datagrams and packets between processes, names, ends,
 * credentials. */
#include "../harness.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static struct sockaddr_un addr_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, path);
	return a;
}

static socklen_t abstract(struct sockaddr_un *a, const char *name)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(a->sun_path + 1, name);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

TEST(pair_carries_bytes_both_ways)
{
	char b[8];
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_EQ(3, write(s[0], "abc", 3));
	EXPECT_EQ(2, write(s[0], "de", 2));
	EXPECT_EQ(5, read(s[1], b, 8));
	EXPECT_EQ(0, memcmp(b, "abcde", 5));
	EXPECT_EQ(1, send(s[1], "x", 1, 0));
	EXPECT_EQ(1, recv(s[0], b, 8, 0));
	close(s[1]);
	EXPECT_EQ(0, read(s[0], b, 8));
	signal(SIGPIPE, SIG_IGN);
	EXPECT_ERRNO(EPIPE, write(s[0], "x", 1));
	EXPECT_ERRNO(EPIPE, send(s[0], "x", 1, MSG_NOSIGNAL));
}

TEST(closing_with_unread_bytes_resets)
{
	char b[8];
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_EQ(3, write(s[0], "abc", 3));
	close(s[1]);
	EXPECT_ERRNO(ECONNRESET, read(s[0], b, 8));
	EXPECT_EQ(0, read(s[0], b, 8));
}

TEST(path_bind_connect_accept)
{
	struct sockaddr_un a = addr_of("/tmp/u1"), got;
	socklen_t len = sizeof(got);
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), s;
	struct stat st;
	char b[4];

	unlink(a.sun_path);
	EXPECT_ERRNO(ENOENT, connect(c, (void *)&a, sizeof(a)));
	ASSERT_EQ(0, bind(l, (void *)&a, sizeof(a)));
	EXPECT_EQ(0, stat("/tmp/u1", &st));
	EXPECT_EQ(S_IFSOCK, st.st_mode & S_IFMT);
	EXPECT_ERRNO(EADDRINUSE, bind(c, (void *)&a, sizeof(a)));
	EXPECT_ERRNO(ECONNREFUSED, connect(c, (void *)&a, sizeof(a)));
	ASSERT_EQ(0, listen(l, 5));
	ASSERT_EQ(0, connect(c, (void *)&a, sizeof(a)));
	EXPECT_ERRNO(EISCONN, connect(c, (void *)&a, sizeof(a)));
	EXPECT_EQ(2, write(c, "hi", 2));
	EXPECT_EQ(0, getpeername(c, (void *)&got, &len));
	EXPECT_EQ((int)(offsetof(struct sockaddr_un, sun_path) + 8), len);
	EXPECT_EQ(0, strcmp(got.sun_path, "/tmp/u1"));
	len = sizeof(got);
	s = accept(l, (void *)&got, &len);
	ASSERT_EQ(1, s >= 0);
	EXPECT_EQ(2, len);
	EXPECT_EQ(2, read(s, b, 4));
	close(l);
	EXPECT_ERRNO(ECONNREFUSED, connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof(a)));
	EXPECT_EQ(0, unlink("/tmp/u1"));
}

TEST(abstract_datagrams)
{
	struct sockaddr_un a, from;
	socklen_t len = abstract(&a, "dgram-test"), flen = sizeof(from);
	int r = socket(AF_UNIX, SOCK_DGRAM, 0), s = socket(AF_UNIX, SOCK_DGRAM, 0);
	char b[8];

	EXPECT_ERRNO(ECONNREFUSED, sendto(s, "a", 1, 0, (void *)&a, len));
	ASSERT_EQ(0, bind(r, (void *)&a, len));
	EXPECT_EQ(3, sendto(s, "abc", 3, 0, (void *)&a, len));
	EXPECT_EQ(0, sendto(s, "", 0, 0, (void *)&a, len));
	EXPECT_EQ(2, recvfrom(r, b, 2, 0, (void *)&from, &flen));
	EXPECT_EQ(0, flen);
	EXPECT_EQ(0, recv(r, b, 8, 0));
	EXPECT_ERRNO(EAGAIN, recv(r, b, 8, MSG_DONTWAIT));
	ASSERT_EQ(0, connect(s, (void *)&a, len));
	EXPECT_EQ(4, send(s, "wxyz", 4, 0));
	EXPECT_EQ(4, recv(r, b, 2, MSG_TRUNC));
	close(r);
	EXPECT_ERRNO(ECONNREFUSED, send(s, "a", 1, 0));
	EXPECT_ERRNO(ENOTCONN, send(s, "a", 1, 0));
}

TEST(seqpacket_keeps_boundaries)
{
	char b[8];
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	EXPECT_EQ(3, write(s[0], "abc", 3));
	EXPECT_EQ(2, write(s[0], "de", 2));
	EXPECT_EQ(3, read(s[1], b, 8));
	EXPECT_EQ(2, read(s[1], b, 8));
	close(s[0]);
	EXPECT_EQ(0, read(s[1], b, 8));
}

static int send_fd(int s, int fd)
{
	union { char b[CMSG_SPACE(sizeof(int))]; struct cmsghdr h; } u = {};
	struct iovec v = { "f", 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};

	u.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&u.h), &fd, sizeof(fd));
	return sendmsg(s, &m, 0);
}

static int recv_fd(int s)
{
	union { char b[CMSG_SPACE(sizeof(int))]; struct cmsghdr h; } u = {};
	char c;
	struct iovec v = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};
	int fd = -1;

	if (recvmsg(s, &m, 0) == 1 && m.msg_controllen == CMSG_SPACE(sizeof(int)) &&
	    u.h.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&u.h), sizeof(fd));
	return fd;
}

TEST(a_descriptor_travels_to_another_process)
{
	int s[2], p[2], fd;
	char b[4];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	ASSERT_EQ(0, pipe(p));
	IN_CHILD({ close(p[0]); fd = recv_fd(s[1]); EXPECT_EQ(2, write(fd, "ok", 2)); });
	EXPECT_EQ(1, send_fd(s[0], p[1]));
	close(p[1]);
	EXPECT_EQ(2, read(p[0], b, 4));
}

TEST(cycles_of_sockets_in_flight_are_collected)
{
	for (int i = 0; i < 200; i++) {
		int a[2];

		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, a));
		ASSERT_EQ(1, send_fd(a[0], a[1]));
		ASSERT_EQ(1, send_fd(a[1], a[0]));
		close(a[0]);
		close(a[1]);
	}
}

TEST(peercred_and_passcred)
{
	union { char b[CMSG_SPACE(sizeof(struct ucred))]; struct cmsghdr h; } u = {};
	struct ucred c;
	socklen_t len = sizeof(c);
	char x;
	struct iovec v = { &x, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_EQ(0, getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &c, &len));
	EXPECT_EQ(getpid(), c.pid);
	EXPECT_EQ(0, setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, 4));
	EXPECT_EQ(1, write(s[0], "x", 1));
	EXPECT_EQ(1, recvmsg(s[1], &m, 0));
	EXPECT_EQ(SCM_CREDENTIALS, u.h.cmsg_type);
	memcpy(&c, CMSG_DATA(&u.h), sizeof(c));
	EXPECT_EQ(getpid(), c.pid);
}

TEST(poll_and_blocking)
{
	struct pollfd p = { .events = POLLIN | POLLOUT | POLLRDHUP };
	char big[65536] = "";
	int s[2], n = 0;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	p.fd = s[0];
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	while (write(s[0], big, sizeof(big)) > 0)
		n++;
	EXPECT_ERRNO(EAGAIN, write(s[0], big, 1));
	EXPECT_EQ(1, n > 0);
	EXPECT_EQ(0, poll(&p, 1, 0));
	IN_CHILD({ sleep_ms(20); while (read(s[1], big, sizeof(big)) > 0) ; });
	EXPECT_EQ(1, poll(&p, 1, 5000));
	EXPECT_EQ(POLLOUT, p.revents);
	shutdown(s[1], SHUT_RDWR);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN | POLLRDHUP | POLLOUT | POLLHUP, p.revents);
}

TEST(receive_timeout)
{
	struct timeval tv = { 0, 30000 };
	char b;
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_EQ(0, setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	EXPECT_ERRNO(EAGAIN, read(s[0], &b, 1));
}

TEST(a_full_backlog_waits_or_says_eagain)
{
	struct sockaddr_un a;
	socklen_t len = abstract(&a, "backlog-test");
	int l = socket(AF_UNIX, SOCK_STREAM, 0), i, c = -1;

	ASSERT_EQ(0, bind(l, (void *)&a, len));
	ASSERT_EQ(0, listen(l, 2));
	for (i = 0; i < 10; i++) {
		c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(c, (void *)&a, len))
			break;
	}
	EXPECT_ERRNO(EAGAIN, connect(c, (void *)&a, len));
	EXPECT_EQ(3, i);
	IN_CHILD({ sleep_ms(20); close(accept(l, NULL, NULL)); });
	EXPECT_EQ(0, connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, len));
}

TEST(socket_arguments)
{
	int s[2];

	EXPECT_ERRNO(EAFNOSUPPORT, socket(99, SOCK_STREAM, 0));
	EXPECT_ERRNO(EINVAL, socket(AF_UNIX, 0x1000 | SOCK_STREAM, 0));
	EXPECT_ERRNO(ESOCKTNOSUPPORT, socket(AF_UNIX, SOCK_RDM, 0));
	EXPECT_ERRNO(EPROTONOSUPPORT, socket(AF_UNIX, SOCK_STREAM, 17));
	EXPECT_ERRNO(ENOTSOCK, listen(0, 1));
	EXPECT_ERRNO(EBADF, listen(77, 1));
	EXPECT_ERRNO(EFAULT, socketpair(AF_UNIX, SOCK_STREAM, 0, (void *)8));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s));
	EXPECT_EQ(FD_CLOEXEC, fcntl(s[0], F_GETFD));
	EXPECT_ERRNO(EINVAL, shutdown(s[0], 3));
	EXPECT_ERRNO(EINVAL, listen(s[0], 1));
	EXPECT_ERRNO(EOPNOTSUPP, setsockopt(s[0], 6, 1, &(int){ 1 }, 4));
	EXPECT_ERRNO(ENOPROTOOPT, setsockopt(s[0], SOL_SOCKET, 9999, &(int){ 1 }, 4));
	EXPECT_ERRNO(EINVAL, setsockopt(s[0], SOL_SOCKET, SO_RCVBUF, &(int){ 1 }, 3));
}

TEST(ioctl_tells_how_much_waits)
{
	int s[2], n = -1;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_EQ(5, write(s[0], "abcde", 5));
	EXPECT_EQ(0, ioctl(s[1], FIONREAD, &n));
	EXPECT_EQ(5, n);
	EXPECT_EQ(0, ioctl(s[0], TIOCOUTQ, &n));
	EXPECT_EQ(1, n > 0);
}
MAIN

TEST(peek_offset_passes_over_datagrams)
{
	char b[16];
	int s[2], off = 12;
	socklen_t n = sizeof(off);

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	ASSERT_EQ(0, setsockopt(s[1], SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off)));
	EXPECT_EQ(10, send(s[0], "0123456789", 10, 0));
	EXPECT_ERRNO(EAGAIN, recv(s[1], b, 16, MSG_PEEK | MSG_DONTWAIT)); /* beyond the last */
	EXPECT_EQ(7, send(s[0], "abcdefg", 7, 0));
	EXPECT_EQ(2, recv(s[1], b, 2, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(b, "cd", 2));
	EXPECT_EQ(3, recv(s[1], b, 16, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(b, "efg", 3));
	EXPECT_ERRNO(EAGAIN, recv(s[1], b, 16, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(10, recv(s[1], b, 16, MSG_DONTWAIT));
	EXPECT_EQ(0, getsockopt(s[1], SOL_SOCKET, SO_PEEK_OFF, &off, &n));
	EXPECT_EQ(7, off);
}
