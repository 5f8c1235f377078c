/* SPDX-License-Identifier: MIT */
/* modules: fs/dcache.c fs/dcache_lru.c selftests/host/pages.c mm/buddy.c */
/* dcache: a random tree of names against an array: found iff there, with the right vnode, through
 * renames, exchanges, pruning and shrinking; every dentry and vnode goes when nobody has it. */
#include <fs/dcache.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/lib/string.h>
#include <mm/page.h>

#include "unit.h"

#define NR 300

static struct vnode vnodes[NR + 1];
static s64 vnode_refs[NR + 1];
static const struct vnode_ops ops, revalidating = { .revalidate = (bool (*)(struct vnode *))1 };
static struct super sb;
static u64 memory_pages = 1 << 20;

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

/* ---- doubles ---- */

void mem_stats_get(struct mem_stats *out)
{
	*out = (struct mem_stats){ .total = memory_pages };
}

void object_put(struct object *o)
{
	vnode_refs[to_vnode(o) - vnodes]--;
}

static struct vnode *take_vnode(u32 i)
{
	vnode_refs[i]++;
	vnodes[i].ops = i % 7 ? &ops : &revalidating;
	return &vnodes[i];
}

/* ---- the model: a forest of names; each entry's dentry is held, so its address stays good ---- */

struct entry {
	struct dentry *d;	/* NULL: free */
	struct dentry *parent;
	char name[80];
	bool cached, positive;
};
static struct entry model[NR];
static struct dentry *root;

static struct name scan(const char *text)
{
	return name_scan(text);
}

static struct entry *model_find(const struct dentry *parent, const char *name)
{
	u32 i;

	for (i = 0; i < NR; i++)
		if (model[i].d && model[i].cached && model[i].parent == parent &&
		    host_streq(model[i].name, name))
			return &model[i];
	return NULL;
}

static bool has_children(const struct dentry *d)
{
	u32 i;

	for (i = 0; i < NR; i++)
		if (model[i].d && model[i].parent == d)
			return true;
	return false;
}

/* Short and long names, many alike. */
static void some_name(char *out)
{
	u32 len = rnd(3) ? 1 + rnd(3) : 1 + rnd(60), i;

	for (i = 0; i < len; i++)
		out[i] = (char)('a' + (rnd(4) ? 0 : rnd(3)));
	memset(out + len, 0, 80 - len);
}

static struct dentry *some_dir(void)
{
	struct entry *e = &model[rnd(NR)];

	return e->d && e->cached && e->positive ? e->d : root;
}

static void add(struct entry *e)
{
	struct dentry *parent = some_dir();
	struct name n;

	some_name(e->name);
	if (model_find(parent, e->name))
		return;
	n = scan(e->name);
	e->d = dentry_alloc(parent, &n);
	ASSERT_TRUE(e->d);
	e->parent = parent;
	e->cached = true;
	e->positive = rnd(4);
	dentry_add(e->d, e->positive ? take_vnode((u32)(e - model)) : NULL);
}

static void forget(struct entry *e)
{
	if (has_children(e->d))
		return;
	if (e->cached)
		dentry_drop(e->d);
	dentry_put(e->d);
	e->d = NULL;
}

/* rename(2) of a over what is called b, or exchange. */
static void rename(struct entry *a, struct entry *b)
{
	char tmp[80];

	if (!a->cached || !a->positive || !b->cached || dentry_is_ancestor(a->d, b->d) ||
	    dentry_is_ancestor(b->d, a->d))
		return;
	if (rnd(2)) {
		dentry_exchange(a->d, b->d);
	} else if (!has_children(b->d)) {
		dentry_move(a->d, b->d);
		b->cached = false;
	} else {
		return;
	}
	memcpy(tmp, a->name, 80);
	memcpy(a->name, b->name, 80);
	memcpy(b->name, tmp, 80);
	swap(a->parent, b->parent);
	ASSERT_EQ(0, dcache_rename_seq() % 2);
}

static void look(struct dentry *parent, const char *text)
{
	struct entry *want = model_find(parent, text);
	struct vnode *v = NULL;
	struct name n = scan(text);
	struct dentry *d = dentry_find_rcu(parent, &n, &v);

	ASSERT_TRUE(d == (want ? want->d : NULL));
	if (want)
		ASSERT_TRUE(v == (want->positive ? &vnodes[want - model] : NULL));
	d = dentry_find(parent, &n);
	ASSERT_TRUE(d == (want ? want->d : NULL));
	if (d) {
		ASSERT_EQ(strlen(text), name_len(&n));
		ASSERT_STREQ(text, d->name);
		ASSERT_TRUE(dentry_hashed(d));
		dentry_put(d);
	}
}

