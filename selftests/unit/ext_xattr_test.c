/* SPDX-License-Identifier: MIT */
/* modules: @ext */
/* ext attributes and contents inside inodes: what debugfs stored is read, what is stored here
 * debugfs reads; sharing of blocks, ACLs, inline files, directories and links made by the tools and
 * changed here. */
#include <kernel/lib/byteorder.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#include "../../fs/ext/xattr_int.h"
#include "extdev.h"

static struct ext_fs *fs;
static struct ext_inode root, f;
static char out[20000];
static u8 value[5000], back[5000];

static struct ext_name nm(const char *s) { return (struct ext_name){ s, (u32)strlen(s) }; }

static void open_name(const char *name, struct ext_inode *i)
{
	struct ext_name n = nm(name);
	u32 ino;
	u8 type;

	ASSERT_EQ(0, ext_inode_read(fs, EXT_ROOT_INO, &root));
	ASSERT_EQ(0, ext_dir_lookup(&root, &n, &ino, &type));
	ASSERT_EQ(0, ext_inode_read(fs, ino, i));
}

static void expect_value(struct ext_inode *i, const char *name, const void *want, u32 len)
{
	EXPECT_EQ(len, ext_xattr_get(i, name, NULL, 0));
	EXPECT_EQ(len, ext_xattr_get(i, name, back, sizeof(back)));
	EXPECT_TRUE(!memcmp(back, want, len));
	if (len > 1)
		EXPECT_EQ(-ERANGE, ext_xattr_get(i, name, back, len - 1));
}

TEST(both_ways)
{
	ext_mkfs("-b 1024", "16M");
	ext_debugfs("write /dev/null f\nea_set f user.one uno\nea_set f security.two "
		    "0123456789\nea_set f user.long "
		    "012345678901234567890123456789012345678901234567890123456789012345678901234567"
		    "8901234567890123456789\n",
		    out, sizeof(out));
	fs = ext_test_mount();
	open_name("f", &f);
	expect_value(&f, "user.one", "uno", 3);
	expect_value(&f, "security.two", "0123456789", 10);
	EXPECT_EQ(100, ext_xattr_get(&f, "user.long", back, sizeof(back)));
	EXPECT_EQ(-ENODATA, ext_xattr_get(&f, "user.none", back, sizeof(back)));
	EXPECT_EQ(-EOPNOTSUPP, ext_xattr_get(&f, "other.x", back, sizeof(back)));
	EXPECT_EQ(-EEXIST, ext_setxattr(&f, "user.one", "x", 1, XATTR_CREATE));
	EXPECT_EQ(-ENODATA, ext_setxattr(&f, "user.none", "x", 1, XATTR_REPLACE));
	EXPECT_EQ(0, ext_setxattr(&f, "user.one", "eins", 4, XATTR_REPLACE));
	memset(value, 'v', sizeof(value));
	EXPECT_EQ(0, ext_setxattr(&f, "user.big", value, 600, 0));
	EXPECT_EQ(-ENOSPC, ext_setxattr(&f, "user.bigger", value, 600, 0));
	EXPECT_EQ(0, ext_setxattr(&f, "trusted.empty", "", 0, 0));
	EXPECT_EQ(0, ext_xattr_get(&f, "trusted.empty", back, sizeof(back)));
	EXPECT_TRUE(ext_xattr_list(&f, NULL, 0) > 40);
	EXPECT_EQ(-ERANGE, ext_xattr_list(&f, out, 10));
	ext_test_unmount(fs);
	ext_fsck("xattrs");
	ext_debugfs("ea_list f\nea_get f user.one\n", out, sizeof(out));
	EXPECT_TRUE(strstr(out, "eins") && strstr(out, "user.big (600)") &&
		    strstr(out, "trusted.empty"));
	fs = ext_test_mount();
	open_name("f", &f);
	EXPECT_EQ(0, ext_setxattr(&f, "user.big", NULL, 0, 0));
	EXPECT_EQ(0, ext_setxattr(&f, "user.long", NULL, 0, 0));
	ext_test_unmount(fs);
	ext_fsck("xattrs removed");
}

