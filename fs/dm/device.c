/* SPDX-License-Identifier: MIT */
/* device.c - mapped devices: made, named, given tables, suspended, removed.
 *
 *	dm_create() --> named --first dm_load()--> a disk of no size --dm_resume()--> live
 *	live <--dm_resume()-- --dm_suspend()--> suspended		dm_remove() from everywhere
 *
 * Invariants:
 *  (1) a struct dm stays allocated, as its disk does; one that was removed waits among the free for
 *      its minor to be asked for. Whoever has one by dm_find() holds it: it is not made anew.
 *  (2) live tables form no circle, and no chain of more than DEPTH_MOST.
 *
 * Locks: dm.lock [RANK_LOOP] > whatever disks take; names_lock [RANK_SLEEP_LEAF] inside: names,
 * lists, who has which table live. Tables are forgotten with no lock held: devices below may go.
 * Ref: dmsetup(8), Linux include/uapi/linux/dm-ioctl.h. Tests: selftests/storage/run (dm_...)
 */
#define LOG_TAG "device-mapper"
#include "dm_int.h"

#include <arch/cpu.h>
#include <fs/chrdev.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/mutex.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define DM_MAJOR   253u
#define DEPTH_MOST 16u

/* Locks: l  lock   N  names_lock   I  immutable   a  atomic */
struct dm {
	struct disk disk;
	struct dm_io io;		/* io.table: [l, N] */
	struct mutex lock;
	struct list link;		/* [N] by name; free: any order */
	char name[DM_NAME_LEN];		/* [N] "": removed */
	char uuid[DM_UUID_LEN];		/* [N] "": none */
	u32 held;			/* [N] */
	bool added;			/* [l] the disk was, once */
	bool shown, suspended, later;	/* [l] */
	struct dm_table *waiting;	/* [l] */
	struct dm_geometry geometry;	/* [l] */
	atomic_t events;		/* [a] */
	struct waitq event_wait;
};

static struct mutex names_lock = MUTEX_INIT(names_lock, RANK_SLEEP_LEAF);
static struct list devices = LIST_INIT(devices), removed = LIST_INIT(removed); /* [names_lock] */

u32 dm_dev(const struct dm *md)
{
	return dev_make(DM_MAJOR, md->disk.first_minor);
}

static struct dm *of_disk(struct disk *k)
{
	return container_of(k, struct dm, disk);
}

struct dm *blkdev_dm(struct blkdev *d)
{
	return d->disk->ops == &dm_disk_ops ? of_disk(d->disk) : NULL;
}

static void event(struct dm *md)
{
	atomic_inc(&md->events);
	waitq_wake_all(&md->event_wait);
	dm_tell_all();
}

static void tell(struct dm *md) MUST_HOLD(md->lock)
{
	if (blkdev_tell)
		blkdev_tell(md->disk.whole, BLKDEV_CHANGED);
}

/* ---- names ---- */

static struct dm *find(const char *name, const char *uuid, u32 dev) MUST_HOLD(names_lock)
{
	struct dm *md;

	list_for_each_entry(md, &devices, link)
		if ((*uuid && !strcmp(md->uuid, uuid)) || (*name && !strcmp(md->name, name)) ||
		    (dev && dm_dev(md) == dev))
			return md;
	return NULL;
}

struct dm *dm_find(const char *name, const char *uuid, u32 dev)
{
	struct dm *md;

	mutex_lock(&names_lock);
	md = find(name, uuid, dev);
	if (md)
		md->held++;
	mutex_unlock(&names_lock);
	return md;
}

void dm_put(struct dm *md)
{
	mutex_lock(&names_lock);
	md->held--;
	mutex_unlock(&names_lock);
}

static void insert(struct dm *md) MUST_HOLD(names_lock)
{
	struct dm *o;

	list_for_each_entry(o, &devices, link)
		if (strcmp(o->name, md->name) > 0)
			break;
	list_add_tail(&o->link, &md->link);
}

static struct dm *of_minor(struct list *l, u32 minor) MUST_HOLD(names_lock)
{
	struct dm *md;

	list_for_each_entry(md, l, link)
		if (md->disk.first_minor == minor)
			return md;
	return NULL;
}

