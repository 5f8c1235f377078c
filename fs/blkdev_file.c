/* SPDX-License-Identifier: MIT */
/* blkdev_file.c - a block device as a file: reading and writing through its page cache or past it,
 * fsync.
 * Locks: none of its own. Ref: open(2) (O_EXCL on devices), fsync(2). Tests: selftests/storage/run
 */
#include <fs/blk_int.h>

#include <fs/chrdev.h>
#include <fs/dcache.h>
#include <fs/direct.h>
#include <fs/flushpoint.h>
#include <fs/namei.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/uapi.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vma.h>
#include <mm/vmo.h>

static struct blkdev *dev_of(struct file *f)
{
	return container_of(f->obj, struct blkdev, obj);
}

int blkdev_open_node(u32 dev, u32 flags, struct file **out)
{
	struct blkdev *d;
	int err = blkdev_find(dev, &d);

	if (err)
		return err;
	if ((flags & O_ACCMODE) != O_RDONLY && (d->read_only || d->disk->limits.read_only)) {
		blkdev_put(d);
		return -EACCES;
	}
	blkdev_get(d);
	err = file_create(&d->obj, flags, out);
	if (!err && (flags & O_EXCL)) {
		err = blkdev_claim(d, *out);
		if (err)
			file_put_now(*out);
	}
	if (!err) {
		(*out)->err_seen = write_errors_sample(&d->vmo->errors);
		blkdev_opened(d, 1);
		(*out)->private = d;		/* counted */
	}
	blkdev_put(d);
	return err;
}

int blkdev_claim_path(const char *path, const void *holder, struct blkdev **out)
{
	struct path p;
	int err;

	*out = NULL;
	if (!path || !*path)
		return -ENOENT;
	err = path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW, &p);
	if (err)
		return err;
	err = (p.dentry->vnode->mode & S_IFMT) != S_IFBLK ? -ENOTBLK
							  : blkdev_find(p.dentry->vnode->rdev, out);
	path_put(&p);
	if (err)
		return err;
	err = blkdev_claim(*out, holder);
	if (err) {
		blkdev_put(*out);
		*out = NULL;
	}
	return err;
}

static void dev_released(struct file *f)
{
	struct blkdev *d = dev_of(f);

	if (!f->private)
		return;
	blkdev_release(d, f);
	if (blkdev_opened(d, -1) == 0 && vmo_sync(d->vmo, 0, U64_MAX))
		vmo_error(d->vmo, -EIO);	/* told to whoever opens it next and syncs */
	disk_left(d->disk);
}

static int map_dev(void *arg, u64 pos, usize len, struct direct_run *out)
{
	out->dev = arg;
	out->sector = pos >> SECTOR_SHIFT;
	out->len = len;
	out->hole = false;
	return 0;
}

static ssize_t direct(struct blkdev *d, struct iter *it, loff_t pos, enum bio_op op)
{
	struct direct_io io = { d->vmo, d->disk->limits.logical_block, op, map_dev, d };

	return direct_io(&io, it, pos);
}

static ssize_t dev_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct blkdev *d = dev_of(f);
	u64 size = blkdev_bytes(d);
	ssize_t n;

	if ((u64)*pos >= size)
		return 0;
	if (unlikely((file_flags(f) & O_DIRECT) && to->kind == ITER_USER)) {
		to->left = min(to->left, size - (u64)*pos);
		n = direct(d, to, *pos, BIO_READ);
	} else {
		n = vmo_read(d->vmo, to, *pos, &f->ahead);
	}
	if (n > 0)
		*pos += n;
	return n;
}

static ssize_t dev_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct blkdev *d = dev_of(f);
	u64 size = blkdev_bytes(d);
	ssize_t n;

	if (!iter_left(from))
		return 0;
	if (d->read_only || d->disk->limits.read_only)
		return -EPERM;
	if ((u64)*pos >= size)
		return -ENOSPC;
	from->left = min(from->left, size - (u64)*pos);
	if (unlikely((file_flags(f) & O_DIRECT) && from->kind == ITER_USER))
		n = direct(d, from, *pos, BIO_WRITE);
	else
		n = vmo_write(d->vmo, from, *pos);
	if (n <= 0)
		return n;
	*pos += n;
	if (unlikely(file_flags(f) & O_DSYNC)) {
		int err = f->obj->ops->fsync(f, true);

		if (err)
			return err;
	}
	return n;
}

static loff_t dev_seek(struct file *f, loff_t off, int whence)
{
	loff_t size = (loff_t)blkdev_bytes(dev_of(f)), pos;

	switch (whence) {
	case SEEK_SET: pos = off; break;
	case SEEK_CUR: pos = f->pos + off; break;
	case SEEK_END: pos = size + off; break;
	case SEEK_DATA: pos = off < size ? off : -ENXIO; break;
	case SEEK_HOLE: pos = off < size ? size : -ENXIO; break;
	default: return -EINVAL;
	}
	if (pos == -ENXIO && (whence == SEEK_DATA || whence == SEEK_HOLE))
		return -ENXIO;
	if (pos < 0 || pos > size)
		return -EINVAL;
	return f->pos = pos;
}

static int dev_mmap(struct file *f, struct vm_request *req)
{
	struct blkdev *d = dev_of(f);

	vmo_get(d->vmo);
	req->vmo = d->vmo;
	return 0;
}

int blkdev_sync(struct blkdev *d)
{
	int err = vmo_sync(d->vmo, 0, U64_MAX),
	    flushed = flush_wanted(FLUSH_DEVICE_FSYNC) ? blkdev_flush(d) : 0;

	return err ? err : flushed;
}

static int dev_fsync(struct file *f, bool data_only)
{
	struct blkdev *d = dev_of(f);
	int err = blkdev_sync(d), seen = write_errors_check(&d->vmo->errors, &f->err_seen);

	return seen ? seen : err;
}

const struct object_ops blkdev_ops = {
	.name = "block device",
	.type = OBJ_BLOCKDEV,
	.read = dev_read,
	.write = dev_write,
	.seek = dev_seek,
	.mmap = dev_mmap,
	.fsync = dev_fsync,
	.file_release = dev_released,
	.release = blkdev_free,
};
