/* SPDX-License-Identifier: MIT */
/* super.c - the super block, checked once.
 * Locks: none. Ref: the format. Tests: selftests/unit/erofs_test.c, fuzz/erofs_fuzz.c
 */
#define LOG_TAG "erofs"
#include <fs/blkdev.h>
#include <fs/erofs/erofs.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define MIN_BLOCK_BITS 9u

void erofs_complain(const struct erofs_fs *fs, u64 nid, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	fmt_vprint(text, sizeof(text), fmt, args);
	va_end(args);
	pr_err("(device %s): nid %lu: %s", fs->name, nid, text);
}

int erofs_bytes(struct erofs_fs *fs, u64 at, void *to, u32 n)
{
	u32 size = 1u << fs->block_bits;

	while (n) {
		auto_buf struct buf *b = NULL;
		u32 off = (u32)at & (size - 1), part = min(n, size - off);
		int err = buf_read(fs->dev, at >> fs->block_bits, &b);

		if (err)
			return err;
		memcpy(to, b->data + off, part);
		at += part;
		to = (u8 *)to + part;
		n -= part;
	}
	return 0;
}

static const char *const features[] = { [3] = "device table or second head",
					[4] = "ztailpacking",
					[5] = "fragments or dedupe",
					[6] = "xattr prefixes",
					[7] = "48bit",
					[8] = "metabox" };
static const char *const algorithms[] = { "LZ4", "LZMA", "DEFLATE", "Zstandard" };

static bool name_bits(const struct erofs_fs *fs, u32 bits, const char *const *names, u32 nr,
		      const char *what)
{
	for (u32 n = 0; n < 32; n++)
		if (bits >> n & 1)
			pr_err("(device %s): %s %s (%#x) is not supported", fs->name, what,
			       n < nr && names[n] ? names[n] : "unknown", 1u << n);
	return bits;
}

static int check_features(struct erofs_fs *fs, const struct erofs_super_block *s)
{
	bool bad = name_bits(fs, s->incompat & ~EROFS_KNOWN, features, ARRAY_SIZE(features),
			     "incompatible feature");

	if (s->incompat & EROFS_COMPR_CFGS)
		bad |= name_bits(fs, s->algorithms & ~1u, algorithms, ARRAY_SIZE(algorithms),
				 "compression algorithm");
	return bad ? -EOPNOTSUPP : 0;
}

/* From the super block to the end of its block. */
static int check_sum(struct erofs_fs *fs, const struct erofs_super_block *s)
{
	u32 len = 1u << s->block_bits, crc;
	u8 *bytes;
	int err;

	if (!(s->compat & EROFS_COMPAT_CHECKSUM))
		return 0;
	len -= len > EROFS_SUPER_OFFSET ? EROFS_SUPER_OFFSET : 0;
	bytes = kmalloc(len, PAGE_KERNEL);
	if (!bytes)
		return -ENOMEM;
	err = erofs_bytes(fs, EROFS_SUPER_OFFSET, bytes, len);
	memset(bytes + offsetof(struct erofs_super_block, checksum), 0, sizeof(s->checksum));
	crc = crc32c(~0u, bytes, len);
	kfree(bytes);
	if (!err && crc != s->checksum) {
		pr_err("(device %s): invalid checksum 0x%08x, 0x%08x expected", fs->name, crc,
		       s->checksum);
		err = -EBADMSG;
	}
	return err;
}

static void set_fields(struct erofs_fs *fs, const struct erofs_super_block *s)
{
	fs->incompat = s->incompat;
	fs->meta = (u64)s->meta_block << s->block_bits;
	fs->xattrs = (u64)s->xattr_block << s->block_bits;
	fs->root_nid = s->root_nid;
	fs->inos = s->inos;
	fs->blocks = s->blocks;
	fs->build_time = s->build_time;
	fs->build_nsec = s->build_nsec;
}

static int read_super(struct erofs_fs *fs, struct erofs_super_block *s)
{
	int err = blkdev_set_block_size(fs->dev, 512);

	fs->block_bits = 9;
	if (err) { /* the device has larger sectors */
		err = blkdev_set_block_size(fs->dev, PAGE_SIZE);
		fs->block_bits = PAGE_SHIFT;
	}
	if (!err)
		err = erofs_bytes(fs, EROFS_SUPER_OFFSET, s, sizeof(*s));
	if (err)
		pr_err("(device %s): cannot read erofs superblock", fs->name);
	return err;
}

int erofs_mount(struct erofs_fs *fs)
{
	struct erofs_super_block s;
	int err = read_super(fs, &s);

	if (err)
		return err;
	if (s.magic != EROFS_MAGIC) {
		pr_err("(device %s): cannot find valid erofs superblock", fs->name);
		return -EINVAL;
	}
	if (s.block_bits < MIN_BLOCK_BITS || s.block_bits > PAGE_SHIFT || s.dir_block_bits) {
		pr_err("(device %s): blkszbits %u isn't supported", fs->name, s.block_bits);
		return -EINVAL;
	}
	err = check_features(fs, &s);
	if (!err)
		err = check_sum(fs, &s);
	if (err)
		return err;
	if (blkdev_set_block_size(fs->dev, 1u << s.block_bits)) {
		pr_err("(device %s): failed to set erofs blksize", fs->name);
		return -EINVAL;
	}
	fs->block_bits = s.block_bits;
	set_fields(fs, &s);
	return 0;
}

void erofs_unmount(struct erofs_fs *fs)
{
	kfree(fs->last.bytes);
	fs->last = (struct erofs_unpacked){ 0 };
}
