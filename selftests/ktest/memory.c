/* SPDX-License-Identifier: MIT */
/* memory.c - pages and slabs on the real machine: alignment, zeroing, no block given out twice, all
 * CPUs at once. */
#include <kernel/ktest.h>

#include <kernel/lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>

TEST(page_blocks_are_aligned_and_zeroed)
{
	for (u32 order = 0; order <= 6; order++) {
		struct page *p = page_alloc(order, PAGE_KERNEL | PAGE_ZEROED);
		u64 *words, sum = 0;

		ASSERT_TRUE(p);
		words = page_to_virt(p);
		EXPECT_EQ(0, page_to_pfn(p) & (BIT(order) - 1));
		for (u64 i = 0; i < (PAGE_SIZE << order) / 8; i++)
			sum |= words[i];
		EXPECT_EQ(0, sum);
		memset(words, 0xff, PAGE_SIZE << order);	/* the next owner must not see it */
		page_put(p);
	}
}

#define BLOCKS 200

/* Every block is filled with its own mark; a block that two own loses one of them. */
static void fill_and_check(u64 who)
{
	u64 **block = kcalloc(BLOCKS, sizeof(*block));

	ASSERT_TRUE(block);
	for (u64 i = 0; i < BLOCKS; i++) {
		usize words = 2 + i * 7 % 300;

		block[i] = kmalloc(words * 8, PAGE_KERNEL);
		ASSERT_TRUE(block[i]);
		for (u64 w = 0; w < words; w++)
			block[i][w] = who << 32 | i;
	}
	for (u64 i = 0; i < BLOCKS; i++) {
		for (u64 w = 0; w < 2 + i * 7 % 300; w++)
			if (block[i][w] != (who << 32 | i)) {
				FAIL("block %lu of thread %lu holds %lx", i, who, block[i][w]);
				break;
			}
		kfree(block[i]);
	}
	kfree(block);
}

TEST(kmalloc_gives_each_block_to_one)
{
	fill_and_check(0);
}

static void fill_often(u64 who)
{
	for (int round = 0; round < 20; round++)
		fill_and_check(who);
}

TEST(kmalloc_gives_each_block_to_one_with_eight_threads)
{
	ktest_in_threads(8, fill_often);
}

TEST(ksize_may_be_used_to_the_end)
{
	for (usize size = 1; size < 10000; size = size * 3 / 2 + 1) {
		u8 *p = kmalloc(size, PAGE_KERNEL);

		ASSERT_TRUE(p);
		EXPECT_TRUE(ksize(p) >= size);
		memset(p, 1, ksize(p));
		p = krealloc(p, size * 2);
		ASSERT_TRUE(p);
		EXPECT_EQ(1, p[0]);
		kfree(p);
	}
	EXPECT_TRUE(!kcalloc(U64_MAX / 4, 8));
}
