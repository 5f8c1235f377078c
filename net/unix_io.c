/* SPDX-License-Identifier: MIT */
/* unix_io.c - AF_UNIX: bytes, datagrams and descriptors from one queue to another.
 *
 * A sender builds a message with no lock held, then queues it at the other end under that end's
 * lock, where it also sees whether the end is still there. Budgets are the sender's: what it sent
 * and nobody read counts against its sndbuf.
 *
 * Invariants:
 *  (1) a stream's reader holds read_lock: the head of rx is its alone, senders only append. It
 *      copies with no spinlock held.
 *  (2) bytes before and after a message with descriptors, or from another sender where credentials
 *      are asked for, never come from one recv.
 *  (3) the queue of a closed socket stays empty: SOCK_DEAD is tested under the lock that close()
 *      sets it under.
 *
 * Locks: unix.c's. Ref: unix(7), recv(2), send(2). Tests: selftests/abi/unix.c
 */
#include "unix_int.h"

#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/iter.h>
#include <mm/slab.h>

#define STREAM_PIECE	32768u		/* bytes in one queued message of a stream */
#define LINEAR_MAX	2048u		/* up to here a message is one stretch; above pages */

#define SIOCINQ_ 0x541bu
#define SIOCOUTQ_ 0x5411u

/* ---- messages ---- */

static void msg_destroy(struct netbuf *nb)
{
	struct unix_cb *cb = unix_cb(nb);

	if (cb->fds) {
		unix_fds_taken(cb->fds);
		scm_fds_free(cb->fds);
	}
	if (cb->from)
		unix_name_put(cb->from);
	sock_send_done(nb);
}

/* n bytes of the caller's in a message charged to sk. */
static int make_message(struct sock *sk, struct iter *from, u32 n, struct netbuf **out)
{
	struct netbuf *nb = netbuf_alloc(min(n, LINEAR_MAX), 0, PAGE_KERNEL);
	int err;

	if (!nb)
		return -ENOBUFS;
	err = netbuf_from_iter(nb, from, n);
	if (err) {
		netbuf_free(nb);
		return err;
	}
	sock_charge_send(sk, nb);
	nb->destroy = msg_destroy;
	*out = nb;
	return 0;
}

/* Who sent it, when the sender said so or one of the two ends asks. */
static void add_cred(struct netbuf *nb, const struct sock *sk, const struct sock *to,
		     const struct sock_ctl *ctl)
{
	struct unix_cb *cb = unix_cb(nb);

	if (ctl && (ctl->present & CTL_CRED)) {
		cb->cred = ctl->cred;
	} else if (sock_flag(sk, SOCK_PASSCRED | SOCK_PASSPIDFD) ||
		   sock_flag(to, SOCK_PASSCRED | SOCK_PASSPIDFD)) {
		const struct cred *c = current_cred();

		cb->cred = (struct sock_cred){ proc_pid(current_proc()), c->uid.v, c->gid.v };
	}
}

/* The message takes the descriptors over. */
static void add_fds(struct netbuf *nb, struct sock_ctl *ctl)
{
	if (!ctl || !ctl->fds)
		return;
	unix_fds_queued(ctl->fds);
	unix_cb(nb)->fds = ctl->fds;
	ctl->fds = NULL;
}

/* Takes them out again; the collector reads the queue under the same lock. */
static struct scm_fds *take_fds(struct sock *sk, struct netbuf *nb)
{
	struct scm_fds *fds;

	spin_lock(&sk->lock.spin);
	fds = unix_cb(nb)->fds;
	unix_cb(nb)->fds = NULL;
	spin_unlock(&sk->lock.spin);
	unix_fds_taken(fds);
	return fds;
}

