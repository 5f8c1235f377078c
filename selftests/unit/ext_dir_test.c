/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext directories: the hashes against debugfs, directories of many names made here and read by the
 * tools and back, positions. */
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#include "../../fs/ext/dir_int.h"
#include "extdev.h"

static struct ext_fs *fs;
static struct ext_inode root;
static bool make_unsigned;
static char text[4000000], wide[300];

static void name_of(u32 n, char *out)
{
	/* lengths from 1 to 200, with characters beyond ASCII now and then */
	fmt_print(out, 220, "%s%u%.*s", n % 7 ? "f" : "\xc3\xa9", n,
		  n % 11 ? (int)(n % 5) * 3 : (int)(n % 180), wide);
}

static void start(const char *options, const char *size)
{
	memset(wide, 'x', sizeof(wide) - 1);
	ext_mkfs(options, size);
	if (make_unsigned)
		ext_debugfs("set_super_value flags 2\n", text, sizeof(text));
	fs = ext_test_mount();
	EXPECT_EQ(make_unsigned, fs->hash_unsigned);
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
}

TEST(hash)
{
	static const char *const names[] = {
		"a",
		"hello",
		"a rather long name, longer than 32 characters for two rounds",
		"\xc3\xa9t\xc3\xa9",
		"0123456789abcdef",
		"0123456789abcdef0123456789abcdef"
	};
	static const char *const kinds[] = { "legacy", "half_md4", "tea" };

	start("", "16M");
	for (u32 v = 0; v < 3; v++)
		for (u32 n = 0; n < ARRAY_SIZE(names); n++) {
			struct ext_hash h;
			char want[80];

			fs->hash_unsigned = false;
			memset((u8 *)fs->sb + offsetof(struct ext_super_disk, hash_seed), 0, 16);
			EXPECT_EQ(0, ext_name_hash(
					     fs, v,
					     &(struct ext_name){ names[n], (u32)strlen(names[n]) },
					     &h));
			EXPECT_EQ(0, host_shell(text, sizeof(text),
						"PATH=$PATH:/sbin:/usr/sbin debugfs -R 'dx_hash -h "
						"%s \"%s\"' 2>&1",
						kinds[v], names[n]));
			fmt_print(want, sizeof(want), "0x%x (minor 0x%x)", h.hash, h.minor);
			if (!strstr(text, want))
				FAIL("%s of %s: %s, debugfs says %s", kinds[v], names[n], want,
				     text);
		}
	host_end_test();
}

struct seen {
	struct ext_emit e;
	u32 *count, nr, room, stop;
};

static bool see(struct ext_emit *e, const char *name, u32 len, u32 ino, u32 d_type, u64 next)
{
	struct seen *s = container_of(e, struct seen, e);
	char mine[260];
	u64 n;
	const char *p = name[0] == 'f' ? name + 1 : name + 2;

	if (s->stop && s->nr == s->stop)
		return false;
	s->nr++;
	if (len == 10 && !memcmp(name, "lost+found", 10))
		return true;
	memcpy(mine, name, len);
	mine[len] = 0;
	p = mine + (p - name);
	ASSERT_EQ(0, parse_u64(p, 10, &n, &p));
	ASSERT_TRUE(n < s->room);
	s->count[n]++;
	EXPECT_EQ(8 * !!(fs->incompat & INCOMPAT_FILETYPE), d_type);
	return true;
}

/* Each name once, however the reading is cut. */
static void read_all(u32 total, u32 first, u32 step, u32 chunk)
{
	struct seen s = { .e.entry = see, .count = kzalloc(total * sizeof(u32)), .room = total };
	u64 pos = 0, before;

	do {
		before = pos;
		s.stop = chunk ? s.nr + chunk : 0;
		ASSERT_EQ(0, ext_readdir(&root, &pos, &s.e));
	} while (pos != before);
	for (u32 n = 0; n < total; n++)
		if (s.count[n] != (n >= first && (n - first) % step == 0))
			FAIL("name %u was seen %u times", n, s.count[n]);
	kfree(s.count);
}

static void fill(u32 nr)
{
	struct ext_owner o = { .mode = S_IFREG | 0644, .uid = 1000, .gid = 70000 };
	struct ext_inode i;
	char name[300];

	for (u32 n = 0; n < nr; n++) {
		name_of(n, name);
		ASSERT_EQ(0,
			  ext_create(&root, &(struct ext_name){ name, (u32)strlen(name) }, &o, &i));
	}
}

static void look_up(u32 nr, u32 first, u32 step)
{
	char name[300];
	u32 ino;
	u8 type;

	for (u32 n = 0; n < nr; n++) {
		name_of(n, name);
		EXPECT_EQ(n >= first && (n - first) % step == 0 ? 0 : -ENOENT,
			  ext_dir_lookup(&root, &(struct ext_name){ name, (u32)strlen(name) }, &ino,
					 &type));
	}
}

static void many(const char *options, const char *size, u32 nr)
{
	struct ext_inode i;
	char name[300];
	u8 type;

	start(options, size);
	fill(nr);
	look_up(nr, 0, 1);
	read_all(nr, 0, 1, 0);
	read_all(nr, 0, 1, 37);
	for (u32 n = 0; n < nr; n++) {
		struct ext_name en;
		u32 ino;

		if (n % 3 == 0)
			continue;
		name_of(n, name);
		en = (struct ext_name){ name, (u32)strlen(name) };
		ASSERT_EQ(0, ext_dir_lookup(&root, &en, &ino, &type));
		ASSERT_EQ(0, ext_inode_read(fs, ino, &i));
		ASSERT_EQ(0, ext_unlink(&root, &en, &i));
		ASSERT_EQ(0, ext_evict(&i));
	}
	look_up(nr, 0, 3);
	read_all(nr, 0, 3, 5);
	ext_test_unmount(fs);
	ext_fsck(options);
	fs = ext_test_mount();
	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
	look_up(nr, 0, 3);
	ext_test_unmount(fs);
}

TEST(indexed_1k) { many("-b 1024 -N 8000", "32M", 6000); }
TEST(indexed_4k) { many("-b 4096 -N 12000", "64M", 9000); }
TEST(linear) { many("-t ext2 -O ^dir_index -b 1024 -N 2000", "16M", 900); }
TEST(indexed_ext3) { many("-t ext3 -b 1024 -N 5000", "32M", 4000); }
TEST(no_filetype) { many("-t ext2 -O ^filetype -b 2048 -N 2000", "16M", 1500); }
TEST(large_dir) { many("-O large_dir,inline_data -b 1024 -N 5000", "32M", 4000); }

/* Made on a machine whose characters have no sign: e2fsck hashes the names again. */
TEST(unsigned_names)
{
	make_unsigned = true;
	many("-b 1024 -N 5000", "32M", 3000);
}
