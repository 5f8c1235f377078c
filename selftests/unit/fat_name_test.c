/* SPDX-License-Identifier: MIT */
/* modules: @fat */
/* Names and dates of vfat: what becomes of a long name in 8.3, code page 437, UTF-8 and back; times
 * with offsets. */
#include <fs/fat/fat.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "imgdev.h"

static struct fat_fs fs = { .opt = { .shortname = SHORT_MIXED } };

/* "NAME.EXT" with what is missing as '-', and L for a long entry, S for none. */
static const char *alias(const char *name)
{
	static char out[20];
	struct fat_alias a;
	u16 u[FAT_LONG_MAX];
	u32 n;

	if (fat_utf16(name, (u32)strlen(name), u, &n))
		return "utf";
	if (fat_alias(&fs, u, n, &a))
		return "no";
	memcpy(out, a.name, 11);
	out[11] = a.is_exact ? '=' : '~';
	out[12] = a.is_short ? 'S' : 'L';
	out[13] = (char)('0' + (a.lcase >> 3));
	out[14] = 0;
	return out;
}

TEST(short_names)
{
	EXPECT_STREQ("README  TXT=S0", alias("README.TXT"));
	EXPECT_STREQ("README  TXT=L0", alias("readme.txt"));
	EXPECT_STREQ("12345678   =S0", alias("12345678"));
	EXPECT_STREQ("12345678   ~L0", alias("123456789"));
	EXPECT_STREQ("A       HTM~L0", alias("A.HTML"));
	EXPECT_STREQ("BASHRC     ~L0", alias(".bashrc"));
	EXPECT_STREQ("ATAR    GZ ~L0", alias("a.tar.gz"));
	EXPECT_STREQ("A_B     C_D~L0", alias("a+b.c;d"));
	EXPECT_STREQ("TWOWORDS   ~L0", alias("two words"));
	EXPECT_STREQ("__         ~L0", alias("日本"));
	EXPECT_STREQ("\x9a\x80      \x90  =L0", alias("üç.é"));
	EXPECT_STREQ("no", alias("a*b"));
	EXPECT_STREQ("no", alias("a "));
	EXPECT_STREQ("no", alias("a\tb"));
	EXPECT_STREQ("no", alias(" . ."));
	EXPECT_STREQ("utf", alias("\xff"));
	EXPECT_STREQ("utf", alias("\xc0\x80"));
	EXPECT_STREQ("utf", alias("\xed\xa0\x80"));
	fs.opt.shortname = SHORT_WINNT;
	EXPECT_STREQ("README  TXT=S3", alias("readme.txt"));
	EXPECT_STREQ("README  TXT=S1", alias("readme.TXT"));
	EXPECT_STREQ("README  TXT=L0", alias("Readme.txt"));
	fs.opt.shortname = SHORT_MIXED;
}

TEST(the_mark_of_a_free_entry_is_also_a_letter)
{
	static const u16 u[] = { 0x3c3 };	/* small sigma: 0xe5, capital 0xe4 */
	struct fat_entry e = { .name = "\x05" "BC     TXT" };
	struct fat_alias a;
	char out[40];

	ASSERT_EQ(0, fat_alias(&fs, u, 1, &a));
	EXPECT_EQ(0xe4, a.name[0]);
	out[fat_short_show(&fs, &e, out)] = 0;
	EXPECT_STREQ("σBC.TXT", out);
}

TEST(numbers)
{
	static const u16 u[] = { 'l', 'o', 'n', 'g', 'f', 'i', 'l', 'e', 'n', 'a', 'm', 'e' };
	struct fat_alias a;
	u8 base[11];

	ASSERT_EQ(0, fat_alias(&fs, u, 12, &a));
	memcpy(base, a.name, 11);
	fat_alias_number(&a, base, 3);
	EXPECT_EQ(0, memcmp(a.name, "LONGFI~3   ", 11));
	fat_alias_number(&a, base, 10);
	EXPECT_EQ(0, memcmp(a.name, "LO", 2));
	EXPECT_EQ('~', a.name[6]);
	EXPECT_EQ('1', a.name[7]);
}

