/* SPDX-License-Identifier: MIT */
/* udp.c - UDP sockets: birth, names, options, end. Sending is udp_out.c, receiving udp_in.c.
 *
 * Locks: the owner lock around addresses and what is pending. Ref: RFC 768, udp(7), ip(7). Tests:
 * selftests/abi/udp.c
 */
#include "udp_int.h"

#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/inet_port.h>
#include <net/mcast.h>
#include <net/net.h>

#define SIOCINQ_  0x541bu
#define SIOCOUTQ_ 0x5411u
#define STATE_CONNECTED 1u		/* TCP_ESTABLISHED */
#define STATE_CLOSED	7u

static struct slab_cache *udp_cache;
static const struct sock_ops udp_ops;

static int udp_create(struct net_ns *net, u16 family, u16 protocol, struct sock **out)
{
	struct udp_sock *us = slab_alloc(udp_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!us)
		return -ENOBUFS;
	sock_init(&us->inet.sk, &udp_ops, net, family, SOCK_DGRAM, protocol);
	inet_init_sock(&us->inet);
	us->inet.sk.state = STATE_CLOSED;
	rxqueue_init(&us->rx);
	*out = &us->inet.sk;
	return 0;
}

/* ---- names ---- */

static int udp_bind(struct sock *sk, struct sock_addr *a)
{
	struct udp_sock *us = to_udp(sk);
	struct ipaddr addr;
	s32 scope;
	u16 port;
	u8 type;
	int err;

	if (inet_is6(&us->inet) && us->inet.lport)	/* IPv4 looks at the address first */
		return -EINVAL;
	err = inet_check_bind(&us->inet, a, &addr, &port, &scope);
	if (err)
		return err;
	sock_lock(sk);
	err = us->inet.lport ? -EINVAL : inet_port_bind(&udp_ports, &us->inet, addr, port);
	if (!err) {
		us->inet.addr_bound = !ip_is_any(addr);
		us->inet.scope = (u32)scope;
		if (ip_check_local(sk->net, addr, scope, &type) == 0 && type == RTN_LOCAL)
			us->inet.saddr = addr;		/* not a group, not a broadcast address */
		udp_hash(us);
	}
	sock_unlock(sk);
	return err;
}

int udp_autobind(struct udp_sock *us)
{
	int err;

	if (us->inet.lport)
		return 0;
	err = inet_port_bind(&udp_ports, &us->inet, us->inet.laddr, 0);
	if (err)
		return -EAGAIN;
	udp_hash(us);
	return 0;
}

static void disconnect(struct udp_sock *us)
{
	struct inet_sock *is = &us->inet;

	is->rport = 0;
	is->raddr = inet_is6(is) ? IP6_ANY : IP4_ANY;
	is->sk.state = STATE_CLOSED;
	route_put(&is->route);
	if (!is->addr_bound)
		is->laddr = is->saddr = inet_is6(is) ? IP6_ANY : IP4_ANY;
}

static int connect_to(struct udp_sock *us, struct ipaddr dst, u16 port, s32 scope)
{
	struct inet_sock *is = &us->inet;
	struct flow f = { .dst = dst,
			  .src = is->saddr,
			  .oif = scope					? scope
				 : is->mcast_if && ip_is_multicast(dst) ? is->mcast_if
									: 0,
			  .mark = is->sk.mark,
			  .tos = is->tos,
			  .proto = IPPROTO_UDP };
	struct route r = {};
	int err = route_lookup(is->sk.net, &f, &r);

	if (err)
		return err;
	if (r.type == RTN_BROADCAST && !sock_flag(&is->sk, SOCK_BROADCAST)) {
		route_put(&r);
		return -EACCES;
	}
	err = udp_autobind(us);
	if (err) {
		route_put(&r);
		return err;
	}
	route_put(&is->route);
	is->route = r;
	if (ip_is_any(is->saddr))
		is->saddr = r.src;
	if (ip_is_any(is->laddr))
		is->laddr = r.src;
	is->raddr = dst;
	is->rport = port;
	is->scope = (u32)scope;
	is->sk.state = STATE_CONNECTED;
	return 0;
}

static int udp_connect(struct sock *sk, struct sock_addr *a, bool nonblock)
{
	struct udp_sock *us = to_udp(sk);
	struct ipaddr dst;
	s32 scope;
	u16 port;
	int err = 0;

	sock_lock(sk);
	if (a->family == AF_UNSPEC) {
		disconnect(us);
	} else {
		err = inet_check_dest(&us->inet, a, &dst, &port, &scope);
		if (!err && ip_is_any(dst))
			dst = ip_is4(dst) ? ip4_host(0x7f000001) : dst;
		if (!err)
			err = connect_to(us, dst, port, scope);
	}
	sock_unlock(sk);
	return err;
}

