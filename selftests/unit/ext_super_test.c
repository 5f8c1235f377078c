/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext super block: what stock mkfs.ext4 makes is mounted, counted as the tools count, and clean
 * afterwards; what we do not know is refused by name. */
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>

#include "extdev.h"

static char text[60000];

static u64 number_behind(const char *s, const char *what)
{
	const char *p = strstr(s, what);
	u64 n = 0;

	if (p) {
		p += strlen(what);
		while (is_space(*p) || *p == ':')
			p++;
		if (parse_u64(p, 10, &n, &p))
			n = 0;
	}
	return n;
}

static void mount_one(const char *options, const char *size)
{
	struct ext_fs *fs;
	u64 free, inodes;

	ext_mkfs(options, size);
	ext_debugfs("stats -h\n", text, sizeof(text));
	free = number_behind(text, "Free blocks");
	inodes = number_behind(text, "Free inodes");
	fs = ext_test_mount();
	EXPECT_EQ(free, atomic_read(&fs->free_blocks));
	EXPECT_EQ(inodes, atomic_read(&fs->free_inodes));
	for (u32 g = 0; g < fs->nr_groups; g++) {
		auto_buf struct buf *b = NULL, *ib = NULL;

		mutex_lock(&ext_group(fs, g)->lock);
		EXPECT_EQ(0, ext_block_bitmap(fs, g, &b));
		EXPECT_EQ(0, ext_inode_bitmap(fs, g, &ib));
		mutex_unlock(&ext_group(fs, g)->lock);
	}
	ext_test_unmount(fs);
	ext_fsck(options);
}

TEST(stock)
{
	mount_one("", "64M");
	mount_one("-b 1024", "32M");
	mount_one("-b 2048", "32M");
	mount_one("-b 4096", "600M");
	mount_one("-t ext2", "32M");
	mount_one("-t ext3", "64M");
}

TEST(features)
{
	mount_one("-O meta_bg,^resize_inode -b 1024", "32M");
	mount_one("-O ^64bit", "32M");
	mount_one("-O ^metadata_csum,uninit_bg", "64M");
	mount_one("-O ^metadata_csum,^64bit,uninit_bg -b 1024", "64M");
	mount_one("-O metadata_csum_seed,orphan_file", "32M");
	mount_one("-O ^flex_bg -b 1024", "64M");
	mount_one("-O sparse_super2 -b 1024", "64M");
	mount_one("-O large_dir,inline_data,ea_inode", "32M");
	mount_one("-O ^sparse_super,^dir_index,^resize_inode -b 1024", "32M");
	mount_one("-O ^extents,^64bit", "32M");
	mount_one("-I 1024", "32M");
	mount_one("-I 128", "32M");
	mount_one("-G 4 -g 8192 -b 4096", "300M");
	mount_one("-E lazy_itable_init=1,packed_meta_blocks=1", "64M");
}

/* ---- what is refused ---- */

static int try_mount(struct ext_fs **fs, bool read_only)
{
	struct ext_params p = { .hooks = &disk_hooks, .read_only = read_only };

	return ext_mount(&ext_dev, &p, fs);
}

static void refused(const char *options, const char *commands)
{
	struct ext_fs *fs;

	ext_mkfs(options, "32M");
	if (commands)
		ext_debugfs(commands, text, sizeof(text));
	EXPECT_EQ(-EINVAL, try_mount(&fs, false));
	EXPECT_EQ(-EINVAL, try_mount(&fs, true));
	disk_forget_all();
}

static void only_read(const char *options, const char *commands)
{
	struct ext_fs *fs;

	ext_mkfs(options, "32M");
	if (commands)
		ext_debugfs(commands, text, sizeof(text));
	ASSERT_EQ(0, try_mount(&fs, false));
	EXPECT_TRUE(ext_is_read_only(fs));
	EXPECT_EQ(-EROFS, ext_remount(fs, false));
	EXPECT_EQ(0, ext_unmount(fs));
}

TEST(refused_by_name)
{
	refused("-O encrypt", NULL);
	refused("-O casefold", NULL);
	refused("-O mmp", NULL);
	refused("", "feature FEATURE_I31\n");
	refused("", "set_super_value journal_dev 0x801\n");
	refused("-O ^has_journal", "feature needs_recovery\n");
}

TEST(read_only_by_name)
{
	only_read("-O verity", NULL);
	only_read("-O quota", NULL);
	only_read("-O bigalloc", NULL);
	only_read("-O project,quota", NULL);
	only_read("", "feature read-only\n");
	only_read("", "feature FEATURE_R30\n");
}

