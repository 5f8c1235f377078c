/* SPDX-License-Identifier: MIT */
/* sockopt.c - options of level SOL_SOCKET, as any family understands them. What is not here goes to
 * sock_ops.setopt and getopt.
 *
 * Values are Linux's: int unless socket(7) says otherwise; getsockopt cuts an int to the room
 * given.
 * Locks: none: each option is one word. Ref: socket(7), time_t and struct timeval of arm64. Tests:
 * selftests/abi/unix.c
 */
#include <net/sock.h>

#include <arch/cpu.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <net/filter.h>
#include <net/netdev.h>
#include <net/tcp.h>

#define MIN_RCVBUF	2304u		/* one small packet with its head */
#define MIN_SNDBUF	(2 * MIN_RCVBUF)
#define SKF_AD_MAX	64		/* SO_BPF_EXTENSIONS: ancillary loads of classic BPF */
#define PRIO_FREE_MAX	6		/* TC_PRIO_INTERACTIVE: above needs CAP_NET_ADMIN */
#define SO_WIFI_STATUS_	41
#define BUSY_BUDGET_MAX	65535
#define STAMPING_MASK	0x3ffffu	/* SOF_TIMESTAMPING_* of 6.12 */

struct abi_linger {
	s32 onoff, seconds;
};
struct abi_timeval64 {
	s64 sec, usec;
};

int sock_opt_int(const void *val, u32 len, s32 *out)
{
	if (len < sizeof(*out))
		return -EINVAL;
	memcpy(out, val, sizeof(*out));
	return 0;
}

static int put_bytes(void *val, u32 *len, const void *src, usize n)
{
	*len = min(*len, (u32)n);
	memcpy(val, src, *len);
	return 0;
}

int sock_put_int(void *val, u32 *len, s32 v)
{
	return put_bytes(val, len, &v, sizeof(v));
}

/* ---- setting ---- */

static void set_rcvbuf(struct sock *sk, s32 v, u32 max)
{
	u32 want = min((u32)max(v, 0), min(max, (u32)S32_MAX / 2)) * 2;

	sock_set_flag(sk, SOCK_RCVBUF_SET, true);
	WRITE_ONCE(sk->rcvbuf, max(want, MIN_RCVBUF));
}

static void set_sndbuf(struct sock *sk, s32 v, u32 max)
{
	u32 want = min((u32)max(v, 0), min(max, (u32)S32_MAX / 2)) * 2;

	sock_set_flag(sk, SOCK_SNDBUF_SET, true);
	WRITE_ONCE(sk->sndbuf, max(want, MIN_SNDBUF));
	object_wake(&sk->obj, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
}

static int set_timeo(ktime_t *timeo, const void *val, u32 len)
{
	struct abi_timeval64 tv;
	ktime_t ns;

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, val, sizeof(tv));
	if (tv.usec < 0 || tv.usec >= 1000000)
		return -EDOM;
	if (tv.sec < 0)
		ns = 0;		/* Linux: an immediate timeout */
	else if (tv.sec == 0 && tv.usec == 0)
		ns = WAIT_FOREVER;
	else if (mul_of(tv.sec, NSEC_PER_SEC, &ns) || add_of(ns, tv.usec * 1000, &ns))
		ns = WAIT_FOREVER;
	WRITE_ONCE(*timeo, ns);
	return 0;
}

static int set_linger(struct sock *sk, const void *val, u32 len)
{
	struct abi_linger l;

	if (len < sizeof(l))
		return -EINVAL;
	memcpy(&l, val, sizeof(l));
	if (l.onoff)
		sk->linger_s = (u32)l.seconds;
	sock_set_flag(sk, SOCK_LINGER, l.onoff);
	return 0;
}

static void set_stamp(struct sock *sk, bool on, bool ns)
{
	sock_set_flag(sk, SOCK_STAMP_NS, on && ns);
	sock_set_flag(sk, SOCK_STAMP, on);
}

static int set_priority(struct sock *sk, s32 v)
{
	if ((v < 0 || v > PRIO_FREE_MAX) && !capable(CAP_NET_ADMIN) && !capable(CAP_NET_RAW))
		return -EPERM;
	sk->priority = (u32)v;
	return 0;
}

