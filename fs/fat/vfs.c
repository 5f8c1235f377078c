/* SPDX-License-Identifier: MIT */
/* vfs.c - mounting vfat: the device, the root, going read-only.
 * Locks: none of its own. Ref: mount(2), Linux Documentation/filesystems/vfat.rst. Tests:
 * selftests/storage/run (vfat_...)
 */
#define LOG_TAG "FAT-fs"
#include "node_int.h"

#include <fs/dcache.h>
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define MSDOS_SUPER_MAGIC 0x4d44u

void fat_show_options(struct super *sb, char *buf, usize size)
{
	fat_options_show(&to_fat(sb)->fs.opt, buf, size);
}

static void went_read_only(struct fat_fs *fs)
{
	struct fat_super *s = container_of(fs, struct fat_super, fs);

	__atomic_fetch_or(&s->sb->flags, MS_RDONLY, __ATOMIC_RELAXED);
}

static void discard(struct fat_fs *fs, u32 cluster, u32 n)
{
	u32 shift = fs->sector_bits - SECTOR_SHIFT;

	if (fs->opt.discard && blkdev_discard(fs->dev, fat_cluster_sector(fs, cluster) << shift,
					      (u64)n << (fs->cluster_bits - SECTOR_SHIFT)))
		fs->opt.discard = false; /* the device cannot */
}

static struct fat_super *new_super(struct super *sb)
{
	struct fat_super *s = knew(struct fat_super);
	u32 umask = current_fs() ? current_fs()->umask : 0;

	if (!s)
		return NULL;
	s->sb = sb;
	s->fs.opt = (struct fat_options){ .uid = current_cred()->uid.v,
					  .gid = current_cred()->gid.v,
					  .fmask = umask,
					  .dmask = umask,
					  .shortname = SHORT_MIXED,
					  .check = 'n' };
	s->fs.went_read_only = went_read_only;
	s->fs.discard = discard;
	mutex_init(&s->fs.lock, RANK_SUPER);
	spin_init(&s->cache_lock, RANK_OBJECT);
	xa_init(&s->nodes, &vmo_xa_mem);
	waitq_init(&s->gone);
	sb->private = s;
	sb->ops = &fat_super_ops; /* from now on shutdown() cleans up */
	return s;
}

static int vfat_mount(struct super *sb, const char *source, const char *options)
{
	struct fat_super *s = new_super(sb);
	struct vnode *root;
	int err;

	if (!s)
		return -ENOMEM;
	fat_node_init();
	err = fat_options_parse(&s->fs.opt, options);
	if (!err)
		err = blkdev_claim_path(source, sb, &s->fs.dev);
	if (err)
		return err;
	s->fs.name = s->fs.dev->name;
	if (!(sb->flags & MS_RDONLY) && (s->fs.dev->read_only || s->fs.dev->disk->limits.read_only))
		return -EACCES;
	s->fs.read_only = sb->flags & MS_RDONLY;
	mutex_lock(&s->fs.lock);
	err = fat_mount(&s->fs);
	mutex_unlock(&s->fs.lock);
	if (err)
		return err;
	s->mounted = true;
	sb->flags |= SB_NO_NEGATIVE; /* what is made has the case it is made with */
	sb->block_size = fat_cluster_size(&s->fs);
	sb->max_bytes = U32_MAX;
	sb->dev = s->fs.dev->dev;
	err = fat_node_root(sb, &root);
	if (err) {
		pr_err("(%s): get root inode failed", s->fs.name);
		return err;
	}
	sb->root = dentry_alloc_root(sb, root);
	return sb->root ? 0 : -ENOMEM;
}

/* As on Linux the options of a remount change nothing but what the file layer keeps. */
static int remount(struct super *sb, u32 ms_flags, const char *options)
{
	struct fat_fs *fs = &to_fat(sb)->fs;
	bool read_only = ms_flags & MS_RDONLY;
	int err = 0;

	if (read_only == fs->read_only)
		return 0;
	if (!read_only && (fs->dev->read_only || fs->dev->disk->limits.read_only))
		return -EACCES;
	if (read_only)
		err = sb->ops->sync(sb, true);
	mutex_lock(&fs->lock);
	if (!err)
		err = fat_set_state(fs, !read_only);
	if (!err)
		fs->read_only = read_only;
	mutex_unlock(&fs->lock);
	return err;
}

FSTYPE(vfat, .flags = FS_NEEDS_DEVICE, .magic = MSDOS_SUPER_MAGIC, .mount = vfat_mount,
       .remount = remount);
