/* SPDX-License-Identifier: MIT */
/* ioctl_dm.c - ioctl(2) on /dev/mapper/control.
 *
 * One structure goes in and out, with what belongs to it behind: all of it is read once into memory
 * of ours, commands work there, and it is written back when they succeed.
 * Locks: none. Ref: Linux include/uapi/linux/dm-ioctl.h.
 * Tests: selftests/abi/dm.c, selftests/fuzz/dm_fuzz.c, selftests/storage/run (dm_...)
 */
#include "file_int.h"

#include <compat/user.h>
#include <fs/blkdev.h>
#include <fs/chrdev.h>
#include <fs/dm/dm.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <mm/kvmap.h>

#include "ioctl_dm.h"

#define DM_READONLY	    0x00001u
#define DM_SUSPEND	    0x00002u
#define DM_PERSISTENT_DEV   0x00008u
#define DM_STATUS_TABLE	    0x00010u
#define DM_ACTIVE_PRESENT   0x00020u
#define DM_INACTIVE_PRESENT 0x00040u
#define DM_BUFFER_FULL	    0x00100u
#define DM_SKIP_LOCKFS	    0x00400u
#define DM_QUERY_INACTIVE   0x01000u
#define DM_UEVENT_GENERATED 0x02000u
#define DM_UUID		    0x04000u
#define DM_SECURE_DATA	    0x08000u
#define DM_DATA_OUT	    0x10000u
#define DM_DEFERRED_REMOVE  0x20000u
#define DM_INTERNAL_SUSPEND 0x40000u

#define LARGE	    65536u	/* what comes page by page */
#define HERE_MOST   (64u << 20)
#define DATA_MOST   (1u << 30)
#define HAS_UUID	1u	/* in lists of names */
#define HAS_NO_UUID	2u

enum {
	VERSION,
	REMOVE_ALL,
	LIST_DEVICES,
	DEV_CREATE,
	DEV_REMOVE,
	DEV_RENAME,
	DEV_SUSPEND,
	DEV_STATUS,
	DEV_WAIT,
	TABLE_LOAD,
	TABLE_CLEAR,
	TABLE_DEPS,
	TABLE_STATUS,
	LIST_VERSIONS,
	TARGET_MSG,
	DEV_SET_GEOMETRY,
	DEV_ARM_POLL,
	GET_TARGET_VERSION,
	NR_COMMANDS
};

/* Those that look at nothing behind the structure. */
#define NO_DATA	 (BIT(REMOVE_ALL) | BIT(DEV_CREATE) | BIT(DEV_REMOVE) | BIT(DEV_SUSPEND) | \
		  BIT(DEV_STATUS) | BIT(TABLE_CLEAR) | BIT(DEV_ARM_POLL))

/* Those that wake who polls. */
#define NEWS	 (BIT(REMOVE_ALL) | BIT(DEV_CREATE) | BIT(DEV_REMOVE) | BIT(DEV_RENAME))

/* ---- results ---- */

/* Where they go: from the first multiple of 8 behind the structure. */
struct out {
	struct abi_dm_ioctl *p;
	u8 *at, *from, *end;	/* at > end: no room any more */
};

static struct out out_begin(struct abi_dm_ioctl *p, u32 size)
{
	u8 *base = (u8 *)p;

	p->data_start = sizeof(*p);
	return (struct out){ p, base + sizeof(*p), base + sizeof(*p),
			     base + max(size, (u32)sizeof(*p)) };
}

static void align(struct out *o)
{
	o->at = (u8 *)p_align((usize)o->at);
}

/* n bytes, or none of them: then it is full. */
static void *out_take(struct out *o, usize n)
{
	u8 *at = o->at;

	o->at += n;
	if (o->at <= o->end)
		return at;
	o->p->flags |= DM_BUFFER_FULL;
	return NULL;
}

static void out_end(struct out *o)
{
	if (!(o->p->flags & DM_BUFFER_FULL))
		o->p->data_size = (u32)(o->at - (u8 *)o->p);
}

/* ---- devices ---- */

