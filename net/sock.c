/* SPDX-License-Identifier: MIT */
/* sock.c - the life of a socket, its description, its owner lock and its budgets.
 *
 * A socket lives as long as somebody holds a reference (its description, a table, a timer, a bottom
 * half) or a packet is charged to it as sent: wmem starts at 1, sock_fini() takes that away, and
 * whoever brings it to 0 frees the memory.
 *
 *	sock_create -> open --close--> SOCK_DEAD --last reference--> ops->destroy, sock_fini --last
 *	sent packet--> ops->free
 *
 * Invariants: (1) `owned` changes only under lock.spin; (2) the backlog is empty when nobody owns
 * the socket: sock_unlock() works it off before it lets go; (3) rmem is the truesize of all packets
 * charged by sock_charge_recv() and not yet freed.
 *
 * Locks: lock.spin [RANK_SOCK] with bottom halves off. Ref: socket(7). Tests: selftests/abi/unix.c
 */
#include <net/sock.h>

#include <kernel/bh.h>
#include <kernel/cred.h>
#include <kernel/lib/set.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/iter.h>
#include <mm/slab.h>
#include <net/filter.h>
#include <net/netbuf.h>
#include <net/mib.h>

struct sock_limits sock_limits = {
	.rmem_default = 212992,
	.wmem_default = 212992,
	.rmem_max = 212992,
	.wmem_max = 212992,
	.somaxconn = 4096,
	.optmem_max = 131072,
};

static atomic64_t next_ino = { 1 };
static const struct object_ops sock_object_ops;

/* ---- birth and death ---- */

int sock_create(s32 family, u32 type, s32 protocol, struct sock **out)
{
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type >= SOCK_PACKET + 1 || !type)
		return -EINVAL;
	SET_FOR_EACH(sock_families, const struct sock_family, f)
		if (f->family == family)
			return f->create(current()->ns->net, type, protocol, out);
	return -EAFNOSUPPORT;
}

/* Of which kind it is, as /proc/net/protocols counts them. */
static enum mib kind_of(const struct sock *sk)
{
	bool six = sk->family == AF_INET6;

	switch (sk->family) {
	case AF_UNIX:	 return sk->type == SOCK_STREAM ? MIB_SOCK_UNIXstream : MIB_SOCK_UNIX;
	case AF_PACKET:	 return MIB_SOCK_PACKET;
	case AF_NETLINK: return MIB_SOCK_NETLINK;
	}
	if (sk->type == SOCK_STREAM)
		return six ? MIB_SOCK_TCPv6 : MIB_SOCK_TCP;
	if (sk->type == SOCK_RAW)
		return six ? MIB_SOCK_RAWv6 : MIB_SOCK_RAW;
	if (sk->protocol == IPPROTO_UDP)
		return six ? MIB_SOCK_UDPv6 : MIB_SOCK_UDP;
	return six ? MIB_SOCK_PINGv6 : MIB_SOCK_PING;
}

void sock_init(struct sock *sk, const struct sock_ops *ops, struct net_ns *net, u16 family,
	       u16 type, u16 protocol)
{
	object_init(&sk->obj, &sock_object_ops);
	sk->ops = ops;
	sk->net = net;
	sk->family = family;
	sk->type = type;
	sk->protocol = protocol;
	atomic_set(&sk->wmem, 1);
	sk->rcvbuf = READ_ONCE(sock_limits.rmem_default);
	sk->sndbuf = READ_ONCE(sock_limits.wmem_default);
	sk->rcvlowat = 1;
	sk->rcvtimeo = sk->sndtimeo = WAIT_FOREVER;
	sk->peek_off = -1;
	sk->incoming_cpu = -1;
	sk->ino = atomic_add_return(&next_ino, 1);
	sk->pacing_max = U64_MAX;
	sk->cred = cred_get(current_cred());
	mib_inc(kind_of(sk));
	spin_init(&sk->lock.spin, RANK_SOCK);
	netbuf_queue_init(&sk->lock.backlog);
	waitq_init(&sk->lock.q);
}

static void drop_wmem(struct sock *sk, u32 n)
{
	if (atomic_sub_return(&sk->wmem, n) == 0)
		sk->ops->free(sk);
}

void sock_fini(struct sock *sk)
{
	mib_sub(kind_of(sk), 1);
	cred_put(sk->cred);
	if (sk->peer_cred)
		cred_put(sk->peer_cred);
	filter_free(sk);
	drop_wmem(sk, 1);
}