static u64 simple_flag(s32 name)
{
	switch (name) {
	case SO_REUSEADDR:	 return SOCK_REUSEADDR;
	case SO_REUSEPORT:	 return SOCK_REUSEPORT;
	case SO_BROADCAST:	 return SOCK_BROADCAST;
	case SO_OOBINLINE:	 return SOCK_OOBINLINE;
	case SO_PASSCRED:	 return SOCK_PASSCRED;
	case SO_PASSPIDFD:	 return SOCK_PASSPIDFD;
	case SO_PASSSEC:	 return SOCK_PASSSEC;
	case SO_DONTROUTE:	 return SOCK_DONTROUTE;
	case SO_NO_CHECK:	 return SOCK_NO_CHECK;
	case SO_RXQ_OVFL:	 return SOCK_RXQ_OVFL;
	case SO_SELECT_ERR_QUEUE: return SOCK_SELECT_ERRQ;
	case SO_RCVMARK:	 return SOCK_RCVMARK;
	case SO_WIFI_STATUS_:	 return SOCK_WIFI_STATUS;
	case SO_NOFCS:		 return SOCK_NOFCS;
	case SO_PREFER_BUSY_POLL: return SOCK_BUSY_PREFER;
	case SO_KEEPALIVE:	 return SOCK_KEEPALIVE;
	default:		 return 0;
	}
}

