/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/elf.c */
/* elf: what is accepted, and that every damaged field is refused. */
#include <kernel/lib/elf.h>
#include <kernel/lib/string.h>

#include "unit.h"

static u8 head[ELF_HEADER_BYTES], phdrs[4 * ELF_PHDR_BYTES];

static void put(u8 *p, u64 v, u32 n)
{
	while (n--) {
		*p++ = (u8)v;
		v >>= 8;
	}
}

static void segment(u32 i, u32 type, u32 flags, u64 off, u64 va, u64 filesz, u64 memsz)
{
	u8 *p = phdrs + i * ELF_PHDR_BYTES;

	put(p, type, 4);
	put(p + 4, flags, 4);
	put(p + 8, off, 8);
	put(p + 16, va, 8);
	put(p + 32, filesz, 8);
	put(p + 40, memsz, 8);
	put(p + 48, 0x10000, 8);
}

/* A plain static program: text at 0x400000, data with bss behind it. */
static void good(void)
{
	static const u8 ident[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	memset(head, 0, sizeof(head));
	memcpy(head, ident, sizeof(ident));
	put(head + 16, 2, 2);
	put(head + 18, 183, 2);
	put(head + 24, 0x400100, 8);
	put(head + 32, 64, 8);
	put(head + 54, ELF_PHDR_BYTES, 2);
	put(head + 56, 2, 2);
	memset(phdrs, 0, sizeof(phdrs));
	segment(0, PT_LOAD, PF_R | PF_X, 0, 0x400000, 0x1000, 0x1000);
	segment(1, PT_LOAD, PF_R | PF_W, 0x1000, 0x411000, 0x100, 0x3000);
}

static int parse(struct elf_image *im)
{
	struct elf_header h;
	int err = elf_parse_header(head, sizeof(head), &h);

	return err ? err : elf_parse_segments(&h, phdrs, im);
}

TEST(a_static_program)
{
	struct elf_image im;

	good();
	ASSERT_EQ(0, parse(&im));
	EXPECT_EQ(0x400000, im.lo);
	EXPECT_EQ(0x414000, im.hi);
	EXPECT_EQ(0x400040, im.phdr_vaddr);
	EXPECT_EQ(0x10000, im.align);
	EXPECT_EQ(0x400000, im.code_lo);
	EXPECT_EQ(0x401000, im.code_hi);
	EXPECT_EQ(0x411000, im.data_lo);
	EXPECT_EQ(0x411100, im.data_hi);
	EXPECT_EQ(0, im.interp_len);
}

TEST(foreign_files_are_refused)
{
	static const struct { u32 at, v, n; } bad[] = {
		{ 0, 0, 1 },   { 16, 1, 2 }, { 16, 4, 2 },    { 18, 62, 2 },
		{ 54, 32, 2 }, { 56, 0, 2 }, { 56, 5000, 2 },
	};
	struct elf_image im;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		good();
		put(head + bad[i].at, bad[i].v, bad[i].n);
		EXPECT_EQ(-8, parse(&im));
	}
	good();
	put(head + 32, ~0ul, 8);
	EXPECT_EQ(-8, parse(&im));
	good();
	EXPECT_EQ(-8, elf_parse_header(head, 63, &(struct elf_header){ 0 }));
}

TEST(segments_must_make_sense)
{
	struct elf_image im;

	good();
	segment(1, PT_LOAD, PF_R, 0x1000, 0x411000, 0x200, 0x100);	/* more file than memory */
	EXPECT_EQ(-22, parse(&im));
	good();
	/* offset and address differ within the page */
	segment(1, PT_LOAD, PF_R, 0x1001, 0x411000, 0x100, 0x100);
	EXPECT_EQ(-22, parse(&im));
	good();
	segment(1, PT_LOAD, PF_R, 0x1000, ~0ul & ~0xffful, 0x100, 0x10000);	/* wraps */
	EXPECT_EQ(-22, parse(&im));
	good();
	segment(1, PT_LOAD, PF_R, 0x1000, 0x411000, 0, 1ul << 60);
	EXPECT_EQ(-22, parse(&im));
	good();
	segment(0, 4, 0, 0, 0, 0, 0);
	segment(1, 4, 0, 0, 0, 0, 0);				/* nothing to load */
	EXPECT_EQ(-22, parse(&im));
}