static struct dm *find(const struct abi_dm_ioctl *p)
{
	if (*p->uuid ? *p->name || p->dev : *p->name && p->dev)
		return NULL;
	return dm_find(p->name, p->uuid, (u32)p->dev);
}

static void put_state(struct dm *md, struct abi_dm_ioctl *p)
{
	struct dm_state s;

	dm_state(md, p->flags & DM_QUERY_INACTIVE, &s);
	p->flags &= ~(DM_SUSPEND | DM_READONLY | DM_ACTIVE_PRESENT | DM_INTERNAL_SUSPEND);
	p->flags |= (s.suspended ? DM_SUSPEND : 0) | (s.later ? DM_DEFERRED_REMOVE : 0) |
		    (s.read_only ? DM_READONLY : 0) | (s.live ? DM_ACTIVE_PRESENT : 0);
	p->dev = s.dev;
	p->open_count = (s32)s.open;
	p->event_nr = s.event;
	p->target_count = s.targets;
}

/* And its names, for whoever asked by something else. */
static struct dm *find_named(struct abi_dm_ioctl *p)
{
	struct dm *md = find(p);
	struct dm_state s;

	if (!md)
		return NULL;
	dm_names(md, p->name, p->uuid);
	dm_state(md, false, &s);
	p->flags &= ~DM_INACTIVE_PRESENT;
	p->flags |= s.waiting ? DM_INACTIVE_PRESENT : 0;
	return md;
}

static bool is_name(const char *s)
{
	return !strchr(s, '/') && strcmp(s, "control") != 0 && strcmp(s, ".") != 0 &&
	       strcmp(s, "..") != 0;
}

/* The text behind the structure, within size. */
static char *text_of(struct abi_dm_ioctl *p, u32 size, u32 skip)
{
	u64 at = (u64)p->data_start + skip;
	char *s = (char *)p + at;

	if (p->data_start < DM_DATA || at >= size || !memchr(s, 0, size - at))
		return NULL;
	return s;
}

static long create(struct abi_dm_ioctl *p)
{
	auto_dm struct dm *md = NULL;
	u32 minor = p->flags & DM_PERSISTENT_DEV ? dev_minor((u32)p->dev) : DM_ANY_MINOR;
	int err = is_name(p->name) ? dm_create(p->name, p->uuid, minor, &md) : -EINVAL;

	if (err)
		return err;
	p->flags &= ~DM_INACTIVE_PRESENT;
	put_state(md, p);
	return 0;
}

static long rename(struct abi_dm_ioctl *p, u32 size)
{
	auto_dm struct dm *md = NULL;
	bool uuid = p->flags & DM_UUID;
	const char *to = text_of(p, size, 0);
	int err;

	if (!to || !*to || strlen(to) >= (uuid ? DM_UUID_LEN : DM_NAME_LEN) ||
	    (!uuid && !is_name(to)))
		return -EINVAL;
	err = dm_rename(p->name, to, uuid, &md);
	if (err < 0)
		return err;
	p->flags |= err ? DM_UEVENT_GENERATED : 0;
	put_state(md, p);
	return 0;
}

static long suspend(struct dm *md, struct abi_dm_ioctl *p)
{
	bool on = p->flags & DM_SUSPEND;
	int err = on ? dm_suspend(md, !(p->flags & DM_SKIP_LOCKFS)) : dm_resume(md);

	if (err < 0)
		return err;
	p->flags &= on ? U32_MAX : ~DM_INACTIVE_PRESENT;
	p->flags |= err ? DM_UEVENT_GENERATED : 0;
	put_state(md, p);
	return 0;
}

static long remove(struct dm *md, struct abi_dm_ioctl *p)
{
	struct dm_state s;
	int err;

	dm_state(md, false, &s);
	err = dm_remove(md, p->flags & DM_DEFERRED_REMOVE);
	if (!err) {
		p->flags &= ~DM_DEFERRED_REMOVE;
		p->flags |= s.disk ? DM_UEVENT_GENERATED : 0;
	}
	return err > 0 ? 0 : err;
}

