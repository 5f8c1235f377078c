/* SPDX-License-Identifier: MIT */
/* rbtree.c - red-black trees with an augmentation hook.
 *
 * Invariants: (1) the root is black; (2) a red node has no red child; (3) every path from a node to
 * a leaf passes the same number of black nodes; (4) with an update hook, every node's subtree value
 * is what update() computes from itself and its children. Insertion and removal keep (4) by
 * updating upwards from the lowest changed node; rotations update the two nodes they turn.
 *
 * Locks: the caller's. Ref: CLRS chapters 13, 14. Tests: selftests/unit/rbtree_test.c
 */
#include <kernel/lib/rbtree.h>

static void update_one(struct rb_tree *t, struct rb_node *n)
{
	if (t->update)
		t->update(n);
}

/* Updates n and its ancestors as far as something changes. */
static void update_up(struct rb_tree *t, struct rb_node *n)
{
	if (!t->update)
		return;
	while (n && t->update(n))
		n = n->parent;
}

static void replace_child(struct rb_tree *t, struct rb_node *old, struct rb_node *new)
{
	struct rb_node *p = old->parent;

	if (!p)
		t->root = new;
	else if (p->left == old)
		p->left = new;
	else
		p->right = new;
	if (new)
		new->parent = p;
}

static void rotate_left(struct rb_tree *t, struct rb_node *x)
{
	struct rb_node *y = x->right;

	x->right = y->left;
	if (y->left)
		y->left->parent = x;
	replace_child(t, x, y);
	y->left = x;
	x->parent = y;
	update_one(t, x);
	update_one(t, y);
}

static void rotate_right(struct rb_tree *t, struct rb_node *x)
{
	struct rb_node *y = x->left;

	x->left = y->right;
	if (y->right)
		y->right->parent = x;
	replace_child(t, x, y);
	y->right = x;
	x->parent = y;
	update_one(t, x);
	update_one(t, y);
}

/* Restores (2) after n was linked red. Returns when its parent is black. */
static void insert_fixup(struct rb_tree *t, struct rb_node *n)
{
	struct rb_node *p, *g, *uncle;

	while ((p = n->parent) && p->red) {
		g = p->parent;
		uncle = g->left == p ? g->right : g->left;
		if (uncle && uncle->red) {
			p->red = uncle->red = false;
			g->red = true;
			n = g;
			continue;
		}
		if (g->left == p) {
			if (n == p->right) {
				rotate_left(t, p);
				swap(n, p);
			}
			rotate_right(t, g);
		} else {
			if (n == p->left) {
				rotate_right(t, p);
				swap(n, p);
			}
			rotate_left(t, g);
		}
		p->red = false;
		g->red = true;
	}
	t->root->red = false;
}

void rb_insert(struct rb_tree *t, struct rb_node *n, struct rb_node *parent, struct rb_node **link)
{
	n->parent = parent;
	n->left = n->right = NULL;
	n->red = true;
	*link = n;
	update_one(t, n);
	update_up(t, parent);
	insert_fixup(t, n);
}

static bool is_red(const struct rb_node *n)
{
	return n && n->red;
}

/* x (maybe NULL, below p) lacks one black: restores (3). */
static void erase_fixup(struct rb_tree *t, struct rb_node *x, struct rb_node *p)
{
	struct rb_node *s;

	while (x != t->root && !is_red(x)) {
		bool left = p->left == x;

		s = left ? p->right : p->left;
		if (s->red) {
			s->red = false;
			p->red = true;
			left ? rotate_left(t, p) : rotate_right(t, p);
			s = left ? p->right : p->left;
		}
		if (!is_red(s->left) && !is_red(s->right)) {
			s->red = true;
			x = p;
			p = x->parent;
			continue;
		}
		if (!is_red(left ? s->right : s->left)) {
			(left ? s->left : s->right)->red = false;
			s->red = true;
			left ? rotate_right(t, s) : rotate_left(t, s);
			s = left ? p->right : p->left;
		}
		s->red = p->red;
		p->red = false;
		(left ? s->right : s->left)->red = false;
		left ? rotate_left(t, p) : rotate_right(t, p);
		x = t->root;
	}
	if (x)
		x->red = false;
}

void rb_erase(struct rb_tree *t, struct rb_node *n)
{
	struct rb_node *child, *p, *m;
	bool lost_black;

	if (n->left && n->right) {
		m = n->right;
		while (m->left)
			m = m->left;
		child = m->right;
		lost_black = !m->red;
		p = m->parent == n ? m : m->parent;
		replace_child(t, m, child);
		replace_child(t, n, m);
		m->left = n->left;
		m->right = n->right;
		m->red = n->red;
		if (m->left)
			m->left->parent = m;
		if (m->right)
			m->right->parent = m;
	} else {
		child = n->left ? n->left : n->right;
		p = n->parent;
		lost_black = !n->red;
		replace_child(t, n, child);
	}
	if (t->update)
		for (m = p; m; m = m->parent)
			t->update(m);
	if (lost_black)
		erase_fixup(t, child, p);
}

void rb_touch(struct rb_tree *t, struct rb_node *n)
{
	update_up(t, n);
}

struct rb_node *rb_take_leaf(struct rb_tree *t)
{
	struct rb_node *n = t->root, *p;

	if (!n)
		return NULL;
	while (n->left || n->right)
		n = n->left ? n->left : n->right;
	p = n->parent;
	t->root = p;		/* the next descent starts here: each link is walked down once */
	if (p && p->left == n)
		p->left = NULL;
	else if (p)
		p->right = NULL;
	return n;
}

struct rb_node *rb_first(const struct rb_tree *t)
{
	struct rb_node *n = t->root;

	while (n && n->left)
		n = n->left;
	return n;
}

struct rb_node *rb_last(const struct rb_tree *t)
{
	struct rb_node *n = t->root;

	while (n && n->right)
		n = n->right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *n)
{
	struct rb_node *p;

	if (n->right) {
		for (p = n->right; p->left;)
			p = p->left;
		return p;
	}
	while ((p = n->parent) && p->right == n)
		n = p;
	return p;
}

struct rb_node *rb_prev(const struct rb_node *n)
{
	struct rb_node *p;

	if (n->left) {
		for (p = n->left; p->right;)
			p = p->right;
		return p;
	}
	while ((p = n->parent) && p->left == n)
		n = p;
	return p;
}
