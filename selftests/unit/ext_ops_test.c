/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext: what a crash leaves unfinished, done by the next mount; directories inside their inodes;
 * whiteouts and renames that are refused; what errors= wants; bitmaps that lie; space that is only
 * reserved. */
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#include "extdev.h"

static struct ext_fs *fs;
static struct ext_inode root, a, b, f, g;
static const struct ext_owner reg = { .mode = S_IFREG | 0644 }, folder = { .mode = S_IFDIR | 0755 };

static struct ext_name nm(const char *s) { return (struct ext_name){ s, (u32)strlen(s) }; }

static void begin(const char *options)
{
	ext_mkfs(options, "8M");
	fs = ext_test_mount();
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
}

static void end(const char *what)
{
	ext_test_unmount(fs);
	ext_fsck(what);
}

static void make(struct ext_inode *dir, const char *name, const struct ext_owner *o,
		 struct ext_inode *i)
{
	struct ext_name n = nm(name);

	ASSERT_EQ(0, ext_create(dir, &n, o, i));
}

static void write_blocks(struct ext_inode *i, u64 at, u32 n)
{
	struct journal_handle *h;
	struct ext_mapping m;

	ASSERT_EQ(0, journal_start(fs->j, fs->dev, ext_map_credits(i, 1) + 2, &h));
	ASSERT_EQ(0, ext_map(i, h, at, n, EXT_MAP_CREATE, &m));
	EXPECT_EQ(0, ext_set_disk_size(h, i, (at + m.len) << fs->block_bits));
	EXPECT_EQ(0, journal_stop(h));
}

/* ---- orphans ---- */

/* What the disk holds now, mounted as after a crash: n files must be finished. */
static void crash(u32 deleted, u32 truncated)
{
	struct ext_params p = { .hooks = &disk_hooks };
	u8 *copy = disk_snapshot();
	u32 d = 0, t = 0;
	u64 size;

	disk_bytes(&size);
	disk_forget_all();
	disk_use(copy, size);
	host_free(copy);
	ASSERT_EQ(0, ext_mount(&ext_dev, &p, &fs));
	ASSERT_EQ(0, ext_orphan_cleanup(fs, &d, &t));
	EXPECT_EQ(deleted, d);
	EXPECT_EQ(truncated, t);
	end("a crash");
}

static void crash_now(void) { crash(3, 0); }
static void crash_in_truncate(void) { crash(0, 1); }

static struct ext_inode *lost;
static void lose_orphan(void)
{
	ext_orphan_forget(lost);
	EXPECT_TRUE(!ext_is_orphan(lost));
	crash(1, 0);		/* the disk still knows */
}

static void orphans(const char *options)
{
	struct ext_inode tmp[3];
	struct journal_handle *h;

	begin(options);
	for (u32 i = 0; i < 3; i++) {
		ASSERT_EQ(0, ext_tmpfile(&root, &reg, &tmp[i]));
		write_blocks(&tmp[i], 5, 4);
	}
	EXPECT_EQ(0, ext_truncate(&tmp[0], 2 << fs->block_bits)); /* which does not finish it */
	EXPECT_TRUE(ext_is_orphan(&tmp[0]));
	EXPECT_TRUE(host_in_child(crash_now));
	EXPECT_EQ(0, ext_evict(&tmp[1]));		/* from the middle of the list */
	EXPECT_EQ(0, ext_evict(&tmp[2]));
	EXPECT_EQ(0, ext_evict(&tmp[0]));
	ASSERT_EQ(0, ext_tmpfile(&root, &reg, &tmp[0]));
	EXPECT_TRUE(ext_is_orphan(&tmp[0]));
	lost = &tmp[0];
	EXPECT_TRUE(host_in_child(lose_orphan));
	EXPECT_EQ(0, ext_evict(&tmp[0]));
	make(&root, "f", &reg, &f);
	for (u32 i = 0; i < 500; i++)
		write_blocks(&f, i * 2, 1);
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, 8, &h));	/* as truncation begins */
	ASSERT_EQ(0, ext_orphan_add(h, &f));
	f.size = 3 << fs->block_bits;
	ASSERT_EQ(0, ext_inode_write(h, &f));
	EXPECT_EQ(0, journal_stop(h));
	EXPECT_TRUE(host_in_child(crash_in_truncate));
	EXPECT_EQ(0, ext_truncate(&f, 2 << fs->block_bits));
	EXPECT_TRUE(!ext_is_orphan(&f));
	end(options);
}

TEST(orphans_in_a_list) { orphans("-b 1024 -N 100 -O ^orphan_file"); }
TEST(orphans_in_a_file) { orphans("-b 1024 -N 100 -O orphan_file"); }
TEST(orphans_of_ext3) { orphans("-t ext3 -b 1024 -N 100"); }

