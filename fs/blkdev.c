/* SPDX-License-Identifier: MIT */
/* blkdev.c - disks and partitions: found by number, claimed by one holder, named in /dev.
 *
 * A disk that was added stays; its partitions come and go with the table. The whole disk and its
 * partitions exclude each other: a mounted partition keeps the disk from being claimed, and the
 * other way round.
 *
 * Locks: bdev_lock [RANK_SUPER]: the list, holders, sizes. Ref: Linux
 * Documentation/admin-guide/devices.txt, sd(4).
 * Tests: selftests/boot/run (disk)
 */
#include <fs/blk_int.h>

#include <arch/cpu.h>
#include <fs/buf.h>
#include <fs/chrdev.h>
#include <fs/devfs.h>
#include <fs/flushpoint.h>
#include <fs/partition.h>
#include <kernel/cmdline.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define BLOCK_MODE 0600u
#define EXT_MAJOR  259u		/* block devices whose numbers say nothing */

static struct mutex bdev_lock = MUTEX_INIT(bdev_lock, RANK_SUPER);
/* [bdev_lock] struct blkdev.link, disks before their partitions */
static struct list devices = LIST_INIT(devices);

void (*blkdev_tell)(struct blkdev *d, enum blkdev_event e);

static void tell(struct blkdev *d, enum blkdev_event e)
{
	if (blkdev_tell)
		blkdev_tell(d, e);
}

/* ---- finding and claiming ---- */

int blkdev_find(u32 dev, struct blkdev **out)
{
	struct blkdev *d;
	int err = -ENXIO;

	mutex_lock(&bdev_lock);
	list_for_each_entry(d, &devices, link) {
		if (d->dev == dev && object_tryget(&d->obj)) {
			*out = d;
			err = 0;
			break;
		}
	}
	mutex_unlock(&bdev_lock);
	return err;
}

/* Whoever else holds the disk, or a partition of it, excludes us. */
static bool held_elsewhere(struct blkdev *d, const void *holder) MUST_HOLD(bdev_lock)
{
	struct blkdev *o;

	list_for_each_entry(o, &devices, link)
		if (o->disk == d->disk && o->holder && o->holder != holder &&
		    (o == d || !o->partno || !d->partno))
			return true;
	return false;
}

int blkdev_claim(struct blkdev *d, const void *holder)
{
	int err = 0;

	mutex_lock(&bdev_lock);
	if (held_elsewhere(d, holder)) {
		err = -EBUSY;
	} else {
		d->holder = holder;
		d->claims++;
	}
	mutex_unlock(&bdev_lock);
	return err;
}

static u32 users(const struct disk *k) MUST_HOLD(bdev_lock)
{
	struct blkdev *d;
	u32 n = 0;

	list_for_each_entry(d, &devices, link)
		if (d->disk == k)
			n += d->openers + d->claims;
	return n;
}

u32 disk_users(struct disk *k)
{
	u32 n;

	mutex_lock(&bdev_lock);
	n = users(k);
	mutex_unlock(&bdev_lock);
	return n;
}

void blkdev_release(struct blkdev *d, const void *holder)
{
	bool ours;

	mutex_lock(&bdev_lock);
	ours = d->holder == holder;
	if (ours && --d->claims == 0)
		d->holder = NULL;
	mutex_unlock(&bdev_lock);
	if (ours)
		disk_left(d->disk);
}

void disk_left(struct disk *k)
{
	if (k->ops->idle && disk_users(k) == 0)
		k->ops->idle(k);
}

u32 blkdev_opened(struct blkdev *d, s32 n)
{
	u32 now;

	mutex_lock(&bdev_lock);
	now = d->openers += (u32)n;
	mutex_unlock(&bdev_lock);
	return now;
}

int blkdev_set_block_size(struct blkdev *d, u32 size)
{
	if (size < d->disk->limits.logical_block || size > PAGE_SIZE || (size & (size - 1)))
		return -EINVAL;
	if (size == d->block_size)
		return 0;
	if (!buf_forget_all(d))		/* their numbers are in units of the old size */
		return -EBUSY;
	WRITE_ONCE(d->block_size, size);
	return 0;
}

void blkdev_for_each(void (*fn)(struct blkdev *d, void *arg), void *arg)
{
	struct blkdev *d;

	mutex_lock(&bdev_lock);
	list_for_each_entry(d, &devices, link)
		fn(d, arg);
	mutex_unlock(&bdev_lock);
}

