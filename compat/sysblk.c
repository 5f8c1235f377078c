/* SPDX-License-Identifier: MIT */
/* sysblk.c - disks and partitions in /sys: directories below devices/virtual/block, links in block,
 * class/block and dev/block; and the news of them.
 *
 * A key is a device number. All disks are called virtual: the buses that Linux shows above them are
 * not in this tree.
 * Locks: those of blkdev_find() and blkdev_for_each(). Ref: Linux
 * Documentation/ABI/stable/sysfs-block, ABI/testing/sysfs-class-bdi; sysfs(5).
 * Tests: selftests/storage/run (disks_in_sysfs)
 */
#include <compat/sysblk.h>

#include <compat/uevent.h>
#include <fs/blkdev.h>
#include <fs/chrdev.h>
#include <fs/procfs.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/vmo.h>

/* ---- names ---- */

struct search {
	u32 of;			/* partitions of this disk; NO_PART: disks; ANY: both */
	const char *name;
	usize len;
	s64 from, best;		/* key */
	char *out;
	bool by_number;		/* "254:0" */
};
#define ANY	U32_MAX
#define NO_PART 0u

static void name_of(const struct search *q, const struct blkdev *d, char name[32])
{
	if (q->by_number)
		fmt_print(name, 32, "%u:%u", dev_major(d->dev), dev_minor(d->dev));
	else
		str_copy(name, d->name, 32);
}

static bool is_wanted(const struct search *q, const struct blkdev *d)
{
	return q->of == ANY ||
	       (q->of == NO_PART ? !d->partno : d->partno && d->disk->whole->dev == q->of);
}

static void look(struct blkdev *d, void *arg)
{
	struct search *q = arg;
	char name[32];

	if (!is_wanted(q, d))
		return;
	name_of(q, d, name);
	if (q->name) {
		if (strlen(name) == q->len && !strncmp(name, q->name, q->len))
			q->best = d->dev;
	} else if (d->dev >= q->from && (q->best < 0 || d->dev < q->best)) {
		q->best = d->dev;
		str_copy(q->out, name, 32);
	}
}

static int search(struct search q)
{
	blkdev_for_each(look, &q);
	return (int)q.best;
}

static int find_any(int of, const char *s, usize n)
{
	return search((struct search){ .of = ANY, .name = s, .len = n, .best = -1 });
}
static int find_disk(int of, const char *s, usize n)
{
	return search((struct search){ .of = NO_PART, .name = s, .len = n, .best = -1 });
}
static int find_part(int of, const char *s, usize n)
{
	return search((struct search){ .of = (u32)of, .name = s, .len = n, .best = -1 });
}
static int next_any(int of, int key, char name[32])
{
	return search((struct search){ .of = ANY, .from = key, .best = -1, .out = name });
}
static int next_disk(int of, int key, char name[32])
{
	return search((struct search){ .of = NO_PART, .from = key, .best = -1, .out = name });
}
static int next_part(int of, int key, char name[32])
{
	return search((struct search){ .of = (u32)of, .from = key, .best = -1, .out = name });
}

static int find_number(int of, const char *s, usize n)
{
	return search(
		(struct search){ .of = ANY, .name = s, .len = n, .best = -1, .by_number = true });
}

static int next_number(int of, int key, char name[32])
{
	return search((struct search){
		.of = ANY, .from = key, .best = -1, .out = name, .by_number = true });
}

/* Below /sys. */
static int path_of(const struct blkdev *d, char *buf, u32 size)
{
	return fmt_print(buf, size,
			 d->partno ? "devices/virtual/block/%s/%s" : "devices/virtual/block/%s",
			 d->disk->whole->name, d->name);
}

static int link_up(int key, char *buf, u32 size, const char *up)
{
	struct blkdev *d;
	char text[128], path[96];
	int n;

	if (blkdev_find((u32)key, &d))
		return -ENOENT;
	path_of(d, path, sizeof(path));
	blkdev_put(d);
	n = fmt_print(text, sizeof(text), "%s%s", up, path);
	n = min(n, (int)size);
	memcpy(buf, text, (usize)n);
	return n;
}

static int link_one(int key, char *buf, u32 size) { return link_up(key, buf, size, "../"); }
static int link_two(int key, char *buf, u32 size) { return link_up(key, buf, size, "../../"); }

/* ---- files ---- */

