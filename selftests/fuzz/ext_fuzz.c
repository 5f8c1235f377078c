/* SPDX-License-Identifier: MIT */
/* modules: @ext selftests/host/fuzzimg.c */
/* ext: an image of mkfs.ext4 with words changed - anywhere in its metadata - is mounted, walked,
 * read and written to. Nothing may be touched outside, nothing may go on for ever; errors are
 * expected.
 *
 * The input: see selftests/host/fuzzimg.h. Checksums would hide everything behind them, so they are
 * off but in one image. */
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#include "../host/extdev.h"
#include "../host/fuzzimg.h"

static const char *const options[] = {
	"-O ^metadata_csum,^has_journal -b 1024",
	"-t ext2 -b 1024 -O dir_index",
	"-O inline_data,^metadata_csum,^has_journal -I 512 -b 1024",
	"-O orphan_file,ea_inode,large_dir,^metadata_csum -b 1024",
	"-b 4096",
};

static void fill(const char *path)
{
	host_shell(NULL, 0,
		   "(long=$(printf %%0200d 0); echo mkdir d; for i in $(seq 60); do echo write "
		   "/etc/hostname a-file-with-a-name-$i; done; "
		   "echo write /bin/cat a-file-with-a-name-7x; echo symlink s /a/target; echo "
		   "symlink l $long;"
		   "echo ea_set a-file-with-a-name-1 user.a b; echo ea_set a-file-with-a-name-2 "
		   "user.long $long; echo mknod p p; "
		   "echo cd d; for i in $(seq 5); do echo write /etc/hostname "
		   "a-file-with-a-name-$i; done) > %s.cmd; "
		   "PATH=$PATH:/sbin:/usr/sbin debugfs -w -f %s.cmd %s >/dev/null 2>&1",
		   path, path, path);
}

static void make(struct fuzz_image *m, const char *opts)
{
	const char *path = host_temp("image");

	if (host_shell(NULL, 0,
		       "rm -f %s; PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 -q -F -N 200 %s %s 4M "
		       ">/dev/null 2>&1",
		       path, opts, path))
		panic("mkfs.ext4 %s", opts);
	fill(path);
	m->bytes = host_read_file(path, &m->size);
}

static struct fuzz_images images = {
	.options = options, .nr = ARRAY_SIZE(options), .first = 2, .make = make
};
static u32 left;

static bool count(struct ext_emit *e, const char *name, u32 len, u32 ino, u32 d_type, u64 next)
{
	return left && left--;
}

static void use_file(struct ext_inode *i)
{
	struct ext_mapping m;
	char buf[300];

	for (u64 at = 0; at < 200;) {
		if (ext_map(i, NULL, at, 50, 0, &m))
			break;
		if (!m.len)
			panic("a mapping of no length");
		at += m.len;
	}
	(void)!ext_xattr_list(i, buf, sizeof(buf));
	(void)!ext_xattr_get(i, "user.a", buf, sizeof(buf));
	(void)!ext_xattr_get(i, "user.long", buf, sizeof(buf));
	(void)!ext_setxattr(i, "user.b", "value", 5, 0);
	if (ext_is_link(i))
		(void)!ext_readlink(i, buf, sizeof(buf));
	if (ext_is_reg(i)) {
		(void)!ext_preallocate(i, 3, 9, 9 << 12);
		(void)!ext_punch(i, 1, 5);
		(void)!ext_truncate(i, 100);
	}
}

static void use_dir(struct ext_fs *fs, struct ext_inode *dir)
{
	struct ext_owner o = { .mode = S_IFREG | 0600 };
	struct ext_emit e = { .entry = count };
	struct ext_inode i;
	u64 pos = 0;

	left = 500;
	(void)!ext_readdir(dir, &pos, &e);
	for (u32 n = 1; n < 70; n++) {
		static char name[] = "a-file-with-a-name-xx";
		struct ext_name nm = { name, 20 };
		u32 ino;
		u8 type;

		name[19] = (char)('0' + n % 10);
		name[20] = (char)('0' + n / 10);
		nm.len = n < 10 ? 20 : 21;
		if (ext_dir_lookup(dir, &nm, &ino, &type))
			continue;
		if (ext_inode_read(fs, ino, &i))
			continue;
		use_file(&i);
		if (n % 3 == 0 && !ext_is_dir(&i) && !ext_unlink(dir, &nm, &i) && !i.nlink)
			(void)!ext_evict(&i);
		if (ext_is_orphan(&i)) /* it goes with this frame */
			ext_orphan_forget(&i);
	}
	for (char c = 'A'; c < 'K'; c++) {
		char name[200];

		memset(name, c, sizeof(name));
		if (!ext_create(dir, &(struct ext_name){ name, 180 }, &o, &i) && ext_is_orphan(&i))
			ext_orphan_forget(&i);
	}
}

void fuzz_one(const u8 *data, usize size);
void fuzz_one(const u8 *data, usize size)
{
	const struct fuzz_image *m = fuzz_image_pick(&images, data, size);
	struct ext_params p = { .errors = ERRORS_CONTINUE };
	struct ext_fs *fs;
	struct ext_inode dir;
	u32 a, b, ino;
	u8 *bytes, type;

	if (!m)
		return;
	bytes = host_alloc(m->size, 0, false);
	memcpy(bytes, m->bytes, m->size);
	fuzz_image_change(&images, m, bytes, data, size);
	disk_quiet = true;
	disk_forget_all();
	disk_use(bytes, m->size);
	host_free(bytes);
	if (ext_mount(&ext_dev, &p, &fs))
		return;
	(void)!ext_orphan_cleanup(fs, &a, &b);
	if (!ext_inode_read(fs, EXT_ROOT_INO, &dir) && ext_is_dir(&dir)) {
		use_dir(fs, &dir);
		if (!ext_dir_lookup(&dir, &(struct ext_name){ "d", 1 }, &ino, &type) &&
		    !ext_inode_read(fs, ino, &dir) && ext_is_dir(&dir))
			use_dir(fs, &dir);
	}
	(void)!ext_unmount(fs);
}