void blkdev_try_for_each(void (*fn)(struct blkdev *d, void *arg), void *arg)
{
	struct blkdev *d;

	if (!mutex_trylock(&bdev_lock))
		return;
	list_for_each_entry(d, &devices, link)
		fn(d, arg);
	mutex_unlock(&bdev_lock);
}

/* ---- making ---- */

static void free_rcu(struct rcu_head *h)
{
	struct blkdev *d = container_of(h, struct blkdev, rcu);

	kfree(d->stats);
	kfree(d);
}

void blkdev_free(struct object *o)
{
	struct blkdev *d = container_of(o, struct blkdev, obj);

	buf_forget_all(d);
	xa_destroy(&d->bufs);
	if (d->vmo)
		vmo_put(d->vmo);
	call_rcu(&d->rcu, free_rcu);
}

static struct blkdev *make(struct disk *k, u32 partno, u64 start, u64 nr_sectors)
{
	struct blkdev *d = knew(struct blkdev);

	if (!d)
		return NULL;
	object_init(&d->obj, &blkdev_ops);
	spin_init(&d->bufs_lock, RANK_BUF);
	xa_init(&d->bufs, &vmo_xa_mem);
	d->disk = k;
	d->partno = partno;
	d->start = start;
	d->nr_sectors = nr_sectors;
	if (partno < k->minors)
		d->dev = dev_make(k->major, k->first_minor + partno);
	d->block_size = max(k->limits.logical_block, 1024u);
	d->stats = kcalloc(nr_cpus, sizeof(struct blkdev_stats));
	d->vmo = blkdev_make_vmo(d);
	if (!d->stats || !d->vmo) {
		object_put(&d->obj);
		return NULL;
	}
	if (!partno)
		str_copy(d->name, k->name, sizeof(d->name));
	else	/* nvme0n1p1, but vda1 */
		fmt_print(d->name, sizeof(d->name),
			  k->name[strlen(k->name) - 1] <= '9' ? "%sp%u" : "%s%u", k->name, partno);
	return d;
}

/* For partitions beyond the disk's own minors. */
static u32 free_ext_dev(void) MUST_HOLD(bdev_lock)
{
	u32 minor = 0;
	struct blkdev *d;
again:
	list_for_each_entry(d, &devices, link) {
		if (d->dev == dev_make(EXT_MAJOR, minor)) {
			minor++;
			goto again;
		}
	}
	return dev_make(EXT_MAJOR, minor);
}

static void publish(struct blkdev *d)
{
	mutex_lock(&bdev_lock);
	if (!d->dev)
		d->dev = free_ext_dev();
	list_add_tail(&devices, &d->link);
	mutex_unlock(&bdev_lock);
	devfs_make(d->name, S_IFBLK | BLOCK_MODE, d->dev);
	tell(d, BLKDEV_ADDED);
}

/* ---- partitions ---- */

static int read_bytes(void *arg, u64 pos, void *buf, u32 n)
{
	struct blkdev *d = arg;

	return vmo_read_kernel(d->vmo, buf, n, (loff_t)pos);
}

void disk_drop_partitions(struct disk *k)
{
	struct blkdev *d, *next;
	struct list gone = LIST_INIT(gone);

	mutex_lock(&bdev_lock);
	list_for_each_entry_safe(d, next, &devices, link) {
		if (d->disk == k && d->partno) {
			list_del(&d->link);
			list_add_tail(&gone, &d->link);
		}
	}
	mutex_unlock(&bdev_lock);
	list_for_each_entry_safe(d, next, &gone, link) {
		list_del_init(&d->link);
		devfs_unmake(d->name);
		tell(d, BLKDEV_REMOVED);
		object_put(&d->obj);
	}
}

static int add_partitions(struct disk *k)
{
	const struct partition_source src = { k->whole->nr_sectors, k->limits.logical_block,
					      read_bytes, k->whole };
	struct partition *p;
	int n, i, err = 0;

	if (!k->nr_sectors)		/* an unbound loop device */
		return 0;
	p = kcalloc(PARTITIONS_MAX, sizeof(*p));
	if (!p)
		return -ENOMEM;
	n = partitions_find(&src, p, PARTITIONS_MAX);
	for (i = 0; i < n; i++) {
		struct blkdev *d = make(k, p[i].number, p[i].start, p[i].nr_sectors);

		if (!d)
			continue;
		memcpy(d->uuid, p[i].uuid, sizeof(d->uuid));
		str_copy(d->label, p[i].label, sizeof(d->label));
		d->gpt = p[i].gpt;
		publish(d);
	}
	if (n > 0)
		pr_info("%s: %d partitions", k->name, n);
	else if (n < 0)
		err = n;
	kfree(p);
	return err;
}

