/* SPDX-License-Identifier: MIT */
/* sock.h - what every socket has, whatever its family: options, budgets, errors, the owner lock;
 * and how the Linux face talks to it.
 *
 * compat/socket.c decodes addresses and control messages into struct sock_addr and struct sock_ctl
 * and calls sock->ops; families never see user memory but through an iterator.
 */
#pragma once

#include <kernel/clock.h>
#include <kernel/file.h>
#include <kernel/object.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>
#include <net/netbuf.h>

struct cred;
struct net_ns;
struct scm_fds;
struct sock;
struct sock_filter_prog;
struct vm_request;

/* ---- addresses, decoded ---- */
struct sock_addr {
	u16 family;			/* AF_* */
	union {
		struct {		/* AF_INET, AF_INET6 */
			u16 port;	/* host order */
			u32 flowinfo;	/* as in the packet */
			u32 scope;	/* interface index */
			u8 ip[16];	/* AF_INET: the first four */
		};
		struct {		/* AF_UNIX */
			u8 path_len;	/* 0: unnamed; abstract names begin with a NUL */
			char path[109];
			/* connect, send to a path: the socket there (a reference), or NULL */
			struct object *bound;
			/* bind to a path: what keeps the name, for ops->bind to take over */
			void *node;
		};
		struct {		/* AF_PACKET */
			u16 protocol;	/* ETH_P_*, host order */
			s32 ifindex;
			u16 hatype;
			u8 pkttype, halen, hw[8];
		};
		struct {		/* AF_NETLINK */
			u32 nl_pid, nl_groups;
		};
	};
};

/* ---- control messages, decoded ---- */
#define CTL_RIGHTS	 BIT(0)
#define CTL_CRED	 BIT(1)
#define CTL_STAMP	 BIT(2)		/* recv: stamp; the form is the socket's SOCK_STAMP* */
#define CTL_PKTINFO4	 BIT(3)
#define CTL_PKTINFO6	 BIT(4)
#define CTL_TTL		 BIT(5)		/* also IPV6_HOPLIMIT */
#define CTL_TOS		 BIT(6)		/* also IPV6_TCLASS */
#define CTL_ERR		 BIT(7)
#define CTL_SEGMENT	 BIT(8)		/* UDP_SEGMENT, UDP_GRO */
#define CTL_ORIGDST	 BIT(9)
#define CTL_MARK	 BIT(10)
#define CTL_AUXDATA	 BIT(11)	/* PACKET_AUXDATA */
#define CTL_NLGROUP	 BIT(12)	/* NETLINK_PKTINFO */
#define CTL_INQ		 BIT(13)	/* TCP_CM_INQ */
#define CTL_RXQ_OVFL	 BIT(14)
#define CTL_PIDFD	 BIT(15)
#define CTL_FRAGSIZE	 BIT(16)
#define CTL_TTL_IS6	 BIT(17)	/* CTL_TTL, CTL_TOS: IPv6's names */
#define CTL_HOPLIMIT_OLD BIT(18)	/* ttl, as RFC 2292 had it */
#define CTL_PKTINFO6_OLD BIT(19)

struct sock_cred {
	s32 pid;
	u32 uid, gid;
};

/* struct sock_extended_err and the address of who reported it. */
struct sock_err {
	u32 err;
	u8 origin, type, code;
	u32 info, data;
	struct sock_addr offender;
};

struct sock_ctl {
	u32 present;			/* CTL_* */
	struct scm_fds *fds;		/* CTL_RIGHTS: owned */
	struct sock_cred cred;
	ktime_t stamp;			/* realtime */
	u32 ifindex;
	u8 local[16], dst[16];		/* pktinfo: spec_dst (v4 only) and address */
	s32 ttl, tos;			/* hop limit, traffic class */
	u32 mark, segment, inq, overflow, nlgroup, fragsize;
	struct sock_err err;
	struct sock_addr origdst;
	u32 aux_status, aux_len, aux_snaplen;
	u16 aux_mac, aux_net;
};

struct sock_msg {
	struct iter *iter;
	u32 flags;			/* MSG_* of the call */
	bool nonblock;			/* O_NONBLOCK or MSG_DONTWAIT */
	/* send: addr holds a destination; recv: ops filled addr in */
	bool has_addr;
	bool want_addr;			/* recv: the caller would like it */
	struct sock_addr *addr;
	struct sock_ctl *ctl;		/* NULL: none given, none wanted */
	/* recv: MSG_TRUNC MSG_CTRUNC MSG_EOR MSG_OOB MSG_ERRQUEUE */
	u32 out_flags;
};

