/* SPDX-License-Identifier: MIT */
/* table.c - which sectors of a mapped device go where: tables made of lines, and the simple
 * targets.
 *
 * Targets adjoin, from sector 0 on. A table claims its devices in the name of all tables, so that
 * several may have one, and nobody else.
 * Locks: none; a table is its maker's until dm_load(). Ref: Linux Documentation/admin-guide/
 * device-mapper/{linear,zero}.rst, dmsetup(8).
 * Tests: selftests/fuzz/dm_fuzz.c, selftests/storage/run (dm_...)
 */
#define LOG_TAG "device-mapper"
#include "dm_int.h"

#include <fs/chrdev.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/kvmap.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

static const char holder; /* of every device in a table */

int dm_bad(struct dm_target *t, const char *why)
{
	t->error = why;
	return -EINVAL;
}

/* ---- devices ---- */

struct by_name {
	const char *name;
	u32 dev;
};

static void look(struct blkdev *d, void *arg)
{
	struct by_name *n = arg;

	if (!strcmp(d->name, n->name))
		n->dev = d->dev;
}

static int claim_dev(u32 dev, struct blkdev **out)
{
	int err = blkdev_find(dev, out);

	if (err)
		return err;
	err = blkdev_claim(*out, &holder);
	if (err)
		blkdev_put(*out);
	return err;
}

/* Before there is a /dev: "/dev/NAME". */
static int claim_by_name(const char *text, struct blkdev **out)
{
	struct by_name n = { text + 5, 0 };

	if (!str_has_prefix(text, "/dev/"))
		return -ENOENT;
	blkdev_for_each(look, &n);
	return n.dev ? claim_dev(n.dev, out) : -ENOENT;
}

static int claim(const struct dm_table *tb, const char *text, struct blkdev **out)
{
	const char *end;
	u64 major, minor;

	if (!parse_u64(text, 10, &major, &end) && *end == ':' &&
	    !parse_u64(end + 1, 10, &minor, NULL)) {
		if (major >= DEV_MAJORS || minor >= DEV_MINORS)
			return -EOVERFLOW;
		return claim_dev(dev_make((u32)major, (u32)minor), out);
	}
	return tb->boot ? claim_by_name(text, out) : blkdev_claim_path(text, &holder, out);
}

static void unclaim(struct blkdev *d)
{
	blkdev_release(d, &holder);
	blkdev_put(d);
}

int dm_claim(struct dm_table *tb, const char *text, struct blkdev **out)
{
	struct blkdev *d, **more;
	int err = claim(tb, text, &d);

	if (err)
		return err;
	if (d->dev == dm_dev(tb->md))
		err = -EINVAL;
	else if (!tb->read_only && (d->read_only || d->disk->limits.read_only))
		err = -EACCES;
	*out = d;
	for (u32 i = 0; i < tb->nr_devs; i++) {
		if (tb->devs[i] == d) {
			unclaim(d);
			return err;
		}
	}
	more = err ? NULL : krealloc(tb->devs, (tb->nr_devs + 1) * sizeof(void *));
	if (!more) {
		unclaim(d);
		return err ? err : -ENOMEM;
	}
	tb->devs = more;
	tb->devs[tb->nr_devs++] = d;
	return 0;
}

/* ---- simple targets ---- */

void dm_skip(struct dm_cursor *c, u64 n)
{
	for (u32 len; n; n -= len >> SECTOR_SHIFT) {
		len = dm_piece(c, (u32)min(n * SECTOR_SIZE, PAGE_SIZE)).len;
		dm_advance(c, len);
	}
}

static int linear_make(struct dm_table *tb, struct dm_target *t, u32 argc, char **argv)
{
	int err;

	if (argc != 2)
		return dm_bad(t, "Invalid argument count");
	if (parse_u64(argv[1], 10, &t->start, NULL))
		return dm_bad(t, "Invalid device sector");
	err = dm_claim(tb, argv[0], &t->dev);
	if (err)
		t->error = "Device lookup failed";
	return err;
}

