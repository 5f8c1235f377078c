/* SPDX-License-Identifier: MIT */
/* tcp.c - TCP sockets: birth, names, connecting, listening, accepting. Their end is in tcp_close.c.
 *
 *	tcp_create() -> CLOSED -- bind, listen --> LISTEN -- accept() --> the children
 *	                       -- connect() --> SYN_SENT .. (tcp_in.c) .. CLOSED
 *	close(): what was not read is answered by a reset; else FIN, and the socket lives on as an
 *	orphan until the peer is done
 *
 * Invariants: (1) a socket in the table of four-tuples holds a reference for it, given back by
 * tcp_env_state(CLOSED) or tcp_tw_make(); (2) dead is set under the owner lock when the last
 * description has gone: from then on nobody but segments and the timer act.
 * Locks: the owner lock. Ref: tcp(7), connect(2), listen(2), RFC 9293 s3.9. Tests:
 * selftests/abi/tcp.c
 */
#include "tcp_int.h"

#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/inet_port.h>
#include <net/net.h>

static struct slab_cache *tcp_cache;
static const struct sock_ops tcp_ops;

bool sock_is_tcp(const struct sock *sk)
{
	return sk->ops == &tcp_ops;
}

/* ---- birth ---- */

struct tcp_sock *tcp_alloc(struct net_ns *net, u16 family)
{
	struct tcp_sock *ts = slab_alloc(tcp_cache, PAGE_ATOMIC | PAGE_ZEROED);
	struct sock *sk;
	struct tcp *t;

	if (!ts)
		return NULL;
	sk = &ts->inet.sk;
	t = &ts->tcp;
	sock_init(sk, &tcp_ops, net, family, SOCK_STREAM, IPPROTO_TCP);
	inet_init_sock(&ts->inet);
	sk->rcvbuf = tcp_sysctl.rmem[1];
	sk->sndbuf = tcp_sysctl.wmem[1];
	tcp_setup(t, 0);
	sk->state = TCP_CLOSED;
	t->sndbuf = &sk->sndbuf;
	t->rcvbuf = &sk->rcvbuf;
	t->syn_retries = (u8)tcp_sysctl.syn_retries;
	t->keep_idle_s = (u16)tcp_sysctl.keep_time_s;
	t->keep_intvl_s = (u16)tcp_sysctl.keep_intvl_s;
	t->keep_cnt = (u8)tcp_sysctl.keep_probes;
	t->fin_timeout_s = tcp_sysctl.fin_timeout_s;
	t->ts_ok = tcp_sysctl.timestamps;
	t->sack_ok = tcp_sysctl.sack;
	t->wscale_ok = tcp_sysctl.window_scaling;
	t->ecn_ask = tcp_sysctl.ecn == 1;
	t->retries_max = (u8)tcp_sysctl.retries2;
	t->orphan_retries = (u8)tcp_sysctl.orphan_retries;
	t->syn_linear = (u8)tcp_sysctl.syn_linear;
	t->cong = READ_ONCE(tcp_sysctl.cong);
	t->dsack_off = !tcp_sysctl.dsack;
	t->notsent_lowat = tcp_sysctl.notsent_lowat;
	t->no_idle_restart = !tcp_sysctl.slow_start_after_idle;
	bh_timer_setup(&ts->timer, tcp_timer_fired);
	ts->armed_for = WAIT_FOREVER;
	list_init(&ts->accept_link);
	return ts;
}

static int tcp_create(struct net_ns *net, u16 family, u16 protocol, struct sock **out)
{
	struct tcp_sock *ts = tcp_alloc(net, family);

	if (!ts)
		return -ENOBUFS;
	*out = &ts->inet.sk;
	return 0;
}

/* ---- names ---- */

