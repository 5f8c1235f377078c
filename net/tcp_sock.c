/* SPDX-License-Identifier: MIT */
/* tcp_sock.c - TCP sockets: sending, receiving, polling.
 *
 * What is sent is copied into pages that a CPU's small sends share; sendfile and splice hand over
 * pages of their own. What was received stays in its packets until it is read. SO_RCVLOWAT,
 * MSG_WAITALL, MSG_PEEK, MSG_TRUNC and the urgent byte are decided here.
 *
 * Locks: the owner lock; user memory is touched while the socket is owned, packets then go to the
 * backlog.
 * Ref: send(2), recv(2), tcp(7), poll(2); RFC 6093. Tests: selftests/abi/tcp.c
 */
#include "tcp_int.h"

#include <arch/percpu.h>
#include <kernel/lib/string.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/iter.h>

#define FRAG_ORDER 3u			/* 32 KiB */

/* ---- pages that sends fill ---- */

struct frag_page {
	struct page *page;		/* a reference, or NULL */
	u32 off, size;
};

static DEFINE_PER_CPU(struct frag_page, frag_pages);

static bool take_page(struct frag_page *f)
{
	struct frag_page *mine;

	preempt_disable();
	mine = this_cpu(frag_pages);
	*f = *mine;
	mine->page = NULL;
	preempt_enable();
	if (f->page && atomic_read_acquire(&f->page->refs) == 1)
		f->off = 0;			/* all it carried has been read */
	if (f->page && f->off < f->size)
		return true;
	if (f->page)
		page_put(f->page);
	f->off = 0;
	f->size = (u32)PAGE_SIZE << FRAG_ORDER;
	f->page = page_alloc(FRAG_ORDER, PAGE_KERNEL);
	if (!f->page) {
		f->size = (u32)PAGE_SIZE;
		f->page = page_alloc(0, PAGE_KERNEL);
	}
	return f->page != NULL;
}

static void give_page(struct frag_page *f)
{
	struct frag_page *mine;
	struct page *extra = f->page;

	preempt_disable();
	mine = this_cpu(frag_pages);
	if (!mine->page) {
		*mine = *f;
		extra = NULL;
	}
	preempt_enable();
	if (extra)
		page_put(extra);
}

/* ---- sending ---- */

static bool can_send(const struct tcp *t)
{
	return TCP_STATES(TCP_ESTABLISHED, TCP_CLOSE_WAIT) & 1u << t->state ||
	       (t->state == TCP_SYN_RECV && t->tfo_server);
}

static bool has_room(const struct tcp *t)
{
	return t->wmem < *t->sndbuf && tcp_notsent(t) < t->notsent_lowat;
}

static bool send_may_go_on(struct tcp_sock *ts)
{
	struct sock *sk = &ts->inet.sk;

	return atomic_read(&sk->err) || (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN) ||
	       !READ_ONCE(ts->no_space);
}

/* Owner; lets go meanwhile. */
static int wait_room(struct tcp_sock *ts, bool nonblock, ktime_t deadline)
{
	struct sock *sk = &ts->inet.sk;
	int err;

	WRITE_ONCE(ts->no_space, true);
	if (nonblock)
		return -EAGAIN;
	sock_unlock(sk);
	err = waitq_wait(&sk->obj.writers, send_may_go_on(ts), WAIT_INTERRUPTIBLE, deadline);
	sock_lock(sk);
	tcp_enter(ts);
	return err ? sock_intr(err, sk->sndtimeo) : 0;
}

static int check_send(struct tcp_sock *ts, bool nonblock, ktime_t deadline)
{
	struct sock *sk = &ts->inet.sk;
	int err;

	if (unlikely(tcp_is_opening(ts))) {
		if (nonblock)
			return -EAGAIN;
		sock_unlock(sk);
		err = waitq_wait(&sk->obj.writers, !tcp_is_opening(ts), WAIT_INTERRUPTIBLE,
				 deadline);
		sock_lock(sk);
		tcp_enter(ts);
		if (err)
			return sock_intr(err, sk->sndtimeo);
	}
	err = sock_take_error(sk);
	if (err)
		return err;
	return (ts->tcp.shutdown & SEND_SHUTDOWN) || !can_send(&ts->tcp) ? -EPIPE : 0;
}

