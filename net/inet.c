/* SPDX-License-Identifier: MIT */
/* inet.c - what sockets of AF_INET and AF_INET6 have in common: creation, addresses, routes,
 * control messages, the error queue.
 *
 * Locks: the owner lock of each socket; errors_lock for its error queue. Ref: ip(7), ipv6(7), RFC
 * 3493, RFC 3542.
 * Tests: selftests/abi/inet.c
 */
#include <net/inet.h>

#include <kernel/bh.h>
#include <kernel/cred.h>
#include <kernel/lib/set.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/inet_port.h>
#include <net/mcast.h>
#include <net/net.h>
#include <net/rxqueue.h>

/* ---- creation ---- */

static bool may_ping(const struct net_ns *net)
{
	const struct cred *c = current_cred();

	if (c->egid.v >= net->ping_gids[0] && c->egid.v <= net->ping_gids[1])
		return true;
	for (u32 i = 0; i < c->nr_groups; i++)
		if (c->groups[i].v >= net->ping_gids[0] && c->groups[i].v <= net->ping_gids[1])
			return true;
	return false;
}

static int check_needs(const struct inet_proto *p, struct net_ns *net)
{
	switch (p->needs) {
	case INET_NEEDS_RAW:  return capable(CAP_NET_RAW) ? 0 : -EPERM;
	case INET_NEEDS_PING: return may_ping(net) ? 0 : -EACCES;
	default:	      return 0;
	}
}

/* As inet_create(): the exact protocol, the type's default for 0, or a type that takes any. */
static int inet_create(struct net_ns *net, u16 family, u32 type, s32 protocol, struct sock **out)
{
	const struct inet_proto *found = NULL;
	bool type_known = false;
	int err;

	if (protocol < 0 || protocol >= IPPROTO_MAX)
		return -EINVAL;
	SET_FOR_EACH(inet_protos, const struct inet_proto, p) {
		if (p->type != type || (p->family && p->family != family))
			continue;
		type_known = true;
		if (protocol ? p->protocol == protocol || (!p->protocol && !found) : p->is_default)
			found = p;
	}
	if (!found)
		return type_known ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
	err = check_needs(found, net);
	return err ? err
		   : found->create(net, family, (u16)(protocol ? protocol : found->protocol), out);
}

static int create4(struct net_ns *net, u32 type, s32 protocol, struct sock **out)
{
	return inet_create(net, AF_INET, type, protocol, out);
}

static int create6(struct net_ns *net, u32 type, s32 protocol, struct sock **out)
{
	return inet_create(net, AF_INET6, type, protocol, out);
}

SOCK_FAMILY(inet, .family = AF_INET, .create = create4);
SOCK_FAMILY(inet6, .family = AF_INET6, .create = create6);

void inet_init_sock(struct inet_sock *is)
{
	bool six = inet_is6(is);

	is->sk.txrehash = 1;
	is->laddr = is->raddr = is->saddr = six ? IP6_ANY : IP4_ANY;
	is->ttl = is->hoplimit = -1;
	is->mcast_ttl = is->mcast_hops = 1;
	is->mcast_loop = is->mcast_all = true;
	is->pmtudisc = is->pmtudisc6 = IP_PMTUDISC_WANT;
	is->v6only = six && READ_ONCE(is->sk.net->bindv6only);
	list_init(&is->groups);
	list_init(&is->port_link);
	netbuf_queue_init(&is->errors);
	spin_init(&is->errors_lock, RANK_SOCK_QUEUE);
}

void inet_fini_sock(struct inet_sock *is)
{
	kfree(is->options);
	is->options = NULL;
	route_put(&is->route);
	netbuf_queue_purge(&is->errors);
}

/* ---- addresses ---- */

static int decode4(const struct sock_addr *a, struct ipaddr *addr)
{
	u32 v4;

	memcpy(&v4, a->ip, 4);
	*addr = ip4(v4);
	return 0;
}