static struct dm *make(u32 minor)
{
	struct dm *md = knew(struct dm);

	if (!md || dm_io_init(&md->io)) {
		kfree(md);
		return NULL;
	}
	mutex_init(&md->lock, RANK_LOOP);
	waitq_init(&md->event_wait);
	list_init(&md->link);
	fmt_print(md->disk.name, sizeof(md->disk.name), "dm-%u", minor);
	md->disk.ops = &dm_disk_ops;
	md->disk.priv = &md->io;
	md->disk.nr_queues = 1;
	md->disk.major = DM_MAJOR;
	md->disk.first_minor = minor;
	md->disk.minors = 1;
	return md;
}

static bool is_free(u32 minor) MUST_HOLD(names_lock)
{
	struct dm *md = of_minor(&removed, minor);

	return !of_minor(&devices, minor) && (!md || !md->held);
}

static struct dm *take_minor(u32 minor) MUST_HOLD(names_lock)
{
	struct dm *md;

	if (minor == DM_ANY_MINOR)
		for (minor = 0; !is_free(minor); minor++)
			;
	if (minor >= DEV_MINORS || !is_free(minor))
		return NULL;
	md = of_minor(&removed, minor);
	return md ? md : make(minor);
}

int dm_create(const char *name, const char *uuid, u32 minor, struct dm **out)
{
	struct dm *md;
	int err = 0;

	mutex_lock(&names_lock);
	md = take_minor(minor);
	if (!md) {
		err = -ENXIO;
	} else if (find(name, uuid, 0)) {
		err = -EBUSY;
		if (list_empty(&md->link))
			list_add_tail(&removed, &md->link);
	} else {
		list_del_init(&md->link);
		str_copy(md->name, name, sizeof(md->name));
		str_copy(md->uuid, uuid, sizeof(md->uuid));
		md->io.stop = md->io.paused = md->suspended = md->later = false;
		md->geometry = (struct dm_geometry){};
		atomic_set(&md->events, 0);
		insert(md);
		md->held++;
		*out = md;
	}
	mutex_unlock(&names_lock);
	return err;
}

int dm_rename(const char *name, const char *to, bool uuid, struct dm **out)
{
	struct dm *md;
	int err = 0;

	mutex_lock(&names_lock);
	md = find(name, "", 0);
	if (find(uuid ? "" : to, uuid ? to : "", 0)) {
		err = -EBUSY;
	} else if (!md) {
		err = -ENXIO;
	} else if (uuid && *md->uuid) {
		err = -EINVAL;
	} else {
		list_del(&md->link);
		str_copy(uuid ? md->uuid : md->name, to, uuid ? DM_UUID_LEN : DM_NAME_LEN);
		insert(md);
		md->held++;
		*out = md;
	}
	mutex_unlock(&names_lock);
	if (err)
		return err;
	if (READ_ONCE(md->io.table))
		event(md);
	mutex_lock(&md->lock);
	err = md->shown;
	if (err)
		tell(md);
	mutex_unlock(&md->lock);
	return err;
}

void dm_names(struct dm *md, char name[DM_NAME_LEN], char uuid[DM_UUID_LEN])
{
	mutex_lock(&names_lock);
	str_copy(name, md->name, DM_NAME_LEN);
	str_copy(uuid, md->uuid, DM_UUID_LEN);
	mutex_unlock(&names_lock);
}

void dm_for_each(void (*fn)(const struct dm_info *i, void *arg), void *arg)
{
	struct dm *md;

	mutex_lock(&names_lock);
	list_for_each_entry(md, &devices, link)
		fn(&(struct dm_info){ md->name, md->uuid, dm_dev(md), atomic_read(&md->events) },
		   arg);
	mutex_unlock(&names_lock);
}

/* ---- tables ---- */

static bool is_gone(const struct dm *md)
{
	return !md->name[0];
}

/* The disk appears with the first table. */
static int show(struct dm *md, const struct dm_table *tb) MUST_HOLD(md->lock)
{
	struct disk_limits l;
	int err = dm_table_limits(tb, &l);

	if (err || md->shown)
		return md->shown ? 0 : err;
	md->disk.limits = l;
	md->disk.limits.write_cache = false;
	if (md->added)
		disk_show(&md->disk);
	else
		err = disk_add(&md->disk);
	md->added = md->shown = !err;
	return err;
}

