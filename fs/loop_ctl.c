/* SPDX-License-Identifier: MIT */
/* loop_ctl.c - which loop devices there are: some from boot on, others when /dev/loop-control is
 * asked for them.
 *
 * Invariant: loops stay allocated for ever; one that was removed is out of /dev and comes back when
 * its number is asked for.
 *
 * Locks: ctl_lock > loop.lock [both RANK_LOOP] > whatever disks and devfs take.
 * Ref: loop(4), Linux include/uapi/linux/loop.h (values). Tests: selftests/storage/run (loop_...)
 */
#define LOG_TAG "loop"
#include "loop_int.h"

#include <fs/chrdev.h>
#include <kernel/lib/fmt.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define LOOP_MAJOR	  7u
#define LOOPS_AT_BOOT	  8u
#define LOOP_VECS	  128u
#define LOOP_SECTORS	  2560u
#define LOOP_CTL_ADD	  0x4c80u
#define LOOP_CTL_REMOVE	  0x4c81u
#define LOOP_CTL_GET_FREE 0x4c82u

static struct mutex ctl_lock = MUTEX_INIT(ctl_lock, RANK_LOOP);
static struct list loops = LIST_INIT(loops); /* [ctl_lock] by number */

static struct loop *find(u32 nr) MUST_HOLD(ctl_lock)
{
	struct loop *l;

	list_for_each_entry(l, &loops, link)
		if (l->nr == nr)
			return l;
	return NULL;
}

static int make(u32 nr) MUST_HOLD(ctl_lock)
{
	struct loop *l = knew(struct loop), *after;
	int err;

	if (!l)
		return -ENOMEM;
	l->nr = nr;
	mutex_init(&l->lock, RANK_LOOP);
	spin_init(&l->todo_lock, RANK_VIRTQUEUE);
	l->todo_end = &l->todo;
	waitq_init(&l->queue);
	fmt_print(l->disk.name, sizeof(l->disk.name), "loop%u", nr);
	l->disk.ops = &loop_ops;
	l->disk.priv = l;
	l->disk.nr_queues = 1;
	l->disk.major = LOOP_MAJOR;
	l->disk.first_minor = nr;
	l->disk.minors = 1;
	l->disk.limits = (struct disk_limits){
		.logical_block = SECTOR_SIZE,
		.physical_block = SECTOR_SIZE,
		.max_sectors = LOOP_SECTORS,
		.max_vecs = LOOP_VECS,
	};
	err = disk_add(&l->disk);
	if (err) {
		kfree(l);
		return err;
	}
	list_for_each_entry(after, &loops, link)
		if (after->nr > nr)
			break;
	list_add_tail(&after->link, &l->link);
	return (int)nr;
}

/* nr < 0: the first that is not there. */
static int add(s32 nr) MUST_HOLD(ctl_lock)
{
	struct loop *l;

	if (nr < 0)
		for (nr = 0; (l = find((u32)nr)) && !l->removed; nr++)
			;
	if ((u32)nr >= DEV_MINORS)
		return -ENOSPC;
	l = find((u32)nr);
	if (!l)
		return make((u32)nr);
	if (!l->removed)
		return -EEXIST;
	disk_show(&l->disk);
	l->removed = false;
	return nr;
}

static int remove(s32 nr) MUST_HOLD(ctl_lock)
{
	struct loop *l = nr < 0 ? NULL : find((u32)nr);
	int err;

	if (nr < 0)
		return -EINVAL;
	if (!l || l->removed)
		return -ENODEV;
	mutex_lock_nested(&l->lock);
	err = l->file ? -EBUSY : disk_hide(&l->disk);
	mutex_unlock(&l->lock);
	if (!err)
		l->removed = true;
	return err;
}

static int first_free(void) MUST_HOLD(ctl_lock)
{
	struct loop *l;

	list_for_each_entry(l, &loops, link)
		if (!l->removed && !READ_ONCE(l->file))
			return (int)l->nr;
	return add(-1);
}

static long control(struct file *f, u32 cmd, uaddr_t arg)
{
	long ret = -ENOSYS;

	if (cmd != LOOP_CTL_ADD && cmd != LOOP_CTL_REMOVE && cmd != LOOP_CTL_GET_FREE)
		return ret;
	mutex_lock(&ctl_lock);
	switch (cmd) {
	case LOOP_CTL_ADD:	ret = add((s32)arg.va); break;
	case LOOP_CTL_REMOVE:	ret = remove((s32)arg.va); break;
	case LOOP_CTL_GET_FREE: ret = first_free(); break;
	}
	mutex_unlock(&ctl_lock);
	return ret;
}

static const struct object_ops control_ops = { .name = "loop-control",
					       .type = OBJ_CHARDEV,
					       .ioctl = control };
static struct chrdev control_dev = { .major = MISC_MAJOR,
				     .minor = 237,
				     .name = "loop-control",
				     .driver = "misc",
				     .mode = 0600,
				     .ops = &control_ops };

void loop_init(void)
{
	mutex_lock(&ctl_lock);
	for (u32 i = 0; i < LOOPS_AT_BOOT; i++)
		if (make(i) < 0)
			pr_warn("no memory for loop%u", i);
	mutex_unlock(&ctl_lock);
	if (chrdev_register(&control_dev))
		pr_warn("the number of /dev/loop-control is taken");
}
