/* SPDX-License-Identifier: MIT */
/* devfs.c - devtmpfs and devpts: tmpfs super blocks in which the kernel makes nodes. Of devtmpfs
 * there is one; each mount of devpts is an instance of its own, with its own numbers.
 *
 * Names of devices are made whether or not devtmpfs is mounted anywhere. What a program makes or
 * removes there is its business; a node that is already there is left alone. In devpts programs
 * make nothing. An open master keeps its instance (super_hold).
 *
 * Locks: D of each directory on the way, one at a time; pts_lock for numbers. Ref: pts(4), Linux
 * Documentation/filesystems/devpts.rst.
 * Tests: selftests/abi/devpts.c
 */
#include <fs/devfs.h>

#include <fs/chrdev.h>
#include <fs/namei.h>
#include <fs/option.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/printk.h>
#include <kernel/rights.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "tmpfs_int.h"
#include "vfs_int.h"

#define DEVPTS_MAGIC 0x1cd1u

static struct mount *dev_mount __ro_after_init;

/* The child of dir named n, made with mode if it is not there: a reference, or NULL. */
static struct dentry *make_child(struct dentry *dir, const struct name *n, u32 mode, u32 dev)
{
	struct vnode *dv = dir->vnode, *v;
	struct dentry *d;

	rw_write_lock(&dv->lock);
	d = dentry_find(dir, n);
	if (!d) {
		d = dentry_alloc(dir, n);
		if (d && tmpfs_dir_ops.create(dv, d, mode, dev, &v)) {
			dentry_put(d);
			d = NULL;
		} else if (d) {
			v->uid = KUID(0);
			v->gid = KGID(0);
			dentry_add(d, v);
		}
	}
	rw_write_unlock(&dv->lock);
	return d;
}

/* Walks to the last name of path below root, making directories. A reference to the directory, or
 * NULL. */
static struct dentry *walk_dirs(struct dentry *root, const char *path, struct name *last)
{
	struct dentry *d = root, *next;

	dentry_get(d);
	for (;;) {
		*last = name_scan(path);
		path += name_len(last);
		if (!*path)
			return d;
		path++;
		next = make_child(d, last, S_IFDIR | 0755, 0);
		dentry_put(d);
		if (!next)
			return NULL;
		d = next;
	}
}

static void make_node(struct dentry *root, const char *name, u32 mode, u32 dev)
{
	char path[64] = "";
	struct dentry *dir, *d;
	struct name last;

	str_copy(path, name, sizeof(path) - 8);
	dir = walk_dirs(root, path, &last);
	if (!dir)
		return;
	d = make_child(dir, &last, mode, dev);
	if (d)
		dentry_put(d);
	dentry_put(dir);
}

static void remove_node(struct dentry *root, const char *name)
{
	char path[64] = "";
	struct dentry *dir, *d;
	struct name last;
	struct vnode *dv;

	str_copy(path, name, sizeof(path) - 8);
	dir = walk_dirs(root, path, &last);
	if (!dir)
		return;
	dv = dir->vnode;
	rw_write_lock(&dv->lock);
	d = dentry_find(dir, &last);
	if (d && !vnode_is_dir(d->vnode) && !tmpfs_dir_ops.unlink(dv, d))
		dentry_drop(d);
	rw_write_unlock(&dv->lock);
	if (d)
		dentry_put(d);
	dentry_put(dir);
}

void devfs_make(const char *name, u32 mode, u32 dev)
{
	if (dev_mount)
		make_node(dev_mount->root, name, mode, dev);
}

void devfs_unmake(const char *name)
{
	if (dev_mount)
		remove_node(dev_mount->root, name);
}

/* "tty%u" with the number put in. */
static void node_name(char *buf, usize size, const char *pattern, u32 i)
{
	const char *percent = strchr(pattern, '%');

	if (percent)
		fmt_print(buf, size, "%.*s%u", (int)(percent - pattern), pattern, i);
	else
		str_copy(buf, pattern, size);
}

static void for_each_node(const struct chrdev *c,
			  void (*fn)(const char *name, const struct chrdev *c, u32 minor))
{
	bool many = c->name && strchr(c->name, '%');
	char name[48];
	u32 i;

	for (i = 0; c->name && i < (many ? c->nr_minors : 1); i++) {
		node_name(name, sizeof(name), c->name, i);
		fn(name, c, c->minor + i);
	}
}

static void make_one(const char *name, const struct chrdev *c, u32 minor)
{
	devfs_make(name, S_IFCHR | c->mode, dev_make(c->major, minor));
}

static void unmake_one(const char *name, const struct chrdev *c, u32 minor)
{
	devfs_unmake(name);
}