/* Numbers with blanks before each. */
static long set_geometry(struct dm *md, struct abi_dm_ioctl *p, u32 size)
{
	const char *s = text_of(p, size, 0);
	u64 n[4];

	for (u32 i = 0; s && i < ARRAY_SIZE(n); i++) {
		while (is_space(*s))
			s++;
		if (parse_u64(s, 10, &n[i], &s))
			s = NULL;
	}
	if (!s || *s || n[0] > 65535 || n[1] > 255 || n[2] > 255)
		return -EINVAL;
	p->data_size = 0;
	return dm_set_geometry(md, &(struct dm_geometry){ (u16)n[0], (u8)n[1], (u8)n[2], n[3] });
}

/* The one message that is for the device itself; no target takes any. */
static long message(struct dm *md, struct abi_dm_ioctl *p, u32 size)
{
	const char *s = text_of(p, size, sizeof(u64));
	int err;

	if (!s || strcmp(s, "@cancel_deferred_remove") != 0)
		return -EINVAL;
	err = dm_stay(md);
	if (!err) {
		p->flags &= ~DM_DEFERRED_REMOVE;
		put_state(md, p);
	}
	return err;
}

/* ---- tables ---- */

/* Specifications follow each other, each with its text. */
static int read_targets(struct dm_table *tb, struct abi_dm_ioctl *p, u32 size)
{
	u64 at = p->data_start, least = sizeof(*p);
	int err = 0;

	for (u32 i = 0; i < p->target_count && !err; i++) {
		struct abi_dm_spec *s = (struct abi_dm_spec *)((u8 *)p + at);
		char *text = (char *)(s + 1), *nul;

		if (at < least || at % 8 || at + sizeof(*s) >= size)
			return -EINVAL;
		nul = memchr(text, 0, size - at - sizeof(*s));
		if (!nul)
			return -EINVAL;
		s->type[sizeof(s->type) - 1] = 0;
		least = at + (u64)(nul + 1 - (char *)s);
		at += s->next;
		err = dm_table_add(tb, s->type, s->start, s->len, text);
	}
	return err;
}

static long load(struct dm *md, struct abi_dm_ioctl *p, u32 size)
{
	struct dm_table *tb = NULL;
	int err;

	if (p->target_count > DM_TARGETS_MAX)
		return -EOVERFLOW;
	if (!p->target_count || p->target_count > size / sizeof(struct abi_dm_spec))
		return -EINVAL;
	err = dm_table_create(md, p->target_count, p->flags & DM_READONLY, &tb);
	if (err)
		return err;
	err = read_targets(tb, p, size);
	if (err) {
		dm_table_destroy(tb);
		return err;
	}
	err = dm_load(md, tb);
	if (err)
		return err;
	p->flags |= DM_INACTIVE_PRESENT;
	put_state(md, p);
	return 0;
}

static bool put_target(const struct dm_target *t, void *arg)
{
	struct out *o = arg;
	struct dm_where w = dm_target_where(t);
	struct abi_dm_spec *s;
	usize room, used;

	align(o);
	s = out_take(o, sizeof(*s));
	if (!s || o->at == o->end) {
		o->p->flags |= DM_BUFFER_FULL;
		return false;
	}
	*s = (struct abi_dm_spec){ .start = w.begin, .len = w.len };
	str_copy(s->type, w.type, sizeof(s->type));
	room = (usize)(o->end - o->at);
	dm_target_text(t, o->p->flags & DM_STATUS_TABLE, (char *)o->at, room);
	used = strlen((char *)o->at) + 1;
	if (used == room) {		/* as if it did not fit */
		o->p->flags |= DM_BUFFER_FULL;
		return false;
	}
	o->at += used;
	o->p->data_size = (u32)(o->at - (u8 *)o->p);
	s->next = (u32)(p_align((usize)o->at) - (usize)o->from);
	return true;
}

static void put_status(struct dm *md, struct abi_dm_ioctl *p, u32 size)
{
	struct out o;

	put_state(md, p);
	if (!p->target_count)
		return;
	o = out_begin(p, size);
	(void)!dm_for_each_target(md, p->flags & DM_QUERY_INACTIVE, put_target, &o);
}