/* Is anything of the disk in use besides `but`? */
static bool parts_busy(struct disk *k)
{
	struct blkdev *d;
	bool busy = false;

	mutex_lock(&bdev_lock);
	list_for_each_entry(d, &devices, link)
		busy |= d->disk == k && d->partno && (d->holder || d->openers);
	mutex_unlock(&bdev_lock);
	return busy;
}

int disk_rescan(struct disk *k)
{
	int err;

	if (parts_busy(k))
		return -EBUSY;
	err = vmo_sync(k->whole->vmo, 0, U64_MAX);
	disk_drop_partitions(k);
	return err ? err : add_partitions(k);
}

/* ---- disks ---- */

static int make_queues(struct disk *k)
{
	k->queues = kcalloc(k->nr_queues, sizeof(struct disk_queue));
	if (!k->queues)
		return -ENOMEM;
	for (u32 i = 0; i < k->nr_queues; i++) {
		spin_init(&k->queues[i].lock, RANK_DISK_QUEUE);
		k->queues[i].index = i;
		list_init(&k->queues[i].waiting);
	}
	return 0;
}

int disk_add(struct disk *k)
{
	int err;

	assert(k->nr_queues && k->minors && k->limits.logical_block >= SECTOR_SIZE &&
	       k->limits.logical_block <= PAGE_SIZE && k->limits.max_vecs &&
	       k->limits.max_sectors >= PAGE_SIZE / SECTOR_SIZE);
	err = make_queues(k);
	if (!err)
		err = flush_create(k);
	if (err)
		return err;
	k->whole = make(k, 0, 0, k->nr_sectors);
	if (!k->whole)
		return -ENOMEM;
	publish(k->whole);
	if (k->nr_sectors)
		pr_info("%s: %lu sectors, %u-byte blocks, %u queues%s%s", k->name, k->nr_sectors,
			k->limits.logical_block, k->nr_queues,
			k->limits.write_cache ? ", write cache" : "",
			k->limits.read_only ? ", read-only" : "");
	err = add_partitions(k);
	if (err)
		pr_warn("%s: cannot read the partition table: error %d", k->name, -err);
	return 0;
}

int disk_hide(struct disk *k)
{
	int err = 0;

	mutex_lock(&bdev_lock);
	if (users(k))
		err = -EBUSY;
	else
		list_del_init(&k->whole->link);
	mutex_unlock(&bdev_lock);
	if (err)
		return err;
	disk_drop_partitions(k);
	devfs_unmake(k->name);
	tell(k->whole, BLKDEV_REMOVED);
	return 0;
}

void disk_drop_cache(struct disk *k)
{
	k->nr_sectors = 0;
	WRITE_ONCE(k->whole->nr_sectors, 0);
	if (vmo_truncate(k->whole->vmo, 0) || !buf_forget_all(k->whole))
		pr_warn("%s: still in use", k->name);
}

void disk_show(struct disk *k)
{
	publish(k->whole);
}

void disk_resize(struct disk *k, u64 nr_sectors)
{
	mutex_lock(&bdev_lock);
	k->nr_sectors = nr_sectors;
	WRITE_ONCE(k->whole->nr_sectors, nr_sectors);
	mutex_unlock(&bdev_lock);
	if (vmo_truncate(k->whole->vmo, nr_sectors << SECTOR_SHIFT))
		pr_warn("%s: could not read the block at the new end", k->name);
	pr_info("%s: now %lu sectors", k->name, nr_sectors);
	tell(k->whole, BLKDEV_CHANGED);
}

#ifdef CONFIG_DEBUG_FAULT_INJECT
u32 flush_skip __ro_after_init;

static void read_flush_skip(void)
{
	const char *skip = cmdline_get("flush.skip");
	u64 n;

	if (skip && !parse_u64(skip, 10, &n, NULL))
		flush_skip = (u32)n;
}
#else
static void read_flush_skip(void) {}
#endif

void blkdev_init(void)
{
	read_flush_skip();
	bio_init();
	buf_init();
	flusher_init();
	blkdev_proc_init();
}
