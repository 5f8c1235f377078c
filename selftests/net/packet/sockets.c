// SPDX-License-Identifier: MIT
// sockets.c - the calls of packet scripts. Sockets have names; none blocks: what has to be
// waited for, poll() does, and packets are heard meanwhile.
#include "packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The C library's <netinet/tcp.h> does not know the newest of these. */
#include <linux/tcp.h>

#define PATIENCE_MS 3000
#define MAX_SOCKETS 16

struct named {
	char name[16];
	int fd;
	uint32_t written, consumed;	/* bytes: where the pattern stands */
	struct flow *flow;		/* whose packets it sends */
};
static struct named sockets[MAX_SOCKETS];

static const struct { const char *name; int value; } errors[] = {
	{ "EAGAIN", EAGAIN },
	{ "EINPROGRESS", EINPROGRESS },
	{ "ECONNREFUSED", ECONNREFUSED },
	{ "ECONNRESET", ECONNRESET },
	{ "EPIPE", EPIPE },
	{ "ETIMEDOUT", ETIMEDOUT },
	{ "EHOSTUNREACH", EHOSTUNREACH },
	{ "ENETUNREACH", ENETUNREACH },
	{ "ENOTCONN", ENOTCONN },
	{ "EINVAL", EINVAL },
	{ "EMSGSIZE", EMSGSIZE },
	{ "EADDRINUSE", EADDRINUSE },
	{ "EISCONN", EISCONN },
	{ "EALREADY", EALREADY },
	{ "ECONNABORTED", ECONNABORTED },
	{ "EADDRNOTAVAIL", EADDRNOTAVAIL },
	{ "EPROTO", EPROTO },
	{ "EACCES", EACCES },
	{ "ENOPROTOOPT", ENOPROTOOPT },
	{ "EOPNOTSUPP", EOPNOTSUPP },
	{ "EPERM", EPERM },
	{ "EDESTADDRREQ", EDESTADDRREQ },
};

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(name, errors[i].name))
			return errors[i].value;
	return 0;
}

socklen_t make_address(union address *a, bool local, uint16_t port)
{
	struct sockaddr_in *v4 = (void *)a;
	struct sockaddr_in6 *v6 = (void *)a;

	memset(a, 0, sizeof(*a));
	a->any.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address_bytes(local), 4);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, address_bytes(local), 16);
	return sizeof(*v6);
}

static struct named *lookup(const char *name)
{
	for (int i = 0; name && i < MAX_SOCKETS; i++)
		if (!strcmp(sockets[i].name, name))
			return &sockets[i];
	return NULL;
}

static struct named *socket_of(const char *name)
{
	struct named *s = lookup(name);

	if (!s)
		fail("no socket '%s'", name ? name : "");
	return s;
}

static struct named *name_it(const char *name, int fd)
{
	struct named *s = lookup(name);

	s = s ? s : lookup("");
	if (!s)
		fail("too many sockets");
	*s = (struct named){ .fd = fd, .flow = flow };
	snprintf(s->name, sizeof(s->name), "%s", name);
	return s;
}

/* What is behind '=', or NULL; the words end before it. */
static const char *result_word(char **w)
{
	for (; *w; w++) {
		if (!strcmp(*w, "=")) {
			*w = NULL;
			return w[1] ? w[1] : "";
		}
	}
	return NULL;
}

/* An error's name or a range of numbers; by default expected. */
static void check_result(const char *word, long result, long expected)
{
	int err = result < 0 ? errno : 0, want = word ? error_number(word) : 0;
	long low = expected, high = expected;

	if (err != want)
		fail("%s, not %s", err ? strerror(err) : "success", want ? word : "success");
	if (want || (word && !number_range(word, &low, &high)))
		return;
	if (result < low || result > high)
		fail("result is %ld, not %ld..%ld", result, low, high);
}