/* What a receiver asked to be told, and the descriptors. peek: the message keeps its own. */
static int give_ctl(struct sock *sk, struct netbuf *nb, struct sock_msg *m, bool peek)
{
	struct unix_cb *cb = unix_cb(nb);
	struct sock_ctl *ctl = m->ctl;
	struct scm_fds *copy;

	if (!ctl) {
		if (cb->fds)
			m->out_flags |= MSG_CTRUNC;
		return 0;
	}
	if (sock_flag(sk, SOCK_PASSCRED | SOCK_PASSPIDFD)) {
		/* the overflow ids */
		static const struct sock_cred unknown = { 0, 65534, 65534 };

		ctl->present |= (sock_flag(sk, SOCK_PASSCRED) ? CTL_CRED : 0) |
				(sock_flag(sk, SOCK_PASSPIDFD) ? CTL_PIDFD : 0);
		ctl->cred = cb->cred.pid ? cb->cred : unknown;
	}
	if (!cb->fds)
		return 0;
	if (peek) {
		copy = kmalloc(sizeof(*copy) + cb->fds->n * sizeof(copy->fd[0]), PAGE_KERNEL);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, cb->fds, sizeof(*copy) + cb->fds->n * sizeof(copy->fd[0]));
		for (u32 i = 0; i < copy->n; i++)
			file_get(copy->fd[i].file);
		ctl->fds = copy;
	} else {
		ctl->fds = take_fds(sk, nb);
	}
	ctl->present |= CTL_RIGHTS;
	return 0;
}

/* ---- streams: sending ---- */

/* Queues nb at the other end; -EPIPE: it has gone or will not read. */
static int deliver(struct unix_sock *to, struct netbuf *nb)
{
	int err = 0;

	spin_lock(&to->sk.lock.spin);
	/* (3) */
	if (unlikely(sock_flag(&to->sk, SOCK_DEAD) || (to->sk.shutdown & RCV_SHUTDOWN)))
		err = -EPIPE;
	else
		netbuf_queue_add(&to->rx, nb);
	spin_unlock(&to->sk.lock.spin);
	if (unlikely(err))
		netbuf_free(nb);
	else
		object_wake(&to->sk.obj, EPOLLIN | EPOLLRDNORM | EPOLLRDBAND);
	return err;
}

static int stream_send_check(struct sock *sk, struct sock_msg *m)
{
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->has_addr)
		return READ_ONCE(sk->state) == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (READ_ONCE(sk->state) != UNIX_CONNECTED && !READ_ONCE(sk->shutdown))
		return -ENOTCONN;
	return 0;
}

ssize_t unix_stream_send(struct sock *sk, struct sock_msg *m)
{
	struct unix_sock *peer = READ_ONCE(to_unix(sk)->peer);
	ktime_t deadline = sock_deadline(sk->sndtimeo);
	ssize_t sent = 0;
	int err = stream_send_check(sk, m);

	if (unlikely(err))
		return err;
	if (unlikely((READ_ONCE(sk->shutdown) & SEND_SHUTDOWN) || !peer))
		return sock_pipe_error(m->flags);
	while (iter_left(m->iter)) {
		u32 n = (u32)min(iter_left(m->iter), (usize)min(STREAM_PIECE, sk->sndbuf / 2 - 64));
		struct netbuf *nb = NULL;

		err = sock_wait_send(sk, m->nonblock, deadline);
		if (!err)
			err = make_message(sk, m->iter, n, &nb);
		if (err)
			break;
		add_cred(nb, sk, &peer->sk, m->ctl);
		add_fds(nb, m->ctl);
		err = deliver(peer, nb);
		if (err)
			break;
		sent += n;
	}
	if (sent)
		return sent;
	return err == -EPIPE ? sock_pipe_error(m->flags) : err;
}

/* ---- streams: receiving ---- */

static bool has_data(struct unix_sock *u)
{
	return READ_ONCE(u->rx.n) || atomic_read(&u->sk.err) ||
	       (READ_ONCE(u->sk.shutdown) & RCV_SHUTDOWN);
}

