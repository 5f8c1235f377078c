/* SPDX-License-Identifier: MIT */
/* ping.c - ping sockets: echo requests for everybody whom net.ipv4.ping_group_range allows, no
 * privilege needed.
 *
 * A socket's port is the identifier of its echoes; the kernel fills it in, with the checksum, and
 * finds the socket of a reply by it.
 * Invariant: (1) a hashed socket has an identifier, which no other of its family has.
 * Locks: table_lock [RANK_SOCK_TABLE] for changes; readers under RCU. Ref: icmp(7). Tests:
 * selftests/abi/icmp.c
 */
#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <net/checksum.h>
#include <net/datagram.h>
#include <net/ip_int.h>
#include <net/mcast.h>
#include <net/net.h>
#include <net/mib.h>
#include <net/raw.h>

#define BUCKETS 64u

static struct spinlock table_lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static struct hlist table[BUCKETS];	/* [table_lock, RCU] by identifier */
static const struct sock_ops ping_ops;

static struct inet_sock *find(struct net_ns *net, bool v4, u16 ident)
{
	struct inet_sock *is;

	hlist_for_each_entry(is, &table[ident % BUCKETS], hash)
		if (is->sk.net == net && is->lport == ident && inet_is6(is) != v4)
			return is;
	return NULL;
}

/* The identifier, or a free one for 0. Owner. (1) */
static int take_ident(struct inet_sock *is, u16 ident)
{
	u16 start = ident ? ident : (u16)random_u64();
	int err = -EADDRINUSE;

	spin_lock_bh(&table_lock);
	for (u32 i = 0; i < (ident ? 1u : 65535u) && err; i++) {
		u16 id = (u16)(start + i);

		if (!id || find(is->sk.net, !inet_is6(is), id))
			continue;
		is->lport = id;
		hlist_add(&table[id % BUCKETS], &is->hash);
		err = 0;
	}
	spin_unlock_bh(&table_lock);
	return err;
}

/* ---- in ---- */

void ping_rx(struct net_ns *net, struct netbuf *nb)
{
	const struct ip_cb *cb = ip_cb(nb);
	struct inet_sock *is;

	if (!netbuf_need(nb, sizeof(struct icmp_header)))
		goto drop;
	is = find(net, ip_is4(cb->dst), get_be16(nb->data + 4));
	if (!is || (is->sk.bound_if && is->sk.bound_if != cb->ifindex) ||
	    (!ip_is_any(is->laddr) && !ip_eq(is->laddr, cb->dst)))
		goto drop;
	dgram_queue(container_of(is, struct dgram_sock, inet), nb);
	return;
drop:
	netbuf_free(nb);
}

void ping_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	struct ipaddr dst = ip_cb(nb)->dst;
	struct inet_sock *is = find(net, ip_is4(dst), get_be16(nb->data + 4));
	bool wanted;

	if (!is)
		return;
	wanted = ip_is4(dst) ? is->recverr : is->recverr6;
	if (wanted)
		inet_queue_error(is, nb, e, dst, 0);
	if (wanted || (e->hard && is->sk.state == 1 /* connected */))
		sock_set_error(&is->sk, (u32)e->err);
}

/* ---- out ---- */

static int finish(struct inet_sock *is, struct netbuf *nb, const struct ip_tx *tx)
{
	struct icmp_header *h;

	if (!netbuf_need(nb, sizeof(*h)))
		return -ENOBUFS;
	h = (struct icmp_header *)(void *)nb->data;
	if (h->type != (inet_is6(is) ? ICMP6_ECHO : ICMP_ECHO) || h->code)
		return -EINVAL;
	h->id = cpu_to_be16(is->lport);
	h->csum = 0;
	h->csum = csum_fold(netbuf_sum(
		nb, 0, nb->len,
		inet_is6(is) ? csum_pseudo6(&tx->src, &tx->dst, nb->len, IPPROTO_ICMPV6) : 0));
	nb->csum = CSUM_VERIFIED;
	nb->trans_off = netbuf_offset(nb);
	return 0;
}