static int decode6(struct inet_sock *is, const struct sock_addr *a, struct ipaddr *addr,
		   s32 *scope_if)
{
	*addr = ip6(a->ip);
	if (ip_is4(*addr))
		return is->v6only ? -ENETUNREACH : 0;
	if (ip_is_link_local(*addr) ||
	    ((addr->w[0] & 0xff) == 0xff && (addr->w[0] >> 8 & 0xf) == 2)) {
		if (a->scope)
			*scope_if = (s32)a->scope;
		if (is->sk.bound_if && *scope_if && is->sk.bound_if != *scope_if)
			return -EINVAL;
		if (!*scope_if)
			*scope_if = is->sk.bound_if;
	}
	return 0;
}

static int check_bind6(struct inet_sock *is, const struct sock_addr *a, struct ipaddr *addr,
		       s32 *scope_if)
{
	int err;

	if (a->family != AF_INET6)
		return -EAFNOSUPPORT;
	err = decode6(is, a, addr, scope_if);
	if (err)
		return -EINVAL;			/* mapped on a v6only socket */
	if (ip_is_multicast(*addr) && is->sk.type == SOCK_STREAM)
		return -EINVAL;
	return ip_is_link_local(*addr) && !ip_is4(*addr) && !*scope_if ? -EINVAL : 0;
}

int inet_check_bind(struct inet_sock *is, const struct sock_addr *a, struct ipaddr *addr, u16 *port,
		    s32 *scope_if)
{
	struct net_ns *net = is->sk.net;
	u8 type;
	int err;

	*scope_if = is->sk.bound_if;
	*port = a->port;
	if (inet_is6(is)) {
		err = check_bind6(is, a, addr, scope_if);
	} else {
		err = decode4(a, addr);
		if (a->family != AF_INET && !(a->family == AF_UNSPEC && ip_is_any(*addr)))
			err = -EAFNOSUPPORT;
	}
	if (!err && ip_check_local(net, *addr, *scope_if, &type) && !is->freebind &&
	    !is->transparent && !READ_ONCE(net->nonlocal_bind))
		err = -EADDRNOTAVAIL;
	if (!err && *port && *port < READ_ONCE(net->unprivileged_port) &&
	    !capable(CAP_NET_BIND_SERVICE))
		err = -EACCES;
	return err;
}

int inet_check_dest(struct inet_sock *is, const struct sock_addr *a, struct ipaddr *addr, u16 *port,
		    s32 *scope_if)
{
	*scope_if = is->sk.bound_if;
	*port = a->port;
	if (a->family == AF_INET) {
		if (inet_is6(is) && is->v6only)
			return -ENETUNREACH;
		return decode4(a, addr);
	}
	if (!inet_is6(is) || a->family != AF_INET6)
		return -EAFNOSUPPORT;
	if (ip_is_any(ip6(a->ip)) && !ip_is4(ip6(a->ip))) {	/* :: is ourselves */
		*addr = (struct ipaddr){ { 0, 0, 0, cpu_to_be32(1) } };
		if (ip_is4(is->laddr))
			*addr = ip4_host(0x7f000001);
		return 0;
	}
	return decode6(is, a, addr, scope_if);
}

void inet_to_addr(const struct inet_sock *is, struct ipaddr ip, u16 port, struct sock_addr *out)
{
	*out = (struct sock_addr){ .family = is->sk.family, .port = port };
	if (inet_is6(is)) {
		memcpy(out->ip, &ip, 16);
		if (ip_is_link_local(ip) && !ip_is4(ip))
			out->scope = is->scope;
	} else {
		memcpy(out->ip, &ip.w[3], 4);
	}
}

int inet_getname(struct sock *sk, bool peer, struct sock_addr *out)
{
	struct inet_sock *is = to_inet(sk);

	if (peer && (!is->rport || sk->state == 7 /* closed */ || sk->state == 2 /* SYN_SENT */) &&
	    !(sk->type == SOCK_DGRAM && is->rport))
		return -ENOTCONN;
	inet_to_addr(is,
		     peer				 ? is->raddr
		     : ip_is_any(is->laddr) && is->rport ? is->saddr
							 : is->laddr,
		     peer ? is->rport : is->lport, out);
	return 0;
}

