/* SPDX-License-Identifier: MIT */
/* node.c - files and directories as vnodes: one of each entry, found by its place, written back,
 * and let go.
 *
 * Invariants:
 *  (1) a place has at most one node in fat_super.nodes; who wants it while that one is on its way
 *      out waits: what it writes last is what the next one reads.
 *  (2) times are the vnode's, as coarse as the disk keeps them; a change time is the modification
 *      time, as on Linux. Size of a regular file is its vmo's; fat_inode.size is what the disk
 *      knows.
 *  (3) evict of what is clean and has a name takes no M: it runs when memory is wanted, which may
 *      be under M.
 *
 * Locks: cache_lock. Ref: mount(8) "Mount options for fat". Tests: selftests/storage/run (vfat_...)
 */
#define LOG_TAG "FAT-fs"
#include "node_int.h"

#include <fs/dcache.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define MSDOS_SUPER_MAGIC 0x4d44u
#define NAME_BYTES	  (FAT_LONG_MAX * 6u) /* as Linux says */

#define ROOT_INO	  1u		      /* the first that super_new_ino() gives */

static struct slab_cache *node_cache;

/* ---- attributes ---- */

static struct fat_time to_fat_time(struct timestamp t)
{
	return (struct fat_time){ t.sec, t.nsec };
}
static struct timestamp from_fat_time(struct fat_time t)
{
	return (struct timestamp){ t.sec, t.nsec };
}
static bool same_time(struct timestamp a, struct fat_time b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

static bool is_root(const struct fat_node *n) { return n->v.ino == ROOT_INO; }

u32 fat_node_mode(const struct fat_fs *fs, const struct fat_inode *i)
{
	bool is_dir = fat_is_dir(i);
	u32 mode = !is_dir && fs->opt.showexec && !i->is_exec ? 0666 : 0777;

	if (i->attr & FAT_ATTR_RO && (!is_dir || fs->opt.rodir))
		mode &= ~0222u;
	return is_dir ? S_IFDIR | (mode & ~fs->opt.dmask) : S_IFREG | (mode & ~fs->opt.fmask);
}

static void set_owner(struct fat_node *n)
{
	const struct fat_fs *fs = n->i.fs;

	n->v.mode = fat_node_mode(fs, &n->i);
	n->v.uid = (kuid_t){ fs->opt.uid };
	n->v.gid = (kgid_t){ fs->opt.gid };
}

void fat_node_fill(struct fat_node *n)
{
	struct vnode *v = &n->v;

	set_owner(n);
	if (vnode_is_reg(v))
		v->size = n->i.size;
	if (is_root(n)) {
		v->atime = v->mtime = v->ctime = v->btime = (struct timestamp){ 0, 0 };
	} else {
		v->atime = from_fat_time(n->i.atime);
		v->mtime = v->ctime = from_fat_time(n->i.mtime);
		v->btime = from_fat_time(n->i.btime);
	}
	if (n->i.fs->opt.sys_immutable && n->i.attr & FAT_ATTR_SYSTEM)
		v->flags |= VN_IMMUTABLE;
}

/* What was changed is what the disk can keep of it. */
void fat_node_dirty(struct vnode *v)
{
	struct fat_node *n = to_node(v);

	set_owner(n);
	if (is_root(n)) {
		v->atime = v->mtime = v->ctime = (struct timestamp){ 0, 0 };
		return;
	}
	v->mtime = v->ctime = from_fat_time(fat_time_even(n->i.fs, to_fat_time(v->mtime)));
	v->atime = from_fat_time(fat_time_day(n->i.fs, to_fat_time(v->atime)));
	if (atomic_read(&n->attr_dirty) ||
	    (same_time(v->mtime, n->i.mtime) && same_time(v->atime, n->i.atime) &&
	     (!vnode_is_reg(v) || vnode_size(v) == n->i.size)))
		return;
	atomic_set(&n->attr_dirty, 1);
	flusher_add(&n->flush);
}

int fat_node_write_attrs(struct fat_node *n)
{
	struct fat_fs *fs = n->i.fs;
	int err = 0;

	if (!atomic_xchg(&n->attr_dirty, 0))
		return 0;
	mutex_lock(&fs->lock);
	n->i.mtime = to_fat_time(n->v.mtime);
	n->i.atime = to_fat_time(n->v.atime);
	if (vnode_is_reg(&n->v))
		n->i.size = (u32)vnode_size(&n->v);
	if (!fs->read_only)
		err = fat_inode_write(&n->i);
	mutex_unlock(&fs->lock);
	if (err)
		atomic_set(&n->attr_dirty, 1);
	return err;
}

/* ---- the flusher ---- */

static struct fat_node *node_of(struct flush_item *i)
{
	return container_of(i, struct fat_node, flush);
}

static bool item_hold(struct flush_item *i) { return object_tryget(&node_of(i)->v.obj); }
static void item_put(struct flush_item *i) { vnode_put(&node_of(i)->v); }

static bool is_dirty(struct vnode *v)
{
	struct vmo *m = rcu_deref(v->vmo);

	return atomic_read(&to_node(v)->attr_dirty) ||
	       (m && (vmo_is_dirty(m) || vmo_is_writing(m)));
}

static bool item_dirty(struct flush_item *i)
{
	return is_dirty(&node_of(i)->v);
}

static int item_write(struct flush_item *i, struct writeback *wb)
{
	struct fat_node *n = node_of(i);
	struct vmo *m = rcu_deref(n->v.vmo);
	int err = m && vmo_is_dirty(m) ? fat_write_out(m, wb) : 0, err2 = 0;

	if (wb->budget && atomic_read(&n->attr_dirty)) {
		wb->budget--;
		err2 = fat_node_write_attrs(n);
	}
	if (m && wb->wait)
		vmo_wait_written(m, 0, U64_MAX);
	return err ? err : err2;
}

static const struct flush_ops item_ops = {
	.hold = item_hold, .put = item_put, .write = item_write, .dirty = item_dirty
};

/* ---- by place ---- */

struct fat_node *fat_node_alloc(struct super *sb, bool is_dir)
{
	struct fat_node *n = slab_alloc(node_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!n)
		return NULL;
	vnode_init(&n->v, sb, is_dir ? &fat_dir_ops : &fat_file_ops,
		   is_dir ? &vnode_dir_ops : &vnode_file_ops, is_dir ? S_IFDIR : S_IFREG, NULL);
	n->v.ino = super_new_ino(sb);
	n->i.fs = &to_fat(sb)->fs;
	flush_item_init(&n->flush, &item_ops);
	return n;
}

void fat_node_drop(struct fat_node *n)
{
	struct super *sb = n->v.sb;

	fat_chain_forget(&n->i.chain);
	slab_free(node_cache, n);
	super_put(sb);
}

void fat_node_leave(struct fat_super *s, u64 where)
{
	spin_lock(&s->cache_lock);
	if (xa_load(&s->nodes, where))
		xa_erase(&s->nodes, where);
	spin_unlock(&s->cache_lock);
	waitq_wake_all(&s->gone);
}

static int try_enter(struct fat_super *s, struct fat_node *n)
{
	int err;

	spin_lock(&s->cache_lock);
	err = xa_store(&s->nodes, n->i.where, n, NULL);
	spin_unlock(&s->cache_lock);
	return err;
}

void fat_node_enter(struct fat_node *n)
{
	while (try_enter(to_fat(n->v.sb), n))
		reclaim_pages(1);
}

void fat_node_publish(struct fat_node *n)
{
	fat_node_fill(n);
	fat_node_enter(n);
}

u64 fat_node_ino(struct fat_super *s, u64 where)
{
	struct fat_node *n;
	u64 ino = 0;

	spin_lock(&s->cache_lock);
	n = xa_load(&s->nodes, where);
	if (n)
		ino = n->v.ino;
	spin_unlock(&s->cache_lock);
	return ino ? ino : super_new_ino(s->sb);
}

/* With a reference; NULL: not there. Waits for one on its way out. */
static struct vnode *find(struct fat_super *s, u64 where)
{
	for (;;) {
		struct fat_node *n;
		bool alive;
		int err;

		spin_lock(&s->cache_lock);
		n = xa_load(&s->nodes, where);
		alive = n && object_tryget(&n->v.obj);
		spin_unlock(&s->cache_lock);
		if (!n || alive)
			return n ? &n->v : NULL;
		err = waitq_wait(&s->gone, xa_load(&s->nodes, where) != n, WAIT_UNINTERRUPTIBLE,
				 WAIT_FOREVER);
		(void)err;
	}
}

/* Links and size of a directory. */
static int count_dir(struct fat_node *n, u32 more_links)
{
	u32 slots, dirs;
	int err = fat_dir_slots(&n->i, &slots);

	if (!err)
		err = fat_dir_subdirs(&n->i, &dirs);
	if (err)
		return err;
	n->v.size = (u64)slots << FAT_ENTRY_BITS;
	n->v.nlink = dirs + more_links;
	return 0;
}

static int read_node(struct super *sb, u64 where, struct fat_node **out)
{
	struct fat_fs *fs = &to_fat(sb)->fs;
	struct fat_entry e;
	struct fat_node *n;
	int err;

	mutex_lock(&fs->lock);
	err = fat_entry_read(fs, where, &e);
	mutex_unlock(&fs->lock);
	if (err)
		return err;
	n = fat_node_alloc(sb, e.attr & FAT_ATTR_DIR);
	if (!n)
		return -ENOMEM;
	fat_inode_fill(&n->i, fs, &e, where);
	mutex_lock(&fs->lock);
	if (fat_is_dir(&n->i))
		err = count_dir(n, 0);
	mutex_unlock(&fs->lock);
	if (err) {
		fat_node_drop(n);
		return err;
	}
	*out = n;
	return 0;
}

int fat_node_get(struct super *sb, u64 where, struct vnode **out)
{
	struct fat_node *n;
	int err;

	*out = find(to_fat(sb), where);
	if (*out)
		return 0;
	err = read_node(sb, where, &n);
	if (err)
		return err;
	fat_node_publish(n);
	*out = &n->v;
	return 0;
}

int fat_node_root(struct super *sb, struct vnode **out)
{
	struct fat_fs *fs = &to_fat(sb)->fs;
	struct fat_node *n = fat_node_alloc(sb, true);
	int err;

	if (!n)
		return -ENOMEM;
	mutex_lock(&fs->lock);
	err = fat_inode_root(fs, &n->i);
	if (!err)
		err = count_dir(n, 2);
	mutex_unlock(&fs->lock);
	if (err) {
		fat_node_drop(n);
		return err;
	}
	fat_node_fill(n);
	*out = &n->v;
	return 0;
}

/* ---- the end ---- */

/* Nobody is left who could try again: as on Linux, memory is waited for. */
static int last_write_out(struct vmo *m)
{
	int err;

	while ((err = vmo_sync(m, 0, U64_MAX)) == -ENOMEM)
		reclaim_pages(1);
	return err;
}

static int cut(struct fat_node *n, u32 size)
{
	struct fat_fs *fs = n->i.fs;
	int err;

	mutex_lock(&fs->lock);
	err = fs->read_only ? 0 : fat_truncate(&n->i, size);
	mutex_unlock(&fs->lock);
	return err;
}

static void evict(struct vnode *v)
{
	struct fat_node *n = to_node(v);
	bool removed = !n->i.where && !is_root(n);
	int err = 0, err2 = 0;

	flusher_remove(&n->flush);
	if (v->vmo && !removed)
		err = last_write_out(v->vmo);
	if (!removed)
		err2 = fat_node_write_attrs(n);
	if (v->vmo) {
		vmo_wait_written(v->vmo, 0, U64_MAX);
		if (n->reserved && !removed && !err2)
			err2 = cut(n, (u32)v->vmo->size);
		if (vmo_truncate(v->vmo, 0)) /* whoever still holds it finds nothing */
			err = -EIO;
	}
	if (removed)
		err2 = cut(n, 0);
	if (err || err2)
		pr_err("(%s): a file could not be let go: %d", n->i.fs->name, err ? err : err2);
	if (n->i.where)
		fat_node_leave(to_fat(v->sb), n->i.where);
}

static void free_node(struct vnode *v)
{
	fat_chain_forget(&to_node(v)->i.chain);
	slab_free(node_cache, to_node(v));
}

/* ---- the super block's operations ---- */

static void statfs(struct super *sb, struct statfs_k *st)
{
	struct fat_fs *fs = &to_fat(sb)->fs;

	mutex_lock(&fs->lock);
	if (fat_count_free(fs))
		pr_err("(%s): free clusters cannot be counted", fs->name);
	st->type = MSDOS_SUPER_MAGIC;
	st->bsize = st->frsize = fat_cluster_size(fs);
	st->blocks = fs->max_cluster - FAT_FIRST_CLUSTER;
	st->bfree = st->bavail = fs->nr_free == U32_MAX ? 0 : fs->nr_free;
	st->fsid = sb->dev;
	st->namelen = NAME_BYTES;
	mutex_unlock(&fs->lock);
}

static bool belongs(struct flush_item *i, void *owner)
{
	return i->ops == &item_ops && node_of(i)->v.sb == owner;
}

static int sync(struct super *sb, bool wait)
{
	struct fat_fs *fs = &to_fat(sb)->fs;
	int err, err2;

	if (fs->read_only)
		return 0;
	flusher_write_all(belongs, sb, wait);
	mutex_lock(&fs->lock);
	err = fat_write_info(fs);
	mutex_unlock(&fs->lock);
	if (!wait)
		return err;
	err2 = buf_sync(fs->dev);
	if (!err2)
		err2 = blkdev_flush(fs->dev);
	return err ? err : err2;
}

static void shutdown(struct super *sb)
{
	struct fat_super *s = to_fat(sb);

	if (!s)
		return;
	if (s->mounted && (fat_unmount(&s->fs) || (!s->fs.read_only && blkdev_flush(s->fs.dev))))
		pr_err("(%s): not everything could be written", s->fs.name);
	if (s->fs.dev) {
		buf_forget_all(s->fs.dev);
		blkdev_release(s->fs.dev, sb);
		blkdev_put(s->fs.dev);
	}
	xa_destroy(&s->nodes);
	kfree(s);
}

static u32 name_hash(const struct super *sb, const char *s, u32 len)
{
	return fat_name_hash(&to_fat(sb)->fs, s, len);
}

static bool name_same(const struct super *sb, const char *a, u32 a_len, const char *b, u32 b_len)
{
	return fat_name_same(&to_fat(sb)->fs, a, a_len, b, b_len);
}

const struct super_ops fat_super_ops = {
	.evict = evict,
	.dirty = is_dirty,
	.free = free_node,
	.statfs = statfs,
	.sync = sync,
	.shutdown = shutdown,
	.show_options = fat_show_options,
	.make_vmo = fat_make_vmo,
	.name_hash = name_hash,
	.name_same = name_same,
};

void fat_node_init(void)
{
	if (!node_cache)
		node_cache = slab_cache_create("fat_inode", sizeof(struct fat_node), 64);
}