static void check_all(void)
{
	u32 i;

	for (i = 0; i < NR; i++)
		if (model[i].d)
			look(model[i].parent, model[i].name);
}

static void begin(u32 flags)
{
	sb.flags = flags;
	dcache_init();
	root = dentry_alloc_root(&sb, take_vnode(NR));
	ASSERT_TRUE(root && dentry_is_root(root));
}

static void end(void)
{
	u32 i;

	dentry_prune(root);
	for (i = 0; i < NR; i++)
		if (model[i].d)
			dentry_put(model[i].d);
	dentry_put(root);
	EXPECT_EQ(0, dcache_count());
	EXPECT_EQ(0, dcache_unused());
	for (i = 0; i <= NR; i++)
		EXPECT_EQ(0, vnode_refs[i]);
}

static void random_steps(void)
{
	char text[80];
	u32 step;

	for (step = 0; step < 20000; step++) {
		struct entry *e = &model[rnd(NR)], *o = &model[rnd(NR)];

		if (!e->d)
			add(e);
		else if (rnd(3) == 0)
			forget(e);
		else if (o->d && e != o)
			rename(e, o);
		some_name(text);
		look(some_dir(), text);
		if (rnd(50) == 0)
			dcache_shrink(5);	/* all are held by us: nothing may go */
		if (step % 500 == 0)
			check_all();
	}
	check_all();
}

TEST(random_names_agree_with_an_array)
{
	begin(0);
	random_steps();
	end();
}

TEST(names_that_are_the_directory)
{
	begin(SB_DCACHE_IS_DIR);
	random_steps();
	EXPECT_EQ(0, dcache_unused());
	end();
}

TEST(names_end_at_a_slash_and_differ)
{
	static const char path[32] = "usr/lib", other[16] = "usr", longer[16] = "usrx",
			  empty[16] = "";
	struct name a = scan(path), b = scan(other), c = scan(longer), d = scan(empty);

	EXPECT_EQ(3, name_len(&a));
	EXPECT_EQ(a.key, b.key);
	EXPECT_TRUE(a.key != c.key);
	EXPECT_EQ(0, name_len(&d));
}

static struct dentry *put_name(struct dentry *parent, const char *text, u32 i)
{
	struct name n = scan(text);
	struct dentry *d = dentry_alloc(parent, &n);

	dentry_add(d, take_vnode(i));
	return d;
}

TEST(unused_names_are_forgotten_oldest_first_unless_used)
{
	char text[3][16] = { "one", "two", "three" };
	struct name n[3];
	struct dentry *d;
	struct vnode *v;
	u32 i;

	begin(0);
	for (i = 0; i < 3; i++) {
		n[i] = scan(text[i]);
		dentry_put(put_name(root, text[i], i));
	}
	EXPECT_EQ(3, dcache_unused());
	d = dentry_find(root, &n[0]);			/* used: gets a second chance */
	dentry_put(d);
	EXPECT_EQ(1, dcache_shrink(1));
	EXPECT_TRUE(!dentry_find_rcu(root, &n[1], &v));
	EXPECT_EQ(0, vnode_refs[1]);
	EXPECT_TRUE(dentry_find_rcu(root, &n[0], &v) && dentry_find_rcu(root, &n[2], &v));
	d = dentry_find(root, &n[2]);			/* held: stays, whatever is asked for */
	EXPECT_EQ(1, dcache_shrink(100));
	EXPECT_EQ(0, dcache_shrink(100));
	EXPECT_TRUE(dentry_find_rcu(root, &n[2], &v) == d);
	dentry_put(d);
	end();
}

TEST(too_many_names_forget_some)
{
	char text[16] = "nnnnnn";
	u32 i;

	memory_pages = 1;				/* the least there is: 4096 names */
	begin(0);
	for (i = 0; i < 10000; i++) {
		text[0] = (char)('a' + i % 26);
		text[1] = (char)('a' + i / 26 % 26);
		text[2] = (char)('a' + i / 676);
		dentry_put(put_name(root, text, 0));
	}
	EXPECT_TRUE(dcache_unused() <= 4097);
	EXPECT_TRUE(dcache_unused() > 3000);
	EXPECT_EQ(dcache_count(), dcache_unused() + 1);
	end();
}

