/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext_map: random allocation, conversion, holes and shifts against an array; then e2fsck. Extents
 * and indirect blocks. */
#include <kernel/lib/string.h>
#include <mm/slab.h>

#include "extdev.h"

#define SPAN 6000u

static struct ext_fs *fs;
static struct ext_inode f;
static u64 model[SPAN]; /* physical block, 0: hole; U: unwritten */
#define U (1ul << 63)

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static void check_all(void)
{
	for (u64 l = 0; l < SPAN;) {
		struct ext_mapping m;

		ASSERT_EQ(0, ext_map(&f, NULL, l, SPAN, 0, &m));
		ASSERT_TRUE(m.len > 0);
		for (u32 n = 0; n < m.len && l < SPAN; n++, l++) {
			u64 is = m.state == EXT_HOLE
					 ? 0
					 : (m.pblk + n) | (m.state == EXT_UNWRITTEN ? U : 0);

			ASSERT_EQ(model[l], is);
		}
	}
}

static void allocate(u64 at, u32 n, u32 flags)
{
	struct journal_handle *h;
	struct ext_mapping m;

	n = min(n, SPAN - (u32)at);
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, ext_map_credits(&f, 1), &h));
	ASSERT_EQ(0, ext_map(&f, h, at, n, flags, &m));
	for (u32 k = 0; k < m.len && at + k < SPAN; k++) {
		u64 *was = &model[at + k];

		if (m.is_new) {
			EXPECT_EQ(0, *was);
			*was = (m.pblk + k) | (m.state == EXT_UNWRITTEN ? U : 0);
		} else if (flags & EXT_MAP_CONVERT) {
			*was &= ~U;
		}
	}
	EXPECT_EQ(0, journal_stop(h));
}

static void unmap(u64 from, u64 to)
{
	to = min(to, (u64)SPAN);
	EXPECT_EQ(0, ext_punch(&f, from, to));
	for (u64 l = from; l < to && l < SPAN; l++)
		model[l] = 0;
}

static void shift(u64 at, u32 n, bool insert)
{
	if (insert) {
		if (at + n >= SPAN)
			return;
		unmap(SPAN - n, SPAN);
		EXPECT_EQ(0, ext_move_range(&f, at, n, true, 0));
		memmove(&model[at + n], &model[at], (SPAN - at - n) * sizeof(model[0]));
		memset(&model[at], 0, n * sizeof(model[0]));
	} else {
		n = min(n, SPAN - (u32)at);
		EXPECT_EQ(0, ext_move_range(&f, at, n, false, f.size));
		memmove(&model[at], &model[at + n], (SPAN - at - n) * sizeof(model[0]));
		memset(&model[SPAN - n], 0, n * sizeof(model[0]));
	}
}

static void churn(const char *options, const char *size, bool extents, u32 rounds)
{
	char out[2000];
	u64 free;

	memset(model, 0, sizeof(model));
	ext_mkfs(options, size);
	ext_debugfs("write /dev/null f\n", out, sizeof(out));
	fs = ext_test_mount();
	ASSERT_EQ(0, ext_inode_read(fs, fs->first_ino + 1, &f));
	EXPECT_EQ(extents, !!(f.flags & EXT_EXTENTS_FL));
	f.size = (u64)SPAN << fs->block_bits;
	EXPECT_EQ(0, ext_setattr(&f));
	free = atomic_read(&fs->free_blocks);
	for (u32 n = 0; n < rounds; n++) {
		u64 at = rnd(SPAN);

		switch (rnd(extents ? 12 : 8)) {
		case 0:
		case 1:
		case 2:
			allocate(at, 1 + rnd(3), EXT_MAP_CREATE);
			break;
		case 3:
		case 4:
			allocate(at, 1 + rnd(300), EXT_MAP_CREATE);
			break;
		case 5:
		case 6:
			unmap(at, at + 1 + rnd(5));
			break;
		case 7:
			unmap(at, at + 1 + rnd(1000));
			break;
		case 8:
		case 9:
			allocate(at, 1 + rnd(200), EXT_MAP_CREATE | EXT_MAP_UNWRITTEN);
			break;
		case 10:
			allocate(at, 1 + rnd(20), EXT_MAP_CONVERT);
			break;
		default:
			shift(at, 1 + rnd(30), rnd(2));
		}
		if (n % 64 == 0)
			check_all();
	}
	check_all();
	ext_test_unmount(fs);
	ext_fsck(options);
	fs = ext_test_mount();
	ASSERT_EQ(0, ext_inode_read(fs, fs->first_ino + 1, &f));
	check_all();
	EXPECT_EQ(0, ext_truncate(&f, 0));
	EXPECT_EQ(0, f.blocks);
	EXPECT_EQ(free, atomic_read(&fs->free_blocks));
	ext_test_unmount(fs);
	ext_fsck(options);
}

TEST(extents_1k)
{
	churn("-b 1024", "32M", true, 6000);
}

TEST(extents_4k_nojournal)
{
	churn("-b 4096 -O ^has_journal", "128M", true, 6000);
}

TEST(extents_plain)
{
	churn("-b 2048 -O ^metadata_csum,^64bit,uninit_bg", "64M", true, 6000);
}

TEST(indirect_1k)
{
	churn("-t ext3 -b 1024", "32M", false, 3000);
}

TEST(indirect_4k)
{
	churn("-t ext2 -b 4096", "64M", false, 3000);
}
