/* SPDX-License-Identifier: MIT */
/* modules: @fat */
/* Directories, chains and files of vfat under random churn against a model; fsck.vfat judges.
 * Damage is met with -EIO. */
#include <kernel/lib/byteorder.h>
#include <kernel/lib/fmt.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#include "../host/fatdev.h"

#define NR 60u

static struct fat_inode root, dirs[4], files[NR];
static bool there[NR];
static u32 in_dir[NR], sizes[NR];
static char names[NR][300];

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static struct fat_inode *dir_of(u32 n)
{
	return n ? &dirs[n] : &root;
}

static void name_it(u32 n)
{
	static const char *const forms[] = {
		"F%u",	      "file.%u",  "a long name with blanks %u.text", "LONGFILENAME%u",
		"ünï%u.日本", "%u.tar.gz"
	};

	fmt_print(names[n], sizeof(names[n]), forms[n % ARRAY_SIZE(forms)], n);
	if (n % 13 == 0)
		for (u32 k = (u32)strlen(names[n]); k < 240; k++)
			names[n][k] = 'x', names[n][k + 1] = 0;
}

static void make(u32 n)
{
	struct fat_found f, again;
	u32 d = rnd(4);
	int err;

	name_it(n);
	err = fat_dir_find(dir_of(d), names[n], (u32)strlen(names[n]), &f);
	if (!err)
		return;		/* another file was renamed over this one, and has its name */
	ASSERT_EQ(-ENOENT, err);
	err = fat_create(dir_of(d), names[n], (u32)strlen(names[n]), false,
			 (struct fat_time){ 1700000000 + n, 0 }, &files[n]);
	if (err == -ENOSPC)
		return;
	ASSERT_EQ(0, err);
	there[n] = true;
	in_dir[n] = d;
	sizes[n] = 0;
	ASSERT_EQ(0, fat_dir_find(dir_of(d), names[n], (u32)strlen(names[n]), &f));
	EXPECT_EQ(files[n].where, f.where);
	EXPECT_EQ(0, memcmp(f.name, names[n], f.len));
	ASSERT_EQ(0, fat_dir_find(dir_of(d), f.short_name, f.short_len, &again));
	EXPECT_EQ(files[n].where, again.where);
}

static void resize(u32 n)
{
	u32 size = rnd(30000), cs = fat_cluster_size(&the_fs), have;
	int err = fat_chain_grow(&the_fs, &files[n].chain, DIV_ROUND_UP(size, cs));

	if (err == -ENOSPC)
		return;
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, fat_truncate(&files[n], size));
	ASSERT_EQ(0, fat_chain_length(&the_fs, &files[n].chain, &have));
	EXPECT_EQ(DIV_ROUND_UP(size, cs), have);
	sizes[n] = size;
}

static void drop(u32 n)
{
	ASSERT_EQ(0, fat_unlink(dir_of(in_dir[n]), &files[n]));
	ASSERT_EQ(0, fat_truncate(&files[n], 0));
	fat_chain_forget(&files[n].chain);
	there[n] = false;
}

static void move(u32 n)
{
	u32 d = rnd(4), v = rnd(NR);
	bool over = v != n && there[v];
	struct fat_rename r = { dir_of(in_dir[n]), dir_of(d), &files[n], NULL, names[n], 0, false };
	char name[300];

	if (over) {
		r.to = dir_of(in_dir[v]);
		r.victim = &files[v];
		r.exchange = rnd(2);
	} else {
		fmt_print(name, sizeof(name), "moved %u to %lu", n, host_random());
		r.name = name;
		r.len = (u32)strlen(name);
	}
	if (fat_rename(&r))
		return;
	if (over && r.exchange) {
		swap(in_dir[n], in_dir[v]);
		return;
	}
	if (over) {
		ASSERT_EQ(0, fat_truncate(&files[v], 0));
		fat_chain_forget(&files[v].chain);
		there[v] = false;
		in_dir[n] = in_dir[v];
	} else {
		in_dir[n] = d;
	}
}

/* Everything is where it should be, with its size. */
static void check(void)
{
	for (u32 d = 0; d < 4; d++) {
		struct fat_found f;
		u32 at = 0, seen = 0, want = 0;

		for (u32 n = 0; n < NR; n++)
			want += there[n] && in_dir[n] == d;
		while (!fat_dir_next(dir_of(d), &at, &f)) {
			for (u32 n = 0; n < NR; n++) {
				if (!there[n] || files[n].where != f.where)
					continue;
				seen++;
				EXPECT_EQ(d, in_dir[n]);
				EXPECT_EQ(sizes[n], get_le32(f.e.size));
			}
		}
		EXPECT_EQ(want, seen);
	}
}

