/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext operations: random ones against a model of names, with a look at what a crash after any of
 * their transactions would leave: mounted, orphans worked off, unmounted, e2fsck. Space that runs
 * out, blocks that are not yet free, attributes of all sizes. */
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#include "extdev.h"

#define NODES 300u
#define NAMES 400u

static struct ext_fs *fs;

struct node {
	struct ext_inode *i; /* NULL: free */
	u32 names;
	u32 parent; /* of directories */
};

static struct node nodes[NODES];
static struct entry {
	u32 dir, node; /* node 0: free (that is the root) */
	char name[64];
} names[NAMES];

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static struct ext_name nm(const char *s)
{
	return (struct ext_name){ s, (u32)strlen(s) };
}

/* ---- the model ---- */

static u32 free_node(void)
{
	for (u32 n = 1; n < NODES; n++)
		if (!nodes[n].i)
			return n;
	return 0;
}

static struct entry *free_entry(void)
{
	for (u32 n = 0; n < NAMES; n++)
		if (!names[n].node)
			return &names[n];
	return NULL;
}

static struct entry *some_entry(void)
{
	for (u32 tries = 0; tries < 100; tries++) {
		struct entry *e = &names[rnd(NAMES)];

		if (e->node)
			return e;
	}
	return NULL;
}

static u32 some_dir(void)
{
	for (u32 tries = 0; tries < 30; tries++) {
		u32 n = rnd(NODES);

		if (nodes[n].i && ext_is_dir(nodes[n].i) && (!n || nodes[n].names))
			return n;
	}
	return 0;
}

static bool dir_empty(u32 d)
{
	for (u32 n = 0; n < NAMES; n++)
		if (names[n].node && names[n].dir == d)
			return false;
	return true;
}

static bool is_below(u32 d, u32 top)
{
	for (; d; d = nodes[d].parent)
		if (d == top)
			return true;
	return d == top;
}

static void lose_name(struct entry *e)
{
	struct node *n = &nodes[e->node];

	e->node = 0;
	if (--n->names)
		return;
	EXPECT_EQ(0, n->i->nlink);
	EXPECT_EQ(0, ext_evict(n->i));
	EXPECT_TRUE(!ext_is_orphan(n->i));
	kfree(n->i);
	n->i = NULL;
}

/* ---- operations ---- */

static bool no_space_wanted;

static bool fine(int err)
{
	if (err == -ENOSPC && no_space_wanted)
		return false;
	EXPECT_EQ(0, err);
	return !err;
}

static void do_create(void)
{
	static const u32 types[] = { S_IFREG | 0644,  S_IFREG | 04755, S_IFDIR | 0755,
				     S_IFDIR | 01777, S_IFIFO | 0600,  S_IFLNK | 0777,
				     S_IFCHR | 0600 };
	struct ext_owner o = { .mode = types[rnd(ARRAY_SIZE(types))],
			       .uid = rnd(3) * 70000,
			       .gid = rnd(100000),
			       .rdev = 0 };
	u32 n = free_node(), d = some_dir();
	struct entry *e = free_entry();
	char target[700];
	int err;

	if (!n || !e)
		return;
	fmt_print(e->name, sizeof(e->name), "%lx%.*s", host_random() >> 40, (int)rnd(40),
		  "a-name-that-goes-on-and-on-and-on-for-long");
	nodes[n].i = kzalloc(sizeof(struct ext_inode));
	if ((o.mode & S_IFMT) == S_IFCHR)
		o.rdev = rnd(2) ? 0x103 : 0x12300456;
	memset(target, 't', sizeof(target));
	target[1 + rnd(rnd(2) ? 80 : 690)] = 0;
	err = (o.mode & S_IFMT) == S_IFLNK
		      ? ext_symlink(nodes[d].i, &(struct ext_name){ e->name, (u32)strlen(e->name) },
				    &o, target, nodes[n].i)
		      : ext_create(nodes[d].i, &(struct ext_name){ e->name, (u32)strlen(e->name) },
				   &o, nodes[n].i);
	if (!fine(err)) {
		kfree(nodes[n].i);
		nodes[n].i = NULL;
		return;
	}
	nodes[n].names = 1;
	nodes[n].parent = d;
	e->dir = d;
	e->node = n;
	if ((o.mode & S_IFMT) == S_IFLNK) {
		char back[700];

		EXPECT_EQ(strlen(target), ext_readlink(nodes[n].i, back, sizeof(back)));
		EXPECT_TRUE(!memcmp(back, target, strlen(target)));
	}
}