/* Packets are heard until the socket has one of these events or time is over. */
static short wait_events(int fd, short events, int ms)
{
	int64_t end = now_ns() + ms * NSEC_PER_MS;
	struct pollfd p = { fd, events, 0 };

	while (poll(&p, 1, 0) == 0 && now_ns() < end) {
		poll(&p, 1, 1);
		wire_wait(0);
	}
	return p.revents;
}

/* ---- opening ---- */

static int new_socket(const char *what, const char *arg)
{
	int one = 1, fd = -1;

	if (!strcmp(what, "tcp"))
		fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	else if (!strcmp(what, "udp"))
		fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	else if (!strcmp(what, "raw"))
		fd = socket(family, SOCK_RAW | SOCK_NONBLOCK, (int)number(arg));
	else if (!strcmp(what, "ping"))
		fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK,
			    family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		fail("no socket: %m");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

static int bind_local(int fd, uint16_t port)
{
	union address a;
	socklen_t len = make_address(&a, true, port);

	return bind(fd, &a.any, len);
}

static void do_listener(const char *name, char **w)
{
	int fd = new_socket("tcp", NULL);

	if (bind_local(fd, flow->lport) || listen(fd, w[1] ? (int)number(w[1]) : 8))
		fail("no listener: %m");
	name_it(name, fd);
}

static void do_accept(const char *name, char **w)
{
	const char *want = result_word(w);
	struct named *l = socket_of(w[1]);
	int fd;

	if (!want)
		wait_events(l->fd, POLLIN, PATIENCE_MS);
	fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK);
	check_result(want, fd, fd);
	if (fd >= 0)
		name_it(name, fd);
}

/* NAME = WHAT... */
static bool assignment(char **w)
{
	if (!w[1] || strcmp(w[1], "=") || !w[2])
		return false;
	if (!strcmp(w[2], "listener"))
		do_listener(w[0], w + 2);
	else if (!strcmp(w[2], "accept"))
		do_accept(w[0], w + 2);
	else
		name_it(w[0], new_socket(w[2], w[3]));
	return true;
}

static void do_bind(struct named *s, char **w, const char *want)
{
	check_result(want, bind_local(s->fd, w[2] ? (uint16_t)number(w[2]) : flow->lport), 0);
}

static void do_listen(struct named *s, char **w, const char *want)
{
	check_result(want, listen(s->fd, w[2] ? (int)number(w[2]) : 8), 0);
}

static int type_of(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type;
}

static void learn_port(struct named *s)
{
	union address a;
	socklen_t len = sizeof(a);

	if (!getsockname(s->fd, &a.any, &len))
		/* in the same place for both */
		flow->lport = ntohs(((struct sockaddr_in *)&a)->sin_port);
}

static void do_connect(struct named *s, char **w, const char *want)
{
	union address a;
	socklen_t len = make_address(&a, false, flow->rport);
	int result;

	s->flow = flow;
	if (w[2] && !strcmp(w[2], "nothing"))
		a.any.sa_family = AF_UNSPEC;
	result = connect(s->fd, &a.any, len);
	check_result(want						? want
		     : type_of(s->fd) == SOCK_STREAM && a.any.sa_family ? "EINPROGRESS"
									: NULL,
		     result, 0);
	if (a.any.sa_family)
		learn_port(s);
}

static int take_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	errno = err;
	return err ? -1 : 0;
}

/* The end of a connect(). */
static void do_connected(struct named *s, char **w, const char *want)
{
	(void)w;
	if (!wait_events(s->fd, POLLOUT, PATIENCE_MS))
		fail("not connected");
	check_result(want, take_error(s->fd), 0);
}

/* ---- bytes ---- */

static int flags_of(char **w)
{
	static const struct { const char *name; int value; } names[] = {
		{ "more", MSG_MORE },	    { "oob", MSG_OOB },
		{ "peek", MSG_PEEK },	    { "fastopen", MSG_FASTOPEN },
		{ "confirm", MSG_CONFIRM }, { "any", 0 },
		{ "trunc", MSG_TRUNC },	    { "dontroute", MSG_DONTROUTE },
	};
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT;

	for (; *w; w++) {
		size_t i = 0;

		while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i].name, *w))
			i++;
		if (i == sizeof(names) / sizeof(names[0]))
			fail("'%s' is no flag", *w);
		flags |= names[i].value;
	}
	return flags;
}