/*
 * Operations. Context: process, may sleep, no lock held. Missing: -EOPNOTSUPP.
 * send and recv return bytes (recv: of a truncated datagram its true length when MSG_TRUNC was
 * asked for) or -errno.
 */
struct sock_ops {
	const char *name;
	int (*bind)(struct sock *sk, struct sock_addr *a);
	int (*connect)(struct sock *sk, struct sock_addr *a, bool nonblock);
	int (*listen)(struct sock *sk, u32 backlog);
	int (*accept)(struct sock *sk, bool nonblock, struct sock **out);	/* a reference */
	int (*pair)(struct sock *a, struct sock *b);
	int (*getname)(struct sock *sk, bool peer, struct sock_addr *out);
	ssize_t (*send)(struct sock *sk, struct sock_msg *m);
	ssize_t (*recv)(struct sock *sk, struct sock_msg *m);
	/* Bytes of a page without a copy: bytes taken or -errno; NULL: send does. flags: MSG_MORE,
	 * MSG_DONTWAIT. */
	ssize_t (*send_page)(struct sock *sk, struct page *page, u32 off, u32 n, u32 flags);
	int (*shutdown)(struct sock *sk, u32 how);			/* SHUT_* */
	/* Options that sock_setopt() does not know: val is a copy in kernel memory, len bytes of
	 * it; -ENOPROTOOPT. */
	int (*setopt)(struct sock *sk, s32 level, s32 name, const void *val, u32 len);
	/* *len: room in, bytes out. */
	int (*getopt)(struct sock *sk, s32 level, s32 name, void *val, u32 *len);
	u32 (*poll)(struct sock *sk);
	/* those that give an int: SIOCINQ, SIOCOUTQ, SIOCATMARK...; -ENOTTY */
	int (*ioctl)(struct sock *sk, u32 cmd, s32 *value);
	int (*mmap)(struct sock *sk, struct vm_request *req);		/* missing: -ENODEV */
	/* A packet of the backlog; owner, bottom halves off. Takes it over. */
	void (*backlog)(struct sock *sk, struct netbuf *nb);
	/* What a bottom half left by sock_kick(). Owner, bottom halves off. */
	void (*kicked)(struct sock *sk);
	/* SOCK_DESTROY: whoever has it learns err (positive) */
	int (*abort)(struct sock *sk, u32 err);
	/* the last description has gone: linger, FIN, unbind. The memory goes by refs */
	void (*close)(struct sock *sk);
	/* The last reference has gone: drop what the family holds, then sock_fini(). Any context
	 * but interrupts. */
	void (*destroy)(struct sock *sk);
	void (*free)(struct sock *sk);			/* and now the memory */
};

/* ---- the socket ---- */
#define SOCK_REUSEADDR	 BIT(0)
#define SOCK_REUSEPORT	 BIT(1)
#define SOCK_KEEPALIVE	 BIT(2)
#define SOCK_BROADCAST	 BIT(3)
#define SOCK_OOBINLINE	 BIT(4)
#define SOCK_PASSCRED	 BIT(5)
#define SOCK_PASSPIDFD	 BIT(6)
#define SOCK_DONTROUTE	 BIT(7)
#define SOCK_LINGER	 BIT(8)
#define SOCK_STAMP	 BIT(9)		/* SO_TIMESTAMP or NS */
#define SOCK_STAMP_NS	 BIT(10)
#define SOCK_ZEROCOPY	 BIT(11)
#define SOCK_RXQ_OVFL	 BIT(12)
#define SOCK_NO_CHECK	 BIT(13)
#define SOCK_RCVBUF_SET	 BIT(14)	/* SO_RCVBUF: no auto-tuning */
#define SOCK_SNDBUF_SET	 BIT(15)
#define SOCK_DEAD	 BIT(16)	/* closed: no description any more */
#define SOCK_DEBUG	 BIT(17)
#define SOCK_SELECT_ERRQ BIT(18)
#define SOCK_LOCK_FILTER BIT(19)
#define SOCK_STAMP_NEW	 BIT(20)	/* SO_TIMESTAMP*_NEW: same layout on arm64 */
#define SOCK_RCVMARK	 BIT(21)
#define SOCK_BUSY_PREFER BIT(22)
#define SOCK_PASSSEC	 BIT(23)
#define SOCK_WIFI_STATUS BIT(24)
#define SOCK_NOFCS	 BIT(25)

/* sock.state while listening, in every family: TCP's number. */
#define SOCK_STATE_LISTEN 10u

#define RCV_SHUTDOWN	1u
#define SEND_SHUTDOWN	2u