static int tcp_bind(struct sock *sk, struct sock_addr *a)
{
	struct tcp_sock *ts = to_tcp(sk);
	struct inet_sock *is = &ts->inet;
	struct ipaddr addr;
	s32 scope;
	u16 port;
	int err = inet_check_bind(is, a, &addr, &port, &scope);

	if (err)
		return err;
	sock_lock(sk);
	if (ts->tcp.state != TCP_CLOSED || is->lport)
		err = -EINVAL;
	else
		err = inet_port_bind(&tcp_ports, is, addr, port);
	if (!err) {
		is->addr_bound = !ip_is_any(addr);
		is->saddr = addr;
		is->scope = (u32)scope;
		ts->was_bound = port != 0;
	}
	sock_unlock(sk);
	return err;
}

/* ---- connecting ---- */

static void fill_ent(struct tcp_sock *ts, u16 lport)
{
	struct inet_sock *is = &ts->inet;

	ts->ent = (struct tcp_ent){ .laddr = is->laddr,
				    .raddr = is->raddr,
				    .lport = lport,
				    .rport = is->rport,
				    .bound_if = is->sk.bound_if,
				    .kind = TCP_ENT_SOCK,
				    .family = (u8)is->sk.family,
				    .net = is->sk.net };
}

/* Is the four-tuple free, but for a rest that may be taken over? Then the socket is in the
 * table. */
static bool claim(struct inet_sock *is, u16 port)
{
	struct tcp_sock *ts = container_of(is, struct tcp_sock, inet);
	struct tcp_ent *e;

	fill_ent(ts, port);
	rcu_read_lock();
	e = tcp_table_find(is->sk.net, is->laddr, port, is->raddr, is->rport, is->sk.bound_if);
	rcu_read_unlock();
	return !e;
}

/* A port we bound ourselves may meet a rest of the last connection. */
static int enter_table(struct tcp_sock *ts)
{
	struct inet_sock *is = &ts->inet;
	struct tcp_ent *e, *old = NULL;

	fill_ent(ts, is->lport);
	sock_get(&is->sk);			/* (1) */
	if (tcp_table_add(&ts->ent))
		return 0;
	rcu_read_lock();
	e = tcp_table_find(is->sk.net, is->laddr, is->lport, is->raddr, is->rport, is->sk.bound_if);
	if (e && e->kind == TCP_ENT_TW && tcp_tw_reusable(e, &ts->tcp))
		old = e;
	if (old)
		tcp_tw_kill(old);
	rcu_read_unlock();
	if (old && tcp_table_add(&ts->ent))
		return 0;
	sock_put(&is->sk);
	return -EADDRNOTAVAIL;
}

static int find_route(struct tcp_sock *ts, struct ipaddr dst, s32 scope)
{
	struct inet_sock *is = &ts->inet;
	struct flow f = { .dst = dst,
			  .src = is->saddr,
			  .oif = scope ? scope : is->sk.bound_if,
			  .mark = is->sk.mark,
			  .tos = is->tos,
			  .proto = IPPROTO_TCP,
			  .allow_any_src = is->freebind || is->transparent };
	struct route r = {};
	int err;

	if (ip_is4(dst) && !ip_is4(f.src)) {
		if (!ip_is_any(f.src))
			return -ENETUNREACH;
		f.src = IP4_ANY;
	} else if (!ip_is4(dst) && ip_is4(f.src)) {
		return -ENETUNREACH;
	}
	err = route_lookup(is->sk.net, &f, &r);
	if (err)
		return err;
	if (r.type == RTN_BROADCAST || r.type == RTN_MULTICAST) {
		route_put(&r);
		return -ENETUNREACH;
	}
	route_put(&is->route);
	is->route = r;
	if (ip_is_any(is->saddr))
		is->saddr = is->laddr = r.src;
	return 0;
}

static void forget_peer(struct tcp_sock *ts)
{
	struct inet_sock *is = &ts->inet;

	is->rport = 0;
	is->raddr = inet_is6(is) ? IP6_ANY : IP4_ANY;
	if (!is->addr_bound)
		is->laddr = is->saddr = inet_is6(is) ? IP6_ANY : IP4_ANY;
	route_put(&is->route);
	is->route = (struct route){};
}

