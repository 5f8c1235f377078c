/* SPDX-License-Identifier: MIT */
/* chrdev.c - character devices by number. devfs.c shows those with a name in devtmpfs.
 *
 * Locks: dev_lock [RANK_SUPER]: the list. A device is static and, once found, stays: unregistering
 * is for drivers whose devices are gone and whose open() says -ENODEV from then on. Ref: mknod(2),
 * null(4), Linux Documentation/admin-guide/devices.txt.
 * Tests: none of its own yet
 */
#include <fs/chrdev.h>

#include <fs/devfs.h>
#include <kernel/file.h>
#include <kernel/mutex.h>

static struct mutex dev_lock = MUTEX_INIT(dev_lock, RANK_SUPER);
static struct list devices = LIST_INIT(devices);	/* [dev_lock] the machine's */

static bool overlap(const struct chrdev *a, const struct chrdev *b)
{
	return a->major == b->major && a->minor < b->minor + b->nr_minors &&
	       b->minor < a->minor + a->nr_minors;
}

static int insert(struct chrdev *c)
{
	struct chrdev *o;
	int err = 0;

	mutex_lock(&dev_lock);
	list_for_each_entry(o, &devices, link)
		if (overlap(c, o))
			err = -EBUSY;
	if (!err)
		list_add_tail(&devices, &c->link);
	mutex_unlock(&dev_lock);
	return err;
}

int chrdev_register(struct chrdev *c)
{
	int err;

	if (!c->nr_minors)
		c->nr_minors = 1;
	if (c->ops)
		object_init(&c->obj, c->ops);
	err = insert(c);
	if (!err)
		devfs_add(c);
	return err;
}

void chrdev_unregister(struct chrdev *c)
{
	devfs_remove(c);
	mutex_lock(&dev_lock);
	list_del(&c->link);
	mutex_unlock(&dev_lock);
}

static struct chrdev *find(u32 major, u32 minor)
{
	struct chrdev *c, *found = NULL;

	mutex_lock(&dev_lock);
	list_for_each_entry(c, &devices, link) {
		if (c->major == major && minor - c->minor < c->nr_minors) {
			found = c;
			break;
		}
	}
	mutex_unlock(&dev_lock);
	return found;
}

int chrdev_open(const struct path *at, u32 dev, u32 flags, struct file **out)
{
	struct chrdev *c = find(dev_major(dev), dev_minor(dev));
	int err;

	if (!c)
		return -ENXIO;
	if (c->open_at)
		return c->open_at(at, dev_minor(dev), flags, out);
	if (c->open)
		return c->open(c, dev_minor(dev), flags, out);
	object_get(&c->obj);
	err = file_create(&c->obj, flags, out);
	if (!err)
		(*out)->private = c;
	return err;
}

void chrdev_for_each(void (*fn)(const struct chrdev *c, void *arg), void *arg)
{
	struct chrdev *c;

	mutex_lock(&dev_lock);
	list_for_each_entry(c, &devices, link)
		fn(c, arg);
	mutex_unlock(&dev_lock);
}
