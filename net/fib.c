/* SPDX-License-Identifier: MIT */
/* fib.c - the forwarding table: a hash of prefixes, probed from the longest length in use to the
 * shortest.
 *
 * A look-up costs one probe for each prefix length that the table holds, whatever the number of
 * routes: two or three in an ordinary host, a dozen with thousands of routes. IPv4 prefixes are /96
 * and longer in the common shape of addresses, so the families do not meet. The bucket array
 * doubles when it is full: prefixes are linked into both arrays for a grace period, so readers miss
 * nothing.
 *
 * Invariants:
 *  (1) a prefix is in the array iff it has entries; lengths.count is the number of prefixes of that
 *      length in a table.
 *  (2) hash[buckets->which] links a prefix into the array in use; the other link is free once a
 *      grace period has passed since the array was replaced.
 *  (3) entries never change once readers can see them; replacing one puts the new before the old,
 *      then removes the old.
 *
 * Locks: net->config [RANK_NET_CONFIG] for changes; readers under RCU. Ref: rtnetlink(7), RFC 1812
 * s5.2.4. Tests: selftests/unit/fib_test.c
 */
#include "fib.h"

#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define FIRST_BUCKETS 64u

struct lengths {
	u32 count[129];			/* [c] */
	u64 map[3];			/* [c, RCU] bit n: there are prefixes of n bits */
};

struct buckets {
	u32 mask, which;
	struct rcu_head rcu;
	struct hlist heads[];
};

void (*route_changed_hook)(struct net_ns *net, const struct route_entry *e, bool added);

struct fib {
	struct net_ns *net;		/* [I] */
	struct buckets *buckets;	/* [c, RCU] */
	u32 nr_prefixes;		/* [c] */
	struct lengths local, main;	/* of the tables that look-ups consult */
	struct rb_tree tree;		/* [c] all prefixes as they are listed */
	struct list order;		/* [c, RCU] the same, for readers */
};

static struct buckets *make_buckets(u32 n, u32 which)
{
	struct buckets *b = kzalloc(sizeof(*b) + n * sizeof(b->heads[0]));

	if (b) {
		b->mask = n - 1;
		b->which = which;
	}
	return b;
}

struct fib *fib_create(struct net_ns *net)
{
	struct fib *f = kzalloc(sizeof(*f));

	if (!f)
		return NULL;
	f->net = net;
	rb_init(&f->tree, NULL);
	list_init(&f->order);
	f->buckets = make_buckets(FIRST_BUCKETS, 0);
	if (f->buckets)
		return f;
	kfree(f);
	return NULL;
}

/* ---- finding ---- */

static struct ipaddr masked(struct ipaddr a, u32 bits)
{
	for (u32 i = 0; i < 4; i++, bits = bits > 32 ? bits - 32 : 0)
		a.w[i] &= bits >= 32 ? U32_MAX : bits ? cpu_to_be32(~(U32_MAX >> bits)) : 0;
	return a;
}

static u32 hash_of(u32 table, struct ipaddr dst, u32 bits)
{
	u32 h = ip_hash(dst) ^ (bits * 0x85ebca6bu) ^ table;

	return h ^ h >> 15;
}

static struct fib_prefix *prefix_of(struct hnode *n, u32 which)
{
	return n ? container_of(n - which, struct fib_prefix, hash[0]) : NULL;
}

static struct fib_prefix *find(const struct fib *f, u32 table, struct ipaddr dst, u32 bits)
{
	const struct buckets *b = rcu_deref(f->buckets);
	u32 which = b->which;
	struct fib_prefix *p = prefix_of(
		rcu_deref(b->heads[hash_of(table, dst, bits) & b->mask].first), which);

	while (p && !(p->bits == bits && p->table == table && ip_eq(p->dst, dst)))
		p = prefix_of(rcu_deref(p->hash[which].next), which);
	return p;
}

/* The largest length in use that is at most from; -1: none. */
static s32 next_length(const struct lengths *l, s32 from)
{
	s32 w = from >> 6;
	u64 m;

	if (from < 0)
		return -1;
	m = READ_ONCE(l->map[w]) & (~0ull >> (63 - (from & 63)));
	while (!m && w--)
		m = READ_ONCE(l->map[w]);
	return m ? w * 64 + 63 - __builtin_clzll(m) : -1;
}

static struct lengths *lengths_of(struct fib *f, u32 table)
{
	return table == RT_TABLE_LOCAL ? &f->local : table == RT_TABLE_MAIN ? &f->main : NULL;
}

