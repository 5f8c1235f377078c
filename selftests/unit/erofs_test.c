/* SPDX-License-Identifier: MIT */
/* modules: @erofs */
/* EROFS: images of stock mkfs.erofs are read back, every layout against the files they were made
 * of; super blocks, features, damage. */
#include <fs/erofs/erofs.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#include "imgdev.h"

static struct erofs_fs fs;

static void tree(void)
{
	const char *top = host_temp("tree");

	ASSERT_EQ(
		0,
		host_shell(
			NULL, 0,
			"mkdir -p %s/many && cd %s && : > empty && echo small > small && head -c "
			"4096 /dev/zero > block && "
			"head -c 300000 /dev/urandom > noise && seq 90000 > text && head -c "
			"2000000 /dev/zero > zeros && "
			"(cat text; head -c 9000 noise; seq 2000; head -c 70000 zeros; head -c "
			"5000 noise; seq 5) > mixed && "
			"seq 1900 > page && ln -s ../where link && mkfifo fifo && ln small hard && "
			"for i in $(seq 300); do echo $i > many/a-name-that-is-long-$i; done; "
			"for i in $(seq 9); do setfattr -n user.name$i -v value$i small text; "
			"setfattr -n user.one -v same many/*$i; done 2>/dev/null; true",
			top, top));
}

static void mkfs(const char *options)
{
	char out[1000];

	if (host_shell(out, sizeof(out), "rm -f %s; mkfs.erofs %s %s %s 2>&1", host_temp("image"),
		       options, host_temp("image"), host_temp("tree"))) {
		FAIL("mkfs.erofs %s: %s", options, out);
		host_end_test();
	}
	img_load(host_temp("image"));
}

static int try_mount(void)
{
	erofs_unmount(&fs);
	fs = (struct erofs_fs){ .dev = &img_dev, .name = "vdt" };
	mutex_init(&fs.lock, RANK_SUPER);
	return erofs_mount(&fs);
}

static void look_up(const char *name, struct erofs_inode *i)
{
	struct erofs_inode root;
	u32 type;
	u64 nid;

	ASSERT_EQ(0, erofs_inode_read(&fs, fs.root_nid, &root));
	ASSERT_EQ(0, erofs_lookup(&root, name, (u32)strlen(name), &nid, &type));
	ASSERT_EQ(0, erofs_inode_read(&fs, nid, i));
}

static void compare(const char *what, const char *name)
{
	char path[200];
	struct erofs_inode i;
	u8 *want, buf[9000];
	usize size;

	fmt_print(path, sizeof(path), "%s/%s", host_temp("tree"), name);
	want = host_read_file(path, &size);
	look_up(name, &i);
	EXPECT_EQ(size, i.size);
	for (u64 at = 0; at < size; at += sizeof(buf)) {
		usize n = min(sizeof(buf), size - at);

		ASSERT_EQ(0, erofs_read(&i, at, buf, sizeof(buf)));
		if (memcmp(buf, want + at, n) != 0) {
			FAIL("%s: %s differs behind byte %lu", what, name, at);
			break;
		}
		if (n < sizeof(buf) && !mem_is_zero(buf + n, sizeof(buf) - n))
			FAIL("%s: %s goes on behind its end", what, name);
	}
	for (u32 k = 0; k < 200 && size; k++) {
		u64 at = host_random() % size;

		ASSERT_EQ(0, erofs_read(&i, at, buf, 1));
		EXPECT_EQ(want[at], buf[0]);
	}
	host_free(want);
}

static u32 counted;

static bool count(struct erofs_emit *e, const char *name, u32 len, u64 nid, u32 type, u64 next)
{
	counted++;
	return counted % 100;
}

static void check(const char *options)
{
	static const char *const names[] = { "empty", "small", "block", "noise", "text",
					     "zeros", "mixed", "page",	"hard" };
	struct erofs_emit e = { .entry = count };
	struct erofs_inode i;
	u64 nid, at = 0;
	u32 type;

	mkfs(options);
	ASSERT_EQ(0, try_mount());
	for (u32 n = 0; n < ARRAY_SIZE(names); n++)
		compare(options, names[n]);
	look_up("many", &i);
	EXPECT_EQ(S_IFDIR, i.mode & S_IFMT);
	for (counted = 0; at < i.size;)
		ASSERT_EQ(0, erofs_readdir(&i, &at, &e));
	EXPECT_TRUE(counted >= 302);
	for (u32 n = 1; n <= 300; n++) {
		char name[60];

		fmt_print(name, sizeof(name), "a-name-that-is-long-%u", n);
		EXPECT_EQ(0, erofs_lookup(&i, name, (u32)strlen(name), &nid, &type));
	}
	EXPECT_EQ(-ENOENT, erofs_lookup(&i, "a", 1, &nid, &type));
	EXPECT_EQ(-ENOENT, erofs_lookup(&i, "zzz", 3, &nid, &type));
	look_up("link", &i);
	EXPECT_EQ(8, i.size);
	look_up("fifo", &i);
	EXPECT_EQ(0, i.size);
	EXPECT_EQ(0, img_held());
	erofs_unmount(&fs);
}

TEST(every_layout)
{
	tree();
	check("");
	check("-zlz4");
	check("-zlz4hc,12");
	check("-zlz4 -C65536");
	check("-zlz4 -Elegacy-compress");
	check("-zlz4 -C32768 -Elegacy-compress");
	check("--chunksize=4096");
	check("--chunksize=65536");
	check("-Eforce-inode-compact -T0");
	check("-Eforce-inode-extended,noinline_data");
}

