/* SPDX-License-Identifier: MIT */
/* control.c - /dev/mapper/control, and devices that the command line asks for.
 *
 * What control is asked, compat/ioctl_dm.c reads; here it is a file that can be polled for news.
 *	dm-mod.create="NAME,UUID,MINOR,ro|rw,TABLE[,TABLE]...[;NAME,...]"	TABLE: START LEN TYPE ARGS
 *
 * Locks: none. Ref: Linux Documentation/admin-guide/device-mapper/dm-init.rst.
 * Tests: selftests/storage/run (dm_...)
 */
#define LOG_TAG "device-mapper"
#include "dm_int.h"

#include <fs/chrdev.h>
#include <kernel/cmdline.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

static atomic_t news;

static u32 control_poll(struct file *f)
{
	return (s32)(atomic_read(&news) - (u32)(usize)f->private) > 0 ? EPOLLIN : 0;
}

static int control_open(struct chrdev *c, u32 minor, u32 flags, struct file **out)
{
	int err;

	object_get(&c->obj);
	err = file_create(&c->obj, flags, out);
	if (!err)
		dm_control_arm(*out);
	return err;
}

static const struct object_ops control_ops = { .name = "device-mapper", .type = OBJ_CHARDEV,
					       .poll = control_poll };
static struct chrdev control_dev = { .major = MISC_MAJOR, .minor = 236, .name = "mapper/control",
				     .driver = "misc", .misc = "device-mapper", .mode = 0600,
				     .open = control_open, .ops = &control_ops };

bool file_is_dm_control(const struct file *f)
{
	return f->obj->ops == &control_ops;
}

void dm_control_arm(struct file *f)
{
	f->private = (void *)(usize)atomic_read(&news);
}

void dm_tell_all(void)
{
	atomic_inc(&news);
	object_wake(&control_dev.obj, EPOLLIN);
}

void dm_init(void)
{
	if (chrdev_register(&control_dev))
		pr_warn("the number of /dev/mapper/control is taken");
}

/* ---- at boot ---- */

/* What stands before the next sep, without blanks around it; *at moves behind. NULL: no more. */
static char *field(char **at, char sep)
{
	char *s = *at, *end;

	if (!s)
		return NULL;
	end = strchr(s, sep);
	*at = end ? end + 1 : NULL;
	end = end ? end : s + strlen(s);
	while (is_space(*s))
		s++;
	while (end > s && is_space(end[-1]))
		end--;
	*end = 0;
	return s;
}

static int add_line(struct dm_table *tb, char *line)
{
	char *start = field(&line, ' '), *len = field(&line, ' '), *type = field(&line, ' ');
	u64 s, n;

	if (!type || parse_u64(start, 10, &s, NULL) || parse_u64(len, 10, &n, NULL))
		return -EINVAL;
	return dm_table_add(tb, type, s, n, line ? line : type + strlen(type));
}

static int fill(struct dm *md, bool read_only, char *lines)
{
	struct dm_table *tb;
	u32 nr = 1;
	char *line;
	int err;

	for (const char *s = lines; *s; s++)
		nr += *s == ',';
	err = dm_table_create(md, nr, read_only, &tb);
	if (err)
		return err;
	tb->boot = true;
	while (!err && (line = field(&lines, ',')))
		err = add_line(tb, line);
	if (err) {
		dm_table_destroy(tb);
		return err;
	}
	err = dm_load(md, tb);
	if (!err)
		err = dm_resume(md);
	return err > 0 ? 0 : err;
}

static int make_one(char *text)
{
	const char *name = field(&text, ','), *uuid = field(&text, ','), *minor = field(&text, ','),
		   *mode = field(&text, ',');
	u64 nr = DM_ANY_MINOR;
	struct dm *md;
	int err;

	if (!text || !*name || strlen(name) >= DM_NAME_LEN || strlen(uuid) >= DM_UUID_LEN ||
	    (*minor && parse_u64(minor, 10, &nr, NULL)) ||
	    (strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0))
		return -EINVAL;
	err = dm_create(name, uuid, (u32)nr, &md);
	if (err)
		return err;
	err = fill(md, mode[1] == 'o', text);
	if (err)
		(void)!dm_remove(md, false);
	dm_put(md);
	return err;
}

void dm_boot(void)
{
	const char *asked = cmdline_get("dm-mod.create");
	char *text = asked ? kstrdup(asked) : NULL, *at = text, *one;
	int err;

	while (at && (one = field(&at, ';'))) {
		err = make_one(one);
		if (err)
			pr_err("dm-mod.create: %s: error %d", one, -err);
	}
	kfree(text);
}