void devfs_add(const struct chrdev *c)
{
	for_each_node(c, make_one);
}

void devfs_remove(const struct chrdev *c)
{
	for_each_node(c, unmake_one);
}

static void add_waiting(const struct chrdev *c, void *arg)
{
	devfs_add(c);
}

/* ---- devpts ---- */

/* One instance: a mount(2) of devpts. Locks: q  pts_lock   m  mount, remount */
struct devpts {
	u32 mode, ptmx_mode, max;	/* [m] */
	u32 uid, gid;			/* [m] one more than asked for; 0: the opener's */
	bool reserve;			/* [I] may use what others must leave */
	struct list slots;		/* [q] by index */
};

u32 pty_max = 4096, pty_reserve = 1024;
atomic_t pty_count;
static struct mutex pts_lock = MUTEX_INIT(pts_lock, RANK_SLEEP_LEAF);

static bool is_devpts(const struct super *sb)
{
	return sb->type->magic == DEVPTS_MAGIC;
}

static struct devpts *to_pts(const struct super *sb)
{
	return to_tmpfs(sb)->pts;
}

/* What is mounted on top at "pts" beside ptmx: a reference, or NULL with *d set if there is one. */
static struct mount *mounted_beside(const struct path *ptmx, struct dentry **d)
{
	static const char text[16] = "pts";
	struct dentry *dir = ptmx->dentry->parent;
	struct mount *m, *up = NULL;
	struct name n = name_scan(text);

	rw_write_lock(&dir->vnode->lock);
	if (walk_child_locked(dir, &n, d))
		*d = NULL;
	rw_write_unlock(&dir->vnode->lock);
	if (*d && !(*d)->vnode) {
		dentry_put(*d);
		*d = NULL;
	}
	while (*d && (m = mount_find(up ? up : ptmx->mount, up ? up->root : *d))) {
		if (up)
			mount_put(up);
		up = m;
	}
	return up;
}

/* The instance, held. */
static int find_instance(const struct path *ptmx, struct super **out)
{
	auto_dentry struct dentry *d = NULL;
	struct mount *m;
	int err = -ENODEV;

	*out = ptmx->dentry->vnode->sb;
	if (is_devpts(*out)) {
		super_hold(*out);
		return 0;
	}
	m = mounted_beside(ptmx, &d);
	if (m && is_devpts(m->sb) && m->root == m->sb->root) {
		*out = m->sb;
		super_hold(*out);
		err = 0;
	}
	if (m)
		mount_put(m);
	return d ? err : -ENOENT;
}

int devpts_take(const struct path *ptmx, struct pts_slot *s)
{
	struct list *after;
	struct devpts *p;
	struct pts_slot *o;
	int err = find_instance(ptmx, &s->sb);

	if (err)
		return err;
	p = to_pts(s->sb);
	if ((u32)atomic_add_return(&pty_count, 1) >
	    READ_ONCE(pty_max) - (p->reserve ? 0 : pty_reserve))
		err = -ENOSPC;
	mutex_lock(&pts_lock);
	s->index = 0;
	after = &p->slots;
	list_for_each_entry(o, &p->slots, link) {
		if (o->index != s->index)
			break;
		s->index++;
		after = &o->link;
	}
	err = s->index < p->max ? err : -ENOSPC;
	if (!err)
		list_add_head(after, &s->link);
	mutex_unlock(&pts_lock);
	if (err) {
		atomic_sub(&pty_count, 1);
		super_release(s->sb);
	}
	return err;
}

void devpts_publish(struct pts_slot *s, u32 dev)
{
	const struct cred *c = current_cred();
	const struct devpts *p = to_pts(s->sb);
	struct dentry *d;
	struct name n;
	char name[24] = "";

	fmt_print(name, 12, "%u", s->index);
	n = name_scan(name);
	d = make_child(s->sb->root, &n, S_IFCHR | p->mode, dev);
	if (!d)
		return;
	d->vnode->uid = p->uid ? KUID(p->uid - 1) : c->fsuid;
	d->vnode->gid = p->gid ? KGID(p->gid - 1) : c->fsgid;
	dentry_put(d);
}

void devpts_leave(struct pts_slot *s)
{
	char name[12];

	fmt_print(name, sizeof(name), "%u", s->index);
	remove_node(s->sb->root, name);
	mutex_lock(&pts_lock);
	list_del(&s->link);
	mutex_unlock(&pts_lock);
	atomic_sub(&pty_count, 1);
	super_release(s->sb);
}

struct pts_slot *devpts_find(const struct path *at, u32 index, bool (*get)(struct pts_slot *s))
{
	struct pts_slot *s, *found = NULL;