TEST(segments_in_any_order)
{
	struct elf_image im;

	good();
	/* below the one before, and into it */
	segment(1, PT_LOAD, PF_R, 0x1000, 0x3ff000, 0x1800, 0x1800);
	EXPECT_EQ(0, parse(&im));
	EXPECT_EQ(0x3ff000, im.lo);
	EXPECT_EQ(0x401000, im.hi);
	/* no bytes of the file: its offset does not matter */
	segment(1, PT_LOAD, PF_R, 0x1234, 0x411000, 0, 0x10);
	EXPECT_EQ(0, parse(&im));
	good();
	put(head + 16, 3, 2);
	/* Linux would find no room for it */
	segment(0, PT_LOAD, PF_R, 0, 0, 0, 0x1000);
	EXPECT_EQ(-22, parse(&im));
}

TEST(interpreter_and_stack)
{
	struct elf_image im;

	good();
	put(head + 16, 3, 2);
	put(head + 56, 4, 2);
	segment(2, PT_INTERP, PF_R, 0x200, 0x400200, 0x1b, 0x1b);
	segment(3, PT_GNU_STACK, PF_R | PF_W | PF_X, 0, 0, 0, 0);
	ASSERT_EQ(0, parse(&im));
	EXPECT_EQ(0x200, im.interp_off);
	EXPECT_EQ(0x1b, im.interp_len);
	EXPECT_TRUE(im.exec_stack);
	segment(2, PT_INTERP, PF_R, 0x200, 0x400200, 1, 1);
	EXPECT_EQ(-8, parse(&im));
	segment(2, PT_INTERP, PF_R, 0x200, 0x400200, 5000, 5000);
	EXPECT_EQ(-8, parse(&im));
}

static int bti_of(u32 namesz, u32 descsz, u32 type, u32 prop, u32 size, u32 value, usize n)
{
	u8 note[48] = { 0 };
	bool bti = true;
	int err;

	put(note, namesz, 4);
	put(note + 4, descsz, 4);
	put(note + 8, type, 4);
	memcpy(note + 12, "GNU", 4);
	put(note + 16, prop, 4);
	put(note + 20, size, 4);
	put(note + 24, value, 4);
	err = elf_property_bti(note, n, &bti);
	return err ? err : bti;
}

TEST(the_property_note)
{
	EXPECT_EQ(1, bti_of(4, 16, 5, 0xc0000000, 4, 3, 32));
	EXPECT_EQ(0, bti_of(4, 16, 5, 0xc0000000, 4, 2, 32));		/* PAC only */
	EXPECT_EQ(0, bti_of(4, 16, 5, 0xc0000001, 4, 1, 32));		/* another property */
	EXPECT_EQ(-8, bti_of(5, 16, 5, 0xc0000000, 4, 1, 32));
	EXPECT_EQ(-8, bti_of(4, 16, 1, 0xc0000000, 4, 1, 32));
	/* longer than the segment */
	EXPECT_EQ(-8, bti_of(4, 17, 5, 0xc0000000, 4, 1, 32));
	EXPECT_EQ(-8, bti_of(4, ~0u, 5, 0xc0000000, 4, 1, 32));
	EXPECT_EQ(-8, bti_of(4, 16, 5, 0xc0000000, 9, 1, 32));
	/* the feature word has four bytes */
	EXPECT_EQ(-8, bti_of(4, 16, 5, 0xc0000000, 8, 1, 32));
	EXPECT_EQ(-8, bti_of(4, 12, 5, 0xc0000000, 4, 1, 28));		/* not padded */
	EXPECT_EQ(-8, bti_of(4, 32, 5, 0xc0000000, 4, 1, 48));		/* types must ascend */
	EXPECT_EQ(-8, bti_of(4, 16, 5, 0xc0000000, 4, 1, 15));
}
