/* SPDX-License-Identifier: MIT */
/* unix.c - AF_UNIX: connections, ends. Names are in unix_name.c.
 *
 * A stream socket (and a seqpacket one) connects by making the server's end itself, pairing the
 * two, and leaving the new end in the listener's accept queue; both can send at once. Datagram
 * sockets have at most a one-way peer.
 *
 *	CLOSED --listen--> LISTENING			CLOSED --connect--> CONNECTED --close of either--> peer: shutdown both ways
 *
 * Invariants:
 *  (1) a stream's peer is set under both locks before either end can send, and kept with its
 *      reference until close: senders read it without a lock. close() gives the reference back:
 *      nobody sends through a closed end.
 *  (2) a datagram peer changes under u's read_lock and lock; u is on peer->clients while it is
 *      connected.
 *  (3) after close() nothing is queued: SOCK_DEAD is set under the lock before the queue is purged.
 *
 * Locks: sk.lock.spin [RANK_SOCK], two by address; net->un.lock [RANK_SOCK_TABLE].
 * Ref: unix(7), socketpair(2), connect(2), listen(2). Tests: selftests/abi/unix.c
 */
#include "unix_int.h"

#include <kernel/cred.h>
#include <kernel/lib/set.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/task.h>
#include <mm/slab.h>

#define MAX_DGRAM_QLEN	10u		/* net.unix.max_dgram_qlen */

void (*unix_drop_node)(void *node);
void (*unix_node_id)(void *node, u32 out[2]);

static struct slab_cache *unix_cache;
static const struct sock_ops stream_ops, dgram_ops, seqpacket_ops;

void unix_net_init(struct net_ns *net)
{
	if (!unix_cache)
		unix_cache = slab_cache_create("unix_sock", sizeof(struct unix_sock), 64);
	spin_init(&net->un.lock, RANK_SOCK_TABLE);
	list_init(&net->un.all);
	net->un.max_dgram_qlen = MAX_DGRAM_QLEN;
}

/* ---- birth and death ---- */

static struct unix_sock *unix_alloc(struct net_ns *net, const struct sock_ops *ops, u32 type)
{
	struct unix_sock *u = slab_alloc(unix_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!u)
		return NULL;
	sock_init(&u->sk, ops, net, AF_UNIX, (u16)type, 0);
	u->sk.state = UNIX_CLOSED;
	u->sk.max_ack_backlog = net->un.max_dgram_qlen;
	netbuf_queue_init(&u->rx);
	mutex_init(&u->read_lock, RANK_OBJ_SLEEP);
	waitq_init(&u->room);
	list_init(&u->accept_q);
	list_init(&u->accept_link);
	list_init(&u->clients);
	list_init(&u->client_link);
	list_init(&u->gc_link);
	spin_lock(&net->un.lock);
	list_add_tail(&net->un.all, &u->all);
	spin_unlock(&net->un.lock);
	return u;
}

static int unix_create(struct net_ns *net, u32 type, s32 protocol, struct sock **out)
{
	const struct sock_ops *ops;
	struct unix_sock *u;

	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	switch (type) {
	case SOCK_STREAM:
		ops = &stream_ops;
		break;
	case SOCK_RAW:			/* as Linux: a datagram socket */
		type = SOCK_DGRAM;
		fallthrough;
	case SOCK_DGRAM:
		ops = &dgram_ops;
		break;
	case SOCK_SEQPACKET:
		ops = &seqpacket_ops;
		break;
	default:
		return -ESOCKTNOSUPPORT;
	}
	u = unix_alloc(net, ops, type);
	if (!u)
		return -ENOMEM;
	*out = &u->sk;
	return 0;
}

static void unix_free(struct sock *sk)
{
	slab_free(unix_cache, to_unix(sk));
}

static void unix_destroy(struct sock *sk)
{
	struct unix_sock *u = to_unix(sk);
	struct net_ns *net = sk->net;

	spin_lock(&net->un.lock);
	list_del(&u->all);
	spin_unlock(&net->un.lock);
	netbuf_queue_purge(&u->rx);
	if (u->name)
		unix_name_put(u->name);
	sock_fini(sk);
}

