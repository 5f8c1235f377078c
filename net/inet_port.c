/* SPDX-License-Identifier: MIT */
/* inet_port.c - who holds which port: one table for TCP, one for UDP.
 *
 * A port in use has an entry with all sockets on it, those that bound it and those that got it by
 * connect() or accept(). Two sockets that could receive the same packet may share a port only if
 * both say so: SO_REUSEADDR (and neither listens), or SO_REUSEPORT of the same user. connect()
 * takes a port nobody bound and that leaves its four-tuple unique.
 *
 * Invariants: (1) an entry lives while it has owners or rests; (2) is->port is set iff is is on its
 * port's owners list; (3) nr_bound counts the owners with port_bound.
 *
 * Locks: bucket.lock [RANK_SOCK_TABLE], bottom halves off. Ref: socket(7) SO_REUSEADDR,
 * SO_REUSEPORT; ip(7) ip_local_port_range; RFC 6056 s3.3.3 (randomised ports). Tests:
 * selftests/abi/udp.c
 */
#include "inet_port.h"

#include <kernel/bh.h>
#include <kernel/lib/fmt.h>
#include <kernel/sysctl.h>
#include <kernel/cred.h>
#include <kernel/random.h>
#include <mm/slab.h>
#include <net/net.h>

struct inet_port {
	struct hnode hash;
	struct port_bucket *bucket;
	u16 nr;
	u32 nr_bound;			/* (3) */
	struct list owners;		/* inet_sock.port_link */
	struct list rests;		/* inet_port_rest.link */
};

struct port_table tcp_ports, udp_ports;

void inet_port_table_init(struct port_table *t)
{
	for (u32 i = 0; i < PORT_BUCKETS; i++)
		spin_init(&t->buckets[i].lock, RANK_SOCK_TABLE);
}

static struct port_bucket *bucket_of(struct port_table *t, u16 port)
{
	return &t->buckets[port % PORT_BUCKETS];
}

static struct inet_port *find(struct port_bucket *b, u16 nr)
{
	struct inet_port *p;

	hlist_for_each_entry(p, &b->ports, hash)
		if (p->nr == nr)
			return p;
	return NULL;
}

static struct inet_port *find_or_make(struct port_bucket *b, u16 nr)
{
	struct inet_port *p = find(b, nr);

	if (p)
		return p;
	p = kmalloc(sizeof(*p), PAGE_ATOMIC);
	if (!p)
		return NULL;
	p->bucket = b;
	p->nr = nr;
	p->nr_bound = 0;
	list_init(&p->owners);
	list_init(&p->rests);
	hlist_add(&b->ports, &p->hash);
	return p;
}

static void join(struct inet_port *p, struct inet_sock *is, bool bound)
{
	is->port = p;
	is->lport = p->nr;
	is->port_bound = bound;
	p->nr_bound += bound;
	list_add_tail(&p->owners, &is->port_link);
}

static void drop_if_empty(struct inet_port *p)
{
	if (!list_empty(&p->owners) || !list_empty(&p->rests))
		return;
	hlist_del(&p->hash);
	kfree(p);
}

/* ---- conflicts ---- */

/* Could a packet to one of a's addresses be for b as well? */
static bool overlap(const struct inet_sock *a, struct ipaddr aa, const struct inet_sock *b)
{
	struct ipaddr ba = b->laddr;
	bool a_all = inet_is6(a) && ip_is_any(aa) && !ip_is4(aa),
	     b_all = inet_is6(b) && ip_is_any(ba) && !ip_is4(ba);
	bool a4 = ip_is4(aa) || (a_all && !a->v6only), b4 = ip_is4(ba) || (b_all && !b->v6only);
	bool a6 = !ip_is4(aa), b6 = !ip_is4(ba);

	if (!((a4 && b4) || (a6 && b6)))
		return false;
	return ip_is_any(aa) || ip_is_any(ba) || ip_eq(aa, ba);
}

static bool may_share(const struct inet_sock *a, const struct inet_sock *b)
{
	if (sock_flag(&a->sk, SOCK_REUSEADDR) && sock_flag(&b->sk, SOCK_REUSEADDR) &&
	    b->sk.state != SOCK_STATE_LISTEN && a->sk.state != SOCK_STATE_LISTEN)
		return true;
	return sock_flag(&a->sk, SOCK_REUSEPORT) && sock_flag(&b->sk, SOCK_REUSEPORT) &&
	       uid_eq(a->sk.cred->euid, b->sk.cred->euid);
}