static void churn(const char *options, u32 kib)
{
	fat_mkfs(options, kib);
	ASSERT_EQ(0, fat_try_mount());
	ASSERT_EQ(0, fat_inode_root(&the_fs, &root));
	memset(there, 0, sizeof(there));
	for (u32 d = 1; d < 4; d++) {
		char name[8];

		fmt_print(name, sizeof(name), "dir%u", d);
		ASSERT_EQ(0, fat_create(d == 3 ? &dirs[2] : &root, name, 4, true,
					(struct fat_time){ 1600000000, 0 }, &dirs[d]));
	}
	for (u32 k = 0; k < 3000; k++) {
		u32 n = rnd(NR);

		if (!there[n])
			make(n);
		else if (rnd(3))
			resize(n);
		else if (rnd(2))
			move(n);
		else
			drop(n);
	}
	check();
	EXPECT_EQ(-ENOTEMPTY, fat_unlink(&root, &dirs[2]));
	ASSERT_EQ(0, fat_rename(&(struct fat_rename){ &dirs[2], &dirs[1], &dirs[3], NULL,
						      "else where", 10, false }));
	check();
	for (u32 n = 0; n < NR; n++)
		fat_chain_forget(&files[n].chain);
	for (u32 d = 1; d < 4; d++)
		fat_chain_forget(&dirs[d].chain);
	fat_chain_forget(&root.chain);
	fat_done(options);
}

TEST(churn_12) { churn("-F 12 -s 1", 900); }
TEST(churn_12_large) { churn("-F 12 -s 4 -r 512", 4000); }
TEST(churn_16) { churn("-F 16 -s 1", 5000); }
TEST(churn_32) { churn("-F 32 -s 1 -f 1", 36000); }
TEST(churn_4k_sectors) { churn("-F 12 -S 4096", 6000); }

static void prepare(const char *options, u32 kib)
{
	fat_mkfs(options, kib);
	ASSERT_EQ(0, fat_try_mount());
	the_fs.opt.errors = FAT_ERRORS_CONTINUE;
	ASSERT_EQ(0, fat_inode_root(&the_fs, &root));
}

static int add(struct fat_inode *dir, const char *name, bool is_dir, struct fat_inode *i)
{
	return fat_create(dir, name, (u32)strlen(name), is_dir, (struct fat_time){ 1600000000, 0 },
			  i);
}

TEST(directories_move_and_trade_places)
{
	struct fat_inode a, b, x, y;

	prepare("-F 32 -s 1", 36000);
	ASSERT_EQ(0, add(&root, "a", true, &a));
	ASSERT_EQ(0, add(&root, "b", true, &b));
	ASSERT_EQ(0, add(&a, "x", true, &x));
	ASSERT_EQ(0, add(&b, "y", true, &y));
	ASSERT_EQ(0, fat_rename(&(struct fat_rename){ &a, &b, &x, &y, "y", 1, true }));
	ASSERT_EQ(0, fat_rename(&(struct fat_rename){ &a, &root, &y, NULL, "top", 3, false }));
	ASSERT_EQ(0, fat_rename(&(struct fat_rename){ &root, &b, &a, &x, "y", 1, false }));
	EXPECT_EQ(0, x.where);
	ASSERT_EQ(0, fat_truncate(&x, 0));
	fat_chain_forget(&a.chain);
	fat_chain_forget(&b.chain);
	fat_chain_forget(&x.chain);
	fat_chain_forget(&y.chain);
	fat_chain_forget(&root.chain);
	fat_done("moves");
}

TEST(many_alike)
{
	static struct fat_inode f;
	char name[40];

	prepare("-F 16 -s 4", 40000);
	for (u32 n = 0; n < 170; n++) {
		fmt_print(name, sizeof(name), "the same beginning %u", n);
		ASSERT_EQ(0, add(&root, name, false, &f));
	}
	EXPECT_EQ(-ENOSPC, add(&root,
			       "a name so long that it takes more than what there is in the fixed "
			       "root directory of this file system",
			       false, &f));
	fat_done("many names");
}

TEST(a_full_disk)
{
	struct fat_inode d, f;
	u32 n = 0;

	prepare("-F 12 -s 1", 300);
	ASSERT_EQ(0, add(&root, "F", false, &f));
	ASSERT_EQ(0, add(&root, "D", true, &d));
	EXPECT_EQ(-ENOSPC, fat_chain_grow(&the_fs, &f.chain, 100000));
	EXPECT_EQ(0, f.chain.known);
	ASSERT_EQ(0, fat_chain_grow(&the_fs, &f.chain, the_fs.nr_free));
	f.size = f.chain.known << the_fs.cluster_bits;
	ASSERT_EQ(0, fat_inode_write(&f));
	EXPECT_EQ(-ENOSPC, add(&root, "e", true, &(struct fat_inode){ 0 }));
	while (!add(&d, "ABCDEFGH.IJK" + n % 8, false, &(struct fat_inode){ 0 }) && n < 30)
		n++;
	the_fs.nr_free = 1;	/* which is not so */
	EXPECT_EQ(-ENOSPC, fat_chain_grow(&the_fs, &f.chain, f.chain.known + 1));
	EXPECT_EQ(0, the_fs.nr_free);
	fat_chain_forget(&f.chain);
	fat_chain_forget(&d.chain);
	fat_done("a full disk");
}