/* One stretch into the last segment. */
ssize_t tcp_copy_some(struct tcp *t, struct iter *from, u32 most)
{
	struct frag_page f;
	struct tcp_seg *s;
	u32 room, n;
	ssize_t ret;

	s = tcp_tail_seg(t, &room);
	if (!s)
		return -ENOMEM;
	if (!take_page(&f))
		return -ENOMEM;
	n = (u32)min(iter_left(from), (usize)min(min(room, most), f.size - f.off));
	if (iter_take(from, (u8 *)page_to_virt(f.page) + f.off, n) < n) {
		ret = -EFAULT;
	} else {
		page_get(f.page);
		tcp_queue_frag(t, s, f.page, f.off, n);
		f.off += n;
		ret = (ssize_t)n;
	}
	give_page(&f);
	return ret;
}

/* An empty segment that nothing was copied into must not stay at the end. */
static void drop_empty_tail(struct tcp *t)
{
	struct tcp_seg *s = list_empty(&t->unsent) ? NULL
						   : list_last(&t->unsent, struct tcp_seg, link);

	if (s && s->seq == s->end) {
		list_del(&s->link);
		tcp_seg_free(t, s);
	}
}

static ssize_t finish_send(struct tcp_sock *ts, struct sock_msg *m, ssize_t done, int err)
{
	struct tcp *t = &ts->tcp;

	drop_empty_tail(t);
	if (done) {
		if (m->flags & MSG_OOB)
			tcp_mark_urgent(t);
		tcp_wrote(t, 0, m->flags & MSG_MORE);
		if ((m->flags & MSG_ZEROCOPY) && sock_flag(&ts->inet.sk, SOCK_ZEROCOPY))
			inet_queue_zerocopy(&ts->inet, ts->zc_next++);
		return done;
	}
	return err == -EPIPE ? sock_pipe_error(m->flags) : err;
}

static ssize_t send_owned(struct tcp_sock *ts, struct sock_msg *m)
{
	struct sock *sk = &ts->inet.sk;
	struct tcp *t = &ts->tcp;
	ktime_t deadline = m->nonblock ? 0 : sock_deadline(sk->sndtimeo);
	ssize_t done = 0;
	int err = check_send(ts, m->nonblock, deadline);

	t->pace_rate = sk->pacing_max;
	while (!err && iter_left(m->iter)) {
		ssize_t n;

		if (unlikely(!has_room(t))) {
			drop_empty_tail(t);
			tcp_wrote(t, 0, false);
			if (!has_room(t))
				err = wait_room(ts, m->nonblock, deadline);
			if (!err)
				err = check_send(ts, m->nonblock, deadline);
			continue;
		}
		n = tcp_copy_some(t, m->iter, U32_MAX);
		if (n < 0)
			err = (int)n;
		else
			done += n;
		if (done && iter_left(m->iter) && tcp_notsent(t) > max(t->max_wnd / 2, t->mss))
			tcp_push(t, false);
	}
	return finish_send(ts, m, done, err);
}

ssize_t tcp_send(struct sock *sk, struct sock_msg *m)
{
	struct tcp_sock *ts = to_tcp(sk);
	ssize_t n, first = 0;
	int err = 0;

	sock_lock(sk);
	tcp_enter(ts);
	if (unlikely(m->flags & MSG_FASTOPEN || ts->tfo_deferred))
		err = tcp_fast_send(ts, m, &first);
	n = err ? err : first && (m->nonblock || !iter_left(m->iter)) ? 0 : send_owned(ts, m);
	sock_unlock(sk);
	return first ? first + max(n, (ssize_t)0) : n;
}

