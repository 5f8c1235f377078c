/* SPDX-License-Identifier: MIT */
/* modules: fs/partition.c kernel/lib/crc.c kernel/lib/string.c */
/* partition: tables as fdisk and sgdisk lay them out, each field spoiled in turn, and the copy at
 * the end of the disk. */
#include <fs/partition.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "unit.h"

#define SECTORS 4096u

static u8 disk[SECTORS * 512];
static struct partition found[PARTITIONS_MAX];
static int fail_after = -1;

static int read_disk(void *arg, u64 pos, void *buf, u32 n)
{
	(void)arg;
	if (fail_after == 0)
		return -EIO;
	fail_after -= fail_after > 0;
	if (pos > sizeof(disk) || n > sizeof(disk) - pos)
		return -EIO;
	memcpy(buf, disk + pos, n);
	return 0;
}

static int find(u32 max)
{
	const struct partition_source s = { SECTORS, 512, read_disk, NULL };

	memset(found, 0, sizeof(found));
	return partitions_find(&s, found, max);
}

static void mbr_entry(u32 at_sector, u32 i, u8 type, u32 start, u32 n)
{
	u8 *e = disk + at_sector * 512 + 446 + 16 * i;

	e[0] = 0;
	e[4] = type;
	put_le32(e + 8, start);
	put_le32(e + 12, n);
	disk[at_sector * 512 + 510] = 0x55;
	disk[at_sector * 512 + 511] = 0xaa;
}

TEST(mbr_with_logical_partitions)
{
	memset(disk, 0, sizeof(disk));
	put_le32(disk + 440, 0x12345678);
	mbr_entry(0, 0, 0x83, 64, 100);
	mbr_entry(0, 1, 0x05, 1000, 1000);
	mbr_entry(0, 3, 0x0c, 3000, 500);
	mbr_entry(1000, 0, 0x83, 10, 50);
	mbr_entry(1000, 1, 0x05, 200, 100);
	mbr_entry(1200, 0, 0x82, 8, 60);
	ASSERT_EQ(5, find(PARTITIONS_MAX));
	EXPECT_EQ(1, found[0].number);
	EXPECT_EQ(64, found[0].start);
	EXPECT_EQ(100, found[0].nr_sectors);
	EXPECT_EQ(0x12, found[0].uuid[0]);
	EXPECT_EQ(2, found[1].number);
	EXPECT_EQ(2, found[1].nr_sectors);		/* an extended one shows its table only */
	EXPECT_EQ(4, found[2].number);
	EXPECT_EQ(5, found[3].number);
	EXPECT_EQ(1010, found[3].start);
	EXPECT_EQ(6, found[4].number);
	EXPECT_EQ(1208, found[4].start);
	EXPECT_EQ(2, find(2));
}

TEST(odd_mbrs)
{
	memset(disk, 0, sizeof(disk));
	EXPECT_EQ(0, find(8));
	mbr_entry(0, 0, 0x83, 5000, 10);		/* beyond the disk */
	mbr_entry(0, 1, 0x83, 4000, 97);		/* over its end */
	mbr_entry(0, 2, 0x05, 10, 100);
	mbr_entry(10, 0, 0x83, 1, 1);
	mbr_entry(10, 1, 0x05, 0, 1);			/* a chain that goes in circles */
	EXPECT_EQ(2, find(8));
	EXPECT_EQ(5, found[1].number);
	disk[446] = 0x77;				/* a boot sector of a file system */
	EXPECT_EQ(0, find(8));
	disk[446] = 0x80;
	EXPECT_EQ(2, find(8));
	fail_after = 0;
	EXPECT_EQ(-EIO, find(8));
	fail_after = 1;
	EXPECT_EQ(-EIO, find(8));
	fail_after = -1;
}

static void gpt_sum(u64 lba)
{
	u8 *h = disk + lba * 512;

	put_le32(h + 88, ~crc32_ieee(~0u, disk + get_le64(h + 72) * 512,
				     get_le32(h + 80) * get_le32(h + 84)));
	put_le32(h + 16, 0);
	put_le32(h + 16, ~crc32_ieee(~0u, h, 92));
}