/* A list of version 2: owner, one user, group, mask, others. */
static u32 make_acl(u8 *p)
{
	static const u16 tags[] = { 1, 2, 4, 0x10, 0x20 };

	put_le32(p, 2);
	for (u32 n = 0; n < 5; n++) {
		put_le16(p + 4 + n * 8, tags[n]);
		put_le16(p + 6 + n * 8, (u16)(n + 1));
		put_le32(p + 8 + n * 8, tags[n] == 2 ? 1000 : U32_MAX);
	}
	return 44;
}

TEST(acls)
{
	u32 len = make_acl(value);
	u8 disk[100];

	EXPECT_EQ(4 + 4 * 4 + 8, ext_acl_to_disk(value, len, disk, sizeof(disk)));
	EXPECT_EQ(-EINVAL, ext_acl_to_disk(value, len - 1, disk, sizeof(disk)));
	EXPECT_EQ(-ERANGE, ext_acl_from_disk(disk, 28, back, 43));
	EXPECT_EQ(44, ext_acl_from_disk(disk, 28, back, 0));
	EXPECT_EQ(-EINVAL, ext_acl_from_disk(disk, 27, back, sizeof(back)));
	ext_mkfs("", "16M");
	ext_debugfs("write /dev/null f\n", out, sizeof(out));
	fs = ext_test_mount();
	open_name("f", &f);
	EXPECT_EQ(0, ext_setxattr(&f, "system.posix_acl_access", value, len, 0));
	expect_value(&f, "system.posix_acl_access", value, len);
	EXPECT_EQ(-ENODATA, ext_xattr_get(&f, "system.posix_acl_default", back, sizeof(back)));
	ext_test_unmount(fs);
	ext_fsck("acl");
	ext_debugfs("ea_list f\n", out, sizeof(out));
	EXPECT_TRUE(strstr(out, "posix_acl_access"));
}

/* Two inodes with one block, as Linux makes them: changing one leaves the other as it was. */
TEST(shared_block)
{
	struct ext_inode g;
	struct buf *b;
	struct journal_handle *h;

	ext_mkfs("-b 1024 -I 128", "16M");
	ext_debugfs("write /dev/null f\nwrite /dev/null g\nea_set f user.a same\n", out,
		    sizeof(out));
	fs = ext_test_mount();
	open_name("f", &f);
	open_name("g", &g);
	ASSERT_TRUE(f.file_acl);
	ASSERT_EQ(0, journal_start(fs->j, fs->dev, 10, &h));
	ASSERT_EQ(0, buf_read(fs->dev, f.file_acl, &b));
	ASSERT_EQ(0, journal_get_write(h, b));
	((struct ext_xattr_header *)b->data)->refs = 2;
	((struct ext_xattr_header *)b->data)->checksum = 0;
	g.file_acl = f.file_acl;
	g.blocks += 2;
	g.has_xattrs = true;
	buf_put(b);
	{
		static const u32 zero;
		u64 block = g.file_acl;
		u32 crc = crc32c(crc32c(fs->csum_seed, &block, 8), b->data, 16);

		((struct ext_xattr_header *)b->data)->checksum = crc32c(crc32c(crc, &zero, 4),
									b->data + 20, 1004);
	}
	ASSERT_EQ(0, journal_dirty(h, b));
	ASSERT_EQ(0, ext_inode_write(h, &g));
	ASSERT_EQ(0, journal_stop(h));
	expect_value(&g, "user.a", "same", 4);
	EXPECT_EQ(0, ext_setxattr(&g, "user.a", "other", 5, 0));
	EXPECT_TRUE(g.file_acl != f.file_acl);
	expect_value(&f, "user.a", "same", 4);
	expect_value(&g, "user.a", "other", 5);
	ext_test_unmount(fs);
	ext_fsck("shared block");
}

static void put_file(const char *name, const char *text, u32 len)
{
	char cmd[400];

	ASSERT_TRUE(host_write_file(host_temp("contents"), text, len));
	fmt_print(cmd, sizeof(cmd), "write %s %s\n", host_temp("contents"), name);
	ext_debugfs(cmd, out, sizeof(out));
}