TEST(a_negative_name_becomes_positive)
{
	static const char text[16] = "new";
	struct name n = scan(text);
	struct dentry *d;
	struct vnode *v;

	begin(0);
	d = dentry_alloc(root, &n);
	dentry_add(d, NULL);
	EXPECT_TRUE(dentry_find_rcu(root, &n, &v) == d && !v);
	dentry_instantiate(d, take_vnode(1));
	EXPECT_TRUE(dentry_find_rcu(root, &n, &v) == d && v == &vnodes[1]);
	EXPECT_EQ(0, d->seq % 2);
	dentry_set_flag(d, DENTRY_MOUNTED);
	EXPECT_TRUE(d->flags & DENTRY_MOUNTED);
	dentry_clear_flag(d, DENTRY_MOUNTED);
	EXPECT_EQ(DENTRY_HASHED, d->flags);
	dentry_drop(d);
	dentry_drop(d);
	EXPECT_TRUE(!dentry_find_rcu(root, &n, &v));
	dentry_put(d);
	end();
}

/* ---- a file system for which case does not count, nor dots at the end ---- */

static u32 folded_len(const char *t, u32 len)
{
	while (len && t[len - 1] == '.')
		len--;
	return len;
}

static u32 fold_hash(const struct super *s, const char *t, u32 len)
{
	u32 h = 0, i;

	for (i = 0; i < folded_len(t, len); i++)
		h = h * 31 + (u32)(t[i] | 0x20);
	return h;
}

static bool fold_same(const struct super *s, const char *a, u32 a_len, const char *b, u32 b_len)
{
	u32 i;

	a_len = folded_len(a, a_len);
	if (a_len != folded_len(b, b_len))
		return false;
	for (i = 0; i < a_len; i++)
		if ((a[i] | 0x20) != (b[i] | 0x20))
			return false;
	return true;
}

static const struct super_ops folding = { .name_hash = fold_hash, .name_same = fold_same };

TEST(names_that_the_file_system_says_are_one)
{
	static const char as_made[16] = "Name", as_asked[16] = "nAME..", another[16] = "Names",
			  moved[16] = "OTHER.";
	struct name asked, other = scan(another), to = scan(moved);
	struct dentry *d, *target, *found;
	struct vnode *v;

	sb.ops = &folding;
	begin(0);
	asked = scan(as_asked);
	d = put_name(root, as_made, 1);
	EXPECT_TRUE(dentry_find_rcu(root, &asked, &v) == d && v == &vnodes[1]);
	found = dentry_find(root, &asked);
	EXPECT_TRUE(found == d);
	dentry_put(found);
	EXPECT_TRUE(!dentry_find_rcu(root, &other, &v) && !dentry_find(root, &other));
	target = dentry_alloc(root, &to);
	dentry_add(target, NULL);
	dentry_move(d, target);
	EXPECT_TRUE(!dentry_find_rcu(root, &asked, &v));
	EXPECT_TRUE(dentry_find_rcu(root, &to, &v) == d);
	dentry_put(target);
	dentry_drop(d);
	dentry_put(d);
	end();
	sb.ops = NULL;
}

TEST(a_name_found_by_what_it_leads_to)
{
	static const char text[16] = "leads";
	struct dentry *d, *found;

	begin(0);
	d = put_name(root, text, 3);
	found = dentry_find_vnode(root, &vnodes[3]);
	EXPECT_TRUE(found == d);
	dentry_put(found);
	EXPECT_TRUE(!dentry_find_vnode(root, &vnodes[4]));
	dentry_drop(d);
	dentry_put(d);
	end();
}

TEST(no_memory_for_a_name)
{
	static const char text[64] = "a name that is too long to be kept inside the dentry";
	struct name n = scan(text);
	u32 i;

	begin(0);
	for (i = 0; i < 2; i++) {
		host_fail_allocations(i);
		EXPECT_TRUE(!dentry_alloc(root, &n));
		host_fail_allocations(-1);
	}
	host_fail_allocations(0);
	EXPECT_TRUE(!dentry_alloc_root(&sb, take_vnode(2)));
	host_fail_allocations(-1);
	end();
}