static int take_port(struct tcp_sock *ts)
{
	struct inet_sock *is = &ts->inet;
	int err = 0;

	if (!is->lport)
		err = inet_port_auto(&tcp_ports, is, claim);
	if (!err)
		err = enter_table(ts);
	return err;
}

static void start_numbers(struct tcp_sock *ts)
{
	struct inet_sock *is = &ts->inet;
	struct tcp *t = &ts->tcp;
	u32 window, offset, iss;

	iss = tcp_new_iss(is->laddr, is->lport, is->raddr, is->rport, &offset);
	if (!t->iss) {				/* not from what TIME_WAIT left */
		t->iss = iss;
		t->ts_offset = offset;
	}
	t->adv_mss = min(is->route.mtu - (ip_is4(is->raddr) ? 40u : 60u), 65495u);
	if (t->mss_user)
		t->adv_mss = min(t->adv_mss, t->mss_user);
	t->mss_peer = tcp_default_mss(is->raddr);
	tcp_find_path(ts);
	tcp_init_window(t, is->sk.rcvbuf, t->adv_mss, t->wscale_ok, &window, &t->rcv_wscale);
	t->rcv_wnd = window;
	t->rcv_ssthresh = window;
}

/* A fresh control block with the options of the old: connect() after connect(). */
static void reset_block(struct tcp_sock *ts)
{
	struct tcp *t = &ts->tcp, old = *t;

	tcp_purge(t);
	memset(t, 0, sizeof(*t));
	tcp_setup(t, old.now);
	t->sndbuf = old.sndbuf;
	t->rcvbuf = old.rcvbuf;
	t->nodelay = old.nodelay;
	t->cork = old.cork;
	t->mss_user = old.mss_user;
	t->keepalive = old.keepalive;
	t->keep_idle_s = old.keep_idle_s;
	t->keep_intvl_s = old.keep_intvl_s;
	t->keep_cnt = old.keep_cnt;
	t->user_timeout_ms = old.user_timeout_ms;
	t->syn_retries = old.syn_retries;
	t->fin_timeout_s = old.fin_timeout_s;
	t->notsent_lowat = old.notsent_lowat;
	t->cong = old.cong;
	t->urg_inline = old.urg_inline;
	t->ecn_ask = old.ecn_ask;
	t->ts_ok = tcp_sysctl.timestamps;
	t->sack_ok = tcp_sysctl.sack;
	t->wscale_ok = tcp_sysctl.window_scaling;
	t->no_idle_restart = old.no_idle_restart;
	t->retries_max = old.retries_max;
	t->orphan_retries = old.orphan_retries;
	t->syn_linear = old.syn_linear;
	t->dsack_off = old.dsack_off;
	ts->inet.sk.shutdown = 0;
	ts->conn = TCP_UNCONNECTED;
	ts->tfo_deferred = false;
}

void tcp_disconnect(struct tcp_sock *ts)
{
	struct tcp *t = &ts->tcp;

	if (t->state == TCP_LISTEN) {
		tcp_listen_stop(ts);
	} else if (TCP_STATES(TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE_WAIT,
			      TCP_SYN_RECV) &
		   1u << t->state) {
		tcp_send_reset(t);
	}
	t->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	tcp_set_state(t, TCP_CLOSED);
	reset_block(ts);
	forget_peer(ts);
	if (!ts->was_bound)
		ts->inet.lport = 0;
}

static int set_ends(struct tcp_sock *ts, struct ipaddr dst, u16 port, s32 scope)
{
	struct inet_sock *is = &ts->inet;
	struct tcp *t = &ts->tcp;
	int err = find_route(ts, dst, scope);

	if (err)
		return err;
	is->raddr = dst;
	is->rport = port;
	is->scope = (u32)(ip_is_link_local(dst) ? scope : 0);
	t->iss = 0;
	err = take_port(ts);
	if (err) {
		forget_peer(ts);
		return err;
	}
	start_numbers(ts);
	mib_inc(MIB_TCP_ActiveOpens);
	return 0;
}

