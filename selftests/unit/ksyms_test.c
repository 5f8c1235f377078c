/* SPDX-License-Identifier: MIT */
/* modules: kernel/ksyms.c */
/* ksyms: look-ups against a table written by hand in the format of scripts/symtab.py. */
#include <kernel/ksyms.h>

#include "unit.h"

/* Three functions in a text of 0x100 bytes; "page_" is token 0. */
extern const char _text[], _etext[];
extern const u32 ksyms_count, ksyms_offsets[];
extern const u8 ksyms_names[], ksyms_tokens[];

__asm__(".data\n.globl _text, _etext\n.hidden _text, _etext\n_text: .zero 256\n_etext:\n");
const u32 ksyms_count = 3;
const u32 ksyms_offsets[] = { 0x10, 0x40, 0x80 };
const u8 ksyms_names[] = "\5start\6\200alloc\5\200free";
const u8 ksyms_tokens[] = "\5page_";

static void expect(u64 at, const char *name, u64 offset)
{
	u64 off;

	EXPECT_STREQ(name, ksym_lookup((u64)_text + at, &off));
	EXPECT_EQ(offset, off);
}

TEST(finds_the_function_an_address_lies_in)
{
	expect(0x10, "start", 0);
	expect(0x3f, "start", 0x2f);
	expect(0x40, "page_alloc", 0);
	expect(0x84, "page_free", 4);
	expect(0xff, "page_free", 0x7f);
}

TEST(outside_the_text_there_is_no_name)
{
	expect(0, "?", 0);
	expect(0xf, "?", 0);
	expect(0x100, "?", 0);
	expect(-1ul, "?", 0);
}

static u32 seen;

static void see(const char *name, u64 addr, void *arg)
{
	static const char *const names[] = { "start", "page_alloc", "page_free" };

	EXPECT_TRUE(seen < 3);
	EXPECT_STREQ(names[seen], name);
	EXPECT_EQ((u64)_text + ksyms_offsets[seen], addr);
	EXPECT_EQ((u64)&seen, (u64)arg);
	seen++;
}

TEST(all_are_listed_with_what_lies_between)
{
	ksym_for_each(see, &seen);
	EXPECT_EQ(3, seen);
	EXPECT_EQ(0x30, ksym_size((u64)_text + 0x10));
	EXPECT_EQ(0x40, ksym_size((u64)_text + 0x40));
	EXPECT_EQ(0x80, ksym_size((u64)_text + 0x80));
}

MAIN