static int set_privileged(struct sock *sk, s32 name, s32 v)
{
	switch (name) {
	case SO_DEBUG:
		if (v && !capable(CAP_NET_ADMIN))
			return -EACCES;
		sock_set_flag(sk, SOCK_DEBUG, v);
		return 0;
	case SO_RCVBUFFORCE:
	case SO_SNDBUFFORCE:
		if (!capable(CAP_NET_ADMIN))
			return -EPERM;
		if (name == SO_RCVBUFFORCE)
			set_rcvbuf(sk, v, S32_MAX);
		else
			set_sndbuf(sk, v, S32_MAX);
		return 0;
	case SO_MARK:
		if (!capable(CAP_NET_RAW) && !capable(CAP_NET_ADMIN))
			return -EPERM;
		sk->mark = (u32)v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_pacing(struct sock *sk, const void *val, u32 len)
{
	u64 rate = U64_MAX;

	if (len >= sizeof(u64)) {
		memcpy(&rate, val, sizeof(rate));
	} else {
		u32 low;

		memcpy(&low, val, sizeof(low));
		rate = low == U32_MAX ? U64_MAX : low;
	}
	WRITE_ONCE(sk->pacing_max, rate);
	return 0;
}

static int set_zerocopy(struct sock *sk, s32 v)
{
	if ((sk->family != AF_INET && sk->family != AF_INET6) ||
	    (sk->type != SOCK_STREAM && sk->type != SOCK_DGRAM))
		return -EOPNOTSUPP;
	if (v < 0 || v > 1)
		return -EINVAL;
	sock_set_flag(sk, SOCK_ZEROCOPY, v);
	return 0;
}

static int set_busy_poll(struct sock *sk, s32 v)
{
	if (v < 0)
		return -EINVAL;
	if (v > sk->busy_poll && !capable(CAP_NET_ADMIN))
		return -EPERM;
	sk->busy_poll = v;
	return 0;
}

static int set_word(struct sock *sk, s32 name, s32 v, const void *val, u32 len)
{
	u64 flag = simple_flag(name);

	if (flag) {
		if (name == SO_REUSEPORT && v && sk->family != AF_INET && sk->family != AF_INET6)
			return -EOPNOTSUPP;
		sock_set_flag(sk, flag, v);
		return 0;
	}
	switch (name) {
	case SO_SNDBUF:		set_sndbuf(sk, v, READ_ONCE(sock_limits.wmem_max)); return 0;
	case SO_RCVBUF:		set_rcvbuf(sk, v, READ_ONCE(sock_limits.rmem_max)); return 0;
	case SO_RCVLOWAT:	WRITE_ONCE(sk->rcvlowat, v < 0 ? S32_MAX : v ? v : 1); return 0;
	case SO_PRIORITY:	return set_priority(sk, v);
	case SO_TIMESTAMP:
	case SO_TIMESTAMP_NEW:	set_stamp(sk, v, false); return 0;
	case SO_TIMESTAMPNS:
	case SO_TIMESTAMPNS_NEW: set_stamp(sk, v, true); return 0;
	case SO_MAX_PACING_RATE: return set_pacing(sk, val, len);
	case SO_ZEROCOPY:	return set_zerocopy(sk, v);
	case SO_PEEK_OFF:
		if (sk->family == AF_PACKET || sk->family == AF_NETLINK ||
		    (sk->type == SOCK_RAW && sk->family != AF_UNIX))
			return -EOPNOTSUPP;
		WRITE_ONCE(sk->peek_off, v < 0 ? -1 : v);
		return 0;
	case SO_BUSY_POLL:	return set_busy_poll(sk, v);
	case SO_BUSY_POLL_BUDGET: return v < 0 || v > BUSY_BUDGET_MAX ? -EINVAL : capable(CAP_NET_ADMIN) ? 0 : -EPERM;
	case SO_INCOMING_CPU:	WRITE_ONCE(sk->incoming_cpu, v); return 0;
	case SO_BSDCOMPAT:
	case SO_CNX_ADVICE:	return 0;
	case SO_TIMESTAMPING:
	case SO_TIMESTAMPING_NEW:
		if (v & ~(s32)STAMPING_MASK)
			return -EINVAL;
		sk->stamping = (u32)v;
		return 0;
	case SO_BUF_LOCK:
		if (v & ~3)
			return -EINVAL;
		sk->buf_lock = (u8)v;
		return 0;
	case SO_TXREHASH:
		if (v < -1 || v > 1)
			return -EINVAL;
		sk->txrehash = v == -1 ? 1 : (u8)v;
		return 0;
	case SO_RESERVE_MEM:	return v < 0 ? -EINVAL : -EOPNOTSUPP;
	case SO_ATTACH_BPF:
	case SO_ATTACH_REUSEPORT_EBPF: return v < 0 || v > 2 ? -EBADF : -EINVAL;
	case SO_ATTACH_REUSEPORT_CBPF:
	case SO_DETACH_REUSEPORT_BPF:
	case SO_TXTIME:		return -EINVAL;
	case SO_TYPE: case SO_PROTOCOL: case SO_DOMAIN: case SO_ERROR: return -ENOPROTOOPT;
	default:		return set_privileged(sk, name, v);
	}
}

static int set_device(struct sock *sk, s32 index)
{
	if (sk->bound_if && !capable(CAP_NET_RAW))
		return -EPERM;
	WRITE_ONCE(sk->bound_if, index);
	return sk->family == AF_INET || sk->family == AF_INET6
		       ? sk->ops->setopt(sk, SOL_SOCKET, SO_BINDTOIFINDEX, NULL, 0)
		       : 0;
}

static int set_device_name(struct sock *sk, const void *val, u32 len)
{
	char name[IFNAMSIZ] = "";
	struct netdev *d;
	s32 index = 0;

	memcpy(name, val, min(len, IF_NAME_MAX));
	if (name[0]) {
		d = netdev_find(sk->net, name);
		if (!d)
			return -ENODEV;
		index = d->index;
		netdev_put(d);
	}
	return set_device(sk, index);
}

/* SO_ATTACH_FILTER: val is the program itself, copied by compat/. */
static int set_filter(struct sock *sk, s32 name, const void *val, u32 len)
{
	int err = 0;

	sock_lock(sk);
	if (name == SO_ATTACH_FILTER)
		err = filter_attach(sk, val, len / (u32)sizeof(struct cbpf_insn));
	else if (name == SO_DETACH_FILTER)
		err = filter_detach(sk);
	else
		sock_set_flag(sk, SOCK_LOCK_FILTER, true);
	sock_unlock(sk);
	return err;
}

int sock_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len)
{
	s32 v;
	int err;

	if (level != SOL_SOCKET)
		return sk->ops->setopt	     ? sk->ops->setopt(sk, level, name, val, len)
		       : level == SOL_SOCKET ? -ENOPROTOOPT
					     : -EOPNOTSUPP;
	if (name == SO_BINDTODEVICE)
		return set_device_name(sk, val, len);
	err = sock_opt_int(val, len, &v);
	if (err)
		return err;
	if (name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER || name == SO_LOCK_FILTER)
		return set_filter(sk, name, val, len);
	if (name == SO_BINDTOIFINDEX)
		return v < 0 ? -EINVAL : set_device(sk, v);
	switch (name) {
	case SO_LINGER:
		return set_linger(sk, val, len);
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		return set_timeo(&sk->rcvtimeo, val, len);
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		return set_timeo(&sk->sndtimeo, val, len);
	case SO_KEEPALIVE:		/* TCP has a timer to start, and a mark in its stream */
	case SO_OOBINLINE:
		if (sk->ops->setopt && sk->protocol == IPPROTO_TCP) {
			err = sk->ops->setopt(sk, level, name, val, len);
			if (err)
				return err;
		}
		break;
	}
	return set_word(sk, name, v, val, len);
}

/* ---- reading ---- */

static int get_timeo(ktime_t timeo, void *val, u32 *len)
{
	struct abi_timeval64 tv = {};

	if (timeo != WAIT_FOREVER)
		tv = (struct abi_timeval64){ timeo / NSEC_PER_SEC, timeo % NSEC_PER_SEC / 1000 };
	return put_bytes(val, len, &tv, sizeof(tv));
}

static int get_peergroups(const struct sock *sk, void *val, u32 *len)
{
	const struct cred *c = sk->peer_cred;
	u32 n;

	if (!c)
		return -ENODATA;
	n = c->nr_groups * (u32)sizeof(u32);
	if (*len < n) {
		*len = n;
		return -ERANGE;
	}
	for (u32 i = 0; i < c->nr_groups; i++)
		memcpy((u8 *)val + i * sizeof(u32), &c->groups[i].v, sizeof(u32));
	*len = n;
	return 0;
}

void sock_meminfo(const struct sock *sk, u32 info[9])
{
	const u32 now[9] = {
		atomic_read(&sk->rmem), sk->rcvbuf, sock_wmem(sk),	    sk->sndbuf, 0,
		sock_wmem(sk),		0,	    sk->lock.backlog.bytes, sk->drops
	};

	memcpy(info, now, sizeof(now));
	if (sock_is_tcp(sk)) {
		const struct tcp *t = &container_of(sk, struct tcp_sock, inet.sk)->tcp;

		info[0] = READ_ONCE(t->rmem);
		info[5] = READ_ONCE(t->wmem);
	}
}

static int get_meminfo(const struct sock *sk, void *val, u32 *len)
{
	u32 info[9];

	sock_meminfo(sk, info);
	return put_bytes(val, len, info, sizeof(info));
}

static bool get_word(struct sock *sk, s32 name, s32 *v)
{
	u64 flag = simple_flag(name);

	if (flag) {
		*v = sock_flag(sk, flag);
		return true;
	}
	switch (name) {
	case SO_DEBUG:		 *v = sock_flag(sk, SOCK_DEBUG); break;
	case SO_SNDBUF:		 *v = (s32)sk->sndbuf; break;
	case SO_RCVBUF:		 *v = (s32)sk->rcvbuf; break;
	case SO_TYPE:		 *v = sk->type; break;
	case SO_PROTOCOL:	 *v = sk->protocol; break;
	case SO_DOMAIN:		 *v = sk->family; break;
	case SO_ERROR:		 *v = -sock_take_error(sk); if (!*v) *v = (s32)atomic_xchg(&sk->err_soft, 0); break;
	case SO_PRIORITY:	 *v = (s32)sk->priority; break;
	case SO_MARK:		 *v = (s32)sk->mark; break;
	case SO_RCVLOWAT:	 *v = sk->rcvlowat; break;
	case SO_SNDLOWAT:	 *v = 1; break;
	case SO_BSDCOMPAT:	 *v = 0; break;
	case SO_TIMESTAMP:
	case SO_TIMESTAMP_NEW:	 *v = sock_flag(sk, SOCK_STAMP) && !sock_flag(sk, SOCK_STAMP_NS); break;
	case SO_TIMESTAMPNS:
	case SO_TIMESTAMPNS_NEW: *v = sock_flag(sk, SOCK_STAMP_NS); break;
	case SO_ACCEPTCONN:	 *v = sk->max_ack_backlog && sk->state == SOCK_STATE_LISTEN; break;
	case SO_ZEROCOPY:	 *v = sock_flag(sk, SOCK_ZEROCOPY); break;
	case SO_BPF_EXTENSIONS:	 *v = SKF_AD_MAX; break;
	case SO_INCOMING_CPU:	 *v = READ_ONCE(sk->incoming_cpu); break;
	case SO_BUSY_POLL:	 *v = sk->busy_poll; break;
	case SO_BUF_LOCK:	 *v = sk->buf_lock; break;
	case SO_TXREHASH:	 *v = sk->txrehash; break;
	case SO_INCOMING_NAPI_ID:
	case SO_RESERVE_MEM:	 *v = 0; break;
	case SO_PEEK_OFF:	 *v = sk->peek_off; break;
	case SO_BINDTOIFINDEX:	 *v = sk->bound_if; break;
	case SO_LOCK_FILTER:	 *v = sock_flag(sk, SOCK_LOCK_FILTER); break;
	default:		 return false;
	}
	return true;
}

static int get_filter(struct sock *sk, void *val, u32 *len)
{
	u32 bytes = 0;
	int err = 0;

	sock_lock(sk);
	if (sk->filter) {
		bytes = sk->filter->n * (u32)sizeof(struct cbpf_insn);
		if (*len && *len < sk->filter->n)
			err = -EINVAL;
		else if (*len)
			memcpy(val, sk->filter->insns, min(*len, bytes));
	}
	*len = bytes / (u32)sizeof(struct cbpf_insn);		/* counted in instructions */
	sock_unlock(sk);
	return err;
}

static int get_device(struct sock *sk, void *val, u32 *len)
{
	struct netdev *d = sk->bound_if ? netdev_find_index(sk->net, sk->bound_if) : NULL;
	int err = 0;

	if (!d) {
		*len = 0;
		return 0;
	}
	if (*len < IFNAMSIZ) {
		err = -EINVAL;
	} else {
		*len = (u32)strlen(d->name) + 1;
		memcpy(val, d->name, *len);
	}
	netdev_put(d);
	return err;
}

static int get_rest(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	struct abi_linger l = { sock_flag(sk, SOCK_LINGER), (s32)sk->linger_s };
	struct sock_cred nobody = { 0, U32_MAX, U32_MAX };
	u64 v;

	switch (name) {
	case SO_LINGER:
		return put_bytes(val, len, &l, sizeof(l));
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		return get_timeo(sk->rcvtimeo, val, len);
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		return get_timeo(sk->sndtimeo, val, len);
	case SO_PEERCRED:
		return put_bytes(val, len, sk->peer_cred ? &sk->peer : &nobody, sizeof(nobody));
	case SO_PEERGROUPS:
		return get_peergroups(sk, val, len);
	case SO_MEMINFO:
		return get_meminfo(sk, val, len);
	case SO_TIMESTAMPING:
	case SO_TIMESTAMPING_NEW:
		v = sk->stamping;
		return put_bytes(val, len, &v, sizeof(v));
	case SO_TXTIME:
		v = 0;
		return put_bytes(val, len, &v, sizeof(v));
	case SO_PEERNAME:
		return -ENOTCONN;		/* of a connected one: getpeername(2) tells */
	case SO_PEERPIDFD:
		return sk->peer_cred ? -EOPNOTSUPP : -ENODATA;
	case SO_GET_FILTER:
		return get_filter(sk, val, len);
	case SO_BINDTODEVICE:
		return get_device(sk, val, len);
	case SO_COOKIE:
		v = sk->ino;
		if (*len < sizeof(v))
			return -EINVAL;
		return put_bytes(val, len, &v, sizeof(v));
	case SO_NETNS_COOKIE:
		v = 1;
		if (*len != sizeof(v))
			return -EINVAL;
		return put_bytes(val, len, &v, sizeof(v));
	case SO_MAX_PACING_RATE:
		v = sk->pacing_max;
		if (*len >= sizeof(v))
			return put_bytes(val, len, &v, sizeof(v));
		return sock_put_int(val, len, v > U32_MAX ? -1 : (s32)v);
	default:
		return sk->ops->getopt ? sk->ops->getopt(sk, level, name, val, len) : -ENOPROTOOPT;
	}
}

int sock_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	s32 v;

	if (level != SOL_SOCKET)
		return sk->ops->getopt ? sk->ops->getopt(sk, level, name, val, len) : -EOPNOTSUPP;
	if (get_word(sk, name, &v))
		return sock_put_int(val, len, v);
	return get_rest(sk, level, name, val, len);
}