int inet_route(struct inet_sock *is)
{
	struct flow f = { .dst = is->raddr,
			  .src = is->saddr,
			  .oif = is->sk.bound_if ? is->sk.bound_if : (s32)is->scope,
			  .mark = is->sk.mark,
			  .tos = is->tos,
			  .proto = (u8)is->sk.protocol,
			  .allow_any_src = is->freebind || is->transparent };

	if (likely(route_valid(&is->route, atomic_read(&is->sk.net->route_gen))))
		return 0;
	route_put(&is->route);
	return route_lookup(is->sk.net, &f, &is->route);
}

/* ---- what a receiver is told ---- */

u32 inet_poll_packets(const struct inet_sock *is, const struct rxqueue *r)
{
	const struct sock *sk = &is->sk;
	u8 shut = READ_ONCE(sk->shutdown);
	u32 mask = 0;

	if (atomic_read(&sk->err) || READ_ONCE(is->errors.n))
		mask |= EPOLLERR | (sock_flag(sk, SOCK_SELECT_ERRQ) ? EPOLLPRI : 0);
	if (shut & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (shut == (RCV_SHUTDOWN | SEND_SHUTDOWN))
		mask |= EPOLLHUP;
	if (READ_ONCE(r->q.n))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (sock_writeable(sk))
		mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	return mask;
}

void inet_fill_ctl(struct inet_sock *is, const struct netbuf *nb, struct sock_msg *m)
{
	const struct ip_cb *cb = (const struct ip_cb *)(const void *)nb->cb;
	struct sock_ctl *c = m->ctl;
	bool v4 = ip_is4(cb->src);
	u32 want = is->want;

	if (!c)
		return;
	if (sock_flag(&is->sk, SOCK_STAMP) && nb->stamp) {
		c->present |= CTL_STAMP;
		c->stamp = nb->stamp;
	}
	if (sock_flag(&is->sk, SOCK_RCVMARK)) {
		c->present |= CTL_MARK;
		c->mark = nb->mark;
	}
	if (v4 && (want & WANT_PKTINFO)) {
		c->present |= CTL_PKTINFO4;
		c->ifindex = (u32)cb->ifindex;
		memcpy(c->dst, &cb->dst.w[3], 4);
		memcpy(c->local, cb->type == RTN_LOCAL ? &cb->dst.w[3] : &is->saddr.w[3], 4);
	}
	if (inet_is6(is) && (want & (WANT_PKTINFO6 | WANT_PKTINFO6_OLD))) {
		c->present |= (want & WANT_PKTINFO6 ? CTL_PKTINFO6 : 0) |
			      (want & WANT_PKTINFO6_OLD ? CTL_PKTINFO6_OLD : 0);
		c->ifindex = (u32)cb->ifindex;
		memcpy(c->dst, &cb->dst, 16);
	}
	if (want & (v4 ? WANT_TTL : WANT_HOPLIMIT)) {
		c->present |= CTL_TTL | (v4 ? 0 : CTL_TTL_IS6);
		c->ttl = cb->ttl;
	}
	if (!v4 && (want & WANT_HOPLIMIT_OLD)) {
		c->present |= CTL_HOPLIMIT_OLD;
		c->ttl = cb->ttl;
	}
	if (want & (v4 ? WANT_TOS : WANT_TCLASS)) {
		c->present |= CTL_TOS | (v4 ? 0 : CTL_TTL_IS6);
		c->tos = cb->tos;
	}
	if ((want & WANT_FRAGSIZE) && cb->frag_max) {
		c->present |= CTL_FRAGSIZE;
		c->fragsize = cb->frag_max;
	}
}

/* ---- the error queue ---- */

/* netbuf.cb of a queued error. */
struct error_cb {
	struct ipaddr dst, offender;
	u32 info, data;
	u16 dport;
	u8 err, origin, type, code;
};
static_assert(sizeof(struct error_cb) <= sizeof(((struct netbuf *)0)->cb), "error_cb");

static void queue_error(struct inet_sock *is, struct netbuf *nb, const struct error_cb *cb)
{
	memcpy(nb->cb, cb, sizeof(*cb));
	sock_charge_recv(&is->sk, nb);
	spin_lock_bh(&is->errors_lock);
	netbuf_queue_add(&is->errors, nb);
	spin_unlock_bh(&is->errors_lock);
	object_wake(&is->sk.obj, EPOLLERR | EPOLLPRI);
}

void inet_queue_error(struct inet_sock *is, struct netbuf *nb, const struct ip_error *e,
		      struct ipaddr dst, u16 dport)
{
	struct error_cb cb = { dst,
			       e->offender,
			       e->info,
			       0,
			       dport,
			       (u8)e->err,
			       ip_is4(dst) ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6,
			       e->type,
			       e->code };
	struct netbuf *copy;

	if (!(ip_is4(dst) ? is->recverr : is->recverr6))
		return;
	if (atomic_read(&is->sk.rmem) > is->sk.rcvbuf)
		return;
	if (e->offender.w[3] == 0)
		cb.origin = SO_EE_ORIGIN_LOCAL;
	copy = nb ? netbuf_copy(nb, 0, PAGE_ATOMIC) : netbuf_alloc(0, 0, PAGE_ATOMIC);
	if (copy)
		queue_error(is, copy, &cb);
}

/* Calls with MSG_ZEROCOPY are done, and were copied: one message for a run of numbers. */
void inet_queue_zerocopy(struct inet_sock *is, u32 nr)
{
	struct error_cb cb = { .info = nr,
			       .data = nr,
			       .origin = SO_EE_ORIGIN_ZEROCOPY,
			       .code = SO_EE_CODE_ZEROCOPY_COPIED },
			*last = NULL;
	struct netbuf *nb;

	spin_lock_bh(&is->errors_lock);
	if (is->errors.n)
		last = (struct error_cb *)(void *)list_last(&is->errors.head, struct netbuf, link)
			       ->cb;
	if (last && last->origin == SO_EE_ORIGIN_ZEROCOPY && last->data + 1 == nr)
		last->data = nr;
	else
		last = NULL;
	spin_unlock_bh(&is->errors_lock);
	nb = last ? NULL : netbuf_alloc(0, 0, PAGE_KERNEL);
	if (nb)
		queue_error(is, nb, &cb);
}

static struct netbuf *take_error(struct inet_sock *is)
{
	struct netbuf *nb;

	spin_lock_bh(&is->errors_lock);
	nb = netbuf_queue_take(&is->errors);
	spin_unlock_bh(&is->errors_lock);
	return nb;
}

ssize_t inet_recv_error(struct inet_sock *is, struct sock_msg *m)
{
	struct netbuf *nb = take_error(is), *next;
	struct error_cb cb;
	u32 n;
	int err;

	if (!nb)
		return -EAGAIN;
	memcpy(&cb, nb->cb, sizeof(cb));
	n = (u32)min((usize)nb->len, iter_left(m->iter));
	err = netbuf_to_iter(nb, 0, m->iter, n);
	if (n < nb->len)
		m->out_flags |= MSG_TRUNC;
	m->out_flags |= MSG_ERRQUEUE;
	netbuf_free(nb);
	if (err)
		return err;
	if (m->want_addr) {
		inet_to_addr(is, cb.dst, cb.dport, m->addr);
		m->has_addr = true;
	}
	if (m->ctl) {
		m->ctl->present |= CTL_ERR;
		m->ctl->err = (struct sock_err){ cb.err,  cb.origin, cb.type, cb.code,
						 cb.info, cb.data,   {} };
		if (cb.origin == SO_EE_ORIGIN_ICMP || cb.origin == SO_EE_ORIGIN_ICMP6)
			inet_to_addr(is, cb.offender, 0, &m->ctl->err.offender);
	}
	spin_lock_bh(&is->errors_lock);
	next = netbuf_queue_first(&is->errors);
	if (next)
		atomic_set(&is->sk.err, ((struct error_cb *)(void *)next->cb)->err);
	else if (cb.origin == SO_EE_ORIGIN_ICMP || cb.origin == SO_EE_ORIGIN_ICMP6)
		atomic_set(&is->sk.err, 0);		/* it has been told */
	spin_unlock_bh(&is->errors_lock);
	return n;
}