static void linear_text(const struct dm_target *t, bool args, char *buf, usize n)
{
	if (args && t->dev)
		fmt_print(buf, n, "%u:%u %lu", dev_major(t->dev->dev), dev_minor(t->dev->dev),
			  t->start);
}

static int error_make(struct dm_table *tb, struct dm_target *t, u32 argc, char **argv)
{
	return argc ? linear_make(tb, t, argc, argv) : 0;
}

static int error_here(enum bio_op op, struct dm_cursor *c, u64 n)
{
	return -EIO;
}

static int zero_make(struct dm_table *tb, struct dm_target *t, u32 argc, char **argv)
{
	return argc ? dm_bad(t, "No arguments required") : 0;
}

static int zero_here(enum bio_op op, struct dm_cursor *c, u64 n)
{
	struct bio_vec v;

	if (op != BIO_READ && op != BIO_WRITE)
		return 0;
	for (; n; n -= v.len >> SECTOR_SHIFT) {
		v = dm_piece(c, (u32)min(n * SECTOR_SIZE, PAGE_SIZE));
		if (op == BIO_READ)
			memset(dm_bytes(&v), 0, v.len);
		dm_advance(c, v.len);
	}
	return 0;
}

static const struct dm_type linear = { .name = "linear",
				       .version = { 1, 4, 0 },
				       .make = linear_make,
				       .text = linear_text,
				       .passes = true };
static const struct dm_type error = { .name = "error", .version = { 1, 7, 0 }, .make = error_make,
				      .text = linear_text, .here = error_here };
static const struct dm_type zero = { .name = "zero", .version = { 1, 2, 0 }, .make = zero_make,
				     .here = zero_here };

static const struct dm_type *const types[] = { &zero, &dm_verity, &linear, &error };

bool dm_type(u32 n, const char **name, const u32 **version)
{
	if (n >= ARRAY_SIZE(types))
		return false;
	*name = types[n]->name;
	*version = types[n]->version;
	return true;
}

struct dm_where dm_target_where(const struct dm_target *t)
{
	return (struct dm_where){ t->type->name, t->begin, t->len };
}

void dm_target_text(const struct dm_target *t, bool args, char *buf, usize n)
{
	buf[0] = 0;
	if (t->type->text)
		t->type->text(t, args, buf, n);
}

/* ---- tables ---- */

int dm_table_create(struct dm *md, u32 nr, bool read_only, struct dm_table **out)
{
	struct dm_table *tb = knew(struct dm_table);

	if (!tb)
		return -ENOMEM;
	*tb = (struct dm_table){ .md = md, .max = nr, .read_only = read_only };
	tb->targets = kv_alloc(max(nr, 1u) * sizeof(struct dm_target));
	if (!tb->targets) {
		kfree(tb);
		return -ENOMEM;
	}
	*out = tb;
	return 0;
}

void dm_table_destroy(struct dm_table *tb)
{
	if (!tb)
		return;
	for (u32 i = 0; i < tb->nr; i++)
		if (tb->targets[i].type->destroy)
			tb->targets[i].type->destroy(&tb->targets[i]);
	for (u32 i = 0; i < tb->nr_devs; i++) {
		/* written to past its cache */
		(void)vmo_drop_clean(tb->devs[i]->vmo, 0, U64_MAX);
		unclaim(tb->devs[i]);
	}
	kfree(tb->devs);
	kv_free(tb->targets);
	kfree(tb);
}

u64 dm_table_sectors(const struct dm_table *tb)
{
	const struct dm_target *t = &tb->targets[tb->nr - 1];

	return t->begin + t->len;
}

const struct dm_target *dm_table_at(const struct dm_table *tb, u64 sector)
{
	u32 low = 0, high = tb->nr;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (tb->targets[mid].begin + tb->targets[mid].len <= sector)
			low = mid + 1;
		else
			high = mid;
	}
	return low < tb->nr ? &tb->targets[low] : NULL;
}

