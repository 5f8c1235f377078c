/* SPDX-License-Identifier: MIT */
/* udp_in.c - UDP: from a packet to the socket it is for, and to the program.
 *
 * Sockets hang in buckets by local port, read under RCU. The best match wins: a connected one over
 * a bound one over a wildcard; equal ones with SO_REUSEPORT share by the flow's hash. Packets to
 * groups and broadcast addresses go to every match.
 *
 * Invariants: (1) a hashed socket has a port; (2) what is queued has a verified sum (or none was
 * sent) and is charged to the socket.
 * Locks: bucket.lock [RANK_SOCK_TABLE] for changes; rx.lock [RANK_SOCK_QUEUE], bottom halves off.
 * Ref: RFC 768, RFC 1122 s4.1, udp(7). Tests: selftests/abi/udp.c
 */
#include "udp_int.h"

#include <kernel/bh.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/diag.h>
#include <net/filter.h>
#include <net/mcast.h>
#include <net/mib.h>
#include <net/inet_port.h>
#include <net/net.h>

static struct bucket {
	struct spinlock lock;
	struct hlist socks;
} buckets[UDP_BUCKETS];

/* ---- finding ---- */

void udp_hash(struct udp_sock *us)
{
	struct bucket *b = &buckets[us->inet.lport % UDP_BUCKETS];

	spin_lock_bh(&b->lock);
	if (!hnode_linked(&us->inet.hash))
		hlist_add(&b->socks, &us->inet.hash);
	spin_unlock_bh(&b->lock);
}

void udp_unhash(struct udp_sock *us)
{
	struct bucket *b = &buckets[us->inet.lport % UDP_BUCKETS];

	spin_lock_bh(&b->lock);
	if (hnode_linked(&us->inet.hash))
		hlist_del(&us->inet.hash);
	spin_unlock_bh(&b->lock);
}

/* How well is matches a packet to dst:dport from src:sport; -1: not at all. */
static int score(const struct inet_sock *is, const struct ip_cb *cb, u16 sport, u16 dport)
{
	bool v4 = ip_is4(cb->dst), wild = ip_is_any(is->laddr);
	int s = inet_is6(is) ? 1 : 2;

	if (is->lport != dport || (v4 && inet_is6(is) && is->v6only) || (!v4 && !inet_is6(is)))
		return -1;
	if (wild && ip_is4(is->laddr) && !v4)
		return -1;
	if (!wild) {
		if (!ip_eq(is->laddr, cb->dst))
			return -1;
		s += 4;
	}
	if (is->rport) {
		if (is->rport != sport || !ip_eq(is->raddr, cb->src))
			return -1;
		s += 8;
	}
	if (is->sk.bound_if) {
		if (is->sk.bound_if != cb->ifindex)
			return -1;
		s += 4;
	}
	return s;
}

static u32 flow_hash(const struct ip_cb *cb, u16 sport)
{
	return (ip_hash(cb->src) ^ ip_hash(cb->dst)) * 31u + sport * 0x9e3779b1u;
}

/* The best match, borrowed under RCU. */
static struct udp_sock *find(struct net_ns *net, const struct ip_cb *cb, u16 sport, u16 dport)
{
	struct inet_sock *is, *best = NULL;
	int top = -1;
	u32 equal = 0, pick = 0;

	hlist_for_each_entry(is, &buckets[dport % UDP_BUCKETS].socks, hash) {
		int s = is->sk.net == net ? score(is, cb, sport, dport) : -1;

		if (s < 0 || s < top)
			continue;
		if (s > top) {
			top = s;
			best = is;
			equal = 1;
		} else if (sock_flag(&is->sk, SOCK_REUSEPORT) &&
			   sock_flag(&best->sk, SOCK_REUSEPORT)) {
			if (equal == 1)
				pick = flow_hash(cb, sport);
			if (reuseport_takes(&pick, ++equal))
				best = is;
		} else if (sock_flag(&is->sk, SOCK_REUSEADDR)) {
			continue;		/* the first in the list: the latest bound */
		}
	}
	return best ? container_of(best, struct udp_sock, inet) : NULL;
}

/* ---- queueing ---- */

/* A filter sees the UDP header; what it keeps is counted from there. */
static bool keep_of(struct sock *sk, struct netbuf *nb)
{
	u32 keep;

	netbuf_push(nb, sizeof(struct udp_header));
	keep = filter_run(sk, nb);
	netbuf_pull(nb, sizeof(struct udp_header));
	if (keep <= sizeof(struct udp_header))
		return keep != 0;
	netbuf_trim(nb, keep - (u32)sizeof(struct udp_header));
	return true;
}

#define UDP_COUNT(v4, what) mib_inc((v4) ? MIB_UDP4_##what : MIB_UDP6_##what)