static bool in_handshake(const struct tcp_sock *ts)
{
	u8 s = READ_ONCE(ts->inet.sk.state);

	return s == TCP_SYN_SENT || s == TCP_SYN_RECV;
}

int tcp_connect_wait(struct tcp_sock *ts, bool nonblock)
{
	struct sock *sk = &ts->inet.sk;
	int err;

	if (in_handshake(ts)) {
		if (nonblock)
			return -EINPROGRESS;
		sock_unlock(sk);
		err = waitq_wait(&sk->obj.writers, !in_handshake(ts), WAIT_INTERRUPTIBLE,
				 sock_deadline(sk->sndtimeo));
		sock_lock(sk);
		if (err && in_handshake(ts))
			return err == -ETIMEDOUT ? -EINPROGRESS : sock_intr(err, sk->sndtimeo);
	}
	if (ts->tcp.state == TCP_CLOSED) {
		err = sock_take_error(sk);
		tcp_disconnect(ts);
		return err ? err : -ECONNABORTED;
	}
	ts->conn = TCP_CONNECTED;
	return 0;
}

int tcp_connect_prepare(struct tcp_sock *ts, struct sock_addr *a)
{
	struct ipaddr dst;
	s32 scope;
	u16 port;
	int err = inet_check_dest(&ts->inet, a, &dst, &port, &scope);

	if (err)
		return err;
	if (ip_is_any(dst) && ip_is4(dst))
		dst = ip4_host(0x7f000001);
	if (ip_is_multicast(dst))
		return -ENETUNREACH;
	if (ts->tcp.state != TCP_CLOSED)
		return -EISCONN;
	if (ts->tcp.shutdown || ts->tcp.write_seq)
		reset_block(ts);
	tcp_enter(ts);
	err = set_ends(ts, dst, port, scope);
	if (!err)
		ts->conn = TCP_CONNECTING;
	return err;
}

/* 1: the first send does it. */
static int connect_new(struct tcp_sock *ts, struct sock_addr *a)
{
	int err = tcp_connect_prepare(ts, a);

	if (err)
		return err;
	if (unlikely(tcp_fast_may_wait(ts))) {
		ts->tfo_deferred = true;
		tcp_set_state(&ts->tcp, TCP_SYN_SENT);
		return 1;
	}
	ts->tcp.tfo_ask = ts->tfo_connect && READ_ONCE(tcp_sysctl.fastopen) & TFO_CLIENT;
	err = tcp_connect_start(&ts->tcp);
	if (err)
		tcp_disconnect(ts);
	return err;
}

static int tcp_connect(struct sock *sk, struct sock_addr *a, bool nonblock)
{
	struct tcp_sock *ts = to_tcp(sk);
	int err = 0;

	sock_lock(sk);
	if (a->family == AF_UNSPEC) {
		tcp_disconnect(ts);
	} else if (ts->conn == TCP_CONNECTED || ts->tfo_deferred) {
		err = -EISCONN;
	} else if (ts->conn == TCP_CONNECTING) {
		err = tcp_connect_wait(ts, nonblock);
		if (err == -EINPROGRESS)
			err = -EALREADY;
	} else {
		err = connect_new(ts, a);
		err = err ? min(err, 0) : tcp_connect_wait(ts, nonblock);
	}
	sock_unlock(sk);
	return err;
}

/* ---- listening ---- */