static void do_unlink(void)
{
	struct entry *e = some_entry();
	struct ext_name n;
	int err;

	if (!e)
		return;
	n = nm(e->name);
	err = ext_unlink(nodes[e->dir].i, &n, nodes[e->node].i);
	if (ext_is_dir(nodes[e->node].i) && !dir_empty(e->node)) {
		EXPECT_EQ(-ENOTEMPTY, err);
		return;
	}
	if (fine(err))
		lose_name(e);
}

static void do_link(void)
{
	struct entry *from = some_entry(), *e = free_entry();
	u32 d = some_dir();
	char text[64];
	struct ext_name n;

	if (!from || !e || ext_is_dir(nodes[from->node].i))
		return;
	fmt_print(text, sizeof(text), "l%lx", host_random() >> 40);
	n = nm(text);
	if (!fine(ext_link(nodes[d].i, &n, nodes[from->node].i)))
		return;
	e->dir = d;
	e->node = from->node;
	str_copy(e->name, text, sizeof(e->name));
	nodes[e->node].names++;
}

static void do_rename(void)
{
	struct entry *e = some_entry(), *victim = rnd(2) ? some_entry() : NULL;
	u32 d = victim ? victim->dir : some_dir();
	struct ext_rename r;
	char fresh[64];
	bool exchange = victim && rnd(3) == 0;
	int err;

	if (!e || e == victim || (victim && victim->node == e->node))
		return;
	if (ext_is_dir(nodes[e->node].i) && is_below(d, e->node))
		return;
	if (victim && ext_is_dir(nodes[victim->node].i) && is_below(e->dir, victim->node))
		return;
	if (victim && !exchange &&
	    ext_is_dir(nodes[e->node].i) != ext_is_dir(nodes[victim->node].i))
		return;
	fmt_print(fresh, sizeof(fresh), "r%lx", host_random() >> 40);
	r = (struct ext_rename){
		.from = nodes[e->dir].i,
		.to = nodes[d].i,
		.i = nodes[e->node].i,
		.victim = victim ? nodes[victim->node].i : NULL,
		.n = nm(e->name),
		.t = nm(victim ? victim->name : fresh),
		.flags = exchange ? RENAME_EXCHANGE : 0,
	};
	err = ext_rename(&r);
	if (victim && !exchange && ext_is_dir(nodes[victim->node].i) && !dir_empty(victim->node)) {
		EXPECT_EQ(-ENOTEMPTY, err);
		return;
	}
	if (!fine(err))
		return;
	if (exchange) {
		u32 n = e->node;

		e->node = victim->node;
		victim->node = n;
		nodes[e->node].parent = e->dir;
		nodes[victim->node].parent = d;
		return;
	}
	if (victim)
		lose_name(victim);
	str_copy(e->name, victim ? victim->name : fresh, sizeof(e->name));
	e->dir = d;
	nodes[e->node].parent = d;
}

static struct ext_inode *some_file(void)
{
	struct entry *e = some_entry();

	return e && ext_is_reg(nodes[e->node].i) ? nodes[e->node].i : NULL;
}

static void do_write(void)
{
	struct ext_inode *f = some_file();
	u64 at = rnd(rnd(4) ? 20 : 100000);
	struct journal_handle *h;
	struct ext_mapping m;
	int err;

	if (!f)
		return;
	if (f->flags & EXT_INLINE_DATA_FL)
		return;
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, ext_map_credits(f, 1) + 2, &h));
	err = ext_map(f, h, at, 1 + rnd(60), EXT_MAP_CREATE, &m);
	if (fine(err))
		EXPECT_EQ(0, ext_set_disk_size(h, f, (at + m.len) << fs->block_bits));
	EXPECT_EQ(0, journal_stop(h));
}

