/* SPDX-License-Identifier: MIT */
/* rbtree.h - red-black trees whose nodes live inside the elements, with a hook that keeps a
 * per-subtree value current. Pure.
 * Ref: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", chapters 13 and 14. */
#pragma once

#include <kernel/lib/compiler.h>

struct rb_node {
	struct rb_node *parent, *left, *right;
	bool red;
};

/* Recomputes a node's subtree value from itself and its children; returns whether it changed. NULL:
 * not augmented. */
typedef bool rb_update(struct rb_node *n);

struct rb_tree {
	struct rb_node *root;
	rb_update *update;
};

#define rb_entry(p, type, member) container_of(p, type, member)
#define rb_entry_or_null(p, type, member) ({ struct rb_node *rb_ = (p); rb_ ? rb_entry(rb_, type, member) : NULL; })

static inline void rb_init(struct rb_tree *t, rb_update *update)
{
	t->root = NULL;
	t->update = update;
}

/* Links n below parent at *link (&t->root for an empty tree) and rebalances. */
void rb_insert(struct rb_tree *t, struct rb_node *n, struct rb_node *parent, struct rb_node **link);
void rb_erase(struct rb_tree *t, struct rb_node *n);
/* n's own key or value changed in place (order unchanged): updates it and its ancestors. */
void rb_touch(struct rb_tree *t, struct rb_node *n);
/* Unlinks some leaf without rebalancing, to take a whole tree apart: NULL when it is empty. The
 * tree is good for nothing else then. */
struct rb_node *rb_take_leaf(struct rb_tree *t);
struct rb_node *rb_first(const struct rb_tree *t);
struct rb_node *rb_last(const struct rb_tree *t);
struct rb_node *rb_next(const struct rb_node *n);
struct rb_node *rb_prev(const struct rb_node *n);
