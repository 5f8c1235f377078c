/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext without memory and with a disk that cannot be read: the same operations again and again, and
 * each time the n-th read or the n-th allocation fails, for every n. Each operation says so, holds
 * no buf, and the file system can be unmounted. */
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#include "extdev.h"

static struct ext_fs *fs;
static struct ext_inode root, dir, file, other, sub, link;
static u8 value[900];
static u32 nr_failed;		/* operations of this round */
static bool healthy, struck;

static struct ext_name nm(const char *s) { return (struct ext_name){ s, (u32)strlen(s) }; }

/* What an operation may say. */
static bool went(ssize_t err)
{
	static const int known[] = { -EIO, -ENOMEM, -EUCLEAN, -EROFS },
			 consequences[] = { -ENOENT, -ENODATA, -EINVAL, -EEXIST };
	bool good = err >= 0;

	for (u32 i = 0; i < ARRAY_SIZE(known) && !healthy; i++)
		/* of what could not be made before */
		good |= err == known[i] || (nr_failed && err == consequences[i]);
	if (!good)
		FAIL("an operation says %ld after %u failures", err, nr_failed);
	nr_failed += err < 0;
	return err >= 0;
}

static bool emit(struct ext_emit *e, const char *name, u32 len, u32 ino, u32 d_type, u64 next)
{
	return true;
}

static void list_dir(struct ext_inode *d)
{
	struct ext_emit e = { .entry = emit };
	u64 pos = 0;

	went(ext_readdir(d, &pos, &e));
}

static void write_blocks(struct ext_inode *f, u64 at, u32 n)
{
	struct journal_handle *h;
	struct ext_mapping m;

	if (f->flags & EXT_INLINE_DATA_FL ||
	    !went(journal_start(fs->j, fs->dev, ext_map_credits(f, 1) + 2, &h)))
		return;
	if (went(ext_map(f, h, at, n, EXT_MAP_CREATE, &m)))
		went(ext_set_disk_size(h, f, (at + m.len) << fs->block_bits));
	went(journal_stop(h));
}

static void look(const char *name, struct ext_inode *i)
{
	struct ext_name n = nm(name);
	u32 ino;
	u8 type;

	if (went(ext_dir_lookup(&dir, &n, &ino, &type)))
		went(ext_inode_read(fs, ino, i));
}

/* Files of all kinds, in a directory that grows a level meanwhile. */
static void work(void)
{
	struct ext_owner reg = { .mode = S_IFREG | 0644 }, d = { .mode = S_IFDIR | 0755 },
			 l = { .mode = S_IFLNK | 0777 };
	struct ext_name one = nm("one"), two = nm("two"), three = nm("three"), four = nm("four"),
			five = nm("five"), six = nm("six");
	struct ext_inode again, tmp;
	struct ext_rename r;
	char back[900], text[40];
	bool done;
	int err;

	if (!went(ext_create(&root, &one, &d, &dir)) ||
	    !went(ext_create(&dir, &one, &reg, &file)) ||
	    !went(ext_create(&dir, &two, &reg, &other)) ||
	    !went(ext_create(&dir, &three, &d, &sub)))
		return;
	for (u32 i = 0; i < 40; i++) {
		struct ext_name many = { text, fmt_print(text, sizeof(text),
							 "a-name-of-some-length-%u", i) };

		went(ext_link(&dir, &many, &file));
	}
	memset(back, 't', sizeof(back));
	back[200] = 0;
	if (went(ext_symlink(&dir, &four, &l, back, &link)))
		went(ext_readlink(&link, back, sizeof(back)));
	for (u32 i = 0; i < 8; i++)
		write_blocks(&file, i * 600, 3);
	if (file.flags & EXT_EXTENTS_FL) {
		went(ext_preallocate(&other, 5, 50, 0));
		write_blocks(&other, 20, 5);
		went(ext_move_range(&other, 2, 4, true, 60 << fs->block_bits));
		went(ext_move_range(&other, 2, 4, false, 56 << fs->block_bits));
	}
	went(ext_punch(&file, 1, 1300));
	went(ext_setxattr(&file, "user.a", value, 20, 0));
	went(ext_setxattr(&file, "user.b", value, 700, 0));
	went(ext_xattr_get(&file, "user.b", back, sizeof(back)));
	went(ext_xattr_list(&file, back, sizeof(back)));
	err = ext_setxattr(&file, "user.b", NULL, 0, 0);
	went(err == -ENODATA && !healthy ? 0 : err);
	list_dir(&dir);
	list_dir(&root);
	look("a-name-of-some-length-17", &again);
	r = (struct ext_rename){ .from = &dir, .to = &root, .i = &sub, .n = three, .t = five };
	done = went(ext_rename(&r));
	r = (struct ext_rename){ .from = &dir,
				 .to = &dir,
				 .i = &file,
				 .victim = &other,
				 .n = one,
				 .t = two,
				 .flags = RENAME_EXCHANGE };
	went(ext_rename(&r));
	if (done && went(ext_unlink(&root, &five, &sub)))
		went(ext_evict(&sub));
	if (went(ext_tmpfile(&dir, &reg, &tmp))) {
		write_blocks(&tmp, 3, 4);
		went(ext_evict(&tmp));
	}
	if (went(ext_create(&dir, &six, &reg, &again)) && went(ext_unlink(&dir, &six, &again)))
		went(ext_evict(&again));
	went(ext_truncate(&file, 5000));
	went(ext_setattr(&file));
	went(ext_super_write(fs));
}

static void one_round(const void *image, u64 size, u32 read, long memory)
{
	struct ext_params p = { .hooks = &disk_hooks };
	u32 deleted, truncated;

	disk_use(image, size);
	healthy = !read && memory < 0;
	nr_failed = 0;
	disk_fail_reads = read;
	host_fail_allocations(memory);
	if (went(ext_mount(&ext_dev, &p, &fs))) {
		went(ext_orphan_cleanup(fs, &deleted, &truncated));
		if (went(ext_inode_read(fs, EXT_ROOT_INO, &root)))
			work();
		struck = memory >= 0 ? host_allocation_fails() : !disk_fail_reads;
		host_fail_allocations(-1);
		disk_fail_reads = 0;
		(void)!ext_unmount(fs);
	} else {
		struck = true;
	}
	host_fail_allocations(-1);
}

/* step: not every n, that would take too long. */
static void sweep(const char *options, u32 step)
{
	u8 *image;
	u64 size;
	u32 n;

	ext_mkfs(options, "8M");
	image = disk_snapshot();
	disk_bytes(&size);
	disk_quiet = true;
	one_round(image, size, 0, -1);
	ext_fsck(options);
	for (n = 1, struck = true; struck; n += step)
		one_round(image, size, n, -1);
	EXPECT_TRUE(n > 100);
	for (n = 0, struck = true; struck; n += step)
		one_round(image, size, 0, n);
	EXPECT_TRUE(n > 60);
	host_free(image);
}

TEST(extents) { sweep("-b 1024 -N 200 -O ^has_journal", 1); }
TEST(journal_and_orphan_file) { sweep("-b 1024 -N 200 -J size=1 -O orphan_file", 3); }
TEST(blocks) { sweep("-b 1024 -N 200 -t ext2", 1); }
TEST(inline_data) { sweep("-b 1024 -N 200 -I 512 -O inline_data,ea_inode,^has_journal", 3); }
