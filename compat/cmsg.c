/* SPDX-License-Identifier: MIT */
/* cmsg.c - control messages between a program's bytes and struct sock_ctl.
 *
 * On the way in each is checked as Linux checks it; a family ignores levels that are not its own.
 * On the way out the order is Linux's; what does not fit is cut and MSG_CTRUNC says so, and
 * descriptors that do not fit are closed.
 * Ref: cmsg(3), unix(7), ip(7), ipv6(7), udp(7). Tests: selftests/abi/unix.c
 */
#include "sock_int.h"

#include <compat/abi/time.h>
#include <compat/user.h>
#include <kernel/cred.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/pidfd.h>
#include <kernel/task.h>

#define CONTROL_MAX 131072u		/* net.core.optmem_max */

/* ---- in ---- */

static int get_rights(struct sock_ctl *c, const u8 *data, usize len)
{
	u32 n = (u32)(len / sizeof(s32));

	if (!n)
		return 0;
	if (n > SCM_MAX_FD || (c->fds && c->fds->n + n > SCM_MAX_FD))
		return -EINVAL;
	if (!c->fds) {
		c->fds = kmalloc(sizeof(*c->fds) + SCM_MAX_FD * sizeof(c->fds->fd[0]), PAGE_KERNEL);
		if (!c->fds)
			return -ENOMEM;
		c->fds->n = 0;
		c->fds->room = SCM_MAX_FD;
	}
	for (u32 i = 0; i < n; i++) {
		auto_handle struct handle h = {};
		s32 fd;
		int err;

		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		err = handle_get(fd, RIGHT_SEND_FD, &h);
		if (err)
			return err;
		file_get(h.file);
		c->fds->fd[c->fds->n++] = (struct scm_fd){ h.file, h.rights };
	}
	c->present |= CTL_RIGHTS;
	return 0;
}

static struct pid *find_pid(pid_t nr)
{
	struct pid *p;

	rcu_read_lock();
	p = pid_find(nr);
	if (p && !ref_tryget(&p->refs))
		p = NULL;
	rcu_read_unlock();
	return p;
}

