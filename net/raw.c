/* SPDX-License-Identifier: MIT */
/* raw.c - raw sockets: packets of one protocol, with the IPv4 header on the way in and, if the
 * program likes, on the way out.
 *
 * Locks: table_lock [RANK_SOCK_TABLE] for changes; readers under RCU. Ref: raw(7), RFC 3542 s3.
 * Tests: selftests/abi/icmp.c
 */
#include <net/raw.h>

#include <kernel/bh.h>
#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/datagram.h>
#include <net/diag.h>
#include <net/ip_int.h>
#include <net/mcast.h>
#include <net/net.h>

#define ICMP_FILTER   1			/* of SOL_RAW */
#define ICMPV6_FILTER 1			/* of SOL_ICMPV6 */
#define RAW_IPV6_CHECKSUM 7

static struct spinlock table_lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static struct hlist table[256];		/* [table_lock, RCU] by protocol */
static const struct sock_ops raw_ops;

/* ---- in ---- */

/* nb's data at the transport header. */
static bool filtered(const struct dgram_sock *ds, const struct netbuf *nb)
{
	u8 type;

	if (!nb->len)
		return false;
	netbuf_read(nb, 0, &type, 1);
	if (ds->inet.sk.protocol == IPPROTO_ICMP && !inet_is6(&ds->inet))
		return type < 32 && (ds->icmp_filter & 1u << type);
	if (ds->inet.sk.protocol == IPPROTO_ICMPV6 && inet_is6(&ds->inet))
		return ds->icmp6_filter[type / 32] & 1u << type % 32;
	return false;
}

static bool matches(struct inet_sock *is, const struct ip_cb *cb)
{
	if (inet_is6(is) == ip_is4(cb->dst) || (is->sk.bound_if && is->sk.bound_if != cb->ifindex))
		return false;
	if (!ip_is_any(is->laddr) && !ip_eq(is->laddr, cb->dst))
		return false;
	if (!ip_is_any(is->raddr) && !ip_eq(is->raddr, cb->src))
		return false;
	return cb->type != RTN_MULTICAST || mcast_wants(is, cb->dst, cb->src, cb->ifindex);
}

bool raw_wants(struct netbuf *nb)
{
	struct inet_sock *is;

	hlist_for_each_entry(is, &table[ip_cb(nb)->proto], hash)
		if (matches(is, ip_cb(nb)))
			return true;
	return false;
}

static bool sum_is_right(const struct dgram_sock *ds, const struct netbuf *nb,
			 const struct ip_cb *cb)
{
	if (ds->checksum_at < 0 || nb->csum != CSUM_NONE)
		return true;
	return csum_fold(netbuf_sum(nb, 0, nb->len,
				    csum_pseudo6(&cb->src, &cb->dst, nb->len, cb->proto))) == 0;
}

bool raw_deliver(struct net_ns *net, struct netbuf *nb)
{
	struct ip_cb cb = *ip_cb(nb);
	struct inet_sock *is;
	bool any = false;

	hlist_for_each_entry(is, &table[cb.proto], hash) {
		struct dgram_sock *ds = container_of(is, struct dgram_sock, inet);
		struct netbuf *c;

		if (is->sk.net != net || !matches(is, &cb))
			continue;
		any = true;
		if (filtered(ds, nb) || !sum_is_right(ds, nb, &cb))
			continue;
		c = netbuf_clone(nb, PAGE_ATOMIC);
		if (!c)
			continue;
		if (!inet_is6(is))		/* IPv4: with its header */
			netbuf_push(c, (u32)(netbuf_offset(c) - c->net_off));
		dgram_queue(ds, c);
	}
	return any;
}

void raw_error(struct net_ns *net, struct netbuf *nb, const struct ip_error *e)
{
	struct ip_cb cb = *ip_cb(nb);
	struct inet_sock *is;

	swap(cb.src, cb.dst);
	hlist_for_each_entry(is, &table[cb.proto], hash) {
		bool wanted = ip_is4(cb.src) ? is->recverr : is->recverr6;

		if (is->sk.net != net || !matches(is, &cb))
			continue;
		if (wanted)
			inet_queue_error(is, nb, e, cb.src, 0);
		if (wanted || (e->hard && is->sk.state == 1 /* connected */))
			sock_set_error(&is->sk, (u32)e->err);
	}
}

/* ---- out ---- */