ssize_t tcp_send_page(struct sock *sk, struct page *p, u32 off, u32 len, u32 flags)
{
	struct tcp_sock *ts = to_tcp(sk);
	struct tcp *t = &ts->tcp;
	bool nonblock = flags & MSG_DONTWAIT;
	struct sock_msg m = { .flags = flags, .nonblock = nonblock };
	ktime_t deadline = nonblock ? 0 : sock_deadline(sk->sndtimeo);
	ssize_t done = 0;
	int err;

	sock_lock(sk);
	tcp_enter(ts);
	err = check_send(ts, nonblock, deadline);
	while (!err && len) {
		struct tcp_seg *s;
		u32 room, n;

		if (!has_room(t)) {
			tcp_wrote(t, 0, false);
			if (!has_room(t))
				err = wait_room(ts, nonblock, deadline);
			if (!err)
				err = check_send(ts, nonblock, deadline);
			continue;
		}
		s = tcp_tail_seg(t, &room);
		if (!s) {
			err = -ENOMEM;
			break;
		}
		n = min(len, room);
		page_get(p);
		tcp_queue_frag(t, s, p, off, n);
		off += n;
		len -= n;
		done += n;
	}
	done = finish_send(ts, &m, done, err);
	sock_unlock(sk);
	return done;
}

/* ---- receiving ---- */

static ssize_t recv_urgent(struct tcp_sock *ts, struct sock_msg *m)
{
	struct tcp *t = &ts->tcp;
	u8 c = t->urg_byte;

	if (t->urg_inline || t->urg_state == TCP_URG_NONE || t->urg_state == TCP_URG_READ)
		return -EINVAL;
	if (t->state == TCP_CLOSED && ts->conn == TCP_UNCONNECTED)
		return -ENOTCONN;
	if (t->urg_state == TCP_URG_HERE) {
		m->out_flags |= MSG_OOB;
		if (!(m->flags & MSG_PEEK))
			t->urg_state = TCP_URG_READ;
		if (!iter_left(m->iter)) {
			m->out_flags |= MSG_TRUNC;
			return 0;
		}
		if (!(m->flags & MSG_TRUNC) && iter_put(m->iter, &c, 1) < 1)
			return -EFAULT;
		return 1;
	}
	return t->state == TCP_CLOSED || (t->shutdown & RCV_SHUTDOWN) ? 0 : -EAGAIN;
}

/* How far one read goes from seq: to the urgent mark, which ends it, or over it. */
static u32 up_to_mark(struct tcp *t, u32 seq, u32 n, bool *at_mark)
{
	u32 off = t->rcv_up - seq;

	*at_mark = false;
	if (likely(t->urg_state == TCP_URG_NONE) || off >= n)
		return n;
	*at_mark = off == 0;
	return off;
}

struct reader {
	u32 seq;			/* next byte */
	ssize_t copied;
	bool stop;			/* at a mark */
};

/* As much of nb as is wanted. 0 or -EFAULT. */
static int read_packet(struct tcp *t, struct sock_msg *m, struct netbuf *nb, struct reader *r)
{
	u32 off = r->seq - tcp_cb(nb)->seq,
	    n = (u32)min((usize)(nb->len - off), iter_left(m->iter));
	bool at_mark;

	n = up_to_mark(t, r->seq, n, &at_mark);
	if (at_mark) {
		if (r->copied) {
			r->stop = true;
			return 0;
		}
		if (t->urg_inline) {		/* an ordinary byte, but the first of a read */
			n = (u32)min((usize)(nb->len - off), iter_left(m->iter));
		} else {
			r->seq++;
			return 0;
		}
	}
	if (m->flags & MSG_TRUNC)
		iter_advance(m->iter, n);
	else if (netbuf_to_iter(nb, off, m->iter, n))
		return -EFAULT;
	r->seq += n;
	r->copied += n;
	return 0;
}

/* Owner. What is there; 0 or -EFAULT. */
static int read_queue(struct tcp *t, struct sock_msg *m, struct reader *r)
{
	bool peek = m->flags & MSG_PEEK;
	struct netbuf *nb, *next;
	int err = 0;

	list_for_each_entry_safe(nb, next, &t->rcvq, link) {
		u32 end = tcp_cb(nb)->seq + nb->len;

		while (!err && !r->stop && iter_left(m->iter) && seq_before(r->seq, end))
			err = read_packet(t, m, nb, r);
		if (!peek) {
			t->copied_seq = r->seq;
			if (t->urg_state != TCP_URG_NONE && seq_after(r->seq, t->rcv_up) &&
			    (t->urg_state != TCP_URG_ANNOUNCED || t->urg_inline))
				t->urg_state = TCP_URG_NONE;
			if (!seq_before(r->seq, end)) {
				list_del(&nb->link);
				tcp_free_rcv(t, nb);
			}
		}
		if (err || r->stop || !iter_left(m->iter))
			break;
	}
	return err;
}