static bool put_dep(const struct blkdev *d, void *arg)
{
	u64 *n = out_take(arg, sizeof(*n));

	if (n)
		*n = d->dev;
	return n;
}

static void put_deps(struct dm *md, struct abi_dm_ioctl *p, u32 size)
{
	struct out o;
	u64 *count;

	put_state(md, p);
	if (!p->target_count)
		return;
	o = out_begin(p, size);
	count = out_take(&o, sizeof(*count));
	if (!count || dm_for_each_dep(md, p->flags & DM_QUERY_INACTIVE, put_dep, &o))
		return;
	*count = (usize)(o.at - o.from) / 8 - 1;
	out_end(&o);
}

/* ---- lists ---- */

struct names {
	struct out o;
	struct abi_dm_name *last;
	const char *name, *uuid;	/* with which they begin */
};

static void put_name(const struct dm_info *i, void *arg)
{
	struct names *n = arg;
	usize len = strlen(i->name) + 1,
	      more = n->o.p->flags & DM_UUID && *i->uuid ? strlen(i->uuid) + 1 : 0,
	      fixed = p_align(sizeof(struct abi_dm_name) + len);
	struct abi_dm_name *e;
	u32 *event;

	if (!str_has_prefix(i->name, n->name) || !str_has_prefix(i->uuid, n->uuid))
		return;
	e = out_take(&n->o, fixed + 8 + p_align(more));
	if (!e)
		return;
	e->dev = i->dev;
	e->next = 0;
	memcpy(e->name, i->name, len);
	event = (u32 *)((u8 *)e + fixed);
	event[0] = i->event;
	event[1] = n->o.p->flags & DM_UUID ? more ? HAS_UUID : HAS_NO_UUID : 0;
	memcpy(event + 2, i->uuid, more);
	if (n->last)
		n->last->next = (u32)((u8 *)e - (u8 *)n->last);
	n->last = e;
}

static long list(struct abi_dm_ioctl *p, u32 size)
{
	struct names n = { .o = out_begin(p, size), .name = p->name, .uuid = p->uuid };

	dm_for_each(put_name, &n);
	if (!n.last) {
		u64 *none = out_take(&n.o, 8);

		if (none)
			*none = 0;
		n.o.at = n.o.from;
	}
	out_end(&n.o);
	return 0;
}

static long versions(struct abi_dm_ioctl *p, u32 size, bool one)
{
	struct out o;
	struct abi_dm_version *last = NULL, *e;
	const char *name;
	const u32 *v;
	u32 used = sizeof(*p);

	o = out_begin(p, size);
	for (u32 i = 0; dm_type(i, &name, &v); i++) {
		usize n = strlen(name) + 1;

		if (one && strcmp(name, p->name) != 0)
			continue;
		e = out_take(&o, p_align(sizeof(*e) + n));
		used += (u32)(sizeof(*e) + n + 7);	/* counted so by Linux */
		if (!e || used > max(size, (u32)sizeof(*p))) {
			p->flags |= DM_BUFFER_FULL;
			return 0;
		}
		e->next = 0;
		memcpy(e->version, v, sizeof(e->version));
		memcpy(e->name, name, n);
		if (last)
			last->next = (u32)((u8 *)e - (u8 *)last);
		last = e;
	}
	if (!last)
		return -EINVAL;
	p->data_size = used;
	return 0;
}

/* ---- commands ---- */

static long on_device(struct dm *md, u32 cmd, struct abi_dm_ioctl *p, u32 size)
{
	int err;

	switch (cmd) {
	case DEV_REMOVE: return remove(md, p);
	case DEV_SUSPEND: return suspend(md, p);
	case TABLE_LOAD: return load(md, p, size);
	case TARGET_MSG: return message(md, p, size);
	case DEV_SET_GEOMETRY: return set_geometry(md, p, size);
	case TABLE_DEPS: put_deps(md, p, size); return 0;
	case TABLE_CLEAR:
		dm_clear(md);
		p->flags &= ~DM_INACTIVE_PRESENT;
		break;
	case DEV_WAIT:
		err = dm_wait(md, p->event_nr);
		if (err)
			return err;
		fallthrough;
	case TABLE_STATUS:
		put_status(md, p, size);
		return 0;
	}
	put_state(md, p);
	return 0;
}