static int send_echo(struct net_ns *net, struct netbuf *nb, struct dgram_target *t)
{
	mib_icmp(!ip_is4(t->tx.dst), true, nb->data[0]);
	return ip_send(net, nb, &t->tx, &t->route);
}

static int send_locked(struct sock *sk, struct sock_msg *m, u32 len)
{
	struct inet_sock *is = to_inet(sk);
	struct dgram_target t;
	struct netbuf *nb;
	int err = dgram_target(is, m, &t);

	if (err)
		return err;
	if (inet_is6(is) == ip_is4(t.tx.dst))
		err = -EINVAL;
	if (!err && !is->lport)
		err = take_ident(is, 0);
	if (!err)
		err = dgram_gather(sk, m, len, &nb);
	if (!err) {
		err = finish(is, nb, &t.tx);
		if (err)
			netbuf_free(nb);
		else
			err = send_echo(sk->net, nb, &t);
	}
	route_put(&t.route);
	return err;
}

static ssize_t ping_send(struct sock *sk, struct sock_msg *m)
{
	usize len = iter_left(m->iter);
	int err;

	if (len > 65535)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (len < sizeof(struct icmp_header))
		return -EINVAL;
	if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
		return sock_pipe_error(m->flags);
	err = sock_wait_send(sk, m->nonblock, sock_deadline(sk->sndtimeo));
	if (err)
		return err;
	sock_lock(sk);
	err = send_locked(sk, m, (u32)len);
	sock_unlock(sk);
	return err ? err : (ssize_t)len;
}

/* ---- life ---- */

static int ping_create(struct net_ns *net, u16 family, u16 protocol, struct sock **out)
{
	return dgram_create(&ping_ops, net, family, SOCK_DGRAM, protocol, out);
}

static int ping_bind(struct sock *sk, struct sock_addr *a)
{
	struct inet_sock *is = to_inet(sk);
	struct sock_addr without_port = *a;
	struct ipaddr addr;
	s32 scope;
	u16 port;
	int err;

	without_port.port = 0;		/* identifiers below 1024 are nobody's privilege */
	err = inet_check_bind(is, &without_port, &addr, &port, &scope);
	if (err)
		return err;
	sock_lock(sk);
	err = is->lport ? -EINVAL : take_ident(is, a->port);
	if (!err) {
		is->laddr = is->saddr = addr;
		is->scope = (u32)scope;
		is->addr_bound = !ip_is_any(addr);
	}
	sock_unlock(sk);
	return err;
}

static int ping_connect(struct sock *sk, struct sock_addr *a, bool nonblock)
{
	struct inet_sock *is = to_inet(sk);
	int err = 0;

	sock_lock(sk);
	if (!is->lport)
		err = take_ident(is, 0);
	sock_unlock(sk);
	return err ? err : dgram_connect(sk, a, nonblock);
}

static void ping_close(struct sock *sk)
{
	struct inet_sock *is = to_inet(sk);

	sock_lock(sk);
	spin_lock_bh(&table_lock);
	if (hnode_linked(&is->hash))
		hlist_del(&is->hash);
	spin_unlock_bh(&table_lock);
	mcast_leave_all(is);
	sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	sock_unlock(sk);
}

static const struct sock_ops ping_ops = {
	.name = "PING",
	.bind = ping_bind,
	.connect = ping_connect,
	.getname = inet_getname,
	.send = ping_send,
	.recv = dgram_recv,
	.shutdown = dgram_shutdown,
	.setopt = inet_setopt,
	.getopt = inet_getopt,
	.poll = dgram_poll,
	.ioctl = dgram_ioctl,
	.backlog = dgram_drop_backlog,
	.close = ping_close,
	.destroy = dgram_destroy,
	.free = dgram_free,
};

INET_PROTO(ping4, .type = SOCK_DGRAM, .family = AF_INET, .protocol = IPPROTO_ICMP,
	   .needs = INET_NEEDS_PING, .create = ping_create);
INET_PROTO(ping6, .type = SOCK_DGRAM, .family = AF_INET6, .protocol = IPPROTO_ICMPV6,
	   .needs = INET_NEEDS_PING, .create = ping_create);