static void queue(struct udp_sock *us, struct netbuf *nb)
{
	struct sock *sk = &us->inet.sk;
	bool v4 = !inet_is6(&us->inet);

	if (unlikely(sk->filter) && !keep_of(sk, nb)) {
		UDP_COUNT(v4, InErrors);
		netbuf_free(nb);
		return;
	}
	if (atomic_read(&sk->rmem) + nb->truesize > sk->rcvbuf + PAGE_SIZE ||
	    (READ_ONCE(sk->shutdown) & RCV_SHUTDOWN) || sock_flag(sk, SOCK_DEAD)) {
		sk->drops++;
		UDP_COUNT(v4, RcvbufErrors);
		UDP_COUNT(v4, InErrors);
		netbuf_free(nb);
		return;
	}
	if (sock_flag(sk, SOCK_STAMP) && !nb->stamp)
		nb->stamp = clock_realtime();
	sock_charge_recv(sk, nb);		/* (2) */
	spin_lock(&us->rx.lock);
	netbuf_queue_add(&us->rx.q, nb);
	spin_unlock(&us->rx.lock);
	object_wake(&sk->obj, EPOLLIN | EPOLLRDNORM);
}

static bool sum_is_right(struct netbuf *nb, const struct udp_header *h)
{
	const struct ip_cb *cb = ip_cb(nb);
	u32 sum;

	if (!h->csum)
		return ip_is4(cb->dst);		/* RFC 8200 s8.1: not optional over IPv6 */
	if (nb->csum != CSUM_NONE)
		return true;
	sum = ip_is4(cb->dst) ? csum_pseudo4(ip_v4(cb->src), ip_v4(cb->dst), nb->len, IPPROTO_UDP)
			      : csum_pseudo6(&cb->src, &cb->dst, nb->len, IPPROTO_UDP);
	return csum_fold(netbuf_sum(nb, 0, nb->len, sum)) == 0;
}

/* Every socket that wants it gets a clone. */
static void deliver_all(struct net_ns *net, struct netbuf *nb, u16 sport, u16 dport)
{
	struct ip_cb cb = *ip_cb(nb);
	struct inet_sock *is;
	bool any = false;

	hlist_for_each_entry(is, &buckets[dport % UDP_BUCKETS].socks, hash) {
		struct netbuf *c;

		if (is->sk.net != net || score(is, &cb, sport, dport) < 0)
			continue;
		if (cb.type == RTN_MULTICAST && !mcast_wants(is, cb.dst, cb.src, cb.ifindex))
			continue;
		any = true;
		c = netbuf_clone(nb, PAGE_ATOMIC);
		if (c)
			queue(container_of(is, struct udp_sock, inet), c);
	}
	if (!any)
		UDP_COUNT(ip_is4(cb.dst), IgnoredMulti);
	netbuf_free(nb);
}

/* A large packet that the sender's stack did not cut: sockets that did not ask for it get
 * pieces. */
static void deliver(struct udp_sock *us, struct netbuf *nb)
{
	u32 size = nb->gso_size;

	if (!nb->gso || us->gro || !size || nb->len <= size) {
		queue(us, nb);
		return;
	}
	while (nb->len > size) {
		struct netbuf *c = netbuf_clone(nb, PAGE_ATOMIC);

		if (c) {
			netbuf_trim(c, size);
			c->gso = GSO_NONE;
			queue(us, c);
		}
		netbuf_pull(nb, size);
	}
	nb->gso = GSO_NONE;
	queue(us, nb);
}

static void udp_rx(struct net_ns *net, struct netbuf *nb)
{
	struct ip_cb *cb = ip_cb(nb);
	struct udp_header *h;
	struct udp_sock *us;
	u16 sport, dport;
	u32 len;

	if (!netbuf_need(nb, sizeof(*h)))
		goto drop;
	nb->trans_off = netbuf_offset(nb);
	h = (struct udp_header *)(void *)nb->data;
	len = be16_to_cpu(h->len);
	if (!nb->gso) {
		if (len < sizeof(*h) || len > nb->len)
			goto bad;
		netbuf_trim(nb, len);
	}
	if (!sum_is_right(nb, h)) {
		UDP_COUNT(ip_is4(cb->dst), InCsumErrors);
		goto bad;
	}
	sport = be16_to_cpu(h->sport);
	dport = be16_to_cpu(h->dport);
	if (cb->type != RTN_LOCAL) {
		netbuf_pull(nb, sizeof(*h));
		deliver_all(net, nb, sport, dport);
		return;
	}
	us = find(net, cb, sport, dport);
	if (us) {
		netbuf_pull(nb, sizeof(*h));
		deliver(us, nb);
		return;
	}
	UDP_COUNT(ip_is4(cb->dst), NoPorts);
	icmp_send_unreachable(nb, ICMP_PORT_UNREACH, ICMPV6_PORT_UNREACH);
	netbuf_free(nb);
	return;
bad:
	UDP_COUNT(ip_is4(cb->dst), InErrors);
drop:
	netbuf_free(nb);
}