static int udp_abort(struct sock *sk, u32 err)
{
	sock_lock(sk);
	disconnect(to_udp(sk));
	sock_unlock(sk);
	sock_set_error(sk, err);
	return 0;
}

static int udp_shutdown(struct sock *sk, u32 how)
{
	int err;

	sock_lock(sk);
	err = sk->state == STATE_CONNECTED ? 0 : -ENOTCONN;
	sk->shutdown |= (u8)(how + 1);
	sock_unlock(sk);
	object_wake(&sk->obj, EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP);
	return err;
}

/* ---- options ---- */

static int set_udp(struct udp_sock *us, s32 name, s32 v)
{
	int err = 0;

	switch (name) {
	case UDP_CORK:
		us->cork = v != 0;
		if (!v) {
			sock_lock(&us->inet.sk);
			err = udp_push_pending(us);
			sock_unlock(&us->inet.sk);
		}
		return err;
	case UDP_SEGMENT:
		if (v < 0 || v > 65535)
			return -EINVAL;
		us->segment = (u16)v;
		return 0;
	case UDP_GRO:
		us->gro = v != 0;
		return 0;
	case UDP_NO_CHECK6_TX:
		us->no_check6_tx = v != 0;
		return 0;
	case UDP_NO_CHECK6_RX:
		us->no_check6_rx = v != 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int udp_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len)
{
	s32 v;

	if (level != SOL_UDP)
		return inet_setopt(sk, level, name, val, len);
	return sock_opt_int(val, len, &v) ? -EINVAL : set_udp(to_udp(sk), name, v);
}

static int udp_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	struct udp_sock *us = to_udp(sk);

	if (level != SOL_UDP)
		return inet_getopt(sk, level, name, val, len);
	switch (name) {
	case UDP_CORK:		return sock_put_int(val, len, us->cork);
	case UDP_SEGMENT:	return sock_put_int(val, len, us->segment);
	case UDP_GRO:		return sock_put_int(val, len, us->gro);
	case UDP_NO_CHECK6_TX:	return sock_put_int(val, len, us->no_check6_tx);
	case UDP_NO_CHECK6_RX:	return sock_put_int(val, len, us->no_check6_rx);
	default:		return -ENOPROTOOPT;
	}
}

static u32 udp_poll(struct sock *sk)
{
	return inet_poll_packets(to_inet(sk), &to_udp(sk)->rx);
}

static int udp_ioctl(struct sock *sk, u32 cmd, s32 *value)
{
	switch (cmd) {
	case SIOCINQ_:	*value = (s32)rxqueue_first_len(&to_udp(sk)->rx); return 0;
	case SIOCOUTQ_: *value = (s32)sock_wmem(sk); return 0;
	default:	return -ENOTTY;
	}
}

/* ---- the end ---- */

static void udp_close(struct sock *sk)
{
	struct udp_sock *us = to_udp(sk);

	sock_lock(sk);
	udp_drop_pending(us);
	udp_unhash(us);
	mcast_leave_all(&us->inet);
	inet_port_release(&udp_ports, &us->inet);
	sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	sock_unlock(sk);
}

static void udp_destroy(struct sock *sk)
{
	struct udp_sock *us = to_udp(sk);

	netbuf_queue_purge(&us->rx.q);
	inet_fini_sock(&us->inet);
	sock_fini(sk);
}

static void free_rcu(struct rcu_head *h)
{
	slab_free(udp_cache, container_of(h, struct udp_sock, inet.rcu));
}

static void udp_free(struct sock *sk)
{
	call_rcu(&to_udp(sk)->inet.rcu, free_rcu);
}

static void drop_backlog(struct sock *sk, struct netbuf *nb)
{
	netbuf_free(nb);	/* datagrams go straight to the queue */
}

static const struct sock_ops udp_ops = {
	.name = "UDP",
	.bind = udp_bind,
	.connect = udp_connect,
	.getname = inet_getname,
	.send = udp_send,
	.recv = udp_recv,
	.shutdown = udp_shutdown,
	.setopt = udp_setopt,
	.getopt = udp_getopt,
	.poll = udp_poll,
	.ioctl = udp_ioctl,
	.backlog = drop_backlog,
	.abort = udp_abort,
	.close = udp_close,
	.destroy = udp_destroy,
	.free = udp_free,
};

INET_PROTO(udp, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP, .is_default = true,
	   .create = udp_create);

void udp_init(struct net_ns *net)
{
	udp_cache = slab_cache_create("udp_sock", sizeof(struct udp_sock), 64);
	inet_port_table_init(&udp_ports);
	ip_proto_register(&udp_ip_proto);
}
