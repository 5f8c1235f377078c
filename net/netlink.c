/* SPDX-License-Identifier: MIT */
/* netlink.c - AF_NETLINK sockets: port ids, groups, queues. What the messages mean is the business
 * of whoever registered a protocol.
 *
 * A send is a request to the kernel: it is handled there and then, in the sender's thread, and its
 * answers lie in the sender's queue when send returns. A dump is answered whole, in messages of up
 * to DUMP_PIECE bytes; it may exceed rcvbuf, news may not: what does not fit is lost and the next
 * recv says ENOBUFS.
 *
 * Invariants: (1) a port id is unique in its protocol; 0 is the kernel. (2) a socket is on
 * net->nl.socks from creation to close.
 * Locks: net->nl.lock [RANK_SOCK_TABLE] for the list, ids and groups; rx.lock [RANK_SOCK_QUEUE];
 * bottom halves off.
 * Ref: netlink(7), rtnetlink(7). Tests: selftests/abi/netlink.c
 */
#include <net/netlink.h>

#include <kernel/bh.h>
#include <kernel/cred.h>
#include <kernel/lib/set.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/iter.h>
#include <mm/slab.h>
#include <net/net.h>
#include <net/rxqueue.h>

#define NR_PROTOS	 32u
#define SEND_MAX	 (1u << 20)
#define NETLINK_ALIGN(n) ALIGN_UP(n, 4u)

/* Locks: t  net->nl.lock   r  rx.lock */
struct netlink_sock {
	struct sock sk;			/* first */
	struct list link;		/* [t] */
	u32 pid;			/* [t] 0: not bound */
	u64 groups;			/* [t] bit n: group n + 1 */
	struct rxqueue rx;
	bool pktinfo, cap_ack, ext_ack, strict, no_enobufs, broadcast_error;
	bool overrun;			/* [r] news were lost */
};

/* netbuf.cb while queued. */
struct netlink_cb {
	u32 group;
};

static const struct netlink_proto *protos[NR_PROTOS];		/* boot only */
static const struct sock_ops netlink_ops;

void netlink_register(const struct netlink_proto *p)
{
	protos[p->protocol] = p;
}

void netlink_init(struct net_ns *net)
{
	spin_init(&net->nl.lock, RANK_SOCK_TABLE);
	list_init(&net->nl.socks);
	spin_init(&net->pkt.lock, RANK_SOCK_TABLE);
	list_init(&net->pkt.socks);
}

static struct netlink_sock *to_netlink(struct sock *sk)
{
	return container_of(sk, struct netlink_sock, sk);
}

/* ---- to the program ---- */

/* force: an answer, which must arrive. */
static int enqueue(struct netlink_sock *ns, struct netbuf *nb, bool force)
{
	int err = 0;

	spin_lock_bh(&ns->rx.lock);
	if (!force && atomic_read(&ns->sk.rmem) + nb->truesize > ns->sk.rcvbuf) {
		ns->overrun = !ns->no_enobufs;
		ns->sk.drops++;
		err = -ENOBUFS;
	} else {
		sock_charge_recv(&ns->sk, nb);
		netbuf_queue_add(&ns->rx.q, nb);
	}
	spin_unlock_bh(&ns->rx.lock);
	if (err)
		netbuf_free(nb);
	object_wake(&ns->sk.obj, EPOLLIN | EPOLLRDNORM | (err ? EPOLLERR : 0));
	return err;
}

static struct netbuf *wrap(const void *msg, u32 len, u32 group, u32 how)
{
	struct netbuf *nb = netbuf_alloc(len, 0, how);

	if (!nb)
		return NULL;
	memcpy(netbuf_put(nb, len), msg, len);
	netbuf_cb(nb, struct netlink_cb)->group = group;
	return nb;
}

int netlink_answer(const struct netlink_request *r, const void *msg, u32 len)
{
	struct netbuf *nb = wrap(msg, len, 0, PAGE_KERNEL);

	return nb ? enqueue(to_netlink(r->sk), nb, true) : -ENOBUFS;
}

bool netlink_has_listeners(struct net_ns *net, u16 protocol, u32 group)
{
	struct netlink_sock *ns;
	bool any = false;

	spin_lock_bh(&net->nl.lock);
	list_for_each_entry(ns, &net->nl.socks, link)
		any |= ns->sk.protocol == protocol && (ns->groups >> (group - 1) & 1);
	spin_unlock_bh(&net->nl.lock);
	return any;
}

