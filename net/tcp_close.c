/* SPDX-License-Identifier: MIT */
/* tcp_close.c - TCP sockets, the end: shutdown, close, orphans, and what an administrator kills.
 *
 *	close(): what was not read is answered by a reset; else FIN, and the socket lives on as an
 *	orphan until the peer is done
 *
 * Invariant: dead is set under the owner lock when the last description has gone: from then on
 * nobody but segments and the timer act.
 * Locks: the owner lock. Ref: tcp(7), shutdown(2), close(2), socket(7) SO_LINGER, RFC 9293 s3.10.4.
 * Tests: selftests/abi/tcp.c
 */
#include "tcp_int.h"

#include <kernel/bh.h>
#include <net/inet_port.h>
#include <net/net.h>

/* The state after our FIN; false: none is to be sent. */
static bool state_after_fin(struct tcp *t)
{
	switch (t->state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_RECV:
		tcp_set_state(t, TCP_FIN_WAIT1);
		return true;
	case TCP_CLOSE_WAIT:
		tcp_set_state(t, TCP_LAST_ACK);
		return true;
	default:
		return false;
	}
}

static void shut(struct tcp_sock *ts, u32 how)
{
	struct tcp *t = &ts->tcp;

	if (t->state == TCP_LISTEN) {
		if (how & RCV_SHUTDOWN) {
			tcp_listen_stop(ts);
			t->shutdown |= (u8)how;
			tcp_set_state(t, TCP_CLOSED);
			ts->conn = TCP_UNCONNECTED;
		}
		return;
	}
	if (t->state == TCP_SYN_SENT) {
		tcp_disconnect(ts);
		return;
	}
	t->shutdown |= (u8)how;
	tcp_env_state(t);
	if ((how & SEND_SHUTDOWN) && state_after_fin(t))
		tcp_send_fin(t);
}

int tcp_shutdown(struct sock *sk, u32 how)
{
	struct tcp_sock *ts = to_tcp(sk);
	int err = 0;

	sock_lock(sk);
	tcp_enter(ts);
	if (ts->tcp.state == TCP_CLOSED)
		err = -ENOTCONN;
	else
		shut(ts, how + 1);
	sock_unlock(sk);
	object_wake(&sk->obj, EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP | EPOLLRDNORM);
	return err;
}

static bool has_unread(struct tcp *t)
{
	return !list_empty(&t->rcvq) && t->rcv_nxt - t->fin_seen != t->copied_seq;
}

static bool is_sent(const struct tcp_sock *ts)
{
	return !(TCP_STATES(TCP_FIN_WAIT1, TCP_CLOSING, TCP_LAST_ACK) &
		 1u << READ_ONCE(ts->inet.sk.state));
}

static void say_goodbye(struct tcp_sock *ts)
{
	struct tcp *t = &ts->tcp;
	struct sock *sk = &ts->inet.sk;
	bool unread = has_unread(t);

	t->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	if (t->state == TCP_CLOSED)
		return;
	if (t->state == TCP_LISTEN) {
		tcp_listen_stop(ts);
		tcp_set_state(t, TCP_CLOSED);
	} else if (t->state == TCP_SYN_SENT) {
		tcp_set_state(t, TCP_CLOSED);
	} else if (unread || (sock_flag(sk, SOCK_LINGER) && !sk->linger_s)) {
		TCP_COUNT(TCPAbortOnClose);
		tcp_send_reset(t);
		tcp_set_state(t, TCP_CLOSED);
	} else if (state_after_fin(t)) {
		tcp_send_fin(t);
	}
}

/* Owner: from here on it is an orphan. */
static void let_go(struct tcp_sock *ts)
{
	struct tcp *t = &ts->tcp;

	t->dead = true;
	sock_set_flag(&ts->inet.sk, SOCK_DEAD, true);
	if (t->state == TCP_FIN_WAIT2) {
		if (!t->fin_timeout_s) {
			tcp_send_reset(t);
			tcp_set_state(t, TCP_CLOSED);
		} else {
			tcp_enter_time_wait(t, TCP_FIN_WAIT2, t->fin_timeout_s * 1000);
		}
	}
	if (t->state == TCP_CLOSED) {
		inet_port_release(&tcp_ports, &ts->inet);
		if (tcp_table_del(&ts->ent))
			sock_put(&ts->inet.sk);
	}
}

void tcp_close(struct sock *sk)
{
	struct tcp_sock *ts = to_tcp(sk);

	sock_lock(sk);
	tcp_enter(ts);
	say_goodbye(ts);
	if (sock_flag(sk, SOCK_LINGER) && sk->linger_s && !is_sent(ts)) {
		sock_unlock(sk);
		(void)waitq_wait(&sk->obj.writers, is_sent(ts), WAIT_INTERRUPTIBLE,
				 sock_deadline((ktime_t)sk->linger_s * NSEC_PER_SEC));
		sock_lock(sk);
	}
	tcp_enter(ts);
	let_go(ts);
	sock_unlock(sk);
}

/* In a bottom half or a thread: a child that nobody accepted. */
void tcp_orphan(struct tcp_sock *ts)
{
	struct sock *sk = &ts->inet.sk;

	if (!sock_bh_lock(sk)) {		/* never had a description: nobody can own it */
		sock_bh_unlock(sk);
		return;
	}
	tcp_enter(ts);
	if (ts->tcp.state != TCP_CLOSED) {
		tcp_send_reset(&ts->tcp);
		ts->tcp.dead = true;
		tcp_set_state(&ts->tcp, TCP_CLOSED);
	}
	let_go(ts);
	sock_bh_unlock(sk);
	sock_put(sk);
}

/* SOCK_DESTROY: whoever has it learns err; the peer gets a reset. */
int tcp_sock_abort(struct sock *sk, u32 err)
{
	struct tcp_sock *ts = to_tcp(sk);
	struct tcp *t = &ts->tcp;

	sock_lock(sk);
	tcp_enter(ts);
	if (t->state == TCP_LISTEN) {
		tcp_listen_stop(ts);
		ts->conn = TCP_UNCONNECTED;
	} else if (TCP_STATES(TCP_ESTABLISHED, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2,
			      TCP_CLOSE_WAIT) &
		   1u << t->state) {
		tcp_send_reset(t);
	}
	tcp_abort(t, err);
	sock_unlock(sk);
	return 0;
}