static void leave_tables(struct unix_sock *u)
{
	struct net_ns *net = u->sk.net;

	spin_lock(&net->un.lock);
	if (hnode_linked(&u->hash))
		hlist_del(&u->hash);
	spin_unlock(&net->un.lock);
	if (u->node)
		unix_drop_node(u->node);
	u->node = NULL;
}

/* The other end of a stream learns that we have gone. */
static void hang_up(struct unix_sock *peer, bool unread)
{
	spin_lock(&peer->sk.lock.spin);
	peer->sk.shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	spin_unlock(&peer->sk.lock.spin);
	if (unread)
		atomic_set(&peer->sk.err, ECONNRESET);
	object_wake(&peer->sk.obj, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLHUP | EPOLLRDHUP);
}

static void refuse_waiting(struct list *conns)
{
	struct unix_sock *c, *next;

	list_for_each_entry_safe(c, next, conns, accept_link) {
		list_del_init(&c->accept_link);
		c->sk.ops->close(&c->sk);
		sock_set_flag(&c->sk, SOCK_DEAD, true);
		sock_put(&c->sk);
	}
}

/* Datagram sockets connected to one that closes: their next send says ECONNREFUSED. */
static void orphan_clients(struct unix_sock *u)
{
	for (;;) {
		struct unix_sock *c;

		spin_lock(&u->sk.lock.spin);
		c = list_first_or_null(&u->clients, struct unix_sock, client_link);
		if (c) {
			list_del_init(&c->client_link);
			sock_get(&c->sk);
		}
		spin_unlock(&u->sk.lock.spin);
		if (!c)
			return;
		object_wake(&c->sk.obj, EPOLLOUT | EPOLLWRNORM);
		sock_put(&c->sk);
	}
}

static void unix_close(struct sock *sk)
{
	struct unix_sock *u = to_unix(sk), *peer;
	struct netbuf_queue rx;
	struct list conns;
	bool unread;

	leave_tables(u);
	netbuf_queue_init(&rx);
	list_init(&conns);
	spin_lock(&sk->lock.spin);
	sock_set_flag(sk, SOCK_DEAD, true);		/* (3) */
	sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	sk->state = UNIX_CLOSED;
	list_splice_tail(&rx.head, &u->rx.head);
	unread = u->rx.n != 0 || !list_empty(&u->accept_q);
	netbuf_queue_init(&u->rx);
	list_splice_tail(&conns, &u->accept_q);
	peer = u->peer;
	spin_unlock(&sk->lock.spin);
	waitq_wake_all(&u->room);
	if (sk->type == SOCK_DGRAM) {
		unix_set_peer(u, NULL);
		orphan_clients(u);
	} else if (peer) {
		hang_up(peer, unread);
		spin_lock(&sk->lock.spin);
		u->peer = NULL;
		spin_unlock(&sk->lock.spin);
		sock_put(&peer->sk);
	}
	refuse_waiting(&conns);
	netbuf_queue_purge(&rx);
	unix_gc_consider();
}

/* ---- peers ---- */

struct unix_sock *unix_peer_get(struct unix_sock *u)
{
	struct unix_sock *p;

	spin_lock(&u->sk.lock.spin);
	p = u->peer;
	if (p)
		sock_get(&p->sk);
	spin_unlock(&u->sk.lock.spin);
	return p;
}

void unix_set_peer(struct unix_sock *u, struct unix_sock *peer)
{
	struct unix_sock *old;

	mutex_lock(&u->read_lock);
	spin_lock(&u->sk.lock.spin);
	old = u->peer;
	u->peer = peer;
	u->sk.state = peer ? UNIX_CONNECTED : UNIX_CLOSED;
	spin_unlock(&u->sk.lock.spin);
	if (old) {			/* (2) */
		spin_lock(&old->sk.lock.spin);
		list_del_init(&u->client_link);
		spin_unlock(&old->sk.lock.spin);
		if (peer != old && READ_ONCE(old->peer) == u && !sock_flag(&u->sk, SOCK_DEAD))
			sock_set_error(&old->sk, ECONNRESET);
		sock_put(&old->sk);
	}
	if (peer && peer != u) {
		spin_lock(&peer->sk.lock.spin);
		if (!sock_flag(&peer->sk, SOCK_DEAD))
			list_add_tail(&peer->clients, &u->client_link);
		spin_unlock(&peer->sk.lock.spin);
	}
	mutex_unlock(&u->read_lock);
}