/*
 * Who works on a connection: a thread that may sleep (owned), or a bottom half under lock alone. A
 * bottom half that finds it owned leaves its packet in the backlog, which the owner works off when
 * it lets go.
 * Locks: s  spin   o  owned or, when nobody owns it, spin
 */
struct sock_lock {
	struct spinlock spin;		/* RANK_SOCK; bottom halves off */
	bool owned, kicked;		/* [s] */
	struct waitq q;
	struct netbuf_queue backlog;	/* [s] */
};

/* Locks: o  lock, as above   a  atomic   I  immutable after creation. Options are single words,
 * read without. */
struct sock {
	/* first; readers sleep in recv, accept, connect; writers in send */
	struct object obj;
	const struct sock_ops *ops;	/* [I] but for IPV6_ADDRFORM */
	struct net_ns *net;		/* [I] */
	u16 family;			/* [I] */
	u16 type;			/* [I] SOCK_STREAM... */
	u16 protocol;			/* [I] */
	u8 shutdown;			/* [o] RCV_SHUTDOWN | SEND_SHUTDOWN */
	u8 state;			/* [o] TCP_* for TCP; families' own else */
	atomic_t flags;			/* [a] SOCK_* above */
	atomic_t err;			/* [a] pending error, positive; given once */
	atomic_t err_soft;		/* [a] */
	atomic_t rmem;			/* [a] truesize of what waits to be received */
	/* [a] 1 + truesize of what was sent and not yet given up: the 1 goes with the last
	 * reference */
	atomic_t wmem;
	u32 rcvbuf, sndbuf;
	s32 rcvlowat;
	ktime_t rcvtimeo, sndtimeo;	/* ns; WAIT_FOREVER */
	u32 linger_s;
	s32 busy_poll, incoming_cpu;	/* hints: kept and told */
	u32 stamping;			/* SOF_TIMESTAMPING_*: kept; stamps are software's */
	u8 buf_lock, txrehash;
	u32 priority, mark;
	s32 bound_if;			/* SO_BINDTODEVICE: index, or 0 */
	s32 peek_off;			/* SO_PEEK_OFF; -1: off */
	u32 max_ack_backlog;		/* listen(2)'s */
	atomic_t ack_backlog;
	u32 drops;
	u64 ino;			/* [I] */
	u64 pacing_max;			/* bytes a second; U64_MAX: none */
	struct cred *cred;		/* [I] who made it */
	struct sock_cred peer;		/* SO_PEERCRED; pid 0: none */
	struct cred *peer_cred;		/* SO_PEERGROUPS; a reference or NULL */
	struct sock_filter_prog *filter;	/* [o, RCU] SO_ATTACH_FILTER: net/filter.h */
	ktime_t last_stamp;		/* SIOCGSTAMP */
	struct sock_lock lock;
};

static inline struct sock *to_sock(struct object *o) { return container_of(o, struct sock, obj); }
static inline bool sock_flag(const struct sock *sk, u64 f) { return atomic_read(&sk->flags) & f; }
static inline void sock_set_flag(struct sock *sk, u64 f, bool on)
{
	if (on)
		atomic_or(&sk->flags, (u32)f);
	else
		atomic_and(&sk->flags, ~(u32)f);
}
static inline void sock_get(struct sock *sk) { object_get(&sk->obj); }
static inline void sock_put(struct sock *sk) { object_put(&sk->obj); }
static inline void sock_putp(struct sock **sk)
{
	if (*sk)
		sock_put(*sk);
}
#define auto_sock __cleanup(sock_putp)

/* ---- families ---- */
struct sock_family {
	u16 family;
	/* type without flags. A socket with one reference; -EPROTONOSUPPORT, -ESOCKTNOSUPPORT,
	 * -EPERM, -ENOBUFS... */
	int (*create)(struct net_ns *net, u32 type, s32 protocol, struct sock **out);
};
#define SOCK_FAMILY(id, ...)									\
	static const struct sock_family sock_family_##id = { __VA_ARGS__ };			\
	SET_ADD(sock_families, const struct sock_family, sock_family_##id)

/* socket(2) without the descriptor. -EAFNOSUPPORT, -EINVAL... */
int __must_check sock_create(s32 family, u32 type, s32 protocol, struct sock **out);
/* Fills in a zeroed sock inside the family's own struct: one reference, defaults. */
void sock_init(struct sock *sk, const struct sock_ops *ops, struct net_ns *net, u16 family,
	       u16 type, u16 protocol);
/* For destroy: gives back what sock_init() took and, once no sent packet is left, calls
 * ops->free. */
void sock_fini(struct sock *sk);
/* A description for it; takes over the reference. flags: O_NONBLOCK. */
int __must_check sock_file(struct sock *sk, u32 flags, struct file **out);
/* Closes one that never got a description. */
void sock_abandon(struct sock *sk);
/* The socket behind a description, borrowed; NULL: none (-ENOTSOCK). */
struct sock *sock_of_file(struct file *f);
void sock_boot_init(void);

/* ---- options: SOL_SOCKET here, the rest through ops ---- */
int __must_check sock_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len);
int __must_check sock_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len);
int __must_check sock_opt_int(const void *val, u32 len, s32 *out);	/* -EINVAL: too short */
/* SK_MEMINFO_*: what SO_MEMINFO and sock_diag tell. */
void sock_meminfo(const struct sock *sk, u32 info[9]);
/* Stores an int the way getsockopt does: cut to *len. */
int sock_put_int(void *val, u32 *len, s32 v);