static void do_truncate(void)
{
	struct ext_inode *f = some_file();

	if (f)
		fine(ext_truncate(f, rnd(2) ? 0 : rnd(1u << 24)));
}

static void do_fallocate(void)
{
	struct ext_inode *f = some_file();
	u64 at = rnd(2000), n = 1 + rnd(100);

	if (f && (f->flags & EXT_EXTENTS_FL))
		fine(ext_preallocate(f, at, at + n, rnd(2) ? (at + n) << fs->block_bits : 0));
}

static void do_xattr(void)
{
	static const char *const keys[] = { "user.a", "user.bb", "trusted.x", "security.capability",
					    "user.a-longer-name-than-the-others" };
	struct entry *e = some_entry();
	const char *key = keys[rnd(ARRAY_SIZE(keys))];
	static u8 value[2000], back[2000];
	u32 len = rnd(rnd(3) ? 60 : 700);
	int err;

	if (!e)
		return;
	for (u32 n = 0; n < len; n++)
		value[n] = (u8)rnd(256);
	if (rnd(4) == 0) {
		err = ext_setxattr(nodes[e->node].i, key, NULL, 0, 0);
		EXPECT_TRUE(!err || err == -ENODATA);
		EXPECT_EQ(-ENODATA, ext_xattr_get(nodes[e->node].i, key, back, sizeof(back)));
		return;
	}
	err = ext_setxattr(nodes[e->node].i, key, value, len, 0);
	if (err == -ENOSPC)
		return;
	if (fine(err)) {
		EXPECT_EQ(len, ext_xattr_get(nodes[e->node].i, key, back, sizeof(back)));
		EXPECT_TRUE(!memcmp(value, back, len));
	}
}

static void do_tmpfile(void)
{
	struct ext_owner o = { .mode = S_IFREG | 0600 };
	struct ext_inode i;
	struct journal_handle *h;
	struct ext_mapping m;

	if (!fine(ext_tmpfile(nodes[some_dir()].i, &o, &i)))
		return;
	EXPECT_TRUE(ext_is_orphan(&i));
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, ext_map_credits(&i, 1) + 2, &h));
	if (fine(ext_map(&i, h, 3, 30, EXT_MAP_CREATE, &m)))
		EXPECT_EQ(0, ext_set_disk_size(h, &i, 33u << fs->block_bits));
	EXPECT_EQ(0, journal_stop(h));
	EXPECT_EQ(0, ext_evict(&i));
}

static void one_operation(void)
{
	switch (rnd(16)) {
	case 0:
	case 1:
	case 2:
	case 3: return do_create();
	case 4:
	case 5: return do_unlink();
	case 6: return do_link();
	case 7:
	case 8: return do_rename();
	case 9:
	case 10: return do_write();
	case 11: return do_truncate();
	case 12: return do_fallocate();
	case 13:
	case 14: return do_xattr();
	default: return do_tmpfile();
	}
}

/* ---- crashes ---- */

static u32 crash_every;

static void look_after_crash(void)
{
	u64 size;
	u8 *copy = disk_snapshot();

	disk_commit_hook = NULL;
	disk_bytes(&size);
	disk_forget_all();
	disk_use(copy, size);
	fs = ext_test_mount();
	ext_test_unmount(fs);
	ext_fsck("a crash");
}

static void maybe_crash(void)
{
	if (rnd(crash_every) == 0 && !host_in_child(look_after_crash))
		host_end_test();
}

/* ---- tests ---- */

static void begin(const char *options, const char *size)
{
	ext_mkfs(options, size);
	fs = ext_test_mount();
	nodes[0].i = kzalloc(sizeof(struct ext_inode));
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, nodes[0].i));
}

