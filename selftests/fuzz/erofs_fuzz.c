/* SPDX-License-Identifier: MIT */
/* modules: @erofs selftests/host/fuzzimg.c */
/* erofs: an image of mkfs.erofs with bytes changed - super block, inodes, indexes, directories,
 * compressed data - is mounted, walked and read. Nothing may be touched outside, nothing may go on
 * for ever; errors are expected.
 *
 * The input: see selftests/host/fuzzimg.h. */
#include <fs/erofs/erofs.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#include "../host/fuzzimg.h"
#include "../host/imgdev.h"

static const char *const options[] = { "", "-zlz4 -Elegacy-compress", "-zlz4", "-zlz4 -C65536",
				       "--chunksize=4096" };
static struct erofs_fs fs;
static u32 left; /* entries to look at */

void log_print(enum log_level level, const char *tag, const char *fmt, ...)
{
}

static void make(struct fuzz_image *m, const char *opts)
{
	const char *top = host_temp("tree"), *path = host_temp("image");

	if (host_shell(NULL, 0,
		       "mkdir -p %s/d/e && cd %s && seq 9000 > text && (seq 900; head -c 5000 "
		       "/dev/urandom; seq 800) > mixed && ln -sf text link && "
		       "for i in $(seq 150); do echo $i > d/a-name-that-is-long-$i; done; setfattr "
		       "-n user.a -v b text; rm -f %s; "
		       "mkfs.erofs %s %s %s >/dev/null 2>&1",
		       top, top, path, opts, path, top))
		panic("mkfs.erofs %s", opts);
	m->bytes = host_read_file(path, &m->size);
	((struct erofs_super_block *)(m->bytes + EROFS_SUPER_OFFSET))
		->compat &= ~EROFS_COMPAT_CHECKSUM;
}

static struct fuzz_images images = {
	.options = options, .nr = ARRAY_SIZE(options), .first = 2, .favoured = 8, .make = make
};

static void use(u64 nid, u32 depth);

struct walk {
	struct erofs_emit e;
	u32 depth;
};

static bool visit(struct erofs_emit *e, const char *name, u32 len, u64 nid, u32 type, u64 next)
{
	if (!left)
		return false;
	left--;
	use(nid, container_of(e, struct walk, e)->depth + 1);
	return true;
}

static void use(u64 nid, u32 depth)
{
	static u8 bytes[20000];
	struct walk w = { .e.entry = visit, .depth = depth };
	struct erofs_inode i;
	u64 pos = 0;
	u32 type;

	if (erofs_inode_read(&fs, nid, &i))
		return;
	(void)!erofs_listxattr(&i, (char *)bytes, 300);
	(void)!erofs_getxattr(&i, "user.a", bytes, 10);
	(void)!erofs_read(&i, 0, bytes, sizeof(bytes));
	(void)!erofs_read(&i, i.size / 2, bytes, 5000);
	if (depth < 3) {
		(void)!erofs_readdir(&i, &pos, &w.e);
		(void)!erofs_lookup(&i, "a-name-that-is-long-77", 22, &pos, &type);
	}
}

void fuzz_one(const u8 *data, usize size);
void fuzz_one(const u8 *data, usize size)
{
	const struct fuzz_image *m = fuzz_image_pick(&images, data, size);
	u64 bytes;

	if (!m)
		return;
	img_use(m->bytes, m->size);
	fuzz_image_change(&images, m, img_bytes(&bytes), data, size);
	fs = (struct erofs_fs){ .dev = &img_dev, .name = "vdt" };
	mutex_init(&fs.lock, RANK_SUPER);
	left = 60;
	if (!erofs_mount(&fs))
		use(fs.root_nid, 0);
	erofs_unmount(&fs);
	if (img_held())
		panic("a buf is held");
	img_forget();
}
