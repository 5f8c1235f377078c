/* SPDX-License-Identifier: MIT */
/* modules: @fat selftests/host/fuzzimg.c */
/* fat: an image of mkfs.vfat with bytes changed - boot sector, tables, directories - is mounted,
 * walked, written to. Nothing may be touched outside, nothing may go on for ever; errors are
 * expected.
 *
 * The input: see selftests/host/fuzzimg.h. */
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#include "../host/fatdev.h"
#include "../host/fuzzimg.h"

static const char *const options[] = { "-F 12 -s 1 -C %s 200", "-F 16 -s 1 -C %s 2300",
				       "-F 32 -s 1 -C %s 700", "-F 12 -S 4096 -C %s 800" };

void log_print(enum log_level level, const char *tag, const char *fmt, ...)
{
}

static void fill(void)
{
	struct fat_inode root, d, f;
	char name[60] = "a file with a rather long name 0";

	if (fat_try_mount() || fat_inode_root(&the_fs, &root) ||
	    fat_create(&root, "dir", 3, true, (struct fat_time){ 1600000000, 0 }, &d))
		panic("an image that is no good");
	for (u32 n = 0; n < 20; n++) {
		name[31] = (char)('a' + n);
		if (fat_create(n & 1 ? &root : &d, name, 32, n == 7,
			       (struct fat_time){ 1600000000, 0 }, &f) ||
		    fat_chain_grow(&the_fs, &f.chain, n % 5))
			panic("it does not take a file");
		f.size = n == 7 ? 0 : f.chain.known << the_fs.cluster_bits;
		(void)!fat_inode_write(&f);
		fat_chain_forget(&f.chain);
	}
	fat_chain_forget(&root.chain);
	fat_chain_forget(&d.chain);
	fat_unmount(&the_fs);
	img_forget();
}

static void make(struct fuzz_image *m, const char *opts)
{
	char command[200];
	u8 *bytes;

	fmt_print(command, sizeof(command), opts, host_temp("image"));
	if (host_shell(NULL, 0, "rm -f %s; PATH=$PATH:/sbin:/usr/sbin mkfs.vfat %s >/dev/null 2>&1",
		       host_temp("image"), command))
		panic("mkfs.vfat %s", command);
	bytes = host_read_file(host_temp("image"), &m->size);
	img_use(bytes, m->size);
	fill();
	memcpy(bytes, img_bytes(&m->size), m->size);
	m->bytes = bytes;
}

static struct fuzz_images images = {
	.options = options, .nr = ARRAY_SIZE(options), .favoured = 1, .make = make
};

static void use_file(struct fat_inode *i)
{
	u32 disk, len, n;

	for (u32 at = 0; at < 40; at++)
		if (fat_chain_map(i->fs, &i->chain, at, &disk, &len) || !disk)
			break;
	(void)!fat_chain_grow(i->fs, &i->chain, 3);
	(void)!fat_truncate(i, 600);
	(void)!fat_chain_length(i->fs, &i->chain, &n);
}

static void use_dir(struct fat_inode *dir, u32 depth)
{
	struct fat_inode other = { .fs = dir->fs };
	struct fat_found f;
	u32 at = 0, n = 0;

	while (n++ < 60 && !fat_dir_next(dir, &at, &f)) {
		struct fat_inode i = { .fs = dir->fs };

		fat_inode_fill(&i, dir->fs, &f.e, f.where);
		if (fat_is_dir(&i) && depth < 2)
			use_dir(&i, depth + 1);
		else
			use_file(&i);
		if (n % 4 == 0)
			(void)!fat_unlink(dir, &i);
		if (n % 5 == 0)
			(void)!fat_rename(&(struct fat_rename){ dir, dir, &i, NULL,
								"a new name for it", 17, false });
		fat_chain_forget(&i.chain);
	}
	(void)!fat_dir_find(dir, "A FILE WITH A RATHER LONG NAME C", 32, &f);
	if (!fat_create(dir, "made by the fuzzer", 18, depth & 1,
			(struct fat_time){ 1600000000, 0 }, &other))
		fat_chain_forget(&other.chain);
}

void fuzz_one(const u8 *data, usize size);
void fuzz_one(const u8 *data, usize size)
{
	const struct fuzz_image *m = fuzz_image_pick(&images, data, size);
	struct fat_inode root;
	u64 bytes;

	if (!m)
		return;
	img_use(m->bytes, m->size);
	fuzz_image_change(&images, m, img_bytes(&bytes), data, size);
	if (!fat_try_mount()) {
		the_fs.opt.errors = FAT_ERRORS_CONTINUE;
		if (!fat_inode_root(&the_fs, &root))
			use_dir(&root, 0);
		fat_chain_forget(&root.chain);
		fat_unmount(&the_fs);
	}
	if (img_held())
		panic("a buf is held");
	img_forget();
}