TEST(shown_as_the_option_says)
{
	struct fat_entry e = { .name = "FOO     BAR", .lcase = FAT_LOWER_EXT };
	char out[40];

	out[fat_short_show(&fs, &e, out)] = 0;
	EXPECT_STREQ("FOO.bar", out);
	fs.opt.shortname = SHORT_LOWER;
	memcpy(e.name, "F\x80O        ", 11);
	out[fat_short_show(&fs, &e, out)] = 0;
	EXPECT_STREQ("fço", out);
	fs.opt.shortname = SHORT_WIN95;
	out[fat_short_show(&fs, &e, out)] = 0;
	EXPECT_STREQ("FÇO", out);
	fs.opt.shortname = SHORT_MIXED;
}

TEST(which_names_are_one)
{
	EXPECT_TRUE(fat_name_same(&fs, "Foo.", 4, "fOO", 3));
	EXPECT_EQ(fat_name_hash(&fs, "Foo.", 4), fat_name_hash(&fs, "fOO", 3));
	EXPECT_TRUE(!fat_name_same(&fs, "Ä", 2, "ä", 2));
	EXPECT_TRUE(!fat_name_same(&fs, "a", 1, "b", 1));
	fs.opt.case_sensitive = true;
	EXPECT_TRUE(!fat_name_same(&fs, "A", 1, "a", 1));
	EXPECT_TRUE(fat_name_hash(&fs, "A", 1) != fat_name_hash(&fs, "a", 1));
	fs.opt.case_sensitive = false;
}

TEST(utf8_and_back)
{
	static const char text[] = "aé日𝄞z";
	u16 u[FAT_LONG_MAX], lone[] = { 'a', 0xd800, 'b', 0xdc00, 0xd834 };
	char back[40], many[FAT_LONG_MAX + 2];
	u32 n;

	ASSERT_EQ(0, fat_utf16(text, sizeof(text) - 1, u, &n));
	EXPECT_EQ(6, n);
	EXPECT_EQ(sizeof(text) - 1, fat_utf8(u, n, back));
	EXPECT_EQ(0, memcmp(back, text, sizeof(text) - 1));
	EXPECT_EQ(2, fat_utf8(lone, 5, back));
	memset(many, 'x', sizeof(many));
	EXPECT_EQ(0, fat_utf16(many, FAT_LONG_MAX, u, &n));
	EXPECT_EQ(-ENAMETOOLONG, fat_utf16(many, FAT_LONG_MAX + 1, u, &n));
	EXPECT_EQ(-EINVAL, fat_utf16("\xe2\x28\xa1", 3, u, &n));
}

static void check_time(s64 sec, u32 nsec, s64 want, u32 want_nsec)
{
	u8 date[2], time[2], cs;
	struct fat_time t;

	fat_time_to(&fs, (struct fat_time){ sec, nsec }, date, time, &cs);
	t = fat_time_from(&fs, date, time, cs);
	EXPECT_EQ(want, t.sec);
	EXPECT_EQ(want_nsec, t.nsec);
}

TEST(times)
{
	for (int offset = -90; offset <= 90; offset += 90) {
		fs.opt.time_offset = offset;
		for (u32 k = 0; k < 20000; k++) {
			s64 sec = 315619200l + (s64)(host_random() % (126ul * 365 * 86400));

			check_time(sec, 123456789, sec, 120000000);
		}
	}
	fs.opt.time_offset = 0;
	check_time(1709164800, 0, 1709164800, 0);	/* 29 February 2024 */
	check_time(4107542400l, 0, 4107542400l, 0);	/* 1 March 2100, which has no 29 February */
	check_time(100, 0, 315532800, 0);
	check_time(99999999999l, 0, 4354819199l, 990000000);
	EXPECT_EQ(1600000000, fat_time_even(&fs, (struct fat_time){ 1600000001, 5 }).sec);
	EXPECT_EQ(315532800, fat_time_even(&fs, (struct fat_time){ -1001, 5 }).sec);
	EXPECT_EQ(4354819198l, fat_time_even(&fs, (struct fat_time){ S64_MAX, 5 }).sec);
	EXPECT_EQ(1599955200, fat_time_day(&fs, (struct fat_time){ 1600000001, 5 }).sec);
	EXPECT_EQ(315532800, fat_time_day(&fs, (struct fat_time){ -1, 5 }).sec);
	EXPECT_EQ(fat_time_from(&fs, (u8[]){ 0, 0 }, NULL, 0).sec, 315532800);
}

MAIN