static void sock_release(struct object *o)
{
	struct sock *sk = to_sock(o);

	sk->ops->destroy(sk);
}

/* ---- the description ---- */

static ssize_t sock_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct sock *sk = to_sock(f->obj);
	struct sock_msg m = { .iter = to, .nonblock = file_nonblock(f) };

	if (!iter_left(to))
		return 0;
	return sk->ops->recv ? sk->ops->recv(sk, &m) : -EOPNOTSUPP;
}

static ssize_t sock_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct sock *sk = to_sock(f->obj);
	struct sock_msg m = { .iter = from, .nonblock = file_nonblock(f) };

	if (sk->type == SOCK_SEQPACKET)
		m.flags |= MSG_EOR;
	return sk->ops->send ? sk->ops->send(sk, &m) : -EOPNOTSUPP;
}

static ssize_t sock_write_page(struct file *f, struct page *page, u32 off, u32 n, bool more)
{
	struct sock *sk = to_sock(f->obj);
	struct iter it;
	struct sock_msg m = { .iter = &it,
			      .nonblock = file_nonblock(f),
			      .flags = more ? MSG_MORE : 0 };

	if (sk->ops->send_page)
		return sk->ops->send_page(sk, page, off, n,
					  m.flags | (m.nonblock ? MSG_DONTWAIT : 0));
	iter_kernel(&it, (u8 *)page_to_virt(page) + off, n);
	return sk->ops->send ? sk->ops->send(sk, &m) : -EOPNOTSUPP;
}

static u32 sock_poll(struct file *f)
{
	struct sock *sk = to_sock(f->obj);

	return sk->ops->poll(sk);
}

static int sock_mmap(struct file *f, struct vm_request *req)
{
	struct sock *sk = to_sock(f->obj);

	return sk->ops->mmap ? sk->ops->mmap(sk, req) : -ENODEV;
}

static void sock_file_release(struct file *f)
{
	struct sock *sk = to_sock(f->obj);

	if (sk->ops->close)
		sk->ops->close(sk);
	sock_set_flag(sk, SOCK_DEAD, true);
	mib_sub(MIB_SOCK_Used, 1);
}

static u64 sock_ino(struct object *o)
{
	return to_sock(o)->ino;
}

static const struct object_ops sock_object_ops = {
	.name = "socket:[%lu]",
	.type = OBJ_SOCKET,
	.read = sock_read,
	.write = sock_write,
	.write_page = sock_write_page,
	.poll = sock_poll,
	.mmap = sock_mmap,
	.file_release = sock_file_release,
	.release = sock_release,
	.ino = sock_ino,
	.async = true,
	.urgent = true,
};

int sock_file(struct sock *sk, u32 flags, struct file **out)
{
	int err;

	/* file_create() drops one when it fails, and the protocol has to forget the socket first */
	object_get(&sk->obj);
	err = file_create(&sk->obj, O_RDWR | (flags & O_NONBLOCK), out);
	if (err) {
		sock_abandon(sk);
		return err;
	}
	object_put(&sk->obj);
	mib_inc(MIB_SOCK_Used);
	return 0;
}

struct sock *sock_of_file(struct file *f)
{
	return f->obj->ops == &sock_object_ops ? to_sock(f->obj) : NULL;
}

/* ---- the owner lock ---- */

static bool try_own(struct sock_lock *l)
{
	bool got;

	spin_lock_bh(&l->spin);
	got = !l->owned;
	if (got)
		l->owned = true;
	spin_unlock_bh(&l->spin);
	return got;
}

void sock_lock(struct sock *sk)
{
	int err = waitq_wait_exclusive(&sk->lock.q, try_own(&sk->lock), WAIT_UNINTERRUPTIBLE,
				       WAIT_FOREVER);

	assert(!err);
}

/* (2) Packets that came meanwhile; more may come while these are worked on. */
static void work_off_backlog(struct sock *sk) NO_LOCK_CHECK
{
	struct sock_lock *l = &sk->lock;

	while (l->backlog.n || l->kicked) {
		struct netbuf *nb = netbuf_queue_take(&l->backlog);
		bool kicked = l->kicked;

		l->kicked = false;
		spin_unlock(&l->spin);
		if (nb)
			sk->ops->backlog(sk, nb);
		if (kicked)
			sk->ops->kicked(sk);
		spin_lock(&l->spin);
	}
}

