/* SPDX-License-Identifier: MIT */
/* ioctl_blk.c - ioctl(2) on block devices.
 * Ref: ioctl(2), linux/fs.h (BLK*), linux/hdreg.h (HDIO_GETGEO), linux/blkpg.h. Tests:
 * selftests/storage/run */
#include "file_int.h"

#include <compat/user.h>
#include <fs/blkdev.h>
#include <fs/dm/dm.h>
#include <fs/loop.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <mm/page.h>
#include <mm/vmo.h>

#define BLKROSET	 0x125du
#define BLKROGET	 0x125eu
#define BLKRRPART	 0x125fu
#define BLKGETSIZE	 0x1260u
#define BLKFLSBUF	 0x1261u
#define BLKRASET	 0x1262u
#define BLKRAGET	 0x1263u
#define BLKFRASET	 0x1264u
#define BLKFRAGET	 0x1265u
#define BLKSECTGET	 0x1267u
#define BLKSSZGET	 0x1268u
#define BLKBSZGET	 0x80081270u
#define BLKBSZSET	 0x40081271u
#define BLKGETSIZE64	 0x80081272u
#define BLKDISCARD	 0x1277u
#define BLKIOMIN	 0x1278u
#define BLKIOOPT	 0x1279u
#define BLKALIGNOFF	 0x127au
#define BLKPBSZGET	 0x127bu
#define BLKDISCARDZEROES 0x127cu
#define BLKSECDISCARD	 0x127du
#define BLKROTATIONAL	 0x127eu
#define BLKZEROOUT	 0x127fu
#define BLKGETDISKSEQ	 0x80081280u
#define HDIO_GETGEO	 0x0301u

struct abi_geometry {
	u8 heads, sectors;
	u16 cylinders;
	u64 start;
};

static long put_geometry(struct blkdev *d, uaddr_t arg)
{
	struct abi_geometry g = { .heads = 16, .sectors = 63, .start = d->start };
	struct dm *md = blkdev_dm(d);

	g.cylinders = (u16)(d->nr_sectors / (16u * 63u));
	if (md) {
		struct dm_geometry m = dm_geometry(md);

		g = (struct abi_geometry){ m.heads, m.sectors, m.cylinders, m.start };
	}
	return copy_to_user(arg, &g, sizeof(g)) ? -EFAULT : 0;
}

/* A range of bytes, in whole sectors and on the device. */
static long get_range(const struct file *f, const struct blkdev *d, uaddr_t arg, u64 *start,
		      u64 *len)
{
	u64 range[2], end;

	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if (copy_from_user(range, arg, sizeof(range)))
		return -EFAULT;
	if ((range[0] | range[1]) & (d->disk->limits.logical_block - 1))
		return -EINVAL;
	if (add_of(range[0], range[1], &end) || end > blkdev_bytes(d))
		return -EINVAL;
	*start = range[0];
	*len = range[1];
	return 0;
}

/* The cache forgets what the device is about to forget. */
static long erase(struct blkdev *d, u64 start, u64 len, bool zeroes)
{
	u64 first = start >> PAGE_SHIFT, last = (start + len - 1) >> PAGE_SHIFT;
	int err = len ? vmo_sync(d->vmo, first, last) : 0;

	if (err || !len)
		return err;
	err = vmo_invalidate(d->vmo, first, last);
	if (err)
		return err;
	err = zeroes ? blkdev_write_zeroes(d, start >> SECTOR_SHIFT, len >> SECTOR_SHIFT) :
		       blkdev_discard(d, start >> SECTOR_SHIFT, len >> SECTOR_SHIFT);
	(void)!vmo_invalidate(d->vmo, first, last);
	return err;
}

static long set_read_only(struct blkdev *d, uaddr_t arg)
{
	s32 on;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (get_user(&on, arg))
		return -EFAULT;
	WRITE_ONCE(d->read_only, on != 0);
	return 0;
}

static long set_block_size(struct blkdev *d, uaddr_t arg)
{
	s32 size;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (get_user(&size, arg))
		return -EFAULT;
	return size > 0 ? blkdev_set_block_size(d, (u32)size) : -EINVAL;
}

static long flush_cache(struct blkdev *d)
{
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	err = blkdev_sync(d);
	vmo_drop_clean(d->vmo, 0, U64_MAX);
	return err;
}

static long get_number(struct blkdev *d, u32 cmd, uaddr_t arg)
{
	const struct disk_limits *l = &d->disk->limits;

	switch (cmd) {
	case BLKROGET: return put_user(arg, (s32)(d->read_only || l->read_only));
	case BLKGETSIZE: return put_user(arg, blkdev_bytes(d) >> SECTOR_SHIFT);
	case BLKGETSIZE64: return put_user(arg, blkdev_bytes(d));
	case BLKSSZGET: return put_user(arg, (s32)l->logical_block);
	case BLKBSZGET: return put_user(arg, (s32)d->block_size);
	case BLKPBSZGET: return put_user(arg, l->physical_block);
	case BLKIOMIN: return put_user(arg, l->physical_block);
	case BLKIOOPT: return put_user(arg, 0u);
	case BLKALIGNOFF: return put_user(arg, (s32)0);
	case BLKDISCARDZEROES: return put_user(arg, 0u);
	case BLKROTATIONAL: return put_user(arg, (u16)l->rotational);
	case BLKSECTGET: return put_user(arg, (u16)min(l->max_sectors, 65535u));
	case BLKRAGET:
	case BLKFRAGET: return put_user(arg, (u64)READ_AHEAD_PAGES * PAGE_SIZE / SECTOR_SIZE);
	case BLKGETDISKSEQ: return put_user(arg, blkdev_sequence(d));
	}
	return -ENOTTY;
}

long ioctl_block(struct file *f, u32 cmd, uaddr_t arg)
{
	struct blkdev *d = container_of(f->obj, struct blkdev, obj);
	u64 start, len;
	long err;

	switch (cmd) {
	case BLKROSET: return set_read_only(d, arg);
	case BLKBSZSET: return set_block_size(d, arg);
	case BLKFLSBUF: return flush_cache(d);
	case BLKRRPART:
		if (d->partno || blkdev_dm(d))
			return -EINVAL;
		return capable(CAP_SYS_ADMIN) ? disk_rescan(d->disk) : -EACCES;
	case BLKDISCARD:
	case BLKZEROOUT:
		err = get_range(f, d, arg, &start, &len);
		return err ? err : erase(d, start, len, cmd == BLKZEROOUT);
	case BLKSECDISCARD: return f->mode & FMODE_WRITE ? -EOPNOTSUPP : -EBADF;
	case HDIO_GETGEO: return put_geometry(d, arg);
	}
	err = get_number(d, cmd, arg);
	return err == -ENOTTY && !d->partno && blkdev_is_loop(d) ? ioctl_loop(f, d, cmd, arg) : err;
}