static void do_write(struct named *s, char **w, const char *want)
{
	static uint8_t buf[1 << 20];
	long len = number(w[2]);
	int flags = flags_of(w + 3);
	union address a;
	socklen_t a_len = make_address(&a, false, s->flow->rport);
	bool to = !strcmp(w[0], "sendto") || flags & MSG_FASTOPEN,
	     dgram = type_of(s->fd) != SOCK_STREAM;
	ssize_t n;

	for (long i = 0; i < len; i++)
		buf[i] = pattern(dgram ? (uint32_t)i : s->written + (uint32_t)i);
	n = sendto(s->fd, buf, (size_t)len, flags, to ? &a.any : NULL, to ? a_len : 0);
	check_result(want, n, len);
	s->written += n > 0 ? (uint32_t)n : 0;
	if (to)
		learn_port(s);
}

static void do_read(struct named *s, char **w, const char *want)
{
	static uint8_t buf[1 << 20];
	long len = number(w[2]);
	bool any = w[3] && (!strcmp(w[3], "any") || !strcmp(w[3], "oob")),
	     dgram = type_of(s->fd) != SOCK_STREAM;
	int flags = flags_of(w + 3);
	ssize_t n;

	if (!want || strcmp(want, "EAGAIN"))
		wait_events(s->fd, POLLIN, flags & MSG_OOB ? 0 : PATIENCE_MS);
	n = recv(s->fd, buf, (size_t)len, flags);
	check_result(want, n, len);
	for (long i = 0; i < n && i < len && !any; i++)
		if (buf[i] != pattern(dgram ? (uint32_t)i : s->consumed + (uint32_t)i))
			fail("byte %ld of what was read is %#x", i, buf[i]);
	if (n > 0 && !(flags & (MSG_PEEK | MSG_OOB)))
		s->consumed += (uint32_t)n;
}

static void do_shutdown(struct named *s, char **w, const char *want)
{
	int how = !w[2] || !strcmp(w[2], "both") ? SHUT_RDWR
		  : !strcmp(w[2], "rd")		 ? SHUT_RD
						 : SHUT_WR;

	check_result(want, shutdown(s->fd, how), 0);
}

static void do_close(struct named *s, char **w, const char *want)
{
	(void)w;
	check_result(want, close(s->fd), 0);
	s->name[0] = 0;
}

/* ---- options, figures ---- */

#define BY_FAMILY 10000
static const struct { const char *name; int level, option, option6; } options[] = {
	{ "nodelay", IPPROTO_TCP, TCP_NODELAY, 0 },
	{ "cork", IPPROTO_TCP, TCP_CORK, 0 },
	{ "quickack", IPPROTO_TCP, TCP_QUICKACK, 0 },
	{ "keepidle", IPPROTO_TCP, TCP_KEEPIDLE, 0 },
	{ "keepintvl", IPPROTO_TCP, TCP_KEEPINTVL, 0 },
	{ "keepcnt", IPPROTO_TCP, TCP_KEEPCNT, 0 },
	{ "maxseg", IPPROTO_TCP, TCP_MAXSEG, 0 },
	{ "user_timeout", IPPROTO_TCP, TCP_USER_TIMEOUT, 0 },
	{ "syncnt", IPPROTO_TCP, TCP_SYNCNT, 0 },
	{ "defer_accept", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0 },
	{ "linger2", IPPROTO_TCP, TCP_LINGER2, 0 },
	{ "fastopen", IPPROTO_TCP, TCP_FASTOPEN, 0 },
	{ "window_clamp", IPPROTO_TCP, TCP_WINDOW_CLAMP, 0 },
	{ "fastopen_connect", IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0 },
	{ "fastopen_no_cookie", IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 0 },
	{ "notsent_lowat", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0 },
	{ "keepalive", SOL_SOCKET, SO_KEEPALIVE, 0 },
	{ "rcvbuf", SOL_SOCKET, SO_RCVBUF, 0 },
	{ "sndbuf", SOL_SOCKET, SO_SNDBUF, 0 },
	{ "reuseaddr", SOL_SOCKET, SO_REUSEADDR, 0 },
	{ "oobinline", SOL_SOCKET, SO_OOBINLINE, 0 },
	{ "rcvlowat", SOL_SOCKET, SO_RCVLOWAT, 0 },
	{ "error", SOL_SOCKET, SO_ERROR, 0 },
	{ "nocheck", SOL_SOCKET, SO_NO_CHECK, 0 },
	{ "recverr", BY_FAMILY, IP_RECVERR, IPV6_RECVERR },
	{ "mtu_discover", BY_FAMILY, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER },
	{ "mtu", BY_FAMILY, IP_MTU, IPV6_MTU },
	{ "ttl", BY_FAMILY, IP_TTL, IPV6_UNICAST_HOPS },
	{ "tos", BY_FAMILY, IP_TOS, IPV6_TCLASS },
	{ "minttl", BY_FAMILY, IP_MINTTL, IPV6_MINHOPCOUNT },
};