/* ---- directories ---- */

static char seen[20];
static u32 nr_seen, room;

static bool see(struct ext_emit *e, const char *name, u32 len, u32 ino, u32 d_type, u64 next)
{
	(void)e, (void)len, (void)ino, (void)d_type, (void)next;
	if (!room)
		return false;
	room--;
	seen[nr_seen++] = name[0];
	return true;
}

static void list_by(struct ext_inode *dir, u32 step, const char *want)
{
	struct ext_emit e = { .entry = see };
	u64 pos = 0;
	u32 before;

	nr_seen = 0;
	do {
		before = nr_seen;
		room = step;
		ASSERT_EQ(0, ext_readdir(dir, &pos, &e));
	} while (nr_seen != before);
	seen[nr_seen] = 0;
	EXPECT_STREQ(want, seen);
}

TEST(a_directory_in_its_inode)
{
	struct ext_name d = nm("d"), y = nm("y");
	char out[2000];
	u32 ino;
	u8 type;

	ext_mkfs("-b 1024 -N 100 -I 512 -O inline_data", "8M");
	ext_debugfs("mkdir d\ncd d\nwrite /dev/null x\nwrite /dev/null y\nwrite /dev/null z\n", out,
		    sizeof(out));
	fs = ext_test_mount();
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
	ASSERT_EQ(0, ext_dir_lookup(&root, &d, &ino, &type));
	ASSERT_EQ(0, ext_inode_read(fs, ino, &a));
	ASSERT_TRUE(a.flags & EXT_INLINE_DATA_FL);
	for (u32 step = 1; step < 5; step++)
		list_by(&a, step, "xyz");
	ASSERT_EQ(0, ext_dir_lookup(&a, &y, &ino, &type));
	ASSERT_EQ(0, ext_inode_read(fs, ino, &f));
	ASSERT_EQ(0, ext_unlink(&a, &y, &f));
	EXPECT_EQ(0, ext_evict(&f));
	EXPECT_EQ(0, ext_dir_is_empty(&a));
	end("inline directory");
}

TEST(a_linear_directory_piece_by_piece)
{
	begin("-b 1024 -N 100 -t ext2 -O ^dir_index");
	make(&root, "d", &folder, &a);
	make(&a, "x", &reg, &f);
	make(&a, "y", &reg, &g);
	for (u32 step = 1; step < 4; step++)
		list_by(&a, step, "xy");
	end("linear directory");
}

/* ---- renames ---- */

static int rename(struct ext_inode *from, const char *n, struct ext_inode *i, struct ext_inode *to,
		  const char *t, struct ext_inode *victim, u32 flags)
{
	struct ext_rename r = { .from = from,
				.to = to,
				.i = i,
				.victim = victim,
				.n = nm(n),
				.t = nm(t),
				.flags = flags };

	return ext_rename(&r);
}

TEST(renames)
{
	struct ext_name n = nm("f");
	struct ext_inode w, gone;
	u32 ino;
	u8 type;

	begin("-b 1024 -N 100");
	make(&root, "a", &folder, &a);
	make(&root, "b", &folder, &b);
	make(&a, "f", &reg, &f);
	make(&b, "g", &reg, &g);
	EXPECT_EQ(-EEXIST, rename(&a, "f", &f, &b, "g", &g, RENAME_NOREPLACE));
	EXPECT_EQ(-ENOENT, rename(&a, "f", &f, &b, "h", NULL, RENAME_EXCHANGE));
	EXPECT_EQ(-ENOTEMPTY, rename(&root, "a", &a, &root, "b", &b, 0));
	EXPECT_EQ(0, rename(&a, "f", &f, &b, "h", NULL, RENAME_WHITEOUT));
	ASSERT_EQ(0, ext_dir_lookup(&a, &n, &ino, &type));
	ASSERT_EQ(0, ext_inode_read(fs, ino, &w));
	EXPECT_EQ(S_IFCHR, w.mode);
	EXPECT_EQ(0, w.rdev);
	EXPECT_EQ(0, rename(&b, "h", &f, &b, "g", &g, RENAME_WHITEOUT));
	EXPECT_EQ(0, g.nlink);
	EXPECT_EQ(0, ext_evict(&g));
	make(&root, "gone", &folder, &gone);
	n = nm("gone");
	ASSERT_EQ(0, ext_unlink(&root, &n, &gone));
	EXPECT_EQ(-ENOENT, rename(&b, "g", &f, &gone, "x", NULL, 0));
	EXPECT_EQ(0, ext_evict(&gone));
	a.nlink = b.nlink = 65000;		/* as many as there can be */
	fs->ro_compat &= ~RO_DIR_NLINK;
	make(&root, "g", &reg, &g);
	EXPECT_EQ(-EMLINK, rename(&root, "a", &a, &b, "a", NULL, 0));
	EXPECT_EQ(-EMLINK, rename(&b, "g", &f, &root, "a", &a, RENAME_EXCHANGE));
	ext_test_unmount(fs);
}

