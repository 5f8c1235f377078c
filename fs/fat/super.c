/* SPDX-License-Identifier: MIT */
/* super.c - the boot sector, checked once: the rest of the core divides by its numbers and indexes
 * with them. The mark of a file system in use, and the hints of FSInfo.
 * Locks: M. Ref: the specification, sections 3 to 5. Tests: selftests/unit/fat_super_test.c,
 * fuzz/fat_fuzz.c
 */
#define LOG_TAG "FAT-fs"
#include <fs/blkdev.h>
#include <fs/fat/fat.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>

void fat_complain(struct fat_fs *fs, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	fmt_vprint(text, sizeof(text), fmt, args);
	va_end(args);
	pr_err("(%s): error, %s", fs->name, text);
	if (fs->opt.errors == FAT_ERRORS_PANIC)
		panic("FAT-fs (%s): fs panic from previous error", fs->name);
	if (fs->opt.errors == FAT_ERRORS_RO && !fs->read_only) {
		fs->read_only = true;
		pr_err("(%s): Filesystem has been set read-only", fs->name);
		if (fs->went_read_only)
			fs->went_read_only(fs);
	}
}

/* ---- the boot sector ---- */

static bool is_power_of_2(u32 n)
{
	return n && !(n & (n - 1));
}

static bool is_media(u8 media)
{
	return media >= 0xf8 || media == 0xf0;
}

/* NULL: it may be believed. */
static const char *what_is_wrong(const struct fat_boot *b)
{
	u32 size = get_le16(b->sector_size);

	if (!get_le16(b->reserved))
		return "bogus number of reserved sectors";
	if (!b->nr_fats)
		return "bogus number of FAT structure";
	if (!is_media(b->media))
		return "invalid media value";
	if (!is_power_of_2(size) || size < 512 || size > 4096)
		return "bogus logical sector size";
	if (!is_power_of_2(b->cluster_sectors))
		return "bogus sectors per cluster";
	if (!get_le16(b->fat_sectors16) && !get_le32(b->f32.fat_sectors))
		return "bogus number of FAT sectors";
	if (get_le16(b->root_entries) % (size / sizeof(struct fat_entry)))
		return "bogus number of directory entries";
	return NULL;
}

static u32 log2_of(u32 n)
{
	return (u32)__builtin_ctz(n);
}

static const char *set_geometry(struct fat_fs *fs, const struct fat_boot *b)
{
	u32 size = get_le16(b->sector_size), total = get_le16(b->sectors16), most;
	u64 start = get_le16(b->reserved), clusters, fit;
	bool is32 = !get_le16(b->fat_sectors16);

	fs->sector_bits = log2_of(size);
	fs->cluster_bits = fs->sector_bits + log2_of(b->cluster_sectors);
	fs->nr_fats = b->nr_fats;
	fs->fat_start = (u32)start;
	fs->fat_sectors = is32 ? get_le32(b->f32.fat_sectors) : get_le16(b->fat_sectors16);
	start += (u64)fs->nr_fats * fs->fat_sectors;
	fs->root_entries = get_le16(b->root_entries);
	fs->root_start = (u32)start;
	start += fs->root_entries * sizeof(struct fat_entry) >> fs->sector_bits;
	total = total ? total : get_le32(b->sectors32);
	if (start >= total)
		return "no room for data";
	fs->data_start = (u32)start;
	clusters = (total - start) >> (fs->cluster_bits - fs->sector_bits);
	fs->bits = is32 ? 32 : clusters > FAT12_MAX_CLUSTERS ? 16 : 12;
	fit = ((u64)fs->fat_sectors << fs->sector_bits) * 8 / fs->bits;
	if (fit <= FAT_FIRST_CLUSTER)
		return "bogus number of FAT sectors";
	clusters = min(clusters, fit - FAT_FIRST_CLUSTER);
	most = fs->bits == 32	? FAT32_MAX_CLUSTERS
	       : fs->bits == 16 ? FAT16_MAX_CLUSTERS
				: FAT12_MAX_CLUSTERS;
	if (clusters > most)
		return "count of clusters too big";
	fs->max_cluster = (u32)clusters + FAT_FIRST_CLUSTER;
	fs->root_cluster = is32 ? get_le32(b->f32.root_cluster) : 0;
	fs->info_sector = is32 ? max(1u, (u32)get_le16(b->f32.info)) : 0;
	fs->serial = get_le32(is32 ? b->f32.id : b->old.id);
	fs->was_dirty = (is32 ? b->f32.state : b->old.state) & FAT_STATE_DIRTY;
	return NULL;
}