/* One may only claim to be oneself, unless privileged. */
static int get_cred(struct sock_ctl *c, const u8 *data, usize len)
{
	const struct cred *me = current_cred();
	struct abi_ucred u;

	if (len != sizeof(u))
		return -EINVAL;
	memcpy(&u, data, sizeof(u));
	if (u.uid == UID_UNSET || u.gid == UID_UNSET)
		return -EINVAL;
	if (u.pid != proc_pid(current_proc()) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (u.uid != me->uid.v && u.uid != me->euid.v && u.uid != me->suid.v &&
	    !capable(CAP_SETUID))
		return -EPERM;
	if (u.gid != me->gid.v && u.gid != me->egid.v && u.gid != me->sgid.v &&
	    !capable(CAP_SETGID))
		return -EPERM;
	if (u.pid != proc_pid(current_proc())) {
		struct pid *p = find_pid(u.pid);

		if (!p)
			return -ESRCH;
		pid_put(p);
	}
	c->cred = (struct sock_cred){ u.pid, u.uid, u.gid };
	c->present |= CTL_CRED;
	return 0;
}

static int get_socket_level(struct sock *sk, struct sock_ctl *c, s32 type, const u8 *data,
			    usize len)
{
	bool local = sk->family == AF_UNIX || sk->family == AF_NETLINK;

	switch (type) {
	case SCM_RIGHTS:
		if (sk->family != AF_UNIX)
			return local ? -EINVAL : 0;
		return get_rights(c, data, len);
	case SCM_CREDENTIALS:
		return local ? get_cred(c, data, len) : 0;
	case SO_MARK:
		if (local)
			return -EINVAL;
		if (!capable(CAP_NET_RAW) && !capable(CAP_NET_ADMIN))
			return -EPERM;
		if (len != sizeof(u32))
			return -EINVAL;
		memcpy(&c->mark, data, sizeof(u32));
		c->present |= CTL_MARK;
		return 0;
	default:
		return -EINVAL;
	}
}

static int get_small_int(const u8 *data, usize len, s32 lo, s32 hi, s32 *out)
{
	if (len < sizeof(*out))
		return -EINVAL;
	memcpy(out, data, sizeof(*out));
	return *out < lo || *out > hi ? -EINVAL : 0;
}

static int get_ip(struct sock_ctl *c, s32 type, const u8 *data, usize len)
{
	struct abi_in_pktinfo info;
	int err;

	switch (type) {
	case IP_PKTINFO:
		if (len != sizeof(info))
			return -EINVAL;
		memcpy(&info, data, sizeof(info));
		c->ifindex = (u32)info.ifindex;
		memcpy(c->local, info.spec_dst, 4);
		c->present |= CTL_PKTINFO4;
		return 0;
	case IP_TTL:
		err = get_small_int(data, len, 1, 255, &c->ttl);
		c->present |= CTL_TTL;
		return err;
	case IP_TOS:
		if (len == 1)
			c->tos = data[0];
		else if (get_small_int(data, len, 0, 255, &c->tos))
			return -EINVAL;
		c->present |= CTL_TOS;
		return 0;
	default:
		return -EINVAL;
	}
}

static int get_ip6(struct sock_ctl *c, s32 type, const u8 *data, usize len)
{
	struct abi_in6_pktinfo info;
	int err;

	switch (type) {
	case IPV6_PKTINFO:
	case IPV6_2292PKTINFO:
		if (len < sizeof(info))
			return -EINVAL;
		memcpy(&info, data, sizeof(info));
		c->ifindex = (u32)info.ifindex;
		memcpy(c->local, info.addr, 16);
		c->present |= CTL_PKTINFO6;
		return 0;
	case IPV6_HOPLIMIT:
	case IPV6_2292HOPLIMIT:
		err = get_small_int(data, len, -1, 255, &c->ttl);
		c->present |= CTL_TTL;
		return err;
	case IPV6_TCLASS:
		err = get_small_int(data, len, -1, 255, &c->tos);
		c->present |= CTL_TOS;
		return err;
	default:
		return -EINVAL;
	}
}

static int get_one(struct sock *sk, struct sock_ctl *c, const struct abi_cmsghdr *h, const u8 *data)
{
	usize len = h->len - sizeof(*h);
	bool inet = sk->family == AF_INET || sk->family == AF_INET6;

	if (h->level == SOL_SOCKET)
		return get_socket_level(sk, c, h->type, data, len);
	if (!inet)
		return 0;
	if (h->level == SOL_IP)
		return get_ip(c, h->type, data, len);
	if (h->level == SOL_IPV6 && sk->family == AF_INET6)
		return get_ip6(c, h->type, data, len);
	if (h->level == SOL_UDP && h->type == UDP_SEGMENT) {
		u16 size;

		if (len != sizeof(size))
			return -EINVAL;
		memcpy(&size, data, sizeof(size));
		c->segment = size;
		c->present |= CTL_SEGMENT;
	}
	return 0;
}

int cmsg_get(struct sock *sk, uaddr_t control, usize len, struct sock_ctl *out)
{
	auto_kfree u8 *buf = NULL;
	struct abi_cmsghdr h;
	int err = 0;

	if (len > CONTROL_MAX)
		return -ENOBUFS;
	buf = kmalloc(len, PAGE_KERNEL);
	if (!buf)
		return -ENOBUFS;
	if (copy_from_user(buf, control, len))
		return -EFAULT;
	for (usize at = 0; at + sizeof(h) <= len && !err; at += CMSG_ALIGN(h.len)) {
		memcpy(&h, buf + at, sizeof(h));
		if (h.len < sizeof(h) || h.len > len - at)
			return -EINVAL;
		err = get_one(sk, out, &h, buf + at + sizeof(h));
	}
	return err;
}

void cmsg_done(struct sock_ctl *c)
{
	scm_fds_free(c->fds);
	c->fds = NULL;
}

/* ---- out ---- */

struct out {
	uaddr_t at;
	usize left, used;
	u32 flags;		/* MSG_CTRUNC */
	int err;
};

static void put(struct out *o, s32 level, s32 type, const void *data, usize len)
{
	struct abi_cmsghdr h = { sizeof(h) + len, level, type };
	usize step;

	if (o->err)
		return;
	if (o->left < sizeof(h)) {
		o->flags |= MSG_CTRUNC;
		return;
	}
	if (o->left < h.len) {
		o->flags |= MSG_CTRUNC;
		h.len = o->left;
	}
	if (copy_to_user(o->at, &h, sizeof(h)) ||
	    copy_to_user(uaddr_add(o->at, sizeof(h)), data, h.len - sizeof(h))) {
		o->err = -EFAULT;
		return;
	}
	step = min(CMSG_ALIGN(h.len), o->left);
	o->at = uaddr_add(o->at, step);
	o->left -= step;
	o->used += step;
}

static void put_int(struct out *o, s32 level, s32 type, s32 v)
{
	put(o, level, type, &v, sizeof(v));
}

/* Descriptors: as many as fit get numbers. */
static void put_rights(struct out *o, struct scm_fds *fds, u32 flags)
{
	u32 room = o->left > sizeof(struct abi_cmsghdr)
			   ? (u32)((o->left - sizeof(struct abi_cmsghdr)) / sizeof(s32))
			   : 0,
	    n;
	s32 numbers[SCM_MAX_FD];

	for (n = 0; n < min(fds->n, room); n++) {
		numbers[n] = handle_install(fds->fd[n].file, fds->fd[n].rights,
					    flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0);
		if (numbers[n] < 0)
			break;
	}
	if (n)
		put(o, SOL_SOCKET, SCM_RIGHTS, numbers, n * sizeof(s32));
	if (n < fds->n)
		o->flags |= MSG_CTRUNC;
}

static void put_pidfd(struct out *o, const struct sock_ctl *c)
{
	struct pid *p;
	int fd = -ESRCH;

	if (o->left < sizeof(struct abi_cmsghdr) + sizeof(s32)) {
		o->flags |= MSG_CTRUNC;
		return;
	}
	p = c->cred.pid ? find_pid(c->cred.pid) : NULL;
	if (p) {
		int err = pidfd_install(p, &fd, UADDR(0));

		if (err)
			fd = err;
		pid_put(p);
	}
	put_int(o, SOL_SOCKET, SCM_PIDFD, fd);
}

static void put_stamp(struct out *o, const struct sock *sk, ktime_t stamp)
{
	struct abi_timespec ts = timespec_of(stamp);
	struct abi_timeval tv = timeval_of(stamp);

	if (sock_flag(sk, SOCK_STAMP_NS))
		put(o, SOL_SOCKET, SO_TIMESTAMPNS, &ts, sizeof(ts));
	else
		put(o, SOL_SOCKET, SO_TIMESTAMP, &tv, sizeof(tv));
}

static void put_err(struct out *o, const struct sock *sk, const struct sock_err *e)
{
	struct {
		struct abi_sock_extended_err ee;
		union abi_sockaddr offender;
	} both;
	bool six = sk->family == AF_INET6;
	u32 n = sockaddr_encode(&e->offender, &both.offender);

	both.ee = (struct abi_sock_extended_err){ e->err, e->origin, e->type, e->code,
						  0,	  e->info,   e->data };
	n = max(n, (u32)(six ? sizeof(both.offender.in6) : sizeof(both.offender.in)));
	put(o, six ? SOL_IPV6 : SOL_IP, six ? IPV6_RECVERR : IP_RECVERR, &both,
	    sizeof(both.ee) + n);
}

static void put_inet(struct out *o, struct sock *sk, const struct sock_ctl *c)
{
	union abi_sockaddr a;
	bool six = c->present & CTL_TTL_IS6;

	if (c->present & CTL_PKTINFO4) {
		struct abi_in_pktinfo info = { .ifindex = (s32)c->ifindex };

		memcpy(info.spec_dst, c->local, 4);
		memcpy(info.addr, c->dst, 4);
		put(o, SOL_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (c->present & (CTL_PKTINFO6 | CTL_PKTINFO6_OLD)) {
		struct abi_in6_pktinfo info = { .ifindex = (s32)c->ifindex };

		memcpy(info.addr, c->dst, 16);
		if (c->present & CTL_PKTINFO6)
			put(o, SOL_IPV6, IPV6_PKTINFO, &info, sizeof(info));
		if (c->present & CTL_PKTINFO6_OLD)
			put(o, SOL_IPV6, IPV6_2292PKTINFO, &info, sizeof(info));
	}
	if (c->present & CTL_HOPLIMIT_OLD)
		put_int(o, SOL_IPV6, IPV6_2292HOPLIMIT, c->ttl);
	if (c->present & CTL_TTL)
		put_int(o, six ? SOL_IPV6 : SOL_IP, six ? IPV6_HOPLIMIT : IP_TTL, c->ttl);
	if (c->present & CTL_TOS) {
		u8 tos = (u8)c->tos;

		if (six)
			put_int(o, SOL_IPV6, IPV6_TCLASS, c->tos);
		else
			put(o, SOL_IP, IP_TOS, &tos, 1);
	}
	if (c->present & CTL_ORIGDST)
		put(o, c->origdst.family == AF_INET6 ? SOL_IPV6 : SOL_IP,
		    c->origdst.family == AF_INET6 ? IPV6_ORIGDSTADDR : IP_ORIGDSTADDR, &a,
		    sockaddr_encode(&c->origdst, &a));
	if (c->present & CTL_FRAGSIZE)
		put_int(o, six ? SOL_IPV6 : SOL_IP, six ? IPV6_RECVFRAGSIZE : IP_RECVFRAGSIZE,
			(s32)c->fragsize);
	if (c->present & CTL_SEGMENT)
		put_int(o, SOL_UDP, UDP_GRO, (s32)c->segment);
	if (c->present & CTL_INQ)
		put_int(o, SOL_TCP, TCP_CM_INQ, (s32)c->inq);
}

int cmsg_put(struct sock *sk, struct sock_ctl *c, uaddr_t control, usize *len, u32 flags,
	     u32 *out_flags)
{
	struct out o = { .at = control, .left = *len };

	if (c->present & CTL_RXQ_OVFL)
		put(&o, SOL_SOCKET, SO_RXQ_OVFL, &c->overflow, sizeof(c->overflow));
	if ((c->present & CTL_STAMP) && sock_flag(sk, SOCK_STAMP))
		put_stamp(&o, sk, c->stamp);
	if (c->present & CTL_CRED) {
		struct abi_ucred u = { c->cred.pid, c->cred.uid, c->cred.gid };

		put(&o, SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u));
	}
	if (c->fds)
		put_rights(&o, c->fds, flags);
	if (c->present & CTL_PIDFD)
		put_pidfd(&o, c);
	if (c->present & CTL_MARK)
		put(&o, SOL_SOCKET, SO_MARK, &c->mark, sizeof(c->mark));
	put_inet(&o, sk, c);
	if (c->present & CTL_ERR)
		put_err(&o, sk, &c->err);
	if (c->present & CTL_AUXDATA) {
		struct abi_tpacket_auxdata aux = {
			c->aux_status, c->aux_len, c->aux_snaplen, c->aux_mac, c->aux_net, 0, 0
		};

		put(&o, SOL_PACKET, PACKET_AUXDATA, &aux, sizeof(aux));
	}
	if (c->present & CTL_NLGROUP)
		put_int(&o, SOL_NETLINK, NETLINK_PKTINFO, (s32)c->nlgroup);
	*len = o.used;
	*out_flags |= o.flags;
	return o.err;
}
