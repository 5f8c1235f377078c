/* SPDX-License-Identifier: MIT */
/* modules: @fat */
/* The boot sector of vfat: what stock mkfs.vfat makes is taken with the right numbers, what is
 * wrong is refused; the mark of use, FSInfo. */
#include <kernel/lib/byteorder.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>

#include "../host/fatdev.h"

TEST(formats)
{
	static const struct {
		const char *options;
		u32 kib, bits, cluster;
	} kinds[] = {
		{ "-F 12 -s 1", 1000, 12, 512 },   { "-F 12 -s 8", 8000, 12, 4096 },
		{ "-F 16 -s 4", 40000, 16, 2048 }, { "-F 16 -f 1", 20000, 16, 0 },
		{ "-F 32 -s 1", 40000, 32, 512 },  { "-F 32 -s 8 -R 40", 300000, 32, 4096 },
		{ "-F 12 -S 4096", 8000, 12, 0 },  { "-F 16 -S 1024 -r 1024", 40000, 16, 0 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(kinds); n++) {
		fat_mkfs(kinds[n].options, kinds[n].kib);
		ASSERT_EQ(0, fat_try_mount());
		EXPECT_EQ(kinds[n].bits, the_fs.bits);
		if (kinds[n].cluster)
			EXPECT_EQ(kinds[n].cluster, fat_cluster_size(&the_fs));
		EXPECT_TRUE(!the_fs.was_dirty);
		EXPECT_EQ(0, fat_count_free(&the_fs));
		EXPECT_EQ(the_fs.max_cluster - 2 - (the_fs.bits == 32), the_fs.nr_free);
		fat_done(kinds[n].options);
	}
}

static void refuse(u32 at, u32 len, u64 value)
{
	u64 size, old = 0;
	u8 *bytes = img_bytes(&size);

	memcpy(&old, bytes + at, len);
	memcpy(bytes + at, &value, len);
	if (fat_try_mount() != -EINVAL)
		FAIL("%u bytes at %u: %lu was taken", len, at, value);
	EXPECT_EQ(0, img_held());
	bytes = img_bytes(&size);
	memcpy(bytes + at, &old, len);
}

TEST(bad_boot_sectors)
{
	fat_mkfs("-F 16", 20000);
	refuse(11, 2, 100);
	refuse(11, 2, 256);
	refuse(11, 2, 8192);
	refuse(13, 1, 3);
	refuse(13, 1, 0);
	refuse(14, 2, 0);
	refuse(16, 1, 0);
	refuse(17, 2, 7);
	refuse(21, 1, 1);
	refuse(19, 2, 30);
	refuse(14, 2, 0xffff);
	refuse(22, 2, 0);
	EXPECT_EQ(0, fat_try_mount());
	EXPECT_EQ(0, fat_unmount(&the_fs));
	fat_mkfs("-F 32", 40000);
	refuse(36, 4, 0);
	refuse(36, 4, 0x30000000);
}

TEST(too_many_clusters_for_16_bits)
{
	u64 size;

	fat_mkfs("-F 32 -s 1", 200000);
	put_le16(img_bytes(&size) + 22, 0xffff);
	EXPECT_EQ(-EINVAL, fat_try_mount());
}

TEST(the_device_has_larger_sectors)
{
	fat_mkfs("-F 12", 2000);
	img_smallest = 4096;
	EXPECT_EQ(-EIO, fat_try_mount());
	img_smallest = 512;
	img_fail_reads = 1;
	EXPECT_EQ(-EIO, fat_try_mount());
}

TEST(in_use_and_not_unmounted)
{
	u64 size;

	fat_mkfs("-F 32", 40000);
	ASSERT_EQ(0, fat_try_mount());
	EXPECT_EQ(1, img_bytes(&size)[65]);
	ASSERT_EQ(0, fat_try_mount());	/* as after a power cut */
	EXPECT_TRUE(the_fs.was_dirty);
	EXPECT_EQ(0, fat_unmount(&the_fs));
	EXPECT_EQ(1, img_bytes(&size)[65]);
}

TEST(hints)
{
	u64 size;
	u32 c;

	fat_mkfs("-F 32 -s 1", 40000);
	ASSERT_EQ(0, fat_try_mount());
	ASSERT_EQ(0, fat_alloc(&the_fs, &c));
	ASSERT_EQ(0, fat_free_run(&the_fs, c, 1));
	EXPECT_EQ(0, fat_unmount(&the_fs));
	EXPECT_EQ(the_fs.nr_free, get_le32(img_bytes(&size) + 512 + 488));
	EXPECT_EQ(c, get_le32(img_bytes(&size) + 512 + 492));
	the_fs = (struct fat_fs){ .dev = &img_dev, .name = "vdt", .opt.usefree = true };
	ASSERT_EQ(0, fat_mount(&the_fs));
	EXPECT_TRUE(the_fs.nr_free != U32_MAX);
	the_fs.info_dirty = true;
	EXPECT_EQ(0, buf_sync(&img_dev));
	put_le32(img_bytes(&size) + 512, 0);
	EXPECT_EQ(-EIO, fat_write_info(&the_fs));
	EXPECT_TRUE(the_fs.read_only);
	EXPECT_EQ(0, fat_unmount(&the_fs));
	ASSERT_EQ(0, fat_try_mount());
	EXPECT_EQ(0, the_fs.info_sector);
}

static bool told;

static void tell(struct fat_fs *fs)
{
	told = true;
}

TEST(what_errors_do)
{
	u32 next;

	fat_mkfs("-F 12", 1000);
	ASSERT_EQ(0, fat_try_mount());
	the_fs.went_read_only = tell;
	the_fs.opt.errors = FAT_ERRORS_CONTINUE;
	EXPECT_EQ(-EIO, fat_get(&the_fs, the_fs.max_cluster, &next));
	EXPECT_TRUE(!the_fs.read_only && !told);
	the_fs.opt.errors = FAT_ERRORS_PANIC;
	EXPECT_PANIC((void)!fat_set(&the_fs, 1, 0));
	the_fs.opt.errors = FAT_ERRORS_RO;
	EXPECT_EQ(-EIO, fat_set(&the_fs, 1, 0));
	EXPECT_TRUE(the_fs.read_only && told);
}

MAIN