/* Waits for something to read; read_lock is dropped meanwhile. 1: there is; 0: the end; or
 * -errno. */
static int wait_for_data(struct unix_sock *u, bool nonblock, ktime_t deadline)
	MUST_HOLD(u->read_lock)
{
	int err;

	while (!READ_ONCE(u->rx.n)) {
		err = sock_take_error(&u->sk);
		if (err)
			return err;
		if (READ_ONCE(u->sk.shutdown) & RCV_SHUTDOWN)
			return READ_ONCE(u->rx.n) != 0;
		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&u->read_lock);
		err = waitq_wait(&u->sk.obj.readers, has_data(u), WAIT_INTERRUPTIBLE, deadline);
		mutex_lock(&u->read_lock);
		if (err)
			return sock_intr(err, u->sk.rcvtimeo);
	}
	return 1;
}

static void drop_head(struct unix_sock *u, struct netbuf *nb)
{
	spin_lock(&u->sk.lock.spin);
	netbuf_queue_del(&u->rx, nb);
	spin_unlock(&u->sk.lock.spin);
	netbuf_free(nb);
}

static bool same_sender(const struct unix_cb *a, const struct sock_cred *b)
{
	return a->cred.pid == b->pid && a->cred.uid == b->uid && a->cred.gid == b->gid;
}

/* State of one recv over several messages. */
struct stream_read {
	struct sock_msg *m;
	ssize_t copied;
	struct sock_cred from;
	/* from is set: further messages must come from the same sender */
	bool checked;
	bool stop;
};

/* Reads from the head. 0 or -EFAULT, -ENOMEM. */
static int read_head(struct unix_sock *u, struct netbuf *nb, struct stream_read *r)
{
	struct unix_cb *cb = unix_cb(nb);
	u32 n = (u32)min((usize)(nb->len - cb->consumed), iter_left(r->m->iter));
	int err;

	if (r->checked && (cb->fds || (sock_flag(&u->sk, SOCK_PASSCRED | SOCK_PASSPIDFD) &&
				       !same_sender(cb, &r->from)))) {
		r->stop = true;		/* (2) */
		return 0;
	}
	err = r->m->flags & MSG_TRUNC ? 0 : netbuf_to_iter(nb, cb->consumed, r->m->iter, n);
	if (err)
		return err;
	if (!r->checked || cb->fds) {
		bool had = cb->fds != NULL;

		err = give_ctl(&u->sk, nb, r->m, false);
		if (err)
			return err;
		r->from = cb->cred;
		r->checked = true;
		r->stop = had;		/* (2) */
	}
	if (r->m->flags & MSG_TRUNC)
		iter_advance(r->m->iter, n);
	r->copied += n;
	cb->consumed += n;
	if (cb->consumed == nb->len)
		drop_head(u, nb);
	return 0;
}

/* MSG_PEEK: copies from offset skip on and changes nothing. */
static int peek_all(struct unix_sock *u, struct stream_read *r, u32 skip)
{
	struct netbuf *nb;
	int err;

	for (nb = netbuf_queue_first(&u->rx); nb && iter_left(r->m->iter);
	     nb = list_first(&nb->link, struct netbuf, link)) {
		struct unix_cb *cb = unix_cb(nb);
		u32 at = cb->consumed, n;

		if (skip >= nb->len - at) {
			skip -= nb->len - at;
		} else {
			if (r->checked && (cb->fds || (sock_flag(&u->sk, SOCK_PASSCRED) &&
						       !same_sender(cb, &r->from))))
				break;
			at += skip;
			skip = 0;
			n = (u32)min((usize)(nb->len - at), iter_left(r->m->iter));
			err = netbuf_to_iter(nb, at, r->m->iter, n);
			if (err)
				return err;
			r->copied += n;
			if (!r->checked) {
				err = give_ctl(&u->sk, nb, r->m, true);
				if (err)
					return err;
				r->from = cb->cred;
				r->checked = true;
				if (cb->fds)
					break;
			}
		}
		spin_lock(&u->sk.lock.spin);		/* the next may be just arriving */
		if (nb->link.next == &u->rx.head) {
			spin_unlock(&u->sk.lock.spin);
			break;
		}
		spin_unlock(&u->sk.lock.spin);
	}
	return 0;
}