void netlink_multicast(struct net_ns *net, u16 protocol, u32 group, const void *msg, u32 len)
{
	struct netlink_sock *ns;

	spin_lock_bh(&net->nl.lock);
	list_for_each_entry(ns, &net->nl.socks, link) {
		struct netbuf *nb;

		if (ns->sk.protocol != protocol || !(ns->groups >> (group - 1) & 1))
			continue;
		nb = wrap(msg, len, group, PAGE_ATOMIC);
		if (nb && enqueue(ns, nb, false))
			continue;		/* counted there */
	}
	spin_unlock_bh(&net->nl.lock);
}

/* ---- from the program ---- */

static void acknowledge(const struct netlink_request *r, const struct nl_header *h, int err)
{
	struct netlink_sock *ns = to_netlink(r->sk);
	bool capped = !err || ns->cap_ack;
	u32 quote = capped ? (u32)sizeof(*h) : h->len,
	    len = (u32)(sizeof(*h) + sizeof(s32)) + quote;
	struct netbuf *nb = netbuf_alloc(NETLINK_ALIGN(len), 0, PAGE_KERNEL);
	struct nl_header *e;
	s32 code = err;

	if (!nb)
		return;
	e = netbuf_put(nb, NETLINK_ALIGN(len));
	memset(e, 0, NETLINK_ALIGN(len));
	*e = (struct nl_header){ NETLINK_ALIGN(len), NLMSG_ERROR, ns->cap_ack ? NLM_F_CAPPED : 0,
				 h->seq, r->pid };
	memcpy(e + 1, &code, sizeof(code));
	memcpy((u8 *)(e + 1) + sizeof(code), h, quote);
	netbuf_cb(nb, struct netlink_cb)->group = 0;
	if (enqueue(ns, nb, true))
		r->sk->drops++;
}

static void handle_all(const struct netlink_request *r, const struct netlink_proto *p, u8 *buf,
		       u32 len)
{
	for (u32 at = 0; at + sizeof(struct nl_header) <= len;) {
		struct nl_header h;
		int err = 0;

		memcpy(&h, buf + at, sizeof(h));
		if (h.len < sizeof(h) || h.len > len - at)
			return;
		if ((h.flags & NLM_F_REQUEST) && h.type >= 16)
			err = p->request
				      ? p->request(r, (const struct nl_header *)(const void *)(buf +
											       at))
				      : -EOPNOTSUPP;
		if (err <= 0 && ((h.flags & NLM_F_ACK) || err))
			acknowledge(r, (const struct nl_header *)(const void *)(buf + at), err);
		at += NETLINK_ALIGN(h.len);
	}
}

static bool pid_taken(struct net_ns *net, u16 protocol, u32 pid)
{
	struct netlink_sock *ns;

	list_for_each_entry(ns, &net->nl.socks, link)
		if (ns->sk.protocol == protocol && ns->pid == pid)
			return true;
	return false;
}

/* (1) pid 0: the process's number, or the next free one from the top down. */
static int take_pid(struct netlink_sock *ns, u32 pid)
{
	struct net_ns *net = ns->sk.net;
	int err = 0;

	spin_lock_bh(&net->nl.lock);
	if (pid) {
		err = pid_taken(net, ns->sk.protocol, pid) ? -EADDRINUSE : 0;
	} else {
		pid = (u32)proc_pid(current_proc());
		for (u32 next = (u32)-4097; pid_taken(net, ns->sk.protocol, pid); next--)
			pid = next;
	}
	if (!err)
		ns->pid = pid;
	spin_unlock_bh(&net->nl.lock);
	return err;
}

static ssize_t netlink_send(struct sock *sk, struct sock_msg *m)
{
	struct netlink_sock *ns = to_netlink(sk);
	struct netlink_request r = { .sk = sk, .net = sk->net, .strict = ns->strict };
	usize len = iter_left(m->iter);
	auto_kfree u8 *buf = NULL;
	int err = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->has_addr && m->addr->family != AF_NETLINK)
		return -EINVAL;
	if (m->has_addr && m->addr->nl_pid)		/* between programs: nobody listens there */
		return -ECONNREFUSED;
	if (len > SEND_MAX || len > sk->sndbuf - 32)
		return -EMSGSIZE;
	if (!READ_ONCE(ns->pid))
		err = take_pid(ns, 0);
	if (err)
		return err;
	buf = kmalloc(len + 1, PAGE_KERNEL);
	if (!buf)
		return -ENOBUFS;
	if (iter_take(m->iter, buf, len) < len)
		return -EFAULT;
	r.pid = ns->pid;
	handle_all(&r, protos[sk->protocol], buf, (u32)len);
	return (ssize_t)len;
}

static bool something(struct netlink_sock *ns)
{
	return READ_ONCE(ns->rx.q.n) || READ_ONCE(ns->overrun) || atomic_read(&ns->sk.err);
}