TEST(old_types)
{
	struct ext_params p = { .may_incompat = INCOMPAT_FILETYPE,
				.may_ro = RO_SPARSE_SUPER | RO_LARGE_FILE,
				.must_compat = COMPAT_HAS_JOURNAL };
	struct ext_fs *fs;

	ext_mkfs("", "32M");
	EXPECT_EQ(-EINVAL, ext_mount(&ext_dev, &p, &fs));
	ext_mkfs("-t ext2", "32M");
	EXPECT_EQ(-EINVAL, ext_mount(&ext_dev, &p, &fs));
	ext_mkfs("-t ext3", "32M");
	ASSERT_EQ(0, ext_mount(&ext_dev, &p, &fs));
	ext_test_unmount(fs);
}

/* Every byte of the first KiB, changed in every bit: mounted or refused, and nothing worse. */
TEST(any_super_block)
{
	u64 size;
	u8 *disk;

	disk_quiet = true;
	ext_mkfs("-O ^metadata_csum,^has_journal -b 1024", "4M");
	disk = disk_bytes(&size);
	for (u32 n = 0; n < 1024; n++) {
		static const u8 changes[] = { 0xff, 0x01, 0x80, 0x10 };

		for (u32 k = 0; k < ARRAY_SIZE(changes); k++) {
			struct ext_fs *fs;

			disk[1024 + n] ^= changes[k];
			if (!try_mount(&fs, true))
				EXPECT_EQ(0, ext_unmount(fs));
			disk_forget_all();
			disk[1024 + n] ^= changes[k];
		}
	}
}

/* ---- states ---- */

TEST(state_while_mounted)
{
	struct ext_fs *fs;

	ext_mkfs("", "32M");
	fs = ext_test_mount();
	EXPECT_TRUE(fs->sb->incompat & INCOMPAT_RECOVER);
	EXPECT_EQ(1, fs->sb->mnt_count);
	EXPECT_EQ(0, ext_remount(fs, true));
	EXPECT_TRUE(!(fs->sb->incompat & INCOMPAT_RECOVER) && (fs->sb->state & STATE_VALID));
	EXPECT_EQ(0, ext_remount(fs, false));
	EXPECT_TRUE(fs->sb->incompat & INCOMPAT_RECOVER);
	EXPECT_EQ(0, ext_super_write(fs));
	ext_test_unmount(fs);
	ext_fsck("remounted");
	ext_mkfs("-t ext2", "32M");
	fs = ext_test_mount();
	EXPECT_TRUE(!(fs->sb->state & STATE_VALID));
	ext_test_unmount(fs);
	ext_fsck("ext2");
}

/* Any of its two sectors may be missing after a power cut. */
TEST(the_super_block_does_not_tear)
{
	static u8 was[1024];
	struct ext_fs *fs;
	u64 size;

	ext_mkfs("-b 1024 -O metadata_csum -N 100", "8M");
	memcpy(was, disk_bytes(&size) + EXT_SUPER_OFFSET, sizeof(was));
	for (u32 n = 0; n < 5; n++) {
		u8 *sb;

		fs = ext_test_mount();
		EXPECT_EQ(0, ext_super_write(fs));
		ext_test_unmount(fs);
		ext_fsck("a mount");
		sb = disk_bytes(&size) + EXT_SUPER_OFFSET;
		EXPECT_TRUE(memcmp(was, sb, 512) && !memcmp(was + 512, sb + 512, 512));
		memcpy(was, sb, 512);
	}
}

TEST(errors_are_recorded)
{
	struct ext_params p = { .errors = ERRORS_RO };
	struct ext_fs *fs;

	ext_mkfs("", "32M");
	ASSERT_EQ(0, ext_mount(&ext_dev, &p, &fs));
	EXPECT_EQ(-EUCLEAN, ext_corrupt(fs, 77, 4711, "made up by %s", "a test"));
	EXPECT_TRUE(ext_is_read_only(fs));
	EXPECT_EQ(-EROFS, ext_remount(fs, false));
	EXPECT_EQ(-EIO, ext_unmount(fs));
	ext_debugfs("stats -h\n", text, sizeof(text));
	EXPECT_EQ(1, number_behind(text, "FS Error count"));
	EXPECT_EQ(77, number_behind(text, "First error inode #"));
	EXPECT_EQ(4711, number_behind(text, "First error block #"));
	EXPECT_TRUE(strstr(text, "errors_are_recorded"));
	EXPECT_TRUE(strstr(text, "with errors"));
}

TEST(damaged_checksums)
{
	struct ext_fs *fs;
	u64 size;
	u8 *disk;

	ext_mkfs("-b 1024", "32M");
	disk = disk_bytes(&size);
	disk[1024 + 0x80] ^= 1;
	EXPECT_EQ(-EUCLEAN, try_mount(&fs, false));
	disk_forget_all();
	ext_mkfs("-b 1024", "32M");
	disk = disk_bytes(&size);
	disk[2048 + 5] ^= 1;
	EXPECT_EQ(-EUCLEAN, try_mount(&fs, false));
	disk_forget_all();
}