static void name_sender(struct unix_sock *u, struct sock_msg *m)
{
	struct unix_sock *peer = READ_ONCE(u->peer);

	if (!m->want_addr || !peer)
		return;
	m->has_addr = READ_ONCE(peer->name) != NULL;
	if (m->has_addr)
		unix_addr_of(peer->name, m->addr);
}

static int peek_stream(struct unix_sock *u, struct stream_read *r, ktime_t deadline)
	MUST_HOLD(u->read_lock)
{
	int err = wait_for_data(u, r->m->nonblock, deadline);

	return err <= 0 ? err : peek_all(u, r, (u32)max(READ_ONCE(u->sk.peek_off), 0));
}

static int read_stream(struct unix_sock *u, struct stream_read *r, usize target, ktime_t deadline)
	MUST_HOLD(u->read_lock)
{
	int err = 0;

	while (iter_left(r->m->iter) && !r->stop) {
		struct netbuf *nb = netbuf_queue_first(&u->rx);

		if (!READ_ONCE(u->rx.n)) {
			if ((usize)r->copied >= target)
				break;
			err = wait_for_data(u, r->m->nonblock, deadline);
			if (err <= 0)
				break;
			nb = netbuf_queue_first(&u->rx);
		}
		err = read_head(u, nb, r);
		if (err)
			break;
	}
	return err;
}

ssize_t unix_stream_recv(struct sock *sk, struct sock_msg *m)
{
	struct unix_sock *u = to_unix(sk);
	struct stream_read r = { .m = m };
	usize want = iter_left(m->iter),
	      target = m->flags & MSG_WAITALL ? want : min((usize)sk->rcvlowat, want);
	ktime_t deadline = sock_deadline(sk->rcvtimeo);
	int err;

	if (READ_ONCE(sk->state) != UNIX_CONNECTED)
		return -EINVAL;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&u->read_lock);
	err = m->flags & MSG_PEEK ? peek_stream(u, &r, deadline)
				  : read_stream(u, &r, target, deadline);
	if (!err && r.copied > 0)
		sock_move_peek(sk, m->flags & MSG_PEEK ? r.copied : -r.copied);
	mutex_unlock(&u->read_lock);
	if (r.copied)
		name_sender(u, m);
	return r.copied ? r.copied : err;
}

/* ---- datagrams ---- */

/* Where it goes: a reference. */
static int dgram_target(struct sock *sk, struct sock_msg *m, struct unix_sock **out)
{
	if (m->has_addr)
		return unix_find(sk->net, m->addr, sk->type, out);
	*out = unix_peer_get(to_unix(sk));
	return *out ? 0 : -ENOTCONN;
}

static bool dgram_room(struct unix_sock *u, struct unix_sock *to)
{
	return READ_ONCE(to->peer) == u || !unix_queue_full(to) || sock_flag(&to->sk, SOCK_DEAD) ||
	       (READ_ONCE(to->sk.shutdown) & RCV_SHUTDOWN);
}

/* Queues nb. 1: no room. Otherwise nb is gone. */
static int dgram_deliver(struct unix_sock *u, struct unix_sock *to, struct netbuf *nb)
{
	int err = 0;

	spin_lock(&to->sk.lock.spin);
	if (sock_flag(&to->sk, SOCK_DEAD))
		err = -ECONNREFUSED;
	else if (to->sk.shutdown & RCV_SHUTDOWN)
		err = -EPIPE;
	else if (to->peer && to->peer != u && to->sk.type == SOCK_DGRAM)
		err = -EPERM;
	else if (to->peer != u && to != u && unix_queue_full(to))
		err = 1;
	else
		netbuf_queue_add(&to->rx, nb);
	spin_unlock(&to->sk.lock.spin);
	if (!err)
		object_wake(&to->sk.obj, EPOLLIN | EPOLLRDNORM | EPOLLRDBAND);
	return err;
}