/* ---- errors ---- */

static u32 told;
static void went_read_only(struct ext_fs *x) { (void)x, told++; }

TEST(errors_remount_ro)
{
	struct ext_params p = { .hooks = &disk_hooks, .errors = ERRORS_RO };
	struct ext_name n = nm("n");
	u32 d, t;

	disk_hooks.went_read_only = went_read_only;
	ext_mkfs("-b 1024 -N 100", "8M");
	ASSERT_EQ(0, ext_mount(&ext_dev, &p, &fs));
	ASSERT_EQ(0, ext_orphan_cleanup(fs, &d, &t));
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
	ext_io_error(fs, -EIO, "a test");
	EXPECT_EQ(1, told);
	EXPECT_TRUE(ext_is_read_only(fs));
	EXPECT_EQ(-EROFS, ext_create(&root, &n, &reg, &f));
	EXPECT_EQ(-EROFS, ext_truncate(&root, 0));
	EXPECT_EQ(-EROFS, ext_setattr(&root));
	EXPECT_EQ(-EROFS, ext_setxattr(&root, "user.a", "x", 1, 0));
	(void)!ext_unmount(fs);
	disk_hooks.went_read_only = NULL;
}

TEST(errors_panic)
{
	begin("-b 1024 -N 100");
	fs->errors = ERRORS_PANIC;
	EXPECT_PANIC((void)ext_corrupt(fs, 0, 0, "a test"));
	fs->errors = ERRORS_CONTINUE;
	end("no panic");
}

/* A group whose bitmap does not agree is left alone. */
TEST(bitmaps_that_lie)
{
	static const char *const options[] = {
		"-b 1024 -N 100 -O ^has_journal",
		"-b 1024 -N 100 -O ^metadata_csum,^has_journal,^uninit_bg"
	};
	struct ext_name n = nm("n");
	u64 size, at;
	u8 *image;

	disk_quiet = true;
	for (u32 i = 0; i < ARRAY_SIZE(options); i++) {
		for (u32 which = 0; which < 3; which++) {
			begin(options[i]);
			at = which == 2 ? ext_desc_inode_bitmap(fs, ext_desc(fs, 0))
					: ext_desc_block_bitmap(fs, ext_desc(fs, 0));
			ext_test_unmount(fs);
			image = disk_snapshot();
			disk_bytes(&size);
			image[at * 1024 + (which ? 90 : 0)] ^= which ? 0x10 : 0xff;
			disk_use(image, size);
			host_free(image);
			fs = ext_test_mount();
			ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
			if (!ext_create(&root, &n, &reg, &f)) {
				struct journal_handle *h;
				struct ext_mapping m;

				ASSERT_EQ(0, journal_start(fs->j, fs->dev, 60, &h));
				(void)!ext_map(&f, h, 0, 1, EXT_MAP_CREATE, &m);
				EXPECT_EQ(0, journal_stop(h));
			}
			(void)!ext_unmount(fs);
		}
	}
}

/* ---- counts ---- */

TEST(space_that_is_promised)
{
	struct ext_statfs before, s;
	bool committed;

	begin("-b 1024 -N 100");
	ext_statfs(fs, &before);
	EXPECT_TRUE(before.available < before.free && before.free < before.blocks);
	EXPECT_EQ(0, ext_reserve(fs, 500));
	ext_statfs(fs, &s);
	EXPECT_EQ(before.free - 500, s.free);
	EXPECT_EQ(-ENOSPC, ext_reserve(fs, before.free));
	ext_unreserve(fs, 500);
	ext_statfs(fs, &s);
	EXPECT_EQ(before.available, s.available);
	make(&root, "f", &reg, &f);
	disk_hold_commits = true;
	write_blocks(&f, 0, 5);
	EXPECT_EQ(0, ext_commit_inode(&f, true, &committed));
	EXPECT_TRUE(committed);
	EXPECT_EQ(0, ext_commit_inode(&f, false, &committed));
	disk_hold_commits = false;
	EXPECT_TRUE(!committed);
	end("counts");
}

/* ---- damage ---- */