enum what {
	DEV,
	SIZE,
	RO,
	REMOVABLE,
	RANGE,
	EXT_RANGE,
	STAT,
	SERIAL,
	CACHE,
	SEQ,
	PARTNO,
	START,
	ZERO,
	NOTHING,
	MINUS_ONE,
	UEVENT,
	LOGICAL,
	PHYSICAL,
	MAX_KB,
	MAX_SEGMENTS,
	DISCARD_GRANULARITY,
	DISCARD_MAX,
	ZEROES_MAX,
	ROTATIONAL,
	FUA,
	AHEAD_KB,
	SCHEDULER,
	ZONED,
	DMA,
	SEGMENT_SIZE,
	ONE,
};

static const char *cache_of(const struct blkdev *d)
{
	return d->disk->limits.write_cache ? "write back" : "write through";
}

static int event_words(const struct blkdev *d, char *buf, u32 size)
{
	int n = fmt_print(buf, size, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=%s\nDISKSEQ=%lu\n",
			  dev_major(d->dev), dev_minor(d->dev), d->name,
			  d->partno ? "partition" : "disk", blkdev_sequence(d));

	if (d->partno)
		n += fmt_print(buf + n, size - (u32)n, "PARTN=%u\n", d->partno);
	if (d->label[0])
		n += fmt_print(buf + n, size - (u32)n, "PARTNAME=%s\n", d->label);
	return n;
}

static s64 number(const struct blkdev *d, enum what w)
{
	const struct disk_limits *l = &d->disk->limits;

	switch (w) {
	case SIZE:	   return (s64)READ_ONCE(d->nr_sectors);
	case RO:	   return READ_ONCE(d->read_only) || l->read_only;
	case RANGE:	   return d->disk->minors;
	case EXT_RANGE:	   return d->disk->minors;
	case SEQ:	   return (s64)blkdev_sequence(d);
	case PARTNO:	   return d->partno;
	case START:	   return (s64)d->start;
	case MINUS_ONE:	   return -1;
	case LOGICAL:	   return l->logical_block;
	case PHYSICAL:	   return l->physical_block;
	case MAX_KB:	   return l->max_sectors / 2;
	case MAX_SEGMENTS: return l->max_vecs;
	case DISCARD_GRANULARITY: return l->max_discard ? max(l->discard_align * SECTOR_SIZE, l->logical_block) : 0;
	case DISCARD_MAX:  return (s64)l->max_discard << SECTOR_SHIFT;
	case ZEROES_MAX:   return (s64)l->max_write_zeroes << SECTOR_SHIFT;
	case ROTATIONAL:   return l->rotational;
	case FUA:	   return l->fua;
	case AHEAD_KB:	   return READ_AHEAD_PAGES * PAGE_SIZE / 1024;
	case DMA:	   return SECTOR_SIZE - 1;
	case SEGMENT_SIZE: return PAGE_SIZE;
	case ONE:	   return 1;
	default:	   return 0;
	}
}

static void show_of(struct seq *s, const struct blkdev *d, enum what w)
{
	char words[256];

	switch (w) {
	case DEV:	seq_print(s, "%u:%u\n", dev_major(d->dev), dev_minor(d->dev)); break;
	case STAT:	blkdev_show_stats(s, d, true); break;
	case SERIAL:	seq_print(s, "%s", d->disk->serial); break;
	case CACHE:	seq_print(s, "%s\n", cache_of(d)); break;
	case NOTHING:	seq_print(s, "\n"); break;
	case SCHEDULER: seq_print(s, "[none]\n"); break;
	case ZONED:	seq_print(s, "none\n"); break;
	case UEVENT:
		event_words(d, words, sizeof(words));
		seq_print(s, "%s", words);
		break;
	default:	seq_print(s, "%ld\n", number(d, w));
	}
}

static int show(struct seq *s, int key, const void *arg)
{
	struct blkdev *d;

	if (blkdev_find((u32)key, &d))
		return -ENODEV;
	show_of(s, d, (enum what)(usize)arg);
	blkdev_put(d);
	return 0;
}

/* ---- news ---- */

static void say(const struct blkdev *d, const char *action)
{
	char path[96] = "/", words[256];

	path_of(d, path + 1, sizeof(path) - 1);
	event_words(d, words, sizeof(words));
	uevent_send(action, path, "block", words);
}