static int wait_message(struct netlink_sock *ns, struct sock_msg *m, struct netbuf **out)
{
	ktime_t deadline = sock_deadline(ns->sk.rcvtimeo);
	int err;

	for (;;) {
		if (READ_ONCE(ns->overrun)) {
			WRITE_ONCE(ns->overrun, false);
			return -ENOBUFS;
		}
		if (rxqueue_take(&ns->rx, m->flags & MSG_PEEK, out))
			return 0;
		err = sock_take_error(&ns->sk);
		if (err)
			return err;
		if (m->nonblock)
			return -EAGAIN;
		err = waitq_wait_exclusive(&ns->sk.obj.readers, something(ns), WAIT_INTERRUPTIBLE,
					   deadline);
		if (err)
			return sock_intr(err, ns->sk.rcvtimeo);
	}
}

static ssize_t netlink_recv(struct sock *sk, struct sock_msg *m)
{
	struct netlink_sock *ns = to_netlink(sk);
	struct netbuf *nb;
	ssize_t ret;
	u32 group;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = wait_message(ns, m, &nb);
	if (err)
		return err;
	ret = rxqueue_give(nb, 0, m);
	group = netbuf_cb(nb, struct netlink_cb)->group;
	netbuf_free(nb);
	if (m->want_addr) {
		*m->addr = (struct sock_addr){ .family = AF_NETLINK,
					       .nl_groups = group ? 1u << (group - 1) : 0 };
		m->has_addr = true;
	}
	if (m->ctl && sock_flag(sk, SOCK_PASSCRED))
		m->ctl->present |= CTL_CRED;		/* from the kernel: pid, uid and gid 0 */
	if (m->ctl && ns->pktinfo) {
		m->ctl->present |= CTL_NLGROUP;
		m->ctl->nlgroup = group;
	}
	return ret;
}

/* ---- names, groups, options ---- */

static int join_groups(struct netlink_sock *ns, u64 set, u64 clear)
{
	struct net_ns *net = ns->sk.net;

	spin_lock_bh(&net->nl.lock);
	ns->groups = (ns->groups & ~clear) | set;
	spin_unlock_bh(&net->nl.lock);
	return 0;
}

static int netlink_bind(struct sock *sk, struct sock_addr *a)
{
	struct netlink_sock *ns = to_netlink(sk);
	int err = 0;

	if (a->family != AF_NETLINK)
		return -EINVAL;
	if (ns->pid && a->nl_pid != ns->pid)
		return -EINVAL;
	if (!ns->pid)
		err = take_pid(ns, a->nl_pid);
	return err ? err : join_groups(ns, a->nl_groups, U32_MAX);
}

static int netlink_connect(struct sock *sk, struct sock_addr *a, bool nonblock)
{
	if (a->family == AF_UNSPEC)
		return 0;
	if (a->family != AF_NETLINK)
		return -EINVAL;
	if (a->nl_pid && !capable(CAP_NET_ADMIN))
		return -EPERM;
	return to_netlink(sk)->pid ? 0 : take_pid(to_netlink(sk), 0);
}

static int netlink_getname(struct sock *sk, bool peer, struct sock_addr *out)
{
	*out = (struct sock_addr){ .family = AF_NETLINK };
	if (!peer) {
		out->nl_pid = to_netlink(sk)->pid;
		out->nl_groups = (u32)to_netlink(sk)->groups;
	}
	return 0;
}

static int netlink_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len)
{
	struct netlink_sock *ns = to_netlink(sk);
	s32 v;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (sock_opt_int(val, len, &v))
		return -EINVAL;
	switch (name) {
	case NETLINK_ADD_MEMBERSHIP:
	case NETLINK_DROP_MEMBERSHIP:
		if (v < 1 || (u32)v > min(protos[sk->protocol]->nr_groups, 64u))
			return -EINVAL;
		return name == NETLINK_ADD_MEMBERSHIP ? join_groups(ns, BIT(v - 1), 0)
						      : join_groups(ns, 0, BIT(v - 1));
	case NETLINK_PKTINFO:		ns->pktinfo = v; return 0;
	case NETLINK_BROADCAST_ERROR:	ns->broadcast_error = v; return 0;
	case NETLINK_NO_ENOBUFS:	ns->no_enobufs = v; return 0;
	case NETLINK_CAP_ACK:		ns->cap_ack = v; return 0;
	case NETLINK_EXT_ACK:		ns->ext_ack = v; return 0;
	case NETLINK_GET_STRICT_CHK:	ns->strict = v; return 0;
	default:			return -ENOPROTOOPT;
	}
}