static bool something_new(struct tcp_sock *ts, u32 seen)
{
	struct sock *sk = &ts->inet.sk;

	return READ_ONCE(ts->tcp.rcv_nxt) != seen || atomic_read(&sk->err) ||
	       (READ_ONCE(sk->shutdown) & RCV_SHUTDOWN) || READ_ONCE(sk->state) == TCP_CLOSED;
}

/* Nothing copied yet and nothing there: 1: wait, else the result. */
static int nothing_there(struct tcp_sock *ts, struct sock_msg *m)
{
	struct sock *sk = &ts->inet.sk;
	struct tcp *t = &ts->tcp;
	int err;

	if (t->fin_seen)
		return 0;
	err = sock_take_error(sk);
	if (err)
		return err;
	if (t->shutdown & RCV_SHUTDOWN)
		return 0;
	if (t->state == TCP_CLOSED)
		return ts->conn == TCP_CONNECTED ? 0 : -ENOTCONN;
	return m->nonblock ? -EAGAIN : 1;
}

static bool must_stop(struct tcp_sock *ts, const struct sock_msg *m)
{
	const struct tcp *t = &ts->tcp;

	return m->nonblock || t->fin_seen || atomic_read(&ts->inet.sk.err) ||
	       t->state == TCP_CLOSED || (t->shutdown & RCV_SHUTDOWN) || signal_pending(current());
}

static ssize_t recv_owned(struct tcp_sock *ts, struct sock_msg *m)
{
	struct sock *sk = &ts->inet.sk;
	struct tcp *t = &ts->tcp;
	usize want = iter_left(m->iter);
	ssize_t target = (ssize_t)(m->flags & MSG_WAITALL ? want : min(want, (usize)sk->rcvlowat));
	ktime_t deadline = m->nonblock ? 0 : sock_deadline(sk->rcvtimeo);
	struct reader r = { .seq = t->copied_seq };
	int err = 0;

	if (m->flags & MSG_PEEK && sk->peek_off >= 0)
		r.seq += (u32)sk->peek_off;
	for (;;) {
		u32 seen = t->rcv_nxt, before = t->copied_seq;

		err = read_queue(t, m, &r);
		if (t->state != TCP_CLOSED && t->copied_seq != before)
			tcp_data_read(t, t->copied_seq - before);
		if (err || r.stop || !iter_left(m->iter) ||
		    (r.copied && (r.copied >= target || must_stop(ts, m))))
			break;
		if (!r.copied) {
			err = nothing_there(ts, m);
			if (err <= 0)
				break;
		}
		sock_unlock(sk);
		err = waitq_wait_exclusive(&sk->obj.readers, something_new(ts, seen),
					   WAIT_INTERRUPTIBLE, deadline);
		sock_lock(sk);
		tcp_enter(ts);
		if (err) {
			err = sock_intr(err, sk->rcvtimeo);
			if (t->rcv_nxt == seen)
				break;
		}
		if (!(m->flags & MSG_PEEK))
			r.seq = t->copied_seq;
	}
	if (r.copied)
		sock_move_peek(sk, m->flags & MSG_PEEK ? r.copied : -r.copied);
	if (t->fin_seen && !(m->flags & MSG_PEEK) && iter_left(m->iter) &&
	    t->copied_seq + 1 == t->rcv_nxt)
		t->fin_read = true;
	return r.copied ? r.copied : err;
}