/* Words between blanks, in place; a backslash takes away the meaning of what follows. */
static u32 split(char *in, char **argv)
{
	u32 n = 0;

	for (;;) {
		char *out;

		while (is_space(*in))
			in++;
		if (!*in)
			return n;
		argv[n++] = out = in;
		while (*in && !is_space(*in)) {
			if (*in == '\\' && in[1])
				in++;
			*out++ = *in++;
		}
		if (*in)
			in++;
		*out = 0;
	}
}

static int make(struct dm_table *tb, struct dm_target *t, char *args)
{
	char **argv = kcalloc(strlen(args) / 2 + 1, sizeof(*argv));
	int err;

	if (!argv)
		return -ENOMEM;
	err = t->type->make(tb, t, split(args, argv), argv);
	kfree(argv);
	return err;
}

int dm_table_add(struct dm_table *tb, const char *type, u64 begin, u64 len, char *args)
{
	struct dm_target *t = &tb->targets[tb->nr];
	u64 end;
	int err;

	if (tb->nr == tb->max)
		return -EINVAL;
	*t = (struct dm_target){ .begin = begin, .len = len, .error = "Unknown error" };
	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i]->name, type))
			t->type = types[i];
	if (!len || !t->type) {
		pr_err("%s: %s", type, len ? "unknown target type" : "zero-length target");
		return -EINVAL;
	}
	if (begin != (tb->nr ? dm_table_sectors(tb) : 0) || add_of(begin, len, &end) ||
	    end > U64_MAX >> SECTOR_SHIFT)
		err = dm_bad(t, "Gap in table");
	else
		err = make(tb, t, args);
	if (err) {
		pr_err("table: %s: %s (%d)", type, t->error, err);
		return err;
	}
	tb->checks |= t->type->check != NULL;
	tb->nr++;
	return 0;
}

/* Many small devices: none of it may be smaller than what the tables say. */
static int area(const struct dm_target *t, u32 block)
{
	u64 have = t->dev ? READ_ONCE(t->dev->nr_sectors) : 0, end;
	u32 unit = block / SECTOR_SIZE;

	if (!t->dev || !t->type->passes)
		return 0;
	if (add_of(t->start, t->len, &end) || (have && end > have)) {
		pr_err("%s too small for target: start=%lu, len=%lu, dev_size=%lu", t->dev->name,
		       t->start, t->len, have);
		return -EINVAL;
	}
	return (t->start | t->len) & (unit - 1) ? -EINVAL : 0;
}

int dm_table_limits(const struct dm_table *tb, struct disk_limits *l)
{
	int err = 0;

	*l = (struct disk_limits){ .logical_block = SECTOR_SIZE, .physical_block = SECTOR_SIZE,
				   .max_sectors = 2560, .max_vecs = 128,
				   .max_discard = U32_MAX >> SECTOR_SHIFT,
				   .max_write_zeroes = U32_MAX >> SECTOR_SHIFT,
				   .read_only = tb->read_only };
	for (u32 i = 0; i < tb->nr && !err; i++) {
		const struct dm_target *t = &tb->targets[i];
		const struct disk_limits *m = t->dev ? &t->dev->disk->limits : NULL;
		u32 block = m ? m->logical_block : SECTOR_SIZE;

		err = area(t, block);
		if (t->type == &dm_verity)
			block = max(block, dm_verity_block(t));
		l->logical_block = max(l->logical_block, block);
		l->physical_block = max(l->physical_block,
					m ? max(block, m->physical_block) : block);
		if (!m)
			continue;
		l->max_discard = m->max_discard ? l->max_discard : 0;
		l->max_write_zeroes = m->max_write_zeroes ? l->max_write_zeroes : 0;
		l->discard_align = max(l->discard_align, m->discard_align);
		l->write_cache |= m->write_cache;
		l->rotational |= m->rotational;
	}
	return err;
}