void sock_unlock(struct sock *sk) NO_LOCK_CHECK
{
	struct sock_lock *l = &sk->lock;

	spin_lock_bh(&l->spin);
	if (unlikely(l->backlog.n || l->kicked))
		work_off_backlog(sk);
	l->owned = false;
	spin_unlock_bh(&l->spin);
	if (unlikely(waitq_active(&l->q)))
		waitq_wake_one(&l->q);
}

bool sock_bh_lock(struct sock *sk) NO_LOCK_CHECK
{
	spin_lock_bh(&sk->lock.spin);
	return !sk->lock.owned;
}

void sock_bh_unlock(struct sock *sk) NO_LOCK_CHECK
{
	spin_unlock_bh(&sk->lock.spin);
}

bool sock_backlog_add(struct sock *sk, struct netbuf *nb)
{
	if (sk->lock.backlog.bytes + atomic_read(&sk->rmem) > (u64)sk->rcvbuf + sk->sndbuf)
		return false;
	netbuf_queue_add(&sk->lock.backlog, nb);
	return true;
}

/* ---- budgets ---- */

void sock_send_done(struct netbuf *nb)
{
	struct sock *sk = nb->sk;
	u32 n = nb->truesize;

	/* The wake-up looks at wmem: all but one byte first, then wake while the memory is still
	 * ours, then the rest. */
	if (atomic_sub_return(&sk->wmem, n - 1) - 1 < sk->sndbuf / 2 && !sock_flag(sk, SOCK_DEAD))
		object_wake(&sk->obj, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	drop_wmem(sk, 1);
}

void sock_charge_send(struct sock *sk, struct netbuf *nb)
{
	nb->sk = sk;
	nb->destroy = sock_send_done;
	atomic_add(&sk->wmem, nb->truesize);
}

static void recv_done(struct netbuf *nb)
{
	atomic_sub(&nb->sk->rmem, nb->truesize);
}

void sock_charge_recv(struct sock *sk, struct netbuf *nb)
{
	if (nb->destroy)
		nb->destroy(nb);
	nb->sk = sk;
	nb->destroy = recv_done;
	atomic_add(&sk->rmem, nb->truesize);
}

static bool may_send(struct sock *sk)
{
	return sock_wmem(sk) < sk->sndbuf || atomic_read(&sk->err) ||
	       (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN);
}

int sock_wait_send(struct sock *sk, bool nonblock, ktime_t deadline)
{
	int err;

	for (;;) {
		err = sock_take_error(sk);
		if (err)
			return err;
		if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
			return -EPIPE;
		if (likely(sock_wmem(sk) < sk->sndbuf))
			return 0;
		if (nonblock)
			return -EAGAIN;
		err = waitq_wait(&sk->obj.writers, may_send(sk), WAIT_INTERRUPTIBLE, deadline);
		if (err)
			return sock_intr(err, sk->sndtimeo);
	}
}

/* ---- errors ---- */

void sock_set_error(struct sock *sk, u32 err)
{
	atomic_set(&sk->err, err);
	object_wake(&sk->obj, EPOLLERR | EPOLLIN | EPOLLOUT);
}

int sock_take_error(struct sock *sk)
{
	if (likely(!atomic_read(&sk->err)))
		return 0;
	return -(int)atomic_xchg(&sk->err, 0);
}

int sock_pipe_error(u32 msg_flags)
{
	struct siginfo_k info = { .sig = SIGPIPE,
				  .code = SI_USER,
				  .pid = proc_pid(current_proc()),
				  .uid = current_cred()->uid.v };

	if (!(msg_flags & MSG_NOSIGNAL))
		signal_send_task(current(), &info);
	return -EPIPE;
}

void sock_peer_from_current(struct sock_cred *peer, struct cred **cred)
{
	const struct cred *c = current_cred();

	*peer = (struct sock_cred){ proc_pid(current_proc()), c->euid.v, c->egid.v };
	if (cred) {
		if (*cred)
			cred_put(*cred);
		*cred = cred_get(current_cred());
	}
}

void scm_fds_free(struct scm_fds *fds)
{
	if (!fds)
		return;
	for (u32 i = 0; i < fds->n; i++)
		file_put(fds->fd[i].file);
	kfree(fds);
}

void sock_boot_init(void)
{
	netbuf_init();
}

void sock_abandon(struct sock *sk)
{
	if (sk->ops->close)
		sk->ops->close(sk);
	sock_set_flag(sk, SOCK_DEAD, true);
	sock_put(sk);
}