ssize_t tcp_recv(struct sock *sk, struct sock_msg *m)
{
	struct tcp_sock *ts = to_tcp(sk);
	ssize_t n;

	if (unlikely(m->flags & MSG_ERRQUEUE))
		return inet_recv_error(&ts->inet, m);
	sock_lock(sk);
	tcp_enter(ts);
	if (ts->tcp.state == TCP_LISTEN)
		n = -ENOTCONN;
	else if (unlikely(m->flags & MSG_OOB))
		n = recv_urgent(ts, m);
	else
		n = recv_owned(ts, m);
	if (n >= 0 && ts->recv_inq && m->ctl) {
		m->ctl->present |= CTL_INQ;
		m->ctl->inq = tcp_readable(&ts->tcp);
		if (!m->ctl->inq && ts->tcp.fin_seen)
			m->ctl->inq = 1;
	}
	sock_unlock(sk);
	return n;
}

/* ---- polling ---- */

static u32 poll_data(struct tcp_sock *ts)
{
	struct sock *sk = &ts->inet.sk;
	struct tcp *t = &ts->tcp;
	u32 mask = 0, n = tcp_readable(t);

	if (n >= (u32)sk->rcvlowat || (n && READ_ONCE(t->rmem) >= sk->rcvbuf / 2))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN) {
		mask |= EPOLLOUT | EPOLLWRNORM;
	} else if (tcp_can_write(t) && tcp_notsent(t) < t->notsent_lowat) {
		mask |= EPOLLOUT | EPOLLWRNORM;
	} else {
		WRITE_ONCE(ts->no_space, true);
		/* (A) with the look in tcp_env_space(): one of us sees the other */
		smp_mb();
		if (tcp_can_write(t) && tcp_notsent(t) < t->notsent_lowat)
			mask |= EPOLLOUT | EPOLLWRNORM;
	}
	if (READ_ONCE(t->urg_state) == TCP_URG_HERE)
		mask |= EPOLLPRI;
	return mask;
}

u32 tcp_poll(struct sock *sk)
{
	struct tcp_sock *ts = to_tcp(sk);
	u8 state = READ_ONCE(sk->state), shut = READ_ONCE(sk->shutdown);
	u32 mask = 0;

	if (state == TCP_LISTEN)
		return tcp_accept_waiting(ts) ? EPOLLIN | EPOLLRDNORM : 0;
	if (shut == (RCV_SHUTDOWN | SEND_SHUTDOWN) || state == TCP_CLOSED)
		mask |= EPOLLHUP;
	if (shut & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (unlikely(ts->tfo_deferred))
		mask |= EPOLLOUT | EPOLLWRNORM;
	else if (!tcp_is_opening(ts))
		mask |= poll_data(ts);
	if (atomic_read(&sk->err) || READ_ONCE(ts->inet.errors.n))
		mask |= EPOLLERR;
	return mask;
}

static u32 bytes_waiting(struct tcp *t)
{
	if (tcp_is_opening(tcp_sock_of(t)))
		return 0;
	if (t->urg_state == TCP_URG_NONE || t->urg_inline || seq_before(t->rcv_up, t->copied_seq) ||
	    !seq_before(t->rcv_up, t->rcv_nxt))
		return t->rcv_nxt - t->copied_seq - t->fin_seen;
	return t->rcv_up - t->copied_seq;
}

int tcp_ioctl(struct sock *sk, u32 cmd, s32 *value)
{
	struct tcp_sock *ts = to_tcp(sk);
	struct tcp *t = &ts->tcp;
	int err = 0;

	sock_lock(sk);
	if (t->state == TCP_LISTEN && cmd != SIOCATMARK)
		err = -EINVAL;
	else if (cmd == SIOCINQ)
		*value = (s32)bytes_waiting(t);
	else if (cmd == SIOCATMARK)
		*value = t->urg_state != TCP_URG_NONE && t->rcv_up == t->copied_seq;
	else if (cmd == SIOCOUTQ)
		*value = (s32)(TCP_STATES(TCP_SYN_SENT, TCP_SYN_RECV) & 1u << t->state
				       ? 0
				       : t->write_seq - t->snd_una);
	else if (cmd == SIOCOUTQNSD)
		*value = (s32)(TCP_STATES(TCP_SYN_SENT, TCP_SYN_RECV) & 1u << t->state
				       ? 0
				       : t->write_seq - t->snd_nxt);
	else
		err = -ENOTTY;
	sock_unlock(sk);
	return err;
}