bool unix_queue_full(const struct unix_sock *u)
{
	return READ_ONCE(u->rx.n) > u->sk.max_ack_backlog;
}

void unix_wake_senders(struct unix_sock *u)
{
	struct unix_sock *c;

	if (waitq_active(&u->room))
		waitq_wake_all(&u->room);
	if (list_empty_racy(&u->clients))
		return;
	spin_lock(&u->sk.lock.spin);
	list_for_each_entry(c, &u->clients, client_link)
		object_wake(&c->sk.obj, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	spin_unlock(&u->sk.lock.spin);
}

static int dgram_connect(struct sock *sk, struct sock_addr *a, bool nonblock)
{
	struct unix_sock *u = to_unix(sk), *other = NULL, *back;
	int err;

	if (a->family == AF_UNSPEC) {
		unix_set_peer(u, NULL);
		return 0;
	}
	if (sock_flag(sk, SOCK_PASSCRED | SOCK_PASSPIDFD)) {
		err = unix_autobind(u);
		if (err)
			return err;
	}
	err = unix_find(sk->net, a, sk->type, &other);
	if (err)
		return err;
	back = unix_peer_get(other);
	err = sock_flag(&other->sk, SOCK_DEAD) ? -ECONNREFUSED : back && back != u ? -EPERM : 0;
	if (back)
		sock_put(&back->sk);
	if (err)
		sock_put(&other->sk);
	else
		unix_set_peer(u, other);
	return err;
}

static int unix_pair(struct sock *a, struct sock *b)
{
	struct unix_sock *ua = to_unix(a), *ub = to_unix(b);

	sock_get(a);
	sock_get(b);
	if (a->type == SOCK_DGRAM) {
		unix_set_peer(ua, ub);
		unix_set_peer(ub, ua);
	} else {
		ua->peer = ub;
		ub->peer = ua;
		a->state = b->state = UNIX_CONNECTED;
	}
	sock_peer_from_current(&a->peer, &a->peer_cred);
	sock_peer_from_current(&b->peer, &b->peer_cred);
	return 0;
}

/* ---- connections ---- */

static int unix_listen(struct sock *sk, u32 backlog)
{
	struct unix_sock *u = to_unix(sk);
	int err = 0;

	spin_lock(&sk->lock.spin);
	if (!u->name || (sk->state != UNIX_CLOSED && sk->state != UNIX_LISTENING)) {
		err = -EINVAL;
	} else {
		sk->max_ack_backlog = backlog;
		sk->state = UNIX_LISTENING;
		sock_peer_from_current(&sk->peer, &sk->peer_cred);
	}
	spin_unlock(&sk->lock.spin);
	if (!err)
		waitq_wake_all(&u->room);
	return err;
}

static bool accept_q_full(const struct sock *l)
{
	return atomic_read(&l->ack_backlog) > l->max_ack_backlog;
}

static bool may_queue(const struct unix_sock *l)
{
	return !accept_q_full(&l->sk) || sock_flag(&l->sk, SOCK_DEAD) ||
	       (READ_ONCE(l->sk.shutdown) & RCV_SHUTDOWN);
}

/* Both locks held: pairs u with its new other end and queues that. 1: the queue is full. */
static int join(struct unix_sock *u, struct unix_sock *end, struct unix_sock *l)
{
	if (u->sk.state != UNIX_CLOSED)
		return u->sk.state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
	if (sock_flag(&l->sk, SOCK_DEAD) || l->sk.state != UNIX_LISTENING ||
	    (l->sk.shutdown & RCV_SHUTDOWN))
		return -ECONNREFUSED;
	if (accept_q_full(&l->sk))
		return 1;
	sock_peer_from_current(&end->sk.peer, &end->sk.peer_cred);
	u->sk.peer = l->sk.peer;
	if (l->sk.peer_cred)
		u->sk.peer_cred = cred_get(l->sk.peer_cred);
	end->name = l->name;
	ref_get(&end->name->refs);
	sock_get(&u->sk);
	sock_get(&end->sk);
	end->peer = u;
	u->peer = end;			/* (1) */
	end->sk.state = u->sk.state = UNIX_CONNECTED;
	list_add_tail(&l->accept_q, &end->accept_link);
	atomic_inc(&l->sk.ack_backlog);
	return 0;
}

static int connect_to(struct unix_sock *u, struct unix_sock *end, struct unix_sock *l,
		      bool nonblock)
{
	ktime_t deadline = sock_deadline(u->sk.sndtimeo);
	int err;

	for (;;) {
		spin_lock_two(&u->sk.lock.spin, &l->sk.lock.spin);
		err = join(u, end, l);
		spin_unlock_two(&u->sk.lock.spin, &l->sk.lock.spin);
		if (err <= 0)
			return err;
		if (nonblock)
			return -EAGAIN;
		err = waitq_wait(&l->room, may_queue(l), WAIT_INTERRUPTIBLE, deadline);
		if (err)
			return sock_intr(err, u->sk.sndtimeo);
	}
}

static int stream_connect(struct sock *sk, struct sock_addr *a, bool nonblock)
{
	struct unix_sock *u = to_unix(sk), *l, *end;
	int err;

	if (a->family == AF_UNSPEC)
		return -EINVAL;
	if (sock_flag(sk, SOCK_PASSCRED | SOCK_PASSPIDFD)) {
		err = unix_autobind(u);
		if (err)
			return err;
	}
	err = unix_find(sk->net, a, sk->type, &l);
	if (err)
		return err;
	end = unix_alloc(sk->net, sk->ops, sk->type);
	err = end ? connect_to(u, end, l, nonblock) : -ENOMEM;
	if (!err)
		object_wake(&l->sk.obj, EPOLLIN | EPOLLRDNORM);
	else if (end)
		sock_put(&end->sk);
	sock_put(&l->sk);
	return err;
}

/* The first that waits; its reference becomes the caller's. */
static bool take_waiting(struct unix_sock *l, struct unix_sock **out)
{
	spin_lock(&l->sk.lock.spin);
	*out = list_first_or_null(&l->accept_q, struct unix_sock, accept_link);
	if (*out) {
		list_del_init(&(*out)->accept_link);
		atomic_dec(&l->sk.ack_backlog);
	}
	spin_unlock(&l->sk.lock.spin);
	return *out != NULL;
}

static int unix_accept(struct sock *sk, bool nonblock, struct sock **out)
{
	struct unix_sock *l = to_unix(sk), *end = NULL;
	int err;

	if (READ_ONCE(sk->state) != UNIX_LISTENING)
		return -EINVAL;
	if (!take_waiting(l, &end)) {
		if (READ_ONCE(sk->shutdown) & RCV_SHUTDOWN)
			return -EINVAL;
		if (nonblock)
			return -EAGAIN;
		err = waitq_wait_exclusive(&sk->obj.readers,
					   take_waiting(l, &end) ||
						   (READ_ONCE(sk->shutdown) & RCV_SHUTDOWN),
					   WAIT_INTERRUPTIBLE, sock_deadline(sk->rcvtimeo));
		if (err)
			return sock_intr(err, sk->rcvtimeo);
		if (!end)
			return -EINVAL;
	}
	if (waitq_active(&l->room))
		waitq_wake_all(&l->room);
	*out = &end->sk;
	return 0;
}

static int unix_shutdown(struct sock *sk, u32 how)
{
	struct unix_sock *peer = NULL;
	u8 mine = (u8)(how + 1), theirs = (u8)((mine & RCV_SHUTDOWN ? SEND_SHUTDOWN : 0) |
					       (mine & SEND_SHUTDOWN ? RCV_SHUTDOWN : 0));

	spin_lock(&sk->lock.spin);
	sk->shutdown |= mine;
	if (sk->type != SOCK_DGRAM && to_unix(sk)->peer) {
		peer = to_unix(sk)->peer;
		sock_get(&peer->sk);
	}
	spin_unlock(&sk->lock.spin);
	object_wake(&sk->obj, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLHUP | EPOLLRDHUP);
	waitq_wake_all(&to_unix(sk)->room);
	if (!peer)
		return 0;
	spin_lock(&peer->sk.lock.spin);
	peer->sk.shutdown |= theirs;
	spin_unlock(&peer->sk.lock.spin);
	object_wake(&peer->sk.obj, theirs == (RCV_SHUTDOWN | SEND_SHUTDOWN)
					   ? EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP
					   : EPOLLIN | EPOLLRDNORM | EPOLLRDHUP);
	sock_put(&peer->sk);
	return 0;
}

/* ---- poll ---- */

static u32 poll_common(struct sock *sk)
{
	struct unix_sock *u = to_unix(sk);
	u8 shut = READ_ONCE(sk->shutdown);
	u32 mask = 0;

	if (atomic_read(&sk->err))
		mask |= EPOLLERR;
	if (shut == (RCV_SHUTDOWN | SEND_SHUTDOWN))
		mask |= EPOLLHUP;
	if (shut & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(u->rx.n) || !list_empty_racy(&u->accept_q))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (sk->type != SOCK_DGRAM && READ_ONCE(sk->state) == UNIX_CLOSED)
		mask |= EPOLLHUP;
	return mask;
}

static bool has_room(const struct sock *sk)
{
	return READ_ONCE(sk->state) != UNIX_LISTENING && (u64)sock_wmem(sk) * 4 <= sk->sndbuf;
}

static u32 stream_poll(struct sock *sk)
{
	return poll_common(sk) | (has_room(sk) ? EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND : 0);
}

static u32 dgram_poll(struct sock *sk)
{
	struct unix_sock *u = to_unix(sk), *p;
	u32 mask = poll_common(sk);
	bool room = has_room(sk);

	if (room && READ_ONCE(u->peer)) {
		p = unix_peer_get(u);
		if (p) {
			room = READ_ONCE(p->peer) == u || !unix_queue_full(p);
			sock_put(&p->sk);
		}
	}
	return mask | (room ? EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND : 0);
}

static const struct sock_ops stream_ops = {
	.name = "UNIX-STREAM",
	.bind = unix_bind,
	.connect = stream_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.pair = unix_pair,
	.getname = unix_getname,
	.send = unix_stream_send,
	.recv = unix_stream_recv,
	.shutdown = unix_shutdown,
	.poll = stream_poll,
	.ioctl = unix_ioctl,
	.close = unix_close,
	.destroy = unix_destroy,
	.free = unix_free,
};
static const struct sock_ops dgram_ops = {
	.name = "UNIX",
	.bind = unix_bind,
	.connect = dgram_connect,
	.pair = unix_pair,
	.getname = unix_getname,
	.send = unix_dgram_send,
	.recv = unix_dgram_recv,
	.shutdown = unix_shutdown,
	.poll = dgram_poll,
	.ioctl = unix_ioctl,
	.close = unix_close,
	.destroy = unix_destroy,
	.free = unix_free,
};
static const struct sock_ops seqpacket_ops = {
	.name = "UNIX",
	.bind = unix_bind,
	.connect = stream_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.pair = unix_pair,
	.getname = unix_getname,
	.send = unix_seqpacket_send,
	.recv = unix_seqpacket_recv,
	.shutdown = unix_shutdown,
	.poll = dgram_poll,
	.ioctl = unix_ioctl,
	.close = unix_close,
	.destroy = unix_destroy,
	.free = unix_free,
};
SOCK_FAMILY(unix, .family = AF_UNIX, .create = unix_create);
