/* SPDX-License-Identifier: MIT */
/* fib.h - the forwarding table: prefixes of both families, found by length. What route.c decides
 * with. */
#pragma once

#include <kernel/lib/rbtree.h>
#include <net/route.h>

struct fib;
struct net_ns;

struct fib *fib_create(struct net_ns *net);
/* All entries of one prefix in one table, best first; NULL: none so long. Under RCU. */
struct fib_prefix {
	/* [c, RCU] in the bucket array in use, and in the one being made */
	struct hnode hash[2];
	/* [c, RCU] struct route_entry by tos (descending), then metric */
	struct list entries;
	struct rb_node node;		/* [c] in the order of listings */
	struct list order;		/* [c, RCU] the same */
	struct ipaddr dst;
	u32 table;
	u8 bits;
	struct rcu_head rcu;
};

/* Walks the prefixes of table that contain dst, from the longest: *bits is 128 at first, then what
 * the last one left. Under RCU. */
const struct fib_prefix *fib_next(const struct fib *f, u32 table, struct ipaddr dst, s32 *bits);
/* Takes e over. config held. -EEXIST, -ENOENT, -ENOMEM. */
int __must_check fib_add(struct fib *f, struct route_entry *e, u32 nlm_flags);
/* The first entry that key describes (fields that are 0 or any match everything). -ESRCH. config
 * held. */
int __must_check fib_del(struct fib *f, const struct route_entry *key);
void fib_flush(struct fib *f, bool (*match)(const struct route_entry *e, const void *arg),
	       const void *arg);
/* Under RCU. */
void fib_for_each(const struct fib *f, bool (*fn)(const struct route_entry *e, void *arg),
		  void *arg);