/* ---- FSInfo ---- */

static bool is_info(const struct fat_info *i)
{
	return get_le32(i->lead) == FAT_INFO_LEAD && get_le32(i->signature) == FAT_INFO_SIGN;
}

static int read_info(struct fat_fs *fs)
{
	auto_buf struct buf *b = NULL;
	const struct fat_info *i;
	int err;

	fs->nr_free = U32_MAX;
	fs->next_free = FAT_FIRST_CLUSTER;
	if (!fs->info_sector)
		return 0;
	err = buf_read(fs->dev, fs->info_sector, &b);
	if (err)
		return err;
	i = (const struct fat_info *)b->data;
	if (!is_info(i)) {
		pr_warn("(%s): Invalid FSINFO signature: 0x%08x, 0x%08x (sector = %u)", fs->name,
			get_le32(i->lead), get_le32(i->signature), fs->info_sector);
		fs->info_sector = 0;
		return 0;
	}
	if (fs->opt.usefree && get_le32(i->free) <= fs->max_cluster - FAT_FIRST_CLUSTER)
		fs->nr_free = get_le32(i->free);
	if (get_le32(i->next) < fs->max_cluster)
		fs->next_free = get_le32(i->next);
	return 0;
}

int fat_write_info(struct fat_fs *fs)
{
	auto_buf struct buf *b = NULL;
	struct fat_info *i;
	int err;

	if (!fs->info_dirty || !fs->info_sector || fs->read_only)
		return 0;
	err = buf_read(fs->dev, fs->info_sector, &b);
	if (err)
		return err;
	fs->info_dirty = false;
	i = (struct fat_info *)b->data;
	if (!is_info(i))
		return fat_corrupt(fs, "FSINFO has lost its signature");
	if (fs->nr_free != U32_MAX)
		put_le32(i->free, fs->nr_free);
	put_le32(i->next, fs->next_free);
	buf_dirty(b);
	return 0;
}

/* ---- mounting ---- */

/* One that was not clean before stays so: only fsck takes the mark away. */
int fat_set_state(struct fat_fs *fs, bool in_use)
{
	auto_buf struct buf *b = NULL;
	struct fat_boot *boot;
	u8 *state;
	int err;

	if (fs->was_dirty)
		return 0;
	err = buf_read(fs->dev, 0, &b);
	if (err)
		return err;
	boot = (struct fat_boot *)b->data;
	state = fs->bits == 32 ? &boot->f32.state : &boot->old.state;
	*state = (u8)(in_use ? *state | FAT_STATE_DIRTY : *state & ~FAT_STATE_DIRTY);
	buf_dirty(b);
	return buf_write(&b, 1, 0);
}

static int read_boot(struct fat_fs *fs)
{
	const char *wrong;
	auto_buf struct buf *b = NULL;
	struct fat_boot boot;
	int err = blkdev_set_block_size(fs->dev, 512);

	if (err)	/* the device has larger sectors */
		err = blkdev_set_block_size(fs->dev, 4096);
	if (!err)
		err = buf_read(fs->dev, 0, &b);
	if (err) {
		pr_err("(%s): unable to read boot sector", fs->name);
		return err;
	}
	memcpy(&boot, b->data, sizeof(boot));
	wrong = what_is_wrong(&boot);
	if (!wrong)
		wrong = set_geometry(fs, &boot);
	if (wrong) {
		pr_err("(%s): %s; Can't find a valid FAT filesystem", fs->name, wrong);
		return -EINVAL;
	}
	return 0;
}

int fat_mount(struct fat_fs *fs)
{
	int err = read_boot(fs);

	if (!err && blkdev_set_block_size(fs->dev, 1u << fs->sector_bits)) {
		pr_err("(%s): logical sector size too small for device (logical sector size = %u)",
		       fs->name, 1u << fs->sector_bits);
		return -EIO;
	}
	if (!err)
		err = read_info(fs);
	if (err)
		return err;
	if (fs->was_dirty)
		pr_warn("(%s): Volume was not properly unmounted. Some data may be corrupt. Please "
			"run fsck.",
			fs->name);
	return fs->read_only ? 0 : fat_set_state(fs, true);
}

int fat_unmount(struct fat_fs *fs)
{
	int err = 0, err2;

	if (fs->read_only)
		return 0;
	err = fat_write_info(fs);
	err2 = buf_sync(fs->dev);
	err = err ? err : err2;
	if (!err)
		err = fat_set_state(fs, false);
	return err;
}