static bool rest_conflicts(const struct inet_port_rest *r, const struct inet_sock *is,
			   struct ipaddr addr)
{
	if (r->bound_if && is->sk.bound_if && r->bound_if != is->sk.bound_if)
		return false;
	if (sock_flag(&is->sk, SOCK_REUSEADDR) && r->reuseaddr)
		return false;
	if (sock_flag(&is->sk, SOCK_REUSEPORT) && r->reuseport && is->sk.cred->euid.v == r->uid)
		return false;
	if (ip_is_any(addr))
		return inet_is6(is) && !ip_is4(addr) ? !is->v6only || !ip_is4(r->laddr)
						     : ip_is4(r->laddr);
	return ip_eq(addr, r->laddr);
}

static bool conflicts(const struct inet_port *p, const struct inet_sock *is, struct ipaddr addr)
{
	struct inet_port_rest *r;
	struct inet_sock *o;

	list_for_each_entry(r, &p->rests, link)
		if (rest_conflicts(r, is, addr))
			return true;
	list_for_each_entry(o, &p->owners, port_link) {
		if (o == is ||
		    (o->sk.bound_if && is->sk.bound_if && o->sk.bound_if != is->sk.bound_if))
			continue;
		if (!may_share(is, o) && overlap(is, addr, o))
			return true;
	}
	return false;
}

/* ---- taking one ---- */

static int take(struct port_table *t, struct inet_sock *is, struct ipaddr addr, u16 nr)
{
	struct port_bucket *b = bucket_of(t, nr);
	struct inet_port *p;
	int err = 0;

	spin_lock_bh(&b->lock);
	p = find_or_make(b, nr);
	if (!p) {
		err = -ENOMEM;
	} else if (conflicts(p, is, addr)) {
		err = -EADDRINUSE;			/* it has owners, then */
	} else {
		is->laddr = addr;	/* under the lock: the next one compares with it */
		join(p, is, true);
	}
	spin_unlock_bh(&b->lock);
	return err;
}

/* ---- ports that nobody gets without asking (net.ipv4.ip_local_reserved_ports) ---- */

static u64 *reserved;			/* a bit for each port; NULL: none. Made once */

static bool is_reserved(u16 port)
{
	const u64 *r = READ_ONCE(reserved);

	return unlikely(r) && (READ_ONCE(r[port / 64]) >> port % 64 & 1);
}

static int get_reserved(char *out, usize size)
{
	u32 n = 0;

	for (u32 p = 0, end; p < 65536 && size - n > 16; p = end + 1) {
		for (end = p; end < 65536 && is_reserved((u16)end);)
			end++;
		if (end == p)
			continue;
		n += (u32)fmt_print(out + n, size - n, end - p > 1 ? "%s%u-%u" : "%s%u",
				    n ? "," : "", p, end - 1);
	}
	return (int)n;
}

/* "8080,9148-9200": instead of what was there. */
static int set_reserved(char *text)
{
	u64 *r = READ_ONCE(reserved) ? NULL : kcalloc(1024, sizeof(*r)), from, to;
	const char *at = text;

	if (r)
		WRITE_ONCE(reserved, r);
	if (!reserved)
		return -ENOMEM;
	for (u32 i = 0; i < 1024; i++)
		WRITE_ONCE(reserved[i], 0);
	while (*at) {
		if (parse_u64(at, 10, &from, &at) || from > 65535)
			return -EINVAL;
		to = from;
		if (*at == '-' && (parse_u64(at + 1, 10, &to, &at) || to > 65535 || to < from))
			return -EINVAL;
		for (; from <= to; from++)
			WRITE_ONCE(reserved[from / 64], reserved[from / 64] | BIT(from % 64));
		if (*at == ',')
			at++;
		else if (*at)
			return -EINVAL;
	}
	return 0;
}

SYSCTL_TEXT(reserved_ports, "net/ipv4/ip_local_reserved_ports", 0644, get_reserved, set_reserved);

static void range_of(const struct inet_sock *is, u32 *lo, u32 *nr)
{
	struct net_ns *net = is->sk.net;
	u32 from = READ_ONCE(net->port_range[0]), to = READ_ONCE(net->port_range[1]);

	if (is->port_lo)
		from = max(from, (u32)is->port_lo);
	if (is->port_hi)
		to = min(to, (u32)is->port_hi);
	*lo = from;
	*nr = to >= from ? to - from + 1 : 0;
}