/* The news once more, for whoever started late. */
static int write_uevent(int key, char *text, usize n, const void *arg)
{
	struct blkdev *d;

	if (!uevent_is_action(text))
		return -EINVAL;
	if (blkdev_find((u32)key, &d))
		return -ENODEV;
	say(d, text);
	blkdev_put(d);
	return 0;
}

static void on_event(struct blkdev *d, enum blkdev_event e)
{
	static const char *const actions[] = { "add", "remove", "change" };

	say(d, actions[e]);
}

/* ---- tables ---- */

#define R(n, w)	   { .name = n, .mode = 0444, .show = show, .arg = (void *)w }
#define EMPTY(n)   { .name = n }
#define LINK(n, t) { .name = n, .link = t }
#define EVENTS	   { .name = "uevent", .mode = 0644, .show = show, .write = write_uevent, .arg = (void *)UEVENT }

static const struct proc_member disk_files[] = {
	R("alignment_offset", ZERO),
	R("bdi/read_ahead_kb", AHEAD_KB),
	R("cache_type", CACHE),
	R("capability", ZERO),
	R("dev", DEV),
	R("discard_alignment", ZERO),
	R("diskseq", SEQ),
	R("events", NOTHING),
	R("events_async", NOTHING),
	R("events_poll_msecs", MINUS_ONE),
	R("ext_range", EXT_RANGE),
	R("hidden", ZERO),
	R("range", RANGE),
	R("removable", ZERO),
	R("ro", RO),
	R("serial", SERIAL),
	R("size", SIZE),
	R("stat", STAT),
	EVENTS,
	EMPTY("holders"),
	EMPTY("slaves"),
	LINK("subsystem", "../../../../class/block"),
	R("queue/add_random", ZERO),
	R("queue/chunk_sectors", ZERO),
	R("queue/dax", ZERO),
	R("queue/discard_granularity", DISCARD_GRANULARITY),
	R("queue/discard_max_bytes", DISCARD_MAX),
	R("queue/discard_max_hw_bytes", DISCARD_MAX),
	R("queue/discard_zeroes_data", ZERO),
	R("queue/dma_alignment", DMA),
	R("queue/fua", FUA),
	R("queue/hw_sector_size", LOGICAL),
	R("queue/io_poll", ZERO),
	R("queue/iostats", ONE),
	R("queue/logical_block_size", LOGICAL),
	R("queue/max_hw_sectors_kb", MAX_KB),
	R("queue/max_sectors_kb", MAX_KB),
	R("queue/max_segment_size", SEGMENT_SIZE),
	R("queue/max_segments", MAX_SEGMENTS),
	R("queue/minimum_io_size", PHYSICAL),
	R("queue/nomerges", ZERO),
	R("queue/nr_zones", ZERO),
	R("queue/optimal_io_size", ZERO),
	R("queue/physical_block_size", PHYSICAL),
	R("queue/read_ahead_kb", AHEAD_KB),
	R("queue/rotational", ROTATIONAL),
	R("queue/scheduler", SCHEDULER),
	R("queue/stable_writes", ZERO),
	R("queue/write_cache", CACHE),
	R("queue/write_zeroes_max_bytes", ZEROES_MAX),
	R("queue/zoned", ZONED),
	{},
};
static const struct proc_member part_files[] = {
	R("alignment_offset", ZERO),
	R("dev", DEV),
	R("discard_alignment", ZERO),
	R("partition", PARTNO),
	R("ro", RO),
	R("size", SIZE),
	R("start", START),
	R("stat", STAT),
	EVENTS,
	EMPTY("holders"),
	LINK("subsystem", "../../../../../class/block"),
	{},
};

#define PARTS "partitions of a disk in /sys"
static const struct proc_group groups[] = {
	{ .path = "/sys/devices/virtual/block",
	  .find = find_disk,
	  .next = next_disk,
	  .members = disk_files,
	  .inside = PARTS },
	{ .path = PARTS, .find = find_part, .next = next_part, .members = part_files },
	{ .path = "/sys/block", .find = find_disk, .next = next_disk, .link = link_one },
	{ .path = "/sys/class/block", .find = find_any, .next = next_any, .link = link_two },
	{ .path = "/sys/dev/block", .find = find_number, .next = next_number, .link = link_two },
};

void sysblk_init(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++)
		procfs_add_group(&groups[i]);
	blkdev_tell = on_event;
}