static void find_option(const char *name, int *level, int *option)
{
	for (size_t i = 0; name && i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(name, options[i].name))
			continue;
		*level = options[i].level != BY_FAMILY ? options[i].level
			 : family == AF_INET	       ? IPPROTO_IP
						       : IPPROTO_IPV6;
		*option = options[i].level == BY_FAMILY && family == AF_INET6 ? options[i].option6
									      : options[i].option;
		return;
	}
	fail("no option '%s'", name ? name : "");
}

static void do_set(struct named *s, char **w, const char *want)
{
	int level, option, value;

	find_option(w[2], &level, &option);
	value = (int)number(w[3]);
	check_result(want, setsockopt(s->fd, level, option, &value, sizeof(value)), 0);
}

static void do_get(struct named *s, char **w, const char *want)
{
	int level, option, value = 0, result;
	socklen_t len = sizeof(value);

	find_option(w[2], &level, &option);
	result = getsockopt(s->fd, level, option, &value, &len);
	if (!strcmp(w[2], "error") && want && error_number(want)) {
		if (value != error_number(want))
			fail("the error is %s, not %s", strerror(value), want);
		return;
	}
	check_result(want, result < 0 ? -1 : value, value);
}

static void do_linger(struct named *s, char **w, const char *want)
{
	struct linger l = { 1, (int)number(w[2]) };

	check_result(want, setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
}

#define FIELD(name) { #name, offsetof(struct tcp_info, tcpi_##name), sizeof(((struct tcp_info *)0)->tcpi_##name) }
static const struct { const char *name; size_t at, size; } fields[] = {
	FIELD(state),	    FIELD(ca_state),	   FIELD(retransmits),	 FIELD(probes),
	FIELD(backoff),	    FIELD(options),	   FIELD(rto),		 FIELD(ato),
	FIELD(snd_mss),	    FIELD(rcv_mss),	   FIELD(unacked),	 FIELD(sacked),
	FIELD(lost),	    FIELD(retrans),	   FIELD(pmtu),		 FIELD(snd_ssthresh),
	FIELD(rtt),	    FIELD(snd_cwnd),	   FIELD(advmss),	 FIELD(total_retrans),
	FIELD(bytes_acked), FIELD(bytes_received), FIELD(notsent_bytes), FIELD(dsack_dups),
	FIELD(snd_wnd),
};

static void do_info(struct named *s, char **w, const char *want)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	uint64_t value = 0;

	if (getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		fail("no TCP_INFO: %m");
	for (size_t i = 0; w[2] && i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(w[2], fields[i].name))
			continue;
		memcpy(&value, (char *)&info + fields[i].at, fields[i].size);
		check_result(want, (long)value, (long)value);
		return;
	}
	fail("no field '%s'", w[2] ? w[2] : "");
}