TEST(orphans_that_are_none)
{
	static const struct { const char *how; bool exists; } rows[] = {
		{ "set_super_value last_orphan 3\n", false },
		{ "set_super_value last_orphan 4000000\n", false },
		{ "set_super_value last_orphan 60\n", false }, /* not in use */
		/* its own next */
		{ "set_super_value last_orphan 12\nset_inode_field <12> dtime 12\nset_inode_field "
		  "<12> links_count 1\n",
		  true },
	};
	struct ext_params p = { .hooks = &disk_hooks };
	char out[2000];
	u32 d, t;

	disk_quiet = true;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		ext_mkfs("-b 1024 -N 100", "8M");
		ext_debugfs("write /dev/null f\n", out, sizeof(out));
		ext_debugfs(rows[i].how, out, sizeof(out));
		ASSERT_EQ(0, ext_mount(&ext_dev, &p, &fs));
		EXPECT_EQ(0, ext_orphan_cleanup(fs, &d, &t));
		EXPECT_EQ(0, d);
		EXPECT_EQ(0, fs->sb->last_orphan);
		EXPECT_EQ(rows[i].exists ? 0 : 1, fs->last_error.count != 0);
		(void)!ext_unmount(fs);
	}
}

static void find(const char *name, struct ext_inode *i)
{
	struct ext_name n = nm(name);
	u32 ino;
	u8 type;

	ASSERT_EQ(0, ext_dir_lookup(&root, &n, &ino, &type));
	ASSERT_EQ(0, ext_inode_read(fs, ino, i));
}

static void inline_image(const char *more)
{
	char text[150], script[600], out[4000];

	memset(text, 't', sizeof(text));
	text[sizeof(text) - 1] = 0;
	ASSERT_TRUE(host_write_file(host_temp("text"), text, sizeof(text)));
	ext_mkfs("-b 1024 -N 100 -I 512 -O inline_data", "8M");
	fmt_print(script, sizeof(script),
		  "mkdir d\ncd d\nwrite /dev/null x\nwrite /dev/null y\ncd /\nwrite %s f\nsymlink "
		  "l %s\n%s",
		  host_temp("text"), text, more);
	ext_debugfs(script, out, sizeof(out));
}

TEST(inline_sizes_that_cannot_be)
{
	char buf[200];

	disk_quiet = true;
	inline_image("set_inode_field d size 5\nset_inode_field l size 0\n");
	fs = ext_test_mount();
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
	find("d", &a);
	find("l", &b);
	find("f", &f);
	EXPECT_EQ(-EUCLEAN, ext_dir_is_empty(&a));
	EXPECT_EQ(-EUCLEAN, ext_readlink(&b, buf, sizeof(buf)));
	EXPECT_EQ(0, ext_inline_read(&f, buf, sizeof(buf)));
	EXPECT_TRUE(buf[100] == 't' && buf[148] == 't' && !buf[149]);
	(void)!ext_unmount(fs);
}

/* Reads all of them, moves two into blocks; the n-th read or allocation fails. */
static bool inline_round(u32 reads, long memory)
{
	struct ext_emit e = { .entry = see };
	struct journal_handle *h;
	char buf[200];
	u64 pos = 0;
	bool struck;

	fs = ext_test_mount();
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
	find("d", &a);
	find("l", &b);
	find("f", &f);
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, 200, &h));
	nr_seen = 0;
	room = 2;
	disk_fail_reads = reads;
	host_fail_allocations(memory);
	(void)!ext_inline_read(&f, buf, sizeof(buf));
	(void)!ext_readlink(&b, buf, sizeof(buf));
	(void)!ext_readdir(&a, &pos, &e);
	if (!ext_inline_to_block(h, &f))
		EXPECT_TRUE(!(f.flags & EXT_INLINE_DATA_FL));
	if (!ext_inline_to_block(h, &a))
		EXPECT_TRUE(!(a.flags & EXT_INLINE_DATA_FL));
	struck = memory >= 0 ? host_allocation_fails() : !disk_fail_reads;
	host_fail_allocations(-1);
	disk_fail_reads = 0;
	EXPECT_EQ(0, journal_stop(h));
	(void)!ext_unmount(fs);
	return struck;
}

TEST(inline_contents_and_no_memory)
{
	u64 size;
	u8 *image;
	u32 n;

	disk_quiet = true;
	inline_image("");
	disk_bytes(&size);
	image = disk_snapshot();
	for (n = 1; inline_round(n, -1); n++)
		disk_use(image, size);
	EXPECT_TRUE(n > 3);
	for (n = 0; disk_use(image, size), inline_round(0, n); n++)
		continue;
	EXPECT_TRUE(n > 5);
	ext_fsck("the last round, where nothing failed");
	host_free(image);
}