static int dgram_queue(struct unix_sock *u, struct unix_sock *to, struct netbuf *nb,
		       struct sock_msg *m)
{
	ktime_t deadline = sock_deadline(u->sk.sndtimeo);
	int err;

	while ((err = dgram_deliver(u, to, nb)) == 1) {
		err = m->nonblock ? -EAGAIN
				  : waitq_wait(&to->room, dgram_room(u, to), WAIT_INTERRUPTIBLE,
					       deadline);
		if (err) {
			err = sock_intr(err, u->sk.sndtimeo);
			break;
		}
	}
	if (err)
		netbuf_free(nb);
	if (err == -ECONNREFUSED && !m->has_addr && u->sk.type == SOCK_DGRAM)
		unix_set_peer(u, NULL);
	return err;
}

static int dgram_message(struct sock *sk, struct sock_msg *m, u32 n, struct unix_sock *to,
			 struct netbuf **out)
{
	struct netbuf *nb;
	int err = make_message(sk, m->iter, n, &nb);

	if (err)
		return err;
	add_cred(nb, sk, &to->sk, m->ctl);
	add_fds(nb, m->ctl);
	unix_cb(nb)->from = READ_ONCE(to_unix(sk)->name);
	if (unix_cb(nb)->from)
		ref_get(&unix_cb(nb)->from->refs);
	*out = nb;
	return 0;
}

ssize_t unix_dgram_send(struct sock *sk, struct sock_msg *m)
{
	struct unix_sock *u = to_unix(sk), *to;
	usize len = iter_left(m->iter);
	struct netbuf *nb;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (sock_flag(sk, SOCK_PASSCRED | SOCK_PASSPIDFD)) {
		err = unix_autobind(u);
		if (err)
			return err;
	}
	if (len > sk->sndbuf - min(32u, sk->sndbuf))
		return -EMSGSIZE;
	err = dgram_target(sk, m, &to);
	if (err)
		return err;
	err = sock_wait_send(sk, m->nonblock, sock_deadline(sk->sndtimeo));
	if (!err)
		err = dgram_message(sk, m, (u32)len, to, &nb);
	if (!err)
		err = dgram_queue(u, to, nb, m);
	sock_put(&to->sk);
	if (err == -EPIPE)
		return sock_pipe_error(m->flags);
	return err ? err : (ssize_t)len;
}

/* *skip: the bytes of it that SO_PEEK_OFF passes over, as it does over whole datagrams before. */
static bool take_dgram(struct unix_sock *u, bool peek, struct netbuf **out, u32 *skip)
{
	u32 off = peek ? (u32)max(READ_ONCE(u->sk.peek_off), 0) : 0;
	struct netbuf *nb;

	spin_lock(&u->sk.lock.spin);
	nb = netbuf_queue_first(&u->rx);
	while (nb && off && off >= nb->len) {
		off -= nb->len;
		nb = nb->link.next == &u->rx.head ? NULL
						  : list_first(&nb->link, struct netbuf, link);
	}
	if (nb && !peek)
		netbuf_queue_del(&u->rx, nb);
	spin_unlock(&u->sk.lock.spin);
	*out = nb;
	*skip = off;
	return nb != NULL;
}

/* The next datagram; with MSG_PEEK it stays queued, held there by read_lock. 0, -errno; *out NULL:
 * the end. */