	if (!is_devpts(at->dentry->vnode->sb))
		return NULL;
	mutex_lock(&pts_lock);
	list_for_each_entry(s, &to_pts(at->dentry->vnode->sb)->slots, link)
		if (s->index == index && get(s))
			found = s;
	mutex_unlock(&pts_lock);
	return found;
}

void devpts_show_options(const struct devpts *p, char *buf, usize size)
{
	usize n = 0;

	if (p->uid)
		n = fmt_append(buf, size, n, ",uid=%u", p->uid - 1);
	if (p->gid)
		n = fmt_append(buf, size, n, ",gid=%u", p->gid - 1);
	n = fmt_append(buf, size, n, ",mode=%03o,ptmxmode=%03o", p->mode, p->ptmx_mode);
	if (p->max < DEV_MINORS)
		fmt_append(buf, size, n, ",max=%u", p->max);
}

/* What is not named is as it was at first. */
static int parse_pts(struct devpts *p, const char *options)
{
	const struct {
		const char *name;
		u32 *to, base, add;
		u64 mask, most;
	} words[] = {
		{ "uid=", &p->uid, 10, 1, U32_MAX, U32_MAX - 1 },
		{ "gid=", &p->gid, 10, 1, U32_MAX, U32_MAX - 1 },
		{ "mode=", &p->mode, 8, 0, 07777, U32_MAX },
		{ "ptmxmode=", &p->ptmx_mode, 8, 0, 07777, U32_MAX },
		{ "max=", &p->max, 10, 0, U32_MAX, DEV_MINORS },
	};
	char word[64];
	int err = 0;
	u64 v;
	u32 i;

	p->mode = 0600;
	p->ptmx_mode = p->uid = p->gid = 0;
	p->max = DEV_MINORS;
	while (options && (err = option_next(&options, word, sizeof(word))) > 0) {
		for (i = 0;
		     i < ARRAY_SIZE(words) &&
		     strncmp(word, words[i].name, strlen(words[i].name)) != 0;
		     i++)
			;
		if (i == ARRAY_SIZE(words) && !strcmp(word, "newinstance"))
			continue;
		if (i == ARRAY_SIZE(words) ||
		    parse_u64(word + strlen(words[i].name), (int)words[i].base, &v, NULL) ||
		    v > words[i].most)
			return -EINVAL;
		*words[i].to = (u32)(v & words[i].mask) + words[i].add;
	}
	return err;
}

static void set_ptmx(struct super *sb)
{
	static const char name[16] = "ptmx";
	struct name n = name_scan(name);
	struct dentry *d = make_child(sb->root, &n, S_IFCHR | to_pts(sb)->ptmx_mode,
				      dev_make(TTYAUX_MAJOR, 2));

	if (!d)
		return;
	d->vnode->mode = S_IFCHR | to_pts(sb)->ptmx_mode;
	dentry_put(d);
}

static int devpts_mount(struct super *sb, const char *source, const char *options)
{
	int err = tmpfs_mount(sb, source, "mode=0755,size=0,nr_inodes=0");
	struct devpts *p = err ? NULL : knew(struct devpts);

	if (!p)
		return err ? err : -ENOMEM;
	to_tmpfs(sb)->pts = p;
	list_init(&p->slots);
	p->reserve = current()->ns == init_task.ns;
	sb->root->vnode->ops = &tmpfs_fixed_dir_ops;
	err = parse_pts(p, options);
	if (!err)
		set_ptmx(sb);
	return err;
}

static int devpts_remount(struct super *sb, u32 flags, const char *options)
{
	int err = parse_pts(to_pts(sb), options);

	set_ptmx(sb);
	return err;
}

/* ---- types ---- */

static int devtmpfs_mount(struct super *sb, const char *source, const char *options)
{
	return tmpfs_mount(sb, source, "mode=0755,size=0,nr_inodes=0");
}

static int ignore_options(struct super *sb, u32 flags, const char *options)
{
	return 0;
}

FSTYPE(devtmpfs, .flags = FS_SINGLE, .magic = 0x01021994u, .mount = devtmpfs_mount,
       .remount = ignore_options);
FSTYPE(devpts, .magic = DEVPTS_MAGIC, .mount = devpts_mount, .remount = devpts_remount);

void devfs_init(void)
{
	dev_mount = vfs_mount_internal("devtmpfs");
	assert(dev_mount);
	devfs_make("pts", S_IFDIR | 0755, 0);
	devfs_make("shm", S_IFDIR | 01777, 0);
	chrdev_for_each(add_waiting, NULL);
	memdev_init();
}
