/* SPDX-License-Identifier: MIT */
/* blkdev_proc.c - /proc/partitions and /proc/diskstats.
 * Locks: those of blkdev_for_each(). Ref: proc(5), Linux Documentation/admin-guide/iostats.rst.
 * Tests: selftests/storage/run */
#include <fs/blk_int.h>

#include <arch/cpu.h>
#include <fs/chrdev.h>
#include <fs/procfs.h>
#include <kernel/clock.h>

static void show_partition(struct blkdev *d, void *arg)
{
	if (blkdev_bytes(d))
		seq_print(arg, "%4u  %7u %10lu %s\n", dev_major(d->dev), dev_minor(d->dev),
			  blkdev_bytes(d) >> 10, d->name);
}

static int show_partitions(struct seq *s, struct task *t)
{
	seq_print(s, "major minor  #blocks  name\n\n");
	blkdev_for_each(show_partition, s);
	return 0;
}

static void sum(const struct blkdev *d, struct blkdev_stats *out)
{
	u32 cpu, k;

	*out = (struct blkdev_stats){};
	for_each_cpu(cpu) {
		for (k = 0; k < 4; k++) {
			out->ios[k] += READ_ONCE(d->stats[cpu].ios[k]);
			out->merges[k] += READ_ONCE(d->stats[cpu].merges[k]);
			out->sectors[k] += READ_ONCE(d->stats[cpu].sectors[k]);
			out->ns[k] += READ_ONCE(d->stats[cpu].ns[k]);
		}
	}
}

void blkdev_show_stats(struct seq *s, const struct blkdev *d, bool padded)
{
	u64 weighted = 0;
	struct blkdev_stats b;
	u32 k;

	sum(d, &b);
	for (k = 0; k < 4; k++)
		weighted += b.ns[k];
	for (k = 0; k < 2; k++)
		seq_print(s, padded ? "%8lu %8lu %8lu %8lu " : "%lu %lu %lu %lu ", b.ios[k],
			  b.merges[k], b.sectors[k], b.ns[k] / NSEC_PER_MSEC);
	seq_print(s, padded ? "%8u %8lu %8lu " : "%u %lu %lu ", atomic_read(&d->in_flight),
		  atomic_read(&d->busy_ms), weighted / NSEC_PER_MSEC);
	seq_print(s, padded ? "%8lu %8lu %8lu %8lu %8lu %8lu\n" : "%lu %lu %lu %lu %lu %lu\n",
		  b.ios[2], b.merges[2], b.sectors[2], b.ns[2] / NSEC_PER_MSEC, b.ios[3],
		  b.ns[3] / NSEC_PER_MSEC);
}

static void show_disk(struct blkdev *d, void *arg)
{
	struct seq *s = arg;

	seq_print(s, "%4u %7u %s ", dev_major(d->dev), dev_minor(d->dev), d->name);
	blkdev_show_stats(s, d, false);
}

static int show_diskstats(struct seq *s, struct task *t)
{
	blkdev_for_each(show_disk, s);
	return 0;
}

void blkdev_proc_init(void)
{
	procfs_add("partitions", show_partitions);
	procfs_add("diskstats", show_diskstats);
}