TEST(refused_names)
{
	struct fat_inode f;

	prepare("-F 12", 1000);
	EXPECT_EQ(-ENOENT, add(&root, "...", false, &f));
	EXPECT_EQ(-EINVAL, add(&root, "a?b", false, &f));
	EXPECT_EQ(-EINVAL, add(&root, "\xff", false, &f));
	ASSERT_EQ(0, add(&root, "Foo.", false, &f));
	EXPECT_EQ(-EEXIST, add(&root, "FOO", false, &f));
	ASSERT_EQ(0, add(&root, "RUN.EXE", false, &f));
	EXPECT_TRUE(f.is_exec);
	fat_done("names");
}

TEST(broken_chains)
{
	struct fat_inode f, d;
	u32 n, disk, len;

	prepare("-F 16 -s 1", 5000);
	ASSERT_EQ(0, add(&root, "f", false, &f));
	ASSERT_EQ(0, fat_chain_grow(&the_fs, &f.chain, 5));
	ASSERT_EQ(0, fat_set(&the_fs, f.chain.start + 4, f.chain.start + 1));
	fat_chain_forget(&f.chain);
	EXPECT_EQ(-EIO, fat_chain_length(&the_fs, &f.chain, &n));
	EXPECT_EQ(-EIO, fat_truncate(&f, 0));
	fat_chain_forget(&f.chain);
	ASSERT_EQ(0, fat_set(&the_fs, f.chain.start + 2, 0));
	EXPECT_EQ(-EIO, fat_chain_map(&the_fs, &f.chain, 4, &disk, &len));
	fat_chain_forget(&f.chain);
	ASSERT_EQ(0, fat_set(&the_fs, f.chain.start + 2, 0xfff7));
	EXPECT_EQ(-EIO, fat_chain_map(&the_fs, &f.chain, 4, &disk, &len));
	fat_chain_forget(&f.chain);
	ASSERT_EQ(0, add(&root, "d", true, &d));
	d.chain.start = 1;
	fat_chain_forget(&d.chain);
	EXPECT_EQ(-EIO, fat_dir_slots(&d, &n));
	EXPECT_EQ(-EIO, fat_unlink(&root, &d));
	f.where ^= 1;
	EXPECT_EQ(-EIO, fat_unlink(&root, &f));
}

TEST(a_root_without_a_cluster)
{
	u64 size;

	fat_mkfs("-F 32", 40000);
	put_le32(img_bytes(&size) + 44, 0);
	ASSERT_EQ(0, fat_try_mount());
	EXPECT_EQ(-EIO, fat_inode_root(&the_fs, &root));
}

TEST(pieces_that_do_not_fit_are_no_name)
{
	struct fat_inode f;
	struct fat_found found;
	struct fat_entry *e;
	struct buf *b;

	prepare("-F 12", 1000);
	ASSERT_EQ(0, add(&root, "a name of two pieces", false, &f));
	for (u32 k = 1; k < 3; k++) {
		ASSERT_EQ(0, fat_entry_buf(&the_fs, f.where - k, &b, &e));
		((struct fat_long *)e)->checksum ^= 1;
		buf_dirty(b);
		buf_put(b);
		EXPECT_EQ(-ENOENT, fat_dir_find(&root, "a name of two pieces", 20, &found));
		ASSERT_EQ(0, fat_dir_find(&root, "ANAMEO~1", 8, &found));
		EXPECT_TRUE(!found.is_long);
	}
}

/* Each read fails once: nothing crashes, nothing stays held. */
TEST(reads_that_fail)
{
	for (u32 n = 1; n < 60; n++) {
		struct fat_inode d = { 0 }, f = { 0 };
		struct fat_found found;

		prepare("-F 12 -s 1", 1000);
		img_fail_reads = n;
		if (!add(&root, "a directory", true, &d) &&
		    !add(&d, "a file with a name", false, &f)) {
			(void)!fat_chain_grow(&the_fs, &f.chain, 3);
			(void)!fat_dir_find(&d, "x", 1, &found);
			(void)!fat_rename(
				&(struct fat_rename){ &d, &root, &f, NULL, "y", 1, false });
			(void)!fat_truncate(&f, 0);
			(void)!fat_unlink(&root, &d);
		}
		img_fail_reads = 0;
		fat_chain_forget(&d.chain);
		fat_chain_forget(&f.chain);
		EXPECT_EQ(0, img_held());
		(void)!fat_unmount(&the_fs);
	}
}

MAIN
