/* SPDX-License-Identifier: MIT */
/* loop.c - block devices whose sectors are the bytes of a file, or of another block device.
 *
 *	unbound --loop_bind()--> bound --loop_clear(), or the last user leaves with AUTOCLEAR-->
 *	unbound
 *
 * Requests come under the queue's lock and wait in todo; a thread of the device, which lives as
 * long as it is bound, reads and writes the file for them as a program would. A flush is fsync of
 * the file; discard and write-zeroes punch holes.
 *
 * Invariants:
 *  (1) file and info change only while the thread rests (pause()) or is not there: it uses them
 *      without a lock.
 *  (2) an unbound device has no sectors and no cache to flush: no request waits for a thread that
 *      is not there.
 *
 * Locks: ctl_lock (loop_ctl.c) > loop.lock [both RANK_LOOP] > whatever disks and devfs take;
 * loop.todo_lock [RANK_VIRTQUEUE] below the queue's.
 * Ref: loop(4), Linux include/uapi/linux/loop.h (values). Tests: selftests/storage/run (loop_...)
 */
#define LOG_TAG "loop"
#include "loop_int.h"

#include <fs/attr.h>
#include <fs/vnode.h>
#include <kernel/bh.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <kernel/workq.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vmo.h>

/* ---- the thread ---- */

static int move_vec(struct loop *l, enum bio_op op, const struct bio_vec *v, loff_t pos)
{
	struct file *f = l->file;
	u8 *at = (u8 *)page_to_virt(v->page) + v->off;
	usize done = 0;

	while (done < v->len) {
		struct iter it;
		ssize_t n;

		iter_kernel(&it, at + done, v->len - done);
		n = op == BIO_READ ? f->obj->ops->read(f, &it, &pos)
				   : f->obj->ops->write(f, &it, &pos);
		if (n < 0)
			return (int)n;
		if (n == 0 && op == BIO_WRITE)
			return -EIO;
		if (n == 0) {		/* the file became shorter */
			memset(at + done, 0, v->len - done);
			break;
		}
		done += (usize)n;
	}
	return 0;
}

static int move(struct loop *l, const struct bio *b)
{
	for (; b; b = b->next) {
		loff_t pos = (loff_t)(l->info.offset + (b->sector << SECTOR_SHIFT));

		for (u32 i = 0; i < b->nr_vecs; i++) {
			int err = move_vec(l, b->op, &b->vecs[i], pos);

			if (err)
				return err;
			pos += b->vecs[i].len;
		}
	}
	return 0;
}

static int punch(struct loop *l, const struct bio *b)
{
	return file_fallocate(l->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (loff_t)(l->info.offset + (b->sector << SECTOR_SHIFT)),
			      (loff_t)((u64)b->nr_sectors << SECTOR_SHIFT));
}

static int serve(struct loop *l, const struct bio *b)
{
	switch (b->op) {
	case BIO_READ:
	case BIO_WRITE:
		return move(l, b);
	case BIO_FLUSH:
		return l->file->obj->ops->fsync ? l->file->obj->ops->fsync(l->file, false) : 0;
	case BIO_DISCARD:
	case BIO_WRITE_ZEROES:
		return punch(l, b);
	default:
		return -EOPNOTSUPP;
	}
}

static struct bio *take(struct loop *l)
{
	struct bio *b;

	spin_lock_bh(&l->todo_lock);
	b = l->paused ? NULL : l->todo;
	if (b) {
		WRITE_ONCE(l->todo, b->chain);
		if (!l->todo)
			l->todo_end = &l->todo;
	}
	l->working = b;
	spin_unlock_bh(&l->todo_lock);
	return b;
}

static bool has_work(struct loop *l)
{
	return READ_ONCE(l->stop) || (!READ_ONCE(l->paused) && READ_ONCE(l->todo));
}