/* The program wrote the header: what it may leave open is filled in. */
static int send_with_header(struct sock *sk, struct netbuf *nb, struct dgram_target *t)
{
	struct ip4_header *h;
	u32 hlen;

	if (!netbuf_need(nb, sizeof(*h)))
		goto bad;
	h = (struct ip4_header *)(void *)nb->data;
	hlen = ip4_header_len(h);
	if (hlen < sizeof(*h) || !netbuf_need(nb, hlen))
		goto bad;
	h = (struct ip4_header *)(void *)nb->data;
	if (!h->src)
		h->src = ip_v4(t->tx.src);
	if (!h->id)
		h->id = cpu_to_be16(ip_make_id(ip4(h->src), t->tx.dst, h->proto, 1));
	h->len = cpu_to_be16((u16)nb->len);
	h->csum = 0;
	h->csum = csum_fold(csum_add_bytes(h, hlen, 0));
	nb->net_off = netbuf_offset(nb);
	nb->mark = t->tx.mark;
	nb->priority = t->tx.priority;
	return ip4_output(sk->net, nb, &t->route, false);
bad:
	netbuf_free(nb);
	return -EINVAL;
}

/* IPV6_CHECKSUM: the sum over pseudo header and payload goes where the program said. */
static int put_checksum(const struct dgram_sock *ds, struct netbuf *nb, const struct ip_tx *tx)
{
	u32 at = (u32)ds->checksum_at;
	u16 sum = 0;

	if (nb->len < at + 2)
		return -EINVAL;
	if (!netbuf_need(nb, at + 2))
		return -ENOBUFS;
	memcpy(nb->data + at, &sum, 2);
	sum = csum_fold(
		netbuf_sum(nb, 0, nb->len, csum_pseudo6(&tx->src, &tx->dst, nb->len, tx->proto)));
	memcpy(nb->data + at, &sum, 2);
	nb->csum = CSUM_VERIFIED;
	return 0;
}

static int send_to(struct dgram_sock *ds, struct netbuf *nb, struct dgram_target *t)
{
	int err;

	if (ds->inet.hdrincl && ip_is4(t->tx.dst))
		return send_with_header(&ds->inet.sk, nb, t);
	nb->trans_off = netbuf_offset(nb);
	if (!ip_is4(t->tx.dst) && ds->checksum_at >= 0) {
		err = put_checksum(ds, nb, &t->tx);
		if (err) {
			netbuf_free(nb);
			return err;
		}
	}
	return ip_send(ds->inet.sk.net, nb, &t->tx, &t->route);
}

static ssize_t raw_send(struct sock *sk, struct sock_msg *m)
{
	struct dgram_sock *ds = to_dgram(sk);
	usize len = iter_left(m->iter);
	struct dgram_target t;
	struct netbuf *nb;
	int err;

	if (len > 65535)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (READ_ONCE(sk->shutdown) & SEND_SHUTDOWN)
		return sock_pipe_error(m->flags);
	err = sock_wait_send(sk, m->nonblock, sock_deadline(sk->sndtimeo));
	if (err)
		return err;
	sock_lock(sk);
	err = dgram_target(&ds->inet, m, &t);
	if (!err) {
		bool header = ds->inet.hdrincl && ip_is4(t.tx.dst);

		if (header && len > t.route.mtu)
			err = -EMSGSIZE;
		if (!err)
			err = dgram_gather(sk, m, (u32)len, &nb);
		if (!err)
			err = send_to(ds, nb, &t);
		route_put(&t.route);
	}
	sock_unlock(sk);
	return err ? err : (ssize_t)len;
}

/* ---- options ---- */

static int raw_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len)
{
	struct dgram_sock *ds = to_dgram(sk);
	s32 v;

	if (level == SOL_RAW && name == ICMP_FILTER && !inet_is6(&ds->inet)) {
		if (sk->protocol != IPPROTO_ICMP)
			return -EOPNOTSUPP;
		memcpy(&ds->icmp_filter, val, min(len, 4u));
		return 0;
	}
	if (level == SOL_ICMPV6 && name == ICMPV6_FILTER && inet_is6(&ds->inet)) {
		if (sk->protocol != IPPROTO_ICMPV6)
			return -EOPNOTSUPP;
		memcpy(ds->icmp6_filter, val, min(len, (u32)sizeof(ds->icmp6_filter)));
		return 0;
	}
	if ((level == SOL_RAW || level == SOL_IPV6) && name == RAW_IPV6_CHECKSUM &&
	    inet_is6(&ds->inet)) {
		if (sock_opt_int(val, len, &v))
			return -EINVAL;
		if (sk->protocol == IPPROTO_ICMPV6 && level == SOL_IPV6)
			return -EINVAL;		/* RFC 3542 s3.1: it is always done */
		if (v > 0 && (v & 1))
			return -EINVAL;
		ds->checksum_at = v < 0 ? -1 : v;
		return 0;
	}
	if (level == SOL_RAW)
		return -ENOPROTOOPT;
	return inet_setopt(sk, level, name, val, len);
}