const struct fib_prefix *fib_next(const struct fib *f, u32 table, struct ipaddr dst, s32 *bits)
{
	const struct lengths *l = table == RT_TABLE_LOCAL ? &f->local : &f->main;
	s32 least = ip_is4(dst) ? 96 : 0, n = *bits;

	while ((n = next_length(l, n)) >= least) {
		const struct fib_prefix *p = find(f, table, masked(dst, (u32)n), (u32)n);

		n--;
		if (p) {
			*bits = n;
			return p;
		}
	}
	*bits = -1;
	return NULL;
}

void fib_for_each(const struct fib *f, bool (*fn)(const struct route_entry *e, void *arg),
		  void *arg)
{
	const struct fib_prefix *p;
	const struct route_entry *e;

	list_for_each_entry(p, &f->order, order)
		list_for_each_entry(e, &p->entries, link)
			if (!fn(e, arg))
				return;
}

/* ---- the order of listings ---- */

static int compare_addr(const struct ipaddr *a, const struct ipaddr *b)
{
	return memcmp(a, b, sizeof(*a));
}

/* As Linux lists them: IPv4 by table, address, then the longer prefix; IPv6 the same but that a
 * prefix follows all that it contains. */
static bool before(const struct fib_prefix *a, const struct fib_prefix *b)
{
	if (ip_is4(a->dst) != ip_is4(b->dst))
		return ip_is4(a->dst);
	if (a->table != b->table)
		return a->table < b->table;
	if (!ip_is4(a->dst) && a->bits != b->bits &&
	    ip_in_prefix(a->dst, b->dst, min(a->bits, b->bits)))
		return a->bits > b->bits;
	if (compare_addr(&a->dst, &b->dst))
		return compare_addr(&a->dst, &b->dst) < 0;
	return a->bits > b->bits;
}

static void add_in_order(struct fib *f, struct fib_prefix *p)
{
	struct rb_node **link = &f->tree.root, *parent = NULL, *prev;

	while (*link) {
		parent = *link;
		link = before(p, rb_entry(parent, struct fib_prefix, node)) ? &parent->left
									    : &parent->right;
	}
	rb_insert(&f->tree, &p->node, parent, link);
	prev = rb_prev(&p->node);
	list_add_head(prev ? &rb_entry(prev, struct fib_prefix, node)->order : &f->order,
		      &p->order);
}

/* ---- changing ---- */

static void link_prefix(struct fib *f, struct fib_prefix *p)
{
	struct buckets *b = f->buckets;
	struct lengths *l = lengths_of(f, p->table);

	hlist_add(&b->heads[hash_of(p->table, p->dst, p->bits) & b->mask], &p->hash[b->which]);
	add_in_order(f, p);
	f->nr_prefixes++;
	if (l && l->count[p->bits]++ == 0)
		WRITE_ONCE(l->map[p->bits / 64], l->map[p->bits / 64] | 1ull << (p->bits % 64));
}

static void free_prefix(struct rcu_head *h)
{
	kfree(container_of(h, struct fib_prefix, rcu));
}

static void unlink_prefix(struct fib *f, struct fib_prefix *p)
{
	struct lengths *l = lengths_of(f, p->table);

	hlist_del(&p->hash[f->buckets->which]);
	rb_erase(&f->tree, &p->node);
	list_del(&p->order);
	f->nr_prefixes--;
	if (l && --l->count[p->bits] == 0)
		WRITE_ONCE(l->map[p->bits / 64], l->map[p->bits / 64] & ~(1ull << (p->bits % 64)));
	call_rcu(&p->rcu, free_prefix);
}

/* Doubles the array. Without memory it stays: chains grow. */
static void grow(struct fib *f)
{
	struct buckets *old = f->buckets, *new = make_buckets((old->mask + 1) * 2, !old->which);

	if (!new)
		return;
	for (u32 i = 0; i <= old->mask; i++)
		for (struct fib_prefix *p = prefix_of(old->heads[i].first, old->which); p;
		     p = prefix_of(p->hash[old->which].next, old->which))
			hlist_add(&new->heads[hash_of(p->table, p->dst, p->bits) & new->mask],
				  &p->hash[new->which]);
	rcu_assign(f->buckets, new);
	synchronize_rcu();		/* (2) */
	for (u32 i = 0; i <= new->mask; i++)
		for (struct fib_prefix *p = prefix_of(new->heads[i].first, new->which); p;
		     p = prefix_of(p->hash[new->which].next, new->which))
			p->hash[old->which] = (struct hnode){};
	kfree(old);
}

static int find_or_make(struct fib *f, const struct route_entry *e, struct fib_prefix **out)
{
	struct ipaddr dst = masked(e->dst, e->bits);
	struct fib_prefix *p = find(f, e->table, dst, e->bits);

	if (!p) {
		p = kzalloc(sizeof(*p));
		if (!p)
			return -ENOMEM;
		p->dst = dst;
		p->bits = e->bits;
		p->table = e->table;
		list_init(&p->entries);
	}
	*out = p;
	return 0;
}