static int netlink_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	struct netlink_sock *ns = to_netlink(sk);

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	switch (name) {
	case NETLINK_PKTINFO:		return sock_put_int(val, len, ns->pktinfo);
	case NETLINK_BROADCAST_ERROR:	return sock_put_int(val, len, ns->broadcast_error);
	case NETLINK_NO_ENOBUFS:	return sock_put_int(val, len, ns->no_enobufs);
	case NETLINK_CAP_ACK:		return sock_put_int(val, len, ns->cap_ack);
	case NETLINK_EXT_ACK:		return sock_put_int(val, len, ns->ext_ack);
	case NETLINK_GET_STRICT_CHK:	return sock_put_int(val, len, ns->strict);
	case NETLINK_LIST_MEMBERSHIPS:
		*len = min(*len, 8u);
		memcpy(val, &ns->groups, *len);
		*len = 8;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static u32 netlink_poll(struct sock *sk)
{
	struct netlink_sock *ns = to_netlink(sk);
	u32 mask = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

	if (READ_ONCE(ns->rx.q.n))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(ns->overrun) || atomic_read(&sk->err))
		mask |= EPOLLERR;
	return mask;
}

/* ---- birth and death ---- */

static int netlink_create(struct net_ns *net, u32 type, s32 protocol, struct sock **out)
{
	struct netlink_sock *ns;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol < 0 || (u32)protocol >= NR_PROTOS || !protos[protocol])
		return -EPROTONOSUPPORT;
	ns = knew(struct netlink_sock);
	if (!ns)
		return -ENOMEM;
	sock_init(&ns->sk, &netlink_ops, net, AF_NETLINK, (u16)type, (u16)protocol);
	rxqueue_init(&ns->rx);
	spin_lock_bh(&net->nl.lock);
	list_add_tail(&net->nl.socks, &ns->link);		/* (2) */
	spin_unlock_bh(&net->nl.lock);
	*out = &ns->sk;
	return 0;
}

static void netlink_close(struct sock *sk)
{
	struct net_ns *net = sk->net;

	spin_lock_bh(&net->nl.lock);
	list_del(&to_netlink(sk)->link);
	spin_unlock_bh(&net->nl.lock);
}

static void netlink_destroy(struct sock *sk)
{
	netbuf_queue_purge(&to_netlink(sk)->rx.q);
	sock_fini(sk);
}

static void netlink_free(struct sock *sk)
{
	kfree(to_netlink(sk));
}

static struct netlink_info info_of(const struct netlink_sock *ns)
{
	return (struct netlink_info){ .protocol = ns->sk.protocol,
				      .pid = ns->pid,
				      .groups = ns->groups,
				      .sk = &ns->sk,
				      .nr_groups = min(protos[ns->sk.protocol]->nr_groups, 64u),
				      .flags = (ns->pktinfo ? 2u : 0) |
					       (ns->broadcast_error ? 4u : 0) |
					       (ns->no_enobufs ? 8u : 0) |
					       (ns->cap_ack ? 0x20u : 0) };
}

bool netlink_walk(struct net_ns *net, u32 *skip,
		  bool (*fn)(const struct netlink_info *i, void *arg), void *arg)
{
	struct netlink_sock *ns;
	bool go_on = true;
	u32 pos = 0;

	for (u32 i = 0; i < NR_PROTOS && go_on; i++) {
		struct netlink_info kernel = { .protocol = (u16)i,
					       .nr_groups = protos[i]
								    ? min(protos[i]->nr_groups, 64u)
								    : 0 };

		if (!protos[i] || pos++ < *skip)
			continue;
		go_on = fn(&kernel, arg);		/* (1) */
		*skip += go_on;
	}
	spin_lock_bh(&net->nl.lock);
	list_for_each_entry(ns, &net->nl.socks, link) {
		struct netlink_info i = info_of(ns);

		if (!go_on)
			break;
		if (pos++ < *skip)
			continue;
		go_on = fn(&i, arg);
		*skip += go_on;
	}
	spin_unlock_bh(&net->nl.lock);
	return go_on;
}

static void netlink_backlog(struct sock *sk, struct netbuf *nb)
{
	netbuf_free(nb);
}

static const struct sock_ops netlink_ops = {
	.name = "NETLINK",
	.bind = netlink_bind,
	.connect = netlink_connect,
	.getname = netlink_getname,
	.send = netlink_send,
	.recv = netlink_recv,
	.setopt = netlink_setopt,
	.getopt = netlink_getopt,
	.poll = netlink_poll,
	.backlog = netlink_backlog,
	.close = netlink_close,
	.destroy = netlink_destroy,
	.free = netlink_free,
};
SOCK_FAMILY(netlink, .family = AF_NETLINK, .create = netlink_create);