TEST(attributes)
{
	struct erofs_inode i;
	char list[400], value[40];
	ssize_t n;

	tree();
	mkfs("");
	ASSERT_EQ(0, try_mount());
	look_up("small", &i);
	n = erofs_listxattr(&i, list, sizeof(list));
	if (!n)
		return;		/* the host's file system takes none */
	EXPECT_EQ(9 * 11, n);
	EXPECT_EQ(n, erofs_listxattr(&i, NULL, 0));
	EXPECT_EQ(-ERANGE, erofs_listxattr(&i, list, 20));
	EXPECT_EQ(6, erofs_getxattr(&i, "user.name7", value, sizeof(value)));
	EXPECT_EQ(0, memcmp(value, "value7", 6));
	EXPECT_EQ(6, erofs_getxattr(&i, "user.name7", NULL, 0));
	EXPECT_EQ(-ERANGE, erofs_getxattr(&i, "user.name7", value, 5));
	EXPECT_EQ(-ENODATA, erofs_getxattr(&i, "user.name", value, sizeof(value)));
	look_up("block", &i);
	EXPECT_EQ(-ENODATA, erofs_getxattr(&i, "user.name7", value, sizeof(value)));
}

static struct erofs_super_block *super(void)
{
	u64 size;

	return (struct erofs_super_block *)(img_bytes(&size) + EROFS_SUPER_OFFSET);
}

/* The checksum as it should be. */
static void seal(void)
{
	super()->checksum = 0;
	super()->checksum = crc32c(~0u, super(), (1u << super()->block_bits) - EROFS_SUPER_OFFSET);
}

TEST(super_blocks)
{
	struct erofs_super_block good;

	tree();
	mkfs("-zlz4");
	good = *super();
	super()->magic++;
	EXPECT_EQ(-EINVAL, try_mount());
	*super() = good;
	super()->inos++;
	EXPECT_EQ(-EBADMSG, try_mount());
	*super() = good;
	super()->block_bits = 13;
	EXPECT_EQ(-EINVAL, try_mount());
	for (u32 n = 3; n < 32; n++) {
		*super() = good;
		super()->incompat |= 1u << n;
		seal();
		EXPECT_EQ(-EOPNOTSUPP, try_mount());
	}
	*super() = good;
	super()->incompat |= EROFS_COMPR_CFGS;
	super()->algorithms = 3;
	seal();
	EXPECT_EQ(-EOPNOTSUPP, try_mount());
	*super() = good;
	img_smallest = 8192;
	EXPECT_EQ(-EINVAL, try_mount());
	img_smallest = 512;
	img_fail_reads = 1;
	EXPECT_EQ(-EIO, try_mount());
	EXPECT_EQ(0, try_mount());
	EXPECT_EQ(0, img_held());
}

TEST(what_later_versions_make_is_refused)
{
	static const char *const options[] = { "-zlz4 -Eztailpacking", "-zlz4 -Efragments",
					       "-zlz4 -Ededupe" };

	tree();
	for (u32 n = 0; n < ARRAY_SIZE(options); n++) {
		if (host_shell(NULL, 0, "rm -f %s; mkfs.erofs %s %s %s >/dev/null 2>&1",
			       host_temp("image"), options[n], host_temp("image"),
			       host_temp("tree")))
			continue;
		img_load(host_temp("image"));
		EXPECT_EQ(super()->incompat & ~EROFS_KNOWN ? -EOPNOTSUPP : 0, try_mount());
	}
}

/* Any byte of an inode and its indexes may be anything: errors, and no more. */
static void damage(const char *options, const char *name, u32 bytes)
{
	u8 *buf = host_alloc(100000, 0, false), *image;
	struct erofs_inode i, copy;
	u64 size, from, nid;

	mkfs(options);
	ASSERT_EQ(0, try_mount());
	look_up(name, &i);
	nid = i.nid;
	from = fs.meta + (nid << EROFS_SLOT_BITS);
	for (u32 n = 0; n < 4000; n++) {
		u64 at = from + host_random() % bytes;
		u8 was;

		image = img_bytes(&size);
		was = image[at];
		image[at] = (u8)host_random();
		if (!erofs_inode_read(&fs, nid, &copy)) {
			char list[300];

			(void)!erofs_read(&copy, host_random() % 400000, buf, 100000);
			(void)!erofs_listxattr(&copy, list, sizeof(list));
			(void)!erofs_getxattr(&copy, "user.none", list, sizeof(list));
		}
		EXPECT_EQ(0, img_held());
		img_forget();
		img_bytes(&size)[at] = was;
		fs.last.len = 0;
	}
	host_free(buf);
}

TEST(damage_compact) { tree(); damage("-zlz4", "mixed", 700); }
TEST(damage_big) { tree(); damage("-zlz4 -C65536", "mixed", 700); }
TEST(damage_legacy) { tree(); damage("-zlz4 -C65536 -Elegacy-compress", "mixed", 1800); }
TEST(damage_chunks) { tree(); damage("--chunksize=4096", "mixed", 300); }
TEST(damage_plain) { tree(); damage("", "small", 200); }

TEST(damaged_directories)
{
	struct erofs_inode i;
	u64 size, at, nid;
	u32 type;

	tree();
	mkfs("");
	ASSERT_EQ(0, try_mount());
	look_up("many", &i);
	for (u32 n = 0; n < 3000; n++) {
		struct erofs_emit e = { .entry = count };
		u64 place = ((u64)i.place << fs.block_bits) + host_random() % 900, pos = 0;
		u8 was = img_bytes(&size)[place];

		img_bytes(&size)[place] = (u8)host_random();
		for (at = 0; pos < i.size && at < 400 && !erofs_readdir(&i, &pos, &e); at++)
			;
		(void)!erofs_lookup(&i, "a-name-that-is-long-150", 23, &nid, &type);
		EXPECT_EQ(0, img_held());
		img_forget();
		img_bytes(&size)[place] = was;
	}
}

MAIN