int dm_load(struct dm *md, struct dm_table *tb)
{
	struct dm_table *old = tb;
	int err;

	mutex_lock(&md->lock);
	err = is_gone(md) ? -ENXIO : show(md, tb);
	if (!err) {
		old = md->waiting;
		md->waiting = tb;
	}
	mutex_unlock(&md->lock);
	dm_table_destroy(old);
	return err;
}

void dm_clear(struct dm *md)
{
	struct dm_table *old;

	mutex_lock(&md->lock);
	old = md->waiting;
	md->waiting = NULL;
	mutex_unlock(&md->lock);
	dm_table_destroy(old);
}

/* Does tb, or what lies below it, use md? Or is that too deep? */
static bool leads_to(const struct dm_table *tb, const struct dm *md, u32 depth)
	MUST_HOLD(names_lock)
{
	for (u32 i = 0; tb && i < tb->nr_devs; i++) {
		struct dm *below = blkdev_dm(tb->devs[i]);

		if (below && (below == md || !depth || leads_to(below->io.table, md, depth - 1)))
			return true;
	}
	return false;
}

static int make_live(struct dm *md, struct dm_table *tb, struct dm_table **old) MUST_HOLD(md->lock)
{
	struct disk_limits l;
	struct blkdev *d = md->disk.whole;
	int err = dm_table_limits(tb, &l);

	if (!err)
		err = dm_io_threads(&md->io, tb->checks ? nr_cpus + 1 : 1, md->disk.name);
	if (err)
		return err;
	mutex_lock(&names_lock);
	if (leads_to(tb, md, DEPTH_MOST)) {
		err = -EINVAL;
	} else {
		*old = md->io.table;
		md->io.table = tb;
	}
	mutex_unlock(&names_lock);
	if (err)
		return err;
	md->disk.limits = l;
	if (d->block_size < l.logical_block)
		(void)!blkdev_set_block_size(d, l.logical_block);
	return 0;
}

static void suspend(struct dm *md, bool sync) MUST_HOLD(md->lock)
{
	if (md->suspended)
		return;
	if (sync && md->io.table)
		(void)!vmo_sync(md->disk.whole->vmo, 0, U64_MAX);
	dm_io_pause(&md->io);
	md->suspended = true;
}

int dm_suspend(struct dm *md, bool sync)
{
	mutex_lock(&md->lock);
	suspend(md, sync);
	mutex_unlock(&md->lock);
	return 0;
}

static int resume_locked(struct dm *md, struct dm_table **old) MUST_HOLD(md->lock)
{
	struct dm_table *tb = md->waiting;
	int err;

	md->waiting = NULL;
	if (tb) {
		suspend(md, true);
		err = make_live(md, tb, old);
		if (err) {
			*old = tb;
			return err;
		}
	}
	if (!md->suspended)
		return 0;
	if (!md->io.table)
		return -EINVAL;
	md->suspended = false;
	dm_io_resume(&md->io);
	if (md->disk.nr_sectors != dm_table_sectors(md->io.table)) {
		md->geometry = (struct dm_geometry){};
		disk_resize(&md->disk, dm_table_sectors(md->io.table));
	} else {
		tell(md);
	}
	return 1;
}

int dm_resume(struct dm *md)
{
	struct dm_table *old = NULL;
	int err;

	mutex_lock(&md->lock);
	err = is_gone(md) ? -ENXIO : resume_locked(md, &old);
	mutex_unlock(&md->lock);
	dm_table_destroy(old);
	return err;
}

/* ---- the end ---- */

static int remove_locked(struct dm *md, struct dm_table **live, struct dm_table **waiting)
	MUST_HOLD(md->lock)
{
	int err = is_gone(md) ? -ENXIO : md->shown ? disk_hide(&md->disk) : 0;

	if (err)
		return err;
	dm_io_stop(&md->io);
	if (md->shown)
		disk_drop_cache(&md->disk);
	md->shown = false;
	mutex_lock(&names_lock);
	*live = md->io.table;
	*waiting = md->waiting;
	md->io.table = md->waiting = NULL;
	list_del(&md->link);
	list_add_tail(&removed, &md->link);
	md->name[0] = md->uuid[0] = 0;
	mutex_unlock(&names_lock);
	return 0;
}

