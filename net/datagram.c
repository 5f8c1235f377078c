/* SPDX-License-Identifier: MIT */
/* datagram.c - what raw and ping sockets share: creation, receiving, where a message goes.
 *
 * Locks: the owner lock around addresses; rx.lock [RANK_SOCK_QUEUE], bottom halves off. Ref:
 * raw(7), icmp(7), ip(7), ipv6(7).
 * Tests: selftests/abi/icmp.c
 */
#include <net/datagram.h>

#include <kernel/bh.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/mcast.h>
#include <net/net.h>

#define SIOCINQ_	0x541bu
#define SIOCOUTQ_	0x5411u
#define STATE_CONNECTED 1u
#define STATE_CLOSED	7u
#define LINEAR_MAX	2048u

static struct slab_cache *cache;

void dgram_init_cache(void)
{
	cache = slab_cache_create("dgram_sock", sizeof(struct dgram_sock), 64);
}

int dgram_create(const struct sock_ops *ops, struct net_ns *net, u16 family, u16 type, u16 protocol,
		 struct sock **out)
{
	struct dgram_sock *ds = slab_alloc(cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!ds)
		return -ENOBUFS;
	sock_init(&ds->inet.sk, ops, net, family, type, protocol);
	inet_init_sock(&ds->inet);
	ds->inet.sk.state = STATE_CLOSED;
	rxqueue_init(&ds->rx);
	ds->checksum_at = -1;
	*out = &ds->inet.sk;
	return 0;
}

/* ---- receiving ---- */

void dgram_queue(struct dgram_sock *ds, struct netbuf *nb)
{
	struct sock *sk = &ds->inet.sk;

	if (atomic_read(&sk->rmem) + nb->truesize > sk->rcvbuf + PAGE_SIZE ||
	    (READ_ONCE(sk->shutdown) & RCV_SHUTDOWN) || sock_flag(sk, SOCK_DEAD)) {
		sk->drops++;
		netbuf_free(nb);
		return;
	}
	if (sock_flag(sk, SOCK_STAMP) && !nb->stamp)
		nb->stamp = clock_realtime();
	sock_charge_recv(sk, nb);
	spin_lock(&ds->rx.lock);
	netbuf_queue_add(&ds->rx.q, nb);
	spin_unlock(&ds->rx.lock);
	object_wake(&sk->obj, EPOLLIN | EPOLLRDNORM);
}

ssize_t dgram_recv(struct sock *sk, struct sock_msg *m)
{
	struct dgram_sock *ds = to_dgram(sk);
	struct netbuf *nb = NULL;
	ssize_t ret;
	int err;

	if (m->flags & MSG_ERRQUEUE)
		return inet_recv_error(&ds->inet, m);
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = rxqueue_wait(&ds->rx, sk, m, NULL, &nb);
	if (err || !nb)
		return err;
	ret = rxqueue_give(nb, 0, m);
	if (ret >= 0 && m->want_addr) {
		inet_to_addr(&ds->inet, ip_cb(nb)->src, 0, m->addr);
		if (ip_is_link_local(ip_cb(nb)->src) && inet_is6(&ds->inet))
			m->addr->scope = (u32)ip_cb(nb)->ifindex;
		m->has_addr = true;
	}
	if (ret >= 0)
		inet_fill_ctl(&ds->inet, nb, m);
	sk->last_stamp = nb->stamp;
	netbuf_free(nb);
	return ret;
}

u32 dgram_poll(struct sock *sk)
{
	return inet_poll_packets(to_inet(sk), &to_dgram(sk)->rx);
}

