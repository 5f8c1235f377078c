/* SPDX-License-Identifier: MIT */
/* route_exception.c - what ICMP taught about single destinations: the MTU of the path, a better
 * gateway.
 *
 * Invariant: an exception replaces the MTU or the next hop of the route of that one destination
 * until it expires.
 * Locks: exceptions_lock [RANK_SOCK_TABLE], bottom halves off; readers under RCU. Ref: RFC 1191
 * s6.3, RFC 8201.
 * Tests: selftests/net/packet/errors.pkt, selftests/abi/inet.c
 */
#include <net/route.h>

#include "route_int.h"

#include <kernel/bh.h>
#include <kernel/clock.h>
#include <mm/slab.h>
#include <net/ip.h>
#include <net/net.h>

#define EXCEPTION_BUCKETS 256u
/* as Linux's 5 for each of its buckets, roughly; the oldest of a bucket goes first */
#define EXCEPTIONS_MAX	  2048u
#define EXCEPTION_LIFE	  (600 * NSEC_PER_SEC)
#define MIN_MTU4	  552u		/* net.ipv4.route.min_pmtu */

static struct spinlock exceptions_lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static struct hlist exceptions[EXCEPTION_BUCKETS];
static u32 nr_exceptions;

static struct hlist *exception_bucket(struct ipaddr dst)
{
	return &exceptions[ip_hash(dst) % EXCEPTION_BUCKETS];
}

struct route_exception *route_find_exception(struct ipaddr dst)
{
	struct route_exception *x;

	if (likely(!READ_ONCE(nr_exceptions)))
		return NULL;
	hlist_for_each_entry(x, exception_bucket(dst), hash)
		if (ip_eq(x->dst, dst))
			return READ_ONCE(x->expires) > clock_monotonic() ? x : NULL;
	return NULL;
}

static void free_exception(struct rcu_head *h)
{
	kfree(container_of(h, struct route_exception, rcu));
}

static void drop_exception(struct route_exception *x)
{
	hlist_del(&x->hash);
	nr_exceptions--;
	call_rcu(&x->rcu, free_exception);
}

/* The bucket's exception for dst taken out, or the one that expires first when there are too
 * many. */
static void make_place(struct ipaddr dst, struct route_exception *old)
{
	struct route_exception *x, *found = NULL, *oldest = NULL;

	hlist_for_each_entry(x, exception_bucket(dst), hash) {
		if (ip_eq(x->dst, dst))
			found = x;
		if (!oldest || x->expires < oldest->expires)
			oldest = x;
	}
	if (found)
		*old = *found;
	if (!found && nr_exceptions >= EXCEPTIONS_MAX)
		found = oldest;
	if (found)
		drop_exception(found);
}

/* A new exception that keeps what the old one knew besides. */
static void learn(struct net_ns *net, struct ipaddr dst, u32 mtu, bool locked,
		  struct ipaddr gateway, s32 gateway_if)
{
	struct route_exception *x = kmalloc(sizeof(*x), PAGE_ATOMIC | PAGE_ZEROED), old = {};

	if (!x)
		return;
	spin_lock_bh(&exceptions_lock);
	make_place(dst, &old);
	*x = (struct route_exception){ .dst = dst,
				       .mtu = mtu ? mtu : old.mtu,
				       .locked = mtu ? locked : old.locked,
				       .gateway = gateway_if ? gateway : old.gateway,
				       .gateway_if = gateway_if ? gateway_if : old.gateway_if,
				       .expires = clock_monotonic() + EXCEPTION_LIFE };
	hlist_add(exception_bucket(dst), &x->hash);
	nr_exceptions++;
	spin_unlock_bh(&exceptions_lock);
	route_changed(net);
}

void route_set_pmtu(struct net_ns *net, struct ipaddr dst, u32 mtu)
{
	u32 least = ip_is4(dst) ? MIN_MTU4 : IP6_MTU_MIN;
	struct route_exception *x;
	u32 known;

	rcu_read_lock();
	x = route_find_exception(dst);
	known = x ? x->mtu : 0;
	rcu_read_unlock();
	if (known && known <= mtu)
		return;
	learn(net, dst, max(mtu, least), mtu < least && ip_is4(dst), IP6_ANY, 0);
}

void route_set_redirect(struct net_ns *net, struct ipaddr dst, struct ipaddr gateway,
			struct netdev *d)
{
	learn(net, dst, 0, false, gateway, d->index);
}
