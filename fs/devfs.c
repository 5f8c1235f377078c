/* SPDX-License-Identifier: MIT */
/* devfs.c - devtmpfs and devpts: tmpfs super blocks of which there is one each, in which the kernel
 * makes nodes.
 *
 * Names are made whether or not the file system is mounted anywhere. What a program makes or
 * removes there is its business; a node that is already there is left alone.
 *
 * Locks: D of each directory on the way, one at a time. Ref: pts(4), Linux
 * Documentation/filesystems/devpts.rst.
 * Tests: none of its own yet
 */
#include <fs/devfs.h>

#include <fs/chrdev.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

#include "tmpfs_int.h"
#include "vfs_int.h"

#define DEVPTS_MAGIC 0x1cd1u
/* pts(4): devpts is mounted with gid=5 by distributions; the node's group */
#define TTY_GID	     5u

static struct mount *dev_mount __ro_after_init, *pts_mount __ro_after_init;

/* The child of dir named n, made with mode if it is not there: a reference, or NULL. */
static struct dentry *make_child(struct dentry *dir, const struct name *n, u32 mode, u32 dev)
{
	struct vnode *dv = dir->vnode, *v;
	struct dentry *d;

	rw_write_lock(&dv->lock);
	d = dentry_find(dir, n);
	if (!d) {
		d = dentry_alloc(dir, n);
		if (d && dv->ops->create(dv, d, mode, dev, &v)) {
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
	if (d && !vnode_is_dir(d->vnode) && !dv->ops->unlink(dv, d))
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

void devpts_add(u32 index, u32 dev)
{
	const struct cred *c = current_cred();
	struct dentry *d;
	struct name n;
	char name[24] = "";

	fmt_print(name, 12, "%u", index);
	n = name_scan(name);
	d = make_child(pts_mount->root, &n, S_IFCHR | 0620, dev);
	if (!d)
		return;
	d->vnode->uid = c->fsuid;
	d->vnode->gid = KGID(TTY_GID);
	dentry_put(d);
}

void devpts_remove(u32 index)
{
	char name[12];

	fmt_print(name, sizeof(name), "%u", index);
	remove_node(pts_mount->root, name);
}

/* ---- types ---- */

static int devtmpfs_mount(struct super *sb, const char *source, const char *options)
{
	return tmpfs_mount(sb, source, "mode=0755,size=0,nr_inodes=0");
}

static int devpts_mount(struct super *sb, const char *source, const char *options)
{
	int err = tmpfs_mount(sb, source, "mode=0755,size=0,nr_inodes=0");

	if (!err)
		make_node(sb->root, "ptmx", S_IFCHR | 0666, dev_make(5, 2));
	return err;
}

static int ignore_options(struct super *sb, u32 flags, const char *options)
{
	return 0;
}

FSTYPE(devtmpfs, .flags = FS_SINGLE, .magic = 0x01021994u, .mount = devtmpfs_mount,
       .remount = ignore_options);
FSTYPE(devpts, .flags = FS_SINGLE, .magic = DEVPTS_MAGIC, .mount = devpts_mount,
       .remount = ignore_options);

void devfs_init(void)
{
	dev_mount = vfs_mount_internal("devtmpfs");
	pts_mount = vfs_mount_internal("devpts");
	assert(dev_mount && pts_mount);
	devfs_make("pts", S_IFDIR | 0755, 0);
	devfs_make("shm", S_IFDIR | 01777, 0);
	chrdev_for_each(add_waiting, NULL);
	memdev_init();
}