/* nb: our datagram as the error quotes it; cb.src is ours. */
static void udp_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	const struct udp_header *h = (const struct udp_header *)(const void *)nb->data;
	struct ip_cb back = *ip_cb(nb);
	u16 lport = be16_to_cpu(h->sport), rport = be16_to_cpu(h->dport);
	struct udp_sock *us;
	struct inet_sock *is;

	swap(back.src, back.dst);
	us = find(net, &back, rport, lport);
	if (!us)
		return;
	is = &us->inet;
	if (ip_is4(back.src) ? is->recverr : is->recverr6) {
		netbuf_pull(nb, min((u32)sizeof(*h), nb->len));
		inet_queue_error(is, nb, e, back.src, rport);
	} else if (!e->hard || is->sk.state != 1 /* connected */) {
		return;
	}
	sock_set_error(&is->sk, (u32)e->err);
}

const struct ip_proto udp_ip_proto = { .proto = IPPROTO_UDP, .rx = udp_rx, .error = udp_error };

/* ---- to the program ---- */

static void fill_in(struct udp_sock *us, struct netbuf *nb, struct sock_msg *m)
{
	const struct udp_header *h = netbuf_trans_header(nb);
	struct inet_sock *is = &us->inet;

	if (m->want_addr) {
		inet_to_addr(is, ip_cb(nb)->src, be16_to_cpu(h->sport), m->addr);
		if (m->addr->scope == 0 && ip_is_link_local(ip_cb(nb)->src) && inet_is6(is))
			m->addr->scope = (u32)ip_cb(nb)->ifindex;
		m->has_addr = true;
	}
	inet_fill_ctl(is, nb, m);
	if (!m->ctl)
		return;
	if (is->want & WANT_ORIGDST) {
		m->ctl->present |= CTL_ORIGDST;
		inet_to_addr(is, ip_cb(nb)->dst, be16_to_cpu(h->dport), &m->ctl->origdst);
	}
	if (us->gro && nb->gso_size) {
		m->ctl->present |= CTL_SEGMENT;
		m->ctl->segment = nb->gso_size;
	}
	if (sock_flag(&is->sk, SOCK_RXQ_OVFL) && is->sk.drops) {
		m->ctl->present |= CTL_RXQ_OVFL;
		m->ctl->overflow = is->sk.drops;
	}
}

ssize_t udp_recv(struct sock *sk, struct sock_msg *m)
{
	struct udp_sock *us = to_udp(sk);
	struct netbuf *nb = NULL;
	ssize_t ret;
	u32 skip, n;
	int err;

	if (m->flags & MSG_ERRQUEUE)
		return inet_recv_error(&us->inet, m);
	err = rxqueue_wait(&us->rx, sk, m, &skip, &nb);
	if (err || !nb)
		return err;
	n = (u32)min((usize)(nb->len - skip), iter_left(m->iter));
	ret = rxqueue_give(nb, skip, m);
	if (ret >= 0)
		sock_move_peek(sk, m->flags & MSG_PEEK ? (s64)n : -(s64)nb->len);
	if (!(m->flags & MSG_PEEK))
		UDP_COUNT(!inet_is6(&us->inet), InDatagrams);
	if (ret >= 0)
		fill_in(us, nb, m);
	sk->last_stamp = nb->stamp;
	netbuf_free(nb);
	return ret;
}

static void show(struct inet_sock *is, struct inet_diag *d)
{
	*d = diag_of_sock(is);
	d->state = is->rport ? 1 : 7;		/* ESTABLISHED, CLOSE */
	d->rqueue = atomic_read(&is->sk.rmem);
	d->wqueue = sock_wmem(&is->sk);
	d->bound_port = is->port_bound;
}

bool udp_diag_find(struct net_ns *net, const struct ip_cb *cb, u16 rport, u16 lport,
		   struct inet_diag *d, struct sock **out)
{
	struct udp_sock *us;
	bool ok;

	rcu_read_lock();
	us = find(net, cb, rport, lport);
	ok = us && object_tryget(&us->inet.sk.obj);
	rcu_read_unlock();
	if (!ok)
		return false;
	show(&us->inet, d);
	*out = &us->inet.sk;
	return true;
}

bool udp_diag(struct net_ns *net, struct diag_cursor *c, u32 states, inet_diag_fn fn, void *arg)
{
	for (; c->chain < UDP_BUCKETS; diag_next_chain(c)) {
		struct inet_sock *is;
		u32 pos = 0;
		bool go_on = true;

		rcu_read_lock();
		hlist_for_each_entry(is, &buckets[c->chain].socks, hash) {
			struct inet_diag d;

			show(is, &d);
			go_on = is->sk.net != net || !diag_step(c, &pos) ||
				!(states & 1u << d.state) || fn(&d, arg);
			if (!go_on)
				break;
		}
		rcu_read_unlock();
		if (!go_on) {
			diag_stop(c, c->chain, pos);
			return false;
		}
	}
	return true;
}