/* ---- the owner lock ---- */
/* may sleep; bottom halves run meanwhile, into the backlog */
void sock_lock(struct sock *sk);
void sock_unlock(struct sock *sk);		/* ops->backlog gets what came meanwhile */
/* Bottom half: true when ours (sock_bh_unlock), false when owned: then sock_backlog_add() is
 * allowed until sock_bh_unlock(). */
bool sock_bh_lock(struct sock *sk);
void sock_bh_unlock(struct sock *sk);
/* The same: the owner will run ops->kicked when it lets go. */
static inline void sock_kick(struct sock *sk) { sk->lock.kicked = true; }
/* false: over the limit, the packet is still the caller's */
bool __must_check sock_backlog_add(struct sock *sk, struct netbuf *nb);

/* ---- budgets ---- */
/* nb is charged to sk until it is freed: to what was sent, to what waits. */
void sock_charge_send(struct sock *sk, struct netbuf *nb);
void sock_charge_recv(struct sock *sk, struct netbuf *nb);
/* the destroy of the first, for a family's own to end with */
void sock_send_done(struct netbuf *nb);
static inline u32 sock_wmem(const struct sock *sk) { return atomic_read(&sk->wmem) - 1; }
static inline bool sock_writeable(const struct sock *sk) { return sock_wmem(sk) < sk->sndbuf / 2; }
/* Waits until wmem < sndbuf. 0, -EAGAIN, the pending error, -EPIPE, or as sock_intr(). */
int __must_check sock_wait_send(struct sock *sk, bool nonblock, ktime_t deadline);

/* ---- errors and waiting ---- */
void sock_set_error(struct sock *sk, u32 err);		/* positive; wakes */
int sock_take_error(struct sock *sk);			/* 0 or -errno, cleared */
/* SO_PEEK_OFF follows what was read: onwards for a look, back for what was taken. */
static inline void sock_move_peek(struct sock *sk, s64 by)
{
	s32 off = READ_ONCE(sk->peek_off);

	if (unlikely(off >= 0))
		WRITE_ONCE(sk->peek_off, (s32)max(off + by, 0l));
}

/* What an interrupted or expired sleep becomes: -ERESTARTSYS without a timeout, else -EINTR;
 * -ETIMEDOUT becomes -EAGAIN. */
static inline int sock_intr(int err, ktime_t timeo)
{
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	return err == -ERESTARTSYS && timeo != WAIT_FOREVER ? -EINTR : err;
}
/* SIGPIPE unless MSG_NOSIGNAL; returns -EPIPE. */
int sock_pipe_error(u32 msg_flags);
/* The current process as SO_PEERCRED and SO_PEERGROUPS show it; *cred is replaced (NULL: not
 * wanted). */
void sock_peer_from_current(struct sock_cred *peer, struct cred **cred);

static inline ktime_t sock_deadline(ktime_t timeo)
{
	ktime_t when;

	if (timeo == WAIT_FOREVER || timeo == 0)
		return timeo ? WAIT_FOREVER : 0;
	return add_of(clock_monotonic(), timeo, &when) ? WAIT_FOREVER : when;
}

/* ---- descriptors on the way (SCM_RIGHTS) ---- */
#define SCM_MAX_FD 253u			/* as Linux */
struct scm_fds {
	u32 n, room;
	struct scm_fd {
		struct file *file;	/* a reference */
		u32 rights;
	} fd[];
};
void scm_fds_free(struct scm_fds *fds);		/* drops the references */

/* Limits: net.core.* */
struct sock_limits {
	u32 rmem_default, wmem_default, rmem_max, wmem_max, somaxconn, optmem_max;
};
extern struct sock_limits sock_limits;
