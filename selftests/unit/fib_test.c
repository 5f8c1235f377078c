/* SPDX-License-Identifier: MIT */
/* modules: net/fib.c kernel/lib/rbtree.c */
/* fib: thousands of random routes against a plain array: longest prefix, order of metrics,
 * duplicates, listings in order. */
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <net/fib.h>

#include "unit.h"

#define NR 3000u

static struct { bool there; struct ipaddr dst; u8 bits; u32 metric; } model[NR];
static struct fib *fib;

void netdev_put(struct netdev *d);
void netdev_put(struct netdev *d)
{
	ASSERT_TRUE(!d);
}

void synchronize_rcu(void);
void synchronize_rcu(void)
{
}

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static struct ipaddr mask(struct ipaddr a, u32 bits)
{
	for (u32 i = 0; i < 128; i++)
		if (i >= bits)
			((u8 *)&a)[i / 8] &= (u8)~(0x80 >> i % 8);
	return a;
}

/* Few first bytes, so that prefixes contain each other. */
static struct ipaddr random_addr(void)
{
	if (rnd(2))
		return ip4_host((10u << 24) | (rnd(4) << 22) | rnd(1 << 22));
	return (struct ipaddr){ { cpu_to_be32(0x20010000 | rnd(4)), cpu_to_be32(rnd(4) << 30), 0,
				  cpu_to_be32(rnd(1 << 20)) } };
}

static struct route_entry *entry(struct ipaddr dst, u8 bits, u32 metric)
{
	struct route_entry *e = host_alloc(sizeof(*e), 0, true);

	e->dst = dst;
	e->bits = bits;
	e->metric = metric;
	e->type = RTN_UNREACHABLE;
	e->table = RT_TABLE_MAIN;
	return e;
}

static s32 best_in_model(struct ipaddr dst)
{
	s32 best = -1;

	for (u32 i = 0; i < NR; i++)
		if (model[i].there && ip_is4(model[i].dst) == ip_is4(dst) &&
		    ip_in_prefix(dst, model[i].dst, model[i].bits) &&
		    (best < 0 || model[i].bits > model[best].bits ||
		     (model[i].bits == model[best].bits && model[i].metric < model[best].metric)))
			best = (s32)i;
	return best;
}

static void check_lookup(struct ipaddr dst)
{
	s32 bits = 128, want = best_in_model(dst);
	const struct fib_prefix *p = fib_next(fib, RT_TABLE_MAIN, dst, &bits);

	ASSERT_EQ(want >= 0, p != NULL);
	if (p) {
		ASSERT_EQ(model[want].bits, p->bits);
		ASSERT_TRUE(ip_eq(model[want].dst, p->dst));
		ASSERT_EQ(model[want].metric,
			  list_first(&p->entries, struct route_entry, link)->metric);
	}
}

static void add_one(u32 i)
{
	struct ipaddr a = random_addr();
	u8 bits = (u8)(ip_is4(a) ? 96 + rnd(33) : rnd(129));
	u32 metric = rnd(4);
	struct route_entry *e;
	bool known = false;

	a = mask(a, bits);
	for (u32 k = 0; k < NR; k++)
		known |= model[k].there && model[k].bits == bits && model[k].metric == metric &&
			 ip_eq(model[k].dst, a);
	e = entry(a, bits, metric);
	ASSERT_EQ(known ? -EEXIST : 0,
		  fib_add(fib, e, ROUTE_CREATE | (known && rnd(2) ? ROUTE_APPEND : ROUTE_EXCL)));
	if (known) {
		host_free(e);
		return;
	}
	model[i].there = true;
	model[i].dst = a;
	model[i].bits = bits;
	model[i].metric = metric;
}

static void remove_one(u32 i)
{
	struct route_entry key = { .dst = model[i].dst,
				   .bits = model[i].bits,
				   .metric = model[i].metric,
				   .table = RT_TABLE_MAIN,
				   .scope = ROUTE_SCOPE_ANY };
	int err = fib_del(fib, &key);

	ASSERT_EQ(0, err);
	if (key.metric == 0) {		/* no metric means any: the best of the prefix went */
		u32 best = i;

		for (u32 k = 0; k < NR; k++)
			if (model[k].there && model[k].bits == model[i].bits &&
			    ip_eq(model[k].dst, model[i].dst) &&
			    model[k].metric < model[best].metric)
				best = k;
		i = best;
	}
	model[i].there = false;
}

static u32 listed;
static const struct route_entry *last;

static bool count(const struct route_entry *e, void *arg)
{
	(void)arg;
	if (last && ip_is4(e->dst) && ip_is4(last->dst))
		EXPECT_TRUE(memcmp(&last->dst, &e->dst, 16) <= 0);
	EXPECT_TRUE(!last || ip_is4(last->dst) || !ip_is4(e->dst));		/* IPv4 first */
	last = e;
	listed++;
	return true;
}

TEST(random_routes_agree_with_an_array)
{
	u32 there = 0;

	fib = fib_create(NULL);
	ASSERT_TRUE(fib);
	for (u32 step = 0; step < 6000; step++) {
		u32 i = rnd(NR);

		if (model[i].there)
			remove_one(i);
		else
			add_one(i);
		check_lookup(random_addr());
	}
	for (u32 i = 0; i < NR; i++)
		there += model[i].there;
	ASSERT_TRUE(there > 500);
	fib_for_each(fib, count, NULL);
	EXPECT_EQ(there, listed);
	for (u32 i = 0; i < NR; i++)
		if (model[i].there)
			remove_one(i);
	for (u32 i = 0; i < 100; i++)
		check_lookup(random_addr());
}

static bool is_odd(const struct route_entry *e, const void *arg)
{
	(void)arg;
	return e->metric & 1;
}

TEST(replacing_appending_flushing)
{
	struct ipaddr a = ip4_host(0x0a000000);
	s32 bits = 128;
	const struct fib_prefix *p;
	struct route_entry *e;

	fib = fib_create(NULL);
	e = entry(a, 104, 5);
	EXPECT_EQ(-ENOENT, fib_add(fib, e, ROUTE_REPLACE));
	EXPECT_EQ(0, fib_add(fib, e, ROUTE_CREATE | ROUTE_EXCL));
	e = entry(a, 104, 5);
	e->protocol = 9;
	EXPECT_EQ(0, fib_add(fib, e, ROUTE_REPLACE));
	EXPECT_EQ(0, fib_add(fib, entry(a, 104, 4), ROUTE_CREATE));
	EXPECT_EQ(0, fib_add(fib, entry(a, 100, 7), ROUTE_CREATE));
	p = fib_next(fib, RT_TABLE_MAIN, ip4_host(0x0a010203), &bits);
	ASSERT_TRUE(p);
	EXPECT_EQ(4, list_first(&p->entries, struct route_entry, link)->metric);
	EXPECT_EQ(9, list_last(&p->entries, struct route_entry, link)->protocol);
	p = fib_next(fib, RT_TABLE_MAIN, ip4_host(0x0a010203), &bits);
	ASSERT_TRUE(p);
	EXPECT_EQ(100, p->bits);
	fib_flush(fib, is_odd, NULL);
	bits = 128;
	p = fib_next(fib, RT_TABLE_MAIN, ip4_host(0x0a010203), &bits);
	ASSERT_TRUE(p && p->bits == 104);
	EXPECT_TRUE(!fib_next(fib, RT_TABLE_MAIN, ip4_host(0x0a010203), &bits));
	EXPECT_EQ(-1, bits);
}
