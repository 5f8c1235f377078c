/* SPDX-License-Identifier: MIT */
/* vfs.c - file-system types and super blocks.
 *
 * A super block lives as long as somebody uses it: mounts hold it, and so does every vnode, because
 * a vnode may outlive the last mount (an open file after umount -l). sb->root is pruned and put
 * when the last mount goes; shutdown runs when the last vnode has.
 *
 * Locks: super_lock [RANK_SUPER]: the list of super blocks. Ref: mount(2), filesystems(5). Tests:
 * selftests/abi/path.c
 */
#include <fs/vfs.h>

#include <fs/blkdev.h>
#include <fs/dcache.h>
#include <fs/flock.h>
#include <fs/flushpoint.h>
#include <fs/inotify.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#include "vfs_int.h"

static struct mutex super_lock;
static struct list supers = LIST_INIT(supers);	/* [super_lock] */
/* [super_lock] minor numbers of file systems without a device: st_dev 0:n */
static u32 next_dev = 1;

struct fs_type *fs_type_find(const char *name)
{
	SET_FOR_EACH(fstypes, struct fs_type, t)
		if (!strcmp(t->name, name))
			return t;
	return NULL;
}

void fs_type_for_each(void (*fn)(const struct fs_type *t, void *arg), void *arg)
{
	SET_FOR_EACH(fstypes, struct fs_type, t)
		fn(t, arg);
}

static struct super *find_single(const struct fs_type *t)
{
	struct super *sb, *found = NULL;

	mutex_lock(&super_lock);
	list_for_each_entry(sb, &supers, link) {
		if (sb->type == t && (sb->flags & SB_ACTIVE) && ref_tryget(&sb->refs)) {
			found = sb;
			break;
		}
	}
	mutex_unlock(&super_lock);
	return found;
}

void super_set_rank(struct super *sb, enum lock_rank rank)
{
	sb->rank = rank;
	mutex_init(&sb->rename_lock, rank);
}

static struct super *alloc_super(const struct fs_type *t, u32 flags)
{
	struct super *sb = knew(struct super);

	if (!sb)
		return NULL;
	ref_init(&sb->refs, 1);
	sb->type = t;
	sb->flags = flags;
	sb->block_size = PAGE_SIZE;
	sb->max_bytes = S64_MAX;
	super_set_rank(sb, RANK_RENAME);
	atomic_set(&sb->next_ino, 1);
	mutex_lock(&super_lock);
	sb->dev = next_dev++;
	list_add_tail(&supers, &sb->link);
	mutex_unlock(&super_lock);
	return sb;
}

int super_create(const char *type, const char *source, u32 flags, const char *options,
		 struct super **out)
{
	struct fs_type *t = fs_type_find(type);
	struct super *sb;
	int err;

	if (!t)
		return -ENODEV;
	if (t->flags & FS_SINGLE) {
		sb = find_single(t);
		if (sb) {
			*out = sb;
			return 0;
		}
	}
	sb = alloc_super(t, flags & (MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME));
	if (!sb)
		return -ENOMEM;
	err = t->mount(sb, source, options);
	if (err) {
		super_put(sb);
		return err;
	}
	sb->flags |= SB_ACTIVE;
	if (t->flags & FS_SINGLE) {	/* stays for ever: the next mount shows it again */
		super_get(sb);
		ref_get(&sb->nr_mounts);
	}
	*out = sb;
	return 0;
}

void super_put(struct super *sb)
{
	if (!ref_put(&sb->refs))
		return;
	mutex_lock(&super_lock);
	list_del(&sb->link);
	mutex_unlock(&super_lock);
	if (sb->ops && sb->ops->shutdown)
		sb->ops->shutdown(sb);
	rcu_barrier();		/* vnodes of sb are freed through sb->ops */
	kfree(sb);
}

u64 super_new_ino(struct super *sb)
{
	return atomic_add_return(&sb->next_ino, 1) - 1;
}

u32 super_new_dev(void)
{
	u32 dev;

	mutex_lock(&super_lock);
	dev = next_dev++;
	mutex_unlock(&super_lock);
	return dev;
}

/* The next active super block after prev (whose reference is dropped), with a reference. */
static struct super *next_super(struct super *prev)
{
	struct list *l;
	struct super *next = NULL;

	mutex_lock(&super_lock);
	for (l = prev ? prev->link.next : supers.next; l != &supers && !next; l = l->next) {
		struct super *sb = list_entry(l, struct super, link);

		if (ref_tryget(&sb->refs))
			next = sb;
	}
	mutex_unlock(&super_lock);
	if (prev)
		super_put(prev);
	return next;
}

static void sync_device(struct blkdev *d, void *wait)
{
	if (wait && !d->partno && flush_wanted(FLUSH_DEVICE_SYNC) && blkdev_flush(d))
		pr_warn("%s: flushing its cache failed", d->name);
}

/* The data of files, then what file systems have about them, then the devices' own pages and
 * caches. */
void super_sync_all(bool wait)
{
	struct super *sb = NULL;

	flusher_write_all(NULL, NULL, wait);

	while ((sb = next_super(sb)))
		if (sb->ops->sync && (sb->flags & SB_ACTIVE))
			sb->ops->sync(sb, wait);
	flusher_write_all(NULL, NULL, wait);
	blkdev_for_each(sync_device, wait ? &supers : NULL);
}

void super_all_readonly(void)
{
	struct super *sb = NULL;

	while ((sb = next_super(sb))) {
		if (!(sb->type->flags & FS_NEEDS_DEVICE) || (sb->flags & MS_RDONLY))
			continue;
		if (sb->ops->sync)
			sb->ops->sync(sb, true);
		__atomic_fetch_or(&sb->flags, MS_RDONLY, __ATOMIC_RELAXED);
	}
}

static void drop_path(struct file *f)
{
	if (unlikely(f->dentry->vnode->locks))
		flock_release(f);
	if (!(f->mode & FMODE_PATH))
		notify_place(f->dentry, f->mode & FMODE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	dentry_put(f->dentry);
	mount_put(f->mount);
}

static void keep_path(struct file *f)
{
	dentry_get(f->dentry);
	mount_get(f->mount);
}

void path_get(const struct path *p)
{
	dentry_get(p->dentry);
	mount_get(p->mount);
}

void path_put(struct path *p)
{
	if (!p->dentry)
		return;
	dentry_put(p->dentry);
	mount_put(p->mount);
	p->dentry = NULL;
}

void vfs_init(void)
{
	mutex_init(&super_lock, RANK_SUPER);
	file_drop_path = drop_path;
	file_keep_path = keep_path;
	dcache_init();
	mount_init();
	fs_context_init();
}
