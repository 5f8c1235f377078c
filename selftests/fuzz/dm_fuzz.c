/* SPDX-License-Identifier: MIT */
/* modules: compat/ioctl_dm.c fs/dm/table.c fs/dm/verity.c kernel/lib/crypto.c kernel/lib/fmt.c
 * kernel/lib/string.c mm/buddy.c selftests/host/pages.c selftests/host/nouser.c */
/* dm: commands for /dev/mapper/control - structures, names, targets, lines of verity - with bytes
 * changed; tables that come of it are shown and read through. Nothing outside the buffer is
 * touched.
 *
 * The input: command, template, then changes of 3 bytes: where, and what stands there. */
#include <compat/ioctl_dm.h>
#include <fs/dm/dm_int.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/power.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/kvmap.h>
#include <mm/page.h>
#include <mm/slab.h>

#include "unit.h"

#define LOAD   9u
#define BUFFER 2048u

struct dm {
	struct dm_table *table;
} the_dm;
const struct disk_ops dm_disk_ops;
static struct disk disk = { .limits = { .logical_block = 512, .max_sectors = 64, .max_vecs = 8 } };
static struct blkdev dev = { .disk = &disk, .nr_sectors = 4096, .dev = 0xfe00, .name = "vda" };
static u8 fill;

void log_print(enum log_level level, const char *tag, const char *fmt, ...) {}
void power_end(enum power_end how) { host_end_test(); }

/* ---- what is below ---- */

int blkdev_find(u32 n, struct blkdev **out)
{
	*out = &dev;
	return n == dev.dev ? 0 : -ENXIO;
}
int blkdev_claim(struct blkdev *d, const void *holder) { return 0; }
int blkdev_claim_path(const char *path, const void *holder, struct blkdev **out)
{
	*out = &dev;
	return strcmp(path, "/dev/vda") ? -ENOENT : 0;
}
void blkdev_release(struct blkdev *d, const void *holder) {}
void blkdev_for_each(void (*fn)(struct blkdev *d, void *arg), void *arg) { fn(&dev, arg); }
void object_put(struct object *o) {}
u64 vmo_drop_clean(struct vmo *v, u64 first, u64 last) { return 0; }
int blkdev_page_wait(struct blkdev *d, enum bio_op op, u64 sector, struct page *p, u32 off, u32 len,
		     u32 flags)
{
	memset((u8 *)page_to_virt(p) + off, fill, len);
	return sector >= d->nr_sectors ? -EIO : 0;
}
struct cred *current_cred(void) { return NULL; }
bool cred_has(const struct cred *c, enum capability cap) { return true; }
void *kv_alloc(usize n) { return n > 1 << 20 ? NULL : kzalloc(n); }
void kv_free(void *p) { kfree(p); }

/* ---- one device ---- */

u32 dm_dev(const struct dm *md) { return 0xfd00; }
struct dm *dm_find(const char *name, const char *uuid, u32 n)
{
	return *name == 'n' ? NULL : &the_dm;
}
void dm_put(struct dm *md) {}
int dm_create(const char *name, const char *uuid, u32 minor, struct dm **out)
{
	*out = &the_dm;
	return 0;
}
int dm_remove(struct dm *md, bool later) { return later; }
void dm_remove_all(bool later) {}
int dm_stay(struct dm *md) { return 0; }
int dm_rename(const char *name, const char *to, bool uuid, struct dm **out)
{
	if (strlen(to) >= DM_UUID_LEN)
		panic("a name of %u bytes", (u32)strlen(to));
	return dm_create(name, to, 0, out);
}
int dm_load(struct dm *md, struct dm_table *tb)
{
	struct disk_limits l;

	dm_table_destroy(md->table);
	md->table = tb;
	return dm_table_limits(tb, &l) && l.max_vecs ? 0 : 0;
}
void dm_clear(struct dm *md) {}
int dm_suspend(struct dm *md, bool sync) { return 0; }
int dm_resume(struct dm *md) { return 0; }
int dm_wait(struct dm *md, u32 event) { return 0; }
void dm_state(struct dm *md, bool waiting, struct dm_state *out)
{
	*out = (struct dm_state){ .targets = md->table ? md->table->nr : 0, .live = md->table };
}
int dm_for_each_target(struct dm *md, bool w, bool (*fn)(const struct dm_target *t, void *arg),
		       void *arg)
{
	for (u32 i = 0; i < md->table->nr && fn(&md->table->targets[i], arg); i++)
		;
	return 0;
}
int dm_for_each_dep(struct dm *md, bool w, bool (*fn)(const struct blkdev *d, void *arg), void *arg)
{
	for (u32 i = 0; i < md->table->nr_devs && fn(md->table->devs[i], arg); i++)
		;
	return 0;
}
void dm_for_each(void (*fn)(const struct dm_info *i, void *arg), void *arg)
{
	for (u32 i = 0; i < 5; i++)
		fn(&(struct dm_info){ &"name"[i % 4], &"uuid"[i], i, i }, arg);
}
void dm_names(struct dm *md, char name[DM_NAME_LEN], char uuid[DM_UUID_LEN])
{
	name[0] = uuid[0] = 0;
}
int dm_set_geometry(struct dm *md, const struct dm_geometry *g) { return 0; }
void dm_control_arm(struct file *f) {}
void dm_tell_all(void) {}