TEST(inline_contents)
{
	struct ext_inode d;
	u32 ino;
	u8 type;
	struct ext_name n = nm("sub3");

	memset(value, 'q', sizeof(value));
	ext_mkfs("-O inline_data -I 512 -b 1024", "16M");
	put_file("small", (const char *)value, 40);
	put_file("larger", (const char *)value, 130);
	ext_debugfs("mkdir d\nmkdir d/sub3\nmkdir d/another\n", out, sizeof(out));
	fs = ext_test_mount();
	open_name("small", &f);
	EXPECT_TRUE(f.flags & EXT_INLINE_DATA_FL);
	EXPECT_EQ(0, ext_inline_read(&f, back, sizeof(back)));
	EXPECT_TRUE(!memcmp(back, value, 40) && !back[40]);
	EXPECT_EQ(0, ext_truncate(&f, 20));
	EXPECT_TRUE(!(f.flags & EXT_INLINE_DATA_FL));
	open_name("larger", &f);
	EXPECT_TRUE(f.flags & EXT_INLINE_DATA_FL);
	EXPECT_EQ(0, ext_inline_read(&f, back, sizeof(back)));
	EXPECT_TRUE(!memcmp(back, value, 130) && !back[130]);
	EXPECT_EQ(0, ext_truncate(&f, 1000));
	open_name("d", &d);
	EXPECT_TRUE(d.flags & EXT_INLINE_DATA_FL);
	EXPECT_EQ(0, ext_dir_lookup(&d, &n, &ino, &type));
	EXPECT_EQ(0, ext_dir_is_empty(&d));
	ASSERT_EQ(0, ext_inode_read(fs, ino, &f));
	EXPECT_EQ(0, ext_unlink(&d, &n, &f));
	EXPECT_EQ(0, ext_evict(&f));
	EXPECT_TRUE(!(d.flags & EXT_INLINE_DATA_FL));
	EXPECT_EQ(-ENOENT, ext_dir_lookup(&d, &n, &ino, &type));
	n = nm("another");
	EXPECT_EQ(0, ext_dir_lookup(&d, &n, &ino, &type));
	ext_test_unmount(fs);
	ext_fsck("inline");
}

TEST(large_values)
{
	memset(value, 'w', sizeof(value));
	ASSERT_TRUE(host_write_file(host_temp("value"), value, 1024));
	ext_mkfs("-O ea_inode -b 1024", "16M");
	fmt_print(out, sizeof(out), "write /dev/null f\nea_set -f %s f user.large\n",
		  host_temp("value"));
	ext_debugfs(out, out + 1000, sizeof(out) - 1000);
	fs = ext_test_mount();
	open_name("f", &f);
	expect_value(&f, "user.large", value, 1024);
	EXPECT_EQ(-EOPNOTSUPP, ext_setxattr(&f, "user.large", "x", 1, 0));
	EXPECT_EQ(0, ext_setxattr(&f, "user.small", "x", 1, 0));
	expect_value(&f, "user.large", value, 1024);
	/* no e2fsck: debugfs does not count the value's block as it wants it */
	ext_test_unmount(fs);
}

TEST(links)
{
	char target[300];

	memset(target, 0, sizeof(target));
	memset(target, 'l', 200);
	ext_mkfs("", "16M");
	fmt_print(out, sizeof(out), "symlink short %.59s\nsymlink long %s\nsymlink edge %.60s\n",
		  target, target, target);
	ext_debugfs(out, out + 2000, sizeof(out) - 2000);
	fs = ext_test_mount();
	open_name("short", &f);
	EXPECT_EQ(59, ext_readlink(&f, (char *)back, sizeof(back)));
	open_name("edge", &f);
	EXPECT_EQ(60, ext_readlink(&f, (char *)back, sizeof(back)));
	open_name("long", &f);
	EXPECT_EQ(200, ext_readlink(&f, (char *)back, sizeof(back)));
	EXPECT_TRUE(!memcmp(back, target, 200));
	ext_test_unmount(fs);
}
