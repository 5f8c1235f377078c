/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/cpio.c kernel/lib/fmt.c */
/* cpio: members, padding, several archives, and every way to be damaged. */
#include <kernel/lib/cpio.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>

#include "unit.h"

static u8 archive[4096];
static usize used;

static void pad(void)
{
	while (used % 4)
		archive[used++] = 0;
}

static void add(const char *name, u32 mode, const char *data)
{
	u32 size = (u32)strlen(data), namesize = (u32)strlen(name) + 1;

	fmt_print((char *)archive + used, sizeof(archive) - used,
		  "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 7, mode, 1, 2, 1,
		  99, size, 3, 4, 5, 6, namesize, 0);
	used += 110;
	memcpy(archive + used, name, namesize);
	used += namesize;
	pad();
	memcpy(archive + used, data, size);
	used += size;
	pad();
}

static void start(void)
{
	memset(archive, 0, sizeof(archive));
	used = 0;
}

TEST(a_member_has_its_fields_and_contents)
{
	struct cpio_entry e;
	struct cpio c;

	start();
	add("bin/sh", 0100755, "hello");
	add("TRAILER!!!", 0, "");
	cpio_init(&c, archive, used);
	EXPECT_EQ(CPIO_ENTRY, cpio_next(&c, &e));
	EXPECT_EQ(0, strcmp(e.name, "bin/sh"));
	EXPECT_EQ(5, e.size);
	EXPECT_EQ(0, memcmp(e.data, "hello", 5));
	EXPECT_EQ(0100755, e.mode);
	EXPECT_EQ(7, e.ino);
	EXPECT_EQ(1, e.uid);
	EXPECT_EQ(2, e.gid);
	EXPECT_EQ(99, e.mtime);
	EXPECT_EQ(6, e.rdev_minor);
	EXPECT_EQ(CPIO_TRAILER, cpio_next(&c, &e));
	EXPECT_EQ(CPIO_END, cpio_next(&c, &e));
}

TEST(archives_follow_each_other_with_zeros_between)
{
	struct cpio_entry e;
	struct cpio c;

	start();
	add("a", 0100644, "1");
	add("TRAILER!!!", 0, "");
	used += 512;
	add("b", 0100644, "");
	cpio_init(&c, archive, used);
	EXPECT_EQ(CPIO_ENTRY, cpio_next(&c, &e));
	EXPECT_EQ(CPIO_TRAILER, cpio_next(&c, &e));
	EXPECT_EQ(CPIO_ENTRY, cpio_next(&c, &e));
	EXPECT_EQ('b', e.name[0]);
	EXPECT_EQ(CPIO_END, cpio_next(&c, &e));
}

TEST(damage_is_told_apart)
{
	struct cpio_entry e;
	struct cpio c;

	start();
	add("name", 0100644, "contents");
	cpio_init(&c, archive, used - 5);
	EXPECT_EQ(CPIO_TRUNCATED, cpio_next(&c, &e));
	cpio_init(&c, archive, 60);
	EXPECT_EQ(CPIO_TRUNCATED, cpio_next(&c, &e));
	archive[20] = 'x';
	cpio_init(&c, archive, used);
	EXPECT_EQ(CPIO_CORRUPT, cpio_next(&c, &e));
	archive[0] = 0x1f;
	cpio_init(&c, archive, used);
	EXPECT_EQ(CPIO_BAD_MAGIC, cpio_next(&c, &e));
}

TEST(members_without_a_usable_name_are_passed_over)
{
	static u8 big[16384];
	struct cpio_entry e;
	struct cpio c;
	usize at;

	start();
	add("", 0100644, "none");
	/* the name's length: so the NUL and its padding are contents */
	memcpy(archive + 94, "00000000", 8);
	memcpy(archive + 54, "00000004", 8);
	add("after", 0100644, "");
	cpio_init(&c, archive, 112);
	EXPECT_EQ(CPIO_TRUNCATED, cpio_next(&c, &e));
	memcpy(big, archive, 112);
	memcpy(big + 112, "none", 4);
	start();
	add("long", 0100644, "body");
	memcpy(archive + 94, "00001001", 8);
	memcpy(big + 116, archive, 110);
	at = ALIGN_UP(116 + 110 + 0x1001, 4ul) + 4;
	start();
	add("after", 0100644, "");
	memcpy(big + at, archive, used);
	cpio_init(&c, big, at + used);
	EXPECT_EQ(CPIO_ENTRY, cpio_next(&c, &e));
	EXPECT_EQ(0, strcmp(e.name, "after"));
	EXPECT_EQ(CPIO_END, cpio_next(&c, &e));
}

TEST(sums_are_checked_where_there_are_some)
{
	struct cpio_entry e;
	struct cpio c;

	start();
	add("name", 0100644, "abc");
	for (u32 i = 0; i < 3; i++) {	/* none; wrong; right */
		if (i == 1)
			archive[5] = '2';
		if (i == 2)
			memcpy(archive + 102, "00000126", 8);
		cpio_init(&c, archive, used);
		EXPECT_EQ(CPIO_ENTRY, cpio_next(&c, &e));
		EXPECT_EQ(i != 1, cpio_sum_ok(&e));
	}
}

TEST(a_name_without_an_end_is_corrupt)
{
	struct cpio_entry e;
	struct cpio c;

	start();
	add("name", 0100644, "");
	archive[114] = 'x';
	cpio_init(&c, archive, used);
	EXPECT_EQ(CPIO_CORRUPT, cpio_next(&c, &e));
}
