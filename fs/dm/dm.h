/* SPDX-License-Identifier: MIT */
/* dm.h - mapped devices: disks whose sectors are ranges of other disks, as a table says. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

struct blkdev;
struct dm;
struct dm_table;
struct dm_target;
struct file;

#define DM_NAME_LEN    128u	/* with the NUL */
#define DM_UUID_LEN    129u
#define DM_ANY_MINOR   U32_MAX
#define DM_TARGETS_MAX 1048576u

/* ---- tables, before a device has them ---- */

/* For at most nr targets, of md. -ENOMEM. NULL: forget it. */
int __must_check dm_table_create(struct dm *md, u32 nr, bool read_only, struct dm_table **out);
/* The next target; args is written to. -EINVAL, and what the target says: -EBUSY, -ENOENT ... */
int __must_check dm_table_add(struct dm_table *tb, const char *type, u64 begin, u64 len,
			      char *args);
void dm_table_destroy(struct dm_table *tb);

/* ---- devices ---- */

/* A device by its name, uuid or number; put back by dm_put(). NULL: none. */
struct dm *dm_find(const char *name, const char *uuid, u32 dev);
void dm_put(struct dm *md);
static inline void dm_putp(struct dm **md)
{
	if (*md)
		dm_put(*md);
}
#define auto_dm __cleanup(dm_putp)

/* -EBUSY: the name or uuid is taken. -ENXIO: the minor is. */
int __must_check dm_create(const char *name, const char *uuid, u32 minor, struct dm **out);
/* -EBUSY in use; then, if later, 1: it goes when the last user does. -ENXIO: gone. */
int __must_check dm_remove(struct dm *md, bool later);
void dm_remove_all(bool later);
int __must_check dm_stay(struct dm *md);	/* no removal later after all. -ENXIO: gone */
/* A new name, or the first uuid: 1, if nobody was told 0. -EBUSY taken, -ENXIO no device of that
 * name, -EINVAL a uuid already. */
int __must_check dm_rename(const char *name, const char *to, bool uuid, struct dm **out);
/* Takes over the table: it waits for dm_resume(). -ENXIO, -EINVAL, -ENOMEM. */
int __must_check dm_load(struct dm *md, struct dm_table *tb);
void dm_clear(struct dm *md);
int __must_check dm_suspend(struct dm *md, bool sync);
/* 1: it goes on; 0: it was not suspended. -EINVAL */
int __must_check dm_resume(struct dm *md);
int __must_check dm_wait(struct dm *md, u32 event);	/* until it is another. -ERESTARTSYS */

struct dm_state {
	u32 dev, open, event, targets;
	bool disk, suspended, later, read_only, live, waiting;
};
void dm_state(struct dm *md, bool waiting, struct dm_state *out);
/* fn for each target, or each device under it, until it returns false. -ENXIO: no such table. */
int dm_for_each_target(struct dm *md, bool waiting,
		       bool (*fn)(const struct dm_target *t, void *arg), void *arg);
int dm_for_each_dep(struct dm *md, bool waiting, bool (*fn)(const struct blkdev *d, void *arg),
		    void *arg);

struct dm_info {
	const char *name, *uuid;
	u32 dev, event;
};
void dm_for_each(void (*fn)(const struct dm_info *i, void *arg), void *arg);	/* by name */
void dm_names(struct dm *md, char name[DM_NAME_LEN], char uuid[DM_UUID_LEN]);

struct dm_geometry {
	u16 cylinders;
	u8 heads, sectors;
	u64 start;
};
int __must_check dm_set_geometry(struct dm *md, const struct dm_geometry *g);
struct dm *blkdev_dm(struct blkdev *d);		/* NULL: another kind of disk */
struct dm_geometry dm_geometry(const struct dm *md);

/* ---- targets ---- */

struct dm_where {
	const char *type;
	u64 begin, len;
};
struct dm_where dm_target_where(const struct dm_target *t);
/* Its arguments, or its state. What does not fit is left out; always ends buf. */
void dm_target_text(const struct dm_target *t, bool args, char *buf, usize n);
/* The n-th kind of target there is. False: no more. */
bool dm_type(u32 n, const char **name, const u32 **version);

/* ---- /dev/mapper/control ---- */

/* A file of it was asked (compat/ioctl_dm.c). */
bool file_is_dm_control(const struct file *f);
void dm_control_arm(struct file *f);	/* poll: what came before is known */
void dm_tell_all(void);

void dm_init(void);	/* boot */
void dm_boot(void);	/* dm-mod.create=, when the disks are there */
