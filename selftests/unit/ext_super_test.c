/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext super block: what stock mkfs.ext4 makes is mounted, counted as the tools count, and clean afterwards; what we do not know is
 * refused by name. */
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