static void finish(const char *options)
{
	u32 ino;
	u8 type;

	for (u32 n = 0; n < NAMES; n++) {
		struct ext_name name = nm(names[n].name);

		if (!names[n].node)
			continue;
		EXPECT_EQ(0, ext_dir_lookup(nodes[names[n].dir].i, &name, &ino, &type));
		EXPECT_EQ(nodes[names[n].node].i->ino, ino);
	}
	disk_commit_hook = NULL;
	for (u32 n = 0; n < NODES; n++)
		kfree(nodes[n].i);
	ext_test_unmount(fs);
	ext_fsck(options);
}

static void churn(const char *options, const char *size, u32 rounds, u32 every)
{
	begin(options, size);
	crash_every = every;
	disk_commit_hook = every ? maybe_crash : NULL;
	while (rounds--)
		one_operation();
	finish(options);
}

TEST(default_4k) { churn("-b 4096 -N 2000", "64M", 1500, 120); }
TEST(default_1k) { churn("-b 1024 -N 2000", "32M", 1500, 120); }
TEST(ext3) { churn("-t ext3 -N 2000", "32M", 1500, 120); }
TEST(ext2) { churn("-t ext2 -b 1024 -N 2000", "32M", 3000, 0); }
TEST(orphan_file) { churn("-O orphan_file,metadata_csum_seed -b 2048 -N 2000", "32M", 1500, 120); }
TEST(inline_data)
{
	churn("-O inline_data,large_dir,ea_inode -I 512 -b 1024 -N 2000", "32M", 1500, 150);
}
TEST(old_inodes)
{
	churn("-I 128 -O ^metadata_csum,^flex_bg,uninit_bg,^64bit -b 1024 -N 2000", "32M", 1500,
	      150);
}
TEST(meta_bg)
{
	churn("-O meta_bg,^resize_inode,sparse_super2 -b 1024 -g 1024 -N 2000", "32M", 1500, 150);
}

TEST(no_space)
{
	no_space_wanted = true;
	churn("-b 1024 -N 400 -O ^has_journal", "2M", 6000, 0);
}

TEST(no_space_journal)
{
	no_space_wanted = true;
	churn("-b 1024 -N 400 -J size=1", "4M", 6000, 200);
}

TEST(not_free_before_commit)
{
	struct ext_owner o = { .mode = S_IFREG | 0600 };
	struct ext_inode f, g;
	struct ext_name a = nm("a"), b = nm("b");
	struct journal_handle *h;
	struct ext_mapping m, m2;

	begin("-b 1024", "16M");
	ASSERT_EQ(0, ext_create(nodes[0].i, &a, &o, &f));
	ASSERT_EQ(0, ext_create(nodes[0].i, &b, &o, &g));
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, 60, &h));
	ASSERT_EQ(0, ext_map(&f, h, 0, 10, EXT_MAP_CREATE, &m));
	EXPECT_EQ(0, ext_set_disk_size(h, &f, 10240));
	EXPECT_EQ(0, journal_stop(h));
	disk_hold_commits = true;
	ASSERT_EQ(0, ext_truncate(&f, 0));
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, 60, &h));
	g.goal = m.pblk;
	ASSERT_EQ(0, ext_map(&g, h, 0, 10, EXT_MAP_CREATE, &m2));
	EXPECT_TRUE(m2.pblk + m2.len <= m.pblk || m2.pblk >= m.pblk + m.len);
	EXPECT_EQ(0, journal_stop(h));
	disk_hold_commits = false;
	EXPECT_EQ(0, journal_commit(fs->j, 0));
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, 60, &h));
	g.goal = m.pblk;
	g.goal_lblk = 100;
	ASSERT_EQ(0, ext_map(&g, h, 100, 10, EXT_MAP_CREATE, &m2));
	EXPECT_EQ(m.pblk, m2.pblk);
	EXPECT_EQ(0, ext_set_disk_size(h, &g, 110 << 10));
	EXPECT_EQ(0, journal_stop(h));
	finish("held blocks");
}