/* if_later: only one that waits for its last user. */
static int remove(struct dm *md, bool later, bool if_later)
{
	struct dm_table *live = NULL, *waiting = NULL;
	int err = 0;

	mutex_lock(&md->lock);
	if (!if_later || md->later)
		err = remove_locked(md, &live, &waiting);
	if (err == -EBUSY && later) {
		md->later = true;
		err = 1;
	}
	mutex_unlock(&md->lock);
	if (live)
		event(md);
	dm_table_destroy(live);
	dm_table_destroy(waiting);
	return err;
}

int dm_remove(struct dm *md, bool later)
{
	return remove(md, later, false);
}

void dm_idle(struct disk *k)
{
	if (READ_ONCE(of_disk(k)->later))
		(void)!remove(of_disk(k), false, true);
}

int dm_stay(struct dm *md)
{
	mutex_lock(&md->lock);
	md->later = false;
	mutex_unlock(&md->lock);
	return 0;
}

/* The first with a name behind this one. */
static struct dm *next(const char *name)
{
	struct dm *md, *found = NULL;

	mutex_lock(&names_lock);
	list_for_each_entry(md, &devices, link) {
		if (strcmp(md->name, name) > 0) {
			md->held++;
			found = md;
			break;
		}
	}
	mutex_unlock(&names_lock);
	return found;
}

/* Again while one went: others may have been in use by it. */
void dm_remove_all(bool later)
{
	char name[DM_NAME_LEN], uuid[DM_UUID_LEN];
	struct dm *md;
	bool any;

	do {
		any = false;
		name[0] = 0;
		while ((md = next(name))) {
			dm_names(md, name, uuid);
			any |= dm_remove(md, later) == 0;
			dm_put(md);
		}
	} while (any);
}

/* ---- telling ---- */

void dm_state(struct dm *md, bool waiting, struct dm_state *out)
{
	const struct dm_table *tb;

	mutex_lock(&md->lock);
	tb = waiting ? md->waiting : md->io.table;
	*out = (struct dm_state){
		.dev = dm_dev(md),
		.open = md->shown ? disk_users(&md->disk) : 0,
		.event = atomic_read(&md->events),
		.targets = tb ? tb->nr : 0,
		.disk = md->shown,
		.suspended = md->suspended,
		.later = md->later,
		.read_only = tb && tb->read_only,
		.live = md->io.table,
		.waiting = md->waiting,
	};
	mutex_unlock(&md->lock);
}

int dm_for_each_target(struct dm *md, bool waiting,
		       bool (*fn)(const struct dm_target *t, void *arg), void *arg)
{
	const struct dm_table *tb;

	mutex_lock(&md->lock);
	tb = waiting ? md->waiting : md->io.table;
	for (u32 i = 0; tb && i < tb->nr && fn(&tb->targets[i], arg); i++)
		;
	mutex_unlock(&md->lock);
	return tb ? 0 : -ENXIO;
}

/* The last that came into the table first, as Linux has them. */
int dm_for_each_dep(struct dm *md, bool waiting, bool (*fn)(const struct blkdev *d, void *arg),
		    void *arg)
{
	const struct dm_table *tb;

	mutex_lock(&md->lock);
	tb = waiting ? md->waiting : md->io.table;
	for (u32 i = tb ? tb->nr_devs : 0; i-- && fn(tb->devs[i], arg);)
		;
	mutex_unlock(&md->lock);
	return tb ? 0 : -ENXIO;
}

int dm_wait(struct dm *md, u32 event)
{
	return waitq_wait(&md->event_wait, atomic_read(&md->events) != event, WAIT_INTERRUPTIBLE,
			  WAIT_FOREVER);
}

int dm_set_geometry(struct dm *md, const struct dm_geometry *g)
{
	int err = 0;

	mutex_lock(&md->lock);
	if (g->start > (u64)g->cylinders * g->heads * g->sectors)
		err = -EINVAL;
	else
		md->geometry = *g;
	mutex_unlock(&md->lock);
	return err;
}

struct dm_geometry dm_geometry(const struct dm *md)
{
	return md->geometry;
}