int dgram_ioctl(struct sock *sk, u32 cmd, s32 *value)
{
	struct dgram_sock *ds = to_dgram(sk);

	switch (cmd) {
	case SIOCINQ_:
		*value = (s32)rxqueue_first_len(&ds->rx);
		return 0;
	case SIOCOUTQ_:
		*value = (s32)sock_wmem(sk);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* ---- sending ---- */

static void apply_ctl(struct dgram_target *t, const struct sock_ctl *c, s32 *oif)
{
	u32 src;

	if (!c)
		return;
	if (c->present & CTL_PKTINFO4) {
		memcpy(&src, c->local, 4);
		if (src)
			t->tx.src = ip4(src);
	}
	if ((c->present & CTL_PKTINFO6) && !ip_is_any(ip6(c->local)))
		t->tx.src = ip6(c->local);
	if ((c->present & (CTL_PKTINFO4 | CTL_PKTINFO6)) && c->ifindex)
		*oif = (s32)c->ifindex;
	if ((c->present & CTL_TTL) && c->ttl > 0)
		t->tx.ttl = (u8)c->ttl;
	if ((c->present & CTL_TOS) && c->tos >= 0)
		t->tx.tos = (u8)c->tos;
	if (c->present & CTL_MARK)
		t->tx.mark = c->mark;
}

static void set_defaults(const struct inet_sock *is, struct ip_tx *tx)
{
	bool v4 = ip_is4(tx->dst), group = ip_is_multicast(tx->dst);
	s32 ttl = v4 ? is->ttl : is->hoplimit;
	u8 pmtu = v4 ? is->pmtudisc : is->pmtudisc6;

	tx->proto = (u8)is->sk.protocol;
	tx->tos = v4 ? is->tos : is->tclass;
	tx->ttl = group ? (v4 ? is->mcast_ttl : is->mcast_hops) : ttl > 0 ? (u8)ttl : 0;
	tx->mark = is->sk.mark;
	tx->priority = is->sk.priority;
	tx->dont_fragment = tx->no_local_frag = pmtu == IP_PMTUDISC_DO || pmtu == IP_PMTUDISC_PROBE;
	tx->df_if_fits = pmtu == IP_PMTUDISC_WANT;
	tx->no_loop = group && !is->mcast_loop;
	tx->ttl_zero = group && !tx->ttl;
	tx->flowlabel = is->flowlabel;
	if (v4) {
		tx->options = is->options;
		tx->options_len = is->options_len;
	}
}

int dgram_target(struct inet_sock *is, const struct sock_msg *m, struct dgram_target *t)
{
	s32 oif = is->sk.bound_if;
	struct flow f;
	int err;

	*t = (struct dgram_target){ .tx.src = is->saddr };
	if (m->has_addr) {
		err = inet_check_dest(is, m->addr, &t->tx.dst, &t->port, &oif);
		if (err)
			return err;
	} else {
		if (is->sk.state != STATE_CONNECTED)
			return -EDESTADDRREQ;
		t->tx.dst = is->raddr;
		oif = oif ? oif : (s32)is->scope;
	}
	if (ip_is4(t->tx.dst) && ip_is_any(t->tx.dst))
		t->tx.dst = ip4_host(0x7f000001);
	set_defaults(is, &t->tx);
	apply_ctl(t, m->ctl, &oif);
	if (!oif && ip_is_multicast(t->tx.dst))
		oif = is->mcast_if;
	f = (struct flow){ .dst = t->tx.dst,
			   .src = t->tx.src,
			   .oif = oif,
			   .mark = t->tx.mark,
			   .tos = t->tx.tos,
			   .proto = t->tx.proto,
			   .allow_any_src = is->freebind || is->transparent || is->hdrincl };
	err = route_lookup(is->sk.net, &f, &t->route);
	if (err)
		return err;
	if (t->route.type == RTN_BROADCAST && !sock_flag(&is->sk, SOCK_BROADCAST)) {
		route_put(&t->route);
		return -EACCES;
	}
	if (ip_is_any(t->tx.src))
		t->tx.src = t->route.src;
	return 0;
}

int dgram_gather(struct sock *sk, struct sock_msg *m, u32 len, struct netbuf **out)
{
	struct netbuf *nb = netbuf_alloc(min(len, LINEAR_MAX), NETBUF_HEADROOM, PAGE_KERNEL);
	int err;

	if (!nb)
		return -ENOBUFS;
	err = netbuf_from_iter(nb, m->iter, len);
	if (err) {
		netbuf_free(nb);
		return err;
	}
	sock_charge_send(sk, nb);
	*out = nb;
	return 0;
}

/* ---- names and the end ---- */

static void disconnect(struct inet_sock *is)
{
	is->raddr = inet_is6(is) ? IP6_ANY : IP4_ANY;
	is->rport = 0;
	is->sk.state = STATE_CLOSED;
	if (!is->addr_bound)
		is->laddr = is->saddr = is->raddr;
}

static int connect_to(struct inet_sock *is, const struct sock_addr *a)
{
	struct sock_msg m = { .has_addr = true, .addr = (struct sock_addr *)a };
	struct dgram_target t;
	int err = dgram_target(is, &m, &t);

	if (err)
		return err;
	is->raddr = t.tx.dst;
	is->rport = t.port;
	is->scope = a->family == AF_INET6 ? a->scope : 0;
	if (ip_is_any(is->saddr))
		is->saddr = t.tx.src;
	if (ip_is_any(is->laddr))
		is->laddr = t.tx.src;
	is->sk.state = STATE_CONNECTED;
	route_put(&t.route);
	return 0;
}

int dgram_connect(struct sock *sk, struct sock_addr *a, bool nonblock)
{
	struct inet_sock *is = to_inet(sk);
	int err = 0;

	sock_lock(sk);
	if (a->family == AF_UNSPEC)
		disconnect(is);
	else
		err = connect_to(is, a);
	sock_unlock(sk);
	return err;
}

int dgram_shutdown(struct sock *sk, u32 how)
{
	int err;

	sock_lock(sk);
	err = sk->state == STATE_CONNECTED ? 0 : -ENOTCONN;
	sk->shutdown |= (u8)(how + 1);
	sock_unlock(sk);
	object_wake(&sk->obj, EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP);
	return err;
}

void dgram_destroy(struct sock *sk)
{
	netbuf_queue_purge(&to_dgram(sk)->rx.q);
	inet_fini_sock(to_inet(sk));
	sock_fini(sk);
}

static void free_rcu(struct rcu_head *h)
{
	slab_free(cache, container_of(h, struct dgram_sock, inet.rcu));
}

void dgram_free(struct sock *sk)
{
	call_rcu(&to_inet(sk)->rcu, free_rcu);
}

void dgram_drop_backlog(struct sock *sk, struct netbuf *nb)
{
	netbuf_free(nb);	/* packets go straight to the queue */
}