static int wait_dgram(struct unix_sock *u, struct sock_msg *m, struct netbuf **out, u32 *skip)
	MUST_HOLD(u->read_lock)
{
	ktime_t deadline = sock_deadline(u->sk.rcvtimeo);
	int err;

	for (;;) {
		if (take_dgram(u, m->flags & MSG_PEEK, out, skip))
			return 0;
		err = sock_take_error(&u->sk);
		if (err)
			return err;
		if (READ_ONCE(u->sk.shutdown) & RCV_SHUTDOWN)
			return 0;
		if (m->nonblock)
			return -EAGAIN;
		mutex_unlock(&u->read_lock);
		err = waitq_wait_exclusive(&u->sk.obj.readers, has_data(u), WAIT_INTERRUPTIBLE,
					   deadline);
		mutex_lock(&u->read_lock);
		if (err)
			return sock_intr(err, u->sk.rcvtimeo);
	}
}

static ssize_t copy_dgram(struct unix_sock *u, struct netbuf *nb, u32 skip, struct sock_msg *m)
{
	bool peek = m->flags & MSG_PEEK;
	u32 n = (u32)min((usize)(nb->len - skip), iter_left(m->iter));
	int err = netbuf_to_iter(nb, skip, m->iter, n);

	if (err)
		return err;
	if (n < nb->len - skip)
		m->out_flags |= MSG_TRUNC;
	sock_move_peek(&u->sk, peek ? (s64)n : -(s64)nb->len);
	if (m->want_addr) {
		m->has_addr = unix_cb(nb)->from != NULL;
		if (m->has_addr)
			unix_addr_of(unix_cb(nb)->from, m->addr);
	}
	err = give_ctl(&u->sk, nb, m, peek);
	return err ? err : m->flags & MSG_TRUNC ? (ssize_t)(nb->len - skip) : (ssize_t)n;
}

ssize_t unix_dgram_recv(struct sock *sk, struct sock_msg *m)
{
	struct unix_sock *u = to_unix(sk);
	struct netbuf *nb = NULL;
	bool was_full;
	ssize_t n;
	u32 skip;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&u->read_lock);
	was_full = unix_queue_full(u);
	n = wait_dgram(u, m, &nb, &skip);
	if (!n && nb) {
		n = copy_dgram(u, nb, skip, m);
		if (!(m->flags & MSG_PEEK))
			netbuf_free(nb);
	} else if (!n && sk->type == SOCK_DGRAM && m->nonblock) {
		n = -EAGAIN;
	}
	mutex_unlock(&u->read_lock);
	if (was_full || waitq_active(&u->room))
		unix_wake_senders(u);
	return n;
}

/* ---- seqpacket: datagrams over a connection ---- */

ssize_t unix_seqpacket_send(struct sock *sk, struct sock_msg *m)
{
	int err = sock_take_error(sk);

	if (err)
		return err;
	if (READ_ONCE(sk->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
		return sock_pipe_error(m->flags);
	m->has_addr = false;
	return unix_dgram_send(sk, m);
}

ssize_t unix_seqpacket_recv(struct sock *sk, struct sock_msg *m)
{
	if (READ_ONCE(sk->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	return unix_dgram_recv(sk, m);
}

/* ---- ioctls ---- */

int unix_ioctl(struct sock *sk, u32 cmd, s32 *value)
{
	struct unix_sock *u = to_unix(sk);
	struct netbuf *nb;
	u32 n = 0;

	switch (cmd) {
	case SIOCOUTQ_:
		*value = (s32)sock_wmem(sk);
		return 0;
	case SIOCINQ_:
		if (sk->state == UNIX_LISTENING)
			return -EINVAL;
		spin_lock(&sk->lock.spin);
		list_for_each_entry(nb, &u->rx.head, link) {
			n += nb->len - unix_cb(nb)->consumed;
			if (sk->type == SOCK_DGRAM)
				break;
		}
		spin_unlock(&sk->lock.spin);
		*value = (s32)n;
		return 0;
	default:
		return -ENOTTY;
	}
}