static void loop_thread(void *arg)
{
	struct loop *l = arg;
	struct bio *b;

	for (;;) {
		while ((b = take(l)))
			bio_done(b, serve(l, b));
		waitq_wake_all(&l->queue);
		if (READ_ONCE(l->stop))
			break;
		(void)!waitq_wait(&l->queue, has_work(l), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
	}
	WRITE_ONCE(l->stop, false);
	waitq_wake_all(&l->queue);
}

static int start(struct disk *d, u32 q, struct bio *b)
{
	struct loop *l = d->priv;

	int err = 0;

	spin_lock(&l->todo_lock);
	if (l->served) {
		b->chain = NULL;
		*l->todo_end = b;
		l->todo_end = &b->chain;
	} else {
		err = -EIO;
	}
	spin_unlock(&l->todo_lock);
	return err;
}

static void commit(struct disk *d, u32 q)
{
	waitq_wake_all(&((struct loop *)d->priv)->queue);
}

/* The thread touches nothing of the binding until resume(). */
static void pause(struct loop *l) MUST_HOLD(l->lock)
{
	spin_lock_bh(&l->todo_lock);
	l->paused = true;
	spin_unlock_bh(&l->todo_lock);
	(void)!waitq_wait(&l->queue, !READ_ONCE(l->working), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
}

static void resume(struct loop *l) MUST_HOLD(l->lock)
{
	spin_lock_bh(&l->todo_lock);
	l->paused = false;
	spin_unlock_bh(&l->todo_lock);
	waitq_wake_all(&l->queue);
}

static void serve_requests(struct loop *l, bool on) MUST_HOLD(l->lock)
{
	spin_lock_bh(&l->todo_lock);
	l->served = on;
	spin_unlock_bh(&l->todo_lock);
}

/* ---- bindings ---- */

static u64 file_bytes(struct file *f)
{
	return f->obj->ops->type == OBJ_BLOCKDEV
		       ? blkdev_bytes(container_of(f->obj, struct blkdev, obj))
		       : vnode_size(to_vnode(f->obj));
}

static u64 sectors_of(struct file *f, const struct loop_info *i)
{
	u64 bytes = file_bytes(f);

	bytes = bytes > i->offset ? bytes - i->offset : 0;
	if (i->size_limit && i->size_limit < bytes)
		bytes = i->size_limit;
	return bytes >> SECTOR_SHIFT;
}

bool blkdev_is_loop(const struct blkdev *d)
{
	return d->disk->ops == &loop_ops;
}

static struct loop *loop_of(struct blkdev *d)
{
	return d->disk->priv;
}

static bool punches(struct file *f)
{
	return f->obj->ops->type == OBJ_VNODE && to_vnode(f->obj)->ops->fallocate;
}

/* A file with bytes, and not, through however many loops, l itself. */
static int check_file(struct loop *l, struct file *f)
{
	while (f && f->obj->ops->type == OBJ_BLOCKDEV) {
		struct blkdev *d = container_of(f->obj, struct blkdev, obj);

		if (!blkdev_is_loop(d))
			return 0;
		if (loop_of(d) == l)
			return -EBADF;
		f = READ_ONCE(loop_of(d)->file);
		if (!f)
			return -EINVAL;
	}
	if (!f || f->obj->ops->type != OBJ_VNODE || !vnode_is_reg(to_vnode(f->obj)) ||
	    !f->obj->ops->read)
		return -EINVAL;
	return 0;
}

static void set_limits(struct loop *l, struct file *f, u32 block)
{
	struct disk_limits *m = &l->disk.limits;

	m->logical_block = m->physical_block = block;
	m->read_only = l->info.flags & LO_FLAGS_READ_ONLY;
	m->max_discard = m->max_write_zeroes = punches(f) ? U32_MAX >> SECTOR_SHIFT : 0;
	m->discard_align = punches(f) ? PAGE_SIZE >> SECTOR_SHIFT : 0;
	m->write_cache = true;
}

static void scan(struct loop *l)
{
	if ((l->info.flags & LO_FLAGS_PARTSCAN) && disk_rescan(&l->disk))
		pr_warn("%s: the partition table is not read: it is in use", l->disk.name);
}

static int bind_locked(struct loop *l, struct file *f, bool writable, u32 block,
		       const struct loop_info *info) MUST_HOLD(l->lock)
{
	if (l->file)
		return -EBUSY;
	l->info = *info;
	if (!writable || !(f->mode & FMODE_WRITE) || !f->obj->ops->write)
		l->info.flags |= LO_FLAGS_READ_ONLY;
	l->info.flags &= ~LO_FLAGS_DIRECT_IO;
	set_limits(l, f, block);
	file_get(f);
	WRITE_ONCE(l->file, f);
	l->stop = l->paused = false;
	serve_requests(l, true);
	if (!kthread_create(loop_thread, l, l->disk.name)) {
		serve_requests(l, false);
		WRITE_ONCE(l->file, NULL);
		file_put(f);
		return -ENOMEM;
	}
	(void)!blkdev_set_block_size(l->disk.whole, max(block, 1024u));
	disk_resize(&l->disk, sectors_of(f, &l->info));
	scan(l);
	return 0;
}

int loop_bind(struct blkdev *d, struct file *f, bool writable, u32 block,
	      const struct loop_info *info)
{
	struct loop *l = loop_of(d);
	int err = check_file(l, f);

	block = block ? block : SECTOR_SIZE;
	if (err)
		return err;
	if (block < SECTOR_SIZE || block > PAGE_SIZE || (block & (block - 1)))
		return -EINVAL;
	mutex_lock(&l->lock);
	err = bind_locked(l, f, writable, block, info);
	mutex_unlock(&l->lock);
	return err;
}

/* What its cache holds is written to the file and forgotten, the thread ends. The file, the
 * caller's now. */
static struct file *detach_locked(struct loop *l) MUST_HOLD(l->lock)
{
	struct file *f = l->file;

	if (blkdev_sync(l->disk.whole))
		pr_warn("%s: not everything could be written", l->disk.name);
	disk_drop_partitions(&l->disk);
	disk_resize(&l->disk, 0);
	l->disk.limits.write_cache = false;
	serve_requests(l, false);
	WRITE_ONCE(l->stop, true);
	waitq_wake_all(&l->queue);
	(void)!waitq_wait(&l->queue, !READ_ONCE(l->stop), WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
	l->info = (struct loop_info){};
	l->disk.limits.read_only = false;
	WRITE_ONCE(l->file, NULL);
	return f;
}

/* Nobody has the disk open or mounted any more. */
static void idle(struct disk *d)
{
	struct loop *l = d->priv;
	struct file *f = NULL;

	if (!(READ_ONCE(l->info.flags) & LO_FLAGS_AUTOCLEAR))
		return;
	mutex_lock(&l->lock);
	if (l->file && (l->info.flags & LO_FLAGS_AUTOCLEAR) && disk_users(d) == 0)
		f = detach_locked(l);
	mutex_unlock(&l->lock);
	if (f)
		file_put(f);
}

const struct disk_ops loop_ops = { .start = start, .commit = commit, .idle = idle };

int loop_clear(struct blkdev *d)
{
	struct loop *l = loop_of(d);
	struct file *f = NULL;
	int err = 0;

	mutex_lock(&l->lock);
	if (!l->file)
		err = -ENXIO;
	else if (disk_users(d->disk) > 1)	/* besides who asks */
		l->info.flags |= LO_FLAGS_AUTOCLEAR;
	else
		f = detach_locked(l);
	mutex_unlock(&l->lock);
	if (f)
		file_put(f);
	return err;
}

static int set_locked(struct loop *l, const struct loop_info *info) MUST_HOLD(l->lock)
{
	bool moved = info->offset != l->info.offset || info->size_limit != l->info.size_limit;
	bool new_scan = (info->flags & LO_FLAGS_PARTSCAN) && !(l->info.flags & LO_FLAGS_PARTSCAN);
	u32 keep = l->info.flags & (LO_FLAGS_READ_ONLY | LO_FLAGS_PARTSCAN);
	int err = moved ? blkdev_sync(l->disk.whole) : 0;

	if (!err && moved)
		err = vmo_truncate(l->disk.whole->vmo, 0);
	if (err)
		return err;
	pause(l);
	l->info = *info;
	l->info.flags = keep | (info->flags & (LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN));
	resume(l);
	if (moved)
		disk_resize(&l->disk, sectors_of(l->file, &l->info));
	if (new_scan)
		scan(l);
	return 0;
}

int loop_set(struct blkdev *d, const struct loop_info *info)
{
	struct loop *l = loop_of(d);
	int err;

	mutex_lock(&l->lock);
	err = l->file ? set_locked(l, info) : -ENXIO;
	mutex_unlock(&l->lock);
	return err;
}

int loop_get(struct blkdev *d, struct loop_info *info, struct file **f)
{
	struct loop *l = loop_of(d);
	int err = -ENXIO;

	mutex_lock(&l->lock);
	if (l->file) {
		*info = l->info;
		if (f) {
			file_get(l->file);
			*f = l->file;
		}
		err = 0;
	}
	mutex_unlock(&l->lock);
	return err;
}

/* The former file, the caller's now. */
static int change_locked(struct loop *l, struct file *f, struct file **old) MUST_HOLD(l->lock)
{
	if (!l->file)
		return -ENXIO;
	if (!(l->info.flags & LO_FLAGS_READ_ONLY) ||
	    sectors_of(f, &l->info) != sectors_of(l->file, &l->info))
		return -EINVAL;
	pause(l);
	*old = l->file;
	file_get(f);
	WRITE_ONCE(l->file, f);
	resume(l);
	scan(l);
	return 0;
}

int loop_change(struct blkdev *d, struct file *f)
{
	struct loop *l = loop_of(d);
	struct file *old = NULL;
	int err = check_file(l, f);

	if (err)
		return err;
	mutex_lock(&l->lock);
	err = change_locked(l, f, &old);
	mutex_unlock(&l->lock);
	if (old)
		file_put(old);
	return err;
}

int loop_fit(struct blkdev *d)
{
	struct loop *l = loop_of(d);
	int err = -ENXIO;

	mutex_lock(&l->lock);
	if (l->file) {
		disk_resize(&l->disk, sectors_of(l->file, &l->info));
		err = 0;
	}
	mutex_unlock(&l->lock);
	return err;
}

static int set_block_locked(struct loop *l, u32 block) MUST_HOLD(l->lock)
{
	int err;

	if (!l->file)
		return -ENXIO;
	if (l->disk.limits.logical_block == block)
		return 0;
	err = blkdev_sync(l->disk.whole);
	if (err)
		return err;
	if (blkdev_set_block_size(l->disk.whole, max(block, 1024u)))
		return -EAGAIN;
	l->disk.limits.logical_block = l->disk.limits.physical_block = block;
	return 0;
}

int loop_set_block_size(struct blkdev *d, u32 block)
{
	struct loop *l = loop_of(d);
	int err;

	if (block < SECTOR_SIZE || block > PAGE_SIZE || (block & (block - 1)))
		return -EINVAL;
	mutex_lock(&l->lock);
	err = set_block_locked(l, block);
	mutex_unlock(&l->lock);
	return err;
}