/* Names where none may be, or two. */
static bool is_asked_well(u32 cmd, const struct abi_dm_ioctl *p)
{
	if (cmd == REMOVE_ALL || cmd == LIST_DEVICES || cmd == LIST_VERSIONS)
		return true;
	return cmd == DEV_CREATE ? *p->name : !(*p->uuid && *p->name);
}

long dm_command(struct file *f, u32 cmd, struct abi_dm_ioctl *p, u32 size)
{
	auto_dm struct dm *md = NULL;
	bool plain = cmd == DEV_REMOVE || cmd == TABLE_CLEAR ||
		     (cmd == DEV_SUSPEND && !(p->flags & DM_SUSPEND));

	p->flags &= ~(DM_BUFFER_FULL | DM_UEVENT_GENERATED | DM_SECURE_DATA | DM_DATA_OUT);
	if (!is_asked_well(cmd, p))
		return -EINVAL;
	p->name[sizeof(p->name) - 1] = 0;
	p->uuid[sizeof(p->uuid) - 1] = 0;
	p->data_size = DM_DATA;
	switch (cmd) {
	case REMOVE_ALL:
		dm_remove_all(p->flags & DM_DEFERRED_REMOVE);
		p->data_size = 0;
		return 0;
	case LIST_DEVICES: return list(p, size);
	case DEV_CREATE: return create(p);
	case DEV_RENAME: return rename(p, size);
	case LIST_VERSIONS: return versions(p, size, false);
	case GET_TARGET_VERSION: return versions(p, size, true);
	case DEV_ARM_POLL: dm_control_arm(f); return 0;
	}
	md = plain ? find(p) : find_named(p);
	return md ? on_device(md, cmd, p, size) : -ENXIO;
}

/* ---- user memory ---- */

static const u32 ours[3] = { 4, 48, 0 };

static int check_version(struct abi_dm_ioctl *p, uaddr_t arg)
{
	if (copy_from_user(p->version, arg, sizeof(p->version)))
		return -EFAULT;
	if (copy_to_user(arg, ours, sizeof(ours)))
		return -EFAULT;
	return p->version[0] != ours[0] || p->version[1] > ours[1] ? -EINVAL : 0;
}

static long with_data(struct file *f, u32 cmd, const struct abi_dm_ioctl *head, uaddr_t arg)
{
	u32 size = NO_DATA >> cmd & 1 ? DM_DATA : head->data_size;
	bool large = size > LARGE;
	struct abi_dm_ioctl *p = large ? size > HERE_MOST ? NULL : kv_alloc(size)
				       : kzalloc(max(size, (u32)sizeof(*p)));
	long ret = 0;

	if (!p)
		return -ENOMEM;
	memcpy(p, head, DM_DATA);
	if (size > DM_DATA)
		ret = copy_from_user(p->data, uaddr_add(arg, DM_DATA), size - DM_DATA);
	if (!ret)
		ret = dm_command(f, cmd, p, size);
	if (!ret && NEWS >> cmd & 1)
		dm_tell_all();
	if (!ret && copy_to_user(arg, p, p->data_size))
		ret = -EFAULT;
	if (large)
		kv_free(p);
	else
		kfree(p);
	return ret;
}

long ioctl_dm(struct file *f, u32 cmd, uaddr_t arg)
{
	struct abi_dm_ioctl head;
	u32 nr = cmd & 0xff;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if ((cmd >> 8 & 0xff) != 0xfd)
		return -ENOTTY;
	err = check_version(&head, arg);
	if (err || nr == VERSION)
		return err;
	if (nr >= NR_COMMANDS)
		return -ENOTTY;
	if (copy_from_user(&head.data_size, uaddr_add(arg, sizeof(head.version)),
			   DM_DATA - sizeof(head.version)))
		return -EFAULT;
	memcpy(head.version, ours, sizeof(ours));
	return head.data_size < DM_DATA || head.data_size > DATA_MOST
		       ? -EINVAL
		       : with_data(f, nr, &head, arg);
}