static void do_ioctl(struct named *s, char **w, const char *want)
{
	unsigned long what = !strcmp(w[0], "inq")    ? SIOCINQ
			     : !strcmp(w[0], "outq") ? SIOCOUTQ
						     : SIOCATMARK;
	int value = 0, result = ioctl(s->fd, what, &value);

	check_result(want, result < 0 ? -1 : value, value);
}

static const struct { const char *name; short bit; } event_names[] = {
	{ "in", POLLIN },   { "out", POLLOUT }, { "pri", POLLPRI },
	{ "err", POLLERR }, { "hup", POLLHUP }, { "rdhup", POLLRDHUP },
};

/* "in|hup": exactly these, soon; "nothing". */
static void do_poll(struct named *s, char **w, const char *want)
{
	int64_t end = now_ns() + 100 * NSEC_PER_MS;
	struct pollfd p = { s->fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };
	short bits = 0;
	char *save, *part;

	(void)w;
	for (part = strtok_r((char *)want, "|", &save); part; part = strtok_r(NULL, "|", &save))
		for (size_t i = 0; i < sizeof(event_names) / sizeof(event_names[0]); i++)
			if (!strcmp(part, event_names[i].name))
				bits |= event_names[i].bit;
	do {
		poll(&p, 1, 0);
		if (p.revents == bits)
			return;
		poll(NULL, 0, 1);
		wire_wait(0);
	} while (now_ns() < end);
	fail("events are %#x, not %#x", p.revents, bits);
}

/* ERROR TYPE CODE [INFO]: what the error queue says. */
static void do_errqueue(struct named *s, char **w, const char *want)
{
	uint8_t data[2048], control[512];
	struct iovec v = { data, sizeof(data) };
	union address a;
	struct msghdr m = { &a, sizeof(a), &v, 1, control, sizeof(control), 0 };
	struct sock_extended_err *e;
	struct cmsghdr *c;
	ssize_t n;

	wait_events(s->fd, POLLERR, PATIENCE_MS);
	n = recvmsg(s->fd, &m, MSG_ERRQUEUE);
	if (want || n < 0) {
		check_result(want, n, n);
		return;
	}
	c = CMSG_FIRSTHDR(&m);
	while (c && c->cmsg_type != (family == AF_INET ? IP_RECVERR : IPV6_RECVERR))
		c = CMSG_NXTHDR(&m, c);
	if (!c)
		fail("the error queue's message has no error");
	e = (void *)CMSG_DATA(c);
	if (!w[2] || !w[3] || !w[4] || (int)e->ee_errno != error_number(w[2]) ||
	    e->ee_type != number(w[3]) || e->ee_code != number(w[4]) ||
	    (w[5] && e->ee_info != (uint32_t)number(w[5])))
		fail("the error is %s, origin %u, type %u, code %u, info %u",
		     strerror((int)e->ee_errno), e->ee_origin, e->ee_type, e->ee_code, e->ee_info);
}

static const struct {
	const char *name;
	void (*call)(struct named *s, char **w, const char *want);
} calls[] = {
	{ "bind", do_bind },	   { "listen", do_listen },
	{ "connect", do_connect }, { "connected", do_connected },
	{ "write", do_write },	   { "sendto", do_write },
	{ "read", do_read },	   { "shutdown", do_shutdown },
	{ "close", do_close },	   { "set", do_set },
	{ "get", do_get },	   { "linger", do_linger },
	{ "info", do_info },	   { "inq", do_ioctl },
	{ "outq", do_ioctl },	   { "atmark", do_ioctl },
	{ "poll", do_poll },	   { "errqueue", do_errqueue },
};

bool socket_call(char **w)
{
	if (assignment(w))
		return true;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!strcmp(w[0], calls[i].name)) {
			const char *want = result_word(w);

			calls[i].call(socket_of(w[1]), w, want);
			return true;
		}
	}
	return false;
}
