/* SPDX-License-Identifier: MIT */
/* modules: @extdisk */
/* ext with its journal on a disk that fails: the same steps again and again, and each time the n-th
 * read, write or flush of the disk ends with EIO, once or from then on, for every n; or a disk with
 * n free blocks. Whoever asked hears of it; what a commit had promised before is there after the
 * next mount, with its contents; e2fsck finds nothing; and after a commit that failed nothing is
 * written any more. */
#include <fs/ext/ext.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

#include "disk.h"
#include "unit.h"

#define STEPS  12u
#define BYTES  (4u << 20)

static struct ext_fs *fs;
static struct ext_inode root;
static u8 *image;

/* What each step did to its names. */
static struct {
	bool made, moved, gone;		/* f%u; it is r%u now; it was removed */
	/* an operation on it failed, or came after the last promise */
	bool doubtful;
} files[STEPS];
static bool reported, went_read_only;

/* ---- the disk ---- */

enum when { NEVER, ONCE, FROM_THEN_ON };

static enum when when;
static u32 fail_at, nr_requests;
static bool struck_writing;

static int verdict(const struct bio *b)
{
	bool hit;

	nr_requests++;
	hit = when == ONCE ? nr_requests == fail_at
			   : when == FROM_THEN_ON && nr_requests >= fail_at;
	if (hit && b->op != BIO_READ)
		struck_writing = true;
	return hit ? -EIO : 0;
}

static void note_read_only(struct ext_fs *f) { went_read_only = true; }
static const struct ext_hooks hooks = { .went_read_only = note_read_only };

/* ---- the steps ---- */

/* An operation on file k. */
static bool went(u32 k, int err, int allowed)
{
	if (!err)
		return true;
	if (err != allowed && err != -EROFS)
		FAIL("file %u: an operation says %d", k, err);
	reported = true;
	files[k].doubtful = true;
	return false;
}

static struct ext_name name_of(char *buf, char kind, u32 k)
{
	return (struct ext_name){ buf,
				  fmt_print(buf, 40, "%c%u-of-a-name-of-some-length", kind, k) };
}

static void make_file(u32 k, int allowed)
{
	struct ext_owner o = { .mode = S_IFREG | 0644 };
	struct ext_inode i;
	char buf[40], value[200];
	struct ext_name n = name_of(buf, 'f', k);

	if (!went(k, ext_create(&root, &n, &o, &i), allowed))
		return;
	files[k].made = true;
	memset(value, 'a' + (int)k, sizeof(value));
	if (went(k, ext_setxattr(&i, "user.a", value, sizeof(value), 0), allowed))
		went(k, ext_preallocate(&i, k, 3 + 9 * k, 0), allowed);
}

static bool find(char kind, u32 k, struct ext_inode *i, int *err)
{
	char buf[40];
	struct ext_name n = name_of(buf, kind, k);
	u32 ino;
	u8 type;

	*err = ext_dir_lookup(&root, &n, &ino, &type);
	if (!*err)
		*err = ext_inode_read(fs, ino, i);
	return !*err;
}

static void move_file(u32 k, int allowed)
{
	char from[40], to[40];
	struct ext_inode i;
	struct ext_rename r = { .from = &root,
				.to = &root,
				.i = &i,
				.n = name_of(from, 'f', k),
				.t = name_of(to, 'r', k) };
	int err;

	if (!files[k].made || files[k].doubtful)
		return;
	if (!find('f', k, &i, &err))
		went(k, err, allowed);
	else if (went(k, ext_rename(&r), allowed))
		files[k].moved = true;
}

static void remove_file(u32 k, int allowed)
{
	char buf[40];
	struct ext_name n = name_of(buf, 'f', k);
	struct ext_inode i;
	int err;

	if (!files[k].made || files[k].moved || files[k].doubtful)
		return;
	if (!find('f', k, &i, &err)) {
		went(k, err, allowed);
		return;
	}
	if (!went(k, ext_unlink(&root, &n, &i), allowed))
		return;
	files[k].gone = true;
	if (!went(k, ext_evict(&i), allowed) && ext_is_orphan(&i))
		ext_orphan_forget(&i);
}

/* After step k, file k is there; k - 1 may have moved and k - 2 may have gone. */
static void step(u32 k, int allowed)
{
	make_file(k, allowed);
	if (k % 3 == 1)
		move_file(k - 1, allowed);
	if (k % 4 == 3)
		remove_file(k - 2, allowed);
}

/* Who was touched by step k is in doubt until a commit of it. */
static void doubt(u32 k)
{
	for (u32 n = k < 2 ? 0 : k - 2; n <= k; n++)
		files[n].doubtful = true;
}