int inet_port_bind(struct port_table *t, struct inet_sock *is, struct ipaddr addr, u16 port)
{
	u32 lo, nr, start;

	if (port)
		return take(t, is, addr, port);
	range_of(is, &lo, &nr);
	if (!nr)
		return -EADDRINUSE;
	start = (u32)random_u64() % nr;
	for (u32 i = 0; i < nr; i++) {
		u16 port = (u16)(lo + (start + i) % nr);
		int err = is_reserved(port) ? -EADDRINUSE : take(t, is, addr, port);

		if (err != -EADDRINUSE)
			return err;
	}
	return -EADDRINUSE;
}

static int take_unbound(struct port_table *t, struct inet_sock *is, u16 nr,
			bool (*unique)(struct inet_sock *is, u16 port))
{
	struct port_bucket *b = bucket_of(t, nr);
	struct inet_port *p;
	int err = 0;

	spin_lock_bh(&b->lock);
	p = find_or_make(b, nr);
	if (!p) {
		err = -ENOMEM;
	} else if (p->nr_bound || !unique(is, nr)) {
		drop_if_empty(p);
		err = -EADDRINUSE;
	} else {
		join(p, is, false);
	}
	spin_unlock_bh(&b->lock);
	return err;
}

int inet_port_auto(struct port_table *t, struct inet_sock *is,
		   bool (*unique)(struct inet_sock *is, u16 port))
{
	u32 lo, nr, start;

	range_of(is, &lo, &nr);
	if (!nr)
		return -EADDRNOTAVAIL;
	start = (u32)random_u64() % nr;
	for (u32 i = 0; i < nr; i++) {
		u16 port = (u16)(lo + (start + i) % nr);
		int err = is_reserved(port) ? -EADDRINUSE : take_unbound(t, is, port, unique);

		if (err != -EADDRINUSE)
			return err;
	}
	return -EADDRNOTAVAIL;
}

int inet_port_recheck(struct port_table *t, struct inet_sock *is)
{
	struct port_bucket *b = bucket_of(t, is->lport);
	bool bad;

	spin_lock_bh(&b->lock);
	bad = conflicts(is->port, is, is->laddr);
	spin_unlock_bh(&b->lock);
	return bad ? -EADDRINUSE : 0;
}

void inet_port_share(struct port_table *t, struct inet_sock *child, struct inet_sock *parent)
{
	struct port_bucket *b = bucket_of(t, parent->lport);

	spin_lock_bh(&b->lock);
	if (parent->port)
		join(parent->port, child, false);	/* it goes with the listener */
	spin_unlock_bh(&b->lock);
}

void inet_port_release(struct port_table *t, struct inet_sock *is)
{
	struct port_bucket *b = bucket_of(t, is->lport);
	struct inet_port *p;

	if (!is->port)
		return;
	spin_lock_bh(&b->lock);
	p = is->port;
	if (p) {
		p->nr_bound -= is->port_bound;
		list_del(&is->port_link);
		is->port = NULL;
		is->port_bound = false;
		drop_if_empty(p);
	}
	spin_unlock_bh(&b->lock);
}

/* ---- what is left when a connection has ended ---- */

void inet_port_leave(struct port_table *t, const struct inet_sock *is, struct inet_port_rest *rest)
{
	struct port_bucket *b = bucket_of(t, is->lport);

	*rest = (struct inet_port_rest){ .laddr = is->laddr,
					 .lport = is->lport,
					 .bound_if = is->sk.bound_if,
					 .uid = is->sk.cred->euid.v,
					 .reuseaddr = sock_flag(&is->sk, SOCK_REUSEADDR),
					 .reuseport = sock_flag(&is->sk, SOCK_REUSEPORT) };
	spin_lock_bh(&b->lock);
	rest->port = is->port;
	if (rest->port)
		list_add_tail(&rest->port->rests, &rest->link);
	spin_unlock_bh(&b->lock);
}

void inet_port_rest_release(struct port_table *t, struct inet_port_rest *rest)
{
	struct port_bucket *b = bucket_of(t, rest->lport);

	spin_lock_bh(&b->lock);
	if (rest->port) {
		list_del(&rest->link);
		drop_if_empty(rest->port);
		rest->port = NULL;
	}
	spin_unlock_bh(&b->lock);
}