/* ---- input ---- */

#define ROOT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MORE "3 ignore_corruption ignore_zero_blocks check_at_most_once"
static const char *const lines[] = {
	("verity 1 /dev/vda 254:0 512 512 64 100 sha256 " ROOT " 0123 " MORE),
	("verity 0 /dev/vda /dev/vda 4096 1024 100 60 sha256 " ROOT " -"),
	"linear /dev/vda 8",
	"zero ",
	"error 254:0 1",
};

static void template(struct abi_dm_ioctl *p, u32 which)
{
	u32 at = sizeof(*p);

	p->flags = 1;
	p->data_start = at;
	p->target_count = 1 + which % 3;
	str_copy(p->name, "some", sizeof(p->name));
	for (u32 i = 0; i < p->target_count; i++) {
		struct abi_dm_spec *s = (struct abi_dm_spec *)((u8 *)p + at);
		const char *line = lines[(which + i) % ARRAY_SIZE(lines)],
			   *blank = strchr(line, ' ');

		s->start = i * 64;
		s->len = 64;
		memcpy(s->type, line, (usize)(blank - line));
		str_copy((char *)(s + 1), blank + 1, 400);
		s->next = (u32)p_align(sizeof(*s) + strlen(blank + 1) + 1);
		at += s->next;
	}
}

/* Through pages in pieces that fit no block. */
static void read_through(const struct dm_table *tb)
{
	static u8 vecs[sizeof(struct bio) + 8 * sizeof(struct bio_vec)];
	struct bio *b = (struct bio *)vecs;
	struct page *p = page_alloc(0, PAGE_KERNEL);

	for (u32 i = 0; i < tb->nr; i++) {
		const struct dm_target *t = &tb->targets[i];
		u32 unit = t->type == &dm_verity ? dm_verity_block(t) / 512 : 1,
		    n = 8 / unit * unit;
		struct dm_cursor c = { .b = b };

		if (t->len < n)
			continue;
		*b = (struct bio){ .nr_vecs = 2, .max_vecs = 8 };
		b->vecs[0] = (struct bio_vec){ p, 0, 1536 };
		b->vecs[1] = (struct bio_vec){ p, 1536, 2560 };
		memset(page_to_virt(p), fill, PAGE_SIZE);
		if (t->type->check)
			(void)!t->type->check(t, &c, t->len / unit / 2 * unit,
					      min(n, t->len - t->len / unit / 2 * unit));
		else
			dm_skip(&c, n);
	}
	page_put(p);
}

void fuzz_one(const u8 *data, usize size);
void fuzz_one(const u8 *data, usize size)
{
	struct abi_dm_ioctl *p;
	u32 n;

	if (size < 3)
		return;
	fill = data[2];
	n = data[1] & 0x80 ? DM_DATA + data[1] % 64 * 8 : BUFFER;
	p = kzalloc(max(n, (u32)sizeof(*p)));
	if (n == BUFFER)
		template(p, data[1]);
	for (usize i = 3; i + 3 <= size; i += 3)
		((u8 *)p)[(data[i] | data[i + 1] << 8) % n] = data[i + 2];
	if (!dm_command(NULL, data[0] & 0x80 ? LOAD : data[0] % 18, p, n) &&
	    p->data_size > max(n, (u32)sizeof(*p)))
		panic("%u bytes of %u", p->data_size, n);
	if (the_dm.table) {
		p->flags = data[0] & 1 ? 0x10 : 0;
		p->name[0] = 's';
		p->uuid[0] = 0;
		p->dev = 0;
		(void)!dm_command(NULL, 11 + (data[0] >> 1 & 1), p, n);
		read_through(the_dm.table);
		dm_table_destroy(the_dm.table);
		the_dm.table = NULL;
	}
	kfree(p);
}
