/* SPDX-License-Identifier: MIT */
/* socket.c - sockets: making, naming, connecting, sending and receiving.
 *
 * A handler looks the descriptor up with the right the call needs, decodes, makes one call down to
 * sock_ops, and encodes. Rights: BIND, CONNECT, LISTEN, ACCEPT; WRITE to send, READ to receive;
 * SETATTR for options and shutdown, STAT to ask.
 * Ref: socket(2), send(2), recv(2), recvmmsg(2), getsockopt(2). Tests: selftests/abi/unix.c
 */
#include "file_int.h"
#include "sock_int.h"

#include <compat/abi/time.h>
#include <compat/user.h>
#include <kernel/clock.h>
#include <kernel/lib/cbpf.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>

#define TYPE_MASK	0xfu
#define OPT_MAX		65536u
#define OPT_FAST	256u

int sock_get_fd(int fd, u32 need, struct handle *h, struct sock **out)
{
	int err = handle_get(fd, 0, h);

	if (err)
		return err;
	if (h->file->mode & FMODE_PATH)
		return -EBADF;
	*out = sock_of_file(h->file);
	return *out ? handle_need(h, need) : -ENOTSOCK;
}

/* ---- making ---- */

static int check_type_flags(u32 type)
{
	return type & ~(TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL : 0;
}

/* A description in a reserved number; takes over the reference to sk. */
static int fill(int fd, struct sock *sk, u32 type)
{
	struct file *f;
	int err = sock_file(sk, type & SOCK_NONBLOCK, &f);

	if (err)
		return err;
	handle_fill(fd, f, file_rights(f));
	return 0;
}

long sys_socket(s32 domain, s32 type, s32 protocol)
{
	struct sock *sk;
	int fd, err = check_type_flags((u32)type);

	if (err)
		return err;
	err = sock_create(domain, (u32)type & TYPE_MASK, protocol, &sk);
	if (err)
		return err;
	fd = handle_reserve((u32)type & O_CLOEXEC);
	if (fd < 0) {
		sock_abandon(sk);
		return fd;
	}
	err = fill(fd, sk, (u32)type);
	if (err)
		handle_unreserve(fd);
	return err ? err : fd;
}

static int make_pair(s32 domain, u32 type, s32 protocol, struct sock **a, struct sock **b)
{
	int err = sock_create(domain, type & TYPE_MASK, protocol, a);

	if (err)
		return err;
	err = sock_create(domain, type & TYPE_MASK, protocol, b);
	if (!err && !(*a)->ops->pair) {
		sock_abandon(*b);
		err = -EOPNOTSUPP;
	}
	if (err)
		sock_abandon(*a);
	return err ? err : (*a)->ops->pair(*a, *b);
}

long sys_socketpair(s32 domain, s32 type, s32 protocol, uaddr_t sv)
{
	auto_file struct file *fa = NULL, *fb = NULL;
	struct sock *a, *b;
	int fds[2], err = check_type_flags((u32)type);

	if (err)
		return err;
	fds[0] = handle_reserve((u32)type & O_CLOEXEC);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = handle_reserve((u32)type & O_CLOEXEC);
	err = fds[1] < 0 ? fds[1] : put_user(sv, fds[0]);
	if (!err)
		err = put_user(uaddr_add(sv, sizeof(s32)), fds[1]);
	if (!err)
		err = make_pair(domain, (u32)type, protocol, &a, &b);
	if (!err) {
		err = sock_file(a, (u32)type & SOCK_NONBLOCK, &fa);
		if (err)
			sock_abandon(b);
		else
			err = sock_file(b, (u32)type & SOCK_NONBLOCK, &fb);
	}
	if (err) {
		handle_unreserve(fds[0]);
		if (fds[1] >= 0)
			handle_unreserve(fds[1]);
		return err;
	}
	file_get(fa);
	file_get(fb);
	handle_fill(fds[0], fa, file_rights(fa));
	handle_fill(fds[1], fb, file_rights(fb));
	return 0;
}

/* ---- naming and connecting ---- */

long sys_bind(int fd, uaddr_t addr, s32 addrlen)
{
	auto_handle struct handle h = {};
	struct sock_addr a = {};
	struct sock *sk;
	int err = sock_get_fd(fd, RIGHT_BIND, &h, &sk);

	if (err)
		return err;
	if (!sk->ops->bind)
		return -EOPNOTSUPP;
	err = sockaddr_get(sk, addr, addrlen, ADDR_BIND, &a);
	if (!err)
		err = sk->ops->bind(sk, &a);
	sockaddr_done(&a);
	return err;
}

long sys_connect(int fd, uaddr_t addr, s32 addrlen)
{
	auto_handle struct handle h = {};
	struct sock_addr a = {};
	struct sock *sk;
	int err = sock_get_fd(fd, RIGHT_CONNECT, &h, &sk);

	if (err)
		return err;
	if (!sk->ops->connect)
		return -EOPNOTSUPP;
	err = sockaddr_get(sk, addr, addrlen, ADDR_CONNECT, &a);
	if (!err)
		err = sk->ops->connect(sk, &a, file_nonblock(h.file));
	sockaddr_done(&a);
	return err;
}

long sys_listen(int fd, s32 backlog)
{
	auto_handle struct handle h = {};
	struct sock *sk;
	int err = sock_get_fd(fd, RIGHT_LISTEN, &h, &sk);

	if (err)
		return err;
	if (!sk->ops->listen)
		return -EOPNOTSUPP;
	return sk->ops->listen(sk, min((u32)backlog, READ_ONCE(sock_limits.somaxconn)));
}

static int accept_into(int fd, struct handle *h, struct sock *sk, uaddr_t addr, uaddr_t addrlen,
		       u32 flags)
{
	struct sock_addr a;
	struct file *f;
	struct sock *new;
	int err = sk->ops->accept(sk, file_nonblock(h->file), &new);

	if (err)
		return err;
	err = sock_file(new, flags & SOCK_NONBLOCK, &f);
	if (err)
		return err;
	if (!uaddr_null(addr)) {
		err = new->ops->getname(new, true, &a);
		err = err ? -ECONNABORTED : sockaddr_put(&a, addr, addrlen);
	}
	if (err)
		file_put(f);
	else
		handle_fill(fd, f, file_rights(f));
	return err;
}

long sys_accept4(int fd, uaddr_t addr, uaddr_t addrlen, s32 flags)
{
	auto_handle struct handle h = {};
	struct sock *sk;
	int new, err;

	if (flags & ~(s32)(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	err = sock_get_fd(fd, RIGHT_ACCEPT, &h, &sk);
	if (err)
		return err;
	if (!sk->ops->accept)
		return -EOPNOTSUPP;
	new = handle_reserve((u32)flags & O_CLOEXEC);
	if (new < 0)
		return new;
	err = accept_into(new, &h, sk, addr, addrlen, (u32)flags);
	if (err)
		handle_unreserve(new);
	return err ? err : new;
}

long sys_accept(int fd, uaddr_t addr, uaddr_t addrlen)
{
	return sys_accept4(fd, addr, addrlen, 0);
}

static long get_name(int fd, bool peer, uaddr_t addr, uaddr_t addrlen)
{
	auto_handle struct handle h = {};
	struct sock_addr a;
	struct sock *sk;
	int err = sock_get_fd(fd, RIGHT_STAT, &h, &sk);

	if (!err)
		err = sk->ops->getname(sk, peer, &a);
	return err ? err : sockaddr_put(&a, addr, addrlen);
}

long sys_getsockname(int fd, uaddr_t addr, uaddr_t addrlen)
{
	return get_name(fd, false, addr, addrlen);
}

long sys_getpeername(int fd, uaddr_t addr, uaddr_t addrlen)
{
	return get_name(fd, true, addr, addrlen);
}

long sys_shutdown(int fd, s32 how)
{
	auto_handle struct handle h = {};
	struct sock *sk;
	int err = sock_get_fd(fd, RIGHT_SETATTR, &h, &sk);

	if (err)
		return err;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	return sk->ops->shutdown ? sk->ops->shutdown(sk, (u32)how) : -EOPNOTSUPP;
}

/* ---- options ---- */

/* struct sock_fprog points to the program. */
static long attach_filter(struct sock *sk, const void *val, u32 len)
{
	auto_kfree struct cbpf_insn *insns = NULL;
	struct { u16 n, pad[3]; uaddr_t insns; } prog;

	if (len != sizeof(prog))
		return -EINVAL;
	memcpy(&prog, val, sizeof(prog));
	if (!prog.n || prog.n > CBPF_MAX_INSNS)
		return -EINVAL;
	insns = kcalloc(prog.n, sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	if (copy_from_user(insns, prog.insns, prog.n * sizeof(*insns)))
		return -EFAULT;
	return sock_setopt(sk, SOL_SOCKET, SO_ATTACH_FILTER, insns, prog.n * (u32)sizeof(*insns));
}

long sys_setsockopt(int fd, s32 level, s32 optname, uaddr_t optval, s32 optlen)
{
	auto_handle struct handle h = {};
	auto_kfree u8 *big = NULL;
	u8 fast[OPT_FAST] = {}, *val = fast;
	struct sock *sk;
	u32 n = (u32)optlen;
	int err;

	if (optlen < 0)
		return -EINVAL;
	err = sock_get_fd(fd, RIGHT_SETATTR, &h, &sk);
	if (err)
		return err;
	if (n > OPT_MAX)
		return -ENOMEM;
	if (n > OPT_FAST) {
		big = kmalloc(n, PAGE_KERNEL);
		val = big;
		if (!val)
			return -ENOMEM;
	}
	if (copy_from_user(val, optval, n))
		return -EFAULT;
	if (level == SOL_SOCKET && optname == SO_ATTACH_FILTER)
		return attach_filter(sk, val, n);
	return sock_setopt(sk, level, optname, val, n);
}

long sys_getsockopt(int fd, s32 level, s32 optname, uaddr_t optval, uaddr_t optlen)
{
	auto_handle struct handle h = {};
	auto_kfree u8 *big = NULL;
	u8 fast[OPT_FAST], *val = fast;
	struct sock *sk;
	s32 room;
	u32 n;
	int err = sock_get_fd(fd, RIGHT_STAT, &h, &sk);

	if (err)
		return err;
	if (get_user(&room, optlen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	n = min((u32)room, OPT_MAX);
	if (n > OPT_FAST) {
		big = kmalloc(n, PAGE_KERNEL);
		val = big;
		if (!val)
			return -ENOMEM;
	}
	memset(val, 0, n);
	/* the one that asks with a value */
	if (level == SOL_PACKET && optname == PACKET_HDRLEN && copy_from_user(val, optval, n))
		return -EFAULT;
	err = sock_getopt(sk, level, optname, val, &n);
	if (err && err != -ERANGE)
		return err;
	if (!err && copy_to_user(optval, val, n))
		return -EFAULT;
	if (put_user(optlen, (s32)n))
		return -EFAULT;
	return err;
}

/* ---- sending ---- */

static ssize_t do_send(struct handle *h, struct sock *sk, struct sock_msg *m)
{
	if (!sk->ops->send)
		return -EOPNOTSUPP;
	m->nonblock = (m->flags & MSG_DONTWAIT) || file_nonblock(h->file);
	return sk->ops->send(sk, m);
}

long sys_sendto(int fd, uaddr_t buf, usize len, u32 flags, uaddr_t addr, s32 addrlen)
{
	auto_handle struct handle h = {};
	struct sock_addr a = {};
	struct iter it;
	struct sock_msg m = { .iter = &it, .flags = flags, .addr = &a };
	struct sock *sk;
	ssize_t n = iter_user(&it, buf, len);

	if (n)
		return n;
	n = sock_get_fd(fd, RIGHT_WRITE, &h, &sk);
	if (n)
		return n;
	if (!uaddr_null(addr)) {
		n = sockaddr_get(sk, addr, addrlen, ADDR_SEND, &a);
		m.has_addr = true;
	}
	if (!n)
		n = do_send(&h, sk, &m);
	sockaddr_done(&a);
	return n;
}

static ssize_t send_header(struct handle *h, struct sock *sk, const struct abi_msghdr *u, u32 flags)
{
	struct sock_addr a = {};
	struct sock_ctl ctl = {};
	struct user_vec v;
	struct iter it;
	struct sock_msg m = { .iter = &it, .flags = flags, .addr = &a };
	ssize_t n = user_vec_get(&v, &it, u->iov, u->iovlen);

	if (n == -EINVAL && u->iovlen > IOV_MAX)
		n = -EMSGSIZE;
	if (!n && !uaddr_null(u->name) && u->namelen) {
		n = u->namelen < 0 ? -EINVAL
				   : sockaddr_get(sk, u->name, min(u->namelen, 128), ADDR_SEND, &a);
		m.has_addr = true;
	}
	if (!n && u->controllen) {
		m.ctl = &ctl;
		n = u->controllen > S32_MAX ? -ENOBUFS
					    : cmsg_get(sk, u->control, u->controllen, &ctl);
	}
	if (!n)
		n = do_send(h, sk, &m);
	cmsg_done(&ctl);
	sockaddr_done(&a);
	user_vec_put(&v);
	return n;
}

long sys_sendmsg(int fd, uaddr_t msg, u32 flags)
{
	auto_handle struct handle h = {};
	struct abi_msghdr u;
	struct sock *sk;
	int err = sock_get_fd(fd, RIGHT_WRITE, &h, &sk);

	if (err)
		return err;
	if (get_user(&u, msg))
		return -EFAULT;
	return send_header(&h, sk, &u, flags);
}

long sys_sendmmsg(int fd, uaddr_t msgvec, u32 vlen, u32 flags)
{
	auto_handle struct handle h = {};
	struct abi_mmsghdr u;
	struct sock *sk;
	u32 i;
	ssize_t n = sock_get_fd(fd, RIGHT_WRITE, &h, &sk);

	if (n)
		return n;
	vlen = min(vlen, (u32)IOV_MAX);
	for (i = 0; i < vlen; i++) {
		uaddr_t at = uaddr_add(msgvec, i * sizeof(u));

		n = get_user(&u, at) ? -EFAULT : send_header(&h, sk, &u.hdr, flags);
		if (n < 0)
			break;
		if (put_user(uaddr_add(at, offsetof(struct abi_mmsghdr, len)), (u32)n)) {
			n = -EFAULT;
			break;
		}
	}
	return i ? (long)i : n;
}

/* ---- receiving ---- */

static ssize_t do_recv(struct handle *h, struct sock *sk, struct sock_msg *m)
{
	if (!sk->ops->recv)
		return -EOPNOTSUPP;
	m->nonblock = (m->flags & MSG_DONTWAIT) || file_nonblock(h->file);
	return sk->ops->recv(sk, m);
}

long sys_recvfrom(int fd, uaddr_t buf, usize len, u32 flags, uaddr_t addr, uaddr_t addrlen)
{
	auto_handle struct handle h = {};
	struct sock_addr a = {};
	struct iter it;
	struct sock_msg m = {
		.iter = &it, .flags = flags, .addr = &a, .want_addr = !uaddr_null(addr)
	};
	struct sock *sk;
	ssize_t n = iter_user(&it, buf, len);
	int err;

	if (n)
		return n;
	n = sock_get_fd(fd, RIGHT_READ, &h, &sk);
	if (n)
		return n;
	n = do_recv(&h, sk, &m);
	if (n < 0 || !m.want_addr)
		return n;
	err = m.has_addr ? sockaddr_put(&a, addr, addrlen) : put_user(addrlen, (s32)0);
	return err ? err : n;
}

static ssize_t recv_header(struct handle *h, struct sock *sk, struct abi_msghdr *u, uaddr_t at,
			   u32 flags)
{
	struct sock_addr a = {};
	struct sock_ctl ctl = {};
	struct user_vec v;
	struct iter it;
	struct sock_msg m = { .iter = &it,
			      .flags = flags & ~(u32)MSG_CMSG_CLOEXEC,
			      .addr = &a,
			      .want_addr = !uaddr_null(u->name) };
	usize used = uaddr_null(u->control) ? 0 : u->controllen;
	ssize_t n = user_vec_get(&v, &it, u->iov, u->iovlen);
	int err = 0;

	if (n == -EINVAL && u->iovlen > IOV_MAX)
		n = -EMSGSIZE;
	if (!n && u->namelen < 0)
		n = -EINVAL;
	m.ctl = &ctl;
	if (!n)
		n = do_recv(h, sk, &m);
	user_vec_put(&v);
	if (n >= 0) {
		err = cmsg_put(sk, &ctl, u->control, &used, flags, &m.out_flags);
		if (!err && m.want_addr)
			err = m.has_addr
				      ? sockaddr_put(
						&a, u->name,
						uaddr_add(at, offsetof(struct abi_msghdr, namelen)))
				      : put_user(
						uaddr_add(at, offsetof(struct abi_msghdr, namelen)),
						(s32)0);
		if (!err)
			err = put_user(uaddr_add(at, offsetof(struct abi_msghdr, flags)),
				       m.out_flags | (flags & MSG_CMSG_CLOEXEC));
		if (!err)
			err = put_user(uaddr_add(at, offsetof(struct abi_msghdr, controllen)),
				       (u64)used);
	}
	cmsg_done(&ctl);
	return err ? err : n;
}

long sys_recvmsg(int fd, uaddr_t msg, u32 flags)
{
	auto_handle struct handle h = {};
	struct abi_msghdr u;
	struct sock *sk;
	int err = sock_get_fd(fd, RIGHT_READ, &h, &sk);

	if (err)
		return err;
	if (get_user(&u, msg))
		return -EFAULT;
	return recv_header(&h, sk, &u, msg, flags);
}

/* The timeout of recvmmsg is looked at after each message, as Linux does. */
static int get_deadline(uaddr_t timeout, ktime_t *deadline)
{
	struct abi_timespec ts;

	*deadline = WAIT_FOREVER;
	if (uaddr_null(timeout))
		return 0;
	if (get_user(&ts, timeout))
		return -EFAULT;
	if (ts.sec < 0 || ts.nsec < 0 || ts.nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if (mul_of(ts.sec, NSEC_PER_SEC, deadline) ||
	    add_of(*deadline, ts.nsec + clock_monotonic(), deadline))
		*deadline = WAIT_FOREVER;
	return 0;
}

static ssize_t recv_one(struct handle *h, struct sock *sk, uaddr_t at, u32 flags)
{
	struct abi_mmsghdr u;
	ssize_t n = get_user(&u, at) ? -EFAULT : recv_header(h, sk, &u.hdr, at, flags);

	if (n < 0)
		return n;
	return put_user(uaddr_add(at, offsetof(struct abi_mmsghdr, len)), (u32)n);
}

long sys_recvmmsg(int fd, uaddr_t msgvec, u32 vlen, u32 flags, uaddr_t timeout)
{
	auto_handle struct handle h = {};
	ktime_t deadline, left;
	struct sock *sk;
	ssize_t n;
	u32 i;

	n = get_deadline(timeout, &deadline);
	if (!n)
		n = sock_get_fd(fd, RIGHT_READ, &h, &sk);
	if (n)
		return n;
	n = sock_take_error(sk);
	for (i = 0; !n && i < vlen; i++) {
		n = recv_one(&h, sk, uaddr_add(msgvec, i * sizeof(struct abi_mmsghdr)),
			     flags & ~(u32)MSG_WAITFORONE);
		if (n)
			break;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline != WAIT_FOREVER && clock_monotonic() >= deadline) {
			i++;
			break;
		}
	}
	if (i && n < 0 && n != -EAGAIN)
		atomic_set(&sk->err, (u32)-n);		/* told by the next call */
	if (deadline != WAIT_FOREVER && i) {
		struct abi_timespec ts;

		left = deadline - clock_monotonic();
		ts = timespec_of(max(left, (ktime_t)0));
		if (copy_to_user(timeout, &ts, sizeof(ts)))
			return -EFAULT;
	}
	return i ? (long)i : n;
}
