/* SPDX-License-Identifier: MIT */
/* tcp_table.c - TCP: finding who a segment is for: by four-tuple (connections, requests,
 * TIME_WAIT), else by listening port.
 *
 * Invariants: (1) at most one entry for a four-tuple (and device); (2) an entry that a table shows
 * holds a reference to itself or its socket, and its memory goes after a grace period; (3) whoever
 * takes an entry out owns what it stood for: tcp_table_del() tells.
 * Locks: a bucket's lock [RANK_SOCK_TABLE], bottom halves off, for changes; readers are under RCU
 * and write nothing.
 * Ref: tcp(7), socket(7) SO_REUSEPORT. Tests: selftests/abi/tcp.c
 */
#include "tcp_int.h"

#include <kernel/bh.h>
#include <net/diag.h>
#include <net/inet_port.h>

#define CHAINS	  16384u		/* heads; chains are as long as they must be */
#define LOCKS	  256u
#define LISTENERS 256u

static struct hlist chains[CHAINS];
static struct spinlock locks[LOCKS];
static struct hlist listeners[LISTENERS];
static struct spinlock listen_lock;

static u32 hash_of(struct ipaddr laddr, u16 lport, struct ipaddr raddr, u16 rport)
{
	u64 h = ((u64)ip_hash(raddr) << 32 | ip_hash(laddr)) ^ tcp_secret[0];

	h = (h ^ ((u64)rport << 16 | lport)) * 0x9e3779b97f4a7c15ull;
	return (u32)(h >> 40);
}

static struct hlist *chain_of(const struct tcp_ent *e, struct spinlock **lock)
{
	u32 h = hash_of(e->laddr, e->lport, e->raddr, e->rport);

	*lock = &locks[h % LOCKS];
	return &chains[h % CHAINS];
}

static bool same(const struct tcp_ent *e, struct net_ns *net, struct ipaddr laddr, u16 lport,
		 struct ipaddr raddr, u16 rport, s32 ifindex)
{
	return e->lport == lport && e->rport == rport && ip_eq(e->raddr, raddr) &&
	       ip_eq(e->laddr, laddr) && e->net == net &&
	       (!e->bound_if || !ifindex || e->bound_if == ifindex);
}

struct tcp_ent *tcp_table_find(struct net_ns *net, struct ipaddr laddr, u16 lport,
			       struct ipaddr raddr, u16 rport, s32 ifindex)
{
	u32 h = hash_of(laddr, lport, raddr, rport);
	struct tcp_ent *e;

	hlist_for_each_entry(e, &chains[h % CHAINS], node)
		if (same(e, net, laddr, lport, raddr, rport, ifindex))
			return e;
	return NULL;
}

bool tcp_table_add(struct tcp_ent *e)
{
	struct spinlock *lock;
	struct hlist *chain = chain_of(e, &lock);
	bool taken;

	spin_lock_bh(lock);
	taken = tcp_table_find(e->net, e->laddr, e->lport, e->raddr, e->rport, e->bound_if) != NULL;
	if (!taken)
		hlist_add(chain, &e->node);
	spin_unlock_bh(lock);
	return !taken;
}

bool tcp_table_del(struct tcp_ent *e)
{
	struct spinlock *lock;
	bool was;

	chain_of(e, &lock);
	spin_lock_bh(lock);
	was = hnode_linked(&e->node);
	if (was)
		hlist_del(&e->node);
	spin_unlock_bh(lock);
	return was;
}

bool tcp_table_replace(struct tcp_ent *old, struct tcp_ent *e)
{
	struct spinlock *lock;
	struct hlist *chain = chain_of(e, &lock);
	bool was;

	spin_lock_bh(lock);
	was = hnode_linked(&old->node);
	if (was) {
		hlist_add(chain, &e->node);	/* a reader sees the new one, or still the old */
		hlist_del(&old->node);
	}
	spin_unlock_bh(lock);
	return was;
}

/* ---- listeners ---- */