static void gpt_make(u64 lba, u64 table)
{
	u8 *h = disk + lba * 512;

	memcpy(h, "EFI PART", 8);
	put_le32(h + 8, 0x10000);
	put_le32(h + 12, 92);
	put_le64(h + 24, lba);
	put_le64(h + 40, 34);
	put_le64(h + 48, SECTORS - 34);
	put_le64(h + 72, table);
	put_le32(h + 80, 128);
	put_le32(h + 84, 128);
	gpt_sum(lba);
}

static void gpt_entry(u64 table, u32 i, u64 first, u64 last, const char *name)
{
	u8 *e = disk + table * 512 + i * 128;

	memset(e, 0x11, 16);
	for (u32 k = 0; k < 16; k++)
		e[16 + k] = (u8)k;
	put_le64(e + 32, first);
	put_le64(e + 40, last);
	for (u32 k = 0; name[k]; k++)
		put_le16(e + 56 + 2 * k, (u16)(u8)name[k]);
}

static void gpt_disk(void)
{
	memset(disk, 0, sizeof(disk));
	mbr_entry(0, 0, 0xee, 1, SECTORS - 1);
	for (u32 copy = 0; copy < 2; copy++) {
		u64 table = copy ? SECTORS - 33 : 2;

		gpt_entry(table, 0, 40, 99, "boot");
		gpt_entry(table, 4, 100, 200, "da\xe4ta");
		gpt_make(copy ? SECTORS - 1 : 1, table);
	}
}

TEST(gpt_and_its_copy)
{
	static const u8 uuid[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const u32 vital[] = { 0, 12, 16, 24, 40, 48, 72, 80, 84, 88 };

	gpt_disk();
	ASSERT_EQ(2, find(8));
	EXPECT_EQ(1, found[0].number);
	EXPECT_EQ(40, found[0].start);
	EXPECT_EQ(60, found[0].nr_sectors);
	EXPECT_TRUE(host_streq("boot", found[0].label));
	EXPECT_EQ(0, memcmp(uuid, found[0].uuid, 16));
	EXPECT_EQ(5, found[1].number);
	EXPECT_TRUE(host_streq("da\xc3\xa4ta", found[1].label));
	EXPECT_TRUE(found[1].gpt);
	for (u32 i = 0; i < ARRAY_SIZE(vital); i++) {
		gpt_disk();
		disk[512 + vital[i]] ^= 0x40;		/* the first header: the copy serves */
		EXPECT_EQ(2, find(8));
		disk[(SECTORS - 1) * 512 + vital[i]] ^= 0x40;
		EXPECT_EQ(1, find(8));			/* then the MBR's one entry */
		EXPECT_TRUE(!found[0].gpt);
	}
	gpt_disk();
	disk[2 * 512 + 100]++;				/* the table itself */
	EXPECT_EQ(2, find(8));
}

TEST(gpt_entries_that_do_not_fit)
{
	gpt_disk();
	gpt_entry(2, 1, 300, 299, "backwards");
	gpt_entry(2, 2, 10, 50, "before");
	gpt_entry(2, 3, 100, SECTORS, "behind");
	gpt_sum(1);
	EXPECT_EQ(2, find(8));
	put_le32(disk + 512 + 84, 64);			/* too small an entry, with a right sum */
	gpt_sum(1);
	disk[(SECTORS - 1) * 512] = 0;
	EXPECT_EQ(1, find(8));
	for (int n = 0; n < 40; n++) {
		gpt_disk();
		fail_after = n;
		EXPECT_TRUE(find(8) == -EIO || find(8) == -EIO);
	}
	fail_after = -1;
}

TEST(small_disks)
{
	const struct partition_source s = { 1, 512, read_disk, NULL };

	EXPECT_EQ(0, partitions_find(&s, found, 4));
}