static int raw_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	struct dgram_sock *ds = to_dgram(sk);

	if (level == SOL_RAW && name == ICMP_FILTER && !inet_is6(&ds->inet)) {
		if (sk->protocol != IPPROTO_ICMP)
			return -EOPNOTSUPP;
		*len = min(*len, 4u);
		memcpy(val, &ds->icmp_filter, *len);
		return 0;
	}
	if (level == SOL_ICMPV6 && name == ICMPV6_FILTER && inet_is6(&ds->inet)) {
		*len = min(*len, (u32)sizeof(ds->icmp6_filter));
		memcpy(val, ds->icmp6_filter, *len);
		return 0;
	}
	if ((level == SOL_RAW || level == SOL_IPV6) && name == RAW_IPV6_CHECKSUM &&
	    inet_is6(&ds->inet))
		return sock_put_int(val, len, ds->checksum_at);
	if (level == SOL_RAW)
		return -ENOPROTOOPT;
	return inet_getopt(sk, level, name, val, len);
}

/* ---- life ---- */

static int raw_create(struct net_ns *net, u16 family, u16 protocol, struct sock **out)
{
	int err = dgram_create(&raw_ops, net, family, SOCK_RAW, protocol, out);
	struct dgram_sock *ds;

	if (err)
		return err;
	ds = to_dgram(*out);
	ds->inet.lport = protocol;
	ds->inet.hdrincl = protocol == IPPROTO_RAW;
	if (family == AF_INET6 && protocol == IPPROTO_ICMPV6)
		ds->checksum_at = 2;
	spin_lock_bh(&table_lock);
	hlist_add(&table[protocol & 255], &ds->inet.hash);
	spin_unlock_bh(&table_lock);
	return 0;
}

static int raw_bind(struct sock *sk, struct sock_addr *a)
{
	struct inet_sock *is = to_inet(sk);
	struct sock_addr without_port = *a;
	struct ipaddr addr;
	s32 scope;
	u16 port;
	u8 type;
	int err;

	without_port.port = 0;
	err = inet_check_bind(is, &without_port, &addr, &port, &scope);
	if (err)
		return err;
	sock_lock(sk);
	if (is->sk.state == 1 /* connected */) {
		err = -EINVAL;
	} else {
		is->laddr = addr;
		is->saddr = addr;
		is->scope = (u32)scope;
		if (ip_check_local(sk->net, addr, scope, &type) == 0 && type != RTN_LOCAL)
			is->saddr = inet_is6(is) ? IP6_ANY : IP4_ANY;
		is->addr_bound = !ip_is_any(addr);
	}
	sock_unlock(sk);
	return err;
}

static void raw_close(struct sock *sk)
{
	sock_lock(sk);
	spin_lock_bh(&table_lock);
	if (hnode_linked(&to_inet(sk)->hash))
		hlist_del(&to_inet(sk)->hash);
	spin_unlock_bh(&table_lock);
	mcast_leave_all(to_inet(sk));
	sk->shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
	sock_unlock(sk);
}

static const struct sock_ops raw_ops = {
	.name = "RAW",
	.bind = raw_bind,
	.connect = dgram_connect,
	.getname = inet_getname,
	.send = raw_send,
	.recv = dgram_recv,
	.shutdown = dgram_shutdown,
	.setopt = raw_setopt,
	.getopt = raw_getopt,
	.poll = dgram_poll,
	.ioctl = dgram_ioctl,
	.backlog = dgram_drop_backlog,
	.close = raw_close,
	.destroy = dgram_destroy,
	.free = dgram_free,
};

INET_PROTO(raw, .type = SOCK_RAW, .protocol = 0, .needs = INET_NEEDS_RAW, .create = raw_create);

bool raw_diag(struct net_ns *net, struct diag_cursor *c, u32 states, inet_diag_fn fn, void *arg)
{
	for (; c->chain < ARRAY_SIZE(table); diag_next_chain(c)) {
		struct inet_sock *is;
		u32 pos = 0;
		bool go_on = true;

		rcu_read_lock();
		hlist_for_each_entry(is, &table[c->chain], hash) {
			struct inet_diag d = diag_of_sock(is);

			d.state = is->sk.state == 1 ? 1 : 7;	/* ESTABLISHED, CLOSE */
			d.rqueue = atomic_read(&is->sk.rmem);
			d.wqueue = sock_wmem(&is->sk);
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

void raw_init(void)
{
	dgram_init_cache();
}