static void free_entry(struct rcu_head *h)
{
	struct route_entry *e = container_of(h, struct route_entry, rcu);

	if (e->dev)
		netdev_put(e->dev);
	kfree(e);
}

static void drop_entry(struct fib *f, struct fib_prefix *p, struct route_entry *e)
{
	list_del(&e->link);
	if (list_empty(&p->entries))
		unlink_prefix(f, p);
	call_rcu(&e->rcu, free_entry);
}

static void tell(const struct fib *f, const struct route_entry *e, bool added)
{
	if (route_changed_hook)
		route_changed_hook(f->net, e, added);
}

static bool same_hop(const struct route_entry *a, const struct route_entry *b)
{
	return a->type == b->type && a->dev == b->dev && a->scope == b->scope &&
	       ip_eq(a->gateway, b->gateway) && ip_eq(a->prefsrc, b->prefsrc);
}

/* What e meets in its prefix: entries of its tos and metric. IPv6 keeps several side by side, IPv4
 * only when told to append. */
static int check_place(const struct fib_prefix *p, const struct route_entry *e, u32 nlm,
		       struct route_entry **replaced)
{
	struct route_entry *o;
	bool met = false;

	*replaced = NULL;
	list_for_each_entry(o, &p->entries, link) {
		if (o->tos != e->tos || o->metric != e->metric)
			continue;
		if (nlm & ROUTE_EXCL)
			return -EEXIST;
		if ((nlm & ROUTE_REPLACE) && !*replaced)
			*replaced = o;
		else if (same_hop(o, e) && o->protocol == e->protocol)
			return -EEXIST;
		met = true;
	}
	if (met && !(nlm & (ROUTE_REPLACE | ROUTE_APPEND)) && ip_is4(e->dst))
		return -EEXIST;
	return !met && !(nlm & ROUTE_CREATE) ? -ENOENT : 0;
}

/* Before the first entry that is worse; among equals first if it replaces one, else last. */
static void insert(struct fib_prefix *p, struct route_entry *e, const struct route_entry *replaced)
{
	struct route_entry *o;

	list_for_each_entry(o, &p->entries, link)
		if (o == replaced || o->tos < e->tos || (o->tos == e->tos && o->metric > e->metric))
			break;
	list_add_tail(&o->link, &e->link);
}

int fib_add(struct fib *f, struct route_entry *e, u32 nlm)
{
	struct route_entry *replaced;
	struct fib_prefix *p;
	int err = find_or_make(f, e, &p);
	bool fresh;

	if (err)
		return err;
	fresh = list_empty(&p->entries);
	err = check_place(p, e, nlm, &replaced);
	if (err) {
		if (fresh)
			kfree(p);
		return err;
	}
	e->dst = p->dst;
	insert(p, e, replaced);
	if (fresh)
		link_prefix(f, p);
	tell(f, e, true);
	if (replaced)
		drop_entry(f, p, replaced);
	if (f->nr_prefixes > f->buckets->mask)
		grow(f);
	return 0;
}

static bool describes(const struct route_entry *key, const struct route_entry *e)
{
	return (!key->type || key->type == e->type) && (!key->tos || key->tos == e->tos) &&
	       (!key->metric || key->metric == e->metric) &&
	       (!key->protocol || key->protocol == e->protocol) &&
	       (!key->dev || key->dev == e->dev) &&
	       (ip_is_any(key->gateway) || ip_eq(key->gateway, e->gateway)) &&
	       (ip_is_any(key->prefsrc) || ip_eq(key->prefsrc, e->prefsrc)) &&
	       (key->scope == ROUTE_SCOPE_ANY || key->scope == e->scope);
}

int fib_del(struct fib *f, const struct route_entry *key)
{
	struct fib_prefix *p = find(f, key->table, masked(key->dst, key->bits), key->bits);
	struct route_entry *e;

	if (!p)
		return -ESRCH;
	list_for_each_entry(e, &p->entries, link)
		if (describes(key, e)) {
			tell(f, e, false);
			drop_entry(f, p, e);
			return 0;
		}
	return -ESRCH;
}

static void flush_prefix(struct fib *f, struct fib_prefix *p,
			 bool (*match)(const struct route_entry *, const void *), const void *arg)
{
	struct route_entry *e, *next;
	bool last = false;

	for (e = list_first(&p->entries, struct route_entry, link); !last; e = next) {
		next = list_first(&e->link, struct route_entry, link);
		last = &next->link == &p->entries;
		if (match(e, arg))
			drop_entry(f, p, e);
	}
}

void fib_flush(struct fib *f, bool (*match)(const struct route_entry *e, const void *arg),
	       const void *arg)
{
	struct fib_prefix *p, *next;

	list_for_each_entry_safe(p, next, &f->order, order)
		flush_prefix(f, p, match, arg);
}