static int tcp_listen(struct sock *sk, u32 backlog)
{
	struct tcp_sock *ts = to_tcp(sk);
	struct inet_sock *is = &ts->inet;
	int err = 0;

	sock_lock(sk);
	if (ts->conn != TCP_UNCONNECTED ||
	    (ts->tcp.state != TCP_CLOSED && ts->tcp.state != TCP_LISTEN))
		err = -EINVAL;
	sk->max_ack_backlog = backlog;
	if (!err && ts->tcp.state == TCP_CLOSED) {
		if (!ts->fastopen_qlen &&
		    (tcp_sysctl.fastopen & (TFO_SERVER | TFO_SERVER_ALWAYS)) ==
			    (TFO_SERVER | TFO_SERVER_ALWAYS))
			ts->fastopen_qlen = backlog;
		err = tcp_listen_start(ts);
		if (!err && !is->lport)
			err = inet_port_bind(&tcp_ports, is, is->laddr, 0);
		if (!err) {
			/* before the look: of two that share a port one must see the other */
			sk->state = TCP_LISTEN;
			err = inet_port_recheck(&tcp_ports, is);
		}
		if (!err) {
			ts->tcp.shutdown = sk->shutdown = 0;
			tcp_set_state(&ts->tcp, TCP_LISTEN);
			tcp_listener_add(ts);
		} else {
			sk->state = TCP_CLOSED;
		}
	}
	sock_unlock(sk);
	return err;
}

static bool may_accept(struct tcp_sock *ts, struct tcp_sock **out)
{
	*out = READ_ONCE(ts->inet.sk.state) == TCP_LISTEN ? tcp_accept_take(ts) : NULL;
	return *out || READ_ONCE(ts->inet.sk.state) != TCP_LISTEN;
}

static int tcp_accept(struct sock *sk, bool nonblock, struct sock **out)
{
	struct tcp_sock *ts = to_tcp(sk), *c = NULL;
	int err = 0;

	if (READ_ONCE(sk->state) != TCP_LISTEN)
		return -EINVAL;
	if (!may_accept(ts, &c)) {
		if (nonblock)
			return -EAGAIN;
		err = waitq_wait_exclusive(&sk->obj.readers, may_accept(ts, &c), WAIT_INTERRUPTIBLE,
					   sock_deadline(sk->rcvtimeo));
	}
	if (!c)
		return err ? sock_intr(err, sk->rcvtimeo) : -EINVAL;
	*out = &c->inet.sk;
	return 0;
}

static int tcp_getname(struct sock *sk, bool peer, struct sock_addr *out)
{
	return inet_getname(sk, peer, out);
}

/* ---- death ---- */

static void tcp_destroy(struct sock *sk)
{
	struct tcp_sock *ts = to_tcp(sk);

	inet_port_release(&tcp_ports, &ts->inet);
	tcp_purge(&ts->tcp);
	kfree(ts->saved_syn);
	kfree(ts->fast_keys);
	inet_fini_sock(&ts->inet);
	sock_fini(sk);
}

static void free_rcu(struct rcu_head *h)
{
	struct tcp_sock *ts = container_of(h, struct tcp_sock, inet.rcu);

	tcp_listen_free(ts);
	slab_free(tcp_cache, ts);
}

static void tcp_free(struct sock *sk)
{
	call_rcu(&to_tcp(sk)->inet.rcu, free_rcu);
}

static const struct sock_ops tcp_ops = {
	.name = "TCP",
	.bind = tcp_bind,
	.connect = tcp_connect,
	.listen = tcp_listen,
	.accept = tcp_accept,
	.getname = tcp_getname,
	.send = tcp_send,
	.recv = tcp_recv,
	.send_page = tcp_send_page,
	.shutdown = tcp_shutdown,
	.setopt = tcp_setopt,
	.getopt = tcp_getopt,
	.poll = tcp_poll,
	.ioctl = tcp_ioctl,
	.backlog = tcp_backlog,
	.kicked = tcp_kicked,
	.abort = tcp_sock_abort,
	.close = tcp_close,
	.destroy = tcp_destroy,
	.free = tcp_free,
};

INET_PROTO(tcp, .type = SOCK_STREAM, .protocol = IPPROTO_TCP, .is_default = true,
	   .create = tcp_create);

void tcp_init(struct net_ns *net)
{
	tcp_cache = slab_cache_create("tcp_sock", sizeof(struct tcp_sock), 16);
	tcp_sysctl_init();
	tcp_make_secret();
	tcp_table_init();
	tcp_req_init();
	tcp_tw_init();
	tcp_fast_init();
	inet_port_table_init(&tcp_ports);
	ip_proto_register(&tcp_ip_proto);
}
