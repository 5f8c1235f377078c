/* SPDX-License-Identifier: MIT */
/* rxqueue.c - whole packets that wait to be received. Locks: the queue's own. Ref: recv(2). Tests:
 * selftests/abi/udp.c, selftests/abi/packet.c, selftests/abi/netlink.c */
#include <net/rxqueue.h>

#include <kernel/bh.h>
#include <mm/iter.h>

void rxqueue_init(struct rxqueue *r)
{
	spin_init(&r->lock, RANK_SOCK_QUEUE);
	netbuf_queue_init(&r->q);
}

bool rxqueue_take(struct rxqueue *r, bool peek, struct netbuf **out)
{
	struct netbuf *nb;

	spin_lock_bh(&r->lock);
	nb = netbuf_queue_first(&r->q);
	if (nb && peek)
		nb = netbuf_clone(nb, PAGE_ATOMIC);
	else if (nb)
		netbuf_queue_del(&r->q, nb);
	spin_unlock_bh(&r->lock);
	*out = nb;
	return nb != NULL;
}

bool rxqueue_peek_at(struct rxqueue *r, u32 *skip, struct netbuf **out)
{
	struct netbuf *nb;

	spin_lock_bh(&r->lock);
	for (nb = netbuf_queue_first(&r->q); nb && *skip >= nb->len && (*skip || nb->peeked);
	     nb = netbuf_queue_next(&r->q, nb))
		*skip -= nb->len;
	if (nb)
		nb->peeked = true;	/* an empty one is shown once */
	*out = nb ? netbuf_clone(nb, PAGE_ATOMIC) : NULL;
	spin_unlock_bh(&r->lock);
	return *out != NULL;
}

u32 rxqueue_first_len(struct rxqueue *r)
{
	struct netbuf *nb;
	u32 n;

	spin_lock_bh(&r->lock);
	nb = netbuf_queue_first(&r->q);
	n = nb ? nb->len : 0;
	spin_unlock_bh(&r->lock);
	return n;
}

/* Others than the n packets that were no good. */
static bool something(struct rxqueue *r, struct sock *sk, u32 n)
{
	return READ_ONCE(r->q.n) != n || atomic_read(&sk->err) ||
	       (READ_ONCE(sk->shutdown) & RCV_SHUTDOWN);
}

static bool take(struct rxqueue *r, const struct sock *sk, const struct sock_msg *m, u32 *skip,
		 struct netbuf **out)
{
	s32 off = READ_ONCE(sk->peek_off);

	if (!skip)
		return rxqueue_take(r, m->flags & MSG_PEEK, out);
	*skip = 0;
	if (off < 0 || !(m->flags & MSG_PEEK))
		return rxqueue_take(r, m->flags & MSG_PEEK, out);
	*skip = (u32)off;
	return rxqueue_peek_at(r, skip, out);
}

int rxqueue_wait(struct rxqueue *r, struct sock *sk, struct sock_msg *m, u32 *skip,
		 struct netbuf **out)
{
	ktime_t deadline = sock_deadline(sk->rcvtimeo);
	int err;

	for (;;) {
		err = sock_take_error(sk);
		if (err)
			return err;
		u32 n = READ_ONCE(r->q.n);

		if (take(r, sk, m, skip, out) || (READ_ONCE(sk->shutdown) & RCV_SHUTDOWN))
			return 0;
		if (m->nonblock)
			return -EAGAIN;
		err = waitq_wait_exclusive(&sk->obj.readers, something(r, sk, n),
					   WAIT_INTERRUPTIBLE, deadline);
		if (err)
			return sock_intr(err, sk->rcvtimeo);
	}
}

ssize_t rxqueue_give(const struct netbuf *nb, u32 skip, struct sock_msg *m)
{
	u32 n = (u32)min((usize)(nb->len - skip), iter_left(m->iter));
	int err = netbuf_to_iter(nb, skip, m->iter, n);

	if (n < nb->len - skip)
		m->out_flags |= MSG_TRUNC;
	if (err)
		return err;
	return m->flags & MSG_TRUNC ? (ssize_t)nb->len : (ssize_t)n;
}