void tcp_listener_add(struct tcp_sock *ts)
{
	spin_lock_bh(&listen_lock);
	if (!hnode_linked(&ts->inet.hash))
		hlist_add(&listeners[ts->inet.lport % LISTENERS], &ts->inet.hash);
	spin_unlock_bh(&listen_lock);
}

void tcp_listener_del(struct tcp_sock *ts)
{
	spin_lock_bh(&listen_lock);
	if (hnode_linked(&ts->inet.hash))
		hlist_del(&ts->inet.hash);
	spin_unlock_bh(&listen_lock);
}

/* How well is matches; -1: not at all. */
static int score(const struct inet_sock *is, const struct ip_cb *cb, u16 dport)
{
	bool v4 = ip_is4(cb->dst);
	int s = inet_is6(is) ? 1 : 2;

	if (is->lport != dport || (v4 && inet_is6(is) && is->v6only) || (!v4 && !inet_is6(is)))
		return -1;
	if (ip_is_any(is->laddr)) {
		if (!v4 && ip_is4(is->laddr))
			return -1;
	} else if (!ip_eq(is->laddr, cb->dst)) {
		return -1;
	} else {
		s += 4;
	}
	if (is->sk.bound_if) {
		if (is->sk.bound_if != cb->ifindex)
			return -1;
		s += 4;
	}
	return s;
}

struct tcp_sock *tcp_listener_find(struct net_ns *net, const struct ip_cb *cb, u16 sport, u16 dport)
{
	struct inet_sock *is, *best = NULL;
	u32 equal = 0, pick = 0;
	int top = -1;

	hlist_for_each_entry(is, &listeners[dport % LISTENERS], hash) {
		int s = is->sk.net == net ? score(is, cb, dport) : -1;

		if (s < 0 || s < top)
			continue;
		if (s > top) {
			top = s;
			best = is;
			equal = 1;
		} else if (sock_flag(&is->sk, SOCK_REUSEPORT)) { /* shared by the flow's hash */
			if (equal == 1)
				pick = hash_of(cb->dst, dport, cb->src, sport);
			if (reuseport_takes(&pick, ++equal))
				best = is;
		}
	}
	return best ? container_of(best, struct tcp_sock, inet) : NULL;
}

/* ---- everybody: listeners are the chains before those of connections ---- */

bool tcp_walk(struct net_ns *net, struct diag_cursor *c, bool (*fn)(struct tcp_ent *e, void *arg),
	      void *arg)
{
	for (; c->chain < LISTENERS + CHAINS; diag_next_chain(c)) {
		struct tcp_ent *e;
		u32 pos = 0;

		if (!chains[c->chain - LISTENERS].first)
			continue;
		rcu_read_lock();
		hlist_for_each_entry(e, &chains[c->chain - LISTENERS], node)
			if (e->net == net && diag_step(c, &pos) && !fn(e, arg)) {
				rcu_read_unlock();
				diag_stop(c, c->chain, pos);
				return false;
			}
		rcu_read_unlock();
	}
	return true;
}

bool tcp_walk_listeners(struct net_ns *net, struct diag_cursor *c,
			bool (*fn)(struct tcp_sock *ts, void *arg), void *arg)
{
	for (; c->chain < LISTENERS; diag_next_chain(c)) {
		struct inet_sock *is;
		u32 pos = 0;

		rcu_read_lock();
		hlist_for_each_entry(is, &listeners[c->chain], hash)
			if (is->sk.net == net && diag_step(c, &pos) &&
			    !fn(container_of(is, struct tcp_sock, inet), arg)) {
				rcu_read_unlock();
				diag_stop(c, c->chain, pos);
				return false;
			}
		rcu_read_unlock();
	}
	return true;
}

void tcp_table_init(void)
{
	for (u32 i = 0; i < LOCKS; i++)
		spin_init(&locks[i], RANK_SOCK_TABLE);
	spin_init(&listen_lock, RANK_SOCK_TABLE);
}
