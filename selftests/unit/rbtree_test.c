/* SPDX-License-Identifier: MIT */
/* rbtree: random insertions and removals; order, the red-black rules and the subtree value hold
 * after each. */
#include <kernel/lib/rbtree.h>

#include "unit.h"

#define N 300

struct item {
	struct rb_node node;
	u32 key, biggest;	/* biggest key of the subtree */
	bool in;
};

static struct item items[N];

static struct item *item_of(struct rb_node *n)
{
	return rb_entry(n, struct item, node);
}

static u32 biggest_of(struct rb_node *n)
{
	return n ? item_of(n)->biggest : 0;
}

static bool update(struct rb_node *n)
{
	struct item *it = item_of(n);
	u32 was = it->biggest;

	it->biggest = max(it->key, max(biggest_of(n->left), biggest_of(n->right)));
	return it->biggest != was;
}

static void insert(struct rb_tree *t, struct item *it)
{
	struct rb_node **link = &t->root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->key < item_of(parent)->key ? &parent->left : &parent->right;
	}
	rb_insert(t, &it->node, parent, link);
	it->in = true;
}

/* Black height of the subtree; all rules checked on the way. */
static int check_subtree(struct rb_node *n, struct rb_node *parent)
{
	int left, right;

	if (!n)
		return 1;
	EXPECT_TRUE(n->parent == parent);
	if (n->red)
		EXPECT_TRUE(!(n->left && n->left->red) && !(n->right && n->right->red));
	EXPECT_EQ(max(item_of(n)->key, max(biggest_of(n->left), biggest_of(n->right))),
		  item_of(n)->biggest);
	left = check_subtree(n->left, n);
	right = check_subtree(n->right, n);
	EXPECT_EQ(left, right);
	return left + !n->red;
}

static void check(const struct rb_tree *t)
{
	u32 want = 0, got = 0;
	struct rb_node *prev = NULL;

	EXPECT_TRUE(!t->root || !t->root->red);
	check_subtree(t->root, NULL);
	for (u32 i = 0; i < N; i++)
		want += items[i].in;
	for (struct rb_node *n = rb_first(t); n; prev = n, n = rb_next(n), got++) {
		EXPECT_TRUE(rb_prev(n) == prev);
		EXPECT_TRUE(!prev || item_of(prev)->key <= item_of(n)->key);
	}
	EXPECT_TRUE(rb_last(t) == prev);
	ASSERT_EQ(want, got);
}

TEST(the_rules_hold_after_every_step)
{
	struct rb_tree t;

	rb_init(&t, update);
	for (int step = 0; step < 5000; step++) {
		struct item *it = &items[host_random() % N];

		if (it->in) {
			rb_erase(&t, &it->node);
			it->in = false;
		} else {
			it->key = host_random() % 200;		/* equal keys as well */
			insert(&t, it);
		}
		if (step % 10 == 0)
			check(&t);
	}
	check(&t);
}

TEST(a_touched_value_reaches_the_root)
{
	struct rb_tree t;

	rb_init(&t, update);
	for (u32 i = 0; i < N; i++) {
		items[i].key = i * 10;
		insert(&t, &items[i]);
	}
	items[N - 1].key += 5;
	rb_touch(&t, &items[N - 1].node);
	EXPECT_EQ(items[N - 1].key, biggest_of(t.root));
	check(&t);
}

TEST(ascending_and_descending)
{
	struct rb_tree t;

	rb_init(&t, update);
	for (u32 i = 0; i < N; i++) {
		items[i].key = i < N / 2 ? i : 2 * N - i;
		insert(&t, &items[i]);
		check(&t);
	}
	while (t.root) {
		struct item *it = item_of(rb_first(&t));

		rb_erase(&t, &it->node);
		it->in = false;
		check(&t);
	}
}