static void work(int allowed)
{
	bool broken = false;
	int err;

	for (u32 k = 0; k < STEPS; k++) {
		step(k, allowed);
		err = k % 4 == 2 ? journal_flush(fs->j) : journal_commit(fs->j, 0);
		if (err || broken) {
			EXPECT_TRUE(broken || err == -EIO || err == -EROFS);
			reported |= err != 0;
			doubt(k);
			broken = true;
		}
		if (err && k % 4 != 2) {
			/* the journal has stopped, and with it whoever wants to change something */
			struct journal_handle *h;

			EXPECT_EQ(-EROFS, journal_start(fs->j, fs->dev, 1, &h));
			EXPECT_EQ(-EROFS, ext_remount(fs, false));
			EXPECT_TRUE(went_read_only);
		}
	}
}

/* ---- afterwards ---- */

static void check_file(u32 k)
{
	struct ext_inode i;
	char value[200];
	bool want = files[k].made && !files[k].gone;
	int err;

	if (files[k].doubtful)
		return;
	EXPECT_EQ(want, find(files[k].moved ? 'r' : 'f', k, &i, &err));
	if (!want)
		return;
	EXPECT_EQ(1, i.nlink);
	EXPECT_EQ(sizeof(value), ext_xattr_get(&i, "user.a", value, sizeof(value)));
	EXPECT_EQ('a' + (int)k, value[199]);
}

static void e2fsck(const void *bytes)
{
	const char *path = host_temp("image");

	ASSERT_TRUE(host_write_file(path, bytes, BYTES));
	EXPECT_EQ(0, host_shell(NULL, 0, "PATH=$PATH:/sbin:/usr/sbin e2fsck -fn %s >/dev/null 2>&1",
				path));
}

static void mount_it(void)
{
	struct ext_params p = { .hooks = &hooks };
	u32 deleted, truncated;

	ASSERT_EQ(0, ext_mount(&host_dev, &p, &fs));
	ASSERT_EQ(0, ext_orphan_cleanup(fs, &deleted, &truncated));
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
}

/* The medium as it is, mounted where nothing fails. */
static void mount_again(bool judge)
{
	u8 *left = host_alloc(BYTES, 16, false);

	disk_settle();
	memcpy(left, disk_now(), BYTES);
	disk_destroy();
	when = NEVER;
	disk_create(BYTES, 1024, left);
	mount_it();
	for (u32 k = 0; k < STEPS; k++)
		check_file(k);
	EXPECT_EQ(0, ext_unmount(fs));
	disk_settle();
	if (judge)
		e2fsck(disk_now());
	disk_destroy();
	host_free(left);
}

static void one_round(enum when how, u32 n)
{
	int err;

	memset(files, 0, sizeof(files));
	reported = went_read_only = struck_writing = false;
	when = NEVER;
	disk_create(BYTES, 1024, image);
	disk_verdict = verdict;
	mount_it();
	nr_requests = 0;
	fail_at = n;
	when = how;
	work(-EIO);
	err = ext_unmount(fs);
	if (struck_writing && !err && !reported)
		FAIL("request %u failed and nobody heard of it", n);
	mount_again(n % 7 == 0);
}

static void mkfs(void)
{
	const char *path = host_temp("image");
	usize size;

	ASSERT_EQ(0, host_shell(NULL, 0,
				"rm -f %s; PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 -q -F -b 1024 -N "
				"100 -J size=1 -m 0 %s 4M >/dev/null 2>&1",
				path, path));
	image = host_read_file(path, &size);
	ASSERT_EQ(BYTES, size);
}

static void sweep(enum when how)
{
	u32 all;

	mkfs();
	one_round(NEVER, 0);
	all = nr_requests;
	EXPECT_TRUE(all > 60);
	for (u32 n = 1; n <= all; n++)
		one_round(how, n);
	host_free(image);
}

TEST(each_request_fails_once) { sweep(ONCE); }
TEST(the_disk_is_dead_from_each_request_on) { sweep(FROM_THEN_ON); }

/* A file takes all but n blocks. */
static void leave_free(u64 n)
{
	struct ext_owner o = { .mode = S_IFREG | 0644 };
	struct ext_name name = { "filler", 6 };
	struct ext_inode i;
	u64 at = 0;

	ASSERT_EQ(0, ext_create(&root, &name, &o, &i));
	for (u64 len = 256; len; len /= 2)
		while (!ext_preallocate(&i, at, at + len, 0))
			at += len;
	if (n)
		ASSERT_EQ(0, ext_punch(&i, at - n, at));
	ASSERT_EQ(0, journal_commit(fs->j, 0));
}

TEST(each_number_of_free_blocks)
{
	u32 full = 0;

	mkfs();
	for (u32 n = 0; n < 60; n++) {
		memset(files, 0, sizeof(files));
		reported = went_read_only = false;
		when = NEVER;
		disk_create(BYTES, 1024, image);
		mount_it();
		leave_free(n);
		work(-ENOSPC);
		full += reported;
		EXPECT_TRUE(!went_read_only);
		EXPECT_EQ(0, ext_unmount(fs));
		mount_again(n % 7 == 0);
	}
	EXPECT_TRUE(full > 30);
	host_free(image);
}
